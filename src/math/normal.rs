//! The standard normal law.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::wide::{LANES, each, wide};
use super::{exp, ln, sqrt};

/// Density of the standard normal at x.
///     φ(x) = e^(−x²/2) / √(2π)
pub fn normal_pdf(x: f64) -> f64 {
    exp(-0.5 * x * x) / sqrt(2.0 * PI)
}

/// Distribution function of the standard normal at x, with full relative precision in the lower tail.
///     Φ(x) = ½ erfc(−x/√2)
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// Inverse of the standard normal's distribution function, to about one part in 10^16.
///
/// Domain: 0 < u < 1; −∞ at 0, ∞ at 1, NaN outside.
/// Source: Wichura (1988), Algorithm AS 241, routine PPND16, Applied Statistics 37(3), 477–484.
pub fn normal_quantile(u: f64) -> f64 {
    let q = u - 0.5;
    if in_centre(q) { central_quantile(q) } else { tail_quantile(u, q) }
}

wide! {
    /// Inverse of the standard normal's distribution function at every number; the same bits as [`normal_quantile`] of each.
    pub fn normal_quantiles(numbers: &mut [f64]) {
        for chunk in numbers.chunks_mut(CHUNK) {
            // The centre everywhere, without a branch; then the tails, some 15%, side by side.
            let (mut places, mut tails) = ([0_u8; CHUNK], [LEAST_TAIL; CHUNK]);
            let mut count = 0;
            for (place, u) in chunk.iter().enumerate() {
                // What is in the centre is written over by the next.
                (places[count], tails[count]) = (place as u8, *u);
                count += usize::from(!in_centre(*u - 0.5));
            }
            let mut quantiles = [0.0; CHUNK];
            let lanes = quantiles.as_chunks_mut::<LANES>().0.iter_mut().zip(tails.as_chunks::<LANES>().0);
            for (x, u) in lanes.take(count.div_ceil(LANES)) {
                for lane in 0..LANES {
                    x[lane] = middle_quantile(u[lane], u[lane] - 0.5);
                }
            }
            each(chunk, |u| central_quantile(u - 0.5));
            for ((&place, &u), &x) in places.iter().zip(&tails).zip(&quantiles).take(count) {
                chunk[usize::from(place)] = if outer_tail(u, u - 0.5) > LEAST_TAIL { x } else { tail_quantile(u, u - 0.5) };
            }
        }
    }
}

/// Numbers taken together: enough that their tails fill whole instructions, and no more than a byte can number.
const CHUNK: usize = 256;
const _: () = assert!(CHUNK <= 256);

/// |u − ½| up to which the centre's approximation serves.
const CENTRAL: f64 = 0.425;

/// e^−25 and a little more: tails down to here are in the middle.
const LEAST_TAIL: f64 = 1.4e-11;

#[inline(always)]
fn in_centre(q: f64) -> bool {
    q.abs() <= CENTRAL
}

#[inline(always)]
fn central_quantile(q: f64) -> f64 {
    q * ratio(&CENTRE, 0.180625 - q * q)
}

/// The smaller of u and 1 − u.
#[inline(always)]
fn outer_tail(u: f64, q: f64) -> f64 {
    if q < 0.0 { u } else { 1.0 - u }
}

/// The quantile in tails above [`LEAST_TAIL`]; anything elsewhere.
#[inline(always)]
fn middle_quantile(u: f64, q: f64) -> f64 {
    ratio(&MIDDLE, sqrt(-ln(outer_tail(u, q))) - 1.6).copysign(q)
}

fn tail_quantile(u: f64, q: f64) -> f64 {
    let tail = outer_tail(u, q);
    if tail <= 0.0 || tail.is_nan() {
        return if tail == 0.0 { f64::INFINITY.copysign(q) } else { f64::NAN };
    }
    let r = sqrt(-ln(tail));
    if r <= 5.0 { middle_quantile(u, q) } else { ratio(&FAR, r - 5.0).copysign(q) }
}

/// Numerator and denominator of a rational approximation, constant term first.
struct Rational {
    numerator: [f64; 8],
    denominator: [f64; 8],
}

#[inline(always)]
fn ratio(coefficients: &Rational, r: f64) -> f64 {
    horner(&coefficients.numerator, r) / horner(&coefficients.denominator, r)
}

#[inline(always)]
fn horner(coefficients: &[f64; 8], r: f64) -> f64 {
    let [c0, c1, c2, c3, c4, c5, c6, c7] = *coefficients;
    ((((((c7 * r + c6) * r + c5) * r + c4) * r + c3) * r + c2) * r + c1) * r + c0
}

/// |u − ½| ≤ .425, in .180625 − (u − ½)².
const CENTRE: Rational = Rational {
    numerator: [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ],
    denominator: [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_854e3,
    ],
};

/// Tails down to e^−25, in √(−ln tail) − 1.6.
const MIDDLE: Rational = Rational {
    numerator: [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ],
    denominator: [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
};

/// Tails beyond, in √(−ln tail) − 5.
const FAR: Rational = Rational {
    numerator: [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    denominator: [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_tables() {
        // 30-digit values of √2·erf⁻¹(2u − 1).
        for (u, x) in [
            (0.95, 1.644_853_626_951_472_2),
            (0.975, 1.959_963_984_540_054),
            (0.5, 0.0),
            (1e-10, -6.361_340_902_404_056),
            (1e-300, -37.047_096_299_361_2),
        ] {
            let found = normal_quantile(u);
            assert!((found - x).abs() <= 5e-16 * x.abs(), "{u}: {found} against {x}");
        }
    }

    #[test]
    fn many_at_once_are_the_same_bits() {
        let uniforms: Vec<f64> =
            (0..1_000).map(|i| (f64::from(i) * 0.618_033_988_749_894_9 + 1e-9) % 1.0).collect();
        let mut all: Vec<f64> =
            [0.0, 1.0, 1e-300, 1e-11, 1.3e-11, 1.4e-11, 1.5e-11, 0.075, 0.925, 2.0, f64::NAN]
                .into_iter()
                .chain(uniforms)
                .collect();
        let one_by_one: Vec<f64> = all.iter().map(|&u| normal_quantile(u)).collect();
        normal_quantiles(&mut all);
        for (x, y) in one_by_one.iter().zip(&all) {
            assert!(x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan(), "{x}, {y}");
        }
    }

    #[test]
    fn the_cdf_undoes_the_quantile() {
        let mut u = 1e-290;
        while u < 0.5 {
            let x = normal_quantile(u);
            // The CDF's relative condition number at x is about x².
            assert!((normal_cdf(x) / u - 1.0).abs() < 1e-15 * (4.0 + x * x), "{u}");
            assert!(normal_quantile(1.0 - u) == -normal_quantile(1.0 - (1.0 - u)), "{u}");
            u *= 1.37;
        }
    }
}
