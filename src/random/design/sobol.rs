//! Sobol' points with Joe and Kuo's direction numbers, scrambled.
//!
//! Each replicate of each dimension has its own random lower-triangular matrix over the field of two elements and its
//! own digital shift, so that every point is uniform and replicates are independent, while a replicate keeps the even
//! filling of the net. For integrals this has the variance of Owen's nested scrambling.
//!
//! Sources: Joe and Kuo (2008), SIAM J. Sci. Comput. 30, 2635–2654 (numbers in `assets/sobol`); Matoušek (1998),
//! J. Complexity 14, 527–556 (the scramble); Owen (2003), ACM TOMACS 13, 363–378 (its variance).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::super::stream::{StreamKey, open_uniform};
use super::{REPLICATES, Source};

/// Dimensions of the table of direction numbers.
pub const TABLE_DIMENSIONS: usize = 4096;

/// Bits of a point's index, and of an unscrambled coordinate.
const BITS: usize = 32;

static DIRECTIONS: LazyLock<Vec<[u32; BITS]>> =
    LazyLock::new(|| read_directions(include_str!("../../../assets/sobol/new-joe-kuo-6.4096.txt")));

/// Unscrambled Sobol' points in Gray-code order, the order in which they are usually listed.
#[derive(Clone, Copy, Debug)]
pub struct SobolPoints;

impl SobolPoints {
    /// A coordinate, in [0, 1), of the point of an index. Domain: dimension below [`TABLE_DIMENSIONS`], from 0.
    pub fn coordinate(self, index: u32, dimension: usize) -> f64 {
        let directions = &DIRECTIONS[dimension];
        let bits = set_bits(gray(index)).fold(0, |bits, j| bits ^ directions[j]);
        f64::from(bits) / 4_294_967_296.0
    }
}

/// Scrambled Sobol' points for the sources of a job.
#[derive(Clone, Debug)]
pub(super) struct ScrambledSobol {
    /// By source: lanes, and first dimension of each step.
    dimensions: Vec<(usize, Vec<usize>)>,
    /// Scrambled direction numbers a dimension and replicate need, and the shift before them.
    stride: usize,
    /// By dimension and replicate: the digital shift, then the scrambled direction numbers.
    columns: Vec<u64>,
}

impl ScrambledSobol {
    pub fn new(seed: u64, paths: usize, sources: &[Source<'_>]) -> ScrambledSobol {
        let (dimensions, used) = deal_out(sources);
        let last_index = paths.div_ceil(REPLICATES).saturating_sub(1) as u32;
        let index_bits = BITS - last_index.leading_zeros() as usize;
        let scramble = StreamKey::new(seed, "\0scrambling of Sobol' points");
        let mut columns = Vec::with_capacity(used * REPLICATES * (index_bits + 1));
        for (dimension, directions) in DIRECTIONS.iter().enumerate().take(used) {
            for replicate in 0..REPLICATES {
                let key = Scramble::new(&scramble, (dimension * REPLICATES + replicate) as u64);
                columns.push(key.shift);
                columns.extend(directions[..index_bits].iter().map(|&direction| key.times(direction)));
            }
        }
        ScrambledSobol { dimensions, stride: index_bits + 1, columns }
    }

    /// The uniform of a source; none beyond the table and the stated steps and lanes.
    pub fn uniform(&self, source: usize, path: usize, step: usize, lane: usize) -> Option<f64> {
        let (lanes, first) = &self.dimensions[source];
        let dimension = first.get(step).filter(|_| lane < *lanes)? + lane;
        let start = (dimension * REPLICATES + path % REPLICATES) * self.stride;
        let columns = self.columns.get(start..start + self.stride)?;
        let index = gray((path / REPLICATES) as u32);
        Some(open_uniform(set_bits(index).fold(columns[0], |bits, j| bits ^ columns[j + 1])))
    }
}

/// Dimensions by source: those of step 0 of all sources in the order of their names, then those of step 1, and so on;
/// and how many of the table are used.
fn deal_out(sources: &[Source<'_>]) -> (Vec<(usize, Vec<usize>)>, usize) {
    let mut by_name: BTreeMap<&str, (usize, usize, Vec<usize>)> = BTreeMap::new();
    for source in sources {
        let merged = by_name.entry(source.stream).or_default();
        merged.0 = merged.0.max(source.steps);
        merged.1 = merged.1.max(source.lanes);
    }
    let last_step = by_name.values().map(|source| source.0).max().unwrap_or(0);
    let mut next = 0;
    for step in 0..last_step {
        for (steps, lanes, first) in by_name.values_mut() {
            if step < *steps {
                first.push(next);
                next += *lanes;
            }
        }
    }
    let dimensions = sources.iter().map(|source| &by_name[source.stream]);
    (dimensions.map(|(_, lanes, first)| (*lanes, first.clone())).collect(), next.min(TABLE_DIMENSIONS))
}

/// One dimension's scramble in one replicate: a shift and the columns of a lower-triangular matrix with a unit
/// diagonal, bits counted from the top.
struct Scramble {
    shift: u64,
    columns: [u64; BITS],
}

impl Scramble {
    fn new(key: &StreamKey, place: u64) -> Scramble {
        let mut columns = [0; BITS];
        for (k, column) in columns.iter_mut().enumerate() {
            let diagonal = 1_u64 << (63 - k);
            *column = diagonal | (key.bits(place, k as u32, 0) & (diagonal - 1));
        }
        Scramble { shift: key.bits(place, BITS as u32, 0), columns }
    }

    /// The matrix times a direction number.
    fn times(&self, direction: u32) -> u64 {
        set_bits(direction.reverse_bits()).fold(0, |sum, k| sum ^ self.columns[k])
    }
}

/// Position of an index in Gray code.
fn gray(index: u32) -> u32 {
    index ^ index >> 1
}

/// Positions of the set bits, the lowest first.
fn set_bits(mut word: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = (word != 0).then(|| word.trailing_zeros() as usize)?;
        word &= word - 1;
        Some(at)
    })
}

/// Direction numbers, leading bit first, of every dimension of a table in Joe and Kuo's format.
fn read_directions(table: &str) -> Vec<[u32; BITS]> {
    let van_der_corput = std::array::from_fn(|j| 1 << (BITS - 1 - j));
    let rows = table.lines().skip(1).map(|line| {
        let mut numbers =
            line.split_ascii_whitespace().map(|word| word.parse().expect("the table holds numbers"));
        let mut next = || numbers.next().expect("a row has a dimension, a degree and coefficients");
        let (_, degree, inner): (u32, usize, u32) = (next(), next() as usize, next());
        let mut directions = [0; BITS];
        for j in 0..BITS {
            directions[j] = if j < degree {
                next() << (BITS - 1 - j)
            } else {
                let first = directions[j - degree];
                (1..degree)
                    .filter(|k| inner >> (degree - 1 - k) & 1 == 1)
                    .fold(first ^ first >> degree, |sum, k| sum ^ directions[j - k])
            };
        }
        directions
    });
    std::iter::once(van_der_corput).chain(rows).collect()
}
