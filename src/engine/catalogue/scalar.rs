//! Metrics of a path: present values, losses, delays, shares, dates.

use super::account::Account;
use super::monthly::hour_cost;
use super::{Totals, ratio};
use crate::calendar::HOURS_PER_MONTH;
use crate::engine::column::apart;
use crate::math::{Lanes, rows, sum};
use crate::model::ledger::{ChannelMonth, PerWorkload};
use crate::model::parameters::{Origin, Supply, WorkloadKind, World};
use crate::model::rules::{DatesInLanes, RuleDates};

/// Relative difference below which two sums of work are the same.
const SAME_WORK: f64 = 1e-12;

/// Metrics of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Present value of money over time.
    PresentValue(Flow),
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
    /// Electricity of the hours run and idled, TWh.
    Electricity,
    /// Chips bought, by origin; what is rented is signed for and counts under its channel.
    Orders(Origin),
    /// Offshore rented chips in use, in the month that ends a period.
    RentedChips(usize),
    /// First month in which a rule of the arm's own is in force; the horizon if never.
    EffectiveMonth,
    /// 1 if a rule of the arm's own comes into force.
    Bound,
    /// 1 if all of the arm's own rules come into force, of which there is one.
    AllBound,
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
    fn of(self, terms: &ChannelMonth<Lanes>) -> Lanes {
        let usable = terms.availability * HOURS_PER_MONTH;
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
pub enum Flow {
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

/// A few paths as scalars see them.
pub struct PathView<'a> {
    /// The arm's world.
    pub world: &'a World,
    /// The arm's account.
    pub account: &'a Account,
    /// The baseline's account on the same draws.
    pub baseline: &'a Account,
    /// The arm's rules' dates.
    pub dates: &'a [DatesInLanes],
    /// Places of the arm's own rules among them, by [`World::own_rules`].
    pub own: &'a [usize],
}

impl PathView<'_> {
    /// The dates of the arm's own rules.
    fn own_dates(&self) -> impl Iterator<Item = &DatesInLanes> {
        self.own.iter().map(|rule| &self.dates[*rule])
    }
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
                | Scalar::AllBound
                | Scalar::Reversed
                | Scalar::PresentValue(Flow::Relet)
        )
    }

    /// The metric's value on each path, over all labs or of one of several. Domain: a lab only where
    /// [`Scalar::is_of_labs`].
    #[inline(always)]
    pub fn value(self, path: &PathView<'_>, lab: Option<usize>) -> Lanes {
        let (world, months) = (path.world, path.account.totals(lab));
        let baseline = path.baseline.totals(lab);
        let n = months.len();
        let workloads = |w: Option<usize>| w.map_or(0..world.workloads.len(), |w| w..w + 1);
        let total = |months: &[Totals], by_workload: fn(&Totals) -> &PerWorkload<Lanes>, w: Option<usize>| {
            sum(workloads(w).map(|w| sum(months.iter().map(|totals| by_workload(totals)[w]))))
        };
        let mean = |months: &[Totals], by_workload: fn(&Totals) -> &PerWorkload<Lanes>, w: usize| {
            sum(months.iter().map(|totals| by_workload(totals)[w])) / months.len() as f64
        };
        let lost = |w: Option<usize>, window: usize| {
            apart(
                total(&baseline[..window], |month| &month.useful_work, w),
                total(&months[..window], |month| &month.useful_work, w),
            )
        };
        let flag = |yes: bool| f64::from(u8::from(yes));
        // Whether a date of any of the arm's own rules lies within the run.
        let within = |date: fn(&RuleDates) -> Option<i64>| {
            let is = |i: usize| path.own_dates().filter_map(|of| date(&of[i])).any(|month| month < n as i64);
            Lanes::each(|i| flag(is(i)))
        };
        match self {
            Scalar::PresentValue(flow) => {
                sum(months.iter().zip(&path.account.discount).map(|(month, v)| *v * flow.value(month)))
            }
            Scalar::AverageCashCost => ratio(
                sum(months.iter().map(|month| month.spend.total())),
                total(months, |month| &month.served, None),
            ),
            Scalar::UnservedShare(w) => {
                ratio(total(months, |month| &month.unserved, w), total(months, |month| &month.planned_use, w))
            }
            Scalar::MeanMarginalCost(w) => mean(months, |month| &month.price, w),
            Scalar::PeakMarginalCost(w) => {
                let mut peak = Lanes::ZERO;
                for month in rows(months) {
                    peak = peak.max(month.price[w]);
                }
                peak
            }
            Scalar::YearMarginalCost(w, from, until) => mean(&months[from..until], |month| &month.price, w),
            Scalar::YearPlanMarginalCost(w, from, until) => {
                mean(&months[from..until], |month| &month.plan_price, w)
            }
            Scalar::UnitCost(k, w) => {
                let terms = &path.account.first[k];
                ratio(hour_cost(world, k, terms), terms.rates[w])
            }
            Scalar::HourCostPart(k, part) => part.of(&path.account.first[k]),
            Scalar::UsefulWork(w, window) => total(&months[..window], |month| &month.useful_work, w),
            Scalar::Lost(w, window) => lost(w, window),
            Scalar::LostShare(w, window) => {
                ratio(lost(w, window), total(&baseline[..window], |month| &month.planned_use, w))
            }
            Scalar::TrainingDelay(month) => {
                Lanes::each(|i| training_delay(world, (months, baseline), month, i).0)
            }
            Scalar::TrainingDelayCensored(month) => {
                Lanes::each(|i| flag(training_delay(world, (months, baseline), month, i).1))
            }
            Scalar::WorkShare(origin, month) => {
                let origins = &months[month - 1].origins;
                ratio(origins[origin as usize].work, sum(origins.iter().map(|of| of.work)))
            }
            Scalar::PeakShare(origin, month) => {
                let origins = &months[month - 1].origins;
                ratio(origins[origin as usize].peak_in_use, sum(origins.iter().map(|of| of.peak_in_use)))
            }
            Scalar::ParityMonth(w) => Lanes::each(|i| parity_month(months, w, i).unwrap_or(n) as f64),
            Scalar::ParityNever(w) => Lanes::each(|i| flag(parity_month(months, w, i).is_none())),
            Scalar::Electricity => sum(months.iter().map(|month| month.electricity)),
            Scalar::Orders(origin) => sum(months.iter().map(|month| month.origins[origin as usize].orders)),
            Scalar::RentedChips(month) => {
                let channels = world.channels.iter().zip(&months[month - 1].channels);
                let rented = channels.filter(|(channel, _)| {
                    channel.origin == Origin::Offshore && matches!(channel.supply, Supply::Rental(_))
                });
                sum(rented.map(|(_, of)| of.chips))
            }
            Scalar::EffectiveMonth => Lanes::each(|i| {
                let first = path.own_dates().filter_map(|dates| dates[i].effective).min();
                first.map_or(n as f64, |month| (month as f64).min(n as f64))
            }),
            Scalar::Bound => within(|dates| dates.effective),
            Scalar::AllBound => Lanes::each(|i| {
                let mut dates = path.own_dates().map(|dates| dates[i].effective).peekable();
                let some = dates.peek().is_some();
                flag(some && dates.all(|month| month.is_some_and(|month| month < n as i64)))
            }),
            Scalar::Reversed => within(|dates| dates.reversed),
        }
    }
}

impl Flow {
    /// The amount of a month, undiscounted.
    #[inline(always)]
    fn value(self, month: &Totals) -> Lanes {
        let of = |origin: Origin| &month.origins[origin as usize];
        match self {
            Flow::EconomicCost => month.economic_cost(),
            Flow::EconomicCostBeforeTransfer => month.economic_cost() - month.spend.scarcity,
            Flow::Spend => month.spend.total(),
            Flow::ValueLost => sum(month.value_lost),
            Flow::OffshoreRent => of(Origin::Offshore).rent,
            Flow::Resource(Origin::Offshore) => of(Origin::Offshore).own_cost,
            Flow::Resource(origin) => of(origin).own_cost + of(origin).rent,
            Flow::Scarcity => month.spend.scarcity,
            Flow::DomesticSales => of(Origin::Domestic).sales,
            Flow::Relet => month.relet,
        }
    }
}

/// On path `i`, months beyond `month` until the arm's cumulative useful training work reaches the baseline's of `month`
/// months, linear within months, none if it is the same by then; and whether that is censored at the horizon.
fn training_delay(
    world: &World,
    (months, baseline): (&[Totals], &[Totals]),
    month: usize,
    i: usize,
) -> (f64, bool) {
    let training = |totals: &Totals| -> f64 {
        (world.workloads.iter().zip(&totals.useful_work))
            .filter(|(workload, _)| workload.kind == WorkloadKind::Training)
            .map(|(_, work)| work[i])
            .sum()
    };
    let by = |months: &[Totals]| months[..month].iter().map(training).sum::<f64>();
    let target = by(baseline);
    if (by(months) - target).abs() <= target * SAME_WORK {
        return (0.0, false);
    }
    let mut done = 0.0;
    for (t, totals) in months.iter().enumerate() {
        let work = training(totals);
        if done + work >= target * (1.0 - SAME_WORK) {
            let within = if work > 0.0 { ((target - done) / work).clamp(0.0, 1.0) } else { 0.0 };
            return (t as f64 + within - month as f64, false);
        }
        done += work;
    }
    ((months.len() - month) as f64, true)
}

/// First month in which, on path `i`, the cheapest domestic chip on sale costs no more than the cheapest offshore contract.
fn parity_month(months: &[Totals], w: usize, i: usize) -> Option<usize> {
    months.iter().position(|month| {
        let (domestic, offshore) = (month.domestic_cost[w][i], month.offshore_cost[w][i]);
        domestic.is_finite() && offshore.is_finite() && domestic <= offshore
    })
}
