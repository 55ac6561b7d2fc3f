//! Processes fitted to history by maximum likelihood (`docs/model.md §10`).
//!
//! The logarithm of an observation is a latent level, plus the offset of the basis it is quoted in (spot, one year, …),
//! plus independent reading noise:
//!     ln P_i = x(t_i) + offset_(b_i) + s·ε_i
//! The level x is a Brownian motion, with or without drift, or a stationary Ornstein–Uhlenbeck process. Dates may be
//! irregular and may repeat. The likelihood is the exact Gaussian one of the differences between successive logarithms,
//! which do not know the level. That of the logarithms themselves has no maximum under a Brownian motion: as the noise
//! goes to 0, a fitted starting level makes the first of them as likely as one likes. Of the differences, a slow
//! reversion and none are alike, and models are compared on the same numbers. Drift and offsets are linear and maximise
//! it in closed form, as generalised least squares gives the level, so the search is over volatility, noise and half-life
//! only, in logarithms. Standard errors come from the observed information; a parameter that the data leave at the edge
//! of its range has none.
//!
//! Source: Harvey (1989), Forecasting, Structural Time Series Models and the Kalman Filter, ch. 3 and 9; Harville (1977),
//! JASA 72, 320–338, for the likelihood of differences.

mod filter;
mod forecast;
mod minimise;

use std::f64::consts::{LN_2, PI};
use std::fmt;

use self::filter::{Filtered, Latent, filtered};
use self::minimise::minimum;
use crate::math::{exp, linear, ln, sqrt};

pub use self::forecast::{Forecast, LastValue};

/// The process of the latent log level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Brownian motion without drift: a geometric Brownian motion of the level.
    Gbm,
    /// Brownian motion with drift.
    GbmWithDrift,
    /// Stationary Ornstein–Uhlenbeck process.
    Ou,
}

impl Model {
    /// Every model.
    pub const ALL: [Model; 3] = [Model::Gbm, Model::GbmWithDrift, Model::Ou];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Model::Gbm => "gbm",
            Model::GbmWithDrift => "gbm with drift",
            Model::Ou => "ou",
        }
    }
}

/// A dated observation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// Date in years from any origin.
    pub years: f64,
    /// What was observed, more than 0.
    pub value: f64,
    /// Its basis, from 0; the level is that of basis 0.
    pub basis: usize,
}

/// A fitted number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitted {
    /// Maximum-likelihood value.
    pub value: f64,
    /// Its standard error, for a level that of its logarithm; none where the data do not determine it.
    pub std_error: Option<f64>,
}

/// A fitted process.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// The model.
    pub model: Model,
    /// Level on basis 0 at the last date: e^ of the latent log level's expectation given all observations.
    pub level: Fitted,
    /// Level that an Ornstein–Uhlenbeck process reverts to.
    pub long_run_level: Option<Fitted>,
    /// Log drift a year; 0 but for [`Model::GbmWithDrift`].
    pub trend_per_year: Fitted,
    /// Volatility per square-root year.
    pub volatility_per_sqrt_year: Fitted,
    /// Half-life in months of an Ornstein–Uhlenbeck process.
    pub half_life_months: Option<Fitted>,
    /// Standard deviation of the reading noise, in logarithms.
    pub noise_sd: Fitted,
    /// Log offset of bases 1, 2, … to basis 0.
    pub offsets: Vec<Fitted>,
    /// Maximum of the log-likelihood of the differences.
    pub log_likelihood: f64,
    /// Akaike's information criterion with the small-sample correction.
    ///     AICc = −2 ln L + 2k + 2k(k + 1)/(n − k − 1)
    /// of n differences, one fewer than the observations.
    pub aicc: f64,
    /// k, the number of parameters that the likelihood of the differences has: not the level.
    pub parameters: usize,
}

/// Why a history cannot be fitted.
#[derive(Clone, Debug, PartialEq)]
pub enum FitError {
    /// Too few observations for the number of parameters.
    TooFew {
        /// Observations.
        given: usize,
        /// Fewest that would do.
        needed: usize,
    },
    /// An observation that is not a positive number on a finite date.
    Observation {
        /// Its place, from 0.
        at: usize,
        /// What was read.
        value: f64,
    },
    /// A basis without observations.
    NoBasis {
        /// The basis.
        basis: usize,
    },
    /// All observations have one date.
    OneDate,
    /// The level, drift and offsets cannot be told apart.
    Collinear,
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FitError::TooFew { given, needed } => {
                write!(
                    f,
                    "{given} observations are too few to fit this process; at least {needed} are needed"
                )
            }
            FitError::Observation { at, value } => {
                write!(f, "observation {} is {value}; allowed: positive numbers with a date", at + 1)
            }
            FitError::NoBasis { basis } => write!(f, "basis {basis} has no observations"),
            FitError::OneDate => write!(f, "all observations have one date; a process needs several"),
            FitError::Collinear => {
                write!(f, "level, drift and basis offsets cannot be told apart in these observations")
            }
        }
    }
}

impl std::error::Error for FitError {}

/// Ranges of the searched parameters: volatility per √year, noise, half-life in years.
const RANGES: [(f64, f64); 3] = [(1e-4, 30.0), (1e-5, 5.0), (1.0 / 120.0, 100.0)];

/// Fits a model to observations by maximum likelihood.
pub fn fit(model: Model, observations: &[Observation]) -> Result<Fit, FitError> {
    let data = History::new(model, observations)?;
    let searched = data.searched();
    let objective =
        |logs: &[f64]| data.likelihood(logs).map_or(f64::INFINITY, |likelihood| -likelihood.log_likelihood);
    let ranges: Vec<(f64, f64)> = RANGES[..searched].iter().map(|range| (ln(range.0), ln(range.1))).collect();
    let starts =
        [[0.3, 0.1, 1.0], [0.1, 0.02, 0.2], [0.6, 0.02, 5.0], [0.05, 0.3, 2.0]].map(|start| start.map(ln));
    let best = minimum(&objective, &starts.each_ref().map(|start| &start[..searched]), &ranges);
    let likelihood = data.likelihood(&best.at).ok_or(FitError::Collinear)?;
    let log_errors = log_errors(&objective, &best.at, &ranges);
    Ok(data.report(&best.at, &log_errors, &likelihood))
}

/// Standard errors of the searched logarithms: square roots of the inverse Hessian of minus the log-likelihood, over
/// those parameters that lie inside their range.
fn log_errors(objective: &dyn Fn(&[f64]) -> f64, at: &[f64], ranges: &[(f64, f64)]) -> Vec<Option<f64>> {
    const STEP: f64 = 1e-3;
    let inside = |i: &usize| at[*i] > ranges[*i].0 + 10.0 * STEP && at[*i] < ranges[*i].1 - 10.0 * STEP;
    let free: Vec<usize> = (0..at.len()).filter(inside).collect();
    let value = |moves: &[(usize, f64)]| {
        let mut moved = at.to_vec();
        moves.iter().for_each(|&(i, by)| moved[i] += by * STEP);
        objective(&moved)
    };
    let mut hessian = Vec::new();
    for &i in &free {
        for &j in &free {
            // Central differences; for i = j the four points fall together into the second difference of double step.
            let corner = |a: f64, b: f64| value(&[(i, a), (j, b)]);
            let second = corner(1.0, 1.0) - corner(1.0, -1.0) - corner(-1.0, 1.0) + corner(-1.0, -1.0);
            hessian.push(second / (4.0 * STEP * STEP));
        }
    }
    let mut errors = vec![None; at.len()];
    if let Some(inverse) = linear::inverse(&hessian, free.len()) {
        for (place, &i) in free.iter().enumerate() {
            let variance = inverse[place * free.len() + place];
            errors[i] = (variance > 0.0).then(|| sqrt(variance));
        }
    }
    errors
}

/// Observations in order of date, with the columns of the linear part.
struct History {
    model: Model,
    /// Ascending.
    years: Vec<f64>,
    /// For each observation the log value, then the columns: level, drift where there is one, offsets.
    rows: Vec<Vec<f64>>,
}

/// The likelihood of the differences at given searched parameters, maximised over the linear ones.
struct Likelihood {
    log_likelihood: f64,
    /// Level, drift, offsets.
    linear: Vec<f64>,
    /// Covariance matrix of these.
    covariance: Vec<f64>,
    filtered: Filtered,
}

impl History {
    fn new(model: Model, observations: &[Observation]) -> Result<History, FitError> {
        for (at, observation) in observations.iter().enumerate() {
            let fine =
                observation.value > 0.0 && observation.value.is_finite() && observation.years.is_finite();
            if !fine {
                return Err(FitError::Observation { at, value: observation.value });
            }
        }
        let bases = observations.iter().map(|observation| observation.basis + 1).max().unwrap_or(1);
        if let Some(basis) = (0..bases).find(|basis| observations.iter().all(|o| o.basis != *basis)) {
            return Err(FitError::NoBasis { basis });
        }
        let mut sorted = observations.to_vec();
        sorted.sort_by(|a, b| a.years.total_cmp(&b.years));
        let years: Vec<f64> = sorted.iter().map(|observation| observation.years).collect();
        let row = |observation: &Observation| {
            let mut row = vec![ln(observation.value), 1.0];
            if model == Model::GbmWithDrift {
                row.push(observation.years - years[0]);
            }
            row.extend((1..bases).map(|basis| f64::from(u8::from(observation.basis == basis))));
            row
        };
        let rows = sorted.iter().map(row).collect();
        let history = History { model, years, rows };
        // AICc needs two more differences than parameters.
        let needed = history.parameters(bases) + 3;
        if observations.len() < needed {
            return Err(FitError::TooFew { given: observations.len(), needed });
        }
        if history.years.first() == history.years.last() {
            return Err(FitError::OneDate);
        }
        Ok(history)
    }

    /// Number of searched parameters.
    fn searched(&self) -> usize {
        if self.model == Model::Ou { 3 } else { 2 }
    }

    /// Number of parameters of the likelihood with so many bases.
    fn parameters(&self, bases: usize) -> usize {
        self.searched() + bases - 1 + usize::from(self.model == Model::GbmWithDrift)
    }

    fn latent(&self, logs: &[f64]) -> Latent {
        Latent {
            volatility: exp(logs[0]),
            noise: exp(logs[1]),
            reversion: (self.model == Model::Ou).then(|| LN_2 / exp(logs[2])),
        }
    }

    /// Generalised least squares on the observations whitened by the filter; none if the columns are collinear.
    fn likelihood(&self, logs: &[f64]) -> Option<Likelihood> {
        let filtered = filtered(self.latent(logs), &self.years, &self.rows);
        let columns = self.rows[0].len() - 1;
        let product = |i: usize, j: usize| {
            filtered.whitened.chunks_exact(columns + 1).map(|row| row[i] * row[j]).sum::<f64>()
        };
        let normal: Vec<f64> =
            (0..columns * columns).map(|at| product(1 + at / columns, 1 + at % columns)).collect();
        let right: Vec<f64> = (0..columns).map(|i| product(1 + i, 0)).collect();
        let covariance = linear::inverse(&normal, columns)?;
        let linear = linear::solve(&normal, &right)?;
        let residual = |row: &[f64]| row[0] - row[1..].iter().zip(&linear).map(|(x, b)| x * b).sum::<f64>();
        let squares: f64 =
            filtered.whitened.chunks_exact(columns + 1).map(|row| residual(row) * residual(row)).sum();
        // That of the differences is that of the observations, integrated over the level.
        let differences = self.rows.len() as f64 - 1.0;
        let log_determinant = filtered.log_determinant + ln(normal[0]);
        let log_likelihood = -0.5 * (squares + log_determinant + differences * ln(2.0 * PI));
        log_likelihood.is_finite().then_some(Likelihood { log_likelihood, linear, covariance, filtered })
    }

    fn report(&self, logs: &[f64], log_errors: &[Option<f64>], likelihood: &Likelihood) -> Fit {
        let columns = likelihood.linear.len();
        let linear = |i: usize| Fitted {
            value: likelihood.linear[i],
            std_error: Some(sqrt(likelihood.covariance[i * columns + i])),
        };
        // The delta method: the error of e^θ is e^θ times that of θ.
        let searched = |i: usize, unit: f64| {
            let value = unit * exp(logs[i]);
            Fitted { value, std_error: log_errors[i].map(|error| error * value) }
        };
        let first_offset = if self.model == Model::GbmWithDrift { 2 } else { 1 };
        let exponential = |log: Fitted| Fitted { value: exp(log.value), ..log };
        let parameters = logs.len() + columns - 1;
        let (n, k) = (self.rows.len() as f64 - 1.0, parameters as f64);
        Fit {
            model: self.model,
            level: exponential(self.last_level(likelihood)),
            long_run_level: (self.model == Model::Ou).then(|| exponential(linear(0))),
            trend_per_year: match self.model {
                Model::GbmWithDrift => linear(1),
                Model::Gbm | Model::Ou => Fitted { value: 0.0, std_error: None },
            },
            volatility_per_sqrt_year: searched(0, 1.0),
            half_life_months: (self.model == Model::Ou).then(|| searched(2, 12.0)),
            noise_sd: searched(1, 1.0),
            offsets: (first_offset..columns).map(linear).collect(),
            log_likelihood: likelihood.log_likelihood,
            aicc: -2.0 * likelihood.log_likelihood + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0),
            parameters,
        }
    }

    /// The latent log level at the last date. The filter's state is linear in the data, so that with the state of each
    /// column the level is a constant plus a combination of the linear parameters, whose errors add the filter's own.
    fn last_level(&self, likelihood: &Likelihood) -> Fitted {
        let Likelihood { linear, covariance, filtered, .. } = likelihood;
        let span = self.years[self.years.len() - 1] - self.years[0];
        let weight = |i: usize| {
            let latent = match (i, self.model) {
                (0, _) => 1.0,
                (1, Model::GbmWithDrift) => span,
                _ => 0.0,
            };
            latent - filtered.state[1 + i]
        };
        let n = linear.len();
        let value = filtered.state[0] + (0..n).map(|i| weight(i) * linear[i]).sum::<f64>();
        let spread: f64 = (0..n * n).map(|at| weight(at / n) * weight(at % n) * covariance[at]).sum();
        Fitted { value, std_error: Some(sqrt(filtered.variance + spread)) }
    }
}

#[cfg(test)]
mod tests;
