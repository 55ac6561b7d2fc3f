//! What carries over from month to month: holdings, and the memory of feedbacks (`docs/model.md §8`).

use super::drivers::Drivers;
use super::parameters::{Owned, Rental, Supply, World};
use super::supply::owned::Fleet;
use super::supply::rental::Book;
use crate::economics::capital::DecliningAnnuity;
use crate::economics::learning;
use crate::economics::ownership::Terms;
use crate::economics::rental;

/// State of an arm on a path at the start of a month.
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
    /// Owned: finance and life on this path.
    pub terms: Option<Terms>,
    /// Owned: capital charge per USD in month m of life, at m − 1.
    pub charges: Vec<f64>,
    /// Owned: exponents of learning on price and on MFU; 0 where there is none.
    pub learning_exponents: (f64, f64),
    /// Owned: monthly charge per USD of building.
    pub building_factor: f64,
    /// Owned: chips ordered since the start by the labs and the rest of the market.
    pub ordered: f64,
    /// Owned: worth of an hour over its cost in each month's plan so far, averaged over labs.
    pub worth_ratios: Vec<f64>,
    /// Rental: hours used over hours on offer last month.
    pub used_share: f64,
    /// Rental: the same in the first month with chips on offer; none before it.
    pub first_used_share: Option<f64>,
}

/// What a lab holds of a channel.
#[derive(Clone, Debug, Default)]
pub struct Holding {
    /// Contracts.
    pub book: Book,
    /// Chips.
    pub fleet: Fleet,
    /// Use planned for each month, usable hours.
    pub planned_hours: Vec<f64>,
    /// Scarcity rent by the last plan, USD per usable hour.
    pub scarcity_rate: f64,
}

impl State {
    /// Makes room for `world` and forgets everything.
    pub fn begin(&mut self, world: &World, drivers: &Drivers) {
        let columns = world.months + world.lead;
        self.channels.resize_with(world.channels.len(), ChannelState::default);
        self.holdings.resize_with(world.labs.len(), Vec::new);
        for (channel, state) in world.channels.iter().zip(&mut self.channels) {
            state.ordered = 0.0;
            state.worth_ratios.clear();
            state.used_share = 0.0;
            state.first_used_share = None;
            state.terms = None;
            if let Supply::Owned(owned) = &channel.supply {
                let region = &world.regions[channel.region];
                let at = |slot| drivers.now(slot, 0);
                let terms = Terms::new(
                    at(region.wacc),
                    at(owned.life_years),
                    at(owned.residual),
                    at(owned.price_decline),
                );
                state.charges.clear();
                state.charges.extend((1..=terms.life_months).scan(terms.annuity.factor, |charge, _| {
                    *charge *= terms.annuity.decay;
                    Some(*charge)
                }));
                state.building_factor = DecliningAnnuity::new(
                    at(region.wacc),
                    (12.0 * at(region.shell_life_years)).round().max(1.0),
                    0.0,
                )
                .charge(1.0);
                state.terms = Some(terms);
                let exponent = |slot| match at(slot) {
                    0.0 => 0.0,
                    rate => learning::exponent(rate),
                };
                state.learning_exponents = (exponent(owned.learning_rate), exponent(owned.mfu_learning_rate));
            }
        }
        for holdings in &mut self.holdings {
            holdings.resize_with(world.channels.len(), Holding::default);
            for holding in holdings {
                holding.book.begin(0.0, 0.0, 1);
                holding.fleet.clear(columns);
                holding.planned_hours.clear();
                holding.planned_hours.resize(columns, 0.0);
                holding.scarcity_rate = 0.0;
            }
        }
    }
}

impl ChannelState {
    /// Factors of learning on price and MFU this month.
    pub fn learning(&self, owned: &Owned, drivers: &Drivers) -> (f64, f64) {
        let at = |slot| drivers.now(slot, 0);
        let (price, mfu) = self.learning_exponents;
        let Some(start) = owned.cumulative.filter(|_| price != 0.0 || mfu != 0.0) else { return (1.0, 1.0) };
        let cumulative = at(start) + self.ordered;
        (
            if price == 0.0 { 1.0 } else { learning::price_factor(cumulative, at(start), price) },
            if mfu == 0.0 {
                1.0
            } else {
                learning::mfu_factor(cumulative, at(start), mfu, at(owned.mfu_learning_ceiling))
            },
        )
    }

    /// Factor of the supply response in month `t`.
    pub fn supply_response(&self, owned: &Owned, drivers: &Drivers, t: usize) -> f64 {
        let eta = drivers.now(owned.supply_response, 0);
        let delay = owned.supply_response_delay.max(1);
        if eta == 0.0 || t < delay {
            return 1.0;
        }
        let cap = drivers.now(owned.supply_response_cap, 0);
        learning::supply_response(self.worth_ratios[t - delay], self.worth_ratios[0], eta, cap)
    }

    /// Factor of the labs' use on the rent this month.
    pub fn rent_response(&self, terms: &Rental, drivers: &Drivers, t: usize) -> f64 {
        rental::rent_response(
            self.used_share,
            self.first_used_share.unwrap_or(0.0),
            drivers.now(terms.rent_response, t),
        )
    }

    /// Remembers the month's use of a rental channel with chips on offer.
    pub fn remember_use(&mut self, used_hours: f64, hours_on_offer: f64) {
        if hours_on_offer > 0.0 {
            self.used_share = used_hours / hours_on_offer;
            self.first_used_share.get_or_insert(self.used_share);
        }
    }
}
