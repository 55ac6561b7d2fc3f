//! What every figure is filled from: summaries of per-path numbers, monthly bands, and the run's provenance.
//!
//! Made from plain slices, so that whoever holds results fills a figure in a line. No figure recomputes a result: it only
//! words and draws these.

use std::fmt;

use super::figure::Center;
use crate::analysis::answer::{self, shown, told};
use crate::analysis::summary::{Summary, summarise};
use crate::engine::column::Column;
use crate::numbers::{Unit, at_least, capitalised, lower_first};
use crate::stats::estimate::{Estimate, Grouping};

/// What stands for the interval of a constant.
pub const NO_SPREAD: &str = "the same on every path";

/// A per-path number, summarised, with its quartiles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean, median, 90% interval and chances, each with its sampling error (never parameter uncertainty).
    pub summary: Summary,
    /// Lower quartile.
    pub p25: f64,
    /// Upper quartile.
    pub p75: f64,
    /// It is quoted by its mean, as an effect that is weighted by the chance of a rule is; otherwise by its median.
    pub by_mean: bool,
}

impl Spread {
    /// The summary of one number a path, each by itself.
    /// Domain: finite values; none gives zeros.
    pub fn of(values: &[f64]) -> Spread {
        let values = if values.is_empty() { &[0.0] } else { values };
        Spread::of_column(&Column::Values(values.into(), Grouping::Independent))
    }

    /// The summary of a column; of a tally its quantiles are within 1/256. Source: Hyndman & Fan (1996), definition 7.
    pub fn of_column(column: &Column<'_>) -> Spread {
        let [p25, p75] = column.quantiles([0.25, 0.75]).map(|quartile| quartile.value);
        Spread { summary: summarise(column), p25, p75, by_mean: false }
    }

    /// The same number with the opposite sign. Domain: none is censored.
    pub fn negated(&self) -> Spread {
        Spread { summary: self.summary.negated(), p25: -self.p75, p75: -self.p25, ..*self }
    }

    /// 5% quantile over paths.
    pub fn p05(&self) -> f64 {
        self.summary.p05.value
    }

    /// Median.
    pub fn p50(&self) -> f64 {
        self.summary.p50.value
    }

    /// 95% quantile.
    pub fn p95(&self) -> f64 {
        self.summary.p95.value
    }

    /// Mean.
    pub fn mean(&self) -> f64 {
        self.summary.mean.value
    }

    /// The number it is quoted by.
    pub fn center(&self) -> f64 {
        if self.by_mean { self.mean() } else { self.p50() }
    }

    /// Which number that is.
    pub fn drawn(&self) -> Center {
        if self.by_mean { Center::Mean } else { Center::Median }
    }

    /// Whether that number is only known to be at least what it is given as.
    pub fn center_is_bound(&self) -> bool {
        if self.by_mean { self.summary.is_censored() } else { self.summary.is_bound(0.5) }
    }

    /// Chance of a value above zero, in words.
    pub fn chance_above_zero(&self) -> String {
        answer::chance(self.summary.above_zero, self.summary.paths)
    }

    /// Whether it lies to one side of `value`, so that a title may state it as a finding: the 90% interval leaves the value
    /// outside, or, of a mean, the 95% interval of its sampling error does.
    pub fn excludes(&self, value: f64) -> bool {
        if self.by_mean {
            let Estimate { value: mean, std_error } = self.summary.mean;
            return (mean - value).abs() > 1.96 * std_error;
        }
        let (above, below) = (self.p05() >= value, self.p95() <= value && !self.summary.is_bound(0.95));
        (above || below) && self.p50() != value
    }

    /// "12bn (90%: 8bn to 17bn)": the number it is quoted by and its interval, digits cut at the sampling error.
    pub fn words(&self, unit: Unit) -> String {
        format!("{}{} ({})", self.quoted(unit), self.on_average(), self.interval(unit))
    }

    /// The number it is quoted by, in words.
    pub fn quoted(&self, unit: Unit) -> String {
        if self.by_mean { self.average(unit) } else { self.median(unit) }
    }

    /// What follows that number and its noun where it is a mean.
    pub fn on_average(&self) -> &'static str {
        if self.by_mean && !self.is_constant() { " on average" } else { "" }
    }

    /// The median in words.
    pub fn median(&self, unit: Unit) -> String {
        answer::median(unit, &self.summary)
    }

    /// The mean in words.
    pub fn average(&self, unit: Unit) -> String {
        at_least(self.summary.is_censored(), shown(unit, self.summary.mean))
    }

    /// Size and interval for a sentence whose verb says the sign: of the opposite where the number is negative, so that
    /// "saves 3bn (90%: 1bn to 5bn)" has one sign throughout.
    pub fn size(&self, unit: Unit) -> (String, String) {
        if self.center() >= 0.0 {
            return (self.quoted(unit), self.interval(unit));
        }
        let opposite = Spread { summary: self.summary.negated(), ..*self };
        let interval = if self.summary.is_censored() && self.has_interval() {
            let [p95, _, p05] = told(&opposite.summary).map(|estimate| shown(unit, estimate));
            let bound = if self.summary.is_bound(0.95) { "at most " } else { "" };
            format!("90%: {bound}{p95} to {p05}")
        } else {
            opposite.interval(unit)
        };
        (opposite.quoted(unit), interval)
    }

    /// "90%: 8bn to 17bn", "90%: 8 to at least 36", [`NO_SPREAD`], or that there are too few paths for one.
    pub fn interval(&self, unit: Unit) -> String {
        let paths = self.summary.paths;
        if self.is_constant() && paths > 1 {
            NO_SPREAD.to_string()
        } else if self.has_interval() {
            format!("90%: {}", answer::ends(unit, &self.summary))
        } else if paths == 1 {
            "one path".to_string()
        } else {
            "too few paths for an interval".to_string()
        }
    }

    /// What stands behind an effect that cannot be told from nothing: "0.4bn; 90%: −1bn to 2bn", and nothing but [`NO_SPREAD`] for
    /// a constant.
    pub fn beside(&self, unit: Unit) -> String {
        let interval = self.interval(unit);
        if self.is_constant() {
            return interval;
        }
        format!("{}{}; {interval}", self.quoted(unit), self.on_average())
    }

    /// Whether enough paths differ for a 90% interval.
    pub fn has_interval(&self) -> bool {
        !self.is_constant() && self.summary.paths >= answer::PATHS_FOR_AN_INTERVAL
    }

    /// Whether all paths have one value, but for rounding: a single path, or nothing uncertain.
    pub fn is_constant(&self) -> bool {
        self.summary.is_constant() || self.summary.paths == 1 && !self.summary.is_censored()
    }
}

/// Quantile `p` of ascending values; 0 of none.
fn quantile(ascending: &[f64], p: f64) -> f64 {
    if ascending.is_empty() { 0.0 } else { crate::stats::quantile::type_7(ascending, p) }
}

/// Quantiles over paths, month by month; all of one length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonthlyBand {
    /// 5% quantile of each month.
    pub p05: Vec<f64>,
    /// 10%.
    pub p10: Vec<f64>,
    /// 25%.
    pub p25: Vec<f64>,
    /// Median.
    pub p50: Vec<f64>,
    /// 75%.
    pub p75: Vec<f64>,
    /// 90%.
    pub p90: Vec<f64>,
    /// 95%.
    pub p95: Vec<f64>,
}

impl MonthlyBand {
    /// The band of per-path series: `paths[i][t]` is path i in month t, every path of one length.
    pub fn of(paths: &[Vec<f64>]) -> MonthlyBand {
        let months = paths.first().map_or(0, Vec::len);
        let mut band = MonthlyBand::default();
        for t in 0..months {
            let mut column: Vec<f64> = paths.iter().map(|path| path[t]).collect();
            column.sort_by(f64::total_cmp);
            for (p, row) in band.rows_mut() {
                row.push(quantile(&column, p));
            }
        }
        band
    }

    /// Months in the band.
    pub fn months(&self) -> usize {
        self.p50.len()
    }

    /// (probability, series) pairs, lowest first.
    pub fn rows(&self) -> [(f64, &[f64]); 7] {
        [
            (0.05, &self.p05),
            (0.10, &self.p10),
            (0.25, &self.p25),
            (0.50, &self.p50),
            (0.75, &self.p75),
            (0.90, &self.p90),
            (0.95, &self.p95),
        ]
    }

    fn rows_mut(&mut self) -> [(f64, &mut Vec<f64>); 7] {
        [
            (0.05, &mut self.p05),
            (0.10, &mut self.p10),
            (0.25, &mut self.p25),
            (0.50, &mut self.p50),
            (0.75, &mut self.p75),
            (0.90, &mut self.p90),
            (0.95, &mut self.p95),
        ]
    }
}

/// The rule an effect supposes, and the two arms it compares. Every title names its design, every subtitle its condition as
/// well. Only an arm that closes a door open in the baseline is told as "closing" it; any other by its own name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rule {
    /// Its design: "180-day wind-down".
    pub design: String,
    /// What the effect supposes of it: "if in force and not reversed", "weighted by its chance". May be empty.
    pub condition: String,
    /// The arm closes the rental door, which stands open in the baseline.
    pub closes_door: bool,
    /// Title of the baseline.
    pub baseline: String,
    /// Title of the arm.
    pub arm: String,
    /// The baseline has rules of its own, so that titles must name it.
    pub baseline_has_rules: bool,
}

impl Rule {
    /// What has the effect, as the beginning of a title: `closing`, such as "Closing the door", with the design; or the
    /// design by itself.
    pub fn subject(&self, closing: &str) -> String {
        if self.closes_door {
            format!("{closing} ({})", self.design)
        } else if self.baseline_has_rules {
            format!("{}, against {},", capitalised(&self.design), lower_first(&self.baseline))
        } else {
            capitalised(&self.design)
        }
    }

    /// The same within a sentence: "The effect of closing the door (180-day wind-down)".
    pub fn object(&self, closing: &str) -> String {
        lower_first(&self.subject(closing))
    }

    /// Names of the arms where both are drawn, the baseline first.
    pub fn names(&self) -> [&str; 2] {
        if self.closes_door { ["Open", "Closed"] } else { [&self.baseline, &self.arm] }
    }

    /// The two arms in a subtitle: `door`, such as "door open and closed", or "arm `between` baseline".
    pub fn arms(&self, door: &str, between: &str) -> String {
        if self.closes_door {
            return door.to_string();
        }
        format!("{} {between} {}", self.arm, lower_first(&self.baseline))
    }

    /// What is supposed of the rule, as the end of a subtitle: " (180-day wind-down, if not reversed)"; may be empty.
    pub fn supposed(&self) -> String {
        let words = self.supposition();
        if words.is_empty() { words } else { format!(" ({words})") }
    }

    /// The same by itself: "180-day wind-down, if not reversed". The design is there where the arms are not told by name.
    pub fn supposition(&self) -> String {
        let design = if self.closes_door { self.design.as_str() } else { "" };
        let words = [design, self.condition.as_str()].into_iter().filter(|words| !words.is_empty());
        words.collect::<Vec<_>>().join(", ")
    }
}

/// A scenario by its title, and the date its numbers speak of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dated {
    /// Title.
    pub title: String,
    /// The scenario's `as_of` date; empty if it states none.
    pub as_of: String,
}

impl fmt::Display for Dated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        if self.as_of.is_empty() { Ok(()) } else { write!(f, " (as of {})", self.as_of) }
    }
}

/// Where a picture comes from: what a reader needs to reproduce it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// The scenario, or both.
    pub scenarios: Vec<Dated>,
    /// Paths simulated.
    pub paths: u64,
    /// Seed.
    pub seed: u64,
    /// Version of the program.
    pub version: String,
    /// Main sources, most important first.
    pub sources: Vec<String>,
}

/// Sources a footnote names; the rest are counted.
const SOURCES_NAMED: usize = 3;

impl Provenance {
    /// The lines of the footnote. No clock time: same inputs, same words.
    pub fn lines(&self) -> Vec<String> {
        let scenarios: Vec<String> = self.scenarios.iter().map(ToString::to_string).collect();
        let mut run = vec![scenarios.join(" | ")];
        let noun = if self.paths == 1 { "path" } else { "paths" };
        run.push(format!("{} {noun}", crate::numbers::count(self.paths)));
        run.push(format!("seed {}", self.seed));
        run.push(format!("loophole {}", self.version));
        let mut lines = vec![run.join(" · ")];
        if !self.sources.is_empty() {
            let named = &self.sources[..self.sources.len().min(SOURCES_NAMED)];
            let rest = self.sources.len() - named.len();
            let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
            lines.push(format!("Sources: {}{more}", named.join("; ")));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_whose_verb_says_the_sign_has_one_sign() {
        let values: Vec<f64> = (100..=500).map(|k| f64::from(k) * 1e7).collect();
        let loss = Spread::of(&values);
        assert_eq!(loss.negated().size(Unit::Usd), loss.size(Unit::Usd));
        assert_eq!(loss.size(Unit::Usd), ("US$3bn".into(), "90%: US$1.2bn to US$4.8bn".into()));
    }
}
