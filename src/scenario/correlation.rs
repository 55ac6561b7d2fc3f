//! The file's correlation matrices: of the normals, and their Cholesky factors.

use super::checked::Checked;
use super::raw::Node;
use crate::random::correlation::{CorrelationError, CorrelationMatrix};

/// A correlation matrix of the file.
#[derive(Clone, Debug, PartialEq)]
pub enum Matrix {
    /// Positive semi-definite.
    Sound {
        /// Lower Cholesky factor of the normals' correlations, row-major.
        cholesky: Vec<f64>,
    },
    /// Not so.
    Indefinite {
        /// The nearest matrix that is, in the file's terms, row-major.
        nearest: Vec<f64>,
        /// Lower Cholesky factor of the nearest correlations of the normals.
        cholesky: Vec<f64>,
    },
}

/// The matrix of the correlation at `place`; none if what is written is not one.
pub fn matrix(checked: &Checked, place: &str) -> Option<Matrix> {
    let size = checked.count(&format!("{place}.between"));
    let written = match checked.tree.get(&format!("{place}.rho")).and_then(Node::number) {
        Some(rho) => CorrelationMatrix::of_pairs(size, rho).ok()?,
        None => {
            let rows = checked.tree.get(&format!("{place}.matrix"))?.list()?;
            let row = |row: &Node| row.list()?.iter().map(Node::number).collect::<Option<Vec<f64>>>();
            let rows = rows.iter().map(row).collect::<Option<Vec<_>>>()?;
            CorrelationMatrix::new(&rows).ok().filter(|matrix| matrix.size() == size)?
        }
    };
    let parameters = checked.text(&format!("{place}.on")) == Some("parameter");
    let normals = if parameters { written.normals_for_spearman() } else { written };
    match normals.cholesky() {
        Ok(cholesky) => Some(Matrix::Sound { cholesky }),
        Err(CorrelationError::NotPositive { nearest, .. }) => {
            let cholesky = nearest.cholesky().ok()?;
            let shown = |r: &f64| if parameters { spearman_from_pearson(*r) } else { *r };
            Some(Matrix::Indefinite { nearest: nearest.entries().iter().map(shown).collect(), cholesky })
        }
        Err(_) => None,
    }
}

/// Spearman's rho of a Gaussian copula whose normals correlate by r.
///     ρ = (6/π) asin(r/2)
/// Domain: −1 ≤ r ≤ 1. The inverse of `random::correlation::pearson_from_spearman`; for display only.
fn spearman_from_pearson(r: f64) -> f64 {
    6.0 / std::f64::consts::PI * crate::math::asin(0.5 * r)
}

/// A matrix as it would be written in a file, four decimals, drawn towards the identity by as much as rounding could
/// push it off the semi-definite matrices.
pub fn text(matrix: &[f64], size: usize) -> String {
    let margin = size as f64 * 1e-4;
    let entry = |(at, x): (usize, &f64)| {
        let diagonal = at % (size + 1) == 0;
        let x = if diagonal { 1.0 } else { x * (1.0 - margin) };
        ((x * 1e4).round() / 1e4 + 0.0).to_string()
    };
    let entries: Vec<String> = matrix.iter().enumerate().map(entry).collect();
    let rows: Vec<String> = entries.chunks(size).map(|row| format!("[{}]", row.join(", "))).collect();
    format!("[{}]", rows.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::correlation::pearson_from_spearman;

    #[test]
    fn spearman_and_the_normals_are_inverse() {
        for rho in [-1.0, -0.3, 0.0, 0.5, 1.0] {
            assert!((spearman_from_pearson(pearson_from_spearman(rho)) - rho).abs() < 1e-12);
        }
    }

    #[test]
    fn the_nearest_matrix_as_shown_is_one() {
        for size in [3, 4, 6] {
            let bad = CorrelationMatrix::of_pairs(size, -0.6).unwrap();
            let near = bad.nearest();
            let shown: toml::Table = toml::from_str(&format!("m = {}", text(near.entries(), size))).unwrap();
            let rows = shown["m"].as_array().unwrap().iter().map(|row| {
                let row = row.as_array().unwrap().iter();
                row.map(|x| x.as_float().or(x.as_integer().map(|n| n as f64)).unwrap()).collect()
            });
            let matrix = CorrelationMatrix::new(&rows.collect::<Vec<Vec<f64>>>()).unwrap();
            assert!(matrix.cholesky().is_ok(), "{size}");
        }
    }
}
