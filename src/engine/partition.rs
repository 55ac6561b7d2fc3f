//! How a job's paths are cut into blocks.

use crate::random::design::Sampling;

/// Paths a block; even, so that antithetic pairs stay together.
pub const BLOCK: usize = 16;

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
    let replicates = sampling.replicates();
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
