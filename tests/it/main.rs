//! Integration tests: one binary, one module a kind of promise.
#![allow(
    clippy::disallowed_methods,
    reason = "a test may use the platform's own functions as a second route"
)]
mod analytic;
mod binary;
mod cli;
mod coverage;
mod demand;
mod determinism;
mod diagnostics;
mod diff;
mod distributions;
mod explanations;
#[cfg(feature = "chart")]
mod figure_tables;
mod figures;
mod fit;
mod floors;
mod invariants;
mod known;
mod long_columns;
mod long_runs;
mod market;
mod pins;
mod published;
mod questions;
mod reliability;
mod replay;
mod reports;
mod second;
mod small;
mod statistics;
mod support;
mod two_routes;
mod worked_examples;
