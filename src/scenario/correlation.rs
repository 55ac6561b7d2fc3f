//! The file's correlation matrices and their Cholesky factors.

use super::checked::Checked;
use super::raw::Node;

/// The matrix of a correlation as written, row-major; none if it is not one.
pub fn matrix(checked: &Checked, place: &str) -> Option<Vec<f64>> {
    let size = checked.count(&format!("{place}.between"));
    if let Some(rho) = checked.tree.get(&format!("{place}.rho")).and_then(Node::number) {
        return Some((0..size * size).map(|at| if at % (size + 1) == 0 { 1.0 } else { rho }).collect());
    }
    let rows = checked.tree.get(&format!("{place}.matrix"))?.list()?;
    let row = |row: &Node| row.list()?.iter().map(Node::number).collect::<Option<Vec<f64>>>();
    let rows = rows.iter().map(row).collect::<Option<Vec<_>>>()?;
    (rows.len() == size && rows.iter().all(|row| row.len() == size)).then(|| rows.concat())
}

/// The lower Cholesky factor of the normals' correlation, row-major.
pub fn cholesky(checked: &Checked, place: &str) -> Option<Vec<f64>> {
    let mut a = matrix(checked, place)?;
    let n = checked.count(&format!("{place}.between"));
    if checked.text(&format!("{place}.on")) == Some("parameter") {
        for (at, rho) in a.iter_mut().enumerate() {
            if at % (n + 1) != 0 {
                *rho = 2.0 * (*rho * std::f64::consts::PI / 6.0).sin();
            }
        }
    }
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = a[i * n + j] - (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum::<f64>();
            if i == j {
                if sum < -1e-9 {
                    return None;
                }
                l[i * n + i] = sum.max(0.0).sqrt();
            } else {
                l[i * n + j] = if l[j * n + j] > 0.0 { sum / l[j * n + j] } else { 0.0 };
            }
        }
    }
    Some(l)
}
