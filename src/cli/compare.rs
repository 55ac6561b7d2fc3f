//! `loophole run` and `loophole compare`: simulate, print, write.

use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use loophole::analysis::compare::{Effects, effects};
use loophole::analysis::summary::summarise_levels;
use loophole::engine::executor::{Checkpoint, Options, paired, simulate_from};
use loophole::engine::job::{Arm, Job};
use loophole::engine::memory::Memory;
use loophole::engine::outcome::Outcome;
use loophole::engine::parallel;
use loophole::engine::progress::Progress;
use loophole::export::folder::{Folder, writable};
use loophole::export::manifest::{Command, FORMAT, InputFile, Manifest, Program, Request};
use loophole::export::report::{self, About, Stated};
use loophole::export::tables;
use loophole::numbers::{count, counted};
use loophole::scenario::diagnostic::{Diagnostic, Diagnostics};
use loophole::scenario::{self, Scenario};

use super::args::{CompareArgs, JobArgs, RunArgs, Save};
use super::checkpoint::Keeper;
use super::terminal::Terminal;
use super::{Exit, earlier, progress};

/// Set by Ctrl-C.
pub(super) static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Lets Ctrl-C stop a run after the blocks at work.
pub(super) fn catch_interrupts(terminal: &Terminal) {
    // A second run of one command has its handler already.
    match ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)) {
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => {}
        Err(_) => terminal.remark("Ctrl-C cannot be caught here; it will end the run without results"),
    }
}

/// `loophole run FILE`
pub fn run(terminal: &Terminal, args: &RunArgs) -> Exit {
    let request = request(Command::Run, std::slice::from_ref(&args.file), &[], &args.job);
    execute(terminal, request, &args.job)
}

/// `loophole compare FILE [FILE] [--arms a,b]`
pub fn compare(terminal: &Terminal, args: &CompareArgs) -> Exit {
    let request = request(Command::Compare, &args.files, &args.arms, &args.job);
    execute(terminal, request, &args.job)
}

/// What a manifest keeps of a command line.
fn request(command: Command, files: &[PathBuf], arms: &[String], args: &JobArgs) -> Request {
    let names = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect();
    Request {
        command,
        scenarios: names(files),
        with: names(&args.scenario.overlays),
        set: args.scenario.sets.clone(),
        arms: arms.to_vec(),
        paths: args.paths,
        seed: args.seed,
        sizes: args.sizes.clone(),
        save_paths: args.save.contains(&Save::Paths),
        save_parquet: args.save.contains(&Save::Parquet),
    }
}

fn execute(terminal: &Terminal, request: Request, args: &JobArgs) -> Exit {
    let task = match Task::of(terminal, request, &args.scenario.options(false)) {
        Ok(task) => task,
        Err(exit) => return exit,
    };
    let out = args.out.clone().unwrap_or_else(|| Path::new("output").join(&task.name));
    let memory = Memory::of(&task.job, thread_count(args.threads));
    if let Err(problem) = fits(memory, &task.job, args.max_memory) {
        terminal.error(&problem);
        return Exit::Failed;
    }
    if let Some(warning) = task.unset_signs() {
        terminal.remark(&warning);
    }
    let planned = task.planned();
    if !args.quiet {
        earlier::point_out(terminal, &out, &planned);
    }
    if args.dry_run {
        terminal.print(&if args.json { task.plan_json(&out) } else { task.plan(&out) });
    }
    // Before the hours of work whose results would have no place.
    if let Err(error) = writable(&out) {
        terminal.error(&error.to_string());
        return Exit::Unwritten;
    }
    if args.dry_run {
        return Exit::Done;
    }
    let checkpoint = Keeper::new(terminal, &out, args.checkpoint_every, planned.clone());
    let from = match checkpoint.find(args.resume) {
        Ok(from) => from,
        Err(problem) => {
            terminal.error(&problem);
            return Exit::Failed;
        }
    };
    let how = How { threads: args.threads, quiet: args.quiet, checkpoint: Some(&checkpoint) };
    let outcome = match task.simulate(terminal, how, from) {
        // The process ends with it: to free its histograms one by one would only make the reader wait.
        Ok(outcome) => ManuallyDrop::new(outcome),
        Err(exit) => return exit,
    };
    let effects = effects(&outcome);
    // Before figures are drawn, so that there is something to read; if it cannot be written, results are kept all the same.
    let printed = match args.json || args.quiet {
        true => Ok(()),
        false => terminal.try_print(&task.words(&outcome, &effects)),
    };
    let whole = out;
    let out = if outcome.incomplete { earlier::incomplete(&whole) } else { whole.clone() };
    if outcome.incomplete && !args.quiet {
        earlier::point_out(terminal, &out, &planned);
    }
    let folder = task.folder(&outcome, &effects, args.threads);
    if !args.quiet {
        for figure in task.undrawn(&folder) {
            terminal.remark(&format!("{figure}: not drawn, since this run has not all that it shows"));
        }
    }
    if let Err(error) = folder.write(&out) {
        terminal.error(&error.to_string());
        checkpoint.point_out();
        return Exit::Unwritten;
    }
    if !outcome.incomplete {
        checkpoint.remove();
        earlier::remove_incomplete(terminal, &whole, &planned);
    }
    if !args.quiet {
        terminal.remark(&format!("written to {}", out.display()));
    }
    terminal.insist(printed);
    if args.json {
        let levels = summarise_levels(&outcome, thread_count(args.threads));
        terminal.print(&format!("{:#}\n", tables::summary_json(&outcome, &levels, &effects)));
    }
    if outcome.incomplete {
        let (done, all) = (outcome.count, task.job.paths);
        terminal.error(&format!(
            "interrupted after {done} of {all} paths\n  hint: `--resume` continues from there"
        ));
        return Exit::Interrupted;
    }
    Exit::Done
}

/// Keeps the arms named, in that order.
fn choose_arms(job: &mut Job, names: &[String]) -> Result<(), String> {
    if names.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = job.arms.iter().map(|arm| arm.id.clone()).collect();
    let mut chosen: Vec<Arm> = Vec::new();
    for name in names {
        if chosen.iter().any(|arm| arm.id == *name) {
            return Err(format!("--arms: {name:?} is named twice; an arm is compared with others, once"));
        }
        let arm = job.arms.iter().find(|arm| arm.id == *name);
        let arm = arm.ok_or_else(|| format!("--arms: no arm {name:?}; arms: {}", known.join(", ")))?;
        chosen.push(arm.clone());
    }
    if !chosen.iter().any(|arm| arm.baseline) {
        chosen[0] = Arm { baseline: true, headline: false, ..chosen[0].clone() };
    }
    job.arms = chosen;
    Ok(())
}

fn stem(name: &str) -> String {
    Path::new(name).file_stem().map_or("scenario".to_string(), |stem| stem.to_string_lossy().into_owned())
}

/// Whether the memory of a run of a job, or of several like it, stays below a limit.
pub(super) fn fits(memory: Memory, job: &Job, limit: u64) -> Result<(), String> {
    let mib = |bytes: u64| count(bytes >> 20);
    if memory.total() <= limit {
        return Ok(());
    }
    Err(format!(
        "this would take about {} MiB of memory, allowed are {}: {} for the numbers of {} paths in {} arms, {} for what is kept of \
         every month\n  hint: take fewer paths, arms, months or threads, or allow more with --max-memory",
        mib(memory.total()),
        mib(limit),
        mib(memory.scalars),
        count(job.paths as u64),
        job.arms.len(),
        mib(memory.cells.saturating_add(memory.rows)),
    ))
}

/// How a task is simulated; its results do not depend on it.
#[derive(Clone, Copy)]
pub(super) struct How<'a> {
    /// Threads; none: all cores.
    pub threads: Option<u64>,
    /// No progress bar.
    pub quiet: bool,
    /// Where what is done is set down.
    pub checkpoint: Option<&'a Keeper<'a>>,
}

/// A job with what is wanted of it.
pub(super) struct Task {
    name: String,
    /// Titles of the arms that each of two scenarios lends.
    lent: Vec<String>,
    /// What was warned of.
    warnings: Vec<String>,
    pub(super) job: Job,
    pub(super) scenarios: Vec<Scenario>,
    pub(super) request: Request,
}

impl Task {
    /// What was asked for, made ready; what is wrong is told.
    pub(super) fn of(
        terminal: &Terminal,
        request: Request,
        options: &scenario::Options,
    ) -> Result<Task, Exit> {
        let overlays: Vec<PathBuf> = request.with.iter().map(PathBuf::from).collect();
        let load = |name: &String| {
            let loaded = scenario::load(Path::new(name), &overlays, &request.set, options.clone());
            let loaded = loaded.map_err(|diagnostics| {
                terminal.diagnostics(&diagnostics);
                Exit::Failed
            })?;
            Ok((loaded.scenario, loaded.warnings.pressing()))
        };
        let loaded = request.scenarios.iter().map(load).collect::<Result<Vec<_>, Exit>>()?;
        let (scenarios, mut pressing): (Vec<Scenario>, Vec<Diagnostics>) = loaded.into_iter().unzip();
        if let [first, second] = pressing.as_mut_slice() {
            *second = second.without(first);
        }
        pressing.iter().for_each(|pressing| terminal.diagnostics(pressing));
        let warnings = pressing.iter().flat_map(|pressing| &pressing.list).map(Diagnostic::line).collect();
        let fail = |problem: &str| {
            terminal.error(problem);
            Exit::Misused
        };
        let (mut job, name) = match scenarios.as_slice() {
            [first] => (first.job(), stem(&request.scenarios[0])),
            [first, second] => {
                let [ours, theirs] = [0, 1].map(|at| stem(&request.scenarios[at]));
                (first.job_against(second), format!("{theirs}-against-{ours}"))
            }
            _ => return Err(fail("one scenario or two can be run")),
        };
        let lent: Vec<String> = match scenarios.len() {
            2 => job.arms.iter().map(|arm| arm.title.clone()).collect(),
            _ => Vec::new(),
        };
        if let Err(problem) = paired(&job) {
            terminal.error(&problem.to_string());
            return Err(Exit::Failed);
        }
        choose_arms(&mut job, &request.arms).map_err(|problem| fail(&problem))?;
        if request.save_parquet && !cfg!(feature = "parquet") {
            return Err(fail("this build writes no Parquet; build it with `--features parquet`"));
        }
        if request.command == Command::Compare && job.arms.len() < 2 {
            return Err(fail(
                "there is one arm, and nothing to compare it with; add an arm, name a second file, or use `loophole run`",
            ));
        }
        if let Some(paths) = request.paths {
            job.paths = paths as usize;
        }
        if let Some(seed) = request.seed {
            job.seed = seed;
        }
        if (request.save_paths || request.save_parquet) && !job.is_exact() {
            return Err(fail(&format!(
                "--save keeps every path, and of more than {} paths not every one is kept; take fewer paths, or leave it out",
                count(job.exact_paths as u64)
            )));
        }
        Ok(Task { name, lent, warnings, job, scenarios, request })
    }

    /// Simulates with a progress bar, until done or interrupted; what fails is told.
    pub(super) fn simulate(
        &self,
        terminal: &Terminal,
        how: How<'_>,
        from: Option<Progress>,
    ) -> Result<Outcome, Exit> {
        catch_interrupts(terminal);
        let bar = progress::bar(self.job.paths, terminal.live() && !how.quiet);
        bar.set_position(from.as_ref().map_or(0, |from| from.paths) as u64);
        bar.reset_eta();
        let threads = thread_count(how.threads);
        let told = |paths: usize| bar.set_position(paths as u64);
        let due = || how.checkpoint.is_some_and(Keeper::due);
        let keep = |progress: &Progress| how.checkpoint.into_iter().for_each(|keeper| keeper.keep(progress));
        let options = Options {
            threads,
            progress: Some(&told),
            cancel: Some(&INTERRUPTED),
            checkpoint: how.checkpoint.map(|_| Checkpoint { due: &due, keep: &keep }),
        };
        let outcome = simulate_from(&self.job, &options, from);
        bar.finish_and_clear();
        outcome.map_err(|error| {
            terminal.error(&error.to_string());
            if INTERRUPTED.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Failed }
        })
    }

    pub(super) fn title(&self) -> String {
        self.scenarios.iter().map(Scenario::title).collect::<Vec<_>>().join(" | ")
    }

    pub(super) fn about(&self) -> About {
        let mut without_source: Vec<String> =
            self.scenarios.iter().flat_map(Scenario::without_source).collect();
        if self.scenarios.len() > 1 {
            without_source.sort();
            without_source.dedup();
        }
        let stated = |(at, scenario): (usize, &Scenario)| Stated {
            name: stem(&self.request.scenarios[at]),
            as_of: scenario.as_of().unwrap_or_default(),
            note: scenario.note().unwrap_or_default().to_string(),
            arm: self.lent.get(at).cloned().unwrap_or_default(),
        };
        About {
            title: self.title(),
            scenarios: self.scenarios.iter().enumerate().map(stated).collect(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            without_source,
            warnings: self.warnings.clone(),
        }
    }

    fn words(&self, outcome: &Outcome, effects: &[Effects]) -> String {
        let about = self.about();
        let stated = if self.scenarios.len() == 1 { String::new() } else { about.stated("") + "\n" };
        let mut text = format!(
            "{}\n{stated}{} to {}, {}, seed {}{}\n",
            about.title,
            outcome.start,
            outcome.start.plus(outcome.months as i32 - 1),
            counted(outcome.count as u64, "path"),
            outcome.seed,
            if outcome.incomplete { "; incomplete: the run was interrupted" } else { "" }
        );
        if let Some(calibration) = &outcome.calibration {
            text.push_str(&report::calibration_line(outcome, calibration));
        }
        text.push('\n');
        match self.request.command {
            Command::Run => text.push_str(&report::level_table(outcome)),
            Command::Compare | Command::Diff => {
                for effect in effects.iter().filter(|effect| Some(effect.arm) == outcome.headline) {
                    text.push_str(&report::effect_table(outcome, effect));
                    text.push('\n');
                }
                if effects.len() > 1 {
                    text.push_str("All rule designs\n");
                    text.push_str(&report::arms_table(outcome, effects));
                    text.push('\n');
                }
                text.push_str(&self.picture(outcome, effects));
            }
        }
        text
    }

    /// Sizes of figures: the flag's, else the scenario's.
    pub(super) fn sizes(&self) -> Vec<&str> {
        let asked: Vec<&str> = self.request.sizes.iter().map(String::as_str).collect();
        if asked.is_empty() { self.scenarios[0].sizes() } else { asked }
    }

    /// The manifest before anything is done.
    fn planned(&self) -> Manifest {
        let manifest = self.manifest(0, &Folder::default());
        Manifest { request: manifest.resolved(), ..manifest }
    }

    pub(super) fn manifest(&self, paths_done: usize, folder: &Folder) -> Manifest {
        let mut files: Vec<InputFile> = Vec::new();
        for file in self.scenarios.iter().flat_map(Scenario::files) {
            if !files.iter().any(|other| other.name == file.name) {
                files.push(InputFile::new(file.name, file.text.to_string()));
            }
        }
        Manifest {
            format: FORMAT,
            program: Program::this(),
            scenario: self.name.clone(),
            request: self.request.clone(),
            seed: self.job.seed,
            paths: self.job.paths,
            paths_done,
            incomplete: paths_done < self.job.paths,
            sampling: self.job.sampling.to_string(),
            arms: self.job.arms.iter().map(|arm| arm.id.clone()).collect(),
            files,
            results: Manifest::digests(folder),
        }
    }

    /// What to say of signs in titles that the charts' font lacks.
    #[cfg(feature = "chart")]
    fn unset_signs(&self) -> Option<String> {
        let scenarios = self.scenarios.iter().map(Scenario::title);
        let arms = self.job.arms.iter();
        let worlds = arms.clone().flat_map(|arm| {
            let channels = arm.world.channels.iter().map(|channel| channel.title.as_str());
            let workloads = arm.world.workloads.iter().map(|workload| workload.title.as_str());
            channels.chain(workloads).chain(arm.world.labs.iter().map(|lab| lab.title.as_str()))
        });
        let titles: String = scenarios.chain(arms.map(|arm| arm.title.as_str())).chain(worlds).collect();
        let lacked = loophole::chart::text::lacking(&titles);
        (!lacked.is_empty()).then(|| {
            let signs: Vec<String> = lacked.iter().take(8).map(|sign| format!("{sign:?}")).collect();
            let more = if lacked.len() > 8 { " and others" } else { "" };
            format!(
                "warning: titles have signs that the font of the charts lacks: {}{more}; pictures show boxes for them\n  hint: give \
                 titles in Latin letters",
                signs.join(", ")
            )
        })
    }

    #[cfg(not(feature = "chart"))]
    fn unset_signs(&self) -> Option<String> {
        None
    }

    /// What would be done, as JSON.
    fn plan_json(&self, out: &Path) -> String {
        let plan = serde_json::json!({
            "scenario": self.name,
            "paths": self.job.paths,
            "months": self.job.arms[0].world.months,
            "start": self.job.arms[0].world.start.to_string(),
            "arms": self.job.arms.iter().map(|arm| arm.id.as_str()).collect::<Vec<_>>(),
            "seed": self.job.seed,
            "sampling": self.job.sampling.to_string(),
            "out": out.display().to_string(),
        });
        format!("{plan:#}\n")
    }

    fn plan(&self, out: &Path) -> String {
        let arms: Vec<&str> = self.job.arms.iter().map(|arm| arm.id.as_str()).collect();
        let world = &self.job.arms[0].world;
        format!(
            "would simulate {} of {} from {} in arms {} with seed {} and write {}\n",
            counted(self.job.paths as u64, "path"),
            counted(world.months as u64, "month"),
            world.start,
            arms.join(", "),
            self.job.seed,
            out.display()
        )
    }
}

/// As many threads as asked for, or as there are cores.
pub(super) fn thread_count(asked: Option<u64>) -> usize {
    asked.map_or_else(parallel::processors, |threads| threads as usize)
}
