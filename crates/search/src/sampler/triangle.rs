//! Cholesky factors and their inverses, rows one after the other.
//!
//! Plain loops over contiguous rows: some hundreds of rows need no more, and the order of every sum is fixed.

/// A lower triangle: row `i` has `i + 1` numbers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Triangle {
    rows: Vec<Vec<f64>>,
}

impl Triangle {
    /// A triangle of so many rows.
    pub(super) fn from_fn(size: usize, mut value: impl FnMut(usize, usize) -> f64) -> Self {
        Self { rows: (0..size).map(|row| (0..=row).map(|column| value(row, column)).collect()).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn row(&self, row: usize) -> &[f64] {
        &self.rows[row]
    }

    /// `L` with `L Lᵀ = A`, where this is the lower part of `A`; `None` if `A` is not positive definite.
    pub(super) fn cholesky(mut self) -> Option<Self> {
        for index in 0..self.len() {
            let (done, rest) = self.rows.split_at_mut(index);
            factor_row(done, &mut rest[0])?;
        }
        Some(self)
    }

    /// Add the factor's row for one more row of `A`; `None`, and no change, if `A` is not positive definite.
    pub(super) fn extend(&mut self, mut row: Vec<f64>) -> Option<()> {
        factor_row(&self.rows, &mut row)?;
        self.rows.push(row);
        Some(())
    }

    /// The inverse of this lower triangle.
    pub(super) fn inverse(&self) -> Self {
        let mut inverse = Self::default();
        for row in 0..self.len() {
            inverse.extend_inverse(&self.rows[row]);
        }
        inverse
    }

    /// Add the inverse's row for one more row of the triangle that this is the inverse of.
    pub(super) fn extend_inverse(&mut self, row: &[f64]) {
        let Some((diagonal, left)) = row.split_last() else {
            return;
        };
        // Row i of the inverse: -(1 / lᵢᵢ) Σⱼ lᵢⱼ (row j of the inverse).
        let mut next = vec![0.0; row.len()];
        for (factor, known) in left.iter().zip(&self.rows) {
            next.iter_mut().zip(known).for_each(|(next, known)| *next -= factor * known);
        }
        next.iter_mut().for_each(|value| *value /= diagonal);
        next[left.len()] = 1.0 / diagonal;
        self.rows.push(next);
    }

    /// `x` with `A x = right`, where this is the factor of `A`.
    pub(super) fn solve(&self, mut right: Vec<f64>) -> Vec<f64> {
        for (index, row) in self.rows.iter().enumerate() {
            right[index] = (right[index] - dot(&row[..index], &right[..index])) / row[index];
        }
        for (index, row) in self.rows.iter().enumerate().rev() {
            right[index] /= row[index];
            let (above, known) = right.split_at_mut(index);
            above.iter_mut().zip(row).for_each(|(above, factor)| *above -= factor * known[0]);
        }
        right
    }

    /// This triangle times a vector.
    pub(super) fn times(&self, vector: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| dot(row, &vector[..row.len()])).collect()
    }

    /// This triangle's transpose times a vector.
    pub(super) fn transposed_times(&self, vector: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; self.len()];
        for (row, factor) in self.rows.iter().zip(vector) {
            result.iter_mut().zip(row).for_each(|(result, value)| *result += factor * value);
        }
        result
    }

    /// The lower part of `Mᵀ M`, where this is `M`.
    pub(super) fn gram(&self) -> Self {
        let mut gram = Self::from_fn(self.len(), |_, _| 0.0);
        for row in &self.rows {
            for (target, factor) in gram.rows.iter_mut().zip(row) {
                target.iter_mut().zip(row).for_each(|(target, value)| *target += factor * value);
            }
        }
        gram
    }

    /// The sum of the logarithms of the diagonal.
    pub(super) fn ln_diagonal(&self) -> f64 {
        self.rows.iter().filter_map(|row| row.last()).map(|value| libm::log(*value)).sum()
    }
}

/// Turn a row of `A` into the factor's row, given all rows before it.
fn factor_row(done: &[Vec<f64>], row: &mut [f64]) -> Option<()> {
    for (column, above) in done.iter().enumerate() {
        let sum = dot(&row[..column], &above[..column]);
        row[column] = (row[column] - sum) / above[column];
    }
    let last = done.len();
    let square = row[last] - dot(&row[..last], &row[..last]);
    row[last] = square.sqrt();
    (square > 0.0 && square.is_finite()).then_some(())
}

/// The inner product, in eight sums that the compiler can keep in wide registers.
pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0; LANES];
    let (left_chunks, right_chunks) = (left.chunks_exact(LANES), right.chunks_exact(LANES));
    let rest: f64 = left_chunks.remainder().iter().zip(right_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (left, right) in left_chunks.zip(right_chunks) {
        for lane in 0..LANES {
            sums[lane] += left[lane] * right[lane];
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Triangle {
        let values = [[4.0, 0.0, 0.0], [2.0, 5.0, 0.0], [6.0, 1.0, 26.0]];
        Triangle::from_fn(3, |row, column| values[row][column])
    }

    #[test]
    fn the_factor_is_the_one_by_hand() {
        let factor = example().cholesky().expect("the matrix is positive definite");
        assert_eq!(factor.rows, [vec![2.0], vec![1.0, 2.0], vec![3.0, -1.0, 4.0]]);
        assert_eq!(Triangle::from_fn(2, |_, _| 1.0).cholesky(), None, "a singular matrix has none");
    }

    #[test]
    fn inverse_and_products_undo_the_factor() {
        let factor = example().cholesky().expect("the matrix is positive definite");
        let inverse = factor.inverse();
        let vector = [1.0, -2.0, 3.0];
        let back = factor.times(&inverse.times(&vector));
        assert!(back.iter().zip(vector).all(|(back, value)| (back - value).abs() < 1e-15));
        // A⁻¹ A = 1, first column.
        let column = inverse.transposed_times(&inverse.times(&[4.0, 2.0, 6.0]));
        assert!(column.iter().zip([1.0, 0.0, 0.0]).all(|(ours, unit)| (ours - unit).abs() < 1e-14), "{column:?}");
        let solved = factor.solve(vec![4.0, 2.0, 6.0]);
        assert!(solved.iter().zip([1.0, 0.0, 0.0]).all(|(ours, unit)| (ours - unit).abs() < 1e-14), "{solved:?}");
        let gram = inverse.gram();
        let sum = gram.row(0)[0] * 4.0 + gram.row(1)[0] * 2.0 + gram.row(2)[0] * 6.0;
        assert!((sum - 1.0).abs() < 1e-14, "{sum}");
    }

    #[test]
    fn a_row_can_be_added_later() {
        let whole = example().cholesky().expect("the matrix is positive definite");
        let mut part = Triangle::from_fn(2, |row, column| example().row(row)[column]).cholesky().expect("as well");
        let mut inverse = part.inverse();
        part.extend(vec![6.0, 1.0, 26.0]).expect("as well");
        inverse.extend_inverse(part.row(2));
        assert_eq!(part, whole);
        assert_eq!(inverse, whole.inverse());
    }

    #[test]
    fn long_products_count_every_number() {
        let ones = vec![1.0; 21];
        assert_eq!(dot(&ones, &ones), 21.0);
    }
}
