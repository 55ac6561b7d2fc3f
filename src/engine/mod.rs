//! The loop: paths in blocks, arms on the same draws, results merged in block order.
pub mod job;
