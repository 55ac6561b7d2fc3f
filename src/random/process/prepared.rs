//! A law made ready: what no shock moves is computed once, and a path is a loop of a few sums a month.

use super::chain::Chain;
use super::jumps::MonthlyJumps;
use super::{Anchor, Law, Shocks};
use crate::math::{exp, exp_all, exp_m1, ln, sqrt};

/// A law made ready for a number of months and a forecast lead; see [`Law::prepare`].
#[derive(Clone, Debug, PartialEq)]
pub struct Prepared {
    /// φ.
    persistence: f64,
    /// What a month adds to y, by regime, before noise.
    drift: Vec<f64>,
    /// Standard deviation of a month's noise, by regime.
    noise: Vec<f64>,
    chain: Chain,
    jumps: Option<MonthlyJumps>,
    /// g t/12 − c(t), months 0 … n − 1.
    curve: Vec<f64>,
    /// g (t + lead)/12 − c(t + lead) and the expected jumps, months 0 … n − 1.
    curve_ahead: Vec<f64>,
    /// φ^lead.
    persistence_ahead: f64,
    /// Expected drift in y at the lead, by regime now.
    drift_ahead: Vec<f64>,
}

impl Prepared {
    pub(super) fn new(law: &Law, lead: usize, months: usize) -> Prepared {
        let reversion = law.half_life_months.map_or(0.0, |half_life| std::f64::consts::LN_2 / half_life);
        let persistence = exp(-reversion);
        // ∫ e^−kv dv and ∫ e^−2kv dv over a month: how much of a month's drift and variance is left at its end.
        let (drift_left, variance_left) = if reversion > 0.0 {
            (-exp_m1(-reversion) / reversion, -exp_m1(-2.0 * reversion) / (2.0 * reversion))
        } else {
            (1.0, 1.0)
        };
        let chain = Chain::new(law.regimes.as_ref());
        let drift: Vec<f64> = drifts_per_year(law, &chain).iter().map(|d| d / 12.0 * drift_left).collect();
        let noise: Vec<f64> = volatilities(law).iter().map(|s| s * sqrt(variance_left / 12.0)).collect();
        let jumps = law.jumps.as_ref().map(MonthlyJumps::new);

        let mut persistence_ahead = 1.0;
        let mut drift_ahead = vec![0.0; chain.states];
        let mut jumps_ahead = 0.0;
        for _ in 0..lead {
            let sum: Vec<f64> =
                drift_ahead.iter().zip(&drift).map(|(f, d)| f + persistence_ahead * d).collect();
            drift_ahead = chain.expect(&sum);
            jumps_ahead += persistence_ahead * jumps.as_ref().map_or(0.0, MonthlyJumps::mean);
            persistence_ahead *= persistence;
        }

        let mut prepared = Prepared {
            persistence,
            drift,
            noise,
            chain,
            jumps,
            curve: Vec::new(),
            curve_ahead: Vec::new(),
            persistence_ahead,
            drift_ahead,
        };
        let mut curve: Vec<f64> = (0..months + lead).map(|t| law.trend_per_year * t as f64 / 12.0).collect();
        if law.anchor == Anchor::Mean {
            let corrections = prepared.log_means(months + lead);
            curve.iter_mut().zip(corrections).for_each(|(level, c)| *level -= c);
        }
        prepared.curve_ahead = curve[lead..].iter().map(|level| level + jumps_ahead).collect();
        curve.truncate(months);
        prepared.curve = curve;
        prepared
    }

    /// [`Law::simulate`] with this law. Shape: as many months as prepared for.
    pub fn simulate(&self, shocks: Shocks<'_>, now: &mut [f64], ahead: &mut [f64]) {
        let (mut y, mut state) = (0.0, self.chain.start);
        for t in 0..now.len() {
            if t > 0 {
                if self.chain.states > 1 {
                    state = self.chain.next(state, shocks.regime[t]);
                }
                let jump =
                    self.jumps.as_ref().map_or(0.0, |j| j.sum(shocks.jump_count[t], shocks.jump_size[t]));
                y = self.step(y, state, shocks.normal[t], jump);
            }
            (now[t], ahead[t]) = self.log_levels(t, y, state);
        }
        exp_all(now);
        exp_all(ahead);
    }

    /// [`Law::central`] with this law. Shape: as many months as prepared for.
    pub fn central(&self, now: &mut [f64], ahead: &mut [f64]) {
        let jump = self.jumps.as_ref().map_or(0.0, |jumps| jumps.sum(0.5, 0.5));
        let (mut y, mut state) = (0.0, self.chain.start);
        let mut law = vec![0.0; self.chain.states];
        law[state] = 1.0;
        for t in 0..now.len() {
            if t > 0 {
                law = self.chain.advance(&law);
                state = first_largest(&law);
                y = self.step(y, state, 0.0, jump);
            }
            (now[t], ahead[t]) = self.log_levels(t, y, state);
        }
        exp_all(now);
        exp_all(ahead);
    }

    /// y a month later.
    #[inline]
    fn step(&self, y: f64, state: usize, normal: f64, jump: f64) -> f64 {
        y * self.persistence + self.drift[state] + self.noise[state] * normal + jump
    }

    /// Logarithms of the month's level and of its forecast at the lead.
    #[inline]
    fn log_levels(&self, t: usize, y: f64, state: usize) -> (f64, f64) {
        let expected = self.persistence_ahead * y + self.drift_ahead[state];
        (self.curve[t] + y, self.curve_ahead[t] + expected)
    }

    /// c(t) = ln E[e^y(t)] for months 0 … n − 1.
    ///
    /// A month's drift, noise and jumps reach y(t) with weight w = φ^m, m months later, so with D_m the diagonal matrix
    /// of e^(w d + w² s²/2) by regime,
    ///     E[e^y(t)] = start · (P D_(t−1)) … (P D_1)(P D_0) · 1 · Π e^(ln E[e^(w J)]).
    /// The product is built from the right, one factor a month, and kept in range by its first entry's logarithm.
    fn log_means(&self, n: usize) -> Vec<f64> {
        let mut corrections = Vec::with_capacity(n);
        let mut column = vec![1.0; self.chain.states];
        let (mut log_scale, mut weight) = (0.0, 1.0);
        for _ in 0..n {
            corrections.push(log_scale + ln(column[self.chain.start]));
            for (state, value) in column.iter_mut().enumerate() {
                let spread = weight * self.noise[state];
                *value *= exp(weight * self.drift[state] + 0.5 * spread * spread);
            }
            column = self.chain.expect(&column);
            log_scale += ln(column[0]) + self.jumps.as_ref().map_or(0.0, |jumps| jumps.log_moment(weight));
            let scale = column[0];
            column.iter_mut().for_each(|value| *value /= scale);
            weight *= self.persistence;
        }
        corrections
    }
}

/// Each regime's log drift a year, less their stationary mean where asked.
fn drifts_per_year(law: &Law, chain: &Chain) -> Vec<f64> {
    let Some(regimes) = &law.regimes else { return vec![0.0] };
    let drifts: Vec<f64> = regimes.states.iter().map(|regime| regime.drift_per_year).collect();
    if !regimes.demean {
        return drifts;
    }
    let mean: f64 = chain.stationary().iter().zip(&drifts).map(|(share, drift)| share * drift).sum();
    drifts.iter().map(|drift| drift - mean).collect()
}

/// Each regime's volatility per square-root year.
fn volatilities(law: &Law) -> Vec<f64> {
    let common = law.volatility_per_sqrt_year;
    match &law.regimes {
        Some(regimes) => regimes.states.iter().map(|regime| regime.volatility.unwrap_or(common)).collect(),
        None => vec![common],
    }
}

/// Index of the largest entry; of entries equal but for rounding, the first.
fn first_largest(law: &[f64]) -> usize {
    (0..law.len()).fold(0, |best, i| if law[i] > law[best] + 1e-12 { i } else { best })
}
