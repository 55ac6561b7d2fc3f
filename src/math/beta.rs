//! The beta law on [0, 1] and Student's t, through the regularised incomplete beta function.

use super::{exp, ln, ln_1p, ln_gamma, sqrt};

/// Distribution function of the beta law: the regularised incomplete beta function I_x(a, b).
///
/// Domain: a > 0, b > 0, 0 ≤ x ≤ 1 (clamped).
/// Source: continued fraction of NIST DLMF 8.17.22, evaluated by Lentz's method.
pub fn beta_cdf(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let ln_front = a * ln(x) + b * ln_1p(-x) - ln_beta(a, b);
    if x < (a + 1.0) / (a + b + 2.0) {
        exp(ln_front) * beta_fraction(a, b, x) / a
    } else {
        1.0 - exp(ln_front) * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// ln B(a, b).
fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The continued fraction of I_x(a, b), x below the mean or so.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |v: f64| if v.abs() < TINY { TINY } else { v };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut step = 1.0;
        for term in [even, odd] {
            d = 1.0 / guard(1.0 + term * d);
            c = guard(1.0 + term / c);
            step = c * d;
            fraction *= step;
        }
        if (step - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// Inverse of the beta law's distribution function: x with I_x(a, b) = u.
///
/// Newton's method inside a shrinking bracket, on whichever tail is the smaller.
/// Domain: a > 0, b > 0, 0 ≤ u ≤ 1.
pub fn beta_quantile(a: f64, b: f64, u: f64) -> f64 {
    if u <= 0.0 || u >= 1.0 {
        return if u <= 0.0 { 0.0 } else { 1.0 };
    }
    // Work where x is small, so that its relative precision is kept.
    if u > beta_cdf(a, b, 0.5) {
        return 1.0 - lower_beta_quantile(b, a, 1.0 - u);
    }
    lower_beta_quantile(a, b, u)
}

/// `beta_quantile` for answers in (0, ½].
fn lower_beta_quantile(a: f64, b: f64, u: f64) -> f64 {
    let ln_norm = ln_beta(a, b);
    // I_x ≈ x^a / (a B) near 0 starts the search; it is exact in the limit.
    let mut x = exp((ln(u * a) + ln_norm) / a).clamp(1e-300, 0.5);
    let (mut low, mut high) = (0.0_f64, 0.5_f64);
    for _ in 0..200 {
        let excess = beta_cdf(a, b, x) - u;
        if excess > 0.0 {
            high = x;
        } else {
            low = x;
        }
        let density = exp((a - 1.0) * ln(x) + (b - 1.0) * ln_1p(-x) - ln_norm);
        let newton = x - excess / density;
        let next = if newton > low && newton < high {
            newton
        } else if low > 0.0 {
            sqrt(low * high)
        } else {
            high * 1e-3
        };
        if (next - x).abs() <= 1e-16 * x || high - low <= 2e-16 * high {
            return next;
        }
        x = next;
    }
    x
}

/// Distribution function of Student's t with `nu` degrees of freedom. Domain: nu > 0.
pub fn student_cdf(nu: f64, t: f64) -> f64 {
    let tail = 0.5 * beta_cdf(0.5 * nu, 0.5, nu / (nu + t * t));
    if t < 0.0 { tail } else { 1.0 - tail }
}

/// Inverse of Student's distribution function. Domain: nu > 0, 0 < u < 1; infinite `nu` is the normal.
pub fn student_quantile(nu: f64, u: f64) -> f64 {
    if nu.is_infinite() {
        return super::normal_quantile(u);
    }
    if u == 0.5 {
        return 0.0;
    }
    let x = beta_quantile(0.5 * nu, 0.5, 2.0 * u.min(1.0 - u));
    let t = sqrt(nu * (1.0 - x) / x);
    if u < 0.5 { -t } else { t }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::pow;
    use statrs::function::beta::beta_reg;

    #[test]
    fn cdf_agrees_with_statrs() {
        for (a, b) in [(0.3, 0.4), (1.0, 1.0), (2.0, 4.0), (5.0, 1.5), (40.0, 7.0), (300.0, 500.0)] {
            for i in 1..40 {
                let x = f64::from(i) / 40.0;
                let (own, other) = (beta_cdf(a, b, x), beta_reg(a, b, x));
                assert!((own - other).abs() < 1e-11, "{a} {b} {x}: {own} against {other}");
            }
        }
    }

    #[test]
    fn closed_forms() {
        for u in [1e-12, 1e-3, 0.2, 0.5, 0.9, 0.999_999] {
            assert!((beta_quantile(3.0, 1.0, u) - pow(u, 1.0 / 3.0)).abs() < 1e-14);
            assert!((beta_quantile(1.0, 4.0, u) - (1.0 - pow(1.0 - u, 0.25))).abs() < 1e-14);
        }
        // Cauchy and two degrees of freedom.
        assert!((student_quantile(1.0, 0.75) - 1.0).abs() < 1e-13);
        assert!((student_quantile(2.0, 0.975) - 4.302_652_729_749_464).abs() < 1e-12);
        assert!((student_quantile(15.0, 0.975) - 2.131_449_545_559_323).abs() < 1e-12);
        assert!((student_cdf(15.0, 2.131_449_545_559_323) - 0.975).abs() < 1e-13);
    }

    #[test]
    fn the_cdf_undoes_the_quantile() {
        for (a, b) in [(0.2, 3.0), (0.5, 0.5), (1.0, 1.0), (2.4, 3.6), (1.0, 5.0), (80.0, 20.0), (2e3, 5e3)] {
            for u in [1e-9, 1e-4, 0.01, 0.3, 0.5, 0.77, 0.99, 1.0 - 1e-6] {
                let x = beta_quantile(a, b, u);
                let density = exp((a - 1.0) * ln(x) + (b - 1.0) * ln_1p(-x) - ln_beta(a, b));
                let allowed = 2e-12 * u.max(0.01) + density * f64::EPSILON * x;
                assert!((beta_cdf(a, b, x) - u).abs() < allowed, "{a} {b} {u} {x}");
            }
        }
    }
}
