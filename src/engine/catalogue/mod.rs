//! What is measured: the metrics of a job, each with its name, unit and the one line that computes it.
//!
//! A path's months are added up once, into [`Totals`]. [`Monthly`] metrics are read from those of one month, [`Scalar`]s
//! from the [`Account`] of a whole path and, for effects, from the baseline's on the same draws. The catalogue of a job
//! follows from its first world: labs, workloads, origins, channels, horizon. A channel's metrics carry the word `channel` where a total has the same name, so that no id can be mistaken.

mod account;
mod monthly;
mod scalar;
mod scalars;
mod totals;

use crate::calendar::Month;
use crate::math::Lanes;
use crate::model::parameters::{Origin, Owned, Supply, World};

pub use account::Account;
pub use monthly::{Monthly, PARTS, Part};
pub use scalar::{CostPart, Flow, PathView, Scalar};
pub use totals::{OfChannel, OfOrigin, Totals};

/// All origins, in the order of every table and chart.
pub const ORIGINS: [Origin; 4] = [Origin::Offshore, Origin::Domestic, Origin::Imported, Origin::Grey];

impl Origin {
    /// Its name in files.
    pub fn id(self) -> &'static str {
        match self {
            Origin::Offshore => "offshore",
            Origin::Domestic => "domestic",
            Origin::Imported => "imported",
            Origin::Grey => "grey",
        }
    }
}

/// A metric's name and unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Id, such as `marginal_cost.training`; with several labs a lab's own metric ends in `@lab`.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// Unit.
    pub unit: &'static str,
}

/// A scalar of time that not every path reaches within the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Censoring {
    /// Place of the scalar that is 1 on the paths that do not.
    pub flag: usize,
    /// What the scalar is on those paths, months: the least it can be.
    pub bound: usize,
}

/// The metrics of a job.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalogue {
    /// Ids of the workloads, in the world's order.
    pub workloads: Vec<String>,
    /// Ids of the labs, in the world's order.
    pub labs: Vec<String>,
    /// Monthly metrics with the lab they are of; none is all labs.
    pub monthly: Vec<(Label, Monthly, Option<usize>)>,
    /// Of these, how many (the first ones) are also recorded as differences to the baseline.
    pub paired: usize,
    /// Scalars with the lab they are of; none is all labs.
    pub scalars: Vec<(Label, Scalar, Option<usize>)>,
    /// The monthly metrics without their names, side by side, by the lab they are of: they are read through every month.
    unnamed: Vec<(Option<usize>, Vec<Monthly>)>,
}

const COST: &str = "USD per H100e-hour";
const WORK: &str = "H100e-hours";

impl Catalogue {
    /// The metrics of a job whose arms share workloads, channels and horizon with `world`.
    pub fn of(world: &World) -> Catalogue {
        let workloads = world.workloads.iter().map(|workload| workload.id.clone()).collect();
        let labs = world.labs.iter().map(|lab| lab.id.clone()).collect();
        let mut catalogue = Catalogue { workloads, labs, ..Catalogue::default() };
        catalogue.add_monthly(world);
        let of_one_lab = catalogue.monthly.chunk_by(|(.., lab), (.., next)| lab == next);
        catalogue.unnamed =
            of_one_lab.map(|run| (run[0].2, run.iter().map(|(_, metric, _)| *metric).collect())).collect();
        catalogue.add_scalars(world);
        catalogue.add_scalars_of_labs(world);
        catalogue
    }

    /// Place of a monthly metric.
    pub fn monthly_index(&self, id: &str) -> Option<usize> {
        self.monthly.iter().position(|(label, ..)| label.id == id)
    }

    /// Place of a scalar.
    pub fn scalar_index(&self, id: &str) -> Option<usize> {
        self.scalars.iter().position(|(label, ..)| label.id == id)
    }

    /// How a run of so many months censors a scalar of time; none if it does not.
    pub fn censoring(&self, place: usize, months: usize) -> Option<Censoring> {
        let (_, scalar, lab) = self.scalars.get(place)?;
        let (flag, bound) = match scalar {
            Scalar::TrainingDelay(month) => (Scalar::TrainingDelayCensored(*month), months - month),
            Scalar::ParityMonth(w) => (Scalar::ParityNever(*w), months),
            _ => return None,
        };
        let flag = self.scalars.iter().position(|(_, other, of)| *other == flag && of == lab)?;
        Some(Censoring { flag, bound })
    }

    fn add_monthly(&mut self, world: &World) {
        let mut add = |id: String, title: String, unit: &'static str, metric: Monthly, lab: Option<usize>| {
            let id = lab.map_or(id.clone(), |lab| format!("{id}@{}", world.labs[lab].id));
            let title = lab.map_or(title.clone(), |lab| format!("{title}, {}", world.labs[lab].title));
            self.monthly.push((Label { id, title, unit }, metric, lab));
        };
        let several = world.labs.len() > 1;
        let scopes = std::iter::once(None).chain((0..world.labs.len()).filter(|_| several).map(Some));
        for lab in scopes {
            for (w, workload) in world.workloads.iter().enumerate() {
                let (id, title) = (&workload.id, &workload.title);
                for (name, words, unit, metric) in [
                    ("marginal_cost", "Marginal cost of compute", COST, Monthly::MarginalCost(w)),
                    (
                        "plan_marginal_cost",
                        "Long-run marginal cost of compute",
                        COST,
                        Monthly::PlanMarginalCost(w),
                    ),
                    ("planned_use", "Planned use", WORK, Monthly::PlannedUse(w)),
                    ("served", "Served", WORK, Monthly::Served(w)),
                    ("useful_work", "Useful work", WORK, Monthly::UsefulWork(w)),
                    ("unserved", "Unserved", WORK, Monthly::Unserved(w)),
                    ("beyond_plan", "Beyond plan", WORK, Monthly::BeyondPlan(w)),
                    ("value_lost", "Value of lost compute", "USD", Monthly::ValueLost(w)),
                ] {
                    add(format!("{name}.{id}"), format!("{words}, {title}"), unit, metric, lab);
                }
            }
            add(
                "unserved_share".into(),
                "Unserved share of planned use".into(),
                "share",
                Monthly::UnservedShare,
                lab,
            );
            add("spend".into(), "Spend".into(), "USD", Monthly::Spend, lab);
            for part in PARTS {
                let (id, title) = part.name();
                add(format!("spend.{id}"), title.into(), "USD", Monthly::SpendPart(part), lab);
            }
            add("economic_cost".into(), "Economic cost".into(), "USD", Monthly::EconomicCost, lab);
            add("average_cash_cost".into(), "Average cash cost".into(), COST, Monthly::AverageCashCost, lab);
            for origin in ORIGINS {
                let id = origin.id();
                add(format!("work.{id}"), format!("Work done {id}"), WORK, Monthly::Work(origin), lab);
                add(
                    format!("peak_in_use.{id}"),
                    format!("Chips in use, {id}, by peak"),
                    "H100e by 8-bit peak",
                    Monthly::PeakInUse(origin),
                    lab,
                );
                let title = format!("Chips bought, {id}");
                add(format!("orders.{id}"), title, "chips", Monthly::Orders(origin), lab);
            }
        }
        let paired = self.monthly.len();
        let mut add = |id: String, title: String, unit: &'static str, metric: Monthly| {
            self.monthly.push((Label { id, title, unit }, metric, None));
        };
        for (k, channel) in world.channels.iter().enumerate() {
            let (id, title) = (&channel.id, &channel.title);
            let price_unit = match channel.supply {
                Supply::Rental(_) => "USD per chip-hour",
                Supply::Owned(_) => "USD per chip",
            };
            add(format!("price.{id}"), format!("Price, {title}"), price_unit, Monthly::ChannelPrice(k));
            add(
                format!("hour_cost.{id}"),
                format!("Cost of a usable chip-hour, {title}"),
                "USD per chip-hour",
                Monthly::ChannelHourCost(k),
            );
            for (w, workload) in world.workloads.iter().enumerate().filter(|(w, _)| channel.serves[*w]) {
                add(
                    format!("rate.{id}.{}", workload.id),
                    format!("Work per usable chip-hour, {title}, {}", workload.title),
                    "H100e",
                    Monthly::ChannelRate(k, w),
                );
            }
            add(format!("chips.{id}"), format!("Chips in use, {title}"), "chips", Monthly::ChannelChips(k));
            add(
                format!("channel_orders.{id}"),
                format!("Chips bought or signed for, {title}"),
                "chips",
                Monthly::ChannelOrders(k),
            );
            add(format!("channel_work.{id}"), format!("Work done, {title}"), WORK, Monthly::ChannelWork(k));
            if let Supply::Owned(Owned { import_quota: Some(_), .. }) = channel.supply {
                let words = format!("The import quota is below what is for sale, {title}");
                add(format!("quota_binds.{id}"), words, "probability", Monthly::QuotaBinds(k));
            }
        }
        self.paired = paired;
    }
}

/// The windows over which losses are summed: 12 and 24 months, and the whole run.
pub fn windows(months: usize) -> Vec<usize> {
    let mut windows: Vec<usize> = [12, 24, months].into_iter().filter(|window| *window <= months).collect();
    windows.sort_unstable();
    windows.dedup();
    windows
}

/// Calendar years that lie wholly in a run, as year, first month and month after the last; if none does, those it touches.
pub fn calendar_years(start: Month, months: usize) -> Vec<(i32, usize, usize)> {
    let last = start.plus(months as i32 - 1);
    let of_year = |year: i32| {
        let from = Month::new(year, 1).since(start).max(0) as usize;
        let until = (Month::new(year + 1, 1).since(start) as usize).min(months);
        (year, from, until)
    };
    let touched: Vec<_> = (start.year()..=last.year()).map(of_year).collect();
    let whole: Vec<_> = touched.iter().copied().filter(|(_, from, until)| until - from == 12).collect();
    if whole.is_empty() { touched } else { whole }
}

#[inline(always)]
fn ratio(part: Lanes, whole: Lanes) -> Lanes {
    whole.is_not(0.0).keep(part / whole)
}
