//! Runs of too many paths to keep: tallied from the first path on, they say what the kept paths say, within the bins of their
//! histograms, at any number of threads and taken up anywhere.

use std::sync::Mutex;

use loophole::analysis::compare::{Effects, effects};
use loophole::analysis::summary::{Summary, summarise_level};
use loophole::encoding::sha256;
use loophole::engine::column::{Over, readings};
use loophole::engine::executor::{Checkpoint, Options, simulate, simulate_from};
use loophole::engine::job::Job;
use loophole::engine::memory::Memory;
use loophole::engine::outcome::Outcome;
use loophole::engine::progress::Progress;
use loophole::stats::estimate::{self, Estimate, Grouping};
use loophole::stats::sketch::Counter;
use loophole::stats::tally::Tally;

use crate::support::shipped;

const SCHEMES: [&str; 4] = ["plain", "antithetic", "latin-hypercube", "sobol"];

/// Chance of a rule, of its reversal and of a delay, in a few months; `exact` says whether paths are kept.
fn job(sampling: &str, exact: bool) -> Job {
    let sampling = format!("settings.sampling=\"{sampling}\"");
    let mut job = shipped("known/constant-hazard.toml", &[&sampling, "settings.paths=800"]).job();
    job.exact_paths = if exact { usize::MAX } else { 100 };
    job
}

fn run(job: &Job, threads: usize) -> Outcome {
    simulate(job, &Options { threads, ..Options::default() }).expect("it runs")
}

/// Two numbers agree to a share of themselves, or to 1e-9 of the size of what they were computed from.
#[track_caller]
fn near(tallied: f64, exact: f64, share: f64, size: f64, what: &str) {
    let allowed = share * exact.abs() + 1e-9 * size;
    assert!(tallied == exact || (tallied - exact).abs() <= allowed, "{what}: {tallied} for {exact}");
}

/// Means and chances are the same but for rounding; quantiles are within a bin of the true ones, and their errors within what a
/// bin does to a slope, where paths do not share values: those are taken as spread over their bin.
#[track_caller]
fn assert_near(tallied: &Summary, exact: &Summary, shared: bool, what: &str) {
    let size = exact.mean.value.abs() + exact.p05.value.abs() + exact.p95.value.abs();
    assert_eq!(tallied.paths, exact.paths, "{what}");
    for (told, truth) in [
        (tallied.mean, exact.mean),
        (tallied.above_zero, exact.above_zero),
        (tallied.below_zero, exact.below_zero),
    ] {
        near(told.value, truth.value, 1e-9, size, what);
        // Where replicates agree, one route finds no error and takes that of a chance, the other the rounding of sums.
        if truth.std_error > 1e-12 {
            near(told.std_error, truth.std_error, 1e-6, size, what);
        }
    }
    for (told, truth) in [(tallied.p05, exact.p05), (tallied.p50, exact.p50), (tallied.p95, exact.p95)] {
        near(told.value, truth.value, 1.0 / 256.0, size, what);
        if shared {
            continue;
        }
        // The slope is read off two quantiles, each of which may have moved by a bin.
        near(told.std_error, truth.std_error, 0.5, 1e9 / 128.0 * truth.value.abs(), what);
    }
}

fn rows(all: &[Effects]) -> impl Iterator<Item = (String, &Summary)> {
    all.iter().flat_map(|effect| {
        effect
            .rows
            .iter()
            .map(move |row| (format!("{:?} {} {}", effect.scope, effect.arm, row.id), &row.summary))
    })
}

#[test]
fn what_is_tallied_agrees_with_what_is_kept() {
    for sampling in SCHEMES {
        let (exact, tallied) = (run(&job(sampling, true), 2), run(&job(sampling, false), 2));
        assert!(exact.is_exact() && !tallied.is_exact());
        assert_eq!((tallied.count, tallied.paths.len()), (800, 800));
        for arm in 0..exact.arms.len() {
            for (s, (label, ..)) in exact.catalogue.scalars.iter().enumerate() {
                let (told, truth) = (summarise_level(&tallied, arm, s), summarise_level(&exact, arm, s));
                let mut values: Vec<u64> =
                    exact.scalar_at(arm, s).iter().map(|value| value.to_bits()).collect();
                values.sort_unstable();
                values.dedup();
                assert_near(&told, &truth, values.len() < 800, &format!("{sampling}: {}", label.id));
                assert_eq!(tallied.scalar_at(arm, s), exact.scalar_at(arm, s), "the paths kept");
            }
        }
        let (told, truth) = (effects(&tallied), effects(&exact));
        let facts = |all: &[Effects]| -> Vec<_> {
            all.iter().map(|of| (of.arm, of.scope, of.condition, of.binds_from)).collect()
        };
        assert_eq!(facts(&told), facts(&truth));
        assert!(truth.iter().any(|effect| effect.scope == loophole::analysis::compare::Scope::IfClosed));
        assert_eq!(rows(&told).count(), rows(&truth).count());
        for ((what, told), (_, truth)) in rows(&told).zip(rows(&truth)) {
            assert_near(told, truth, true, &format!("{sampling}: {what}"));
        }
    }
}

/// Every tally of an outcome, as bytes.
fn bytes(outcome: &Outcome) -> Vec<u8> {
    let mut all = Vec::new();
    for arm in 0..outcome.arms.len() {
        for (scalar, reading) in readings(&outcome.catalogue) {
            for over in [Over::All, Over::Standing] {
                let column = outcome.column_at(arm, scalar, reading, over).expect("it is tallied");
                if column.paths() > 0 {
                    all.extend(column.bits());
                }
            }
        }
    }
    all
}

#[test]
fn tallies_are_the_same_bits_at_any_number_of_threads_and_taken_up_anywhere() {
    let identity = sha256(b"this run");
    for sampling in SCHEMES {
        let job = job(sampling, false);
        let whole = bytes(&run(&job, 1));
        assert!(bytes(&run(&job, 3)) == whole, "{sampling}");
        let kept: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        let keep = |progress: &Progress| kept.lock().expect("whole").push(progress.to_bytes(&identity));
        let checkpoint = Some(Checkpoint { due: &|| true, keep: &keep });
        let stopping = Options { threads: 2, checkpoint, ..Options::default() };
        assert!(bytes(&simulate(&job, &stopping).expect("it runs")) == whole, "{sampling}: setting down");
        for at in kept.into_inner().expect("whole").iter().step_by(7) {
            let from = Progress::from_bytes(at, &identity).expect("a checkpoint");
            let outcome = simulate_from(&job, &Options::default(), Some(from)).expect("it runs");
            assert!(bytes(&outcome) == whole, "{sampling}: taken up");
        }
    }
}

#[test]
fn a_tally_counts_whole_numbers_exactly_and_others_within_a_bin() {
    let months: Vec<f64> = (0..600).map(|path| f64::from((path * 7919) % 61 - 20)).collect();
    let prices: Vec<f64> =
        months.iter().enumerate().map(|(i, month)| month * 1.37 + i as f64 * 1e-3).collect();
    for grouping in [Grouping::Independent, Grouping::Pairs, Grouping::Replicates(16)] {
        for (values, bin) in [(&months, 0.0), (&prices, 1.0 / 256.0)] {
            let (mut tally, mut counter) = (Tally::new(grouping), Counter::default());
            match grouping {
                Grouping::Replicates(count) => (0..count).for_each(|replicate| {
                    let of: Vec<f64> = values.iter().skip(replicate).step_by(count).copied().collect();
                    tally.add(replicate, &of, &mut counter);
                }),
                _ => values.chunks(16).for_each(|block| tally.add(0, block, &mut counter)),
            }
            let close = |told: Estimate, truth: Estimate, share: f64| {
                assert!((told.value - truth.value).abs() <= share * truth.value.abs() + 1e-12);
                assert!((told.std_error - truth.std_error).abs() <= 1e-9 + 200.0 * share * truth.std_error);
            };
            close(tally.mean(grouping), estimate::mean(values, grouping), 1e-12);
            for p in [0.0, 0.03, 0.05, 0.25, 0.5, 0.95, 1.0] {
                let ([told], truth) =
                    (tally.quantiles([p], grouping), estimate::quantile(values, p, grouping));
                assert!((told.value - truth.value).abs() <= bin * truth.value.abs() + 1e-12, "{p}");
                if bin == 0.0 {
                    close(told, truth, 1e-12);
                }
            }
            for threshold in [-7.0, -0.5, 0.0, 3.0, 3.5, 24.0, 1e9] {
                let share = |test: &dyn Fn(f64) -> bool| {
                    let happens: Vec<bool> = values.iter().map(|value| test(*value)).collect();
                    estimate::probability(&happens, grouping)
                };
                let above = (tally.above(threshold, grouping), share(&|value| value > threshold));
                let below = (tally.below(threshold, grouping), share(&|value| value < threshold));
                for (told, truth) in [above, below] {
                    if bin == 0.0 || threshold == 0.0 {
                        close(told, truth, 1e-12);
                    } else {
                        assert!((told.value - truth.value).abs() <= 0.01);
                    }
                }
            }
        }
    }
}

#[test]
fn memory_is_flat_beyond_the_paths_that_are_kept() {
    let of = |paths: usize| {
        let job = Job { paths, ..shipped("close-the-door.toml", &[]).job() };
        Memory::of(&job, 2).total() as f64
    };
    assert!(of(100_000) > 1.5 * of(50_000), "every path counts");
    assert!(of(1_000_000) < of(100_000));
    assert!(of(1_000_000_000) < 1.6 * of(1_000_000), "a count takes a byte more for every factor of 256");
}
