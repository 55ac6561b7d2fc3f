//! A Brownian bridge: monthly shocks from normals that come in the order of their importance.
//!
//! What months of shocks add up to moves a process most. From independent normals z₀, z₁, … the bridge first draws the sum of
//! all months, then where half-way between them it stands, then the quarters:
//!     W(n) = √n z₀,  W(m) = ((r − m) W(l) + (m − l) W(r))/(r − l) + √((m − l)(r − m)/(r − l)) z_k,
//! and the shock of month t is W(t) − W(t − 1). Shocks are independent standard normals again, whatever the order, so that no law
//! changes; but the first few dimensions of Sobol' points, which are the most even, now carry most of what a process does.
//!
//! Source: Caflisch and Moskowitz (1995), Modified Monte Carlo methods using quasi-random sequences, in Monte Carlo and Quasi-Monte
//! Carlo Methods in Scientific Computing, Lecture Notes in Statistics 106, 1–16; Glasserman (2004), Monte Carlo Methods in Financial
//! Engineering, §3.1.

use std::collections::VecDeque;

use crate::math::sqrt;

/// The bridge over months 1 … n; month 0 is where processes start, and has no shock.
#[derive(Clone, Debug)]
pub(super) struct Bridge {
    /// In the order of the normals, from the second on.
    points: Vec<Point>,
    last: usize,
}

/// A month, drawn given an earlier and a later one.
#[derive(Clone, Copy, Debug)]
struct Point {
    left: usize,
    middle: usize,
    right: usize,
    of_left: f64,
    of_right: f64,
    spread: f64,
}

impl Bridge {
    /// The bridge over as many months, month 0 included.
    pub fn new(months: usize) -> Bridge {
        let last = months.saturating_sub(1);
        let mut points = Vec::with_capacity(last);
        let mut stretches = VecDeque::from([(0, last)]);
        while let Some((left, right)) = stretches.pop_front() {
            if right - left < 2 {
                continue;
            }
            let middle = left + (right - left) / 2;
            let (before, after, all) =
                ((middle - left) as f64, (right - middle) as f64, (right - left) as f64);
            points.push(Point {
                left,
                middle,
                right,
                of_left: after / all,
                of_right: before / all,
                spread: sqrt(before * after / all),
            });
            stretches.extend([(left, middle), (middle, right)]);
        }
        Bridge { points, last }
    }

    /// Turns normals in the order of importance into the shocks of months. `sums` is the caller's memory. Shape: as many as the
    /// bridge has months, month 0 included, whose shock is 0.
    pub fn cross(&self, normals: &mut [f64], sums: &mut Vec<f64>) {
        let Some(&first) = normals.first() else { return };
        debug_assert_eq!(normals.len(), self.last + 1);
        sums.clear();
        sums.resize(self.last + 1, 0.0);
        sums[self.last] = sqrt(self.last as f64) * first;
        for (point, normal) in self.points.iter().zip(normals.iter().skip(1)) {
            sums[point.middle] =
                point.of_left * sums[point.left] + point.of_right * sums[point.right] + point.spread * normal;
        }
        normals[0] = 0.0;
        for (shock, sums) in normals.iter_mut().skip(1).zip(sums.windows(2)) {
            *shock = sums[1] - sums[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Independent normals stay so where the map is orthogonal: each normal's shocks have length 1 and are at right angles to all
    /// others'.
    #[test]
    fn shocks_are_independent_normals_again() {
        for months in 1..64 {
            let bridge = Bridge::new(months);
            let of_normal = |k: usize| {
                let mut normals = vec![0.0; months];
                normals[k] = 1.0;
                bridge.cross(&mut normals, &mut Vec::new());
                normals
            };
            // The last is left over: a month has no shock.
            let all: Vec<Vec<f64>> = (0..months - 1).map(of_normal).collect();
            for (i, one) in all.iter().enumerate() {
                assert_eq!(one[0], 0.0);
                for (j, other) in all.iter().enumerate() {
                    let product: f64 = one.iter().zip(other).map(|(a, b)| a * b).sum();
                    let expected = f64::from(u8::from(i == j));
                    assert!((product - expected).abs() < 1e-14, "{months} months, {i}, {j}: {product}");
                }
            }
        }
    }

    /// The first normal alone raises all months alike; the second raises the first half against the second.
    #[test]
    fn the_first_normals_matter_most() {
        let bridge = Bridge::new(61);
        let mut first = vec![0.0; 61];
        first[0] = 1.0;
        bridge.cross(&mut first, &mut Vec::new());
        assert!(first[1..].iter().all(|shock| (shock - 1.0 / 60.0_f64.sqrt()).abs() < 1e-15));
        let mut second = vec![0.0; 61];
        second[1] = 1.0;
        bridge.cross(&mut second, &mut Vec::new());
        let (half, rest) = second[1..].split_at(30);
        assert!(half.iter().all(|shock| (shock - 1.0 / 60.0_f64.sqrt()).abs() < 1e-15));
        assert!(rest.iter().all(|shock| (shock + 1.0 / 60.0_f64.sqrt()).abs() < 1e-15));
    }
}
