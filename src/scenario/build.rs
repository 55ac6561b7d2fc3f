//! A checked scenario compiled into a job: ids become indices, numbers become slots, dates become steps.
//!
//! All arms share one table of quantities, deduplicated by stream and form, so that a quantity an arm does not replace is
//! the same slot, and one it does keeps its stream and hence its draws. Chips and regions no channel uses are left out,
//! so that they cost nothing and move nothing. The unit of work is fixed by the scenario without any arm's changes.

mod rules;

use std::collections::BTreeMap;

use super::checked::Checked;
use super::correlation::{Matrix, matrix};
use super::quantity::{self, Parsed};
use super::raw::Node;
use super::registry::Ids;
use super::resolve::{barrier, profile};
pub use rules::{acts_on, target_of};

use crate::calendar::Month;
use crate::engine::column::EXACT_PATHS;
use crate::engine::job::{Arm, Correlation, CorrelationOn, Job};
use crate::model::parameters::*;
use crate::random::design::Sampling;
use crate::random::process::{Jumps, Regime, Regimes};

/// An arm to compile: its id and the scenario as it is in that arm.
pub struct ArmIn<'a> {
    /// Id in the file.
    pub id: &'a str,
    /// The scenario of the file it stands in.
    pub base: &'a Checked,
    /// That scenario with the arm's changes.
    pub checked: &'a Checked,
}

impl ArmIn<'_> {
    fn compile(
        &self,
        table: &mut Table,
        references: &BTreeMap<String, Rate>,
        start: Month,
    ) -> (Arm, BTreeMap<String, Slot>) {
        let mut slots = BTreeMap::new();
        let mut builder = Builder { checked: self.checked, base: self.base, table, slots: &mut slots, start };
        let world = builder.world(self.id, references);
        let place = format!("arms.{}", self.id);
        let arm = Arm {
            id: self.id.to_string(),
            title: self.base.title(&place, self.id).to_string(),
            baseline: self.base.flag(&format!("{place}.baseline")),
            headline: self.base.flag(&format!("{place}.headline")),
            world,
        };
        (arm, slots)
    }
}

/// Compiles a scenario without errors, and its arms in their order.
pub fn job(base: &Checked, arms: &[ArmIn<'_>]) -> Job {
    let mut table = Table::default();
    let references = references(base);
    let mut worlds = Vec::new();
    let start = start(base);
    for arm in arms {
        worlds.push(arm.compile(&mut table, &references, start));
    }
    let mut spare = BTreeMap::new();
    let builder = Builder { checked: base, base, table: &mut table, slots: &mut spare, start };
    let correlations = correlations(builder, &worlds);
    let leading = leading(base, &table, &worlds);
    Job {
        leading,
        quantities: Quantities { list: table.list },
        arms: worlds.into_iter().map(|(arm, _)| arm).collect(),
        correlations,
        paths: base.integer("settings.paths").unwrap_or(1).max(1) as usize,
        seed: base.integer("settings.seed").unwrap_or(0).max(0) as u64,
        sampling: match base.text("settings.sampling") {
            Some("antithetic") => Sampling::Antithetic,
            Some("latin-hypercube") => Sampling::LatinHypercube,
            Some("sobol") => Sampling::Sobol,
            _ => Sampling::Plain,
        },
        exact_paths: EXACT_PATHS,
    }
}

fn start(checked: &Checked) -> Month {
    checked.month("settings.start").unwrap_or(Month::new(2000, 1))
}

/// Quantities so far, and which there are of each stream.
#[derive(Default)]
struct Table {
    list: Vec<Quantity>,
    index: BTreeMap<String, Vec<Slot>>,
}

impl Table {
    fn add(&mut self, key: &str, stream: &str, form: Form) -> Slot {
        let next = Slot(self.list.len() as u32);
        let of_stream = match self.index.get_mut(stream) {
            Some(slots) => slots,
            None => self.index.entry(stream.to_string()).or_default(),
        };
        if let Some(known) = of_stream.iter().find(|slot| self.list[slot.0 as usize].form == form) {
            return *known;
        }
        of_stream.push(next);
        self.list.push(Quantity { key: key.to_string(), stream: stream.to_string(), form });
        next
    }
}

/// Useful rates of the reference chip by workload, at central parameters.
fn references(base: &Checked) -> BTreeMap<String, Rate> {
    let chip = base.text("settings.reference_chip").unwrap_or_default();
    let rate = |workload: &str| -> Option<Rate> {
        let place = format!("chips.{chip}.efficiency.{}", profile(base, workload));
        let either = |field: &str| {
            base.central(&format!("{place}.{field}"))
                .or_else(|| base.central(&format!("chips.{chip}.{field}")))
        };
        let peak =
            base.central(&format!("chips.{chip}.{}", peak_key(base.text(&format!("{place}.precision"))?)))?;
        let goodput = either("goodput_fraction")?;
        let compute = peak * base.central(&format!("{place}.mfu_fraction"))?;
        let training = base.text(&format!("workloads.{workload}.kind")) == Some("training");
        let memory = match base.central(&format!("workloads.{workload}.intensity_flop_per_byte")) {
            Some(intensity) if !training => {
                base.central(&format!("chips.{chip}.memory_tb_per_s"))? * either("mbu_fraction")? * intensity
            }
            _ => f64::INFINITY,
        };
        Some(Rate { compute: goodput * compute, bound: goodput * compute.min(memory) })
    };
    let workloads = base.ids(Ids::Workload);
    workloads.into_iter().map(|id| (id.to_string(), rate(id).unwrap_or_default())).collect()
}

/// The key of the peak a precision names.
pub fn peak_key(precision: &str) -> &'static str {
    match precision {
        "bf16" => "peak_bf16_tflops",
        "4bit" => "peak_4bit_tflops",
        _ => "peak_8bit_tflops",
    }
}

struct Builder<'a> {
    checked: &'a Checked,
    base: &'a Checked,
    table: &'a mut Table,
    slots: &'a mut BTreeMap<String, Slot>,
    start: Month,
}

impl Builder<'_> {
    /// The slot of a quantity that is given or has a default. Anything else is an error the checks let through; it
    /// becomes NaN, which a simulation refuses.
    fn slot(&mut self, key: &str) -> Slot {
        match self.optional(key) {
            Some(slot) => slot,
            None => self.table.add(key, key, Form::Constant(f64::NAN)),
        }
    }

    fn optional(&mut self, key: &str) -> Option<Slot> {
        if let Some(slot) = self.slots.get(key) {
            return Some(*slot);
        }
        let parsed = self.checked.quantity(key)?;
        let stream = parsed.meta.stream.clone().unwrap_or_else(|| key.to_string());
        let amount = self.compile(key, &stream, parsed);
        let slot = match &parsed.meta.currency {
            None => amount,
            Some(currency) => {
                let per_usd = self.slot(&format!("currencies.{currency}.per_usd"));
                self.table.add(key, &stream, Form::Converted { amount, per_usd })
            }
        };
        self.slots.insert(key.to_string(), slot);
        Some(slot)
    }

    /// The slot of a quantity, or of a part of one, before any conversion of its currency.
    fn amount(&mut self, key: &str) -> Slot {
        let mut place = key;
        while self.checked.quantity(place).is_none() {
            let Some((above, _)) = place.rsplit_once('.') else { break };
            place = above;
        }
        let whole = self.slot(place);
        match self.slots.get(&amount_key(key)) {
            Some(slot) => *slot,
            // A part of what a change has made one number: it stands for its draws, on which others may depend.
            None if place != key => self.constant(key, 0.0),
            None => whole,
        }
    }

    fn constant(&mut self, key: &str, x: f64) -> Slot {
        self.table.add(key, key, Form::Constant(x))
    }

    fn compile(&mut self, key: &str, stream: &str, parsed: &Parsed) -> Slot {
        let form = match &parsed.form {
            quantity::Form::Constant(x) => Form::Constant(*x),
            quantity::Form::Parameter(distribution) => Form::Parameter(distribution.clone()),
            quantity::Form::Schedule { knots, linear } => Form::Schedule {
                knots: knots.iter().map(|(month, x)| (month.since(self.start), *x)).collect(),
                linear: *linear,
            },
            quantity::Form::Process(process) => Form::Process(self.process(key, stream, process)),
        };
        let slot = self.table.add(key, stream, form);
        // Correlations name the amount of a converted quantity, and parts of processes.
        self.slots.insert(amount_key(key), slot);
        slot
    }

    fn part(&mut self, key: &str, stream: &str, name: &str, parsed: &Parsed) -> Slot {
        let (key, own) = (format!("{key}.{name}"), format!("{stream}.{name}"));
        self.compile(&key, parsed.meta.stream.as_deref().unwrap_or(&own), parsed)
    }

    fn part_or_zero(&mut self, key: &str, stream: &str, name: &str, parsed: Option<&Parsed>) -> Slot {
        match parsed {
            Some(parsed) => self.part(key, stream, name, parsed),
            None => {
                self.table.add(&format!("{key}.{name}"), &format!("{stream}.{name}"), Form::Constant(0.0))
            }
        }
    }

    fn process(&mut self, key: &str, stream: &str, process: &quantity::Process) -> Process {
        Process {
            initial: self.part(key, stream, "initial", &process.initial),
            anchor: process.anchor,
            trend_per_year: self.part_or_zero(key, stream, "trend_per_year", process.trend_per_year.as_ref()),
            volatility: self.part_or_zero(
                key,
                stream,
                "volatility_per_sqrt_year",
                process.volatility.as_ref(),
            ),
            half_life_months: process
                .half_life_months
                .as_ref()
                .map(|parsed| self.part(key, stream, "half_life_months", parsed)),
            jumps: process.jumps.as_ref().map(|jumps| Jumps {
                per_year: self.part(key, stream, "jumps.per_year", &jumps.per_year),
                log_mean: self.part(key, stream, "jumps.log_mean", &jumps.log_mean),
                log_sd: self.part(key, stream, "jumps.log_sd", &jumps.log_sd),
            }),
            regimes: process.regimes.as_ref().map(|regimes| Regimes {
                start: regimes.start,
                demean: regimes.demean,
                states: regimes.states.iter().map(|state| self.regime(key, stream, state)).collect(),
            }),
        }
    }

    fn regime(&mut self, key: &str, stream: &str, state: &Regime<Parsed>) -> Regime<Slot> {
        let name = |field: &str| format!("regimes.{}.{field}", state.id);
        Regime {
            id: state.id.clone(),
            mean_spell_months: self.part(key, stream, &name("mean_spell_months"), &state.mean_spell_months),
            drift_per_year: self.part(key, stream, &name("drift_per_year"), &state.drift_per_year),
            volatility: state
                .volatility
                .as_ref()
                .map(|parsed| self.part(key, stream, &name("volatility_per_sqrt_year"), parsed)),
            to: state.to.clone(),
        }
    }

    fn world(&mut self, arm: &str, references: &BTreeMap<String, Rate>) -> World {
        let checked = self.checked;
        let workloads = checked.ids(Ids::Workload);
        let (chips, regions) = (checked.used(Ids::Chip), checked.used(Ids::Region));
        let channels = checked.channels();
        let labs = checked.ids(Ids::Lab);
        let lead = checked.integer("settings.lead_months").unwrap_or(1).max(1) as usize;
        let calibrated = checked.tree.get("calibration").is_some() && checked.flag("calibration.enabled");
        World {
            // Stocks and first prices are those of its own month 0: arms of another start cannot be paired.
            start: start(self.base),
            months: checked.integer("settings.months").unwrap_or(1).max(1) as usize,
            lead,
            discount_rate: self.slot("settings.discount_rate_per_year"),
            workloads: workloads.iter().map(|id| self.workload(id, references)).collect(),
            chips: chips.iter().map(|id| self.chip(id, &workloads)).collect(),
            regions: regions.iter().map(|id| self.region(id)).collect(),
            channels: channels
                .iter()
                .map(|id| self.channel(id, &chips, &regions, &workloads, lead))
                .collect(),
            labs: labs.iter().map(|id| self.lab(id, &channels, &workloads)).collect(),
            rules: self.rules(arm, &channels, &workloads, &labs),
            distillation: checked.tree.get("distillation").is_some().then(|| Distillation {
                saving: self.slot("distillation.saving_fraction"),
                research_share: self.slot("distillation.research_share_fraction"),
                user_share: self.slot("distillation.user_share_fraction"),
            }),
            calibration_price: if calibrated {
                self.optional("calibration.price_usd_per_h100e_hour")
            } else {
                None
            },
            demand_scale: 1.0,
        }
    }

    fn workload(&mut self, id: &str, references: &BTreeMap<String, Rate>) -> Workload {
        let place = format!("workloads.{id}");
        let kind = match self.checked.text(&format!("{place}.kind")) {
            Some("decode") => WorkloadKind::Decode,
            Some("inference") => WorkloadKind::Inference,
            _ => WorkloadKind::Training,
        };
        let bound_by_memory = kind != WorkloadKind::Training;
        let mixed = kind == WorkloadKind::Inference;
        Workload {
            id: id.to_string(),
            title: self.checked.title(&place, id).to_string(),
            kind,
            intensity: if bound_by_memory {
                self.optional(&format!("{place}.intensity_flop_per_byte"))
            } else {
                None
            },
            prefill_share: if mixed {
                self.optional(&format!("{place}.prefill_share_fraction"))
            } else {
                None
            },
            reference: references.get(id).copied().unwrap_or_default(),
            distillable: self.checked.flag(&format!("{place}.distillable")),
        }
    }

    fn chip(&mut self, id: &str, workloads: &[&str]) -> Chip {
        let place = format!("chips.{id}");
        let peak = |chip: &str| self.base.central(&format!("chips.{chip}.peak_8bit_tflops"));
        let reference = self.base.text("settings.reference_chip").unwrap_or_default();
        let h100e_peak = match (self.checked.central(&format!("{place}.peak_8bit_tflops")), peak(reference)) {
            (Some(own), Some(reference)) => own / reference,
            _ => f64::NAN,
        };
        Chip {
            id: id.to_string(),
            title: self.checked.title(&place, id).to_string(),
            h100e_peak,
            memory_tb_per_s: self.slot(&format!("{place}.memory_tb_per_s")),
            all_in_power_kw: self.slot(&format!("{place}.all_in_power_kw")),
            efficiency: workloads.iter().map(|workload| self.efficiency(&place, workload)).collect(),
        }
    }

    fn efficiency(&mut self, chip: &str, workload: &str) -> Option<Efficiency> {
        let place = format!("{chip}.efficiency.{}", profile(self.checked, workload));
        self.checked.tree.get(&place)?;
        let precision = self.checked.text(&format!("{place}.precision"))?;
        let mbu = self.nearest_of(&place, chip, "mbu_fraction");
        let unused = format!("{place}.mbu_fraction");
        Some(Efficiency {
            peak_tflops: self.slot(&format!("{chip}.{}", peak_key(precision))),
            mfu: self.slot(&format!("{place}.mfu_fraction")),
            // Training does not ask for it.
            mbu: mbu.unwrap_or_else(|| self.constant(&unused, 1.0)),
            goodput: self.nearest_of(&place, chip, "goodput_fraction")?,
        })
    }

    /// The profile's own quantity, or the chip's.
    fn nearest_of(&mut self, profile: &str, chip: &str, field: &str) -> Option<Slot> {
        self.optional(&format!("{profile}.{field}")).or_else(|| self.optional(&format!("{chip}.{field}")))
    }

    fn region(&mut self, id: &str) -> Region {
        let place = format!("regions.{id}");
        let mut slot = |field: &str| self.slot(&format!("{place}.{field}"));
        Region {
            electricity: slot("electricity_usd_per_kwh"),
            pue: slot("pue_ratio"),
            shell_usd_per_kw: slot("shell_usd_per_kw"),
            shell_life_years: slot("shell_life_years"),
            opex_usd_per_kw_year: slot("opex_usd_per_kw_year"),
            wacc: slot("wacc_real_per_year"),
            id: id.to_string(),
            title: self.checked.title(&place, id).to_string(),
            home: self.checked.flag(&format!("{place}.home")),
        }
    }

    fn channel(
        &mut self,
        id: &str,
        chips: &[&str],
        regions: &[&str],
        workloads: &[&str],
        lead: usize,
    ) -> Channel {
        let place = format!("channels.{id}");
        let checked = self.checked;
        let word = |field: &str| checked.text(&format!("{place}.{field}")).unwrap_or_default();
        let at = |ids: &[&str], id: &str| ids.iter().position(|other| *other == id).unwrap_or(usize::MAX);
        Channel {
            id: id.to_string(),
            title: checked.title(&place, id).to_string(),
            chip: at(chips, word("chip")),
            region: at(regions, word("region")),
            origin: match word("origin") {
                "domestic" => Origin::Domestic,
                "imported" => Origin::Imported,
                "grey" => Origin::Grey,
                _ => Origin::Offshore,
            },
            serves: workloads.iter().map(|workload| barrier(checked, id, workload).is_none()).collect(),
            availability: self.slot(&format!("{place}.availability_fraction")),
            supply: match word("kind") {
                "rental" => Supply::Rental(self.rental(&place)),
                _ => Supply::Owned(self.owned(&place, lead)),
            },
        }
    }

    fn rental(&mut self, place: &str) -> Rental {
        let term = self.checked.integer(&format!("{place}.term_months")).unwrap_or(1).max(1) as usize;
        let committed_price = self.optional(&format!("{place}.committed_price_usd_per_chip_hour"));
        let mut slot = |field: &str| self.slot(&format!("{place}.{field}"));
        Rental {
            price: slot("price_usd_per_chip_hour"),
            contract_basis: slot("contract_basis_ratio"),
            spot_basis: slot("spot_basis_ratio"),
            overhead: slot("overhead_fraction"),
            on_offer: slot("on_offer_chips"),
            committed: slot("committed_chips"),
            committed_price,
            term,
            prepaid: slot("prepaid_fraction"),
            exit_fee_months: slot("exit_fee_months"),
            owed_share_when_void: slot("owed_share_when_void_fraction"),
            rent_response: slot("rent_response_elasticity"),
        }
    }

    fn owned(&mut self, place: &str, lead: usize) -> Owned {
        let checked = self.checked;
        let whole = self.optional(&format!("{place}.system_capex_incl_chip_usd"));
        let capex = whole.unwrap_or_else(|| self.slot(&format!("{place}.chip_price_usd")));
        let extra_capex = self.optional(&format!("{place}.system_extra_capex_usd_per_chip"));
        let cumulative = self.optional(&format!("{place}.cumulative_chips"));
        let age = |at: usize| {
            let node = checked.tree.get(&format!("{place}.fleet_age_months.{at}"));
            node.and_then(Node::number).unwrap_or(0.0) as usize
        };
        let pipeline_key = format!("{place}.pipeline_chips");
        let pipeline = (0..lead)
            .map(|month| {
                let key = format!("{pipeline_key}.{month}");
                self.optional(&key).unwrap_or_else(|| self.constant(&pipeline_key, 0.0))
            })
            .collect();
        let delay =
            checked.integer(&format!("{place}.supply_response_delay_months")).unwrap_or(0).max(0) as usize;
        let import_quota = self.optional(&format!("{place}.import_quota_chips_per_month"));
        let mut slot = |field: &str| self.slot(&format!("{place}.{field}"));
        Owned {
            capex,
            extra_capex,
            price_decline: slot("price_decline_per_year"),
            life_years: slot("chip_life_years"),
            residual: slot("residual_fraction"),
            idle_share: slot("idle_share_fraction"),
            fleet: slot("fleet_chips"),
            fleet_age_months: (age(0), age(1)),
            pipeline,
            supply: slot("supply_chips_per_month"),
            import_quota,
            scarcity_rent_share: slot("scarcity_rent_share"),
            supply_response: slot("supply_response_elasticity"),
            supply_response_delay: delay,
            supply_response_cap: slot("supply_response_cap_ratio"),
            learning_rate: slot("learning_rate_fraction"),
            mfu_learning_rate: slot("mfu_learning_rate_fraction"),
            mfu_learning_ceiling: slot("mfu_learning_ceiling_ratio"),
            cumulative,
            rest_of_market: slot("rest_of_market_chips_per_month"),
        }
    }

    fn lab(&mut self, id: &str, channels: &[&str], workloads: &[&str]) -> Lab {
        let place = format!("labs.{id}");
        let share = self.slot(&format!("{place}.share_fraction"));
        Lab {
            id: id.to_string(),
            title: self.checked.title(&place, id).to_string(),
            shares: channels
                .iter()
                .map(|channel| self.optional(&format!("{place}.shares.{channel}")).unwrap_or(share))
                .collect(),
            anticipation: self.slot(&format!("{place}.anticipation_fraction")),
            sign_ahead: self.checked.flag(&format!("{place}.sign_ahead")),
            hedge_share: self.slot(&format!("{place}.hedge_share_fraction")),
            demand: workloads
                .iter()
                .map(|workload| self.demand(&format!("{place}.demand.{workload}")))
                .collect(),
        }
    }

    fn demand(&mut self, place: &str) -> Option<Demand> {
        self.checked.tree.get(place)?;
        let mut slot = |field: &str| self.slot(&format!("{place}.{field}"));
        Some(Demand {
            planned_use: slot("planned_use_h100e"),
            elasticity: slot("elasticity"),
            reference_price: slot("reference_price_usd_per_h100e_hour"),
            choke_price: slot("choke_price_usd_per_h100e_hour"),
            saturation: slot("saturation_ratio"),
        })
    }
}

/// The correlations of the file over the slots of every arm. Where an arm has no use for one of the quantities, or
/// replaces it by something that cannot be correlated, the scenario's own stands in, so that the others' draws stay
/// what they are. `builder` compiles what no arm uses.
fn correlations(mut builder: Builder<'_>, arms: &[(Arm, BTreeMap<String, Slot>)]) -> Vec<Correlation> {
    let base = builder.base;
    let mut all: Vec<Correlation> = Vec::new();
    for at in 0..base.count("correlations") {
        let place = format!("correlations.{at}");
        let on = match base.text(&format!("{place}.on")) {
            Some("shock") => CorrelationOn::Shock,
            _ => CorrelationOn::Parameter,
        };
        let cholesky = match matrix(base, &place) {
            Some(Matrix::Sound { cholesky } | Matrix::Indefinite { cholesky, .. }) => cholesky,
            None => continue,
        };
        let keys = base.texts(&format!("{place}.between"));
        let stated: Vec<Slot> = keys.iter().map(|key| builder.amount(key)).collect();
        for (_, slots) in arms {
            let of = |(key, stated): (&&str, &Slot)| {
                let own = slots.get(&amount_key(key)).copied();
                own.filter(|slot| fits(&builder.table.list[slot.0 as usize].form, on)).unwrap_or(*stated)
            };
            let slots: Vec<Slot> = keys.iter().zip(&stated).map(of).collect();
            if !all.iter().any(|other| other.slots == slots && other.on == on) {
                all.push(Correlation { on, slots, cholesky: cholesky.clone() });
            }
        }
    }
    all
}

/// Streams of the quantities that are said to matter most, as far as some arm draws them, each once.
fn leading(base: &Checked, table: &Table, arms: &[(Arm, BTreeMap<String, Slot>)]) -> Vec<String> {
    let mut streams: Vec<String> = Vec::new();
    for key in base.texts("settings.sobol_first") {
        for slot in arms.iter().filter_map(|(_, slots)| slots.get(&amount_key(key))) {
            let stream = &table.list[slot.0 as usize].stream;
            if !streams.contains(stream) {
                streams.push(stream.clone());
            }
        }
    }
    streams
}

/// Whether a form can be correlated so.
fn fits(form: &Form, on: CorrelationOn) -> bool {
    match on {
        CorrelationOn::Shock => matches!(form, Form::Process(_)),
        CorrelationOn::Parameter => matches!(form, Form::Parameter(_)),
    }
}

/// Where the slot of a quantity before any conversion of its currency is kept.
fn amount_key(key: &str) -> String {
    format!("{key}@amount")
}

#[cfg(test)]
mod tests;
