//! The books of a month added up over labs: what metrics are read from, computed once a month.

use super::ratio;
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::energy;
use crate::math::{Lanes, rows, sum};
use crate::model::copied_in_place;
use crate::model::ledger::{ChannelMonth, LabChannel, LabMonth, MonthTrace, PerWorkload, Spend};
use crate::model::parameters::{Origin, Supply, World};

/// A month's sums over all labs, or of one.
#[derive(Debug, Default, PartialEq)]
pub struct Totals {
    /// Q by workload.
    pub planned_use: PerWorkload<Lanes>,
    /// d.
    pub served: PerWorkload<Lanes>,
    /// Served over the distillation factor.
    pub useful_work: PerWorkload<Lanes>,
    /// max(0, Q − d).
    pub unserved: PerWorkload<Lanes>,
    /// max(0, d − Q).
    pub beyond_plan: PerWorkload<Lanes>,
    /// Signed area under inverse demand.
    pub value_lost: PerWorkload<Lanes>,
    /// Operating dual; over several labs the mean by planned use.
    pub price: PerWorkload<Lanes>,
    /// Dual of the plan.
    pub plan_price: PerWorkload<Lanes>,
    /// Money spent, by part.
    pub spend: Spend<Lanes>,
    /// By [`Origin`].
    pub origins: [OfOrigin; 4],
    /// By channel.
    pub channels: Vec<OfChannel>,
    /// Electricity of the hours run and idled, TWh.
    pub electricity: Lanes,
    /// Offshore chips on offer that no lab uses, at the spot price, USD; 0 of a single lab of several, as are the costs below.
    pub relet: Lanes,
    /// Lowest LCOC of domestic chips on sale, USD per H100e-hour; ∞ if none is.
    pub domestic_cost: PerWorkload<Lanes>,
    /// Lowest contract unit cost of offshore chips on offer, before rules.
    pub offshore_cost: PerWorkload<Lanes>,
}

/// Sums over an origin's channels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OfOrigin {
    /// H100e-hours of work.
    pub work: Lanes,
    /// Chips ordered.
    pub orders: Lanes,
    /// Chips in use in h100e by peak.
    pub peak_in_use: Lanes,
    /// What goes to hosts, USD.
    pub rent: Lanes,
    /// Spend without rent and without the transfer to vendors, USD.
    pub own_cost: Lanes,
    /// Systems ordered, at price, USD.
    pub sales: Lanes,
}

/// Sums of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct OfChannel {
    /// Chips in use.
    pub chips: Lanes,
    /// Chips ordered or signed for.
    pub orders: Lanes,
    /// H100e-hours of work.
    pub work: Lanes,
}

copied_in_place!(Totals { channels });

impl Totals {
    /// Adds up a month of `world` over the given labs.
    #[inline(always)]
    pub fn fill(&mut self, world: &World, month: &MonthTrace<Lanes>, labs: &[LabMonth<Lanes>]) {
        self.clear(world);
        for books in labs {
            self.add_workloads(world, books);
            for (k, channel) in books.channels.iter().enumerate() {
                self.add_channel(world, k, &month.channels[k], channel);
            }
        }
        let workloads = world.workloads.len();
        if let [only] = labs {
            self.price[..workloads].copy_from_slice(&only.price[..workloads]);
            self.plan_price[..workloads].copy_from_slice(&only.plan_price[..workloads]);
        } else {
            for w in rows(0..workloads) {
                self.price[w] = ratio(self.price[w], self.planned_use[w]);
                self.plan_price[w] = ratio(self.plan_price[w], self.planned_use[w]);
            }
        }
    }

    /// Sets everything that is added up to nothing.
    #[inline(always)]
    fn clear(&mut self, world: &World) {
        for sums in [
            &mut self.planned_use,
            &mut self.served,
            &mut self.useful_work,
            &mut self.unserved,
            &mut self.beyond_plan,
            &mut self.value_lost,
            &mut self.price,
            &mut self.plan_price,
        ] {
            sums[..world.workloads.len()].fill(Lanes::ZERO);
        }
        self.spend = Spend::default();
        self.origins = Default::default();
        self.channels.resize_with(world.channels.len(), OfChannel::default);
        self.channels.fill(OfChannel::default());
        (self.electricity, self.relet) = (Lanes::ZERO, Lanes::ZERO);
    }

    /// Spend and value lost, USD.
    #[inline(always)]
    pub fn economic_cost(&self) -> Lanes {
        self.spend.total() + sum(self.value_lost)
    }

    /// Adds what a lab wants and gets; duals weighted by planned use.
    #[inline(always)]
    fn add_workloads(&mut self, world: &World, books: &LabMonth<Lanes>) {
        for w in rows(0..world.workloads.len()) {
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

    #[inline(always)]
    fn add_channel(
        &mut self,
        world: &World,
        k: usize,
        terms: &ChannelMonth<Lanes>,
        channel: &LabChannel<Lanes>,
    ) {
        let chips = channel.chips_in_use(terms.availability * HOURS_PER_MONTH);
        let work = sum(channel.work[..world.workloads.len()].iter().copied());
        self.spend = self.spend.plus(&channel.spend);
        let hours = channel.hours_run() + channel.idle_hours;
        self.electricity += Lanes::each(|i| energy::terawatt_hours(hours[i], terms.kwh_per_hour[i], 1.0));
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
    #[inline(always)]
    pub fn compare_offers(&mut self, world: &World, month: &MonthTrace<Lanes>) {
        let workloads = world.workloads.len();
        self.domestic_cost[..workloads].fill(Lanes::all(f64::INFINITY));
        self.offshore_cost[..workloads].fill(Lanes::all(f64::INFINITY));
        for (k, (channel, terms)) in world.channels.iter().zip(&month.channels).enumerate() {
            // The lower cost on the paths where something is to be had that does this work.
            let lower = |lowest: &mut Lanes, w: usize, offered: &Lanes, cost: Lanes| {
                let there = offered.above(Lanes::ZERO) & terms.rates[w].above(Lanes::ZERO);
                *lowest = there.pick(lowest.min(cost), *lowest);
            };
            for w in rows(0..workloads) {
                match (channel.origin, &channel.supply) {
                    (Origin::Domestic, Supply::Owned(_)) => {
                        lower(&mut self.domestic_cost[w], w, &terms.supply, terms.lcoc(w));
                    }
                    (Origin::Offshore, Supply::Rental(_)) => {
                        let cost = terms.contract_cost_before_rules(w);
                        lower(&mut self.offshore_cost[w], w, &terms.on_offer, cost);
                    }
                    _ => {}
                }
            }
            if channel.origin == Origin::Offshore {
                let (offered, used) = (terms.on_offer, self.channels[k].chips);
                let relet = (offered - used).max(Lanes::ZERO) * HOURS_PER_MONTH * terms.spot_price;
                self.relet += offered.above(Lanes::ZERO).keep(relet);
            }
        }
    }
}
