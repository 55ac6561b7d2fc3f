//! The effect: marginal cost of compute over time with the door open and closed, both arms as fans, one panel a workload.
//!
//! The marginal cost (shadow price) rests on the demand elasticity, so the note always states the range it was drawn from, or
//! its value if it was not drawn.

use super::figure::{Axis, Figure, Layer, Meaning, Panel};
use super::input::{MonthlyBand, Provenance, Rule, Spread};
use super::wording::{change_of, extent, fans_note, fold, is_fold, no_effect};
use super::words::{Datum, Said, TITLE};
use crate::calendar::Month;
use crate::numbers::{Unit, lower_first};

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Month 0.
    pub start: Month,
    /// The rule.
    pub rule: Rule,
    /// The ratio the title states.
    pub headline: Headline,
    /// One panel each, in the scenario's order.
    pub workloads: Vec<Workload>,
    /// What follows "Elasticity of demand": "drawn from 0.35 to 1.25 (90% range)", or "is 1.00" for a constant.
    pub elasticity_range: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The ratio a title states: closed over open, path by path.
#[derive(Clone, Debug, PartialEq)]
pub struct Headline {
    /// Name of the workload, as a sentence has it: "training".
    pub workload: String,
    /// When, as it follows "in": "2028".
    pub period: String,
    /// Mean marginal cost of the period, closed / open, one number a path.
    pub ratio: Spread,
}

/// A workload's marginal cost in both arms, USD per H100e-hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Name.
    pub title: String,
    /// Door open.
    pub open: MonthlyBand,
    /// Door closed.
    pub closed: MonthlyBand,
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let (_, high) = extent(input.workloads.iter().flat_map(|w| [&w.open, &w.closed]), true);
    let fan = |meaning, label: &str, band: &MonthlyBand| Layer::Fan {
        meaning,
        label: label.into(),
        band: band.clone(),
    };
    let [open, closed] = input.rule.names();
    let panel = |workload: &Workload| Panel {
        title: workload.title.clone(),
        caption: String::new(),
        x: Axis::months(input.start, workload.open.months()),
        y: Axis::linear("", Unit::Usd, 0.0, high),
        layers: vec![
            fan(Meaning::Open, open, &workload.open),
            fan(Meaning::Closed, closed, &workload.closed),
        ],
        strip: None,
    };
    let panels: Vec<Panel> = input.workloads.iter().map(panel).collect();
    let title = title(input);
    Figure {
        id: "effect".into(),
        subtitle: format!(
            "Marginal cost of compute, USD per H100e-hour, real; {}{}",
            lower_first(&input.rule.arms("door open and closed", "against")),
            input.rule.supposed()
        ),
        stated: stated(input),
        notes: vec![format!(
            "{} Elasticity of demand {}.",
            fans_note(input.provenance.paths),
            input.elasticity_range
        )],
        footnote: input.provenance.lines(),
        alt: alt(input, &title),
        shared_axis: true,
        panels,
        title,
    }
}

/// The numbers of the title: a ratio where it says "-fold", a change where it says "by".
fn stated(input: &Input) -> Vec<Datum> {
    let Headline { workload, period, ratio } = &input.headline;
    let [open, closed] = input.rule.names().map(lower_first);
    let is_fold = is_fold(ratio) && ratio.excludes(1.0);
    let (less_one, spread) = if is_fold { ("", *ratio) } else { (" − 1", change_of(ratio)) };
    let series = format!("Marginal cost of {workload}, {closed} / {open}{less_one}");
    Said { mark: TITLE, panel: "", series: &series, at: period }.words(&spread)
}

fn title(input: &Input) -> String {
    let Headline { workload, period, ratio } = &input.headline;
    let (verb, size, interval) = fold(ratio);
    if !ratio.excludes(1.0) {
        let nothing = no_effect(ratio);
        return format!(
            "The effect of {} on the marginal cost of {workload} in {period} {nothing} ({})",
            input.rule.object("closing the door"),
            change_of(ratio).beside(Unit::Share)
        );
    }
    let subject = input.rule.subject("Closing the rental door");
    format!("{subject} {verb} the marginal cost of {workload} {size} in {period} ({interval})")
}

fn alt(input: &Input, title: &str) -> String {
    let mut text = format!("{title}. Fan charts of both arms, one panel a workload.");
    for workload in &input.workloads {
        let ends = |band: &MonthlyBand| {
            let value = |v: Option<&f64>| Unit::Usd.show(v.copied().unwrap_or(0.0), 0.01);
            format!("{} to {}", value(band.p50.first()), value(band.p50.last()))
        };
        let (open, closed) = (ends(&workload.open), ends(&workload.closed));
        let [first, second] = input.rule.names().map(lower_first);
        text += &format!(" {}: median from {open} {first}, from {closed} {second}.", workload.title);
    }
    text
}
