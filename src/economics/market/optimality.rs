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
        let mut worst = 0.0;
        let mut served = [0.0; MAX_WORKLOADS];
        for (i, (&capacity, &cost)) in self.capacity.iter().zip(self.cost).enumerate() {
            let row = i * workloads..(i + 1) * workloads;
            let (rate, hours) = (&self.rate[row.clone()], &clearing.hours[row]);
            let mut value = cost;
            let mut used = 0.0;
            for (w, served) in served[..workloads].iter_mut().enumerate() {
                value = larger(value, clearing.price[w] * rate[w]);
                used += hours[w];
                *served += rate[w] * hours[w];
            }
            let (per_hour, per_value) = (1.0 / capacity, 1.0 / value);
            if capacity == 0.0 {
                worst = larger(worst, used.abs());
                continue;
            }
            worst = larger(worst, used * per_hour - 1.0);
            worst = larger(worst, smaller(1.0 - used * per_hour, (value - cost) * per_value));
            for w in 0..workloads {
                let shortfall = (value - clearing.price[w] * rate[w]) * per_value;
                worst = larger(worst, smaller(hours[w] * per_hour, shortfall));
                worst = larger(worst, -hours[w] * per_hour);
            }
        }
        for (w, curve) in self.demand.iter().enumerate() {
            let price = clearing.price[w];
            if !(price * served[w] * clearing.served[w]).is_finite() {
                return f64::INFINITY;
            }
            let most = curve.quantity(smaller(price, curve.choke_price));
            let least = if price >= curve.choke_price { 0.0 } else { most };
            let scale = if most > 0.0 { most } else { 1.0 };
            worst = larger(worst, price / curve.choke_price - 1.0);
            worst = larger(worst, -price);
            for amount in [served[w], clearing.served[w]] {
                worst = larger(worst, (amount - most) / scale);
                worst = larger(worst, (least - amount) / scale);
            }
        }
        worst
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
        refuse("capacity", "finite and at least 0", self.capacity, 0.0)?;
        refuse("cost", "finite and above 0", self.cost, f64::from_bits(1))?;
        refuse("rate", "finite and at least 0", self.rate, 0.0)?;
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
                && curve.choke_price > 0.0
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

/// The first number that is not finite or is below `least`, as an error.
fn refuse(what: &str, allowed: &str, numbers: &[f64], least: f64) -> Result<(), Unsolved> {
    let good = |n: f64| n >= least && n < f64::INFINITY;
    if numbers.iter().all(|&n| good(n)) {
        return Ok(());
    }
    let at = numbers.iter().position(|&n| !good(n)).unwrap_or_default();
    Err(Unsolved { why: format!("{what} {at} is {}, it must be {allowed}", numbers[at]) })
}

fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}
