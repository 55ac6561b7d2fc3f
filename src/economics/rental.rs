//! What a rented hour costs, and what a void contract owes (`docs/model.md §6`).

/// Cost of a usable chip-hour of rented capacity, USD.
///     m = price · (1 + overhead) / availability
/// A rented chip is billed on all hours and usable at its availability. Divided by e it is the unit cost of compute.
/// Units: price in USD per chip-hour, overhead and availability fractions. Domain: price, overhead ≥ 0; 0 < availability ≤ 1.
#[inline(always)]
pub fn usable_hour_cost(price_usd_per_chip_hour: f64, overhead: f64, availability: f64) -> f64 {
    price_usd_per_chip_hour * (1.0 + overhead) / availability
}

/// A chip's bill for a month, USD.
///     bill = price · (1 + overhead) · H
/// Units: price in USD per chip-hour, overhead a fraction, H hours of the month. Domain: all ≥ 0.
#[inline(always)]
pub fn monthly_bill(price_usd_per_chip_hour: f64, overhead: f64, hours: f64) -> f64 {
    price_usd_per_chip_hour * (1.0 + overhead) * hours
}

/// How much of a void contract is still owed, in months of its bill.
///     exit_fee_months + r · (prepaid + (1 − prepaid) · owed_share)
/// r: months left of the term, the current one included. Due at once.
/// Domain: months ≥ 0; prepaid and owed_share fractions from 0 to 1.
#[inline(always)]
pub fn months_owed_when_void(months_left: f64, exit_fee_months: f64, prepaid: f64, owed_share: f64) -> f64 {
    exit_fee_months + months_left * (prepaid + (1.0 - prepaid) * owed_share)
}

/// Least that an offshore rent falls to by the labs' use, as a share of its reference (`docs/model.md` §8).
const LEAST_RENT_RESPONSE: f64 = 0.25;

/// Answer of an offshore rent to the labs' use of the channel.
///     max(0.25, (share / share_0)^response)
/// share: hours used over hours on offer last month; share_0: the same in the channel's first month on offer; 1 if that
/// is zero or the response is off.
/// Domain: shares ≥ 0, response an elasticity ≥ 0.
#[inline(always)]
pub fn rent_response(share: f64, first_share: f64, response: f64) -> f64 {
    let factor = crate::math::power(share / first_share, response).max(LEAST_RENT_RESPONSE);
    if response == 0.0 || first_share <= 0.0 { 1.0 } else { factor }
}
