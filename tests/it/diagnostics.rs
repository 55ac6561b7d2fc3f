//! What a wrong scenario is told.
//!
//! Every `tests/bad/NN-name.toml` lies on top of a good scenario and breaks one thing; beside it, `NN-name.stderr` is the
//! exact text a user gets; where there is an `NN-name.expect.toml`, with the pins in it. A line `# flags: …` at the top of a file adds `--set`, `--with` and `--strict`. With
//! `LOOPHOLE_BLESS=1` in the environment the texts are written anew; read the difference before committing it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use loophole::scenario::diagnostic::{Diagnostics, Severity};
use loophole::scenario::{self, Options, Scenario};
use proptest::prelude::*;

const GOOD: &str = "tests/bad/base/good.toml";

#[test]
fn every_bad_file_is_told_exactly_what_is_wrong() {
    let bless = std::env::var_os("LOOPHOLE_BLESS").is_some();
    let mut files: Vec<PathBuf> = std::fs::read_dir("tests/bad")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| !path.to_string_lossy().ends_with(".expect.toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 60, "only {} bad files", files.len());
    let mut differences = String::new();
    for file in files {
        let told = told(&file);
        let expected = file.with_extension("stderr");
        if bless {
            std::fs::write(&expected, &told).unwrap();
            continue;
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if told != wanted {
            write!(differences, "{}\n{}", file.display(), difference(&wanted, &told)).unwrap();
        }
    }
    assert!(differences.is_empty(), "\n{differences}\nLOOPHOLE_BLESS=1 writes the new texts");
}

/// The rendered diagnostics of a file: its errors, or the warnings of a file that loads.
fn told(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let flags = text.lines().next().and_then(|line| line.strip_prefix("# flags: ")).unwrap_or_default();
    let (mut sets, mut overlays, mut options) = (Vec::new(), Vec::new(), Options::default());
    let words = flags.split(" -- ").map(str::trim).filter(|word| !word.is_empty());
    for word in words {
        match word.split_once(' ') {
            Some(("set", change)) => sets.push(change.to_string()),
            Some(("with", overlay)) => overlays.push(PathBuf::from(overlay)),
            _ if word == "strict" => options.strict = true,
            _ => panic!("{}: no such flag {word:?}", file.display()),
        }
    }
    if file.with_extension("expect.toml").exists() {
        return match scenario::expect::load(file, &overlays, &sets, options) {
            Ok(pins) => pins.warnings.render(false),
            Err(problems) => problems.render(false),
        };
    }
    match scenario::load(file, &overlays, &sets, options) {
        Ok(loaded) => loaded.warnings.render(false),
        Err(problems) => problems.render(false),
    }
}

fn good() -> String {
    std::fs::read_to_string(GOOD).unwrap()
}

fn from_text(text: &str, sets: &[&str]) -> Result<Scenario, Diagnostics> {
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let loaded = scenario::load_text(GOOD, Path::new("tests/bad/base"), text, &sets, Options::default());
    loaded.map(|loaded| loaded.scenario)
}

#[test]
fn the_good_scenario_has_nothing_to_be_told() {
    let loaded =
        scenario::load(Path::new(GOOD), &[], &[], Options { strict: true, ..Options::default() }).unwrap();
    assert_eq!(loaded.warnings.render(false), "");
}

#[test]
fn a_flag_is_checked_and_compiled_like_the_file() {
    let cases = [
        ("channels.hired.availability_fraction", "{ value = 0.5, source = \"made_up\" }"),
        ("channels.hired.price_usd_per_chip_hour", "{ triangular = [1, 2, 3], source = \"made_up\" }"),
        ("settings.sampling", "\"sobol\""),
        ("settings.months", "12"),
        ("arms.closed.rules", "[]"),
        ("rules.close.announced", "\"2027-05\""),
        (
            "labs.all.demand.training.elasticity",
            "{ family = \"metalog\", p05 = 0.3, p50 = 0.6, p95 = 1, min = 0 }",
        ),
    ];
    for (key, value) in cases {
        let overlay = format!("extends = [\"good.toml\"]\n{key} = {value}\n");
        let from_file = from_text(&overlay, &[]).unwrap_or_else(|told| panic!("{told}"));
        let from_flag =
            from_text(&good(), &[&format!("{key}={value}")]).unwrap_or_else(|told| panic!("{told}"));
        let from_call = from_text(&good(), &[]).unwrap().with(key, parsed(value)).unwrap();
        assert_eq!(from_file.job(), from_flag.job(), "{key}");
        assert_eq!(from_file.job(), from_call.job(), "{key}");
        assert_ne!(from_file.job(), from_text(&good(), &[]).unwrap().job(), "{key}");
    }
}

#[test]
fn a_wrong_flag_is_told_what_a_wrong_file_is() {
    let cases = [
        ("channels.hired.availability_fraction", "95"),
        ("settings.sampling", "\"sobel\""),
        ("settings.pathes", "10"),
        ("channels.hired.price_usd_per_chip_hour", "{ normal = { mean = 2, sd = 1 } }"),
        ("arms.closed.rules", "[\"clos\"]"),
    ];
    for (key, value) in cases {
        let overlay = format!("extends = [\"good.toml\"]\n{key} = {value}\n");
        let (file, flag) = (
            from_text(&overlay, &[]).unwrap_err(),
            from_text(&good(), &[&format!("{key}={value}")]).unwrap_err(),
        );
        let said = |told: &Diagnostics| -> Vec<_> {
            let errors = told.list.iter().filter(|d| d.severity == Severity::Error);
            errors.map(|d| (d.title.clone(), d.label.clone(), d.notes.clone(), d.hint.clone())).collect()
        };
        assert_eq!(said(&file), said(&flag), "{key}");
        assert!(flag.render(false).contains("--> --set:1:"), "{}", flag.render(false));
    }
}

fn parsed(value: &str) -> toml::Value {
    toml::from_str::<toml::Table>(&format!("v = {value}")).unwrap()["v"].clone()
}

#[test]
fn the_order_of_keys_and_comments_do_not_matter() {
    let job = from_text(&good(), &[]).unwrap().job();
    let value: toml::Table = toml::from_str(&good()).unwrap();
    let reordered = toml::to_string(&value).unwrap();
    assert_ne!(reordered, good());
    assert_eq!(from_text(&reordered, &[]).unwrap().job(), job);
    let commented: String = good()
        .lines()
        .rev()
        .map(|line| format!("{line} # remark\n"))
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    assert_eq!(from_text(&commented, &[]).unwrap().job(), job);
    // Sections in another order, keys in a section kept under their header.
    let mut sections: Vec<String> = good().split("\n[").map(|section| format!("\n[{section}\n")).collect();
    let head = sections.remove(0).trim_start_matches("\n[").to_string();
    sections
        .sort_by_key(|section| (!section.starts_with("\n[[rules") as u8, std::cmp::Reverse(section.clone())));
    let (effects, rest): (Vec<String>, Vec<String>) =
        sections.into_iter().partition(|s| s.starts_with("\n[[rules"));
    let effects: Vec<String> = effects.into_iter().rev().collect();
    let shuffled = format!("{head}{}{}", rest.concat(), effects.concat());
    let shuffled = from_text(&shuffled, &[]).unwrap_or_else(|told| panic!("{told}")).job();
    assert_eq!(sorted_effects(shuffled), sorted_effects(job));
}

/// Effects of a rule act together, in any order; a list keeps the order of the file.
fn sorted_effects(mut job: loophole::engine::job::Job) -> (usize, Vec<Vec<String>>) {
    let effects = job.arms.iter_mut().flat_map(|arm| &mut arm.world.rules).map(|rule| {
        let mut effects: Vec<String> =
            rule.effects.iter().map(|effect| format!("{:?}", effect.target)).collect();
        effects.sort();
        effects
    });
    let effects = effects.collect();
    (job.quantities.list.len(), effects)
}

#[test]
fn what_no_channel_uses_changes_nothing() {
    let job = from_text(&good(), &[]).unwrap().job();
    let more = good()
        + "\n[chips.spare]\npeak_8bit_tflops = 1\nmemory_tb_per_s = 1\nall_in_power_kw = 1\ngoodput_fraction = 0.9\n\
           efficiency.training = { precision = \"8bit\", mfu_fraction = { uniform = [0.1, 0.2] } }\n";
    assert_eq!(from_text(&more, &[]).unwrap().job(), job);
}

#[test]
fn an_arm_shares_every_slot_it_does_not_replace_and_keeps_the_stream_of_those_it_does() {
    let overlay = "extends = [\"good.toml\"]\n[arms.closed.set]\n\"labs.all.demand.training.elasticity\" = { uniform = [0.2, 0.4] }\n";
    let job = from_text(overlay, &[]).unwrap().job();
    let [open, closed] = &job.arms[..] else { panic!("two arms") };
    let demand = |arm: &loophole::engine::job::Arm| {
        arm.world.labs[0].demand.iter().map(|demand| demand.clone().unwrap()).collect::<Vec<_>>()
    };
    let (open_demand, closed_demand) = (demand(open), demand(closed));
    let at = open.world.workloads.iter().position(|workload| workload.id == "training").unwrap();
    assert_eq!(open_demand[1 - at], closed_demand[1 - at]);
    assert_eq!(open_demand[at].planned_use, closed_demand[at].planned_use);
    let quantity = |slot: loophole::model::parameters::Slot| &job.quantities.list[slot.0 as usize];
    let (stated, replaced) = (quantity(open_demand[at].elasticity), quantity(closed_demand[at].elasticity));
    assert_ne!(stated.form, replaced.form);
    assert_eq!(stated.stream, replaced.stream);
    assert_eq!(open.world.channels, closed.world.channels);
}

#[test]
fn a_new_form_drops_what_was_said_of_the_old_one_but_not_its_stream() {
    let key = "channels.hired.committed_chips";
    let base = from_text(
        &good(),
        &[&format!("{key}={{ value = 1, source = \"made_up\", note = \"old\", stream = \"shared\" }}")],
    );
    let changed = base.unwrap().with(key, 2.0).unwrap();
    let says = changed.provenance(key).unwrap();
    assert_eq!((says.value.as_str(), says.sources.len(), says.note), ("2.0", 0, None));
    let slot = changed.job().quantities.list.into_iter().find(|quantity| quantity.key == key).unwrap();
    assert_eq!(slot.stream, "shared");
    // A member of a process is laid over the others.
    let key = "channels.hired.price_usd_per_chip_hour";
    let process = changed.with(&format!("{key}.half_life_months"), 3).unwrap();
    assert!(process.provenance(key).unwrap().value.contains("volatility_per_sqrt_year = 0.3"));
    assert!(process.provenance(key).unwrap().value.contains("half_life_months = 3"));
    // Another form replaces the process.
    let constant = changed.with(&format!("{key}.value"), 2.5).unwrap();
    assert_eq!(constant.provenance(key).unwrap().value, "2.5");
}

#[test]
fn a_row_of_a_table_fills_what_is_not_given_and_is_its_source() {
    let overlay = "extends = [\"good.toml\"]\ntables.chips = \"chips.csv\"\n[chips.other]\nrow = \"big\"\n\
                   peak_8bit_tflops = { value = 1500, source = \"made_up\" }\nmbu_fraction = 0.5\ngoodput_fraction = 0.9\n\
                   efficiency.training = { precision = \"bf16\", mfu_fraction = 0.3 }\n";
    let scenario = from_text(overlay, &[]).unwrap_or_else(|told| panic!("{told}"));
    let of = |field: &str| scenario.provenance(&format!("chips.other.{field}")).unwrap();
    assert_eq!(of("all_in_power_kw").value, "1.4");
    assert_eq!(of("all_in_power_kw").origin, "tests/bad/base/chips.csv:2");
    assert_eq!(of("all_in_power_kw").sources[0].url.as_deref(), Some("https://example.org/big"));
    assert_eq!(of("peak_8bit_tflops").value, "1500");
    assert!(scenario.provenance("chips.other.peak_4bit_tflops").is_none());
    assert!(scenario.files().iter().any(|file| file.name.ends_with("chips.csv") && file.sha256.len() == 64));
}

#[test]
fn show_names_value_unit_place_and_source() {
    let scenario = from_text(&good(), &["settings.paths=10"]).unwrap();
    let one = |key: &str| scenario.show(key).into_iter().next().unwrap();
    let shown = one("chips.big.memory_tb_per_s");
    assert_eq!((shown.value.as_str(), shown.unit), ("3", "TB/s"));
    assert!(shown.origin.starts_with("tests/bad/base/good.toml:"));
    assert_eq!(shown.sources[0].title, "Made up for tests");
    assert_eq!(one("settings.paths").origin, "--set settings.paths=10");
    assert_eq!(one("channels.hired.overhead_fraction").origin, "default");
    assert_eq!(one("channels.hired.priority").origin, "default");
    assert!(scenario.show("channels.hired").len() > 15);
    assert!(scenario.show("channels.hir").is_empty());
}

#[test]
fn the_page_of_keys_is_the_registry() {
    let page = scenario::registry::page();
    if std::env::var_os("LOOPHOLE_BLESS").is_some() {
        std::fs::write("docs/keys.md", &page).unwrap();
    }
    assert_eq!(std::fs::read_to_string("docs/keys.md").unwrap(), page, "LOOPHOLE_BLESS=1 writes it anew");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// No bytes make the reader panic, and what is told of them can be rendered.
    #[test]
    fn random_changes_never_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..6),
    ) {
        let mut bytes = good().into_bytes();
        for (at, byte, kind) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                _ => bytes.insert(at, b"\"'[]{}=.,#\n0-"[usize::from(byte) % 13]),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match from_text(&text, &[]) {
            Ok(scenario) => { scenario.job(); }
            Err(told) => prop_assert!(told.has_errors() && !told.render(true).is_empty()),
        }
    }

    /// Whatever a flag says, it is taken or told of.
    #[test]
    fn random_flags_never_panic(key in "[a-z._0-9\"]{0,30}", value in "\\PC{0,30}") {
        match from_text(&good(), &[&format!("{key}={value}"), &format!("channels.{key}={value}"), &value]) {
            Ok(scenario) => { scenario.job(); }
            Err(told) => prop_assert!(told.has_errors() && !told.render(false).is_empty()),
        }
    }

    /// Values put in any place of the tree never panic.
    #[test]
    fn random_values_in_random_places_never_panic(
        place in any::<prop::sample::Index>(),
        value in prop::sample::select(vec![
            "0", "-1", "1e300", "nan", "\"x\"", "true", "[]", "[1, 2]", "[[1]]", "{}", "{ value = 1 }", "2026-10-01", "\"2026-10\"",
            "{ initial = 1, regimes = { start = \"a\", states = [{ id = \"a\" }] } }", "{ schedule = { \"2026-10\" = 1 } }",
            "{ mixture = { weights = [1], of = [{ uniform = [0, 1] }] } }", "{ family = \"metalog\", p1 = 0, p2 = 1 }",
            "{ a = { b = 1 } }", "[{ on = 3, quantity = \"price\" }]", "{ from = \"2026-10\", until = \"2027-10\" }",
        ]),
    ) {
        let scenario = from_text(&good(), &[]).unwrap();
        let mut keys: Vec<String> = scenario.show("").into_iter().map(|shown| shown.key).collect();
        let above: Vec<String> = keys.iter().filter_map(|key| Some(key.rsplit_once('.')?.0.to_string())).collect();
        keys.extend(above);
        let key = &keys[place.index(keys.len())];
        match from_text(&good(), &[&format!("{key}={value}")]) {
            Ok(scenario) => { scenario.job(); }
            Err(told) => prop_assert!(told.has_errors() && !told.render(false).is_empty()),
        }
    }

    /// The whole scenario written out and read again is the same scenario.
    #[test]
    fn a_scenario_written_out_reads_back(a in 0.01..1.0f64, b in 1.0..5.0f64, months in 6i64..60, sobol in any::<bool>()) {
        let sets = [
            format!("channels.hired.availability_fraction={a:?}"),
            format!("channels.hired.price_usd_per_chip_hour={{ lognormal = {{ median = {b:?}, sigma = {a:?} }}, note = \"a \\\"b\\\" c\" }}"),
            format!("settings.months={months}"),
            format!("settings.sampling={}", if sobol { "sobol" } else { "plain" }),
        ];
        let scenario = from_text(&good(), &sets.each_ref().map(String::as_str)).unwrap_or_else(|told| panic!("{told}"));
        let again = from_text(&scenario.to_toml(), &[]).unwrap_or_else(|told| panic!("{told}"));
        prop_assert_eq!(again.job(), scenario.job());
        prop_assert_eq!(again.to_toml(), scenario.to_toml());
    }
}

/// The lines that differ, marked by who has them.
fn difference(wanted: &str, told: &str) -> String {
    let (wanted, told): (Vec<&str>, Vec<&str>) = (wanted.lines().collect(), told.lines().collect());
    let same = wanted.iter().zip(&told).take_while(|(a, b)| a == b).count();
    let mut text = String::new();
    wanted[same..].iter().take(12).for_each(|line| writeln!(text, "  - {line}").unwrap());
    told[same..].iter().take(12).for_each(|line| writeln!(text, "  + {line}").unwrap());
    text
}

#[test]
fn an_arm_that_changes_a_number_is_named_by_its_own() {
    let text = "extends = [\"good.toml\"]\n[rules.close]\ntitle = \"{rules.close.lag_days} days' notice\"\nlag_days = 30\n\
                [arms.closed]\ntitle = \"Closed after {rules.close.lag_days} days\"\nset = { \"rules.close.lag_days\" = 60 }\n";
    let scenario = from_text(text, &[]).unwrap_or_else(|told| panic!("{told}"));
    let job = scenario.job();
    let closed = job.arms.iter().find(|arm| arm.id == "closed").unwrap();
    assert_eq!(closed.title, "Closed after 60 days");
    assert_eq!(closed.world.rules[0].title, "60 days' notice");
    let later = from_text(text, &["arms.closed.set.\"rules.close.lag_days\"=90"]).unwrap();
    assert_eq!(
        later.arms().into_iter().find(|arm| arm.id == "closed").unwrap().title,
        "Closed after 90 days"
    );
}
