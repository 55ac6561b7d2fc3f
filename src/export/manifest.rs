//! `manifest.json`: everything that is needed to run the same again, and the digests that prove it.
//!
//! It holds the text of every file the scenario was made of, overlays and flags in order, seed, paths, sampling, version
//! and platform; never a clock time or a thread count, so that the same inputs give the same bytes.

use serde_json::{Value, json};

use super::folder::Folder;
use crate::encoding::sha256;

/// A file a scenario was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Its name, relative to the main file's folder.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// What a run was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// Scenario name: the main file's, without extension.
    pub name: String,
    /// Every file read, the main one first.
    pub files: Vec<InputFile>,
    /// `--set` flags in order.
    pub sets: Vec<String>,
    /// Seed.
    pub seed: u64,
    /// Paths asked for.
    pub paths: usize,
    /// Paths done.
    pub paths_done: usize,
    /// Sampling scheme.
    pub sampling: String,
    /// Arms, baseline first.
    pub arms: Vec<String>,
}

/// The manifest of a folder of results.
pub fn manifest(inputs: &Inputs, folder: &Folder) -> Value {
    let files: Vec<Value> = inputs
        .files
        .iter()
        .map(|file| json!({ "name": file.name, "sha256": sha256(file.text.as_bytes()), "text": file.text }))
        .collect();
    let results: Vec<Value> = folder
        .files()
        .map(|(name, bytes)| json!({ "name": name, "sha256": sha256(bytes), "bytes": bytes.len() }))
        .collect();
    json!({
        "format": 1,
        "loophole": env!("CARGO_PKG_VERSION"),
        "platform": format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        "scenario": inputs.name,
        "files": files,
        "set": inputs.sets,
        "seed": inputs.seed,
        "paths": inputs.paths,
        "paths_done": inputs.paths_done,
        "incomplete": inputs.paths_done < inputs.paths,
        "sampling": inputs.sampling,
        "arms": inputs.arms,
        "results": results,
    })
}
