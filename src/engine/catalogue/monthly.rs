//! Metrics of a month, over all labs or of one.

use super::ratio;
use crate::calendar::HOURS_PER_MONTH;
use crate::model::ledger::{ChannelMonth, LabChannel, LabMonth, MonthTrace};
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

    fn of(self, channel: &LabChannel) -> f64 {
        let spend = &channel.spend;
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
    /// The metric's value in a month, over all labs or of one.
    pub fn value(self, world: &World, month: &MonthTrace, lab: Option<usize>) -> f64 {
        let labs = || {
            month
                .labs
                .iter()
                .enumerate()
                .filter(move |(l, _)| lab.is_none_or(|lab| lab == *l))
                .map(|(_, b)| b)
        };
        let sum = |value: &dyn Fn(&LabMonth) -> f64| labs().map(value).sum::<f64>();
        let over_channels = |value: &dyn Fn(usize, &ChannelMonth, &LabChannel) -> f64| {
            labs()
                .map(|books| {
                    books
                        .channels
                        .iter()
                        .enumerate()
                        .map(|(k, channel)| value(k, &month.channels[k], channel))
                        .sum::<f64>()
                })
                .sum::<f64>()
        };
        let of_origin = |origin: Origin, value: &dyn Fn(usize, &ChannelMonth, &LabChannel) -> f64| {
            over_channels(&|k, terms, channel| {
                if world.channels[k].origin == origin { value(k, terms, channel) } else { 0.0 }
            })
        };
        let mean_dual = |w: usize, dual: &dyn Fn(&LabMonth) -> f64| {
            let mut several = labs();
            match (several.next(), several.next()) {
                (Some(only), None) => dual(only),
                _ => ratio(
                    sum(&|books| dual(books) * books.planned_use[w]),
                    sum(&|books| books.planned_use[w]),
                ),
            }
        };
        let work = |channel: &LabChannel| channel.work.iter().sum::<f64>();
        let all = |values: &dyn Fn(&LabMonth, usize) -> f64| {
            sum(&|books| (0..world.workloads.len()).map(|w| values(books, w)).sum())
        };
        match self {
            Monthly::MarginalCost(w) => mean_dual(w, &|books| books.price[w]),
            Monthly::PlanMarginalCost(w) => mean_dual(w, &|books| books.plan_price[w]),
            Monthly::PlannedUse(w) => sum(&|books| books.planned_use[w]),
            Monthly::Served(w) => sum(&|books| books.served[w]),
            Monthly::UsefulWork(w) => sum(&|books| books.served[w] / books.distillation[w]),
            Monthly::Unserved(w) => sum(&|books| books.unserved(w)),
            Monthly::BeyondPlan(w) => sum(&|books| books.beyond_plan(w)),
            Monthly::ValueLost(w) => sum(&|books| books.value_lost[w]),
            Monthly::UnservedShare => {
                ratio(all(&|books, w| books.unserved(w)), all(&|books, w| books.planned_use[w]))
            }
            Monthly::Spend => sum(&|books| books.spend().total()),
            Monthly::SpendPart(part) => over_channels(&|_, _, channel| part.of(channel)),
            Monthly::EconomicCost => sum(&|books| books.economic_cost()),
            Monthly::AverageCashCost => {
                ratio(sum(&|books| books.spend().total()), all(&|books, w| books.served[w]))
            }
            Monthly::Work(origin) => of_origin(origin, &|_, _, channel| work(channel)),
            Monthly::Orders(origin) => of_origin(origin, &|_, _, channel| channel.orders),
            Monthly::PeakInUse(origin) => of_origin(origin, &|k, terms, channel| {
                channel.chips_in_use(HOURS_PER_MONTH * terms.availability)
                    * world.chips[world.channels[k].chip].h100e_peak
            }),
            Monthly::ChannelPrice(k) => match world.channels[k].supply {
                Supply::Rental(_) => month.channels[k].contract_price,
                Supply::Owned(_) => month.channels[k].system_price,
            },
            Monthly::ChannelHourCost(k) => match world.channels[k].supply {
                Supply::Rental(_) => {
                    let terms = &month.channels[k];
                    crate::economics::rental::usable_hour_cost(
                        terms.contract_price,
                        terms.overhead,
                        terms.availability,
                    )
                }
                Supply::Owned(_) => month.channels[k].buy_cost,
            },
            Monthly::ChannelRate(k, w) => month.channels[k].rates[w],
            Monthly::ChannelChips(k) => over_channels(&|at, terms, channel| {
                if at == k { channel.chips_in_use(HOURS_PER_MONTH * terms.availability) } else { 0.0 }
            }),
            Monthly::ChannelOrders(k) => over_channels(&|at, _, channel| {
                if at == k { channel.orders + channel.signed_open + channel.signed_leaked } else { 0.0 }
            }),
            Monthly::ChannelWork(k) => {
                over_channels(&|at, _, channel| if at == k { work(channel) } else { 0.0 })
            }
        }
    }
}
