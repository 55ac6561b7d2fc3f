//! The command line: arguments in, library calls, words out. Results go to standard output, everything else to standard
//! error.

mod args;
mod check;
mod checkpoint;
mod compare;
mod explain;
mod pin_report;
mod progress;
mod replay;
mod show;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use terminal::Terminal;

/// Exit codes, as `loophole --help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The scenario has errors, a run failed, or a pin does not hold.
    Failed = 1,
    /// The command line names something the scenario does not have.
    Misused = 2,
    /// Results could not be written.
    Unwritten = 3,
    /// Interrupted.
    Interrupted = 130,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(cli.plain);
    let exit = match &cli.command {
        Command::Run(args) => compare::run(&terminal, args),
        Command::Compare(args) => compare::compare(&terminal, args),
        Command::Replay(args) => replay::replay(&terminal, args),
        Command::Check(args) => check::check(&terminal, args),
        Command::Test(args) => test::test(&terminal, args),
        Command::Show(args) => show::show(&terminal, args),
        Command::Explain(args) => explain::explain(&terminal, args),
    };
    ExitCode::from(exit as u8)
}
