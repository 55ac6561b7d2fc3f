//! The shipped scenarios together use the whole language: every key of the registry, every word it allows, every form of
//! a quantity, every feedback. Whatever is added to the language without a scenario that uses it shows up here.

use std::collections::BTreeSet;
use std::path::PathBuf;

use loophole::model::parameters::{Announcement, Form, Reversal, Supply, Target, WindDown, WorkloadKind};
use loophole::random::distribution::Distribution;
use loophole::scenario::quantity::{self, PROCESS_MEMBERS};
use loophole::scenario::registry::{FORMS, Kind, METADATA, ROOT, Schema, kind_of};
use loophole::source::Grade;
use toml::{Table, Value};

use crate::support::*;

/// Every shipped scenario, by its path below the folder.
pub fn all_shipped() -> Vec<String> {
    let mut names = Vec::new();
    for folder in ["", "known/"] {
        let entries = std::fs::read_dir(scenarios().join(folder)).expect("the folder is there");
        let files: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
        let scenario = |file: &&PathBuf| {
            let name = file.to_string_lossy();
            name.ends_with(".toml") && !name.ends_with(".expect.toml")
        };
        for file in files.iter().filter(scenario) {
            names.push(format!("{folder}{}", file.file_name().expect("a name").to_string_lossy()));
        }
    }
    names.sort();
    assert!(names.len() > 15, "{names:?}");
    names
}

/// Members of forms that the registry does not list, since they are not keys of the scenario.
const MEMBERS: [(&str, &[&str]); 10] = [
    ("jumps", &["per_year", "log_mean", "log_sd"]),
    ("regimes", &["start", "demean", "states"]),
    ("states", &["id", "mean_spell_months", "drift_per_year", "volatility_per_sqrt_year", "to"]),
    ("anchor", &["mean", "median"]),
    ("family", &["normal", "lognormal", "metalog"]),
    ("interpolation", &["step"]),
    ("model", &["ou", "gbm"]),
    ("history", &["file", "where", "date", "value"]),
    ("beta", &["alpha", "beta", "min", "max"]),
    ("metalog", &["min", "max"]),
];

/// Words and keys whose use would say nothing: how a scenario is put together, presented, pinned, sampled or cited, and the further
/// words of selectors that compare a word with a word.
fn idle(use_: &str) -> bool {
    [
        "extends",
        "output",
        "expect",
        "pinned",
        "sources.",
        "settings.sampling",
        "tables",
        "chips.<id>.origin = ",
    ]
    .iter()
    .any(|place| use_.starts_with(place))
        || [".title", ".vendor", ".note"].iter().any(|key| use_.ends_with(key))
        || use_.contains(".on.origin = ")
        || use_.contains(".on.chip_origin = ")
}

/// What the language has: dotted places with `<id>` for ids, and `place = word` for words.
fn language() -> BTreeSet<String> {
    fn schema(all: &mut BTreeSet<String>, place: &str, schema: &'static Schema) {
        for field in schema.fields {
            let place =
                if place.is_empty() { field.key.to_string() } else { format!("{place}.{}", field.key) };
            all.insert(place.clone());
            kind(all, &place, &field.kind);
        }
    }
    fn kind(all: &mut BTreeSet<String>, place: &str, it: &'static Kind) {
        match it {
            Kind::Choice(words) => all.extend(words.iter().map(|word| format!("{place} = {word}"))),
            Kind::Boolean => _ = all.insert(format!("{place} = true")),
            Kind::Table(table) => schema(all, place, table),
            Kind::Tagged { cases, .. } => cases.iter().for_each(|(_, table)| schema(all, place, table)),
            Kind::New(inner) | Kind::Of(_, inner) => kind(all, &format!("{place}.<id>"), inner),
            Kind::List(inner) => kind(all, &format!("{place}[]"), inner),
            Kind::Either(first, second) => {
                all.insert(format!("{place} = plain"));
                all.insert(format!("{place} = table"));
                kind(all, place, first);
                kind(all, place, second);
            }
            Kind::Quantity(_)
            | Kind::Number(_)
            | Kind::Text
            | Kind::Integer { .. }
            | Kind::Month
            | Kind::Date
            | Kind::Id(_)
            | Kind::Key
            | Kind::Row(_)
            | Kind::Overrides
            | Kind::Changes => {}
        }
    }
    let mut all = BTreeSet::new();
    kind(&mut all, "", &ROOT);
    all.extend(FORMS.iter().map(|form| format!("form {form}")));
    all.extend(PROCESS_MEMBERS.iter().map(|member| format!("process {member}")));
    all.extend(METADATA.iter().map(|key| format!("metadata {key}")));
    all.extend(Grade::NAMES.iter().map(|grade| format!("grade {grade}")));
    for (owner, members) in MEMBERS {
        all.extend(members.iter().map(|member| format!("{owner} {member}")));
    }
    all
}

/// What a scenario uses.
fn used(all: &mut BTreeSet<String>, place: &str, it: &'static Kind, value: &Value) {
    let below = |key: &str| if place.is_empty() { key.to_string() } else { format!("{place}.{key}") };
    match (it, value) {
        (Kind::Choice(_), Value::String(word)) => _ = all.insert(format!("{place} = {word}")),
        (Kind::Boolean, Value::Boolean(true)) => _ = all.insert(format!("{place} = true")),
        (Kind::Table(_) | Kind::Tagged { .. }, Value::Table(table)) => {
            for (key, value) in table {
                all.insert(below(key));
                used(
                    all,
                    &below(key),
                    it.child(key).unwrap_or_else(|| panic!("{} is no key", below(key))),
                    value,
                );
            }
        }
        (Kind::New(inner) | Kind::Of(_, inner), Value::Table(table)) => {
            table.values().for_each(|value| used(all, &format!("{place}.<id>"), inner, value));
        }
        (Kind::List(inner), Value::Array(list)) => {
            list.iter().for_each(|value| used(all, &format!("{place}[]"), inner, value));
        }
        (Kind::Either(_, second), Value::Table(_) | Value::Array(_)) => {
            all.insert(format!("{place} = table"));
            used(all, place, second, value);
        }
        (Kind::Either(first, _), _) => {
            all.insert(format!("{place} = plain"));
            used(all, place, first, value);
        }
        (Kind::Quantity(_), Value::Table(table)) => quantity(all, table),
        (Kind::Quantity(_), _) => _ = all.insert("form value".into()),
        (Kind::Overrides, Value::Table(table)) => {
            for (key, value) in table {
                let inner = kind_of(key).unwrap_or_else(|| panic!("{key} is no key"));
                used(all, "set", inner, value);
            }
        }
        _ => {}
    }
}

/// What a quantity uses, members of processes included.
fn quantity(all: &mut BTreeSet<String>, table: &Table) {
    let process = table.contains_key("initial");
    for (key, value) in table {
        if FORMS.contains(&&**key) {
            all.insert(format!("form {key}"));
        }
        if METADATA.contains(&&**key) {
            all.insert(format!("metadata {key}"));
        }
        if process && PROCESS_MEMBERS.contains(&&**key) {
            all.insert(format!("process {key}"));
        }
        match (&**key, value) {
            ("grade", Value::String(word)) => _ = all.insert(format!("grade {word}")),
            ("anchor" | "family" | "interpolation" | "model", Value::String(word)) => {
                _ = all.insert(format!("{key} {word}"))
            }
            ("min" | "max", _)
                if table.get("family").is_some_and(|family| family.as_str() == Some("metalog")) =>
            {
                all.insert(format!("metalog {key}"));
            }
            ("jumps" | "regimes" | "history" | "beta", Value::Table(members)) => {
                for (member, value) in members {
                    all.insert(format!("{key} {member}"));
                    if let Value::Table(inner) = value {
                        quantity(all, inner);
                    }
                    for state in value.as_array().into_iter().flatten().filter_map(Value::as_table) {
                        all.extend(state.keys().map(|member| format!("states {member}")));
                    }
                }
            }
            ("mixture", Value::Table(members)) => {
                for part in members.get("of").and_then(Value::as_array).into_iter().flatten() {
                    part.as_table().into_iter().for_each(|part| quantity(all, part));
                }
            }
            (_, Value::Table(inner)) if process => quantity(all, inner),
            _ => {}
        }
    }
}

#[test]
fn shipped_scenarios_use_the_whole_language() {
    let mut seen = BTreeSet::new();
    for name in all_shipped() {
        let text = shipped(&name, &[]).to_toml();
        let table: Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        used(&mut seen, "", &ROOT, &Value::Table(table));
    }
    let language = language();
    assert!(language.len() > 200, "{}", language.len());
    let unused: Vec<&String> = language.difference(&seen).filter(|use_| !idle(use_)).collect();
    assert!(unused.is_empty(), "no shipped scenario uses:\n{unused:#?}");
    assert!(seen.iter().any(|form| form == "form family") && quantity::is_form_key("p50"));
}

/// The compiled side: every case of every enum of the model is in some job. The matches have no wildcard, so that a new
/// case does not compile until it is named here, and fails until a scenario has it.
#[test]
fn shipped_scenarios_compile_to_every_case() {
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    for name in all_shipped() {
        let job = shipped(&name, &[]).job();
        for quantity in &job.quantities.list {
            seen.insert(match &quantity.form {
                Form::Constant(_) => "constant",
                Form::Parameter(_) => "parameter",
                Form::Process(_) => "process",
                Form::Schedule { linear: true, .. } => "linear schedule",
                Form::Schedule { linear: false, .. } => "step schedule",
                Form::Converted { .. } => "converted",
            });
            if let Form::Parameter(distribution) = &quantity.form {
                seen.insert(family(distribution));
            }
            if let Form::Process(process) = &quantity.form {
                seen.insert(if process.half_life_months.is_some() {
                    "mean reversion"
                } else {
                    "random walk"
                });
                if process.jumps.is_some() {
                    seen.insert("jumps");
                }
                if process.regimes.is_some() {
                    seen.insert("regimes");
                }
            }
        }
        for world in job.arms.iter().map(|arm| &arm.world) {
            seen.extend(world.workloads.iter().map(|workload| match workload.kind {
                WorkloadKind::Training => "training",
                WorkloadKind::Decode => "decode",
                WorkloadKind::Inference => "inference",
            }));
            seen.extend(world.channels.iter().map(|channel| match channel.supply {
                Supply::Rental(_) => "rental",
                Supply::Owned(_) => "owned",
            }));
            for rule in &world.rules {
                seen.insert(match rule.announcement {
                    Announcement::Fixed(_) => "fixed",
                    Announcement::Window { .. } => "window",
                    Announcement::Hazard { .. } => "hazard",
                });
                let voids = rule.effects.iter().any(|effect| effect.target == Target::ExistingContracts);
                seen.insert(match rule.wind_down {
                    WindDown::Immediate if voids => "immediate",
                    WindDown::Linear(_) if voids => "linear",
                    WindDown::Cliff(_) if voids => "cliff",
                    WindDown::Grandfathered => "grandfathered",
                    WindDown::Immediate | WindDown::Linear(_) | WindDown::Cliff(_) => "voids nothing",
                });
                seen.insert(match rule.reversal {
                    Reversal::Never => "never undone",
                    Reversal::Hazard(_) => "undone at a hazard",
                    Reversal::Within { .. } => "undone within days",
                });
                for effect in &rule.effects {
                    let acts = effect.channels.contains(&true) || effect.workloads.contains(&true);
                    assert!(
                        acts || effect.target == Target::Distillation,
                        "{name}: a {:?} on nothing",
                        effect.target
                    );
                    seen.insert(match effect.target {
                        Target::NewRental => "new rental",
                        Target::ExistingContracts => "existing contracts",
                        Target::OwnedAccess => "owned access",
                        Target::ChipSupply => "chip supply",
                        Target::ImportQuota => "import quota",
                        Target::Price => "price",
                        Target::Demand => "demand",
                        Target::Efficiency => "efficiency",
                        Target::Distillation => "distillation effect",
                    });
                }
            }
        }
    }
    let all = [
        "import quota",
        "constant",
        "parameter",
        "process",
        "linear schedule",
        "step schedule",
        "converted",
        "mean reversion",
        "random walk",
        "jumps",
        "regimes",
        "training",
        "decode",
        "inference",
        "rental",
        "owned",
        "fixed",
        "window",
        "hazard",
        "immediate",
        "linear",
        "cliff",
        "grandfathered",
        "never undone",
        "undone at a hazard",
        "undone within days",
        "new rental",
        "existing contracts",
        "owned access",
        "chip supply",
        "price",
        "demand",
        "efficiency",
        "distillation effect",
    ];
    let missing: Vec<&&str> = all.iter().filter(|case| !seen.contains(**case)).collect();
    assert!(missing.is_empty(), "no shipped scenario has: {missing:?}");
    let families = ["uniform", "triangular", "beta", "normal", "lognormal", "discrete", "mixture", "metalog"];
    let missing: Vec<&&str> = families.iter().filter(|family| !seen.contains(**family)).collect();
    assert!(missing.is_empty(), "no shipped scenario draws from: {missing:?}");
}

/// The family a distribution is printed under.
fn family(distribution: &Distribution) -> &'static str {
    let name = format!("{distribution:?}").to_lowercase();
    ["uniform", "triangular", "mixture", "metalog", "lognormal", "normal", "discrete", "beta"]
        .into_iter()
        .find(|family| name.starts_with(family))
        .unwrap_or("another")
}

/// Feedbacks are switches with a quantity, 0 off. In the scenario of all forms each is on, and turning it off anywhere
/// moves the answer.
#[test]
fn every_feedback_moves_something() {
    let sets =
        ["settings.paths=16", "settings.sampling=\"plain\"", "channels.bought.scarcity_rent_share=0.5"];
    let scenario = shipped("every-form.toml", &sets);
    let with = run(&scenario.job());
    let Some(Kind::New(Kind::Tagged { cases, .. })) = kind_of("channels") else {
        panic!("channels are by kind")
    };
    let switches: Vec<(&str, &str)> = cases
        .iter()
        .flat_map(|(kind, schema)| schema.fields.iter().map(move |field| (*kind, field)))
        .filter(|(_, field)| field.doc.ends_with("0 off"))
        .map(|(kind, field)| (kind, field.key))
        .collect();
    assert!(switches.len() >= 5, "{switches:?}");
    for (kind, key) in switches {
        let channel = if kind == "rental" { "hired" } else { "bought" };
        let place = format!("channels.{channel}.{key}");
        assert!(drawn(&scenario.job(), &place, 0).iter().any(|value| *value != 0.0), "{place} is off");
        let without = run(&scenario.with(&place, 0).unwrap_or_else(|problems| panic!("{problems}")).job());
        let costs = |outcome| scalar(outcome, "open", "pv.economic_cost").to_vec();
        assert_ne!(costs(&with), costs(&without), "{place} moves nothing");
    }
    for (key, off) in [
        ("labs.big.anticipation_fraction", toml::Value::from(0)),
        ("labs.big.hedge_share_fraction", toml::Value::from(0)),
        ("labs.big.sign_ahead", toml::Value::from(false)),
        ("calibration.enabled", toml::Value::from(false)),
    ] {
        let without = run(&scenario.with(key, off).unwrap_or_else(|problems| panic!("{problems}")).job());
        let moved = ["open", "line", "cliff-and-mix"]
            .iter()
            .any(|arm| scalar(&with, arm, "pv.economic_cost") != scalar(&without, arm, "pv.economic_cost"));
        assert!(moved, "{key} moves nothing");
    }
}
