//! The books: what a path's months looked like, by channel and lab.
//!
//! A [`Trace`] is one arm on one path, told in full. The engine turns it into scalars and bands, `explain` prints it, tests
//! hold it against a second implementation. Amounts are of one month; money is real USD, undiscounted.
//!
//! Months are told for a few paths side by side: a number `N` of the books is then in [`Lanes`](crate::math::Lanes), and `lane` reads one path's
//! books from them.

use crate::economics::market::MAX_WORKLOADS;
use crate::math::{Number, in_lanes, sum};

/// A number for each workload of the world.
pub type PerWorkload<N = f64> = [N; MAX_WORKLOADS];

/// One arm on one path.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// Months 0 … n − 1.
    pub months: Vec<MonthTrace>,
}

in_lanes! {
    /// One month.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct MonthTrace<N> {
        /// By channel, in market order.
        pub channels: Vec<ChannelMonth<N>>,
        /// By lab.
        pub labs: Vec<LabMonth<N>>,
    }
}

in_lanes! {
    /// The terms of a channel in a month, the same for every lab.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct ChannelMonth<N> {
        /// e by workload, 0 where it does not serve.
        pub rates: PerWorkload<N>,
        /// Forecast of e.
        pub rates_planned: PerWorkload<N>,
        /// Share of hours the chip can be scheduled.
        pub availability: N,
        /// Energy of a chip-hour, USD.
        pub energy_per_hour: N,
        /// Its forecast.
        pub energy_per_hour_planned: N,
        /// Electricity of a chip-hour, kWh, PUE included.
        pub kwh_per_hour: N,
        /// Rental: chips on offer in all, before rules.
        pub on_offer: N,
        /// Its forecast.
        pub on_offer_planned: N,
        /// Rental: contract price, USD per chip-hour, response and price rules included.
        pub contract_price: N,
        /// Its forecast.
        pub contract_price_planned: N,
        /// Contract price without price rules.
        pub contract_price_before_rules: N,
        /// Rental: spot price.
        pub spot_price: N,
        /// Rental: billed on top of the price.
        pub overhead: N,
        /// Its forecast.
        pub overhead_planned: N,
        /// Rental: factor of the labs' use on the price.
        pub rent_response: N,
        /// Owned: price of a system now, USD a chip.
        pub system_price: N,
        /// Owned: capital charge of a new chip in its first month, USD.
        pub first_capital_charge: N,
        /// Owned: building, USD a chip and month.
        pub building_charge: N,
        /// Owned: operations, USD a chip and month.
        pub operations_charge: N,
        /// Owned: m_buy at this month's energy price, USD per usable chip-hour.
        pub buy_cost: N,
        /// Owned: m_buy at the forecast energy price, as the plan sees it.
        pub buy_cost_planned: N,
        /// Owned: most chips all labs can order, rules, response and import quota included.
        pub supply: N,
        /// Owned: 1 where what is for sale exceeds what the importing country lets in, so that its quota is the supply; else 0.
        pub quota_binds: N,
        /// Owned: factor of the supply response.
        pub supply_response: N,
        /// Owned: factor of learning on the price.
        pub price_learning: N,
        /// Owned: factor of learning on MFU.
        pub mfu_learning: N,
    }
}

impl<N: Number> ChannelMonth<N> {
    /// LCOC of an owned channel on a workload, USD per H100e-hour; infinite where it does not serve.
    #[inline(always)]
    pub fn lcoc(&self, w: usize) -> N {
        self.buy_cost / self.rates[w]
    }

    /// Contract unit cost of a rental channel before rules, USD per H100e-hour; infinite where it does not serve.
    #[inline(always)]
    pub fn contract_cost_before_rules(&self, w: usize) -> N {
        self.contract_price_before_rules * (N::ONE + self.overhead) / (self.availability * self.rates[w])
    }
}

in_lanes! {
    /// One lab in one month.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct LabMonth<N> {
        /// Q: H100e-hours planned.
        pub planned_use: PerWorkload<N>,
        /// d: H100e-hours served.
        pub served: PerWorkload<N>,
        /// lambda of the month's market: operating marginal cost, USD per H100e-hour.
        pub price: PerWorkload<N>,
        /// lambda of the plan for `lead` months on: long-run marginal cost.
        pub plan_price: PerWorkload<N>,
        /// Signed area under inverse demand between d and Q, USD.
        pub value_lost: PerWorkload<N>,
        /// What a distillation rule does to demand; useful work is served over it.
        pub distillation: PerWorkload<N>,
        /// By channel.
        pub channels: Vec<LabChannel<N>>,
    }
}

impl<N: Number> LabMonth<N> {
    /// max(0, Q − d).
    #[inline(always)]
    pub fn unserved(&self, w: usize) -> N {
        (self.planned_use[w] - self.served[w]).larger(N::default())
    }

    /// max(0, d − Q).
    #[inline(always)]
    pub fn beyond_plan(&self, w: usize) -> N {
        (self.served[w] - self.planned_use[w]).larger(N::default())
    }

    /// Money spent, by part.
    #[inline(always)]
    pub fn spend(&self) -> Spend<N> {
        self.channels.iter().fold(Spend::default(), |total, channel| total.plus(&channel.spend))
    }

    /// Spend and value lost, USD.
    #[inline(always)]
    pub fn economic_cost(&self) -> N {
        self.spend().total() + sum(self.value_lost)
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
}

in_lanes! {
    /// One lab's dealings with one channel in one month.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct LabChannel<N> {
        /// Usable chip-hours run, by kind.
        pub hours: [N; 6],
        /// Usable chip-hours that could have run, by kind.
        pub capacity: [N; 6],
        /// Hours' worth of energy that idle usable hours of owned chips drew.
        pub idle_hours: N,
        /// H100e-hours of work, by workload.
        pub work: PerWorkload<N>,
        /// Chips under contract through the open door, this month's signatures not included.
        pub committed_open: N,
        /// Chips under leaky contracts, this month's signatures not included.
        pub committed_leaked: N,
        /// Chips signed for this month, open.
        pub signed_open: N,
        /// Chips signed for this month, leaky.
        pub signed_leaked: N,
        /// Owned chips alive.
        pub chips: N,
        /// Share of them that rules let the lab use.
        pub usable_share: N,
        /// Chips arriving this month.
        pub arrived: N,
        /// Chips ordered, hedge included.
        pub orders: N,
        /// Of these, ordered as a hedge.
        pub hedge_orders: N,
        /// Scarcity rent those orders pay, USD per usable chip-hour.
        pub scarcity_rate: N,
        /// Hours the plan uses `lead` months on: committed, new and leaked.
        pub planned_hours: N,
        /// Money spent.
        pub spend: Spend<N>,
    }
}

impl<N: Number> LabChannel<N> {
    /// Clears what a month adds up. All else that a channel of its kind has is written anew every month, and its kind stays while
    /// these books are kept: an arm begins with none.
    #[inline(always)]
    pub fn begin(&mut self, workloads: usize) {
        self.hours = Default::default();
        self.work[..workloads].fill(N::default());
        (self.orders, self.hedge_orders, self.planned_hours) = Default::default();
    }

    /// Hours run, all kinds.
    #[inline(always)]
    pub fn hours_run(&self) -> N {
        sum(self.hours)
    }

    /// Chips in use: owned and usable, under contract, and hired otherwise.
    #[inline(always)]
    pub fn chips_in_use(&self, usable_hours_per_chip: N) -> N {
        let hired = self.hours[Kind::Spot as usize] + self.hours[Kind::SpotLeaked as usize];
        let contracts = self.committed_open + self.committed_leaked + self.signed_open + self.signed_leaked;
        self.chips * self.usable_share + contracts + hired / usable_hours_per_chip
    }
}

in_lanes! {
    /// Money spent in a month, USD, by part.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Spend<N> {
        /// Bills of contracts, used or not.
        pub contracts: N,
        /// Spot hours.
        pub spot: N,
        /// Due for void contracts.
        pub dues: N,
        /// Capital charge of owned chips.
        pub capital: N,
        /// Buildings of owned chips.
        pub building: N,
        /// Operations of owned chips.
        pub operations: N,
        /// Energy of hours run on owned chips.
        pub energy: N,
        /// Energy of their idle usable hours.
        pub idle_energy: N,
        /// Scarcity rent to vendors: a transfer.
        pub scarcity: N,
    }
}

impl<N: Number> Spend<N> {
    /// All parts.
    #[inline(always)]
    pub fn total(&self) -> N {
        self.resource() + self.scarcity
    }

    /// All but the transfer to vendors.
    #[inline(always)]
    pub fn resource(&self) -> N {
        self.rent() + self.capital + self.building + self.operations + self.energy + self.idle_energy
    }

    /// What goes to hosts.
    #[inline(always)]
    pub fn rent(&self) -> N {
        self.contracts + self.spot + self.dues
    }

    /// Part by part.
    #[inline(always)]
    pub fn plus(&self, other: &Spend<N>) -> Spend<N> {
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
