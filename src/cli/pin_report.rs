//! The report of `loophole test`: in words, as JSON, as JUnit XML.

use std::fmt::Write as _;

use loophole::analysis::answer::unit_of;
use loophole::analysis::expect::{
    Answer, Finding, Setting, Status, Verdict, combined, expected_false_alarms, false_alarm_of,
};
use loophole::encoding;
use loophole::numbers::Unit;
use loophole::scenario::Scenario;
use loophole::scenario::difference::is_of_members;
use loophole::scenario::expect::inputs::{Change, Difference};
use loophole::scenario::expect::{Check, Direction, Pin, Sign};
use serde_json::{Value, json};

use super::terminal::plural;

/// Most changed inputs that are named.
const NAMED: usize = 8;

/// Movements that chance alone makes less often are real.
const SELDOM: f64 = 1e-3;

/// A pin with what was found of it.
pub struct Told<'a> {
    /// Number of its scenario.
    pub suite: usize,
    /// The pin.
    pub pin: &'a Pin,
    /// What was found.
    pub verdict: Verdict,
    /// How it was run.
    pub setting: Setting,
    /// Inputs that changed since the value was taken; none if they were not recorded.
    pub changes: Option<Vec<Change>>,
    /// Its scenario.
    pub scenario: &'a Scenario,
}

/// Everything that was found.
pub struct Report<'a> {
    /// Pins in the order of the files.
    pub told: &'a [Told<'a>],
    /// Scenarios that have errors.
    pub unread: &'a [String],
}

impl Told<'_> {
    /// Whether a new value would settle it, or nothing needs to be settled.
    pub fn may_be_blessed(&self) -> bool {
        match self.verdict.status {
            Status::Holds | Status::Unpinned => true,
            Status::Moved => self.pin.derived.is_none(),
            Status::Broken | Status::Unanswered => false,
        }
    }

    /// Why a new value would not settle it.
    pub fn why_not_blessed(&self) -> &'static str {
        match self.verdict.status {
            Status::Broken => {
                "does not hold, and no value would make it: change the model, the scenario or the pin"
            }
            Status::Unanswered => "has no answer to bless",
            _ => "has a derived value, which a run cannot replace: change the model or the derivation",
        }
    }

    /// "name: from 2.11 to 2.38", indented.
    pub fn blessing(&self) -> String {
        let now = &self.verdict.answers[0];
        let from = match self.pin.value {
            Some(_) => {
                let (then, now) = self.then_and_now(now);
                format!("from {then} to {now}")
            }
            None => number(now.unit, now.value, now.std_error.unwrap_or(0.0)),
        };
        format!("  {}: {from}\n", self.pin.name)
    }

    /// What was found in a line, and for what does not hold why, indented below.
    pub fn words(&self) -> String {
        let mut text = format!("  {:<10} {}: {}\n", self.verdict.status.id(), self.pin.name, self.summary());
        for line in self.explanation() {
            let _ = writeln!(text, "             {line}");
        }
        text
    }

    /// Its findings in a sentence.
    pub fn summary(&self) -> String {
        if let Some(problem) = &self.verdict.problem {
            return problem.clone();
        }
        let words: Vec<String> = self
            .verdict
            .findings
            .iter()
            .map(|finding| self.finding(finding))
            .filter(|words| !words.is_empty())
            .collect();
        words.join("; ")
    }

    /// What a reader of a failure needs beside the sentence.
    fn explanation(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.verdict.status == Status::Holds {
            return lines;
        }
        lines.push(format!("at {}", self.pin.place));
        if let Some(stamp) = &self.pin.stamp {
            let (then, now) = ((stamp.paths, stamp.seed), (self.setting.run.paths, self.setting.run.seed));
            if then != now {
                lines.push(format!(
                    "taken on {} paths of seed {}, now {} of seed {}",
                    then.0, then.1, now.0, now.1
                ));
            }
            if self.verdict.status == Status::Moved {
                lines.push(self.inputs(&stamp.version));
                lines.push(format!("taken because: {}", stamp.why));
            }
        }
        if let (Some(derived), Status::Moved) = (&self.pin.derived, self.verdict.status) {
            lines.push(format!("derived: {derived}"));
        }
        lines
    }

    /// Whether the value was taken on the same seed, paths and sampling of other inputs, which then moved it and not chance.
    fn same_seed_on_other_inputs(&self) -> bool {
        let run = self.setting.run;
        let same = self.pin.stamp.as_ref().is_some_and(|stamp| {
            (stamp.seed, stamp.paths) == (run.seed, run.paths) && stamp.sampling == self.setting.sampling
        });
        same && self.changes.as_ref().is_some_and(|changes| !changes.is_empty())
    }

    /// Inputs that changed, in words.
    fn inputs(&self, version: &str) -> String {
        let versions = if version == self.setting.version {
            format!("version {version} then and now")
        } else {
            format!("version {version} then, {} now", self.setting.version)
        };
        match self.changes.as_deref() {
            None => "its inputs were not recorded".into(),
            Some([]) if !self.verdict.same_draws => "no input changed since the pin".into(),
            Some([]) => format!("no input changed since the pin: the program did ({versions})"),
            Some(changes) => {
                let named: Vec<String> =
                    changes.iter().take(NAMED).map(|change| self.change(change)).collect();
                let rest = changes.len().saturating_sub(NAMED);
                let more = if rest > 0 { format!("; and {rest} more") } else { String::new() };
                format!("inputs that changed since the pin: {}{more}", named.join("; "))
            }
        }
    }

    fn change(&self, change: &Change) -> String {
        let key = &change.key;
        if let Some(file) = key.strip_prefix("files.") {
            return format!("the data file {file}");
        }
        let now = || {
            let shown = self.scenario.show(key).into_iter().find(|shown| shown.key == *key);
            shown.map_or(String::new(), |shown| {
                let none = shown.unit.is_empty() || is_of_members(&shown.value);
                let unit = if none { String::new() } else { format!(" {}", shown.unit) };
                format!("{}{unit} ({})", shown.value, shown.origin)
            })
        };
        match change.kind {
            Difference::Other => format!("{key}, now {}", now()),
            Difference::New => format!("{key}, new: {}", now()),
            Difference::Gone => format!("{key}, gone"),
        }
    }

    fn finding(&self, finding: &Finding) -> String {
        let answers = &self.verdict.answers;
        let now = &answers[0];
        let holds = finding.status == Status::Holds;
        let shown = |answer: &Answer| number(answer.unit, answer.value, answer.std_error.unwrap_or(0.0));
        if finding.status == Status::Unpinned && matches!(finding.check, Check::SameDraws(_)) {
            return String::new();
        }
        if finding.status == Status::Unpinned {
            return format!("{}, no value yet; --bless writes one", shown(now));
        }
        let (then, today) = self.then_and_now(now);
        let distance = finding.distance.unwrap_or(0.0);
        match &finding.check {
            Check::Exact if holds => "the same bits".into(),
            Check::Exact if distance == 0.0 => "the same value, from other bits on some path".into(),
            Check::Exact => format!("not the same bits: from {then} to {today}"),
            Check::Tolerance { .. } if holds => format!("{today}, within tolerance"),
            Check::Tolerance { absolute, relative } => {
                let allowed = absolute.max(relative * self.pin.value.unwrap_or(0.0).abs());
                format!("from {then} to {today}, off by {distance:.3e} where {allowed:.3e} is allowed")
            }
            Check::SameDraws(_) if holds => String::new(),
            Check::SameDraws(_) => {
                let share = Unit::Share.show(distance / self.pin.value.unwrap_or(1.0).abs(), 0.0);
                format!("{share} off on the very same draws: real, from {then} to {today}")
            }
            Check::Noise(_) if holds && distance == 0.0 => "did not move".into(),
            Check::Noise(_) if holds && self.verdict.same_draws => {
                format!("moved {} s.e.: less than noise, though on the same random numbers", errors(distance))
            }
            Check::Noise(_) if holds && self.same_seed_on_other_inputs() => {
                format!("moved {} s.e.: less than noise, though by inputs that changed", errors(distance))
            }
            Check::Noise(_) if holds => format!("moved {} s.e.: noise", errors(distance)),
            Check::Noise(z) => {
                let by_chance = false_alarm_of(self.pin, &self.setting, distance);
                let verdict =
                    if by_chance < SELDOM || self.verdict.same_draws || self.same_seed_on_other_inputs() {
                        "real".to_string()
                    } else {
                        let often = Unit::Share.show(by_chance, 0.1 * by_chance);
                        format!("chance alone moves so few paths as far in {often} of runs")
                    };
                let moved = errors(distance);
                format!("moved {moved} s.e.: {verdict}, from {then} to {today} (noise is up to {z})")
            }
            Check::AtLeast(low) => {
                format!("{} is {} {low}", points(answers, self.pin), if holds { "at least" } else { "below" })
            }
            Check::AtMost(high) => {
                format!("{} is {} {high}", points(answers, self.pin), if holds { "at most" } else { "above" })
            }
            Check::Sign(sign) => {
                format!(
                    "{} is {}{}",
                    points(answers, self.pin),
                    if holds { "" } else { "not " },
                    sign_word(*sign)
                )
            }
            Check::Order { arms, descending } => {
                let of = |arm: &String| {
                    let answer = answers.iter().find(|answer| answer.label == *arm);
                    answer.map_or(arm.clone(), |answer| format!("{arm} {}", shown(answer)))
                };
                let list: Vec<String> = arms.iter().map(of).collect();
                let word = if *descending { "descending" } else { "ascending" };
                format!("{}{word}: {}", if holds { "" } else { "not " }, list.join(", "))
            }
            Check::Monotone { key, values, direction } => {
                let list: Vec<String> = values
                    .iter()
                    .zip(answers)
                    .map(|(value, answer)| format!("{} at {value}", shown(answer)))
                    .collect();
                format!(
                    "{}{} in {key}: {}",
                    if holds { "" } else { "not " },
                    direction_word(*direction),
                    list.join(", ")
                )
            }
        }
    }

    /// The pinned value and the new one in as few digits as tell them apart.
    fn then_and_now(&self, now: &Answer) -> (String, String) {
        let then = self.pin.value.unwrap_or(now.value);
        let error = combined(self.pin.std_error, now.std_error.unwrap_or(0.0));
        let words = (number(now.unit, then, error), number(now.unit, now.value, error));
        if words.0 == words.1 && then != now.value {
            (then.to_string(), now.value.to_string())
        } else {
            words
        }
    }
}

/// Inputs that changed, where no pin of the file moved to say so.
fn changed_below_noise(list: &[&Told<'_>]) -> String {
    let moved = list.iter().any(|told| told.verdict.status == Status::Moved && told.pin.stamp.is_some());
    let changed = list.iter().find(|told| told.changes.as_ref().is_some_and(|changes| !changes.is_empty()));
    match (moved, changed) {
        (false, Some(told)) => format!("  {}\n", told.inputs(&told.setting.version)),
        _ => String::new(),
    }
}

/// The number, or one for each value of `over`.
fn points(answers: &[Answer], pin: &Pin) -> String {
    let shown: Vec<String> = answers
        .iter()
        .take(pin.runs.len())
        .map(|answer| number(answer.unit, answer.value, answer.std_error.unwrap_or(0.0)))
        .collect();
    shown.join(", ")
}

/// A value with the digits its error supports, or in full if it has none.
fn number(unit: &str, value: f64, std_error: f64) -> String {
    let unit = if unit == "times the baseline" { Unit::Plain } else { unit_of(unit) };
    if std_error > 0.0 && std_error.is_finite() { unit.show(value, std_error) } else { value.to_string() }
}

fn errors(count: f64) -> String {
    if count.is_infinite() {
        "any number of".into()
    } else if count < 10.0 {
        format!("{count:.1}")
    } else {
        format!("{count:.0}")
    }
}

fn sign_word(sign: Sign) -> String {
    let word = Sign::ALL.iter().find(|(_, other)| *other == sign).map_or("", |(word, _)| *word);
    word.replace('_', " ")
}

fn direction_word(direction: Direction) -> String {
    let word = Direction::ALL.iter().find(|(_, other)| *other == direction).map_or("", |(word, _)| *word);
    word.replace('_', " ")
}

/// The name of a check as files write it.
fn check_id(check: &Check) -> &'static str {
    match check {
        Check::Exact => "exact",
        Check::Tolerance { .. } => "tolerance",
        Check::Noise(_) => "noise",
        Check::SameDraws(_) => "tolerance_on_same_draws",
        Check::AtLeast(_) => "at_least",
        Check::AtMost(_) => "at_most",
        Check::Sign(_) => "sign",
        Check::Order { descending: false, .. } => "ascending",
        Check::Order { descending: true, .. } => "descending",
        Check::Monotone { .. } => "monotone",
    }
}

impl Report<'_> {
    fn count(&self, status: Status) -> usize {
        self.told.iter().filter(|told| told.verdict.status == status).count()
    }

    /// Groups of pins by file, in order.
    fn files(&self) -> Vec<(&str, Vec<&Told<'_>>)> {
        let mut files: Vec<(&str, Vec<&Told<'_>>)> = Vec::new();
        for told in self.told {
            match files.last_mut() {
                Some((file, list)) if *file == told.pin.file => list.push(told),
                _ => files.push((&told.pin.file, vec![told])),
            }
        }
        files
    }

    /// For people; `quiet` leaves out what holds.
    pub fn words(&self, quiet: bool) -> String {
        let mut text = String::new();
        for (file, list) in self.files() {
            let shown: Vec<_> =
                list.iter().filter(|told| !quiet || told.verdict.status != Status::Holds).collect();
            if !shown.is_empty() {
                let _ = writeln!(text, "{file}");
                shown.iter().for_each(|told| text.push_str(&told.words()));
                text.push_str(&changed_below_noise(&list));
            }
        }
        let good = self.count(Status::Holds) == self.told.len() && self.unread.is_empty();
        if !(quiet && good) {
            let _ = writeln!(text, "{}", self.summary());
        }
        text
    }

    fn summary(&self) -> String {
        let holds = self.count(Status::Holds);
        let verb = if holds == 1 { "holds" } else { "hold" };
        let run = if self.unread.is_empty() { "" } else { " run" };
        let mut text = format!("{}{run}: {holds} {verb}", plural(self.told.len(), "pin"));
        for status in [Status::Moved, Status::Broken, Status::Unpinned, Status::Unanswered] {
            let count = self.count(status);
            if count > 0 {
                let _ = write!(text, ", {count} {}", status.id());
            }
        }
        if !self.unread.is_empty() {
            let _ = write!(
                text,
                "; {} with errors: {}",
                plural(self.unread.len(), "scenario"),
                self.unread.join(", ")
            );
        }
        let alarms = self.false_alarms();
        if alarms > 0.0 {
            let noise = |told: &&Told<'_>| expected_false_alarms(told.pin, &told.setting) > 0.0;
            let noisy = match self.told.iter().filter(noise).count() {
                count if count == self.told.len() => "them".to_string(),
                count => format!("the {} with `noise`", plural(count, "pin")),
            };
            let often = if alarms < 0.5 {
                format!(
                    "chance would flag one of {noisy} in about 1 of {} runs",
                    Unit::Plain.show(1.0 / alarms, 0.1 / alarms)
                )
            } else {
                format!("chance would flag about {} of {noisy}", Unit::Plain.show(alarms, 0.1 * alarms))
            };
            let _ = write!(text, "\nwith other random numbers and nothing else changed, {often}");
        }
        text
    }

    /// How many pins would fail by chance if all were run anew on other random numbers.
    fn false_alarms(&self) -> f64 {
        let alarms = self.told.iter().map(|told| expected_false_alarms(told.pin, &told.setting));
        alarms.fold(0.0, |sum, alarm| sum + alarm)
    }

    /// For programs.
    pub fn json(&self) -> String {
        let finding = |told: &Told<'_>, finding: &Finding| {
            json!({
                "check": check_id(&finding.check), "status": finding.status.id(),
                "distance": finding.distance.filter(|distance| distance.is_finite()), "words": told.finding(finding),
            })
        };
        let pins: Vec<Value> = self
            .told
            .iter()
            .map(|told| {
                let answers: Vec<Value> = told
                    .verdict
                    .answers
                    .iter()
                    .map(|answer| {
                        json!({
                            "label": answer.label, "value": answer.value,
                            "std_error": answer.std_error.filter(|error| error.is_finite()), "unit": answer.unit,
                        })
                    })
                    .collect();
                let changed: Option<Vec<&String>> =
                    told.changes.as_ref().map(|changes| changes.iter().map(|change| &change.key).collect());
                json!({
                    "file": told.pin.file, "place": told.pin.place, "name": told.pin.name,
                    "status": told.verdict.status.id(), "problem": told.verdict.problem,
                    "pinned": told.pin.value, "pinned_std_error": told.pin.value.map(|_| told.pin.std_error),
                    "answers": answers,
                    "findings": told.verdict.findings.iter().map(|found| finding(told, found)).collect::<Vec<_>>(),
                    "same_draws": told.verdict.same_draws, "changed_inputs": changed,
                    "paths": told.setting.run.paths, "seed": told.setting.run.seed,
                })
            })
            .collect();
        let report = json!({
            "loophole": env!("CARGO_PKG_VERSION"),
            "pins": pins,
            "holds": self.count(Status::Holds), "moved": self.count(Status::Moved),
            "broken": self.count(Status::Broken), "unpinned": self.count(Status::Unpinned),
            "unanswered": self.count(Status::Unanswered), "with_errors": self.unread,
            "expected_false_alarms": self.false_alarms(),
        });
        format!("{report:#}\n")
    }

    /// For continuous integration: a suite a file, a case a pin. No times, so that the same results give the same bytes.
    pub fn junit(&self) -> String {
        let failed = |told: &&Told<'_>| !matches!(told.verdict.status, Status::Holds | Status::Unanswered);
        let errors = self.count(Status::Unanswered) + self.unread.len();
        let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let _ = writeln!(
            xml,
            "<testsuites name=\"loophole test\" tests=\"{}\" failures=\"{}\" errors=\"{errors}\">",
            self.told.len() + self.unread.len(),
            self.told.iter().filter(failed).count(),
        );
        for (file, list) in self.files() {
            let unanswered = list.iter().filter(|told| told.verdict.status == Status::Unanswered).count();
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{unanswered}\">",
                encoding::xml(file),
                list.len(),
                list.iter().filter(|told| failed(told)).count(),
            );
            list.iter().for_each(|told| xml.push_str(&case(told)));
            xml.push_str("  </testsuite>\n");
        }
        for file in self.unread {
            let file = encoding::xml(file);
            let _ = writeln!(
                xml,
                "  <testsuite name=\"{file}\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase classname=\"{file}\" \
                 name=\"is read\">\n      <error message=\"the scenario has errors\"/>\n    </testcase>\n  </testsuite>"
            );
        }
        xml.push_str("</testsuites>\n");
        xml
    }
}

fn case(told: &Told<'_>) -> String {
    let head = format!(
        "    <testcase classname=\"{}\" name=\"{}\"",
        encoding::xml(&told.pin.file),
        encoding::xml(&told.pin.name)
    );
    let element = match told.verdict.status {
        Status::Holds => return format!("{head}/>\n"),
        Status::Unanswered => "error",
        _ => "failure",
    };
    format!(
        "{head}>\n      <{element} type=\"{}\" message=\"{}\">{}</{element}>\n    </testcase>\n",
        told.verdict.status.id(),
        encoding::xml(&told.summary()),
        encoding::xml(&told.explanation().join("\n"))
    )
}
