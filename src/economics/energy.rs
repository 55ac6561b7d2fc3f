//! Power and what it costs (`docs/model.md §6`).

/// Energy cost of a chip-hour.
///     c = kW · PUE · electricity price
/// Units: USD per chip-hour; kW of IT power with server and network share, PUE a ratio, price USD per kWh.
#[inline(always)]
pub fn cost_per_hour(it_power_kw: f64, pue: f64, usd_per_kwh: f64) -> f64 {
    it_power_kw * pue * usd_per_kwh
}

/// Power a system draws for the compute it offers.
///     kW / PFLOP/s
/// Domain: pflops > 0, dense, at the format both sides of a comparison share.
pub fn kw_per_pflops(system_kw: f64, pflops: f64) -> f64 {
    system_kw / pflops
}

/// Electricity drawn by chips, in TWh.
///     E = hours · kW · PUE / 10⁹
#[inline(always)]
pub fn terawatt_hours(chip_hours: f64, it_power_kw: f64, pue: f64) -> f64 {
    chip_hours * it_power_kw * pue * 1e-9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energy_is_a_product() {
        // 10⁹ hours at 2 kW and PUE 1.25 draw 2.5 TWh, at 0.08 USD a kWh for 0.20 USD an hour.
        assert!((terawatt_hours(1e9, 2.0, 1.25) - 2.5).abs() < 1e-15);
        assert!((cost_per_hour(2.0, 1.25, 0.08) - 0.2).abs() < 1e-15);
        assert_eq!(kw_per_pflops(3.0, 4.0), 0.75);
    }
}
