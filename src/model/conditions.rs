//! The terms a month offers: what each channel costs and does, what each lab wants (`docs/model.md §5`–§7, §14).
//!
//! Drivers, rules and feedback state come together here; plans and operations only read the result.

use super::ledger::{ChannelMonth, PerWorkload};
use super::parameters::{Channel, Owned, Rental, Slot, Supply, Target, WorkloadKind, World};
use super::rules::Regime;
use super::state::ChannelState;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::MAX_WORKLOADS;
use crate::economics::{distillation, energy, ownership, roofline};

/// The terms of channel `k` in month `t`.
pub fn channel_month(regime: &Regime<'_>, state: &ChannelState, k: usize, t: usize) -> ChannelMonth {
    let (world, drivers) = (regime.world, regime.drivers);
    let channel = &world.channels[k];
    let (chip, region) = (&world.chips[channel.chip], &world.regions[channel.region]);
    let power = |value: &dyn Fn(Slot) -> f64| {
        (value(chip.all_in_power_kw), value(region.pue), value(region.electricity))
    };
    let (kw, pue, tariff) = power(&|slot| drivers.now(slot, t));
    let (kw_planned, pue_planned, tariff_planned) = power(&|slot| drivers.ahead(slot, t));
    let mut month = ChannelMonth {
        availability: drivers.now(channel.availability, t),
        energy_per_hour: energy::cost_per_hour(kw, pue, tariff),
        energy_per_hour_planned: energy::cost_per_hour(kw_planned, pue_planned, tariff_planned),
        kwh_per_hour: kw * pue,
        mfu_learning: 1.0,
        price_learning: 1.0,
        supply_response: 1.0,
        rent_response: 1.0,
        ..ChannelMonth::default()
    };
    match &channel.supply {
        Supply::Rental(rental) => rental_terms(regime, state, rental, k, t, &mut month),
        Supply::Owned(owned) => owned_terms(regime, state, owned, k, t, &mut month),
    }
    let (now, planned) =
        (regime.factor(Target::Efficiency, k, t), regime.factor_planned(Target::Efficiency, k, t));
    month.rates = rates(world, channel, month.mfu_learning, now, |slot| drivers.now(slot, t));
    month.rates_planned = rates(world, channel, month.mfu_learning, planned, |slot| drivers.ahead(slot, t));
    month
}

fn rental_terms(
    regime: &Regime<'_>,
    state: &ChannelState,
    rental: &Rental,
    k: usize,
    t: usize,
    month: &mut ChannelMonth,
) {
    let drivers = regime.drivers;
    let response = state.rent_response(rental, drivers, t);
    let contract =
        |value: &dyn Fn(Slot) -> f64| value(rental.price) * value(rental.contract_basis) * response;
    let factor = regime.factor(Target::Price, k, t);
    month.rent_response = response;
    month.contract_price_before_rules = contract(&|slot| drivers.now(slot, t));
    month.contract_price = month.contract_price_before_rules * factor;
    month.contract_price_planned =
        contract(&|slot| drivers.ahead(slot, t)) * regime.factor_planned(Target::Price, k, t);
    month.spot_price = drivers.now(rental.price, t) * drivers.now(rental.spot_basis, t) * response * factor;
    month.overhead = drivers.now(rental.overhead, t);
    month.overhead_planned = drivers.ahead(rental.overhead, t);
    month.on_offer = drivers.now(rental.on_offer, t);
    month.on_offer_planned = drivers.ahead(rental.on_offer, t);
}

fn owned_terms(
    regime: &Regime<'_>,
    state: &ChannelState,
    owned: &Owned,
    k: usize,
    t: usize,
    month: &mut ChannelMonth,
) {
    let (world, drivers) = (regime.world, regime.drivers);
    let channel = &world.channels[k];
    let (chip, region) = (&world.chips[channel.chip], &world.regions[channel.region]);
    let kw = drivers.now(chip.all_in_power_kw, t);
    (month.price_learning, month.mfu_learning) = state.learning(owned, drivers);
    month.system_price =
        drivers.now(owned.capex, t) * month.price_learning * regime.factor(Target::Price, k, t)
            + owned.extra_capex.map_or(0.0, |slot| drivers.now(slot, t));
    month.first_capital_charge = state.charges[0] * month.system_price;
    month.building_charge = state.building_factor * drivers.now(region.shell_usd_per_kw, t) * kw;
    month.operations_charge = ownership::operations_charge(drivers.now(region.opex_usd_per_kw_year, t), kw);
    let first_month = month.first_capital_charge + month.building_charge + month.operations_charge;
    let buy = |energy| ownership::buy_cost(first_month, HOURS_PER_MONTH, month.availability, energy);
    (month.buy_cost, month.buy_cost_planned) =
        (buy(month.energy_per_hour), buy(month.energy_per_hour_planned));
    month.supply_response = state.supply_response(owned, drivers, t);
    month.supply =
        drivers.now(owned.supply, t) * regime.factor(Target::ChipSupply, k, t) * month.supply_response;
}

/// e of a channel's chip by workload: work per usable hour over the reference chip's at central parameters, so that the
/// unit is never random; learning acts on MFU, a rule's effect on the whole.
fn rates(
    world: &World,
    channel: &Channel,
    mfu_learning: f64,
    effect: f64,
    value: impl Fn(Slot) -> f64,
) -> PerWorkload {
    let chip = &world.chips[channel.chip];
    let mut rates = [0.0; MAX_WORKLOADS];
    for (w, workload) in world.workloads.iter().enumerate() {
        let Some(efficiency) = chip.efficiency[w].as_ref().filter(|_| channel.serves[w]) else { continue };
        let goodput = value(efficiency.goodput);
        let mfu = value(efficiency.mfu) * mfu_learning;
        let roofs = roofline::Roofs {
            compute: roofline::compute_roof(goodput, value(efficiency.peak_tflops), mfu),
            memory: workload.intensity.map_or(f64::INFINITY, |intensity| {
                roofline::memory_roof(
                    goodput,
                    value(chip.memory_tb_per_s),
                    value(efficiency.mbu),
                    value(intensity),
                )
            }),
        };
        let compute = roofs.compute / workload.reference.compute;
        rates[w] = effect
            * match workload.kind {
                WorkloadKind::Training => compute,
                WorkloadKind::Decode => roofs.bound() / workload.reference.bound,
                WorkloadKind::Inference => roofline::mixed_efficiency(
                    workload.prefill_share.map_or(0.0, &value),
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
