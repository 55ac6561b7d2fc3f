//! Which quantities move a scenario's result most: the list that `settings.sobol_first` wants.
//!
//!     cargo run --release --example rank_quantities -- scenarios/close-the-door.toml
//!
//! The result is the headline arm's effect on the present value of economic cost, or that value itself where there is one arm, on
//! 8,192 plain paths, and what is printed is its correlation with each draw: with the normal score of a parameter, with the sum of a
//! process's monthly normals, which is what takes its first dimension. Left out is what chance may explain.

use std::collections::BTreeMap;
use std::path::PathBuf;

use loophole::engine::executor::{self, Options};
use loophole::math::normal_quantile;
use loophole::model::parameters::Form;
use loophole::random::design::Sampling;
use loophole::random::stream::StreamKey;
use loophole::scenario;

const PATHS: usize = 8_192;

/// Correlation that one of 1,000 pairs of unrelated columns of `PATHS` numbers exceeds: 3.3/√n.
const CHANCE: f64 = 3.3 / 90.5;

fn main() {
    let file = PathBuf::from(std::env::args().nth(1).expect("the path of a scenario"));
    let loaded = scenario::load(&file, &[], &[], scenario::Options::default());
    let mut job = loaded.unwrap_or_else(|problems| panic!("{problems}")).scenario.job();
    let headline = job.headline();
    let kept = [Some(job.baseline()), headline].into_iter().flatten();
    job.arms = kept.map(|arm| job.arms[arm].clone()).collect();
    (job.paths, job.sampling) = (PATHS, Sampling::Plain);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let outcome = executor::simulate(&job, &Options { threads, ..Options::default() }).expect("it runs");
    let cost = |arm| outcome.scalar(arm, "pv.economic_cost").expect("every job has it");
    let mut result = cost(0).to_vec();
    if headline.is_some() {
        result = cost(1).iter().zip(&result).map(|(closed, open)| closed - open).collect();
    }

    // By stream: the key of the first quantity with it, and the steps at which it is drawn.
    let mut sources: BTreeMap<&str, (&str, std::ops::Range<u32>)> = BTreeMap::new();
    for quantity in &job.quantities.list {
        let steps = match quantity.form {
            Form::Parameter(_) => 0..1,
            Form::Process(_) => 1..outcome.months as u32,
            _ => continue,
        };
        sources.entry(&quantity.stream).or_insert((&quantity.key, steps));
    }
    let mut ranked: Vec<(f64, &str)> = sources
        .iter()
        .map(|(stream, (key, steps))| {
            let source = StreamKey::new(job.seed, stream);
            let normal = |path, step| normal_quantile(source.uniform(path, step, 0));
            let score = |path| steps.clone().map(|step| normal(path, step)).sum();
            let scores: Vec<f64> = (0..PATHS as u64).map(score).collect();
            (correlation(&scores, &result), *key)
        })
        .filter(|(correlation, _)| correlation.abs() > CHANCE)
        .collect();
    ranked.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
    println!("sobol_first = [");
    for (correlation, key) in &ranked {
        println!("    {:<90} # {correlation:+.2}", format!("\"{key}\","));
    }
    println!("]");
}

/// Of two columns.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let mean = |column: &[f64]| column.iter().sum::<f64>() / column.len() as f64;
    let (x_mean, y_mean) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (dx, dy) = (x - x_mean, y - y_mean);
        (xx, yy, xy) = (xx + dx * dx, yy + dy * dy, xy + dx * dy);
    }
    if xx * yy > 0.0 { xy / (xx * yy).sqrt() } else { 0.0 }
}
