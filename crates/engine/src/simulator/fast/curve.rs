//! Who is told of the equity: all of it is written down, or only what is asked of it.

use std::ops::Range;

use crate::simulator::rows::{CLOSE, Reach, Row};

use super::stretch::Marker;

/// Is told the equity at each bar's close, once and in order.
pub(crate) trait Curve {
    /// The same equity at each of these bars, of which there is one at least.
    fn flat(&mut self, bars: Range<usize>, equity: f64);

    /// Quiet bars of a position, of which there is one at least.
    fn held(&mut self, bars: Range<usize>, held: &Held<'_>);
}

/// The equity of quiet bars, computed where it is asked for.
pub(crate) struct Held<'a> {
    pub(super) marker: &'a Marker,
    /// The bars' rows.
    pub(super) rows: &'a [Row],
    pub(super) reach: &'a Reach,
}

impl Held<'_> {
    /// At one of the bars, the first of which is 0.
    #[inline(always)]
    pub(crate) fn at(&self, bar: usize) -> f64 {
        self.marker.equity_at(self.marker.side, self.rows[bar][CLOSE])
    }

    /// Lowest and highest. Every operation of the equity is monotone in the price, rounding included, so that they are
    /// those of the extreme closes.
    #[inline(always)]
    pub(crate) fn extremes(&self) -> (f64, f64) {
        let [a, b] = [self.reach.lowest_close(), self.reach.highest_close()]
            .map(|close| self.marker.equity_at(self.marker.side, close));
        if a < b { (a, b) } else { (b, a) }
    }

    /// At each bar.
    pub(crate) fn points(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.rows.len()).map(|bar| self.at(bar))
    }
}

/// Every point, for the bars from `first` on.
pub(super) struct Points<'e> {
    pub(super) first: usize,
    pub(super) equity: &'e mut [f64],
}

impl Points<'_> {
    fn of(&mut self, bars: Range<usize>) -> &mut [f64] {
        &mut self.equity[bars.start - self.first..bars.end - self.first]
    }
}

impl Curve for Points<'_> {
    fn flat(&mut self, bars: Range<usize>, equity: f64) {
        self.of(bars).fill(equity);
    }

    fn held(&mut self, bars: Range<usize>, held: &Held<'_>) {
        held.marker.mark(self.of(bars), held.rows);
    }
}
