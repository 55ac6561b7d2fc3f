//! The Markov chain of regimes.

use super::Regimes;

/// A chain's monthly transition matrix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    /// State at month 0.
    pub start: usize,
    /// Number of states.
    pub states: usize,
    /// Probability of going from one state to another in a month, row-major.
    transition: Vec<f64>,
}

impl Chain {
    pub fn new(regimes: Option<&Regimes<f64>>) -> Chain {
        let Some(regimes) = regimes else {
            return Chain { start: 0, states: 1, transition: vec![1.0] };
        };
        let states = regimes.states.len();
        let mut transition = Vec::with_capacity(states * states);
        for (i, regime) in regimes.states.iter().enumerate() {
            let leave = if states > 1 { 1.0 / regime.mean_spell_months } else { 0.0 };
            transition.extend((0..states).map(|j| if j == i { 1.0 - leave } else { leave * regime.to[j] }));
        }
        Chain { start: regimes.start, states, transition }
    }

    /// The next state at uniform u: the inverse CDF of the row, over states in their order.
    #[inline]
    pub fn next(&self, state: usize, u: f64) -> usize {
        let mut below = 0.0;
        for (to, probability) in self.row(state).iter().enumerate() {
            below += probability;
            if u < below {
                return to;
            }
        }
        // Rounding may leave the row's sum below u: the last state it can reach.
        self.row(state).iter().rposition(|&probability| probability > 0.0).unwrap_or(state)
    }

    /// The matrix times a column: for each state, the expectation of `values` a month later.
    pub fn expect(&self, values: &[f64]) -> Vec<f64> {
        (0..self.states).map(|i| self.row(i).iter().zip(values).map(|(p, value)| p * value).sum()).collect()
    }

    /// A row times the matrix: the law of the state a month after `law`.
    pub fn advance(&self, law: &[f64]) -> Vec<f64> {
        (0..self.states).map(|j| (0..self.states).map(|i| law[i] * self.row(i)[j]).sum()).collect()
    }

    /// Long-run share of time in each state, from the start.
    ///
    /// The limit of ((I + P)/2)^(2^k): the lazy chain has P's stationary law, no period, and forgets its start as fast
    /// as the state can move at all. Rows are rescaled at each squaring, which keeps the law's relative precision.
    pub fn stationary(&self) -> Vec<f64> {
        let n = self.states;
        let mut power: Vec<f64> = (0..n * n)
            .map(|at| 0.5 * self.transition[at] + if at % (n + 1) == 0 { 0.5 } else { 0.0 })
            .collect();
        let mut square = vec![0.0; n * n];
        for _ in 0..64 {
            for i in 0..n {
                for j in 0..n {
                    square[i * n + j] = (0..n).map(|k| power[i * n + k] * power[k * n + j]).sum();
                }
                let sum: f64 = square[i * n..(i + 1) * n].iter().sum();
                square[i * n..(i + 1) * n].iter_mut().for_each(|p| *p /= sum);
            }
            let settled = power.iter().zip(&square).all(|(old, new)| (new - old).abs() <= f64::EPSILON * new);
            std::mem::swap(&mut power, &mut square);
            if settled {
                break;
            }
        }
        power[self.start * n..(self.start + 1) * n].to_vec()
    }

    fn row(&self, state: usize) -> &[f64] {
        &self.transition[state * self.states..(state + 1) * self.states]
    }
}
