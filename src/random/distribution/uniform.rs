//! The uniform distribution.

use super::error::ordered;
use super::{DistributionError, Shape};

/// Equally likely anywhere between `low` and `high`.
#[derive(Clone, Debug, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    /// Domain: finite, low ≤ high.
    pub fn new(low: f64, high: f64) -> Result<Uniform, DistributionError> {
        ordered("low ≤ high", &[low, high])?;
        Ok(Uniform { low, high })
    }
}

impl Shape for Uniform {
    fn quantile(&self, u: f64) -> f64 {
        self.low * (1.0 - u) + self.high * u
    }

    fn cdf(&self, x: f64) -> f64 {
        if x >= self.high { 1.0 } else { ((x - self.low) / (self.high - self.low)).max(0.0) }
    }

    fn mean(&self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }

    fn variance(&self) -> f64 {
        let width = self.high - self.low;
        width * width / 12.0
    }

    fn support(&self) -> (f64, f64) {
        (self.low, self.high)
    }
}
