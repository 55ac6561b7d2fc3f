//! The command line as a user calls it: the binary's exit code and what it says.

use std::process::Output;

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;

/// Runs the binary.
pub fn loophole(args: &[&str]) -> Output {
    Command::new(cargo_bin!("loophole")).args(args).output().expect("the binary starts")
}

/// Its exit code.
pub fn code(output: &Output) -> i32 {
    output.status.code().expect("it exits by itself")
}

/// What it wrote to stdout.
pub fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// What it wrote to stderr.
pub fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("text")
}
