//! Wilder's smoothing and the true range it is mostly used on.
//!
//! `s[t] = s[t-1] + (x[t] - s[t-1]) / n`, seeded with the mean of the first `n` values. The true range
//! needs the previous close, so it starts at bar 1 and `atr(n)` at bar `n`, as in TA-Lib (Pine and
//! `wickra-core` take high - low for bar 0 and start one bar earlier; the two converge).
//!
//! # Source
//! J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.

use crate::function::adapter::Step;

/// Wilder's moving average: an exponential one with weight `1 / length`.
#[derive(Debug, Clone)]
pub(in crate::function) struct Wilder {
    length: usize,
    weight: f64,
    keep: f64,
    seen: usize,
    value: f64,
}

impl Wilder {
    /// An average that has seen nothing; `length` is at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        let weight = 1.0 / length as f64;
        Self {
            length,
            weight,
            keep: 1.0 - weight,
            seen: 0,
            value: 0.0,
        }
    }

    /// The average after `x`, NaN until `length` values were seen.
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
}

/// Largest of high - low and both distances from the previous close; NaN at the first bar.
#[derive(Debug, Clone)]
pub(in crate::function) struct TrueRange {
    previous_close: f64,
}

impl TrueRange {
    /// Before the first bar.
    pub(in crate::function) const fn new() -> Self {
        Self {
            previous_close: f64::NAN,
        }
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
    average: Wilder,
}

impl AverageTrueRange {
    /// Over `length` true ranges.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self {
            range: TrueRange::new(),
            average: Wilder::new(length),
        }
    }
}

impl Step<3, 1> for AverageTrueRange {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        let range = self.range.push(input);
        if range.is_nan() {
            return [f64::NAN];
        }
        [self.average.push(range)]
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
        [if percent.is_finite() {
            percent
        } else {
            f64::NAN
        }]
    }
}
