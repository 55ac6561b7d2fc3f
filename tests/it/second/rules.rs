//! Rules: when they are announced, take effect and are undone, and how far they bite (`docs/model.md §9, §14`).

use loophole::model::parameters::{Announcement, Months, Reversal, Slot, WindDown};

/// A rule's dates on one path, in steps; they may lie outside the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// Announcement.
    pub announced: Option<i64>,
    /// First month in effect.
    pub effective: Option<i64>,
    /// First month no longer in effect.
    pub reversed: Option<i64>,
}

/// ⌈days · 12 / 365⌉.
pub fn whole_months(days: f64) -> i64 {
    (days * 12.0 / 365.0).ceil() as i64
}

/// Announcement month at the uniform `u`.
pub fn announced(law: &Announcement, value: &dyn Fn(Slot) -> f64, u: f64) -> Option<i64> {
    match law {
        Announcement::Fixed(month) => Some(i64::from(*month)),
        Announcement::Window { probability, from, until } => {
            let (p, n) = (value(*probability), f64::from(until - from + 1));
            (u < p).then(|| i64::from(*from) + (u / p * n).floor() as i64)
        }
        Announcement::Hazard { per_year, from, until } => {
            let wait = (-12.0 * (1.0 - u).ln() / value(*per_year)).floor();
            (wait <= f64::from(until - from)).then(|| i64::from(*from) + wait as i64)
        }
    }
}

/// First month no longer in effect, for a rule in effect since `effective`, at the uniform `u`.
pub fn reversed(effective: i64, law: &Reversal, value: &dyn Fn(Slot) -> f64, u: f64) -> Option<i64> {
    match law {
        Reversal::Never => None,
        Reversal::Hazard(per_year) => {
            let wait = (-12.0 * (1.0 - u).ln() / value(*per_year)).ceil().max(1.0);
            (wait < 1.0e6).then(|| effective + wait as i64)
        }
        Reversal::Within { probability, within_days } => {
            let p = value(*probability);
            (u < p).then(|| effective + whole_months(u / p * value(*within_days)).max(1))
        }
    }
}

/// Severity of a rule in effect since `effective` and never undone.
pub fn standing(effective: i64, ramp: f64, month: i64) -> f64 {
    if month < effective {
        0.0
    } else if ramp <= 0.0 {
        1.0
    } else {
        f64::min(1.0, (month - effective + 1) as f64 / ramp)
    }
}

impl Dates {
    /// Severity in `month`.
    pub fn severity(&self, ramp: f64, month: i64) -> f64 {
        match self.effective {
            Some(effective) if self.reversed.is_none_or(|end| month < end) => {
                standing(effective, ramp, month)
            }
            _ => 0.0,
        }
    }

    /// Severity in `target` as planners see it in month `t`; none before the announcement.
    pub fn foreseen(&self, ramp: f64, t: i64, target: i64) -> Option<f64> {
        self.announced.filter(|month| *month <= t)?;
        let undone = self.reversed.is_some_and(|end| end <= t);
        Some(if undone { 0.0 } else { standing(self.effective?, ramp, target) })
    }

    /// Share kept in `month` of contracts signed in `signed`, as known in month `t`: announced, and undone only if
    /// undone by `t`.
    pub fn kept(
        &self,
        wind_down: &WindDown,
        value: &dyn Fn(Slot) -> f64,
        signed: i64,
        t: i64,
        month: i64,
    ) -> f64 {
        let (Some(announced), Some(effective)) = (self.announced, self.effective) else { return 1.0 };
        if announced > t || signed >= effective {
            return 1.0;
        }
        let month = match self.reversed {
            Some(end) if end <= t => month.min(end - 1),
            _ => month,
        };
        if month < effective {
            return 1.0;
        }
        let elapsed = month - effective;
        match wind_down {
            WindDown::Grandfathered => 1.0,
            WindDown::Immediate => 0.0,
            WindDown::Linear(n) => {
                let n = duration(n, value);
                if n > 0.0 { f64::max(0.0, 1.0 - (elapsed + 1) as f64 / n) } else { 0.0 }
            }
            WindDown::Cliff(n) => f64::from(u8::from((elapsed as f64) < duration(n, value))),
        }
    }
}

/// A duration in months, whole if it is stated in days.
fn duration(months: &Months, value: &dyn Fn(Slot) -> f64) -> f64 {
    match months {
        Months::Days(days) => whole_months(value(*days)) as f64,
        Months::Months(months) => value(*months),
    }
}

/// Chance that the law announces the rule in `month`.
fn chance(law: &Announcement, value: &dyn Fn(Slot) -> f64, month: i64) -> f64 {
    match law {
        Announcement::Fixed(fixed) => f64::from(u8::from(month == i64::from(*fixed))),
        Announcement::Window { from, until, .. } | Announcement::Hazard { from, until, .. }
            if month < i64::from(*from) || month > i64::from(*until) =>
        {
            0.0
        }
        Announcement::Window { probability, from, until } => {
            value(*probability) / f64::from(until - from + 1)
        }
        Announcement::Hazard { per_year, from, .. } => {
            let (rate, wait) = (value(*per_year) / 12.0, (month - i64::from(*from)) as f64);
            (-rate * wait).exp() - (-rate * (wait + 1.0)).exp()
        }
    }
}

/// First month the law can announce the rule in.
fn first_chance(law: &Announcement) -> i64 {
    match law {
        Announcement::Fixed(month) => i64::from(*month),
        Announcement::Window { from, .. } | Announcement::Hazard { from, .. } => i64::from(*from),
    }
}

/// E[severity in `target` | not announced by `t`], `lag` months after an announcement.
pub fn expected(
    law: &Announcement,
    lag: i64,
    ramp: f64,
    value: &dyn Fn(Slot) -> f64,
    t: i64,
    target: i64,
) -> f64 {
    let mut not_yet = 1.0;
    for month in first_chance(law)..=t {
        not_yet -= chance(law, value, month);
    }
    let mut sum = 0.0;
    for month in first_chance(law).max(t + 1)..=target {
        sum += chance(law, value, month) / not_yet * standing(month + lag, ramp, target);
    }
    sum
}
