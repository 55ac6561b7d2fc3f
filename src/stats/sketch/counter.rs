//! Counting many values at once: a column of codes, by way of a small window, into a histogram.

use super::{Digits, SHIFT, STRETCH, Sketch, extremes};
use crate::math::LANES;

/// What a value is counted by: its sign, its exponent and the first bits of its mantissa, which are those of a stretch and,
/// lowest, of a bin in it; or that of zero, or [`NOBODY`]. The last two have the bits of what is no number.
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
    /// Their keys in order, each with its place among them.
    order: Vec<(i16, u16)>,
    /// Their keys in order, each with its counts.
    new: Vec<(i16, Digits)>,
    /// Codes of the values at hand.
    codes: Vec<Codes>,
}

/// Values below which finding bins one by one should take less than laying out a window for the ten to forty stretches that a
/// histogram has: an estimate, which moves no result.
const FEW: usize = 48;

/// Leads from every code beyond every window.
const ABSENT: u32 = 1 << 31;

impl Default for Counter {
    fn default() -> Counter {
        let shifts = vec![ABSENT; CODED].try_into().unwrap_or_else(|_| unreachable!("one for every stretch"));
        Counter {
            shifts,
            window: Vec::new(),
            brought: Vec::new(),
            order: Vec::new(),
            new: Vec::new(),
            codes: Vec::new(),
        }
    }
}

impl Counter {
    /// Values that a column may have.
    pub const MOST: usize = u8::MAX as usize;

    /// Takes values into a sketch, as [`Sketch::add_all`] does: by way of the window where they are many. Domain: finite.
    pub fn add_all(&mut self, sketch: &mut Sketch, values: &[f64]) {
        if values.len() < FEW {
            return sketch.add_all(values);
        }
        if !sketch.add_between(values.len(), extremes(values)) {
            return;
        }
        let mut codes = std::mem::take(&mut self.codes);
        codes.clear();
        let (whole, rest) = values.as_chunks::<LANES>();
        codes.extend(whole.iter().map(|lanes| lanes.map(code)));
        if !rest.is_empty() {
            codes.push(std::array::from_fn(|lane| rest.get(lane).map_or(NOBODY, |value| code(*value))));
        }
        for column in codes.chunks(Counter::MOST / LANES) {
            self.count(sketch, column);
        }
        self.codes = codes;
    }

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
        self.order.clear();
        for (row, stretch) in self.brought.drain(..).enumerate() {
            self.shifts[stretch] = ABSENT;
            self.order.push((key_of(stretch), row as u16));
        }
        // Places are put in order rather than counts, which take eight times the room.
        self.order.sort_unstable();
        self.new.clear();
        self.new
            .extend(self.order.iter().map(|&(key, row)| (key, std::mem::take(&mut rows[usize::from(row)]))));
        sketch.insert(&self.new);
    }
}

/// Counts codes up to the first whose stretch has no row, and tells where it is.
#[inline(never)]
fn tally(codes: &[Code], shifts: &[u32; CODED], window: &mut [u8]) -> Option<usize> {
    let mut count = |code: Code| {
        let place = code.wrapping_add(shifts[stretch_in(code)]) as usize;
        window.get_mut(place).map(|digit| *digit = digit.wrapping_add(1))
    };
    let (eights, rest) = codes.as_chunks::<LANES>();
    for (at, eight) in eights.iter().enumerate() {
        for (lane, code) in eight.iter().enumerate() {
            if count(*code).is_none() {
                return Some(at * LANES + lane);
            }
        }
    }
    rest.iter().position(|code| count(*code).is_none()).map(|at| eights.len() * LANES + at)
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

#[cfg(test)]
mod tests {
    use super::super::{Sketch, place_and_key};
    use super::*;
    use proptest::prelude::*;

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
            let (mut whole, mut naive, mut counter) = (Sketch::default(), Sketch::default(), Counter::default());
            for batch in &batches {
                counter.add_all(&mut whole, batch);
                batch.iter().for_each(|value| naive.add(*value));
                prop_assert!(whole == naive);
            }
            prop_assert!(whole.is_sound(batches.iter().map(Vec::len).sum::<usize>() as u64));
        }
    }

    #[test]
    fn a_counter_carries_large_counts() {
        let (mut whole, mut naive, mut counter) = (Sketch::default(), Sketch::default(), Counter::default());
        let mut column = vec![1.5; 247];
        column.push(-2.5);
        for round in 0..300 {
            counter.add_all(&mut whole, &column);
            naive.add_all(&column);
            assert!(round % 50 != 0 || whole == naive, "after {round} rounds");
        }
        counter.add_all(&mut whole, &[0.0; 70_000]);
        counter.add_all(&mut whole, &[1.5; 70_000]);
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
