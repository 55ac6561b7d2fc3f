//! The normal and the lognormal distribution.

use super::error::{finite, in_range};
use super::{DistributionError, Shape};
use crate::math::{exp, exp_m1, ln, normal_cdf, normal_quantile};

/// The normal law; a point where `sd` is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    sd: f64,
}

impl Normal {
    /// Domain: finite, sd ≥ 0.
    pub fn new(mean: f64, sd: f64) -> Result<Normal, DistributionError> {
        finite("mean", mean)?;
        in_range("sd", sd, sd >= 0.0, "0 or more")?;
        Ok(Normal { mean, sd })
    }
}

impl Shape for Normal {
    fn quantile(&self, u: f64) -> f64 {
        self.mean + self.sd * normal_quantile(u)
    }

    fn cdf(&self, x: f64) -> f64 {
        if self.sd == 0.0 {
            f64::from(u8::from(x >= self.mean))
        } else {
            normal_cdf((x - self.mean) / self.sd)
        }
    }

    fn mean(&self) -> f64 {
        self.mean
    }

    fn variance(&self) -> f64 {
        self.sd * self.sd
    }

    fn support(&self) -> (f64, f64) {
        if self.sd == 0.0 { (self.mean, self.mean) } else { (f64::NEG_INFINITY, f64::INFINITY) }
    }
}

/// The exponential of a normal with standard deviation `sigma`; a point where `sigma` is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct LogNormal {
    median: f64,
    sigma: f64,
}

impl LogNormal {
    /// Domain: finite, median > 0, sigma ≥ 0.
    pub fn new(median: f64, sigma: f64) -> Result<LogNormal, DistributionError> {
        in_range("median", median, median > 0.0, "more than 0")?;
        in_range("sigma", sigma, sigma >= 0.0, "0 or more")?;
        Ok(LogNormal { median, sigma })
    }
}

impl Shape for LogNormal {
    fn quantile(&self, u: f64) -> f64 {
        self.median * exp(self.sigma * normal_quantile(u))
    }

    fn cdf(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else if self.sigma == 0.0 {
            f64::from(u8::from(x >= self.median))
        } else {
            normal_cdf(ln(x / self.median) / self.sigma)
        }
    }

    /// median · e^(σ²/2).
    fn mean(&self) -> f64 {
        self.median * exp(0.5 * self.sigma * self.sigma)
    }

    /// mean² · (e^(σ²) − 1).
    fn variance(&self) -> f64 {
        self.mean() * self.mean() * exp_m1(self.sigma * self.sigma)
    }

    fn support(&self) -> (f64, f64) {
        if self.sigma == 0.0 { (self.median, self.median) } else { (0.0, f64::INFINITY) }
    }
}
