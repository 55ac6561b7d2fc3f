//! Distributions on listed values: with weights, and observed ones that are equally likely.

use super::error::{finite, probabilities};
use super::{DistributionError, Shape};

/// Listed values with weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Discrete {
    /// Ascending; values without weight are left out.
    values: Vec<f64>,
    probabilities: Vec<f64>,
    /// Probability of each value or a lower one; the last is 1.
    cumulative: Vec<f64>,
}

impl Discrete {
    /// Domain: finite values, weights ≥ 0 with a positive sum, one a value.
    pub fn new(values: &[f64], weights: &[f64]) -> Result<Discrete, DistributionError> {
        if values.is_empty() {
            return Err(DistributionError::Empty { what: "values" });
        }
        for &value in values {
            finite("a value", value)?;
        }
        let mut pairs: Vec<(f64, f64)> = values
            .iter()
            .copied()
            .zip(probabilities(weights, values.len())?)
            .filter(|pair| pair.1 > 0.0)
            .collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (values, probabilities): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = probabilities
            .iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        if let Some(last) = cumulative.last_mut() {
            *last = 1.0;
        }
        Ok(Discrete { values, probabilities, cumulative })
    }
}

impl Shape for Discrete {
    fn quantile(&self, u: f64) -> f64 {
        let at = self.cumulative.partition_point(|&below| below < u);
        self.values[at.min(self.values.len() - 1)]
    }

    fn cdf(&self, x: f64) -> f64 {
        match self.values.partition_point(|&value| value <= x) {
            0 => 0.0,
            count => self.cumulative[count - 1],
        }
    }

    fn mean(&self) -> f64 {
        self.values.iter().zip(&self.probabilities).map(|(value, p)| value * p).sum()
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.values
            .iter()
            .zip(&self.probabilities)
            .map(|(value, p)| (value - mean) * (value - mean) * p)
            .sum()
    }

    fn support(&self) -> (f64, f64) {
        (self.values[0], self.values[self.values.len() - 1])
    }
}

/// Observed values, equally likely.
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    /// Ascending.
    values: Vec<f64>,
}

impl Empirical {
    /// Domain: finite, at least one.
    pub fn new(mut values: Vec<f64>) -> Result<Empirical, DistributionError> {
        if values.is_empty() {
            return Err(DistributionError::Empty { what: "the list of observed values" });
        }
        for &value in &values {
            finite("an observed value", value)?;
        }
        values.sort_by(f64::total_cmp);
        Ok(Empirical { values })
    }
}

impl Shape for Empirical {
    /// The ⌈un⌉-th smallest value.
    fn quantile(&self, u: f64) -> f64 {
        let rank = (u * self.values.len() as f64).ceil() as usize;
        self.values[rank.clamp(1, self.values.len()) - 1]
    }

    fn cdf(&self, x: f64) -> f64 {
        self.values.partition_point(|&value| value <= x) as f64 / self.values.len() as f64
    }

    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    /// Of the distribution, hence divided by n.
    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.values.iter().map(|value| (value - mean) * (value - mean)).sum::<f64>()
            / self.values.len() as f64
    }

    fn support(&self) -> (f64, f64) {
        (self.values[0], self.values[self.values.len() - 1])
    }
}
