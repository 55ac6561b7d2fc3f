//! The dual: descent over sets of workloads to the lowest optimal prices.
//!
//! The state is a price for each workload with demand and, for each tranche with capacity, the set of its best uses. A
//! move multiplies the prices of one set of workloads by a common factor: uses that are tied within the set stay tied,
//! by construction and not by comparison. Sums are kept as worth at the prices of the moment, lambda·D for demand and
//! v·K for supply, because a common factor scales what a set has of both. Which set moves is chosen in `sets`, where to
//! start in `start` and `resume`.
//!
//! Nothing here depends on what was solved before, unless the caller says so: see `resume`.

use super::{Clearing, MAX_WORKLOADS, Market, Settled};
use crate::economics::demand::DemandCurve;
use crate::math::{exp, ln};

/// A set of uses: one bit a workload, and [`IDLE`].
pub(super) type Uses = usize;

/// The use that costs and earns nothing.
pub(super) const IDLE: Uses = 1 << MAX_WORKLOADS;

/// Relative difference below which two uses of a tranche tie where they meet.
pub(super) const TIE: f64 = 1e-13;

/// Relative size of the rounding in a sum of worths.
pub(super) const ROUNDING: f64 = 1e-15;

/// A workload with demand, as its price stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Buyer {
    /// Its place in the market.
    pub place: usize,
    pub curve: DemandCurve,
    /// Most use over planned use.
    pub most: f64,
    /// ln(lambda / p_ref).
    pub log_price: f64,
    /// D(lambda) / Q.
    pub use_ratio: f64,
}

/// The tranches with capacity, as the prices stand: a column a number, so that loops over them take several at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Tranches {
    /// Their places in the market.
    pub place: Vec<usize>,
    pub capacity: Vec<f64>,
    pub cost: Vec<f64>,
    /// e by buyer, then tranche.
    pub rate: Vec<f64>,
    /// v = max(m, max_w lambda_w·e_w): what an hour is worth.
    pub value: Vec<f64>,
    /// The uses that reach v.
    pub uses: Vec<Uses>,
    /// The factor of the current move at which its uses change.
    pub turns: Vec<f64>,
}

/// The prices, and the market they are settled on.
#[derive(Clone, Debug, Default)]
pub(super) struct Prices {
    pub buyers: [Buyer; MAX_WORKLOADS],
    pub count: usize,
    /// Whether every workload of the market has demand, so that buyers have the workloads' numbers.
    pub everyone: bool,
    pub tranches: Tranches,
    /// lambda by buyer, 0 beyond the last.
    pub price: [f64; MAX_WORKLOADS],
    /// lambda·D(lambda) by buyer.
    pub spend: [f64; MAX_WORKLOADS],
    /// Buyers at their choke price, who buy anything between nothing and D.
    pub choked: Uses,
    /// Buyers who would not buy more at a lower price.
    pub flat: Uses,
    /// Relative imbalance that counts as none.
    pub balance: f64,
    /// By set of uses, idling after the last buyer: worth of the tranches with these best uses.
    pub classes: Vec<f64>,
    /// Whether these are of the present prices.
    pub sorted: bool,
    /// By set of buyers: worth of the tranches that matter to it.
    pub supply: Vec<f64>,
    /// By set of buyers: what it spends.
    pub demand: Vec<f64>,
    /// By set of buyers: worth of the tranches without a use in it, while supply is tabulated.
    pub others: Vec<f64>,
    /// Levels of the merit order, each with what is offered at it, at the start.
    pub merit: Vec<(f64, f64)>,
    /// Moves since the start.
    pub moves: usize,
}

impl Prices {
    /// Finds the lowest optimal prices of `market`.
    pub fn settle(&mut self, market: &Market<'_>, settled: &Settled<'_>) {
        self.load(market);
        match self.count {
            0 => self.tranches.uses.fill(IDLE),
            1 => self.descend::<1>(settled),
            2 => self.descend::<2>(settled),
            3 => self.descend::<3>(settled),
            4 => self.descend::<4>(settled),
            5 => self.descend::<5>(settled),
            6 => self.descend::<6>(settled),
            7 => self.descend::<7>(settled),
            _ => self.descend::<8>(settled),
        }
    }

    /// Descends with as many buyers as `W` says: a constant, so that the loops over them unroll. Up first, then down; a
    /// second round finds nothing unless rounding left something.
    fn descend<const W: usize>(&mut self, settled: &Settled<'_>) {
        self.price = [0.0; MAX_WORKLOADS];
        if !self.resume::<W>(settled) {
            self.start::<W>();
        }
        let limit = 1000 + 50 * self.tranches.place.len() * W;
        let mut lowered = true;
        while lowered && self.moves < limit {
            lowered = false;
            while self.moves < limit
                && let Some(set) = self.overdemanded::<W>()
            {
                self.raise::<W>(set);
                self.moves += 1;
            }
            while self.moves < limit
                && let Some(set) = self.oversupplied::<W>()
            {
                self.lower::<W>(set);
                self.moves += 1;
                lowered = true;
            }
        }
    }

    /// The workloads with demand.
    pub fn buyers(&self) -> &[Buyer] {
        &self.buyers[..self.count]
    }

    /// Writes the prices where the market's workloads stand; without demand the lowest optimal price is 0.
    pub fn write(&self, market: &Market<'_>, clearing: &mut Clearing) {
        clearing.price.clear();
        clearing.price.resize(market.demand.len(), 0.0);
        for (buyer, price) in self.buyers().iter().zip(self.price) {
            clearing.price[buyer.place] = price;
        }
    }

    /// Raises the prices of `set` by a common factor, until it meets the worth of another tranche or a choke price, or its
    /// demand has fallen to its supply.
    fn raise<const W: usize>(&mut self, set: Uses) {
        let moving = self.prices_of(set);
        let mut limit = f64::INFINITY;
        for w in (0..W).filter(|w| set & (1 << w) != 0) {
            limit = limit.min(self.buyers[w].curve.choke_price / self.price[w]);
        }
        self.tranches.earn::<W>(&moving);
        let t = &mut self.tranches;
        for ((turns, &value), &uses) in t.turns.iter_mut().zip(&t.value).zip(&t.uses) {
            *turns = if uses & set == 0 { value / *turns } else { f64::INFINITY };
            limit = if *turns < limit { *turns } else { limit };
        }
        let factor = self.scale::<W>(set, limit.max(1.0));
        let moved = self.prices_of(set);
        for at in 0..self.tranches.place.len() {
            let t = &mut self.tranches;
            if t.uses[at] & set != 0 {
                t.uses[at] &= set;
                t.value[at] *= factor;
            } else if t.turns[at] <= factor * (1.0 + TIE) {
                t.uses[at] |= t.reach::<W>(at, &moved, t.earns::<W>(at, &moved)) & set;
            }
        }
    }

    /// Lowers the prices of `set` by a common factor, until one of its tranches has another use or its demand has grown to
    /// its supply.
    fn lower<const W: usize>(&mut self, set: Uses) {
        let staying = self.prices_of(!set);
        let mut limit = 0.0f64;
        self.tranches.earn::<W>(&staying);
        let t = &mut self.tranches;
        let columns = t.turns.iter_mut().zip(&t.value).zip(&t.cost).zip(&t.uses);
        for (((turns, &value), &cost), &uses) in columns {
            let other = if *turns > cost { *turns } else { cost };
            *turns = if uses & !set == 0 { other / value } else { 0.0 };
            limit = if *turns > limit { *turns } else { limit };
        }
        let factor = self.scale::<W>(set, limit.min(1.0));
        for at in 0..self.tranches.place.len() {
            let t = &mut self.tranches;
            if t.uses[at] & !set != 0 {
                t.uses[at] &= !set;
            } else {
                t.value[at] *= factor;
                if t.turns[at] >= factor * (1.0 - TIE) {
                    let other = t.earns::<W>(at, &staying).max(t.cost[at]);
                    t.uses[at] |= t.reach::<W>(at, &staying, other) & !set;
                }
            }
        }
    }

    /// Multiplies the prices of `set` by `limit`, or by the factor s on the way there at which it buys what its supply is
    /// worth at the prices before. Returns the factor.
    ///     Σ_w lambda_w·D_w(s·lambda_w) = supply
    /// Newton's method on the logarithms of both sides: exact at once where one elasticity rules.
    fn scale<const W: usize>(&mut self, set: Uses, limit: f64) -> f64 {
        self.sorted = false;
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
    pub fn mark(&mut self, w: usize) {
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
    pub fn buys(&mut self, shift: f64) -> f64 {
        self.use_ratio = exp(-self.curve.elasticity * (self.log_price + shift)).min(self.most);
        self.curve.planned_use * self.use_ratio
    }
}

impl Tranches {
    /// Makes room for uses, values and turns of the tranches there are.
    pub fn resize(&mut self) {
        let n = self.place.len();
        self.value.resize(n, 0.0);
        self.turns.resize(n, 0.0);
        self.uses.resize(n, 0);
    }

    /// The rates of every tranche by buyer.
    fn columns<const W: usize>(&self) -> [&[f64]; W] {
        let n = self.place.len();
        std::array::from_fn(|w| &self.rate[w * n..(w + 1) * n])
    }

    /// Writes the most an hour of each tranche earns at these prices into `turns`.
    fn earn<const W: usize>(&mut self, prices: &[f64; MAX_WORKLOADS]) {
        let n = self.place.len();
        let mut turns = std::mem::take(&mut self.turns);
        let columns = self.columns::<W>();
        for (at, earned) in turns[..n].iter_mut().enumerate() {
            *earned = best::<W>(&columns, at, prices, 0.0);
        }
        self.turns = turns;
    }

    /// Reads values and best uses from the prices.
    pub fn read<const W: usize>(&mut self, prices: &[f64; MAX_WORKLOADS]) {
        let n = self.place.len();
        let (mut values, mut all_uses) = (std::mem::take(&mut self.value), std::mem::take(&mut self.uses));
        let (columns, costs) = (self.columns::<W>(), &self.cost[..n]);
        for (at, (value, uses)) in values[..n].iter_mut().zip(&mut all_uses[..n]).enumerate() {
            *value = best::<W>(&columns, at, prices, costs[at]);
            *uses = reach::<W>(&columns, at, prices, costs[at], *value);
        }
        (self.value, self.uses) = (values, all_uses);
    }

    /// The most an hour of tranche `at` earns at these prices.
    pub fn earns<const W: usize>(&self, at: usize, prices: &[f64; MAX_WORKLOADS]) -> f64 {
        best::<W>(&self.columns(), at, prices, 0.0)
    }

    /// The uses in which an hour of tranche `at` is worth `value`.
    pub fn reach<const W: usize>(&self, at: usize, prices: &[f64; MAX_WORKLOADS], value: f64) -> Uses {
        reach::<W>(&self.columns(), at, prices, self.cost[at], value)
    }
}

/// The most an hour of a tranche earns at these prices, at least `least`.
#[inline(always)]
fn best<const W: usize>(columns: &[&[f64]; W], at: usize, prices: &[f64; MAX_WORKLOADS], least: f64) -> f64 {
    let mut best = least;
    for (price, column) in prices[..W].iter().zip(columns) {
        let earned = price * column[at];
        best = if earned > best { earned } else { best };
    }
    best
}

/// The uses in which an hour of a tranche is worth `value`.
#[inline(always)]
fn reach<const W: usize>(
    columns: &[&[f64]; W],
    at: usize,
    prices: &[f64; MAX_WORKLOADS],
    cost: f64,
    value: f64,
) -> Uses {
    let enough = value * (1.0 - TIE);
    let mut uses = if cost >= enough { IDLE } else { 0 };
    for (w, (price, column)) in prices[..W].iter().zip(columns).enumerate() {
        uses |= if price * column[at] >= enough { 1 << w } else { 0 };
    }
    uses
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
