//! What a scenario says of each key: the value, where it is written, and why it should be believed.

use super::Scenario;
use super::quantity::{Form, History, Parsed};
use super::raw::{Node, Value};
use super::registry::{self, Kind, Need};
use crate::source::{Grade, Source};

/// Where a quantity comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// Its key.
    pub key: String,
    /// Its form as text.
    pub value: String,
    /// Its unit.
    pub unit: &'static str,
    /// Where it is written: `file:line:column`, a flag, or `default`.
    pub origin: String,
    /// It is the language's default.
    pub by_default: bool,
    /// Its sources.
    pub sources: Vec<Source>,
    /// Grade of the evidence.
    pub grade: Option<Grade>,
    /// Remark.
    pub note: Option<String>,
    /// Date of the evidence.
    pub as_of: Option<String>,
    /// Currency, if not USD.
    pub currency: Option<String>,
    /// Random stream, if not the key.
    pub stream: Option<String>,
}

/// One line of `show`.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownValue {
    /// Key.
    pub key: String,
    /// Value as text.
    pub value: String,
    /// Unit; empty if it is no quantity.
    pub unit: &'static str,
    /// Where it is written.
    pub origin: String,
    /// Sources with titles.
    pub sources: Vec<Source>,
    /// Grade of the evidence.
    pub grade: Option<Grade>,
    /// Remark.
    pub note: Option<String>,
    /// Random stream, if not the key.
    pub stream: Option<String>,
    /// What the key means.
    pub doc: &'static str,
}

impl Scenario {
    /// Where the quantity at `key` comes from.
    pub fn provenance(&self, key: &str) -> Option<Provenance> {
        let parsed = self.base.quantity(key)?;
        Some(self.provenance_of(key, parsed))
    }

    /// Where every quantity comes from, by key.
    pub fn provenances(&self) -> Vec<Provenance> {
        self.base.quantities.iter().map(|(key, parsed)| self.provenance_of(key, parsed)).collect()
    }

    /// Every quantity that is fitted to a history, by key. What an arm sets is the arm's, and not among them.
    pub fn histories(&self) -> Vec<(&str, &History)> {
        let fitted = self.base.quantities.iter().filter_map(|(key, parsed)| match &parsed.form {
            Form::Process(process) => Some((key.as_ref(), process.history.as_deref()?)),
            _ => None,
        });
        fitted.collect()
    }

    pub(super) fn provenance_of(&self, key: &str, parsed: &Parsed) -> Provenance {
        let unit = match registry::kind_of(key) {
            Some(Kind::Quantity(measure)) => measure.unit.text(),
            _ => "",
        };
        let vouching = parsed.vouched_by();
        Provenance {
            key: key.to_string(),
            value: parsed.written.text(),
            unit,
            origin: self.files.describe(parsed.origin),
            by_default: parsed.origin == self.defaults,
            sources: vouching.sources.iter().filter_map(|key| self.source(key)).collect(),
            grade: vouching.grade,
            note: parsed.meta.note.clone(),
            as_of: parsed.meta.as_of.clone(),
            currency: parsed.meta.currency.clone(),
            stream: parsed.meta.stream.clone(),
        }
    }

    /// Every value whose key is `prefix` or lies below it, by key; defaults included. An empty prefix shows all.
    pub fn show(&self, prefix: &str) -> Vec<ShownValue> {
        let mut shown = Vec::new();
        self.leaves("", &self.base.tree, Some(&registry::ROOT), &mut shown);
        let given: std::collections::BTreeSet<String> = shown.iter().map(|value| value.key.clone()).collect();
        let defaults = self.base.quantities.iter().filter(|(key, _)| !given.contains(key.as_ref()));
        shown.extend(defaults.map(|(key, parsed)| self.shown_quantity(key, parsed)));
        shown.retain(|value| {
            prefix.is_empty()
                || value.key == prefix
                || value.key.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('.'))
        });
        shown.sort_by(|a, b| a.key.cmp(&b.key));
        shown
    }

    fn shown_quantity(&self, key: &str, parsed: &Parsed) -> ShownValue {
        let Provenance { key, value, unit, origin, sources, grade, note, stream, .. } =
            self.provenance_of(key, parsed);
        let doc = registry::field_of(&key).map_or("", |field| field.doc);
        ShownValue { value, unit, origin, sources, grade, note, stream, doc, key }
    }

    fn leaves(&self, place: &str, node: &Node, kind: Option<&'static Kind>, shown: &mut Vec<ShownValue>) {
        if let Some(parsed) = self.base.quantity(place) {
            return shown.push(self.shown_quantity(place, parsed));
        }
        let join = |name: &str| if place.is_empty() { name.to_string() } else { format!("{place}.{name}") };
        match &node.value {
            Value::Table(table) => {
                for (name, entry) in table {
                    self.leaves(&join(name), &entry.node, kind.and_then(|kind| kind.child(name)), shown);
                }
                let schema = match kind {
                    Some(Kind::Table(schema)) => *schema,
                    Some(Kind::Tagged { tag, cases }) => {
                        let word = node.get(tag).and_then(Node::text);
                        match cases.iter().find(|(case, _)| Some(*case) == word) {
                            Some((_, schema)) => *schema,
                            None => return,
                        }
                    }
                    _ => return,
                };
                for field in schema.fields.iter().filter(|field| !table.contains_key(field.key)) {
                    let (Need::Default(value), false) = (field.need, matches!(field.kind, Kind::Quantity(_)))
                    else {
                        continue;
                    };
                    shown.push(self.plain(join(field.key), value.into(), "default".into()));
                }
            }
            Value::List(list)
                if list.iter().any(|item| item.table().is_some())
                    || self.base.quantity(&join("0")).is_some() =>
            {
                for (at, item) in list.iter().enumerate() {
                    let name = at.to_string();
                    self.leaves(&join(&name), item, kind.and_then(|kind| kind.child(&name)), shown);
                }
            }
            _ => shown.push(self.plain(place.to_string(), node.to_toml(), self.files.describe(node.origin))),
        }
    }

    fn plain(&self, key: String, value: String, origin: String) -> ShownValue {
        let doc = registry::field_of(&key).map_or("", |field| field.doc);
        ShownValue {
            key,
            value,
            unit: "",
            origin,
            sources: Vec::new(),
            grade: None,
            note: None,
            stream: None,
            doc,
        }
    }
}
