//! A job: a compiled scenario, ready to simulate.

use super::column::KEPT;
use crate::model::parameters::{Quantities, Slot, World};
use crate::random::design::Sampling;

/// Everything a simulation needs. `scenario::build` makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Quantities of all arms.
    pub quantities: Quantities,
    /// Arms; exactly one is the baseline, at most one the headline.
    pub arms: Vec<Arm>,
    /// Correlations between quantities.
    pub correlations: Vec<Correlation>,
    /// Paths.
    pub paths: usize,
    /// Seed of every stream.
    pub seed: u64,
    /// Sampling scheme.
    pub sampling: Sampling,
    /// Streams that take the first Sobol' dimensions, in the order of how much they matter.
    pub leading: Vec<String>,
    /// Most paths of which every scalar is kept; of a longer run see [`super::column`].
    pub exact_paths: usize,
}

/// One version of the world.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Effects are differences to this arm.
    pub baseline: bool,
    /// The arm the headline speaks of.
    pub headline: bool,
    /// Its world.
    pub world: World,
}

/// A Gaussian copula between quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct Correlation {
    /// Between monthly shocks of processes, or between parameters.
    pub on: CorrelationOn,
    /// The quantities, in the matrix's order: processes for shocks, parameters otherwise.
    pub slots: Vec<Slot>,
    /// Lower Cholesky factor of the normals' correlation matrix, row-major.
    pub cholesky: Vec<f64>,
}

/// What a correlation ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrelationOn {
    /// Monthly shocks of processes; the matrix is of the normals.
    Shock,
    /// Parameters; the file's rho is Spearman's, converted to the normals'.
    Parameter,
}

impl Job {
    /// Whether every scalar of every path is kept.
    pub fn is_exact(&self) -> bool {
        self.paths <= self.exact_paths
    }

    /// Paths of which every scalar is kept: all, or the first of a long run.
    pub fn kept_paths(&self) -> usize {
        if self.is_exact() { self.paths } else { KEPT.min(self.paths) }
    }

    /// Index of the baseline arm.
    pub fn baseline(&self) -> usize {
        self.arms.iter().position(|arm| arm.baseline).unwrap_or(0)
    }

    /// Index of the headline arm: the one marked, or the first that is not the baseline; none with a single arm.
    pub fn headline(&self) -> Option<usize> {
        let baseline = self.baseline();
        self.arms
            .iter()
            .position(|arm| arm.headline)
            .or_else(|| (0..self.arms.len()).find(|arm| *arm != baseline))
    }
}
