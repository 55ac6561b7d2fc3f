//! Month-0 calibration: how much the labs must want for the market to clear at the price observed (`docs/model.md §7`).

use super::drivers::Drivers;
use super::ledger::Trace;
use super::parameters::World;
use super::rules::RuleDates;
use super::step::{Failure, OnePath, Workspace};

/// The calibration's outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// Common factor on all planned use.
    pub factor: f64,
    /// Observed price it meets, USD per H100e-hour.
    pub price: f64,
    /// Operating dual of month 0 by lab and workload at that factor; workloads in the world's order.
    pub duals: Vec<Vec<f64>>,
}

/// Why no factor meets the price.
#[derive(Clone, Debug, PartialEq)]
pub enum Uncalibrated {
    /// A market could not be solved.
    Failure(Failure),
    /// Month 0's price stays on one side of the observed one for every factor from 2⁻²⁰ to 2²⁰.
    OutOfReach {
        /// Observed price.
        price: f64,
        /// Price at the lowest and the highest factor.
        range: (f64, f64),
    },
    /// Month 0's price jumps over the observed one as demand grows: from one factor to the next it is below and above.
    JumpsOver {
        /// Observed price.
        price: f64,
        /// Factor at which it jumps.
        factor: f64,
        /// Price just below that factor and just above it.
        sides: (f64, f64),
    },
    /// No lab plans to use anything in month 0, so that the mean of its prices has no weights.
    NothingPlanned,
}

/// How near to the observed price month 0 must clear, as a share of it. The factor is known to 1e-13, which demand of
/// elasticity ε turns into 1e-13/ε of the price.
const PRICE_TOLERANCE: f64 = 1e-6;

/// The factor on all planned use at which the mean of the month-0 operating duals, weighted by stated planned use, equals
/// `price` on the central path. The mean rises with the factor, so the factor is bracketed and halved to 1e-13. It may jump,
/// as where demand is saturated: more compute then finds no use at any price, and one chip more that is wanted than there
/// is at the lower price sets the higher one. A price inside such a jump is met by no factor.
///
/// # Errors
/// [`Uncalibrated`].
pub fn calibrate(world: &World, central: &Drivers, price: f64) -> Result<Calibration, Uncalibrated> {
    let mut world = World { months: 1, ..world.clone() };
    let path = OnePath::new(&world, central, &RuleDates::central(&world, central));
    let mut work = Workspace::default();
    let mut trace = Trace::default();
    let mut mean = |factor: f64| -> Result<(f64, Vec<Vec<f64>>), Uncalibrated> {
        world.demand_scale = factor;
        path.simulate(&world, &mut work, &mut trace).map_err(Uncalibrated::Failure)?;
        let (mut weighted, mut weight) = (0.0, 0.0);
        for lab in &trace.months[0].labs {
            for (price, planned) in lab.price.iter().zip(&lab.planned_use) {
                weighted += price * planned;
                weight += planned;
            }
        }
        let workloads = world.workloads.len();
        let duals = trace.months[0].labs.iter().map(|lab| lab.price[..workloads].to_vec()).collect();
        Ok((weighted / weight, duals))
    };
    let (mut low, mut high) = (-20.0_f64, 20.0_f64);
    let range = (mean(crate::math::pow(2.0, low))?.0, mean(crate::math::pow(2.0, high))?.0);
    if range.1.is_nan() {
        return Err(Uncalibrated::NothingPlanned);
    }
    if !(range.0 <= price && price <= range.1) {
        return Err(Uncalibrated::OutOfReach { price, range });
    }
    while high - low > 1e-13 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if mean(crate::math::pow(2.0, middle))?.0 < price { low = middle } else { high = middle }
    }
    let factor = crate::math::pow(2.0, high);
    let (reached, duals) = mean(factor)?;
    if (reached - price).abs() > PRICE_TOLERANCE * price {
        let below = mean(crate::math::pow(2.0, low))?.0;
        return Err(Uncalibrated::JumpsOver { price, factor, sides: (below, reached) });
    }
    Ok(Calibration { factor, price, duals })
}
