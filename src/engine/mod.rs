//! The loop: paths in blocks, arms on the same draws, results merged in block order.
//!
//! [`simulate`](executor::simulate) runs a [`job::Job`] and returns an [`outcome::Outcome`]. The partition into blocks
//! belongs to the job, not to the threads; floating-point results merge in block order and histograms count integers, so
//! an outcome is the same bit for bit under any number of threads. Nothing here prints, reads a clock or knows a question.
pub mod catalogue;
pub mod column;
pub mod executor;
pub mod job;
pub mod memory;
pub mod outcome;
pub mod parallel;
pub mod partition;
pub mod progress;
pub mod recorder;
