//! Hours in lanes: the twin of `hours` and `quanta`, in quanta of 64 bits, tranche by tranche.

use super::{Table, WIDEST};
use crate::economics::market::quanta::{Amount, ROUNDING, SLACK, SMALLEST, quantum, share};
use crate::math::{Bits, Lanes};

/// Rounds of widening after which a lane is left to the scalar solver.
const LONG: usize = 20;

/// Sets of the most workloads.
const SETS: usize = 1 << WIDEST;

/// Whole quanta on each of a few paths: integers with a sign, kept as their bits.
type Whole = Bits;

#[inline(always)]
fn whole(value: impl Fn(usize) -> i64) -> Whole {
    Bits::each(|i| value(i).cast_unsigned())
}

#[inline(always)]
fn signed(whole: &Whole, i: usize) -> i64 {
    whole[i].cast_signed()
}

/// What must and may be served, set by set, as the scalar twin has it.
struct Tables {
    spare: [Whole; SETS],
    room: [Whole; SETS],
    wanted: [Lanes; WIDEST],
    least: [Whole; WIDEST],
    most: [Whole; WIDEST],
}

impl Table {
    /// Fixes the hours.
    #[inline(always)]
    pub fn share_out<const W: usize>(&mut self) {
        let (n, mask) = (self.capacity.len(), (1_u64 << W) - 1);
        self.hours.clear();
        self.hours.resize(n * W, Lanes::default());
        let (mut all, mut largest) = (Bits::default(), Lanes::all(SMALLEST));
        let hours = self.hours.as_chunks_mut::<W>().0;
        for (((uses, capacity), value), hours) in
            self.uses.iter().zip(&self.capacity).zip(&self.value).zip(hours)
        {
            let several = Bits::each(|i| uses[i] & uses[i].wrapping_sub(1));
            all = Bits::each(|i| all[i] | if several[i] != 0 { uses[i] } else { 0 });
            largest = Lanes::each(|i| {
                let worth = capacity[i] * value[i];
                if (several[i] != 0) & (worth > largest[i]) { worth } else { largest[i] }
            });
            for (w, hours) in hours.iter_mut().enumerate() {
                *hours = Lanes::each(|i| if uses[i] == 1 << w { capacity[i] } else { 0.0 });
            }
        }
        self.contested = all;
        if !all.any() {
            return;
        }
        for w in 0..W {
            let spend = &self.spend[w];
            largest = Lanes::each(|i| {
                let more = (all[i] >> w & 1 != 0) & (spend[i] > largest[i]);
                if more { spend[i] } else { largest[i] }
            });
        }
        let quantum = Lanes::each(|i| quantum(<i64 as Amount>::BITS, largest[i]));
        let mut own = [Whole::default(); WIDEST];
        let mut small = Bits::default();
        let mut tables = Tables {
            spare: [Whole::default(); SETS],
            room: [Whole::default(); SETS],
            wanted: [Lanes::default(); WIDEST],
            least: [Whole::default(); WIDEST],
            most: [Whole::default(); WIDEST],
        };
        // Before bounds: what contested tranches offer, by what they can do; all of it, and what may not idle.
        let (mut offers, mut musts, mut offered) =
            ([Whole::default(); SETS], [Whole::default(); SETS], Whole::default());
        for ((uses, capacity), value) in self.uses.iter().zip(&self.capacity).zip(&self.value) {
            let worth = whole(|i| (capacity[i] * value[i] * quantum[i]) as i64);
            let several = Bits::each(|i| uses[i] & uses[i].wrapping_sub(1));
            for (w, own) in own[..W].iter_mut().enumerate() {
                let had = *own;
                *own = Bits::each(|i| had[i].wrapping_add(if uses[i] == 1 << w { worth[i] } else { 0 }));
            }
            if !several.any() {
                continue;
            }
            small =
                Bits::each(|i| small[i] | u64::from((several[i] != 0) & (signed(&worth, i) < i64::LEAST)));
            offered = Bits::each(|i| offered[i].wrapping_add(if several[i] != 0 { worth[i] } else { 0 }));
            for set in 1..1_usize << W {
                let (offer, must) = (offers[set], musts[set]);
                let own = Bits::each(|i| {
                    u64::from((several[i] != 0) & (uses[i] & mask == set as u64)).wrapping_neg() & worth[i]
                });
                offers[set] = Bits::each(|i| offer[i].wrapping_add(own[i]));
                musts[set] = Bits::each(|i| must[i].wrapping_add(if uses[i] >> W == 0 { own[i] } else { 0 }));
            }
        }
        for w in 0..W {
            let (spend, choked, own) = (&self.spend[w], &self.choked, &own[w]);
            let inside = Bits::each(|i| all[i] >> w & 1);
            let wanted = Lanes::each(|i| if inside[i] != 0 { spend[i] * quantum[i] } else { 0.0 });
            let most =
                whole(|i| if inside[i] != 0 { (wanted[i] as i64).wrapping_sub(signed(own, i)) } else { 0 });
            tables.wanted[w] = wanted;
            tables.most[w] = most;
            tables.least[w] = whole(|i| if choked[i] >> w & 1 != 0 { 0 } else { signed(&most, i).max(0) });
        }
        let mut slack = Lanes::each(|i| if all[i] != 0 { SLACK } else { 0.0 });
        let mut rounds = 0;
        while slack.any(|slack| slack > 0.0) && rounds < LONG {
            tables.widen::<W>(&slack, &all);
            tables.tabulate::<W>(&offers, &musts, &offered);
            slack = tables.slack::<W>();
            rounds += 1;
        }
        let doubtful = self.doubtful;
        self.doubtful = Bits::each(|i| u64::from((doubtful[i] | small[i] != 0) | (slack[i] > 0.0)));
        let hours = self.hours.as_chunks_mut::<W>().0;
        for (((uses, capacity), value), hours) in
            self.uses.iter().zip(&self.capacity).zip(&self.value).zip(hours)
        {
            let several = Bits::each(|i| uses[i] & uses[i].wrapping_sub(1));
            if several.any() {
                let worth =
                    whole(|i| if several[i] != 0 { (capacity[i] * value[i] * quantum[i]) as i64 } else { 0 });
                let mine = Bits::each(|i| if several[i] != 0 { uses[i] } else { 0 });
                tables.fix::<W>(&mine, &worth, capacity, hours);
            }
        }
    }
}

impl Tables {
    /// Widens the bounds by a share of what each workload wants, where that is above 0.
    #[inline(always)]
    fn widen<const W: usize>(&mut self, slack: &Lanes, all: &Bits) {
        for w in 0..W {
            let (wanted, most, least) = (self.wanted[w], self.most[w], self.least[w]);
            let give = whole(|i| {
                let give = (wanted[i] * slack[i] * (1.0 + ROUNDING)) as i64 + 1;
                if (slack[i] > 0.0) & (all[i] >> w & 1 != 0) { give } else { 0 }
            });
            let wide = Bits::each(|i| u64::from(give[i] != 0));
            self.most[w] = whole(|i| {
                let more = signed(&most, i).wrapping_add(signed(&give, i)).max(0);
                if wide[i] != 0 { more } else { signed(&most, i) }
            });
            self.least[w] = whole(|i| {
                let less = signed(&least, i).wrapping_sub(signed(&give, i)).max(0);
                if wide[i] != 0 { less } else { signed(&least, i) }
            });
        }
    }

    /// Tabulates spare and room by summing over subsets; spare first by the complement of the set.
    #[inline(always)]
    fn tabulate<const W: usize>(&mut self, offers: &[Whole; SETS], musts: &[Whole; SETS], offered: &Whole) {
        let mut all = *offered;
        let mut sums = [Whole::default(); SETS];
        for set in 0..1 << W {
            sums[set] = Bits::each(|i| offers[set][i].wrapping_neg());
            self.room[set] = Bits::each(|i| musts[set][i].wrapping_neg());
        }
        for w in 0..W {
            let (least, most) = (&self.least[w], &self.most[w]);
            let (sum, room) = (sums[1 << w], self.room[1 << w]);
            all = Bits::each(|i| all[i].wrapping_sub(least[i]));
            sums[1 << w] = Bits::each(|i| sum[i].wrapping_add(least[i]));
            self.room[1 << w] = Bits::each(|i| room[i].wrapping_add(most[i]));
        }
        for w in 0..W {
            for set in (0..1_usize << W).filter(|set| set & 1 << w != 0) {
                let without = set & !(1 << w);
                let (sum, room) = (sums[set], self.room[set]);
                sums[set] = Bits::each(|i| sum[i].wrapping_add(sums[without][i]));
                self.room[set] = Bits::each(|i| room[i].wrapping_add(self.room[without][i]));
            }
        }
        for set in 0..1_usize << W {
            let sum = &sums[((1 << W) - 1) ^ set];
            self.spare[set] = Bits::each(|i| sum[i].wrapping_add(all[i]));
        }
    }

    /// The share of what a set wants by which the conditions fail, at most; 0 if they hold.
    #[inline(always)]
    fn slack<const W: usize>(&self) -> Lanes {
        let mut slack = Lanes::default();
        for set in 1..1_usize << W {
            let (spare, room) = (&self.spare[set], &self.room[set]);
            let short = whole(|i| signed(spare, i).min(signed(room, i)));
            if !Bits::each(|i| short[i] >> 63).any() {
                continue;
            }
            // An empty sum of floats is −0, which the first number replaces.
            let mut wanted = Lanes::default();
            for w in (0..W).filter(|w| set & 1 << w != 0) {
                wanted += self.wanted[w];
            }
            slack = Lanes::each(|i| {
                let short = signed(&short, i);
                if short < 0 { slack[i].max(-(short as f64) / wanted[i]) } else { slack[i] }
            });
        }
        slack
    }

    /// Fixes one tranche's hours: workload by workload the most that the conditions allow.
    #[inline(always)]
    fn fix<const W: usize>(&mut self, uses: &Bits, worth: &Whole, capacity: &Lanes, hours: &mut [Lanes; W]) {
        let mut most = *worth;
        let mut least = Bits::each(|i| if uses[i] >> W == 0 { worth[i] } else { 0 });
        let mut left = Bits::each(|i| uses[i] & ((1 << W) - 1));
        for w in 0..W {
            let bit = 1_usize << w;
            let own = Bits::each(|i| u64::from((left[i] >> w & 1 != 0) & (most[i] != 0)));
            if !own.any() {
                continue;
            }
            let rest = Bits::each(|i| left[i] & !(bit as u64));
            let mut allowed = whole(|i| signed(&most, i).min(signed(&self.most[w], i)));
            for set in 1..1_usize << W {
                let (spare, room) = (&self.spare[set], &self.room[set]);
                allowed = whole(|i| {
                    let counts = if set & bit == 0 {
                        set as u64 & rest[i] != 0
                    } else {
                        (rest[i] & !(set as u64) != 0) | (least[i] == 0)
                    };
                    let bound = if set & bit == 0 { signed(spare, i) } else { signed(room, i) };
                    let bound = if counts { bound } else { i64::MAX };
                    bound.min(signed(&allowed, i))
                });
            }
            let given = whole(|i| {
                let last = (rest[i] == 0) & (least[i] == most[i]);
                let given = if last { signed(&most, i) } else { signed(&allowed, i).max(0) };
                if own[i] != 0 { given } else { 0 }
            });
            let still = whole(|i| signed(&least, i).wrapping_sub(signed(&given, i)).max(0));
            let met = whole(|i| signed(&given, i).min(signed(&self.least[w], i)));
            let taken = Bits::each(|i| given[i].wrapping_sub(least[i].wrapping_sub(still[i])));
            for set in 1..1_usize << W {
                let (spare, room) = (self.spare[set], self.room[set]);
                self.spare[set] = Bits::each(|i| {
                    let touched = set as u64 & rest[i] != 0;
                    let gone = if touched | (set & bit == 0) { given[i] } else { most[i] };
                    let gone = if (set & bit == 0) & !touched { 0 } else { gone };
                    let back = if set & bit == 0 { 0 } else { met[i] };
                    if own[i] != 0 { spare[i].wrapping_add(back).wrapping_sub(gone) } else { spare[i] }
                });
                self.room[set] = Bits::each(|i| {
                    let covered = rest[i] & !(set as u64) == 0;
                    let took = if set & bit != 0 {
                        if covered { taken[i] } else { given[i] }
                    } else if covered {
                        still[i]
                    } else {
                        0
                    };
                    if own[i] != 0 { room[i].wrapping_sub(took) } else { room[i] }
                });
            }
            let (bound, floor) = (self.most[w], self.least[w]);
            self.most[w] = Bits::each(|i| bound[i].wrapping_sub(given[i]));
            self.least[w] = Bits::each(|i| floor[i].wrapping_sub(met[i]));
            let (had, wanted) = (hours[w], &self.wanted[w]);
            hours[w] = Lanes::each(|i| {
                let part = share(signed(&given, i), signed(worth, i), wanted[i]) * capacity[i];
                if given[i] != 0 { part } else { had[i] }
            });
            most = Bits::each(|i| most[i].wrapping_sub(given[i]));
            least = Bits::each(|i| if own[i] != 0 { still[i] } else { least[i] });
            left = Bits::each(|i| if own[i] != 0 { rest[i] } else { left[i] });
        }
    }
}
