//! Starting from where similar markets settled, in lanes: the twin of the scalar `resume`.

use super::descent::{best, reach};
use super::{SettledLanes, Table, WIDEST};
use crate::economics::market::{MAX_WORKLOADS, resume::SQUARE_IS_ROUNDING};
use crate::math::{Bits, LANES, Lanes, exp, ln, rows};

impl Table {
    /// Prices from earlier ties; lanes in which these make none are noted as fresh.
    #[inline(always)]
    pub fn resume<const W: usize>(&mut self, settled: &SettledLanes<'_>) {
        let buyers = self.buyers;
        self.price = [Lanes::default(); WIDEST];
        if settled.price.is_empty() {
            self.fresh = buyers.some() & 1;
            return;
        }
        let mut earlier = [Lanes::default(); WIDEST];
        let mut lost = Bits::default();
        for w in 0..W {
            let own = buyers.has(1 << w);
            earlier[w] = own.keep(settled.price[w]);
            lost = lost | own & Lanes::ZERO.reaches(settled.price[w]);
        }
        let rates = self.rate.as_chunks::<W>().0;
        let tranches = self.uses.iter_mut().zip(settled.uses).zip(rates).zip(&self.cost).zip(&self.capacity);
        for ((((uses, settled), rate), cost), capacity) in rows(tranches) {
            let named = Bits::each(|i| u64::from(settled[i]));
            let known = named & buyers | named.has(1 << MAX_WORKLOADS) & 1 << W;
            let known = capacity.above(Lanes::ZERO).pick(known, Bits::all(1 << W));
            *uses = known;
            let unknown = known.is(0);
            if unknown.any() {
                let read = reach::<W>(rate, &earlier, *cost, best::<W>(rate, &earlier, *cost));
                *uses = unknown.pick(read, known);
            }
        }
        let (groups, ratio) = self.tied_groups::<W>();
        for w in 0..W {
            let first = (groups[w] & (groups[w] - 1) & 1 << w).is(0) & buyers.has(1 << w);
            let group = first & groups[w];
            if !group.any() {
                continue;
            }
            let (level, failed) = self.level::<W>(w, group, &ratio, earlier[w] / ratio[w]);
            lost = lost | failed & first;
            for v in 0..W {
                self.price[v] = group.has(1 << v).pick(level * ratio[v], self.price[v]);
            }
        }
        self.fresh = lost & 1;
    }

    /// By workload, those whose prices tied tranches bind to its own, and the prices relative to a group's first.
    #[inline(always)]
    fn tied_groups<const W: usize>(&self) -> ([Bits; WIDEST], [Lanes; WIDEST]) {
        let mut groups: [Bits; WIDEST] = std::array::from_fn(|w| Bits::all(1 << w));
        let mut ratio = [Lanes::ONE; WIDEST];
        let rates = self.rate.as_chunks::<W>().0;
        for (uses, rate) in rows(self.uses.iter().zip(rates)) {
            let buyers = *uses & ((1 << W) - 1);
            let mut bound = Bits::default();
            for w in (0..W).rev() {
                bound = buyers.has(1 << w).pick(groups[w], bound);
            }
            let apart = buyers & !bound;
            if !apart.any() {
                continue;
            }
            for i in (0..LANES).filter(|&i| apart[i] != 0) {
                let first = buyers[i].trailing_zeros() as usize;
                for w in (0..W).filter(|&w| apart[i] >> w & 1 != 0) {
                    let apart = groups[first][i] >> w & 1 == 0;
                    if apart && rate[first][i] > 0.0 && rate[w][i] > 0.0 {
                        let shift = ratio[first][i] * rate[first][i] / (ratio[w][i] * rate[w][i]);
                        let (moved, both) = (groups[w][i], groups[first][i] | groups[w][i]);
                        for v in 0..W {
                            if moved >> v & 1 != 0 {
                                ratio[v][i] *= shift;
                            }
                            if both >> v & 1 != 0 {
                                groups[v][i] = both;
                            }
                        }
                    }
                }
            }
        }
        (groups, ratio)
    }

    /// The level of the prices of groups whose first member is `w`: a tied cost, or the root of demand against supply from a
    /// guess; and where there is none.
    #[inline(always)]
    fn level<const W: usize>(
        &self,
        w: usize,
        group: Bits,
        ratio: &[Lanes; WIDEST],
        guess: Lanes,
    ) -> (Lanes, Bits) {
        let (mut supply, mut level, mut idle) = (Lanes::default(), Lanes::default(), Bits::default());
        let rates = self.rate.as_chunks::<W>().0;
        for (((uses, rate), cost), capacity) in
            rows(self.uses.iter().zip(rates).zip(&self.cost).zip(&self.capacity))
        {
            let hit = *uses & group;
            let mut earns = Lanes::default();
            for v in (w..W).rev() {
                earns = hit.has(1 << v).pick(ratio[v] * rate[v], earns);
            }
            let stands = hit.some() & uses.has(1 << W) & !idle;
            if stands.any() {
                level = stands.pick(*cost / earns, level);
                idle = idle | stands;
            }
            supply += hit.some().keep(*capacity * earns);
        }
        let mut failed = !level.finite();
        let single = (group & (group - 1)).is(0) & !idle;
        if (single & group).any() {
            let curve = &self.curve[w];
            let use_ratio = supply / (ratio[w] * curve.planned_use);
            let power = Lanes::each(|i| exp(-ln(use_ratio[i]) / curve.elasticity[i]));
            let alone = curve.reference_price / ratio[w] * power;
            level = single.pick(alone, level);
            failed = single.pick(!(alone.finite() & self.most[w].reaches(use_ratio)), failed);
        }
        let several = (group & (group - 1)).some() & !idle;
        if several.any() {
            let (shared, lost) = self.shared_level::<W>(group, ratio, guess, supply, several);
            level = several.pick(shared, level);
            failed = several.pick(lost, failed);
        }
        (level, failed)
    }

    /// The root of demand against supply where several workloads move as one; and where there is none.
    #[inline(always)]
    fn shared_level<const W: usize>(
        &self,
        group: Bits,
        ratio: &[Lanes; WIDEST],
        guess: Lanes,
        supply: Lanes,
        several: Bits,
    ) -> (Lanes, Bits) {
        let mut log_price = [Lanes::default(); WIDEST];
        for w in 0..W {
            let reference = self.curve[w].reference_price;
            log_price[w] = Lanes::each(|i| ln(ratio[w][i] * guess[i] / reference[i]));
        }
        let (mut shift, mut active, mut failed) = (Lanes::default(), several, Bits::default());
        for _ in 0..20 {
            if !active.any() {
                break;
            }
            let (mut bought, mut slope) = (Lanes::default(), Lanes::default());
            for w in 0..W {
                let (curve, most) = (&self.curve[w], self.most[w]);
                let use_ratio = Lanes::each(|i| exp(-curve.elasticity[i] * (log_price[w][i] + shift[i])));
                let part = ratio[w] * curve.planned_use * use_ratio.min(most);
                let part = group.has(1 << w).keep(part);
                bought += part;
                slope += most.above(use_ratio).keep(curve.elasticity * part);
            }
            let step = bought / slope * Lanes::each(|i| ln(bought[i] / supply[i]));
            let lost = active & !(step.finite() & Lanes::all(10.0).reaches(shift.abs()));
            failed = failed | lost;
            active = active & !lost;
            shift = active.pick(shift + step, shift);
            active = active & !Lanes::all(SQUARE_IS_ROUNDING).reaches(step.abs());
        }
        (guess * Lanes::each(|i| exp(shift[i])), failed)
    }
}
