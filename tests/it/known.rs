//! The scenarios of `known/` meet the answers derived in their heads.
//!
//! An exact answer is written here as the formula of the file's head and held to 1e-9; its printed digits are held beside it.

use loophole::analysis::compare::{Scope, effects};
use loophole::engine::outcome::Outcome;
use loophole::math::{exp, ln, log2, sqrt};
use loophole::stats::estimate::{Grouping, quantile};

use crate::support::*;

fn known(name: &str) -> Outcome {
    run(&shipped(&format!("known/{name}.toml"), &[]).job())
}

/// A monthly number on every path, exactly (cells keep it only to a bin).
fn on_paths(name: &str, value: impl Fn(&loophole::model::ledger::Trace) -> f64) -> Vec<f64> {
    let job = shipped(&format!("known/{name}.toml"), &[]).job();
    let all: Vec<u64> = (0..job.paths as u64).collect();
    paths_told(&job, &all).iter().map(|told| value(&told.traces[0])).collect()
}

#[test]
fn comparative_advantage() {
    let outcome = known("comparative-advantage");
    let at = |metric: &str| month(&outcome, "open", metric, 0);
    let (heavy, light) = (at("marginal_cost.heavy"), at("marginal_cost.light"));
    printed(heavy, 1.459244, 1e-6);
    printed(light, 1.621382, 1e-6);
    exact(2.0 * heavy, 1.8 * light);
    printed(at("served.heavy"), 144.984815 * 730.0, 730e-6);
    printed(at("served.light"), 92.513667 * 730.0, 730e-6);
    exact(at("served.heavy"), 120.0 * 730.0 * exp(-0.6 * ln(heavy / 2.0)));
    exact(at("served.light"), 100.0 * 730.0 * 1.5 / light);
    // Chips: all sixty on the heavy workload, the middle ones on both, all fifty last ones on the light one.
    exact(at("channel_work.first"), 60.0 * 730.0);
    exact(at("channel_work.last"), 50.0 * 730.0 * 0.5);
    exact(at("channel_work.middle"), at("served.heavy") - 60.0 * 730.0 + at("served.light") - 25.0 * 730.0);
    let trace = &told(&shipped("known/comparative-advantage.toml", &[]).job(), 0).traces[0];
    let middle = &trace.months[0].labs[0].channels[1].work;
    printed(middle[0] / (2.0 * 730.0), 42.492407, 1e-6);
    printed(middle[1] / (1.8 * 730.0), 37.507593, 1e-6);
    printed(heavy * 1.0, 1.459, 1e-3);
    printed(light * 0.6, 0.973, 1e-3);
    printed(heavy * 0.3, 0.438, 1e-3);
    printed(light * 0.5, 0.811, 1e-3);
}

#[test]
fn constant_hazard() {
    let outcome = run(&shipped("known/constant-hazard.toml", &["settings.paths=4000"]).job());
    let chance = |t: usize| 1.0 - exp(-0.25 * (t + 1) as f64 / 12.0);
    printed(chance(35), 0.527633, 1e-6);
    for t in 0..36 {
        exact(month(&outcome, "open", "marginal_cost.work", t), 1.6);
        within(cell(&outcome, "hazard", "marginal_cost.work", t).mean(), 1.6 + 3.2 * chance(t));
    }
    printed(1.6 + 3.2 * chance(35), 3.288427, 1e-6);
    for (window, digits) in [(12, 108_963.68), (24, 387_595.20), (36, 798_364.15)] {
        let truth = 73_000.0 * (0..window).map(chance).sum::<f64>();
        printed(truth, digits, 0.01);
        within(average(scalar(&outcome, "hazard", &format!("lost.{window}m.all"))), truth);
    }
    let conditional = 73_000.0 * (0..36).map(chance).sum::<f64>() / chance(35);
    printed(conditional, 1_513_103.76, 0.01);
    let all = effects(&outcome);
    let if_closed =
        all.iter().find(|effects| effects.scope == Scope::IfClosed).expect("the rule may not come");
    within(if_closed.row("lost.36m.all").expect("a row").summary.mean, conditional);
    within(average(scalar(&outcome, "hazard", "rule_in_force")), chance(35));
    assert!(scalar(&outcome, "hazard", "rule_reversed").iter().all(|reversed| *reversed == 0.0));
}

#[test]
fn gbm_rent() {
    let outcome = known("gbm-rent");
    let truth = |t: usize| 146_000.0 * exp(0.165 * t as f64 / 12.0);
    for t in 0..13 {
        exact(month(&outcome, "open", "marginal_cost.work", t), 200.0);
        let spend = cell(&outcome, "open", "spend", t).mean();
        if t == 0 {
            exact(spend.value, truth(0))
        } else {
            within(spend, truth(t))
        }
        // Rented to the last hour: spend is the price.
        exact(spend.value, 73_000.0 * month(&outcome, "open", "price.rent", t));
    }
    printed(truth(12), 172_191.40, 0.01);
    let sum: f64 = (0..13).map(truth).sum();
    printed(sum, 2_063_954.46, 0.01);
    within(average(scalar(&outcome, "open", "pv.spend")), sum);
    let last = on_paths("gbm-rent", |trace| trace.months[12].labs[0].spend().total());
    for (p, z, digits) in
        [(0.05, -1.644853626951, 100_499.28), (0.5, 0.0, 164_614.54), (0.95, 1.644853626951, 269_633.25)]
    {
        let truth = 146_000.0 * exp(0.12 + 0.3 * z);
        printed(truth, digits, 0.01);
        let found = quantile(&last, p, Grouping::Independent);
        within(found, truth);
        near(cell(&outcome, "open", "spend", 12).quantile(p), found.value, 1.0 / 256.0);
    }
    printed(0.25 * sum, 515_988.61, 0.01);
    let levy: Vec<f64> = scalar(&outcome, "levy", "pv.spend")
        .iter()
        .zip(scalar(&outcome, "open", "pv.spend"))
        .map(|(a, b)| a - b)
        .collect();
    within(average(&levy), 0.25 * sum);
    for (effect, open) in levy.iter().zip(scalar(&outcome, "open", "pv.spend")) {
        exact(*effect, 0.25 * open);
    }
    assert_eq!(difference(&outcome, "levy", "spend", 12).share_above_zero(), 1.0);
}

#[test]
fn learning() {
    let outcome = known("learning");
    let price = |t: usize| exp(log2(0.8) * ln(1.0 + t as f64));
    for (t, factor) in [(0, 1.0), (1, 0.8), (3, 0.64), (7, 0.512)] {
        exact(price(t), factor);
        exact(month(&outcome, "learning", "price.fleet", t), 43_800.0 * factor);
        exact(month(&outcome, "open", "price.fleet", t), 43_800.0);
    }
    for t in 0..9 {
        assert!(month(&outcome, "open", "marginal_cost.work", t) >= 20.0 * (1.0 - 1e-12));
        exact(month(&outcome, "open", "channel_orders.fleet", t), 100.0);
        exact(month(&outcome, "learning", "channel_orders.fleet", t), 100.0);
    }
    let fleet = 100.0 * 730.0;
    let charge = |t: usize| 100.0 * 730.0 * (0..t).map(price).sum::<f64>();
    printed(charge(8), 390_251.69, 0.01);
    exact(month(&outcome, "learning", "spend.capital", 8) - fleet, charge(8));
    exact(month(&outcome, "open", "spend.capital", 8) - fleet, 584_000.0);
    let total = |arm: &str| months(&outcome, arm, "spend.capital").iter().sum::<f64>() - 9.0 * fleet;
    printed((0..9).map(charge).sum(), 1_946_267.57, 0.01);
    exact(total("learning"), (0..9).map(charge).sum());
    exact(total("open"), 2_628_000.0);
    printed(total("learning") - total("open"), -681_732.43, 0.01);
}

#[test]
fn levers() {
    let outcome = known("levers");
    let lambda = |arm: &str, t: usize| month(&outcome, arm, "marginal_cost.work", t);
    for t in 0..6 {
        exact(lambda("open", t), 2.0);
        let acts = t >= 2;
        exact(lambda("access", t), 300.0 / [150.0, 150.0, 130.0, 110.0, 110.0, 110.0][t]);
        exact(lambda("demand", t), if acts { 2.4 } else { 2.0 });
        exact(lambda("efficiency", t), if acts { 300.0 / 135.0 } else { 2.0 });
        exact(lambda("distillation", t), if acts { 2.0 / (1.0 - 0.5 * 0.8 * 0.3) } else { 2.0 });
        exact(lambda("supply", t), 300.0 / (150.0 + 5.0 * t as f64));
        exact(lambda("gates", t), 300.0 / (150.0 + 8.0 * t as f64));
        exact(lambda("quota", t), 300.0 / (150.0 + 2.0 * t as f64));
        exact(lambda("two-gates", t), lambda("supply", t));
        for (arm, binds) in
            [("open", 0.0), ("supply", 0.0), ("gates", 1.0), ("quota", 1.0), ("two-gates", 0.0)]
        {
            exact(month(&outcome, arm, "quota_binds.new", t), binds);
        }
    }
    printed(lambda("gates", 5), 1.578947, 1e-6);
    printed(lambda("quota", 5), 1.875, 1e-6);
    printed(lambda("access", 2), 2.307692, 1e-6);
    printed(lambda("access", 3), 2.727273, 1e-6);
    printed(lambda("efficiency", 2), 2.222222, 1e-6);
    printed(lambda("distillation", 2), 2.272727, 1e-6);
    printed(lambda("supply", 1), 1.935484, 1e-6);
    printed(lambda("supply", 5), 1.714286, 1e-6);
    exact(month(&outcome, "distillation", "planned_use.work", 5), 150.0 * 730.0 / 0.88);
    exact(month(&outcome, "distillation", "useful_work.work", 5), 150.0 * 730.0 * 0.88);
}

#[test]
fn no_uncertainty() {
    let outcome = known("no-uncertainty");
    let open = 50.0 * 3650.0 / 60.0 + 50.0 * 730.0 * 0.10 + 100.0 * 730.0 * 1.50;
    printed(open, 116_191.666667, 1e-6);
    let closed = 50.0 * 3650.0 / 60.0 + 50.0 * 730.0 * 0.10 + 20.0 * 730.0 * 2.25;
    printed(closed, 39_541.666667, 1e-6);
    let area = |d: f64| 730.0 * 240.0 * ln(120.0 / d);
    printed(area(150.0), -39_094.750190, 1e-6);
    printed(area(70.0), 94_432.186928, 1e-6);
    printed(open + area(150.0), 77_096.916476, 1e-6);
    printed(closed + area(70.0), 133_973.853595, 1e-6);
    for t in 0..3 {
        for (arm, spend, d) in [
            ("open", open, 150.0),
            ("closed", if t == 0 { open } else { closed }, if t == 0 { 150.0 } else { 70.0 }),
        ] {
            let at = |metric: &str| month(&outcome, arm, metric, t);
            exact(at("marginal_cost.work"), 240.0 / d);
            exact(at("served.work"), d * 730.0);
            exact(at("spend"), spend);
            exact(at("value_lost.work"), area(d));
            exact(at("economic_cost"), spend + area(d));
        }
    }
}

#[test]
fn ou_rent() {
    let outcome = known("ou-rent");
    let k = std::f64::consts::LN_2 / 6.0;
    printed(k, 0.115525, 1e-6);
    printed(exp(-k), 0.890899, 1e-6);
    let variance = |t: usize| 0.16 / 12.0 * (1.0 - exp(-2.0 * k * t as f64)) / (2.0 * k);
    printed(variance(12), 0.054101, 1e-6);
    printed(0.16 / 12.0 / (2.0 * k), 0.057708, 1e-6);
    for t in 1..13 {
        within(cell(&outcome, "open", "spend", t).mean(), 146_000.0);
    }
    exact(month(&outcome, "open", "spend", 0), 146_000.0);
    within(average(scalar(&outcome, "open", "pv.spend")), 1_898_000.0);
    let last = on_paths("ou-rent", |trace| trace.months[12].labs[0].spend().total());
    let (v, s) = (variance(12), sqrt(variance(12)));
    for (p, z, digits) in
        [(0.05, -1.644853626951, 96_928.07), (0.5, 0.0, 142_103.56), (0.95, 1.644853626951, 208_334.10)]
    {
        let truth = 146_000.0 * exp(s * z - 0.5 * v);
        printed(truth, digits, 0.01);
        within(quantile(&last, p, Grouping::Independent), truth);
    }
    let sd = 146_000.0 * sqrt(exp(v) - 1.0);
    printed(sd, 34_423.59, 0.01);
    // The mean of squared deviations from the known mean estimates the variance.
    let squares: Vec<f64> = last.iter().map(|spend| (spend - 146_000.0) * (spend - 146_000.0)).collect();
    within(average(&squares), sd * sd);
}

#[test]
fn rent_or_own() {
    let outcome = known("rent-or-own");
    let rents =
        drawn(&shipped("known/rent-or-own.toml", &[]).job(), "channels.rent.price_usd_per_chip_hour", 0);
    exact(month(&outcome, "open", "hour_cost.fleet", 0), 1.20);
    within(cell(&outcome, "open", "marginal_cost.work", 0).mean(), 1.50);
    near(month(&outcome, "open", "marginal_cost.work", 0), average(&rents).value, 1e-9);
    let orders = cell(&outcome, "open", "channel_orders.fleet", 0);
    let own: Vec<f64> = rents.iter().map(|rent| f64::from(u8::from(*rent > 1.2))).collect();
    within(average(&own), 0.65);
    assert_eq!(orders.share_above_zero(), average(&own).value);
    within(orders.mean(), 0.65 * 200.0 / 1.2);
    near(orders.mean().value, average(&own).value * 200.0 / 1.2, 1e-9);
    within(cell(&outcome, "open", "marginal_cost.work", 1).mean(), 1.0775);
    let use_now = 146_000.0 * ln(5.0) / 2.0;
    printed(use_now, 117_488.97, 0.01);
    within(cell(&outcome, "open", "served.work", 0).mean(), use_now);
}

#[test]
fn supply_cap() {
    let outcome = known("supply-cap");
    let capacity = |t: usize| 100.0 + 5.0 * t.saturating_sub(1) as f64;
    let planned = |t: usize| 120.0 * exp(0.05 * t as f64);
    let lambda = |t: usize| 2.0 * (planned(t) / capacity(t)) * (planned(t) / capacity(t));
    for (t, digits) in [(0, 2.88), (1, 3.182892), (2, 3.190603), (11, 3.845333)] {
        printed(lambda(t), digits, 1e-6);
    }
    printed(capacity(11) / planned(11), 0.721187, 1e-6);
    for arm in ["open", "scarcity"] {
        for t in 0..12 {
            exact(month(&outcome, arm, "marginal_cost.work", t), lambda(t));
            exact(month(&outcome, arm, "plan_marginal_cost.work", t), lambda(t + 2));
            exact(
                month(&outcome, arm, "served.work", t) / month(&outcome, arm, "planned_use.work", t),
                capacity(t) / planned(t),
            );
            exact(month(&outcome, arm, "channel_orders.fleet", t), 5.0);
            exact(month(&outcome, arm, "hour_cost.fleet", t), 1.2);
        }
    }
    let rate = |t: usize| 0.5 * (lambda(t.max(1) + 1) - 1.2);
    printed(rate(0), 0.995302, 1e-6);
    let transfer: f64 = (0..10).map(|t| 730.0 * 5.0 * rate(t) * (10 - t) as f64).sum();
    printed(transfer, 209_642.01, 0.01);
    exact(scalar(&outcome, "scarcity", "pv.scarcity")[0], transfer);
    assert_eq!(scalar(&outcome, "open", "pv.scarcity")[0], 0.0);
    let cost = |arm: &str, id: &str| scalar(&outcome, arm, id)[0];
    exact(cost("scarcity", "pv.economic_cost") - cost("open", "pv.economic_cost"), transfer);
    exact(cost("scarcity", "pv.economic_cost_before_transfer"), cost("open", "pv.economic_cost"));
}

#[test]
fn take_or_pay() {
    let outcome = known("take-or-pay");
    // Chips under contract in months 4 … 11.
    let alive = [
        ("run-off", [90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0, 20.0], 360.0, 0.0, 1_226_400.0),
        ("cliff", [90.0, 80.0, 70.0, 0.0, 0.0, 0.0, 0.0, 0.0], 560.0, 210_240.0, 934_400.0),
        ("line", [72.0, 48.0, 28.0, 12.0, 0.0, 0.0, 0.0, 0.0], 640.0, 271_560.0, 817_600.0),
        ("at-once", [0.0; 8], 800.0, 394_200.0, 584_000.0),
        ("open", [100.0; 8], 0.0, 0.0, 1_752_000.0),
    ];
    for (arm, chips, lost, dues, rent) in alive {
        for t in 0..12 {
            let rented = if t < 4 { 100.0 } else { chips[t - 4] };
            exact(month(&outcome, arm, "marginal_cost.work", t), 440.0 / (rented + 10.0));
            near(month(&outcome, arm, "chips.rent", t), rented, 1e-9);
        }
        exact(scalar(&outcome, arm, "lost.12m.all")[0] + 1.0, lost * 730.0 + 1.0);
        exact(months(&outcome, arm, "spend.dues").iter().sum::<f64>() + 1.0, dues + 1.0);
        exact(months(&outcome, arm, "spend.contracts").iter().sum::<f64>(), rent);
        exact(months(&outcome, arm, "spend.spot").iter().sum::<f64>() + 1.0, 1.0);
    }
    exact(month(&outcome, "cliff", "spend.dues", 7), 210_240.0);
    for (t, remaining, chips) in
        [(4, 450.0, 90.0), (5, 360.0, 80.0), (6, 280.0, 70.0), (7, 210.0, 60.0), (8, 150.0, 50.0)]
    {
        exact(month(&outcome, "line", "spend.dues", t), 292.0 * (chips + 0.4 * remaining));
    }
}

/// `every-form.toml` uses every form; the means and quantiles that can be had by hand are met by what is drawn.
#[test]
fn forms() {
    let scenario = shipped(
        "every-form.toml",
        &["settings.sampling=\"plain\"", "settings.paths=4000", "settings.months=12"],
    );
    let job = scenario.job();
    let draws = |key: &str| drawn(&job, key, 0);
    let mean_is = |key: &str, truth: f64| within(average(&draws(key)), truth);
    mean_is("chips.fast.efficiency.chat.mfu_fraction", 0.36);
    mean_is("chips.slow.efficiency.train.mfu_fraction", (0.10 + 4.0 * 0.20 + 0.40) / 6.0);
    mean_is("regions.home.electricity_usd_per_kwh", 0.100133);
    mean_is("channels.bought.residual_fraction", 0.7 * 0.05 + 0.3 * 0.3);
    mean_is("channels.bought.scarcity_rent_share", 0.5);
    mean_is("labs.big.demand.train.planned_use_h100e.trend_per_year", 0.3);
    let growth = draws("labs.big.demand.train.planned_use_h100e.trend_per_year");
    let squares: Vec<f64> = growth.iter().map(|g| (g - 0.3) * (g - 0.3)).collect();
    within(average(&squares), 0.121591 * 0.121591);
    let quantile_is =
        |key: &str, p: f64, truth: f64| within(quantile(&draws(key), p, Grouping::Independent), truth);
    for (p, truth) in [(0.05, 0.05), (0.5, 0.1), (0.95, 0.20)] {
        quantile_is("channels.hired.overhead_fraction", p, truth);
    }
    for (p, truth) in [(0.05, 1.0), (0.5, 2.0), (0.95, 3.0)] {
        quantile_is("channels.hired.exit_fee_months", p, truth);
    }
    assert!(draws("channels.hired.exit_fee_months").iter().all(|months| *months >= 0.0));
    for (p, truth) in [(0.10, 0.40), (0.50, 0.50), (0.90, 0.58)] {
        quantile_is("chips.slow.mbu_fraction", p, truth);
    }
    // 72,000 yuan at 7.2, converted month by month.
    let outcome = run(&shipped("every-form.toml", &["settings.paths=64"]).job());
    let yuan = drawn(&job, "channels.bought.chip_price_usd", 0);
    assert!(yuan.iter().all(|price| (price - 72_000.0).abs() < 1e-6 || (price - 10_000.0).abs() < 1e-6));
    assert!(scalar(&outcome, "line", "pv.economic_cost").iter().all(|cost| cost.is_finite()));
}

const FADING: &str = "extends = [\"known/take-or-pay.toml\"]
[rules.fade]
title = \"undone after a month\"
announced = \"2027-02\"
wind_down = \"immediate\"
reversal = { probability = 1, within_days = 20 }
[[rules.fade.effects]]
on = { channel = \"rent\" }
quantity = \"existing_contracts\"
factor = { schedule = { \"2027-02\" = 0.8, \"2027-06\" = 0.4 } }
[arms.fade]
title = \"Undone\"
rules = [\"fade\"]
";

/// The rule of `take-or-pay.toml` in force in month 4 only, keeping 0.8 then and less later: 0.2 of what is alive is voided
/// in month 4, and nothing after it.
#[test]
fn a_reversed_rule_voids_nothing_more() {
    let outcome = run(&written(FADING, &[]).job());
    exact(month(&outcome, "fade", "spend.dues", 4), 0.2 * 1460.0 * (90.0 + 0.4 * 450.0));
    for t in (0..12).filter(|t| *t != 4) {
        exact(month(&outcome, "fade", "spend.dues", t) + 1.0, 1.0);
    }
}

/// The line of `take-or-pay.toml` over four and a half months: 1 − 1/4.5 of 90 chips, then 1 − 2/4.5 of 80, and so on.
#[test]
fn a_wind_down_may_take_a_fraction_of_a_month() {
    let sets = ["rules.line.wind_down_months=4.5"];
    let outcome = run(&shipped("known/take-or-pay.toml", &sets).job());
    for (t, chips) in
        [(4, 70.0), (5, 80.0 * 2.5 / 4.5), (6, 70.0 * 1.5 / 4.5), (7, 60.0 * 0.5 / 4.5), (8, 0.0)]
    {
        exact(month(&outcome, "line", "chips.rent", t) + 1.0, chips + 1.0);
    }
}

/// Ten own chips of a kilowatt, four of them needed, the others idle at three tenths of their energy.
#[test]
fn idle_chips_draw_electricity() {
    let sets = [
        "channels.fleet.idle_share_fraction=0.3",
        "labs.all.demand.work.planned_use_h100e=4",
        "labs.all.demand.work.reference_price_usd_per_h100e_hour=0.1",
        "labs.all.demand.work.choke_price_usd_per_h100e_hour=0.2",
        "labs.all.demand.work.saturation_ratio=1",
        "channels.rent.committed_chips=0",
        "channels.rent.on_offer_chips=0",
    ];
    let outcome = run(&shipped("known/take-or-pay.toml", &sets).job());
    let work = month(&outcome, "open", "served.work", 0) / 730.0;
    let hours = 730.0 * (work + 0.3 * (10.0 - work));
    let energy = scalar(&outcome, "open", "electricity")[0];
    exact(energy, 12.0 * hours * 1e-9);
    let spend: f64 = months(&outcome, "open", "spend.energy").iter().sum();
    exact(energy * 1e9 * 0.10, spend);
}
