//! How long a position rests: the bars before the first one that touches a level.
//!
//! Bars are read in windows, of which only the extremes are compared with the levels. They are needed anyway: those of
//! the bars passed are what the position has met. From a window that touches a level on, bars are read one by one.

use std::ops::Range;

use crate::simulator::Side;
use crate::simulator::resting::Levels;
use crate::simulator::rows::{BarRows, Reach, WINDOW};

/// Bars that touch no level, and how far they went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rest {
    pub(super) bars: usize,
    pub(super) reach: Reach,
}

impl Rest {
    /// Bars that nobody compares with anything.
    pub(super) fn of(rows: &BarRows, bars: Range<usize>) -> Self {
        Self { bars: bars.len(), reach: rows.reach(bars) }
    }
}

/// What a search looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Bar,
    Window,
}

/// The bars before the first one that touches a level of a position of this side.
#[inline(always)]
pub(super) fn rest(levels: &Levels, side: Side, rows: &BarRows, bars: Range<usize>) -> Rest {
    if levels.trail.is_some() {
        return rest_and_trail(*levels, side, rows, bars);
    }
    let bounds = levels.bounds(side);
    passed(rows, bars, |reach, _| bounds.hold(reach.highest(), reach.lowest()))
}

/// A level that follows completed bars (X3). It only ever comes nearer, so a window whose extremes rest under the level
/// that all of it leads to has no touch; in others the level of each bar is that of the bars before.
fn rest_and_trail(mut levels: Levels, side: Side, rows: &BarRows, bars: Range<usize>) -> Rest {
    passed(rows, bars, |reach, span| {
        let mut followed = levels;
        followed.follow_extremes(side, reach.highest(), reach.lowest());
        let met = if span == Span::Bar { &levels } else { &followed };
        let rests = met.bounds(side).hold(reach.highest(), reach.lowest());
        if rests {
            levels = followed;
        }
        rests
    })
}

/// The bars up to the first one that does not rest, asked window by window; one that does not is asked for again bar by bar.
#[inline(always)]
fn passed(rows: &BarRows, bars: Range<usize>, mut rests: impl FnMut(&Reach, Span) -> bool) -> Rest {
    let (mut t, mut total) = (bars.start, Reach::NONE);
    if bars.len() >= WINDOW {
        while t < bars.end {
            // The last one overlaps the one before it.
            let window = rows.window(t.min(bars.end - WINDOW));
            if !rests(window, Span::Window) {
                break;
            }
            total = total.and(window);
            t = (t + WINDOW).min(bars.end);
        }
    }
    for row in &rows.rows()[t..bars.end] {
        let bar = Reach::of(row);
        if !rests(&bar, Span::Bar) {
            break;
        }
        total = total.and(&bar);
        t += 1;
    }
    Rest { bars: t - bars.start, reach: total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::{Distances, bar_rows};

    /// Bars of a range of one around these middles.
    fn bars(middles: &[f64]) -> BarRows {
        let moved = |by: f64| middles.iter().map(|middle| middle + by).collect::<Vec<f64>>();
        bar_rows(middles, &moved(0.5), &moved(-0.5), middles)
    }

    fn levels(distances: Distances) -> Levels {
        Levels::around(100.0, Side::Long, &distances, None)
    }

    #[test]
    fn a_level_touched_to_the_last_digit_ends_the_rest_anywhere_in_a_window() {
        let levels = levels(Distances { stop: Some(2.0), target: Some(3.0), trailing: None });
        for length in [1, 7, 8, 9, 16, 40] {
            for touched in 0..length {
                for middle in [98.5, 102.5] {
                    let mut middles = vec![100.0; length];
                    middles[touched] = middle;
                    let rows = bars(&middles);
                    for start in 0..=touched {
                        assert_eq!(rest(&levels, Side::Long, &rows, start..length).bars, touched - start);
                        assert_eq!(rest(&levels, Side::Long, &rows, start..touched).bars, touched - start);
                    }
                }
            }
        }
    }

    #[test]
    fn the_bar_that_touches_is_not_in_reach() {
        let levels = levels(Distances { stop: Some(2.0), target: None, trailing: None });
        let rows = bars(&[100.0, 110.0, 99.0, 90.0]);
        let found = rest(&levels, Side::Long, &rows, 0..4);
        let closes = (found.reach.highest_close(), found.reach.lowest_close());
        assert_eq!((found.bars, closes), (3, (110.0, 99.0)));
        assert_eq!((found.reach.highest(), found.reach.lowest()), (110.5, 98.5));
    }

    #[test]
    fn without_levels_nothing_ends_the_rest() {
        let (rows, levels) = (bars(&[100.0; 21]), levels(Distances::default()));
        assert_eq!(rest(&levels, Side::Short, &rows, 0..21).bars, 21);
        assert_eq!(rest(&levels, Side::Short, &rows, 5..5), Rest { bars: 0, reach: Reach::NONE });
    }

    #[test]
    fn a_trailing_stop_is_that_of_the_bar_before() {
        // Best 110.5 after bar 8, so 106.5 rests from bar 9 on, which meets it at its low.
        let levels = levels(Distances { stop: None, target: None, trailing: Some(4.0) });
        let mut middles = vec![100.0; 20];
        middles[8] = 110.0;
        middles[9] = 107.0;
        let found = rest(&levels, Side::Long, &bars(&middles), 0..20);
        assert_eq!((found.bars, found.reach.highest(), found.reach.lowest()), (9, 110.5, 99.5));
    }
}
