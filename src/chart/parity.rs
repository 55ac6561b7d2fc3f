//! Parity: the chance that domestic compute has come to match offshore, month by month.
//!
//! A curve is the share of paths whose cheapest domestic cost has fallen to the cheapest pre-rule offshore contract price by
//! then; it counts paths, so the band around it is sampling error, not parameter uncertainty. "Never within the horizon" is
//! an outcome and is stated.

use super::figure::{Axis, Figure, Layer, Meaning, Panel};
use super::input::{Provenance, Rule};
use super::wording::NOT_DISTINGUISHABLE;
use super::words::{CAPTION, Datum, Said, TITLE};
use crate::calendar::Month;
use crate::engine::column::Column;
use crate::numbers::{Unit, counted, lower_first};

/// Two-sided 90% point of the standard normal: how wide a sampling-error band is drawn.
const Z90: f64 = 1.645;

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Month 0.
    pub start: Month,
    /// The rule.
    pub rule: Rule,
    /// One panel each; the title speaks of the first.
    pub workloads: Vec<Workload>,
    /// Workloads that lack a home or an offshore price: nothing to compare, and a note says so.
    pub not_compared: Vec<String>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A workload's curves.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Name.
    pub title: String,
    /// Share of paths at parity by each month, door open; never falls.
    pub open: Vec<f64>,
    /// The same, door closed.
    pub closed: Vec<f64>,
    /// Standard error of the difference between the last two, from paired paths; infinite where a single group cannot tell.
    pub difference_std_error: f64,
}

/// Share of paths at parity by each month, from each path's month of parity (the horizon or later: never within it).
pub fn cumulative(parity: &Column<'_>, months: usize) -> Vec<f64> {
    let paths = parity.paths().max(1) as f64;
    (0..months).map(|t| parity.at_most(t as f64) / paths).collect()
}

fn last(curve: &[f64]) -> f64 {
    curve.last().copied().unwrap_or(0.0)
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let paths = input.provenance.paths.max(1) as f64;
    let line = |meaning, label: &str, curve: &[f64]| Layer::Line {
        meaning,
        label: label.into(),
        points: curve.iter().enumerate().map(|(t, p)| (t as f64, *p)).collect(),
        error: curve.iter().map(|p| Z90 * libm::sqrt(p * (1.0 - p) / paths)).collect(),
        stepped: true,
    };
    let [open, closed] = input.rule.names();
    let panel = |workload: &Workload| Panel {
        title: workload.title.clone(),
        caption: format!("Never: {}", never(input, workload)),
        x: Axis::months(input.start, workload.open.len()),
        y: Axis::linear("", Unit::Share, 0.0, 1.0),
        layers: vec![
            line(Meaning::Open, open, &workload.open),
            line(Meaning::Closed, closed, &workload.closed),
        ],
        strip: None,
    };
    let mut note = "Shading: sampling error (90%). Never: not within the horizon. The offshore price is that of each arm before the rule"
        .to_string();
    let later =
        |workload: &Workload| workload.closed.iter().zip(&workload.open).any(|(closed, open)| closed < open);
    note += if input.workloads.iter().any(later) {
        ": where the labs leave, rents respond and fall, so that parity comes later by price, not by slower progress."
    } else {
        "."
    };
    if !input.not_compared.is_empty() {
        note += &format!(
            " Not served both at home and offshore, so not shown: {}.",
            input.not_compared.join(", ")
        );
    }
    let title = title(input);
    let mut alt = format!("{title}. Cumulative probability curves of both arms, one panel a workload.");
    for workload in &input.workloads {
        alt += &format!(" {}, never within the horizon: {}.", workload.title, never(input, workload));
    }
    Figure {
        id: "parity".into(),
        subtitle: format!(
            "Share of paths on which domestic cost has matched the offshore price, {}{}",
            lower_first(&input.rule.arms("door open and closed", "against")),
            input.rule.supposed()
        ),
        panels: input.workloads.iter().map(panel).collect(),
        shared_axis: true,
        stated: stated(input),
        notes: vec![note],
        footnote: input.provenance.lines(),
        alt,
        title,
    }
}

fn never(input: &Input, workload: &Workload) -> String {
    let [open, closed] = input.rule.names().map(lower_first);
    let shares = told_apart([&workload.open, &workload.closed].map(|curve| 1.0 - last(curve)));
    if input.rule.closes_door {
        format!("{} {open}, {} {closed}", shares[0], shares[1])
    } else {
        format!("{} ({open}), {} ({closed})", shares[0], shares[1])
    }
}

/// Two shares in whole percents, or with a digit more where these would tell them as one.
fn told_apart(shares: [f64; 2]) -> [String; 2] {
    let percents = shares.map(|share| Unit::Share.show(share, 0.01));
    if shares[0] != shares[1] && percents[0] == percents[1] {
        shares.map(|share| Unit::Share.show(share, 0.001))
    } else {
        percents
    }
}

/// A number of months in words.
fn span(months: usize) -> String {
    match months {
        12 => "a year".to_string(),
        months if months.is_multiple_of(12) => format!("{} years", months / 12),
        months => counted(months as u64, "month"),
    }
}

/// The numbers of the title and the captions that are not the curves' ends.
fn stated(input: &Input) -> Vec<Datum> {
    let mut stated = Vec::new();
    if let Some(first) = input.workloads.first() {
        let [open, closed] = input.rule.names().map(lower_first);
        let (series, at) = (format!("{}, {closed} less {open}", first.title), span(first.open.len()));
        let said = Said { mark: TITLE, panel: "", series: &series, at: &at };
        let half_width = Z90 * first.difference_std_error;
        stated.extend(half_width.is_finite().then(|| said.value("sampling_error", half_width)));
    }
    for workload in &input.workloads {
        for (arm, curve) in input.rule.names().into_iter().zip([&workload.open, &workload.closed]) {
            let said = Said { mark: CAPTION, panel: &workload.title, series: arm, at: "never" };
            stated.push(said.value("share", 1.0 - last(curve)));
        }
    }
    stated
}

fn title(input: &Input) -> String {
    let Some(first) = input.workloads.first() else { return "When domestic compute matches offshore".into() };
    let (open, closed) = (last(&first.open), last(&first.closed));
    let months = first.open.len();
    let [open_share, closed_share] = told_apart([open, closed]);
    let (difference, half_width) = (closed - open, Z90 * first.difference_std_error);
    let interval = if half_width.is_finite() {
        format!("sampling error, 90%: ±{} points", Unit::Plain.show(half_width * 100.0, 0.1))
    } else {
        "sampling error unknown".to_string()
    };
    let work = first.title.to_lowercase();
    let span = span(months);
    let [first_arm, second_arm] = input.rule.names().map(lower_first);
    if difference == 0.0 && half_width == 0.0 {
        return format!(
            "{} changes on no path whether domestic {work} matches offshore within {span} ({} {first_arm} and {second_arm})",
            input.rule.subject("Closing"),
            open_share
        );
    }
    if difference.abs() <= half_width || difference == 0.0 {
        return format!(
            "The effect of {} on the chance that domestic {work} matches offshore within {span} {NOT_DISTINGUISHABLE} ({} {first_arm}, {} {second_arm}; {interval})",
            input.rule.object("closing"),
            open_share,
            closed_share
        );
    }
    let verb = if difference > 0.0 { "raises" } else { "lowers" };
    format!(
        "{} {verb} the chance that domestic {work} matches offshore within {span} from {} to {} ({interval})",
        input.rule.subject("Closing"),
        open_share,
        closed_share
    )
}
