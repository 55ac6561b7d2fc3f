//! Results in words: the table on the terminal and the sentences of `findings.md`.
//!
//! Every number carries the digits its sampling error supports, its 90% interval over paths, and the rule design it is
//! about. Intervals are uncertainty about the world; "±" is the sampling error of the run. The two are never mixed.

use std::fmt::Write as _;

use crate::analysis::compare::{Effects, Scope};
use crate::analysis::summary::{Summary, grouping, summarise};
use crate::engine::outcome::Outcome;
use crate::numbers::{Unit, chance};
use crate::stats::estimate::Estimate;

/// How a metric's unit is written.
pub fn unit_of(unit: &str) -> Unit {
    match unit {
        "share" | "probability" => Unit::Share,
        "months" => Unit::Months,
        "H100e-hours" => Unit::H100eHours,
        money if money.starts_with("USD") => Unit::Usd,
        _ => Unit::Plain,
    }
}

/// A value with the digits its sampling error supports.
fn shown(unit: Unit, estimate: Estimate) -> String {
    unit.show(estimate.value, estimate.std_error)
}

/// "2.1 (90%: 1.3 to 4.0)".
fn with_interval(unit: Unit, summary: &Summary) -> String {
    format!(
        "{} (90%: {} to {})",
        shown(unit, summary.p50),
        shown(unit, summary.p05),
        shown(unit, summary.p95)
    )
}

/// The number an effect is quoted by: the median, or the mean where it is weighted by the chance of a rule, since most of
/// the weight may then stand at nothing.
fn quoted(scope: Scope, unit: Unit, summary: &Summary) -> String {
    match scope {
        Scope::Certain | Scope::IfClosed => with_interval(unit, summary),
        Scope::Expected => format!(
            "{} on average (90%: {} to {})",
            shown(unit, summary.mean),
            shown(unit, summary.p05),
            shown(unit, summary.p95)
        ),
    }
}

/// A table of text, its first column left-aligned and the others right-aligned.
pub struct TextTable {
    rows: Vec<Vec<String>>,
    /// Rows after which a blank line stands.
    breaks: Vec<usize>,
}

impl TextTable {
    /// A table with a header.
    pub fn new(header: &[&str]) -> TextTable {
        TextTable { rows: vec![header.iter().map(ToString::to_string).collect()], breaks: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Starts a group of rows under a heading.
    pub fn heading(&mut self, words: &str) {
        self.breaks.push(self.rows.len());
        self.rows.push(vec![words.to_string()]);
    }

    /// The table as text.
    pub fn render(&self) -> String {
        let columns = self.rows[0].len();
        let width = |c: usize| {
            let full = self.rows.iter().filter(|row| row.len() == columns);
            full.map(|row| row[c].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            if self.breaks.contains(&i) {
                text.push('\n');
            }
            for (c, cell) in row.iter().enumerate() {
                let pad = widths[c].saturating_sub(cell.chars().count());
                match c {
                    0 if row.len() == 1 => text.push_str(cell),
                    0 => {
                        let _ = write!(text, "  {cell}{}", " ".repeat(pad));
                    }
                    _ => {
                        let _ = write!(text, "  {}{cell}", " ".repeat(pad));
                    }
                }
            }
            text.truncate(text.trim_end_matches(' ').len());
            text.push('\n');
        }
        text
    }
}

/// The effect of an arm as a table.
pub fn effect_table(outcome: &Outcome, effects: &Effects) -> String {
    let mut table = TextTable::new(&["", "median", "90% interval", "mean ± s.e.", "chance > 0"]);
    let mut question = "";
    for row in effects.rows.iter().filter(|row| row.is_headline(outcome.months)) {
        if row.question != question {
            question = row.question;
            table.heading(question);
        }
        let (unit, summary) = (unit_of(row.unit), &row.summary);
        let ratio = row.unit == "times the baseline";
        let title = if ratio { format!("{}, times the baseline", row.title) } else { row.title.clone() };
        let cells = if row.unit == "probability" {
            vec![title, String::new(), String::new(), mean_and_error(unit, summary.mean), String::new()]
        } else {
            let chance = if ratio { String::new() } else { shown(Unit::Share, summary.above_zero) };
            let interval = format!("{} to {}", shown(unit, summary.p05), shown(unit, summary.p95));
            vec![title, shown(unit, summary.p50), interval, mean_and_error(unit, summary.mean), chance]
        };
        table.row(cells);
    }
    format!("{}\n{}", effect_title(outcome, effects), table.render())
}

/// "Door closed: 180-day wind-down, against Door open (closed and not reversed)".
pub fn effect_title(outcome: &Outcome, effects: &Effects) -> String {
    format!(
        "{}, against {} ({})",
        outcome.arms[effects.arm].title,
        outcome.arms[outcome.baseline].title,
        effects.scope.words()
    )
}

fn mean_and_error(unit: Unit, mean: Estimate) -> String {
    let error = mean.std_error;
    // Units that are rounded to whole numbers or tenths would write a small error as none.
    let error = match unit {
        Unit::Share => format!("{}%", Unit::Plain.show(100.0 * error, 100.0 * error)),
        Unit::Months => Unit::Plain.show(error, error),
        Unit::Usd | Unit::BareUsd | Unit::H100eHours | Unit::Plain => unit.show(error, error),
    };
    format!("{} ± {error}", shown(unit, mean))
}

/// What each arm costs, as a table: levels, not effects.
pub fn level_table(outcome: &Outcome) -> String {
    let group = grouping(outcome.sampling, &outcome.paths);
    let mut header = vec![""];
    header.extend(outcome.arms.iter().map(|arm| arm.id.as_str()));
    let mut table = TextTable::new(&header);
    for (s, (metric, ..)) in outcome.catalogue.scalars.iter().enumerate() {
        let shown_here =
            ["pv.", "unserved_share", "average_cash_cost", "electricity", "parity_month", "orders."];
        let mean_price = metric.id.starts_with("marginal_cost.") && metric.id.ends_with(".mean");
        if !mean_price && !shown_here.iter().any(|start| metric.id.starts_with(start)) {
            continue;
        }
        let mut cells = vec![metric.title.clone()];
        for arm in 0..outcome.arms.len() {
            let summary = summarise(outcome.scalar_at(arm, s), group);
            cells.push(with_interval(unit_of(metric.unit), &summary));
        }
        table.row(cells);
    }
    table.render()
}

/// One line an arm: the headline numbers side by side.
pub fn arms_table(outcome: &Outcome, effects: &[Effects]) -> String {
    let windows: Vec<usize> = [12, 24].into_iter().filter(|window| *window <= outcome.months).collect();
    let mut columns: Vec<(String, String)> =
        windows.iter().map(|w| (format!("lost.{w}m.all"), format!("H100e-hours lost, {w}m"))).collect();
    columns.extend([
        ("training_delay.24m".to_string(), "delay at 24m, months".to_string()),
        ("pv.economic_cost".to_string(), "economic cost".to_string()),
        ("pv.spend".to_string(), "spend".to_string()),
    ]);
    columns.retain(|(id, _)| effects.first().is_some_and(|first| first.row(id).is_some()));
    let mut header = vec!["median (90% interval)"];
    header.extend(columns.iter().map(|(_, words)| words.as_str()));
    let mut table = TextTable::new(&header);
    for effect in effects {
        let arm = &outcome.arms[effect.arm].title;
        let name = if effect.scope == Scope::Certain {
            arm.clone()
        } else {
            format!("{arm}, {}", scope_short(effect.scope))
        };
        let mut cells = vec![name];
        for (id, _) in &columns {
            cells.push(
                effect
                    .row(id)
                    .map_or(String::new(), |row| quoted(effect.scope, unit_of(row.unit), &row.summary)),
            );
        }
        table.row(cells);
    }
    table.render()
}

fn scope_short(scope: Scope) -> &'static str {
    match scope {
        Scope::Certain => "certain",
        Scope::Expected => "expected",
        Scope::IfClosed => "if closed and not reversed",
    }
}

/// What the findings say about the scenario itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Scenario's title.
    pub title: String,
    /// File name without extension.
    pub name: String,
    /// Date the inputs speak of.
    pub as_of: String,
    /// Version of the simulator.
    pub version: String,
    /// Numbers that state no source.
    pub without_source: Vec<String>,
    /// The scenario's note.
    pub note: String,
}

/// `findings.md`: sentences ready to quote.
pub fn findings(outcome: &Outcome, effects: &[Effects], about: &About) -> String {
    let mut text = format!("# {}\n\n", about.title);
    let _ = writeln!(
        text,
        "Scenario `{}` as of {}, {} to {}, {} paths, seed {}, loophole {}. Each number is the median over paths (the mean where it is \
         weighted by the chance of a rule) with its 90% interval; the interval is uncertainty about the world, and digits are cut at the sampling error of the run. Money is \
         real US dollars of {}, discounted.\n",
        about.name,
        about.as_of,
        outcome.start,
        outcome.start.plus(outcome.months as i32 - 1),
        crate::numbers::count(outcome.paths.len() as u64),
        outcome.seed,
        about.version,
        outcome.start,
    );
    if outcome.incomplete {
        text.push_str(
            "**Incomplete: the run was interrupted; the numbers rest on the paths that were done.**\n\n",
        );
    }
    if !about.note.is_empty() {
        let _ = writeln!(text, "{}\n", about.note);
    }
    for effect in effects {
        let _ = writeln!(text, "## {}\n", effect_title(outcome, effect));
        for sentence in sentences(outcome, effect) {
            let _ = writeln!(text, "- {sentence}");
        }
        text.push('\n');
    }
    if !about.without_source.is_empty() {
        let _ = writeln!(text, "## Numbers without a source\n");
        for key in &about.without_source {
            let _ = writeln!(text, "- `{key}`");
        }
    }
    text
}

/// The sentences about one arm.
pub fn sentences(outcome: &Outcome, effect: &Effects) -> Vec<String> {
    let mut all = Vec::new();
    let design = &outcome.arms[effect.arm].title;
    let scope = effect.scope.words();
    for window in [12, 24] {
        if let (Some(lost), Some(share)) =
            (effect.row(&format!("lost.{window}m.all")), effect.row(&format!("lost_share.{window}m.all")))
        {
            all.push(format!(
                "{design}: in the first {window} months the labs lose {} H100e-hours of work, {} of what they planned ({scope}).{}",
                quoted(effect.scope, Unit::H100eHours, &lost.summary),
                quoted(effect.scope, Unit::Share, &share.summary),
                doubt(&lost.summary, "a loss"),
            ));
        }
    }
    for month in [24, 36] {
        if let (Some(delay), Some(six), Some(twelve), Some(censored)) = (
            effect.row(&format!("training_delay.{month}m")),
            effect.row(&format!("training_delay.{month}m.above6")),
            effect.row(&format!("training_delay.{month}m.above12")),
            effect.row(&format!("training_delay_censored.{month}m")),
        ) {
            all.push(format!(
                "{design}: the training work of the first {month} months arrives {} months later; the chance of more than 6 \
                 months is {}, of more than 12 {}; {} of paths do not get there within the horizon ({scope}).",
                quoted(effect.scope, Unit::Months, &delay.summary),
                chance(six.summary.mean.value),
                chance(twelve.summary.mean.value),
                shown(Unit::Share, censored.summary.mean),
            ));
        }
    }
    for row in
        effect.rows.iter().filter(|row| row.id.starts_with("marginal_cost.") && row.id.ends_with(".mean"))
    {
        all.push(format!(
            "{design}: {} is {} times what it is with {} ({scope}; it rests on the elasticities of demand in the scenario).",
            lower_first(&row.title),
            quoted(effect.scope, Unit::Plain, &row.summary),
            outcome.arms[outcome.baseline].title.to_lowercase(),
        ));
    }
    all.extend(who_pays(effect, design));
    all
}

fn who_pays(effect: &Effects, design: &str) -> Option<String> {
    let shown_row = |id: &str| effect.row(id).map(|row| quoted(effect.scope, Unit::Usd, &row.summary));
    Some(format!(
        "{design}: economic cost changes by {}, of which offshore rent {}, domestic chips {}, grey-market chips {}, scarcity \
         transfer to vendors {}, value of lost compute {}; without the transfer {} ({}). Spend changes by {}; a ban that \
         removes dear rentals can lower spend while compute goes missing, so spend is no measure of harm.",
        shown_row("pv.economic_cost")?,
        shown_row("pv.offshore_rent")?,
        shown_row("pv.resource.domestic")?,
        shown_row("pv.resource.grey")?,
        shown_row("pv.scarcity")?,
        shown_row("pv.value_lost")?,
        shown_row("pv.economic_cost_before_transfer")?,
        effect.scope.words(),
        shown_row("pv.spend")?,
    ))
}

/// Says so where the interval spans zero.
fn doubt(summary: &Summary, what: &str) -> String {
    if summary.p05.value < 0.0 && summary.p95.value > 0.0 {
        format!(
            " The interval spans zero: the chance of {what} is {}.",
            shown(Unit::Share, summary.above_zero)
        )
    } else {
        String::new()
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().collect::<String>() + letters.as_str())
}

/// What the month-0 calibration did, in a line.
pub fn calibration_line(outcome: &Outcome, calibration: &crate::model::calibrate::Calibration) -> String {
    let duals: Vec<String> = calibration
        .duals
        .iter()
        .flat_map(|lab| {
            lab.iter()
                .zip(&outcome.catalogue.workloads)
                .map(|(dual, id)| format!("{id} {}", Unit::Usd.show(*dual, 0.0)))
        })
        .collect();
    format!(
        "month 0 calibrated to {} per H100e-hour: planned use × {:.4}, marginal cost {}\n",
        Unit::Usd.show(calibration.price, 0.0),
        calibration.factor,
        duals.join(", ")
    )
}
