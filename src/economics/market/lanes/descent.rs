//! The descent in lanes: `prices` and `sets`, lane by lane the same operations in the same order.

use super::{Table, WIDEST};
use crate::economics::market::prices::{ROUNDING, TIE};
use crate::math::wide::wide;
use crate::math::{Bits, LANES, Lanes, exp, ln, rows};

/// Moves after which a lane is left to the scalar solver.
const LONG: usize = 500;

impl Table {
    /// Reads from the prices, kept below the chokes, what buyers spend and where tranches are best used.
    #[inline(always)]
    pub fn place_buyers<const W: usize>(&mut self) {
        (self.choked, self.flat) = (Bits::default(), Bits::default());
        for w in 0..W {
            let curve = self.curve[w];
            let (old, least) = (self.price[w], Lanes::all(f64::MIN_POSITIVE));
            let price = old.or_larger(least).or_smaller(curve.choke_price);
            let log_price = Lanes::each(|i| ln(price[i] / curve.reference_price[i]));
            let ratio = self.ratio(w, log_price, Lanes::ZERO);
            self.log_price[w] = log_price;
            self.use_ratio[w] = ratio;
            let own = self.buyers.has(1 << w);
            self.price[w] = own.keep(price);
            self.spend[w] = own.keep(price * (curve.planned_use * ratio));
            self.mark(w, own);
        }
        let price = self.price;
        let rates = self.rate.as_chunks::<W>().0;
        for (((value, uses), rate), cost) in
            rows(self.value.iter_mut().zip(&mut self.uses).zip(rates).zip(&self.cost))
        {
            *value = best::<W>(rate, &price, *cost);
            *uses = reach::<W>(rate, &price, *cost, *value);
        }
    }

    /// D/Q at a price e^shift times as high as `log_price` says.
    #[inline(always)]
    fn ratio(&self, w: usize, log_price: Lanes, shift: Lanes) -> Lanes {
        let elasticity = self.curve[w].elasticity;
        Lanes::each(|i| exp(-elasticity[i] * (log_price[i] + shift[i]))).min(self.most[w])
    }

    /// Up first, then down, each lane at its own step; see the scalar twin. A lane in which nothing is left to lower looks at once
    /// for what to raise again, and is done if there is nothing.
    #[inline(always)]
    pub fn descend<const W: usize, const S: usize>(&mut self) {
        // Lanes that raise prices, and lanes that lower them.
        let (mut rising, mut falling) = (self.buyers.some(), Bits::default());
        for _ in 0..LONG {
            let classes = self.sort::<W, S>();
            let mut demand = [Lanes::default(); S];
            for w in 0..W {
                for set in 0..1 << w {
                    demand[set | 1 << w] = demand[set] + self.spend[w];
                }
            }
            let (up, up_worth) = self.overdemanded::<W, S>(&classes, &demand);
            let (down, down_worth) = self.oversupplied::<W, S>(&classes, &demand);
            let at_work = rising | falling;
            rising = at_work & up.some() & (rising | down.is(0));
            falling = at_work & down.some() & !rising;
            if !(rising | falling).any() {
                return;
            }
            let set = rising & up | falling & down;
            move_prices::<W>(self, set, rising, rising.pick(up_worth, down_worth));
        }
        self.doubtful = (rising | falling) & 1;
    }

    /// By set of uses, idling after the last workload: worth of the tranches with these best uses.
    #[inline(always)]
    fn sort<const W: usize, const S: usize>(&self) -> [[Lanes; S]; 2] {
        let mut sorted = [[Lanes::default(); S]; 2];
        let classes = sorted.as_flattened_mut();
        for ((uses, capacity), value) in self.uses.iter().zip(&self.capacity).zip(&self.value) {
            let worth = *capacity * *value;
            if W <= 2 {
                for (set, class) in classes.iter_mut().enumerate().skip(1) {
                    *class += uses.is(set as u64).keep(worth);
                }
            } else {
                for i in 0..LANES {
                    classes[uses[i] as usize & (2 * S - 1)][i] += worth[i];
                }
            }
        }
        sorted
    }

    /// Sets to raise, 0 for none, and what their tranches are worth.
    #[inline(always)]
    fn overdemanded<const W: usize, const S: usize>(
        &self,
        classes: &[[Lanes; S]; 2],
        demand: &[Lanes; S],
    ) -> (Bits, Lanes) {
        let (mut supply, mut others) = ([Lanes::default(); S], [Lanes::default(); S]);
        for set in 0..S {
            others[set] = classes[0][set] + classes[1][set];
        }
        for w in 0..W {
            for set in (0..1 << W).filter(|set| set & 1 << w == 0) {
                let with = set | 1 << w;
                let (miss, miss_with) = (others[set], others[with]);
                let hit = supply[set] + supply[with];
                supply[set] = hit;
                supply[with] = hit + miss_with;
                others[set] = miss + miss_with;
                others[with] = miss;
            }
        }
        self.steepest::<W, S>(self.choked | !self.buyers, &supply, demand, |supply, demand| demand - supply)
    }

    /// Sets to lower, 0 for none, and what their tranches are worth.
    #[inline(always)]
    fn oversupplied<const W: usize, const S: usize>(
        &self,
        classes: &[[Lanes; S]; 2],
        demand: &[Lanes; S],
    ) -> (Bits, Lanes) {
        let mut supply = classes[0];
        for w in 0..W {
            for set in (0..1 << W).filter(|set| set & 1 << w != 0) {
                let without = supply[set & !(1 << w)];
                supply[set] += without;
            }
        }
        let (mut best, mut worth) =
            self.steepest::<W, S>(!self.buyers, &supply, demand, |supply, demand| supply - demand);
        let balanced = Lanes::ONE + self.balance;
        for set in 1..1_usize << W {
            let level = (supply[set] * balanced).reaches(demand[set]);
            let found = best.is(0) & (!self.flat & set as u64).is(0) & level;
            best = best | found & set as u64;
            worth = found.pick(supply[set], worth);
        }
        (best, worth)
    }

    /// The smallest of the sets without `barred` buyers that gain most, if any gains more than rounding; and its supply.
    #[inline(always)]
    fn steepest<const W: usize, const S: usize>(
        &self,
        barred: Bits,
        supply: &[Lanes; S],
        demand: &[Lanes; S],
        gain: impl Fn(Lanes, Lanes) -> Lanes + Copy,
    ) -> (Bits, Lanes) {
        let balance = self.balance;
        let (mut best, mut most) = (Bits::default(), Lanes::default());
        let (mut worth, mut spent) = (Lanes::default(), Lanes::default());
        for set in 1..1_usize << W {
            let (s, d) = (supply[set], demand[set]);
            let gains = gain(s, d);
            let better = gains.above(most) & gains.above(balance * d) & (barred & set as u64).is(0);
            best = better.pick(Bits::all(set as u64), best);
            most = better.pick(gains, most);
            worth = better.pick(s, worth);
            spent = better.pick(d, spent);
        }
        if W == 1 || !(best & (best - 1)).any() {
            return (best, worth);
        }
        let rounding = spent * ROUNDING;
        let mut found = Bits::default();
        for part in 1..1_usize << W {
            let (mut rest, mut inside) = (Lanes::default(), Bits::default());
            for whole in (part + 1..1 << W).filter(|whole| whole & part == part) {
                let is_best = best.is(whole as u64);
                rest = is_best.pick(demand[whole ^ part], rest);
                inside = inside | is_best;
            }
            let enough = gain(supply[part], demand[part]).reaches(most - balance * rest - rounding);
            let serves = enough & inside & found.is(0);
            found = found | serves & part as u64;
            worth = serves.pick(supply[part], worth);
        }
        (found.is(0).pick(best, found), worth)
    }

    /// Moves the prices of each lane's set by a common factor, up in the lanes where they are `rising`: the scalar twin's
    /// `raise` and `lower` at once.
    /// The `side` is where a tranche can be met: the set in a rise, all other uses in a fall.
    #[inline(always)]
    fn move_prices<const W: usize>(&mut self, set: Bits, rising: Bits, worth: Lanes) {
        let falling = set.some() & !rising;
        let side = rising.pick(set, !set);
        let never = rising.keep(Lanes::all(f64::INFINITY));
        let there = self.prices_of::<W>(side);
        let mut limit = never;
        for w in 0..W {
            let to = (rising & set).has(1 << w).pick(self.curve[w].choke_price / self.price[w], never);
            limit = limit.or_smaller(to);
        }
        let rates = self.rate.as_chunks::<W>().0;
        let tranches = self.turns.iter_mut().zip(&self.value).zip(&self.uses).zip(rates).zip(&self.cost);
        for ((((turns, value), uses), rate), cost) in rows(tranches) {
            let earned = best::<W>(rate, &there, (!rising).keep(*cost));
            let factor = rising.pick(*value, earned) / rising.pick(earned, *value);
            let meets = (*uses & side).is(0).pick(factor, never);
            limit = rising.pick(limit.or_smaller(meets), limit.or_larger(meets));
            *turns = meets;
        }
        let limit = rising.pick(limit.max(Lanes::ONE), limit.min(Lanes::ONE));
        let factor = scale::<W>(self, set, worth, limit);
        let there = self.prices_of::<W>(side);
        let near = factor * rising.pick(Lanes::all(1.0 + TIE), Lanes::all(1.0 - TIE));
        let rates = self.rate.as_chunks::<W>().0;
        let tranches = self.turns.iter().zip(&mut self.value).zip(&mut self.uses).zip(rates).zip(&self.cost);
        for ((((turns, value), uses), rate), cost) in rows(tranches) {
            let (had, was) = (*uses, *value);
            let on_side = (had & side).some();
            let mut all = had;
            let met = rising.pick(near.reaches(*turns), turns.reaches(near)) & !on_side & side;
            if met.any() {
                let earned = best::<W>(rate, &there, (!rising).keep(*cost));
                all = all | reach::<W>(rate, &there, *cost, earned) & met;
            }
            *uses = on_side.pick(had & side, all);
            let moves = rising & on_side | falling & !on_side;
            *value = moves.pick(was * factor, was);
        }
    }

    /// Multiplies the prices of each lane's set by `limit`, or by the factor on the way there at which it buys `worth`.
    #[inline(always)]
    fn scale<const W: usize>(&mut self, set: Bits, worth: Lanes, limit: Lanes) -> Lanes {
        let end = Lanes::each(|i| ln(limit[i]));
        let mut shift = end;
        let mut at = self.buy::<W>(set, shift);
        let short = worth.above(at.bought);
        let long = at.bought.above(worth * (Lanes::ONE + self.balance));
        let mut active = set.some() & limit.above(Lanes::ONE).pick(short, long);
        let (mut low, mut high) = (end.min(Lanes::ZERO), end.max(Lanes::ZERO));
        for _ in 0..100 {
            if !active.any() {
                break;
            }
            let more = at.bought.above(worth);
            low = more.pick(shift, low);
            high = more.pick(high, shift);
            let log = Lanes::each(|i| ln(at.bought[i] / worth[i]));
            let newton = shift + at.bought / at.slope * log;
            let middle = (low + high) * 0.5;
            let next = (newton.above(low) & high.above(newton)).pick(newton, middle);
            let step = next - shift;
            shift = active.pick(next, shift);
            let there = self.buy::<W>(set, shift);
            at.bought = active.pick(there.bought, at.bought);
            at.slope = active.pick(there.slope, at.slope);
            (at.part, at.ratio) = (there.part, there.ratio);
            let close = (worth * ROUNDING).reaches((at.bought - worth).abs());
            let still = (shift.abs() * f64::EPSILON).reaches(step.abs());
            active = active & !(close | still);
        }
        let scaled = Lanes::each(|i| exp(shift[i]));
        let whole_way = Bits::each(|i| if shift[i] == end[i] { u64::MAX } else { 0 });
        let factor = whole_way.pick(limit, scaled);
        for w in 0..W {
            let own = set.has(1 << w);
            self.price[w] = own.pick(self.price[w] * factor, self.price[w]);
            self.spend[w] = own.pick(at.part[w] * factor, self.spend[w]);
            self.log_price[w] = own.pick(self.log_price[w] + shift, self.log_price[w]);
            self.use_ratio[w] = own.pick(at.ratio[w], self.use_ratio[w]);
            self.mark(w, own);
        }
        factor
    }

    /// What each lane's set buys at prices e^shift times as high, at the prices before, and minus the slope.
    #[inline(always)]
    fn buy<const W: usize>(&self, set: Bits, shift: Lanes) -> Bought {
        let mut bought = Bought::default();
        for w in 0..W {
            let own = set.has(1 << w);
            if !own.any() {
                continue;
            }
            let curve = &self.curve[w];
            let ratio = self.ratio(w, self.log_price[w], shift);
            let part = own.keep(self.price[w] * (curve.planned_use * ratio));
            bought.bought += part;
            bought.slope += self.most[w].above(ratio).keep(curve.elasticity * part);
            (bought.part[w], bought.ratio[w]) = (part, ratio);
        }
        bought
    }

    /// Notes where a workload is at its choke price, and puts it exactly there, and where it is saturated.
    #[inline(always)]
    fn mark(&mut self, w: usize, own: Bits) {
        let (price, choke) = (self.price[w], self.curve[w].choke_price);
        let at = own & price.reaches(choke * (1.0 - TIE));
        let full = own & self.use_ratio[w].reaches(self.most[w] * (1.0 - TIE));
        self.price[w] = at.pick(choke, price);
        self.choked = self.choked & !(own & 1 << w) | at & 1 << w;
        self.flat = self.flat & !(own & 1 << w) | full & 1 << w;
    }

    /// The prices of each lane's set, 0 elsewhere.
    #[inline(always)]
    fn prices_of<const W: usize>(&self, set: Bits) -> [Lanes; WIDEST] {
        let mut prices = [Lanes::default(); WIDEST];
        for (w, price) in prices[..W].iter_mut().enumerate() {
            *price = set.has(1 << w).keep(self.price[w]);
        }
        prices
    }
}

wide! {
    fn move_prices<const W: usize>(table: &mut Table, set: Bits, rising: Bits, worth: Lanes) {
        table.move_prices::<W>(set, rising, worth);
    } else {
        unreachable!("{}", super::NARROW);
    }
}

wide! {
    fn scale<const W: usize>(table: &mut Table, set: Bits, worth: Lanes, limit: Lanes) -> Lanes {
        table.scale::<W>(set, worth, limit)
    } else {
        unreachable!("{}", super::NARROW);
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
pub fn best<const W: usize>(rate: &[Lanes; W], prices: &[Lanes; WIDEST], least: Lanes) -> Lanes {
    let mut best = least;
    for (price, rate) in prices[..W].iter().zip(rate) {
        best = best.or_larger(*price * *rate);
    }
    best
}

/// The uses in which an hour of a tranche is worth `value`.
#[inline(always)]
pub fn reach<const W: usize>(rate: &[Lanes; W], prices: &[Lanes; WIDEST], cost: Lanes, value: Lanes) -> Bits {
    let enough = value * (1.0 - TIE);
    let mut uses = cost.reaches(enough) & 1 << W;
    for (w, (price, rate)) in prices[..W].iter().zip(rate).enumerate() {
        uses = uses | (*price * *rate).reaches(enough) & 1 << w;
    }
    uses
}
