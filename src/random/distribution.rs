//! Distributions of quantities, sampled through the inverse CDF.
/// A distribution; made by its constructors, which check their arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Uniform on `[low, high]`.
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
}
impl Distribution {
    /// Inverse CDF. Domain: 0 < u < 1.
    pub fn quantile(&self, u: f64) -> f64 {
        match self {
            Distribution::Uniform { low, high } => low + u * (high - low),
        }
    }
}
