//! What a market must satisfy before it is solved, and after.
//!
//! The conditions are stated on the market as given, not on the solver's reduced one, so that a slip anywhere in the
//! solver shows here.

use super::{Clearing, MAX_WORKLOADS, Market, TOLERANCE, Unsolved};

impl Market<'_> {
    /// Largest relative violation of the optimality conditions by `clearing`.
    ///
    /// With v_i = max(m_i, max_w lambda_w·e_iw), what an hour of tranche i is worth:
    /// * hours: x ≥ 0 and Σ_w x_iw ≤ K_i, over K_i;
    /// * no idle profit: the idle share of K_i, or the margin (v_i − m_i) / v_i, whichever is smaller;
    /// * best use only: the share of K_i in a use, or its shortfall (v_i − lambda_w·e_iw) / v_i, whichever is smaller;
    /// * demand: Σ_i e_iw·x_iw against D_w(lambda_w), over D_w; at the choke price any amount up to D_w will do.
    ///
    /// Dimensionless; 0 is exact, and a number that is not finite counts as infinite.
    pub fn violation(&self, clearing: &Clearing) -> f64 {
        let workloads = self.demand.len();
        let mut worst = Worst(0.0);
        let mut served = [0.0; MAX_WORKLOADS];
        for (i, (&capacity, &cost)) in self.capacity.iter().zip(self.cost).enumerate() {
            let rate = &self.rate[i * workloads..(i + 1) * workloads];
            let hours = &clearing.hours[i * workloads..(i + 1) * workloads];
            let mut value = cost;
            let mut used = 0.0;
            for w in 0..workloads {
                value = value.max(clearing.price[w] * rate[w]);
                used += hours[w];
                served[w] += rate[w] * hours[w];
            }
            if capacity == 0.0 {
                worst.note(used.abs());
                continue;
            }
            worst.note(used / capacity - 1.0);
            worst.note((1.0 - used / capacity).min((value - cost) / value));
            for w in 0..workloads {
                worst.note(-hours[w] / capacity);
                worst.note((hours[w] / capacity).min((value - clearing.price[w] * rate[w]) / value));
            }
        }
        for (w, curve) in self.demand.iter().enumerate() {
            let price = clearing.price[w];
            let most = curve.quantity(price.min(curve.choke_price));
            let least = if price >= curve.choke_price { 0.0 } else { most };
            worst.note(price / curve.choke_price - 1.0);
            worst.note(-price);
            for amount in [served[w], clearing.served[w]] {
                let scale = if most > 0.0 { most } else { 1.0 };
                worst.note((amount - most) / scale);
                worst.note((least - amount) / scale);
            }
        }
        worst.0
    }

    /// Refuses a clearing that is not optimal to [`TOLERANCE`].
    pub(super) fn verify(&self, clearing: &Clearing) -> Result<(), Unsolved> {
        let violation = self.violation(clearing);
        if violation <= TOLERANCE {
            return Ok(());
        }
        Err(Unsolved {
            why: format!(
                "the optimality conditions are violated by {violation:e}, {TOLERANCE:e} is allowed: prices {:?}, \
                 served {:?}, in {self:?}",
                clearing.price, clearing.served
            ),
        })
    }

    /// Refuses inputs outside their domain.
    pub(super) fn check(&self) -> Result<(), Unsolved> {
        let (tranches, workloads) = (self.capacity.len(), self.demand.len());
        if workloads > MAX_WORKLOADS || self.cost.len() != tranches || self.rate.len() != tranches * workloads
        {
            return Err(Unsolved {
                why: format!(
                    "{tranches} capacities, {} costs, {} rates and {workloads} workloads do not make a market of at \
                     most {MAX_WORKLOADS} workloads",
                    self.cost.len(),
                    self.rate.len()
                ),
            });
        }
        refuse("capacity", "finite and at least 0", self.capacity, |k| k >= 0.0)?;
        refuse("cost", "finite and above 0", self.cost, |m| m > 0.0)?;
        refuse("rate", "finite and at least 0", self.rate, |e| e >= 0.0)?;
        for (w, curve) in self.demand.iter().enumerate() {
            let numbers = [
                curve.planned_use,
                curve.elasticity,
                curve.reference_price,
                curve.choke_price,
                curve.saturation,
            ];
            let inside = curve.planned_use >= 0.0
                && curve.elasticity >= 0.0
                && curve.reference_price > 0.0
                && curve.choke_price >= curve.reference_price
                && curve.saturation >= 1.0;
            if !inside || !numbers.iter().all(|n| n.is_finite()) {
                return Err(Unsolved {
                    why: format!("demand of workload {w} is outside its domain: {curve:?}"),
                });
            }
        }
        Ok(())
    }
}

/// The first number that is not finite or fails `inside`, as an error.
fn refuse(what: &str, allowed: &str, numbers: &[f64], inside: impl Fn(f64) -> bool) -> Result<(), Unsolved> {
    match numbers.iter().position(|&n| !n.is_finite() || !inside(n)) {
        None => Ok(()),
        Some(at) => Err(Unsolved { why: format!("{what} {at} is {}, it must be {allowed}", numbers[at]) }),
    }
}

/// The largest number noted; one that is not a number is the largest of all.
struct Worst(f64);

impl Worst {
    fn note(&mut self, violation: f64) {
        if violation.is_nan() {
            self.0 = f64::INFINITY;
        } else if violation > self.0 {
            self.0 = violation;
        }
    }
}
