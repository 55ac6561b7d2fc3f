//! The primal: the lexicographically largest hours at the optimal prices.

use super::prices::{IDLE, Prices, Uses, members};
use super::{Clearing, MAX_WORKLOADS, Market};

/// A tranche with more than one best use.
#[derive(Clone, Copy, Debug)]
struct Contested {
    /// Its place among the tranches with capacity.
    place: usize,
    /// The uses still open.
    uses: Uses,
    /// What it may still earn, in quanta.
    most: i128,
    /// What it must still earn: all, or nothing if it may idle.
    least: i128,
}

/// Relative amounts below which a share of a tranche is rounding.
const ROUNDING: f64 = 1e-13;

/// Work space.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    contested: Vec<Contested>,
    /// By set of workloads: worth of the contested tranches it can have.
    most: Vec<i128>,
    /// By set of workloads: worth of the contested tranches only it can have.
    least: Vec<i128>,
}

impl Hours {
    pub fn fill(&mut self, prices: &Prices, market: &Market<'_>, clearing: &mut Clearing) {
        let workloads = market.demand.len();
        clearing.hours.clear();
        clearing.hours.resize(market.rate.len(), 0.0);
        self.contested.clear();
        let quantum = quantum(prices);
        let mut bought = [0; MAX_WORKLOADS];
        for (place, t) in prices.tranches.iter().enumerate() {
            let uses = t.uses & !IDLE;
            if uses == 0 {
                continue;
            }
            let worth = (t.capacity * t.value * quantum) as i128;
            if t.uses.is_power_of_two() {
                let w = uses.trailing_zeros() as usize;
                bought[w] += worth;
                clearing.hours[t.place * workloads + prices.place[w]] = t.capacity;
            } else {
                let least = if t.uses & IDLE == 0 { worth } else { 0 };
                self.contested.push(Contested { place, uses, most: worth, least });
            }
        }
        if !self.contested.is_empty() {
            self.split(prices, quantum, bought, market, clearing);
        }
        clearing.served.clear();
        clearing.served.resize(workloads, 0.0);
        for (hours, rate) in clearing.hours.chunks(workloads.max(1)).zip(market.rate.chunks(workloads.max(1)))
        {
            for (w, served) in clearing.served.iter_mut().enumerate() {
                *served += rate[w] * hours[w];
            }
        }
    }

    fn split(
        &mut self,
        prices: &Prices,
        quantum: f64,
        bought: [i128; MAX_WORKLOADS],
        market: &Market<'_>,
        clearing: &mut Clearing,
    ) {
        let workloads = market.demand.len();
        let count = prices.count;
        let sets = 1usize << count;
        self.most.clear();
        self.most.resize(sets, 0);
        self.least.clear();
        self.least.resize(sets, 0);
        let mut all = 0;
        for c in &self.contested {
            all += c.most;
            self.most[c.uses] += c.most;
            self.least[c.uses] += c.least;
        }
        for w in 0..count {
            for with in (0..sets).filter(|set| set & (1 << w) != 0) {
                let without = with ^ (1 << w);
                self.most[with] += self.most[without];
                self.least[with] += self.least[without];
            }
        }
        self.most.reverse();
        for most in &mut self.most {
            *most = all - *most;
        }
        let mut at_most = [0i128; MAX_WORKLOADS];
        let mut at_least = [0i128; MAX_WORKLOADS];
        for w in 0..count {
            let wanted = (prices.spend[w] * quantum) as i128;
            at_most[w] = wanted - bought[w];
            at_least[w] = if prices.choked & (1 << w) == 0 { wanted - bought[w] } else { 0 };
        }
        let sum = |of: &[i128; MAX_WORKLOADS], set: Uses| members(set).map(|w| of[w].max(0)).sum::<i128>();
        let mut slack: f64 = 0.0;
        for set in 1..sets {
            let wanted: f64 = members(set).map(|w| prices.spend[w] * quantum).sum();
            let short = sum(&at_least, set) - self.most[set];
            let over = self.least[set] - members(set).map(|w| at_most[w]).sum::<i128>();
            slack = slack.max(short.max(over) as f64 / wanted);
        }
        for w in 0..count {
            let give = (prices.spend[w] * quantum * slack * (1.0 + 1e-9)) as i128;
            at_most[w] = (at_most[w] + give).max(0);
            at_least[w] = (at_least[w] - give).max(0);
        }
        let mut free: Vec<i128> = (0..sets).map(|set| self.most[set] - sum(&at_least, set)).collect();
        let mut room: Vec<i128> = (0..sets).map(|set| sum(&at_most, set) - self.least[set]).collect();
        for c in &mut self.contested {
            let t = &prices.tranches[c.place];
            let whole = c.most;
            for w in members(c.uses) {
                let bit = 1 << w;
                let rest = c.uses & !bit;
                let mut worth = c.most.min(at_most[w]);
                for set in 1..sets {
                    if set & bit == 0 && set & rest != 0 {
                        worth = worth.min(free[set]);
                    }
                    if set & bit != 0 && (rest & !set != 0 || c.least == 0) {
                        worth = worth.min(room[set]);
                    }
                }
                let worth = worth.max(0);
                let (most, least) = (c.most - worth, (c.least - worth).max(0));
                let (before, after) = (at_least[w], (at_least[w] - worth).max(0));
                at_most[w] -= worth;
                at_least[w] = after;
                for set in 1..sets {
                    let had = if set & c.uses != 0 { c.most } else { 0 };
                    let has = if set & rest != 0 { most } else { 0 };
                    let needs = if set & bit != 0 { after - before } else { 0 };
                    free[set] += has - had - needs;
                    let had = if c.uses & !set == 0 { c.least } else { 0 };
                    let has = if rest & !set == 0 { least } else { 0 };
                    let takes = if set & bit != 0 { worth } else { 0 };
                    room[set] -= takes + has - had;
                }
                (c.uses, c.most, c.least) = (rest, most, least);
                let mut share = worth as f64 / whole as f64;
                if share < ROUNDING && (worth as f64) < ROUNDING * prices.spend[w] * quantum {
                    share = 0.0;
                } else if share > 1.0 - ROUNDING {
                    share = 1.0;
                }
                clearing.hours[t.place * workloads + prices.place[w]] = t.capacity * share;
            }
        }
    }
}

/// Quanta in a dollar: the largest worth in the market is about 2^110 of them.
fn quantum(prices: &Prices) -> f64 {
    let mut largest = f64::MIN_POSITIVE;
    for t in &prices.tranches {
        largest = largest.max(t.capacity * t.value);
    }
    for w in 0..prices.count {
        largest = largest.max(prices.spend[w]);
    }
    let exponent = ((largest.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    f64::from_bits(((1023 + 110 - exponent) as u64) << 52)
}
