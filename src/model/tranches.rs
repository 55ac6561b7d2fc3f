//! The supply side of a lab's market, tranche by tranche, in the order in which ties are broken (`docs/model.md §7`).

use super::ledger::{Kind, PerWorkload};
use crate::economics::demand::DemandCurve;
use crate::economics::market::{Clearing, Market, Settled, Solver, Unsolved};

/// A market being put together, and its solution.
#[derive(Clone, Debug, Default)]
pub struct Tranches {
    capacity: Vec<f64>,
    cost: Vec<f64>,
    rate: Vec<f64>,
    labels: Vec<(usize, Kind)>,
    workloads: usize,
    lowest_cost: f64,
    solver: Solver,
    /// By market of a month: where it last settled on this path.
    pub settled: Vec<Memory>,
    /// The market at hand.
    market: usize,
    uses: Vec<u16>,
    /// The last solution.
    pub clearing: Clearing,
}

/// Where a market settled.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// By channel, then kind.
    uses: Vec<u16>,
    price: Vec<f64>,
}

impl Tranches {
    /// Forgets where markets settled; a path starts without.
    pub fn forget(&mut self) {
        for memory in &mut self.settled {
            memory.uses.clear();
            memory.price.clear();
        }
    }

    /// Starts market number `market` of a month, for `demand`. A marginal cost of zero counts as 1e-9 of the lowest reference price.
    pub fn start(&mut self, market: usize, demand: &[DemandCurve]) {
        self.market = market;
        if market >= self.settled.len() {
            self.settled.resize_with(market + 1, Memory::default);
        }
        self.capacity.clear();
        self.cost.clear();
        self.rate.clear();
        self.labels.clear();
        self.workloads = demand.len();
        let wanted = demand.iter().filter(|curve| curve.planned_use > 0.0);
        self.lowest_cost = 1e-9 * wanted.map(|curve| curve.reference_price).fold(f64::INFINITY, f64::min);
        if !self.lowest_cost.is_finite() {
            self.lowest_cost = 1e-9;
        }
    }

    /// Adds a tranche of channel `k`; tranches come in market order.
    pub fn push(&mut self, k: usize, kind: Kind, capacity: f64, cost: f64, rates: &PerWorkload) {
        if capacity > 0.0 {
            self.capacity.push(capacity);
            self.cost.push(cost.max(self.lowest_cost));
            self.rate.extend_from_slice(&rates[..self.workloads]);
            self.labels.push((k, kind));
        }
    }

    /// Solves the market. A tranche below 1e-12 of the largest counts as none: it is a remainder of rounding, and no hour
    /// of it could be told from zero in the balance.
    ///
    /// # Errors
    /// What the solver says.
    pub fn solve(&mut self, demand: &[DemandCurve]) -> Result<(), Unsolved> {
        let least = 1e-12 * self.capacity.iter().copied().fold(0.0, f64::max);
        for capacity in &mut self.capacity {
            if *capacity < least {
                *capacity = 0.0;
            }
        }
        let market = Market { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand };
        let memory = &mut self.settled[self.market];
        self.uses.clear();
        let place = |(k, kind): (usize, Kind)| k * Kind::COUNT + kind as usize;
        self.uses
            .extend(self.labels.iter().map(|&label| memory.uses.get(place(label)).map_or(0, |uses| *uses)));
        let settled = Settled { uses: &self.uses, price: &memory.price };
        self.solver.solve_from(&market, &settled, &mut self.clearing)?;
        memory.uses.fill(0);
        for (tranche, uses) in self.solver.uses() {
            let at = place(self.labels[tranche]);
            if at >= memory.uses.len() {
                memory.uses.resize(at + 1, 0);
            }
            memory.uses[at] = uses;
        }
        memory.price.clone_from(&self.clearing.price);
        Ok(())
    }

    /// Each tranche's channel, kind, capacity and hours by workload.
    pub fn used(&self) -> impl Iterator<Item = (usize, Kind, f64, &[f64])> {
        self.labels
            .iter()
            .zip(&self.capacity)
            .zip(self.clearing.hours.chunks_exact(self.workloads.max(1)))
            .map(|((&(k, kind), &capacity), hours)| (k, kind, capacity, hours))
    }
}
