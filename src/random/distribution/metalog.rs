//! The metalog: a flexible quantile function, linear in its coefficients, that passes through stated quantiles.
//!
//! With y = u − ½ and L = ln(u/(1 − u)),
//!     M(u) = a1 + a2 L + a3 y L + a4 y + a5 y² + a6 y² L + a7 y³ + a8 y³ L + …
//! and the distribution's quantile function is M, or with a lower bound min + e^M, with an upper bound max − e^−M, with
//! both min + (max − min)/(1 + e^−M). k quantiles give k terms exactly. The density is positive where M rises; that is
//! checked over the whole of (0, 1), and quantiles that fail are refused.
//!
//! Source: Keelin (2016), The metalog distributions, Decision Analysis 13(4), 243–277.

use super::{DistributionError, Shape};
use crate::math::{exp, exp_m1, linear, ln, ln_1p};

/// Most quantiles a metalog takes: beyond, the equations for its coefficients lose all precision.
const MAX_TERMS: usize = 16;

/// A metalog; made from quantiles by [`crate::random::elicit::metalog`].
#[derive(Clone, Debug, PartialEq)]
pub struct Metalog {
    coefficients: Vec<f64>,
    bounds: Bounds,
}

/// Which sides are bounded.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bounds {
    None,
    Lower(f64),
    Upper(f64),
    Both(f64, f64),
}

impl Metalog {
    /// The metalog with as many terms as there are `quantiles`, pairs of probability and value.
    ///
    /// Domain: probabilities in (0, 1) and ascending, values ascending and strictly inside the bounds.
    pub(crate) fn through(
        quantiles: &[(f64, f64)],
        min: Option<f64>,
        max: Option<f64>,
    ) -> Result<Metalog, DistributionError> {
        let terms = quantiles.len();
        if !(2..=MAX_TERMS).contains(&terms) {
            return Err(DistributionError::QuantileCount {
                family: "metalog",
                allowed: "2 to 16",
                given: terms,
            });
        }
        let bounds = match (min, max) {
            (None, None) => Bounds::None,
            (Some(min), None) => Bounds::Lower(min),
            (None, Some(max)) => Bounds::Upper(max),
            (Some(min), Some(max)) => Bounds::Both(min, max),
        };
        let inside = bounds.interval();
        let (mut matrix, mut right) = (Vec::with_capacity(terms * terms), Vec::with_capacity(terms));
        for &(p, x) in quantiles {
            if !(x > inside.0 && x < inside.1) {
                return Err(DistributionError::QuantileOutOfBounds { quantile: (p, x), bounds: inside });
            }
            let logit = ln(p) - ln_1p(-p);
            matrix.extend((0..terms).map(|i| basis(i, p - 0.5, logit)));
            right.push(bounds.unbounded(x));
        }
        let infeasible = |near| DistributionError::Infeasible { terms, near };
        let coefficients = linear::solve(&matrix, &right).ok_or(infeasible(0.5))?;
        let metalog = Metalog { coefficients, bounds };
        let tolerance = 1e-6 * (quantiles[terms - 1].1 - quantiles[0].1);
        let misses = |quantile: &&(f64, f64)| (metalog.quantile(quantile.0) - quantile.1).abs() > tolerance;
        if let Some(missed) = quantiles.iter().find(misses) {
            return Err(infeasible(missed.0));
        }
        metalog.falls_near().map_or(Ok(metalog), |near| Err(infeasible(near)))
    }

    /// M at logit v.
    fn sum(&self, v: f64) -> f64 {
        let y = logistic(v) - 0.5;
        self.coefficients.iter().enumerate().map(|(i, a)| a * basis(i, y, v)).sum()
    }

    /// dM/dv at logit v.
    fn slope(&self, v: f64) -> f64 {
        let u = logistic(v);
        let y = u - 0.5;
        let dy = u * logistic(-v);
        let term = |i: usize| {
            let (power, logit) = kind(i);
            let inner = if power == 0 { 0.0 } else { power as f64 * whole_power(y, power - 1) * dy };
            if logit { inner * v + whole_power(y, power) } else { inner }
        };
        self.coefficients.iter().enumerate().map(|(i, a)| a * term(i)).sum()
    }

    /// Limit of dM/dv in the tail where y tends to `end`, −½ or ½.
    fn tail_slope(&self, end: f64) -> f64 {
        let term = |i: usize| match kind(i) {
            (power, true) => whole_power(end, power),
            (_, false) => 0.0,
        };
        self.coefficients.iter().enumerate().map(|(i, a)| a * term(i)).sum()
    }

    /// A probability near which M does not rise, if there is one: M's slope is searched on a grid of logits over all
    /// double-precision probabilities, and around each of its least points.
    fn falls_near(&self) -> Option<f64> {
        const STEP: f64 = 1.0 / 32.0;
        const REACH: i32 = 38 * 32;
        if self.tail_slope(-0.5) < 0.0 {
            return Some(0.0);
        }
        if self.tail_slope(0.5) < 0.0 {
            return Some(1.0);
        }
        let slopes: Vec<f64> = (-REACH..=REACH).map(|i| self.slope(f64::from(i) * STEP)).collect();
        for (i, &slope) in slopes.iter().enumerate() {
            let v = (i as i32 - REACH) as f64 * STEP;
            let least = i > 0 && i + 1 < slopes.len() && slope <= slopes[i - 1] && slope <= slopes[i + 1];
            let lowest = if least { self.least_slope(v - STEP, v + STEP) } else { slope };
            if lowest <= 0.0 || lowest.is_nan() {
                return Some(logistic(v));
            }
        }
        None
    }

    /// Least slope between two logits around a minimum, by ternary search.
    fn least_slope(&self, mut low: f64, mut high: f64) -> f64 {
        for _ in 0..60 {
            let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if self.slope(left) < self.slope(right) {
                high = right;
            } else {
                low = left;
            }
        }
        self.slope(0.5 * (low + high))
    }

    /// ∫ f(Q(u)) du, for f that grows like the `power`-th power: the trapezoid rule in the logit, whose error falls
    /// exponentially, its terms beyond the grid summed as the geometric series they are there.
    fn expectation(&self, power: f64, f: impl Fn(f64) -> f64) -> f64 {
        const STEP: f64 = 1.0 / 16.0;
        const REACH: i32 = 40 * 16;
        let (left, right) = match self.bounds {
            Bounds::None | Bounds::Both(..) => (0.0, 0.0),
            Bounds::Lower(_) => (0.0, power * self.tail_slope(0.5)),
            Bounds::Upper(_) => (power * self.tail_slope(-0.5), 0.0),
        };
        if left >= 1.0 || right >= 1.0 {
            return f64::INFINITY;
        }
        let term = |i: i32| {
            let v = f64::from(i) * STEP;
            f(self.bounds.bounded(self.sum(v))) * logistic(v) * logistic(-v)
        };
        let beyond = |end: i32, growth: f64| term(end) / exp_m1((1.0 - growth) * STEP);
        let within: f64 = (-REACH..=REACH).map(term).sum();
        STEP * (beyond(-REACH, left) + within + beyond(REACH, right))
    }
}

impl Shape for Metalog {
    fn quantile(&self, u: f64) -> f64 {
        let logit = ln(u) - ln_1p(-u);
        let y = u - 0.5;
        let sum = self.coefficients.iter().enumerate().map(|(i, a)| a * basis(i, y, logit)).sum();
        self.bounds.bounded(sum)
    }

    /// By halving an interval of logits.
    fn cdf(&self, x: f64) -> f64 {
        let (min, max) = self.bounds.interval();
        if x <= min || x >= max {
            return if x <= min { 0.0 } else { 1.0 };
        }
        let target = self.bounds.unbounded(x);
        let (mut low, mut high) = (-745.0, 745.0);
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            if self.sum(middle) < target {
                low = middle;
            } else {
                high = middle;
            }
        }
        logistic(high)
    }

    fn mean(&self) -> f64 {
        let mean = self.expectation(1.0, |x| x);
        // Against an upper bound it is the left tail that diverges.
        if mean.is_infinite() && matches!(self.bounds, Bounds::Upper(_)) { f64::NEG_INFINITY } else { mean }
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        if mean.is_infinite() {
            return f64::INFINITY;
        }
        self.expectation(2.0, |x| (x - mean) * (x - mean))
    }

    fn support(&self) -> (f64, f64) {
        self.bounds.interval()
    }
}

impl Bounds {
    fn interval(self) -> (f64, f64) {
        match self {
            Bounds::None => (f64::NEG_INFINITY, f64::INFINITY),
            Bounds::Lower(min) => (min, f64::INFINITY),
            Bounds::Upper(max) => (f64::NEG_INFINITY, max),
            Bounds::Both(min, max) => (min, max),
        }
    }

    /// The quantity at a value of M.
    fn bounded(self, m: f64) -> f64 {
        match self {
            Bounds::None => m,
            Bounds::Lower(min) => min + exp(m),
            Bounds::Upper(max) => max - exp(-m),
            Bounds::Both(min, max) => min * logistic(-m) + max * logistic(m),
        }
    }

    /// The value of M at a quantity inside the bounds.
    fn unbounded(self, x: f64) -> f64 {
        match self {
            Bounds::None => x,
            Bounds::Lower(min) => ln(x - min),
            Bounds::Upper(max) => -ln(max - x),
            Bounds::Both(min, max) => ln(x - min) - ln(max - x),
        }
    }
}

/// Power of y in the term of index `i` (from 0), and whether it is multiplied by the logit.
fn kind(i: usize) -> (usize, bool) {
    match i {
        1 => (0, true),
        2 => (1, true),
        3 => (1, false),
        _ => (i / 2, i % 2 == 1),
    }
}

/// Term of index `i` (from 0), without its coefficient.
fn basis(i: usize, y: f64, logit: f64) -> f64 {
    let (power, by_logit) = kind(i);
    whole_power(y, power) * if by_logit { logit } else { 1.0 }
}

fn whole_power(y: f64, power: usize) -> f64 {
    (0..power).fold(1.0, |product, _| product * y)
}

fn logistic(v: f64) -> f64 {
    1.0 / (1.0 + exp(-v))
}
