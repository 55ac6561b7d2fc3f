//! Contested tranches shared out whatever their ties: the lexicographically largest hours, in whole quanta.
//!
//! The contested tranches can be shared out if and only if, for every set of buyers (Gale 1957, Hoffman 1960),
//!
//! * what the set must still be served is no more than what the contested tranches it can have are worth, and
//! * what only the set can have, of tranches that may not idle, is no more than it may still be served.
//!
//! Hours are fixed one tranche and buyer at a time, in the order of ties, at the most that keeps both true for the rest.
//! Neighbours with the same uses, such as the contracts and the spot hours of one chip, are fixed as one tranche: the first
//! then has what the first buyer gets, and so on down both lists.
//!
//! Worth is counted in whole quanta, so that differences lose nothing even when a small tranche shares a buyer with one
//! 1e10 times its size. Where no contested tranche is small, quanta of 64 bits do; else they have 128. Prices come with
//! rounding errors, so the conditions may fail by their size; what buyers must and may be served is then widened by the
//! smallest common share that makes them true.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use super::MAX_WORKLOADS;
use super::prices::{IDLE, Prices, Uses, members};

/// A share of a tranche, and of what a buyer spends, that is rounding.
pub(super) const ROUNDING: f64 = 1e-13;

/// Least share by which bounds are widened.
pub(super) const SLACK: f64 = 1e-15;

/// Amounts in dollars below which nothing is told apart.
pub(super) const SMALLEST: f64 = 1e-200;

/// Whole numbers of quanta.
pub(super) trait Amount:
    Copy + Default + Ord + Sum + Add<Output = Self> + Sub<Output = Self> + AddAssign + SubAssign
{
    /// The largest amount to be shared out has about so many bits: there is room for sums of a thousand.
    const BITS: i64;
    /// The least worth of a contested tranche. Rounding is some quanta, and must not be told from its hours.
    const LEAST: Self;
    const ZERO: Self;
    const ONE: Self;
    const MAX: Self;

    /// Whole quanta of an amount.
    fn floor(amount: f64) -> Self;

    fn as_f64(self) -> f64;
}

impl Amount for i64 {
    const BITS: i64 = 52;
    const LEAST: i64 = 1 << 38;
    const ZERO: i64 = 0;
    const ONE: i64 = 1;
    const MAX: i64 = i64::MAX;

    #[inline(always)]
    fn floor(amount: f64) -> i64 {
        amount as i64
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self as f64
    }
}

impl Amount for i128 {
    const BITS: i64 = 116;
    const LEAST: i128 = 0;
    const ZERO: i128 = 0;
    const ONE: i128 = 1;
    const MAX: i128 = i128::MAX;

    #[inline(always)]
    fn floor(amount: f64) -> i128 {
        amount as i128
    }

    #[inline(always)]
    fn as_f64(self) -> f64 {
        self as f64
    }
}

/// Contested tranches that stand side by side and have the same best uses.
#[derive(Clone, Copy, Debug)]
struct Run<T> {
    /// The first of them.
    first: usize,
    /// The buyers still to be considered.
    uses: Uses,
    /// What they may still earn, in quanta.
    most: T,
    /// What they must still earn: as much, or nothing if they may idle.
    least: T,
}

/// Shares out contested tranches, reusing its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Quanta<T> {
    /// The contested tranches, as places among those with capacity.
    contested: Vec<usize>,
    /// What each of them may earn in all.
    wholes: Vec<T>,
    runs: Vec<Run<T>>,
    /// By set of buyers: worth of the contested tranches it can have, less what it must be served.
    spare: Vec<T>,
    /// By set of buyers: what it may be served, less what it must take.
    room: Vec<T>,
}

impl<T: Amount> Quanta<T> {
    /// Writes the hours of the contested tranches; if one is too small for these quanta, it tells so and writes none.
    pub fn share_out(&mut self, prices: &Prices, workloads: usize, hours: &mut [f64]) -> bool {
        let Some(bounds) = self.count(prices) else { return false };
        match bounds.count {
            0 | 1 => self.share_among::<1>(bounds, prices, workloads, hours),
            2 => self.share_among::<2>(bounds, prices, workloads, hours),
            3 => self.share_among::<3>(bounds, prices, workloads, hours),
            4 => self.share_among::<4>(bounds, prices, workloads, hours),
            5 => self.share_among::<5>(bounds, prices, workloads, hours),
            6 => self.share_among::<6>(bounds, prices, workloads, hours),
            7 => self.share_among::<7>(bounds, prices, workloads, hours),
            _ => self.share_among::<8>(bounds, prices, workloads, hours),
        }
        true
    }

    /// Counts the worth of contested tranches, run by run, and what buyers want of them, before rounding is allowed for; none
    /// if a tranche is too small for these quanta.
    fn count(&mut self, prices: &Prices) -> Option<Bounds<T>> {
        let t = &prices.tranches;
        let tranches = || t.uses.iter().zip(&t.capacity).zip(&t.value);
        let (mut all, mut largest) = (0, SMALLEST);
        for ((&uses, &capacity), &value) in tranches() {
            if !uses.is_power_of_two() {
                all |= uses;
                largest = f64::max(largest, capacity * value);
            }
        }
        let largest = members(all).map(|w| prices.spend[w]).fold(largest, f64::max);
        let quantum = quantum(T::BITS, largest);
        self.contested.clear();
        self.wholes.clear();
        self.runs.clear();
        let mut own = [T::ZERO; MAX_WORKLOADS + 1];
        let mut small = false;
        for (at, ((&uses, &capacity), &value)) in tranches().enumerate() {
            let whole = T::floor(capacity * value * quantum);
            if uses.is_power_of_two() {
                own[uses.trailing_zeros() as usize] += whole;
                continue;
            }
            small |= whole < T::LEAST;
            match self.runs.last_mut().filter(|run| run.uses == uses) {
                Some(run) => run.most += whole,
                None => {
                    self.runs.push(Run { first: self.contested.len(), uses, most: whole, least: T::ZERO })
                }
            }
            self.contested.push(at);
            self.wholes.push(whole);
        }
        let bounds = Bounds::new(all, &own, quantum, prices);
        for run in &mut self.runs {
            run.least = if run.uses & IDLE == 0 { run.most } else { T::ZERO };
            run.uses = bounds.renamed(run.uses);
        }
        if small { None } else { Some(bounds) }
    }

    /// The same among `B` buyers: a constant, so that the loops over sets of them unroll.
    fn share_among<const B: usize>(
        &mut self,
        mut bounds: Bounds<T>,
        prices: &Prices,
        workloads: usize,
        hours: &mut [f64],
    ) {
        let mut slack = SLACK;
        while slack > 0.0 {
            bounds.widen(slack);
            self.tabulate::<B>(&bounds);
            slack = self.slack::<B>(&bounds);
        }
        let t = &prices.tranches;
        for at in 0..self.runs.len() {
            let mut run = self.runs[at];
            let (mut next, mut left) = (run.first, self.wholes[run.first]);
            for k in members(run.uses) {
                if run.most == T::ZERO {
                    break;
                }
                let mut worth = self.give::<B>(&mut run, k, &mut bounds);
                while worth > T::ZERO {
                    if left == T::ZERO {
                        next += 1;
                        left = self.wholes[next];
                        continue;
                    }
                    let part = worth.min(left);
                    let tranche = self.contested[next];
                    let to = t.place[tranche] * workloads + prices.buyers()[bounds.buyers[k]].place;
                    hours[to] = share(part, self.wholes[next], bounds.wanted[k]) * t.capacity[tranche];
                    worth -= part;
                    left -= part;
                }
            }
        }
    }

    /// Tabulates spare and room by summing over subsets; spare first by the complement of the set.
    fn tabulate<const B: usize>(&mut self, bounds: &Bounds<T>) {
        for table in [&mut self.spare, &mut self.room] {
            table.resize(table.len().max(1 << B), T::ZERO);
        }
        let (spare, room) = (&mut self.spare[..1 << B], &mut self.room[..1 << B]);
        spare.fill(T::ZERO);
        room.fill(T::ZERO);
        let mut all = T::ZERO;
        for run in &self.runs {
            all += run.most;
            spare[run.uses] -= run.most;
            room[run.uses] -= run.least;
        }
        for k in 0..B {
            all -= bounds.least[k];
            spare[1 << k] += bounds.least[k];
            room[1 << k] += bounds.most[k];
        }
        for k in 0..B {
            for set in (0..1 << B).filter(|set| set & 1 << k != 0) {
                let without = set & !(1 << k);
                (spare[set], room[set]) = (spare[set] + spare[without], room[set] + room[without]);
            }
        }
        spare.reverse();
        spare.iter_mut().for_each(|spare| *spare += all);
    }

    /// The share of what a set wants by which the conditions fail, at most; 0 if they hold.
    fn slack<const B: usize>(&self, bounds: &Bounds<T>) -> f64 {
        let (spare, room) = (&self.spare[..1 << B], &self.room[..1 << B]);
        let mut slack = 0.0f64;
        for set in 1..1 << B {
            let short = spare[set].min(room[set]);
            if short < T::ZERO {
                let wanted: f64 = members(set).map(|k| bounds.wanted[k]).sum();
                slack = slack.max(-short.as_f64() / wanted);
            }
        }
        slack
    }

    /// How much of `worth` the conditions let a run give to the buyer `bit`, when it then has the uses `rest`.
    fn allowed<const B: usize>(&self, bit: Uses, rest: Uses, may_idle: bool, worth: T) -> T {
        let (spare, room) = (&self.spare[..1 << B], &self.room[..1 << B]);
        let mut allowed = worth;
        for set in 1..1 << B {
            let least = if set & bit == 0 {
                if set & rest != 0 { spare[set] } else { T::MAX }
            } else if rest & !set != 0 || may_idle {
                room[set]
            } else {
                T::MAX
            };
            allowed = if least < allowed { least } else { allowed };
        }
        allowed.max(T::ZERO)
    }

    /// Gives as much of a run to buyer `k` as the conditions allow, and returns the worth of it.
    fn give<const B: usize>(&mut self, run: &mut Run<T>, k: usize, bounds: &mut Bounds<T>) -> T {
        let Run { uses, most, least, .. } = *run;
        let bit = 1 << k;
        let rest = uses & !bit;
        let last = rest == 0 && least == most;
        let worth = if last {
            most
        } else {
            self.allowed::<B>(bit, rest, least == T::ZERO, most.min(bounds.most[k]))
        };
        let still_least = (least - worth).max(T::ZERO);
        let met = worth.min(bounds.least[k]);
        let taken = worth - (least - still_least);
        let (spare, room) = (&mut self.spare[..1 << B], &mut self.room[..1 << B]);
        for set in 1..1 << B {
            let (touched, covered) = (set & rest != 0, rest & !set == 0);
            let (had, took) = if set & bit != 0 {
                (met - if touched { worth } else { most }, if covered { taken } else { worth })
            } else {
                (if touched { T::ZERO - worth } else { T::ZERO }, if covered { still_least } else { T::ZERO })
            };
            spare[set] += had;
            room[set] -= took;
        }
        bounds.least[k] -= met;
        bounds.most[k] -= worth;
        (run.uses, run.most, run.least) = (rest, most - worth, still_least);
        worth
    }
}

/// What the buyers of contested tranches must and may be served by them, in quanta.
struct Bounds<T> {
    count: usize,
    /// Their places among the buyers.
    buyers: [usize; MAX_WORKLOADS],
    /// What they want in all.
    wanted: [f64; MAX_WORKLOADS],
    least: [T; MAX_WORKLOADS],
    most: [T; MAX_WORKLOADS],
}

impl<T: Amount> Bounds<T> {
    /// Bounds of the buyers in `all`, of whom `own` are the tranches that nobody contests, before rounding is allowed for.
    fn new(all: Uses, own: &[T; MAX_WORKLOADS + 1], quantum: f64, prices: &Prices) -> Bounds<T> {
        let mut bounds = Bounds {
            count: 0,
            buyers: [0; MAX_WORKLOADS],
            wanted: [0.0; MAX_WORKLOADS],
            least: [T::ZERO; MAX_WORKLOADS],
            most: [T::ZERO; MAX_WORKLOADS],
        };
        for w in members(all) {
            let k = bounds.count;
            bounds.buyers[k] = w;
            bounds.wanted[k] = prices.spend[w] * quantum;
            bounds.most[k] = T::floor(bounds.wanted[k]) - own[w];
            let choked = prices.choked & (1 << w) != 0;
            bounds.least[k] = if choked { T::ZERO } else { bounds.most[k].max(T::ZERO) };
            bounds.count += 1;
        }
        bounds
    }

    /// A set of buyers by their places here.
    fn renamed(&self, uses: Uses) -> Uses {
        (0..self.count).fold(0, |set, k| set | (uses >> self.buyers[k] & 1) << k)
    }

    /// Widens the bounds by a share of what each buyer wants.
    fn widen(&mut self, share: f64) {
        for k in 0..self.count {
            let give = T::floor(self.wanted[k] * share * (1.0 + ROUNDING)) + T::ONE;
            self.most[k] = (self.most[k] + give).max(T::ZERO);
            self.least[k] = (self.least[k] - give).max(T::ZERO);
        }
    }
}

/// The share `worth` is of `whole`, cleared of rounding; `wanted` is what its buyer wants in all.
#[inline(always)]
pub(super) fn share<T: Amount>(worth: T, whole: T, wanted: f64) -> f64 {
    if worth == T::ZERO || worth == whole {
        return if worth == T::ZERO { 0.0 } else { 1.0 };
    }
    let worth = worth.as_f64();
    let share = worth / whole.as_f64();
    if share > 1.0 - ROUNDING {
        1.0
    } else if share < ROUNDING && worth < ROUNDING * wanted {
        0.0
    } else {
        share
    }
}

/// Quanta in a dollar, a power of two, where `largest` is the largest amount in dollars and has `bits` bits.
#[inline(always)]
pub(super) fn quantum(bits: i64, largest: f64) -> f64 {
    let exponent = (largest.to_bits() >> 52) as i64 - 1023;
    f64::from_bits(((1023 + bits - exponent) as u64) << 52)
}
