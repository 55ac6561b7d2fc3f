//! Numbers as people read them.
//!
//! Ticks at 0, 1, 2, 5 and their decades; thousands as k, m, bn, tn; dollars as `US$2.50`; fractions as percent; and no
//! digit that the sampling error does not support. Everything here is pure and knows no figure.

use crate::math::pow;

/// What a number counts: decides prefix, suffix and scaling in every label, tick and table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// US dollars, written `US$2.50`, `US$130bn`.
    Usd,
    /// US dollars where the axis title or subtitle names the unit, written `2.50`, `130bn`.
    BareUsd,
    /// H100e-hours, written `1.2bn`; the axis title or subtitle names the unit.
    H100eHours,
    /// A fraction, written as percent: 0.31 is `31%`.
    Share,
    /// Months, written bare.
    Months,
    /// A plain number.
    Plain,
}

/// Share of its sampling error below which a value is the rounding of sums.
const NOISE: f64 = 1e-9;

const DECADES: [(f64, &str); 4] = [(1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k")];

impl Unit {
    /// The unit as a table's column names it.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Usd | Unit::BareUsd => "USD",
            Unit::H100eHours => "H100e-hours",
            Unit::Share => "fraction",
            Unit::Months => "months",
            Unit::Plain => "",
        }
    }

    /// `value` with the digits its sampling error `error` supports: three at most, and the first at least, so that what is
    /// written as 0 is 0; of percent and months two decimals at most, and of dollars from a dime on.
    ///     show(129.3e9, 2e9) = "US$129bn",   show(129.3e9, 20e9) = "US$130bn",   show(2.5, 0.001) = "US$2.50"
    /// Domain: finite; `error` 0 or less, or infinite, means unknown and gives three digits. A value below a billionth of its error is the
    /// rounding of sums, and written as 0.
    pub fn show(self, value: f64, error: f64) -> String {
        let scale = if self == Unit::Share { 100.0 } else { 1.0 };
        let (value, error) = (value * scale, error * scale);
        if value == 0.0 || !value.is_finite() {
            return self.dress(value, "0".to_string());
        }
        let known = error > 0.0 && error.is_finite();
        let place = match self {
            Unit::Share => last_place(value, error).max(-2),
            Unit::Months if known => last_place(value, error).max(-2),
            Unit::Months => last_place(value, error).max(if value.abs() < 10.0 { -1 } else { 0 }),
            // A dime and more to the cent.
            Unit::Usd | Unit::BareUsd if value.abs() >= 0.1 => last_place(value, error).max(-2),
            _ => last_place(value, error),
        };
        let vanishes = round_to(value, place) == 0.0 && value.abs() > NOISE * error;
        let place = if vanishes { floor_log10(value.abs()) } else { place };
        let rounded = round_to(value, place);
        self.dress(rounded, self.scaled(rounded.abs(), place))
    }

    /// A change of `value` with its sign, digits as in [`Unit::show`]; of a fraction in points, of months to any digit.
    ///     signed(1.2e9, 30e6) = "+1.2bn",   a fraction's signed(−0.0312, 0.002) = "−3.1 points"
    /// Domain: as [`Unit::show`]; an infinite error, that of a single path, is unknown.
    pub fn signed(self, value: f64, error: f64) -> String {
        let (scale, unit, suffix) = self.of_changes();
        let error = if error.is_finite() { error } else { 0.0 };
        let shown = unit.show(scale * value, scale * error);
        let seen = shown.bytes().any(|b| (b'1'..=b'9').contains(&b));
        format!("{}{shown}{suffix}", if value > 0.0 && seen { "+" } else { "" })
    }

    /// The error of a change, "± 30m"; empty where it is infinite.
    pub fn plus_minus(self, error: f64) -> String {
        if !error.is_finite() {
            return String::new();
        }
        let (scale, unit, suffix) = self.of_changes();
        format!("± {}{suffix}", unit.show(scale * error, scale * error))
    }

    /// A change with its error: "+1.2bn ± 30m".
    pub fn change(self, value: f64, error: f64) -> String {
        format!("{} {}", self.signed(value, error), self.plus_minus(error)).trim_end().to_string()
    }

    /// How changes are written: scale, unit and what follows.
    fn of_changes(self) -> (f64, Unit, &'static str) {
        match self {
            Unit::Share => (100.0, Unit::Plain, " points"),
            Unit::Months => (1.0, Unit::Plain, ""),
            other => (1.0, other, ""),
        }
    }

    /// `value` where it stands on an axis whose ticks are `step` apart.
    pub fn tick(self, value: f64, step: f64) -> String {
        let scale = if self == Unit::Share { 100.0 } else { 1.0 };
        let place = floor_log10(step * scale * 1.000_001);
        let value = round_to(value * scale, place);
        self.dress(value, self.scaled(value.abs(), place))
    }

    /// The magnitude with its decade suffix; the last digit stands at 10^place.
    fn scaled(self, magnitude: f64, place: i32) -> String {
        let decades: &[(f64, &str)] = if self == Unit::Share { &[] } else { &DECADES };
        if magnitude == 0.0 {
            return "0".to_string();
        }
        let found = decades.iter().find(|(size, _)| magnitude >= size * 0.999_999);
        let (size, suffix) = *found.unwrap_or(&(1.0, ""));
        let mut decimals = (floor_log10(size * 1.000_001) - place).max(0) as usize;
        if matches!(self, Unit::Usd | Unit::BareUsd) && size == 1.0 && decimals == 1 {
            decimals = 2;
        }
        let mut digits = format!("{:.decimals$}", magnitude / size);
        if size > 1.0 && decimals > 0 {
            digits.truncate(digits.trim_end_matches('0').trim_end_matches('.').len());
        }
        digits + suffix
    }

    /// Sign, currency and percent around the magnitude. A true minus sign, never a hyphen.
    fn dress(self, value: f64, magnitude: String) -> String {
        let sign =
            if value < 0.0 && magnitude.bytes().any(|b| (b'1'..=b'9').contains(&b)) { "−" } else { "" };
        match self {
            Unit::Usd => format!("{sign}US${magnitude}"),
            Unit::Share => format!("{sign}{magnitude}%"),
            _ => format!("{sign}{magnitude}"),
        }
    }
}

/// The decimal place of the last digit worth printing: the error's first digit, and no further than three significant
/// digits.
fn last_place(value: f64, error: f64) -> i32 {
    let third = floor_log10(value.abs()) - 2;
    if error > 0.0 && error.is_finite() { floor_log10(error).max(third) } else { third }
}

/// ⌊log10 x⌋, exact at the powers of ten. Domain: x > 0.
fn floor_log10(x: f64) -> i32 {
    let guess = libm::floor(libm::log10(x)) as i32;
    if power_of_ten(guess + 1) <= x { guess + 1 } else { guess }
}

/// `value` rounded to a multiple of 10^place.
fn round_to(value: f64, place: i32) -> f64 {
    if place >= 0 {
        let unit = power_of_ten(place);
        libm::round(value / unit) * unit
    } else {
        let per_unit = power_of_ten(-place);
        libm::round(value * per_unit) / per_unit
    }
}

/// 10^exponent, correctly rounded.
fn power_of_ten(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().unwrap_or(f64::INFINITY)
}

/// Round ticks covering `low` to `high`, `at_most` many or fewer: the smallest step of 1, 2 or 5 times a power of ten that
/// manages. The first tick is at or below `low`, the last at or above `high`. Returns the ticks and their step.
/// Domain: low ≤ high, at_most ≥ 3; a range that is not finite is read as 0 to 1.
pub fn ticks(low: f64, high: f64, at_most: usize) -> (Vec<f64>, f64) {
    let (low, high) = if (high - low).is_finite() { (low, high) } else { (0.0, 1.0) };
    let span = if high > low { high - low } else { low.abs().max(1.0) };
    let mut exponent = floor_log10(span / at_most as f64) - 1;
    loop {
        for lead in [1.0, 2.0, 5.0] {
            let step = lead * power_of_ten(exponent);
            let first = libm::floor(low / step + 1e-9);
            let last = libm::ceil(high / step - 1e-9).max(first + 1.0);
            let count = (last - first) as usize + 1;
            if count <= at_most.max(3) {
                return ((0..count).map(|k| (first + k as f64) * step).collect(), step);
            }
        }
        exponent += 1;
    }
}

/// Ticks at 1, 2 and 5 times the powers of ten within `low` to `high` (one below and one above included); only the powers
/// themselves when there are more than `at_most`. Domain: 0 < low ≤ high.
pub fn log_ticks(low: f64, high: f64, at_most: usize) -> Vec<f64> {
    let (from, to) = (floor_log10(low), floor_log10(high) + 1);
    let candidates = |leads: &[f64]| -> Vec<f64> {
        let all: Vec<f64> =
            (from..=to).flat_map(|e| leads.iter().map(move |lead| lead * power_of_ten(e))).collect();
        let first = all.iter().rposition(|t| *t <= low * 1.000_001).unwrap_or(0);
        let last = all.iter().position(|t| *t >= high * 0.999_999).unwrap_or(all.len() - 1);
        all[first..=last.max(first + 1).min(all.len() - 1)].to_vec()
    };
    let fine = candidates(&[1.0, 2.0, 5.0]);
    if fine.len() <= at_most { fine } else { candidates(&[1.0]) }
}

/// A count with thousands separated: `4,000`.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "1 path", "4,000 paths". Domain: a noun whose plural is its singular and an s.
pub fn counted(value: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(value), if value == 1 { "" } else { "s" })
}

/// The first letter in lower case, unless a name such as H200 starts there.
pub fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    if text.chars().nth(1).is_some_and(|second| second.is_uppercase() || second.is_numeric()) {
        return text.to_string();
    }
    letters.next().map_or(String::new(), |first| first.to_lowercase().collect::<String>() + letters.as_str())
}

/// The first letter in upper case.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// A probability estimated by counting so many paths, in whole percent, for places too small for more: never 0 or 100%, which
/// no number of paths can show ([`unanimous`]).
pub fn chance(share: f64, paths: usize) -> String {
    let unseen = (100.0 * unseen(paths)).ceil().max(1.0);
    if share <= 0.0 || share >= 1.0 {
        return if share <= 0.0 { format!("<{unseen}%") } else { format!(">{}%", 100.0 - unseen) };
    }
    if share < 0.01 {
        "<1%".into()
    } else if share > 0.99 {
        ">99%".into()
    } else {
        Unit::Share.show(share, 0.01)
    }
}

/// The chance of what none of so many paths shows that cannot be ruled out at 95%.
///     1 − 0.05^(1/n)
/// Source: Clopper and Pearson (1934), Biometrika 26, 404–413, at no success.
fn unseen(paths: usize) -> f64 {
    1.0 - pow(0.05, 1.0 / paths as f64)
}

/// A chance that none of so many paths shows, or every one: what they cannot rule out at 95%, rounded up, in whole percent and
/// below one percent by its first digit: "<0.3%" of a thousand paths; none if paths differ.
pub fn unanimous(share: f64, paths: usize) -> Option<String> {
    let percent = 100.0 * unseen(paths);
    let unit = power_of_ten(floor_log10(percent).min(0));
    let unseen = (percent / unit).ceil() * unit;
    let decimals = (-floor_log10(unit * 1.000_001)).max(0) as usize;
    if share <= 0.0 {
        Some(format!("<{unseen:.decimals$}%"))
    } else if share >= 1.0 {
        Some(format!(">{:.decimals$}%", 100.0 - unseen))
    } else {
        None
    }
}

/// A value in words, as it is or, where it is one, as a bound: "at least 12".
pub fn at_least(bound: bool, told: String) -> String {
    if bound { format!("at least {told}") } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_carry_the_digits_their_error_supports() {
        for (unit, value, error, expected) in [
            (Unit::Usd, 129.3e9, 2e9, "US$129bn"),
            (Unit::Usd, 129.3e9, 20e9, "US$130bn"),
            (Unit::Usd, 2.5, 0.001, "US$2.50"),
            (Unit::Usd, 2.5, 0.2, "US$2.50"),
            (Unit::Usd, -0.4, 0.01, "−US$0.40"),
            (Unit::Usd, 0.184, 0.001, "US$0.18"),
            (Unit::Usd, 0.0184, 0.0001, "US$0.0184"),
            (Unit::Usd, 0.02, 0.07, "US$0.02"),
            (Unit::Usd, -0.002, 0.07, "−US$0.002"),
            (Unit::Usd, 1e-17, 0.07, "US$0"),
            (Unit::BareUsd, 2.5, 0.2, "2.50"),
            (Unit::BareUsd, 129.3e9, 2e9, "129bn"),
            (Unit::H100eHours, 1.5e6, 0.0, "1.5m"),
            (Unit::H100eHours, 300e3, 0.0, "300k"),
            (Unit::H100eHours, 999_999.0, 0.0, "1m"),
            (Unit::Share, 0.314, 0.005, "31.4%"),
            (Unit::Share, 0.314, 0.01, "31%"),
            (Unit::Share, 0.12345, 1e-9, "12.3%"),
            (Unit::Share, 0.003, 0.01, "0.3%"),
            (Unit::Share, -0.0001, 0.0, "−0.01%"),
            (Unit::Months, 0.03, 0.1, "0.03"),
            (Unit::Months, 7.26, 0.1, "7.3"),
            (Unit::Months, 7.26, 0.03, "7.26"),
            (Unit::Months, 7.26, 0.0, "7.3"),
            (Unit::Months, 17.26, 0.1, "17.3"),
            (Unit::Months, 17.26, 0.0, "17"),
            (Unit::Plain, 0.0, 0.0, "0"),
            (Unit::Plain, 2.346, f64::INFINITY, "2.35"),
        ] {
            assert_eq!(unit.show(value, error), expected, "{unit:?} {value} ± {error}");
        }
    }

    #[test]
    fn changes_have_signs_and_fractions_change_by_points() {
        assert_eq!(Unit::H100eHours.change(1.234e9, 30e6), "+1.23bn ± 30m");
        assert_eq!(Unit::Share.change(-0.0312, 0.002), "−3.1 points ± 0.2 points");
        assert_eq!(Unit::Months.change(0.04, 0.003), "+0.040 ± 0.003");
        assert_eq!(Unit::Usd.change(0.0, 0.0), "US$0 ± US$0");
        assert_eq!(Unit::Usd.change(4e9, f64::INFINITY), "+US$4bn", "of a single path no error is known");
        assert_eq!(Unit::Plain.signed(0.01, 0.2), "+0.01", "what is not nothing is never written as 0");
    }

    #[test]
    fn ticks_are_round_few_and_cover_the_range() {
        for (low, high) in [(0.0, 4.83), (-1.3e9, 7.7e9), (0.0, 0.31), (2.0, 2.0), (-0.004, 0.0)] {
            let (marks, step) = ticks(low, high, 6);
            assert!(
                marks.len() <= 6 && marks[0] <= low && *marks.last().unwrap() >= high,
                "{low} {high} {marks:?}"
            );
            let lead = step / power_of_ten(floor_log10(step));
            assert!([1.0, 2.0, 5.0].iter().any(|l| (l - lead).abs() < 1e-6), "{step}");
        }
        assert_eq!(ticks(0.0, 4.83, 6).0, vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(log_ticks(0.7, 12.0, 8), vec![0.5, 1.0, 2.0, 5.0, 10.0, 20.0]);
    }

    #[test]
    fn ticks_on_one_axis_read_alike() {
        assert_eq!(Unit::H100eHours.tick(1.5e9, 0.5e9), "1.5bn");
        assert_eq!(Unit::H100eHours.tick(0.5e9, 0.5e9), "500m");
        assert_eq!(Unit::Usd.tick(2.0, 1.0), "US$2");
        assert_eq!(Unit::Usd.tick(2.0, 0.5), "US$2.00");
        assert_eq!(Unit::Share.tick(0.2, 0.1), "20%");
        assert_eq!(count(4000), "4,000");
        assert_eq!((counted(1, "path").as_str(), counted(4000, "path").as_str()), ("1 path", "4,000 paths"));
        assert_eq!(
            (lower_first("Door open"), lower_first("H200 licensed")),
            ("door open".into(), "H200 licensed".into())
        );
    }
}
