//! The Kalman filter of a latent Brownian or Ornstein–Uhlenbeck level seen through noise.
//!
//! It turns dependent observations into independent ones of variance 1. Being linear, it treats the data and each column
//! of the regression alike, at a cost that grows with the number of observations and not with its cube.

use crate::math::{exp, exp_m1, ln, sqrt};

/// A latent process around its mean, and the noise it is seen through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latent {
    /// Per √year.
    pub volatility: f64,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// k a year; none is a Brownian motion that starts at its mean.
    pub reversion: Option<f64>,
}

/// What the filter made of the rows.
pub(super) struct Filtered {
    /// Rows with independent errors of variance 1, one after the other.
    pub whitened: Vec<f64>,
    /// Logarithm of the determinant of the observations' covariance matrix.
    pub log_determinant: f64,
    /// Expected latent state at the last date, given each column as the data.
    pub state: Vec<f64>,
    /// Its variance.
    pub variance: f64,
}

/// Filters rows of columns, one row a date. Domain: dates ascending, equal ones allowed.
pub(super) fn filtered(latent: Latent, years: &[f64], rows: &[Vec<f64>]) -> Filtered {
    let noise_variance = latent.noise * latent.noise;
    let mut state = vec![0.0; rows[0].len()];
    let mut variance = latent.reversion.map_or(0.0, |k| latent.volatility * latent.volatility / (2.0 * k));
    let mut last = years[0];
    let mut whitened = Vec::with_capacity(rows.len() * state.len());
    let mut log_determinant = 0.0;
    for (&date, row) in years.iter().zip(rows) {
        let (kept, added) = transition(latent, date - last);
        last = date;
        variance = kept * kept * variance + added;
        let total = variance + noise_variance;
        let gain = variance / total;
        let scale = 1.0 / sqrt(total);
        log_determinant += ln(total);
        whitened.extend(row.iter().zip(&mut state).map(|(value, state)| {
            *state *= kept;
            let innovation = value - *state;
            *state += gain * innovation;
            innovation * scale
        }));
        variance *= noise_variance / total;
    }
    Filtered { whitened, log_determinant, state, variance }
}

/// Share of the state that is left after some years, and the variance added.
pub(super) fn transition(latent: Latent, years: f64) -> (f64, f64) {
    let variance = latent.volatility * latent.volatility;
    match latent.reversion {
        Some(k) => (exp(-k * years), -variance * exp_m1(-2.0 * k * years) / (2.0 * k)),
        None => (1.0, variance * years),
    }
}
