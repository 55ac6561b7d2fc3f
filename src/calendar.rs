//! Months as the simulator counts them.
//!
//! A run's steps are calendar months. Days become months by rounding up (`docs/model.md §2`); nothing here knows what a
//! scenario is.

use std::fmt;
use std::str::FromStr;

/// Hours in a step: one month.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// A calendar month, counted from January of year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i32);

impl Month {
    /// The month `month` (1 … 12) of `year`.
    pub const fn new(year: i32, month: i32) -> Month {
        Month(year * 12 + month - 1)
    }
    /// The month that a text in other notations than `YYYY-MM` means beyond doubt: that of a date `YYYY-MM-DD`, or a year of four
    /// digits and a month, in either order, with one sign between them.
    pub fn meant(text: &str) -> Option<Month> {
        if let Some(month) = text.get(..7).and_then(|start| start.parse().ok()) {
            return Some(month);
        }
        let (first, second) = text.trim().split_once(|sign: char| "-/. ".contains(sign))?;
        let (year, month) = if first.len() == 4 { (first, second) } else { (second, first) };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let sound = year.len() == 4 && (1..=2).contains(&month.len()) && digits(year) && digits(month);
        let (year, month) = (year.parse().ok()?, month.parse().ok()?);
        (sound && (1..=12).contains(&month)).then(|| Month::new(year, month))
    }
    /// The calendar year.
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }
    /// The month of the year, 1 … 12.
    pub const fn month(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }
    /// This month shifted by `months`, which may be negative.
    pub const fn plus(self, months: i32) -> Month {
        Month(self.0 + months)
    }
    /// Days from the first of January 1970 to the first of this month, in the Gregorian calendar.
    pub const fn days_since_1970(self) -> i32 {
        // Years counted from March end with the leap day: 365 days each, and one for every leap year before.
        let from_march = self.0 - 2;
        let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        365 * year + leap_days + (153 * month + 2) / 5 - 719_468
    }
    /// Months from `earlier` to this month; negative if this month comes first.
    pub const fn since(self, earlier: Month) -> i32 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

/// The text is not a month written `YYYY-MM`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotAMonth(pub String);

impl fmt::Display for NotAMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not a month written YYYY-MM", self.0)
    }
}

impl std::error::Error for NotAMonth {}

impl FromStr for Month {
    type Err = NotAMonth;
    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let wrong = || NotAMonth(text.to_string());
        let (year, month) = text.split_once('-').ok_or_else(wrong)?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(wrong());
        }
        let (year, month): (i32, i32) =
            (year.parse().map_err(|_| wrong())?, month.parse().map_err(|_| wrong())?);
        if !(1..=12).contains(&month) {
            return Err(wrong());
        }
        Ok(Month::new(year, month))
    }
}

/// Days as whole months, rounded up.
///     months = ⌈days · 12 / 365⌉
/// Domain: days ≥ 0. Source: `docs/model.md §2`.
pub fn months_from_days(days: f64) -> usize {
    (days * 12.0 / 365.0).ceil().max(0.0) as usize
}
