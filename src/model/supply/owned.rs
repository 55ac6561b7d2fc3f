//! A lab's fleet of one owned channel, as columns over time (`docs/model.md §6`, §8).
//!
//! A chip bought is a known future: when it arrives, how its charge falls with age, when it retires. So every purchase is
//! written into monthly columns at once, and a month only reads them. The columns reach `lead` months beyond the horizon,
//! where planners look.

use crate::economics::capital::DecliningAnnuity;
use crate::economics::learning;
use crate::economics::ownership::{Terms, alive_share};
use crate::math::{LANES, Lanes};
use crate::model::drivers::Drivers;
use crate::model::parameters::{Owned, Region};

/// What owning chips of a channel costs over their life: finance, building and learning on each path, the same in all months.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finance {
    /// Life in whole months.
    life_months: [usize; LANES],
    /// Capital charge per USD in month m of life, at m − 1; 0 beyond it.
    charges: Vec<Lanes>,
    /// 1 in the months of life, 0 beyond.
    alive: Vec<Lanes>,
    /// Monthly charge per USD of building.
    pub building_factor: Lanes,
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
        self.life_months = terms.map(|terms| terms.life_months);
        self.charges.clear();
        self.alive.clear();
        let mut charge = Lanes::each(|i| terms[i].annuity.factor);
        for m in 0..months {
            charge = Lanes::each(|i| charge[i] * terms[i].annuity.decay);
            let alive = Lanes::each(|i| if m < self.life_months[i] { 1.0 } else { 0.0 });
            self.charges.push(charge * alive);
            self.alive.push(alive);
        }
        let shell_life = at(region.shell_life_years);
        self.building_factor = Lanes::each(|i| {
            DecliningAnnuity::new(wacc[i], (12.0 * shell_life[i]).round().max(1.0), 0.0).charge(1.0)
        });
        let exponent = |slot| {
            let rate = at(slot);
            Lanes::each(|i| if rate[i] == 0.0 { 0.0 } else { learning::exponent(rate[i]) })
        };
        self.learning_exponents = (exponent(owned.learning_rate), exponent(owned.mfu_learning_rate));
    }

    /// Capital charge per USD in the first month of life.
    #[inline(always)]
    pub fn first_charge(&self) -> Lanes {
        self.charges.first().copied().unwrap_or(Lanes::ZERO)
    }
}

/// Chips alive and what they cost, by month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    /// Chips alive.
    pub chips: Vec<Lanes>,
    /// Capital charge, USD a month.
    pub capital: Vec<Lanes>,
    /// Scarcity rent of the chips alive, USD a usable hour of all of them.
    pub scarcity_rate: Vec<Lanes>,
    /// Chips arriving.
    pub arriving: Vec<Lanes>,
}

impl Fleet {
    /// An empty fleet over `months` columns.
    pub fn clear(&mut self, months: usize) {
        for column in [&mut self.chips, &mut self.capital, &mut self.scarcity_rate, &mut self.arriving] {
            column.clear();
            column.resize(months, Lanes::ZERO);
        }
    }

    /// The fleet of the start: ages uniform on the integers of `ages`; month s is charged as month s + 1 of life at the
    /// price of month 0.
    pub fn begin(&mut self, chips: Lanes, ages: (usize, usize), price: Lanes, finance: &Finance) {
        if chips.all_are(|chips| chips == 0.0) {
            return;
        }
        let columns = self.chips.iter_mut().zip(&mut self.capital).zip(&finance.charges);
        for (s, ((all, capital), charge)) in columns.enumerate() {
            let share = Lanes::each(|i| alive_share(ages, s, finance.life_months[i]));
            let alive = chips * share;
            *all += alive;
            *capital += alive * price * *charge;
        }
    }

    /// Chips bought at `price` that arrive in month `arrives`; their first month of life is that month.
    #[inline(always)]
    pub fn buy(
        &mut self,
        chips: Lanes,
        arrives: usize,
        price: Lanes,
        scarcity_rate: Lanes,
        finance: &Finance,
    ) {
        if arrives >= self.chips.len() || chips.all_are(|chips| chips == 0.0) {
            return;
        }
        self.arriving[arrives] += chips;
        let paid = chips * price;
        let columns = self.capital[arrives..].iter_mut().zip(&mut self.chips[arrives..]);
        for ((capital, all), (charge, alive)) in columns.zip(finance.charges.iter().zip(&finance.alive)) {
            *capital += paid * *charge;
            *all += chips * *alive;
        }
        if scarcity_rate.any(|rate| rate != 0.0) {
            let rent = chips * scarcity_rate;
            for (rate, alive) in self.scarcity_rate[arrives..].iter_mut().zip(&finance.alive) {
                *rate += rent * *alive;
            }
        }
    }
}
