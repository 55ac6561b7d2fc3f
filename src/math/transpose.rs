//! From lanes of paths to paths of lanes.

use super::lanes::{LANES, Lanes};
#[cfg(target_arch = "x86_64")]
use super::wide::{Instructions, instructions};

/// Makes of some numbers, each on paths side by side, paths, each with its numbers side by side; and the other way round; tile by
/// tile.
#[inline]
pub fn transpose(tiles: &mut [[Lanes; LANES]]) {
    #[cfg(target_arch = "x86_64")]
    if instructions() == Instructions::Avx512 {
        #[expect(
            unsafe_code,
            reason = "the processor was asked whether it has what the function is compiled for"
        )]
        unsafe {
            in_registers(tiles);
        }
        return;
    }
    tiles.iter_mut().for_each(one_by_one);
}

/// Transposes number by number.
fn one_by_one(tile: &mut [Lanes; LANES]) {
    let turned = *tile;
    for (i, lanes) in tile.iter_mut().enumerate() {
        *lanes = Lanes::each(|j| turned[j][i]);
    }
}

/// Transposes in the eight registers that hold a tile: compilers do not see that they could.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn in_registers(tiles: &mut [[Lanes; LANES]]) {
    for tile in tiles {
        turn(tile);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
#[target_feature(enable = "avx512f")]
fn turn(tile: &mut [Lanes; LANES]) {
    use std::arch::x86_64::{__m512d, _mm512_shuffle_f64x2, _mm512_unpackhi_pd, _mm512_unpacklo_pd};

    #[expect(unsafe_code, reason = "both are eight times eight numbers in a row")]
    let rows: [__m512d; LANES] = unsafe { std::mem::transmute(*tile) };
    // Every other block of two numbers, from the first or from the second on, of one row and then of another.
    let even = |a, b| _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b);
    let odd = |a, b| _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b);
    // Given a block for each two rows: the four results that lie four and two apart.
    let four = |[a, b, c, d]: [__m512d; 4]| {
        let (evens, odds) = ([even(a, b), even(c, d)], [odd(a, b), odd(c, d)]);
        [even(evens[0], evens[1]), even(odds[0], odds[1]), odd(evens[0], evens[1]), odd(odds[0], odds[1])]
    };
    let pair = |i: usize| (rows[2 * i], rows[2 * i + 1]);
    let low = |i| _mm512_unpacklo_pd(pair(i).0, pair(i).1);
    let high = |i| _mm512_unpackhi_pd(pair(i).0, pair(i).1);
    let [r0, r2, r4, r6] = four([low(0), low(1), low(2), low(3)]);
    let [r1, r3, r5, r7] = four([high(0), high(1), high(2), high(3)]);
    #[expect(unsafe_code, reason = "both are eight times eight numbers in a row")]
    let turned =
        unsafe { std::mem::transmute::<[__m512d; LANES], [Lanes; LANES]>([r0, r1, r2, r3, r4, r5, r6, r7]) };
    *tile = turned;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        let tile: [Lanes; LANES] = std::array::from_fn(|i| {
            Lanes::each(|j| (i * LANES + j) as f64 - f64::from(u8::from(i == j)) / 0.0)
        });
        let (mut own, mut other) = (tile, tile);
        transpose(std::slice::from_mut(&mut own));
        one_by_one(&mut other);
        for (i, j) in (0..LANES).flat_map(|i| (0..LANES).map(move |j| (i, j))) {
            assert_eq!(own[i][j].to_bits(), tile[j][i].to_bits());
            assert_eq!(other[i][j].to_bits(), tile[j][i].to_bits());
        }
    }
}
