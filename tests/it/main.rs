//! The one integration binary.
#[cfg(feature = "chart")]
mod figures;
