//! The history's columns, kept sorted from one proposal to the next.
//!
//! An estimator needs each parameter's observations in order. Sorting 10,000 of them anew for every
//! proposal costs more than the rest of it; merging the few that are new costs almost nothing.
//!
//! **Invariant:** a cache never changes a proposal. It is used only when the view's fingerprint shows
//! that it extends what the cache was made from; otherwise it is made anew.

use super::dimension::Dimension;
use crate::history::View;

/// One parameter of the space.
#[derive(Debug, Clone, Default)]
struct Column {
    /// Position of each row; NaN where the trial lacks the parameter.
    positions: Vec<f64>,
    /// Rows that have the parameter, by position, then by number; empty for categories.
    sorted: Vec<u32>,
}

/// All parameters of a space over the rows seen so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    rows: usize,
    fingerprint: u64,
    columns: Vec<Column>,
}

impl Columns {
    /// Bring the columns up to a view.
    pub(super) fn update(&mut self, view: &View<'_>, dimensions: &[Dimension]) {
        let extends = self.columns.len() == dimensions.len()
            && self.rows <= view.len()
            && view.fingerprint(self.rows) == self.fingerprint;
        if !extends {
            self.rows = 0;
            self.columns = vec![Column::default(); dimensions.len()];
        }
        for (index, (column, dimension)) in self.columns.iter_mut().zip(dimensions).enumerate() {
            column.extend(dimension, &view.column(index)[self.rows..]);
        }
        self.rows = view.len();
        self.fingerprint = view.fingerprint(self.rows);
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Positions of a parameter by row.
    pub(super) fn positions(&self, parameter: usize) -> &[f64] {
        &self.columns[parameter].positions
    }

    /// Rows that have a numerical parameter, by position, then by number.
    pub(super) fn sorted(&self, parameter: usize) -> &[u32] {
        &self.columns[parameter].sorted
    }
}

impl Column {
    fn extend(&mut self, dimension: &Dimension, internals: &[f64]) {
        let start = self.positions.len();
        self.positions.extend(internals.iter().map(|&internal| dimension.position(internal)));
        if matches!(dimension, Dimension::Categorical { .. }) {
            return;
        }
        let rows = start..self.positions.len();
        self.sorted.extend(rows.filter(|&row| !self.positions[row].is_nan()).map(|row| row as u32));
        // A stable sort of a sorted run and a few new rows is a merge: linear, and ties keep numbers.
        let positions = &self.positions;
        self.sorted.sort_by(|&a, &b| positions[a as usize].total_cmp(&positions[b as usize]));
    }
}
