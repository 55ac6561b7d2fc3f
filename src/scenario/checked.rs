//! A scenario's tree with its quantities read: what the checks between keys and the compiler both ask.
//!
//! Answers are by dotted key. What is not in the file is the registry's default; what could not be read is absent, so
//! that a check between two keys is silent when one of them is already known to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use super::diagnostic::Origin;
use super::quantity::{Form, Parsed};
use super::raw::{Node, Value};
use super::registry::{self, Ids, Need};
use crate::calendar::Month;

/// A tree with rows filled in, and its quantities.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// The tree.
    pub tree: Node,
    /// Quantities by key, defaults included.
    pub quantities: BTreeMap<Arc<str>, Arc<Parsed>>,
    /// Where the defaults of the language are said to be.
    pub defaults: Origin,
    /// Tables whose row could not be read: what they lack is not their fault.
    pub incomplete: BTreeSet<String>,
}

/// A scenario that has been checked, beside which a version of it is: what they share need not be looked at again.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// Its tree without rows filled in.
    pub tree: &'a Node,
    /// What came of it.
    pub checked: &'a Checked,
}

impl Known<'_> {
    /// Whether all that rows are made of is in `tree` what it is here.
    pub fn has_rows_of(&self, tree: &Node) -> bool {
        let still = |name: &&str| match (self.tree.entry(name), tree.entry(name)) {
            (Some(own), Some(other)) => own.is_still(other),
            (own, other) => own.is_none() && other.is_none(),
        };
        self.checked.incomplete.is_empty() && ["chips", "regions", "sources", "tables"].iter().all(still)
    }

    /// Whether an entry that is in `tree` what it is here means there what it means here: ids, the start and the defaults, which
    /// entries speak of, are the same.
    pub fn means_in(&self, tree: &Node, defaults: Origin, incomplete: &BTreeSet<String>) -> bool {
        fn keys(tree: &Node, ids: Ids) -> impl Iterator<Item = &String> {
            tree.get(ids.table()).and_then(Node::table).into_iter().flat_map(|table| table.keys())
        }
        let alike = |ids: &Ids| match (self.checked.tree.entry(ids.table()), tree.entry(ids.table())) {
            (Some(own), Some(other)) if own.is_still(other) => true,
            _ => keys(&self.checked.tree, *ids).eq(keys(tree, *ids)),
        };
        const START: &str = "settings.start";
        self.checked.defaults == defaults
            && self.checked.incomplete == *incomplete
            && self.checked.tree.get(START).map(|node| &node.value) == tree.get(START).map(|node| &node.value)
            && Ids::ALL.iter().all(alike)
    }
}

impl Checked {
    /// Ids defined in a table, sorted.
    pub fn ids(&self, ids: Ids) -> Vec<&str> {
        self.keys(ids.table())
    }
    /// Keys of the table at `key`, sorted.
    pub fn keys(&self, key: &str) -> Vec<&str> {
        let table = self.tree.get(key).and_then(Node::table);
        table.map(|table| table.keys().map(String::as_str).collect()).unwrap_or_default()
    }
    /// Whether an id is defined.
    pub fn defines(&self, ids: Ids, id: &str) -> bool {
        self.tree.get(ids.table()).and_then(Node::table).is_some_and(|table| table.contains_key(id))
    }
    /// The text at `key` or its default.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.tree.get(key) {
            Some(node) => node.text(),
            None => default_of(key).map(|text| text.trim_matches('"')),
        }
    }
    /// The text of a field of a thing in a table or its default: the same as of their joined key, which need not be joined.
    pub fn text_of(&self, table: &str, id: &str, field: &str) -> Option<&str> {
        match [table, id, field].iter().try_fold(&self.tree, |node, key| node.get(key)) {
            Some(node) => node.text(),
            None => self.text(&[table, id, field].join(".")),
        }
    }
    /// The flag at `key` or its default.
    pub fn flag(&self, key: &str) -> bool {
        match self.tree.get(key) {
            Some(node) => node.boolean().unwrap_or(false),
            None => default_of(key) == Some("true"),
        }
    }
    /// The integer at `key` or its default.
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.tree.get(key).map(|node| &node.value) {
            Some(Value::Integer(n)) => Some(*n),
            Some(_) => None,
            None => default_of(key)?.parse().ok(),
        }
    }
    /// The month at `key`.
    pub fn month(&self, key: &str) -> Option<Month> {
        self.text(key)?.parse().ok()
    }
    /// The texts of the list at `key`.
    pub fn texts(&self, key: &str) -> Vec<&str> {
        let list = self.tree.get(key).and_then(Node::list).unwrap_or_default();
        list.iter().filter_map(Node::text).collect()
    }
    /// Number of items of the list at `key`.
    pub fn count(&self, key: &str) -> usize {
        self.tree.get(key).and_then(Node::list).map_or(0, <[Node]>::len)
    }
    /// The quantity at `key`, given or by default.
    pub fn quantity(&self, key: &str) -> Option<&Parsed> {
        self.quantities.get(key).map(Arc::as_ref)
    }
    /// The quantity at `key`, or the part of a process that `key` names.
    pub fn quantity_or_part(&self, key: &str) -> Option<&Parsed> {
        let mut place = key;
        loop {
            if let Some(parsed) = self.quantity(place) {
                return if place == key { Some(parsed) } else { parsed.part(&key[place.len() + 1..]) };
            }
            place = place.rsplit_once('.')?.0;
        }
    }
    /// The title of a thing, by default its id.
    pub fn title<'a>(&'a self, place: &str, id: &'a str) -> &'a str {
        self.text(&format!("{place}.title")).unwrap_or(id)
    }
    /// Where the value at `key` is written; the defaults if it is not.
    pub fn value_at(&self, key: &str) -> Origin {
        self.tree.get(key).map_or(self.defaults, |node| node.origin)
    }
    /// Where `key` itself is written, or the nearest table above it that is; of an item of a list the item.
    pub fn key_at(&self, key: &str) -> Origin {
        let mut place = key;
        loop {
            if let Some(entry) = self.tree.entry(place) {
                return entry.key;
            }
            if let Some(item) = self.tree.get(place) {
                return item.origin;
            }
            match place.rsplit_once('.') {
                Some((above, _)) => place = above,
                None => return self.tree.origin,
            }
        }
    }
    /// The central value at month 0: the median of a parameter, the start of a process, the scheduled value; in USD.
    pub fn central(&self, key: &str) -> Option<f64> {
        let parsed = self.quantity(key)?;
        let value = self.central_of(parsed)?;
        match &parsed.meta.currency {
            None => Some(value),
            Some(id) => Some(value / self.central_of(self.quantity(&format!("currencies.{id}.per_usd"))?)?),
        }
    }
    fn central_of(&self, parsed: &Parsed) -> Option<f64> {
        match &parsed.form {
            Form::Constant(x) => Some(*x),
            Form::Parameter(distribution) => Some(distribution.median()),
            Form::Process(process) => self.central_of(&process.initial),
            Form::Schedule { knots, linear } => {
                Some(scheduled(knots, *linear, self.month("settings.start")?))
            }
        }
    }
    /// The quantities of what lies at `key`, itself or below.
    pub fn quantities_at(&self, key: &str) -> impl Iterator<Item = (&Arc<str>, &Arc<Parsed>)> {
        let from = self.quantities.range::<str, _>((Bound::Included(key), Bound::Unbounded));
        from.take_while(move |(own, _)| own.starts_with(key))
            .filter(move |(own, _)| own.len() == key.len() || own.as_bytes()[key.len()] == b'.')
    }
    /// Whether a quantity can be anything but zero.
    pub fn is_on(&self, key: &str) -> bool {
        self.quantity(key).is_some_and(|parsed| parsed.support.high > 0.0 || parsed.support.low < 0.0)
    }
    /// Channels in market order: by priority, then id.
    pub fn channels(&self) -> Vec<&str> {
        let mut channels = self.ids(Ids::Channel);
        channels.sort_by_key(|id| self.integer(&format!("channels.{id}.priority")).unwrap_or(0));
        channels
    }
    /// Chips and regions that channels use, sorted.
    pub fn used(&self, ids: Ids) -> Vec<&str> {
        let named =
            |channel: &str| self.text(&format!("channels.{channel}.{}", ids.one())).map(str::to_string);
        let used: BTreeSet<String> = self.ids(Ids::Channel).into_iter().filter_map(named).collect();
        self.ids(ids).into_iter().filter(|id| used.contains(*id)).collect()
    }
}

/// The value of a schedule in a month: linear or the last step, flat outside.
fn scheduled(knots: &[(Month, f64)], linear: bool, month: Month) -> f64 {
    let after = knots.partition_point(|(date, _)| *date <= month);
    if after == 0 {
        return knots[0].1;
    }
    let (from, before) = knots[after - 1];
    match knots.get(after) {
        Some(&(to, next)) if linear => {
            before + (next - before) * f64::from(month.since(from)) / f64::from(to.since(from))
        }
        _ => before,
    }
}

/// The default of a key, as TOML.
pub fn default_of(key: &str) -> Option<&'static str> {
    match registry::field_of(key)?.need {
        Need::Default(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::diagnostic::{Diagnostic, Severity};
    use super::super::overlay::Loader;
    use super::super::{Options, examine, load};
    use super::*;

    /// Versions of the flagship, read beside it and read anew: the same down to the place of every number.
    #[test]
    fn what_a_version_shares_is_taken_as_it_would_be_read() {
        let path = std::path::Path::new("scenarios/close-the-door.toml");
        let scenario = load(path, &[], &[], Options::default()).expect("it loads").scenario;
        let channel = scenario.base.ids(Ids::Channel)[0];
        for change in [
            "settings.months=48".to_string(),
            "settings.start=\"2026-11\"".into(),
            "settings.reference_chip=\"abacus\"".into(),
            "rules.linear.wind_down_days=30".into(),
            "rules.linear.wind_down_days=-1".into(),
            "arms.all.set={\"labs.all.anticipation_fraction\"=0.25}".into(),
            "currencies.crown.per_usd=7".into(),
            "sources.mine.title=\"mine\"".into(),
            "chips.h20.memory_tb_per_s=3.9".into(),
            format!("channels.{channel}.priority=7"),
            format!("channels.{channel}.kind=\"gift\""),
        ] {
            let mut loader = Loader::after(scenario.files.clone());
            let mut tree = scenario.tree.clone();
            loader.set(&mut tree, "with", &change);
            let read = |known| {
                let texts = (loader.files.clone(), scenario.library.clone());
                examine(texts, tree.clone(), false, scenario.defaults, Vec::new(), known)
            };
            let errors = |told: super::super::Diagnostics| -> Vec<Diagnostic> {
                told.list.into_iter().filter(|told| told.severity == Severity::Error).collect()
            };
            match (read(None), read(Some(Known { tree: &scenario.tree, checked: &scenario.base }))) {
                (Ok(anew), Ok(version)) => {
                    let (anew, version) = (anew.scenario, version.scenario);
                    assert!(anew.base == version.base && anew.arms == version.arms, "{change}");
                }
                (anew, version) => {
                    assert_eq!(anew.map(drop).map_err(errors), version.map(drop).map_err(errors), "{change}");
                }
            }
        }
    }

    #[test]
    fn a_schedule_is_flat_outside_and_linear_or_stepped_inside() {
        let knots = [(Month::new(2026, 1), 1.0), (Month::new(2026, 11), 2.0)];
        assert_eq!(scheduled(&knots, true, Month::new(2025, 1)), 1.0);
        assert_eq!(scheduled(&knots, true, Month::new(2026, 6)), 1.5);
        assert_eq!(scheduled(&knots, false, Month::new(2026, 6)), 1.0);
        assert_eq!(scheduled(&knots, false, Month::new(2026, 11)), 2.0);
        assert_eq!(scheduled(&knots, true, Month::new(2030, 1)), 2.0);
    }
}
