//! From traces to numbers: the columns of a block, the cells of a job.
//!
//! A *cell* is one monthly number of one arm: first every arm's levels, then every other arm's differences to the
//! baseline. A block's columns hold each cell's value on each of its paths; [`CellSketches`] and
//! [`CellMoments`] keep what is left of them: an integer histogram and, by replicate, the moments of independent units.

use super::catalogue::{Catalogue, PathView};
use super::job::Job;
use crate::model::ledger::Trace;
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
        self.arm_cells(arm).start + metric * self.months + t
    }

    /// Cell of a difference to the baseline; none for the baseline and for metrics not paired.
    pub fn difference(&self, arm: usize, metric: usize, t: usize) -> Option<usize> {
        (arm != self.baseline && metric < self.paired)
            .then(|| self.arm_cells(arm).start + (self.metrics + metric) * self.months + t)
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

/// What a block's paths yielded.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Cell-major: value of each cell on each path of the block.
    pub monthly: Vec<f64>,
    /// Arm, then scalar, then path of the block.
    pub scalars: Vec<f64>,
}

impl Columns {
    /// Makes room for `paths` paths.
    pub fn clear(&mut self, layout: &Layout, scalars: usize, paths: usize) {
        self.monthly.clear();
        self.monthly.resize(layout.cells() * paths, 0.0);
        self.scalars.clear();
        self.scalars.resize(layout.arms * scalars * paths, 0.0);
    }

    /// Records path number `i` of `n`: the traces of all arms on the same draws.
    ///
    /// # Errors
    /// [`NotFinite`].
    pub fn record(
        &mut self,
        catalogue: &Catalogue,
        layout: &Layout,
        (i, n): (usize, usize),
        views: &[PathView<'_>],
    ) -> Result<(), NotFinite> {
        for (arm, view) in views.iter().enumerate() {
            self.record_months(catalogue, layout, (i, n), (arm, view))?;
            for (s, (label, scalar, lab)) in catalogue.scalars.iter().enumerate() {
                let value = scalar.value(view, *lab);
                if !value.is_finite() {
                    return Err(NotFinite { metric: label.id.clone(), month: None, arm });
                }
                self.scalars[(arm * catalogue.scalars.len() + s) * n + i] = value;
            }
        }
        Ok(())
    }

    fn record_months(
        &mut self,
        catalogue: &Catalogue,
        layout: &Layout,
        (i, n): (usize, usize),
        (arm, view): (usize, &PathView<'_>),
    ) -> Result<(), NotFinite> {
        let read = |trace: &Trace, m: usize, t: usize| {
            let (_, metric, lab) = &catalogue.monthly[m];
            metric.value(view.world, &trace.months[t], *lab)
        };
        for (m, (label, ..)) in catalogue.monthly.iter().enumerate() {
            for t in 0..view.trace.months.len() {
                let value = read(view.trace, m, t);
                if !value.is_finite() {
                    return Err(NotFinite { metric: label.id.clone(), month: Some(t), arm });
                }
                self.monthly[layout.level(arm, m, t) * n + i] = value;
                if let Some(cell) = layout.difference(arm, m, t) {
                    self.monthly[cell * n + i] = value - read(view.baseline, m, t);
                }
            }
        }
        Ok(())
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
    /// Of a column, `unit` paths a unit.
    fn of(column: &[f64], unit: usize) -> UnitMoments {
        let means = || column.chunks(unit).map(|chunk| chunk.iter().sum::<f64>() / chunk.len() as f64);
        let count = column.len().div_ceil(unit) as f64;
        let mean = means().sum::<f64>() / count;
        UnitMoments { count, mean, squares: means().map(|value| (value - mean) * (value - mean)).sum() }
    }

    /// Adds later units. Source: Chan, Golub and LeVeque (1983).
    fn merge(&mut self, later: &UnitMoments) {
        let count = self.count + later.count;
        if count == 0.0 {
            return;
        }
        let delta = later.mean - self.mean;
        self.squares += later.squares + delta * delta * self.count * later.count / count;
        self.mean += delta * later.count / count;
        self.count = count;
    }

    /// Mean with its standard error: over units within a single replicate, over replicates' means otherwise.
    pub fn estimate(replicates: &[&UnitMoments]) -> Estimate {
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
#[derive(Clone, Debug)]
pub struct CellMoments {
    /// By cell.
    pub cells: Vec<UnitMoments>,
}

impl CellMoments {
    /// No paths.
    pub fn empty(cells: usize) -> CellMoments {
        CellMoments { cells: vec![UnitMoments::default(); cells] }
    }

    /// The moments of a block of `n` paths, `unit` paths a unit.
    pub fn of(columns: &Columns, n: usize, unit: usize) -> CellMoments {
        let cells = columns.monthly.chunks_exact(n).map(|column| UnitMoments::of(column, unit)).collect();
        CellMoments { cells }
    }

    /// Adds the units of `later`.
    pub fn merge(&mut self, later: &CellMoments) {
        for (total, part) in self.cells.iter_mut().zip(&later.cells) {
            total.merge(part);
        }
    }
}

/// Histograms of one arm's cells.
#[derive(Clone, Debug)]
pub struct CellSketches {
    /// By cell of the arm.
    pub cells: Vec<Sketch>,
}

impl CellSketches {
    /// No paths.
    pub fn empty(cells: usize) -> CellSketches {
        CellSketches { cells: vec![Sketch::default(); cells] }
    }

    /// Counts the columns of a block of `n` paths, `columns` being those of this arm's cells.
    pub fn add(&mut self, columns: &[f64], n: usize) {
        for (sketch, column) in self.cells.iter_mut().zip(columns.chunks_exact(n)) {
            for value in column {
                sketch.add(*value);
            }
        }
    }
}
