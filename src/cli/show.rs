//! `loophole show`: the resolved scenario with the origin and source of each value.

use loophole::scenario::ShownValue;
use serde_json::json;

use super::Exit;
use super::args::ShowArgs;
use super::terminal::Terminal;

/// Prints every value under a key.
pub fn show(terminal: &Terminal, args: &ShowArgs) -> Exit {
    let Some(loaded) = terminal.load(&args.file, &args.scenario, false) else { return Exit::Failed };
    let key = args.key.as_deref().unwrap_or("");
    let values = loaded.scenario.show(key);
    if values.is_empty() {
        terminal.error(&format!("{} has no key {key:?}", args.file.display()));
        let known = loaded.scenario.show("");
        let nearest =
            loophole::scenario::diagnostic::nearest(key, known.iter().map(|value| value.key.as_str()));
        if let Some(nearest) = nearest {
            terminal.remark(&format!("  hint: nearest key is {nearest}"));
        }
        return Exit::Misused;
    }
    let text = if args.json { as_json(&values) } else { words(&values) };
    terminal.print(&text);
    Exit::Done
}

fn words(values: &[ShownValue]) -> String {
    let mut text = String::new();
    for value in values {
        let unit = if value.unit.is_empty() { String::new() } else { format!(" {}", value.unit) };
        text.push_str(&format!("{} = {}{unit}\n    {}\n", value.key, value.value, value.origin));
        let grade = value.grade.map(|grade| format!("{}: ", grade.name())).unwrap_or_default();
        for source in &value.sources {
            text.push_str(&format!("    {grade}{source}\n"));
        }
        if let Some(stream) = &value.stream {
            text.push_str(&format!("    draws of the stream {stream}\n"));
        }
        if let Some(note) = &value.note {
            text.push_str(&format!("    note: {note}\n"));
        }
    }
    text
}

fn as_json(values: &[ShownValue]) -> String {
    let list: Vec<serde_json::Value> = values
        .iter()
        .map(|value| {
            json!({
                "key": value.key, "value": value.value, "unit": value.unit, "origin": value.origin,
                "sources": value.sources.iter().map(|source| json!({ "key": source.key, "cited": source.to_string() })).collect::<Vec<_>>(),
                "grade": value.grade.map(|grade| grade.name()), "note": value.note, "stream": value.stream, "meaning": value.doc,
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(list))
}
