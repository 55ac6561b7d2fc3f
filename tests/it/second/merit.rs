//! A market of one workload, cleared by hand: supply in order of unit cost against the demand curve.

use super::costs::demand;
use super::{Cleared, Tranche};
use loophole::economics::demand::DemandCurve;

/// Clears a market of one workload; the price is the lowest at which supply meets demand.
pub fn clear_by_merit(tranches: &[Tranche], curves: &[DemandCurve]) -> Cleared {
    assert_eq!(curves.len(), 1, "merit order is exact for one workload only");
    let curve = &curves[0];
    let unit = |tranche: &Tranche| {
        if tranche.rate[0] > 0.0 { tranche.cost / tranche.rate[0] } else { f64::INFINITY }
    };
    let lambda = price(tranches, curve, &unit);
    let mut left = demand(curve, lambda);
    if lambda == curve.choke_price {
        let offered: f64 = supply(tranches, &unit, lambda);
        left = left.min(offered);
    }
    let mut hours = vec![vec![0.0]; tranches.len()];
    for (tranche, hours) in tranches.iter().zip(&mut hours).filter(|(tranche, _)| unit(tranche) < lambda) {
        hours[0] = tranche.capacity;
        left -= tranche.capacity * tranche.rate[0];
    }
    for (tranche, hours) in tranches.iter().zip(&mut hours).filter(|(tranche, _)| unit(tranche) == lambda) {
        hours[0] = f64::clamp(left / tranche.rate[0], 0.0, tranche.capacity);
        left -= hours[0] * tranche.rate[0];
    }
    Cleared { lambda: vec![lambda], hours }
}

/// H100e-hours offered at `lambda`.
fn supply(tranches: &[Tranche], unit: &dyn Fn(&Tranche) -> f64, lambda: f64) -> f64 {
    tranches
        .iter()
        .filter(|tranche| unit(tranche) <= lambda)
        .map(|tranche| tranche.capacity * tranche.rate[0])
        .sum()
}

/// The lowest price at which what is offered covers what is asked just above it.
fn price(tranches: &[Tranche], curve: &DemandCurve, unit: &dyn Fn(&Tranche) -> f64) -> f64 {
    if curve.planned_use == 0.0 {
        return 0.0;
    }
    let mut steps: Vec<f64> = tranches.iter().map(unit).filter(|cost| *cost < curve.choke_price).collect();
    steps.sort_by(f64::total_cmp);
    for (i, step) in steps.iter().enumerate() {
        let offered = supply(tranches, unit, *step);
        if offered >= demand(curve, *step) {
            return *step;
        }
        let next = steps.get(i + 1).copied().unwrap_or(curve.choke_price);
        let meets = curve.reference_price * (offered / curve.planned_use).powf(-1.0 / curve.elasticity);
        if curve.elasticity > 0.0 && meets < next {
            return meets;
        }
    }
    curve.choke_price
}
