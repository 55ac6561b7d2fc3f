//! Power and what it costs (`docs/model.md §6`).

/// Energy cost of a chip-hour.
///     c = kW · PUE · electricity price
/// Units: USD per chip-hour; kW of IT power with server and network share, PUE a ratio, price USD per kWh.
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
pub fn terawatt_hours(chip_hours: f64, it_power_kw: f64, pue: f64) -> f64 {
    chip_hours * it_power_kw * pue * 1e-9
}
