//! What carries over from month to month: holdings, and the memory of feedbacks (`docs/model.md §8`).

use super::drivers::Drivers;
use super::parameters::{Owned, Rental, Supply, World};
use super::supply::owned::{Finance, Fleet};
use super::supply::rental::Book;
use crate::economics::{learning, rental};
use crate::math::Lanes;

/// Share of the chips on offer below which their use is the rounding of a market.
const LEAST_USED_SHARE: f64 = 1e-9;

/// State of an arm on a few paths at the start of a month. A state copied onto another, here as below, keeps to the memory
/// that is there.
#[derive(Debug, Default)]
pub struct State {
    /// By channel.
    pub channels: Vec<ChannelState>,
    /// By lab, then channel.
    pub holdings: Vec<Vec<Holding>>,
}

/// What a channel remembers.
#[derive(Debug, Default)]
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
#[derive(Debug, Default)]
pub struct Holding {
    /// Contracts.
    pub book: Book,
    /// Chips.
    pub fleet: Fleet,
    /// Rental: use planned for each month, usable hours.
    pub planned_hours: Vec<Lanes>,
    /// Scarcity rent by the last plan, USD per usable hour.
    pub scarcity_rate: Lanes,
}

impl Clone for State {
    fn clone(&self) -> State {
        State { channels: self.channels.clone(), holdings: self.holdings.clone() }
    }

    fn clone_from(&mut self, from: &State) {
        self.channels.clone_from(&from.channels);
        self.holdings.clone_from(&from.holdings);
    }
}

copied_in_place!(ChannelState { worth_ratios });
copied_in_place!(Holding { book, fleet, planned_hours });

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
            for (holding, channel) in holdings.iter_mut().zip(&world.channels) {
                holding.book.begin(Lanes::ZERO, Lanes::ZERO, 1);
                holding.fleet.clear();
                holding.planned_hours.clear();
                if let Supply::Rental(_) = channel.supply {
                    holding.planned_hours.resize(columns, Lanes::ZERO);
                }
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
        let mut factors = (Lanes::ONE, Lanes::ONE);
        if learns(&price) {
            factors.0 = Lanes::each(
                #[inline(always)]
                |i| {
                    let factor = learning::price_factor(cumulative[i], start[i], price[i]);
                    if price[i] == 0.0 { 1.0 } else { factor }
                },
            );
        }
        if learns(&mfu) {
            factors.1 = Lanes::each(
                #[inline(always)]
                |i| {
                    let factor = learning::mfu_factor(cumulative[i], start[i], mfu[i], ceiling[i]);
                    if mfu[i] == 0.0 { 1.0 } else { factor }
                },
            );
        }
        factors
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
        Lanes::each(
            #[inline(always)]
            |i| {
                let response = learning::supply_response(then[i], first[i], eta[i], cap[i]);
                if eta[i] == 0.0 { 1.0 } else { response }
            },
        )
    }

    /// Factor of the labs' use on the rent this month.
    #[inline(always)]
    pub fn rent_response(&self, terms: &Rental, drivers: &Drivers<Lanes>, t: usize) -> Lanes {
        let response = drivers.now(terms.rent_response, t);
        if response.all_are(|response| response == 0.0) {
            return Lanes::ONE;
        }
        Lanes::each(
            #[inline(always)]
            |i| rental::rent_response(self.used_share[i], self.first_used_share[i], response[i]),
        )
    }

    /// Remembers the month's use of a rental channel on the paths where it has chips on offer. What a market leaves by rounding is
    /// no use, or rents would answer to its multiples.
    #[inline(always)]
    pub fn remember_use(&mut self, used_hours: Lanes, hours_on_offer: Lanes) {
        let (used, offers) = (used_hours / hours_on_offer, hours_on_offer.above(Lanes::ZERO));
        let share = used.above(Lanes::all(LEAST_USED_SHARE)).keep(used);
        let is_first = offers & !self.offered.is_not(0.0);
        self.used_share = offers.pick(share, self.used_share);
        self.first_used_share = is_first.pick(share, self.first_used_share);
        self.offered = offers.pick(Lanes::ONE, self.offered);
    }
}
