//! Integration tests: one binary, one module a kind of promise.
mod worked_examples;
