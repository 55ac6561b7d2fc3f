//! Prices to start from where nothing settled before, in lanes: the twin of the scalar guess.

use super::{Table, WIDEST};
use crate::economics::market::lanes::descent::best;
use crate::math::{Bits, Lanes, exp, ln, rows};

impl Table {
    /// Prices near the answer, in the lanes that have none to start from.
    #[inline(always)]
    pub fn guess<const W: usize>(&mut self) {
        let (mut plan, mut elasticity) = (Lanes::ZERO, Lanes::ZERO);
        let mut prices = [Lanes::ZERO; WIDEST];
        for w in 0..W {
            let curve = &self.curve[w];
            prices[w] = self.buyers.has(1 << w).keep(curve.reference_price.min(curve.choke_price));
            let spend = prices[w] * curve.planned_use;
            plan += spend;
            elasticity += spend * curve.elasticity;
        }
        elasticity = elasticity / plan;
        let never = Lanes::all(f64::INFINITY);
        let rates = self.rate.as_chunks::<W>().0;
        let tranches =
            self.turns.iter_mut().zip(&mut self.value).zip(rates).zip(&self.cost).zip(&self.capacity);
        for ((((level, worth), rate), cost), capacity) in rows(tranches) {
            let value = best::<W>(rate, &prices, Lanes::ZERO);
            *level = value.above(Lanes::ZERO).pick(*cost / value, never);
            *worth = *capacity * value;
        }
        let clears = |offered: Lanes| Lanes::each(|i| exp(ln(plan[i] / offered[i]) / elasticity[i]));
        let (mut low, mut last) = (Lanes::all(f64::NEG_INFINITY), never);
        for level in rows(&self.turns) {
            let between = level.above(low) & last.above(*level);
            if between.any() {
                let short = clears(self.offered(|other| level.reaches(other))).above(*level);
                low = (between & short).pick(*level, low);
                last = (between & !short).pick(*level, last);
            }
        }
        let level = clears(self.offered(|other| last.above(other))).min(last);
        for w in 0..W {
            let own = self.fresh.some() & self.buyers.has(1 << w);
            self.price[w] = own.pick(level * self.curve[w].reference_price, self.price[w]);
        }
    }

    /// What is offered at levels like these, by the levels in `turns` and the worths in `value`.
    #[inline(always)]
    fn offered(&self, counts: impl Fn(Lanes) -> Bits) -> Lanes {
        let mut offered = Lanes::ZERO;
        for (level, worth) in rows(self.turns.iter().zip(&self.value)) {
            offered += counts(*level).keep(*worth);
        }
        offered
    }
}
