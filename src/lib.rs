//! What does closing the overseas-rental door do to the cost of compute?
//!
//! The sums are in [`economics`], the dice in [`random`], the story of a month in [`model::step`], the loop in
//! [`engine`], your file in [`scenario`], the questions in [`analysis`], the pictures in `chart`, and what lands on
//! disk in [`export`].
//!
//! # From a file to a number
//! 1. [`scenario::load`] reads a file and all that it names into a tree whose every value knows where it was written, checks
//!    it against the language ([`scenario::registry`]) and says every problem at once. [`scenario::Scenario::job`] compiles
//!    what is left: a [`engine::job::Job`] of arms on common quantities.
//! 2. [`engine::executor::simulate`] takes the job's paths in blocks. A path is one draw of all quantities
//!    ([`model::drivers`]): a function of seed, stream, path and month ([`random::stream`]), so that all arms see the same
//!    world. Here randomness ends.
//! 3. [`model::step`] tells the months of eight paths side by side: what the rules leave ([`model::rules`]), what the labs plan
//!    for a later month ([`model::plan`]) and run in this one ([`model::operate`]), each a least-cost market against elastic
//!    demand ([`economics::market`]) whose dual prices are the marginal cost of compute, and the books ([`model::ledger`]).
//! 4. [`engine::recorder`] keeps what is asked of each month (sums and histograms of whole counts, in any order the same) and
//!    of each path ([`engine::catalogue`]). All of it together is an [`engine::outcome::Outcome`].
//! 5. [`analysis::compare`] takes differences to the baseline path by path and gives each its interval and its sampling error
//!    ([`analysis::summary`], [`stats::estimate`]); [`analysis::answer`] tells them in words, and [`export`] and `chart` write
//!    and draw them.
//!
//! Above one run stand whose doing a change is ([`analysis::diff`]), whether known numbers still hold ([`analysis::expect`]),
//! and how one cost builds up ([`analysis::explain`]).
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
