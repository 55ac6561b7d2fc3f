//! Distributions: published numbers, the inverse against the CDF, moments against an integral over uniforms, samples
//! against `rand_distr`, and what must be refused.

use loophole::math::ln;
use loophole::random::distribution::{Distribution, DistributionError};
use loophole::random::elicit;
use loophole::random::stream::{Cursor, StreamKey};
use rand_distr::Distribution as _;

/// Another way to draw from a distribution.
type Sampler = Box<dyn Fn(&mut Cursor) -> f64>;

fn close(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 1e-12 * truth.abs().max(1.0), "{found} against {truth}");
}

/// Known answers rounded to twelve digits.
fn rounded(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 6e-13 * truth.abs().max(1.0), "{found} against {truth}");
}

/// One of every family, some skewed, some bounded.
fn all() -> Vec<Distribution> {
    vec![
        Distribution::uniform(-1.0, 3.0).unwrap(),
        Distribution::triangular(0.0, 0.1, 0.35).unwrap(),
        Distribution::triangular(1.0, 1.0, 2.0).unwrap(),
        Distribution::pert(1.0, 2.0, 5.0).unwrap(),
        Distribution::normal(2.0, 0.5).unwrap(),
        Distribution::lognormal(3.0, 0.4).unwrap(),
        Distribution::beta(0.8, 2.5, -1.0, 4.0).unwrap(),
        Distribution::discrete(&[3.0, 1.0, 2.0], &[1.0, 2.0, 5.0]).unwrap(),
        Distribution::empirical(vec![4.0, 1.0, 1.0, 2.5, 8.0]).unwrap(),
        Distribution::mixture(
            &[1.0, 3.0],
            vec![Distribution::normal(0.0, 1.0).unwrap(), Distribution::uniform(4.0, 5.0).unwrap()],
        )
        .unwrap(),
        Distribution::mixture(
            &[0.5, 0.5],
            vec![Distribution::lognormal(1.0, 0.3).unwrap(), Distribution::discrete(&[1.0], &[1.0]).unwrap()],
        )
        .unwrap(),
        elicit::metalog(&[(0.05, 1.0), (0.5, 2.0), (0.95, 5.0)], None, None).unwrap(),
        elicit::metalog(&[(0.1, 1.0), (0.5, 2.0), (0.9, 3.5)], Some(0.0), None).unwrap(),
        elicit::metalog(&[(0.1, -3.5), (0.5, -2.0), (0.9, -1.0)], None, Some(0.0)).unwrap(),
        elicit::metalog(&[(0.05, 0.1), (0.25, 0.3), (0.5, 0.45), (0.95, 0.8)], Some(0.0), Some(1.0)).unwrap(),
    ]
}

#[test]
fn quantile_pairs_give_the_published_parameters() {
    let wide = elicit::lognormal(&[(0.05, 1.0), (0.95, 10.0)]).unwrap();
    rounded(ln(wide.median()), 1.151292546497);
    rounded(wide.median(), 3.162277660168);
    rounded(wide.mean(), 4.040012826946);
    rounded(wide.variance().sqrt(), 3.212179530392);
    let narrow = elicit::lognormal(&[(0.95, 4.0), (0.05, 1.5)]).unwrap();
    rounded(ln(narrow.median()), 0.895879734614);
    rounded(narrow.mean(), 2.560817954549);
    let normal = elicit::normal(&[(0.05, 1.0), (0.95, 3.0)]).unwrap();
    close(normal.mean(), 2.0);
    rounded(normal.variance().sqrt(), 0.607956831912);
    for (u, x) in [(0.05, 1.0), (0.95, 3.0)] {
        close(normal.quantile(u), x);
    }
}

#[test]
fn triangular_and_pert_have_the_published_moments() {
    let triangular = Distribution::triangular(0.0, 0.1, 0.35).unwrap();
    close(triangular.mean(), 0.15);
    close(triangular.variance(), 0.005416666666666667);
    let pert = Distribution::pert(1.0, 2.0, 5.0).unwrap();
    close(pert.mean(), 7.0 / 3.0);
    close(pert.variance(), 32.0 / 63.0);
}

#[test]
fn the_quantile_is_the_least_value_at_which_the_cdf_reaches_u() {
    for distribution in all() {
        let mut last = f64::NEG_INFINITY;
        for i in 1..400 {
            let u = f64::from(i) / 400.0;
            let x = distribution.quantile(u);
            assert!(x >= last, "{distribution:?} falls at {u}");
            assert!(distribution.cdf(x) >= u - 1e-12, "{distribution:?} at {u}");
            assert!(distribution.cdf(x - 1e-9 * x.abs().max(1.0)) <= u + 1e-12, "{distribution:?} at {u}");
            let (least, greatest) = distribution.support();
            assert!(x >= least && x <= greatest);
            last = x;
        }
    }
}

#[test]
fn moments_are_integrals_of_the_quantile() {
    for distribution in all() {
        // The midpoint rule over strata that narrow towards both ends, where quantiles may grow without bound.
        let (mut mean, mut square) = (0.0, 0.0);
        let n = 20_000;
        let at = |i: i32| 1.0 / (1.0 + (-50.0 * (f64::from(i) / f64::from(n) - 0.5)).exp());
        for i in 0..n {
            let (low, high) = (at(i), at(i + 1));
            let x = distribution.quantile(at(i) * 0.5 + at(i + 1) * 0.5);
            mean += (high - low) * x;
            square += (high - low) * x * x;
        }
        let variance = square - mean * mean;
        let scale = distribution.variance().sqrt();
        assert!((distribution.mean() - mean).abs() < 3e-4 * scale, "{distribution:?}: mean {mean}");
        assert!(
            (variance / distribution.variance() - 1.0).abs() < 2e-3,
            "{distribution:?}: variance {variance}"
        );
    }
}

#[test]
fn samples_agree_with_other_samplers() {
    let key = StreamKey::new(11, "two routes");
    let n = 20_000;
    let pairs: Vec<(Distribution, Sampler)> = vec![
        (
            Distribution::triangular(0.0, 0.1, 0.35).unwrap(),
            Box::new(|rng| rand_distr::Triangular::new(0.0, 0.35, 0.1).unwrap().sample(rng)),
        ),
        (
            Distribution::pert(1.0, 2.0, 5.0).unwrap(),
            Box::new(|rng| rand_distr::Pert::new(1.0, 5.0).with_mode(2.0).unwrap().sample(rng)),
        ),
        (
            Distribution::beta(0.8, 2.5, 0.0, 1.0).unwrap(),
            Box::new(|rng| rand_distr::Beta::new(0.8, 2.5).unwrap().sample(rng)),
        ),
        (
            Distribution::normal(2.0, 0.5).unwrap(),
            Box::new(|rng| rand_distr::Normal::new(2.0, 0.5).unwrap().sample(rng)),
        ),
        (
            Distribution::lognormal(3.0, 0.4).unwrap(),
            Box::new(|rng| rand_distr::LogNormal::new(3.0_f64.ln(), 0.4).unwrap().sample(rng)),
        ),
    ];
    for (distribution, other) in pairs {
        let mut own: Vec<f64> = (0..n).map(|path| distribution.quantile(key.uniform(path, 0, 0))).collect();
        let mut others: Vec<f64> = (0..n).map(|path| other(&mut key.cursor(path, 1))).collect();
        for sample in [&mut own, &mut others] {
            sample.sort_by(f64::total_cmp);
            // Kolmogorov–Smirnov against the CDF: beyond 2.3/√n in 5 of 100,000 samples.
            let distance = sample.iter().enumerate().fold(0.0_f64, |most, (i, x)| {
                let (below, above) = (i as f64 / n as f64, (i + 1) as f64 / n as f64);
                most.max((distribution.cdf(*x) - below).abs()).max((above - distribution.cdf(*x)).abs())
            });
            assert!(distance < 2.3 / (n as f64).sqrt(), "{distribution:?}: {distance}");
        }
    }
}

#[test]
fn metalogs_pass_through_their_quantiles() {
    let given = [(0.05, 1.0), (0.25, 1.8), (0.5, 2.4), (0.75, 3.4), (0.95, 6.0)];
    for chosen in [&[0, 4][..], &[0, 2, 4], &[0, 1, 2, 4], &[0, 1, 2, 3, 4]] {
        let chosen: Vec<(f64, f64)> = chosen.iter().map(|&i| given[i]).collect();
        for (min, max) in [(None, None), (Some(0.0), None), (None, Some(20.0)), (Some(0.5), Some(30.0))] {
            let fitted = elicit::metalog(&chosen, min, max).unwrap();
            for (u, x) in &chosen {
                assert!((fitted.quantile(*u) - x).abs() < 1e-11, "{chosen:?}, {min:?}, {max:?}: {u}");
            }
        }
    }
    // Two terms are a logistic distribution: mean the median, variance (π s)²/3.
    let logistic = elicit::metalog(&[(0.25, -1.0), (0.75, 1.0)], None, None).unwrap();
    let scale = 1.0 / 3.0_f64.ln();
    assert!(logistic.mean().abs() < 1e-12);
    assert!((logistic.variance() / ((std::f64::consts::PI * scale).powi(2) / 3.0) - 1.0).abs() < 1e-12);
    // With a lower bound they are log-logistic, whose mean π s/sin(π s) diverges from s = 1 on.
    let log_logistic = |s: f64| {
        let x = (s * 3.0_f64.ln()).exp();
        elicit::metalog(&[(0.25, 1.0 / x), (0.75, x)], Some(0.0), None).unwrap()
    };
    for s in [0.1, 0.4, 0.95] {
        let angle = std::f64::consts::PI * s;
        assert!((log_logistic(s).mean() / (angle / angle.sin()) - 1.0).abs() < 1e-9, "{s}");
    }
    assert_eq!(log_logistic(1.05).mean(), f64::INFINITY);
    assert_eq!(log_logistic(0.55).variance(), f64::INFINITY);
    // Keelin (2016), table 2: three terms are feasible while |a3/a2| < 1.66711.
    let three = |ratio: f64| {
        let at = |u: f64| (u, (u / (1.0 - u)).ln() * (1.0 + ratio * (u - 0.5)));
        elicit::metalog(&[at(0.1), at(0.5), at(0.9)], None, None)
    };
    for sign in [1.0, -1.0] {
        let ratio = sign * 1.667;
        let law = three(ratio).unwrap_or_else(|why| panic!("{ratio}: {why}"));
        let quantiles: Vec<f64> = (1..1_000).map(|step| law.quantile(f64::from(step) / 1_000.0)).collect();
        assert!(quantiles.is_sorted_by(|a, b| a < b), "{ratio}: quantiles do not rise");
        let beyond = three(sign * 1.6672);
        assert!(matches!(beyond, Err(DistributionError::Infeasible { terms: 3, .. })), "{ratio}: {beyond:?}");
    }
}

#[test]
fn what_cannot_be_is_refused() {
    use DistributionError::*;
    let falling = elicit::normal(&[(0.05, 3.0), (0.95, 1.0)]);
    assert!(matches!(falling, Err(QuantilesNotIncreasing { .. })));
    assert!(matches!(elicit::normal(&[(0.5, 3.0)]), Err(QuantileCount { given: 1, .. })));
    let three = [(0.05, 1.0), (0.5, 2.0), (0.95, 3.0)];
    assert!(matches!(elicit::normal(&three), Err(QuantileCount { given: 3, .. })));
    assert!(matches!(elicit::lognormal(&three), Err(QuantileCount { given: 3, .. })));
    assert!(matches!(elicit::lognormal(&[(0.05, -1.0), (0.95, 3.0)]), Err(OutOfRange { .. })));
    assert!(matches!(elicit::normal(&[(0.0, 1.0), (0.95, 3.0)]), Err(OutOfRange { .. })));
    assert!(matches!(elicit::metalog(&three[..1], None, None), Err(QuantileCount { given: 1, .. })));
    assert!(matches!(elicit::metalog(&three, Some(1.0), None), Err(QuantileOutOfBounds { .. })));
    let uneven = elicit::metalog(&[(0.1, 1.0), (0.5, 1.01), (0.9, 10.0)], None, None);
    assert!(matches!(uneven, Err(Infeasible { terms: 3, .. })));

    assert!(matches!(Distribution::uniform(2.0, 1.0), Err(OutOfOrder { .. })));
    assert!(matches!(Distribution::triangular(0.0, 2.0, 1.0), Err(OutOfOrder { .. })));
    assert!(matches!(Distribution::pert(0.0, f64::NAN, 1.0), Err(OutOfRange { .. })));
    assert!(matches!(Distribution::normal(0.0, -1.0), Err(OutOfRange { .. })));
    assert!(matches!(Distribution::lognormal(0.0, 1.0), Err(OutOfRange { .. })));
    assert!(matches!(Distribution::beta(0.0, 1.0, 0.0, 1.0), Err(OutOfRange { .. })));
    assert!(matches!(Distribution::discrete(&[1.0], &[1.0, 2.0]), Err(WeightCount { .. })));
    assert!(matches!(Distribution::discrete(&[1.0, 2.0], &[0.0, 0.0]), Err(NoWeight)));
    assert!(matches!(Distribution::empirical(vec![]), Err(Empty { .. })));
    assert!(matches!(Distribution::mixture(&[], vec![]), Err(Empty { .. })));
    let message = Distribution::normal(0.0, -1.0).unwrap_err().to_string();
    assert_eq!(message, "sd is -1; allowed: 0 or more");
}

#[test]
fn distributions_without_width_are_points() {
    for point in [
        Distribution::uniform(2.0, 2.0),
        Distribution::triangular(2.0, 2.0, 2.0),
        Distribution::pert(2.0, 2.0, 2.0),
        Distribution::normal(2.0, 0.0),
        Distribution::lognormal(2.0, 0.0),
        Distribution::beta(1.0, 1.0, 2.0, 2.0),
        Distribution::discrete(&[2.0, 5.0], &[1.0, 0.0]),
        Distribution::empirical(vec![2.0]),
    ] {
        let point = point.unwrap();
        for u in [1e-15, 0.3, 0.5, 1.0 - 1e-15] {
            close(point.quantile(u), 2.0);
        }
        assert_eq!((point.cdf(1.99), point.cdf(2.0)), (0.0, 1.0));
        assert!(point.variance() == 0.0 && point.support() == (2.0, 2.0));
    }
}
