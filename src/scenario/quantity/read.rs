//! Finding a quantity's form, its metadata and its numbers.

use std::collections::BTreeSet;

use super::super::diagnostic::{Diagnostic, Files, Origin, nearest};
use super::super::raw::{Entry, Node, Value};
use super::super::registry::{FORMS, METADATA, Measure, Range};
use super::super::table::Library;
use super::{Form, Meta, PROCESS_MEMBERS, Parsed, Support, Written, is_date, is_form_key, probability};
use crate::calendar::Month;
use crate::source::Grade;
use crate::units::Unit;

/// Largest magnitude a number may have, and one over the least that is not 0: quotients of a few numbers stay finite.
const HUGE: f64 = 1e18;

/// How much time a quantity may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
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

    pub(super) fn read(&mut self, key: &str, node: &Node, unit: Unit, time: Time) -> Option<Parsed> {
        let done = |form, meta, support| Parsed {
            form,
            meta,
            support,
            origin: node.origin,
            written: Written::As(node.clone()),
        };
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
    pub(super) fn form_of(&mut self, key: &str, node: &Node) -> Option<&'static str> {
        let table = node.table()?;
        // Few keys against many forms: in the order of the forms where places are the same.
        let mut found: Vec<(usize, &'static str, Origin)> = table
            .iter()
            .filter_map(|(name, entry)| {
                let at = FORMS.iter().position(|form| form == name)?;
                Some((at, FORMS[at], entry.key))
            })
            .collect();
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
            found.push((FORMS.len(), "family", entry.key));
        }
        found.sort_by_key(|(order, _, at)| (*at, *order));
        match found[..] {
            [(_, form, _)] => Some(form),
            [(_, first, at), (_, second, also), ..] => {
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

    pub(super) fn no_form(&mut self, key: &str, node: &Node) {
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

    pub(super) fn unknown_keys(&mut self, key: &str, node: &Node, form: &str) {
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

    pub(super) fn meta(&mut self, key: &str, node: &Node, unit: Unit, time: Time) -> Meta {
        let mut meta = Meta::default();
        let Some(table) = node.table() else { return meta };
        if let Some(entry) = table.get("source") {
            let listed = entry.node.list().unwrap_or(std::slice::from_ref(&entry.node));
            for item in listed {
                match item.text() {
                    Some(id) if self.sources.contains(id) => meta.sources.push(id.to_string()),
                    Some(id) => {
                        self.undefined(key, item, "source", id, self.sources);
                        // So that it is not told to have none, too.
                        meta.sources.push(id.to_string());
                    }
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

    pub(super) fn currency(&mut self, key: &str, node: &Node, unit: Unit, time: Time) -> Option<String> {
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

    pub(super) fn undefined(
        &mut self,
        key: &str,
        node: &Node,
        what: &str,
        id: &str,
        known: &BTreeSet<String>,
    ) {
        let table = if what == "source" { "sources" } else { "currencies" };
        let problem = Diagnostic::error(node.origin, format!("{key} names an undefined {what} {id:?}"));
        self.problems.push(match nearest(id, known.iter().map(String::as_str)) {
            Some(near) => problem.hint(format!("did you mean {near:?}?")),
            None => problem.hint(format!("define it: [{table}.{id}]")),
        });
    }

    pub(super) fn wrong_type(&mut self, what: &str, node: &Node, expected: &str) {
        let problem = Diagnostic::error(node.origin, format!("{what} is not {expected}"));
        self.problems.push(problem.label(format!("found {}", node.kind())));
    }

    pub(super) fn bad_date(&mut self, what: &str, node: &Node) {
        let problem = Diagnostic::error(node.origin, format!("{what} is not a date"));
        self.problems.push(problem.note("allowed: \"YYYY\", \"YYYY-MM\" or \"YYYY-MM-DD\""));
    }

    /// A finite number of sensible magnitude.
    pub(super) fn number(&mut self, key: &str, node: &Node) -> Option<f64> {
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
        let tiny = x != 0.0 && x.abs() < 1.0 / HUGE;
        if !x.is_finite() || x.abs() > HUGE || tiny {
            let allowed = if tiny {
                format!("allowed: 0, or from {:e} in size", 1.0 / HUGE)
            } else {
                format!("allowed: -{HUGE:e} to {HUGE:e}")
            };
            let problem =
                Diagnostic::error(node.origin, format!("{key} is not a finite number of sensible size"));
            self.problems.push(problem.label(format!("found {x:e}")).note(allowed));
            return None;
        }
        Some(x)
    }

    /// A list of exactly `names.len()` numbers.
    pub(super) fn numbers<const N: usize>(
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
    pub(super) fn members<const N: usize>(
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
    pub(super) fn list(&mut self, key: &str, node: Option<&Node>, at: Origin) -> Option<Vec<(f64, Origin)>> {
        let Some(list) = node.and_then(Node::list).filter(|list| !list.is_empty()) else {
            let origin = node.map_or(at, |node| node.origin);
            self.problems.push(Diagnostic::error(origin, format!("{key} needs a list of numbers")));
            return None;
        };
        let read: Vec<_> = list.iter().map(|item| self.number(key, item).map(|x| (x, item.origin))).collect();
        read.into_iter().collect()
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
}
