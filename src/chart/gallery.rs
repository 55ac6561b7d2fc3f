//! The figures of a run, filled from its outcome.
//!
//! This is where results become inputs of figures: per-path columns become spreads, histograms become monthly bands. No
//! number is computed here that is not a summary of those. A run with a single arm has no effect to show and gets the
//! figures that need none.

mod unit_costs;

use super::figure::Figure;
use super::input::{MonthlyBand, Provenance, Rule, Spread};
use super::{delay, difference, effect, lost_compute, parity, rule_design, supply_mix, who_pays};
use crate::analysis::answer::PATHS_FOR_AN_INTERVAL;
use crate::analysis::compare::{Effects, Measure, Scope, bound};
use crate::analysis::summary::summarise_scalar;
use crate::engine::catalogue::{ORIGINS, calendar_years, windows};
use crate::engine::column::{Column, Over};
use crate::engine::outcome::{ArmLabel, Cell, Outcome};
use crate::numbers::Unit;
use crate::scenario::registry::FIGURES;

/// A run with what its figures say beside its numbers.
pub struct Gallery<'a> {
    /// Results.
    pub outcome: &'a Outcome,
    /// Effects of the arms.
    pub effects: &'a [Effects],
    /// Where the pictures come from.
    pub provenance: Provenance,
    /// What follows "Elasticity of demand": "drawn from 0.35 to 1.25 (90% range)", or "is 1.00" for a constant.
    pub elasticity_range: String,
    /// Titles of workloads and channels by id.
    pub titles: Titles,
}

/// Names for ids.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Titles {
    /// Workload id and title, training first: titles speak of the first.
    pub workloads: Vec<(String, String)>,
    /// Channel id, title, origin and whether it can be bought or hired in month 0, in order.
    pub channels: Vec<ChannelTitle>,
}

/// A channel as the cost build-up names it.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelTitle {
    /// Id.
    pub id: String,
    /// Name.
    pub title: String,
    /// Category: `offshore`, `domestic`, `imported`, `grey`.
    pub origin: &'static str,
    /// It is rented.
    pub rented: bool,
    /// It can be bought or hired in month 0.
    pub on_sale: bool,
}

impl Gallery<'_> {
    /// Every figure this run can fill, by name.
    pub fn figures(&self) -> Vec<(&'static str, Figure)> {
        FIGURES.iter().filter_map(|name| self.figure(name).map(|figure| (*name, figure))).collect()
    }

    /// A figure by name; none if the run cannot fill it.
    pub fn figure(&self, name: &str) -> Option<Figure> {
        match name {
            "lost-compute" => self.lost_compute(),
            "effect" => self.effect(),
            "difference" => self.difference(),
            "rule-design" => self.rule_design(),
            "who-pays" => self.who_pays(),
            "supply-mix" => Some(self.supply_mix()),
            "cost-buildup" => Some(self.cost_buildup()),
            "parity" => self.parity(),
            "delay" => self.delay(),
            _ => None,
        }
    }

    /// The headline arm over all its paths.
    fn headline(&self) -> Option<(usize, &Effects)> {
        let arm = self.outcome.headline?;
        self.effects.iter().find(|effect| effect.arm == arm).map(|effect| (arm, effect))
    }

    fn rule(&self, arm: usize, scope: Scope) -> Rule {
        let effect = self.effects.iter().find(|effect| effect.arm == arm && effect.scope == scope);
        let never =
            self.column(arm, "rule_in_force", Measure::Paired).is_some_and(|flags| flags.range().1 <= 0.0);
        let condition = match (scope, effect.and_then(|effect| effect.condition)) {
            (_, None) => "",
            (Scope::Certain, Some(words)) if never => words,
            (Scope::Certain, Some(_)) => "if not reversed",
            (Scope::Expected, Some(_)) => "weighted by its chance and its reversal",
            (Scope::IfClosed, Some(words)) => words,
        };
        let (label, baseline) = (&self.outcome.arms[arm], &self.outcome.arms[self.outcome.baseline]);
        Rule {
            design: label.design.clone(),
            condition: condition.to_string(),
            closes_door: label.own_rules.closes_open_door,
            baseline: baseline.title.clone(),
            arm: label.title.clone(),
            baseline_has_rules: baseline.own_rules.shared > 0,
        }
    }

    fn spread(&self, arm: usize, id: &str, measure: Measure) -> Option<Spread> {
        let place = self.outcome.catalogue.scalar_index(id)?;
        let summary = summarise_scalar(self.outcome, arm, place, measure.reading(), Over::All)?;
        let [p25, p75] =
            self.column(arm, id, measure)?.quantiles([0.25, 0.75]).map(|quartile| quartile.value);
        Some(Spread { summary, p25, p75, by_mean: false })
    }

    /// An effect, quoted as findings do: by its mean where it is weighted by the chance of a rule.
    fn effect_of(&self, arm: usize, scope: Scope, id: &str, measure: Measure) -> Option<Spread> {
        Some(Spread { by_mean: scope == Scope::Expected, ..self.spread(arm, id, measure)? })
    }

    fn column(&self, arm: usize, id: &str, measure: Measure) -> Option<Column<'_>> {
        self.outcome.column(arm, id, measure.reading(), Over::All)
    }

    /// Says so where a figure needs several numbers of one path, and not every path is kept.
    fn of_kept(&self, mut figure: Figure) -> Figure {
        if !self.outcome.is_exact() {
            let kept = crate::numbers::count(self.outcome.paths.len() as u64);
            figure.footnote.push(format!("Drawn from the first {kept} of these paths"));
        }
        figure
    }

    fn band<'b>(&self, cell: impl Fn(usize) -> Cell<'b>) -> MonthlyBand {
        let probabilities = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];
        // Too few paths for an interval have a median alone.
        let probabilities = if self.outcome.count < PATHS_FOR_AN_INTERVAL { [0.5; 7] } else { probabilities };
        let months: Vec<_> = (0..self.outcome.months).map(|t| cell(t).quantiles(probabilities)).collect();
        let series = |at: usize| months.iter().map(|quantiles| quantiles[at]).collect();
        MonthlyBand {
            p05: series(0),
            p10: series(1),
            p25: series(2),
            p50: series(3),
            p75: series(4),
            p90: series(5),
            p95: series(6),
        }
    }

    fn levels(&self, arm: usize, id: &str) -> Option<MonthlyBand> {
        let metric = self.outcome.catalogue.monthly_index(id)?;
        Some(self.band(|t| self.outcome.level(arm, metric, t)))
    }

    fn differences(&self, arm: usize, id: &str) -> Option<MonthlyBand> {
        let metric = self.outcome.catalogue.monthly_index(id)?;
        self.outcome.difference(arm, metric, 0)?;
        let baseline = self.outcome.baseline;
        Some(self.band(|t| {
            self.outcome.difference(arm, metric, t).unwrap_or_else(|| self.outcome.level(baseline, metric, t))
        }))
    }

    fn means(&self, arm: usize, id: &str) -> Option<Vec<f64>> {
        let metric = self.outcome.catalogue.monthly_index(id)?;
        Some((0..self.outcome.months).map(|t| self.outcome.level(arm, metric, t).mean().value).collect())
    }

    /// Share of paths on which the first of an arm's own rules takes effect in each month.
    fn effective(&self, arm: usize) -> Vec<f64> {
        let Some(dates) = self.column(arm, "effective_month", Measure::Paired) else { return Vec::new() };
        let share = |t: usize| dates.at_most(t as f64) - dates.at_most(t as f64 - 1.0);
        let shares: Vec<f64> =
            (0..self.outcome.months).map(|t| share(t) / dates.paths().max(1) as f64).collect();
        if shares.iter().all(|share| *share == 0.0) { Vec::new() } else { shares }
    }

    /// When an effect is told, as it follows "in", and how scalars of that time end: the first calendar year that begins after the
    /// rule binds on the median path; else the last that ends after it; the whole run if it binds after them all.
    fn telling_time(&self, arm: usize) -> Option<(String, String)> {
        let years = calendar_years(self.outcome.start, self.outcome.months);
        let bound = self.spread(arm, "effective_month", Measure::Paired).map_or(0.0, |month| month.p50());
        let begins_after = years.iter().find(|(_, from, _)| *from as f64 >= bound);
        let told = begins_after.or(years.last().filter(|(.., until)| *until as f64 > bound));
        Some(match told {
            Some((year, ..)) => (year.to_string(), format!("y{year}")),
            None => {
                let last = self.outcome.start.plus(self.outcome.months.checked_sub(1)? as i32);
                (format!("{} to {last}", self.outcome.start), "mean".to_string())
            }
        })
    }

    fn lost_compute(&self) -> Option<Figure> {
        let (arm, effects) = self.headline()?;
        let months = windows(self.outcome.months);
        let window = *months.iter().find(|window| **window == 24).or(months.last())?;
        let spread = |id: String| self.effect_of(arm, effects.scope, &id, Measure::Paired);
        let workloads = self
            .titles
            .workloads
            .iter()
            .filter_map(|(id, title)| {
                let lost = negated(self.differences(arm, &format!("useful_work.{id}"))?);
                let windows = months
                    .iter()
                    .filter_map(|window| {
                        Some(lost_compute::Window {
                            months: *window,
                            lost: spread(format!("lost.{window}m.{id}"))?,
                            share: spread(format!("lost_share.{window}m.{id}"))?,
                        })
                    })
                    .collect();
                Some(lost_compute::Workload { title: title.clone(), lost, windows })
            })
            .collect();
        Some(lost_compute::figure(&lost_compute::Input {
            start: self.outcome.start,
            rule: self.rule(arm, effects.scope),
            window_months: window,
            total: spread(format!("lost.{window}m.all"))?,
            total_share: spread(format!("lost_share.{window}m.all"))?,
            workloads,
            effective: self.effective(arm),
            several_rules: self.outcome.arms[arm].own_rules.several(),
            provenance: self.provenance.clone(),
        }))
    }

    fn effect(&self) -> Option<Figure> {
        let (arm, effects) = self.headline()?;
        let (period, ending) = self.telling_time(arm)?;
        let (id, title) = self.titles.workloads.first()?;
        let ratio =
            self.effect_of(arm, effects.scope, &format!("marginal_cost.{id}.{ending}"), Measure::Ratio)?;
        let workloads = self
            .titles
            .workloads
            .iter()
            .filter_map(|(id, title)| {
                Some(effect::Workload {
                    title: title.clone(),
                    open: self.levels(self.outcome.baseline, &format!("marginal_cost.{id}"))?,
                    closed: self.levels(arm, &format!("marginal_cost.{id}"))?,
                })
            })
            .collect();
        Some(effect::figure(&effect::Input {
            start: self.outcome.start,
            rule: self.rule(arm, effects.scope),
            headline: effect::Headline { workload: title.to_lowercase(), period, ratio },
            workloads,
            elasticity_range: self.elasticity_range.clone(),
            provenance: self.provenance.clone(),
        }))
    }

    fn difference(&self) -> Option<Figure> {
        let (arm, effects) = self.headline()?;
        let (period, ending) = self.telling_time(arm)?;
        let (id, title) = self.titles.workloads.first()?;
        let id = format!("marginal_cost.{id}.{ending}");
        let difference = self.effect_of(arm, effects.scope, &id, Measure::Difference)?;
        let workloads = self
            .titles
            .workloads
            .iter()
            .filter_map(|(id, title)| {
                let above_zero = calendar_years(self.outcome.start, self.outcome.months)
                    .into_iter()
                    .filter_map(|(year, ..)| {
                        let spread =
                            self.spread(arm, &format!("marginal_cost.{id}.y{year}"), Measure::Difference)?;
                        Some((year, spread.summary.above_zero.value))
                    })
                    .collect();
                Some(difference::Workload {
                    title: title.clone(),
                    difference: self.differences(arm, &format!("marginal_cost.{id}"))?,
                    above_zero,
                })
            })
            .collect();
        Some(difference::figure(&difference::Input {
            start: self.outcome.start,
            rule: self.rule(arm, effects.scope),
            headline: difference::Headline { workload: title.to_lowercase(), period, difference },
            workloads,
            elasticity_range: self.elasticity_range.clone(),
            provenance: self.provenance.clone(),
        }))
    }

    /// Rows are named by the design of the rule, and by the arm where several arms share a design.
    fn rule_design(&self) -> Option<Figure> {
        let (headline, effects) = self.headline()?;
        let over_all: Vec<&Effects> =
            self.effects.iter().filter(|effect| effect.scope != Scope::IfClosed).collect();
        if over_all.len() < 2 {
            return None;
        }
        let mut ordered = over_all;
        ordered.sort_by_key(|effect| effect.scope == Scope::Expected);
        let label = |arm: usize| &self.outcome.arms[arm];
        let alone = |design: &str| ordered.iter().filter(|e| label(e.arm).design == design).count() == 1;
        let name = |arm: usize| {
            let label = label(arm);
            if alone(&label.design) { label.design.clone() } else { label.title.clone() }
        };
        let told = label(headline);
        let like_headline = |arm: &ArmLabel| {
            arm.design.starts_with(&told.design) && arm.own_rules.count == told.own_rules.count
        };
        let arms = ordered
            .iter()
            .map(|effect| rule_design::Arm {
                title: name(effect.arm),
                expected: effect.scope == Scope::Expected,
                like_headline: like_headline(label(effect.arm)),
                unlike: label(effect.arm).own_rules.beside_other_assumptions(),
            })
            .collect();
        let window = *windows(self.outcome.months).iter().rfind(|window| **window <= 24)?;
        let lost = format!("H100e-hours lost in {window} months");
        let wanted = [
            (
                format!("lost.{window}m.all"),
                lost.clone(),
                ["costs", "gains"],
                lost.replace("lost ", ""),
                Unit::H100eHours,
                Measure::Paired,
            ),
            (
                "training_delay.24m".to_string(),
                "Months of training delay at month 24".to_string(),
                ["delays training by", "speeds training up by"],
                "months at month 24".to_string(),
                Unit::Months,
                Measure::Paired,
            ),
            (
                "pv.economic_cost".to_string(),
                "Economic cost, present value".to_string(),
                ["adds", "saves"],
                "of economic cost".to_string(),
                Unit::Usd,
                Measure::Difference,
            ),
        ];
        let metrics: Vec<rule_design::Metric> = wanted
            .into_iter()
            .filter(|(id, ..)| bound(self.outcome, id) != Some(0))
            .filter_map(|(id, title, verbs, noun, unit, measure)| {
                let effects = ordered
                    .iter()
                    .map(|effect| self.effect_of(effect.arm, effect.scope, &id, measure))
                    .collect::<Option<Vec<_>>>()?;
                Some(rule_design::Metric { title, verbs, noun, unit, effects })
            })
            .collect();
        Some(rule_design::figure(&rule_design::Input {
            rule: self.rule(headline, effects.scope),
            headline: ordered.iter().position(|effect| effect.arm == headline)?,
            arms,
            metrics,
            provenance: self.provenance.clone(),
        }))
    }

    fn who_pays(&self) -> Option<Figure> {
        use who_pays::Party;
        let (arm, effects) = self.headline()?;
        let rule = self.rule(arm, effects.scope);
        // What leaks through a closed door may be paid more for than all that went through the open one.
        let rent = self.spread(arm, "pv.offshore_rent", Measure::Difference)?;
        let [paid, received] = match rule.closes_door && rent.p95() <= 0.0 {
            true => ["offshore rent no longer paid", "rent no longer received"],
            false if rent.p95() <= 0.0 => ["offshore rent", "rent lost"],
            false => ["offshore rent", "rent"],
        };
        let relet = "unused chips, if relet at spot";
        let lines = [
            ("value of lost compute", Party::Labs, "pv.value_lost", 1.0),
            (paid, Party::Labs, "pv.offshore_rent", 1.0),
            ("chips owned offshore, resource cost", Party::Labs, "pv.resource.offshore", 1.0),
            ("domestic chips, resource cost", Party::Labs, "pv.resource.domestic", 1.0),
            ("grey-market chips", Party::Labs, "pv.resource.grey", 1.0),
            ("imported chips", Party::Labs, "pv.resource.imported", 1.0),
            ("scarcity transfer to vendors", Party::Labs, "pv.scarcity", 1.0),
            (received, Party::Hosts, "pv.offshore_rent", -1.0),
            (relet, Party::Hosts, "pv.relet", -1.0),
            ("scarcity transfer received", Party::Vendors, "pv.scarcity", -1.0),
        ]
        .into_iter()
        .filter_map(|(title, party, id, sign)| {
            let cost = self.effect_of(arm, effects.scope, id, Measure::Difference)?;
            let cost = if sign < 0.0 { cost.negated() } else { cost };
            Some(who_pays::Line { title: title.to_string(), party, cost })
        })
        .filter(|line| line.cost.p05() != 0.0 || line.cost.p95() != 0.0)
        .collect();
        Some(who_pays::figure(&who_pays::Input {
            rule,
            lines,
            with_transfer: self.effect_of(arm, effects.scope, "pv.economic_cost", Measure::Difference)?,
            without_transfer: self.effect_of(
                arm,
                effects.scope,
                "pv.economic_cost_before_transfer",
                Measure::Difference,
            )?,
            provenance: self.provenance.clone(),
        }))
    }

    fn supply_mix(&self) -> Figure {
        let outcome = self.outcome;
        let shown: Vec<usize> = std::iter::once(outcome.baseline).chain(outcome.headline).collect();
        let arms: Vec<supply_mix::Arm> = shown
            .iter()
            .map(|&arm| supply_mix::Arm {
                title: outcome.arms[arm].title.clone(),
                supply: ORIGINS
                    .iter()
                    .filter_map(|origin| {
                        Some((origin.id().to_string(), self.means(arm, &format!("work.{}", origin.id()))?))
                    })
                    .collect(),
                unserved: self.unserved(arm),
                unserved_share: self
                    .spread(arm, "unserved_share.all", Measure::Paired)
                    .unwrap_or(Spread::of(&[])),
            })
            .collect();
        let last = *shown.last().unwrap_or(&outcome.baseline);
        let scope = self.headline().map_or(Scope::Certain, |(_, effects)| effects.scope);
        supply_mix::figure(&supply_mix::Input {
            start: outcome.start,
            headline: arms.len() - 1,
            rule: self.headline().map(|(arm, effects)| self.rule(arm, effects.scope)).unwrap_or_default(),
            arms,
            unserved_difference: self
                .effect_of(last, scope, "unserved_share.all", Measure::Difference)
                .unwrap_or(Spread::of(&[])),
            provenance: self.provenance.clone(),
        })
    }

    fn unserved(&self, arm: usize) -> Vec<f64> {
        let mut total = vec![0.0; self.outcome.months];
        for (id, _) in &self.titles.workloads {
            for (sum, part) in
                total.iter_mut().zip(self.means(arm, &format!("unserved.{id}")).unwrap_or_default())
            {
                *sum += part;
            }
        }
        total
    }

    fn parity(&self) -> Option<Figure> {
        let (arm, effects) = self.headline()?;
        let months = self.outcome.months;
        let (compared, others): (Vec<_>, Vec<_>) = self
            .titles
            .workloads
            .iter()
            .partition(|(id, _)| self.outcome.scalar(arm, &format!("parity_month.{id}")).is_some());
        if compared.is_empty() {
            return None;
        }
        let workloads = compared
            .into_iter()
            .filter_map(|(id, title)| {
                let reached = |arm: usize| {
                    self.column(arm, &format!("parity_month.{id}"), Measure::Paired)
                        .map(|column| parity::cumulative(&column, months))
                };
                let never = self.column(arm, &format!("parity_never.{id}"), Measure::Difference)?;
                Some(parity::Workload {
                    title: title.clone(),
                    open: reached(self.outcome.baseline)?,
                    closed: reached(arm)?,
                    difference_std_error: never.mean().std_error,
                })
            })
            .collect();
        Some(parity::figure(&parity::Input {
            start: self.outcome.start,
            rule: self.rule(arm, effects.scope),
            workloads,
            not_compared: others.into_iter().map(|(_, title)| title.clone()).collect(),
            provenance: self.provenance.clone(),
        }))
    }

    fn delay(&self) -> Option<Figure> {
        let (arm, effects) = self.headline()?;
        // A run that ends with a checkpoint can tell no delay at it.
        let checkpoints: Vec<delay::Checkpoint> = [24, 36]
            .into_iter()
            .filter_map(|month| {
                let id = format!("training_delay.{month}m");
                let bound = bound(self.outcome, &id).filter(|bound| *bound > 0)?;
                let Column::Values(delays, grouping) = self.outcome.kept(arm, &id)? else { return None };
                let censored = self.outcome.scalar(arm, &format!("training_delay_censored.{month}m"))?;
                Some(delay::Checkpoint {
                    month,
                    delay_months: delays.to_vec(),
                    censored: censored.iter().map(|flag| *flag == 1.0).collect(),
                    bound: bound as f64,
                    grouping,
                    by_mean: effects.scope == Scope::Expected,
                })
            })
            .collect();
        (!checkpoints.is_empty()).then(|| {
            self.of_kept(delay::figure(&delay::Input {
                rule: self.rule(arm, effects.scope),
                checkpoints,
                provenance: self.provenance.clone(),
            }))
        })
    }
}

/// The band of −x: quantiles change sides.
fn negated(band: MonthlyBand) -> MonthlyBand {
    let minus = |series: Vec<f64>| series.into_iter().map(|value| 0.0 - value).collect();
    MonthlyBand {
        p05: minus(band.p95),
        p10: minus(band.p90),
        p25: minus(band.p75),
        p50: minus(band.p50),
        p75: minus(band.p25),
        p90: minus(band.p10),
        p95: minus(band.p05),
    }
}
