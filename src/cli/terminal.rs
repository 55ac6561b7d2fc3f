//! Standard output and error as the user has them: a terminal or a pipe, coloured or not.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use loophole::scenario::diagnostic::Diagnostics;
use loophole::scenario::{self, Loaded};

use super::Exit;
use super::args::ScenarioArgs;

/// Where words go.
pub struct Terminal {
    colour: bool,
    live: bool,
}

impl Terminal {
    /// `plain` turns colour and the progress bar off, and so does the environment variable `NO_COLOR`.
    pub fn new(plain: bool) -> Terminal {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let live = std::io::stderr().is_terminal() && !plain;
        Terminal { colour: live && !no_color, live }
    }

    /// Standard error is a terminal that may be redrawn.
    pub fn live(&self) -> bool {
        self.live
    }

    /// Writes results. A reader that has gone away ends the output, not the command: what is to be written to disk is, and the
    /// exit code is that of the command. Any other failure ends the program.
    pub fn print(&self, text: &str) {
        self.insist(self.try_print(text));
    }

    /// The same, but returns a failure, so that other work can be done before [`Terminal::insist`] ends the program.
    pub fn try_print(&self, text: &str) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    /// Ends the program if results could not be written.
    pub fn insist(&self, printed: std::io::Result<()>) {
        if let Err(error) = printed {
            self.error(&format!("cannot write to standard output: {error}"));
            std::process::exit(i32::from(Exit::Unwritten.code()));
        }
    }

    /// Writes a remark.
    pub fn remark(&self, text: &str) {
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Writes an error.
    pub fn error(&self, text: &str) {
        let word = if self.colour { "\x1b[1;31merror\x1b[0m" } else { "error" };
        self.remark(&format!("{word}: {text}"));
    }

    /// Writes diagnostics and how many there are.
    pub fn diagnostics(&self, diagnostics: &Diagnostics) {
        let (errors, warnings) = diagnostics.count();
        if errors + warnings == 0 {
            return;
        }
        let _ = write!(std::io::stderr(), "{}", diagnostics.render(self.colour));
        self.remark(&format!("{}, {}", plural(errors, "error"), plural(warnings, "warning")));
    }

    /// Loads a scenario, or says what is wrong with it. Warnings are left to the caller.
    pub fn load(&self, path: &Path, args: &ScenarioArgs, strict: bool) -> Option<Loaded> {
        let overlays: &[PathBuf] = &args.overlays;
        match scenario::load(path, overlays, &args.sets, args.options(strict)) {
            Ok(loaded) => Some(loaded),
            Err(diagnostics) => {
                self.diagnostics(&diagnostics);
                None
            }
        }
    }
}

/// "1 error", "2 errors".
pub fn plural(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
