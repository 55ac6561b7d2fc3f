//! Distributions of quantities, sampled through the inverse CDF.
//!
//! A draw is [`Distribution::quantile`] of one uniform, whatever the family and its values, so that common random numbers,
//! antithetic pairs, Latin hypercubes and Sobol' points work with every one of them and no draw ever moves another. The
//! quantile of each family, mixtures included, is the true inverse of its CDF: larger uniforms never give smaller values.
//!
//! A family's file holds its struct, its checks and its formulas; the constructors here are the only way to make one.
//! Families fitted to quantiles are made in [`super::elicit`].

mod beta;
mod discrete;
mod error;
mod metalog;
mod mixture;
mod normal;
mod triangular;
mod uniform;

pub use beta::{Beta, Pert};
pub use discrete::{Discrete, Empirical};
pub use error::DistributionError;
pub use metalog::Metalog;
pub use mixture::Mixture;
pub use normal::{LogNormal, Normal};
pub use triangular::Triangular;
pub use uniform::Uniform;

/// What every family answers.
trait Shape {
    /// Inverse CDF: the smallest x with F(x) ≥ u. Domain: 0 < u < 1.
    fn quantile(&self, u: f64) -> f64;
    /// F(x), the probability of a value of at most x.
    fn cdf(&self, x: f64) -> f64;
    /// Expectation; infinite where the integral diverges.
    fn mean(&self) -> f64;
    /// Variance; infinite where the integral diverges.
    fn variance(&self) -> f64;
    /// Least and greatest possible value.
    fn support(&self) -> (f64, f64);
}

/// A distribution of a quantity; made by its constructors, which check their arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Equally likely anywhere between two ends.
    Uniform(Uniform),
    /// Density rising in a straight line to the mode and falling in one from it.
    Triangular(Triangular),
    /// A beta distribution stated by least, likeliest and greatest value.
    Pert(Pert),
    /// The normal law.
    Normal(Normal),
    /// The exponential of a normal.
    LogNormal(LogNormal),
    /// A beta distribution on an interval.
    Beta(Beta),
    /// Listed values with weights.
    Discrete(Discrete),
    /// One of several distributions, by weight.
    Mixture(Mixture),
    /// Observed values, equally likely.
    Empirical(Empirical),
    /// A metalog: a flexible quantile function through stated quantiles.
    Metalog(Metalog),
}

impl Distribution {
    /// Uniform on `[low, high]`. Domain: finite, low ≤ high.
    pub fn uniform(low: f64, high: f64) -> Result<Distribution, DistributionError> {
        Uniform::new(low, high).map(Distribution::Uniform)
    }

    /// Triangular with its least value, mode and greatest value. Domain: finite, min ≤ mode ≤ max.
    pub fn triangular(min: f64, mode: f64, max: f64) -> Result<Distribution, DistributionError> {
        Triangular::new(min, mode, max).map(Distribution::Triangular)
    }

    /// PERT with its least value, mode and greatest value. Domain: finite, min ≤ mode ≤ max.
    pub fn pert(min: f64, mode: f64, max: f64) -> Result<Distribution, DistributionError> {
        Pert::new(min, mode, max).map(Distribution::Pert)
    }

    /// Normal with mean and standard deviation. Domain: finite, sd ≥ 0.
    pub fn normal(mean: f64, sd: f64) -> Result<Distribution, DistributionError> {
        Normal::new(mean, sd).map(Distribution::Normal)
    }

    /// Lognormal with median and the standard deviation of the logarithm. Domain: finite, median > 0, sigma ≥ 0.
    pub fn lognormal(median: f64, sigma: f64) -> Result<Distribution, DistributionError> {
        LogNormal::new(median, sigma).map(Distribution::LogNormal)
    }

    /// Beta with shapes `alpha` and `beta`, stretched over `[min, max]`. Domain: finite, shapes > 0, min ≤ max.
    pub fn beta(alpha: f64, beta: f64, min: f64, max: f64) -> Result<Distribution, DistributionError> {
        Beta::new(alpha, beta, min, max).map(Distribution::Beta)
    }

    /// Each of `values` with a probability in proportion to its weight. Domain: finite, weights ≥ 0 with a positive sum.
    pub fn discrete(values: &[f64], weights: &[f64]) -> Result<Distribution, DistributionError> {
        Discrete::new(values, weights).map(Distribution::Discrete)
    }

    /// One of `of` with a probability in proportion to its weight. Domain: weights ≥ 0 with a positive sum.
    pub fn mixture(weights: &[f64], of: Vec<Distribution>) -> Result<Distribution, DistributionError> {
        Mixture::new(weights, of).map(Distribution::Mixture)
    }

    /// One of the observed `values`, equally likely. Domain: finite, at least one.
    pub fn empirical(values: Vec<f64>) -> Result<Distribution, DistributionError> {
        Empirical::new(values).map(Distribution::Empirical)
    }

    /// Inverse CDF: the smallest x with F(x) ≥ u. Domain: 0 < u < 1.
    pub fn quantile(&self, u: f64) -> f64 {
        self.shape().quantile(u)
    }

    /// F(x), the probability of a value of at most x.
    pub fn cdf(&self, x: f64) -> f64 {
        self.shape().cdf(x)
    }

    /// The value at u = ½: the quantity's central value.
    pub fn median(&self) -> f64 {
        self.shape().quantile(0.5)
    }

    /// Expectation; infinite where the integral diverges.
    pub fn mean(&self) -> f64 {
        self.shape().mean()
    }

    /// Variance; infinite where the integral diverges.
    pub fn variance(&self) -> f64 {
        self.shape().variance()
    }

    /// Least and greatest possible value.
    pub fn support(&self) -> (f64, f64) {
        self.shape().support()
    }

    fn shape(&self) -> &dyn Shape {
        match self {
            Distribution::Uniform(family) => family,
            Distribution::Triangular(family) => family,
            Distribution::Pert(family) => family,
            Distribution::Normal(family) => family,
            Distribution::LogNormal(family) => family,
            Distribution::Beta(family) => family,
            Distribution::Discrete(family) => family,
            Distribution::Mixture(family) => family,
            Distribution::Empirical(family) => family,
            Distribution::Metalog(family) => family,
        }
    }
}
