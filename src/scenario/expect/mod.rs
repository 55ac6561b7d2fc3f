//! Pins: what numbers of a scenario's results are expected to be.
//!
//! `[[expect]]` entries stand in the scenario or in `NAME.expect.toml` beside it. [`load`] reads both with the scenario and
//! gives the pins, and the runs that answer them, or every problem at once. What a pin says is in [`Pin`]; whether it
//! holds is judged in `analysis::expect`, what `--bless` writes in [`bless`], the inputs it was taken on in [`inputs`].

pub mod bless;
pub mod find;
pub mod inputs;
mod read;
mod variants;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::diagnostic::{Diagnostic, Diagnostics};
use super::overlay::Loader;
use super::recipe::layers;
use super::{FileKind, Options, Scenario, finish};
use crate::calendar::Month;
use crate::engine::job::Job;
use inputs::Record;

/// The pins of a scenario.
#[derive(Clone, Debug)]
pub struct Pins {
    /// The scenario.
    pub scenario: Scenario,
    /// Its warnings.
    pub warnings: Diagnostics,
    /// The pins, in the order of the files.
    pub list: Vec<Pin>,
    /// The runs that answer them; each serves as many pins as it can.
    pub runs: Vec<Run>,
    /// The scenario as each run needs it: with the changes that its pins ask for.
    pub variants: Vec<Scenario>,
    /// Inputs that values were taken on, by file and name of the record.
    pub records: BTreeMap<(String, String), Record>,
}

/// A simulation that pins ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Index of the scenario in [`Pins::variants`].
    pub variant: usize,
    /// Paths.
    pub paths: usize,
    /// Seed.
    pub seed: u64,
}

/// A pin.
#[derive(Clone, Debug, PartialEq)]
pub struct Pin {
    /// Name in reports.
    pub name: String,
    /// File it stands in.
    pub file: String,
    /// Its number among the entries of that file.
    pub index: usize,
    /// Where it stands: `file:line:column`.
    pub place: String,
    /// The number it speaks of.
    pub what: What,
    /// Index of its run, or of one for each value of `over`.
    pub runs: Vec<usize>,
    /// The value it had.
    pub value: Option<f64>,
    /// That value's standard error; 0 for a value that no run gave.
    pub std_error: f64,
    /// Digest of what an exact pin rests on.
    pub digest: Option<String>,
    /// What must hold.
    pub checks: Vec<Check>,
    /// Where a value comes from that no run gave.
    pub derived: Option<String>,
    /// How the value was taken.
    pub stamp: Option<Stamp>,
}

/// A number of the results.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Of a metric of `summary.csv` or `monthly.csv`.
    Metric {
        /// Id.
        metric: String,
        /// Month of a monthly metric, counted from 0.
        month: Option<usize>,
        /// Arm's id.
        arm: String,
        /// Against the baseline or not.
        measure: Measure,
        /// Over which paths.
        scope: Scope,
        /// What is taken over paths.
        statistic: Statistic,
    },
    /// Of a figure's CSV: the one row whose columns are as given.
    Datum {
        /// Figure.
        figure: String,
        /// Columns and their texts.
        columns: Vec<(&'static str, String)>,
    },
}

impl What {
    /// What is pinned, in words; `start` is month 0.
    pub fn words(&self, start: Month) -> String {
        match self {
            What::Metric { metric, month, arm, measure, scope, statistic } => {
                let month = month.map_or(String::new(), |t| format!(" in {}", start.plus(t as i32)));
                let measure = match measure {
                    Measure::Level => "",
                    Measure::Difference => ", less the baseline's",
                    Measure::Ratio => ", over the baseline's",
                };
                let scope = if *scope == Scope::IfClosed { ", if closed and not reversed" } else { "" };
                format!("{metric}{month} of {arm}{measure}{scope}, {}", statistic.words())
            }
            What::Datum { figure, columns } => {
                let columns: Vec<String> = columns.iter().map(|(_, text)| text.clone()).collect();
                format!("{figure}.csv: {}", columns.join(", "))
            }
        }
    }
}

/// How a metric is compared with the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// It is not.
    Level,
    /// Less the baseline's on the same draws.
    Difference,
    /// Over the baseline's on the same draws.
    Ratio,
}

/// Over which paths a statistic is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All.
    All,
    /// Those on which a rule comes into force and is not undone.
    IfClosed,
}

/// What is taken over paths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// Mean.
    Mean,
    /// Quantile of a probability.
    Quantile(f64),
    /// Share of paths above a threshold.
    Above(f64),
    /// Share of paths below a threshold.
    Below(f64),
}

impl Statistic {
    /// In words.
    pub fn words(self) -> String {
        match self {
            Statistic::Mean => "mean".into(),
            Statistic::Quantile(p) => format!("quantile {p}"),
            Statistic::Above(threshold) => format!("chance above {threshold}"),
            Statistic::Below(threshold) => format!("chance below {threshold}"),
        }
    }
}

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Check {
    /// The same bits on the same platform.
    Exact,
    /// No further from the value than the larger of an absolute distance and a share of the value.
    Tolerance {
        /// Absolute.
        absolute: f64,
        /// Share of the value.
        relative: f64,
    },
    /// Within a number of standard errors of both runs combined.
    Noise(f64),
    /// Within a share of the value, if both runs drew the same.
    SameDraws(f64),
    /// Not below.
    AtLeast(f64),
    /// Not above.
    AtMost(f64),
    /// A sign.
    Sign(Sign),
    /// Never falling (or rising, if descending) over arms.
    Order {
        /// Arms' ids.
        arms: Vec<String>,
        /// Never rising.
        descending: bool,
    },
    /// Moving in one direction over the values of a key.
    Monotone {
        /// Key.
        key: String,
        /// Its values as text.
        values: Vec<String>,
        /// How it must move.
        direction: Direction,
    },
}

/// A sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Above 0.
    Positive,
    /// Below 0.
    Negative,
    /// 0.
    Zero,
    /// 0 or above.
    NotNegative,
    /// 0 or below.
    NotPositive,
}

impl Sign {
    /// Signs by word.
    pub const ALL: [(&'static str, Sign); 5] = [
        ("positive", Sign::Positive),
        ("negative", Sign::Negative),
        ("zero", Sign::Zero),
        ("not_negative", Sign::NotNegative),
        ("not_positive", Sign::NotPositive),
    ];

    /// Whether `x` has it.
    pub fn holds(self, x: f64) -> bool {
        match self {
            Sign::Positive => x > 0.0,
            Sign::Negative => x < 0.0,
            Sign::Zero => x == 0.0,
            Sign::NotNegative => x >= 0.0,
            Sign::NotPositive => x <= 0.0,
        }
    }
}

/// How a number moves from one value of a key to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Up.
    Increasing,
    /// Down.
    Decreasing,
    /// Down or not at all.
    NotIncreasing,
    /// Up or not at all.
    NotDecreasing,
}

impl Direction {
    /// Directions by word.
    pub const ALL: [(&'static str, Direction); 4] = [
        ("increasing", Direction::Increasing),
        ("decreasing", Direction::Decreasing),
        ("not_increasing", Direction::NotIncreasing),
        ("not_decreasing", Direction::NotDecreasing),
    ];

    /// Whether a step from `a` to `b` goes that way.
    pub fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Direction::Increasing => b > a,
            Direction::Decreasing => b < a,
            Direction::NotIncreasing => b <= a,
            Direction::NotDecreasing => b >= a,
        }
    }
}

/// How a value was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Why.
    pub why: String,
    /// Version of the program.
    pub version: String,
    /// Architecture and system.
    pub platform: String,
    /// Paths.
    pub paths: usize,
    /// Seed.
    pub seed: u64,
    /// Sampling scheme.
    pub sampling: String,
    /// Digest of what the run drew.
    pub draws: Option<String>,
    /// Name of the record of its inputs.
    pub inputs: Option<String>,
}

impl Pins {
    /// The job of a run.
    pub fn job(&self, run: Run) -> Job {
        Job { paths: run.paths, seed: run.seed, ..self.variants[run.variant].job() }
    }

    /// The text of a file that pins were read from.
    pub fn text(&self, file: &str) -> Option<&str> {
        self.scenario.files.iter().find(|read| read.name == file).map(|read| read.text.as_ref())
    }

    /// The inputs a pin was taken on, if they were recorded.
    pub fn record(&self, pin: &Pin) -> Option<&Record> {
        let name = pin.stamp.as_ref()?.inputs.clone()?;
        self.records.get(&(pin.file.clone(), name))
    }
}

/// The files of a scenario with pins, given either: `NAME.toml` and `NAME.expect.toml`.
pub fn names(path: &Path) -> (PathBuf, PathBuf) {
    let text = path.to_string_lossy();
    match text.strip_suffix(".expect.toml") {
        Some(stem) => (PathBuf::from(format!("{stem}.toml")), path.to_path_buf()),
        None => (path.to_path_buf(), path.with_extension("expect.toml")),
    }
}

/// Reads the scenario at `path` (or the one that the pins at `path` stand beside) with overlays and changes, and its pins.
///
/// # Errors
/// Every problem of the scenario and of its pins, warnings included.
pub fn load(
    path: &Path,
    overlays: &[PathBuf],
    sets: &[String],
    options: Options,
) -> Result<Pins, Diagnostics> {
    let (main, beside) = names(path);
    let mut loader = Loader::from(options.texts.clone());
    let tree = loader.load(&main, FileKind::Scenario);
    let beside = if beside.exists() { loader.load_pins(&beside) } else { None };
    let loaded = finish(loader, tree, &layers(overlays, sets), options.strict)?;
    let (pins, problems) = read::read(loaded, beside.as_ref());
    if problems.is_empty() {
        return Ok(pins);
    }
    let all = pins.warnings.list.into_iter().chain(problems).collect();
    Err(Diagnostics::new(pins.scenario.files, all))
}

/// What is wrong with the pins that stand in a scenario itself.
pub(super) fn own_problems(scenario: &Scenario) -> Vec<Diagnostic> {
    if scenario.tree.entry("expect").is_none() {
        return Vec::new();
    }
    let loaded = super::Loaded { scenario: scenario.clone(), warnings: Diagnostics::default() };
    read::read(loaded, None).1
}
