//! A column of per-path numbers that is too long to keep: moments and histograms from which its estimates follow.
//!
//! What depends on how paths were laid out is kept apart by it, so that errors respect the layout: the lesser and the
//! greater value of each antithetic pair have a histogram each, and so has every replicate. Values are entered in a stated
//! order, path after path of a replicate; then a tally is the same bit for bit whoever computed them.
//!
//! Means are exact; chances of lying above or below zero are counted; a quantile is that of a [`Sketch`], within 1/256 of
//! it. Columns of whole numbers below 512 (months, flags) have a bin a number, and everything about them is exact.

use serde::{Deserialize, Serialize};

use super::estimate::{Estimate, Grouping, of_groups};
use super::moments::Spread;
use super::sketch::{Counter, Sketch};
use crate::math::sqrt;

/// Whole numbers below this have a bin each.
const WHOLE: f64 = 512.0;

/// What is kept of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// One histogram; or the lesser and the greater of pairs; or one a replicate.
    lanes: Vec<Sketch>,
    /// By replicate: moments of the means of independent units, which are pairs or paths.
    moments: Vec<Spread>,
    /// All values so far are whole numbers below [`WHOLE`].
    whole: bool,
}

/// Whether a value is a whole number below [`WHOLE`]; by conversion, as not every processor has an instruction that truncates.
fn is_whole(value: f64) -> bool {
    value.abs() < WHOLE && f64::from(value as i32) == value
}

impl Tally {
    /// No values, of paths that will be laid out like this.
    pub fn new(grouping: Grouping) -> Tally {
        let (lanes, replicates) = match grouping {
            Grouping::Independent => (1, 1),
            Grouping::Pairs => (2, 1),
            Grouping::Replicates(count) => (count, count),
        };
        Tally {
            lanes: vec![Sketch::default(); lanes],
            moments: vec![Spread::default(); replicates],
            whole: true,
        }
    }

    /// Takes in the next values of a replicate (0 where there are none), by way of `counter`. Domain: finite; of pairs, whole ones
    /// but for the very last path, which is a unit by itself.
    pub fn add(&mut self, replicate: usize, values: &[f64], counter: &mut Counter) {
        self.whole = self.whole && values.iter().copied().all(is_whole);
        if let ([lesser, greater], [moments]) = (self.lanes.as_mut_slice(), self.moments.as_mut_slice()) {
            for pair in values.chunks(2) {
                moments.add(pair.iter().sum::<f64>() / pair.len() as f64);
                lesser.add(pair.iter().copied().fold(f64::INFINITY, f64::min));
                if let [a, b] = *pair {
                    greater.add(a.max(b));
                }
            }
        } else {
            values.iter().for_each(|value| self.moments[replicate].add(*value));
            counter.add_all(&mut self.lanes[replicate], values);
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.lanes.iter().map(Sketch::count).sum()
    }

    /// Least value; ∞ without values.
    pub fn least(&self) -> f64 {
        self.lanes.iter().map(Sketch::least).fold(f64::INFINITY, f64::min)
    }

    /// Greatest value; −∞ without values.
    pub fn greatest(&self) -> f64 {
        self.lanes.iter().map(Sketch::greatest).fold(f64::NEG_INFINITY, f64::max)
    }

    /// Mean, with the error of paths laid out like this: the tally's own layout, or independent paths.
    pub fn mean(&self, grouping: Grouping) -> Estimate {
        match grouping {
            Grouping::Independent | Grouping::Pairs => {
                let mut all = Spread::default();
                self.moments.iter().for_each(|moments| all.merge(moments));
                Estimate { value: all.mean(), std_error: all.std_error() }
            }
            Grouping::Replicates(_) => {
                of_groups(self.moments.iter().map(|moments| (moments.count() as f64, moments.mean())))
            }
        }
    }

    /// Several quantiles, Hyndman and Fan's type 7, each with its error as in [`super::estimate::quantile()`];
    /// values that many paths share count as spread over their bin, unless all are whole numbers.
    pub fn quantiles<const N: usize>(&self, p: [f64; N], grouping: Grouping) -> [Estimate; N] {
        let all = self.all();
        let n = all.count() as f64;
        p.map(|p| {
            let value = self.quantile_of(&all, p);
            let binomial = sqrt(p * (1.0 - p) / n);
            let probability_error = match grouping {
                Grouping::Independent => binomial,
                _ => self.share(grouping, |lane| self.of_lane_at_most(lane, value)).std_error.max(0.5 / n),
            };
            let (low, high) = ((p - 1.96 * binomial).max(0.0), (p + 1.96 * binomial).min(1.0));
            let std_error = if n < 2.0 {
                f64::INFINITY
            } else if high > low {
                let slope = (self.quantile_of(&all, high) - self.quantile_of(&all, low)) / (high - low);
                probability_error * slope
            } else {
                0.0
            };
            Estimate { value, std_error }
        })
    }

    /// Share of values above `threshold`. At zero it is counted, and so it is of whole numbers; otherwise the bin of the
    /// threshold, 1/256 of it wide, is shared out evenly.
    pub fn above(&self, threshold: f64, grouping: Grouping) -> Estimate {
        self.share(grouping, |lane| match threshold {
            0.0 => lane.positive() as f64,
            _ => lane.count() as f64 - self.of_lane_at_most(lane, threshold),
        })
    }

    /// Share of values below `threshold`; see [`Tally::above`].
    pub fn below(&self, threshold: f64, grouping: Grouping) -> Estimate {
        self.share(grouping, |lane| match threshold {
            0.0 => lane.negative() as f64,
            _ if self.whole => self.of_lane_at_most(lane, threshold.ceil() - 1.0),
            _ => self.of_lane_at_most(lane, threshold),
        })
    }

    /// Number of values at or below `threshold`; see [`Tally::above`].
    pub fn at_most(&self, threshold: f64) -> f64 {
        self.lanes.iter().map(|lane| self.of_lane_at_most(lane, threshold)).sum()
    }

    /// Whether it is a tally of `count` values of paths laid out like those of `shape`.
    pub fn is_sound(&self, shape: &Tally, count: u64) -> bool {
        let units = self.moments.iter().map(Spread::count).sum::<u64>();
        self.lanes.len() == shape.lanes.len()
            && self.moments.len() == shape.moments.len()
            && self.lanes.iter().all(|lane| lane.is_sound(lane.count()))
            && self.lanes.iter().try_fold(0_u64, |sum, lane| sum.checked_add(lane.count())) == Some(count)
            && units == if self.lanes.len() == 2 { self.lanes[0].count() } else { count }
    }

    fn all(&self) -> Sketch {
        let mut lanes = self.lanes.iter();
        let mut all = lanes.next().cloned().unwrap_or_default();
        lanes.for_each(|lane| all.merge(lane));
        all
    }

    fn quantile_of(&self, all: &Sketch, p: f64) -> f64 {
        if !self.whole {
            return all.quantile(p);
        }
        let place = (all.count() - 1) as f64 * p;
        let below = place.floor();
        let at = |rank: f64| all.order_statistic_at(rank as u64).trunc();
        let low = at(below);
        low + (at((below + 1.0).min((all.count() - 1) as f64)) - low) * (place - below)
    }

    /// Number of values of a lane that are at most `x`.
    fn of_lane_at_most(&self, lane: &Sketch, x: f64) -> f64 {
        match x.floor() {
            // A bin begins with its number, seen from zero; nothing lies between it and the next number.
            whole if self.whole && whole >= 0.0 => lane.at_most((whole + 1.0).next_down()).round(),
            whole if self.whole => lane.at_most(whole),
            _ => lane.at_most(x),
        }
    }

    /// The share of values that `hits` counts in a lane. Of pairs, a lane's count must grow or fall from the lesser to the
    /// greater, as that of a half-line does.
    fn share(&self, grouping: Grouping, hits: impl Fn(&Sketch) -> f64) -> Estimate {
        let n = self.count() as f64;
        let by_lane = || self.lanes.iter().map(|lane| (lane.count() as f64, hits(lane)));
        let value = by_lane().map(|(_, hits)| hits).sum::<f64>() / n;
        match (grouping, self.lanes.as_slice()) {
            (Grouping::Replicates(_), _) => of_groups(
                by_lane().map(|(count, hits)| (count, if count > 0.0 { hits / count } else { 0.0 })),
            ),
            (Grouping::Pairs, [lesser, greater]) => {
                let (one, other) = (hits(lesser), hits(greater));
                let (any, both, pairs) = (one.max(other), one.min(other), lesser.count() as f64);
                let squares = 4.0 * both * (1.0 - value) * (1.0 - value)
                    + (any - both) * (1.0 - 2.0 * value) * (1.0 - 2.0 * value)
                    + 4.0 * (pairs - any) * value * value;
                let std_error =
                    if pairs > 1.0 { sqrt(pairs / (pairs - 1.0) * squares) / n } else { f64::INFINITY };
                Estimate { value, std_error }
            }
            _ => {
                let std_error = if n > 1.0 { sqrt(value * (1.0 - value) / (n - 1.0)) } else { f64::INFINITY };
                Estimate { value, std_error }
            }
        }
    }
}
