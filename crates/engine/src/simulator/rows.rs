//! Bars as the fast engine reads them: row by row, and the extremes of blocks of them.
//!
//! A position is searched block by block; only the bars at its ends are looked at by themselves. So most of what a search
//! reads is the blocks, an eighth of the bars, which stay in a near cache from one trial to the next.

/// Open, high, low and close of a bar.
pub(crate) type Row = [f64; 4];

pub(crate) const OPEN: usize = 0;
pub(crate) const HIGH: usize = 1;
pub(crate) const LOW: usize = 2;
pub(crate) const CLOSE: usize = 3;

/// Bars in a block.
pub(crate) const BLOCK: usize = 8;

/// How far some bars go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reach {
    /// Highest high; −∞ where there is no bar.
    pub(crate) highest: f64,
    /// Lowest low; +∞ where there is no bar.
    pub(crate) lowest: f64,
    pub(crate) highest_close: f64,
    pub(crate) lowest_close: f64,
}

impl Reach {
    pub(crate) const NONE: Self = Self {
        highest: f64::NEG_INFINITY,
        lowest: f64::INFINITY,
        highest_close: f64::NEG_INFINITY,
        lowest_close: f64::INFINITY,
    };

    /// That of one bar.
    #[inline]
    pub(crate) fn of(&[_, high, low, close]: &Row) -> Self {
        Self { highest: high, lowest: low, highest_close: close, lowest_close: close }
    }

    /// That of both.
    #[inline]
    pub(crate) fn and(self, other: &Self) -> Self {
        Self {
            highest: larger(self.highest, other.highest),
            lowest: smaller(self.lowest, other.lowest),
            highest_close: larger(self.highest_close, other.highest_close),
            lowest_close: smaller(self.lowest_close, other.lowest_close),
        }
    }
}

/// Of finite numbers a comparison and a choice, unlike `f64::max`, is one instruction.
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[inline]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The prices of some bars row by row, made once for all backtests on them; see [`bar_rows`].
#[derive(Debug, Clone, Default)]
pub struct BarRows {
    rows: Vec<Row>,
    /// Those of bars `8 k..8 k + 8`, whole ones only.
    blocks: Vec<Reach>,
}

/// Open, high, low and close of each bar, for [`BarView::with_rows`](super::BarView::with_rows).
///
/// # Panics
/// If the columns differ in length.
#[must_use]
pub fn bar_rows(open: &[f64], high: &[f64], low: &[f64], close: &[f64]) -> BarRows {
    assert!([high, low, close].iter().all(|column| column.len() == open.len()), "columns have one length");
    let rows: Vec<Row> = (0..open.len()).map(|t| [open[t], high[t], low[t], close[t]]).collect();
    let reach = |block: &[Row; BLOCK]| block.iter().fold(Reach::NONE, |reach, row| reach.and(&Reach::of(row)));
    BarRows { blocks: rows.as_chunks::<BLOCK>().0.iter().map(reach).collect(), rows }
}

impl BarRows {
    /// The bars.
    #[must_use]
    pub fn rows(&self) -> &[[f64; 4]] {
        &self.rows
    }

    pub(crate) fn blocks(&self) -> &[Reach] {
        &self.blocks
    }
}
