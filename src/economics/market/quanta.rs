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
const ROUNDING: f64 = 1e-13;

/// Least share by which bounds are widened.
const SLACK: f64 = 1e-15;

/// Amounts in dollars below which nothing is told apart.
const SMALLEST: f64 = 1e-200;

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

    /// Whole quanta of an amount.
    fn floor(amount: f64) -> Self;

    fn as_f64(self) -> f64;
}

impl Amount for i64 {
    const BITS: i64 = 52;
    const LEAST: i64 = 1 << 38;
    const ZERO: i64 = 0;
    const ONE: i64 = 1;

    #[inline]
    fn floor(amount: f64) -> i64 {
        amount as i64
    }

    #[inline]
    fn as_f64(self) -> f64 {
        self as f64
    }
}

impl Amount for i128 {
    const BITS: i64 = 116;
    const LEAST: i128 = 0;
    const ZERO: i128 = 0;
    const ONE: i128 = 1;

    #[inline]
    fn floor(amount: f64) -> i128 {
        amount as i128
    }

    #[inline]
    fn as_f64(self) -> f64 {
        self as f64
    }
}

/// A tranche with more than one best use.
#[derive(Clone, Copy, Debug)]
struct Contested<T> {
    /// Its place among the tranches with capacity.
    at: usize,
    /// The buyers still to be considered.
    uses: Uses,
    /// What it may still earn, in quanta.
    most: T,
    /// What it must still earn: as much, or nothing if it may idle.
    least: T,
}

/// Shares out contested tranches, reusing its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Quanta<T> {
    contested: Vec<Contested<T>>,
    /// What each of them may earn in all.
    wholes: Vec<T>,
    /// By set of buyers: worth of the contested tranches it can have, less what it must be served.
    spare: Vec<T>,
    /// By set of buyers: what it may be served, less what it must take.
    room: Vec<T>,
}

impl<T: Amount> Quanta<T> {
    /// Writes the hours of the contested tranches; if one is too small for these quanta, it tells so and writes none.
    pub fn share_out(&mut self, prices: &Prices, workloads: usize, hours: &mut [f64]) -> bool {
        self.contested.clear();
        for (at, &uses) in prices.tranches.uses.iter().enumerate() {
            if !uses.is_power_of_two() {
                self.contested.push(Contested { at, uses, most: T::ZERO, least: T::ZERO });
            }
        }
        let bounds = Bounds::new(&mut self.contested, prices);
        if self.contested.iter().any(|c| c.most < T::LEAST) {
            return false;
        }
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
            self.tabulate(&bounds);
            slack = self.slack(&bounds);
        }
        self.wholes.clear();
        self.wholes.extend(self.contested.iter().map(|c| c.most));
        let mut first = 0;
        while first < self.contested.len() {
            let after = self.merge_run(first);
            let (mut at, mut left) = (first, self.wholes[first]);
            for k in members(self.contested[first].uses) {
                if self.contested[first].most == T::ZERO {
                    break;
                }
                let mut worth = self.give::<B>(first, k, &mut bounds);
                while worth > T::ZERO {
                    if left == T::ZERO {
                        at += 1;
                        left = self.wholes[at];
                        continue;
                    }
                    let part = worth.min(left);
                    let (t, tranche) = (&prices.tranches, self.contested[at].at);
                    let to = t.place[tranche] * workloads + prices.buyers()[bounds.buyers[k]].place;
                    hours[to] = share(part, self.wholes[at], bounds.wanted[k]) * t.capacity[tranche];
                    worth -= part;
                    left -= part;
                }
            }
            first = after;
        }
    }

    /// Makes one of the contested tranches from `first` on that have the same uses and stand side by side: what they may
    /// earn together is then poured into them in their order. Returns the place after the last of them.
    fn merge_run(&mut self, first: usize) -> usize {
        let (uses, idles) = (self.contested[first].uses, self.contested[first].least == T::ZERO);
        let alike = |c: &&Contested<T>| c.uses == uses && (c.least == T::ZERO) == idles;
        let run = self.contested[first..].iter().take_while(alike).count();
        let most = self.wholes[first..first + run].iter().copied().sum();
        self.contested[first].most = most;
        self.contested[first].least = if idles { T::ZERO } else { most };
        first + run
    }

    /// Tabulates spare and room by summing over subsets; spare first by the complement of the set.
    fn tabulate(&mut self, bounds: &Bounds<T>) {
        let sets = 1usize << bounds.count;
        for table in [&mut self.spare, &mut self.room] {
            table.clear();
            table.resize(sets, T::ZERO);
        }
        let mut all = T::ZERO;
        for c in &self.contested {
            all += c.most;
            self.spare[c.uses] -= c.most;
            self.room[c.uses] -= c.least;
        }
        for k in 0..bounds.count {
            all -= bounds.least[k];
            self.spare[1 << k] += bounds.least[k];
            self.room[1 << k] += bounds.most[k];
        }
        for table in [&mut self.spare, &mut self.room] {
            for k in 0..bounds.count {
                for block in table.chunks_exact_mut(2 << k) {
                    let (without, with) = block.split_at_mut(1 << k);
                    with.iter_mut().zip(without).for_each(|(with, without)| *with += *without);
                }
            }
        }
        self.spare.reverse();
        self.spare.iter_mut().for_each(|spare| *spare += all);
    }

    /// The share of what a set wants by which the conditions fail, at most; 0 if they hold.
    fn slack(&self, bounds: &Bounds<T>) -> f64 {
        let mut slack = 0.0f64;
        for (set, (&spare, &room)) in self.spare.iter().zip(&self.room).enumerate().skip(1) {
            let short = spare.min(room);
            if short < T::ZERO {
                let wanted: f64 = members(set).map(|k| bounds.wanted[k]).sum();
                slack = slack.max(-short.as_f64() / wanted);
            }
        }
        slack
    }

    /// How much of `worth` the conditions let a tranche give to the buyer `bit`, when it then has the uses `rest`.
    fn allowed<const B: usize>(&self, bit: Uses, rest: Uses, may_idle: bool, worth: T) -> T {
        let mut allowed = worth;
        let (spare, room) = (&self.spare[..1 << B], &self.room[..1 << B]);
        for set in 1..1 << B {
            let (spare, room) = (spare[set], room[set]);
            if set & bit == 0 {
                if set & rest != 0 && spare < allowed {
                    allowed = spare;
                }
            } else if (rest & !set != 0 || may_idle) && room < allowed {
                allowed = room;
            }
        }
        allowed.max(T::ZERO)
    }

    /// Gives contested tranche `c` to buyer `k` as far as the conditions allow, and returns the worth of it.
    fn give<const B: usize>(&mut self, c: usize, k: usize, bounds: &mut Bounds<T>) -> T {
        let Contested { uses, most, least, .. } = self.contested[c];
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
        let (spare, room) = (&mut self.spare[..1 << B], &mut self.room[..1 << B]);
        for set in 1..1 << B {
            let (spare, room) = (&mut spare[set], &mut room[set]);
            if set & bit != 0 {
                *spare += met - if set & rest != 0 { worth } else { most };
                *room -= if rest & !set == 0 { worth - (least - still_least) } else { worth };
            } else {
                if set & rest != 0 {
                    *spare -= worth;
                }
                if rest & !set == 0 {
                    *room -= still_least;
                }
            }
        }
        bounds.least[k] -= met;
        bounds.most[k] -= worth;
        let contested = &mut self.contested[c];
        (contested.uses, contested.most, contested.least) = (rest, most - worth, still_least);
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
    /// Bounds before rounding is allowed for. Counts the worth of contested tranches, and renames their uses to the buyers
    /// concerned.
    fn new(contested: &mut [Contested<T>], prices: &Prices) -> Bounds<T> {
        let t = &prices.tranches;
        let all = contested.iter().fold(0, |all, c| all | c.uses);
        let worths = contested.iter().map(|c| t.worth(c.at));
        let amounts = worths.chain(members(all).map(|w| prices.spend[w]));
        let quantum = quantum(T::BITS, amounts.fold(SMALLEST, f64::max));
        let mut own = [T::ZERO; MAX_WORKLOADS + 1];
        for (at, uses) in t.uses.iter().enumerate().filter(|(_, uses)| uses.is_power_of_two()) {
            own[uses.trailing_zeros() as usize] += T::floor(t.worth(at) * quantum);
        }
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
        for c in contested {
            c.most = T::floor(t.worth(c.at) * quantum);
            c.least = if c.uses & IDLE == 0 { c.most } else { T::ZERO };
            c.uses =
                (0..bounds.count).filter(|&k| c.uses & (1 << bounds.buyers[k]) != 0).map(|k| 1 << k).sum();
        }
        bounds
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
fn share<T: Amount>(worth: T, whole: T, wanted: f64) -> f64 {
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
fn quantum(bits: i64, largest: f64) -> f64 {
    let exponent = (largest.to_bits() >> 52) as i64 - 1023;
    f64::from_bits(((1023 + bits - exponent) as u64) << 52)
}
