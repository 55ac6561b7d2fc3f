//! What blocks come to, added up in their order whichever thread was first.

use std::collections::BTreeMap;

use super::Plan;
use crate::engine::outcome::stand;
use crate::engine::partition::{BLOCK, Block};
use crate::engine::progress::Progress;
use crate::engine::recorder::CellMoments;
use crate::stats::sketch::Counter;

/// Blocks that came early wait here for their turn.
pub struct Merger {
    waiting: BTreeMap<usize, Recorded>,
    /// Memory of blocks that had their turn.
    spent: Vec<Recorded>,
    merged: Progress,
    batch: Batch,
}

/// A block's moments, and its scalars by arm, then scalar, then path.
#[derive(Default)]
pub struct Recorded {
    /// Moments of every cell.
    pub moments: CellMoments,
    /// Scalars.
    pub scalars: Vec<f64>,
}

/// Scalars of the last few blocks, of one replicate, that are to be tallied together: the more, the fewer times every tally is
/// fetched from memory; but other threads wait meanwhile. Where replicates take turns, it is a block at a time.
#[derive(Default)]
struct Batch {
    replicate: usize,
    paths: usize,
    /// By arm, then scalar: its values on these paths.
    columns: Vec<Vec<f64>>,
    /// A column as it is read.
    read: Vec<f64>,
    counter: Counter,
}

/// Paths that are tallied together.
const TALLIED: usize = 15 * BLOCK;

impl Merger {
    /// What blocks are added to.
    pub fn new(merged: Progress) -> Merger {
        Merger { waiting: BTreeMap::new(), spent: Vec::new(), merged, batch: Batch::default() }
    }

    /// Takes a block, and gives memory for another one: that of a block that had its turn, if there is one.
    pub fn take(&mut self, plan: &Plan<'_>, block: usize, recorded: Recorded) -> Recorded {
        self.waiting.insert(block, recorded);
        while let Some(recorded) = self.waiting.remove(&self.merged.blocks) {
            let Recorded { moments, scalars } = &recorded;
            let block = plan.partition.block(self.merged.blocks);
            self.merged.paths += block.paths.len();
            self.merged.moments[block.replicate].merge(moments);
            if !self.merged.tallies.is_empty() {
                self.hold(plan, &block, scalars);
            }
            // Ids ascend within a block.
            let kept = block.paths.partition_point(|path| *path < plan.job.kept_paths() as u64);
            let mut columns = scalars.chunks_exact(block.paths.len());
            for arm in &mut self.merged.scalars {
                for (scalar, column) in arm.iter_mut().zip(&mut columns) {
                    scalar.extend_from_slice(&column[..kept]);
                }
            }
            self.merged.blocks += 1;
            self.spent.push(recorded);
        }
        self.spent.pop().unwrap_or_default()
    }

    /// Holds the scalars of a block until there are enough of them to be tallied.
    fn hold(&mut self, plan: &Plan<'_>, block: &Block, scalars: &[f64]) {
        if self.batch.replicate != block.replicate {
            self.tally(plan);
            self.batch.replicate = block.replicate;
        }
        let columns = scalars.chunks_exact(block.paths.len());
        self.batch.columns.resize(columns.len(), Vec::new());
        self.batch.columns.iter_mut().zip(columns).for_each(|(held, column)| held.extend_from_slice(column));
        self.batch.paths += block.paths.len();
        if self.batch.paths >= TALLIED {
            self.tally(plan);
        }
    }

    /// Tallies the scalars held.
    fn tally(&mut self, plan: &Plan<'_>) {
        let Batch { replicate, paths, columns, read, counter } = &mut self.batch;
        if *paths == 0 {
            return;
        }
        let column =
            |arm: usize, scalar: usize| columns[arm * plan.catalogue.scalars.len() + scalar].as_slice();
        for (arm, tallies) in self.merged.tallies.iter_mut().enumerate() {
            let stands: Vec<bool> = stand(plan.flags.map(|flag| column(arm, flag))).collect();
            let values = |scalar| [column(arm, scalar), column(plan.job.baseline(), scalar)];
            tallies.add(&plan.readings, *replicate, values, &stands, (read, counter));
        }
        columns.iter_mut().for_each(Vec::clear);
        *paths = 0;
    }

    /// All that was taken.
    pub fn finish(mut self, plan: &Plan<'_>) -> Progress {
        self.tally(plan);
        self.merged
    }
}
