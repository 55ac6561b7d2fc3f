//! Integration tests: one binary, one module a kind of promise.
mod market;
mod worked_examples;
