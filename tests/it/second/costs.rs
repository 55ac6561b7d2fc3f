//! What an hour of a chip is worth and costs (`docs/model.md §5, §6, §7`).

use loophole::economics::demand::DemandCurve;
use loophole::model::parameters::{Chip, Owned, Region, Slot, Workload, WorkloadKind};

/// Monthly payment per dollar in the first month but for one month's decline, over `months` months.
///     q = (1 − delta)^(1/12) / (1 + r_m),  A = (1 − q) / (q · (1 − q^n)),  and 1/n when q = 1
pub fn annuity(wacc: f64, months: i64, decline: f64) -> f64 {
    let q = ((1.0 - decline) / (1.0 + wacc)).powf(1.0 / 12.0);
    if (1.0 - q).abs() < 1e-14 {
        return 1.0 / months as f64;
    }
    (1.0 - q) / (q * (1.0 - q.powf(months as f64)))
}

/// Life in whole months.
pub fn life_months(years: f64) -> i64 {
    (12.0 * years).round() as i64
}

/// A month's charge for one chip.
#[derive(Clone, Copy, Debug, Default)]
pub struct Charge {
    /// Repays the system.
    pub capital: f64,
    /// Repays the building.
    pub building: f64,
    /// Operations without energy.
    pub operations: f64,
}

impl Charge {
    /// F_m.
    pub fn total(&self) -> f64 {
        self.capital + self.building + self.operations
    }
}

/// F_m: the charge in month `m` (1 …) of the life of a chip whose system cost `price`.
pub fn charge(
    owned: &Owned,
    chip: &Chip,
    region: &Region,
    value: &dyn Fn(Slot) -> f64,
    price: f64,
    m: i64,
) -> Charge {
    let (wacc, decline, kw) = (value(region.wacc), value(owned.price_decline), value(chip.all_in_power_kw));
    let life = life_months(value(owned.life_years));
    let residual = value(owned.residual) * (1.0 + wacc).powf(-(life as f64) / 12.0);
    let shell_life = life_months(value(region.shell_life_years));
    Charge {
        capital: annuity(wacc, life, decline)
            * (1.0 - decline).powf(m as f64 / 12.0)
            * price
            * (1.0 - residual),
        building: annuity(wacc, shell_life, 0.0) * value(region.shell_usd_per_kw) * kw,
        operations: value(region.opex_usd_per_kw_year) * kw / 12.0,
    }
}

/// Energy of a chip-hour run, USD.
pub fn energy(chip: &Chip, region: &Region, value: &dyn Fn(Slot) -> f64) -> f64 {
    value(chip.all_in_power_kw) * value(region.pue) * value(region.electricity)
}

/// e: H100e-hours per usable chip-hour, at `mfu_factor` times the stated MFU.
pub fn rate(chip: &Chip, workload: &Workload, w: usize, value: &dyn Fn(Slot) -> f64, mfu_factor: f64) -> f64 {
    let Some(efficiency) = &chip.efficiency[w] else { return 0.0 };
    let goodput = value(efficiency.goodput);
    let compute = goodput * value(efficiency.peak_tflops) * value(efficiency.mfu) * mfu_factor;
    let memory = workload.intensity.map_or(f64::INFINITY, |intensity| {
        goodput * value(chip.memory_tb_per_s) * value(efficiency.mbu) * value(intensity)
    });
    let prefill = compute / workload.reference.compute;
    let decode = compute.min(memory) / workload.reference.bound;
    match workload.kind {
        WorkloadKind::Training => prefill,
        WorkloadKind::Decode => decode,
        WorkloadKind::Inference => {
            let share = value(workload.prefill_share.expect("inference has a prefill share"));
            if prefill == 0.0 || decode == 0.0 {
                0.0
            } else {
                1.0 / (share / prefill + (1.0 - share) / decode)
            }
        }
    }
}

/// D(p).
pub fn demand(curve: &DemandCurve, price: f64) -> f64 {
    if price > curve.choke_price {
        return 0.0;
    }
    curve.planned_use * f64::min(curve.saturation, (price / curve.reference_price).powf(-curve.elasticity))
}

/// Signed area under inverse demand between `served` and planned use, prices truncated at the choke.
pub fn value_lost(curve: &DemandCurve, served: f64) -> f64 {
    if curve.planned_use <= 0.0 {
        return 0.0;
    }
    let x = served / curve.planned_use;
    if x <= 1.0 { curve.planned_use * area(curve, x, 1.0) } else { -curve.planned_use * area(curve, 1.0, x) }
}

/// ∫ P dx from `low` to `high`, x being use over planned use.
fn area(curve: &DemandCurve, low: f64, high: f64) -> f64 {
    let choked = demand(curve, curve.choke_price) / curve.planned_use;
    let flat = curve.choke_price * (high.min(choked) - low.min(choked));
    if curve.elasticity == 0.0 {
        return flat;
    }
    let high = high.min(curve.saturation).max(choked);
    let low = low.min(curve.saturation).max(choked);
    let power = 1.0 - 1.0 / curve.elasticity;
    let sloped = if power == 0.0 { (high / low).ln() } else { (high.powf(power) - low.powf(power)) / power };
    flat + curve.reference_price * sloped
}
