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
        let (of_hours, served) = self.of_hours(clearing);
        larger(of_hours, self.violation_of_demand(clearing, &served))
    }

    /// Writes what the hours of `clearing` serve, and returns its violation of the conditions.
    pub(super) fn serve(&self, clearing: &mut Clearing) -> f64 {
        let (of_hours, served) = self.of_hours(clearing);
        clearing.served.clear();
        clearing.served.extend_from_slice(&served[..self.demand.len()]);
        larger(of_hours, self.violation_of_demand(clearing, &served))
    }

    /// The conditions on hours, and what these serve.
    fn of_hours(&self, clearing: &Clearing) -> (f64, [f64; MAX_WORKLOADS]) {
        match self.demand.len() {
            0 => (0.0, [0.0; MAX_WORKLOADS]),
            1 => self.violation_of_hours::<1>(clearing),
            2 => self.violation_of_hours::<2>(clearing),
            3 => self.violation_of_hours::<3>(clearing),
            4 => self.violation_of_hours::<4>(clearing),
            5 => self.violation_of_hours::<5>(clearing),
            6 => self.violation_of_hours::<6>(clearing),
            7 => self.violation_of_hours::<7>(clearing),
            _ => self.violation_of_hours::<8>(clearing),
        }
    }

    /// The conditions on demand, where the hours serve `served`.
    fn violation_of_demand(&self, clearing: &Clearing, served: &[f64; MAX_WORKLOADS]) -> f64 {
        let mut worst = 0.0;
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

    /// The conditions on hours, and what they serve, with as many workloads as `W` says: a constant, so that the loops over
    /// them unroll.
    fn violation_of_hours<const W: usize>(&self, clearing: &Clearing) -> (f64, [f64; MAX_WORKLOADS]) {
        let mut price = [0.0; W];
        price.copy_from_slice(&clearing.price);
        let (rates, hours) = (self.rate.as_chunks::<W>().0, clearing.hours.as_chunks::<W>().0);
        let (mut worst, mut served) = (0.0, [0.0; MAX_WORKLOADS]);
        for (((rate, hours), &capacity), &cost) in rates.iter().zip(hours).zip(self.capacity).zip(self.cost) {
            let (mut value, mut used) = (cost, 0.0);
            for w in 0..W {
                value = larger(value, price[w] * rate[w]);
                used += hours[w];
                served[w] += rate[w] * hours[w];
            }
            if capacity == 0.0 {
                worst = larger(worst, used.abs());
                continue;
            }
            let (per_hour, per_value) = (1.0 / capacity, 1.0 / value);
            let idle = 1.0 - used * per_hour;
            worst = larger(worst, -idle);
            worst = larger(worst, smaller(idle, (value - cost) * per_value));
            for w in 0..W {
                let (share, shortfall) = (hours[w] * per_hour, (value - price[w] * rate[w]) * per_value);
                worst = larger(worst, smaller(share, shortfall));
                worst = larger(worst, -share);
            }
        }
        (worst, served)
    }

    /// Why a clearing with this violation of the conditions is refused.
    pub(super) fn refusal(&self, clearing: &Clearing, violation: f64) -> Unsolved {
        Unsolved {
            why: format!(
                "the optimality conditions are violated by {violation:e}, {TOLERANCE:e} is allowed: prices {:?}, \
                 served {:?}, of {} tranches; a fault of the program, which its developers can find by scenario, path and month",
                clearing.price,
                clearing.served,
                self.capacity.len()
            ),
        }
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
                    why: format!(
                        "demand of workload {w} is outside its domain: planned use {}, elasticity {}, reference price {}, choke \
                         price {}, saturation {}",
                        curve.planned_use,
                        curve.elasticity,
                        curve.reference_price,
                        curve.choke_price,
                        curve.saturation
                    ),
                });
            }
        }
        Ok(())
    }
}

/// The first number that is not finite or is below `least`, as an error.
fn refuse(what: &str, allowed: &str, numbers: &[f64], least: f64) -> Result<(), Unsolved> {
    // Bits of positive numbers stand in the order of the numbers. So the highest bit is set in none of the three where a number
    // is positive, is not below `least`, and has room for one more in its exponent. Where it is set they are looked at one by one.
    const EXPONENT: u64 = 1 << 52;
    let doubts = numbers.iter().fold(0, |doubts, n| {
        let bits = n.to_bits();
        doubts | bits | bits.wrapping_sub(least.to_bits()) | bits.wrapping_add(EXPONENT)
    });
    if doubts >> 63 == 0 {
        return Ok(());
    }
    match numbers.iter().position(|&n| !(n >= least && n < f64::INFINITY)) {
        None => Ok(()),
        Some(at) => Err(Unsolved { why: format!("{what} {at} is {}, it must be {allowed}", numbers[at]) }),
    }
}

fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}
