//! `loophole diff`: which inputs of two scenarios differ, and what each edit does to the results.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

#[cfg(feature = "chart")]
use loophole::analysis::answer::unit_of;
use loophole::analysis::diff::{Diff, DiffError, Plan, Runs, diff as compare_runs};
use loophole::engine::executor::Options;
use loophole::engine::job::Job;
use loophole::export::diff_report::{self, Sides};
use loophole::export::diff_tables;
use loophole::export::folder::{Folder, MANIFEST, writable};
use loophole::export::manifest::{Command, FORMAT, InputFile, Manifest, Program, Request};
use loophole::numbers::counted;
use loophole::scenario::Scenario;
use loophole::scenario::blend::Blend;
use loophole::scenario::diagnostic::Diagnostics;
use loophole::scenario::difference::Difference;
use loophole::scenario::recipe::Recipe;

use super::args::DiffArgs;
use super::compare::{INTERRUPTED, catch_interrupts, fits, thread_count};
#[cfg(feature = "chart")]
use super::results::main_sources;
use super::terminal::Terminal;
use super::{Exit, earlier, progress};

/// `loophole diff A [B]`
pub fn diff(terminal: &Terminal, args: &DiffArgs) -> Exit {
    let exit = compared(terminal, args);
    // As diff(1) has it: 1 says that the two differ, and trouble is told apart.
    match exit {
        Exit::Failed if args.exit_code => Exit::Trouble,
        Exit::Differs if !args.exit_code => Exit::Done,
        other => other,
    }
}

fn compared(terminal: &Terminal, args: &DiffArgs) -> Exit {
    let Some(Read { first, second, sides, warnings: [ours, theirs] }) = read(terminal, args) else {
        return Exit::Failed;
    };
    terminal.diagnostics(&ours);
    terminal.diagnostics(&theirs.without(&ours));
    let difference = first.difference(&second);
    let exit = if difference.edits.is_empty() && difference.settings.is_empty() {
        Exit::Done
    } else {
        Exit::Differs
    };
    let alone: Vec<Vec<usize>> = (0..difference.edits.len()).map(|edit| vec![edit]).collect();
    if difference.edits.is_empty() {
        if args.json {
            let inputs = diff_tables::inputs_json(&sides, &difference, &alone);
            let nothing =
                serde_json::json!({ "inputs": inputs, "simulations": 0, "attributions": [], "outputs": [] });
            terminal.print(&format!("{nothing:#}\n"));
        } else if !args.quiet {
            terminal.print(&diff_report::inputs(&sides, &difference, &alone));
            terminal.remark("no result can differ on the same settings; nothing was simulated or written");
        }
        return exit;
    }
    let blend = match Blend::new(&first, &second, &difference) {
        Ok(blend) => blend,
        Err(problems) => {
            if !args.json && !args.quiet {
                terminal.print(&diff_report::inputs(&sides, &difference, &alone));
            }
            terminal.error("B is not valid with the settings of A, so the two cannot be simulated alike");
            terminal.diagnostics(&problems);
            return Exit::Failed;
        }
    };
    terminal.diagnostics(&blend.warnings().pressing().without(&ours).without(&theirs));
    let task = Task { name: name(args), args, sides, difference, blend, scenarios: [&first, &second] };
    task.execute(terminal, exit)
}

/// Both scenarios and what is to be said of them.
struct Read {
    first: Scenario,
    second: Scenario,
    sides: Sides,
    /// What bears on the meaning of each.
    warnings: [Diagnostics; 2],
}

fn read(terminal: &Terminal, args: &DiffArgs) -> Option<Read> {
    let recipe = |path: &Path| Recipe::of(path).map_err(|problem| terminal.error(&problem)).ok();
    let first = recipe(&args.first)?;
    let mut sides = Sides { version: env!("CARGO_PKG_VERSION").into(), ..Sides::default() };
    sides.first = args.first.display().to_string();
    let changes = changes(args);
    let (mut second, mut name) = match &args.second {
        None => (first.clone(), sides.first.clone()),
        Some(path) => {
            let second = recipe(path)?;
            if second.is_overlay(&args.scenario.options()) {
                sides.remarks.push(format!(
                    "{} is no scenario of its own: B is A with it laid on top.",
                    path.display()
                ));
                (first.clone().with(std::slice::from_ref(path), &[]), format!("{} over A", path.display()))
            } else {
                (second, path.display().to_string())
            }
        }
    };
    second = second.with(&args.scenario.overlays, &args.scenario.sets);
    if !changes.is_empty() {
        name = format!("{name} with {changes}");
    }
    sides.second = name;
    for (side, recipe) in [("A", &first), ("B", &second)] {
        if let Some(run) = &recipe.saved {
            let stopped = if run.incomplete { ", by a run that was interrupted" } else { "" };
            sides.remarks.push(format!(
                "{side} is saved results of loophole {}{stopped}: their inputs are simulated again, on common draws.",
                run.version
            ));
        }
    }
    let load = |recipe: &Recipe| {
        let loaded = recipe.read(args.scenario.options());
        loaded.map_err(|problems| terminal.diagnostics(&problems)).ok()
    };
    // Both are read before giving up, so that the problems of both are told.
    let (first, second) = (load(&first), load(&second));
    let warnings = [first.as_ref()?, second.as_ref()?].map(|loaded| loaded.warnings.pressing());
    let (first, second) = (first?.scenario, second?.scenario);
    sides.titles = [first.title().to_string(), second.title().to_string()];
    Some(Read { first, second, sides, warnings })
}

/// What is laid on the second scenario, as it was written.
fn changes(args: &DiffArgs) -> String {
    let overlays = args.scenario.overlays.iter().map(|file| file.display().to_string());
    overlays.chain(args.scenario.sets.iter().cloned()).collect::<Vec<_>>().join(", ")
}

/// "diff-cheap-against-base".
fn name(args: &DiffArgs) -> String {
    let stem = |path: &Path| {
        let path = if path.ends_with(MANIFEST) { path.parent().unwrap_or(path) } else { path };
        path.file_stem().map_or("scenario".to_string(), |stem| stem.to_string_lossy().into_owned())
    };
    let first = stem(&args.first);
    let second = args.second.as_deref().map_or("changed".to_string(), stem);
    format!("diff-{second}-against-{first}")
}

/// A comparison with what is wanted of it.
struct Task<'a> {
    name: String,
    args: &'a DiffArgs,
    sides: Sides,
    difference: Difference,
    blend: Blend,
    scenarios: [&'a Scenario; 2],
}

impl Task<'_> {
    fn execute(self, terminal: &Terminal, exit: Exit) -> Exit {
        let out = self.args.out.clone().unwrap_or_else(|| Path::new("output").join(&self.name));
        let runs = Runs { paths: self.args.paths.map(|paths| paths as usize), seed: self.args.seed };
        let mut refused = Vec::new();
        let (diff, plan) = loop {
            let plan = match Plan::of(&self.blend, runs, &refused) {
                Ok(plan) => plan,
                Err(many) => {
                    terminal.error(&format!(
                        "{} assumptions differ, and a change is divided among at most {}",
                        many.edits,
                        loophole::analysis::attribution::PLAYERS_AT_MOST
                    ));
                    terminal.remark("  hint: --dry-run lists them; `loophole compare A B` compares the results of two such scenarios");
                    if self.args.dry_run {
                        let alone: Vec<Vec<usize>> = (0..many.edits).map(|edit| vec![edit]).collect();
                        terminal.print(&diff_report::inputs(&self.sides, &self.difference, &alone));
                    }
                    return Exit::Failed;
                }
            };
            let memory = plan.memory(thread_count(self.args.threads));
            if let Err(problem) = fits(memory, plan.first(), self.args.max_memory) {
                terminal.error(&problem);
                return Exit::Failed;
            }
            if !self.args.quiet && refused.is_empty() {
                earlier::point_out(terminal, &out, &self.manifest(plan.first(), &Folder::default()));
            }
            if self.args.dry_run {
                if !self.args.quiet {
                    terminal.print(&self.plan(&plan, &out));
                }
                return exit;
            }
            if let Err(error) = writable(&out) {
                terminal.error(&error.to_string());
                return Exit::Unwritten;
            }
            match self.simulate(terminal, &plan) {
                Ok(diff) => break (diff, plan),
                // The edits between are then taken together with what makes them possible, and told so.
                Err(DiffError::Between { set, .. }) => refused.push(set),
                Err(DiffError::End { second, why }) => {
                    terminal.error(&format!("{} cannot be simulated: {why}", if second { "B" } else { "A" }));
                    return Exit::Failed;
                }
                Err(DiffError::Cancelled) => {
                    terminal.error("interrupted; nothing was written");
                    return Exit::Interrupted;
                }
            }
        };
        if let Err(error) = self.folder(&diff, plan.first()).write(&out) {
            terminal.error(&error.to_string());
            return Exit::Unwritten;
        }
        if self.args.json {
            terminal.print(&format!("{:#}\n", diff_tables::diff_json(&self.sides, &self.difference, &diff)));
        } else if !self.args.quiet {
            terminal.print(&self.words(&diff));
        }
        if !self.args.quiet {
            terminal.remark(&format!("written to {}", out.display()));
        }
        exit
    }

    fn simulate(&self, terminal: &Terminal, plan: &Plan) -> Result<Diff, DiffError> {
        catch_interrupts(terminal);
        let total = plan.first().paths * plan.simulations();
        let bar = progress::bar(total, terminal.live() && !self.args.quiet);
        let told = |paths: usize| bar.set_position(paths as u64);
        let options = Options {
            threads: thread_count(self.args.threads),
            progress: Some(&told),
            cancel: Some(&INTERRUPTED),
            checkpoint: None,
        };
        let diff = compare_runs(plan, &options, self.blend.edits());
        bar.finish_and_clear();
        if INTERRUPTED.load(Ordering::Relaxed) { Err(DiffError::Cancelled) } else { diff }
    }

    fn plan(&self, plan: &Plan, out: &Path) -> String {
        let job = plan.first();
        let world = &job.arms[0].world;
        if self.args.json {
            let inputs = diff_tables::inputs_json(&self.sides, &self.difference, &plan.groups);
            let told = serde_json::json!({
                "inputs": inputs, "simulations": plan.simulations(), "paths": job.paths, "seed": job.seed,
            });
            return format!("{told:#}\n");
        }
        format!(
            "{}\nwould simulate {} of {} and {} from {} with seed {} and write {}\n",
            diff_report::inputs(&self.sides, &self.difference, &plan.groups),
            counted(plan.simulations() as u64, "scenario"),
            counted(job.paths as u64, "path"),
            counted(world.months as u64, "month"),
            world.start,
            job.seed,
            out.display()
        )
    }

    fn words(&self, diff: &Diff) -> String {
        let mut text = diff_report::inputs(&self.sides, &self.difference, &diff.groups);
        text.push('\n');
        text.push_str(&diff_report::table(diff, &self.difference));
        text.push('\n');
        for (headline, attribution) in diff.leading() {
            text.push_str(&diff_report::sentence(diff, &self.difference, headline, attribution));
            text.push('\n');
        }
        text
    }

    fn folder(&self, diff: &Diff, job: &Job) -> Folder {
        let mut folder = Folder::default();
        let json = diff_tables::diff_json(&self.sides, &self.difference, diff);
        folder.add("diff.csv", diff_tables::diff_csv(diff, &self.difference));
        folder.add("inputs.csv", diff_tables::inputs_csv(&self.difference, &diff.groups));
        folder.add("outputs.csv", diff_tables::outputs_csv(diff));
        folder.add("diff.json", format!("{json:#}\n"));
        folder.add("findings.md", diff_report::findings(&self.sides, &self.difference, diff));
        self.add_charts(diff, &mut folder);
        let manifest = self.manifest(job, &folder);
        folder.add(MANIFEST, manifest.to_json());
        folder
    }

    /// What B is, for a footnote: a long list of changes is counted; `findings.md` has it.
    #[cfg(feature = "chart")]
    fn short_second(&self) -> String {
        const LISTED: usize = 3;
        let changes = self.args.scenario.overlays.len() + self.args.scenario.sets.len();
        match self.sides.second.split_once(" with ") {
            Some((name, _)) if changes > LISTED => format!("{name} with {changes} changes"),
            _ => self.sides.second.clone(),
        }
    }

    #[cfg(feature = "chart")]
    fn add_charts(&self, diff: &Diff, folder: &mut Folder) {
        use loophole::chart::input::{Dated, Provenance};
        use loophole::chart::theme::{Size, Theme};
        use loophole::chart::{render, waterfall};
        let first = self.scenarios[0];
        let dated = |side: &str, name: &str, scenario: &Scenario| Dated {
            title: format!("{side}: {name}"),
            as_of: scenario.as_of().unwrap_or_default(),
        };
        let provenance = Provenance {
            scenarios: vec![
                dated("A", &self.sides.first, first),
                dated("B", &self.short_second(), self.scenarios[1]),
            ],
            paths: diff.paths as u64,
            seed: diff.seed,
            version: self.sides.version.clone(),
            sources: main_sources(self.scenarios),
        };
        let theme = if first.theme() == "dark" { Theme::Dark } else { Theme::Light };
        for (name, figure) in waterfall::figures(diff, &self.difference, &provenance, unit_of) {
            let picture = render(&figure, theme, Size::Note);
            folder.add(format!("charts/{name}.svg"), picture.svg);
            folder.add(format!("charts/{name}.png"), picture.png);
            folder.add(format!("charts/{name}.csv"), picture.csv);
            folder.add(format!("charts/{name}.txt"), picture.alt + "\n");
        }
    }

    #[cfg(not(feature = "chart"))]
    fn add_charts(&self, _: &Diff, _: &mut Folder) {}

    fn manifest(&self, job: &Job, folder: &Folder) -> Manifest {
        let mut files: Vec<InputFile> = Vec::new();
        for file in self.scenarios.iter().flat_map(|scenario| scenario.files()) {
            let file = InputFile::new(file.name, file.text.to_string());
            if !files.contains(&file) {
                files.push(file);
            }
        }
        let name = |path: &PathBuf| path.display().to_string();
        Manifest {
            format: FORMAT,
            program: Program::this(),
            scenario: self.name.clone(),
            request: Request {
                command: Command::Diff,
                scenarios: std::iter::once(&self.args.first).chain(&self.args.second).map(name).collect(),
                with: self.args.scenario.overlays.iter().map(name).collect(),
                set: self.args.scenario.sets.clone(),
                arms: Vec::new(),
                paths: self.args.paths,
                seed: self.args.seed,
                sizes: Vec::new(),
                save_paths: false,
                save_parquet: false,
            },
            seed: job.seed,
            paths: job.paths,
            paths_done: job.paths,
            incomplete: false,
            sampling: job.sampling.to_string(),
            arms: Vec::new(),
            files,
            results: Manifest::digests(folder),
        }
    }
}
