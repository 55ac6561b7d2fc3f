//! Any text is a scenario or has problems that can be told; what is a scenario compiles, and its own text is one too.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use loophole::scenario::texts::Texts;
use loophole::scenario::{Options, load_text};

fuzz_target!(|text: &str| {
    let options = || Options { texts: Texts::held([]), ..Options::default() };
    match load_text("fuzz.toml", Path::new("nowhere"), text, &[], options()) {
        Err(problems) => assert!(!problems.render(false).is_empty()),
        Ok(loaded) => {
            let _warnings = loaded.warnings.render(true);
            let _job = loaded.scenario.job();
            let _shown = loaded.scenario.show("");
            let again = load_text("again.toml", Path::new("nowhere"), &loaded.scenario.to_toml(), &[], options());
            assert!(again.is_ok(), "its own text: {}", again.unwrap_err());
        }
    }
});
