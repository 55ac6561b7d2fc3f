//! Rules compiled: what each acts on, when it is announced, how it winds down, whether it is undone.

use super::Builder;
use crate::calendar::Month;
use crate::model::parameters::*;
use crate::scenario::checked::Checked;
use crate::scenario::registry::Ids;
use crate::scenario::resolve::{selects, selects_channel};

impl Builder<'_> {
    /// The rules of an arm, by id.
    pub(super) fn rules(
        &mut self,
        arm: &str,
        channels: &[&str],
        workloads: &[&str],
        labs: &[&str],
    ) -> Vec<Rule> {
        let mut ids = self.base.texts(&format!("arms.{arm}.rules"));
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(|id| self.rule(id, channels, workloads, labs)).collect()
    }

    fn rule(&mut self, id: &str, channels: &[&str], workloads: &[&str], labs: &[&str]) -> Rule {
        let place = format!("rules.{id}");
        let effects = self.checked.count(&format!("{place}.effects"));
        Rule {
            id: id.to_string(),
            title: self.checked.title(&place, id).to_string(),
            announcement: self.announcement(&place),
            announcement_stream: self.date_stream(&place, "announced"),
            lag_days: self.slot(&format!("{place}.lag_days")),
            ramp_months: self.slot(&format!("{place}.ramp_months")),
            wind_down: self.wind_down(&place),
            reversal: self.reversal(&format!("{place}.reversal")),
            reversal_stream: self.date_stream(&place, "reversal"),
            effects: (0..effects)
                .map(|at| self.effect(&format!("{place}.effects.{at}"), channels, workloads, labs))
                .collect(),
        }
    }

    /// The stream that dates an announcement or reversal: its key, or that of the `stream` its chance names.
    fn date_stream(&self, place: &str, event: &str) -> String {
        let chance =
            |field: &str| self.checked.quantity(&format!("{place}.{event}.{field}"))?.meta.stream.as_ref();
        match chance("probability").or_else(|| chance("hazard_per_year")) {
            Some(stream) => format!("{stream}.date"),
            None => format!("{place}.{event}"),
        }
    }

    fn announcement(&mut self, place: &str) -> Announcement {
        let key = format!("{place}.announced");
        let step = |checked: &Checked, key: &str, start: Month| {
            checked.month(key).map_or(0, |month| month.since(start))
        };
        let from = step(self.checked, &format!("{key}.from"), self.start);
        let until = step(self.checked, &format!("{key}.until"), self.start);
        if let Some(probability) = self.optional(&format!("{key}.probability")) {
            Announcement::Window { probability, from, until }
        } else if let Some(per_year) = self.optional(&format!("{key}.hazard_per_year")) {
            Announcement::Hazard { per_year, from, until }
        } else {
            Announcement::Fixed(step(self.checked, &key, self.start))
        }
    }

    fn wind_down(&mut self, place: &str) -> WindDown {
        let days = self.optional(&format!("{place}.wind_down_days")).map(Months::Days);
        let length = days.or_else(|| self.optional(&format!("{place}.wind_down_months")).map(Months::Months));
        match (self.checked.text(&format!("{place}.wind_down")), length) {
            (Some("immediate"), _) => WindDown::Immediate,
            (Some("linear"), Some(length)) => WindDown::Linear(length),
            (Some("cliff"), Some(length)) => WindDown::Cliff(length),
            _ => WindDown::Grandfathered,
        }
    }

    fn reversal(&mut self, key: &str) -> Reversal {
        let probability = self.optional(&format!("{key}.probability"));
        let within_days = self.optional(&format!("{key}.within_days"));
        match (probability, within_days, self.optional(&format!("{key}.hazard_per_year"))) {
            (Some(probability), Some(within_days), _) => Reversal::Within { probability, within_days },
            (_, _, Some(per_year)) => Reversal::Hazard(per_year),
            _ => Reversal::Never,
        }
    }

    fn effect(&mut self, place: &str, channels: &[&str], workloads: &[&str], labs: &[&str]) -> Effect {
        let checked = self.checked;
        let target =
            checked.text(&format!("{place}.quantity")).and_then(target_of).unwrap_or(Target::NewRental);
        let selector = checked.tree.get(&format!("{place}.on"));
        let of_demand = target == Target::Demand;
        let of_channels = !of_demand && target != Target::Distillation;
        Effect {
            target,
            channels: channels
                .iter()
                .map(|id| {
                    of_channels && acts_on(checked, target, id) && selects_channel(checked, selector, id)
                })
                .collect(),
            workloads: workloads.iter().map(|id| of_demand && selects(selector, Ids::Workload, id)).collect(),
            labs: labs.iter().map(|id| of_demand && selects(selector, Ids::Lab, id)).collect(),
            factor: self.slot(&format!("{place}.factor")),
            leakage: self.optional(&format!("{place}.leakage_fraction")),
            premium: self.optional(&format!("{place}.premium_ratio")),
        }
    }
}

/// What an effect on a quantity of the file acts on.
pub fn target_of(quantity: &str) -> Option<Target> {
    match quantity {
        "new_rental_capacity" => Some(Target::NewRental),
        "existing_contracts" => Some(Target::ExistingContracts),
        "owned_access" => Some(Target::OwnedAccess),
        "chip_supply" => Some(Target::ChipSupply),
        "import_quota" => Some(Target::ImportQuota),
        "price" => Some(Target::Price),
        "demand" => Some(Target::Demand),
        "efficiency" => Some(Target::Efficiency),
        "distillation" => Some(Target::Distillation),
        _ => None,
    }
}

/// Whether an effect on `target` can act on a channel: some are for rental channels only, some for owned ones.
pub fn acts_on(checked: &Checked, target: Target, channel: &str) -> bool {
    let rental = checked.text(&format!("channels.{channel}.kind")) == Some("rental");
    let quota = || checked.quantity(&format!("channels.{channel}.import_quota_chips_per_month")).is_some();
    match target {
        Target::NewRental | Target::ExistingContracts => rental,
        Target::OwnedAccess | Target::ChipSupply => !rental,
        Target::ImportQuota => !rental && quota(),
        Target::Price | Target::Efficiency => true,
        Target::Demand | Target::Distillation => false,
    }
}
