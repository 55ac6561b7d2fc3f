//! The delay: how many months of training compute are lost, as a distribution over paths.
//!
//! The delay at a checkpoint is the extra months the closed arm needs to reach the open arm's cumulative training compute of
//! that month. A path that does not get there within the horizon is censored: its delay is only known to be at least so
//! long, and its bar is hatched.

use super::figure::{Axis, Bin, Figure, Layer, Meaning, Panel, Scale, Tick};
use super::input::{Provenance, Rule, Spread};
use super::wording::no_effect;
use super::words::{CAPTION, Datum, Said, TITLE};
use crate::analysis::answer;
use crate::analysis::summary::{self, Summary};
use crate::engine::column::Column;
use crate::numbers::{Unit, lower_first};
use crate::stats::estimate::Grouping;

/// What the figure needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The rule.
    pub rule: Rule,
    /// One panel each; the title speaks of the last.
    pub checkpoints: Vec<Checkpoint>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Delays measured at one month.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The month, counted from the start: 24.
    pub month: usize,
    /// Delay of each path in months; of a censored path, the least it can be.
    pub delay_months: Vec<f64>,
    /// Whether each path is censored.
    pub censored: Vec<bool>,
    /// Months from the checkpoint to the end of the run: the least a censored delay can be.
    pub bound: f64,
    /// Which paths depend on one another.
    pub grouping: Grouping,
    /// The delay is quoted by its mean.
    pub by_mean: bool,
}

impl Checkpoint {
    fn share(&self, of: impl Fn(f64, bool) -> bool) -> f64 {
        let hits = self.delay_months.iter().zip(&self.censored).filter(|(d, c)| of(**d, **c)).count();
        hits as f64 / self.delay_months.len().max(1) as f64
    }

    fn censored_share(&self) -> f64 {
        self.share(|_, censored| censored)
    }

    /// Share of paths with a longer delay than this; none if the run ends too early to tell. A censored path is later than
    /// its bound.
    fn above(&self, limit: f64) -> Option<f64> {
        (self.bound >= limit).then(|| self.share(|delay, censored| delay > limit || censored))
    }

    /// The chance of what is so on some of its paths, in words.
    fn chance(&self, of: impl Fn(f64, bool) -> bool) -> String {
        let paths = self.delay_months.len();
        let flags =
            self.delay_months.iter().zip(&self.censored).map(|(d, c)| f64::from(u8::from(of(*d, *c))));
        let share = Column::Values(flags.collect(), self.grouping).mean();
        answer::chance(summary::chance(share, paths), paths)
    }

    /// The chance of a delay longer than this, in words; none if the run ends too early to tell.
    fn chance_above(&self, limit: f64) -> Option<String> {
        (self.bound >= limit).then(|| self.chance(|delay, censored| delay > limit || censored))
    }

    /// The chance that the run ends first.
    fn chance_censored(&self) -> String {
        self.chance(|_, censored| censored)
    }

    /// The longest delay the run can tell a chance of, a year or half a year, with that chance.
    fn longest(&self) -> Option<(&'static str, String)> {
        let told = |(words, limit)| self.chance_above(limit).map(|chance| (words, chance));
        [("a year", 12.0), ("half a year", 6.0)].into_iter().find_map(told)
    }

    /// Delays with censored paths at their bounds, which lie beyond every delay reached: quantiles up to the censored share
    /// are exact, and the others are bounds.
    fn spread(&self) -> Spread {
        let column = |values| Column::Values(values, self.grouping);
        let flags = self.censored.iter().map(|censored| f64::from(u8::from(*censored))).collect();
        let spread = Spread::of_column(&column(self.delay_months.as_slice().into()));
        let summary = Summary { censored: column(flags).mean(), ..spread.summary };
        Spread { summary, by_mean: self.by_mean, ..spread }
    }
}

/// Bins at most.
const BINS: f64 = 24.0;

/// The figure.
pub fn figure(input: &Input) -> Figure {
    let all = || input.checkpoints.iter().flat_map(|c| &c.delay_months);
    let (low, high) = super::figure::range(0.0, all());
    let width = [1.0, 2.0, 3.0, 6.0, 12.0].into_iter().find(|w| (high - low) / w <= BINS).unwrap_or(12.0);
    let binned: Vec<Vec<Bin>> = input.checkpoints.iter().map(|c| bins(c, low, high, width)).collect();
    let tallest = binned.iter().map(|bins| tallest(bins)).fold(0.01, f64::max);
    let panel = |(checkpoint, bins): (&Checkpoint, &Vec<Bin>)| Panel {
        title: panel_title(checkpoint),
        caption: caption(checkpoint),
        x: years("Months of delay", low, bins.last().map_or(1.0, |bin| bin.to)),
        y: Axis::linear("", Unit::Share, 0.0, tallest),
        layers: layers(checkpoint, bins),
        strip: None,
    };
    let title = title(input);
    let mut alt = format!("{title}. Histogram of the delay over paths.");
    for checkpoint in &input.checkpoints {
        let spread = checkpoint.spread();
        alt += &format!(
            " At month {}: {} {} months ({}). {}.",
            checkpoint.month,
            if spread.by_mean { "mean" } else { "median" },
            spread.quoted(Unit::Months),
            spread.interval(Unit::Months),
            caption(checkpoint)
        );
    }
    let work = if input.rule.closes_door {
        "the training compute of the open arm".to_string()
    } else {
        format!("the same training compute, {}", lower_first(&input.rule.arms("", "against")))
    };
    Figure {
        id: "delay".into(),
        subtitle: format!("Extra months labs need for {work}, share of paths{}", input.rule.supposed()),
        panels: input.checkpoints.iter().zip(&binned).map(panel).collect(),
        shared_axis: true,
        stated: stated(input),
        notes: notes(input, &binned),
        footnote: input.provenance.lines(),
        alt,
        title,
    }
}

fn bins(checkpoint: &Checkpoint, low: f64, high: f64, width: f64) -> Vec<Bin> {
    let first = libm::floor(low / width);
    let count = (libm::floor(high / width) - first) as usize + 1;
    let mut out = Vec::with_capacity(count);
    for k in 0..count {
        let from = (first + k as f64) * width;
        for censored in [false, true] {
            let share = checkpoint.share(|d, c| c == censored && d >= from && d < from + width);
            if share > 0.0 || !censored {
                out.push(Bin { from, to: from + width, share, censored });
            }
        }
    }
    out
}

/// What the marks mean, of those that are drawn.
fn notes(input: &Input, binned: &[Vec<Bin>]) -> Vec<String> {
    let end = binned.iter().flatten().map(|bin| bin.to).fold(0.0, f64::max);
    let mut words = Vec::new();
    if end > 12.0 {
        words.push("Dashed: 6 and 12 months.");
    } else if end > 6.0 {
        words.push("Dashed: 6 months.");
    }
    if input.checkpoints.iter().any(|checkpoint| checkpoint.censored_share() > 0.0) {
        words.push("Hatched: not reached within the horizon, so at least so long.");
    }
    if words.is_empty() { Vec::new() } else { vec![words.join(" ")] }
}

/// An axis of months ticked every half year, or every year when it is long.
fn years(title: &str, low: f64, high: f64) -> Axis {
    let step = if high - low > 42.0 { 12.0 } else { 6.0 };
    let (first, last) = (libm::floor(low / step), libm::ceil(high / step).max(1.0));
    let at = |k: usize| (first + k as f64) * step;
    let ticks =
        (0..=(last - first) as usize).map(|k| Tick { at: at(k), label: Unit::Months.tick(at(k), 1.0) });
    let scale = Scale::Linear(first * step, last * step);
    Axis { title: title.into(), scale, ticks: ticks.collect(), zero_line: low < 0.0 }
}

/// The height of the tallest column, censored paths on top of the others.
fn tallest(bins: &[Bin]) -> f64 {
    let height =
        |bin: &Bin| bins.iter().filter(|other| other.from == bin.from).map(|other| other.share).sum::<f64>();
    bins.iter().map(height).fold(0.0, f64::max)
}

fn caption(checkpoint: &Checkpoint) -> String {
    let over =
        |words: &str, limit: f64| checkpoint.chance_above(limit).map(|chance| format!("{words}: {chance}, "));
    let told = [over("Over 6 months", 6.0), over("over 12", 12.0)].into_iter().flatten().collect::<String>();
    format!(
        "{told}{}: {}",
        if told.is_empty() { "Beyond the run" } else { "beyond the run" },
        checkpoint.chance_censored()
    )
}

fn layers(checkpoint: &Checkpoint, bins: &[Bin]) -> Vec<Layer> {
    let end = bins.last().map_or(0.0, |bin| bin.to);
    let spread = checkpoint.spread();
    let mut layers = vec![Layer::Histogram { meaning: Meaning::Workload(0), bins: bins.to_vec() }];
    let name = if spread.by_mean { "Mean" } else { "Median" };
    let label = format!("{name} {}", spread.quoted(Unit::Months));
    layers.push(Layer::Reference { x: spread.center(), label, statistic: true });
    for limit in [6.0, 12.0] {
        if limit < end {
            layers.push(Layer::Reference { x: limit, label: String::new(), statistic: false });
        }
    }
    layers
}

/// The numbers of the title, which speaks of the last checkpoint, and of the captions.
fn stated(input: &Input) -> Vec<Datum> {
    let mut stated = Vec::new();
    if let Some(last) = input.checkpoints.last() {
        let at = format!("month {}", last.month);
        let said = Said { mark: TITLE, panel: "", series: "Months of delay", at: &at };
        stated.extend(said.words(&last.spread()));
    }
    for checkpoint in &input.checkpoints {
        let panel = panel_title(checkpoint);
        let said = |series| Said { mark: CAPTION, panel: &panel, series, at: "" };
        for (series, limit) in [("Over 6 months", 6.0), ("Over 12 months", 12.0)] {
            stated.extend(checkpoint.above(limit).map(|share| said(series).value("share", share)));
        }
        stated.push(said("Censored").value("share", checkpoint.censored_share()));
    }
    stated
}

/// The name of a checkpoint's panel.
fn panel_title(checkpoint: &Checkpoint) -> String {
    format!("At month {}", checkpoint.month)
}

fn title(input: &Input) -> String {
    let Some(last) = input.checkpoints.last() else { return "No delay to show".into() };
    let (spread, month) = (last.spread(), last.month);
    if !spread.excludes(0.0) {
        let interval = spread.interval(Unit::Months);
        let beside = if spread.is_constant() {
            interval
        } else {
            format!("{} months{}; {interval}", spread.quoted(Unit::Months), spread.on_average())
        };
        return format!(
            "The delay of training from {} {} at month {month} ({beside})",
            input.rule.object("closing the door"),
            no_effect(&spread)
        );
    }
    let (size, interval) = spread.size(Unit::Months);
    let design = input.rule.object("closing the door");
    if spread.center_is_bound() && !spread.by_mean {
        let share = last.chance_censored();
        return format!(
            "By month {month} {design} delays training past the end of the run, by {size} months, on {share} of paths"
        );
    }
    let average = spread.on_average();
    if spread.center() < 0.0 {
        return format!(
            "By month {month} {design} speeds training up by {size} months{average} ({interval})"
        );
    }
    let likely = last.longest().map(|(words, chance)| format!("; chance of over {words} {chance}"));
    format!(
        "By month {month} {design} delays training by {size} months{average} ({interval}){}",
        likely.unwrap_or_default()
    )
}
