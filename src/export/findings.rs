//! Results as sentences ready to quote: `findings.md`.
//!
//! Each sentence names the arm, the window with its first month, the 90% interval and what is supposed of the rule. What
//! adds up is told as means, since medians do not add. A negative loss is told as a gain.

use std::fmt::Write as _;

use super::report::{chances, effect_title};
use super::wording::{center, center_is_bound, elasticity_range, median_with_interval, on_average, quoted};
use crate::analysis::answer::{PATHS_FOR_AN_INTERVAL, chance, shown, told, unit_of};
use crate::analysis::compare::{Effects, Row, Scope, bound, headline_windows};
use crate::analysis::summary::{Summary, summarise_level};
use crate::engine::column::DELAYS;
use crate::engine::outcome::Outcome;
use crate::numbers::{Unit, at_least, counted, lower_first};
use crate::stats::estimate::Estimate;

/// What the findings say about the scenario itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// Title of the run.
    pub title: String,
    /// The scenario, or both with the arm that each lends.
    pub scenarios: Vec<Stated>,
    /// Version of the simulator.
    pub version: String,
    /// Numbers that state no source.
    pub without_source: Vec<String>,
    /// What was warned of: unusual values and the like.
    pub warnings: Vec<String>,
}

/// A scenario of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stated {
    /// File name without extension.
    pub name: String,
    /// Date the inputs speak of; empty if the scenario states none.
    pub as_of: String,
    /// Its note.
    pub note: String,
    /// Title of the arm that is taken from it; empty where all are.
    pub arm: String,
}

impl Stated {
    fn told(&self, quotes: &str) -> String {
        let as_of = if self.as_of.is_empty() { String::new() } else { format!(" as of {}", self.as_of) };
        let arm = if self.arm.is_empty() { String::new() } else { format!(" ({})", self.arm) };
        format!("{quotes}{}{quotes}{as_of}{arm}", self.name)
    }
}

impl About {
    /// "Scenario `mine` as of 2026-11-24"; of two also the arm that each lends. Names stand in `quotes`.
    pub fn stated(&self, quotes: &str) -> String {
        let told: Vec<String> = self.scenarios.iter().map(|scenario| scenario.told(quotes)).collect();
        match told.as_slice() {
            [first, second] => {
                format!("Scenarios {first} and {second}, on settings and calibration of the first")
            }
            told => format!("Scenario {}", told.join(" and ")),
        }
    }

    /// Notes of the scenarios, each once.
    fn notes(&self) -> Vec<&str> {
        let mut notes: Vec<&str> = Vec::new();
        for note in self.scenarios.iter().map(|scenario| scenario.note.as_str()) {
            if !note.is_empty() && !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }
}

/// Parts of the economic cost that add up to it, and what a sentence calls them.
pub const COST_PARTS: [(&str, &str); 7] = [
    ("pv.offshore_rent", "offshore rent"),
    ("pv.resource.domestic", "domestic chips"),
    ("pv.resource.grey", "grey-market chips"),
    ("pv.resource.imported", "imported chips"),
    ("pv.resource.offshore", "chips owned offshore"),
    ("pv.scarcity", "scarcity transfer to vendors"),
    ("pv.value_lost", "value of lost compute"),
];

/// `findings.md`: sentences ready to quote, on effects and on levels.
pub fn findings(outcome: &Outcome, effects: &[Effects], about: &About) -> String {
    let mut text = format!("# {}\n\n{}\n\n", about.title, preamble(outcome, about));
    if outcome.incomplete {
        text.push_str(
            "**Incomplete: the run was interrupted; the numbers rest on the paths that were done.**\n\n",
        );
    }
    for note in about.notes() {
        let _ = writeln!(text, "{note}\n");
    }
    if !about.warnings.is_empty() {
        section(&mut text, "Warnings", about.warnings.clone());
    }
    for effect in effects {
        section(&mut text, &effect_title(outcome, effect), sentences(outcome, effect));
    }
    for (arm, label) in outcome.arms.iter().enumerate() {
        let weighted = effects.iter().find(|effect| effect.arm == arm && effect.scope == Scope::Expected);
        let condition = weighted.and_then(|effect| effect.condition);
        let supposed = condition.map_or(String::new(), |words| format!(" ({words})"));
        section(&mut text, &format!("{}, by itself{supposed}", label.title), level_sentences(outcome, arm));
    }
    if !about.without_source.is_empty() {
        let _ = writeln!(text, "## Numbers without a source\n");
        for key in &about.without_source {
            let _ = writeln!(text, "- `{key}`");
        }
    }
    text
}

fn section(text: &mut String, title: &str, sentences: Vec<String>) {
    let _ = writeln!(text, "## {title}\n");
    for sentence in sentences {
        let _ = writeln!(text, "- {sentence}");
    }
    text.push('\n');
}

fn preamble(outcome: &Outcome, about: &About) -> String {
    let paths = outcome.count;
    let reading = if paths == 1 {
        "There is one path: each number is that path's, its sampling error is unknown, and there is no interval."
    } else if paths < PATHS_FOR_AN_INTERVAL {
        "Each number is the median over paths (the mean where it is said to be on average); there are too few paths for a 90% \
         interval. Digits are cut at the sampling error of the run."
    } else {
        "Each number is the median over paths (the mean where it is said to be on average) with its 90% interval; the interval is \
         uncertainty about the world, and digits are cut at the sampling error of the run."
    };
    format!(
        "{}, {} to {}, {}, seed {}, loophole {}. {reading} Money is real US dollars of {}, discounted.",
        about.stated("`"),
        outcome.start,
        outcome.start.plus(outcome.months as i32 - 1),
        counted(paths as u64, "path"),
        outcome.seed,
        about.version,
        outcome.start,
    )
}

/// The sentences about the effect of one arm.
pub fn sentences(outcome: &Outcome, effect: &Effects) -> Vec<String> {
    let teller = Teller {
        outcome,
        effect,
        design: &outcome.arms[effect.arm].title,
        baseline: lower_first(&outcome.arms[outcome.baseline].title),
        condition: effect.condition.map_or(String::new(), |words| format!(" ({words})")),
    };
    let mut all = Vec::new();
    all.extend(teller.unlike());
    all.extend(chances(outcome, effect).map(|told| format!("{}: {told}.", teller.design)));
    all.extend(headline_windows(outcome.months).into_iter().filter_map(|window| teller.lost(window)));
    all.extend([24, 36].into_iter().filter_map(|month| teller.delay(month)));
    all.extend(teller.marginal_cost());
    all.extend(teller.who_pays());
    all.extend(teller.industry());
    all.extend(outcome.catalogue.labs.iter().filter_map(|lab| teller.lab(lab)));
    all
}

/// Tells the effect of one arm.
struct Teller<'a> {
    outcome: &'a Outcome,
    effect: &'a Effects,
    design: &'a str,
    baseline: String,
    condition: String,
}

impl Teller<'_> {
    fn quoted(&self, row: &Row) -> String {
        quoted(self.effect.scope, unit_of(row.unit), &row.summary)
    }

    /// A number that is told by its size with one of two words for its sign: (word, number).
    fn signed<'w>(&self, row: &Row, [positive, negative]: [&'w str; 2]) -> (&'w str, String, Summary) {
        let value = center(self.effect.scope, &row.summary).value;
        let below = value < 0.0 || value == 0.0 && row.summary.p05.value + row.summary.p95.value < 0.0;
        let (word, summary) = if below { (negative, row.summary.negated()) } else { (positive, row.summary) };
        (word, quoted(self.effect.scope, unit_of(row.unit), &summary), summary)
    }

    /// Where an arm with rules of its own differs in other assumptions too.
    fn unlike(&self) -> Option<String> {
        let own = self.outcome.arms[self.effect.arm].own_rules;
        own.beside_other_assumptions().then(|| {
            format!(
                "{}: it differs from {} in more than rules of its own, and what follows is the effect of all of it together; \
                 `loophole diff` divides it.",
                self.design, self.baseline
            )
        })
    }

    /// "the 12 months from 2026-10".
    fn span(&self, months: usize) -> String {
        format!("the {} from {}", counted(months as u64, "month"), self.outcome.start)
    }

    /// When the rule binds, where that is one month on all paths.
    fn binds(&self) -> String {
        let own = self.outcome.arms[self.effect.arm].own_rules;
        let which = if own.several() { "the first of its rules" } else { "the rule" };
        self.effect.binds_from.map_or(String::new(), |month| {
            format!(" ({which} binds from {})", self.outcome.start.plus(month))
        })
    }

    fn lost(&self, window: usize) -> Option<String> {
        let lost = self.effect.row(&format!("lost.{window}m.all"))?;
        let share = self.effect.row(&format!("lost_share.{window}m.all"))?;
        let (verb, hours, summary) = self.signed(lost, ["lose", "gain"]);
        if summary.is_nothing() {
            return Some(format!(
                "{}: in {}{} the labs lose no H100e-hour of work on any path{}.",
                self.design,
                self.span(window),
                self.binds(),
                self.condition
            ));
        }
        let share = if verb == "gain" { share.summary.negated() } else { share.summary };
        let noun = if verb == "gain" { "a gain" } else { "a loss" };
        Some(format!(
            "{}: in {}{} the labs {verb} {hours} H100e-hours of work, {} of what they planned{}.{}",
            self.design,
            self.span(window),
            self.binds(),
            quoted(self.effect.scope, Unit::Share, &share),
            self.condition,
            doubt(unit_of(lost.unit), &summary, (noun, summary.above_zero)),
        ))
    }

    /// A run that ends too early to tell a chance says nothing of it.
    fn delay(&self, month: usize) -> Option<String> {
        let id = format!("training_delay.{month}m");
        let (delay, bound) = (self.effect.row(&id)?, bound(self.outcome, &id)?);
        let chance_of = |row: &Row| chance(row.summary.mean, row.summary.paths);
        let censored = chance_of(self.effect.row(&format!("training_delay_censored.{month}m"))?);
        let (design, condition) = (self.design, &self.condition);
        let work = format!("the training work of {}", self.span(month));
        if bound == 0 {
            return Some(format!(
                "{design}: the chance that {work} does not arrive within the run, which ends with them, is {censored}{condition}."
            ));
        }
        let above = |months| Some((months, chance_of(self.effect.row(&format!("{id}.above{months}"))?)));
        let likely = match DELAYS.into_iter().filter_map(above).collect::<Vec<_>>().as_slice() {
            [] => {
                let months = counted(bound as u64, "month");
                format!("does not arrive within the run, which ends {months} later, is {censored}")
            }
            [(months, chance), longer @ ..] => {
                let longer: String =
                    longer.iter().map(|(months, chance)| format!(", more than {months} {chance}")).collect();
                format!(
                    "arrives more than {months} months later is {chance}{longer}, and not within the horizon {censored}"
                )
            }
        };
        let summary = &delay.summary;
        if summary.is_nothing() {
            return Some(format!("{design}: {work} arrives {}{condition}.", self.later(delay)));
        }
        let (noun, chance) = if center(self.effect.scope, summary).value < 0.0 {
            ("a lead", summary.below_zero)
        } else {
            ("a delay", summary.above_zero)
        };
        Some(format!(
            "{design}: {work} arrives {}; the chance that it {likely}{condition}.{}",
            self.later(delay),
            doubt(Unit::Months, summary, (noun, chance))
        ))
    }

    /// "3.7 months later (90%: 1.7 to at least 6.0)", "2.1 months earlier (90%: 5.0 earlier to 1.2 later)".
    fn later(&self, delay: &Row) -> String {
        let (scope, summary) = (self.effect.scope, &delay.summary);
        let size =
            |estimate: Estimate| shown(Unit::Months, Estimate { value: estimate.value.abs(), ..estimate });
        let word = |estimate: Estimate| if estimate.value < 0.0 { "earlier" } else { "later" };
        let center = center(scope, summary);
        if summary.is_nothing() {
            return "no later on any path".to_string();
        }
        let months = size(center);
        let noun = if months == "1" { "month" } else { "months" };
        let mut text = format!(
            "{} {noun} {}{}",
            at_least(center_is_bound(scope, summary), months),
            word(center),
            on_average(scope, summary)
        );
        if summary.is_constant() {
            text.push_str(" on every path");
        } else if summary.paths >= PATHS_FOR_AN_INTERVAL && !summary.is_bound(0.05) {
            let end = |estimate, p| at_least(summary.is_bound(p), size(estimate));
            let [p05, _, p95] = told(summary);
            let (low, high) = (end(p05, 0.05), end(p95, 0.95));
            let _ = match (word(summary.p05), word(summary.p95)) {
                (first, last) if first != last => write!(text, " (90%: {low} {first} to {high} {last})"),
                ("earlier", _) => write!(text, " (90%: {high} to {low})"),
                _ => write!(text, " (90%: {low} to {high})"),
            };
        }
        text
    }

    fn marginal_cost(&self) -> Vec<String> {
        let condition = self.effect.condition.map_or(String::new(), |words| format!("{words}; "));
        let mean =
            |row: &'_ Row| row.id.strip_prefix("marginal_cost.")?.strip_suffix(".mean").map(str::to_string);
        let means = self.effect.rows.iter().filter_map(|row| Some((row, mean(row)?)));
        means
            .map(|(row, workload)| {
                let (title, summary) = (lower_first(&row.title), &row.summary);
                if summary.is_constant() && summary.mean.value == 1.0 {
                    return format!(
                        "{}: {title} is on every path what it is with {}{}.",
                        self.design, self.baseline, self.condition
                    );
                }
                format!(
                    "{}: {} is {} times what it is with {} ({condition}elasticity of demand {}).",
                    self.design,
                    lower_first(&row.title),
                    self.quoted(row),
                    self.baseline,
                    elasticity_range(self.outcome, Some(&workload)),
                )
            })
            .collect()
    }

    /// The economic cost and its parts as means, which add up but for their rounding, each where its own sampling error begins.
    fn who_pays(&self) -> Option<String> {
        let row = |id: &str| self.effect.row(id);
        let whole = row("pv.economic_cost")?;
        let mean = |row: &Row| shown(Unit::Usd, row.summary.mean);
        let parts: Option<Vec<String>> =
            COST_PARTS.iter().map(|(id, words)| Some(format!("{words} {}", mean(row(id)?)))).collect();
        let spend = row("pv.spend")?;
        let at_center = |row: &Row| center(self.effect.scope, &row.summary).value;
        let window = headline_windows(self.outcome.months).into_iter().max()?;
        let falls = at_center(spend) < 0.0 && at_center(row(&format!("lost.{window}m.all"))?) > 0.0;
        let spend_is = if !falls {
            ""
        } else if self.outcome.arms[self.effect.arm].own_rules.closes_open_door {
            "; a ban that removes dear rentals can lower spend while compute goes missing, so spend is no measure of harm"
        } else {
            "; it can fall because compute goes missing, so spend is no measure of harm"
        };
        let (average, of_which) = match self.effect.scope {
            Scope::Expected => (String::new(), "of which on average"),
            Scope::Certain | Scope::IfClosed => (format!("; on average by {}", mean(whole)), "of which"),
        };
        Some(format!(
            "{}: economic cost changes by {}{average}, {of_which} {}; without the transfer by {}{}. Spend changes by {}{spend_is}.",
            self.design,
            self.quoted(whole),
            parts?.join(", "),
            self.quoted(row("pv.economic_cost_before_transfer")?),
            self.condition,
            self.quoted(spend),
        ))
    }

    /// What hosts and vendors feel, where there are hosts to feel it.
    fn industry(&self) -> Option<String> {
        let month = headline_windows(self.outcome.months).into_iter().max()?;
        let rented = self.effect.row(&format!("rented_chips.{month}m"))?;
        let nothing = |row: &Row| {
            let summary = &row.summary;
            [summary.mean, summary.p05, summary.p95].iter().all(|estimate| estimate.value == 0.0)
        };
        if nothing(rented) {
            return None;
        }
        let (verb, chips, _) = self.signed(rented, ["more", "fewer"]);
        let (dearer, relet, _) = self.signed(self.effect.row("pv.relet")?, ["more", "less"]);
        let sales = self.effect.row("pv.domestic_sales").filter(|row| !nothing(row));
        let sales = sales.map_or(String::new(), |row| {
            let (more, sales, _) = self.signed(row, ["more", "less"]);
            format!(", and domestic vendors sell systems for {sales} {more}")
        });
        Some(format!(
            "{}: in month {month} the labs rent {chips} {verb} chips abroad; over the run, chips that stand unused there would fetch \
             {relet} {dearer} at the spot price{sales}{}.",
            self.design, self.condition,
        ))
    }

    /// What happens to one of several labs.
    fn lab(&self, lab: &str) -> Option<String> {
        let row = |id: String| self.effect.row(&format!("{id}@{lab}"));
        let window = headline_windows(self.outcome.months).into_iter().max()?;
        let lost = row(format!("lost.{window}m.all"))?;
        let share = row(format!("lost_share.{window}m.all"))?;
        let country = self.outcome.catalogue.scalar_index(&format!("lost.{window}m.all"))?;
        let country = &self.outcome.catalogue.scalars[country].0.title;
        let name = lost.title.strip_prefix(country.as_str())?.trim_start_matches(", ");
        let (verb, hours, _) = self.signed(lost, ["loses", "gains"]);
        let nothing = lost.summary.is_nothing();
        let share = if verb == "gains" { share.summary.negated() } else { share.summary };
        let share = quoted(self.effect.scope, Unit::Share, &share);
        let lost = if nothing {
            "loses no H100e-hour of work on any path".to_string()
        } else {
            format!("{verb} {hours} H100e-hours of work, {share} of what it planned")
        };
        let mut text = format!("{}, {name}: in {} it {lost}", self.design, self.span(window));
        // Of a lab that does no training, or loses none of it, there is nothing to tell.
        let delayed = |delay: &&Row| !delay.summary.is_nothing() || delay.summary.censored.value > 0.0;
        if let Some(delay) = row("training_delay.24m".to_string()).filter(delayed) {
            let _ = if bound(self.outcome, &delay.id) == Some(0) {
                let beyond = chance(delay.summary.censored, delay.summary.paths);
                write!(
                    text,
                    "; its training work of those months does not arrive within the run on {beyond} of paths"
                )
            } else {
                write!(text, "; its training work of those months arrives {}", self.later(delay))
            };
        }
        for workload in &self.outcome.catalogue.workloads {
            if let Some(cost) = row(format!("marginal_cost.{workload}.mean")) {
                let title = lower_first(cost.title.trim_end_matches(name).trim_end_matches(", "));
                let _ = write!(text, "; {title} is {} times the baseline's", self.quoted(cost));
            }
        }
        let cost = row("pv.economic_cost".to_string())?;
        let _ = write!(text, "; its economic cost changes by {}{}.", self.quoted(cost), self.condition);
        Some(text)
    }
}

/// The sentences about one arm by itself: headline levels.
fn level_sentences(outcome: &Outcome, arm: usize) -> Vec<String> {
    let label = &outcome.arms[arm].title;
    let told = |id: &str| {
        let place = outcome.catalogue.scalar_index(id)?;
        let (metric, ..) = &outcome.catalogue.scalars[place];
        let summary = summarise_level(outcome, arm, place);
        Some((metric.title.as_str(), median_with_interval(unit_of(metric.unit), &summary)))
    };
    let run = format!("{} to {}", outcome.start, outcome.start.plus(outcome.months as i32 - 1));
    let mut all = Vec::new();
    for workload in &outcome.catalogue.workloads {
        if let Some((title, cost)) = told(&format!("marginal_cost.{workload}.mean")) {
            all.push(format!("{label}: {}, {run}, is {cost} per H100e-hour.", lower_first(title)));
        }
    }
    if let (Some((_, cost)), Some((_, spend)), Some((_, cash))) =
        (told("pv.economic_cost"), told("pv.spend"), told("average_cash_cost"))
    {
        all.push(format!(
            "{label}: over {run} the economic cost of compute to the labs is {cost}, present value, and their spend {spend}; an \
             H100e-hour of work costs them {cash} in cash."
        ));
    }
    if let Some((_, unserved)) = told("unserved_share.all") {
        all.push(format!("{label}: over {run} {unserved} of the labs' planned use goes unserved."));
    }
    if let Some((_, orders)) = told("orders.domestic") {
        all.push(format!("{label}: domestic chips that the labs buy over {run}: {orders}."));
    }
    all
}

/// Says so where the interval, as it is shown, spans zero.
fn doubt(unit: Unit, summary: &Summary, (what, likelihood): (&str, Estimate)) -> String {
    let negative = |end: Estimate| shown(unit, end).starts_with('−');
    if !negative(told(summary)[0]) || summary.p95.value <= 0.0 || summary.paths < PATHS_FOR_AN_INTERVAL {
        return String::new();
    }
    format!(" The interval spans zero: the chance of {what} is {}.", chance(likelihood, summary.paths))
}
