//! Wilder's directional movement system, in TA-Lib's convention.
//!
//! Up move `u = high - high[1]`, down move `d = low[1] - low`; `+DM = u` where `u > d` and `u > 0`, `-DM = d`
//! where `d > u` and `d > 0`, else 0. Each of +DM, -DM and the true range is summed over the first
//! `length - 1` changes, then smoothed as `s - s / length + x`.
//!
//! ```text
//! +DI = 100 * s(+DM) / s(TR)        DX  = 100 * |+DI - -DI| / (+DI + -DI)
//! ADX = Wilder average of DX        ADXR = (ADX + ADX[length - 1]) / 2
//! ```
//!
//! `wickra-core` sums `length` changes before it smooths, so that its first values differ. Where +DI and
//! -DI are both zero DX keeps its last value, as in TA-Lib (0 before the first).
//!
//! # Source
//! J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.

use std::collections::VecDeque;
use std::hint::select_unpredictable;

use super::smooth::{Exponential, TrueRange};
use crate::function::adapter::Step;

/// A sum that Wilder lets decay: after `length - 1` values, `s - s / length + x`.
#[derive(Debug, Clone)]
struct DecayingSum {
    length: usize,
    seen: usize,
    value: f64,
}

impl DecayingSum {
    const fn new(length: usize) -> Self {
        Self { length, seen: 0, value: 0.0 }
    }

    #[inline]
    fn push(&mut self, x: f64) -> f64 {
        if self.seen + 1 >= self.length {
            self.value -= self.value / self.length as f64;
        }
        self.seen = (self.seen + 1).min(self.length);
        self.value += x;
        self.value
    }
}

/// Upward and downward movement of a bar against the one before; undefined for the first.
#[derive(Debug, Clone)]
struct Movement {
    previous: Option<[f64; 2]>,
}

impl Movement {
    #[inline]
    fn push(&mut self, high: f64, low: f64) -> Option<[f64; 2]> {
        let [previous_high, previous_low] = self.previous.replace([high, low])?;
        let (up, down) = (high - previous_high, previous_low - low);
        // Which way the market goes is no branch to be guessed.
        let moved = |by: f64, other: f64| select_unpredictable((by > other) & (by > 0.0), by, 0.0);
        Some([moved(up, down), moved(down, up)])
    }
}

/// Smoothed `[+DM, -DM]`, defined from bar `length - 1` on.
#[derive(Debug, Clone)]
pub(in crate::function) struct DirectionalMovement {
    movement: Movement,
    sums: [DecayingSum; 2],
}

impl DirectionalMovement {
    /// Smoothed over `length` bars, at least 2.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { movement: Movement { previous: None }, sums: [DecayingSum::new(length), DecayingSum::new(length)] }
    }

    /// The sums after this bar, and whether they are whole.
    #[inline]
    fn push(&mut self, high: f64, low: f64) -> Option<[f64; 2]> {
        let [up, down] = self.movement.push(high, low)?;
        Some([self.sums[0].push(up), self.sums[1].push(down)])
    }

    fn is_whole(&self) -> bool {
        self.sums[0].seen + 1 >= self.sums[0].length
    }
}

impl Step<2, 2> for DirectionalMovement {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 2] {
        if !(high.is_finite() && low.is_finite()) {
            return [f64::NAN; 2];
        }
        match self.push(high, low) {
            Some(sums) if self.is_whole() => sums,
            _ => [f64::NAN; 2],
        }
    }
}

/// `[+DI, -DI, DX]`, defined from bar `length` on.
#[derive(Debug, Clone)]
pub(in crate::function) struct DirectionalIndex {
    movement: DirectionalMovement,
    range: TrueRange,
    range_sum: DecayingSum,
    dx: f64,
}

impl DirectionalIndex {
    /// Smoothed over `length` bars, at least 2.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self {
            movement: DirectionalMovement::new(length),
            range: TrueRange::new(),
            range_sum: DecayingSum::new(length),
            dx: 0.0,
        }
    }
}

impl Step<3, 3> for DirectionalIndex {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 3] {
        let range = self.range.push([high, low, close]);
        if !(high.is_finite() && low.is_finite() && close.is_finite()) {
            return [f64::NAN; 3];
        }
        let Some([plus, minus]) = self.movement.push(high, low) else {
            return [f64::NAN; 3];
        };
        let range = self.range_sum.push(range);
        if self.range_sum.seen < self.range_sum.length {
            return [f64::NAN; 3];
        }
        let share = |sum: f64| {
            if range > 0.0 { 100.0 * sum / range } else { 0.0 }
        };
        let (plus, minus) = (share(plus), share(minus));
        if plus + minus > 0.0 {
            self.dx = 100.0 * (plus - minus).abs() / (plus + minus);
        }
        [plus, minus, self.dx]
    }
}

/// ADX, defined from bar `2 * length - 1` on.
#[derive(Debug, Clone)]
pub(in crate::function) struct AverageDirectionalIndex {
    index: DirectionalIndex,
    average: Exponential,
}

impl AverageDirectionalIndex {
    /// Smoothed over `length` bars, at least 2.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { index: DirectionalIndex::new(length), average: Exponential::wilder(length) }
    }
}

impl Step<3, 1> for AverageDirectionalIndex {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        let [_, _, dx] = self.index.step(input);
        [self.average.push_defined(dx)]
    }
}

/// ADXR: the mean of the ADX now and `length - 1` bars ago.
#[derive(Debug, Clone)]
pub(in crate::function) struct AverageDirectionalRating {
    adx: AverageDirectionalIndex,
    window: VecDeque<f64>,
    length: usize,
}

impl AverageDirectionalRating {
    /// Over `length` bars, at least 2.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { adx: AverageDirectionalIndex::new(length), window: VecDeque::with_capacity(length + 1), length }
    }
}

impl Step<3, 1> for AverageDirectionalRating {
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        let [adx] = self.adx.step(input);
        if adx.is_nan() {
            return [f64::NAN];
        }
        self.window.push_back(adx);
        if self.window.len() < self.length {
            return [f64::NAN];
        }
        let first = self.window.pop_front().unwrap_or(f64::NAN);
        [f64::midpoint(adx, first)]
    }
}

/// One output of a step with several.
#[derive(Debug, Clone)]
pub(in crate::function) struct Pick<S, const O: usize> {
    /// The step.
    pub(in crate::function) step: S,
    /// Which of its outputs.
    pub(in crate::function) output: usize,
}

impl<S: Step<I, O>, const I: usize, const O: usize> Step<I, 1> for Pick<S, O> {
    #[inline]
    fn step(&mut self, input: [f64; I]) -> [f64; 1] {
        [self.step.step(input)[self.output]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_larger_move_counts() {
        let mut movement = Movement { previous: None };
        assert_eq!(movement.push(10.0, 8.0), None);
        assert_eq!(movement.push(12.0, 7.0), Some([2.0, 0.0]));
        assert_eq!(movement.push(13.0, 5.0), Some([0.0, 2.0]));
        assert_eq!(movement.push(14.0, 4.0), Some([0.0, 0.0]));
        assert_eq!(movement.push(13.0, 5.0), Some([0.0, 0.0]));
    }

    #[test]
    fn a_steady_rise_has_dx_100() {
        let mut index = DirectionalIndex::new(2);
        let bars = [[10.0, 9.0, 9.5], [11.0, 10.0, 10.5], [12.0, 11.0, 11.5]];
        let found = bars.map(|bar| index.step(bar));
        assert!(found[1][0].is_nan());
        // +DM 1 then 1 - 1/2 + 1; true range 1.5 then 1.5 - 0.75 + 1.5.
        assert_eq!(found[2], [100.0 * 1.5 / 2.25, 0.0, 100.0]);
    }
}
