//! How good a probabilistic forecast was: the continuous ranked probability score, and where the outcome fell.
//!
//! Source: Gneiting and Raftery (2007), Strictly proper scoring rules, prediction, and estimation, JASA 102, 359–378.

use super::quantile::sorted;
use crate::math::{normal_cdf, normal_pdf, sqrt};

/// CRPS of a normal forecast, in the outcome's unit; 0 is perfect.
///     sd · (z (2Φ(z) − 1) + 2φ(z) − 1/√π),  z = (outcome − mean)/sd
/// Domain: sd ≥ 0; at 0 it is the absolute error.
pub fn crps_normal(mean: f64, sd: f64, outcome: f64) -> f64 {
    if sd == 0.0 {
        return (outcome - mean).abs();
    }
    let z = (outcome - mean) / sd;
    sd * (z * (2.0 * normal_cdf(z) - 1.0) + 2.0 * normal_pdf(z) - 1.0 / sqrt(std::f64::consts::PI))
}

/// Probability integral transform of a normal forecast: the probability it gave to less than the outcome.
/// Domain: sd ≥ 0; at 0 it is 0, ½ or 1.
pub fn pit_normal(mean: f64, sd: f64, outcome: f64) -> f64 {
    match outcome - mean {
        0.0 => 0.5,
        error => normal_cdf(error / sd),
    }
}

/// CRPS of the forecast that the sampled values are equally likely, in the outcome's unit.
///     mean |x_i − outcome| − ½ mean |x_i − x_j|
/// Shape: at least one value.
pub fn crps_sample(values: &[f64], outcome: f64) -> f64 {
    let ascending = sorted(values);
    let n = ascending.len() as f64;
    let error: f64 = ascending.iter().map(|x| (x - outcome).abs()).sum();
    // Σ_ij |x_i − x_j| = 2 Σ_i (2i + 1 − n) x_i over ascending values, i from 0.
    let spread: f64 = ascending.iter().enumerate().map(|(i, x)| (2.0 * i as f64 + 1.0 - n) * x).sum();
    error / n - spread / (n * n)
}

/// Probability integral transform: the share of sampled values below the outcome, ties counted half. Uniform over many
/// outcomes if the forecasts were calibrated. Shape: at least one value.
pub fn pit(values: &[f64], outcome: f64) -> f64 {
    let below = values.iter().filter(|&&x| x < outcome).count() as f64;
    let equal = values.iter().filter(|&&x| x == outcome).count() as f64;
    (below + 0.5 * equal) / values.len() as f64
}
