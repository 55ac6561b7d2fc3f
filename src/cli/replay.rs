//! `loophole replay`: run again what a manifest records and compare the results, digest by digest.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use loophole::analysis::compare::effects;
use loophole::export::folder::{MANIFEST, read_file};
use loophole::export::manifest::{Command, MAX_BYTES, Manifest};
use loophole::export::replay::{Again, Verdict, verdicts};
use loophole::scenario::Options;
use loophole::scenario::texts::Texts;

use super::Exit;
use super::args::ReplayArgs;
use super::compare::{How, Task};
use super::terminal::{Terminal, plural};

/// `loophole replay MANIFEST`
pub fn replay(terminal: &Terminal, args: &ReplayArgs) -> Exit {
    let path = if args.manifest.is_dir() { args.manifest.join(MANIFEST) } else { args.manifest.clone() };
    let manifest = match read(&path) {
        Ok(manifest) => manifest,
        Err(problems) => {
            problems.iter().for_each(|why| terminal.error(&format!("{} {why}", path.display())));
            return Exit::Failed;
        }
    };
    if manifest.incomplete {
        terminal.error(&format!(
            "{} records a run that was interrupted after {} of {} paths; where it stopped was chance, so it cannot be run again",
            path.display(),
            manifest.paths_done,
            manifest.paths
        ));
        return Exit::Failed;
    }
    if manifest.request.command == Command::Diff {
        terminal.error(&format!(
            "{} is of a comparison of two scenarios\n  hint: `loophole diff` makes it again from the files or results it names",
            path.display()
        ));
        return Exit::Failed;
    }
    let options = Options { texts: Texts::held(manifest.texts()), ..Options::default() };
    let task = match Task::of(terminal, manifest.request.clone(), &options) {
        Ok(task) => task,
        Err(_) => {
            tell_program(terminal, &manifest);
            return Exit::Failed;
        }
    };
    let outcome = match task.simulate(
        terminal,
        How { threads: args.threads, quiet: args.quiet, checkpoint: None },
        None,
    ) {
        Ok(outcome) => outcome,
        Err(exit) => return exit,
    };
    if outcome.incomplete {
        terminal.error("interrupted; nothing is compared");
        return Exit::Interrupted;
    }
    let folder = task.folder(&outcome, &effects(&outcome), args.threads);
    let beside = path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut told = verdicts(&manifest, &folder, |name| read_file(&beside.join(safe(name)?), u64::MAX).ok());
    told.retain(|verdict| verdict.name != MANIFEST);
    if let Some(out) = &args.out
        && let Err(error) = folder.write(out)
    {
        terminal.error(&error.to_string());
        return Exit::Unwritten;
    }
    if args.json {
        terminal.print(&format!("{:#}\n", as_json(&manifest, &told)));
    } else if !args.quiet {
        terminal.print(&words(&manifest, &told));
    }
    if told.iter().all(holds) { Exit::Done } else { Exit::Failed }
}

/// Made again as it was, and still so on disk where it lies there.
fn holds(verdict: &Verdict) -> bool {
    verdict.again == Again::Same && verdict.kept != Some(false)
}

fn read(path: &Path) -> Result<Manifest, Vec<String>> {
    let fail = |why: String| vec![format!("cannot be read: {why}")];
    let bytes = read_file(path, MAX_BYTES).map_err(|error| fail(error.to_string()))?;
    Manifest::read(&String::from_utf8(bytes).map_err(|error| fail(error.to_string()))?)
}

/// A name that stays below the folder it is joined to.
fn safe(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(name);
    path.components().all(|part| matches!(part, std::path::Component::Normal(_))).then_some(path)
}

fn tell_program(terminal: &Terminal, manifest: &Manifest) {
    for difference in manifest.program.differences() {
        terminal.remark(&format!("note: {difference}"));
    }
}

fn words(manifest: &Manifest, told: &[Verdict]) -> String {
    let mut text = format!(
        "{}: {}, seed {}, {}\n",
        manifest.scenario,
        plural(manifest.paths, "path"),
        manifest.seed,
        plural(manifest.arms.len(), "arm")
    );
    let changed = told.iter().filter(|verdict| verdict.kept == Some(false));
    changed.for_each(|verdict| {
        text.push_str(&format!("  {}: the file on disk was changed since it was recorded\n", verdict.name));
    });
    for verdict in told {
        let what = match &verdict.again {
            Again::Same => continue,
            Again::Other(Some(moved)) => format!("differs: {moved}"),
            Again::Other(None) => "differs".to_string(),
            Again::Missing => "was made then and not now".to_string(),
            Again::New => "was not made then".to_string(),
        };
        text.push_str(&format!("  {}: {what}\n", verdict.name));
    }
    let same = told.iter().filter(|verdict| verdict.again == Again::Same).count();
    if same == told.len() {
        text.push_str(&format!("all {} are the same, bit by bit\n", plural(same, "result")));
        return text;
    }
    text.push_str(&format!("{same} of {} are the same, bit by bit\n", plural(told.len(), "result")));
    let differences = manifest.program.differences();
    if differences.is_empty() {
        text.push_str("version, code, platform and data are the same: the manifest was edited, or this is a fault of the program\n");
    }
    differences.iter().for_each(|difference| text.push_str(&format!("{difference}\n")));
    text
}

fn as_json(manifest: &Manifest, told: &[Verdict]) -> Value {
    let results: Vec<Value> = told
        .iter()
        .map(|verdict| {
            let (again, moved) = match &verdict.again {
                Again::Same => ("same", None),
                Again::Other(moved) => ("other", moved.as_ref().map(ToString::to_string)),
                Again::Missing => ("missing", None),
                Again::New => ("new", None),
            };
            json!({ "name": verdict.name, "again": again, "moved": moved, "unchanged_on_disk": verdict.kept })
        })
        .collect();
    json!({
        "unchanged_on_disk": told.iter().all(|verdict| verdict.kept != Some(false)),
        "reproduced": told.iter().all(|verdict| verdict.again == Again::Same),
        "scenario": manifest.scenario,
        "program": manifest.program,
        "differences_of_program": manifest.program.differences(),
        "results": results,
    })
}
