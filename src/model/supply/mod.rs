//! What a lab holds of a channel: chips it owns, contracts it signed.
pub mod owned;
pub mod rental;
