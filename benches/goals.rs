//! The goals table: where a path's time goes and how far each goal is, from one run of `cargo bench --bench goals`.
//!
//! Times are of the processor, not of the clock on the wall, where the system tells them (Linux), so that a busy machine
//! spoils little.

mod common;

use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use common::{Month, Series, flagship, months, peak_mib, process_time, thread_time as now, two_arms};
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::{
    Clearing, ClearingLanes, LanesSolver, MarketLanes, Settled, SettledLanes, Solver,
};
use loophole::engine::catalogue::{Account, Catalogue, PathView};
use loophole::engine::executor::{self, Options};
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::engine::partition::{BLOCK, grouping};
use loophole::engine::recorder::{CellMoments, Layout, Rows, count_cells};
use loophole::math::{InLanes, LANES, Lanes};
use loophole::model::conditions::Givens;
use loophole::model::drivers::{Drivers, Scratch};
use loophole::model::parameters::World;
use loophole::model::rules::{DatesInLanes, Regime, RuleDates};
use loophole::model::step::{self, Workspace};
use loophole::stats::estimate::mean;
use loophole::stats::sketch::{Counter, Sketch};

/// Time a call takes.
fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let before = now();
    let result = work();
    *total += now() - before;
    result
}

/// Where the time of a path-month goes, stage by stage.
fn stages(job: &Job, paths: u64) {
    const HELD: usize = 4 * BLOCK;
    let sampler = executor::sampler(job);
    let (worlds, _) = executor::calibrated(job, &sampler).expect("it calibrates");
    let catalogue = Catalogue::of(&worlds[0]);
    let layout = Layout::of(job, &catalogue);
    let (arms, months) = (worlds.len(), worlds[0].months);
    let own_rules: Vec<_> = (0..arms).map(|a| World::own_rules(&worlds, job.baseline(), a)).collect();
    let [mut draw, mut dates_time, mut simulate, mut enter, mut scalars, mut moments, mut sketch] =
        [Duration::ZERO; 7];
    let (mut scratch, mut drivers, mut work) =
        (Scratch::default(), vec![Drivers::default(); LANES], Workspace::default());
    let mut side_by_side = Drivers::default();
    let mut dates: Vec<Vec<DatesInLanes>> =
        worlds.iter().map(|world| vec![[RuleDates::default(); LANES]; world.rules.len()]).collect();
    let mut accounts = vec![Account::default(); arms];
    let mut givens = Givens::default();
    let mut rows = Rows::default();
    rows.reserve(&layout, HELD / LANES);
    let (mut sketches, mut counter) = (vec![Sketch::default(); layout.cells()], Counter::default());
    let (mut total, mut of_block) = (CellMoments::empty(layout.cells()), CellMoments::default());
    for first in (0..paths).step_by(LANES) {
        let i = first as usize % HELD;
        timed(&mut draw, || {
            for (drivers, path) in drivers.iter_mut().zip(first..) {
                sampler.draw(path, &mut scratch, drivers);
            }
            side_by_side.gather(&drivers);
        });
        timed(&mut dates_time, || {
            let mut of_path = Vec::new();
            for (world, dates) in worlds.iter().zip(&mut dates) {
                for (lane, drivers) in drivers.iter().enumerate() {
                    RuleDates::draw_all(world, &sampler, drivers, first + lane as u64, &mut of_path);
                    dates.iter_mut().zip(&of_path).for_each(|(rule, dates)| rule[lane] = *dates);
                }
            }
        });
        timed(&mut simulate, || {
            givens.fill(&worlds[0], &side_by_side);
            for (a, world) in worlds.iter().enumerate() {
                let regime = Regime { world, drivers: &side_by_side, dates: &dates[a] };
                work.begin(world);
                step::walk(&regime, &givens, 0..months, &mut work, |_, month| {
                    black_box(month);
                })
                .expect("it solves");
            }
        });
        timed(&mut enter, || {
            for (a, world) in worlds.iter().enumerate() {
                let (account, cells) = (&mut accounts[a], rows.group(i / LANES));
                account.begin(world, &side_by_side);
                let regime = Regime { world, drivers: &side_by_side, dates: &dates[a] };
                work.begin(world);
                step::walk(&regime, &givens, 0..months, &mut work, |t, month| {
                    account.enter(&catalogue, world, (t, month), &mut cells[layout.month(a, t)]);
                })
                .expect("it solves");
            }
        });
        timed(&mut scalars, || {
            rows.complete(i / LANES, LANES, &layout, &catalogue).expect("finite");
            for a in 0..arms {
                let view = PathView {
                    world: &worlds[a],
                    account: &accounts[a],
                    baseline: &accounts[job.baseline()],
                    dates: &dates[a],
                    own: &own_rules[a],
                };
                for (_, scalar, lab) in &catalogue.scalars {
                    black_box(scalar.value(&view, *lab));
                }
            }
        });
        if (i + LANES).is_multiple_of(BLOCK) {
            let end = (i + LANES) / LANES;
            timed(&mut moments, || {
                of_block.fill(&rows, end - BLOCK / LANES..end, 1);
                total.merge(&of_block);
            });
        }
        if i + LANES == HELD {
            timed(&mut sketch, || count_cells(&rows, HELD / LANES, 0, &mut sketches, &mut counter));
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

/// Runs a job, and tells its processor seconds and its seconds on the wall.
fn run(job: &Job, threads: usize) -> (Outcome, f64, f64) {
    let (busy, begun) = (process_time(), Instant::now());
    let outcome = executor::simulate(job, &Options { threads, ..Options::default() }).expect("it runs");
    (outcome, (process_time() - busy).as_secs_f64(), begun.elapsed().as_secs_f64())
}

/// How much faster two threads are than one, and how much more two runs of one thread get done at once than one after another; on
/// the wall, medians of seven rounds.
fn in_twos(job: &Job) -> (f64, f64) {
    let mut ratios = [Vec::new(), Vec::new()];
    for _ in 0..7 {
        let [one, two] = [1, 2].map(|threads| run(job, threads).2);
        let begun = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| black_box(run(job, 1).2));
            }
        });
        let both = begun.elapsed().as_secs_f64();
        ratios[0].push(one / two);
        ratios[1].push(2.0 * one / both);
    }
    let median = |mut ratios: Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    };
    let [threads, runs] = ratios.map(median);
    (threads, runs)
}

fn row(what: &str, goal: &str, measured: String) {
    println!("| {what} | {goal} | {measured} |");
}

/// Microseconds a solve of markets of this size, from nothing and from the month before.
fn solver(tranches: usize, workloads: usize) -> (f64, f64) {
    let markets = months(500, tranches, workloads);
    let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
    let (mut cold, mut warm) = (Duration::ZERO, Duration::ZERO);
    const ROUNDS: usize = 100;
    timed(&mut cold, || {
        for month in (0..ROUNDS).flat_map(|_| &markets) {
            solver.solve(&month.market(), &mut clearing).expect("it solves");
        }
    });
    let (mut uses, mut price) = (Vec::new(), Vec::new());
    timed(&mut warm, || {
        for month in (0..ROUNDS).flat_map(|_| &markets) {
            let settled = Settled { uses: &uses, price: &price };
            solver.solve_from(&month.market(), &settled, &mut clearing).expect("it solves");
            uses.clear();
            uses.resize(tranches, 0);
            solver.uses().for_each(|(tranche, best)| uses[tranche] = best);
            price.clone_from(&clearing.price);
        }
    });
    let each = |time: Duration| time.as_secs_f64() * 1e6 / (ROUNDS * markets.len()) as f64;
    (each(cold), each(warm))
}

/// A month of several markets side by side that own their numbers.
struct Abreast {
    capacity: Vec<Lanes>,
    cost: Vec<Lanes>,
    rate: Vec<Lanes>,
    demand: Vec<DemandCurve<Lanes>>,
}

impl Abreast {
    fn of(months: [&Month; LANES]) -> Abreast {
        let column = |of: fn(&Month) -> &[f64]| {
            (0..of(months[0]).len()).map(|at| Lanes::each(|i| of(months[i])[at])).collect()
        };
        let mut demand: Vec<_> = months[0].demand.iter().map(DemandCurve::spread).collect();
        for (w, curve) in demand.iter_mut().enumerate() {
            let number = |of: fn(&DemandCurve) -> f64| Lanes::each(|i| of(&months[i].demand[w]));
            curve.planned_use = number(|curve| curve.planned_use);
            curve.elasticity = number(|curve| curve.elasticity);
            curve.reference_price = number(|curve| curve.reference_price);
            curve.choke_price = number(|curve| curve.choke_price);
            curve.saturation = number(|curve| curve.saturation);
        }
        Abreast {
            capacity: column(|month| &month.capacity),
            cost: column(|month| &month.cost),
            rate: column(|month| &month.rate),
            demand,
        }
    }

    fn market(&self) -> MarketLanes<'_> {
        MarketLanes { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand: &self.demand }
    }
}

/// Microseconds a market of the same solves with [`LANES`] side by side, each lane a stretch of the months.
fn lanes(tranches: usize, workloads: usize) -> (f64, f64) {
    const ROUNDS: usize = 1_600;
    let months = months(500, tranches, workloads);
    let stretch = months.len() / LANES;
    let markets: Vec<Abreast> =
        (0..stretch).map(|t| Abreast::of(std::array::from_fn(|i| &months[i * stretch + t]))).collect();
    let (mut solver, mut clearing) = (LanesSolver::default(), ClearingLanes::default());
    let (mut cold, mut warm) = (Duration::ZERO, Duration::ZERO);
    timed(&mut cold, || {
        for month in (0..ROUNDS).flat_map(|_| &markets) {
            solver.solve_from(&month.market(), &SettledLanes::default(), &mut clearing).expect("it solves");
        }
    });
    let (mut uses, mut price) = (Vec::new(), Vec::new());
    timed(&mut warm, || {
        for month in (0..ROUNDS).flat_map(|_| &markets) {
            let settled = SettledLanes { uses: &uses, price: &price };
            solver.solve_from(&month.market(), &settled, &mut clearing).expect("it solves");
            uses.clear();
            uses.extend_from_slice(solver.uses());
            price.clone_from(&clearing.price);
        }
    });
    let each = |time: Duration| time.as_secs_f64() * 1e6 / (ROUNDS * LANES * markets.len()) as f64;
    (each(cold), each(warm))
}

/// Path-months a second of drawing ten series by inverse normals and exponentials: the median of nine rounds of a tenth of a second,
/// which a neighbour's burst would spoil.
fn floor() -> f64 {
    const PATHS: u64 = 20_000;
    let series = Series::ten();
    let mut sum = 0.0;
    let mut rounds = [Duration::ZERO; 9];
    for time in &mut rounds {
        timed(time, || (0..PATHS).for_each(|path| sum += series.draw(path)));
    }
    black_box(sum);
    rounds.sort_unstable();
    (PATHS * 60) as f64 / rounds[4].as_secs_f64()
}

/// Nanoseconds of the exponential of `libm`: how fast this machine is, next to others.
fn yardstick() -> f64 {
    const ROUNDS: usize = 20_000;
    let numbers: Vec<f64> = (0..1_000).map(|i| f64::from(i) * 0.004 - 2.0).collect();
    let (mut time, mut sum) = (Duration::ZERO, 0.0);
    timed(&mut time, || {
        (0..ROUNDS).for_each(|_| sum += numbers.iter().map(|x| libm::exp(black_box(*x))).sum::<f64>());
    });
    black_box(sum);
    time.as_secs_f64() * 1e9 / (ROUNDS * numbers.len()) as f64
}

/// Milliseconds of the processor and on the wall of the program with these arguments, over some runs.
fn program(arguments: &[&str], runs: u32) -> (f64, f64) {
    let (busy, begun) = (process_time(), Instant::now());
    for _ in 0..runs {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loophole"));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.current_dir(env!("CARGO_MANIFEST_DIR"));
        assert!(command.status().expect("the program starts").success());
    }
    let each = |time: Duration| time.as_secs_f64() * 1e3 / f64::from(runs);
    (each(process_time() - busy), each(begun.elapsed()))
}

/// Seconds until the first table and its chart in characters can be read, files or no files: the median of some runs.
fn first_chart(arguments: &[&str]) -> f64 {
    const RUNS: usize = 11;
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            let mut command = Command::new(env!("CARGO_BIN_EXE_loophole"));
            command.args(["compare", "scenarios/close-the-door.toml", "--plain"]).args(arguments);
            command.current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut program = command.spawn().expect("the program starts");
            let printed = BufReader::new(program.stdout.take().expect("a pipe"));
            let mut lines = printed.lines().map(|line| line.expect("text"));
            assert!(lines.any(|line| line.starts_with("━ median")), "no chart was printed");
            let shown = begun.elapsed();
            assert!(program.wait().expect("it ends").success());
            shown
        })
        .collect();
    times.sort_unstable();
    times[RUNS / 2].as_secs_f64()
}

/// Work for a given error of the headline effect on economic cost, variance times processor time, at the paths at which Sobol' points
/// come below a half-width of 1%; and that half-width, in percent. Over some seeds, since one seed's replicates say little.
fn work(sampling: &str) -> (f64, f64) {
    const SEEDS: u64 = 8;
    let (mut squares, mut time, mut effects) = (0.0, 0.0, 0.0);
    for seed in 0..SEEDS {
        let [sampling, seed] = [format!("sampling=\"{sampling}\""), format!("seed={seed}")];
        let settings = ["paths=2048", &sampling, &seed].map(|setting| format!("settings.{setting}"));
        let job = two_arms(&settings.each_ref().map(String::as_str));
        let (outcome, busy, _) = run(&job, 1);
        let arm = |arm: usize| outcome.scalar(arm, "pv.economic_cost").expect("a scalar");
        let effect: Vec<f64> = arm(1).iter().zip(arm(0)).map(|(closed, open)| closed - open).collect();
        let estimate = mean(&effect, grouping(job.sampling));
        squares += estimate.std_error * estimate.std_error / SEEDS as f64;
        effects += estimate.value / SEEDS as f64;
        time += busy;
    }
    (squares * time, 196.0 * squares.sqrt() / effects)
}

fn main() {
    println!("| what | goal | measured |\n| --- | --- | --- |");
    row("exponential of libm, ns: the yardstick", "", format!("{:.1}", yardstick()));
    let mut thousand = 0.0;
    for paths in [250, 1_000, 4_000] {
        let (_, busy, _) = run(&two_arms(&[&format!("settings.paths={paths}")]), 1);
        let (each, memory) = (busy * 1e6 / (paths * 120) as f64, peak_mib());
        row(
            &format!("two arms, {paths} paths: µs a path-month; MiB"),
            "flat",
            format!("{each:.2}; {memory:.0}"),
        );
        if paths == 1_000 {
            thousand = each;
        }
    }
    for paths in [256, 4_000] {
        let job = flagship(&[&format!("settings.paths={paths}")]).job();
        let unit = (paths * job.arms.len() * job.arms[0].world.months) as f64;
        let (_, busy, _) = run(&job, 1);
        let what =
            format!("flagship hot path, {paths} paths of all arms, path-months a second, arm and core");
        row(&what, "1,000,000", format!("{:.0}", unit / busy));
    }
    let job = two_arms(&["settings.paths=2048"]);
    let (threads, runs) = in_twos(&job);
    row(
        "two threads against one, 2,048 paths of two arms, wall clock, median of seven",
        "1.9×",
        format!("{threads:.2}×"),
    );
    row(
        "two runs at once that share nothing against one: what the machine allows",
        "",
        format!("{runs:.2}×"),
    );
    row("draws and exponentials, 10 series, path-months a second", "12,000,000", format!("{:.0}", floor()));
    for (tranches, workloads) in [(12, 1), (12, 2), (12, 3), (20, 3), (40, 3), (40, 4)] {
        let (cold, warm) = solver(tranches, workloads);
        let what = format!("solver, {tranches} tranches, {workloads} workloads, cold and warm, µs");
        let goal = ["", "0.40, 0.17", "0.71, 0.36", "1.5, 0.56", ""][workloads];
        row(&what, if tranches == 12 { goal } else { "" }, format!("{cold:.2}, {warm:.2}"));
        let (cold, warm) = lanes(tranches, workloads);
        row(&format!("{what}, {LANES} side by side"), "", format!("{cold:.3}, {warm:.3}"));
    }
    let (_, busy, _) = run(&two_arms(&["settings.paths=1000", "settings.months=30"]), 1);
    row(
        "two arms, 30 months against 60: time a path-month",
        "1.00",
        format!("{:.2}", busy * 1e6 / 60_000.0 / thousand),
    );
    let (busy, wall) = program(&["check", "scenarios/close-the-door.toml"], 20);
    row(
        "`loophole check` on the flagship, ms of processor, on the wall",
        "20",
        format!("{busy:.0}, {wall:.0}"),
    );
    let out = std::env::temp_dir().join("loophole-goals");
    let out = out.to_str().expect("a path in plain letters");
    let compared = |arms, paths| {
        let arguments = [
            "compare",
            "scenarios/close-the-door.toml",
            "--plain",
            "--arms",
            arms,
            "--paths",
            paths,
            "--out",
            out,
        ];
        let (busy, wall) = program(&arguments, 1);
        format!("{:.1}, {:.1}", busy / 1e3, wall / 1e3)
    };
    let (two, six) = ("open,wind-down", "open,wind-down,immediate,grandfathered,leaky,expected");
    row(
        "first table and chart, in characters, 1,000 paths, two arms, s on the wall",
        "0.4",
        format!("{:.2}", first_chart(&["--arms", two, "--paths", "1000", "--out", out])),
    );
    row(
        "tables and charts, 1,000 paths, two arms, s of processor, on the wall",
        "0.4",
        compared(two, "1000"),
    );
    row(
        "tables and charts, 10,000 paths, six arms, s of processor, on the wall",
        "5",
        compared(six, "10000"),
    );
    let (plain, half_width) = work("plain");
    row("half-width of the headline effect, 2,048 plain paths, %", "", format!("{half_width:.2}"));
    for sampling in ["antithetic", "sobol"] {
        let (work, half_width) = work(sampling);
        let what = format!("work for a given half-width of it, {sampling} against plain");
        row(&what, "0.1", format!("{:.3}", work / plain));
        row(&format!("half-width of it, 2,048 {sampling} paths, %"), "", format!("{half_width:.2}"));
    }
    println!();
    stages(&flagship(&[]).job(), 192);
}
