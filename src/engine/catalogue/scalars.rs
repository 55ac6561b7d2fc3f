//! Which scalars a job has, question by question, with the words for each.

use super::{COST, Catalogue, CostPart, Flow, Label, ORIGINS, Scalar, WORK, calendar_years, windows};
use crate::model::parameters::{Origin, Supply, WorkloadKind, World};

impl Catalogue {
    /// Every scalar of all labs together.
    pub(super) fn add_scalars(&mut self, world: &World) {
        self.add_lost_work(world);
        self.add_delays(world);
        self.add_prices(world);
        self.add_money();
        self.add_unserved(world);
        self.add_origins(world);
        self.add_parity(world);
        self.add_unit_costs(world);
        self.add_totals();
        self.add_rules();
    }

    /// With several labs, each lab's own value of every scalar that is a lab's.
    pub(super) fn add_scalars_of_labs(&mut self, world: &World) {
        let country = self.scalars.clone();
        for (l, lab) in world.labs.iter().enumerate().filter(|_| world.labs.len() > 1) {
            let own =
                country.iter().filter(|(_, scalar, _)| scalar.is_of_labs()).map(|(label, scalar, _)| {
                    let id = format!("{}@{}", label.id, lab.id);
                    (
                        Label { id, title: format!("{}, {}", label.title, lab.title), ..label.clone() },
                        *scalar,
                        Some(l),
                    )
                });
            self.scalars.extend(own);
        }
    }

    fn scalar(
        &mut self,
        id: impl Into<String>,
        title: impl Into<String>,
        unit: &'static str,
        scalar: Scalar,
    ) {
        self.scalars.push((Label { id: id.into(), title: title.into(), unit }, scalar, None));
    }

    /// What goes missing.
    fn add_lost_work(&mut self, world: &World) {
        let named = named(world);
        for window in windows(world.months) {
            for (w, id, title) in &named {
                self.scalar(
                    format!("lost.{window}m.{id}"),
                    format!("H100e-hours lost in the first {}, {title}", span(window)),
                    WORK,
                    Scalar::Lost(*w, window),
                );
                self.scalar(
                    format!("lost_share.{window}m.{id}"),
                    format!("Share of planned use lost in the first {}, {title}", span(window)),
                    "share",
                    Scalar::LostShare(*w, window),
                );
                self.scalar(
                    format!("useful_work.{window}m.{id}"),
                    format!("Useful work in the first {}, {title}", span(window)),
                    WORK,
                    Scalar::UsefulWork(*w, window),
                );
            }
        }
    }

    /// For how long, where there is training.
    fn add_delays(&mut self, world: &World) {
        if world.workloads.iter().any(|workload| workload.kind == WorkloadKind::Training) {
            for month in [24, 36].into_iter().filter(|month| *month <= world.months) {
                self.scalar(
                    format!("training_delay.{month}m"),
                    format!("Training delay at month {month}"),
                    "months",
                    Scalar::TrainingDelay(month),
                );
                self.scalar(
                    format!("training_delay_censored.{month}m"),
                    format!("Training delay at month {month} reaches beyond the horizon"),
                    "probability",
                    Scalar::TrainingDelayCensored(month),
                );
            }
        }
    }

    /// What compute costs at the margin.
    fn add_prices(&mut self, world: &World) {
        for (w, workload) in world.workloads.iter().enumerate() {
            let (id, title) = (&workload.id, &workload.title);
            self.scalar(
                format!("marginal_cost.{id}.mean"),
                format!("Marginal cost of compute, {title}, mean over the run"),
                COST,
                Scalar::MeanMarginalCost(w),
            );
            self.scalar(
                format!("marginal_cost.{id}.peak"),
                format!("Marginal cost of compute, {title}, highest month"),
                COST,
                Scalar::PeakMarginalCost(w),
            );
            for (year, from, until) in calendar_years(world.start, world.months) {
                self.scalar(
                    format!("marginal_cost.{id}.y{year}"),
                    format!("Marginal cost of compute, {title}, {year}"),
                    COST,
                    Scalar::YearMarginalCost(w, from, until),
                );
                self.scalar(
                    format!("plan_marginal_cost.{id}.y{year}"),
                    format!("Long-run marginal cost of compute, {title}, {year}"),
                    COST,
                    Scalar::YearPlanMarginalCost(w, from, until),
                );
            }
        }
    }

    /// Present values, and what an hour of work costs.
    fn add_money(&mut self) {
        for (id, title, flow) in [
            ("economic_cost", "Economic cost", Flow::EconomicCost),
            (
                "economic_cost_before_transfer",
                "Economic cost without the transfer",
                Flow::EconomicCostBeforeTransfer,
            ),
            ("spend", "Spend", Flow::Spend),
            ("value_lost", "Value of lost compute", Flow::ValueLost),
            ("offshore_rent", "Rent to offshore hosts", Flow::OffshoreRent),
            ("resource.offshore", "Resource cost of chips owned offshore", Flow::Resource(Origin::Offshore)),
            ("resource.domestic", "Resource cost, domestic chips", Flow::Resource(Origin::Domestic)),
            ("resource.imported", "Resource cost, imported chips", Flow::Resource(Origin::Imported)),
            ("resource.grey", "Resource cost, grey-market chips", Flow::Resource(Origin::Grey)),
            ("scarcity", "Scarcity transfer to vendors", Flow::Scarcity),
            ("domestic_sales", "Domestic systems sold", Flow::DomesticSales),
            ("relet", "Unused offshore chips at the spot price", Flow::Relet),
        ] {
            self.scalar(
                format!("pv.{id}"),
                format!("{title}, present value"),
                "USD",
                Scalar::PresentValue(flow),
            );
        }
        self.scalar("average_cash_cost", "Average cash cost", COST, Scalar::AverageCashCost);
    }

    /// What is planned and not served.
    fn add_unserved(&mut self, world: &World) {
        let named = named(world);
        for (w, id, title) in &named {
            self.scalar(
                format!("unserved_share.{id}"),
                format!("Unserved share of planned use, {title}"),
                "share",
                Scalar::UnservedShare(*w),
            );
        }
    }

    /// Where work is done and chips are rented.
    fn add_origins(&mut self, world: &World) {
        for month in [1, 12, 24, 36, 60].into_iter().filter(|month| *month <= world.months) {
            for origin in ORIGINS {
                let id = origin.id();
                self.scalar(
                    format!("work_share.{id}.{month}m"),
                    format!("Share of work done {id}, month {month}"),
                    "share",
                    Scalar::WorkShare(origin, month),
                );
                self.scalar(
                    format!("peak_share.{id}.{month}m"),
                    format!("Share of chips in use by peak, {id}, month {month}"),
                    "share",
                    Scalar::PeakShare(origin, month),
                );
            }
            self.scalar(
                format!("rented_chips.{month}m"),
                format!("Chips rented offshore, month {month}"),
                "chips",
                Scalar::RentedChips(month),
            );
        }
    }

    /// When domestic compute matches offshore.
    fn add_parity(&mut self, world: &World) {
        for (w, workload) in world.workloads.iter().enumerate().filter(|(w, _)| has_parity(world, *w)) {
            let (id, title) = (&workload.id, &workload.title);
            self.scalar(
                format!("parity_month.{id}"),
                format!("Month of parity, {title} (the horizon if never)"),
                "months",
                Scalar::ParityMonth(w),
            );
            self.scalar(
                format!("parity_never.{id}"),
                format!("No parity within the horizon, {title}"),
                "probability",
                Scalar::ParityNever(w),
            );
        }
    }

    /// What an hour costs in month 0, channel by channel.
    fn add_unit_costs(&mut self, world: &World) {
        for (k, channel) in world.channels.iter().enumerate() {
            let (id, title) = (&channel.id, &channel.title);
            for (w, workload) in world.workloads.iter().enumerate().filter(|(w, _)| channel.serves[*w]) {
                self.scalar(
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
                self.scalar(
                    format!("hour_cost.{id}.{}", part.id()),
                    format!("Cost of a usable chip-hour in month 0, {title}, {}", part.id()),
                    "USD per chip-hour",
                    Scalar::HourCostPart(k, *part),
                );
            }
        }
    }

    /// Sums over the run.
    fn add_totals(&mut self) {
        self.scalar("electricity", "Electricity used, TWh", "TWh", Scalar::Electricity);
        for origin in ORIGINS {
            let id = origin.id();
            self.scalar(
                format!("orders.{id}"),
                format!("Chips bought, {id}"),
                "chips",
                Scalar::Orders(origin),
            );
        }
    }

    /// When the rules bind that an arm has and the baseline has not, and whether they stand; the baseline's are all its own.
    fn add_rules(&mut self) {
        self.scalar(
            "effective_month",
            "First month with a rule of its own in force (the horizon if never)",
            "months",
            Scalar::EffectiveMonth,
        );
        self.scalar("rule_in_force", "A rule of its own comes into force", "probability", Scalar::Bound);
        self.scalar(
            "all_rules_in_force",
            "All rules of its own come into force",
            "probability",
            Scalar::AllBound,
        );
        self.scalar("rule_reversed", "A rule of its own is undone", "probability", Scalar::Reversed);
    }
}

/// Workloads with their ids and titles, behind all of them together.
fn named(world: &World) -> Vec<(Option<usize>, String, String)> {
    let each = world.workloads.iter().enumerate();
    let each = each.map(|(w, workload)| (Some(w), workload.id.clone(), workload.title.clone()));
    std::iter::once((None, "all".to_string(), "all workloads".to_string())).chain(each).collect()
}

/// "month", "12 months": what follows "in the first".
fn span(months: usize) -> String {
    if months == 1 { "month".to_string() } else { format!("{months} months") }
}

/// Whether domestic and offshore supply of a workload can be compared: some domestic channel to buy and some offshore one
/// to rent may serve it. Work that must stay at home has no offshore price to match.
fn has_parity(world: &World, w: usize) -> bool {
    let some = |origin: Origin, rented: bool| {
        world.channels.iter().any(|channel| {
            channel.origin == origin
                && channel.serves[w]
                && matches!(channel.supply, Supply::Rental(_)) == rented
        })
    };
    some(Origin::Domestic, false) && some(Origin::Offshore, true)
}
