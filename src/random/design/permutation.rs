//! Keyed permutations of 0 … n − 1 with random access: place i of a shuffled list without the list.
//!
//! A Feistel network of eight rounds permutes the smallest range of an even number of bits that holds n, and is applied
//! again while it leads outside 0 … n − 1, which makes it a permutation of those n ("cycle walking").
//! Source: Black and Rogaway (2002), Ciphers with arbitrary finite domains, CT-RSA.

/// Where the permutation of 0 … `n` − 1 with this key sends `place`. Domain: place < n.
pub(super) fn permuted(place: u32, n: u32, key: [u32; 4]) -> u32 {
    let half_bits = (32 - n.saturating_sub(1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1_u32 << half_bits) - 1;
    let mut at = place;
    loop {
        let (mut left, mut right) = (at >> half_bits, at & mask);
        for round in 0..8 {
            let mixed = mix(right ^ key[round % 4].wrapping_add(round as u32 * 0x9E37_79B9));
            (left, right) = (right, left ^ (mixed & mask));
        }
        at = left << half_bits | right;
        if at < n {
            return at;
        }
    }
}

/// A 32-bit mixer: each bit of the result depends on every bit of the argument.
/// Source: the finaliser of MurmurHash3 (Appleby, public domain).
fn mix(mut bits: u32) -> u32 {
    bits = (bits ^ bits >> 16).wrapping_mul(0x85EB_CA6B);
    bits = (bits ^ bits >> 13).wrapping_mul(0xC2B2_AE35);
    bits ^ bits >> 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::stream::StreamKey;

    #[test]
    fn every_place_is_taken_once() {
        let key = StreamKey::new(5, "permutation");
        for n in [1, 2, 3, 7, 16, 17, 250, 1000, 4097] {
            let mut seen = vec![false; n as usize];
            for place in 0..n {
                let at = permuted(place, n, key.words(u64::from(n), 0, 0)) as usize;
                assert!(!std::mem::replace(&mut seen[at], true));
            }
        }
    }

    #[test]
    fn pairs_of_places_go_anywhere() {
        // Of 12 places two land on any of 132 ordered pairs; chi-squared over 131 degrees of freedom.
        let key = StreamKey::new(6, "permutation");
        let mut counts = [[0.0; 12]; 12];
        let trials = 66_000;
        for trial in 0..trials {
            let words = key.words(trial, 0, 0);
            counts[permuted(3, 12, words) as usize][permuted(4, 12, words) as usize] += 1.0;
        }
        let expected = trials as f64 / 132.0;
        let chi: f64 = (0..144)
            .filter(|at| at / 12 != at % 12)
            .map(|at| crate::math::pow(counts[at / 12][at % 12] - expected, 2.0) / expected)
            .sum();
        // Mean 131, standard deviation √262: 5 of them, a false alarm in about 100,000 given the law's skew.
        assert!((chi - 131.0).abs() < 5.0 * 262.0_f64.sqrt(), "{chi}");
    }
}
