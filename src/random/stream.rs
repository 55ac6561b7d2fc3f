//! Streams of uniforms: a number is a function of (seed, stream name, path, step, lane) and of nothing else.
//!
//! Each stream is a key of the counter-based generator Philox4x32-10, and where a draw stands in it is the counter.
//! So any draw can be had without the ones before it: threads, shards, the number of paths, other streams and the order
//! of the file cannot move it. Lanes tell apart the several uniforms a process needs in one month.
//!
//! Source: Salmon, Moraes, Dror, Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11.

use std::convert::Infallible;

use rand::TryRng;
use sha2::{Digest, Sha256};

use crate::math::wide::wide;

/// Bits of a word of 32.
const LOW: u64 = 0xFFFF_FFFF;

/// One block of Philox4x32-10: four words that depend on key and counter.
pub fn philox(key: [u32; 2], counter: [u32; 4]) -> [u32; 4] {
    philox_lanes(key, counter.map(|word| [u64::from(word)])).map(|[word]| word as u32)
}

/// Several blocks at once, by word, then counter: independent work to overlap. Each word of 32 bits stands in the lower half of
/// 64, where it is multiplied; the upper half of what comes back is to be left out.
#[inline(always)]
#[expect(clippy::needless_range_loop, reason = "four arrays go through the lanes together")]
fn philox_lanes<const N: usize>(key: [u32; 2], counters: [[u64; N]; 4]) -> [[u64; N]; 4] {
    const MULTIPLIERS: [u64; 2] = [0xD251_1F53, 0xCD9E_8D57];
    const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];
    let (mut k, mut c) = (key, counters);
    for round in 0..10 {
        if round > 0 {
            k = [k[0].wrapping_add(KEY_STEPS[0]), k[1].wrapping_add(KEY_STEPS[1])];
        }
        let keys = k.map(u64::from);
        for lane in 0..N {
            let left = MULTIPLIERS[0] * (c[0][lane] & LOW);
            let right = MULTIPLIERS[1] * (c[2][lane] & LOW);
            (c[0][lane], c[1][lane]) = ((right >> 32) ^ c[1][lane] ^ keys[0], right);
            (c[2][lane], c[3][lane]) = ((left >> 32) ^ c[3][lane] ^ keys[1], left);
        }
    }
    c
}

/// The uniform of 52 random bits, in the open interval (0, 1) and symmetric about ½.
///     u = (⌊bits / 2^12⌋ + ½) / 2^52
/// Both u and 1 − u are exact, so an antithetic draw loses nothing.
#[inline(always)]
pub fn open_uniform(bits: u64) -> f64 {
    const HALF_SPACING: f64 = 0.5 / (1u64 << 52) as f64;
    // The bits become the mantissa of a number in [1, 2); what is left of it is exact.
    (f64::from_bits(bits >> 12 | 1.0_f64.to_bits()) - 1.0) + HALF_SPACING
}

wide! {
    /// [`StreamKey::uniforms`].
    fn fill(key: [u32; 2], path: u64, lane: u32, uniforms: &mut [f64]) {
        let mut steps: [u64; AT_ONCE] = std::array::from_fn(|step| step as u64);
        for chunk in uniforms.chunks_mut(AT_ONCE) {
            let mut all = [0.0; AT_ONCE];
            let counters =
                [[u64::from(path as u32); AT_ONCE], [path >> 32; AT_ONCE], steps, [u64::from(lane); AT_ONCE]];
            let [low, high, ..] = philox_lanes(key, counters);
            for step in 0..AT_ONCE {
                all[step] = open_uniform(high[step] << 32 | low[step] & LOW);
            }
            chunk.copy_from_slice(&all[..chunk.len()]);
            steps.iter_mut().for_each(|step| *step += AT_ONCE as u64);
        }
    }
}

/// The key of a stream of uniforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamKey {
    key: [u32; 2],
}

impl StreamKey {
    /// The stream `name` of a run's `seed`: the first 64 bits of SHA-256 over the seed (eight bytes, little-endian) and
    /// the name (UTF-8), read little-endian.
    pub fn new(seed: u64, name: &str) -> StreamKey {
        let digest = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name.as_bytes()).finalize();
        let word =
            |at: usize| u32::from_le_bytes([digest[at], digest[at + 1], digest[at + 2], digest[at + 3]]);
        StreamKey { key: [word(0), word(4)] }
    }

    /// 128 random bits at a place in the stream; the counter is (path, step, lane), least significant word first.
    #[inline]
    pub fn words(&self, path: u64, step: u32, lane: u32) -> [u32; 4] {
        philox(self.key, [path as u32, (path >> 32) as u32, step, lane])
    }

    /// 64 random bits at a place in the stream.
    #[inline]
    pub fn bits(&self, path: u64, step: u32, lane: u32) -> u64 {
        let words = self.words(path, step, lane);
        u64::from(words[1]) << 32 | u64::from(words[0])
    }

    /// A uniform in the open interval (0, 1) at a place in the stream; see [`open_uniform`].
    #[inline]
    pub fn uniform(&self, path: u64, step: u32, lane: u32) -> f64 {
        open_uniform(self.bits(path, step, lane))
    }

    /// Uniforms of steps 0, 1, … of a path and lane.
    pub fn uniforms(&self, path: u64, lane: u32, uniforms: &mut [f64]) {
        fill(self.key, path, lane, uniforms);
    }

    /// A generator that starts at lane 0 of a path and step and walks through the lanes.
    pub fn cursor(&self, path: u64, step: u32) -> Cursor {
        Cursor { key: *self, path, step, lane: 0 }
    }
}

/// A generator for the `rand` family over the lanes of one path and step: 64 bits a lane.
///
/// The simulator does not draw this way (how many numbers an algorithm takes may depend on values); it is for checks
/// against other samplers.
#[derive(Clone, Debug)]
pub struct Cursor {
    key: StreamKey,
    path: u64,
    step: u32,
    lane: u32,
}

impl TryRng for Cursor {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.try_next_u64().map(|bits| (bits >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let bits = self.key.bits(self.path, self.step, self.lane);
        self.lane = self.lane.wrapping_add(1);
        Ok(bits)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            let bits = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&bits[..chunk.len()]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers published with Random123 (file `kat_vectors`, philox4x32 with 10 rounds).
    #[test]
    fn philox_meets_its_known_answers() {
        assert_eq!(philox([0; 2], [0; 4]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([!0; 2], [!0; 4]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            philox([0xa409_3822, 0x299f_31d0], [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn many_at_once_are_the_same_bits() {
        let key = StreamKey::new(3, "many");
        for n in [0, 1, 4, 7, 12, 13, 33, 60, 64] {
            let mut many = vec![0.0; n];
            key.uniforms(1 << 40 | 17, 2, &mut many);
            for (step, uniform) in many.iter().enumerate() {
                assert_eq!(uniform.to_bits(), key.uniform(1 << 40 | 17, step as u32, 2).to_bits());
            }
        }
    }

    #[test]
    fn uniforms_stay_inside_and_mirror_exactly() {
        let (lowest, highest) = (open_uniform(0), open_uniform(u64::MAX));
        assert!(lowest > 0.0 && highest < 1.0);
        assert_eq!(1.0 - lowest, highest);
        assert_eq!(1.0 - (1.0 - lowest), lowest);
    }

    #[test]
    fn the_key_is_a_digest_of_seed_and_name() {
        // SHA-256 of eight zero bytes begins af 55 70 f5 a1 81 0b 7a.
        assert_eq!(StreamKey::new(0, ""), StreamKey { key: [0xf570_55af, 0x7a0b_81a1] });
        assert_ne!(StreamKey::new(0, "a"), StreamKey::new(1, "a"));
        assert_ne!(StreamKey::new(0, "a"), StreamKey::new(0, "b"));
    }

    #[test]
    fn moments_of_uniforms_are_right() {
        let key = StreamKey::new(7, "moments");
        let n = 200_000;
        let (mut sum, mut square, mut lag) = (0.0, 0.0, 0.0);
        for path in 0..n {
            let (u, v) = (key.uniform(path, 1, 0) - 0.5, key.uniform(path, 2, 0) - 0.5);
            sum += u;
            square += u * u;
            lag += u * v;
        }
        let n = n as f64;
        // Standard errors: √(1/12), √(1/180) and 1/12, over √n; 4 of them, false alarms 2 in 10,000.
        assert!((sum / n).abs() < 4.0 * (1.0 / 12.0_f64).sqrt() / n.sqrt());
        assert!((square / n - 1.0 / 12.0).abs() < 4.0 * (1.0 / 180.0_f64).sqrt() / n.sqrt());
        assert!((lag / n).abs() < 4.0 / 12.0 / n.sqrt());
    }
}
