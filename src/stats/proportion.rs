//! Shares of independent trials, with intervals that stay honest at 0 and 1.

use super::estimate::Estimate;
use crate::math::{beta_quantile, normal_quantile, sqrt};

/// How many of a number of independent trials succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proportion {
    /// Successes, at most the trials.
    pub successes: u64,
    /// Trials, at least one.
    pub trials: u64,
}

impl Proportion {
    /// The share and its binomial standard error √(p(1 − p)/n).
    pub fn estimate(&self) -> Estimate {
        let p = self.share();
        Estimate { value: p, std_error: sqrt(p * (1.0 - p) / self.trials as f64) }
    }

    /// Wilson's score interval: the p whose normal test does not reject the count. Close to its nominal coverage on
    /// average. Source: Wilson (1927), JASA 22, 209–212.
    pub fn wilson(&self, confidence: f64) -> (f64, f64) {
        wilson(self.share(), self.trials as f64, confidence)
    }

    /// Clopper and Pearson's exact interval: covers with at least the nominal probability, whatever the share.
    /// Source: Clopper and Pearson (1934), Biometrika 26, 404–413.
    pub fn clopper_pearson(&self, confidence: f64) -> (f64, f64) {
        let (k, n) = (self.successes as f64, self.trials as f64);
        let tail = 0.5 - 0.5 * confidence;
        let low = if self.successes == 0 { 0.0 } else { beta_quantile(k, n - k + 1.0, tail) };
        let high =
            if self.successes == self.trials { 1.0 } else { beta_quantile(k + 1.0, n - k, 1.0 - tail) };
        (low, high)
    }

    fn share(&self) -> f64 {
        self.successes as f64 / self.trials as f64
    }
}

/// [`Proportion::wilson`] of a share whose sampling error is that of so many independent trials, a whole number or not.
/// Domain: 0 ≤ share ≤ 1, trials > 0.
pub fn wilson(share: f64, trials: f64, confidence: f64) -> (f64, f64) {
    let z = normal_quantile(0.5 + 0.5 * confidence);
    let shrink = 1.0 + z * z / trials;
    let centre = (share + 0.5 * z * z / trials) / shrink;
    let half = z / shrink * sqrt(share * (1.0 - share) / trials + 0.25 * z * z / (trials * trials));
    let low = if share == 0.0 { 0.0 } else { centre - half };
    let high = if share == 1.0 { 1.0 } else { centre + half };
    (low, high)
}
