//! Misspelt keys of a file that could not be read whole.
//!
//! Where all that is no TOML in a file is values, its tables stand as they were meant, and a key that is nearly one of the
//! language is told beside them. Whatever else may be wrong has to wait until the file can be read.

use super::shape::{join, unknown_key};
use crate::scenario::diagnostic::Diagnostic;
use crate::scenario::raw::Node;
use crate::scenario::registry::{Kind, ROOT, Schema};

/// The keys of `tree`, a scenario's own file, that are none of the language but nearly one.
pub fn misspelt(tree: &Node) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    look("", tree, &ROOT, &mut found);
    found
}

fn look(place: &str, node: &Node, kind: &'static Kind, found: &mut Vec<Diagnostic>) {
    for (at, item) in node.list().into_iter().flatten().enumerate() {
        let at = at.to_string();
        kind.child(&at).into_iter().for_each(|kind| look(&join(place, &at), item, kind, found));
    }
    for (name, entry) in node.table().into_iter().flatten() {
        if let Some(kind) = kind.child(name) {
            look(&join(place, name), &entry.node, kind, found);
        } else if let Some(schema) = schema(kind, node) {
            let (problem, near) = unknown_key(place, name, entry, schema);
            found.extend(near.then_some(problem));
        }
    }
}

/// The keys that a table of a kind has, where it says so itself.
fn schema(kind: &'static Kind, node: &Node) -> Option<&'static Schema> {
    match kind {
        Kind::Table(schema) => Some(schema),
        Kind::Tagged { tag, cases } => {
            let word = node.get(tag)?.text()?;
            cases.iter().find(|(case, _)| *case == word).map(|(_, schema)| *schema)
        }
        Kind::Either(_, second) => schema(second, node),
        _ => None,
    }
}
