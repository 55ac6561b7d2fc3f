//! What many numbers say: estimates with their standard errors, moments, quantiles, sketches, tails, shares and scores.
//!
//! Nothing here draws or knows a path's story; numbers come in path order and go out as answers. An answer is an
//! [`Estimate`](estimate::Estimate): a value with its sampling error, which depends on how the paths were laid out and
//! is told by a [`Grouping`](estimate::Grouping).
//!
//! Every input must be finite: a run refuses a number that is not, with its path and month, long before it gets here.
//! Debug builds assert it. What is merged is merged in a stated order, or, like the counts of a
//! [`Sketch`](sketch::Sketch), in any.

pub mod estimate;
pub mod moments;
pub mod proportion;
pub mod quantile;
pub mod score;
pub mod sketch;
pub mod tail;
pub mod tally;
