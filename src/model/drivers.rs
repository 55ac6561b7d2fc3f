//! The drivers of a path: what every quantity is worth in every month, and what is expected of it.
//!
//! Here randomness ends and economics begins. A [`Sampler`] turns a job's quantities into columns of numbers for one path;
//! the model reads them through slots and never sees a generator. How many uniforms a quantity takes depends on its form
//! alone, never on a parameter's value, and each is a function of (seed, stream, path, month): arms, threads, other
//! quantities and the number of paths do not move a draw.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::parameters::{Form, Process, Quantities, Rule, Slot};
use crate::math::{self, LANES, Lanes};
use crate::random::design::{Design, Scheme, Source};
use crate::random::process::{Jumps, Law, Prepared, Regime, Regimes, Shocks};

/// Values of all quantities on one path, or on a few in [`Lanes`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drivers<N = f64> {
    places: Vec<Place>,
    values: Vec<N>,
}

/// Where a quantity's columns start; constants and parameters have stride 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    now: u32,
    ahead: u32,
    stride: u32,
}

impl<N: Copy> Drivers<N> {
    /// Value of the quantity in month `t`.
    #[inline(always)]
    pub fn now(&self, slot: Slot, t: usize) -> N {
        let place = self.places[slot.0 as usize];
        self.values[place.now as usize + place.stride as usize * t]
    }

    /// Median forecast made in month `t` for month `t + lead`.
    #[inline(always)]
    pub fn ahead(&self, slot: Slot, t: usize) -> N {
        let place = self.places[slot.0 as usize];
        self.values[place.ahead as usize + place.stride as usize * t]
    }

    /// Whether the quantity is the same in all months, and so is its forecast.
    pub fn is_steady(&self, slot: Slot) -> bool {
        self.places[slot.0 as usize].stride == 0
    }
}

impl Drivers<Lanes> {
    /// Reads up to [`LANES`] paths of one job side by side; the last stands in for those that are missing.
    pub fn gather(&mut self, paths: &[Drivers]) {
        let path = |i: usize| &paths[i.min(paths.len() - 1)];
        self.places.clone_from(&path(0).places);
        self.values.clear();
        let columns: [&[f64]; LANES] = std::array::from_fn(|i| path(i).values.as_slice());
        let n = columns.iter().map(|column| column.len()).min().unwrap_or(0);
        let columns = columns.map(|column| &column[..n]);
        self.values.extend((0..n).map(|at| Lanes::each(|i| columns[i][at])));
    }
}

/// A tie between the normals of several sources.
#[derive(Clone, Debug, PartialEq)]
pub struct Copula {
    /// The quantities, in the factor's order.
    pub slots: Vec<Slot>,
    /// Lower Cholesky factor of the normals' correlation matrix, row-major.
    pub cholesky: Vec<f64>,
}

/// Draws drivers, path by path.
#[derive(Clone, Debug)]
pub struct Sampler<'a> {
    quantities: &'a Quantities,
    months: usize,
    lead: usize,
    design: Design,
    /// First source of each quantity, by slot.
    sources: Vec<usize>,
    /// Source of each named event uniform.
    events: BTreeMap<String, usize>,
    parameter_copulas: Vec<Copula>,
    shock_copulas: Vec<Copula>,
    /// By slot: its place among the tied parameters, or among the tied processes.
    ties: Vec<Option<usize>>,
    /// By slot: the law of a process without uncertain members, which is the same on every path.
    certain: Vec<Option<Prepared>>,
}

/// Memory of a sampler's caller, reused from path to path.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    normals: Vec<f64>,
    /// Uniforms of tied parameters.
    tied_uniforms: Vec<f64>,
    /// Monthly normals of tied processes, one after another.
    tied_normals: Vec<f64>,
    /// The independent normals that they are mixed from.
    independent: Vec<f64>,
    regime: Vec<f64>,
    jump_count: Vec<f64>,
    jump_size: Vec<f64>,
    now: Vec<f64>,
    ahead: Vec<f64>,
    column: Vec<f64>,
}

/// Sources of a process beside its normals, in this order.
const PARTS: [&str; 3] = ["/regime", "/jump-count", "/jump-size"];

impl<'a> Sampler<'a> {
    /// A sampler of `quantities` over `months` with forecasts `lead` months ahead, and of one uniform a path for each of
    /// `events`.
    pub fn new(
        quantities: &'a Quantities,
        events: &[String],
        parameter_copulas: Vec<Copula>,
        shock_copulas: Vec<Copula>,
        scheme: Scheme<'_>,
        (months, lead): (usize, usize),
    ) -> Sampler<'a> {
        let mut table = SourceTable::default();
        let sources = quantities
            .list
            .iter()
            .enumerate()
            .map(|(index, quantity)| match &quantity.form {
                Form::Constant(_) | Form::Schedule { .. } | Form::Converted { .. } => {
                    // What is held fixed but correlated still feeds the draws of the others.
                    let among = |copulas: &[Copula]| {
                        copulas.iter().any(|copula| copula.slots.contains(&Slot(index as u32)))
                    };
                    if among(&shock_copulas) {
                        table.open(quantity.stream.clone(), months)
                    } else if among(&parameter_copulas) {
                        table.open(quantity.stream.clone(), 1)
                    } else {
                        usize::MAX
                    }
                }
                Form::Parameter(_) => table.open(quantity.stream.clone(), 1),
                Form::Process(process) => {
                    let first = table.open(quantity.stream.clone(), months);
                    if process.regimes.is_some() {
                        table.open(quantity.stream.clone() + PARTS[0], months);
                    }
                    if process.jumps.is_some() {
                        table.open(quantity.stream.clone() + PARTS[1], months);
                        table.open(quantity.stream.clone() + PARTS[2], months);
                    }
                    first
                }
            })
            .collect();
        let events = events.iter().map(|name| (name.clone(), table.open(name.clone(), 1))).collect();
        let opened: Vec<Source<'_>> = table
            .list
            .iter()
            .map(|(stream, steps)| Source { stream: stream.as_str(), steps: *steps, lanes: 1 })
            .collect();
        let design = Design::new(scheme, &opened);
        let mut ties = vec![None; quantities.list.len()];
        for copulas in [&parameter_copulas, &shock_copulas] {
            for (place, slot) in copulas.iter().flat_map(|copula| &copula.slots).enumerate() {
                ties[slot.0 as usize] = Some(place);
            }
        }
        let certain = quantities.list.iter().map(|quantity| match &quantity.form {
            Form::Process(process) => certain_law(process, quantities).map(|law| law.prepare(lead, months)),
            _ => None,
        });
        let certain = certain.collect();
        Sampler {
            quantities,
            months,
            lead,
            design,
            sources,
            events,
            parameter_copulas,
            shock_copulas,
            ties,
            certain,
        }
    }

    fn uniform(&self, source: usize, path: u64, step: usize) -> f64 {
        self.design.uniform(source, path as usize, step, 0)
    }

    /// The uniform of an event on a path.
    pub fn event(&self, stream: &str, path: u64) -> f64 {
        self.uniform(self.events[stream], path, 0)
    }

    /// Fills `drivers` with path `path`.
    pub fn draw(&self, path: u64, scratch: &mut Scratch, drivers: &mut Drivers) {
        self.fill(Some(path), scratch, drivers);
    }

    /// Fills `drivers` with the central path: every draw at its median, regimes at their likeliest state.
    pub fn central(&self, scratch: &mut Scratch, drivers: &mut Drivers) {
        self.fill(None, scratch, drivers);
    }

    fn fill(&self, path: Option<u64>, scratch: &mut Scratch, drivers: &mut Drivers) {
        let (months, lead) = (self.months, self.lead);
        drivers.places.clear();
        drivers.values.clear();
        scratch.now.resize(months, 0.0);
        scratch.ahead.resize(months, 0.0);
        if let Some(path) = path {
            self.tie_parameters(path, scratch);
            self.tie_shocks(path, scratch);
        }
        for (index, quantity) in self.quantities.list.iter().enumerate() {
            match &quantity.form {
                Form::Constant(value) => drivers.push_level(*value),
                Form::Parameter(distribution) => {
                    let u = match path {
                        None => 0.5,
                        Some(path) => match self.ties[index] {
                            Some(tied) => scratch.tied_uniforms[tied],
                            None => self.uniform(self.sources[index], path, 0),
                        },
                    };
                    drivers.push_level(distribution.quantile(u));
                }
                Form::Schedule { knots, linear } => {
                    drivers.push_column((0..months).map(|t| interpolate(knots, *linear, t as i32)));
                    drivers.push_ahead((0..months).map(|t| interpolate(knots, *linear, (t + lead) as i32)));
                }
                Form::Converted { amount, per_usd } => {
                    scratch.column.clear();
                    scratch
                        .column
                        .extend((0..months).map(|t| drivers.now(*amount, t) / drivers.now(*per_usd, t)));
                    scratch
                        .column
                        .extend((0..months).map(|t| drivers.ahead(*amount, t) / drivers.ahead(*per_usd, t)));
                    drivers.push_column(scratch.column[..months].iter().copied());
                    drivers.push_ahead(scratch.column[months..].iter().copied());
                }
                Form::Process(process) => {
                    let prepared;
                    let law = match &self.certain[index] {
                        Some(certain) => certain,
                        None => {
                            prepared = law(process, |slot| drivers.now(slot, 0)).prepare(lead, months);
                            &prepared
                        }
                    };
                    match path {
                        None => law.central(&mut scratch.now, &mut scratch.ahead),
                        Some(path) => {
                            self.shocks(index, process, path, scratch);
                            let shocks = Shocks {
                                normal: &scratch.normals,
                                regime: &scratch.regime,
                                jump_count: &scratch.jump_count,
                                jump_size: &scratch.jump_size,
                            };
                            law.simulate(shocks, &mut scratch.now, &mut scratch.ahead);
                        }
                    }
                    let initial = process.initial;
                    for t in 0..months {
                        scratch.now[t] *= drivers.now(initial, t);
                        scratch.ahead[t] *= drivers.ahead(initial, t);
                    }
                    drivers.push_column(scratch.now.iter().copied());
                    drivers.push_ahead(scratch.ahead.iter().copied());
                }
            }
        }
    }

    /// Draws the uniforms of tied parameters on a path.
    fn tie_parameters(&self, path: u64, scratch: &mut Scratch) {
        scratch.tied_uniforms.clear();
        for copula in &self.parameter_copulas {
            let independent = &mut scratch.independent;
            independent.clear();
            independent
                .extend(copula.slots.iter().map(|slot| self.uniform(self.sources[slot.0 as usize], path, 0)));
            math::normal_quantiles(independent);
            for row in 0..copula.slots.len() {
                scratch.tied_uniforms.push(math::normal_cdf(copula.row(row, independent)));
            }
        }
    }

    /// Draws the monthly normals of tied processes on a path.
    fn tie_shocks(&self, path: u64, scratch: &mut Scratch) {
        let months = self.months;
        scratch.tied_normals.clear();
        for copula in self.shock_copulas.iter().filter(|_| months > 0) {
            let independent = &mut scratch.independent;
            independent.clear();
            independent.resize(copula.slots.len() * months, 0.0);
            for (slot, column) in copula.slots.iter().zip(independent.chunks_exact_mut(months)) {
                self.design.uniforms(self.sources[slot.0 as usize], path as usize, 0, column);
            }
            math::normal_quantiles(independent);
            for column in independent.chunks_exact_mut(months) {
                self.design.shape(column, &mut scratch.column);
            }
            for row in 0..copula.slots.len() {
                let first = scratch.tied_normals.len();
                scratch.tied_normals.resize(first + months, 0.0);
                let mixed = &mut scratch.tied_normals[first..];
                for (share, column) in copula.shares(row).iter().zip(independent.chunks_exact(months)) {
                    for (mixed, normal) in mixed.iter_mut().zip(column) {
                        *mixed += share * normal;
                    }
                }
            }
        }
    }

    fn shocks(&self, index: usize, process: &Process, path: u64, scratch: &mut Scratch) {
        let months = self.months;
        let first = self.sources[index];
        let uniforms = |source: usize, column: &mut Vec<f64>| {
            column.resize(months, 0.0);
            self.design.uniforms(source, path as usize, 0, column);
        };
        match self.ties[index] {
            Some(tied) => {
                scratch.normals.clear();
                scratch.normals.extend_from_slice(&scratch.tied_normals[tied * months..(tied + 1) * months]);
            }
            None => {
                uniforms(first, &mut scratch.normals);
                math::normal_quantiles(&mut scratch.normals);
                self.design.shape(&mut scratch.normals, &mut scratch.column);
            }
        }
        let mut next = first + 1;
        scratch.regime.clear();
        scratch.jump_count.clear();
        scratch.jump_size.clear();
        if process.regimes.is_some() {
            uniforms(next, &mut scratch.regime);
            next += 1;
        }
        if process.jumps.is_some() {
            uniforms(next, &mut scratch.jump_count);
            uniforms(next + 1, &mut scratch.jump_size);
        }
    }
}

impl Copula {
    /// Row `row` of the factor, up to the diagonal: beyond it there is nothing.
    fn shares(&self, row: usize) -> &[f64] {
        &self.cholesky[row * self.slots.len()..][..=row]
    }

    /// Row `row` of the factor times the independent normals.
    fn row(&self, row: usize, independent: &[f64]) -> f64 {
        self.shares(row).iter().zip(independent).map(|(share, normal)| share * normal).sum()
    }
}

impl Drivers {
    fn push_level(&mut self, value: f64) {
        let at = self.values.len() as u32;
        self.places.push(Place { now: at, ahead: at, stride: 0 });
        self.values.push(value);
    }

    fn push_column(&mut self, values: impl Iterator<Item = f64>) {
        let at = self.values.len() as u32;
        self.places.push(Place { now: at, ahead: at, stride: 1 });
        self.values.extend(values);
    }

    fn push_ahead(&mut self, values: impl Iterator<Item = f64>) {
        let at = self.values.len() as u32;
        if let Some(place) = self.places.last_mut() {
            place.ahead = at;
        }
        self.values.extend(values);
    }
}

/// Sources in order of opening; a name opened twice is two sources with the same draws.
#[derive(Default)]
struct SourceTable {
    list: Vec<(String, usize)>,
}

impl SourceTable {
    fn open(&mut self, name: String, steps: usize) -> usize {
        self.list.push((name, steps));
        self.list.len() - 1
    }
}

/// Event streams of a set of rules, in order, each once.
pub fn event_streams<'a>(rules: impl Iterator<Item = &'a Rule>) -> Vec<String> {
    let mut names: Vec<String> =
        rules.flat_map(|rule| [rule.announcement_stream.clone(), rule.reversal_stream.clone()]).collect();
    names.sort();
    names.dedup();
    names
}

/// The law of a process none of whose members is uncertain.
fn certain_law(process: &Process, quantities: &Quantities) -> Option<Law> {
    let certain = Cell::new(true);
    let law = law(process, |slot| match quantities.list[slot.0 as usize].form {
        Form::Constant(value) => value,
        _ => {
            certain.set(false);
            f64::NAN
        }
    });
    Some(law).filter(|_| certain.get())
}

/// The process with these values of its members.
fn law(process: &Process, at: impl Fn(Slot) -> f64 + Copy) -> Law {
    Law {
        anchor: process.anchor,
        trend_per_year: at(process.trend_per_year),
        volatility_per_sqrt_year: at(process.volatility),
        half_life_months: process.half_life_months.map(at),
        jumps: process.jumps.as_ref().map(|jumps| Jumps {
            per_year: at(jumps.per_year),
            log_mean: at(jumps.log_mean),
            log_sd: at(jumps.log_sd),
        }),
        regimes: process.regimes.as_ref().map(|regimes| Regimes {
            start: regimes.start,
            demean: regimes.demean,
            states: regimes
                .states
                .iter()
                .map(|state| Regime {
                    id: state.id.clone(),
                    mean_spell_months: at(state.mean_spell_months),
                    drift_per_year: at(state.drift_per_year),
                    volatility: state.volatility.map(at),
                    to: state.to.clone(),
                })
                .collect(),
        }),
    }
}

/// Value of a curve through `knots` at month `t`, flat outside.
fn interpolate(knots: &[(i32, f64)], linear: bool, t: i32) -> f64 {
    let after = knots.partition_point(|(month, _)| *month <= t);
    if after == 0 {
        return knots[0].1;
    }
    let (month, value) = knots[after - 1];
    match knots.get(after) {
        Some((next, target)) if linear => {
            value + (target - value) * f64::from(t - month) / f64::from(next - month)
        }
        _ => value,
    }
}
