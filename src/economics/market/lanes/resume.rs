//! Starting from where similar markets settled, in lanes: the twin of the scalar `resume`.

use super::descent::{best, reach};
use super::{SettledLanes, Table, WIDEST};
use crate::economics::market::{MAX_WORKLOADS, resume::SQUARE_IS_ROUNDING};
use crate::math::{Bits, LANES, Lanes, exp, ln};

impl Table {
    /// Prices from earlier ties; lanes in which these make none are noted as fresh.
    #[inline(always)]
    pub fn resume<const W: usize>(&mut self, settled: &SettledLanes<'_>) {
        let buyers = self.buyers;
        self.price = [Lanes::default(); WIDEST];
        if settled.price.is_empty() {
            self.fresh = Bits::each(|i| u64::from(buyers[i] != 0));
            return;
        }
        let mut earlier = [Lanes::default(); WIDEST];
        let mut lost = Bits::default();
        for w in 0..W {
            let price = &settled.price[w];
            earlier[w] = Lanes::each(|i| if buyers[i] >> w & 1 != 0 { price[i] } else { 0.0 });
            lost = Bits::each(|i| lost[i] | u64::from((buyers[i] >> w & 1 != 0) & (price[i] <= 0.0)));
        }
        let rates = self.rate.as_chunks::<W>().0;
        let rows = self.uses.iter_mut().zip(settled.uses).zip(rates).zip(&self.cost).zip(&self.capacity);
        for ((((uses, settled), rate), cost), capacity) in rows {
            let known = Bits::each(|i| {
                let named = u64::from(settled[i]);
                let known = named & buyers[i] | (named >> MAX_WORKLOADS & 1) << W;
                if capacity[i] > 0.0 { known } else { 1 << W }
            });
            *uses = known;
            if Bits::each(|i| u64::from(known[i] == 0)).any() {
                let read = reach::<W>(rate, &earlier, cost, &best::<W>(rate, &earlier, cost));
                *uses = Bits::each(|i| if known[i] == 0 { read[i] } else { known[i] });
            }
        }
        let (groups, ratio) = self.tied_groups::<W>();
        for w in 0..W {
            let group = groups[w];
            let own = Bits::each(|i| {
                let first = group[i] & group[i].wrapping_sub(1) & (1 << w) == 0;
                u64::from(first & (buyers[i] >> w & 1 != 0))
            });
            let group = Bits::each(|i| if own[i] != 0 { group[i] } else { 0 });
            if !group.any() {
                continue;
            }
            let guess = Lanes::each(|i| earlier[w][i] / ratio[w][i]);
            let (level, failed) = self.level::<W>(w, &group, &ratio, &guess);
            lost = Bits::each(|i| lost[i] | (failed[i] & own[i]));
            for v in 0..W {
                let price = self.price[v];
                self.price[v] =
                    Lanes::each(|i| if group[i] >> v & 1 != 0 { level[i] * ratio[v][i] } else { price[i] });
            }
        }
        self.fresh = lost;
    }

    /// By workload, those whose prices tied tranches bind to its own, and the prices relative to a group's first.
    #[inline(always)]
    fn tied_groups<const W: usize>(&self) -> ([Bits; WIDEST], [Lanes; WIDEST]) {
        let mut groups: [Bits; WIDEST] = std::array::from_fn(|w| Bits::all(1 << w));
        let mut ratio = [Lanes::ONE; WIDEST];
        let rates = self.rate.as_chunks::<W>().0;
        for (uses, rate) in self.uses.iter().zip(rates) {
            let buyers = Bits::each(|i| uses[i] & ((1 << W) - 1));
            let several = Bits::each(|i| buyers[i] & buyers[i].wrapping_sub(1));
            if !several.any() {
                continue;
            }
            for i in (0..LANES).filter(|&i| several[i] != 0) {
                let first = buyers[i].trailing_zeros() as usize;
                if buyers[i] & !groups[first][i] == 0 {
                    continue;
                }
                for w in (0..W).filter(|&w| buyers[i] >> w & 1 != 0) {
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
        group: &Bits,
        ratio: &[Lanes; WIDEST],
        guess: &Lanes,
    ) -> (Lanes, Bits) {
        let (mut supply, mut fixed, mut idle) = (Lanes::default(), Lanes::default(), Bits::default());
        let rates = self.rate.as_chunks::<W>().0;
        for (((uses, rate), cost), capacity) in
            self.uses.iter().zip(rates).zip(&self.cost).zip(&self.capacity)
        {
            let mut earns = Lanes::default();
            for v in (w..W).rev() {
                earns = Lanes::each(|i| {
                    let earned = ratio[v][i] * rate[v][i];
                    if (uses[i] & group[i]) >> v & 1 != 0 { earned } else { earns[i] }
                });
            }
            let hit = Bits::each(|i| u64::from(uses[i] & group[i] != 0));
            let stands = Bits::each(|i| hit[i] & uses[i] >> W & !idle[i]);
            fixed = Lanes::each(|i| if stands[i] & 1 != 0 { cost[i] / earns[i] } else { fixed[i] });
            idle = Bits::each(|i| idle[i] | stands[i] & 1);
            supply += Lanes::each(|i| if hit[i] != 0 { capacity[i] * earns[i] } else { 0.0 });
        }
        let curve = &self.curve[w];
        let single = Bits::each(|i| u64::from(group[i] & group[i].wrapping_sub(1) == 0));
        let use_ratio = Lanes::each(|i| supply[i] / (ratio[w][i] * curve.planned_use[i]));
        let mut level = Lanes::each(|i| {
            curve.reference_price[i] / ratio[w][i] * exp(-ln(use_ratio[i]) / curve.elasticity[i])
        });
        let mut failed =
            Bits::each(|i| u64::from(!(level[i].is_finite() & (use_ratio[i] <= self.most[w][i]))));
        let several = Bits::each(|i| (group[i] != 0 && single[i] == 0 && idle[i] == 0).into());
        if several.any() {
            let (shared, lost) = self.shared_level::<W>(group, ratio, guess, &supply, &several);
            level = Lanes::each(|i| if several[i] != 0 { shared[i] } else { level[i] });
            failed = Bits::each(|i| if several[i] != 0 { lost[i] } else { failed[i] });
        }
        level = Lanes::each(|i| if idle[i] != 0 { fixed[i] } else { level[i] });
        failed = Bits::each(|i| if idle[i] != 0 { u64::from(!fixed[i].is_finite()) } else { failed[i] });
        (level, failed)
    }

    /// The root of demand against supply where several workloads move as one; and where there is none.
    #[inline(always)]
    fn shared_level<const W: usize>(
        &self,
        group: &Bits,
        ratio: &[Lanes; WIDEST],
        guess: &Lanes,
        supply: &Lanes,
        several: &Bits,
    ) -> (Lanes, Bits) {
        let mut log_price = [Lanes::default(); WIDEST];
        for w in 0..W {
            let reference = &self.curve[w].reference_price;
            log_price[w] = Lanes::each(|i| ln(ratio[w][i] * guess[i] / reference[i]));
        }
        let (mut shift, mut active, mut failed) = (Lanes::default(), *several, Bits::default());
        for _ in 0..20 {
            if !active.any() {
                break;
            }
            let (mut bought, mut slope) = (Lanes::default(), Lanes::default());
            for w in 0..W {
                let (curve, most) = (&self.curve[w], &self.most[w]);
                let use_ratio = Lanes::each(|i| exp(-curve.elasticity[i] * (log_price[w][i] + shift[i])));
                let part = Lanes::each(|i| {
                    let part = ratio[w][i] * curve.planned_use[i] * use_ratio[i].min(most[i]);
                    if group[i] >> w & 1 != 0 { part } else { 0.0 }
                });
                bought += part;
                slope +=
                    Lanes::each(|i| if use_ratio[i] < most[i] { curve.elasticity[i] * part[i] } else { 0.0 });
            }
            let step = Lanes::each(|i| bought[i] / slope[i] * ln(bought[i] / supply[i]));
            let lost = Bits::each(|i| active[i] & u64::from(!step[i].is_finite() | (shift[i].abs() > 10.0)));
            failed = Bits::each(|i| failed[i] | lost[i]);
            active = Bits::each(|i| active[i] & !lost[i]);
            shift = Lanes::each(|i| if active[i] != 0 { shift[i] + step[i] } else { shift[i] });
            active = Bits::each(|i| if step[i].abs() <= SQUARE_IS_ROUNDING { 0 } else { active[i] });
        }
        (Lanes::each(|i| guess[i] * exp(shift[i])), failed)
    }
}
