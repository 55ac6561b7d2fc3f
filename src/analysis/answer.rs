//! Answers in words: a number with its interval, its sampling error, or the admission that it cannot be told.
//!
//! The digits of a value follow its sampling error, shares and months included; tables, findings and pictures tell one number
//! in one way. Of a single path no error is known, and fewer than twenty paths leave none beyond a 90% interval at either
//! end: neither is then shown. A chance that no path shows is below what so many paths can rule out, and never zero.

use super::summary::{ROUNDING, Summary};
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

/// What a number is, with the unit where the number as it is written does not show it.
pub fn titled(title: &str, unit: &str) -> String {
    match unit {
        "times the baseline" | "months" => format!("{title}, {unit}"),
        "USD per H100e-hour" => format!("{title}, per H100e-hour"),
        _ => title.to_string(),
    }
}

/// A value with the digits its sampling error supports ([`Unit::show`]).
pub fn shown(unit: Unit, estimate: Estimate) -> String {
    unit.show(estimate.value, estimate.std_error)
}

/// A level beside which a change on the same draws is told: where the change is known more closely, so many digits as make the
/// two agree.
pub fn level_beside(unit: Unit, level: Estimate, change: Estimate) -> String {
    let closer = change.std_error.is_finite() && 0.0 < change.std_error && change.std_error < level.std_error;
    unit.show(level.value, if closer { change.std_error } else { level.std_error })
}

/// The 5th percentile, the median and the 95th, each with the error that its digits are cut at: its own, but no more than
/// how far it is from its neighbour, so that none is rounded past another. Two that are equal are told alike. An error that is
/// not known stays so.
pub fn told(summary: &Summary) -> [Estimate; 3] {
    let mut told = [summary.p05, summary.p50, summary.p95];
    // The first two again, since the second may have changed.
    for (a, b) in [(0, 1), (1, 2), (0, 1)] {
        let gap = (told[b].value - told[a].value).abs();
        let most = if gap > 0.0 { gap } else { told[a].std_error.min(told[b].std_error) };
        for at in [a, b] {
            if told[at].std_error.is_finite() {
                told[at].std_error = told[at].std_error.min(most);
            }
        }
    }
    told
}

/// The sampling error of a value, by its first digit; 0 where it is the rounding of sums.
fn error(unit: Unit, Estimate { value, std_error }: Estimate) -> String {
    if !std_error.is_finite() {
        return "unknown".to_string();
    }
    let error = if std_error <= ROUNDING * value.abs() { 0.0 } else { std_error };
    unit.show(error, error)
}

/// "2.64bn ± 20m", "2.64bn ± unknown", and "0, all paths" where paths do not differ.
fn with_error(unit: Unit, estimate: Estimate, all_agree: bool) -> String {
    let told = shown(unit, estimate);
    if all_agree { format!("{told}, all paths") } else { format!("{told} ± {}", error(unit, estimate)) }
}

/// A mean with its error; "at least 3.7 ± 0.1" where some paths are censored.
pub fn mean(unit: Unit, summary: &Summary) -> String {
    at_least(summary.is_censored(), with_error(unit, summary.mean, summary.is_constant()))
}

/// A median: "2.1", "at least 12".
pub fn median(unit: Unit, summary: &Summary) -> String {
    at_least(summary.is_bound(0.5), shown(unit, told(summary)[1]))
}

/// "1.3 to 4.0", "1.3 to at least 12", "at least 12" where all of it is beyond what the run can tell: the 5th and the 95th
/// percentile.
pub fn ends(unit: Unit, summary: &Summary) -> String {
    let [p05, _, p95] = told(summary);
    let end = |quantile, p| at_least(summary.is_bound(p), shown(unit, quantile));
    match (end(p05, 0.05), end(p95, 0.95)) {
        (low, _) if summary.is_bound(0.05) => low,
        (low, high) => format!("{low} to {high}"),
    }
}

/// [`ends`] as the 90% interval; none where there are too few paths for one.
pub fn interval(unit: Unit, summary: &Summary) -> Option<String> {
    (summary.paths >= PATHS_FOR_AN_INTERVAL).then(|| ends(unit, summary))
}

/// "2.10 ± 0.05 (90%: 1.3 to 4.0)": a median with both, and "0, all paths" where paths do not differ.
pub fn level(unit: Unit, summary: &Summary) -> String {
    if summary.is_constant() {
        return mean(unit, summary);
    }
    let median = format!("{} ± {}", median(unit, summary), error(unit, summary.p50));
    interval(unit, summary).map_or(median.clone(), |ends| format!("{median} (90%: {ends})"))
}

/// A share of `paths` paths as a chance. What no path shows, or every path, is told from what so many paths can rule out
/// ([`unanimous`]).
pub fn chance(share: Estimate, paths: usize) -> String {
    if !share.std_error.is_finite() {
        return "unknown".to_string();
    }
    unanimous(share.value, paths).unwrap_or_else(|| {
        let told = shown(Unit::Share, share);
        // All paths but a few are not all: as many digits more as tell so.
        let all = |words: &String| words.starts_with("100");
        let finer = (1..9).map(|decimals| format!("{:.decimals$}%", 100.0 * share.value));
        if all(&told) { finer.into_iter().find(|words| !all(words)).unwrap_or(told) } else { told }
    })
}

/// "7.2% ± 0.8%", "unknown"; "<0.3%", which is itself what sampling leaves open.
pub fn chance_with_error(share: Estimate, paths: usize) -> String {
    let told = chance(share, paths);
    if !share.std_error.is_finite() || unanimous(share.value, paths).is_some() {
        return told;
    }
    format!("{told} ± {}", error(Unit::Share, share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::summary::{chance as share, summarise_values};
    use crate::stats::estimate::Grouping;

    #[test]
    fn all_but_one_path_are_not_all() {
        let share = |value, std_error| chance(Estimate { value, std_error }, 4000);
        assert_eq!(share(0.99975, 0.00025), "99.98%");
        assert_eq!(share(0.996, 0.001), "99.6%");
        assert_eq!(share(1.0, 0.0), ">99.92%");
    }

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
        assert_eq!(told(0, 1000), "<0.3%");
        assert_eq!(told(1000, 1000), ">99.7%");
        assert_eq!(told(0, 3), "<64%");
        assert_eq!(told(1, 1), "unknown");
        assert_eq!(told(72, 1000), "7.2% ± 0.8%");
        assert_eq!(told(2, 1000), "0.2% ± 0.1%");
    }

    #[test]
    fn no_quantile_is_rounded_past_another() {
        let estimate = |value, std_error| Estimate { value, std_error };
        let some = summarise_values(&[0.0, 1.0], Grouping::Independent);
        let near = Summary {
            p05: estimate(1.36, 0.2),
            p50: estimate(1.384, 0.003),
            p95: estimate(1.46, 0.3),
            paths: 40,
            ..some
        };
        assert_eq!(median_with(&near), ("1.38".into(), "1.36 to 1.46".into()));
        let equal = Summary { p50: estimate(1.36, 0.003), ..near };
        assert_eq!(median_with(&equal), ("1.36".into(), "1.36 to 1.46".into()));
        let unknown = |value| estimate(value, f64::INFINITY);
        let two = Summary { p05: unknown(123.0), p50: unknown(222.0), p95: unknown(321.0), ..near };
        assert_eq!(median_with(&two), ("222".into(), "123 to 321".into()));
    }

    fn median_with(summary: &Summary) -> (String, String) {
        (median(Unit::Plain, summary), interval(Unit::Plain, summary).unwrap())
    }

    #[test]
    fn few_paths_have_no_interval() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let few = summarise_values(&values[..19], Grouping::Independent);
        let enough = summarise_values(&values, Grouping::Independent);
        assert_eq!(interval(Unit::Months, &few), None);
        assert!(interval(Unit::Months, &enough).is_some());
    }
}
