//! One path of one arm, month by month (`docs/model.md §6–§9, §14`).
//!
//! The order of a month: the rules' state, wind-down of contracts, the plan for t + lead, operation, books, feedback.
//! Contracts and chips are plain lists; nothing is aggregated that the page does not aggregate.

use super::costs::{self, energy, life_months, rate, value_lost};
use super::rules::{Dates, expected, whole_months};
use super::trace::{ChannelState, LabChannel, LabMonth, Month, Trace};
use super::{Clear, Cleared, H, Kind, Tranche, Values};
use loophole::economics::demand::DemandCurve;
use loophole::model::parameters::{Effect, Origin, Owned, Rental, Slot, Supply, Target, World};

/// Chips rented by one contract.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Month of signing; −1 for those of before the start.
    pub signed: i64,
    /// First month after its term.
    pub ends: i64,
    /// Chips signed for.
    pub chips: f64,
    /// USD per chip-hour, premium included.
    pub price: f64,
    /// Signed through a leak.
    pub leaked: bool,
    /// Share not voided.
    pub kept: f64,
}

/// Owned chips bought together.
#[derive(Clone, Debug)]
pub struct Batch {
    /// First month alive and charged, with m = 1.
    pub arrives: i64,
    /// First month no longer alive.
    pub retires: i64,
    /// Chips.
    pub chips: f64,
    /// System price paid, USD.
    pub price: f64,
    /// Scarcity rent, USD per usable hour.
    pub scarcity: f64,
}

/// What one lab holds and remembers.
#[derive(Clone, Debug, Default)]
struct Holdings {
    /// By channel.
    contracts: Vec<Vec<Contract>>,
    /// By channel.
    batches: Vec<Vec<Batch>>,
    /// Hours planned, by channel and month of use.
    planned_use: Vec<Vec<f64>>,
    /// max over w of lambda_plan·e in each month's plan, by month and channel.
    plan_worth: Vec<Vec<f64>>,
}

/// Whose eyes a rule is seen with.
#[derive(Clone, Copy)]
enum View {
    /// As it is in month t.
    Now,
    /// As a planner in t, with this anticipation, sees month t + lead.
    Plan(f64),
}

/// How one effect bites.
struct Bite {
    severity: f64,
    factor: f64,
    leakage: f64,
    premium: f64,
}

/// A plan made in one month.
struct Plan {
    tranches: Vec<Tranche>,
    cleared: Cleared,
    hedge: Vec<f64>,
}

/// The teller of one path.
pub(super) struct Story<'a> {
    world: &'a World,
    values: Values<'a>,
    dates: &'a [Dates],
    clear: Clear<'a>,
    labs: Vec<Holdings>,
    /// All labs' orders, by month and channel.
    orders: Vec<Vec<f64>>,
    /// All labs' hours used, by month and channel.
    used: Vec<Vec<f64>>,
    trace: Trace,
}

/// Tells the path on which quantities are worth `values` and rules fall on `dates`.
pub fn simulate(world: &World, values: Values<'_>, dates: &[Dates], clear: Clear<'_>) -> Trace {
    let empty = Story {
        world,
        values,
        dates,
        clear,
        labs: Vec::new(),
        orders: Vec::new(),
        used: Vec::new(),
        trace: Trace::default(),
    };
    let mut story = empty;
    story.labs = (0..world.labs.len()).map(|lab| story.start(lab)).collect();
    for t in 0..world.months {
        story.tell(t);
    }
    story.trace
}

impl Story<'_> {
    fn now(&self, slot: Slot, t: usize) -> f64 {
        (self.values.now)(slot, t)
    }

    fn look(&self, view: View, slot: Slot, t: usize) -> f64 {
        match view {
            View::Now => (self.values.now)(slot, t),
            View::Plan(_) => (self.values.ahead)(slot, t),
        }
    }

    // Rules.

    fn bites(&self, selects: &dyn Fn(&Effect) -> bool, t: usize, view: View) -> Vec<Bite> {
        let (month, target) = (t as i64, (t + self.world.lead) as i64);
        let mut bites = Vec::new();
        for (rule, dates) in self.world.rules.iter().zip(self.dates) {
            let ramp = self.now(rule.ramp_months, t);
            let severity = match view {
                View::Now => dates.severity(ramp, month),
                View::Plan(anticipation) => dates.foreseen(ramp, month, target).unwrap_or_else(|| {
                    let lag = whole_months(self.now(rule.lag_days, t));
                    let value = |slot| self.now(slot, t);
                    anticipation * expected(&rule.announcement, lag, ramp, &value, month, target)
                }),
            };
            for effect in rule.effects.iter().filter(|effect| selects(effect)) {
                bites.push(Bite {
                    severity,
                    factor: self.look(view, effect.factor, t),
                    leakage: effect.leakage.map_or(0.0, |slot| self.look(view, slot, t)),
                    premium: effect.premium.map_or(1.0, |slot| self.look(view, slot, t)),
                });
            }
        }
        bites
    }

    fn on_channel(&self, target: Target, channel: usize, t: usize, view: View) -> Vec<Bite> {
        self.bites(&|effect| effect.target == target && effect.channels[channel], t, view)
    }

    /// Open share, leaked share and premium of what the bites leave.
    fn shares(bites: &[Bite]) -> (f64, f64, f64) {
        let (mut open, mut with_leaks, mut premium) = (1.0, 1.0, 1.0);
        for bite in bites {
            let a = 1.0 - bite.severity * (1.0 - bite.factor);
            open *= a;
            with_leaks *= a + bite.leakage * (1.0 - a);
            if bite.severity > 0.0 {
                premium = f64::max(premium, bite.premium);
            }
        }
        (open, with_leaks - open, premium)
    }

    /// Π (1 − s(1 − f)).
    fn factor(bites: &[Bite]) -> f64 {
        bites.iter().map(|bite| 1.0 - bite.severity * (1.0 - bite.factor)).product()
    }

    /// Share kept in `month` of a channel's contracts signed in `signed`, as known in `t`.
    fn kept(&self, channel: usize, signed: i64, t: usize, month: i64) -> f64 {
        let value = |slot| self.now(slot, t);
        let mut kept = 1.0;
        for (rule, dates) in self.world.rules.iter().zip(self.dates) {
            for effect in &rule.effects {
                if effect.target == Target::ExistingContracts && effect.channels[channel] {
                    // After a reversal nothing more is voided: the factor stays as it last was.
                    let stands = match dates.reversed {
                        Some(end) if end <= t as i64 => (end - 1).max(0) as usize,
                        _ => t,
                    };
                    let factor = self.now(effect.factor, stands);
                    let share = dates.kept(&rule.wind_down, &value, signed, t as i64, month);
                    kept *= factor + (1.0 - factor) * share;
                }
            }
        }
        kept
    }

    // What holds for all labs.

    /// Cumulative chips through last month over those at the start; none without learning.
    fn experience(&self, channel: usize, owned: &Owned, t: usize) -> Option<f64> {
        let start = self.now(owned.cumulative?, 0);
        let mut sum = start;
        for s in 0..t {
            sum += self.orders[s][channel] + self.now(owned.rest_of_market, s);
        }
        Some(sum / start)
    }

    fn learning(&self, channel: usize, t: usize) -> (f64, f64) {
        let Supply::Owned(owned) = &self.world.channels[channel].supply else { return (1.0, 1.0) };
        let Some(experience) = self.experience(channel, owned, t) else { return (1.0, 1.0) };
        let (price, mfu) = (self.now(owned.learning_rate, t), self.now(owned.mfu_learning_rate, t));
        let price_factor = if price == 0.0 { 1.0 } else { experience.powf((1.0 - price).log2()) };
        let mfu_factor = if mfu == 0.0 {
            1.0
        } else {
            experience.powf(-(1.0 - mfu).log2()).min(self.now(owned.mfu_learning_ceiling, t))
        };
        (price_factor, mfu_factor)
    }

    fn rates(&self, channel: usize, t: usize, view: View) -> Vec<f64> {
        let place = &self.world.channels[channel];
        let chip = &self.world.chips[place.chip];
        let effect = Story::factor(&self.on_channel(Target::Efficiency, channel, t, unanticipated(view)));
        let mfu_factor = self.learning(channel, t).1;
        let value = |slot| self.look(view, slot, t);
        let of = |w: usize| {
            if place.serves[w] {
                effect * rate(chip, &self.world.workloads[w], w, &value, mfu_factor)
            } else {
                0.0
            }
        };
        (0..self.world.workloads.len()).map(of).collect()
    }

    fn rent_factor(&self, channel: usize, rental: &Rental, t: usize) -> f64 {
        let availability = self.world.channels[channel].availability;
        let offered = |s: usize| self.now(rental.on_offer, s) * H * self.now(availability, s);
        let share_used = |s: usize| self.used[s][channel] / offered(s);
        let Some(first) = (0..t).find(|s| offered(*s) > 0.0) else { return 1.0 };
        let last = (first..t).rfind(|s| offered(*s) > 0.0).unwrap_or(first);
        let at_first = share_used(first);
        let response = self.now(rental.rent_response, t);
        if at_first == 0.0 || response == 0.0 {
            return 1.0;
        }
        f64::max(0.25, (share_used(last) / at_first).powf(response))
    }

    fn supply_factor(&self, channel: usize, owned: &Owned, t: usize) -> f64 {
        let delay = owned.supply_response_delay;
        if t < delay {
            return 1.0;
        }
        let ratio = |s: usize| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (lab, holdings) in self.world.labs.iter().zip(&self.labs) {
                let share = self.now(lab.shares[channel], s);
                sum +=
                    share * holdings.plan_worth[s][channel] / self.trace.months[s].channels[channel].buy_cost;
                weights += share;
            }
            if weights > 0.0 { sum / weights } else { 0.0 }
        };
        let (at_start, then) = (ratio(0), ratio(t - delay));
        let response = self.now(owned.supply_response, t);
        if at_start == 0.0 || response == 0.0 {
            return 1.0;
        }
        (then / at_start).powf(response).min(self.now(owned.supply_response_cap, t))
    }

    /// Capex × learning × price effect + extra capex.
    fn system_price(&self, channel: usize, owned: &Owned, t: usize) -> f64 {
        let effect = Story::factor(&self.on_channel(Target::Price, channel, t, View::Now));
        let extra = owned.extra_capex.map_or(0.0, |slot| self.now(slot, t));
        self.now(owned.capex, t) * self.learning(channel, t).0 * effect + extra
    }

    fn channel_state(&self, channel: usize, t: usize) -> ChannelState {
        let place = &self.world.channels[channel];
        let (price_learning, mfu_learning) = self.learning(channel, t);
        let mut state = ChannelState {
            rate: self.rates(channel, t, View::Now),
            plan_rate: self.rates(channel, t, View::Plan(0.0)),
            price_learning,
            mfu_learning,
            supply_factor: 1.0,
            rent_factor: 1.0,
            ..ChannelState::default()
        };
        match &place.supply {
            Supply::Rental(rental) => {
                state.rent_factor = self.rent_factor(channel, rental, t);
                let effect = Story::factor(&self.on_channel(Target::Price, channel, t, View::Now));
                let price = self.now(rental.price, t) * effect * state.rent_factor;
                state.contract_price = price * self.now(rental.contract_basis, t);
                state.spot_price = price * self.now(rental.spot_basis, t);
            }
            Supply::Owned(owned) => {
                let (chip, region) = (&self.world.chips[place.chip], &self.world.regions[place.region]);
                state.supply_factor = self.supply_factor(channel, owned, t);
                state.system_price = self.system_price(channel, owned, t);
                let first =
                    costs::charge(owned, chip, region, &|slot| self.now(slot, t), state.system_price, 1);
                let hours = H * self.now(place.availability, t);
                state.first_charge = [first.capital, first.building, first.operations];
                let effect = Story::factor(&self.on_channel(Target::ChipSupply, channel, t, View::Now));
                state.supply = self.now(owned.supply, t) * effect * state.supply_factor;
                if let Some(quota) = owned.import_quota {
                    let effect = Story::factor(&self.on_channel(Target::ImportQuota, channel, t, View::Now));
                    let quota = self.now(quota, t) * effect;
                    state.quota_binds = quota < state.supply;
                    state.supply = if state.quota_binds { quota } else { state.supply };
                }
                state.buy_cost =
                    first.total() / hours + energy(chip, region, &|slot| (self.values.ahead)(slot, t));
            }
        }
        state
    }

    // A lab's start.

    fn start(&self, lab: usize) -> Holdings {
        let channels = 0..self.world.channels.len();
        let months = self.world.months + self.world.lead;
        Holdings {
            contracts: channels.clone().map(|channel| self.initial_contracts(lab, channel)).collect(),
            batches: channels.clone().map(|channel| self.initial_batches(lab, channel)).collect(),
            planned_use: channels.map(|_| vec![0.0; months]).collect(),
            plan_worth: Vec::new(),
        }
    }

    fn initial_contracts(&self, lab: usize, channel: usize) -> Vec<Contract> {
        let Supply::Rental(rental) = &self.world.channels[channel].supply else { return Vec::new() };
        let share = self.now(self.world.labs[lab].shares[channel], 0);
        // Signed before the start, hence before any price rule of the run.
        let month_0 = self.now(rental.price, 0) * self.now(rental.contract_basis, 0);
        let price = rental.committed_price.map_or(month_0, |slot| self.now(slot, 0));
        let chips = share * self.now(rental.committed, 0) / rental.term as f64;
        let vintage =
            |left: usize| Contract { signed: -1, ends: left as i64, chips, price, leaked: false, kept: 1.0 };
        (1..=rental.term).map(vintage).collect()
    }

    fn initial_batches(&self, lab: usize, channel: usize) -> Vec<Batch> {
        let Supply::Owned(owned) = &self.world.channels[channel].supply else { return Vec::new() };
        let share = self.now(self.world.labs[lab].shares[channel], 0);
        let life = life_months(self.now(owned.life_years, 0));
        let price = self.system_price(channel, owned, 0);
        let (youngest, oldest) = owned.fleet_age_months;
        let ages = (oldest - youngest + 1) as f64;
        let mut batches = Vec::new();
        for age in youngest..=oldest {
            let chips = share * self.now(owned.fleet, 0) / ages;
            batches.push(Batch { arrives: 0, retires: life - age as i64, chips, price, scarcity: 0.0 });
        }
        for (month, slot) in owned.pipeline.iter().enumerate() {
            let (arrives, chips) = (month as i64, share * self.now(*slot, 0));
            batches.push(Batch { arrives, retires: arrives + life, chips, price, scarcity: 0.0 });
        }
        batches
    }

    // A month.

    fn tell(&mut self, t: usize) {
        let channels = (0..self.world.channels.len()).map(|channel| self.channel_state(channel, t)).collect();
        self.trace.months.push(Month { channels, labs: Vec::new() });
        self.orders.push(vec![0.0; self.world.channels.len()]);
        self.used.push(vec![0.0; self.world.channels.len()]);
        for lab in 0..self.world.labs.len() {
            let mut month = LabMonth {
                channels: vec![
                    LabChannel {
                        work: vec![0.0; self.world.workloads.len()],
                        ..LabChannel::default()
                    };
                    self.world.channels.len()
                ],
                ..LabMonth::default()
            };
            self.wind_down(lab, t, &mut month);
            let plan = self.plan(lab, t);
            self.order(lab, t, &plan, &mut month);
            self.operate(lab, t, &mut month);
            self.charge_chips(lab, t, &mut month);
            for channel in 0..self.world.channels.len() {
                self.used[t][channel] += month.channels[channel].used();
                let spend = month.channels[channel].spend;
                month.spend.add(&spend);
            }
            month.economic_cost = month.spend.total() + month.value_lost.iter().sum::<f64>();
            self.trace.months[t].labs.push(month);
        }
    }

    /// Voids what the rules void this month, and books what is due at once.
    fn wind_down(&mut self, lab: usize, t: usize, month: &mut LabMonth) {
        for channel in 0..self.world.channels.len() {
            let Supply::Rental(rental) = &self.world.channels[channel].supply else { continue };
            let overhead = self.now(rental.overhead, t);
            let prepaid = self.now(rental.prepaid, t);
            let owed = prepaid + (1.0 - prepaid) * self.now(rental.owed_share_when_void, t);
            let exit = self.now(rental.exit_fee_months, t);
            for index in 0..self.labs[lab].contracts[channel].len() {
                let contract = self.labs[lab].contracts[channel][index].clone();
                if contract.ends <= t as i64 {
                    continue;
                }
                let kept = self.kept(channel, contract.signed, t, t as i64).min(contract.kept);
                let left = (contract.ends - t as i64) as f64;
                let bill = contract.price * (1.0 + overhead) * H;
                let voided = contract.chips * (contract.kept - kept);
                month.channels[channel].spend.void_dues += voided * bill * (exit + left * owed);
                self.labs[lab].contracts[channel][index].kept = kept;
            }
        }
    }

    /// Open and leaked chips under contract in `target`, as known in `t`, of contracts signed before `t`.
    fn committed(&self, lab: usize, channel: usize, t: usize, target: i64) -> (f64, f64) {
        let (mut open, mut leaked) = (0.0, 0.0);
        for contract in &self.labs[lab].contracts[channel] {
            if contract.signed < t as i64 && target < contract.ends {
                let chips =
                    contract.chips * self.kept(channel, contract.signed, t, target).min(contract.kept);
                if contract.leaked { leaked += chips } else { open += chips }
            }
        }
        (open, leaked)
    }

    /// Open and leaked chips for hire beyond commitments.
    pub(super) fn for_hire(on_offer: f64, shares: (f64, f64), committed: (f64, f64)) -> (f64, f64) {
        let free = f64::max(0.0, on_offer - committed.0 - committed.1);
        let open = f64::clamp(shares.0 * on_offer - committed.0, 0.0, free);
        let leaked = f64::clamp(shares.1 * on_offer - committed.1, 0.0, free - open);
        (open, leaked)
    }

    /// Owned chips alive in `month`.
    fn alive(&self, lab: usize, channel: usize, month: i64) -> f64 {
        let batches = self.labs[lab].batches[channel].iter();
        batches.filter(|batch| batch.arrives <= month && month < batch.retires).map(|batch| batch.chips).sum()
    }

    /// Share of owned chips that can be used.
    fn usable(&self, channel: usize, t: usize, view: View) -> f64 {
        let (open, leaked, _) = Story::shares(&self.on_channel(Target::OwnedAccess, channel, t, view));
        open + leaked
    }

    /// Workloads a lab runs.
    fn runs(&self, lab: usize) -> Vec<usize> {
        (0..self.world.workloads.len()).filter(|w| self.world.labs[lab].demand[*w].is_some()).collect()
    }

    /// Demand curves of the workloads a lab runs.
    fn curves(&self, lab: usize, t: usize, view: View) -> Vec<DemandCurve> {
        self.runs(lab).into_iter().map(|w| self.curve(lab, w, t, view)).collect()
    }

    fn curve(&self, lab: usize, w: usize, t: usize, view: View) -> DemandCurve {
        let demand = self.world.labs[lab].demand[w].as_ref().expect("a workload it runs");
        let view = unanticipated(view);
        let selects =
            |effect: &Effect| effect.target == Target::Demand && effect.workloads[w] && effect.labs[lab];
        let effect = Story::factor(&self.bites(&selects, t, view));
        let scale = self.world.demand_scale * effect * self.distillation(w, t, view);
        DemandCurve {
            planned_use: self.look(view, demand.planned_use, t) * H * scale,
            elasticity: self.look(view, demand.elasticity, t),
            reference_price: self.look(view, demand.reference_price, t),
            choke_price: self.look(view, demand.choke_price, t),
            saturation: self.look(view, demand.saturation, t),
        }
    }

    /// (1 − rd·s·c·f) / (1 − rd·s·f).
    fn distillation(&self, w: usize, t: usize, view: View) -> f64 {
        let Some(distillation) = &self.world.distillation else { return 1.0 };
        if !self.world.workloads[w].distillable {
            return 1.0;
        }
        let c = Story::factor(&self.bites(&|effect| effect.target == Target::Distillation, t, view));
        let saved = self.look(view, distillation.research_share, t)
            * self.look(view, distillation.user_share, t)
            * self.look(view, distillation.saving, t);
        (1.0 - saved * c) / (1.0 - saved)
    }

    /// Chips a lab can order this month.
    fn supply(&self, lab: usize, channel: usize, t: usize) -> f64 {
        self.now(self.world.labs[lab].shares[channel], t) * self.trace.months[t].channels[channel].supply
    }

    /// Chips ordered as a hedge, by channel.
    fn hedge(&self, lab: usize, t: usize, curves: &[DemandCurve], view: View) -> Vec<f64> {
        let mut orders = vec![0.0; self.world.channels.len()];
        let total: f64 = curves.iter().map(|curve| curve.planned_use).sum();
        let mut short = self.now(self.world.labs[lab].hedge_share, t) * total;
        let target_month = (t + self.world.lead) as i64;
        let mut candidates = Vec::new();
        for (channel, place) in self.world.channels.iter().enumerate() {
            let (Origin::Domestic, Supply::Owned(_)) = (place.origin, &place.supply) else { continue };
            let state = &self.trace.months[t].channels[channel];
            let weighted: f64 = self
                .runs(lab)
                .iter()
                .zip(curves)
                .map(|(w, curve)| curve.planned_use * state.plan_rate[*w])
                .sum();
            let mean_rate = if total > 0.0 { weighted / total } else { 0.0 };
            let hours_a_chip = H * (self.values.ahead)(place.availability, t) * self.usable(channel, t, view);
            short -= self.alive(lab, channel, target_month) * hours_a_chip * mean_rate;
            if mean_rate * hours_a_chip > 0.0 {
                let work_a_chip = hours_a_chip * mean_rate;
                candidates.push((
                    state.buy_cost / mean_rate,
                    channel,
                    work_a_chip,
                    self.supply(lab, channel, t),
                ));
            }
        }
        candidates.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        for (_, channel, work_a_chip, supply) in candidates {
            let chips = f64::clamp(short / work_a_chip, 0.0, supply);
            orders[channel] = chips;
            short -= chips * work_a_chip;
        }
        orders
    }

    /// The plan for t + lead.
    fn plan(&self, lab: usize, t: usize) -> Plan {
        let view = View::Plan(self.now(self.world.labs[lab].anticipation, t));
        let curves = self.curves(lab, t, view);
        let hedge = self.hedge(lab, t, &curves, view);
        let mut tranches = Vec::new();
        for (channel, (place, hedge)) in self.world.channels.iter().zip(&hedge).enumerate() {
            match &place.supply {
                Supply::Rental(rental) => self.plan_rental(lab, channel, rental, t, view, &mut tranches),
                Supply::Owned(_) => self.plan_owned(lab, channel, *hedge, t, view, &mut tranches),
            }
        }
        let cleared = self.clear(lab, &tranches, &curves);
        Plan { tranches, cleared, hedge }
    }

    fn plan_rental(
        &self,
        lab: usize,
        channel: usize,
        rental: &Rental,
        t: usize,
        view: View,
        tranches: &mut Vec<Tranche>,
    ) {
        let place = &self.world.channels[channel];
        let value = |slot| (self.values.ahead)(slot, t);
        let availability = value(place.availability);
        let on_offer = value(self.world.labs[lab].shares[channel]) * value(rental.on_offer);
        let committed = self.committed(lab, channel, t, (t + self.world.lead) as i64);
        let (open_share, leaked_share, premium) =
            Story::shares(&self.on_channel(Target::NewRental, channel, t, view));
        let (open, leaked) = Story::for_hire(on_offer, (open_share, leaked_share), committed);
        let effect = Story::factor(&self.on_channel(Target::Price, channel, t, unanticipated(view)));
        let state = &self.trace.months[t].channels[channel];
        let price = value(rental.price) * value(rental.contract_basis) * effect * state.rent_factor;
        let cost = price * (1.0 + value(rental.overhead)) / availability;
        for (kind, chips, cost) in [
            (Kind::Committed, committed.0 + committed.1, 0.0),
            (Kind::New, open, cost),
            (Kind::NewLeaked, leaked, cost * premium),
        ] {
            let capacity = chips * H * availability;
            tranches.push(Tranche { channel, kind, capacity, cost, rate: state.plan_rate.clone() });
        }
    }

    fn plan_owned(
        &self,
        lab: usize,
        channel: usize,
        hedge: f64,
        t: usize,
        view: View,
        tranches: &mut Vec<Tranche>,
    ) {
        let place = &self.world.channels[channel];
        let (chip, region) = (&self.world.chips[place.chip], &self.world.regions[place.region]);
        let hours_a_chip = H * (self.values.ahead)(place.availability, t) * self.usable(channel, t, view);
        let alive = self.alive(lab, channel, (t + self.world.lead) as i64);
        let run = energy(chip, region, &|slot| (self.values.ahead)(slot, t));
        let state = &self.trace.months[t].channels[channel];
        let supply = self.supply(lab, channel, t);
        for (kind, chips, cost) in
            [(Kind::Fleet, alive + hedge, run), (Kind::Buy, supply - hedge, state.buy_cost)]
        {
            let capacity = chips * hours_a_chip;
            tranches.push(Tranche { channel, kind, capacity, cost, rate: state.plan_rate.clone() });
        }
    }

    /// Clears a lab's market; a tranche without cost costs a trifle, and rates are cut to the workloads it runs.
    fn clear(&self, lab: usize, tranches: &[Tranche], curves: &[DemandCurve]) -> Cleared {
        let lowest = curves.iter().map(|curve| curve.reference_price).fold(f64::INFINITY, f64::min);
        let mut tranches = tranches.to_vec();
        for tranche in &mut tranches {
            tranche.rate = self.runs(lab).iter().map(|w| tranche.rate[*w]).collect();
            if tranche.cost == 0.0 {
                tranche.cost = 1e-9 * lowest;
            }
        }
        (self.clear)(&tranches, curves)
    }

    /// Books a plan: orders, the hours it uses of each channel, what a chip is worth to it.
    fn order(&mut self, lab: usize, t: usize, plan: &Plan, month: &mut LabMonth) {
        let lead = self.world.lead;
        let view = View::Plan(self.now(self.world.labs[lab].anticipation, t));
        month.plan_lambda = self.by_workload(lab, &plan.cleared.lambda);
        let worth = (0..self.world.channels.len())
            .map(|channel| self.worth(channel, t, &month.plan_lambda))
            .collect();
        self.labs[lab].plan_worth.push(worth);
        for (tranche, hours) in plan.tranches.iter().zip(&plan.cleared.hours) {
            let used: f64 = hours.iter().sum();
            match tranche.kind {
                Kind::Committed | Kind::New | Kind::NewLeaked => {
                    self.labs[lab].planned_use[tranche.channel][t + lead] += used;
                    month.channels[tranche.channel].planned_use += used;
                }
                Kind::Buy => {
                    let availability =
                        (self.values.ahead)(self.world.channels[tranche.channel].availability, t);
                    let hours_a_chip = H * availability * self.usable(tranche.channel, t, view);
                    let bought = if hours_a_chip > 0.0 { used / hours_a_chip } else { 0.0 };
                    self.buy(lab, tranche.channel, t, (bought, plan.hedge[tranche.channel]), month);
                }
                Kind::Fleet | Kind::Spot | Kind::SpotLeaked => {}
            }
        }
    }

    /// max over w of lambda·e, at the plan's rates.
    fn worth(&self, channel: usize, t: usize, lambda: &[f64]) -> f64 {
        let rates = &self.trace.months[t].channels[channel].plan_rate;
        lambda.iter().zip(rates).map(|(lambda, rate)| lambda * rate).fold(0.0, f64::max)
    }

    fn buy(
        &mut self,
        lab: usize,
        channel: usize,
        t: usize,
        (bought, hedge): (f64, f64),
        month: &mut LabMonth,
    ) {
        let place = &self.world.channels[channel];
        let Supply::Owned(owned) = &place.supply else { unreachable!("only owned channels sell chips") };
        let chips = bought + hedge;
        let plan_month = t.saturating_sub(1);
        let gain = self.labs[lab].plan_worth[plan_month][channel]
            - self.trace.months[plan_month].channels[channel].buy_cost;
        let charged = matches!(place.origin, Origin::Domestic | Origin::Grey);
        let scarcity = if charged { self.now(owned.scarcity_rent_share, t) * gain.max(0.0) } else { 0.0 };
        let arrives = (t + self.world.lead) as i64;
        let retires = arrives + life_months(self.now(owned.life_years, t));
        let price = self.trace.months[t].channels[channel].system_price;
        self.labs[lab].batches[channel].push(Batch { arrives, retires, chips, price, scarcity });
        self.orders[t][channel] += chips;
        let entry = &mut month.channels[channel];
        (entry.orders, entry.hedge_orders, entry.scarcity_rate) = (chips, hedge, scarcity);
    }

    /// Spreads values of the workloads a lab runs over all workloads.
    fn by_workload(&self, lab: usize, values: &[f64]) -> Vec<f64> {
        let mut all = vec![0.0; self.world.workloads.len()];
        for (w, value) in self.runs(lab).into_iter().zip(values) {
            all[w] = *value;
        }
        all
    }

    fn operate(&mut self, lab: usize, t: usize, month: &mut LabMonth) {
        let curves = self.curves(lab, t, View::Now);
        let mut tranches = Vec::new();
        for channel in 0..self.world.channels.len() {
            match &self.world.channels[channel].supply {
                Supply::Rental(rental) => {
                    self.operate_rental(lab, channel, rental, t, &mut month.channels[channel], &mut tranches);
                }
                Supply::Owned(_) => {
                    self.operate_owned(lab, channel, t, &mut month.channels[channel], &mut tranches);
                }
            }
        }
        let cleared = self.clear(lab, &tranches, &curves);
        month.lambda = self.by_workload(lab, &cleared.lambda);
        let mut served = vec![0.0; curves.len()];
        for (tranche, hours) in tranches.iter().zip(&cleared.hours) {
            for ((w, hours), served) in self.runs(lab).into_iter().zip(hours).zip(&mut served) {
                *served += hours * tranche.rate[w];
            }
            let by_workload = self.by_workload(lab, hours);
            self.bill(lab, t, tranche, by_workload, &mut month.channels[tranche.channel]);
        }
        self.bill_contracts(lab, t, month);
        let planned: Vec<f64> = curves.iter().map(|curve| curve.planned_use).collect();
        let lost: Vec<f64> =
            curves.iter().zip(&served).map(|(curve, served)| value_lost(curve, *served)).collect();
        let short: Vec<f64> = planned.iter().zip(&served).map(|(q, d)| f64::max(0.0, q - d)).collect();
        let beyond: Vec<f64> = planned.iter().zip(&served).map(|(q, d)| f64::max(0.0, d - q)).collect();
        month.distillation =
            (0..self.world.workloads.len()).map(|w| self.distillation(w, t, View::Now)).collect();
        month.planned = self.by_workload(lab, &planned);
        month.served = self.by_workload(lab, &served);
        month.value_lost = self.by_workload(lab, &lost);
        month.unserved = self.by_workload(lab, &short);
        month.beyond_plan = self.by_workload(lab, &beyond);
    }

    /// Whether signing is not bounded by the plan: before any plan, or ahead of an announced rule.
    fn signs_freely(&self, lab: usize, channel: usize, t: usize) -> bool {
        let coming = self.world.rules.iter().zip(self.dates).any(|(rule, dates)| {
            let mut effects = rule.effects.iter();
            effects.any(|effect| effect.target == Target::NewRental && effect.channels[channel])
                && dates.announced.is_some_and(|month| month <= t as i64)
                && dates.effective.is_some_and(|month| (t as i64) < month)
        });
        t < self.world.lead || (self.world.labs[lab].sign_ahead && coming)
    }

    fn operate_rental(
        &self,
        lab: usize,
        channel: usize,
        rental: &Rental,
        t: usize,
        entry: &mut LabChannel,
        tranches: &mut Vec<Tranche>,
    ) {
        let place = &self.world.channels[channel];
        let state = &self.trace.months[t].channels[channel];
        let availability = self.now(place.availability, t);
        let hours_a_chip = H * availability;
        let on_offer = self.now(self.world.labs[lab].shares[channel], t) * self.now(rental.on_offer, t);
        let committed = self.committed(lab, channel, t, t as i64);
        let (open_share, leaked_share, premium) =
            Story::shares(&self.on_channel(Target::NewRental, channel, t, View::Now));
        let (open, leaked) = Story::for_hire(on_offer, (open_share, leaked_share), committed);
        (entry.open_contracts, entry.leaked_contracts) = committed;

        let committed_hours = (committed.0 + committed.1) * hours_a_chip;
        let (open_hours, leaked_hours) = (open * hours_a_chip, leaked * hours_a_chip);
        let bound = if self.signs_freely(lab, channel, t) {
            f64::INFINITY
        } else {
            f64::max(0.0, self.labs[lab].planned_use[channel][t] - committed_hours)
        };
        let new = open_hours.min(bound);
        let new_leaked = leaked_hours.min(bound - new);
        let per_hour = (1.0 + self.now(rental.overhead, t)) / availability;
        let (contract, spot) = (state.contract_price * per_hour, state.spot_price * per_hour);
        for (kind, capacity, cost) in [
            (Kind::Committed, committed_hours, 0.0),
            (Kind::New, new, contract),
            (Kind::NewLeaked, new_leaked, contract * premium),
            (Kind::Spot, open_hours - new, spot),
            (Kind::SpotLeaked, leaked_hours - new_leaked, spot * premium),
        ] {
            tranches.push(Tranche { channel, kind, capacity, cost, rate: state.rate.clone() });
        }
    }

    fn operate_owned(
        &self,
        lab: usize,
        channel: usize,
        t: usize,
        entry: &mut LabChannel,
        tranches: &mut Vec<Tranche>,
    ) {
        let place = &self.world.channels[channel];
        let (chip, region) = (&self.world.chips[place.chip], &self.world.regions[place.region]);
        entry.chips_alive = self.alive(lab, channel, t as i64);
        entry.usable_share = self.usable(channel, t, View::Now);
        let capacity = entry.chips_alive * H * self.now(place.availability, t) * entry.usable_share;
        let cost = energy(chip, region, &|slot| self.now(slot, t));
        let rate = self.trace.months[t].channels[channel].rate.clone();
        tranches.push(Tranche { channel, kind: Kind::Fleet, capacity, cost, rate });
    }

    /// Bills the hours used of one tranche, and signs what is used of new contracts.
    fn bill(&mut self, lab: usize, t: usize, tranche: &Tranche, hours: Vec<f64>, entry: &mut LabChannel) {
        let channel = tranche.channel;
        let place = &self.world.channels[channel];
        let used: f64 = hours.iter().sum();
        entry.capacity[tranche.kind as usize] = tranche.capacity;
        for ((work, hours), rate) in entry.work.iter_mut().zip(&hours).zip(&tranche.rate) {
            *work += hours * rate;
        }
        match &place.supply {
            Supply::Rental(rental) => match tranche.kind {
                Kind::Committed => entry.committed = hours,
                Kind::New | Kind::NewLeaked => {
                    let availability = self.now(place.availability, t);
                    let contract = Contract {
                        signed: t as i64,
                        ends: (t + rental.term) as i64,
                        chips: used / (H * availability),
                        price: tranche.cost * availability / (1.0 + self.now(rental.overhead, t)),
                        leaked: tranche.kind == Kind::NewLeaked,
                        kept: 1.0,
                    };
                    if tranche.kind == Kind::New {
                        (entry.new, entry.signed_open) = (hours, contract.chips);
                    } else {
                        (entry.new_leaked, entry.signed_leaked) = (hours, contract.chips);
                    }
                    self.labs[lab].contracts[channel].push(contract);
                }
                _ => {
                    entry.spend.spot += used * tranche.cost;
                    if tranche.kind == Kind::Spot { entry.spot = hours } else { entry.spot_leaked = hours }
                }
            },
            Supply::Owned(owned) => {
                let (chip, region) = (&self.world.chips[place.chip], &self.world.regions[place.region]);
                let run = energy(chip, region, &|slot| self.now(slot, t));
                entry.spend.energy += used * run;
                entry.spend.idle_energy += (tranche.capacity - used) * run * self.now(owned.idle_share, t);
                entry.fleet = hours;
            }
        }
    }

    /// Bills every contract alive, those signed this month included.
    fn bill_contracts(&self, lab: usize, t: usize, month: &mut LabMonth) {
        for (channel, place) in self.world.channels.iter().enumerate() {
            let Supply::Rental(rental) = &place.supply else { continue };
            let overhead = self.now(rental.overhead, t);
            for contract in &self.labs[lab].contracts[channel] {
                if (t as i64) < contract.ends {
                    month.channels[channel].spend.contracts +=
                        contract.chips * contract.kept * H * contract.price * (1.0 + overhead);
                }
            }
        }
    }

    /// Charges every owned chip alive by its age.
    fn charge_chips(&self, lab: usize, t: usize, month: &mut LabMonth) {
        for (channel, place) in self.world.channels.iter().enumerate() {
            let Supply::Owned(owned) = &place.supply else { continue };
            let (chip, region) = (&self.world.chips[place.chip], &self.world.regions[place.region]);
            let usable_hours = H * self.now(place.availability, t);
            let spend = &mut month.channels[channel].spend;
            for batch in &self.labs[lab].batches[channel] {
                if (t as i64) < batch.arrives || batch.retires <= t as i64 {
                    continue;
                }
                let m = t as i64 - batch.arrives + 1;
                let charge = costs::charge(owned, chip, region, &|slot| self.now(slot, t), batch.price, m);
                spend.capital += batch.chips * charge.capital;
                spend.building += batch.chips * charge.building;
                spend.operations += batch.chips * charge.operations;
                spend.scarcity += batch.chips * batch.scarcity * usable_hours;
            }
        }
    }
}

/// The same view without anticipation: only offers and access to fleets are anticipated.
fn unanticipated(view: View) -> View {
    match view {
        View::Now => View::Now,
        View::Plan(_) => View::Plan(0.0),
    }
}
