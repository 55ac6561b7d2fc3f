//! The month's market: least cost against elastic demand, solved exactly (`docs/model.md §7`).

mod hours;
mod optimality;
mod prices;

use super::demand::DemandCurve;
use prices::Prices;

/// Most workloads a market may have.
pub const MAX_WORKLOADS: usize = 8;

/// Relative violation of the optimality conditions above which a market counts as unsolved.
pub const TOLERANCE: f64 = 1e-9;

/// A month's market. Tranches stand in the order in which ties are broken.
#[derive(Clone, Copy, Debug)]
pub struct Market<'a> {
    /// K: usable chip-hours of each tranche, ≥ 0.
    pub capacity: &'a [f64],
    /// m: marginal cost of each tranche, USD per usable chip-hour, > 0.
    pub cost: &'a [f64],
    /// e: H100e-hours per usable chip-hour, tranche-major, `capacity.len() × demand.len()`; 0 where not eligible.
    pub rate: &'a [f64],
    /// One curve a workload.
    pub demand: &'a [DemandCurve],
}

/// A solved market.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Clearing {
    /// lambda: the marginal cost of compute by workload, USD per H100e-hour; the lowest optimal vector.
    pub price: Vec<f64>,
    /// x: usable chip-hours by tranche and workload, tranche-major; the lexicographically largest optimum.
    pub hours: Vec<f64>,
    /// d: H100e-hours served by workload.
    pub served: Vec<f64>,
}

/// Solves markets, reusing its memory.
#[derive(Clone, Debug, Default)]
pub struct Solver {
    prices: Prices,
    hours: hours::Hours,
}

impl Solver {
    /// Solves `market` into `clearing`.
    ///
    /// # Errors
    /// [`Unsolved`] if an input is not finite or outside its domain, or the optimality conditions are not met to 1e-9.
    pub fn solve(&mut self, market: &Market<'_>, clearing: &mut Clearing) -> Result<(), Unsolved> {
        market.check()?;
        self.prices.settle(market);
        self.prices.write(market, clearing);
        self.hours.fill(&self.prices, market, clearing);
        market.verify(clearing)
    }

    /// Price moves the last solve took.
    pub fn moves(&self) -> usize {
        self.prices.moves()
    }
}

/// The market could not be solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsolved {
    /// What is wrong, with numbers.
    pub why: String,
}
