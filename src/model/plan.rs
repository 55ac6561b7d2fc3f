//! How a lab builds: the market it expects when today's orders arrive (`docs/model.md §8`, §14).

use super::conditions::{self, When};
use super::ledger::{ChannelMonth, Kind, LabMonth, PerWorkload};
use super::parameters::{Origin, Supply, Target};
use super::rules::{Door, MonthRules};
use super::state::Holding;
use super::supply::rental::Committed;
use super::tranches::Tranches;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::learning;
use crate::economics::market::Unsolved;
use crate::economics::rental::usable_hour_cost;
use crate::math::{Bits, Lanes, rows, sum};

/// What a plan needs to know.
pub struct Planner<'a> {
    /// Rules of the month in which it plans, drivers, world.
    pub rules: MonthRules<'a>,
    /// The lab.
    pub lab: usize,
    /// Terms of all channels.
    pub terms: &'a [ChannelMonth<Lanes>],
}

impl Planner<'_> {
    /// Plans for month `t + lead`: orders chips, and writes down planned use and prices.
    ///
    /// # Errors
    /// The first path whose market is not solved, and what the solver says.
    #[inline(always)]
    pub fn plan(
        &self,
        holdings: &mut [Holding],
        curves: &mut Vec<DemandCurve<Lanes>>,
        tranches: &mut Tranches,
        month: &mut LabMonth<Lanes>,
    ) -> Result<(), (usize, Unsolved)> {
        conditions::demand(&self.rules, self.lab, When::Planned, curves);
        self.hedge(holdings, curves, month);
        tranches.start(2 * self.lab, curves);
        for (k, terms) in self.terms.iter().enumerate() {
            match self.rules.regime.world.channels[k].supply {
                Supply::Rental(_) => self.rent(k, terms, &holdings[k], tranches),
                Supply::Owned(_) => {
                    self.own(k, terms, &holdings[k], month.channels[k].hedge_orders, tranches)
                }
            }
        }
        tranches.solve(curves)?;
        let price = &tranches.clearing.price;
        month.plan_price[..price.len()].copy_from_slice(price);
        for (k, kind, hours) in tranches.used() {
            let hours = sum(hours.iter().copied());
            match kind {
                Kind::Buy => {
                    let usable = self.usable_hours(k) * self.usable_share(k);
                    month.channels[k].orders += hours.above(Lanes::ZERO).keep(hours / usable);
                }
                Kind::Committed | Kind::New | Kind::NewLeaked => month.channels[k].planned_hours += hours,
                Kind::Spot | Kind::SpotLeaked | Kind::Fleet => {}
            }
        }
        for (holding, books) in holdings.iter_mut().zip(&month.channels) {
            if let Some(planned) = holding.planned_hours.get_mut(self.then()) {
                *planned = books.planned_hours;
            }
        }
        Ok(())
    }

    /// What an hour of channel `k` is worth in the plan, USD.
    #[inline(always)]
    pub fn worth(&self, k: usize, plan_price: &PerWorkload<Lanes>) -> Lanes {
        let prices = &plan_price[..self.rules.regime.world.workloads.len()];
        let mut best = Lanes::ZERO;
        for (price, rate) in rows(prices.iter().zip(&self.terms[k].rates_planned)) {
            let worth = *price * *rate;
            best = best.or_larger(worth);
        }
        best
    }

    /// Scarcity rent by this plan of chips of channel `k`, USD per usable hour.
    #[inline(always)]
    pub fn scarcity_rate(&self, k: usize, plan_price: &PerWorkload<Lanes>) -> Lanes {
        let channel = &self.rules.regime.world.channels[k];
        match &channel.supply {
            Supply::Owned(owned) if matches!(channel.origin, Origin::Domestic | Origin::Grey) => {
                let share = self.rules.regime.drivers.now(owned.scarcity_rent_share, 0);
                let (worth, cost) = (self.worth(k, plan_price), self.terms[k].buy_cost_planned);
                Lanes::each(|i| learning::scarcity_rent(share[i], worth[i], cost[i]))
            }
            _ => Lanes::ZERO,
        }
    }

    #[inline(always)]
    fn then(&self) -> usize {
        self.rules.t + self.rules.regime.world.lead
    }

    #[inline(always)]
    fn share(&self, k: usize) -> Lanes {
        let regime = &self.rules.regime;
        regime.drivers.now(regime.world.labs[self.lab].shares[k], self.rules.t)
    }

    #[inline(always)]
    fn door(&self, target: Target, k: usize) -> Door<Lanes> {
        let regime = &self.rules.regime;
        let anticipation = regime.drivers.now(regime.world.labs[self.lab].anticipation, self.rules.t);
        self.rules.door_planned(target, k, anticipation)
    }

    /// Usable hours of a chip of channel `k` in month `t + lead`.
    #[inline(always)]
    fn usable_hours(&self, k: usize) -> Lanes {
        let regime = &self.rules.regime;
        regime.drivers.ahead(regime.world.channels[k].availability, self.rules.t) * HOURS_PER_MONTH
    }

    #[inline(always)]
    fn usable_share(&self, k: usize) -> Lanes {
        self.door(Target::OwnedAccess, k).usable()
    }

    #[inline(always)]
    fn rent(&self, k: usize, terms: &ChannelMonth<Lanes>, holding: &Holding, tranches: &mut Tranches) {
        let door = self.door(Target::NewRental, k);
        let committed = holding.book.committed_planned();
        let offer = Offer::of(terms.on_offer_planned * self.share(k), door, committed);
        let hours = self.usable_hours(k);
        let availability = hours / HOURS_PER_MONTH;
        let cost = Lanes::each(|i| {
            usable_hour_cost(terms.contract_price_planned[i], terms.overhead_planned[i], availability[i])
        });
        let rates = &terms.rates_planned;
        tranches.push(k, Kind::Committed, committed.total() * hours, Lanes::ZERO, rates);
        tranches.push(k, Kind::New, offer.open * hours, cost, rates);
        tranches.push(k, Kind::NewLeaked, offer.leaked * hours, cost * door.premium, rates);
    }

    #[inline(always)]
    fn own(
        &self,
        k: usize,
        terms: &ChannelMonth<Lanes>,
        holding: &Holding,
        hedge: Lanes,
        tranches: &mut Tranches,
    ) {
        let hours = self.usable_hours(k) * self.usable_share(k);
        let fleet = holding.fleet.planned() + hedge;
        let supply = (terms.supply * self.share(k) - hedge).max(Lanes::ZERO);
        let rates = &terms.rates_planned;
        tranches.push(k, Kind::Fleet, fleet * hours, terms.energy_per_hour_planned, rates);
        tranches.push(k, Kind::Buy, supply * hours, terms.buy_cost_planned, rates);
    }

    /// Orders domestic chips until they cover the lab's hedge share of planned use, cheapest first.
    ///     target = hedge_share · ΣQ_w(t + L) − Σ K · ē over the domestic fleet,  ē = ΣQ_w e_w / ΣQ_w
    #[inline(always)]
    fn hedge(&self, holdings: &[Holding], curves: &[DemandCurve<Lanes>], month: &mut LabMonth<Lanes>) {
        let (world, drivers) = (self.rules.regime.world, self.rules.regime.drivers);
        let share = drivers.now(world.labs[self.lab].hedge_share, self.rules.t);
        if share.all_are(|share| share == 0.0) {
            return;
        }
        let planned = sum(curves.iter().map(|curve| curve.planned_use));
        let is_domestic = |k: usize| {
            let channel = &world.channels[k];
            channel.origin == Origin::Domestic && matches!(channel.supply, Supply::Owned(_))
        };
        // By channel: where it stands, what work costs of it, and what a chip does.
        let mut domestic = Vec::with_capacity(world.channels.len());
        let mut held = Lanes::ZERO;
        for k in (0..world.channels.len()).filter(|&k| is_domestic(k)) {
            let weighted = curves.iter().zip(&self.terms[k].rates_planned);
            let rate = sum(weighted.map(|(curve, e)| curve.planned_use * *e)) / planned;
            let work = rate * self.usable_hours(k) * self.usable_share(k);
            let serves = rate.above(Lanes::ZERO);
            held += serves.keep(holdings[k].fleet.planned() * work);
            let work = serves.keep(work);
            domestic.push((k, self.terms[k].buy_cost_planned / rate, work));
        }
        let wanting = share.is_not(0.0) & planned.is_not(0.0);
        let mut missing = share * planned - held;
        if !(wanting & missing.above(Lanes::ZERO)).any() {
            return;
        }
        // By chip: how many come before it.
        let mut ranks = Vec::with_capacity(domestic.len());
        for (place, &(_, cost, _)) in domestic.iter().enumerate() {
            let mut rank = Bits::default();
            for (at, (_, other, _)) in rows(domestic.iter().enumerate()) {
                let first = if at < place { cost.reaches(*other) } else { cost.above(*other) };
                rank = rank + (first & 1);
            }
            ranks.push(rank);
        }
        for turn in 0..domestic.len() {
            for (&(k, _, work), rank) in rows(domestic.iter().zip(&ranks)) {
                let orders = wanting & rank.is(turn as u64) & missing.above(Lanes::ZERO) & work.is_not(0.0);
                if !orders.any() {
                    continue;
                }
                let most = self.terms[k].supply * self.share(k);
                let chips = (missing / work).min(most);
                let order = &mut month.channels[k];
                order.hedge_orders = orders.pick(chips, order.hedge_orders);
                order.orders = orders.pick(chips, order.orders);
                missing = orders.pick(missing - chips * work, missing);
            }
        }
    }
}

/// Chips for hire beyond what is under contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// Through the open door.
    pub open: Lanes,
    /// At the leaky price.
    pub leaked: Lanes,
}

impl Offer {
    /// What a door leaves of `n` chips on offer, `committed` of them under contract.
    ///     B = max(0, N − C_o − C_l),  open = clamp(a·N − C_o, 0, B),  leaked = clamp(l·N − C_l, 0, B − open)
    /// a: share open; l: share that leaks. Units: chips. Source: `docs/model.md §9`.
    #[inline(always)]
    pub fn of(n: Lanes, door: Door<Lanes>, committed: Committed<Lanes>) -> Offer {
        let clamp = |x: f64, most: f64| x.max(0.0).min(most);
        let free = Lanes::each(|i| (n[i] - committed.open[i] - committed.leaked[i]).max(0.0));
        let open = Lanes::each(|i| clamp(door.open[i] * n[i] - committed.open[i], free[i]));
        let leaked = Lanes::each(|i| clamp(door.leaked[i] * n[i] - committed.leaked[i], free[i] - open[i]));
        Offer { open, leaked }
    }
}
