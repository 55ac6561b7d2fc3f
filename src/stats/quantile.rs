//! Sample quantiles, exactly, on sorted values.
//!
//! Type 7 interpolates so that the least value is the quantile at 0 and the greatest at 1; it is what the simulator
//! reports. Type 8 is approximately unbiased for the median of the quantile whatever the distribution.
//! Source: Hyndman and Fan (1996), Sample quantiles in statistical packages, American Statistician 50(4), 361–365.

/// The values in ascending order.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    debug_assert!(values.iter().all(|value| value.is_finite()));
    // As whole numbers in the same order, which compare in one instruction.
    let mut keys: Vec<i64> = values.iter().map(|value| turned(value.to_bits() as i64)).collect();
    keys.sort_unstable();
    keys.into_iter().map(|key| f64::from_bits(turned(key) as u64)).collect()
}

/// A number's bits as a whole number in the order of [`f64::total_cmp`]: those of negative numbers turned round. Its own inverse.
fn turned(bits: i64) -> i64 {
    bits ^ ((bits >> 63) & i64::MAX)
}

/// Quantile of type 7: the value at place 1 + (n − 1) p, counted from 1.
///
/// Domain: values ascending, at least one; 0 ≤ p ≤ 1.
pub fn type_7(ascending: &[f64], p: f64) -> f64 {
    at_place(ascending, 1.0 + (ascending.len() as f64 - 1.0) * p)
}

/// Quantile of type 8: the value at place 1/3 + (n + 1/3) p, counted from 1.
///
/// Domain: values ascending, at least one; 0 ≤ p ≤ 1.
pub fn type_8(ascending: &[f64], p: f64) -> f64 {
    at_place(ascending, 1.0 / 3.0 + (ascending.len() as f64 + 1.0 / 3.0) * p)
}

/// Whether the quantile of type 7 at `p` of `n` values rests on one of the greatest, a `share` of them.
///     (n − 1) p > n (1 − share) − 1
///
/// Domain: 0 ≤ p ≤ 1, 0 ≤ share ≤ 1.
pub fn rests_on_greatest(p: f64, n: usize, share: f64) -> bool {
    /// Shares of paths are counts over n, but for the rounding of their sums.
    const ROUNDING: f64 = 1e-9;
    let n = n as f64;
    (n - 1.0) * p > n * (1.0 - share) - 1.0 + ROUNDING * n
}

/// The value at a place counted from 1, between two values in proportion, at either end the end value.
fn at_place(ascending: &[f64], place: f64) -> f64 {
    let place = place.clamp(1.0, ascending.len() as f64);
    let below = place.floor() as usize;
    let (low, high) = (ascending[below - 1], ascending[below.min(ascending.len() - 1)]);
    low + (high - low) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_quantile_rests_on_the_greatest_where_they_move_it() {
        let values: Vec<f64> = (0..21).map(f64::from).collect();
        for greatest in 0..=21 {
            let share = greatest as f64 / 21.0;
            for p in [0.0, 0.05, 0.07, 0.5, 0.52, 0.95, 1.0] {
                let mut moved = values.clone();
                moved[21 - greatest..].iter_mut().for_each(|value| *value += 100.0);
                let moves = super::type_7(&moved, p) != super::type_7(&values, p);
                assert_eq!(super::rests_on_greatest(p, 21, share), moves, "{greatest} {p}");
            }
        }
    }

    #[test]
    fn the_order_is_that_of_the_numbers() {
        let values = [3.0, -1e-310, 0.0, -0.0, f64::MAX, -2.5, 1e-310, f64::MIN, 3.0, -2.25];
        let mut ascending = values.to_vec();
        ascending.sort_by(f64::total_cmp);
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&super::sorted(&values)), bits(&ascending));
    }
}
