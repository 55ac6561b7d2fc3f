//! How the cost of an H100e-hour builds up in one channel, month, arm and path: each formula with its inputs and result.
//!
//! The numbers are the engine's own: the path is simulated up to the month, learning, responses and rules included, and
//! every symbol of a formula is an input with its key, a number observed in the simulation, or the result of a formula
//! above. What may be had at the price, and what rules leave of it, comes first: a price that nobody pays is said to be one.
//! Where a shown formula and the simulated result part, that is a bug, and a test looks for it.
//!
//! `access` tells what may be had, `cost` what an hour costs and what work it does.

mod access;
mod cost;

use crate::calendar::Month;
use crate::engine::executor::{self, EngineError};
use crate::engine::job::Job;
use crate::math::LANES;
use crate::model::drivers::{Drivers, Scratch};
use crate::model::ledger::{ChannelMonth, Trace};
use crate::model::parameters::{Channel, Slot, World};
use crate::model::rules::{DatesInLanes, MonthRules, Regime, RuleDates};
use crate::model::step::{self, Workspace};
use crate::scenario::Scenario;

/// A cost, built up.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Channel's name.
    pub channel: String,
    /// Arm's name.
    pub arm: String,
    /// Month.
    pub month: Month,
    /// Path; none is the central path.
    pub path: Option<u64>,
    /// What must be known of the price: that the channel is shut, has nothing on offer, or is no longer sold.
    pub remarks: Vec<String>,
    /// Formulas in order of use.
    pub lines: Vec<Line>,
}

/// One formula, evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// Symbol of its result in the formulas below.
    pub symbol: String,
    /// The formula, in the symbols of its inputs; definitions of its own follow after commas.
    pub formula: String,
    /// Inputs.
    pub inputs: Vec<Input>,
    /// Result.
    pub result: f64,
    /// Its unit.
    pub unit: &'static str,
}

/// One input of a formula.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Symbol in the formula.
    pub symbol: String,
    /// Value.
    pub value: f64,
    /// Where it comes from.
    pub origin: Origin,
}

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The scenario, at this key.
    Key(String),
    /// A formula above.
    Above,
    /// The simulation: what was observed there.
    Simulated(String),
}

/// Why there is nothing to explain.
#[derive(Clone, Debug, PartialEq)]
pub enum Unexplained {
    /// No such arm; the arms there are.
    NoArm(String, Vec<String>),
    /// No such channel; the channels there are.
    NoChannel(String, Vec<String>),
    /// The month is outside the run; its first and last month.
    OutsideRun(Month, Month, Month),
    /// The path is beyond the run's paths.
    NoPath(u64, usize),
    /// The simulation failed.
    Engine(EngineError),
}

impl std::fmt::Display for Unexplained {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unexplained::NoArm(id, known) => write!(f, "no arm {id:?}; arms: {}", known.join(", ")),
            Unexplained::NoChannel(id, known) => {
                write!(f, "no channel {id:?}; channels: {}", known.join(", "))
            }
            Unexplained::OutsideRun(month, first, last) => {
                write!(f, "month {month} is outside the run; allowed: {first} to {last}")
            }
            Unexplained::NoPath(path, paths) => {
                write!(f, "no path {path}; allowed: 0 to {}", paths.saturating_sub(1))
            }
            Unexplained::Engine(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Unexplained {}

/// What is to be explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Question<'a> {
    /// Channel's id.
    pub channel: &'a str,
    /// Month.
    pub month: Month,
    /// Arm's id; none is the baseline.
    pub arm: Option<&'a str>,
    /// Path; none is the central path.
    pub path: Option<u64>,
}

/// Explains the cost of a channel.
///
/// # Errors
/// [`Unexplained`].
pub fn explain(scenario: &Scenario, question: &Question<'_>) -> Result<Explanation, Unexplained> {
    let job = &scenario.job();
    let arm = match question.arm {
        None => job.baseline(),
        Some(id) => job.arms.iter().position(|arm| arm.id == id).ok_or_else(|| {
            Unexplained::NoArm(id.to_string(), job.arms.iter().map(|arm| arm.id.clone()).collect())
        })?,
    };
    let sampler = executor::sampler(job);
    let (worlds, _) = executor::calibrated(job, &sampler).map_err(Unexplained::Engine)?;
    let world = &worlds[arm];
    let k = world.channels.iter().position(|channel| channel.id == question.channel).ok_or_else(|| {
        let known = world.channels.iter().map(|channel| channel.id.clone()).collect();
        Unexplained::NoChannel(question.channel.to_string(), known)
    })?;
    let last = world.start.plus(world.months as i32 - 1);
    let t = usize::try_from(question.month.since(world.start))
        .ok()
        .filter(|t| *t < world.months)
        .ok_or(Unexplained::OutsideRun(question.month, world.start, last))?;
    let (mut scratch, mut drivers) = (Scratch::default(), Drivers::default());
    let mut dates = Vec::new();
    match question.path {
        None => {
            sampler.central(&mut scratch, &mut drivers);
            dates = RuleDates::central(world, &drivers);
        }
        Some(path) if path >= job.paths as u64 => return Err(Unexplained::NoPath(path, job.paths)),
        Some(path) => {
            sampler.draw(path, &mut scratch, &mut drivers);
            RuleDates::draw_all(world, &sampler, &drivers, path, &mut dates);
        }
    }
    let mut trace = Trace::default();
    step::simulate(world, &drivers, &dates, &mut Workspace::default(), &mut trace).map_err(|failure| {
        Unexplained::Engine(EngineError::Market {
            path: question.path.unwrap_or(0),
            arm: job.arms[arm].id.clone(),
            month: world.start.plus(failure.month as i32),
            lab: world.labs[failure.lab].id.clone(),
            failure: Box::new(failure),
        })
    })?;
    let reference_job = with_reference_chip(scenario, job);
    let mut central = Drivers::default();
    executor::sampler(&reference_job).central(&mut scratch, &mut central);
    let reference = Reference { chip: scenario.reference_chip(), job: &reference_job, central: &central };
    let mut alike = Drivers::default();
    alike.gather(std::slice::from_ref(&drivers));
    let dates_alike: Vec<DatesInLanes> = dates.iter().map(|dates| [*dates; LANES]).collect();
    let regime = Regime { world, drivers: &alike, dates: &dates_alike };
    let mut severities = Vec::new();
    regime.severities(t, &mut severities);
    let mut reader = Reader {
        job,
        world,
        drivers: &drivers,
        dates: &dates,
        rules: MonthRules::new(regime, t, &severities),
        trace: &trace,
        reference,
        k,
        t,
        lines: Vec::new(),
        remarks: Vec::new(),
    };
    reader.tell();
    Ok(Explanation {
        channel: world.channels[k].title.clone(),
        arm: job.arms[arm].title.clone(),
        month: question.month,
        path: question.path,
        remarks: reader.remarks,
        lines: reader.lines,
    })
}

/// The job with the reference chip in its world, which holds the chips of channels only: where no channel has it, the
/// first one is given it, and only the chip's own numbers are then read.
fn with_reference_chip(scenario: &Scenario, job: &Job) -> Job {
    let world = &job.arms[job.baseline()].world;
    let id = scenario.reference_chip();
    if world.chips.iter().any(|chip| chip.id == id) {
        return job.clone();
    }
    let given = world.channels.first().and_then(|channel| {
        let key = format!("channels.{}.chip", channel.id);
        scenario.with(&key, id).ok()
    });
    given.map_or_else(|| job.clone(), |scenario| scenario.job())
}

/// The chip whose work is the unit, at central parameters.
#[derive(Clone, Copy)]
struct Reference<'a> {
    chip: &'a str,
    /// A job whose baseline has the chip.
    job: &'a Job,
    /// Its central path.
    central: &'a Drivers,
}

/// Reads a channel's month and writes down its formulas.
struct Reader<'a> {
    job: &'a Job,
    world: &'a World,
    drivers: &'a Drivers,
    dates: &'a [RuleDates],
    rules: MonthRules<'a>,
    trace: &'a Trace,
    reference: Reference<'a>,
    k: usize,
    t: usize,
    lines: Vec<Line>,
    remarks: Vec<String>,
}

impl<'a> Reader<'a> {
    fn tell(&mut self) {
        self.access();
        self.cost();
    }

    fn channel(&self) -> &'a Channel {
        &self.world.channels[self.k]
    }

    fn terms(&self) -> &'a ChannelMonth {
        &self.trace.months[self.t].channels[self.k]
    }

    fn now(&self, slot: Slot) -> f64 {
        self.drivers.now(slot, self.t)
    }

    fn month(&self, t: i64) -> Month {
        self.world.start.plus(t as i32)
    }

    /// An input that the scenario states for `owner`, such as `("chips", "h20")`.
    fn given(&self, symbol: &str, slot: Slot, owner: (&str, &str)) -> Input {
        stated(symbol, (self.job, slot), owner, self.now(slot))
    }

    fn at_start(&self, symbol: &str, slot: Slot, owner: (&str, &str)) -> Input {
        Input { value: self.drivers.now(slot, 0), ..self.given(symbol, slot, owner) }
    }

    /// An input that the scenario states for the channel.
    fn of_channel(&self, symbol: &str, slot: Slot) -> Input {
        self.given(symbol, slot, ("channels", &self.channel().id))
    }

    /// Writes a formula down, and gives its result as an input of those below.
    fn line(
        &mut self,
        name: impl Into<String>,
        (symbol, formula): (&str, impl Into<String>),
        inputs: Vec<Input>,
        (result, unit): (f64, &'static str),
    ) -> Input {
        let (name, symbol, formula) = (name.into(), symbol.to_string(), formula.into());
        self.lines.push(Line { name, symbol: symbol.clone(), formula, inputs, result, unit });
        Input { symbol, value: result, origin: Origin::Above }
    }
}

/// An input that a job's scenario states for `owner`. Quantities that share a stream share a slot, which carries the key of
/// the first of them: the owner's own key is named instead.
fn stated(symbol: &str, (job, slot): (&Job, Slot), (table, id): (&str, &str), value: f64) -> Input {
    let key = &job.quantities.list[slot.0 as usize].key;
    let rest =
        key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')).and_then(|rest| rest.split_once('.'));
    let key = rest.map_or_else(|| key.clone(), |(_, field)| format!("{table}.{id}.{field}"));
    Input { symbol: symbol.to_string(), value, origin: Origin::Key(key) }
}

fn simulated(symbol: &str, value: f64, observed: impl Into<String>) -> Input {
    Input { symbol: symbol.to_string(), value, origin: Origin::Simulated(observed.into()) }
}

/// "a · b · c" of the inputs' symbols.
fn product(inputs: &[Input]) -> String {
    inputs.iter().map(|input| input.symbol.as_str()).collect::<Vec<_>>().join(" · ")
}
