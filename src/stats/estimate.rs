//! Estimates from per-path values, with standard errors that respect how the paths were laid out.
//!
//! Paths fall into groups that are independent of one another: each path alone, antithetic pairs, or the replicates of
//! a Latin hypercube or Sobol' design. The error of a mean comes from how the groups' means differ:
//!     se² = G/(G − 1) · Σ_g (n_g/N)² (m_g − m)²
//! over G groups of n_g of the N paths with means m_g around the mean m of all. With every path its own group that is
//! the textbook s²/N.

use super::quantile::{self, sorted};
use crate::math::{normal_quantile, sqrt, student_quantile};

/// A value with its sampling error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Best single number.
    pub value: f64,
    /// Standard deviation of its sampling error; infinite where a single group cannot tell.
    pub std_error: f64,
}

impl Estimate {
    /// Central interval that covers the truth with probability `confidence` if the error is normal.
    pub fn interval(&self, confidence: f64) -> (f64, f64) {
        self.around(normal_quantile(0.5 + 0.5 * confidence))
    }

    /// The same where the standard error itself rests on few groups: Student's t with one degree of freedom fewer than
    /// there are groups ([`Grouping::degrees_of_freedom`]).
    pub fn student_interval(&self, confidence: f64, degrees_of_freedom: f64) -> (f64, f64) {
        self.around(student_quantile(degrees_of_freedom, 0.5 + 0.5 * confidence))
    }

    fn around(&self, multiple: f64) -> (f64, f64) {
        (self.value - multiple * self.std_error, self.value + multiple * self.std_error)
    }
}

/// Which paths depend on one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// None: plain sampling.
    Independent,
    /// Paths 2k and 2k + 1: antithetic sampling.
    Pairs,
    /// Paths with the same remainder by this number: replicated Latin hypercube and Sobol' sampling.
    Replicates(usize),
}

impl Grouping {
    /// The group of a path.
    pub fn group_of(self, path: usize) -> usize {
        match self {
            Grouping::Independent => path,
            Grouping::Pairs => path / 2,
            Grouping::Replicates(count) => path % count,
        }
    }

    /// Number of groups among the first `paths` paths.
    pub fn groups(self, paths: usize) -> usize {
        match self {
            Grouping::Independent => paths,
            Grouping::Pairs => paths.div_ceil(2),
            Grouping::Replicates(count) => paths.min(count),
        }
    }

    /// Degrees of freedom of a standard error from the first `paths` paths.
    pub fn degrees_of_freedom(self, paths: usize) -> f64 {
        self.groups(paths).saturating_sub(1) as f64
    }
}

/// Mean of per-path values. Shape: one value a path, in path order, at least one.
pub fn mean(values: &[f64], grouping: Grouping) -> Estimate {
    mean_of(values.len(), grouping, |path| values[path])
}

/// Share of paths for which something is true. Shape: one entry a path, in path order, at least one.
///
/// The error is 0 where all paths agree; [`super::proportion`] has intervals that stay honest there.
pub fn probability(happens: &[bool], grouping: Grouping) -> Estimate {
    mean_of(happens.len(), grouping, |path| f64::from(u8::from(happens[path])))
}

/// Quantile of per-path values, Hyndman and Fan's type 7. Shape: one value a path, in path order, at least one.
///
/// The error of the empirical probability at the quantile (from how replicates, pairs or paths differ), over the density
/// there, which is read off the order statistics 1.96 binomial standard errors to either side
/// (Woodruff 1952, JASA 47, 635–646); for independent paths that is the classical interval of order statistics. Where
/// replicates or pairs agree on the share, what is left is that the quantile lies between two paths: the error is never
/// less than theirs (`docs/model.md` §14).
pub fn quantile(values: &[f64], p: f64, grouping: Grouping) -> Estimate {
    let [only] = quantiles(values, [p], grouping);
    only
}

/// Several quantiles at once; see [`quantile()`].
pub fn quantiles<const N: usize>(values: &[f64], p: [f64; N], grouping: Grouping) -> [Estimate; N] {
    let all = sorted(values);
    p.map(|p| {
        let value = quantile::type_7(&all, p);
        Estimate { value, std_error: quantile_error((values, &all), (p, value), grouping) }
    })
}

/// Standard error of the quantile `value` at `p`.
fn quantile_error((values, all): (&[f64], &[f64]), (p, value): (f64, f64), grouping: Grouping) -> f64 {
    let n = values.len() as f64;
    let binomial = sqrt(p * (1.0 - p) / n);
    let probability_error = match grouping {
        Grouping::Independent => binomial,
        _ => {
            let share = mean_of(values.len(), grouping, |path| f64::from(u8::from(values[path] <= value)));
            share.std_error.max(granularity(p, values.len(), grouping.groups(values.len())))
        }
    };
    let (low, high) = ((p - 1.96 * binomial).max(0.0), (p + 1.96 * binomial).min(1.0));
    let slope = (quantile::type_7(all, high) - quantile::type_7(all, low)) / (high - low);
    if values.len() < 2 {
        f64::INFINITY
    } else if high > low {
        probability_error * slope
    } else {
        0.0
    }
}

/// Root mean square error, as a share, of the `p`-quantile of `paths` paths whose groups agree on the share below it.
///     w² · ( 2(p² + (1 − p)²)/((G + 1)(G + 2)) − 2p(1 − p)/(G + 1)² ),  w = G/N, under the root
/// Each of G groups has one path spread evenly over the stratum of width w below the quantile, and one over that above. The
/// nearest of them, B below and A above, are w/(G + 1) away on average and 2w²/((G + 1)(G + 2)) in the mean of squares,
/// and type 7 lies between them, off by (1 − p)A − pB.
fn granularity(p: f64, paths: usize, groups: usize) -> f64 {
    let (g, width) = (groups as f64, groups as f64 / paths as f64);
    let squares = 2.0 * (p * p + (1.0 - p) * (1.0 - p)) / ((g + 1.0) * (g + 2.0));
    width * sqrt(squares - 2.0 * p * (1.0 - p) / ((g + 1.0) * (g + 1.0)))
}

/// Mean over paths of a number computed for each, with its grouped error.
fn mean_of(paths: usize, grouping: Grouping, value: impl Fn(usize) -> f64) -> Estimate {
    debug_assert!(paths > 0 && (0..paths).all(|path| value(path).is_finite()));
    let n = paths as f64;
    let groups = grouping.groups(paths);
    let mean = (0..paths).map(&value).sum::<f64>() / n;
    // Sums of deviations by group: n_g (m_g − m).
    let mut deviations = vec![0.0; groups];
    match grouping {
        // Path by path in a group, and side by side over groups.
        Grouping::Replicates(count) => (0..paths).step_by(count).for_each(|first| {
            let side_by_side = deviations.iter_mut().zip(first..paths);
            side_by_side.for_each(|(sum, path)| *sum += value(path) - mean);
        }),
        _ => (0..paths).for_each(|path| deviations[grouping.group_of(path)] += value(path) - mean),
    }
    let squares: f64 = deviations.iter().map(|sum| sum * sum).sum();
    let std_error = match groups {
        1 => f64::INFINITY,
        _ => sqrt(groups as f64 / (groups as f64 - 1.0) * squares) / n,
    };
    Estimate { value: mean, std_error }
}

/// Mean over groups of paths that are independent of one another, each with its number of paths and its mean; groups
/// without paths do not count.
pub(super) fn of_groups(groups: impl Iterator<Item = (f64, f64)> + Clone) -> Estimate {
    let groups = groups.filter(|(count, _)| *count > 0.0);
    let n: f64 = groups.clone().map(|(count, _)| count).sum();
    let value = groups.clone().map(|(count, mean)| count * mean).sum::<f64>() / n;
    let squares: f64 = groups
        .clone()
        .map(|(count, mean)| count * (mean - value))
        .map(|deviation| deviation * deviation)
        .sum();
    let g = groups.count() as f64;
    let std_error = if g > 1.0 { sqrt(g / (g - 1.0) * squares) / n } else { f64::INFINITY };
    Estimate { value, std_error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_as_far_as_by_hand() {
        // 16 groups of 20: w = 1/20; at 0 the mean of squares is 2/(17·18), at ½ it is 1/(17·18) − 1/(2·17²).
        assert!((granularity(0.0, 320, 16) - 0.05 * sqrt(1.0 / 153.0)).abs() < 1e-15);
        assert!((granularity(0.5, 320, 16) - 0.05 * sqrt(1.0 / 306.0 - 1.0 / 578.0)).abs() < 1e-15);
        assert!((granularity(0.9, 320, 16) - granularity(0.1, 320, 16)).abs() < 1e-15);
    }
}
