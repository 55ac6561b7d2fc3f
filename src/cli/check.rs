//! `loophole check`: every problem of scenario files at once.

use loophole::scenario::{self, expect};

use super::Exit;
use super::args::CheckArgs;
use super::terminal::{Terminal, plural};

/// Checks every file, whether or not an earlier one has problems.
pub fn check(terminal: &Terminal, args: &CheckArgs) -> Exit {
    let mut bad = 0;
    for file in &args.files {
        let options = args.scenario.options(args.strict);
        let (overlays, sets) = (&args.scenario.overlays, &args.scenario.sets);
        // With the pins beside it, so that what is wrong with them is told too; they are about the scenario as it stands.
        let checked = if overlays.is_empty() && sets.is_empty() {
            expect::load(file, overlays, sets, options).map(|pins| pins.warnings)
        } else {
            scenario::load(file, overlays, sets, options).map(|loaded| loaded.warnings)
        };
        match checked {
            Err(diagnostics) => {
                terminal.diagnostics(&diagnostics);
                bad += 1;
            }
            Ok(found) => {
                let (_, warnings) = found.count();
                if !args.quiet {
                    terminal.diagnostics(&found);
                    let remark = if warnings > 0 {
                        format!(" ({})", plural(warnings, "warning"))
                    } else {
                        String::new()
                    };
                    terminal.print(&format!("{}: ok{remark}\n", file.display()));
                }
            }
        }
    }
    if bad == 0 { Exit::Done } else { Exit::Failed }
}
