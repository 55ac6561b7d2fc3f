//! The books of a month added up over labs: what metrics are read from, computed once a month.

use super::ratio;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::energy;
use crate::economics::market::MAX_WORKLOADS;
use crate::model::ledger::{ChannelMonth, LabChannel, LabMonth, MonthTrace, PerWorkload, Spend};
use crate::model::parameters::{Origin, Supply, World};

/// A month's sums over all labs, or of one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Q by workload.
    pub planned_use: PerWorkload,
    /// d.
    pub served: PerWorkload,
    /// Served over the distillation factor.
    pub useful_work: PerWorkload,
    /// max(0, Q − d).
    pub unserved: PerWorkload,
    /// max(0, d − Q).
    pub beyond_plan: PerWorkload,
    /// Signed area under inverse demand.
    pub value_lost: PerWorkload,
    /// Operating dual; over several labs the mean by planned use.
    pub price: PerWorkload,
    /// Dual of the plan.
    pub plan_price: PerWorkload,
    /// Money spent, by part.
    pub spend: Spend,
    /// By [`Origin`].
    pub origins: [OfOrigin; 4],
    /// By channel.
    pub channels: Vec<OfChannel>,
    /// Electricity of the hours run, TWh.
    pub electricity: f64,
    /// Offshore chips on offer that no lab uses, at the spot price, USD; 0 of a single lab of several, as are the costs below.
    pub relet: f64,
    /// Lowest LCOC of domestic chips on sale, USD per H100e-hour; ∞ if none is.
    pub domestic_cost: PerWorkload,
    /// Lowest contract unit cost of offshore chips on offer, before rules.
    pub offshore_cost: PerWorkload,
}

/// Sums over an origin's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OfOrigin {
    /// H100e-hours of work.
    pub work: f64,
    /// Chips ordered.
    pub orders: f64,
    /// Chips in use in h100e by peak.
    pub peak_in_use: f64,
    /// What goes to hosts, USD.
    pub rent: f64,
    /// Spend without rent and without the transfer to vendors, USD.
    pub own_cost: f64,
    /// Systems ordered, at price, USD.
    pub sales: f64,
}

/// Sums of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OfChannel {
    /// Chips in use.
    pub chips: f64,
    /// Chips ordered or signed for.
    pub orders: f64,
    /// H100e-hours of work.
    pub work: f64,
}

impl Totals {
    /// Adds up a month of `world` over the given labs.
    pub fn fill(&mut self, world: &World, month: &MonthTrace, labs: &[LabMonth]) {
        let mut channels = std::mem::take(&mut self.channels);
        channels.clear();
        channels.resize(world.channels.len(), OfChannel::default());
        *self = Totals { channels, ..Totals::default() };
        for books in labs {
            self.add_workloads(world, books);
            for (k, channel) in books.channels.iter().enumerate() {
                self.add_channel(world, k, &month.channels[k], channel);
            }
        }
        if let [only] = labs {
            (self.price, self.plan_price) = (only.price, only.plan_price);
        } else {
            for w in 0..world.workloads.len() {
                self.price[w] = ratio(self.price[w], self.planned_use[w]);
                self.plan_price[w] = ratio(self.plan_price[w], self.planned_use[w]);
            }
        }
    }

    /// Spend and value lost, USD.
    pub fn economic_cost(&self) -> f64 {
        self.spend.total() + self.value_lost.iter().sum::<f64>()
    }

    /// Adds what a lab wants and gets; duals weighted by planned use.
    fn add_workloads(&mut self, world: &World, books: &LabMonth) {
        for w in 0..world.workloads.len() {
            self.planned_use[w] += books.planned_use[w];
            self.served[w] += books.served[w];
            self.useful_work[w] += books.served[w] / books.distillation[w];
            self.unserved[w] += books.unserved(w);
            self.beyond_plan[w] += books.beyond_plan(w);
            self.value_lost[w] += books.value_lost[w];
            self.price[w] += books.price[w] * books.planned_use[w];
            self.plan_price[w] += books.plan_price[w] * books.planned_use[w];
        }
    }

    fn add_channel(&mut self, world: &World, k: usize, terms: &ChannelMonth, channel: &LabChannel) {
        let chips = channel.chips_in_use(HOURS_PER_MONTH * terms.availability);
        let work = channel.work[..world.workloads.len()].iter().sum::<f64>();
        self.spend = self.spend.plus(&channel.spend);
        self.electricity +=
            energy::terawatt_hours(channel.hours_run() + channel.idle_hours, terms.kwh_per_hour, 1.0);
        let of = &mut self.channels[k];
        of.chips += chips;
        of.orders += channel.orders + channel.signed_open + channel.signed_leaked;
        of.work += work;
        let of = &mut self.origins[world.channels[k].origin as usize];
        of.work += work;
        of.orders += channel.orders;
        of.peak_in_use += chips * world.chips[world.channels[k].chip].h100e_peak;
        of.rent += channel.spend.rent();
        of.own_cost += channel.spend.resource() - channel.spend.rent();
        of.sales += channel.orders * terms.system_price;
    }

    /// Compares what is for sale at home with what is for hire abroad, and lets what is not used abroad; of the country,
    /// whose channels are the same for every lab.
    pub fn compare_offers(&mut self, world: &World, month: &MonthTrace) {
        self.domestic_cost = [f64::INFINITY; MAX_WORKLOADS];
        self.offshore_cost = [f64::INFINITY; MAX_WORKLOADS];
        for (k, (channel, terms)) in world.channels.iter().zip(&month.channels).enumerate() {
            let served = (0..world.workloads.len()).filter(|w| terms.rates[*w] > 0.0);
            match (channel.origin, &channel.supply) {
                (Origin::Domestic, Supply::Owned(_)) if terms.supply > 0.0 => {
                    served.for_each(|w| self.domestic_cost[w] = self.domestic_cost[w].min(terms.lcoc(w)));
                }
                (Origin::Offshore, Supply::Rental(_)) if terms.on_offer > 0.0 => served.for_each(|w| {
                    let cost = terms.contract_cost_before_rules(w);
                    self.offshore_cost[w] = self.offshore_cost[w].min(cost);
                }),
                _ => {}
            }
            if channel.origin == Origin::Offshore && terms.on_offer > 0.0 {
                let idle = (terms.on_offer - self.channels[k].chips).max(0.0);
                self.relet += idle * HOURS_PER_MONTH * terms.spot_price;
            }
        }
    }
}
