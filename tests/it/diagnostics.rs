//! What a wrong scenario is told.
//!
//! Every `tests/bad/NN-name.toml` lies on top of a good scenario and breaks one thing; beside it, `NN-name.stderr` is the
//! exact text a user gets. A line `# flags: …` at the top of a file adds `--set`, `--with` and `--strict`. With
//! `LOOPHOLE_BLESS=1` in the environment the texts are written anew; read the difference before committing it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use loophole::scenario::{self, Options};
use proptest::prelude::*;

const GOOD: &str = "tests/bad/base/good.toml";

#[test]
fn every_bad_file_is_told_exactly_what_is_wrong() {
    let bless = std::env::var_os("LOOPHOLE_BLESS").is_some();
    let mut files: Vec<PathBuf> = std::fs::read_dir("tests/bad")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 60, "only {} bad files", files.len());
    let mut differences = String::new();
    for file in files {
        let told = told(&file);
        let expected = file.with_extension("stderr");
        if bless {
            std::fs::write(&expected, &told).unwrap();
            continue;
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if told != wanted {
            write!(differences, "{}\n{}", file.display(), difference(&wanted, &told)).unwrap();
        }
    }
    assert!(differences.is_empty(), "\n{differences}\nLOOPHOLE_BLESS=1 writes the new texts");
}

/// The rendered diagnostics of a file: its errors, or the warnings of a file that loads.
fn told(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let flags = text.lines().next().and_then(|line| line.strip_prefix("# flags: ")).unwrap_or_default();
    let (mut sets, mut overlays, mut options) = (Vec::new(), Vec::new(), Options::default());
    let mut words = flags.split(" -- ").map(str::trim).filter(|word| !word.is_empty());
    for word in &mut words {
        match word.split_once(' ') {
            Some(("set", change)) => sets.push(change.to_string()),
            Some(("with", overlay)) => overlays.push(PathBuf::from(overlay)),
            _ if word == "strict" => options.strict = true,
            _ => panic!("{}: no such flag {word:?}", file.display()),
        }
    }
    match scenario::load(file, &overlays, &sets, options) {
        Ok(loaded) => loaded.warnings.render(false),
        Err(problems) => problems.render(false),
    }
}

/// The lines that differ, marked by who has them.
fn difference(wanted: &str, told: &str) -> String {
    let (wanted, told): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), told.lines().collect());
    let same = wanted.iter().zip(&told).take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    wanted[same..].iter().take(12).for_each(|line| writeln!(text, "  - {line}").unwrap());
    told[same..].iter().take(12).for_each(|line| writeln!(text, "  + {line}").unwrap());
    text
}
