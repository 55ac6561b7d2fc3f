//! Answers in words: a number with its interval, its sampling error, or the admission that it cannot be told.
//!
//! The digits of a value follow its sampling error, shares and months included. Of a single path no error is known, and
//! fewer than twenty paths leave none beyond a 90% interval at either end: neither is then shown. A chance that no path
//! shows is below what so many paths can rule out, and never zero.

use crate::analysis::compare::Scope;
use crate::analysis::summary::Summary;
use crate::engine::outcome::Outcome;
use crate::numbers::{Unit, at_least, unanimous};
use crate::stats::estimate::Estimate;

/// Fewest paths of which one lies beyond a 90% interval at each end.
pub const PATHS_FOR_AN_INTERVAL: usize = 20;

/// How a metric's unit is written.
pub fn unit_of(unit: &str) -> Unit {
    match unit {
        "share" | "probability" => Unit::Share,
        "months" => Unit::Months,
        "H100e-hours" => Unit::H100eHours,
        money if money.starts_with("USD") => Unit::Usd,
        _ => Unit::Plain,
    }
}

/// What follows "elasticity of demand": "drawn from 0.35 to 1.25", 90% of its range, "is 1.00" for a constant, or that it
/// moves.
pub fn elasticity_range(outcome: &Outcome) -> String {
    match outcome.elasticity {
        None => "moves over time as the scenario states".to_string(),
        Some((low, high)) if low == high => format!("is {low:.2}"),
        Some((low, high)) => format!("drawn from {low:.2} to {high:.2}"),
    }
}

/// A value with the digits its sampling error supports, three where the error is not known; of percent and months two
/// decimals at most.
pub fn shown(unit: Unit, estimate: Estimate) -> String {
    let Estimate { value, std_error } = estimate;
    let known = if std_error.is_finite() { std_error } else { 0.0 };
    match unit {
        Unit::Share => Unit::Plain.show(100.0 * value, (100.0 * known).max(0.01)) + "%",
        Unit::Months if known > 0.0 => Unit::Plain.show(value, known.max(0.01)),
        _ => unit.show(value, known),
    }
}

/// A sampling error, by its first digit.
fn error(unit: Unit, error: f64) -> String {
    match unit {
        _ if !error.is_finite() => "unknown".to_string(),
        Unit::Share => Unit::Plain.show(100.0 * error, 100.0 * error) + "%",
        Unit::Months => Unit::Plain.show(error, error),
        Unit::Usd | Unit::BareUsd | Unit::H100eHours | Unit::Plain => unit.show(error, error),
    }
}

/// "2.64bn ± 20m", "2.64bn ± unknown", and "0, all paths" where paths do not differ.
fn with_error(unit: Unit, estimate: Estimate, all_agree: bool) -> String {
    let told = shown(unit, estimate);
    if all_agree {
        format!("{told}, all paths")
    } else {
        format!("{told} ± {}", error(unit, estimate.std_error))
    }
}

/// A mean with its error; "at least 3.7 ± 0.1" where some paths are censored.
pub fn mean(unit: Unit, summary: &Summary) -> String {
    at_least(summary.is_censored(), with_error(unit, summary.mean, summary.is_constant()))
}

/// A median: "2.1", "at least 12".
pub fn median(unit: Unit, summary: &Summary) -> String {
    at_least(summary.is_bound(0.5), shown(unit, summary.p50))
}

/// "1.3 to 4.0", "1.3 to at least 12", "at least 12" where all of it is beyond what the run can tell: the 90% interval; none
/// where there are too few paths for one.
pub fn interval(unit: Unit, summary: &Summary) -> Option<String> {
    let end = |quantile, p| at_least(summary.is_bound(p), shown(unit, quantile));
    let ends = || match (end(summary.p05, 0.05), end(summary.p95, 0.95)) {
        (low, _) if summary.is_bound(0.05) => low,
        (low, high) => format!("{low} to {high}"),
    };
    (summary.paths >= PATHS_FOR_AN_INTERVAL).then(ends)
}

/// "2.10 ± 0.05 (90%: 1.3 to 4.0)": a median with both, and "0, all paths" where paths do not differ.
pub fn level(unit: Unit, summary: &Summary) -> String {
    if summary.is_constant() {
        return mean(unit, summary);
    }
    let median = format!("{} ± {}", median(unit, summary), error(unit, summary.p50.std_error));
    interval(unit, summary).map_or(median.clone(), |ends| format!("{median} (90%: {ends})"))
}

/// "2.1 (90%: 1.3 to 4.0)" of a number told as 2.1, and "0 on every path" where paths do not differ.
fn with_interval(unit: Unit, told: String, summary: &Summary) -> String {
    if summary.is_constant() {
        return format!("{told} on every path");
    }
    interval(unit, summary)
        .filter(|_| !summary.is_bound(0.05))
        .map_or(told.clone(), |ends| format!("{told} (90%: {ends})"))
}

/// A median with its interval.
pub fn median_with_interval(unit: Unit, summary: &Summary) -> String {
    with_interval(unit, median(unit, summary), summary)
}

/// The number an effect is quoted by: the median, or the mean where it is weighted by the chance of a rule, since most of
/// the weight may then stand at nothing.
pub fn center(scope: Scope, summary: &Summary) -> Estimate {
    match scope {
        Scope::Certain | Scope::IfClosed => summary.p50,
        Scope::Expected => summary.mean,
    }
}

/// Whether that number is only known to be at least what it is given as.
pub fn center_is_bound(scope: Scope, summary: &Summary) -> bool {
    match scope {
        Scope::Certain | Scope::IfClosed => summary.is_bound(0.5),
        Scope::Expected => summary.is_censored(),
    }
}

/// What follows a number that an effect is quoted by.
pub fn on_average(scope: Scope, summary: &Summary) -> &'static str {
    if scope == Scope::Expected && !summary.is_constant() { " on average" } else { "" }
}

/// An effect as it is quoted: "2.1 (90%: 1.3 to 4.0)", "0.4 on average (90%: 0 to 3.1)".
pub fn quoted(scope: Scope, unit: Unit, summary: &Summary) -> String {
    let told = at_least(center_is_bound(scope, summary), shown(unit, center(scope, summary)));
    with_interval(unit, told + on_average(scope, summary), summary)
}

/// A share of `paths` paths as a chance. What no path shows, or every path, is told from what so many paths can rule out
/// ([`unanimous`]).
pub fn chance(share: Estimate, paths: usize) -> String {
    if !share.std_error.is_finite() {
        return "unknown".to_string();
    }
    unanimous(share.value, paths).unwrap_or_else(|| shown(Unit::Share, share))
}

/// "7.2% ± 0.8%", "<1% ± 0.10%", "unknown".
pub fn chance_with_error(share: Estimate, paths: usize) -> String {
    let told = chance(share, paths);
    if !share.std_error.is_finite() {
        return told;
    }
    format!("{told} ± {}", error(Unit::Share, share.std_error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::summary::{chance as share, summarise_values};
    use crate::stats::estimate::Grouping;

    #[test]
    fn digits_follow_the_error_and_an_unknown_error_is_no_error_of_zero() {
        let estimate = |value, std_error| Estimate { value, std_error };
        for (unit, value, std_error, words) in [
            (Unit::Share, 0.0634, 0.0009, "6.34% ± 0.09%"),
            (Unit::Months, 3.784, 0.05, "3.78 ± 0.05"),
            (Unit::Share, 3e-7, 2e-7, "0.00003% ± 0.00002%"),
            (Unit::Usd, 165.3e9, 3e9, "US$165bn ± US$3bn"),
            (Unit::Usd, 2.5, f64::INFINITY, "US$2.50 ± unknown"),
        ] {
            assert_eq!(with_error(unit, estimate(value, std_error), false), words);
        }
    }

    #[test]
    fn a_chance_no_path_shows_is_told_from_the_number_of_paths() {
        let told = |hits: usize, paths: usize| {
            let flags: Vec<f64> = (0..paths).map(|i| f64::from(u8::from(i < hits))).collect();
            let summary = summarise_values(&flags, Grouping::Independent);
            chance_with_error(share(summary.mean, paths), paths)
        };
        assert_eq!(told(0, 1000), "<1% ± 0.10%");
        assert_eq!(told(1000, 1000), ">99% ± 0.10%");
        assert_eq!(told(0, 3), "<64% ± 20%");
        assert_eq!(told(1, 1), "unknown");
        assert_eq!(told(72, 1000), "7.2% ± 0.8%");
        assert_eq!(told(2, 1000), "0.2% ± 0.1%");
    }

    #[test]
    fn what_is_censored_is_told_as_a_bound() {
        let mut values: Vec<f64> = (0..30).map(f64::from).collect();
        values.extend([30.0; 10]);
        let told = |censored: f64| {
            let censored = Estimate { value: censored, std_error: 0.0 };
            let summary = Summary { censored, ..summarise_values(&values, Grouping::Independent) };
            (quoted(Scope::Certain, Unit::Months, &summary), quoted(Scope::Expected, Unit::Months, &summary))
        };
        let (median, mean) = told(0.25);
        assert_eq!(median, "20 (90%: 2 to at least 30)");
        assert_eq!(mean, "at least 18 on average (90%: 2 to at least 30)");
        let certain = Estimate { value: 1.0, std_error: 0.0 };
        let all = Summary { censored: certain, ..summarise_values(&[12.0; 40], Grouping::Independent) };
        assert_eq!(quoted(Scope::Certain, Unit::Months, &all), "at least 12");
    }

    #[test]
    fn few_paths_have_no_interval() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let few = summarise_values(&values[..19], Grouping::Independent);
        let enough = summarise_values(&values, Grouping::Independent);
        assert_eq!(interval(Unit::Months, &few), None);
        assert!(interval(Unit::Months, &enough).is_some());
        let told = quoted(Scope::Expected, Unit::Months, &enough);
        assert!(told.contains(" on average (90%: "), "{told}");
    }
}
