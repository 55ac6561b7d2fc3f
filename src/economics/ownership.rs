//! What an hour of an owned chip costs (`docs/model.md §6`).

use super::capital::{DecliningAnnuity, discount_factor};

/// The terms on which a chip is owned, for one path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// Charge per USD of system price and month of life, residual value deducted.
    pub annuity: DecliningAnnuity,
    /// Life in whole months.
    pub life_months: usize,
}

impl Terms {
    /// Terms from finance and life.
    ///     F_m(capital) = A(wacc, n, delta) · (1 − delta)^(m/12) · (1 − residual·(1 + wacc)^−life)
    /// Units: `wacc`, `decline` fractions a year, `residual` a fraction of the price; n = round(12·life), at least 1.
    /// Domain: wacc > −1, life ≥ 0, residual from 0 to 1, decline below 1.
    pub fn new(wacc: f64, life_years: f64, residual: f64, decline: f64) -> Terms {
        let life_months = (12.0 * life_years).round().max(1.0);
        let mut annuity = DecliningAnnuity::new(wacc, life_months, decline);
        annuity.factor *= 1.0 - residual * discount_factor(wacc, 12.0 * life_years);
        Terms { annuity, life_months: life_months as usize }
    }

    /// Capital charge of a chip in month `m` of its life, counted from 1, USD.
    pub fn capital_charge(&self, m: f64, system_price_usd: f64) -> f64 {
        self.annuity.charge(m) * system_price_usd
    }
}

/// Building charge of a chip a month, USD.
///     A(wacc, building life, 0) · shell · kW
/// Units: wacc a fraction a year, life in years, shell in USD per kW. Domain: wacc > −1, all others ≥ 0.
pub fn building_charge(wacc: f64, shell_life_years: f64, shell_usd_per_kw: f64, it_power_kw: f64) -> f64 {
    DecliningAnnuity::new(wacc, (12.0 * shell_life_years).round().max(1.0), 0.0).charge(1.0)
        * shell_usd_per_kw
        * it_power_kw
}

/// Operations of a chip a month, USD, energy excluded.
///     opex · kW / 12
/// Units: opex in USD per kW and year. Domain: both ≥ 0.
#[inline(always)]
pub fn operations_charge(opex_usd_per_kw_year: f64, it_power_kw: f64) -> f64 {
    opex_usd_per_kw_year * it_power_kw / 12.0
}

/// Cost of a usable chip-hour of a new chip, USD.
///     m_buy = F_1 / (H · availability) + energy
/// F_1 is the first month's charge for capital, building and operations, USD; energy in USD per usable hour. Divided by e it
/// is the LCOC. Domain: charges ≥ 0, hours > 0, 0 < availability ≤ 1.
#[inline(always)]
pub fn buy_cost(first_month_charge: f64, hours: f64, availability: f64, energy_per_hour: f64) -> f64 {
    first_month_charge / (hours * availability) + energy_per_hour
}

/// Share of an initial fleet still alive `s` months after the start: ages uniform on the integers `youngest … oldest`,
/// alive while age + s < life. Whole numbers are exact as `f64`, in which several paths can be told at once.
/// Units: months. Domain: youngest ≤ oldest.
#[inline(always)]
pub fn alive_share(ages: (usize, usize), s: usize, life_months: usize) -> f64 {
    let (youngest, oldest) = (ages.0 as f64, ages.1 as f64);
    let first_dead = (life_months as f64 - s as f64).max(0.0);
    let alive = ((oldest + 1.0).min(first_dead) - youngest).max(0.0);
    alive / (oldest + 1.0 - youngest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fleet_retires_age_by_age() {
        assert_eq!(alive_share((0, 3), 0, 4), 1.0);
        assert_eq!(alive_share((0, 3), 1, 4), 0.75);
        assert_eq!(alive_share((0, 3), 4, 4), 0.0);
        assert_eq!(alive_share((2, 2), 1, 4), 1.0);
        assert_eq!(alive_share((2, 2), 2, 4), 0.0);
    }
}
