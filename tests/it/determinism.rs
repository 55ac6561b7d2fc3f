//! The same bits whatever the threads, the time of day or the moment of an interruption.

use std::sync::atomic::{AtomicBool, Ordering};

use loophole::analysis::compare::effects;
use loophole::analysis::summary::summarise_levels;
use loophole::engine::executor::{self, EngineError, Options};
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::engine::partition::{BLOCK, Block, Partition, replicates, unit};
use loophole::export::tables;
use loophole::random::design::Sampling;

use crate::support::{assert_same, paths_told, run, shipped};

/// The files a run leaves, as texts.
fn texts(outcome: &Outcome) -> [String; 4] {
    let (effects, levels) = (effects(outcome), summarise_levels(outcome, 2));
    [
        tables::summary_csv(outcome, &levels, &effects),
        tables::monthly_csv(outcome, 2),
        tables::paths_csv(outcome),
        tables::summary_json(outcome, &levels, &effects).to_string(),
    ]
}

fn on_threads(job: &Job, threads: usize) -> Outcome {
    executor::simulate(job, &Options { threads, ..Options::default() }).expect("it runs")
}

/// A job of three and a half blocks, and one of two rows of replicated blocks and a bit.
fn jobs() -> [Job; 2] {
    [
        shipped("close-the-door.toml", &["settings.months=14", "settings.paths=56"]).job(),
        shipped("every-form.toml", &["settings.months=8", "settings.paths=300"]).job(),
    ]
}

#[test]
fn threads_do_not_move_a_bit() {
    for job in jobs() {
        let one = on_threads(&job, 1);
        let written = texts(&one);
        for threads in [0, 2, 8] {
            let other = on_threads(&job, threads);
            assert_same(&one, &other);
            assert!(written == texts(&other), "{threads} threads write other files");
        }
    }
}

/// Arms that differ in rules share the months before one is known of; each arm simulated alone is the same bit for bit.
#[test]
fn shared_months_do_not_move_a_bit() {
    for name in ["close-the-door.toml", "one-lab.toml", "known/constant-hazard.toml", "every-form.toml"] {
        let job = shipped(name, &["settings.months=24", "settings.paths=24"]).job();
        let outcome = run(&job);
        for (at, told) in paths_told(&job, &(0..24).collect::<Vec<u64>>()).iter().enumerate() {
            for arm in 0..job.arms.len() {
                for (s, alone) in told.scalars(arm).into_iter().enumerate() {
                    let together = outcome.scalar_at(arm, s)[at];
                    let label = &outcome.catalogue.scalars[s].0.id;
                    assert!(together.to_bits() == alone.to_bits(), "{name}, {label}: {together}, {alone}");
                }
            }
        }
    }
}

/// Stops after at least `paths` paths.
fn interrupted(job: &Job, threads: usize, paths: usize) -> Result<Outcome, EngineError> {
    let cancel = AtomicBool::new(paths == 0);
    let progress = |done: usize| cancel.store(done >= paths, Ordering::Relaxed);
    executor::simulate(
        job,
        &Options { threads, progress: Some(&progress), cancel: Some(&cancel), checkpoint: None },
    )
}

#[test]
fn an_interrupted_run_is_the_shorter_run() {
    for sampling in ["plain", "antithetic", "sobol"] {
        let sampling = format!("settings.sampling=\"{sampling}\"");
        let job = |paths: usize| {
            let paths = format!("settings.paths={paths}");
            shipped("known/constant-hazard.toml", &[&sampling, &paths]).job()
        };
        // A row of all replicates, so that the part done is a run of its own.
        for threads in [1, 8] {
            let part = interrupted(&job(512), threads, 16 * BLOCK).expect("it runs");
            if threads == 1 {
                assert_eq!(part.paths.len(), 16 * BLOCK);
            }
            assert_eq!(part.incomplete, part.paths.len() < 512);
            let whole = run(&job(512));
            let complete = part.paths.iter().enumerate().all(|(at, path)| at as u64 == *path);
            if complete && part.paths.len().is_multiple_of(16 * BLOCK) {
                assert_same(&part, &run(&job(part.paths.len())));
            }
            for s in 0..whole.catalogue.scalars.len() {
                for arm in 0..whole.arms.len() {
                    for (at, path) in part.paths.iter().enumerate() {
                        let (a, b) = (part.scalar_at(arm, s)[at], whole.scalar_at(arm, s)[*path as usize]);
                        assert!(a.to_bits() == b.to_bits(), "path {path} is {a}, not {b}");
                    }
                }
            }
        }
    }
}

/// Under the Latin hypercube there is no shorter run to be; what is done is still a part of the whole.
#[test]
fn an_interrupted_latin_hypercube_keeps_its_paths() {
    let job = shipped(
        "known/constant-hazard.toml",
        &["settings.sampling=\"latin-hypercube\"", "settings.paths=512"],
    )
    .job();
    let (whole, part) = (run(&job), interrupted(&job, 1, 40).expect("it runs"));
    assert!(part.incomplete && !part.paths.is_empty() && part.paths.len() < 512);
    let lost = whole.catalogue.scalar_index("lost.36m.all").expect("a scalar");
    for (at, path) in part.paths.iter().enumerate() {
        assert_eq!(part.scalar_at(1, lost)[at], whole.scalar_at(1, lost)[*path as usize]);
    }
}

#[test]
fn a_run_stopped_before_it_began_has_no_outcome() {
    let job = shipped("known/constant-hazard.toml", &["settings.paths=64"]).job();
    assert_eq!(interrupted(&job, 2, 0).expect_err("nothing is done"), EngineError::Cancelled);
}

#[test]
fn blocks_cut_every_path_once() {
    for sampling in Sampling::ALL {
        for paths in [1, 2, 15, 16, 17, 31, 256, 257, 1000] {
            let partition = Partition { sampling, paths };
            let blocks: Vec<Block> = (0..partition.blocks()).map(|block| partition.block(block)).collect();
            let mut all: Vec<u64> = blocks.iter().flat_map(|block| block.paths.clone()).collect();
            all.sort_unstable();
            assert_eq!(all, (0..paths as u64).collect::<Vec<u64>>());
            for block in &blocks {
                assert!((1..=BLOCK).contains(&block.paths.len()));
                assert!(block.paths.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(block.replicate < replicates(sampling));
                if replicates(sampling) > 1 {
                    assert!(
                        block
                            .paths
                            .iter()
                            .all(|path| *path as usize % replicates(sampling) == block.replicate)
                    );
                }
                // Antithetic pairs stay together, but for a last path without a partner.
                if unit(sampling) == 2 {
                    assert!(block.paths[0] % 2 == 0);
                    assert!(block.paths.len() % 2 == 0 || block.paths.ends_with(&[paths as u64 - 1]));
                }
            }
        }
    }
}

#[test]
fn progress_counts_every_path_once() {
    let job = shipped("known/constant-hazard.toml", &["settings.paths=100"]).job();
    let seen = std::sync::Mutex::new(Vec::new());
    let progress = |done: usize| seen.lock().expect("not poisoned").push(done);
    executor::simulate(&job, &Options { threads: 4, progress: Some(&progress), ..Options::default() })
        .expect("it runs");
    let mut seen = seen.into_inner().expect("not poisoned");
    seen.sort_unstable();
    assert_eq!(seen.len(), 100_usize.div_ceil(BLOCK));
    assert_eq!(seen.last(), Some(&100));
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
}
