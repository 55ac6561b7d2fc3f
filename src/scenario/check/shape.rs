//! The tree against the registry: unknown and missing keys, wrong types, ranges, undefined ids.
//!
//! One walk over the tree and the schema together; it also reads every quantity and fills in defaults. Rules between
//! keys are elsewhere in `check`.

use std::collections::{BTreeMap, BTreeSet};

use crate::calendar::Month;
use crate::scenario::diagnostic::{Diagnostic, FileKind, Files, Origin, nearest};
use crate::scenario::quantity::{Parsed, Reader, is_date};
use crate::scenario::raw::{Entry, Node, Value};
use crate::scenario::registry::{self, Ids, Kind, Need, SCENARIO, Schema};
use crate::scenario::table::Library;

/// What a walk found.
pub struct Walked {
    /// Quantities by key, defaults included.
    pub quantities: BTreeMap<String, Parsed>,
    /// Problems.
    pub problems: Vec<Diagnostic>,
}

/// Walks `tree`, whose rows are filled in.
pub fn walk(tree: &Node, files: &mut Files, library: &mut Library, defaults: Origin) -> Walked {
    let ids = |ids: Ids| -> BTreeSet<String> {
        let table = tree.get(ids.table()).and_then(Node::table);
        table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    };
    let (sources, currencies) = (ids(Ids::Source), ids(Ids::Currency));
    let start = tree.get("settings.start").and_then(Node::text).and_then(|text| text.parse().ok());
    let reader = Reader { files, library, sources: &sources, currencies: &currencies, start, problems: Vec::new() };
    let mut walker = Walker { tree, reader, defaults, quantities: BTreeMap::new() };
    walker.table("", tree, &SCENARIO, tree.origin);
    Walked { quantities: walker.quantities, problems: walker.reader.problems }
}

struct Walker<'a> {
    tree: &'a Node,
    reader: Reader<'a>,
    defaults: Origin,
    quantities: BTreeMap<String, Parsed>,
}

impl Walker<'_> {
    fn report(&mut self, problem: Diagnostic) {
        self.reader.problems.push(problem);
    }

    fn wrong(&mut self, key: &str, node: &Node, expected: &str) {
        self.report(
            Diagnostic::error(node.origin, format!("{key} is not {expected}"))
                .label(format!("found {}", node.kind())),
        );
    }

    fn table(&mut self, place: &str, node: &Node, schema: &'static Schema, header: Origin) {
        let Some(table) = node.table() else { return self.wrong(place, node, "a table") };
        for (name, entry) in table {
            match schema.field(name) {
                Some(field) => self.value(&join(place, name), entry, &field.kind),
                None => self.unknown_key(place, name, entry, schema),
            }
        }
        for field in schema.fields.iter().filter(|field| !table.contains_key(field.key)) {
            let key = join(place, field.key);
            match (field.need, &field.kind) {
                (Need::Required, _) => self.missing(&key, node, schema, header, field.doc),
                (Need::Default(text), Kind::Quantity(_)) => {
                    let parsed = text.parse().map(|x| Parsed::constant(x, self.defaults));
                    self.quantities.extend(parsed.ok().map(|parsed| (key, parsed)));
                }
                _ => {}
            }
        }
    }

    fn missing(&mut self, key: &str, node: &Node, schema: &Schema, header: Origin, doc: &str) {
        let name = key.rsplit('.').next().unwrap_or(key);
        let problem = Diagnostic::error(header, format!("{} needs `{name}`", place_of(key, schema)))
            .note(format!("`{name}`: {doc}"));
        self.report(if name == "wacc_real_per_year" && node.get("row").is_some() {
            problem.hint(
                "the table's cost of capital is nominal: subtract expected inflation and give wacc_real_per_year here",
            )
        } else if node.get("row").is_some() {
            problem.hint("the row leaves it empty: give it here")
        } else {
            problem
        });
    }

    fn unknown_key(&mut self, place: &str, name: &str, entry: &Entry, schema: &'static Schema) {
        let problem = Diagnostic::error(
            entry.key,
            format!("{} has no key `{name}`", place_of(&join(place, name), schema)),
        );
        let problem = match nearest(name, schema.fields.iter().map(|field| field.key)) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.note(format!(
                "known: {}",
                schema.fields.iter().map(|field| field.key).collect::<Vec<_>>().join(", ")
            )),
        };
        self.report(problem);
    }

    fn value(&mut self, key: &str, entry: &Entry, kind: &'static Kind) {
        let node = &entry.node;
        match kind {
            Kind::Quantity(measure) => {
                let parsed = self.reader.quantity(key, entry, measure);
                self.quantities.extend(parsed.map(|parsed| (key.to_string(), parsed)));
            }
            Kind::Number(measure) => match node.number() {
                None => self.wrong(key, node, "a number"),
                Some(x) if measure.allowed.contains(x) => {}
                Some(x) => {
                    let problem = Diagnostic::error(node.origin, format!("{key} is outside its range"));
                    self.report(
                        problem.label(format!("found {x}")).note(format!("allowed: {}", measure.allowed)),
                    );
                }
            },
            Kind::Text | Kind::Key | Kind::Row(_) => match node.text() {
                None => self.wrong(key, node, "text"),
                Some(text) if text.trim().is_empty() => {
                    self.report(Diagnostic::error(node.origin, format!("{key} is empty")))
                }
                Some(_) => {}
            },
            Kind::Choice(words) => self.choice(key, node, words),
            Kind::Integer { low, high } => self.integer(key, node, *low, *high),
            Kind::Boolean => {
                if node.boolean().is_none() {
                    self.wrong(key, node, "true or false");
                }
            }
            Kind::Month => self.month(key, node),
            Kind::Date => match &node.value {
                Value::Text(text) if is_date(text) => {}
                Value::Date(_) => {}
                _ => {
                    let problem = Diagnostic::error(node.origin, format!("{key} is not a date"));
                    self.report(problem.note("allowed: \"YYYY\", \"YYYY-MM\" or \"YYYY-MM-DD\""));
                }
            },
            Kind::Id(ids) => match node.text() {
                Some(id) => self.id(key, id, node.origin, *ids),
                None => self.wrong(key, node, &format!("the id of a {}", ids.one())),
            },
            Kind::Table(schema) => self.table(key, node, schema, entry.key),
            Kind::Tagged { tag, cases } => self.tagged(key, entry, tag, cases),
            Kind::New(inner) => self.entries(key, node, |walker, name, entry| {
                let from_table = walker.reader.files.of(entry.key).kind == FileKind::Table;
                if !from_table && !is_id(name) {
                    let problem = Diagnostic::error(entry.key, format!("{name:?} cannot be an id"));
                    walker.report(problem.note("allowed: letters, digits, `_` and `-`"));
                }
                walker.value(&join(key, name), entry, inner);
            }),
            Kind::Of(ids, inner) => self.entries(key, node, |walker, name, entry| {
                walker.id(key, name, entry.key, *ids);
                walker.value(&join(key, name), entry, inner);
            }),
            Kind::List(inner) => match node.list() {
                None => self.wrong(key, node, "a list"),
                Some(list) => {
                    for (at, item) in list.iter().enumerate() {
                        let entry = Entry { key: item.origin, node: item.clone() };
                        self.value(&format!("{key}.{at}"), &entry, inner);
                    }
                }
            },
            Kind::Either(first, second) => {
                let compound = matches!(node.value, Value::Table(_) | Value::List(_));
                self.value(key, entry, if compound { second } else { first });
            }
            Kind::Overrides => self.entries(key, node, |walker, name, entry| walker.overridden(name, entry)),
        }
    }

    fn entries(&mut self, key: &str, node: &Node, mut each: impl FnMut(&mut Self, &str, &Entry)) {
        match node.table() {
            None => self.wrong(key, node, "a table"),
            Some(table) => table.iter().for_each(|(name, entry)| each(self, name, entry)),
        }
    }

    fn choice(&mut self, key: &str, node: &Node, words: &'static [&'static str]) {
        let Some(word) = node.text() else { return self.wrong(key, node, "text") };
        if words.contains(&word) {
            return;
        }
        let problem = Diagnostic::error(node.origin, format!("{key} is not a word it knows"))
            .note(format!("allowed: {}", words.join(", ")));
        self.report(match nearest(word, words.iter().copied()) {
            Some(near) => problem.hint(format!("did you mean {near:?}?")),
            None => problem,
        });
    }

    fn integer(&mut self, key: &str, node: &Node, low: i64, high: i64) {
        let allowed = if high == i64::MAX { format!("at least {low}") } else { format!("{low} to {high}") };
        let (problem, hint) = match node.value {
            Value::Integer(n) if (low..=high).contains(&n) => return,
            Value::Integer(n) => (format!("{key} is outside its range"), Some((format!("found {n}"), None))),
            Value::Float(x) if x.fract() == 0.0 && x.abs() < 1e15 => (
                format!("{key} is not an integer"),
                Some((format!("found {x:?}"), Some(format!("write {x}")))),
            ),
            _ => (format!("{key} is not an integer"), None),
        };
        let (label, hint) = hint.unwrap_or((format!("found {}", node.kind()), None));
        let problem = Diagnostic::error(node.origin, problem)
            .label(label)
            .note(format!("allowed: an integer, {allowed}"));
        self.report(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    fn month(&mut self, key: &str, node: &Node) {
        let problem =
            Diagnostic::error(node.origin, format!("{key} is not a month")).note("allowed: \"YYYY-MM\"");
        match &node.value {
            Value::Text(text) if text.parse::<Month>().is_ok() => {}
            Value::Date(date) if date.len() >= 7 => {
                self.report(problem.hint(format!("write {:?}", &date[..7])))
            }
            Value::Text(text) if text.get(..7).is_some_and(|start| start.parse::<Month>().is_ok()) => {
                self.report(problem.hint(format!("write {:?}", &text[..7])));
            }
            Value::Text(_) => self.report(problem),
            _ => self.report(problem.label(format!("found {}", node.kind()))),
        }
    }

    fn id(&mut self, key: &str, id: &str, origin: Origin, ids: Ids) {
        let table = self.tree.get(ids.table()).and_then(Node::table);
        if table.is_some_and(|table| table.contains_key(id)) {
            return;
        }
        let problem = Diagnostic::error(origin, format!("{key} names an undefined {} {id:?}", ids.one()));
        let near = table.and_then(|table| nearest(id, table.keys().map(String::as_str)));
        self.report(match near {
            Some(near) => problem.hint(format!("did you mean {near:?}?")),
            None => problem.hint(format!("define it: [{}.{id}]", ids.table())),
        });
    }

    fn tagged(
        &mut self,
        key: &str,
        entry: &Entry,
        tag: &str,
        cases: &'static [(&'static str, &'static Schema)],
    ) {
        let node = &entry.node;
        if node.table().is_none() {
            return self.wrong(key, node, "a table");
        }
        let word = node.get(tag).and_then(Node::text);
        let Some((word, schema)) = cases.iter().find(|(case, _)| Some(*case) == word) else {
            let words: Vec<&str> = cases.iter().map(|(word, _)| *word).collect();
            let origin = node.get(tag).map_or(entry.key, |node| node.origin);
            let problem = Diagnostic::error(origin, format!("{key} needs `{tag}`"));
            return self.report(problem.note(format!("allowed: {tag} = {}", words.join(", "))));
        };
        // Keys of another case are told from misspelt ones.
        let mut own = node.clone();
        if let Value::Table(table) = &mut own.value {
            table.retain(|name, entry| {
                let other = cases.iter().find(|(case, other)| case != word && other.field(name).is_some());
                let misplaced = schema.field(name).is_none() && other.is_some();
                if let (true, Some((case, _))) = (misplaced, other) {
                    let problem = Diagnostic::error(entry.key, format!("{key} has no key `{name}`"));
                    let problem = problem
                        .note(format!("`{name}` belongs to {tag} = {case:?}; this is {tag} = {word:?}"));
                    self.reader.problems.push(problem);
                }
                !misplaced
            });
        }
        self.table(key, &own, schema, entry.key);
    }

    /// A key an arm replaces: it must exist and be one that arms may differ in.
    fn overridden(&mut self, name: &str, entry: &Entry) {
        const SHARED: &[&str] =
            &["scenario", "arms", "calibration", "correlations", "output", "extends", "sources", "tables"];
        const OWN_SETTINGS: &[&str] = &["settings.lead_months", "settings.discount_rate_per_year"];
        let first = name.split('.').next().unwrap_or(name);
        if registry::kind_of(name).is_none() && !inside_quantity(name) {
            let problem = Diagnostic::error(entry.key, format!("there is no key `{name}`"));
            return self.report(match registry::suggestion(name) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.note("keys are written in full: table.id.key"),
            });
        }
        if SHARED.contains(&first) || first == "settings" && !OWN_SETTINGS.contains(&name) {
            let problem = Diagnostic::error(entry.key, format!("`{name}` is the same in every arm"));
            self.report(
                problem.note("arms share draws, months, paths, the unit of work and the calibration"),
            );
        }
    }
}

/// Whether a key is that of a part of a quantity.
fn inside_quantity(key: &str) -> bool {
    let mut place = key;
    while let Some((above, _)) = place.rsplit_once('.') {
        if let Some(Kind::Quantity(_)) = registry::kind_of(above) {
            return true;
        }
        place = above;
    }
    false
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_string() } else { format!("{place}.{name}") }
}

/// The table a key is in, for messages.
fn place_of(key: &str, schema: &Schema) -> String {
    match key.rsplit_once('.') {
        Some((place, _)) => place.to_string(),
        None => schema.name.to_string(),
    }
}

fn is_id(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
