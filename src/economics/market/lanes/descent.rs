//! The descent in lanes: `prices` and `sets`, lane by lane the same operations in the same order.

use super::{Table, WIDEST};
use crate::economics::market::prices::{ROUNDING, TIE};
use crate::math::{Bits, LANES, Lanes, exp, ln};

/// Moves after which a lane is left to the scalar solver.
const LONG: usize = 500;

/// Sets of the most workloads.
const SETS: usize = 1 << WIDEST;

impl Table {
    /// Reads from the prices, kept below the chokes, what buyers spend and where tranches are best used.
    #[inline(always)]
    pub fn place_buyers<const W: usize>(&mut self) {
        (self.choked, self.flat) = (Bits::default(), Bits::default());
        let buyers = self.buyers;
        for w in 0..W {
            let (curve, old) = (self.curve[w], self.price[w]);
            let price = Lanes::each(|i| {
                let price = old[i];
                let price = if price < f64::MIN_POSITIVE { f64::MIN_POSITIVE } else { price };
                if price > curve.choke_price[i] { curve.choke_price[i] } else { price }
            });
            let log_price = Lanes::each(|i| ln(price[i] / curve.reference_price[i]));
            let none = Lanes::default();
            let ratio = self.ratio(w, &log_price, &none);
            self.log_price[w] = log_price;
            self.use_ratio[w] = ratio;
            let own = Bits::each(|i| buyers[i] >> w & 1);
            self.price[w] = Lanes::each(|i| if own[i] != 0 { price[i] } else { 0.0 });
            self.spend[w] =
                Lanes::each(|i| if own[i] != 0 { price[i] * (curve.planned_use[i] * ratio[i]) } else { 0.0 });
            self.mark(w, &own);
        }
        let price = self.price;
        let rates = self.rate.as_chunks::<W>().0;
        for (((value, uses), rate), cost) in
            self.value.iter_mut().zip(&mut self.uses).zip(rates).zip(&self.cost)
        {
            *value = best::<W>(rate, &price, cost);
            *uses = reach::<W>(rate, &price, cost, value);
        }
    }

    /// D/Q at a price e^shift times as high as `log_price` says.
    #[inline(always)]
    fn ratio(&self, w: usize, log_price: &Lanes, shift: &Lanes) -> Lanes {
        let (curve, most) = (&self.curve[w], &self.most[w]);
        Lanes::each(|i| exp(-curve.elasticity[i] * (log_price[i] + shift[i])).min(most[i]))
    }

    /// Up first, then down, each lane at its own step; see the scalar twin.
    #[inline(always)]
    pub fn descend<const W: usize>(&mut self) {
        const UP: u64 = 1;
        const DOWN: u64 = 2;
        const LOWERED: u64 = 4;
        let buyers = self.buyers;
        let mut phase = Bits::each(|i| if buyers[i] != 0 { UP } else { 0 });
        for _ in 0..LONG {
            let classes = self.sort::<W>();
            let mut demand = [Lanes::default(); SETS];
            for w in 0..W {
                let (without, with) = demand.split_at_mut(1 << w);
                for (with, without) in with.iter_mut().zip(without) {
                    let spend = &self.spend[w];
                    *with = Lanes::each(|i| without[i] + spend[i]);
                }
            }
            let (mut up, mut down) = (Bits::default(), Bits::default());
            let (mut up_worth, mut down_worth) = (Lanes::default(), Lanes::default());
            if Bits::each(|i| phase[i] & UP).any() {
                (up, up_worth) = self.overdemanded::<W>(&classes, &demand);
                up = Bits::each(|i| if phase[i] & UP != 0 { up[i] } else { 0 });
                phase = Bits::each(|i| if phase[i] & UP != 0 && up[i] == 0 { DOWN } else { phase[i] });
            }
            if Bits::each(|i| phase[i] & DOWN).any() {
                (down, down_worth) = self.oversupplied::<W>(&classes, &demand);
                down = Bits::each(|i| if phase[i] & DOWN != 0 { down[i] } else { 0 });
                phase = Bits::each(|i| {
                    let again = if phase[i] & LOWERED != 0 { UP } else { 0 };
                    if phase[i] & DOWN == 0 {
                        phase[i]
                    } else if down[i] != 0 {
                        DOWN | LOWERED
                    } else {
                        again
                    }
                });
            }
            if up.any() {
                self.raise::<W>(&up, &up_worth);
            }
            if down.any() {
                self.lower::<W>(&down, &down_worth);
            }
            if !phase.any() {
                return;
            }
        }
        self.doubtful = phase;
    }

    /// By set of uses, idling after the last workload: worth of the tranches with these best uses.
    #[inline(always)]
    fn sort<const W: usize>(&self) -> [Lanes; 2 * SETS] {
        let mut classes = [Lanes::default(); 2 * SETS];
        for ((uses, capacity), value) in self.uses.iter().zip(&self.capacity).zip(&self.value) {
            let worth = Lanes::each(|i| capacity[i] * value[i]);
            if W <= 2 {
                for (set, class) in classes[..2 << W].iter_mut().enumerate().skip(1) {
                    let before = *class;
                    *class = Lanes::each(|i| before[i] + if uses[i] == set as u64 { worth[i] } else { 0.0 });
                }
            } else {
                for i in 0..LANES {
                    classes[uses[i] as usize & ((2 << W) - 1)][i] += worth[i];
                }
            }
        }
        classes
    }

    /// Sets to raise, 0 for none, and what their tranches are worth.
    #[inline(always)]
    fn overdemanded<const W: usize>(
        &self,
        classes: &[Lanes; 2 * SETS],
        demand: &[Lanes; SETS],
    ) -> (Bits, Lanes) {
        let (mut supply, mut others) = ([Lanes::default(); SETS], [Lanes::default(); SETS]);
        for set in 0..1 << W {
            let (busy, idle) = (&classes[set], &classes[set | 1 << W]);
            others[set] = Lanes::each(|i| busy[i] + idle[i]);
        }
        for w in 0..W {
            for set in (0..1 << W).filter(|set| set & 1 << w == 0) {
                let with = set | 1 << w;
                let (hit, hit_with, miss, miss_with) = (supply[set], supply[with], others[set], others[with]);
                let hit = Lanes::each(|i| hit[i] + hit_with[i]);
                supply[set] = hit;
                supply[with] = Lanes::each(|i| hit[i] + miss_with[i]);
                others[set] = Lanes::each(|i| miss[i] + miss_with[i]);
                others[with] = miss;
            }
        }
        let (choked, buyers) = (self.choked, self.buyers);
        let barred = Bits::each(|i| choked[i] | !buyers[i]);
        self.steepest::<W>(&barred, &supply, demand, |supply, demand| demand - supply)
    }

    /// Sets to lower, 0 for none, and what their tranches are worth.
    #[inline(always)]
    fn oversupplied<const W: usize>(
        &self,
        classes: &[Lanes; 2 * SETS],
        demand: &[Lanes; SETS],
    ) -> (Bits, Lanes) {
        let mut supply = [Lanes::default(); SETS];
        supply[..1 << W].copy_from_slice(&classes[..1 << W]);
        for w in 0..W {
            for set in (0..1 << W).filter(|set| set & 1 << w != 0) {
                let without = supply[set & !(1 << w)];
                supply[set] += without;
            }
        }
        let buyers = self.buyers;
        let barred = Bits::each(|i| !buyers[i]);
        let (mut best, mut worth) =
            self.steepest::<W>(&barred, &supply, demand, |supply, demand| supply - demand);
        let (flat, balance) = (self.flat, self.balance);
        for set in 1..1_usize << W {
            let (supply, demand) = (&supply[set], &demand[set]);
            let found = Bits::each(|i| {
                let level = demand[i] <= supply[i] * (1.0 + balance[i]);
                u64::from((best[i] == 0) & (set as u64 & !flat[i] == 0) & level)
            });
            best = Bits::each(|i| if found[i] != 0 { set as u64 } else { best[i] });
            worth = Lanes::each(|i| if found[i] != 0 { supply[i] } else { worth[i] });
        }
        (best, worth)
    }

    /// The smallest of the sets without `barred` buyers that gain most, if any gains more than rounding; and its supply.
    #[inline(always)]
    fn steepest<const W: usize>(
        &self,
        barred: &Bits,
        supply: &[Lanes; SETS],
        demand: &[Lanes; SETS],
        gain: impl Fn(f64, f64) -> f64 + Copy,
    ) -> (Bits, Lanes) {
        let balance = self.balance;
        let (mut best, mut most) = (Bits::default(), Lanes::default());
        let (mut worth, mut spent) = (Lanes::default(), Lanes::default());
        for set in 1..1_usize << W {
            let (s, d) = (&supply[set], &demand[set]);
            let gains = Lanes::each(|i| gain(s[i], d[i]));
            let better = Bits::each(|i| {
                let open = set as u64 & barred[i] == 0;
                u64::from((gains[i] > most[i]) & open & (gains[i] > balance[i] * d[i]))
            });
            best = Bits::each(|i| if better[i] != 0 { set as u64 } else { best[i] });
            most = Lanes::each(|i| if better[i] != 0 { gains[i] } else { most[i] });
            worth = Lanes::each(|i| if better[i] != 0 { s[i] } else { worth[i] });
            spent = Lanes::each(|i| if better[i] != 0 { d[i] } else { spent[i] });
        }
        if W == 1 || !Bits::each(|i| best[i] & best[i].wrapping_sub(1)).any() {
            return (best, worth);
        }
        let mut found = Bits::default();
        for part in 1..1_usize << W {
            let mut rest = Lanes::default();
            let mut inside = Bits::default();
            for whole in (part + 1..1 << W).filter(|whole| whole & part == part) {
                let of_rest = &demand[whole ^ part];
                rest = Lanes::each(|i| if best[i] == whole as u64 { of_rest[i] } else { rest[i] });
                inside = Bits::each(|i| inside[i] | u64::from(best[i] == whole as u64));
            }
            let (s, d) = (&supply[part], &demand[part]);
            let serves = Bits::each(|i| {
                let rounding = ROUNDING * spent[i];
                let enough = gain(s[i], d[i]) >= most[i] - balance[i] * rest[i] - rounding;
                u64::from(enough & (inside[i] != 0) & (found[i] == 0))
            });
            found = Bits::each(|i| if serves[i] != 0 { part as u64 } else { found[i] });
            worth = Lanes::each(|i| if serves[i] != 0 { s[i] } else { worth[i] });
        }
        (Bits::each(|i| if found[i] != 0 { found[i] } else { best[i] }), worth)
    }

    /// Raises the prices of each lane's set by a common factor.
    #[inline(always)]
    fn raise<const W: usize>(&mut self, set: &Bits, worth: &Lanes) {
        let moving = self.prices_of::<W>(set);
        let mut limit = Lanes::all(f64::INFINITY);
        for w in 0..W {
            let (choke, price) = (&self.curve[w].choke_price, &self.price[w]);
            limit = Lanes::each(|i| {
                let to = if set[i] >> w & 1 != 0 { choke[i] / price[i] } else { f64::INFINITY };
                if to < limit[i] { to } else { limit[i] }
            });
        }
        let zero = Lanes::default();
        let rates = self.rate.as_chunks::<W>().0;
        for (((turns, value), uses), rate) in
            self.turns.iter_mut().zip(&self.value).zip(&self.uses).zip(rates)
        {
            let earned = best::<W>(rate, &moving, &zero);
            let meets =
                Lanes::each(|i| if uses[i] & set[i] == 0 { value[i] / earned[i] } else { f64::INFINITY });
            limit = Lanes::each(|i| if meets[i] < limit[i] { meets[i] } else { limit[i] });
            *turns = meets;
        }
        let limit = Lanes::each(|i| limit[i].max(1.0));
        let factor = self.scale::<W>(set, worth, &limit);
        let moved = self.prices_of::<W>(set);
        let rates = self.rate.as_chunks::<W>().0;
        let rows = self.turns.iter().zip(&mut self.value).zip(&mut self.uses).zip(rates).zip(&self.cost);
        for ((((turns, value), uses), rate), cost) in rows {
            let earned = best::<W>(rate, &moved, &zero);
            let reached = reach::<W>(rate, &moved, cost, &earned);
            let (had, was) = (*uses, *value);
            *uses = Bits::each(|i| {
                let met = if turns[i] <= factor[i] * (1.0 + TIE) { reached[i] & set[i] } else { 0 };
                if had[i] & set[i] != 0 { had[i] & set[i] } else { had[i] | met }
            });
            *value = Lanes::each(|i| if had[i] & set[i] != 0 { was[i] * factor[i] } else { was[i] });
        }
    }

    /// Lowers the prices of each lane's set by a common factor.
    #[inline(always)]
    fn lower<const W: usize>(&mut self, set: &Bits, worth: &Lanes) {
        let staying = self.prices_of::<W>(&Bits::each(|i| !set[i]));
        let zero = Lanes::default();
        let mut limit = Lanes::default();
        let rates = self.rate.as_chunks::<W>().0;
        let rows = self.turns.iter_mut().zip(&self.value).zip(&self.uses).zip(rates).zip(&self.cost);
        for ((((turns, value), uses), rate), cost) in rows {
            let earned = best::<W>(rate, &staying, &zero);
            let meets = Lanes::each(|i| {
                let other = if earned[i] > cost[i] { earned[i] } else { cost[i] };
                if uses[i] & !set[i] == 0 { other / value[i] } else { 0.0 }
            });
            limit = Lanes::each(|i| if meets[i] > limit[i] { meets[i] } else { limit[i] });
            *turns = meets;
        }
        let limit = Lanes::each(|i| limit[i].min(1.0));
        let factor = self.scale::<W>(set, worth, &limit);
        let rates = self.rate.as_chunks::<W>().0;
        let rows = self.turns.iter().zip(&mut self.value).zip(&mut self.uses).zip(rates).zip(&self.cost);
        for ((((turns, value), uses), rate), cost) in rows {
            let earned = best::<W>(rate, &staying, cost);
            let reached = reach::<W>(rate, &staying, cost, &earned);
            let (had, was) = (*uses, *value);
            *uses = Bits::each(|i| {
                let met = if turns[i] >= factor[i] * (1.0 - TIE) { reached[i] & !set[i] } else { 0 };
                if had[i] & !set[i] != 0 { had[i] & !set[i] } else { had[i] | met }
            });
            *value = Lanes::each(|i| if had[i] & !set[i] != 0 { was[i] } else { was[i] * factor[i] });
        }
    }

    /// Multiplies the prices of each lane's set by `limit`, or by the factor on the way there at which it buys `worth`.
    #[inline(always)]
    fn scale<const W: usize>(&mut self, set: &Bits, worth: &Lanes, limit: &Lanes) -> Lanes {
        let end = Lanes::each(|i| ln(limit[i]));
        let balance = self.balance;
        let mut shift = end;
        let mut at = self.buy::<W>(set, &shift);
        let mut active = Bits::each(|i| {
            let above = at.bought[i] > worth[i] * (1.0 + balance[i]);
            let overshoots = if limit[i] > 1.0 { at.bought[i] < worth[i] } else { above };
            u64::from(overshoots & (set[i] != 0))
        });
        let mut low = Lanes::each(|i| end[i].min(0.0));
        let mut high = Lanes::each(|i| end[i].max(0.0));
        for _ in 0..100 {
            if !active.any() {
                break;
            }
            low = Lanes::each(|i| if at.bought[i] > worth[i] { shift[i] } else { low[i] });
            high = Lanes::each(|i| if at.bought[i] > worth[i] { high[i] } else { shift[i] });
            let next = Lanes::each(|i| {
                let newton = shift[i] + at.bought[i] / at.slope[i] * ln(at.bought[i] / worth[i]);
                let middle = 0.5 * (low[i] + high[i]);
                if (newton > low[i]) & (newton < high[i]) { newton } else { middle }
            });
            let step = Lanes::each(|i| next[i] - shift[i]);
            shift = Lanes::each(|i| if active[i] != 0 { next[i] } else { shift[i] });
            let there = self.buy::<W>(set, &shift);
            at.bought = Lanes::each(|i| if active[i] != 0 { there.bought[i] } else { at.bought[i] });
            at.slope = Lanes::each(|i| if active[i] != 0 { there.slope[i] } else { at.slope[i] });
            at.part = there.part;
            at.ratio = there.ratio;
            active = Bits::each(|i| {
                let close = (at.bought[i] - worth[i]).abs() <= ROUNDING * worth[i];
                let still = step[i].abs() <= f64::EPSILON * shift[i].abs();
                if close | still { 0 } else { active[i] }
            });
        }
        let factor = Lanes::each(|i| {
            let scaled = exp(shift[i]);
            if shift[i] == end[i] { limit[i] } else { scaled }
        });
        for w in 0..W {
            let own = Bits::each(|i| set[i] >> w & 1);
            let take = |new: Lanes, old: &Lanes| Lanes::each(|i| if own[i] != 0 { new[i] } else { old[i] });
            let (price, log_price) = (self.price[w], self.log_price[w]);
            self.price[w] = take(Lanes::each(|i| price[i] * factor[i]), &price);
            self.spend[w] = take(Lanes::each(|i| at.part[w][i] * factor[i]), &self.spend[w]);
            self.log_price[w] = take(Lanes::each(|i| log_price[i] + shift[i]), &log_price);
            self.use_ratio[w] = take(at.ratio[w], &self.use_ratio[w]);
            self.mark(w, &own);
        }
        factor
    }

    /// What each lane's set buys at prices e^shift times as high, at the prices before, and minus the slope.
    #[inline(always)]
    fn buy<const W: usize>(&self, set: &Bits, shift: &Lanes) -> Bought {
        let mut bought = Bought::default();
        for w in 0..W {
            let (curve, price, most) = (&self.curve[w], &self.price[w], &self.most[w]);
            let ratio = self.ratio(w, &self.log_price[w], shift);
            let part = Lanes::each(|i| {
                let part = price[i] * (curve.planned_use[i] * ratio[i]);
                if set[i] >> w & 1 != 0 { part } else { 0.0 }
            });
            bought.bought += part;
            bought.slope +=
                Lanes::each(|i| if ratio[i] < most[i] { curve.elasticity[i] * part[i] } else { 0.0 });
            (bought.part[w], bought.ratio[w]) = (part, ratio);
        }
        bought
    }

    /// Notes where a workload is at its choke price, and puts it exactly there, and where it is saturated.
    #[inline(always)]
    fn mark(&mut self, w: usize, own: &Bits) {
        let (price, choke) = (self.price[w], self.curve[w].choke_price);
        let (ratio, most) = (self.use_ratio[w], self.most[w]);
        let (choked, flat) = (self.choked, self.flat);
        let at = Bits::each(|i| u64::from((own[i] != 0) & (price[i] >= choke[i] * (1.0 - TIE))));
        self.price[w] = Lanes::each(|i| if at[i] != 0 { choke[i] } else { price[i] });
        self.choked = Bits::each(|i| choked[i] & !(own[i] << w) | at[i] << w);
        self.flat = Bits::each(|i| {
            let full = (own[i] != 0) & (ratio[i] >= most[i] * (1.0 - TIE));
            flat[i] & !(own[i] << w) | u64::from(full) << w
        });
    }

    /// The prices of each lane's set, 0 elsewhere.
    #[inline(always)]
    fn prices_of<const W: usize>(&self, set: &Bits) -> [Lanes; WIDEST] {
        let mut prices = self.price;
        for (w, price) in prices.iter_mut().enumerate() {
            let old = *price;
            *price = Lanes::each(|i| if set[i] >> w & 1 != 0 { old[i] } else { 0.0 });
        }
        prices
    }
}

/// What sets buy.
#[derive(Default)]
struct Bought {
    bought: Lanes,
    slope: Lanes,
    part: [Lanes; WIDEST],
    ratio: [Lanes; WIDEST],
}

/// The most an hour of a tranche earns at these prices, at least `least`.
#[inline(always)]
pub fn best<const W: usize>(rate: &[Lanes; W], prices: &[Lanes; WIDEST], least: &Lanes) -> Lanes {
    let mut best = *least;
    for (price, rate) in prices[..W].iter().zip(rate) {
        best = Lanes::each(|i| {
            let earned = price[i] * rate[i];
            if earned > best[i] { earned } else { best[i] }
        });
    }
    best
}

/// The uses in which an hour of a tranche is worth `value`.
#[inline(always)]
pub fn reach<const W: usize>(
    rate: &[Lanes; W],
    prices: &[Lanes; WIDEST],
    cost: &Lanes,
    value: &Lanes,
) -> Bits {
    let enough = Lanes::each(|i| value[i] * (1.0 - TIE));
    let mut uses = Bits::each(|i| if cost[i] >= enough[i] { 1 << W } else { 0 });
    for (w, (price, rate)) in prices[..W].iter().zip(rate).enumerate() {
        uses = Bits::each(|i| uses[i] | if price[i] * rate[i] >= enough[i] { 1 << w } else { 0 });
    }
    uses
}
