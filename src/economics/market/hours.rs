//! The primal: the lexicographically largest hours at the optimal prices.
//!
//! At the optimal prices an hour of a tranche is worth the same in each of its best uses. Counted in worth, v·x on one
//! side and lambda·d on the other, hours are therefore a flow without gains from tranches to buyers. A tranche with one
//! best use goes there whole. The others are contested, and can be shared out if and only if, for every set of buyers
//! (Gale 1957, Hoffman 1960),
//!
//! * what the set must still be served is no more than what the contested tranches it can have are worth, and
//! * what only the set can have, of tranches that may not idle, is no more than it may still be served.
//!
//! Hours are fixed one tranche and buyer at a time, in the order of ties, at the most that keeps both true for the rest.
//! Neighbours with the same uses, such as the contracts and the spot hours of one chip, are fixed as one tranche: the first
//! then has what the first buyer gets, and so on down both lists.
//!
//! Worth is counted in whole quanta, so that differences lose nothing even when a small tranche shares a buyer with one
//! 1e10 times its size. Prices come with rounding errors, so the conditions may fail by their size; what buyers must and
//! may be served is then widened by the smallest common share that makes them true.

use super::prices::{IDLE, Prices, Tranche, Uses, members};
use super::{Clearing, MAX_WORKLOADS, Market};

/// A share of a tranche, and of what a buyer spends, that is rounding.
const ROUNDING: f64 = 1e-13;

/// Least share by which bounds are widened.
const SLACK: f64 = 1e-15;

/// Amounts in dollars below which nothing is told apart.
const SMALLEST: f64 = 1e-200;

/// Quanta: the largest amount to be shared out is about 2^116 of them, which leaves room for sums of a thousand.
const QUANTA: i64 = 116;

/// A tranche with more than one best use.
#[derive(Clone, Copy, Debug)]
struct Contested {
    /// Its place among the tranches with capacity.
    at: usize,
    /// The buyers still to be considered.
    uses: Uses,
    /// What it may still earn, in quanta.
    most: i128,
    /// What it must still earn: as much, or nothing if it may idle.
    least: i128,
}

/// Shares out hours, reusing its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    contested: Vec<Contested>,
    /// What each of them may earn in all.
    wholes: Vec<i128>,
    /// By set of buyers: worth of the contested tranches it can have, less what it must be served.
    spare: Vec<i128>,
    /// By set of buyers: what it may be served, less what it must take.
    room: Vec<i128>,
}

impl Hours {
    /// Writes hours and what they serve.
    pub fn fill(&mut self, prices: &Prices, market: &Market<'_>, clearing: &mut Clearing) {
        let workloads = market.demand.len();
        clearing.hours.clear();
        clearing.hours.resize(market.rate.len(), 0.0);
        clearing.served.clear();
        clearing.served.resize(workloads, 0.0);
        self.contested.clear();
        for (at, t) in prices.tranches.iter().enumerate() {
            if !t.uses.is_power_of_two() {
                self.contested.push(Contested { at, uses: t.uses, most: 0, least: 0 });
            } else if t.uses != IDLE {
                clearing.hours
                    [t.place * workloads + prices.buyers()[t.uses.trailing_zeros() as usize].place] =
                    t.capacity;
            }
        }
        if !self.contested.is_empty() {
            self.share_out(prices, workloads, &mut clearing.hours);
        }
        for t in &prices.tranches {
            let row = t.place * workloads..(t.place + 1) * workloads;
            let uses = market.rate[row.clone()].iter().zip(&clearing.hours[row]);
            for (served, (rate, hours)) in clearing.served.iter_mut().zip(uses) {
                *served += rate * hours;
            }
        }
    }

    /// Writes the hours of the contested tranches.
    fn share_out(&mut self, prices: &Prices, workloads: usize, hours: &mut [f64]) {
        let bounds = Bounds::new(&mut self.contested, prices);
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
    }

    /// The same among `B` buyers: a constant, so that the loops over sets of them unroll.
    fn share_among<const B: usize>(
        &mut self,
        mut bounds: Bounds,
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
                if self.contested[first].most == 0 {
                    break;
                }
                let mut worth = self.give::<B>(first, k, &mut bounds);
                while worth > 0 {
                    if left == 0 {
                        at += 1;
                        left = self.wholes[at];
                        continue;
                    }
                    let part = worth.min(left);
                    let t = &prices.tranches[self.contested[at].at];
                    let to = t.place * workloads + prices.buyers()[bounds.buyers[k]].place;
                    hours[to] = share(part, self.wholes[at], bounds.wanted[k]) * t.capacity;
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
        let (uses, idles) = (self.contested[first].uses, self.contested[first].least == 0);
        let alike = |c: &&Contested| c.uses == uses && (c.least == 0) == idles;
        let run = self.contested[first..].iter().take_while(alike).count();
        let most = self.wholes[first..first + run].iter().sum();
        self.contested[first].most = most;
        self.contested[first].least = if idles { 0 } else { most };
        first + run
    }

    /// Tabulates spare and room by summing over subsets; spare first by the complement of the set.
    fn tabulate(&mut self, bounds: &Bounds) {
        let sets = 1usize << bounds.count;
        for table in [&mut self.spare, &mut self.room] {
            table.clear();
            table.resize(sets, 0);
        }
        let mut all = 0;
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
    fn slack(&self, bounds: &Bounds) -> f64 {
        let mut slack = 0.0f64;
        for (set, (&spare, &room)) in self.spare.iter().zip(&self.room).enumerate().skip(1) {
            let short = spare.min(room);
            if short < 0 {
                let wanted: f64 = members(set).map(|k| bounds.wanted[k]).sum();
                slack = slack.max(-short as f64 / wanted);
            }
        }
        slack
    }

    /// How much of `worth` the conditions let a tranche give to the buyer `bit`, when it then has the uses `rest`.
    fn allowed<const B: usize>(&self, bit: Uses, rest: Uses, may_idle: bool, worth: i128) -> i128 {
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
        allowed.max(0)
    }

    /// Gives contested tranche `c` to buyer `k` as far as the conditions allow, and returns the worth of it.
    fn give<const B: usize>(&mut self, c: usize, k: usize, bounds: &mut Bounds) -> i128 {
        let Contested { uses, most, least, .. } = self.contested[c];
        let bit = 1 << k;
        let rest = uses & !bit;
        let last = rest == 0 && least == most;
        let worth =
            if last { most } else { self.allowed::<B>(bit, rest, least == 0, most.min(bounds.most[k])) };
        let still_least = (least - worth).max(0);
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
struct Bounds {
    count: usize,
    /// Their places among the buyers.
    buyers: [usize; MAX_WORKLOADS],
    /// What they want in all.
    wanted: [f64; MAX_WORKLOADS],
    least: [i128; MAX_WORKLOADS],
    most: [i128; MAX_WORKLOADS],
}

impl Bounds {
    /// Bounds before rounding is allowed for. Counts the worth of contested tranches, and renames their uses to the buyers
    /// concerned.
    fn new(contested: &mut [Contested], prices: &Prices) -> Bounds {
        let all = contested.iter().fold(0, |all, c| all | c.uses);
        let tranches = contested.iter().map(|c| &prices.tranches[c.at]);
        let amounts = tranches.map(|t| t.capacity * t.value).chain(members(all).map(|w| prices.spend[w]));
        let quantum = quantum(amounts.fold(SMALLEST, f64::max));
        let mut bounds = Bounds {
            count: 0,
            buyers: [0; MAX_WORKLOADS],
            wanted: [0.0; MAX_WORKLOADS],
            least: [0; MAX_WORKLOADS],
            most: [0; MAX_WORKLOADS],
        };
        for w in members(all) {
            let k = bounds.count;
            bounds.buyers[k] = w;
            bounds.wanted[k] = prices.spend[w] * quantum;
            bounds.most[k] = bounds.wanted[k] as i128;
            for own in prices.tranches.iter().filter(|t| t.uses == 1 << w) {
                bounds.most[k] -= worth(own, quantum);
            }
            bounds.least[k] = if prices.choked & (1 << w) == 0 { bounds.most[k].max(0) } else { 0 };
            bounds.count += 1;
        }
        for c in contested {
            c.most = worth(&prices.tranches[c.at], quantum);
            c.least = if c.uses & IDLE == 0 { c.most } else { 0 };
            c.uses =
                (0..bounds.count).filter(|&k| c.uses & (1 << bounds.buyers[k]) != 0).map(|k| 1 << k).sum();
        }
        bounds
    }

    /// Widens the bounds by a share of what each buyer wants.
    fn widen(&mut self, share: f64) {
        for k in 0..self.count {
            let give = (self.wanted[k] * share * (1.0 + ROUNDING)) as i128 + 1;
            self.most[k] = (self.most[k] + give).max(0);
            self.least[k] = (self.least[k] - give).max(0);
        }
    }
}

/// What all hours of a tranche are worth, in quanta.
fn worth(t: &Tranche, quantum: f64) -> i128 {
    (t.capacity * t.value * quantum) as i128
}

/// The share `worth` is of `whole`, cleared of rounding; `wanted` is what its buyer wants in all.
fn share(worth: i128, whole: i128, wanted: f64) -> f64 {
    if worth == 0 || worth == whole {
        return if worth == 0 { 0.0 } else { 1.0 };
    }
    let worth = worth as f64;
    let share = worth / whole as f64;
    if share > 1.0 - ROUNDING {
        1.0
    } else if share < ROUNDING && worth < ROUNDING * wanted {
        0.0
    } else {
        share
    }
}

/// Quanta in a dollar, a power of two, where `largest` is the largest amount in dollars.
fn quantum(largest: f64) -> f64 {
    let exponent = (largest.to_bits() >> 52) as i64 - 1023;
    f64::from_bits(((1023 + QUANTA - exponent) as u64) << 52)
}
