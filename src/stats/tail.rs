//! The mean of the worst cases: conditional value at risk, or expected shortfall, of the upper tail.
//!
//! Source: Rockafellar and Uryasev (2002), Conditional value-at-risk for general loss distributions, J. Banking and
//! Finance 26, 1443–1471.

use super::estimate::{Estimate, Grouping, mean};
use super::quantile::sorted;
use crate::math::{exp, normal_cdf, normal_pdf, normal_quantile};

/// Mean of the greatest share 1 − level of per-path values, a path at the edge counted in part.
///     CVaR = q + mean(max(0, x − q))/(1 − level),  q the level-quantile
/// The error is that of this mean at the estimated q, which is right to first order, since q minimises the expression.
/// Shape: one value a path, in path order, at least one. Domain: 0 ≤ level < 1.
pub fn cvar(values: &[f64], level: f64, grouping: Grouping) -> Estimate {
    let ascending = sorted(values);
    let n = ascending.len() as f64;
    let place = ((level * n).ceil() as usize).clamp(1, ascending.len());
    let q = ascending[place - 1];
    let scores: Vec<f64> = values.iter().map(|x| q + (x - q).max(0.0) / (1.0 - level)).collect();
    mean(&scores, grouping)
}

/// CVaR of a normal.
///     mean + sd · φ(z)/(1 − level),  z the level-quantile of the standard normal
/// Domain: sd ≥ 0, 0 < level < 1.
pub fn normal_cvar(mean: f64, sd: f64, level: f64) -> f64 {
    mean + sd * normal_pdf(normal_quantile(level)) / (1.0 - level)
}

/// CVaR of a lognormal with the stated mean and standard deviation of the logarithm.
///     e^(mu + sigma²/2) · Φ(sigma − z)/(1 − level)
/// Domain: sigma ≥ 0, 0 < level < 1.
pub fn lognormal_cvar(mu: f64, sigma: f64, level: f64) -> f64 {
    exp(mu + 0.5 * sigma * sigma) * normal_cdf(sigma - normal_quantile(level)) / (1.0 - level)
}
