//! Markets of a few paths, solved one after the other.
use super::{Clearing, Market, Settled, Solver, Unsolved};
use crate::economics::demand::DemandCurve;
use crate::math::{InLanes, LANES, Lanes};

/// Markets of a few paths.
#[derive(Clone, Copy, Debug)]
pub struct MarketLanes<'a> {
    /// K.
    pub capacity: &'a [Lanes],
    /// m.
    pub cost: &'a [Lanes],
    /// e.
    pub rate: &'a [Lanes],
    /// Curves.
    pub demand: &'a [DemandCurve<Lanes>],
}
/// Solved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClearingLanes {
    /// lambda.
    pub price: Vec<Lanes>,
    /// x.
    pub hours: Vec<Lanes>,
    /// d.
    pub served: Vec<Lanes>,
}
/// Where settled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettledLanes<'a> {
    /// Best uses.
    pub uses: &'a [[u16; LANES]],
    /// Prices.
    pub price: &'a [Lanes],
}
/// Solver.
#[derive(Clone, Debug, Default)]
pub struct LanesSolver {
    solver: Solver,
    uses: Vec<[u16; LANES]>,
}
impl LanesSolver {
    /// Solves.
    ///
    /// # Errors
    /// Unsolved.
    pub fn solve_from(
        &mut self,
        market: &MarketLanes<'_>,
        settled: &SettledLanes<'_>,
        clearing: &mut ClearingLanes,
    ) -> Result<(), (usize, Unsolved)> {
        let (n, w) = (market.capacity.len(), market.demand.len());
        self.uses.clear();
        self.uses.resize(n, [0; LANES]);
        clearing.price.resize(w, Lanes::ZERO);
        clearing.served.resize(w, Lanes::ZERO);
        clearing.hours.resize(n * w, Lanes::ZERO);
        for i in 0..LANES {
            let col = |v: &[Lanes]| v.iter().map(|v| v[i]).collect::<Vec<f64>>();
            let (capacity, cost, rate) = (col(market.capacity), col(market.cost), col(market.rate));
            let demand: Vec<DemandCurve> = market.demand.iter().map(|d| d.lane(i)).collect();
            let m = Market { capacity: &capacity, cost: &cost, rate: &rate, demand: &demand };
            let uses: Vec<u16> = settled.uses.iter().map(|u| u[i]).collect();
            let price = col(settled.price);
            let mut one = Clearing::default();
            self.solver
                .solve_from(&m, &Settled { uses: &uses, price: &price }, &mut one)
                .map_err(|why| (i, why))?;
            for (to, from) in clearing.price.iter_mut().zip(&one.price) {
                to[i] = *from;
            }
            for (to, from) in clearing.served.iter_mut().zip(&one.served) {
                to[i] = *from;
            }
            for (to, from) in clearing.hours.iter_mut().zip(&one.hours) {
                to[i] = *from;
            }
            for (place, uses) in self.solver.uses() {
                self.uses[place][i] = uses;
            }
        }
        Ok(())
    }
    /// Uses.
    pub fn uses(&self) -> &[[u16; LANES]] {
        &self.uses
    }
}
