use super::*;
use crate::math::{exp, ln, normal_quantile};
use crate::random::stream::StreamKey;

const MEAN: Anchor = Anchor::Mean;
const MEDIAN: Anchor = Anchor::Median;

fn plain(anchor: Anchor, volatility: f64, half_life_months: Option<f64>) -> Law {
    Law {
        anchor,
        trend_per_year: 0.0,
        volatility_per_sqrt_year: volatility,
        half_life_months,
        jumps: None,
        regimes: None,
    }
}

fn regime(id: &str, spell: f64, drift: f64, volatility: Option<f64>, to: &[f64]) -> Regime<f64> {
    Regime { id: id.into(), mean_spell_months: spell, drift_per_year: drift, volatility, to: to.to_vec() }
}

/// Regimes with volatilities of their own, jumps, reversion and trend at once.
fn rich(anchor: Anchor) -> Law {
    Law {
        trend_per_year: -0.1,
        jumps: Some(Jumps { per_year: 2.0, log_mean: -0.1, log_sd: 0.2 }),
        regimes: Some(Regimes {
            start: 2,
            demean: true,
            states: vec![
                regime("glut", 20.0, -0.6, None, &[0.0, 0.7, 0.3]),
                regime("balanced", 10.0, -0.1, Some(0.2), &[0.5, 0.0, 0.5]),
                regime("shortage", 8.0, 0.7, Some(0.6), &[0.2, 0.8, 0.0]),
            ],
        }),
        ..plain(anchor, 0.4, Some(10.0))
    }
}

fn central(law: &Law, lead: usize, months: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut now, mut ahead) = (vec![0.0; months], vec![0.0; months]);
    law.central(lead, &mut now, &mut ahead);
    (now, ahead)
}

/// A path's shocks from a stream.
struct Draws([Vec<f64>; 4]);

impl Draws {
    fn of(key: &StreamKey, path: u64, months: usize) -> Draws {
        let lane = |lane| (0..months as u32).map(|t| key.uniform(path, t, lane)).collect::<Vec<f64>>();
        Draws([lane(0).into_iter().map(normal_quantile).collect(), lane(1), lane(2), lane(3)])
    }

    fn shocks(&self) -> Shocks<'_> {
        let [normal, regime, jump_count, jump_size] = &self.0;
        Shocks { normal, regime, jump_count, jump_size }
    }
}

fn close(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 1e-12 * truth.abs(), "{found} against {truth}");
}

/// Mean and standard error.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, (square / (n - 1.0) / n).sqrt())
}

/// dx = κ(θ − x) dt + σ dW from x = 1 with κ = ½, θ = 2, σ = .3: a drift of κ(θ − 1) a year pulls y to θ − 1.
fn ornstein_uhlenbeck(anchor: Anchor) -> Law {
    let states = vec![regime("one", 1.0, 0.5, None, &[0.0])];
    Law {
        regimes: Some(Regimes { start: 0, demean: false, states }),
        ..plain(anchor, 0.3, Some(12.0 * std::f64::consts::LN_2 / 0.5))
    }
}

#[test]
fn ornstein_uhlenbeck_meets_its_known_answers() {
    let law = ornstein_uhlenbeck(MEDIAN);
    let (now, ahead) = central(&law, 3, 13);
    close(1.0 + ln(ahead[0]), 1.117503097415);
    close(1.0 + ln(now[12]), 1.393469340287);
    // The mean-anchored path is lower by ln E[e^y] = E[y] + Var[y]/2.
    let correction = |t: usize| ln(now[t]) - ln(central(&ornstein_uhlenbeck(MEAN), 0, 13).0[t]);
    let variance = |t: usize| 2.0 * (correction(t) - ln(now[t]));
    assert!((variance(3) - 0.019907929524).abs() < 1e-12);
    assert!((variance(12) - 0.056890850295).abs() < 1e-12);
    close(exp(1.0 + correction(12)), 4.145049644330);
}

#[test]
fn geometric_brownian_motion_meets_its_known_answers() {
    let law = Law { trend_per_year: 0.08, ..plain(MEAN, 0.25, None) };
    let prepared = law.prepare(24, 25);
    let at = |z: f64| {
        let mut normal = vec![0.0; 25];
        normal[24] = z * 24.0_f64.sqrt();
        let (mut now, mut ahead) = ([0.0; 25], [0.0; 25]);
        prepared.simulate(
            Shocks { normal: &normal, regime: &[], jump_count: &[], jump_size: &[] },
            &mut now,
            &mut ahead,
        );
        (100.0 * now[24], 100.0 * ahead[0])
    };
    assert!((at(0.0).0 - 110.241144156).abs() < 1e-9);
    assert!((at(0.0).1 - 110.241144156).abs() < 1e-9);
    assert!((at(normal_quantile(0.05)).0 - 61.628634552).abs() < 1e-9);
    assert!((at(normal_quantile(0.95)).0 - 197.199077236).abs() < 1e-9);

    let key = StreamKey::new(1, "gbm");
    let finals: Vec<f64> = (0..40_000)
        .map(|path| {
            let draws = Draws::of(&key, path, 25);
            let (mut now, mut ahead) = ([0.0; 25], [0.0; 25]);
            prepared.simulate(draws.shocks(), &mut now, &mut ahead);
            100.0 * now[24]
        })
        .collect();
    let (average, error) = mean(&finals);
    // 4 standard errors: a false alarm in 16,000.
    assert!((average - 117.351087099).abs() < 4.0 * error);
}

#[test]
fn the_mean_anchor_gives_the_curve_as_the_mean_of_every_month() {
    let (law, months) = (rich(MEAN), 37);
    let prepared = law.prepare(0, months);
    let key = StreamKey::new(2, "anchor");
    let mut levels = vec![Vec::new(); months];
    for path in 0..40_000 {
        let (mut now, mut ahead) = (vec![0.0; months], vec![0.0; months]);
        prepared.simulate(Draws::of(&key, path, months).shocks(), &mut now, &mut ahead);
        levels.iter_mut().zip(&now).for_each(|(list, level)| list.push(*level));
    }
    // 4 standard errors in each of 4 months: a false alarm in 4,000.
    for t in [1, 6, 18, 36] {
        let (average, error) = mean(&levels[t]);
        let truth = exp(-0.1 * t as f64 / 12.0);
        assert!((average - truth).abs() < 4.0 * error, "month {t}: {average} ± {error} against {truth}");
    }
}

/// Forecasts from month 5 of one path, against the average over many continuations of that path.
#[test]
fn forecasts_are_conditional_expectations() {
    for anchor in [MEDIAN, MEAN] {
        let (law, seen, lead) = (rich(anchor), 5, 7);
        let months = seen + lead + 1;
        let prepared = law.prepare(lead, months);
        let key = StreamKey::new(3, "forecast");
        let past = Draws::of(&key, u64::MAX, months);
        let mut forecast = 0.0;
        let futures: Vec<f64> = (0..40_000)
            .map(|path| {
                let mut draws = Draws::of(&key, path, months);
                for (drawn, old) in draws.0.iter_mut().zip(&past.0) {
                    drawn[..=seen].copy_from_slice(&old[..=seen]);
                }
                let (mut now, mut ahead) = (vec![0.0; months], vec![0.0; months]);
                prepared.simulate(draws.shocks(), &mut now, &mut ahead);
                forecast = ahead[seen];
                ln(now[seen + lead])
            })
            .collect();
        let (average, error) = mean(&futures);
        // 4 standard errors, twice: a false alarm in 8,000.
        assert!((average - ln(forecast)).abs() < 4.0 * error, "{average} ± {error} against {}", ln(forecast));
    }
}

#[test]
fn without_spread_forecasts_come_true() {
    let mut law = rich(MEDIAN);
    law.volatility_per_sqrt_year = 0.0;
    law.jumps = Some(Jumps { per_year: 0.0, log_mean: 0.3, log_sd: 0.1 });
    law.regimes = None;
    law.trend_per_year = 0.4;
    let (now, ahead) = central(&law, 6, 40);
    for t in 0..34 {
        close(ahead[t], now[t + 6]);
    }
    assert_eq!(now[0], 1.0);
}

#[test]
fn stationary_laws_weigh_states_by_their_spells() {
    let two = Regimes {
        start: 0,
        demean: true,
        states: vec![regime("a", 30.0, 0.0, None, &[0.0, 1.0]), regime("b", 10.0, 0.0, None, &[1.0, 0.0])],
    };
    let law = chain::Chain::new(Some(&two)).stationary();
    close(law[0], 0.75);
    close(law[1], 0.25);

    let chain = chain::Chain::new(rich(MEAN).regimes.as_ref());
    let law = chain.stationary();
    let next = chain.advance(&law);
    law.iter().zip(&next).for_each(|(before, after)| close(*after, *before));
    close(law.iter().sum(), 1.0);

    // A chain of period two still has its long-run shares.
    let swap = Regimes {
        states: vec![regime("a", 1.0, 0.0, None, &[0.0, 1.0]), regime("b", 1.0, 0.0, None, &[1.0, 0.0])],
        ..two
    };
    close(chain::Chain::new(Some(&swap)).stationary()[0], 0.5);
}

#[test]
fn regimes_are_visited_as_often_as_they_should_be() {
    let chain = chain::Chain::new(rich(MEAN).regimes.as_ref());
    let mut law = vec![0.0; 3];
    law[chain.start] = 1.0;
    (0..12).for_each(|_| law = chain.advance(&law));
    let key = StreamKey::new(4, "regimes");
    let paths = 40_000;
    let mut visits = [0.0; 3];
    for path in 0..paths {
        let end = (0..12).fold(chain.start, |state, t| chain.next(state, key.uniform(path, t, 1)));
        visits[end] += 1.0;
    }
    for (visited, p) in visits.iter().zip(&law) {
        let n = paths as f64;
        // 4 standard errors in each of 3 states: a false alarm in 5,000.
        assert!((visited / n - p).abs() < 4.0 * (p * (1.0 - p) / n).sqrt());
    }
}

#[test]
fn the_central_path_follows_the_likeliest_regime() {
    let states = vec![regime("a", 24.0, 0.0, None, &[0.0, 1.0]), regime("b", 2.0, 1.2, None, &[1.0, 0.0])];
    let law = Law { regimes: Some(Regimes { start: 1, demean: false, states }), ..plain(MEDIAN, 0.3, None) };
    // From b: the chance of b is .5 after a month (a tie goes to a, the first) and less from then on.
    let (now, ahead) = central(&law, 1, 3);
    assert_eq!(now, [1.0, 1.0, 1.0]);
    close(ahead[0], exp(0.05));
    close(ahead[1], exp(0.1 / 24.0));
}

#[test]
fn laws_outside_their_domain_are_told() {
    assert_eq!(rich(MEAN).check(), Ok(()));
    let told = |law: Law| law.check().unwrap_err().to_string();
    assert_eq!(told(plain(MEDIAN, -0.1, None)), "volatility is -0.1; allowed: 0 or more");
    assert_eq!(told(plain(MEDIAN, 0.1, Some(0.0))), "half-life in months is 0; allowed: more than 0");
    let jumps = Jumps { per_year: 7000.0, log_mean: 0.0, log_sd: 0.0 };
    let law = Law { jumps: Some(jumps), ..plain(MEDIAN, 0.1, None) };
    assert_eq!(told(law), "jumps a year is 7000; allowed: 0 to 6000");
    let mut law = rich(MEDIAN);
    law.regimes.as_mut().unwrap().states[1].to = vec![0.5, 0.0, 0.4];
    assert_eq!(told(law), "sum of the destinations' shares is 0.9; allowed: 1, none to itself");
    let mut law = rich(MEDIAN);
    law.regimes.as_mut().unwrap().states[1].mean_spell_months = 0.5;
    assert_eq!(told(law), "mean spell in months is 0.5; allowed: 1 or more");
}
