//! Your file: read, laid over what it extends, checked, and compiled into a job.
//!
//! The language is the page `docs/scenario.md`; its keys are data in [`registry`]. [`load`] reads a file with its
//! overlays and flags and gives either a [`Scenario`] or every problem at once, located and with the remedy. A scenario
//! changes only through [`Scenario::with`], which goes the same way as a `--set` flag. [`Scenario::job`] compiles it.
//! This floor draws nothing and computes no economics.

pub mod blend;
mod brief;
pub mod build;
mod check;
pub mod checked;
mod correlation;
pub mod diagnostic;
pub mod difference;
pub mod expect;
pub mod overlay;
pub mod quantity;
pub mod raw;
pub mod recipe;
pub mod registry;
pub mod resolve;
mod show;
mod table;
pub mod texts;
mod titles;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::calendar::Month;
use crate::engine::job::Job;
use crate::source::Source;
use checked::{Checked, Known};
use diagnostic::{Diagnostic, Diagnostics, FileKind, Files, Origin};
use overlay::{Loader, key_path, merge, set};
use raw::{Entry, Node, Value};
use recipe::Layer;
use registry::{Ids, ROOT};
use table::Library;
use texts::Texts;

pub use show::{Provenance, ShownValue};

/// How a scenario is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Numbers without a source are errors.
    pub strict: bool,
    /// Where texts are read from.
    pub texts: Texts,
}

/// A scenario without errors, and the warnings about it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The scenario.
    pub scenario: Scenario,
    /// Its warnings.
    pub warnings: Diagnostics,
}

/// A scenario that has passed every check.
#[derive(Clone, Debug)]
pub struct Scenario {
    files: Files,
    library: Library,
    /// Numbers without a source are errors.
    strict: bool,
    defaults: Origin,
    /// As read, without rows filled in: what changes are laid on.
    tree: Node,
    base: Arc<Checked>,
    arms: Vec<(String, Arc<Checked>)>,
}

/// An arm as the file states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmSummary {
    /// Id.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Effects are differences to it.
    pub baseline: bool,
    /// The headline speaks of it.
    pub headline: bool,
    /// Ids of its rules.
    pub rules: Vec<String>,
    /// Keys it replaces, and by what.
    pub set: Vec<(String, String)>,
}

/// A file a scenario was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRead {
    /// As the user gave it, or as another file names it.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its text.
    pub text: Arc<str>,
}

/// Reads the scenario at `path`, then the overlay files, then the changes `key=value`.
///
/// # Errors
/// Every problem found, warnings included.
pub fn load(
    path: &Path,
    overlays: &[PathBuf],
    sets: &[String],
    options: Options,
) -> Result<Loaded, Diagnostics> {
    recipe::Recipe::file(path).with(overlays, sets).read(options)
}

/// Reads a scenario given as text; relative paths in it start from `folder`.
///
/// # Errors
/// As [`load`].
pub fn load_text(
    name: &str,
    folder: &Path,
    text: &str,
    sets: &[String],
    options: Options,
) -> Result<Loaded, Diagnostics> {
    let mut loader = Loader::from(options.texts.clone());
    let tree = loader.load_text(name, folder, text.to_string());
    with_sound_pins(finish(loader, tree, &recipe::layers(&[], sets), options.strict)?)
}

/// A scenario whose own pins, if it has any, are sound.
fn with_sound_pins(loaded: Loaded) -> Result<Loaded, Diagnostics> {
    let problems = expect::own_problems(&loaded.scenario);
    if problems.is_empty() {
        return Ok(loaded);
    }
    let all = loaded.warnings.list.into_iter().chain(problems).collect();
    Err(Diagnostics::new(loaded.scenario.files, all))
}

/// Lays `layers` in turn on the tree of a scenario, and checks it.
fn finish(
    mut loader: Loader,
    tree: Option<Node>,
    layers: &[Layer],
    strict: bool,
) -> Result<Loaded, Diagnostics> {
    // Files first, so that what is wrong with any of them is told even if the scenario cannot be read.
    let read: Vec<Option<Node>> = layers
        .iter()
        .map(|layer| match layer {
            Layer::File(path) => loader.load(path, FileKind::Overlay),
            Layer::Change { .. } | Layer::Arms(_) => None,
        })
        .collect();
    let Some(mut tree) = tree else { return Err(Diagnostics::new(loader.files, loader.problems)) };
    for (layer, read) in layers.iter().zip(read) {
        match (layer, read) {
            (Layer::Change { flag, text }, _) => loader.set(&mut tree, flag, text),
            (Layer::Arms(ids), _) => overlay::choose_arms(&mut loader, &mut tree, ids),
            (Layer::File(_), Some(overlay)) => {
                for key in overlay::PINS {
                    if let Some(entry) = overlay.entry(key) {
                        let title = format!("`{key}` cannot stand in an overlay");
                        let hint = "pins stand in the scenario, or beside it in NAME.expect.toml";
                        loader.problems.push(Diagnostic::error(entry.key, title).hint(hint));
                    }
                }
                merge(&mut tree, overlay, Some(&ROOT));
            }
            (Layer::File(_), None) => {}
        }
    }
    if let Some(entry) = tree.entry("extends") {
        let problem = Diagnostic::error(entry.key, "`extends` cannot be set from outside");
        loader.problems.push(problem.hint("lay a file on top with `--with`"));
    }
    let file = loader.files.add("defaults".into(), FileKind::Default, PathBuf::new(), String::new());
    let defaults = Origin { file, start: 0, end: 0 };
    examine((loader.files, Library::default()), tree, strict, defaults, loader.problems, None)
}

/// Checks a tree and each arm's version of it. Of what it shares with `known` only problems with the rest are told.
fn examine(
    (mut files, mut library): (Files, Library),
    tree: Node,
    strict: bool,
    defaults: Origin,
    mut problems: Vec<Diagnostic>,
    known: Option<Known<'_>>,
) -> Result<Loaded, Diagnostics> {
    let (base, found) = check::check(tree.clone(), &mut files, &mut library, defaults, None, known, strict);
    problems.extend(found);
    let base = Arc::new(base);
    let mut arms = Vec::new();
    for id in base.keys("arms") {
        let changed = match base.tree.get(&format!("arms.{id}.set")).and_then(Node::table) {
            None => base.clone(),
            Some(changes) => {
                let known = Known { tree: &tree, checked: &base };
                let mut tree = tree.clone();
                // Changes of keys that do not exist have been told of.
                let sound = |key: &str, at| check::override_problem(&base.tree, key, at).is_none();
                for (key, entry) in changes.iter().filter(|(key, entry)| sound(key, entry.key)) {
                    match key_path(key, entry.key.file) {
                        Some(mut path) => {
                            path.iter_mut().for_each(|(_, origin)| *origin = entry.key);
                            problems.extend(set(&mut tree, &path, entry.node.clone()).err());
                        }
                        None => problems.push(Diagnostic::error(entry.key, format!("{key:?} is not a key"))),
                    }
                }
                let (changed, found) =
                    check::check(tree, &mut files, &mut library, defaults, Some(&base), Some(known), strict);
                problems.extend(found);
                Arc::new(changed)
            }
        };
        arms.push((id.to_string(), changed));
    }
    // Baseline first, then the headline, then by id.
    let rank = |id: &str| {
        let flag = |name: &str| base.flag(&format!("arms.{id}.{name}"));
        if flag("baseline") { 0 } else { 2 - u8::from(flag("headline")) }
    };
    arms.sort_by_key(|(id, _)| rank(id));
    let diagnostics = Diagnostics::new(files.clone(), problems);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let scenario = Scenario { files, library, strict, defaults, tree, base, arms };
    Ok(Loaded { scenario, warnings: diagnostics })
}

impl Scenario {
    /// The job to simulate.
    pub fn job(&self) -> Job {
        self.job_of(&self.arms)
    }

    /// Its job with the baseline alone: a seventh of the work where there are seven arms.
    fn job_of_baseline(&self) -> Job {
        self.job_of(&self.arms[..1])
    }

    fn job_of(&self, arms: &[(String, Arc<Checked>)]) -> Job {
        let arms = arms.iter().map(|(id, checked)| build::ArmIn { id, base: &self.base, checked });
        build::job(&self.base, &arms.collect::<Vec<_>>())
    }

    /// A job of two arms: this scenario's baseline, and `other`'s headline arm (its baseline if it marks none). The unit of
    /// work, horizon, seed, paths and correlations are this scenario's; equal streams share draws.
    pub fn job_against(&self, other: &Scenario) -> Job {
        let theirs = other.arms.iter().find(|(id, _)| other.base.flag(&format!("arms.{id}.headline")));
        let first = |scenario: &Scenario| scenario.arms.first().cloned();
        let (Some(ours), Some(theirs)) = (first(self), theirs.cloned().or_else(|| first(other))) else {
            return self.job();
        };
        let mut job = build::job(
            &self.base,
            &[
                build::ArmIn { id: &ours.0, base: &self.base, checked: &ours.1 },
                build::ArmIn { id: &theirs.0, base: &other.base, checked: &theirs.1 },
            ],
        );
        let [ours, theirs] = job.arms.as_mut_slice() else { return job };
        (ours.baseline, ours.headline) = (true, false);
        (theirs.baseline, theirs.headline) = (false, true);
        if ours.id == theirs.id {
            theirs.id = format!("{}-second", theirs.id);
        }
        if ours.title == theirs.title {
            (ours.title, theirs.title) = (self.title().to_string(), other.title().to_string());
        }
        job
    }

    /// The sources that most numbers rest on, most cited first, as a footnote names them. Judgement is not one.
    pub fn main_sources(&self) -> Vec<String> {
        let mut cited: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
        let stated = self.provenances().into_iter();
        let stated = stated.filter(|provenance| provenance.grade != Some(crate::source::Grade::Judgement));
        for source in stated.flat_map(|provenance| provenance.sources) {
            let name = source.publisher.unwrap_or(source.title);
            *cited.entry(name).or_default() += 1;
        }
        let mut names: Vec<(String, usize)> = cited.into_iter().collect();
        names.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
        names.into_iter().map(|(name, _)| name).collect()
    }

    /// Keys of the numbers that are written in the scenario and state no source. The design of a rule is a choice, and needs none.
    pub fn without_source(&self) -> Vec<String> {
        self.provenances()
            .into_iter()
            .filter(|provenance| {
                provenance.sources.is_empty()
                    && !provenance.by_default
                    && !check::states_design(&provenance.key)
            })
            .map(|provenance| provenance.key)
            .collect()
    }

    /// This scenario with one key changed, as by `--set`.
    ///
    /// # Errors
    /// Every problem of the changed scenario.
    pub fn with(&self, key: &str, value: impl Into<toml::Value>) -> Result<Scenario, Diagnostics> {
        self.with_all(&[(key, value.into())])
    }

    /// This scenario with several keys changed in turn.
    ///
    /// # Errors
    /// As [`Scenario::with`].
    pub fn with_all(&self, changes: &[(&str, toml::Value)]) -> Result<Scenario, Diagnostics> {
        let mut loader = Loader::after(self.files.clone());
        let mut tree = self.tree.clone();
        for (key, value) in changes {
            loader.set(&mut tree, "with", &format!("{key}={value}"));
        }
        let (files, problems) = (loader.files, loader.problems);
        examine((files, self.library.clone()), tree, self.strict, self.defaults, problems, None)
            .map(|loaded| loaded.scenario)
    }

    /// This scenario with keys changed by what is written elsewhere, each value at its place. It has no errors itself, so that
    /// whatever is told is told of the changes; warnings are of no interest.
    fn changed(&self, changes: &[(String, Entry)]) -> Result<Scenario, Diagnostics> {
        let (mut tree, mut problems) = (self.tree.clone(), Vec::new());
        for (key, entry) in changes {
            match key_path(key, entry.key.file) {
                Some(mut path) => {
                    path.iter_mut().for_each(|(_, origin)| *origin = entry.key);
                    problems.extend(set(&mut tree, &path, entry.node.clone()).err());
                }
                None => problems.push(Diagnostic::error(entry.key, format!("{key:?} is not a key"))),
            }
        }
        let known = Known { tree: &self.tree, checked: &self.base };
        let texts = (self.files.clone(), self.library.clone());
        examine(texts, tree, false, self.defaults, problems, Some(known)).map(|loaded| loaded.scenario)
    }

    /// Name of the scenario.
    pub fn title(&self) -> &str {
        self.base.text("scenario.title").unwrap_or_default()
    }
    /// Remark on it.
    pub fn note(&self) -> Option<&str> {
        self.base.text("scenario.note")
    }
    /// Date of its evidence.
    pub fn as_of(&self) -> Option<String> {
        self.base.tree.get("scenario.as_of").map(|node| match &node.value {
            Value::Text(text) | Value::Date(text) => text.clone(),
            _ => node.to_toml(),
        })
    }
    /// Month of step 0.
    pub fn start(&self) -> Month {
        self.base.month("settings.start").unwrap_or(Month::new(2000, 1))
    }
    /// Id of the reference chip.
    pub fn reference_chip(&self) -> &str {
        self.base.text("settings.reference_chip").unwrap_or_default()
    }
    /// Its arms: the baseline, the headline, then by id.
    pub fn arms(&self) -> Vec<ArmSummary> {
        let summary = |(id, _): &(String, Arc<Checked>)| {
            let place = format!("arms.{id}");
            let set = self.base.tree.get(&format!("{place}.set")).and_then(Node::table);
            ArmSummary {
                id: id.clone(),
                title: self.base.title(&place, id).to_string(),
                baseline: self.base.flag(&format!("{place}.baseline")),
                headline: self.base.flag(&format!("{place}.headline")),
                rules: self.base.texts(&format!("{place}.rules")).into_iter().map(str::to_string).collect(),
                set: set
                    .map(|set| set.iter().map(|(key, entry)| (key.clone(), entry.node.to_toml())).collect())
                    .unwrap_or_default(),
            }
        };
        self.arms.iter().map(summary).collect()
    }
    /// Figures the file asks for; none: all.
    pub fn figures(&self) -> Option<Vec<&str>> {
        self.base.tree.get("output.figures").map(|_| self.base.texts("output.figures"))
    }
    /// Sizes the file asks figures to be drawn in.
    pub fn sizes(&self) -> Vec<&str> {
        match self.base.tree.get("output.sizes") {
            Some(_) => self.base.texts("output.sizes"),
            None => vec!["note"],
        }
    }
    /// Colours of figures: `light` or `dark`.
    pub fn theme(&self) -> &str {
        self.base.text("output.theme").unwrap_or("light")
    }
    /// The bibliography, by key.
    pub fn sources(&self) -> Vec<Source> {
        self.base.ids(Ids::Source).into_iter().filter_map(|key| self.source(key)).collect()
    }
    /// An entry of the bibliography.
    pub fn source(&self, key: &str) -> Option<Source> {
        let entry = self.base.tree.get("sources")?.table()?.get(key)?;
        let field = |name: &str| match entry.node.get(name).map(|node| &node.value) {
            Some(Value::Text(text) | Value::Date(text)) => Some(text.clone()),
            _ => None,
        };
        Some(Source {
            key: key.to_string(),
            title: field("title").unwrap_or_default(),
            publisher: field("publisher"),
            date: field("date"),
            url: field("url"),
            via: field("via"),
            licence: field("licence"),
            note: field("note"),
        })
    }
    /// Files it was read from, overlays and tables included, each once.
    pub fn files(&self) -> Vec<FileRead> {
        let mut files: Vec<FileRead> = Vec::new();
        let on_disk = |kind| matches!(kind, FileKind::Scenario | FileKind::Overlay | FileKind::Table);
        for file in self.files.iter().filter(|file| on_disk(file.kind)) {
            if !files.iter().any(|other| other.name == file.name) {
                files.push(FileRead {
                    name: file.name.clone(),
                    sha256: file.sha256.clone(),
                    text: file.text.clone(),
                });
            }
        }
        files
    }
    /// The scenario with everything it extends, its overlays and changes, as one TOML text.
    pub fn to_toml(&self) -> String {
        self.tree
            .table()
            .map(|table| {
                table.iter().map(|(key, entry)| format!("{key} = {}\n", entry.node.to_toml())).collect()
            })
            .unwrap_or_default()
    }
}
