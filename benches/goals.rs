//! The goals table: where a path's time goes and how far each goal is, from one run of `cargo bench --bench goals`.
//!
//! Times are of the processor, not of the clock on the wall, where the system tells them (Linux), so that a busy machine
//! spoils little.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use loophole::engine::catalogue::{Account, Catalogue, PathView};
use loophole::engine::executor::{self, Options};
use loophole::engine::job::Job;
use loophole::engine::partition::BLOCK;
use loophole::engine::recorder::{CellMoments, CellSketches, Layout, Rows};
use loophole::model::conditions::Quotes;
use loophole::model::drivers::{Drivers, Scratch};
use loophole::model::rules::{Regime, RuleDates};
use loophole::model::step::{self, Workspace};
use loophole::scenario;

/// Processor time of this thread so far; the wall's clock where the system does not say.
fn now() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next().and_then(|first| first.parse().ok()));
    nanos.map_or_else(wall, Duration::from_nanos)
}

fn wall() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

/// Time a call takes.
fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let before = now();
    let result = work();
    *total += now() - before;
    result
}

fn flagship(sets: &[&str]) -> Job {
    let file: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/close-the-door.toml");
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    scenario::load(&file, &[], &sets, scenario::Options::default())
        .expect("the flagship reads")
        .scenario
        .job()
}

/// Where the time of a path-month goes, stage by stage.
fn stages(job: &Job, paths: u64) {
    const HELD: usize = 4 * BLOCK;
    let sampler = executor::sampler(job);
    let (worlds, _) = executor::calibrated(job, &sampler).expect("it calibrates");
    let catalogue = Catalogue::of(&worlds[0]);
    let layout = Layout::of(job, &catalogue);
    let (arms, months) = (worlds.len(), worlds[0].months);
    let [mut draw, mut dates_time, mut simulate, mut enter, mut scalars, mut moments, mut sketch] =
        [Duration::ZERO; 7];
    let (mut scratch, mut drivers, mut work) = (Scratch::default(), Drivers::default(), Workspace::default());
    let mut dates: Vec<Vec<RuleDates>> = vec![Vec::new(); arms];
    let mut accounts = vec![Account::default(); arms];
    let mut quotes = Quotes::default();
    let mut rows = Rows::default();
    rows.reserve(&layout, HELD);
    let mut sketches: Vec<CellSketches> =
        (0..arms).map(|arm| CellSketches::empty(layout.arm_cells(arm).len())).collect();
    let mut total = CellMoments::empty(layout.cells());
    for path in 0..paths {
        let i = path as usize % HELD;
        timed(&mut draw, || sampler.draw(path, &mut scratch, &mut drivers));
        timed(&mut dates_time, || {
            for (world, dates) in worlds.iter().zip(&mut dates) {
                RuleDates::draw_all(world, &sampler, &drivers, path, dates);
            }
        });
        timed(&mut simulate, || {
            quotes.fill(&worlds[0], &drivers);
            for (a, world) in worlds.iter().enumerate() {
                let regime = Regime { world, drivers: &drivers, dates: &dates[a] };
                step::walk(&regime, &quotes, &mut work, |_, month| {
                    black_box(month);
                })
                .expect("it solves");
            }
        });
        timed(&mut enter, || {
            for (a, world) in worlds.iter().enumerate() {
                let (account, row) = (&mut accounts[a], rows.row(i));
                account.begin(world, &drivers);
                let regime = Regime { world, drivers: &drivers, dates: &dates[a] };
                step::walk(&regime, &quotes, &mut work, |t, month| {
                    account.enter(&catalogue, world, (t, month), &mut row[layout.month(a, t)]);
                })
                .expect("it solves");
            }
        });
        timed(&mut scalars, || {
            rows.complete(i, &layout, &catalogue).expect("finite");
            for a in 0..arms {
                let view = PathView {
                    world: &worlds[a],
                    account: &accounts[a],
                    baseline: &accounts[job.baseline()],
                    dates: &dates[a],
                };
                for (_, scalar, lab) in &catalogue.scalars {
                    black_box(scalar.value(&view, *lab));
                }
            }
        });
        if i == HELD - 1 {
            timed(&mut sketch, || {
                for (arm, sketch) in sketches.iter_mut().enumerate() {
                    sketch.add(&rows, layout.arm_cells(arm), HELD);
                }
            });
            timed(&mut moments, || {
                for block in 0..HELD / BLOCK {
                    total.merge(&CellMoments::of(&rows, block * BLOCK..(block + 1) * BLOCK, 1));
                }
            });
        }
    }
    let enter = enter.saturating_sub(simulate);
    black_box((&sketches, &total));
    let unit = paths as f64 * (arms * months) as f64;
    println!(
        "stages, {paths} paths of {arms} arms, {} cells, {} scalars",
        layout.cells(),
        catalogue.scalars.len()
    );
    let mut sum = Duration::ZERO;
    for (name, time) in [
        ("draws", draw),
        ("rule dates", dates_time),
        ("months", simulate),
        ("accounts", enter),
        ("scalars", scalars),
        ("histograms", sketch),
        ("moments", moments),
    ] {
        sum += time;
        println!("  {name:<12} {:>8.3} us per arm-month", time.as_secs_f64() * 1e6 / unit);
    }
    println!("  {:<12} {:>8.3} us per arm-month", "all", sum.as_secs_f64() * 1e6 / unit);
}

fn main() {
    let job = flagship(&[]);
    stages(&job, 192);
    let small = flagship(&["settings.paths=160"]);
    let before = now();
    black_box(executor::simulate(&small, &Options { threads: 1, ..Options::default() }).expect("it runs"));
    println!("main thread {:?}", now() - before);
}
