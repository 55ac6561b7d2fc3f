//! The triangular distribution.

use super::error::ordered;
use super::{DistributionError, Shape};
use crate::math::sqrt;

/// Density rising in a straight line from `min` to `mode` and falling in one to `max`.
#[derive(Clone, Debug, PartialEq)]
pub struct Triangular {
    min: f64,
    mode: f64,
    max: f64,
}

impl Triangular {
    /// Domain: finite, min ≤ mode ≤ max.
    pub fn new(min: f64, mode: f64, max: f64) -> Result<Triangular, DistributionError> {
        ordered("min ≤ mode ≤ max", &[min, mode, max])?;
        Ok(Triangular { min, mode, max })
    }
}

impl Shape for Triangular {
    /// min + √(u (max − min)(mode − min)) below the mode, max − √((1 − u)(max − min)(max − mode)) above it.
    fn quantile(&self, u: f64) -> f64 {
        let (width, rise, fall) = (self.max - self.min, self.mode - self.min, self.max - self.mode);
        if u * width <= rise {
            self.min + sqrt(u * width * rise)
        } else {
            self.max - sqrt((1.0 - u) * width * fall)
        }
    }

    fn cdf(&self, x: f64) -> f64 {
        let width = self.max - self.min;
        if x >= self.max {
            1.0
        } else if x <= self.min {
            0.0
        } else if x <= self.mode {
            (x - self.min) / width * ((x - self.min) / (self.mode - self.min))
        } else {
            1.0 - (self.max - x) / width * ((self.max - x) / (self.max - self.mode))
        }
    }

    fn mean(&self) -> f64 {
        (self.min + self.mode + self.max) / 3.0
    }

    /// (a² + b² + ab) / 18 with a = max − mode and b = mode − min.
    fn variance(&self) -> f64 {
        let (a, b) = (self.max - self.mode, self.mode - self.min);
        (a * a + b * b + a * b) / 18.0
    }

    fn support(&self) -> (f64, f64) {
        (self.min, self.max)
    }
}
