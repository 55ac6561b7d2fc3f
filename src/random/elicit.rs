//! Distributions from quantiles: what an expert or a published interval states.
//!
//! Normal and lognormal have two parameters and take exactly two quantiles; a metalog takes as many as are given. A
//! family is always named: the same two quantiles fit many, and they differ where it matters, in the tails.

use super::distribution::{Distribution, DistributionError, Metalog};
use crate::math::{exp, ln, normal_quantile};

/// The normal with two stated quantiles, pairs of probability and value.
///     sd = (x2 − x1)/(z2 − z1),  mean = x1 − sd·z1,  z the standard normal's quantiles
pub fn normal(quantiles: &[(f64, f64)]) -> Result<Distribution, DistributionError> {
    let (mean, sd) = two_quantiles("normal", &ascending(quantiles)?)?;
    Distribution::normal(mean, sd)
}

/// The lognormal with two stated quantiles, pairs of probability and positive value.
pub fn lognormal(quantiles: &[(f64, f64)]) -> Result<Distribution, DistributionError> {
    let mut logs = ascending(quantiles)?;
    for quantile in &mut logs {
        if quantile.1 <= 0.0 {
            return Err(DistributionError::OutOfRange {
                what: "a quantile of a lognormal distribution",
                value: quantile.1,
                allowed: "more than 0",
            });
        }
        quantile.1 = ln(quantile.1);
    }
    let (mu, sigma) = two_quantiles("lognormal", &logs)?;
    Distribution::lognormal(exp(mu), sigma)
}

/// The metalog through all stated quantiles, pairs of probability and value, with optional bounds.
///
/// Errors: fewer than 2 or more than 16 quantiles, values outside the bounds, or quantiles through which no metalog
/// passes with a positive density.
pub fn metalog(
    quantiles: &[(f64, f64)],
    min: Option<f64>,
    max: Option<f64>,
) -> Result<Distribution, DistributionError> {
    for (what, bound) in [("min", min), ("max", max)] {
        if let Some(value) = bound.filter(|bound| !bound.is_finite()) {
            return Err(DistributionError::OutOfRange { what, value, allowed: "a finite number" });
        }
    }
    Metalog::through(&ascending(quantiles)?, min, max).map(Distribution::Metalog)
}

/// Location and scale from exactly two quantiles in order.
fn two_quantiles(family: &'static str, quantiles: &[(f64, f64)]) -> Result<(f64, f64), DistributionError> {
    let &[(p1, x1), (p2, x2)] = quantiles else {
        return Err(DistributionError::QuantileCount {
            family,
            allowed: "exactly 2",
            given: quantiles.len(),
        });
    };
    let (z1, z2) = (normal_quantile(p1), normal_quantile(p2));
    let scale = (x2 - x1) / (z2 - z1);
    // The mean of both ends keeps a symmetric interval's middle exact.
    Ok((0.5 * (x1 + x2) - scale * 0.5 * (z1 + z2), scale))
}

/// The quantiles in order of probability; refuses probabilities outside (0, 1) and values that do not increase.
fn ascending(quantiles: &[(f64, f64)]) -> Result<Vec<(f64, f64)>, DistributionError> {
    for &(p, x) in quantiles {
        if !(p > 0.0 && p < 1.0) {
            let what = "the probability of a quantile";
            return Err(DistributionError::OutOfRange {
                what,
                value: p,
                allowed: "strictly between 0 and 1",
            });
        }
        if !x.is_finite() {
            return Err(DistributionError::OutOfRange {
                what: "a quantile",
                value: x,
                allowed: "a finite number",
            });
        }
    }
    let mut sorted = quantiles.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    match sorted.windows(2).find(|pair| pair[0].0 == pair[1].0 || pair[0].1 >= pair[1].1) {
        Some(pair) => Err(DistributionError::QuantilesNotIncreasing { lower: pair[0], upper: pair[1] }),
        None => Ok(sorted),
    }
}
