//! `loophole show`: the resolved scenario with the origin and source of each value.

use loophole::scenario::Scenario;

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
        return Exit::Failed;
    }
    let text = if args.json { json(&values) } else { words(&loaded.scenario, &values) };
    terminal.print(&text);
    Exit::Done
}

fn words(_: &Scenario, values: &[loophole::scenario::ShownValue]) -> String {
    let mut text = String::new();
    for value in values {
        text.push_str(&format!("{value}\n"));
    }
    text
}

fn json(values: &[loophole::scenario::ShownValue]) -> String {
    let list: Vec<serde_json::Value> = values.iter().map(loophole::scenario::ShownValue::to_json).collect();
    format!("{:#}\n", serde_json::Value::Array(list))
}
