//! The month's market: least cost against elastic demand, solved exactly (`docs/model.md §7`).
//!
//! **The dual.** An hour of tranche i is worth v_i = max(m_i, max_w lambda_w·e_iw): its best use, idling included. Prices
//! solve the market when they minimise
//!     Σ_i K_i·(v_i − m_i) + Σ_w ∫ D_w(p) dp from lambda_w to choke,
//! which is convex, and in log prices submodular, because v_i is a maximum: the optimal prices form a lattice and have a
//! lowest vector. Such a function can be descended by moving, each time, the prices of one *set* of workloads by a common
//! factor, up or down; if no set gains, the prices are optimal (Murota 2003, Discrete Convex Analysis, ch. 7 and 10). With
//! up to eight workloads there are at most 255 sets, and all can be tried.
//!
//! **A move.** Counted in money, what a set S gains by a small rise is what it spends, Σ lambda_w·D_w, less the worth K·v of
//! every tranche with a best use in S: an auctioneer's excess demand (Demange, Gale and Sotomayor 1986). By a small fall
//! it gains the worth of the tranches with no best use outside S, less what it spends. A common factor keeps the ties
//! within S. It grows until a tranche outside is worth as much in S as where it is (up), a tranche of S is worth as much
//! elsewhere or idle (down), a choke price is met, or demand equals supply.
//!
//! **Why the result is the lowest.** First prices only rise, then they only fall. Let L be the lowest of the vectors that
//! are best among those at or above the start. A member of S already at its price in L adds nothing to what S gains, since
//! tranches only ever prefer it less as the others rise to L; so it is not in the *smallest* of the steepest sets, and no
//! price passes L. By the lattice L is nowhere below the lowest optimum, and the fall ends there by the same argument,
//! provided that sets which neither gain nor lose, vertical demand met exactly, fall too.
//!
//! **By hand**, `docs/model.md §13`: m = .4, 1, .2; K = 60, 80, 50; e = (1, .6), (2, 1.8), (.3, .5) for tranches A, B, C. Start at
//! (.4, .4), below which nobody would serve; worths are those of A, B, C.
//!
//! | prices | spend | best uses | worth | gains of sets | move |
//! | --- | --- | --- | --- | --- | --- |
//! | .4, .4 | 96, 80 | 1 idle; idle; 2 idle | 24, 80, 10 | {1} 72, {2} 70, both 142 | both up, until B is worth its cost in 1 |
//! | .5, .5 | 120, 100 | 1; 1 idle; 2 | 30, 80, 12.5 | {1} 10, {2} 87.5, both 97.5 | both up, until they spend their supply |
//! | 1.481, 1.481 | 212.8, 150 | 1; 1; 2 | 88.9, 236.9, 37.0 | {2} 113 | {2} up, until B earns 1.8·lambda_2 = 2·lambda_1 |
//! | 1.481, 1.645 | 212.8, 150 | 1; 1 2; 2 | 88.9, 236.9, 41.1 | both down 4.1 | both down, until they spend their supply |
//! | 1.459, 1.621 | 211.6, 150 | 1; 1 2; 2 | 87.6, 233.5, 40.5 | none | |
//!
//! Tranche A goes to 1 whole, C to 2 whole; 2 wants 92.51 and has 25 from C, so B gives it 67.51 / 1.8 = 37.51 hours, and
//! the other 42.49 to 1. That last step is the primal, in `hours`: with many ties it has many answers, and the
//! lexicographically largest is taken.
//!
//! **Conventions.** Without planned use the price is 0. With planned use and no supply the dual falls up to the choke
//! price, which is then the lowest optimum. At the choke price anything up to D may be served.
//!
//! Every solution is checked against the optimality conditions of the market as given before it is returned.

mod hours;
mod lanes;
mod optimality;
mod prices;
mod quanta;
mod resume;
mod sets;
mod start;

use super::demand::DemandCurve;
use hours::Found;
pub use lanes::{ClearingLanes, LanesSolver, MarketLanes, SettledLanes};
use prices::Prices;

/// Most workloads a market may have.
pub const MAX_WORKLOADS: usize = 8;

/// Relative violation of the optimality conditions above which a market counts as unsolved.
pub const TOLERANCE: f64 = 1e-9;

/// Violation above which hours found in quanta of 64 bits are found again in quanta of 128.
const PROVEN: f64 = 1e-11;

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

/// Where a similar market settled: a place to start from, which may be wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled<'a> {
    /// Best uses of each tranche of the market to be solved: bit w for workload w, and [`Settled::IDLE`]; 0 if not known.
    pub uses: &'a [u16],
    /// Its prices by workload; empty if there is none to start from.
    pub price: &'a [f64],
}

impl Settled<'_> {
    /// The bit of idling.
    pub const IDLE: u16 = 1 << MAX_WORKLOADS;
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
        self.solve_from(market, &Settled::default(), clearing)
    }

    /// The same, starting from where a similar market settled. The solution is the same but for rounding.
    ///
    /// # Errors
    /// As for [`Solver::solve`].
    pub fn solve_from(
        &mut self,
        market: &Market<'_>,
        settled: &Settled<'_>,
        clearing: &mut Clearing,
    ) -> Result<(), Unsolved> {
        market.check()?;
        let tranches = market.capacity.len();
        let known = settled.uses.len() == tranches && settled.price.len() == market.demand.len();
        self.prices.settle(market, if known { settled } else { &Settled { uses: &[], price: &[] } });
        self.prices.write(market, clearing);
        let found = self.hours.fill(&self.prices, market, clearing);
        let mut violation = market.serve(clearing);
        if found == Found::Coarsely && (violation > PROVEN || violation.is_nan()) {
            self.hours.refill(&self.prices, market, clearing);
            violation = market.serve(clearing);
        }
        if violation <= TOLERANCE { Ok(()) } else { Err(market.refusal(clearing, violation)) }
    }

    /// Best uses at the last solution's prices, as place of the tranche and set of uses; tranches without capacity have
    /// none. As [`Settled::uses`] wants them.
    pub fn uses(&self) -> impl Iterator<Item = (usize, u16)> {
        let tranches = &self.prices.tranches;
        tranches.place.iter().zip(&tranches.uses).map(|(&place, &uses)| (place, self.prices.named(uses)))
    }

    /// Price moves the last solve took, most of what it cost.
    pub fn moves(&self) -> usize {
        self.prices.moves
    }
}

/// The market could not be solved.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsolved {
    /// What is wrong, with numbers.
    pub why: String,
}

impl std::fmt::Display for Unsolved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the market has no solution: {}", self.why)
    }
}

impl std::error::Error for Unsolved {}
