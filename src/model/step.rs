//! A path, month by month: the story of the whole simulator.

use std::ops::Range;

use super::conditions::{self, Quotes};
use super::drivers::Drivers;
use super::ledger::{ChannelMonth, LabChannel, LabMonth, MonthTrace, Trace};
use super::operate::Operator;
use super::parameters::{Supply, World};
use super::plan::Planner;
use super::rules::{Regime, RuleDates, Void};
use super::state::State;
use super::supply::rental::VoidTerms;
use super::tranches::{Memory, Tranches};
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::Unsolved;

/// Memory of a simulation, reused from path to path.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    state: State,
    tranches: Tranches,
    curves: Vec<DemandCurve>,
    voids: Vec<Vec<Void>>,
    month: MonthTrace,
    quotes: Quotes,
}

/// What a month leaves to the next, kept so that another arm can go on from it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    state: State,
    settled: Vec<Memory>,
}

impl Workspace {
    /// Forgets everything: the start of an arm on a path.
    pub fn begin(&mut self, world: &World, drivers: &Drivers) {
        self.state.begin(world, drivers);
        self.tranches.forget();
    }

    /// Keeps where the arm at hand stands.
    pub fn save(&self, snapshot: &mut Snapshot) {
        snapshot.state.clone_from(&self.state);
        snapshot.settled.clone_from(&self.tranches.settled);
    }

    /// Goes on from where an arm stood.
    pub fn resume(&mut self, snapshot: &Snapshot) {
        self.state.clone_from(&snapshot.state);
        self.tranches.settled.clone_from(&snapshot.settled);
    }
}

/// A month could not be simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The month, in steps.
    pub month: usize,
    /// Index of the lab.
    pub lab: usize,
    /// In which market: `plan` or `operate`.
    pub market: &'static str,
    /// What the solver says.
    pub why: Unsolved,
}

/// Simulates all months of an arm on one path into `trace`.
///
/// # Errors
/// A market that cannot be solved, with its month and lab.
pub fn simulate(
    world: &World,
    drivers: &Drivers,
    dates: &[RuleDates],
    work: &mut Workspace,
    trace: &mut Trace,
) -> Result<(), Failure> {
    let mut quotes = std::mem::take(&mut work.quotes);
    quotes.fill(world, drivers);
    trace.months.resize_with(world.months, MonthTrace::default);
    let regime = Regime::new(world, drivers, dates);
    work.begin(world, drivers);
    walk(&regime, &quotes, 0..world.months, work, |t, month| trace.months[t].clone_from(month))?;
    work.quotes = quotes;
    Ok(())
}

/// Simulates some months of an arm on one path, given its quotes, from where the workspace stands, and shows each month as
/// it is done to `see`.
///
/// # Errors
/// A market that cannot be solved, with its month and lab.
pub fn walk(
    regime: &Regime<'_>,
    quotes: &Quotes,
    months: Range<usize>,
    work: &mut Workspace,
    mut see: impl FnMut(usize, &MonthTrace),
) -> Result<(), Failure> {
    let mut month = std::mem::take(&mut work.month);
    for t in months {
        step(regime, quotes, t, work, &mut month)?;
        see(t, &month);
    }
    work.month = month;
    Ok(())
}

/// One month: rules and terms, wind-down, every lab's plan, every lab's operation, what the next month remembers.
fn step(
    regime: &Regime<'_>,
    quotes: &Quotes,
    t: usize,
    work: &mut Workspace,
    month: &mut MonthTrace,
) -> Result<(), Failure> {
    let world = regime.world;
    let failure = |lab, market| move |why| Failure { month: t, lab, market, why };
    observe(regime, quotes, t, work, month);
    for lab in 0..world.labs.len() {
        let books = &mut month.labs[lab];
        wind_down(regime, lab, t, work, &month.channels, books);
        let planner = Planner { regime: *regime, lab, t, terms: &month.channels };
        let holdings = &mut work.state.holdings[lab];
        planner.plan(holdings, &mut work.curves, &mut work.tranches, books).map_err(failure(lab, "plan"))?;
        place_orders(&planner, &mut work.state, &month.channels, books);
    }
    remember_plans(regime, t, work, month);
    for lab in 0..world.labs.len() {
        let operator = Operator { regime: *regime, lab, t, terms: &month.channels };
        let holdings = &mut work.state.holdings[lab];
        operator
            .operate(holdings, &mut work.curves, &mut work.tranches, &mut month.labs[lab])
            .map_err(failure(lab, "operate"))?;
    }
    remember_use(regime, work, month);
    Ok(())
}

/// Reads the month's terms and rules; in month 0, takes stock.
fn observe(regime: &Regime<'_>, quotes: &Quotes, t: usize, work: &mut Workspace, month: &mut MonthTrace) {
    let world = regime.world;
    month.channels.resize(world.channels.len(), ChannelMonth::default());
    work.voids.resize_with(world.channels.len(), Vec::new);
    for (k, state) in work.state.channels.iter().enumerate() {
        conditions::channel_month(regime, state, quotes, (k, t), &mut month.channels[k]);
        regime.voids(k, t, &mut work.voids[k]);
    }
    month.labs.resize_with(world.labs.len(), LabMonth::default);
    for lab in &mut month.labs {
        let mut channels = std::mem::take(&mut lab.channels);
        channels.clear();
        channels.resize(world.channels.len(), LabChannel::default());
        *lab = LabMonth { channels, ..LabMonth::default() };
    }
    if t == 0 {
        take_stock(regime, work, &month.channels);
    }
}

/// Fleets, pipelines and contracts of the start.
fn take_stock(regime: &Regime<'_>, work: &mut Workspace, terms: &[ChannelMonth]) {
    let drivers = regime.drivers;
    for (lab, holdings) in regime.world.labs.iter().zip(&mut work.state.holdings) {
        for (k, channel) in regime.world.channels.iter().enumerate() {
            let share = drivers.now(lab.shares[k], 0);
            let holding = &mut holdings[k];
            match &channel.supply {
                Supply::Rental(rental) => {
                    let signing = rental.committed_price.map_or(
                        drivers.now(rental.price, 0) * drivers.now(rental.contract_basis, 0),
                        |slot| drivers.now(slot, 0),
                    );
                    holding.book.begin(share * drivers.now(rental.committed, 0), signing, rental.term);
                }
                Supply::Owned(owned) => {
                    let state = &work.state.channels[k];
                    let Some(ownership) = state.terms.as_ref() else { continue };
                    let price = terms[k].system_price;
                    let chips = share * drivers.now(owned.fleet, 0);
                    holding.fleet.begin(chips, owned.fleet_age_months, price, ownership, &state.charges);
                    for (arrives, chips) in owned.pipeline.iter().enumerate() {
                        holding.fleet.buy(
                            share * drivers.now(*chips, 0),
                            arrives,
                            price,
                            0.0,
                            &state.charges,
                        );
                    }
                }
            }
        }
    }
}

/// Voids what rules void of the lab's contracts and books what is due.
fn wind_down(
    regime: &Regime<'_>,
    lab: usize,
    t: usize,
    work: &mut Workspace,
    terms: &[ChannelMonth],
    books: &mut LabMonth,
) {
    for (k, channel) in regime.world.channels.iter().enumerate() {
        let Supply::Rental(rental) = &channel.supply else { continue };
        let at = |slot| regime.drivers.now(slot, t);
        let void_terms = VoidTerms {
            overhead: terms[k].overhead,
            prepaid: at(rental.prepaid),
            exit_fee_months: at(rental.exit_fee_months),
            owed_share: at(rental.owed_share_when_void),
        };
        let book = &mut work.state.holdings[lab][k].book;
        books.channels[k].spend.dues = book.wind_down(t, &work.voids[k], &void_terms);
        book.add_up(t + regime.world.lead, &work.voids[k]);
    }
}

/// Buys what the plan ordered, at this month's price and the last plan's scarcity rent.
fn place_orders(planner: &Planner<'_>, state: &mut State, terms: &[ChannelMonth], books: &mut LabMonth) {
    let arrives = planner.t + planner.regime.world.lead;
    for (k, holding) in state.holdings[planner.lab].iter_mut().enumerate() {
        let by_this_plan = planner.scarcity_rate(k, &books.plan_price);
        let rate = if planner.t == 0 { by_this_plan } else { holding.scarcity_rate };
        let order = &mut books.channels[k];
        order.scarcity_rate = rate;
        holding.fleet.buy(order.orders, arrives, terms[k].system_price, rate, &state.channels[k].charges);
        holding.scarcity_rate = by_this_plan;
    }
}

/// Remembers orders for learning and what chips were worth for the supply response.
fn remember_plans(regime: &Regime<'_>, t: usize, work: &mut Workspace, month: &MonthTrace) {
    for (k, channel) in regime.world.channels.iter().enumerate() {
        let Supply::Owned(owned) = &channel.supply else { continue };
        let state = &mut work.state.channels[k];
        let orders: f64 = month.labs.iter().map(|lab| lab.channels[k].orders).sum();
        state.ordered += orders + regime.drivers.now(owned.rest_of_market, t);
        let (mut ratio, mut shares) = (0.0, 0.0);
        for (lab, books) in month.labs.iter().enumerate() {
            let planner = Planner { regime: *regime, lab, t, terms: &month.channels };
            let share = regime.drivers.now(regime.world.labs[lab].shares[k], t);
            ratio += share * planner.worth(k, &books.plan_price) / month.channels[k].buy_cost_planned;
            shares += share;
        }
        state.worth_ratios.push(if shares > 0.0 { ratio / shares } else { 0.0 });
    }
}

/// Remembers the labs' use of rental channels for the rent response.
fn remember_use(regime: &Regime<'_>, work: &mut Workspace, month: &MonthTrace) {
    for (k, channel) in regime.world.channels.iter().enumerate() {
        if let Supply::Rental(_) = &channel.supply {
            let used: f64 = month.labs.iter().map(|lab| lab.channels[k].hours_run()).sum();
            let terms = &month.channels[k];
            work.state.channels[k].remember_use(used, terms.on_offer * HOURS_PER_MONTH * terms.availability);
        }
    }
}
