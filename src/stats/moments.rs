//! Moments that accumulate one value at a time and merge.
//!
//! Merging blocks in their order gives the same bits whoever computed them.
//! Source: Pébay (2008), Formulas for robust, one-pass parallel computation of covariances and arbitrary-order
//! statistical moments, Sandia report SAND2008-6212.

use serde::{Deserialize, Serialize};

use crate::math::sqrt;

/// Count, mean and sum of squared deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    count: u64,
    mean: f64,
    square: f64,
}

impl Spread {
    /// Takes in a value. Domain: finite.
    #[inline]
    pub fn add(&mut self, value: f64) {
        debug_assert!(value.is_finite());
        self.merge(&Spread { count: 1, mean: value, square: 0.0 });
    }

    /// Takes in another block's values.
    #[inline]
    pub fn merge(&mut self, other: &Spread) {
        if other.count == 0 {
            return;
        }
        let (a, b) = (self.count as f64, other.count as f64);
        let n = a + b;
        let delta = other.mean - self.mean;
        // What is all of one number takes no division.
        if delta == 0.0 {
            self.square += other.square;
        } else {
            self.square += other.square + delta * delta / n * a * b;
            self.mean += delta / n * b;
        }
        self.count += other.count;
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean; 0 without values.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Unbiased sample variance, divisor n − 1. Domain: at least 2 values.
    pub fn variance(&self) -> f64 {
        self.square / (self.count as f64 - 1.0)
    }

    /// Standard error of the mean of independent values; infinite for fewer than two.
    pub fn std_error(&self) -> f64 {
        if self.count < 2 { f64::INFINITY } else { sqrt(self.variance() / self.count as f64) }
    }
}

/// Count, mean and sums of powers of deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Moments {
    low: Spread,
    cube: f64,
    fourth: f64,
}

impl Moments {
    /// Takes in a value. Domain: finite.
    pub fn add(&mut self, value: f64) {
        debug_assert!(value.is_finite());
        let low = Spread { count: 1, mean: value, square: 0.0 };
        self.merge(&Moments { low, ..Moments::default() });
    }

    /// Takes in another block's values.
    pub fn merge(&mut self, other: &Moments) {
        if other.count() == 0 {
            return;
        }
        let (own, theirs) = (&self.low, &other.low);
        let (a, b) = (own.count as f64, theirs.count as f64);
        let n = a + b;
        let delta = theirs.mean - own.mean;
        let (step, weight) = (delta / n, delta * delta / n * a * b);
        self.fourth += other.fourth
            + weight * step * step * (a * a - a * b + b * b)
            + 6.0 * step * step * (a * a * theirs.square + b * b * own.square)
            + 4.0 * step * (a * other.cube - b * self.cube);
        self.cube += other.cube + weight * step * (a - b) + 3.0 * step * (a * theirs.square - b * own.square);
        self.low.merge(&other.low);
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.low.count
    }

    /// Mean; 0 without values.
    pub fn mean(&self) -> f64 {
        self.low.mean
    }

    /// Unbiased sample variance, divisor n − 1. Domain: at least 2 values.
    pub fn variance(&self) -> f64 {
        self.low.variance()
    }

    /// Standard error of the mean of independent values; infinite for fewer than two.
    pub fn std_error(&self) -> f64 {
        self.low.std_error()
    }

    /// Sample skewness G1, the adjusted Fisher–Pearson coefficient; 0 where all values are equal.
    ///     G1 = n² / ((n − 1)(n − 2)) · m3 / s³
    /// Domain: at least 3 values. Source: Joanes and Gill (1998), The Statistician 47(1), 183–189.
    pub fn skewness(&self) -> f64 {
        let n = self.count() as f64;
        let s2 = self.variance();
        if s2 == 0.0 { 0.0 } else { n / ((n - 1.0) * (n - 2.0)) * self.cube / (s2 * sqrt(s2)) }
    }

    /// Sample excess kurtosis G2; 0 where all values are equal.
    ///     G2 = n² (n + 1) / ((n − 1)(n − 2)(n − 3)) · m4 / s⁴ − 3 (n − 1)² / ((n − 2)(n − 3))
    /// Domain: at least 4 values. Source: as for the skewness.
    pub fn excess_kurtosis(&self) -> f64 {
        let n = self.count() as f64;
        let s2 = self.variance();
        if s2 == 0.0 {
            return 0.0;
        }
        let (two, three) = ((n - 1.0) * (n - 2.0), (n - 2.0) * (n - 3.0));
        n * (n + 1.0) / (two * (n - 3.0)) * self.fourth / (s2 * s2) - 3.0 * (n - 1.0) * (n - 1.0) / three
    }
}

/// A sum in a stated order whose rounding errors are carried along (Neumaier 1974, ZAMM 54, 39–51).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    total: f64,
    lost: f64,
}

impl Sum {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        let total = self.total + value;
        let (larger, smaller) =
            if self.total.abs() >= value.abs() { (self.total, value) } else { (value, self.total) };
        self.lost += larger - total + smaller;
        self.total = total;
    }

    /// Adds another block's sum.
    pub fn merge(&mut self, other: &Sum) {
        self.add(other.total);
        self.lost += other.lost;
    }

    /// The sum.
    pub fn total(&self) -> f64 {
        self.total + self.lost
    }
}
