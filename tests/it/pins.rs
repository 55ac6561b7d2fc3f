//! Pins: what is noise passes, what is real is named, and `--bless` touches nothing but values.
//!
//! The rate of false alarms of a noise pin is held against its formula over pairs of independent seeds; changed inputs and
//! seeded faults must be flagged. The commands are run as a user runs them.

use std::path::{Path, PathBuf};
use std::process::Output;

use loophole::analysis::expect::{Setting, Status, answers, draws, false_alarm, judge};
use loophole::engine::executor::{Options, simulate};
use loophole::engine::job::Job;
use loophole::scenario::expect::bless::blessed;
use loophole::scenario::expect::{Pin, Pins, load};
use loophole::stats::estimate::Grouping;

use crate::binary::{code, err, loophole, out};
use crate::coverage::all_shipped;
use crate::support::scenarios;

/// A folder with a copy of a known scenario called `it.toml` and pins beside it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn of(known: &str, pins: &str) -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = std::fs::read_to_string(scenarios().join("known").join(known)).expect("a scenario");
        std::fs::write(folder.path().join("it.toml"), text).expect("written");
        let place = Place { folder };
        place.write(pins);
        place
    }

    fn pins(&self) -> PathBuf {
        self.folder.path().join("it.expect.toml")
    }

    fn write(&self, pins: &str) {
        std::fs::write(self.pins(), pins).expect("written");
    }

    fn read(&self) -> String {
        std::fs::read_to_string(self.pins()).expect("read")
    }

    fn test(&self, args: &[&str]) -> Output {
        let file = self.folder.path().join("it.toml");
        loophole(&[&["test", "--plain", file.to_str().expect("text")], args].concat())
    }

    fn bless(&self) {
        let output = self.test(&["--bless", "--why", "a test"]);
        assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    }
}

fn pinned(file: &Path) -> Pins {
    load(file, &[], &[], Default::default()).unwrap_or_else(|told| panic!("{told}"))
}

/// The verdict on a pin of one run, from a job.
fn verdict(pin: &Pin, job: &Job) -> loophole::analysis::expect::Verdict {
    let outcome = simulate(job, &Options { threads: 2, ..Options::default() }).expect("it runs");
    let found = answers(pin, &outcome, &|figure, _| Err(format!("{figure} is not drawn here")));
    judge(pin, &[found], &setting(job))
}

fn setting(job: &Job) -> Setting {
    Setting {
        version: "test".into(),
        platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        sampling: job.sampling.to_string(),
        run: loophole::scenario::expect::Run { variant: 0, paths: job.paths, seed: job.seed },
        draws: draws(job),
    }
}

#[test]
fn every_shipped_scenario_is_pinned_and_every_pin_holds() {
    for name in all_shipped() {
        let pins = pinned(&scenarios().join(&name));
        assert!(pins.list.len() >= 3, "{name} has {} pins", pins.list.len());
    }
    let folder = scenarios();
    let output = loophole(&["test", "--plain", "--quiet", folder.to_str().expect("text")]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
    assert_eq!(out(&output), "");
}

#[test]
fn noise_is_flagged_as_often_as_the_formula_says() {
    let text = "[[expect]]\nmetric = \"pv.spend\"\narm = \"open\"\nnoise = 2\nvalue = 1\nstd_error = 1\n";
    let place = Place::of("gbm-rent.toml", text);
    let pins = pinned(&place.pins());
    let mut job = pins.job(pins.runs[0]);
    job.paths = 200;
    job.arms.truncate(1);
    let answer = |job: &Job| {
        let outcome = simulate(job, &Options { threads: 2, ..Options::default() }).expect("it runs");
        answers(&pins.list[0], &outcome, &|_, _| Err(String::new())).expect("an answer").remove(0)
    };
    let pairs = 400;
    let mut flagged = 0;
    for pair in 0..pairs {
        let (then, now) =
            (answer(&Job { seed: 2 * pair, ..job.clone() }), Job { seed: 2 * pair + 1, ..job.clone() });
        let pin = Pin {
            value: Some(then.value),
            std_error: then.std_error.expect("an error"),
            ..pins.list[0].clone()
        };
        flagged += u32::from(verdict(&pin, &now).status == Status::Moved);
    }
    // Two standard errors: 4.6% by chance. The count is binomial; four of its standard deviations.
    let p = false_alarm(2.0, Grouping::Independent, 200);
    assert!((p - 0.0469).abs() < 5e-4, "{p}");
    let (mean, sd) = (p * pairs as f64, (pairs as f64 * p * (1.0 - p)).sqrt());
    assert!(
        (f64::from(flagged) - mean).abs() < 4.0 * sd,
        "{flagged} of {pairs}, expected {mean:.1} ± {sd:.1}"
    );
}

#[test]
fn other_random_numbers_are_noise_on_the_flagship() {
    let file = scenarios().join("close-the-door.toml");
    // 20 noise pins of four standard errors: about one false alarm in 700 such runs.
    let output = loophole(&["test", "--plain", "--quiet", file.to_str().expect("text"), "--seed", "5"]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
}

#[test]
fn a_price_five_per_cent_higher_is_real_and_named() {
    let pins = "[[expect]]\nmetric = \"pv.spend\"\narm = \"open\"\nnoise = 4\n";
    let place = Place::of("gbm-rent.toml", pins);
    place.bless();
    let overlay = place.folder.path().join("dearer.toml");
    std::fs::write(&overlay, "channels.rent.price_usd_per_chip_hour.initial = 2.1\n").expect("written");
    let output = place.test(&["--with", overlay.to_str().expect("text")]);
    assert_eq!(code(&output), 1);
    let text = out(&output);
    for words in [
        "s.e.: real, from US$2.0",
        "inputs that changed since the pin: channels.rent.price_usd_per_chip_hour, now",
        "initial = 2.1",
        "dearer.toml:1:",
        "taken because: a test",
    ] {
        assert!(text.contains(words), "{words:?} is missing from\n{text}");
    }
    // The same change on other random numbers is as real.
    let output = place.test(&["--with", overlay.to_str().expect("text"), "--seed", "77"]);
    assert_eq!(code(&output), 1, "{}", out(&output));
    // And other random numbers alone are not.
    let output = place.test(&["--seed", "77"]);
    assert_eq!(code(&output), 0);
    assert!(out(&output).contains("s.e.: noise"), "{}", out(&output));
}

/// Exit code and report of pins that are blessed and tested again.
fn tested_again(pins: &str, args: &[&str]) -> (i32, String) {
    let place = Place::of("gbm-rent.toml", pins);
    place.bless();
    let output = place.test(args);
    (code(&output), out(&output))
}

#[test]
fn what_changed_inputs_move_on_one_seed_is_no_noise() {
    let spend = "[[expect]]\nmetric = \"pv.spend\"\narm = \"open\"\n";
    let pins = format!("{spend}noise = 4\n\n{spend}sign = \"positive\"\n");
    let (code, text) =
        tested_again(&pins, &["--set", "channels.rent.price_usd_per_chip_hour.initial=2.0001"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("s.e.: less than noise, though by inputs that changed"), "{text}");
    // Which inputs is said of the file, below its pins.
    assert!(text.contains("\n  inputs that changed since the pin: channels.rent"), "{text}");
}

#[test]
fn a_move_that_few_paths_make_by_chance_is_not_called_real() {
    let pins = "[expect_run]\npaths = 3\n\n[[expect]]\nmetric = \"pv.spend\"\narm = \"open\"\nnoise = 0.1\n";
    let (code, text) = tested_again(pins, &["--seed", "78"]);
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("chance alone moves so few paths as far in"), "{text}");
}

#[test]
fn a_fault_in_the_program_is_real() {
    let pins = pinned(&scenarios().join("known/rent-or-own.toml"));
    let job = pins.job(pins.runs[0]);
    let pin = pins.list.iter().find(|pin| pin.name.starts_with("served.work")).expect("it is pinned");
    assert_eq!(verdict(pin, &job).status, Status::Holds);
    // Demand that comes out a twentieth too high.
    let mut faulty = job;
    faulty.arms.iter_mut().for_each(|arm| arm.world.demand_scale *= 1.05);
    let found = verdict(pin, &faulty);
    assert_eq!(found.status, Status::Moved, "{found:?}");
    assert!(found.findings[0].distance.is_some_and(|errors| errors > 4.0));
}

#[test]
fn a_fault_too_small_for_noise_shows_on_the_same_draws() {
    let pins = "[expect_run]\ntolerance_on_same_draws = 1e-6\n\n[[expect]]\nmetric = \"served.work\"\nmonth = \"2026-10\"\nnoise = 4\n";
    let place = Place::of("rent-or-own.toml", pins);
    place.bless();
    let pins = pinned(&place.pins());
    let job = pins.job(pins.runs[0]);
    let judged = |job: &Job| verdict(&pins.list[0], job);
    assert_eq!(judged(&job).status, Status::Holds);
    let fault = |job: &Job| {
        let mut faulty = job.clone();
        faulty.arms.iter_mut().for_each(|arm| arm.world.demand_scale *= 1.0001);
        faulty
    };
    // A ten-thousandth is far below noise, and real.
    let found = judged(&fault(&job));
    assert_eq!(found.status, Status::Moved, "{found:?}");
    assert!(found.same_draws && found.findings[0].status == Status::Holds, "{found:?}");
    // On other random numbers it cannot be told, and neither is flagged.
    let other = Job { seed: job.seed + 1, ..job };
    assert_ne!(
        draws(&other),
        pins.list[0].stamp.as_ref().and_then(|stamp| stamp.draws.clone()).expect("stamped")
    );
    assert_eq!(judged(&other).status, Status::Holds);
    assert_eq!(judged(&fault(&other)).status, Status::Holds);
}

#[test]
fn a_chance_that_the_run_is_too_short_to_tell_is_no_answer() {
    let path = scenarios().join("close-the-door.toml");
    let overlay = |threshold: &str| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pin = format!(
            "[[expect]]\nmetric = \"training_delay.24m\"\narm = \"wind-down\"\nstatistic = \"probability_above\"\n\
             threshold = {threshold}\nat_least = 0\npaths = 8\n"
        );
        let scenario = format!("extends = {:?}\n", path.canonicalize().expect("it is there"));
        std::fs::write(folder.path().join("it.toml"), scenario).expect("written");
        std::fs::write(folder.path().join("it.expect.toml"), pin).expect("written");
        let file = folder.path().join("it.toml");
        let args = ["test", file.to_str().expect("text"), "--allow-outside", "--set", "settings.months=26"];
        loophole(&args)
    };
    let told = overlay("1");
    assert_eq!(code(&told), 0, "{}{}", out(&told), err(&told));
    let early = overlay("3");
    assert_eq!(code(&early), 1);
    let words = "tells \"training_delay.24m\" up to 2 months, and not how often it is above 3";
    assert!(out(&early).contains(words), "{}", out(&early));
}

#[test]
fn a_flipped_bit_breaks_an_exact_pin() {
    let place = Place::of("gbm-rent.toml", "[[expect]]\nmetric = \"pv.spend\"\nexact = true\npaths = 64\n");
    let output = place.test(&[]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("no value yet"), "{}", out(&output));
    place.bless();
    assert!(out(&place.test(&[])).contains("the same bits"));
    let text = place.read();
    let pins = pinned(&place.pins());
    let value = pins.list[0].value.expect("blessed");
    let next = f64::from_bits(value.to_bits() ^ 1);
    place.write(&text.replace(&value.to_string(), &next.to_string()));
    let output = place.test(&[]);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("not the same bits"), "{}", out(&output));
    // The mean can be the same where a path is not.
    let digest = pins.list[0].digest.clone().expect("blessed");
    place.write(&text.replace(&digest, "0123456789abcdef"));
    let output = place.test(&[]);
    assert!(out(&output).contains("from other bits on some path"), "{}", out(&output));
    // Elsewhere, nine digits are promised, not bits.
    let platform = &pins.list[0].stamp.as_ref().expect("blessed").platform;
    let moved = text.replace(platform.as_str(), "elsewhere").replace(&value.to_string(), &next.to_string());
    place.write(&moved);
    assert_eq!(code(&place.test(&[])), 0, "{}", out(&place.test(&[])));
}

const COMMENTED: &str = "# Why these pins are here.

[expect_run]   # small runs
paths   =   64

[[expect]]
metric = 'pv.spend'   # a comment behind
value = 1.0  # the old value
std_error =    0.5
# between two keys
noise = 4

# above the second
[[expect]]
name = \"open\"
metric = \"pv.spend\"
arm    = \"open\"
sign   = \"positive\"   # stays
# at the end
";

#[test]
fn blessing_changes_values_and_nothing_else() {
    let place = Place::of("gbm-rent.toml", COMMENTED);
    let output = place.test(&[]);
    assert_eq!(code(&output), 1, "a value of 1 is far from it");
    place.bless();
    let text = place.read();
    let value = pinned(&place.pins()).list[0].value.expect("blessed");
    assert!(value > 1000.0);
    for line in COMMENTED.lines().filter(|line| !line.starts_with("value") && !line.starts_with("std_error"))
    {
        assert!(text.contains(line), "{line:?} is gone from\n{text}");
    }
    assert!(text.contains(&format!("value = {value:?}  # the old value\n")), "{text}");
    assert!(text.contains("pinned = { why = \"a test\", version = "), "{text}");
    let place_of = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words:?} is gone from\n{text}"));
    assert!(place_of("# between two keys") < place_of("# above the second"));
    assert_eq!(code(&place.test(&[])), 0);
    // What holds is not touched.
    let output = place.test(&["--bless", "--why", "again"]);
    assert_eq!((code(&output), out(&output).as_str()), (0, "nothing to bless: every pin holds\n"));
    assert_eq!(place.read(), text);
}

#[test]
fn blessing_is_refused_without_a_reason_or_where_no_value_would_help() {
    let place = Place::of("gbm-rent.toml", COMMENTED);
    for args in [&["--bless"][..], &["--bless", "--why", ""], &["--bless", "--why", " . "], &["--why", "x"]] {
        assert_eq!(code(&place.test(args)), 2, "{args:?}");
    }
    let of_a_change = place.test(&["--bless", "--why", "x", "--set", "settings.months=12"]);
    assert_eq!(code(&of_a_change), 2, "a changed scenario is not the one pinned");
    assert_eq!(place.read(), COMMENTED);
    let refused = [
        COMMENTED.replace("sign   = \"positive\"", "sign   = \"negative\""),
        COMMENTED.replace("# at the end", "descending = [\"open\", \"levy\"]"),
        COMMENTED.replace("noise = 4", "noise = 4\nderived = \"by hand\""),
        COMMENTED.replace("noise = 4", "noise = 4\nat_most = 3"),
    ];
    for text in refused {
        place.write(&text);
        let output = place.test(&["--bless", "--why", "a good reason"]);
        assert_eq!(code(&output), 1, "{text}\n{}", out(&output));
        assert!(err(&output).contains("nothing was blessed"), "{}", err(&output));
        assert_eq!(place.read(), text);
    }
    // The pins that may be blessed can be chosen.
    let output = place.test(&["--bless", "--why", "a good reason", "--filter", "open"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
}

#[test]
fn pins_in_the_scenario_are_read_blessed_and_not_inherited() {
    let place = Place::of("gbm-rent.toml", "");
    std::fs::remove_file(place.pins()).expect("removed");
    let file = place.folder.path().join("it.toml");
    let scenario = std::fs::read_to_string(&file).expect("read");
    std::fs::write(&file, format!("{scenario}\n[[expect]]\nmetric = \"pv.spend\"\nnoise = 4\npaths = 50\n"))
        .expect("written");
    place.bless();
    assert_eq!(code(&place.test(&[])), 0);
    let text = std::fs::read_to_string(&file).expect("read");
    assert!(text.starts_with(&scenario), "the scenario itself is untouched");
    // Neither do pins count as inputs of the scenario.
    assert!(!text.contains("\nexpect: "), "{text}");
    let above = place.folder.path().join("above.toml");
    std::fs::write(&above, "extends = [\"it.toml\"]\n").expect("written");
    assert!(pinned(&above).list.is_empty());
    let folder = place.folder.path().to_str().expect("text");
    let output = loophole(&["test", "--plain", "--json", folder]);
    let report: serde_json::Value = serde_json::from_str(&out(&output)).expect("standard output is JSON");
    assert_eq!((code(&output), &report["holds"]), (0, &1.into()));
}

#[test]
fn a_list_of_inline_tables_is_blessed_too() {
    let text = "expect = [\n  { metric = \"a\", value = 1, noise = 4 }, # kept\n]\n";
    let edit = loophole::scenario::expect::bless::Edit {
        index: 0,
        value: 2.5,
        std_error: Some(0.25),
        digest: None,
        stamp: loophole::scenario::expect::Stamp {
            why: "why".into(),
            version: "1".into(),
            platform: "p".into(),
            paths: 2,
            seed: 3,
            sampling: "plain".into(),
            draws: None,
            inputs: None,
        },
    };
    let new = blessed(text, std::slice::from_ref(&edit), &Default::default()).expect("blessed");
    assert!(new.contains("value = 2.5, noise = 4") && new.contains("# kept"), "{new}");
    assert!(
        blessed(text, &[loophole::scenario::expect::bless::Edit { index: 1, ..edit }], &Default::default())
            .is_err()
    );
}

#[cfg(feature = "chart")]
#[test]
fn junit_is_xml_and_counts_what_failed() {
    use resvg::usvg::roxmltree::Document;
    let pins = "[[expect]]\nname = 'costs <a> & \"b\"'\nmetric = \"pv.spend\"\narm = \"open\"\nsign = \"negative\"\n\n\
                [[expect]]\nmetric = \"pv.spend\"\narm = \"open\"\nsign = \"positive\"\n\n\
                [[expect]]\nfigure = \"supply-mix\"\nseries = \"nobody\"\nsign = \"positive\"\n";
    let place = Place::of("gbm-rent.toml", pins);
    let file = place.folder.path().join("pins.xml");
    let output = place.test(&["--junit", file.to_str().expect("text")]);
    assert_eq!(code(&output), 1);
    let text = std::fs::read_to_string(&file).expect("written");
    let xml = Document::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let root = xml.root_element();
    let counts = ["tests", "failures", "errors"].map(|name| root.attribute(name).expect("a count"));
    assert_eq!((root.tag_name().name(), counts), ("testsuites", ["3", "1", "1"]), "{text}");
    let cases: Vec<_> = xml.descendants().filter(|node| node.has_tag_name("testcase")).collect();
    assert_eq!(cases.len(), 3);
    assert_eq!(cases[0].attribute("name"), Some("costs <a> & \"b\""));
    let failure = cases[0].first_element_child().expect("a failure");
    assert_eq!((failure.tag_name().name(), failure.attribute("type")), ("failure", Some("broken")));
    assert!(cases[1].first_element_child().is_none());
    assert!(cases[2].first_element_child().is_some_and(|child| child.has_tag_name("error")));
    // A report that cannot be written is said to be.
    let output = place.test(&["--junit", "/no/such/folder/pins.xml"]);
    assert_eq!(code(&output), 3, "{}", err(&output));
}

#[test]
fn a_pin_without_an_arm_is_of_the_first_that_is_not_the_baseline_where_none_is_marked() {
    let pin = "[[expect]]\nmetric = \"lost.12m.all\"\nmeasure = \"difference\"\nsign = \"positive\"\n";
    let place = Place::of("take-or-pay.toml", pin);
    let file = place.folder.path().join("it.toml");
    let text = std::fs::read_to_string(&file).expect("read").replace("headline = true", "");
    std::fs::write(&file, text).expect("written");
    let output = place.test(&[]);
    assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
}

#[test]
fn what_cannot_be_tested_is_an_error() {
    let place = Place::of("gbm-rent.toml", "[[expect]]\nmetric = \"pv.spnd\"\nsign = \"positive\"\n");
    let output = place.test(&[]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("did you mean \"pv.spend\"?"), "{}", err(&output));
    assert_eq!(code(&loophole(&["test", "no-such-file.toml"])), 1);
    assert_eq!(code(&loophole(&["test", "src"])), 1);
    let output =
        loophole(&["test", "scenarios/known/no-uncertainty.toml", "--filter", "nothing of the kind"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("no pin was chosen"), "{}", err(&output));
}
