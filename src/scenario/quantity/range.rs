//! Ranges over the whole support of a quantity, and values that are allowed but odd.

use super::super::diagnostic::Diagnostic;
use super::super::registry::{Measure, Range};
use super::read::Reader;
use super::{Form, Parsed, Support};
use crate::units::Unit;

impl Reader<'_> {
    /// Whether the whole support is inside `allowed`; says what is not.
    pub(super) fn check_range(&mut self, key: &str, parsed: &Parsed, allowed: &Range, unit: Unit) -> bool {
        let Support { low, high, open, low_at, high_at } = parsed.support;
        let above = low > allowed.low || low == allowed.low && (!allowed.low_open || open);
        let below = high < allowed.high || high == allowed.high && (!allowed.high_open || open);
        if above && below {
            return true;
        }
        let (x, at) = if above { (high, high_at) } else { (low, low_at) };
        let constant = matches!(parsed.form, Form::Constant(_));
        let found = match (x.is_finite(), constant) {
            (true, true) => format!("value = {x}"),
            (true, false) if above => format!("reaches {x}"),
            (true, false) => format!("starts at {x}"),
            (false, _) if above => "unbounded above".into(),
            (false, _) => "unbounded below".into(),
        };
        let problem = Diagnostic::error(at, format!("{key} is outside its range"))
            .label(found)
            .note(format!("allowed: {allowed} ({})", unit.text()));
        let percent = unit.is_percentage_in_disguise() && low > 1.0 && high <= 100.0;
        let process = matches!(parsed.form, Form::Process(_));
        self.problems.push(match () {
            () if percent && x.is_finite() => problem.hint(as_fraction(x)),
            () if process && !above => {
                problem.hint("a process can fall to any level above 0: use a schedule or a distribution")
            }
            () if process => {
                problem.hint("a process can rise without bound: use a schedule or a distribution")
            }
            () if !x.is_finite() && !above && allowed.low == 0.0 && allowed.high.is_infinite() => {
                problem.hint("use a family bounded below: lognormal, triangular, pert, or metalog with `min`")
            }
            () if !x.is_finite() || !constant && allowed.high.is_finite() && high == f64::INFINITY => problem
                .hint(
                    "use a bounded family: triangular, pert, beta, uniform, or metalog with `min` and `max`",
                ),
            () if x < 0.0 && allowed.low >= 0.0 && constant && key.ends_with(".factor") => {
                problem.hint(format!("a factor multiplies: a fall by {} is {}", -x, 1.0 + x.max(-1.0)))
            }
            () if x < 0.0 && allowed.low >= 0.0 && constant => problem.hint("write it as a positive number"),
            () => problem,
        });
        false
    }

    pub(super) fn check_usual(&mut self, key: &str, parsed: &Parsed, measure: &Measure) {
        let of_start = match &parsed.form {
            Form::Process(process) => &process.initial.form,
            form => form,
        };
        let typical = match of_start {
            Form::Constant(x) => *x,
            Form::Parameter(distribution) => distribution.quantile(0.5),
            _ => return,
        };
        if !measure.usual.contains(typical) && measure.allowed.contains(typical) {
            let problem = Diagnostic::warning(parsed.origin, format!("{key} is unusual"));
            let unit = measure.unit.text();
            let problem =
                problem.label(format!("about {typical}")).note(format!("usual: {} ({unit})", measure.usual));
            let percent = measure.unit.is_percentage_in_disguise() && typical > 1.0 && typical <= 100.0;
            self.problems.push(if percent { problem.hint(as_fraction(typical)) } else { problem });
        }
    }
}

/// How a percentage is written as the fraction it is.
fn as_fraction(percent: f64) -> String {
    format!("{percent}% is written {}", tidy(percent / 100.0))
}

/// A number without the noise of binary division.
fn tidy(x: f64) -> f64 {
    format!("{x:.12}").parse().unwrap_or(x)
}
