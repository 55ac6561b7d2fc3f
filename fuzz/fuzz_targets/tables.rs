//! Any CSV text is a table or has problems that can be told: as chips, regions, samples and a history at once.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use loophole::scenario::texts::Texts;
use loophole::scenario::{Options, load_text};

const SCENARIO: &str = include_str!("../seed.toml");
const READS: &str = "
[tables]
chips = \"t.csv\"
regions = \"t.csv\"
[chips.read]
row = \"a\"
mbu_fraction = 0.5
goodput_fraction = 0.9
efficiency.training = { precision = \"8bit\", mfu_fraction = 0.3 }
efficiency.serving = { precision = \"8bit\", mfu_fraction = 0.3 }
[regions.read]
row = \"a\"
wacc_real_per_year = 0.05
";

fuzz_target!(|text: &str| {
    let held = [(Path::new("here").join("t.csv").display().to_string(), text.to_string())];
    let options = Options { texts: Texts::held(held), ..Options::default() };
    let sets = [
        "channels.hired.availability_fraction={ empirical = { file = \"t.csv\", column = \"x\" } }".to_string(),
        "channels.hired.price_usd_per_chip_hour={ model = \"ou\", history = { file = \"t.csv\", date = \"date\", value = \"x\" } }"
            .to_string(),
    ];
    match load_text("fuzz.toml", Path::new("here"), &format!("{SCENARIO}{READS}"), &sets, options) {
        Err(problems) => assert!(!problems.render(false).is_empty()),
        Ok(loaded) => drop(loaded.scenario.job()),
    }
});
