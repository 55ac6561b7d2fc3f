//! Which set of workloads moves next.
//!
//! The slope of the dual along a common relative rise of a set's prices is the worth of all tranches with a best use in
//! the set, less what the set spends; along a fall it is what the set spends, less the worth of the tranches with no best
//! use outside. Both are tabulated for every set by sums over subsets. Only positive numbers are added, so that the slope
//! of a small set is not lost in the rounding of large ones.
//!
//! Of the steepest sets the smallest moves: then no member rises above, or falls below, its lowest optimal price (see the
//! parent module). What is left out for being within rounding is found again, alone, when it matters.

use super::prices::{IDLE, Prices, ROUNDING, Uses};

impl Prices {
    /// The set of buyers whose prices, raised by a common factor, improve the dual fastest: it would spend more than all
    /// tranches it can have are worth. Supply is left at the worth of these.
    pub fn overdemanded<const W: usize>(&mut self) -> Option<Uses> {
        self.sort::<W>();
        let (supply, others) = (&mut self.supply[..1 << W], &mut self.others[..1 << W]);
        supply.fill(0.0);
        let (busy, idle) = self.classes[..2 << W].split_at(1 << W);
        for ((others, busy), idle) in others.iter_mut().zip(busy).zip(idle) {
            *others = busy + idle;
        }
        for w in 0..W {
            let bit = 1 << w;
            let blocks = supply.chunks_exact_mut(2 * bit).zip(others.chunks_exact_mut(2 * bit));
            for (supply, others) in blocks {
                let (hit, hit_with) = supply.split_at_mut(bit);
                let (miss, miss_with) = others.split_at_mut(bit);
                for ((hit, hit_with), (miss, miss_with)) in
                    hit.iter_mut().zip(hit_with).zip(miss.iter_mut().zip(miss_with))
                {
                    *hit += *hit_with;
                    *hit_with = *hit + *miss_with;
                    (*miss, *miss_with) = (*miss + *miss_with, *miss);
                }
            }
        }
        self.sum_demand::<W>();
        self.steepest::<W>(self.choked, |supply, demand| demand - supply)
    }

    /// The set of buyers whose prices, lowered by a common factor, improve the dual fastest: it would not spend what the
    /// tranches with no other use are worth. Failing that, a smallest set that spends exactly that and would not buy more:
    /// lowering its prices leaves the dual alone. Supply is left at the worth of these tranches.
    pub fn oversupplied<const W: usize>(&mut self) -> Option<Uses> {
        self.sort::<W>();
        let supply = &mut self.supply[..1 << W];
        supply.copy_from_slice(&self.classes[..1 << W]);
        for w in 0..W {
            let bit = 1 << w;
            for block in supply.chunks_exact_mut(2 * bit) {
                let (without, with) = block.split_at_mut(bit);
                for (with, without) in with.iter_mut().zip(without) {
                    *with += *without;
                }
            }
        }
        self.sum_demand::<W>();
        self.steepest::<W>(0, |supply, demand| supply - demand).or_else(|| {
            let balanced = 1.0 + self.balance;
            (1..1 << W).find(|&set| set & !self.flat == 0 && self.demand[set] <= self.supply[set] * balanced)
        })
    }

    /// Adds up the worth of the tranches by their uses, where prices have moved since.
    pub fn sort<const W: usize>(&mut self) {
        if self.sorted {
            return;
        }
        let (classes, t) = (&mut self.classes[..2 << W], &self.tranches);
        classes.fill(0.0);
        for ((&uses, &capacity), &value) in t.uses.iter().zip(&t.capacity).zip(&t.value) {
            let idles = usize::from(uses & IDLE != 0);
            classes[uses & ((1 << W) - 1) | idles << W] += capacity * value;
        }
        self.sorted = true;
    }

    /// Tabulates what each set of buyers spends.
    fn sum_demand<const W: usize>(&mut self) {
        for w in 0..W {
            let bit = 1 << w;
            let (without, with) = self.demand[..2 * bit].split_at_mut(bit);
            for (with, without) in with.iter_mut().zip(without) {
                *with = *without + self.spend[w];
            }
        }
    }

    /// The smallest of the sets without `barred` buyers that gain most, if any gains more than rounding.
    fn steepest<const W: usize>(&self, barred: Uses, gain: impl Fn(f64, f64) -> f64) -> Option<Uses> {
        let (supply, demand) = (&self.supply[..1 << W], &self.demand[..1 << W]);
        let gain = |set: Uses| gain(supply[set], demand[set]);
        let (mut best, mut most) = (0, 0.0);
        for (set, &spent) in demand.iter().enumerate().skip(1) {
            let gain = gain(set);
            if gain > most && set & barred == 0 && gain > self.balance * spent {
                (best, most) = (set, gain);
            }
        }
        if best == 0 {
            return None;
        }
        let rounding = ROUNDING * demand[best];
        let smaller = (1..best).find(|&part| {
            part & !best == 0 && gain(part) >= most - self.balance * demand[best ^ part] - rounding
        });
        Some(smaller.unwrap_or(best))
    }
}
