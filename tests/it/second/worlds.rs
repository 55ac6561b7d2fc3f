//! Invented worlds: small, deterministic from a seed, and unkind.
//!
//! Every quantity is a constant or a schedule, or in noisy worlds a process around one. Numbers that the page reads in a
//! month may move; those that belong to a path as a whole (shares, lives, costs of capital, rule terms) stay put.

use super::rules::{Dates, announced, reversed, whole_months};
use loophole::calendar::Month;
use loophole::model::parameters::{
    Announcement, Channel, Chip, Demand, Distillation, Effect, Efficiency, Form, Lab, Months, Origin, Owned,
    Process, Quantities, Quantity, Rate, Region, Rental, Reversal, Rule, Slot, Supply, Target, WindDown,
    Workload, WorkloadKind, World,
};
use loophole::random::process::Anchor;

/// An invented world on one path.
pub struct Invented {
    /// What it was invented from.
    pub seed: u64,
    /// The world.
    pub world: World,
    /// What its slots are worth.
    pub quantities: Quantities,
    /// Rules' dates.
    pub dates: Vec<Dates>,
    /// By rule, the uniforms of announcement and reversal behind the dates.
    pub uniforms: Vec<(f64, f64)>,
}

/// Numbers from a seed (splitmix64).
pub struct Dice(u64);

impl Dice {
    /// Dice of a seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5EED)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform on (0, 1).
    pub fn unit(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Uniform on (low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Uniform on the integers low … high.
    pub fn integer(&mut self, low: i32, high: i32) -> i32 {
        low + (self.unit() * f64::from(high - low + 1)) as i32
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// One of `values`.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.integer(0, values.len() as i32 - 1) as usize]
    }
}

/// A growing table of quantities.
#[derive(Default)]
pub struct Table(pub Quantities);

impl Table {
    /// Adds a quantity.
    pub fn push(&mut self, form: Form) -> Slot {
        let key = format!("invented.q{}", self.0.list.len());
        self.0.list.push(Quantity { stream: key.clone(), key, form });
        Slot(self.0.list.len() as u32 - 1)
    }

    /// Adds a constant.
    pub fn constant(&mut self, value: f64) -> Slot {
        self.push(Form::Constant(value))
    }
}

/// Dice and the table they fill.
struct Maker {
    dice: Dice,
    table: Table,
    months: i32,
}

impl Maker {
    /// A constant between `low` and `high`.
    fn fixed(&mut self, low: f64, high: f64) -> Slot {
        let value = self.dice.between(low, high);
        self.table.constant(value)
    }

    /// One of `values`, constant.
    fn one_of(&mut self, values: &[f64]) -> Slot {
        let value = self.dice.pick(values);
        self.table.constant(value)
    }

    /// Zero half the time, else a constant.
    fn maybe(&mut self, low: f64, high: f64) -> Slot {
        if self.dice.chance(0.5) { self.table.constant(0.0) } else { self.fixed(low, high) }
    }

    /// A constant or a schedule between `low` and `high`.
    fn moving(&mut self, low: f64, high: f64) -> Slot {
        if self.dice.chance(0.6) {
            return self.fixed(low, high);
        }
        let mut month = self.dice.integer(-3, self.months / 2);
        let mut knots = Vec::new();
        for _ in 0..self.dice.integer(1, 4) {
            knots.push((month, self.dice.between(low, high)));
            month += self.dice.integer(1, 5);
        }
        let linear = self.dice.chance(0.5);
        self.table.push(Form::Schedule { knots, linear })
    }

    /// Like `moving`, or nothing at all, or nothing until a date, or nothing from a date.
    fn dated(&mut self, low: f64, high: f64) -> Slot {
        let (date, value) = (self.dice.integer(1, self.months), self.dice.between(low, high));
        let linear = self.dice.chance(0.3);
        match self.dice.integer(0, 9) {
            0 => self.table.constant(0.0),
            1 => self.table.push(Form::Schedule { knots: vec![(0, 0.0), (date, value)], linear }),
            2 => self.table.push(Form::Schedule { knots: vec![(0, value), (date, 0.0)], linear }),
            _ => self.moving(low, high),
        }
    }

    fn flags(&mut self, count: usize, p: f64) -> Vec<bool> {
        (0..count).map(|_| self.dice.chance(p)).collect()
    }

    fn workload(&mut self, index: usize) -> Workload {
        let kind = self.dice.pick(&[WorkloadKind::Training, WorkloadKind::Decode, WorkloadKind::Inference]);
        let compute = self.dice.between(150.0, 450.0);
        Workload {
            id: format!("w{index}"),
            title: format!("Workload {index}"),
            kind,
            intensity: (kind != WorkloadKind::Training).then(|| self.moving(50.0, 400.0)),
            prefill_share: (kind == WorkloadKind::Inference).then(|| self.moving(0.1, 0.8)),
            reference: Rate { compute, bound: compute * self.dice.between(0.3, 1.0) },
            distillable: self.dice.chance(0.5),
        }
    }

    fn chip(&mut self, index: usize, workloads: usize) -> Chip {
        let memory_tb_per_s = self.moving(1.0, 6.0);
        let efficiency = (0..workloads)
            .map(|_| {
                self.dice.chance(0.85).then(|| Efficiency {
                    peak_tflops: self.fixed(200.0, 2000.0),
                    mfu: self.moving(0.2, 0.6),
                    mbu: self.moving(0.3, 0.8),
                    goodput: self.moving(0.7, 1.0),
                })
            })
            .collect();
        Chip {
            id: format!("k{index}"),
            title: format!("Chip {index}"),
            h100e_peak: self.dice.between(0.1, 2.0),
            memory_tb_per_s,
            all_in_power_kw: self.fixed(0.4, 2.0),
            efficiency,
        }
    }

    fn region(&mut self, index: usize) -> Region {
        Region {
            id: format!("r{index}"),
            title: format!("Region {index}"),
            home: self.dice.chance(0.5),
            electricity: if self.dice.chance(0.1) {
                self.table.constant(0.0)
            } else {
                self.moving(0.03, 0.2)
            },
            pue: self.moving(1.05, 1.6),
            shell_usd_per_kw: self.maybe(2000.0, 12000.0),
            shell_life_years: self.one_of(&[2.0, 10.0, 15.0, 20.0]),
            opex_usd_per_kw_year: self.maybe(50.0, 300.0),
            wacc: self.maybe(0.02, 0.15),
        }
    }

    fn channel(&mut self, index: usize, chips: usize, regions: usize, workloads: usize) -> Channel {
        Channel {
            id: format!("c{index}"),
            title: format!("Channel {index}"),
            chip: self.dice.integer(0, chips as i32 - 1) as usize,
            region: self.dice.integer(0, regions as i32 - 1) as usize,
            origin: self.dice.pick(&[Origin::Offshore, Origin::Domestic, Origin::Imported, Origin::Grey]),
            serves: self.flags(workloads, 0.85),
            availability: self.moving(0.7, 1.0),
            supply: if self.dice.chance(0.5) {
                Supply::Rental(self.rental())
            } else {
                Supply::Owned(self.owned())
            },
        }
    }

    fn rental(&mut self) -> Rental {
        Rental {
            price: self.moving(0.4, 4.0),
            contract_basis: self.moving(0.7, 1.2),
            spot_basis: self.moving(0.6, 1.6),
            overhead: if self.dice.chance(0.5) { self.table.constant(0.0) } else { self.moving(0.0, 0.25) },
            on_offer: self.dated(50.0, 800.0),
            committed: self.maybe(10.0, 400.0),
            committed_price: self.dice.chance(0.5).then(|| self.fixed(0.4, 4.0)),
            term: self.dice.integer(1, 8) as usize,
            prepaid: self.maybe(0.0, 1.0),
            exit_fee_months: self.maybe(0.0, 3.0),
            owed_share_when_void: self.maybe(0.0, 1.0),
            rent_response: self.maybe(0.1, 1.0),
        }
    }

    fn owned(&mut self) -> Owned {
        let life_years = f64::from(self.dice.integer(1, 20)) / 4.0;
        let per_month = 12.0 * life_years;
        let youngest = self.dice.integer(0, 6) as usize;
        let lead = self.dice.integer(0, 1);
        Owned {
            capex: self.moving(50.0 * per_month, 900.0 * per_month),
            extra_capex: self.dice.chance(0.3).then(|| self.moving(10.0 * per_month, 300.0 * per_month)),
            price_decline: self.maybe(0.0, 0.3),
            life_years: self.table.constant(life_years),
            residual: self.maybe(0.0, 0.3),
            idle_share: self.maybe(0.0, 0.6),
            fleet: self.maybe(10.0, 400.0),
            fleet_age_months: (youngest, youngest + self.dice.integer(0, 8) as usize),
            pipeline: if lead == 0 { Vec::new() } else { (0..4).map(|_| self.maybe(5.0, 80.0)).collect() },
            supply: self.dated(5.0, 150.0),
            import_quota: self.dice.chance(0.3).then(|| self.dated(5.0, 150.0)),
            scarcity_rent_share: self.one_of(&[0.0, 0.5, 1.0]),
            supply_response: self.maybe(0.1, 1.2),
            supply_response_delay: self.dice.integer(1, 6) as usize,
            supply_response_cap: self.fixed(1.0, 3.0),
            learning_rate: self.maybe(0.05, 0.3),
            mfu_learning_rate: self.maybe(0.02, 0.2),
            mfu_learning_ceiling: self.fixed(1.0, 1.5),
            cumulative: Some(self.fixed(50.0, 1000.0)),
            rest_of_market: if self.dice.chance(0.4) {
                self.table.constant(0.0)
            } else {
                self.moving(0.0, 200.0)
            },
        }
    }

    fn demand(&mut self) -> Demand {
        Demand {
            planned_use: self.moving(50.0, 900.0),
            elasticity: if self.dice.chance(0.1) { self.one_of(&[0.0, 1.0]) } else { self.moving(0.2, 1.6) },
            reference_price: self.moving(0.8, 2.5),
            choke_price: self.moving(2.6, 14.0),
            saturation: if self.dice.chance(0.2) { self.table.constant(1.0) } else { self.moving(1.1, 3.0) },
        }
    }

    /// Labs whose shares of a channel sum to at most 1.
    fn labs(&mut self, channels: usize, workloads: usize) -> Vec<Lab> {
        let count = self.dice.integer(1, 3) as usize;
        let mut shares = vec![Vec::new(); count];
        for _ in 0..channels {
            let weights: Vec<f64> = (0..=count).map(|_| self.dice.between(0.0, 1.0)).collect();
            let slack = if self.dice.chance(0.5) { 0.0 } else { weights[count] };
            let sum: f64 = weights[..count].iter().sum::<f64>() + slack;
            for (shares, weight) in shares.iter_mut().zip(&weights) {
                let share = if self.dice.chance(0.1) { 0.0 } else { weight / sum };
                shares.push(self.table.constant(share));
            }
        }
        let mut labs = Vec::new();
        for (index, shares) in shares.into_iter().enumerate() {
            let sure = self.dice.integer(0, workloads as i32 - 1) as usize;
            labs.push(Lab {
                id: format!("l{index}"),
                title: format!("Lab {index}"),
                shares,
                anticipation: self.maybe(0.1, 1.0),
                sign_ahead: self.dice.chance(0.5),
                hedge_share: self.maybe(0.1, 1.0),
                demand: (0..workloads)
                    .map(|w| (w == sure || self.dice.chance(0.75)).then(|| self.demand()))
                    .collect(),
            });
        }
        labs
    }

    fn rule(&mut self, index: usize, (channels, workloads, labs): (usize, usize, usize)) -> Rule {
        let (from, until) = (self.dice.integer(-3, self.months), self.dice.integer(0, self.months + 4));
        let (from, until) = (from.min(until), from.max(until));
        let announcement = match self.dice.integer(0, 2) {
            0 => Announcement::Fixed(from),
            1 => Announcement::Window { probability: self.fixed(0.2, 1.0), from, until },
            _ => Announcement::Hazard { per_year: self.fixed(0.3, 6.0), from, until },
        };
        let length = if self.dice.chance(0.5) {
            Months::Days(self.maybe(1.0, 240.0))
        } else {
            Months::Months(self.maybe(0.5, 7.0))
        };
        let wind_down = match self.dice.integer(0, 3) {
            0 => WindDown::Immediate,
            1 => WindDown::Linear(length),
            2 => WindDown::Cliff(length),
            _ => WindDown::Grandfathered,
        };
        let reversal = match self.dice.integer(0, 2) {
            0 => Reversal::Never,
            1 => Reversal::Hazard(self.fixed(0.3, 6.0)),
            _ => Reversal::Within { probability: self.fixed(0.3, 1.0), within_days: self.fixed(10.0, 250.0) },
        };
        Rule {
            id: format!("rule{index}"),
            title: format!("Rule {index}"),
            announcement,
            announcement_stream: format!("rule{index}/announcement"),
            lag_days: self.maybe(1.0, 200.0),
            ramp_months: self.maybe(0.5, 6.0),
            wind_down,
            reversal,
            reversal_stream: format!("rule{index}/reversal"),
            effects: (0..self.dice.integer(1, 5)).map(|_| self.effect(channels, workloads, labs)).collect(),
        }
    }

    fn effect(&mut self, channels: usize, workloads: usize, labs: usize) -> Effect {
        let target = self.dice.pick(&[
            Target::NewRental,
            Target::NewRental,
            Target::NewRental,
            Target::ExistingContracts,
            Target::ExistingContracts,
            Target::OwnedAccess,
            Target::ChipSupply,
            Target::ImportQuota,
            Target::Price,
            Target::Demand,
            Target::Efficiency,
            Target::Distillation,
        ]);
        let (leaks, costs) =
            (matches!(target, Target::NewRental | Target::OwnedAccess), target == Target::NewRental);
        let above_one =
            matches!(target, Target::Price | Target::Demand | Target::Distillation) && self.dice.chance(0.3);
        let on_channels = !matches!(target, Target::Demand | Target::Distillation);
        let moves = target != Target::ExistingContracts;
        let factor = match (above_one, moves) {
            (true, _) => self.fixed(1.0, 1.4),
            (_, true) if self.dice.chance(0.3) => self.moving(0.0, 1.0),
            _ => self.maybe(0.0, 1.0),
        };
        Effect {
            target,
            channels: self.flags(channels, if on_channels { 0.7 } else { 0.0 }),
            workloads: self.flags(workloads, if target == Target::Demand { 0.7 } else { 0.0 }),
            labs: self.flags(labs, if target == Target::Demand { 0.7 } else { 0.0 }),
            factor,
            leakage: (leaks && self.dice.chance(0.7)).then(|| self.moving(0.0, 1.0)),
            premium: (costs && self.dice.chance(0.7)).then(|| self.moving(0.8, 2.5)),
        }
    }

    fn world(&mut self) -> World {
        let lead = self.dice.integer(0, 4) as usize;
        let workloads = self.dice.integer(1, 3) as usize;
        let chips = self.dice.integer(1, 4) as usize;
        let regions = self.dice.integer(1, 2) as usize;
        let channels = self.dice.integer(1, 6) as usize;
        let discount_rate = self.fixed(0.0, 0.1);
        let mut channel_list: Vec<Channel> =
            (0..channels).map(|index| self.channel(index, chips, regions, workloads)).collect();
        for channel in &mut channel_list {
            if let Supply::Owned(owned) = &mut channel.supply {
                owned.pipeline.truncate(lead);
            }
        }
        let labs = self.labs(channels, workloads);
        let rules = self.dice.integer(1, 3) as usize;
        World {
            start: Month::new(2026, 10),
            months: self.months as usize,
            lead,
            discount_rate,
            workloads: (0..workloads).map(|index| self.workload(index)).collect(),
            chips: (0..chips).map(|index| self.chip(index, workloads)).collect(),
            regions: (0..regions).map(|index| self.region(index)).collect(),
            channels: channel_list,
            rules: (0..rules).map(|index| self.rule(index, (channels, workloads, labs.len()))).collect(),
            labs,
            distillation: self.dice.chance(0.6).then(|| Distillation {
                saving: self.fixed(0.05, 0.4),
                research_share: self.fixed(0.2, 0.9),
                user_share: self.fixed(0.2, 0.9),
            }),
            calibration_price: None,
            demand_scale: self.dice.pick(&[1.0, 0.8, 1.25]),
        }
    }
}

/// The world of a seed.
pub fn invent(seed: u64) -> Invented {
    let mut dice = Dice::new(seed);
    let months = dice.integer(3, 14);
    let mut maker = Maker { dice, table: Table::default(), months };
    let world = maker.world();
    let quantities = maker.table.0;
    let value = |slot: Slot| super::known(&quantities, slot, 0);
    let mut dates = Vec::new();
    let mut uniforms = Vec::new();
    for rule in &world.rules {
        let (u, v) = (maker.dice.unit(), maker.dice.unit());
        uniforms.push((u, v));
        dates.push(date(rule, &value, u, v));
    }
    Invented { seed, world, quantities, dates, uniforms }
}

/// The world of a seed with prices, capex and demand on noisy processes around some of their levels.
pub fn invent_noisy(seed: u64) -> Invented {
    let mut invented = invent(seed);
    let mut dice = Dice::new(!seed);
    let mut table = Table(std::mem::take(&mut invented.quantities));
    let mut levels: Vec<&mut Slot> = Vec::new();
    levels.extend(invented.world.regions.iter_mut().map(|region| &mut region.electricity));
    for channel in &mut invented.world.channels {
        match &mut channel.supply {
            Supply::Rental(rental) => levels.push(&mut rental.price),
            Supply::Owned(owned) => levels.push(&mut owned.capex),
        }
    }
    let demands = invented.world.labs.iter_mut().flat_map(|lab| &mut lab.demand).flatten();
    levels.extend(demands.map(|demand| &mut demand.planned_use));
    for level in levels {
        if dice.chance(0.6) {
            *level = noisy(&mut dice, &mut table, *level);
        }
    }
    invented.quantities = table.0;
    invented
}

/// A process around `initial`.
fn noisy(dice: &mut Dice, table: &mut Table, initial: Slot) -> Slot {
    let process = Process {
        initial,
        anchor: if dice.chance(0.5) { Anchor::Median } else { Anchor::Mean },
        trend_per_year: table.constant(dice.between(-0.3, 0.3)),
        volatility: table.constant(dice.between(0.05, 0.5)),
        half_life_months: dice.chance(0.6).then(|| table.constant(dice.between(2.0, 12.0))),
        jumps: None,
        regimes: None,
    };
    table.push(Form::Process(process))
}

/// A rule's dates at two uniforms.
pub fn date(rule: &Rule, value: &dyn Fn(Slot) -> f64, u: f64, v: f64) -> Dates {
    let Some(announced) = announced(&rule.announcement, value, u) else { return Dates::default() };
    let effective = announced + whole_months(value(rule.lag_days));
    let reversed = reversed(effective, &rule.reversal, value, v);
    Dates { announced: Some(announced), effective: Some(effective), reversed }
}
