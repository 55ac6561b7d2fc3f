//! What spread, rules and money do, and what they must leave alone.

use loophole::analysis::compare::Scope;
use loophole::engine::catalogue::Label;
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::model::parameters::{Form, Quantity, Slot, Supply};
use loophole::stats::estimate::Estimate;

use crate::small::{SMALL, invented};
use crate::support::*;

/// Takes every spread out of a job: parameters at their medians, processes without noise, jumps or regimes.
fn certain(job: &mut Job) {
    job.correlations.clear();
    let list = &mut job.quantities.list;
    let mut silent: Vec<Slot> = Vec::new();
    for quantity in list.iter_mut() {
        let fixed = match &quantity.form {
            Form::Parameter(distribution) => Some(distribution.quantile(0.5)),
            Form::Process(process) => {
                silent.push(process.volatility);
                silent.extend(
                    process.jumps.iter().flat_map(|jumps| [jumps.per_year, jumps.log_mean, jumps.log_sd]),
                );
                for state in process.regimes.iter().flat_map(|regimes| &regimes.states) {
                    silent.push(state.drift_per_year);
                    silent.extend(state.volatility);
                }
                None
            }
            _ => None,
        };
        if let Some(value) = fixed {
            quantity.form = Form::Constant(value);
        }
    }
    for slot in silent {
        list[slot.0 as usize].form = Form::Constant(0.0);
    }
}

#[test]
fn without_spread_all_paths_are_one_path() {
    let mut flagship = shipped("close-the-door.toml", &["settings.paths=5"]).job();
    // The one arm whose rule is a matter of chance.
    flagship.arms.retain(|arm| arm.id != "expected");
    let small = written(SMALL, &["settings.sampling=\"sobol\"", "arms.perhaps.rules=[\"close\"]"]).job();
    for mut job in [flagship, small] {
        certain(&mut job);
        let outcome = run(&job);
        for arm in 0..outcome.arms.len() {
            for (s, (label, ..)) in outcome.catalogue.scalars.iter().enumerate() {
                let values = outcome.scalar_at(arm, s);
                assert!(
                    values.iter().all(|value| value.to_bits() == values[0].to_bits()),
                    "{}: {values:?}",
                    label.id
                );
            }
            for m in 0..outcome.catalogue.monthly.len() {
                for t in 0..outcome.months {
                    let cell = outcome.level(arm, m, t);
                    assert_eq!(cell.quantile(0.0).to_bits(), cell.quantile(1.0).to_bits());
                    let Estimate { value, std_error } = cell.mean();
                    assert!(std_error <= 1e-12 * value.abs(), "{}", outcome.catalogue.monthly[m].0.id);
                }
            }
        }
    }
}

/// Scalars that tell whether a rule is there, not what it does.
const DATES: [&str; 4] = ["effective_month", "rule_in_force", "all_rules_in_force", "rule_reversed"];

/// `SMALL` with a rule and an arm `other` under it; `more` are changes of the rest.
fn with_rule(rule: &str, more: &[&str]) -> Outcome {
    run(&written(&format!("{SMALL}\n{rule}\n[arms.other]\nrules = [\"other\"]\n"), more).job())
}

const DOOR: &str = "[[rules.other.effects]]\non = { tag = \"door\" }\nquantity = \"new_rental_capacity\"\n";

#[test]
fn the_dates_of_an_arm_are_of_rules_that_its_baseline_has_not() {
    let outcome = run(&shipped("known/levers.toml", &[]).job());
    for (id, month) in [("open", 0.0), ("access", 2.0), ("supply", 0.0), ("gates", outcome.months as f64)] {
        let dates = outcome.scalar(arm(&outcome, id), "effective_month").expect("a metric");
        assert!(dates.iter().all(|date| *date == month), "{id}: {dates:?}");
    }
}

#[test]
fn a_conditional_effect_of_several_rules_supposes_all_of_them() {
    let more = "[rules.certain]\nannounced = \"2026-11\"\n[[rules.certain.effects]]\nquantity = \"demand\"\nfactor = 0.9\n\
                [arms.both]\nrules = [\"other\", \"certain\"]\n";
    let rule = format!(
        "[rules.other]\nannounced = {{ probability = 0.5, from = \"2026-11\", until = \"2027-02\" }}\n{DOOR}{more}"
    );
    let outcome = with_rule(&rule, &["settings.paths=64"]);
    let flags =
        |id: &str, metric: &str| outcome.scalar(arm(&outcome, id), metric).expect("a metric").to_vec();
    assert!(flags("both", "rule_in_force").iter().all(|flag| *flag == 1.0));
    assert_eq!(flags("both", "all_rules_in_force"), flags("other", "rule_in_force"));
    let effects = loophole::analysis::compare::effects(&outcome);
    let paths = |id: &str| {
        let arm = arm(&outcome, id);
        let own = effects.iter().find(|it| it.arm == arm && it.scope == Scope::IfClosed).expect("a block");
        own.row("pv.economic_cost").expect("a row").summary.paths
    };
    assert_eq!(paths("both"), paths("other"));
    assert!(paths("both") < 64);
}

#[test]
fn a_door_that_leaks_everything_at_no_premium_is_open() {
    for (announced, factor) in [("2026-10", 0.0), ("2027-02", 0.0), ("2027-02", 0.4)] {
        let rule = format!(
            "[rules.other]\nannounced = \"{announced}\"\nlag_days = 40\nramp_months = 3\n{DOOR}factor = {factor}\n\
             leakage_fraction = 1\npremium_ratio = 1\n[[rules.other.effects]]\non = {{ channel = \"abroad\" }}\n\
             quantity = \"owned_access\"\nfactor = {factor}\nleakage_fraction = 1\n"
        );
        let outcome = with_rule(&rule, &[]);
        assert_close_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, 1e-9, &DATES);
    }
}

#[test]
fn factors_of_one_leave_everything() {
    let effect = |on: &str, quantity: &str| {
        format!("[[rules.other.effects]]\non = {{ {on} }}\nquantity = \"{quantity}\"\nfactor = 1\n")
    };
    let rule = "[rules.other]\nannounced = \"2026-11\"\nwind_down = \"immediate\"\n".to_string()
        + &effect("kind = \"rental\"", "new_rental_capacity")
        + &effect("kind = \"rental\"", "existing_contracts")
        + &effect("channel = \"abroad\"", "owned_access")
        + &effect("kind = \"owned\"", "chip_supply")
        + &effect("", "price")
        + &effect("", "demand")
        + &effect("", "efficiency");
    let outcome = with_rule(&rule, &[]);
    assert_same_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, &DATES);
}

#[test]
fn a_rule_that_cannot_come_changes_nothing() {
    for announced in [
        "{ hazard_per_year = 0, from = \"2026-10\", until = \"2028-03\" }",
        "{ probability = 0, from = \"2026-10\", until = \"2028-03\" }",
    ] {
        for more in [&[][..], &["labs.all.sign_ahead=true"]] {
            let rule = format!("[rules.other]\nannounced = {announced}\nwind_down = \"immediate\"\n{DOOR}");
            let outcome = with_rule(&rule, more);
            assert_same_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, &[]);
        }
    }
    // Nobody fears what cannot come.
    for announced in [
        "{ hazard_per_year = 0, from = \"2026-10\", until = \"2028-03\" }",
        "{ probability = 0, from = \"2026-10\", until = \"2028-03\" }",
    ] {
        let rule = format!("[rules.other]\nannounced = {announced}\nwind_down = \"immediate\"\n{DOOR}");
        let outcome = with_rule(&rule, &["labs.all.anticipation_fraction=0.7"]);
        assert_same_levels(&outcome, arm(&outcome, "other"), &outcome, outcome.baseline, &[]);
    }
}

#[test]
fn a_certain_rule_is_a_dated_rule() {
    let wind_down = "lag_days = 45\nwind_down = \"linear\"\nwind_down_days = 100\n";
    let effects = "\n[[rules.ID.effects]]\non = { tag = \"door\" }\nquantity = \"new_rental_capacity\"\nleakage_fraction = 0.2\n\
                   premium_ratio = 1.5\n[[rules.ID.effects]]\non = { tag = \"door\" }\nquantity = \"existing_contracts\"\n";
    let rule = |id: &str, announced: &str| {
        format!(
            "[rules.{id}]\nannounced = {announced}\n{wind_down}{effects}\n[arms.{id}]\nrules = [\"{id}\"]\n"
        )
        .replace("ID", id)
    };
    for month in ["2026-10", "2027-03"] {
        for anticipation in ["0", "0.6"] {
            let text = SMALL.to_string()
                + &rule("dated", &format!("\"{month}\""))
                + &rule(
                    "certain",
                    &format!("{{ probability = 1, from = \"{month}\", until = \"{month}\" }}"),
                );
            let outcome =
                run(&written(&text, &[&format!("labs.all.anticipation_fraction={anticipation}")]).job());
            assert_same_arm(&outcome, arm(&outcome, "dated"), &outcome, arm(&outcome, "certain"));
        }
    }
}

/// A levy from the first month is the price with the levy in it.
#[test]
fn a_rule_at_the_start_is_the_number_it_makes() {
    let text = SMALL.to_string()
        + "[rules.levy]\nannounced = \"2026-10\"\n[[rules.levy.effects]]\non = { channel = \"abroad\" }\nquantity = \"price\"\n\
           factor = 1.5\n[[rules.levy.effects]]\non = { channel = \"own\" }\nquantity = \"chip_supply\"\nfactor = 0.5\n\
           [[rules.levy.effects]]\nquantity = \"demand\"\nfactor = 1.25\n[arms.levy]\nrules = [\"levy\"]\n\
           [arms.stated]\nrules = []\n[arms.stated.set]\n\"channels.abroad.system_capex_incl_chip_usd\" = 46500\n\
           \"channels.own.supply_chips_per_month.initial\" = 20\n\"labs.all.demand.serve.planned_use_h100e\" = 375\n\
           \"labs.all.demand.train.planned_use_h100e.initial\" = 437.5\n";
    let outcome = run(&written(&text, &[]).job());
    assert_close_levels(&outcome, arm(&outcome, "levy"), &outcome, arm(&outcome, "stated"), 1e-9, &DATES);
}

/// Doubles every amount of money in a job: prices of chips, hours, energy, buildings and operations, and what compute is worth.
fn double_money(job: &mut Job) {
    let mut push = |quantity: Quantity| {
        job.quantities.list.push(quantity);
        Slot(job.quantities.list.len() as u32 - 1)
    };
    let form = Form::Constant(0.5);
    let half = push(Quantity { key: "half".into(), stream: "half".into(), form });
    let mut double = |slot: &mut Slot| {
        let form = Form::Converted { amount: *slot, per_usd: half };
        *slot = push(Quantity { key: "doubled".into(), stream: "doubled".into(), form });
    };
    for world in job.arms.iter_mut().map(|arm| &mut arm.world) {
        world.calibration_price.as_mut().map(&mut double);
        for region in &mut world.regions {
            double(&mut region.electricity);
            double(&mut region.shell_usd_per_kw);
            double(&mut region.opex_usd_per_kw_year);
        }
        for channel in &mut world.channels {
            match &mut channel.supply {
                Supply::Rental(rental) => {
                    double(&mut rental.price);
                    rental.committed_price.as_mut().map(&mut double);
                }
                Supply::Owned(owned) => {
                    double(&mut owned.capex);
                    owned.extra_capex.as_mut().map(&mut double);
                }
            }
        }
        for demand in world.labs.iter_mut().flat_map(|lab| &mut lab.demand).flatten() {
            double(&mut demand.reference_price);
            double(&mut demand.choke_price);
        }
    }
}

#[test]
fn twice_the_money_is_twice_the_cost_and_the_same_compute() {
    let mut jobs = vec![
        shipped("close-the-door.toml", &["settings.paths=3", "settings.months=30"]).job(),
        shipped("every-form.toml", &["settings.paths=16"]).job(),
        written(SMALL, &[]).job(),
    ];
    jobs.extend((0..40).map(|seed| written(&invented(seed), &[]).job()));
    for job in jobs {
        let mut dear = job.clone();
        double_money(&mut dear);
        let (cheap, dear) = (run(&job), run(&dear));
        assert_eq!(
            cheap.calibration.as_ref().map(|it| it.factor.to_bits()),
            dear.calibration.as_ref().map(|it| it.factor.to_bits())
        );
        let check = |label: &Label, x: f64, y: f64| {
            let factor = if label.unit.starts_with("USD") { 2.0 } else { 1.0 };
            let close = (factor * x - y).abs() <= 1e-12 * y.abs();
            assert!(close, "{} ({}): {x} became {y}", label.id, label.unit);
        };
        for arm in 0..cheap.arms.len() {
            for (s, (label, ..)) in cheap.catalogue.scalars.iter().enumerate() {
                for (x, y) in cheap.scalar_at(arm, s).iter().zip(dear.scalar_at(arm, s)) {
                    check(label, *x, *y);
                }
            }
            for (m, (label, ..)) in cheap.catalogue.monthly.iter().enumerate() {
                for t in 0..cheap.months {
                    check(label, cheap.level(arm, m, t).mean().value, dear.level(arm, m, t).mean().value);
                }
            }
        }
    }
}

#[test]
fn money_in_yuan_is_the_same_money() {
    let yuan = SMALL
        .replace("initial = 2.2\n", "initial = 17.6\ncurrency = \"cny\"\n")
        .replace(
            "system_capex_incl_chip_usd = 31000",
            "system_capex_incl_chip_usd = { value = 248000, currency = \"cny\" }",
        )
        .replace(
            "electricity_usd_per_kwh = 0.11",
            "electricity_usd_per_kwh = { value = 0.88, currency = \"cny\" }",
        )
        .replace(
            "choke_price_usd_per_h100e_hour = 8\n",
            "choke_price_usd_per_h100e_hour = { value = 64, currency = \"cny\" }\n",
        );
    assert_eq!(yuan.matches("cny").count(), 4);
    let yuan = yuan + "[currencies.cny]\nper_usd = 8\n";
    assert_same(&run(&written(SMALL, &[]).job()), &run(&written(&yuan, &[]).job()));
}
