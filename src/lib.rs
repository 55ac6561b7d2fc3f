//! What does closing the overseas-rental door do to the cost of compute?
//!
//! The sums are in [`economics`], the dice in [`random`], the story of a month in [`model::step`], the loop in
//! [`engine`], your file in [`scenario`], the questions in [`analysis`], the pictures in `chart`, and what lands on
//! disk in [`export`].
pub mod analysis;
pub mod calendar;
#[cfg(feature = "chart")]
pub mod chart;
pub mod economics;
pub mod encoding;
pub mod engine;
pub mod export;
pub mod math;
pub mod model;
pub mod numbers;
pub mod random;
pub mod scenario;
pub mod source;
pub mod stats;
pub mod units;
