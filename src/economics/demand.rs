//! Demand for compute as a curve (`docs/model.md §7`): quantity, price, and the two areas beside the curve.
//!
//! The curve has three parts. Below the saturation price more compute finds no use and demand is vertical at
//! saturation · Q; between there and the choke price the elasticity is constant; above the choke price nothing is
//! bought. Its inverse is therefore the choke price for the first units, falls with slope −1/elasticity, and is zero
//! beyond saturation. An elasticity of zero is vertical demand: Q at any price up to the choke.
//!
//! Areas are written with the end of the interval where the integrand is bounded and e^x − 1, so that elasticity 1
//! (the logarithm) is a limit that costs no digits, not a special case. What is not asked for is computed and left: a
//! choice between two numbers can be made on several paths at once, a branch cannot.

use crate::math::{exp, exp_m1_to_zero, in_lanes, ln};

in_lanes! {
    /// Constant-elasticity demand between saturation and choke.
    ///     D(p) = Q · min(saturation, (p / p_ref)^−elasticity)  for p ≤ choke, 0 above
    /// Units: Q in H100e-hours a month, prices in USD per H100e-hour. Domain: Q ≥ 0, elasticity ≥ 0, p_ref > 0,
    /// choke > 0, saturation ≥ 1. A choke below p_ref is a cap on what is paid: use at the choke is then above Q.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct DemandCurve<N> {
        /// Q.
        pub planned_use: N,
        /// Price elasticity, positive; 0 is vertical.
        pub elasticity: N,
        /// p_ref.
        pub reference_price: N,
        /// Nothing is bought above it.
        pub choke_price: N,
        /// Most use over planned use.
        pub saturation: N,
    }
}

impl DemandCurve {
    /// What is bought at a price, D(p). At the choke price itself, the most that is bought there.
    /// Units: USD per H100e-hour in, H100e-hours out. Domain: price ≥ 0.
    #[inline(always)]
    pub fn quantity(&self, price: f64) -> f64 {
        if price > self.choke_price { 0.0 } else { self.planned_use * self.use_ratio(price) }
    }

    /// Inverse demand: the highest price at which a quantity is still bought.
    ///     P(q) = min(choke, p_ref · (q / Q)^(−1/elasticity))  for q ≤ most use, 0 above
    /// Units: H100e-hours in, USD per H100e-hour out. Domain: quantity ≥ 0.
    #[inline(always)]
    pub fn inverse(&self, quantity: f64) -> f64 {
        let price = self.reference_price * exp(-ln(quantity / self.planned_use) / self.elasticity);
        let steep = self.elasticity == 0.0 || quantity <= 0.0;
        let price = if steep { self.choke_price } else { price.min(self.choke_price) };
        if quantity > self.most_use() { 0.0 } else { price }
    }

    /// Use when compute is free: saturation · Q, or Q when demand is vertical.
    #[inline(always)]
    pub fn most_use(&self) -> f64 {
        self.planned_use * if self.elasticity == 0.0 { 1.0 } else { self.saturation }
    }

    /// Highest price at which use is saturated; 0 when demand is vertical.
    ///     p_sat = min(choke, p_ref · saturation^(−1/elasticity))
    pub fn saturation_price(&self) -> f64 {
        if self.elasticity == 0.0 {
            0.0
        } else {
            (self.reference_price * exp(-ln(self.saturation) / self.elasticity)).min(self.choke_price)
        }
    }

    /// Value of moving from one use to another: the signed area under inverse demand.
    ///     ∫ P(q) dq from `served` to `planned`
    /// Positive when less is served than planned (what the missing compute would have been worth), negative when more
    /// is. Units: USD. Domain: both ≥ 0.
    #[inline(always)]
    pub fn value_between(&self, served: f64, planned: f64) -> f64 {
        let less = served <= planned;
        let (low, high) = if less { (served, planned) } else { (planned, served) };
        let area = self.area(low, high);
        if less { area } else { -area }
    }

    /// Buyers' gain from a price below the choke, the area left of demand.
    ///     ∫ D(p) dp from `price` to choke, 0 for prices above it
    /// Units: USD a month. Domain: price ≥ 0.
    pub fn surplus(&self, price: f64) -> f64 {
        if price >= self.choke_price {
            return 0.0;
        }
        if self.elasticity == 0.0 {
            return self.planned_use * (self.choke_price - price);
        }
        let bend = self.saturation_price();
        let flat = self.most_use() * (bend - price).max(0.0);
        let from = price.max(bend);
        flat + power_area(from, self.choke_price, |p| self.quantity(p), 1.0 - self.elasticity)
    }

    /// D(p) / Q below the choke price.
    #[inline(always)]
    pub(crate) fn use_ratio(&self, price: f64) -> f64 {
        let ratio = exp(-self.elasticity * ln(price / self.reference_price)).min(self.saturation);
        if self.elasticity == 0.0 { 1.0 } else { ratio }
    }

    /// Area under inverse demand between two quantities in order: choke price, power, nothing.
    #[inline(always)]
    fn area(&self, low: f64, high: f64) -> f64 {
        let high = high.min(self.most_use());
        let bend = self.quantity(self.choke_price);
        let flat = self.choke_price * (high.min(bend) - low).max(0.0);
        let exponent = (self.elasticity - 1.0) / self.elasticity;
        let falling = power_area(
            low.max(bend),
            high,
            #[inline(always)]
            |q| self.inverse(q),
            exponent,
        );
        let is_flat = self.elasticity == 0.0 || high <= bend;
        let area = if is_flat { flat } else { flat + falling };
        if low >= high { 0.0 } else { area }
    }
}

/// ∫ y(x) dx from `low` to `high` of a power law y ∝ x^(exponent − 1).
///     x·y·(e^(exponent·L) − 1) / exponent at x = low,  L = ln(high / low)
/// and the same read from the high end when the exponent is positive, so that neither form overflows or cancels. Domain:
/// 0 < low ≤ high.
#[inline(always)]
fn power_area(low: f64, high: f64, y: impl Fn(f64) -> f64, exponent: f64) -> f64 {
    let span = ln(high / low);
    let (x, fall) = if exponent > 0.0 { (high, -exponent) } else { (low, exponent) };
    let share = exp_m1_to_zero(fall * span) / fall;
    x * y(x) * if fall == 0.0 { span } else { share }
}
