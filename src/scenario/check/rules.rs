//! Questions about rules, their effects, and arms.

use std::collections::BTreeSet;

use crate::calendar::{Month, months_from_days};
use crate::model::parameters::Target;
use crate::scenario::build::{acts_on, target_of};
use crate::scenario::checked::Checked;
use crate::scenario::diagnostic::{Diagnostic, Files, Origin, Severity, nearest};
use crate::scenario::raw::{Node, Value};
use crate::scenario::registry::Ids;
use crate::scenario::resolve::{selects, selects_channel};

/// Number of the file that was asked for: it is read first.
const ROOT_FILE: u32 = 0;

/// What is wrong with rules and arms.
pub fn check(checked: &Checked, files: &Files) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for id in checked.ids(Ids::Rule) {
        rule((checked, files), id, &mut problems);
    }
    arms(checked, &mut problems);
    problems
}

fn rule((checked, files): (&Checked, &Files), id: &str, problems: &mut Vec<Diagnostic>) {
    let place = format!("rules.{id}");
    announcement((checked, files), &place, problems);
    wind_down(checked, &place, problems);
    reversal(checked, &place, problems);
    let effects = format!("{place}.effects");
    if checked.tree.get(&effects).and_then(Node::list).is_some_and(<[Node]>::is_empty) {
        problems.push(
            Diagnostic::error(checked.value_at(&effects), format!("{place} does nothing"))
                .hint("give it an effect"),
        );
    }
    for at in 0..checked.count(&effects) {
        effect(checked, &format!("{effects}.{at}"), problems);
    }
    let arms = checked.keys("arms");
    let used = arms.iter().any(|arm| checked.texts(&format!("arms.{arm}.rules")).contains(&id));
    // A library of rules that is extended may hold more than is used.
    if !used && !arms.is_empty() && checked.key_at(&place).file == ROOT_FILE {
        problems.push(Diagnostic::warning(checked.key_at(&place), format!("no arm has the rule {id}")));
    }
}

/// First and last month of the horizon.
fn horizon(checked: &Checked) -> Option<(Month, Month)> {
    let start = checked.month("settings.start")?;
    let months = checked.integer("settings.months").filter(|months| (1..=1200).contains(months))?;
    Some((start, start.plus(months as i32 - 1)))
}

fn announcement((checked, files): (&Checked, &Files), place: &str, problems: &mut Vec<Diagnostic>) {
    let key = format!("{place}.announced");
    let Some(node) = checked.tree.get(&key) else { return };
    if node.table().is_some() {
        let given = |field: &str| node.get(field).map(|node| node.origin);
        match (given("probability"), given("hazard_per_year")) {
            (Some(one), Some(other)) => problems.push(
                Diagnostic::error(other.max(one), format!("{key} has both a probability and a hazard"))
                    .related(other.min(one), "the other one")
                    .hint("keep one"),
            ),
            (None, None) => problems.push(
                Diagnostic::error(
                    checked.key_at(&key),
                    format!("{key} needs `probability` or `hazard_per_year`"),
                )
                .hint("for a certain announcement write announced = \"YYYY-MM\""),
            ),
            _ => {}
        }
    }
    let Some((first, last)) = horizon(checked) else { return };
    let outside = |at: Origin, what: &str| {
        Diagnostic::error(at, format!("{key} {what} the horizon"))
            .note(format!("the scenario runs from {first} to {last}"))
            .hint("move it, or change settings.start or settings.months")
    };
    // Who moves or shortens the run from outside knows that later rules fall out of it.
    let moved =
        ["settings.start", "settings.months"].iter().any(|key| files.is_change(checked.value_at(key)));
    let milder = |problem: Diagnostic| Diagnostic { severity: Severity::Warning, ..problem };
    let error_unless_moved = |problem: Diagnostic| if moved { milder(problem) } else { problem };
    match (checked.month(&key), checked.month(&format!("{key}.from")), checked.month(&format!("{key}.until")))
    {
        (Some(month), ..) if month < first || month > last => {
            problems.push(error_unless_moved(outside(node.origin, "is outside")))
        }
        (None, Some(from), Some(until)) => {
            let (from_at, until_at) =
                (checked.value_at(&format!("{key}.from")), checked.value_at(&format!("{key}.until")));
            if from > until {
                problems.push(
                    Diagnostic::error(until_at, format!("{key} ends before it starts"))
                        .related(from_at, "starts here"),
                );
            } else if from > last || until < first {
                problems.push(error_unless_moved(outside(from_at, "lies outside")));
            } else if from < first || until > last {
                let at = if from < first { from_at } else { until_at };
                problems.push(milder(outside(at, "lies partly outside")));
            }
        }
        _ => {}
    }
    let announced = checked.month(&key).or(checked.month(&format!("{key}.from")));
    let lag = format!("{place}.lag_days");
    let least = checked.quantity(&lag).map_or(0.0, |lag| lag.support.low);
    if let Some(month) = announced.filter(|month| *month <= last) {
        // No run is longer than 1,200 months.
        let effective = month.plus(months_from_days(least).min(1200) as i32);
        if effective > last {
            problems.push(
                Diagnostic::warning(
                    checked.value_at(&lag),
                    format!("{place} takes no effect within the run"),
                )
                .label(format!("announced in {month}, in effect from {effective}"))
                .note(format!("the scenario runs from {first} to {last}")),
            );
        }
    }
}

fn wind_down(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let key = |field: &str| format!("{place}.{field}");
    let kind = checked.text(&key("wind_down")).unwrap_or_default();
    let timed = kind == "linear" || kind == "cliff";
    let given: Vec<&str> = ["wind_down_days", "wind_down_months"]
        .into_iter()
        .filter(|field| checked.tree.get(&key(field)).is_some())
        .collect();
    match given[..] {
        [] if timed => problems.push(
            Diagnostic::error(
                checked.value_at(&key("wind_down")),
                format!("{place}: a {kind} wind-down needs a length"),
            )
            .hint("give wind_down_days or wind_down_months"),
        ),
        [one, other] => problems.push(
            Diagnostic::error(
                checked.key_at(&key(other)),
                format!("{place} states the length of its wind-down twice"),
            )
            .related(checked.key_at(&key(one)), "the other one")
            .hint("keep one"),
        ),
        [one] if !timed && ["immediate", "grandfathered"].contains(&kind) => problems.push(
            Diagnostic::error(
                checked.key_at(&key(one)),
                format!("{place}: a wind-down that is {kind} has no length"),
            )
            .hint("use wind_down = \"linear\" or \"cliff\", or remove it"),
        ),
        _ => {}
    }
    let on_contracts = (0..checked.count(&key("effects")))
        .find(|at| checked.text(&key(&format!("effects.{at}.quantity"))) == Some("existing_contracts"));
    match on_contracts {
        Some(at) if kind == "grandfathered" => problems.push(
            Diagnostic::warning(
                checked.value_at(&key(&format!("effects.{at}.quantity"))),
                format!("{place} leaves existing contracts to run to term"),
            )
            .label("an effect that does nothing")
            .hint("choose wind_down = \"immediate\", \"linear\" or \"cliff\", or drop this effect"),
        ),
        None if kind != "grandfathered" && checked.tree.get(&key("wind_down")).is_some() => problems.push(
            Diagnostic::warning(checked.value_at(&key("wind_down")), format!("{place} winds nothing down"))
                .hint("add an effect with quantity = \"existing_contracts\""),
        ),
        _ => {}
    }
}

fn reversal(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let key = format!("{place}.reversal");
    let Some(node) = checked.tree.get(&key).filter(|node| node.table().is_some()) else { return };
    let has = |field: &str| node.get(field).is_some();
    let title = match (has("probability"), has("within_days"), has("hazard_per_year")) {
        (true, true, false) | (false, false, true) => return,
        (_, _, true) => "is stated twice",
        (true, false, false) => "needs `within_days`",
        (false, true, false) => "needs `probability`",
        (false, false, false) => "is empty",
    };
    problems.push(
        Diagnostic::error(checked.key_at(&key), format!("{key} {title}"))
            .note("allowed: { probability, within_days }, or { hazard_per_year }"),
    );
}

fn effect(checked: &Checked, place: &str, problems: &mut Vec<Diagnostic>) {
    let Some(quantity) = checked.text(&format!("{place}.quantity")) else { return };
    let Some(target) = target_of(quantity) else { return };
    let at = |field: &str| checked.key_at(&format!("{place}.{field}"));
    let has = |field: &str| checked.tree.get(&format!("{place}.{field}")).is_some();
    let leaks = matches!(target, Target::NewRental | Target::OwnedAccess);
    if has("leakage_fraction") && !leaks {
        problems.push(
            Diagnostic::error(at("leakage_fraction"), format!("{place}: {quantity} cannot leak"))
                .note("leakage_fraction belongs to new_rental_capacity and owned_access")
                .hint("state what is left in `factor`"),
        );
    }
    if has("premium_ratio") && target != Target::NewRental {
        problems.push(
            Diagnostic::error(at("premium_ratio"), format!("{place}: {quantity} has no premium"))
                .note("premium_ratio belongs to new_rental_capacity"),
        );
    } else if has("premium_ratio") && !has("leakage_fraction") {
        problems.push(
            Diagnostic::warning(at("premium_ratio"), format!("{place} has a premium on nothing"))
                .hint("only leaked hours pay it: give leakage_fraction"),
        );
    }
    factor(checked, place, quantity, target, problems);
    selection(checked, place, quantity, target, problems);
    if target == Target::Distillation && checked.tree.get("distillation").is_none() {
        problems.push(
            Diagnostic::warning(
                at("quantity"),
                format!("{place} acts on distillation, of which nothing is said"),
            )
            .hint("add a [distillation] table"),
        );
    }
}

fn factor(checked: &Checked, place: &str, quantity: &str, target: Target, problems: &mut Vec<Diagnostic>) {
    let key = format!("{place}.factor");
    let Some(factor) = checked.quantity(&key) else { return };
    let shares = matches!(target, Target::NewRental | Target::ExistingContracts | Target::OwnedAccess);
    if checked.tree.get(&key).is_none() {
        if matches!(target, Target::Price | Target::Demand | Target::Efficiency) {
            problems.push(
                Diagnostic::error(checked.key_at(place), format!("{place} needs `factor`"))
                    .note(format!("{quantity} is multiplied by it")),
            );
        }
        return;
    }
    if shares && factor.support.high > 1.0 {
        problems.push(
            Diagnostic::error(factor.support.high_at, format!("{key} is outside its range"))
                .label(format!("reaches {}", factor.support.high))
                .note(format!("allowed for {quantity}: 0 to 1; 0 closes, 1 leaves")),
        );
    }
}

const CHANNEL_KEYS: &[&str] = &["channel", "tag", "region", "chip", "class", "origin", "chip_origin", "kind"];
const DEMAND_KEYS: &[&str] = &["workload", "lab"];

fn selection(checked: &Checked, place: &str, quantity: &str, target: Target, problems: &mut Vec<Diagnostic>) {
    let key = format!("{place}.on");
    let selector = checked.tree.get(&key).filter(|node| node.table().is_some());
    let known: &[&str] = match target {
        Target::Demand => DEMAND_KEYS,
        Target::Distillation => &[],
        _ => CHANNEL_KEYS,
    };
    let strangers: Vec<_> = selector
        .and_then(Node::table)
        .into_iter()
        .flatten()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .filter(|(name, _)| CHANNEL_KEYS.contains(&name.as_str()) || DEMAND_KEYS.contains(&name.as_str()))
        .collect();
    for (name, entry) in &strangers {
        let problem = Diagnostic::error(entry.key, format!("{key}: {quantity} is not selected by `{name}`"));
        problems.push(if known.is_empty() {
            problem.hint("it acts on everything: remove the selector")
        } else {
            problem.note(format!("allowed: {}", known.join(", ")))
        });
    }
    if !strangers.is_empty() {
        return;
    }
    match target {
        Target::Demand => demand_selection(checked, &key, selector, problems),
        Target::Distillation => {}
        _ => channel_selection(checked, place, quantity, target, problems),
    }
}

fn demand_selection(checked: &Checked, key: &str, selector: Option<&Node>, problems: &mut Vec<Diagnostic>) {
    for ids in [Ids::Workload, Ids::Lab] {
        let all = checked.ids(ids);
        if !all.is_empty() && !all.iter().any(|id| selects(selector, ids, id)) {
            let one = ids.one();
            nothing(checked, &format!("{key}.{one}"), one, &all, problems);
        }
    }
}

fn nothing(checked: &Checked, key: &str, one: &str, all: &[&str], problems: &mut Vec<Diagnostic>) {
    let written = checked.text(key).unwrap_or_default();
    let problem = Diagnostic::error(checked.value_at(key), format!("{key} selects no {one}"));
    problems.push(match nearest(written, all.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean {near:?}?")),
        None => problem.note(format!("defined: {}", all.join(", "))),
    });
}

/// That no channel matches all that a selector asks for, and which match each part of it.
fn unmatched(checked: &Checked, key: &str, at: Origin, channels: &[&str]) -> Diagnostic {
    let mut problem = Diagnostic::error(at, format!("{key} selects no channel")).note("all given must match");
    let asked = checked.tree.get(key).and_then(Node::table);
    for (field, entry) in asked.into_iter().flatten() {
        let alone =
            Node { value: Value::Table([(field.clone(), entry.clone())].into()), origin: entry.node.origin };
        let matching: Vec<&str> =
            channels.iter().filter(|id| selects_channel(checked, Some(&alone), id)).copied().collect();
        let wanted = entry.node.to_toml();
        problem = problem.note(match matching.is_empty() {
            true => format!("no channel has {field} = {wanted}"),
            false => format!("{field} = {wanted}: {}", some(&matching)),
        });
    }
    problem
}

fn channel_selection(
    checked: &Checked,
    place: &str,
    quantity: &str,
    target: Target,
    problems: &mut Vec<Diagnostic>,
) {
    let key = format!("{place}.on");
    let selector = checked.tree.get(&key);
    let channels = checked.ids(Ids::Channel);
    let unsound = |id: &&str| {
        let kind = checked.text(&format!("channels.{id}.kind"));
        !matches!(kind, Some("rental" | "owned"))
    };
    if channels.is_empty() || channels.iter().any(unsound) {
        return;
    }
    let selected: Vec<&str> =
        channels.iter().filter(|id| selects_channel(checked, selector, id)).copied().collect();
    let at = if selector.is_some() {
        checked.value_at(&key)
    } else {
        checked.key_at(&format!("{place}.quantity"))
    };
    if selected.is_empty() {
        let ids = [("channel", Ids::Channel), ("region", Ids::Region), ("chip", Ids::Chip)];
        for (field, ids) in ids {
            let key = format!("{key}.{field}");
            let all = checked.ids(ids);
            let Some(pattern) = checked.text(&key) else { continue };
            if !all.iter().any(|id| crate::scenario::resolve::glob(pattern, id)) {
                return nothing(checked, &key, field, &all, problems);
            }
        }
        let tag_key = format!("{key}.tag");
        if let Some(tag) = checked.text(&tag_key) {
            let tags = |id: &&'_ str| checked.texts(&format!("channels.{id}.tags"));
            let tags: Vec<&str> =
                channels.iter().flat_map(tags).collect::<BTreeSet<_>>().into_iter().collect();
            if !tags.contains(&tag) {
                return nothing(checked, &tag_key, "tag", &tags, problems);
            }
        }
        problems.push(unmatched(checked, &key, at, &channels));
        return;
    }
    let acted: Vec<&str> = selected.iter().filter(|id| acts_on(checked, target, id)).copied().collect();
    if acted.is_empty() {
        let (article, kind) = match target {
            Target::NewRental | Target::ExistingContracts => ("a rental channel", "rental channels"),
            Target::ImportQuota => {
                ("a channel with import_quota_chips_per_month", "channels with import_quota_chips_per_month")
            }
            _ => ("an owned channel", "owned channels"),
        };
        problems.push(
            Diagnostic::error(at, format!("{place}: {quantity} acts on {kind} only"))
                .label(format!("selects {}", some(&selected)))
                .hint(format!("select {article}, or another quantity")),
        );
    }
    if target == Target::OwnedAccess {
        let home: Vec<&str> = acted
            .iter()
            .filter(|id| {
                let region = checked.text(&format!("channels.{id}.region"));
                region.is_some_and(|region| checked.flag(&format!("regions.{region}.home")))
            })
            .copied()
            .collect();
        if !home.is_empty() {
            problems.push(
                Diagnostic::error(at, format!("{place}: owned_access is about chips abroad"))
                    .label(format!("selects {} at home", some(&home)))
                    .hint("narrow it, for example on = { kind = \"owned\", origin = \"offshore\" }"),
            );
        }
    }
}

/// A few names of a list.
fn some(names: &[&str]) -> String {
    match names.len() {
        0..=3 => names.join(", "),
        n => format!("{} and {} more", names[..3].join(", "), n - 3),
    }
}

fn arms(checked: &Checked, problems: &mut Vec<Diagnostic>) {
    let arms = checked.keys("arms");
    let flagged = |flag: &str| -> Vec<String> {
        arms.iter().map(|arm| format!("arms.{arm}.{flag}")).filter(|key| checked.flag(key)).collect()
    };
    let (baselines, headlines) = (flagged("baseline"), flagged("headline"));
    for (keys, what) in [(&baselines, "baseline"), (&headlines, "headline")] {
        let mut places: Vec<Origin> = keys.iter().map(|key| checked.value_at(key)).collect();
        // The file that was asked for comes last, so that it is the one to blame.
        places.sort_by_key(|at| (std::cmp::Reverse(at.file), at.start));
        if let [first, .., last] = places[..] {
            problems.push(
                Diagnostic::error(last, format!("{} arms are the {what}", keys.len()))
                    .related(first, "the other one")
                    .note(format!("allowed: {what} = true in one arm")),
            );
        }
    }
    let unread = |arm: &&str| {
        checked.tree.get(&format!("arms.{arm}.baseline")).is_some_and(|flag| flag.boolean().is_none())
    };
    if baselines.is_empty() && !arms.is_empty() && !arms.iter().any(unread) {
        problems.push(
            Diagnostic::error(checked.key_at("arms"), "no arm is the baseline")
                .hint("effects are differences to one arm: give it baseline = true"),
        );
    }
    for arm in arms {
        let place = format!("arms.{arm}");
        if checked.flag(&format!("{place}.baseline")) && checked.flag(&format!("{place}.headline")) {
            problems.push(
                Diagnostic::error(
                    checked.value_at(&format!("{place}.headline")),
                    format!("{place} is both baseline and headline"),
                )
                .hint("the headline speaks of a difference to the baseline"),
            );
        }
        let mut seen = std::collections::BTreeSet::new();
        for item in checked.tree.get(&format!("{place}.rules")).and_then(Node::list).unwrap_or_default() {
            if item.text().is_some_and(|rule| !seen.insert(rule)) {
                problems.push(Diagnostic::error(item.origin, format!("{place} names a rule twice")));
            }
        }
    }
}
