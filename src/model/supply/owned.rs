//! A lab's fleet of one owned channel, purchase by purchase (`docs/model.md §6`, §8).
//!
//! A chip bought is a known future: when it arrives, how its charge falls with age, when it retires. So a fleet is its
//! purchases. Planners foresee how many chips will be alive `lead` months on, what they order is added to that, and when the month
//! has come only charges, each at its age, and scarcity rents are still to be added up.

use std::ops::Range;

use crate::economics::capital::DecliningAnnuity;
use crate::economics::learning;
use crate::economics::ownership::{Terms, alive_share};
use crate::math::wide::wide;
use crate::math::{LANES, Lanes, rows};
use crate::model::drivers::Drivers;
use crate::model::parameters::{Owned, Region};

/// What owning chips of a channel costs over their life: finance, life and learning on each path, the same in all months.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finance {
    /// Life in whole months where it is shortest, and where it is longest.
    shortest_life: usize,
    longest_life: usize,
    /// Capital charge per USD in month m of life, at m − 1; 0 beyond it.
    charges: Vec<Lanes>,
    /// 1 in the months of life, 0 beyond.
    alive: Vec<Lanes>,
    /// Share of the fleet of the start that is alive, by month.
    of_start: Vec<Lanes>,
    /// Exponents of learning on price and on MFU; 0 where there is none.
    pub learning_exponents: (Lanes, Lanes),
}

impl Finance {
    /// Reads the drivers' month 0, for lives of up to `months` months.
    pub fn fill(&mut self, owned: &Owned, region: &Region, drivers: &Drivers<Lanes>, months: usize) {
        let at = |slot| drivers.now(slot, 0);
        let (wacc, life, residual, decline) =
            (at(region.wacc), at(owned.life_years), at(owned.residual), at(owned.price_decline));
        let terms: [Terms; LANES] =
            std::array::from_fn(|i| Terms::new(wacc[i], life[i], residual[i], decline[i]));
        let life_months = terms.map(|terms| terms.life_months);
        self.shortest_life = life_months.into_iter().min().unwrap_or_default();
        self.longest_life = life_months.into_iter().max().unwrap_or_default();
        let annuity = |of: fn(&DecliningAnnuity) -> f64| Lanes::each(|i| of(&terms[i].annuity));
        let (before_first, decay) = (annuity(|annuity| annuity.factor), annuity(|annuity| annuity.decay));
        tabulate(self, (before_first, decay), life_months, owned.fleet_age_months, months);
        let exponent = |slot| {
            let rate = at(slot);
            Lanes::each(|i| if rate[i] == 0.0 { 0.0 } else { learning::exponent(rate[i]) })
        };
        self.learning_exponents = (exponent(owned.learning_rate), exponent(owned.mfu_learning_rate));
    }

    /// Adds to `sum` what is left of purchases in month `t`: all of each on paths where its chips live, nothing where they have
    /// retired. Domain: they arrive one after another, none later than `t`.
    #[inline(always)]
    fn add_living(&self, mut sum: Lanes, counts: &[Lanes], arrives: &[usize], t: usize) -> Lanes {
        let retiring = arrives.iter().take_while(|&&arrives| arrives + self.shortest_life <= t).count();
        let (old, young) = counts.split_at(retiring);
        for (&count, &arrives) in rows(old.iter().zip(arrives)) {
            sum += count * self.alive[t - arrives];
        }
        for count in rows(young) {
            sum += *count;
        }
        sum
    }

    /// Capital charge per USD in the first month of life.
    #[inline(always)]
    pub fn first_charge(&self) -> Lanes {
        self.charges.first().copied().unwrap_or(Lanes::ZERO)
    }
}

/// Monthly charge per USD of building in a region.
pub fn building_factor(region: &Region, drivers: &Drivers<Lanes>) -> Lanes {
    let (wacc, life) = (drivers.now(region.wacc, 0), drivers.now(region.shell_life_years, 0));
    Lanes::each(|i| DecliningAnnuity::new(wacc[i], (12.0 * life[i]).round().max(1.0), 0.0).charge(1.0))
}

wide! {
    /// Tabulates charges and lives by month. Charges are given for the month before the first, with what each is of the one before.
    fn tabulate(finance: &mut Finance, charge: (Lanes, Lanes), life: [usize; LANES], ages: (usize, usize), months: usize) {
        let Finance { charges, alive, of_start, .. } = finance;
        for column in [&mut *charges, &mut *alive, &mut *of_start] {
            column.clear();
            column.resize(months, Lanes::ZERO);
        }
        let (mut charge, decay) = charge;
        for (m, ((charges, alive), of_start)) in rows(charges.iter_mut().zip(alive).zip(of_start).enumerate()) {
            charge *= decay;
            let lives = Lanes::each(|i| if m < life[i] { 1.0 } else { 0.0 });
            (*charges, *alive) = (charge * lives, lives);
            *of_start = Lanes::each(|i| alive_share(ages, m, life[i]));
        }
    }
}

/// Chips of a channel that a lab owns, and what they cost this month.
#[derive(Debug, Default, PartialEq)]
pub struct Fleet {
    /// The chips of the start by month, and their capital charge; empty if there are none.
    start: Vec<(Lanes, Lanes)>,
    /// By purchase, those of the start first and orders as they arrive, in columns that a month runs through: the first month of
    /// life, chips, their price in USD, and their scarcity rent in USD a usable hour of all of them.
    arrives: Vec<usize>,
    bought: Vec<Lanes>,
    paid: Vec<Lanes>,
    rent: Vec<Lanes>,
    /// How many purchases, from the first on, have retired on all paths.
    retired: usize,
    /// Chips alive by month, up to the last month foreseen and as ordered so far.
    foreseen: Vec<Lanes>,
    /// When the first purchase with a scarcity rent arrives.
    rents_from: Option<usize>,
    /// Chips alive.
    pub chips: Lanes,
    /// Capital charge, USD a month.
    pub capital: Lanes,
    /// Scarcity rent of the chips alive, USD a usable hour of all of them.
    pub scarcity_rate: Lanes,
    /// Chips arriving.
    pub arriving: Lanes,
}

copied_in_place!(Fleet { start, arrives, bought, paid, rent, foreseen });

impl Fleet {
    /// An empty fleet.
    pub fn clear(&mut self) {
        let Fleet {
            start,
            arrives,
            bought,
            paid,
            rent,
            retired,
            foreseen,
            rents_from,
            chips,
            capital,
            scarcity_rate,
            arriving,
        } = self;
        start.clear();
        arrives.clear();
        for column in [bought, paid, rent, foreseen] {
            column.clear();
        }
        (*retired, *rents_from) = (0, None);
        for number in [chips, capital, scarcity_rate, arriving] {
            *number = Lanes::ZERO;
        }
    }

    /// The fleet of the start; month s is charged as month s + 1 of life at the price of month 0.
    pub fn begin(&mut self, chips: Lanes, price: Lanes, finance: &Finance) {
        if chips.all_are(|chips| chips == 0.0) {
            return;
        }
        let months = finance.of_start.iter().zip(&finance.charges);
        self.start.extend(months.map(|(share, charge)| {
            let alive = chips * *share;
            (alive, alive * price * *charge)
        }));
    }

    /// Chips bought at `price` that arrive in month `arrives`; their first month of life is that month. Purchases come in the order
    /// in which they arrive: first the pipeline, before any month is foreseen, then each month's orders, for the last month foreseen.
    #[inline(always)]
    pub fn buy(&mut self, chips: Lanes, arrives: usize, price: Lanes, scarcity_rate: Lanes) {
        debug_assert!(self.arrives.last().is_none_or(|&last| last <= arrives));
        debug_assert!(self.foreseen.is_empty() || arrives + 1 == self.foreseen.len());
        if chips.any(|chips| chips != 0.0) {
            let rent = chips * scarcity_rate;
            if self.rents_from.is_none() && rent.any(|rent| rent != 0.0) {
                self.rents_from = Some(arrives);
            }
            self.arrives.push(arrives);
            self.bought.push(chips);
            self.paid.push(chips * price);
            self.rent.push(rent);
            if let Some(foreseen) = self.foreseen.get_mut(arrives) {
                *foreseen += chips;
            }
        }
    }

    /// Foresees the next month: adds up the chips that will be alive in it.
    #[inline(always)]
    pub fn look_ahead(&mut self, finance: &Finance) {
        let then = self.foreseen.len();
        let chips = self.start.get(then).map_or(Lanes::ZERO, |start| start.0);
        let arrived = self.arrived(then);
        self.foreseen.push(finance.add_living(
            chips,
            &self.bought[arrived.clone()],
            &self.arrives[arrived],
            then,
        ));
    }

    /// Purchases that have arrived by month `t`, but for those that had retired everywhere in the last month added up.
    #[inline(always)]
    fn arrived(&self, t: usize) -> Range<usize> {
        let to_come = self.arrives.iter().rev().take_while(|&&arrives| arrives > t).count();
        self.retired..self.arrives.len() - to_come
    }

    /// Chips alive in the last month foreseen, as ordered so far.
    #[inline(always)]
    pub fn planned(&self) -> Lanes {
        self.foreseen.last().copied().unwrap_or_default()
    }

    /// Reads the chips of month `t` and adds up what they cost. Months come one after another; `t` was foreseen, and all that arrives
    /// in it has been bought.
    #[inline(always)]
    pub fn add_up(&mut self, t: usize, finance: &Finance) {
        let mut capital = self.start.get(t).map_or(Lanes::ZERO, |start| start.1);
        self.retired += self.arrives[self.retired..]
            .iter()
            .take_while(|&&arrives| arrives + finance.longest_life <= t)
            .count();
        let arrived = self.arrived(t);
        let arrives = &self.arrives[arrived.clone()];
        for (&arrives, &paid) in rows(arrives.iter().zip(&self.paid[arrived.clone()])) {
            capital += paid * finance.charges[t - arrives];
        }
        let new =
            arrived.end - arrives.iter().rev().take_while(|&&arrives| arrives == t).count()..arrived.end;
        let sum = |first: Lanes, numbers: &[Lanes]| numbers.iter().fold(first, |sum, number| sum + *number);
        let arriving = sum(Lanes::ZERO, &self.bought[new.clone()]);
        // To take off rents that end would round otherwise: once chips retire, rents are added up anew.
        let anew = self.rents_from.is_some_and(|first| first + finance.shortest_life <= t);
        let rate = if anew {
            finance.add_living(Lanes::ZERO, &self.rent[arrived], arrives, t)
        } else {
            sum(self.scarcity_rate, &self.rent[new])
        };
        (self.chips, self.capital, self.scarcity_rate, self.arriving) =
            (self.foreseen[t], capital, rate, arriving);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A uniform of a linear congruential generator, and the next.
    fn next(state: &mut u64) -> f64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Purchases, each as it was made: when it arrives, chips, what they cost and the rent of all of them.
    type Purchases = Vec<(usize, Lanes, Lanes, Lanes)>;

    /// The sum over those of the start and all purchases that have arrived, each at its age.
    fn summed(
        start: Lanes,
        purchases: &Purchases,
        t: usize,
        of: impl Fn(&(usize, Lanes, Lanes, Lanes), usize) -> Lanes,
    ) -> Lanes {
        let arrived = purchases.iter().filter(|(arrives, ..)| *arrives <= t);
        arrived.fold(start, |sum, purchase| sum + of(purchase, t - purchase.0))
    }

    /// Month by month what a fleet says is what all its purchases say, to the bit: whatever lives are on each path, shorter than the
    /// lead or longer than all months, with chips of the start or without, with rents from the first order on, later, or never; and
    /// so it is of a copy that goes on half-way.
    #[test]
    fn a_fleet_is_the_sum_of_its_purchases() {
        const LEAD: usize = 4;
        let mut state = 7;
        for round in 0..60 {
            let months = if round % 3 == 0 { 200 } else { 40 };
            let (least, span) = [(1, 3), (2, 60), (30, 5), (400, 1)][round % 4];
            let life = std::array::from_fn(|_| least + (f64::from(span) * next(&mut state)) as usize);
            let mut finance = Finance {
                shortest_life: life.into_iter().min().unwrap(),
                longest_life: life.into_iter().max().unwrap(),
                ..Finance::default()
            };
            let (charge, decay) = (Lanes::all(0.03), Lanes::each(|_| 0.97 + 0.02 * next(&mut state)));
            tabulate(&mut finance, (charge, decay), life, (2, 9), months + LEAD);
            let some = |state: &mut u64| Lanes::each(|_| 100.0 * next(state));
            let mut fleet = Fleet::default();
            let mut purchases = Purchases::new();
            if round % 2 == 0 {
                fleet.begin(some(&mut state), some(&mut state), &finance);
            }
            for arrives in 0..LEAD {
                let (chips, price) = (some(&mut state), some(&mut state));
                fleet.buy(chips, arrives, price, Lanes::ZERO);
                purchases.push((arrives, chips, chips * price, Lanes::ZERO));
            }
            for _ in 0..LEAD {
                fleet.look_ahead(&finance);
            }
            let rents_from = [0, 7, usize::MAX][round % 3];
            for t in 0..months {
                let of_start = |t: usize| fleet.start.get(t).copied().unwrap_or_default();
                let then = summed(of_start(t + LEAD).0, &purchases, t + LEAD, |(_, chips, ..), age| {
                    *chips * finance.alive[age]
                });
                let now = |of: fn(&(usize, Lanes, Lanes, Lanes)) -> Lanes, table: &[Lanes], start: Lanes| {
                    summed(start, &purchases, t, |purchase, age| of(purchase) * table[age])
                };
                let chips = now(|purchase| purchase.1, &finance.alive, of_start(t).0);
                let capital = now(|purchase| purchase.2, &finance.charges, of_start(t).1);
                let rate = now(|purchase| purchase.3, &finance.alive, Lanes::ZERO);
                fleet.look_ahead(&finance);
                assert_eq!(fleet.planned(), then, "round {round}, month {t}");
                let order = if next(&mut state) < 0.2 { Lanes::ZERO } else { some(&mut state) };
                let rent = if t >= rents_from { some(&mut state) } else { Lanes::ZERO };
                let price = some(&mut state);
                fleet.buy(order, t + LEAD, price, rent);
                purchases.push((t + LEAD, order, order * price, order * rent));
                fleet.add_up(t, &finance);
                let told = (fleet.chips, fleet.capital, fleet.scarcity_rate);
                assert_eq!(told, (chips, capital, rate), "round {round}, month {t}, lives {life:?}");
                let arriving = purchases.iter().filter(|(arrives, ..)| *arrives == t);
                assert_eq!(fleet.arriving, arriving.fold(Lanes::ZERO, |sum, (_, chips, ..)| sum + *chips));
                if t == months / 2 {
                    let mut other = Fleet::default();
                    other.clone_from(&fleet);
                    fleet.clear();
                    assert_eq!(fleet, Fleet::default());
                    fleet = other;
                }
            }
        }
    }
}
