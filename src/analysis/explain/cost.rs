//! What an hour of a channel costs, and the work it does (`docs/model.md §5`, §6).

use super::{Input, Reader, Reference, product, simulated, stated};
use crate::calendar::HOURS_PER_MONTH;
use crate::economics::ownership::{self, Terms};
use crate::economics::{energy, rental};
use crate::math::InLanes;
use crate::model::parameters::{Owned, Rental, Slot, Supply, Target, WorkloadKind};

/// The annuity of `docs/model.md §6`, up to what defines its q.
const ANNUITY: &str = "(1 − q) / (q · (1 − q^n))";

const CHIP_HOUR: &str = "USD per chip-hour";
const CHIP_MONTH: &str = "USD per chip and month";

impl Reader<'_> {
    /// Writes down what an hour costs, then the work it does and what that costs, workload by workload.
    pub(super) fn cost(&mut self) {
        let hour = match &self.channel().supply {
            Supply::Rental(rental) => self.rented(rental),
            Supply::Owned(owned) => self.owned(owned),
        };
        let rule = self.rule_factor(Target::Efficiency, "rule_on_work", "What rules leave of useful work");
        for w in 0..self.world.workloads.len() {
            if self.terms().rates[w] <= 0.0 {
                continue;
            }
            let title = &self.world.workloads[w].title;
            let Some(rate) = self.rate(w, rule.clone()) else { continue };
            let costs =
                std::iter::once(("", &hour.open)).chain(hour.leaked.iter().map(|hour| (", leaked", hour)));
            for (which, hour) in costs {
                self.line(
                    format!("Cost of compute, {title}{which}"),
                    (if which.is_empty() { "cost" } else { "cost_leaked" }, format!("{} / e", hour.symbol)),
                    vec![hour.clone(), rate.clone()],
                    (hour.value / rate.value, "USD per H100e-hour"),
                );
            }
        }
    }

    fn rented(&mut self, rental: &Rental) -> HourCost {
        let terms = self.terms();
        let mut inputs = vec![
            self.of_channel("list_price", rental.price),
            self.of_channel("basis", rental.contract_basis),
        ];
        inputs.extend(self.rent_response(rental));
        inputs.extend(self.rule_factor(Target::Price, "rule_on_price", "What rules make of the price"));
        let formula = product(&inputs);
        let price =
            self.line("Contract price", ("price", formula), inputs, (terms.contract_price, CHIP_HOUR));
        let inputs = vec![
            price,
            self.of_channel("overhead", rental.overhead),
            self.of_channel("availability", self.channel().availability),
        ];
        let cost = rental::usable_hour_cost(terms.contract_price, terms.overhead, terms.availability);
        let formula = "price · (1 + overhead) / availability";
        let open = self.line("Cost of a usable hour", ("c", formula), inputs, (cost, CHIP_HOUR));
        let leaked = (self.rules.door(Target::NewRental, self.k).lane(0).leaked > 0.0).then(|| {
            let inputs = vec![open.clone(), self.above("premium")];
            let cost = cost * self.above("premium").value;
            self.line("Cost of a leaked hour", ("c_leaked", product(&inputs)), inputs, (cost, CHIP_HOUR))
        });
        HourCost { open, leaked }
    }

    fn rent_response(&mut self, rental: &Rental) -> Option<Input> {
        let elasticity = self.of_channel("elasticity", rental.rent_response);
        let (first, last) = self.use_remembered()?;
        if elasticity.value == 0.0 || first.1 <= 0.0 {
            return None;
        }
        let of = |symbol: &str, (t, share): (usize, f64)| {
            let observed = format!("hours the labs used over hours on offer in {}", self.month(t as i64));
            simulated(symbol, share, observed)
        };
        let inputs = vec![elasticity, of("used", last), of("used_at_first", first)];
        let formula = "max(0.25, (used / used_at_first)^elasticity)";
        let result = self.terms().rent_response;
        Some(self.line("Answer of the rent to use", ("rent_response", formula), inputs, (result, "times")))
    }

    fn owned(&mut self, owned: &Owned) -> HourCost {
        let (world, terms) = (self.world, self.terms());
        let channel = self.channel();
        let (chip, region) = (&world.chips[channel.chip], &world.regions[channel.region]);
        let (of_chip, of_region) = (("chips", chip.id.as_str()), ("regions", region.id.as_str()));
        let price = self.system_price(owned);
        let capital = self.capital(owned, price);
        let annuity = self.annuity(
            "Annuity of a building",
            "A_building",
            vec![
                self.at_start("wacc", region.wacc, of_region),
                self.at_start("building_life", region.shell_life_years, of_region),
            ],
            ("(1 / (1 + wacc))^(1/12)", "building_life"),
        );
        let kw = self.given("kW", chip.all_in_power_kw, of_chip);
        let inputs = vec![annuity, self.given("shell", region.shell_usd_per_kw, of_region), kw.clone()];
        let formula = product(&inputs);
        let building =
            self.line("Building", ("building", formula), inputs, (terms.building_charge, CHIP_MONTH));
        let inputs = vec![self.given("opex", region.opex_usd_per_kw_year, of_region), kw.clone()];
        let charge = terms.operations_charge;
        let operations =
            self.line("Operations", ("operations", "opex · kW / 12"), inputs, (charge, CHIP_MONTH));
        let first = capital.value + building.value + operations.value;
        let first = self.line(
            "Charge of the first month",
            ("F_1", "capital + building + operations"),
            vec![capital, building, operations],
            (first, CHIP_MONTH),
        );
        let inputs = vec![
            kw,
            self.given("PUE", region.pue, of_region),
            self.given("tariff", region.electricity, of_region),
        ];
        let cost = energy::cost_per_hour(inputs[0].value, inputs[1].value, inputs[2].value);
        let formula = product(&inputs);
        let energy = self.line("Energy", ("energy", formula), inputs, (cost, CHIP_HOUR));
        let availability = self.of_channel("availability", channel.availability);
        let cost = ownership::buy_cost(first.value, HOURS_PER_MONTH, availability.value, energy.value);
        let formula = format!("F_1 / ({HOURS_PER_MONTH} · availability) + energy");
        let inputs = vec![first, availability, energy];
        let open = self.line("Cost of a usable hour", ("c", formula), inputs, (cost, CHIP_HOUR));
        HourCost { open, leaked: None }
    }

    fn system_price(&mut self, owned: &Owned) -> Input {
        let mut inputs = vec![self.of_channel("capex", owned.capex)];
        let price_learning = self.terms().price_learning;
        inputs.extend(self.learning(owned, false, price_learning));
        inputs.extend(self.rule_factor(Target::Price, "rule_on_price", "What rules make of the price"));
        let mut formula = product(&inputs);
        if let Some(slot) = owned.extra_capex {
            inputs.push(self.of_channel("extra", slot));
            formula += " + extra";
        }
        let price = self.terms().system_price;
        self.line("Price of a system", ("price", formula), inputs, (price, "USD per chip"))
    }

    /// What learning makes of the price, or of MFU; none where it is off.
    fn learning(&mut self, owned: &Owned, of_mfu: bool, result: f64) -> Option<Input> {
        let channel = ("channels", self.channel().id.as_str());
        let slot = if of_mfu { owned.mfu_learning_rate } else { owned.learning_rate };
        let rate = self.at_start("rate", slot, channel);
        let start = self.at_start("cum_at_start", owned.cumulative?, channel);
        if rate.value == 0.0 {
            return None;
        }
        if !self.lines.iter().any(|line| line.symbol == "cum") {
            let orders = |t: usize| -> f64 {
                let labs = self.trace.months[t].labs.iter();
                labs.map(|lab| lab.channels[self.k].orders).sum::<f64>()
                    + self.drivers.now(owned.rest_of_market, t)
            };
            let ordered = (0..self.t).map(orders).sum::<f64>();
            let observed = "ordered by the labs and the rest of the market before this month";
            let inputs = vec![start.clone(), simulated("ordered", ordered, observed)];
            let result = start.value + ordered;
            self.line("Chips ever ordered", ("cum", "cum_at_start + ordered"), inputs, (result, "chips"));
        }
        let mut inputs = vec![self.above("cum"), start, rate];
        if !of_mfu {
            let formula = "(cum / cum_at_start)^log2(1 − rate)";
            return Some(self.line(
                "Learning on the price",
                ("learning", formula),
                inputs,
                (result, "times"),
            ));
        }
        inputs.push(self.at_start("ceiling", owned.mfu_learning_ceiling, channel));
        let formula = "min(ceiling, (cum / cum_at_start)^(0 − log2(1 − rate)))";
        Some(self.line("Learning on MFU", ("learning_of_MFU", formula), inputs, (result, "times")))
    }

    fn capital(&mut self, owned: &Owned, price: Input) -> Input {
        let channel = self.channel();
        let region = &self.world.regions[channel.region];
        let (of_channel, of_region) = (("channels", channel.id.as_str()), ("regions", region.id.as_str()));
        let wacc = self.at_start("wacc", region.wacc, of_region);
        let life = self.at_start("life", owned.life_years, of_channel);
        let decline = self.at_start("decline", owned.price_decline, of_channel);
        let residual = self.at_start("residual", owned.residual, of_channel);
        let terms = Terms::new(wacc.value, life.value, residual.value, decline.value);
        let result = terms.capital_charge(1.0, price.value);
        let annuity = self.annuity(
            "Annuity of a chip",
            "A",
            vec![wacc.clone(), decline.clone(), life.clone()],
            ("((1 − decline) / (1 + wacc))^(1/12)", "life"),
        );
        self.line(
            "Capital charge, first month",
            ("capital", "A · (1 − decline)^(1/12) · price · (1 − residual · (1 + wacc)^(0 − life))"),
            vec![annuity, decline, price, residual, wacc, life],
            (result, CHIP_MONTH),
        )
    }

    /// The declining annuity of wacc, decline (0 if there is none among the inputs) and life, in that order.
    fn annuity(&mut self, name: &str, symbol: &str, inputs: Vec<Input>, (q, life): (&str, &str)) -> Input {
        let decline = if inputs.len() > 2 { inputs[1].value } else { 0.0 };
        let months = inputs.last().map_or(1.0, |life| (12.0 * life.value).round().max(1.0));
        let annuity = crate::economics::capital::DecliningAnnuity::new(inputs[0].value, months, decline);
        // At q = 1 the quotient is 0/0 and the annuity its limit.
        let level = (1.0 - decline) / (1.0 + inputs[0].value) == 1.0;
        let n = format!("n = max(1, round(12 · {life}))");
        let formula = if level { format!("1 / n, {n}") } else { format!("{ANNUITY}, q = {q}, {n}") };
        self.line(name, (symbol, formula), inputs, (annuity.factor, "per USD and month"))
    }

    /// e of a workload: work per usable hour over the reference chip's.
    fn rate(&mut self, w: usize, rule: Option<Input>) -> Option<Input> {
        let world = self.world;
        let channel = self.channel();
        let (chip, workload) = (&world.chips[channel.chip], &world.workloads[w]);
        let efficiency = chip.efficiency[w].as_ref()?;
        let (of_chip, of_workload) = (("chips", chip.id.as_str()), ("workloads", workload.id.as_str()));
        let mfu_learning = self.terms().mfu_learning;
        let learning = match &channel.supply {
            Supply::Owned(owned) if !self.lines.iter().any(|line| line.symbol == "learning_of_MFU") => {
                self.learning(owned, true, mfu_learning)
            }
            Supply::Owned(_) => Some(self.above("learning_of_MFU")),
            Supply::Rental(_) => None,
        };
        let mut computing = vec![
            self.given("peak", efficiency.peak_tflops, of_chip),
            self.given("MFU", efficiency.mfu, of_chip),
        ];
        computing.extend(learning);
        let compute = product(&computing);
        let mut inputs = vec![self.given("goodput", efficiency.goodput, of_chip)];
        inputs.extend(computing.iter().cloned());
        let mut roof = compute.clone();
        if let Some(slot) = workload.intensity.filter(|_| workload.kind != WorkloadKind::Training) {
            roof = format!("min({compute}, bandwidth · MBU · intensity)");
            inputs.push(self.given("bandwidth", chip.memory_tb_per_s, of_chip));
            inputs.push(self.given("MBU", efficiency.mbu, of_chip));
            inputs.push(self.given("intensity", slot, of_workload));
        }
        let with_rule = |formula: &str| match &rule {
            Some(rule) => format!("({formula}) · {}", rule.symbol),
            None => formula.to_string(),
        };
        let formula = match workload.kind {
            WorkloadKind::Training => {
                inputs.push(self.reference(w, "reference_compute", false));
                with_rule(&format!("goodput · {compute} / reference_compute"))
            }
            WorkloadKind::Decode => {
                inputs.push(self.reference(w, "reference_bound", true));
                with_rule(&format!("goodput · {roof} / reference_bound"))
            }
            WorkloadKind::Inference => {
                inputs.push(self.reference(w, "reference_compute", false));
                inputs.push(self.reference(w, "reference_bound", true));
                inputs.extend(workload.prefill_share.map(|slot| self.given("s", slot, of_workload)));
                let mixed = if workload.prefill_share.is_some() {
                    "1 / (s / e_prefill + (1 − s) / e_decode)"
                } else {
                    "e_decode"
                };
                format!(
                    "{}, e_prefill = goodput · {compute} / reference_compute, e_decode = goodput · {roof} / reference_bound",
                    with_rule(mixed)
                )
            }
        };
        inputs.extend(rule);
        let name = format!("Work per usable hour, {}", workload.title);
        Some(self.line(name, ("e", formula), inputs, (self.terms().rates[w], "H100e")))
    }

    /// Useful work of the reference chip at central parameters, which is never random: its compute term, or the lower of
    /// both.
    fn reference(&mut self, w: usize, symbol: &str, bound: bool) -> Input {
        let Reference { chip: id, job, central } = self.reference;
        let world = &job.arms[job.baseline()].world;
        let workload = &world.workloads[w];
        let result = if bound { workload.reference.bound } else { workload.reference.compute };
        let which = if bound { "lower of both terms" } else { "compute term" };
        let name = format!("Reference, {}: {which} of {id} at central parameters", workload.title);
        let of = |symbol: &str, slot: Slot, owner: (&str, &str)| {
            stated(symbol, (job, slot), owner, central.now(slot, 0))
        };
        let chip = world.chips.iter().find(|chip| chip.id == id);
        if let Some((chip, efficiency)) = chip.and_then(|chip| Some((chip, chip.efficiency[w].as_ref()?))) {
            let owner = ("chips", id);
            let mut inputs = vec![
                of("goodput_ref", efficiency.goodput, owner),
                of("peak_ref", efficiency.peak_tflops, owner),
                of("MFU_ref", efficiency.mfu, owner),
            ];
            let mut compute = inputs[1].value * inputs[2].value;
            let mut formula = product(&inputs);
            if let Some(slot) =
                workload.intensity.filter(|_| bound && workload.kind != WorkloadKind::Training)
            {
                let memory = [
                    of("bandwidth_ref", chip.memory_tb_per_s, owner),
                    of("MBU_ref", efficiency.mbu, owner),
                    of("intensity_ref", slot, ("workloads", &workload.id)),
                ];
                formula = format!("goodput_ref · min(peak_ref · MFU_ref, {})", product(&memory));
                compute = compute.min(memory.iter().map(|input| input.value).product());
                inputs.extend(memory);
            }
            // A baseline arm that changes the chip leaves the unit as it is without the change.
            if (inputs[0].value * compute - result).abs() <= 1e-9 * result {
                return self.line(name, (symbol, formula), inputs, (result, "TFLOP/s"));
            }
        }
        let formula = format!("{symbol}_stated");
        let inputs =
            vec![simulated(&formula, result, "its useful work in the scenario without any arm's changes")];
        self.line(name, (symbol, formula), inputs, (result, "TFLOP/s"))
    }
}

/// Cost of a usable hour, and of a leaked one.
struct HourCost {
    open: Input,
    leaked: Option<Input>,
}
