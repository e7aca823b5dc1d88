//! Exponential smoothing, and the true range it is mostly used on.
//!
//! `s[t] = s[t-1] + w * (x[t] - s[t-1])`, seeded with the mean of the first `length` values; the weight
//! `w` is `2 / (length + 1)`, or `1 / length` for Wilder's average.
//!
//! The true range needs the previous close, so it starts at bar 1 and `atr(n)` at bar `n`, as in TA-Lib
//! (Pine and `wickra-core` take high - low for bar 0 and start one bar earlier; the two converge).
//!
//! # Source
//! J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.

use crate::function::adapter::Step;

/// An exponential moving average.
#[derive(Debug, Clone)]
pub(in crate::function) struct Exponential {
    length: usize,
    weight: f64,
    keep: f64,
    seen: usize,
    value: f64,
}

impl Exponential {
    /// Wilder's average, weight `1 / length`; `length` is at least 1.
    pub(in crate::function) fn wilder(length: usize) -> Self {
        Self::new(length, 1.0 / length as f64)
    }

    /// The usual average, weight `2 / (length + 1)`; `length` is at least 1.
    pub(in crate::function) fn standard(length: usize) -> Self {
        Self::new(length, 2.0 / (length + 1) as f64)
    }

    fn new(length: usize, weight: f64) -> Self {
        Self { length, weight, keep: 1.0 - weight, seen: 0, value: 0.0 }
    }

    /// The average after `x`, NaN until `length` values were seen. The product with `weight` does not
    /// wait for the last value, which halves the time of a chain of these.
    #[inline]
    pub(in crate::function) fn push(&mut self, x: f64) -> f64 {
        if self.seen < self.length {
            self.seen += 1;
            self.value += x;
            if self.seen < self.length {
                return f64::NAN;
            }
            self.value /= self.length as f64;
        } else {
            self.value = self.value * self.keep + x * self.weight;
        }
        self.value
    }

    /// As [`push`](Self::push), but an undefined value is skipped and gives NaN.
    #[inline]
    pub(in crate::function) fn push_defined(&mut self, x: f64) -> f64 {
        if x.is_finite() { self.push(x) } else { f64::NAN }
    }
}

impl Step<1, 1> for Exponential {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.push_defined(x)]
    }
}

/// Largest of high - low and both distances from the previous close; NaN at the first bar.
#[derive(Debug, Clone)]
pub(in crate::function) struct TrueRange {
    previous_close: f64,
}

impl TrueRange {
    /// Before the first bar.
    pub(in crate::function) const fn new() -> Self {
        Self { previous_close: f64::NAN }
    }

    /// The true range of this bar; a bar with an undefined input is skipped.
    #[inline]
    pub(in crate::function) fn push(&mut self, [high, low, close]: [f64; 3]) -> f64 {
        if !(high.is_finite() && low.is_finite() && close.is_finite()) {
            return f64::NAN;
        }
        let previous = std::mem::replace(&mut self.previous_close, close);
        if previous.is_nan() {
            return f64::NAN;
        }
        // Equal to the three-way maximum, in two operations.
        high.max(previous) - low.min(previous)
    }
}

impl Step<3, 1> for TrueRange {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        [self.push(input)]
    }
}

/// Average true range, in price or as a percentage of the close.
#[derive(Debug, Clone)]
pub(in crate::function) struct AverageTrueRange {
    range: TrueRange,
    average: Exponential,
}

impl AverageTrueRange {
    /// Over `length` true ranges.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { range: TrueRange::new(), average: Exponential::wilder(length) }
    }
}

impl Step<3, 1> for AverageTrueRange {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        [self.average.push_defined(self.range.push(input))]
    }
}

/// Average true range in percent of the close.
#[derive(Debug, Clone)]
pub(in crate::function) struct NormalizedAverageTrueRange(pub(in crate::function) AverageTrueRange);

impl Step<3, 1> for NormalizedAverageTrueRange {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        let [range] = self.0.step(input);
        let percent = range / input[2] * 100.0;
        [if percent.is_finite() { percent } else { f64::NAN }]
    }
}
