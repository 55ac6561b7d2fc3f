//! What markets in lanes must satisfy before they are solved, and after: the twin of the scalar `optimality`.

use super::{MarketLanes, Table, WIDEST};
use crate::math::{Bits, Lanes, exp, ln};

impl MarketLanes<'_> {
    /// Whether every input is inside its domain for certain.
    pub fn is_sound(&self) -> bool {
        let all = |numbers: &[Lanes], holds: fn(f64) -> bool| {
            let sound = numbers
                .iter()
                .fold(Bits::all(1), |sound, number| Bits::each(|i| sound[i] & u64::from(holds(number[i]))));
            !Bits::each(|i| 1 - sound[i]).any()
        };
        let from = |numbers: &[Lanes]| all(numbers, |n| (0.0..f64::INFINITY).contains(&n));
        let above = |numbers: &[Lanes]| all(numbers, |n| (n > 0.0) & (n < f64::INFINITY));
        from(self.capacity)
            && above(self.cost)
            && from(self.rate)
            && self.demand.iter().all(|curve| {
                from(&[curve.planned_use, curve.elasticity])
                    && above(&[curve.reference_price, curve.choke_price])
                    && all(&[curve.saturation], |n| (1.0..f64::INFINITY).contains(&n))
            })
    }
}

impl Table {
    /// Notes what the hours serve, and their violation of the optimality conditions.
    #[inline(always)]
    pub fn serve<const W: usize>(&mut self) {
        let (mut worst, mut served) = (Lanes::default(), [Lanes::default(); WIDEST]);
        let price = self.price;
        let rows = self.rate.as_chunks::<W>().0.iter().zip(self.hours.as_chunks::<W>().0);
        for (((rate, hours), capacity), cost) in rows.zip(&self.capacity).zip(&self.cost) {
            let (mut value, mut used) = (*cost, Lanes::default());
            for w in 0..W {
                value = Lanes::each(|i| larger(value[i], price[w][i] * rate[w][i]));
                used += hours[w];
                served[w] += Lanes::each(|i| rate[w][i] * hours[w][i]);
            }
            let per_hour = Lanes::each(|i| if capacity[i] > 0.0 { 1.0 / capacity[i] } else { 0.0 });
            let per_value = Lanes::each(|i| 1.0 / value[i]);
            let idle = Lanes::each(|i| 1.0 - used[i] * per_hour[i]);
            worst = Lanes::each(|i| larger(worst[i], -idle[i]));
            worst = Lanes::each(|i| larger(worst[i], smaller(idle[i], (value[i] - cost[i]) * per_value[i])));
            for w in 0..W {
                worst = Lanes::each(|i| {
                    let share = hours[w][i] * per_hour[i];
                    let shortfall = (value[i] - price[w][i] * rate[w][i]) * per_value[i];
                    larger(larger(worst[i], smaller(share, shortfall)), -share)
                });
            }
        }
        for w in 0..W {
            let (curve, price, served) = (&self.curve[w], &price[w], &served[w]);
            let most = Lanes::each(|i| {
                let price = smaller(price[i], curve.choke_price[i]);
                let ratio = exp(-curve.elasticity[i] * ln(price / curve.reference_price[i]));
                let ratio = ratio.min(curve.saturation[i]);
                curve.planned_use[i] * if curve.elasticity[i] == 0.0 { 1.0 } else { ratio }
            });
            worst = Lanes::each(|i| {
                let least = if price[i] >= curve.choke_price[i] { 0.0 } else { most[i] };
                let scale = if most[i] > 0.0 { most[i] } else { 1.0 };
                let worst = larger(worst[i], price[i] / curve.choke_price[i] - 1.0);
                let worst = larger(worst, -price[i]);
                let worst = larger(worst, (served[i] - most[i]) / scale);
                let worst = larger(worst, (least - served[i]) / scale);
                let finite = (price[i] * served[i] * served[i]).is_finite();
                if finite { worst } else { f64::INFINITY }
            });
        }
        (self.served, self.violation) = (served, worst);
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if b < a { b } else { a }
}
