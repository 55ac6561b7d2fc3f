//! The house of CONTRIBUTING.md, held against the source: no floor uses one above it, and what a floor keeps to itself
//! stays there.

use std::path::{Path, PathBuf};

/// Modules by floor; those of one floor see each other unless listed as blind.
const FLOORS: [(&str, u8); 17] = [
    ("calendar", 0),
    ("encoding", 0),
    ("math", 0),
    ("numbers", 0),
    ("source", 0),
    ("units", 0),
    ("economics", 1),
    ("random", 1),
    ("stats", 1),
    ("model", 2),
    ("engine", 3),
    ("scenario", 4),
    ("analysis", 5),
    ("export", 6),
    ("chart", 6),
    ("cli", 7),
    ("main", 7),
];

const BLIND: [&str; 3] = ["economics", "random", "stats"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("src can be read") {
        let path = entry.expect("src can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Each source file with its top module.
fn files() -> Vec<(PathBuf, String, String)> {
    let mut found = Vec::new();
    sources(Path::new("src"), &mut found);
    found.sort();
    assert!(found.len() > 60, "only {} source files found", found.len());
    found
        .into_iter()
        .filter(|path| path != Path::new("src/lib.rs"))
        .map(|path| {
            let below = path.strip_prefix("src").expect("found below src");
            let top = below.components().next().expect("a file has a name").as_os_str().to_string_lossy();
            let module = top.trim_end_matches(".rs").to_string();
            let text = code(&std::fs::read_to_string(&path).expect("a source file is text"));
            (path, module, text)
        })
        .collect()
}

fn floor(module: &str) -> u8 {
    FLOORS
        .iter()
        .find(|(name, _)| *name == module)
        .unwrap_or_else(|| {
            panic!("the module {module} has no floor: give it one here and in CONTRIBUTING.md")
        })
        .1
}

/// The text without its comments, where prose may speak of any floor.
fn code(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Top modules a text names by `crate::` or `loophole::`, test code included.
fn used(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for root in ["crate::", "loophole::"] {
        for rest in text.split(root).skip(1) {
            match rest.strip_prefix('{') {
                Some(list) => {
                    let list = list.split("};").next().unwrap_or_default();
                    modules.extend(
                        list.split([',', '\n'])
                            .map(|part| part.trim().split("::").next().unwrap_or_default().to_string()),
                    );
                }
                None => modules.push(
                    rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect(),
                ),
            }
        }
    }
    modules.retain(|module| FLOORS.iter().any(|(name, _)| name == module));
    modules
}

#[test]
fn no_floor_uses_one_above_it() {
    for (path, module, text) in files() {
        for other in used(&text) {
            let path = path.display();
            assert!(floor(&other) <= floor(&module), "{path} ({module}) uses {other}, a floor above it");
            let blind =
                BLIND.contains(&module.as_str()) && BLIND.contains(&other.as_str()) && other != module;
            assert!(!blind, "{path} ({module}) uses {other}: the three on floor 1 are blind to each other");
        }
    }
}

#[test]
fn what_a_floor_keeps_stays_there() {
    let kept = [
        ("clap::", vec!["cli"]),
        ("indicatif::", vec!["cli"]),
        ("ctrlc::", vec!["cli"]),
        ("plotters::", vec!["chart"]),
        ("resvg::", vec!["chart"]),
        ("toml::", vec!["scenario"]),
        ("toml_edit::", vec!["scenario"]),
        ("csv::Reader", vec!["scenario"]),
        ("std::fs::", vec!["scenario", "export"]),
        ("std::thread", vec!["engine", "cli"]),
        ("Instant::now", vec!["cli"]),
        ("SystemTime", vec![]),
        ("unsafe {", vec!["math"]),
        ("println!", vec![]),
        ("eprintln!", vec![]),
    ];
    for (path, module, text) in files() {
        for (word, modules) in &kept {
            assert!(
                !text.contains(word) || modules.contains(&module.as_str()),
                "{} ({module}) uses {word}, which belongs to {modules:?}",
                path.display()
            );
        }
    }
}

#[test]
fn economics_depends_on_its_arguments_alone() {
    for (path, module, text) in files() {
        if module == "economics" {
            for word in ["static mut", "thread_local", "std::env", "std::io", "Mutex", "OnceLock", "RefCell"]
            {
                assert!(!text.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}
