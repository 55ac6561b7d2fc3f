//! Figures: what they say, and that what is drawn can be read.
//!
//! The text form of every figure on a small input; no text over another, off the canvas or too small, on random inputs;
//! our measure of a text against the renderer's; colours apart in greyscale; the same bytes twice; titles that admit when
//! there is nothing to see.

use loophole::analysis::attribution::Method;
use loophole::calendar::Month;
use loophole::chart::draw::{scene, svg};
use loophole::chart::figure::{Figure, Layer, Meaning};
use loophole::chart::input::{Dated, MonthlyBand, Provenance, Rule, Spread};
use loophole::chart::theme::{LIGHTNESS_STEP, Size, TEXT_CONTRAST, Theme};
use loophole::chart::{
    cost_buildup, delay, difference, effect, lost_compute, parity, render, rule_design, supply_mix, text,
    waterfall, who_pays,
};
use loophole::engine::column::Column;
use loophole::numbers::Unit;
use loophole::stats::estimate::{Estimate, Grouping};
use proptest::prelude::*;
use resvg::usvg;

/// What a made-up input varies: how many of everything, how large the numbers and how long the names are.
#[derive(Clone, Debug)]
pub(crate) struct Mix {
    months: usize,
    workloads: usize,
    arms: usize,
    size: f64,
    /// Effects per path, in units of `size`.
    pub(crate) effects: Vec<f64>,
    name: String,
    closes_door: bool,
}

impl Mix {
    /// Three months, two workloads, three arms, four paths.
    pub(crate) fn small() -> Mix {
        Mix {
            months: 3,
            workloads: 2,
            arms: 3,
            size: 1.0,
            effects: [0.8, 1.0, 1.4, 2.0].repeat(6),
            name: "Wind-down".into(),
            closes_door: true,
        }
    }

    fn rule(&self) -> Rule {
        Rule {
            design: self.name.clone(),
            condition: "if not reversed".into(),
            closes_door: self.closes_door,
            baseline: format!("Door open, {}", self.name),
            arm: format!("Door closed: {}", self.name),
            baseline_has_rules: !self.closes_door,
        }
    }

    fn start(&self) -> Month {
        Month::new(2026, 11)
    }

    fn spread(&self, scale: f64) -> Spread {
        Spread::of(&self.effects.iter().map(|e| e * self.size * scale).collect::<Vec<_>>())
    }

    /// Every path grows from nothing to its effect.
    fn band(&self, scale: f64) -> MonthlyBand {
        let grown = |e: &f64| {
            (1..=self.months).map(|t| e * self.size * scale * t as f64 / self.months as f64).collect()
        };
        MonthlyBand::of(&self.effects.iter().map(grown).collect::<Vec<Vec<f64>>>())
    }

    fn provenance(&self) -> Provenance {
        Provenance {
            scenarios: vec![Dated { title: self.name.clone(), as_of: "2026-11-24".into() }],
            paths: self.effects.len() as u64,
            seed: 7,
            version: "0.1.0".into(),
            sources: vec!["A source".into(), "Another <source> & more".into()],
        }
    }

    fn title(&self, k: usize) -> String {
        if k == 0 { "Training".into() } else { format!("{} {k}", self.name) }
    }

    fn lost_compute(&self) -> Figure {
        let window = lost_compute::Window { months: 24, lost: self.spread(1e9), share: self.spread(0.1) };
        let workload = |k| lost_compute::Workload {
            title: self.title(k),
            lost: self.band(1e8 / (k + 1) as f64),
            windows: vec![window.clone()],
        };
        lost_compute::figure(&lost_compute::Input {
            start: self.start(),
            rule: self.rule(),
            window_months: 24,
            total: self.spread(1e9),
            total_share: self.spread(0.1),
            workloads: (0..self.workloads).map(workload).collect(),
            effective: vec![0.25; self.months.min(4)],
            several_rules: false,
            provenance: self.provenance(),
        })
    }

    fn effect(&self) -> Figure {
        let workload =
            |k| effect::Workload { title: self.title(k), open: self.band(1.0), closed: self.band(1.5) };
        effect::figure(&effect::Input {
            start: self.start(),
            rule: self.rule(),
            headline: effect::Headline {
                workload: "training".into(),
                period: "2028".into(),
                ratio: Spread::of(&self.effects.iter().map(|e| (1.0 + e).max(0.1)).collect::<Vec<_>>()),
            },
            workloads: (0..self.workloads).map(workload).collect(),
            elasticity_range: "drawn from 0.35 to 1.25".into(),
            provenance: self.provenance(),
        })
    }

    fn difference(&self) -> Figure {
        let workload = |k| difference::Workload {
            title: self.title(k),
            difference: self.band(0.5),
            above_zero: (2026..2026 + self.months.div_ceil(12) as i32).map(|year| (year, 0.995)).collect(),
        };
        difference::figure(&difference::Input {
            start: self.start(),
            rule: self.rule(),
            headline: difference::Headline {
                workload: "training".into(),
                period: "2028".into(),
                difference: self.spread(1.0),
            },
            workloads: (0..self.workloads).map(workload).collect(),
            elasticity_range: "drawn from 0.35 to 1.25".into(),
            provenance: self.provenance(),
        })
    }

    fn rule_design(&self) -> Figure {
        let effect = |k, scale| Spread { by_mean: k + 1 == self.arms, ..self.spread(scale / (k + 1) as f64) };
        let metric = |title: &str, unit, scale: f64| rule_design::Metric {
            title: title.into(),
            verbs: ["costs", "gains"],
            noun: "in 24 months".into(),
            unit,
            effects: (0..self.arms).map(|k| effect(k, scale)).collect(),
        };
        let arm = |k| rule_design::Arm {
            title: self.title(k + 1),
            expected: k + 1 == self.arms,
            like_headline: true,
            unlike: false,
        };
        rule_design::figure(&rule_design::Input {
            arms: (0..self.arms).map(arm).collect(),
            metrics: vec![
                metric("H100e-hours lost in 24 months", Unit::H100eHours, 1e9),
                metric("Cost", Unit::Usd, 1e11),
            ],
            headline: 0,
            rule: Rule { design: self.title(1), ..self.rule() },
            provenance: self.provenance(),
        })
    }

    fn who_pays(&self) -> Figure {
        let parties = [who_pays::Party::Labs, who_pays::Party::Hosts, who_pays::Party::Vendors];
        let line = |k: usize| who_pays::Line {
            title: self.title(k),
            party: parties[k % 3],
            cost: self.spread(if k.is_multiple_of(2) { 1e10 } else { -1e10 }),
        };
        who_pays::figure(&who_pays::Input {
            rule: self.rule(),
            lines: (0..self.arms).map(line).collect(),
            with_transfer: self.spread(1e11),
            without_transfer: self.spread(6e10),
            provenance: self.provenance(),
        })
    }

    fn supply_mix(&self) -> Figure {
        let level = |scale: f64| vec![scale * 1e9 * self.size; self.months];
        let arm = |k: usize| supply_mix::Arm {
            title: self.title(k),
            supply: vec![("domestic".into(), level(0.4)), ("offshore".into(), level(0.5 / (k + 1) as f64))],
            unserved: level(0.1 * k as f64),
            unserved_share: self.spread(0.05),
        };
        supply_mix::figure(&supply_mix::Input {
            start: self.start(),
            arms: (0..self.arms).map(arm).collect(),
            headline: 1.min(self.arms - 1),
            rule: self.rule(),
            unserved_difference: self.spread(0.05),
            provenance: self.provenance(),
        })
    }

    fn cost_buildup(&self) -> Figure {
        use cost_buildup::CostPart::{Chip, Energy, Overhead, Rent};
        let channel = |k: usize| cost_buildup::Channel {
            title: self.title(k),
            parts: if k == 0 { vec![(Rent, 2.0), (Overhead, 0.2)] } else { vec![(Chip, 1.5), (Energy, 0.3)] },
            total: self.spread(2.0),
        };
        let workload = |k| cost_buildup::Workload {
            title: self.title(k),
            channels: (0..self.arms).map(channel).collect(),
            domestic_premium: Some(self.spread(0.5)),
        };
        cost_buildup::figure(&cost_buildup::Input {
            period: "November 2026".into(),
            workloads: (0..self.workloads).map(workload).collect(),
            provenance: self.provenance(),
        })
    }

    fn parity(&self) -> Figure {
        let curve = |slope: f64| (0..self.months).map(|t| (slope * t as f64).min(1.0)).collect();
        let workload = |k| parity::Workload {
            title: self.title(k),
            open: curve(0.01),
            closed: curve(0.02),
            difference_std_error: 0.001,
        };
        parity::figure(&parity::Input {
            start: self.start(),
            rule: self.rule(),
            workloads: (0..self.workloads).map(workload).collect(),
            not_compared: vec![self.title(self.workloads)],
            provenance: self.provenance(),
        })
    }

    fn delay(&self) -> Figure {
        let limit = 24.0;
        let checkpoint = |month| delay::Checkpoint {
            month,
            delay_months: self.effects.iter().map(|e| (e * 10.0).min(limit)).collect(),
            censored: self.effects.iter().map(|e| e * 10.0 > limit).collect(),
            bound: limit,
            grouping: Grouping::Independent,
            by_mean: false,
        };
        delay::figure(&delay::Input {
            rule: self.rule(),
            checkpoints: vec![checkpoint(24), checkpoint(36)],
            provenance: self.provenance(),
        })
    }

    /// Every effect is an edit's share.
    fn waterfall(&self) -> Figure {
        let shares: Vec<f64> = self.effects.iter().map(|e| e * self.size).collect();
        let of = |value: f64, error: f64| Estimate { value, std_error: error * self.size };
        let (before, change) = (10.0 * self.size, shares.iter().sum::<f64>());
        let step = |(k, share): (usize, &f64)| waterfall::Step {
            title: self.title(k),
            words: format!("{} (1 → 2)", self.title(k)),
            share: of(*share, 0.1),
        };
        waterfall::figure(&waterfall::Input {
            suffix: String::new(),
            title: "H100e-hours lost".into(),
            statistic: "median".into(),
            comparison: format!("{}, against Door open", self.name),
            unit: Unit::H100eHours,
            before: of(before, 0.5),
            after: of(before + change, 0.5),
            change: of(change, 0.2),
            steps: shares.iter().enumerate().map(step).collect(),
            method: Method::Shapley,
            provenance: self.provenance(),
        })
    }

    pub(crate) fn figures(&self) -> [Figure; 9] {
        [
            self.lost_compute(),
            self.effect(),
            self.difference(),
            self.rule_design(),
            self.who_pays(),
            self.supply_mix(),
            self.cost_buildup(),
            self.parity(),
            self.delay(),
        ]
    }
}

pub(crate) fn mixes() -> impl Strategy<Value = Mix> {
    let names = "[A-Z][a-z]{0,12}( [a-z]{1,12}){0,14}";
    let effects = prop::collection::vec(-1.0..3.0_f64, 1..30);
    (1..70_usize, 1..=12_usize, 1..=10_usize, -3..4_i32, effects, names, any::<bool>()).prop_map(
        |(months, workloads, arms, decade, effects, name, closes_door)| Mix {
            months,
            workloads,
            arms,
            size: format!("1e{decade}").parse().unwrap(),
            effects,
            name,
            closes_door,
        },
    )
}

/// Texts that overlap, leave the canvas or are too small.
fn faults(figure: &Figure, size: Size) -> Vec<String> {
    let scene = scene(figure, Theme::Light, size);
    let boxes: Vec<_> = scene.texts.iter().map(|text| text.bounds()).collect();
    let mut faults = Vec::new();
    for (i, text) in scene.texts.iter().enumerate() {
        if !scene.canvas.holds(&boxes[i]) {
            faults.push(format!("{:?} leaves the canvas: {:?}", text.words, boxes[i]));
        }
        if text.size < size.smallest_text() {
            faults.push(format!("{:?} is set in {} px", text.words, text.size));
        }
        for (j, other) in scene.texts.iter().enumerate().skip(i + 1) {
            if boxes[i].overlaps(&boxes[j]) {
                faults.push(format!("{:?} overlaps {:?}", text.words, other.words));
            }
        }
    }
    faults
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_text_collides_leaves_the_canvas_or_is_too_small(mix in mixes()) {
        for figure in mix.figures().into_iter().chain([mix.waterfall()]) {
            for size in Size::ALL {
                let faults = faults(&figure, size);
                prop_assert!(faults.is_empty(), "{} {size:?}: {faults:#?}", figure.id);
            }
        }
    }
}

proptest! {
    /// Every column has its median once, whatever the numbers, and no line is longer than a terminal is wide.
    #[test]
    fn fans_in_characters_show_every_column(mix in mixes()) {
        let text = mix.difference().characters().expect("fans on one axis");
        let plots = text.split_once("\n\n").expect("a title above").1;
        let (plots, legend) = plots.rsplit_once("\n\n").expect("a legend below");
        let every = legend.trim().rsplit_once("every ").map_or(1, |(_, every)| {
            every.trim_end_matches(" months").parse().expect("a number")
        });
        let shown = mix.workloads * mix.months.div_ceil(every);
        let medians = plots.matches('━').count();
        prop_assert!(medians >= shown && medians.is_multiple_of(shown), "{}", text);
        prop_assert!(plots.lines().all(|line| line.chars().count() <= 108), "{}", text);
        prop_assert!(mix.rule_design().characters().is_none() && mix.who_pays().characters().is_none());
    }
}

#[test]
fn a_fan_in_characters_reads_as_expected() {
    let mix = Mix { months: 40, workloads: 1, ..Mix::small() };
    insta::assert_snapshot!("characters", mix.difference().characters().expect("a fan"));
    // Empty lines are lines of the axis all the same.
    let certain = Mix { effects: vec![1.0; 24], months: 3, ..mix };
    let text = certain.difference().characters().expect("a line");
    let plot = text.split("Training\n").nth(1).and_then(|rest| rest.split("\n\n━").next()).expect("a plot");
    assert_eq!(plot.lines().count(), 11 + 2, "{text}");
    assert!(plot.lines().any(str::is_empty) && !text.contains('▒') && text.ends_with("━ median\n"), "{text}");
}

#[test]
fn every_figure_reads_as_expected() {
    let all: Vec<String> = Mix::small().figures().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!("text_forms", all.join("\n\n"));
}

#[test]
fn titles_admit_an_effect_that_cannot_be_told_from_zero() {
    let nothing = Mix { effects: [-0.9, -0.4, 0.0, 0.5, 0.9].repeat(5), ..Mix::small() };
    for figure in nothing.figures().iter().filter(|figure| figure.id != "parity") {
        assert!(figure.title.contains("not distinguishable from zero"), "{}: {}", figure.id, figure.title);
        assert!(figure.title.contains("90%: "), "{}: {}", figure.id, figure.title);
    }
    let curve = vec![0.1, 0.2];
    let workload = parity::Workload {
        title: "Training".into(),
        open: curve.clone(),
        closed: curve,
        difference_std_error: 0.0,
    };
    let title = |difference_std_error| {
        let workload = parity::Workload { difference_std_error, ..workload.clone() };
        let input = parity::Input {
            start: Month::new(2026, 10),
            rule: Rule { design: "cliff".into(), condition: String::new(), ..Mix::small().rule() },
            workloads: vec![workload],
            not_compared: Vec::new(),
            provenance: nothing.provenance(),
        };
        parity::figure(&input).title
    };
    assert!(title(0.0).contains("changes on no path"), "{}", title(0.0));
    assert!(title(0.1).contains("not distinguishable from zero"), "{}", title(0.1));
    for figure in Mix::small().figures() {
        assert!(!figure.title.contains("not distinguishable"), "{}: {}", figure.id, figure.title);
        let names_the_rule = figure.id == "cost-buildup" || figure.title.contains("Wind-down");
        assert!(names_the_rule, "{}: {}", figure.id, figure.title);
    }
}

#[test]
fn arms_that_close_no_open_door_are_told_by_their_names() {
    let levy = Mix { closes_door: false, name: "Levy".into(), ..Mix::small() };
    for figure in levy.figures() {
        let words = format!("{} {}", figure.title, figure.subtitle).to_lowercase();
        assert!(!words.contains("closing"), "{}: {words}", figure.id);
        let told = figure.id == "cost-buildup" || words.contains("levy");
        assert!(told, "{}: {words}", figure.id);
    }
    assert!(
        levy.effect().title.starts_with("Levy, against door open, Levy, raises"),
        "{}",
        levy.effect().title
    );
}

#[test]
fn a_delay_that_the_run_cannot_tell_is_told_as_a_bound() {
    let of = |delays: &[f64], bound: f64| {
        let delays = delays.repeat(30);
        let checkpoint = delay::Checkpoint {
            month: 24,
            delay_months: delays.iter().map(|delay| delay.min(bound)).collect(),
            censored: delays.iter().map(|delay| *delay > bound).collect(),
            bound,
            grouping: Grouping::Independent,
            by_mean: false,
        };
        let mix = Mix::small();
        let input =
            delay::Input { rule: mix.rule(), checkpoints: vec![checkpoint], provenance: mix.provenance() };
        delay::figure(&input)
    };
    let most = of(&[3.0, 9.0, 9.0, 9.0], 6.0);
    assert!(
        most.title.ends_with("past the end of the run, by at least 6.0 months, on 75% of paths"),
        "{}",
        most.title
    );
    assert_eq!(most.panels[0].caption, "Over 6 months: 75%, beyond the run: 75%");
    let few = of(&[3.0, 4.0, 4.5, 5.0, 9.0], 5.5);
    assert!(few.title.contains("by 4.5 months (90%: 3.0 to at least 5.5)"), "{}", few.title);
    assert!(!few.title.contains("chance"), "a run that ends too early has no chance to tell: {}", few.title);
    assert_eq!(few.panels[0].caption, "Beyond the run: 20%");
    let lead = of(&[-3.0, -4.0, -4.5, -5.0], 12.0);
    assert!(lead.title.contains("speeds training up by 4.3 months (90%: 3.0 to 5.0)"), "{}", lead.title);
}

#[test]
fn a_waterfall_leads_from_the_first_to_the_second_and_says_through_what() {
    let many: Vec<f64> = (1..=14).map(f64::from).collect();
    for effects in [vec![0.8, -1.0, 1.4, 2.0], vec![3.0, -0.1], many] {
        let mix = Mix { effects, ..Mix::small() };
        let figure = mix.waterfall();
        let steps: Vec<(f64, f64)> = figure.panels[0]
            .layers
            .iter()
            .map(|layer| match layer {
                Layer::Step { from, to, .. } => (*from, *to),
                other => panic!("{other} is no step"),
            })
            .collect();
        assert!(steps.windows(2).all(|pair| (pair[1].0 - pair[0].1).abs() < 1e-9), "{steps:?}");
        let sum: f64 = mix.effects.iter().sum();
        assert!((steps[0].0 - 10.0).abs() < 1e-9 && (steps[steps.len() - 1].1 - 10.0 - sum).abs() < 1e-9);
        assert!(steps.len() <= 12, "the smallest steps are one");
        assert!(figure.title.contains("up from 10"), "{}", figure.title);
    }
    let one = Mix { effects: vec![3.0, -0.1], ..Mix::small() }.waterfall();
    assert!(one.title.contains("mostly through"), "{}", one.title);
    let nothing = Mix { effects: vec![0.5, -0.4], ..Mix::small() }.waterfall();
    assert!(nothing.title.contains("not distinguishable from zero"), "{}", nothing.title);
}

#[test]
fn our_measure_of_a_text_is_the_renderers() {
    fn texts(group: &usvg::Group, out: &mut Vec<(String, f64)>) {
        for node in group.children() {
            match node {
                usvg::Node::Group(inner) => texts(inner, out),
                usvg::Node::Text(text) => {
                    let words = text.chunks().iter().map(|chunk| chunk.text()).collect();
                    out.push((words, f64::from(text.bounding_box().width())));
                }
                _ => {}
            }
        }
    }
    let figure = Mix::small().effect();
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(text::REGULAR.to_vec());
    fonts.load_font_data(text::BOLD.to_vec());
    let options = usvg::Options { fontdb: std::sync::Arc::new(fonts), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&svg(&figure, Theme::Light, Size::Note), &options).unwrap();
    let mut drawn = Vec::new();
    texts(tree.root(), &mut drawn);
    let measured = scene(&figure, Theme::Light, Size::Note).texts;
    assert_eq!(drawn.len(), measured.len());
    for ((words, wide), text) in drawn.iter().zip(&measured) {
        assert_eq!(words, &text.words);
        let ours = text.bounds().width();
        assert!((wide - ours).abs() < 0.5 + 0.002 * ours, "{words:?}: measured {ours}, drawn {wide}");
    }
}

#[test]
fn files_are_well_formed_and_the_same_twice() {
    for figure in Mix::small().figures() {
        for theme in [Theme::Light, Theme::Dark] {
            let first = render(&figure, theme, Size::Note);
            assert_eq!(first, render(&figure, theme, Size::Note), "{}", figure.id);
            let document = usvg::roxmltree::Document::parse(&first.svg).unwrap();
            let child = |name| document.root_element().children().find(|n| n.has_tag_name(name)).unwrap();
            assert_eq!(child("title").text(), Some(figure.title.as_str()));
            assert_eq!(child("desc").text(), Some(figure.alt.as_str()));
            assert!(child("style").text().unwrap().contains("data:font/ttf;base64,"));
            assert_eq!(&first.png[..8], b"\x89PNG\r\n\x1a\n");
            assert_eq!(
                first.png[16..24],
                [0, 0, 2400_u16.to_be_bytes()[0], 2400_u16.to_be_bytes()[1], 0, 0, 6, 64]
            );
        }
    }
}

#[test]
fn the_table_holds_every_number_of_a_fan() {
    let figure = Mix::small().difference();
    let text = figure.csv();
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    let Layer::Fan { band, .. } = &figure.panels[1].layers[0] else { panic!("a fan") };
    for (t, at) in ["2026-11", "2026-12", "2027-01"].into_iter().enumerate() {
        let row =
            rows.iter().find(|r| r[0] == *figure.panels[1].title && &r[3] == at && &r[4] == "p75").unwrap();
        let value: f64 = row[5].parse().unwrap();
        assert!((value - band.p75[t]).abs() < 1e-5 * band.p75[t].abs(), "{at}: {value} for {}", band.p75[t]);
    }
}

#[test]
fn colours_of_a_family_differ_in_greyscale_and_texts_can_be_read() {
    let workloads = (0..4).map(Meaning::Workload).collect();
    let families: [Vec<Meaning>; 6] = [
        vec![Meaning::Raises, Meaning::Lowers, Meaning::Neutral],
        vec![Meaning::Open, Meaning::Closed, Meaning::Expected],
        vec![Meaning::Offshore, Meaning::Domestic, Meaning::Imported, Meaning::Grey],
        workloads,
        vec![Meaning::Labs, Meaning::Hosts, Meaning::Vendors],
        vec![
            Meaning::Chip,
            Meaning::Building,
            Meaning::Operations,
            Meaning::Energy,
            Meaning::Rent,
            Meaning::Overhead,
        ],
    ];
    for theme in [Theme::Light, Theme::Dark] {
        let ground = theme.ground();
        for family in &families {
            for (i, a) in family.iter().enumerate() {
                assert!(theme.text(*a).contrast(ground) >= TEXT_CONTRAST, "{theme:?} {a:?}");
                for b in &family[i + 1..] {
                    let apart = (theme.color(*a).lightness() - theme.color(*b).lightness()).abs();
                    assert!(apart >= LIGHTNESS_STEP, "{theme:?}: {a:?} and {b:?} are {apart:.1} apart");
                }
            }
        }
        let all: Vec<_> = families.iter().flatten().collect();
        for (i, a) in all.iter().enumerate() {
            for b in &all[i + 1..] {
                assert_ne!(theme.color(**a), theme.color(**b), "{a:?} and {b:?}");
            }
        }
        assert!(theme.muted().contrast(ground) >= TEXT_CONTRAST);
    }
}

#[test]
fn a_band_and_a_spread_are_quantiles_of_their_paths() {
    let values: Vec<f64> = (0..=100).map(f64::from).collect();
    let spread = Spread::of(&values);
    assert_eq!(
        [spread.p05(), spread.p25, spread.p50(), spread.p75, spread.p95()],
        [5.0, 25.0, 50.0, 75.0, 95.0]
    );
    assert_eq!(spread.mean(), 50.0);
    assert!((spread.summary.above_zero.value - 100.0 / 101.0).abs() < 1e-12);
    let band = MonthlyBand::of(&values.iter().map(|v| vec![*v, 2.0 * v]).collect::<Vec<_>>());
    assert_eq!((band.p10[1], band.p90[0], band.months()), (20.0, 90.0, 2));
    assert_eq!(
        parity::cumulative(&Column::Values((&[0.0, 2.0, 3.0, 3.0][..]).into(), Grouping::Independent), 3),
        vec![0.25, 0.25, 0.5]
    );
}

#[test]
fn only_a_number_without_any_spread_is_called_the_same_on_every_path() {
    assert_eq!(Spread::of(&[0.1]).interval(Unit::Plain), "one path");
    assert_eq!(Spread::of(&[0.1, 0.2]).interval(Unit::Plain), "too few paths for an interval");
    for constant in [vec![0.1; 2], vec![0.1; 30], vec![0.0; 30]] {
        assert_eq!(Spread::of(&constant).interval(Unit::Plain), "the same on every path");
    }
    let rare: Vec<f64> = (0..100).map(|i| if i == 0 { 1.0 } else { 0.0 }).collect();
    assert_eq!(Spread::of(&rare).interval(Unit::Plain), "90%: 0 to 0");
}

#[test]
fn the_scenario_language_knows_every_size_by_its_name() {
    assert_eq!(loophole::scenario::registry::SIZES, Size::ALL.map(Size::name));
}
