//! A lab's fleet of one owned channel, as columns over time (`docs/model.md §6`, §8).
//!
//! A chip bought is a known future: when it arrives, how its charge falls with age, when it retires. So every purchase is
//! written into monthly columns at once, and a month only reads them. The columns reach `lead` months beyond the horizon,
//! where planners look.

use crate::economics::ownership::{Terms, alive_share};

/// Chips alive and what they cost, by month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fleet {
    /// Chips alive.
    pub chips: Vec<f64>,
    /// Capital charge, USD a month.
    pub capital: Vec<f64>,
    /// Scarcity rent of the chips alive, USD a usable hour of all of them.
    pub scarcity_rate: Vec<f64>,
    /// Chips arriving.
    pub arriving: Vec<f64>,
}

impl Fleet {
    /// An empty fleet over `months` columns.
    pub fn clear(&mut self, months: usize) {
        for column in [&mut self.chips, &mut self.capital, &mut self.scarcity_rate, &mut self.arriving] {
            column.clear();
            column.resize(months, 0.0);
        }
    }

    /// The fleet of the start: ages uniform on the integers of `ages`; month s is charged as month s + 1 of life at the
    /// price of month 0.
    pub fn begin(&mut self, chips: f64, ages: (usize, usize), price: f64, terms: &Terms, charges: &[f64]) {
        if chips == 0.0 {
            return;
        }
        for (s, charge) in charges.iter().enumerate().take(self.chips.len()) {
            let alive = chips * alive_share(ages, s, terms.life_months);
            self.chips[s] += alive;
            self.capital[s] += alive * price * charge;
        }
    }

    /// Chips bought at `price` that arrive in month `arrives`; their first month of life is that month.
    /// `charges[m − 1]` is the capital charge per USD in month m of life.
    pub fn buy(&mut self, chips: f64, arrives: usize, price: f64, scarcity_rate: f64, charges: &[f64]) {
        if chips == 0.0 || arrives >= self.chips.len() {
            return;
        }
        self.arriving[arrives] += chips;
        let end = self.chips.len().min(arrives + charges.len());
        let paid = chips * price;
        for (capital, charge) in self.capital[arrives..end].iter_mut().zip(charges) {
            *capital += paid * charge;
        }
        self.chips[arrives..end].iter_mut().for_each(|alive| *alive += chips);
        if scarcity_rate != 0.0 {
            self.scarcity_rate[arrives..end].iter_mut().for_each(|rate| *rate += chips * scarcity_rate);
        }
    }
}
