//! The sums: formulas of the field, each next to its equation and source. Functions of their arguments and nothing else.
pub mod demand;
pub mod market;
