//! Mathematical functions with the same bits on every platform.
//!
//! The standard library hands `exp`, `ln` and their kin to whatever C library the platform has, and these differ in the
//! last bit; one such bit can move a regime or a market and with it a whole path. Everything that reaches a result goes
//! through this module, which stands on plain arithmetic and on the `libm` crate's portable code. Clippy's
//! `disallowed-methods` (`clippy.toml`) keeps the methods of `f64` out elsewhere.
//!
//! What lives here is mathematics only: elementary functions, the normal, beta and Student laws, small
//! linear systems. Distributions
//! with parameters a person could dispute are in [`crate::random`].

mod beta;
mod elementary;
mod exponential;
mod fetch;
mod lanes;
pub mod linear;
mod normal;
mod transpose;
pub(crate) mod wide;

pub use beta::{beta_cdf, beta_quantile, student_cdf, student_quantile};
pub use elementary::{asin, cos, exp_m1, ln_1p, ln_gamma, log2, log10, pow, power, sin, sqrt};
pub use exponential::{exp, exp_all, exp_m1_to_zero, ln};
pub(crate) use fetch::fetch;
pub(crate) use lanes::in_lanes;
pub use lanes::{Bits, InLanes, LANES, Lanes, Number, rows, sum};
pub use normal::{normal_cdf, normal_pdf, normal_quantile, normal_quantiles};
pub use transpose::transpose;
pub use wide::{Instructions, limit_instructions};
