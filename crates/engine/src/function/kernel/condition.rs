//! Conditions over series, and counts over conditions.
//!
//! A condition is 1 or 0. It is undefined (NaN) where a bar that it looks at is undefined, and an
//! undefined condition is not true.
//!
//! **Ties:** `cross_above(a, b)` is `a[t] > b[t] and a[t-1] <= b[t-1]`: a series that touches the other
//! and then rises crosses it on the bar that rises; one that only touches it does not cross.

use std::collections::VecDeque;

use crate::function::adapter::Step;

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// Whether the first series crosses the second upward (or downward) at this bar.
#[derive(Debug, Clone)]
pub(in crate::function) struct Cross {
    sign: f64,
    previous: f64,
}

impl Cross {
    /// `a[t] > b[t] and a[t-1] <= b[t-1]`.
    pub(in crate::function) const fn above() -> Self {
        Self { sign: 1.0, previous: f64::NAN }
    }

    /// `a[t] < b[t] and a[t-1] >= b[t-1]`.
    pub(in crate::function) const fn below() -> Self {
        Self { sign: -1.0, previous: f64::NAN }
    }
}

impl Step<2, 1> for Cross {
    #[inline]
    fn step(&mut self, [a, b]: [f64; 2]) -> [f64; 1] {
        // The order of a and b as a number: comparing their difference would lose ties to rounding.
        let order = if a.is_finite() && b.is_finite() { self.sign * (truth(a > b) - truth(a < b)) } else { f64::NAN };
        let previous = std::mem::replace(&mut self.previous, order);
        [if previous.is_nan() || order.is_nan() { f64::NAN } else { truth(order > 0.0 && previous <= 0.0) }]
    }
}

/// Whether each of the last `length` changes was upward (or downward), strictly.
#[derive(Debug, Clone)]
pub(in crate::function) struct Run {
    sign: f64,
    length: usize,
    seen: usize,
    run: usize,
    previous: f64,
}

impl Run {
    /// Every change of the last `length` was a rise.
    pub(in crate::function) const fn rising(length: usize) -> Self {
        Self { sign: 1.0, length, seen: 0, run: 0, previous: f64::NAN }
    }

    /// Every change of the last `length` was a fall.
    pub(in crate::function) const fn falling(length: usize) -> Self {
        Self { sign: -1.0, length, seen: 0, run: 0, previous: f64::NAN }
    }
}

impl Step<1, 1> for Run {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let ranked = x * self.sign;
        let goes_on = ranked > self.previous;
        self.previous = ranked;
        self.run = if goes_on { self.run + 1 } else { 0 };
        self.seen = (self.seen + 1).min(self.length + 1);
        [if self.seen <= self.length { f64::NAN } else { truth(self.run >= self.length) }]
    }
}

/// How many bars in a row, up to this one, the condition was true. An undefined bar ends the run.
#[derive(Debug, Clone, Default)]
pub(in crate::function) struct Streak(f64);

impl Step<1, 1> for Streak {
    #[inline]
    fn step(&mut self, [condition]: [f64; 1]) -> [f64; 1] {
        self.0 = if condition == 1.0 { self.0 + 1.0 } else { 0.0 };
        [self.0]
    }
}

/// Bars since the condition was last true: 0 on a true bar, undefined before the first one. Every bar
/// ages it, an undefined one too.
#[derive(Debug, Clone)]
pub(in crate::function) struct BarsSince(f64);

impl BarsSince {
    /// Before the first true bar.
    pub(in crate::function) const fn new() -> Self {
        Self(f64::NAN)
    }
}

impl Step<1, 1> for BarsSince {
    #[inline]
    fn step(&mut self, [condition]: [f64; 1]) -> [f64; 1] {
        self.0 = if condition == 1.0 { 0.0 } else { self.0 + 1.0 };
        [self.0]
    }
}

/// The series' value at the last true bar, undefined before the first one.
#[derive(Debug, Clone)]
pub(in crate::function) struct ValueWhen(f64);

impl ValueWhen {
    /// Before the first true bar.
    pub(in crate::function) const fn new() -> Self {
        Self(f64::NAN)
    }
}

impl Step<2, 1> for ValueWhen {
    #[inline]
    fn step(&mut self, [condition, x]: [f64; 2]) -> [f64; 1] {
        if condition == 1.0 && x.is_finite() {
            self.0 = x;
        }
        [self.0]
    }
}

/// How many of the last `length` bars were true. An undefined bar counts as not true.
#[derive(Debug, Clone)]
pub(in crate::function) struct Count {
    length: usize,
    window: VecDeque<bool>,
    trues: usize,
}

impl Count {
    /// Over the last `length` bars.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { length, window: VecDeque::with_capacity(length + 1), trues: 0 }
    }
}

impl Step<1, 1> for Count {
    #[inline]
    fn step(&mut self, [condition]: [f64; 1]) -> [f64; 1] {
        let is_true = condition == 1.0;
        self.window.push_back(is_true);
        self.trues += usize::from(is_true);
        if self.window.len() > self.length {
            self.trues -= usize::from(self.window.pop_front() == Some(true));
        }
        [if self.window.len() < self.length { f64::NAN } else { self.trues as f64 }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(mut step: impl Step<2, 1>, bars: &[[f64; 2]]) -> Vec<f64> {
        bars.iter().map(|&bar| step.step(bar)[0]).collect()
    }

    fn singles(mut step: impl Step<1, 1>, bars: &[f64]) -> Vec<f64> {
        bars.iter().map(|&bar| step.step([bar])[0]).collect()
    }

    #[test]
    fn touch_then_rise_crosses_on_the_rise() {
        let bars = [[1.0, 2.0], [2.0, 2.0], [3.0, 2.0], [4.0, 2.0]];
        assert_eq!(pairs(Cross::above(), &bars)[1..], [0.0, 1.0, 0.0]);
        assert!(pairs(Cross::above(), &bars)[0].is_nan());
    }

    #[test]
    fn touch_from_above_and_back_crosses_above_again() {
        let bars = [[3.0, 2.0], [2.0, 2.0], [3.0, 2.0]];
        assert_eq!(pairs(Cross::above(), &bars)[1..], [0.0, 1.0]);
        assert_eq!(pairs(Cross::below(), &bars)[1..], [0.0, 0.0]);
    }

    #[test]
    fn an_undefined_bar_hides_a_cross() {
        let bars = [[1.0, 2.0], [f64::NAN, 2.0], [3.0, 2.0], [1.0, 2.0]];
        let found = pairs(Cross::above(), &bars);
        assert!(found[1].is_nan() && found[2].is_nan());
        assert_eq!(pairs(Cross::below(), &bars)[3], 1.0);
    }

    #[test]
    fn rising_needs_every_step_to_rise() {
        let found = singles(Run::rising(2), &[1.0, 2.0, 3.0, 3.0, 4.0, 5.0]);
        assert!(found[0].is_nan() && found[1].is_nan());
        assert_eq!(found[2..], [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(singles(Run::falling(1), &[2.0, 1.0, 1.0])[1..], [1.0, 0.0]);
    }

    #[test]
    fn streak_counts_the_current_run() {
        assert_eq!(singles(Streak::default(), &[0.0, 1.0, 1.0, f64::NAN, 1.0]), [0.0, 1.0, 2.0, 0.0, 1.0]);
    }

    #[test]
    fn bars_since_is_undefined_until_the_first_true_bar() {
        let found = singles(BarsSince::new(), &[0.0, 1.0, 0.0, f64::NAN, 1.0]);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [0.0, 1.0, 2.0, 0.0]);
    }

    #[test]
    fn value_when_holds_the_value_of_the_last_true_bar() {
        let found = pairs(ValueWhen::new(), &[[0.0, 5.0], [1.0, 6.0], [0.0, 7.0], [1.0, f64::NAN]]);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [6.0, 6.0, 6.0]);
    }

    #[test]
    fn count_is_over_the_last_bars() {
        let found = singles(Count::new(2), &[1.0, 1.0, 0.0, f64::NAN, 1.0]);
        assert!(found[0].is_nan());
        assert_eq!(found[1..], [2.0, 1.0, 0.0, 1.0]);
    }
}
