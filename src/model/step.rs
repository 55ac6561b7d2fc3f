//! A path, month by month: the story of the whole simulator.

use std::ops::Range;

use super::conditions::{self, Givens};
use super::drivers::Drivers;
use super::ledger::{ChannelMonth, LabChannel, LabMonth, MonthTrace, Trace};
use super::operate::Operator;
use super::parameters::{Supply, World};
use super::plan::Planner;
use super::rules::{DatesInLanes, MonthRules, Regime, RuleDates, Severity, Void};
use super::state::{Holding, State};
use super::supply::rental::VoidTerms;
use super::tranches::{Memory, Tranches};
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::Unsolved;
use crate::math::wide::widely;
use crate::math::{InLanes, LANES, Lanes, sum};

/// Memory of a simulation, reused from paths to paths.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    state: State,
    tranches: Tranches,
    curves: Vec<DemandCurve<Lanes>>,
    severities: Vec<Severity>,
    voids: Vec<Void>,
    /// Of these, those on the channel at hand.
    channel_voids: Vec<Void>,
    month: MonthTrace<Lanes>,
}

/// What a month leaves to the next, kept so that another arm can go on from it.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    state: State,
    settled: Vec<Memory>,
}

impl Workspace {
    /// Forgets everything: the start of an arm on a few paths.
    pub fn begin(&mut self, world: &World) {
        self.state.begin(world);
        self.tranches.forget();
        self.month.channels.clear();
        self.month.labs.clear();
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
        self.month.channels.clear();
        self.month.labs.clear();
    }
}

/// A month could not be simulated.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Which of the paths side by side.
    pub lane: usize,
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
    OnePath::new(world, drivers, dates).simulate(world, work, trace)
}

/// One path as months take it: in every lane, with what is given on it.
pub struct OnePath {
    drivers: Drivers<Lanes>,
    dates: Vec<DatesInLanes>,
    givens: Givens,
}

impl OnePath {
    /// A path of a world.
    pub fn new(world: &World, drivers: &Drivers, dates: &[RuleDates]) -> OnePath {
        let mut alike = Drivers::default();
        alike.gather(std::slice::from_ref(drivers));
        let mut givens = Givens::default();
        givens.fill(world, &alike);
        OnePath { drivers: alike, dates: dates.iter().map(|dates| [*dates; LANES]).collect(), givens }
    }

    /// Simulates all months of an arm with the path's world, or one that differs from it in nothing that [`Givens`] read, into
    /// `trace`.
    ///
    /// # Errors
    /// A market that cannot be solved, with its month and lab.
    pub fn simulate(&self, world: &World, work: &mut Workspace, trace: &mut Trace) -> Result<(), Failure> {
        let regime = Regime { world, drivers: &self.drivers, dates: &self.dates };
        let course = Course { regime, givens: &self.givens };
        trace.months.clear();
        work.begin(world);
        let mut month = MonthTrace::default();
        let mut keep = |_, month: &MonthTrace<Lanes>| trace.months.push(month.lane(0));
        walk_plainly(&course, 0..world.months, work, &mut month, &mut keep)
    }
}

/// Simulates some months of an arm on a few paths from where the workspace stands, and shows each month as it is done to
/// `see`.
///
/// # Errors
/// A market that cannot be solved, with its path, month and lab.
pub fn walk(
    regime: &Regime<'_>,
    givens: &Givens,
    months: Range<usize>,
    work: &mut Workspace,
    mut see: impl FnMut(usize, &MonthTrace<Lanes>),
) -> Result<(), Failure> {
    let mut month = std::mem::take(&mut work.month);
    let course = Course { regime: *regime, givens };
    let walked = widely(
        #[inline(always)]
        || {
            for t in months.clone() {
                step(&course, t, work, &mut month)?;
                see(t, &month);
            }
            Ok(())
        },
    );
    let walked = walked.unwrap_or_else(|| walk_plainly(&course, months, work, &mut month, &mut see));
    work.month = month;
    walked
}

/// What months of an arm are simulated under on a few paths.
struct Course<'a> {
    regime: Regime<'a>,
    givens: &'a Givens,
}

/// Months on the instructions that every machine has, but for what chooses its own.
#[inline(never)]
fn walk_plainly(
    course: &Course<'_>,
    months: Range<usize>,
    work: &mut Workspace,
    month: &mut MonthTrace<Lanes>,
    see: &mut dyn FnMut(usize, &MonthTrace<Lanes>),
) -> Result<(), Failure> {
    for t in months {
        step(course, t, work, month)?;
        see(t, month);
    }
    Ok(())
}

/// One month: rules and terms, wind-down, every lab's plan, every lab's operation, what the next month remembers.
#[inline(always)]
fn step(
    course: &Course<'_>,
    t: usize,
    work: &mut Workspace,
    month: &mut MonthTrace<Lanes>,
) -> Result<(), Failure> {
    let Course { regime, givens } = course;
    let world = regime.world;
    let failure =
        |lab, market| move |(lane, why): (usize, Unsolved)| Failure { lane, month: t, lab, market, why };
    let mut severities = std::mem::take(&mut work.severities);
    regime.severities(t, &mut severities);
    let rules = MonthRules::new(*regime, t, &severities);
    observe(&rules, givens, work, month);
    for lab in 0..world.labs.len() {
        let books = &mut month.labs[lab];
        wind_down(&rules, lab, work, &month.channels, books);
        let planner = Planner { rules, lab, terms: &month.channels };
        let holdings = &mut work.state.holdings[lab];
        for (k, holding) in owned(world, holdings) {
            holding.fleet.look_ahead(givens.finance(k));
        }
        planner.plan(holdings, &mut work.curves, &mut work.tranches, books).map_err(failure(lab, "plan"))?;
        place_orders(&planner, &mut work.state, &month.channels, books);
    }
    remember_plans(&rules, work, month);
    for lab in 0..world.labs.len() {
        let operator = Operator { rules, lab, terms: &month.channels };
        let holdings = &mut work.state.holdings[lab];
        for (k, holding) in owned(world, holdings) {
            holding.fleet.add_up(t, givens.finance(k));
        }
        operator
            .operate(holdings, &mut work.curves, &mut work.tranches, &mut month.labs[lab])
            .map_err(failure(lab, "operate"))?;
    }
    remember_use(&rules, work, month);
    work.severities = severities;
    Ok(())
}

/// What a lab holds of the channels that are owned.
#[inline(always)]
fn owned<'a>(
    world: &'a World,
    holdings: &'a mut [Holding],
) -> impl Iterator<Item = (usize, &'a mut Holding)> {
    let owned = |k: usize| matches!(world.channels[k].supply, Supply::Owned(_));
    holdings.iter_mut().enumerate().filter(move |(k, _)| owned(*k))
}

/// Reads the month's terms and rules; in month 0, takes stock.
#[inline(always)]
fn observe(rules: &MonthRules<'_>, givens: &Givens, work: &mut Workspace, month: &mut MonthTrace<Lanes>) {
    let world = rules.regime.world;
    month.channels.resize_with(world.channels.len(), ChannelMonth::default);
    for (k, state) in work.state.channels.iter().enumerate() {
        conditions::channel_month(rules, state, givens, k, &mut month.channels[k]);
    }
    rules.regime.voids(rules.t, &mut work.voids);
    month.labs.resize_with(world.labs.len(), LabMonth::default);
    for lab in &mut month.labs {
        lab.channels.resize_with(world.channels.len(), LabChannel::default);
        lab.channels.iter_mut().for_each(|channel| channel.begin(world.workloads.len()));
    }
    if rules.t == 0 {
        take_stock(&rules.regime, givens, work, &month.channels);
    }
}

/// Fleets, pipelines and contracts of the start.
fn take_stock(regime: &Regime<'_>, givens: &Givens, work: &mut Workspace, terms: &[ChannelMonth<Lanes>]) {
    let at_start = |slot| regime.drivers.now(slot, 0);
    for (lab, holdings) in regime.world.labs.iter().zip(&mut work.state.holdings) {
        for (k, channel) in regime.world.channels.iter().enumerate() {
            let share = at_start(lab.shares[k]);
            let holding = &mut holdings[k];
            match &channel.supply {
                Supply::Rental(rental) => {
                    let signing = rental
                        .committed_price
                        .map_or(at_start(rental.price) * at_start(rental.contract_basis), at_start);
                    holding.book.begin(share * at_start(rental.committed), signing, rental.term);
                }
                Supply::Owned(owned) => {
                    let (price, finance) = (terms[k].system_price, givens.finance(k));
                    let chips = share * at_start(owned.fleet);
                    holding.fleet.begin(chips, price, finance);
                    for (arrives, chips) in owned.pipeline.iter().enumerate() {
                        holding.fleet.buy(share * at_start(*chips), arrives, price, Lanes::ZERO);
                    }
                    for _ in 0..regime.world.lead {
                        holding.fleet.look_ahead(finance);
                    }
                }
            }
        }
    }
}

/// Voids what rules void of the lab's contracts and books what is due.
#[inline(always)]
fn wind_down(
    rules: &MonthRules<'_>,
    lab: usize,
    work: &mut Workspace,
    terms: &[ChannelMonth<Lanes>],
    books: &mut LabMonth<Lanes>,
) {
    let (world, t) = (rules.regime.world, rules.t);
    for (k, channel) in world.channels.iter().enumerate() {
        let Supply::Rental(rental) = &channel.supply else { continue };
        let at = |slot| rules.regime.drivers.now(slot, t);
        let void_terms = VoidTerms {
            overhead: terms[k].overhead,
            prepaid: at(rental.prepaid),
            exit_fee_months: at(rental.exit_fee_months),
            owed_share: at(rental.owed_share_when_void),
        };
        work.channel_voids.clear();
        work.channel_voids.extend(work.voids.iter().filter(|void| void.acts_on(world, k)));
        let book = &mut work.state.holdings[lab][k].book;
        books.channels[k].spend.dues = book.wind_down(t, &work.channel_voids, &void_terms);
        book.add_up(t + world.lead, &work.channel_voids);
    }
}

/// Buys what the plan ordered, at this month's price and the last plan's scarcity rent.
#[inline(always)]
fn place_orders(
    planner: &Planner<'_>,
    state: &mut State,
    terms: &[ChannelMonth<Lanes>],
    books: &mut LabMonth<Lanes>,
) {
    let (world, t) = (planner.rules.regime.world, planner.rules.t);
    for (k, holding) in state.holdings[planner.lab].iter_mut().enumerate() {
        let by_this_plan = planner.scarcity_rate(k, &books.plan_price);
        let rate = if t == 0 { by_this_plan } else { holding.scarcity_rate };
        let order = &mut books.channels[k];
        order.scarcity_rate = rate;
        holding.fleet.buy(order.orders, t + world.lead, terms[k].system_price, rate);
        holding.scarcity_rate = by_this_plan;
    }
}

/// Remembers orders for learning and what chips were worth for the supply response.
#[inline(always)]
fn remember_plans(rules: &MonthRules<'_>, work: &mut Workspace, month: &MonthTrace<Lanes>) {
    let (world, drivers, t) = (rules.regime.world, rules.regime.drivers, rules.t);
    for (k, channel) in world.channels.iter().enumerate() {
        let Supply::Owned(owned) = &channel.supply else { continue };
        let state = &mut work.state.channels[k];
        let orders = sum(month.labs.iter().map(|lab| lab.channels[k].orders));
        state.ordered += orders + drivers.now(owned.rest_of_market, t);
        let (mut ratio, mut shares) = (Lanes::ZERO, Lanes::ZERO);
        for (lab, books) in month.labs.iter().enumerate() {
            let planner = Planner { rules: *rules, lab, terms: &month.channels };
            let share = drivers.now(world.labs[lab].shares[k], t);
            ratio += share * planner.worth(k, &books.plan_price) / month.channels[k].buy_cost_planned;
            shares += share;
        }
        state.worth_ratios.push(shares.above(Lanes::ZERO).keep(ratio / shares));
    }
}

/// Remembers the labs' use of rental channels for the rent response.
#[inline(always)]
fn remember_use(rules: &MonthRules<'_>, work: &mut Workspace, month: &MonthTrace<Lanes>) {
    for (k, channel) in rules.regime.world.channels.iter().enumerate() {
        if let Supply::Rental(_) = &channel.supply {
            let used = sum(month.labs.iter().map(|lab| lab.channels[k].hours_run()));
            let terms = &month.channels[k];
            let on_offer = terms.on_offer * HOURS_PER_MONTH * terms.availability;
            work.state.channels[k].remember_use(used, on_offer);
        }
    }
}
