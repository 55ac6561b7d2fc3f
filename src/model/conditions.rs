//! The terms a month offers: what each channel costs and does, what each lab wants (`docs/model.md §5`–§7, §14).
//!
//! Drivers, rules and feedback state come together here; plans and operations only read the result.

use std::cell::Cell;

use super::drivers::Drivers;
use super::ledger::{ChannelMonth, PerWorkload};
use super::parameters::{Channel, Owned, Rental, Slot, Supply, Target, WorkloadKind, World};
use super::rules::Regime;
use super::state::ChannelState;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::MAX_WORKLOADS;
use crate::economics::{distillation, energy, ownership, roofline};

/// What every channel asks and does in every month before rules and feedbacks: the same in all arms on a path that differ
/// in neither channels, chips, regions nor workloads, and so computed once for them.
#[derive(Clone, Debug, Default)]
pub struct Quotes {
    /// By month, then channel.
    terms: Vec<ChannelMonth>,
    /// What chips do before learning: by month, channel that learns, now and ahead, and workload.
    roofs: Vec<ChipRoofs>,
    /// By channel: its place among those that learn.
    learners: Vec<Option<usize>>,
    /// By channel: roofs and rates of all months, where nothing that makes them moves.
    steady: Vec<Option<Roofed>>,
}

/// What a channel's chip can do by workload, before learning.
#[derive(Clone, Copy, Debug)]
struct Roofed {
    roofs: [ChipRoofs; MAX_WORKLOADS],
    rates: PerWorkload,
}

impl Roofed {
    fn of(world: &World, channel: &Channel, value: impl Fn(Slot) -> f64) -> Roofed {
        let roofs = roofs(world, channel, value);
        Roofed { roofs, rates: rates(world, channel, &roofs, 1.0) }
    }

    /// The same in all months; none if anything moves.
    fn steady(world: &World, channel: &Channel, drivers: &Drivers) -> Option<Roofed> {
        let steady = Cell::new(true);
        let roofed = Roofed::of(world, channel, |slot| {
            steady.set(steady.get() && drivers.is_steady(slot));
            drivers.now(slot, 0)
        });
        Some(roofed).filter(|_| steady.get())
    }
}

/// What a channel's chip can do of a workload.
#[derive(Clone, Copy, Debug, Default)]
struct ChipRoofs {
    roofs: roofline::Roofs,
    /// Share of the reference chip's time in prefill.
    prefill_share: f64,
}

impl Quotes {
    /// Reads the drivers of a path.
    pub fn fill(&mut self, world: &World, drivers: &Drivers) {
        self.terms.clear();
        self.roofs.clear();
        self.learners.clear();
        let mut learners = 0;
        self.learners.extend(world.channels.iter().map(|channel| {
            let learns = match &channel.supply {
                Supply::Owned(owned) => drivers.now(owned.mfu_learning_rate, 0) != 0.0,
                Supply::Rental(_) => false,
            };
            learners += usize::from(learns);
            learns.then(|| learners - 1)
        }));
        self.steady.clear();
        self.steady.extend(world.channels.iter().map(|channel| Roofed::steady(world, channel, drivers)));
        for t in 0..world.months {
            for (k, channel) in world.channels.iter().enumerate() {
                let moving;
                let [now, ahead] = match &self.steady[k] {
                    Some(steady) => [steady, steady],
                    None => {
                        moving = [
                            Roofed::of(world, channel, |slot| drivers.now(slot, t)),
                            Roofed::of(world, channel, |slot| drivers.ahead(slot, t)),
                        ];
                        [&moving[0], &moving[1]]
                    }
                };
                self.terms.push(quote(world, drivers, (k, t), [&now.rates, &ahead.rates]));
                if self.learners[k].is_some() {
                    for roofed in [now, ahead] {
                        self.roofs.extend_from_slice(&roofed.roofs[..world.workloads.len()]);
                    }
                }
            }
        }
    }

    /// Whether two arms have the same quotes on every path.
    pub fn shared(one: &World, other: &World) -> bool {
        one.months == other.months
            && one.channels == other.channels
            && one.chips == other.chips
            && one.regions == other.regions
            && one.workloads == other.workloads
    }

    /// Rates of channel `k` in month `t` when it has learned, and their forecast.
    fn learned(&self, world: &World, (k, t): (usize, usize), mfu_learning: f64) -> Option<[PerWorkload; 2]> {
        let learners = self.roofs.len() / (2 * world.workloads.len() * world.months);
        let first = 2 * world.workloads.len() * (t * learners + self.learners[k]?);
        let rates = |ahead: usize| {
            let roofs = &self.roofs[first + ahead * world.workloads.len()..][..world.workloads.len()];
            rates(world, &world.channels[k], roofs, mfu_learning)
        };
        Some([rates(0), rates(1)])
    }
}

/// The terms of channel `k` in month `t` before rules and feedbacks; the capital charge of a system is left out.
fn quote(
    world: &World,
    drivers: &Drivers,
    (k, t): (usize, usize),
    [rates, rates_planned]: [&PerWorkload; 2],
) -> ChannelMonth {
    let channel = &world.channels[k];
    let (chip, region) = (&world.chips[channel.chip], &world.regions[channel.region]);
    let now = |slot: Slot| drivers.now(slot, t);
    let ahead = |slot: Slot| drivers.ahead(slot, t);
    let kw = now(chip.all_in_power_kw);
    let mut month = ChannelMonth {
        rates: *rates,
        rates_planned: *rates_planned,
        availability: now(channel.availability),
        energy_per_hour: energy::cost_per_hour(kw, now(region.pue), now(region.electricity)),
        energy_per_hour_planned: energy::cost_per_hour(
            ahead(chip.all_in_power_kw),
            ahead(region.pue),
            ahead(region.electricity),
        ),
        kwh_per_hour: kw * now(region.pue),
        mfu_learning: 1.0,
        price_learning: 1.0,
        supply_response: 1.0,
        rent_response: 1.0,
        ..ChannelMonth::default()
    };
    match &channel.supply {
        Supply::Rental(rental) => {
            month.contract_price_before_rules = now(rental.price) * now(rental.contract_basis);
            month.contract_price_planned = ahead(rental.price) * ahead(rental.contract_basis);
            month.spot_price = now(rental.price) * now(rental.spot_basis);
            month.overhead = now(rental.overhead);
            month.overhead_planned = ahead(rental.overhead);
            month.on_offer = now(rental.on_offer);
            month.on_offer_planned = ahead(rental.on_offer);
        }
        Supply::Owned(owned) => {
            month.system_price = now(owned.capex);
            month.building_charge = now(region.shell_usd_per_kw) * kw;
            month.operations_charge = ownership::operations_charge(now(region.opex_usd_per_kw_year), kw);
            month.supply = now(owned.supply);
        }
    }
    month
}

/// Writes the terms of channel `k` in month `t`, from its quote.
pub fn channel_month(
    regime: &Regime<'_>,
    state: &ChannelState,
    quotes: &Quotes,
    (k, t): (usize, usize),
    month: &mut ChannelMonth,
) {
    let world = regime.world;
    *month = quotes.terms[t * world.channels.len() + k];
    match &world.channels[k].supply {
        Supply::Rental(rental) => rental_terms(regime, state, rental, k, t, month),
        Supply::Owned(owned) => owned_terms(regime, state, owned, k, t, month),
    }
    if month.mfu_learning != 1.0
        && let Some(learned) = quotes.learned(world, (k, t), month.mfu_learning)
    {
        [month.rates, month.rates_planned] = learned;
    }
    let effects = [regime.factor(Target::Efficiency, k, t), regime.factor_planned(Target::Efficiency, k, t)];
    for (rates, effect) in [&mut month.rates, &mut month.rates_planned].into_iter().zip(effects) {
        if effect != 1.0 {
            rates.iter_mut().for_each(|rate| *rate *= effect);
        }
    }
}

fn rental_terms(
    regime: &Regime<'_>,
    state: &ChannelState,
    rental: &Rental,
    k: usize,
    t: usize,
    month: &mut ChannelMonth,
) {
    let response = state.rent_response(rental, regime.drivers, t);
    let factor = regime.factor(Target::Price, k, t);
    month.rent_response = response;
    month.contract_price_before_rules *= response;
    month.contract_price = month.contract_price_before_rules * factor;
    month.contract_price_planned *= response * regime.factor_planned(Target::Price, k, t);
    month.spot_price *= response * factor;
}

fn owned_terms(
    regime: &Regime<'_>,
    state: &ChannelState,
    owned: &Owned,
    k: usize,
    t: usize,
    month: &mut ChannelMonth,
) {
    let drivers = regime.drivers;
    (month.price_learning, month.mfu_learning) = state.learning(owned, drivers);
    month.system_price = month.system_price * month.price_learning * regime.factor(Target::Price, k, t)
        + owned.extra_capex.map_or(0.0, |slot| drivers.now(slot, t));
    month.first_capital_charge = state.charges[0] * month.system_price;
    month.building_charge *= state.building_factor;
    let first_month = month.first_capital_charge + month.building_charge + month.operations_charge;
    let buy = |energy| ownership::buy_cost(first_month, HOURS_PER_MONTH, month.availability, energy);
    (month.buy_cost, month.buy_cost_planned) =
        (buy(month.energy_per_hour), buy(month.energy_per_hour_planned));
    month.supply_response = state.supply_response(owned, drivers, t);
    month.supply *= regime.factor(Target::ChipSupply, k, t) * month.supply_response;
    if let Some(slot) = owned.import_quota {
        let quota = drivers.now(slot, t) * regime.factor(Target::ImportQuota, k, t);
        month.quota_binds = quota < month.supply;
        month.supply = month.supply.min(quota);
    }
}

/// Roofs of a channel's chip by workload, before learning; none where it does not serve.
fn roofs(world: &World, channel: &Channel, value: impl Fn(Slot) -> f64) -> [ChipRoofs; MAX_WORKLOADS] {
    let chip = &world.chips[channel.chip];
    let mut of = [ChipRoofs::default(); MAX_WORKLOADS];
    for (w, workload) in world.workloads.iter().enumerate() {
        let Some(efficiency) = chip.efficiency[w].as_ref().filter(|_| channel.serves[w]) else { continue };
        let goodput = value(efficiency.goodput);
        of[w].roofs = roofline::Roofs {
            compute: roofline::compute_roof(goodput, value(efficiency.peak_tflops), value(efficiency.mfu)),
            memory: workload.intensity.map_or(f64::INFINITY, |intensity| {
                roofline::memory_roof(
                    goodput,
                    value(chip.memory_tb_per_s),
                    value(efficiency.mbu),
                    value(intensity),
                )
            }),
        };
        of[w].prefill_share = workload.prefill_share.map_or(0.0, &value);
    }
    of
}

/// e of a channel's chip by workload: work per usable hour over the reference chip's at central parameters, so that the
/// unit is never random; learning acts on MFU.
fn rates(world: &World, channel: &Channel, roofs: &[ChipRoofs], mfu_learning: f64) -> PerWorkload {
    let mut rates = [0.0; MAX_WORKLOADS];
    for (w, (workload, of)) in world.workloads.iter().zip(roofs).enumerate() {
        if !channel.serves[w] || of.roofs.memory == 0.0 && of.roofs.compute == 0.0 {
            continue;
        }
        let roofs = roofline::Roofs { compute: of.roofs.compute * mfu_learning, memory: of.roofs.memory };
        let compute = roofs.compute / workload.reference.compute;
        rates[w] = match workload.kind {
            WorkloadKind::Training => compute,
            WorkloadKind::Decode => roofs.bound() / workload.reference.bound,
            WorkloadKind::Inference => roofline::mixed_efficiency(
                of.prefill_share,
                compute,
                roofs.bound() / workload.reference.bound,
            ),
        };
    }
    rates
}

/// Which month a demand curve is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The month at hand.
    Now,
    /// `lead` months on, as planned.
    Planned,
}

/// What lab `lab` wants in month `t`: a curve a workload, and a distillation rule's factor in it.
pub fn demand(
    regime: &Regime<'_>,
    lab: usize,
    t: usize,
    when: When,
    curves: &mut Vec<DemandCurve>,
) -> PerWorkload {
    let (world, drivers) = (regime.world, regime.drivers);
    let planned = when == When::Planned;
    let value = |slot: Slot| if planned { drivers.ahead(slot, t) } else { drivers.now(slot, t) };
    let distilled = distillation_factor(world, value, regime.distillation_left(t, planned));
    let mut factors = [1.0; MAX_WORKLOADS];
    curves.clear();
    for (w, workload) in world.workloads.iter().enumerate() {
        let Some(demand) = &world.labs[lab].demand[w] else {
            curves.push(DemandCurve {
                reference_price: 1.0,
                choke_price: 1.0,
                saturation: 1.0,
                ..DemandCurve::default()
            });
            continue;
        };
        if workload.distillable {
            factors[w] = distilled;
        }
        curves.push(DemandCurve {
            planned_use: value(demand.planned_use)
                * HOURS_PER_MONTH
                * world.demand_scale
                * regime.demand_factor(lab, w, t, planned)
                * factors[w],
            elasticity: value(demand.elasticity),
            reference_price: value(demand.reference_price),
            choke_price: value(demand.choke_price),
            saturation: value(demand.saturation),
        });
    }
    factors
}

fn distillation_factor(world: &World, value: impl Fn(Slot) -> f64, left: f64) -> f64 {
    world.distillation.as_ref().map_or(1.0, |today| {
        let (saving, research_share) = (value(today.saving), value(today.research_share));
        distillation::demand_factor(saving, research_share, value(today.user_share), left)
    })
}
