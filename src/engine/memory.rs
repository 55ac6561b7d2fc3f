//! How much memory a run will take, told before it starts.
//!
//! Three things count: the scalars of every path kept, 8 bytes each, and beyond [`EXACT_PATHS`](super::column::EXACT_PATHS)
//! paths a tally of each reading instead; what is kept of every cell (a histogram, moments by replicate); and the rows each
//! thread holds before it counts them, of some hundred paths at most. Otherwise only the first grows with the paths, and only
//! up to there. Everything else is small. The estimate is meant to be within a factor of two, and is compared with what was
//! measured in `docs/performance.md`.

use super::catalogue::Catalogue;
use super::column::readings;
use super::job::Job;
use super::partition::{Partition, replicates, unit};
use super::recorder::{Layout, row_bytes};
use crate::stats::sketch::Sketch;
use crate::stats::tally::Tally;

/// Bytes a histogram takes beside its own, with the spread that monthly numbers mostly have: a dozen stretches of 32 bins
/// and their keys.
const HISTOGRAM: u64 = 12 * 34;

/// What a run will take, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Scalars of the paths kept, and tallies.
    pub scalars: u64,
    /// Histograms and moments of every cell.
    pub cells: u64,
    /// Rows held by threads.
    pub rows: u64,
}

impl Memory {
    /// Estimate of a job on so many threads.
    pub fn of(job: &Job, threads: usize) -> Memory {
        let catalogue = Catalogue::of(&job.arms[0].world);
        let cells = Layout::of(job, &catalogue).cells() as u64;
        let (paths, arms) = (job.paths as u64, job.arms.len() as u64);
        let blocks = Partition { sampling: job.sampling, paths: job.paths }.blocks();
        let rows = row_bytes(cells as usize, blocks, threads.clamp(1, blocks.max(1))) as u64;
        let planes = 1 + u64::from((paths / 64).max(1).ilog2()) / 8;
        let histogram = size_of::<Sketch>() as u64 + HISTOGRAM * planes;
        let moments = 16 * (1 + replicates(job.sampling) as u64);
        let all = |parts: &[u64]| parts.iter().fold(1_u64, |product, part| product.saturating_mul(*part));
        let kept = all(&[8, job.kept_paths() as u64, arms, catalogue.scalars.len() as u64]);
        let lanes = replicates(job.sampling) * unit(job.sampling) + 1;
        let tally = size_of::<Tally>() as u64 + lanes as u64 * histogram;
        let tallies = all(&[arms, readings(&catalogue).len() as u64, tally]);
        Memory {
            scalars: if job.is_exact() { kept } else { kept.saturating_add(tallies) },
            cells: all(&[cells, histogram + moments]),
            rows,
        }
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.scalars.saturating_add(self.cells).saturating_add(self.rows)
    }
}
