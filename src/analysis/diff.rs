//! Two scenarios on the same random numbers: what their results differ by, and which edits it comes from.
//!
//! A [`Plan`] says which scenarios between the two are simulated: edits that make sense only together are one. [`diff`]
//! simulates them one after another, keeps only sums, and divides the change of every headline ([`super::attribution`]).
//! A headline is a row of the first table that `compare` prints for the headline arm, by the statistic it is quoted by:
//! the median where the effect is certain, the mean where it is weighted by the chance of a rule. Scenarios of a single arm
//! have no effect; their headlines are the levels that `run` prints.

use std::collections::BTreeMap;

use super::answer::titled;
use super::attribution::{
    Coalition, Game, Method, Numbers, PLAYERS_AT_MOST, Statistic, Tally, chosen, joined,
};
use super::compare::{Measure, Row, Scope, Standing, bound, effect_values, effects, row_values, stands};
use super::summary::{Summary, summarise_values};
use crate::calendar::Month;
use crate::engine::column::{Over, Reading};
use crate::engine::executor::{EngineError, Options, simulate};
use crate::engine::job::Job;
use crate::engine::memory::Memory;
use crate::engine::outcome::Outcome;
use crate::engine::partition::grouping_of;
use crate::numbers::Unit;
use crate::random::design::Sampling;
use crate::scenario::blend::Blend;
use crate::stats::estimate::{self, Estimate};
use crate::stats::quantile::rests_on_greatest;

/// Which scenarios are simulated.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Edits by group; a group is made as one.
    pub groups: Vec<Vec<usize>>,
    /// The game of the groups.
    pub game: Game,
    jobs: Vec<(Coalition, Job)>,
}

/// How the scenarios are run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// Paths, if not the first scenario's.
    pub paths: Option<usize>,
    /// Seed, if not the first scenario's.
    pub seed: Option<u64>,
}

/// There are more edits than a change is divided among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// Edits.
    pub edits: usize,
}

impl Plan {
    /// The plan for a blend. `refused` are sets of edits that are known to have no results.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn of(blend: &Blend, runs: Runs, refused: &[Vec<bool>]) -> Result<Plan, TooMany> {
        let edits = blend.edits();
        if edits > PLAYERS_AT_MOST {
            return Err(TooMany { edits });
        }
        let mut jobs = BTreeMap::new();
        let mut compiled = |set: &[bool]| -> Option<Job> {
            if refused.iter().any(|bad| bad == set) {
                return None;
            }
            let job = jobs
                .entry(set.to_vec())
                .or_insert_with(|| blend.with(set).ok().map(|scenario| compared(scenario.job(), runs)));
            job.clone()
        };
        let groups = joined(edits, |set| compiled(set).is_some());
        let game = Game::new(groups.len());
        let job =
            |coalition: Coalition| compiled(&chosen(&groups, coalition, edits)).map(|job| (coalition, job));
        let jobs = game.coalitions().into_iter().filter_map(job).collect();
        Ok(Plan { groups, game, jobs })
    }

    /// Scenarios to simulate.
    pub fn simulations(&self) -> usize {
        self.jobs.len()
    }

    /// Memory of the simulations on so many threads: twice that of the largest, since the first is kept beside each other one;
    /// and a number a path for every sum that errors are told by, of every headline, its mean and its median, over all
    /// paths and those on which a rule stands.
    pub fn memory(&self, threads: usize) -> Memory {
        let most = self.jobs.iter().map(|(_, job)| Memory::of(job, threads)).max_by_key(Memory::total);
        let most = most.unwrap_or_else(|| Memory::of(self.first(), threads));
        let world = &self.first().arms[0].world;
        let (labs, workloads) = (world.labs.len(), world.workloads.len());
        // About as many as rows of the first table: each workload has its losses, costs and parity, and each lab its own rows.
        let headlines = 28 + 4 * workloads + labs * (4 + workloads);
        let sums = (headlines * 4 * self.game.roles()) as u64;
        let sums = sums.saturating_mul(8).saturating_mul(self.first().paths as u64);
        let twice = |bytes: u64| bytes.saturating_mul(2);
        let scalars = twice(most.scalars).saturating_add(sums);
        Memory { scalars, cells: twice(most.cells), rows: most.rows }
    }

    /// Whether every scenario has an arm to compare with its baseline; otherwise only levels can be compared.
    fn has_effects(&self) -> bool {
        self.jobs.iter().all(|(_, job)| job.headline().is_some())
    }

    /// The job of the first scenario.
    pub fn first(&self) -> &Job {
        &self.jobs[0].1
    }
}

/// A job of the baseline and the headline arm alone.
fn compared(mut job: Job, runs: Runs) -> Job {
    let (baseline, headline) = (job.baseline(), job.headline());
    let mut at = 0..;
    job.arms.retain(|_| at.next().is_some_and(|arm| arm == baseline || Some(arm) == headline));
    job.paths = runs.paths.unwrap_or(job.paths);
    job.seed = runs.seed.unwrap_or(job.seed);
    // Scenarios are paired path by path, so every path is kept.
    job.exact_paths = usize::MAX;
    job
}

/// Why two scenarios have no comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum DiffError {
    /// The first or the second has no results.
    End {
        /// It is the second.
        second: bool,
        /// Why.
        why: EngineError,
    },
    /// Scenarios between the two have no results; the edits made in one of them.
    Between {
        /// Flag an edit.
        set: Vec<bool>,
        /// Why.
        why: EngineError,
    },
    /// The run was stopped.
    Cancelled,
}

/// A number whose change is divided.
#[derive(Clone, Debug, PartialEq)]
pub struct Headline {
    /// The question it belongs to.
    pub question: &'static str,
    /// Id, such as `lost.24m.all`.
    pub id: String,
    /// In words.
    pub title: String,
    /// Unit.
    pub unit: &'static str,
    /// How it compares with the baseline; none is a level of the baseline itself.
    pub measure: Option<Measure>,
    /// It is among the few that stand for the rest.
    pub leading: bool,
}

impl Headline {
    /// What it is, how it is measured and over which paths, in words.
    pub fn words(&self, attribution: &Attribution) -> String {
        let measure = match self.measure {
            Some(Measure::Difference) => ", less the baseline's",
            _ => "",
        };
        let title = titled(&self.title, self.unit);
        format!("{title}{measure} ({})", self.statistic_words(attribution))
    }

    /// What is taken over which paths, in words.
    pub fn statistic_words(&self, attribution: &Attribution) -> String {
        let statistic = match self.measure {
            Some(Measure::Probability) => "share of paths",
            _ => attribution.statistic.id(),
        };
        let scope = match attribution.scope {
            None | Some(Scope::Certain) => "",
            Some(Scope::Expected) => ", weighted by the chance of a rule and of its reversal",
            Some(Scope::IfClosed) => ", if in force and not reversed",
        };
        let ends = attribution.censored.map_or(String::new(), |share| {
            format!(
                "; on up to {} of paths the run ends first, and they count as the least it can be",
                Unit::Share.show(share, 0.01)
            )
        });
        format!("{statistic}{scope}{ends}")
    }
}

/// The change of a headline, divided.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// Index of the headline.
    pub headline: usize,
    /// Over which paths; none for a level.
    pub scope: Option<Scope>,
    /// What is taken over paths.
    pub statistic: Statistic,
    /// It is the number that the headline is quoted by.
    pub quoted: bool,
    /// Greatest share of paths, of any scenario simulated, on which the run ends before the number is reached, and which count
    /// as the least it can be; none where the statistic does not rest on them.
    pub censored: Option<f64>,
    /// The numbers.
    pub numbers: Numbers,
}

/// A result of both scenarios, paired.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The arm, or the first of two that take the same part.
    pub arm: String,
    /// Id.
    pub id: String,
    /// In words.
    pub title: String,
    /// Unit.
    pub unit: &'static str,
    /// What kind of number; none is a level.
    pub measure: Option<Measure>,
    /// Mean in the first scenario.
    pub before: Estimate,
    /// Mean in the second.
    pub after: Estimate,
    /// Second less first, path by path.
    pub difference: Summary,
}

/// Two scenarios compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Diff {
    /// How changes are divided.
    pub method: Method,
    /// Edits by group.
    pub groups: Vec<Vec<usize>>,
    /// What effects are effects of: "Door closed, against Door open".
    pub comparison: String,
    /// Headlines.
    pub headlines: Vec<Headline>,
    /// Their changes, by headline, scope and statistic; none of a headline that not every scenario has.
    pub attributions: Vec<Attribution>,
    /// Results of both.
    pub outputs: Vec<Output>,
    /// Month of step 0.
    pub start: Month,
    /// Steps.
    pub months: usize,
    /// Paths.
    pub paths: usize,
    /// Seed.
    pub seed: u64,
    /// Sampling scheme.
    pub sampling: Sampling,
    /// Scenarios simulated.
    pub simulations: usize,
}

impl Diff {
    /// The attributions that headlines are quoted by.
    pub fn quoted(&self) -> impl Iterator<Item = (&Headline, &Attribution)> {
        let quoted = self.attributions.iter().filter(|attribution| attribution.quoted);
        quoted.map(|attribution| (&self.headlines[attribution.headline], attribution))
    }

    /// Headlines whose change is not divided, since not every scenario has them.
    pub fn undivided(&self) -> impl Iterator<Item = &Headline> {
        let divided = |at: usize| self.attributions.iter().any(|attribution| attribution.headline == at);
        self.headlines.iter().enumerate().filter(move |(at, _)| !divided(*at)).map(|(_, headline)| headline)
    }

    /// Those of the few headlines that stand for the rest.
    pub fn leading(&self) -> impl Iterator<Item = (&Headline, &Attribution)> {
        self.quoted().filter(|(headline, _)| headline.leading)
    }
}

/// Simulates a plan and divides the changes. `told` hears how many paths are done, of all simulations together.
///
/// # Errors
/// [`DiffError`].
pub fn diff(plan: &Plan, options: &Options<'_>, edits: usize) -> Result<Diff, DiffError> {
    let everyone = plan.game.everyone();
    let mut before: Option<Outcome> = None;
    let mut count: Option<Count> = None;
    let mut outputs = Vec::new();
    for (done, (coalition, job)) in plan.jobs.iter().enumerate() {
        let told = |paths: usize| {
            if let Some(progress) = options.progress {
                progress(done * job.paths + paths);
            }
        };
        let outcome = simulate(job, &Options { progress: Some(&told), ..*options });
        let outcome = outcome.map_err(|why| match why {
            EngineError::Cancelled => DiffError::Cancelled,
            why if *coalition == 0 || *coalition == everyone => {
                DiffError::End { second: *coalition != 0, why }
            }
            why => DiffError::Between { set: chosen(&plan.groups, *coalition, edits), why },
        })?;
        if outcome.incomplete {
            return Err(DiffError::Cancelled);
        }
        let count = count.get_or_insert_with(|| Count::new(plan, &outcome));
        count.enter(*coalition, &outcome);
        if *coalition == everyone {
            outputs = paired(before.as_ref().unwrap_or(&outcome), &outcome);
        }
        if *coalition == 0 {
            before = Some(outcome);
        } else if let (Some(first), true) = (&before, *coalition == everyone) {
            count.comparison = comparison(first, &outcome, plan.has_effects());
        }
    }
    let (Some(before), Some(count)) = (before, count) else { return Err(DiffError::Cancelled) };
    let (headlines, attributions) = count.answers();
    Ok(Diff {
        method: plan.game.method(),
        groups: plan.groups.clone(),
        comparison: count.comparison,
        headlines,
        attributions,
        outputs,
        start: before.start,
        months: before.months,
        paths: before.paths.len(),
        seed: before.seed,
        sampling: before.sampling,
        simulations: plan.jobs.len(),
    })
}

/// "Door closed, against Door open", and what the second calls them if it calls them otherwise.
fn comparison(before: &Outcome, after: &Outcome, effects: bool) -> String {
    let words = |outcome: &Outcome| {
        let baseline = &outcome.arms[outcome.baseline].title;
        match outcome.headline.filter(|_| effects) {
            Some(headline) => format!("{}, against {baseline}", outcome.arms[headline].title),
            None => baseline.clone(),
        }
    };
    match (words(before), words(after)) {
        (a, b) if a == b => a,
        (a, b) => format!("{a}; in the second {b}"),
    }
}

/// Sums of every headline on the way.
struct Count {
    headlines: Vec<Headline>,
    /// Row of each headline in terms of effects; none for levels.
    rows: Vec<Row>,
    /// By headline: over all paths and over those on which a rule stands, the mean and the median of each.
    tallies: Vec<[[Tally; 2]; 2]>,
    /// By headline and paths.
    censored: Vec<[CensoredShares; 2]>,
    certain: bool,
    /// In some scenario no path has a rule, so that there is nothing to say of it if closed.
    ruleless: bool,
    comparison: String,
}

impl Count {
    fn new(plan: &Plan, outcome: &Outcome) -> Count {
        let game = plan.game;
        let rows: Vec<_> = match effects(outcome).into_iter().next().filter(|_| plan.has_effects()) {
            Some(effects) => {
                // A run that ends with the month from which a delay counts can tell none.
                let told = |row: &Row| row.is_headline(outcome.months) && bound(outcome, &row.id) != Some(0);
                effects.rows.into_iter().filter(told).collect()
            }
            None => Vec::new(),
        };
        let headlines = if rows.is_empty() { levels(outcome) } else { rows.iter().map(of_row).collect() };
        let group = grouping_of(outcome.sampling, outcome.paths.iter().copied());
        let pair =
            || [Statistic::Mean, Statistic::Median].map(|statistic| Tally::new(game, statistic, group));
        let tallies = headlines.iter().map(|_| [pair(), pair()]).collect();
        let comparison = comparison(outcome, outcome, plan.has_effects());
        let none = CensoredShares { least: 1.0, most: 0.0, of_median: false };
        let censored = vec![[none; 2]; headlines.len()];
        Count { headlines, rows, tallies, censored, certain: true, ruleless: false, comparison }
    }

    fn enter(&mut self, coalition: Coalition, outcome: &Outcome) {
        let everywhere = vec![true; outcome.count];
        let (stands, certain) = match outcome.headline {
            Some(arm) => (stands(outcome, arm), Standing::of(outcome, arm).certain),
            None => (everywhere.clone(), true),
        };
        self.certain &= certain;
        self.ruleless |= certain && stands.iter().all(|stands| !stands);
        let stands = if certain { everywhere.clone() } else { stands };
        let enough = stands.iter().filter(|stands| **stands).count() > 1 || certain;
        for (at, headline) in self.headlines.iter().enumerate() {
            let measure = headline.measure.map_or(Reading::Level, Measure::reading);
            for (which, over) in
                [Over::All, if certain { Over::All } else { Over::Standing }].into_iter().enumerate()
            {
                let (share, paths) = censored(outcome, &headline.id, measure, over).unwrap_or((0.0, 0));
                let seen = &mut self.censored[at][which];
                *seen = CensoredShares {
                    least: seen.least.min(share),
                    most: seen.most.max(share),
                    of_median: seen.of_median || share > 0.0 && rests_on_greatest(0.5, paths, share),
                };
            }
            let values = match (self.rows.get(at), outcome.headline) {
                (Some(row), Some(arm)) => row_values(outcome, arm, row),
                (Some(_), None) => None,
                (None, _) => outcome.scalar(outcome.baseline, &headline.id).map(<[f64]>::to_vec),
            };
            let [all, standing] = &mut self.tallies[at];
            match &values {
                Some(values) => all.iter_mut().for_each(|tally| tally.enter(coalition, values, &everywhere)),
                None => all.iter_mut().for_each(Tally::lose),
            }
            match &values {
                Some(values) if enough => {
                    standing.iter_mut().for_each(|tally| tally.enter(coalition, values, &stands));
                }
                _ => standing.iter_mut().for_each(Tally::lose),
            }
        }
    }

    fn answers(&self) -> (Vec<Headline>, Vec<Attribution>) {
        let mut all = Vec::new();
        for (at, headline) in self.headlines.iter().enumerate() {
            let scopes: &[(usize, Option<Scope>)] = match (headline.measure, self.certain) {
                (None, _) => &[(0, None)],
                (_, true) => &[(0, Some(Scope::Certain))],
                (_, false) if self.ruleless => &[(0, Some(Scope::Expected))],
                (_, false) => &[(0, Some(Scope::Expected)), (1, Some(Scope::IfClosed))],
            };
            for (which, scope) in scopes {
                let CensoredShares { least, most, of_median } = self.censored[at][*which];
                // Every run ends before it on every path.
                if least == 1.0 {
                    continue;
                }
                for tally in &self.tallies[at][*which] {
                    let Some(numbers) = tally.numbers() else { continue };
                    let by_mean =
                        *scope == Some(Scope::Expected) || headline.measure == Some(Measure::Probability);
                    let quoted = (tally.statistic() == Statistic::Mean) == by_mean;
                    let (statistic, scope) = (tally.statistic(), *scope);
                    let rests = if statistic == Statistic::Mean { most > 0.0 } else { of_median };
                    let censored = rests.then_some(most);
                    all.push(Attribution { headline: at, scope, statistic, quoted, censored, numbers });
                }
            }
        }
        (self.headlines.clone(), all)
    }
}

/// Of all scenarios that are compared: the least and the greatest share of paths on which a run ends before a number is reached, and
/// whether a median rests on such paths.
#[derive(Clone, Copy, Debug)]
struct CensoredShares {
    least: f64,
    most: f64,
    of_median: bool,
}

/// The share of paths on which a run ends before a number is reached, and of how many.
fn censored(outcome: &Outcome, id: &str, reading: Reading, over: Over) -> Option<(f64, usize)> {
    let place = outcome.catalogue.scalar_index(id)?;
    let arm = outcome.headline.unwrap_or(outcome.baseline);
    let paths = outcome.column_at(arm, place, reading, over)?.paths();
    Some((outcome.censored(arm, place, reading, over)?.value, paths)).filter(|_| paths > 0)
}

fn of_row(row: &Row) -> Headline {
    let leads = ["lost.12m.all", "lost.24m.all", "training_delay.24m", "pv.economic_cost", "pv.spend"];
    let price = row.id.starts_with("marginal_cost.") && row.id.ends_with(".mean");
    Headline {
        question: row.question,
        id: row.id.clone(),
        title: row.title.clone(),
        unit: row.unit,
        measure: Some(row.measure),
        leading: price || leads.contains(&row.id.as_str()),
    }
}

/// The levels that stand for a scenario of a single arm.
fn levels(outcome: &Outcome) -> Vec<Headline> {
    let labels = outcome.catalogue.scalars.iter().map(|(label, ..)| label);
    let price = |id: &str| id.starts_with("marginal_cost.") && id.ends_with(".mean");
    let shown = ["pv.", "unserved_share", "average_cash_cost", "electricity", "parity_month", "orders."];
    labels
        .filter(|label| price(&label.id) || shown.iter().any(|start| label.id.starts_with(start)))
        .map(|label| Headline {
            question: "What does it cost?",
            id: label.id.clone(),
            title: label.title.clone(),
            unit: label.unit,
            measure: None,
            leading: price(&label.id)
                || ["pv.economic_cost", "pv.spend", "unserved_share.all"].contains(&label.id.as_str()),
        })
        .collect()
}

/// Every scalar of the arms compared and every effect, in both scenarios, paired path by path.
fn paired(before: &Outcome, after: &Outcome) -> Vec<Output> {
    let group = grouping_of(before.sampling, before.paths.iter().copied());
    let mut outputs = Vec::new();
    let mut push = |labels: (&str, &str, &str, &'static str), measure, a: &[f64], b: &[f64]| {
        let (arm, id, title, unit) =
            (labels.0.to_string(), labels.1.to_string(), labels.2.to_string(), labels.3);
        let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
        let (before, after) = (estimate::mean(a, group), estimate::mean(b, group));
        outputs.push(Output {
            arm,
            id,
            title,
            unit,
            measure,
            before,
            after,
            difference: summarise_values(&differences, group),
        });
    };
    let arms = [(Some(before.baseline), Some(after.baseline)), (before.headline, after.headline)];
    for arms in arms {
        let (Some(ours), Some(theirs)) = arms else { continue };
        for (label, ..) in &before.catalogue.scalars {
            let (a, b) = (before.scalar(ours, &label.id), after.scalar(theirs, &label.id));
            if let (Some(a), Some(b)) = (a, b) {
                push((&before.arms[ours].id, &label.id, &label.title, label.unit), None, a, b);
            }
        }
    }
    if let ([_, (Some(ours), Some(theirs))], Some(effects)) = (arms, effects(before).into_iter().next()) {
        for row in &effects.rows {
            let (a, b) = match row.measure {
                Measure::Difference | Measure::Ratio => (
                    effect_values(before, ours, &row.id, row.measure),
                    effect_values(after, theirs, &row.id, row.measure),
                ),
                // Already among the scalars of the arm.
                Measure::Paired | Measure::Probability => continue,
            };
            if let (Some(a), Some(b)) = (a, b) {
                let arm = &before.arms[ours].id;
                push((arm, &row.id, &row.title, row.unit), Some(row.measure), &a, &b);
            }
        }
    }
    outputs
}
