//! A figure of fans in characters: the first picture of a comparison, on the terminal before any file is drawn.
//!
//! The same [`Figure`] as the files show, so that its title, its condition and its axis are theirs. A line of characters stands
//! for the values nearest to it; a character tells whether the median is among them, or the narrowest band that holds half
//! of them. Where months are more than columns, every so many have one; where they are few, each has several.

use std::fmt::Write as _;

use super::figure::{Axis, Figure, Layer, Panel, Scale};
use super::input::MonthlyBand;

/// Lines of a plot, about: as many as put every tick on a line.
const LINES: f64 = 13.0;
/// Characters of a line, axis and gaps included: five years of three workloads have a column every two months.
const WIDTH: usize = 108;
/// Fewest columns that a panel has room for: as many as its name can be told in.
const NARROWEST: usize = 26;
/// Most columns that months are widened to.
const WIDEST: usize = 60;
/// Between two panels.
const GAP: usize = 3;

/// The characters of a fan.
const MEDIAN: char = '━';
const HALF: char = '▒';
const MOST: char = '░';
/// The share of a character that a band fills to be told: half, but for rounding.
const FILLED: f64 = 0.49;

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
        let months = fans.iter().map(|fan| fan.band.months()).max().unwrap_or(1).max(1);
        let pace = Pace { every: months.div_ceil(room), each: (room.min(WIDEST) / months).max(1) };
        let columns = (months.div_ceil(pace.every) * pace.each).max(NARROWEST);
        let mut text = format!("{}\n{}\n", self.title, self.subtitle);
        for row in fans.chunks(abreast) {
            text.push('\n');
            let parts: Vec<Vec<String>> = row.iter().map(|fan| fan.lines(columns, pace)).collect();
            for line in 0..parts[0].len() {
                let label = line.checked_sub(1).map_or(String::new(), |line| row[0].label(line));
                let _ = write!(text, "{label:>width$}", width = margin - 1);
                for (at, part) in parts.iter().enumerate() {
                    text.push_str(&" ".repeat(if at == 0 { 1 } else { GAP }));
                    text.push_str(&part[line]);
                }
                text.truncate(text.trim_end_matches(' ').len());
                text.push('\n');
            }
        }
        let spacing = match pace.every {
            1 => String::new(),
            every => format!("; every {every} months"),
        };
        let mut legend = format!("{MEDIAN} median");
        for (sign, words) in [(HALF, "50% of paths"), (MOST, "90% of paths")] {
            if text.contains(sign) {
                let _ = write!(legend, ", {sign} {words}");
            }
        }
        let _ = writeln!(text, "\n{legend}{spacing}");
        Some(text)
    }
}

/// How months have columns: every so many one, or each several.
#[derive(Clone, Copy)]
struct Pace {
    every: usize,
    each: usize,
}

impl Pace {
    /// The month that a column shows, of so many: the last of those that share it.
    fn month(self, column: usize, months: usize) -> Option<usize> {
        let first = column / self.each * self.every;
        (first < months).then(|| (first + self.every).min(months) - 1)
    }

    /// The first column of a month.
    fn column(self, month: usize) -> usize {
        month / self.every * self.each
    }
}

/// A panel of one fan.
struct Fan<'a> {
    panel: &'a Panel,
    band: &'a MonthlyBand,
    /// What the first line stands for.
    top: f64,
    /// From a line to the next.
    step: f64,
    lines: usize,
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
        let [first, second, ..] = panel.y.ticks.as_slice() else { return None };
        let apart = second.at - first.at;
        let step = apart / libm::round((LINES - 1.0) * apart / (high - low)).max(1.0);
        // From the first tick, up and down as far as the axis goes, but for rounding.
        let lines = |reach: f64| libm::ceil(reach / step - 0.01).max(0.0);
        let (above, below) = (lines(high - first.at), lines(first.at - low));
        let top = first.at + above * step;
        Some(Fan { panel, band, top, step, lines: (above + below) as usize + 1 })
    }

    /// The line of a plot, from the top, that a value stands in.
    fn line_of(&self, value: f64) -> usize {
        let from_top = (self.top - value) / self.step;
        libm::round(from_top.clamp(0.0, (self.lines - 1) as f64)) as usize
    }

    /// What the value axis says at a line.
    fn label(&self, line: usize) -> String {
        let there = |at: f64| line < self.lines && self.line_of(at) == line;
        let tick = self.panel.y.ticks.iter().find(|tick| there(tick.at));
        tick.map_or(String::new(), |tick| tick.label.clone())
    }

    /// Its name, its plot, and its axis with the dates below.
    fn lines(&self, columns: usize, pace: Pace) -> Vec<String> {
        let months = self.band.months();
        let line = |line| (0..columns).map(|at| self.character(line, pace.month(at, months))).collect();
        let mut lines = vec![padded(&self.panel.title, columns)];
        lines.extend((0..self.lines).map(line));
        lines.extend(dates(&self.panel.x, columns, pace));
        lines
    }

    fn character(&self, line: usize, month: Option<usize>) -> char {
        let empty = if self.panel.y.zero_line && self.line_of(0.0) == line { '─' } else { ' ' };
        let Some(month) = month else { return empty };
        let (band, here) = (self.band, self.top - self.step * line as f64);
        let (top, bottom) = (here + self.step / 2.0, here - self.step / 2.0);
        let fills =
            |from: &[f64], to: &[f64]| to[month].min(top) - from[month].max(bottom) > self.step * FILLED;
        if self.line_of(band.p50[month]) == line {
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

/// A horizontal axis with a mark at each month that it names, and the names that find room below it.
fn dates(axis: &Axis, columns: usize, pace: Pace) -> [String; 2] {
    let mut marks = vec!['─'; columns];
    let mut words = String::new();
    for tick in axis.ticks.iter().filter(|tick| !tick.label.is_empty()) {
        let at = pace.column(tick.at as usize);
        if at >= columns {
            continue;
        }
        marks[at] = '┬';
        let written = words.chars().count();
        // A name stands from its mark on, one blank after the name before.
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
