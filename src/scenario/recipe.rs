//! How a scenario is put together: its main file, then overlays and changes in order, from disk or from saved results.
//!
//! Saved results hold the text of every file they were made of, in `manifest.json`. Those texts are held ([`Texts::hold`]) under
//! the manifest's own name (`output/mine/manifest.json/scenarios/mine.toml`), and whatever they name is looked for
//! there alone, never on disk: a saved result is read as it was, wherever it is now. A manifest is believed only where
//! its digests agree with its texts. Nothing here simulates.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::diagnostic::{Diagnostics, FileKind};
use super::overlay::Loader;
use super::raw::Node;
use super::registry::{Need, SCENARIO};
use super::texts::{Texts, read_limited};
use super::{Loaded, Options, finish, with_sound_pins};
use crate::encoding::{seal, sha256};

/// Name of the file that lists a folder's results.
const MANIFEST: &str = "manifest.json";
/// Largest manifest read, in bytes: as many texts as a scenario may have, escaped.
pub const MAX_MANIFEST_BYTES: u64 = 1 << 30;

/// What is laid on a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Layer {
    /// An overlay.
    File(PathBuf),
    /// A change `key=value`, by the flag that made it.
    Change {
        /// Flag.
        flag: &'static str,
        /// `key=value`.
        text: String,
    },
    /// The arms that are compared, out of all there are, as `--arms` names them.
    Arms(Vec<String>),
}

impl Layer {
    /// A change made by a flag.
    pub fn flag(flag: &'static str, text: &str) -> Layer {
        Layer::Change { flag, text: text.to_string() }
    }
}

/// Overlays, then `--set` flags.
pub fn layers(overlays: &[PathBuf], sets: &[String]) -> Vec<Layer> {
    let files = overlays.iter().map(|path| Layer::File(path.clone()));
    files.chain(sets.iter().map(|set| Layer::flag("--set", set))).collect()
}

/// A run whose results were saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedRun {
    /// Its manifest.
    pub manifest: PathBuf,
    /// Version of the program that ran it.
    pub version: String,
    /// It was interrupted.
    pub incomplete: bool,
}

/// How a scenario is put together.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    /// As the user named it.
    pub name: PathBuf,
    /// The run it was saved by, if it is not a file.
    pub saved: Option<SavedRun>,
    main: PathBuf,
    layers: Vec<Layer>,
    /// Of saved results: their texts.
    held: Option<Texts>,
}

impl Recipe {
    /// A scenario file.
    pub fn file(path: &Path) -> Recipe {
        Recipe { name: path.to_path_buf(), main: path.to_path_buf(), ..Recipe::default() }
    }

    /// A scenario file, or saved results: their folder or its `manifest.json`.
    ///
    /// # Errors
    /// What is wrong with saved results.
    pub fn of(path: &Path) -> Result<Recipe, String> {
        let manifest = if path.is_dir() { path.join(MANIFEST) } else { path.to_path_buf() };
        if path.is_dir() || path.extension().is_some_and(|ending| ending == "json") {
            Recipe::saved(path, manifest)
        } else {
            Ok(Recipe::file(path))
        }
    }

    /// With overlays, then `--set` flags, on top.
    pub fn with(mut self, overlays: &[PathBuf], sets: &[String]) -> Recipe {
        self.layers.extend(layers(overlays, sets));
        self
    }

    /// Reads it.
    ///
    /// # Errors
    /// Every problem found, warnings included.
    pub fn read(&self, options: Options) -> Result<Loaded, Diagnostics> {
        let mut loader = Loader::from(self.texts(&options));
        let tree = loader.load(&self.main, FileKind::Scenario);
        with_sound_pins(finish(loader, tree, &self.layers, options.strict)?)
    }

    /// Texts held, if it is of saved results, and those of the disk.
    fn texts(&self, options: &Options) -> Texts {
        self.held.as_ref().map_or_else(|| options.texts.clone(), |held| held.and(&options.texts))
    }

    /// Whether it is no scenario of its own but lacks tables that every scenario has: something to lay on one.
    pub fn is_overlay(&self, options: &Options) -> bool {
        let mut loader = Loader::from(self.texts(options));
        let tree = loader.load(&self.main, FileKind::Scenario);
        let lacks = |tree: &Node| {
            let mut required = SCENARIO.fields.iter().filter(|field| field.need == Need::Required);
            required.any(|field| tree.get(field.key).is_none())
        };
        self.saved.is_none() && tree.is_some_and(|tree| lacks(&tree))
    }

    /// The recipe in a manifest.
    fn saved(name: &Path, manifest: PathBuf) -> Result<Recipe, String> {
        let about = |why: String| format!("cannot read saved results {}: {why}", name.display());
        let text = read_limited(&manifest, MAX_MANIFEST_BYTES).map_err(|why| match name == manifest {
            true => about(why),
            false => about(format!("{MANIFEST} in it: {why}")),
        })?;
        let json: Json = serde_json::from_str(&text)
            .map_err(|error| about(format!("{} is not JSON: {error}", manifest.display())))?;
        let recipe = Recipe::from_manifest(name, &manifest, &json).map_err(about)?;
        // Everything a run was made of is what its scenario names; a run of two scenarios is no scenario.
        if let Ok(loaded) = recipe.read(Options::default()) {
            let read: Vec<PathBuf> =
                loaded.scenario.files().iter().map(|file| PathBuf::from(&file.name)).collect();
            let held = recipe.held.iter().flat_map(Texts::names);
            if let Some(other) = held.into_iter().find(|path| !read.iter().any(|file| file == path)) {
                let file = other.strip_prefix(&manifest).unwrap_or(other).display();
                return Err(about(format!(
                    "they were made of more than one scenario ({file} is not part of the first)\n  hint: name a scenario file instead"
                )));
            }
        }
        Ok(recipe)
    }

    fn from_manifest(name: &Path, manifest: &Path, json: &Json) -> Result<Recipe, String> {
        let missing =
            |what: &str| format!("{} has no {what}; is it a manifest of loophole?", manifest.display());
        let request = json.get("request").unwrap_or(&Json::Null);
        let text = |value: &Json, key: &str| value.get(key).and_then(Json::as_str).map(str::to_string);
        let number = |key: &str| json.get(key).and_then(Json::as_u64);
        let texts = |key: &str| -> Option<Vec<String>> {
            let list = request.get(key)?.as_array()?.iter();
            list.map(|item| item.as_str().map(str::to_string)).collect()
        };
        match number("format") {
            Some(3) => {}
            Some(other) => return Err(format!("its format is {other}, this version reads format 3")),
            None => return Err(missing("`format`")),
        }
        if text(request, "command").as_deref() == Some("diff") {
            return Err("they compare two scenarios\n  hint: name one of the two".into());
        }
        let program = json.get("program").unwrap_or(&Json::Null);
        let version = text(program, "version").ok_or_else(|| missing("`version`"))?;
        let files = json.get("files").and_then(Json::as_array).ok_or_else(|| missing("`files`"))?;
        let mut held = Texts::held([]);
        held.shelve(manifest.to_path_buf());
        let mut main = None;
        for file in files {
            let named = text(file, "name").ok_or_else(|| missing("name of a file"))?;
            let body = text(file, "text").ok_or_else(|| missing(&format!("text of {named}")))?;
            let digest = text(file, "sha256").ok_or_else(|| missing(&format!("sha256 of {named}")))?;
            if sha256(body.as_bytes()) != digest {
                return Err(format!("the text of {named} is not the one its digest was taken of"));
            }
            let path = manifest.join(&named);
            main = main.or(Some(path.clone()));
            held.hold(&path, body.into())?;
        }
        let main = main.ok_or_else(|| missing("files"))?;
        if text(json, "seal") != seal(json) {
            return Err(format!(
                "{} was changed since it was written: its seal does not fit\n  hint: run the scenario again, or restore the file",
                manifest.display()
            ));
        }
        let sets = texts("set").ok_or_else(|| missing("`set`"))?;
        let overlays = texts("with").ok_or_else(|| missing("`with`"))?;
        let overlays: Vec<PathBuf> = overlays.iter().map(|overlay| manifest.join(overlay)).collect();
        let incomplete = json.get("incomplete").and_then(Json::as_bool).unwrap_or(false);
        let mut recipe = Recipe {
            name: name.to_path_buf(),
            saved: Some(SavedRun { manifest: manifest.to_path_buf(), version, incomplete }),
            main,
            layers: Vec::new(),
            held: Some(held),
        }
        .with(&overlays, &sets);
        for key in ["paths", "seed"] {
            let value = number(key).ok_or_else(|| missing(&format!("`{key}`")))?;
            recipe.layers.push(Layer::flag("run with", &format!("settings.{key}={value}")));
        }
        let arms = texts("arms").ok_or_else(|| missing("`arms`"))?;
        if !arms.is_empty() {
            recipe.layers.push(Layer::Arms(arms));
        }
        Ok(recipe)
    }
}
