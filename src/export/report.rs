//! Results as tables for the terminal.
//!
//! Every number carries the digits its sampling error supports and its 90% interval over paths, and every effect the
//! condition it supposes. Intervals are uncertainty about the world; "±" is the sampling error of the run. The two are
//! never mixed. Sentences ready to quote are in [`super::findings`].

use std::fmt::Write as _;

use super::wording::quoted;
use crate::analysis::answer::{chance, chance_with_error, interval, level, mean, median, titled, unit_of};
use crate::analysis::compare::{Effects, Row, Scope, bound, headline_windows};
use crate::analysis::summary::summarise_level;
use crate::engine::outcome::Outcome;
use crate::numbers::{Unit, capitalised, count, counted};

pub use super::findings::{About, Stated, findings, sentences};
pub use super::wording::elasticity_range;

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
    // A run that ends with the month from which a delay counts can tell none.
    let told = |row: &&Row| row.is_headline(outcome.months) && bound(outcome, &row.id) != Some(0);
    for row in effects.rows.iter().filter(told) {
        if row.question != question {
            question = row.question;
            let rests = if row.id.starts_with("marginal_cost") {
                format!(" Elasticity of demand {}.", elasticity_range(outcome, None))
            } else {
                String::new()
            };
            table.heading(&format!("{question}{rests}"));
        }
        let (unit, summary) = (unit_of(row.unit), &row.summary);
        let ratio = row.unit == "times the baseline";
        let title = titled(&row.title, row.unit);
        let cells = if row.unit == "probability" {
            let told = chance_with_error(summary.mean, summary.paths);
            vec![title, String::new(), String::new(), told, String::new()]
        } else {
            let chance = if ratio { String::new() } else { chance(summary.above_zero, summary.paths) };
            let interval = interval(unit, summary).unwrap_or("n/a".to_string());
            vec![title, median(unit, summary), interval, mean(unit, summary), chance]
        };
        table.row(cells);
    }
    let unlike = if outcome.arms[effects.arm].own_rules.beside_other_assumptions() {
        "Assumptions or rules of the baseline differ too; this is the effect of all of them together.\n"
    } else {
        ""
    };
    let chances = chances(outcome, effects).map_or(String::new(), |told| capitalised(&told) + ".\n");
    format!("{}\n{unlike}{chances}{}", effect_title(outcome, effects), table.render())
}

/// "Door closed: 180-day wind-down, against Door open (closed and not reversed)", with the number of paths where it is not all
/// of them, and without what is supposed where the arm has no rules of its own.
pub fn effect_title(outcome: &Outcome, effects: &Effects) -> String {
    let (arm, baseline) = (&outcome.arms[effects.arm].title, &outcome.arms[outcome.baseline].title);
    let paths = match effects.rows.first().map(|row| row.summary.paths) {
        Some(paths) if paths < outcome.count => {
            format!(": {} of {}", count(paths as u64), counted(outcome.count as u64, "path"))
        }
        _ => String::new(),
    };
    let condition = effects.condition.map_or(String::new(), |words| format!(" ({words}{paths})"));
    format!("{arm}, against {baseline}{condition}")
}

/// The chances that an arm's rules come into force and are undone, where effects are weighted by them.
pub fn chances(outcome: &Outcome, effects: &Effects) -> Option<String> {
    if effects.scope != Scope::Expected {
        return None;
    }
    let chance_of = |id: &str| {
        let flags = summarise_level(outcome, effects.arm, outcome.catalogue.scalar_index(id)?);
        Some(chance(flags.mean, flags.paths))
    };
    let own = outcome.arms[effects.arm].own_rules;
    let undone = match own.stand {
        true => String::new(),
        false => format!(", that it does and is undone {}", chance_of("rule_reversed")?),
    };
    let comes = chance_of("rule_in_force")?;
    if own.several() {
        let all = chance_of("all_rules_in_force")?;
        return Some(format!(
            "the chance that one of its rules comes into force within the run is {comes}, that all do {all}{}",
            undone.replace("that it does and is undone", "that one does and is undone")
        ));
    }
    Some(format!("the chance that the rule comes into force within the run is {comes}{undone}"))
}

/// What each arm costs, as a table of medians with sampling errors and intervals: levels, not effects.
pub fn level_table(outcome: &Outcome) -> String {
    let mut header = vec!["median ± s.e. (90% interval)"];
    header.extend(outcome.arms.iter().map(|arm| arm.id.as_str()));
    let mut table = TextTable::new(&header);
    for (s, (metric, ..)) in outcome.catalogue.scalars.iter().enumerate() {
        let shown_here =
            ["pv.", "unserved_share", "average_cash_cost", "electricity", "parity_month", "orders."];
        let mean_price = metric.id.starts_with("marginal_cost.") && metric.id.ends_with(".mean");
        if !mean_price && !shown_here.iter().any(|start| metric.id.starts_with(start)) {
            continue;
        }
        let mut cells = vec![titled(&metric.title, metric.unit)];
        for arm in 0..outcome.arms.len() {
            let summary = summarise_level(outcome, arm, s);
            let unit = unit_of(metric.unit);
            cells.push(level(unit, &summary));
        }
        table.row(cells);
    }
    table.render()
}

/// One line an arm: the headline numbers side by side.
pub fn arms_table(outcome: &Outcome, effects: &[Effects]) -> String {
    let windows = headline_windows(outcome.months);
    let mut columns: Vec<(String, String)> =
        windows.iter().map(|w| (format!("lost.{w}m.all"), format!("H100e-hours lost, {w} months"))).collect();
    columns.extend([
        ("training_delay.24m".to_string(), "delay at month 24, months".to_string()),
        ("pv.economic_cost".to_string(), "economic cost".to_string()),
        ("pv.spend".to_string(), "spend".to_string()),
    ]);
    columns.retain(|(id, _)| {
        effects.first().is_some_and(|first| first.row(id).is_some()) && bound(outcome, id) != Some(0)
    });
    let mut header = vec!["median (90% interval)"];
    header.extend(columns.iter().map(|(_, words)| words.as_str()));
    let mut table = TextTable::new(&header);
    for effect in effects {
        let arm = &outcome.arms[effect.arm].title;
        let name = if effect.scope == Scope::Certain {
            arm.clone()
        } else {
            format!("{arm}, {}", scope_short(effect))
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
    let mut unlike: Vec<&str> = (effects.iter().map(|effect| &outcome.arms[effect.arm]))
        .filter(|arm| arm.own_rules.beside_other_assumptions())
        .map(|arm| arm.title.as_str())
        .collect();
    // An arm may have two rows.
    unlike.dedup();
    let mut text = table.render();
    if !unlike.is_empty() {
        let _ = writeln!(
            text,
            "Differs from {} in other rules or assumptions too: {}",
            outcome.arms[outcome.baseline].title,
            unlike.join("; ")
        );
    }
    text
}

fn scope_short(effect: &Effects) -> &'static str {
    match effect.scope {
        Scope::Certain => "certain",
        Scope::Expected => "expected",
        Scope::IfClosed => effect.condition.unwrap_or("if in force and not reversed"),
    }
}

/// What the month-0 calibration did, in a line: the marginal cost of each workload, and with several labs its range.
pub fn calibration_line(outcome: &Outcome, calibration: &crate::model::calibrate::Calibration) -> String {
    let show = |dual: f64| Unit::Usd.show(dual, 0.0);
    let duals: Vec<String> = (outcome.catalogue.workloads.iter().enumerate())
        .map(|(w, id)| {
            // A lab that does not want it pays nothing for it, which is no price.
            let of_labs = || calibration.duals.iter().map(|lab| lab[w]).filter(|dual| *dual > 0.0);
            if of_labs().next().is_none() {
                return format!("{id} none");
            }
            let least = show(of_labs().fold(f64::INFINITY, f64::min));
            let greatest = show(of_labs().fold(f64::NEG_INFINITY, f64::max));
            if least == greatest { format!("{id} {least}") } else { format!("{id} {least} to {greatest}") }
        })
        .collect();
    let labs = calibration.duals.len();
    format!(
        "month 0 calibrated to {} per H100e-hour: planned use × {:.4}, marginal cost on the central path {}{}\n",
        show(calibration.price),
        calibration.factor,
        duals.join(", "),
        if labs > 1 { format!(" across {labs} labs") } else { String::new() }
    )
}
