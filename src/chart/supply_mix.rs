//! The supply mix: where compute comes from, arm by arm, as stacked areas, with unserved demand hatched on top.
//!
//! Areas are means over paths, because means add up and medians do not; the interval of what matters, the unserved share,
//! stands in the title and above each panel.

use super::figure::{Area, Axis, Figure, Layer, Meaning, Panel};
use super::input::{Provenance, Rule, Spread};
use super::wording::{no_effect, origin};
use super::words::{CAPTION, Datum, Said, TITLE};
use crate::calendar::Month;
use crate::numbers::{Unit, capitalised, lower_first};

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Month 0.
    pub start: Month,
    /// One panel each, the open arm first.
    pub arms: Vec<Arm>,
    /// Which arm the title compares with the first; 0 in a run of one arm.
    pub headline: usize,
    /// The rule of that arm.
    pub rule: Rule,
    /// Its unserved share less the first arm's, path by path.
    pub unserved_difference: Spread,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// An arm's mix.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// Name.
    pub title: String,
    /// (Category of origin: `offshore`, `domestic`, `imported`, `grey`; mean H100e-hours by month), bottom first.
    pub supply: Vec<(String, Vec<f64>)>,
    /// Mean unserved H100e-hours by month.
    pub unserved: Vec<f64>,
    /// Unserved share of planned use over the run.
    pub unserved_share: Spread,
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let stacked = |arm: &Arm| -> f64 {
        let at = |t: usize| arm.supply.iter().map(|(_, v)| v[t]).sum::<f64>() + arm.unserved[t];
        (0..arm.unserved.len()).map(at).fold(0.0, f64::max)
    };
    let high = input.arms.iter().map(stacked).fold(0.0, f64::max);
    let panel = |arm: &Arm| {
        let mut areas: Vec<Area> = arm
            .supply
            .iter()
            .map(|(id, values)| Area { meaning: origin(id), label: capitalised(id), values: values.clone() })
            .collect();
        areas.push(Area {
            meaning: Meaning::Unserved,
            label: "Unserved".into(),
            values: arm.unserved.clone(),
        });
        Panel {
            title: arm.title.clone(),
            caption: unserved(&arm.unserved_share),
            x: Axis::months(input.start, arm.unserved.len()),
            y: Axis::linear("", Unit::H100eHours, 0.0, high),
            layers: vec![Layer::Stack { areas }],
            strip: None,
        }
    };
    let title = title(input);
    Figure {
        id: "supply-mix".into(),
        subtitle: "H100e-hours a month by origin, mean over paths; hatched: planned but not served".into(),
        panels: input.arms.iter().map(panel).collect(),
        shared_axis: true,
        stated: stated(input),
        notes: vec![note(input)],
        footnote: input.provenance.lines(),
        alt: alt(input, &title),
        title,
    }
}

/// How shares are to be read, and what is supposed of the headline's rule.
fn note(input: &Input) -> String {
    let shares = "Shares in words: of the whole run, median over paths.";
    let supposed = input.rule.supposition();
    if input.headline == 0 || supposed.is_empty() {
        return shares.to_string();
    }
    format!("{shares} {}: {}.", input.rule.names()[1], supposed)
}

/// "18% unserved (90%: 11% to 30%)".
fn unserved(share: &Spread) -> String {
    let percent = share.median(Unit::Share);
    if share.is_constant() {
        return format!("{percent} unserved");
    }
    format!("{percent} unserved ({})", share.interval(Unit::Share))
}

/// The numbers of the captions, which the title repeats, and of a title that speaks of a difference.
fn stated(input: &Input) -> Vec<Datum> {
    fn said<'a>(mark: &'static str, panel: &'a str, series: &'a str) -> Said<'a> {
        Said { mark, panel, series, at: "" }
    }
    let mut stated = Vec::new();
    if input.headline > 0 && !input.unserved_difference.excludes(0.0) {
        let [open, closed] = input.rule.names().map(lower_first);
        let series = format!("Unserved share, {closed} less {open}");
        let difference = said(TITLE, "", &series);
        stated.extend(difference.words(&input.unserved_difference));
    }
    for arm in &input.arms {
        stated.extend(said(CAPTION, &arm.title, "Unserved share").words(&arm.unserved_share));
    }
    stated
}

fn title(input: &Input) -> String {
    let (Some(open), Some(closed)) = (input.arms.first(), input.arms.get(input.headline)) else {
        return "Where compute comes from".into();
    };
    if input.headline == 0 {
        return format!("{} of planned compute goes unserved", open.unserved_share.words(Unit::Share));
    }
    if !input.unserved_difference.excludes(0.0) {
        let difference = input.unserved_difference;
        let nothing = no_effect(&difference);
        if difference.is_constant() {
            return format!(
                "The effect of {} on unserved compute {nothing}",
                input.rule.object("closing the door")
            );
        }
        return format!(
            "The effect of {} on unserved compute {nothing} ({} of planned use)",
            input.rule.object("closing the door"),
            difference.beside(Unit::Share)
        );
    }
    let baseline = open.unserved_share.median(Unit::Share);
    if !input.rule.closes_door {
        return format!(
            "{}: {} of planned compute goes unserved ({}), against {baseline} ({})",
            input.rule.arm,
            closed.unserved_share.median(Unit::Share),
            closed.unserved_share.interval(Unit::Share),
            lower_first(&input.rule.baseline)
        );
    }
    format!(
        "With the door closed ({}) {} of planned compute goes unserved ({}), against {baseline} with it open",
        input.rule.design,
        closed.unserved_share.median(Unit::Share),
        closed.unserved_share.interval(Unit::Share)
    )
}

fn alt(input: &Input, title: &str) -> String {
    let mut text =
        format!("{title}. Stacked areas of supply by origin, one panel an arm. Shares of the last month:");
    for arm in &input.arms {
        let last = |values: &[f64]| values.last().copied().unwrap_or(0.0);
        let served: f64 = arm.supply.iter().map(|(_, values)| last(values)).sum();
        let whole = (served + last(&arm.unserved)).max(f64::MIN_POSITIVE);
        let share = |v: f64| Unit::Share.show(v / whole, 0.01);
        text += &format!(" {}:", arm.title);
        for (id, values) in &arm.supply {
            text += &format!(" {id} {},", share(last(values)));
        }
        text += &format!(" unserved {}.", share(last(&arm.unserved)));
    }
    text
}
