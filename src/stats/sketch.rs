//! A histogram for quantiles of many values in little memory.
//!
//! A value's bin is its sign, its binary exponent and the first eight bits of its mantissa, so that finding it takes no
//! logarithm, edges are exact, and a bin is at most 1/256 = 0.39% of its values wide. Zero has a bin of its own. Counts
//! are integers: merging is exact, in any order. Memory is taken by the stretch of 32 bins in which values lie, and counts
//! are written in base 256, a plane of digits after another, so that few values cost a byte a bin and a billion cost four.

mod counter;

use serde::{Deserialize, Serialize};

use crate::math::fetch;

pub use counter::{Code, Codes, Counter, NOBODY, code};

/// Bits of the mantissa below a bin's.
const SHIFT: u32 = 52 - 8;
/// Bins a stretch.
const STRETCH: usize = 32;
/// Stretches of either sign that finite values lie in.
const STRETCHES: usize = (f64::MAX.to_bits() >> SHIFT) as usize / STRETCH + 1;

/// Digits of the counts of a stretch's bins.
type Digits = [u8; STRETCH];

/// Counts of values by bin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sketch {
    /// Stretches with values in them, and few others, ascending with the values: 1 + the magnitude's place over
    /// [`STRETCH`], negative for negative values.
    keys: Vec<i16>,
    /// Digits of the counts, plane after plane from the lowest on, each by stretch.
    planes: Vec<Digits>,
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
            planes: Vec::new(),
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
        if !self.add_between(values.len(), extremes(values)) {
            return;
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
            let digit = &mut self.planes[at][place % STRETCH];
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

    /// Fetches the counts that a few more values mostly move: the lowest plane and two stretches of the next, which is all there
    /// is where all values were alike.
    #[inline(always)]
    pub fn fetch(&self) {
        fetch(&self.keys);
        fetch(&self.planes[..(self.keys.len() + 2).min(self.planes.len())]);
    }

    /// How many planes of digits there are.
    fn levels(&self) -> usize {
        self.planes.len().checked_div(self.keys.len()).unwrap_or(0)
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
        self.planes.resize(self.keys.len(), [0; STRETCH]);
    }

    /// Takes in digits counted by stretch, in the order of the keys, and leaves none.
    #[inline(always)]
    fn absorb(&mut self, counted: &mut [Digits]) {
        for (at, counted) in counted.iter_mut().enumerate() {
            let over = add(&mut self.planes[at], counted);
            *counted = [0; STRETCH];
            if let Some(over) = over {
                self.carry_all(at, over);
            }
        }
    }

    /// Carries what overflowed of the lowest digits of a stretch.
    #[inline(never)]
    fn carry_all(&mut self, at: usize, mut over: Digits) {
        for level in 1.. {
            let place = self.place(level, at);
            match add(&mut self.planes[place], &over) {
                Some(next) => over = next,
                None => break,
            }
        }
    }

    /// Where the digits of a stretch in a plane are, made if there are none.
    fn place(&mut self, level: usize, at: usize) -> usize {
        let place = level * self.keys.len() + at;
        if place >= self.planes.len() {
            let planes = (level + 1) * self.keys.len();
            self.planes.reserve_exact(planes - self.planes.len());
            self.planes.resize(planes, [0; STRETCH]);
        }
        place
    }

    /// Makes stretches with their lowest digits. Domain: ascending, and none that there is.
    fn insert(&mut self, new: &[(i16, Digits)]) {
        let (old, levels) = (self.keys.len(), self.levels().max(1));
        let all = old + new.len();
        self.planes.reserve_exact(levels * all - self.planes.len());
        self.planes.resize(levels * all, [0; STRETCH]);
        // From the last on, so that what is moved lands behind what is still to be.
        for level in (0..levels).rev() {
            let (mut from, mut to) = (old, all);
            for (key, digits) in new.iter().rev() {
                while from > 0 && self.keys[from - 1] > *key {
                    (from, to) = (from - 1, to - 1);
                    self.planes[level * all + to] = self.planes[level * old + from];
                }
                to -= 1;
                self.planes[level * all + to] = if level == 0 { *digits } else { [0; STRETCH] };
            }
            self.planes.copy_within(level * old..level * old + from, level * all);
        }
        self.keys.reserve_exact(new.len());
        self.keys.resize(all, 0);
        let (mut from, mut to) = (old, all);
        for (key, _) in new.iter().rev() {
            while from > 0 && self.keys[from - 1] > *key {
                (from, to) = (from - 1, to - 1);
                self.keys[to] = self.keys[from];
            }
            to -= 1;
            self.keys[to] = *key;
        }
    }

    /// Place and count of every bin with values in it.
    fn bins(&self) -> impl Iterator<Item = (i16, usize, u64)> {
        let of_stretch = move |at: usize| {
            self.bin_counts(at).into_iter().enumerate().map(move |(bin, count)| (self.keys[at], bin, count))
        };
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
            for (level, plane) in other.planes.chunks_exact(other.keys.len()).enumerate() {
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
        let place = self.place(level, at);
        let own = &mut self.planes[place][bin];
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
            self.insert(&[(key, [0; STRETCH])]);
        }
        at
    }

    /// Whether a histogram that was read from somewhere is one of `count` values.
    pub fn is_sound(&self, count: u64) -> bool {
        self.count == count
            && self.keys.is_sorted_by(|a, b| a < b)
            && self.keys.iter().all(|&key| key != 0 && usize::from(key.unsigned_abs()) <= STRETCHES)
            && self.planes.len() == self.levels() * self.keys.len()
            && self.keys.is_empty() == self.planes.is_empty()
            && self.levels() <= 8
            && self.bins().map(|(.., count)| u128::from(count)).sum::<u128>()
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
        let ends = self.ends();
        p.map(|p| self.quantile_of(&ends, p))
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

    /// The same, given [`Sketch::ends`].
    fn quantile_of(&self, ends: &[u64], p: f64) -> f64 {
        let place = (self.count - 1) as f64 * p.clamp(0.0, 1.0);
        let below = place.floor() as u64;
        let low = self.order_statistic(ends, below);
        let share = place - place.floor();
        if share == 0.0 { low } else { low + (self.order_statistic(ends, below + 1) - low) * share }
    }

    /// By stretch, how many values there are up to its end; zeros come before the first stretch above them.
    fn ends(&self) -> Vec<u64> {
        let mut ends = vec![0; self.keys.len()];
        for (level, plane) in self.planes.chunks_exact(ends.len().max(1)).enumerate() {
            for (end, digits) in ends.iter_mut().zip(plane) {
                *end += digit_sum(digits) << (8 * level);
            }
        }
        let (positives, mut sum) = (self.positives(), 0);
        for (at, end) in ends.iter_mut().enumerate() {
            sum += *end + if at == positives { self.zeros } else { 0 };
            *end = sum;
        }
        ends
    }

    /// The value of a rank, counted from 0 at the least, given [`Sketch::ends`].
    fn order_statistic(&self, ends: &[u64], rank: u64) -> f64 {
        if rank == 0 || rank + 1 >= self.count {
            return if rank == 0 { self.least } else { self.greatest };
        }
        let at = ends.partition_point(|end| *end <= rank);
        let start = ends[..at].last().copied().unwrap_or(0);
        let zeros = if at == self.positives() { self.zeros } else { 0 };
        // Zeros are all that is left where nothing is above them.
        match (rank - start).checked_sub(zeros) {
            Some(rank) if at < ends.len() => self.value_of(at, rank).clamp(self.least, self.greatest),
            _ => 0.0,
        }
    }

    /// The value of a rank, counted from 0 at the least: as a [`Sketch::quantile`] that falls on a value.
    pub(super) fn order_statistic_at(&self, rank: u64) -> f64 {
        self.order_statistic(&self.ends(), rank)
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
        let counts = self.bin_counts(at);
        let whole: u64 = counts[bins].iter().sum();
        (before + whole) as f64 + share * counts[place % STRETCH] as f64
    }

    /// Place of the first stretch of values above zero.
    fn positives(&self) -> usize {
        self.keys.partition_point(|key| *key < 0)
    }

    fn stretch_count(&self, at: usize) -> u64 {
        let planes = self.planes.chunks_exact(self.keys.len()).enumerate();
        planes.map(|(level, plane)| digit_sum(&plane[at]) << (8 * level)).sum()
    }

    /// The counts of a stretch, bin by bin.
    fn bin_counts(&self, at: usize) -> [u64; STRETCH] {
        let mut counts = [0; STRETCH];
        for (level, plane) in self.planes.chunks_exact(self.keys.len()).enumerate() {
            for (count, &digit) in counts.iter_mut().zip(&plane[at]) {
                *count += u64::from(digit) << (8 * level);
            }
        }
        counts
    }

    /// The value of a rank within a stretch.
    fn value_of(&self, at: usize, mut rank: u64) -> f64 {
        let negative = self.keys[at] < 0;
        let first = (usize::from(self.keys[at].unsigned_abs()) - 1) * STRETCH;
        let (mut value, counts) = (0.0, self.bin_counts(at));
        for step in 0..STRETCH {
            let bin = if negative { STRETCH - 1 - step } else { step };
            let count = counts[bin];
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

/// The sum of digits; of 32 bits, which compilers make one instruction of.
fn digit_sum(digits: &Digits) -> u64 {
    u64::from(digits.iter().map(|&digit| u32::from(digit)).sum::<u32>())
}

/// Adds digits to others, and tells where they overflowed if any did.
#[inline(always)]
fn add(own: &mut Digits, more: &Digits) -> Option<Digits> {
    let mut over = [0; STRETCH];
    for bin in 0..STRETCH {
        own[bin] = own[bin].wrapping_add(more[bin]);
        over[bin] = u8::from(own[bin] < more[bin]);
    }
    (over.iter().fold(0, |any, over| any | over) != 0).then_some(over)
}

/// The least and the greatest of some values, in lanes. ∞ and −∞ of none.
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
    (least, greatest)
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
