//! Monthly stochastic processes (`docs/model.md §4`).
//!
//! With the long-run curve mu(t) = initial·e^(g t/12) and y = ln(P/mu), a path starts at y = 0 and each month moves the
//! regime, reverts to the mean, adds the regime's drift, adds noise, and adds jumps:
//!     y' = y·φ + (d/12)·(1 − φ)/k + s·√((1 − φ²)/(2k))·Z + J,   k = ln 2 / half-life, φ = e^−k, s = volatility/√12
//! and without a half-life y' = y + d/12 + s·Z + J. A month always takes the same uniforms, whatever the parameters.
//!
//! With anchor mean, P = mu·e^(y − c(t)), where c(t) = ln E[e^y(t)] is exact and computed through the chain.
//! The members of a [`Law`] are one path's numbers; a process whose members are certain is prepared once for all paths.

mod chain;
mod check;
mod jumps;
mod prepared;

pub use check::LawError;
pub use prepared::Prepared;

/// What the long-run curve is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The median.
    Median,
    /// The mean.
    Mean,
}

/// Jumps of the log level: a Poisson number a month, normal log sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Jumps<T> {
    /// Expected number a year; at least 0, at most 6,000.
    pub per_year: T,
    /// Mean of a jump's log size.
    pub log_mean: T,
    /// Standard deviation of a jump's log size; at least 0.
    pub log_sd: T,
}

/// A Markov chain of named states.
#[derive(Clone, Debug, PartialEq)]
pub struct Regimes<T> {
    /// State at month 0.
    pub start: usize,
    /// Subtract the stationary mean of the drifts.
    pub demean: bool,
    /// The states.
    pub states: Vec<Regime<T>>,
}

/// One state of the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Regime<T> {
    /// Its name.
    pub id: String,
    /// Mean spell in months; the monthly leaving probability is its inverse. At least 1.
    pub mean_spell_months: T,
    /// Log drift a year on y.
    pub drift_per_year: T,
    /// Its own volatility, if it has one.
    pub volatility: Option<T>,
    /// Where it goes when it leaves, by state; sums to 1, own entry 0.
    pub to: Vec<f64>,
}

/// A process on one path: every member a number.
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// Median or mean.
    pub anchor: Anchor,
    /// g.
    pub trend_per_year: f64,
    /// s·√12; at least 0.
    pub volatility_per_sqrt_year: f64,
    /// Months, more than 0; none is a random walk.
    pub half_life_months: Option<f64>,
    /// Jumps.
    pub jumps: Option<Jumps<f64>>,
    /// Regimes.
    pub regimes: Option<Regimes<f64>>,
}

/// A path's shocks, one entry a month; entry 0 is not used, since month 0 has no shock.
#[derive(Clone, Copy, Debug)]
pub struct Shocks<'a> {
    /// Standard normals.
    pub normal: &'a [f64],
    /// Uniforms that move the regime; empty without regimes.
    pub regime: &'a [f64],
    /// Uniforms of the number of jumps; empty without jumps.
    pub jump_count: &'a [f64],
    /// Uniforms of the summed jump size; empty without jumps.
    pub jump_size: &'a [f64],
}

impl Law {
    /// Everything about this law that no shock moves, for `months` months and forecasts `lead` months ahead.
    pub fn prepare(&self, lead: usize, months: usize) -> Prepared {
        Prepared::new(self, lead, months)
    }

    /// Level over the initial value, `exp(g t / 12 + y)`, for months 0 … n − 1 in `now`; and in `ahead` the median
    /// forecast made in month t for month t + lead, over the initial value of that month.
    ///     ahead(t) = exp E[ln P(t + lead) | month t] / initial(t + lead)
    /// Shape: `now` and `ahead` have one length n, at most that of the shocks.
    pub fn simulate(&self, lead: usize, shocks: Shocks<'_>, now: &mut [f64], ahead: &mut [f64]) {
        self.prepare(lead, now.len()).simulate(shocks, now, ahead);
    }

    /// The same on the central path: no shock, regimes at their likeliest state, jumps at their medians.
    ///
    /// A month's likeliest state is the one with the largest marginal probability given the start; of equals, the first.
    pub fn central(&self, lead: usize, now: &mut [f64], ahead: &mut [f64]) {
        self.prepare(lead, now.len()).central(now, ahead);
    }
}

#[cfg(test)]
mod tests;
