//! Scenarios between two: the first with some of its assumptions taken from the second.
//!
//! A [`Blend`] is made once of two scenarios and how they differ; [`Blend::with`] gives the scenario in which any choice
//! of edits has been made. None chosen is the first scenario, all chosen is the second, both on the first's settings. A
//! blend is checked like any scenario: a choice that makes no sense (a rule without the arm that names it is fine, an arm
//! without its rule is not) is refused with what is wrong. The texts behind both are kept, so that places stay true.

use std::path::Path;

use super::diagnostic::{Diagnostic, Diagnostics, FileKind, Files, Origin};
use super::difference::{Difference, SETTINGS};
use super::raw::{Entry, Node, Table, Value};
use super::table::Library;
use super::texts::Texts;
use super::{Loaded, Scenario, examine};

/// Two scenarios and the edits between them.
#[derive(Clone, Debug)]
pub struct Blend {
    files: Files,
    library: Library,
    defaults: Origin,
    /// The first, with the second's bibliography beside its own.
    first: Node,
    /// The second, on the first's settings.
    second: Node,
    edits: Vec<(Vec<String>, Option<Node>)>,
    warnings: Diagnostics,
}

impl Blend {
    /// The blend of `a` and `b`, which differ as `difference` says.
    ///
    /// # Errors
    /// That both read different files under one name, or what is wrong with the second on the first's settings.
    pub fn new(a: &Scenario, b: &Scenario, difference: &Difference) -> Result<Blend, Diagnostics> {
        let mut files = a.files.clone();
        let moved = files.append(&b.files);
        match texts(a, b) {
            Ok(texts) => files.texts = texts,
            Err(why) => {
                let problem = Diagnostic::error(a.base.tree.origin, why)
                    .hint("the two cannot be told apart in one comparison; rename one of them");
                return Err(Diagnostics::new(files, vec![problem]));
            }
        }
        let library = Library::of_both(&a.library, &b.library);
        let mut first = rows_filled_in(a);
        // Rows bring sources of their own.
        put(&mut first, &["sources".into()], a.base.tree.get("sources"));
        let mut bibliography = b.base.tree.get("sources").cloned();
        if let Some(node) = &mut bibliography {
            shift(node, moved);
        }
        if let Some(theirs) = bibliography.as_ref().and_then(Node::table) {
            for (key, entry) in theirs {
                if first
                    .get("sources")
                    .is_none_or(|ours| ours.table().is_none_or(|ours| !ours.contains_key(key)))
                {
                    put(&mut first, &["sources".into(), key.clone()], Some(&entry.node));
                }
            }
        }
        let mut second = b.tree.clone();
        shift(&mut second, moved);
        for name in SETTINGS {
            put(&mut second, &["settings".into(), name.into()], a.tree.get(&format!("settings.{name}")));
        }
        let edits = difference.edits.iter().map(|edit| {
            let mut node = edit.node.clone();
            if let Some(node) = &mut node {
                shift(node, moved);
                if let ([table, _], Value::Table(inside)) = (edit.path.as_slice(), &mut node.value)
                    && ["chips", "regions"].contains(&table.as_str())
                {
                    // What the row gave is filled in; the first scenario may not have the table it is a row of.
                    inside.remove("row");
                }
            }
            (edit.path.clone(), node)
        });
        let edits = edits.collect();
        let warnings = Diagnostics::default();
        let mut blend = Blend { files, library, defaults: a.defaults, first, second, edits, warnings };
        blend.warnings = blend.made(&vec![true; blend.edits.len()])?.warnings;
        Ok(blend)
    }

    /// Warnings about the second scenario on the first's settings.
    pub fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Number of edits.
    pub fn edits(&self) -> usize {
        self.edits.len()
    }

    /// The first scenario with the edits chosen. Shape: a flag an edit.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn with(&self, chosen: &[bool]) -> Result<Scenario, Diagnostics> {
        self.made(chosen).map(|loaded| loaded.scenario)
    }

    fn made(&self, chosen: &[bool]) -> Result<Loaded, Diagnostics> {
        let tree = if !chosen.is_empty() && chosen.iter().all(|chosen| *chosen) {
            self.second.clone()
        } else {
            let mut tree = self.first.clone();
            for ((path, node), _) in self.edits.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
                put(&mut tree, path, node.as_ref());
            }
            tree
        };
        let texts = (self.files.clone(), self.library.clone());
        examine(texts, tree, false, self.defaults, Vec::new(), None)
    }
}

/// The tree of a scenario with what rows of tables give written out, so that an edit can also take it away. A row that an
/// arm replaces stays a row.
fn rows_filled_in(scenario: &Scenario) -> Node {
    let mut tree = scenario.tree.clone();
    for table in ["chips", "regions"] {
        let things = scenario.tree.get(table).and_then(Node::table).into_iter().flatten();
        for (id, _) in things.filter(|(_, entry)| entry.node.get("row").is_some()) {
            let key = format!("{table}.{id}.row");
            let replaced = scenario.base.keys("arms").into_iter().any(|arm| {
                let set = scenario.base.tree.get(&format!("arms.{arm}.set"));
                set.and_then(Node::table).is_some_and(|set| set.contains_key(&key))
            });
            if let (false, Some(filled)) = (replaced, scenario.base.tree.get(&format!("{table}.{id}"))) {
                let place = [table.to_string(), id.clone()];
                put(&mut tree, &place, Some(filled));
                put(&mut tree, &[&place[..], &["row".to_string()]].concat(), None);
            }
        }
    }
    tree
}

/// The data files as both scenarios read them.
fn texts(a: &Scenario, b: &Scenario) -> Result<Texts, String> {
    let mut texts = a.files.texts.and(&b.files.texts);
    for file in a.files.iter().chain(b.files.iter()).filter(|file| file.kind == FileKind::Table) {
        texts.hold(Path::new(&file.name), file.text.clone())?;
    }
    Ok(texts)
}

/// Moves every place in a tree to texts that come `by` later.
fn shift(node: &mut Node, by: u32) {
    node.origin.file += by;
    match &mut node.value {
        Value::List(list) => list.iter_mut().for_each(|item| shift(item, by)),
        Value::Table(table) => {
            for entry in table.values_mut() {
                entry.key.file += by;
                shift(&mut entry.node, by);
            }
        }
        _ => {}
    }
}

/// Puts a value in the place of whatever is at `path`, or takes that away.
fn put(tree: &mut Node, path: &[String], value: Option<&Node>) {
    let Some((key, rest)) = path.split_first() else { return };
    match &mut tree.value {
        Value::List(list) => {
            let item = key.parse::<usize>().ok().and_then(|at| list.get_mut(at));
            match (item, rest.is_empty(), value) {
                (Some(item), true, Some(value)) => *item = value.clone(),
                (Some(item), false, _) => put(item, rest, value),
                _ => {}
            }
        }
        Value::Table(table) if rest.is_empty() => {
            match value {
                Some(value) => table.insert(key.clone(), Entry { key: value.origin, node: value.clone() }),
                None => table.remove(key),
            };
        }
        Value::Table(table) => {
            if let (None, Some(value)) = (table.get(key), value) {
                let node = Node { value: Value::Table(Table::new()), origin: value.origin };
                table.insert(key.clone(), Entry { key: value.origin, node });
            }
            if let Some(entry) = table.get_mut(key) {
                put(&mut entry.node, rest, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;

    fn shipped(name: &str) -> Scenario {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name);
        match load(&path, &[], &[], crate::scenario::Options::default()) {
            Ok(loaded) => loaded.scenario,
            Err(problems) => panic!("{problems}"),
        }
    }

    #[test]
    fn all_edits_lead_from_any_shipped_scenario_to_any_other() {
        let names =
            ["base-2026q4", "close-the-door", "h200-licensed", "one-lab", "fab-squeeze", "known/levers"];
        let all: Vec<Scenario> = names.iter().map(|name| shipped(&format!("{name}.toml"))).collect();
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate() {
                let mut difference = a.difference(b);
                // Arms that are not compared may name what an edit takes away: here every edit is made.
                let elsewhere = std::mem::take(&mut difference.elsewhere);
                difference.edits.extend(elsewhere);
                let Ok(blend) = Blend::new(a, b, &difference) else {
                    // The horizon or the chip of the one may make no sense of the other.
                    assert!(
                        names[i].contains("levers") || names[j].contains("levers"),
                        "{} {}",
                        names[i],
                        names[j]
                    );
                    continue;
                };
                // Step by step, without the second scenario's own tree.
                let mut tree = blend.first.clone();
                blend.edits.iter().for_each(|(path, node)| put(&mut tree, path, node.as_ref()));
                let texts = (blend.files.clone(), blend.library.clone());
                let made = examine(texts, tree, false, blend.defaults, Vec::new(), None);
                let made = made
                    .unwrap_or_else(|problems| panic!("{} to {}:\n{problems}", names[i], names[j]))
                    .scenario;
                let whole = blend.with(&vec![true; blend.edits()]).expect("it was checked when it was made");
                let left = made.difference(&whole);
                assert!(
                    left.edits.is_empty() && left.elsewhere.is_empty(),
                    "{} to {}: {:?}",
                    names[i],
                    names[j],
                    left.edits
                );
                let start =
                    blend.with(&vec![false; blend.edits()]).unwrap_or_else(|problems| panic!("{problems}"));
                if blend.edits() > 0 {
                    let moved = a.difference(&start);
                    assert!(
                        moved.edits.is_empty() && moved.settings.is_empty(),
                        "{}: {:?}",
                        names[i],
                        moved.edits
                    );
                    assert_eq!(start.job(), a.job(), "no edit made is the first scenario itself");
                }
            }
        }
    }
}
