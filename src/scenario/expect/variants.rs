//! The versions of a scenario that pins ask for: some keys changed, each version examined once.

use std::collections::BTreeMap;

use crate::engine::parallel;
use crate::scenario::Scenario;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::scenario::raw::{Entry, Node};

/// Keys of a scenario and what they become.
pub(super) type Changes = Vec<(String, Entry)>;

/// The changes of each run that a pin asks for; none if its `over` is not sound.
pub(super) fn changes(pin: &Node) -> Option<Vec<Changes>> {
    let set: Changes =
        pin.get("set").and_then(Node::table).cloned().unwrap_or_default().into_iter().collect();
    let Some(over) = pin.get("over").and_then(Node::table) else { return Some(vec![set]) };
    let (key, entry) = over.iter().next()?;
    let with = |value: &Node| {
        let own = (key.clone(), Entry { key: entry.key, node: value.clone() });
        set.iter().cloned().chain([own]).collect()
    };
    Some(entry.node.list()?.iter().map(with).collect())
}

/// What tells changes apart.
fn told(changes: &Changes) -> String {
    changes.iter().map(|(key, entry)| format!("{key} = {}\n", entry.node.to_toml())).collect()
}

/// Sound versions of a scenario, the scenario itself first.
pub(super) struct Variants {
    pub list: Vec<Scenario>,
    /// Places in the list by changes; none where they do not make a sound scenario.
    places: BTreeMap<String, Option<usize>>,
    /// Versions that no pin has used yet.
    examined: BTreeMap<String, Result<Scenario, Diagnostics>>,
}

impl Variants {
    pub fn of(scenario: Scenario) -> Variants {
        let itself = BTreeMap::from([(String::new(), Some(0))]);
        Variants { list: vec![scenario], places: itself, examined: BTreeMap::new() }
    }

    /// Examines versions on all processors. Of equal ones the first says where a problem stands.
    pub fn examine(&mut self, all: impl Iterator<Item = Changes>) {
        let mut asked: BTreeMap<String, Changes> = BTreeMap::new();
        for changes in all {
            let told = told(&changes);
            if !self.places.contains_key(&told) && !self.examined.contains_key(&told) {
                asked.entry(told).or_insert(changes);
            }
        }
        let asked: Vec<(String, Changes)> = asked.into_iter().collect();
        let versions =
            parallel::map(&asked, parallel::processors(), |(_, changes)| self.list[0].changed(changes));
        self.examined.extend(asked.into_iter().map(|(told, _)| told).zip(versions));
    }

    /// Place of a version; none if it is not sound, and then the errors are told the first time.
    pub fn place(&mut self, changes: &Changes, problems: &mut Vec<Diagnostic>) -> Option<usize> {
        let told = told(changes);
        if let Some(known) = self.places.get(&told) {
            return *known;
        }
        let version = self.examined.remove(&told).unwrap_or_else(|| self.list[0].changed(changes));
        let place = match version {
            Ok(scenario) => {
                self.list.push(scenario);
                Some(self.list.len() - 1)
            }
            Err(told) => {
                problems.extend(told.list.into_iter().filter(|told| told.severity == Severity::Error));
                None
            }
        };
        self.places.insert(told, place);
        place
    }
}
