//! Demand for compute as a curve (`docs/model.md §7`).

/// Constant-elasticity demand between saturation and choke.
///     D(p) = Q · min(saturation, (p / p_ref)^−elasticity)  for p ≤ choke, 0 above
/// Units: Q in H100e-hours a month, prices in USD per H100e-hour. Domain: Q ≥ 0, elasticity ≥ 0, p_ref > 0,
/// choke ≥ p_ref, saturation ≥ 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DemandCurve {
    /// Q.
    pub planned_use: f64,
    /// Price elasticity, positive; 0 is vertical.
    pub elasticity: f64,
    /// p_ref.
    pub reference_price: f64,
    /// Nothing is bought above it.
    pub choke_price: f64,
    /// Most use over planned use.
    pub saturation: f64,
}
