//! What markets in lanes must satisfy before they are solved, and after: the twin of the scalar `optimality`.

use super::{MarketLanes, Table, WIDEST};
use crate::math::{Lanes, exp, ln, rows};

impl MarketLanes<'_> {
    /// Whether every input is inside its domain for certain.
    #[inline(always)]
    pub fn is_sound(&self) -> bool {
        let (capacity, rate, cost) = (lowest(self.capacity), lowest(self.rate), lowest(self.cost));
        let mut sound = capacity.reaches(Lanes::ZERO) & rate.reaches(Lanes::ZERO) & cost.above(Lanes::ZERO);
        for curve in self.demand {
            sound = sound & lowest(&[curve.planned_use, curve.elasticity]).reaches(Lanes::ZERO);
            sound = sound & lowest(&[curve.reference_price, curve.choke_price]).above(Lanes::ZERO);
            sound = sound & lowest(&[curve.saturation]).reaches(Lanes::ONE);
        }
        !(!sound).any()
    }
}

/// The lowest number on each path if all are finite, else NaN.
#[inline(always)]
fn lowest(numbers: &[Lanes]) -> Lanes {
    let (mut lowest, mut nothing) = (Lanes::all(f64::INFINITY), Lanes::ZERO);
    for number in rows(numbers) {
        lowest = smaller(lowest, *number);
        nothing += *number * 0.0;
    }
    lowest + nothing
}

impl Table {
    /// Notes what the hours serve, and their violation of the optimality conditions.
    #[inline(always)]
    pub fn serve<const W: usize>(&mut self) {
        let (none, one) = (Lanes::ZERO, Lanes::ONE);
        let (mut worst, mut served) = (none, [none; WIDEST]);
        let price = self.price;
        let tranches = self.rate.as_chunks::<W>().0.iter().zip(self.hours.as_chunks::<W>().0);
        for (((rate, hours), capacity), cost) in rows(tranches.zip(&self.capacity).zip(&self.cost)) {
            let (mut value, mut used) = (*cost, none);
            for w in 0..W {
                value = larger(value, price[w] * rate[w]);
                used += hours[w];
                served[w] += rate[w] * hours[w];
            }
            let per_hour = capacity.above(none).keep(one / *capacity);
            let per_value = one / value;
            let idle = one - used * per_hour;
            worst = larger(worst, Lanes::each(|i| -idle[i]));
            worst = larger(worst, smaller(idle, (value - *cost) * per_value));
            for w in 0..W {
                let share = hours[w] * per_hour;
                let shortfall = (value - price[w] * rate[w]) * per_value;
                worst = larger(worst, smaller(share, shortfall));
                worst = larger(worst, Lanes::each(|i| -share[i]));
            }
        }
        for w in 0..W {
            let (curve, price, served) = (self.curve[w], price[w], served[w]);
            let choke = curve.choke_price;
            let paid = smaller(price, choke);
            let ratio = Lanes::each(
                #[inline(always)]
                |i| exp(-curve.elasticity[i] * ln(paid[i] / curve.reference_price[i])),
            );
            let ratio = curve.elasticity.above(none).pick(ratio.min(curve.saturation), one);
            let most = curve.planned_use * ratio;
            let least = price.reaches(choke).pick(none, most);
            let scale = most.above(none).pick(most, one);
            worst = larger(worst, price / choke - one);
            worst = larger(worst, Lanes::each(|i| -price[i]));
            worst = larger(worst, (served - most) / scale);
            worst = larger(worst, (least - served) / scale);
            worst = (price * served * served).finite().pick(worst, Lanes::all(f64::INFINITY));
        }
        (self.served, self.violation) = (served, worst);
    }
}

#[inline(always)]
fn larger(a: Lanes, b: Lanes) -> Lanes {
    b.above(a).pick(b, a)
}

#[inline(always)]
fn smaller(a: Lanes, b: Lanes) -> Lanes {
    a.above(b).pick(b, a)
}
