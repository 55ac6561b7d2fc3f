//! A column of per-path numbers as an answer: mean, median, 90% interval, chance of a gain, each with its sampling error.
//!
//! The error of a chance is never zero: where all paths agree it is that of the rule of succession, since no number of
//! paths can show that something never happens. Of a single path no error is known, and it is infinite.

use crate::engine::partition;
use crate::math::sqrt;
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
        chance(estimate::probability(&happens, grouping), values.len())
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

/// Summarises a metric in its unit: the mean of a probability's flags is a chance, with a chance's error.
pub fn summarise_in(unit: &str, values: &[f64], grouping: Grouping) -> Summary {
    let summary = summarise(values, grouping);
    if unit != "probability" {
        return summary;
    }
    Summary { mean: chance(summary.mean, values.len()), ..summary }
}

/// A share of `paths` paths with an error that is honest where all of them agree: that of Laplace's (k + 1)/(n + 2).
pub fn chance(share: Estimate, paths: usize) -> Estimate {
    if share.std_error > 0.0 {
        return share;
    }
    let n = paths as f64;
    let laplace = (share.value * n + 1.0) / (n + 2.0);
    Estimate { std_error: sqrt(laplace * (1.0 - laplace) / n), ..share }
}

impl Summary {
    /// The summary of the values' negatives: a loss told as a gain.
    pub fn negated(&self) -> Summary {
        let minus = |estimate: Estimate| Estimate { value: -estimate.value, ..estimate };
        Summary {
            mean: minus(self.mean),
            p05: minus(self.p95),
            p50: minus(self.p50),
            p95: minus(self.p05),
            above_zero: self.below_zero,
            below_zero: self.above_zero,
            paths: self.paths,
        }
    }
}

/// How the paths of `ids` belong together under a sampling scheme. Where paths are missing (an interrupted run, a subset of
/// paths) pairs and replicates are broken, and paths are taken as independent: the scheme's gain is then not claimed.
pub fn grouping(sampling: Sampling, ids: &[u64]) -> Grouping {
    let complete = ids.iter().enumerate().all(|(at, id)| at as u64 == *id);
    if complete { partition::grouping(sampling) } else { Grouping::Independent }
}
