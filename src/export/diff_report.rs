//! A comparison of two scenarios in words: inputs that differ, changes divided among them, sentences to quote.
//!
//! "±" is the standard error of the run, as everywhere; on common draws a change is known far better than the levels it
//! lies between, so levels carry fewer digits than their change. Every number is also in `diff.csv`, unrounded.

use std::fmt::Write as _;

use super::report::TextTable;
use crate::analysis::answer::{level_beside, unit_of};
use crate::analysis::attribution::{Method, Role};
use crate::analysis::diff::{Attribution, Diff, Headline};
use crate::numbers::{Unit, count};
use crate::scenario::difference::{Change, Difference, Edit, EditKind, Side};
use crate::stats::estimate::Estimate;

/// What is compared, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    /// The first, as the user named it.
    pub first: String,
    /// The second.
    pub second: String,
    /// Titles of the two scenarios.
    pub titles: [String; 2],
    /// What must be known of how they were made or read, a sentence each.
    pub remarks: Vec<String>,
    /// Version of the simulator.
    pub version: String,
}

/// Longest value on the terminal, in characters.
const VALUE_ON_TERMINAL: usize = 100;

/// The inputs that differ, for a terminal.
pub fn inputs(sides: &Sides, difference: &Difference, groups: &[Vec<usize>]) -> String {
    let mut text = format!(
        "A  {}\nB  {}\n",
        titled(&sides.first, &sides.titles[0]),
        titled(&sides.second, &sides.titles[1])
    );
    for remark in &sides.remarks {
        let _ = writeln!(text, "{remark}");
    }
    text.push('\n');
    text.push_str(&match difference.edits.len() {
        0 => "No assumption differs.\n".to_string(),
        1 => "1 assumption differs\n".to_string(),
        many => format!("{many} assumptions differ\n"),
    });
    for (number, group) in groups.iter().enumerate() {
        for edit in group.iter().map(|edit| &difference.edits[*edit]) {
            let _ = write!(text, "\n  {}  {}\n     {}\n", number + 1, edit.title, edit.key);
            text.push_str(&edit_words(edit, "     ", Some(VALUE_ON_TERMINAL)));
        }
        if group.len() > 1 {
            text.push_str("     (these make sense only together and count as one)\n");
        }
    }
    for (words, changes) in [
        ("Settings that differ; both are simulated on A's", &difference.settings),
        ("Differences that move no result", &difference.remarks),
    ] {
        if !changes.is_empty() {
            let _ = writeln!(text, "\n{words}");
            for change in changes {
                let _ = writeln!(text, "  {}", change_words(change, Some(VALUE_ON_TERMINAL / 2)));
            }
        }
    }
    if !difference.elsewhere.is_empty() {
        let keys: Vec<&str> = difference.elsewhere.iter().map(|edit| edit.key.as_str()).collect();
        let _ = writeln!(
            text,
            "\nDifferences in arms and rules that are not compared here\n  {}",
            keys.join("\n  ")
        );
    }
    text
}

fn titled(name: &str, title: &str) -> String {
    if title.is_empty() { name.to_string() } else { format!("{name}: {title}") }
}

/// The values of an edit, line by line.
fn edit_words(edit: &Edit, indent: &str, most: Option<usize>) -> String {
    let mut text = String::new();
    if let ([change], true) =
        (edit.changes.as_slice(), edit.changes.first().is_some_and(|change| change.key == edit.key))
    {
        for (name, side) in [("A", &change.before), ("B", &change.after)] {
            let _ = writeln!(text, "{indent}{name}  {}", side_words(side.as_ref(), change.unit, most));
            if let Some(side) = side {
                let _ = writeln!(text, "{indent}   {}", evidence(side, change.unit));
            }
        }
        return text;
    }
    let (name, values) = (if edit.kind == EditKind::Added { "B" } else { "A" }, edit.changes.len());
    let _ =
        writeln!(text, "{indent}only in {name}, with {values} value{}", if values == 1 { "" } else { "s" });
    text
}

fn side_words(side: Option<&Side>, unit: &str, most: Option<usize>) -> String {
    match side {
        None => "not there".into(),
        // The unit of a ratio says nothing that the key does not.
        Some(side) if ["", "fraction", "ratio", "elasticity", "log"].contains(&unit) => {
            shortened(&side.value, most)
        }
        Some(side) => format!("{} {unit}", shortened(&side.value, most)),
    }
}

/// Where a value is written and why it should be believed.
fn evidence(side: &Side, unit: &str) -> String {
    let grade = side.grade.map(|grade| format!("{}: ", grade.name())).unwrap_or_default();
    let sources: Vec<String> = side.sources.iter().map(ToString::to_string).collect();
    match (sources.is_empty(), grade.is_empty()) {
        // Flags, words and lists are choices: they have no source to miss.
        (true, true) if unit.is_empty() => side.origin.clone(),
        (true, true) => format!("{}, no source", side.origin),
        (true, false) => format!("{}, {}", side.origin, grade.trim_end_matches(": ")),
        _ => format!("{}, {grade}{}", side.origin, sources.join("; ")),
    }
}

fn change_words(change: &Change, most: Option<usize>) -> String {
    let side = |side: &Option<Side>| side_words(side.as_ref(), change.unit, most);
    let (before, after) = (side(&change.before), side(&change.after));
    if before == after {
        return format!("{}: sources or remarks", change.key);
    }
    format!("{}: {before} -> {after}", change.key)
}

fn shortened(text: &str, most: Option<usize>) -> String {
    match most {
        Some(most) if text.chars().count() > most => text.chars().take(most - 1).collect::<String>() + "…",
        _ => text.to_string(),
    }
}

fn signed(unit: Unit, change: Estimate) -> String {
    unit.signed(change.value, change.std_error)
}

fn error(unit: Unit, change: Estimate) -> String {
    unit.plus_minus(change.std_error)
}

fn change(unit: Unit, change: Estimate) -> String {
    unit.change(change.value, change.std_error)
}

/// Of a single path no error is known.
fn finite(std_error: f64) -> f64 {
    if std_error.is_finite() { std_error } else { 0.0 }
}

/// The changes of the leading headlines, divided, as a table.
pub fn table(diff: &Diff, difference: &Difference) -> String {
    let alone = diff.method == Method::OneAtATime;
    let header: &[&str] =
        if alone { &["", "", "± s.e.", "made alone", "made last"] } else { &["", "", "± s.e."] };
    let mut table = TextTable::new(header);
    for (headline, attribution) in diff.leading() {
        table.heading(&headline.words(attribution));
        rows(&mut table, diff, difference, headline, attribution);
    }
    format!("{}\n{}\n{}{}", conditions(diff), diff.comparison, table.render(), undivided(diff))
}

/// What cannot be divided, as a line; empty if all can.
fn undivided(diff: &Diff) -> String {
    let titles: Vec<&str> = diff.undivided().map(|headline| headline.title.as_str()).collect();
    if titles.is_empty() {
        return String::new();
    }
    format!(
        "\nNot divided, since a scenario from A to B does not have it, or all end before it on every path: {}\n",
        titles.join("; ")
    )
}

fn rows(
    table: &mut TextTable,
    diff: &Diff,
    difference: &Difference,
    headline: &Headline,
    attribution: &Attribution,
) {
    let (unit, numbers) = (unit_of(headline.unit), &attribution.numbers);
    let alone = diff.method == Method::OneAtATime;
    let mut row = |name: String, cells: [String; 2], others: Option<(Estimate, Estimate)>| {
        let mut all = vec![name];
        all.extend(cells);
        if alone {
            let (first, last) = others
                .map_or_else(Default::default, |(first, last)| (change(unit, first), change(unit, last)));
            all.extend([first, last]);
        }
        table.row(all);
    };
    let (before, total) = (numbers.of(Role::Before), numbers.of(Role::Change));
    row("A".into(), [level_beside(unit, before, total), error(unit, before)], None);
    for (i, group) in diff.groups.iter().enumerate() {
        let share = numbers.of(Role::Share(i));
        let name = format!("{}  {}", i + 1, shortened(&difference.title(group, false), Some(70)));
        let others = alone.then(|| (numbers.of(Role::First(i)), numbers.of(Role::Last(i))));
        row(name, [signed(unit, share), error(unit, share)], others);
    }
    if alone {
        let left = numbers.of(Role::Interaction);
        row("interaction the shares leave".into(), [signed(unit, left), error(unit, left)], None);
    }
    let after = numbers.of(Role::After);
    row("B".into(), [level_beside(unit, after, total), error(unit, after)], None);
    row("B less A, on the same draws".into(), [signed(unit, total), error(unit, total)], None);
}

/// How the numbers were made, in a line.
fn conditions(diff: &Diff) -> String {
    let paths = if diff.paths == 1 { "path" } else { "paths" };
    format!(
        "{} to {}, {} {paths}, seed {}, {} simulations on the same draws",
        diff.start,
        diff.start.plus(diff.months as i32 - 1),
        count(diff.paths as u64),
        diff.seed,
        diff.simulations
    )
}

/// The change of a headline in a sentence.
pub fn sentence(
    diff: &Diff,
    difference: &Difference,
    headline: &Headline,
    attribution: &Attribution,
) -> String {
    let (unit, numbers) = (unit_of(headline.unit), &attribution.numbers);
    let words = headline.words(attribution);
    let (before, after, total) =
        (numbers.of(Role::Before), numbers.of(Role::After), numbers.of(Role::Change));
    let mut parts: Vec<(Estimate, String)> = diff
        .groups
        .iter()
        .enumerate()
        .map(|(i, group)| (numbers.of(Role::Share(i)), difference.title(group, true)))
        .collect();
    if diff.method == Method::OneAtATime {
        parts.push((numbers.of(Role::Interaction), "interaction between them".into()));
    }
    parts.retain(|(share, _)| share.value != 0.0);
    parts.sort_by(|(a, _), (b, _)| b.value.abs().total_cmp(&a.value.abs()));
    let verb = if total.value > 0.0 { "rises" } else { "falls" };
    let opening = if parts.is_empty() && total.value == 0.0 {
        return format!("{words} does not change: {}.", level_beside(unit, before, total));
    } else if total.value.abs() <= 2.0 * finite(total.std_error) || total.value == 0.0 {
        format!(
            "{words} moves by no more than noise: from {}, by {}",
            level_beside(unit, before, total),
            change(unit, total)
        )
    } else {
        format!(
            "{words} {verb} from {} to {}, by {}",
            level_beside(unit, before, total),
            level_beside(unit, after, total),
            // The verb has the sign.
            change(unit, Estimate { value: total.value.abs(), ..total }).trim_start_matches('+')
        )
    };
    if let ([_], [(_, title)]) = (diff.groups.as_slice(), parts.as_slice()) {
        return format!("{opening}, through {title}.");
    }
    let parts: Vec<String> =
        parts.iter().map(|(share, title)| format!("{} from {title}", change(unit, *share))).collect();
    format!("{opening}: {}.", parts.join(", "))
}

/// `findings.md`.
pub fn findings(sides: &Sides, difference: &Difference, diff: &Diff) -> String {
    let mut text = format!(
        "# {} against {}\n\n",
        titled(&sides.second, &sides.titles[1]),
        titled(&sides.first, &sides.titles[0])
    );
    let _ = writeln!(
        text,
        "A is `{}`, B is `{}`. {}, loophole {}. {} Effects are those of {}. ± is the standard error of the run on the same draws.\n",
        sides.first,
        sides.second,
        conditions(diff),
        sides.version,
        method_words(diff.method),
        diff.comparison,
    );
    for remark in &sides.remarks {
        let _ = writeln!(text, "{remark}\n");
    }
    text.push_str("## What changes, and through what\n\n");
    for (headline, attribution) in diff.leading() {
        let _ = writeln!(text, "- {}", sentence(diff, difference, headline, attribution));
    }
    text.push_str(&undivided(diff));
    text.push_str("\n## Assumptions that differ\n");
    for (number, group) in diff.groups.iter().enumerate() {
        for edit in group.iter().map(|edit| &difference.edits[*edit]) {
            let _ = write!(text, "\n{}. {}: `{}`\n", number + 1, edit.title, edit.key);
            for change in &edit.changes {
                let key = if change.key == edit.key { String::new() } else { format!("`{}`: ", change.key) };
                for (name, side) in [("A", &change.before), ("B", &change.after)] {
                    if let Some(side) = side {
                        let words = side_words(Some(side), change.unit, None);
                        let _ =
                            writeln!(text, "   - {name}: {key}`{words}` ({})", evidence(side, change.unit));
                    }
                }
            }
        }
        if group.len() > 1 {
            text.push_str("   - these make sense only together and count as one\n");
        }
    }
    for (words, changes) in [
        ("Settings that differ; both are simulated on A's", &difference.settings),
        ("Differences that move no result", &difference.remarks),
    ] {
        if !changes.is_empty() {
            let _ = writeln!(text, "\n## {words}\n");
            changes.iter().for_each(|change| {
                let _ =
                    writeln!(text, "- `{}`", change_words(change, Some(VALUE_ON_TERMINAL)).replace('`', "'"));
            });
        }
    }
    if !difference.elsewhere.is_empty() {
        text.push_str("\n## Differences in arms and rules that are not compared here\n\n");
        difference.elsewhere.iter().for_each(|edit| {
            let _ = writeln!(text, "- `{}`: {}", edit.key, edit.title);
        });
    }
    text
}

fn method_words(method: Method) -> &'static str {
    match method {
        Method::Shapley => {
            "The change of each number is divided among the assumptions by Shapley values: an assumption's share is its \
             step averaged over all orders of making the edits, and the shares add up."
        }
        Method::OneAtATime => {
            "There are more than eight edits, so each was made alone and undone alone; a share is the mean of the two, and \
             what the shares leave is stated as interaction."
        }
    }
}
