//! The exponential and the natural logarithm, without a branch or a table, so that they inline and that loops over them run
//! several numbers at a time. Plain sums and products in a fixed order: the same bits one by one or many at once, on every
//! machine. Both are within one unit in the last place.
//!
//! **e^x.** With k the nearest integer to x/ln 2 and r = x − k·ln 2, |r| ≤ ½ ln 2,
//!     e^x = 2^k·e^r,  e^r = 1 + r + r²·(1/2! + r/3! + … + r^11/13!),
//! whose first term left out, r^14/14!, is below 5e-18. ln 2 is the sum of a number of 33 bits, whose product with k is exact,
//! and a small rest. 2^k is put together from bits, in two factors, so that results may be subnormal.
//!
//! **ln x.** With x = 2^k·(1 + f), √½ ≤ 1 + f < √2, and s = f/(2 + f), |s| < 0.172,
//!     ln(1 + f) = 2 artanh s = 2s + s·R = f − s·(f − R),  R = 2s²/3 + 2s⁴/5 + … + 2s^20/21,
//! whose first term left out, 2s^22/23, is below 2e-18.

use super::wide::{each, wide};

/// The leading 33 bits of ln 2, and the rest.
const LN_2: (f64, f64) = (f64::from_bits(0x3FE6_2E42_FEF0_0000), f64::from_bits(0x3DD4_73DE_6AF2_78ED));

/// 1.5·2^52: added to a number below 2^51 it leaves the nearest integer in the lowest bits.
const SHIFTER: f64 = 6_755_399_441_055_744.0;

/// Bits of the mantissa.
const MANTISSA: u32 = 52;

/// Exponent of 1, as it is stored.
const BIAS: u64 = 1023;

/// e^x.
#[inline(always)]
pub fn exp(x: f64) -> f64 {
    // Beyond these the result is ∞ and 0; NaN passes both.
    let x = if x > 710.0 { 710.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + SHIFTER;
    let k = shifted - SHIFTER;
    let r = (x - k * LN_2.0) - k * LN_2.1;
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    let middle = (1.0 / 720.0 + r * (1.0 / 5_040.0)) + r2 * (1.0 / 40_320.0 + r * (1.0 / 362_880.0));
    let high = (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0))
        + r2 * (1.0 / 479_001_600.0 + r * (1.0 / 6_227_020_800.0));
    let mantissa = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)));
    let half = (k * 0.5 + SHIFTER).to_bits();
    mantissa * power_of_two(half) * power_of_two(shifted.to_bits().wrapping_sub(half))
}

/// 2^n, where n stands in the lowest bits.
#[inline(always)]
fn power_of_two(n: u64) -> f64 {
    f64::from_bits(n.wrapping_add(BIAS) << MANTISSA)
}

/// Natural logarithm. Domain: x ≥ 0; −∞ at 0, NaN below.
#[inline(always)]
pub fn ln(x: f64) -> f64 {
    const ROOT_HALF: u64 = std::f64::consts::FRAC_1_SQRT_2.to_bits();
    const UP: f64 = (1_u64 << 54) as f64;
    const WHOLE: f64 = (1_u64 << MANTISSA) as f64;
    let subnormal = x < f64::MIN_POSITIVE;
    let (scaled, raised) = if subnormal { (x * UP, 54.0) } else { (x, 0.0) };
    let bits = scaled.to_bits().wrapping_add((BIAS << MANTISSA) - ROOT_HALF);
    let f = f64::from_bits((bits & ((1 << MANTISSA) - 1)) + ROOT_HALF) - 1.0;
    // The exponent as a number: it is the lowest bits of one beyond 2^52.
    let k = f64::from_bits(bits >> MANTISSA | WHOLE.to_bits()) - (WHOLE + BIAS as f64) - raised;
    let s = f / (2.0 + f);
    let z = s * s;
    let z2 = z * z;
    let z4 = z2 * z2;
    let low = (2.0 / 3.0 + z * (2.0 / 5.0)) + z2 * (2.0 / 7.0 + z * (2.0 / 9.0));
    let middle = (2.0 / 11.0 + z * (2.0 / 13.0)) + z2 * (2.0 / 15.0 + z * (2.0 / 17.0));
    let high = 2.0 / 19.0 + z * (2.0 / 21.0);
    let rest = z * (low + z4 * (middle + z4 * high));
    let y = k * LN_2.0 + (f - (s * (f - rest) - k * LN_2.1));
    let y = if x == f64::INFINITY { x } else { y };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    if x >= 0.0 { y } else { f64::NAN }
}

/// e^x − 1, accurate near x = 0, with the bits of `exp_m1`. Domain: x ≤ 0.
///     x = k ln 2 + r,  e^r − 1 = r − e(r),  2^k (1 + r − e) − 1
/// with a rational e. Source of method and coefficients: `s_expm1.c` of FreeBSD's mathematical library (Sun Microsystems
/// 1993, freely granted); written without branches, so that several numbers can be taken at once.
#[inline(always)]
pub fn exp_m1_to_zero(x: f64) -> f64 {
    // Below: x is as good as 0; k is 0; k is −1; above: the result is −1. The numbers are those by which branches are told
    // apart there.
    const TINY: f64 = f64::from_bits(0x3C90_0000_0000_0000);
    const HALF: f64 = f64::from_bits(0x3FD6_2E43_0000_0000);
    const ONE_AND_A_HALF: f64 = f64::from_bits(0x3FF0_A2B2_0000_0000);
    const FULL: f64 = f64::from_bits(0x4043_687A_0000_0000);
    const LN_2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
    const LN_2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);
    const Q: [f64; 5] = [
        f64::from_bits(0xBFA1_1111_1111_10F4),
        f64::from_bits(0x3F5A_01A0_19FE_5585),
        f64::from_bits(0xBF14_CE19_9EAA_DBB7),
        f64::from_bits(0x3ED0_CFCA_86E6_5239),
        f64::from_bits(0xBE8A_FDB7_6E09_C32D),
    ];
    let depth = x.abs();
    let quotient = x * std::f64::consts::LOG2_E - 0.5;
    let nearest = (quotient + SHIFTER) - SHIFTER;
    let toward_zero = if nearest < quotient { nearest + 1.0 } else { nearest };
    let k = if depth < ONE_AND_A_HALF { -1.0 } else { toward_zero };
    let k = if depth < HALF { 0.0 } else { k };
    let (high, low) = (x - k * LN_2_HIGH, k * LN_2_LOW);
    let r = high - low;
    let lost = (high - r) - low;
    let half = 0.5 * r;
    let square = r * half;
    let ratio = 1.0 + square * (Q[0] + square * (Q[1] + square * (Q[2] + square * (Q[3] + square * Q[4]))));
    let t = 3.0 - ratio * half;
    let e = square * ((ratio - t) / (6.0 - r * t));
    let near = r - (r * e - square);
    let e = (r * (e - lost) - lost) - square;
    let once = 0.5 * (r - e) - 0.5;
    let often = (r - e + 1.0) * power_of_two((k + SHIFTER).to_bits()) - 1.0;
    let y = if k == -1.0 { once } else { often };
    let y = if k == 0.0 { near } else { y };
    let y = if depth < TINY { x } else { y };
    if depth >= FULL { -1.0 } else { y }
}

wide! {
    /// e^x of every number; the same bits as [`exp`] of each.
    pub fn exp_all(numbers: &mut [f64]) {
        each(numbers, exp);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sum of two doubles, for references of thirty digits.
    #[derive(Clone, Copy)]
    struct Double(f64, f64);

    impl Double {
        fn sum(a: f64, b: f64) -> Double {
            let s = a + b;
            let t = s - a;
            Double(s, (a - (s - t)) + (b - t))
        }

        fn plus(self, b: f64) -> Double {
            let Double(s, e) = Double::sum(self.0, b);
            Double::sum(s, e + self.1)
        }

        fn times(self, b: Double) -> Double {
            let p = self.0 * b.0;
            let e = self.0.mul_add(b.0, -p);
            Double::sum(p, e + (self.0 * b.1 + self.1 * b.0))
        }

        fn over(self, n: f64) -> Double {
            let q = self.0 / n;
            Double::sum(q, ((-q).mul_add(n, self.0) + self.1) / n)
        }
    }

    /// e^x by its series at x/2^12, squared twelve times.
    fn reference_exp(x: f64) -> Double {
        let r = x / 4096.0;
        let mut sum = Double(1.0, 0.0);
        for n in (1..=20).rev() {
            sum = sum.times(Double(r, 0.0)).over(f64::from(n)).plus(1.0);
        }
        for _ in 0..12 {
            sum = sum.times(sum);
        }
        sum
    }

    /// Size of the last place of a number.
    fn ulp(x: f64) -> f64 {
        f64::from_bits(x.abs().to_bits() + 1) - x.abs()
    }

    /// Numbers spread evenly over a stretch.
    fn spread(low: f64, high: f64, n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(move |i| low + (high - low) * ((i as f64 * 0.754_877_666_246_692_7) % 1.0))
    }

    /// Against thirty digits: at most one unit in the last place, on 120,000 numbers.
    #[test]
    fn exponentials_are_within_a_unit_in_the_last_place() {
        for (low, high) in [(-700.0, 700.0), (-40.0, 40.0), (-1.0, 1.0), (-1e-3, 1e-3)] {
            for x in spread(low, high, 30_000) {
                let (found, Double(high, low)) = (exp(x), reference_exp(x));
                let error = ((found - high) - low).abs() / ulp(high);
                assert!(error <= 1.0, "e^{x}: {found}, off by {error} units in the last place");
            }
        }
    }

    /// ln x is off by ln(x·e^−y) = x·e^−y − 1 where y is what is found.
    #[test]
    fn logarithms_are_within_a_unit_in_the_last_place() {
        for (low, high) in [(-690.0, 690.0), (-40.0, 40.0), (-1.0, 1.0), (-1e-3, 1e-3)] {
            for x in spread(low, high, 30_000).map(exp) {
                let found = ln(x);
                let ratio = reference_exp(-found).times(Double(x, 0.0)).plus(-1.0);
                let error = (ratio.0 + ratio.1).abs() / ulp(found);
                assert!(error <= 1.0, "ln {x}: {found}, off by {error} units in the last place");
            }
        }
    }

    /// On all its branches, at their borders, and at numbers of every size.
    #[test]
    fn less_one_has_the_bits_of_the_portable_code() {
        let borders =
            [0x3C90_0000_0000_0000, 0x3FD6_2E43_0000_0000, 0x3FF0_A2B2_0000_0000, 0x4043_687A_0000_0000];
        let at_borders = borders.iter().flat_map(|&bits: &u64| (bits - 3..bits + 3).map(f64::from_bits));
        let halves = (1..60).flat_map(|k| {
            let bits = ((f64::from(k) + 0.5) * std::f64::consts::LN_2).to_bits();
            (bits - 3..bits + 3).map(f64::from_bits)
        });
        let spreads =
            spread(0.0, 60.0, 60_000).chain(spread(0.0, 2.0, 60_000)).chain(spread(0.0, 1e-3, 1_000));
        let sizes = (0..2_046).map(|exponent| f64::from_bits(exponent << MANTISSA | 0x000F_1234_5678_9ABC));
        for depth in at_borders.chain(halves).chain(spreads).chain(sizes).chain([0.0, f64::INFINITY]) {
            assert_eq!(exp_m1_to_zero(-depth).to_bits(), libm::expm1(-depth).to_bits(), "−{depth}");
        }
        assert!(exp_m1_to_zero(f64::NAN).is_nan());
    }

    #[test]
    fn edges() {
        assert_eq!([exp(0.0), exp(-0.0), exp(f64::NEG_INFINITY), exp(-746.0)], [1.0, 1.0, 0.0, 0.0]);
        assert_eq!([exp(f64::INFINITY), exp(709.79)], [f64::INFINITY; 2]);
        assert!(exp(709.78) < f64::INFINITY && exp(-745.0) == f64::from_bits(1) && exp(f64::NAN).is_nan());
        assert_eq!(
            [ln(0.0), ln(-0.0), ln(1.0), ln(f64::INFINITY)],
            [f64::NEG_INFINITY, f64::NEG_INFINITY, 0.0, f64::INFINITY]
        );
        assert!(ln(-1.0).is_nan() && ln(f64::NAN).is_nan() && ln(f64::NEG_INFINITY).is_nan());
        // ln 2^−1074 and ln 1e-310, to thirty digits rounded.
        assert_eq!(ln(f64::from_bits(1)), -744.440_071_921_381_2);
        assert_eq!(ln(1e-310), -713.801_378_828_154_2);
    }

    #[test]
    fn many_at_once_are_the_same_bits() {
        let numbers: Vec<f64> = spread(-800.0, 800.0, 1_001).collect();
        let mut all = numbers.clone();
        exp_all(&mut all);
        for (x, y) in numbers.iter().zip(&all) {
            assert_eq!(exp(*x).to_bits(), y.to_bits(), "{x}");
        }
    }
}
