use super::*;
use crate::math::normal_quantile;
use crate::random::stream::StreamKey;

/// The likelihood of the successive differences from their whole covariance matrix, with drift and offsets by generalised
/// least squares.
fn brute_force(model: Model, observations: &[Observation], logs: &[f64]) -> (f64, Vec<f64>) {
    let data = History::new(model, observations).unwrap();
    let latent = data.latent(logs);
    let n = data.years.len();
    let sigma2 = latent.volatility * latent.volatility;
    let covariance = nalgebra::DMatrix::from_fn(n, n, |i, j| {
        let (a, b) = (data.years[i] - data.years[0], data.years[j] - data.years[0]);
        let process = match latent.reversion {
            Some(k) => sigma2 / (2.0 * k) * exp(-k * (a - b).abs()),
            None => sigma2 * a.min(b),
        };
        process + if i == j { latent.noise * latent.noise } else { 0.0 }
    });
    let difference = nalgebra::DMatrix::from_fn(n - 1, n, |i, j| match j {
        j if j == i + 1 => 1.0,
        j if j == i => -1.0,
        _ => 0.0,
    });
    let covariance = &difference * covariance * difference.transpose();
    let y = &difference * nalgebra::DVector::from_fn(n, |i, _| data.rows[i][0]);
    // The level's own column vanishes.
    let x = &difference * nalgebra::DMatrix::from_fn(n, data.rows[0].len() - 2, |i, j| data.rows[i][j + 2]);
    let factor = covariance.cholesky().unwrap();
    let inverse = factor.inverse();
    let beta = (x.transpose() * &inverse * &x).try_inverse().unwrap() * x.transpose() * &inverse * &y;
    let residual = &y - &x * &beta;
    let square = (residual.transpose() * &inverse * &residual)[(0, 0)];
    let log_determinant: f64 = factor.l().diagonal().iter().map(|entry| 2.0 * ln(*entry)).sum();
    let log_likelihood = -0.5 * (square + log_determinant + (n - 1) as f64 * ln(2.0 * PI));
    (log_likelihood, beta.iter().copied().collect())
}

/// A log-OU or, without reversion, log-GBM history seen through noise on two bases.
fn simulated(seed: u64, n: usize, reversion: Option<f64>) -> Vec<Observation> {
    let key = StreamKey::new(seed, "history");
    let latent = Latent { volatility: 0.4, noise: 0.1, reversion };
    let normal = |at: usize, lane: u32| normal_quantile(key.uniform(at as u64, 0, lane));
    let mut x = reversion.map_or(0.0, |k| 0.4 / sqrt(2.0 * k) * normal(n, 0));
    let mut years = 2023.0;
    (0..n)
        .map(|at| {
            // Irregular dates, of which every fifth repeats.
            let gap = if at % 5 == 0 { 0.0 } else { 0.02 + 0.1 * key.uniform(at as u64, 0, 1) };
            years += gap;
            x = match reversion {
                Some(k) => {
                    x * exp(-k * gap) + 0.4 * sqrt((1.0 - exp(-2.0 * k * gap)) / (2.0 * k)) * normal(at, 2)
                }
                None => x + 0.4 * sqrt(gap) * normal(at, 2),
            };
            let basis = at % 2;
            let log = ln(3.0) + x - 0.3 * basis as f64 + latent.noise * normal(at, 3);
            Observation { years, value: exp(log), basis }
        })
        .collect()
}

#[test]
fn the_filter_gives_the_exact_likelihood() {
    let observations = simulated(1, 40, Some(2.0));
    for model in [Model::Gbm, Model::GbmWithDrift, Model::Ou] {
        for logs in [[ln(0.3), ln(0.1), ln(0.5)], [ln(1.2), ln(0.02), ln(3.0)]] {
            let data = History::new(model, &observations).unwrap();
            let fast = data.likelihood(&logs[..data.searched()]).unwrap();
            let (log_likelihood, linear) = brute_force(model, &observations, &logs[..data.searched()]);
            assert!(
                (fast.log_likelihood - log_likelihood).abs() < 1e-9 * log_likelihood.abs().max(1.0),
                "{model:?}"
            );
            fast.linear[1..]
                .iter()
                .zip(&linear)
                .for_each(|(a, b)| assert!((a - b).abs() < 1e-9, "{model:?}"));
        }
    }
}

/// Estimates over their errors from many simulated histories: near the truth, and as spread as the errors say.
#[test]
fn fits_recover_the_truth_within_their_errors() {
    let histories = 60;
    let mut scores = vec![Vec::new(); 4];
    for seed in 0..histories {
        let found = fit(Model::Ou, &simulated(seed, 300, Some(2.0))).unwrap();
        let half_life = found.half_life_months.unwrap();
        let score = |fitted: Fitted, truth: f64, log: bool| {
            let error = fitted.std_error.unwrap();
            if log {
                ln(fitted.value / truth) / (error / fitted.value)
            } else {
                (fitted.value - truth) / error
            }
        };
        scores[0].push(score(found.volatility_per_sqrt_year, 0.4, true));
        scores[1].push(score(found.noise_sd, 0.1, true));
        scores[2].push(score(half_life, 12.0 * LN_2 / 2.0, true));
        scores[3].push(score(found.offsets[0], -0.3, false));
    }
    for list in &scores {
        let n = list.len() as f64;
        let mean = list.iter().sum::<f64>() / n;
        let variance = list.iter().map(|score| (score - mean) * (score - mean)).sum::<f64>() / (n - 1.0);
        // Asymptotically standard normal; 4 standard errors of mean (.52) and variance (.73) over 60 histories.
        assert!(mean.abs() < 0.52 && (variance - 1.0).abs() < 0.73, "{mean} {variance}");
    }
}

/// Minus the log-likelihood of a normal law with information [[4, 1], [1, 2]], whose inverse is [[2, −1], [−1, 4]]/7.
#[test]
fn errors_of_a_quadratic_are_exact() {
    let objective = |x: &[f64]| 0.5 * (4.0 * x[0] * x[0] + 2.0 * x[0] * x[1] + 2.0 * x[1] * x[1]);
    let errors = log_errors(&objective, &[0.0, 0.0], &[(-1.0, 1.0); 2]);
    for (error, variance) in errors.into_iter().zip([2.0 / 7.0, 4.0 / 7.0]) {
        assert!((error.unwrap() - sqrt(variance)).abs() < 1e-9);
    }
    // A parameter at the end of its range has none, and the other is known as if that one were.
    let errors = log_errors(&objective, &[0.0, 0.0], &[(-1.0, 1.0), (0.0, 1.0)]);
    assert!((errors[0].unwrap() - 0.5).abs() < 1e-9 && errors[1].is_none());
}

/// From a corner of its box a search starts the other way, and finds the same.
#[test]
fn a_search_from_the_end_of_a_range_finds_the_minimum() {
    let objective = |x: &[f64]| (x[0] - 0.3) * (x[0] - 0.3) + (x[1] + 0.2) * (x[1] + 0.2);
    let ranges = [(-1.0, 1.0); 2];
    for start in [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [0.0, 0.0]] {
        let found = minimise::minimum(&objective, &[&start], &ranges);
        assert!((found.at[0] - 0.3).abs() < 1e-4 && (found.at[1] + 0.2).abs() < 1e-4, "{:?}", found.at);
    }
}

#[test]
fn the_last_level_is_as_uncertain_as_it_says() {
    let histories = 100;
    let (mut square, mut mean) = (0.0, 0.0);
    for seed in 0..histories {
        let mut observations = simulated(seed, 80, None);
        // The last latent level itself, read without noise on the first basis, is what the rest must foretell.
        let truth = {
            let key = StreamKey::new(seed, "history");
            let noise = 0.1 * normal_quantile(key.uniform(78, 0, 3));
            ln(observations[78].value) - noise
        };
        observations.truncate(79);
        let found = fit(Model::Gbm, &observations).unwrap();
        let score = (ln(found.level.value) - truth) / found.level.std_error.unwrap();
        mean += score / histories as f64;
        square += score * score / histories as f64;
    }
    // Standard normal: 4 standard errors, plus a tenth for the estimated volatility and noise.
    assert!(mean.abs() < 0.4 && (square - 1.0).abs() < 0.57 + 0.1, "{mean} {square}");
}

#[test]
fn a_random_walk_is_recognised() {
    let mut gaps = Vec::new();
    for seed in 0..20 {
        let walk = simulated(seed, 200, None);
        let (gbm, drift) = (fit(Model::Gbm, &walk).unwrap(), fit(Model::GbmWithDrift, &walk).unwrap());
        assert!(drift.log_likelihood >= gbm.log_likelihood - 1e-9);
        assert_eq!((gbm.parameters, drift.parameters), (3, 4));
        gaps.push((gbm.volatility_per_sqrt_year.value / 0.4 - 1.0) / 0.08);
    }
    let mean = gaps.iter().sum::<f64>() / 20.0;
    assert!(mean.abs() < 1.0, "{mean}");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let good = simulated(1, 20, None);
    let mut bad = good.clone();
    bad[3].value = -1.0;
    assert_eq!(fit(Model::Gbm, &bad), Err(FitError::Observation { at: 3, value: -1.0 }));
    assert_eq!(fit(Model::Gbm, &good[..5]), Err(FitError::TooFew { given: 5, needed: 6 }));
    assert_eq!(fit(Model::Gbm, &[]), Err(FitError::NoBasis { basis: 0 }));
    let mut gap = good.clone();
    gap.iter_mut().for_each(|observation| observation.basis *= 2);
    assert_eq!(fit(Model::Gbm, &gap), Err(FitError::NoBasis { basis: 1 }));
    let mut still = good;
    still.iter_mut().for_each(|observation| observation.years = 2024.0);
    assert_eq!(fit(Model::Gbm, &still), Err(FitError::OneDate));
}

/// Dated quotes of an H100 hour on five bases (on demand, spot, one year, three years, a node in China), public facts
/// gathered from vendors and press. An independent dense-matrix fit of nearly the same quotes found, for a Brownian
/// motion, volatility .36 (90%: .21 to .57) and noise .16, and for an Ornstein–Uhlenbeck process volatility .39 with a
/// half-life of 3 to 137 months; offsets −.27 (.09), −.30 (.13), −.55 (.15), −.34 (.15).
#[test]
fn rents_of_an_h100_fit_as_found_elsewhere() {
    let quotes = [
        (2023, 3, 4.7, 0),
        (2023, 8, 8.0, 0),
        (2024, 1, 4.31, 4),
        (2024, 1, 2.87, 4),
        (2024, 3, 2.85, 0),
        (2024, 10, 2.0, 1),
        (2024, 10, 2.99, 0),
        (2024, 11, 1.66, 4),
        (2025, 3, 1.77, 4),
        (2025, 8, 1.3, 3),
        (2025, 10, 2.781, 0),
        (2025, 10, 1.7, 2),
        (2025, 11, 2.792, 0),
        (2025, 12, 2.797, 0),
        (2026, 3, 2.35, 2),
        (2026, 5, 2.95, 0),
        (2026, 5, 3.0, 0),
        (2026, 5, 4.03, 1),
        (2026, 6, 2.65, 2),
        (2026, 6, 2.42, 1),
        (2026, 7, 2.0, 3),
        (2026, 8, 3.29, 0),
        (2026, 9, 3.49, 0),
        (2026, 9, 3.85, 0),
        (2026, 10, 3.99, 0),
        (2026, 10, 2.402, 1),
        (2026, 11, 3.99, 0),
    ];
    let observations = quotes.map(|(year, month, value, basis)| Observation {
        years: f64::from(year) + (f64::from(month) - 0.5) / 12.0,
        value,
        basis,
    });
    let gbm = fit(Model::Gbm, &observations).unwrap();
    let ou = fit(Model::Ou, &observations).unwrap();
    assert!((0.21..0.57).contains(&gbm.volatility_per_sqrt_year.value));
    assert!((gbm.noise_sd.value - 0.16).abs() < 0.04);
    assert!((0.33..0.55).contains(&ou.volatility_per_sqrt_year.value));
    assert!((3.0..137.0).contains(&ou.half_life_months.unwrap().value));
    for (offset, (found, error)) in
        gbm.offsets.iter().zip([(-0.27, 0.09), (-0.30, 0.13), (-0.55, 0.15), (-0.34, 0.15)])
    {
        assert!((offset.value - found).abs() < error, "{offset:?} against {found}");
    }
    // The data do not choose: log-likelihoods differ by less than 1.
    assert!((gbm.log_likelihood - ou.log_likelihood).abs() < 1.0);
}

/// The law of a later observation on basis 0 from the whole covariance matrix: generalised least squares for what is linear,
/// volatility, noise and half-life being known. Gives mean and variance of the logarithm.
fn dense_forecast(model: Model, observations: &[Observation], fit: &Fit, lead: f64) -> (f64, f64) {
    let data = History::new(model, observations).unwrap();
    let n = data.years.len();
    let sigma2 = fit.volatility_per_sqrt_year.value * fit.volatility_per_sqrt_year.value;
    let noise2 = fit.noise_sd.value * fit.noise_sd.value;
    let covariance = |a: f64, b: f64| match fit.half_life_months {
        Some(half_life) => {
            let k = 12.0 * LN_2 / half_life.value;
            sigma2 / (2.0 * k) * exp(-k * (a - b).abs())
        }
        None => sigma2 * a.min(b),
    };
    let at: Vec<f64> = data.years.iter().map(|years| years - data.years[0]).collect();
    let then = at[n - 1] + lead;
    let matrix =
        nalgebra::DMatrix::from_fn(n, n, |i, j| covariance(at[i], at[j]) + if i == j { noise2 } else { 0.0 });
    let inverse = matrix.cholesky().unwrap().inverse();
    let y = nalgebra::DVector::from_fn(n, |i, _| data.rows[i][0]);
    let x = nalgebra::DMatrix::from_fn(n, data.rows[0].len() - 1, |i, j| data.rows[i][j + 1]);
    let with = nalgebra::DVector::from_fn(n, |i, _| covariance(at[i], then));
    let own = nalgebra::DVector::from_fn(x.ncols(), |j, _| match (j, model) {
        (0, _) => 1.0,
        (1, Model::GbmWithDrift) => then,
        _ => 0.0,
    });
    let errors = (x.transpose() * &inverse * &x).try_inverse().unwrap();
    let beta = &errors * x.transpose() * &inverse * &y;
    let mean = own.dot(&beta) + with.dot(&(&inverse * (&y - &x * &beta)));
    let left = &own - x.transpose() * &inverse * &with;
    let variance =
        covariance(then, then) + noise2 - with.dot(&(&inverse * &with)) + left.dot(&(&errors * &left));
    (mean, variance)
}

#[test]
fn a_forecast_is_the_conditional_law_of_the_whole_covariance_matrix() {
    for (model, reversion) in [(Model::Gbm, None), (Model::GbmWithDrift, None), (Model::Ou, Some(2.0))] {
        let observations = simulated(5, 60, reversion);
        let found = fit(model, &observations).unwrap();
        for lead in [0.0, 0.1, 1.0, 4.0] {
            let (mean, variance) = dense_forecast(model, &observations, &found, lead);
            let forecast = found.forecast(lead);
            assert!((forecast.log_mean - mean).abs() < 1e-9, "{model:?} after {lead}: {forecast:?}, {mean}");
            // Of a drift and a long-run level the forecast takes the fitted value as known beyond the last date.
            if lead == 0.0 || model == Model::Gbm {
                let ratio = forecast.log_sd * forecast.log_sd / variance;
                assert!((ratio - 1.0).abs() < 1e-9, "{model:?} after {lead}: {forecast:?}, {variance}");
            }
        }
    }
}

#[test]
fn forecasts_have_the_closed_forms_of_their_processes() {
    let known = |value: f64, error: f64| Fitted { value, std_error: Some(error) };
    let gbm = Fit {
        level: known(3.0, 0.0),
        volatility_per_sqrt_year: known(0.4, 0.0),
        noise_sd: known(0.0, 0.0),
        ..fit(Model::Gbm, &simulated(1, 20, None)).unwrap()
    };
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{a} is not {b}");
    close(gbm.forecast(2.25).log_mean, ln(3.0));
    close(gbm.forecast(2.25).log_sd, 0.4 * 1.5);
    let drifting = Fit { trend_per_year: known(-0.2, 0.0), ..gbm.clone() };
    close(drifting.forecast(2.25).log_mean, ln(3.0) - 0.45);
    // k = 2 ln 2 a year: after six months half of the gap is left, and a quarter of the level's variance.
    let ou = Fit {
        level: known(8.0, 0.1),
        long_run_level: Some(known(2.0, 0.0)),
        half_life_months: Some(known(6.0, 0.0)),
        noise_sd: known(0.05, 0.0),
        ..gbm
    };
    close(ou.forecast(0.5).log_mean, ln(4.0));
    let sd = ou.forecast(0.5).log_sd;
    close(sd * sd, 0.01 / 4.0 + 0.16 * 0.75 / (4.0 * LN_2) + 0.0025);
    close(ou.forecast(0.0).log_sd, sqrt(0.01 + 0.0025));
}

#[test]
fn the_last_value_is_spread_by_past_changes() {
    let seen = |years: f64, log: f64| Observation { years, value: exp(log), basis: 0 };
    let history = [seen(2024.0, 0.0), seen(2025.0, 0.1), seen(2025.0, 0.3), seen(2029.0, 0.8)];
    let last = LastValue::of(&history).unwrap();
    // Changes of .2 in one year and .6 in four: (.04 + .09)/2.
    assert!((last.variance_per_year - 0.065).abs() < 1e-12 && (last.log - 0.8).abs() < 1e-12);
    assert!((last.forecast(4.0).log_sd - sqrt(0.26)).abs() < 1e-12);
    assert_eq!(LastValue::of(&history[..1]), None);
    assert_eq!(LastValue::of(&history[1..3]), None);
}

/// One forecast from each of many histories: outcomes are independent, and uniform in their forecasts.
#[test]
fn forecasts_of_simulated_histories_are_calibrated() {
    for (model, reversion) in [(Model::Gbm, None), (Model::Ou, Some(2.0))] {
        let (histories, known, seen) = (400, 150, 162);
        let (mut inside, mut tenths) = (0.0, [0.0; 10]);
        for seed in 0..histories {
            let observations = simulated(seed, seen + 1, reversion);
            let (past, then) = (&observations[..known], observations[seen]);
            assert_eq!(then.basis, 0);
            let forecast = fit(model, past).unwrap().forecast(then.years - past[known - 1].years);
            let pit = crate::math::normal_cdf((ln(then.value) - forecast.log_mean) / forecast.log_sd);
            inside += f64::from(u8::from((pit - 0.5).abs() < 0.45)) / histories as f64;
            tenths[(10.0 * pit) as usize] += 1.0;
        }
        // 4 standard errors of a share of .9 in 400. 27.9 is exceeded by one in a thousand of χ² with 9 degrees of freedom.
        assert!((inside - 0.9).abs() < 0.06, "{model:?}: {inside}");
        let expected = histories as f64 / 10.0;
        let chi2: f64 = tenths.iter().map(|count| (count - expected) * (count - expected) / expected).sum();
        assert!(chi2 < 27.9, "{model:?}: {tenths:?}");
    }
}

/// One reading a date leaves the noise free to vanish, and the likelihood must not reward it for that: of a walk read with
/// noise the noise is found.
#[test]
fn noise_is_found_where_no_date_repeats() {
    let found: Vec<Fit> = (0..20)
        .map(|seed| {
            let once: Vec<Observation> = simulated(seed, 400, None)
                .chunk_by(|a, b| a.years == b.years)
                .map(|day| Observation {
                    value: day[0].value * exp(0.3 * day[0].basis as f64),
                    basis: 0,
                    ..day[0]
                })
                .collect();
            fit(Model::Gbm, &once).unwrap()
        })
        .collect();
    let mean = found.iter().map(|fit| fit.noise_sd.value).sum::<f64>() / found.len() as f64;
    let error = found.iter().map(|fit| fit.noise_sd.std_error.unwrap()).sum::<f64>() / found.len() as f64;
    assert!((mean - 0.1).abs() < 4.0 * error / sqrt(found.len() as f64), "{mean} {error}");
}

/// Reversion too slow to be seen is none: the two likelihoods are of the same numbers and meet.
#[test]
fn slow_reversion_is_a_random_walk() {
    let observations = simulated(1, 60, None);
    let at = |model: Model, logs: &[f64]| {
        History::new(model, &observations).unwrap().likelihood(logs).unwrap().log_likelihood
    };
    let walk = at(Model::Gbm, &[ln(0.4), ln(0.1)]);
    let gaps = [1e2, 1e4].map(|years| at(Model::Ou, &[ln(0.4), ln(0.1), ln(years)]) - walk);
    assert!(gaps[0].abs() < 0.05 && gaps[1].abs() < 5e-4, "{gaps:?}");
}

#[test]
fn parameters_are_paid_for() {
    let observations = simulated(3, 40, None);
    for model in [Model::Gbm, Model::GbmWithDrift, Model::Ou] {
        let found = fit(model, &observations).unwrap();
        let (n, k) = (39.0, found.parameters as f64);
        let aicc = -2.0 * found.log_likelihood + 2.0 * k + 2.0 * k * (k + 1.0) / (n - k - 1.0);
        assert!((found.aicc - aicc).abs() < 1e-9, "{model:?}: {} is not {aicc}", found.aicc);
    }
}
