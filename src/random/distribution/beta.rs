//! The beta distribution on an interval, and PERT, which states one by its mode.

use super::error::{in_range, ordered};
use super::{DistributionError, Shape};
use crate::math::{beta_cdf, beta_quantile};

/// A beta distribution stretched over an interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Beta {
    alpha: f64,
    beta: f64,
    min: f64,
    max: f64,
}

impl Beta {
    /// Domain: finite, alpha > 0, beta > 0, min ≤ max.
    pub fn new(alpha: f64, beta: f64, min: f64, max: f64) -> Result<Beta, DistributionError> {
        in_range("alpha", alpha, alpha > 0.0, "more than 0")?;
        in_range("beta", beta, beta > 0.0, "more than 0")?;
        ordered("min ≤ max", &[min, max])?;
        Ok(Beta { alpha, beta, min, max })
    }
}

impl Shape for Beta {
    fn quantile(&self, u: f64) -> f64 {
        let x = beta_quantile(self.alpha, self.beta, u);
        self.min * (1.0 - x) + self.max * x
    }

    fn cdf(&self, x: f64) -> f64 {
        if x >= self.max {
            1.0
        } else {
            beta_cdf(self.alpha, self.beta, (x - self.min) / (self.max - self.min))
        }
    }

    fn mean(&self) -> f64 {
        (self.beta * self.min + self.alpha * self.max) / (self.alpha + self.beta)
    }

    /// αβ (max − min)² / ((α + β)² (α + β + 1)).
    fn variance(&self) -> f64 {
        let (sum, width) = (self.alpha + self.beta, self.max - self.min);
        self.alpha / sum * (self.beta / sum) * width * width / (sum + 1.0)
    }

    fn support(&self) -> (f64, f64) {
        (self.min, self.max)
    }
}

/// A beta distribution stated by least, likeliest and greatest value.
///     α = 1 + 4 (mode − min)/(max − min),  β = 1 + 4 (max − mode)/(max − min)
/// Its mean is (min + 4 mode + max) / 6.
/// Source: Malcolm, Roseboom, Clark, Fazar (1959), Operations Research 7(5); Vose, Risk Analysis, for the shapes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pert {
    beta: Beta,
}

impl Pert {
    /// Domain: finite, min ≤ mode ≤ max.
    pub fn new(min: f64, mode: f64, max: f64) -> Result<Pert, DistributionError> {
        ordered("min ≤ mode ≤ max", &[min, mode, max])?;
        let rise = if max > min { (mode - min) / (max - min) } else { 0.5 };
        Ok(Pert { beta: Beta::new(1.0 + 4.0 * rise, 5.0 - 4.0 * rise, min, max)? })
    }
}

impl Shape for Pert {
    fn quantile(&self, u: f64) -> f64 {
        self.beta.quantile(u)
    }

    fn cdf(&self, x: f64) -> f64 {
        self.beta.cdf(x)
    }

    fn mean(&self) -> f64 {
        self.beta.mean()
    }

    fn variance(&self) -> f64 {
        self.beta.variance()
    }

    fn support(&self) -> (f64, f64) {
        self.beta.support()
    }
}
