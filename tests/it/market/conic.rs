//! The market with elastic demand as a conic program, for `clarabel`.
//!
//! Buyers' value is choke · a + F(z): a the units worth the choke price, z the use from where the curve bends down.
//! F is a power of z (power cones) or its logarithm (an exponential cone), so no formula of the library is shared.
use super::instances::Instance;
use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use loophole::math::{ln, pow};

/// What the conic solver found.
pub struct Found {
    /// Buyers' value less cost.
    pub value: f64,
    pub served: Vec<f64>,
}

/// A conic program under construction: minimise `cost`·v with rows b − A·v in cones.
#[derive(Default)]
struct Program {
    cost: Vec<f64>,
    entries: Vec<(usize, usize, f64)>,
    bounds: Vec<f64>,
    cones: Vec<SupportedConeT<f64>>,
}

impl Program {
    fn variable(&mut self, cost: f64) -> usize {
        self.cost.push(cost);
        self.cost.len() - 1
    }

    /// Adds the row b − Σ c·v.
    fn row(&mut self, terms: &[(usize, f64)], bound: f64) {
        for &(variable, coefficient) in terms {
            self.entries.push((self.bounds.len(), variable, coefficient));
        }
        self.bounds.push(bound);
    }

    /// Requires the last `rows` rows to lie in a cone.
    fn within(&mut self, cone: SupportedConeT<f64>) {
        self.cones.push(cone);
    }

    /// Requires low ≤ variable ≤ high.
    fn between(&mut self, variable: usize, low: f64, high: f64) {
        self.row(&[(variable, 1.0)], high);
        self.row(&[(variable, -1.0)], -low);
        self.within(SupportedConeT::NonnegativeConeT(2));
    }

    fn solve(self) -> Option<(f64, Vec<f64>)> {
        let (rows, columns) = (self.bounds.len(), self.cost.len());
        let (i, (j, v)): (Vec<_>, (Vec<_>, Vec<_>)) =
            self.entries.into_iter().map(|(i, j, v)| (i, (j, v))).unzip();
        let matrix = CscMatrix::new_from_triplets(rows, columns, i, j, v);
        let settings = DefaultSettings { verbose: false, ..DefaultSettings::default() };
        let nothing = CscMatrix::zeros((columns, columns));
        let mut solver =
            DefaultSolver::new(&nothing, &self.cost, &matrix, &self.bounds, &self.cones, settings)
                .expect("the program is well formed");
        solver.solve();
        (solver.solution.status == SolverStatus::Solved)
            .then(|| (solver.solution.obj_val, solver.solution.x.clone()))
    }
}

/// Solves the market; `None` if the conic solver does not converge.
pub fn solve(instance: &Instance) -> Option<Found> {
    let workloads = instance.demand.len();
    let mut program = Program::default();
    let mut constant = 0.0;
    let mut of_tranche = vec![Vec::new(); instance.capacity.len()];
    let mut of_workload = vec![Vec::new(); workloads];
    for (at, &rate) in instance.rate.iter().enumerate() {
        if rate > 0.0 && instance.capacity[at / workloads] > 0.0 {
            let x = program.variable(instance.cost[at / workloads]);
            program.row(&[(x, -1.0)], 0.0);
            program.within(SupportedConeT::NonnegativeConeT(1));
            of_tranche[at / workloads].push((x, 1.0));
            of_workload[at % workloads].push((x, rate));
        }
    }
    for (terms, &capacity) in of_tranche.iter().zip(&instance.capacity) {
        if !terms.is_empty() {
            program.row(terms, capacity);
            program.within(SupportedConeT::NonnegativeConeT(1));
        }
    }
    for (curve, terms) in instance.demand.iter().zip(&of_workload) {
        let (q, e, p) = (curve.planned_use, curve.elasticity, curve.reference_price);
        let mut balance: Vec<_> = terms.clone();
        let mut offset = 0.0;
        if q > 0.0 {
            let bend = if e == 0.0 { 1.0 } else { pow(curve.choke_price / p, -e) };
            let end = if e == 0.0 { 1.0 } else { curve.saturation };
            let a = program.variable(-curve.choke_price * q);
            program.between(a, 0.0, bend);
            balance.push((a, -q));
            if end > bend {
                let z = program.variable(0.0);
                program.between(z, bend, end);
                balance.push((z, -q));
                offset = -bend * q;
                let power = 1.0 - 1.0 / e;
                let scale = if power.abs() < 1e-6 { p * q } else { p * q / power };
                let t = program.variable(-scale);
                if power.abs() < 1e-6 {
                    program.row(&[(t, -1.0)], 0.0);
                    program.row(&[], 1.0);
                    program.row(&[(z, -1.0)], 0.0);
                    program.within(SupportedConeT::ExponentialConeT());
                    constant -= scale * ln(bend);
                } else if power > 0.0 {
                    program.row(&[(z, -1.0)], 0.0);
                    program.row(&[], 1.0);
                    program.row(&[(t, -1.0)], 0.0);
                    program.within(SupportedConeT::PowerConeT(power));
                    constant -= scale * pow(bend, power);
                } else {
                    program.row(&[(z, -1.0)], 0.0);
                    program.row(&[(t, -1.0)], 0.0);
                    program.row(&[], 1.0);
                    program.within(SupportedConeT::PowerConeT(-power / (1.0 - power)));
                    constant -= scale * pow(bend, power);
                }
            }
        }
        if !balance.is_empty() {
            program.row(&balance, offset);
            program.within(SupportedConeT::ZeroConeT(1));
        }
    }
    if program.cost.is_empty() {
        return Some(Found { value: 0.0, served: vec![0.0; workloads] });
    }
    let (objective, point) = program.solve()?;
    let served =
        of_workload.iter().map(|terms| terms.iter().map(|&(x, rate)| rate * point[x]).sum()).collect();
    Some(Found { value: constant - objective, served })
}
