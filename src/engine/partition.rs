//! How a job's paths are cut into blocks.

use crate::random::design::{REPLICATES, Sampling};
use crate::stats::estimate::Grouping;

/// Paths a block; even, so that antithetic pairs stay together.
pub const BLOCK: usize = 16;

/// Independent replicates of a sampling scheme; 1 where paths or pairs are themselves independent.
pub fn replicates(sampling: Sampling) -> usize {
    match sampling {
        Sampling::Plain | Sampling::Antithetic => 1,
        Sampling::LatinHypercube | Sampling::Sobol => REPLICATES,
    }
}

/// Paths an independent unit: 2 in antithetic pairs.
pub fn unit(sampling: Sampling) -> usize {
    match sampling {
        Sampling::Antithetic => 2,
        Sampling::Plain | Sampling::LatinHypercube | Sampling::Sobol => 1,
    }
}

/// How the per-path values of a complete run belong together.
pub fn grouping(sampling: Sampling) -> Grouping {
    match sampling {
        Sampling::Plain => Grouping::Independent,
        Sampling::Antithetic => Grouping::Pairs,
        Sampling::LatinHypercube | Sampling::Sobol => Grouping::Replicates(REPLICATES),
    }
}

/// A block of paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its paths, ascending.
    pub paths: Vec<u64>,
    /// The independent replicate of the sampling scheme they belong to; 0 where paths themselves are independent.
    pub replicate: usize,
}

/// How the paths of `ids` belong together. Where paths are missing (an interrupted run, a subset of paths) pairs and
/// replicates are broken, and paths are taken as independent: the scheme's gain is then not claimed.
pub fn grouping_of(sampling: Sampling, ids: impl IntoIterator<Item = u64>) -> Grouping {
    let complete = ids.into_iter().enumerate().all(|(at, id)| at as u64 == id);
    if complete { grouping(sampling) } else { Grouping::Independent }
}

/// The blocks of a job, in merging order. Under a replicated scheme each block lies in one replicate and replicates take
/// turns, so that an interrupted run covers them evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Sampling scheme.
    pub sampling: Sampling,
    /// Paths of the job.
    pub paths: usize,
}

impl Partition {
    /// Paths of a replicate.
    fn of_replicate(&self, replicate: usize) -> usize {
        self.paths.saturating_sub(replicate).div_ceil(replicates(self.sampling))
    }

    /// Number of blocks.
    pub fn blocks(&self) -> usize {
        (0..replicates(self.sampling)).map(|replicate| self.of_replicate(replicate).div_ceil(BLOCK)).sum()
    }

    /// A block. Replicates differ by a path at most, and so by a block at most, the last of the first ones.
    pub fn block(&self, block: usize) -> Block {
        let replicates = replicates(self.sampling);
        let (row, replicate) = (block / replicates, block % replicates);
        let places = row * BLOCK..self.of_replicate(replicate).min((row + 1) * BLOCK);
        Block { paths: places.map(|place| (place * replicates + replicate) as u64).collect(), replicate }
    }
}
