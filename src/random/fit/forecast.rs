//! Forecasts of a later observation: from a fit, and the naive one that a fit has to beat.
//!
//! Both are normal in the logarithm. Fitted parameters are taken as known; that they are estimates widens a forecast only
//! through the level at the last date, whose standard error knows of the linear ones.
//!
//! Source: Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, ch. 3 and 9.

use std::f64::consts::LN_2;

use super::filter::{Latent, transition};
use super::{Fit, Observation};
use crate::math::{ln, sqrt};

/// A normal forecast of the logarithm of an observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Its mean.
    pub log_mean: f64,
    /// Its standard deviation.
    pub log_sd: f64,
}

impl Fit {
    /// Forecast of an observation on basis 0.
    ///     mean = m + d·(x − m),       variance = d²v + σ²(1 − d²)/(2k) + s²,  d = e^(−k·years)     with reversion
    ///     mean = x + trend·years,     variance = v + σ²·years + s²                               without
    /// where x is the log level at the last date and √v its standard error, m the log of the long-run level,
    /// k = 12 ln 2/half-life a year, σ the volatility and s the reading noise.
    /// Units: `years` after the last observation, at least 0.
    pub fn forecast(&self, years: f64) -> Forecast {
        let latent = Latent {
            volatility: self.volatility_per_sqrt_year.value,
            noise: self.noise_sd.value,
            reversion: self.half_life_months.map(|half_life| 12.0 * LN_2 / half_life.value),
        };
        let (kept, added) = transition(latent, years);
        let level = ln(self.level.value);
        let mean = self.long_run_level.map_or(level, |long_run| ln(long_run.value));
        let level_error = self.level.std_error.unwrap_or(0.0);
        Forecast {
            log_mean: mean + kept * (level - mean) + self.trend_per_year.value * years,
            log_sd: sqrt(kept * kept * level_error * level_error + added + latent.noise * latent.noise),
        }
    }
}

/// The last value, spread by the volatility of the past: a geometric Brownian motion without drift, seen without noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastValue {
    /// Mean logarithm of the observations of the last date.
    pub log: f64,
    /// Squared volatility a year, its maximum-likelihood estimate: mean of (change of log)²/years between dates.
    pub variance_per_year: f64,
}

impl LastValue {
    /// From observations in order of date; none if they have fewer than two dates. Shape: values above 0, one basis.
    pub fn of(observations: &[Observation]) -> Option<LastValue> {
        let mean_log =
            |day: &[Observation]| day.iter().map(|seen| ln(seen.value)).sum::<f64>() / day.len() as f64;
        let dates: Vec<(f64, f64)> = observations
            .chunk_by(|a, b| a.years == b.years)
            .map(|day| (day[0].years, mean_log(day)))
            .collect();
        let squares = dates.windows(2).map(|pair| {
            let change = pair[1].1 - pair[0].1;
            change * change / (pair[1].0 - pair[0].0)
        });
        let changes = dates.len().checked_sub(1).filter(|count| *count > 0)?;
        Some(LastValue { log: dates[changes].1, variance_per_year: squares.sum::<f64>() / changes as f64 })
    }

    /// Forecast of an observation. Units: `years` after the last observation, at least 0.
    pub fn forecast(&self, years: f64) -> Forecast {
        Forecast { log_mean: self.log, log_sd: sqrt(self.variance_per_year * years) }
    }
}
