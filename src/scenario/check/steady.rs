//! Numbers that a path reads once, at the start: they may be uncertain but not move over time.
//!
//! Finance, lives, feedback strengths, stocks of the start and a rule's timing are terms of the path (`docs/model.md §14`).
//! A schedule or a process there would be read in month 0 only, so it is refused rather than half obeyed.

use super::super::checked::Checked;
use super::super::diagnostic::Diagnostic;
use super::super::quantity::Form;

/// Last parts of such keys.
const STEADY: [&str; 25] = [
    "wacc_real_per_year",
    "shell_life_years",
    "chip_life_years",
    "price_decline_per_year",
    "residual_fraction",
    "fleet_chips",
    "committed_chips",
    "committed_price_usd_per_chip_hour",
    "scarcity_rent_share",
    "supply_response_elasticity",
    "supply_response_cap_ratio",
    "learning_rate_fraction",
    "mfu_learning_rate_fraction",
    "mfu_learning_ceiling_ratio",
    "cumulative_chips",
    "lag_days",
    "ramp_months",
    "wind_down_days",
    "wind_down_months",
    "probability",
    "hazard_per_year",
    "within_days",
    "share_fraction",
    "saving_fraction",
    "price_usd_per_h100e_hour",
];

/// Refuses schedules, processes and histories where a number is read once.
pub fn check(checked: &Checked) -> Vec<Diagnostic> {
    let moving = |form: &Form| !matches!(form, Form::Constant(_) | Form::Parameter(_));
    checked
        .quantities
        .iter()
        .filter(|(key, parsed)| reads_once(key) && moving(&parsed.form))
        .map(|(key, parsed)| {
            Diagnostic::error(parsed.origin, format!("{key} cannot change over time"))
                .note("allowed: a constant or a distribution; it is read once, at the start of a path")
                .hint("state the value at the start, or give arms different values with `set`")
        })
        .collect()
}

fn reads_once(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or(key);
    let distillation = key.starts_with("distillation.");
    let share_of_a_channel = key.starts_with("labs.") && key.contains(".shares.");
    let pipeline = key.contains(".pipeline_chips.");
    STEADY.contains(&last) || distillation || share_of_a_channel || pipeline
}
