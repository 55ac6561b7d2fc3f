//! A quantity as written: its form, its metadata, its support, and everything that can be wrong with them.
//!
//! A form is known by the one key of a list that is present. Ranges are checked over the whole support, so that no path
//! can leave them. What a quantity becomes in a job is `build`'s business. Here are the types; [`Reader`] reads them, a
//! file for each family of forms.

mod distribution;
mod history;
mod process;
mod range;
mod read;

use std::sync::Arc;

use super::diagnostic::{Diagnostic, Origin};
use super::raw::{Node, Table, Value};
use super::registry::{FORMS, METADATA};
use crate::calendar::Month;
use crate::random::distribution::Distribution;
use crate::random::process::{Anchor, Jumps, Regimes};
use crate::source::Grade;

pub use history::History;
pub use read::Reader;

/// Keys of a process beside `initial`.
pub const PROCESS_MEMBERS: &[&str] = &[
    "initial",
    "anchor",
    "trend_per_year",
    "volatility_per_sqrt_year",
    "half_life_months",
    "jumps",
    "regimes",
];

/// A quantity, read and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// What it is.
    pub form: Form,
    /// What is said of it.
    pub meta: Meta,
    /// Values it can take.
    pub support: Support,
    /// Where its value is written.
    pub origin: Origin,
    /// Its form as it is written.
    pub written: Written,
}

impl Parsed {
    /// Who vouches for it: what is said of it, or, where that names neither source nor grade, of the level that a process starts
    /// from.
    pub fn vouched_by(&self) -> &Meta {
        match &self.form {
            Form::Process(process) if self.meta.sources.is_empty() && self.meta.grade.is_none() => {
                &process.initial.meta
            }
            _ => &self.meta,
        }
    }
}

/// How a form came to be written. Its text is put together when it is asked for, which is seldom.
#[derive(Clone, Debug)]
pub enum Written {
    /// In a file, a table's cell, a flag.
    As(Node),
    /// By default, or as what it was made of.
    Words(String),
}

impl PartialEq for Written {
    fn eq(&self, other: &Written) -> bool {
        self.text() == other.text()
    }
}

impl Written {
    /// The value of a constant or the written form of anything else, without metadata.
    pub fn text(&self) -> String {
        match self {
            Written::As(node) => text_of(node),
            Written::Words(words) => words.clone(),
        }
    }
}

/// The forms, members still quantities.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// The same always.
    Constant(f64),
    /// Drawn once per path.
    Parameter(Distribution),
    /// Monthly.
    Process(Box<Process>),
    /// A curve through dated values.
    Schedule {
        /// Dates in order.
        knots: Vec<(Month, f64)>,
        /// Linear between them, or steps.
        linear: bool,
    },
}

/// A process as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Level at month 0, or the long-run curve.
    pub initial: Parsed,
    /// Whether the curve is the median or the mean.
    pub anchor: Anchor,
    /// Log trend a year.
    pub trend_per_year: Option<Parsed>,
    /// Volatility per square-root year.
    pub volatility: Option<Parsed>,
    /// Half-life; none is a random walk.
    pub half_life_months: Option<Parsed>,
    /// Jumps.
    pub jumps: Option<Jumps<Parsed>>,
    /// Regimes of drift and volatility.
    pub regimes: Option<Regimes<Parsed>>,
    /// What it was fitted to, if it was.
    pub history: Option<Arc<History>>,
}

/// Metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Keys of the bibliography.
    pub sources: Vec<String>,
    /// Remark.
    pub note: Option<String>,
    /// Date of the evidence.
    pub as_of: Option<String>,
    /// Its grade.
    pub grade: Option<Grade>,
    /// Random stream, if not the key.
    pub stream: Option<String>,
    /// Currency, if not USD.
    pub currency: Option<String>,
}

/// The values a quantity can take: an interval and where its ends are written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Support {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// The ends themselves are not reached.
    pub open: bool,
    /// Where the lower end is written.
    pub low_at: Origin,
    /// Where the upper end is written.
    pub high_at: Origin,
}

impl Parsed {
    /// A constant without metadata.
    pub fn constant(x: f64, origin: Origin) -> Parsed {
        let support = Support::point(x, origin);
        Parsed {
            form: Form::Constant(x),
            meta: Meta::default(),
            support,
            origin,
            written: Written::Words(x.to_string()),
        }
    }

    /// A member of a process by its key below it, such as `initial` or `regimes.glut.drift_per_year`.
    pub fn part(&self, key: &str) -> Option<&Parsed> {
        let Form::Process(process) = &self.form else { return None };
        match key.split('.').collect::<Vec<_>>()[..] {
            ["initial"] => Some(&process.initial),
            ["trend_per_year"] => process.trend_per_year.as_ref(),
            ["volatility_per_sqrt_year"] => process.volatility.as_ref(),
            ["half_life_months"] => process.half_life_months.as_ref(),
            ["jumps", name] => {
                let jumps = process.jumps.as_ref()?;
                match name {
                    "per_year" => Some(&jumps.per_year),
                    "log_mean" => Some(&jumps.log_mean),
                    "log_sd" => Some(&jumps.log_sd),
                    _ => None,
                }
            }
            ["regimes", id, name] => {
                let state = process.regimes.as_ref()?.states.iter().find(|state| state.id == id)?;
                match name {
                    "mean_spell_months" => Some(&state.mean_spell_months),
                    "drift_per_year" => Some(&state.drift_per_year),
                    "volatility_per_sqrt_year" => state.volatility.as_ref(),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl Support {
    fn point(x: f64, at: Origin) -> Support {
        Support { low: x, high: x, open: false, low_at: at, high_at: at }
    }
    fn between((low, low_at): (f64, Origin), (high, high_at): (f64, Origin)) -> Support {
        Support { low, high, open: low < high, low_at, high_at }
    }
    fn union(self, other: Support) -> Support {
        let (low, low_at) =
            if other.low < self.low { (other.low, other.low_at) } else { (self.low, self.low_at) };
        let (high, high_at) =
            if other.high > self.high { (other.high, other.high_at) } else { (self.high, self.high_at) };
        Support { low, high, open: self.open && other.open, low_at, high_at }
    }
}

/// Whether a key gives a quantity its form.
pub fn is_form_key(key: &str) -> bool {
    FORMS.contains(&key) || probability(key).is_some()
}

/// The probability a quantile key `pNN` or `pNN_N` names; none if it is no such key.
pub fn probability(key: &str) -> Option<f64> {
    let digits = key.strip_prefix('p')?;
    let (whole, rest) = digits.split_once('_').unwrap_or((digits, ""));
    let digit = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 2 || !digit(whole) || !digit(rest) || digits.ends_with('_') {
        return None;
    }
    format!("0.{whole:0>2}{rest}").parse().ok()
}

/// The value of a constant or the written form of anything else, without metadata.
pub fn text_of(node: &Node) -> String {
    let Some(table) = node.table() else { return node.to_toml() };
    let mut form: Table = table.clone();
    form.retain(|key, _| !METADATA.contains(&key.as_str()));
    match (form.len(), form.get("value")) {
        (1, Some(entry)) => entry.node.to_toml(),
        _ => Node { value: Value::Table(form), origin: node.origin }.to_toml(),
    }
}

impl Process {
    /// Levels it can reach: those of `initial` if nothing moves it, otherwise anything above 0.
    fn support(&self) -> Support {
        let still = |member: &Option<Parsed>| {
            member.as_ref().is_none_or(|member| matches!(member.form, Form::Constant(x) if x == 0.0))
        };
        let start = self.initial.support;
        let moves = !still(&self.trend_per_year)
            || !still(&self.volatility)
            || self.jumps.is_some()
            || self.regimes.is_some();
        if moves && start.high > 0.0 {
            Support { low: 0.0, high: f64::INFINITY, open: true, ..start }
        } else {
            start
        }
    }
}

/// That `text`, written at `origin`, is not a month, and which it probably means.
pub fn not_a_month(origin: Origin, title: String, text: &str) -> Diagnostic {
    let problem = Diagnostic::error(origin, title).note("allowed: \"YYYY-MM\"");
    match Month::meant(text) {
        Some(month) => problem.hint(format!("write \"{month}\"")),
        None => problem,
    }
}

/// Whether a text is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
pub fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let number = |part: Option<&str>, digits: usize, low: u32, high: u32| match part {
        None => true,
        Some(part) => {
            part.len() == digits
                && part.bytes().all(|b| b.is_ascii_digit())
                && part.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n))
        }
    };
    let year = parts.next();
    number(year, 4, 1, 9999)
        && number(parts.next(), 2, 1, 12)
        && number(parts.next(), 2, 1, 31)
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantile_keys_name_probabilities() {
        assert_eq!(probability("p05"), Some(0.05));
        assert_eq!(probability("p5"), Some(0.05));
        assert_eq!(probability("p97_5"), Some(0.975));
        assert_eq!(probability("p2_5"), Some(0.025));
        assert_eq!(probability("pert"), None);
        assert_eq!(probability("p_5"), None);
        assert_eq!(probability("p100"), None);
        assert_eq!(probability("p05_"), None);
    }

    #[test]
    fn dates_are_years_months_or_days() {
        for good in ["2026", "2026-07", "2026-07-31"] {
            assert!(is_date(good), "{good}");
        }
        for bad in ["26", "2026-13", "2026-7", "2026-07-32", "2026-07-01-01", "July", ""] {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
