//! The story of a path: what an arm's labs pay and do, month by month, given one drawn future.
//!
//! [`step::simulate`] tells it: drivers in, [`ledger::Trace`] out. A month is rules, wind-down, [`plan`], [`operate`],
//! books, feedback, in that order (`docs/model.md §14`). The model draws nothing and knows no file; formulas live in
//! [`crate::economics`].
pub mod calibrate;
pub mod conditions;
pub mod drivers;
pub mod ledger;
pub mod operate;
pub mod parameters;
pub mod plan;
pub mod rules;
pub mod state;
pub mod step;
pub mod supply;
pub mod tranches;
