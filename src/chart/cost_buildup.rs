//! The cost build-up: what an H100e-hour costs by channel, from its parts, one panel a workload.
//!
//! A bar's parts are medians scaled to add up to the median of their sum; the lines under it are the sum's 50 and 90%
//! intervals. Owned chips cost chip, building, operations and energy; rented ones rent and overhead.

use super::figure::{Axis, Figure, Layer, Meaning, Panel, Part, Row, range};
use super::input::{Provenance, Spread};
use super::wording::no_effect;
use super::words::{Said, TITLE};
use crate::numbers::Unit;

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// When the costs hold: "October 2026".
    pub period: String,
    /// One panel each; the title speaks of the first.
    pub workloads: Vec<Workload>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// A workload's channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Name.
    pub title: String,
    /// Rows, in the order drawn; a channel that does not serve the workload is left out and its row stays empty.
    pub channels: Vec<Channel>,
    /// Cheapest domestic less cheapest offshore cost, path by path; none where one of them is not on sale.
    pub domestic_premium: Option<Spread>,
}

/// A channel's cost of an H100e-hour in USD.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Name.
    pub title: String,
    /// Its parts.
    pub parts: Vec<(CostPart, f64)>,
    /// Their sum, one number a path.
    pub total: Spread,
}

/// A part of a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostPart {
    /// The chip and its system.
    Chip,
    /// The building.
    Building,
    /// Operations and maintenance.
    Operations,
    /// Energy.
    Energy,
    /// Rent.
    Rent,
    /// Overhead on rent.
    Overhead,
}

impl CostPart {
    fn look(self) -> (Meaning, &'static str) {
        match self {
            CostPart::Chip => (Meaning::Chip, "Chip"),
            CostPart::Building => (Meaning::Building, "Building"),
            CostPart::Operations => (Meaning::Operations, "Operations"),
            CostPart::Energy => (Meaning::Energy, "Energy"),
            CostPart::Rent => (Meaning::Rent, "Rent"),
            CostPart::Overhead => (Meaning::Overhead, "Overhead"),
        }
    }
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let channels = input.workloads.iter().flat_map(|w| &w.channels);
    let totals: Vec<f64> = channels.map(|channel| channel.total.p95()).collect();
    let (_, high) = range(0.0, &totals);
    let names = names(&input.workloads);
    let row = |channel: &Channel| names.iter().position(|name| *name == channel.title).unwrap_or(0);
    let panel = |workload: &Workload| Panel {
        title: workload.title.clone(),
        caption: String::new(),
        x: Axis::linear("", Unit::BareUsd, 0.0, high),
        y: Axis::rows(names.iter().map(|name| Row::new(*name)).collect()),
        layers: workload.channels.iter().map(|channel| bar(row(channel), channel)).collect(),
        strip: None,
    };
    let mut note = "Bar: median, split by part. Thick line: 50% of paths; thin line: 90%.".to_string();
    if input.workloads.iter().any(|workload| workload.channels.len() < names.len()) {
        note += " No bar: does not serve it.";
    }
    let premium = input.workloads.first().and_then(|first| first.domestic_premium.as_ref());
    let title = title(input);
    let mut alt = format!("{title}. Bars of cost parts by channel, with intervals.");
    for workload in &input.workloads {
        for channel in &workload.channels {
            alt += &format!(" {}, {}: {}.", workload.title, channel.title, channel.total.words(Unit::Usd));
        }
    }
    Figure {
        id: "cost-buildup".into(),
        subtitle: format!("Cost of an H100e-hour of useful work by channel, USD, real, {}", input.period),
        panels: input.workloads.iter().map(panel).collect(),
        shared_axis: true,
        stated: premium.map_or_else(Vec::new, |premium| {
            let said = Said { mark: TITLE, panel: "", series: "Domestic premium", at: "" };
            said.words(premium)
        }),
        notes: vec![note],
        footnote: input.provenance.lines(),
        alt,
        title,
    }
}

/// Every channel of any workload, in the order first met: one set of rows for all panels.
fn names(workloads: &[Workload]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for channel in workloads.iter().flat_map(|workload| &workload.channels) {
        if !names.contains(&channel.title.as_str()) {
            names.push(&channel.title);
        }
    }
    names
}

fn bar(row: usize, channel: &Channel) -> Layer {
    let sum: f64 = channel.parts.iter().map(|(_, value)| value.max(0.0)).sum();
    let scale = if sum > 0.0 { channel.total.p50().max(0.0) / sum } else { 0.0 };
    let part = |(part, value): &(CostPart, f64)| {
        let (meaning, label) = part.look();
        Part { meaning, label: label.into(), value: value.max(0.0) * scale }
    };
    let parts = channel.parts.iter().map(part).collect();
    Layer::Bar { row, parts, total: channel.total, text: channel.total.median(Unit::BareUsd) }
}

/// The title where there is no premium to state.
fn cheapest(workload: &Workload) -> String {
    let least = workload.channels.iter().min_by(|a, b| a.total.p50().total_cmp(&b.total.p50()));
    let work = workload.title.to_lowercase();
    least.map_or_else(
        || format!("No channel on sale serves {work}"),
        |channel| {
            let (cost, name) = (channel.total.words(Unit::Usd), &channel.title);
            format!("An H100e-hour of {work} costs {cost} through the cheapest channel, {name}")
        },
    )
}

fn title(input: &Input) -> String {
    let Some(first) = input.workloads.first() else { return "What an H100e-hour costs".into() };
    let Some(premium) = &first.domestic_premium else { return cheapest(first) };
    let work = first.title.to_lowercase();
    if !premium.excludes(0.0) {
        let (nothing, interval) = (no_effect(premium), premium.beside(Unit::Usd));
        return format!("The domestic premium on an H100e-hour of {work} {nothing} ({interval})");
    }
    let (size, interval) = premium.size(Unit::Usd);
    let more = if premium.p50() > 0.0 { "more" } else { "less" };
    format!(
        "On domestic chips an H100e-hour of {work} costs {size} {more} than rented offshore ({interval}), cheapest channels compared"
    )
}
