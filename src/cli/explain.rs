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
    for line in &explanation.lines {
        let _ = writeln!(text, "\n{} = {} {}", line.name, number(line.result), line.unit);
        let _ = writeln!(text, "  {} = {}", line.symbol, line.formula);
        for input in &line.inputs {
            let from = match &input.origin {
                Origin::Key(key) => source(scenario, key),
                Origin::Above => "above".to_string(),
                Origin::Simulated(observed) => format!("simulated: {observed}"),
            };
            let _ = writeln!(text, "    {:<18} {:>12}  {from}", input.symbol, number(input.value));
        }
    }
    text
}

fn source(scenario: &Scenario, key: &str) -> String {
    let Some(provenance) = scenario.provenance(key) else { return key.to_string() };
    let cited: Vec<String> = provenance.sources.iter().map(ToString::to_string).collect();
    let grade = provenance.grade.map(|grade| format!("{}: ", grade.name())).unwrap_or_default();
    let from = if cited.is_empty() { provenance.note.unwrap_or_default() } else { cited.join("; ") };
    format!("{key}  [{grade}{from}] {}", provenance.origin)
}

fn number(value: f64) -> String {
    let digits = if value == 0.0 {
        0
    } else {
        (5 - loophole::math::log10(value.abs()).floor() as i32).clamp(0, 9) as usize
    };
    format!("{value:.digits$}")
}
