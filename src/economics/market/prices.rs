//! The dual: descent over sets of workloads to the lowest optimal prices.
//!
//! The state is a price for each workload with demand and, for each tranche with capacity, the set of its best uses. A
//! move multiplies the prices of one set of workloads by a common factor: uses that are tied within the set stay tied,
//! by construction and not by comparison. Sums are kept as worth at the prices of the moment, lambda·D for demand and
//! v·K for supply, because a common factor then leaves a set's supply and what it is compared with in proportion.
//!
//! Nothing here depends on what was solved before: the memory is reused, its contents are not.

use super::{Clearing, MAX_WORKLOADS, Market};
use crate::economics::demand::DemandCurve;
use crate::math::{exp, ln};

/// A set of uses: one bit a workload, and [`IDLE`].
pub(super) type Uses = usize;

/// The use that costs and earns nothing.
pub(super) const IDLE: Uses = 1 << MAX_WORKLOADS;

/// Relative difference below which two uses of a tranche tie where they meet.
const TIE: f64 = 1e-13;

/// Relative imbalance below which a set of workloads is in balance; times the elasticity where that is above 1.
const BALANCE: f64 = 1e-13;

/// Relative size of the rounding in a sum of worths.
const ROUNDING: f64 = 1e-15;

/// A workload with demand, as its price stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Buyer {
    /// Its place in the market.
    pub place: usize,
    curve: DemandCurve,
    /// Most use over planned use.
    most: f64,
    /// ln(lambda / p_ref).
    log_price: f64,
    /// D(lambda) / Q.
    use_ratio: f64,
}

/// A tranche with capacity, as the prices stand.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tranche {
    /// Its place in the market.
    pub place: usize,
    pub capacity: f64,
    pub cost: f64,
    /// e by buyer.
    rate: [f64; MAX_WORKLOADS],
    /// v = max(m, max_w lambda_w·e_w): what an hour is worth.
    pub value: f64,
    /// The uses that reach v.
    pub uses: Uses,
    /// The factor of the current move at which its uses change.
    turns: f64,
}

/// The prices, and the market they are settled on.
#[derive(Clone, Debug, Default)]
pub(super) struct Prices {
    buyers: [Buyer; MAX_WORKLOADS],
    count: usize,
    pub tranches: Vec<Tranche>,
    /// lambda by buyer, 0 beyond the last.
    price: [f64; MAX_WORKLOADS],
    /// lambda·D(lambda) by buyer.
    pub spend: [f64; MAX_WORKLOADS],
    /// Buyers at their choke price, who buy anything between nothing and D.
    pub choked: Uses,
    /// Buyers who would not buy more at a lower price.
    flat: Uses,
    /// Relative imbalance that counts as none.
    balance: f64,
    /// By set of buyers: worth of the tranches that matter to it.
    supply: Vec<f64>,
    /// By set of buyers: what it spends.
    demand: Vec<f64>,
    /// Work space.
    others: Vec<f64>,
    merit: Vec<(f64, f64)>,
    moves: usize,
}

impl Prices {
    /// Finds the lowest optimal prices of `market`.
    pub fn settle(&mut self, market: &Market<'_>) {
        self.load(market);
        match self.count {
            0 => {}
            1 => self.descend::<1>(),
            2 => self.descend::<2>(),
            3 => self.descend::<3>(),
            4 => self.descend::<4>(),
            5 => self.descend::<5>(),
            6 => self.descend::<6>(),
            7 => self.descend::<7>(),
            _ => self.descend::<8>(),
        }
    }

    /// Descends with as many buyers as `W` says, a constant so that the loops over them unroll.
    fn descend<const W: usize>(&mut self) {
        self.start::<W>();
        let limit = 1000 + 50 * self.tranches.len() * W;
        let mut done = false;
        while !done && self.moves < limit {
            done = true;
            while let Some(set) = self.overdemanded::<W>() {
                self.raise::<W>(set);
                self.moves += 1;
                if self.moves >= limit {
                    return;
                }
            }
            while let Some(set) = self.oversupplied::<W>() {
                self.lower::<W>(set);
                self.moves += 1;
                done = false;
                if self.moves >= limit {
                    return;
                }
            }
        }
    }

    /// The workloads with demand.
    pub fn buyers(&self) -> &[Buyer] {
        &self.buyers[..self.count]
    }

    /// Moves the last market took.
    pub fn moves(&self) -> usize {
        self.moves
    }

    /// Writes the prices where the market's workloads stand; without demand the lowest optimal price is 0.
    pub fn write(&self, market: &Market<'_>, clearing: &mut Clearing) {
        clearing.price.clear();
        clearing.price.resize(market.demand.len(), 0.0);
        for (buyer, price) in self.buyers().iter().zip(self.price) {
            clearing.price[buyer.place] = price;
        }
    }

    /// Keeps the workloads with demand and the tranches with capacity.
    fn load(&mut self, market: &Market<'_>) {
        let workloads = market.demand.len();
        self.moves = 0;
        self.balance = BALANCE;
        self.count = 0;
        for (place, &curve) in market.demand.iter().enumerate() {
            if curve.planned_use > 0.0 {
                let most = curve.most_use() / curve.planned_use;
                self.buyers[self.count] = Buyer { place, curve, most, ..Buyer::default() };
                self.count += 1;
                self.balance = self.balance.max(BALANCE * curve.elasticity);
            }
        }
        self.tranches.clear();
        for (place, (&capacity, &cost)) in market.capacity.iter().zip(market.cost).enumerate() {
            if capacity > 0.0 {
                let mut rate = [0.0; MAX_WORKLOADS];
                let row = &market.rate[place * workloads..(place + 1) * workloads];
                for (rate, buyer) in rate.iter_mut().zip(self.buyers()) {
                    *rate = row[buyer.place];
                }
                self.tranches.push(Tranche { place, capacity, cost, rate, ..Tranche::default() });
            }
        }
        let sets = 1 << self.count;
        for table in [&mut self.supply, &mut self.demand, &mut self.others] {
            table.clear();
            table.resize(sets, 0.0);
        }
    }

    /// Starts near the answer: where one buyer with everybody's plan and mean elasticity would meet the merit order, were
    /// prices in the ratio of the reference prices. Any start is right; this one saves moves.
    fn start<const W: usize>(&mut self) {
        self.price = [0.0; MAX_WORKLOADS];
        let (mut plan, mut elasticity) = (0.0, 0.0);
        for (price, buyer) in self.price.iter_mut().zip(&self.buyers[..W]) {
            *price = buyer.curve.reference_price;
            plan += *price * buyer.curve.planned_use;
            elasticity += *price * buyer.curve.planned_use * buyer.curve.elasticity;
        }
        elasticity /= plan;
        self.merit.clear();
        for t in &self.tranches {
            let value = t.earns::<W>(&self.price);
            if value > 0.0 {
                self.merit.push((t.cost / value, t.capacity * value));
            }
        }
        self.merit.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut offered = 0.0;
        for step in &mut self.merit {
            offered += step.1;
            step.1 = offered;
        }
        let clears = |offered: f64| exp(ln(plan / offered) / elasticity);
        let last = self.merit.partition_point(|&(level, offered)| level < clears(offered));
        let before = if last == 0 { 0.0 } else { self.merit[last - 1].1 };
        let level = clears(before).min(self.merit.get(last).map_or(f64::INFINITY, |step| step.0));
        self.choked = 0;
        self.flat = 0;
        for w in 0..W {
            let curve = &self.buyers[w].curve;
            let price = (level * curve.reference_price).clamp(f64::MIN_POSITIVE, curve.choke_price);
            self.buyers[w].log_price = ln(price / curve.reference_price);
            self.price[w] = price;
            self.spend[w] = price * self.buyers[w].buys(0.0);
            self.mark(w);
        }
        for t in &mut self.tranches {
            let earned = t.earns::<W>(&self.price);
            t.value = earned.max(t.cost);
            t.uses = t.reach::<W>(&self.price, t.value);
        }
    }

    /// The set of buyers whose prices, raised by a common factor, improve the dual fastest: it would spend more than all
    /// tranches it can have are worth. Supply is left at the worth of these.
    fn overdemanded<const W: usize>(&mut self) -> Option<Uses> {
        let buyers = (1 << W) - 1;
        let (supply, others) = (&mut self.supply[..1 << W], &mut self.others[..1 << W]);
        supply.fill(0.0);
        others.fill(0.0);
        for t in &self.tranches {
            others[t.uses & buyers] += t.capacity * t.value;
        }
        for w in 0..W {
            let bit = 1 << w;
            let blocks = supply.chunks_exact_mut(2 * bit).zip(others.chunks_exact_mut(2 * bit));
            for (supply, others) in blocks {
                let (hit_without, hit_with) = supply.split_at_mut(bit);
                let (miss_without, miss_with) = others.split_at_mut(bit);
                for k in 0..bit {
                    let hit = hit_without[k] + hit_with[k];
                    let miss = miss_with[k];
                    hit_without[k] = hit;
                    hit_with[k] = hit + miss;
                    miss_with[k] = miss_without[k];
                    miss_without[k] += miss;
                }
            }
        }
        self.sum_demand::<W>();
        self.steepest::<W>(self.choked, |supply, demand| demand - supply)
    }

    /// The set of buyers whose prices, lowered by a common factor, improve the dual fastest: it would not spend what the
    /// tranches with no other use are worth. Failing that, a smallest set that spends exactly that and would not buy more:
    /// lowering its prices leaves the dual alone. Supply is left at the worth of these tranches.
    fn oversupplied<const W: usize>(&mut self) -> Option<Uses> {
        let supply = &mut self.supply[..1 << W];
        supply.fill(0.0);
        for t in &self.tranches {
            if t.uses & IDLE == 0 {
                supply[t.uses & ((1 << W) - 1)] += t.capacity * t.value;
            }
        }
        for w in 0..W {
            let bit = 1 << w;
            for block in supply.chunks_exact_mut(2 * bit) {
                let (without, with) = block.split_at_mut(bit);
                for (with, without) in with.iter_mut().zip(without) {
                    *with += *without;
                }
            }
        }
        self.sum_demand::<W>();
        self.steepest::<W>(0, |supply, demand| supply - demand).or_else(|| {
            let balanced = 1.0 + self.balance;
            (1..1 << W).find(|&set| set & !self.flat == 0 && self.demand[set] <= self.supply[set] * balanced)
        })
    }

    /// Tabulates what each set of buyers spends.
    fn sum_demand<const W: usize>(&mut self) {
        for w in 0..W {
            let bit = 1 << w;
            let (without, with) = self.demand[..2 * bit].split_at_mut(bit);
            for (with, without) in with.iter_mut().zip(without) {
                *with = *without + self.spend[w];
            }
        }
    }

    /// The smallest of the sets without `barred` buyers that gain most, if any gains more than rounding.
    fn steepest<const W: usize>(&self, barred: Uses, gain: impl Fn(f64, f64) -> f64) -> Option<Uses> {
        let (supply, demand) = (&self.supply[..1 << W], &self.demand[..1 << W]);
        let gain = |set: Uses| gain(supply[set], demand[set]);
        let (mut best, mut most) = (0, 0.0);
        for set in 1..1 << W {
            let gain = gain(set);
            if gain > most && set & barred == 0 && gain > self.balance * demand[set] {
                (best, most) = (set, gain);
            }
        }
        if best == 0 {
            return None;
        }
        let rounding = ROUNDING * demand[best];
        let smaller = (1..best).find(|&part| {
            part & !best == 0 && gain(part) >= most - self.balance * demand[best ^ part] - rounding
        });
        Some(smaller.unwrap_or(best))
    }

    /// Raises the prices of `set` by a common factor, until it meets the worth of another tranche or a choke price, or its
    /// demand has fallen to its supply.
    fn raise<const W: usize>(&mut self, set: Uses) {
        let moving = self.prices_of(set);
        let mut limit = f64::INFINITY;
        for w in (0..W).filter(|w| set & (1 << w) != 0) {
            limit = limit.min(self.buyers[w].curve.choke_price / self.price[w]);
        }
        for t in &mut self.tranches {
            t.turns = if t.uses & set == 0 { t.value / t.earns::<W>(&moving) } else { f64::INFINITY };
            limit = limit.min(t.turns);
        }
        let factor = self.scale::<W>(set, limit.max(1.0));
        let moved = self.prices_of(set);
        for t in &mut self.tranches {
            if t.uses & set != 0 {
                t.uses &= set;
                t.value *= factor;
            } else if t.turns <= factor * (1.0 + TIE) {
                t.uses |= t.reach::<W>(&moved, t.earns::<W>(&moved)) & set;
            }
        }
    }

    /// Lowers the prices of `set` by a common factor, until one of its tranches has another use or its demand has grown to
    /// its supply.
    fn lower<const W: usize>(&mut self, set: Uses) {
        let staying = self.prices_of(!set);
        let mut limit = 0.0f64;
        for t in &mut self.tranches {
            t.turns = if t.uses & !set == 0 { t.earns::<W>(&staying).max(t.cost) / t.value } else { 0.0 };
            limit = limit.max(t.turns);
        }
        let factor = self.scale::<W>(set, limit.min(1.0));
        for t in &mut self.tranches {
            if t.uses & !set != 0 {
                t.uses &= !set;
            } else {
                t.value *= factor;
                if t.turns >= factor * (1.0 - TIE) {
                    let other = t.earns::<W>(&staying).max(t.cost);
                    t.uses |= t.reach::<W>(&staying, other) & !set;
                }
            }
        }
    }

    /// Multiplies the prices of `set` by `limit`, or by the factor s on the way there at which it buys what its supply is
    /// worth at the prices before. Returns the factor.
    ///     Σ_w lambda_w·D_w(s·lambda_w) = supply
    /// Newton's method on the logarithms of both sides: exact at once where one elasticity rules.
    fn scale<const W: usize>(&mut self, set: Uses, limit: f64) -> f64 {
        let worth = self.supply[set];
        let end = ln(limit);
        let mut shift = end;
        let (mut bought, mut slope) = self.buy::<W>(set, shift);
        let overshoots = if limit > 1.0 { bought < worth } else { bought > worth * (1.0 + self.balance) };
        if overshoots {
            let (mut low, mut high) = (end.min(0.0), end.max(0.0));
            for _ in 0..100 {
                if bought > worth {
                    low = shift;
                } else {
                    high = shift;
                }
                let newton = shift + bought / slope * ln(bought / worth);
                let next = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
                let step = next - shift;
                shift = next;
                (bought, slope) = self.buy::<W>(set, shift);
                let close = (bought - worth).abs() <= ROUNDING * worth;
                if close || step.abs() <= f64::EPSILON * shift.abs() {
                    break;
                }
            }
        }
        let factor = if shift == end { limit } else { exp(shift) };
        for w in (0..W).filter(|w| set & (1 << w) != 0) {
            self.price[w] *= factor;
            self.spend[w] *= factor;
            self.buyers[w].log_price += shift;
            self.mark(w);
        }
        factor
    }

    /// What `set` buys at prices e^shift times as high, at the prices before, and minus the slope in `shift`. Leaves the
    /// parts in `spend`.
    fn buy<const W: usize>(&mut self, set: Uses, shift: f64) -> (f64, f64) {
        let (mut bought, mut slope) = (0.0, 0.0);
        for w in (0..W).filter(|w| set & (1 << w) != 0) {
            let buyer = &mut self.buyers[w];
            let part = self.price[w] * buyer.buys(shift);
            self.spend[w] = part;
            bought += part;
            if buyer.use_ratio < buyer.most {
                slope += buyer.curve.elasticity * part;
            }
        }
        (bought, slope)
    }

    /// Notes whether a buyer is at the choke price, and puts it exactly there, and whether it is saturated.
    fn mark(&mut self, w: usize) {
        let buyer = &self.buyers[w];
        let bit = 1 << w;
        self.choked &= !bit;
        if self.price[w] >= buyer.curve.choke_price * (1.0 - TIE) {
            self.price[w] = buyer.curve.choke_price;
            self.choked |= bit;
        }
        self.flat &= !bit;
        if buyer.use_ratio >= buyer.most * (1.0 - TIE) {
            self.flat |= bit;
        }
    }

    /// The prices of `set`, 0 elsewhere.
    fn prices_of(&self, set: Uses) -> [f64; MAX_WORKLOADS] {
        let mut prices = self.price;
        for (w, price) in prices.iter_mut().enumerate() {
            if set & (1 << w) == 0 {
                *price = 0.0;
            }
        }
        prices
    }
}

impl Buyer {
    /// D at a price e^shift times as high, which is noted.
    fn buys(&mut self, shift: f64) -> f64 {
        self.use_ratio = exp(-self.curve.elasticity * (self.log_price + shift)).min(self.most);
        self.curve.planned_use * self.use_ratio
    }
}

impl Tranche {
    /// The most an hour earns at these prices.
    fn earns<const W: usize>(&self, prices: &[f64; MAX_WORKLOADS]) -> f64 {
        let mut best = 0.0;
        for (price, rate) in prices[..W].iter().zip(&self.rate[..W]) {
            let earned = price * rate;
            best = if earned > best { earned } else { best };
        }
        best
    }

    /// The uses in which an hour is worth `value`.
    fn reach<const W: usize>(&self, prices: &[f64; MAX_WORKLOADS], value: f64) -> Uses {
        let enough = value * (1.0 - TIE);
        let mut uses = if self.cost >= enough { IDLE } else { 0 };
        for (w, (price, rate)) in prices[..W].iter().zip(&self.rate[..W]).enumerate() {
            if price * rate >= enough {
                uses |= 1 << w;
            }
        }
        uses
    }
}

/// The members of a set of buyers, in order.
pub(super) fn members(set: Uses) -> impl Iterator<Item = usize> {
    let mut left = set & (IDLE - 1);
    std::iter::from_fn(move || {
        let next = left.trailing_zeros() as usize;
        (left != 0).then(|| {
            left &= left - 1;
            next
        })
    })
}
