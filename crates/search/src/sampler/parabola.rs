//! A parabola through trials: `f = a + b·z + z·H z / 2` by least squares, and where it is lowest.
//!
//! `z` are coordinates from the mean of the points, in units of their standard deviation on each axis. `H` is full, or,
//! for fewer points and at less cost, diagonal, or a number.
//!
//! **Policies.** Points and losses are finite. An axis on which all points agree has no say. A fit from fewer than two
//! points more than coefficients, of equal losses, or one that does not come out finite is none.
//!
//! Cost: `k c² / 2` multiplications for `k` points and `c` coefficients.

use super::triangle::{Triangle, dot};

/// Keeps the normal equations solvable where points do not tell coefficients apart.
const RIDGE: f64 = 1e-10;

/// So often each axis in turn goes to its lowest point, where the lowest of all lies outside.
const SWEEPS: usize = 30;

/// Which elements of `H` are fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bends {
    /// One for all axes.
    Round,
    /// The diagonal.
    Axes,
    /// All.
    Full,
}

impl Bends {
    /// How many coefficients a parabola over so many axes has.
    pub(super) fn coefficients(self, axes: usize) -> usize {
        match self {
            Self::Round => axes + 2,
            Self::Axes => 2 * axes + 1,
            Self::Full => (axes + 1) * (axes + 2) / 2,
        }
    }
}

/// A parabola.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parabola {
    centre: Vec<f64>,
    /// Standard deviations of the points, by axis.
    pub(super) spread: Vec<f64>,
    slope: Vec<f64>,
    /// `H`, row by row.
    hessian: Vec<f64>,
    /// The share of the losses' variance that it explains, corrected for its coefficients; not above 1.
    pub(super) explained: f64,
}

/// Points to fit parabolas to, of several kinds of losses if need be.
#[derive(Debug, Clone)]
pub(super) struct Design {
    bends: Bends,
    centre: Vec<f64>,
    spread: Vec<f64>,
    weights: Vec<f64>,
    /// Roots of the weights, whose mean is 1.
    roots: Vec<f64>,
    /// Times the roots.
    terms: Vec<Vec<f64>>,
    factor: Triangle,
}

impl Design {
    /// For points that count as much as their weights, which are above 0.
    pub(super) fn new(points: &[&[f64]], weights: &[f64], bends: Bends) -> Option<Self> {
        let axes = points.first()?.len();
        if points.len() < bends.coefficients(axes) + 2 {
            return None;
        }
        let total: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let columns = (0..axes).map(|axis| mean_and_deviation(points.iter().map(move |point| point[axis]), &weights));
        let (centre, spread): (Vec<f64>, Vec<f64>) = columns.unzip();
        let roots: Vec<f64> = weights.iter().map(|weight| (weight * points.len() as f64).sqrt()).collect();
        let terms: Vec<Vec<f64>> =
            terms(points, (&centre, &spread), bends).iter().map(|column| product(column, &roots)).collect();
        let ridge = RIDGE * points.len() as f64;
        let normal = Triangle::from_fn(terms.len(), |row, column| {
            dot(&terms[row], &terms[column]) + if row == column { ridge } else { 0.0 }
        });
        let factor = normal.cholesky()?;
        Some(Self { bends, centre, spread, weights, roots, terms, factor })
    }

    /// The parabola through the points if these are their losses.
    pub(super) fn fit(&self, losses: &[f64]) -> Option<Parabola> {
        let (axes, unknowns) = (self.centre.len(), self.terms.len());
        let (middle, scale) = mean_and_deviation(losses.iter().copied(), &self.weights);
        if !(scale > 0.0 && scale.is_finite()) {
            return None;
        }
        let mut rest: Vec<f64> =
            losses.iter().zip(&self.roots).map(|(loss, root)| (loss - middle) / scale * root).collect();
        let solution = self.factor.solve(self.terms.iter().map(|column| dot(column, &rest)).collect());
        if !solution.iter().all(|value| value.is_finite()) {
            return None;
        }
        for (column, factor) in self.terms.iter().zip(&solution) {
            rest.iter_mut().zip(column).for_each(|(rest, term)| *rest -= factor * term);
        }
        Some(Parabola {
            centre: self.centre.clone(),
            spread: self.spread.clone(),
            slope: solution[1..=axes].to_vec(),
            hessian: hessian(&solution[axes + 1..], axes, self.bends),
            explained: 1.0 - dot(&rest, &rest) / (losses.len() - unknowns) as f64,
        })
    }
}

impl Parabola {
    /// The parabola through points of these losses.
    pub(super) fn fit(points: &[&[f64]], losses: &[f64], bends: Bends) -> Option<Self> {
        Design::new(points, &vec![1.0; points.len()], bends)?.fit(losses)
    }

    /// Its lowest point no more than so many deviations from the centre on any axis.
    pub(super) fn lowest(&self, reach: f64) -> Vec<f64> {
        let z = self.stationary().filter(|z| z.iter().all(|z| z.abs() <= reach));
        let z = z.unwrap_or_else(|| self.lowest_in_turn(reach));
        self.centre.iter().zip(&self.spread).zip(z).map(|((centre, spread), z)| centre + spread * z).collect()
    }

    /// Where it is lowest of all, if it has such a point.
    fn stationary(&self) -> Option<Vec<f64>> {
        let axes = self.slope.len();
        let factor = Triangle::from_fn(axes, |row, column| self.hessian[row * axes + column]).cholesky()?;
        Some(factor.solve(self.slope.iter().map(|slope| -slope).collect()))
    }

    /// Nearly the same, for any `H`: one axis after the other, again and again.
    fn lowest_in_turn(&self, reach: f64) -> Vec<f64> {
        let axes = self.slope.len();
        let mut z = vec![0.0; axes];
        for _ in 0..SWEEPS {
            for (axis, row) in self.hessian.chunks_exact(axes).enumerate() {
                let slope = self.slope[axis] + dot(row, &z) - row[axis] * z[axis];
                z[axis] = match row[axis] > 0.0 {
                    true => (-slope / row[axis]).clamp(-reach, reach),
                    false if slope == 0.0 => 0.0,
                    false => -slope.signum() * reach,
                };
            }
        }
        z
    }
}

/// `1`, `z`, and what bends multiply: the sum of `z²`, or each, and the products of different ones; over all points.
fn terms(points: &[&[f64]], (centre, spread): (&[f64], &[f64]), bends: Bends) -> Vec<Vec<f64>> {
    let axes = centre.len();
    let mut terms = Vec::with_capacity(bends.coefficients(axes));
    terms.push(vec![1.0; points.len()]);
    for (axis, (centre, &spread)) in centre.iter().zip(spread).enumerate() {
        let share = |point: &&[f64]| if spread > 0.0 { (point[axis] - centre) / spread } else { 0.0 };
        terms.push(points.iter().map(share).collect());
    }
    if bends == Bends::Round {
        let mut sum = vec![0.0; points.len()];
        for axis in &terms[1..] {
            sum.iter_mut().zip(axis).for_each(|(sum, z)| *sum += z * z);
        }
        terms.push(sum);
        return terms;
    }
    for axis in 1..=axes {
        terms.push(product(&terms[axis], &terms[axis]));
    }
    if bends == Bends::Full {
        for (axis, other) in pairs(axes) {
            terms.push(product(&terms[axis + 1], &terms[other + 1]));
        }
    }
    terms
}

fn product(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(left, right)| left * right).collect()
}

/// `H` of the coefficients of squares and products.
fn hessian(coefficients: &[f64], axes: usize, bends: Bends) -> Vec<f64> {
    let mut hessian = vec![0.0; axes * axes];
    let (squares, products) = coefficients.split_at(coefficients.len().min(axes));
    for axis in 0..axes {
        hessian[axis * axes + axis] = 2.0 * squares[if bends == Bends::Round { 0 } else { axis }];
    }
    for ((axis, other), product) in pairs(axes).zip(products) {
        hessian[axis * axes + other] = *product;
        hessian[other * axes + axis] = *product;
    }
    hessian
}

fn pairs(axes: usize) -> impl Iterator<Item = (usize, usize)> {
    (1..axes).flat_map(|axis| (0..axis).map(move |other| (axis, other)))
}

/// Of values whose weights sum to 1.
fn mean_and_deviation(values: impl Iterator<Item = f64> + Clone, weights: &[f64]) -> (f64, f64) {
    // Counted from the first one, so that equal values have no deviation.
    let first = values.clone().next().unwrap_or(0.0);
    let mean = first + values.clone().zip(weights).map(|(value, weight)| weight * (value - first)).sum::<f64>();
    (mean, values.zip(weights).map(|(value, weight)| weight * (value - mean).powi(2)).sum::<f64>().sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::RandomStream;

    fn fitted(axes: usize, count: usize, bends: Bends, loss: impl Fn(&[f64]) -> f64) -> Option<Parabola> {
        let mut stream = RandomStream::new(1, 2, 3);
        let points: Vec<Vec<f64>> = (0..count).map(|_| (0..axes).map(|_| stream.uniform()).collect()).collect();
        let losses: Vec<f64> = points.iter().map(|point| loss(point)).collect();
        Parabola::fit(&points.iter().map(Vec::as_slice).collect::<Vec<_>>(), &losses, bends)
    }

    #[test]
    fn a_parabola_is_found_again() {
        let loss = |x: &[f64]| 7.0 + 3.0 * (x[0] - 0.25).powi(2) + 100.0 * (x[1] - 0.6).powi(2) + (x[2] - 0.4).powi(2);
        let parabola = fitted(3, 9, Bends::Axes, loss).expect("nine points are enough for seven coefficients");
        assert!(parabola.explained > 1.0 - 1e-9, "{}", parabola.explained);
        let lowest = parabola.lowest(3.0);
        assert!(lowest.iter().zip([0.25, 0.6, 0.4]).all(|(x, best)| (x - best).abs() < 1e-8), "{lowest:?}");
        assert_eq!(fitted(3, 8, Bends::Axes, loss), None, "too few points to judge it by");
    }

    #[test]
    fn a_parabola_across_the_axes_is_found_again() {
        let loss = |x: &[f64]| (x[0] + x[1] - 0.9).powi(2) + 50.0 * (x[0] - x[1] + 0.1).powi(2) + (x[2] - 0.5).powi(2);
        let parabola = fitted(3, 12, Bends::Full, loss).expect("twelve points are enough for ten coefficients");
        let near = |found: Vec<f64>, best: [f64; 3]| found.iter().zip(best).all(|(x, best)| (x - best).abs() < 1e-6);
        assert!(near(parabola.lowest(3.0), [0.4, 0.5, 0.5]), "{parabola:?}");
        let along = fitted(3, 60, Bends::Axes, loss).expect("the points are many");
        assert!(along.explained < parabola.explained - 0.1, "axes alone do not explain it: {}", along.explained);
        let corner = fitted(2, 40, Bends::Full, |x| x[0] * x[1] + x[0]).expect("the points are many");
        let [x, y] = corner.lowest(2.0)[..] else { panic!("two axes") };
        let at = |axis: usize, steps: f64| corner.centre[axis] + steps * corner.spread[axis];
        assert!((x - at(0, -2.0)).abs() < 1e-6 && (y - at(1, 2.0)).abs() < 1e-6, "a saddle's lowest corner: {x} {y}");
    }

    #[test]
    fn a_round_parabola_has_one_bend_in_deviations() {
        let loss = |x: &[f64]| (x[0] - 0.3).powi(2) + (x[1] - 0.6).powi(2) + (x[2] - 0.5).powi(2);
        let round = fitted(3, 60, Bends::Round, loss).expect("sixty points are enough for five coefficients");
        let lowest = round.lowest(3.0);
        assert!(lowest.iter().zip([0.3, 0.6, 0.5]).all(|(x, best)| (x - best).abs() < 0.1), "{lowest:?}");
        assert!(round.hessian[0] > 0.0 && round.hessian[0] == round.hessian[4] && round.hessian[1] == 0.0);
        assert_eq!(fitted(3, 6, Bends::Round, loss), None, "too few points to judge it by");
    }

    #[test]
    fn points_count_by_their_weights() {
        let points = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0].map(|x| [x]);
        let losses = points.map(|[x]: [f64; 1]| if x < 4.5 { (x - 2.5).powi(2) } else { -9.0 });
        let points = points.each_ref().map(|point| &point[..]);
        let fit = |weight| Design::new(&points, &[1.0, 1.0, 1.0, 1.0, 1.0, weight, weight], Bends::Axes)?.fit(&losses);
        let [even, uneven] = [1.0, 1e-9].map(|weight| fit(weight).expect("enough points").lowest(3.0)[0]);
        assert!((uneven - 2.5).abs() < 1e-3 && (even - 2.5).abs() > 1.0, "{even} {uneven}");
    }

    #[test]
    fn without_a_lowest_point_it_goes_as_far_as_it_may() {
        let parabola = fitted(2, 40, Bends::Axes, |x| x[0] - x[1] * x[1] - x[1]).expect("the points are many");
        let [x, y] = parabola.lowest(2.0)[..] else { panic!("two axes") };
        let at = |axis: usize, steps: f64| parabola.centre[axis] + steps * parabola.spread[axis];
        assert!((x - at(0, -2.0)).abs() < 1e-9 && (y - at(1, 2.0)).abs() < 1e-9, "{x} {y}");
    }

    #[test]
    fn noise_is_not_explained() {
        let noise = |x: &[f64]| (x[0] * 1e6).sin() + (x[1] * 1e6).sin();
        let parabola = fitted(2, 100, Bends::Full, noise).expect("the points are many");
        assert!(parabola.explained.abs() < 0.2, "{}", parabola.explained);
    }

    #[test]
    fn an_axis_without_a_spread_has_no_say() {
        let points = [[0.1_f64, 0.5], [0.2, 0.5], [0.4, 0.5], [0.5, 0.5], [0.7, 0.5], [0.8, 0.5], [0.9, 0.5]];
        let losses = points.map(|[x, _]| (x - 0.3).powi(2));
        let parabola =
            Parabola::fit(&points.each_ref().map(|point| &point[..]), &losses, Bends::Axes).expect("enough points");
        let [x, y] = parabola.lowest(3.0)[..] else { panic!("two axes") };
        assert!((x - 0.3).abs() < 1e-8 && y == 0.5, "{x} {y}");
        let equal = Parabola::fit(&points.each_ref().map(|point| &point[..]), &[1.0; 7], Bends::Axes);
        assert_eq!(equal, None, "equal losses have no parabola");
    }
}
