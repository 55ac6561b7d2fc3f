//! A figure of fans in characters: the first picture of a comparison, on the terminal before any file is drawn.
//!
//! The same [`Figure`] as the files show, so that its title, its condition and its axis are theirs. A line of characters stands
//! for the values nearest to it; a character tells whether the median is among them, or the narrowest band that holds half
//! of them. Where months are more than columns, every so many have one.

use std::fmt::Write as _;

use super::figure::{Axis, Figure, Layer, Panel, Scale};
use super::input::MonthlyBand;

/// Lines of a plot: one more than a number that many counts of steps divide, so that ticks stand on lines.
const LINES: usize = 13;
/// Characters of a line, axis and gaps included: five years of three workloads have a column every two months.
const WIDTH: usize = 108;
/// Fewest columns of a panel: as many as its name can be told in.
const NARROWEST: usize = 26;
/// Between two panels.
const GAP: usize = 3;

/// The characters of a fan.
const MEDIAN: char = '━';
const HALF: char = '▒';
const MOST: char = '░';

/// The share of a character that a band fills to be told: half, but for rounding.
const FILLED: f64 = 0.49;

/// A panel of one fan.
struct Fan<'a> {
    panel: &'a Panel,
    band: &'a MonthlyBand,
    extent: (f64, f64),
}

impl Figure {
    /// The figure's fans in characters, side by side, at most 108 a line below the title; none if it has none on one linear axis.
    pub fn characters(&self) -> Option<String> {
        if !self.shared_axis {
            return None;
        }
        let fans: Vec<Fan<'_>> = self.panels.iter().filter_map(Fan::of).collect();
        let labels = fans.iter().flat_map(|fan| &fan.panel.y.ticks).map(|tick| tick.label.chars().count());
        let margin = labels.max()? + 2;
        let fitting = (WIDTH - margin + GAP) / (NARROWEST + GAP);
        let abreast = fans.len().div_ceil(fans.len().div_ceil(fitting));
        let room = (WIDTH - margin + GAP) / abreast - GAP;
        let months = fans.iter().map(|fan| fan.band.months()).max().unwrap_or(1);
        let every = months.div_ceil(room).max(1);
        let columns = months.div_ceil(every).max(NARROWEST.min(room));
        let mut text = format!("{}\n{}\n", self.title, self.subtitle);
        for row in fans.chunks(abreast) {
            text.push('\n');
            let parts: Vec<Vec<String>> = row.iter().map(|fan| fan.lines(columns, every)).collect();
            for line in 0..LINES + 3 {
                let label = line.checked_sub(1).map_or(String::new(), |line| row[0].label(line));
                let _ = write!(text, "{label:>width$}", width = margin - 1);
                for (at, part) in parts.iter().enumerate() {
                    text.push_str(&" ".repeat(if at == 0 { 1 } else { GAP }));
                    text.push_str(&part[line]);
                }
                text.truncate(text.trim_end().len());
                text.push('\n');
            }
        }
        let spacing = if every > 1 { format!("; every {every} months") } else { String::new() };
        let _ = writeln!(text, "\n{MEDIAN} median, {HALF} 50% of paths, {MOST} 90%{spacing}");
        Some(text)
    }
}

impl<'a> Fan<'a> {
    fn of(panel: &'a Panel) -> Option<Fan<'a>> {
        let (Scale::Months { .. }, Scale::Linear(low, high)) = (&panel.x.scale, &panel.y.scale) else {
            return None;
        };
        let band = panel.layers.iter().find_map(|layer| match layer {
            Layer::Fan { band, .. } => Some(band),
            _ => None,
        })?;
        Some(Fan { panel, band, extent: (*low, *high) })
    }

    /// From a line to the next.
    fn step(&self) -> f64 {
        (self.extent.1 - self.extent.0) / (LINES - 1) as f64
    }

    /// The line of a plot, from the top, that a value stands in.
    fn line_of(&self, value: f64) -> usize {
        let from_top = (self.extent.1 - value) / self.step();
        libm::round(from_top.clamp(0.0, (LINES - 1) as f64)) as usize
    }

    /// What the value axis says at a line.
    fn label(&self, line: usize) -> String {
        let there = |at: f64| line < LINES && self.line_of(at) == line;
        let tick = self.panel.y.ticks.iter().find(|tick| there(tick.at));
        tick.map_or(String::new(), |tick| tick.label.clone())
    }

    /// Its name, its plot, and its axis with the years below.
    fn lines(&self, columns: usize, every: usize) -> Vec<String> {
        let mut lines = vec![padded(&self.panel.title, columns)];
        lines
            .extend((0..LINES).map(|line| (0..columns).map(|at| self.character(line, at * every)).collect()));
        lines.extend(years(&self.panel.x, columns, every));
        lines
    }

    fn character(&self, line: usize, month: usize) -> char {
        let step = self.step();
        let here = self.extent.1 - step * line as f64;
        let (top, bottom) = (here + step / 2.0, here - step / 2.0);
        let empty = if self.panel.y.zero_line && self.line_of(0.0) == line { '─' } else { ' ' };
        let band = self.band;
        let Some(median) = band.p50.get(month) else { return empty };
        // Of the outermost lines, half lies beyond the axis.
        let fills = |from: &[f64], to: &[f64]| to[month].min(top) - from[month].max(bottom) > step * FILLED;
        if self.line_of(*median) == line {
            MEDIAN
        } else if fills(&band.p25, &band.p75) {
            HALF
        } else if fills(&band.p05, &band.p95) {
            MOST
        } else {
            empty
        }
    }
}

/// A horizontal axis with a mark at each year's first month, and the years that find room below it.
fn years(axis: &Axis, columns: usize, every: usize) -> [String; 2] {
    let mut marks = vec!['─'; columns];
    let mut words = String::new();
    for tick in axis.ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let at = (tick.at as usize).div_ceil(every);
        if at >= columns {
            continue;
        }
        marks[at] = '┬';
        let written = words.chars().count();
        // A year stands from its mark on, one blank after the year before.
        if (written == 0 || at > written) && at + tick.label.chars().count() <= columns {
            words.push_str(&" ".repeat(at - written));
            words.push_str(&tick.label);
        }
    }
    [marks.into_iter().collect(), padded(&words, columns)]
}

/// Text of so many characters: blanks after it, or an ellipsis where it is cut.
fn padded(text: &str, length: usize) -> String {
    if text.chars().count() <= length {
        return format!("{text:length$}");
    }
    let kept: String = text.chars().take(length - 1).collect();
    format!("{kept}…")
}
