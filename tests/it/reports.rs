//! What tables and findings say of a run: conditions that fit the rules, parts that add up, errors that are known or told
//! to be unknown.

use loophole::analysis::compare::{Effects, Scope, effects};
use loophole::engine::outcome::Outcome;
use loophole::export::findings::{COST_PARTS, sentences};
use loophole::export::report::{About, Stated, calibration_line, effect_table, findings, level_table};

use crate::support::*;

fn told(name: &str, sets: &[&str]) -> (Outcome, Vec<Effects>) {
    let outcome = run(&shipped(name, sets).job());
    let effects = effects(&outcome);
    (outcome, effects)
}

fn of<'a>(outcome: &Outcome, effects: &'a [Effects], arm: &str, scope: Scope) -> &'a Effects {
    let found = effects.iter().find(|effect| outcome.arms[effect.arm].id == arm && effect.scope == scope);
    found.unwrap_or_else(|| panic!("no effect of {arm} with scope {scope:?}"))
}

#[test]
fn an_effect_supposes_only_what_its_rules_do() {
    let closed = Some("closed and not reversed");
    for (name, arm, condition) in [
        ("free-energy.toml", "free-energy", None),
        ("free-energy.toml", "free-energy-wind-down", closed),
        ("learning-by-closing.toml", "strong-open", None),
        ("distillation-law.toml", "law", Some("in force and not reversed")),
        ("fab-squeeze.toml", "fab", Some("in force and not reversed")),
        ("fab-squeeze.toml", "both", closed),
        ("h200-licensed.toml", "china-opens", None),
        ("h200-licensed.toml", "licences-stopped", Some("in force and not reversed")),
    ] {
        let (outcome, effects) = told(name, &["settings.paths=2"]);
        assert_eq!(of(&outcome, &effects, arm, Scope::Certain).condition, condition, "{name}, {arm}");
    }
    let (outcome, effects) = told("close-the-door.toml", &["settings.paths=40"]);
    let chance = Some("weighted by the chance of a rule and of its reversal");
    assert_eq!(of(&outcome, &effects, "expected", Scope::Expected).condition, chance);
    let if_closed = of(&outcome, &effects, "expected", Scope::IfClosed);
    assert_eq!(if_closed.condition, Some("if closed and not reversed"));
    let standing = if_closed.rows[0].summary.paths;
    let title = format!("(if closed and not reversed: {standing} of 40 paths)\n");
    assert!(effect_table(&outcome, if_closed).contains(&title), "{title}");
    let weighted = effect_table(&outcome, of(&outcome, &effects, "expected", Scope::Expected));
    assert!(
        weighted.contains("\nThe chance that the rule comes into force within the run is "),
        "{weighted}"
    );
    let (outcome, effects) = told("close-the-door.toml", &["settings.paths=2", "settings.months=1"]);
    for effect in &effects {
        assert_eq!(effect.condition, Some("no rule in force within the horizon"));
        let table = effect_table(&outcome, effect);
        assert!(table.contains("lost in the first month, ") && !table.contains("± 0"), "{table}");
    }
}

#[test]
fn a_window_says_from_when_and_a_negative_loss_is_a_gain() {
    let (outcome, effects) = told("free-energy.toml", &["settings.paths=40"]);
    let closed = sentences(&outcome, of(&outcome, &effects, "wind-down", Scope::Certain)).join("\n");
    let window = "in the 12 months from 2026-10 (the rule binds from 2027-04) the labs lose ";
    assert!(closed.contains(window), "{closed}");
    let free = sentences(&outcome, of(&outcome, &effects, "free-energy", Scope::Certain)).join("\n");
    assert!(free.contains("in the 24 months from 2026-10 the labs gain "), "{free}");
    assert!(free.contains(" months earlier (90%: "), "{free}");
    assert!(
        !free.contains("lose −") && !free.contains("closed") && !free.contains(" months later (90%"),
        "{free}"
    );
}

/// The amount in "US$1.2bn" or "−US$70m" at the start of a text, with the place of its last digit.
fn amount(text: &str) -> (f64, f64) {
    let (sign, rest) = text.strip_prefix('−').map_or((1.0, text), |rest| (-1.0, rest));
    let rest = rest.strip_prefix("US$").unwrap_or_else(|| panic!("no amount in {text:?}"));
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    let scale = [("tn", 1e12), ("bn", 1e9), ("m", 1e6), ("k", 1e3)];
    let scale =
        scale.into_iter().find(|(suffix, _)| rest.starts_with(suffix)).map_or(1.0, |(_, scale)| scale);
    let decimals = digits.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let value: f64 = digits.parse().unwrap_or_else(|_| panic!("no amount in {text:?}"));
    (sign * value * scale, scale * 10_f64.powi(-decimals))
}

#[test]
fn the_parts_of_the_economic_cost_add_up() {
    for (name, scopes) in [
        ("close-the-door.toml", &[Scope::Certain, Scope::Expected, Scope::IfClosed][..]),
        ("free-energy.toml", &[Scope::Certain]),
    ] {
        let (outcome, effects) = told(name, &["settings.paths=60"]);
        for effect in &effects {
            assert!(scopes.contains(&effect.scope));
            let mean = |id: &str| effect.row(id).unwrap_or_else(|| panic!("no {id}")).summary.mean.value;
            let whole = mean("pv.economic_cost");
            let sum: f64 = COST_PARTS.iter().map(|(id, _)| mean(id)).sum();
            let size: f64 = COST_PARTS.iter().map(|(id, _)| mean(id).abs()).sum();
            assert!((sum - whole).abs() <= 1e-9 * size, "{sum} is not {whole}");
            let all = sentences(&outcome, effect);
            let sentence = all.iter().find(|sentence| sentence.contains("economic cost changes by"));
            let sentence = sentence.unwrap_or_else(|| panic!("no sentence on who pays in {all:?}"));
            let (before, parts) = sentence.split_once(", of which ").expect("parts");
            let at = before.rfind("on average by ").map_or("economic cost changes by ", |_| "on average by ");
            let (said, mut place) = amount(before.split_once(at).expect("the whole").1);
            let mut total = 0.0;
            for (_, words) in COST_PARTS {
                let (part, digit) = amount(parts.split_once(&format!("{words} ")).expect("a part").1);
                total += part;
                place = place.max(if part == 0.0 { 0.0 } else { digit });
            }
            // Each of the eight numbers is rounded by at most half a unit of the whole's place, which a trailing zero hides.
            let place = place.max(effect.row("pv.economic_cost").expect("whole").summary.mean.std_error);
            assert!((total - said).abs() <= 4.0 * place, "{total} is not {said} in {sentence}");
        }
    }
}

#[test]
fn one_path_has_no_error_and_few_have_no_interval() {
    for paths in [1, 2, 3] {
        let (outcome, effects) = told("close-the-door.toml", &[&format!("settings.paths={paths}")]);
        let effect = of(&outcome, &effects, "wind-down", Scope::Certain);
        let text = findings(&outcome, &effects, &About::default())
            + &effect_table(&outcome, effect)
            + &level_table(&outcome);
        for wrong in ["(90%: ", "0% ± 0%", "1 paths", "± inf", "NaN", "as of ,", "<1%", "0% of paths"] {
            assert!(!text.contains(wrong), "{wrong:?} with {paths} paths in\n{text}");
        }
        assert_eq!(text.contains("± unknown"), paths == 1, "{text}");
        assert_eq!(text.contains(", 1 path, "), paths == 1, "{text}");
    }
}

#[test]
fn a_run_without_comparison_has_errors_and_sentences() {
    let (outcome, effects) = told("base-2026q4.toml", &["settings.paths=40"]);
    assert!(effects.is_empty());
    let table = level_table(&outcome);
    assert!(
        table.lines().skip(1).all(|line| line.contains(" ± ") || line.ends_with(", all paths")),
        "{table}"
    );
    let stated = Stated { name: "base".into(), as_of: "2026-11-24".into(), ..Stated::default() };
    let about = About { scenarios: vec![stated], ..About::default() };
    let text = findings(&outcome, &effects, &about);
    for words in [
        "Scenario `base` as of 2026-11-24, ",
        "marginal cost of compute, Training",
        "economic cost",
        "goes unserved",
    ] {
        assert!(text.contains(words), "{words:?} is missing from\n{text}");
    }
}

#[test]
fn several_labs_are_told_apart() {
    let (outcome, effects) = told("one-lab.toml", &["settings.paths=20"]);
    let text = sentences(&outcome, of(&outcome, &effects, "wind-down", Scope::Certain)).join("\n");
    for lab in ["A frontier lab", "All other labs"] {
        assert!(text.contains(&format!(", {lab}: in the 24 months from 2026-10 it loses ")), "{text}");
    }
    let line = calibration_line(&outcome, outcome.calibration.as_ref().expect("it is on"));
    assert!(line.contains(" to US$") && line.trim_end().ends_with("across 2 labs"), "{line}");
}

#[test]
fn marginal_costs_say_what_elasticity_they_rest_on() {
    let rests = |sets: &[&str]| {
        let (outcome, effects) = told("known/no-uncertainty.toml", sets);
        sentences(&outcome, &effects[0]).join("\n")
    };
    let key = "labs.all.demand.work.elasticity";
    assert!(rests(&[]).contains("elasticity of demand is 1.00)"), "{}", rests(&[]));
    let drawn = rests(&[&format!("{key}={{ uniform = [1.0, 2.0] }}")]);
    assert!(drawn.contains("elasticity of demand drawn from 1.05 to 1.95 (90% range))"), "{drawn}");
    let moving = rests(&[&format!("{key}={{ schedule = {{ 2026-10 = 1.0, 2026-12 = 0.5 }} }}")]);
    assert!(moving.contains("elasticity of demand moves over time as the scenario states)"), "{moving}");
}
