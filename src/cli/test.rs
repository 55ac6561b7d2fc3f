//! `loophole test`: runs what pins ask for, and says what holds, what is noise and what moved.
//!
//! A simulation serves every pin of its scenario that has the same changes, paths and seed. Simulations are dealt out to
//! threads, the largest first; each outcome is dropped as soon as its pins have read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loophole::analysis::expect::{Answer, Setting, Status, answers, draws, judge};
use loophole::engine::executor::{Options, simulate};
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::engine::parallel;
use loophole::export::folder::write_file;
use loophole::scenario::expect::bless::{Edit, blessed};
use loophole::scenario::expect::inputs::Record;
use loophole::scenario::expect::{Check, Pin, Pins, Stamp, find, load};
use loophole::scenario::texts::read_text;

use super::args::TestArgs;
use super::pin_report::{Report, Told};
use super::terminal::{Terminal, plural};
use super::{Exit, progress};

/// A scenario with the pins that were chosen.
struct Suite {
    pins: Pins,
    chosen: Vec<usize>,
    record: Record,
}

/// A run of a suite.
struct Task {
    suite: usize,
    run: usize,
    job: Job,
}

/// What a run answered of a pin.
type Found = Result<Vec<Answer>, String>;

/// What each run of each chosen pin answered, by suite, pin and the run's place in the pin.
type Answered = BTreeMap<(usize, usize, usize), Found>;

/// `loophole test [PATH…]`
pub fn test(terminal: &Terminal, args: &TestArgs) -> Exit {
    let files = match find::scenarios(&args.paths) {
        Ok(files) => files,
        Err(problem) => {
            terminal.error(&problem);
            terminal.remark("  hint: docs/pins.md says how to write a pin");
            return Exit::Failed;
        }
    };
    let (suites, unread) = suites(terminal, args, &files);
    if suites.iter().all(|suite| suite.chosen.is_empty()) && unread.is_empty() {
        terminal.error("no pin was chosen");
        let hint = if args.filter.is_some() {
            "--filter matches `file: name`"
        } else {
            "docs/pins.md says how to write a pin"
        };
        terminal.remark(&format!("  hint: {hint}"));
        return Exit::Failed;
    }
    let told = told(terminal, args, &suites);
    let report = Report { told: &told, unread: &unread };
    if args.bless {
        return bless(terminal, args, &suites, &report);
    }
    if let Some(file) = &args.junit
        && let Err(error) = write_file(file, report.junit().as_bytes(), "--junit")
    {
        terminal.error(&error.to_string());
        return Exit::Unwritten;
    }
    terminal.print(&if args.json { report.json() } else { report.words(args.quiet) });
    let holds = told.iter().all(|told| told.verdict.status == Status::Holds);
    if holds && unread.is_empty() { Exit::Done } else { Exit::Failed }
}

/// Loads every scenario; the names of those that have errors beside.
fn suites(terminal: &Terminal, args: &TestArgs, files: &[PathBuf]) -> (Vec<Suite>, Vec<String>) {
    let (mut suites, mut unread) = (Vec::new(), Vec::new());
    for file in files {
        match load(file, &args.scenario.overlays, &args.scenario.sets, args.scenario.options(false)) {
            Ok(mut pins) => {
                for run in &mut pins.runs {
                    run.paths = args.run_paths.map_or(run.paths, |paths| paths as usize);
                    run.seed = args.seed.unwrap_or(run.seed);
                }
                let wanted = |pin: &Pin| {
                    let text = format!("{}: {}", pin.file, pin.name);
                    args.filter.as_ref().is_none_or(|filter| text.contains(filter.as_str()))
                };
                let chosen = (0..pins.list.len()).filter(|at| wanted(&pins.list[*at])).collect();
                let record = Record::of(&pins.scenario);
                suites.push(Suite { pins, chosen, record });
            }
            Err(diagnostics) => {
                terminal.diagnostics(&diagnostics);
                unread.push(file.display().to_string());
            }
        }
    }
    (suites, unread)
}

/// Runs what the chosen pins need and judges them, in the order of the files.
fn told<'a>(terminal: &Terminal, args: &TestArgs, suites: &'a [Suite]) -> Vec<Told<'a>> {
    let mut tasks = Vec::new();
    for (at, suite) in suites.iter().enumerate() {
        let mut runs: Vec<usize> =
            suite.chosen.iter().flat_map(|pin| suite.pins.list[*pin].runs.iter().copied()).collect();
        runs.sort_unstable();
        runs.dedup();
        let task = |run: usize| Task { suite: at, run, job: suite.pins.job(suite.pins.runs[run]) };
        tasks.extend(runs.into_iter().map(task));
    }
    tasks.sort_by_key(|task| std::cmp::Reverse(cost(&task.job)));
    let answered = run_all(terminal, args, suites, &tasks);
    let drawn: BTreeMap<(usize, usize), (String, String)> = tasks
        .iter()
        .map(|task| ((task.suite, task.run), (task.job.sampling.to_string(), draws(&task.job))))
        .collect();
    let mut told = Vec::new();
    for (at, suite) in suites.iter().enumerate() {
        for pin in &suite.chosen {
            let which = &suite.pins.list[*pin];
            let found: Vec<Found> = (0..which.runs.len())
                .map(|place| {
                    answered.get(&(at, *pin, place)).cloned().unwrap_or(Err("it was not run".into()))
                })
                .collect();
            let (sampling, draws) = drawn.get(&(at, which.runs[0])).cloned().unwrap_or_default();
            let setting = Setting {
                version: env!("CARGO_PKG_VERSION").into(),
                platform: platform(),
                sampling,
                draws,
                run: suite.pins.runs[which.runs[0]],
            };
            let verdict = judge(which, &found, &setting);
            let then = suite.pins.record(which);
            let changes = then.map(|then| then.changes(&suite.record));
            told.push(Told {
                suite: at,
                pin: which,
                verdict,
                setting,
                changes,
                scenario: &suite.pins.scenario,
            });
        }
    }
    told
}

fn platform() -> String {
    format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)
}

/// How much work a job is, roughly: months of markets.
fn cost(job: &Job) -> usize {
    let world = &job.arms[0].world;
    job.paths * job.arms.len() * world.months * world.labs.len() * world.channels.len().max(1)
}

fn run_all(terminal: &Terminal, args: &TestArgs, suites: &[Suite], tasks: &[Task]) -> Answered {
    let threads = super::compare::thread_count(args.threads);
    let bar = progress::bar(tasks.iter().map(|task| task.job.paths).sum(), terminal.live() && !args.quiet);
    let answered = parallel::map(tasks, threads, |task| {
        let found = run(&suites[task.suite], task);
        bar.inc(task.job.paths as u64);
        found.into_iter().map(|((pin, place), found)| ((task.suite, pin, place), found)).collect::<Vec<_>>()
    });
    bar.finish_and_clear();
    answered.into_iter().flatten().collect()
}

/// The answers of one run to every chosen pin that needs it, by pin and the run's place in it.
fn run(suite: &Suite, task: &Task) -> Vec<((usize, usize), Found)> {
    let outcome = simulate(&task.job, &Options { threads: 1, ..Options::default() });
    let mut found = Vec::new();
    for pin in &suite.chosen {
        let which = &suite.pins.list[*pin];
        for place in (0..which.runs.len()).filter(|place| which.runs[*place] == task.run) {
            let answer = match &outcome {
                Ok(outcome) => {
                    answers(which, outcome, &|figure, columns| draw(suite, task, outcome, figure, columns))
                }
                Err(error) => Err(error.to_string()),
            };
            found.push(((*pin, place), answer));
        }
    }
    found
}

/// The one number of a figure whose columns are as given.
#[cfg(feature = "chart")]
fn draw(
    suite: &Suite,
    task: &Task,
    outcome: &Outcome,
    figure: &str,
    columns: &[(&'static str, String)],
) -> Result<f64, String> {
    use loophole::scenario::diagnostic::nearest;
    let effects = loophole::analysis::compare::effects(outcome);
    let gallery =
        super::results::gallery(std::slice::from_ref(&suite.pins.scenario), &task.job, outcome, &effects);
    let data =
        gallery.figure(figure).ok_or_else(|| format!("this run cannot fill the figure {figure}"))?.data();
    let mut left: Vec<_> = data.iter().collect();
    for (column, text) in columns {
        let known: Vec<&str> = left.iter().filter_map(|datum| datum.column(column)).collect();
        if !known.contains(&text.as_str()) {
            let near = nearest(text, known.iter().copied());
            let near = near.map_or(String::new(), |near| format!("; the nearest is {near:?}"));
            return Err(format!("{figure}.csv has no row with {column} = {text:?}{near}"));
        }
        left.retain(|datum| datum.column(column) == Some(text));
    }
    match left[..] {
        [datum] if datum.value.is_finite() => Ok(datum.value),
        [datum] => Err(format!("{} is not a finite number", datum.value)),
        _ => Err(format!("{} rows of {figure}.csv are meant; name more of its columns", left.len())),
    }
}

#[cfg(not(feature = "chart"))]
fn draw(_: &Suite, _: &Task, _: &Outcome, figure: &str, _: &[(&'static str, String)]) -> Result<f64, String> {
    Err(format!("this build draws no figures, {figure} among them"))
}

/// Writes the values of pins that moved or have none yet; nothing, if one of the chosen pins fails in another way.
fn bless(terminal: &Terminal, args: &TestArgs, suites: &[Suite], report: &Report<'_>) -> Exit {
    let refused: Vec<&Told<'_>> = report.told.iter().filter(|told| !told.may_be_blessed()).collect();
    for told in &refused {
        terminal.error(&format!("{}: {} {}", told.pin.place, told.pin.name, told.why_not_blessed()));
        terminal.remark(&told.words());
    }
    if !refused.is_empty() || !report.unread.is_empty() {
        terminal.remark("nothing was blessed; --filter chooses the pins to bless");
        return Exit::Failed;
    }
    let mut files: BTreeMap<&str, Vec<&Told<'_>>> = BTreeMap::new();
    for told in report.told.iter().filter(|told| told.verdict.status != Status::Holds) {
        files.entry(&told.pin.file).or_default().push(told);
    }
    if files.is_empty() {
        terminal.print("nothing to bless: every pin holds\n");
        return Exit::Done;
    }
    let why = args.why.clone().unwrap_or_default();
    // Every new text is made before the first is written.
    let mut texts = Vec::new();
    for (file, list) in &files {
        match rewritten(suites, file, list, &why) {
            Ok(text) => texts.push((*file, text)),
            Err(problem) => {
                terminal.error(&format!("{file}: {problem}; nothing was blessed"));
                return Exit::Failed;
            }
        }
    }
    for (file, text) in texts {
        if let Err(error) = write_file(Path::new(file), text.as_bytes(), "") {
            terminal.error(&error.to_string());
            return Exit::Unwritten;
        }
        let list = &files[file];
        let mut words = format!("{file}: {} blessed\n", plural(list.len(), "value"));
        list.iter().for_each(|told| words.push_str(&told.blessing()));
        terminal.print(&words);
    }
    Exit::Done
}

/// The text of a file with new values for some of its pins.
fn rewritten(suites: &[Suite], file: &str, list: &[&Told<'_>], why: &str) -> Result<String, String> {
    let text = read_text(Path::new(file))?;
    let suite = &suites[list[0].suite];
    if suite.pins.text(file) != Some(text.as_str()) {
        return Err("it changed while it was tested".into());
    }
    let name = suite.record.name();
    let edits: Vec<Edit> = list
        .iter()
        .map(|told| {
            let answer = &told.verdict.answers[0];
            let checks = &told.pin.checks;
            let noise = checks.iter().any(|check| matches!(check, Check::Noise(_)));
            Edit {
                index: told.pin.index,
                value: answer.value,
                std_error: answer.std_error.filter(|_| noise),
                digest: checks.contains(&Check::Exact).then(|| answer.digest.clone()),
                stamp: Stamp {
                    why: why.to_string(),
                    version: told.setting.version.clone(),
                    platform: told.setting.platform.clone(),
                    paths: told.setting.run.paths,
                    seed: told.setting.run.seed,
                    sampling: told.setting.sampling.clone(),
                    draws: Some(told.setting.draws.clone()),
                    inputs: Some(name.clone()),
                },
            }
        })
        .collect();
    let records = BTreeMap::from([(name, suite.record.to_text())]);
    blessed(&text, &edits, &records).map_err(|error| error.to_string())
}
