use super::*;
use crate::math::exp;

const SOURCES: [Source<'static>; 3] = [
    Source { stream: "b", steps: 3, lanes: 2 },
    Source { stream: "a", steps: 1, lanes: 1 },
    Source { stream: "c", steps: 2, lanes: 1 },
];

fn scheme(sampling: Sampling, seed: u64, paths: usize) -> Scheme<'static> {
    Scheme { sampling, seed, paths, leading: &[] }
}

fn design(sampling: Sampling, paths: usize) -> Design {
    Design::new(scheme(sampling, 42, paths), &SOURCES)
}

#[test]
fn unscrambled_points_meet_their_known_answers() {
    let known = [
        [0.0, 0.0, 0.0],
        [0.5, 0.5, 0.5],
        [0.75, 0.25, 0.25],
        [0.25, 0.75, 0.75],
        [0.375, 0.375, 0.625],
        [0.875, 0.875, 0.125],
    ];
    for (index, point) in known.iter().enumerate() {
        for (dimension, coordinate) in point.iter().enumerate() {
            assert_eq!(SobolPoints.coordinate(index as u32, dimension), *coordinate);
        }
    }
}

#[test]
fn every_table_dimension_is_a_permutation_of_its_strata() {
    for dimension in 0..TABLE_DIMENSIONS {
        let strata: u64 =
            (0..64).fold(0, |seen, i| seen | 1 << (SobolPoints.coordinate(i, dimension) * 64.0) as u32);
        assert_eq!(strata, u64::MAX, "dimension {dimension}");
    }
}

#[test]
fn scrambled_replicates_fill_their_strata() {
    let paths = 64 * REPLICATES;
    for sampling in [Sampling::Sobol, Sampling::LatinHypercube] {
        let design = design(sampling, paths);
        for replicate in 0..REPLICATES {
            for (source, step, lane) in [(0, 0, 0), (0, 2, 1), (1, 0, 0), (2, 1, 0)] {
                let strata = (0..64).fold(0_u64, |seen, i| {
                    seen | 1 << (design.uniform(source, i * REPLICATES + replicate, step, lane) * 64.0) as u32
                });
                assert_eq!(strata, u64::MAX, "{sampling}");
            }
        }
    }
    // Sobol' fills the squares of two dimensions too: the first two are a (0, m, 2)-net.
    let design = design(Sampling::Sobol, paths);
    let squares = (0..64).fold(0_u64, |seen, i| {
        let at = |source| (design.uniform(source, i * REPLICATES, 0, 0) * 8.0) as u32;
        seen | 1 << (at(1) * 8 + at(0))
    });
    assert_eq!(squares, u64::MAX);
}

#[test]
fn a_longer_run_begins_with_the_shorter_one() {
    for sampling in [Sampling::Plain, Sampling::Antithetic, Sampling::Sobol] {
        let (short, long) = (design(sampling, 37), design(sampling, 5000));
        for path in 0..37 {
            assert_eq!(short.uniform(0, path, 2, 1), long.uniform(0, path, 2, 1), "{sampling}");
        }
    }
}

#[test]
fn many_steps_at_once_are_the_same_bits() {
    for sampling in Sampling::ALL {
        let design = design(sampling, 40);
        for (source, steps, lane) in [(0, 3, 1), (1, 1, 0), (2, 7, 0)] {
            for path in 0..40 {
                let mut many = vec![0.0; steps];
                design.uniforms(source, path, lane, &mut many);
                for (step, uniform) in many.iter().enumerate() {
                    let alone = design.uniform(source, path, step, lane);
                    assert_eq!(uniform.to_bits(), alone.to_bits(), "{sampling}, path {path}, step {step}");
                }
            }
        }
    }
}

#[test]
fn sources_go_by_name() {
    let more = [SOURCES[2], Source { stream: "0", steps: 5, lanes: 1 }, SOURCES[0], SOURCES[1]];
    for sampling in [Sampling::Plain, Sampling::Antithetic, Sampling::LatinHypercube] {
        let (few, many) = (design(sampling, 100), Design::new(scheme(sampling, 42, 100), &more));
        for path in 0..100 {
            assert_eq!(few.uniform(0, path, 1, 1), many.uniform(2, path, 1, 1), "{sampling}");
        }
    }
    let twice = [SOURCES[0], SOURCES[1], SOURCES[2], SOURCES[0]];
    let reordered = [SOURCES[2], SOURCES[1], SOURCES[0]];
    let (few, twice) = (design(Sampling::Sobol, 100), Design::new(scheme(Sampling::Sobol, 42, 100), &twice));
    let reordered = Design::new(scheme(Sampling::Sobol, 42, 100), &reordered);
    for path in 0..100 {
        assert_eq!(few.uniform(0, path, 1, 1), twice.uniform(3, path, 1, 1));
        assert_eq!(few.uniform(0, path, 1, 1), reordered.uniform(2, path, 1, 1));
    }
}

/// Leading streams have the first dimensions, with their first steps; the others follow in the order of their names.
#[test]
fn leading_sources_come_first() {
    let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let led =
        |leading: &[String]| Design::new(Scheme { leading, ..scheme(Sampling::Sobol, 42, 100) }, &SOURCES);
    let (plain, led_by_c, led_by_all) =
        (led(&[]), led(&names(&["c", "unused"])), led(&names(&["a", "b", "c"])));
    for path in 0..100 {
        // Dimensions in the order of names: a, both lanes of b, c; then b's and c's second step.
        assert_eq!(led_by_c.uniform(2, path, 0, 0), plain.uniform(1, path, 0, 0));
        assert_eq!(led_by_c.uniform(2, path, 1, 0), plain.uniform(0, path, 0, 0));
        assert_eq!(led_by_c.uniform(1, path, 0, 0), plain.uniform(0, path, 0, 1));
        assert_eq!(led_by_c.uniform(0, path, 0, 0), plain.uniform(2, path, 0, 0));
        assert_eq!(led_by_all.uniform(2, path, 1, 0), plain.uniform(2, path, 1, 0));
    }
}

/// The mean level of 60 months over 1,024 paths: on a bridge Sobol' points leave a fortieth of the variance that independent paths
/// have, without one an eighth, each known to 30% from 24 seeds.
#[test]
fn a_bridge_makes_the_first_dimensions_matter() {
    let sources = [Source { stream: "process", steps: 61, lanes: 1 }];
    let (paths, seeds) = (1024, 24);
    let variance = |sampling: Sampling, bridged: bool| {
        let (mut column, mut sums) = (vec![0.0; 61], Vec::new());
        let means: Vec<f64> = (0..seeds)
            .map(|seed| {
                let design = Design::new(scheme(sampling, seed, paths), &sources);
                let mean_level = |path: usize| {
                    design.uniforms(0, path, 0, &mut column);
                    crate::math::normal_quantiles(&mut column);
                    if bridged {
                        design.shape(&mut column, &mut sums);
                    }
                    let levels = column[1..].iter().scan(0.0, |level, shock| {
                        *level += 0.1 * shock;
                        Some(exp(*level))
                    });
                    levels.sum::<f64>() / 60.0
                };
                (0..paths).map(mean_level).sum::<f64>() / paths as f64
            })
            .collect();
        let mean = means.iter().sum::<f64>() / seeds as f64;
        means.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (seeds - 1) as f64
    };
    let plain = variance(Sampling::Plain, true);
    assert_eq!(plain, variance(Sampling::Plain, false), "plain draws cross no bridge");
    let [bridged, not] = [true, false].map(|bridged| variance(Sampling::Sobol, bridged) / plain);
    assert!(bridged < 0.05 && not > 2.5 * bridged, "{bridged} {not}");
}

#[test]
fn antithetic_pairs_mirror() {
    let design = design(Sampling::Antithetic, 10);
    for pair in 0..5 {
        assert_eq!(design.uniform(0, 2 * pair, 1, 0), 1.0 - design.uniform(0, 2 * pair + 1, 1, 0));
    }
    assert_ne!(design.uniform(0, 0, 1, 0), design.uniform(0, 2, 1, 0));
}

#[test]
fn beyond_the_table_draws_are_plain() {
    let many = [Source { stream: "long", steps: TABLE_DIMENSIONS + 1, lanes: 1 }];
    let sobol = Design::new(scheme(Sampling::Sobol, 1, 20), &many);
    let plain = Design::new(scheme(Sampling::Plain, 1, 20), &many);
    assert_eq!(sobol.uniform(0, 19, TABLE_DIMENSIONS, 0), plain.uniform(0, 19, TABLE_DIMENSIONS, 0));
    assert_ne!(sobol.uniform(0, 19, TABLE_DIMENSIONS - 1, 0), plain.uniform(0, 19, TABLE_DIMENSIONS - 1, 0));
}

#[test]
fn names_read_back() {
    for sampling in Sampling::ALL {
        assert_eq!(sampling.to_string().parse(), Ok(sampling));
    }
    assert_eq!(
        "halton".parse::<Sampling>().unwrap_err().to_string(),
        "\"halton\" is no sampling scheme; allowed: plain, antithetic, latin-hypercube, sobol"
    );
}

/// E[e^U] under every scheme, and how much each narrows it: variances of a mean of `paths` draws over seeds.
#[test]
fn schemes_are_unbiased_and_narrow_as_they_should() {
    let (paths, seeds) = (256, 400);
    let truth = exp(1.0) - 1.0;
    let spread = |sampling: Sampling| {
        let means: Vec<f64> = (0..seeds)
            .map(|seed| {
                let design = Design::new(scheme(sampling, seed, paths), &SOURCES);
                (0..paths).map(|path| exp(design.uniform(0, path, 1, 0))).sum::<f64>() / paths as f64
            })
            .collect();
        let n = seeds as f64;
        let mean = means.iter().sum::<f64>() / n;
        let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0);
        // 4 standard errors under each of 4 schemes: a false alarm in 4,000.
        assert!((mean - truth).abs() < 4.0 * (variance / n).sqrt(), "{sampling}");
        variance
    };
    // Sample variances over 400 seeds have a relative standard error of 7%: 4 of them.
    let n = paths as f64;
    assert!((spread(Sampling::Plain) * n / 0.242035607453 - 1.0).abs() < 0.3);
    assert!((spread(Sampling::Antithetic) * n / 2.0 / 0.003912496950 - 1.0).abs() < 0.3);
    assert!(spread(Sampling::LatinHypercube) * n < 0.01);
    assert!(spread(Sampling::Sobol) * n < 0.01);
}
