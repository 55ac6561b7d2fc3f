//! `loophole check`: every problem of scenario files at once.

use loophole::scenario::expect;

use super::Exit;
use super::args::CheckArgs;
use super::terminal::{Terminal, plural};

/// Checks every file, whether or not an earlier one has problems.
pub fn check(terminal: &Terminal, args: &CheckArgs) -> Exit {
    let mut bad = 0;
    for file in &args.files {
        let options = args.scenario.options(args.strict);
        // With the pins beside it, so that what is wrong with them is told too.
        match expect::load(file, &args.scenario.overlays, &args.scenario.sets, options) {
            Err(diagnostics) => {
                terminal.diagnostics(&diagnostics);
                bad += 1;
            }
            Ok(pins) => {
                let (_, warnings) = pins.warnings.count();
                if !args.quiet {
                    terminal.diagnostics(&pins.warnings);
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
