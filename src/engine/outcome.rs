//! What a job yields: every scalar of an arm as a column over paths, and every monthly number as a distribution.

use std::borrow::Cow;

use super::catalogue::Catalogue;
use super::column::{ArmTallies, Column, Over, Reading, readings};
use super::job::Job;
use super::partition::{grouping, grouping_of, replicates};
use super::progress::Progress;
use super::recorder::{CellMoments, Layout, UnitMoments};
use crate::calendar::Month;
use crate::model::calibrate::Calibration;
use crate::model::parameters::{Announcement, Form, Quantities, Reversal, Rule, Supply, Target, World};
use crate::random::design::Sampling;
use crate::stats::estimate::{Estimate, Grouping};
use crate::stats::sketch::Sketch;

/// An arm, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArmLabel {
    /// Id in the file.
    pub id: String,
    /// Name in tables and charts.
    pub title: String,
    /// The rule design: titles of its rules, or its own where it has none.
    pub design: String,
    /// What sets its rules apart from the baseline's.
    pub own_rules: OwnRules,
}

/// The rules of an arm that the baseline has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnRules {
    /// How many there are.
    pub count: usize,
    /// How many rules the arm has in common with the baseline. The dates and flags of an arm do not count them, those of the baseline do.
    pub shared: usize,
    /// One of them shuts a rental channel: its effect on new capacity is the constant factor 0.
    pub closes: bool,
    /// One of them does, no rule of the baseline narrows rental, and all else is the baseline's: the arm closes a door that stands
    /// open, and its effect is that of closing it.
    pub closes_open_door: bool,
    /// But for its own rules all is the baseline's: the other rules too, and all assumptions.
    pub alike: bool,
    /// Each has a fixed date of announcement and is never undone.
    pub fixed: bool,
    /// None is ever undone.
    pub stand: bool,
}

impl OwnRules {
    /// Whether there are several, so that a flag of any of them is not one of each.
    pub fn several(&self) -> bool {
        self.count > 1
    }

    /// Whether the arm has rules of its own and differs in more: its effect is of all of it together.
    pub fn beside_other_assumptions(&self) -> bool {
        self.count > 0 && !self.alike
    }

    fn of(world: &World, baseline: &World, quantities: &Quantities) -> OwnRules {
        let own: Vec<&Rule> =
            world.rules_beyond(baseline).into_iter().map(|rule| &world.rules[rule]).collect();
        let shuts = |rule: &&Rule| {
            rule.effects.iter().any(|effect| {
                let rental = |(k, selected): (usize, &bool)| {
                    *selected && matches!(world.channels[k].supply, Supply::Rental(_))
                };
                effect.target == Target::NewRental
                    && quantities.list[effect.factor.0 as usize].form == Form::Constant(0.0)
                    && effect.channels.iter().enumerate().any(rental)
            })
        };
        let narrows = |rule: &Rule| rule.effects.iter().any(|effect| effect.target == Target::NewRental);
        let closes = own.iter().any(shuts);
        let fixed = |rule: &&Rule| {
            matches!(rule.announcement, Announcement::Fixed(_)) && rule.reversal == Reversal::Never
        };
        let all_else = |world: &World| World { rules: Vec::new(), ..world.clone() };
        // An arm without a rule that its baseline has undoes it.
        let alike = all_else(world) == all_else(baseline) && baseline.rules_beyond(world).is_empty();
        OwnRules {
            count: own.len(),
            shared: world.rules.len() - own.len(),
            closes,
            closes_open_door: closes && alike && !baseline.rules.iter().any(narrows),
            alike,
            fixed: own.iter().all(fixed),
            stand: own.iter().all(|rule| rule.reversal == Reversal::Never),
        }
    }
}

/// The results of a job.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Arms in the file's order.
    pub arms: Vec<ArmLabel>,
    /// Index of the arm that effects are differences to.
    pub baseline: usize,
    /// Index of the arm that headlines speak of.
    pub headline: Option<usize>,
    /// What was measured.
    pub catalogue: Catalogue,
    /// Month of step 0.
    pub start: Month,
    /// Steps.
    pub months: usize,
    /// Sampling scheme.
    pub sampling: Sampling,
    /// Seed of every stream.
    pub seed: u64,
    /// Paths simulated.
    pub count: usize,
    /// Ids of the paths of which every scalar is kept, ascending: all, or the first of a long run.
    pub paths: Vec<u64>,
    /// The run was stopped before all its paths were done.
    pub incomplete: bool,
    /// Month-0 calibration, where the scenario asks for it.
    pub calibration: Option<Calibration>,
    /// Elasticities of demand of the baseline's labs and workloads, on which marginal costs rest.
    pub elasticities: Vec<Elasticity>,
    layout: Layout,
    /// Arm, scalar, path.
    scalars: Vec<Vec<Vec<f64>>>,
    /// The ways in which scalars are tallied, and their tallies by arm; none where every scalar is kept.
    readings: Vec<(usize, Reading)>,
    tallies: Vec<ArmTallies>,
    moments: Vec<CellMoments>,
    sketches: Vec<Sketch>,
}

/// Elasticity of a lab's demand for a workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Elasticity {
    /// Id of the workload.
    pub workload: String,
    /// Its 5% and 95% quantile, the same for a constant; none where it moves over time.
    pub range: Option<(f64, f64)>,
}

fn elasticities(job: &Job) -> Vec<Elasticity> {
    let world = &job.arms[job.baseline()].world;
    let demands = world.labs.iter().flat_map(|lab| world.workloads.iter().zip(&lab.demand));
    let demands = demands.filter_map(|(workload, demand)| Some((workload, demand.as_ref()?)));
    let range = |form: &Form| match form {
        Form::Constant(value) => Some((*value, *value)),
        Form::Parameter(distribution) => Some((distribution.quantile(0.05), distribution.quantile(0.95))),
        Form::Process(_) | Form::Schedule { .. } | Form::Converted { .. } => None,
    };
    demands
        .map(|(workload, demand)| Elasticity {
            workload: workload.id.clone(),
            range: range(&job.quantities.list[demand.elasticity.0 as usize].form),
        })
        .collect()
}

/// The distribution of one monthly number.
#[derive(Clone, Debug)]
pub struct Cell<'a> {
    moments: Vec<UnitMoments>,
    /// Histogram over paths.
    pub sketch: &'a Sketch,
}

impl Cell<'_> {
    /// Mean over paths with its standard error.
    pub fn mean(&self) -> Estimate {
        UnitMoments::estimate(&self.moments)
    }

    /// Share of paths on which it is above zero; exact.
    pub fn share_above_zero(&self) -> f64 {
        self.sketch.positive() as f64 / self.sketch.count() as f64
    }

    /// Several quantiles over paths at once; see [`Cell::quantile`].
    pub fn quantiles<const N: usize>(&self, p: [f64; N]) -> [f64; N] {
        self.sketch.quantiles(p)
    }

    /// Quantile over paths, Hyndman–Fan type 7 to the histogram's bin width.
    pub fn quantile(&self, p: f64) -> f64 {
        self.sketch.quantile(p)
    }
}

impl Outcome {
    pub(super) fn new(
        job: &Job,
        catalogue: Catalogue,
        layout: Layout,
        (mut merged, kept): (Progress, Vec<u64>),
        calibration: Option<Calibration>,
    ) -> Outcome {
        let mut order: Vec<usize> = (0..kept.len()).collect();
        order.sort_by_key(|&at| kept[at]);
        // Column by column where they lie: of many paths they are most of a run's memory.
        let mut sorted = Vec::with_capacity(kept.len());
        for column in merged.scalars.iter_mut().flatten() {
            sorted.clear();
            sorted.extend(order.iter().map(|&at| column[at]));
            column.copy_from_slice(&sorted);
        }
        let readings = readings(&catalogue);
        let world = &job.arms[0].world;
        let baseline = &job.arms[job.baseline()].world;
        Outcome {
            arms: job
                .arms
                .iter()
                .map(|arm| {
                    let rules: Vec<&str> = arm.world.rules.iter().map(|rule| rule.title.as_str()).collect();
                    let design = if rules.is_empty() { arm.title.clone() } else { rules.join(" and ") };
                    ArmLabel {
                        id: arm.id.clone(),
                        title: arm.title.clone(),
                        design,
                        own_rules: OwnRules::of(&arm.world, baseline, &job.quantities),
                    }
                })
                .collect(),
            baseline: job.baseline(),
            headline: job.headline(),
            catalogue,
            start: world.start,
            months: world.months,
            sampling: job.sampling,
            seed: job.seed,
            count: merged.paths,
            paths: order.iter().map(|&at| kept[at]).collect(),
            incomplete: merged.paths < job.paths,
            calibration,
            elasticities: elasticities(job),
            layout,
            scalars: merged.scalars,
            readings: if job.is_exact() { Vec::new() } else { readings },
            tallies: merged.tallies,
            moments: merged.moments,
            sketches: merged.sketches,
        }
    }

    /// A scalar on every path kept, in the order of [`Outcome::paths`].
    pub fn scalar(&self, arm: usize, id: &str) -> Option<&[f64]> {
        self.catalogue.scalar_index(id).map(|s| self.scalars[arm][s].as_slice())
    }

    /// A scalar on every path kept, by its place in the catalogue.
    pub fn scalar_at(&self, arm: usize, scalar: usize) -> &[f64] {
        &self.scalars[arm][scalar]
    }

    /// Whether every scalar of every path is kept; if not, columns are tallies.
    pub fn is_exact(&self) -> bool {
        self.tallies.is_empty()
    }

    /// A scalar of an arm over paths; none if there is no such scalar, or it is not tallied in this reading.
    pub fn column(&self, arm: usize, id: &str, reading: Reading, over: Over) -> Option<Column<'_>> {
        self.column_at(arm, self.catalogue.scalar_index(id)?, reading, over)
    }

    /// A scalar of an arm over the paths kept.
    pub fn kept(&self, arm: usize, id: &str) -> Option<Column<'_>> {
        let grouping = grouping_of(self.sampling, self.paths.iter().copied());
        Some(Column::Values(self.scalar(arm, id)?.into(), grouping))
    }

    /// [`Outcome::column`], by the scalar's place in the catalogue.
    pub fn column_at(&self, arm: usize, scalar: usize, reading: Reading, over: Over) -> Option<Column<'_>> {
        if let Some(tallies) = self.tallies.get(arm) {
            let at = self.readings.iter().position(|told| *told == (scalar, reading))?;
            return Some(match over {
                Over::All if self.incomplete && replicates(self.sampling) > 1 => {
                    Column::Tallied(&tallies.all[at], Grouping::Independent)
                }
                Over::All => Column::Tallied(&tallies.all[at], grouping(self.sampling)),
                Over::Standing => Column::Tallied(&tallies.standing[at], Grouping::Independent),
            });
        }
        let (own, baseline) = (self.scalar_at(arm, scalar), self.scalar_at(self.baseline, scalar));
        let read = |i: usize| reading.of(own[i], baseline[i]);
        Some(match over {
            Over::All => {
                let values = match reading {
                    Reading::Level => Cow::Borrowed(own),
                    _ => (0..own.len()).map(read).collect(),
                };
                Column::Values(values, grouping_of(self.sampling, self.paths.iter().copied()))
            }
            Over::Standing => {
                let flags = STANDING.map(|id| self.scalar(arm, id).unwrap_or(&[]));
                let chosen: Vec<usize> =
                    stand(flags).zip(0..).filter(|(stands, _)| *stands).map(|(_, i)| i).collect();
                let ids = chosen.iter().map(|i| self.paths[*i]);
                Column::Values(chosen.iter().map(|i| read(*i)).collect(), grouping_of(self.sampling, ids))
            }
        })
    }

    /// Share of paths on which a scalar, read so, is only known to be at least what it is given as; none if nothing censors it.
    pub fn censored(&self, arm: usize, scalar: usize, reading: Reading, over: Over) -> Option<Estimate> {
        let censoring =
            self.catalogue.censoring(scalar, self.months).filter(|_| reading == Reading::Level)?;
        self.column_at(arm, censoring.flag, reading, over).map(|flags| flags.mean())
    }

    /// A monthly number of an arm, by its metric's place in the catalogue.
    pub fn level(&self, arm: usize, metric: usize, t: usize) -> Cell<'_> {
        self.cell(self.layout.level(arm, metric, t))
    }

    /// Its difference to the baseline on the same draws; none for the baseline and for metrics not paired.
    pub fn difference(&self, arm: usize, metric: usize, t: usize) -> Option<Cell<'_>> {
        self.layout.difference(arm, metric, t).map(|cell| self.cell(cell))
    }

    fn cell(&self, cell: usize) -> Cell<'_> {
        Cell {
            moments: self.moments.iter().map(|replicate| replicate.cell(cell)).collect(),
            sketch: &self.sketches[cell],
        }
    }

    /// Index of an arm.
    pub fn arm(&self, id: &str) -> Option<usize> {
        self.arms.iter().position(|arm| arm.id == id)
    }
}

/// Scalars by which an arm's rules stand on a path: the first is 1, the second 0.
pub const STANDING: [&str; 2] = ["all_rules_in_force", "rule_reversed"];

/// By path, whether all of an arm's rules come into force and none is undone, from the flags of [`STANDING`].
pub fn stand([in_force, reversed]: [&[f64]; 2]) -> impl Iterator<Item = bool> {
    in_force.iter().zip(reversed).map(|(in_force, reversed)| *in_force == 1.0 && *reversed == 0.0)
}
