//! The dual: descent over sets of workloads to the lowest optimal prices.

use super::{Clearing, MAX_WORKLOADS, Market};
use crate::economics::demand::DemandCurve;
use crate::math::{exp, ln};

/// A set of uses: one bit a workload, and [`IDLE`].
pub(super) type Uses = usize;

/// The use that costs and earns nothing.
pub(super) const IDLE: Uses = 1 << MAX_WORKLOADS;

/// Relative difference below which two uses of a tranche are tied.
const TIE: f64 = 1e-13;

/// Relative imbalance below which a set of workloads is in balance, for elasticities up to 1.
const BALANCE: f64 = 1e-13;

/// A tranche with capacity, as the prices stand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tranche {
    /// Its place in the market.
    pub place: usize,
    pub capacity: f64,
    pub cost: f64,
    /// e by workload that has demand.
    pub rate: [f64; MAX_WORKLOADS],
    /// v = max(m, max_w lambda_w·e_w): what an hour is worth.
    pub value: f64,
    /// The uses that reach v.
    pub uses: Uses,
    /// The factor on the moving prices at which other uses will tie.
    meets: f64,
}

/// Prices of the workloads that have demand, and the tranches that have capacity.
#[derive(Clone, Debug, Default)]
pub(super) struct Prices {
    /// Workloads that have demand.
    pub count: usize,
    /// Their places in the market.
    pub place: [usize; MAX_WORKLOADS],
    pub curve: [DemandCurve; MAX_WORKLOADS],
    /// lambda.
    pub price: [f64; MAX_WORKLOADS],
    /// lambda·D(lambda): what buyers would spend.
    pub spend: [f64; MAX_WORKLOADS],
    /// Workloads at their choke price, where they buy anything between nothing and D.
    pub choked: Uses,
    /// Workloads whose demand does not grow when the price falls.
    flat: Uses,
    pub tranches: Vec<Tranche>,
    /// Work space of the tables over sets.
    hit: Vec<f64>,
    miss: Vec<f64>,
    spent: Vec<f64>,
    balance: f64,
    moves: usize,
}

impl Prices {
    /// Finds the lowest optimal prices of `market`.
    pub fn settle(&mut self, market: &Market<'_>) {
        self.load(market);
        self.start();
        let limit = 1000 + 50 * self.tranches.len() * self.count;
        while self.moves < limit {
            if let Some((set, worth)) = self.overdemanded() {
                self.raise(set, worth);
            } else if let Some((set, worth)) = self.oversupplied() {
                self.lower(set, worth);
            } else {
                break;
            }
            self.moves += 1;
        }
    }

    pub fn moves(&self) -> usize {
        self.moves
    }

    /// Writes the prices where the market's workloads stand; the price of no demand is 0.
    pub fn write(&self, market: &Market<'_>, clearing: &mut Clearing) {
        clearing.price.clear();
        clearing.price.resize(market.demand.len(), 0.0);
        for w in 0..self.count {
            clearing.price[self.place[w]] = self.price[w];
        }
    }

    fn load(&mut self, market: &Market<'_>) {
        let workloads = market.demand.len();
        self.count = 0;
        self.moves = 0;
        (self.choked, self.flat) = (0, 0);
        self.balance = BALANCE;
        for (w, curve) in market.demand.iter().enumerate() {
            if curve.planned_use > 0.0 {
                self.place[self.count] = w;
                self.curve[self.count] = *curve;
                self.balance = self.balance.max(BALANCE * curve.elasticity);
                self.count += 1;
            }
        }
        self.tranches.clear();
        for i in 0..market.capacity.len() {
            if market.capacity[i] > 0.0 {
                let mut rate = [0.0; MAX_WORKLOADS];
                for w in 0..self.count {
                    rate[w] = market.rate[i * workloads + self.place[w]];
                }
                let (capacity, cost) = (market.capacity[i], market.cost[i]);
                self.tranches.push(Tranche { place: i, capacity, cost, rate, ..Tranche::default() });
            }
        }
    }

    /// Below these prices nobody would serve.
    fn start(&mut self) {
        for w in 0..self.count {
            let mut price = self.curve[w].choke_price;
            for t in &self.tranches {
                if t.rate[w] > 0.0 {
                    price = price.min(t.cost / t.rate[w]);
                }
            }
            self.set_price(w, price);
        }
        for t in &mut self.tranches {
            (t.value, t.uses) = t.best(&self.price[..self.count]);
        }
    }

    fn set_price(&mut self, w: usize, price: f64) {
        let curve = &self.curve[w];
        let bit = 1 << w;
        self.choked &= !bit;
        self.flat &= !bit;
        let mut price = price;
        if price >= curve.choke_price * (1.0 - TIE) {
            price = curve.choke_price;
            self.choked |= bit;
        }
        let ratio = curve.use_ratio(price);
        if curve.elasticity == 0.0 || ratio >= curve.saturation * (1.0 - TIE) {
            self.flat |= bit;
        }
        self.price[w] = price;
        self.spend[w] = price * curve.planned_use * ratio;
    }

    /// A smallest set of workloads that would buy more than all the tranches it can have, with the worth of these:
    /// raising its prices by a common factor improves the dual.
    fn overdemanded(&mut self) -> Option<(Uses, f64)> {
        let sets = 1 << self.count;
        self.hit.clear();
        self.hit.resize(sets, 0.0);
        self.miss.clear();
        self.miss.resize(sets, 0.0);
        for t in &self.tranches {
            self.miss[t.uses & (sets - 1)] += t.capacity * t.value;
        }
        for w in 0..self.count {
            let bit = 1 << w;
            for without in (0..sets).filter(|set| set & bit == 0) {
                let with = without | bit;
                let hit = self.hit[without] + self.hit[with];
                let miss = self.miss[with];
                self.hit[without] = hit;
                self.hit[with] = hit + miss;
                self.miss[with] = self.miss[without];
                self.miss[without] += miss;
            }
        }
        self.sum_spend();
        let choked = self.choked;
        self.steepest(|table, set| if set & choked == 0 { table.spent[set] - table.hit[set] } else { 0.0 })
    }

    /// The smallest of the sets that gain most, if any gains more than rounding.
    fn steepest(&self, gain: impl Fn(&Self, Uses) -> f64) -> Option<(Uses, f64)> {
        let mut best = 0;
        let mut most = 0.0;
        for set in 1..1 << self.count {
            let gain = gain(self, set);
            if gain > most && gain > self.balance * self.spent[set] {
                (best, most) = (set, gain);
            }
        }
        let rounding = 1e-15 * self.spent[best];
        for part in 1..best {
            if part & !best == 0
                && gain(self, part) >= most - self.balance * self.spent[best ^ part] - rounding
            {
                best = part;
                break;
            }
        }
        (best != 0).then(|| (best, self.hit[best]))
    }

    /// A smallest set of workloads that would not buy all of the tranches that have no other use, with the worth of these:
    /// lowering its prices by a common factor improves the dual, or leaves it alone.
    fn oversupplied(&mut self) -> Option<(Uses, f64)> {
        let sets = 1 << self.count;
        self.hit.clear();
        self.hit.resize(sets, 0.0);
        for t in &self.tranches {
            if t.uses & IDLE == 0 {
                self.hit[t.uses] += t.capacity * t.value;
            }
        }
        for w in 0..self.count {
            let bit = 1 << w;
            for with in (0..sets).filter(|set| set & bit != 0) {
                self.hit[with] += self.hit[with ^ bit];
            }
        }
        self.sum_spend();
        self.steepest(|table, set| table.hit[set] - table.spent[set]).or_else(|| {
            (1..sets)
                .find(|&set| set & !self.flat == 0 && self.spent[set] <= self.hit[set] * (1.0 + self.balance))
                .map(|set| (set, self.hit[set]))
        })
    }

    /// Tabulates what each set of workloads would spend.
    fn sum_spend(&mut self) {
        self.spent.clear();
        self.spent.push(0.0);
        for w in 0..self.count {
            for set in 0..1 << w {
                self.spent.push(self.spent[set] + self.spend[w]);
            }
        }
    }

    /// Raises the prices of `set` by a common factor, until a tranche or the choke price is met or its demand has fallen
    /// to the tranches it has, worth `worth` at the prices before.
    fn raise(&mut self, set: Uses, worth: f64) {
        let moving = self.prices_of(set);
        let mut factor = f64::INFINITY;
        for w in members(set) {
            factor = factor.min(self.curve[w].choke_price / self.price[w]);
        }
        for t in &mut self.tranches {
            let rival = t.best_of(&moving[..self.count]);
            t.meets = if t.uses & set == 0 && rival > 0.0 { t.value / rival } else { f64::INFINITY };
            factor = factor.min(t.meets);
        }
        let factor = self.balancing_factor(set, worth, factor).max(1.0);
        self.scale(set, factor);
        let moved = self.prices_of(set);
        for t in &mut self.tranches {
            if t.uses & set != 0 {
                t.uses &= set;
                t.value = t.best_of(&moved[..self.count]);
            } else if t.meets <= factor * (1.0 + TIE) {
                let rival = t.best_of(&moved[..self.count]);
                t.uses |= t.tied(&moved[..self.count], rival);
                t.value = t.value.max(rival);
            }
        }
    }

    /// Lowers the prices of `set` by a common factor, until one of its tranches has another use or its demand has grown to
    /// these tranches, worth `worth` at the prices before.
    fn lower(&mut self, set: Uses, worth: f64) {
        let staying = self.prices_of(!set);
        let mut factor: f64 = 0.0;
        for t in &mut self.tranches {
            let captive = t.uses & !set == 0;
            t.meets = if captive { t.cost.max(t.best_of(&staying[..self.count])) / t.value } else { 0.0 };
            factor = factor.max(t.meets);
        }
        let factor = self.balancing_factor(set, worth, factor).min(1.0);
        self.scale(set, factor);
        let moved = self.prices_of(set);
        for t in &mut self.tranches {
            if t.uses & set == 0 {
                continue;
            }
            if t.uses & !set != 0 {
                t.uses &= !set;
            } else {
                t.value = t.best_of(&moved[..self.count]);
                if t.meets >= factor * (1.0 - TIE) {
                    let rival = t.cost.max(t.best_of(&staying[..self.count]));
                    t.uses |= t.tied(&staying[..self.count], rival);
                    if t.cost >= rival * (1.0 - TIE) {
                        t.uses |= IDLE;
                    }
                    t.value = t.value.max(rival);
                }
            }
        }
    }

    /// Moves the prices of `set` by a common factor.
    fn scale(&mut self, set: Uses, factor: f64) {
        for w in members(set) {
            self.set_price(w, self.price[w] * factor);
        }
    }

    /// The prices of `set`, 0 elsewhere.
    fn prices_of(&self, set: Uses) -> [f64; MAX_WORKLOADS] {
        let mut prices = [0.0; MAX_WORKLOADS];
        for w in (0..self.count).filter(|w| set & (1 << w) != 0) {
            prices[w] = self.price[w];
        }
        prices
    }

    /// The factor between 1 and `limit` at which `set` buys what is worth `worth` at the prices as they stand, or `limit`
    /// if it is met first.
    ///     Σ_w lambda_w·D_w(s·lambda_w) = worth
    fn balancing_factor(&self, set: Uses, worth: f64, limit: f64) -> f64 {
        let bought = |factor: f64| {
            let mut bought = 0.0;
            let mut slope = 0.0;
            for w in members(set) {
                let curve = &self.curve[w];
                let ratio = curve.use_ratio((factor * self.price[w]).min(curve.choke_price));
                let part = self.price[w] * curve.planned_use * ratio;
                bought += part;
                if ratio < curve.saturation {
                    slope -= curve.elasticity * part;
                }
            }
            (bought, slope)
        };
        let at_limit = bought(limit).0;
        let limit_first =
            if limit > 1.0 { at_limit >= worth } else { at_limit <= worth * (1.0 + self.balance) };
        if limit_first {
            return limit;
        }
        let (mut low, mut high) = if limit > 1.0 { (0.0, ln(limit)) } else { (ln(limit), 0.0) };
        let mut at = if limit > 1.0 { low } else { high };
        for _ in 0..100 {
            let (bought, slope) = bought(exp(at));
            if bought > worth {
                low = at;
            } else {
                high = at;
            }
            let newton = at - bought * ln(bought / worth) / slope;
            let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
            if (next - at).abs() <= 1e-16 || (bought / worth - 1.0).abs() <= 4e-16 {
                break;
            }
            at = next;
        }
        exp(at)
    }
}

impl Tranche {
    /// The best use at these prices: its worth, and all uses that reach it.
    fn best(&self, prices: &[f64]) -> (f64, Uses) {
        let value = self.cost.max(self.best_of(prices));
        let idle = if self.cost >= value * (1.0 - TIE) { IDLE } else { 0 };
        (value, self.tied(prices, value) | idle)
    }

    /// The most an hour earns at these prices.
    fn best_of(&self, prices: &[f64]) -> f64 {
        prices.iter().zip(&self.rate).fold(0.0, |best, (p, e)| (p * e).max(best))
    }

    /// The workloads at which an hour earns `value` at these prices.
    fn tied(&self, prices: &[f64], value: f64) -> Uses {
        let mut uses = 0;
        for (w, (p, e)) in prices.iter().zip(&self.rate).enumerate() {
            if p * e >= value * (1.0 - TIE) {
                uses |= 1 << w;
            }
        }
        uses
    }
}

/// The workloads of a set.
pub(super) fn members(set: Uses) -> impl Iterator<Item = usize> {
    (0..MAX_WORKLOADS).filter(move |w| set & (1 << w) != 0)
}
