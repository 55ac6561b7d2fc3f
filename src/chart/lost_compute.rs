//! Lost compute, the headline: H100e-hours that go missing when the door closes, by workload over time.
//!
//! One panel a workload: the monthly difference open − closed in served compute as a fan, with the window totals and their
//! share of planned use above, and the distribution of the rule's effective date under the axis.

use super::figure::{Axis, Figure, Layer, Meaning, Panel, Strip};
use super::input::{MonthlyBand, Provenance, Rule, Spread};
use super::wording::{extent, fan_note, no_effect};
use super::words::{CAPTION, Datum, Said, TITLE};
use crate::calendar::Month;
use crate::numbers::{Unit, counted, lower_first};

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Month 0.
    pub start: Month,
    /// The rule.
    pub rule: Rule,
    /// Months from the start the title speaks of.
    pub window_months: usize,
    /// H100e-hours lost in them, all workloads, one number a path.
    pub total: Spread,
    /// The same as a fraction of planned use.
    pub total_share: Spread,
    /// One panel each, in the scenario's order.
    pub workloads: Vec<Workload>,
    /// Share of paths on which the rule takes effect in each month; empty when it never does.
    pub effective: Vec<f64>,
    /// The arm has several rules, of which the first to take effect is meant.
    pub several_rules: bool,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A workload's loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Name.
    pub title: String,
    /// H100e-hours a month, open − closed, path by path.
    pub lost: MonthlyBand,
    /// Totals from the start, shortest window first.
    pub windows: Vec<Window>,
}

/// A loss summed from the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Months.
    pub months: usize,
    /// H100e-hours lost.
    pub lost: Spread,
    /// The same as a fraction of planned use in those months.
    pub share: Spread,
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let (low, high) = extent(input.workloads.iter().map(|w| &w.lost), true);
    let panel = |(k, workload): (usize, &Workload)| Panel {
        title: workload.title.clone(),
        caption: window_of(workload, input.window_months).map(caption).unwrap_or_default(),
        x: Axis::months(input.start, workload.lost.months()),
        y: Axis::linear("", Unit::H100eHours, low, high),
        layers: vec![Layer::Fan {
            meaning: Meaning::Workload(k),
            label: String::new(),
            band: workload.lost.clone(),
        }],
        strip: strip(&input.effective),
    };
    let panels: Vec<Panel> = input.workloads.iter().enumerate().map(panel).collect();
    let title = title(input);
    let used = if input.rule.closes_door {
        "with the door open, not with it closed".to_string()
    } else {
        format!("under {}, not under {}", lower_first(&input.rule.baseline), lower_first(&input.rule.arm))
    };
    Figure {
        id: "lost-compute".into(),
        subtitle: format!("H100e-hours a month that Chinese labs use {used}{}", input.rule.supposed()),
        stated: stated(input),
        notes: vec![note(input)],
        footnote: input.provenance.lines(),
        alt: alt(input, &title),
        shared_axis: true,
        panels,
        title,
    }
}

fn note(input: &Input) -> String {
    let rule = if input.several_rules { "the first of its rules" } else { "the rule" };
    let bars = format!(" Bars: when {rule} takes effect.");
    fan_note(input.provenance.paths).to_string() + if input.effective.is_empty() { "" } else { &bars }
}

/// The numbers of the title, the captions and the strip.
fn stated(input: &Input) -> Vec<Datum> {
    let at = first(input.window_months);
    let said = |mark, series, panel| Said { mark, panel, series, at: &at };
    let mut stated = said(TITLE, "H100e-hours lost", "").words(&input.total);
    if input.total.excludes(0.0) {
        stated.push(said(TITLE, "Share of planned use", "").quoted(&input.total_share));
    }
    if !input.effective.is_empty() {
        let said = Said { mark: "strip", panel: "", series: "In effect", at: "" };
        stated.push(said.value("share", in_effect(&input.effective)));
    }
    for workload in &input.workloads {
        let Some(window) = window_of(workload, input.window_months) else { continue };
        let at = first(window.months);
        let said = |series| Said { mark: CAPTION, panel: &workload.title, series, at: &at };
        stated.push(said("H100e-hours lost").quoted(&window.lost));
        stated.extend(said("Share of planned use").words(&window.share));
    }
    stated
}

fn title(input: &Input) -> String {
    let (total, months) = (&input.total, input.window_months);
    if !total.excludes(0.0) {
        let nothing = no_effect(total);
        return format!(
            "Compute lost to {} {nothing} in {} (H100e-hours, {})",
            input.rule.object("closing the door"),
            counted(months as u64, "month"),
            total.beside(Unit::H100eHours)
        );
    }
    let verb = if total.center() >= 0.0 { "costs" } else { "gains" };
    let (size, interval) = total.size(Unit::H100eHours);
    let (share, _) = input.total_share.size(Unit::Share);
    format!(
        "{} {verb} labs {size} H100e-hours in {}{} ({interval}), {share} of planned use",
        input.rule.subject("Closing the door"),
        counted(months as u64, "month"),
        total.on_average()
    )
}

/// The window the title speaks of, or the longest.
fn window_of(workload: &Workload, months: usize) -> Option<&Window> {
    workload.windows.iter().find(|window| window.months == months).or(workload.windows.last())
}

fn caption(window: &Window) -> String {
    format!(
        "{}: {} lost{}, {} of plan ({})",
        counted(window.months as u64, "month"),
        window.lost.quoted(Unit::H100eHours),
        window.lost.on_average(),
        window.share.quoted(Unit::Share),
        window.share.interval(Unit::Share)
    )
}

/// The share of paths on which the rule ever takes effect.
fn in_effect(effective: &[f64]) -> f64 {
    effective.iter().sum::<f64>().min(1.0)
}

fn strip(effective: &[f64]) -> Option<Strip> {
    let label = format!("On {} of paths", Unit::Share.show(in_effect(effective), 0.01));
    (!effective.is_empty()).then(|| Strip::Density { label, shares: effective.to_vec() })
}

fn alt(input: &Input, title: &str) -> String {
    let mut text = format!("{title}. Fan chart of the H100e-hours lost each month, one panel a workload.");
    for workload in &input.workloads {
        for window in &workload.windows {
            text += &format!(
                " {}, {}: {} H100e-hours, {} of planned use.",
                workload.title,
                first(window.months),
                window.lost.words(Unit::H100eHours),
                window.share.words(Unit::Share)
            );
        }
    }
    text
}

/// "first 24 months".
fn first(months: usize) -> String {
    if months == 1 { "first month".to_string() } else { format!("first {months} months") }
}
