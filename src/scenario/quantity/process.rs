//! Forms that know time: schedules and monthly processes.

use super::super::diagnostic::Diagnostic;
use super::super::raw::Node;
use super::super::registry::Range;
use super::read::{Reader, Time};
use super::{Form, Parsed, Process, Support, not_a_month};
use crate::calendar::Month;
use crate::random::process::{Anchor, Jumps, Regime, Regimes};
use crate::units::Unit;

impl Reader<'_> {
    pub(super) fn schedule(&mut self, key: &str, node: &Node) -> Option<(Form, Support)> {
        let entry = node.table()?.get("schedule")?;
        let interpolation = self.word(key, node, "interpolation", &["linear", "step"]);
        let Some(dates) = entry.node.table().filter(|table| !table.is_empty()) else {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} needs dated values"));
            self.problems.push(problem.note("allowed: schedule = { \"2026-10\" = 1.0, \"2027-06\" = 1.2 }"));
            return None;
        };
        let (mut knots, mut points, mut sound) = (Vec::new(), Vec::new(), true);
        for (date, value) in dates {
            let month = date.parse::<Month>();
            if month.is_err() {
                let title = format!("{key}: {date:?} is not a month");
                self.problems.push(not_a_month(value.key, title, date));
            }
            match self.number(key, &value.node) {
                Some(x) => {
                    points.push(Support::point(x, value.node.origin));
                    knots.extend(month.ok().map(|month| (month, x)));
                }
                None => sound = false,
            }
        }
        let linear = interpolation?.unwrap_or("linear") == "linear";
        if !sound {
            return None;
        }
        // All dates were told to be no months; the values have a range to be checked all the same.
        if knots.is_empty() {
            knots.push((Month::new(0, 1), 0.0));
        }
        knots.sort_by_key(|(month, _)| *month);
        // Values of what is no month count too, so that their range is told beside it.
        let support = points.into_iter().reduce(Support::union)?;
        Some((Form::Schedule { knots, linear }, support))
    }

    /// A member of a process at `node.name`, checked against its range; the outer option is empty if it is wrong.
    pub(super) fn member(
        &mut self,
        key: &str,
        node: &Node,
        name: &str,
        unit: Unit,
        range: Range,
    ) -> Option<Option<Parsed>> {
        let Some(entry) = node.entry(name) else { return Some(None) };
        let key = format!("{key}.{name}");
        let parsed = self.read(&key, &entry.node, unit, Time::None)?;
        self.check_range(&key, &parsed, &range, unit).then_some(Some(parsed))
    }

    pub(super) fn needed(
        &mut self,
        key: &str,
        node: &Node,
        name: &str,
        unit: Unit,
        range: Range,
    ) -> Option<Parsed> {
        let member = self.member(key, node, name, unit, range)?;
        if member.is_none() {
            self.problems.push(Diagnostic::error(node.origin, format!("{key} needs `{name}`")));
        }
        member
    }

    pub(super) fn process(&mut self, key: &str, node: &Node, unit: Unit) -> Option<(Form, Support)> {
        let any = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
        let from_zero = Range::closed(0.0, f64::INFINITY);
        let above_zero = Range::above(0.0, f64::INFINITY);
        let start = &node.table()?.get("initial")?.node;
        let initial = self.read(&format!("{key}.initial"), start, unit, Time::Curve).and_then(|initial| {
            self.check_range(&format!("{key}.initial"), &initial, &from_zero, unit).then_some(initial)
        });
        let anchor = self.word(key, node, "anchor", &["median", "mean"]);
        let trend = self.member(key, node, "trend_per_year", Unit::PerYear, any);
        let volatility = self.member(key, node, "volatility_per_sqrt_year", Unit::PerSqrtYear, from_zero);
        let half_life = self.member(key, node, "half_life_months", Unit::Months, above_zero);
        let jumps = self.jumps(key, node);
        let regimes = self.regimes(key, node);
        let process = Process {
            initial: initial?,
            anchor: if anchor? == Some("mean") { Anchor::Mean } else { Anchor::Median },
            trend_per_year: trend?,
            volatility: volatility?,
            half_life_months: half_life?,
            jumps: jumps?,
            regimes: regimes?,
            history: None,
        };
        let support = process.support();
        Some((Form::Process(Box::new(process)), support))
    }

    pub(super) fn jumps(&mut self, key: &str, node: &Node) -> Option<Option<Jumps<Parsed>>> {
        let Some(entry) = node.entry("jumps") else { return Some(None) };
        let any = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
        let from_zero = Range::closed(0.0, f64::INFINITY);
        let key = format!("{key}.jumps");
        self.only(&key, &entry.node, &["per_year", "log_mean", "log_sd"])?;
        let per_year =
            self.needed(&key, &entry.node, "per_year", Unit::EventsPerYear, Range::closed(0.0, 6000.0));
        let log_mean = self.needed(&key, &entry.node, "log_mean", Unit::Log, any);
        let log_sd = self.needed(&key, &entry.node, "log_sd", Unit::Log, from_zero);
        Some(Some(Jumps { per_year: per_year?, log_mean: log_mean?, log_sd: log_sd? }))
    }

    pub(super) fn regimes(&mut self, key: &str, node: &Node) -> Option<Option<Regimes<Parsed>>> {
        let Some(entry) = node.entry("regimes") else { return Some(None) };
        let key = format!("{key}.regimes");
        self.only(&key, &entry.node, &["start", "demean", "states"])?;
        let demean = match entry.node.get("demean").map(|node| (node, node.boolean())) {
            None => true,
            Some((_, Some(flag))) => flag,
            Some((node, None)) => {
                self.wrong_type(&format!("{key}.demean"), node, "true or false");
                return None;
            }
        };
        let states = entry.node.get("states").and_then(Node::list).unwrap_or_default();
        if states.len() < 2 {
            let origin = entry.node.get("states").map_or(entry.key, |states| states.origin);
            self.problems.push(Diagnostic::error(origin, format!("{key} needs at least two states")));
            return None;
        }
        let mut ids: Vec<&str> = Vec::new();
        for state in states {
            match state.get("id").and_then(Node::text) {
                Some(id) if ids.contains(&id) => {
                    let origin = state.get("id").map_or(state.origin, |id| id.origin);
                    self.problems.push(Diagnostic::error(origin, format!("{key} has two states {id:?}")));
                    return None;
                }
                Some(id) => ids.push(id),
                None => {
                    self.problems
                        .push(Diagnostic::error(state.origin, format!("a state of {key} has no `id`")));
                    return None;
                }
            }
        }
        let start = match entry.node.entry("start") {
            None => {
                let problem = Diagnostic::error(entry.key, format!("{key} needs `start`"));
                self.problems.push(problem.note(format!("allowed: {}", ids.join(", "))));
                None
            }
            Some(_) => self.word(&key, &entry.node, "start", &ids).flatten(),
        };
        let read: Vec<_> =
            states.iter().zip(&ids).map(|(state, id)| self.state(&key, state, id, &ids)).collect();
        let states = read.into_iter().collect::<Option<Vec<_>>>()?;
        let start = ids.iter().position(|id| Some(*id) == start)?;
        Some(Some(Regimes { start, demean, states }))
    }

    pub(super) fn state(
        &mut self,
        key: &str,
        state: &Node,
        id: &str,
        ids: &[&str],
    ) -> Option<Regime<Parsed>> {
        let key = format!("{key}.{id}");
        let any = Range::closed(f64::NEG_INFINITY, f64::INFINITY);
        self.only(
            &key,
            state,
            &["id", "mean_spell_months", "drift_per_year", "volatility_per_sqrt_year", "to"],
        )?;
        let spell =
            self.needed(&key, state, "mean_spell_months", Unit::Months, Range::closed(1.0, f64::INFINITY));
        let drift = self.needed(&key, state, "drift_per_year", Unit::PerYear, any);
        let volatility = self.member(
            &key,
            state,
            "volatility_per_sqrt_year",
            Unit::PerSqrtYear,
            Range::closed(0.0, f64::INFINITY),
        );
        let to = self.destinations(&key, state, id, ids);
        Some(Regime {
            id: id.to_string(),
            mean_spell_months: spell?,
            drift_per_year: drift?,
            volatility: volatility?,
            to: to?,
        })
    }

    pub(super) fn destinations(
        &mut self,
        key: &str,
        state: &Node,
        id: &str,
        ids: &[&str],
    ) -> Option<Vec<f64>> {
        let Some(entry) = state.entry("to") else {
            let share = 1.0 / (ids.len() - 1) as f64;
            return Some(ids.iter().map(|other| if *other == id { 0.0 } else { share }).collect());
        };
        let Some(table) = entry.node.table() else {
            self.wrong_type(&format!("{key}.to"), &entry.node, "a table of states");
            return None;
        };
        let mut to = vec![0.0; ids.len()];
        for (name, share) in table {
            let Some(at) = ids.iter().position(|other| other == name).filter(|_| name != id) else {
                let problem = Diagnostic::error(share.key, format!("{key}.to names {name:?}"));
                let others: Vec<_> = ids.iter().filter(|other| **other != id).copied().collect();
                self.problems.push(problem.note(format!("allowed: {}", others.join(", "))));
                return None;
            };
            to[at] = self.number(&format!("{key}.to"), &share.node)?;
            if !(0.0..=1.0).contains(&to[at]) {
                let problem = Diagnostic::error(share.node.origin, format!("{key}.to is not a probability"));
                self.problems.push(problem.label(format!("found {}", to[at])).note("allowed: 0 to 1"));
                return None;
            }
        }
        let sum: f64 = to.iter().sum();
        if (sum - 1.0).abs() > 1e-9 {
            let problem = Diagnostic::error(entry.node.origin, format!("{key}.to does not sum to 1"));
            self.problems.push(problem.label(format!("sums to {sum}")));
            return None;
        }
        Some(to)
    }
}
