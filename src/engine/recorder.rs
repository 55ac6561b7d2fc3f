//! From accounts to numbers: the rows of paths, the cells of a job.
//!
//! A *cell* is one monthly number of one arm: month by month every metric, and for every arm but the baseline, month by
//! month, its differences to the baseline. [`Rows`] hold every cell on a few paths; [`CellSketches`] and [`CellMoments`]
//! keep what is left of them: an integer histogram and, by replicate, the moments of independent units.

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::job::Job;
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

/// Every cell on a few paths.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    cells: usize,
    values: Vec<f64>,
}

/// Cells taken together from rows, so that what is read of a row is a cache line.
const TILE: usize = 8;

impl Rows {
    /// Makes room for `paths` paths.
    pub fn reserve(&mut self, layout: &Layout, paths: usize) {
        self.cells = layout.cells();
        self.values.resize(self.cells * paths, 0.0);
    }

    /// The row of a path.
    pub fn row(&mut self, i: usize) -> &mut [f64] {
        &mut self.values[i * self.cells..(i + 1) * self.cells]
    }

    /// Copies the first `months` months of an arm's levels on a path from another arm's.
    pub fn share(&mut self, i: usize, layout: &Layout, (from, to): (usize, usize), months: usize) {
        let row = self.row(i);
        let (start, end) = (layout.level(from, 0, 0), layout.level(from, 0, months));
        row.copy_within(start..end, layout.level(to, 0, 0));
    }

    /// Completes a row whose levels are written: differences to the baseline.
    ///
    /// # Errors
    /// [`NotFinite`], by arm, metric and month the first.
    pub fn complete(&mut self, i: usize, layout: &Layout, catalogue: &Catalogue) -> Result<(), NotFinite> {
        let row = self.row(i);
        for arm in 0..layout.arms {
            for t in 0..layout.months {
                if let Some(to) = layout.difference(arm, 0, t) {
                    let (own, base) = (layout.level(arm, 0, t), layout.level(layout.baseline, 0, t));
                    for metric in 0..layout.paired {
                        row[to + metric] = row[own + metric] - row[base + metric];
                    }
                }
            }
        }
        if row.iter().all(|value| value.is_finite()) {
            return Ok(());
        }
        for arm in 0..layout.arms {
            for (metric, (label, ..)) in catalogue.monthly.iter().enumerate() {
                for t in 0..layout.months {
                    let difference = layout.difference(arm, metric, t).is_none_or(|at| row[at].is_finite());
                    if !difference || !row[layout.level(arm, metric, t)].is_finite() {
                        return Err(NotFinite { metric: label.id.clone(), month: Some(t), arm });
                    }
                }
            }
        }
        Ok(())
    }

    /// The cells `first` to `first + TILE` on a path; 0 beyond the last.
    fn tile(&self, path: usize, first: usize) -> [f64; TILE] {
        let from = &self.values[path * self.cells..(path + 1) * self.cells][first..];
        let mut tile = [0.0; TILE];
        match from.first_chunk() {
            Some(whole) => *whole,
            None => {
                tile[..from.len()].copy_from_slice(from);
                tile
            }
        }
    }

    /// Gathers the cells `first` to `first + TILE`, as far as there are so many, on the paths `paths`, cell by cell.
    fn gather(&self, first: usize, paths: std::ops::Range<usize>, tile: &mut Vec<f64>) {
        let (cells, n) = (TILE.min(self.cells - first), paths.len());
        tile.resize(cells * n, 0.0);
        for (i, path) in paths.enumerate() {
            let from = &self.values[path * self.cells + first..][..cells];
            for (cell, value) in from.iter().enumerate() {
                tile[cell * n + i] = *value;
            }
        }
    }
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

    /// The moments of a block of paths among the rows, `unit` paths a unit.
    pub fn of(rows: &Rows, paths: std::ops::Range<usize>, unit: usize) -> CellMoments {
        let count = paths.len().div_ceil(unit) as f64;
        let mut cells = Vec::with_capacity(rows.cells);
        for first in (0..rows.cells).step_by(TILE) {
            let units = || {
                paths.clone().step_by(unit).map(|from| {
                    let members = from..paths.end.min(from + unit);
                    let share = members.len() as f64;
                    let sums = members
                        .map(|path| rows.tile(path, first))
                        .reduce(|sums, values| std::array::from_fn(|cell| sums[cell] + values[cell]));
                    sums.unwrap_or_default().map(|sum| sum / share)
                })
            };
            let (mut mean, mut squares) = ([0.0; TILE], [0.0; TILE]);
            units().for_each(|values| (0..TILE).for_each(|cell| mean[cell] += values[cell]));
            mean = mean.map(|sum| sum / count);
            units().for_each(|values| {
                for cell in 0..TILE {
                    let deviation = values[cell] - mean[cell];
                    squares[cell] += deviation * deviation;
                }
            });
            cells.extend(mean.into_iter().zip(squares).take(rows.cells - first));
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

    /// Counts the first `n` rows; `cells` are those of this arm.
    pub fn add(&mut self, rows: &Rows, cells: std::ops::Range<usize>, n: usize) {
        let mut tile = Vec::new();
        for (first, sketches) in cells.step_by(TILE).zip(self.cells.chunks_mut(TILE)) {
            rows.gather(first, 0..n, &mut tile);
            for (sketch, column) in sketches.iter_mut().zip(tile.chunks_exact(n)) {
                sketch.add_all(column);
            }
        }
    }
}
