//! The command line of `loophole`. Everything it knows of the world is in the library.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
