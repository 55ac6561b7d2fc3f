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
}

/// The factor on all planned use at which the mean of the month-0 operating duals, weighted by stated planned use, equals
/// `price` on the central path. The mean rises with the factor, so the factor is bracketed and halved to 1e-13.
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
    let (_, duals) = mean(factor)?;
    Ok(Calibration { factor, price, duals })
}
