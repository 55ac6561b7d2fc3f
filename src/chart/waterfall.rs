//! Waterfall: how a headline gets from one scenario to another, an edit a step.
//!
//! Steps are the edits' shares of the change, largest first; they end where the second scenario stands. Lengths are changes,
//! so the axis need not start at zero; levels are marks, not bars. Whiskers are sampling error and nothing else: what the
//! future may bring is in the fans of each scenario's own figures.

use super::figure::{Axis, Figure, Layer, Meaning, Panel, Row, range};
use super::input::Provenance;
use super::words::{Said, TITLE};
use crate::analysis::answer::level_beside;
use crate::analysis::attribution::{Method, Role};
use crate::analysis::compare::Measure;
use crate::analysis::diff::{Attribution, Diff, Headline};
use crate::numbers::{Unit, capitalised, lower_first};
use crate::scenario::difference::Difference;
use crate::stats::estimate::Estimate;

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What tells its file from those of other headlines; empty for the first.
    pub suffix: String,
    /// The number, in words.
    pub title: String,
    /// What is taken over paths, and over which.
    pub statistic: String,
    /// What is an effect of what.
    pub comparison: String,
    /// How the number is written.
    pub unit: Unit,
    /// In the first scenario.
    pub before: Estimate,
    /// In the second.
    pub after: Estimate,
    /// The change.
    pub change: Estimate,
    /// Edits with their shares, in any order.
    pub steps: Vec<Step>,
    /// How the shares were made.
    pub method: Method,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// An edit.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it is.
    pub title: String,
    /// What it is and from which value to which it goes.
    pub words: String,
    /// Its share of the change.
    pub share: Estimate,
}

/// Most steps that are shown one by one; the smaller rest is one.
const STEPS: usize = 10;
/// Standard errors of a 95% interval.
const WHISKER: f64 = 1.96;

/// The figures of a comparison, one a leading headline that moves; that of the first has no suffix. `unit` says how a
/// headline's unit is written.
pub fn figures(
    diff: &Diff,
    difference: &Difference,
    provenance: &Provenance,
    unit: impl Fn(&str) -> Unit,
) -> Vec<(String, Figure)> {
    // The longest window stands for the shorter ones.
    let mut leading: Vec<(&Headline, &Attribution)> = diff.leading().filter(|(_, a)| moves(a)).collect();
    let first =
        ["lost.24m.all", "lost.12m.all"].iter().find_map(|id| leading.iter().position(|(h, _)| h.id == *id));
    let first = first.map(|at| leading.remove(at));
    let ordered = first.into_iter().chain(leading);
    ordered
        .enumerate()
        .map(|(at, (headline, attribution))| {
            let scope = attribution.scope.map_or("", |scope| scope.id()).replace("certain", "");
            let suffix = [headline.id.as_str(), &scope].join(" ").trim().replace(['.', '_', '@', ' '], "-");
            let input = Input {
                suffix: if at == 0 { String::new() } else { suffix },
                unit: unit(headline.unit),
                ..Input::of(diff, difference, headline, attribution, provenance)
            };
            let figure = figure(&input);
            (figure.id.clone(), figure)
        })
        .collect()
}

fn moves(attribution: &Attribution) -> bool {
    let shares =
        attribution.numbers.0.iter().filter(|(role, _)| matches!(role, Role::Share(_) | Role::Change));
    shares.into_iter().any(|(_, number)| number.value != 0.0)
}

impl Input {
    fn of(
        diff: &Diff,
        difference: &Difference,
        headline: &Headline,
        attribution: &Attribution,
        provenance: &Provenance,
    ) -> Input {
        let numbers = &attribution.numbers;
        let edits = diff.groups.iter().enumerate();
        let mut steps: Vec<Step> = edits
            .map(|(i, group)| Step {
                title: difference.title(group, false),
                words: difference.title(group, true),
                share: numbers.of(Role::Share(i)),
            })
            .collect();
        if diff.method == Method::OneAtATime {
            let title = "interaction the shares leave".to_string();
            steps.push(Step { words: title.clone(), title, share: numbers.of(Role::Interaction) });
        }
        let title = match headline.measure {
            Some(Measure::Ratio) => format!("{}, times the baseline", headline.title),
            Some(Measure::Difference) => format!("Effect on {}", lower_first(&headline.title)),
            _ => headline.title.clone(),
        };
        Input {
            suffix: String::new(),
            title,
            statistic: headline.statistic_words(attribution),
            comparison: diff.comparison.clone(),
            unit: Unit::Plain,
            before: numbers.of(Role::Before),
            after: numbers.of(Role::After),
            change: numbers.of(Role::Change),
            steps,
            method: diff.method,
            provenance: provenance.clone(),
        }
    }
}

/// Error as far as it is known.
fn finite(error: f64) -> f64 {
    if error.is_finite() { error } else { 0.0 }
}

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let unit = input.unit;
    let level = |name: &str, estimate: Estimate| {
        (Row { total: true, ..Row::new(name) }, level_beside(unit, estimate, input.change))
    };
    let mut steps = input.steps.clone();
    steps.retain(|step| step.share.value != 0.0);
    steps.sort_by(|a, b| b.share.value.abs().total_cmp(&a.share.value.abs()));
    let idle = input.steps.len() - steps.len();
    let rest = if steps.len() > STEPS { steps.split_off(STEPS - 1) } else { Vec::new() };
    if !rest.is_empty() {
        // Their errors are not independent, and that of their sum was not taken.
        let share =
            Estimate { value: rest.iter().map(|step| step.share.value).sum(), std_error: f64::INFINITY };
        let title = format!("{} smaller steps", rest.len());
        steps.push(Step { words: title.clone(), title, share });
    }
    let (first, words) = level("A", input.before);
    let mut rows = vec![first];
    let mut layers = vec![mark(0, input.before.value, true, words)];
    let mut at = input.before.value;
    for Step { words, share, .. } in &steps {
        let row = rows.len();
        rows.push(Row::new(capitalised(words)));
        layers.push(Layer::Step {
            row,
            meaning: if share.value > 0.0 { Meaning::Raises } else { Meaning::Lowers },
            from: at,
            to: at + share.value,
            error: WHISKER * finite(share.std_error),
            leads_on: true,
            text: unit.change(share.value, share.std_error),
        });
        at += share.value;
    }
    let (last, words) = level("B", input.after);
    layers.push(mark(rows.len(), input.after.value, false, words));
    rows.push(last);
    let ends: Vec<f64> = layers
        .iter()
        .flat_map(|layer| match layer {
            Layer::Step { from, to, error, .. } => vec![*from, to - error, to + error],
            _ => Vec::new(),
        })
        .collect();
    let (low, high) = range(input.before.value, &ends);
    let panel = Panel {
        title: String::new(),
        caption: String::new(),
        x: Axis::linear("", unit, low, high),
        y: Axis::rows(rows),
        layers,
        strip: None,
    };
    let title = title(input, &steps);
    let said = Said { mark: TITLE, panel: "", series: "Change from A to B", at: "" };
    let suffix = if input.suffix.is_empty() { String::new() } else { format!("-{}", input.suffix) };
    Figure {
        id: format!("waterfall{suffix}"),
        subtitle: format!("{}; {}", capitalised(&input.statistic), input.comparison),
        panels: vec![panel],
        shared_axis: false,
        notes: vec![notes(input, idle)],
        footnote: input.provenance.lines(),
        stated: vec![
            said.value("value", input.change.value),
            said.value("standard_error", finite(input.change.std_error)),
        ],
        alt: alt(input, &title, &steps),
        title,
    }
}

fn mark(row: usize, at: f64, leads_on: bool, text: String) -> Layer {
    Layer::Step { row, meaning: Meaning::Neutral, from: at, to: at, error: 0.0, leads_on, text }
}

fn notes(input: &Input, idle: usize) -> String {
    let shares = match input.method {
        Method::Shapley => {
            "Steps: Shapley values, an edit's effect averaged over all orders of making the edits."
        }
        Method::OneAtATime => "Steps: the mean of making an edit alone and of undoing it alone.",
    };
    let whiskers = if input.steps.iter().any(|step| finite(step.share.std_error) > 0.0) {
        " Whiskers: 95% sampling error, on common draws."
    } else {
        ""
    };
    let idle = match idle {
        0 => String::new(),
        1 => " One edit changes nothing here.".to_string(),
        many => format!(" {many} edits change nothing here."),
    };
    format!("{shares}{whiskers}{idle}")
}

fn title(input: &Input, steps: &[Step]) -> String {
    let unit = input.unit;
    let change = input.change;
    let number = &input.title;
    if change.value.abs() <= WHISKER * finite(change.std_error) || change.value == 0.0 {
        return format!(
            "{number}: the change from A to B is not distinguishable from zero ({})",
            unit.change(change.value, change.std_error)
        );
    }
    let verb = if change.value > 0.0 { "up" } else { "down" };
    let show = |level: Estimate| level_beside(unit, level, change);
    let sizes: f64 = steps.iter().map(|step| step.share.value.abs()).sum();
    let through = match steps {
        [one] => format!(", through {}", one.title),
        [most, ..] if most.share.value.abs() > 0.5 * sizes => format!(", mostly through {}", most.title),
        _ => String::new(),
    };
    format!("{number}: {verb} from {} to {}{through}", show(input.before), show(input.after))
}

fn alt(input: &Input, title: &str, steps: &[Step]) -> String {
    let unit = input.unit;
    let mut text = format!("{title}. From A, {}, ", level_beside(unit, input.before, input.change));
    for Step { words, share, .. } in steps {
        text += &format!("{words}: {}; ", unit.change(share.value, share.std_error));
    }
    text + &format!("to B, {}.", level_beside(unit, input.after, input.change))
}
