//! Scenarios to try things on, as texts: one small market by hand, and any number of invented ones.

use crate::second::worlds::Dice;

/// A small market with something of everything: two workloads, rent that comes back, an older chip to rent, domestic chips
/// that learn, a fleet abroad, and a door that closes surely, perhaps, or with leaks. Draws of the lab have streams of
/// their own.
pub const SMALL: &str = r#"
# A small market.
[scenario]
title = "A small market"

[settings]
start = "2026-10"
months = 18
lead_months = 3
paths = 48
seed = 11
reference_chip = "fast"
discount_rate_per_year = 0.05

[workloads.train]
kind = "training"

[workloads.serve]
kind = "inference"
intensity_flop_per_byte = 60
prefill_share_fraction = { triangular = [0.2, 0.4, 0.6] }

[chips.fast]
origin = "us"
class = "new"
peak_bf16_tflops = 1000
peak_8bit_tflops = 2000
memory_tb_per_s = 3.35
all_in_power_kw = 1.4
mbu_fraction = 0.6
goodput_fraction = 0.93
efficiency.train = { precision = "bf16", mfu_fraction = 0.4 }
efficiency.serve = { precision = "8bit", mfu_fraction = 0.35 }

[chips.slow]
origin = "china"
class = "old"
peak_bf16_tflops = 400
peak_8bit_tflops = 800
memory_tb_per_s = 2
all_in_power_kw = 1.0
mbu_fraction = 0.5
goodput_fraction = 0.85
efficiency.train = { precision = "bf16", mfu_fraction = { triangular = [0.2, 0.3, 0.35] } }
efficiency.serve = { precision = "8bit", mfu_fraction = 0.25 }

[regions.home]
home = true
electricity_usd_per_kwh = { triangular = [0.05, 0.07, 0.1] }
pue_ratio = 1.25
shell_usd_per_kw = 5000
opex_usd_per_kw_year = 150
wacc_real_per_year = 0.05

[regions.away]
electricity_usd_per_kwh = 0.11
pue_ratio = 1.4
shell_usd_per_kw = 9000
opex_usd_per_kw_year = 220
wacc_real_per_year = 0.07

[channels.rent]
kind = "rental"
chip = "fast"
region = "away"
origin = "offshore"
tags = ["door"]
availability_fraction = 0.95
overhead_fraction = 0.1
on_offer_chips = 400
committed_chips = 150
term_months = 6
prepaid_fraction = 0.2
exit_fee_months = 1
owed_share_when_void_fraction = 0.1
rent_response_elasticity = 0.2

[channels.rent.price_usd_per_chip_hour]
initial = 2.2
trend_per_year = -0.1
volatility_per_sqrt_year = 0.3
half_life_months = 6

[channels.rent.spot_basis_ratio]
initial = 1.2
volatility_per_sqrt_year = 0.5
half_life_months = 2

[channels.rent-old]
kind = "rental"
chip = "slow"
region = "away"
origin = "offshore"
tags = ["door"]
availability_fraction = 0.95
price_usd_per_chip_hour = 0.8
on_offer_chips = 100
term_months = 3

[channels.own]
kind = "owned"
chip = "slow"
region = "home"
origin = "domestic"
availability_fraction = 0.9
chip_price_usd = { lognormal = { median = 9000, sigma = 0.2 } }
system_extra_capex_usd_per_chip = 4000
price_decline_per_year = 0.1
chip_life_years = 1
residual_fraction = 0.05
idle_share_fraction = 0.3
fleet_chips = 500
fleet_age_months = [0, 9]
pipeline_chips = [10, 20, 30]
supply_chips_per_month = { initial = 40, volatility_per_sqrt_year = 0.2, half_life_months = 12 }
scarcity_rent_share = 0.5
supply_response_elasticity = 0.3
supply_response_delay_months = 4
learning_rate_fraction = 0.15
mfu_learning_rate_fraction = 0.05
cumulative_chips = 1000
rest_of_market_chips_per_month = 20

[channels.abroad]
kind = "owned"
chip = "fast"
region = "away"
origin = "offshore"
availability_fraction = 0.95
system_capex_incl_chip_usd = 31000
chip_life_years = 5
fleet_chips = 30
fleet_age_months = [3, 15]

[labs.all]
hedge_share_fraction = 0.2

[labs.all.demand.train]
planned_use_h100e = { initial = 350, trend_per_year = 0.3, volatility_per_sqrt_year = 0.15, half_life_months = 12, stream = "training" }
elasticity = { triangular = [0.3, 0.6, 1.0], stream = "elasticity" }
reference_price_usd_per_h100e_hour = 2.0
choke_price_usd_per_h100e_hour = 10

[labs.all.demand.serve]
planned_use_h100e = 300
elasticity = 0.9
reference_price_usd_per_h100e_hour = 1.6
choke_price_usd_per_h100e_hour = 8

[rules.close]
title = "180-day wind-down"
announced = "2027-01"
lag_days = 30
wind_down = "linear"
wind_down_days = 180

[[rules.close.effects]]
on = { tag = "door" }
quantity = "new_rental_capacity"
factor = 0
leakage_fraction = { triangular = [0.05, 0.15, 0.40] }
premium_ratio = 1.6

[[rules.close.effects]]
on = { tag = "door" }
quantity = "existing_contracts"
factor = 0

[rules.perhaps]
title = "perhaps"
announced = { probability = 0.5, from = "2026-12", until = "2027-06" }
lag_days = { uniform = [0, 60] }
wind_down = "cliff"
wind_down_months = 2
reversal = { probability = 0.5, within_days = 121 }

[[rules.perhaps.effects]]
on = { tag = "door" }
quantity = "new_rental_capacity"
factor = 0.2

[[rules.perhaps.effects]]
on = { tag = "door" }
quantity = "existing_contracts"
factor = 0

[arms.open]
baseline = true
rules = []

[arms.closed]
headline = true
rules = ["close"]

[arms.perhaps]
rules = ["perhaps"]
"#;

/// A market of one chip and one workload without uncertainty, energy or capital, to add channels and demand to.
pub const BARE: &str = r#"
[scenario]
title = "A bare market"

[settings]
start = "2026-10"
months = 12
lead_months = 1
paths = 1
seed = 1
reference_chip = "unit"
discount_rate_per_year = 0

[workloads.work]
kind = "training"

[chips.unit]
peak_8bit_tflops = 1000
memory_tb_per_s = 1
all_in_power_kw = 1
mbu_fraction = 1
goodput_fraction = 1
efficiency.work = { precision = "8bit", mfu_fraction = 0.5 }

[regions.here]
home = true
electricity_usd_per_kwh = 0
pue_ratio = 1
shell_usd_per_kw = 0
opex_usd_per_kw_year = 0
wacc_real_per_year = 0

[arms.open]
baseline = true
rules = []
"#;

/// A market invented from a seed: a few workloads, chips, places, channels, labs and rules, numbers of all common forms.
/// It is valid by construction; what is not free is what keeps it so.
pub fn invented(seed: u64) -> String {
    let mut maker = Maker { dice: Dice::new(seed), text: String::new() };
    maker.settings(seed);
    let workloads = maker.workloads();
    let chips = maker.chips(&workloads);
    maker.regions();
    maker.channels(&chips);
    maker.labs(&workloads);
    let rules = maker.rules();
    maker.line("[arms.open]\nbaseline = true\nrules = []");
    for rule in &rules {
        maker.line(&format!("[arms.{rule}]\nrules = [\"{rule}\"]"));
    }
    if rules.len() > 1 {
        maker.line(&format!("[arms.all]\nheadline = true\nrules = {rules:?}"));
    }
    maker.text
}

struct Maker {
    dice: Dice,
    text: String,
}

impl Maker {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// `key = …` with a quantity between `low` and `high`, constant or drawn once.
    fn parameter(&mut self, key: &str, low: f64, high: f64) {
        let mut values: Vec<f64> = (0..3).map(|_| self.dice.between(low, high)).collect();
        values.sort_by(f64::total_cmp);
        let [a, b, c] = values[..] else { return };
        let form = match self.dice.integer(0, 6) {
            0 => format!("{{ uniform = [{a}, {c}] }}"),
            1 => format!("{{ triangular = [{a}, {b}, {c}] }}"),
            2 => format!("{{ pert = [{a}, {b}, {c}] }}"),
            3 => format!("{{ discrete = {{ values = [{a}, {b}, {c}], weights = [1, 2, 1] }} }}"),
            _ => format!("{b}"),
        };
        self.line(&format!("{key} = {form}"));
    }

    /// The same, or a schedule, or a process: for what has no upper bound.
    fn series(&mut self, key: &str, low: f64, high: f64) {
        let (a, b) = (self.dice.between(low, high), self.dice.between(low, high));
        let (s, g, half_life) =
            (self.dice.between(0.0, 0.5), self.dice.between(-0.3, 0.4), self.dice.between(1.0, 12.0));
        match self.dice.integer(0, 5) {
            0 => self.line(&format!(
                "{key} = {{ initial = {a}, trend_per_year = {g}, volatility_per_sqrt_year = {s}, half_life_months = {half_life} }}"
            )),
            1 => self.line(&format!(
                "{key} = {{ initial = {a}, anchor = \"mean\", volatility_per_sqrt_year = {s}, \
                 jumps = {{ per_year = 1, log_mean = {g}, log_sd = 0.2 }} }}"
            )),
            2 => self.line(&format!("{key} = {{ schedule = {{ \"2026-11\" = {a}, \"2027-06\" = {b} }} }}")),
            _ => self.parameter(key, low, high),
        }
    }

    /// Zero or a quantity.
    fn switch(&mut self, key: &str, low: f64, high: f64) {
        if self.dice.chance(0.5) {
            self.parameter(key, low, high);
        }
    }

    fn settings(&mut self, seed: u64) {
        // Every rule's dates lie within the run.
        let (months, lead) = (self.dice.integer(8, 24), self.dice.integer(1, 5));
        let sampling = self.dice.pick(&["plain", "antithetic", "latin-hypercube", "sobol"]);
        self.line(&format!(
            "[scenario]\ntitle = \"invented {seed}\"\n[settings]\nstart = \"2026-10\"\nmonths = {months}\n\
             lead_months = {lead}\npaths = 4\nseed = {seed}\nsampling = \"{sampling}\"\nreference_chip = \"c0\"\n\
             discount_rate_per_year = 0.05"
        ));
    }

    fn workloads(&mut self) -> Vec<String> {
        let count = self.dice.integer(1, 3);
        for w in 0..count {
            let kind = self.dice.pick(&["training", "decode", "inference"]);
            self.line(&format!("[workloads.w{w}]\nkind = \"{kind}\"\ndistillable = {}", kind == "training"));
            if kind != "training" {
                self.parameter("intensity_flop_per_byte", 30.0, 300.0);
            }
            if kind == "inference" {
                self.parameter("prefill_share_fraction", 0.1, 0.9);
            }
            if w > 0 && self.dice.chance(0.3) {
                self.line("home_only = true");
            }
        }
        (0..count).map(|w| format!("w{w}")).collect()
    }

    fn chips(&mut self, workloads: &[String]) -> Vec<String> {
        let count = self.dice.integer(1, 3);
        for c in 0..count {
            let origin = self.dice.pick(&["us", "china"]);
            self.line(&format!("[chips.c{c}]\norigin = \"{origin}\"\nclass = \"k{c}\""));
            self.parameter("peak_bf16_tflops", 200.0, 1200.0);
            self.parameter("peak_8bit_tflops", 400.0, 2400.0);
            self.parameter("memory_tb_per_s", 1.0, 8.0);
            self.parameter("all_in_power_kw", 0.5, 2.0);
            self.parameter("mbu_fraction", 0.3, 0.8);
            self.parameter("goodput_fraction", 0.7, 1.0);
            for (at, workload) in workloads.iter().enumerate() {
                // The reference chip serves everything.
                if c == 0 || at == 0 || self.dice.chance(0.7) {
                    let precision = self.dice.pick(&["bf16", "8bit"]);
                    let mfu = self.dice.between(0.1, 0.6);
                    self.line(&format!(
                        "efficiency.{workload} = {{ precision = \"{precision}\", mfu_fraction = {mfu} }}"
                    ));
                }
            }
        }
        (0..count).map(|c| format!("c{c}")).collect()
    }

    fn regions(&mut self) {
        for (region, home) in [("here", true), ("there", false)] {
            self.line(&format!("[regions.{region}]\nhome = {home}"));
            self.series("electricity_usd_per_kwh", 0.0, 0.2);
            self.parameter("pue_ratio", 1.0, 1.6);
            self.parameter("shell_usd_per_kw", 0.0, 12_000.0);
            self.parameter("opex_usd_per_kw_year", 0.0, 300.0);
            self.parameter("wacc_real_per_year", 0.0, 0.12);
        }
    }

    fn channels(&mut self, chips: &[String]) {
        for k in 0..self.dice.integer(1, 5) {
            // The first channel can serve everything: the reference chip, at home.
            let kind = if k == 0 { "owned" } else { self.dice.pick(&["rental", "owned"]) };
            let chip = if k == 0 { 0 } else { self.dice.integer(0, chips.len() as i32 - 1) };
            let (origin, region) = match kind {
                _ if k == 0 => ("domestic", "here"),
                "rental" => ("offshore", "there"),
                _ => self.dice.pick(&[
                    ("domestic", "here"),
                    ("imported", "here"),
                    ("grey", "here"),
                    ("offshore", "there"),
                ]),
            };
            let priority = self.dice.integer(-1, 1);
            self.line(&format!(
                "[channels.k{k}]\nkind = \"{kind}\"\nchip = \"c{chip}\"\nregion = \"{region}\"\norigin = \"{origin}\"\n\
                 priority = {priority}"
            ));
            self.parameter("availability_fraction", 0.7, 1.0);
            if kind == "rental" { self.rental() } else { self.owned() }
        }
    }

    /// Some channel is of this kind and origin.
    fn has(&self, kind: &str, origin: &str) -> bool {
        self.text.split("[channels.").skip(1).any(|channel| {
            let channel = channel.split('[').next().unwrap_or_default();
            channel.contains(&format!("kind = \"{kind}\""))
                && channel.contains(&format!("origin = \"{origin}"))
        })
    }

    fn rental(&mut self) {
        let term = self.dice.integer(1, 9);
        self.line(&format!("term_months = {term}"));
        self.series("price_usd_per_chip_hour", 0.5, 4.0);
        self.series("contract_basis_ratio", 0.7, 1.2);
        self.series("spot_basis_ratio", 0.7, 1.6);
        self.switch("overhead_fraction", 0.0, 0.3);
        self.parameter("on_offer_chips", 50.0, 500.0);
        self.switch("committed_chips", 0.0, 50.0);
        self.switch("committed_price_usd_per_chip_hour", 0.5, 4.0);
        self.switch("prepaid_fraction", 0.0, 1.0);
        self.switch("exit_fee_months", 0.0, 3.0);
        self.switch("owed_share_when_void_fraction", 0.0, 1.0);
        self.switch("rent_response_elasticity", 0.0, 1.0);
    }

    fn owned(&mut self) {
        self.series("system_capex_incl_chip_usd", 2000.0, 60_000.0);
        self.switch("price_decline_per_year", 0.0, 0.3);
        let life = self.dice.pick(&[0.5, 1.0, 2.0, 5.0]);
        let oldest = (12.0 * life) as i32 - 1;
        let (young, old) = (self.dice.integer(0, 5), self.dice.integer(5, 14).min(oldest));
        self.line(&format!("chip_life_years = {life}\nfleet_age_months = [{young}, {old}]"));
        self.switch("residual_fraction", 0.0, 0.4);
        self.switch("idle_share_fraction", 0.0, 1.0);
        self.parameter("fleet_chips", 0.0, 400.0);
        if self.dice.chance(0.8) {
            self.series("supply_chips_per_month", 0.0, 60.0);
        }
        self.switch("scarcity_rent_share", 0.0, 1.0);
        self.switch("supply_response_elasticity", 0.0, 1.0);
        let delay = self.dice.integer(1, 6);
        self.line(&format!("supply_response_delay_months = {delay}\ncumulative_chips = 500"));
        self.switch("learning_rate_fraction", 0.0, 0.3);
        self.switch("mfu_learning_rate_fraction", 0.0, 0.1);
    }

    fn labs(&mut self, workloads: &[String]) {
        let count = self.dice.integer(1, 2);
        for l in 0..count {
            let share = 1.0 / f64::from(count);
            let ahead = self.dice.chance(0.3);
            self.line(&format!("[labs.l{l}]\nshare_fraction = {share}\nsign_ahead = {ahead}"));
            self.switch("anticipation_fraction", 0.0, 1.0);
            self.switch("hedge_share_fraction", 0.0, 0.6);
            for (at, workload) in workloads.iter().enumerate() {
                if at == 0 || self.dice.chance(0.8) {
                    self.line(&format!("[labs.l{l}.demand.{workload}]"));
                    self.series("planned_use_h100e", 50.0, 500.0);
                    self.parameter("elasticity", 0.2, 1.5);
                    self.series("reference_price_usd_per_h100e_hour", 1.0, 3.0);
                    self.parameter("choke_price_usd_per_h100e_hour", 6.0, 15.0);
                    self.switch("saturation_ratio", 1.0, 3.0);
                }
            }
        }
    }

    fn rules(&mut self) -> Vec<String> {
        let count = self.dice.integer(0, 2);
        for r in 0..count {
            let announced = self.dice.pick(&[
                "\"2026-10\"",
                "\"2027-01\"",
                "{ probability = 0.6, from = \"2026-11\", until = \"2027-05\" }",
                "{ hazard_per_year = 1.5, from = \"2026-10\", until = \"2028-01\" }",
            ]);
            let wind_down = self.dice.pick(&[
                "wind_down = \"immediate\"",
                "wind_down = \"linear\"\nwind_down_days = 150",
                "wind_down = \"cliff\"\nwind_down_months = 3",
                "wind_down = \"grandfathered\"",
            ]);
            let reversal = self.dice.pick(&[
                "",
                "reversal = { hazard_per_year = 1 }",
                "reversal = { probability = 0.5, within_days = 200 }",
            ]);
            self.line(&format!("[rules.r{r}]\nannounced = {announced}\n{wind_down}\n{reversal}"));
            self.parameter("lag_days", 0.0, 90.0);
            self.switch("ramp_months", 0.0, 4.0);
            let targets = [
                ("on = { kind = \"rental\" }", "new_rental_capacity"),
                ("on = { kind = \"rental\" }", "existing_contracts"),
                ("on = { kind = \"owned\", origin = \"offshore\" }", "owned_access"),
                ("on = { kind = \"owned\" }", "chip_supply"),
                ("", "price"),
                ("", "demand"),
                ("", "efficiency"),
            ];
            for _ in 0..self.dice.integer(1, 4) {
                let (on, quantity) = self.dice.pick(&targets);
                // A selector must select something.
                let (rental, owned, abroad) =
                    (self.has("rental", ""), self.has("owned", ""), self.has("owned", "offshore"));
                if on.contains("rental") && !rental
                    || on.contains("owned") && !owned
                    || on.contains("origin") && !abroad
                {
                    continue;
                }
                self.line(&format!("[[rules.r{r}.effects]]\nquantity = \"{quantity}\"\n{on}"));
                self.parameter("factor", 0.0, if quantity == "price" { 2.0 } else { 1.0 });
                if quantity == "new_rental_capacity" {
                    self.switch("leakage_fraction", 0.0, 1.0);
                    self.switch("premium_ratio", 1.0, 2.0);
                }
                if quantity == "owned_access" {
                    self.switch("leakage_fraction", 0.0, 1.0);
                }
            }
            if !self.text.contains(&format!("[[rules.r{r}.effects]]")) {
                self.line(&format!("[[rules.r{r}.effects]]\nquantity = \"demand\"\nfactor = 0.9"));
            }
        }
        (0..count).map(|r| format!("r{r}")).collect()
    }
}
