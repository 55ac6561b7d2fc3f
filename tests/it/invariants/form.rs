//! What the form of a file, the number of paths and the scheme of sampling do not move.

use loophole::engine::job::Job;
use loophole::engine::partition::grouping;
use loophole::math::{pow, sqrt, student_quantile};
use loophole::model::parameters::World;
use loophole::random::design::Sampling;
use loophole::random::stream::StreamKey;
use loophole::stats::estimate::{Estimate, mean};

use crate::small::SMALL;
use crate::support::*;

const CLUTTER: &str = r#"
[chips.unused]
peak_bf16_tflops = { uniform = [100, 200] }
peak_8bit_tflops = { uniform = [100, 200] }
memory_tb_per_s = { uniform = [1, 2] }
all_in_power_kw = 1
mbu_fraction = { uniform = [0.2, 0.4] }
goodput_fraction = 0.9
efficiency.train = { precision = "bf16", mfu_fraction = { uniform = [0.2, 0.4] } }

[regions.unused]
electricity_usd_per_kwh = { initial = 0.1, volatility_per_sqrt_year = 0.2 }
pue_ratio = 1.2
shell_usd_per_kw = 0
opex_usd_per_kw_year = 0
wacc_real_per_year = { uniform = [0.03, 0.09] }

[currencies.unused]
per_usd = { initial = 7, volatility_per_sqrt_year = 0.1 }

[sources.unused]
title = "Nothing"

[rules.unused]
announced = { hazard_per_year = { uniform = [0, 1] }, from = "2026-10", until = "2027-10" }
lag_days = { uniform = [0, 90] }

[[rules.unused.effects]]
on = { tag = "door" }
quantity = "price"
factor = { uniform = [1, 2] }
"#;

const SCHEMES: [&str; 4] = ["plain", "antithetic", "latin-hypercube", "sobol"];

fn sampling(scheme: &str) -> String {
    format!("settings.sampling=\"{scheme}\"")
}

#[test]
fn what_is_not_used_moves_nothing() {
    for scheme in SCHEMES {
        let sets = [&*sampling(scheme)];
        let plain = run(&written(SMALL, &sets).job());
        assert_same(&plain, &run(&written(&(CLUTTER.to_string() + SMALL), &sets).job()));
        assert_same(&plain, &run(&written(&(SMALL.to_string() + CLUTTER), &sets).job()));
    }
    let sets = ["settings.paths=3", "settings.months=8"];
    let flagship = shipped("close-the-door.toml", &sets);
    let mut cluttered: toml::Table = flagship.to_toml().parse().expect("it parses");
    let clutter = CLUTTER
        .replace("efficiency.train =", "efficiency.training =")
        .replace("tag = \"door\"", "origin = \"offshore\"");
    for (key, entries) in clutter.parse::<toml::Table>().expect("it parses") {
        let toml::Value::Table(entries) = entries else { continue };
        cluttered.get_mut(&key).and_then(toml::Value::as_table_mut).expect("a table").extend(entries);
    }
    let cluttered = cluttered.to_string();
    assert_same(&run(&flagship.job()), &run(&written(&cluttered, &[]).job()));
}

/// The file's tables and keys in the order of the alphabet, and the other way round, without its comments.
fn reordered(text: &str, backwards: bool) -> String {
    fn write(text: &mut String, place: &str, table: &toml::Table, backwards: bool) {
        let mut keys: Vec<(&String, &toml::Value)> = table.iter().collect();
        keys.sort_by_key(|(key, _)| (*key).clone());
        if backwards {
            keys.reverse();
        }
        let quoted = |key: &str| format!("\"{key}\"");
        let is_table =
            |value: &toml::Value| value.is_table() && !value.as_table().is_some_and(toml::Table::is_empty);
        for (key, value) in keys.iter().filter(|(_, value)| !is_table(value)) {
            *text += &format!("{} = {value}\n", quoted(key));
        }
        for (key, value) in keys.iter().filter(|(_, value)| is_table(value)) {
            let place = if place.is_empty() { quoted(key) } else { format!("{place}.{}", quoted(key)) };
            *text += &format!("# {place}\n[{place}]\n");
            write(text, &place, value.as_table().expect("a table"), backwards);
        }
    }
    let mut out = String::new();
    write(&mut out, "", &text.parse::<toml::Table>().expect("it parses"), backwards);
    out
}

#[test]
fn order_and_comments_of_a_file_move_nothing() {
    for scheme in SCHEMES {
        let sets = [&*sampling(scheme)];
        let plain = run(&written(SMALL, &sets).job());
        for backwards in [false, true] {
            assert_same(&plain, &run(&written(&reordered(SMALL, backwards), &sets).job()));
        }
    }
    for (name, sets) in [
        ("close-the-door.toml", &["settings.paths=3", "settings.months=8"][..]),
        ("every-form.toml", &["settings.paths=40", "settings.months=12"]),
    ] {
        let scenario = shipped(name, sets);
        let text = scenario.to_toml();
        for backwards in [false, true] {
            assert_same(&run(&scenario.job()), &run(&written(&reordered(&text, backwards), &[]).job()));
        }
    }
}

#[test]
fn the_first_paths_are_the_shorter_run() {
    for scheme in ["plain", "antithetic", "sobol"] {
        for (short, long) in [(20, 90), (1, 2), (64, 1000)] {
            let job = |paths: usize| {
                written(SMALL, &[&sampling(scheme), &format!("settings.paths={paths}"), "settings.months=6"])
                    .job()
            };
            let (short, long) = (run(&job(short)), run(&job(long)));
            for arm in 0..short.arms.len() {
                for s in 0..short.catalogue.scalars.len() {
                    let (x, y) = (short.scalar_at(arm, s), long.scalar_at(arm, s));
                    assert!(x.iter().zip(y).all(|(a, b)| a.to_bits() == b.to_bits()), "{scheme}");
                }
            }
        }
    }
}

#[test]
fn a_path_alone_is_that_path_of_the_run() {
    for scheme in SCHEMES {
        let job = written(SMALL, &[&sampling(scheme)]).job();
        alone(&job, &[14, 0, 47]);
    }
    alone(&shipped("close-the-door.toml", &["settings.paths=15", "settings.months=20"]).job(), &[14]);
    alone(&shipped("every-form.toml", &["settings.paths=40"]).job(), &[14]);
    // Paths side by side whose chips live for months or years.
    let lives = [
        "settings.paths=15",
        "settings.months=40",
        "channels.owned_910c.chip_life_years={triangular=[0.1, 1, 4]}",
        "channels.owned_910c.fleet_age_months=[0, 0]",
    ];
    alone(&shipped("close-the-door.toml", &lives).job(), &[3, 14]);
}

fn alone(job: &Job, paths: &[u64]) {
    let outcome = run(job);
    for &path in paths {
        let told = told(job, path);
        for arm in 0..outcome.arms.len() {
            for (s, value) in told.scalars(arm).iter().enumerate() {
                let of_run = outcome.scalar_at(arm, s)[path as usize];
                assert_eq!(value.to_bits(), of_run.to_bits(), "{}", outcome.catalogue.scalars[s].0.id);
            }
        }
    }
}

/// Under Sobol' sampling a new source of randomness takes a dimension, so the promise is for the other schemes.
#[test]
fn another_arm_leaves_the_others_alone() {
    let arm_text = "[rules.more]\nannounced = { hazard_per_year = 1, from = \"2026-10\", until = \"2027-12\" }\n\
                    lag_days = { uniform = [0, 60] }\n[[rules.more.effects]]\nquantity = \"price\"\n\
                    factor = { uniform = [1, 2] }\n[arms.another]\nrules = [\"more\", \"perhaps\"]\n\
                    set = { \"regions.home.pue_ratio\" = { uniform = [1.1, 1.5] } }\n";
    for scheme in ["plain", "antithetic", "latin-hypercube"] {
        let sets = [&*sampling(scheme)];
        let (without, with) =
            (run(&written(SMALL, &sets).job()), run(&written(&(SMALL.to_string() + arm_text), &sets).job()));
        for id in ["open", "closed", "perhaps"] {
            assert_same_arm(&without, arm(&without, id), &with, arm(&with, id));
        }
    }
}

#[test]
fn a_renamed_channel_with_pinned_streams_keeps_its_draws() {
    let pinned = |text: String| {
        text.replace("initial = 2.2\n", "initial = 2.2\nstream = \"rent\"\n")
            .replace("initial = 1.2\n", "initial = 1.2\nstream = \"spot\"\n")
    };
    let renamed =
        SMALL.replace("[channels.rent]", "[channels.leased]").replace("[channels.rent.", "[channels.leased.");
    let (one, other) =
        (run(&written(&pinned(SMALL.into()), &[]).job()), run(&written(&pinned(renamed.clone()), &[]).job()));
    for id in ["open", "closed", "perhaps"] {
        assert_close_levels(&one, arm(&one, id), &other, arm(&other, id), 1e-12, &[]);
    }
    // Where use moves no price, prices are the draws.
    let rents = |text: &str, id: &str| {
        let text = pinned(text.replace("rent_response_elasticity = 0.2\n", "rent_response_elasticity = 0\n"));
        let outcome = run(&written(&text, &[]).job());
        (0..18).map(|t| month(&outcome, "open", id, t).to_bits()).collect::<Vec<u64>>()
    };
    assert_eq!(rents(SMALL, "price.rent"), rents(&renamed, "price.leased"));
}

/// Means of a smooth cost and of a chance under four schemes. Standard errors of replicated schemes rest on sixteen
/// replicates, so their bound is Student's at the chance of four normal standard errors.
#[test]
fn sampling_schemes_agree() {
    let outcomes = SCHEMES.map(|scheme| {
        run(&written(SMALL, &[&sampling(scheme), "settings.paths=2048", "settings.months=10"]).job())
    });
    for id in
        ["pv.economic_cost", "lost.10m.all", "rule_in_force", "effective_month", "marginal_cost.train.mean"]
    {
        for arm in 0..3 {
            let estimates: Vec<(Estimate, f64)> = outcomes
                .iter()
                .map(|outcome| {
                    let grouping = grouping(outcome.sampling);
                    let estimate = mean(outcome.scalar(arm, id).expect("a scalar"), grouping);
                    let freedom = grouping.degrees_of_freedom(2048).min(1e6);
                    (estimate, student_quantile(freedom, 1.0 - 3.2e-5))
                })
                .collect();
            for (a, ka) in &estimates {
                for (b, kb) in &estimates {
                    let allowed = sqrt(
                        (ka * a.std_error) * (ka * a.std_error) + (kb * b.std_error) * (kb * b.std_error),
                    );
                    assert!(
                        (a.value - b.value).abs() <= allowed.max(1e-9 * a.value.abs()),
                        "{id}: {a:?} and {b:?}"
                    );
                }
            }
            // Cells know the same.
            for (outcome, (estimate, _)) in outcomes.iter().zip(&estimates) {
                if id == "pv.economic_cost" && outcome.sampling == Sampling::Plain {
                    let rate = pow(1.05, -1.0 / 12.0);
                    let sum: f64 = (0..10)
                        .map(|t| {
                            pow(rate, t as f64) * month(outcome, &outcome.arms[arm].id, "economic_cost", t)
                        })
                        .sum();
                    near(sum, estimate.value, 1e-9);
                }
            }
        }
    }
}

/// A draw is a function of (seed, stream, path, month) only: the stream of a price is what the price says it is.
#[test]
fn a_draw_is_its_streams() {
    let job =
        written(SMALL, &["channels.own.chip_price_usd={ uniform = [5000, 9000], stream = \"here\" }"]).job();
    let key = StreamKey::new(11, "here");
    for (path, price) in drawn(&job, "channels.own.chip_price_usd", 5).into_iter().enumerate() {
        near(price, 5000.0 + 4000.0 * key.uniform(path as u64, 0, 0), 1e-12);
    }
}

/// `World` states no number twice: an arm that sets a key to what it already is, is the baseline.
#[test]
fn an_arm_that_sets_what_is_already_so_is_the_baseline() {
    let text = SMALL.to_string()
        + "[arms.same]\nrules = []\nset = { \"regions.home.pue_ratio\" = 1.25, \"channels.rent.on_offer_chips\" = 400 }\n";
    let job = written(&text, &[]).job();
    let worlds: Vec<&World> = job.arms.iter().map(|arm| &arm.world).collect();
    let at = |id: &str| job.arms.iter().position(|arm| arm.id == id).expect("an arm");
    assert_eq!(worlds[at("same")], worlds[at("open")]);
    let outcome = run(&job);
    assert_same_levels(&outcome, at("same"), &outcome, at("open"), &[]);
}
