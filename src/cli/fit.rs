//! `loophole fit`: what is fitted to history, how sure the fits are, and how they would have forecast.

use std::fmt::Write as _;

use loophole::analysis::backtest::{Backtest, Coverage, Score, backtest};
use loophole::export::report::TextTable;
use loophole::math::{exp, ln};
use loophole::random::fit::{self, Fit, FitError, Fitted, Model};
use loophole::scenario::Scenario;
use loophole::scenario::diagnostic::nearest;
use loophole::scenario::quantity::History;
use loophole::stats::estimate::Estimate;
use serde_json::{Value, json};

use super::Exit;
use super::args::FitArgs;
use super::terminal::Terminal;

/// Prints every fit, or the one of a key.
pub fn fit(terminal: &Terminal, args: &FitArgs) -> Exit {
    let Some(loaded) = terminal.load(&args.file, &args.scenario, false) else { return Exit::Failed };
    let scenario = &loaded.scenario;
    let mut histories = scenario.histories();
    if let Some(key) = &args.key {
        if !histories.iter().any(|(known, _)| known == key) {
            return not_a_history(terminal, args, scenario, key);
        }
        histories.retain(|(known, _)| known == key);
    }
    let reports: Vec<Report> =
        histories.into_iter().map(|(key, history)| Report::of(scenario, key, history)).collect();
    let text = if args.json {
        format!("{:#}\n", Value::Array(reports.iter().map(Report::as_json).collect()))
    } else if reports.is_empty() {
        format!("no quantity of {} is fitted to a history\n", args.file.display())
    } else {
        reports.iter().map(Report::words).collect::<Vec<_>>().join("\n")
    };
    terminal.print(&text);
    Exit::Done
}

/// Says why there is no fit under a key.
fn not_a_history(terminal: &Terminal, args: &FitArgs, scenario: &Scenario, key: &str) -> Exit {
    let file = args.file.display();
    let known = scenario.show("");
    if known.iter().any(|value| value.key == key) {
        terminal.error(&format!("{key} of {file} is not fitted to a history"));
    } else {
        terminal.error(&format!("{file} has no key {key:?}"));
        if let Some(near) = nearest(key, known.iter().map(|value| value.key.as_str())) {
            terminal.remark(&format!("  hint: nearest key is {near}"));
        }
    }
    let fitted: Vec<&str> = scenario.histories().iter().map(|(key, _)| *key).collect();
    terminal.remark(&match fitted[..] {
        [] => "  no quantity of the scenario is fitted to a history".to_string(),
        _ => format!("  fitted to a history: {}", fitted.join(", ")),
    });
    Exit::Misused
}

/// A fit and everything that is said of it.
struct Report<'a> {
    key: &'a str,
    unit: String,
    history: &'a History,
    models: Vec<(Model, Result<Fit, FitError>)>,
    backtest: Option<Backtest>,
}

impl Report<'_> {
    fn of<'a>(scenario: &Scenario, key: &'a str, history: &'a History) -> Report<'a> {
        let provenance = scenario.provenance(key);
        let unit = provenance.map_or(String::new(), |provenance| match provenance.currency {
            Some(currency) => format!("{} in {currency}", provenance.unit),
            None => provenance.unit.to_string(),
        });
        let observations = &history.observations;
        let models = Model::ALL.map(|model| (model, fit::fit(model, observations))).into();
        Report { key, unit, history, models, backtest: backtest(history.fit.model, observations) }
    }

    /// A date of the history as it is written.
    fn date(&self, years: f64) -> &str {
        let at = self.history.observations.iter().position(|seen| seen.years == years);
        at.map_or("", |at| &self.history.dates[at])
    }

    /// First and last date.
    fn span(&self) -> (&str, &str) {
        let years = || self.history.observations.iter().map(|seen| seen.years);
        let (first, last) =
            (years().fold(f64::INFINITY, f64::min), years().fold(f64::NEG_INFINITY, f64::max));
        (self.date(first), self.date(last))
    }

    /// Fitted numbers with names, units and errors in those units.
    fn parameters(&self) -> Vec<(&'static str, &'static str, &str, Fitted)> {
        // The delta method: the error of e^θ is e^θ times that of θ.
        let level = |log: Fitted| Fitted { std_error: log.std_error.map(|error| error * log.value), ..log };
        let fit = &self.history.fit;
        let all = [
            ("level", "level at the last date", self.unit.as_str(), Some(level(fit.level))),
            ("long_run_level", "long-run level", self.unit.as_str(), fit.long_run_level.map(level)),
            ("volatility_per_sqrt_year", "volatility", "per √year", Some(fit.volatility_per_sqrt_year)),
            ("half_life_months", "half-life", "months", fit.half_life_months),
            ("reading_noise_sd", "reading noise", "s.d. of the log", Some(fit.noise_sd)),
        ];
        all.into_iter().filter_map(|(id, name, unit, fitted)| Some((id, name, unit, fitted?))).collect()
    }

    fn words(&self) -> String {
        let history = self.history;
        let (first, last) = self.span();
        let mut text = format!(
            "{}\n  {} observations from {first} to {last} in {}, model {}\n\n",
            self.key,
            history.observations.len(),
            history.file,
            history.fit.model.name()
        );
        let mut table = TextTable::new(&["parameter", "fitted", "s.e.", "90% interval", "unit"]);
        for (_, name, unit, fitted) in self.parameters() {
            let error = fitted.std_error.map_or("not determined".to_string(), significant);
            let (value, interval) = (significant(fitted.value), interval(fitted));
            let interval = interval.map_or(String::new(), |(low, high)| {
                format!("{} to {}", significant(low), significant(high))
            });
            table.row(vec![name.to_string(), value, error, interval, unit.to_string()]);
        }
        text.push_str(&table.render());
        text.push('\n');
        let mut table = TextTable::new(&["model", "parameters", "log-likelihood", "AICc"]);
        for (model, fit) in &self.models {
            let chosen = if *model == history.fit.model { " (chosen)" } else { "" };
            let mut row = vec![format!("{}{chosen}", model.name())];
            match fit {
                Ok(fit) => row.extend([
                    fit.parameters.to_string(),
                    format!("{:.2}", fit.log_likelihood),
                    format!("{:.2}", fit.aicc),
                ]),
                Err(_) => row.extend(["".to_string(), "not fitted".to_string(), "".to_string()]),
            }
            table.row(row);
        }
        text.push_str(&table.render());
        text.push_str(&self.told_apart());
        text.push('\n');
        match &self.backtest {
            Some(backtest) => self.scores(&mut text, backtest),
            None => {
                let _ = writeln!(
                    text,
                    "  No backtest: {} observations are too few. A forecast needs a date with enough observations up to it\n  \
                     for a fit of this model ({}), and an observation after it.",
                    history.observations.len(),
                    history.fit.parameters + 3
                );
            }
        }
        text
    }

    /// Which models the data can tell from the best.
    fn told_apart(&self) -> String {
        let aicc = |fit: &Result<Fit, FitError>| fit.as_ref().map_or(f64::INFINITY, |fit| fit.aicc);
        let best = self.models.iter().map(|(_, fit)| aicc(fit)).fold(f64::INFINITY, f64::min);
        let named = |near: bool| -> Vec<&str> {
            let models = self.models.iter().filter(|(_, fit)| (aicc(fit) - best < NEAR_AICC) == near);
            models.map(|(model, _)| model.name()).collect()
        };
        match named(true)[..] {
            [only] => format!("  Lowest AICc: {only}{}.\n", self.next_best(best)),
            _ => format!(
                "  AICc within {NEAR_AICC} of the lowest: {}; the data do not tell these apart.\n",
                named(true).join(", ")
            ),
        }
    }

    /// "; the next, ou, is 3.4 above it, where …"; nothing if no other model was fitted.
    fn next_best(&self, best: f64) -> String {
        let others = self.models.iter().filter_map(|(model, fit)| Some((model, fit.as_ref().ok()?.aicc)));
        let next = others.filter(|(_, aicc)| *aicc > best).min_by(|a, b| a.1.total_cmp(&b.1));
        next.map_or(String::new(), |(model, aicc)| {
            let gap = aicc - best;
            format!("; the next, {}, is {gap:.1} above it, where a parameter that explains nothing costs 2 or more", model.name())
        })
    }

    fn scores(&self, text: &mut String, backtest: &Backtest) {
        let (first, last) = (backtest.origins[0], backtest.origins[backtest.origins.len() - 1]);
        let _ = writeln!(
            text,
            "  Backtest: {} forecasts from {} origins, {} ({} observations) to {} ({}).",
            backtest.forecasts.len(),
            backtest.origins.len(),
            self.date(first.0),
            first.1,
            self.date(last.0),
            last.1
        );
        text.push_str(
            "  Fitted parameters are taken as known. Intervals and errors are those of so many separate forecasts, whose\n  \
             spans of time do not overlap. CRPS is of the logarithm, in log points; naive is the last value, spread by\n  \
             the volatility of the past.\n\n",
        );
        let all = backtest.by_lead.iter().chain([&backtest.overall]);
        let mut table = TextTable::new(&[
            "lead",
            "forecasts",
            "separate",
            "in 50% (90% interval)",
            "in 90% (90% interval)",
            "CRPS",
            "naive",
            "difference ± s.e.",
        ]);
        for score in all.clone() {
            let error = score.difference.std_error;
            let error = if error.is_finite() { format!("{:.1}", 100.0 * error) } else { "unknown".into() };
            table.row(vec![
                lead(score),
                score.forecasts.to_string(),
                format!("{:.1}", score.separate),
                covered(score.in_50),
                covered(score.in_90),
                format!("{:.1}", 100.0 * score.crps),
                format!("{:.1}", 100.0 * score.naive_crps),
                format!("{} ± {error}", signed(100.0 * score.difference.value)),
            ]);
        }
        text.push_str(&table.render());
        text.push_str("\n  Observations in each tenth of their forecasts (PIT); alike if the forecasts are calibrated\n");
        let mut table = TextTable::new(&["lead", "0", ".1", ".2", ".3", ".4", ".5", ".6", ".7", ".8", ".9"]);
        for score in all {
            let counts = score.pit.iter().map(ToString::to_string);
            table.row([lead(score)].into_iter().chain(counts).collect());
        }
        text.push_str(&table.render());
    }

    fn as_json(&self) -> Value {
        let history = self.history;
        let (first, last) = self.span();
        let fitted: serde_json::Map<String, Value> = self
            .parameters()
            .into_iter()
            .map(|(id, _, unit, fitted)| {
                let number = json!({
                    "value": fitted.value, "std_error": fitted.std_error,
                    "interval_90": interval(fitted), "unit": unit,
                });
                (id.to_string(), number)
            })
            .collect();
        let models: Vec<Value> = self
            .models
            .iter()
            .map(|(model, fit)| match fit {
                Ok(fit) => json!({
                    "model": model.name(), "parameters": fit.parameters,
                    "log_likelihood": fit.log_likelihood, "aicc": fit.aicc,
                }),
                Err(why) => json!({ "model": model.name(), "not_fitted": why.to_string() }),
            })
            .collect();
        let backtest = self.backtest.as_ref().map(|backtest| {
            let origins: Vec<Value> = backtest
                .origins
                .iter()
                .map(|(date, count)| json!({ "date": self.date(*date), "observations": count }))
                .collect();
            let forecasts: Vec<Value> = backtest
                .forecasts
                .iter()
                .map(|one| {
                    json!({
                        "origin": self.date(one.origin), "date": self.date(one.date),
                        "log_mean": one.forecast.log_mean, "log_sd": one.forecast.log_sd,
                        "pit": one.pit, "crps": one.crps, "naive_crps": one.naive_crps,
                    })
                })
                .collect();
            json!({
                "origins": origins, "forecasts": forecasts,
                "by_lead": backtest.by_lead.iter().map(score_json).collect::<Vec<_>>(),
                "overall": score_json(&backtest.overall),
            })
        });
        json!({
            "key": self.key, "file": history.file, "observations": history.observations.len(),
            "first": first, "last": last, "model": history.fit.model.name(), "fitted": fitted,
            "log_likelihood": history.fit.log_likelihood, "aicc": history.fit.aicc,
            "models": models, "backtest": backtest,
        })
    }
}

/// Difference of AICc below which the worse model still has substantial support.
/// Source: Burnham and Anderson (2002), Model Selection and Multimodel Inference, 2.6.
const NEAR_AICC: f64 = 2.0;

/// 90% interval of a number above 0 whose logarithm's error is normal; none where the data do not determine it.
fn interval(fitted: Fitted) -> Option<(f64, f64)> {
    let log_error = fitted.std_error? / fitted.value;
    let (low, high) = Estimate { value: ln(fitted.value), std_error: log_error }.interval(0.9);
    Some((exp(low), exp(high)))
}

fn score_json(score: &Score) -> Value {
    let coverage = |coverage: Coverage| json!({ "share": coverage.share, "interval_90": coverage.interval });
    let (above, up_to) = score.leads_months;
    json!({
        "above_months": above, "up_to_months": up_to,
        "forecasts": score.forecasts, "separate": score.separate,
        "in_50": coverage(score.in_50), "in_90": coverage(score.in_90),
        "crps": score.crps, "naive_crps": score.naive_crps,
        "difference": score.difference.value, "difference_std_error": score.difference.std_error,
        "pit": score.pit,
    })
}

fn lead(score: &Score) -> String {
    match score.leads_months {
        (0.0, f64::INFINITY) => "all leads".to_string(),
        (0.0, up_to) => format!("up to {up_to} months"),
        (above, f64::INFINITY) => format!("beyond {above} months"),
        (above, up_to) => format!("{above} to {up_to} months"),
    }
}

/// "63% (31 to 86)".
fn covered(coverage: Coverage) -> String {
    let percent = |share: f64| format!("{:.0}", 100.0 * share);
    let (low, high) = coverage.interval;
    format!("{}% ({} to {})", percent(coverage.share), percent(low), percent(high))
}

/// One decimal and a sign, which nothing has not.
fn signed(value: f64) -> String {
    let text = format!("{value:+.1}");
    if text[1..] == *"0.0" { "0.0".to_string() } else { text }
}

/// Four significant digits.
fn significant(value: f64) -> String {
    let leading = if value == 0.0 { 0 } else { loophole::math::log10(value.abs()).floor() as i32 };
    format!("{value:.*}", (3 - leading).clamp(0, 9) as usize)
}
