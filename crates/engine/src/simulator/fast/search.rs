//! How long a position rests: the bars before the first one that touches a level.
//!
//! Bars are read in rows of [`LANES`], of which only the extremes are compared with the levels. They are needed anyway:
//! those of the bars passed are what the position has met.

use std::ops::Range;

use crate::simulator::Side;
use crate::simulator::resting::{Bounds, Levels};

const LANES: usize = 8;

/// Bars that touch no level, and how far they went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rest {
    pub(super) bars: usize,
    /// Highest high; −∞ where there is no bar.
    pub(super) highest: f64,
    /// Lowest low; +∞ where there is no bar.
    pub(super) lowest: f64,
}

impl Rest {
    const NONE: Self = Self { bars: 0, highest: f64::NEG_INFINITY, lowest: f64::INFINITY };

    fn add(&mut self, bars: usize, highest: f64, lowest: f64) {
        self.bars += bars;
        self.highest = larger(self.highest, highest);
        self.lowest = smaller(self.lowest, lowest);
    }

    /// Bars that nobody compares with anything.
    pub(super) fn of(highs: &[f64], lows: &[f64]) -> Self {
        let mut rest = Self::NONE;
        highs.iter().zip(lows).for_each(|(&high, &low)| rest.add(1, high, low));
        rest
    }
}

/// The bars before the first one that touches a level of a position of this side. Highs and lows are of one length.
///
/// `pass` is told of every bar passed, once and in order, while its neighbours in other columns are on their way
/// from memory: a long search followed by a long write would wait for memory twice.
pub(super) fn rest(
    levels: &Levels,
    side: Side,
    (highs, lows): (&[f64], &[f64]),
    mut pass: impl FnMut(Range<usize>),
) -> Rest {
    if levels.trail.is_some() {
        let rest = rest_and_trail(*levels, side, highs, lows);
        pass(0..rest.bars);
        rest
    } else {
        rest_between(levels.bounds(side), highs, lows, pass)
    }
}

/// Levels that stand still.
#[inline]
fn rest_between(bounds: Bounds, highs: &[f64], lows: &[f64], mut pass: impl FnMut(Range<usize>)) -> Rest {
    let (high_rows, low_rows) = (highs.as_chunks::<LANES>().0, lows.as_chunks::<LANES>().0);
    let mut rest = Rest::NONE;
    for (high, low) in high_rows.iter().zip(low_rows) {
        // No bar of the row touches a level if its extremes touch none.
        let (highest, lowest) = (fold(high, larger), fold(low, smaller));
        if !bounds.hold(highest, lowest) {
            break;
        }
        pass(rest.bars..rest.bars + LANES);
        rest.add(LANES, highest, lowest);
    }
    let rows = rest.bars;
    for (&high, &low) in highs[rows..].iter().zip(&lows[rows..]) {
        if !bounds.hold(high, low) {
            break;
        }
        rest.add(1, high, low);
    }
    pass(rows..rest.bars);
    rest
}

/// A level that follows completed bars (X3). It only ever comes nearer, so a row whose extremes rest under the level
/// that the whole row leads to has no touch; other rows are looked at bar by bar.
fn rest_and_trail(mut levels: Levels, side: Side, highs: &[f64], lows: &[f64]) -> Rest {
    let mut rest = Rest::NONE;
    for (high_row, low_row) in highs.chunks(LANES).zip(lows.chunks(LANES)) {
        let row = Rest::of(high_row, low_row);
        let mut followed = levels;
        followed.follow_extremes(side, row.highest, row.lowest);
        if followed.bounds(side).hold(row.highest, row.lowest) {
            levels = followed;
            rest.add(row.bars, row.highest, row.lowest);
            continue;
        }
        for (&high, &low) in high_row.iter().zip(low_row) {
            if !levels.bounds(side).hold(high, low) {
                return rest;
            }
            levels.follow_extremes(side, high, low);
            rest.add(1, high, low);
        }
    }
    rest
}

/// The extreme of a row, in halves of halves, which are vector instructions.
#[inline]
fn fold(row: &[f64; LANES], pick: impl Fn(f64, f64) -> f64) -> f64 {
    let [a, b, c, d, e, f, g, h] = *row;
    let [a, b, c, d] = [pick(a, e), pick(b, f), pick(c, g), pick(d, h)];
    let [a, b] = [pick(a, c), pick(b, d)];
    pick(a, b)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Distances;

    /// Bars of a range of one around these middles.
    fn bars(middles: &[f64]) -> (Vec<f64>, Vec<f64>) {
        (middles.iter().map(|middle| middle + 0.5).collect(), middles.iter().map(|middle| middle - 0.5).collect())
    }

    fn levels(distances: Distances) -> Levels {
        Levels::around(100.0, Side::Long, &distances, None)
    }

    #[test]
    fn a_level_touched_to_the_last_digit_ends_the_rest_in_any_lane() {
        let levels = levels(Distances { stop: Some(2.0), target: Some(3.0), trailing: None });
        for length in [1, 7, 8, 9, 16, 40] {
            for touched in 0..length {
                for middle in [98.5, 102.5] {
                    let mut middles = vec![100.0; length];
                    middles[touched] = middle;
                    let (highs, lows) = bars(&middles);
                    assert_eq!(rest(&levels, Side::Long, (&highs, &lows), |_| {}).bars, touched);
                }
            }
        }
    }

    #[test]
    fn the_bar_that_touches_is_not_among_the_extremes() {
        let levels = levels(Distances { stop: Some(2.0), target: None, trailing: None });
        let (highs, lows) = bars(&[100.0, 110.0, 99.0, 90.0]);
        assert_eq!(rest(&levels, Side::Long, (&highs, &lows), |_| {}), Rest { bars: 3, highest: 110.5, lowest: 98.5 });
    }

    #[test]
    fn without_levels_nothing_ends_the_rest() {
        let (highs, lows) = bars(&[100.0; 21]);
        assert_eq!(rest(&levels(Distances::default()), Side::Short, (&highs, &lows), |_| {}).bars, 21);
        assert_eq!(rest(&levels(Distances::default()), Side::Short, (&[], &[]), |_| {}), Rest::NONE);
    }

    #[test]
    fn a_trailing_stop_is_that_of_the_bar_before() {
        // Best 110.5 after bar 8, so 106.5 rests from bar 9 on, which meets it at its low.
        let levels = levels(Distances { stop: None, target: None, trailing: Some(4.0) });
        let mut middles = vec![100.0; 20];
        middles[8] = 110.0;
        middles[9] = 107.0;
        let (highs, lows) = bars(&middles);
        assert_eq!(rest(&levels, Side::Long, (&highs, &lows), |_| {}), Rest { bars: 9, highest: 110.5, lowest: 99.5 });
    }
}
