//! Rules in time: when each is announced, in force and undone on a path, and what that does to a channel in a month
//! (`docs/model.md §9`, `§14`).
//!
//! Dates are drawn here from one uniform an event; from then on a rule is three months and its parameters. Planners know a
//! rule from its announcement, its effect date included, never its reversal; before the announcement a lab may anticipate.

use super::drivers::{Drivers, Sampler};
use super::parameters::{Announcement, Effect, Months, Reversal, Rule, Slot, Target, WindDown, World};
use crate::calendar::months_from_days;
use crate::math::{self, LANES, Lanes, in_lanes};

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
    fn of(wind_down: &WindDown, at: impl Fn(Slot) -> f64) -> Shape {
        let months = |duration: &Months| match duration {
            Months::Days(slot) => months_from_days(at(*slot)) as f64,
            Months::Months(slot) => at(*slot),
        };
        match wind_down {
            WindDown::Immediate => Shape::Immediate,
            WindDown::Linear(duration) => Shape::Linear(months(duration)),
            WindDown::Cliff(duration) => Shape::Cliff(months(duration)),
            WindDown::Grandfathered => Shape::Grandfathered,
        }
    }
}

in_lanes! {
    /// How far a channel's door stands open in a month.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Door<N> {
        /// a: share open.
        pub open: N,
        /// Share that leaks: Π(a_j + l_j(1 − a_j)) − Πa_j.
        pub leaked: N,
        /// Price of leaked hours over the price.
        pub premium: N,
    }
}

impl Door<Lanes> {
    /// No rule.
    pub const OPEN: Door<Lanes> = Door { open: Lanes::ONE, leaked: Lanes::ZERO, premium: Lanes::ONE };

    /// Usable share of an owned fleet behind this door.
    #[inline(always)]
    pub fn usable(&self) -> Lanes {
        self.open + self.leaked
    }
}

/// Combines the doors of overlapping rules.
#[derive(Clone, Copy, Debug)]
struct Doorway {
    open: Lanes,
    passable: Lanes,
    premium: Lanes,
}

impl Doorway {
    fn new() -> Doorway {
        Doorway { open: Lanes::ONE, passable: Lanes::ONE, premium: Lanes::ONE }
    }

    /// Adds a rule that is in force with `severity` s and closes s(1 − f) of what there is; where s is 0 it has no premium.
    #[inline(always)]
    fn narrow(&mut self, severity: Lanes, factor: Lanes, leakage: Lanes, premium: Lanes) {
        let closed = Lanes::each(|i| severity[i] * (1.0 - factor[i]));
        self.open = Lanes::each(|i| self.open[i] * (1.0 - closed[i]));
        self.passable = Lanes::each(|i| self.passable[i] * (1.0 - closed[i] + leakage[i] * closed[i]));
        self.premium = Lanes::each(|i| {
            let premium = if severity[i] > 0.0 { premium[i] } else { 1.0 };
            self.premium[i].max(premium)
        });
    }

    #[inline(always)]
    fn door(self) -> Door<Lanes> {
        let leaked = Lanes::each(|i| (self.passable[i] - self.open[i]).max(0.0));
        Door { open: self.open, leaked, premium: self.premium }
    }
}

/// A rule's dates on a few paths.
pub type DatesInLanes = [RuleDates; LANES];

/// How far a rule acts in a month, on each path.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Severity {
    /// In this month.
    now: Lanes,
    /// `lead` months on, as planned for; 0 before the rule is known.
    planned: Lanes,
    /// `lead` months on, as expected before it is known; 0 from then on, and where no lab anticipates.
    expected: Lanes,
}

/// The rules of an arm on a few paths.
#[derive(Clone, Copy, Debug)]
pub struct Regime<'a> {
    /// The arm.
    pub world: &'a World,
    /// The paths.
    pub drivers: &'a Drivers<Lanes>,
    /// Dates of the world's rules, in their order.
    pub dates: &'a [DatesInLanes],
}

impl Regime<'_> {
    /// Months from the start in which these of the world's rules change nothing on any of the paths: none is announced, and
    /// no lab plans for one before it is.
    pub fn silent_months(&self, rules: &[usize]) -> usize {
        let months = self.world.months;
        if !rules.is_empty() && (0..months).any(|t| self.anticipated(t)) {
            return 0;
        }
        let announced = rules.iter().flat_map(|&rule| &self.dates[rule]).filter_map(|dates| dates.announced);
        announced.min().map_or(months, |month| month.clamp(0, months as i64) as usize)
    }

    /// Whether any lab plans in month `t` for rules that are not announced.
    fn anticipated(&self, t: usize) -> bool {
        let anticipates = |slot: Slot| self.drivers.now(slot, t).any(|share| share > 0.0);
        self.world.labs.iter().any(|lab| anticipates(lab.anticipation))
    }

    /// How far each rule acts in month `t`.
    pub fn severities(&self, t: usize, severities: &mut Vec<Severity>) {
        severities.clear();
        if self.world.rules.is_empty() {
            return;
        }
        let anticipated = self.anticipated(t);
        let (now, then) = (t as i64, (t + self.world.lead) as i64);
        severities.extend(self.world.rules.iter().zip(self.dates).map(|(rule, dates)| {
            let ramp = self.drivers.now(rule.ramp_months, 0);
            let since = |month: i64, effective: Option<i64>, ramp: f64| {
                effective.map_or(0.0, |effective| severity(month, effective, ramp))
            };
            Severity {
                now: Lanes::each(|i| {
                    since(now, dates[i].effective.filter(|_| !dates[i].undone(now)), ramp[i])
                }),
                planned: Lanes::each(|i| since(then, dates[i].foreseen(now), ramp[i])),
                expected: Lanes::each(|i| {
                    if anticipated && !dates[i].known(now) { self.expected_severity(rule, t, i) } else { 0.0 }
                }),
            }
        }));
    }

    /// E[s(t + lead) | not announced by t] on path `i`.
    fn expected_severity(&self, rule: &Rule, t: usize, i: usize) -> f64 {
        let at = |slot: Slot| self.drivers.now(slot, 0)[i];
        let lag = months_from_days(at(rule.lag_days)) as i64;
        let (now, then) = (t as i64, (t + self.world.lead) as i64);
        let ramp = at(rule.ramp_months);
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

    /// What rules on existing contracts leave of them, as seen in month `t`, by rule and effect.
    pub fn voids(&self, t: usize, voids: &mut Vec<Void>) {
        voids.clear();
        let (t, then) = (t as i64, (t + self.world.lead) as i64);
        for (rule_index, (rule, dates)) in self.world.rules.iter().zip(self.dates).enumerate() {
            for (effect_index, effect) in rule.effects.iter().enumerate() {
                if effect.target != Target::ExistingContracts {
                    continue;
                }
                let mut void = Void {
                    effect: (rule_index, effect_index),
                    effective: [i64::MIN; LANES],
                    kept: Lanes::ONE,
                    planned: Lanes::ONE,
                };
                for (i, dates) in dates.iter().enumerate() {
                    let Some(effective) = dates.effective else { continue };
                    let shape = Shape::of(&rule.wind_down, |slot| self.drivers.now(slot, 0)[i]);
                    let last = dates.reversed.map_or(i64::MAX, |reversed| reversed - 1);
                    let share = |factor: f64, month: i64| {
                        1.0 - (1.0 - factor) * (1.0 - share_kept(shape, month, effective))
                    };
                    // From the reversal on the share stays at its last value: what was voided stays void, and nothing more is.
                    let stands = t.min(last);
                    let kept = if stands < effective {
                        1.0
                    } else {
                        share(self.drivers.now(effect.factor, stands as usize)[i], stands)
                    };
                    let foreseen = dates.known(t) && !dates.undone(t);
                    void.effective[i] = effective;
                    void.kept[i] = kept;
                    void.planned[i] = if foreseen {
                        share(self.drivers.ahead(effect.factor, t as usize)[i], then)
                    } else {
                        kept
                    };
                }
                if void.kept.any(|kept| kept < 1.0) || void.planned.any(|planned| planned < 1.0) {
                    voids.push(void);
                }
            }
        }
    }
}

/// What a rule leaves of the contracts signed before its effect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Void {
    /// Places of the rule and of its effect.
    pub(super) effect: (usize, usize),
    /// Contracts signed from this month on are untouched.
    pub effective: [i64; LANES],
    /// Share kept this month.
    pub kept: Lanes,
    /// Share that planners expect to be kept `lead` months from now.
    pub planned: Lanes,
}

impl Void {
    /// Whether the rule acts on channel `k` of its world.
    pub fn acts_on(&self, world: &World, k: usize) -> bool {
        world.rules[self.effect.0].effects[self.effect.1].channels[k]
    }
}

/// The rules of an arm in one month.
#[derive(Clone, Copy, Debug)]
pub struct MonthRules<'a> {
    /// The rules at all times.
    pub regime: Regime<'a>,
    /// The month.
    pub t: usize,
    severities: &'a [Severity],
    /// By [`Target`], a bit each: whether any rule acts on it at all this month. Most act on few.
    targets: u16,
}

impl<'a> MonthRules<'a> {
    /// The rules in month `t`, given [`Regime::severities`] of that month.
    pub fn new(regime: Regime<'a>, t: usize, severities: &'a [Severity]) -> MonthRules<'a> {
        let acts = |severity: &Severity| {
            [severity.now, severity.planned, severity.expected].iter().any(|of| of.any(|s| s > 0.0))
        };
        let acting = regime.world.rules.iter().zip(severities).filter(|(_, severity)| acts(severity));
        let targets = acting
            .flat_map(|(rule, _)| &rule.effects)
            .fold(0, |targets, effect| targets | 1 << effect.target as u16);
        MonthRules { regime, t, severities, targets }
    }

    #[inline(always)]
    fn acts_on(&self, target: Target) -> bool {
        self.targets & 1 << target as u16 != 0
    }

    /// A number of an effect in this month, or as forecast for `lead` months on.
    #[inline(always)]
    fn value(&self, slot: Slot, planned: bool) -> Lanes {
        let drivers = self.regime.drivers;
        if planned { drivers.ahead(slot, self.t) } else { drivers.now(slot, self.t) }
    }

    /// Effects on `target`, each with its rule's severity, where that is not 0 on all paths.
    #[inline(always)]
    fn effects(
        &self,
        target: Target,
        severity: impl Fn(&Severity) -> Lanes,
    ) -> impl Iterator<Item = (Lanes, &'a Effect)> {
        let rules = self.regime.world.rules.iter().zip(self.severities);
        rules.map(move |(rule, of)| (rule, severity(of))).filter(|(_, s)| s.any(|s| s > 0.0)).flat_map(
            move |(rule, s)| {
                rule.effects
                    .iter()
                    .filter(move |effect| effect.target == target)
                    .map(move |effect| (s, effect))
            },
        )
    }

    /// Door of channel `k` for `target`.
    #[inline(always)]
    pub fn door(&self, target: Target, k: usize) -> Door<Lanes> {
        if !self.acts_on(target) {
            return Door::OPEN;
        }
        self.narrowed(target, k, |severity| severity.now, false)
    }

    /// Door of channel `k` for `target` in `lead` months, as planned for by a lab with this anticipation.
    #[inline(always)]
    pub fn door_planned(&self, target: Target, k: usize, anticipation: Lanes) -> Door<Lanes> {
        if !self.acts_on(target) {
            return Door::OPEN;
        }
        self.narrowed(target, k, |severity| severity.planned + anticipation * severity.expected, true)
    }

    fn narrowed(
        &self,
        target: Target,
        k: usize,
        severity: impl Fn(&Severity) -> Lanes,
        planned: bool,
    ) -> Door<Lanes> {
        let optional =
            |slot: Option<Slot>, none: f64| slot.map_or(Lanes::all(none), |slot| self.value(slot, planned));
        let mut doorway = Doorway::new();
        for (s, effect) in self.effects(target, severity).filter(|(_, effect)| effect.channels[k]) {
            let (leakage, premium) = (optional(effect.leakage, 0.0), optional(effect.premium, 1.0));
            doorway.narrow(s, self.value(effect.factor, planned), leakage, premium);
        }
        doorway.door()
    }

    /// Factor of a channel quantity: Π(1 − s(1 − f)).
    #[inline(always)]
    pub fn factor(&self, target: Target, k: usize) -> Lanes {
        self.product(target, |effect| effect.channels[k], false)
    }

    /// The same `lead` months on, as planned for.
    #[inline(always)]
    pub fn factor_planned(&self, target: Target, k: usize) -> Lanes {
        self.product(target, |effect| effect.channels[k], true)
    }

    /// Factor of a lab's planned use for workload `w`, or as planned for `lead` months on.
    #[inline(always)]
    pub fn demand_factor(&self, lab: usize, w: usize, planned: bool) -> Lanes {
        self.product(Target::Demand, |effect| effect.labs[lab] && effect.workloads[w], planned)
    }

    /// What is left of the labs' distillation, or as planned for `lead` months on.
    #[inline(always)]
    pub fn distillation_left(&self, planned: bool) -> Lanes {
        self.product(Target::Distillation, |_| true, planned)
    }

    #[inline(always)]
    fn product(&self, target: Target, selected: impl Fn(&Effect) -> bool, planned: bool) -> Lanes {
        if !self.acts_on(target) {
            return Lanes::ONE;
        }
        let severity = |of: &Severity| if planned { of.planned } else { of.now };
        let mut product = Lanes::ONE;
        for (s, effect) in self.effects(target, severity).filter(|(_, effect)| selected(effect)) {
            let factor = self.value(effect.factor, planned);
            product = Lanes::each(|i| product[i] * (1.0 - s[i] * (1.0 - factor[i])));
        }
        product
    }

    /// On each path, whether a rule on this channel's new capacity is announced and not yet in force.
    pub fn closing_soon(&self, k: usize) -> [bool; LANES] {
        let t = self.t as i64;
        let rules = self.regime.world.rules.iter().zip(self.regime.dates);
        let here = |effect: &Effect| effect.target == Target::NewRental && effect.channels[k];
        rules.filter(|(rule, _)| rule.effects.iter().any(here)).fold([false; LANES], |soon, (_, dates)| {
            std::array::from_fn(|i| soon[i] || dates[i].impending(t) && !dates[i].undone(t))
        })
    }
}
