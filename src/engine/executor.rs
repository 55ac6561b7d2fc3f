//! Runs a job: blocks on threads, merged in order.

mod merger;
mod worker;

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::catalogue::Catalogue;
use super::column::{ArmTallies, Reading, readings};
use super::job::{CorrelationOn, Job};
use super::outcome::{Outcome, STANDING};
use super::partition::{Partition, grouping, replicates};
use super::progress::Progress;
use super::recorder::{CellMoments, Layout, NotFinite};
use crate::calendar::Month;
use crate::model::calibrate::{self, Calibration, Uncalibrated};
use crate::model::conditions::Givens;
use crate::model::drivers::{Copula, Drivers, Sampler, Scratch, event_streams};
use crate::model::parameters::World;
use crate::model::step::Failure;
use crate::random::design::Scheme;
use crate::stats::sketch::Sketch;
use merger::Merger;
use worker::Worker;

/// How to run.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Threads; 0 is one.
    pub threads: usize,
    /// Told the number of paths done after each block.
    pub progress: Option<&'a (dyn Fn(usize) + Sync)>,
    /// Stops the run after the blocks at work; what is done becomes the outcome.
    pub cancel: Option<&'a AtomicBool>,
    /// Sets down what is done from time to time.
    pub checkpoint: Option<Checkpoint<'a>>,
}

/// When and how to set down what is done.
#[derive(Clone, Copy)]
pub struct Checkpoint<'a> {
    /// Asked after each block.
    pub due: &'a (dyn Fn() -> bool + Sync),
    /// Takes what is done.
    pub keep: &'a (dyn Fn(&Progress) + Sync),
}

/// Why a job has no outcome.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineError {
    /// Month-0 calibration has no solution.
    Uncalibrated(Uncalibrated),
    /// A market could not be solved.
    Market {
        /// Path.
        path: u64,
        /// Arm's id.
        arm: String,
        /// The month.
        month: Month,
        /// Lab's id.
        lab: String,
        /// Where and why.
        failure: Box<Failure>,
    },
    /// A number is not finite.
    NotFinite {
        /// Path.
        path: u64,
        /// Arm's id.
        arm: String,
        /// The month; none of a scalar.
        month: Option<Month>,
        /// Where.
        place: NotFinite,
    },
    /// Arms differ in what they simulate, so their paths cannot be paired.
    Unpaired {
        /// Arm's id.
        arm: String,
        /// What differs from the first arm: its name, what this arm has, and what the first has.
        what: Vec<(&'static str, String, String)>,
    },
    /// What was to be continued is not of this job.
    OtherJob,
    /// Stopped before a single block was done.
    Cancelled,
}

/// What helps where numbers are beyond what can be computed with.
const EXTREME: &str = "hint: `loophole explain` with this --path and --month shows what goes in; a price, rate or quantity many orders \
                       of magnitude from the others is the likely cause";

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::Uncalibrated(Uncalibrated::OutOfReach { price, range }) => write!(
                f,
                "the month-0 calibration cannot meet {price} USD per H100e-hour: whatever demand is, month 0 clears \
                 between {} and {}; raise choke prices or change calibration.price_usd_per_h100e_hour",
                range.0, range.1
            ),
            EngineError::Uncalibrated(Uncalibrated::JumpsOver { price, factor, sides }) => write!(
                f,
                "the month-0 calibration cannot meet {price} USD per H100e-hour: where planned use is multiplied by {factor:.6}, the \
                 price of month 0 jumps from {:.6} to {:.6}\n  \
                 hint: at no price between would other quantities be bought or offered; give a \
                 calibration.price_usd_per_h100e_hour outside the jump, or a higher saturation_ratio or elasticity",
                sides.0, sides.1
            ),
            EngineError::Uncalibrated(Uncalibrated::NothingPlanned) => write!(
                f,
                "the month-0 calibration has nothing to multiply: no lab plans to use anything in month 0\n  \
                 hint: give a planned_use_h100e above zero, or calibration.enabled = false"
            ),
            EngineError::Uncalibrated(Uncalibrated::Failure(failure)) => {
                write!(f, "the month-0 calibration failed: {}", failure.why.why)
            }
            EngineError::Market { path, arm, month, lab, failure } => write!(
                f,
                "path {path}, arm {arm}, {month}, market to {} of lab {lab}: {}\n  {EXTREME}",
                failure.market, failure.why.why
            ),
            EngineError::NotFinite { path, arm, month, place } => {
                let month = month.map(|month| format!(", {month}")).unwrap_or_default();
                write!(f, "path {path}, arm {arm}{month}: {} is not finite\n  {EXTREME}", place.metric)
            }
            EngineError::Unpaired { arm, what } => {
                write!(f, "arm {arm} cannot be paired with the first arm, from which it differs")?;
                for (name, own, first) in what {
                    write!(f, "\n  in {name}: {own}; the first: {first}")?;
                }
                let settings: Vec<&str> = what
                    .iter()
                    .map(|(name, ..)| *name)
                    .filter(|name| name.starts_with("settings."))
                    .collect();
                if settings.len() == what.len() {
                    return write!(
                        f,
                        "\n  hint: `--set` of {} changes both scenarios",
                        settings.join(" and ")
                    );
                }
                write!(f, "\n  hint: name two scenarios that have these in common, or one with both as arms")
            }
            EngineError::OtherJob => write!(f, "the checkpoint is of another run"),
            EngineError::Cancelled => write!(f, "stopped before any path was done"),
        }
    }
}

impl std::error::Error for EngineError {}

/// Some cells' histograms, into which one thread counts at a time, and the first of these cells.
type Part<'a> = (usize, Mutex<&'a mut [Sketch]>);

/// Everything the workers share.
struct Plan<'a> {
    job: &'a Job,
    worlds: Vec<World>,
    /// By arm: the first arm with the same givens.
    given: Vec<usize>,
    /// By arm: what it shares its first months with.
    trunks: Vec<Trunk>,
    /// By arm: the places of its own rules.
    own_rules: Vec<Vec<usize>>,
    sampler: Sampler<'a>,
    catalogue: Catalogue,
    layout: Layout,
    partition: Partition,
    /// How scalars are tallied, and where the flags of standing rules are ([`STANDING`]); none where every path is kept.
    readings: Vec<(usize, Reading)>,
    flags: [usize; 2],
}

impl Plan<'_> {
    /// Ids of the paths of the first `blocks` blocks of which every scalar is kept, in block order.
    fn kept(&self, blocks: usize) -> Vec<u64> {
        let kept = self.job.kept_paths() as u64;
        let ids = (0..blocks).flat_map(|block| self.partition.block(block).paths);
        ids.filter(|path| *path < kept).collect()
    }
}

/// Arms that differ in their rules only are the same until the first of these rules is known of. Those months are simulated
/// once, in the first such arm.
struct Trunk {
    /// The first arm that differs in rules only; the arm itself if none comes before it.
    arm: usize,
    /// Rules of that arm that this one has not.
    theirs: Vec<usize>,
    /// Rules of this arm that that one has not.
    own: Vec<usize>,
}

impl Trunk {
    fn of(worlds: &[World], arm: usize) -> Trunk {
        let bare = |world: &World| World { rules: Vec::new(), ..world.clone() };
        let own = &worlds[arm];
        let trunk = (0..arm).find(|&first| bare(&worlds[first]) == bare(own)).unwrap_or(arm);
        let theirs = &worlds[trunk];
        Trunk { arm: trunk, theirs: theirs.rules_beyond(own), own: own.rules_beyond(theirs) }
    }
}

/// Simulates a job.
///
/// # Errors
/// [`EngineError`].
pub fn simulate(job: &Job, options: &Options<'_>) -> Result<Outcome, EngineError> {
    simulate_from(job, options, None)
}

/// Simulates a job from where an earlier run of it left off, to the same bits.
///
/// # Errors
/// [`EngineError`].
pub fn simulate_from(
    job: &Job,
    options: &Options<'_>,
    from: Option<Progress>,
) -> Result<Outcome, EngineError> {
    let sampler = sampler(job);
    let (worlds, calibration) = calibrated(job, &sampler)?;
    paired(job)?;
    let catalogue = Catalogue::of(&job.arms[0].world);
    let layout = Layout::of(job, &catalogue);
    let partition = Partition { sampling: job.sampling, paths: job.paths };
    let given = (0..worlds.len())
        .map(|arm| (0..arm).find(|&first| Givens::shared(&worlds[first], &worlds[arm])).unwrap_or(arm))
        .collect();
    let trunks = (0..worlds.len()).map(|arm| Trunk::of(&worlds, arm)).collect();
    let readings = if job.is_exact() { Vec::new() } else { readings(&catalogue) };
    let flag = |id: &str| catalogue.scalar_index(id).unwrap_or_else(|| unreachable!("every job has {id}"));
    let flags = STANDING.map(flag);
    let own_rules = (0..worlds.len()).map(|arm| World::own_rules(&worlds, job.baseline(), arm)).collect();
    let plan = Plan {
        job,
        worlds,
        given,
        trunks,
        own_rules,
        sampler,
        catalogue,
        layout,
        partition,
        readings,
        flags,
    };
    let nothing = empty(&plan);
    let state = match from {
        None => nothing,
        Some(from) => {
            if from.blocks > partition.blocks() {
                return Err(EngineError::OtherJob);
            }
            let paths = (0..from.blocks).map(|block| partition.block(block).paths.len()).sum();
            if !from.fits(&nothing, paths, plan.kept(from.blocks).len()) {
                return Err(EngineError::OtherJob);
            }
            from
        }
    };
    let merged = run(&plan, options, state)?;
    let kept = plan.kept(merged.blocks);
    Ok(Outcome::new(job, plan.catalogue, plan.layout, (merged, kept), calibration))
}

/// The sampler of a job.
pub fn sampler(job: &Job) -> Sampler<'_> {
    let copulas = |on: CorrelationOn| -> Vec<Copula> {
        job.correlations
            .iter()
            .filter(|correlation| correlation.on == on)
            .map(|correlation| Copula {
                slots: correlation.slots.clone(),
                cholesky: correlation.cholesky.clone(),
            })
            .collect()
    };
    let world = &job.arms[0].world;
    Sampler::new(
        &job.quantities,
        &event_streams(job.arms.iter().flat_map(|arm| &arm.world.rules)),
        copulas(CorrelationOn::Parameter),
        copulas(CorrelationOn::Shock),
        Scheme { sampling: job.sampling, seed: job.seed, paths: job.paths, leading: &job.leading },
        (world.months, world.lead),
    )
}

/// Worlds with demand calibrated to the observed month-0 price of the baseline arm, where the scenario asks for it.
///
/// # Errors
/// [`EngineError::Uncalibrated`].
pub fn calibrated(
    job: &Job,
    sampler: &Sampler<'_>,
) -> Result<(Vec<World>, Option<Calibration>), EngineError> {
    let mut worlds: Vec<World> = job.arms.iter().map(|arm| arm.world.clone()).collect();
    let baseline = &job.arms[job.baseline()].world;
    let Some(price) = baseline.calibration_price else { return Ok((worlds, None)) };
    let mut central = Drivers::default();
    sampler.central(&mut Scratch::default(), &mut central);
    let calibration =
        calibrate::calibrate(baseline, &central, central.now(price, 0)).map_err(EngineError::Uncalibrated)?;
    for world in &mut worlds {
        world.demand_scale = calibration.factor;
    }
    Ok((worlds, Some(calibration)))
}

/// Whether the paths of a job's arms can be paired.
///
/// # Errors
/// [`EngineError::Unpaired`] with all that differs from the first arm.
pub fn paired(job: &Job) -> Result<(), EngineError> {
    let first = &job.arms[0].world;
    for arm in &job.arms {
        let world = &arm.world;
        let list = |ids: Vec<&str>| ids.join(", ");
        let workloads = |world: &World| list(world.workloads.iter().map(|it| it.id.as_str()).collect());
        let channels = |world: &World| list(world.channels.iter().map(|it| it.id.as_str()).collect());
        let labs = |world: &World| list(world.labs.iter().map(|it| it.id.as_str()).collect());
        let serves = |world: &World| {
            let served = world.channels.iter().map(|channel| {
                let some = world.workloads.iter().zip(&channel.serves).filter(|(_, serves)| **serves);
                format!("{}: {}", channel.id, list(some.map(|(workload, _)| workload.id.as_str()).collect()))
            });
            served.collect::<Vec<_>>().join("; ")
        };
        let mut what: Vec<(&'static str, String, String)> = [
            ("settings.start", world.start.to_string(), first.start.to_string()),
            ("settings.months", world.months.to_string(), first.months.to_string()),
            ("settings.lead_months", world.lead.to_string(), first.lead.to_string()),
            ("workloads", workloads(world), workloads(first)),
            ("channels", channels(world), channels(first)),
            ("labs", labs(world), labs(first)),
        ]
        .into_iter()
        .filter(|(_, own, first)| own != first)
        .collect();
        // Where these differ, what is served does too.
        if !what.iter().any(|(name, ..)| ["workloads", "channels"].contains(name))
            && serves(world) != serves(first)
        {
            what.push(("workloads that its channels serve", serves(world), serves(first)));
        }
        if !what.is_empty() {
            return Err(EngineError::Unpaired { arm: arm.id.clone(), what });
        }
    }
    Ok(())
}

/// Nothing done yet.
fn empty(plan: &Plan<'_>) -> Progress {
    let arms = plan.worlds.len();
    Progress {
        blocks: 0,
        paths: 0,
        scalars: vec![vec![Vec::new(); plan.catalogue.scalars.len()]; arms],
        tallies: match plan.readings.len() {
            0 => Vec::new(),
            readings => vec![ArmTallies::empty(readings, grouping(plan.job.sampling)); arms],
        },
        moments: (0..replicates(plan.job.sampling))
            .map(|_| CellMoments::empty(plan.layout.cells()))
            .collect(),
        sketches: vec![Sketch::default(); plan.layout.cells()],
    }
}

/// Runs the blocks that are not done, setting down what is done whenever that is due, and when cancelled.
fn run(plan: &Plan<'_>, options: &Options<'_>, mut state: Progress) -> Result<Progress, EngineError> {
    let threads = options.threads.max(1).min(plan.partition.blocks().max(1));
    let mut workers: Vec<Option<Worker>> = (0..threads).map(|_| None).collect();
    while state.blocks < plan.partition.blocks() {
        state = stretch(plan, options, &mut workers, state)?;
        let cancelled = options.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed));
        if let Some(checkpoint) = &options.checkpoint
            && state.blocks < plan.partition.blocks()
        {
            (checkpoint.keep)(&state);
        }
        if cancelled {
            break;
        }
    }
    if state.paths == 0 {
        return Err(EngineError::Cancelled);
    }
    Ok(state)
}

/// Runs blocks on all threads until all are done, a checkpoint is due, or the run is cancelled. Blocks are claimed in
/// order and a claimed one is finished, so that what is done is always the first blocks.
fn stretch(
    plan: &Plan<'_>,
    options: &Options<'_>,
    workers: &mut [Option<Worker>],
    mut state: Progress,
) -> Result<Progress, EngineError> {
    let mut sketches = std::mem::take(&mut state.sketches);
    let threads = workers.len();
    // No more than threads, each of which begins with another one.
    let part = sketches.len().div_ceil(threads).max(1);
    let parts = sketches.chunks_mut(part).enumerate();
    let parts: Vec<Part> = parts.map(|(at, sketches)| (at * part, Mutex::new(sketches))).collect();
    let (claimed, done) = (AtomicUsize::new(state.blocks), AtomicUsize::new(state.paths));
    let merger = Mutex::new(Merger::new(state));
    let blocks = plan.partition.blocks();
    let failed: Mutex<Option<(usize, EngineError)>> = Mutex::new(None);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for (thread, worker) in workers.iter_mut().enumerate() {
            let (parts, merger, failed) = (&parts, &merger, &failed);
            let (claimed, done, stop) = (&claimed, &done, &stop);
            scope.spawn(move || {
                loop {
                    let cancelled = options.cancel.is_some_and(|cancel| cancel.load(Ordering::Relaxed));
                    if cancelled || stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let block = claimed.fetch_add(1, Ordering::Relaxed);
                    if block >= blocks {
                        break;
                    }
                    let paths = plan.partition.block(block);
                    // Made by the thread that first works with it: what it touches first is its own.
                    let worker = worker.get_or_insert_with(|| Worker::new(plan, threads));
                    if let Err(error) = worker.run(plan, &paths) {
                        stop.store(true, Ordering::Relaxed);
                        let mut first = locked(failed);
                        if first.as_ref().is_none_or(|(earlier, _)| block < *earlier) {
                            *first = Some((block, error));
                        }
                        break;
                    }
                    let n = paths.paths.len();
                    worker.hand_over(|recorded| locked(merger).take(plan, block, recorded));
                    if worker.is_full() {
                        worker.count(parts, thread);
                    }
                    let paths = done.fetch_add(n, Ordering::Relaxed) + n;
                    if let Some(progress) = options.progress {
                        progress(paths);
                    }
                    if options.checkpoint.as_ref().is_some_and(|checkpoint| (checkpoint.due)()) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                if let Some(worker) = worker {
                    worker.count(parts, thread);
                }
            });
        }
    });
    if let Some((_, error)) = into_inner(failed) {
        return Err(error);
    }
    let mut state = into_inner(merger).finish(plan);
    drop(parts);
    state.sketches = sketches;
    Ok(state)
}

/// A panic elsewhere already ends the run; the data behind the lock is still what it was.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}
