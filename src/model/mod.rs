//! The story of a path: what an arm's labs pay and do, month by month, given one drawn future.
pub mod parameters;
