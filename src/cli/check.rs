//! `loophole check`: every problem of scenario files at once.

use super::Exit;
use super::args::CheckArgs;
use super::terminal::{Terminal, plural};

/// Checks every file, whether or not an earlier one has problems.
pub fn check(terminal: &Terminal, args: &CheckArgs) -> Exit {
    let mut bad = 0;
    for file in &args.files {
        match terminal.load(file, &args.scenario, args.strict) {
            None => bad += 1,
            Some(loaded) => {
                let (_, warnings) = loaded.warnings.count();
                if !args.quiet {
                    terminal.diagnostics(&loaded.warnings);
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
