//! A column of per-path numbers as an answer: mean, median, 90% interval, chance of a gain, each with its sampling error.

use crate::engine::partition;
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

/// Summarises `values`, one a path in path order. Quantiles are Hyndman–Fan type 7.
pub fn summarise(values: &[f64], grouping: Grouping) -> Summary {
    let [p05, p50, p95] = estimate::quantiles(values, [0.05, 0.5, 0.95], grouping);
    let share = |test: fn(f64) -> bool| {
        let happens: Vec<bool> = values.iter().map(|value| test(*value)).collect();
        estimate::probability(&happens, grouping)
    };
    Summary {
        mean: estimate::mean(values, grouping),
        p05,
        p50,
        p95,
        above_zero: share(|value| value > 0.0),
        below_zero: share(|value| value < 0.0),
        paths: values.len(),
    }
}

/// How the paths of `ids` belong together under a sampling scheme. Where paths are missing (an interrupted run, a subset of
/// paths) pairs and replicates are broken, and paths are taken as independent: the scheme's gain is then not claimed.
pub fn grouping(sampling: Sampling, ids: &[u64]) -> Grouping {
    let complete = ids.iter().enumerate().all(|(at, id)| at as u64 == *id);
    if complete { partition::grouping(sampling) } else { Grouping::Independent }
}
