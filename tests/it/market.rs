//! The market solver: the worked example of `docs/model.md §13`, independent solvers, and properties of the optimum.
use loophole::economics::demand::DemandCurve;
use loophole::economics::market::{Clearing, Market, Solver};

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
}
