//! How long a position rests: the bars before the first one that touches a level.
//!
//! Bars are read in groups of [`GROUP`], of which only the extremes are compared with the levels. They are needed anyway:
//! those of the bars passed are what the position has met.

use std::ops::Range;

use crate::simulator::Side;
use crate::simulator::resting::{Bounds, Levels};

/// Bars whose extremes are compared at once.
const GROUP: usize = 4;

/// Open, high, low and close of a bar.
pub(super) type Row = [f64; 4];

const HIGH: usize = 1;
const LOW: usize = 2;

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
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut rest = Self::NONE;
        rows.iter().for_each(|row| rest.add(1, row[HIGH], row[LOW]));
        rest
    }
}

/// The bars before the first one that touches a level of a position of this side.
///
/// `pass` is told of every bar passed, once and in order, while it is close by: a long search followed by a long write
/// would wait for memory twice.
pub(super) fn rest(levels: &Levels, side: Side, rows: &[Row], mut pass: impl FnMut(Range<usize>)) -> Rest {
    if levels.trail.is_some() {
        let rest = rest_and_trail(*levels, side, rows);
        pass(0..rest.bars);
        rest
    } else {
        rest_between(levels.bounds(side), rows, pass)
    }
}

/// Levels that stand still.
#[inline]
fn rest_between(bounds: Bounds, rows: &[Row], mut pass: impl FnMut(Range<usize>)) -> Rest {
    let mut rest = Rest::NONE;
    for group in rows.as_chunks::<GROUP>().0 {
        // No bar of the group touches a level if its extremes touch none.
        let (highest, lowest) = extremes(group);
        if !bounds.hold(highest, lowest) {
            break;
        }
        pass(rest.bars..rest.bars + GROUP);
        rest.add(GROUP, highest, lowest);
    }
    let groups = rest.bars;
    for row in &rows[groups..] {
        if !bounds.hold(row[HIGH], row[LOW]) {
            break;
        }
        rest.add(1, row[HIGH], row[LOW]);
    }
    pass(groups..rest.bars);
    rest
}

/// A level that follows completed bars (X3). It only ever comes nearer, so a group whose extremes rest under the level
/// that the whole group leads to has no touch; other groups are looked at bar by bar.
fn rest_and_trail(mut levels: Levels, side: Side, rows: &[Row]) -> Rest {
    let mut rest = Rest::NONE;
    for group in rows.chunks(GROUP) {
        if let Ok(whole) = group.try_into() {
            let (highest, lowest) = extremes(whole);
            let mut followed = levels;
            followed.follow_extremes(side, highest, lowest);
            if followed.bounds(side).hold(highest, lowest) {
                levels = followed;
                rest.add(GROUP, highest, lowest);
                continue;
            }
        }
        for row in group {
            if !levels.bounds(side).hold(row[HIGH], row[LOW]) {
                return rest;
            }
            levels.follow_extremes(side, row[HIGH], row[LOW]);
            rest.add(1, row[HIGH], row[LOW]);
        }
    }
    rest
}

/// Highest high and lowest low of a group.
#[inline]
fn extremes([a, b, c, d]: &[Row; GROUP]) -> (f64, f64) {
    let highest = larger(larger(a[HIGH], b[HIGH]), larger(c[HIGH], d[HIGH]));
    let lowest = smaller(smaller(a[LOW], b[LOW]), smaller(c[LOW], d[LOW]));
    (highest, lowest)
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
    fn bars(middles: &[f64]) -> Vec<Row> {
        middles.iter().map(|middle| [*middle, middle + 0.5, middle - 0.5, *middle]).collect()
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
                    let rows = bars(&middles);
                    assert_eq!(rest(&levels, Side::Long, &rows, |_| {}).bars, touched);
                }
            }
        }
    }

    #[test]
    fn the_bar_that_touches_is_not_among_the_extremes() {
        let levels = levels(Distances { stop: Some(2.0), target: None, trailing: None });
        let rows = bars(&[100.0, 110.0, 99.0, 90.0]);
        assert_eq!(rest(&levels, Side::Long, &rows, |_| {}), Rest { bars: 3, highest: 110.5, lowest: 98.5 });
    }

    #[test]
    fn without_levels_nothing_ends_the_rest() {
        let rows = bars(&[100.0; 21]);
        assert_eq!(rest(&levels(Distances::default()), Side::Short, &rows, |_| {}).bars, 21);
        assert_eq!(rest(&levels(Distances::default()), Side::Short, &[], |_| {}), Rest::NONE);
    }

    #[test]
    fn a_trailing_stop_is_that_of_the_bar_before() {
        // Best 110.5 after bar 8, so 106.5 rests from bar 9 on, which meets it at its low.
        let levels = levels(Distances { stop: None, target: None, trailing: Some(4.0) });
        let mut middles = vec![100.0; 20];
        middles[8] = 110.0;
        middles[9] = 107.0;
        let rows = bars(&middles);
        assert_eq!(rest(&levels, Side::Long, &rows, |_| {}), Rest { bars: 9, highest: 110.5, lowest: 99.5 });
    }
}
