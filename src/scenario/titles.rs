//! Titles that name a number: `"{rules.linear.wind_down_days}-day wind-down"` says 90 days when the rule does.
//!
//! A name in braces is the key of a constant; it is replaced by the number, an arm's own change of it before the
//! scenario's. A label can so never contradict the design it names, whatever a flag or an overlay sets.

use super::diagnostic::{Diagnostic, nearest};
use super::raw::{Node, Value};
use super::registry::{self, Kind};

/// Tables whose entries have titles that may name numbers.
const TITLED: [&str; 2] = ["rules", "arms"];

/// Replaces what stands in braces in the titles of rules and arms, and says what cannot be.
pub fn fill(tree: &mut Node) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let whole = tree.clone();
    for name in TITLED {
        for (id, entry) in whole.get(name).and_then(Node::table).into_iter().flatten() {
            let Some(node) = entry.node.get("title") else { continue };
            let Some(title) = node.text().filter(|title| title.contains('{')) else { continue };
            let own = entry.node.get("set");
            let number = |key: &str| own.and_then(|set| constant(&set.table()?.get(key)?.node));
            let number = |key: &str| number(key).or_else(|| constant(whole.get(key)?));
            match filled(title, number) {
                Ok(text) => {
                    let place = child(tree, name).and_then(|table| child(table, id));
                    if let Some(title) = place.and_then(|thing| child(thing, "title")) {
                        title.value = Value::Text(text);
                    }
                }
                // What has no number where one must be is told by itself, and its titles follow.
                Err(key) if misread(&whole, own, &key) => {}
                Err(key) => problems.push(no_number(&whole, (name, id), &key, node.origin)),
            }
        }
    }
    problems
}

fn child<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    match &mut node.value {
        Value::Table(table) => table.get_mut(key).map(|entry| &mut entry.node),
        _ => None,
    }
}

fn constant(node: &Node) -> Option<f64> {
    node.number().or_else(|| node.get("value")?.number())
}

/// Whether something that is no number stands where the language has one.
fn misread(whole: &Node, own: Option<&Node>, key: &str) -> bool {
    let numeric = registry::field_of(key).is_some_and(|field| {
        matches!(field.kind, Kind::Quantity(_) | Kind::Number(_) | Kind::Integer { .. })
    });
    let own = own.and_then(|set| Some(&set.table()?.get(key)?.node));
    numeric
        && own
            .or_else(|| whole.get(key))
            .is_some_and(|node| node.number().is_none() && node.table().is_none())
}

/// A title with its numbers, or the name in braces that is none.
fn filled(title: &str, number: impl Fn(&str) -> Option<f64>) -> Result<String, String> {
    let (mut text, mut rest) = (String::new(), title);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((key, behind)) = after.split_once('}') else { return Err(after.to_string()) };
        let value = number(key.trim()).ok_or_else(|| key.trim().to_string())?;
        text.push_str(before);
        text.push_str(&value.to_string());
        rest = behind;
    }
    Ok(text + rest)
}

fn no_number(
    tree: &Node,
    (name, id): (&str, &str),
    key: &str,
    origin: super::diagnostic::Origin,
) -> Diagnostic {
    let problem =
        Diagnostic::error(origin, format!("{name}.{id}.title names {key:?}, which is not a constant"))
            .note("allowed in braces: the key of a number such as {rules.linear.wind_down_days}");
    let (table, field) = key.rsplit_once('.').unwrap_or(("", key));
    let fields = tree.get(table).and_then(Node::table);
    let numbers = fields.into_iter().flatten().filter(|(_, entry)| constant(&entry.node).is_some());
    match nearest(field, numbers.map(|(name, _)| name.as_str())) {
        Some(near) if near != field => problem.hint(format!("did you mean {{{table}.{near}}}?")),
        _ => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn braces_hold_numbers() {
        let number =
            |key: &str| [("a.b", 90.0), ("c", 1.5)].into_iter().find(|(k, _)| *k == key).map(|it| it.1);
        assert_eq!(filled("{a.b}-day, ×{ c }", number), Ok("90-day, ×1.5".into()));
        assert_eq!(filled("plain }", number), Ok("plain }".into()));
        assert_eq!(filled("{d}", number), Err("d".into()));
        assert_eq!(filled("open {a.b", number), Err("a.b".into()));
    }
}
