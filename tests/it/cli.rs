//! The command line as a user meets it: exit codes, what goes to which stream, what lands on disk.

use std::path::Path;

use crate::binary::{code, err, loophole, out};

const SMALL: &str = "scenarios/known/take-or-pay.toml";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// Every file below a folder with its bytes, by relative name.
fn contents(root: &Path) -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![root.to_path_buf()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("below").display().to_string();
                files.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_good_run_prints_results_and_writes_a_whole_folder() {
    let place = folder();
    let target = place.path().join("results");
    let target = target.to_str().expect("a path of text");
    let output = loophole(&["compare", SMALL, "--out", target, "--save", "paths"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).starts_with("Take-or-pay under a ban"), "{}", out(&output));
    let names: Vec<String> = contents(Path::new(target)).into_iter().map(|(name, _)| name).collect();
    for name in ["manifest.json", "summary.csv", "summary.json", "monthly.csv", "paths.csv", "findings.md"] {
        assert!(names.iter().any(|found| found == name), "{name} is missing from {names:?}");
    }
    let left: Vec<String> = contents(place.path()).into_iter().map(|(name, _)| name).collect();
    assert!(left.iter().all(|name| name.starts_with("results/")), "something was left beside: {left:?}");
}

#[test]
fn a_comparison_shows_its_effect_in_characters_where_it_is_read() {
    let place = folder();
    let target = place.path().join("results");
    let target = target.to_str().expect("a path of text");
    let printed = |more: &[&str]| out(&loophole(&[&["compare", SMALL, "--out", target], more].concat()));
    let shown = printed(&[]);
    let (_, picture) = shown.rsplit_once("All rule designs\n").expect("a table of arms");
    assert!(
        picture.contains("minus open, path by path: marginal cost") && picture.contains("━ median"),
        "{shown}"
    );
    assert!(printed(&["-q"]).is_empty() && !printed(&["--json"]).contains('━'));
    assert!(printed(&["--set", "output.figures=[]"]).contains("━ median"), "it costs no file");
}

#[test]
fn the_same_inputs_give_the_same_bytes_at_any_number_of_threads() {
    let place = folder();
    let written: Vec<Vec<(String, Vec<u8>)>> = [("1", "a"), ("2", "b"), ("8", "c")]
        .iter()
        .map(|(threads, name)| {
            let target = place.path().join(name);
            let path = target.to_str().expect("a path of text");
            let args = ["compare", "scenarios/known/gbm-rent.toml", "--paths", "200", "--threads", threads];
            let output = loophole(&[&args[..], &["--out", path, "-q"]].concat());
            assert_eq!(code(&output), 0, "{}", err(&output));
            contents(&target)
        })
        .collect();
    assert!(written[0] == written[1] && written[1] == written[2], "bytes differ between thread counts");
}

/// On the instructions of any machine of this architecture, and on wider ones where the processor has them.
#[test]
fn the_same_inputs_give_the_same_bytes_on_any_instructions() {
    let place = folder();
    let written: Vec<Vec<(String, Vec<u8>)>> = ["baseline", "avx2", "avx512"]
        .iter()
        .map(|instructions| {
            let target = place.path().join(instructions);
            let path = target.to_str().expect("a path of text");
            let args = ["compare", "scenarios/close-the-door.toml", "--paths", "40", "--save", "paths"];
            let how = ["--set", "settings.months=36", "--instructions", instructions, "--out", path, "-q"];
            let output = loophole(&[&args[..], &how].concat());
            assert_eq!(code(&output), 0, "{}", err(&output));
            contents(&target)
        })
        .collect();
    assert!(written[0] == written[1] && written[1] == written[2], "bytes differ between instructions");
}

#[test]
fn figures_are_drawn_in_the_sizes_asked_for() {
    let place = folder();
    let drawn = |name: &str, more: &[&str]| -> Vec<(String, [u32; 2])> {
        let target = place.path().join(name);
        let path = target.to_str().expect("a path of text");
        let args = ["compare", SMALL, "-q", "--set", "output.figures=[\"effect\"]", "--out", path];
        let output = loophole(&[&args[..], more].concat());
        assert_eq!(code(&output), 0, "{}", err(&output));
        let side = |bytes: &[u8], at: usize| u32::from_be_bytes([0, 1, 2, 3].map(|k| bytes[at + k]));
        pictures(&target).into_iter().map(|(name, png)| (name, [side(&png, 16), side(&png, 20)])).collect()
    };
    let picture = |suffix: &str, sides| (format!("charts/effect{suffix}.png"), sides);
    let (note, wide) = (picture("", [2400, 1600]), picture("-wide", [3200, 1800]));
    let (column, square) = (picture("-column", [1600, 1800]), picture("-square", [2160, 2160]));
    assert_eq!(drawn("all", &["--size", "square,note,column,wide,note"]), [column, square, wide, note]);
    let in_file = ["--set", "output.sizes=[\"square\"]"];
    assert_eq!(drawn("default", &[]), [picture("", [2400, 1600])]);
    assert_eq!(drawn("file", &in_file), [picture("-square", [2160, 2160])]);
    let over_file = [&in_file[..], &["--size", "wide"]].concat();
    assert_eq!(drawn("flag", &over_file), [picture("-wide", [3200, 1800])]);
    let wrong = loophole(&["compare", SMALL, "--size", "poster"]);
    assert_eq!(code(&wrong), 2);
    assert!(err(&wrong).contains("note, wide, column, square"), "{}", err(&wrong));
}

/// PNG files below a folder, by name.
fn pictures(root: &Path) -> Vec<(String, Vec<u8>)> {
    contents(root).into_iter().filter(|(name, _)| name.ends_with(".png")).collect()
}

#[test]
fn json_on_standard_output_is_pure_data() {
    let place = folder();
    let target = place.path().join("results");
    let output = loophole(&["run", SMALL, "--json", "--out", target.to_str().expect("text")]);
    assert_eq!(code(&output), 0);
    let value: serde_json::Value = serde_json::from_str(&out(&output)).expect("standard output is JSON");
    assert_eq!(value["months"], 12);
}

#[test]
fn a_dry_run_writes_nothing() {
    let place = folder();
    let target = place.path().join("results");
    let output = loophole(&["compare", SMALL, "-n", "--out", target.to_str().expect("text")]);
    assert_eq!(code(&output), 0);
    assert!(!target.exists() && out(&output).contains("would simulate"));
}

#[test]
fn a_dry_run_is_told_as_data_too() {
    let output = loophole(&["compare", SMALL, "-n", "--json", "--paths", "70", "--out", "elsewhere"]);
    let value: serde_json::Value = serde_json::from_str(&out(&output)).expect("standard output is JSON");
    assert_eq!(
        (&value["paths"], &value["months"], &value["out"]),
        (&70.into(), &12.into(), &"elsewhere".into())
    );
}

#[test]
#[cfg(feature = "chart")]
fn signs_that_charts_cannot_show_are_named() {
    let output = loophole(&["compare", SMALL, "-n", "--set", "scenario.title=\"门 door\""]);
    assert_eq!(code(&output), 0);
    assert!(err(&output).contains("the font of the charts lacks: '门';"), "{}", err(&output));
    assert_eq!(err(&loophole(&["compare", SMALL, "-n", "--set", "scenario.title=\"Tür – door\""])), "");
}

#[test]
fn exit_codes_are_as_documented() {
    assert_eq!(code(&loophole(&["check", "scenarios/base-2026q4.toml"])), 0);
    assert_eq!(code(&loophole(&["check", "tests/bad/154-many-at-once.toml"])), 1);
    assert_eq!(code(&loophole(&["run", "no-such-file.toml"])), 1);
    assert_eq!(code(&loophole(&["compare"])), 2);
    assert_eq!(code(&loophole(&["run", SMALL, "--paths", "many"])), 2);
    assert_eq!(code(&loophole(&["compare", SMALL, "--arms", "open,nowhere"])), 2);
    assert_eq!(code(&loophole(&["show", SMALL, "no.such.key"])), 2);
    assert_eq!(code(&loophole(&["explain", SMALL, "--channel", "fleet", "--month", "1999-01"])), 2);
}

#[test]
fn results_that_cannot_be_written_change_nothing() {
    let place = folder();
    let file = place.path().join("taken");
    std::fs::write(&file, "mine").expect("a file");
    let output = loophole(&["run", SMALL, "--out", file.to_str().expect("text")]);
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("hint"), "{}", err(&output));
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "mine");
}

#[test]
fn a_folder_with_somebody_elses_file_is_left_alone() {
    let place = folder();
    let target = place.path().join("results");
    let args = ["run", SMALL, "-q", "--out", target.to_str().expect("text")];
    assert_eq!(code(&loophole(&args)), 0);
    assert_eq!(code(&loophole(&args)), 0, "its own results are replaced");
    std::fs::write(target.join("my-notes.md"), "mine").expect("a file");
    let output = loophole(&args);
    assert_eq!(code(&output), 3);
    assert!(err(&output).contains("my-notes.md"), "{}", err(&output));
    assert_eq!(std::fs::read_to_string(target.join("my-notes.md")).expect("still there"), "mine");
}

#[test]
fn flags_are_checked_like_the_file() {
    let output = loophole(&["check", SMALL, "--set", "channels.fleet.availability_fraction=55"]);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("0.55"), "the remedy is named: {}", err(&output));
    assert!(err(&output).contains("--set"), "the flag is named: {}", err(&output));
}

#[test]
fn explain_ends_in_the_unit_cost_of_the_run() {
    let args = ["explain", "scenarios/base-2026q4.toml", "--channel", "owned_910c", "--month", "2026-10"];
    let output = loophole(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = out(&output);
    for words in ["central path", "Capital charge", "Energy", "Cost of compute, Training", "scenarios/"] {
        assert!(text.contains(words), "{words} is missing from\n{text}");
    }
}

#[test]
fn two_files_can_be_compared() {
    let place = folder();
    let target = place.path().join("results");
    let files = ["scenarios/base-2026q4.toml", "scenarios/free-energy.toml"];
    let output =
        loophole(&["compare", files[0], files[1], "--paths", "16", "--out", target.to_str().expect("text")]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let findings = std::fs::read_to_string(target.join("findings.md")).expect("findings");
    let told = findings.lines().nth(2).expect("how it was made").to_string();
    for words in ["Scenarios `base-2026q4` as of 2026-11-24 (", " and `free-energy` as of 2026-11-24 ("] {
        assert!(told.contains(words), "{words:?} is missing from\n{told}");
    }
    assert!(out(&output).contains("\nScenarios base-2026q4 as of 2026-11-24 ("), "{}", out(&output));
    let picture = std::fs::read_to_string(target.join("charts/effect.svg")).expect("a figure");
    assert!(picture.contains(" (as of 2026-11-24) | "), "both are in the footnote");
}

#[test]
fn results_of_another_run_are_not_replaced_without_a_word() {
    let place = folder();
    let target = place.path().join("results");
    let target = target.to_str().expect("text");
    let run = |more: &[&str]| {
        let args = [&["run", SMALL, "--seed", "7", "--out", target][..], more].concat();
        let output = loophole(&args);
        assert_eq!(code(&output), 0, "{}", err(&output));
        err(&output)
    };
    assert!(!run(&["--paths", "4"]).contains("another run"));
    assert!(!run(&["--paths", "4", "--threads", "1"]).contains("another run"), "it is the same run");
    let planned = run(&["--paths", "5", "-n"]);
    assert!(planned.contains("holds results of another run"), "{planned}");
    let told = run(&["--paths", "5", "--set", "channels.rent.exit_fee_months=2"]);
    for words in ["= paths 4, now 5", "= --set none, now channels.rent.exit_fee_months=2", "`--out`"] {
        assert!(told.contains(words), "{words:?} is missing from\n{told}");
    }
}

#[test]
fn findings_repeat_what_was_warned_of() {
    let place = folder();
    let target = place.path().join("results");
    let unusual = "labs.all.hedge_share_fraction=30";
    let args = ["run", SMALL, "--paths", "4", "--set", unusual, "--out", target.to_str().expect("text")];
    assert_eq!(code(&loophole(&args)), 0);
    let findings = std::fs::read_to_string(target.join("findings.md")).expect("findings");
    let warning = "- labs.all.hedge_share_fraction is unusual: about 30; usual: 0 to 1 (fraction)";
    assert!(findings.contains(warning), "{findings}");
}

#[test]
fn a_failed_output_is_no_success_and_a_closed_pipe_no_failure() {
    use std::process::{Command, Stdio};
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    let show = || {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("loophole"));
        command.args(["show", SMALL]).stderr(Stdio::piped());
        command
    };
    if let Ok(full) = full {
        let output = show().stdout(full).output().expect("it starts");
        assert_eq!(code(&output), 3);
        assert!(err(&output).contains("cannot write to standard output"), "{}", err(&output));
    }
    let mut child = show().stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((code(&output), err(&output).as_str()), (0, ""));
}

/// A table that cannot be written is told, and the results are on disk all the same.
#[test]
fn results_outlive_a_failed_output() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else { return };
    let place = folder();
    let target = place.path().join("results");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("loophole"));
    command.args(["run", SMALL, "--paths", "16", "--out", target.to_str().expect("text")]);
    let output = command.stdout(full).output().expect("it starts");
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("cannot write to standard output"), "{}", err(&output));
    assert!(target.join("monthly.csv").exists() && target.join("manifest.json").exists());
}

/// The reader of a pipe may go away: what is on disk is whole, and the exit code is that of the command.
#[test]
fn a_closed_pipe_changes_neither_results_nor_exit_codes() {
    use std::process::{Command, Stdio};
    let unread = |args: &[&str]| {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("loophole"));
        let mut child =
            command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        child.wait_with_output().expect("it ends")
    };
    let place = folder();
    let target = place.path().join("results");
    let output = unread(&["compare", SMALL, "--out", target.to_str().expect("text")]);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let whole = place.path().join("whole");
    assert_eq!(code(&loophole(&["compare", SMALL, "-q", "--out", whole.to_str().expect("text")])), 0);
    assert!(contents(&target) == contents(&whole));
    // A pin that does not hold.
    let args = ["test", SMALL, "--set", "channels.rent.exit_fee_months=9"];
    assert_eq!(code(&loophole(&args)), 1, "the pin holds");
    assert_eq!(code(&unread(&args)), 1);
}

/// A disk that takes only so much, by the limit on a file's size: results are refused with the remedy and nothing is left.
#[cfg(unix)]
#[test]
fn results_that_do_not_fit_leave_nothing_behind() {
    use std::process::Command;
    let place = folder();
    let binary = assert_cmd::cargo::cargo_bin!("loophole");
    let run = |more: &str| {
        let target = place.path().join("results");
        let line = format!(
            "trap '' XFSZ; ulimit -f 8; exec {} compare {SMALL} -q --out {} {more}",
            binary.display(),
            target.display()
        );
        Command::new("sh").args(["-c", &line]).output().expect("a shell")
    };
    let output = run("--save paths --checkpoint-every 1ms --paths 400");
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert!(err(&output).contains("cannot write") && err(&output).contains("ulimit -f"), "{}", err(&output));
    let left: Vec<String> = contents(place.path()).into_iter().map(|(name, _)| name).collect();
    assert!(left.iter().all(|name| name == "results.checkpoint"), "{left:?}");
    // What was there stays.
    let target = place.path().join("results");
    assert_eq!(code(&loophole(&["compare", SMALL, "-q", "--out", target.to_str().expect("text")])), 0);
    let before = contents(&target);
    assert_eq!(code(&run("--paths 3")), 3);
    assert!(contents(&target) == before);
}

#[test]
fn a_place_that_cannot_hold_results_is_told_before_the_work() {
    let place = folder();
    let file = place.path().join("file");
    std::fs::write(&file, "mine").expect("a file");
    let below = file.join("results");
    // As many paths as would take hours.
    let long = place.path().join("x".repeat(300));
    for (command, place, why) in
        [("run", &file, "it is a file"), ("compare", &below, "it is a file"), ("run", &long, "too long")]
    {
        let args = [command, SMALL, "--paths", "90000000", "--max-memory", "9TiB", "--out"];
        let output = loophole(&[&args[..], &[place.to_str().expect("text")]].concat());
        assert_eq!(code(&output), 3, "{}", err(&output));
        assert!(err(&output).contains(why) && err(&output).contains("hint"), "{}", err(&output));
    }
    let edit =
        ["--set", "channels.rent.exit_fee_months=2", "--paths", "90000000", "--max-memory", "9TiB", "--out"];
    let output = loophole(&[&["diff", SMALL], &edit[..], &[below.to_str().expect("text")]].concat());
    assert_eq!(code(&output), 3, "{}", err(&output));
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "mine");
}

#[test]
fn what_the_command_line_names_must_exist_once() {
    for (args, told) in [
        (["compare", SMALL, "--arms", "open,nobody"], "no arm \"nobody\""),
        (["compare", SMALL, "--arms", "open,open"], "\"open\" is named twice"),
        (["compare", SMALL, "--arms", "open"], "there is one arm"),
        (["run", SMALL, "--paths", "200000000"], "100000000"),
        (["run", SMALL, "--seed", "9223372036854775808"], "9223372036854775807"),
    ] {
        let output = loophole(&[&args[..], &["-n"]].concat());
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(err(&output).contains(told), "{}", err(&output));
    }
    assert_eq!(code(&loophole(&["show", SMALL, "nothing.here"])), 2);
}

#[test]
fn a_run_tells_what_bears_on_it_and_labels_follow_the_numbers() {
    let flagship = "scenarios/close-the-door.toml";
    let short = loophole(&["compare", flagship, "--set", "settings.months=2", "-n"]);
    assert_eq!(code(&short), 0);
    assert!(err(&short).contains("is outside the horizon"), "{}", err(&short));
    let place = folder();
    let target = place.path().join("results");
    let args = ["compare", flagship, "--paths", "4", "--set", "settings.months=12"];
    let args = [&args[..], &["--set", "rules.linear.wind_down_days=90", "--out"]].concat();
    let output =
        loophole(&[&args[..], &[target.to_str().expect("text"), "--arms", "open,wind-down"]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("Door closed: 90-day wind-down"), "{}", out(&output));
    for (name, bytes) in contents(&target) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let labelled =
            ["findings.md", "summary.csv", "monthly.csv"].contains(&name.as_str()) || name.ends_with(".txt");
        assert!(!labelled || !text.contains("180-day"), "{name} speaks of 180 days");
    }
}

#[test]
fn what_a_scenario_and_its_pins_have_in_common_is_told_once() {
    let place = folder();
    let at = |name: &str| place.path().join(name).to_str().expect("a path of text").to_string();
    for ending in ["toml", "expect.toml"] {
        let from = format!("scenarios/known/gbm-rent.{ending}");
        std::fs::copy(from, at(&format!("rent.{ending}"))).expect("copied");
    }
    let check = || loophole(&["check", &at("rent.toml"), &at("rent.expect.toml")]);
    let output = check();
    assert!(out(&output).ends_with("rent.expect.toml: ok (5 warnings, told above)\n"), "{}", out(&output));
    assert_eq!(err(&output).matches("warning: 3 numbers in [channels]").count(), 1, "{}", err(&output));
    let text = std::fs::read_to_string(at("rent.toml")).expect("text");
    let wrong = text.replacen("mfu_fraction = 0.5", "mfu_fraction = 5", 1);
    std::fs::write(at("rent.toml"), wrong).expect("written");
    let output = check();
    assert_eq!(code(&output), 1);
    assert_eq!(err(&output).matches("mfu_fraction is outside its range").count(), 1, "{}", err(&output));
    assert!(err(&output).contains("rent.expect.toml: 1 error, told above"), "{}", err(&output));
}

#[test]
fn pins_beside_a_scenario_are_checked_as_it_stands() {
    let flagship = "scenarios/close-the-door.toml";
    let output = loophole(&["check", flagship, "--set", "settings.months=48"]);
    assert_eq!(code(&output), 0, "{}", err(&output));
}

#[test]
fn a_run_that_would_take_too_much_memory_is_refused_with_the_remedy() {
    let flagship = "scenarios/close-the-door.toml";
    let refused = loophole(&["compare", flagship, "--paths", "100000", "-n", "--max-memory", "512MiB"]);
    assert_eq!(code(&refused), 1);
    assert!(
        err(&refused).contains("--max-memory") && err(&refused).contains("100,000 paths"),
        "{}",
        err(&refused)
    );
    assert_eq!(code(&loophole(&["compare", flagship, "--paths", "100000", "-n", "--max-memory", "4TiB"])), 0);
    // Beyond 100,000 paths not every one is kept.
    assert_eq!(code(&loophole(&["compare", flagship, "--paths", "50000000", "-n"])), 0);
    assert_eq!(code(&loophole(&["compare", flagship, "--max-memory", "1MiB"])), 1);
    for size in ["8 parsec", "-1GiB", "0", "1", "99999999999TiB", "1.5GiB"] {
        assert_eq!(
            code(&loophole(&["compare", flagship, "-n", &format!("--max-memory={size}")])),
            2,
            "{size}"
        );
    }
}

#[test]
fn a_run_that_keeps_only_some_paths_saves_none() {
    let refused =
        loophole(&["run", "scenarios/known/gbm-rent.toml", "--paths", "100001", "--save", "paths", "-n"]);
    assert_eq!(code(&refused), 2, "{}", err(&refused));
    assert!(err(&refused).contains("of more than 100,000 paths"), "{}", err(&refused));
    assert_eq!(code(&loophole(&["run", "scenarios/known/gbm-rent.toml", "--paths", "100001", "-n"])), 0);
}

#[test]
fn two_scenarios_that_cannot_be_paired_are_told_all_that_keeps_them_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string("scenarios/known/ou-rent.toml").expect("a shipped scenario");
    let other = folder.path().join("other.toml");
    let moved = text.replace("start = \"2026-10\"", "start = \"2026-12\"");
    assert_ne!(moved, text);
    std::fs::write(&other, moved).expect("written");
    let other = other.to_str().expect("text");
    let refused = loophole(&["compare", "scenarios/known/ou-rent.toml", other, "-n"]);
    assert_eq!(code(&refused), 1, "{}", out(&refused));
    let told = err(&refused);
    assert!(told.contains("in settings.start: 2026-12; the first: 2026-10"), "{told}");
    assert!(!told.contains("settings.months:"), "{told}");
    let refused = loophole(&["compare", "scenarios/known/ou-rent.toml", "scenarios/one-lab.toml", "-n"]);
    let told = err(&refused);
    for name in ["workloads", "channels", "labs"] {
        assert!(told.contains(&format!("\n  in {name}: ")), "{told}");
    }
}

#[test]
fn a_dry_run_says_where_results_would_have_no_place() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("notes.txt"), "mine").expect("written");
    let out = folder.path().to_str().expect("text");
    let refused = loophole(&["run", "scenarios/known/gbm-rent.toml", "-n", "--out", out]);
    assert_eq!(code(&refused), 3);
    assert!(err(&refused).contains("notes.txt is not one of its results"), "{}", err(&refused));
}

#[test]
fn figures_that_are_asked_for_and_cannot_be_drawn_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let to = folder.path().join("results");
    let to = to.to_str().expect("text");
    let set = "output.figures=[\"delay\",\"supply-mix\"]";
    let args = ["run", "scenarios/known/gbm-rent.toml", "--paths", "20", "--set", set, "--out", to];
    let output = loophole(&args);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(err(&output).contains("delay: not drawn"), "{}", err(&output));
    assert!(!err(&output).contains("supply-mix: not drawn"), "{}", err(&output));
}
