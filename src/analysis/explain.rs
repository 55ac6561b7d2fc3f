//! How the cost of an H100e-hour builds up in one channel, month, arm and path: each formula with its inputs and result.
//!
//! The numbers are the engine's own: the path is simulated up to the month, learning, rent response and rules included, and
//! the formulas of [`crate::economics`] are called once more on the inputs shown. Where the shown formula and the
//! simulated result part, that is a bug, and a test looks for it.

use crate::calendar::{HOURS_PER_MONTH, Month};
use crate::economics::ownership::{self, Terms};
use crate::economics::{energy, rental};
use crate::engine::executor::{self, EngineError};
use crate::engine::job::Job;
use crate::model::drivers::{Drivers, Scratch};
use crate::model::ledger::{ChannelMonth, Trace};
use crate::model::parameters::{Owned, Rental, Slot, Supply, WorkloadKind, World};
use crate::model::rules::RuleDates;
use crate::model::step::{self, Workspace};

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
    /// Formulas in order of use.
    pub lines: Vec<Line>,
}

/// One formula, evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// The formula, in the symbols of its inputs.
    pub formula: &'static str,
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
    pub symbol: &'static str,
    /// Value.
    pub value: f64,
    /// Key of the quantity it is; none for a result of the simulation or of a line above.
    pub key: Option<String>,
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
pub fn explain(job: &Job, question: &Question<'_>) -> Result<Explanation, Unexplained> {
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
        let arm = job.arms[arm].id.clone();
        Unexplained::Engine(EngineError::Market { path: question.path.unwrap_or(0), arm, failure })
    })?;
    let reader = Reader { job, world, drivers: &drivers, t };
    Ok(Explanation {
        channel: world.channels[k].title.clone(),
        arm: job.arms[arm].title.clone(),
        month: question.month,
        path: question.path,
        lines: reader.lines(k, &trace.months[t].channels[k]),
    })
}

struct Reader<'a> {
    job: &'a Job,
    world: &'a World,
    drivers: &'a Drivers,
    t: usize,
}

impl Reader<'_> {
    fn now(&self, slot: Slot) -> f64 {
        self.drivers.now(slot, self.t)
    }

    /// An input that the scenario states for `owner`, such as `("chips", "h20")`. Quantities that share a stream share a
    /// slot, which carries the key of the first of them: the owner's own key is named instead.
    fn given(&self, symbol: &'static str, slot: Slot, owner: (&str, &str)) -> Input {
        let key = &self.job.quantities.list[slot.0 as usize].key;
        let (table, id) = owner;
        let rest = key
            .strip_prefix(table)
            .and_then(|rest| rest.strip_prefix('.'))
            .and_then(|rest| rest.split_once('.'));
        let key = rest.map_or_else(|| key.clone(), |(_, field)| format!("{table}.{id}.{field}"));
        Input { symbol, value: self.now(slot), key: Some(key) }
    }

    fn at_start(&self, symbol: &'static str, slot: Slot, owner: (&str, &str)) -> Input {
        Input { value: self.drivers.now(slot, 0), ..self.given(symbol, slot, owner) }
    }

    fn lines(&self, k: usize, terms: &ChannelMonth) -> Vec<Line> {
        let mut lines = match &self.world.channels[k].supply {
            Supply::Rental(rental) => self.rented(k, rental, terms),
            Supply::Owned(owned) => self.owned(k, owned, terms),
        };
        let hour_cost = lines.last().map_or(0.0, |line| line.result);
        for (w, workload) in self.world.workloads.iter().enumerate().filter(|(w, _)| terms.rates[*w] > 0.0) {
            lines.extend(self.rate(k, w, terms));
            lines.push(Line {
                name: format!("Cost of compute, {}", workload.title),
                formula: "c / e",
                inputs: vec![derived("c", hour_cost), derived("e", terms.rates[w])],
                result: hour_cost / terms.rates[w],
                unit: "USD per H100e-hour",
            });
        }
        lines
    }

    fn rented(&self, k: usize, rental: &Rental, terms: &ChannelMonth) -> Vec<Line> {
        let availability = self.world.channels[k].availability;
        let channel_key = ("channels", self.world.channels[k].id.as_str());
        let before_rules = self.now(rental.price) * self.now(rental.contract_basis) * terms.rent_response;
        vec![
            Line {
                name: "Contract price".into(),
                formula: "price · basis · response · rule",
                inputs: vec![
                    self.given("price", rental.price, channel_key),
                    self.given("basis", rental.contract_basis, channel_key),
                    derived("response", terms.rent_response),
                    derived(
                        "rule",
                        if before_rules == 0.0 { 1.0 } else { terms.contract_price / before_rules },
                    ),
                ],
                result: terms.contract_price,
                unit: "USD per chip-hour",
            },
            Line {
                name: "Cost of a usable hour".into(),
                formula: "contract price · (1 + overhead) / availability",
                inputs: vec![
                    derived("contract price", terms.contract_price),
                    self.given("overhead", rental.overhead, channel_key),
                    self.given("availability", availability, channel_key),
                ],
                result: rental::usable_hour_cost(
                    terms.contract_price,
                    terms.overhead,
                    self.now(availability),
                ),
                unit: "USD per chip-hour",
            },
        ]
    }

    fn owned(&self, k: usize, owned: &Owned, terms: &ChannelMonth) -> Vec<Line> {
        let channel = &self.world.channels[k];
        let (chip, region) = (&self.world.chips[channel.chip], &self.world.regions[channel.region]);
        let channel_key = ("channels", channel.id.as_str());
        let (chip_key, region_key) = (("chips", chip.id.as_str()), ("regions", region.id.as_str()));
        let start = |slot: Slot| self.drivers.now(slot, 0);
        let ownership_terms = Terms::new(
            start(region.wacc),
            start(owned.life_years),
            start(owned.residual),
            start(owned.price_decline),
        );
        let mut price =
            vec![self.given("capex", owned.capex, channel_key), derived("learning", terms.price_learning)];
        price.extend(owned.extra_capex.map(|slot| self.given("extra", slot, channel_key)));
        let capital = ownership_terms.capital_charge(1.0, terms.system_price);
        let energy_cost = energy::cost_per_hour(
            self.now(chip.all_in_power_kw),
            self.now(region.pue),
            self.now(region.electricity),
        );
        let first = capital + terms.building_charge + terms.operations_charge;
        vec![
            Line {
                name: "Price of a system".into(),
                formula: if owned.extra_capex.is_some() {
                    "capex · learning · rule + extra"
                } else {
                    "capex · learning · rule"
                },
                inputs: price,
                result: terms.system_price,
                unit: "USD per chip",
            },
            Line {
                name: "Capital charge, first month".into(),
                formula: "A(wacc, life, decline)·(1 − decline)^(1/12)·price·(1 − residual·(1 + wacc)^−life)",
                inputs: vec![
                    derived("price", terms.system_price),
                    self.at_start("wacc", region.wacc, region_key),
                    self.at_start("life", owned.life_years, channel_key),
                    self.at_start("decline", owned.price_decline, channel_key),
                    self.at_start("residual", owned.residual, channel_key),
                ],
                result: capital,
                unit: "USD per chip and month",
            },
            Line {
                name: "Building".into(),
                formula: "A(wacc, building life, 0)·shell·kW",
                inputs: vec![
                    self.at_start("wacc", region.wacc, region_key),
                    self.at_start("building life", region.shell_life_years, region_key),
                    self.given("shell", region.shell_usd_per_kw, region_key),
                    self.given("kW", chip.all_in_power_kw, chip_key),
                ],
                result: ownership::building_charge(
                    start(region.wacc),
                    start(region.shell_life_years),
                    self.now(region.shell_usd_per_kw),
                    self.now(chip.all_in_power_kw),
                ),
                unit: "USD per chip and month",
            },
            Line {
                name: "Operations".into(),
                formula: "opex·kW/12",
                inputs: vec![
                    self.given("opex", region.opex_usd_per_kw_year, region_key),
                    self.given("kW", chip.all_in_power_kw, chip_key),
                ],
                result: terms.operations_charge,
                unit: "USD per chip and month",
            },
            Line {
                name: "Energy".into(),
                formula: "kW·PUE·tariff",
                inputs: vec![
                    self.given("kW", chip.all_in_power_kw, chip_key),
                    self.given("PUE", region.pue, region_key),
                    self.given("tariff", region.electricity, region_key),
                ],
                result: energy_cost,
                unit: "USD per chip-hour",
            },
            Line {
                name: "Cost of a usable hour".into(),
                formula: "(capital + building + operations)/(730·availability) + energy",
                inputs: vec![
                    derived("F_1", first),
                    self.given("availability", channel.availability, channel_key),
                    derived("energy", energy_cost),
                ],
                result: ownership::buy_cost(
                    first,
                    HOURS_PER_MONTH,
                    self.now(channel.availability),
                    energy_cost,
                ),
                unit: "USD per chip-hour",
            },
        ]
    }

    fn rate(&self, k: usize, w: usize, terms: &ChannelMonth) -> Option<Line> {
        let channel = &self.world.channels[k];
        let chip = &self.world.chips[channel.chip];
        let workload = &self.world.workloads[w];
        let efficiency = chip.efficiency[w].as_ref()?;
        let (chip_key, workload_key) = (("chips", chip.id.as_str()), ("workloads", workload.id.as_str()));
        let mut inputs = vec![
            self.given("goodput", efficiency.goodput, chip_key),
            self.given("peak", efficiency.peak_tflops, chip_key),
            self.given("MFU", efficiency.mfu, chip_key),
            derived("learning", terms.mfu_learning),
            derived("reference compute", workload.reference.compute),
        ];
        if workload.kind != WorkloadKind::Training {
            inputs.push(self.given("bandwidth", chip.memory_tb_per_s, chip_key));
            inputs.push(self.given("MBU", efficiency.mbu, chip_key));
            inputs.extend(workload.intensity.map(|slot| self.given("intensity", slot, workload_key)));
            inputs.push(derived("reference bound", workload.reference.bound));
        }
        inputs.extend(workload.prefill_share.map(|slot| self.given("s", slot, workload_key)));
        Some(Line {
            name: format!("Work per usable hour, {}", workload.title),
            formula: match workload.kind {
                WorkloadKind::Training => "e = goodput·peak·MFU·learning / reference compute",
                WorkloadKind::Decode => {
                    "e = goodput·min(peak·MFU·learning, bandwidth·MBU·intensity) / reference bound"
                }
                WorkloadKind::Inference => {
                    "e = 1/(s/e_prefill + (1 − s)/e_decode), e_prefill = goodput·peak·MFU·learning/reference compute, \
                     e_decode = goodput·min(peak·MFU·learning, bandwidth·MBU·intensity)/reference bound"
                }
            },
            inputs,
            result: terms.rates[w],
            unit: "H100e",
        })
    }
}

fn derived(symbol: &'static str, value: f64) -> Input {
    Input { symbol, value, key: None }
}
