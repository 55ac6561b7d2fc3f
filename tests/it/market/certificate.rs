//! Primal and dual values of a market from textbook formulas, written apart from the library's.
use super::instances::Instance;
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::Clearing;
use loophole::math::{ln, pow};

/// Value of `served` to the buyers: area under inverse demand from nothing.
pub fn buyers_value(curve: &DemandCurve, served: f64) -> f64 {
    let (q, e, p, choke) = (curve.planned_use, curve.elasticity, curve.reference_price, curve.choke_price);
    if q == 0.0 {
        return 0.0;
    }
    let bend = if e == 0.0 { q } else { q * pow(choke / p, -e).min(curve.saturation) };
    let end = if e == 0.0 { q } else { q * curve.saturation };
    let flat = choke * served.min(bend);
    if served <= bend || e == 0.0 {
        return flat;
    }
    let (from, to) = (bend / q, served.min(end) / q);
    let a = 1.0 - 1.0 / e;
    flat + p * q * if a.abs() < 1e-6 { ln(to / from) } else { (pow(to, a) - pow(from, a)) / a }
}

/// Buyers' surplus at a price: area left of demand, up to the choke.
pub fn buyers_surplus(curve: &DemandCurve, price: f64) -> f64 {
    let (q, e, p, choke) = (curve.planned_use, curve.elasticity, curve.reference_price, curve.choke_price);
    if price >= choke {
        return 0.0;
    }
    if e == 0.0 {
        return q * (choke - price);
    }
    let bend = p * pow(curve.saturation, -1.0 / e);
    let from = price.max(bend) / p;
    let a = 1.0 - e;
    let power = if a.abs() < 1e-6 { ln(choke / p / from) } else { (pow(choke / p, a) - pow(from, a)) / a };
    q * curve.saturation * (bend - price).max(0.0) + p * q * power
}

/// Buyers' value less the cost of the hours.
pub fn primal_value(instance: &Instance, clearing: &Clearing) -> f64 {
    let workloads = instance.demand.len();
    let mut value = 0.0;
    for (w, curve) in instance.demand.iter().enumerate() {
        let served: f64 = (0..instance.cost.len())
            .map(|i| instance.rate[i * workloads + w] * clearing.hours[i * workloads + w])
            .sum();
        value += buyers_value(curve, served);
    }
    for (i, cost) in instance.cost.iter().enumerate() {
        value -= cost * clearing.hours[i * workloads..(i + 1) * workloads].iter().sum::<f64>();
    }
    value
}

/// The dual objective at some prices: an upper bound on the primal value of any feasible hours.
///
/// A price is a double and stands for the real one within half a unit in its last place. At a tie the margin of a tranche is
/// the rounding of its price, and on a large idle tranche that alone would outweigh a small market's whole value; margins
/// that the digits of the price cannot tell from zero are therefore zero.
pub fn dual_value(instance: &Instance, prices: &[f64]) -> f64 {
    let workloads = instance.demand.len();
    let mut value: f64 =
        instance.demand.iter().zip(prices).map(|(curve, &price)| buyers_surplus(curve, price)).sum();
    for (i, (capacity, cost)) in instance.capacity.iter().zip(&instance.cost).enumerate() {
        let best = (0..workloads).map(|w| prices[w] * instance.rate[i * workloads + w]).fold(0.0, f64::max);
        let margin = best - cost;
        if margin > 2.0 * f64::EPSILON * best {
            value += capacity * margin;
        }
    }
    value
}

/// Largest share of a tranche used beyond its capacity, or below nothing.
pub fn overuse(instance: &Instance, clearing: &Clearing) -> f64 {
    let workloads = instance.demand.len();
    let mut worst: f64 = 0.0;
    for (i, &capacity) in instance.capacity.iter().enumerate() {
        let hours = &clearing.hours[i * workloads..(i + 1) * workloads];
        let scale = if capacity > 0.0 { capacity } else { 1.0 };
        worst = worst.max((hours.iter().sum::<f64>() - capacity) / scale);
        worst = hours.iter().fold(worst, |worst, x| worst.max(-x / scale));
    }
    worst
}
