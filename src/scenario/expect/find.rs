//! Which files have pins.

use std::path::{Path, PathBuf};

use super::names;
use crate::scenario::diagnostic::{FileKind, Files};
use crate::scenario::raw;
use crate::scenario::texts::read_text;

/// The scenarios with pins among `paths`, folders searched to any depth; sorted within a folder, each once. A file that
/// is named is taken as it is.
///
/// # Errors
/// Names the path that cannot be read, or in which there are no pins.
pub fn scenarios(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut found: Vec<PathBuf> = Vec::new();
    for path in paths {
        let here = if path.is_dir() { below(path)? } else { vec![names(path).0] };
        if here.is_empty() {
            return Err(format!("no scenario below {} has pins", path.display()));
        }
        found.extend(here);
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|path| seen.insert(path.clone()));
    Ok(found)
}

fn below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let fail = |error: std::io::Error| format!("cannot read the folder {}: {error}", folder.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        // A link to a folder is not followed, so that the search ends.
        if entry.file_type().map_err(fail)?.is_dir() {
            found.extend(below(&entry.path())?);
        } else if let Some(scenario) = with_pins(&entry.path()) {
            found.push(scenario);
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The scenario whose pins a file holds, if it holds any.
fn with_pins(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    if name.ends_with(".expect.toml") {
        return Some(names(path).0);
    }
    let text = name.ends_with(".toml").then(|| read_text(path).ok())??;
    let mut files = Files::default();
    let file = files.add(String::new(), FileKind::Scenario, PathBuf::new(), text);
    let pinned = match raw::parse(&files, file) {
        Ok(tree) => tree.entry("expect").is_some(),
        // What is wrong with it is told when it is loaded.
        Err(_) => files.iter().any(|file| file.text.contains("[[expect]]")),
    };
    pinned.then(|| path.to_path_buf())
}
