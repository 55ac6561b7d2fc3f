//! `manifest.json`: everything that is needed to run the same again, and the digests that prove it.
//!
//! It holds what was asked for, the text of every file the scenario was made of, the seed, paths and sampling that came of
//! it, the version, code and platform that answered, and a digest of each result; never a clock time or a thread count,
//! so that the same inputs give the same bytes. It is sealed by a digest of itself, so that one that was changed is told from
//! one that was written. A manifest is read back by [`Manifest::read`], which trusts nothing in it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::encoding::{seal, sha256};
use crate::engine::parallel;
use crate::numbers::count;

/// The format written and read.
pub const FORMAT: u32 = 3;

pub use crate::scenario::recipe::MAX_MANIFEST_BYTES as MAX_BYTES;

/// A command that leaves a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// What each arm costs.
    Run,
    /// Each arm against the baseline.
    Compare,
    /// Two scenarios, edit by edit; it is not replayed.
    Diff,
}

/// What a user asked for. Names of files are as he gave them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Command.
    pub command: Command,
    /// Main file of each scenario: one or two.
    pub scenarios: Vec<String>,
    /// `--with` files in order.
    pub with: Vec<String>,
    /// `--set` flags in order.
    pub set: Vec<String>,
    /// `--arms`, if chosen.
    pub arms: Vec<String>,
    /// `--paths`, if given.
    pub paths: Option<u64>,
    /// `--seed`, if given.
    pub seed: Option<u64>,
    /// `--size`, if given.
    pub sizes: Vec<String>,
    /// `--save paths`.
    pub save_paths: bool,
    /// `--save parquet`.
    pub save_parquet: bool,
}

/// A file a scenario was made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Its name, by way of the files that name it.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its text.
    pub text: String,
}

impl InputFile {
    /// A file of this text.
    pub fn new(name: String, text: String) -> InputFile {
        InputFile { sha256: sha256(text.as_bytes()), name, text }
    }
}

/// A file of results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultFile {
    /// Its name below the folder of results.
    pub name: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// How many there are.
    pub bytes: usize,
}

/// What ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Version of the package.
    pub version: String,
    /// Digest of its sources and of the versions of its libraries.
    pub code: String,
    /// Processor and system.
    pub platform: String,
}

impl Program {
    /// This program.
    pub fn this() -> Program {
        Program {
            version: env!("CARGO_PKG_VERSION").into(),
            code: env!("LOOPHOLE_CODE").into(),
            platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        }
    }

    /// How this program differs from the one recorded, in words.
    pub fn differences(&self) -> Vec<String> {
        let this = Program::this();
        let mut told = Vec::new();
        if self.version != this.version {
            told.push(format!("it was made by version {}, this is {}", self.version, this.version));
        } else if self.code != this.code {
            let (theirs, ours) = (&self.code, &this.code);
            told.push(format!(
                "it was made by other code of version {}: {theirs}, this is {ours}",
                self.version
            ));
        }
        if self.platform != this.platform {
            told.push(format!("it was made on {}, this is {}", self.platform, this.platform));
        }
        told
    }
}

/// A path without the steps that lead nowhere.
fn plain(path: &str) -> String {
    let parts = Path::new(path).components().filter(|part| *part != Component::CurDir);
    parts.collect::<PathBuf>().display().to_string()
}

/// The record of a folder of results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// What ran.
    pub program: Program,
    /// Name of the scenario: the main file's, without extension.
    pub scenario: String,
    /// What was asked for.
    pub request: Request,
    /// Seed.
    pub seed: u64,
    /// Paths to draw.
    pub paths: usize,
    /// Paths done.
    pub paths_done: usize,
    /// The run was interrupted.
    pub incomplete: bool,
    /// Sampling scheme.
    pub sampling: String,
    /// Arms, baseline first.
    pub arms: Vec<String>,
    /// Every file read, the main one first.
    pub files: Vec<InputFile>,
    /// Every file written, this one aside.
    pub results: Vec<ResultFile>,
}

impl Manifest {
    /// Digests of what is in a folder.
    pub fn digests(folder: &Folder) -> Vec<ResultFile> {
        let digest = |(name, bytes): (&str, &[u8])| ResultFile {
            name: name.to_string(),
            sha256: sha256(bytes),
            bytes: bytes.len(),
        };
        let files: Vec<(&str, &[u8])> = folder.files().collect();
        parallel::map(&files, parallel::processors(), |file| digest(*file))
    }

    /// What the results of `now` depend on that is not as it was here, in words: "paths 4,000, now 200". Empty where the two
    /// are records of one run.
    pub fn differences(&self, now: &Manifest) -> Vec<String> {
        let mut told = Vec::new();
        let mut tell = |what: &str, old: String, new: String| {
            if old != new {
                told.push(format!("{what}{old}, now {new}"));
            }
        };
        // Paths may differ in how they are written.
        let named = |paths: &[String]| -> Vec<String> { paths.iter().map(|path| plain(path)).collect() };
        let listed = |words: &[String]| match words {
            [] => "none".to_string(),
            words => words.join(" "),
        };
        let command = |manifest: &Manifest| match manifest.request.command {
            Command::Run => "run".to_string(),
            Command::Compare => "compare".to_string(),
            Command::Diff => "diff".to_string(),
        };
        let saved = |manifest: &Manifest| {
            let Request { save_paths, save_parquet, .. } = manifest.request;
            let kinds =
                [("paths", save_paths), ("parquet", save_parquet)].into_iter().filter(|(_, saved)| *saved);
            listed(&kinds.map(|(kind, _)| kind.to_string()).collect::<Vec<_>>())
        };
        let (was, is) = (&self.request, &now.request);
        tell("", command(self), command(now));
        tell("scenario ", listed(&named(&was.scenarios)), listed(&named(&is.scenarios)));
        tell("--with ", listed(&named(&was.with)), listed(&named(&is.with)));
        tell("--set ", listed(&was.set), listed(&is.set));
        tell("arms ", listed(&self.arms), listed(&now.arms));
        tell("paths ", count(self.paths as u64), count(now.paths as u64));
        tell("seed ", self.seed.to_string(), now.seed.to_string());
        tell("sampling ", self.sampling.clone(), now.sampling.clone());
        tell("--size ", listed(&was.sizes), listed(&is.sizes));
        tell("--save ", saved(self), saved(now));
        let text_of = |name: &str| {
            now.files.iter().find(|file| plain(&file.name) == plain(name)).map(|file| &file.text)
        };
        let changed =
            self.files.iter().filter(|file| text_of(&file.name).is_some_and(|text| *text != file.text));
        told.extend(changed.map(|file| format!("{} had another text", file.name)));
        told.extend(self.program.differences());
        let texts = |manifest: &Manifest| -> Vec<String> {
            manifest.files.iter().map(|file| file.sha256.clone()).collect()
        };
        if told.is_empty() && texts(self) != texts(now) {
            told.push("other files".to_string());
        }
        told
    }

    /// What was asked for, with all that flags may leave to the scenario.
    pub fn resolved(&self) -> Request {
        let request = self.request.clone();
        Request { paths: Some(self.paths as u64), seed: Some(self.seed), arms: self.arms.clone(), ..request }
    }

    /// As JSON text, sealed.
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Sealed<'a> {
            #[serde(flatten)]
            manifest: &'a Manifest,
            seal: String,
        }
        let json = serde_json::json!(self);
        let sealed = Sealed { manifest: self, seal: seal(&json).unwrap_or_default() };
        serde_json::to_string_pretty(&sealed).map(|text| text + "\n").unwrap_or_default()
    }

    /// The manifest in a text.
    ///
    /// # Errors
    /// Every reason why it is none, or why what it holds is not what it says.
    pub fn read(text: &str) -> Result<Manifest, Vec<String>> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let wrong = |why: serde_json::Error| vec![format!("is not a manifest of loophole: {why}")];
        let head: Head = serde_json::from_str(text).map_err(wrong)?;
        if head.format != FORMAT {
            let why = format!("has format {}, this version reads format {FORMAT}", head.format);
            return Err(vec![why]);
        }
        let mut json: serde_json::Value = serde_json::from_str(text).map_err(wrong)?;
        let own = seal(&json);
        let written = json.as_object_mut().and_then(|object| object.remove("seal"));
        let manifest: Manifest = serde_json::from_value(json).map_err(wrong)?;
        let mut problems = manifest.problems();
        if written.as_ref().and_then(|seal| seal.as_str()) != own.as_deref() {
            problems.push("was changed since it was written: its seal does not fit\n  hint: run the scenario again, or restore the file".into());
        }
        if problems.is_empty() { Ok(manifest) } else { Err(problems) }
    }

    fn problems(&self) -> Vec<String> {
        let mut told = Vec::new();
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        for file in &self.files {
            if sha256(file.text.as_bytes()) != file.sha256 {
                told.push(format!("the text of {} is not the one its digest was taken of", file.name));
            }
            if names.insert(&file.name, &file.text).is_some() {
                told.push(format!("{} is recorded twice", file.name));
            }
        }
        let named = self.request.scenarios.iter().chain(&self.request.with);
        // What is compared by `diff` may be saved results, whose files have names of their own.
        for name in named.filter(|_| self.request.command != Command::Diff) {
            if !names.contains_key(name.as_str()) {
                told.push(format!("the text of {name} is not recorded"));
            }
        }
        let allowed = match self.request.command {
            Command::Run => 1..=1,
            Command::Compare | Command::Diff => 1..=2,
        };
        if !allowed.contains(&self.request.scenarios.len()) {
            told.push(format!("{} scenarios were asked for", self.request.scenarios.len()));
        }
        told
    }

    /// The recorded texts, by the names they were read under.
    pub fn texts(&self) -> BTreeMap<String, String> {
        self.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect()
    }
}
