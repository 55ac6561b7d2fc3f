//! The sums: formulas of the field, each next to its equation and source.
//!
//! Every function here is a function of its arguments: no generator, clock, file or static. Money is real USD, power kW,
//! rates fractions, durations months unless the name says otherwise. Nothing here knows what a path, an arm or a file is.
pub mod capital;
pub mod demand;
pub mod distillation;
pub mod energy;
pub mod learning;
pub mod market;
pub mod ownership;
pub mod rental;
pub mod roofline;
