//! Hours in lanes: the twin of `hours` and `quanta`, in quanta of 64 bits.
//!
//! As in the scalar twin, neighbours with the same uses are fixed as one tranche. Here a run goes on as long as it does in every
//! lane; a lane in which a tranche is not contested has nothing to share out of it. What a run gives to each workload is then laid
//! over its tranches, both in order: a tranche gives a workload the overlap of two stretches.

use super::{Table, WIDEST};
use crate::economics::market::quanta::{Amount, ROUNDING, SLACK, SMALLEST, quantum};
use crate::math::{Bits, Lanes, rows};

/// Rounds of widening after which a lane is left to the scalar solver.
const LONG: usize = 20;

/// Whole quanta on each of a few paths: integers with a sign, kept as their bits.
type Whole = Bits;

/// Contested tranches that stand side by side and, lane by lane, have the same best uses.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The first of them.
    first: usize,
    uses: Bits,
    /// What they may earn.
    most: Whole,
}

/// What must and may be served, set by set, as the scalar twin has it.
struct Tables<const S: usize> {
    spare: [Whole; S],
    room: [Whole; S],
    wanted: [Lanes; WIDEST],
    least: [Whole; WIDEST],
    most: [Whole; WIDEST],
}

impl Table {
    /// Fixes the hours.
    #[inline(always)]
    pub fn share_out<const W: usize, const S: usize>(&mut self) {
        let all = self.give_uncontested::<W>();
        self.contested = all;
        if !all.any() {
            return;
        }
        let quantum = self.quantum::<W>(all);
        let own = self.count::<W>(quantum);
        let mut tables = Tables {
            spare: [Whole::default(); S],
            room: [Whole::default(); S],
            wanted: [Lanes::default(); WIDEST],
            least: [Whole::default(); WIDEST],
            most: [Whole::default(); WIDEST],
        };
        for w in rows(0..W) {
            let inside = all.has(1 << w);
            let wanted = inside.keep(self.spend[w] * quantum);
            let most = inside.keep(wanted.whole() - own[w]);
            tables.wanted[w] = wanted;
            tables.most[w] = most;
            tables.least[w] = (!self.choked.has(1 << w)).keep(most.larger(Whole::default()));
        }
        // Before bounds: what contested tranches offer, by what they can do; all of it, and what may not idle.
        let (mut offers, mut musts, mut offered) =
            ([Whole::default(); S], [Whole::default(); S], Whole::default());
        for run in rows(&self.runs) {
            let (uses, most) = (run.uses, run.most);
            let must = (!uses.has(1 << W)).keep(most);
            offered = offered + most;
            for set in rows(1..1_usize << W) {
                let same = (uses & ((1 << W) - 1)).is(set as u64);
                offers[set] = offers[set] + same.keep(most);
                musts[set] = musts[set] + same.keep(must);
            }
        }
        let mut slack = all.some().keep(Lanes::all(SLACK));
        let mut rounds = 0;
        while slack.above(Lanes::ZERO).any() && rounds < LONG {
            tables.widen::<W>(slack, all);
            tables.tabulate::<W>(&offers, &musts, offered);
            slack = tables.slack::<W>();
            rounds += 1;
        }
        self.doubtful = self.doubtful | slack.above(Lanes::ZERO) & 1;
        let hours = self.hours.as_chunks_mut::<W>().0;
        for (at, run) in self.runs.iter().enumerate() {
            let given = tables.fix::<W>(run);
            let end = self.runs.get(at + 1).map_or(self.wholes.len(), |next| next.first);
            let tranches = self.wholes[run.first..end].iter().zip(&self.capacity[run.first..end]);
            lay_out::<W>(&given, &tables.wanted, tranches, &mut hours[run.first..end]);
        }
    }

    /// Gives tranches with one best use to it whole. Returns the uses of the others.
    #[inline(always)]
    fn give_uncontested<const W: usize>(&mut self) -> Bits {
        self.hours.resize(self.capacity.len() * W, Lanes::default());
        let mut all = Bits::default();
        let hours = self.hours.as_chunks_mut::<W>().0;
        for ((uses, capacity), hours) in rows(self.uses.iter().zip(&self.capacity).zip(hours)) {
            all = all | several(*uses).keep(*uses);
            for (w, hours) in hours.iter_mut().enumerate() {
                *hours = uses.is(1 << w).keep(*capacity);
            }
        }
        all
    }

    /// Quanta in a dollar. Leaves what each tranche is worth in `turns`.
    #[inline(always)]
    fn quantum<const W: usize>(&mut self, all: Bits) -> Lanes {
        let mut largest = Lanes::all(SMALLEST);
        let tranches = self.uses.iter().zip(&self.capacity).zip(&self.value).zip(&mut self.turns);
        for (((uses, capacity), value), worth) in rows(tranches) {
            *worth = *capacity * *value;
            let contested = several(*uses).keep(*worth);
            largest = largest.or_larger(contested);
        }
        for w in 0..W {
            let spend = all.has(1 << w).keep(self.spend[w]);
            largest = largest.or_larger(spend);
        }
        Lanes::each(|i| quantum(<i64 as Amount>::BITS, largest[i]))
    }

    /// Counts contested tranches in quanta, run by run, from what `turns` says they are worth; doubts lanes in which one is
    /// small. Returns what workloads have of their own.
    #[inline(always)]
    fn count<const W: usize>(&mut self, quantum: Lanes) -> [Whole; WIDEST] {
        self.runs.clear();
        self.wholes.resize(self.capacity.len(), Whole::default());
        let mut own = [Whole::default(); WIDEST];
        let mut small = Bits::default();
        let mut run = Run { first: 0, uses: Bits::default(), most: Whole::default() };
        let tranches = self.uses.iter().zip(&self.turns).zip(&mut self.wholes).enumerate();
        for (at, ((uses, worth), contested)) in rows(tranches) {
            let (uses, worth) = (*uses, (*worth * quantum).whole());
            for (w, own) in own[..W].iter_mut().enumerate() {
                *own = *own + uses.is(1 << w).keep(worth);
            }
            let several = several(uses);
            let (mine, worth_of_it) = (several.keep(uses), several.keep(worth));
            *contested = worth_of_it;
            small = small | several & (worth - <i64 as Amount>::LEAST.cast_unsigned());
            if (run.uses.some() & several & (run.uses ^ mine)).any() {
                self.runs.push(run);
                run = Run { first: at, uses: mine, most: worth_of_it };
            } else {
                run.uses = run.uses | mine;
                run.most = run.most + worth_of_it;
            }
        }
        self.runs.push(run);
        // A difference below 0 has the highest bit.
        self.doubtful = self.doubtful | small.has(1 << 63) & 1;
        own
    }
}

/// All bits where a tranche has several best uses, elsewhere none.
#[inline(always)]
fn several(uses: Bits) -> Bits {
    (uses & (uses - 1)).some()
}

/// Lays what a run gives to each workload over its tranches, both in order, and writes the hours.
#[inline(always)]
fn lay_out<'a, const W: usize>(
    given: &[Whole; WIDEST],
    wanted: &[Lanes; WIDEST],
    tranches: impl Iterator<Item = (&'a Whole, &'a Lanes)>,
    hours: &mut [[Lanes; W]],
) {
    // Where the stretch of each workload starts, and of each tranche.
    let (mut starts, mut start) = ([Whole::default(); WIDEST], Whole::default());
    for w in 1..W {
        starts[w] = starts[w - 1] + given[w - 1];
    }
    for ((worth, capacity), hours) in rows(tranches.zip(hours)) {
        let end = start + *worth;
        for w in 0..W {
            let part = (starts[w] + given[w]).smaller(end) - starts[w].larger(start);
            let (none, amount) = (Lanes::ZERO, part.rounded());
            let mut hour = *capacity;
            if ((part ^ *worth).some() & amount.above(none)).any() {
                // The share it is of the whole, cleared of rounding.
                let share = amount / worth.rounded();
                let tiny = (wanted[w] * ROUNDING).above(amount) & Lanes::all(ROUNDING).above(share);
                let share = share.above(Lanes::all(1.0 - ROUNDING)).pick(Lanes::ONE, share);
                hour = tiny.pick(none, share) * *capacity;
            }
            hours[w] = amount.above(none).pick(hour, hours[w]);
        }
        start = end;
    }
}

impl<const S: usize> Tables<S> {
    /// Widens the bounds by a share of what each workload wants, where that is above 0.
    #[inline(always)]
    fn widen<const W: usize>(&mut self, slack: Lanes, all: Bits) {
        let none = Whole::default();
        for w in rows(0..W) {
            let wide = slack.above(Lanes::ZERO) & all.has(1 << w);
            let give = (self.wanted[w] * slack * (1.0 + ROUNDING)).whole() + 1;
            self.most[w] = wide.pick((self.most[w] + give).larger(none), self.most[w]);
            self.least[w] = wide.pick((self.least[w] - give).larger(none), self.least[w]);
        }
    }

    /// Tabulates spare and room by summing over subsets; spare first by the complement of the set.
    #[inline(always)]
    fn tabulate<const W: usize>(&mut self, offers: &[Whole; S], musts: &[Whole; S], offered: Whole) {
        let mut all = offered;
        let mut sums = [Whole::default(); S];
        for set in rows(0..1 << W) {
            sums[set] = Whole::default() - offers[set];
            self.room[set] = Whole::default() - musts[set];
        }
        for w in 0..W {
            all = all - self.least[w];
            sums[1 << w] = sums[1 << w] + self.least[w];
            self.room[1 << w] = self.room[1 << w] + self.most[w];
        }
        for w in 0..W {
            for (without, with) in rows(pairs::<W>(w)) {
                sums[with] = sums[with] + sums[without];
                self.room[with] = self.room[with] + self.room[without];
            }
        }
        for set in rows(0..1_usize << W) {
            self.spare[set] = sums[((1 << W) - 1) ^ set] + all;
        }
    }

    /// The share of what a set wants by which the conditions fail, at most; 0 if they hold.
    #[inline(always)]
    fn slack<const W: usize>(&self) -> Lanes {
        let mut slack = Lanes::default();
        for set in 1..1_usize << W {
            let short = self.spare[set].smaller(self.room[set]);
            let is_short = short.has(1 << 63);
            if !is_short.any() {
                continue;
            }
            // An empty sum of floats is −0, which the first number replaces.
            let mut wanted = Lanes::default();
            for w in (0..W).filter(|w| set & 1 << w != 0) {
                wanted += self.wanted[w];
            }
            let share = (Whole::default() - short).rounded() / wanted;
            slack = is_short.pick(slack.max(share), slack);
        }
        slack
    }

    /// Fixes one run: workload by workload the most that the conditions allow.
    #[inline(always)]
    fn fix<const W: usize>(&mut self, run: &Run) -> [Whole; WIDEST] {
        let none = Whole::default();
        let (mut rest, mut most) = (run.uses & ((1 << W) - 1), run.most);
        let mut least = (!run.uses.has(1 << W)).keep(most);
        let mut all_given = [none; WIDEST];
        for w in 0..W {
            let own = rest.has(1 << w) & most.some();
            if !own.any() {
                continue;
            }
            rest = rest & !(1 << w);
            // A set with the workload matters to tranches that have a use outside: another workload, or to idle.
            let outside = rest | least.is(0) & 1 << W;
            let (bound, floor) = (self.most[w], self.least[w]);
            let mut allowed = most.smaller(bound);
            for (without, with) in pairs::<W>(w) {
                let less = allowed.smaller(self.spare[without]);
                allowed = rest.has(without as u64).pick(less, allowed);
                let less = allowed.smaller(self.room[with]);
                allowed = outside.has(!(with as u64)).pick(less, allowed);
            }
            let last = (rest | least ^ most).is(0);
            // Nothing of all this is to be where the workload is no use.
            let given = own.keep(last.pick(most, allowed.larger(none)));
            let (gone, owed) = (own.keep(most), own.keep(least));
            let still = (owed - given).larger(none);
            let taken = given - (owed - still);
            let met = given.smaller(floor);
            for (without, with) in pairs::<W>(w) {
                let touched = rest.has(without as u64);
                let covered = (rest & !(without as u64)).is(0);
                self.spare[without] = self.spare[without] - touched.keep(given);
                self.room[without] = self.room[without] - covered.keep(still);
                self.spare[with] = self.spare[with] + met - touched.pick(given, gone);
                self.room[with] = self.room[with] - covered.pick(taken, given);
            }
            self.most[w] = bound - given;
            self.least[w] = floor - met;
            most = most - given;
            least = least - owed + still;
            all_given[w] = given;
        }
        all_given
    }
}

/// Every set without a workload, with the same set with it.
#[inline(always)]
fn pairs<const W: usize>(w: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..1_usize << W).filter(move |set| set & 1 << w == 0).map(move |set| (set, set | 1 << w))
}
