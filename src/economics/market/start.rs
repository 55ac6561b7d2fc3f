//! The market as the solver sees it, and the prices it starts from.

use super::Market;
use super::prices::{Buyer, Prices};
use crate::math::{exp, ln};

/// Relative imbalance below which a set of workloads is in balance; times the elasticity where that is above 1.
pub(super) const BALANCE: f64 = 1e-13;

impl Prices {
    /// Keeps the workloads with demand and the tranches with capacity.
    pub fn load(&mut self, market: &Market<'_>) {
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
        self.everyone = self.count == workloads;
        self.sorted = false;
        let t = &mut self.tranches;
        t.place.clear();
        for column in [&mut t.capacity, &mut t.cost, &mut t.rate] {
            column.clear();
        }
        for (place, (&capacity, &cost)) in market.capacity.iter().zip(market.cost).enumerate() {
            if capacity > 0.0 {
                t.place.push(place);
                t.capacity.push(capacity);
                t.cost.push(cost);
            }
        }
        for buyer in &self.buyers[..self.count] {
            t.rate.extend(t.place.iter().map(|place| market.rate[place * workloads + buyer.place]));
        }
        t.resize();
        let sets = 1 << self.count;
        for table in [&mut self.supply, &mut self.demand, &mut self.others] {
            table.clear();
            table.resize(sets, 0.0);
        }
        self.classes.resize(2 * sets, 0.0);
    }

    /// Starts near the answer: where one buyer with everybody's plan and mean elasticity would meet the merit order, were
    /// prices in the ratio of the reference prices. Any start is right; this one saves moves.
    pub fn start<const W: usize>(&mut self) {
        self.guess::<W>();
        self.place_buyers::<W>();
    }

    /// The prices to start near, before they are kept below the chokes.
    ///     level = min(clears(offered below last), last),  last = the least level that clears what is offered up to it
    /// Offers are added in the order of the tranches, so that lanes side by side have the same bits.
    fn guess<const W: usize>(&mut self) {
        let (mut plan, mut elasticity) = (0.0, 0.0);
        for (price, buyer) in self.price.iter_mut().zip(&self.buyers[..W]) {
            *price = buyer.curve.reference_price.min(buyer.curve.choke_price);
            plan += *price * buyer.curve.planned_use;
            elasticity += *price * buyer.curve.planned_use * buyer.curve.elasticity;
        }
        elasticity /= plan;
        self.merit.clear();
        let t = &self.tranches;
        for at in 0..t.place.len() {
            let value = t.earns::<W>(at, &self.price);
            if value > 0.0 {
                self.merit.push((t.cost[at] / value, t.capacity[at] * value));
            }
        }
        let offered = |counts: &dyn Fn(f64) -> bool| {
            let steps = self.merit.iter().filter(|step| counts(step.0));
            steps.fold(0.0, |offered, step| offered + step.1)
        };
        let clears = |offered: f64| exp(ln(plan / offered) / elasticity);
        // Between the highest level known to fall short and the least known to clear: few are left to look at.
        let (mut low, mut last) = (f64::NEG_INFINITY, f64::INFINITY);
        for &(level, _) in &self.merit {
            if low < level && level < last {
                // A price that is no number, of demand that does not answer, does not fall short.
                let falls_short = clears(offered(&|other| other <= level)) > level;
                if falls_short { low = level } else { last = level }
            }
        }
        let level = clears(offered(&|other| other < last)).min(last);
        for w in 0..W {
            self.price[w] = level * self.buyers[w].curve.reference_price;
        }
    }

    /// Reads from the prices, kept below the chokes, what buyers spend and where tranches are best used.
    pub fn place_buyers<const W: usize>(&mut self) {
        self.choked = 0;
        self.flat = 0;
        for w in 0..W {
            let curve = &self.buyers[w].curve;
            let price = self.price[w].clamp(f64::MIN_POSITIVE, curve.choke_price);
            self.buyers[w].log_price = ln(price / curve.reference_price);
            self.price[w] = price;
            self.spend[w] = price * self.buyers[w].buys(0.0);
            self.mark(w);
        }
        self.tranches.read::<W>(&self.price);
        self.sorted = false;
    }
}
