//! Statistics: published numbers, exact merges, stated error bounds, and errors that cover as often as they say.

use loophole::math::{exp, normal_quantile};
use loophole::random::design::{Design, REPLICATES, Sampling, Scheme};
use loophole::random::stream::StreamKey;
use loophole::stats::estimate::{self, Estimate, Grouping};
use loophole::stats::moments::{Moments, Sum};
use loophole::stats::proportion::Proportion;
use loophole::stats::quantile::{sorted, type_7, type_8};
use loophole::stats::score::{crps_normal, crps_sample, pit};
use loophole::stats::sketch::{Counter, Sketch};
use loophole::stats::tail::{cvar, lognormal_cvar, normal_cvar};
use loophole::stats::tally::Tally;

fn close(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 1e-12 * truth.abs().max(1.0), "{found} against {truth}");
}

/// Independent normals.
fn normals(seed: u64, n: usize) -> Vec<f64> {
    let key = StreamKey::new(seed, "normals");
    (0..n as u64).map(|path| normal_quantile(key.uniform(path, 0, 0))).collect()
}

#[test]
fn moments_meet_their_known_answers_however_merged() {
    let values = [3.0, 4.0, 5.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 7.0];
    for split in 0..=values.len() {
        let (mut head, mut tail) = (Moments::default(), Moments::default());
        values[..split].iter().for_each(|&value| head.add(value));
        values[split..].iter().for_each(|&value| tail.add(value));
        head.merge(&tail);
        assert_eq!(head.count(), 10);
        close(head.mean(), 4.3);
        close(head.variance(), 2.2333333333333334);
        close(head.skewness(), 0.359543071407);
        close(head.excess_kurtosis(), -0.151799637209);
        close(head.std_error(), (2.2333333333333334_f64 / 10.0).sqrt());
    }
    let mut equal = Moments::default();
    (0..5).for_each(|_| equal.add(0.1));
    assert_eq!((equal.variance(), equal.skewness(), equal.excess_kurtosis()), (0.0, 0.0, 0.0));
}

#[test]
fn sums_carry_what_rounding_loses() {
    let (mut sum, mut other) = (Sum::default(), Sum::default());
    [1e100, 1.0].into_iter().for_each(|value| sum.add(value));
    [2.0, -1e100].into_iter().for_each(|value| other.add(value));
    sum.merge(&other);
    assert_eq!(sum.total(), 3.0);
}

#[test]
fn quantiles_meet_their_known_answers() {
    let values: Vec<f64> = (1..=10).map(f64::from).collect();
    for (p, seven, eight) in
        [(0.1, 1.9, 1.3666666666666667), (0.25, 3.25, 2.9166666666666665), (0.9, 9.1, 9.633333333333333)]
    {
        close(type_7(&values, p), seven);
        close(type_8(&values, p), eight);
    }
    assert_eq!((type_7(&values, 0.0), type_7(&values, 1.0)), (1.0, 10.0));
    assert_eq!((type_8(&values, 0.0), type_8(&values, 1.0)), (1.0, 10.0));
    assert_eq!((type_7(&[2.0], 0.3), type_8(&[2.0], 0.3)), (2.0, 2.0));
}

#[test]
fn tails_and_scores_meet_their_known_answers() {
    close(normal_cvar(0.0, 1.0, 0.95), 2.062712807507);
    close(lognormal_cvar(0.0, 1.0, 0.95), 8.557226866797);
    close(crps_normal(0.0, 1.0, 0.0), 0.233694977255);
    close(crps_normal(1.0, 0.0, 3.0), 2.0);
    // By hand: mean error (1 + 0 + 2)/3, mean difference of pairs (1 + 3 + 2)·2/9.
    close(crps_sample(&[2.0, 1.0, 4.0], 2.0), 1.0 - 2.0 / 3.0);
    close(pit(&[2.0, 1.0, 4.0], 2.0), 0.5);
    let sample = normals(1, 20_000);
    let estimate = cvar(&sample, 0.95, Grouping::Independent);
    // 4 standard errors: a false alarm in 16,000.
    assert!((estimate.value - 2.062712807507).abs() < 4.0 * estimate.std_error);
    // The edge in part: the worst quarter of 1 … 10 is 10, 9 and half of 8.
    let values: Vec<f64> = (1..=10).map(f64::from).collect();
    close(cvar(&values, 0.75, Grouping::Independent).value, (10.0 + 9.0 + 4.0) / 2.5);
    close(cvar(&values, 0.0, Grouping::Independent).value, 5.5);
}

#[test]
fn intervals_of_shares_meet_published_ones() {
    // Agresti and Coull (1998) and R's binom.test(0, 10), binom.test(7, 20).
    let none = Proportion { successes: 0, trials: 10 };
    close(none.clopper_pearson(0.95).1, 1.0 - 0.025_f64.powf(0.1));
    assert_eq!((none.clopper_pearson(0.95).0, none.wilson(0.95).0), (0.0, 0.0));
    let z2 = normal_quantile(0.975).powi(2);
    close(none.wilson(0.95).1, z2 / (10.0 + z2));
    let some = Proportion { successes: 7, trials: 20 };
    let (low, high) = some.clopper_pearson(0.95);
    assert!((low - 0.1539092).abs() < 5e-8 && (high - 0.5921885).abs() < 5e-8, "{low} {high}");
    close(some.estimate().value, 0.35);
    close(some.estimate().std_error, (0.35_f64 * 0.65 / 20.0).sqrt());
    let all = Proportion { successes: 10, trials: 10 };
    close(all.wilson(0.95).0, 1.0 - none.wilson(0.95).1);
    close(all.clopper_pearson(0.95).0, 1.0 - none.clopper_pearson(0.95).1);
}

#[test]
fn sketches_keep_their_bound_and_merge_in_any_order() {
    let mut values: Vec<f64> = normals(2, 5_000).iter().map(|z| 40.0 * z * z * z).collect();
    values.extend([0.0; 700]);
    values.extend(normals(3, 2_000).iter().map(|z| exp(20.0 * z)));
    let mut whole = Sketch::default();
    values.iter().for_each(|&value| whole.add(value));
    let blocks: Vec<Sketch> = values
        .chunks(999)
        .map(|block| {
            let mut sketch = Sketch::default();
            block.iter().for_each(|&value| sketch.add(value));
            sketch
        })
        .collect();
    let merged = |order: &mut dyn Iterator<Item = &Sketch>| {
        order.fold(Sketch::default(), |mut all, block| {
            all.merge(block);
            all
        })
    };
    assert_eq!(merged(&mut blocks.iter()), whole);
    assert_eq!(merged(&mut blocks.iter().rev()), whole);
    for at_once in [3, 64, 999] {
        let mut many = Sketch::default();
        values.chunks(at_once).for_each(|some| many.add_all(some));
        assert_eq!(many, whole, "{at_once} at once");
    }
    let many = whole.quantiles([0.0, 0.05, 0.5, 0.95, 1.0]);
    assert_eq!(many, [0.0, 0.05, 0.5, 0.95, 1.0].map(|p| whole.quantile(p)));

    let ascending = sorted(&values);
    let count = |keep: &dyn Fn(f64) -> bool| values.iter().filter(|&&value| keep(value)).count() as u64;
    assert_eq!(whole.negative(), count(&|value| value < 0.0));
    assert_eq!(whole.zero(), 700);
    assert_eq!(whole.positive(), count(&|value| value > 0.0));
    assert_eq!(whole.count(), values.len() as u64);
    for i in 0..=2_000 {
        let p = f64::from(i) / 2_000.0;
        let (found, exact) = (whole.quantile(p), type_7(&ascending, p));
        assert!((found - exact).abs() <= exact.abs() / 256.0, "{p}: {found} against {exact}");
    }
    assert_eq!(whole.quantile(0.0), ascending[0]);
    assert_eq!(whole.quantile(1.0), ascending[ascending.len() - 1]);
    // The rank after the last zero is the first above it.
    let mut some = Sketch::default();
    some.add_all(&[-3.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
    for (p, value) in [(0.0, -3.0), (0.2, 0.0), (0.4, 0.0), (0.6, 1.0), (0.8, 2.0), (1.0, 3.0)] {
        assert!((some.quantile(p) - value).abs() <= value.abs() / 256.0, "{p}: {}", some.quantile(p));
    }
    let mut one = Sketch::default();
    (0..3).for_each(|_| one.add(-7.3));
    assert_eq!(one.quantile(0.4), -7.3);
}

/// Counts above 255 and above 65,535 carry, and merge as they were added.
#[test]
fn sketches_carry_large_counts() {
    let (mut whole, mut half) = (Sketch::default(), Sketch::default());
    for _ in 0..35_100 {
        whole.add_all(&[1.5, 1.5, -2.5]);
        half.add(1.5);
    }
    let (mut merged, mut negative) = (half.clone(), Sketch::default());
    negative.add_all(&vec![-2.5; 35_100]);
    merged.merge(&half);
    merged.merge(&negative);
    assert_eq!(merged, whole);
    assert_eq!((whole.positive(), whole.negative(), whole.zero()), (70_200, 35_100, 0));
    let mut at_once = Sketch::default();
    at_once.add_all(&vec![1.5; 70_200]);
    at_once.add_all(&vec![-2.5; 35_100]);
    assert_eq!(at_once, whole);
    assert_eq!(whole.quantile(0.2), -2.5);
    assert!((whole.quantile(0.9) - 1.5).abs() <= 1.5 / 256.0);
}

/// A thousand values in each bin, evenly: what lies above a place in a bin is known to the bin's share.
#[test]
fn tallies_know_their_extremes_their_shape_and_the_share_above_any_place() {
    let n = 256_000;
    let values: Vec<f64> = (0..n).map(|i| 1.0 + (f64::from(i) + 0.5) / f64::from(n)).collect();
    let mut tally = Tally::new(Grouping::Independent);
    tally.add(0, &values, &mut Counter::default());
    assert_eq!((tally.least(), tally.greatest()), (values[0], values[values.len() - 1]));
    let (shape, count) = (Tally::new(Grouping::Independent), n as u64);
    assert!(tally.is_sound(&shape, count) && !tally.is_sound(&shape, count + 1));
    assert!(!tally.is_sound(&Tally::new(Grouping::Pairs), count));
    for i in 1..1_000 {
        let x = 1.0 + f64::from(i) / 1_000.0;
        let (above, below) = (tally.above(x, Grouping::Independent), tally.below(x, Grouping::Independent));
        // Two values either way.
        assert!((above.value - (2.0 - x)).abs() <= 2.0 / f64::from(n), "{x}: {above:?}");
        assert!((below.value - (x - 1.0)).abs() <= 2.0 / f64::from(n), "{x}: {below:?}");
    }
}

/// Estimates of the mean, a quantile and a probability of f = e^(Z/4) over many seeds, under every scheme: how often a
/// nominal 95% interval covers the truth.
#[test]
fn intervals_cover_as_often_as_they_say() {
    let (paths, seeds) = (512, 400);
    let truths = [exp(0.5 / 16.0), exp(0.25 * normal_quantile(0.8)), 0.3];
    for sampling in Sampling::ALL {
        let grouping = match sampling {
            Sampling::Plain => Grouping::Independent,
            Sampling::Antithetic => Grouping::Pairs,
            Sampling::LatinHypercube | Sampling::Sobol => Grouping::Replicates(REPLICATES),
        };
        let mut covered = [0; 3];
        for seed in 0..seeds {
            // Two sources, so that no scheme is exact.
            let design = Design::new(Scheme { sampling, seed, paths, leading: &[] }, &[("a", 1), ("b", 1)]);
            let value = |path: usize| {
                let z = |source| normal_quantile(design.uniform(source, path, 0, 0));
                exp(0.25 * (0.6 * z(0) + 0.8 * z(1)))
            };
            let values: Vec<f64> = (0..paths).map(value).collect();
            let threshold = exp(0.25 * normal_quantile(0.7));
            let above: Vec<bool> = values.iter().map(|&value| value > threshold).collect();
            let estimates: [Estimate; 3] = [
                estimate::mean(&values, grouping),
                estimate::quantile(&values, 0.8, grouping),
                estimate::probability(&above, grouping),
            ];
            for (at, estimate) in estimates.iter().enumerate() {
                let (low, high) = estimate.student_interval(0.95, grouping.degrees_of_freedom(paths));
                covered[at] += usize::from(low <= truths[at] && truths[at] <= high);
            }
        }
        for (at, count) in covered.iter().enumerate() {
            // 4 standard errors of 400 trials at 95%, 4.4 points, and a point for what is only asymptotically normal.
            let share = *count as f64 / seeds as f64;
            assert!((share - 0.95).abs() < 0.044 + 0.01, "{sampling}, estimate {at}: {share}");
        }
    }
}

/// Strata settle the share of a single draw below a quantile; the error that is left is the one that is told. The draws are
/// uniform, so the density is 1 and the truth is p.
#[test]
fn a_quantile_that_strata_settle_is_known_to_its_neighbours() {
    let grouping = Grouping::Replicates(REPLICATES);
    let (paths, seeds) = (20 * REPLICATES, 4_000);
    for p in [0.05, 0.5, 0.9] {
        let (mut squares, mut told) = (0.0, 0.0);
        for seed in 0..seeds {
            let design = Design::new(
                Scheme { sampling: Sampling::LatinHypercube, seed, paths, leading: &[] },
                &[("a", 1)],
            );
            let values: Vec<f64> = (0..paths).map(|path| design.uniform(0, path, 0, 0)).collect();
            let estimate = estimate::quantile(&values, p, grouping);
            squares += (estimate.value - p) * (estimate.value - p) / seeds as f64;
            told += estimate.std_error / seeds as f64;
        }
        // Squares of what is at most exponential have a relative standard error of √(5/4000), 3.5%, and roots half of it: 4 of
        // them, and a tenth for the slope read off the order statistics.
        let ratio = told / squares.sqrt();
        assert!((ratio - 1.0).abs() < 0.17, "{p}: told {told}, is {}", squares.sqrt());
    }
}

#[test]
fn a_single_group_cannot_tell_its_error() {
    assert_eq!(
        estimate::mean(&[2.0], Grouping::Independent),
        Estimate { value: 2.0, std_error: f64::INFINITY }
    );
    assert_eq!(estimate::mean(&[2.0, 3.0], Grouping::Pairs).std_error, f64::INFINITY);
    assert_eq!(estimate::mean(&[2.0; 6], Grouping::Pairs), Estimate { value: 2.0, std_error: 0.0 });
    assert_eq!(estimate::quantile(&[2.0; 60], 0.3, Grouping::Pairs).value, 2.0);
    let values = normals(5, 96);
    for grouping in [Grouping::Independent, Grouping::Pairs, Grouping::Replicates(8)] {
        let many = estimate::quantiles(&values, [0.05, 0.5, 0.95], grouping);
        assert_eq!(many, [0.05, 0.5, 0.95].map(|p| estimate::quantile(&values, p, grouping)));
    }
}
