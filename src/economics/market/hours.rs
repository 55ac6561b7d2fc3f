//! The primal: the lexicographically largest hours at the optimal prices.
//!
//! At the optimal prices an hour of a tranche is worth the same in each of its best uses. Counted in worth, v·x on one
//! side and lambda·d on the other, hours are therefore a flow without gains from tranches to buyers. A tranche with one
//! best use goes there whole. The others are contested, and `quanta` shares them out in whole numbers: of 64 bits, where no
//! contested tranche is small, else of 128. What the former find must satisfy the optimality conditions much more closely
//! than [`super::TOLERANCE`] asks, or it is found again by the latter.

use super::prices::{IDLE, Prices};
use super::quanta::Quanta;
use super::{Clearing, Market};

/// Shares out hours, reusing its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Hours {
    coarse: Quanta<i64>,
    fine: Quanta<i128>,
}

/// How hours were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In quanta of 64 bits: to be proven.
    Coarsely,
    /// In quanta of 128 bits, or without a choice.
    Finely,
}

impl Hours {
    /// Writes hours.
    pub fn fill(&mut self, prices: &Prices, market: &Market<'_>, clearing: &mut Clearing) -> Found {
        let workloads = market.demand.len();
        clearing.hours.clear();
        clearing.hours.resize(market.rate.len(), 0.0);
        let mut contested = false;
        let t = &prices.tranches;
        for ((&place, &capacity), &uses) in t.place.iter().zip(&t.capacity).zip(&t.uses) {
            if !uses.is_power_of_two() {
                contested = true;
            } else if uses != IDLE {
                clearing.hours[place * workloads + prices.buyers[uses.trailing_zeros() as usize].place] =
                    capacity;
            }
        }
        let mut found = Found::Finely;
        if contested {
            if self.coarse.share_out(prices, workloads, &mut clearing.hours) {
                found = Found::Coarsely;
            } else {
                self.fine.share_out(prices, workloads, &mut clearing.hours);
            }
        }
        found
    }

    /// Writes the hours of the contested tranches again, in quanta of 128 bits.
    pub fn refill(&mut self, prices: &Prices, market: &Market<'_>, clearing: &mut Clearing) {
        let workloads = market.demand.len();
        for (&place, uses) in prices.tranches.place.iter().zip(&prices.tranches.uses) {
            if !uses.is_power_of_two() {
                clearing.hours[place * workloads..(place + 1) * workloads].fill(0.0);
            }
        }
        self.fine.share_out(prices, workloads, &mut clearing.hours);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::economics::demand::DemandCurve;
    use crate::economics::market::Solver;

    /// A uniform of a linear congruential generator, and the next.
    fn next(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 4,000 markets full of ties: chips of few kinds, workloads in which they do alike.
    #[test]
    fn quanta_of_both_sizes_find_the_same_hours() {
        let mut state = 7;
        let mut coarsely = 0;
        for _ in 0..4_000 {
            let (tranches, workloads) =
                (4 + (12.0 * next(&mut state)) as usize, 2 + (3.0 * next(&mut state)) as usize);
            let chips: Vec<f64> =
                (0..3 * workloads).map(|_| (1.0 + 3.0 * next(&mut state)).floor()).collect();
            let mut uniform = || next(&mut state);
            let mut rate = Vec::new();
            for _ in 0..tranches {
                let chip = (3.0 * uniform()) as usize;
                rate.extend_from_slice(&chips[chip * workloads..(chip + 1) * workloads]);
            }
            let capacity: Vec<f64> = (0..tranches).map(|_| 1.0 + 20.0 * uniform()).collect();
            let cost: Vec<f64> = (0..tranches).map(|_| 0.2 + uniform()).collect();
            let demand: Vec<DemandCurve> = (0..workloads)
                .map(|_| DemandCurve {
                    planned_use: 60.0 * uniform(),
                    elasticity: 0.5 + uniform(),
                    reference_price: 1.0,
                    choke_price: 10.0,
                    saturation: 2.0,
                })
                .collect();
            let market = Market { capacity: &capacity, cost: &cost, rate: &rate, demand: &demand };
            let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
            solver.solve(&market, &mut clearing).expect("it solves");
            let mut again = clearing.clone();
            coarsely +=
                usize::from(solver.hours.fill(&solver.prices, &market, &mut clearing) == Found::Coarsely);
            solver.hours.refill(&solver.prices, &market, &mut again);
            for ((x, y), n) in clearing.hours.iter().zip(&again.hours).zip(0..) {
                assert!(
                    (x - y).abs() <= 1e-9 * capacity[n / workloads],
                    "{market:?}: {clearing:?}, {again:?}"
                );
            }
        }
        assert!(coarsely > 1_000, "{coarsely} markets had contested tranches");
    }
}
