//! How a finding is worded: effects with their interval, or the admission that there is none to see.

use super::figure::{Meaning, range};
use super::input::{MonthlyBand, Spread};
use crate::analysis::answer::PATHS_FOR_AN_INTERVAL;
use crate::analysis::summary::Summary;
use crate::numbers::Unit;
use crate::stats::estimate::Estimate;

/// What a title says when the 90% interval of an effect contains its null value.
pub const NOT_DISTINGUISHABLE: &str = "is not distinguishable from zero";

/// How a title says that an effect's interval contains its null value: that it is zero on every path, or cannot be told
/// from zero.
pub fn no_effect(effect: &Spread) -> &'static str {
    if effect.is_constant() { "is zero" } else { NOT_DISTINGUISHABLE }
}

/// How a fan of so many paths is to be read.
pub fn fan_note(paths: u64) -> &'static str {
    if is_line(paths) { LINE_NOTE } else { "Line: median. Shading: 50, 80 and 90% of paths." }
}

/// How fans that lie on one another are to be read.
pub fn fans_note(paths: u64) -> &'static str {
    if is_line(paths) {
        LINE_NOTE
    } else {
        "Thick line: median; thin: 90%. Shading: 50, 80 and 90% of paths."
    }
}

const LINE_NOTE: &str = "Line: median; too few paths for a shading.";

fn is_line(paths: u64) -> bool {
    paths < PATHS_FOR_AN_INTERVAL as u64
}

/// How every interval is to be read.
pub const INTERVAL_NOTE: &str = "Dot: median. Thick line: 50% of paths; thin: 90%.";

/// The same where the dot is a mean.
pub const MEAN_NOTE: &str =
    "Diamond: mean, by the chance of a rule and its reversal. Thick line: 50% of paths; thin: 90%.";

/// Whether a ratio is worded as a multiple rather than as a change in percent.
pub fn is_fold(ratio: &Spread) -> bool {
    ratio.center() >= 2.0
}

/// A ratio as a change: each quantile less one.
pub fn change_of(ratio: &Spread) -> Spread {
    let less_one = |estimate: Estimate| Estimate { value: estimate.value - 1.0, ..estimate };
    let Summary { mean, p05, p50, p95, .. } = ratio.summary;
    let [mean, p05, p50, p95] = [mean, p05, p50, p95].map(less_one);
    let summary = Summary { mean, p05, p50, p95, ..ratio.summary };
    Spread { summary, p25: ratio.p25 - 1.0, p75: ratio.p75 - 1.0, ..*ratio }
}

/// A ratio as a sentence's verb, its size and its interval: "raises", "2.1-fold", "90%: 1.3 to 4.0"; "lowers", "by 12%",
/// "90%: 5% to 21%". Domain: positive ratios that [`Spread::excludes`] tells from 1.
pub fn fold(ratio: &Spread) -> (&'static str, String, String) {
    let verb = if ratio.center() >= 1.0 { "raises" } else { "lowers" };
    let average = ratio.on_average();
    if is_fold(ratio) {
        return (verb, format!("{}-fold{average}", ratio.quoted(Unit::Plain)), ratio.interval(Unit::Plain));
    }
    let change = change_of(ratio);
    let (size, interval) = change.size(Unit::Share);
    (verb, format!("by {size}{average}"), interval)
}

/// Least and greatest value of bands' 90% interval, with zero included when `zero` says so.
pub fn extent<'a>(bands: impl IntoIterator<Item = &'a MonthlyBand>, zero: bool) -> (f64, f64) {
    let values: Vec<f64> = bands.into_iter().flat_map(|b| b.p05.iter().chain(&b.p95).copied()).collect();
    let first = if zero { 0.0 } else { values.first().copied().unwrap_or(0.0) };
    range(first, &values)
}

/// The meaning of a category id of channels (`offshore`, `domestic`, `imported`, `grey`).
pub fn origin(id: &str) -> Meaning {
    match id {
        "offshore" => Meaning::Offshore,
        "domestic" => Meaning::Domestic,
        "imported" => Meaning::Imported,
        "grey" => Meaning::Grey,
        _ => Meaning::Neutral,
    }
}
