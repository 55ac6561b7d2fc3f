//! How a lab builds: the market it expects when today's orders arrive (`docs/model.md §8`, §14).

use super::conditions::{self, When};
use super::ledger::{ChannelMonth, Kind, LabMonth, PerWorkload};
use super::parameters::{Origin, Supply, Target};
use super::rules::Regime;
use super::state::Holding;
use super::tranches::Tranches;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::demand::DemandCurve;
use crate::economics::learning;
use crate::economics::market::Unsolved;

/// What a plan needs to know.
pub struct Planner<'a> {
    /// Rules, drivers, world.
    pub regime: Regime<'a>,
    /// The lab.
    pub lab: usize,
    /// The month in which it plans.
    pub t: usize,
    /// Terms of all channels.
    pub terms: &'a [ChannelMonth],
}

impl Planner<'_> {
    /// Plans for month `t + lead`: orders chips, writes down planned use and scarcity rents, and returns, by channel, what
    /// an hour is worth in the plan over what it costs.
    ///
    /// # Errors
    /// What the solver says.
    pub fn plan(
        &self,
        holdings: &mut [Holding],
        curves: &mut Vec<DemandCurve>,
        tranches: &mut Tranches,
        month: &mut LabMonth,
    ) -> Result<(), Unsolved> {
        conditions::demand(&self.regime, self.lab, self.t, When::Planned, curves);
        self.hedge(holdings, curves, month);
        tranches.start(2 * self.lab, curves);
        for (k, terms) in self.terms.iter().enumerate() {
            match self.regime.world.channels[k].supply {
                Supply::Rental(_) => self.rent(k, terms, &holdings[k], tranches),
                Supply::Owned(_) => {
                    self.own(k, terms, &holdings[k], month.channels[k].hedge_orders, tranches)
                }
            }
        }
        tranches.solve(curves)?;
        let price = &tranches.clearing.price;
        month.plan_price[..price.len()].copy_from_slice(price);
        for (k, kind, _, hours) in tranches.used() {
            let hours: f64 = hours.iter().sum();
            match kind {
                Kind::Buy => {
                    month.channels[k].orders += hours / (self.usable_hours(k) * self.usable_share(k))
                }
                Kind::Committed | Kind::New | Kind::NewLeaked => month.channels[k].planned_hours += hours,
                Kind::Spot | Kind::SpotLeaked | Kind::Fleet => {}
            }
        }
        for (k, holding) in holdings.iter_mut().enumerate() {
            holding.planned_hours[self.t + self.regime.world.lead] = month.channels[k].planned_hours;
        }
        Ok(())
    }

    /// What an hour of channel `k` is worth in the plan, USD.
    pub fn worth(&self, k: usize, plan_price: &PerWorkload) -> f64 {
        plan_price[..self.regime.world.workloads.len()]
            .iter()
            .zip(&self.terms[k].rates_planned)
            .map(|(price, rate)| price * rate)
            .fold(0.0, |best, worth| if worth > best { worth } else { best })
    }

    /// Scarcity rent by this plan of chips of channel `k`, USD per usable hour.
    pub fn scarcity_rate(&self, k: usize, plan_price: &PerWorkload) -> f64 {
        let channel = &self.regime.world.channels[k];
        match &channel.supply {
            Supply::Owned(owned) if matches!(channel.origin, Origin::Domestic | Origin::Grey) => {
                learning::scarcity_rent(
                    self.regime.drivers.now(owned.scarcity_rent_share, 0),
                    self.worth(k, plan_price),
                    self.terms[k].buy_cost_planned,
                )
            }
            _ => 0.0,
        }
    }

    fn then(&self) -> usize {
        self.t + self.regime.world.lead
    }

    fn share(&self, k: usize) -> f64 {
        self.regime.drivers.now(self.regime.world.labs[self.lab].shares[k], self.t)
    }

    fn anticipation(&self) -> f64 {
        self.regime.drivers.now(self.regime.world.labs[self.lab].anticipation, self.t)
    }

    /// Usable hours of a chip of channel `k` in month `t + lead`.
    fn usable_hours(&self, k: usize) -> f64 {
        HOURS_PER_MONTH * self.regime.drivers.ahead(self.regime.world.channels[k].availability, self.t)
    }

    fn usable_share(&self, k: usize) -> f64 {
        self.regime.door_planned(Target::OwnedAccess, k, self.t, self.anticipation()).usable()
    }

    fn rent(&self, k: usize, terms: &ChannelMonth, holding: &Holding, tranches: &mut Tranches) {
        let door = self.regime.door_planned(Target::NewRental, k, self.t, self.anticipation());
        let committed = holding.book.committed_planned();
        let offer = Offer::of(terms.on_offer_planned * self.share(k), door, committed);
        let hours = self.usable_hours(k);
        let availability = hours / HOURS_PER_MONTH;
        let cost = crate::economics::rental::usable_hour_cost(
            terms.contract_price_planned,
            terms.overhead_planned,
            availability,
        );
        tranches.push(k, Kind::Committed, committed.total() * hours, 0.0, &terms.rates_planned);
        tranches.push(k, Kind::New, offer.open * hours, cost, &terms.rates_planned);
        tranches.push(k, Kind::NewLeaked, offer.leaked * hours, cost * door.premium, &terms.rates_planned);
    }

    fn own(&self, k: usize, terms: &ChannelMonth, holding: &Holding, hedge: f64, tranches: &mut Tranches) {
        let hours = self.usable_hours(k) * self.usable_share(k);
        let fleet = holding.fleet.chips[self.then()] + hedge;
        let supply = (terms.supply * self.share(k) - hedge).max(0.0);
        tranches.push(k, Kind::Fleet, fleet * hours, terms.energy_per_hour_planned, &terms.rates_planned);
        tranches.push(k, Kind::Buy, supply * hours, terms.buy_cost_planned, &terms.rates_planned);
    }

    /// Orders domestic chips until they cover the lab's hedge share of planned use, cheapest first.
    ///     target = hedge_share · ΣQ_w(t + L) − Σ K · ē over the domestic fleet,  ē = ΣQ_w e_w / ΣQ_w
    fn hedge(&self, holdings: &[Holding], curves: &[DemandCurve], month: &mut LabMonth) {
        let world = self.regime.world;
        let share = self.regime.drivers.now(world.labs[self.lab].hedge_share, self.t);
        let planned: f64 = curves.iter().map(|curve| curve.planned_use).sum();
        if share == 0.0 || planned == 0.0 {
            return;
        }
        let mean_rate = |k: usize| {
            let weighted =
                curves.iter().zip(&self.terms[k].rates_planned).map(|(curve, e)| curve.planned_use * e);
            weighted.sum::<f64>() / planned
        };
        let mut domestic: Vec<(f64, usize, f64)> = (0..world.channels.len())
            .filter(|&k| world.channels[k].origin == Origin::Domestic)
            .filter(|&k| matches!(world.channels[k].supply, Supply::Owned(_)))
            .map(|k| (k, mean_rate(k)))
            .filter(|&(_, rate)| rate > 0.0)
            .map(|(k, rate)| {
                (self.terms[k].buy_cost_planned / rate, k, rate * self.usable_hours(k) * self.usable_share(k))
            })
            .collect();
        let held: f64 =
            domestic.iter().map(|&(_, k, work)| holdings[k].fleet.chips[self.then()] * work).sum();
        let mut missing = share * planned - held;
        domestic.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, k, work) in domestic {
            if missing <= 0.0 || work == 0.0 {
                continue;
            }
            let chips = (missing / work).min(self.terms[k].supply * self.share(k));
            month.channels[k].hedge_orders = chips;
            month.channels[k].orders = chips;
            missing -= chips * work;
        }
    }
}

/// Chips for hire beyond what is under contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Offer {
    /// Through the open door.
    pub open: f64,
    /// At the leaky price.
    pub leaked: f64,
}

impl Offer {
    /// What a door leaves of `n` chips on offer, `committed` of them under contract.
    ///     B = max(0, N − C_o − C_l),  open = clamp(a·N − C_o, 0, B),  leaked = clamp(l·N − C_l, 0, B − open)
    /// a: share open; l: share that leaks. Units: chips. Source: `docs/model.md §9`.
    pub fn of(n: f64, door: super::rules::Door, committed: super::supply::rental::Committed) -> Offer {
        let free = (n - committed.open - committed.leaked).max(0.0);
        let open = (door.open * n - committed.open).clamp(0.0, free);
        let leaked = (door.leaked * n - committed.leaked).clamp(0.0, free - open);
        Offer { open, leaked }
    }
}
