//! What a chip does in an hour: the roofline, by workload (`docs/model.md §5`).
//!
//! Rates are useful TFLOP/s; e is work per usable hour in H100e-hours, the reference chip at its central parameters being
//! one by definition. Source: Williams, Waterman and Patterson, *Roofline*, CACM 52(4), 2009.

/// The two roofs of a chip on a workload, useful TFLOP/s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Roofs {
    /// goodput · peak · MFU.
    pub compute: f64,
    /// goodput · bandwidth · MBU · intensity; infinite where the workload states no intensity.
    pub memory: f64,
}

impl Roofs {
    /// The rate that both roofs allow.
    ///     rate = min(compute, memory)
    #[inline(always)]
    pub fn bound(&self) -> f64 {
        self.compute.min(self.memory)
    }
}

/// Chip-hours a fleet runs from one unexpected interruption to the next: what goodput has to live with.
///     chips · hours / interruptions
/// Domain: interruptions > 0.
pub fn chip_hours_between_interruptions(chips: f64, hours: f64, interruptions: f64) -> f64 {
    chips * hours / interruptions
}

/// Compute roof.
///     goodput · peak · MFU
/// Units: TFLOP/s; MFU is quoted against this same peak.
#[inline(always)]
pub fn compute_roof(goodput: f64, peak_tflops: f64, mfu: f64) -> f64 {
    goodput * peak_tflops * mfu
}

/// Memory roof.
///     goodput · bandwidth · MBU · intensity
/// Units: TFLOP/s from TB/s and FLOP per byte.
#[inline(always)]
pub fn memory_roof(goodput: f64, tb_per_s: f64, mbu: f64, flop_per_byte: f64) -> f64 {
    goodput * tb_per_s * mbu * flop_per_byte
}

/// Efficiency in inference, a mix of prefill and decode.
///     e = 1 / ( s/e_prefill + (1 − s)/e_decode )
/// s is the reference chip's share of time in prefill; a rate of zero in a phase that takes time gives zero.
/// Domain: 0 ≤ s ≤ 1, efficiencies ≥ 0.
#[inline(always)]
pub fn mixed_efficiency(prefill_share: f64, e_prefill: f64, e_decode: f64) -> f64 {
    // The time is taken in any case: a choice, not a branch.
    let part = |share: f64, e: f64| {
        let time = share / e;
        if share == 0.0 { 0.0 } else { time }
    };
    1.0 / (part(prefill_share, e_prefill) + part(1.0 - prefill_share, e_decode))
}
