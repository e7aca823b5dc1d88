//! Bars as the fast engine reads them: row by row, and how far each window of eight goes.
//!
//! A position is searched window by window, so that an eighth of its bars is read, and always in the same few
//! instructions: the last window overlaps the one before it instead of ending in single bars.

use std::ops::Range;

/// Open, high, low and close of a bar.
pub(crate) type Row = [f64; 4];

pub(crate) const OPEN: usize = 0;
const HIGH: usize = 1;
const LOW: usize = 2;
pub(crate) const CLOSE: usize = 3;

/// Bars in a window.
pub(crate) const WINDOW: usize = 8;

/// How far some bars go: highest high, lowest low, highest and lowest close. The low ends are kept negated, so that to
/// join two is four times the same operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reach([f64; 4]);

impl Reach {
    /// That of no bar.
    pub(crate) const NONE: Self = Self([f64::NEG_INFINITY; 4]);

    /// That of one bar.
    #[inline(always)]
    pub(crate) fn of(row: &Row) -> Self {
        Self([row[HIGH], -row[LOW], row[CLOSE], -row[CLOSE]])
    }

    /// That of both.
    #[inline(always)]
    pub(crate) fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|end| larger(self.0[end], other.0[end])))
    }

    /// −∞ where there is no bar.
    #[inline(always)]
    pub(crate) fn highest(&self) -> f64 {
        self.0[0]
    }

    /// ∞ where there is no bar.
    #[inline(always)]
    pub(crate) fn lowest(&self) -> f64 {
        -self.0[1]
    }

    #[inline(always)]
    pub(crate) fn highest_close(&self) -> f64 {
        self.0[2]
    }

    #[inline(always)]
    pub(crate) fn lowest_close(&self) -> f64 {
        -self.0[3]
    }
}

/// Of finite numbers a comparison and a choice, unlike `f64::max`, is one instruction.
#[inline(always)]
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// As [`larger`].
#[inline(always)]
pub(crate) fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The prices of some bars row by row, made once for all backtests on them; see [`bar_rows`].
#[derive(Debug, Clone, Default)]
pub struct BarRows {
    rows: Vec<Row>,
    /// Those of bars `t..t + 8`, as far as there are any.
    windows: Vec<Reach>,
}

/// Open, high, low and close of each bar, for [`BarView::with_rows`](super::BarView::with_rows).
///
/// # Panics
/// If the columns differ in length.
#[must_use]
pub fn bar_rows(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> BarRows {
    assert!([high, low, close].iter().all(|column| column.len() == open.len()), "columns have one length");
    let rows: Vec<Row> = (0..open.len()).map(|t| [open[t], high[t], low[t], close[t]]).collect();
    BarRows { windows: (0..rows.len()).map(|t| reach_of(&rows[t..rows.len().min(t + WINDOW)])).collect(), rows }
}

fn reach_of(rows: &[Row]) -> Reach {
    rows.iter().fold(Reach::NONE, |reach, row| reach.and(&Reach::of(row)))
}

impl BarRows {
    /// The bars.
    #[must_use]
    #[inline]
    pub fn rows(&self) -> &[[f64; 4]] {
        &self.rows
    }

    /// How far the bars `t..t + 8` go.
    #[inline(always)]
    pub(crate) fn window(&self, t: usize) -> &Reach {
        &self.windows[t]
    }

    /// How far these bars go.
    pub(crate) fn reach(&self, bars: Range<usize>) -> Reach {
        reach_of(&self.rows[bars])
    }
}
