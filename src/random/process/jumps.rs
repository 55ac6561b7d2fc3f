//! Compound Poisson jumps of the log level.
//!
//! A month takes two uniforms: one for the number of jumps, by the inverse of the Poisson law, and one for their summed
//! log size, which given n is normal with mean n·m and standard deviation √n·sd.

use super::Jumps;
use crate::math::{exp, exp_m1, normal_quantile, sqrt};

/// Largest monthly rate whose law is summed term by term; beyond it e^−rate nears the smallest number there is.
const MAX_RATE: f64 = 500.0;

/// A month's jumps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct MonthlyJumps {
    rate: f64,
    none: f64,
    log_mean: f64,
    log_sd: f64,
}

impl MonthlyJumps {
    pub fn new(jumps: &Jumps<f64>) -> MonthlyJumps {
        let rate = jumps.per_year / 12.0;
        MonthlyJumps { rate, none: exp(-rate), log_mean: jumps.log_mean, log_sd: jumps.log_sd }
    }

    /// Summed log size at two uniforms.
    #[inline]
    pub fn sum(&self, u_count: f64, u_size: f64) -> f64 {
        let count = self.count(u_count);
        if count == 0.0 {
            0.0
        } else {
            count * self.log_mean + sqrt(count) * self.log_sd * normal_quantile(u_size)
        }
    }

    /// Expected log size a month.
    pub fn mean(&self) -> f64 {
        self.rate * self.log_mean
    }

    /// ln E[e^(w J)] of a month's sum J: rate·(e^(w m + w² sd²/2) − 1).
    pub fn log_moment(&self, w: f64) -> f64 {
        self.rate * exp_m1(w * self.log_mean + 0.5 * w * w * self.log_sd * self.log_sd)
    }

    /// The smallest n whose Poisson CDF reaches u; above the largest rate the nearest whole number to the normal limit.
    fn count(&self, u: f64) -> f64 {
        if self.rate > MAX_RATE {
            return (self.rate + sqrt(self.rate) * normal_quantile(u)).round().max(0.0);
        }
        let (mut n, mut probability, mut below) = (0.0, self.none, self.none);
        // The terms end by falling below the last bit of the sum.
        while below < u && (n <= self.rate || probability > 1e-17) {
            n += 1.0;
            probability *= self.rate / n;
            below += probability;
        }
        n
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_invert_the_poisson_law() {
        let jumps = MonthlyJumps::new(&Jumps { per_year: 24.0, log_mean: 0.0, log_sd: 0.0 });
        // Poisson(2): 0.135335, 0.406006, 0.676676, 0.857123, …
        for (u, n) in
            [(0.1353, 0.0), (0.1354, 1.0), (0.406, 1.0), (0.4061, 2.0), (0.6767, 3.0), (0.8571, 3.0)]
        {
            assert_eq!(jumps.count(u), n, "{u}");
        }
        assert!(jumps.count(1.0 - 1e-16) < 30.0);
        let none = MonthlyJumps::new(&Jumps { per_year: 0.0, log_mean: 1.0, log_sd: 1.0 });
        assert_eq!(none.sum(1.0 - 1e-16, 0.9), 0.0);
    }
}
