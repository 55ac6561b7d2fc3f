//! The account of an arm on a few paths: their months added up, and every monthly metric.

use super::{Catalogue, Totals};
use crate::economics::capital;
use crate::math::{InLanes, Lanes};
use crate::model::drivers::Drivers;
use crate::model::ledger::{ChannelMonth, MonthTrace, Trace};
use crate::model::parameters::World;

/// What is kept of an arm's months on a few paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Sums over all labs, by month.
    pub months: Vec<Totals>,
    /// Terms of the channels in month 0.
    pub first: Vec<ChannelMonth<Lanes>>,
    /// Present value of a dollar of each month.
    pub discount: Vec<Lanes>,
    /// By lab, then month; none where there is one lab.
    labs: Vec<Vec<Totals>>,
}

impl Account {
    /// The account of one path, which stands in every lane.
    pub fn of(catalogue: &Catalogue, world: &World, drivers: &Drivers, trace: &Trace) -> Account {
        let mut alike = Drivers::default();
        alike.gather(std::slice::from_ref(drivers));
        let mut account = Account::default();
        account.begin(world, &alike);
        let mut row = vec![Lanes::ZERO; catalogue.monthly.len()];
        for (t, month) in trace.months.iter().enumerate() {
            account.enter(catalogue, world, (t, &MonthTrace::spread(month)), &mut row);
        }
        account
    }

    /// Sums by month, over all labs or of one of several.
    pub fn totals(&self, lab: Option<usize>) -> &[Totals] {
        lab.map_or(&self.months, |lab| &self.labs[lab])
    }

    /// Starts the account of a few paths.
    pub fn begin(&mut self, world: &World, drivers: &Drivers<Lanes>) {
        let several = if world.labs.len() > 1 { world.labs.len() } else { 0 };
        self.months.resize_with(world.months, Totals::default);
        self.labs.resize_with(several, Vec::new);
        self.labs.iter_mut().for_each(|months| months.resize_with(world.months, Totals::default));
        self.discount.clear();
        self.discount.extend((0..world.months).map(|t| {
            let rate = drivers.now(world.discount_rate, t);
            let factor = |i: usize| capital::discount_factor(rate[i], t as f64);
            match rate.all_are(|of_one| of_one == rate[0]) {
                true => Lanes::all(factor(0)),
                false => Lanes::each(factor),
            }
        }));
    }

    /// Takes the first `months` months over from another arm's account of the same paths.
    pub fn share(&mut self, other: &Account, months: usize) {
        self.first.clone_from(&other.first);
        self.months[..months].clone_from_slice(&other.months[..months]);
        for (own, lab) in self.labs.iter_mut().zip(&other.labs) {
            own[..months].clone_from_slice(&lab[..months]);
        }
    }

    /// Enters month `t`, and writes every monthly metric of it into `row`, in the catalogue's order.
    #[inline(always)]
    pub fn enter(
        &mut self,
        catalogue: &Catalogue,
        world: &World,
        (t, month): (usize, &MonthTrace<Lanes>),
        row: &mut [Lanes],
    ) {
        if t == 0 {
            self.first.clone_from(&month.channels);
        }
        self.months[t].fill(world, month, &month.labs);
        self.months[t].compare_offers(world, month);
        for (months, lab) in self.labs.iter_mut().zip(&month.labs) {
            months[t].fill(world, month, std::slice::from_ref(lab));
        }
        let mut row = row.iter_mut();
        for (lab, metrics) in &catalogue.unnamed {
            let totals = &self.totals(*lab)[t];
            for (metric, value) in metrics.iter().zip(&mut row) {
                *value = metric.value(world, &month.channels, totals);
            }
        }
    }
}
