//! Learning by doing, and how supply answers scarcity (`docs/model.md §8`).

use std::f64::consts::LOG2_E;

use crate::math;

/// Exponent of a learning curve.
///     log2(1 − rate)
/// rate: fall a doubling. Domain: 0 ≤ rate < 1.
pub fn exponent(rate: f64) -> f64 {
    LOG2_E * math::ln(1.0 - rate)
}

/// Price after learning over the price at the start.
///     (cum / cum_0)^exponent,  exponent = log2(1 − rate)
/// Domain: cum ≥ cum_0 > 0. Source: Wright (1936). Example: 20% a doubling, eightfold volume: 0.512.
#[inline(always)]
pub fn price_factor(cumulative: f64, cumulative_0: f64, exponent: f64) -> f64 {
    math::power(cumulative / cumulative_0, exponent)
}

/// MFU after learning over MFU at the start.
///     min(ceiling, (cum / cum_0)^(−exponent))
#[inline(always)]
pub fn mfu_factor(cumulative: f64, cumulative_0: f64, exponent: f64, ceiling: f64) -> f64 {
    math::power(cumulative / cumulative_0, -exponent).min(ceiling)
}

/// Supply after its response to scarcity over supply without it.
///     min(cap, (ratio / ratio_0)^eta)
/// ratio: what an hour of the chip is worth to the labs over what it costs, `delay` months ago; ratio_0 the same in month 0.
/// 1 if ratio_0 is zero.
#[inline(always)]
pub fn supply_response(ratio: f64, ratio_0: f64, eta: f64, cap: f64) -> f64 {
    let response = math::power(ratio / ratio_0, eta).min(cap);
    if ratio_0 <= 0.0 { 1.0 } else { response }
}

/// Scarcity rent of a usable chip-hour, USD.
///     kappa · max(0, worth − cost)
/// worth: max over workloads of lambda · e in the plan; a transfer to the vendor, not a resource cost.
#[inline(always)]
pub fn scarcity_rent(kappa: f64, worth: f64, cost: f64) -> f64 {
    kappa * (worth - cost).max(0.0)
}

#[cfg(test)]
mod tests {
    #[test]
    fn wright() {
        assert!((super::price_factor(8.0, 1.0, super::exponent(0.2)) - 0.512).abs() < 1e-14);
    }
}
