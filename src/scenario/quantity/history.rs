//! Forms that are read from files: samples, and histories fitted by maximum likelihood.

use std::sync::Arc;

use super::super::diagnostic::{Diagnostic, Origin, nearest};
use super::super::raw::{Entry, Node};
use super::super::table::Csv;
use super::read::Reader;
use super::{Form, Parsed, Process, Support, Written, is_date};
use crate::calendar::Month;
use crate::math;
use crate::random::fit::{Fit, Fitted, Model, Observation, fit};
use crate::random::process::Anchor;

/// A dated series that a process is fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Name of the file.
    pub file: String,
    /// Dates as written, one an observation.
    pub dates: Vec<String>,
    /// Observations in the order of the file, all on one basis.
    pub observations: Vec<Observation>,
    /// The fitted process.
    pub fit: Fit,
}

impl Reader<'_> {
    /// The values of `{ file, column }`, with the places of their cells.
    pub(super) fn samples(&mut self, key: &str, entry: &Entry) -> Option<Vec<(f64, Origin)>> {
        self.only(key, &entry.node, &["file", "column"])?;
        let csv = self.csv(key, entry)?;
        let at = self.csv_column(key, entry, &csv, "column", None)?;
        let cells: Vec<_> =
            csv.rows.iter().map(|row| &row[at]).filter(|cell| !cell.text.is_empty()).collect();
        if cells.is_empty() {
            self.problems.push(Diagnostic::error(entry.node.origin, format!("{key}: the column is empty")));
            return None;
        }
        cells.into_iter().map(|cell| self.cell_number(key, &cell.text, cell.origin)).collect()
    }

    /// A process fitted to `{ file, where, date, value }`. It starts at the last fitted level in the scenario's first
    /// month; an Ornstein–Uhlenbeck process goes from there to its long-run level, half the way in a half-life.
    pub(super) fn history(&mut self, key: &str, node: &Node) -> Option<(Form, Support)> {
        let entry = node.entry("history")?;
        self.only(&format!("{key}.history"), &entry.node, &["file", "where", "date", "value"])?;
        let model = match self.word(key, node, "model", &["ou", "gbm"])? {
            Some("gbm") => Model::Gbm,
            Some(_) => Model::Ou,
            None => {
                let problem = Diagnostic::error(entry.key, format!("{key} needs `model`"));
                self.problems.push(problem.note("allowed: model = \"ou\" or \"gbm\""));
                return None;
            }
        };
        let (file, dates, observations) = self.observations(key, entry)?;
        let cached = format!("{model:?} {observations:?}");
        let fitted = self
            .library
            .fits
            .entry(cached)
            .or_insert_with(|| fit(model, &observations).map_err(|error| error.to_string()));
        let at = entry.node.origin;
        let fitted = match fitted {
            Ok(fitted) => fitted.clone(),
            Err(why) => {
                let problem = Diagnostic::error(at, format!("{key} cannot be fitted: {why}"));
                self.problems.push(problem.label(format!("{} observations", observations.len())));
                return None;
            }
        };
        let fits = [
            ("volatility_per_sqrt_year", Some(fitted.volatility_per_sqrt_year)),
            ("half_life_months", fitted.half_life_months),
        ];
        for (name, number) in fits {
            if let Some(Fitted { value, std_error: None }) = number {
                let problem =
                    Diagnostic::warning(at, format!("{key}: the history does not determine {name}"));
                let problem =
                    problem.label(format!("fitted {value:.3} from {} observations", observations.len()));
                self.problems.push(problem.hint("choose more or other rows, or state the process by hand"));
            }
        }
        let half_life = fitted.half_life_months.map(|fitted| fitted.value);
        let constant = |x: f64| Parsed::constant(x, at);
        let process = Process {
            initial: match fitted.long_run_level.zip(half_life) {
                Some((long_run, half_life)) => {
                    self.approach(fitted.level.value, long_run.value, half_life, at)
                }
                None => constant(fitted.level.value),
            },
            anchor: Anchor::Median,
            trend_per_year: None,
            volatility: Some(constant(fitted.volatility_per_sqrt_year.value)),
            half_life_months: half_life.map(constant),
            jumps: None,
            regimes: None,
            history: Some(Arc::new(History { file, dates, observations, fit: fitted })),
        };
        let support = process.support();
        Some((Form::Process(Box::new(process)), support))
    }

    /// The median of an Ornstein–Uhlenbeck process that starts at `level`, month by month until it is at `long_run`.
    ///     ln mu(t) = ln long_run + (ln level − ln long_run)·2^(−t/half_life)
    fn approach(&self, level: f64, long_run: f64, half_life: f64, at: Origin) -> Parsed {
        let start = self.start.unwrap_or(Month::new(2000, 1));
        let gap = math::ln(level / long_run);
        let mut knots = Vec::new();
        for month in 0..=MOST_MONTHS {
            let left = gap * math::exp(-std::f64::consts::LN_2 * f64::from(month) / half_life);
            knots.push((start.plus(month), long_run * math::exp(left)));
            if left.abs() < 1e-9 {
                break;
            }
        }
        let (low, high) = (level.min(long_run), level.max(long_run));
        let support = Support { low, high, open: false, low_at: at, high_at: at };
        let written = Written::Words(format!("from {level} to {long_run}"));
        Parsed {
            form: Form::Schedule { knots, linear: true },
            support,
            written,
            ..Parsed::constant(level, at)
        }
    }

    /// The name of the file, the chosen rows' dates as written, and their observations.
    fn observations(&mut self, key: &str, entry: &Entry) -> Option<(String, Vec<String>, Vec<Observation>)> {
        let csv = self.csv(key, entry)?;
        let date = self.csv_column(key, entry, &csv, "date", Some("date"))?;
        let value = self.csv_column(key, entry, &csv, "value", None)?;
        let mut wanted: Vec<(usize, Vec<&str>)> = Vec::new();
        if let Some(filter) = entry.node.entry("where") {
            let Some(table) = filter.node.table() else {
                let problem = Diagnostic::error(filter.node.origin, format!("{key}: `where` is not a table"));
                self.problems
                    .push(problem.note("allowed: where = { column = \"value\", other = [\"a\", \"b\"] }"));
                return None;
            };
            for (column, values) in table {
                let Some(at) = csv.column(column) else {
                    let problem =
                        Diagnostic::error(values.key, format!("{key}: the file has no column {column:?}"));
                    self.problems.push(match nearest(column, csv.header.iter().map(String::as_str)) {
                        Some(near) => problem.hint(format!("did you mean {near:?}?")),
                        None => problem.note(format!("columns: {}", csv.header.join(", "))),
                    });
                    return None;
                };
                let listed = values.node.list().unwrap_or(std::slice::from_ref(&values.node));
                wanted.push((at, listed.iter().filter_map(Node::text).collect()));
            }
        }
        let (mut dates, mut observations) = (Vec::new(), Vec::new());
        for row in &csv.rows {
            let chosen = wanted.iter().all(|(at, values)| values.contains(&row[*at].text.as_str()));
            if !chosen || row[value].text.is_empty() {
                continue;
            }
            let Some(years) = years(&row[date].text) else {
                let problem = Diagnostic::error(row[date].origin, format!("{key}: a cell is not a date"));
                self.problems.push(problem.label(format!("found {:?}", row[date].text)));
                return None;
            };
            let (value, _) = self.cell_number(key, &row[value].text, row[value].origin)?;
            dates.push(row[date].text.clone());
            observations.push(Observation { years, value, basis: 0 });
        }
        let Some(first) = csv.rows.first().filter(|_| !observations.is_empty()) else {
            let at = entry.node.get("where").map_or(entry.node.origin, |node| node.origin);
            self.problems.push(Diagnostic::error(at, format!("{key}: no row of the file is chosen")));
            return None;
        };
        Some((self.files.of(first[date].origin).name.clone(), dates, observations))
    }

    fn csv(&mut self, key: &str, entry: &Entry) -> Option<Csv> {
        let Some((node, name)) = entry.node.get("file").and_then(|node| Some((node, node.text()?))) else {
            self.problems.push(Diagnostic::error(
                entry.node.origin,
                format!("{key} needs `file`, the name of a CSV file"),
            ));
            return None;
        };
        match self.library.open(self.files, node, name) {
            Ok(csv) => Some(csv.clone()),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// Position of the column named under `name`.
    fn csv_column(
        &mut self,
        key: &str,
        entry: &Entry,
        csv: &Csv,
        name: &str,
        default: Option<&str>,
    ) -> Option<usize> {
        let node = entry.node.get(name);
        let Some(wanted) = node.and_then(Node::text).or(default) else {
            let origin = node.map_or(entry.node.origin, |node| node.origin);
            self.problems
                .push(Diagnostic::error(origin, format!("{key} needs `{name}`, the name of a column")));
            return None;
        };
        let at = csv.column(wanted);
        if at.is_none() {
            let origin = node.map_or(entry.node.origin, |node| node.origin);
            let problem = Diagnostic::error(origin, format!("{key}: the file has no column {wanted:?}"));
            self.problems.push(match nearest(wanted, csv.header.iter().map(String::as_str)) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem.note(format!("columns: {}", csv.header.join(", "))),
            });
        }
        at
    }

    fn cell_number(&mut self, key: &str, text: &str, origin: Origin) -> Option<(f64, Origin)> {
        match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Some((x, origin)),
            _ => {
                let problem = Diagnostic::error(origin, format!("{key}: a cell is not a number"));
                self.problems.push(problem.label(format!("found {text:?}")));
                None
            }
        }
    }
}

/// Longest approach to a long-run level, in months: the longest run.
const MOST_MONTHS: i32 = 1200;

/// A date in years; without a day the middle of the month, without a month the middle of the year.
fn years(date: &str) -> Option<f64> {
    if !is_date(date) {
        return None;
    }
    let mut parts = date.split('-').map(str::parse::<f64>);
    let year = parts.next()?.ok()?;
    let Some(month) = parts.next() else { return Some(year + 0.5) };
    let day = parts.next().map_or(Some(15.7), Result::ok)?;
    Some(year + (month.ok()? - 1.0) / 12.0 + (day - 0.5) / 365.25)
}

#[cfg(test)]
mod tests {
    use super::years;

    #[test]
    fn dates_become_years_in_order() {
        let dates =
            ["2025-12-31", "2026-01-01", "2026-01", "2026-01-31", "2026-06", "2026", "2026-07-15", "2026-12"];
        let years: Vec<f64> = dates.iter().map(|date| years(date).unwrap()).collect();
        assert!(years.windows(2).all(|pair| pair[0] < pair[1]), "{years:?}");
    }
}
