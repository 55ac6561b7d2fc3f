//! Lanes against the solver of one market at a time: the same bits.

use super::*;
use crate::math::Instructions;
use crate::math::wide::testing::on;

/// A uniform of a linear congruential generator, and the next.
fn next(state: &mut u64) -> f64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 11) as f64 / (1_u64 << 53) as f64
}

/// Markets full of ties that own their numbers.
struct Markets {
    capacity: Vec<Lanes>,
    cost: Vec<Lanes>,
    rate: Vec<Lanes>,
    demand: Vec<DemandCurve<Lanes>>,
}

impl Markets {
    fn random(tranches: usize, workloads: usize, state: &mut u64) -> Markets {
        let chips: Vec<f64> = (0..3 * workloads).map(|_| (4.0 * next(state)).floor()).collect();
        let mut rate = Vec::new();
        for _ in 0..tranches {
            let chip = (3.0 * next(state)) as usize;
            let odd = next(state) < 0.2;
            for w in 0..workloads {
                rate.push(Lanes::each(|_| {
                    chips[chip * workloads + w] * if odd { 0.5 + next(state) } else { 1.0 }
                }));
            }
        }
        let sparse = next(state) < 0.5;
        let scale = if next(state) < 0.3 { 0.02 } else { 1.0 };
        let capacity = (0..tranches).map(|_| {
            Lanes::each(|_| {
                let gone = sparse && next(state) < 0.3;
                let tiny = if next(state) < 0.01 { 1e-9 } else { 1.0 };
                if gone { 0.0 } else { scale * tiny * (1.0 + 20.0 * next(state)) }
            })
        });
        let capacity = capacity.collect();
        let cost = (0..tranches).map(|_| {
            let round = next(state) < 0.3;
            Lanes::each(|_| if round { 0.5 } else { 0.2 + next(state) })
        });
        let cost = cost.collect();
        let kinks = next(state) < 0.4;
        let demand = (0..workloads)
            .map(|_| {
                let vertical = kinks && next(state) < 0.3;
                let mut of =
                    |least: f64, span: f64, other: f64, share: f64| {
                        Lanes::each(|_| {
                            if kinks && next(state) < share { other } else { least + span * next(state) }
                        })
                    };
                DemandCurve {
                    planned_use: of(0.0, 60.0, 0.0, 0.15),
                    elasticity: if vertical { Lanes::default() } else { of(0.4, 1.2, 1.0, 0.3) },
                    reference_price: of(0.5, 1.0, 1.0, 0.5),
                    choke_price: of(10.0, 1.0, 0.6, 0.3),
                    saturation: of(2.0, 1.0, 1.0, 0.3),
                }
            })
            .collect();
        Markets { capacity, cost, rate, demand }
    }

    /// A month later.
    fn moved(&mut self, state: &mut u64) {
        let size = if next(state) < 0.5 { 0.02 } else { 0.3 };
        let curves = self.demand.iter_mut().map(|curve| &mut curve.planned_use);
        for number in self.capacity.iter_mut().chain(&mut self.cost).chain(curves) {
            let before = *number;
            *number = Lanes::each(|i| before[i] * (1.0 + size * (next(state) - 0.5)));
        }
        if next(state) < 0.2 {
            let (at, lane) =
                ((next(state) * self.capacity.len() as f64) as usize, (next(state) * 8.0) as usize);
            self.capacity[at][lane] = if self.capacity[at][lane] > 0.0 { 0.0 } else { 3.0 };
        }
    }

    fn market(&self) -> MarketLanes<'_> {
        MarketLanes { capacity: &self.capacity, cost: &self.cost, rate: &self.rate, demand: &self.demand }
    }
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|number| number.to_bits()).collect()
}

fn lane(numbers: &[Lanes], i: usize) -> Vec<u64> {
    numbers.iter().map(|number| number[i].to_bits()).collect()
}

/// Sequences of months, the first cold: every lane is what the scalar solver says, to the bit, and few need it.
#[test]
fn lanes_are_the_scalar_bits() {
    let (solved, alone) = hold_against_scalar(1_500, 11);
    assert!(solved > 50_000, "{solved} solved");
    assert!(alone * 10 < solved, "{alone} of {solved} were left to the scalar solver");
}

/// The same on AVX2, and on what any machine has, as other processors run it.
#[test]
fn lanes_on_narrower_instructions_are_the_scalar_bits() {
    for instructions in [Instructions::Avx2, Instructions::Baseline] {
        let (solved, alone) = on(instructions, || hold_against_scalar(300, 5));
        assert!(solved > 10_000, "{solved} solved on {instructions:?}");
        assert!(
            alone * 10 < solved,
            "{alone} of {solved} on {instructions:?} were left to the scalar solver"
        );
    }
}

/// How many markets were solved, and how many of them by the scalar solver.
fn hold_against_scalar(rounds: usize, mut state: u64) -> (usize, usize) {
    let (mut solved, mut alone) = (0, 0);
    let (mut solver, mut clearing) = (LanesSolver::default(), ClearingLanes::default());
    let (mut scalar, mut one, mut expected) = (Solver::default(), One::default(), Clearing::default());
    for round in 0..rounds {
        let few = next(&mut state);
        let (tranches, workloads) = (1 + (40.0 * few * few) as usize, 1 + round % 5);
        let mut markets = Markets::random(tranches, workloads, &mut state);
        let (mut uses, mut price) = (Vec::new(), Vec::new());
        for month in 0..5 {
            let market = markets.market();
            let settled = SettledLanes { uses: &uses, price: &price };
            let result = solver.solve_from(&market, &settled, &mut clearing);
            alone += (0..LANES).filter(|&i| solver.table.doubtful[i] != 0).count();
            for i in 0..LANES {
                one.read(&market, &settled, i);
                let from = Settled { uses: &one.uses, price: &one.price };
                let known = scalar.solve_from(&one.market(), &from, &mut expected);
                if let Err(why) = known {
                    assert_eq!(result, Err((i, why)));
                    break;
                }
                let told =
                    format!("round {round}, month {month}, lane {i}: {:?}, from {from:?}", one.market());
                assert_eq!(lane(&clearing.price, i), bits(&expected.price), "prices, {told}");
                assert_eq!(lane(&clearing.hours, i), bits(&expected.hours), "hours, {told}");
                assert_eq!(lane(&clearing.served, i), bits(&expected.served), "served, {told}");
                let mut best = vec![0; tranches];
                scalar.uses().for_each(|(tranche, uses)| best[tranche] = uses);
                assert_eq!(solver.uses().iter().map(|uses| uses[i]).collect::<Vec<_>>(), best, "{told}");
                solved += 1;
            }
            if result.is_err() {
                break;
            }
            uses = solver.uses().to_vec();
            if next(&mut state) < 0.2 {
                let at = (next(&mut state) * tranches as f64) as usize;
                uses[at] = [0; LANES];
            }
            price.clone_from(&clearing.price);
            markets.moved(&mut state);
        }
    }
    (solved, alone)
}

/// A lane outside its domain is told as the scalar tells it; more workloads than fit are solved one by one.
#[test]
fn refusals_and_wide_markets() {
    let mut state = 3;
    let mut markets = Markets::random(6, 2, &mut state);
    markets.cost[4][5] = f64::NAN;
    let (mut solver, mut clearing) = (LanesSolver::default(), ClearingLanes::default());
    let nothing = SettledLanes::default();
    let refused = solver.solve_from(&markets.market(), &nothing, &mut clearing).unwrap_err();
    assert_eq!(refused.0, 5);
    assert!(refused.1.why.starts_with("cost 4 is NaN"), "{refused:?}");
    let markets = Markets::random(6, 6, &mut state);
    solver.solve_from(&markets.market(), &nothing, &mut clearing).expect("it solves");
    assert_eq!((clearing.price.len(), clearing.hours.len(), solver.uses().len()), (6, 36, 6));
}
