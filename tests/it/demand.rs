//! Demand curves: areas against quadrature, inverses against each other, elasticity 1 against its neighbours.
use loophole::economics::demand::DemandCurve;
use proptest::prelude::*;

fn curve(elasticity: f64) -> DemandCurve {
    DemandCurve { planned_use: 120.0, elasticity, reference_price: 2.0, choke_price: 10.0, saturation: 2.0 }
}

/// Simpson's rule on 4,000 equal pieces of the logarithm.
fn integral(f: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let h = (high / low).ln() / 4000.0;
    let at = |k: f64| {
        let x = low * (k * h).exp();
        x * f(x)
    };
    let piece = |k: f64| h / 6.0 * (at(k) + 4.0 * at(k + 0.5) + at(k + 1.0));
    (0..4000).map(|k| piece(k as f64)).sum()
}

const ELASTICITIES: [f64; 9] = [0.2, 0.35, 0.6, 1.0 - 1e-9, 1.0, 1.0 + 1e-9, 1.25, 3.0, 8.0];

/// By hand, with elasticity 1: D = 240/p, so 120 at 2, choke use 24, saturated at 1.
#[test]
fn by_hand() {
    let curve = curve(1.0);
    let close =
        |got: f64, want: f64| assert!((got - want).abs() <= 1e-12 * want.abs(), "{got} against {want}");
    close(curve.quantity(2.0), 120.0);
    close(curve.quantity(10.0), 24.0);
    assert_eq!(curve.quantity(10.0 + 1e-9), 0.0);
    close(curve.quantity(0.5), 240.0);
    close(curve.quantity(0.0), 240.0);
    close(curve.saturation_price(), 1.0);
    close(curve.inverse(120.0), 2.0);
    close(curve.inverse(10.0), 10.0);
    close(curve.inverse(240.0), 1.0);
    assert_eq!(curve.inverse(240.1), 0.0);
    close(curve.value_between(0.0, 24.0), 240.0);
    close(curve.value_between(60.0, 120.0), 240.0 * std::f64::consts::LN_2);
    close(curve.value_between(240.0, 120.0), -240.0 * std::f64::consts::LN_2);
    close(curve.value_between(500.0, 120.0), -240.0 * std::f64::consts::LN_2);
    assert_eq!(curve.value_between(120.0, 120.0), 0.0);
    close(curve.surplus(5.0), 240.0 * std::f64::consts::LN_2);
    close(curve.surplus(0.5), 0.5 * 240.0 + 240.0 * 10f64.ln());
    assert_eq!(curve.surplus(10.0), 0.0);
}

/// Elasticity 0 is Q at any price up to the choke, whatever the saturation.
#[test]
fn vertical() {
    let curve = curve(0.0);
    assert_eq!([0.0, 1.0, 10.0, 10.1].map(|p| curve.quantity(p)), [120.0, 120.0, 120.0, 0.0]);
    assert_eq!([0.0, 60.0, 120.0, 121.0].map(|q| curve.inverse(q)), [10.0, 10.0, 10.0, 0.0]);
    assert_eq!(curve.value_between(100.0, 120.0), 200.0);
    assert_eq!(curve.value_between(150.0, 120.0), 0.0);
    assert_eq!(curve.surplus(4.0), 720.0);
}

/// Nothing planned is worth nothing.
#[test]
fn no_plan() {
    for elasticity in [0.0, 0.6, 1.0, 1.25] {
        let nothing = DemandCurve { planned_use: 0.0, ..curve(elasticity) };
        assert_eq!(nothing.quantity(1.0), 0.0);
        assert_eq!(nothing.value_between(0.0, 0.0), 0.0);
        assert_eq!(nothing.surplus(1.0), 0.0);
    }
}

/// Both areas are the integrals they claim to be.
#[test]
fn areas_are_integrals() {
    for elasticity in ELASTICITIES {
        let curve = curve(elasticity);
        let bend = curve.quantity(curve.choke_price);
        let smooth = integral(|q| curve.inverse(q), bend, 200.0);
        let value = curve.value_between(0.0, 200.0);
        assert!((value - 10.0 * bend - smooth).abs() <= 1e-9 * value, "{elasticity}: {value}");
        let saturated = curve.saturation_price();
        let smooth = integral(|p| curve.quantity(p.min(curve.choke_price)), saturated, curve.choke_price);
        let surplus = curve.surplus(0.0);
        assert!((surplus - 240.0 * saturated - smooth).abs() <= 1e-9 * surplus, "{elasticity}: {surplus}");
    }
}

/// A billionth either side of elasticity 1 moves areas by about a billionth: no digits are lost to cancellation.
#[test]
fn elasticity_one_is_a_limit() {
    for step in [1e-6, 1e-9, 1e-12, 1e-15] {
        for near in [1.0 - step, 1.0 + step] {
            let (one, near) = (curve(1.0), curve(near));
            for (a, b) in [
                (one.value_between(40.0, 120.0), near.value_between(40.0, 120.0)),
                (one.surplus(3.0), near.surplus(3.0)),
            ] {
                assert!((a - b).abs() <= (2.0 * step + 1e-14) * a, "{step}: {a} against {b}");
            }
        }
    }
}

/// Steep and flat curves give finite areas.
#[test]
fn extreme_elasticities_are_finite() {
    for elasticity in [1e-4, 1e-3, 0.01, 50.0, 1e3] {
        let curve = curve(elasticity);
        for served in [0.0, 1e-9, 1.0, 119.0, 120.0, 239.0, 1e6] {
            let value = curve.value_between(served, 120.0);
            assert!(
                value.is_finite() && (served <= 120.0) == (value >= 0.0),
                "{elasticity}, {served}: {value}"
            );
        }
        assert!([0.0, 0.1, 2.0, 9.0].map(|p| curve.surplus(p)).iter().all(|s| s.is_finite() && *s >= 0.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is bought at a price is worth that price at the margin, between saturation and choke.
    #[test]
    fn inverse_undoes_quantity(elasticity in 0.05f64..5.0, price in 2.0f64..10.0) {
        let curve = curve(elasticity);
        prop_assert!((curve.inverse(curve.quantity(price)) / price - 1.0).abs() <= 1e-12);
    }

    /// Value is surplus and what is paid: area under inverse demand to D(p) = p·D(p) + area left of demand above p,
    /// where demand is not saturated.
    #[test]
    fn areas_agree(elasticity in 0.0f64..5.0, price in 2.0f64..10.0) {
        let curve = curve(elasticity);
        let bought = curve.quantity(price);
        let (value, parts) = (curve.value_between(0.0, bought), price * bought + curve.surplus(price));
        prop_assert!((value - parts).abs() <= 1e-12 * value);
    }

    /// Values add up along the way.
    #[test]
    fn values_add(elasticity in 0.0f64..5.0, a in 0.0f64..300.0, b in 0.0f64..300.0, c in 0.0f64..300.0) {
        let curve = curve(elasticity);
        let round = curve.value_between(a, b) + curve.value_between(b, c) + curve.value_between(c, a);
        prop_assert!(round.abs() <= 1e-10 * curve.value_between(0.0, 300.0));
    }
}
