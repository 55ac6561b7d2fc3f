//! What may be had of a channel in a month: supply, and what rules leave of it (`docs/model.md §8`, §9).

use super::{Input, Reader, product, simulated};
use crate::calendar::HOURS_PER_MONTH;
use crate::math::InLanes;
use crate::model::parameters::{Effect, Owned, Rental, Rule, Supply, Target};
use crate::model::rules::severity;

/// An effect in force on the channel.
struct Acting<'a> {
    rule: &'a Rule,
    effect: &'a Effect,
    since: i64,
    severity: f64,
}

impl<'a> Reader<'a> {
    /// Writes down what may be had.
    pub(super) fn access(&mut self) {
        match &self.channel().supply {
            Supply::Rental(rental) => self.offer(rental),
            Supply::Owned(owned) => {
                self.supply(owned);
                self.fleet();
            }
        }
    }

    fn offer(&mut self, rental: &Rental) {
        let door = self.door(Target::NewRental);
        let on_offer = self.of_channel("on_offer", rental.on_offer);
        if on_offer.value == 0.0 {
            let (trace, k) = (self.trace, self.k);
            let here = |t: usize| trace.months[t].channels[k].on_offer > 0.0;
            self.remark_nothing("on offer", here);
        }
        let Some((open, leaked)) = door else {
            self.line(
                "Chips on offer, no rule in force",
                ("chips_open", "on_offer"),
                vec![on_offer.clone()],
                (on_offer.value, "chips"),
            );
            return;
        };
        for (name, symbol, share) in [
            ("Chips on offer openly, contracts that run included", "chips_open", open),
            ("Chips that leak, contracts that run included", "chips_leaked", leaked),
        ] {
            let result = share.value * on_offer.value;
            let inputs = vec![share, on_offer.clone()];
            self.line(name, (symbol, product(&inputs)), inputs, (result, "chips"));
        }
    }

    /// Open and leaked share behind the rules in force, with a remark; none if there are none.
    fn door(&mut self, target: Target) -> Option<(Input, Input)> {
        let acting = self.acting(target);
        if acting.is_empty() {
            return None;
        }
        let door = self.rules.door(target, self.k).lane(0);
        self.severities(&acting);
        let (mut closing, mut inputs) = (String::new(), Vec::new());
        let (mut open, mut passable, mut premium) = (Vec::new(), Vec::new(), vec!["1".to_string()]);
        let (mut leaks, mut premiums) = (Vec::new(), Vec::new());
        for (i, Acting { rule, effect, .. }) in acting.iter().enumerate() {
            let (n, owner) = (i + 1, ("rules", rule.id.as_str()));
            let s = severity_symbol(rule);
            closing += &format!(", closed_{n} = {s} · (1 − factor_{n})");
            inputs.push(self.above(&s));
            inputs.push(self.given(&format!("factor_{n}"), effect.factor, owner));
            open.push(format!("(1 − closed_{n})"));
            passable.push(match effect.leakage {
                None => format!("(1 − closed_{n})"),
                Some(slot) => {
                    leaks.push(self.given(&format!("leakage_{n}"), slot, owner));
                    format!("(1 − closed_{n} + leakage_{n} · closed_{n})")
                }
            });
            if let Some(slot) = effect.premium {
                premiums.push(self.given(&format!("premium_{n}"), slot, owner));
                premium.push(format!("premium_{n}"));
            }
        }
        let open = self.line(
            "Share open",
            ("open", format!("{}{closing}", open.join(" · "))),
            inputs.clone(),
            (door.open, "of what there is"),
        );
        inputs.extend(leaks);
        inputs.push(open.clone());
        let leaked = self.line(
            "Share that leaks",
            ("leaked", format!("max(0, {} − open){closing}", passable.join(" · "))),
            inputs,
            (door.leaked, "of what there is"),
        );
        if target == Target::NewRental {
            let formula =
                if premiums.is_empty() { "1".to_string() } else { format!("max({})", premium.join(", ")) };
            let name = "Price of leaked hours over the price";
            self.line(name, ("premium", formula), premiums, (door.premium, "times"));
        }
        self.remark_door(target, &acting);
        Some((open, leaked))
    }

    fn remark_door(&mut self, target: Target, acting: &[Acting<'_>]) {
        let door = self.rules.door(target, self.k).lane(0);
        let by: Vec<String> = acting
            .iter()
            .map(|acting| format!("\"{}\" (in force since {})", acting.rule.title, self.month(acting.since)))
            .collect();
        let (verb, thing) = match target {
            Target::OwnedAccess => ("used", "of the chips owned here"),
            _ => ("bought openly", "of the hours on offer"),
        };
        let leak = match (door.leaked > 0.0, target) {
            (false, _) => "nothing leaks".to_string(),
            (true, Target::OwnedAccess) => format!("{} leaks", percent(door.leaked)),
            (true, _) => {
                format!("{} leaks and costs {:.2} times the price", percent(door.leaked), door.premium)
            }
        };
        self.remarks.push(if door.open > 0.0 {
            format!("Narrowed by {}: {} {thing} may be {verb}; {leak}.", by.join(" and "), percent(door.open))
        } else {
            format!("Shut by {}: none {thing} may be {verb}; {leak}.", by.join(" and "))
        });
    }

    fn supply(&mut self, owned: &Owned) {
        let mut inputs = vec![self.of_channel("supply_stated", owned.supply)];
        inputs.extend(self.rule_factor(Target::ChipSupply, "rule_on_supply", "What rules leave of supply"));
        inputs.extend(self.supply_response(owned));
        let supply = self.terms().supply;
        let name = "Chips the labs can order this month";
        match owned.import_quota {
            None => {
                self.line(name, ("supply", product(&inputs)), inputs, (supply, "chips"));
            }
            Some(quota) => {
                let for_sale = inputs.iter().map(|input| input.value).product();
                let name_before = "Chips for sale, before the import quota";
                let for_sale =
                    self.line(name_before, ("for_sale", product(&inputs)), inputs, (for_sale, "chips"));
                let mut let_in = vec![self.of_channel("quota_stated", quota)];
                let_in.extend(self.rule_factor(
                    Target::ImportQuota,
                    "rule_on_quota",
                    "What rules leave of the quota",
                ));
                let quota = let_in.iter().map(|input| input.value).product();
                let name_quota = "Chips the importing country lets in";
                let quota = self.line(name_quota, ("quota", product(&let_in)), let_in, (quota, "chips"));
                let binding = vec![for_sale, quota];
                self.line(name, ("supply", "min(for_sale, quota)".to_string()), binding, (supply, "chips"));
            }
        }
        if supply == 0.0 {
            let (trace, k) = (self.trace, self.k);
            let here = |t: usize| trace.months[t].channels[k].supply > 0.0;
            self.remark_nothing("for sale", here);
        }
    }

    fn supply_response(&mut self, owned: &Owned) -> Option<Input> {
        let (start, delay) = (|slot| self.drivers.now(slot, 0), owned.supply_response_delay.max(1));
        if start(owned.supply_response) == 0.0 || self.t < delay {
            return None;
        }
        let then = self.t - delay;
        let ratio = |symbol: &str, t: usize| {
            let observed =
                "what an hour is worth in the labs' plans, max over workloads of λ·e, over what it costs, in";
            simulated(symbol, self.worth_ratio(t), format!("{observed} {}", self.month(t as i64)))
        };
        let channel = ("channels", self.channel().id.as_str());
        let mut inputs = vec![
            self.at_start("cap", owned.supply_response_cap, channel),
            self.at_start("elasticity", owned.supply_response, channel),
            ratio("worth", then),
            ratio("worth_at_start", 0),
        ];
        let mut formula = "min(cap, (worth / worth_at_start)^elasticity)";
        if self.worth_ratio(0) <= 0.0 {
            (formula, inputs) = ("1", Vec::new());
        }
        let result = self.terms().supply_response;
        Some(self.line("Answer of supply to scarcity", ("response", formula), inputs, (result, "times")))
    }

    /// Worth of an hour over its cost in month `t`'s plans, averaged over labs by their share of supply.
    fn worth_ratio(&self, t: usize) -> f64 {
        let month = &self.trace.months[t];
        let terms = &month.channels[self.k];
        let (mut ratio, mut shares) = (0.0, 0.0);
        for (lab, books) in self.world.labs.iter().zip(&month.labs) {
            let share = self.drivers.now(lab.shares[self.k], t);
            let worth = books.plan_price.iter().zip(&terms.rates_planned);
            let worth = worth.map(|(price, rate)| price * rate).fold(0.0, f64::max);
            ratio += share * worth / terms.buy_cost_planned;
            shares += share;
        }
        if shares > 0.0 { ratio / shares } else { 0.0 }
    }

    /// Chips owned, and what rules let be used of them.
    fn fleet(&mut self) {
        let owned: f64 = self.trace.months[self.t].labs.iter().map(|lab| lab.channels[self.k].chips).sum();
        let fleet = simulated("fleet", owned, "chips the labs own that are alive");
        let mut inputs = vec![fleet];
        let mut formula = "fleet".to_string();
        let mut usable = 1.0;
        if let Some((open, leaked)) = self.door(Target::OwnedAccess) {
            usable = open.value + leaked.value;
            formula += " · (open + leaked)";
            inputs.extend([open, leaked]);
        }
        self.line("Chips owned and usable", ("chips", formula), inputs, (owned * usable, "chips"));
    }

    /// What rules in force leave of a quantity, Π(1 − s(1 − f)); none if none is in force.
    pub(super) fn rule_factor(&mut self, target: Target, symbol: &str, name: &str) -> Option<Input> {
        let acting = self.acting(target);
        if acting.is_empty() {
            return None;
        }
        self.severities(&acting);
        let (mut factors, mut inputs) = (Vec::new(), Vec::new());
        for (i, Acting { rule, effect, .. }) in acting.iter().enumerate() {
            let s = severity_symbol(rule);
            factors.push(format!("(1 − {s} · (1 − factor_{}))", i + 1));
            inputs.push(self.above(&s));
            inputs.push(self.given(&format!("factor_{}", i + 1), effect.factor, ("rules", &rule.id)));
        }
        let result = self.rules.factor(target, self.k)[0];
        Some(self.line(name, (symbol, factors.join(" · ")), inputs, (result, "times")))
    }

    /// Effects in force on the channel this month.
    fn acting(&self, target: Target) -> Vec<Acting<'a>> {
        let (world, t) = (self.world, self.t as i64);
        let mut all = Vec::new();
        for (rule, dates) in world.rules.iter().zip(self.dates) {
            let Some(since) = dates.effective.filter(|_| !dates.undone(t)) else { continue };
            let severity = severity(t, since, self.drivers.now(rule.ramp_months, 0));
            let here = |effect: &&Effect| effect.target == target && effect.channels[self.k];
            for effect in rule.effects.iter().filter(here).filter(|_| severity > 0.0) {
                all.push(Acting { rule, effect, since, severity });
            }
        }
        all
    }

    /// Writes down how far each rule is in force, once.
    fn severities(&mut self, acting: &[Acting<'_>]) {
        for Acting { rule, since, severity, .. } in acting {
            let symbol = severity_symbol(rule);
            if self.lines.iter().any(|line| line.symbol == symbol) {
                continue;
            }
            let in_force = (self.t as i64 - since + 1) as f64;
            let observed = format!("months in force, from {} to this one", self.month(*since));
            let mut inputs = vec![simulated("in_force", in_force, observed)];
            let ramp = Input {
                value: self.drivers.now(rule.ramp_months, 0),
                ..self.given("ramp", rule.ramp_months, ("rules", &rule.id))
            };
            let formula = if ramp.value > 0.0 { "min(1, in_force / ramp)" } else { "min(1, in_force)" };
            if ramp.value > 0.0 {
                inputs.push(ramp);
            }
            let name = format!("Severity of \"{}\"", rule.title);
            self.line(name, (symbol.as_str(), formula), inputs, (*severity, "of its full force"));
        }
    }

    /// A result above, by its symbol.
    pub(super) fn above(&self, symbol: &str) -> Input {
        let line = self.lines.iter().rev().find(|line| line.symbol == symbol);
        let value = line.map_or(f64::NAN, |line| line.result);
        Input { symbol: symbol.to_string(), value, origin: super::Origin::Above }
    }

    /// That nothing is to be had this month, and when there is something.
    fn remark_nothing(&mut self, what: &str, here: impl Fn(usize) -> bool) {
        let months = self.trace.months.len();
        let remark = if let Some(next) = (self.t + 1..months).find(|t| here(*t)) {
            format!("Nothing is {what} before {}: nobody pays this price.", self.month(next as i64))
        } else if let Some(last) = (0..self.t).rev().find(|t| here(*t)) {
            format!("Nothing is {what} after {}: nobody pays this price.", self.month(last as i64))
        } else {
            let fleet: f64 =
                self.trace.months[self.t].labs.iter().map(|lab| lab.channels[self.k].chips).sum();
            let running =
                if fleet > 0.0 { "; the chips owned already run at the cost of their energy" } else { "" };
            format!("Nothing is {what} in the whole run: nobody pays this price{running}.")
        };
        self.remarks.push(remark);
    }

    /// The labs' use of a rental channel in the months before this one, as the rent response remembers it: (of the first
    /// month with chips on offer, of the last), with their months.
    pub(super) fn use_remembered(&self) -> Option<((usize, f64), (usize, f64))> {
        let share = |t: usize| {
            let month = &self.trace.months[t];
            let terms = &month.channels[self.k];
            let on_offer = terms.on_offer * HOURS_PER_MONTH * terms.availability;
            let used: f64 = month.labs.iter().map(|lab| lab.channels[self.k].hours_run()).sum();
            (on_offer > 0.0).then(|| (t, used / on_offer))
        };
        Some(((0..self.t).find_map(share)?, (0..self.t).rev().find_map(share)?))
    }
}

/// Symbol of a rule's severity.
fn severity_symbol(rule: &Rule) -> String {
    let word: String = rule.id.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    format!("severity_{word}")
}

fn percent(share: f64) -> String {
    format!("{:.1}%", 100.0 * share)
}
