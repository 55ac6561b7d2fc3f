//! The books: what a path's months looked like, by channel and lab.
//!
//! A [`Trace`] is one arm on one path, told in full. The engine turns it into scalars and bands, `explain` prints it, tests
//! hold it against a second implementation. Amounts are of one month; money is real USD, undiscounted.

use crate::economics::market::MAX_WORKLOADS;

/// A number for each workload of the world.
pub type PerWorkload = [f64; MAX_WORKLOADS];

/// One arm on one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Months 0 … n − 1.
    pub months: Vec<MonthTrace>,
}

/// One month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MonthTrace {
    /// By channel, in market order.
    pub channels: Vec<ChannelMonth>,
    /// By lab.
    pub labs: Vec<LabMonth>,
}

/// The terms of a channel in a month, the same for every lab.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ChannelMonth {
    /// e by workload, 0 where it does not serve.
    pub rates: PerWorkload,
    /// Forecast of e.
    pub rates_planned: PerWorkload,
    /// Share of hours the chip can be scheduled.
    pub availability: f64,
    /// Energy of a chip-hour, USD.
    pub energy_per_hour: f64,
    /// Its forecast.
    pub energy_per_hour_planned: f64,
    /// Electricity of a chip-hour, kWh, PUE included.
    pub kwh_per_hour: f64,
    /// Rental: chips on offer in all, before rules.
    pub on_offer: f64,
    /// Its forecast.
    pub on_offer_planned: f64,
    /// Rental: contract price, USD per chip-hour, response and price rules included.
    pub contract_price: f64,
    /// Its forecast.
    pub contract_price_planned: f64,
    /// Contract price without price rules.
    pub contract_price_before_rules: f64,
    /// Rental: spot price.
    pub spot_price: f64,
    /// Rental: billed on top of the price.
    pub overhead: f64,
    /// Its forecast.
    pub overhead_planned: f64,
    /// Rental: factor of the labs' use on the price.
    pub rent_response: f64,
    /// Owned: price of a system now, USD a chip.
    pub system_price: f64,
    /// Owned: capital charge of a new chip in its first month, USD.
    pub first_capital_charge: f64,
    /// Owned: building, USD a chip and month.
    pub building_charge: f64,
    /// Owned: operations, USD a chip and month.
    pub operations_charge: f64,
    /// Owned: m_buy at this month's energy price, USD per usable chip-hour.
    pub buy_cost: f64,
    /// Owned: m_buy at the forecast energy price, as the plan sees it.
    pub buy_cost_planned: f64,
    /// Owned: most chips all labs can order, rules, response and import quota included.
    pub supply: f64,
    /// Owned: what is for sale exceeds what the importing country lets in, so that its quota is the supply.
    pub quota_binds: bool,
    /// Owned: factor of the supply response.
    pub supply_response: f64,
    /// Owned: factor of learning on the price.
    pub price_learning: f64,
    /// Owned: factor of learning on MFU.
    pub mfu_learning: f64,
}

impl ChannelMonth {
    /// LCOC of an owned channel on a workload, USD per H100e-hour; infinite where it does not serve.
    pub fn lcoc(&self, w: usize) -> f64 {
        self.buy_cost / self.rates[w]
    }

    /// Contract unit cost of a rental channel before rules, USD per H100e-hour; infinite where it does not serve.
    pub fn contract_cost_before_rules(&self, w: usize) -> f64 {
        self.contract_price_before_rules * (1.0 + self.overhead) / (self.availability * self.rates[w])
    }
}

/// One lab in one month.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabMonth {
    /// Q: H100e-hours planned.
    pub planned_use: PerWorkload,
    /// d: H100e-hours served.
    pub served: PerWorkload,
    /// lambda of the month's market: operating marginal cost, USD per H100e-hour.
    pub price: PerWorkload,
    /// lambda of the plan for `lead` months on: long-run marginal cost.
    pub plan_price: PerWorkload,
    /// Signed area under inverse demand between d and Q, USD.
    pub value_lost: PerWorkload,
    /// What a distillation rule does to demand; useful work is served over it.
    pub distillation: PerWorkload,
    /// By channel.
    pub channels: Vec<LabChannel>,
}

impl LabMonth {
    /// max(0, Q − d).
    pub fn unserved(&self, w: usize) -> f64 {
        (self.planned_use[w] - self.served[w]).max(0.0)
    }

    /// max(0, d − Q).
    pub fn beyond_plan(&self, w: usize) -> f64 {
        (self.served[w] - self.planned_use[w]).max(0.0)
    }

    /// Money spent, by part.
    pub fn spend(&self) -> Spend {
        self.channels.iter().fold(Spend::default(), |total, channel| total.plus(&channel.spend))
    }

    /// Spend and value lost, USD.
    pub fn economic_cost(&self) -> f64 {
        self.spend().total() + self.value_lost.iter().sum::<f64>()
    }
}

/// A tranche's kind, in the order in which ties are broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Hours under contract.
    Committed,
    /// New contracts through the open door.
    New,
    /// New contracts at the leaky price.
    NewLeaked,
    /// Spot through the open door.
    Spot,
    /// Spot at the leaky price.
    SpotLeaked,
    /// Owned chips.
    Fleet,
    /// Chips that may be ordered; in plans only.
    Buy,
}

impl Kind {
    /// How many there are.
    pub const COUNT: usize = 7;
    /// Kinds a month can run hours of.
    pub const OPERATED: [Kind; 6] =
        [Kind::Committed, Kind::New, Kind::NewLeaked, Kind::Spot, Kind::SpotLeaked, Kind::Fleet];
}

/// One lab's dealings with one channel in one month.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LabChannel {
    /// Usable chip-hours run, by kind.
    pub hours: [f64; 6],
    /// Usable chip-hours that could have run, by kind.
    pub capacity: [f64; 6],
    /// Hours' worth of energy that idle usable hours of owned chips drew.
    pub idle_hours: f64,
    /// H100e-hours of work, by workload.
    pub work: PerWorkload,
    /// Chips under contract through the open door, this month's signatures not included.
    pub committed_open: f64,
    /// Chips under leaky contracts, this month's signatures not included.
    pub committed_leaked: f64,
    /// Chips signed for this month, open.
    pub signed_open: f64,
    /// Chips signed for this month, leaky.
    pub signed_leaked: f64,
    /// Owned chips alive.
    pub chips: f64,
    /// Share of them that rules let the lab use.
    pub usable_share: f64,
    /// Chips arriving this month.
    pub arrived: f64,
    /// Chips ordered, hedge included.
    pub orders: f64,
    /// Of these, ordered as a hedge.
    pub hedge_orders: f64,
    /// Scarcity rent those orders pay, USD per usable chip-hour.
    pub scarcity_rate: f64,
    /// Hours the plan uses `lead` months on: committed, new and leaked.
    pub planned_hours: f64,
    /// Money spent.
    pub spend: Spend,
}

impl LabChannel {
    /// Hours run, all kinds.
    pub fn hours_run(&self) -> f64 {
        self.hours.iter().sum()
    }

    /// Chips in use: owned and usable, under contract, and hired otherwise.
    pub fn chips_in_use(&self, usable_hours_per_chip: f64) -> f64 {
        let hired = self.hours[Kind::Spot as usize] + self.hours[Kind::SpotLeaked as usize];
        let contracts = self.committed_open + self.committed_leaked + self.signed_open + self.signed_leaked;
        self.chips * self.usable_share + contracts + hired / usable_hours_per_chip
    }
}

/// Money spent in a month, USD, by part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spend {
    /// Bills of contracts, used or not.
    pub contracts: f64,
    /// Spot hours.
    pub spot: f64,
    /// Due for void contracts.
    pub dues: f64,
    /// Capital charge of owned chips.
    pub capital: f64,
    /// Buildings of owned chips.
    pub building: f64,
    /// Operations of owned chips.
    pub operations: f64,
    /// Energy of hours run on owned chips.
    pub energy: f64,
    /// Energy of their idle usable hours.
    pub idle_energy: f64,
    /// Scarcity rent to vendors: a transfer.
    pub scarcity: f64,
}

impl Spend {
    /// All parts.
    pub fn total(&self) -> f64 {
        self.resource() + self.scarcity
    }

    /// All but the transfer to vendors.
    pub fn resource(&self) -> f64 {
        self.rent() + self.capital + self.building + self.operations + self.energy + self.idle_energy
    }

    /// What goes to hosts.
    pub fn rent(&self) -> f64 {
        self.contracts + self.spot + self.dues
    }

    /// Part by part.
    pub fn plus(&self, other: &Spend) -> Spend {
        Spend {
            contracts: self.contracts + other.contracts,
            spot: self.spot + other.spot,
            dues: self.dues + other.dues,
            capital: self.capital + other.capital,
            building: self.building + other.building,
            operations: self.operations + other.operations,
            energy: self.energy + other.energy,
            idle_energy: self.idle_energy + other.idle_energy,
            scarcity: self.scarcity + other.scarcity,
        }
    }
}
