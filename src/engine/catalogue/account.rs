//! A path's account of one arm: its months added up, and every monthly metric.

use super::{Catalogue, Totals};
use crate::economics::capital;
use crate::model::drivers::Drivers;
use crate::model::ledger::{ChannelMonth, MonthTrace, Trace};
use crate::model::parameters::World;

/// What is kept of an arm's months on a path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// Sums over all labs, by month.
    pub months: Vec<Totals>,
    /// Terms of the channels in month 0.
    pub first: Vec<ChannelMonth>,
    /// Present value of a dollar of each month.
    pub discount: Vec<f64>,
    /// By lab, then month; none where there is one lab.
    labs: Vec<Vec<Totals>>,
}

impl Account {
    /// The account of a trace.
    pub fn of(catalogue: &Catalogue, world: &World, drivers: &Drivers, trace: &Trace) -> Account {
        let mut account = Account::default();
        account.begin(world, drivers);
        let mut row = vec![0.0; catalogue.monthly.len()];
        for (t, month) in trace.months.iter().enumerate() {
            account.enter(catalogue, world, (t, month), &mut row);
        }
        account
    }

    /// Sums by month, over all labs or of one of several.
    pub fn totals(&self, lab: Option<usize>) -> &[Totals] {
        lab.map_or(&self.months, |lab| &self.labs[lab])
    }

    /// Starts the account of a path.
    pub fn begin(&mut self, world: &World, drivers: &Drivers) {
        let several = if world.labs.len() > 1 { world.labs.len() } else { 0 };
        self.months.resize_with(world.months, Totals::default);
        self.labs.resize_with(several, Vec::new);
        self.labs.iter_mut().for_each(|months| months.resize_with(world.months, Totals::default));
        self.discount.clear();
        self.discount.extend(
            (0..world.months)
                .map(|t| capital::discount_factor(drivers.now(world.discount_rate, t), t as f64)),
        );
    }

    /// Takes the first `months` months over from another arm's account of the same path.
    pub fn share(&mut self, other: &Account, months: usize) {
        self.first.clone_from(&other.first);
        self.months[..months].clone_from_slice(&other.months[..months]);
        for (own, lab) in self.labs.iter_mut().zip(&other.labs) {
            own[..months].clone_from_slice(&lab[..months]);
        }
    }

    /// Enters month `t`, and writes every monthly metric of it into `row`, in the catalogue's order.
    pub fn enter(
        &mut self,
        catalogue: &Catalogue,
        world: &World,
        (t, month): (usize, &MonthTrace),
        row: &mut [f64],
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
