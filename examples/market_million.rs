//! A million random markets through the solver: how many were solved, and the worst violation of the optimality
//! conditions; then nanoseconds a solve on markets of the flagship's make.
#[path = "../tests/it/market/instances.rs"]
mod instances;

use instances::{Draws, Instance, Kind};
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::{Clearing, Solver};
use std::time::Instant;

fn main() {
    let count: usize = std::env::args().nth(1).map_or(1_000_000, |n| n.parse().expect("a number of markets"));
    for kind in [Kind::Plain, Kind::Round, Kind::Wide, Kind::Vertical] {
        optimality(kind, count / 4);
    }
    for (tranches, workloads) in [(12, 1), (12, 2), (12, 3), (24, 3), (40, 3), (40, 8)] {
        speed(tranches, workloads);
    }
}

fn optimality(kind: Kind, count: usize) {
    let mut draws = Draws(0x6d69_6c6c);
    let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
    let (mut unsolved, mut worst, mut most_moves) = (0, 0.0f64, 0);
    for n in 0..count {
        let instance = if n % 4 == 0 { draws.instance(kind, 40, 8) } else { draws.instance(kind, 12, 4) };
        match solver.solve(&instance.market(), &mut clearing) {
            Ok(()) => worst = worst.max(instance.market().violation(&clearing)),
            Err(error) => {
                unsolved += 1;
                println!("{}", error.why);
            }
        }
        most_moves = most_moves.max(solver.moves());
    }
    println!(
        "{kind:?}: {count} markets, {unsolved} unsolved, worst violation {worst:.1e}, most moves {most_moves}"
    );
}

fn speed(tranches: usize, workloads: usize) {
    let mut draws = Draws(0x666c_6167);
    let markets: Vec<_> = (0..1000).map(|_| flagship(&mut draws, tranches, workloads)).collect();
    let (mut solver, mut clearing) = (Solver::default(), Clearing::default());
    let (mut moves, mut fastest) = (0, f64::INFINITY);
    for _ in 0..20 {
        moves = 0;
        let start = Instant::now();
        for instance in &markets {
            solver.solve(&instance.market(), &mut clearing).expect("a market has an optimum");
            moves += solver.moves();
        }
        fastest = fastest.min(start.elapsed().as_nanos() as f64 / markets.len() as f64);
    }
    let moves = moves as f64 / markets.len() as f64;
    println!("{tranches} tranches, {workloads} workloads: {fastest:.0} ns, {moves:.1} moves");
}

/// Chips in three tranches each: committed, new and spot hours.
fn flagship(draws: &mut Draws, tranches: usize, workloads: usize) -> Instance {
    let mut instance = Instance::default();
    let mut chip = Vec::new();
    for i in 0..tranches {
        if i % 3 == 0 {
            let speed = draws.size(0.2, 3.0);
            chip = (0..workloads).map(|_| speed * draws.size(0.5, 1.5)).collect();
            if workloads > 1 && draws.chance(0.3) {
                chip[0] = 0.0;
            }
        }
        instance.rate.extend(&chip);
        instance.capacity.push(730.0 * draws.size(1e4, 1e6));
        instance.cost.push([1e-9, draws.size(0.5, 4.0), draws.size(0.7, 5.0)][i % 3]);
    }
    for _ in 0..workloads {
        let reference_price = draws.size(1.0, 3.0);
        instance.demand.push(DemandCurve {
            planned_use: 730.0 * draws.size(2e5, 2e6) * tranches as f64 / 12.0,
            elasticity: 0.3 + draws.uniform(),
            reference_price,
            choke_price: 20.0 * reference_price,
            saturation: 2.0,
        });
    }
    instance
}
