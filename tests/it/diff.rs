//! `loophole diff`: which inputs differ, whose doing a change is, and what it says of things that are wrong.
//!
//! Attributions are held to hand-made ones on small scenarios: products are shared at the mean of the other factor, sums
//! term by term. Sampled numbers are held to four standard errors: one such statement in 16,000 fails by chance.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::binary::{code, err, loophole, out};

const LEVERS: &str = "scenarios/known/levers.toml";
const CONTRACTS: &str = "scenarios/known/take-or-pay.toml";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of text")
}

/// The comparison as JSON.
fn json(args: &[&str]) -> Value {
    let place = folder();
    let target = place.path().join("results");
    let output =
        loophole(&[&["diff"], args, &["--json", "--allow-outside", "--out", text(&target)]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    serde_json::from_str(&out(&output)).expect("standard output is JSON")
}

/// The division of a metric's change, by its scope and statistic.
fn division<'a>(json: &'a Value, metric: &str, scope: &Value, statistic: &str) -> &'a Value {
    let all = json["attributions"].as_array().expect("a list");
    let found = all
        .iter()
        .find(|one| one["metric"] == metric && one["scope"] == *scope && one["statistic"] == statistic);
    found.unwrap_or_else(|| panic!("no {metric} {scope} {statistic}"))
}

/// The share of the edit of a key.
fn share<'a>(division: &'a Value, key: &str) -> &'a Value {
    let shares = division["shares"].as_array().expect("a list");
    let of_key = |share: &&Value| share["keys"].as_array().is_some_and(|keys| keys.contains(&key.into()));
    &shares.iter().find(of_key).unwrap_or_else(|| panic!("no share of {key} in {division}"))["share"]
}

fn value(number: &Value) -> f64 {
    number["value"].as_f64().unwrap_or_else(|| panic!("{number} has no value"))
}

fn error(number: &Value) -> f64 {
    number["std_error"].as_f64().unwrap_or_else(|| panic!("{number} has no error"))
}

fn near(number: &Value, truth: f64) {
    let value = value(number);
    assert!((value - truth).abs() <= 1e-9 * truth.abs().max(1e-12), "{value} is not {truth}");
}

fn within_noise(number: &Value, truth: f64) {
    let (value, error) = (value(number), error(number));
    assert!(error > 0.0 && (value - truth).abs() < 4.0 * error, "{value} ± {error} is not {truth}");
}

#[test]
fn dues_that_add_up_are_each_their_own() {
    // Wound down over five months: dues 292·(350·fee + 1,450·(prepaid + (1 − prepaid)·owed)); fee 1 to 2, owed 0.2 to 0.6.
    let sets = [
        "--set",
        "channels.rent.exit_fee_months=2",
        "--set",
        "channels.rent.owed_share_when_void_fraction=0.6",
    ];
    let json = json(&[&[CONTRACTS], &sets[..]].concat());
    for statistic in ["mean", "median"] {
        let spend = division(&json, "pv.spend", &"certain".into(), statistic);
        near(share(spend, "channels.rent.exit_fee_months"), 292.0 * 350.0);
        near(share(spend, "channels.rent.owed_share_when_void_fraction"), 292.0 * 1450.0 * 0.75 * 0.4);
        near(&spend["change"], 102_200.0 + 127_020.0);
    }
}

#[test]
fn dues_that_multiply_are_shared_at_the_mean_of_the_other() {
    // prepaid + (1 − prepaid)·owed: prepaid 0.25 to 0.5 gets 0.25·(1 − 0.4), owed 0.2 to 0.6 gets 0.4·(1 − 0.375).
    let sets = [
        "--set",
        "channels.rent.prepaid_fraction=0.5",
        "--set",
        "channels.rent.owed_share_when_void_fraction=0.6",
    ];
    let json = json(&[&[CONTRACTS], &sets[..]].concat());
    let spend = division(&json, "pv.spend", &"certain".into(), "median");
    near(share(spend, "channels.rent.prepaid_fraction"), 292.0 * 1450.0 * 0.15);
    near(share(spend, "channels.rent.owed_share_when_void_fraction"), 292.0 * 1450.0 * 0.25);
    let outputs = json["outputs"].as_array().expect("a list");
    let paired = outputs.iter().find(|one| one["metric"] == "pv.spend" && one["measure"] == "difference");
    let paired = paired.expect("spend is among the outputs");
    near(&paired["difference"]["mean"], 292.0 * 1450.0 * 0.4);
    near(&paired["after"], value(&paired["before"]) + 292.0 * 1450.0 * 0.4);
}

#[test]
fn an_edit_that_does_nothing_here_gets_exactly_nothing() {
    // With access closed from month 2, chips abroad fall to 0.6 and then to the leakage: lambda 300/(100 + 50·usable), open 2.
    let sets = [
        "--set",
        "rules.access.effects.0.leakage_fraction=0.5",
        "--set",
        "regions.abroad.opex_usd_per_kw_year=120",
        "--paths",
        "3",
    ];
    let json = json(&[&[LEVERS], &sets[..]].concat());
    let cost = division(&json, "marginal_cost.work.mean", &"certain".into(), "median");
    let ratio = |leakage: f64| {
        let month = |usable: f64| 300.0 / (100.0 + 50.0 * usable);
        (4.0 + month(0.5 + 0.5 * leakage) + 3.0 * month(leakage)) / 12.0
    };
    near(&cost["before"], ratio(0.2));
    near(&cost["after"], ratio(0.5));
    near(share(cost, "rules.access.effects.0.leakage_fraction"), ratio(0.5) - ratio(0.2));
    let idle = share(cost, "regions.abroad.opex_usd_per_kw_year");
    assert_eq!((value(idle), error(idle)), (0.0, 0.0));
}

#[test]
fn a_random_product_is_shared_within_its_error() {
    // A levy of a quarter on 100 chips costs 0.25·S, S = 2,063,954.46; 150 chips and a levy of a half: 0.75·S.
    let sets = [
        "--set",
        "channels.rent.on_offer_chips=150",
        "--set",
        "rules.levy.effects.0.factor=1.5",
        "--paths",
        "2000",
    ];
    let json = json(&[&["scenarios/known/gbm-rent.toml"], &sets[..]].concat());
    let spend = division(&json, "pv.spend", &"certain".into(), "mean");
    let s = 2_063_954.46;
    within_noise(&spend["before"], 0.25 * s);
    within_noise(&spend["change"], 0.5 * s);
    let (chips, levy) =
        (share(spend, "channels.rent.on_offer_chips"), share(spend, "rules.levy.effects.0.factor"));
    within_noise(chips, 0.1875 * s);
    within_noise(levy, 0.3125 * s);
    // All are one random number times a constant: errors are in proportion, and the shares stand in it exactly.
    let relative = error(&spend["before"]) / value(&spend["before"]);
    for number in [chips, levy, &spend["change"]] {
        assert!((error(number) / value(number) / relative - 1.0).abs() < 1e-9);
    }
    assert!((value(chips) / value(levy) - 0.6).abs() < 1e-9);
}

#[test]
fn chance_of_a_rule_is_an_assumption_like_any_other() {
    // Lost in 24 months: 730·chips·Σ(1 − exp(−h·(t + 1)/12)); chips 100 to 90, h 0.25 to 0.5.
    let sets = [
        "--set",
        "channels.rent.on_offer_chips=90",
        "--set",
        "rules.close.announced.hazard_per_year=0.5",
        "--paths",
        "3000",
    ];
    let json = json(&[&["scenarios/known/constant-hazard.toml"], &sets[..]].concat());
    let closed = |h: f64| (1..=24).map(|t| 1.0 - (-h * f64::from(t) / 12.0).exp()).sum::<f64>();
    let expected = division(&json, "lost.24m.all", &"expected".into(), "mean");
    assert_eq!(expected["quoted"], true, "the mean is what an uncertain effect is quoted by");
    within_noise(
        share(expected, "channels.rent.on_offer_chips"),
        -730.0 * 10.0 * (closed(0.25) + closed(0.5)) / 2.0,
    );
    within_noise(
        share(expected, "rules.close.announced.hazard_per_year"),
        730.0 * 95.0 * (closed(0.5) - closed(0.25)),
    );
    let if_closed = division(&json, "lost.24m.all", &"if_closed_and_not_reversed".into(), "median");
    let sum: f64 =
        if_closed["shares"].as_array().expect("a list").iter().map(|share| value(&share["share"])).sum();
    assert!((sum - value(&if_closed["change"])).abs() < 1e-9 * value(&if_closed["before"]));
}

#[test]
fn more_than_eight_edits_are_made_and_undone_alone() {
    let demand = "labs.all.demand.work";
    let sets: Vec<String> = [
        format!("{demand}.planned_use_h100e=180"),
        format!("{demand}.reference_price_usd_per_h100e_hour=3"),
        format!("{demand}.saturation_ratio=3"),
        format!("{demand}.choke_price_usd_per_h100e_hour=50"),
        "regions.here.electricity_usd_per_kwh=0.2".into(),
        "regions.abroad.electricity_usd_per_kwh=0.3".into(),
        "regions.here.pue_ratio=1.2".into(),
        "regions.abroad.pue_ratio=1.1".into(),
        "rules.access.effects.0.leakage_fraction=0.3".into(),
    ]
    .into_iter()
    .collect();
    let flags: Vec<&str> = sets.iter().flat_map(|set| ["--set", set.as_str()]).collect();
    let json = json(&[&[LEVERS][..], &flags].concat());
    assert_eq!((&json["method"], &json["simulations"]), (&"one_at_a_time".into(), &20.into()));
    for one in json["attributions"].as_array().expect("a list") {
        let shares = one["shares"].as_array().expect("a list");
        let sum: f64 = shares.iter().map(|share| value(&share["share"])).sum();
        let (change, left) = (value(&one["change"]), value(&one["interaction"]));
        let size = value(&one["before"]).abs().max(value(&one["after"]).abs());
        assert!(
            (sum + left - change).abs() <= 1e-9 * size,
            "{}: {sum} + {left} is not {change}",
            one["metric"]
        );
        for share in shares {
            let half = (value(&share["alone"]) + value(&share["last"])) / 2.0;
            assert!((value(&share["share"]) - half).abs() <= 1e-9 * size);
        }
    }
}

#[test]
fn levels_of_a_scenario_of_one_arm_are_divided() {
    // lambda = planned·reference/chips with demand planned·reference/p: 150·2/150 = 2 to 180·3/150 = 3.6.
    let place = folder();
    let file = place.path().join("one-arm.toml");
    let levers = std::fs::read_to_string(LEVERS).expect("a shipped scenario");
    let cut = levers.find("[arms.access]").expect("its second arm");
    std::fs::write(&file, &levers[..cut]).expect("a file");
    let demand = "labs.all.demand.work";
    let sets =
        [format!("{demand}.planned_use_h100e=180"), format!("{demand}.reference_price_usd_per_h100e_hour=3")];
    let json = json(&[text(&file), "--set", &sets[0], "--set", &sets[1]]);
    let cost = division(&json, "marginal_cost.work.mean", &Value::Null, "median");
    near(share(cost, "labs.all.demand.work.planned_use_h100e"), 30.0 * (2.0 + 3.0) / 2.0 / 150.0);
    near(
        share(cost, "labs.all.demand.work.reference_price_usd_per_h100e_hour"),
        (150.0 + 180.0) / 2.0 / 150.0,
    );
}

#[test]
fn where_one_side_has_no_effect_levels_are_divided() {
    // The base has no rule and no second arm: those of the other take no part, and the door is open in both.
    let sides = ["scenarios/close-the-door.toml", "scenarios/base-2026q4.toml", "--paths", "8"];
    let alike = json(&sides);
    assert_eq!((&alike["simulations"], &alike["attributions"]), (&0.into(), &Value::Array(Vec::new())));
    let json = json(&[&sides[..], &["--set", "regions.china_west.pue_ratio=1.5"]].concat());
    assert_eq!((&json["comparison"], &json["simulations"]), (&"Door open".into(), &2.into()));
    let cost = division(&json, "pv.economic_cost", &Value::Null, "median");
    near(share(cost, "regions.china_west.pue_ratio"), value(&cost["change"]));
    assert!(value(&cost["change"]) > 0.0);
}

#[test]
fn an_arms_own_value_is_an_edit_of_its_own() {
    let place = folder();
    let file = place.path().join("own.toml");
    let base = std::fs::canonicalize(LEVERS).expect("a shipped scenario");
    let own = "arms.access.set = { \"regions.abroad.electricity_usd_per_kwh\" = 0.5 }";
    std::fs::write(&file, format!("extends = {:?}\n{own}\n", text(&base))).expect("a file");
    let json = json(&[LEVERS, text(&file)]);
    let assumptions = json["inputs"]["assumptions"].as_array().expect("a list");
    assert_eq!(assumptions.len(), 1);
    let change = &assumptions[0]["parts"][0]["changes"][0];
    assert_eq!((&change["a"]["value"], &change["b"]["value"]), (&"0.1".into(), &"0.5".into()));
    // 50 chips, usable 1, 1, 0.6, 0.2, 0.2, 0.2, cost 0.4 more an hour.
    let spend = division(&json, "pv.spend", &"certain".into(), "mean");
    near(&spend["change"], 50.0 * 730.0 * 0.4 * (1.0 + 1.0 + 0.6 + 3.0 * 0.2));
}

#[test]
fn edits_that_make_sense_only_together_count_as_one() {
    let json = json(&["scenarios/base-2026q4.toml", "scenarios/one-lab.toml", "--paths", "16"]);
    let assumptions = json["inputs"]["assumptions"].as_array().expect("a list");
    let together: Vec<&Value> =
        assumptions.iter().filter(|one| one["keys"].as_array().is_some_and(|keys| keys.len() > 1)).collect();
    assert_eq!(together.len(), 1, "a new lab and the shares it leaves the other");
    assert!(together[0]["keys"].as_array().expect("a list").contains(&"labs.frontier".into()));
}

#[test]
fn inputs_are_told_with_origins_and_sources() {
    let args = ["diff", LEVERS, "--set", "rules.access.effects.0.leakage_fraction=0.5", "-n"];
    let output = loophole(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let told = out(&output);
    for words in [
        "1 assumption differs",
        "access to chips abroad: owned access, leakage",
        "rules.access.effects.0.leakage_fraction",
        "A  0.2",
        "scenarios/known/levers.toml:",
        "B  0.5",
        "--set rules.access.effects.0.leakage_fraction=0.5",
        "would simulate 2 scenarios",
    ] {
        assert!(told.contains(words), "{words:?} is missing from\n{told}");
    }
}

#[test]
fn sentences_and_table_say_what_changes_and_through_what() {
    let place = folder();
    let target = place.path().join("results");
    let args = [
        "diff",
        CONTRACTS,
        "--set",
        "channels.rent.exit_fee_months=2",
        "--set",
        "channels.rent.owed_share_when_void_fraction=0.6",
        "--out",
        text(&target),
    ];
    let output = loophole(&args);
    let told = out(&output);
    for words in [
        "Wound down over five months, against Open",
        "Spend, present value, less the baseline's (median)",
        "+US$102k",
        "+US$127k",
        "by US$229k: +US$127k from Rented chips: owed share when void (0.2 → 0.6), +US$102k from Rented chips: exit fee (1 → 2 months).",
        "H100e-hours lost in the first 12 months, all workloads (median) does not change: 467k.",
    ] {
        assert!(told.contains(words), "{words:?} is missing from\n{told}");
    }
    for file in ["diff.csv", "inputs.csv", "outputs.csv", "diff.json", "findings.md", "manifest.json"] {
        assert!(target.join(file).is_file(), "{file} is missing");
    }
    #[cfg(feature = "chart")]
    for ending in ["svg", "png", "csv", "txt"] {
        assert!(target.join(format!("charts/waterfall.{ending}")).is_file(), "{ending}");
    }
    let table = std::fs::read_to_string(target.join("diff.csv")).expect("a table");
    let columns = table.lines().next().expect("a header").split(',').count();
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    assert!(reader.records().all(|record| record.is_ok_and(|record| record.len() == columns)));
}

#[test]
fn words_and_sources_alone_are_no_assumption() {
    let place = folder();
    let file = place.path().join("renamed.toml");
    let base = std::fs::canonicalize(LEVERS).expect("a shipped scenario");
    let renamed = format!(
        "extends = {:?}\nscenario.title = \"Another name\"\nchannels.home.title = \"Here\"\n",
        text(&base)
    );
    std::fs::write(&file, renamed).expect("a file");
    let output = loophole(&["diff", LEVERS, text(&file), "--exit-code", "--allow-outside"]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("No assumption differs") && out(&output).contains("channels.home.title"));
}

#[test]
fn settings_are_stated_and_those_of_the_first_are_used() {
    let place = folder();
    let target = place.path().join("results");
    let args = ["diff", LEVERS, "--set", "settings.months=5", "--set", "settings.paths=7"];
    let output = loophole(&[&args[..], &["--exit-code"]].concat());
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("settings.months: 6 -> 5"), "{}", out(&output));
    let edit = ["--set", "regions.here.pue_ratio=1.5", "--json", "--out", text(&target)];
    let output = loophole(&[&args[..], &edit].concat());
    let json: Value = serde_json::from_str(&out(&output)).expect("JSON");
    assert_eq!((&json["months"], &json["paths"]), (&6.into(), &1.into()));
}

#[test]
fn exit_codes_are_those_of_diff() {
    let place = folder();
    let target = place.path().join("results");
    let edited = ["diff", LEVERS, "--set", "regions.here.pue_ratio=1.5", "--out", text(&target), "-q"];
    assert_eq!(code(&loophole(&["diff", LEVERS, LEVERS])), 0);
    assert_eq!(code(&loophole(&["diff", LEVERS, LEVERS, "--exit-code"])), 0);
    assert_eq!(code(&loophole(&edited)), 0);
    assert_eq!(code(&loophole(&[&edited[..], &["--exit-code"]].concat())), 1);
    assert_eq!(code(&loophole(&[&edited[..], &["--exit-code", "-n"]].concat())), 1);
    assert_eq!(code(&loophole(&["diff", LEVERS, "no-such-file.toml"])), 1);
    assert_eq!(code(&loophole(&["diff", LEVERS, "no-such-file.toml", "--exit-code"])), 2);
    assert_eq!(code(&loophole(&["diff", LEVERS])), 2, "nothing to compare with");
    let taken = place.path().join("taken");
    std::fs::write(&taken, "mine").expect("a file");
    let args = ["diff", LEVERS, "--set", "regions.here.pue_ratio=1.5", "--out", text(&taken)];
    assert_eq!(code(&loophole(&args)), 3);
}

/// Results of a small scenario, saved.
fn saved(place: &Path, name: &str, flags: &[&str]) -> PathBuf {
    let target = place.join(name);
    let output = loophole(&[&["compare", LEVERS, "-q", "--out", text(&target)], flags].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    target
}

#[test]
fn saved_results_are_their_inputs() {
    let place = folder();
    let overlay = place.path().join("dear.toml");
    std::fs::write(&overlay, "regions.here.electricity_usd_per_kwh = 0.4\n").expect("a file");
    let plain = saved(place.path(), "plain", &[]);
    let changed = saved(
        place.path(),
        "changed",
        &["--with", text(&overlay), "--set", "regions.here.pue_ratio=1.5", "--seed", "9"],
    );
    // The overlay is in the manifest; its file is not needed any more.
    std::fs::remove_file(&overlay).expect("it was written");
    let output = loophole(&["diff", text(&plain), text(&changed.join("manifest.json")), "-n"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let told = out(&output);
    for words in [
        "regions.here.electricity_usd_per_kwh",
        "regions.here.pue_ratio",
        "settings.seed: 1 -> 9",
        "simulated again",
    ] {
        assert!(told.contains(words), "{words:?} is missing from\n{told}");
    }
    let same = loophole(&["diff", text(&plain), LEVERS, "--exit-code"]);
    assert_eq!(code(&same), 0, "{}{}", out(&same), err(&same));
}

#[test]
fn saved_results_keep_the_arms_they_were_of() {
    // Under `demand` a fifth more is wanted from month 2: lambda 2.4 against 2. With planned use 150 to 180 both are 1.2 times that.
    let place = folder();
    let plain = saved(place.path(), "plain", &["--arms", "open,demand"]);
    let plan = "labs.all.demand.work.planned_use_h100e=180";
    let more = saved(place.path(), "more", &["--arms", "open,demand", "--set", plan]);
    let told = json(&[text(&plain), text(&more)]);
    assert_eq!(told["comparison"], "More demand, against Open");
    assert_eq!(told["inputs"]["assumptions"].as_array().expect("a list").len(), 1);
    let outputs = told["outputs"].as_array().expect("a list");
    let paired = |metric: &str, measure: &str| {
        let found = outputs.iter().find(|it| it["metric"] == metric && it["measure"] == measure);
        found.unwrap_or_else(|| panic!("no {metric}, {measure}"))["before"].clone()
    };
    // Four of six months at 1.2.
    near(&paired("marginal_cost.work.mean", "ratio"), (2.0 + 4.0 * 1.2) / 6.0);
    // The first of the arms is the baseline where none of them is marked, though it is marked as the headline.
    let other = saved(place.path(), "other", &["--arms", "access,demand"]);
    let changed = ["--set", "regions.here.pue_ratio=1.5"];
    let told = json(&[&[text(&other)], &changed[..]].concat());
    assert_eq!(told["comparison"], "More demand, against Access closed");
    // Of results of all arms and results of some, what is compared is what differs.
    let whole = saved(place.path(), "whole", &[]);
    let output = loophole(&["diff", text(&whole), text(&plain), "-n", "--exit-code"]);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(out(&output).contains("arms.demand.headline"), "{}", out(&output));
    // An arm chosen that is the headline anyhow is no difference.
    let usual = saved(place.path(), "usual", &["--arms", "open,access"]);
    assert_eq!(code(&loophole(&["diff", text(&whole), text(&usual), "--exit-code"])), 0);
}

#[test]
fn warnings_about_either_are_told_once() {
    let flagship = "scenarios/close-the-door.toml";
    let short = "settings.months=2";
    let warned = |args: &[&str]| {
        let output = loophole(&[&["diff", flagship, "-n"], args].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        err(&output).matches("is outside the horizon").count()
    };
    let of_short = {
        let output = loophole(&["compare", flagship, "--set", short, "-n"]);
        err(&output).matches("is outside the horizon").count()
    };
    assert!(of_short > 0);
    assert_eq!(warned(&["--set", "labs.all.hedge_share_fraction=0.5"]), 0);
    assert_eq!(warned(&["--set", short]), of_short);
    assert_eq!(warned(&["--set", short, "--set", "labs.all.hedge_share_fraction=0.5"]), of_short);
    // Saved results of a short run, and the same with a change: both are short, and it is told once.
    let place = folder();
    let target = place.path().join("short");
    let args =
        ["compare", flagship, "--set", short, "--paths", "2", "--set", "output.figures=[\"effect\"]", "-q"];
    let output = loophole(&[&args[..], &["--out", text(&target)]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = loophole(&["diff", text(&target), "--set", "labs.all.hedge_share_fraction=0.5", "-n"]);
    assert_eq!(err(&output).matches("is outside the horizon").count(), of_short, "{}", err(&output));
    // Of B alone, whether anything that is compared differs or not.
    for more in [&[][..], &["--set", "regions.here.pue_ratio=1.5"]] {
        let unused = ["diff", LEVERS, "-n", "--set", "arms.demand.rules=[\"no_supply\"]"];
        let output = loophole(&[&unused[..], more].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert_eq!(err(&output).matches("no arm has the rule demand").count(), 1, "{}", err(&output));
    }
}

#[test]
fn an_edit_through_what_a_file_extends_is_the_files_own() {
    let place = folder();
    let base = std::fs::read_to_string(LEVERS).expect("a shipped scenario");
    let write = |name: &str, text: String| {
        let file = place.path().join(name);
        std::fs::write(&file, text).expect("a file");
        file
    };
    write("base.toml", base.clone());
    write("dear.toml", base.replacen("electricity_usd_per_kwh = 0.10", "electricity_usd_per_kwh = 0.30", 1));
    let a = write("a.toml", "extends = \"base.toml\"\n".into());
    let b = write("b.toml", "extends = \"dear.toml\"\n".into());
    let output = loophole(&["diff", text(&a), text(&b), "-n"]);
    let told = out(&output);
    assert!(told.contains("1 assumption differs") && told.contains("dear.toml:"), "{told}{}", err(&output));
    // At home 100 chips of 1 kW run every hour in both arms, 0.20 dearer: levels move, the effect does not.
    let json = json(&[text(&a), text(&b)]);
    let outputs = json["outputs"].as_array().expect("a list");
    let of = |arm: &str| {
        let level = outputs
            .iter()
            .find(|it| it["metric"] == "pv.spend" && it["arm"] == arm && it["measure"] == "level");
        level.unwrap_or_else(|| panic!("no spend of {arm}"))["difference"]["mean"].clone()
    };
    near(&of("open"), 100.0 * 730.0 * 6.0 * 0.2);
    near(&of("access"), 100.0 * 730.0 * 6.0 * 0.2);
    let spend = division(&json, "pv.spend", &"certain".into(), "mean");
    assert_eq!(value(share(spend, "regions.here.electricity_usd_per_kwh")), 0.0);
}

#[test]
fn a_rule_taken_away_and_an_arm_added() {
    // Without the rule in it the arm is the open door: the whole effect goes. lambda: 4 + 300/130 + 3·300/110 over 12.
    let place = folder();
    let levers = std::fs::read_to_string(LEVERS).expect("a shipped scenario");
    let file = place.path().join("without.toml");
    let (before, rest) = levers.split_once("[rules.access]").expect("the rule");
    let (_, after) = rest.split_once("[rules.demand]").expect("the next rule");
    let without =
        format!("{before}[rules.demand]{after}").replace("[\"no_supply\", \"access\"]", "[\"no_supply\"]");
    std::fs::write(&file, &without).expect("a file");
    let told = json(&[LEVERS, text(&file)]);
    let cost = division(&told, "marginal_cost.work.mean", &"certain".into(), "median");
    let closed = (4.0 + 300.0 / 130.0 + 3.0 * 300.0 / 110.0) / 12.0;
    near(&cost["before"], closed);
    near(&cost["after"], 1.0);
    let shares = cost["shares"].as_array().expect("a list");
    assert_eq!(shares.iter().map(|share| value(&share["share"])).sum::<f64>(), value(&cost["change"]));
    // One edit moves it, whatever it is joined with: the list of rules.
    near(share(cost, "arms.access.rules"), 1.0 - closed);
    // An arm that only B has is not compared, and moves nothing.
    let more = place.path().join("more.toml");
    std::fs::write(
        &more,
        format!("{levers}\n[arms.both]\nrules = [\"no_supply\", \"access\", \"demand\"]\n"),
    )
    .expect("a file");
    let output = loophole(&["diff", LEVERS, text(&more), "--exit-code"]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    assert!(out(&output).contains("arms.both"), "{}", out(&output));
}

#[test]
fn saved_results_of_other_draws_are_compared_on_the_firsts() {
    let place = folder();
    let of = |name: &str, paths: &str, seed: &str, more: &[&str]| {
        let target = place.path().join(name);
        let args = ["compare", "scenarios/known/gbm-rent.toml", "-q", "--paths", paths, "--seed", seed];
        let output = loophole(&[&args[..], more, &["--out", text(&target)]].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        target
    };
    let (one, other) =
        (of("one", "60", "5", &[]), of("other", "90", "6", &["--set", "channels.rent.on_offer_chips=150"]));
    let told = json(&[text(&one), text(&other)]);
    assert_eq!((&told["paths"], &told["seed"]), (&60.into(), &5.into()));
    // Spend is in proportion to chips on every path, so on common draws the ratio of the two is exact.
    let spend = division(&told, "pv.spend", &"certain".into(), "mean");
    near(&spend["after"], 1.5 * value(&spend["before"]));
    let settings = told["inputs"]["settings"].as_array().expect("a list");
    assert_eq!(settings.len(), 2, "{settings:?}");
}

#[test]
fn an_overlay_is_laid_over_the_first() {
    let place = folder();
    let overlay = place.path().join("dear.toml");
    std::fs::write(&overlay, "regions.here.electricity_usd_per_kwh = 0.4\n").expect("a file");
    let output = loophole(&["diff", LEVERS, text(&overlay), "-n", "--set", "regions.here.pue_ratio=1.5"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(
        out(&output).contains("2 assumptions differ") && out(&output).contains("laid on top"),
        "{}",
        out(&output)
    );
}

#[test]
fn spoilt_results_are_refused_in_words() {
    let place = folder();
    let good = saved(place.path(), "good", &[]);
    let manifest = std::fs::read_to_string(good.join("manifest.json")).expect("a manifest");
    let whole: Value = serde_json::from_str(&manifest).expect("JSON");
    let mut cases: Vec<(String, &str)> = vec![
        ("{".into(), "is not JSON"),
        ("[]".into(), "no `format`"),
        ("null".into(), "no `format`"),
        (manifest[..manifest.len() / 2].to_string(), "is not JSON"),
        (manifest.replace("leakage_fraction = 0.2", "leakage_fraction = 0.3"), "digest"),
    ];
    let mut with = |change: &dyn Fn(&mut Value), words: &'static str| {
        let mut json = whole.clone();
        change(&mut json);
        json["seal"] = loophole::encoding::seal(&json).expect("an object").into();
        cases.push((json.to_string(), words));
    };
    with(&|json| json["format"] = 4.into(), "format is 4");
    with(&|json| json["files"] = Value::Array(Vec::new()), "no files");
    with(&|json| json["files"][0]["text"] = 7.into(), "text of");
    with(&|json| json["paths"] = "many".into(), "no `paths`");
    with(&|json| json["request"]["arms"] = "all".into(), "no `arms`");
    with(&|json| json["request"]["arms"] = serde_json::json!(["open", "nobody"]), "an arm \"nobody\"");
    with(&|json| json["request"]["set"] = serde_json::json!([1]), "no `set`");
    with(&|json| json["request"]["set"] = serde_json::json!(["no.such.key=1"]), "no.such.key");
    with(&|json| json["request"]["with"] = serde_json::json!(["../../secret.toml"]), "not among the files");
    with(&|json| json["request"]["command"] = "diff".into(), "compare two scenarios");
    cases.push((manifest.replace("\"seed\": 1,", "\"seed\": 2,"), "its seal does not fit"));
    for (spoilt, words) in cases {
        let file = place.path().join("spoilt.json");
        std::fs::write(&file, spoilt).expect("a file");
        let output = loophole(&["diff", text(&file), LEVERS, "--exit-code"]);
        assert_eq!(code(&output), 2, "{words}: {}", out(&output));
        let told = err(&output).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains(words), "{words:?} is missing from\n{told}");
    }
    let empty = place.path().join("empty");
    std::fs::create_dir(&empty).expect("a folder");
    let output = loophole(&["diff", text(&empty), LEVERS]);
    assert!(code(&output) == 1 && err(&output).contains("manifest.json"), "{}", err(&output));
}

#[test]
fn results_of_two_scenarios_are_no_scenario() {
    let place = folder();
    let target = place.path().join("two");
    let both = ["scenarios/known/levers.toml", "scenarios/known/levers.toml"];
    let copy = place.path().join("copy.toml");
    std::fs::copy(both[0], &copy).expect("a copy");
    let output = loophole(&["compare", both[0], text(&copy), "-q", "--out", text(&target)]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let output = loophole(&["diff", text(&target), LEVERS]);
    assert!(code(&output) == 1 && err(&output).contains("more than one scenario"), "{}", err(&output));
}

#[test]
fn what_makes_no_sense_on_the_first_ones_settings_is_told() {
    // What is an H100e-hour to A has no meaning in B, which has no such chip.
    let place = folder();
    let file = place.path().join("other-chip.toml");
    let levers = std::fs::read_to_string(LEVERS).expect("a shipped scenario");
    std::fs::write(
        &file,
        levers
            .replace("reference_chip = \"unit\"", "reference_chip = \"other\"")
            .replace("chips.unit", "chips.other")
            .replace("chip = \"unit\"", "chip = \"other\""),
    )
    .expect("a file");
    let output = loophole(&["diff", LEVERS, text(&file), "--exit-code"]);
    assert_eq!(code(&output), 2, "{}", out(&output));
    assert!(err(&output).contains("settings of A"), "{}", err(&output));
}

#[test]
fn the_same_comparison_gives_the_same_bytes_at_any_number_of_threads() {
    let place = folder();
    let written: Vec<Vec<u8>> = ["1", "2", "8"]
        .iter()
        .map(|threads| {
            let target = place.path().join(threads);
            let args = ["diff", "scenarios/known/gbm-rent.toml", "--set", "channels.rent.on_offer_chips=150"];
            let rest =
                ["--set", "rules.levy.effects.0.factor=1.5", "--paths", "100", "-q", "--threads", threads];
            let output = loophole(&[&args[..], &rest, &["--out", text(&target)]].concat());
            assert_eq!(code(&output), 0, "{}", err(&output));
            // The manifest has digests of all other files.
            std::fs::read(target.join("manifest.json")).expect("a manifest")
        })
        .collect();
    assert!(written[0] == written[1] && written[1] == written[2]);
}
