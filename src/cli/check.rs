//! `loophole check`: every problem of scenario files at once.

use loophole::scenario::diagnostic::Diagnostics;
use loophole::scenario::{self, expect};

use super::Exit;
use super::args::CheckArgs;
use super::terminal::{Terminal, plural};

/// Checks every file, whether or not an earlier one has problems.
pub fn check(terminal: &Terminal, args: &CheckArgs) -> Exit {
    let mut bad = 0;
    // A scenario is read again with each file of pins on it, which has no problems of its own for that.
    let mut told: Vec<Diagnostics> = Vec::new();
    for file in &args.files {
        let options = args.scenario.options(args.strict);
        let (overlays, sets) = (&args.scenario.overlays, &args.scenario.sets);
        // With the pins beside it, so that what is wrong with them is told too; they are about the scenario as it stands.
        let checked = if overlays.is_empty() && sets.is_empty() {
            expect::load(file, overlays, sets, options).map(|pins| pins.warnings)
        } else {
            scenario::load(file, overlays, sets, options).map(|loaded| loaded.warnings)
        };
        let is_bad = checked.is_err();
        let found = checked.unwrap_or_else(|diagnostics| diagnostics);
        let news = told.iter().fold(found.clone(), |news, told| news.without(told));
        bad += usize::from(is_bad);
        if is_bad || !args.quiet {
            terminal.diagnostics(&news);
        }
        let (errors, warnings) = found.count();
        let again = if news.list.is_empty() { ", told above" } else { "" };
        if is_bad && news.list.is_empty() {
            terminal.remark(&format!("{}: {}{again}", file.display(), plural(errors, "error")));
        }
        if !is_bad && !args.quiet {
            let remark = match warnings {
                0 => String::new(),
                _ => format!(" ({}{again})", plural(warnings, "warning")),
            };
            terminal.print(&format!("{}: ok{remark}\n", file.display()));
        }
        told.extend((!found.list.is_empty()).then_some(found));
    }
    if bad == 0 { Exit::Done } else { Exit::Failed }
}
