//! Starting from where a similar market settled.
//!
//! From month to month the data of a lab's market move and its ties mostly stay: which workloads share a tranche, and which
//! tranche stands at the margin. With today's data the ties of last month are equations for today's prices. A tranche tied
//! between workloads a and b fixes a ratio, lambda_a·e_a = lambda_b·e_b; so workloads fall into groups whose prices move as
//! one, lambda_w = s·ratio_w. A group with a tied tranche that may idle stands at that tranche's cost,
//!     s = m / (ratio_a·e_a),
//! and any other group at the level at which it buys what its tranches do for it,
//!     Σ_w ratio_w·D_w(s·ratio_w) = Σ_i K_i·max_w ratio_w·e_iw.
//! The left side falls in s; Newton's method on logarithms finds the root, exactly at once where one elasticity rules.
//!
//! By hand, the example of the parent module: tranche B tied 1 and 2, so ratio = (1, 2/1.8); nothing idles, and the right
//! side is 60·1 + 80·2 + 50·.5·2/1.8 = 247.78. At s = 1.459244 the left side is 144.98 + 92.51·2/1.8 = 247.78.
//!
//! The prices found are a start like any other: uses are read from them afresh, and the descent goes on from there. If the
//! ties still hold it has nothing to do; if they do not, it does the rest. So what is remembered can save time only.

use super::prices::{IDLE, Prices, Uses, members};
use super::{MAX_WORKLOADS, Settled};
use crate::math::{exp, ln};

/// A step of Newton's method, in logarithms, whose square is rounding: the next step would be of that size.
pub(super) const SQUARE_IS_ROUNDING: f64 = 1e-9;

impl Prices {
    /// Starts from an earlier solution's ties. Tells whether they make prices at all.
    pub fn resume<const W: usize>(&mut self, settled: &Settled<'_>) -> bool {
        if settled.price.is_empty() {
            return false;
        }
        let mut earlier = [0.0; MAX_WORKLOADS];
        for (price, buyer) in earlier.iter_mut().zip(self.buyers()) {
            *price = settled.price[buyer.place];
        }
        if earlier[..W].iter().any(|&price| price <= 0.0) {
            return false;
        }
        for at in 0..self.tranches.place.len() {
            let known = self.renamed(settled.uses[self.tranches.place[at]]);
            let t = &self.tranches;
            self.tranches.uses[at] = if known == 0 {
                t.reach::<W>(at, &earlier, t.earns::<W>(at, &earlier).max(t.cost[at]))
            } else {
                known
            };
        }
        let (groups, ratio) = self.tied_groups::<W>();
        for (w, &group) in groups[..W].iter().enumerate() {
            if group & (group - 1) & (1 << w) != 0 {
                continue;
            }
            let Some(level) = self.level::<W>(group, &ratio, earlier[w] / ratio[w]) else { return false };
            members(group).for_each(|w| self.price[w] = level * ratio[w]);
        }
        self.place_buyers::<W>();
        true
    }

    /// A set of the market's workloads as a set of buyers.
    fn renamed(&self, uses: u16) -> Uses {
        let known = Uses::from(uses);
        if self.everyone {
            return known & (IDLE | ((1 << self.count) - 1));
        }
        let buyers = self.buyers().iter().enumerate();
        buyers.fold(known & IDLE, |set, (w, buyer)| set | (known >> buyer.place & 1) << w)
    }

    /// A set of buyers as a set of the market's workloads.
    pub fn named(&self, uses: Uses) -> u16 {
        if self.everyone {
            return uses as u16;
        }
        let idle = if uses & IDLE == 0 { 0 } else { Settled::IDLE };
        members(uses).fold(idle, |set, w| set | 1 << self.buyers[w].place)
    }

    /// By buyer, the buyers whose prices tied tranches bind to its own, and the prices of all relative to a group's first
    /// tied one.
    fn tied_groups<const W: usize>(&self) -> ([Uses; MAX_WORKLOADS], [f64; MAX_WORKLOADS]) {
        let mut groups = std::array::from_fn(|w| 1 << w);
        let mut ratio = [1.0; MAX_WORKLOADS];
        let n = self.tranches.place.len();
        for (at, &uses) in self.tranches.uses.iter().enumerate() {
            let buyers = uses & (IDLE - 1);
            let first = buyers.trailing_zeros() as usize;
            if buyers & buyers.wrapping_sub(1) == 0 || buyers & !groups[first] == 0 {
                continue;
            }
            let rate = |w: usize| self.tranches.rate[w * n + at];
            for w in members(buyers) {
                if groups[first] & (1 << w) == 0 && rate(first) > 0.0 && rate(w) > 0.0 {
                    let shift = ratio[first] * rate(first) / (ratio[w] * rate(w));
                    members(groups[w]).for_each(|w| ratio[w] *= shift);
                    let both = groups[first] | groups[w];
                    members(both).for_each(|w| groups[w] = both);
                }
            }
        }
        (groups, ratio)
    }

    /// The level of a group's prices: a tied cost, or the root of demand against supply from the guess `level`.
    fn level<const W: usize>(&self, group: Uses, ratio: &[f64; MAX_WORKLOADS], level: f64) -> Option<f64> {
        let mut supply = 0.0;
        let t = &self.tranches;
        for (at, &uses) in t.uses.iter().enumerate().filter(|(_, uses)| *uses & group != 0) {
            let w = (uses & group).trailing_zeros() as usize;
            let earns = ratio[w] * t.rate[w * t.place.len() + at];
            if uses & IDLE != 0 {
                return Some(t.cost[at] / earns).filter(|level| level.is_finite());
            }
            supply += t.capacity[at] * earns;
        }
        if group.is_power_of_two() {
            let w = group.trailing_zeros() as usize;
            let (curve, use_ratio) =
                (&self.buyers[w].curve, supply / (ratio[w] * self.buyers[w].curve.planned_use));
            let level = curve.reference_price / ratio[w] * exp(-ln(use_ratio) / curve.elasticity);
            return Some(level).filter(|level| level.is_finite() && use_ratio <= self.buyers[w].most);
        }
        let mut log_price = [0.0; MAX_WORKLOADS];
        for w in members(group) {
            log_price[w] = ln(ratio[w] * level / self.buyers[w].curve.reference_price);
        }
        let mut shift = 0.0;
        for _ in 0..20 {
            let (mut bought, mut slope) = (0.0, 0.0);
            for w in members(group) {
                let buyer = &self.buyers[w];
                let use_ratio = exp(-buyer.curve.elasticity * (log_price[w] + shift));
                let part = ratio[w] * buyer.curve.planned_use * use_ratio.min(buyer.most);
                bought += part;
                slope += if use_ratio < buyer.most { buyer.curve.elasticity * part } else { 0.0 };
            }
            let step = bought / slope * ln(bought / supply);
            if !step.is_finite() || shift.abs() > 10.0 {
                return None;
            }
            shift += step;
            if step.abs() <= SQUARE_IS_ROUNDING {
                break;
            }
        }
        Some(level * exp(shift))
    }
}
