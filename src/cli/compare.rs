//! `loophole run` and `loophole compare`: simulate, print, write.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use loophole::analysis::compare::{Effects, effects};
use loophole::engine::executor::{Options, simulate};
use loophole::engine::job::Job;
use loophole::engine::outcome::Outcome;
use loophole::export::folder::{Folder, MANIFEST};
use loophole::export::manifest::{InputFile, Inputs, manifest};
use loophole::export::report::{self, About};
use loophole::export::tables;
use loophole::scenario::Scenario;

use super::args::{CompareArgs, JobArgs, RunArgs, Save};
use super::terminal::Terminal;
use super::{Exit, progress};

/// Set by Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum View {
    /// What each arm costs.
    Levels,
    /// Each arm against the baseline.
    Effects,
}

/// `loophole run FILE`
pub fn run(terminal: &Terminal, args: &RunArgs) -> Exit {
    let Some(loaded) = terminal.load(&args.file, &args.job.scenario, false) else { return Exit::Failed };
    let task = Task {
        name: stem(&args.file),
        job: loaded.scenario.job(),
        scenarios: vec![&loaded.scenario],
        view: View::Levels,
        args: &args.job,
    };
    task.execute(terminal)
}

/// `loophole compare FILE [FILE] [--arms a,b]`
pub fn compare(terminal: &Terminal, args: &CompareArgs) -> Exit {
    let Some(first) = terminal.load(&args.files[0], &args.job.scenario, false) else { return Exit::Failed };
    let second = match args.files.get(1) {
        None => None,
        Some(file) => match terminal.load(file, &args.job.scenario, false) {
            None => return Exit::Failed,
            second => second,
        },
    };
    let mut job = match &second {
        None => first.scenario.job(),
        Some(second) => first.scenario.job_against(&second.scenario),
    };
    if let Err(problem) = choose_arms(&mut job, &args.arms) {
        terminal.error(&problem);
        return Exit::Failed;
    }
    if job.arms.len() < 2 {
        terminal.error("there is one arm, and nothing to compare it with; add an arm, name a second file, or use `loophole run`");
        return Exit::Failed;
    }
    let name = match args.files.get(1) {
        None => stem(&args.files[0]),
        Some(file) => format!("{}-against-{}", stem(file), stem(&args.files[0])),
    };
    let scenarios =
        std::iter::once(&first.scenario).chain(second.as_ref().map(|second| &second.scenario)).collect();
    let task = Task { name, job, scenarios, view: View::Effects, args: &args.job };
    task.execute(terminal)
}

/// Keeps the arms named, in that order.
fn choose_arms(job: &mut Job, names: &[String]) -> Result<(), String> {
    if names.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = job.arms.iter().map(|arm| arm.id.clone()).collect();
    let mut chosen = Vec::new();
    for name in names {
        let arm = job.arms.iter().find(|arm| arm.id == *name);
        let arm = arm.ok_or_else(|| format!("--arms: no arm {name:?}; arms: {}", known.join(", ")))?;
        chosen.push(arm.clone());
    }
    if !chosen.iter().any(|arm| arm.baseline) {
        chosen[0].baseline = true;
    }
    job.arms = chosen;
    Ok(())
}

fn stem(file: &Path) -> String {
    file.file_stem().map_or("scenario".to_string(), |stem| stem.to_string_lossy().into_owned())
}

/// A job with what is wanted of it.
struct Task<'a> {
    name: String,
    job: Job,
    scenarios: Vec<&'a Scenario>,
    view: View,
    args: &'a JobArgs,
}

impl Task<'_> {
    fn execute(mut self, terminal: &Terminal) -> Exit {
        if let Some(paths) = self.args.paths {
            self.job.paths = paths as usize;
        }
        if let Some(seed) = self.args.seed {
            self.job.seed = seed;
        }
        let out = self.args.out.clone().unwrap_or_else(|| Path::new("output").join(&self.name));
        if self.args.dry_run {
            terminal.print(&self.plan(&out));
            return Exit::Done;
        }
        let outcome = match self.simulate(terminal) {
            Ok(outcome) => outcome,
            Err(exit) => return exit,
        };
        let effects = effects(&outcome);
        let out = if outcome.incomplete { incomplete(&out) } else { out };
        if let Err(error) = self.folder(&outcome, &effects).write(&out) {
            terminal.error(&error.to_string());
            return Exit::Unwritten;
        }
        if self.args.json {
            terminal.print(&format!("{:#}\n", tables::summary_json(&outcome, &effects)));
        } else if !self.args.quiet {
            terminal.print(&self.words(&outcome, &effects));
        }
        if !self.args.quiet {
            terminal.remark(&format!("written to {}", out.display()));
        }
        if outcome.incomplete {
            terminal.error(&format!("interrupted after {} of {} paths", outcome.paths.len(), self.job.paths));
            return Exit::Interrupted;
        }
        Exit::Done
    }

    fn simulate(&self, terminal: &Terminal) -> Result<Outcome, Exit> {
        if ctrlc::set_handler(|| INTERRUPTED.store(true, Ordering::Relaxed)).is_err() {
            terminal.remark("Ctrl-C cannot be caught here; it will end the run without results");
        }
        let bar = progress::bar(self.job.paths, terminal.live() && !self.args.quiet);
        let told = |paths: usize| bar.set_position(paths as u64);
        let options = Options { threads: self.threads(), progress: Some(&told), cancel: Some(&INTERRUPTED) };
        let outcome = simulate(&self.job, &options);
        bar.finish_and_clear();
        outcome.map_err(|error| {
            terminal.error(&error.to_string());
            if INTERRUPTED.load(Ordering::Relaxed) { Exit::Interrupted } else { Exit::Failed }
        })
    }

    /// Threads asked for, or one a core.
    fn threads(&self) -> usize {
        self.args.threads.map_or_else(
            || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            |threads| threads as usize,
        )
    }

    fn about(&self) -> About {
        let scenario = self.scenarios[0];
        About {
            title: self.scenarios.iter().map(|scenario| scenario.title()).collect::<Vec<_>>().join(" | "),
            name: self.name.clone(),
            as_of: scenario.as_of().unwrap_or_default(),
            version: env!("CARGO_PKG_VERSION").to_string(),
            without_source: scenario.without_source(),
            note: scenario.note().unwrap_or_default().to_string(),
        }
    }

    fn words(&self, outcome: &Outcome, effects: &[Effects]) -> String {
        let about = self.about();
        let mut text = format!(
            "{}\n{} to {}, {} paths, seed {}\n",
            about.title,
            outcome.start,
            outcome.start.plus(outcome.months as i32 - 1),
            outcome.paths.len(),
            outcome.seed
        );
        if let Some(calibration) = &outcome.calibration {
            text.push_str(&report::calibration_line(outcome, calibration));
        }
        text.push('\n');
        match self.view {
            View::Levels => text.push_str(&report::level_table(outcome)),
            View::Effects => {
                for effect in effects.iter().filter(|effect| Some(effect.arm) == outcome.headline) {
                    text.push_str(&report::effect_table(outcome, effect));
                    text.push('\n');
                }
                if effects.len() > 1 {
                    text.push_str("All rule designs\n");
                    text.push_str(&report::arms_table(outcome, effects));
                }
            }
        }
        text
    }

    fn folder(&self, outcome: &Outcome, effects: &[Effects]) -> Folder {
        let mut folder = Folder::default();
        let json = tables::summary_json(outcome, effects);
        folder.add("summary.csv", tables::summary_csv(outcome, effects));
        folder.add("summary.json", format!("{json:#}\n"));
        folder.add("monthly.csv", tables::monthly_csv(outcome));
        folder.add("findings.md", report::findings(outcome, effects, &self.about()));
        if self.args.save == Some(Save::Paths) {
            folder.add("paths.csv", tables::paths_csv(outcome));
        }
        self.add_charts(outcome, effects, &mut folder);
        let manifest = manifest(&self.inputs(outcome), &folder);
        folder.add(MANIFEST, format!("{manifest:#}\n"));
        folder
    }

    #[cfg(feature = "chart")]
    fn add_charts(&self, outcome: &Outcome, effects: &[Effects], folder: &mut Folder) {
        use loophole::chart::theme::{Size, Theme};
        use loophole::chart::{gallery::Gallery, input::Provenance, render};
        let scenario = self.scenarios[0];
        let gallery = Gallery {
            provenance: Provenance { scenario: self.about().title, ..provenance(scenario, outcome) },
            ..gallery(scenario, &self.job, outcome, effects)
        };
        let wanted = scenario.figures();
        let theme = if scenario.theme() == "dark" { Theme::Dark } else { Theme::Light };
        let mut figures = gallery.figures();
        figures.retain(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted.contains(name)));
        let (names, figures): (Vec<&str>, Vec<_>) = figures.into_iter().unzip();
        let pictures = render_all(&figures, |figure| render(figure, theme, Size::Note), self.threads());
        for (name, picture) in names.iter().zip(pictures) {
            folder.add(format!("charts/{name}.svg"), picture.svg);
            folder.add(format!("charts/{name}.png"), picture.png);
            folder.add(format!("charts/{name}.csv"), picture.csv);
            folder.add(format!("charts/{name}.txt"), picture.alt + "\n");
        }
    }

    #[cfg(not(feature = "chart"))]
    fn add_charts(&self, _: &Outcome, _: &[Effects], _: &mut Folder) {}

    fn inputs(&self, outcome: &Outcome) -> Inputs {
        let files = self.scenarios.iter().flat_map(|scenario| scenario.files());
        Inputs {
            name: self.name.clone(),
            files: files.map(|file| InputFile { name: file.name, text: file.text.to_string() }).collect(),
            sets: self.args.scenario.sets.clone(),
            seed: self.job.seed,
            paths: self.job.paths,
            paths_done: outcome.paths.len(),
            sampling: self.job.sampling.to_string(),
            arms: outcome.arms.iter().map(|arm| arm.id.clone()).collect(),
        }
    }

    fn plan(&self, out: &Path) -> String {
        let arms: Vec<&str> = self.job.arms.iter().map(|arm| arm.id.as_str()).collect();
        let world = &self.job.arms[0].world;
        format!(
            "would simulate {} paths of {} months from {} in arms {} with seed {} and write {}\n",
            self.job.paths,
            world.months,
            world.start,
            arms.join(", "),
            self.job.seed,
            out.display()
        )
    }
}

/// Renders figures on several threads, in their order.
#[cfg(feature = "chart")]
fn render_all(
    figures: &[loophole::chart::figure::Figure],
    render: impl Fn(&loophole::chart::figure::Figure) -> loophole::chart::Rendered + Sync,
    threads: usize,
) -> Vec<loophole::chart::Rendered> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let worker = || {
        let claim = || {
            let at = next.fetch_add(1, Ordering::Relaxed);
            figures.get(at).map(|figure| (at, figure))
        };
        std::iter::from_fn(claim).map(|(at, figure)| (at, render(figure))).collect::<Vec<_>>()
    };
    let mut rendered = std::thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads.clamp(1, figures.len().max(1))).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a picture is drawn")).collect::<Vec<_>>()
    });
    rendered.sort_by_key(|(at, _)| *at);
    rendered.into_iter().map(|(_, picture)| picture).collect()
}

/// The figures of a run of a scenario.
#[cfg(feature = "chart")]
pub(super) fn gallery<'a>(
    scenario: &Scenario,
    job: &Job,
    outcome: &'a Outcome,
    effects: &'a [Effects],
) -> loophole::chart::gallery::Gallery<'a> {
    loophole::chart::gallery::Gallery {
        outcome,
        effects,
        provenance: provenance(scenario, outcome),
        elasticity_range: elasticity_range(job),
        titles: titles(job),
    }
}

#[cfg(feature = "chart")]
fn provenance(scenario: &Scenario, outcome: &Outcome) -> loophole::chart::input::Provenance {
    loophole::chart::input::Provenance {
        scenario: scenario.title().to_string(),
        as_of: scenario.as_of().unwrap_or_default(),
        paths: outcome.paths.len() as u64,
        seed: outcome.seed,
        version: env!("CARGO_PKG_VERSION").to_string(),
        sources: scenario.main_sources(),
    }
}

/// Names of the job's workloads, training first, and channels.
#[cfg(feature = "chart")]
fn titles(job: &Job) -> loophole::chart::gallery::Titles {
    use loophole::chart::gallery::{ChannelTitle, Titles};
    use loophole::engine::executor::sampler;
    use loophole::model::drivers::{Drivers, Scratch};
    use loophole::model::parameters::{Supply, WorkloadKind};
    let world = &job.arms[job.baseline()].world;
    let mut central = Drivers::default();
    sampler(job).central(&mut Scratch::default(), &mut central);
    let mut workloads: Vec<_> = world.workloads.iter().collect();
    workloads.sort_by_key(|workload| workload.kind != WorkloadKind::Training);
    Titles {
        workloads: workloads.iter().map(|workload| (workload.id.clone(), workload.title.clone())).collect(),
        channels: world
            .channels
            .iter()
            .map(|channel| ChannelTitle {
                id: channel.id.clone(),
                title: channel.title.clone(),
                origin: channel.origin.id(),
                rented: matches!(channel.supply, Supply::Rental(_)),
                on_sale: match &channel.supply {
                    Supply::Rental(rental) => central.now(rental.on_offer, 0) > 0.0,
                    Supply::Owned(owned) => central.now(owned.supply, 0) > 0.0,
                },
            })
            .collect(),
    }
}

/// Lowest and highest elasticity of demand, 5th to 95th percentile, as what follows "Elasticity of demand": a constant is
/// not drawn.
#[cfg(feature = "chart")]
fn elasticity_range(job: &Job) -> String {
    use loophole::model::parameters::Form;
    let labs = job.arms[job.baseline()].world.labs.iter();
    let ends = labs.flat_map(|lab| lab.demand.iter().flatten()).map(|demand| {
        match &job.quantities.list[demand.elasticity.0 as usize].form {
            Form::Constant(value) => (*value, *value),
            Form::Parameter(distribution) => (distribution.quantile(0.05), distribution.quantile(0.95)),
            Form::Process(_) | Form::Schedule { .. } | Form::Converted { .. } => (f64::NAN, f64::NAN),
        }
    });
    let (low, high) =
        ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (a, b)| (low.min(a), high.max(b)));
    if low == high { format!("is {low:.2}") } else { format!("drawn from {low:.2} to {high:.2}") }
}

/// A folder of its own for what an interrupted run leaves.
fn incomplete(out: &Path) -> PathBuf {
    let mut name = out.file_name().map(|name| name.to_os_string()).unwrap_or_default();
    name.push("-incomplete");
    out.with_file_name(name)
}
