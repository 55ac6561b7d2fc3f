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

/// The blocks of a job, in merging order. Under a replicated scheme each block lies in one replicate and replicates take
/// turns, so that an interrupted run covers them evenly.
pub fn blocks(sampling: Sampling, paths: usize) -> Vec<Block> {
    let replicates = replicates(sampling);
    let columns: Vec<Vec<Vec<u64>>> = (0..replicates)
        .map(|replicate| {
            let of_replicate: Vec<u64> = (replicate as u64..paths as u64).step_by(replicates).collect();
            of_replicate.chunks(BLOCK).map(<[u64]>::to_vec).collect()
        })
        .collect();
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|row| {
            columns.iter().enumerate().filter_map(move |(replicate, column)| {
                column.get(row).map(|paths| Block { paths: paths.clone(), replicate })
            })
        })
        .collect()
}
