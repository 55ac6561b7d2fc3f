//! The inputs that a pinned value was taken on, kept small: a digest for each resolved value of the scenario.
//!
//! A record is a text of lines `group: name digest, name digest`, where group and name together are a key. It holds every
//! value that can move a result, defaults and data files included, and nothing else: no titles, sources, figures, pins,
//! paths or seeds. From two records follows which keys differ, so that a moved number can name what moved it.

use std::collections::BTreeMap;

use crate::encoding::sha256;
use crate::scenario::diagnostic::FileKind;
use crate::scenario::{Scenario, overlay};

/// Digests by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    digests: BTreeMap<String, String>,
}

/// A key in which two records differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Key, or name of a data file.
    pub key: String,
    /// How it differs.
    pub kind: Difference,
}

/// How a key differs between two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Both have it, with different values.
    Other,
    /// Only the newer has it.
    New,
    /// Only the older has it.
    Gone,
}

/// Lower-case hexadecimal SHA-256, its first `digits` digits.
pub fn digest(bytes: &[u8], digits: usize) -> String {
    let mut text = sha256(bytes);
    text.truncate(digits);
    text
}

/// Whether a key can move a result otherwise than by changing the draws, of which pins keep a digest.
pub fn is_input(key: &str) -> bool {
    let table = key.split('.').next().unwrap_or(key);
    let last = key.rsplit('.').next().unwrap_or(key);
    !["title", "note", "source", "grade", "as_of"].contains(&last)
        && !["scenario", "sources", "output"].contains(&table)
        && !overlay::PINS.contains(&table)
        && !["settings.paths", "settings.seed", "settings.sobol_first"].contains(&key)
}

impl Record {
    /// The record of a scenario as it stands.
    pub fn of(scenario: &Scenario) -> Record {
        let values = scenario.show("").into_iter().filter(|shown| is_input(&shown.key));
        let mut digests: BTreeMap<String, String> =
            values.map(|shown| (shown.key, digest(shown.value.as_bytes(), 6))).collect();
        for file in scenario.files.iter().filter(|file| file.kind == FileKind::Table) {
            let name = file.name.rsplit(['/', '\\']).next().unwrap_or(&file.name);
            digests.insert(format!("files.{name}"), file.sha256[..6].to_string());
        }
        Record { digests }
    }

    /// As text, a line a group.
    pub fn to_text(&self) -> String {
        let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (key, digest) in &self.digests {
            let (group, name) = key.split_at(split(key));
            lines.entry(group).or_default().push(format!("{} {digest}", &name[1..]));
        }
        lines.iter().map(|(group, values)| format!("{group}: {}\n", values.join(", "))).collect()
    }

    /// Reads what [`Record::to_text`] writes; none if it is not that.
    pub fn from_text(text: &str) -> Option<Record> {
        let mut digests = BTreeMap::new();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (group, values) = line.split_once(": ")?;
            for value in values.split(", ") {
                let (name, digest) = value.rsplit_once(' ')?;
                digests.insert(format!("{group}.{name}"), digest.to_string());
            }
        }
        Some(Record { digests })
    }

    /// Its name: a digest of the whole.
    pub fn name(&self) -> String {
        digest(self.to_text().as_bytes(), 8)
    }

    /// The keys in which `now` differs from this record, by key.
    pub fn changes(&self, now: &Record) -> Vec<Change> {
        let change = |key: &String, kind| Change { key: key.clone(), kind };
        let gone = self.digests.keys().filter(|key| !now.digests.contains_key(*key));
        let mut changes: Vec<Change> = gone.map(|key| change(key, Difference::Gone)).collect();
        changes.extend(now.digests.iter().filter_map(|(key, digest)| match self.digests.get(key) {
            None => Some(change(key, Difference::New)),
            Some(old) => (old != digest).then(|| change(key, Difference::Other)),
        }));
        changes.sort();
        changes
    }
}

/// Where the group of a key ends: after two parts, or one if there are only two.
fn split(key: &str) -> usize {
    let dots: Vec<usize> = key.match_indices('.').map(|(at, _)| at).take(2).collect();
    match dots[..] {
        // A file's name has a dot of its own.
        [first, ..] if key.starts_with("files.") => first,
        [_, second] => second,
        [first] => first,
        _ => key.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(values: &[(&str, &str)]) -> Record {
        Record { digests: values.iter().map(|(key, digest)| (key.to_string(), digest.to_string())).collect() }
    }

    #[test]
    fn a_record_survives_its_text_and_names_what_changed() {
        let old = record(&[
            ("settings.months", "a1"),
            ("chips.big.mbu_fraction", "b2"),
            ("rules.close.effects.0.factor", "c3"),
            ("files.rents.csv", "d4"),
        ]);
        assert_eq!(Record::from_text(&old.to_text()), Some(old.clone()), "{}", old.to_text());
        let new = record(&[
            ("settings.months", "a1"),
            ("chips.big.mbu_fraction", "ff"),
            ("rules.close.effects.1.factor", "c3"),
            ("files.rents.csv", "d4"),
        ]);
        let said: Vec<(String, Difference)> =
            old.changes(&new).into_iter().map(|change| (change.key, change.kind)).collect();
        let of = |key: &str, kind| (key.to_string(), kind);
        assert_eq!(
            said,
            [
                of("chips.big.mbu_fraction", Difference::Other),
                of("rules.close.effects.0.factor", Difference::Gone),
                of("rules.close.effects.1.factor", Difference::New),
            ]
        );
        assert!(old.changes(&old).is_empty() && old.name() != new.name() && old.name().len() == 8);
    }
}
