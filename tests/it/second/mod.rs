//! A second route to the model: the same path told again, slowly, from `docs/model.md` alone.
//!
//! It shares with the library only the scenario's structs and the market solver, which has tests of its own; here every
//! vintage is a line in a list and every sum is written out where it is used, so that a reader can hold this text
//! against the page. [`month::simulate`] tells one path of one arm; [`rules`] dates rules and says how far they bite;
//! [`costs`] has the formulas of an hour; [`merit`] clears a market of one workload by hand, and [`worlds`] invents
//! small worlds to compare on. [`checks`] holds this route alone against worked examples and identities;
//! `two_routes.rs` holds the engine against it.
pub mod checks;
pub mod costs;
pub mod merit;
pub mod month;
pub mod rules;
pub mod trace;
pub mod worlds;

use loophole::economics::demand::DemandCurve;
use loophole::economics::market::{Clearing, Market, Solver};
use loophole::model::parameters::{Form, Quantities, Slot};

/// Hours in a month.
pub const H: f64 = 730.0;

/// Names the value of a quantity in a month.
pub type Lookup<'a> = &'a dyn Fn(Slot, usize) -> f64;

/// What a path's quantities are worth.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    /// Value in month t.
    pub now: Lookup<'a>,
    /// Median forecast made in month t for month t + lead.
    pub ahead: Lookup<'a>,
}

/// A market's answer: price by workload, hours by tranche and workload.
pub struct Cleared {
    /// USD per H100e-hour.
    pub lambda: Vec<f64>,
    /// Usable chip-hours, `[tranche][workload]`.
    pub hours: Vec<Vec<f64>>,
}

/// One tranche of a market.
#[derive(Clone, Debug)]
pub struct Tranche {
    /// Its channel.
    pub channel: usize,
    /// Its kind.
    pub kind: Kind,
    /// Usable chip-hours.
    pub capacity: f64,
    /// USD per usable chip-hour.
    pub cost: f64,
    /// H100e-hours per usable chip-hour by workload; 0 where not eligible.
    pub rate: Vec<f64>,
}

/// Kinds of tranche, in market order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Contracts signed earlier.
    Committed,
    /// New contracts.
    New,
    /// New contracts through a leak.
    NewLeaked,
    /// Spot hours.
    Spot,
    /// Spot hours through a leak.
    SpotLeaked,
    /// Owned chips.
    Fleet,
    /// Owned chips yet to be ordered; in plans only.
    Buy,
}

/// Clears a market.
pub type Clear<'a> = &'a dyn Fn(&[Tranche], &[DemandCurve]) -> Cleared;

/// Clears a market with the library's solver.
pub fn clear_exactly(tranches: &[Tranche], demand: &[DemandCurve]) -> Cleared {
    let capacity: Vec<f64> = tranches.iter().map(|tranche| tranche.capacity).collect();
    let cost: Vec<f64> = tranches.iter().map(|tranche| tranche.cost).collect();
    let rate: Vec<f64> = tranches.iter().flat_map(|tranche| tranche.rate.clone()).collect();
    let mut clearing = Clearing::default();
    let market = Market { capacity: &capacity, cost: &cost, rate: &rate, demand };
    Solver::default()
        .solve(&market, &mut clearing)
        .unwrap_or_else(|error| panic!("{} in {market:?}", error.why));
    let hours = clearing.hours.chunks(demand.len()).map(<[f64]>::to_vec).collect();
    Cleared { lambda: clearing.price, hours }
}

/// Value in `month` of a quantity that is a constant or a schedule.
pub fn known(quantities: &Quantities, slot: Slot, month: i64) -> f64 {
    match &quantities.list[slot.0 as usize].form {
        Form::Constant(value) => *value,
        Form::Schedule { knots, linear } => on_schedule(knots, *linear, month),
        other => panic!("not a constant or a schedule: {other:?}"),
    }
}

/// Value of a schedule: flat outside its dates; between them on the line, or at the last knot.
fn on_schedule(knots: &[(i32, f64)], linear: bool, month: i64) -> f64 {
    let Some(last) = knots.iter().rposition(|knot| i64::from(knot.0) <= month) else { return knots[0].1 };
    let (from, low) = knots[last];
    match knots.get(last + 1) {
        Some(&(to, high)) if linear => {
            low + (high - low) * (month - i64::from(from)) as f64 / f64::from(to - from)
        }
        _ => low,
    }
}
