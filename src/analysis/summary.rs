//! A column of per-path numbers as an answer: mean, median, 90% interval, chance of a gain, each with its sampling error.

use crate::random::design::Sampling;
use crate::stats::estimate::{self, Estimate, Grouping};

/// A distribution over paths, summarised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Mean.
    pub mean: Estimate,
    /// 5th percentile.
    pub p05: Estimate,
    /// Median.
    pub p50: Estimate,
    /// 95th percentile.
    pub p95: Estimate,
    /// Probability of a value above zero.
    pub above_zero: Estimate,
    /// Probability of a value below zero.
    pub below_zero: Estimate,
    /// Number of paths.
    pub paths: usize,
}

/// Summarises `values`, one a path, drawn under `sampling`; `paths` are their ids.
/// Quantiles are Hyndman–Fan type 7.
pub fn summarise(values: &[f64], grouping: &Grouping) -> Summary {
    let quantile = |p| estimate::quantile(values, p, grouping);
    let share = |test: fn(f64) -> bool| {
        let flags: Vec<f64> = values.iter().map(|value| f64::from(u8::from(test(*value)))).collect();
        estimate::mean(&flags, grouping)
    };
    Summary {
        mean: estimate::mean(values, grouping),
        p05: quantile(0.05),
        p50: quantile(0.5),
        p95: quantile(0.95),
        above_zero: share(|value| value > 0.0),
        below_zero: share(|value| value < 0.0),
        paths: values.len(),
    }
}

/// How paths with these ids belong together under a sampling scheme.
pub fn grouping(sampling: Sampling, paths: &[u64]) -> Grouping {
    Grouping::new(sampling.unit(), sampling.replicates(), paths)
}
