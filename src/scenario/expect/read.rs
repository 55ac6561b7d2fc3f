//! Pins out of a tree: what each entry says, and everything that is wrong with it.
//!
//! Shapes are checked against the registry like any other table. Here are the questions between keys, and those that only
//! the compiled scenario can answer: whether a metric, a month, an arm exists, whether a changed scenario is sound.

use std::collections::BTreeMap;

use super::inputs::Record;
use super::variants::{Variants, changes};
use super::{Check, Direction, Measure, Pin, Pins, Run, Scope, Sign, Stamp, Statistic, What};
use crate::calendar::Month;
use crate::engine::catalogue::Catalogue;
use crate::engine::job::Job;
use crate::scenario::Loaded;
use crate::scenario::check::walk_part;
use crate::scenario::diagnostic::{Diagnostic, Origin, nearest};
use crate::scenario::quantity::probability;
use crate::scenario::raw::Node;
use crate::scenario::registry::{EXPECT, EXPECT_FILE};

/// Keys that only a metric has.
const OF_METRIC: [&str; 9] =
    ["metric", "month", "arm", "measure", "scope", "statistic", "threshold", "ascending", "descending"];
/// Keys that only a datum of a figure has, with the column they name.
const OF_FIGURE: [(&str, &str); 5] =
    [("panel", "panel"), ("series", "series"), ("mark", "mark"), ("at", "at"), ("column", "statistic")];
/// Keys that compare with `value`.
const COMPARING: [&str; 5] =
    ["exact", "tolerance_absolute", "tolerance_relative", "noise", "tolerance_on_same_draws"];
/// All other checks.
const STATING: [&str; 6] = ["at_least", "at_most", "sign", "ascending", "descending", "monotone"];

/// The pins of a scenario and of the file beside it, with what is wrong with them.
pub fn read(loaded: Loaded, beside: Option<&Node>) -> (Pins, Vec<Diagnostic>) {
    let scenario = loaded.scenario.clone();
    let job = scenario.job_of_baseline();
    let catalogue = Catalogue::of(&job.arms[0].world);
    // Arms stand in this order: the baseline, the headline, the others.
    let default_arm = scenario.arms.get(1).or(scenario.arms.first()).map(|(id, _)| id.clone());
    let mut reader = Reader {
        pins: Pins {
            variants: Vec::new(),
            scenario: scenario.clone(),
            warnings: loaded.warnings,
            list: Vec::new(),
            runs: Vec::new(),
            records: BTreeMap::new(),
        },
        variants: Variants::of(scenario),
        job,
        default_arm: default_arm.unwrap_or_default(),
        catalogue,
        problems: Vec::new(),
    };
    let own = reader.pins.scenario.tree.clone();
    // The scenario's own shape has been checked with it.
    reader.source(&own);
    if let Some(beside) = beside {
        let problems = reader.shape(beside, true);
        reader.problems.extend(problems);
        reader.source(beside);
    }
    (Pins { variants: reader.variants.list, ..reader.pins }, reader.problems)
}

struct Reader {
    pins: Pins,
    variants: Variants,
    /// Of the baseline.
    job: Job,
    /// The arm of pins that name none.
    default_arm: String,
    catalogue: Catalogue,
    problems: Vec<Diagnostic>,
}

impl Reader {
    /// What is wrong with the shape of a file of pins or of one entry.
    fn shape(&self, node: &Node, whole: bool) -> Vec<Diagnostic> {
        let scenario = &self.pins.scenario;
        let schema = if whole { &EXPECT_FILE } else { &EXPECT };
        walk_part(node, schema, &scenario.base.tree, &mut scenario.files.clone(), scenario.defaults)
    }

    fn source(&mut self, tree: &Node) {
        for (name, entry) in tree.get("pinned").and_then(Node::table).into_iter().flatten() {
            let file = self.pins.scenario.files.of(entry.key).name.clone();
            match entry.node.text().map(Record::from_text) {
                Some(Some(record)) => drop(self.pins.records.insert((file, name.clone()), record)),
                Some(None) => self.problems.push(
                    Diagnostic::error(entry.key, format!("pinned.{name} is not a record of inputs"))
                        .note("a record is written by `loophole test --bless`, not by hand")
                        .hint("delete it and the `inputs` that name it, or bless the pins anew"),
                ),
                None => {}
            }
        }
        let Some(list) = tree.get("expect").and_then(Node::list) else { return };
        let setting = |key: &str| integer(tree, &format!("expect_run.{key}"));
        let paths = setting("paths").unwrap_or(self.job.paths as i64) as usize;
        let seed = setting("seed").map_or(self.job.seed, |seed| seed as u64);
        let tolerance_on_same_draws = tree.get("expect_run.tolerance_on_same_draws").and_then(Node::number);
        let defaults = Defaults { paths, seed, tolerance_on_same_draws };
        let well_formed =
            |(_, node): &(usize, &Node)| node.table().is_some() && self.shape(node, false).is_empty();
        let list: Vec<(usize, &Node)> = list.iter().enumerate().filter(well_formed).collect();
        self.variants.examine(list.iter().filter_map(|(_, node)| changes(node)).flatten());
        for (index, node) in list {
            let place = self.pins.scenario.files.describe(node.origin);
            let file = self.pins.scenario.files.of(node.origin).name.clone();
            let mut one = One { reader: self, node, index, problems: Vec::new() };
            let pin = one.pin(defaults, (file, place));
            let problems = one.problems;
            self.problems.extend(problems);
            self.pins.list.extend(pin);
        }
    }

    fn run(&mut self, run: Run) -> usize {
        self.pins.runs.iter().position(|other| *other == run).unwrap_or_else(|| {
            self.pins.runs.push(run);
            self.pins.runs.len() - 1
        })
    }
}

fn integer(node: &Node, key: &str) -> Option<i64> {
    node.get(key).and_then(Node::number).map(|number| number as i64)
}

/// What `[expect_run]` says of every pin.
#[derive(Clone, Copy)]
struct Defaults {
    paths: usize,
    seed: u64,
    tolerance_on_same_draws: Option<f64>,
}

/// One entry, being read.
struct One<'a> {
    reader: &'a mut Reader,
    node: &'a Node,
    index: usize,
    problems: Vec<Diagnostic>,
}

impl One<'_> {
    fn text(&self, key: &str) -> Option<String> {
        self.node.get(key).and_then(Node::text).map(str::to_string)
    }

    fn number(&self, key: &str) -> Option<f64> {
        self.node.get(key).and_then(Node::number)
    }

    fn has(&self, key: &str) -> bool {
        match key {
            "exact" => self.node.get(key).and_then(Node::boolean) == Some(true),
            _ => self.node.get(key).is_some(),
        }
    }

    /// Where the value of a key is written, or the entry.
    fn at(&self, key: &str) -> Origin {
        self.node.get(key).map_or(self.node.origin, |node| node.origin)
    }

    /// Where a key is written, or the entry.
    fn key_at(&self, key: &str) -> Origin {
        self.node.entry(key).map_or(self.node.origin, |entry| entry.key)
    }

    fn place(&self) -> String {
        format!("expect.{}", self.index)
    }

    fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// The pin; none if something is wrong with it.
    fn pin(&mut self, defaults: Defaults, (file, place): (String, String)) -> Option<Pin> {
        let Defaults { paths, seed, .. } = defaults;
        let what = self.what();
        let checks = self.checks(defaults.tolerance_on_same_draws);
        self.value_and_checks();
        let stamp = self.stamp();
        let runs = self.runs(paths, seed);
        if self.has("noise") && self.node.get("paths").and_then(Node::number).unwrap_or(paths as f64) < 2.0 {
            let problem = Diagnostic::error(self.key_at("noise"), "a run of one path has no sampling error");
            self.report(problem.hint("give `paths`, or use a tolerance"));
        }
        let start = self.reader.job.arms[0].world.start;
        let (what, runs) = (what?, runs?);
        if !self.problems.is_empty() {
            return None;
        }
        Some(Pin {
            name: self.text("name").unwrap_or_else(|| what.words(start)),
            file,
            index: self.index,
            place,
            what,
            runs,
            value: self.number("value"),
            std_error: self.number("std_error").unwrap_or(0.0),
            digest: self.text("digest"),
            checks,
            derived: self.text("derived"),
            stamp,
        })
    }

    fn what(&mut self) -> Option<What> {
        match (self.has("metric"), self.has("figure")) {
            (true, false) => self.metric(),
            (false, true) => self.datum(),
            (true, true) => {
                let problem =
                    Diagnostic::error(self.key_at("figure"), format!("{} pins two things", self.place()));
                self.report(problem.hint("pin the metric and the figure in entries of their own"));
                None
            }
            (false, false) => {
                let problem = Diagnostic::error(self.node.origin, format!("{} pins nothing", self.place()));
                self.report(
                    problem.note("`metric`: a metric of summary.csv, or with `month` of monthly.csv").note(
                        "`figure`: a figure, with `series`, `at` and `column` to name a row of its CSV",
                    ),
                );
                None
            }
        }
    }

    fn datum(&mut self) -> Option<What> {
        for key in OF_METRIC {
            if !self.has(key) {
                continue;
            }
            let problem = Diagnostic::error(self.key_at(key), format!("a figure's number has no `{key}`"));
            self.report(problem.note(format!(
                "its row is named by {}",
                OF_FIGURE.map(|(key, _)| format!("`{key}`")).join(", ")
            )));
        }
        if self.has("noise") {
            let problem = Diagnostic::error(self.key_at("noise"), "a figure's number has no sampling error");
            self.report(problem.hint("use a tolerance, or pin the metric that is drawn"));
        }
        let columns = OF_FIGURE.iter().filter_map(|(key, column)| Some((*column, self.text(key)?))).collect();
        Some(What::Datum { figure: self.text("figure")?, columns })
    }

    fn metric(&mut self) -> Option<What> {
        for (key, _) in OF_FIGURE {
            if !self.has(key) {
                continue;
            }
            let problem = Diagnostic::error(self.key_at(key), format!("a metric has no `{key}`"));
            self.report(problem.hint("it names a row of a figure's CSV; give `figure` instead of `metric`"));
        }
        let month = self.month()?;
        let metric = self.text("metric")?;
        self.known(&metric, month.is_some())?;
        let arm = self.arm();
        let measure = self.measure(&metric, month.is_some(), &arm);
        let scope = match self.text("scope").as_deref() {
            Some("if_closed") if month.is_some() => {
                let problem =
                    Diagnostic::error(self.at("scope"), "a monthly metric is kept over all paths only");
                self.report(problem.hint("pin a scalar, or leave out `scope`"));
                Scope::All
            }
            Some("if_closed") => Scope::IfClosed,
            _ => Scope::All,
        };
        let statistic = self.statistic(month.is_some())?;
        Some(What::Metric { metric, month, arm, measure, scope, statistic })
    }

    /// The month counted from 0; outer none if it is wrong.
    fn month(&mut self) -> Option<Option<usize>> {
        let Some(written) = self.text("month") else { return Some(None) };
        let month: Month = written.parse().ok()?;
        let world = &self.reader.job.arms[0].world;
        let (start, months) = (world.start, world.months);
        let t = month.since(start);
        if (0..months as i32).contains(&t) {
            return Some(Some(t as usize));
        }
        let problem =
            Diagnostic::error(self.at("month"), format!("{}.month is outside the run", self.place()));
        self.report(problem.note(format!("allowed: {start} to {}", start.plus(months as i32 - 1))));
        None
    }

    /// Says so if there is no such metric.
    fn known(&mut self, metric: &str, monthly: bool) -> Option<()> {
        let catalogue = &self.reader.catalogue;
        let of_kind = |monthly: bool| -> Vec<&str> {
            if monthly {
                catalogue.monthly.iter().map(|(label, ..)| label.id.as_str()).collect()
            } else {
                catalogue.scalars.iter().map(|(label, ..)| label.id.as_str()).collect()
            }
        };
        if of_kind(monthly).contains(&metric) {
            return Some(());
        }
        let kind = if monthly { "monthly metric" } else { "metric" };
        let problem = Diagnostic::error(self.at("metric"), format!("there is no {kind} {metric:?}"));
        let file = if monthly { "monthly.csv" } else { "summary.csv" };
        let near = nearest(metric, of_kind(monthly));
        let problem = if of_kind(!monthly).contains(&metric) {
            let remedy = if monthly {
                "leave out `month`: it is a number of the whole run"
            } else {
                "give `month`: it is a monthly metric"
            };
            problem.hint(remedy)
        } else if let Some(near) = near {
            problem.hint(format!("did you mean {near:?}?"))
        } else {
            problem.note(format!("the metrics of a scenario are the column `metric` of its {file}"))
        };
        self.report(problem);
        None
    }

    fn arm(&self) -> String {
        self.text("arm").unwrap_or_else(|| self.reader.default_arm.clone())
    }

    fn measure(&mut self, metric: &str, monthly: bool, arm: &str) -> Measure {
        let measure = match self.text("measure").as_deref() {
            Some("difference") => Measure::Difference,
            Some("ratio") => Measure::Ratio,
            _ => return Measure::Level,
        };
        let baseline = self.reader.job.arms[self.reader.job.baseline()].id.clone();
        let catalogue = &self.reader.catalogue;
        let unpaired =
            monthly && catalogue.monthly_index(metric).is_some_and(|place| place >= catalogue.paired);
        let ordered = self.has("ascending") || self.has("descending");
        if arm == baseline && !ordered {
            let problem = Diagnostic::error(
                self.at("measure"),
                "the baseline has no effect: it is what others are compared with",
            );
            self.report(problem.hint("name another `arm`, or leave out `measure`"));
        } else if monthly && measure == Measure::Ratio {
            let problem = Diagnostic::error(self.at("measure"), "ratios of monthly metrics are not kept");
            self.report(problem.hint("use measure = \"difference\""));
        } else if unpaired {
            let problem =
                Diagnostic::error(self.at("measure"), format!("differences of {metric:?} are not kept"));
            self.report(problem.hint("pin its level in each arm"));
        }
        measure
    }

    fn statistic(&mut self, monthly: bool) -> Option<Statistic> {
        let word = self.text("statistic").unwrap_or("mean".into());
        let threshold = self.number("threshold");
        let of_threshold = ["probability_above", "probability_below"].contains(&word.as_str());
        if of_threshold && threshold.is_none() {
            let problem = Diagnostic::error(self.at("statistic"), format!("{word} needs `threshold`"));
            self.report(problem.hint("give the number it is a chance of passing"));
            return None;
        }
        let known = of_threshold || word == "mean" || probability(&word).is_some();
        if known && !of_threshold && threshold.is_some() {
            let problem = Diagnostic::error(
                self.key_at("threshold"),
                format!("`threshold` says nothing about {word:?}"),
            );
            self.report(problem.hint("it belongs to probability_above and probability_below"));
        }
        if monthly && of_threshold && (threshold != Some(0.0) || word == "probability_below") {
            let problem = Diagnostic::error(
                self.at("statistic"),
                "of a monthly metric only the chance of being above 0 is kept",
            );
            self.report(problem.hint("use probability_above with threshold = 0, or pin a scalar"));
        }
        match (word.as_str(), threshold, probability(&word)) {
            ("mean", ..) => Some(Statistic::Mean),
            ("probability_above", Some(threshold), _) => Some(Statistic::Above(threshold)),
            ("probability_below", Some(threshold), _) => Some(Statistic::Below(threshold)),
            (_, _, Some(p)) => Some(Statistic::Quantile(p)),
            _ => {
                let problem = Diagnostic::error(
                    self.at("statistic"),
                    format!("{}.statistic is not a word it knows", self.place()),
                )
                .note("allowed: mean, a quantile such as p05 or p97_5, probability_above, probability_below");
                let words = ["mean", "p50", "probability_above", "probability_below"];
                self.report(match nearest(&word, words) {
                    _ if word == "median" => problem.hint("the median is p50"),
                    Some(near) => problem.hint(format!("did you mean {near:?}?")),
                    None => problem,
                });
                None
            }
        }
    }

    fn checks(&mut self, on_same_draws_of_all: Option<f64>) -> Vec<Check> {
        let mut checks = Vec::new();
        if self.has("exact") {
            checks.push(Check::Exact);
        }
        let (absolute, relative) = (self.number("tolerance_absolute"), self.number("tolerance_relative"));
        if absolute.is_some() || relative.is_some() {
            checks.push(Check::Tolerance {
                absolute: absolute.unwrap_or(0.0),
                relative: relative.unwrap_or(0.0),
            });
        }
        checks.extend(self.number("noise").map(Check::Noise));
        let on_same_draws = self.number("tolerance_on_same_draws");
        let general = on_same_draws_of_all.filter(|_| self.has("noise"));
        checks.extend(on_same_draws.or(general).map(Check::SameDraws));
        checks.extend(self.number("at_least").map(Check::AtLeast));
        checks.extend(self.number("at_most").map(Check::AtMost));
        let sign = self.text("sign");
        checks.extend(
            Sign::ALL
                .iter()
                .find(|(word, _)| sign.as_deref() == Some(*word))
                .map(|(_, sign)| Check::Sign(*sign)),
        );
        for (key, descending) in [("ascending", false), ("descending", true)] {
            if let Some(arms) = self.order(key) {
                checks.push(Check::Order { arms, descending });
            }
        }
        let direction = self.text("monotone");
        if let Some((_, direction)) =
            Direction::ALL.iter().find(|(word, _)| direction.as_deref() == Some(*word))
        {
            match self.over() {
                Some((key, values)) => {
                    let values = values.iter().map(Node::to_toml).collect();
                    checks.push(Check::Monotone { key, values, direction: *direction });
                }
                None if !self.has("over") => {
                    let problem = Diagnostic::error(self.key_at("monotone"), "`monotone` needs `over`");
                    self.report(
                        problem.hint("for example over = { \"rules.close.lag_days\" = [0, 90, 180] }"),
                    );
                }
                None => {}
            }
        } else if self.has("over") {
            let problem = Diagnostic::error(self.key_at("over"), "`over` needs `monotone`");
            self.report(problem.hint("say how the number moves: monotone = \"increasing\", …"));
        }
        if let (Some(low), Some(high)) = (self.number("at_least"), self.number("at_most"))
            && low > high
        {
            let problem = Diagnostic::error(self.at("at_least"), "`at_least` is above `at_most`");
            self.report(problem.label(format!("{low} is above {high}")));
        }
        checks
    }

    fn order(&mut self, key: &str) -> Option<Vec<String>> {
        let list = self.node.get(key)?.list()?;
        let arms: Vec<String> = list.iter().filter_map(Node::text).map(str::to_string).collect();
        if arms.len() < 2 {
            let problem = Diagnostic::error(self.at(key), format!("`{key}` needs two arms or more"));
            self.report(problem.label(format!("found {}", arms.len())));
        }
        for (at, item) in list.iter().enumerate() {
            if arms[..at].iter().any(|arm| Some(arm.as_str()) == item.text()) {
                let problem = Diagnostic::error(item.origin, format!("`{key}` names an arm twice"));
                self.report(problem);
            }
        }
        let baseline = &self.reader.job.arms[self.reader.job.baseline()].id;
        let monthly_difference = self.has("month") && self.text("measure").as_deref() == Some("difference");
        if monthly_difference && arms.contains(baseline) {
            let problem = Diagnostic::error(self.at(key), "the baseline has no monthly difference to itself");
            self.report(problem.hint("leave it out and give the others a sign"));
        }
        Some(arms)
    }

    /// The key of `over` and its values.
    fn over(&mut self) -> Option<(String, Vec<Node>)> {
        let table = self.node.get("over")?.table()?.clone();
        let mut entries = table.into_iter();
        let (Some((key, entry)), None) = (entries.next(), entries.next()) else {
            let problem = Diagnostic::error(self.at("over"), "`over` names one key");
            self.report(problem.hint("for example over = { \"rules.close.lag_days\" = [0, 90, 180] }"));
            return None;
        };
        match entry.node.list() {
            Some(values) if values.len() >= 2 => Some((key, values.to_vec())),
            _ => {
                let problem = Diagnostic::error(
                    entry.node.origin,
                    format!("`over` needs a list of two values of {key} or more"),
                );
                self.report(problem.label(format!("found {}", entry.node.kind())));
                None
            }
        }
    }

    /// Whether the value is there for a check and the checks for a value.
    fn value_and_checks(&mut self) {
        let comparing: Vec<&str> = COMPARING.into_iter().filter(|key| self.has(key)).collect();
        if comparing.is_empty() && !STATING.iter().any(|key| self.has(key)) {
            let problem = Diagnostic::error(self.node.origin, format!("{} expects nothing", self.place()));
            self.report(problem.note(format!("one or more of: {}, {}", COMPARING.join(", "), STATING.join(", "))).hint("for a number of a random run write `noise = 4` and let `loophole test --bless --why …` fill in its value"));
        } else if comparing.is_empty() && self.has("value") {
            let problem = Diagnostic::error(self.key_at("value"), "nothing compares with `value`");
            self.report(problem.note(format!("one of: {}", COMPARING.join(", "))));
        }
        if self.has("over") && !comparing.is_empty() {
            let problem = Diagnostic::error(
                self.key_at(comparing[0]),
                "`over` gives several values, and there is one to compare with",
            );
            self.report(problem.hint("pin the value in an entry of its own, with `set`"));
        }
        if self.has("noise") && self.has("value") && !self.has("std_error") && !self.has("derived") {
            let problem = Diagnostic::error(
                self.key_at("value"),
                "a value to be told from noise needs its `std_error`",
            );
            self.report(problem.note("distances are measured in standard errors of both runs combined").hint("let `loophole test --bless --why …` write both, or say with `derived` where a value without error comes from"));
        }
        if self.has("derived") && !self.has("value") {
            let problem =
                Diagnostic::error(self.key_at("derived"), "`derived` speaks of a `value`, and there is none");
            self.report(problem.hint("give the value that was derived"));
        }
    }

    fn stamp(&mut self) -> Option<Stamp> {
        let stamp = self.node.get("pinned")?;
        let text = |key: &str| stamp.get(key).and_then(Node::text).map(str::to_string);
        let inputs = text("inputs");
        if let Some(name) = &inputs {
            let file = self.reader.pins.scenario.files.of(self.node.origin).name.clone();
            if !self.reader.pins.records.contains_key(&(file, name.clone())) {
                let origin = self.at("pinned.inputs");
                let problem = Diagnostic::error(origin, format!("there is no record pinned.{name}"));
                self.report(problem.hint(
                    "it stands in the table [pinned] of this file; if it is lost, delete `inputs` here",
                ));
            }
        }
        Some(Stamp {
            why: text("why")?,
            version: text("version")?,
            platform: text("platform")?,
            paths: integer(stamp, "paths")? as usize,
            seed: integer(stamp, "seed")? as u64,
            sampling: text("sampling")?,
            draws: text("draws"),
            inputs,
        })
    }

    fn runs(&mut self, paths: usize, seed: u64) -> Option<Vec<usize>> {
        let paths = integer(self.node, "paths").map_or(paths, |paths| paths as usize);
        let seed = integer(self.node, "seed").map_or(seed, |seed| seed as u64);
        let mut runs = Vec::new();
        for changes in changes(self.node)? {
            let Reader { variants, problems, .. } = &mut *self.reader;
            let variant = variants.place(&changes, problems)?;
            runs.push(self.reader.run(Run { variant, paths, seed }));
        }
        Some(runs)
    }
}
