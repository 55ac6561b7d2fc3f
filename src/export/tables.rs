//! Results as tables: CSV for people with spreadsheets, JSON for programs. Numbers are written in full, so that reading
//! them back gives the same bits; rounding is for prose and pictures.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::analysis::compare::Effects;
use crate::analysis::summary::Summary;
use crate::engine::catalogue::Label;
use crate::engine::outcome::{Cell, Outcome};
use crate::engine::parallel;
use crate::stats::estimate::Estimate;

/// Probabilities of the monthly bands.
pub const BAND: [f64; 7] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95];

const SUMMARY_HEADER: &str = "kind,scope,arm,metric,title,unit,paths,mean,mean_se,p05,p05_se,p50,p50_se,p95,p95_se,\
                              probability_above_zero,probability_above_zero_se,probability_below_zero,\
                              probability_below_zero_se,censored,censored_se\n";

/// `summary.csv`: every scalar of every arm, then every effect; `levels` are those of
/// [`summarise_levels`](crate::analysis::summary::summarise_levels).
pub fn summary_csv(outcome: &Outcome, levels: &[Vec<Summary>], effects: &[Effects]) -> String {
    let mut text = SUMMARY_HEADER.to_string();
    for (label, of_arm) in outcome.arms.iter().zip(levels) {
        for ((metric, ..), summary) in outcome.catalogue.scalars.iter().zip(of_arm) {
            let labels = ["level", "", &label.id, &metric.id, &metric.title, metric.unit];
            summary_row(&mut text, labels, summary);
        }
    }
    for effect in effects {
        let arm = &outcome.arms[effect.arm].id;
        for row in &effect.rows {
            let labels = [row.measure.id(), effect.scope.id(), arm, &row.id, &row.title, row.unit];
            summary_row(&mut text, labels, &row.summary);
        }
    }
    text
}

fn summary_row(text: &mut String, labels: [&str; 6], summary: &Summary) {
    for label in labels {
        text.push_str(&field(label));
        text.push(',');
    }
    let _ = write!(text, "{}", summary.paths);
    for Estimate { value, std_error } in [
        summary.mean,
        summary.p05,
        summary.p50,
        summary.p95,
        summary.above_zero,
        summary.below_zero,
        summary.censored,
    ] {
        let _ = write!(text, ",{value},{std_error}");
    }
    text.push('\n');
}

/// `summary.json`: the same, nested.
pub fn summary_json(outcome: &Outcome, levels: &[Vec<Summary>], effects: &[Effects]) -> Value {
    let levels: Vec<Value> = outcome
        .arms
        .iter()
        .zip(levels)
        .map(|(label, of_arm)| {
            let metrics: Vec<Value> = outcome
                .catalogue
                .scalars
                .iter()
                .zip(of_arm)
                .map(|((metric, ..), summary)| {
                    json!({ "metric": metric.id, "title": metric.title, "unit": metric.unit, "summary": summary_value(summary) })
                })
                .collect();
            json!({ "arm": label.id, "title": label.title, "metrics": metrics })
        })
        .collect();
    let effects: Vec<Value> = effects
        .iter()
        .map(|effect| {
            let rows: Vec<Value> = effect
                .rows
                .iter()
                .map(|row| {
                    json!({
                        "question": row.question, "metric": row.id, "title": row.title, "unit": row.unit,
                        "measure": row.measure.id(), "summary": summary_value(&row.summary),
                    })
                })
                .collect();
            let arm = &outcome.arms[effect.arm];
            json!({
                "arm": arm.id, "title": arm.title, "baseline": outcome.arms[outcome.baseline].id,
                "scope": effect.scope.id(), "condition": effect.condition, "rows": rows,
            })
        })
        .collect();
    let calibration = outcome.calibration.as_ref().map(|calibration| {
        let by_workload = |duals: &Vec<f64>| -> Map<String, Value> {
            outcome.catalogue.workloads.iter().cloned().zip(duals.iter().map(|dual| json!(dual))).collect()
        };
        let duals = calibration.duals.iter().map(|duals| json!(by_workload(duals)));
        let by_lab: Map<String, Value> = outcome.catalogue.labs.iter().cloned().zip(duals).collect();
        json!({
            "demand_factor": calibration.factor,
            "price_usd_per_h100e_hour": calibration.price,
            "month_0_marginal_cost_by_lab_and_workload": by_lab,
        })
    });
    json!({
        "paths": outcome.count, "seed": outcome.seed, "sampling": outcome.sampling.to_string(),
        "start": outcome.start.to_string(), "months": outcome.months, "incomplete": outcome.incomplete,
        "quantiles": quantiles(outcome), "calibration": calibration, "levels": levels, "effects": effects,
    })
}

pub(super) fn summary_value(summary: &Summary) -> Value {
    let pair = |estimate: Estimate| json!({ "value": estimate.value, "std_error": estimate.std_error });
    json!({
        "mean": pair(summary.mean), "p05": pair(summary.p05), "p50": pair(summary.p50), "p95": pair(summary.p95),
        "probability_above_zero": pair(summary.above_zero), "probability_below_zero": pair(summary.below_zero),
        "censored": pair(summary.censored),
    })
}

/// How quantiles of scalars and effects were found; of months it is always from histograms.
fn quantiles(outcome: &Outcome) -> &'static str {
    if outcome.is_exact() {
        "Hyndman-Fan type 7"
    } else {
        "Hyndman-Fan type 7, from histograms whose bins are at most 1/256 of a value wide"
    }
}

/// A row of the monthly tables.
pub struct MonthlyRow<'a> {
    /// `level` or `difference`.
    pub kind: &'static str,
    /// Id of the arm.
    pub arm: &'a str,
    /// What is told.
    pub label: &'a Label,
    /// Month, from 0.
    pub t: usize,
    /// The number over paths.
    pub cell: Cell<'a>,
}

/// Every monthly metric of every arm, and its difference to the baseline, in the tables' order.
pub fn monthly_rows(outcome: &Outcome) -> impl Iterator<Item = MonthlyRow<'_>> {
    monthly_stretches(outcome).flat_map(|stretch| monthly_rows_of(outcome, stretch))
}

/// Those of some metrics of an arm.
fn monthly_rows_of(outcome: &Outcome, stretch: Stretch) -> impl Iterator<Item = MonthlyRow<'_>> {
    let Stretch { arm, first, end } = stretch;
    let of_metric = move |m: usize| {
        let (id, label) = (outcome.arms[arm].id.as_str(), &outcome.catalogue.monthly[m].0);
        let levels = (0..outcome.months).map(move |t| ("level", t, Some(outcome.level(arm, m, t))));
        let differences = (0..outcome.months).map(move |t| ("difference", t, outcome.difference(arm, m, t)));
        levels
            .chain(differences)
            .filter_map(move |(kind, t, cell)| Some(MonthlyRow { kind, arm: id, label, t, cell: cell? }))
    };
    (first..end).flat_map(of_metric)
}

/// A stretch of the monthly tables: some metrics of an arm, in the tables' order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    arm: usize,
    first: usize,
    end: usize,
}

/// Metrics of a stretch: few, so that threads that write stretches end together.
const STRETCH: usize = 32;

/// All stretches.
pub fn monthly_stretches(outcome: &Outcome) -> impl Iterator<Item = Stretch> + '_ {
    let metrics = outcome.catalogue.monthly.len();
    let of_arm = move |arm| {
        (0..metrics).step_by(STRETCH).map(move |first| Stretch {
            arm,
            first,
            end: (first + STRETCH).min(metrics),
        })
    };
    (0..outcome.arms.len()).flat_map(of_arm)
}

/// `monthly.csv`: every monthly metric of every arm, and its difference to the baseline, written on so many threads.
pub fn monthly_csv(outcome: &Outcome, threads: usize) -> String {
    let stretches: Vec<Stretch> = monthly_stretches(outcome).collect();
    parallel::map(&stretches, threads, |stretch| monthly_csv_of(outcome, *stretch)).concat()
}

/// The lines of a stretch in `monthly.csv`, below the table's head if it is the first.
pub fn monthly_csv_of(outcome: &Outcome, stretch: Stretch) -> String {
    let mut text = String::new();
    if (stretch.arm, stretch.first) == (0, 0) {
        text.push_str("kind,arm,metric,unit,month,mean,mean_se");
        for p in BAND {
            let _ = write!(text, ",p{:02.0}", p * 100.0);
        }
        text.push_str(",probability_above_zero\n");
    }
    for row in monthly_rows_of(outcome, stretch) {
        let labels = [row.kind, row.arm, &row.label.id, row.label.unit];
        monthly_row(&mut text, outcome, labels, row.t, &row.cell);
    }
    text
}

fn monthly_row(text: &mut String, outcome: &Outcome, labels: [&str; 4], t: usize, cell: &Cell<'_>) {
    for label in labels {
        text.push_str(&field(label));
        text.push(',');
    }
    let mean = cell.mean();
    let _ = write!(text, "{},{},{}", outcome.start.plus(t as i32), mean.value, mean.std_error);
    for quantile in cell.quantiles(BAND) {
        let _ = write!(text, ",{quantile}");
    }
    let _ = writeln!(text, ",{}", cell.share_above_zero());
}

/// `paths.csv`: one row per path and arm of every scalar.
pub fn paths_csv(outcome: &Outcome) -> String {
    let mut text = "path,arm".to_string();
    for (metric, ..) in &outcome.catalogue.scalars {
        let _ = write!(text, ",{}", field(&metric.id));
    }
    text.push('\n');
    for (i, path) in outcome.paths.iter().enumerate() {
        for (arm, label) in outcome.arms.iter().enumerate() {
            let _ = write!(text, "{path},{}", field(&label.id));
            for s in 0..outcome.catalogue.scalars.len() {
                let _ = write!(text, ",{}", outcome.scalar_at(arm, s)[i]);
            }
            text.push('\n');
        }
    }
    text
}

/// A CSV field, quoted where it must be.
pub fn field(text: &str) -> Cow<'_, str> {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}
