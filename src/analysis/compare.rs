//! The effect of an arm against the baseline, question by question, in the order of `docs/model.md §10`.
//!
//! Every row is a per-path difference on common draws, summarised. An arm whose rule may not come, or may be undone, gives
//! two answers that are never mixed: the *expected* effect over all paths, and the effect *if closed and not reversed* over
//! the paths on which all of an arm's rules come into force and stand. What an effect supposes is said in words that fit the arm's own
//! rules: only a rule that shuts a rental channel closes anything, and an arm without rules supposes nothing.

use std::cmp::Ordering;

use super::summary::{Summary, summarise_in, summarise_scalar};
use crate::engine::catalogue::{Censoring, calendar_years, windows};
use crate::engine::column::{DELAYS, Over, Reading};
use crate::engine::outcome::{Outcome, OwnRules, STANDING, stand};

/// What a row's number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A difference: the arm less the baseline.
    Difference,
    /// The arm over the baseline.
    Ratio,
    /// A number of the arm that already compares it with the baseline.
    Paired,
    /// A probability.
    Probability,
}

impl Measure {
    /// As written in files.
    pub fn id(self) -> &'static str {
        match self {
            Measure::Difference => "difference",
            Measure::Ratio => "ratio",
            Measure::Paired => "paired",
            Measure::Probability => "probability",
        }
    }

    /// How it reads a scalar.
    pub fn reading(self) -> Reading {
        match self {
            Measure::Difference => Reading::Difference,
            Measure::Ratio => Reading::Ratio,
            Measure::Paired | Measure::Probability => Reading::Level,
        }
    }
}

/// Over which paths an effect is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All paths, and nothing hangs on whether a rule comes: its rules are in force on all paths and stand, never come
    /// within the horizon, or are the baseline's.
    Certain,
    /// All paths, weighted by whether the rule comes and stands.
    Expected,
    /// The paths on which the rule comes into force and is not undone.
    IfClosed,
}

impl Scope {
    /// As written in files.
    pub fn id(self) -> &'static str {
        match self {
            Scope::Certain => "certain",
            Scope::Expected => "expected",
            Scope::IfClosed => "if_closed_and_not_reversed",
        }
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Group of rows: the question.
    pub question: &'static str,
    /// Id, such as `lost.12m.training`.
    pub id: String,
    /// What it is, in words.
    pub title: String,
    /// Unit.
    pub unit: &'static str,
    /// What kind of number.
    pub measure: Measure,
    /// The answer.
    pub summary: Summary,
}

/// The effects of an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects {
    /// Index of the arm.
    pub arm: usize,
    /// Over which paths.
    pub scope: Scope,
    /// What is supposed of the arm's rules, in words; none where it has none of its own.
    pub condition: Option<&'static str>,
    /// Month from which its rules, or the first of them, bind in every path's calendar, in steps; none if paths differ or
    /// none binds within the horizon.
    pub binds_from: Option<i32>,
    /// Answers in order.
    pub rows: Vec<Row>,
}

impl Effects {
    /// A row by id.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }
}

impl Row {
    /// Whether it stands in the first table of a comparison over `months`; everything else is in `summary.csv`.
    pub fn is_headline(&self, months: usize) -> bool {
        let latest = headline_windows(months).into_iter().max().unwrap_or(months);
        let other_month = self.id.starts_with("rented") && self.id != format!("rented_chips.{latest}m");
        let year_or_rate = self.id.contains(".y2") || self.id.starts_with("work_share") || other_month;
        let whole_run =
            self.id.contains(&format!(".{months}m.")) && !headline_windows(months).contains(&months);
        let share_of_one = self.id.starts_with("lost_share") && !self.id.contains(".all");
        !(year_or_rate || whole_run || share_of_one)
    }
}

/// The windows that losses are quoted over: 12 and 24 months, or a shorter run.
pub fn headline_windows(months: usize) -> Vec<usize> {
    if months < 12 { vec![months] } else { [12, 24].into_iter().filter(|window| *window <= months).collect() }
}

/// Effects of every arm but the baseline; two scopes where the rule is uncertain and some path has it in force.
pub fn effects(outcome: &Outcome) -> Vec<Effects> {
    let mut all = Vec::new();
    for arm in (0..outcome.arms.len()).filter(|arm| *arm != outcome.baseline) {
        let Standing { never, everywhere, certain, paths } = Standing::of(outcome, arm);
        let own = outcome.arms[arm].own_rules;
        let mut add = |scope: Scope, over: Over| {
            all.push(Effects {
                arm,
                scope,
                condition: condition(scope, own, (never, everywhere)),
                binds_from: binds_from(outcome, arm, over),
                rows: rows(outcome, arm, over),
            });
        };
        add(if certain { Scope::Certain } else { Scope::Expected }, Over::All);
        if !certain && paths > 1 {
            add(Scope::IfClosed, Over::Standing);
        }
    }
    all
}

/// What an effect supposes of an arm's rules. A rule closes where it shuts a rental channel.
fn condition(scope: Scope, own: OwnRules, (never, everywhere): (bool, bool)) -> Option<&'static str> {
    match scope {
        _ if own.count == 0 => None,
        Scope::Certain if never => Some("no rule in force within the horizon"),
        Scope::Certain if !everywhere => Some("some of its rules in force, others not within the horizon"),
        Scope::Certain if own.closes => Some("closed and not reversed"),
        Scope::Certain => Some("in force and not reversed"),
        Scope::Expected => Some("weighted by the chance of a rule and of its reversal"),
        Scope::IfClosed if own.several() => Some("if all of its rules are in force and none is reversed"),
        Scope::IfClosed if own.closes => Some("if closed and not reversed"),
        Scope::IfClosed => Some("if in force and not reversed"),
    }
}

/// The month in which a rule of the arm's first binds, where it is the same on all these paths and within the horizon.
fn binds_from(outcome: &Outcome, arm: usize, over: Over) -> Option<i32> {
    let (first, last) = outcome.column(arm, "effective_month", Reading::Level, over)?.range();
    let one_date = first == last && first < outcome.months as f64;
    (one_date && outcome.arms[arm].own_rules.count > 0).then_some(first as i32)
}

/// Per-path values of an effect, of the paths kept: `Difference` and `Ratio` of a scalar against the baseline, or the scalar
/// itself.
pub fn effect_values(outcome: &Outcome, arm: usize, id: &str, measure: Measure) -> Option<Vec<f64>> {
    let values = outcome.scalar(arm, id)?;
    let baseline = outcome.scalar(outcome.baseline, id)?;
    let reading = measure.reading();
    Some(values.iter().zip(baseline).map(|(own, baseline)| reading.of(*own, *baseline)).collect())
}

/// Per-path values behind a row of an arm's effects.
pub fn row_values(outcome: &Outcome, arm: usize, row: &Row) -> Option<Vec<f64>> {
    match row.id.rsplit_once(".above") {
        Some((delay, months)) => {
            let (scalar, reading) = delay_above(outcome, delay, months.parse().ok()?)?;
            let flags = outcome.scalar_at(arm, scalar).iter();
            Some(flags.map(|value| reading.of(*value, 0.0)).collect())
        }
        None => effect_values(outcome, arm, &row.id, row.measure),
    }
}

/// The least that a scalar is on paths that do not reach it within the run, months; none if nothing censors it. A run that
/// ends with the month from which a delay counts has 0, and can tell no delay.
pub fn bound(outcome: &Outcome, id: &str) -> Option<usize> {
    let place = outcome.catalogue.scalar_index(id)?;
    outcome.catalogue.censoring(place, outcome.months).map(|censoring| censoring.bound)
}

/// The scalar, and how to read it, that is 1 on the paths with a delay above so many months; none if the run ends too early
/// to tell, or nothing ends before the number. A path that is censored is later than its bound.
pub fn delay_above(outcome: &Outcome, delay: &str, months: f64) -> Option<(usize, Reading)> {
    let scalar = outcome.catalogue.scalar_index(delay)?;
    let Censoring { flag, bound } = outcome.catalogue.censoring(scalar, outcome.months)?;
    match (bound as f64).total_cmp(&months) {
        Ordering::Less => None,
        Ordering::Equal => Some((flag, Reading::Level)),
        Ordering::Greater => Some((scalar, Reading::Above(months))),
    }
}

/// On which paths all of an arm's own rules are in force and stand, of the paths kept.
pub fn stands(outcome: &Outcome, arm: usize) -> Vec<bool> {
    stand(STANDING.map(|id| outcome.scalar(arm, id).unwrap_or(&[]))).collect()
}

/// How an arm's rules stand over all paths of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// No path has a rule in force.
    pub never: bool,
    /// On every path all of its rules are in force and stand.
    pub everywhere: bool,
    /// Effects of the arm are certain: its rules stand on all paths, no path has a rule at all, the arm has none of its own, or the same
    /// ones, of rules with dates, on every path.
    pub certain: bool,
    /// Paths on which all of its rules are in force and stand.
    pub paths: usize,
}

impl Standing {
    /// Of an arm.
    pub fn of(outcome: &Outcome, arm: usize) -> Standing {
        let column = |id: &str, over: Over| outcome.column(arm, id, Reading::Level, over);
        let range = |id: &str| column(id, Over::All).map_or((0.0, 0.0), |flags| flags.range());
        let (any, all) = (range("rule_in_force"), range("all_rules_in_force"));
        let never = any.1 <= 0.0;
        let paths = column("rule_in_force", Over::Standing).map_or(0, |flags| flags.paths());
        let everywhere = paths == outcome.count;
        let own = outcome.arms[arm].own_rules;
        let dated = own.fixed && any.0 >= 1.0 && all.1 <= 0.0;
        Standing { never, everywhere, certain: own.count == 0 || never || everywhere || dated, paths }
    }
}

/// Collects the rows of an arm.
struct Asker<'a> {
    outcome: &'a Outcome,
    arm: usize,
    over: Over,
    rows: Vec<Row>,
}

fn rows(outcome: &Outcome, arm: usize, over: Over) -> Vec<Row> {
    let mut asker = Asker { outcome, arm, over, rows: Vec::new() };
    asker.lost_compute();
    asker.delay();
    asker.marginal_cost();
    asker.economic_cost();
    asker.industry();
    asker.labs();
    asker.rows
}

impl Asker<'_> {
    /// Whether a scalar is 0 on every path with and without the arm's rules, as the marginal cost of what a lab does not want: it
    /// has no ratio.
    fn is_nothing(&self, place: usize) -> bool {
        [self.arm, self.outcome.baseline].into_iter().all(|arm| {
            let levels = self.outcome.column_at(arm, place, Reading::Level, Over::All);
            levels.is_some_and(|levels| levels.range() == (0.0, 0.0))
        })
    }

    fn add(&mut self, question: &'static str, id: &str, measure: Measure, title: Option<&str>) {
        let Some(place) = self.outcome.catalogue.scalar_index(id) else { return };
        if measure == Measure::Ratio && self.is_nothing(place) {
            return;
        }
        let summary = summarise_scalar(self.outcome, self.arm, place, measure.reading(), self.over);
        let Some(summary) = summary else { return };
        let label = &self.outcome.catalogue.scalars[place].0;
        let unit = measure.reading().unit(label.unit);
        let (id, title) = (label.id.clone(), title.map_or(label.title.clone(), str::to_string));
        self.rows.push(Row { question, id, title, unit, measure, summary });
    }

    fn workloads(&self) -> Vec<String> {
        self.outcome.catalogue.workloads.clone()
    }

    fn lost_compute(&mut self) {
        let mut workloads = vec!["all".to_string()];
        workloads.extend(self.workloads());
        for window in windows(self.outcome.months) {
            for workload in &workloads {
                self.add(
                    "How much compute goes missing?",
                    &format!("lost.{window}m.{workload}"),
                    Measure::Paired,
                    None,
                );
                self.add(
                    "How much compute goes missing?",
                    &format!("lost_share.{window}m.{workload}"),
                    Measure::Paired,
                    None,
                );
            }
        }
    }

    fn delay(&mut self) {
        const QUESTION: &str = "For how long?";
        for month in [24, 36] {
            let id = format!("training_delay.{month}m");
            self.add(QUESTION, &id, Measure::Paired, None);
            for over in DELAYS {
                let flags = delay_above(self.outcome, &id, over).and_then(|(scalar, reading)| {
                    self.outcome.column_at(self.arm, scalar, reading, self.over)
                });
                let Some(flags) = flags else { continue };
                let summary = summarise_in("probability", &flags);
                self.rows.push(Row {
                    question: QUESTION,
                    id: format!("{id}.above{over}"),
                    title: format!("Training delay at month {month} above {over} months"),
                    unit: "probability",
                    measure: Measure::Probability,
                    summary,
                });
            }
            self.add(QUESTION, &format!("training_delay_censored.{month}m"), Measure::Probability, None);
        }
    }

    fn marginal_cost(&mut self) {
        const QUESTION: &str = "What does compute cost at the margin?";
        for workload in self.workloads() {
            let mean = format!("marginal_cost.{workload}.mean");
            self.add(QUESTION, &mean, Measure::Ratio, None);
            for (year, ..) in calendar_years(self.outcome.start, self.outcome.months) {
                self.add(QUESTION, &format!("marginal_cost.{workload}.y{year}"), Measure::Ratio, None);
            }
        }
    }

    fn economic_cost(&mut self) {
        for id in [
            "pv.economic_cost",
            "pv.economic_cost_before_transfer",
            "pv.offshore_rent",
            "pv.resource.domestic",
            "pv.resource.grey",
            "pv.resource.imported",
            "pv.resource.offshore",
            "pv.scarcity",
            "pv.value_lost",
            "pv.spend",
            "average_cash_cost",
        ] {
            self.add("Who pays?", id, Measure::Difference, None);
        }
    }

    /// What a single lab loses: with several labs the total hides who is exposed.
    fn labs(&mut self) {
        const QUESTION: &str = "Which lab is hit?";
        let window = windows(self.outcome.months).into_iter().filter(|window| *window <= 24).max();
        for lab in self.outcome.catalogue.labs.clone() {
            if let Some(window) = window {
                self.add(QUESTION, &format!("lost.{window}m.all@{lab}"), Measure::Paired, None);
                self.add(QUESTION, &format!("lost_share.{window}m.all@{lab}"), Measure::Paired, None);
            }
            self.add(QUESTION, &format!("training_delay.24m@{lab}"), Measure::Paired, None);
            for workload in self.workloads() {
                let mean = format!("marginal_cost.{workload}.mean@{lab}");
                self.add(QUESTION, &mean, Measure::Ratio, None);
            }
            self.add(QUESTION, &format!("pv.economic_cost@{lab}"), Measure::Difference, None);
        }
    }

    fn industry(&mut self) {
        const QUESTION: &str = "Who else feels it?";
        for id in ["pv.relet", "pv.domestic_sales", "orders.domestic"] {
            self.add(QUESTION, id, Measure::Difference, None);
        }
        for month in [12, 24, 60] {
            self.add(QUESTION, &format!("rented_chips.{month}m"), Measure::Difference, None);
        }
        for month in [12, 24, 60] {
            for origin in ["offshore", "domestic", "imported", "grey"] {
                self.add(QUESTION, &format!("work_share.{origin}.{month}m"), Measure::Difference, None);
            }
        }
        for workload in self.workloads() {
            self.add(QUESTION, &format!("parity_month.{workload}"), Measure::Difference, None);
        }
        self.add(QUESTION, "electricity", Measure::Difference, None);
    }
}
