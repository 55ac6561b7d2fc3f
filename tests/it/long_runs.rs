//! Long runs survive: taken up where they left off, and killed at any moment, they give the same bytes.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use loophole::encoding::sha256;
use loophole::engine::executor::{Checkpoint, EngineError, Options, simulate, simulate_from};
use loophole::engine::outcome::Outcome;
use loophole::engine::progress::Progress;

use crate::binary::{code, err, loophole};
use crate::support::shipped;

/// Every number of an outcome, as bits.
fn bits(outcome: &Outcome) -> Vec<u64> {
    let mut all: Vec<u64> = outcome.paths.clone();
    for arm in 0..outcome.arms.len() {
        for scalar in 0..outcome.catalogue.scalars.len() {
            all.extend(outcome.scalar_at(arm, scalar).iter().map(|value| value.to_bits()));
        }
        for metric in 0..outcome.catalogue.monthly.len() {
            for month in 0..outcome.months {
                let cell = outcome.level(arm, metric, month);
                let mean = cell.mean();
                let numbers = [mean.value, mean.std_error, cell.quantile(0.05), cell.quantile(0.5)];
                all.extend(numbers.iter().map(|value| value.to_bits()));
            }
        }
    }
    all
}

#[test]
fn a_run_taken_up_anywhere_ends_in_the_same_bits() {
    let identity = sha256(b"this run");
    for (sampling, threads) in [("plain", 1), ("antithetic", 2), ("sobol", 2)] {
        let sampling = format!("settings.sampling=\"{sampling}\"");
        let sets = [sampling.as_str(), "settings.paths=250"];
        let job = shipped("known/constant-hazard.toml", &sets).job();
        let whole = bits(&simulate(&job, &Options { threads: 2, ..Options::default() }).expect("it runs"));
        let kept: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        let keep = |progress: &Progress| kept.lock().expect("whole").push(progress.to_bytes(&identity));
        let checkpoint = Some(Checkpoint { due: &|| true, keep: &keep });
        let stopping = Options { threads, checkpoint, ..Options::default() };
        assert!(bits(&simulate(&job, &stopping).expect("it runs")) == whole, "{sampling}: setting down");
        let kept = kept.into_inner().expect("whole");
        assert!(kept.len() >= 4, "{sampling}: {} checkpoints", kept.len());
        for (at, bytes) in kept.iter().enumerate() {
            let from = Progress::from_bytes(bytes, &identity).expect("a checkpoint");
            let threads = 1 + at % 3;
            let options = Options { threads, ..Options::default() };
            let outcome = simulate_from(&job, &options, Some(from)).expect("it runs");
            assert!(bits(&outcome) == whole, "{sampling}: taken up from checkpoint {at}");
        }
        let other = shipped("known/gbm-rent.toml", &["settings.paths=250"]).job();
        let from = Progress::from_bytes(&kept[0], &identity).expect("a checkpoint");
        let refused = simulate_from(&other, &Options::default(), Some(from));
        assert_eq!(refused.map(drop), Err(EngineError::OtherJob));
    }
}

/// A run of about three seconds on one thread.
fn long_run(out: &Path) -> Command {
    let mut command = Command::new(cargo_bin!("loophole"));
    command
        .args(["compare", "scenarios/close-the-door.toml", "--arms", "open,wind-down", "--save", "paths"])
        .args(["--set", "output.figures=[\"effect\"]", "--set", "settings.months=24"])
        .args(["--paths", "1600", "--threads", "1", "--checkpoint-every", "40ms", "--resume", "-q", "--out"])
        .arg(out)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Whether it ended by itself within a time; it is killed otherwise.
fn ended_within(mut child: Child, time: Duration) -> bool {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if child.try_wait().expect("it is a child").is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    false
}

/// Names and contents of all results below a folder.
fn results(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(results(&path));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            all.push((path, bytes));
        }
    }
    all.sort();
    all
}

/// Kills as many runs as `LOOPHOLE_KILLS` says, 10 if it does not, each at a moment of its own.
#[test]
fn a_run_killed_at_any_moment_is_resumed_to_the_same_bytes() {
    let kills: usize = std::env::var("LOOPHOLE_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let place = tempfile::tempdir().expect("a temporary folder");
    let target = place.path().join("results");
    let named = |all: Vec<(PathBuf, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
        let short = |path: PathBuf| path.strip_prefix(&target).expect("below").display().to_string();
        all.into_iter().map(|(path, bytes)| (short(path), bytes)).collect()
    };
    let begun = Instant::now();
    assert!(long_run(&target).status().expect("it starts").success());
    let whole_run = begun.elapsed();
    let whole = named(results(&target));
    let mut random = 0x9e37_79b9_7f4a_7c15_u64 ^ std::process::id() as u64;
    let (mut killed, mut resumed, mut ended) = (0, 0, 0);
    while killed < kills {
        std::fs::remove_dir_all(&target).expect("results");
        // Each run is killed up to three times before it may end.
        for _ in 0..3 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = (random >> 11) as f64 / (1_u64 << 53) as f64;
            let child = long_run(&target).spawn().expect("it starts");
            if ended_within(child, whole_run.mul_f64(share * 0.9)) {
                break;
            }
            killed += 1;
            // Results are there whole or not at all.
            assert!(!target.exists() || named(results(&target)) == whole);
            resumed += usize::from(place.path().join("results.checkpoint").exists());
        }
        assert!(long_run(&target).status().expect("it starts").success());
        assert!(named(results(&target)) == whole, "after {killed} kills");
        assert!(!place.path().join("results.checkpoint").exists());
        ended += 1;
    }
    println!(
        "{killed} runs killed, {resumed} left a checkpoint, {ended} ended with the bytes of the run that was let be"
    );
    assert!(resumed > 0);
}

#[test]
fn a_checkpoint_that_cannot_be_continued_is_refused_and_kept() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let out = place.path().join("results");
    let out = out.to_str().expect("text");
    let file = place.path().join("results.checkpoint");
    let run = |more: &[&str]| {
        let args = ["run", "scenarios/known/gbm-rent.toml", "--paths", "8", "--out", out, "-q"];
        loophole(&[&args[..], more].concat())
    };
    let fresh = run(&["--resume"]);
    assert_eq!(code(&fresh), 0);
    assert!(err(&fresh).contains("starting from the first path"), "{}", err(&fresh));
    for (bytes, why) in [
        (&b"title = 1"[..], "it is not a checkpoint"),
        (b"loophole checkpoint\n\x06short", "cut short or was changed"),
        (b"loophole checkpoint\n\xff", "it has format 255"),
    ] {
        std::fs::write(&file, bytes).expect("it is written");
        let refused = run(&["--resume"]);
        assert_eq!(code(&refused), 1);
        assert!(err(&refused).contains(why), "{}", err(&refused));
        assert_eq!(std::fs::read(&file).expect("it is still there"), bytes);
    }
    let anew = run(&[]);
    assert_eq!(code(&anew), 0);
    assert!(err(&anew).contains("`--resume` continues it"), "{}", err(&anew));
}

/// Copies a folder of results.
fn copy(from: &Path, to: &Path) {
    for (path, bytes) in results(from) {
        let copied = to.join(path.strip_prefix(from).expect("it is below"));
        std::fs::create_dir_all(copied.parent().expect("it is in a folder")).expect("made");
        std::fs::write(copied, bytes).expect("written");
    }
}

/// Any byte of a checkpoint may be another, and it may end anywhere: it is refused with the remedy and stays.
#[test]
fn a_spoilt_checkpoint_is_refused_and_a_vanished_input_told() {
    let place = tempfile::tempdir().expect("a temporary folder");
    let scenario = place.path().join("mine.toml");
    let known = std::fs::read_to_string("scenarios/known/gbm-rent.toml").expect("a shipped scenario");
    std::fs::write(&scenario, &known).expect("it is written");
    let out = place.path().join("results");
    let file = place.path().join("results.checkpoint");
    let run = |more: &[&str]| {
        let (scenario, out) = (scenario.to_str().expect("text"), out.to_str().expect("text"));
        let args = ["run", scenario, "--paths", "2000", "--checkpoint-every", "1ms", "-q", "--out", out];
        loophole(&[&args[..], more].concat())
    };
    let child = std::process::Command::new(cargo_bin!("loophole"))
        .args(["run", scenario.to_str().expect("text"), "--paths", "2000", "--checkpoint-every", "1ms", "-q"])
        .args(["--threads", "1", "--out", out.to_str().expect("text")])
        .spawn();
    let mut child = child.expect("it starts");
    let end = Instant::now() + Duration::from_secs(60);
    let kept = loop {
        if let Ok(bytes) = std::fs::read(&file) {
            break bytes;
        }
        assert!(Instant::now() < end, "no checkpoint was set down");
        std::thread::sleep(Duration::from_millis(1));
    };
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.expect("it can be interrupted").success());
    child.wait().expect("it ends");
    let left = place.path().join("results-incomplete");
    assert!(left.join("manifest.json").is_file());
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for case in 0..60 {
        let mut spoilt = kept.clone();
        match case % 3 {
            0 => spoilt[next(kept.len())] ^= 1 << next(8),
            1 => spoilt.truncate(next(kept.len())),
            _ => spoilt.push(next(256) as u8),
        }
        std::fs::write(&file, &spoilt).expect("it is written");
        let refused = run(&["--resume"]);
        assert_eq!(code(&refused), 1, "case {case}");
        let told = err(&refused);
        assert!(told.contains("cannot continue from") && told.contains("hint: run without"), "{told}");
        assert!(std::fs::read(&file).expect("it is still there") == spoilt && !out.exists());
    }
    std::fs::write(&file, &kept).expect("it is written");
    let other = run(&["--resume", "--seed", "5"]);
    assert_eq!(code(&other), 1);
    let told = err(&other);
    assert!(told.contains("of other files, flags or code") && told.contains("\n  = seed "), "{told}");
    assert!(told.contains(", now 5\n"), "{told}");
    std::fs::remove_file(&scenario).expect("it was written");
    let vanished = run(&["--resume"]);
    assert_eq!(code(&vanished), 1);
    assert!(err(&vanished).contains("no such file"), "{}", err(&vanished));
    assert!(std::fs::read(&file).expect("it is still there") == kept && !out.exists());
    std::fs::write(&scenario, &known).expect("it is written");
    let resumed = run(&["--resume"]);
    assert_eq!(code(&resumed), 0, "{}", err(&resumed));
    assert!(!file.exists() && out.join("manifest.json").is_file());
    // What was left of it is removed with it, and nothing that only has its name.
    assert!(!left.exists());
    copy(&out, &left);
    assert_eq!(code(&run(&[])), 0);
    assert!(left.exists());
}

#[test]
fn times_are_written_with_their_unit() {
    for time in ["0", "-1s", "1 parsec", "1d", "s", "1e-9s", "nan", "inf", "2"] {
        let flag = format!("--checkpoint-every={time}");
        let refused = loophole(&["run", "scenarios/known/gbm-rent.toml", "-n", &flag]);
        assert_eq!(code(&refused), 2, "{time}");
    }
    for time in ["1ms", "0.5s", "2s", "3m", "1h"] {
        let taken = loophole(&["run", "scenarios/known/gbm-rent.toml", "-n", "--checkpoint-every", time]);
        assert_eq!(code(&taken), 0, "{time}: {}", err(&taken));
    }
}
