//! A column of per-path numbers as an answer: mean, median, 90% interval, chance of a gain, each with its sampling error.
//!
//! The error of a chance is never zero: where all paths agree it is that of the rule of succession, since no number of
//! paths can show that something never happens. Of a single path no error is known, and it is infinite.

use crate::engine::column::{Column, Over, Reading};
use crate::engine::outcome::Outcome;
use crate::engine::parallel;
use crate::math::sqrt;
use crate::stats::estimate::{Estimate, Grouping};
use crate::stats::quantile::rests_on_greatest;

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
    /// Share of paths whose number is only known to be at least as large, since the run ends before it is reached
    /// (right-censored). They lie above all others, and every one at the same bound.
    pub censored: Estimate,
    /// Number of paths.
    pub paths: usize,
}

/// Numbers that agree may differ so much, as a share, by the rounding of their sums.
pub(super) const ROUNDING: f64 = 1e-12;

/// A share of no path at all.
const NONE: Estimate = Estimate { value: 0.0, std_error: 0.0 };

/// Summarises a column. Quantiles are Hyndman–Fan type 7.
pub fn summarise(column: &Column<'_>) -> Summary {
    let paths = column.paths();
    let [p05, p50, p95] = column.quantiles([0.05, 0.5, 0.95]);
    Summary {
        mean: column.mean(),
        p05,
        p50,
        p95,
        above_zero: chance(column.above(0.0), paths),
        below_zero: chance(column.below(0.0), paths),
        censored: NONE,
        paths,
    }
}

/// Summarises a column in its unit: the mean of a probability's flags is a chance, with a chance's error.
pub fn summarise_in(unit: &str, column: &Column<'_>) -> Summary {
    let summary = summarise(column);
    if unit != "probability" {
        return summary;
    }
    Summary { mean: chance(summary.mean, summary.paths), ..summary }
}

/// Summarises a scalar of an arm, by its place in the catalogue; none if it is not read so over these paths.
///
/// Where the run's end censors it, a path at a bound of zero counts as above zero: what is not reached within the run is
/// later than its last month.
pub fn summarise_scalar(
    outcome: &Outcome,
    arm: usize,
    scalar: usize,
    reading: Reading,
    over: Over,
) -> Option<Summary> {
    let unit = reading.unit(outcome.catalogue.scalars[scalar].0.unit);
    let summary = summarise_in(unit, &outcome.column_at(arm, scalar, reading, over)?);
    let Some(censored) = outcome.censored(arm, scalar, reading, over) else { return Some(summary) };
    let at_zero = outcome.catalogue.censoring(scalar, outcome.months).is_some_and(|it| it.bound == 0);
    let above_zero = if at_zero { chance(censored, summary.paths) } else { summary.above_zero };
    Some(Summary { above_zero, censored, ..summary })
}

/// Summarises a scalar of an arm over all paths, by its place in the catalogue.
pub fn summarise_level(outcome: &Outcome, arm: usize, scalar: usize) -> Summary {
    summarise_scalar(outcome, arm, scalar, Reading::Level, Over::All)
        .unwrap_or_else(|| unreachable!("every scalar is read as a level"))
}

/// Summarises every scalar of every arm over all paths, by arm, then by place in the catalogue.
pub fn summarise_levels(outcome: &Outcome, threads: usize) -> Vec<Vec<Summary>> {
    let scalars = outcome.catalogue.scalars.len();
    let places: Vec<(usize, usize)> =
        (0..outcome.arms.len()).flat_map(|arm| (0..scalars).map(move |scalar| (arm, scalar))).collect();
    let all = parallel::map(&places, threads, |(arm, scalar)| summarise_level(outcome, *arm, *scalar));
    all.chunks(scalars.max(1)).map(<[Summary]>::to_vec).collect()
}

/// Summarises `values`, one a path in path order.
pub fn summarise_values(values: &[f64], grouping: Grouping) -> Summary {
    summarise(&Column::Values(values.into(), grouping))
}

/// A share of `paths` paths with an error that is honest where all of them agree: that of Laplace's (k + 1)/(n + 2).
pub fn chance(share: Estimate, paths: usize) -> Estimate {
    if share.std_error > ROUNDING {
        return share;
    }
    let n = paths as f64;
    let laplace = (share.value * n + 1.0) / (n + 2.0);
    Estimate { std_error: sqrt(laplace * (1.0 - laplace) / n), ..share }
}

impl Summary {
    /// Whether the quantile at `p` is only known to be at least what it is given as.
    pub fn is_bound(&self, p: f64) -> bool {
        rests_on_greatest(p, self.paths, self.censored.value)
    }

    /// Whether some path is.
    pub fn is_censored(&self) -> bool {
        self.censored.value > 0.0
    }

    /// Whether every path has this one number, but for the rounding of sums. Of a single path it cannot be told. Means of groups
    /// may agree where paths differ, as of antithetic pairs.
    pub fn is_constant(&self) -> bool {
        let scale = ROUNDING * self.mean.value.abs().max(self.p95.value.abs());
        self.mean.std_error <= scale && self.p95.value - self.p05.value <= scale && !self.is_censored()
    }

    /// Whether it is 0 on every path.
    pub fn is_nothing(&self) -> bool {
        self.is_constant() && self.mean.value == 0.0
    }

    /// The summary of the values' negatives: a loss told as a gain. Domain: none is censored.
    pub fn negated(&self) -> Summary {
        let minus = |estimate: Estimate| Estimate { value: -estimate.value, ..estimate };
        Summary {
            mean: minus(self.mean),
            p05: minus(self.p95),
            p50: minus(self.p50),
            p95: minus(self.p05),
            above_zero: self.below_zero,
            below_zero: self.above_zero,
            censored: NONE,
            paths: self.paths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn antithetic_paths_that_differ_are_no_constant() {
        let values: Vec<f64> =
            (0..40).map(|i| if i % 2 == 0 { 1.0 + f64::from(i) } else { 2.0 - f64::from(i) }).collect();
        let pairs = summarise_values(&values, Grouping::Pairs);
        assert!(pairs.mean.std_error < 1e-12 && !pairs.is_constant(), "{pairs:?}");
        assert!(summarise_values(&[0.1; 40], Grouping::Pairs).is_constant());
    }
}
