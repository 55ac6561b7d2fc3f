//! Mixtures: one of several distributions, by weight.

use super::error::probabilities;
use super::{Distribution, DistributionError, Shape};

/// One of several distributions, by weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    probabilities: Vec<f64>,
    of: Vec<Distribution>,
}

impl Mixture {
    /// Domain: at least one distribution; weights ≥ 0 with a positive sum, one a distribution.
    pub fn new(weights: &[f64], of: Vec<Distribution>) -> Result<Mixture, DistributionError> {
        if of.is_empty() {
            return Err(DistributionError::Empty { what: "the list of mixed distributions" });
        }
        let (probabilities, of) =
            probabilities(weights, of.len())?.into_iter().zip(of).filter(|part| part.0 > 0.0).unzip();
        Ok(Mixture { probabilities, of })
    }

    fn weighted(&self, value: impl Fn(&Distribution) -> f64) -> f64 {
        self.probabilities.iter().zip(&self.of).map(|(p, part)| p * value(part)).sum()
    }
}

impl Shape for Mixture {
    /// The smallest number at which the mixed CDF reaches u, found by halving the interval of the parts' own quantiles
    /// down to two neighbouring floating-point numbers.
    fn quantile(&self, u: f64) -> f64 {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for part in &self.of {
            let x = part.quantile(u);
            low = low.min(x);
            high = high.max(x);
        }
        if self.cdf(low) >= u {
            return low;
        }
        let (mut below, mut above) = (ordinal(low), ordinal(high));
        while above - below > 1 {
            let middle = below + (above - below) / 2;
            if self.cdf(from_ordinal(middle)) >= u {
                above = middle;
            } else {
                below = middle;
            }
        }
        from_ordinal(above)
    }

    fn cdf(&self, x: f64) -> f64 {
        self.weighted(|part| part.cdf(x))
    }

    fn mean(&self) -> f64 {
        self.weighted(Distribution::mean)
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.weighted(|part| part.variance() + (part.mean() - mean) * (part.mean() - mean))
    }

    fn support(&self) -> (f64, f64) {
        self.of
            .iter()
            .map(Distribution::support)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |all, part| (all.0.min(part.0), all.1.max(part.1)))
    }
}

/// Place of a finite number among all floating-point numbers, counted from 0.
fn ordinal(x: f64) -> i128 {
    let magnitude = i128::from(x.abs().to_bits());
    if x.is_sign_negative() { -magnitude } else { magnitude }
}

/// The floating-point number at a place.
fn from_ordinal(place: i128) -> f64 {
    let magnitude = f64::from_bits(place.unsigned_abs() as u64);
    if place < 0 { -magnitude } else { magnitude }
}
