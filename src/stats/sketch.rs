//! A histogram for quantiles of many values in little memory.
//!
//! A value's bin is its sign, its binary exponent and the first eight bits of its mantissa, so that finding it takes no
//! logarithm, edges are exact, and a bin is at most 1/256 = 0.39% of its values wide. Zero has a bin of its own. Counts
//! are integers: merging is exact, in any order. Memory is taken by the stretch of 32 bins in which values lie, and counts
//! are written in base 256, a plane of digits after another, so that few values cost a byte a bin and a billion cost four.

use serde::{Deserialize, Serialize};

use crate::math::{LANES, fetch};

/// Bits of the mantissa below a bin's.
const SHIFT: u32 = 52 - 8;
/// Bins a stretch.
const STRETCH: usize = 32;
/// Stretches of either sign that finite values lie in.
const STRETCHES: usize = (f64::MAX.to_bits() >> SHIFT) as usize / STRETCH + 1;

/// Digits of the counts of a stretch's bins.
type Digits = [u8; STRETCH];

/// What a value is counted by: its sign, its exponent and the first bits of its mantissa, which are those of a stretch and,
/// lowest, of a bin in it; or [`ZERO`], or [`NOBODY`]. The last two have the bits of what is no number.
pub type Code = u32;

/// Codes of values on paths side by side.
pub type Codes = [Code; LANES];

/// Code of no value at all: with all bits of a code, so that what is laid over any other code makes it this one.
pub const NOBODY: Code = u32::MAX >> (u32::BITS + SHIFT - u64::BITS);
/// Code of zero, of either sign.
const ZERO: Code = NOBODY - 1;
/// Stretches that a code can tell, of both signs.
const CODED: usize = (NOBODY as usize + 1) / STRETCH;

/// A value's code. Domain: finite.
#[inline(always)]
pub fn code(value: f64) -> Code {
    if value == 0.0 { ZERO } else { (value.to_bits() >> SHIFT) as Code }
}

/// Counts of values by bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sketch {
    /// Stretches with values in them, and few others, ascending with the values: 1 + the magnitude's place over
    /// [`STRETCH`], negative for negative values.
    keys: Vec<i16>,
    /// Lowest digits of the counts, by stretch.
    low: Vec<Digits>,
    /// Higher digits, lowest first, each by stretch.
    high: Vec<Vec<Digits>>,
    zeros: u64,
    count: u64,
    least: f64,
    greatest: f64,
}

/// Sketches are equal if they have the same counts, whatever room they have made.
impl PartialEq for Sketch {
    fn eq(&self, other: &Sketch) -> bool {
        let extremes =
            |sketch: &Sketch| [sketch.least.to_bits(), sketch.greatest.to_bits(), sketch.count, sketch.zeros];
        extremes(self) == extremes(other) && self.bins().eq(other.bins())
    }
}

impl Default for Sketch {
    fn default() -> Sketch {
        Sketch {
            keys: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            zeros: 0,
            count: 0,
            least: f64::INFINITY,
            greatest: f64::NEG_INFINITY,
        }
    }
}

impl Sketch {
    /// Takes in a value. Domain: finite.
    pub fn add(&mut self, value: f64) {
        self.add_all(&[value]);
    }

    /// Takes in values. Domain: finite.
    pub fn add_all(&mut self, values: &[f64]) {
        debug_assert!(values.iter().all(|value| value.is_finite()));
        if values.is_empty() {
            return;
        }
        self.count += values.len() as u64;
        let (least, greatest) = extremes(values);
        self.least = if least < self.least { least } else { self.least };
        self.greatest = if greatest > self.greatest { greatest } else { self.greatest };
        if least == greatest {
            return self.add_alike(least, values.len() as u64);
        }
        if self.keys.is_empty() {
            self.make_room(values);
        }
        let mut at = 0;
        for &value in values {
            if value == 0.0 {
                self.zeros += 1;
                continue;
            }
            let (place, key) = place_and_key(value);
            if self.keys.get(at) != Some(&key) {
                at = self.find(key);
            }
            let digit = &mut self.low[at][place % STRETCH];
            *digit = digit.wrapping_add(1);
            if *digit == 0 {
                self.carry(1, at, place % STRETCH, 1);
            }
        }
    }

    /// Takes in that there are `n` more values, from `least` to `greatest`, and their bin where that is one; tells whether they
    /// are still to be counted by bin.
    #[inline(always)]
    pub fn add_between(&mut self, n: usize, (least, greatest): (f64, f64)) -> bool {
        // Zero has no sign.
        let (least, greatest) = (least + 0.0, greatest + 0.0);
        self.count += n as u64;
        self.least = if least < self.least { least } else { self.least };
        self.greatest = if greatest > self.greatest { greatest } else { self.greatest };
        if least == greatest {
            self.add_alike(least, n as u64);
        }
        least != greatest
    }

    /// Fetches the counts that a few more values mostly move.
    #[inline(always)]
    pub fn fetch(&self) {
        fetch(&self.keys);
        fetch(&self.low);
    }

    /// Takes `n` values of one size into their bin: many metrics are the same on all paths.
    fn add_alike(&mut self, value: f64, n: u64) {
        if value == 0.0 {
            self.zeros += n;
            return;
        }
        let (place, key) = place_and_key(value);
        let at = self.find(key);
        for (level, digit) in n.to_le_bytes().into_iter().enumerate() {
            self.carry(level, at, place % STRETCH, digit);
        }
    }

    /// Makes room for the first values: for all stretches between the least and the greatest of each sign, unless most would
    /// stay empty.
    fn make_room(&mut self, values: &[f64]) {
        let mut ranges = [(i16::MAX, i16::MIN); 2];
        for &value in values.iter().filter(|value| **value != 0.0) {
            let (_, key) = place_and_key(value);
            let (low, high) = &mut ranges[usize::from(key > 0)];
            (*low, *high) = ((*low).min(key), (*high).max(key));
        }
        for (low, high) in ranges {
            if low <= high && (high - low) as usize <= values.len() / 2 + 4 {
                self.keys.extend(low..=high);
            }
        }
        self.low.resize(self.keys.len(), [0; STRETCH]);
    }

    /// Takes in digits counted by stretch, in the order of the keys, and leaves none.
    #[inline(always)]
    fn absorb(&mut self, counted: &mut [Digits]) {
        for (at, counted) in counted.iter_mut().enumerate() {
            let own = &mut self.low[at];
            let mut over = [0; STRETCH];
            for bin in 0..STRETCH {
                own[bin] = own[bin].wrapping_add(counted[bin]);
                over[bin] = u8::from(own[bin] < counted[bin]);
            }
            *counted = [0; STRETCH];
            if over.iter().fold(0, |any, over| any | over) != 0 {
                self.carry_all(at, &over);
            }
        }
    }

    /// Carries what overflowed of the lowest digits of a stretch.
    #[cold]
    fn carry_all(&mut self, at: usize, over: &Digits) {
        for (bin, &digit) in over.iter().enumerate() {
            self.carry(1, at, bin, digit);
        }
    }

    /// Makes stretches with their lowest digits. Domain: ascending, and none that there is.
    fn insert(&mut self, new: &[(i16, Digits)]) {
        let (mut from, mut to) = (self.keys.len(), self.keys.len() + new.len());
        self.keys.reserve_exact(new.len());
        self.keys.resize(to, 0);
        for plane in self.high.iter_mut().chain([&mut self.low]) {
            plane.reserve_exact(new.len());
            plane.resize(to, [0; STRETCH]);
        }
        for &(key, digits) in new.iter().rev() {
            while from > 0 && self.keys[from - 1] > key {
                (from, to) = (from - 1, to - 1);
                self.keys[to] = self.keys[from];
                for plane in self.high.iter_mut().chain([&mut self.low]) {
                    plane[to] = plane[from];
                }
            }
            to -= 1;
            self.keys[to] = key;
            self.low[to] = digits;
            for plane in &mut self.high {
                plane[to] = [0; STRETCH];
            }
        }
    }

    /// Place and count of every bin with values in it.
    fn bins(&self) -> impl Iterator<Item = (i16, usize, u64)> {
        let of_stretch =
            move |at: usize| (0..STRETCH).map(move |bin| (self.keys[at], bin, self.bin_count(at, bin)));
        (0..self.keys.len()).flat_map(of_stretch).filter(|(.., count)| *count > 0)
    }

    /// Takes in another sketch's values.
    pub fn merge(&mut self, other: &Sketch) {
        self.count += other.count;
        self.zeros += other.zeros;
        self.least = self.least.min(other.least);
        self.greatest = self.greatest.max(other.greatest);
        for (theirs, &key) in other.keys.iter().enumerate() {
            let at = self.stretch(key);
            for (level, plane) in std::iter::once(&other.low).chain(&other.high).enumerate() {
                for (bin, &digit) in plane[theirs].iter().enumerate() {
                    self.carry(level, at, bin, digit);
                }
            }
        }
    }

    /// Adds `digit` to a plane, and what overflows to the next.
    fn carry(&mut self, level: usize, at: usize, bin: usize, digit: u8) {
        if digit == 0 {
            return;
        }
        while level > self.high.len() {
            self.high.push(vec![[0; STRETCH]; self.keys.len()]);
        }
        let plane = if level == 0 { &mut self.low } else { &mut self.high[level - 1] };
        let own = &mut plane[at][bin];
        let (sum, over) = own.overflowing_add(digit);
        *own = sum;
        if over {
            self.carry(level + 1, at, bin, 1);
        }
    }

    /// Place of a stretch, made if there is none. Where stretches lie side by side, as they mostly do, its distance from
    /// the first or the last tells.
    #[inline]
    fn find(&mut self, key: i16) -> usize {
        if let (Some(first), Some(last)) = (self.keys.first(), self.keys.last()) {
            let from_first = (i32::from(key) - i32::from(*first)) as usize;
            let from_last = (self.keys.len() - 1).wrapping_sub((i32::from(*last) - i32::from(key)) as usize);
            for at in [from_first, from_last] {
                if self.keys.get(at) == Some(&key) {
                    return at;
                }
            }
        }
        self.stretch(key)
    }

    /// Place of a stretch, made if there is none, by bisection.
    fn stretch(&mut self, key: i16) -> usize {
        let at = self.keys.partition_point(|own| *own < key);
        if self.keys.get(at) != Some(&key) {
            self.keys.insert(at, key);
            self.low.insert(at, [0; STRETCH]);
            for plane in &mut self.high {
                plane.insert(at, [0; STRETCH]);
            }
        }
        at
    }

    /// Whether a histogram that was read from somewhere is one of `count` values.
    pub fn is_sound(&self, count: u64) -> bool {
        let planes = std::iter::once(&self.low).chain(&self.high);
        self.count == count
            && self.keys.is_sorted_by(|a, b| a < b)
            && self.keys.iter().all(|&key| key != 0 && usize::from(key.unsigned_abs()) <= STRETCHES)
            && planes.clone().all(|plane| plane.len() == self.keys.len())
            && self.high.len() < 8
            && (0..self.keys.len()).map(|at| u128::from(self.stretch_count(at))).sum::<u128>()
                == u128::from(count) - u128::from(self.zeros.min(count))
            && self.zeros <= count
            && (count == 0 || self.least <= self.greatest)
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Number of values below zero.
    pub fn negative(&self) -> u64 {
        (0..self.positives()).map(|at| self.stretch_count(at)).sum()
    }

    /// Number of values that are zero.
    pub fn zero(&self) -> u64 {
        self.zeros
    }

    /// Number of values above zero.
    pub fn positive(&self) -> u64 {
        self.count - self.zeros - self.negative()
    }

    /// Least value, exactly; ∞ without values.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// Greatest value, exactly; −∞ without values.
    pub fn greatest(&self) -> f64 {
        self.greatest
    }

    /// Several quantiles at once; see [`Sketch::quantile`].
    pub fn quantiles<const N: usize>(&self, p: [f64; N]) -> [f64; N] {
        assert!(self.count > 0, "a sketch without values has no quantiles");
        let within: Vec<u64> = (0..self.keys.len()).map(|at| self.stretch_count(at)).collect();
        p.map(|p| self.quantile_of(&within, p))
    }

    /// Quantile of Hyndman and Fan's type 7, from order statistics that each lie in their true bin, spread evenly over
    /// it: each is within 1/256 of its value, and so is the quantile where both it lies between have one sign. The least
    /// and greatest value are exact, and so is a sample of one value.
    ///
    /// Domain: at least one value; 0 ≤ p ≤ 1.
    pub fn quantile(&self, p: f64) -> f64 {
        let [only] = self.quantiles([p]);
        only
    }

    /// The same, given the number of values in each stretch.
    fn quantile_of(&self, within: &[u64], p: f64) -> f64 {
        let place = (self.count - 1) as f64 * p.clamp(0.0, 1.0);
        let below = place.floor() as u64;
        let low = self.order_statistic(within, below);
        let share = place - place.floor();
        if share == 0.0 { low } else { low + (self.order_statistic(within, below + 1) - low) * share }
    }

    /// The value of a rank, counted from 0 at the least, given the number of values in each stretch.
    fn order_statistic(&self, within: &[u64], rank: u64) -> f64 {
        if rank == 0 || rank + 1 >= self.count {
            return if rank == 0 { self.least } else { self.greatest };
        }
        let mut before = rank;
        let positives = self.positives();
        for (at, &within) in within.iter().enumerate() {
            if at == positives {
                if before < self.zeros {
                    return 0.0;
                }
                before -= self.zeros;
            }
            if before < within {
                return self.value_of(at, before).clamp(self.least, self.greatest);
            }
            before -= within;
        }
        // Zeros are all that is left where nothing is above them.
        0.0
    }

    /// The value of a rank, counted from 0 at the least: as a [`Sketch::quantile`] that falls on a value.
    pub(super) fn order_statistic_at(&self, rank: u64) -> f64 {
        let within: Vec<u64> = (0..self.keys.len()).map(|at| self.stretch_count(at)).collect();
        self.order_statistic(&within, rank)
    }

    /// Number of values up to `x`, those in its bin spread evenly over it; exact at zero and beyond the extremes.
    pub(super) fn at_most(&self, x: f64) -> f64 {
        if x >= self.greatest || x < self.least {
            return if x >= self.greatest { self.count as f64 } else { 0.0 };
        }
        let above_zero = |sum: u64| if x >= 0.0 { sum + self.zeros } else { sum };
        if x == 0.0 {
            return above_zero(self.negative()) as f64;
        }
        let (place, key) = place_and_key(x);
        let at = self.keys.partition_point(|own| *own < key);
        let before = above_zero((0..at).map(|at| self.stretch_count(at)).sum());
        if self.keys.get(at) != Some(&key) {
            return before as f64;
        }
        let (low, high) = (edge(place), edge(place + 1));
        let (bins, share) = if x < 0.0 {
            (place % STRETCH + 1..STRETCH, (high + x) / (high - low))
        } else {
            (0..place % STRETCH, (x - low) / (high - low))
        };
        let whole: u64 = bins.map(|bin| self.bin_count(at, bin)).sum();
        (before + whole) as f64 + share * self.bin_count(at, place % STRETCH) as f64
    }

    /// Place of the first stretch of values above zero.
    fn positives(&self) -> usize {
        self.keys.partition_point(|key| *key < 0)
    }

    fn stretch_count(&self, at: usize) -> u64 {
        // 32 digits of at most 255 fit in 16 bits.
        let sum = |digits: &Digits| digits.iter().fold(0_u16, |sum, &digit| sum + u16::from(digit));
        let mut count = u64::from(sum(&self.low[at]));
        for (level, plane) in self.high.iter().enumerate() {
            count += u64::from(sum(&plane[at])) << (8 * (level + 1));
        }
        count
    }

    fn bin_count(&self, at: usize, bin: usize) -> u64 {
        let mut count = u64::from(self.low[at][bin]);
        for (level, plane) in self.high.iter().enumerate() {
            count += u64::from(plane[at][bin]) << (8 * (level + 1));
        }
        count
    }

    /// The value of a rank within a stretch.
    fn value_of(&self, at: usize, mut rank: u64) -> f64 {
        let negative = self.keys[at] < 0;
        let first = (usize::from(self.keys[at].unsigned_abs()) - 1) * STRETCH;
        let mut value = 0.0;
        for step in 0..STRETCH {
            let bin = if negative { STRETCH - 1 - step } else { step };
            let count = self.bin_count(at, bin);
            if rank < count {
                let share = (rank as f64 + 0.5) / count as f64;
                let (low, high) = (edge(first + bin), edge(first + bin + 1));
                value = if negative { -(high + (low - high) * share) } else { low + (high - low) * share };
                break;
            }
            rank -= count;
        }
        value
    }
}

/// Counts columns of many values, a column after another, each into its sketch.
///
/// A column is first counted in a small window that stays close to the processor, a byte a bin, and then enters the sketch
/// stretch by stretch.
pub struct Counter {
    /// By the stretch of a code: what to add to the code to come to its count in the window; [`ABSENT`] for stretches that
    /// the column at hand has no row for, and for all between columns.
    shifts: Box<[u32; CODED]>,
    /// By row: counts of a stretch's bins. First those of the sketch, in their order, then one for what is in no stretch, then
    /// those that the column brought. Zero between columns.
    window: Vec<Digits>,
    /// Stretches of the codes that the column brought.
    brought: Vec<usize>,
    /// The same in the order of their keys.
    new: Vec<(i16, Digits)>,
}

/// Leads from every code beyond every window.
const ABSENT: u32 = 1 << 31;

impl Default for Counter {
    fn default() -> Counter {
        let shifts = vec![ABSENT; CODED].try_into().unwrap_or_else(|_| unreachable!("one for every stretch"));
        Counter { shifts, window: Vec::new(), brought: Vec::new(), new: Vec::new() }
    }
}

impl Counter {
    /// Values that a column may have.
    pub const MOST: usize = u8::MAX as usize;

    /// Takes the bins of a column into a sketch. Domain: at most [`Counter::MOST`] codes.
    #[inline(always)]
    pub fn count(&mut self, sketch: &mut Sketch, column: &[Codes]) {
        let own = sketch.keys.len();
        let rows = own + 1 + column.len() * LANES;
        if self.window.len() < rows {
            self.window.resize(rows, [0; STRETCH]);
        }
        for (row, key) in sketch.keys.iter().enumerate() {
            let stretch = stretch_of(*key);
            self.shifts[stretch] = shift(stretch, row);
        }
        self.shifts[CODED - 1] = shift(CODED - 1, own);
        let mut codes = column.as_flattened();
        while let Some(at) = tally(codes, &self.shifts, self.window.as_flattened_mut()) {
            let stretch = stretch_in(codes[at]);
            self.brought.push(stretch);
            self.shifts[stretch] = shift(stretch, own + self.brought.len());
            codes = &codes[at..];
        }
        for key in &sketch.keys {
            self.shifts[stretch_of(*key)] = ABSENT;
        }
        let (counted, others) = self.window.split_at_mut(own);
        sketch.absorb(counted);
        sketch.zeros += u64::from(std::mem::take(&mut others[0])[ZERO as usize % STRETCH]);
        if !self.brought.is_empty() {
            self.bring(sketch);
        }
    }

    /// Makes the stretches that a column brought.
    #[cold]
    fn bring(&mut self, sketch: &mut Sketch) {
        let rows = &mut self.window[sketch.keys.len() + 1..];
        self.new.clear();
        for (stretch, row) in self.brought.drain(..).zip(rows) {
            self.shifts[stretch] = ABSENT;
            self.new.push((key_of(stretch), std::mem::take(row)));
        }
        self.new.sort_unstable_by_key(|(key, _)| *key);
        sketch.insert(&self.new);
    }
}

/// Counts codes up to the first whose stretch has no row, and tells where it is.
#[inline(never)]
fn tally(codes: &[Code], shifts: &[u32; CODED], window: &mut [u8]) -> Option<usize> {
    for (at, code) in codes.iter().enumerate() {
        let place = code.wrapping_add(shifts[stretch_in(*code)]) as usize;
        let Some(count) = window.get_mut(place) else { return Some(at) };
        *count = count.wrapping_add(1);
    }
    None
}

/// The stretch that a code tells.
#[inline(always)]
fn stretch_in(code: Code) -> usize {
    code as usize / STRETCH % CODED
}

/// What leads from the codes of a stretch to their counts in a row.
#[inline(always)]
fn shift(stretch: usize, row: usize) -> u32 {
    ((row * STRETCH) as u32).wrapping_sub((stretch * STRETCH) as u32)
}

/// The stretch that codes tell, by its key.
#[inline(always)]
fn stretch_of(key: i16) -> usize {
    usize::from(key.unsigned_abs() - 1) + if key < 0 { CODED / 2 } else { 0 }
}

/// A stretch's key.
fn key_of(stretch: usize) -> i16 {
    let magnitude = (stretch % (CODED / 2)) as i16 + 1;
    if stretch < CODED / 2 { magnitude } else { -magnitude }
}

/// The least and the greatest of some values, in lanes; zero has no sign. ∞ and −∞ of none.
fn extremes(values: &[f64]) -> (f64, f64) {
    const LANES: usize = 4;
    let (mut least, mut greatest) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    let (whole, rest) = values.as_chunks::<LANES>();
    let mut last = [values.first().copied().unwrap_or(f64::NAN); LANES];
    last[..rest.len()].copy_from_slice(rest);
    for chunk in whole.iter().chain([&last]) {
        for lane in 0..LANES {
            least[lane] = if chunk[lane] < least[lane] { chunk[lane] } else { least[lane] };
            greatest[lane] = if chunk[lane] > greatest[lane] { chunk[lane] } else { greatest[lane] };
        }
    }
    let least = least.into_iter().fold(f64::INFINITY, |a, b| if b < a { b } else { a });
    let greatest = greatest.into_iter().fold(f64::NEG_INFINITY, |a, b| if b > a { b } else { a });
    (least + 0.0, greatest + 0.0)
}

/// A value's bin among those of all stretches, and the key of its stretch. Domain: not zero.
#[inline]
fn place_and_key(value: f64) -> (usize, i16) {
    let place = (value.abs().to_bits() >> SHIFT) as usize;
    let magnitude = (place / STRETCH) as i16 + 1;
    (place, if value < 0.0 { -magnitude } else { magnitude })
}

/// Magnitude at the lower edge of a bin.
fn edge(place: usize) -> f64 {
    f64::from_bits((place as u64) << SHIFT).min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Adds values by way of a counter, as many a column as it takes.
    fn counted(sketch: &mut Sketch, values: &[f64]) {
        let mut counter = Counter::default();
        let columns: Vec<Codes> = values
            .chunks(LANES)
            .map(|few| std::array::from_fn(|i| few.get(i).map_or(NOBODY, |value| code(*value))))
            .collect();
        if sketch.add_between(values.len(), extremes(values)) {
            columns.chunks(Counter::MOST / LANES).for_each(|column| counter.count(sketch, column));
        }
    }

    /// Values of all kinds: next to one another, the same, of any size and sign, and none at all.
    fn value() -> impl Strategy<Value = f64> {
        let any_size = proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL;
        prop_oneof![
            4 => 0.5..40.0,
            2 => -3.0..3.0,
            2 => any_size,
            1 => prop::sample::select(vec![0.0, -0.0, 7.5, -7.5, f64::MAX, f64::MIN, 5e-324, -5e-324]),
        ]
    }

    proptest! {
        #[test]
        fn a_counter_counts_as_one_by_one(batches in prop::collection::vec(prop::collection::vec(value(), 1..600), 1..5)) {
            let (mut whole, mut naive) = (Sketch::default(), Sketch::default());
            for batch in &batches {
                counted(&mut whole, batch);
                batch.iter().for_each(|value| naive.add(*value));
                prop_assert!(whole == naive);
            }
            prop_assert!(whole.is_sound(batches.iter().map(Vec::len).sum::<usize>() as u64));
        }
    }

    #[test]
    fn a_counter_carries_large_counts() {
        let (mut whole, mut naive) = (Sketch::default(), Sketch::default());
        let mut column = vec![1.5; 247];
        column.push(-2.5);
        for round in 0..300 {
            counted(&mut whole, &column);
            naive.add_all(&column);
            assert!(round % 50 != 0 || whole == naive, "after {round} rounds");
        }
        counted(&mut whole, &[0.0; 70_000]);
        counted(&mut whole, &[1.5; 70_000]);
        naive.add_all(&[0.0; 70_000]);
        naive.add_all(&[1.5; 70_000]);
        assert!(whole == naive);
        assert_eq!((whole.positive(), whole.negative(), whole.zero()), (247 * 300 + 70_000, 300, 70_000));
    }

    #[test]
    fn stretches_have_codes_and_keys() {
        for value in [1.0, -1.0, 5e-324, -5e-324, f64::MAX, f64::MIN] {
            let (place, key) = place_and_key(value);
            let stretch = stretch_in(code(value));
            assert_eq!((stretch_of(key), key_of(stretch)), (stretch, key));
            assert_eq!(code(value) as usize % STRETCH, place % STRETCH);
        }
        assert_eq!(code(-0.0), ZERO);
        assert_eq!(code(1.0) | NOBODY, NOBODY);
    }
}
