//! Why a distribution cannot be made: what was read, and what is allowed.

use std::fmt;

/// A distribution's arguments are outside their domain.
#[derive(Clone, Debug, PartialEq)]
pub enum DistributionError {
    /// A number outside its range, or not a number.
    OutOfRange {
        /// Name of the argument.
        what: &'static str,
        /// What was read.
        value: f64,
        /// The range, in words.
        allowed: &'static str,
    },
    /// Numbers that must not fall.
    OutOfOrder {
        /// Names of the arguments in their order, such as `min ≤ mode ≤ max`.
        order: &'static str,
        /// What was read.
        values: Vec<f64>,
    },
    /// A list without entries.
    Empty {
        /// Name of the list.
        what: &'static str,
    },
    /// A list of weights that does not match what is weighted.
    WeightCount {
        /// Number of weights.
        weights: usize,
        /// Number of things weighted.
        things: usize,
    },
    /// Weights that are all zero.
    NoWeight,
    /// The wrong number of quantiles for a family.
    QuantileCount {
        /// The family.
        family: &'static str,
        /// How many it takes, in words.
        allowed: &'static str,
        /// How many were given.
        given: usize,
    },
    /// Two quantiles of which the higher probability has no higher value.
    QuantilesNotIncreasing {
        /// Probability and value of the first.
        lower: (f64, f64),
        /// Probability and value of the second.
        upper: (f64, f64),
    },
    /// A quantile outside the stated bounds.
    QuantileOutOfBounds {
        /// Probability and value.
        quantile: (f64, f64),
        /// The bounds.
        bounds: (f64, f64),
    },
    /// Metalog quantiles through which no metalog of that many terms passes with a positive density.
    Infeasible {
        /// Number of terms.
        terms: usize,
        /// Probability near which the quantile function would fall.
        near: f64,
    },
}

impl fmt::Display for DistributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use DistributionError::*;
        match self {
            OutOfRange { what, value, allowed } => write!(f, "{what} is {value}; allowed: {allowed}"),
            OutOfOrder { order, values } => {
                let list: Vec<String> = values.iter().map(f64::to_string).collect();
                write!(f, "the values {} are out of order; required: {order}", list.join(", "))
            }
            Empty { what } => write!(f, "{what} is empty; at least one entry is needed"),
            WeightCount { weights, things } => {
                write!(f, "there are {weights} weights for {things} entries; give one weight an entry")
            }
            NoWeight => write!(f, "all weights are zero; at least one must be positive"),
            QuantileCount { family, allowed, given } => {
                write!(f, "a {family} distribution is fitted to {allowed} quantiles; {given} given")
            }
            QuantilesNotIncreasing { lower, upper } => write!(
                f,
                "quantiles must increase: {} at probability {} does not exceed {} at probability {}",
                upper.1, upper.0, lower.1, lower.0
            ),
            QuantileOutOfBounds { quantile, bounds } => write!(
                f,
                "the quantile {} at probability {} is not strictly between the bounds {} and {}",
                quantile.1, quantile.0, bounds.0, bounds.1
            ),
            Infeasible { terms, near } => write!(
                f,
                "no metalog with {terms} terms passes through these quantiles: its density would be negative near \
                 probability {near:.3}; give fewer or less uneven quantiles, or a bound"
            ),
        }
    }
}

impl std::error::Error for DistributionError {}

/// Refuses a number that is not finite.
pub(super) fn finite(what: &'static str, value: f64) -> Result<f64, DistributionError> {
    in_range(what, value, value.is_finite(), "a finite number")
}

/// Refuses a number that is not both finite and `fine`.
pub(super) fn in_range(
    what: &'static str,
    value: f64,
    fine: bool,
    allowed: &'static str,
) -> Result<f64, DistributionError> {
    if fine && value.is_finite() {
        Ok(value)
    } else {
        Err(DistributionError::OutOfRange { what, value, allowed })
    }
}

/// Refuses values that fall somewhere in the list or are not finite.
pub(super) fn ordered(order: &'static str, values: &[f64]) -> Result<(), DistributionError> {
    for &value in values {
        finite("a value", value)?;
    }
    if values.windows(2).all(|pair| pair[0] <= pair[1]) {
        Ok(())
    } else {
        Err(DistributionError::OutOfOrder { order, values: values.to_vec() })
    }
}

/// Weights as probabilities; refuses negative or missing ones, and a sum of zero.
pub(super) fn probabilities(weights: &[f64], things: usize) -> Result<Vec<f64>, DistributionError> {
    if weights.len() != things {
        return Err(DistributionError::WeightCount { weights: weights.len(), things });
    }
    for &weight in weights {
        in_range("a weight", weight, weight >= 0.0, "0 or more")?;
    }
    let total: f64 = weights.iter().sum();
    if total == 0.0 {
        return Err(DistributionError::NoWeight);
    }
    in_range("the sum of the weights", total, true, "a finite number")?;
    Ok(weights.iter().map(|weight| weight / total).collect())
}
