//! Per-path numbers of an arm as columns: kept path by path, or, of many paths, as what is left of them.
//!
//! Up to [`EXACT_PATHS`] paths every scalar of every path is kept, and a column is its values. Beyond, memory would grow with
//! the paths; then every way in which a scalar is read has a [`Tally`] from the first path on, and only the first [`KEPT`]
//! paths are kept for what needs several scalars of one path.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, Scalar};
use crate::math::Lanes;
use crate::stats::estimate::{self, Estimate, Grouping};
use crate::stats::sketch::Counter;
use crate::stats::tally::Tally;

/// Most paths of which every scalar is kept; jobs carry it as [`Job::exact_paths`](super::job::Job::exact_paths).
pub const EXACT_PATHS: usize = 100_000;

/// Paths kept of a longer run.
pub const KEPT: usize = 4096;

/// How a scalar of an arm is read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// As it is.
    Level,
    /// Less the baseline's on the same draws; zero where the two agree but for the rounding of their sums (1e-12 of the
    /// larger).
    Difference,
    /// Over the baseline's; 1 where that is zero, and where the two agree but for rounding.
    Ratio,
    /// 1 if it is above this, 0 otherwise.
    Above(f64),
}

/// The share of the larger of two numbers by which rounding may set them apart.
const ALIKE: f64 = 1e-12;

fn alike(own: f64, baseline: f64) -> bool {
    (own - baseline).abs() <= ALIKE * own.abs().max(baseline.abs())
}

/// [`Reading::Difference`] side by side.
#[inline(always)]
pub fn apart(own: Lanes, baseline: Lanes) -> Lanes {
    let difference = own - baseline;
    let rounding = own.abs().or_larger(baseline.abs()) * ALIKE;
    difference.abs().above(rounding).keep(difference)
}

impl Reading {
    /// The number read.
    pub fn of(self, own: f64, baseline: f64) -> f64 {
        match self {
            Reading::Level => own,
            Reading::Difference if alike(own, baseline) => 0.0,
            Reading::Difference => own - baseline,
            Reading::Ratio if baseline == 0.0 || alike(own, baseline) => 1.0,
            Reading::Ratio => own / baseline,
            Reading::Above(threshold) => f64::from(u8::from(own > threshold)),
        }
    }
}

impl Reading {
    /// The unit of what is read of a number of `unit`.
    pub fn unit(self, unit: &'static str) -> &'static str {
        match self {
            Reading::Level | Reading::Difference => unit,
            Reading::Ratio => "times the baseline",
            Reading::Above(_) => "probability",
        }
    }
}

/// Over which paths a column is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// All.
    All,
    /// Those on which a rule of the arm comes into force and none is undone.
    Standing,
}

/// Delays that tables ask for the chance of, months.
pub const DELAYS: [f64; 2] = [6.0, 12.0];

/// The ways in which a run without all its scalars can read them: scalar by scalar as levels, differences and ratios, then
/// delays above those of [`DELAYS`].
pub fn readings(catalogue: &Catalogue) -> Vec<(usize, Reading)> {
    let plain = (0..catalogue.scalars.len())
        .flat_map(|s| [Reading::Level, Reading::Difference, Reading::Ratio].map(|reading| (s, reading)));
    let delays = catalogue.scalars.iter().enumerate();
    let delays = delays.filter(|(_, (_, scalar, _))| matches!(scalar, Scalar::TrainingDelay(_)));
    plain.chain(delays.flat_map(|(s, _)| DELAYS.map(|months| (s, Reading::Above(months))))).collect()
}

/// Tallies of one arm, by reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmTallies {
    /// Over all paths.
    pub all: Vec<Tally>,
    /// Over those on which its rules stand; they are independent of one another.
    pub standing: Vec<Tally>,
}

impl ArmTallies {
    /// No paths, of a run laid out like this.
    pub fn empty(readings: usize, grouping: Grouping) -> ArmTallies {
        ArmTallies {
            all: vec![Tally::new(grouping); readings],
            standing: vec![Tally::new(Grouping::Independent); readings],
        }
    }

    /// Whether it could be read as what `paths` paths left, being of the same shape.
    pub fn is_sound(&self, shape: &ArmTallies, paths: u64) -> bool {
        let sound = |own: &[Tally], shape: &[Tally], count: u64| {
            own.len() == shape.len() && own.iter().zip(shape).all(|(own, shape)| own.is_sound(shape, count))
        };
        let standing = self.standing.first().map_or(0, Tally::count);
        sound(&self.all, &shape.all, paths)
            && standing <= paths
            && sound(&self.standing, &shape.standing, standing)
    }

    /// Takes in the next paths of a replicate: by scalar, the arm's and the baseline's values; and whether the rules stand.
    pub fn add<'v>(
        &mut self,
        readings: &[(usize, Reading)],
        replicate: usize,
        values: impl Fn(usize) -> [&'v [f64]; 2],
        standing: &[bool],
        (column, counter): (&mut Vec<f64>, &mut Counter),
    ) {
        let some_stand = standing.contains(&true);
        for (&(scalar, reading), (all, some)) in
            readings.iter().zip(self.all.iter_mut().zip(&mut self.standing))
        {
            let [own, baseline] = values(scalar);
            column.clear();
            column.extend(own.iter().zip(baseline).map(|(own, baseline)| reading.of(*own, *baseline)));
            all.add(replicate, column, counter);
            if some_stand {
                let mut stands = standing.iter();
                column.retain(|_| stands.next().is_some_and(|stands| *stands));
                some.add(0, column, counter);
            }
        }
    }
}

/// The numbers of a column, in the order of paths or tallied, and how its paths belong together.
#[derive(Clone, Debug)]
pub enum Column<'a> {
    /// Path by path.
    Values(Cow<'a, [f64]>, Grouping),
    /// What is kept of them.
    Tallied(&'a Tally, Grouping),
}

impl Column<'_> {
    /// Number of paths.
    pub fn paths(&self) -> usize {
        match self {
            Column::Values(values, _) => values.len(),
            Column::Tallied(tally, _) => tally.count() as usize,
        }
    }

    /// Mean with its error.
    pub fn mean(&self) -> Estimate {
        match self {
            Column::Values(values, grouping) => estimate::mean(values, *grouping),
            Column::Tallied(tally, grouping) => tally.mean(*grouping),
        }
    }

    /// Quantiles, Hyndman and Fan's type 7, with their errors; tallied ones are within 1/256 of themselves.
    pub fn quantiles<const N: usize>(&self, p: [f64; N]) -> [Estimate; N] {
        match self {
            Column::Values(values, grouping) => estimate::quantiles(values, p, *grouping),
            Column::Tallied(tally, grouping) => tally.quantiles(p, *grouping),
        }
    }

    /// Share of paths above a threshold.
    pub fn above(&self, threshold: f64) -> Estimate {
        match self {
            Column::Values(..) => self.share(|value| value > threshold),
            Column::Tallied(tally, grouping) => tally.above(threshold, *grouping),
        }
    }

    /// Share of paths below a threshold.
    pub fn below(&self, threshold: f64) -> Estimate {
        match self {
            Column::Values(..) => self.share(|value| value < threshold),
            Column::Tallied(tally, grouping) => tally.below(threshold, *grouping),
        }
    }

    /// Number of paths at or below a threshold.
    pub fn at_most(&self, threshold: f64) -> f64 {
        match self {
            Column::Values(values, _) => values.iter().filter(|value| **value <= threshold).count() as f64,
            Column::Tallied(tally, _) => tally.at_most(threshold),
        }
    }

    /// Least and greatest value; ∞ and −∞ without paths.
    pub fn range(&self) -> (f64, f64) {
        match self {
            Column::Values(values, _) => {
                values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                    (low.min(*value), high.max(*value))
                })
            }
            Column::Tallied(tally, _) => (tally.least(), tally.greatest()),
        }
    }

    /// The share of values of a column kept path by path.
    fn share(&self, test: impl Fn(f64) -> bool) -> Estimate {
        let Column::Values(values, grouping) = self else { unreachable!("a tally counts by itself") };
        let happens: Vec<bool> = values.iter().map(|value| test(*value)).collect();
        estimate::probability(&happens, *grouping)
    }

    /// What identifies the column: every value, or of a tally its mean and 101 quantiles, as bits.
    pub fn bits(&self) -> Vec<u8> {
        let numbers = match self {
            Column::Values(values, _) => values.to_vec(),
            Column::Tallied(tally, grouping) => {
                let quantiles =
                    tally.quantiles::<101>(std::array::from_fn(|step| step as f64 / 100.0), *grouping);
                let mean = tally.mean(*grouping);
                let quantiles = quantiles.iter().map(|quantile| quantile.value);
                [tally.count() as f64, mean.value, mean.std_error].into_iter().chain(quantiles).collect()
            }
        };
        numbers.into_iter().flat_map(|number| number.to_bits().to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_rounding_sets_apart_is_alike() {
        for (own, baseline, difference) in
            [(1e9 + 1e-5, 1e9, 0.0), (0.0, 0.0, 0.0), (1e-9, 0.0, 1e-9), (3.0, 2.0, 1.0), (-0.5, 0.5, -1.0)]
        {
            assert_eq!(Reading::Difference.of(own, baseline), difference);
            assert_eq!(apart(Lanes::all(own), Lanes::all(baseline)), Lanes::all(difference));
        }
        let ratio = |own| Reading::Ratio.of(own, 2.0);
        assert_eq!([2.0 + 1e-15, 3.0].map(ratio), [1.0, 1.5]);
    }
}
