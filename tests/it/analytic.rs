//! Truths known in closed form, met by the whole engine.
//!
//! Deterministic truths are held to 1e-9; sampled ones to four standard errors, which a right library misses once in
//! 16,000 statements; coverage of intervals to binomial bounds stated where they are used.

use loophole::analysis::summary::summarise_values;
use loophole::engine::executor::{EngineError, Options, simulate};
use loophole::engine::job::Job;
use loophole::math::{exp, ln, normal_quantile, pow, sqrt};
use loophole::model::calibrate::Uncalibrated;
use loophole::model::parameters::Form;
use loophole::stats::estimate::{Estimate, Grouping, quantile};

use crate::small::{BARE, SMALL};
use crate::support::*;

/// `BARE` with chips for rent and demand: `price` and `more` are keys of the channel.
fn rental(price: &str, more: &str, planned: f64) -> String {
    format!(
        "{BARE}\n[channels.rent]\nkind = \"rental\"\nchip = \"unit\"\nregion = \"here\"\norigin = \"offshore\"\n\
         availability_fraction = 1\nprice_usd_per_chip_hour = {price}\nterm_months = 1\n{more}\n\
         [labs.all.demand.work]\nplanned_use_h100e = {planned}\nelasticity = 1\nreference_price_usd_per_h100e_hour = 2\n\
         choke_price_usd_per_h100e_hour = 400\nsaturation_ratio = 1000\n"
    )
}

/// What a rent's mean and quantiles are: ln P(t) is normal around the curve.
struct Rent {
    form: &'static str,
    mean_anchor: bool,
    initial: f64,
    trend: f64,
    volatility: f64,
    half_life: Option<f64>,
}

impl Rent {
    fn variance(&self, t: f64) -> f64 {
        let monthly = self.volatility * self.volatility / 12.0;
        match self.half_life {
            None => monthly * t,
            Some(months) => {
                let k = std::f64::consts::LN_2 / months;
                monthly * (1.0 - exp(-2.0 * k * t)) / (2.0 * k)
            }
        }
    }

    fn median(&self, t: f64) -> f64 {
        let curve = self.initial * exp(self.trend * t / 12.0);
        if self.mean_anchor { curve * exp(-0.5 * self.variance(t)) } else { curve }
    }
}

const RENTS: [Rent; 4] = [
    Rent {
        form: "{ initial = 2, trend_per_year = 0.2, volatility_per_sqrt_year = 0.4 }",
        mean_anchor: false,
        initial: 2.0,
        trend: 0.2,
        volatility: 0.4,
        half_life: None,
    },
    Rent {
        form: "{ initial = 2, anchor = \"mean\", trend_per_year = -0.3, volatility_per_sqrt_year = 0.4 }",
        mean_anchor: true,
        initial: 2.0,
        trend: -0.3,
        volatility: 0.4,
        half_life: None,
    },
    Rent {
        form: "{ initial = 3, trend_per_year = -0.1, volatility_per_sqrt_year = 0.6, half_life_months = 4 }",
        mean_anchor: false,
        initial: 3.0,
        trend: -0.1,
        volatility: 0.6,
        half_life: Some(4.0),
    },
    Rent {
        form: "{ initial = 3, anchor = \"mean\", volatility_per_sqrt_year = 0.6, half_life_months = 4 }",
        mean_anchor: true,
        initial: 3.0,
        trend: 0.0,
        volatility: 0.6,
        half_life: Some(4.0),
    },
];

#[test]
fn rents_have_the_moments_and_quantiles_of_their_law() {
    for rent in &RENTS {
        let sets = ["settings.months=25", "settings.paths=3000"];
        let outcome = run(&written(&rental(rent.form, "on_offer_chips = 1000000", 100.0), &sets).job());
        exact(month(&outcome, "open", "price.rent", 0), rent.initial);
        for t in [1, 6, 24] {
            let (median, s) = (rent.median(t as f64), sqrt(rent.variance(t as f64)));
            let cell = cell(&outcome, "open", "price.rent", t);
            within(cell.mean(), median * exp(0.5 * s * s));
            for p in [0.05, 0.25, 0.5, 0.75, 0.95] {
                let z = normal_quantile(p);
                let truth = median * exp(s * z);
                // Standard error of a quantile: √(p(1 − p)/n) over the density there, and half a bin of the histogram.
                let density = exp(-0.5 * z * z) / sqrt(2.0 * std::f64::consts::PI) / (s * truth);
                let error = sqrt(p * (1.0 - p) / 3000.0) / density;
                let found = cell.quantile(p);
                assert!(
                    (found - truth).abs() <= 4.0 * error + truth / 512.0,
                    "{found}, not {truth}, at {p} of month {t}"
                );
            }
        }
        // Rent without limit sets the price of compute, and the plan's is the median forecast.
        let job = written(
            &rental(rent.form, "on_offer_chips = 1000000", 100.0),
            &["settings.months=25", "settings.lead_months=5"],
        )
        .job();
        let trace = &told(&job, 0).traces[0];
        for t in 0..20 {
            let (month, price) = (&trace.months[t].labs[0], trace.months[t].channels[0].contract_price);
            exact(month.price[0], price);
            exact(month.served[0], 100.0 * 730.0 * 2.0 / price);
            let (now, then) = (rent.median(t as f64), rent.median(t as f64 + 5.0));
            let pull = rent.half_life.map_or(1.0, |months| exp(-5.0 * std::f64::consts::LN_2 / months));
            // y is around the median curve of the law, so its forecast is pulled there.
            exact(month.plan_price[0], then * pow(price / now, pull));
        }
    }
}

#[test]
fn dates_of_rules_have_their_law() {
    let rule = |id: &str, rest: &str| {
        format!(
            "[rules.{id}]\n{rest}\n[[rules.{id}.effects]]\nquantity = \"price\"\nfactor = 1.1\n[arms.{id}]\nrules = [\"{id}\"]\n"
        )
    };
    let text = rental("2", "on_offer_chips = 100", 100.0)
        + &rule("hazard", "announced = { hazard_per_year = 0.4, from = \"2027-01\", until = \"2028-06\" }")
        + &rule(
            "window",
            "announced = { probability = 0.3, from = \"2026-12\", until = \"2027-11\" }\nlag_days = 30",
        )
        + &rule("undone", "announced = \"2026-10\"\nreversal = { hazard_per_year = 0.8 }")
        + &rule("stayed", "announced = \"2026-10\"\nreversal = { probability = 0.6, within_days = 365 }");
    let outcome = run(&written(&text, &["settings.months=24", "settings.paths=2000"]).job());
    let share = |arm: &str, metric: &str, test: &dyn Fn(f64) -> bool| {
        average(
            &scalar(&outcome, arm, metric)
                .iter()
                .map(|value| f64::from(u8::from(test(*value))))
                .collect::<Vec<f64>>(),
        )
    };
    // From month 3 to month 20, effective at once: after m months of exposure 1 − exp(−0.4·m/12).
    for t in [3, 8, 20] {
        let truth = 1.0 - exp(-0.4 * (t - 2) as f64 / 12.0);
        within(share("hazard", "effective_month", &|month| month <= t as f64), truth);
    }
    within(average(scalar(&outcome, "hazard", "rule_in_force")), 1.0 - exp(-0.4 * 1.5));
    // Month 2 to month 13, one later in effect: 0.3, evenly over twelve months.
    within(average(scalar(&outcome, "window", "rule_in_force")), 0.3);
    for t in [3, 6, 14] {
        within(share("window", "effective_month", &|month| month <= t as f64), 0.3 * (t - 2) as f64 / 12.0);
    }
    assert!(scalar(&outcome, "window", "effective_month").iter().all(|month| *month >= 3.0));
    // In force at once; undone before month 24 if within 23 months of exposure.
    within(average(scalar(&outcome, "undone", "rule_reversed")), 1.0 - exp(-0.8 * 23.0 / 12.0));
    within(average(scalar(&outcome, "stayed", "rule_reversed")), 0.6);
    for t in 1..12 {
        // Price in force in month t: a rule undone after k months, k = ceil of a uniform year, acts in months 0 … k − 1.
        let at = cell(&outcome, "stayed", "price.rent", t);
        within(at.mean(), 2.0 * (1.0 + 0.1 * (1.0 - 0.6 * t as f64 / 12.0)));
        within(
            cell(&outcome, "undone", "price.rent", t).mean(),
            2.0 * (1.0 + 0.1 * exp(-0.8 * t as f64 / 12.0)),
        );
    }
}

/// θx at θ = 1 and 1.1: the variance of the paired difference is 1/221 of that of independent runs.
#[test]
fn pairing_divides_the_variance_by_221() {
    let text = rental("{ initial = 2, volatility_per_sqrt_year = 0.3 }", "on_offer_chips = 100", 100_000.0)
        + "[rules.levy]\nannounced = \"2026-10\"\n[[rules.levy.effects]]\nquantity = \"price\"\nfactor = 1.1\n\
           [arms.levy]\nrules = [\"levy\"]\n";
    let with_seed = |seed: u64| {
        let mut job = written(&text, &["settings.paths=4000"]).job();
        job.seed = seed;
        run(&job)
    };
    let variance = |values: &[f64]| {
        let mean = average(values).value;
        values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>() / (values.len() - 1) as f64
    };
    let (one, other) = (with_seed(1), with_seed(2));
    let (open, levy) = (scalar(&one, "open", "pv.spend"), scalar(&one, "levy", "pv.spend"));
    let paired: Vec<f64> = levy.iter().zip(open).map(|(a, b)| a - b).collect();
    // On the same draws the three variances are in proportion 0.01 : 1 : 1.21, whatever is drawn.
    near(variance(&paired) / (variance(open) + variance(levy)), 1.0 / 221.0, 1e-9);
    // Against another run: a ratio of variances of 4,000 spends, each known to about √(κ/n), κ = 1.5 + excess kurtosis/… < 4.
    let apart: Vec<f64> = scalar(&other, "levy", "pv.spend").iter().zip(open).map(|(a, b)| a - b).collect();
    near(variance(&paired) / variance(&apart), 1.0 / 221.0, 4.0 * sqrt(2.0 * 4.0 / 4000.0));
    // The cells hold the same pairing.
    let (level, difference) =
        (cell(&one, "levy", "spend", 11).mean(), difference(&one, "levy", "spend", 11).mean());
    exact(difference.std_error / level.std_error, 0.1 / 1.1);
}

/// Antithetic pairs of a monotone answer: U-shaped errors cancel. E[e^U]-like: rent uniform on 1 … 2, use 200/p.
#[test]
fn antithetic_pairs_and_point_sets_cut_the_error() {
    let text = rental("{ uniform = [1, 2] }", "on_offer_chips = 100000", 100.0);
    let error = |scheme: &str| {
        let sets = [&*format!("settings.sampling=\"{scheme}\""), "settings.months=1", "settings.paths=1024"];
        let outcome = run(&written(&text, &sets).job());
        let estimate = cell(&outcome, "open", "served.work", 0).mean();
        // E[146,000/p] = 146,000·ln 2. A replicated error rests on 16 replicates: 5.6 of them are as rare as 4.
        let truth = 146_000.0 * ln(2.0);
        assert!(
            (estimate.value - truth).abs() <= 5.6 * estimate.std_error,
            "{scheme}: {estimate:?}, {truth}"
        );
        estimate.std_error
    };
    let plain = error("plain");
    assert!(error("antithetic") < 0.3 * plain);
    assert!(error("latin-hypercube") < 0.1 * plain);
    assert!(error("sobol") < 0.1 * plain);
}

/// A 95% interval covers the truth on 190 of 200 seeds, give or take four binomial standard errors (3.08): 178 to 200.
/// Mean, median, chance and paired effect of a rent uniform on 1 … 2, of which a levy takes a tenth.
#[test]
fn intervals_cover_at_their_nominal_rate() {
    let text = rental("{ uniform = [1, 2] }", "on_offer_chips = 100", 100_000.0)
        + "[rules.levy]\nannounced = \"2026-10\"\n[[rules.levy.effects]]\nquantity = \"price\"\nfactor = 1.1\n\
           [arms.levy]\nrules = [\"levy\"]\n";
    let job = written(&text, &["settings.months=1", "settings.paths=250"]).job();
    let truths = [109_500.0, 109_500.0, 0.4, 10_950.0];
    let mut covered = [0; 4];
    for seed in 0..200 {
        let job = Job { seed, ..job.clone() };
        let outcome = run(&job);
        let (open, levy) = (scalar(&outcome, "open", "pv.spend"), scalar(&outcome, "levy", "pv.spend"));
        let paired: Vec<f64> = levy.iter().zip(open).map(|(a, b)| a - b).collect();
        let summary = summarise_values(open, Grouping::Independent);
        let above: Vec<f64> = open.iter().map(|spend| spend - 73_000.0 * 1.6).collect();
        let estimates: [Estimate; 4] = [
            summary.mean,
            summary.p50,
            summarise_values(&above, Grouping::Independent).above_zero,
            summarise_values(&paired, Grouping::Independent).mean,
        ];
        for ((estimate, truth), covered) in estimates.iter().zip(truths).zip(&mut covered) {
            let (low, high) = estimate.interval(0.95);
            *covered += usize::from(low <= truth && truth <= high);
        }
    }
    assert!(covered.iter().all(|count| (178..=200).contains(count)), "{covered:?}");
    // And an interval that always covers would be no interval.
    assert!(covered.iter().any(|count| *count < 200), "{covered:?}");
}

#[test]
fn month_0_meets_the_calibration_price() {
    // One certain market: 240·730·f/p = 150·730 at p = 2.5, so f = 150·2.5/240.
    let sets = ["calibration={ enabled = true, price_usd_per_h100e_hour = 2.5 }"];
    let outcome = run(&shipped("known/no-uncertainty.toml", &sets).job());
    let calibration = outcome.calibration.as_ref().expect("it is asked for");
    exact(calibration.factor, 150.0 * 2.5 / 240.0);
    for arm in ["open", "closed"] {
        exact(month(&outcome, arm, "marginal_cost.work", 0), 2.5);
        exact(month(&outcome, arm, "planned_use.work", 0), calibration.factor * 120.0 * 730.0);
    }
    // Uncertain ones, several workloads and labs: the central path of the baseline meets the price, weighted by stated use.
    for (scenario, price) in [
        (shipped("close-the-door.toml", &["settings.months=8", "settings.paths=1"]), 2.65),
        (shipped("one-lab.toml", &["settings.months=8", "settings.paths=1"]), 2.65),
        (shipped("every-form.toml", &["settings.months=8", "settings.paths=16"]), 2.0),
        (written(SMALL, &["calibration={ price_usd_per_h100e_hour = 1.9 }", "settings.months=8"]), 1.9),
    ] {
        let mut job = scenario.job();
        let baseline = job.baseline();
        job.arms = vec![job.arms[baseline].clone()];
        let (mut weighted, mut weights) = (0.0, 0.0);
        let uncalibrated = central(&job, None);
        let factor = run(&job).calibration.expect("it is asked for").factor;
        let calibrated = central(&job, Some(factor));
        for (lab, stated) in calibrated.months[0].labs.iter().zip(&uncalibrated.months[0].labs) {
            for (price, planned) in lab.price.iter().zip(&stated.planned_use) {
                weighted += price * planned;
                weights += planned;
            }
            for (calibrated, stated) in lab.planned_use.iter().zip(&stated.planned_use) {
                assert!((calibrated - factor * stated).abs() <= 1e-9 * calibrated);
            }
        }
        near(weighted / weights, price, 1e-8);
    }
}

/// Saturated demand is vertical: 50 own chips clear at their energy, 0.10, until one chip more is wanted, whose rent is
/// 1.50. No factor makes the prices between, and none scales a demand of nothing.
#[test]
fn a_price_that_month_0_jumps_over_is_refused() {
    let refused = |sets: &[&str]| {
        let job = shipped("known/no-uncertainty.toml", sets).job();
        simulate(&job, &Options::default()).expect_err("no factor meets the price")
    };
    let price = "calibration={ enabled = true, price_usd_per_h100e_hour = 0.6 }";
    let demand = "labs.all.demand.work";
    let saturation = format!("{demand}.saturation_ratio=1.01");
    let error = refused(&[price, &saturation]);
    let EngineError::Uncalibrated(Uncalibrated::JumpsOver { price: observed, factor, sides }) = &error else {
        panic!("{error}")
    };
    assert_eq!(*observed, 0.6);
    near(sides.0, 0.1, 1e-9);
    near(sides.1, 1.5, 1e-9);
    near(factor * 120.0 * 1.01, 50.0, 1e-9);
    assert!(error.to_string().contains("jumps from"), "{error}");
    let nothing = format!("{demand}.planned_use_h100e=0");
    assert_eq!(refused(&[price, &nothing]), EngineError::Uncalibrated(Uncalibrated::NothingPlanned));
}

/// The central path of a job's only arm, with planned use scaled.
fn central(job: &Job, factor: Option<f64>) -> loophole::model::ledger::Trace {
    let mut world = job.arms[0].world.clone();
    world.demand_scale = factor.unwrap_or(1.0);
    let mut drivers = loophole::model::drivers::Drivers::default();
    loophole::engine::executor::sampler(job).central(&mut Default::default(), &mut drivers);
    let dates = loophole::model::rules::RuleDates::central(&world, &drivers);
    let mut trace = Default::default();
    loophole::model::step::simulate(&world, &drivers, &dates, &mut Default::default(), &mut trace)
        .expect("it runs");
    trace
}

/// A parameter's mean and quantiles through the whole engine: use at a price drawn once.
#[test]
fn a_parameter_reaches_the_market_as_drawn() {
    let text = rental("{ lognormal = { median = 2, sigma = 0.4 } }", "on_offer_chips = 100000", 100.0);
    let outcome = run(&written(&text, &["settings.months=1", "settings.paths=4000"]).job());
    let spend = scalar(&outcome, "open", "marginal_cost.work.mean");
    within(average(spend), 2.0 * exp(0.08));
    for p in [0.1, 0.5, 0.9] {
        within(quantile(spend, p, Grouping::Independent), 2.0 * exp(0.4 * normal_quantile(p)));
    }
    // Unit elasticity: the rent paid is the same at every price.
    assert!(
        scalar(&outcome, "open", "pv.spend").iter().all(|paid| (paid - 146_000.0).abs() <= 1e-9 * 146_000.0)
    );
}

/// Two prices tied by Spearman's 0.8 as parameters, two by 0.7 as shocks: what is drawn has it.
#[test]
fn correlations_are_met() {
    let text = SMALL.to_string()
        + "[[correlations]]\non = \"parameter\"\nbetween = [\"channels.own.chip_price_usd\", \"regions.home.electricity_usd_per_kwh\"]\nrho = 0.8\n\
           [[correlations]]\non = \"shock\"\nbetween = [\"channels.rent.price_usd_per_chip_hour\", \"channels.rent.spot_basis_ratio\"]\nrho = 0.7\n";
    let job = written(&text, &["settings.paths=4000"]).job();
    assert!(job.quantities.list.iter().any(|quantity| matches!(quantity.form, Form::Process(_))));
    let ranks = |values: &[f64]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
        let mut ranks = vec![0.0; values.len()];
        order.iter().enumerate().for_each(|(rank, at)| ranks[*at] = rank as f64);
        ranks
    };
    let correlation = |x: &[f64], y: &[f64]| {
        let (mx, my) = (average(x).value, average(y).value);
        let dot = |a: &[f64], ma: f64, b: &[f64], mb: f64| {
            a.iter().zip(b).map(|(p, q)| (p - ma) * (q - mb)).sum::<f64>()
        };
        dot(x, mx, y, my) / sqrt(dot(x, mx, x, mx) * dot(y, my, y, my))
    };
    let (a, b) = (
        drawn(&job, "channels.own.chip_price_usd", 0),
        drawn(&job, "regions.home.electricity_usd_per_kwh", 0),
    );
    // Standard errors of a correlation: (1 − ρ²)/√n, a little more for ranks.
    let spearman = correlation(&ranks(&a), &ranks(&b));
    assert!((spearman - 0.8).abs() < 4.0 * 1.1 * (1.0 - 0.64) / sqrt(4000.0), "{spearman}");
    // After one month y is the shock scaled, so logs have the shocks' correlation.
    let logs = |key: &str| drawn(&job, key, 1).iter().map(|price| ln(*price)).collect::<Vec<f64>>();
    let shocks =
        correlation(&logs("channels.rent.price_usd_per_chip_hour"), &logs("channels.rent.spot_basis_ratio"));
    assert!((shocks - 0.7).abs() < 4.0 * (1.0 - 0.49) / sqrt(4000.0), "{shocks}");
}
