//! What is measured: the metrics of a job, each with its name, unit and the one line that computes it.
//!
//! Monthly metrics are read from one month of a trace, scalars from a whole path and, for effects, from the baseline's
//! trace on the same draws. The catalogue of a job follows from its first world: workloads, origins, channels, horizon.

use crate::calendar::{HOURS_PER_MONTH, Month};
use crate::economics::{capital, energy};
use crate::model::drivers::Drivers;
use crate::model::ledger::{ChannelMonth, LabChannel, LabMonth, MonthTrace, Trace};
use crate::model::parameters::{Origin, Supply, WorkloadKind, World};
use crate::model::rules::RuleDates;

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
    /// Chips ordered by origin.
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
    /// Chips ordered or signed for.
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
    fn name(self) -> (&'static str, &'static str) {
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
    /// Chips ordered by origin.
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

/// The metrics of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    /// Monthly metrics with the lab they are of; none is all labs.
    pub monthly: Vec<(Label, Monthly, Option<usize>)>,
    /// Of these, how many (the first ones) are also recorded as differences to the baseline.
    pub paired: usize,
    /// Scalars.
    pub scalars: Vec<(Label, Scalar)>,
}

const COST: &str = "USD per H100e-hour";
const WORK: &str = "H100e-hours";

impl Catalogue {
    /// The metrics of a job whose arms share workloads, channels and horizon with `world`.
    pub fn of(world: &World) -> Catalogue {
        let mut catalogue = Catalogue { monthly: Vec::new(), paired: 0, scalars: Vec::new() };
        catalogue.add_monthly(world);
        catalogue.add_scalars(world);
        catalogue
    }

    /// Place of a monthly metric.
    pub fn monthly_index(&self, id: &str) -> Option<usize> {
        self.monthly.iter().position(|(label, ..)| label.id == id)
    }

    /// Place of a scalar.
    pub fn scalar_index(&self, id: &str) -> Option<usize> {
        self.scalars.iter().position(|(label, _)| label.id == id)
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
                    format!("orders.{id}"),
                    format!("Chips ordered, {id}"),
                    "chips",
                    Monthly::Orders(origin),
                    lab,
                );
                add(
                    format!("peak_in_use.{id}"),
                    format!("Chips in use, {id}, by peak"),
                    "H100e by 8-bit peak",
                    Monthly::PeakInUse(origin),
                    lab,
                );
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
                format!("Chips ordered or signed, {title}"),
                "chips",
                Monthly::ChannelOrders(k),
            );
            add(format!("channel_work.{id}"), format!("Work done, {title}"), WORK, Monthly::ChannelWork(k));
        }
        self.paired = paired;
    }

    fn add_scalars(&mut self, world: &World) {
        let months = world.months;
        let mut add = |id: String, title: String, unit: &'static str, scalar: Scalar| {
            self.scalars.push((Label { id, title, unit }, scalar));
        };
        let named: Vec<(Option<usize>, String, String)> =
            std::iter::once((None, "all".to_string(), "all workloads".to_string()))
                .chain(
                    world.workloads.iter().enumerate().map(|(w, l)| (Some(w), l.id.clone(), l.title.clone())),
                )
                .collect();
        for window in windows(months) {
            for (w, id, title) in &named {
                add(
                    format!("lost.{window}m.{id}"),
                    format!("H100e-hours lost in the first {window} months, {title}"),
                    WORK,
                    Scalar::Lost(*w, window),
                );
                add(
                    format!("lost_share.{window}m.{id}"),
                    format!("Share of planned use lost in the first {window} months, {title}"),
                    "share",
                    Scalar::LostShare(*w, window),
                );
                add(
                    format!("useful_work.{window}m.{id}"),
                    format!("Useful work in the first {window} months, {title}"),
                    WORK,
                    Scalar::UsefulWork(*w, window),
                );
            }
        }
        if world.workloads.iter().any(|workload| workload.kind == WorkloadKind::Training) {
            for month in [24, 36].into_iter().filter(|month| *month <= months) {
                add(
                    format!("training_delay.{month}m"),
                    format!("Training delay at month {month}"),
                    "months",
                    Scalar::TrainingDelay(month),
                );
                add(
                    format!("training_delay_censored.{month}m"),
                    format!("Training delay at month {month} reaches beyond the horizon"),
                    "probability",
                    Scalar::TrainingDelayCensored(month),
                );
            }
        }
        for (w, workload) in world.workloads.iter().enumerate() {
            let (id, title) = (&workload.id, &workload.title);
            add(
                format!("marginal_cost.{id}.mean"),
                format!("Marginal cost of compute, {title}, mean over the run"),
                COST,
                Scalar::MeanMarginalCost(w),
            );
            add(
                format!("marginal_cost.{id}.peak"),
                format!("Marginal cost of compute, {title}, highest month"),
                COST,
                Scalar::PeakMarginalCost(w),
            );
            for (year, from, until) in calendar_years(world.start, months) {
                add(
                    format!("marginal_cost.{id}.y{year}"),
                    format!("Marginal cost of compute, {title}, {year}"),
                    COST,
                    Scalar::YearMarginalCost(w, from, until),
                );
                add(
                    format!("plan_marginal_cost.{id}.y{year}"),
                    format!("Long-run marginal cost of compute, {title}, {year}"),
                    COST,
                    Scalar::YearPlanMarginalCost(w, from, until),
                );
            }
        }
        for (id, title, stream) in [
            ("economic_cost", "Economic cost", Stream::EconomicCost),
            (
                "economic_cost_before_transfer",
                "Economic cost without the transfer",
                Stream::EconomicCostBeforeTransfer,
            ),
            ("spend", "Spend", Stream::Spend),
            ("value_lost", "Value of lost compute", Stream::ValueLost),
            ("offshore_rent", "Rent to offshore hosts", Stream::OffshoreRent),
            (
                "resource.offshore",
                "Resource cost of chips owned offshore",
                Stream::Resource(Origin::Offshore),
            ),
            ("resource.domestic", "Resource cost, domestic chips", Stream::Resource(Origin::Domestic)),
            ("resource.imported", "Resource cost, imported chips", Stream::Resource(Origin::Imported)),
            ("resource.grey", "Resource cost, grey-market chips", Stream::Resource(Origin::Grey)),
            ("scarcity", "Scarcity transfer to vendors", Stream::Scarcity),
            ("domestic_sales", "Domestic systems sold", Stream::DomesticSales),
            ("relet", "Unused offshore chips at the spot price", Stream::Relet),
        ] {
            add(format!("pv.{id}"), format!("{title}, present value"), "USD", Scalar::PresentValue(stream));
        }
        add("average_cash_cost".into(), "Average cash cost".into(), COST, Scalar::AverageCashCost);
        for (w, id, title) in &named {
            add(
                format!("unserved_share.{id}"),
                format!("Unserved share of planned use, {title}"),
                "share",
                Scalar::UnservedShare(*w),
            );
        }
        for month in [1, 12, 24, 36, 60].into_iter().filter(|month| *month <= months) {
            for origin in ORIGINS {
                let id = origin.id();
                add(
                    format!("work_share.{id}.{month}m"),
                    format!("Share of work done {id}, month {month}"),
                    "share",
                    Scalar::WorkShare(origin, month),
                );
                add(
                    format!("peak_share.{id}.{month}m"),
                    format!("Share of chips in use by peak, {id}, month {month}"),
                    "share",
                    Scalar::PeakShare(origin, month),
                );
            }
            add(
                format!("rented_chips.{month}m"),
                format!("Chips rented offshore, month {month}"),
                "chips",
                Scalar::RentedChips(month),
            );
        }
        for (w, workload) in world.workloads.iter().enumerate() {
            let (id, title) = (&workload.id, &workload.title);
            add(
                format!("parity_month.{id}"),
                format!("Month of parity, {title} (the horizon if never)"),
                "months",
                Scalar::ParityMonth(w),
            );
            add(
                format!("parity_never.{id}"),
                format!("No parity within the horizon, {title}"),
                "probability",
                Scalar::ParityNever(w),
            );
        }
        for (k, channel) in world.channels.iter().enumerate() {
            let (id, title) = (&channel.id, &channel.title);
            for (w, workload) in world.workloads.iter().enumerate().filter(|(w, _)| channel.serves[*w]) {
                add(
                    format!("unit_cost.{id}.{}", workload.id),
                    format!("Cost of an H100e-hour in month 0, {title}, {}", workload.title),
                    COST,
                    Scalar::UnitCost(k, w),
                );
            }
            let parts: &[CostPart] = match channel.supply {
                Supply::Owned(_) => &CostPart::OWNED,
                Supply::Rental(_) => &CostPart::RENTED,
            };
            for part in parts {
                add(
                    format!("hour_cost.{id}.{}", part.id()),
                    format!("Cost of a usable chip-hour in month 0, {title}, {}", part.id()),
                    "USD per chip-hour",
                    Scalar::HourCostPart(k, *part),
                );
            }
        }
        add("electricity".into(), "Electricity used, TWh".into(), "TWh", Scalar::Electricity);
        for origin in ORIGINS {
            let id = origin.id();
            add(format!("orders.{id}"), format!("Chips ordered, {id}"), "chips", Scalar::Orders(origin));
        }
        add(
            "effective_month".into(),
            "First month with a rule in force (the horizon if never)".into(),
            "months",
            Scalar::EffectiveMonth,
        );
        add("rule_in_force".into(), "A rule comes into force".into(), "probability", Scalar::Bound);
        add("rule_reversed".into(), "A rule in force is undone".into(), "probability", Scalar::Reversed);
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

fn ratio(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 0.0 } else { part / whole }
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

impl Scalar {
    /// The metric's value on a path.
    pub fn value(self, path: &PathView<'_>) -> f64 {
        let (world, trace) = (path.world, path.trace);
        let months = trace.months.len();
        let monthly = |trace: &Trace, metric: Monthly, t: usize| metric.value(world, &trace.months[t], None);
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
                    capital::discount_factor(rate, t as f64) * stream.value(path, t)
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
                Scalar::Lost(w, window).value(path),
                total(path.baseline, &Monthly::PlannedUse, w, window),
            ),
            Scalar::TrainingDelay(month) => training_delay(path, month).0,
            Scalar::TrainingDelayCensored(month) => flag(training_delay(path, month).1),
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
                        .flat_map(|books| books.channels.iter().zip(&month.channels))
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
    fn value(self, path: &PathView<'_>, t: usize) -> f64 {
        let (world, month) = (path.world, &path.trace.months[t]);
        let monthly = |metric: Monthly| metric.value(world, month, None);
        let over = |origin: Origin, value: &dyn Fn(usize, &ChannelMonth, &LabChannel) -> f64| {
            month
                .labs
                .iter()
                .flat_map(|books| books.channels.iter().enumerate())
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
fn training_delay(path: &PathView<'_>, month: usize) -> (f64, bool) {
    let training = |trace: &Trace, t: usize| -> f64 {
        path.world
            .workloads
            .iter()
            .enumerate()
            .filter(|(_, workload)| workload.kind == WorkloadKind::Training)
            .map(|(w, _)| Monthly::UsefulWork(w).value(path.world, &trace.months[t], None))
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
