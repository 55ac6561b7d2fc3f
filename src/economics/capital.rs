//! What capital costs: the annuities that turn a price into a monthly charge (`docs/model.md §6`).

use crate::math;

/// Interest for one month that compounds to `per_year` over twelve.
///     r_m = (1 + r)^(1/12) − 1
/// Units: fractions. Domain: r > −1.
pub fn monthly_rate(per_year: f64) -> f64 {
    math::pow(1.0 + per_year, 1.0 / 12.0) - 1.0
}

/// Present value of one USD paid `months` from now.
///     v = (1 + r)^(−t/12)
/// Units: `per_year` a fraction, `months` may be fractional. Domain: r > −1.
pub fn discount_factor(per_year: f64, months: f64) -> f64 {
    math::pow(1.0 + per_year, -months / 12.0)
}

/// Payment a period per USD of price that repays it over `n` periods at rate `r` a period.
///     CRF(r, n) = r / (1 − (1 + r)^−n),  and 1/n when r = 0
/// Domain: r > −1, n > 0. Source: Park, *Contemporary Engineering Economics*, ch. 3.
/// Example: 8% a year over 10 years is 0.149029 a year.
pub fn capital_recovery_factor(r: f64, n: f64) -> f64 {
    if r == 0.0 { 1.0 / n } else { r / (1.0 - math::pow(1.0 + r, -n)) }
}

/// Value today of a series of payments, the first one today.
///     NPV = Σ_t flow_t · (1 + r)^−t
/// Units: USD; `r` a period (fraction). Domain: r > −1. Source: Park, *Contemporary Engineering Economics*, ch. 5.
/// Example: −100 today and 110 in a year are worth 0 at 10%.
pub fn net_present_value(r: f64, flows: &[f64]) -> f64 {
    flows.iter().rev().fold(0.0, |later, flow| flow + later / (1.0 + r))
}

/// The rate at which a series of payments is worth nothing today.
///     IRR: NPV(IRR) = 0
/// A fraction a period. `None` unless the payments change sign exactly once: only then is there one such rate.
/// Source: Park, *Contemporary Engineering Economics*, ch. 7; uniqueness by Descartes' rule of signs.
pub fn internal_rate_of_return(flows: &[f64]) -> Option<f64> {
    let first = flows.iter().position(|flow| *flow != 0.0)?;
    let signs: Vec<bool> = flows.iter().filter(|flow| **flow != 0.0).map(|flow| *flow > 0.0).collect();
    if signs.windows(2).filter(|pair| pair[0] != pair[1]).count() != 1 {
        return None;
    }
    // In v = 1/(1 + r) the value is a polynomial with one positive root, on whose near side it has the sign of the first payment.
    let value = |v: f64| flows.iter().skip(first).rev().fold(0.0, |later, flow| flow + later * v);
    let near = |v: f64| (value(v) > 0.0) == signs[0];
    let (mut low, mut high) = (0.0, 1.0);
    while near(high) {
        (low, high) = (high, 2.0 * high);
    }
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return Some(1.0 / middle - 1.0);
        }
        if near(middle) { low = middle } else { high = middle }
    }
}

/// Levelised cost of a unit of output by the fixed charge rate, as quick appraisals of plants quote it.
///     LCOE = (FCR · capital + fixed) / output + variable
/// Units: USD per unit of `output`; `fcr` a year (fraction), `capital_usd` once, `fixed_usd` a year, `variable_usd` per unit,
/// `output` a year. Domain: output > 0. Source: Short, Packey and Holt, NREL/TP-462-5173 (1995).
pub fn levelised_cost_by_fixed_charge(
    fcr: f64,
    capital_usd: f64,
    fixed_usd: f64,
    variable_usd: f64,
    output: f64,
) -> f64 {
    (fcr * capital_usd + fixed_usd) / output + variable_usd
}

/// A charge that falls as the class's price falls: month m of life (1 … n) costs `first`·(1 − delta)^(m/12)/(1 − delta)^(1/12).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecliningAnnuity {
    /// A: charge per USD before the decline of any month.
    pub factor: f64,
    /// (1 − delta)^(1/12): the charge of a month over that of the month before.
    pub decay: f64,
}

impl DecliningAnnuity {
    /// The annuity that repays one USD over a life of `months` at `wacc`, falling by `decline` a year.
    ///     q = (1 − delta)^(1/12) / (1 + r_m),  A = (1 − q) / (q · (1 − q^n)),  and 1/n when q = 1
    /// Month m is charged A·(1 − delta)^(m/12); the present value of all charges is one. delta = 0 is the level annuity.
    /// Units: `wacc` and `decline` fractions a year, `months` an integer. Domain: wacc > −1, 0 ≤ decline < 1, months ≥ 1.
    /// Source: `docs/model.md §6`; user cost of capital after Jorgenson (1963).
    pub fn new(wacc: f64, months: f64, decline: f64) -> DecliningAnnuity {
        let decay = math::pow(1.0 - decline, 1.0 / 12.0);
        let q = decay / (1.0 + monthly_rate(wacc));
        let factor = if q == 1.0 { 1.0 / months } else { (1.0 - q) / (q * (1.0 - math::pow(q, months))) };
        DecliningAnnuity { factor, decay }
    }

    /// Charge of month `m` of life, 1 … n, per USD of price.
    pub fn charge(&self, m: f64) -> f64 {
        self.factor * math::pow(self.decay, m)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn present_value_of_the_charges_is_the_price() {
        for (wacc, months, decline) in
            [(0.0, 60.0, 0.0), (0.08, 60.0, 0.0), (0.065, 48.0, 0.15), (0.1, 1.0, 0.3)]
        {
            let annuity = DecliningAnnuity::new(wacc, months, decline);
            let value: f64 = (1..=months as usize)
                .map(|m| annuity.charge(m as f64) * discount_factor(wacc, m as f64))
                .sum();
            assert!((value - 1.0).abs() < 1e-12, "{wacc} {months} {decline}: {value}");
        }
    }

    #[test]
    fn level_annuity_is_the_capital_recovery_factor() {
        let annuity = DecliningAnnuity::new(0.08, 120.0, 0.0);
        let level = capital_recovery_factor(monthly_rate(0.08), 120.0);
        assert!((annuity.charge(1.0) - level).abs() < 1e-15 && (annuity.charge(77.0) - level).abs() < 1e-15);
        assert!((capital_recovery_factor(0.08, 10.0) - 0.149029488697).abs() < 1e-12);
    }
}
