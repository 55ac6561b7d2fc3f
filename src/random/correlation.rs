//! Correlation: checking a matrix, its Cholesky factor, the nearest one that can be, and Spearman's rho.
//!
//! Quantities are tied by a Gaussian copula: standard normals with a correlation matrix, each turned into a uniform. A
//! matrix that is not positive semi-definite belongs to no random variables; it is refused, with the nearest that does.

use std::f64::consts::PI;
use std::fmt;

use nalgebra::{DMatrix, DVector};

use crate::math::{asin, linear, sin, sqrt};

/// A correlation matrix, checked for all but definiteness.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationMatrix {
    size: usize,
    /// Row-major.
    entries: Vec<f64>,
}

/// Why a matrix is no correlation matrix; rows and columns are counted from 1 in messages.
#[derive(Clone, Debug, PartialEq)]
pub enum CorrelationError {
    /// Not square.
    Shape {
        /// Rows.
        rows: usize,
        /// Entries of a row that has another number.
        entries: usize,
    },
    /// An entry outside −1 to 1.
    Entry {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
        /// What was read.
        value: f64,
    },
    /// A diagonal entry that is not 1.
    Diagonal {
        /// Row, from 0.
        row: usize,
        /// What was read.
        value: f64,
    },
    /// Two entries that should be equal.
    Asymmetric {
        /// Row, from 0.
        row: usize,
        /// Column, from 0.
        column: usize,
    },
    /// Not positive semi-definite.
    NotPositive {
        /// Least eigenvalue, negative.
        least_eigenvalue: f64,
        /// The nearest correlation matrix.
        nearest: CorrelationMatrix,
    },
}

impl fmt::Display for CorrelationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use CorrelationError::*;
        match self {
            Shape { rows, entries } => {
                write!(
                    f,
                    "a correlation matrix is square: there are {rows} rows, and one has {entries} entries"
                )
            }
            Entry { row, column, value } => {
                write!(
                    f,
                    "the correlation in row {}, column {} is {value}; allowed: -1 to 1",
                    row + 1,
                    column + 1
                )
            }
            Diagonal { row, value } => {
                write!(f, "the diagonal entry in row {} is {value}; it must be 1", row + 1)
            }
            Asymmetric { row, column } => write!(
                f,
                "the correlations in row {}, column {} and in row {1}, column {0} differ; they must be equal",
                row + 1,
                column + 1
            ),
            NotPositive { least_eigenvalue, nearest } => write!(
                f,
                "the correlation matrix is not positive semi-definite (least eigenvalue {least_eigenvalue:.4}): no \
                 quantities have these correlations together; the nearest matrix that is possible: {nearest}"
            ),
        }
    }
}

impl std::error::Error for CorrelationError {}

/// As in a scenario: `[[1, 0.5], [0.5, 1]]`, four decimals.
impl fmt::Display for CorrelationMatrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = |value: &f64| format!("{}", (value * 1e4).round() / 1e4);
        let row = |row: &[f64]| format!("[{}]", row.iter().map(entry).collect::<Vec<_>>().join(", "));
        let rows: Vec<String> = self.entries.chunks(self.size).map(row).collect();
        write!(f, "[{}]", rows.join(", "))
    }
}

impl CorrelationMatrix {
    /// Checks shape, range, diagonal and symmetry.
    pub fn new(rows: &[Vec<f64>]) -> Result<CorrelationMatrix, CorrelationError> {
        let size = rows.len();
        if let Some(row) = rows.iter().find(|row| row.len() != size) {
            return Err(CorrelationError::Shape { rows: size, entries: row.len() });
        }
        for (i, row) in rows.iter().enumerate() {
            for (j, &value) in row.iter().enumerate() {
                if !(-1.0..=1.0).contains(&value) {
                    return Err(CorrelationError::Entry { row: i, column: j, value });
                }
                if i == j && value != 1.0 {
                    return Err(CorrelationError::Diagonal { row: i, value });
                }
                if value != rows[j][i] {
                    return Err(CorrelationError::Asymmetric { row: i, column: j });
                }
            }
        }
        Ok(CorrelationMatrix { size, entries: rows.concat() })
    }

    /// The matrix with one correlation for every pair.
    pub fn of_pairs(size: usize, rho: f64) -> Result<CorrelationMatrix, CorrelationError> {
        let row = |i| (0..size).map(|j| if i == j { 1.0 } else { rho }).collect();
        CorrelationMatrix::new(&(0..size).map(row).collect::<Vec<_>>())
    }

    /// Number of rows.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Row-major entries.
    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    /// Reading this as a matrix of Spearman's rho: the normals' correlations that give it. See [`pearson_from_spearman`].
    pub fn normals_for_spearman(&self) -> CorrelationMatrix {
        let convert = |(at, &rho): (usize, &f64)| {
            if at % (self.size + 1) == 0 { 1.0 } else { pearson_from_spearman(rho) }
        };
        CorrelationMatrix { size: self.size, entries: self.entries.iter().enumerate().map(convert).collect() }
    }

    /// Lower Cholesky factor, row-major: times independent standard normals it gives normals with these correlations.
    ///
    /// Perfect dependence is allowed. Errors: [`CorrelationError::NotPositive`], with the nearest possible matrix.
    pub fn cholesky(&self) -> Result<Vec<f64>, CorrelationError> {
        linear::cholesky(&self.entries, self.size).ok_or_else(|| CorrelationError::NotPositive {
            least_eigenvalue: self.matrix().symmetric_eigenvalues().min(),
            nearest: self.nearest(),
        })
    }

    /// The correlation matrix nearest to this one in the Frobenius norm: projections in turn onto the positive
    /// semi-definite matrices and onto those with a unit diagonal, with Dykstra's correction of the former.
    ///
    /// Source: Higham (2002), Computing the nearest correlation matrix, IMA J. Numerical Analysis 22, 329–343.
    pub fn nearest(&self) -> CorrelationMatrix {
        /// Least eigenvalue of the result: the answer lies on the boundary, where rounding would break its Cholesky
        /// factor.
        const MARGIN: f64 = 1e-12;
        let mut unit = self.matrix();
        let mut correction = DMatrix::zeros(self.size, self.size);
        for _ in 0..10_000 {
            let shifted = &unit - &correction;
            let positive = raise_eigenvalues(&shifted, 0.0);
            correction = &positive - shifted;
            let mut next = positive;
            next.fill_diagonal(1.0);
            let moved = (&next - &unit).norm();
            unit = next;
            if moved <= 1e-13 * unit.norm() {
                break;
            }
        }
        let positive = raise_eigenvalues(&unit, MARGIN);
        let scale: Vec<f64> = positive.diagonal().iter().map(|&entry| 1.0 / sqrt(entry)).collect();
        let entry = |at: usize| {
            let (i, j) = (at / self.size, at % self.size);
            // Either triangle of a computed product may be off by a rounding.
            let middle = 0.5 * (positive[(i, j)] + positive[(j, i)]);
            if i == j { 1.0 } else { (middle * scale[i] * scale[j]).clamp(-1.0, 1.0) }
        };
        CorrelationMatrix { size: self.size, entries: (0..self.size * self.size).map(entry).collect() }
    }

    fn matrix(&self) -> DMatrix<f64> {
        DMatrix::from_row_slice(self.size, self.size, &self.entries)
    }
}

/// Correlation of the normals of a Gaussian copula with Spearman's rho.
///     r = 2 sin(π ρ/6)
/// Domain: −1 ≤ ρ ≤ 1. Source: Pearson (1907); Kruskal (1958), JASA 53, 814–861.
pub fn pearson_from_spearman(rho: f64) -> f64 {
    // Perfect dependence must stay perfect.
    if rho.abs() == 1.0 { rho } else { 2.0 * sin(PI * rho / 6.0) }
}

/// Spearman's rho of a Gaussian copula with this correlation of its normals.
///     ρ = (6/π) asin(r/2)
/// Domain: −1 ≤ r ≤ 1. Source: as for [`pearson_from_spearman`].
pub fn spearman_from_pearson(r: f64) -> f64 {
    6.0 / PI * asin(0.5 * r)
}

/// Kendall's tau of a Gaussian copula with this correlation of its normals.
///     τ = (2/π) asin(r)
/// Domain: −1 ≤ r ≤ 1. Source: as for [`pearson_from_spearman`].
pub fn kendall_from_pearson(r: f64) -> f64 {
    2.0 / PI * asin(r)
}

/// The nearest symmetric matrix whose eigenvalues are at least `least`.
fn raise_eigenvalues(matrix: &DMatrix<f64>, least: f64) -> DMatrix<f64> {
    let eigen = matrix.clone().symmetric_eigen();
    let raised =
        DVector::from_iterator(matrix.nrows(), eigen.eigenvalues.iter().map(|value| value.max(least)));
    &eigen.eigenvectors * DMatrix::from_diagonal(&raised) * eigen.eigenvectors.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[f64]]) -> CorrelationMatrix {
        CorrelationMatrix::new(&rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>()).unwrap()
    }

    /// L Lᵀ.
    fn product(factor: &[f64], n: usize) -> Vec<f64> {
        let entry = |at: usize| (0..n).map(|k| factor[at / n * n + k] * factor[at % n * n + k]).sum();
        (0..n * n).map(entry).collect()
    }

    #[test]
    fn factors_multiply_back() {
        let some = matrix(&[&[1.0, 0.6, -0.3], &[0.6, 1.0, 0.2], &[-0.3, 0.2, 1.0]]);
        let tied = matrix(&[&[1.0, 1.0, -0.5], &[1.0, 1.0, -0.5], &[-0.5, -0.5, 1.0]]);
        let opposed = matrix(&[&[1.0, -1.0], &[-1.0, 1.0]]);
        let least = CorrelationMatrix::of_pairs(5, -0.25).unwrap();
        for matrix in [some, tied, opposed, least] {
            let back = product(&matrix.cholesky().unwrap(), matrix.size());
            for (found, entry) in back.iter().zip(matrix.entries()) {
                assert!((found - entry).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn an_impossible_matrix_is_refused_with_the_nearest() {
        // Higham (2002), section 4: the nearest has correlations .7607 and .1573.
        let impossible = matrix(&[&[1.0, 1.0, 0.0], &[1.0, 1.0, 1.0], &[0.0, 1.0, 1.0]]);
        let Err(CorrelationError::NotPositive { least_eigenvalue, nearest }) = impossible.cholesky() else {
            panic!("it is not positive semi-definite");
        };
        assert!((least_eigenvalue - (1.0 - 2.0_f64.sqrt())).abs() < 1e-12);
        for (at, entry) in [(1, 0.76069), (2, 0.15730), (5, 0.76069)] {
            assert!((nearest.entries()[at] - entry).abs() < 1e-5, "{nearest}");
        }
        let factor = nearest.cholesky().expect("the nearest is a correlation matrix");
        let (row, column) =
            (|i: usize| &factor[3 * i..3 * i + 3], |i: usize, j: usize| nearest.entries()[3 * i + j]);
        for (i, j) in [(0, 1), (0, 2), (1, 2), (2, 2)] {
            let product: f64 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
            assert!((product - column(i, j)).abs() < 1e-9, "{product} is not {}", column(i, j));
        }
        assert_eq!(nearest.to_string(), "[[1, 0.7607, 0.1573], [0.7607, 1, 0.7607], [0.1573, 0.7607, 1]]");
        // What is possible already is its own nearest.
        let possible = CorrelationMatrix::of_pairs(3, 0.4).unwrap();
        possible
            .nearest()
            .entries()
            .iter()
            .zip(possible.entries())
            .for_each(|(a, b)| assert!((a - b).abs() < 1e-11));
    }

    #[test]
    fn malformed_matrices_are_refused() {
        use CorrelationError::*;
        let refused =
            |rows: &[&[f64]]| CorrelationMatrix::new(&rows.iter().map(|r| r.to_vec()).collect::<Vec<_>>());
        assert!(matches!(refused(&[&[1.0, 0.0], &[0.0]]), Err(Shape { rows: 2, entries: 1 })));
        assert!(matches!(refused(&[&[1.0, 1.5], &[1.5, 1.0]]), Err(Entry { row: 0, column: 1, .. })));
        assert!(matches!(refused(&[&[1.0, f64::NAN], &[0.0, 1.0]]), Err(Entry { .. })));
        assert!(matches!(refused(&[&[0.9, 0.0], &[0.0, 1.0]]), Err(Diagonal { row: 0, .. })));
        assert!(matches!(refused(&[&[1.0, 0.2], &[0.3, 1.0]]), Err(Asymmetric { row: 0, column: 1 })));
        assert!(matches!(CorrelationMatrix::of_pairs(3, -0.6).unwrap().cholesky(), Err(NotPositive { .. })));
    }

    #[test]
    fn rank_correlations_meet_their_known_answers() {
        assert!((spearman_from_pearson(0.5) - 0.4825837395).abs() < 1e-10);
        assert!((kendall_from_pearson(0.5) - 1.0 / 3.0).abs() < 1e-15);
        assert!((pearson_from_spearman(0.5) - 0.5176380902).abs() < 1e-10);
        assert_eq!((pearson_from_spearman(1.0), pearson_from_spearman(-1.0)), (1.0, -1.0));
        let ranks = CorrelationMatrix::of_pairs(2, 0.5).unwrap();
        assert_eq!(ranks.normals_for_spearman().entries()[1], pearson_from_spearman(0.5));
    }
}
