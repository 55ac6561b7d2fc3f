//! What every figure is filled from: summaries of per-path numbers, monthly bands, and the run's provenance.
//!
//! Made from plain slices, so that whoever holds results fills a figure in a line. No figure recomputes a result: it only
//! words and draws these.

use super::wording::capitalised;
use crate::engine::column::Column;
use crate::numbers::{Unit, at_least, lower_first};
use crate::stats::estimate::Estimate;
use crate::stats::quantile::rests_on_greatest;

/// What stands for the interval of a constant.
pub const NO_SPREAD: &str = "the same on every path";

/// A per-path number, summarised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Mean over paths.
    pub mean: f64,
    /// Standard error of the mean (sampling error, never parameter uncertainty).
    pub std_error: f64,
    /// Quantiles over paths (Hyndman–Fan 7).
    pub p05: f64,
    /// Lower quartile.
    pub p25: f64,
    /// Median.
    pub p50: f64,
    /// Upper quartile.
    pub p75: f64,
    /// 95% quantile.
    pub p95: f64,
    /// Share of paths above zero.
    pub above_zero: f64,
    /// Share of paths whose number is only known to be at least as large, since the run ends before it is reached. They lie
    /// above all others.
    pub censored: f64,
    /// Number of paths.
    pub paths: usize,
}

impl Spread {
    /// The summary of one number a path.
    /// Domain: finite values, at least one (none gives zeros). Source: Hyndman & Fan (1996), definition 7.
    pub fn of(values: &[f64]) -> Spread {
        let sorted = crate::stats::quantile::sorted(values);
        let n = sorted.len().max(1) as f64;
        let mean = sorted.iter().sum::<f64>() / n;
        let squares: f64 = sorted.iter().map(|v| (v - mean) * (v - mean)).sum();
        let std_error = if n > 1.0 { libm::sqrt(squares / (n - 1.0) / n) } else { 0.0 };
        let q = |p| quantile(&sorted, p);
        let above_zero = sorted.iter().filter(|v| **v > 0.0).count() as f64 / n;
        Spread {
            mean,
            std_error,
            p05: q(0.05),
            p25: q(0.25),
            p50: q(0.5),
            p75: q(0.75),
            p95: q(0.95),
            above_zero,
            censored: 0.0,
            paths: sorted.len(),
        }
    }

    /// The summary of a column; of a tally its quantiles are within 1/256.
    pub fn of_column(column: &Column<'_>) -> Spread {
        match column {
            Column::Values(values, _) => Spread::of(values),
            Column::Tallied(..) => {
                let Estimate { value: mean, std_error } = column.mean();
                let [p05, p25, p50, p75, p95] =
                    column.quantiles([0.05, 0.25, 0.5, 0.75, 0.95]).map(|q| q.value);
                let (above_zero, paths) = (column.above(0.0).value, column.paths());
                Spread { mean, std_error, p05, p25, p50, p75, p95, above_zero, censored: 0.0, paths }
            }
        }
    }

    /// The summary of a column's negatives.
    pub fn of_negated(column: &Column<'_>) -> Spread {
        match column {
            Column::Values(values, _) => Spread::of(&values.iter().map(|value| -value).collect::<Vec<_>>()),
            Column::Tallied(..) => {
                let of = Spread::of_column(column);
                let Spread { mean, p05, p25, p50, p75, p95, .. } = of;
                Spread {
                    mean: -mean,
                    p05: -p95,
                    p25: -p75,
                    p50: -p50,
                    p75: -p25,
                    p95: -p05,
                    above_zero: column.below(0.0).value,
                    ..of
                }
            }
        }
    }

    /// Whether the 90% interval leaves `value` outside: what a title may state as a finding.
    pub fn excludes(&self, value: f64) -> bool {
        self.p05 > value || self.p95 < value && !self.is_bound(0.95)
    }

    /// Whether the quantile at `p` is only known to be at least what it is given as.
    pub fn is_bound(&self, p: f64) -> bool {
        rests_on_greatest(p, self.paths, self.censored)
    }

    /// "12bn (90%: 8bn to 17bn)": the median and its interval, digits cut at [`Spread::resolution`].
    pub fn words(&self, unit: Unit) -> String {
        format!("{} ({})", self.median(unit), self.interval(unit))
    }

    /// The median in words.
    pub fn median(&self, unit: Unit) -> String {
        self.quantile(0.5, self.p50, unit)
    }

    /// The mean in words.
    pub fn average(&self, unit: Unit) -> String {
        at_least(self.censored > 0.0, unit.show(self.mean, self.resolution()))
    }

    /// A quantile in words, "at least" where it is a bound.
    fn quantile(&self, p: f64, value: f64, unit: Unit) -> String {
        at_least(self.is_bound(p), unit.show(value, self.resolution()))
    }

    /// Size and interval for a sentence whose verb says the sign: of the opposite where the median is negative, so that
    /// "saves 3bn (90%: 1bn to 5bn)" has one sign throughout.
    pub fn size(&self, unit: Unit) -> (String, String) {
        if self.p50 >= 0.0 {
            return (self.median(unit), self.interval(unit));
        }
        let told = |value: f64| unit.show(-value, self.resolution());
        let interval = if self.is_constant() {
            NO_SPREAD.to_string()
        } else {
            let bound = if self.is_bound(0.95) { "at most " } else { "" };
            format!("90%: {bound}{} to {}", told(self.p95), told(self.p05))
        };
        (told(self.p50), interval)
    }

    /// "90%: 8bn to 17bn", "90%: 8 to at least 36", or [`NO_SPREAD`].
    pub fn interval(&self, unit: Unit) -> String {
        if self.is_constant() {
            return NO_SPREAD.to_string();
        }
        let [low, high] = [(0.05, self.p05), (0.95, self.p95)].map(|(p, end)| self.quantile(p, end, unit));
        if self.is_bound(0.05) { format!("90%: {low}") } else { format!("90%: {low} to {high}") }
    }

    /// Whether all paths have one value, but for rounding: a single path, or nothing uncertain.
    pub fn is_constant(&self) -> bool {
        self.censored == 0.0 && self.p05 == self.p95 && self.std_error <= 1e-12 * self.p50.abs()
    }

    /// The smallest difference worth a digit: the sampling error, and no finer than a thirtieth of the interval.
    pub fn resolution(&self) -> f64 {
        self.std_error.max((self.p95 - self.p05) / 30.0)
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

    /// What is supposed of the rule, as the end of a subtitle: " (180-day wind-down, if not reversed)". The design is there
    /// where the arms are not told by name.
    pub fn supposed(&self) -> String {
        let design = if self.closes_door { self.design.as_str() } else { "" };
        match (design, self.condition.as_str()) {
            ("", "") => String::new(),
            ("", words) | (words, "") => format!(" ({words})"),
            (design, condition) => format!(" ({design}, {condition})"),
        }
    }
}

/// Where a picture comes from: what a reader needs to reproduce it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Provenance {
    /// Title of the scenario.
    pub scenario: String,
    /// The scenario's `as_of` date.
    pub as_of: String,
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
        let mut run = vec![self.scenario.clone()];
        if !self.as_of.is_empty() {
            run[0] += &format!(" (as of {})", self.as_of);
        }
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
        let loss = Spread { p05: 1e9, p50: 3e9, p95: 5e9, ..Spread::of(&[1e9, 3e9, 5e9]) };
        let gain = Spread { p05: -5e9, p50: -3e9, p95: -1e9, ..loss };
        assert_eq!(gain.size(Unit::Usd), loss.size(Unit::Usd));
        assert!(loss.size(Unit::Usd).1.starts_with("90%: US$1bn to"), "{:?}", loss.size(Unit::Usd));
    }
}
