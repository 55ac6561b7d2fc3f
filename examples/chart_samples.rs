//! Renders every figure from made-up but plausible numbers, to look at: `cargo run --release --example chart_samples -- DIR`.
//!
//! Nothing here is a result. The numbers have the size of a flagship run (60 months, training from 2.5 to 4.8 USD per
//! H100e-hour) so that layouts are tried on realistic lengths. Optional further arguments keep only the figures, sizes or
//! themes named: `chart_samples DIR effect note light`.
#![allow(clippy::disallowed_methods, reason = "made-up data, whose bits nobody is promised")]

use loophole::calendar::Month;
use loophole::chart::figure::Figure;
use loophole::chart::input::{Dated, MonthlyBand, Provenance, Rule, Spread};
use loophole::chart::theme::{Size, Theme};
use loophole::chart::{
    cost_buildup, delay, difference, effect, lost_compute, parity, render, rule_design, supply_mix, who_pays,
};
use loophole::numbers::Unit;
use loophole::stats::estimate::Grouping;
use std::path::PathBuf;

const MONTHS: usize = 60;
const PATHS: usize = 400;
const START: Month = Month::new(2026, 10);

fn rule() -> Rule {
    Rule {
        design: "180-day wind-down".into(),
        condition: "if in force and not reversed".into(),
        closes_door: true,
        baseline: "Door open".into(),
        arm: "Door closed: 180-day wind-down".into(),
        baseline_has_rules: false,
    }
}

/// Uniform numbers from a counter: splitmix64.
struct Dice(u64);

impl Dice {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Nearly normal: the sum of twelve uniforms, centred.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Paths around a median that moves from `from` to `to` after month `turn`, with spread and monthly noise in logs.
fn paths(seed: u64, from: f64, to: f64, turn: f64, spread: f64) -> Vec<Vec<f64>> {
    let mut dice = Dice(seed);
    (0..PATHS)
        .map(|_| {
            let (level, shift) = (dice.normal() * spread, dice.normal() * 3.0);
            let mut walk = 0.0;
            (0..MONTHS)
                .map(|t| {
                    walk = walk * 0.9 + dice.normal() * 0.05;
                    let done = 1.0 / (1.0 + (-(t as f64 - turn - shift) / 3.0).exp());
                    let drift = level * (t as f64 / MONTHS as f64).sqrt();
                    (from + (to - from) * done) * (drift + walk).exp()
                })
                .collect()
        })
        .collect()
}

fn band(seed: u64, from: f64, to: f64, turn: f64, spread: f64) -> MonthlyBand {
    MonthlyBand::of(&paths(seed, from, to, turn, spread))
}

fn spread(seed: u64, median: f64, sd: f64) -> Spread {
    let mut dice = Dice(seed);
    let values: Vec<f64> = (0..PATHS).map(|_| median + sd * dice.normal()).collect();
    Spread::of(&values)
}

fn skewed(seed: u64, median: f64, sigma: f64) -> Spread {
    let mut dice = Dice(seed);
    let values: Vec<f64> = (0..PATHS).map(|_| median * (sigma * dice.normal()).exp()).collect();
    Spread::of(&values)
}

fn provenance() -> Provenance {
    Provenance {
        scenarios: vec![Dated {
            title: "Flagship: closing the rental door".into(),
            as_of: "2026-11-24".into(),
        }],
        paths: 4000,
        seed: 20_261_124,
        version: "0.1.0".into(),
        sources: vec![
            "Epoch AI, GPU rental prices (2026)".into(),
            "Bureau of Industry and Security, export rules".into(),
            "DeepSeek, inference system overview (2025)".into(),
            "SemiAnalysis".into(),
        ],
    }
}

fn workloads() -> [(&'static str, f64, f64); 3] {
    [("Training", 2.5, 4.8), ("Inference, any region", 1.85, 2.74), ("Inference, in China", 1.9, 2.6)]
}

fn lost_compute() -> Figure {
    let sizes = [(0.25e9, 0.9), (0.16e9, 0.8), (0.05e9, 0.9)];
    let panel = |(k, (title, ..)): (usize, (&str, f64, f64))| {
        let (size, sigma) = sizes[k];
        let window = |months: usize, seed| lost_compute::Window {
            months,
            lost: skewed(seed, size * months as f64 * 0.6, 0.4),
            share: skewed(seed + 1, 0.16 + 0.04 * k as f64, 0.35),
        };
        lost_compute::Workload {
            title: title.into(),
            lost: band(10 + k as u64, 0.0, size, 9.0, sigma),
            windows: vec![window(12, 20), window(24, 30 + k as u64)],
        }
    };
    let effective = (0..MONTHS).map(|t| 0.11 * (-((t as f64 - 6.0) / 3.5).powi(2)).exp()).collect();
    lost_compute::figure(&lost_compute::Input {
        start: START,
        rule: rule(),
        window_months: 24,
        total: skewed(1, 6.1e9, 0.4),
        total_share: skewed(2, 0.19, 0.35),
        workloads: workloads().into_iter().enumerate().map(panel).collect(),
        effective,
        several_rules: false,
        provenance: provenance(),
    })
}

fn effect() -> Figure {
    let panel = |(k, (title, open, closed)): (usize, (&str, f64, f64))| effect::Workload {
        title: title.into(),
        open: band(40 + k as u64, open, open * 0.9, 20.0, 0.3),
        closed: band(50 + k as u64, open, closed, 9.0, 0.35),
    };
    effect::figure(&effect::Input {
        start: START,
        rule: rule(),
        headline: effect::Headline {
            workload: "training".into(),
            period: "2028".into(),
            ratio: skewed(3, 2.1, 0.3),
        },
        workloads: workloads().into_iter().enumerate().map(panel).collect(),
        elasticity_range: "drawn from 0.35 to 1.25".into(),
        provenance: provenance(),
    })
}

fn difference() -> Figure {
    let panel = |(k, (title, open, closed)): (usize, (&str, f64, f64))| {
        let mut dice = Dice(60 + k as u64);
        let rows: Vec<Vec<f64>> = paths(70 + k as u64, 0.02, closed - open, 9.0, 0.5)
            .into_iter()
            .map(|row| {
                let noise = dice.normal() * 0.3;
                row.into_iter().enumerate().map(|(t, v)| v + noise * (t as f64 / 20.0).min(1.0)).collect()
            })
            .collect();
        difference::Workload {
            title: title.into(),
            difference: MonthlyBand::of(&rows),
            above_zero: (2026..=2031)
                .map(|year| (year, 0.5 + 0.49 * (f64::from(year - 2026) / 2.0).min(1.0)))
                .collect(),
        }
    };
    difference::figure(&difference::Input {
        start: START,
        rule: rule(),
        headline: difference::Headline {
            workload: "training".into(),
            period: "2028".into(),
            difference: skewed(4, 2.3, 0.5),
        },
        workloads: workloads().into_iter().enumerate().map(panel).collect(),
        elasticity_range: "drawn from 0.35 to 1.25".into(),
        provenance: provenance(),
    })
}

fn rule_design() -> Figure {
    let arms = [
        ("Immediate closing", false),
        ("180-day wind-down", false),
        ("Grandfathered contracts", false),
        ("Leaky closing (40% gets through)", false),
        ("Rule with a chance of being undone", true),
    ];
    let sizes = [1.25, 1.0, 0.7, 0.45, 0.22];
    let metric =
        |title: &str, verbs: [&'static str; 2], noun: &str, unit, size: f64, seed: u64| rule_design::Metric {
            title: title.into(),
            verbs,
            noun: noun.into(),
            unit,
            effects: sizes
                .iter()
                .enumerate()
                .map(|(k, share)| {
                    if k == 4 {
                        spread(seed + 9, size * share, size * 0.25)
                    } else {
                        skewed(seed + k as u64, size * share, 0.4)
                    }
                })
                .collect(),
        };
    rule_design::figure(&rule_design::Input {
        arms: arms
            .iter()
            .map(|(t, e)| rule_design::Arm {
                title: (*t).into(),
                expected: *e,
                like_headline: true,
                unlike: false,
            })
            .collect(),
        metrics: vec![
            metric(
                "H100e-hours lost in 24 months",
                ["costs", "gains"],
                "H100e-hours in 24 months",
                Unit::H100eHours,
                6.1e9,
                80,
            ),
            metric(
                "Economic cost, present value",
                ["costs", "saves"],
                "in present value",
                Unit::Usd,
                129e9,
                90,
            ),
        ],
        headline: 1,
        rule: rule(),
        provenance: provenance(),
    })
}

fn who_pays() -> Figure {
    use who_pays::Party::{Hosts, Labs, Vendors};
    let line = |title: &str, party, median: f64, sd: f64, seed| who_pays::Line {
        title: title.into(),
        party,
        cost: spread(seed, median * 1e9, sd * 1e9),
    };
    who_pays::figure(&who_pays::Input {
        rule: rule(),
        lines: vec![
            line("offshore rent not paid", Labs, -118.0, 22.0, 101),
            line("domestic and grey resource cost", Labs, 74.0, 18.0, 102),
            line("scarcity rent paid to vendors", Labs, 41.0, 14.0, 103),
            line("value of lost compute", Labs, 132.0, 38.0, 104),
            line("rent lost", Hosts, 118.0, 22.0, 105),
            line("relet at spot", Hosts, -71.0, 19.0, 106),
            line("scarcity rent received", Vendors, -41.0, 14.0, 107),
        ],
        with_transfer: skewed(108, 129e9, 0.3),
        without_transfer: skewed(109, 88e9, 0.35),
        provenance: provenance(),
    })
}

fn supply_mix() -> Figure {
    let arm = |(k, (title, offshore)): (usize, (&str, f64))| {
        let ramp = |t: usize| 1.0 / (1.0 + (-(t as f64 - 9.0) / 2.5).exp());
        let growth = |t: usize| 1.0e9 * (0.018 * t as f64).exp();
        let at = |f: &dyn Fn(usize) -> f64| (0..MONTHS).map(f).collect::<Vec<_>>();
        let domestic = at(&|t| growth(t) * (0.3 + 0.003 * t as f64));
        let imported = at(&|t| growth(t) * 0.08);
        let grey = at(&|t| growth(t) * (0.05 + 0.04 * ramp(t) * (1.0 - offshore)));
        let off = at(&|t| growth(t) * (0.55 - 0.003 * t as f64) * (1.0 - ramp(t) * (1.0 - offshore)));
        let unserved =
            at(&|t| growth(t) * (0.02 + 0.25 * ramp(t) * (1.0 - offshore) * (1.0 - 0.006 * t as f64)));
        supply_mix::Arm {
            title: title.into(),
            supply: vec![
                ("domestic".into(), domestic),
                ("imported".into(), imported),
                ("grey".into(), grey),
                ("offshore".into(), off),
            ],
            unserved,
            unserved_share: skewed(110 + k as u64, 0.02 + 0.18 * (1.0 - offshore), 0.3),
        }
    };
    let arms = [
        ("Door open", 1.0),
        ("Immediate", 0.05),
        ("180-day wind-down", 0.1),
        ("Grandfathered", 0.25),
        ("Leaky", 0.45),
        ("Chance of reversal", 0.7),
    ];
    supply_mix::figure(&supply_mix::Input {
        start: START,
        arms: arms.into_iter().enumerate().map(arm).collect(),
        headline: 2,
        rule: rule(),
        unserved_difference: spread(120, 0.16, 0.04),
        provenance: provenance(),
    })
}

fn cost_buildup() -> Figure {
    use cost_buildup::CostPart::{Building, Chip, Energy, Operations, Overhead, Rent};
    let channel = |title: &str, parts: &[(cost_buildup::CostPart, f64)], factor: f64, seed| {
        let parts: Vec<_> = parts.iter().map(|(part, v)| (*part, v * factor)).collect();
        let sum = parts.iter().map(|(_, v)| v).sum();
        cost_buildup::Channel { title: title.into(), parts, total: skewed(seed, sum, 0.18) }
    };
    let panel = |(k, (title, factor)): (usize, (&str, f64))| cost_buildup::Workload {
        title: title.into(),
        channels: vec![
            channel("H200 rented offshore", &[(Rent, 1.9), (Overhead, 0.19)], factor * 0.9, 130),
            channel("GB200 rented offshore", &[(Rent, 1.55), (Overhead, 0.16)], factor * 0.9, 131),
            channel(
                "Ascend 910C",
                &[(Chip, 2.2), (Building, 0.28), (Operations, 0.2), (Energy, 0.34)],
                factor,
                132,
            ),
            channel(
                "Ascend 950",
                &[(Chip, 1.7), (Building, 0.22), (Operations, 0.16), (Energy, 0.26)],
                factor,
                133,
            ),
            channel(
                "H20 imported",
                &[(Chip, 2.6), (Building, 0.3), (Operations, 0.25), (Energy, 0.3)],
                factor,
                134,
            ),
            channel(
                "H200 grey",
                &[(Chip, 1.9), (Building, 0.2), (Operations, 0.2), (Energy, 0.15)],
                factor,
                135,
            ),
        ],
        domestic_premium: Some(skewed(136 + k as u64, 0.8, 0.4)),
    };
    cost_buildup::figure(&cost_buildup::Input {
        period: "October 2026".into(),
        workloads: [("Training", 1.0), ("Inference", 0.72)].into_iter().enumerate().map(panel).collect(),
        provenance: provenance(),
    })
}

fn parity() -> Figure {
    let curve = |middle: f64, most: f64| -> Vec<f64> {
        (0..MONTHS).map(|t| most / (1.0 + (-(t as f64 - middle) / 7.0).exp())).collect()
    };
    let panel = |(k, (title, ..)): (usize, (&str, f64, f64))| parity::Workload {
        title: title.into(),
        open: curve(34.0 + 3.0 * k as f64, 0.5 + 0.05 * k as f64),
        closed: curve(30.0 + 3.0 * k as f64, 0.66 + 0.06 * k as f64),
        difference_std_error: 0.007,
    };
    parity::figure(&parity::Input {
        start: START,
        rule: rule(),
        workloads: workloads().into_iter().enumerate().map(panel).collect(),
        not_compared: Vec::new(),
        provenance: provenance(),
    })
}

fn delay() -> Figure {
    let checkpoint = |month: usize, median: f64, seed| {
        let mut dice = Dice(seed);
        let limit = (MONTHS - month) as f64;
        let drawn: Vec<f64> = (0..4000).map(|_| median * (0.7 * dice.normal()).exp()).collect();
        delay::Checkpoint {
            month,
            censored: drawn.iter().map(|d| *d > limit).collect(),
            delay_months: drawn.iter().map(|d| d.min(limit)).collect(),
            bound: limit,
            grouping: Grouping::Independent,
            by_mean: false,
        }
    };
    delay::figure(&delay::Input {
        rule: rule(),
        checkpoints: vec![checkpoint(24, 5.2, 140), checkpoint(36, 9.4, 141)],
        provenance: provenance(),
    })
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "chart-samples".to_string()));
    let wanted: Vec<String> = arguments.collect();
    let figures = [
        lost_compute(),
        effect(),
        difference(),
        rule_design(),
        who_pays(),
        supply_mix(),
        cost_buildup(),
        parity(),
        delay(),
    ];
    let asked = |names: &[&str], name: &str| {
        !wanted.iter().any(|w| names.contains(&w.as_str())) || wanted.iter().any(|w| w == name)
    };
    let ids: Vec<&str> = figures.iter().map(|f| f.id.as_str()).collect();
    std::fs::create_dir_all(&folder)?;
    for figure in figures.iter().filter(|figure| asked(&ids, &figure.id)) {
        std::fs::write(folder.join(format!("{}.txt", figure.id)), figure.to_string())?;
        for size in Size::ALL.into_iter().filter(|s| asked(&Size::ALL.map(Size::name), s.name())) {
            for theme in
                [Theme::Light, Theme::Dark].into_iter().filter(|t| asked(&["light", "dark"], t.name()))
            {
                let rendered = render(figure, theme, size);
                let stem = format!("{}-{}-{}", figure.id, size.name(), theme.name());
                std::fs::write(folder.join(format!("{stem}.svg")), &rendered.svg)?;
                std::fs::write(folder.join(format!("{stem}.png")), &rendered.png)?;
                std::fs::write(folder.join(format!("{}.csv", figure.id)), &rendered.csv)?;
            }
        }
    }
    Ok(())
}
