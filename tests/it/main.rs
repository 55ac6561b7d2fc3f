//! Integration tests: one binary, one module a kind of promise.
#![allow(
    clippy::disallowed_methods,
    reason = "a test may use the platform's own functions as a second route"
)]
mod diagnostics;
mod distributions;
mod market;
mod second;
mod statistics;
mod two_routes;
mod worked_examples;
