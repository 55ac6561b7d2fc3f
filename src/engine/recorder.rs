//! From accounts to numbers: the rows of paths, the cells of a job.
//!
//! A *cell* is one monthly number of one arm: month by month every metric, and for every arm but the baseline, month by
//! month, its differences to the baseline. [`Rows`] hold every cell on some paths, side by side as the model tells them; [`CellSketches`] and [`CellMoments`]
//! keep what is left of them: an integer histogram and, by replicate, the moments of independent units.

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::job::Job;
use crate::math::{LANES, Lanes};
use crate::stats::estimate::Estimate;
use crate::stats::sketch::Sketch;

/// Where each cell lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    months: usize,
    metrics: usize,
    paired: usize,
    arms: usize,
    baseline: usize,
}

impl Layout {
    /// The layout of a job's cells.
    pub fn of(job: &Job, catalogue: &Catalogue) -> Layout {
        Layout {
            months: job.arms[0].world.months,
            metrics: catalogue.monthly.len(),
            paired: catalogue.paired,
            arms: job.arms.len(),
            baseline: job.baseline(),
        }
    }

    /// Cells of an arm: its levels, then its differences.
    pub fn arm_cells(&self, arm: usize) -> std::ops::Range<usize> {
        let levels = self.metrics * self.months;
        let size =
            |arm: usize| if arm == self.baseline { levels } else { levels + self.paired * self.months };
        let start = (0..arm).map(size).sum();
        start..start + size(arm)
    }

    /// All cells.
    pub fn cells(&self) -> usize {
        self.arm_cells(self.arms - 1).end
    }

    /// Cell of a level.
    pub fn level(&self, arm: usize, metric: usize, t: usize) -> usize {
        self.arm_cells(arm).start + t * self.metrics + metric
    }

    /// Cell of a difference to the baseline; none for the baseline and for metrics not paired.
    pub fn difference(&self, arm: usize, metric: usize, t: usize) -> Option<usize> {
        (arm != self.baseline && metric < self.paired)
            .then(|| self.arm_cells(arm).start + self.months * self.metrics + t * self.paired + metric)
    }

    /// Cells of an arm's metrics in month `t`.
    pub fn month(&self, arm: usize, t: usize) -> std::ops::Range<usize> {
        let start = self.level(arm, 0, t);
        start..start + self.metrics
    }
}

/// A number that is not finite, and where it arose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFinite {
    /// The metric.
    pub metric: String,
    /// The month, in steps; none for a scalar.
    pub month: Option<usize>,
    /// Index of the arm.
    pub arm: usize,
}

/// Every cell on some paths, in groups of up to [`LANES`] paths side by side.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Cells of a group.
    cells: usize,
    /// By group, then cell.
    values: Vec<Lanes>,
    /// By group: how many of its lanes are paths.
    paths: Vec<usize>,
}

/// Cells whose moments are taken side by side.
const TILE: usize = 8;

impl Rows {
    /// Makes room for `groups` groups.
    pub fn reserve(&mut self, layout: &Layout, groups: usize) {
        self.cells = layout.cells();
        self.values.resize(self.cells * groups, Lanes::ZERO);
        self.paths.resize(groups, 0);
    }

    /// The cells of a group.
    pub fn group(&mut self, group: usize) -> &mut [Lanes] {
        &mut self.values[group * self.cells..(group + 1) * self.cells]
    }

    /// Copies the first `months` months of an arm's levels in a group from another arm's.
    pub fn share(&mut self, group: usize, layout: &Layout, (from, to): (usize, usize), months: usize) {
        let cells = self.group(group);
        let (start, end) = (layout.level(from, 0, 0), layout.level(from, 0, months));
        cells.copy_within(start..end, layout.level(to, 0, 0));
    }

    /// Completes a group of `paths` paths whose levels are written: differences to the baseline.
    ///
    /// # Errors
    /// The first path with a number that is not finite, and by arm, metric and month the first such number.
    pub fn complete(
        &mut self,
        group: usize,
        paths: usize,
        layout: &Layout,
        catalogue: &Catalogue,
    ) -> Result<(), (usize, NotFinite)> {
        self.paths[group] = paths;
        let cells = self.group(group);
        for arm in 0..layout.arms {
            for t in 0..layout.months {
                if let Some(to) = layout.difference(arm, 0, t) {
                    let (own, base) = (layout.level(arm, 0, t), layout.level(layout.baseline, 0, t));
                    for metric in 0..layout.paired {
                        cells[to + metric] = cells[own + metric] - cells[base + metric];
                    }
                }
            }
        }
        // Nothing times a number is nothing, unless the number is not finite.
        let doubts = cells.iter().fold(Lanes::ZERO, |doubts, cell| doubts + *cell * 0.0);
        match doubts.as_slice()[..paths].iter().position(|doubt| *doubt != 0.0) {
            None => Ok(()),
            Some(lane) => Err((lane, not_finite(cells, lane, layout, catalogue))),
        }
    }
}

/// By arm, metric and month the first number of a lane that is not finite, which must have one.
fn not_finite(cells: &[Lanes], lane: usize, layout: &Layout, catalogue: &Catalogue) -> NotFinite {
    for arm in 0..layout.arms {
        for (metric, (label, ..)) in catalogue.monthly.iter().enumerate() {
            for t in 0..layout.months {
                let finite = |cell: usize| cells[cell][lane].is_finite();
                if !layout.difference(arm, metric, t).is_none_or(finite)
                    || !finite(layout.level(arm, metric, t))
                {
                    return NotFinite { metric: label.id.clone(), month: Some(t), arm };
                }
            }
        }
    }
    unreachable!("the lane has a number that is not finite")
}

/// Count, mean and sum of squared deviations over independent units.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UnitMoments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl UnitMoments {
    /// Mean with its standard error: over units within a single replicate, over replicates' means otherwise.
    pub fn estimate(replicates: &[UnitMoments]) -> Estimate {
        if let [only] = replicates {
            let variance = only.squares / (only.count - 1.0);
            let std_error =
                if only.count > 1.0 { crate::math::sqrt(variance / only.count) } else { f64::INFINITY };
            return Estimate { value: only.mean, std_error };
        }
        let total: f64 = replicates.iter().map(|part| part.count).sum();
        let value = replicates.iter().map(|part| part.mean * part.count).sum::<f64>() / total;
        let groups = replicates.iter().filter(|part| part.count > 0.0).count() as f64;
        let spread: f64 = replicates
            .iter()
            .map(|part| part.count / total * (part.mean - value))
            .map(|deviation| deviation * deviation)
            .sum();
        let std_error =
            if groups > 1.0 { crate::math::sqrt(groups / (groups - 1.0) * spread) } else { f64::INFINITY };
        Estimate { value, std_error }
    }
}

/// Moments of every cell over independent units: a path, or an antithetic pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellMoments {
    /// Units, the same of every cell.
    count: f64,
    /// By cell: mean, and sum of squared deviations from it.
    cells: Vec<(f64, f64)>,
}

impl CellMoments {
    /// No paths.
    pub fn empty(cells: usize) -> CellMoments {
        CellMoments { count: 0.0, cells: vec![(0.0, 0.0); cells] }
    }

    /// How many cells.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The moments of some groups, `unit` paths a unit: neighbours in a group.
    pub fn of(rows: &Rows, groups: std::ops::Range<usize>, unit: usize) -> CellMoments {
        let count = rows.paths[groups.clone()].iter().map(|paths| paths.div_ceil(unit)).sum::<usize>() as f64;
        let mut cells = Vec::with_capacity(rows.cells);
        let mut units: Vec<[f64; TILE]> = Vec::new();
        for first in (0..rows.cells).step_by(TILE) {
            let width = TILE.min(rows.cells - first);
            units.clear();
            for group in groups.clone() {
                let tile = &rows.values[group * rows.cells + first..][..width];
                // Cell by cell what a path has, from path by path what a cell has.
                let mut paths = [[0.0; TILE]; LANES];
                for (cell, values) in tile.iter().enumerate() {
                    for (path, value) in paths.iter_mut().zip(values.as_slice()) {
                        path[cell] = *value;
                    }
                }
                for members in paths[..rows.paths[group]].chunks(unit) {
                    let share = members.len() as f64;
                    let sums = members
                        .iter()
                        .copied()
                        .reduce(|sums, values| std::array::from_fn(|cell| sums[cell] + values[cell]));
                    units.push(sums.unwrap_or_default().map(|sum| sum / share));
                }
            }
            let (mut mean, mut squares) = ([0.0; TILE], [0.0; TILE]);
            units.iter().for_each(|values| (0..TILE).for_each(|cell| mean[cell] += values[cell]));
            mean = mean.map(|sum| sum / count);
            for values in &units {
                for cell in 0..TILE {
                    let deviation = values[cell] - mean[cell];
                    squares[cell] += deviation * deviation;
                }
            }
            cells.extend(mean.into_iter().zip(squares).take(width));
        }
        CellMoments { count, cells }
    }

    /// Adds the units of `later`. Source: Chan, Golub and LeVeque (1983).
    pub fn merge(&mut self, later: &CellMoments) {
        let count = self.count + later.count;
        if count == 0.0 {
            return;
        }
        let share = later.count / count;
        let weight = self.count * share;
        for ((mean, squares), (later_mean, later_squares)) in self.cells.iter_mut().zip(&later.cells) {
            let delta = later_mean - *mean;
            *squares += later_squares + delta * delta * weight;
            *mean += delta * share;
        }
        self.count = count;
    }

    /// Of one cell.
    pub fn cell(&self, cell: usize) -> UnitMoments {
        let (mean, squares) = self.cells[cell];
        UnitMoments { count: self.count, mean, squares }
    }
}

/// Histograms of one arm's cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellSketches {
    /// By cell of the arm.
    pub cells: Vec<Sketch>,
}

impl CellSketches {
    /// No paths.
    pub fn empty(cells: usize) -> CellSketches {
        CellSketches { cells: vec![Sketch::default(); cells] }
    }

    /// Counts the first `groups` groups; `cells` are those of this arm.
    pub fn add(&mut self, rows: &Rows, cells: std::ops::Range<usize>, groups: usize) {
        let mut column = Vec::with_capacity(groups * LANES);
        for (cell, sketch) in cells.zip(&mut self.cells) {
            column.clear();
            for (values, &paths) in rows.values.chunks_exact(rows.cells).zip(&rows.paths[..groups]) {
                column.extend_from_slice(&values[cell].as_slice()[..paths]);
            }
            sketch.add_all(&column);
        }
    }
}
