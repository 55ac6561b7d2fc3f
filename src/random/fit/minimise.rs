//! Minimising a function of a few variables inside a box, without derivatives.
//!
//! Source: Nelder and Mead (1965), Computer Journal 7, 308–313, restarted from its own answer until that no longer helps.

/// A minimum.
#[derive(Clone, Debug)]
pub(super) struct Minimum {
    pub at: Vec<f64>,
    pub value: f64,
}

/// The least value found from several starts, the best of which is refined. Points are moved into the box before the
/// function sees them.
pub(super) fn minimum(f: &dyn Fn(&[f64]) -> f64, starts: &[&[f64]], ranges: &[(f64, f64)]) -> Minimum {
    let boxed = |point: &[f64]| -> Minimum {
        let at: Vec<f64> = point.iter().zip(ranges).map(|(x, range)| x.clamp(range.0, range.1)).collect();
        let value = f(&at);
        Minimum { at, value: if value.is_nan() { f64::INFINITY } else { value } }
    };
    let mut best = Minimum { at: starts[0].to_vec(), value: f64::INFINITY };
    for start in starts {
        let found = descend(&boxed, &boxed(start), 0.7, 1e-3);
        if found.value < best.value {
            best = found;
        }
    }
    for step in [0.3, 0.1, 0.03, 0.01] {
        let next = descend(&boxed, &best, step, 1e-8);
        if next.value < best.value {
            best = next;
        }
    }
    best
}

/// One run from a simplex of the given size around a point, until it is smaller than `precision`.
fn descend(f: &dyn Fn(&[f64]) -> Minimum, start: &Minimum, step: f64, precision: f64) -> Minimum {
    let n = start.at.len();
    let mut simplex = vec![start.clone()];
    for i in 0..n {
        let mut corner = start.at.clone();
        corner[i] += step;
        simplex.push(f(&corner));
        if simplex[i + 1].at == start.at {
            corner[i] -= 2.0 * step;
            simplex[i + 1] = f(&corner);
        }
    }
    for _ in 0..400 * n {
        simplex.sort_by(|a, b| a.value.total_cmp(&b.value));
        let size = (0..n).map(|i| (simplex[n].at[i] - simplex[0].at[i]).abs()).fold(0.0, f64::max);
        if size < precision {
            break;
        }
        let centre: Vec<f64> =
            (0..n).map(|i| simplex[..n].iter().map(|corner| corner.at[i]).sum::<f64>() / n as f64).collect();
        let worst = simplex[n].clone();
        let along = |factor: f64| -> Vec<f64> {
            centre.iter().zip(&worst.at).map(|(middle, corner)| middle + factor * (middle - corner)).collect()
        };
        let reflected = f(&along(1.0));
        let accepted = if reflected.value < simplex[0].value {
            let expanded = f(&along(2.0));
            Some(if expanded.value < reflected.value { expanded } else { reflected })
        } else if reflected.value < simplex[n - 1].value {
            Some(reflected)
        } else {
            let contracted = f(&along(if reflected.value < worst.value { 0.5 } else { -0.5 }));
            (contracted.value < reflected.value.min(worst.value)).then_some(contracted)
        };
        match accepted {
            Some(corner) => simplex[n] = corner,
            None => {
                let best = simplex[0].at.clone();
                for corner in &mut simplex[1..] {
                    let halfway: Vec<f64> = corner.at.iter().zip(&best).map(|(x, b)| 0.5 * (x + b)).collect();
                    *corner = f(&halfway);
                }
            }
        }
    }
    simplex.sort_by(|a, b| a.value.total_cmp(&b.value));
    simplex.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valleys_and_walls() {
        let valley = |x: &[f64]| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            a * a + 100.0 * b * b
        };
        let free = minimum(&valley, &[&[-1.2, 1.0]], &[(-5.0, 5.0), (-5.0, 5.0)]);
        assert!((free.at[0] - 1.0).abs() < 1e-6 && (free.at[1] - 1.0).abs() < 1e-6, "{free:?}");
        // With x ≤ ½ the least is at x = ½, y = ¼.
        let walled = minimum(&valley, &[&[-1.2, 1.0]], &[(-5.0, 0.5), (-5.0, 5.0)]);
        assert!((walled.at[0] - 0.5).abs() < 1e-6 && (walled.at[1] - 0.25).abs() < 1e-6, "{walled:?}");
    }
}
