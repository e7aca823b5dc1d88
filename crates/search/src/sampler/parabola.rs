//! A parabola through trials: `f = a + Σ b_i z_i + Σ c_i z_i²` by least squares, and where it is lowest.
//!
//! `z` are coordinates from the mean of the points, in units of their standard deviation on each axis. There are no
//! mixed terms: with `n` axes `2n + 1` coefficients are found from few trials and at little cost.
//!
//! **Policies.** Points and losses are finite. An axis on which all points agree has no say. A fit from fewer than
//! `2n + 3` points, of equal losses, or one that does not come out finite is none.
//!
//! Cost: `k (2n + 1)²` multiplications for `k` points.

/// Keeps the normal equations solvable where points do not tell coefficients apart.
const RIDGE: f64 = 1e-10;

/// A parabola.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parabola {
    centre: Vec<f64>,
    /// Standard deviations of the points, by axis.
    pub(super) spread: Vec<f64>,
    slope: Vec<f64>,
    curvature: Vec<f64>,
    /// The share of the losses' variance that it explains, corrected for its coefficients; not above 1.
    pub(super) explained: f64,
}

/// How many coefficients a parabola over so many axes has.
pub(super) fn coefficients(axes: usize) -> usize {
    2 * axes + 1
}

impl Parabola {
    /// The parabola through points of these losses.
    pub(super) fn fit(points: &[&[f64]], losses: &[f64]) -> Option<Self> {
        let axes = points.first()?.len();
        let (count, unknowns) = (points.len(), coefficients(axes));
        if count < unknowns + 2 {
            return None;
        }
        let columns = (0..axes).map(|axis| mean_and_deviation(points.iter().map(move |point| point[axis])));
        let (centre, spread): (Vec<f64>, Vec<f64>) = columns.unzip();
        let (middle, scale) = mean_and_deviation(losses.iter().copied());
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let rows: Vec<Vec<f64>> = points.iter().map(|point| terms(point, &centre, &spread)).collect();
        let targets: Vec<f64> = losses.iter().map(|loss| (loss - middle) / scale).collect();
        let solution = least_squares(&rows, &targets)?;
        let residual: f64 = rows.iter().zip(&targets).map(|(row, target)| (target - dot(row, &solution)).powi(2)).sum();
        Some(Self {
            centre,
            spread,
            slope: solution[1..=axes].to_vec(),
            curvature: solution[axes + 1..].to_vec(),
            explained: 1.0 - residual / (count - unknowns) as f64,
        })
    }

    /// Its lowest point no more than so many deviations from the centre on any axis.
    pub(super) fn lowest(&self, reach: f64) -> Vec<f64> {
        let bends = self.slope.iter().zip(&self.curvature);
        let steps = bends.map(|(&slope, &curvature)| match curvature > 0.0 {
            true => (-slope / (2.0 * curvature)).clamp(-reach, reach),
            false if slope == 0.0 => 0.0,
            false => -slope.signum() * reach,
        });
        self.centre.iter().zip(&self.spread).zip(steps).map(|((centre, spread), step)| centre + spread * step).collect()
    }
}

/// `1`, `z`, `z²`.
fn terms(point: &[f64], centre: &[f64], spread: &[f64]) -> Vec<f64> {
    let mut terms = Vec::with_capacity(coefficients(point.len()));
    terms.push(1.0);
    let axes = point.iter().zip(centre).zip(spread);
    terms.extend(axes.map(|((x, centre), &spread)| if spread > 0.0 { (x - centre) / spread } else { 0.0 }));
    for axis in 1..=point.len() {
        terms.push(terms[axis] * terms[axis]);
    }
    terms
}

fn mean_and_deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    (mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt())
}

/// What solves the normal equations; `None` if they have no finite solution.
fn least_squares(rows: &[Vec<f64>], targets: &[f64]) -> Option<Vec<f64>> {
    let unknowns = rows.first()?.len();
    let mut matrix = vec![0.0; unknowns * unknowns];
    let mut right = vec![0.0; unknowns];
    for (row, target) in rows.iter().zip(targets) {
        for (index, &term) in row.iter().enumerate() {
            right[index] += term * target;
            let line = &mut matrix[index * unknowns..][..=index];
            line.iter_mut().zip(row).for_each(|(cell, other)| *cell += term * other);
        }
    }
    for index in 0..unknowns {
        matrix[index * unknowns + index] += RIDGE * rows.len() as f64;
    }
    solve(&mut matrix, &mut right)?;
    right.iter().all(|value| value.is_finite()).then_some(right)
}

/// Solve for a symmetric positive matrix, of which the lower triangle is read (Cholesky). Both are overwritten.
fn solve(matrix: &mut [f64], right: &mut [f64]) -> Option<()> {
    let size = right.len();
    for row in 0..size {
        for column in 0..=row {
            let (above, line) = matrix.split_at_mut(row * size);
            let shared = if column == row {
                dot(&line[..column], &line[..column])
            } else {
                dot(&line[..column], &above[column * size..][..column])
            };
            let rest = line[column] - shared;
            line[column] = if column < row {
                rest / above[column * size + column]
            } else if rest > 0.0 {
                rest.sqrt()
            } else {
                return None;
            };
        }
    }
    for row in 0..size {
        let known = dot(&matrix[row * size..][..row], &right[..row]);
        right[row] = (right[row] - known) / matrix[row * size + row];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|below| matrix[below * size + row] * right[below]).sum();
        right[row] = (right[row] - known) / matrix[row * size + row];
    }
    Some(())
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::RandomStream;

    fn fitted(axes: usize, count: usize, loss: impl Fn(&[f64]) -> f64) -> Option<Parabola> {
        let mut stream = RandomStream::new(1, 2, 3);
        let points: Vec<Vec<f64>> = (0..count).map(|_| (0..axes).map(|_| stream.uniform()).collect()).collect();
        let losses: Vec<f64> = points.iter().map(|point| loss(point)).collect();
        Parabola::fit(&points.iter().map(Vec::as_slice).collect::<Vec<_>>(), &losses)
    }

    #[test]
    fn a_parabola_is_found_again() {
        let loss = |x: &[f64]| 7.0 + 3.0 * (x[0] - 0.25).powi(2) + 100.0 * (x[1] - 0.6).powi(2) + (x[2] - 0.4).powi(2);
        let parabola = fitted(3, 9, loss).expect("nine points are enough for seven coefficients");
        assert!(parabola.explained > 1.0 - 1e-9, "{}", parabola.explained);
        let lowest = parabola.lowest(3.0);
        assert!(lowest.iter().zip([0.25, 0.6, 0.4]).all(|(x, best)| (x - best).abs() < 1e-8), "{lowest:?}");
        assert_eq!(fitted(3, 8, loss), None, "too few points to judge it by");
    }

    #[test]
    fn without_a_lowest_point_it_goes_as_far_as_it_may() {
        let parabola = fitted(2, 40, |x| x[0] - x[1] * x[1] - x[1]).expect("the points are many");
        let [x, y] = parabola.lowest(2.0)[..] else { panic!("two axes") };
        let at = |axis: usize, steps: f64| parabola.centre[axis] + steps * parabola.spread[axis];
        assert!((x - at(0, -2.0)).abs() < 1e-9 && (y - at(1, 2.0)).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn noise_is_not_explained() {
        let noise = |x: &[f64]| (x[0] * 1e6).sin() + (x[1] * 1e6).sin();
        let parabola = fitted(2, 100, noise).expect("the points are many");
        assert!(parabola.explained.abs() < 0.2, "{}", parabola.explained);
    }

    #[test]
    fn an_axis_without_a_spread_has_no_say() {
        let points = [[0.1_f64, 0.5], [0.2, 0.5], [0.4, 0.5], [0.5, 0.5], [0.7, 0.5], [0.8, 0.5], [0.9, 0.5]];
        let losses = points.map(|[x, _]| (x - 0.3).powi(2));
        let parabola = Parabola::fit(&points.each_ref().map(|point| &point[..]), &losses).expect("enough points");
        let [x, y] = parabola.lowest(3.0)[..] else { panic!("two axes") };
        assert!((x - 0.3).abs() < 1e-8 && y == 0.5, "{x} {y}");
        let equal = Parabola::fit(&points.each_ref().map(|point| &point[..]), &[1.0; 7]);
        assert_eq!(equal, None, "equal losses have no parabola");
    }
}
