//! `loophole explain`: how the cost of an H100e-hour builds up.

use std::fmt::Write as _;

use loophole::analysis::explain::{Explanation, Origin, Question, Unexplained, explain as build_up};
use loophole::scenario::Scenario;

use super::Exit;
use super::args::ExplainArgs;
use super::terminal::Terminal;

/// Prints each formula with its inputs, their sources and the result.
pub fn explain(terminal: &Terminal, args: &ExplainArgs) -> Exit {
    let Some(loaded) = terminal.load(&args.file, &args.scenario, false) else { return Exit::Failed };
    let month = match args.month.parse() {
        Ok(month) => month,
        Err(error) => {
            terminal.error(&format!("--month: {error}"));
            return Exit::Misused;
        }
    };
    let question = Question { channel: &args.channel, month, arm: args.arm.as_deref(), path: args.path };
    match build_up(&loaded.scenario, &question) {
        Ok(explanation) => {
            terminal.print(&words(&loaded.scenario, &explanation));
            Exit::Done
        }
        Err(error) => {
            terminal.error(&error.to_string());
            if matches!(error, Unexplained::Engine(_)) { Exit::Failed } else { Exit::Misused }
        }
    }
}

fn words(scenario: &Scenario, explanation: &Explanation) -> String {
    let which = match explanation.path {
        Some(path) => format!("path {path}"),
        None => "the central path: every draw at its median, regimes at their likeliest state".to_string(),
    };
    let mut text =
        format!("{}, {}, {}\non {which}\n", explanation.channel, explanation.month, explanation.arm);
    for remark in &explanation.remarks {
        let _ = writeln!(text, "{remark}");
    }
    let mut cited = Vec::new();
    for line in &explanation.lines {
        let _ = writeln!(text, "\n{} = {} {}", line.name, number(line.result), line.unit);
        let _ = writeln!(text, "  {} = {}", line.symbol, line.formula);
        for input in &line.inputs {
            let from = match &input.origin {
                Origin::Key(key) => source(scenario, key, &mut cited),
                Origin::Above => "above".to_string(),
                Origin::Simulated(observed) => format!("simulated: {observed}"),
            };
            let _ = writeln!(text, "    {:<18} {:>12}  {from}", input.symbol, number(input.value));
        }
    }
    if !cited.is_empty() {
        text.push_str("\nSources\n");
        for (number, source) in (1..).zip(&cited) {
            let _ = writeln!(text, "  {number:>2}  {source}");
        }
    }
    text
}

/// Key, grade, sources by their number in `cited`, to which new ones are added, and place of a number.
fn source(scenario: &Scenario, key: &str, cited: &mut Vec<String>) -> String {
    let Some(provenance) = scenario.provenance(key) else { return key.to_string() };
    let mut numbers = Vec::new();
    for source in provenance.sources.iter().map(ToString::to_string) {
        let known = cited.iter().position(|known| *known == source).unwrap_or_else(|| {
            cited.push(source);
            cited.len() - 1
        });
        numbers.push((known + 1).to_string());
    }
    let from = match numbers.len() {
        0 => provenance.note.clone().unwrap_or_default(),
        1 => format!("source {}", numbers[0]),
        _ => format!("sources {}", numbers.join(", ")),
    };
    let grade = provenance.grade.map(|grade| grade.name().to_string());
    let said: Vec<String> = grade.into_iter().chain([from]).filter(|words| !words.is_empty()).collect();
    let said = if said.is_empty() { String::new() } else { format!("  [{}]", said.join("; ")) };
    format!("{key}{said} {}", provenance.origin)
}

fn number(value: f64) -> String {
    let digits = if value == 0.0 {
        0
    } else {
        (5 - loophole::math::log10(value.abs()).floor() as i32).clamp(0, 9) as usize
    };
    format!("{value:.digits$}")
}
