//! What the command line accepts. clap lives here and nowhere else.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use loophole::scenario::registry::SIZES;

/// What closing the overseas-rental door does to the cost of compute for Chinese AI labs.
#[derive(Debug, Parser)]
#[command(name = "loophole", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Plain output: no colour, no progress bar.
    #[arg(long, global = true)]
    pub plain: bool,
    /// Widest instructions of x86-64 to use, of those the processor has [default: avx512]; the results do not depend on it
    #[arg(long, global = true, value_name = "NAME")]
    pub instructions: Option<Widest>,
}

/// Instructions by name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Widest {
    /// What every machine has
    Baseline,
    /// AVX2
    Avx2,
    /// AVX-512
    Avx512,
}

/// As in a scenario.
const MAX_PATHS: u64 = 100_000_000;
/// As in a scenario: TOML's integers are of 64 bits with a sign.
const MAX_SEED: u64 = i64::MAX as u64;

const EXIT_CODES: &str = "Exit codes:
  0    done
  1    the scenario has errors, a run failed, or a pin does not hold
  2    the command line is wrong
  3    results could not be written
  130  interrupted; what was done is in a folder marked incomplete

NO_COLOR turns colour off.";

/// Commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate all arms of a scenario and print what each costs
    Run(RunArgs),
    /// Simulate and print the effect of each arm against the baseline
    Compare(CompareArgs),
    /// Run again what a manifest records, and prove that the results are the same or say what differs
    #[command(after_help = REPLAY_HELP)]
    Replay(ReplayArgs),
    /// Say which inputs of two scenarios differ, and what each edit does to the results
    #[command(after_help = DIFF_HELP)]
    Diff(DiffArgs),
    /// Report every problem of scenario files at once
    Check(CheckArgs),
    /// Check that results are still what scenarios' pins say, and tell what moved from noise
    #[command(after_help = TEST_HELP)]
    Test(TestArgs),
    /// Print the resolved scenario with the origin and source of each value
    Show(ShowArgs),
    /// Print how the cost of an H100e-hour builds up
    Explain(ExplainArgs),
    /// Print what is fitted to history, how sure the fits are, and how they would have forecast
    #[command(after_help = FIT_HELP)]
    Fit(FitArgs),
}

const FIT_HELP: &str = "Forecasts are made from each past date with enough observations for a fit, on what was known by then, and scored on what came after;
docs/scenario.md says how, under *Histories*.

Examples:
  loophole fit scenarios/every-form.toml
  loophole fit scenarios/every-form.toml channels.hired.price_usd_per_chip_hour --json

Exit codes:
  0    done
  1    the scenario has errors
  2    the command line is wrong, or no history is fitted under the key";

const REPLAY_HELP: &str = "A manifest holds the text of every file, so the scenario's files are not needed. Results are compared by digest; where
one differs and the recorded file still lies beside the manifest, the number that moved most is named.

Exit codes:
  0    every result is the same, bit by bit
  1    a result differs, a recorded file beside the manifest was changed, or the manifest is damaged
  2    the command line is wrong
  3    results could not be written";

const TEST_HELP: &str = "A pin is an [[expect]] entry of a scenario, or of NAME.expect.toml beside NAME.toml; docs/pins.md says how to write one.

Examples:
  loophole test                                            all scenarios below scenarios/
  loophole test scenarios/close-the-door.toml --filter lost
  loophole test --junit pins.xml --json > pins.json
  loophole test mine.toml --set settings.months=48         which pins would a change move?
  loophole test mine.toml --bless --why \"H200 rents of December\"

Exit codes:
  0    every pin holds, or was blessed
  1    a pin does not hold, or a scenario has errors
  2    the command line is wrong
  3    a file could not be written";

const DIFF_HELP: &str = "Both are simulated on the seed, paths, months and sampling of A, so that what differs is the edits' doing.
docs/diff.md says what is attributed, and how.

Examples:
  loophole diff scenarios/base-2026q4.toml mine.toml
  loophole diff scenarios/close-the-door.toml my-overlay.toml       an overlay is laid over A
  loophole diff scenarios/close-the-door.toml --set rules.linear.wind_down_days=90 --set labs.all.hedge_share_fraction=0.5
  loophole diff output/last-quarter output/close-the-door           saved results, by the inputs they hold
  loophole diff old.toml new.toml --dry-run --exit-code             only: do the inputs differ?

Exit codes:
  0    done
  1    a scenario has errors, or a run failed; with --exit-code: assumptions or settings differ
  2    the command line is wrong; with --exit-code also: a scenario has errors, or a run failed
  3    results could not be written
  130  interrupted; nothing was written";

/// `loophole diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// First scenario: a file, or saved results (their folder or its manifest.json)
    #[arg(value_name = "A")]
    pub first: PathBuf,
    /// Second scenario: the same, or an overlay to lay over A [default: A, changed by --with and --set]
    #[arg(value_name = "B", required_unless_present_any = ["overlays", "sets"])]
    pub second: Option<PathBuf>,
    /// How B is changed.
    #[command(flatten)]
    pub scenario: OnSecondArgs,
    /// Paths to draw [default: A's]
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1, MAX_PATHS))]
    pub paths: Option<u64>,
    /// Seed of every random stream [default: A's]
    #[arg(long, allow_negative_numbers = true, value_parser = whole(0, MAX_SEED))]
    pub seed: Option<u64>,
    /// Threads [default: all cores]; the results do not depend on it
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1, 1024))]
    pub threads: Option<u64>,
    /// Folder to write to [default: output/diff-B-against-A]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Refuse runs that would take more memory than this, such as 512MiB or 32GiB
    #[arg(long, value_name = "SIZE", default_value = "8GiB", value_parser = size)]
    pub max_memory: u64,
    /// Print the comparison as JSON instead of tables and sentences
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Print which inputs differ and what would be simulated, and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Exit with 1 if assumptions or settings differ, and with 2 on errors
    #[arg(long)]
    pub exit_code: bool,
}

/// What is laid on the second scenario.
#[derive(Clone, Debug, Args)]
pub struct OnSecondArgs {
    /// Lay another file over B; may be repeated
    #[arg(long = "with", value_name = "FILE")]
    pub overlays: Vec<PathBuf>,
    /// Replace one value in B, such as regions.china_west.electricity_usd_per_kwh=0.05; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = change)]
    pub sets: Vec<String>,
    /// Let either scenario name files outside its own folder
    #[arg(long)]
    pub allow_outside: bool,
}

impl OnSecondArgs {
    /// As the library takes them.
    pub fn options(&self) -> loophole::scenario::Options {
        loophole::scenario::Options {
            strict: false,
            texts: loophole::scenario::texts::Texts::disk(self.allow_outside),
        }
    }
}

/// How a scenario is put together.
#[derive(Clone, Debug, Args)]
pub struct ScenarioArgs {
    /// Lay another file over the scenario; may be repeated
    #[arg(long = "with", value_name = "FILE")]
    pub overlays: Vec<PathBuf>,
    /// Replace one value, such as regions.china_west.electricity_usd_per_kwh=0.05; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = change)]
    pub sets: Vec<String>,
    /// Let the scenario name files outside its own folder
    #[arg(long)]
    pub allow_outside: bool,
}

impl ScenarioArgs {
    /// As the library takes them.
    pub fn options(&self, strict: bool) -> loophole::scenario::Options {
        loophole::scenario::Options {
            strict,
            texts: loophole::scenario::texts::Texts::disk(self.allow_outside),
        }
    }
}

/// How a job is run and where results go.
#[derive(Clone, Debug, Args)]
pub struct JobArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Paths to draw [default: the scenario's]
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1, MAX_PATHS))]
    pub paths: Option<u64>,
    /// Seed of every random stream [default: the scenario's]
    #[arg(long, allow_negative_numbers = true, value_parser = whole(0, MAX_SEED))]
    pub seed: Option<u64>,
    /// Threads [default: all cores]; the results do not depend on it
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1, 1024))]
    pub threads: Option<u64>,
    /// Folder to write to [default: output/<scenario>]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Sizes to draw figures in, pixels, of which a PNG has twice as many each way: note 1200×800, wide 1600×900, column 800×900, square 1080×1080 [default: the scenario's, else note]
    #[arg(long = "size", value_name = "SIZE,…", value_delimiter = ',', value_parser = SIZES)]
    pub sizes: Vec<String>,
    /// Also write every scalar of every path and arm; and the tables of months and paths in Parquet
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    pub save: Vec<Save>,
    /// Write a checkpoint this often, such as every 500ms, 30s or 5m, beside the folder of results
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    pub checkpoint_every: Duration,
    /// Continue an interrupted run of the same files and flags from its last checkpoint
    #[arg(long)]
    pub resume: bool,
    /// Refuse a run that would take more memory than this, such as 512MiB or 32GiB
    #[arg(long, value_name = "SIZE", default_value = "8GiB", value_parser = size)]
    pub max_memory: u64,
    /// Print the summary as JSON instead of a table
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
    /// Say what would be run and written, and stop
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// A change by its form.
fn change(text: &str) -> Result<String, String> {
    if text.contains('=') {
        Ok(text.into())
    } else {
        Err("a change is written key=value, such as settings.paths=1000".into())
    }
}

/// A whole number in a range.
fn whole(low: u64, high: u64) -> impl Fn(&str) -> Result<u64, String> + Clone {
    move |text| match text.parse() {
        Ok(number) if (low..=high).contains(&number) => Ok(number),
        _ => Err(format!("allowed: a whole number from {low} to {high}")),
    }
}

/// A time such as 500ms, 30s, 5m or 1h.
fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    let seconds = match &text[digits.len()..] {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        "" => return Err("a time is written with its unit: 500ms, 30s, 5m or 1h".into()),
        unit => return Err(format!("{unit:?} is no unit of time: ms, s, m or h")),
    };
    let number: f64 = digits.parse().map_err(|_| format!("{digits:?} is not a number"))?;
    match Duration::try_from_secs_f64(number * seconds) {
        Ok(time) if time >= Duration::from_millis(1) => Ok(time),
        _ => Err("at least 1ms".into()),
    }
}

/// A size such as 512MiB, 8GiB or 8GB.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|sign: char| sign.is_ascii_alphabetic());
    let unit: u64 = match &text[digits.len()..] {
        "B" => 1,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        "" => return Err("a size is written with its unit: 512MiB, 8GiB or 8GB".into()),
        other => return Err(format!("{other:?} is no unit of size: MiB, GiB, MB or GB")),
    };
    let number: u64 = digits.parse().map_err(|_| format!("{digits:?} is not a whole number"))?;
    number.checked_mul(unit).filter(|size| *size > 0).ok_or_else(|| "out of range".into())
}

/// What `--save` keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Save {
    /// One row per path and arm of every scalar
    Paths,
    /// The same, and every monthly number, in Parquet
    Parquet,
}

/// `loophole run`
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Scenario file
    pub file: PathBuf,
    #[command(flatten)]
    pub job: JobArgs,
}

/// `loophole compare`
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Scenario file; with two files, the second's headline arm is compared with the first's baseline
    #[arg(num_args = 1..=2, required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Arms to compare, the first being the baseline if it is not marked in the file
    #[arg(long, value_delimiter = ',', value_name = "ARM,…")]
    pub arms: Vec<String>,
    #[command(flatten)]
    pub job: JobArgs,
}

/// `loophole replay`
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// A manifest.json, or the folder of results it lies in
    pub manifest: PathBuf,
    /// Also write the results made again to this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Threads [default: all cores]; the results do not depend on it
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1, 1024))]
    pub threads: Option<u64>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub quiet: bool,
}

/// `loophole check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenario files; the pins beside them are checked too
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Warnings, such as a number without a source, count as errors
    #[arg(long)]
    pub strict: bool,
    /// Print nothing if all is well
    #[arg(short, long)]
    pub quiet: bool,
}

/// `loophole test`
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Scenarios, or folders to search for scenarios with pins
    #[arg(default_value = "scenarios", value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only pins with this text in `file: name`
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Write values that moved, and values not pinned yet, into their files
    #[arg(long, requires = "why", conflicts_with_all = ["overlays", "sets", "run_paths", "seed"])]
    pub bless: bool,
    /// Why the values move; recorded beside them
    #[arg(long, value_name = "REASON", requires = "bless", value_parser = reason)]
    pub why: Option<String>,
    /// Write the report as JUnit XML too
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Print only pins that do not hold
    #[arg(short, long)]
    pub quiet: bool,
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Paths of every run [default: the pins']
    #[arg(long = "paths", id = "run_paths", value_name = "PATHS", allow_negative_numbers = true, value_parser = whole(2, MAX_PATHS))]
    pub run_paths: Option<u64>,
    /// Seed of every run [default: the pins']
    #[arg(long, allow_negative_numbers = true, value_parser = whole(0, MAX_SEED))]
    pub seed: Option<u64>,
    /// Threads [default: all cores]; the results do not depend on it
    #[arg(long, allow_negative_numbers = true, value_parser = whole(1, 1024))]
    pub threads: Option<u64>,
}

/// A reason worth recording: one line with a word in it.
fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    if !text.chars().any(char::is_alphanumeric) {
        return Err("say in words why the values move".into());
    }
    if text.chars().any(char::is_control) {
        return Err("keep it to one line".into());
    }
    Ok(text.to_string())
}

/// `loophole show`
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Scenario file
    pub file: PathBuf,
    /// Key, or the beginning of keys
    pub key: Option<String>,
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `loophole fit`
#[derive(Debug, Args)]
pub struct FitArgs {
    /// Scenario file
    pub file: PathBuf,
    /// Key of a quantity with a history [default: all of them]
    pub key: Option<String>,
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `loophole explain`
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Scenario file
    pub file: PathBuf,
    /// Channel
    #[arg(long)]
    pub channel: String,
    /// Month, YYYY-MM
    #[arg(long)]
    pub month: String,
    /// Path to explain [default: the central path, every draw at its median]
    #[arg(long)]
    pub path: Option<u64>,
    /// Arm [default: the baseline]
    #[arg(long)]
    pub arm: Option<String>,
    #[command(flatten)]
    pub scenario: ScenarioArgs,
}
