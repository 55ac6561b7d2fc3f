//! How a lab runs a month: what it holds and hires, against what it wants (`docs/model.md §8`, §14).

use super::conditions::{self, When};
use super::ledger::{ChannelMonth, Kind, LabChannel, LabMonth};
use super::parameters::{Rental, Supply, Target};
use super::plan::Offer;
use super::rules::{Door, Regime};
use super::state::Holding;
use super::tranches::Tranches;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::Unsolved;
use crate::economics::rental::usable_hour_cost;

/// What an operation needs to know.
pub struct Operator<'a> {
    /// Rules, drivers, world.
    pub regime: Regime<'a>,
    /// The lab.
    pub lab: usize,
    /// The month.
    pub t: usize,
    /// Terms of all channels.
    pub terms: &'a [ChannelMonth],
}

impl Operator<'_> {
    /// Clears the lab's market of month `t`, signs what it uses of new contracts, and keeps the books.
    ///
    /// # Errors
    /// What the solver says.
    pub fn operate(
        &self,
        holdings: &mut [Holding],
        curves: &mut Vec<DemandCurve>,
        tranches: &mut Tranches,
        month: &mut LabMonth,
    ) -> Result<(), Unsolved> {
        month.distillation = conditions::demand(&self.regime, self.lab, self.t, When::Now, curves);
        tranches.start(2 * self.lab + 1, curves);
        for (k, terms) in self.terms.iter().enumerate() {
            match &self.regime.world.channels[k].supply {
                Supply::Rental(_) => self.rent(k, terms, &holdings[k], &mut month.channels[k], tranches),
                Supply::Owned(_) => self.own(k, terms, &holdings[k], &mut month.channels[k], tranches),
            }
        }
        tranches.solve(curves)?;
        for (w, curve) in curves.iter().enumerate() {
            month.planned_use[w] = curve.planned_use;
            month.price[w] = tranches.clearing.price[w];
            month.served[w] = tranches.clearing.served[w];
            month.value_lost[w] = curve.value_between(month.served[w], curve.planned_use);
        }
        for (k, kind, _, hours) in tranches.used() {
            let channel = &mut month.channels[k];
            for (w, hours) in hours.iter().enumerate() {
                channel.hours[kind as usize] += hours;
                channel.work[w] += hours * self.terms[k].rates[w];
            }
        }
        for (k, terms) in self.terms.iter().enumerate() {
            match &self.regime.world.channels[k].supply {
                Supply::Rental(rental) => {
                    self.settle(k, terms, rental, &mut holdings[k], &mut month.channels[k])
                }
                Supply::Owned(owned) => {
                    let idle_share = self.regime.drivers.now(owned.idle_share, self.t);
                    self.charge(terms, idle_share, &holdings[k], &mut month.channels[k]);
                }
            }
        }
        Ok(())
    }

    fn usable_hours(&self, k: usize) -> f64 {
        HOURS_PER_MONTH * self.terms[k].availability
    }

    /// New contracts up to the plan, then spot.
    fn rent(
        &self,
        k: usize,
        terms: &ChannelMonth,
        holding: &Holding,
        books: &mut LabChannel,
        tranches: &mut Tranches,
    ) {
        let world = self.regime.world;
        let lab = &world.labs[self.lab];
        let (door, committed) = (self.door(k), holding.book.committed());
        (books.committed_open, books.committed_leaked) = (committed.open, committed.leaked);
        let chips = terms.on_offer * self.regime.drivers.now(lab.shares[k], self.t);
        let offer = Offer::of(chips, door, committed);
        let hours = self.usable_hours(k);
        let unbounded = self.t < world.lead || lab.sign_ahead && self.regime.closing_soon(k, self.t);
        let bound = if unbounded {
            f64::INFINITY
        } else {
            (holding.planned_hours[self.t] - committed.total() * hours).max(0.0)
        };
        let (open, leaked) = (offer.open * hours, offer.leaked * hours);
        let new = open.min(bound);
        let new_leaked = leaked.min(bound - new);
        let contract = usable_hour_cost(terms.contract_price, terms.overhead, terms.availability);
        let spot = usable_hour_cost(terms.spot_price, terms.overhead, terms.availability);
        for (kind, capacity, cost) in [
            (Kind::Committed, committed.total() * hours, 0.0),
            (Kind::New, new, contract),
            (Kind::NewLeaked, new_leaked, contract * door.premium),
            (Kind::Spot, open - new, spot),
            (Kind::SpotLeaked, leaked - new_leaked, spot * door.premium),
        ] {
            books.capacity[kind as usize] = capacity;
            tranches.push(k, kind, capacity, cost, &terms.rates);
        }
    }

    fn own(
        &self,
        k: usize,
        terms: &ChannelMonth,
        holding: &Holding,
        books: &mut LabChannel,
        tranches: &mut Tranches,
    ) {
        books.chips = holding.fleet.chips[self.t];
        books.arrived = holding.fleet.arriving[self.t];
        books.usable_share = self.regime.door(Target::OwnedAccess, k, self.t).usable();
        let capacity = books.chips * books.usable_share * self.usable_hours(k);
        books.capacity[Kind::Fleet as usize] = capacity;
        tranches.push(k, Kind::Fleet, capacity, terms.energy_per_hour, &terms.rates);
    }

    fn door(&self, k: usize) -> Door {
        self.regime.door(Target::NewRental, k, self.t)
    }

    /// Signs for the new hours used and bills contracts and spot.
    fn settle(
        &self,
        k: usize,
        terms: &ChannelMonth,
        rental: &Rental,
        holding: &mut Holding,
        books: &mut LabChannel,
    ) {
        let (hours, premium) = (self.usable_hours(k), self.door(k).premium);
        let chips = |kind: Kind| books.hours[kind as usize] / hours;
        let (open, leaked) = (chips(Kind::New), chips(Kind::NewLeaked));
        holding.book.sign(self.t, rental.term, open, terms.contract_price, false);
        holding.book.sign(self.t, rental.term, leaked, terms.contract_price * premium, true);
        (books.signed_open, books.signed_leaked) = (open, leaked);
        books.spend.contracts = holding.book.bill(terms.overhead);
        books.spend.spot = usable_hour_cost(terms.spot_price, terms.overhead, terms.availability)
            * (books.hours[Kind::Spot as usize] + premium * books.hours[Kind::SpotLeaked as usize]);
    }

    /// Charges the fleet, used or not, and the energy of what runs and idles.
    fn charge(&self, terms: &ChannelMonth, idle_share: f64, holding: &Holding, books: &mut LabChannel) {
        let (run, usable) = (books.hours[Kind::Fleet as usize], books.capacity[Kind::Fleet as usize]);
        books.spend.capital = holding.fleet.capital[self.t];
        books.spend.building = terms.building_charge * books.chips;
        books.spend.operations = terms.operations_charge * books.chips;
        books.spend.energy = terms.energy_per_hour * run;
        books.idle_hours = idle_share * (usable - run).max(0.0);
        books.spend.idle_energy = terms.energy_per_hour * books.idle_hours;
        books.spend.scarcity = holding.fleet.scarcity_rate[self.t] * HOURS_PER_MONTH * terms.availability;
    }
}
