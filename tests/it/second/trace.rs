//! What the second route reports: every month, every lab, every channel.

/// A path of an arm.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// By month.
    pub months: Vec<Month>,
}

/// A month.
#[derive(Clone, Debug, Default)]
pub struct Month {
    /// What holds for all labs, by channel.
    pub channels: Vec<ChannelState>,
    /// By lab.
    pub labs: Vec<LabMonth>,
}

/// A channel in a month, the same for all labs.
#[derive(Clone, Debug, Default)]
pub struct ChannelState {
    /// e in operation, by workload.
    pub rate: Vec<f64>,
    /// e in the plan for t + lead, by workload.
    pub plan_rate: Vec<f64>,
    /// System price of a chip ordered now, USD; owned.
    pub system_price: f64,
    /// Marginal cost of an hour of a chip bought now, at forecast energy, USD; owned.
    pub buy_cost: f64,
    /// First month's charge of a chip bought now, USD: capital, building, operations; owned.
    pub first_charge: [f64; 3],
    /// Chips all labs together can order now; owned.
    pub supply: f64,
    /// Whether that is the import quota, less than what is for sale.
    pub quota_binds: bool,
    /// Price factor of learning.
    pub price_learning: f64,
    /// MFU factor of learning.
    pub mfu_learning: f64,
    /// Factor on the supply bound.
    pub supply_factor: f64,
    /// Factor on rent.
    pub rent_factor: f64,
    /// Contract price without premium, USD per chip-hour; rental.
    pub contract_price: f64,
    /// Spot price without premium, USD per chip-hour; rental.
    pub spot_price: f64,
}

/// A lab's month.
#[derive(Clone, Debug, Default)]
pub struct LabMonth {
    /// Plan duals by workload, USD per H100e-hour; 0 where the lab does not run it.
    pub plan_lambda: Vec<f64>,
    /// Operating duals.
    pub lambda: Vec<f64>,
    /// Q, H100e-hours.
    pub planned: Vec<f64>,
    /// d, H100e-hours.
    pub served: Vec<f64>,
    /// Q beyond d.
    pub unserved: Vec<f64>,
    /// d beyond Q.
    pub beyond_plan: Vec<f64>,
    /// Signed area under inverse demand between d and Q, USD.
    pub value_lost: Vec<f64>,
    /// What a distillation rule makes of demand, by workload.
    pub distillation: Vec<f64>,
    /// By channel.
    pub channels: Vec<LabChannel>,
    /// By part.
    pub spend: Spend,
    /// Spend and value lost.
    pub economic_cost: f64,
}

/// A lab's use of a channel in a month.
#[derive(Clone, Debug, Default)]
pub struct LabChannel {
    /// Usable hours used of earlier contracts, by workload; likewise below.
    pub committed: Vec<f64>,
    /// Of new contracts.
    pub new: Vec<f64>,
    /// Of new leaked contracts.
    pub new_leaked: Vec<f64>,
    /// Of spot.
    pub spot: Vec<f64>,
    /// Of leaked spot.
    pub spot_leaked: Vec<f64>,
    /// Of owned chips.
    pub fleet: Vec<f64>,
    /// Usable hours that could have been used, by kind in the order above.
    pub capacity: [f64; 6],
    /// H100e-hours of work, by workload.
    pub work: Vec<f64>,
    /// Chips ordered.
    pub orders: f64,
    /// Of these by hedge.
    pub hedge_orders: f64,
    /// Owned chips alive.
    pub chips_alive: f64,
    /// Share of them that can be used.
    pub usable_share: f64,
    /// Chips under open contracts signed earlier, after wind-down.
    pub open_contracts: f64,
    /// Chips under leaked contracts signed earlier, after wind-down.
    pub leaked_contracts: f64,
    /// Hours planned for t + lead: committed, new and leaked.
    pub planned_use: f64,
    /// Scarcity rent fixed on this month's orders, USD per usable hour.
    pub scarcity_rate: f64,
    /// Chips signed for this month, open.
    pub signed_open: f64,
    /// Chips signed for this month, leaked.
    pub signed_leaked: f64,
    /// By part.
    pub spend: Spend,
}

impl LabChannel {
    /// Hours used by kind, in the order of the fields.
    pub fn hours(&self) -> [f64; 6] {
        [&self.committed, &self.new, &self.new_leaked, &self.spot, &self.spot_leaked, &self.fleet]
            .map(|hours| hours.iter().sum::<f64>())
    }

    /// Hours used, all kinds.
    pub fn used(&self) -> f64 {
        self.hours().iter().sum()
    }
}

/// Spend by part, USD a month.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spend {
    /// Bills of contracts.
    pub contracts: f64,
    /// Spot hours.
    pub spot: f64,
    /// Due on contracts voided this month.
    pub void_dues: f64,
    /// Repayment of systems.
    pub capital: f64,
    /// Repayment of buildings.
    pub building: f64,
    /// Operations without energy.
    pub operations: f64,
    /// Energy of hours run.
    pub energy: f64,
    /// Energy of usable hours not run.
    pub idle_energy: f64,
    /// Scarcity rent to vendors.
    pub scarcity: f64,
}

impl Spend {
    /// The parts in the order of the fields.
    pub fn parts(&self) -> [f64; 9] {
        let Spend {
            contracts,
            spot,
            void_dues,
            capital,
            building,
            operations,
            energy,
            idle_energy,
            scarcity,
        } = *self;
        [contracts, spot, void_dues, capital, building, operations, energy, idle_energy, scarcity]
    }

    /// Their sum.
    pub fn total(&self) -> f64 {
        self.parts().iter().sum()
    }

    /// Adds `other`, part by part.
    pub fn add(&mut self, other: &Spend) {
        self.contracts += other.contracts;
        self.spot += other.spot;
        self.void_dues += other.void_dues;
        self.capital += other.capital;
        self.building += other.building;
        self.operations += other.operations;
        self.energy += other.energy;
        self.idle_energy += other.idle_energy;
        self.scarcity += other.scarcity;
    }
}
