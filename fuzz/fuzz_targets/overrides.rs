//! Any `--set` flags change a good scenario into another, or into problems that can be told.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use loophole::scenario::texts::Texts;
use loophole::scenario::{Options, load_text};

const SCENARIO: &str = include_str!("../seed.toml");

fuzz_target!(|text: &str| {
    let sets: Vec<String> = text.lines().take(8).map(str::to_string).collect();
    let options = Options { texts: Texts::held([]), ..Options::default() };
    match load_text("fuzz.toml", Path::new("here"), SCENARIO, &sets, options) {
        Err(problems) => assert!(!problems.render(false).is_empty()),
        Ok(loaded) => drop(loaded.scenario.job()),
    }
});
