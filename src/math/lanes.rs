//! A few paths side by side: the columns in which a month is told.
//!
//! The model computes a month for [`LANES`] paths at once. A number of the model is then a column, [`Lanes`], and a formula is
//! applied to it path by path,
//!     cost = Lanes::each(|i| usable_hour_cost(price[i], overhead[i], availability[i])),
//! so that formulas stay functions of plain numbers, readable next to their source, while the compiler turns such a line into
//! instructions that take several paths at a time. What happens in a lane never depends on another lane: each path has the
//! same bits whatever its neighbours are.

use std::ops::{Add, AddAssign, BitAnd, BitOr, BitXor, Div, Index, IndexMut, Mul, MulAssign, Not, Sub};

/// Paths that are told side by side.
pub const LANES: usize = 8;

/// The same rows one after another. Compilers like to take several rounds of a loop at once, which for a loop over columns means
/// one path of eight rows, gathered from eight places, where eight paths of one row lie side by side. This keeps them from it.
#[inline(always)]
pub fn rows<I: IntoIterator>(rows: I) -> impl Iterator<Item = I::Item> {
    rows.into_iter().inspect(|_| std::hint::black_box(()))
}

/// One number on each of a few paths.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(align(64))]
pub struct Lanes([f64; LANES]);

impl Lanes {
    /// Zero everywhere.
    pub const ZERO: Lanes = Lanes::all(0.0);
    /// One everywhere.
    pub const ONE: Lanes = Lanes::all(1.0);

    /// The same number on all paths.
    pub const fn all(value: f64) -> Lanes {
        Lanes([value; LANES])
    }

    /// A number for each path.
    #[inline(always)]
    pub fn each(mut value: impl FnMut(usize) -> f64) -> Lanes {
        let mut lanes = [0.0; LANES];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = value(i);
        }
        Lanes(lanes)
    }

    /// Whether this holds of the number of some path.
    #[inline(always)]
    pub fn any(&self, holds: impl Fn(f64) -> bool) -> bool {
        self.0.iter().fold(false, |any, &value| any | holds(value))
    }

    /// Whether this holds of the numbers of all paths.
    #[inline(always)]
    pub fn all_are(&self, holds: impl Fn(f64) -> bool) -> bool {
        self.0.iter().fold(true, |all, &value| all & holds(value))
    }

    /// The larger number on each path.
    #[inline(always)]
    pub fn max(self, other: Lanes) -> Lanes {
        Lanes::each(|i| self[i].max(other[i]))
    }

    /// The smaller number on each path.
    #[inline(always)]
    pub fn min(self, other: Lanes) -> Lanes {
        Lanes::each(|i| self[i].min(other[i]))
    }

    /// This number, or the other where that is larger; this one where they are equal, whatever the sign of a zero. A NaN there is passed
    /// over, one here stays. So it is one instruction on x86-64, where [`Lanes::max`], which keeps no NaN that it can avoid, is three.
    #[inline(always)]
    pub fn or_larger(self, other: Lanes) -> Lanes {
        Lanes::each(|i| if other[i] > self[i] { other[i] } else { self[i] })
    }

    /// This number, or the other where that is smaller; this one where they are equal. A NaN there is passed over, one here stays.
    #[inline(always)]
    pub fn or_smaller(self, other: Lanes) -> Lanes {
        Lanes::each(|i| if other[i] < self[i] { other[i] } else { self[i] })
    }

    /// The size of the number on each path.
    #[inline(always)]
    pub fn abs(self) -> Lanes {
        Lanes::each(|i| self[i].abs())
    }

    /// All bits on the paths where the number is finite, elsewhere none.
    #[inline(always)]
    pub fn finite(self) -> Bits {
        Lanes::all(f64::INFINITY).above(self.abs())
    }

    /// All bits on the paths where the number is above `other`, elsewhere none.
    #[inline(always)]
    pub fn above(self, other: Lanes) -> Bits {
        Bits::each(|i| if self[i] > other[i] { u64::MAX } else { 0 })
    }

    /// All bits on the paths where the number is `other` or above, elsewhere none.
    #[inline(always)]
    pub fn reaches(self, other: Lanes) -> Bits {
        Bits::each(|i| if self[i] >= other[i] { u64::MAX } else { 0 })
    }

    /// All bits on the paths where the number is another than this, elsewhere none.
    #[inline(always)]
    pub fn is_not(self, value: f64) -> Bits {
        Bits::each(|i| if self[i] != value { u64::MAX } else { 0 })
    }

    /// The numbers without what they have of fractions, as integers with a sign; what has no room in 64 bits counts as 0.
    #[inline(always)]
    pub fn whole(self) -> Bits {
        const BOUND: f64 = (1_u64 << 63) as f64;
        let inside = Lanes::each(|i| if self[i].abs() < BOUND { self[i] } else { 0.0 });
        Bits::each(|i| {
            #[expect(
                unsafe_code,
                reason = "compared just before: the number is in the range of the integers"
            )]
            let whole = unsafe { inside[i].to_int_unchecked::<i64>() };
            whole.cast_unsigned()
        })
    }

    /// The numbers, path by path.
    #[inline(always)]
    pub fn as_slice(&self) -> &[f64] {
        &self.0
    }
}

impl Index<usize> for Lanes {
    type Output = f64;

    #[inline(always)]
    fn index(&self, i: usize) -> &f64 {
        &self.0[i]
    }
}

impl IndexMut<usize> for Lanes {
    #[inline(always)]
    fn index_mut(&mut self, i: usize) -> &mut f64 {
        &mut self.0[i]
    }
}

macro_rules! lane_by_lane {
    ($($operator:ident $name:ident $sign:tt;)*) => {$(
        impl $operator for Lanes {
            type Output = Lanes;

            #[inline(always)]
            fn $name(self, other: Lanes) -> Lanes {
                Lanes::each(|i| self[i] $sign other[i])
            }
        }

        impl $operator<f64> for Lanes {
            type Output = Lanes;

            #[inline(always)]
            fn $name(self, other: f64) -> Lanes {
                Lanes::each(|i| self[i] $sign other)
            }
        }
    )*};
}

lane_by_lane! {
    Add add +;
    Sub sub -;
    Mul mul *;
    Div div /;
}

/// One bit pattern on each of a few paths: a set, or a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct Bits([u64; LANES]);

impl Bits {
    /// The same on all paths.
    pub const fn all(value: u64) -> Bits {
        Bits([value; LANES])
    }

    /// A pattern for each path.
    #[inline(always)]
    pub fn each(mut value: impl FnMut(usize) -> u64) -> Bits {
        let mut lanes = [0; LANES];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = value(i);
        }
        Bits(lanes)
    }

    /// Whether some path has a bit set.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.0.iter().fold(0, |any, &value| any | value) != 0
    }

    /// All bits on the paths that have one of `bits`, elsewhere none.
    #[inline(always)]
    pub fn has(self, bits: u64) -> Bits {
        Bits::each(|i| if self[i] & bits != 0 { u64::MAX } else { 0 })
    }

    /// All bits on the paths that have any, elsewhere none.
    #[inline(always)]
    pub fn some(self) -> Bits {
        self.has(u64::MAX)
    }

    /// All bits on the paths that have exactly `bits`, elsewhere none.
    #[inline(always)]
    pub fn is(self, bits: u64) -> Bits {
        Bits::each(|i| if self[i] == bits { u64::MAX } else { 0 })
    }

    /// One thing on the paths where all bits are set here, another where none is.
    #[inline(always)]
    pub fn pick<T: OfBits>(self, there: T, elsewhere: T) -> T {
        let (there, elsewhere) = (there.bits(), elsewhere.bits());
        T::of_bits(Bits::each(|i| there[i] & self[i] | elsewhere[i] & !self[i]))
    }

    /// The same on the paths where all bits are set here, zero where none is.
    #[inline(always)]
    pub fn keep<T: OfBits>(self, there: T) -> T {
        let there = there.bits();
        T::of_bits(Bits::each(|i| there[i] & self[i]))
    }

    /// The smaller of two integers with a sign.
    #[inline(always)]
    pub fn smaller(self, other: Bits) -> Bits {
        Bits::each(|i| self[i].cast_signed().min(other[i].cast_signed()).cast_unsigned())
    }

    /// The larger of two integers with a sign.
    #[inline(always)]
    pub fn larger(self, other: Bits) -> Bits {
        Bits::each(|i| self[i].cast_signed().max(other[i].cast_signed()).cast_unsigned())
    }

    /// Integers with a sign as numbers, rounded where they have more than 53 digits.
    #[inline(always)]
    pub fn rounded(self) -> Lanes {
        Lanes::each(|i| self[i].cast_signed() as f64)
    }
}

/// What has 64 bits on each path.
pub trait OfBits: Copy {
    /// Its bits.
    fn bits(self) -> Bits;

    /// What has these bits.
    fn of_bits(bits: Bits) -> Self;
}

impl OfBits for Bits {
    #[inline(always)]
    fn bits(self) -> Bits {
        self
    }

    #[inline(always)]
    fn of_bits(bits: Bits) -> Bits {
        bits
    }
}

impl OfBits for Lanes {
    #[inline(always)]
    fn bits(self) -> Bits {
        Bits::each(|i| self[i].to_bits())
    }

    #[inline(always)]
    fn of_bits(bits: Bits) -> Lanes {
        Lanes::each(|i| f64::from_bits(bits[i]))
    }
}

macro_rules! bit_by_bit {
    ($($operator:ident $name:ident $how:expr;)*) => {$(
        impl $operator for Bits {
            type Output = Bits;

            #[inline(always)]
            fn $name(self, other: Bits) -> Bits {
                let how: fn(u64, u64) -> u64 = $how;
                Bits::each(|i| how(self[i], other[i]))
            }
        }

        impl $operator<u64> for Bits {
            type Output = Bits;

            #[inline(always)]
            fn $name(self, other: u64) -> Bits {
                self.$name(Bits::all(other))
            }
        }
    )*};
}

// Sums and differences are of integers that fit, with a sign or without.
bit_by_bit! {
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
    BitXor bitxor |a, b| a ^ b;
    Add add u64::wrapping_add;
    Sub sub u64::wrapping_sub;
}

impl Not for Bits {
    type Output = Bits;

    #[inline(always)]
    fn not(self) -> Bits {
        Bits::each(|i| !self[i])
    }
}

impl Index<usize> for Bits {
    type Output = u64;

    #[inline(always)]
    fn index(&self, i: usize) -> &u64 {
        &self.0[i]
    }
}

impl IndexMut<usize> for Bits {
    #[inline(always)]
    fn index_mut(&mut self, i: usize) -> &mut u64 {
        &mut self.0[i]
    }
}

impl AddAssign for Lanes {
    #[inline(always)]
    fn add_assign(&mut self, other: Lanes) {
        *self = *self + other;
    }
}

impl MulAssign for Lanes {
    #[inline(always)]
    fn mul_assign(&mut self, other: Lanes) {
        *self = *self * other;
    }
}

/// A number of one path, or of a few in [`Lanes`]: what formulas on both need.
pub trait Number:
    Copy
    + Default
    + AddAssign
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Mul<f64, Output = Self>
{
    /// One.
    const ONE: Self;

    /// The larger number.
    fn larger(self, other: Self) -> Self;
}

impl Number for f64 {
    const ONE: f64 = 1.0;

    #[inline(always)]
    fn larger(self, other: f64) -> f64 {
        self.max(other)
    }
}

impl Number for Lanes {
    const ONE: Lanes = Lanes::ONE;

    #[inline(always)]
    fn larger(self, other: Lanes) -> Lanes {
        self.max(other)
    }
}

/// The sum of some numbers.
#[inline(always)]
pub fn sum<N: Number>(numbers: impl IntoIterator<Item = N>) -> N {
    let mut sum = N::default();
    for number in rows(numbers) {
        sum += number;
    }
    sum
}

/// What is known of a few paths side by side, and can be read of one.
pub trait InLanes {
    /// The same of one path.
    type One;

    /// What it is on path `i`.
    fn lane(&self, i: usize) -> Self::One;

    /// The same on every path.
    fn spread(one: &Self::One) -> Self;
}

impl InLanes for Lanes {
    type One = f64;

    #[inline(always)]
    fn lane(&self, i: usize) -> f64 {
        self[i]
    }

    fn spread(one: &f64) -> Lanes {
        Lanes::all(*one)
    }
}

impl<T: InLanes, const K: usize> InLanes for [T; K] {
    type One = [T::One; K];

    #[inline(always)]
    fn lane(&self, i: usize) -> [T::One; K] {
        std::array::from_fn(|k| self[k].lane(i))
    }

    fn spread(one: &[T::One; K]) -> [T; K] {
        std::array::from_fn(|k| T::spread(&one[k]))
    }
}

impl<T: InLanes> InLanes for Vec<T> {
    type One = Vec<T::One>;

    fn lane(&self, i: usize) -> Vec<T::One> {
        self.iter().map(|of| of.lane(i)).collect()
    }

    fn spread(one: &Vec<T::One>) -> Vec<T> {
        one.iter().map(T::spread).collect()
    }
}

/// Defines structs whose numbers are of type `N`: of one path, or in [`Lanes`].
macro_rules! in_lanes {
    ($($(#[$about:meta])* pub struct $name:ident<N> { $($(#[$field_about:meta])* pub $field:ident: $of:ty,)* })*) => {$(
        $(#[$about])*
        pub struct $name<N = f64> {
            $($(#[$field_about])* pub $field: $of,)*
        }

        impl $crate::math::InLanes for $name<$crate::math::Lanes> {
            type One = $name;

            #[inline(always)]
            fn lane(&self, i: usize) -> $name {
                $name { $($field: self.$field.lane(i),)* }
            }

            fn spread(one: &$name) -> Self {
                $name { $($field: $crate::math::InLanes::spread(&one.$field),)* }
            }
        }
    )*};
}

pub(crate) use in_lanes;

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole numbers are those of the safe conversion wherever there is room for them.
    #[test]
    fn whole_numbers_are_those_of_a_cast() {
        const BOUND: f64 = (1_u64 << 63) as f64;
        let below = f64::from_bits(BOUND.to_bits() - 1);
        let mut numbers = vec![0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.9, -1.9, 4e15 + 0.5, below, -below];
        numbers.extend((0..2_000).map(|i| (f64::from(i) - 1_000.0) * 1.234_567e15 / 3.0));
        for &number in &numbers {
            let found = Lanes::all(number).whole();
            assert_eq!(found, Bits::all((number as i64).cast_unsigned()), "{number}");
        }
        for beyond in [BOUND, -BOUND, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(Lanes::all(beyond).whole(), Bits::default(), "{beyond}");
        }
    }
}
