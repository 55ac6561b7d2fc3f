//! Markets side by side: [`LANES`] of them, solved at once with the same bits as one at a time.
//!
//! **Why.** A descent is a few dozen sums, quotients and comparisons a tranche, among branches nobody can predict. The paths of
//! a block have the same tranches and workloads with other numbers; solved side by side, one instruction serves several
//! markets, and what was a branch is a choice between two numbers.
//!
//! **The same bits.** Each lane performs the operations of [`Solver`] in the same order. What a lane leaves out is replaced by
//! what changes nothing: a sum gets 0 added, a minimum meets ∞. A lane that is done is frozen while its neighbours go on;
//! no number ever crosses lanes.
//!
//! **What is masked.** A tranche without capacity in a lane has no rates there, so that its only best use is to idle, worth
//! nothing. A workload without planned use has price 0 there, belongs to no best use, and is barred from sets that move.
//! Lanes rise, fall or rest at the same time, each by its own set of workloads and its own factor.
//!
//! **What falls back** to the scalar solver, lane by lane: contested tranches too small for quanta of 64 bits, hours not
//! proven in them, a descent or a widening of bounds that takes unusually long, whatever violates the optimality
//! conditions. Markets of more than [`WIDEST`] workloads or none, and those in which an input is in doubt, fall back whole, so
//! that messages are the scalar's too; and so do all markets on x86-64 machines without AVX2, where columns gain little.
//!
//! Runs of like neighbours, by which hours are fixed, end here where they end in any lane. In whole numbers hours are the
//! lexicographically largest flow all the same, of which there is one.

mod descent;
#[expect(clippy::needless_range_loop, reason = "a workload's number is its place in several tables at once")]
mod guess;
mod optimality;
#[expect(clippy::needless_range_loop, reason = "a workload's number is its place in several tables at once")]
mod quanta;
#[expect(clippy::needless_range_loop, reason = "a workload's number is its place in several tables at once")]
mod resume;

use super::{Clearing, MAX_WORKLOADS, Market, Settled, Solver, TOLERANCE, Unsolved};
use crate::economics::demand::DemandCurve;
use crate::math::wide::wide;
use crate::math::{Bits, InLanes, LANES, Lanes, rows};
use optimality::{Lowest, is_sound};

/// Most workloads whose markets are solved side by side. One more would double the sets of workloads that every step looks
/// through, and what there is to compile.
pub const WIDEST: usize = 4;

/// Why no phase after loading is met on an x86-64 machine without AVX2.
#[cfg(target_arch = "x86_64")]
const NARROW: &str = "markets that were loaded are solved on wide instructions";

/// A month's market on a few paths: the same tranches and workloads, each path with its own numbers. Units as in [`Market`].
#[derive(Clone, Copy, Debug)]
pub struct MarketLanes<'a> {
    /// K: usable chip-hours of each tranche, ≥ 0; 0 on a path where there is no such tranche.
    pub capacity: &'a [Lanes],
    /// m: marginal cost of each tranche, USD per usable chip-hour, > 0.
    pub cost: &'a [Lanes],
    /// e: H100e-hours per usable chip-hour, tranche-major; 0 where not eligible.
    pub rate: &'a [Lanes],
    /// One curve a workload.
    pub demand: &'a [DemandCurve<Lanes>],
}

/// Solved markets side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClearingLanes {
    /// lambda: the marginal cost of compute by workload, USD per H100e-hour; the lowest optimal vector.
    pub price: Vec<Lanes>,
    /// x: usable chip-hours by tranche and workload, tranche-major; the lexicographically largest optimum.
    pub hours: Vec<Lanes>,
    /// d: H100e-hours served by workload.
    pub served: Vec<Lanes>,
}

/// Where similar markets settled: places to start from, which may be wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct SettledLanes<'a> {
    /// By tranche, best uses on each path, as [`Settled::uses`].
    pub uses: &'a [[u16; LANES]],
    /// Prices by workload, USD per H100e-hour; empty if there is none to start from on any path.
    pub price: &'a [Lanes],
}

/// Solves markets side by side, reusing its memory.
#[derive(Clone, Debug, Default)]
pub struct LanesSolver {
    table: Table,
    scalar: Solver,
    one: One,
    clearing: Clearing,
}

/// The markets as the solver sees them, and where their prices stand.
#[derive(Clone, Debug, Default)]
struct Table {
    /// Whether markets can be solved side by side: every input is inside its domain.
    sound: bool,
    capacity: Vec<Lanes>,
    cost: Vec<Lanes>,
    /// e, tranche-major; 0 where the tranche has no capacity.
    rate: Vec<Lanes>,
    value: Vec<Lanes>,
    /// By tranche: a bit a workload, and above them idling.
    uses: Vec<Bits>,
    /// The same as [`SettledLanes::uses`] has them.
    named: Vec<[u16; LANES]>,
    turns: Vec<Lanes>,
    curve: [DemandCurve<Lanes>; WIDEST],
    most: [Lanes; WIDEST],
    log_price: [Lanes; WIDEST],
    use_ratio: [Lanes; WIDEST],
    price: [Lanes; WIDEST],
    spend: [Lanes; WIDEST],
    /// Workloads with demand.
    buyers: Bits,
    choked: Bits,
    flat: Bits,
    balance: Lanes,
    /// Lanes to be started from a guess, and lanes to be left to the scalar solver: 1 there, else 0.
    fresh: Bits,
    doubtful: Bits,
    contested: Bits,
    /// By tranche: what it may earn where it is contested, in quanta; and the runs of such tranches.
    wholes: Vec<Bits>,
    runs: Vec<quanta::Run>,
    hours: Vec<Lanes>,
    served: [Lanes; WIDEST],
    violation: Lanes,
}

/// One lane's market.
#[derive(Clone, Debug, Default)]
struct One {
    capacity: Vec<f64>,
    cost: Vec<f64>,
    rate: Vec<f64>,
    demand: Vec<DemandCurve>,
    uses: Vec<u16>,
    price: Vec<f64>,
}

impl One {
    fn read(&mut self, market: &MarketLanes<'_>, settled: &SettledLanes<'_>, lane: usize) {
        for (to, from) in [
            (&mut self.capacity, market.capacity),
            (&mut self.cost, market.cost),
            (&mut self.rate, market.rate),
            (&mut self.price, settled.price),
        ] {
            to.clear();
            to.extend(from.iter().map(|number| number[lane]));
        }
        self.demand.clear();
        self.demand.extend(market.demand.iter().map(|curve| curve.lane(lane)));
        self.uses.clear();
        self.uses.extend(settled.uses.iter().map(|uses| uses[lane]));
    }

    fn market(&self) -> Market<'_> {
        Market { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand: &self.demand }
    }
}

impl LanesSolver {
    /// Solves the markets into `clearing`, starting from where similar markets settled.
    ///
    /// # Errors
    /// The lowest lane that has no solution, and why: as [`Solver::solve_from`] says of that lane's market.
    pub fn solve_from(
        &mut self,
        market: &MarketLanes<'_>,
        settled: &SettledLanes<'_>,
        clearing: &mut ClearingLanes,
    ) -> Result<(), (usize, Unsolved)> {
        let (tranches, workloads) = (market.capacity.len(), market.demand.len());
        clearing.price.clear();
        clearing.price.resize(workloads, Lanes::default());
        clearing.served.clear();
        clearing.served.resize(workloads, Lanes::default());
        self.table.named.clear();
        self.table.named.resize(tranches, [0; LANES]);
        let fits = workloads <= WIDEST && market.cost.len() == tranches;
        if !fits || workloads == 0 || market.rate.len() != tranches * workloads {
            return self.solve_one_by_one(market, settled, clearing);
        }
        let known = settled.uses.len() == tranches && settled.price.len() == workloads;
        let nothing = SettledLanes::default();
        let settled_here = if known { settled } else { &nothing };
        match workloads {
            1 => load::<1>(&mut self.table, market, settled_here),
            2 => load::<2>(&mut self.table, market, settled_here),
            3 => load::<3>(&mut self.table, market, settled_here),
            _ => load::<4>(&mut self.table, market, settled_here),
        }
        if !self.table.sound {
            return self.solve_one_by_one(market, settled, clearing);
        }
        match workloads {
            1 => solve::<1, 2>(&mut self.table),
            2 => solve::<2, 4>(&mut self.table),
            3 => solve::<3, 8>(&mut self.table),
            _ => solve::<4, 16>(&mut self.table),
        }
        let table = &mut self.table;
        clearing.price.copy_from_slice(&table.price[..workloads]);
        clearing.served.copy_from_slice(&table.served[..workloads]);
        std::mem::swap(&mut clearing.hours, &mut table.hours);
        let doubtful = self.table.doubtful;
        if doubtful.any() {
            for lane in (0..LANES).filter(|&lane| doubtful[lane] != 0) {
                self.solve_alone(lane, market, settled, clearing)?;
            }
        }
        Ok(())
    }

    /// Best uses at the last solution's prices by tranche of the market, 0 where a path has no such tranche. As
    /// [`SettledLanes::uses`] wants them.
    pub fn uses(&self) -> &[[u16; LANES]] {
        &self.table.named
    }

    /// Solves every lane's market by itself.
    fn solve_one_by_one(
        &mut self,
        market: &MarketLanes<'_>,
        settled: &SettledLanes<'_>,
        clearing: &mut ClearingLanes,
    ) -> Result<(), (usize, Unsolved)> {
        clearing.hours.clear();
        clearing.hours.resize(market.rate.len(), Lanes::default());
        (0..LANES).try_for_each(|lane| self.solve_alone(lane, market, settled, clearing))
    }

    /// Solves one lane's market by itself.
    fn solve_alone(
        &mut self,
        lane: usize,
        market: &MarketLanes<'_>,
        settled: &SettledLanes<'_>,
        clearing: &mut ClearingLanes,
    ) -> Result<(), (usize, Unsolved)> {
        self.one.read(market, settled, lane);
        let settled = Settled { uses: &self.one.uses, price: &self.one.price };
        let solved = self.scalar.solve_from(&self.one.market(), &settled, &mut self.clearing);
        solved.map_err(|unsolved| (lane, unsolved))?;
        for (to, from) in [
            (&mut clearing.price, &self.clearing.price),
            (&mut clearing.hours, &self.clearing.hours),
            (&mut clearing.served, &self.clearing.served),
        ] {
            to.iter_mut().zip(from).for_each(|(to, &from)| to[lane] = from);
        }
        self.table.named.iter_mut().for_each(|uses| uses[lane] = 0);
        self.scalar.uses().for_each(|(tranche, uses)| self.table.named[tranche][lane] = uses);
        Ok(())
    }
}

/// Solves loaded markets of W workloads, of which there are S sets, from the prices in the table or a guess, phase by
/// phase. Each phase is compiled by itself for each width: one function of them all takes a minute to compile.
fn solve<const W: usize, const S: usize>(table: &mut Table) {
    if table.fresh.any() {
        guess::<W>(table);
    }
    place_buyers::<W>(table);
    descend::<W, S>(table);
    share_out::<W, S>(table);
    serve::<W>(table);
}

impl Table {
    /// Takes over the markets' numbers.
    #[inline(always)]
    fn load<const W: usize>(&mut self, market: &MarketLanes<'_>) {
        let n = market.capacity.len();
        self.doubtful = Bits::default();
        self.buyers = Bits::default();
        self.balance = Lanes::all(super::start::BALANCE);
        for w in 0..W {
            let curve = market.demand[w];
            self.curve[w] = curve;
            let buys = curve.planned_use.above(Lanes::ZERO);
            let saturation = curve.elasticity.above(Lanes::ZERO).pick(curve.saturation, Lanes::ONE);
            self.most[w] = curve.planned_use * saturation / curve.planned_use;
            let own = buys.keep(curve.elasticity * super::start::BALANCE);
            self.balance = self.balance.or_larger(own);
            self.buyers = self.buyers | buys & 1 << w;
        }
        self.capacity.clear();
        self.capacity.extend_from_slice(market.capacity);
        self.cost.clear();
        self.cost.extend_from_slice(market.cost);
        self.rate.resize(n * W, Lanes::default());
        let (mut lowest_capacity, mut lowest_cost) = (Lowest::NONE, Lowest::NONE);
        let mut lowest_rate = [Lowest::NONE; W];
        let rates = self.rate.as_chunks_mut::<W>().0.iter_mut().zip(market.rate.as_chunks::<W>().0);
        for (((to, from), capacity), cost) in rows(rates.zip(market.capacity).zip(market.cost)) {
            let there = capacity.above(Lanes::ZERO);
            for w in 0..W {
                to[w] = there.keep(from[w]);
                lowest_rate[w].take(from[w]);
            }
            lowest_capacity.take(*capacity);
            lowest_cost.take(*cost);
        }
        self.sound = is_sound(market.demand, lowest_capacity, lowest_cost, &lowest_rate);
        self.value.resize(n, Lanes::default());
        self.turns.resize(n, Lanes::default());
        self.uses.resize(n, Bits::default());
    }

    /// Doubts lanes whose hours violate the conditions, and notes best uses.
    #[inline(always)]
    fn conclude<const W: usize>(&mut self) {
        let enough = self.contested.some().pick(Lanes::all(super::PROVEN), Lanes::all(TOLERANCE));
        self.doubtful = self.doubtful | !enough.reaches(self.violation) & 1;
        let tranches = self.named.iter_mut().zip(&self.uses).zip(&self.capacity);
        for ((named, uses), capacity) in rows(tranches) {
            let named_uses = *uses & ((1 << W) - 1) | uses.has(1 << W) & 1 << MAX_WORKLOADS;
            let there = capacity.above(Lanes::ZERO).keep(named_uses);
            *named = std::array::from_fn(|i| there[i] as u16);
        }
    }
}

wide! {
    /// Reads the markets, and prices from what settled where that makes any.
    fn load<const W: usize>(table: &mut Table, market: &MarketLanes<'_>, settled: &SettledLanes<'_>) {
        table.load::<W>(market);
        table.resume::<W>(settled);
    } else {
        table.sound = false;
    }
}

wide! {
    /// Guesses prices where there are none.
    fn guess<const W: usize>(table: &mut Table) {
        table.guess::<W>();
    } else {
        unreachable!("{NARROW}");
    }
}

wide! {
    /// Reads from the prices what buyers spend and where tranches are best used.
    fn place_buyers<const W: usize>(table: &mut Table) {
        table.place_buyers::<W>();
    } else {
        unreachable!("{NARROW}");
    }
}

wide! {
    /// Descends from the prices.
    fn descend<const W: usize, const S: usize>(table: &mut Table) {
        table.descend::<W, S>();
    } else {
        unreachable!("{NARROW}");
    }
}

wide! {
    /// Shares out hours.
    fn share_out<const W: usize, const S: usize>(table: &mut Table) {
        table.share_out::<W, S>();
    } else {
        unreachable!("{NARROW}");
    }
}

wide! {
    /// Checks prices and hours.
    fn serve<const W: usize>(table: &mut Table) {
        table.serve::<W>();
        table.conclude::<W>();
    } else {
        unreachable!("{NARROW}");
    }
}

#[cfg(test)]
mod tests;
