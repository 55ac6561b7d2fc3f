//! From accounts to numbers: the rows of paths, the cells of a job.
//!
//! A *cell* is one monthly number of one arm: month by month every metric, and for every arm but the baseline, month by
//! month, its differences to the baseline. [`Rows`] hold every cell on some paths, side by side as the model
//! tells them; a [`Sketch`] a cell and [`CellMoments`] keep what is left of them: an integer histogram and, by replicate, the
//! moments of independent units.

use serde::{Deserialize, Serialize};

use super::catalogue::Catalogue;
use super::column::apart;
use super::job::Job;
use super::partition::BLOCK;
use crate::math::wide::wide;
use crate::math::{LANES, Lanes, fetch, rows, sum, transpose};
use crate::stats::estimate::Estimate;
use crate::stats::sketch::{Code, Codes, Counter, NOBODY, Sketch, code};

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
    fn arm_cells(&self, arm: usize) -> std::ops::Range<usize> {
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
///
/// Numbers are kept of the last block's groups only, for the moments; of all groups the codes by which histograms count, and
/// of every cell the extremes so far.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// Cells of a group.
    cells: usize,
    /// By group of a block, then cell, in whole tiles. Of a group that is complete a tile holds, path by path, its cells side
    /// by side.
    values: Vec<Lanes>,
    /// By group, then cell.
    codes: Vec<Codes>,
    /// By group: how many of its lanes are paths.
    paths: Vec<usize>,
    /// By tile: of the groups from the first to the last completed.
    least: Vec<Lanes>,
    greatest: Vec<Lanes>,
}

/// Cells that are worked on side by side.
const TILE: usize = LANES;

/// Groups of a block: those whose numbers are kept.
pub const BLOCK_GROUPS: usize = BLOCK.div_ceil(LANES);

/// Bytes of codes that all threads together hold before they count them, and what each may hold in any case, if a block takes
/// no more: the more, the fewer times every histogram is fetched from memory. Two arms of 60 months fill a column (240 paths) in
/// 29 MiB, seven in 82.
const HELD_BYTES: usize = 192 << 20;
const HELD_BYTES_LEAST: usize = 40 << 20;

/// How many blocks of `cells` cells each of some threads holds before it counts them, in a run of `blocks` blocks: one at
/// least, and no more than its share of them or than a column can count at once.
pub fn held_blocks(cells: usize, blocks: usize, threads: usize) -> usize {
    let bytes = (HELD_BYTES / threads).max(HELD_BYTES_LEAST);
    let most = (bytes / (BLOCK * cells * size_of::<Code>())).clamp(1, Counter::MOST / BLOCK);
    most.min(blocks.div_ceil(threads).max(1))
}

/// Bytes of the rows that some threads hold.
pub fn row_bytes(cells: usize, blocks: usize, threads: usize) -> usize {
    let held = held_blocks(cells, blocks, threads);
    threads * BLOCK * cells * (size_of::<f64>() + held * size_of::<Code>())
}

impl Rows {
    /// Makes room for `groups` groups.
    pub fn reserve(&mut self, layout: &Layout, groups: usize) {
        self.cells = layout.cells();
        self.values.resize(self.padded() * BLOCK_GROUPS, Lanes::ZERO);
        self.codes.resize(self.padded() * groups, Codes::default());
        self.paths.resize(groups, 0);
        self.least.resize(self.padded() / TILE, Lanes::ZERO);
        self.greatest.resize(self.padded() / TILE, Lanes::ZERO);
    }

    /// Cells of whole tiles.
    fn padded(&self) -> usize {
        self.cells.next_multiple_of(TILE)
    }

    /// The numbers of a group, of the last few.
    fn kept(&self, group: usize) -> &[Lanes] {
        let size = self.padded();
        &self.values[group % BLOCK_GROUPS * size..][..size]
    }

    /// The cells of a group, to be written before it is completed.
    pub fn group(&mut self, group: usize) -> &mut [Lanes] {
        let start = group % BLOCK_GROUPS * self.padded();
        &mut self.values[start..start + self.cells]
    }

    /// Copies the first `months` months of an arm's levels in a group from another arm's.
    pub fn share(&mut self, group: usize, layout: &Layout, (from, to): (usize, usize), months: usize) {
        let cells = self.group(group);
        let (start, end) = (layout.level(from, 0, 0), layout.level(from, 0, months));
        cells.copy_within(start..end, layout.level(to, 0, 0));
    }

    /// Completes a group of `paths` paths whose levels are written: differences to the baseline, codes, extremes. Groups are
    /// completed in order, from the first on again once they are counted.
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
                    let [differences, own, base] = cells
                        .get_disjoint_mut([to, own, base].map(|from| from..from + layout.paired))
                        .unwrap_or_else(|_| unreachable!("every cell is of one arm and month"));
                    subtract(differences, own, base);
                }
            }
        }
        if group == 0 {
            self.least.fill(Lanes::all(f64::INFINITY));
            self.greatest.fill(Lanes::all(f64::NEG_INFINITY));
        }
        let size = self.padded();
        let values = &mut self.values[group % BLOCK_GROUPS * size..][..size];
        let codes = &mut self.codes[group * size..][..size];
        let mut doubts = Lanes::ZERO;
        take_in(values, codes, (&mut self.least, &mut self.greatest), paths, &mut doubts);
        match doubts.as_slice()[..paths].iter().position(|doubt| *doubt != 0.0) {
            None => Ok(()),
            Some(lane) => Err((lane, not_finite(values, lane, layout, catalogue))),
        }
    }
}

wide! {
    /// Writes how far numbers are from those of the baseline; not at all where only rounding sets them apart.
    fn subtract(differences: &mut [Lanes], own: &[Lanes], base: &[Lanes]) {
        for ((difference, own), base) in rows(differences.iter_mut().zip(own).zip(base)) {
            *difference = apart(*own, *base);
        }
    }
}

wide! {
    /// Lays the cells of a group side by side, tile by tile, with their codes and extremes on its first `paths` lanes; `doubts` are
    /// not zero on lanes with a number that is not finite.
    fn take_in(values: &mut [Lanes], codes: &mut [Codes], extremes: (&mut [Lanes], &mut [Lanes]), paths: usize, doubts: &mut Lanes) {
        let absent: [Code; LANES] = std::array::from_fn(|lane| if lane < paths { 0 } else { NOBODY });
        let (values, codes) = (values.as_chunks_mut::<TILE>().0, codes.as_chunks_mut::<TILE>().0);
        let mut in_doubt = Lanes::ZERO;
        let parts = values.chunks_mut(TURNED).zip(codes.chunks_mut(TURNED));
        let extremes = extremes.0.chunks_mut(TURNED).zip(extremes.1.chunks_mut(TURNED));
        for ((tiles, codes), (least, greatest)) in parts.zip(extremes) {
            for (cell, codes) in tiles.as_flattened().iter().zip(codes.as_flattened_mut()) {
                // Nothing times a number is nothing, unless the number is not finite.
                in_doubt += *cell * 0.0;
                for lane in 0..LANES {
                    codes[lane] = code(cell[lane]) | absent[lane];
                }
            }
            transpose(tiles);
            for ((tile, least), greatest) in tiles.iter().zip(least).zip(greatest) {
                let (mut low, mut high) = (*least, *greatest);
                for path in &tile[..paths] {
                    low = low.or_smaller(*path);
                    high = high.or_larger(*path);
                }
                (*least, *greatest) = (low, high);
            }
        }
        *doubts = in_doubt;
    }
}

/// By arm, metric and month the first number of a lane of a completed group that is not finite, which must have one.
fn not_finite(values: &[Lanes], lane: usize, layout: &Layout, catalogue: &Catalogue) -> NotFinite {
    let finite = |cell: usize| values[cell / TILE * TILE + lane][cell % TILE].is_finite();
    for arm in 0..layout.arms {
        for (metric, (label, ..)) in catalogue.monthly.iter().enumerate() {
            for t in 0..layout.months {
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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CellMoments {
    /// Units, the same of every cell.
    count: f64,
    /// Mean, by cell.
    mean: Vec<f64>,
    /// Sum of squared deviations from it, by cell.
    squares: Vec<f64>,
}

impl CellMoments {
    /// No paths.
    pub fn empty(cells: usize) -> CellMoments {
        CellMoments { count: 0.0, mean: vec![0.0; cells], squares: vec![0.0; cells] }
    }

    /// How many cells.
    pub fn cells(&self) -> usize {
        self.mean.len()
    }

    /// Becomes the moments of some groups of the last block, `unit` paths a unit: neighbours in a group.
    pub fn fill(&mut self, rows: &Rows, groups: std::ops::Range<usize>, unit: usize) {
        assert!(groups.len() <= BLOCK_GROUPS, "numbers are kept of {BLOCK_GROUPS} groups");
        for numbers in [&mut self.mean, &mut self.squares] {
            numbers.resize(rows.padded(), 0.0);
        }
        let paths = &rows.paths[groups.clone()];
        self.count = paths.iter().map(|paths| paths.div_ceil(unit)).sum::<usize>() as f64;
        let values: [&[Lanes]; BLOCK_GROUPS] =
            std::array::from_fn(|i| if i < groups.len() { rows.kept(groups.start + i) } else { &[] });
        take_moments(&values[..groups.len()], paths, unit, self);
        self.mean.truncate(rows.cells);
        self.squares.truncate(rows.cells);
    }

    /// Adds the units of `later`. Source: Chan, Golub and LeVeque (1983).
    pub fn merge(&mut self, later: &CellMoments) {
        let count = self.count + later.count;
        if count > 0.0 {
            let (share, weight) = (later.count / count, self.count * (later.count / count));
            merge_cells(&mut self.mean, &mut self.squares, (&later.mean, &later.squares), share, weight);
            self.count = count;
        }
    }

    /// Of one cell.
    pub fn cell(&self, cell: usize) -> UnitMoments {
        UnitMoments { count: self.count, mean: self.mean[cell], squares: self.squares[cell] }
    }
}

wide! {
    /// Takes the moments of completed groups of so many paths, cells side by side.
    fn take_moments(groups: &[&[Lanes]], paths: &[usize], unit: usize, moments: &mut CellMoments) {
        let count = moments.count;
        let cells = moments.mean.as_chunks_mut::<TILE>().0.iter_mut().zip(moments.squares.as_chunks_mut::<TILE>().0);
        let mut units = [Lanes::ZERO; BLOCK_GROUPS * LANES];
        for (at, (mean, squares)) in cells.enumerate() {
            let mut n = 0;
            let mut parts = [[].as_slice(); BLOCK_GROUPS];
            for ((group, &paths), part) in groups.iter().zip(paths).zip(&mut parts) {
                let tile = &group[at * TILE..][..paths];
                if unit == 1 {
                    *part = tile;
                    continue;
                }
                for members in rows(tile.chunks(unit)) {
                    units[n] = sum(members.iter().copied()) / members.len() as f64;
                    n += 1;
                }
            }
            if unit > 1 {
                parts[0] = &units[..n];
            }
            // The mean, and the sum of squared deviations from it, cells side by side.
            let (mut total, mut spread) = (Lanes::ZERO, Lanes::ZERO);
            for part in parts {
                for number in rows(part) {
                    total += *number;
                }
            }
            let center = total / count;
            for part in parts {
                for number in rows(part) {
                    let deviation = *number - center;
                    spread += deviation * deviation;
                }
            }
            mean.copy_from_slice(center.as_slice());
            squares.copy_from_slice(spread.as_slice());
        }
    }
}

wide! {
    /// Moves the moments of cells by those of others, which have this share of all units.
    fn merge_cells(mean: &mut [f64], squares: &mut [f64], later: (&[f64], &[f64]), share: f64, weight: f64) {
        let later = later.0.iter().zip(later.1);
        for ((mean, squares), (later_mean, later_squares)) in mean.iter_mut().zip(squares).zip(later) {
            let delta = later_mean - *mean;
            *squares += later_squares + delta * delta * weight;
            *mean += delta * share;
        }
    }
}

/// Tiles that are turned together, while they are near.
const TURNED: usize = 16;

/// Cells whose codes are fetched together.
const FETCHED: usize = 16;

/// How many cells ahead of their use counts are fetched.
const AHEAD: usize = 2;

wide! {
    /// Counts the first `groups` groups, all that are complete, of the cells from `first` on, by way of `counter`.
    pub fn count_cells(rows: &Rows, groups: usize, first: usize, sketches: &mut [Sketch], counter: &mut Counter) {
        let paths = rows.paths[..groups].iter().sum();
        let extremes = |cell: usize| (rows.least[cell / TILE][cell % TILE], rows.greatest[cell / TILE][cell % TILE]);
        // As few columns a cell as a counter can take.
        let together = groups.div_ceil(groups.div_ceil(Counter::MOST / LANES).max(1)).max(1);
        let mut columns = vec![Codes::default(); FETCHED * groups];
        for tile in (0..sketches.len()).step_by(FETCHED) {
            let width = FETCHED.min(sketches.len() - tile);
            for group in 0..groups {
                let codes = &rows.codes[group * rows.padded() + first + tile..][..width];
                for (cell, codes) in codes.iter().enumerate() {
                    columns[cell * groups + group] = *codes;
                }
            }
            let next = tile + FETCHED..(tile + 2 * FETCHED).min(sketches.len());
            let mut next_codes = (0..groups)
                .filter(|_| !next.is_empty())
                .map(|group| &rows.codes[group * rows.padded() + first..][next.clone()]);
            for cell in tile..tile + width {
                next_codes.by_ref().take(groups.div_ceil(width)).for_each(fetch);
                if let Some(soon) = sketches.get(cell + AHEAD) {
                    soon.fetch();
                }
                let column = &columns[(cell - tile) * groups..][..groups];
                let sketch = &mut sketches[cell];
                if sketch.add_between(paths, extremes(first + cell)) {
                    for column in column.chunks(together) {
                        counter.count(sketch, column);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::catalogue::{Label, Monthly};

    const CELLS: usize = 21;

    /// A number of a cell on a path: some cells are the same on all paths, some mostly zero, some of any sign and size.
    fn number(cell: usize, path: usize) -> f64 {
        let noise = ((path * 7919 + cell * 104_729) % 1_000) as f64 - 480.0;
        match cell % 4 {
            0 => cell as f64 - 4.0,
            1 if !path.is_multiple_of(5) => 0.0,
            2 => noise * noise * noise * 1e-3,
            _ => 30.0 + noise * 1e-3,
        }
    }

    /// The layout of one arm of three months of seven metrics, and rows for some groups of it.
    fn rows(groups: usize) -> (Layout, Rows) {
        let layout = Layout { months: 3, metrics: CELLS / 3, paired: 0, arms: 1, baseline: 0 };
        let mut rows = Rows::default();
        rows.reserve(&layout, groups);
        (layout, rows)
    }

    /// Moments and histograms of rows are those of their numbers, path by path, in groups whole and not.
    #[test]
    fn rows_are_recorded_as_path_by_path() {
        let catalogue = Catalogue::default();
        for unit in [1, 2] {
            let (layout, mut rows) = rows(67);
            let (mut sketches, mut counter) = (vec![Sketch::default(); CELLS], Counter::default());
            let mut naive = vec![Sketch::default(); CELLS];
            let (mut first, mut held, mut moments) = (0, 0, CellMoments::default());
            for block in 0..90 {
                let sizes = if block % 7 == 6 { [8, 3] } else { [8, 8] };
                let begun = first;
                for paths in sizes {
                    for (cell, lanes) in rows.group(held).iter_mut().enumerate() {
                        *lanes = Lanes::each(|i| number(cell, first + i.min(paths - 1)));
                    }
                    rows.complete(held, paths, &layout, &catalogue).expect("numbers are finite");
                    held += 1;
                    first += paths;
                }
                moments.fill(&rows, held - 2..held, unit);
                for (cell, naive) in naive.iter_mut().enumerate() {
                    let values: Vec<f64> = (begun..first).map(|path| number(cell, path)).collect();
                    values.iter().for_each(|value| naive.add(*value));
                    let units: Vec<f64> =
                        values.chunks(unit).map(|few| few.iter().sum::<f64>() / few.len() as f64).collect();
                    let count = units.len() as f64;
                    let mean = units.iter().sum::<f64>() / count;
                    let squares = units.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>();
                    assert_eq!(moments.cell(cell), UnitMoments { count, mean, squares }, "cell {cell}");
                }
                if held + 2 > 67 {
                    count_cells(&rows, held, 0, &mut sketches, &mut counter);
                    held = 0;
                }
            }
            count_cells(&rows, held, 0, &mut sketches, &mut counter);
            assert!(sketches == naive);
        }
    }

    /// Threads hold no more than their share of a run or than a column counts, and together no more than they may, if a block each
    /// takes no more; whatever they are, a block each.
    #[test]
    fn threads_hold_what_they_may() {
        let column = Counter::MOST / BLOCK;
        assert_eq!(held_blocks(1_000, 10_000, 2), column);
        assert_eq!(held_blocks(1_000, 6, 4), 2);
        assert_eq!(held_blocks(1_000, 0, 1), 1);
        assert_eq!(held_blocks(10_000_000, 10_000, 1), 1);
        for (cells, threads) in [(90_000, 2), (90_000, 3), (200_000, 1), (200_000, 4)] {
            let held = held_blocks(cells, 10_000, threads) * BLOCK * cells * size_of::<Code>();
            assert!(held <= (HELD_BYTES / threads).max(HELD_BYTES_LEAST), "{cells} cells, {threads} threads");
        }
        assert!(row_bytes(90_000, 10_000, 96) < 96 * (HELD_BYTES_LEAST + BLOCK * 90_000 * 8));
    }

    /// A number that is not finite is told with its path and its place; on lanes that are no paths none is.
    #[test]
    fn what_is_not_finite_is_told() {
        let labels = (0..7).map(|i| Label { id: format!("metric {i}"), title: String::new(), unit: "" });
        let mut catalogue = Catalogue::default();
        catalogue.monthly.extend(labels.map(|label| (label, Monthly::Served(0), None)));
        let (layout, mut rows) = rows(1);
        let mut complete = |paths| {
            rows.group(0).fill(Lanes::ONE);
            rows.group(0)[7 + 6] = Lanes::each(|i| if i == 5 { f64::INFINITY } else { 1.0 });
            rows.complete(0, paths, &layout, &catalogue)
        };
        assert_eq!(complete(5), Ok(()));
        let place = NotFinite { metric: "metric 6".into(), month: Some(1), arm: 0 };
        assert_eq!(complete(6), Err((5, place)));
    }
}
