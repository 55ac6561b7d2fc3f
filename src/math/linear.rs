//! Small dense systems of linear equations, in plain arithmetic of a fixed order.
//!
//! Matrices are row-major slices. Linear algebra libraries pick their order of summation by the processor; what reaches
//! a draw is solved here.

use super::sqrt;

/// Solves `matrix` · x = `right` by elimination with partial pivoting; none if the matrix is singular.
/// Shape: n × n and n.
pub fn solve(matrix: &[f64], right: &[f64]) -> Option<Vec<f64>> {
    let n = right.len();
    let width = n + 1;
    let mut rows: Vec<f64> =
        matrix.chunks_exact(n).zip(right).flat_map(|(row, b)| row.iter().copied().chain([*b])).collect();
    for column in 0..n {
        let size = |row: &usize| rows[row * width + column].abs();
        let pivot = (column..n).max_by(|a, b| size(a).total_cmp(&size(b)))?;
        (0..width).for_each(|j| rows.swap(column * width + j, pivot * width + j));
        let head = rows[column * width + column];
        if head == 0.0 || !head.is_finite() {
            return None;
        }
        for row in column + 1..n {
            let factor = rows[row * width + column] / head;
            for j in column..width {
                rows[row * width + j] -= factor * rows[column * width + j];
            }
        }
    }
    let mut x = vec![0.0; n];
    for row in (0..n).rev() {
        let known: f64 = (row + 1..n).map(|j| rows[row * width + j] * x[j]).sum();
        x[row] = (rows[row * width + n] - known) / rows[row * width + row];
    }
    x.iter().all(|value| value.is_finite()).then_some(x)
}

/// Inverse of an n × n matrix; none if it is singular.
pub fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut inverse = vec![0.0; n * n];
    for column in 0..n {
        let unit: Vec<f64> = (0..n).map(|i| f64::from(u8::from(i == column))).collect();
        for (row, value) in solve(matrix, &unit)?.into_iter().enumerate() {
            inverse[row * n + column] = value;
        }
    }
    Some(inverse)
}

/// Lower Cholesky factor L of a symmetric n × n matrix with unit-sized entries, `matrix` = L Lᵀ; none if the matrix is
/// not positive semi-definite.
///
/// A pivot within rounding of zero gives a column of zeros, so that perfectly dependent rows are allowed.
pub fn cholesky(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    /// Rounding of a pivot, and of the entries below a pivot of zero, which may reach its square root.
    const TOLERANCE: f64 = 1e-13;
    let mut factor = vec![0.0; n * n];
    for j in 0..n {
        let rest = |factor: &[f64], i: usize| {
            matrix[i * n + j] - (0..j).map(|k| factor[i * n + k] * factor[j * n + k]).sum::<f64>()
        };
        let pivot = rest(&factor, j);
        if pivot > TOLERANCE {
            factor[j * n + j] = sqrt(pivot);
            for i in j + 1..n {
                factor[i * n + j] = rest(&factor, i) / factor[j * n + j];
            }
        } else if pivot < -TOLERANCE || (j + 1..n).any(|i| rest(&factor, i).abs() > sqrt(TOLERANCE)) {
            return None;
        }
    }
    Some(factor)
}
