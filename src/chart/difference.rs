//! The difference: closed − open marginal cost, path by path, with the zero line and the chance of its sign by year.
//!
//! Arms share their draws, so the fan is of differences and is far narrower than the difference of the arms' fans.

use super::figure::{Axis, Cell, Figure, Layer, Meaning, Panel, Strip};
use super::input::{MonthlyBand, Provenance, Rule, Spread};
use super::wording::{extent, fan_note, no_effect};
use super::words::{Datum, Said, TITLE};
use crate::calendar::Month;
use crate::numbers::{Unit, chance, lower_first};

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Month 0.
    pub start: Month,
    /// The rule.
    pub rule: Rule,
    /// The difference the title states.
    pub headline: Headline,
    /// One panel each, in the scenario's order.
    pub workloads: Vec<Workload>,
    /// What follows "Elasticity of demand": "drawn from 0.35 to 1.25 (90% range)", or "is 1.00" for a constant.
    pub elasticity_range: String,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// The difference a title states.
#[derive(Clone, Debug, PartialEq)]
pub struct Headline {
    /// Name of the workload, as a sentence has it.
    pub workload: String,
    /// When, as it follows "in": "2028".
    pub period: String,
    /// Mean difference of the period in USD per H100e-hour, one number a path.
    pub difference: Spread,
}

/// A workload's difference, USD per H100e-hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Name.
    pub title: String,
    /// Closed − open by month.
    pub difference: MonthlyBand,
    /// (Calendar year, share of paths whose mean difference of that year is above zero).
    pub above_zero: Vec<(i32, f64)>,
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let (low, high) = extent(input.workloads.iter().map(|w| &w.difference), true);
    let panel = |workload: &Workload| Panel {
        title: workload.title.clone(),
        caption: String::new(),
        x: Axis::months(input.start, workload.difference.months()),
        y: Axis { zero_line: true, ..Axis::linear("", Unit::Usd, low, high) },
        layers: vec![Layer::Fan {
            meaning: Meaning::Closed,
            label: String::new(),
            band: workload.difference.clone(),
        }],
        strip: signs(input.start, workload, input.headline.difference.summary.paths),
    };
    let panels: Vec<Panel> = input.workloads.iter().map(panel).collect();
    let title = title(input);
    Figure {
        id: "difference".into(),
        subtitle: format!(
            "{}, path by path: marginal cost in USD per H100e-hour, real{}",
            input.rule.arms("Closed minus open", "minus"),
            input.rule.supposed()
        ),
        stated: stated(input),
        notes: vec![format!(
            "{} Elasticity of demand {}.",
            fan_note(input.provenance.paths),
            input.elasticity_range
        )],
        footnote: input.provenance.lines(),
        alt: alt(input, &title),
        shared_axis: true,
        panels,
        title,
    }
}

/// The numbers of the title.
fn stated(input: &Input) -> Vec<Datum> {
    let Headline { workload, period, difference } = &input.headline;
    let [open, closed] = input.rule.names().map(lower_first);
    let series = format!("Marginal cost of {workload}, {closed} minus {open}");
    let said = Said { mark: TITLE, panel: "", series: &series, at: period };
    let mut stated = said.words(difference);
    if !difference.is_constant() {
        stated.push(said.value("probability_above_zero", difference.summary.above_zero.value));
    }
    stated
}

/// The chance of the sign under each year's stretch of the axis, where there is one of half a year. Of a single path no chance
/// is known.
fn signs(start: Month, workload: &Workload, paths: usize) -> Option<Strip> {
    let last = workload.difference.months().saturating_sub(1) as i32;
    let cell = |(year, share): &(i32, f64)| {
        let from = Month::new(*year, 1).since(start).clamp(0, last);
        let to = Month::new(*year, 12).since(start).clamp(0, last);
        let words = chance(*share, paths).trim_end_matches('%').to_string();
        Cell { from: f64::from(from), to: f64::from(to), share: *share, words }
    };
    let wide_enough = |cell: &Cell| cell.to - cell.from >= 5.0;
    let cells: Vec<Cell> = workload.above_zero.iter().map(cell).filter(wide_enough).collect();
    (paths > 1 && !cells.is_empty()).then(|| Strip::Cells { label: "Chance of a rise, %".into(), cells })
}

fn title(input: &Input) -> String {
    let Headline { workload, period, difference } = &input.headline;
    let likely = if difference.is_constant() {
        String::new()
    } else {
        format!("; chance of a rise {}", difference.chance_above_zero())
    };
    if !difference.excludes(0.0) {
        let nothing = no_effect(difference);
        return format!(
            "The effect of {} on the marginal cost of {workload} in {period} {nothing} ({}){likely}",
            input.rule.object("closing"),
            difference.beside(Unit::Usd)
        );
    }
    let (verb, to) = if difference.center() > 0.0 { ("adds", "to") } else { ("takes", "off") };
    let (size, interval) = difference.size(Unit::Usd);
    let subject = input.rule.subject("Closing");
    let average = difference.on_average();
    format!(
        "{subject} {verb} {size} {to} the marginal cost of {workload} in {period}{average} ({interval}){likely}"
    )
}

fn alt(input: &Input, title: &str) -> String {
    let mut text = format!("{title}. Fan charts of the difference with a zero line, one panel a workload.");
    for workload in &input.workloads {
        let paths = input.headline.difference.summary.paths;
        let told = |(year, share): &(i32, f64)| match paths {
            1 => format!("{year} unknown"),
            _ => format!("{year} {}", chance(*share, paths)),
        };
        let years: Vec<String> = workload.above_zero.iter().map(told).collect();
        text += &format!(" {}: chance of a rise by year {}.", workload.title, years.join(", "));
    }
    text
}
