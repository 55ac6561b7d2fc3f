//! What distillation saves, and what a ban on it costs (`docs/model.md §9`).

/// Training demand under a ban over today's, which already contains the saving.
///     (1 − rd·s·c·f) / (1 − rd·s·f)
/// f: compute saved where it applies; rd: share of training compute it applies to; s: share of labs that use it;
/// c: what the ban leaves of s. Domain: all in 0 … 1, rd·s·f < 1. c = 1 gives 1.
#[inline(always)]
pub fn demand_factor(saving: f64, research_share: f64, user_share: f64, left: f64) -> f64 {
    let today = research_share * user_share * saving;
    (1.0 - today * left) / (1.0 - today)
}
