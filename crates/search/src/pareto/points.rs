//! Rows of numbers, one a point, one column an objective.

use std::cmp::Ordering;

use crate::history::View;
use crate::trial::StudyDirection;

/// Points in the space of objectives. No value is NaN or `-0.0`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Points {
    objectives: usize,
    len: usize,
    values: Vec<f64>,
}

impl Points {
    /// No points, with so many objectives.
    #[must_use]
    pub fn new(objectives: usize) -> Self {
        Self { objectives, len: 0, values: Vec::new() }
    }

    /// These points, as they are: smaller is better.
    ///
    /// ```
    /// use bartune_search::pareto::Points;
    /// let points = Points::of(2, [[1.0, f64::NAN], [2.0, -0.0]]);
    /// assert_eq!(points.row(0), [1.0, f64::INFINITY]);
    /// ```
    ///
    /// # Panics
    ///
    /// When a row has not `objectives` numbers.
    #[must_use]
    pub fn of<R: AsRef<[f64]>>(objectives: usize, rows: impl IntoIterator<Item = R>) -> Self {
        let mut points = Self::new(objectives);
        for row in rows {
            points.push(row.as_ref().iter().copied());
        }
        points
    }

    /// The values of these rows of a view, those of maximised objectives with their sign turned.
    ///
    /// # Panics
    ///
    /// When the history has not one value a direction.
    #[must_use]
    pub fn losses(view: &View<'_>, rows: impl IntoIterator<Item = usize>, directions: &[StudyDirection]) -> Self {
        let mut points = Self::new(directions.len());
        for row in rows {
            points.push(view.values(row).iter().zip(directions).map(|(&value, direction)| match direction {
                StudyDirection::Minimize => value,
                StudyDirection::Maximize => -value,
            }));
        }
        points
    }

    /// Add a point.
    ///
    /// # Panics
    ///
    /// When it has not one number an objective.
    pub fn push(&mut self, row: impl IntoIterator<Item = f64>) {
        // Adding 0 makes -0.0 equal to 0.0 under `total_cmp`.
        let row = row.into_iter().map(|value| if value.is_nan() { f64::INFINITY } else { value + 0.0 });
        self.values.extend(row);
        self.len += 1;
        assert_eq!(self.values.len(), self.len * self.objectives, "a point has one number an objective");
    }

    /// Number of points.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no points.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of objectives.
    #[must_use]
    pub fn objectives(&self) -> usize {
        self.objectives
    }

    /// One point.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f64] {
        &self.values[index * self.objectives..][..self.objectives]
    }

    /// All points in order.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        (0..self.len).map(|index| self.row(index))
    }

    /// The points at these positions.
    #[must_use]
    pub fn select(&self, positions: &[usize]) -> Self {
        Self::of(self.objectives, positions.iter().map(|&position| self.row(position)))
    }

    /// The largest value of each objective; `-∞` where there are no points.
    #[must_use]
    pub fn worst(&self) -> Vec<f64> {
        let mut worst = vec![f64::NEG_INFINITY; self.objectives];
        for row in self.rows() {
            worst.iter_mut().zip(row).for_each(|(worst, &value)| *worst = worst.max(value));
        }
        worst
    }

    /// Positions of distinct points in lexicographic order, each with all positions that hold it.
    pub(super) fn distinct(&self) -> Vec<Vec<usize>> {
        let mut order: Vec<usize> = (0..self.len).collect();
        order.sort_by(|&a, &b| compare(self.row(a), self.row(b)));
        let mut groups: Vec<Vec<usize>> = Vec::with_capacity(self.len);
        for position in order {
            match groups.last_mut() {
                Some(group) if self.row(group[0]) == self.row(position) => group.push(position),
                _ => groups.push(vec![position]),
            }
        }
        groups
    }
}

/// Lexicographic order.
pub(super) fn compare(left: &[f64], right: &[f64]) -> Ordering {
    let pairs = left.iter().zip(right);
    pairs.map(|(left, right)| left.total_cmp(right)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
