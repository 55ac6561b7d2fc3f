//! Integration tests: one binary, one module a kind of promise.
mod known;
mod market;
mod support;
mod worked_examples;
