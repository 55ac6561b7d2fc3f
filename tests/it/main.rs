//! Integration tests, in one binary.
#![allow(
    clippy::disallowed_methods,
    reason = "a test may use the platform's own functions as a second route"
)]
mod distributions;
mod second;
mod two_routes;
