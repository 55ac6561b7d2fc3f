//! A scenario compiled for simulation: plain structs whose numbers are slots in a table of quantities.
//!
//! Nothing here draws or computes. `scenario::build` makes these structs and is the only place that converts units: money
//! is real USD, power kW, rates and shares fractions, times months. A [`Slot`] names a quantity; the drivers of a path say
//! what it is worth in a month. One table of quantities serves all arms of a job, so that arms share every draw.

use crate::calendar::Month;
use crate::random::distribution::Distribution;
use crate::random::process::{Anchor, Jumps, Regimes};

/// Place of a quantity in [`Quantities`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u32);

/// One uncertain or certain number of the scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantity {
    /// Its place in the file, such as `chips.h20.mbu_fraction`; parts of a process add their own key.
    pub key: String,
    /// Name of its random stream; equal names share draws.
    pub stream: String,
    /// What it is.
    pub form: Form,
}

/// The forms of `docs/model.md §3`, compiled.
#[derive(Clone, Debug, PartialEq)]
pub enum Form {
    /// The same on every path and in every month.
    Constant(f64),
    /// Drawn once per path.
    Parameter(Distribution),
    /// A monthly process; its members are constants or parameters, `initial` may be a schedule.
    Process(Process),
    /// A deterministic curve through `(months since start, value)`, flat outside its dates.
    Schedule {
        /// Knots in order of time; the month may be negative or beyond the horizon.
        knots: Vec<(i32, f64)>,
        /// Linear between knots, or the last knot's value.
        linear: bool,
    },
    /// Money in another currency: `amount / per_usd`, month by month.
    Converted {
        /// The amount in that currency.
        amount: Slot,
        /// Units of that currency per USD.
        per_usd: Slot,
    },
}

/// A process whose members are themselves quantities (`docs/model.md §4`).
#[derive(Clone, Debug, PartialEq)]
pub struct Process {
    /// Level at month 0, or a schedule of the long-run curve.
    pub initial: Slot,
    /// Whether the curve is the median or the mean.
    pub anchor: Anchor,
    /// Log trend a year of the long-run curve.
    pub trend_per_year: Slot,
    /// Volatility per square-root year.
    pub volatility: Slot,
    /// Half-life in months; none is a random walk.
    pub half_life_months: Option<Slot>,
    /// Jumps of the log level.
    pub jumps: Option<Jumps<Slot>>,
    /// Regimes of drift and volatility.
    pub regimes: Option<Regimes<Slot>>,
}

/// The quantities of a job, shared by its arms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Quantities {
    /// In order of slot. A quantity's parts come before it.
    pub list: Vec<Quantity>,
}

/// An arm's world: everything the month-by-month story needs but the draws.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Month of step 0.
    pub start: Month,
    /// Steps.
    pub months: usize,
    /// Planning lead in months: an order arrives this much later.
    pub lead: usize,
    /// Real discount rate a year.
    pub discount_rate: Slot,
    /// Workloads by id.
    pub workloads: Vec<Workload>,
    /// Chips by id.
    pub chips: Vec<Chip>,
    /// Regions by id.
    pub regions: Vec<Region>,
    /// Channels in market order: by priority, then id.
    pub channels: Vec<Channel>,
    /// Labs by id.
    pub labs: Vec<Lab>,
    /// Rules in force in this arm.
    pub rules: Vec<Rule>,
    /// What today's demand already saves by distillation.
    pub distillation: Option<Distillation>,
    /// Observed price that month 0 is calibrated to; none leaves demand as stated.
    pub calibration_price: Option<Slot>,
    /// Common factor on all planned use, from the month-0 calibration (`docs/model.md §7`); 1 without it.
    pub demand_scale: f64,
}

impl World {
    /// Places of the rules that this world has and `other` has not.
    pub fn rules_beyond(&self, other: &World) -> Vec<usize> {
        (0..self.rules.len()).filter(|&rule| !other.rules.contains(&self.rules[rule])).collect()
    }

    /// Places of an arm's own rules, among the worlds of all arms: those that its baseline has not, and of the baseline all.
    pub fn own_rules(worlds: &[World], baseline: usize, arm: usize) -> Vec<usize> {
        if arm == baseline {
            (0..worlds[arm].rules.len()).collect()
        } else {
            worlds[arm].rules_beyond(&worlds[baseline])
        }
    }
}

/// What a workload asks of a chip (`docs/model.md §5`).
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Which roofline term binds.
    pub kind: WorkloadKind,
    /// FLOP per byte of the memory-bound phase.
    pub intensity: Option<Slot>,
    /// Share of the reference chip's time in prefill; kind `Inference` only.
    pub prefill_share: Option<Slot>,
    /// Useful FLOP/s of the reference chip at central parameters, compute term and both terms' minimum, in TFLOP/s:
    /// the unit of e, never random.
    pub reference: Rate,
    /// A distillation effect scales this workload.
    pub distillable: bool,
}

/// Kinds of workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkloadKind {
    /// Bound by compute.
    Training,
    /// Bound by the lower of compute and memory.
    Decode,
    /// Prefill (compute) and decode (the lower of both) in the reference chip's proportion of time.
    Inference,
}

/// Useful rates of one chip on one workload, TFLOP/s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    /// goodput · peak · MFU.
    pub compute: f64,
    /// goodput · min(peak · MFU, bandwidth · MBU · intensity).
    pub bound: f64,
}

/// A chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Chip {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Dense 8-bit peak over the reference chip's: published stocks and shares are counted so.
    pub h100e_peak: f64,
    /// Memory bandwidth, TB/s.
    pub memory_tb_per_s: Slot,
    /// IT power with server and network share, kW, before PUE.
    pub all_in_power_kw: Slot,
    /// One entry a workload of the world; none: the chip cannot serve it.
    pub efficiency: Vec<Option<Efficiency>>,
}

/// How well a chip runs a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Efficiency {
    /// Peak at the workload's precision, TFLOP/s; MFU is quoted against it.
    pub peak_tflops: Slot,
    /// Model FLOP utilization.
    pub mfu: Slot,
    /// Memory bandwidth utilization.
    pub mbu: Slot,
    /// Useful share of scheduled hours.
    pub goodput: Slot,
}

/// What an hour costs in a place besides the chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Inside China.
    pub home: bool,
    /// USD per kWh.
    pub electricity: Slot,
    /// Facility power over IT power.
    pub pue: Slot,
    /// Building, USD per kW of IT load.
    pub shell_usd_per_kw: Slot,
    /// Building life, years.
    pub shell_life_years: Slot,
    /// Operations without energy, USD per kW and year.
    pub opex_usd_per_kw_year: Slot,
    /// Real cost of capital a year.
    pub wacc: Slot,
}

/// A channel: a way to obtain compute.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Index of its chip.
    pub chip: usize,
    /// Index of its region.
    pub region: usize,
    /// Its category in every result.
    pub origin: Origin,
    /// Workloads it may serve, by index.
    pub serves: Vec<bool>,
    /// Share of hours a chip can be scheduled.
    pub availability: Slot,
    /// Rented or owned.
    pub supply: Supply,
}

/// Where a channel's compute comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Foreign chips in data centres abroad, rented or owned by foreign units.
    Offshore,
    /// Chips made in China.
    Domestic,
    /// Foreign chips imported with both governments' leave, past or present.
    Imported,
    /// Smuggled.
    Grey,
}

/// The two kinds of channel.
#[derive(Clone, Debug, PartialEq)]
pub enum Supply {
    /// Take-or-pay contracts and spot hours.
    Rental(Rental),
    /// Chips the labs own.
    Owned(Owned),
}

/// A rental channel's terms (`docs/model.md §6`, §8).
#[derive(Clone, Debug, PartialEq)]
pub struct Rental {
    /// Reference price, USD per chip-hour.
    pub price: Slot,
    /// Contract price over reference.
    pub contract_basis: Slot,
    /// Spot price over reference.
    pub spot_basis: Slot,
    /// Billed on top of the price.
    pub overhead: Slot,
    /// Chips on offer in all.
    pub on_offer: Slot,
    /// Chips under contract at the start.
    pub committed: Slot,
    /// Their signing price; none: the month-0 contract price.
    pub committed_price: Option<Slot>,
    /// Contract term in months, at least 1.
    pub term: usize,
    /// Prepaid share of the bill.
    pub prepaid: Slot,
    /// Months of bill due when a contract is voided.
    pub exit_fee_months: Slot,
    /// Share of the remaining bill beyond the prepayment that is owed when a contract is voided.
    pub owed_share_when_void: Slot,
    /// Elasticity of the price to the labs' use; 0 off.
    pub rent_response: Slot,
}

/// An owned channel's terms (`docs/model.md §6`, §8).
#[derive(Clone, Debug, PartialEq)]
pub struct Owned {
    /// System price including the chip, USD per chip.
    pub capex: Slot,
    /// Added to `capex` where that is a bare chip price.
    pub extra_capex: Option<Slot>,
    /// Real decline of the class's price a year: the slope of the declining annuity.
    pub price_decline: Slot,
    /// Chip life, years; rounded to months.
    pub life_years: Slot,
    /// Value left at the end of life over the price.
    pub residual: Slot,
    /// Share of its energy that an idle usable hour costs.
    pub idle_share: Slot,
    /// Chips at the start.
    pub fleet: Slot,
    /// Their youngest and oldest age in months, uniform on the integers between.
    pub fleet_age_months: (usize, usize),
    /// Chips arriving in months 0 … lead − 1.
    pub pipeline: Vec<Slot>,
    /// Most chips all labs together can order in a month.
    pub supply: Slot,
    /// Most chips a month that the importing country lets in; none: no such gate.
    pub import_quota: Option<Slot>,
    /// kappa of the scarcity rent; 0 off.
    pub scarcity_rent_share: Slot,
    /// eta of the supply response; 0 off.
    pub supply_response: Slot,
    /// Months until supply responds.
    pub supply_response_delay: usize,
    /// Largest factor of the supply response.
    pub supply_response_cap: Slot,
    /// Price learning a doubling; 0 off.
    pub learning_rate: Slot,
    /// MFU learning a doubling; 0 off.
    pub mfu_learning_rate: Slot,
    /// Largest MFU factor.
    pub mfu_learning_ceiling: Slot,
    /// Cumulative chips at the start.
    pub cumulative: Option<Slot>,
    /// Chips a month bought by the rest of the market.
    pub rest_of_market: Slot,
}

/// A lab: its demands and its strategy.
#[derive(Clone, Debug, PartialEq)]
pub struct Lab {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// Share of each channel's supplies, by channel index.
    pub shares: Vec<Slot>,
    /// a: how far the plan scales offers by the chance of an unannounced rule.
    pub anticipation: Slot,
    /// Signs ahead between announcement and effect.
    pub sign_ahead: bool,
    /// Share of planned use that domestic chips must cover.
    pub hedge_share: Slot,
    /// One entry a workload of the world; none: the lab does not run it.
    pub demand: Vec<Option<Demand>>,
}

/// Demand of a lab for a workload (`docs/model.md §7`).
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// Planned use at the reference price, H100e (chips; hours are × H).
    pub planned_use: Slot,
    /// Price elasticity, positive.
    pub elasticity: Slot,
    /// USD per H100e-hour.
    pub reference_price: Slot,
    /// Highest price anything is bought at, USD per H100e-hour.
    pub choke_price: Slot,
    /// Most use over planned use.
    pub saturation: Slot,
}

/// Today's distillation (`docs/model.md §9`).
#[derive(Clone, Debug, PartialEq)]
pub struct Distillation {
    /// f: compute saved where it applies.
    pub saving: Slot,
    /// rd: share of training compute it applies to.
    pub research_share: Slot,
    /// s: share of labs that use it.
    pub user_share: Slot,
}

/// A government's rule (`docs/model.md §9`).
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Id in the file.
    pub id: String,
    /// The rule design, named in every label.
    pub title: String,
    /// When it is announced.
    pub announcement: Announcement,
    /// Stream of the uniform that dates the announcement.
    pub announcement_stream: String,
    /// Days from announcement to effect.
    pub lag_days: Slot,
    /// Months over which severity rises; 0 at once.
    pub ramp_months: Slot,
    /// What happens to contracts signed before the effect, where an effect is on existing contracts.
    pub wind_down: WindDown,
    /// How it may be undone.
    pub reversal: Reversal,
    /// Stream of the uniform that dates the reversal.
    pub reversal_stream: String,
    /// What it does.
    pub effects: Vec<Effect>,
}

/// When a rule is announced; months are steps and may be negative or beyond the horizon.
#[derive(Clone, Debug, PartialEq)]
pub enum Announcement {
    /// A known month.
    Fixed(i32),
    /// With a probability, in a month uniform on `from … until`, both included.
    Window {
        /// Chance that it comes at all.
        probability: Slot,
        /// First month.
        from: i32,
        /// Last month.
        until: i32,
    },
    /// At a constant hazard from `from` to `until`, both included.
    Hazard {
        /// Per year.
        per_year: Slot,
        /// First month.
        from: i32,
        /// Last month.
        until: i32,
    },
}

/// Fate of contracts signed before a rule's effect.
#[derive(Clone, Debug, PartialEq)]
pub enum WindDown {
    /// Void at once.
    Immediate,
    /// Share kept falls by 1/N a month.
    Linear(Months),
    /// All void after N months.
    Cliff(Months),
    /// Run to term.
    Grandfathered,
}

/// A duration stated in days or months.
#[derive(Clone, Debug, PartialEq)]
pub enum Months {
    /// Days, rounded up to months.
    Days(Slot),
    /// Months; fractions count.
    Months(Slot),
}

/// How a rule may be undone, counted from its effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Reversal {
    /// Stands.
    Never,
    /// Constant hazard per year.
    Hazard(Slot),
    /// With a probability, on a day uniform on 0 … within_days.
    Within {
        /// Chance.
        probability: Slot,
        /// Days.
        within_days: Slot,
    },
}

/// One effect of a rule, its selector resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// What is acted on.
    pub target: Target,
    /// Channels selected, by index; all false for demand and distillation.
    pub channels: Vec<bool>,
    /// Workloads selected, by index; for demand only.
    pub workloads: Vec<bool>,
    /// Labs selected, by index; for demand only.
    pub labs: Vec<bool>,
    /// 0 closes, 1 leaves.
    pub factor: Slot,
    /// Share of what is closed that leaks; `NewRental` and `OwnedAccess` only.
    pub leakage: Option<Slot>,
    /// Price of leaked hours over the price; `NewRental` only.
    pub premium: Option<Slot>,
}

/// What an effect acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Hours on offer for new contracts and spot.
    NewRental,
    /// Contracts signed before the effect.
    ExistingContracts,
    /// Use of chips owned abroad.
    OwnedAccess,
    /// Chips that can be ordered.
    ChipSupply,
    /// Chips that the importing country lets in.
    ImportQuota,
    /// Rental price or system price.
    Price,
    /// Planned use.
    Demand,
    /// Useful work an hour.
    Efficiency,
    /// Share of labs that distil.
    Distillation,
}
