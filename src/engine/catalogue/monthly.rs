//! Metrics of a month, over all labs or of one.

use super::{Totals, ratio};
use crate::economics::rental::usable_hour_cost;
use crate::math::{Lanes, sum};
use crate::model::ledger::{ChannelMonth, Spend};
use crate::model::parameters::{Origin, Supply, World};

/// Metrics of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monthly {
    /// Operating dual of a workload; over several labs the mean by planned use.
    MarginalCost(usize),
    /// Dual of the plan for `lead` months on.
    PlanMarginalCost(usize),
    /// Q.
    PlannedUse(usize),
    /// d.
    Served(usize),
    /// Served over the distillation factor.
    UsefulWork(usize),
    /// max(0, Q − d).
    Unserved(usize),
    /// max(0, d − Q).
    BeyondPlan(usize),
    /// Signed area under inverse demand.
    ValueLost(usize),
    /// Unserved over planned, all workloads.
    UnservedShare,
    /// All money spent.
    Spend,
    /// One part of it.
    SpendPart(Part),
    /// Spend and value lost.
    EconomicCost,
    /// Spend over served.
    AverageCashCost,
    /// Work by origin.
    Work(Origin),
    /// Chips bought, by origin; what is rented is signed for and counts under its channel.
    Orders(Origin),
    /// Chips in use in h100e by peak, by origin.
    PeakInUse(Origin),
    /// Price of a channel: contract price, or price of a system.
    ChannelPrice(usize),
    /// Cost of a usable hour: contract, or m_buy.
    ChannelHourCost(usize),
    /// e of a channel on a workload.
    ChannelRate(usize, usize),
    /// Chips in use of a channel.
    ChannelChips(usize),
    /// Chips bought or signed for.
    ChannelOrders(usize),
    /// Work done by a channel.
    ChannelWork(usize),
    /// 1 where a channel's import quota is below what is for sale.
    QuotaBinds(usize),
}

/// Parts of spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Contracts.
    Contracts,
    /// Spot.
    Spot,
    /// Dues on void contracts.
    Dues,
    /// Capital.
    Capital,
    /// Buildings.
    Building,
    /// Operations.
    Operations,
    /// Energy, idle energy included.
    Energy,
    /// Scarcity rent.
    Scarcity,
}

/// All parts, in the order of tables.
pub const PARTS: [Part; 8] = [
    Part::Contracts,
    Part::Spot,
    Part::Dues,
    Part::Capital,
    Part::Building,
    Part::Operations,
    Part::Energy,
    Part::Scarcity,
];

impl Part {
    pub(super) fn name(self) -> (&'static str, &'static str) {
        match self {
            Part::Contracts => ("contracts", "Rent under contract"),
            Part::Spot => ("spot", "Spot rent"),
            Part::Dues => ("dues", "Due for void contracts"),
            Part::Capital => ("capital", "Capital charge of owned chips"),
            Part::Building => ("building", "Buildings"),
            Part::Operations => ("operations", "Operations"),
            Part::Energy => ("energy", "Energy"),
            Part::Scarcity => ("scarcity", "Scarcity rent to vendors"),
        }
    }

    pub(super) fn of(self, spend: &Spend<Lanes>) -> Lanes {
        match self {
            Part::Contracts => spend.contracts,
            Part::Spot => spend.spot,
            Part::Dues => spend.dues,
            Part::Capital => spend.capital,
            Part::Building => spend.building,
            Part::Operations => spend.operations,
            Part::Energy => spend.energy + spend.idle_energy,
            Part::Scarcity => spend.scarcity,
        }
    }
}

impl Monthly {
    /// The metric's value, from the terms of the channels and the sums over the labs concerned.
    #[inline(always)]
    pub fn value(self, world: &World, terms: &[ChannelMonth<Lanes>], totals: &Totals) -> Lanes {
        let all = |values: &[Lanes]| sum(values[..world.workloads.len()].iter().copied());
        match self {
            Monthly::MarginalCost(w) => totals.price[w],
            Monthly::PlanMarginalCost(w) => totals.plan_price[w],
            Monthly::PlannedUse(w) => totals.planned_use[w],
            Monthly::Served(w) => totals.served[w],
            Monthly::UsefulWork(w) => totals.useful_work[w],
            Monthly::Unserved(w) => totals.unserved[w],
            Monthly::BeyondPlan(w) => totals.beyond_plan[w],
            Monthly::ValueLost(w) => totals.value_lost[w],
            Monthly::UnservedShare => ratio(all(&totals.unserved), all(&totals.planned_use)),
            Monthly::Spend => totals.spend.total(),
            Monthly::SpendPart(part) => part.of(&totals.spend),
            Monthly::EconomicCost => totals.economic_cost(),
            Monthly::AverageCashCost => ratio(totals.spend.total(), all(&totals.served)),
            Monthly::Work(origin) => totals.origins[origin as usize].work,
            Monthly::Orders(origin) => totals.origins[origin as usize].orders,
            Monthly::PeakInUse(origin) => totals.origins[origin as usize].peak_in_use,
            Monthly::ChannelPrice(k) => match world.channels[k].supply {
                Supply::Rental(_) => terms[k].contract_price,
                Supply::Owned(_) => terms[k].system_price,
            },
            Monthly::ChannelHourCost(k) => hour_cost(world, k, &terms[k]),
            Monthly::ChannelRate(k, w) => terms[k].rates[w],
            Monthly::ChannelChips(k) => totals.channels[k].chips,
            Monthly::ChannelOrders(k) => totals.channels[k].orders,
            Monthly::ChannelWork(k) => totals.channels[k].work,
            Monthly::QuotaBinds(k) => terms[k].quota_binds,
        }
    }
}

/// Cost of a usable hour of a channel: contract, or m_buy.
#[inline(always)]
pub(super) fn hour_cost(world: &World, k: usize, terms: &ChannelMonth<Lanes>) -> Lanes {
    match world.channels[k].supply {
        Supply::Rental(_) => Lanes::each(|i| {
            usable_hour_cost(terms.contract_price[i], terms.overhead[i], terms.availability[i])
        }),
        Supply::Owned(_) => terms.buy_cost,
    }
}
