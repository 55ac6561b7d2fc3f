//! How good the forecasts of a model would have been: fit on what was known at a date, foretell the rest, score.
//!
//! Every date with enough observations up to it for a fit, and an observation after it, is an *origin*. From each, every
//! later observation is forecast in its logarithm and scored: where it fell in the forecast (the probability integral
//! transform, from which the 50% and 90% intervals' coverage follows), and by the continuous ranked probability score,
//! beside that of the last value spread by the volatility of the past.
//!
//! Forecasts are not independent: those from one origin share its level, and those over overlapping spans of time share
//! what happened in them. The error of a mean over forecasts is therefore that of as many independent trials as there are
//! *separate* forecasts: the most whose spans (origin, date] do not overlap, and no more than spans of the mean lead fit
//! into the time that the forecasts cover. Over all leads the errors by lead are added, as if they were one error.

use crate::math::sqrt;
use crate::random::fit::{Forecast, LastValue, Model, Observation, fit};
use crate::stats::estimate::Estimate;
use crate::stats::proportion::wilson;
use crate::stats::score::{crps_normal, pit_normal};

/// Confidence of the interval of a coverage.
pub const CONFIDENCE: f64 = 0.9;

/// Upper ends of the classes of leads, in months.
const LEADS_MONTHS: [f64; 5] = [3.0, 6.0, 12.0, 24.0, f64::INFINITY];

/// Months by which sums of floating-point dates may miss the end of a class.
const ROUNDING_MONTHS: f64 = 1e-6;

/// A model's forecasts of a history from dates in it, scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// Dates of the origins in order, each with the number of observations up to it.
    pub origins: Vec<(f64, usize)>,
    /// Every forecast, by origin and then by date.
    pub forecasts: Vec<Scored>,
    /// Scores of each class of leads that has a forecast.
    pub by_lead: Vec<Score>,
    /// Score of all forecasts.
    pub overall: Score,
}

/// A forecast and how it came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Date from which it was made.
    pub origin: f64,
    /// Date of the observation.
    pub date: f64,
    /// The forecast.
    pub forecast: Forecast,
    /// Probability it gave to less than what was seen.
    pub pit: f64,
    /// Continuous ranked probability score of the logarithm.
    pub crps: f64,
    /// The same of the last value, spread by the volatility of the past.
    pub naive_crps: f64,
}

/// What the forecasts of a class of leads were worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Leads in months: more than the first, at most the second.
    pub leads_months: (f64, f64),
    /// Number of forecasts.
    pub forecasts: usize,
    /// Number of independent trials that the errors below are those of.
    pub separate: f64,
    /// Share of observations in the central 50% interval.
    pub in_50: Coverage,
    /// Share of observations in the central 90% interval.
    pub in_90: Coverage,
    /// Mean continuous ranked probability score, in logarithms.
    pub crps: f64,
    /// That of the last value.
    pub naive_crps: f64,
    /// Mean of the first less the second; below 0 the model was better.
    pub difference: Estimate,
    /// Number of observations in each tenth of their forecast; alike if the forecasts were calibrated.
    pub pit: [usize; 10],
}

/// How often an interval held what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coverage {
    /// Share of forecasts.
    pub share: f64,
    /// Wilson's interval of it at [`CONFIDENCE`].
    pub interval: (f64, f64),
}

/// Scores a model's forecasts of a history; none if no date has both enough observations up to it for a fit and one after
/// it. Shape: observations in any order, on one basis.
pub fn backtest(model: Model, observations: &[Observation]) -> Option<Backtest> {
    let mut history = observations.to_vec();
    history.sort_by(|a, b| a.years.total_cmp(&b.years));
    let (mut origins, mut forecasts) = (Vec::new(), Vec::new());
    for known in (1..history.len()).filter(|&at| history[at - 1].years < history[at].years) {
        let (past, later) = history.split_at(known);
        let (Ok(fitted), Some(last)) = (fit(model, past), LastValue::of(past)) else { continue };
        let origin = past[known - 1].years;
        origins.push((origin, known));
        forecasts.extend(later.iter().map(|seen| {
            let lead = seen.years - origin;
            scored((origin, seen), fitted.forecast(lead), last.forecast(lead))
        }));
    }
    if forecasts.is_empty() {
        return None;
    }
    let mut above = 0.0;
    let mut by_lead = Vec::new();
    for up_to in LEADS_MONTHS {
        let class: Vec<Scored> =
            forecasts.iter().filter(|one| one.is_within(above, up_to)).copied().collect();
        if !class.is_empty() {
            by_lead.push(score((above, up_to), &class, separate(&class)));
        }
        above = up_to;
    }
    // Errors of shares that are added: √(p(1 − p)/n) = Σ w √(p(1 − p)/n_class), with w the class's share of the forecasts.
    let weight = |class: &Score| class.forecasts as f64 / forecasts.len() as f64;
    let error: f64 = by_lead.iter().map(|class| weight(class) / sqrt(class.separate)).sum();
    let overall = score((0.0, f64::INFINITY), &forecasts, 1.0 / (error * error));
    Some(Backtest { origins, forecasts, by_lead, overall })
}

fn scored((origin, seen): (f64, &Observation), forecast: Forecast, naive: Forecast) -> Scored {
    let log = crate::math::ln(seen.value);
    Scored {
        origin,
        date: seen.years,
        forecast,
        pit: pit_normal(forecast.log_mean, forecast.log_sd, log),
        crps: crps_normal(forecast.log_mean, forecast.log_sd, log),
        naive_crps: crps_normal(naive.log_mean, naive.log_sd, log),
    }
}

impl Scored {
    fn is_within(&self, above: f64, up_to: f64) -> bool {
        let months = 12.0 * (self.date - self.origin) - ROUNDING_MONTHS;
        above < months && months <= up_to
    }
}

/// Number of separate forecasts. Shape: at least one.
fn separate(forecasts: &[Scored]) -> f64 {
    let lead = forecasts.iter().map(|one| one.date - one.origin).sum::<f64>() / forecasts.len() as f64;
    let first = forecasts.iter().map(|one| one.origin).fold(f64::INFINITY, f64::min);
    let last = forecasts.iter().map(|one| one.date).fold(f64::NEG_INFINITY, f64::max);
    ((last - first) / lead).min(disjoint(forecasts) as f64)
}

/// The most forecasts whose spans do not overlap: taken in the order in which they end.
fn disjoint(forecasts: &[Scored]) -> usize {
    let mut spans: Vec<(f64, f64)> = forecasts.iter().map(|one| (one.date, one.origin)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut count, mut until) = (0, f64::NEG_INFINITY);
    for (date, origin) in spans {
        if origin >= until {
            (count, until) = (count + 1, date);
        }
    }
    count
}

/// Scores forecasts, at least one, as so many independent trials.
fn score(leads_months: (f64, f64), forecasts: &[Scored], separate: f64) -> Score {
    let n = forecasts.len() as f64;
    let mean = |value: fn(&Scored) -> f64| forecasts.iter().map(value).sum::<f64>() / n;
    let coverage = |probability: f64| {
        let inside = forecasts.iter().filter(|one| (one.pit - 0.5).abs() <= 0.5 * probability).count();
        let share = inside as f64 / n;
        Coverage { share, interval: wilson(share, separate, CONFIDENCE) }
    };
    let mut pit = [0; 10];
    forecasts.iter().for_each(|one| pit[((10.0 * one.pit) as usize).min(9)] += 1);
    let difference = mean(|one| one.crps - one.naive_crps);
    let deviation = |one: &Scored| one.crps - one.naive_crps - difference;
    let squares: f64 = forecasts.iter().map(|one| deviation(one) * deviation(one)).sum();
    let std_error = if separate > 1.0 { sqrt(squares / (n - 1.0) / separate) } else { f64::INFINITY };
    Score {
        leads_months,
        forecasts: forecasts.len(),
        separate,
        in_50: coverage(0.5),
        in_90: coverage(0.9),
        crps: mean(|one| one.crps),
        naive_crps: mean(|one| one.naive_crps),
        difference: Estimate { value: difference, std_error },
        pit,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{exp, normal_quantile};
    use crate::random::stream::StreamKey;
    use crate::stats::score::crps_sample;

    /// A geometric Brownian motion of volatility .4, read monthly with noise .05.
    fn walk(seed: u64, months: usize) -> Vec<Observation> {
        let key = StreamKey::new(seed, "walk");
        let normal = |month: usize, lane: u32| normal_quantile(key.uniform(month as u64, 0, lane));
        let mut x = 0.0;
        (0..months)
            .map(|month| {
                x += 0.4 * sqrt(1.0 / 12.0) * normal(month, 0);
                let value = exp(x + 0.05 * normal(month, 1));
                Observation { years: 2020.0 + month as f64 / 12.0, value, basis: 0 }
            })
            .collect()
    }

    #[test]
    fn origins_are_dates_with_enough_before_and_something_after() {
        // A random walk has two parameters and needs five observations.
        let mut history = walk(1, 7);
        assert_eq!(backtest(Model::Gbm, &history[..5]), None);
        let origins = |history: &[Observation]| {
            backtest(Model::Gbm, history).unwrap().origins.iter().map(|origin| origin.1).collect::<Vec<_>>()
        };
        assert_eq!(origins(&history), [5, 6]);
        // A date that repeats is one origin, which knows all of its observations.
        history.push(Observation { value: 2.0, ..history[4] });
        history.swap(0, 3);
        assert_eq!(origins(&history), [6, 7]);
        let found = backtest(Model::Gbm, &history).unwrap();
        assert_eq!(found.forecasts.len(), 3);
        assert_eq!(found.by_lead.len(), 1);
        // Leads of 1, 2 and 1 months in two months.
        assert!((found.by_lead[0].separate - 1.5).abs() < 1e-9, "{found:?}");
        assert!((found.overall.separate - 1.5).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn a_forecast_knows_nothing_of_what_comes_after_it() {
        let history = walk(2, 12);
        let mut changed = history.clone();
        changed[11].value *= 3.0;
        let [before, after] = [&history, &changed].map(|history| backtest(Model::Gbm, history).unwrap());
        for (a, b) in before.forecasts.iter().zip(&after.forecasts) {
            assert_eq!(a.forecast, b.forecast);
        }
    }

    #[test]
    fn the_most_separate_spans_are_counted() {
        let one = backtest(Model::Gbm, &walk(1, 7)).unwrap().forecasts[0];
        let spans = |list: &[(f64, f64)]| {
            let made: Vec<Scored> =
                list.iter().map(|&(origin, date)| Scored { origin, date, ..one }).collect();
            disjoint(&made)
        };
        assert_eq!(spans(&[(0.0, 9.0), (0.0, 1.0), (1.0, 3.0), (2.0, 4.0), (4.0, 9.0)]), 3);
        // Forecasts of two observations of one date share everything that happened until then.
        assert_eq!(spans(&[(0.0, 1.0), (0.0, 1.0)]), 1);
    }

    #[test]
    fn leads_of_whole_months_fall_into_the_class_they_end() {
        let found = backtest(Model::Gbm, &walk(3, 40)).unwrap();
        let counts: Vec<usize> = found.by_lead.iter().map(|score| score.forecasts).collect();
        // 35 origins, from the 5th month to the 39th; of lead m there are 36 − m.
        let of = |from: usize, to: usize| (from..=to).map(|lead| 36 - lead).sum::<usize>();
        assert_eq!(counts, [of(1, 3), of(4, 6), of(7, 12), of(13, 24), of(25, 35)]);
        // 35 months hold so many disjoint spans of the shortest lead of each class, and so many of its mean lead.
        let mean_lead = |from: usize, to: usize| {
            (from..=to).map(|lead| lead * (36 - lead)).sum::<usize>() as f64 / of(from, to) as f64
        };
        let classes = [(1, 3, 35.0), (4, 6, 8.0), (7, 12, 5.0), (13, 24, 2.0), (25, 35, 1.0)];
        for (score, (from, to, disjoint)) in found.by_lead.iter().zip(classes) {
            let expected = f64::min(disjoint, 35.0 / mean_lead(from, to));
            assert!((score.separate - expected).abs() < 1e-6, "{score:?}: {expected}");
        }
        assert_eq!(found.overall.forecasts, of(1, 35));
        assert!(found.overall.separate > 1.0 && found.overall.separate < 35.0);
        assert!(found.by_lead.iter().all(|score| score.pit.iter().sum::<usize>() == score.forecasts));
    }

    #[test]
    fn scores_are_those_of_samples_of_the_forecast() {
        let found = backtest(Model::Gbm, &walk(4, 14)).unwrap();
        for (one, seen) in found.forecasts.iter().zip(&walk(4, 14)[5..]) {
            let quantile = |at: usize| normal_quantile((at as f64 + 0.5) / 20_000.0);
            let sample: Vec<f64> =
                (0..20_000).map(|at| one.forecast.log_mean + one.forecast.log_sd * quantile(at)).collect();
            assert!(
                (one.crps - crps_sample(&sample, crate::math::ln(seen.value))).abs()
                    < 1e-3 * one.forecast.log_sd
            );
        }
        let mean = found.forecasts.iter().map(|one| one.crps).sum::<f64>() / found.forecasts.len() as f64;
        assert!((found.overall.crps - mean).abs() < 1e-12);
    }

    /// Forecasts of the next month err independently of one another: of a long history they are calibrated.
    #[test]
    fn a_long_history_is_calibrated() {
        let history = walk(5, 250);
        let found = backtest(Model::Gbm, &history).unwrap();
        let next: Vec<&Scored> = found
            .forecasts
            .iter()
            .filter(|one| one.origin >= 2024.0 && one.date - one.origin < 1.5 / 12.0)
            .collect();
        assert_eq!(next.len(), 201);
        let n = next.len() as f64;
        let inside = next.iter().filter(|one| (one.pit - 0.5).abs() <= 0.45).count() as f64 / n;
        // 4 standard errors; 27.9 is exceeded by one in a thousand of χ² with 9 degrees of freedom.
        assert!((inside - 0.9).abs() < 4.0 * sqrt(0.09 / n), "{inside}");
        let mut tenths = [0.0; 10];
        next.iter().for_each(|one| tenths[(10.0 * one.pit) as usize] += 1.0);
        let chi2: f64 = tenths.iter().map(|count| (count - n / 10.0) * (count - n / 10.0) / (n / 10.0)).sum();
        assert!(chi2 < 27.9, "{tenths:?}");
    }

    /// Over many histories the interval of a coverage holds its mean about as often as it says. That mean is below 90%
    /// where origins know little, since fitted parameters are taken as known.
    #[test]
    fn intervals_of_coverage_respect_shared_errors() {
        // Ten times as many readings a year put every lead into the first two classes, most of them overlapping.
        for spacing in [1.0, 0.1] {
            let read = |seed: u64| -> Vec<Observation> {
                let at =
                    |one: Observation| Observation { years: 2020.0 + spacing * (one.years - 2020.0), ..one };
                walk(seed, 50).into_iter().map(at).collect()
            };
            let histories: Vec<Backtest> =
                (100..160).map(|seed| backtest(Model::Gbm, &read(seed)).unwrap()).collect();
            let n = histories.len() as f64;
            for class in 0..=histories[0].by_lead.len() {
                let scores: Vec<&Score> = histories
                    .iter()
                    .map(|found| found.by_lead.get(class).unwrap_or(&found.overall))
                    .collect();
                let truth = scores.iter().map(|score| score.in_90.share).sum::<f64>() / n;
                let holds =
                    |score: &&&Score| score.in_90.interval.0 <= truth && truth <= score.in_90.interval.1;
                let held = scores.iter().filter(holds).count() as f64 / n;
                // 4 standard errors of a share of .9.
                assert!(
                    held > 0.9 - 4.0 * sqrt(0.09 / n),
                    "{spacing}, class {class}: {truth} held by {held}"
                );
            }
        }
    }
}
