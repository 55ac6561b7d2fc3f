//! Rules in time: when each is announced, in force and undone on a path, and what that does to a channel in a month
//! (`docs/model.md §9`, `§14`).
//!
//! Dates are drawn here from one uniform an event; from then on a rule is three months and its parameters. Planners know a
//! rule from its announcement, its effect date included, never its reversal; before the announcement a lab may anticipate.

use super::drivers::{Drivers, Sampler};
use super::parameters::{Announcement, Effect, Months, Reversal, Rule, Slot, Target, WindDown, World};
use crate::calendar::months_from_days;
use crate::math;

/// A rule's dates on a path, in steps; `None` is never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleDates {
    /// Month of the announcement.
    pub announced: Option<i64>,
    /// First month in force.
    pub effective: Option<i64>,
    /// First month no longer in force.
    pub reversed: Option<i64>,
}

impl RuleDates {
    /// Dates from the uniforms of the announcement and of the reversal.
    pub fn draw(rule: &Rule, drivers: &Drivers, u_announcement: f64, u_reversal: f64) -> RuleDates {
        let at = |slot: Slot| drivers.now(slot, 0);
        let announced = announcement_month(&rule.announcement, at, u_announcement);
        let effective = announced.map(|month| month + months_from_days(at(rule.lag_days)) as i64);
        let reversed =
            effective.zip(reversal_months(&rule.reversal, at, u_reversal)).map(|(from, k)| from + k);
        RuleDates { announced, effective, reversed }
    }

    /// Dates of every rule of `world` on path `path`.
    pub fn draw_all(
        world: &World,
        sampler: &Sampler<'_>,
        drivers: &Drivers,
        path: u64,
        dates: &mut Vec<RuleDates>,
    ) {
        dates.clear();
        dates.extend(world.rules.iter().map(|rule| {
            let (announcement, reversal) =
                (sampler.event(&rule.announcement_stream, path), sampler.event(&rule.reversal_stream, path));
            RuleDates::draw(rule, drivers, announcement, reversal)
        }));
    }

    /// Dates of every rule on the central path: uniforms at one half.
    pub fn central(world: &World, drivers: &Drivers) -> Vec<RuleDates> {
        world.rules.iter().map(|rule| RuleDates::draw(rule, drivers, 0.5, 0.5)).collect()
    }

    /// Announced by month `t`.
    pub fn known(&self, t: i64) -> bool {
        self.announced.is_some_and(|month| month <= t)
    }

    /// Undone by month `t`.
    pub fn undone(&self, t: i64) -> bool {
        self.reversed.is_some_and(|month| month <= t)
    }

    /// Announced and not yet in force in month `t`.
    pub fn impending(&self, t: i64) -> bool {
        self.known(t) && self.effective.is_some_and(|month| month > t)
    }

    /// Effect date as planners in month `t` see it: known, and not undone.
    fn foreseen(&self, t: i64) -> Option<i64> {
        if self.known(t) && !self.undone(t) { self.effective } else { None }
    }
}

fn announcement_month(announcement: &Announcement, at: impl Fn(Slot) -> f64, u: f64) -> Option<i64> {
    match *announcement {
        Announcement::Fixed(month) => Some(i64::from(month)),
        Announcement::Window { probability, from, until } => {
            let (p, n) = (at(probability), f64::from(until - from + 1));
            (u < p).then(|| i64::from(from) + (u / p * n).floor().min(n - 1.0) as i64)
        }
        Announcement::Hazard { per_year, from, until } => {
            let wait = -12.0 * math::ln_1p(-u) / at(per_year);
            (wait < f64::from(until - from + 1)).then(|| i64::from(from) + wait.floor() as i64)
        }
    }
}

/// Months in force before the reversal; never is `None`.
fn reversal_months(reversal: &Reversal, at: impl Fn(Slot) -> f64, u: f64) -> Option<i64> {
    match *reversal {
        Reversal::Never => None,
        Reversal::Hazard(per_year) => {
            let wait = (-12.0 * math::ln_1p(-u) / at(per_year)).ceil();
            (wait < 1e9).then_some((wait as i64).max(1))
        }
        Reversal::Within { probability, within_days } => {
            let p = at(probability);
            (u < p).then(|| (months_from_days(u / p * at(within_days)) as i64).max(1))
        }
    }
}

/// Severity in month `t` of a rule in force since `effective`.
///     s(t) = min(1, (t − t_eff + 1)/ramp), 1 at once if ramp is 0; 0 before the effect
pub fn severity(t: i64, effective: i64, ramp_months: f64) -> f64 {
    match (t - effective + 1) as f64 {
        n if n <= 0.0 => 0.0,
        n if n >= ramp_months => 1.0,
        n => n / ramp_months,
    }
}

/// Share of a contract signed before `effective` that a wind-down leaves in month `t`.
pub fn share_kept(shape: Shape, t: i64, effective: i64) -> f64 {
    match shape {
        _ if t < effective => 1.0,
        Shape::Immediate => 0.0,
        Shape::Linear(n) if n <= 0.0 => 0.0,
        Shape::Linear(n) => (1.0 - (t - effective + 1) as f64 / n).max(0.0),
        Shape::Cliff(n) => f64::from(u8::from(((t - effective) as f64) < n)),
        Shape::Grandfathered => 1.0,
    }
}

/// A wind-down with its duration in months: whole where it is stated in days, as stated where in months.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Void at once.
    Immediate,
    /// Falls by 1/N a month.
    Linear(f64),
    /// All void after N months.
    Cliff(f64),
    /// Untouched.
    Grandfathered,
}

impl Shape {
    fn of(wind_down: &WindDown, drivers: &Drivers) -> Shape {
        let months = |duration: &Months| match duration {
            Months::Days(slot) => months_from_days(drivers.now(*slot, 0)) as f64,
            Months::Months(slot) => drivers.now(*slot, 0),
        };
        match wind_down {
            WindDown::Immediate => Shape::Immediate,
            WindDown::Linear(duration) => Shape::Linear(months(duration)),
            WindDown::Cliff(duration) => Shape::Cliff(months(duration)),
            WindDown::Grandfathered => Shape::Grandfathered,
        }
    }
}

/// How far a channel's door stands open in a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Door {
    /// a: share open.
    pub open: f64,
    /// Share that leaks: Π(a_j + l_j(1 − a_j)) − Πa_j.
    pub leaked: f64,
    /// Price of leaked hours over the price.
    pub premium: f64,
}

impl Door {
    /// No rule.
    pub const OPEN: Door = Door { open: 1.0, leaked: 0.0, premium: 1.0 };

    /// Usable share of an owned fleet behind this door.
    pub fn usable(&self) -> f64 {
        self.open + self.leaked
    }
}

/// Combines the doors of overlapping rules.
#[derive(Clone, Copy, Debug)]
struct Doorway {
    open: f64,
    passable: f64,
    premium: f64,
}

impl Doorway {
    fn new() -> Doorway {
        Doorway { open: 1.0, passable: 1.0, premium: 1.0 }
    }

    /// Adds a rule whose severity closes `closed` = s(1 − f) of what there is.
    fn narrow(&mut self, closed: f64, leakage: f64, premium: f64) {
        self.open *= 1.0 - closed;
        self.passable *= 1.0 - closed + leakage * closed;
        self.premium = self.premium.max(premium);
    }

    fn door(self) -> Door {
        Door { open: self.open, leaked: (self.passable - self.open).max(0.0), premium: self.premium }
    }
}

/// The rules of an arm on one path; see [`Regime::new`].
#[derive(Clone, Copy, Debug)]
pub struct Regime<'a> {
    /// The arm.
    pub world: &'a World,
    /// The path.
    pub drivers: &'a Drivers,
    /// Dates of the world's rules, in their order.
    pub dates: &'a [RuleDates],
    /// By [`Target`], a bit each: whether any of these rules acts on it. Most act on few.
    targets: u16,
}

impl<'a> Regime<'a> {
    /// The rules of `world` with these dates. Shape: a date a rule.
    pub fn new(world: &'a World, drivers: &'a Drivers, dates: &'a [RuleDates]) -> Regime<'a> {
        let effects = world.rules.iter().flat_map(|rule| &rule.effects);
        let targets = effects.fold(0, |targets, effect| targets | 1 << effect.target as u16);
        Regime { world, drivers, dates, targets }
    }

    fn acts_on(&self, target: Target) -> bool {
        self.targets & 1 << target as u16 != 0
    }

    fn effects(&self, target: Target) -> impl Iterator<Item = (&'a Rule, RuleDates, &'a Effect)> + use<'a> {
        self.world.rules.iter().zip(self.dates).flat_map(move |(rule, dates)| {
            rule.effects
                .iter()
                .filter(move |effect| effect.target == target)
                .map(move |effect| (rule, *dates, effect))
        })
    }

    /// Months from the start in which these of the world's rules change nothing: none is announced, and no lab plans for one
    /// before it is.
    pub fn silent_months(&self, rules: &[usize]) -> usize {
        let months = self.world.months;
        let anticipates = |slot: Slot| (0..months).any(|t| self.drivers.now(slot, t) > 0.0);
        if !rules.is_empty() && self.world.labs.iter().any(|lab| anticipates(lab.anticipation)) {
            return 0;
        }
        let announced = rules.iter().filter_map(|&rule| self.dates[rule].announced);
        announced.min().map_or(months, |month| month.clamp(0, months as i64) as usize)
    }

    /// A number of an effect in month `t`, or as forecast for `t + lead`.
    fn value(&self, slot: Slot, t: usize, planned: bool) -> f64 {
        if planned { self.drivers.ahead(slot, t) } else { self.drivers.now(slot, t) }
    }

    fn ramp(&self, rule: &Rule) -> f64 {
        self.drivers.now(rule.ramp_months, 0)
    }

    /// Severity in month `t`.
    fn severity_now(&self, rule: &Rule, dates: RuleDates, t: usize) -> f64 {
        match dates.effective {
            Some(effective) if !dates.undone(t as i64) => severity(t as i64, effective, self.ramp(rule)),
            _ => 0.0,
        }
    }

    /// Severity in month `t + lead` as planned for in month `t`, of a rule already announced; 0 otherwise.
    fn severity_planned(&self, rule: &Rule, dates: RuleDates, t: usize) -> f64 {
        match dates.foreseen(t as i64) {
            Some(effective) => severity((t + self.world.lead) as i64, effective, self.ramp(rule)),
            None => 0.0,
        }
    }

    /// Door of channel `k` for `target` in month `t`.
    pub fn door(&self, target: Target, k: usize, t: usize) -> Door {
        if !self.acts_on(target) {
            return Door::OPEN;
        }
        let mut doorway = Doorway::new();
        for (rule, dates, effect) in self.effects(target).filter(|(_, _, effect)| effect.channels[k]) {
            let s = self.severity_now(rule, dates, t);
            if s > 0.0 {
                self.narrow(&mut doorway, effect, s, t, false);
            }
        }
        doorway.door()
    }

    /// Door of channel `k` for `target` in month `t + lead`, as planned for in month `t` by a lab with this anticipation.
    pub fn door_planned(&self, target: Target, k: usize, t: usize, anticipation: f64) -> Door {
        if !self.acts_on(target) {
            return Door::OPEN;
        }
        let mut doorway = Doorway::new();
        for (rule, dates, effect) in self.effects(target).filter(|(_, _, effect)| effect.channels[k]) {
            let s = if dates.known(t as i64) {
                self.severity_planned(rule, dates, t)
            } else if anticipation > 0.0 {
                anticipation * self.expected_severity(rule, t)
            } else {
                0.0
            };
            if s > 0.0 {
                self.narrow(&mut doorway, effect, s, t, true);
            }
        }
        doorway.door()
    }

    fn narrow(&self, doorway: &mut Doorway, effect: &Effect, severity: f64, t: usize, planned: bool) {
        let optional = |slot: Option<Slot>, none: f64| slot.map_or(none, |slot| self.value(slot, t, planned));
        let closed = severity * (1.0 - self.value(effect.factor, t, planned));
        doorway.narrow(closed, optional(effect.leakage, 0.0), optional(effect.premium, 1.0));
    }

    /// E[s(t + lead) | not announced by t].
    fn expected_severity(&self, rule: &Rule, t: usize) -> f64 {
        let at = |slot: Slot| self.drivers.now(slot, 0);
        let lag = months_from_days(at(rule.lag_days)) as i64;
        let (now, then) = (t as i64, (t + self.world.lead) as i64);
        let ramp = self.ramp(rule);
        let severity_if = |announced: i64| severity(then, announced + lag, ramp);
        match rule.announcement {
            Announcement::Fixed(month) => severity_if(i64::from(month)),
            Announcement::Window { probability, from, until } => {
                let (from, until) = (i64::from(from), i64::from(until));
                let a_month = at(probability) / (until - from + 1) as f64;
                let passed = (now - from + 1).clamp(0, until - from + 1) as f64;
                let left = 1.0 - a_month * passed;
                let sum: f64 = (from.max(now + 1)..=until.min(then - lag)).map(severity_if).sum();
                if left > 0.0 { sum * a_month / left } else { 0.0 }
            }
            Announcement::Hazard { per_year, from, until } => {
                let stay = math::exp(-at(per_year) / 12.0);
                let mut waiting = 1.0;
                let mut expected = 0.0;
                for month in i64::from(from).max(now + 1)..=i64::from(until).min(then - lag) {
                    expected += waiting * (1.0 - stay) * severity_if(month);
                    waiting *= stay;
                }
                expected
            }
        }
    }

    /// Factor of a channel quantity in month `t`: Π(1 − s(1 − f)).
    pub fn factor(&self, target: Target, k: usize, t: usize) -> f64 {
        self.product(target, |effect| effect.channels[k], t, false)
    }

    /// The same in month `t + lead` as planned for in month `t`.
    pub fn factor_planned(&self, target: Target, k: usize, t: usize) -> f64 {
        self.product(target, |effect| effect.channels[k], t, true)
    }

    /// Factor of a lab's planned use for workload `w` in month `t`, or as planned for `t + lead`.
    pub fn demand_factor(&self, lab: usize, w: usize, t: usize, planned: bool) -> f64 {
        self.product(Target::Demand, |effect| effect.labs[lab] && effect.workloads[w], t, planned)
    }

    /// What is left of the labs' distillation in month `t`, or as planned for `t + lead`.
    pub fn distillation_left(&self, t: usize, planned: bool) -> f64 {
        self.product(Target::Distillation, |_| true, t, planned)
    }

    fn product(&self, target: Target, selected: impl Fn(&Effect) -> bool, t: usize, planned: bool) -> f64 {
        if !self.acts_on(target) {
            return 1.0;
        }
        self.effects(target)
            .filter(|(_, _, effect)| selected(effect))
            .map(|(rule, dates, effect)| {
                let s = if planned {
                    self.severity_planned(rule, dates, t)
                } else {
                    self.severity_now(rule, dates, t)
                };
                1.0 - s * (1.0 - self.value(effect.factor, t, planned))
            })
            .product()
    }

    /// A rule on this channel's new capacity is announced and not yet in force.
    pub fn closing_soon(&self, k: usize, t: usize) -> bool {
        self.effects(Target::NewRental).any(|(_, dates, effect)| {
            effect.channels[k] && dates.impending(t as i64) && !dates.undone(t as i64)
        })
    }

    /// Rules on existing contracts of channel `k`, as seen in month `t`.
    pub fn voids(&self, k: usize, t: usize, voids: &mut Vec<Void>) {
        voids.clear();
        if !self.acts_on(Target::ExistingContracts) {
            return;
        }
        let (t, then) = (t as i64, (t + self.world.lead) as i64);
        for (rule, dates, effect) in self.effects(Target::ExistingContracts) {
            let Some(effective) = dates.effective.filter(|_| effect.channels[k]) else { continue };
            let shape = Shape::of(&rule.wind_down, self.drivers);
            let last = dates.reversed.map_or(i64::MAX, |reversed| reversed - 1);
            let share =
                |factor: f64, month: i64| 1.0 - (1.0 - factor) * (1.0 - share_kept(shape, month, effective));
            // From the reversal on the share stays at its last value: what was voided stays void, and nothing more is.
            let stands = t.min(last);
            let kept = if stands < effective {
                1.0
            } else {
                share(self.value(effect.factor, stands as usize, false), stands)
            };
            let foreseen = dates.known(t) && !dates.undone(t);
            let planned =
                if foreseen { share(self.value(effect.factor, t as usize, true), then) } else { kept };
            if kept < 1.0 || planned < 1.0 {
                voids.push(Void { effective, kept, planned });
            }
        }
    }
}

/// What a rule leaves of the contracts signed before its effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Void {
    /// Contracts signed from this month on are untouched.
    pub effective: i64,
    /// Share kept this month.
    pub kept: f64,
    /// Share that planners expect to be kept `lead` months from now.
    pub planned: f64,
}
