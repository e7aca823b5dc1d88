//! Channels and stops built on the average true range, in TA-Lib's convention (`atr(n)` starts at bar n).

use std::hint::select_unpredictable;

use super::smooth::{AverageTrueRange, Exponential, TrueRange};
use crate::function::adapter::Step;

/// Keltner channel `[upper, middle, lower]`: the exponential average of the typical price and a multiple
/// of the average true range around it.
///
/// Both averages give their first value on the same bar, so the shorter one is seeded later than it
/// could be, as in TA-Lib.
#[derive(Debug, Clone)]
pub(in crate::function) struct Keltner {
    middle: Delayed,
    average_range: Delayed,
    range: TrueRange,
    width: f64,
}

/// An average that lets values pass before it starts.
#[derive(Debug, Clone)]
struct Delayed {
    average: Exponential,
    delay: usize,
}

impl Delayed {
    #[inline]
    fn push(&mut self, x: f64) -> f64 {
        if self.delay > 0 {
            self.delay -= 1;
            return f64::NAN;
        }
        self.average.push_defined(x)
    }
}

impl Keltner {
    /// With the lengths of the average and of the average true range.
    pub(in crate::function) fn new(length: usize, atr: usize, width: f64) -> Self {
        let first = (length - 1).max(atr);
        let delayed = |average, length: usize| Delayed { average, delay: first + 1 - length };
        Self {
            middle: delayed(Exponential::standard(length), length),
            average_range: delayed(Exponential::wilder(atr), atr),
            range: TrueRange::new(),
            width,
        }
    }
}

impl Step<3, 3> for Keltner {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 3] {
        let [high, low, close] = input;
        let typical = (high + low + close) / 3.0;
        if !typical.is_finite() {
            return [f64::NAN; 3];
        }
        let range = self.range.push(input);
        let half = self.width * self.average_range.push(range);
        let middle = self.middle.push(typical);
        [middle + half, if half.is_nan() { half } else { middle }, middle - half]
    }
}

/// Supertrend `[value, direction]`: the band below the price in an uptrend (direction 1), the band above
/// it in a downtrend (-1). A band only tightens until the close passes it.
#[derive(Debug, Clone)]
pub(in crate::function) struct Supertrend {
    range: AverageTrueRange,
    width: f64,
    state: Option<SupertrendState>,
}

#[derive(Debug, Clone, Copy)]
struct SupertrendState {
    upper: f64,
    lower: f64,
    close: f64,
    is_up: bool,
}

impl Supertrend {
    /// Bands `width` average true ranges from the median price.
    pub(in crate::function) fn new(length: usize, width: f64) -> Self {
        Self { range: AverageTrueRange::new(length), width, state: None }
    }

    #[inline]
    fn advance(&self, [high, low, close]: [f64; 3], range: f64) -> SupertrendState {
        let median = f64::midpoint(high, low);
        let (upper, lower) = (median + self.width * range, median - self.width * range);
        let Some(last) = self.state else {
            return SupertrendState { upper, lower, close, is_up: true };
        };
        // Which way the market goes is no branch to be guessed, so both values are computed and one is taken.
        let upper = select_unpredictable(last.close <= last.upper, upper.min(last.upper), upper);
        let lower = select_unpredictable(last.close >= last.lower, lower.max(last.lower), lower);
        let is_up = (last.is_up & (close >= lower)) | (!last.is_up & (close > upper));
        SupertrendState { upper, lower, close, is_up }
    }
}

impl Step<3, 2> for Supertrend {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 2] {
        let [range] = self.range.step(input);
        if range.is_nan() {
            return [f64::NAN; 2];
        }
        let state = self.advance(input, range);
        self.state = Some(state);
        let (value, direction) =
            (select_unpredictable(state.is_up, state.lower, state.upper), if state.is_up { 1.0 } else { -1.0 });
        [value, direction]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn supertrend_turns_when_the_close_passes_the_band() {
        let mut supertrend = Supertrend::new(1, 1.0);
        let bars = [[10.0, 9.0, 9.5], [11.0, 10.0, 10.5], [10.6, 8.0, 8.2], [8.5, 7.5, 8.0]];
        let found = bars.map(|bar| supertrend.step(bar));
        assert!(found[0][0].is_nan());
        // True range 1.5 around 10.5; then 2.6 around 9.3, but the band below stays at 9.
        assert_eq!(found[1], [9.0, 1.0]);
        assert_eq!(found[2][1], -1.0);
        assert!((found[2][0] - 11.9).abs() < 1e-12);
        assert_eq!(found[3], [9.0, -1.0]);
    }
}
