//! Metrics of a path: present values, losses, delays, shares, dates.

use super::{Monthly, ORIGINS, Part, ratio};
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::{capital, energy};
use crate::model::drivers::Drivers;
use crate::model::ledger::{ChannelMonth, LabChannel, MonthTrace, Trace};
use crate::model::parameters::{Origin, Supply, WorkloadKind, World};
use crate::model::rules::RuleDates;

/// Metrics of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Present value of a stream.
    PresentValue(Stream),
    /// Undiscounted spend over work served.
    AverageCashCost,
    /// Σ unserved / Σ planned; of one workload or all.
    UnservedShare(Option<usize>),
    /// Mean operating dual over all months.
    MeanMarginalCost(usize),
    /// Highest operating dual.
    PeakMarginalCost(usize),
    /// Mean operating dual of a calendar year, as first month and month after the last.
    YearMarginalCost(usize, usize, usize),
    /// Mean long-run dual of a calendar year.
    YearPlanMarginalCost(usize, usize, usize),
    /// Cost of an H100e-hour of a channel in month 0: contract, or a new chip; 0 where it does no work.
    UnitCost(usize, usize),
    /// One part of the cost of a channel's usable chip-hour in month 0.
    HourCostPart(usize, CostPart),
    /// Useful work of the first months, of one workload or all.
    UsefulWork(Option<usize>, usize),
    /// Baseline's useful work less this arm's, first months.
    Lost(Option<usize>, usize),
    /// That over the baseline's planned use.
    LostShare(Option<usize>, usize),
    /// Extra months to reach the baseline's cumulative training work of a month.
    TrainingDelay(usize),
    /// 1 if that is censored at the horizon.
    TrainingDelayCensored(usize),
    /// Share of work by origin in the month that ends a period.
    WorkShare(Origin, usize),
    /// Share of chips in use by peak.
    PeakShare(Origin, usize),
    /// First month in which domestic is no dearer than offshore; the horizon if never.
    ParityMonth(usize),
    /// 1 if that never happens.
    ParityNever(usize),
    /// Electricity of the hours run.
    Electricity,
    /// Chips bought, by origin; what is rented is signed for and counts under its channel.
    Orders(Origin),
    /// Offshore rented chips in use, in the month that ends a period.
    RentedChips(usize),
    /// First month in which a rule of the arm is in force; the horizon if never.
    EffectiveMonth,
    /// 1 if a rule of the arm comes into force.
    Bound,
    /// 1 if such a rule is undone within the horizon.
    Reversed,
}

/// Parts of the cost of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostPart {
    /// Capital charge of a new system.
    Capital,
    /// Building.
    Building,
    /// Operations.
    Operations,
    /// Energy.
    Energy,
    /// Rent, overhead not included.
    Rent,
    /// Overhead on rent.
    Overhead,
}

impl CostPart {
    /// Parts of an owned and of a rented hour.
    pub const OWNED: [CostPart; 4] =
        [CostPart::Capital, CostPart::Building, CostPart::Operations, CostPart::Energy];
    /// Parts of a rented hour.
    pub const RENTED: [CostPart; 2] = [CostPart::Rent, CostPart::Overhead];

    /// Its name in files.
    pub fn id(self) -> &'static str {
        match self {
            CostPart::Capital => "capital",
            CostPart::Building => "building",
            CostPart::Operations => "operations",
            CostPart::Energy => "energy",
            CostPart::Rent => "rent",
            CostPart::Overhead => "overhead",
        }
    }

    /// USD per usable chip-hour.
    fn of(self, terms: &ChannelMonth) -> f64 {
        let usable = HOURS_PER_MONTH * terms.availability;
        match self {
            CostPart::Capital => terms.first_capital_charge / usable,
            CostPart::Building => terms.building_charge / usable,
            CostPart::Operations => terms.operations_charge / usable,
            CostPart::Energy => terms.energy_per_hour,
            CostPart::Rent => terms.contract_price / terms.availability,
            CostPart::Overhead => terms.contract_price * terms.overhead / terms.availability,
        }
    }
}

/// Money over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Spend and value lost.
    EconomicCost,
    /// The same without the transfer to vendors.
    EconomicCostBeforeTransfer,
    /// All money spent.
    Spend,
    /// Value of lost compute.
    ValueLost,
    /// Rent to offshore hosts.
    OffshoreRent,
    /// Resource cost of an origin's owned chips, and of rent at home.
    Resource(Origin),
    /// Scarcity rent to vendors.
    Scarcity,
    /// What domestic vendors sell: systems ordered, at price.
    DomesticSales,
    /// Offshore chips on offer that the labs do not use, at the spot price.
    Relet,
}

/// A path as scalars see it.
pub struct PathView<'a> {
    /// The arm's world.
    pub world: &'a World,
    /// The arm's trace.
    pub trace: &'a Trace,
    /// The baseline's trace on the same draws.
    pub baseline: &'a Trace,
    /// The draws.
    pub drivers: &'a Drivers,
    /// The arm's rules' dates.
    pub dates: &'a [RuleDates],
}

impl Scalar {
    /// Whether a lab has its own: not what belongs to a channel, to a rule, or to the country.
    pub fn is_of_labs(self) -> bool {
        !matches!(
            self,
            Scalar::UnitCost(..)
                | Scalar::HourCostPart(..)
                | Scalar::ParityMonth(_)
                | Scalar::ParityNever(_)
                | Scalar::EffectiveMonth
                | Scalar::Bound
                | Scalar::Reversed
                | Scalar::PresentValue(Stream::Relet)
        )
    }

    /// The metric's value on a path, over all labs or of one. What belongs to a channel, a rule or the country is the same
    /// for every lab.
    pub fn value(self, path: &PathView<'_>, lab: Option<usize>) -> f64 {
        let (world, trace) = (path.world, path.trace);
        let months = trace.months.len();
        let monthly = |trace: &Trace, metric: Monthly, t: usize| metric.value(world, &trace.months[t], lab);
        let total = |trace: &Trace, metric: &dyn Fn(usize) -> Monthly, w: Option<usize>, window: usize| {
            let workloads = w.map_or(0..world.workloads.len(), |w| w..w + 1);
            workloads.map(|w| (0..window).map(|t| monthly(trace, metric(w), t)).sum::<f64>()).sum::<f64>()
        };
        let mean = |metric: Monthly, from: usize, until: usize| {
            (from..until).map(|t| monthly(trace, metric, t)).sum::<f64>() / (until - from) as f64
        };
        let share = |metric: &dyn Fn(Origin) -> Monthly, origin: Origin, t: usize| {
            let whole = ORIGINS.iter().map(|o| monthly(trace, metric(*o), t)).sum();
            ratio(monthly(trace, metric(origin), t), whole)
        };
        let flag = |yes: bool| f64::from(u8::from(yes));
        match self {
            Scalar::PresentValue(stream) => (0..months)
                .map(|t| {
                    let rate = path.drivers.now(world.discount_rate, t);
                    capital::discount_factor(rate, t as f64) * stream.value(path, t, lab)
                })
                .sum(),
            Scalar::AverageCashCost => ratio(
                (0..months).map(|t| monthly(trace, Monthly::Spend, t)).sum(),
                total(trace, &Monthly::Served, None, months),
            ),
            Scalar::UnservedShare(w) => ratio(
                total(trace, &Monthly::Unserved, w, months),
                total(trace, &Monthly::PlannedUse, w, months),
            ),
            Scalar::MeanMarginalCost(w) => mean(Monthly::MarginalCost(w), 0, months),
            Scalar::PeakMarginalCost(w) => {
                (0..months).map(|t| monthly(trace, Monthly::MarginalCost(w), t)).fold(0.0, f64::max)
            }
            Scalar::YearMarginalCost(w, from, until) => mean(Monthly::MarginalCost(w), from, until),
            Scalar::YearPlanMarginalCost(w, from, until) => mean(Monthly::PlanMarginalCost(w), from, until),
            Scalar::UnitCost(k, w) => {
                ratio(monthly(trace, Monthly::ChannelHourCost(k), 0), trace.months[0].channels[k].rates[w])
            }
            Scalar::HourCostPart(k, part) => part.of(&trace.months[0].channels[k]),
            Scalar::UsefulWork(w, window) => total(trace, &Monthly::UsefulWork, w, window),
            Scalar::Lost(w, window) => {
                total(path.baseline, &Monthly::UsefulWork, w, window)
                    - total(trace, &Monthly::UsefulWork, w, window)
            }
            Scalar::LostShare(w, window) => ratio(
                Scalar::Lost(w, window).value(path, lab),
                total(path.baseline, &Monthly::PlannedUse, w, window),
            ),
            Scalar::TrainingDelay(month) => training_delay(path, month, lab).0,
            Scalar::TrainingDelayCensored(month) => flag(training_delay(path, month, lab).1),
            Scalar::WorkShare(origin, month) => share(&Monthly::Work, origin, month - 1),
            Scalar::PeakShare(origin, month) => share(&Monthly::PeakInUse, origin, month - 1),
            Scalar::ParityMonth(w) => parity_month(path, w).unwrap_or(months) as f64,
            Scalar::ParityNever(w) => flag(parity_month(path, w).is_none()),
            Scalar::Electricity => trace
                .months
                .iter()
                .map(|month| {
                    month
                        .labs
                        .iter()
                        .enumerate()
                        .filter(|(l, _)| lab.is_none_or(|lab| lab == *l))
                        .flat_map(|(_, books)| books.channels.iter().zip(&month.channels))
                        .map(|(channel, terms)| {
                            energy::terawatt_hours(channel.hours_run(), terms.kwh_per_hour, 1.0)
                        })
                        .sum::<f64>()
                })
                .sum(),
            Scalar::Orders(origin) => (0..months).map(|t| monthly(trace, Monthly::Orders(origin), t)).sum(),
            Scalar::RentedChips(month) => world
                .channels
                .iter()
                .enumerate()
                .filter(|(_, channel)| {
                    channel.origin == Origin::Offshore && matches!(channel.supply, Supply::Rental(_))
                })
                .map(|(k, _)| monthly(trace, Monthly::ChannelChips(k), month - 1))
                .sum(),
            Scalar::EffectiveMonth => path
                .dates
                .iter()
                .filter_map(|dates| dates.effective)
                .min()
                .map_or(months as f64, |month| (month as f64).min(months as f64)),
            Scalar::Bound => flag(
                path.dates.iter().any(|dates| dates.effective.is_some_and(|month| month < months as i64)),
            ),
            Scalar::Reversed => {
                flag(path.dates.iter().any(|dates| dates.reversed.is_some_and(|month| month < months as i64)))
            }
        }
    }
}

impl Stream {
    /// The amount of month `t`, undiscounted.
    fn value(self, path: &PathView<'_>, t: usize, lab: Option<usize>) -> f64 {
        let (world, month) = (path.world, &path.trace.months[t]);
        let monthly = |metric: Monthly| metric.value(world, month, lab);
        let over = |origin: Origin, value: &dyn Fn(usize, &ChannelMonth, &LabChannel) -> f64| {
            month
                .labs
                .iter()
                .enumerate()
                .filter(|(l, _)| lab.is_none_or(|lab| lab == *l))
                .flat_map(|(_, books)| books.channels.iter().enumerate())
                .filter(|(k, _)| world.channels[*k].origin == origin)
                .map(|(k, channel)| value(k, &month.channels[k], channel))
                .sum::<f64>()
        };
        match self {
            Stream::EconomicCost => monthly(Monthly::EconomicCost),
            Stream::EconomicCostBeforeTransfer => {
                monthly(Monthly::EconomicCost) - monthly(Monthly::SpendPart(Part::Scarcity))
            }
            Stream::Spend => monthly(Monthly::Spend),
            Stream::ValueLost => (0..world.workloads.len()).map(|w| monthly(Monthly::ValueLost(w))).sum(),
            Stream::OffshoreRent => over(Origin::Offshore, &|_, _, channel| channel.spend.rent()),
            Stream::Resource(Origin::Offshore) => {
                over(Origin::Offshore, &|_, _, channel| channel.spend.resource() - channel.spend.rent())
            }
            Stream::Resource(origin) => over(origin, &|_, _, channel| channel.spend.resource()),
            Stream::Scarcity => monthly(Monthly::SpendPart(Part::Scarcity)),
            Stream::DomesticSales => {
                over(Origin::Domestic, &|_, terms, channel| channel.orders * terms.system_price)
            }
            Stream::Relet => month
                .channels
                .iter()
                .enumerate()
                .filter(|(k, _)| world.channels[*k].origin == Origin::Offshore)
                .map(|(k, terms)| {
                    let idle = (terms.on_offer - monthly(Monthly::ChannelChips(k))).max(0.0);
                    if terms.on_offer > 0.0 { idle * HOURS_PER_MONTH * terms.spot_price } else { 0.0 }
                })
                .sum(),
        }
    }
}

/// Months beyond `month` until the arm's cumulative useful training work reaches the baseline's of `month` months, linear
/// within months; and whether that is censored at the horizon.
fn training_delay(path: &PathView<'_>, month: usize, lab: Option<usize>) -> (f64, bool) {
    let training = |trace: &Trace, t: usize| -> f64 {
        path.world
            .workloads
            .iter()
            .enumerate()
            .filter(|(_, workload)| workload.kind == WorkloadKind::Training)
            .map(|(w, _)| Monthly::UsefulWork(w).value(path.world, &trace.months[t], lab))
            .sum()
    };
    let target: f64 = (0..month).map(|t| training(path.baseline, t)).sum();
    let months = path.trace.months.len();
    let mut done = 0.0;
    for t in 0..months {
        let work = training(path.trace, t);
        if done + work >= target * (1.0 - 1e-12) {
            let within = if work > 0.0 { ((target - done) / work).clamp(0.0, 1.0) } else { 0.0 };
            return (t as f64 + within - month as f64, false);
        }
        done += work;
    }
    ((months - month) as f64, true)
}

/// First month in which the cheapest domestic chip on sale costs no more than the cheapest offshore contract.
fn parity_month(path: &PathView<'_>, w: usize) -> Option<usize> {
    let lowest = |month: &MonthTrace, cost: &dyn Fn(usize, &ChannelMonth) -> Option<f64>| {
        month
            .channels
            .iter()
            .enumerate()
            .filter_map(|(k, terms)| cost(k, terms))
            .fold(f64::INFINITY, f64::min)
    };
    let serves = |terms: &ChannelMonth| terms.rates[w] > 0.0;
    path.trace.months.iter().position(|month| {
        let domestic = lowest(month, &|k, terms| {
            let channel = &path.world.channels[k];
            (channel.origin == Origin::Domestic
                && matches!(channel.supply, Supply::Owned(_))
                && serves(terms)
                && terms.supply > 0.0)
                .then(|| terms.lcoc(w))
        });
        let offshore = lowest(month, &|k, terms| {
            let channel = &path.world.channels[k];
            (channel.origin == Origin::Offshore
                && matches!(channel.supply, Supply::Rental(_))
                && serves(terms)
                && terms.on_offer > 0.0)
                .then(|| terms.contract_cost_before_rules(w))
        });
        domestic.is_finite() && offshore.is_finite() && domestic <= offshore
    })
}
