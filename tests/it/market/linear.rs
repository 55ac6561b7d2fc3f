//! The market with vertical demand as a linear program, for `microlp`.
use super::instances::Instance;
use loophole::economics::demand::DemandCurve;
use microlp::{ComparisonOp, OptimizationDirection, Problem, Solution, Variable};

/// How far below its optimum an objective may be where a second one is optimised, relative to 1 + |optimum|.
const FACE: f64 = 1e-10;

/// The primal: hours by tranche and workload (none where the rate is 0) and what each workload is served.
struct Primal {
    problem: Problem,
    hours: Vec<Option<Variable>>,
    value: Vec<(Variable, f64)>,
}

/// What a workload may be served, and what a unit is worth.
#[derive(Clone, Copy)]
pub struct Served {
    pub least: f64,
    pub most: f64,
    pub worth: f64,
}

impl Served {
    /// Anything up to the plan, at the choke price.
    pub fn vertical(curve: &DemandCurve) -> Served {
        Served { least: 0.0, most: curve.planned_use, worth: curve.choke_price }
    }
}

fn primal(instance: &Instance, served: &[Served], objective: impl Fn(usize) -> Option<f64>) -> Primal {
    let workloads = served.len();
    let mut problem = Problem::new(OptimizationDirection::Maximize);
    let mut value = Vec::new();
    let mut hours = Vec::new();
    for (at, &rate) in instance.rate.iter().enumerate() {
        let (capacity, cost) = (instance.capacity[at / workloads], instance.cost[at / workloads]);
        hours.push((rate > 0.0).then(|| {
            let x = problem.add_var(objective(at).unwrap_or(-cost), (0.0, capacity));
            value.push((x, -cost));
            x
        }));
    }
    for (w, one) in served.iter().enumerate() {
        let d = problem.add_var(objective(usize::MAX).unwrap_or(one.worth), (one.least, one.most));
        value.push((d, one.worth));
        let mut row = vec![(d, -1.0)];
        for (i, _) in instance.capacity.iter().enumerate() {
            let at = i * workloads + w;
            row.extend(hours[at].map(|x| (x, instance.rate[at])));
        }
        problem.add_constraint(row, ComparisonOp::Eq, 0.0);
    }
    for (i, &capacity) in instance.capacity.iter().enumerate() {
        let row: Vec<_> = (0..workloads).filter_map(|w| hours[i * workloads + w]).map(|x| (x, 1.0)).collect();
        if row.len() > 1 {
            problem.add_constraint(row, ComparisonOp::Le, capacity);
        }
    }
    Primal { problem, hours, value }
}

fn solve(problem: &Problem) -> Solution {
    problem.solve().expect("the program has an optimum").into_solution().expect("nothing interrupts it")
}

/// The largest value.
pub fn value(instance: &Instance, served: &[Served]) -> f64 {
    solve(&primal(instance, served, |_| None).problem).objective()
}

/// The lexicographically largest of the optimal hours: each in turn is made as large as those before it allow.
pub fn largest_hours(instance: &Instance, served: &[Served]) -> Vec<f64> {
    let optimum = value(instance, served);
    let mut fixed: Vec<f64> = Vec::new();
    for at in 0..instance.rate.len() {
        let mut primal = primal(instance, served, |other| Some(if other == at { 1.0 } else { 0.0 }));
        let Some(x) = primal.hours[at] else {
            fixed.push(0.0);
            continue;
        };
        primal.problem.add_constraint(
            std::mem::take(&mut primal.value),
            ComparisonOp::Ge,
            optimum - FACE * (1.0 + optimum.abs()),
        );
        for (before, &hours) in fixed.iter().enumerate() {
            if let Some(x) = primal.hours[before] {
                primal.problem.add_constraint([(x, 1.0)], ComparisonOp::Ge, hours - 1e-8);
            }
        }
        fixed.push(solve(&primal.problem).var_value(x));
    }
    fixed
}

/// The lowest of the optimal price vectors: the smallest sum over the optimal face of the dual.
pub fn lowest_prices(instance: &Instance) -> Vec<f64> {
    let workloads = instance.demand.len();
    let build = |objective: bool| {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let weigh = |number: f64| if objective { number } else { 0.0 };
        let mut value = Vec::new();
        let prices: Vec<_> = (0..workloads)
            .map(|_| problem.add_var(if objective { 0.0 } else { 1.0 }, (0.0, f64::INFINITY)))
            .collect();
        for (w, curve) in instance.demand.iter().enumerate() {
            let surplus = problem.add_var(weigh(curve.planned_use), (0.0, f64::INFINITY));
            value.push((surplus, curve.planned_use));
            problem.add_constraint([(surplus, 1.0), (prices[w], 1.0)], ComparisonOp::Ge, curve.choke_price);
        }
        for (i, (&capacity, &cost)) in instance.capacity.iter().zip(&instance.cost).enumerate() {
            let rent = problem.add_var(weigh(capacity), (0.0, f64::INFINITY));
            value.push((rent, capacity));
            for (w, &price) in prices.iter().enumerate() {
                let rate = instance.rate[i * workloads + w];
                if rate > 0.0 {
                    problem.add_constraint([(rent, 1.0), (price, -rate)], ComparisonOp::Ge, -cost);
                }
            }
        }
        (problem, prices, value)
    };
    let optimum = solve(&build(true).0).objective();
    let (mut problem, prices, value) = build(false);
    problem.add_constraint(value, ComparisonOp::Le, optimum + FACE * (1.0 + optimum.abs()));
    let solution = solve(&problem);
    prices.iter().map(|&price| solution.var_value(price)).collect()
}
