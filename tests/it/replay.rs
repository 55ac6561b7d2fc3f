//! `loophole replay`: a manifest alone gives the same results again, and whatever is not the same is told.

use std::path::{Path, PathBuf};

use loophole::encoding::seal;
use loophole::export::manifest::Manifest;
use serde_json::Value;

use crate::binary::{code, err, loophole, out};

const MADE_UP: &str = "scenarios/every-form.toml";

/// Results of a command in a folder of their own.
fn results(args: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a temporary folder");
    let target = place.path().join("results");
    let output = loophole(&[args, &["--out", target.to_str().expect("text"), "-q"]].concat());
    assert_eq!(code(&output), 0, "{}", err(&output));
    (place, target)
}

fn replay(path: &Path) -> std::process::Output {
    loophole(&["replay", path.to_str().expect("text")])
}

/// The manifest of a folder with something in it changed, sealed again as only its own writer would.
fn edited(folder: &Path, edit: impl Fn(&mut Value)) {
    let path = folder.join("manifest.json");
    let mut manifest: Value =
        serde_json::from_slice(&std::fs::read(&path).expect("a manifest")).expect("JSON");
    edit(&mut manifest);
    manifest["seal"] = seal(&manifest).expect("an object").into();
    std::fs::write(&path, format!("{manifest:#}\n")).expect("it is written");
}

#[test]
fn a_manifest_alone_gives_the_same_bytes() {
    let overlay = tempfile::tempdir().expect("a temporary folder");
    let overlay = overlay.path().join("shorter.toml");
    std::fs::write(&overlay, "settings.months = 9\n").expect("it is written");
    let overlay = overlay.to_str().expect("text");
    for args in [
        &[
            "compare",
            MADE_UP,
            "--with",
            overlay,
            "--set",
            "settings.seed=5",
            "--paths",
            "40",
            "--save",
            "paths",
        ][..],
        &["run", "scenarios/known/gbm-rent.toml", "--paths", "12", "--seed", "3"],
        &[
            "compare",
            "scenarios/known/learning.toml",
            "scenarios/known/learning.toml",
            "--set",
            "settings.seed=3",
        ],
    ] {
        let (place, results) = results(args);
        let alone = place.path().join("alone.json");
        std::fs::rename(results.join("manifest.json"), &alone).expect("it moves");
        let output = replay(&alone);
        assert_eq!(code(&output), 0, "{}{}", out(&output), err(&output));
        assert!(out(&output).ends_with("results are the same, bit by bit\n"), "{}", out(&output));
        let again = place.path().join("again");
        let args = ["replay", alone.to_str().expect("text"), "--out", again.to_str().expect("text"), "-q"];
        assert_eq!(code(&loophole(&args)), 0);
        let read = |folder: &Path, name: &str| std::fs::read(folder.join(name)).expect("a result");
        assert_eq!(read(&again, "monthly.csv"), read(&results, "monthly.csv"));
        assert_eq!(read(&again, "manifest.json"), std::fs::read(&alone).expect("the manifest"));
    }
}

#[test]
fn what_differs_is_named() {
    let (_place, folder) = results(&["run", "scenarios/known/gbm-rent.toml", "--paths", "12"]);
    // A digest that no result has.
    edited(&folder, |manifest| {
        let results = manifest["results"].as_array_mut().expect("a list");
        let findings = results.iter_mut().find(|file| file["name"] == "findings.md").expect("findings");
        findings["sha256"] = "0".repeat(64).into();
    });
    let output = replay(&folder);
    assert_eq!(code(&output), 1);
    let told = out(&output);
    assert!(told.contains("findings.md: differs"), "{told}");
    assert!(told.contains("findings.md: the file on disk was changed"), "{told}");
    assert!(told.contains("the manifest was edited, or this is a fault"), "{told}");
    // Another program may compute otherwise.
    edited(&folder, |manifest| manifest["program"]["version"] = "9.9.9".into());
    let told = out(&replay(&folder));
    assert!(told.contains("it was made by version 9.9.9, this is"), "{told}");
    let json: Value =
        serde_json::from_str(&out(&loophole(&["replay", folder.to_str().expect("text"), "--json"])))
            .expect("JSON");
    assert_eq!(json["reproduced"], false);
    assert_eq!(
        json["results"].as_array().expect("a list").iter().filter(|it| it["again"] == "other").count(),
        1
    );
}

#[test]
fn another_seed_moves_numbers_and_the_greatest_move_is_named() {
    let (_place, folder) = results(&["run", "scenarios/known/gbm-rent.toml", "--paths", "12"]);
    edited(&folder, |manifest| manifest["request"]["seed"] = 77.into());
    let output = replay(&folder);
    assert_eq!(code(&output), 1);
    let told = out(&output);
    assert!(
        told.contains("monthly.csv: differs: ") && told.contains(" numbers moved, the most by "),
        "{told}"
    );
}

#[test]
fn a_result_changed_on_disk_is_told() {
    let (_place, folder) = results(&["run", "scenarios/known/gbm-rent.toml", "--paths", "12"]);
    std::fs::write(folder.join("summary.csv"), "made up\n").expect("it is written");
    let output = replay(&folder);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("summary.csv: the file on disk was changed since it was recorded"));
}

#[test]
fn a_damaged_manifest_is_refused_with_every_reason() {
    let (_place, folder) = results(&["run", "scenarios/known/gbm-rent.toml", "--paths", "12"]);
    let whole = std::fs::read_to_string(folder.join("manifest.json")).expect("a manifest");
    let told = |edit: &dyn Fn(&mut Value)| {
        std::fs::write(folder.join("manifest.json"), &whole).expect("it is written");
        edited(&folder, edit);
        let output = replay(&folder);
        assert_eq!(code(&output), 1);
        assert_eq!(out(&output), "");
        err(&output)
    };
    let text = told(&|it| {
        it["files"][0]["text"] = "title = 1".into();
        it["request"]["with"] = vec!["/etc/hostname"].into();
    });
    assert!(text.contains("the text of scenarios/known/gbm-rent.toml is not the one its digest"), "{text}");
    assert!(text.contains("the text of /etc/hostname is not recorded"), "{text}");
    assert!(told(&|it| it["format"] = 1.into()).contains("has format 1, this version reads format 3"));
    assert!(told(&|it| it["request"]["scenarios"] = Value::Array(Vec::new())).contains("0 scenarios"));
    assert!(told(&|it| it["seed"] = (-1).into()).contains("is not a manifest of loophole"));
    assert!(told(&|it| it["surplus"] = 1.into()).contains("unknown field"));
    assert!(told(&|it| it["incomplete"] = true.into()).contains("interrupted"));
    assert!(told(&|it| it["request"]["arms"] = vec!["nobody"].into()).contains("no arm \"nobody\""));
    // Cut anywhere, it is no manifest.
    for cut in [0, 1, whole.len() / 3, whole.len() - 3] {
        std::fs::write(folder.join("manifest.json"), &whole[..cut]).expect("it is written");
        let output = replay(&folder);
        assert_eq!(code(&output), 1);
        assert!(err(&output).contains("is not a manifest of loophole"), "{}", err(&output));
    }
    let nowhere = replay(&folder.join("nowhere"));
    assert!(code(&nowhere) == 1 && err(&nowhere).contains("cannot be read"));
}

/// Whichever byte of a manifest is another, and wherever it is cut: it is refused in words, or says what it said.
#[test]
fn a_manifest_with_a_wrong_byte_is_refused_or_says_the_same() {
    let (_place, folder) = results(&["run", "scenarios/known/gbm-rent.toml", "--paths", "2", "--seed", "3"]);
    let whole = std::fs::read(folder.join("manifest.json")).expect("a manifest");
    let read = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(Manifest::read);
    let said = read(&whole).expect("text").expect("a manifest");
    let mut the_same = 0;
    for at in 0..whole.len() {
        for flip in [1_u8, 0x20, 0x80] {
            let mut spoilt = whole.clone();
            spoilt[at] ^= flip;
            match read(&spoilt) {
                None => {}
                Some(Err(problems)) => assert!(problems.iter().all(|why| !why.is_empty()), "byte {at}"),
                Some(Ok(manifest)) => {
                    assert_eq!(manifest, said, "byte {at} became {}", spoilt[at]);
                    the_same += 1;
                }
            }
        }
        assert!(at + 2 >= whole.len() || read(&whole[..at]).is_none_or(|it| it.is_err()), "cut at {at}");
    }
    // Spaces between words may be other spaces.
    assert!(the_same < whole.len() / 10, "{the_same} of {}", whole.len());
    // Through the command line, at places that would move numbers without a word: what was asked for.
    let text = String::from_utf8(whole).expect("text");
    for (then, now) in [("\"seed\": 3", "\"seed\": 7"), ("\"paths\": 2", "\"paths\": 6")] {
        assert!(text.contains(then));
        std::fs::write(folder.join("manifest.json"), text.replacen(then, now, 1)).expect("it is written");
        let manifest = folder.to_str().expect("text");
        for args in [&["replay", manifest][..], &["diff", manifest, "scenarios/known/gbm-rent.toml", "-n"]] {
            let output = loophole(args);
            assert_eq!(code(&output), 1, "{}", out(&output));
            let told = err(&output);
            assert!(told.contains("its seal does not fit") && told.contains("hint:"), "{told}");
        }
    }
}

#[test]
fn a_recorded_name_cannot_reach_out_of_its_folder() {
    let (place, folder) = results(&["run", "scenarios/known/gbm-rent.toml", "--paths", "12"]);
    std::fs::write(place.path().join("secret"), "1,2,3\n").expect("it is written");
    edited(&folder, |manifest| manifest["results"][0]["name"] = "../secret".into());
    let output = replay(&folder);
    assert_eq!(code(&output), 1);
    assert!(out(&output).contains("../secret: was made then and not now"), "{}", out(&output));
    assert!(!out(&output).contains("on disk"), "{}", out(&output));
}
