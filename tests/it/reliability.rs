//! What is promised of sampling errors: a 95% interval covers the truth in 95% of runs, whatever is estimated and however
//! paths are drawn.
//!
//! One month of a rent that is lognormal, P = 2·exp(0.3·z), of 100 chips: spend is 73,000·P. A levy of a quarter comes with
//! probability 0.3, so its effect on spend is 18,250·P with that chance and nothing otherwise.

use loophole::analysis::compare::{Measure, effect_values};
use loophole::engine::executor::{Options, simulate};
use loophole::engine::partition::grouping_of;
use loophole::random::design::Sampling;
use loophole::stats::estimate::{self, Estimate, Grouping};

use crate::support::shipped;

const PATHS: usize = 320;
const SCHEMES: [(&str, Sampling); 4] = [
    ("plain", Sampling::Plain),
    ("antithetic", Sampling::Antithetic),
    ("latin-hypercube", Sampling::LatinHypercube),
    ("sobol", Sampling::Sobol),
];
const WHAT: [&str; 5] = ["mean", "median", "5% quantile", "probability", "paired effect"];

/// By what is estimated, in how many of `seeds` runs the interval covered the truth.
fn coverage(name: &str, sampling: Sampling, seeds: u64) -> [u64; WHAT.len()] {
    let sets = [
        format!("settings.sampling=\"{name}\""),
        format!("settings.paths={PATHS}"),
        "settings.months=1".to_string(),
        "channels.rent.price_usd_per_chip_hour={ lognormal = { median = 2, sigma = 0.3 } }".to_string(),
        "rules.levy.announced={ probability = 0.3, from = \"2026-10\", until = \"2026-10\" }".to_string(),
    ];
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let mut job = shipped("known/gbm-rent.toml", &sets).job();
    let mean = 146_000.0 * (0.5_f64 * 0.09).exp();
    let truths =
        [mean, 146_000.0, 146_000.0 * (-1.644_853_626_951_472_7_f64 * 0.3).exp(), 0.3, 0.3 * 0.25 * mean];
    let mut covered = [0; WHAT.len()];
    for seed in 0..seeds {
        job.seed = 1_000_003 * seed + 17;
        let outcome = simulate(&job, &Options::default()).expect("it runs");
        let group = grouping_of(sampling, outcome.paths.iter().copied());
        let levy = outcome.arm("levy").expect("the arm");
        let spend = outcome.scalar(outcome.baseline, "pv.spend").expect("a scalar");
        let comes: Vec<bool> = outcome
            .scalar(levy, "rule_in_force")
            .expect("a scalar")
            .iter()
            .map(|flag| *flag == 1.0)
            .collect();
        let effect = effect_values(&outcome, levy, "pv.spend", Measure::Difference).expect("an effect");
        let told = [
            estimate::mean(spend, group),
            estimate::quantile(spend, 0.5, group),
            estimate::quantile(spend, 0.05, group),
            estimate::probability(&comes, group),
            estimate::mean(&effect, group),
        ];
        for ((count, estimate), truth) in covered.iter_mut().zip(told).zip(truths) {
            *count += u64::from(covers(estimate, group, truth));
        }
    }
    covered
}

fn covers(estimate: Estimate, group: Grouping, truth: f64) -> bool {
    let (low, high) = estimate.student_interval(0.95, group.degrees_of_freedom(PATHS));
    low <= truth && truth <= high
}

/// Two schemes on 200 seeds, or all on as many as `LOOPHOLE_SEEDS` says. The bounds are four standard errors of a coverage
/// of 95%.
#[test]
fn intervals_cover_the_truth_as_often_as_they_say() {
    let asked: Option<u64> = std::env::var("LOOPHOLE_SEEDS").ok().and_then(|text| text.parse().ok());
    let seeds = asked.unwrap_or(200);
    let schemes = if asked.is_some() { &SCHEMES[..] } else { &[SCHEMES[0], SCHEMES[3]][..] };
    let slack = 4.0 * (0.95 * 0.05 / seeds as f64).sqrt();
    println!("| {seeds} seeds | {} |", WHAT.join(" | "));
    let mut failed = Vec::new();
    for (name, sampling) in schemes {
        let covered = coverage(name, *sampling, seeds).map(|count| count as f64 / seeds as f64);
        let cells = covered.map(|share| format!("{:.1}%", 100.0 * share));
        println!("| {name} | {} |", cells.join(" | "));
        for (what, share) in WHAT.iter().zip(covered) {
            if (share - 0.95).abs() > slack {
                failed.push(format!("{what} under {name}: {share}"));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
