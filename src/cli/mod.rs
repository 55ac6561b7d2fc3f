//! The command line: arguments in, library calls, words out. Results go to standard output, everything else to standard
//! error.

mod args;
mod check;
mod checkpoint;
mod compare;
mod diff;
mod earlier;
mod explain;
mod fit;
mod pin_report;
mod progress;
mod replay;
mod results;
mod show;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::Parser;
use loophole::math::{Instructions, limit_instructions};

use args::{Cli, Command, Widest};
use terminal::Terminal;

/// Exit codes, as `loophole --help` and the help of each command list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The scenario has errors, a run failed, or a pin does not hold.
    Failed,
    /// The command line names something the scenario does not have.
    Misused,
    /// `diff --exit-code`: inputs differ.
    Differs,
    /// `diff --exit-code`: a scenario has errors or a run failed.
    Trouble,
    /// Results could not be written.
    Unwritten,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed | Exit::Differs => 1,
            Exit::Misused | Exit::Trouble => 2,
            Exit::Unwritten => 3,
            Exit::Interrupted => 130,
        }
    }
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(widest) = cli.instructions {
        limit_instructions(match widest {
            Widest::Baseline => Instructions::Baseline,
            Widest::Avx2 => Instructions::Avx2,
            Widest::Avx512 => Instructions::Avx512,
        });
    }
    let terminal = Terminal::new(cli.plain);
    let exit = match &cli.command {
        Command::Run(args) => compare::run(&terminal, args),
        Command::Compare(args) => compare::compare(&terminal, args),
        Command::Replay(args) => replay::replay(&terminal, args),
        Command::Diff(args) => diff::diff(&terminal, args),
        Command::Check(args) => check::check(&terminal, args),
        Command::Test(args) => test::test(&terminal, args),
        Command::Show(args) => show::show(&terminal, args),
        Command::Explain(args) => explain::explain(&terminal, args),
        Command::Fit(args) => fit::fit(&terminal, args),
    };
    ExitCode::from(exit.code())
}
