//! A figure in words: the text form tests compare, and the CSV of exactly what is drawn and said.

use super::figure::{Axis, Cell, Center, Figure, Layer, Panel, Scale, Strip, plain};
use super::input::Spread;
use std::fmt;

/// One drawn number: a row of a figure's CSV.
#[derive(Clone, Debug, PartialEq)]
pub struct Datum {
    /// Name of the panel; empty in a figure of one panel.
    pub panel: String,
    /// What it belongs to.
    pub series: String,
    /// The kind of mark.
    pub mark: &'static str,
    /// Its place.
    pub at: String,
    /// Which number of that mark.
    pub statistic: &'static str,
    /// The number, in full.
    pub value: f64,
}

impl Datum {
    /// The text of a column of the CSV but the last; none if there is no such column.
    pub fn column(&self, name: &str) -> Option<&str> {
        match name {
            "panel" => Some(&self.panel),
            "series" => Some(&self.series),
            "mark" => Some(self.mark),
            "at" => Some(&self.at),
            "statistic" => Some(self.statistic),
            _ => None,
        }
    }
}

/// The place of words that no layer draws, in the column `mark`.
pub(super) const TITLE: &str = "title";
/// Above a panel.
pub(super) const CAPTION: &str = "caption";

/// A number said in words.
pub(super) struct Said<'a> {
    /// [`TITLE`] or [`CAPTION`].
    pub mark: &'static str,
    /// Name of the panel it stands above; empty in the title.
    pub panel: &'a str,
    /// What it measures.
    pub series: &'a str,
    /// When or where, as the words have it.
    pub at: &'a str,
}

impl Said<'_> {
    /// One number.
    pub fn value(&self, statistic: &'static str, value: f64) -> Datum {
        Datum {
            panel: self.panel.to_string(),
            series: self.series.to_string(),
            mark: self.mark,
            at: self.at.to_string(),
            statistic,
            value,
        }
    }

    /// The number that is quoted.
    pub fn quoted(&self, spread: &Spread) -> Datum {
        match spread.drawn() {
            Center::Median => self.value("p50", spread.p50()),
            Center::Mean => self.value("mean", spread.mean()),
        }
    }

    /// The 90% interval of [`Spread::interval`]: nothing where there is none.
    pub fn interval(&self, spread: &Spread) -> Vec<Datum> {
        if !spread.has_interval() {
            return Vec::new();
        }
        vec![self.value("p05", spread.p05()), self.value("p95", spread.p95())]
    }

    /// The number that is quoted and its interval, as [`Spread::words`] has them.
    pub fn words(&self, spread: &Spread) -> Vec<Datum> {
        std::iter::once(self.quoted(spread)).chain(self.interval(spread)).collect()
    }
}

/// What is drawn of an estimate: its dot and its intervals.
fn interval_data(spread: &Spread, center: Center) -> [(&'static str, f64); 5] {
    let dot = match center {
        Center::Median => ("p50", spread.p50()),
        Center::Mean => ("mean", spread.mean()),
    };
    [("p05", spread.p05()), ("p25", spread.p25), dot, ("p75", spread.p75), ("p95", spread.p95())]
}

/// Every number of a layer, in drawing order.
fn layer_data(layer: &Layer, panel: &Panel) -> Vec<Datum> {
    let x = |at: f64| panel.x.name_of(at);
    let datum = |series: &str, mark, at: String, statistic, value| Datum {
        panel: panel.title.clone(),
        series: series.to_string(),
        mark,
        at,
        statistic,
        value,
    };
    match layer {
        Layer::Fan { label, band, .. } => {
            let names = ["p05", "p10", "p25", "p50", "p75", "p90", "p95"];
            let month = |t: usize| {
                band.rows()
                    .into_iter()
                    .zip(names)
                    .map(move |((_, row), name)| datum(label, "fan", x(t as f64), name, row[t]))
            };
            (0..band.months()).flat_map(month).collect()
        }
        Layer::Line { label, points, error, .. } => {
            let mut out = Vec::new();
            for (i, (at, value)) in points.iter().enumerate() {
                out.push(datum(label, "line", x(*at), "value", *value));
                if let Some(half_width) = error.get(i) {
                    out.push(datum(label, "line", x(*at), "sampling_error", *half_width));
                }
            }
            out
        }
        Layer::Stack { areas } => areas
            .iter()
            .flat_map(|area| {
                let value = |(t, v): (usize, &f64)| datum(&area.label, "area", x(t as f64), "value", *v);
                area.values.iter().enumerate().map(value).collect::<Vec<_>>()
            })
            .collect(),
        Layer::Interval { row, spread, center, .. } => {
            let name = panel.y.name_of(*row as f64);
            let one = |(statistic, value)| datum(&name, "interval", String::new(), statistic, value);
            interval_data(spread, *center).into_iter().map(one).collect()
        }
        Layer::Step { row, from, to, error, .. } => {
            let name = panel.y.name_of(*row as f64);
            let one = |statistic, value| datum(&name, "step", String::new(), statistic, value);
            vec![one("from", *from), one("to", *to), one("change", to - from), one("sampling_error", *error)]
        }
        Layer::Bar { row, parts, total, .. } => {
            let name = panel.y.name_of(*row as f64);
            let part = parts.iter().map(|part| datum(&name, "part", part.label.clone(), "value", part.value));
            let sum = interval_data(total, Center::Median);
            let sum = sum.into_iter().map(|(s, v)| datum(&name, "total", String::new(), s, v));
            part.chain(sum).collect()
        }
        Layer::Histogram { bins, .. } => bins
            .iter()
            .map(|bin| {
                let mark = if bin.censored { "censored_bin" } else { "bin" };
                datum("", mark, format!("{} to {}", plain(bin.from), plain(bin.to)), "share", bin.share)
            })
            .collect(),
        Layer::Reference { x: at, label, .. } => vec![datum(label, "reference", String::new(), "value", *at)],
    }
}

fn strip_data(strip: &Strip, panel: &Panel) -> Vec<Datum> {
    let datum = |series: &str, at: String, share: f64| Datum {
        panel: panel.title.clone(),
        series: series.to_string(),
        mark: "strip",
        at,
        statistic: "share",
        value: share,
    };
    let x = |at: f64| panel.x.name_of(at);
    match strip {
        Strip::Density { label, shares } => {
            let months = shares.iter().enumerate();
            months.map(|(t, share)| datum(label, x(t as f64), *share)).collect()
        }
        Strip::Cells { label, cells } => {
            let at = |cell: &Cell| format!("{} to {}", x(cell.from), x(cell.to));
            cells.iter().map(|cell| datum(label, at(cell), cell.share)).collect()
        }
    }
}

impl Panel {
    fn data(&self) -> Vec<Datum> {
        let layers = self.layers.iter().flat_map(|layer| layer_data(layer, self));
        layers.chain(self.strip.iter().flat_map(|strip| strip_data(strip, self))).collect()
    }
}

impl Figure {
    /// Every number that is drawn or said, in the order of [`Figure::csv`].
    pub fn data(&self) -> Vec<Datum> {
        self.stated.iter().cloned().chain(self.panels.iter().flat_map(Panel::data)).collect()
    }

    /// Exactly what is drawn, and what is said of it in the title, captions and labels: a number a row, with the header
    /// `panel,series,mark,at,statistic,value`. Ticks, notes and the footnote are no part of it.
    pub fn csv(&self) -> String {
        let mut table = csv::Writer::from_writer(Vec::new());
        let mut write =
            |row: [&str; 6]| table.write_record(row).expect("writing to memory, six fields a row");
        write(["panel", "series", "mark", "at", "statistic", "value"]);
        for d in self.data() {
            write([&d.panel, &d.series, d.mark, &d.at, d.statistic, &plain(d.value)]);
        }
        let bytes = table.into_inner().expect("writing to memory");
        String::from_utf8(bytes).expect("fields are UTF-8")
    }
}

/// Months a series in the text form is printed at: every twelfth and the last.
fn printed(t: usize, months: usize) -> bool {
    t.is_multiple_of(12) || t + 1 == months
}

impl fmt::Display for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scale {
            Scale::Linear(low, high) => write!(f, "linear {} to {}", plain(*low), plain(*high))?,
            Scale::Log(low, high) => write!(f, "log {} to {}", plain(*low), plain(*high))?,
            Scale::Months { start, count } => write!(f, "{count} months from {start}")?,
            Scale::Rows(rows) => {
                let name = |row: &super::figure::Row| {
                    let gap = if row.starts_group { "· " } else { "" };
                    let total = if row.total { " (total)" } else { "" };
                    format!("{gap}{}{total}", row.label)
                };
                write!(f, "rows {}", rows.iter().map(name).collect::<Vec<_>>().join(" | "))?;
            }
        }
        let labels: Vec<&str> =
            self.ticks.iter().map(|t| t.label.as_str()).filter(|l| !l.is_empty()).collect();
        if !labels.is_empty() {
            write!(f, ", ticks {}", labels.join(" "))?;
        }
        if !self.title.is_empty() {
            write!(f, ", {:?}", self.title)?;
        }
        if self.zero_line { f.write_str(", zero line") } else { Ok(()) }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layer::Fan { meaning, label, band } => {
                write!(f, "fan {label:?} ({meaning:?})")?;
                for t in (0..band.months()).filter(|t| printed(*t, band.months())) {
                    write!(
                        f,
                        " {t}: {} [{} {}]",
                        plain(band.p50[t]),
                        plain(band.p05[t]),
                        plain(band.p95[t])
                    )?;
                }
                Ok(())
            }
            Layer::Line { meaning, label, points, error, stepped } => {
                write!(f, "{} {label:?} ({meaning:?})", if *stepped { "steps" } else { "line" })?;
                for (i, (x, y)) in points.iter().enumerate().filter(|(i, _)| printed(*i, points.len())) {
                    write!(f, " {}: {}", plain(*x), plain(*y))?;
                    if let Some(half_width) = error.get(i) {
                        write!(f, " ± {}", plain(*half_width))?;
                    }
                }
                Ok(())
            }
            Layer::Stack { areas } => {
                f.write_str("stack")?;
                for area in areas {
                    let at = |t: usize| format!(" {t}: {}", plain(area.values[t]));
                    let months = area.values.len();
                    let values: String = (0..months).filter(|t| printed(*t, months)).map(at).collect();
                    write!(f, "\n    {:?} ({:?}){values}", area.label, area.meaning)?;
                }
                Ok(())
            }
            Layer::Interval { row, meaning, spread: s, center, text } => write!(
                f,
                "interval row {row} ({meaning:?}) {center:?} mean {} [{} {} {} {} {}] {text:?}",
                plain(s.mean()),
                plain(s.p05()),
                plain(s.p25),
                plain(s.p50()),
                plain(s.p75),
                plain(s.p95())
            ),
            Layer::Step { row, meaning, from, to, error, text, .. } => write!(
                f,
                "step row {row} ({meaning:?}) {} to {} ± {} {text:?}",
                plain(*from),
                plain(*to),
                plain(*error)
            ),
            Layer::Bar { row, parts, total, text } => {
                write!(f, "bar row {row}")?;
                for part in parts {
                    write!(f, " {} {}", part.label, plain(part.value))?;
                }
                write!(
                    f,
                    "; total {} [{} {}] {text:?}",
                    plain(total.p50()),
                    plain(total.p05()),
                    plain(total.p95())
                )
            }
            Layer::Histogram { meaning, bins } => {
                write!(f, "histogram ({meaning:?})")?;
                for bin in bins.iter().filter(|bin| bin.share > 0.0) {
                    let beyond = if bin.censored { "+" } else { "" };
                    write!(f, " {}–{}{beyond}: {}", plain(bin.from), plain(bin.to), plain(bin.share))?;
                }
                Ok(())
            }
            Layer::Reference { x, label, .. } => write!(f, "reference {} {label:?}", plain(*x)),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}\n{}", self.id, self.title, self.subtitle)?;
        for panel in &self.panels {
            writeln!(f, "panel {:?} {:?}\n  x: {}\n  y: {}", panel.title, panel.caption, panel.x, panel.y)?;
            for layer in &panel.layers {
                writeln!(f, "  {layer}")?;
            }
            match &panel.strip {
                Some(Strip::Density { label, shares }) => {
                    let at = |(t, s): (usize, &f64)| (*s > 0.0).then(|| format!(" {t}: {}", plain(*s)));
                    let bars: String = shares.iter().enumerate().filter_map(at).collect();
                    writeln!(f, "  strip {label:?}{bars}")?;
                }
                Some(Strip::Cells { label, cells }) => {
                    let words: Vec<&str> = cells.iter().map(|cell| cell.words.as_str()).collect();
                    writeln!(f, "  strip {label:?} {}", words.join(" "))?;
                }
                None => {}
            }
        }
        for note in &self.notes {
            writeln!(f, "note: {note}")?;
        }
        for line in &self.footnote {
            writeln!(f, "foot: {line}")?;
        }
        write!(f, "alt: {}", self.alt)
    }
}
