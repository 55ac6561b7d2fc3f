//! A comparison of two scenarios as tables: `diff.csv`, `inputs.csv`, `outputs.csv` and `diff.json`, numbers in full.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::diff_report::Sides;
use super::tables::{field, summary_value};
use crate::analysis::attribution::Role;
use crate::analysis::compare::Measure;
use crate::analysis::diff::{Diff, Output};
use crate::scenario::difference::{Change, Difference, Edit, Side};
use crate::stats::estimate::Estimate;

fn role_id(role: Role) -> (&'static str, Option<usize>) {
    match role {
        Role::Before => ("before", None),
        Role::After => ("after", None),
        Role::Change => ("change", None),
        Role::Share(i) => ("share", Some(i)),
        Role::First(i) => ("alone", Some(i)),
        Role::Last(i) => ("last", Some(i)),
        Role::Interaction => ("interaction", None),
    }
}

fn measure_id(measure: Option<Measure>) -> &'static str {
    measure.map_or("level", Measure::id)
}

/// Keys of a group of edits.
fn keys<'a>(difference: &'a Difference, group: &[usize]) -> Vec<&'a str> {
    group.iter().map(|edit| difference.edits[*edit].key.as_str()).collect()
}

/// `diff.csv`: every headline's change, divided.
pub fn diff_csv(diff: &Diff, difference: &Difference) -> String {
    let mut text =
        "metric,title,unit,measure,scope,statistic,quoted,number,edit,keys,value,std_error\n".to_string();
    for attribution in &diff.attributions {
        let headline = &diff.headlines[attribution.headline];
        for (role, Estimate { value, std_error }) in &attribution.numbers.0 {
            let (number, edit) = role_id(*role);
            let keys = edit.map_or(String::new(), |edit| keys(difference, &diff.groups[edit]).join(" "));
            let edit = edit.map_or(String::new(), |edit| (edit + 1).to_string());
            let _ = writeln!(
                text,
                "{},{},{},{},{},{},{},{number},{edit},{},{value},{}",
                field(&headline.id),
                field(&headline.title),
                headline.unit,
                measure_id(headline.measure),
                attribution.scope.map_or("", |scope| scope.id()),
                attribution.statistic.id(),
                attribution.quoted,
                field(&keys),
                if std_error.is_finite() { std_error.to_string() } else { String::new() },
            );
        }
    }
    text
}

/// Every input that differs with what it is to the comparison and, of an assumption, the number of its edit.
fn differing<'a>(
    difference: &'a Difference,
    groups: &[Vec<usize>],
) -> Vec<(&'static str, String, &'a str, &'a Change)> {
    let mut all = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        for edit in group.iter().map(|edit| &difference.edits[*edit]) {
            let number = (number + 1).to_string();
            all.extend(
                edit.changes.iter().map(|change| ("assumption", number.clone(), edit.title.as_str(), change)),
            );
        }
    }
    for (role, changes) in [("setting", &difference.settings), ("remark", &difference.remarks)] {
        all.extend(changes.iter().map(|change| (role, String::new(), "", change)));
    }
    for edit in &difference.elsewhere {
        all.extend(
            edit.changes.iter().map(|change| ("not compared", String::new(), edit.title.as_str(), change)),
        );
    }
    all
}

/// `inputs.csv`: the inputs that differ.
pub fn inputs_csv(difference: &Difference, groups: &[Vec<usize>]) -> String {
    let mut text = "role,edit,title,key,meaning,unit,a_value,a_origin,a_sources,a_grade,a_note,b_value,b_origin,b_sources,\
                    b_grade,b_note\n"
        .to_string();
    for (role, number, title, change) in differing(difference, groups) {
        let mut fields = vec![role.to_string(), number, title.into(), change.key.clone()];
        fields.extend([change.meaning.to_string(), change.unit.to_string()]);
        for side in [&change.before, &change.after] {
            match side {
                None => fields.extend(vec![String::new(); 5]),
                Some(side) => {
                    let sources: Vec<String> = side.sources.iter().map(ToString::to_string).collect();
                    fields.extend([side.value.clone(), side.origin.clone(), sources.join("; ")]);
                    fields.push(side.grade.map_or(String::new(), |grade| grade.name().into()));
                    fields.push(side.note.clone().unwrap_or_default());
                }
            }
        }
        let row: Vec<_> = fields.iter().map(|text| field(text)).collect();
        let _ = writeln!(text, "{}", row.join(","));
    }
    text
}

/// `outputs.csv`: results of both, paired path by path.
pub fn outputs_csv(diff: &Diff) -> String {
    let mut text = "arm,metric,title,unit,measure,paths,a_mean,a_mean_se,b_mean,b_mean_se,difference_mean,difference_mean_se,\
                    difference_p05,difference_p50,difference_p95,probability_above_zero,probability_below_zero\n"
        .to_string();
    for output in &diff.outputs {
        let Output { arm, id, title, unit, measure, before, after, difference } = output;
        let _ = write!(text, "{},{},{},{unit},{}", field(arm), field(id), field(title), measure_id(*measure));
        let _ = write!(text, ",{}", difference.paths);
        for Estimate { value, std_error } in [before, after, &difference.mean] {
            let _ = write!(
                text,
                ",{value},{}",
                if std_error.is_finite() { std_error.to_string() } else { String::new() }
            );
        }
        for number in
            [difference.p05, difference.p50, difference.p95, difference.above_zero, difference.below_zero]
        {
            let _ = write!(text, ",{}", number.value);
        }
        text.push('\n');
    }
    text
}

/// The inputs that differ, for programs.
pub fn inputs_json(sides: &Sides, difference: &Difference, groups: &[Vec<usize>]) -> Value {
    let edit = |edit: &Edit| {
        json!({
            "key": edit.key, "title": edit.title, "kind": edit.kind.id(),
            "changes": edit.changes.iter().map(change_value).collect::<Vec<_>>(),
        })
    };
    let assumptions: Vec<Value> = groups
        .iter()
        .enumerate()
        .map(|(number, group)| {
            let edits: Vec<Value> = group.iter().map(|at| edit(&difference.edits[*at])).collect();
            json!({ "edit": number + 1, "title": difference.title(group, false), "keys": keys(difference, group), "parts": edits })
        })
        .collect();
    json!({
        "a": { "name": sides.first, "title": sides.titles[0] },
        "b": { "name": sides.second, "title": sides.titles[1] },
        "remarks": sides.remarks,
        "assumptions": assumptions,
        "settings": difference.settings.iter().map(change_value).collect::<Vec<_>>(),
        "without_effect": difference.remarks.iter().map(change_value).collect::<Vec<_>>(),
        "not_compared": difference.elsewhere.iter().map(edit).collect::<Vec<_>>(),
    })
}

/// `diff.json`: inputs, headlines and their attribution, results.
pub fn diff_json(sides: &Sides, difference: &Difference, diff: &Diff) -> Value {
    let attributions: Vec<Value> = diff
        .attributions
        .iter()
        .map(|attribution| {
            let headline = &diff.headlines[attribution.headline];
            let of = |role: Role| estimate_value(attribution.numbers.of(role));
            let has = |role: Role| attribution.numbers.0.contains_key(&role);
            let shares: Vec<Value> = (0..diff.groups.len())
                .map(|i| {
                    let mut share = json!({ "edit": i + 1, "keys": keys(difference, &diff.groups[i]), "share": of(Role::Share(i)) });
                    if has(Role::First(i)) {
                        share["alone"] = of(Role::First(i));
                        share["last"] = of(Role::Last(i));
                    }
                    share
                })
                .collect();
            let mut value = json!({
                "question": headline.question, "metric": headline.id, "title": headline.title, "unit": headline.unit,
                "measure": measure_id(headline.measure), "scope": attribution.scope.map(|scope| scope.id()),
                "statistic": attribution.statistic.id(), "quoted": attribution.quoted, "leading": headline.leading, "censored": attribution.censored,
                "before": of(Role::Before), "after": of(Role::After), "change": of(Role::Change), "shares": shares,
            });
            if has(Role::Interaction) {
                value["interaction"] = of(Role::Interaction);
            }
            value
        })
        .collect();
    let outputs: Vec<Value> = diff
        .outputs
        .iter()
        .map(|output| {
            json!({
                "arm": output.arm, "metric": output.id, "title": output.title, "unit": output.unit,
                "measure": measure_id(output.measure), "before": estimate_value(output.before),
                "after": estimate_value(output.after), "difference": summary_value(&output.difference),
            })
        })
        .collect();
    json!({
        "inputs": inputs_json(sides, difference, &diff.groups),
        "comparison": diff.comparison, "method": diff.method.id(), "simulations": diff.simulations,
        "start": diff.start.to_string(), "months": diff.months, "paths": diff.paths, "seed": diff.seed,
        "sampling": diff.sampling.to_string(), "attributions": attributions, "outputs": outputs,
    })
}

fn estimate_value(estimate: Estimate) -> Value {
    json!({ "value": estimate.value, "std_error": estimate.std_error })
}

fn change_value(change: &Change) -> Value {
    let side = |side: &Option<Side>| {
        side.as_ref().map(|side| {
            json!({
                "value": side.value, "origin": side.origin, "grade": side.grade.map(|grade| grade.name()), "note": side.note,
                "sources": side.sources.iter().map(|source| json!({ "key": source.key, "cited": source.to_string() })).collect::<Vec<_>>(),
            })
        })
    };
    json!({ "key": change.key, "meaning": change.meaning, "unit": change.unit, "a": side(&change.before), "b": side(&change.after) })
}
