//! Effects and levels as they are quoted: [`crate::analysis::answer`] with what is supposed of a rule.

use crate::analysis::answer::{interval, median, shown, told};
use crate::analysis::compare::Scope;
use crate::analysis::summary::Summary;
use crate::engine::outcome::Outcome;
use crate::numbers::{Unit, at_least};
use crate::stats::estimate::Estimate;

/// What follows "elasticity of demand" for a workload, or for all: "drawn from 0.35 to 1.25 (90% range)", from the least 5th
/// percentile of any such demand to the greatest 95th, "is 1.00" for a constant, or that it moves.
pub fn elasticity_range(outcome: &Outcome, workload: Option<&str>) -> String {
    let demands = outcome.elasticities.iter().filter(|of| workload.is_none_or(|id| of.workload == id));
    let Some(ranges) = demands.map(|of| of.range).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty())
    else {
        return "moves over time as the scenario states".to_string();
    };
    let least = ranges.iter().fold(f64::INFINITY, |least, (low, _)| least.min(*low));
    let most = ranges.iter().fold(f64::NEG_INFINITY, |most, (_, high)| most.max(*high));
    let alike = ranges.iter().all(|range| *range == ranges[0]);
    let across = if workload.is_some() { "labs" } else { "workloads" };
    match (alike, ranges.iter().any(|(low, high)| low != high)) {
        (true, false) => format!("is {least:.2}"),
        (false, false) => format!("is {least:.2} to {most:.2} by {across}"),
        (true, true) => format!("drawn from {least:.2} to {most:.2} (90% range)"),
        (false, true) => format!("drawn from {least:.2} to {most:.2} across {across} (90% ranges)"),
    }
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

/// The number an effect is quoted by, with the error that its digits are cut at: the median, or the mean where it is
/// weighted by the chance of a rule, since most of the weight may then stand at nothing.
pub fn center(scope: Scope, summary: &Summary) -> Estimate {
    match scope {
        Scope::Certain | Scope::IfClosed => told(summary)[1],
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::summary::summarise_values;
    use crate::stats::estimate::Grouping;

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
    fn a_mean_is_said_to_be_one() {
        let values: Vec<f64> = (0..20).map(f64::from).collect();
        let told = quoted(Scope::Expected, Unit::Months, &summarise_values(&values, Grouping::Independent));
        assert!(told.contains(" on average (90%: "), "{told}");
    }
}
