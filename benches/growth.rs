//! How cost grows with the size of a job: one thread's time for a unit of work, relative to the smallest size, for paths, months,
//! labs, arms and tranches. Prints the table and draws it:
//!
//!     cargo bench --bench growth -- docs/growth.svg
//!
//! Flat is linear growth. A second argument, a number of paths, adds a run of that many of `known/gbm-rent.toml`.

mod common;

use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;

use common::{flagship, months, process_time, thread_time};
use loophole::economics::market::{Clearing, Solver};
use loophole::engine::executor::{self, Options};
use loophole::engine::job::Job;
use loophole::math::{ln, log2};
use loophole::scenario;

/// Sizes of one kind, with the microseconds of a unit of work at each.
struct Growth {
    what: &'static str,
    unit: &'static str,
    points: Vec<(usize, f64)>,
}

/// Microseconds a path-month of an arm and lab.
fn engine(job: &Job) -> f64 {
    let units: usize = job.arms.iter().map(|arm| arm.world.months * arm.world.labs.len()).sum();
    let busy = process_time();
    black_box(executor::simulate(job, &Options { threads: 1, ..Options::default() }).expect("it runs"));
    (process_time() - busy).as_secs_f64() * 1e6 / (units * job.paths) as f64
}

/// The least of five measurements: what neighbours do only adds.
fn least(measure: impl FnMut() -> f64) -> f64 {
    std::iter::repeat_with(measure).take(5).fold(f64::INFINITY, f64::min)
}

/// The flagship's baseline with `key=value` changes.
fn baseline(sets: &[&str]) -> Job {
    let mut job = flagship(sets).job();
    let kept = job.baseline();
    job.arms = vec![job.arms[kept].clone()];
    job
}

/// The flagship with `n` arms: its own, and closed arms again under other names. They share their first months at most.
fn with_arms(n: usize) -> Job {
    let mut job = flagship(&["settings.paths=512"]).job();
    let own = job.arms.len();
    for again in own..n {
        let mut arm = job.arms[1 + again % (own - 1)].clone();
        (arm.id, arm.headline) = (format!("{}-again", arm.id), false);
        job.arms.push(arm);
    }
    job.arms.truncate(n);
    job
}

/// The flagship's baseline with its lab `n` times over.
fn with_labs(n: usize) -> Job {
    let mut job = baseline(&["settings.paths=512"]);
    let lab = job.arms[0].world.labs[0].clone();
    job.arms[0].world.labs = (0..n)
        .map(|i| {
            let mut lab = lab.clone();
            lab.id = format!("{}-{i}", lab.id);
            lab
        })
        .collect();
    job
}

/// Microseconds a cold solve, a tranche.
fn solver(tranches: usize, workloads: usize) -> f64 {
    let markets = months(500, tranches, workloads);
    let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
    let mut sweep = |rounds: usize| {
        let before = thread_time();
        for month in (0..rounds).flat_map(|_| &markets) {
            solver.solve(&month.market(), &mut clearing).expect("it solves");
        }
        (thread_time() - before).as_secs_f64() * 1e6 / (rounds * markets.len() * tranches) as f64
    };
    sweep(2);
    least(|| sweep(40))
}

fn measure(many: Option<usize>) -> Vec<Growth> {
    let grow = |what, unit, sizes: &[usize], time: &dyn Fn(usize) -> f64| {
        let points = sizes.iter().map(|&size| (size, time(size))).collect();
        Growth { what, unit, points }
    };
    let path = "a path-month";
    let mut all = vec![
        grow("paths", path, &[128, 512, 2048, 8192], &|n| {
            least(|| engine(&baseline(&[&format!("settings.paths={n}")])))
        }),
        grow("months", path, &[15, 30, 60, 120, 240], &|n| {
            least(|| engine(&baseline(&["settings.paths=512", &format!("settings.months={n}")])))
        }),
        grow("labs", "a path-month of a lab", &[1, 2, 4, 8, 12], &|n| least(|| engine(&with_labs(n)))),
        grow("arms", "a path-month of an arm", &[1, 2, 4, 7, 10], &|n| least(|| engine(&with_arms(n)))),
        grow("tranches, 1 workload", "a tranche of a market", &[5, 10, 20, 40], &|n| solver(n, 1)),
        grow("tranches, 3 workloads", "a tranche of a market", &[5, 10, 20, 40], &|n| solver(n, 3)),
        grow("tranches, 4 workloads", "a tranche of a market", &[5, 10, 20, 40], &|n| solver(n, 4)),
    ];
    if let Some(many) = many {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/known/gbm-rent.toml");
        let rent = |n: usize| {
            let sets = [format!("settings.paths={n}"), "settings.months=60".into()];
            match scenario::load(&file, &[], &sets, scenario::Options::default()) {
                Ok(loaded) => engine(&loaded.scenario.job()),
                Err(problems) => panic!("{problems}"),
            }
        };
        all.push(grow("paths of gbm-rent", path, &[many / 100, many / 10, many], &rent));
    }
    all
}

/// The table as small charts, one a kind: relative cost of a unit of work over size, both on logarithmic axes; from a quarter to twice.
fn svg(all: &[Growth]) -> String {
    const WIDTH: f64 = 232.0;
    const HEIGHT: f64 = 170.0;
    const LEFT: f64 = 44.0;
    const TOP: f64 = 44.0;
    const COLUMNS: usize = 4;
    let rows = all.len().div_ceil(COLUMNS);
    let (width, height) = (20.0 + COLUMNS as f64 * WIDTH, 30.0 + rows as f64 * HEIGHT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"Inter, sans-serif\" font-size=\"11\" fill=\"#333\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"16\" y=\"20\" font-size=\"13\" font-weight=\"700\">Time of a unit of work, the smallest size being 1: \
         level is linear growth</text>\n"
    );
    for (at, growth) in all.iter().enumerate() {
        let (x0, y0) =
            (16.0 + LEFT + (at % COLUMNS) as f64 * WIDTH, 24.0 + TOP + (at / COLUMNS) as f64 * HEIGHT);
        let (wide, high) = (WIDTH - LEFT - 24.0, HEIGHT - TOP - 34.0);
        let (least, most) =
            (growth.points[0].0 as f64, growth.points.last().map_or(1.0, |point| point.0 as f64));
        let x = |size: f64| x0 + wide * ln(size / least) / ln(most / least);
        let y = |ratio: f64| y0 + high * (1.0 - log2(ratio)) / 4.0;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" font-weight=\"700\">{}</text>",
            x0 - 28.0,
            y0 - 12.0,
            growth.what
        );
        for (ratio, word) in [(0.125, "⅛"), (0.25, "¼"), (0.5, "½"), (1.0, "1"), (2.0, "2")] {
            let _ = writeln!(
                out,
                "<path d=\"M{x0:.1} {0:.1}h{wide:.1}\" stroke=\"#ddd\"/><text x=\"{1:.1}\" y=\"{2:.1}\" text-anchor=\"end\">{word}</text>",
                y(ratio),
                x0 - 8.0,
                y(ratio) + 4.0
            );
        }
        let first = growth.points[0].1;
        let line: Vec<String> = growth
            .points
            .iter()
            .map(|(size, time)| format!("{:.1} {:.1}", x(*size as f64), y(time / first)))
            .collect();
        let _ = writeln!(
            out,
            "<path d=\"M{}\" fill=\"none\" stroke=\"#1F5FA8\" stroke-width=\"2\"/>",
            line.join("L")
        );
        for (size, time) in &growth.points {
            let (x, y) = (x(*size as f64), y(time / first));
            let _ = writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#1F5FA8\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\">{}</text>",
                y0 + high + 16.0,
                short(*size)
            );
        }
    }
    out + "</svg>\n"
}

/// A size in at most four characters.
fn short(size: usize) -> String {
    match size {
        1_000_000.. if size.is_multiple_of(1_000_000) => format!("{}m", size / 1_000_000),
        1_000.. if size.is_multiple_of(1_000) => format!("{}k", size / 1_000),
        _ => size.to_string(),
    }
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let all = measure(arguments.get(1).and_then(|many| many.parse().ok()));
    println!(
        "| growing | unit of work | size: µs a unit, and relative to the smallest |\n| --- | --- | --- |"
    );
    for growth in &all {
        let first = growth.points[0].1;
        let told: Vec<String> = growth
            .points
            .iter()
            .map(|(size, time)| format!("{size}: {time:.3}, {:.2}", time / first))
            .collect();
        println!("| {} | {} | {} |", growth.what, growth.unit, told.join("; "));
    }
    if let Some(file) = arguments.first() {
        std::fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), svg(&all))
            .expect("the figure can be written");
    }
}
