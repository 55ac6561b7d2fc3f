//! A quantity as written: its form, its metadata, its support, and everything that can be wrong with them.
//!
//! A form is known by the one key of a list that is present. Ranges are checked over the whole support, so that no path
//! can leave them. What a quantity becomes in a job is `build`'s business.

use std::collections::BTreeSet;

use super::diagnostic::{Diagnostic, Files, Origin, nearest};
use super::raw::{Entry, Node, Value};
use super::registry::{FORMS, METADATA, Measure, Range};
use super::table::Library;
use crate::calendar::Month;
use crate::random::distribution::Distribution;
use crate::random::elicit;
use crate::random::process::{Anchor, Jumps, Regime, Regimes};
use crate::source::Grade;
use crate::units::Unit;

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

/// Largest magnitude a number may have.
const HUGE: f64 = 1e18;

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
    /// Its form as text.
    pub text: String,
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
    /// Regimes; `drift_per_year` may be left out.
    pub regimes: Option<Regimes<Parsed>>,
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
        Parsed { form: Form::Constant(x), meta: Meta::default(), support, origin, text: x.to_string() }
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

/// How much time a quantity may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// Every form.
    Full,
    /// Constants, parameters and schedules: the start of a process.
    Curve,
    /// Constants and parameters: the other members of a process.
    None,
}

/// Reads quantities, collecting what is wrong.
pub struct Reader<'a> {
    /// Texts.
    pub files: &'a mut Files,
    /// CSV files.
    pub library: &'a mut Library,
    /// Keys of the bibliography.
    pub sources: &'a BTreeSet<String>,
    /// First month of the scenario, if it has one.
    pub start: Option<Month>,
    /// Ids of currencies.
    pub currencies: &'a BTreeSet<String>,
    /// Problems so far.
    pub problems: Vec<Diagnostic>,
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
    let mut form: super::raw::Table = table.clone();
    form.retain(|key, _| !METADATA.contains(&key.as_str()));
    match (form.len(), form.get("value")) {
        (1, Some(entry)) => entry.node.to_toml(),
        _ => Node { value: Value::Table(form), origin: node.origin }.to_toml(),
    }
}

impl Reader<'_> {
    /// The quantity at `key`, if it can be made sense of.
    pub fn quantity(&mut self, key: &str, entry: &Entry, measure: &Measure) -> Option<Parsed> {
        let parsed = self.read(key, &entry.node, measure.unit, Time::Full)?;
        let inside = if parsed.meta.currency.is_some() {
            self.check_range(key, &parsed, &Range { high: f64::INFINITY, ..measure.allowed }, measure.unit)
        } else {
            self.check_range(key, &parsed, &measure.allowed, measure.unit)
        };
        if inside && parsed.meta.currency.is_none() {
            self.check_usual(key, &parsed, measure);
        }
        inside.then_some(parsed)
    }

    fn read(&mut self, key: &str, node: &Node, unit: Unit, time: Time) -> Option<Parsed> {
        let done =
            |form, meta, support| Parsed { form, meta, support, origin: node.origin, text: text_of(node) };
        let Value::Table(table) = &node.value else {
            let x = self.number(key, node)?;
            return Some(done(Form::Constant(x), Meta::default(), Support::point(x, node.origin)));
        };
        let meta = self.meta(key, node, unit, time);
        let form = self.form_of(key, node)?;
        self.unknown_keys(key, node, form);
        let at = &table[form];
        let (form, support) = match form {
            "value" => {
                let x = self.number(key, &at.node)?;
                (Form::Constant(x), Support::point(x, at.node.origin))
            }
            "initial" if time == Time::Full => self.process(key, node, unit)?,
            "schedule" if time != Time::None => self.schedule(key, node)?,
            "history" if time == Time::Full => self.history(key, node)?,
            "initial" | "schedule" | "history" => {
                let problem = Diagnostic::error(at.key, format!("{key} cannot change with time"));
                self.problems.push(
                    problem.note("allowed: a constant or a distribution drawn once per path").hint(
                        match time {
                            Time::Curve => "`initial` may be a constant, a distribution or a schedule",
                            _ => "members of a process are drawn once per path",
                        },
                    ),
                );
                return None;
            }
            _ => {
                let (distribution, support) = self.distribution(key, node)?;
                (Form::Parameter(distribution), support)
            }
        };
        Some(done(form, meta, support))
    }

    /// The one key that gives the form.
    fn form_of(&mut self, key: &str, node: &Node) -> Option<&'static str> {
        let table = node.table()?;
        let mut found: Vec<(&'static str, Origin)> =
            FORMS.iter().filter_map(|form| table.get(*form).map(|entry| (*form, entry.key))).collect();
        let quantiles = table.iter().find(|(key, _)| probability(key).is_some());
        if let Some((name, entry)) = quantiles
            && !table.contains_key("family")
        {
            if found.is_empty() {
                self.problems.push(
                    Diagnostic::error(entry.key, format!("{key} has quantiles but no family"))
                        .note("allowed: family = \"normal\", \"lognormal\" or \"metalog\"")
                        .hint(format!("add family = \"lognormal\" beside {name}")),
                );
                return None;
            }
            found.push(("family", entry.key));
        }
        found.sort_by_key(|(_, at)| *at);
        match found[..] {
            [(form, _)] => Some(form),
            [(first, at), (second, also), ..] => {
                let named =
                    |form: &str| if form == "family" { "quantiles".to_string() } else { format!("`{form}`") };
                self.problems.push(
                    Diagnostic::error(
                        also,
                        format!("{key} has two forms: {} and {}", named(first), named(second)),
                    )
                    .related(at, "the other form")
                    .hint("keep one"),
                );
                None
            }
            [] => {
                self.no_form(key, node);
                None
            }
        }
    }

    fn no_form(&mut self, key: &str, node: &Node) {
        let Some(table) = node.table() else { return };
        let first = table.values().map(|entry| entry.key).min().unwrap_or(node.origin);
        let member = table.keys().find(|key| PROCESS_MEMBERS.contains(&key.as_str()));
        let stranger = table.iter().find(|(key, _)| !METADATA.contains(&key.as_str()));
        let problem = match (member, stranger) {
            (Some(member), _) => Diagnostic::error(first, format!("{key} is a process without `initial`"))
                .label(format!("`{member}` belongs to a process"))
                .hint("say where it starts: initial = …"),
            (None, Some((stranger, entry))) => {
                let problem = Diagnostic::error(entry.key, format!("{key} has no form"))
                    .label(format!("`{stranger}` is no form"))
                    .note(format!("forms: {}, pNN", FORMS.join(", ")));
                match nearest(stranger, FORMS.iter().copied()) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem,
                }
            }
            (None, None) if table.is_empty() => Diagnostic::error(node.origin, format!("{key} is empty"))
                .hint("write a number or one of the forms"),
            (None, None) => Diagnostic::error(first, format!("{key} has metadata but no value"))
                .hint("add value = … or another form"),
        };
        self.problems.push(problem);
    }

    fn unknown_keys(&mut self, key: &str, node: &Node, form: &str) {
        let companions: &[&str] = match form {
            "family" => &["family", "min", "max"],
            "initial" => PROCESS_MEMBERS,
            "schedule" => &["schedule", "interpolation"],
            "history" => &["history", "model"],
            _ => &[],
        };
        let Some(table) = node.table() else { return };
        for (name, entry) in table {
            let name = name.as_str();
            let known = name == form
                || METADATA.contains(&name)
                || companions.contains(&name)
                || form == "family" && probability(name).is_some();
            // A second form has been reported as such.
            if known || is_form_key(name) {
                continue;
            }
            let problem = Diagnostic::error(entry.key, format!("{key} has an unknown key `{name}`"));
            let candidates = METADATA.iter().chain(companions).chain(FORMS).copied();
            self.problems.push(match nearest(name, candidates) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.note(format!(
                    "beside `{form}` there may be: {}",
                    companions
                        .iter()
                        .chain(METADATA)
                        .filter(|k| **k != form)
                        .copied()
                        .collect::<Vec<_>>()
                        .join(", ")
                )),
            });
        }
    }

    fn meta(&mut self, key: &str, node: &Node, unit: Unit, time: Time) -> Meta {
        let mut meta = Meta::default();
        let Some(table) = node.table() else { return meta };
        if let Some(entry) = table.get("source") {
            let listed = entry.node.list().unwrap_or(std::slice::from_ref(&entry.node));
            for item in listed {
                match item.text() {
                    Some(id) if self.sources.contains(id) => meta.sources.push(id.to_string()),
                    Some(id) => self.undefined(key, item, "source", id, self.sources),
                    None => self.wrong_type(
                        &format!("source of {key}"),
                        item,
                        "a key of [sources] or a list of them",
                    ),
                }
            }
        }
        for (name, place) in
            [("note", &mut meta.note), ("as_of", &mut meta.as_of), ("stream", &mut meta.stream)]
        {
            let Some(entry) = table.get(name) else { continue };
            match &entry.node.value {
                Value::Text(text) if name != "as_of" || is_date(text) => *place = Some(text.clone()),
                Value::Date(date) if name == "as_of" => *place = Some(date.clone()),
                Value::Text(_) => self.bad_date(&format!("as_of of {key}"), &entry.node),
                _ => self.wrong_type(&format!("{name} of {key}"), &entry.node, "text"),
            }
        }
        if let Some(entry) = table.get("stream")
            && meta.stream.as_deref().is_some_and(|name| name.trim().is_empty())
        {
            self.problems
                .push(Diagnostic::error(entry.node.origin, format!("the stream of {key} has no name")));
        }
        if let Some(entry) = table.get("grade") {
            match entry.node.text().map(str::parse::<Grade>) {
                Some(Ok(grade)) => meta.grade = Some(grade),
                _ => {
                    let problem =
                        Diagnostic::error(entry.node.origin, format!("grade of {key} is not a grade"))
                            .note(format!("allowed: {}", Grade::NAMES.join(", ")));
                    let near = entry.node.text().and_then(|text| nearest(text, Grade::NAMES.iter().copied()));
                    self.problems.push(match near {
                        Some(near) => problem.hint(format!("did you mean {near:?}?")),
                        None => problem,
                    });
                }
            }
        }
        if let Some(entry) = table.get("currency") {
            meta.currency = self.currency(key, &entry.node, unit, time);
        }
        meta
    }

    fn currency(&mut self, key: &str, node: &Node, unit: Unit, time: Time) -> Option<String> {
        let Some(id) = node.text() else {
            self.wrong_type(&format!("currency of {key}"), node, "an id of [currencies]");
            return None;
        };
        if time != Time::Full {
            let problem = Diagnostic::error(node.origin, format!("{key} is part of a quantity"));
            self.problems.push(problem.hint("give the currency beside `initial`, for the whole process"));
        } else if !unit.is_money() {
            let problem = Diagnostic::error(node.origin, format!("{key} is not money"));
            self.problems
                .push(problem.label(format!("its unit is {}", unit.text())).hint("remove `currency`"));
        } else if !self.currencies.contains(id) {
            self.undefined(key, node, "currency", id, self.currencies);
        } else {
            return Some(id.to_string());
        }
        None
    }

    fn undefined(&mut self, key: &str, node: &Node, what: &str, id: &str, known: &BTreeSet<String>) {
        let table = if what == "source" { "sources" } else { "currencies" };
        let problem = Diagnostic::error(node.origin, format!("{key} names an undefined {what} {id:?}"));
        self.problems.push(match nearest(id, known.iter().map(String::as_str)) {
            Some(near) => problem.hint(format!("did you mean {near:?}?")),
            None => problem.hint(format!("define it: [{table}.{id}]")),
        });
    }

    fn wrong_type(&mut self, what: &str, node: &Node, expected: &str) {
        let problem = Diagnostic::error(node.origin, format!("{what} is not {expected}"));
        self.problems.push(problem.label(format!("found {}", node.kind())));
    }

    fn bad_date(&mut self, what: &str, node: &Node) {
        let problem = Diagnostic::error(node.origin, format!("{what} is not a date"));
        self.problems.push(problem.note("allowed: \"YYYY\", \"YYYY-MM\" or \"YYYY-MM-DD\""));
    }

    /// A finite number of sensible magnitude.
    fn number(&mut self, key: &str, node: &Node) -> Option<f64> {
        let Some(x) = node.number() else {
            let problem = Diagnostic::error(node.origin, format!("{key} is not a number"))
                .label(format!("found {}", node.kind()));
            self.problems.push(match &node.value {
                Value::Text(text) if text.trim().parse::<f64>().is_ok() => problem.hint("remove the quotes"),
                Value::Text(text) if text.trim_end().ends_with('%') => {
                    problem.hint("a percentage is written as a fraction: 55% is 0.55")
                }
                Value::List(_) => problem.hint("a range is written { uniform = [low, high] }"),
                _ => problem,
            });
            return None;
        };
        if !x.is_finite() || x.abs() > HUGE {
            let problem =
                Diagnostic::error(node.origin, format!("{key} is not a finite number of sensible size"));
            self.problems
                .push(problem.label(format!("found {x:e}")).note(format!("allowed: -{HUGE:e} to {HUGE:e}")));
            return None;
        }
        Some(x)
    }

    /// A list of exactly `names.len()` numbers.
    fn numbers<const N: usize>(
        &mut self,
        key: &str,
        entry: &Entry,
        names: [&str; N],
    ) -> Option<[(f64, Origin); N]> {
        let form = format!("[{}]", names.join(", "));
        let Some(list) = entry.node.list().filter(|list| list.len() == N) else {
            let found = entry
                .node
                .list()
                .map_or(entry.node.kind().to_string(), |list| format!("{} numbers", list.len()));
            let problem = Diagnostic::error(entry.node.origin, format!("{key} takes a list of {N} numbers"));
            self.problems.push(problem.label(format!("found {found}")).note(format!("allowed: {form}")));
            return None;
        };
        let read: Vec<_> = list.iter().map(|item| self.number(key, item).map(|x| (x, item.origin))).collect();
        read.into_iter().collect::<Option<Vec<_>>>()?.try_into().ok()
    }

    /// The numbers under the given keys of a table; absent ones take their default, if they have one.
    fn members<const N: usize>(
        &mut self,
        key: &str,
        entry: &Entry,
        names: [(&str, Option<f64>); N],
    ) -> Option<[(f64, Origin); N]> {
        let form = format!("{{ {} }}", names.map(|(name, _)| name).join(", "));
        let Some(table) = entry.node.table() else {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} takes a table"));
            self.problems
                .push(problem.label(format!("found {}", entry.node.kind())).note(format!("allowed: {form}")));
            return None;
        };
        let mut sound = true;
        for (name, stranger) in table {
            if !names.iter().any(|(known, _)| known == name) {
                let problem = Diagnostic::error(stranger.key, format!("{key} has an unknown key `{name}`"));
                let problem = problem.note(format!("allowed: {form}"));
                self.problems.push(match nearest(name, names.iter().map(|(known, _)| *known)) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem,
                });
                sound = false;
            }
        }
        let read = names.map(|(name, default)| match (table.get(name), default) {
            (Some(member), _) => {
                self.number(&format!("{name} of {key}"), &member.node).map(|x| (x, member.node.origin))
            }
            (None, Some(x)) => Some((x, entry.node.origin)),
            (None, None) => {
                let problem = Diagnostic::error(entry.key, format!("{key} needs `{name}`"));
                self.problems.push(problem.note(format!("allowed: {form}")));
                None
            }
        });
        if !sound || read.iter().any(Option::is_none) {
            return None;
        }
        Some(read.map(|x| x.unwrap_or_default()))
    }

    /// A plain list of numbers.
    fn list(&mut self, key: &str, node: Option<&Node>, at: Origin) -> Option<Vec<(f64, Origin)>> {
        let Some(list) = node.and_then(Node::list).filter(|list| !list.is_empty()) else {
            let origin = node.map_or(at, |node| node.origin);
            self.problems.push(Diagnostic::error(origin, format!("{key} needs a list of numbers")));
            return None;
        };
        let read: Vec<_> = list.iter().map(|item| self.number(key, item).map(|x| (x, item.origin))).collect();
        read.into_iter().collect()
    }

    /// A distribution drawn once per path, and its support.
    fn distribution(&mut self, key: &str, node: &Node) -> Option<(Distribution, Support)> {
        let form = self.form_of(key, node)?;
        let entry = &node.table()?[form];
        let made = |made: Result<Distribution, String>, support: Support, reader: &mut Self| match made {
            Ok(distribution) => Some((distribution, support)),
            Err(why) => {
                let problem = Diagnostic::error(entry.node.origin, format!("{key}: {why}"));
                reader.problems.push(problem.label(format!("no such {form} distribution")));
                None
            }
        };
        let everywhere = Support {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            open: true,
            low_at: entry.node.origin,
            high_at: entry.node.origin,
        };
        match form {
            "value" => {
                let x = self.number(key, &entry.node)?;
                let point = Support::point(x, entry.node.origin);
                made(text(Distribution::discrete(&[x], &[1.0])), point, self)
            }
            "uniform" => {
                let [low, high] = self.numbers(key, entry, ["low", "high"])?;
                made(text(Distribution::uniform(low.0, high.0)), Support::between(low, high), self)
            }
            "triangular" | "pert" => {
                let [min, mode, max] = self.numbers(key, entry, ["min", "mode", "max"])?;
                let distribution = if form == "pert" {
                    text(Distribution::pert(min.0, mode.0, max.0))
                } else {
                    text(Distribution::triangular(min.0, mode.0, max.0))
                };
                made(distribution, Support::between(min, max), self)
            }
            "normal" => {
                let [mean, sd] = self.members(key, entry, [("mean", None), ("sd", None)])?;
                made(text(Distribution::normal(mean.0, sd.0)), everywhere, self)
            }
            "lognormal" => {
                let [median, sigma] = self.members(key, entry, [("median", None), ("sigma", None)])?;
                made(
                    text(Distribution::lognormal(median.0, sigma.0)),
                    Support { low: 0.0, ..everywhere },
                    self,
                )
            }
            "beta" => {
                let names = [("alpha", None), ("beta", None), ("min", Some(0.0)), ("max", Some(1.0))];
                let [alpha, beta, min, max] = self.members(key, entry, names)?;
                let distribution = text(Distribution::beta(alpha.0, beta.0, min.0, max.0));
                made(distribution, Support::between(min, max), self)
            }
            "discrete" => {
                let values = self.list(&format!("values of {key}"), entry.node.get("values"), entry.key)?;
                let weights =
                    self.list(&format!("weights of {key}"), entry.node.get("weights"), entry.key)?;
                let support = values.iter().map(|&(x, at)| Support::point(x, at)).reduce(Support::union)?;
                let numbers = |list: &[(f64, Origin)]| list.iter().map(|(x, _)| *x).collect::<Vec<_>>();
                made(text(Distribution::discrete(&numbers(&values), &numbers(&weights))), support, self)
            }
            "mixture" => self.mixture(key, entry),
            "empirical" => {
                let values = self.samples(key, entry)?;
                let support = values.iter().map(|&(x, at)| Support::point(x, at)).reduce(Support::union)?;
                let support = Support { low_at: entry.node.origin, high_at: entry.node.origin, ..support };
                let values = values.into_iter().map(|(x, _)| x).collect();
                made(text(Distribution::empirical(values)), support, self)
            }
            "family" => self.elicited(key, node, everywhere),
            _ => {
                let problem = Diagnostic::error(entry.key, format!("{key}: `{form}` is no distribution"));
                self.problems.push(problem.note("allowed: a distribution drawn once per path"));
                None
            }
        }
    }

    fn mixture(&mut self, key: &str, entry: &Entry) -> Option<(Distribution, Support)> {
        let weights = self.list(&format!("weights of {key}"), entry.node.get("weights"), entry.key)?;
        let Some(of) = entry.node.get("of").and_then(Node::list).filter(|list| !list.is_empty()) else {
            let problem = Diagnostic::error(entry.key, format!("{key} needs `of`, a list of distributions"));
            self.problems.push(problem.note("allowed: { weights = [..], of = [ <distribution>, .. ] }"));
            return None;
        };
        if weights.len() != of.len() {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} mixes lists of two lengths"));
            self.problems.push(problem.label(format!(
                "{} weights of {} distributions",
                weights.len(),
                of.len()
            )));
            return None;
        }
        let parts: Vec<_> = of.iter().map(|part| self.mixed(key, part)).collect();
        let parts: Vec<(Distribution, Support)> = parts.into_iter().collect::<Option<_>>()?;
        let support = parts.iter().map(|(_, support)| *support).reduce(Support::union)?;
        let weights: Vec<f64> = weights.into_iter().map(|(weight, _)| weight).collect();
        match text(Distribution::mixture(&weights, parts.into_iter().map(|(part, _)| part).collect())) {
            Ok(distribution) => Some((distribution, support)),
            Err(why) => {
                self.problems.push(Diagnostic::error(entry.node.origin, format!("{key}: {why}")));
                None
            }
        }
    }

    fn mixed(&mut self, key: &str, part: &Node) -> Option<(Distribution, Support)> {
        if part.number().is_some() {
            let x = self.number(key, part)?;
            let point = text(Distribution::discrete(&[x], &[1.0])).ok()?;
            return Some((point, Support::point(x, part.origin)));
        }
        if part.table().is_none() {
            self.wrong_type(&format!("a part of {key}"), part, "a distribution");
            return None;
        }
        let form = self.form_of(key, part)?;
        self.unknown_keys(key, part, form);
        self.distribution(key, part)
    }

    fn elicited(&mut self, key: &str, node: &Node, everywhere: Support) -> Option<(Distribution, Support)> {
        let table = node.table()?;
        let at = table.get("family")?;
        let family = at.node.text().unwrap_or_default();
        if !["normal", "lognormal", "metalog"].contains(&family) {
            let problem = Diagnostic::error(at.node.origin, format!("{key} has an unknown family"))
                .note("allowed: normal, lognormal, metalog");
            self.problems.push(match nearest(family, ["normal", "lognormal", "metalog"]) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem,
            });
            return None;
        }
        let mut points = Vec::new();
        for (name, entry) in table {
            if let Some(p) = probability(name) {
                points.push((p, self.number(key, &entry.node)?, entry));
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut bounds = [None, None];
        for (bound, name) in bounds.iter_mut().zip(["min", "max"]) {
            if let Some(entry) = table.get(name) {
                if family != "metalog" {
                    let problem =
                        Diagnostic::error(entry.key, format!("{key}: `{name}` bounds a metalog only"));
                    self.problems.push(problem.hint("use family = \"metalog\", or another form"));
                    return None;
                }
                *bound = Some((self.number(key, &entry.node)?, entry.node.origin));
            }
        }
        self.check_quantiles(key, family, &points, bounds, at)?;
        let pairs: Vec<(f64, f64)> = points.iter().map(|(p, x, _)| (*p, *x)).collect();
        let [min, max] = bounds;
        let (made, support) = match family {
            "normal" => (text(elicit::normal(&pairs)), everywhere),
            "lognormal" => (text(elicit::lognormal(&pairs)), Support { low: 0.0, ..everywhere }),
            _ => (
                text(elicit::metalog(&pairs, min.map(|b| b.0), max.map(|b| b.0))),
                Support {
                    low: min.map_or(everywhere.low, |b| b.0),
                    high: max.map_or(everywhere.high, |b| b.0),
                    low_at: min.map_or(at.node.origin, |b| b.1),
                    high_at: max.map_or(at.node.origin, |b| b.1),
                    open: true,
                },
            ),
        };
        match made {
            Ok(distribution) => Some((distribution, support)),
            Err(why) => {
                let problem = Diagnostic::error(at.node.origin, format!("{key}: {why}"));
                self.problems.push(problem.label("these quantiles fit no such distribution"));
                None
            }
        }
    }

    fn check_quantiles(
        &mut self,
        key: &str,
        family: &str,
        points: &[(f64, f64, &Entry)],
        bounds: [Option<(f64, Origin)>; 2],
        at: &Entry,
    ) -> Option<()> {
        let wanted = if family == "metalog" { "at least two" } else { "exactly two" };
        if points.len() < 2 || family != "metalog" && points.len() > 2 {
            let problem = Diagnostic::error(at.node.origin, format!("{key} takes {wanted} quantiles"));
            self.problems.push(
                problem
                    .label(format!("found {}", points.len()))
                    .note("quantiles are written p05, p50, p95, p2_5, …")
                    .hint(if points.len() > 2 {
                        "use family = \"metalog\" for more"
                    } else {
                        "for example p05 = …, p95 = …"
                    }),
            );
            return None;
        }
        for pair in points.windows(2) {
            let problem = if pair[0].0 == pair[1].0 {
                "gives one quantile twice"
            } else if pair[0].1 >= pair[1].1 {
                "has quantiles that do not increase"
            } else {
                continue;
            };
            self.problems.push(
                Diagnostic::error(pair[1].2.node.origin, format!("{key} {problem}"))
                    .label(format!("the value at probability {} is {}", pair[1].0, pair[1].1))
                    .related(pair[0].2.node.origin, format!("and at {} it is {}", pair[0].0, pair[0].1)),
            );
            return None;
        }
        let outside = points.iter().find(|(p, x, _)| {
            *p <= 0.0
                || bounds[0].is_some_and(|(min, _)| *x <= min)
                || bounds[1].is_some_and(|(max, _)| *x >= max)
                || family == "lognormal" && *x <= 0.0
        });
        if let Some((p, _, entry)) = outside {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} has a quantile out of place"));
            self.problems.push(problem.note(if *p <= 0.0 {
                "quantiles run from p01 to p99"
            } else if family == "lognormal" {
                "quantiles of a lognormal are above 0"
            } else {
                "quantiles lie strictly between `min` and `max`"
            }));
            return None;
        }
        Some(())
    }

    fn schedule(&mut self, key: &str, node: &Node) -> Option<(Form, Support)> {
        let entry = node.table()?.get("schedule")?;
        let interpolation = self.word(key, node, "interpolation", &["linear", "step"]);
        let Some(dates) = entry.node.table().filter(|table| !table.is_empty()) else {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} needs dated values"));
            self.problems.push(problem.note("allowed: schedule = { \"2026-10\" = 1.0, \"2027-06\" = 1.2 }"));
            return None;
        };
        let (mut knots, mut sound) = (Vec::new(), true);
        for (date, value) in dates {
            let month = match date.parse::<Month>() {
                Ok(month) => Some(month),
                Err(_) => {
                    let problem = Diagnostic::error(value.key, format!("{key}: {date:?} is not a month"));
                    self.problems.push(problem.note("allowed: \"YYYY-MM\""));
                    None
                }
            };
            match (month, self.number(key, &value.node)) {
                (Some(month), Some(x)) => knots.push((month, x, value.node.origin)),
                _ => sound = false,
            }
        }
        let linear = interpolation?.unwrap_or("linear") == "linear";
        if !sound {
            return None;
        }
        knots.sort_by_key(|(month, ..)| *month);
        let support = knots.iter().map(|&(_, x, at)| Support::point(x, at)).reduce(Support::union)?;
        let knots = knots.into_iter().map(|(month, x, _)| (month, x)).collect();
        Some((Form::Schedule { knots, linear }, support))
    }

    /// The word under `name`, one of `allowed`; the outer option is empty if it is wrong, the inner if it is absent.
    pub(super) fn word<'n>(
        &mut self,
        key: &str,
        node: &'n Node,
        name: &str,
        allowed: &[&str],
    ) -> Option<Option<&'n str>> {
        let Some(entry) = node.entry(name) else { return Some(None) };
        match entry.node.text() {
            Some(word) if allowed.contains(&word) => Some(Some(word)),
            found => {
                let problem =
                    Diagnostic::error(entry.node.origin, format!("{name} of {key} is not a word it knows"))
                        .note(format!("allowed: {}", allowed.join(", ")));
                self.problems.push(match found.and_then(|word| nearest(word, allowed.iter().copied())) {
                    Some(near) => problem.hint(format!("did you mean {near:?}?")),
                    None => problem,
                });
                None
            }
        }
    }

    /// A member of a process at `node.name`, checked against its range; the outer option is empty if it is wrong.
    fn member(
        &mut self,
        key: &str,
        node: &Node,
        name: &str,
        unit: Unit,
        range: Range,
    ) -> Option<Option<Parsed>> {
        let Some(entry) = node.entry(name) else { return Some(None) };
        let key = format!("{key}.{name}");
        let parsed = self.read(&key, &entry.node, unit, Time::None)?;
        self.check_range(&key, &parsed, &range, unit).then_some(Some(parsed))
    }

    fn needed(&mut self, key: &str, node: &Node, name: &str, unit: Unit, range: Range) -> Option<Parsed> {
        let member = self.member(key, node, name, unit, range)?;
        if member.is_none() {
            self.problems.push(Diagnostic::error(node.origin, format!("{key} needs `{name}`")));
        }
        member
    }

    fn process(&mut self, key: &str, node: &Node, unit: Unit) -> Option<(Form, Support)> {
        let any = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
        let from_zero = Range::closed(0.0, f64::INFINITY);
        let above_zero = Range::above(0.0, f64::INFINITY);
        let start = &node.table()?.get("initial")?.node;
        let initial = self.read(&format!("{key}.initial"), start, unit, Time::Curve).and_then(|initial| {
            self.check_range(&format!("{key}.initial"), &initial, &from_zero, unit).then_some(initial)
        });
        let anchor = self.word(key, node, "anchor", &["median", "mean"]);
        let trend = self.member(key, node, "trend_per_year", Unit::PerYear, any);
        let volatility = self.member(key, node, "volatility_per_sqrt_year", Unit::PerSqrtYear, from_zero);
        let half_life = self.member(key, node, "half_life_months", Unit::Months, above_zero);
        let jumps = self.jumps(key, node);
        let regimes = self.regimes(key, node);
        let process = Process {
            initial: initial?,
            anchor: if anchor? == Some("mean") { Anchor::Mean } else { Anchor::Median },
            trend_per_year: trend?,
            volatility: volatility?,
            half_life_months: half_life?,
            jumps: jumps?,
            regimes: regimes?,
        };
        let support = process.support();
        Some((Form::Process(Box::new(process)), support))
    }

    fn jumps(&mut self, key: &str, node: &Node) -> Option<Option<Jumps<Parsed>>> {
        let Some(entry) = node.entry("jumps") else { return Some(None) };
        let any = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
        let from_zero = Range::closed(0.0, f64::INFINITY);
        let key = format!("{key}.jumps");
        self.only(&key, &entry.node, &["per_year", "log_mean", "log_sd"])?;
        let per_year =
            self.needed(&key, &entry.node, "per_year", Unit::EventsPerYear, Range::closed(0.0, 6000.0));
        let log_mean = self.needed(&key, &entry.node, "log_mean", Unit::Log, any);
        let log_sd = self.needed(&key, &entry.node, "log_sd", Unit::Log, from_zero);
        Some(Some(Jumps { per_year: per_year?, log_mean: log_mean?, log_sd: log_sd? }))
    }

    fn regimes(&mut self, key: &str, node: &Node) -> Option<Option<Regimes<Parsed>>> {
        let Some(entry) = node.entry("regimes") else { return Some(None) };
        let key = format!("{key}.regimes");
        self.only(&key, &entry.node, &["start", "demean", "states"])?;
        let demean = match entry.node.get("demean").map(|node| (node, node.boolean())) {
            None => true,
            Some((_, Some(flag))) => flag,
            Some((node, None)) => {
                self.wrong_type(&format!("{key}.demean"), node, "true or false");
                return None;
            }
        };
        let states = entry.node.get("states").and_then(Node::list).unwrap_or_default();
        if states.len() < 2 {
            let origin = entry.node.get("states").map_or(entry.key, |states| states.origin);
            self.problems.push(Diagnostic::error(origin, format!("{key} needs at least two states")));
            return None;
        }
        let mut ids: Vec<&str> = Vec::new();
        for state in states {
            match state.get("id").and_then(Node::text) {
                Some(id) if ids.contains(&id) => {
                    let origin = state.get("id").map_or(state.origin, |id| id.origin);
                    self.problems.push(Diagnostic::error(origin, format!("{key} has two states {id:?}")));
                    return None;
                }
                Some(id) => ids.push(id),
                None => {
                    self.problems
                        .push(Diagnostic::error(state.origin, format!("a state of {key} has no `id`")));
                    return None;
                }
            }
        }
        let start = match entry.node.entry("start") {
            None => {
                let problem = Diagnostic::error(entry.key, format!("{key} needs `start`"));
                self.problems.push(problem.note(format!("allowed: {}", ids.join(", "))));
                None
            }
            Some(_) => self.word(&key, &entry.node, "start", &ids).flatten(),
        };
        let read: Vec<_> =
            states.iter().zip(&ids).map(|(state, id)| self.state(&key, state, id, &ids)).collect();
        let states = read.into_iter().collect::<Option<Vec<_>>>()?;
        let start = ids.iter().position(|id| Some(*id) == start)?;
        Some(Some(Regimes { start, demean, states }))
    }

    fn state(&mut self, key: &str, state: &Node, id: &str, ids: &[&str]) -> Option<Regime<Parsed>> {
        let key = format!("{key}.{id}");
        let any = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
        self.only(
            &key,
            state,
            &["id", "mean_spell_months", "drift_per_year", "volatility_per_sqrt_year", "to"],
        )?;
        let spell =
            self.needed(&key, state, "mean_spell_months", Unit::Months, Range::closed(1.0, f64::INFINITY));
        let drift = self.needed(&key, state, "drift_per_year", Unit::PerYear, any);
        let volatility = self.member(
            &key,
            state,
            "volatility_per_sqrt_year",
            Unit::PerSqrtYear,
            Range::closed(0.0, f64::INFINITY),
        );
        let to = self.destinations(&key, state, id, ids);
        Some(Regime {
            id: id.to_string(),
            mean_spell_months: spell?,
            drift_per_year: drift?,
            volatility: volatility?,
            to: to?,
        })
    }

    fn destinations(&mut self, key: &str, state: &Node, id: &str, ids: &[&str]) -> Option<Vec<f64>> {
        let Some(entry) = state.entry("to") else {
            let share = 1.0 / (ids.len() - 1) as f64;
            return Some(ids.iter().map(|other| if *other == id { 0.0 } else { share }).collect());
        };
        let Some(table) = entry.node.table() else {
            self.wrong_type(&format!("{key}.to"), &entry.node, "a table of states");
            return None;
        };
        let mut to = vec![0.0; ids.len()];
        for (name, share) in table {
            let Some(at) = ids.iter().position(|other| other == name).filter(|_| name != id) else {
                let problem = Diagnostic::error(share.key, format!("{key}.to names {name:?}"));
                let others: Vec<_> = ids.iter().filter(|other| **other != id).copied().collect();
                self.problems.push(problem.note(format!("allowed: {}", others.join(", "))));
                return None;
            };
            to[at] = self.number(&format!("{key}.to"), &share.node)?;
            if !(0.0..=1.0).contains(&to[at]) {
                let problem = Diagnostic::error(share.node.origin, format!("{key}.to is not a probability"));
                self.problems.push(problem.label(format!("found {}", to[at])).note("allowed: 0 to 1"));
                return None;
            }
        }
        let sum: f64 = to.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            let problem = Diagnostic::error(entry.node.origin, format!("{key}.to does not sum to 1"));
            self.problems.push(problem.label(format!("sums to {sum}")));
            return None;
        }
        Some(to)
    }

    /// Whether `node` is a table that has only the given keys.
    pub(super) fn only(&mut self, key: &str, node: &Node, known: &[&str]) -> Option<()> {
        let Some(table) = node.table() else {
            self.wrong_type(key, node, "a table");
            return None;
        };
        let mut sound = Some(());
        for (name, entry) in table.iter().filter(|(name, _)| !known.contains(&name.as_str())) {
            let problem = Diagnostic::error(entry.key, format!("{key} has an unknown key `{name}`"));
            self.problems.push(match nearest(name, known.iter().copied()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.note(format!("allowed: {}", known.join(", "))),
            });
            sound = None;
        }
        sound
    }

    /// Whether the whole support is inside `allowed`; says what is not.
    fn check_range(&mut self, key: &str, parsed: &Parsed, allowed: &Range, unit: Unit) -> bool {
        let Support { low, high, open, low_at, high_at } = parsed.support;
        let above = low > allowed.low || low == allowed.low && (!allowed.low_open || open);
        let below = high < allowed.high || high == allowed.high && (!allowed.high_open || open);
        if above && below {
            return true;
        }
        let (x, at) = if above { (high, high_at) } else { (low, low_at) };
        let constant = matches!(parsed.form, Form::Constant(_));
        let found = match (x.is_finite(), constant) {
            (true, true) => format!("value = {x}"),
            (true, false) if above => format!("reaches {x}"),
            (true, false) => format!("starts at {x}"),
            (false, _) if above => "unbounded above".into(),
            (false, _) => "unbounded below".into(),
        };
        let problem = Diagnostic::error(at, format!("{key} is outside its range"))
            .label(found)
            .note(format!("allowed: {allowed} ({})", unit.text()));
        let percent = unit.is_percentage_in_disguise() && low > 1.0 && high <= 100.0;
        let process = matches!(parsed.form, Form::Process(_));
        self.problems.push(match () {
            () if percent && x.is_finite() => problem.hint(format!("{x}% is written {}", tidy(x / 100.0))),
            () if process && !above => {
                problem.hint("a process can fall to any level above 0: use a schedule or a distribution")
            }
            () if process => {
                problem.hint("a process can rise without bound: use a schedule or a distribution")
            }
            () if !x.is_finite() && !above && allowed.low == 0.0 && allowed.high.is_infinite() => {
                problem.hint("use a family bounded below: lognormal, triangular, pert, or metalog with `min`")
            }
            () if !x.is_finite() || !constant && allowed.high.is_finite() && high == f64::INFINITY => problem
                .hint(
                    "use a bounded family: triangular, pert, beta, uniform, or metalog with `min` and `max`",
                ),
            () if x < 0.0 && allowed.low >= 0.0 && constant => problem.hint("write it as a positive number"),
            () => problem,
        });
        false
    }

    fn check_usual(&mut self, key: &str, parsed: &Parsed, measure: &Measure) {
        let typical = match &parsed.form {
            Form::Constant(x) => *x,
            Form::Parameter(distribution) => distribution.quantile(0.5),
            _ => return,
        };
        if !measure.usual.contains(typical) && measure.allowed.contains(typical) {
            let problem = Diagnostic::warning(parsed.origin, format!("{key} is unusual"));
            let unit = measure.unit.text();
            self.problems.push(
                problem.label(format!("about {typical}")).note(format!("usual: {} ({unit})", measure.usual)),
            );
        }
    }
}

impl Process {
    /// Levels it can reach: those of `initial` if nothing moves it, otherwise anything above 0.
    pub(super) fn support(&self) -> Support {
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

fn text<E: std::fmt::Display>(made: Result<Distribution, E>) -> Result<Distribution, String> {
    made.map_err(|error| error.to_string())
}

/// A number without the noise of binary division.
fn tidy(x: f64) -> f64 {
    format!("{x:.12}").parse().unwrap_or(x)
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
