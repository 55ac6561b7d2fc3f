//! The supply side of a lab's market, tranche by tranche, in the order in which ties are broken (`docs/model.md §7`).

use super::ledger::{Kind, PerWorkload};
use crate::economics::demand::DemandCurve;
use crate::economics::market::{ClearingLanes, LanesSolver, MarketLanes, SettledLanes, Unsolved};
use crate::math::{LANES, Lanes, rows};

/// The markets of a few paths being put together side by side, and their solution. A tranche is there if it has capacity on
/// any of the paths; on the others its capacity is 0, which is as good as none.
#[derive(Clone, Debug, Default)]
pub struct Tranches {
    capacity: Vec<Lanes>,
    cost: Vec<Lanes>,
    rate: Vec<Lanes>,
    labels: Vec<(usize, Kind)>,
    workloads: usize,
    lowest_cost: Lanes,
    solver: LanesSolver,
    /// By market of a month: where it last settled on these paths.
    pub settled: Vec<Memory>,
    /// The market at hand.
    market: usize,
    uses: Vec<[u16; LANES]>,
    /// The last solution.
    pub clearing: ClearingLanes,
}

/// Where a market settled.
#[derive(Debug, Default)]
pub struct Memory {
    /// By channel, then kind.
    uses: Vec<[u16; LANES]>,
    price: Vec<Lanes>,
}

impl Clone for Memory {
    fn clone(&self) -> Memory {
        Memory { uses: self.uses.clone(), price: self.price.clone() }
    }

    fn clone_from(&mut self, from: &Memory) {
        self.uses.clone_from(&from.uses);
        self.price.clone_from(&from.price);
    }
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
    #[inline(always)]
    pub fn start(&mut self, market: usize, demand: &[DemandCurve<Lanes>]) {
        self.market = market;
        if market >= self.settled.len() {
            self.settled.resize_with(market + 1, Memory::default);
        }
        self.capacity.clear();
        self.cost.clear();
        self.rate.clear();
        self.labels.clear();
        self.workloads = demand.len();
        let mut lowest = Lanes::all(f64::INFINITY);
        for curve in rows(demand) {
            let wanted = curve.planned_use.above(Lanes::ZERO);
            lowest = wanted.pick(lowest.min(curve.reference_price), lowest);
        }
        self.lowest_cost = lowest.finite().pick(lowest, Lanes::ONE) * 1e-9;
    }

    /// Adds a tranche of channel `k`; tranches come in market order.
    #[inline(always)]
    pub fn push(&mut self, k: usize, kind: Kind, capacity: Lanes, cost: Lanes, rates: &PerWorkload<Lanes>) {
        if capacity.any(|capacity| capacity > 0.0) {
            self.capacity.push(capacity.max(Lanes::ZERO));
            self.cost.push(cost.max(self.lowest_cost));
            self.rate.extend_from_slice(&rates[..self.workloads]);
            self.labels.push((k, kind));
        }
    }

    /// Solves the markets. A tranche below 1e-12 of the largest counts as none: it is a remainder of rounding, and no hour
    /// of it could be told from zero in the balance.
    ///
    /// # Errors
    /// The first path whose market is not solved, and what the solver says.
    #[inline(always)]
    pub fn solve(&mut self, demand: &[DemandCurve<Lanes>]) -> Result<(), (usize, Unsolved)> {
        let mut most = Lanes::ZERO;
        for capacity in rows(&self.capacity) {
            most = most.max(*capacity);
        }
        let least = most * 1e-12;
        for capacity in rows(&mut self.capacity) {
            *capacity = Lanes::each(|i| if capacity[i] < least[i] { 0.0 } else { capacity[i] });
        }
        let market = MarketLanes { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand };
        let memory = &mut self.settled[self.market];
        self.uses.clear();
        let place = |(k, kind): (usize, Kind)| k * Kind::COUNT + kind as usize;
        self.uses.extend(
            self.labels.iter().map(|&label| memory.uses.get(place(label)).copied().unwrap_or_default()),
        );
        let settled = SettledLanes { uses: &self.uses, price: &memory.price };
        self.solver.solve_from(&market, &settled, &mut self.clearing)?;
        memory.uses.fill([0; LANES]);
        for (label, uses) in self.labels.iter().zip(self.solver.uses()) {
            let at = place(*label);
            if at >= memory.uses.len() {
                memory.uses.resize(at + 1, [0; LANES]);
            }
            memory.uses[at] = *uses;
        }
        memory.price.clone_from(&self.clearing.price);
        Ok(())
    }

    /// Each tranche's channel, kind and hours by workload.
    #[inline(always)]
    pub fn used(&self) -> impl Iterator<Item = (usize, Kind, &[Lanes])> {
        self.labels
            .iter()
            .zip(self.clearing.hours.chunks_exact(self.workloads.max(1)))
            .map(|(&(k, kind), hours)| (k, kind, hours))
    }
}
