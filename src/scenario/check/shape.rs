//! The tree against the registry: unknown and missing keys, wrong types, ranges, undefined ids.
//!
//! One walk over the tree and the schema together; it also reads every quantity and fills in defaults. Rules between
//! keys are elsewhere in `check`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::calendar::Month;
use crate::scenario::checked::Checked;
use crate::scenario::diagnostic::{Diagnostic, FileKind, Files, Origin, nearest, slipped};
use crate::scenario::quantity::{Parsed, Reader, is_date, not_a_month};
use crate::scenario::raw::{Entry, Node, Value};
use crate::scenario::registry::{self, Field, Ids, Kind, Need, SCENARIO, Schema};
use crate::scenario::table::Library;

/// What a walk found.
pub struct Walked {
    /// Quantities by key, defaults included.
    pub quantities: BTreeMap<Arc<str>, Arc<Parsed>>,
    /// Problems.
    pub problems: Vec<Diagnostic>,
}

/// Walks `tree`, whose rows are filled in but for those of the `incomplete` tables. Of entries that it shares with `known`
/// the quantities are taken from there, and problems are not told again.
pub fn walk(
    tree: &Node,
    (files, library): (&mut Files, &mut Library),
    defaults: Origin,
    incomplete: &BTreeSet<String>,
    known: Option<&Checked>,
) -> Walked {
    let ids = |ids: Ids| -> BTreeSet<String> {
        let table = tree.get(ids.table()).and_then(Node::table);
        table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
    };
    let (sources, currencies) = (ids(Ids::Source), ids(Ids::Currency));
    let start = tree.get("settings.start").and_then(Node::text).and_then(|text| text.parse().ok());
    let reader =
        Reader { files, library, sources: &sources, currencies: &currencies, start, problems: Vec::new() };
    let mut walker = Walker { tree, reader, defaults, incomplete, known, quantities: Vec::new() };
    walker.table("", tree, &SCENARIO, tree.origin, known.map(|known| &known.tree));
    Walked { quantities: walker.quantities.into_iter().collect(), problems: walker.reader.problems }
}

/// Walks `part`, which has the keys of `schema` and speaks of the scenario `tree`; the problems.
pub fn walk_part(
    part: &Node,
    schema: &'static Schema,
    tree: &Node,
    files: &mut Files,
    defaults: Origin,
) -> Vec<Diagnostic> {
    let (none, mut library) = (BTreeSet::new(), Library::default());
    let reader = Reader {
        files,
        library: &mut library,
        sources: &none,
        currencies: &none,
        start: None,
        problems: Vec::new(),
    };
    let mut walker =
        Walker { tree, reader, defaults, incomplete: &none, known: None, quantities: Vec::new() };
    walker.table("", part, schema, part.origin, None);
    walker.reader.problems
}

struct Walker<'a> {
    tree: &'a Node,
    reader: Reader<'a>,
    defaults: Origin,
    incomplete: &'a BTreeSet<String>,
    known: Option<&'a Checked>,
    quantities: Vec<(Arc<str>, Arc<Parsed>)>,
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

    /// A table with the keys of `schema`; `before` is what is known at the same place.
    fn table(
        &mut self,
        place: &str,
        node: &Node,
        schema: &'static Schema,
        header: Origin,
        before: Option<&Node>,
    ) {
        let Some(table) = node.table() else { return self.wrong(place, node, "a table") };
        let mut given = vec![false; schema.fields.len()];
        for (name, entry) in table {
            match schema.fields.iter().position(|field| field.key == name) {
                Some(at) => {
                    given[at] = true;
                    self.value(&join(place, name), entry, &schema.fields[at].kind, in_table(before, name));
                }
                None => self.report(unknown_key(place, name, entry, schema).0),
            }
        }
        let absent =
            || schema.fields.iter().zip(&given).filter(|(_, given)| !**given).map(|(field, _)| field);
        let required: Vec<_> = absent().filter(|field| field.need == Need::Required).collect();
        if !required.is_empty() && !self.incomplete.contains(place) {
            self.missing(place, node, schema, header, &required);
        }
        for field in absent() {
            if let (Need::Default(text), Kind::Quantity(_)) = (field.need, &field.kind) {
                let parsed = text.parse().map(|x| Parsed::constant(x, self.defaults));
                self.keep(&join(place, field.key), parsed.ok());
            }
        }
    }

    fn missing(&mut self, place: &str, node: &Node, schema: &Schema, header: Origin, fields: &[&Field]) {
        let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.key)).collect();
        let who = if place.is_empty() { schema.name } else { place };
        let mut problem = Diagnostic::error(header, format!("{who} needs {}", names.join(", ")));
        for field in fields {
            problem = problem.note(format!("`{}`: {}", field.key, field.doc));
        }
        self.report(if let Some(near) = self.slip(place) {
            problem.hint(format!("did you mean {near}?"))
        } else if node.get("row").is_none() {
            problem
        } else if fields.iter().any(|field| field.key == "wacc_real_per_year") {
            problem.hint(
                "the table's cost of capital is nominal: subtract expected inflation and give wacc_real_per_year here",
            )
        } else {
            problem.hint("the row leaves it empty: give it here")
        });
    }

    /// The thing that `place`, a thing of its own that is not complete, may be a slip for.
    fn slip(&self, place: &str) -> Option<String> {
        let (table, id) = place.split_once('.').filter(|(_, id)| !id.contains('.'))?;
        Ids::ALL.into_iter().find(|ids| ids.table() == table)?;
        let ids = self.tree.get(table)?.table()?;
        slipped(id, ids.keys().map(String::as_str)).map(|near| format!("{table}.{near}"))
    }

    fn keep(&mut self, key: &str, parsed: Option<Parsed>) {
        self.quantities.extend(parsed.map(|parsed| (Arc::from(key), Arc::new(parsed))));
    }

    /// A value of `kind`; `before` is what is known at the same key.
    fn value(&mut self, key: &str, entry: &Entry, kind: &'static Kind, before: Option<&Entry>) {
        if let (Some(known), true) = (self.known, before.is_some_and(|before| entry.is_still(before))) {
            self.quantities
                .extend(known.quantities_at(key).map(|(key, parsed)| (key.clone(), parsed.clone())));
            return;
        }
        let node = &entry.node;
        let before = before.map(|before| &before.node);
        match kind {
            Kind::Quantity(measure) => {
                let parsed = self.reader.quantity(key, entry, measure);
                self.keep(key, parsed);
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
                Some(id) => {
                    self.id(key, id, node.origin, *ids);
                }
                None => self.wrong(key, node, &format!("the id of {}", ids.a_one())),
            },
            Kind::Table(schema) => self.table(key, node, schema, entry.key, before),
            Kind::Tagged { tag, cases } => self.tagged(key, entry, tag, cases, before),
            Kind::New(inner) => self.entries(key, node, |walker, name, entry| {
                let from_table = walker.reader.files.of(entry.key).kind == FileKind::Table;
                if !from_table && !is_id(name) {
                    let problem = Diagnostic::error(entry.key, format!("{name:?} cannot be an id"));
                    walker.report(problem.note("allowed: letters, digits, `_` and `-`"));
                }
                walker.value(&join(key, name), entry, inner, in_table(before, name));
            }),
            Kind::Of(ids, inner) => self.entries(key, node, |walker, name, entry| {
                let known = walker.quantities.len();
                let defined = walker.id(key, name, entry.key, *ids);
                // Numbers are looked at all the same; tables of a misspelt id would lack what the id meant has.
                if defined || entry.node.table().is_none() {
                    walker.value(&join(key, name), entry, inner, in_table(before, name));
                }
                if !defined {
                    walker.quantities.truncate(known);
                }
            }),
            Kind::List(inner) => match node.list() {
                None => self.wrong(key, node, "a list"),
                Some(list) => {
                    for (at, item) in list.iter().enumerate() {
                        let entry = Entry { key: item.origin, node: item.clone() };
                        self.value(&format!("{key}.{at}"), &entry, inner, None);
                    }
                }
            },
            Kind::Either(first, second) => {
                let compound = matches!(node.value, Value::Table(_) | Value::List(_));
                self.value(key, entry, if compound { second } else { first }, None);
            }
            Kind::Overrides => self.entries(key, node, |walker, name, entry| {
                let problem = override_problem(walker.tree, name, entry.key);
                walker.reader.problems.extend(problem);
            }),
            Kind::Changes => self.entries(key, node, |walker, name, entry| {
                let problem = change_problem(walker.tree, name, entry.key);
                walker.reader.problems.extend(problem);
            }),
        }
    }

    fn entries(&mut self, key: &str, node: &Node, mut each: impl FnMut(&mut Self, &str, &Entry)) {
        match node.table() {
            None => self.wrong(key, node, "a table"),
            Some(table) => table.iter().for_each(|(name, entry)| each(self, name, entry)),
        }
    }

    fn choice(&mut self, key: &str, node: &Node, words: &[&str]) {
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
        let allowed = format!("{low} to {high}");
        let (problem, hint) = match node.value {
            Value::Integer(n) if (low..=high).contains(&n) => return,
            Value::Integer(n) => (format!("{key} is outside its range"), Some((format!("found {n}"), None))),
            Value::Text(ref text) if text.parse::<i64>().is_ok() => (
                format!("{key} is not an integer"),
                Some((format!("found {}", node.kind()), Some("remove the quotes".to_string()))),
            ),
            // The language's integers have 64 bits; a flag's larger one is still a number to who wrote it.
            Value::Text(ref text) if text.parse::<i128>().is_ok() => {
                (format!("{key} is outside its range"), Some((format!("found {text}"), None)))
            }
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
        let title = format!("{key} is not a month");
        self.report(match &node.value {
            Value::Text(text) if text.parse::<Month>().is_ok() => return,
            Value::Text(text) | Value::Date(text) => not_a_month(node.origin, title, text),
            _ => not_a_month(node.origin, title, "").label(format!("found {}", node.kind())),
        });
    }

    /// Whether `id` is defined; says so if not.
    fn id(&mut self, key: &str, id: &str, origin: Origin, ids: Ids) -> bool {
        let undefined = undefined(self.tree, key, id, origin, ids);
        let defined = undefined.is_none();
        self.reader.problems.extend(undefined);
        defined
    }

    fn tagged(
        &mut self,
        key: &str,
        entry: &Entry,
        tag: &str,
        cases: &'static [(&'static str, &'static Schema)],
        before: Option<&Node>,
    ) {
        let node = &entry.node;
        if node.table().is_none() {
            return self.wrong(key, node, "a table");
        }
        let word = node.get(tag).and_then(Node::text);
        let Some((word, schema)) = cases.iter().find(|(case, _)| Some(*case) == word) else {
            return match node.get(tag) {
                Some(node) => {
                    let words: Vec<&str> = cases.iter().map(|(word, _)| *word).collect();
                    self.choice(&join(key, tag), node, &words);
                }
                None => {
                    let words: Vec<String> =
                        cases.iter().map(|(word, _)| format!("{tag} = {word:?}")).collect();
                    let problem = Diagnostic::error(entry.key, format!("{key} needs `{tag}`"));
                    let problem = problem.note(format!("allowed: {}", words.join(", ")));
                    self.report(match self.slip(key) {
                        Some(near) => problem.hint(format!("did you mean {near}?")),
                        None => problem,
                    });
                }
            };
        };
        // Keys of another case are told from misspelt ones.
        let other_case = |name: &str| {
            let of = |(case, other): &&(&str, &Schema)| case != word && other.field(name).is_some();
            if schema.field(name).is_none() { cases.iter().find(of).map(|(case, _)| *case) } else { None }
        };
        let mut own = node.clone();
        for (name, entry) in node.table().into_iter().flatten() {
            let Some(case) = other_case(name) else { continue };
            let problem = Diagnostic::error(entry.key, format!("{key} has no key `{name}`"));
            self.reader.problems.push(
                problem.note(format!("`{name}` belongs to {tag} = {case:?}; this is {tag} = {word:?}")),
            );
            if let Value::Table(table) = &mut own.value {
                table.remove(name);
            }
        }
        self.table(key, &own, schema, entry.key, before);
    }
}

/// That a table has no such key, and whether it is nearly one.
pub fn unknown_key(place: &str, name: &str, entry: &Entry, schema: &'static Schema) -> (Diagnostic, bool) {
    let keys = || schema.fields.iter().map(|field| field.key);
    let problem =
        Diagnostic::error(entry.key, format!("{} has no key `{name}`", place_of(&join(place, name), schema)));
    match nearest(name, keys()) {
        Some(near) => (problem.hint(format!("did you mean `{near}`?")), true),
        None => (problem.note(format!("known: {}", keys().collect::<Vec<_>>().join(", "))), false),
    }
}

/// That `id` is not defined.
fn undefined(tree: &Node, key: &str, id: &str, origin: Origin, ids: Ids) -> Option<Diagnostic> {
    let table = tree.get(ids.table()).and_then(Node::table);
    if table.is_some_and(|table| table.contains_key(id)) {
        return None;
    }
    let problem = Diagnostic::error(origin, format!("{key} names an undefined {} {id:?}", ids.one()));
    Some(match table.and_then(|table| nearest(id, table.keys().map(String::as_str))) {
        Some(near) => problem.hint(format!("did you mean {near:?}?")),
        None => problem.hint(format!("define it: [{}.{id}]", ids.table())),
    })
}

/// What is wrong with the key of an arm's change: it must exist and be one that arms may differ in.
pub fn override_problem(tree: &Node, key: &str, origin: Origin) -> Option<Diagnostic> {
    const SHARED: &[&str] = &[
        "scenario",
        "arms",
        "calibration",
        "correlations",
        "output",
        "extends",
        "sources",
        "tables",
        "expect",
        "expect_run",
        "pinned",
    ];
    const OWN_SETTINGS: &[&str] = &["settings.discount_rate_per_year"];
    if let Some(problem) = no_such_key(key, origin) {
        return Some(problem);
    }
    let first = key.split('.').next().unwrap_or(key);
    if SHARED.contains(&first) || first == "settings" && !OWN_SETTINGS.contains(&key) {
        let problem = Diagnostic::error(origin, format!("`{key}` is the same in every arm"));
        return Some(problem.note(
            "arms share draws, months, paths, the planning lead, the unit of work and the calibration",
        ));
    }
    id_in_key(tree, key, origin)
}

/// What is wrong with the key of a pin's change: it must exist and not be about pins or the run they are checked on.
pub fn change_problem(tree: &Node, key: &str, origin: Origin) -> Option<Diagnostic> {
    let refused =
        |why: &str| Some(Diagnostic::error(origin, format!("`{key}` cannot be changed here")).hint(why));
    match key.split('.').next().unwrap_or(key) {
        "extends" | "expect" | "expect_run" | "pinned" => {
            return refused("change a key that the model reads");
        }
        _ if key == "settings.paths" => return refused("write `paths` in the entry"),
        _ if key == "settings.seed" => return refused("write `seed` in the entry"),
        _ => {}
    }
    no_such_key(key, origin).or_else(|| id_in_key(tree, key, origin))
}

fn no_such_key(key: &str, origin: Origin) -> Option<Diagnostic> {
    if registry::kind_of(key).is_some() || inside_quantity(key) {
        return None;
    }
    let problem = Diagnostic::error(origin, format!("there is no key `{key}`"));
    Some(match registry::suggestion(key) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.note("keys are written in full: table.id.key"),
    })
}

/// That the id in a key is not defined.
fn id_in_key(tree: &Node, key: &str, origin: Origin) -> Option<Diagnostic> {
    const NAMED: [Ids; 8] =
        [Ids::Workload, Ids::Chip, Ids::Region, Ids::Channel, Ids::Lab, Ids::Rule, Ids::Currency, Ids::Arm];
    let mut parts = key.split('.');
    let first = parts.next()?;
    let ids = NAMED.into_iter().find(|ids| ids.table() == first)?;
    undefined(tree, &format!("`{key}`"), parts.next()?, origin, ids)
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

/// The entry of a name in what may be a table.
fn in_table<'a>(node: Option<&'a Node>, name: &str) -> Option<&'a Entry> {
    node?.table()?.get(name)
}

/// The key of a name in a place.
pub fn join(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_string() } else { [place, ".", name].concat() }
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
