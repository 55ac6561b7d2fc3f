//! What must hold whatever the numbers are: the identities of `docs/model.md §11`, and the behaviour that simulators of
//! this kind get wrong.
//!
//! What must be the same bits is compared bit for bit; what two routes reach is compared to the tolerance of the market
//! solver, which meets its optimality conditions to 1e-9.

mod books;
mod form;
mod levers;
mod sizes;

/// What a chain of markets solved to 1e-9 may differ by.
const SOLVER: f64 = 1e-8;

/// Equal to the solver's tolerance, relative to the larger of the two and of `scale`.
fn same(x: f64, y: f64, scale: f64) -> bool {
    (x - y).abs() <= SOLVER * x.abs().max(y.abs()).max(scale)
}
