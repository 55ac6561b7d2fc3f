//! The dice: streams of uniforms keyed by name, distributions, processes, correlation, sampling designs, fits.
pub mod correlation;
pub mod design;
pub mod distribution;
pub mod elicit;
pub mod fit;
pub mod process;
pub mod stream;
