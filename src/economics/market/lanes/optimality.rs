//! What markets in lanes must satisfy before they are solved, and after: the twin of the scalar `optimality`.

use super::{Table, WIDEST};
use crate::economics::demand::DemandCurve;
use crate::math::{Lanes, exp, ln, rows};

/// The lowest of some numbers on each path if all are finite, else NaN.
#[derive(Clone, Copy)]
pub struct Lowest {
    lowest: Lanes,
    /// 0, or NaN once a number was not finite.
    nothing: Lanes,
}

impl Lowest {
    /// Of no numbers: infinity.
    pub const NONE: Lowest = Lowest { lowest: Lanes::all(f64::INFINITY), nothing: Lanes::ZERO };

    /// Takes in one more.
    #[inline(always)]
    pub fn take(&mut self, number: Lanes) {
        self.lowest = self.lowest.or_smaller(number);
        self.nothing += number * 0.0;
    }

    /// The lowest, or NaN.
    #[inline(always)]
    pub fn number(self) -> Lanes {
        self.lowest + self.nothing
    }
}

/// The lowest of N numbers if all are finite, else NaN.
#[inline(always)]
fn lowest<const N: usize>(numbers: [Lanes; N]) -> Lanes {
    let mut lowest = Lowest::NONE;
    for number in numbers {
        lowest.take(number);
    }
    lowest.number()
}

/// Whether every input is inside its domain for certain: curves, and the lowest capacity, cost and rates by workload.
#[inline(always)]
pub fn is_sound(demand: &[DemandCurve<Lanes>], capacity: Lowest, cost: Lowest, rates: &[Lowest]) -> bool {
    let mut sound = capacity.number().reaches(Lanes::ZERO) & cost.number().above(Lanes::ZERO);
    for rate in rates {
        sound = sound & rate.number().reaches(Lanes::ZERO);
    }
    for curve in demand {
        sound = sound & lowest([curve.planned_use, curve.elasticity]).reaches(Lanes::ZERO);
        sound = sound & lowest([curve.reference_price, curve.choke_price]).above(Lanes::ZERO);
        sound = sound & curve.saturation.reaches(Lanes::ONE) & curve.saturation.finite();
    }
    !(!sound).any()
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
                value = value.or_larger(price[w] * rate[w]);
                used += hours[w];
                served[w] += rate[w] * hours[w];
            }
            let per_hour = capacity.above(none).keep(one / *capacity);
            let per_value = one / value;
            let idle = one - used * per_hour;
            worst = worst.or_larger(Lanes::each(|i| -idle[i]));
            worst = worst.or_larger(idle.or_smaller((value - *cost) * per_value));
            for w in 0..W {
                let share = hours[w] * per_hour;
                let shortfall = (value - price[w] * rate[w]) * per_value;
                worst = worst.or_larger(share.or_smaller(shortfall));
                worst = worst.or_larger(Lanes::each(|i| -share[i]));
            }
        }
        for w in 0..W {
            let (curve, price, served) = (self.curve[w], price[w], served[w]);
            let choke = curve.choke_price;
            let paid = price.or_smaller(choke);
            let ratio = Lanes::each(
                #[inline(always)]
                |i| exp(-curve.elasticity[i] * ln(paid[i] / curve.reference_price[i])),
            );
            let ratio = curve.elasticity.above(none).pick(ratio.min(curve.saturation), one);
            let most = curve.planned_use * ratio;
            let least = price.reaches(choke).pick(none, most);
            let scale = most.above(none).pick(most, one);
            worst = worst.or_larger(price / choke - one);
            worst = worst.or_larger(Lanes::each(|i| -price[i]));
            worst = worst.or_larger((served - most) / scale);
            worst = worst.or_larger((least - served) / scale);
            worst = (price * served * served).finite().pick(worst, Lanes::all(f64::INFINITY));
        }
        (self.served, self.violation) = (served, worst);
    }
}
