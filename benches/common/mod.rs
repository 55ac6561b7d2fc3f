//! What the benches share: the flagship as a job, processor time, and months of a market that look like the flagship's.

#![allow(dead_code)]

use std::path::Path;
use std::time::Duration;

use loophole::economics::demand::DemandCurve;
use loophole::economics::market::Market;
use loophole::engine::job::Job;
use loophole::math::{exp, exp_all, normal_quantile, normal_quantiles};
use loophole::random::stream::StreamKey;
use loophole::scenario::{self, Scenario};

/// The flagship with `key=value` changes.
pub fn flagship(sets: &[&str]) -> Scenario {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/close-the-door.toml");
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    match scenario::load(&file, &[], &sets, scenario::Options::default()) {
        Ok(loaded) => loaded.scenario,
        Err(problems) => panic!("the flagship with {sets:?}:\n{problems}"),
    }
}

/// The flagship's baseline and headline arm.
pub fn two_arms(sets: &[&str]) -> Job {
    let mut job = flagship(sets).job();
    let headline = job.headline().expect("it has a headline arm");
    let kept = [job.baseline(), headline];
    job.arms = kept.map(|arm| job.arms[arm].clone()).to_vec();
    job
}

/// Processor time of this thread so far; the wall's clock where the system does not say.
#[cfg(target_os = "linux")]
pub fn thread_time() -> Duration {
    told(rustix::time::ClockId::ThreadCPUTime)
}

/// Processor time of this process and of the children it waited for, these in ticks of 10 ms; the wall's clock where the system
/// does not say.
#[cfg(target_os = "linux")]
pub fn process_time() -> Duration {
    let told_of_all = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = told_of_all.rsplit(") ").next().unwrap_or_default().split(' ').skip(13).take(2);
    let ticks: u64 = fields.map_while(|field| field.parse::<u64>().ok()).sum();
    told(rustix::time::ClockId::ProcessCPUTime) + Duration::from_millis(10 * ticks)
}

#[cfg(target_os = "linux")]
fn told(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(target_os = "linux"))]
pub fn thread_time() -> Duration {
    wall()
}

#[cfg(not(target_os = "linux"))]
pub fn process_time() -> Duration {
    wall()
}

#[cfg(not(target_os = "linux"))]
fn wall() -> Duration {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed()
}

/// Largest memory of this process so far, MiB.
pub fn peak_mib() -> f64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.map_or(f64::NAN, |kib| kib / 1024.0)
}

/// Ten series of 60 months: what any simulator of a path must draw.
pub struct Series(Vec<StreamKey>);

impl Series {
    pub fn ten() -> Series {
        Series((0..10).map(|i| StreamKey::new(1, &format!("series {i}"))).collect())
    }

    /// Draws them on a path as exponentials of normals, and adds them up.
    pub fn draw(&self, path: u64) -> f64 {
        let mut columns = [0.0; 600];
        for (key, column) in self.0.iter().zip(columns.chunks_exact_mut(60)) {
            key.uniforms(path, 0, column);
        }
        normal_quantiles(&mut columns);
        columns.iter_mut().for_each(|z| *z *= 0.1);
        exp_all(&mut columns);
        columns.iter().sum()
    }
}

/// H100e-hours an hour of each of six chips does of each workload.
const CHIPS: [[f64; 8]; 6] = [
    [1.0, 1.0, 1.0, 0.9, 1.1, 1.0, 0.8, 1.2],
    [2.3, 2.6, 2.6, 2.0, 2.5, 2.4, 2.2, 2.7],
    [0.3, 0.5, 0.5, 0.4, 0.3, 0.6, 0.5, 0.4],
    [0.6, 0.7, 0.7, 0.6, 0.5, 0.8, 0.7, 0.6],
    [0.25, 0.9, 0.9, 0.8, 0.3, 0.7, 0.9, 0.5],
    [0.5, 0.4, 0.4, 0.5, 0.6, 0.3, 0.4, 0.5],
];

/// Months of one lab's market: tranches of six chips, whose capacities, costs and plans move a little every month.
#[derive(Clone)]
pub struct Months {
    pub months: Vec<Month>,
}

/// A month's market that owns its numbers.
#[derive(Clone)]
pub struct Month {
    pub capacity: Vec<f64>,
    pub cost: Vec<f64>,
    pub rate: Vec<f64>,
    pub demand: Vec<DemandCurve>,
}

impl Month {
    pub fn market(&self) -> Market<'_> {
        Market { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand: &self.demand }
    }
}

/// `n` months of a market with `tranches` and `workloads`; the same as in `peers/month.py` but for the draws.
pub fn months(n: usize, tranches: usize, workloads: usize) -> Vec<Month> {
    let normal = |name: &str, t: usize, i: usize| {
        normal_quantile(StreamKey::new(1, name).uniform(0, t as u32, i as u32))
    };
    let walk = |name: &str, t: usize, i: usize, sd: f64| {
        exp((0..=t).map(|s| sd * normal(name, s, i)).sum::<f64>() / ((t + 1) as f64).sqrt())
    };
    (0..n)
        .map(|t| Month {
            capacity: (0..tranches)
                .map(|i| 10.0 * (1 + i % 4) as f64 * walk("capacity", t, i, 0.2))
                .collect(),
            cost: (0..tranches).map(|i| 0.2 * (1 + i % 7) as f64 * walk("cost", t, i, 0.2)).collect(),
            rate: (0..tranches).flat_map(|i| CHIPS[i % 6][..workloads].to_vec()).collect(),
            demand: (0..workloads)
                .map(|w| DemandCurve {
                    planned_use: 25.0 * tranches as f64 / workloads as f64 * walk("plan", t, w, 0.2),
                    elasticity: [0.6, 0.8, 1.0][w % 3],
                    reference_price: 2.0,
                    choke_price: 20.0,
                    saturation: 2.0,
                })
                .collect(),
        })
        .collect()
}
