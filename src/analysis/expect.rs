//! Whether pins hold: what a run answers, and what that says of a value that was pinned.
//!
//! [`answers`] reads the numbers a pin speaks of from the outcome of one of its runs, [`judge`] compares them with what is
//! expected; both depend on their arguments alone. A value pinned from a random run is told from noise by the standard
//! errors of both runs:
//!     |now − then| ≤ z·√(se_then² + se_now²)
//! With independent runs and nothing changed, z is passed with probability 2(1 − Φ(z)) in large samples
//! ([`false_alarm`] has it for few groups of paths). Source: the two-sample comparison of means with unequal variances,
//! Welch (1947), Biometrika 34, 28–35.

use super::compare::delay_above;
use super::summary::chance;
use crate::engine::catalogue::Censoring;
use crate::engine::column::{Over, Reading};
use crate::engine::executor;
use crate::engine::job::Job;
use crate::engine::outcome::{Cell, Outcome};
use crate::engine::partition;
use crate::math::{sqrt, student_cdf};
use crate::model::drivers::{Drivers, Scratch, event_streams};
use crate::model::parameters::{Form, Slot};
use crate::numbers::counted;
use crate::scenario::expect::inputs::digest;
use crate::scenario::expect::{Check, Measure, Pin, Run, Scope, Statistic, What};
use crate::stats::estimate::{Estimate, Grouping};
use crate::stats::quantile::rests_on_greatest;

/// Digits that two platforms, or two ways to add up, agree to.
const PORTABLE: f64 = 1e-9;

/// A number as a run answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Of which arm, or for which value of `over`; empty where there is one answer.
    pub label: String,
    /// The number.
    pub value: f64,
    /// Its standard error; none if it has none.
    pub std_error: Option<f64>,
    /// Unit; empty for a number of a figure.
    pub unit: &'static str,
    /// Digest of all it rests on: the value on every path, or the moments and histogram of a month.
    pub digest: String,
}

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// It holds.
    Holds,
    /// There is no value to compare with yet.
    Unpinned,
    /// The value is another.
    Moved,
    /// A statement that is no value does not hold: a bound, a sign, an order.
    Broken,
    /// The number cannot be had.
    Unanswered,
}

impl Status {
    /// As written in files.
    pub fn id(self) -> &'static str {
        match self {
            Status::Holds => "holds",
            Status::Unpinned => "unpinned",
            Status::Moved => "moved",
            Status::Broken => "broken",
            Status::Unanswered => "unanswered",
        }
    }
}

/// What was found of one check.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// How it went.
    pub status: Status,
    /// How far the value is from the pinned one, in the check's own measure: standard errors for noise, the metric's unit
    /// for a tolerance.
    pub distance: Option<f64>,
}

/// What was found of a pin.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The worst of its findings.
    pub status: Status,
    /// A finding a check.
    pub findings: Vec<Finding>,
    /// The numbers: of its arm, or of each value of `over`, then of the arms of an order.
    pub answers: Vec<Answer>,
    /// Why it cannot be answered.
    pub problem: Option<String>,
    /// The pinned run drew the same, so that any movement is a change of the program or of inputs that are not drawn.
    pub same_draws: bool,
}

/// Finds a number of a figure: figure, columns and their texts.
pub type Draw<'a> = dyn Fn(&str, &[(&'static str, String)]) -> Result<f64, String> + 'a;

/// The numbers a pin needs of the outcome of one of its runs: of its arm, then of the arms of its orders.
///
/// # Errors
/// Says why a number cannot be had.
pub fn answers(pin: &Pin, outcome: &Outcome, draw: &Draw<'_>) -> Result<Vec<Answer>, String> {
    match &pin.what {
        What::Datum { figure, columns } => {
            let value = draw(figure, columns)?;
            let digest = digest(&value.to_bits().to_le_bytes(), 16);
            Ok(vec![Answer { label: String::new(), value, std_error: None, unit: "", digest }])
        }
        What::Metric { arm, .. } => {
            let ordered = pin.checks.iter().flat_map(|check| match check {
                Check::Order { arms, .. } => arms.as_slice(),
                _ => &[],
            });
            let own = Answer { label: String::new(), ..answer(&pin.what, arm, outcome)? };
            let mut all = vec![own];
            for arm in ordered {
                if !all.iter().any(|answer| answer.label == *arm) {
                    all.push(answer(&pin.what, arm, outcome)?);
                }
            }
            Ok(all)
        }
    }
}

fn answer(what: &What, arm: &str, outcome: &Outcome) -> Result<Answer, String> {
    let What::Metric { metric, month, measure, scope, statistic, .. } = what else {
        return Err("a number of a figure has no arm".into());
    };
    let place = outcome.arm(arm).ok_or_else(|| format!("there is no arm {arm:?}"))?;
    let (Estimate { value, std_error }, unit, digest) = match month {
        Some(t) => monthly(outcome, place, metric, *t, *measure, *statistic)?,
        None => scalar(outcome, place, metric, *measure, *scope, *statistic)?,
    };
    if !value.is_finite() {
        return Err(format!("{value} is not a finite number"));
    }
    Ok(Answer { label: arm.to_string(), value, std_error: Some(std_error), unit, digest })
}

fn scalar(
    outcome: &Outcome,
    arm: usize,
    metric: &str,
    measure: Measure,
    scope: Scope,
    statistic: Statistic,
) -> Result<(Estimate, &'static str, String), String> {
    let reading = match measure {
        Measure::Level => Reading::Level,
        Measure::Difference => Reading::Difference,
        Measure::Ratio => Reading::Ratio,
    };
    let missing = || format!("this run has no metric {metric:?}");
    let of = |over: Over| outcome.column(arm, metric, reading, over).ok_or_else(missing);
    let column = match scope {
        Scope::IfClosed => {
            let column = of(Over::Standing)?;
            let (chosen, all) = (column.paths(), outcome.count);
            if chosen < 2 {
                return Err(format!("the arm's rules come into force and stand on {chosen} of {all} paths"));
            }
            if chosen == all { of(Over::All)? } else { column }
        }
        _ => of(Over::All)?,
    };
    let over = if scope == Scope::IfClosed { Over::Standing } else { Over::All };
    if measure == Measure::Level {
        tells(outcome, (arm, metric), over, statistic)?;
    }
    let estimate = match statistic {
        Statistic::Mean => column.mean(),
        Statistic::Quantile(p) => column.quantiles([p])[0],
        // Paths on which the run ends at the threshold stand at it, and are above it: their flag says so.
        Statistic::Above(threshold) => match delay_above(outcome, metric, threshold) {
            Some((flag, Reading::Level)) if measure == Measure::Level => {
                let flags = outcome.column_at(arm, flag, Reading::Level, over).ok_or_else(missing)?;
                chance(flags.mean(), column.paths())
            }
            _ => chance(column.above(threshold), column.paths()),
        },
        Statistic::Below(threshold) => chance(column.below(threshold), column.paths()),
    };
    let label = outcome.catalogue.scalar_index(metric).map(|place| &outcome.catalogue.scalars[place].0);
    let unit = match statistic {
        Statistic::Above(_) | Statistic::Below(_) => "probability",
        Statistic::Mean | Statistic::Quantile(_) => reading.unit(label.map_or("", |label| label.unit)),
    };
    Ok((estimate, unit, digest(&column.bits(), 16)))
}

/// Whether a run is long enough to tell a statistic of an arm's metric: paths that do not reach it within the run stand at the
/// least it can be there. A mean is told as such.
fn tells(
    outcome: &Outcome,
    (arm, metric): (usize, &str),
    over: Over,
    statistic: Statistic,
) -> Result<(), String> {
    let Some(place) = outcome.catalogue.scalar_index(metric) else { return Ok(()) };
    let Some(Censoring { flag, bound }) = outcome.catalogue.censoring(place, outcome.months) else {
        return Ok(());
    };
    let Some(flags) = outcome.column_at(arm, flag, Reading::Level, over) else { return Ok(()) };
    let censored = flags.mean().value;
    let (told, words) = match statistic {
        _ if censored == 0.0 => return Ok(()),
        // Paths that are censored at the threshold lie beyond it.
        Statistic::Above(threshold) => {
            (bound as f64 >= threshold, format!("how often it is above {threshold}"))
        }
        Statistic::Below(threshold) => {
            (bound as f64 >= threshold, format!("how often it is below {threshold}"))
        }
        Statistic::Quantile(p) => {
            (!rests_on_greatest(p, flags.paths(), censored), format!("its quantile at {p}"))
        }
        Statistic::Mean => return Ok(()),
    };
    let flag = &outcome.catalogue.scalars[flag].0.id;
    if told {
        return Ok(());
    }
    Err(format!(
        "this run tells {metric:?} up to {}, and not {words}; {flag:?} is the share of paths beyond",
        counted(bound as u64, "month")
    ))
}

fn monthly(
    outcome: &Outcome,
    arm: usize,
    metric: &str,
    t: usize,
    measure: Measure,
    statistic: Statistic,
) -> Result<(Estimate, &'static str, String), String> {
    let missing = || format!("this run has no monthly metric {metric:?} in month {t}");
    let place = outcome.catalogue.monthly_index(metric).filter(|_| t < outcome.months).ok_or_else(missing)?;
    let cell = match measure {
        Measure::Level => outcome.level(arm, place, t),
        _ => outcome.difference(arm, place, t).ok_or_else(|| format!("{metric:?} has no difference"))?,
    };
    let n = outcome.count;
    let (estimate, unit) = match statistic {
        Statistic::Mean => (cell.mean(), outcome.catalogue.monthly[place].0.unit),
        Statistic::Quantile(p) => (cell_quantile(&cell, p, n), outcome.catalogue.monthly[place].0.unit),
        Statistic::Above(_) | Statistic::Below(_) => {
            let share = cell.share_above_zero();
            let binomial = Estimate { value: share, std_error: sqrt(share * (1.0 - share) / n as f64) };
            let std_error = chance(binomial, n).std_error;
            (Estimate { value: share, std_error }, "probability")
        }
    };
    let mean = cell.mean();
    let mut bits = vec![mean.value, mean.std_error, cell.share_above_zero()];
    bits.extend((0..=20).map(|step| cell.quantile(f64::from(step) / 20.0)));
    let bytes: Vec<u8> = bits.into_iter().flat_map(|number| number.to_bits().to_le_bytes()).collect();
    Ok((estimate, unit, digest(&bytes, 16)))
}

/// A quantile of a month with the error of independent paths: binomial, over the density read off the histogram 1.96
/// binomial errors to either side, as [`estimate::quantile`] does from the paths themselves.
fn cell_quantile(cell: &Cell<'_>, p: f64, paths: usize) -> Estimate {
    let binomial = sqrt(p * (1.0 - p) / paths as f64);
    let (low, high) = ((p - 1.96 * binomial).max(0.0), (p + 1.96 * binomial).min(1.0));
    let slope = if high > low { (cell.quantile(high) - cell.quantile(low)) / (high - low) } else { 0.0 };
    let std_error = if paths < 2 { f64::INFINITY } else { binomial * slope };
    Estimate { value: cell.quantile(p), std_error }
}

/// How the program and a run stand, for comparison with a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Version of the program.
    pub version: String,
    /// Architecture and system.
    pub platform: String,
    /// Sampling scheme.
    pub sampling: String,
    /// The run.
    pub run: Run,
    /// Digest of what it drew.
    pub draws: String,
}

/// Digest of what a job draws: every uncertain quantity in every month, and the uniforms that date rules, on its first paths. Two jobs
/// of one digest put the same draws into the model, so their results differ by what is certain and by the model alone.
pub fn draws(job: &Job) -> String {
    const PATHS: u64 = 4;
    let sampler = executor::sampler(job);
    let events = event_streams(job.arms.iter().flat_map(|arm| &arm.world.rules));
    let (mut scratch, mut drivers) = (Scratch::default(), Drivers::default());
    let mut bytes: Vec<u8> = format!("{} {} {}", job.paths, job.seed, job.sampling).into_bytes();
    let mut put = |number: f64| bytes.extend(number.to_bits().to_le_bytes());
    for path in 0..PATHS.min(job.paths as u64) {
        sampler.draw(path, &mut scratch, &mut drivers);
        for slot in (0..)
            .zip(&job.quantities.list)
            .filter(|(_, quantity)| uncertain(&quantity.form))
            .map(|(slot, _)| slot)
        {
            (0..job.arms[0].world.months).for_each(|t| put(drivers.now(Slot(slot), t)));
        }
        events.iter().for_each(|stream| put(sampler.event(stream, path)));
    }
    digest(&bytes, 16)
}

fn uncertain(form: &Form) -> bool {
    !matches!(form, Form::Constant(_) | Form::Schedule { .. })
}

/// What the answers of a pin's runs, in their order, say of it.
pub fn judge(pin: &Pin, runs: &[Result<Vec<Answer>, String>], setting: &Setting) -> Verdict {
    let drawn_then = pin.stamp.as_ref().and_then(|stamp| stamp.draws.as_ref());
    let same_draws = drawn_then == Some(&setting.draws);
    let unanswered = |problem: String| Verdict {
        status: Status::Unanswered,
        findings: Vec::new(),
        answers: Vec::new(),
        problem: Some(problem),
        same_draws,
    };
    let mut answers = Vec::new();
    for run in runs {
        match run {
            Ok(run) => answers.push(run),
            Err(problem) => return unanswered(problem.clone()),
        }
    }
    let told = |run: &&Vec<Answer>| run[0].std_error.is_none_or(f64::is_finite);
    if pin.checks.iter().any(|check| matches!(check, Check::Noise(_))) && !answers.iter().all(told) {
        return unanswered("a run of one path has no sampling error to tell noise by".into());
    }
    // The number itself, once a run.
    let points: Vec<&Answer> = answers.iter().map(|run| &run[0]).collect();
    let findings: Vec<Finding> =
        pin.checks.iter().map(|check| finding(check, pin, &points, answers[0], setting)).collect();
    let status = findings.iter().map(|finding| finding.status).max().unwrap_or(Status::Holds);
    let mut told: Vec<Answer> = points.into_iter().cloned().collect();
    told.extend(answers[0][1..].iter().cloned());
    if let Some(Check::Monotone { values, .. }) =
        pin.checks.iter().find(|check| matches!(check, Check::Monotone { .. }))
    {
        told.iter_mut().zip(values).for_each(|(answer, value)| answer.label = value.clone());
    }
    Verdict { status, findings, answers: told, problem: None, same_draws }
}

fn finding(check: &Check, pin: &Pin, points: &[&Answer], run: &[Answer], setting: &Setting) -> Finding {
    let hold = |holds: bool, otherwise| if holds { Status::Holds } else { otherwise };
    let everywhere = |test: &dyn Fn(f64) -> bool| points.iter().all(|point| test(point.value));
    let now = points[0];
    let (status, distance) = match check {
        Check::AtLeast(low) => (hold(everywhere(&|value| value >= *low), Status::Broken), None),
        Check::AtMost(high) => (hold(everywhere(&|value| value <= *high), Status::Broken), None),
        Check::Sign(sign) => (hold(everywhere(&|value| sign.holds(value)), Status::Broken), None),
        Check::Order { arms, descending } => {
            let of = |arm: &String| run[1..].iter().find(|answer| answer.label == *arm).map(|a| a.value);
            let values: Vec<f64> = arms.iter().filter_map(of).collect();
            let step = |pair: &[f64]| if *descending { pair[0] >= pair[1] } else { pair[0] <= pair[1] };
            (hold(values.windows(2).all(step), Status::Broken), None)
        }
        Check::Monotone { direction, .. } => {
            let holds = points.windows(2).all(|pair| direction.holds(pair[0].value, pair[1].value));
            (hold(holds, Status::Broken), None)
        }
        Check::Exact | Check::Tolerance { .. } | Check::Noise(_) | Check::SameDraws(_) => match pin.value {
            None => (Status::Unpinned, None),
            Some(then) => {
                let (holds, distance) = compared(check, pin, then, now, setting);
                (hold(holds, Status::Moved), distance)
            }
        },
    };
    Finding { check: check.clone(), status, distance }
}

/// Whether a number is still what it was, and how far off it is.
fn compared(check: &Check, pin: &Pin, then: f64, now: &Answer, setting: &Setting) -> (bool, Option<f64>) {
    let off = (now.value - then).abs();
    let close = off <= PORTABLE * then.abs();
    match check {
        Check::Tolerance { absolute, relative } => (off <= absolute.max(relative * then.abs()), Some(off)),
        Check::SameDraws(share) => {
            let stamp = pin.stamp.as_ref().and_then(|stamp| stamp.draws.as_ref());
            if stamp == Some(&setting.draws) { (off <= share * then.abs(), Some(off)) } else { (true, None) }
        }
        Check::Noise(z) => {
            let combined = combined(pin.std_error, now.std_error.unwrap_or(0.0));
            let errors = match off / combined {
                _ if close => 0.0,
                errors if errors.is_nan() => 0.0,
                errors => errors,
            };
            (errors <= *z, Some(errors))
        }
        _ => {
            let elsewhere = pin.stamp.as_ref().is_some_and(|stamp| stamp.platform != setting.platform);
            let same = now.value.to_bits() == then.to_bits();
            let rests = pin.digest.as_ref().is_none_or(|digest| *digest == now.digest);
            // Bits are promised on one platform, nine digits between two.
            (if elsewhere { close } else { same && rests }, Some(off))
        }
    }
}

/// Standard error of the difference of two independent estimates.
pub fn combined(then: f64, now: f64) -> f64 {
    sqrt(then * then + now * now)
}

/// Probability that a noise check of `z` fails by chance alone: that two estimates of one number, from independent runs
/// of `paths` paths each under a sampling scheme, lie more than `z` combined standard errors apart.
///     2(1 − T_ν(z)),  ν the smaller run's groups of paths less one
/// An upper bound, since the degrees of freedom of Welch's approximation lie between the smaller run's and the sum of both.
pub fn false_alarm(z: f64, grouping: Grouping, paths: usize) -> f64 {
    2.0 * (1.0 - student_cdf(grouping.degrees_of_freedom(paths).max(1.0), z))
}

/// [`false_alarm`] of `z` for a pin's run and the run its value was taken from.
pub fn false_alarm_of(pin: &Pin, setting: &Setting, z: f64) -> f64 {
    let scheme = setting.sampling.parse().map_or(Grouping::Independent, partition::grouping);
    let paths = pin.stamp.as_ref().map_or(setting.run.paths, |stamp| stamp.paths.min(setting.run.paths));
    false_alarm(z, scheme, paths)
}

/// The false alarms to be expected of a pin's checks, as [`false_alarm`]; 0 for a pin without noise or value.
pub fn expected_false_alarms(pin: &Pin, setting: &Setting) -> f64 {
    let noise = pin.checks.iter().filter_map(|check| match check {
        Check::Noise(z) if pin.value.is_some() => Some(false_alarm_of(pin, setting, *z)),
        _ => None,
    });
    noise.fold(0.0, |sum, alarm| sum + alarm)
}
