//! `loophole fit` as a user meets it: the numbers it prints follow from the file by the documented formulas, and what is
//! wrong on the command line is told with what would be right.

use loophole::math::{exp, ln, normal_cdf, sqrt};
use loophole::stats::score::crps_normal;
use serde_json::Value;

use crate::binary::{code, err, loophole, out};

const FORMS: &str = "scenarios/every-form.toml";
const HIRED: &str = "channels.hired.price_usd_per_chip_hour";
const OLD: &str = "channels.hired-old.price_usd_per_chip_hour";

fn report(args: &[&str]) -> Vec<Value> {
    let output = loophole(&[&["fit"], args, &["--json"]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    serde_json::from_str(&out(&output)).expect("standard output is JSON")
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn every_history_of_a_scenario_is_listed_and_a_key_gives_one() {
    let all = report(&[FORMS]);
    assert_eq!(all.iter().map(|one| &one["key"]).collect::<Vec<_>>(), [OLD, HIRED]);
    let one = report(&[FORMS, HIRED]);
    assert_eq!(one[..], all[1..]);
    assert_eq!(
        (&one[0]["observations"], &one[0]["first"], &one[0]["last"], &one[0]["model"]),
        (&Value::from(14), &"2024-01".into(), &"2026-11".into(), &"ou".into())
    );
    assert_eq!((&all[0]["observations"], &all[0]["model"]), (&Value::from(7), &"gbm".into()));
}

/// The changes of the seven months that rest on one quote are jointly normal: a random walk's own, and at both ends the
/// noise of a reading, which two neighbours share.
#[test]
fn the_printed_fit_has_the_printed_likelihood_and_no_neighbour_has_more() {
    let fit = &report(&[FORMS, OLD])[0];
    let logs = [1.728, 1.842, 1.669, 1.7, 2.35, 2.185, 2.568].map(ln);
    let months = [4.0, 5.0, 2.0, 5.0, 2.0, 2.0];
    let changes = nalgebra::DVector::from_fn(6, |i, _| logs[i + 1] - logs[i]);
    let log_likelihood = |volatility: f64, noise: f64| {
        let covariance = nalgebra::DMatrix::from_fn(6, 6, |i, j| match i.abs_diff(j) {
            0 => volatility * volatility * months[i] / 12.0 + 2.0 * noise * noise,
            1 => -noise * noise,
            _ => 0.0,
        });
        let inverse = covariance.clone().try_inverse().expect("a covariance matrix");
        let constant = 6.0 * ln(2.0 * std::f64::consts::PI) + ln(covariance.determinant());
        -0.5 * (changes.dot(&(inverse * &changes)) + constant)
    };
    let fitted = |name: &str| number(&fit["fitted"][name]["value"]);
    let (volatility, noise) = (fitted("volatility_per_sqrt_year"), fitted("reading_noise_sd"));
    let found = number(&fit["log_likelihood"]);
    assert!((found - log_likelihood(volatility, noise)).abs() < 1e-6);
    for (a, b) in [(1.01, 1.0), (0.99, 1.0), (1.0, 1.01), (1.0, 0.99), (1.01, 0.99), (0.99, 1.01)] {
        assert!(log_likelihood(a * volatility, b * noise) < found, "{a} {b}");
    }
    // Two parameters, six changes.
    assert!((number(&fit["aicc"]) - (-2.0 * found + 4.0 + 12.0 / 3.0)).abs() < 1e-9);
}

#[test]
fn forecasts_and_scores_follow_from_what_is_printed() {
    let all = report(&[FORMS]);
    let history: Vec<(String, f64)> = std::fs::read_to_string("scenarios/data/h100_rent_monthly.csv")
        .expect("the file of quotes")
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|cells| (cells[0].to_string(), cells[1].parse().expect("a number")))
        .collect();
    let backtest = &all[1]["backtest"];
    let origins = backtest["origins"].as_array().expect("a list");
    assert_eq!(origins[0], serde_json::json!({ "date": "2025-10", "observations": 6 }));
    assert_eq!(origins.len(), 8);
    let forecasts = backtest["forecasts"].as_array().expect("a list");
    assert_eq!(forecasts.len(), (1..=8).sum::<usize>());
    let (mut inside, mut sum) = (0.0, 0.0);
    for one in forecasts {
        let (_, seen) = history.iter().find(|(date, _)| *date == one["date"]).expect("a date of the file");
        let (mean, sd) = (number(&one["log_mean"]), number(&one["log_sd"]));
        assert!((number(&one["pit"]) - normal_cdf((ln(*seen) - mean) / sd)).abs() < 1e-9);
        assert!((number(&one["crps"]) - crps_normal(mean, sd, ln(*seen))).abs() < 1e-9);
        inside += f64::from(u8::from((number(&one["pit"]) - 0.5).abs() <= 0.45));
        sum += number(&one["crps"]);
    }
    let n = forecasts.len() as f64;
    assert!((number(&backtest["overall"]["in_90"]["share"]) - inside / n).abs() < 1e-12);
    assert!((number(&backtest["overall"]["crps"]) - sum / n).abs() < 1e-12);
    // What was known by an origin is what a file that ends there gives: its level, decayed over the lead.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let known: String = std::fs::read_to_string("scenarios/data/h100_rent_monthly.csv")
        .expect("the file of quotes")
        .lines()
        .take(1 + 10)
        .map(|line| format!("{line}\n"))
        .collect();
    let file = folder.path().join("known.csv");
    std::fs::write(&file, known).expect("a file");
    let change = format!("{HIRED}.history.file={:?}", file.display().to_string());
    let then = report(&[FORMS, HIRED, "--allow-outside", "--set", &change]);
    let fitted = |name: &str, what: &str| number(&then[0]["fitted"][name][what]);
    let lead = 3.0 / 12.0;
    let kept = exp(-12.0 * std::f64::consts::LN_2 / fitted("half_life_months", "value") * lead);
    let (level, long_run) = (ln(fitted("level", "value")), ln(fitted("long_run_level", "value")));
    let one = forecasts
        .iter()
        .find(|one| one["origin"] == "2026-07" && one["date"] == "2026-10")
        .expect("a forecast from July to October");
    assert!((number(&one["log_mean"]) - (long_run + kept * (level - long_run))).abs() < 1e-9);
    let error = kept * fitted("level", "std_error") / fitted("level", "value");
    let volatility = fitted("volatility_per_sqrt_year", "value");
    let k = -ln(kept) / lead;
    let variance = error * error
        + volatility * volatility * (1.0 - kept * kept) / (2.0 * k)
        + fitted("reading_noise_sd", "value").powi(2);
    assert!((number(&one["log_sd"]) - sqrt(variance)).abs() < 1e-9);
}

#[test]
fn words_say_what_the_data_tell_apart_and_how_forecasts_came_out() {
    let output = loophole(&["fit", FORMS, HIRED, "--plain"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    for words in [
        "  14 observations from 2024-01 to 2026-11 in scenarios/data/h100_rent_monthly.csv, model ou\n",
        "  ou (chosen)  ",
        "  AICc favours gbm; the next, gbm with drift, is 3.0 above it.\n",
        "  Backtest: 36 forecasts from 8 origins, 2025-10 (6 observations) to 2026-10 (13).\n",
        "  up to 3 months          17       7.0  ",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn too_few_observations_are_not_scored() {
    let args = ["fit", FORMS, OLD, "--set"];
    let change =
        format!("{OLD}.history.where.date=[\"2024-11\",\"2025-03\",\"2025-08\",\"2025-10\",\"2026-03\"]");
    let output = loophole(&[&args[..], &[&change]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    let said = "  No backtest: 5 observations are too few. A forecast needs a date with enough observations up to it\n  \
                for a fit of this model (5), and an observation after it.\n";
    assert!(out(&output).ends_with(said), "{}", out(&output));
    assert!(out(&output).contains("  ou                              not fitted"), "{}", out(&output));
}

#[test]
fn a_key_without_a_history_is_told_with_those_that_have_one() {
    let fitted = format!("  fitted to a history: {OLD}, {HIRED}\n");
    let wrong = |key: &str| {
        let output = loophole(&["fit", FORMS, key]);
        assert_eq!((code(&output), out(&output).as_str()), (2, ""));
        err(&output)
    };
    let near = "channels.hired.price_usd_per_chip_houre";
    let hint = format!("  hint: nearest key is {HIRED}\n");
    assert_eq!(wrong(near), format!("error: {FORMS} has no key {near:?}\n{hint}{fitted}"));
    let other = "channels.hired.contract_basis_ratio";
    assert_eq!(wrong(other), format!("error: {other} of {FORMS} is not fitted to a history\n{fitted}"));
    let none = "scenarios/known/take-or-pay.toml";
    let output = loophole(&["fit", none]);
    assert_eq!(code(&output), 0);
    assert_eq!(out(&output), format!("no quantity of {none} is fitted to a history\n"));
    assert_eq!(report(&[none]), Vec::<Value>::new());
}
