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
        "  Lowest AICc: gbm; the next, gbm with drift, is 3.0 above it, where a parameter that explains nothing costs 2 or more.\n",
        "  Backtest: 36 forecasts from 8 origins, 2025-10 (6 observations) to 2026-10 (13).\n",
        "  up to 3 months          17       4.1  ",
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

/// What `docs/calibration.md` says of the fit of 27 quotes, which an independent fit found with the same volatilities.
#[test]
fn the_fit_of_the_calibration_is_as_published() {
    let file = format!("{HIRED}.history.file=\"scenarios/data/h100_quotes.csv\"");
    let published = [("gbm", 0.36, 0.11, [0.22, 0.58], 5.0), ("ou", 0.37, 0.12, [0.22, 0.62], 7.4)];
    for (model, volatility, error, interval, aicc) in published {
        let change = format!("{HIRED}.model={model:?}");
        let one = &report(&[FORMS, HIRED, "--set", &file, "--set", &change])[0];
        let fitted = &one["fitted"]["volatility_per_sqrt_year"];
        let near = |value: &Value, said: f64, digit: f64| {
            assert!((number(value) - said).abs() <= 0.5 * digit, "{model}: {value} is not {said}");
        };
        assert_eq!(one["observations"], 27);
        near(&fitted["value"], volatility, 0.01);
        near(&fitted["std_error"], error, 0.01);
        near(&fitted["interval_90"][0], interval[0], 0.01);
        near(&fitted["interval_90"][1], interval[1], 0.01);
        near(&one["fitted"]["reading_noise_sd"]["value"], 0.17, 0.01);
        near(&one["aicc"], aicc, 0.1);
        if model == "ou" {
            near(&one["fitted"]["half_life_months"]["value"], 31.0, 1.0);
            near(&one["fitted"]["half_life_months"]["std_error"], 85.0, 1.0);
            let overall = &one["backtest"]["overall"];
            near(&overall["in_90"]["share"], 0.97, 0.01);
            near(&overall["crps"], 0.159, 0.001);
            near(&overall["naive_crps"], 0.190, 0.001);
            near(&overall["difference"], -0.032, 0.001);
            near(&overall["difference_std_error"], 0.034, 0.001);
        }
    }
}

/// Every row of the quotes on one basis is a quote of the table of rents, less the offset of its basis.
#[test]
fn quotes_on_one_basis_are_quotes_less_their_offset() {
    let rows = |name: &str| -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(format!("scenarios/data/{name}")).expect("a table");
        text.lines().skip(1).map(|line| line.split(',').map(str::to_string).collect()).collect()
    };
    let rents = rows("rental_prices.csv");
    let offsets = [
        ("on_demand", 0.30),
        ("spot", 0.03),
        ("reserved_1y", 0.0),
        ("reserved_3y", -0.25),
        ("china_node", -0.04),
    ];
    let quotes = rows("h100_quotes.csv");
    assert_eq!(quotes.len(), 27);
    for quote in quotes {
        let value = |text: &str| text.parse::<f64>().expect("a number");
        let is_it = |rent: &&Vec<String>| {
            rent[..2] == [quote[0].clone(), "h100".to_string()] && value(&rent[4]) == value(&quote[2])
        };
        assert!(rents.iter().any(|rent| is_it(&rent)), "{quote:?} is not among the rents");
        let offset = offsets.iter().find(|(basis, _)| *basis == quote[1]).expect("a basis").1;
        assert!((value(&quote[3]) - value(&quote[2]) * exp(-offset)).abs() < 1e-4, "{quote:?}");
    }
}
