//! Distributions drawn once per path: stated by parameters, or fitted to quantiles.

use super::super::diagnostic::{Diagnostic, Origin, nearest};
use super::super::raw::{Entry, Node};
use super::read::Reader;
use super::{Support, probability};
use crate::random::distribution::Distribution;
use crate::random::elicit;

impl Reader<'_> {
    /// A distribution drawn once per path, and its support.
    pub(super) fn distribution(&mut self, key: &str, node: &Node) -> Option<(Distribution, Support)> {
        let form = self.form_of(key, node)?;
        let entry = &node.table()?[form];
        let made = |made: Result<Distribution, String>, support: Support, reader: &mut Self| match made {
            Ok(distribution) => Some((distribution, support)),
            Err(why) => {
                let problem = Diagnostic::error(entry.node.origin, format!("{key}: {why}"));
                reader.problems.push(problem.label(format!("no such {form} distribution")));
                None
            }
        };
        let everywhere = Support {
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
            open: true,
            low_at: entry.node.origin,
            high_at: entry.node.origin,
        };
        match form {
            "value" => {
                let x = self.number(key, &entry.node)?;
                let point = Support::point(x, entry.node.origin);
                made(text(Distribution::discrete(&[x], &[1.0])), point, self)
            }
            "uniform" => {
                let [low, high] = self.numbers(key, entry, ["low", "high"])?;
                made(text(Distribution::uniform(low.0, high.0)), Support::between(low, high), self)
            }
            "triangular" | "pert" => {
                let [min, mode, max] = self.numbers(key, entry, ["min", "mode", "max"])?;
                let distribution = if form == "pert" {
                    text(Distribution::pert(min.0, mode.0, max.0))
                } else {
                    text(Distribution::triangular(min.0, mode.0, max.0))
                };
                made(distribution, Support::between(min, max), self)
            }
            "normal" => {
                let [mean, sd] = self.members(key, entry, [("mean", None), ("sd", None)])?;
                made(text(Distribution::normal(mean.0, sd.0)), everywhere, self)
            }
            "lognormal" => {
                let [median, sigma] = self.members(key, entry, [("median", None), ("sigma", None)])?;
                made(
                    text(Distribution::lognormal(median.0, sigma.0)),
                    Support { low: 0.0, ..everywhere },
                    self,
                )
            }
            "beta" => {
                let names = [("alpha", None), ("beta", None), ("min", Some(0.0)), ("max", Some(1.0))];
                let [alpha, beta, min, max] = self.members(key, entry, names)?;
                let distribution = text(Distribution::beta(alpha.0, beta.0, min.0, max.0));
                made(distribution, Support::between(min, max), self)
            }
            "discrete" => {
                let values = self.list(&format!("values of {key}"), entry.node.get("values"), entry.key)?;
                let weights =
                    self.list(&format!("weights of {key}"), entry.node.get("weights"), entry.key)?;
                let support = values.iter().map(|&(x, at)| Support::point(x, at)).reduce(Support::union)?;
                let numbers = |list: &[(f64, Origin)]| list.iter().map(|(x, _)| *x).collect::<Vec<_>>();
                made(text(Distribution::discrete(&numbers(&values), &numbers(&weights))), support, self)
            }
            "mixture" => self.mixture(key, entry),
            "empirical" => {
                let values = self.samples(key, entry)?;
                let support = values.iter().map(|&(x, at)| Support::point(x, at)).reduce(Support::union)?;
                let support = Support { low_at: entry.node.origin, high_at: entry.node.origin, ..support };
                let values = values.into_iter().map(|(x, _)| x).collect();
                made(text(Distribution::empirical(values)), support, self)
            }
            "family" => self.elicited(key, node, everywhere),
            _ => {
                let problem = Diagnostic::error(entry.key, format!("{key}: `{form}` is no distribution"));
                self.problems.push(problem.note("allowed: a distribution drawn once per path"));
                None
            }
        }
    }

    pub(super) fn mixture(&mut self, key: &str, entry: &Entry) -> Option<(Distribution, Support)> {
        let weights = self.list(&format!("weights of {key}"), entry.node.get("weights"), entry.key)?;
        let Some(of) = entry.node.get("of").and_then(Node::list).filter(|list| !list.is_empty()) else {
            let problem = Diagnostic::error(entry.key, format!("{key} needs `of`, a list of distributions"));
            self.problems.push(problem.note("allowed: { weights = [..], of = [ <distribution>, .. ] }"));
            return None;
        };
        if weights.len() != of.len() {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} mixes lists of two lengths"));
            self.problems.push(problem.label(format!(
                "{} weights of {} distributions",
                weights.len(),
                of.len()
            )));
            return None;
        }
        let parts: Vec<_> = of.iter().map(|part| self.mixed(key, part)).collect();
        let parts: Vec<(Distribution, Support)> = parts.into_iter().collect::<Option<_>>()?;
        let support = parts.iter().map(|(_, support)| *support).reduce(Support::union)?;
        let weights: Vec<f64> = weights.into_iter().map(|(weight, _)| weight).collect();
        match text(Distribution::mixture(&weights, parts.into_iter().map(|(part, _)| part).collect())) {
            Ok(distribution) => Some((distribution, support)),
            Err(why) => {
                self.problems.push(Diagnostic::error(entry.node.origin, format!("{key}: {why}")));
                None
            }
        }
    }

    pub(super) fn mixed(&mut self, key: &str, part: &Node) -> Option<(Distribution, Support)> {
        if part.number().is_some() {
            let x = self.number(key, part)?;
            let point = text(Distribution::discrete(&[x], &[1.0])).ok()?;
            return Some((point, Support::point(x, part.origin)));
        }
        if part.table().is_none() {
            self.wrong_type(&format!("a part of {key}"), part, "a distribution");
            return None;
        }
        let form = self.form_of(key, part)?;
        self.unknown_keys(key, part, form);
        self.distribution(key, part)
    }

    pub(super) fn elicited(
        &mut self,
        key: &str,
        node: &Node,
        everywhere: Support,
    ) -> Option<(Distribution, Support)> {
        let table = node.table()?;
        let at = table.get("family")?;
        let family = at.node.text().unwrap_or_default();
        if !["normal", "lognormal", "metalog"].contains(&family) {
            let problem = Diagnostic::error(at.node.origin, format!("{key} has an unknown family"))
                .note("allowed: normal, lognormal, metalog");
            self.problems.push(match nearest(family, ["normal", "lognormal", "metalog"]) {
                Some(near) => problem.hint(format!("did you mean {near:?}?")),
                None => problem,
            });
            return None;
        }
        let mut points = Vec::new();
        for (name, entry) in table {
            if let Some(p) = probability(name) {
                points.push((p, self.number(key, &entry.node)?, entry));
            }
        }
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut bounds = [None, None];
        for (bound, name) in bounds.iter_mut().zip(["min", "max"]) {
            if let Some(entry) = table.get(name) {
                if family != "metalog" {
                    let problem =
                        Diagnostic::error(entry.key, format!("{key}: `{name}` bounds a metalog only"));
                    self.problems.push(problem.hint("use family = \"metalog\", or another form"));
                    return None;
                }
                *bound = Some((self.number(key, &entry.node)?, entry.node.origin));
            }
        }
        self.check_quantiles(key, family, &points, bounds, at)?;
        let pairs: Vec<(f64, f64)> = points.iter().map(|(p, x, _)| (*p, *x)).collect();
        let [min, max] = bounds;
        let (made, support) = match family {
            "normal" => (text(elicit::normal(&pairs)), everywhere),
            "lognormal" => (text(elicit::lognormal(&pairs)), Support { low: 0.0, ..everywhere }),
            _ => (
                text(elicit::metalog(&pairs, min.map(|b| b.0), max.map(|b| b.0))),
                Support {
                    low: min.map_or(everywhere.low, |b| b.0),
                    high: max.map_or(everywhere.high, |b| b.0),
                    low_at: min.map_or(at.node.origin, |b| b.1),
                    high_at: max.map_or(at.node.origin, |b| b.1),
                    open: true,
                },
            ),
        };
        match made {
            Ok(distribution) => Some((distribution, support)),
            Err(why) => {
                let problem = Diagnostic::error(at.node.origin, format!("{key}: {why}"));
                self.problems.push(problem.label("these quantiles fit no such distribution"));
                None
            }
        }
    }

    pub(super) fn check_quantiles(
        &mut self,
        key: &str,
        family: &str,
        points: &[(f64, f64, &Entry)],
        bounds: [Option<(f64, Origin)>; 2],
        at: &Entry,
    ) -> Option<()> {
        let wanted = if family == "metalog" { "at least two" } else { "exactly two" };
        if points.len() < 2 || family != "metalog" && points.len() > 2 {
            let problem = Diagnostic::error(at.node.origin, format!("{key} takes {wanted} quantiles"));
            self.problems.push(
                problem
                    .label(format!("found {}", points.len()))
                    .note("quantiles are written p05, p50, p95, p2_5, …")
                    .hint(if points.len() > 2 {
                        "use family = \"metalog\" for more"
                    } else {
                        "for example p05 = …, p95 = …"
                    }),
            );
            return None;
        }
        for pair in points.windows(2) {
            let problem = if pair[0].0 == pair[1].0 {
                "gives one quantile twice"
            } else if pair[0].1 >= pair[1].1 {
                "has quantiles that do not increase"
            } else {
                continue;
            };
            self.problems.push(
                Diagnostic::error(pair[1].2.node.origin, format!("{key} {problem}"))
                    .label(format!("the value at probability {} is {}", pair[1].0, pair[1].1))
                    .related(pair[0].2.node.origin, format!("and at {} it is {}", pair[0].0, pair[0].1)),
            );
            return None;
        }
        let outside = points.iter().find(|(p, x, _)| {
            *p <= 0.0
                || bounds[0].is_some_and(|(min, _)| *x <= min)
                || bounds[1].is_some_and(|(max, _)| *x >= max)
                || family == "lognormal" && *x <= 0.0
        });
        if let Some((p, _, entry)) = outside {
            let problem = Diagnostic::error(entry.node.origin, format!("{key} has a quantile out of place"));
            self.problems.push(problem.note(if *p <= 0.0 {
                "quantiles run from p01 to p99"
            } else if family == "lognormal" {
                "quantiles of a lognormal are above 0"
            } else {
                "quantiles lie strictly between `min` and `max`"
            }));
            return None;
        }
        Some(())
    }
}

fn text<E: std::fmt::Display>(made: Result<Distribution, E>) -> Result<Distribution, String> {
    made.map_err(|error| error.to_string())
}
