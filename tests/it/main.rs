//! Integration tests: one binary, one module a kind of promise.
mod demand;
mod market;
mod worked_examples;
