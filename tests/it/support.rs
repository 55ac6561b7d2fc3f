//! Ground the other modules stand on: scenarios read and run, paths told in full, and comparisons that say what they found.
//!
//! Sampled numbers are held to four standard errors: if the library is right, one such statement in 16,000 fails.

use std::path::{Path, PathBuf};

use loophole::engine::catalogue::{Account, Catalogue, PathView};
use loophole::engine::executor::{self, Options};
use loophole::engine::job::Job;
use loophole::engine::outcome::{Cell, Outcome};
use loophole::math::LANES;
use loophole::model::drivers::{Drivers, Scratch};
use loophole::model::ledger::Trace;
use loophole::model::parameters::{Slot, World};
use loophole::model::rules::{DatesInLanes, RuleDates};
use loophole::model::step::{self, Workspace};
use loophole::scenario::{self, Scenario};
use loophole::stats::estimate::{Estimate, Grouping, mean, quantile};

/// The folder of shipped scenarios.
pub fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Reads a shipped scenario with `key=value` changes.
pub fn shipped(name: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    match scenario::load(&scenarios().join(name), &[], &sets, scenario::Options::default()) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => panic!("{name} with {sets:?}:\n{problems}"),
    }
}

/// Reads a scenario given as text.
pub fn written(text: &str, sets: &[&str]) -> Scenario {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    match scenario::load_text("test.toml", &scenarios(), text, &sets, scenario::Options::default()) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => panic!("with {sets:?}:\n{problems}\n{text}"),
    }
}

/// Runs a job on two threads.
pub fn run(job: &Job) -> Outcome {
    executor::simulate(job, &Options { threads: 2, ..Options::default() })
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A path of a job, told in full.
pub struct Told {
    /// By arm.
    pub worlds: Vec<World>,
    /// The draws.
    pub drivers: Drivers,
    /// By arm.
    pub dates: Vec<Vec<RuleDates>>,
    /// By arm.
    pub traces: Vec<Trace>,
    baseline: usize,
}

impl Told {
    /// Every scalar of an arm, in the catalogue's order.
    pub fn scalars(&self, arm: usize) -> Vec<f64> {
        let catalogue = Catalogue::of(&self.worlds[0]);
        let account =
            |arm: usize| Account::of(&catalogue, &self.worlds[arm], &self.drivers, &self.traces[arm]);
        let dates: Vec<DatesInLanes> = self.dates[arm].iter().map(|dates| [*dates; LANES]).collect();
        let view = PathView {
            world: &self.worlds[arm],
            account: &account(arm),
            baseline: &account(self.baseline),
            dates: &dates,
            own: &World::own_rules(&self.worlds, self.baseline, arm),
        };
        catalogue.scalars.iter().map(|(_, scalar, lab)| scalar.value(&view, *lab)[0]).collect()
    }
}

/// Simulates one path alone.
pub fn told(job: &Job, path: u64) -> Told {
    paths_told(job, &[path]).pop().expect("one path was asked for")
}

/// Simulates some paths of a job.
pub fn paths_told(job: &Job, paths: &[u64]) -> Vec<Told> {
    let sampler = executor::sampler(job);
    let (worlds, _) = executor::calibrated(job, &sampler).unwrap_or_else(|error| panic!("{error}"));
    paths
        .iter()
        .map(|&path| {
            let mut drivers = Drivers::default();
            sampler.draw(path, &mut Scratch::default(), &mut drivers);
            let (mut dates, mut traces) = (Vec::new(), Vec::new());
            for world in &worlds {
                let (mut of_rules, mut trace) = (Vec::new(), Trace::default());
                RuleDates::draw_all(world, &sampler, &drivers, path, &mut of_rules);
                step::simulate(world, &drivers, &of_rules, &mut Workspace::default(), &mut trace)
                    .unwrap_or_else(|failure| panic!("path {path}: {failure:?}"));
                dates.push(of_rules);
                traces.push(trace);
            }
            Told { worlds: worlds.clone(), drivers, dates, traces, baseline: job.baseline() }
        })
        .collect()
}

/// A quantity's value in month `t` on each path of a job.
pub fn drawn(job: &Job, key: &str, t: usize) -> Vec<f64> {
    let at = job.quantities.list.iter().position(|quantity| quantity.key == key);
    let slot = Slot(at.unwrap_or_else(|| panic!("no quantity {key}")) as u32);
    let sampler = executor::sampler(job);
    let (mut scratch, mut drivers) = (Scratch::default(), Drivers::default());
    (0..job.paths as u64)
        .map(|path| {
            sampler.draw(path, &mut scratch, &mut drivers);
            drivers.now(slot, t)
        })
        .collect()
}

/// Index of an arm.
pub fn arm(outcome: &Outcome, id: &str) -> usize {
    outcome.arm(id).unwrap_or_else(|| panic!("no arm {id}"))
}

/// A monthly number of an arm.
pub fn cell<'a>(outcome: &'a Outcome, id: &str, metric: &str, t: usize) -> Cell<'a> {
    let at = outcome.catalogue.monthly_index(metric).unwrap_or_else(|| panic!("no metric {metric}"));
    outcome.level(arm(outcome, id), at, t)
}

/// Its difference to the baseline.
pub fn difference<'a>(outcome: &'a Outcome, id: &str, metric: &str, t: usize) -> Cell<'a> {
    let at = outcome.catalogue.monthly_index(metric).unwrap_or_else(|| panic!("no metric {metric}"));
    outcome.difference(arm(outcome, id), at, t).unwrap_or_else(|| panic!("{metric} of {id} is not paired"))
}

/// Mean over paths of a monthly number: its value, where there is one path.
pub fn month(outcome: &Outcome, id: &str, metric: &str, t: usize) -> f64 {
    cell(outcome, id, metric, t).mean().value
}

/// A monthly number in every month.
pub fn months(outcome: &Outcome, id: &str, metric: &str) -> Vec<f64> {
    (0..outcome.months).map(|t| month(outcome, id, metric, t)).collect()
}

/// A scalar on every path.
pub fn scalar<'a>(outcome: &'a Outcome, id: &str, metric: &str) -> &'a [f64] {
    outcome.scalar(arm(outcome, id), metric).unwrap_or_else(|| panic!("no scalar {metric}"))
}

/// Median of some numbers.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5, Grouping::Independent).value
}

/// Mean of numbers from independent paths.
pub fn average(values: &[f64]) -> Estimate {
    mean(values, Grouping::Independent)
}

/// Exact to rounding: 1e-9 relative.
#[track_caller]
pub fn exact(found: f64, truth: f64) {
    near(found, truth, 1e-9);
}

/// Equal within a relative tolerance.
#[track_caller]
pub fn near(found: f64, truth: f64, tolerance: f64) {
    assert!(
        (found - truth).abs() <= tolerance * truth.abs().max(f64::MIN_POSITIVE),
        "{found} is not {truth}"
    );
}

/// Equal to a printed number, to half a unit of its last digit.
#[track_caller]
pub fn printed(found: f64, digits: f64, unit: f64) {
    assert!((found - digits).abs() <= 0.5 * unit * (1.0 + 1e-9), "{found} does not print as {digits}");
}

/// Within four standard errors.
#[track_caller]
pub fn within(estimate: Estimate, truth: f64) {
    let Estimate { value, std_error } = estimate;
    assert!(std_error.is_finite(), "no error to tell {value} by");
    assert!(
        (value - truth).abs() <= 4.0 * std_error,
        "{value} ± {std_error} is {:.1} errors from {truth}",
        (value - truth) / std_error
    );
}

/// Two outcomes are the same bit for bit: paths, scalars, and of every cell mean, error, quantiles and chance.
#[track_caller]
pub fn assert_same(one: &Outcome, other: &Outcome) {
    assert_eq!(one.arms, other.arms);
    assert_eq!(one.paths, other.paths);
    assert_eq!(one.catalogue, other.catalogue);
    assert_eq!(
        (one.baseline, one.headline, one.months, one.start),
        (other.baseline, other.headline, other.months, other.start)
    );
    assert_eq!(one.calibration, other.calibration);
    for arm in 0..one.arms.len() {
        assert_same_arm(one, arm, other, arm);
    }
}

/// An arm of one outcome is an arm of another, bit for bit; both have the same paths and catalogue.
#[track_caller]
pub fn assert_same_arm(one: &Outcome, a: usize, other: &Outcome, b: usize) {
    assert_same_levels(one, a, other, b, &[]);
    for (m, (label, ..)) in one.catalogue.monthly.iter().enumerate() {
        for t in 0..one.months {
            let (x, y) = (one.difference(a, m, t), other.difference(b, m, t));
            let same = x.as_ref().map(cell_bits) == y.as_ref().map(cell_bits);
            assert!(same, "the difference of {} in month {t} differs", label.id);
        }
    }
}

/// Scalars (but for some) and monthly levels of two arms are the same, bit for bit.
#[track_caller]
pub fn assert_same_levels(one: &Outcome, a: usize, other: &Outcome, b: usize, except: &[&str]) {
    let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<u64>>();
    for (s, (label, ..)) in
        one.catalogue.scalars.iter().enumerate().filter(|(_, (label, ..))| !except.contains(&&*label.id))
    {
        let (x, y) = (one.scalar_at(a, s), other.scalar_at(b, s));
        assert!(bits(x) == bits(y), "{} differs", label.id);
    }
    for (m, (label, ..)) in one.catalogue.monthly.iter().enumerate() {
        for t in 0..one.months {
            let (x, y) = (one.level(a, m, t), other.level(b, m, t));
            let same = cell_bits(&x) == cell_bits(&y);
            assert!(same, "{} of month {t} differs: {:?} and {:?}", label.id, x.mean(), y.mean());
        }
    }
}

/// Scalars of two arms on every path, and means of monthly levels, agree within a relative tolerance where both have them;
/// below a thousand dollars or H100e-hours, or a thousandth of anything else, within that tolerance of those.
#[track_caller]
pub fn assert_close_levels(
    one: &Outcome,
    a: usize,
    other: &Outcome,
    b: usize,
    tolerance: f64,
    except: &[&str],
) {
    let close = |x: f64, y: f64, unit: &str| {
        let floor = match unit {
            "USD" | "H100e-hours" => 1000.0,
            _ => 1e-3,
        };
        (x - y).abs() <= tolerance * x.abs().max(y.abs()).max(floor)
    };
    for (s, (label, ..)) in
        one.catalogue.scalars.iter().enumerate().filter(|(_, (label, ..))| !except.contains(&&*label.id))
    {
        let Some(at) = other.catalogue.scalar_index(&label.id) else { continue };
        for (x, y) in one.scalar_at(a, s).iter().zip(other.scalar_at(b, at)) {
            assert!(close(*x, *y, label.unit), "{}: {x} and {y}", label.id);
        }
    }
    for (m, (label, ..)) in one.catalogue.monthly.iter().enumerate() {
        let Some(at) = other.catalogue.monthly_index(&label.id) else { continue };
        for t in 0..one.months {
            let (x, y) = (one.level(a, m, t).mean().value, other.level(b, at, t).mean().value);
            assert!(close(x, y, label.unit), "{} of month {t}: {x} and {y}", label.id);
        }
    }
}

fn cell_bits(cell: &Cell<'_>) -> Vec<u64> {
    let Estimate { value, std_error } = cell.mean();
    let mut numbers = vec![value, std_error, cell.share_above_zero()];
    numbers.extend([0.0, 0.05, 0.5, 0.95, 1.0].map(|p| cell.quantile(p)));
    numbers.into_iter().map(f64::to_bits).collect()
}
