//! The parts a run is made of, one bench each: `cargo bench --bench parts -- solver`.

mod common;

use std::hint::black_box;

use common::{Series, flagship, months, two_arms};
use criterion::{Criterion, criterion_group, criterion_main};
use loophole::analysis::compare::effects;
use loophole::economics::market::{Clearing, Settled, Solver};
use loophole::engine::executor::{self, Options};
use loophole::math::LANES;
use loophole::math::{exp, normal_quantile};
use loophole::model::conditions::Givens;
use loophole::model::drivers::{Drivers, Scratch};
use loophole::model::rules::{Regime, RuleDates};
use loophole::model::step::{self, Workspace};
use loophole::random::stream::StreamKey;
use loophole::stats::sketch::Sketch;

/// 60 months of a market, from nothing and from the month before.
fn solver(bench: &mut Criterion) {
    for (tranches, workloads) in [(12, 1), (12, 2), (12, 3), (20, 3), (40, 4)] {
        let months = months(60, tranches, workloads);
        let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
        bench.bench_function(&format!("solver/cold/{tranches}x{workloads}/60"), |b| {
            b.iter(|| {
                for month in &months {
                    solver.solve(&month.market(), &mut clearing).expect("it solves");
                }
            });
        });
        let (mut uses, mut price) = (Vec::new(), Vec::new());
        bench.bench_function(&format!("solver/warm/{tranches}x{workloads}/60"), |b| {
            b.iter(|| {
                for month in &months {
                    let settled = Settled { uses: &uses, price: &price };
                    solver.solve_from(&month.market(), &settled, &mut clearing).expect("it solves");
                    uses.clear();
                    uses.resize(tranches, 0);
                    solver.uses().for_each(|(tranche, best)| uses[tranche] = best);
                    price.clone_from(&clearing.price);
                }
            });
        });
    }
}

fn drivers(bench: &mut Criterion) {
    let job = flagship(&[]).job();
    let sampler = executor::sampler(&job);
    let (mut scratch, mut drivers, mut path) = (Scratch::default(), Drivers::default(), 0);
    bench.bench_function("drivers/flagship/60", |b| {
        b.iter(|| {
            sampler.draw(path, &mut scratch, &mut drivers);
            path += 1;
        });
    });
    let series = Series::ten();
    bench.bench_function("drivers/floor: 10 series/60", |b| {
        b.iter(|| {
            path += 1;
            series.draw(path)
        });
    });
}

fn step(bench: &mut Criterion) {
    let job = flagship(&[]).job();
    let sampler = executor::sampler(&job);
    let (worlds, _) = executor::calibrated(&job, &sampler).expect("it calibrates");
    let arm = job.headline().expect("it has one");
    let (mut drivers, mut dates) = (Drivers::default(), Vec::new());
    sampler.draw(7, &mut Scratch::default(), &mut drivers);
    RuleDates::draw_all(&worlds[arm], &sampler, &drivers, 7, &mut dates);
    let mut side_by_side = Drivers::default();
    bench.bench_function("step/drivers side by side", |b| {
        b.iter(|| side_by_side.gather(std::slice::from_ref(&drivers)));
    });
    let (mut givens, mut work) = (Givens::default(), Workspace::default());
    givens.fill(&worlds[arm], &side_by_side);
    bench.bench_function("step/givens", |b| b.iter(|| givens.fill(&worlds[arm], &side_by_side)));
    let dates: Vec<_> = dates.iter().map(|dates| [*dates; LANES]).collect();
    let regime = Regime { world: &worlds[arm], drivers: &side_by_side, dates: &dates };
    bench.bench_function(&format!("step/60 months of {LANES} paths"), |b| {
        b.iter(|| {
            work.begin(&worlds[arm]);
            step::walk(&regime, &givens, 0..60, &mut work, |_, month| {
                black_box(month);
            })
        });
    });
}

fn engine(bench: &mut Criterion) {
    let job = flagship(&["settings.paths=32"]).job();
    bench.bench_function("engine/flagship/32 paths", |b| {
        b.iter(|| executor::simulate(&job, &Options { threads: 1, ..Options::default() }).expect("it runs"));
    });
    let outcome =
        executor::simulate(&two_arms(&["settings.paths=64"]), &Options::default()).expect("it runs");
    bench.bench_function("analysis/effects/64 paths", |b| b.iter(|| effects(&outcome)));
}

fn parsing(bench: &mut Criterion) {
    bench.bench_function("parsing/flagship", |b| b.iter(|| flagship(&[])));
    let scenario = flagship(&[]);
    bench.bench_function("parsing/job", |b| b.iter(|| scenario.job()));
}

fn sketch(bench: &mut Criterion) {
    let key = StreamKey::new(1, "values");
    let values: Vec<f64> = (0..1024).map(|i| exp(0.5 * normal_quantile(key.uniform(i, 0, 0)))).collect();
    let mut sketch = Sketch::default();
    bench.bench_function("sketch/add/1024", |b| b.iter(|| sketch.add_all(&values)));
    bench.bench_function("sketch/quantile", |b| b.iter(|| sketch.quantile(black_box(0.95))));
}

#[cfg(feature = "chart")]
fn charts(bench: &mut Criterion) {
    use loophole::chart::gallery::{Gallery, Titles};
    use loophole::chart::input::{Dated, Provenance};
    use loophole::chart::render;
    use loophole::chart::theme::{Size, Theme};
    let outcome =
        executor::simulate(&two_arms(&["settings.paths=64"]), &Options::default()).expect("it runs");
    let effects = effects(&outcome);
    let gallery = Gallery {
        outcome: &outcome,
        effects: &effects,
        provenance: Provenance {
            scenarios: vec![Dated { title: "bench".into(), as_of: "2026-11-24".into() }],
            paths: 64,
            seed: 1,
            version: "bench".into(),
            sources: Vec::new(),
        },
        elasticity_range: String::new(),
        titles: Titles::default(),
    };
    let figure = gallery.figure("supply-mix").expect("it can be filled");
    bench.bench_function("charts/supply-mix, SVG and PNG", |b| {
        b.iter(|| render(&figure, Theme::Light, Size::Note));
    });
}

#[cfg(not(feature = "chart"))]
fn charts(_: &mut Criterion) {}

criterion_group! {
    name = parts;
    config = Criterion::default().sample_size(20).without_plots();
    targets = solver, drivers, step, engine, parsing, sketch, charts
}
criterion_main!(parts);
