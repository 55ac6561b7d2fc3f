//! The rule's design: the headline under every arm, and weighted by the chance of a rule and of its reversal.
//!
//! A row an arm, a panel a metric. Effects that suppose the rule is in force are conditional: a filled dot on the median.
//! Effects weighted by whether a rule comes and stays are expected: a hollow diamond on the mean, in a group of their own,
//! since the median of a rule that seldom binds is zero.

use super::figure::{Axis, Center, Figure, Layer, Meaning, Panel, Row, range};
use super::input::{Provenance, Rule, Spread};
use super::wording::{INTERVAL_NOTE, no_effect};
use crate::numbers::{Unit, capitalised, lower_first};

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Arms, in the order of the rows; conditional ones first.
    pub arms: Vec<Arm>,
    /// One panel each; the title speaks of the first.
    pub metrics: Vec<Metric>,
    /// Which arm the title gives in full.
    pub headline: usize,
    /// That arm's rule.
    pub rule: Rule,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A rule design.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Name of the design, or of the arm where several arms share a design: "180-day wind-down".
    pub title: String,
    /// Whether the effect is weighted by the probability of a rule and of its reversal.
    pub expected: bool,
    /// Whether it has as many rules as the headline and is named after its design, so that the title may tell both together.
    pub like_headline: bool,
    /// Whether it differs from the baseline in more than rules of its own.
    pub unlike: bool,
}

/// An effect against the open arm, under each design.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Name as a panel's title: "H100e-hours lost in 24 months".
    pub title: String,
    /// What closing does where the effect is positive, and where it is negative: "costs" and "gains".
    pub verbs: [&'static str; 2],
    /// What follows the number in a sentence: "H100e-hours in 24 months".
    pub noun: String,
    /// Unit.
    pub unit: Unit,
    /// One effect an arm, in the arms' order.
    pub effects: Vec<Spread>,
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let rows: Vec<Row> = input
        .arms
        .iter()
        .enumerate()
        .map(|(k, arm)| Row {
            starts_group: k > 0 && arm.expected != input.arms[k - 1].expected,
            ..Row::new(row_name(input, arm))
        })
        .collect();
    let panel = |metric: &Metric| {
        let ends: Vec<f64> = metric.effects.iter().flat_map(|s| [s.p05(), s.p95(), s.mean()]).collect();
        let (low, high) = range(0.0, &ends);
        // A panel's title names its unit once for all its numbers.
        let (title, unit) = match metric.unit {
            Unit::Usd => (format!("{}, USD", metric.title), Unit::BareUsd),
            unit => (metric.title.clone(), unit),
        };
        let x = Axis { zero_line: true, ..Axis::linear("", unit, low, high) };
        let layers =
            input.arms.iter().zip(&metric.effects).enumerate().map(|(k, (arm, e))| interval(k, arm, e, unit));
        Panel {
            title,
            caption: String::new(),
            x,
            y: Axis::rows(rows.clone()),
            layers: layers.collect(),
            strip: None,
        }
    };
    let weighted = input.arms.iter().any(|arm| arm.expected);
    let (but, note) = if weighted {
        (
            ", but for the diamonds",
            format!("{INTERVAL_NOTE} Diamond: mean, by the chance of a rule and its reversal."),
        )
    } else {
        ("", INTERVAL_NOTE.to_string())
    };
    let censored =
        input.metrics.iter().flat_map(|metric| &metric.effects).any(|effect| effect.summary.is_censored());
    let note = if censored { note + " Delays past the end of the run end there." } else { note };
    let unlike: Vec<String> =
        input.arms.iter().filter(|arm| arm.unlike).map(|arm| row_name(input, arm)).collect();
    let note = match unlike.as_slice() {
        [] => note,
        names => format!("{note} Other rules or assumptions differ too: {}.", names.join("; ")),
    };
    let title = title(input);
    let against =
        if input.rule.closes_door { "the open door".to_string() } else { lower_first(&input.rule.baseline) };
    Figure {
        id: "rule-design".into(),
        subtitle: format!("Effect against {against}; rules are taken to bind and to stay{but}"),
        panels: input.metrics.iter().map(panel).collect(),
        shared_axis: true,
        stated: Vec::new(),
        notes: vec![note],
        footnote: input.provenance.lines(),
        alt: alt(input, &title),
        title,
    }
}

/// An expected arm's row leaves out the headline's design when its name starts with it: the group already tells it apart.
fn row_name(input: &Input, arm: &Arm) -> String {
    let design = if arm.expected { input.rule.design.as_str() } else { "" };
    let rest = arm.title.strip_prefix(design).and_then(|rest| rest.strip_prefix(", "));
    capitalised(rest.filter(|_| !design.is_empty()).unwrap_or(&arm.title))
}

fn interval(row: usize, arm: &Arm, effect: &Spread, unit: Unit) -> Layer {
    let (meaning, center, text) = if arm.expected {
        (Meaning::Expected, Center::Mean, effect.average(unit))
    } else {
        (Meaning::Closed, Center::Median, effect.median(unit))
    };
    Layer::Interval { row, meaning, spread: *effect, center, text }
}

fn title(input: &Input) -> String {
    let first = input.metrics.first();
    let Some((metric, effect)) = first.and_then(|m| Some((m, m.effects.get(input.headline)?))) else {
        return "No rule to compare".into();
    };
    let expected = input.arms.iter().zip(&metric.effects).find(|(arm, _)| arm.expected && arm.like_headline);
    let weighted = expected.filter(|_| !effect.by_mean).map_or_else(String::new, |(_, e)| {
        format!("; weighted by the chance of a rule, {} on average", e.average(metric.unit))
    });
    if !effect.excludes(0.0) {
        let nothing = no_effect(effect);
        return format!(
            "The effect of {} {nothing}: {} {} ({}){weighted}",
            input.rule.object("closing"),
            effect.quoted(metric.unit),
            metric.noun,
            effect.interval(metric.unit)
        );
    }
    let (size, interval) = effect.size(metric.unit);
    let verb = metric.verbs[usize::from(effect.center() < 0.0)];
    let (subject, average) = (input.rule.subject("Closing"), effect.on_average());
    format!("{subject} {verb} {size} {}{average} ({interval}){weighted}", metric.noun)
}

fn alt(input: &Input, title: &str) -> String {
    let mut text = format!("{title}. Estimates with 50 and 90% intervals by arm.");
    for metric in &input.metrics {
        text += &format!(" {}:", metric.title);
        for (arm, effect) in input.arms.iter().zip(&metric.effects) {
            let (which, value) = if arm.expected {
                ("mean", effect.average(metric.unit))
            } else {
                ("median", effect.median(metric.unit))
            };
            text += &format!(" {} {which} {value} ({});", arm.title, effect.interval(metric.unit));
        }
    }
    text.trim_end_matches(';').to_string() + "."
}
