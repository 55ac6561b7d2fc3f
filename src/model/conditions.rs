//! The terms a month offers: what each channel costs and does, what each lab wants (`docs/model.md §5`–§7, §14).
//!
//! Drivers, rules and feedback state come together here; plans and operations only read the result.

use std::cell::Cell;

use super::drivers::Drivers;
use super::ledger::{ChannelMonth, PerWorkload};
use super::parameters::{Channel, Owned, Rental, Slot, Supply, Target, WorkloadKind, World};
use super::rules::MonthRules;
use super::state::ChannelState;
use super::supply::owned::{Finance, building_factor};
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::MAX_WORKLOADS;
use crate::economics::{distillation, energy, ownership, roofline};
use crate::math::{Lanes, rows};

/// What is the same in every month on a few paths, and in all arms that differ in neither channels, chips, regions nor
/// workloads: computed once for them.
#[derive(Clone, Debug, Default)]
pub struct Givens {
    /// By channel: what moves e, and what it is by workload in month 0 without learning.
    moves: Vec<Moves>,
    rates: Vec<PerWorkload<Lanes>>,
    /// By channel; of rental channels empty.
    finance: Vec<Finance>,
    /// By region: monthly charge per USD of building.
    building: Vec<Lanes>,
}

/// What moves e of a channel's chip from month to month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moves {
    /// Nothing.
    Steady,
    /// Learning alone, of which planners make no forecast: what they plan with is this month's.
    Learned,
    /// Something that it is made of.
    Drawn,
}

impl Givens {
    /// Reads the drivers of a few paths.
    pub fn fill(&mut self, world: &World, drivers: &Drivers<Lanes>) {
        let rates = world.channels.iter().map(|channel| steady_rates(world, channel, drivers));
        (self.moves, self.rates) = rates.unzip();
        self.building.clear();
        self.building.extend(world.regions.iter().map(|region| building_factor(region, drivers)));
        self.finance.resize_with(world.channels.len(), Finance::default);
        for (channel, finance) in world.channels.iter().zip(&mut self.finance) {
            match &channel.supply {
                Supply::Owned(owned) => {
                    let region = &world.regions[channel.region];
                    finance.fill(owned, region, drivers, world.months + world.lead);
                }
                Supply::Rental(_) => *finance = Finance::default(),
            }
        }
    }

    /// Whether two arms have the same on every path.
    pub fn shared(one: &World, other: &World) -> bool {
        one.months == other.months
            && one.lead == other.lead
            && one.channels == other.channels
            && one.chips == other.chips
            && one.regions == other.regions
            && one.workloads == other.workloads
    }

    /// On what terms chips of channel `k` are owned.
    #[inline(always)]
    pub fn finance(&self, k: usize) -> &Finance {
        &self.finance[k]
    }
}

/// e of a channel's chip by workload without learning in month 0, and what moves it.
fn steady_rates(world: &World, channel: &Channel, drivers: &Drivers<Lanes>) -> (Moves, PerWorkload<Lanes>) {
    let steady = Cell::new(true);
    let value = |slot: Slot| {
        steady.set(steady.get() && drivers.is_steady(slot));
        drivers.now(slot, 0)
    };
    let mut of = PerWorkload::<Lanes>::default();
    rates(world, channel, value, Lanes::ONE, &mut of);
    let moves = match &channel.supply {
        _ if !steady.get() => Moves::Drawn,
        Supply::Owned(owned) if drivers.now(owned.mfu_learning_rate, 0).any(|rate| rate != 0.0) => {
            Moves::Learned
        }
        _ => Moves::Steady,
    };
    (moves, of)
}

/// Writes the terms of channel `k` this month.
#[inline(always)]
pub fn channel_month(
    rules: &MonthRules<'_>,
    state: &ChannelState,
    givens: &Givens,
    k: usize,
    month: &mut ChannelMonth<Lanes>,
) {
    let (world, drivers, t) = (rules.regime.world, rules.regime.drivers, rules.t);
    let channel = &world.channels[k];
    let (chip, region) = (&world.chips[channel.chip], &world.regions[channel.region]);
    let now = |slot: Slot| drivers.now(slot, t);
    let ahead = |slot: Slot| drivers.ahead(slot, t);
    let (kw, pue, price) = (now(chip.all_in_power_kw), now(region.pue), now(region.electricity));
    month.availability = now(channel.availability);
    month.energy_per_hour = Lanes::each(|i| energy::cost_per_hour(kw[i], pue[i], price[i]));
    month.kwh_per_hour = kw * pue;
    let (kw_then, pue, price) = (ahead(chip.all_in_power_kw), ahead(region.pue), ahead(region.electricity));
    month.energy_per_hour_planned = Lanes::each(|i| energy::cost_per_hour(kw_then[i], pue[i], price[i]));
    month.mfu_learning = Lanes::ONE;
    month.price_learning = Lanes::ONE;
    month.supply_response = Lanes::ONE;
    month.rent_response = Lanes::ONE;
    match &channel.supply {
        Supply::Rental(rental) => rental_terms(rules, state, rental, k, month),
        Supply::Owned(owned) => {
            let opex = now(region.opex_usd_per_kw_year);
            month.building_charge = now(region.shell_usd_per_kw) * kw;
            month.operations_charge = Lanes::each(|i| ownership::operations_charge(opex[i], kw[i]));
            owned_terms(rules, state, givens, owned, k, month);
        }
    }
    let workloads = world.workloads.len();
    match givens.moves[k] {
        Moves::Steady => {
            month.rates[..workloads].copy_from_slice(&givens.rates[k][..workloads]);
            month.rates_planned[..workloads].copy_from_slice(&givens.rates[k][..workloads]);
        }
        Moves::Learned => {
            rates(world, channel, now, month.mfu_learning, &mut month.rates);
            month.rates_planned[..workloads].copy_from_slice(&month.rates[..workloads]);
        }
        Moves::Drawn => {
            rates(world, channel, now, month.mfu_learning, &mut month.rates);
            rates(world, channel, ahead, month.mfu_learning, &mut month.rates_planned);
        }
    }
    let effects = [rules.factor(Target::Efficiency, k), rules.factor_planned(Target::Efficiency, k)];
    for (rates, effect) in [&mut month.rates, &mut month.rates_planned].into_iter().zip(effects) {
        if effect.any(|effect| effect != 1.0) {
            rows(&mut rates[..workloads]).for_each(|rate| *rate *= effect);
        }
    }
}

#[inline(always)]
fn rental_terms(
    rules: &MonthRules<'_>,
    state: &ChannelState,
    rental: &Rental,
    k: usize,
    month: &mut ChannelMonth<Lanes>,
) {
    let (drivers, t) = (rules.regime.drivers, rules.t);
    let now = |slot: Slot| drivers.now(slot, t);
    let ahead = |slot: Slot| drivers.ahead(slot, t);
    let response = state.rent_response(rental, drivers, t);
    let factor = rules.factor(Target::Price, k);
    let price = now(rental.price);
    month.rent_response = response;
    month.contract_price_before_rules = price * now(rental.contract_basis) * response;
    month.contract_price = month.contract_price_before_rules * factor;
    month.contract_price_planned = ahead(rental.price)
        * ahead(rental.contract_basis)
        * (response * rules.factor_planned(Target::Price, k));
    month.spot_price = price * now(rental.spot_basis) * (response * factor);
    month.overhead = now(rental.overhead);
    month.overhead_planned = ahead(rental.overhead);
    month.on_offer = now(rental.on_offer);
    month.on_offer_planned = ahead(rental.on_offer);
}

#[inline(always)]
fn owned_terms(
    rules: &MonthRules<'_>,
    state: &ChannelState,
    givens: &Givens,
    owned: &Owned,
    k: usize,
    month: &mut ChannelMonth<Lanes>,
) {
    let (drivers, t, finance) = (rules.regime.drivers, rules.t, givens.finance(k));
    (month.price_learning, month.mfu_learning) = state.learning(owned, finance, drivers);
    month.system_price = drivers.now(owned.capex, t) * month.price_learning * rules.factor(Target::Price, k);
    if let Some(slot) = owned.extra_capex {
        month.system_price += drivers.now(slot, t);
    }
    month.first_capital_charge = finance.first_charge() * month.system_price;
    month.building_charge *= givens.building[rules.regime.world.channels[k].region];
    let first_month = month.first_capital_charge + month.building_charge + month.operations_charge;
    let availability = month.availability;
    let buy = |energy: Lanes| {
        Lanes::each(|i| ownership::buy_cost(first_month[i], HOURS_PER_MONTH, availability[i], energy[i]))
    };
    (month.buy_cost, month.buy_cost_planned) =
        (buy(month.energy_per_hour), buy(month.energy_per_hour_planned));
    month.supply_response = state.supply_response(owned, drivers, t);
    month.supply =
        drivers.now(owned.supply, t) * (rules.factor(Target::ChipSupply, k) * month.supply_response);
    if let Some(slot) = owned.import_quota {
        let (quota, for_sale) = (drivers.now(slot, t) * rules.factor(Target::ImportQuota, k), month.supply);
        month.quota_binds = Lanes::each(|i| if quota[i] < for_sale[i] { 1.0 } else { 0.0 });
        month.supply = for_sale.min(quota);
    }
}

/// Writes e of a channel's chip by workload: work per usable hour over the reference chip's at central parameters, so that
/// the unit is never random; 0 where it does not serve. Learning acts on MFU.
#[inline(always)]
fn rates(
    world: &World,
    channel: &Channel,
    value: impl Fn(Slot) -> Lanes,
    mfu_learning: Lanes,
    rates: &mut PerWorkload<Lanes>,
) {
    let chip = &world.chips[channel.chip];
    for (w, workload) in world.workloads.iter().enumerate() {
        rates[w] = Lanes::ZERO;
        let Some(efficiency) = chip.efficiency[w].as_ref().filter(|_| channel.serves[w]) else { continue };
        let (goodput, peak, mfu) =
            (value(efficiency.goodput), value(efficiency.peak_tflops), value(efficiency.mfu));
        let mut memory = Lanes::all(f64::INFINITY);
        if let Some(intensity) = workload.intensity {
            let (bandwidth, mbu, intensity) =
                (value(chip.memory_tb_per_s), value(efficiency.mbu), value(intensity));
            memory = Lanes::each(|i| roofline::memory_roof(goodput[i], bandwidth[i], mbu[i], intensity[i]));
        }
        let compute = Lanes::each(|i| roofline::compute_roof(goodput[i], peak[i], mfu[i]) * mfu_learning[i]);
        let prefill = workload.prefill_share.map_or(Lanes::ZERO, &value);
        let reference = &workload.reference;
        let bound = Lanes::each(|i| roofline::Roofs { compute: compute[i], memory: memory[i] }.bound());
        let (of_compute, of_bound) = (compute / reference.compute, bound / reference.bound);
        let rate = match workload.kind {
            WorkloadKind::Training => of_compute,
            WorkloadKind::Decode => of_bound,
            WorkloadKind::Inference => Lanes::each(
                #[inline(always)]
                |i| roofline::mixed_efficiency(prefill[i], of_compute[i], of_bound[i]),
            ),
        };
        rates[w] = (compute.is_not(0.0) | memory.is_not(0.0)).keep(rate);
    }
}

/// Which month a demand curve is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The month at hand.
    Now,
    /// `lead` months on, as planned.
    Planned,
}

/// What lab `lab` wants this month: a curve a workload, and a distillation rule's factor in it.
#[inline(always)]
pub fn demand(
    rules: &MonthRules<'_>,
    lab: usize,
    when: When,
    curves: &mut Vec<DemandCurve<Lanes>>,
) -> PerWorkload<Lanes> {
    let (world, drivers, t) = (rules.regime.world, rules.regime.drivers, rules.t);
    let planned = when == When::Planned;
    let value = |slot: Slot| if planned { drivers.ahead(slot, t) } else { drivers.now(slot, t) };
    let distilled = distillation_factor(world, value, rules.distillation_left(planned));
    let mut factors = [Lanes::ONE; MAX_WORKLOADS];
    curves.clear();
    for (w, workload) in world.workloads.iter().enumerate() {
        let Some(demand) = &world.labs[lab].demand[w] else {
            curves.push(DemandCurve {
                planned_use: Lanes::ZERO,
                elasticity: Lanes::ZERO,
                reference_price: Lanes::ONE,
                choke_price: Lanes::ONE,
                saturation: Lanes::ONE,
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
                * rules.demand_factor(lab, w, planned)
                * factors[w],
            elasticity: value(demand.elasticity),
            reference_price: value(demand.reference_price),
            choke_price: value(demand.choke_price),
            saturation: value(demand.saturation),
        });
    }
    factors
}

#[inline(always)]
fn distillation_factor(world: &World, value: impl Fn(Slot) -> Lanes, left: Lanes) -> Lanes {
    world.distillation.as_ref().map_or(Lanes::ONE, |today| {
        let (saving, research_share) = (value(today.saving), value(today.research_share));
        let user_share = value(today.user_share);
        Lanes::each(|i| distillation::demand_factor(saving[i], research_share[i], user_share[i], left[i]))
    })
}
