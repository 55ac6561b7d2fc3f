//! The shipped scenarios that ask a question load, run, and tell a story that someone in the field would recognise.
//!
//! Each statement is one that such a person would make before seeing a number. Paths are few: statements are about
//! medians of strong effects, or about every path.

use loophole::analysis::compare::effects;
use loophole::engine::outcome::Outcome;

use crate::support::*;

/// Few paths: medians of strong effects, and statements about every path.
fn asked(name: &str, paths: usize) -> Outcome {
    let outcome = run(&shipped(name, &[&format!("settings.paths={paths}")]).job());
    for arm in 0..outcome.arms.len() {
        for (s, (label, ..)) in outcome.catalogue.scalars.iter().enumerate() {
            assert!(outcome.scalar_at(arm, s).iter().all(|value| value.is_finite()), "{name}: {}", label.id);
        }
        for (m, (label, ..)) in outcome.catalogue.monthly.iter().enumerate() {
            for t in 0..outcome.months {
                assert!(
                    outcome.level(arm, m, t).mean().value.is_finite(),
                    "{name}: {} of month {t}",
                    label.id
                );
            }
        }
    }
    outcome
}

fn mid(outcome: &Outcome, arm: &str, metric: &str) -> f64 {
    median(scalar(outcome, arm, metric))
}

/// Median over paths of an arm's difference to another.
fn mid_difference(outcome: &Outcome, arm: &str, other: &str, metric: &str) -> f64 {
    let pairs = scalar(outcome, arm, metric).iter().zip(scalar(outcome, other, metric));
    median(&pairs.map(|(a, b)| a - b).collect::<Vec<f64>>())
}

/// Median over paths of an arm over another.
fn mid_ratio(outcome: &Outcome, arm: &str, other: &str, metric: &str) -> f64 {
    let pairs = scalar(outcome, arm, metric).iter().zip(scalar(outcome, other, metric));
    median(&pairs.map(|(a, b)| a / b).collect::<Vec<f64>>())
}

const WORK: [&str; 3] = ["training", "inference_home", "inference_any"];

#[test]
fn the_door_open() {
    let outcome = asked("base-2026q4.toml", 32);
    assert_eq!(outcome.arms.len(), 1);
    // An eighth to nearly a half of the compute in use, by published count, is offshore at the start.
    let offshore = mid(&outcome, "open", "peak_share.offshore.1m");
    assert!((0.12..=0.44).contains(&offshore), "{offshore}");
    // Chinese chips do more of the work at the end than at the start, smuggled ones never most of it.
    assert!(mid_difference(&outcome, "open", "open", "work_share.domestic.60m") == 0.0);
    assert!(
        mid(&outcome, "open", "work_share.domestic.60m") > mid(&outcome, "open", "work_share.domestic.1m")
    );
    assert!(mid(&outcome, "open", "work_share.grey.12m") < 0.5);
    // The month-0 price is the observed one, and compute is worth dollars, not cents or hundreds.
    for work in WORK {
        let cost = mid(&outcome, "open", &format!("marginal_cost.{work}.mean"));
        assert!((0.5..10.0).contains(&cost), "{work}: {cost}");
    }
    // A few gigawatts for five years: tens of TWh a year.
    let electricity = mid(&outcome, "open", "electricity");
    assert!((100.0..2000.0).contains(&electricity), "{electricity} TWh");
    assert!(scalar(&outcome, "open", "rule_in_force").iter().all(|flag| *flag == 0.0));
}

#[test]
fn the_door_closed() {
    let outcome = asked("close-the-door.toml", 32);
    let closed = ["immediate", "wind-down", "grandfathered", "leaky", "owned-too"];
    for (at, arm) in closed.iter().enumerate() {
        // Nothing changes before anyone knows.
        for t in 0..5 {
            for id in ["spend", "served.training", "marginal_cost.inference_any", "orders.domestic"] {
                let cell = difference(&outcome, arm, id, t);
                assert!(cell.quantile(0.0) == 0.0 && cell.quantile(1.0) == 0.0, "{arm}: {id} in month {t}");
            }
        }
        // Compute goes missing, more in two years than in one and more in five than in two.
        let [one, two, five] = [12, 24, 60].map(|window| mid(&outcome, arm, &format!("lost.{window}m.all")));
        assert!(0.0 < one && one < two && two < five, "{arm}: {one}, {two}, {five}");
        // The shortage grows as the door shuts.
        let shortage = |t: usize| difference(&outcome, arm, "unserved_share", t).mean().value;
        assert!(shortage(6) > 0.0 || *arm == "grandfathered", "{arm}");
        assert!(shortage(18) > shortage(8).min(shortage(6)), "{arm}: {} then {}", shortage(6), shortage(18));
        // What is left is dearer at the margin, for all work.
        for work in WORK {
            assert!(
                mid_ratio(&outcome, arm, "open", &format!("marginal_cost.{work}.mean")) > 1.02,
                "{arm}: {work}"
            );
        }
        // Training is late, by less than the run.
        assert!(mid(&outcome, arm, "training_delay.24m") > 0.2, "{arm}");
        assert!(
            scalar(&outcome, arm, "training_delay.24m").iter().all(|delay| (-1e-9..=36.0).contains(delay))
        );
        // The economy pays, hosts lose rent and have chips to relet, domestic makers and smugglers gain.
        for (id, sign) in [
            ("pv.economic_cost", 1.0),
            ("pv.value_lost", 1.0),
            ("pv.offshore_rent", -1.0),
            ("pv.relet", 1.0),
            ("pv.domestic_sales", 1.0),
            ("orders.domestic", 1.0),
            ("work_share.domestic.24m", 1.0),
            ("work_share.offshore.24m", -1.0),
            ("peak_share.offshore.24m", -1.0),
        ] {
            assert!(sign * mid_difference(&outcome, arm, "open", id) > 0.0, "{arm}: {id}");
        }
        assert!(mid_difference(&outcome, arm, "open", "orders.grey") >= 0.0, "{arm}");
        // Cash is no guide: it moves less than the cost does, because rent not paid hides compute not had.
        let (cash, cost) = (
            mid_difference(&outcome, arm, "open", "pv.spend"),
            mid_difference(&outcome, arm, "open", "pv.economic_cost"),
        );
        assert!(cash < cost, "{arm}");
        // The rule is sure, binds in April 2027 and stands.
        assert!(scalar(&outcome, arm, "effective_month").iter().all(|month| *month == 6.0), "{at}");
        assert!(scalar(&outcome, arm, "rule_reversed").iter().all(|flag| *flag == 0.0));
    }
    // The open door is not late against itself, not by a rounding either.
    for month in [24, 36] {
        assert!(
            scalar(&outcome, "open", &format!("training_delay.{month}m")).iter().all(|delay| *delay == 0.0)
        );
    }
    // The harder the design, the more is lost; a wind-down over half a year delays the loss, leaks halve it, chips owned
    // abroad add to it.
    let lost = |arm: &str, window: usize| mid(&outcome, arm, &format!("lost.{window}m.all"));
    for window in [12, 24] {
        assert!(lost("immediate", window) >= lost("wind-down", window));
        assert!(lost("wind-down", window) > lost("grandfathered", window));
        assert!(lost("wind-down", window) > lost("leaky", window));
        assert!(lost("owned-too", window) > lost("wind-down", window));
    }
    for (now, later) in scalar(&outcome, "immediate", "lost.12m.all").iter().zip(scalar(
        &outcome,
        "wind-down",
        "lost.12m.all",
    )) {
        assert!(now >= later, "a path loses {now} at once and {later} in half a year");
    }
    // Weighted by its chance, the rule costs less than if it is sure.
    let chance = average(scalar(&outcome, "expected", "rule_in_force")).value;
    assert!((0.05..0.65).contains(&chance), "{chance}");
    let mean = |arm: &str| average(scalar(&outcome, arm, "lost.24m.all")).value;
    assert!(mean("expected") < mean("wind-down"));
}

#[test]
fn a_law_against_distillation_is_no_closed_door() {
    let outcome = asked("distillation-law.toml", 16);
    let lost = |arm: &str| mid(&outcome, arm, "lost.24m.training");
    // It raises what is wanted for the same models, so the same compute does less; the door takes compute away.
    assert!(lost("law") > 0.0 && lost("defence") > 0.0);
    assert!(lost("wind-down") > 3.0 * lost("law"));
    assert!(lost("both") > lost("wind-down"));
    let planned = |arm: &str, t: usize| month(&outcome, arm, "planned_use.training", t);
    assert_eq!(planned("law", 10), planned("open", 10));
    assert!(planned("law", 12) > planned("open", 12) && planned("law", 12) < 1.2 * planned("open", 12));
    assert!(mid_ratio(&outcome, "law", "open", "marginal_cost.training.mean") > 1.0);
    // Chips abroad are as busy as before.
    assert!(mid_difference(&outcome, "law", "open", "pv.offshore_rent") >= 0.0);
}

#[test]
fn squeezing_fabs_is_slow() {
    let outcome = asked("fab-squeeze.toml", 16);
    let lost = |arm: &str, window: usize| mid(&outcome, arm, &format!("lost_share.{window}m.all"));
    // In the first year the squeeze takes next to nothing and the door much; over five years it has caught up some.
    assert!(lost("fab", 12) < 0.2 * lost("wind-down", 12), "{} {}", lost("fab", 12), lost("wind-down", 12));
    assert!(lost("fab", 60) / lost("wind-down", 60) > lost("fab", 24) / lost("wind-down", 24));
    assert!(lost("both", 60) > lost("wind-down", 60) && lost("both", 60) > lost("fab", 60));
    assert!(mid_difference(&outcome, "fab", "open", "orders.domestic") < 0.0);
    assert!(mid_difference(&outcome, "fab", "open", "pv.offshore_rent") > 0.0);
}

#[test]
fn free_energy_makes_no_chips() {
    let outcome = asked("free-energy.toml", 16);
    let lost = |arm: &str| mid(&outcome, arm, "lost.60m.all");
    // Free power adds little work to that of the open door, and hardly softens the closed one.
    assert!(lost("free-energy") <= 0.0);
    assert!(
        lost("free-energy").abs() < 0.2 * lost("wind-down"),
        "{} {}",
        lost("free-energy"),
        lost("wind-down")
    );
    assert!(lost("free-energy-wind-down") > 0.7 * lost("wind-down"));
    // It is a gift of money all the same.
    assert!(mid_difference(&outcome, "free-energy", "open", "pv.economic_cost") < 0.0);
    assert!(mid_ratio(&outcome, "free-energy", "open", "pv.resource.domestic") < 1.0);
}

#[test]
fn licences_and_the_import_gate() {
    let outcome = asked("h200-licensed.toml", 16);
    let lost = |arm: &str| mid(&outcome, arm, "lost.60m.all");
    // What is let in is small, so stopping licences costs little, and letting in all that is licensed gains more.
    assert!(lost("licences-stopped") >= 0.0);
    assert!(lost("china-opens") < 0.0 && lost("both-open") < lost("china-opens"));
    assert!(-lost("china-opens") > lost("licences-stopped"));
    // The flow is the lower of two gates: either shuts it, and more licences behind a gate that binds change nothing.
    assert_eq!(
        scalar(&outcome, "gate-shut", "lost.60m.all"),
        scalar(&outcome, "licences-stopped", "lost.60m.all")
    );
    assert!(scalar(&outcome, "licences-doubled", "lost.60m.all").iter().all(|lost| *lost == 0.0));
    assert!(lost("door-closed-china-opens") < lost("wind-down"));
    assert!(mid_difference(&outcome, "china-opens", "open", "orders.imported") > 0.0);
}

#[test]
fn a_closed_door_teaches() {
    let outcome = asked("learning-by-closing.toml", 16);
    // Closing makes domestic makers sell more, and more so where supply and prices answer.
    let taught = |kind: &str| {
        mid_difference(&outcome, &format!("{kind}-wind-down"), &format!("{kind}-open"), "orders.domestic")
    };
    assert!(
        taught("off") > 0.0 && taught("strong") > taught("off"),
        "{} {}",
        taught("off"),
        taught("strong")
    );
    // The share of the loss it undoes is real and not all of it.
    let lost = |kind: &str| {
        -mid_difference(
            &outcome,
            &format!("{kind}-wind-down"),
            &format!("{kind}-open"),
            "useful_work.60m.all",
        )
    };
    assert!(lost("strong") > 0.0 && lost("strong") < lost("off"), "{} {}", lost("strong"), lost("off"));
    // Scarcity is paid to smugglers in either case, to domestic makers only where the feedback is on.
    assert!(mid(&outcome, "off-wind-down", "pv.scarcity") < mid(&outcome, "strong-wind-down", "pv.scarcity"));
}

#[test]
fn the_average_hides_who_is_exposed() {
    let outcome = asked("one-lab.toml", 16);
    let dearer = |lab: &str, t: usize| {
        month(&outcome, "wind-down", &format!("marginal_cost.training@{lab}"), t)
            / month(&outcome, "open", &format!("marginal_cost.training@{lab}"), t)
    };
    for t in [14, 24] {
        assert!(
            dearer("frontier", t) > dearer("all", t),
            "month {t}: {} {}",
            dearer("frontier", t),
            dearer("all", t)
        );
        assert!(dearer("all", t) > 1.0);
    }
    let short = |lab: &str| {
        month(&outcome, "wind-down", &format!("unserved.training@{lab}"), 18)
            / month(&outcome, "wind-down", &format!("planned_use.training@{lab}"), 18)
    };
    assert!(short("frontier") > 0.0 && short("all") > 0.0);
    // What is a sum over the country is the sum of the labs', on every path.
    for metric in ["lost.24m.all", "useful_work.12m.training", "pv.spend", "pv.offshore_rent", "electricity"]
    {
        let of = |lab: &str| scalar(&outcome, "wind-down", &format!("{metric}{lab}"));
        for (i, total) in of("").iter().enumerate() {
            let labs = of("@frontier")[i] + of("@all")[i];
            assert!((labs - total).abs() <= 1e-9 * total.abs(), "{metric} on path {i}: {labs} and {total}");
        }
    }
    // The exposed lab stands in the table of effects.
    let told = effects(&outcome);
    let share = |lab: &str| {
        told[0].row(&format!("lost_share.24m.all@{lab}")).map_or(f64::NAN, |row| row.summary.mean.value)
    };
    assert!(share("frontier") > share("all"));
}

/// Who holds a number fixed, or looks at a shorter run, keeps every other draw.
#[test]
fn changes_from_outside_leave_the_other_draws() {
    let drawn_with = |sets: &[&str], key: &str| drawn(&shipped("close-the-door.toml", sets).job(), key, 0);
    let paths = "settings.paths=16";
    for key in
        ["channels.offshore_gb200.price_usd_per_chip_hour", "labs.all.demand.training.planned_use_h100e"]
    {
        let free = drawn_with(&[paths], key);
        for change in [
            "channels.offshore_h200.price_usd_per_chip_hour=2.0",
            "channels.offshore_h200.price_usd_per_chip_hour.initial=2.0",
            "labs.all.demand.inference_home.planned_use_h100e=1e6",
            "settings.months=1",
        ] {
            assert_eq!(drawn_with(&[paths, change], key), free, "{key} with {change}");
        }
    }
    let month = run(&shipped("close-the-door.toml", &[paths, "settings.months=1"]).job());
    assert!(scalar(&month, "wind-down", "rule_in_force").iter().all(|flag| *flag == 0.0));
}

/// Every shipped scenario has been asked something above, or is one with known answers.
#[test]
fn no_scenario_is_forgotten() {
    let asked = [
        "base-2026q4",
        "close-the-door",
        "distillation-law",
        "every-form",
        "fab-squeeze",
        "free-energy",
        "h200-licensed",
        "learning-by-closing",
        "one-lab",
    ];
    let known = [
        "comparative-advantage",
        "constant-hazard",
        "gbm-rent",
        "learning",
        "levers",
        "no-uncertainty",
        "ou-rent",
        "rent-or-own",
        "supply-cap",
        "take-or-pay",
    ];
    let mut all: Vec<String> = asked.iter().map(|name| format!("{name}.toml")).collect();
    all.extend(known.iter().map(|name| format!("known/{name}.toml")));
    all.sort();
    assert_eq!(crate::coverage::all_shipped(), all);
}
