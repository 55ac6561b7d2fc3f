//! The market solver: the worked example of `docs/model.md §13`, independent solvers, and properties of the optimum.
mod certificate;
mod conic;
mod instances;
mod linear;

use certificate::{buyers_value, dual_value, overuse, primal_value};
use instances::{Draws, Instance, Kind};
use linear::Served;
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::{Clearing, Market, Settled, Solver};
use proptest::prelude::*;

fn solved(instance: &Instance) -> Clearing {
    let mut clearing = Clearing::default();
    Solver::default().solve(&instance.market(), &mut clearing).unwrap_or_else(|e| panic!("{}", e.why));
    clearing
}

/// Feasible, and worth as much as the dual says anything can be: optimal whatever the route to it.
fn assert_optimal(instance: &Instance, clearing: &Clearing) {
    let (primal, dual) = (primal_value(instance, clearing), dual_value(instance, &clearing.price));
    assert!(overuse(instance, clearing) <= 1e-9, "{instance:?}\n{clearing:?}");
    let scale: f64 = instance
        .demand
        .iter()
        .zip(&clearing.served)
        .map(|(curve, &served)| buyers_value(curve, served))
        .sum();
    assert!(
        (dual - primal).abs() <= 1e-9 * scale.max(dual),
        "{primal} against {dual}: {instance:?}\n{clearing:?}"
    );
}

/// `docs/model.md §13`, to the digits printed there.
#[test]
fn static_example() {
    let curve = |planned_use, elasticity, reference_price, choke_price| DemandCurve {
        planned_use,
        elasticity,
        reference_price,
        choke_price,
        saturation: 2.0,
    };
    let market = Market {
        capacity: &[60.0, 80.0, 50.0],
        cost: &[0.4, 1.0, 0.2],
        rate: &[1.0, 0.6, 2.0, 1.8, 0.3, 0.5],
        demand: &[curve(120.0, 0.6, 2.0, 10.0), curve(100.0, 1.0, 1.5, 7.5)],
    };
    let mut clearing = Clearing::default();
    Solver::default().solve(&market, &mut clearing).unwrap();
    let close = |got: &[f64], want: &[f64]| {
        assert_eq!(got.len(), want.len());
        for (g, w) in got.iter().zip(want) {
            assert!((g - w).abs() <= 0.5e-6, "{got:?} against {want:?}");
        }
    };
    close(&clearing.price, &[1.459244, 1.621382]);
    close(&clearing.hours, &[60.0, 0.0, 42.492407, 37.507593, 0.0, 50.0]);
    close(&clearing.served, &[144.984815, 92.513667]);

    // Whatever is wrong with a clearing is seen, and by how much.
    assert!(market.violation(&clearing) <= 1e-12);
    type Wrong = (fn(&mut Clearing), f64);
    let wrong: [Wrong; 5] = [
        (|c| c.served[0] *= 1.01, 0.01),
        (|c| c.served[1] *= 0.99, 0.01),
        (|c| c.price[1] *= 1.02, 0.0196),
        (|c| c.hours[0] = 45.0, 0.1),
        (|c| c.hours[2] = 60.0, 0.2),
    ];
    for (spoil, least) in wrong {
        let mut spoilt = clearing.clone();
        spoil(&mut spoilt);
        let violation = market.violation(&spoilt);
        assert!(violation >= least * (1.0 - 1e-6) && violation.is_finite(), "{spoilt:?}: {violation}");
    }
}

/// 5,000 markets with vertical demand against a simplex solver: value, and the lowest of the optimal prices.
#[test]
fn linear_programs_agree() {
    let mut draws = Draws(0x6c6f_6f70);
    for _ in 0..5_000 {
        let instance = draws.instance(Kind::Vertical, 8, 4);
        let clearing = solved(&instance);
        assert_optimal(&instance, &clearing);
        let served: Vec<_> = instance.demand.iter().map(Served::vertical).collect();
        let (value, found) = (primal_value(&instance, &clearing), linear::value(&instance, &served));
        assert!((value - found).abs() <= 1e-9 * (1.0 + found), "{value} against {found}: {instance:?}");
        let lowest = linear::lowest_prices(&instance);
        for (price, low) in clearing.price.iter().zip(&lowest) {
            assert!((price - low).abs() <= 1e-6, "{:?} against {lowest:?}: {instance:?}", clearing.price);
        }
    }
}

/// 5,000 elastic markets against an interior-point solver whose tolerance is 1e-8: value to 1e-6 of what meeting all
/// demand is worth, and use, where demand is elastic and so has one answer, to 1e-3.
#[test]
fn conic_programs_agree() {
    let mut draws = Draws(0x686f_6c65);
    let mut unconverged = 0;
    for n in 0..5_000 {
        let instance = draws.instance(if n % 2 == 0 { Kind::Plain } else { Kind::Round }, 8, 4);
        let clearing = solved(&instance);
        assert_optimal(&instance, &clearing);
        let Some(found) = conic::solve(&instance) else {
            unconverged += 1;
            continue;
        };
        let value = primal_value(&instance, &clearing);
        let scale: f64 = instance.demand.iter().map(|curve| buyers_value(curve, f64::INFINITY)).sum();
        assert!(
            (value - found.value).abs() <= 1e-6 * (1.0 + scale),
            "{value} against {}: {instance:?}",
            found.value
        );
        for (w, curve) in instance.demand.iter().enumerate() {
            let (served, other) = (clearing.served[w], found.served[w]);
            if curve.elasticity > 0.0 && clearing.price[w] < curve.choke_price * 0.999 {
                assert!(
                    (served - other).abs() <= 1e-3 * (1.0 + served),
                    "{served} against {other}: {instance:?}"
                );
            }
        }
    }
    assert!(unconverged <= 25, "the conic solver failed on {unconverged}");
}

/// 2,000 markets: the hours are the lexicographically largest, by one linear program for every tranche and workload.
#[test]
fn hours_are_lexicographically_largest() {
    let mut draws = Draws(0x6d61_726b);
    for n in 0..2_000 {
        let kind = if n % 2 == 0 { Kind::Vertical } else { Kind::Round };
        let mut instance = draws.instance(kind, 5, 3);
        // Next to no cost would hide in the tolerance of a linear program.
        instance.cost.iter_mut().for_each(|cost| *cost = cost.max(0.0625));
        let clearing = solved(&instance);
        let served: Vec<_> = (instance.demand.iter().zip(&clearing.price).zip(&clearing.served))
            .map(|((curve, &price), &served)| match curve.elasticity {
                0.0 => Served::vertical(curve),
                _ if price >= curve.choke_price => {
                    Served { least: 0.0, most: curve.quantity(price), worth: curve.choke_price }
                }
                _ => Served { least: served, most: served, worth: 0.0 },
            })
            .collect();
        let largest = linear::largest_hours(&instance, &served);
        for (got, want) in clearing.hours.iter().zip(&largest) {
            assert!((got - want).abs() <= 1e-6, "{:?} against {largest:?}: {instance:?}", clearing.hours);
        }
    }
}

/// 10,000 markets: lowering the prices of any set of workloads by a common factor makes the dual worse. The dual is
/// convex and, in log prices, submodular, so no lower vector is optimal either.
#[test]
fn prices_are_the_lowest_optimal() {
    let mut draws = Draws(0x6574_2121);
    for n in 0..10_000 {
        let mut instance = draws.instance(if n % 2 == 0 { Kind::Plain } else { Kind::Round }, 12, 5);
        // A price of next to nothing would hide in the rounding of the dual.
        instance.cost.iter_mut().for_each(|cost| *cost = cost.max(0.0625));
        let clearing = solved(&instance);
        assert_optimal(&instance, &clearing);
        let dual = dual_value(&instance, &clearing.price);
        for set in 1..1usize << instance.demand.len() {
            let mut prices = clearing.price.clone();
            let members = (0..prices.len()).filter(|w| set & (1 << w) != 0);
            members.for_each(|w| prices[w] *= 0.999);
            if prices != clearing.price {
                let lower = dual_value(&instance, &prices);
                assert!(
                    lower > dual * (1.0 + 1e-13),
                    "{set:b}: {lower} after {dual}: {instance:?}\n{clearing:?}"
                );
            }
        }
    }
}

/// What a market may not be is refused with the number that is wrong.
#[test]
fn inputs_outside_their_domain_are_refused() {
    let good = Instance {
        capacity: vec![1.0],
        cost: vec![1.0],
        rate: vec![1.0],
        demand: vec![DemandCurve {
            planned_use: 1.0,
            elasticity: 1.0,
            reference_price: 1.0,
            choke_price: 2.0,
            saturation: 2.0,
        }],
    };
    let refused = |spoil: &dyn Fn(&mut Instance), word: &str| {
        let mut bad = good.clone();
        spoil(&mut bad);
        let error = Solver::default().solve(&bad.market(), &mut Clearing::default()).unwrap_err();
        assert!(error.why.contains(word), "{}", error.why);
    };
    solved(&good);
    refused(&|bad| bad.capacity[0] = -1.0, "capacity 0 is -1");
    refused(&|bad| bad.capacity[0] = f64::NAN, "capacity 0 is NaN");
    refused(&|bad| bad.cost[0] = 0.0, "cost 0 is 0");
    refused(&|bad| bad.rate[0] = f64::INFINITY, "rate 0 is inf");
    refused(&|bad| bad.rate.push(1.0), "2 rates");
    refused(&|bad| bad.demand[0].saturation = 0.5, "saturation 0.5");
    refused(&|bad| bad.demand[0].choke_price = 0.0, "choke price 0,");
    refused(&|bad| (bad.demand, bad.rate) = (vec![bad.demand[0]; 9], vec![1.0; 9]), "9 workloads");
}

/// The conventions at the edges: no plan is worth nothing, no supply is worth the choke, and so is too little.
#[test]
fn edges() {
    let curve = |planned_use, elasticity| DemandCurve {
        planned_use,
        elasticity,
        reference_price: 1.0,
        choke_price: 4.0,
        saturation: 2.0,
    };
    let price = |capacity: f64, cost: f64, demand: DemandCurve| {
        let demand = vec![demand];
        solved(&Instance { capacity: vec![capacity], cost: vec![cost], rate: vec![1.0], demand }).price[0]
    };
    assert_eq!(price(1.0, 0.5, curve(0.0, 1.0)), 0.0, "no plan");
    assert_eq!(price(0.0, 0.5, curve(8.0, 1.0)), 4.0, "no supply");
    assert_eq!(price(1.0, 9.0, curve(8.0, 1.0)), 4.0, "supply dearer than the choke");
    assert_eq!(price(1.0, 0.5, curve(8.0, 1.0)), 4.0, "less supply than is bought at the choke");
    assert_eq!(price(1.0, 0.5, curve(8.0, 0.0)), 4.0, "less supply than vertical demand");
    assert_eq!(price(8.0, 0.5, curve(8.0, 0.0)), 0.5, "as much supply as vertical demand");
    assert_eq!(price(16.0, 0.25, curve(8.0, 1.0)), 0.25, "as much supply as saturated demand");
    assert_eq!(price(99.0, 0.25, curve(8.0, 1.0)), 0.25, "more supply than saturated demand");
    assert!((price(10.0, 0.25, curve(8.0, 1.0)) - 0.8).abs() < 1e-15, "supply between");
    let clearing = Clearing { price: vec![7.0; 3], hours: vec![7.0; 3], served: vec![7.0; 3] };
    let mut reused = clearing;
    Solver::default().solve(&Instance::default().market(), &mut reused).unwrap();
    assert_eq!(reused, Clearing::default(), "no market at all");
}

fn any_instance() -> impl Strategy<Value = Instance> {
    let kinds = [Kind::Plain, Kind::Round, Kind::Wide, Kind::Vertical];
    (any::<u64>(), 0..kinds.len()).prop_map(move |(seed, kind)| Draws(seed).instance(kinds[kind], 20, 8))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn optimal(instance in any_instance()) {
        let clearing = solved(&instance);
        prop_assert!(instance.market().violation(&clearing) <= 1e-9);
        assert_optimal(&instance, &clearing);
    }

    #[test]
    fn memory_does_not_matter(first in any_instance(), second in any_instance()) {
        let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
        solver.solve(&first.market(), &mut clearing).unwrap();
        solver.solve(&second.market(), &mut clearing).unwrap();
        prop_assert_eq!(clearing, solved(&second));
    }

    /// Whatever a solve starts from, ties of a like market or nonsense, it ends where the plain one does.
    #[test]
    fn a_start_moves_no_solution(
        instance in any_instance(),
        nonsense in prop::collection::vec((0u16..1 << 9, 0.5f64..2.0), 40),
        lies in 0.0f64..0.5,
    ) {
        let (tranches, workloads) = (instance.capacity.len(), instance.demand.len());
        let mut solver = Solver::default();
        let mut plain = Clearing::default();
        solver.solve(&instance.market(), &mut plain).unwrap();
        let mut uses = vec![0; tranches];
        solver.uses().for_each(|(tranche, best)| uses[tranche] = best);
        let mut moved = instance.clone();
        for (tranche, (wrong, factor)) in nonsense[..tranches].iter().enumerate() {
            moved.capacity[tranche] *= factor;
            moved.cost[tranche] *= factor.sqrt();
            if factor - 0.5 < lies {
                uses[tranche] = *wrong;
            }
        }
        for market in [&instance, &moved] {
            let wanted = solved(market);
            let mut clearing = Clearing::default();
            let settled = Settled { uses: &uses, price: &plain.price };
            solver.solve_from(&market.market(), &settled, &mut clearing).unwrap();
            prop_assert!(market.market().violation(&clearing) <= 1e-9);
            for (p, q) in wanted.price.iter().zip(&clearing.price) {
                prop_assert!((p - q).abs() <= 1e-9 * p, "{:?} {:?}", wanted, clearing);
            }
            for ((x, y), n) in wanted.hours.iter().zip(&clearing.hours).zip(0..) {
                let capacity = market.capacity[n / workloads];
                prop_assert!((x - y).abs() <= 1e-9 * capacity, "{:?} {:?}", wanted, clearing);
            }
        }
    }

    #[test]
    fn all_prices_scale(instance in any_instance(), factor in 1e-3f64..1e3) {
        let before = solved(&instance);
        let mut dearer = instance.clone();
        dearer.cost.iter_mut().for_each(|cost| *cost *= factor);
        for curve in &mut dearer.demand {
            curve.reference_price *= factor;
            curve.choke_price *= factor;
        }
        let after = solved(&dearer);
        for (p, q) in before.price.iter().zip(&after.price) {
            prop_assert!((p * factor - q).abs() <= 1e-9 * *q, "{:?} {:?}", before, after);
        }
        for ((x, y), n) in before.hours.iter().zip(&after.hours).zip(0..) {
            let capacity = instance.capacity[n / instance.demand.len()];
            prop_assert!((x - y).abs() <= 1e-9 * capacity, "{:?} {:?}", before, after);
        }
    }

    #[test]
    fn more_capacity_raises_no_price(instance in any_instance(), at in any::<prop::sample::Index>(), more in 1.0f64..3.0) {
        prop_assume!(!instance.capacity.is_empty());
        let before = solved(&instance);
        let mut richer = instance.clone();
        richer.capacity[at.index(instance.capacity.len())] *= more;
        let after = solved(&richer);
        for (p, q) in before.price.iter().zip(&after.price) {
            prop_assert!(*q <= p * (1.0 + 1e-9), "{:?} {:?}", before, after);
        }
    }

    #[test]
    fn order_moves_no_price(instance in any_instance()) {
        let (tranches, workloads) = (instance.capacity.len(), instance.demand.len());
        let mut turned = instance.clone();
        turned.capacity.reverse();
        turned.cost.reverse();
        turned.demand.reverse();
        turned.rate.reverse();
        prop_assert_eq!(turned.rate.len(), tranches * workloads);
        let (before, mut after) = (solved(&instance), solved(&turned));
        after.price.reverse();
        for (p, q) in before.price.iter().zip(&after.price) {
            prop_assert!((p - q).abs() <= 1e-9 * p, "{:?} {:?}", before, after);
        }
    }
}
