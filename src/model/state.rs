//! What carries over from month to month: holdings, and the memory of feedbacks (`docs/model.md §8`).

use super::drivers::Drivers;
use super::parameters::{Owned, Rental, World};
use super::supply::owned::{Finance, Fleet};
use super::supply::rental::Book;
use crate::economics::{learning, rental};
use crate::math::Lanes;

/// State of an arm on a few paths at the start of a month.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By channel.
    pub channels: Vec<ChannelState>,
    /// By lab, then channel.
    pub holdings: Vec<Vec<Holding>>,
}

/// What a channel remembers.
#[derive(Clone, Debug, Default)]
pub struct ChannelState {
    /// Owned: chips ordered since the start by the labs and the rest of the market.
    pub ordered: Lanes,
    /// Owned: worth of an hour over its cost in each month's plan so far, averaged over labs.
    pub worth_ratios: Vec<Lanes>,
    /// Rental: hours used over hours on offer last month.
    pub used_share: Lanes,
    /// Rental: the same in the first month with chips on offer; 0 before it.
    pub first_used_share: Lanes,
    /// Rental: 1 from the first month with chips on offer on, 0 before it.
    offered: Lanes,
}

/// What a lab holds of a channel.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    /// Contracts.
    pub book: Book,
    /// Chips.
    pub fleet: Fleet,
    /// Use planned for each month, usable hours.
    pub planned_hours: Vec<Lanes>,
    /// Scarcity rent by the last plan, USD per usable hour.
    pub scarcity_rate: Lanes,
}

impl State {
    /// Makes room for `world` and forgets everything.
    pub fn begin(&mut self, world: &World) {
        let columns = world.months + world.lead;
        self.channels.resize_with(world.channels.len(), ChannelState::default);
        self.holdings.resize_with(world.labs.len(), Vec::new);
        for state in &mut self.channels {
            let mut worth_ratios = std::mem::take(&mut state.worth_ratios);
            worth_ratios.clear();
            *state = ChannelState { worth_ratios, ..ChannelState::default() };
        }
        for holdings in &mut self.holdings {
            holdings.resize_with(world.channels.len(), Holding::default);
            for holding in holdings {
                holding.book.begin(Lanes::ZERO, Lanes::ZERO, 1);
                holding.fleet.clear(columns);
                holding.planned_hours.clear();
                holding.planned_hours.resize(columns, Lanes::ZERO);
                holding.scarcity_rate = Lanes::ZERO;
            }
        }
    }
}

impl ChannelState {
    /// Factors of learning on price and MFU this month.
    #[inline(always)]
    pub fn learning(&self, owned: &Owned, finance: &Finance, drivers: &Drivers<Lanes>) -> (Lanes, Lanes) {
        let at = |slot| drivers.now(slot, 0);
        let (price, mfu) = finance.learning_exponents;
        let learns = |exponents: &Lanes| exponents.any(|exponent| exponent != 0.0);
        let Some(start) = owned.cumulative.filter(|_| learns(&price) || learns(&mfu)) else {
            return (Lanes::ONE, Lanes::ONE);
        };
        let start = at(start);
        let cumulative = start + self.ordered;
        let ceiling = at(owned.mfu_learning_ceiling);
        let factor = |exponent: Lanes, factor: &dyn Fn(usize) -> f64| {
            if !learns(&exponent) {
                return Lanes::ONE;
            }
            Lanes::each(|i| if exponent[i] == 0.0 { 1.0 } else { factor(i) })
        };
        (
            factor(price, &|i| learning::price_factor(cumulative[i], start[i], price[i])),
            factor(mfu, &|i| learning::mfu_factor(cumulative[i], start[i], mfu[i], ceiling[i])),
        )
    }

    /// Factor of the supply response in month `t`.
    #[inline(always)]
    pub fn supply_response(&self, owned: &Owned, drivers: &Drivers<Lanes>, t: usize) -> Lanes {
        let eta = drivers.now(owned.supply_response, 0);
        let delay = owned.supply_response_delay.max(1);
        if t < delay || eta.all_are(|eta| eta == 0.0) {
            return Lanes::ONE;
        }
        let cap = drivers.now(owned.supply_response_cap, 0);
        let (then, first) = (&self.worth_ratios[t - delay], &self.worth_ratios[0]);
        Lanes::each(|i| match eta[i] {
            0.0 => 1.0,
            eta => learning::supply_response(then[i], first[i], eta, cap[i]),
        })
    }

    /// Factor of the labs' use on the rent this month.
    #[inline(always)]
    pub fn rent_response(&self, terms: &Rental, drivers: &Drivers<Lanes>, t: usize) -> Lanes {
        let response = drivers.now(terms.rent_response, t);
        if response.all_are(|response| response == 0.0) {
            return Lanes::ONE;
        }
        Lanes::each(|i| rental::rent_response(self.used_share[i], self.first_used_share[i], response[i]))
    }

    /// Remembers the month's use of a rental channel on the paths where it has chips on offer.
    #[inline(always)]
    pub fn remember_use(&mut self, used_hours: Lanes, hours_on_offer: Lanes) {
        let (used, first, offered) = (self.used_share, self.first_used_share, self.offered);
        let share = |i: usize| used_hours[i] / hours_on_offer[i];
        self.used_share = Lanes::each(|i| if hours_on_offer[i] > 0.0 { share(i) } else { used[i] });
        self.first_used_share =
            Lanes::each(|i| if hours_on_offer[i] > 0.0 && offered[i] == 0.0 { share(i) } else { first[i] });
        self.offered = Lanes::each(|i| if hours_on_offer[i] > 0.0 { 1.0 } else { offered[i] });
    }
}
