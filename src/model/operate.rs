//! How a lab runs a month: what it holds and hires, against what it wants (`docs/model.md §8`, §14).

use super::conditions::{self, When};
use super::ledger::{ChannelMonth, Kind, LabChannel, LabMonth};
use super::parameters::{Rental, Supply, Target};
use super::plan::Offer;
use super::rules::{Door, MonthRules};
use super::state::Holding;
use super::tranches::Tranches;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::market::Unsolved;
use crate::economics::rental::usable_hour_cost;
use crate::math::{InLanes, LANES, Lanes, rows};

/// What an operation needs to know.
pub struct Operator<'a> {
    /// Rules of the month, drivers, world.
    pub rules: MonthRules<'a>,
    /// The lab.
    pub lab: usize,
    /// Terms of all channels.
    pub terms: &'a [ChannelMonth<Lanes>],
}

impl Operator<'_> {
    /// Clears the lab's market of the month, signs what it uses of new contracts, and keeps the books.
    ///
    /// # Errors
    /// The first path whose market is not solved, and what the solver says.
    #[inline(always)]
    pub fn operate(
        &self,
        holdings: &mut [Holding],
        curves: &mut Vec<DemandCurve<Lanes>>,
        tranches: &mut Tranches,
        month: &mut LabMonth<Lanes>,
    ) -> Result<(), (usize, Unsolved)> {
        month.distillation = conditions::demand(&self.rules, self.lab, When::Now, curves);
        tranches.start(2 * self.lab + 1, curves);
        for (k, terms) in self.terms.iter().enumerate() {
            match &self.rules.regime.world.channels[k].supply {
                Supply::Rental(_) => self.rent(k, terms, &holdings[k], &mut month.channels[k], tranches),
                Supply::Owned(_) => self.own(k, terms, &holdings[k], &mut month.channels[k], tranches),
            }
        }
        tranches.solve(curves)?;
        for (w, curve) in curves.iter().enumerate() {
            month.planned_use[w] = curve.planned_use;
            month.price[w] = tranches.clearing.price[w];
            month.served[w] = tranches.clearing.served[w];
            let served = month.served[w];
            month.value_lost[w] = Lanes::each(
                #[inline(always)]
                |i| curve.lane(i).value_between(served[i], curve.planned_use[i]),
            );
        }
        for (k, kind, hours) in tranches.used() {
            let channel = &mut month.channels[k];
            for (w, hours) in rows(hours).enumerate() {
                channel.hours[kind as usize] += *hours;
                channel.work[w] += *hours * self.terms[k].rates[w];
            }
        }
        for (k, terms) in self.terms.iter().enumerate() {
            match &self.rules.regime.world.channels[k].supply {
                Supply::Rental(rental) => {
                    self.settle(k, terms, rental, &mut holdings[k], &mut month.channels[k])
                }
                Supply::Owned(owned) => {
                    let idle_share = self.rules.regime.drivers.now(owned.idle_share, self.rules.t);
                    self.charge(terms, idle_share, &holdings[k], &mut month.channels[k]);
                }
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn usable_hours(&self, k: usize) -> Lanes {
        self.terms[k].availability * HOURS_PER_MONTH
    }

    /// New contracts up to the plan, then spot.
    #[inline(always)]
    fn rent(
        &self,
        k: usize,
        terms: &ChannelMonth<Lanes>,
        holding: &Holding,
        books: &mut LabChannel<Lanes>,
        tranches: &mut Tranches,
    ) {
        let (world, t) = (self.rules.regime.world, self.rules.t);
        let lab = &world.labs[self.lab];
        let (door, committed) = (self.door(k), holding.book.committed());
        (books.committed_open, books.committed_leaked) = (committed.open, committed.leaked);
        let chips = terms.on_offer * self.rules.regime.drivers.now(lab.shares[k], t);
        let offer = Offer::of(chips, door, committed);
        let hours = self.usable_hours(k);
        let held = committed.total() * hours;
        let mut bound = (holding.planned_hours[t] - held).max(Lanes::ZERO);
        if t < world.lead {
            bound = Lanes::all(f64::INFINITY);
        } else if lab.sign_ahead {
            let unbounded: [bool; LANES] = self.rules.closing_soon(k);
            bound = Lanes::each(|i| if unbounded[i] { f64::INFINITY } else { bound[i] });
        }
        let (open, leaked) = (offer.open * hours, offer.leaked * hours);
        let new = open.min(bound);
        let new_leaked = leaked.min(bound - new);
        let per_usable_hour = |price: Lanes| {
            Lanes::each(|i| usable_hour_cost(price[i], terms.overhead[i], terms.availability[i]))
        };
        let (contract, spot) = (per_usable_hour(terms.contract_price), per_usable_hour(terms.spot_price));
        for (kind, capacity, cost) in [
            (Kind::Committed, held, Lanes::ZERO),
            (Kind::New, new, contract),
            (Kind::NewLeaked, new_leaked, contract * door.premium),
            (Kind::Spot, open - new, spot),
            (Kind::SpotLeaked, leaked - new_leaked, spot * door.premium),
        ] {
            books.capacity[kind as usize] = capacity;
            tranches.push(k, kind, capacity, cost, &terms.rates);
        }
    }

    #[inline(always)]
    fn own(
        &self,
        k: usize,
        terms: &ChannelMonth<Lanes>,
        holding: &Holding,
        books: &mut LabChannel<Lanes>,
        tranches: &mut Tranches,
    ) {
        books.chips = holding.fleet.chips;
        books.arrived = holding.fleet.arriving;
        books.usable_share = self.rules.door(Target::OwnedAccess, k).usable();
        let capacity = books.chips * books.usable_share * self.usable_hours(k);
        books.capacity[Kind::Fleet as usize] = capacity;
        tranches.push(k, Kind::Fleet, capacity, terms.energy_per_hour, &terms.rates);
    }

    #[inline(always)]
    fn door(&self, k: usize) -> Door<Lanes> {
        self.rules.door(Target::NewRental, k)
    }

    /// Signs for the new hours used and bills contracts and spot.
    #[inline(always)]
    fn settle(
        &self,
        k: usize,
        terms: &ChannelMonth<Lanes>,
        rental: &Rental,
        holding: &mut Holding,
        books: &mut LabChannel<Lanes>,
    ) {
        let (hours, premium, t) = (self.usable_hours(k), self.door(k).premium, self.rules.t);
        let chips = |kind: Kind| books.hours[kind as usize] / hours;
        let (open, leaked) = (chips(Kind::New), chips(Kind::NewLeaked));
        holding.book.sign(t, rental.term, open, terms.contract_price, false);
        holding.book.sign(t, rental.term, leaked, terms.contract_price * premium, true);
        (books.signed_open, books.signed_leaked) = (open, leaked);
        books.spend.contracts = holding.book.bill(terms.overhead);
        let (spot, spot_leaked) = (books.hours[Kind::Spot as usize], books.hours[Kind::SpotLeaked as usize]);
        books.spend.spot = Lanes::each(|i| {
            usable_hour_cost(terms.spot_price[i], terms.overhead[i], terms.availability[i])
                * (spot[i] + premium[i] * spot_leaked[i])
        });
    }

    /// Charges the fleet, used or not, and the energy of what runs and idles.
    #[inline(always)]
    fn charge(
        &self,
        terms: &ChannelMonth<Lanes>,
        idle_share: Lanes,
        holding: &Holding,
        books: &mut LabChannel<Lanes>,
    ) {
        let (run, usable) = (books.hours[Kind::Fleet as usize], books.capacity[Kind::Fleet as usize]);
        books.spend.capital = holding.fleet.capital;
        books.spend.building = terms.building_charge * books.chips;
        books.spend.operations = terms.operations_charge * books.chips;
        books.spend.energy = terms.energy_per_hour * run;
        books.idle_hours = idle_share * (usable - run).max(Lanes::ZERO);
        books.spend.idle_energy = terms.energy_per_hour * books.idle_hours;
        books.spend.scarcity = holding.fleet.scarcity_rate * HOURS_PER_MONTH * terms.availability;
    }
}
