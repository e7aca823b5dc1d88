//! Sums and ranks over a sliding window.

use std::collections::VecDeque;

use wickra_core::{Beta, Indicator};

use crate::function::adapter::Step;

/// The sum of the last `length` values.
///
/// What leaves is subtracted and what comes is added; every `length` values the sum is taken afresh from
/// the window, so that rounding errors do not pile up over years of bars.
#[derive(Debug, Clone)]
pub(in crate::function) struct Sum {
    length: usize,
    window: VecDeque<f64>,
    sum: f64,
    until_refresh: usize,
}

impl Sum {
    /// Over the last `length` values, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { length, window: VecDeque::with_capacity(length + 1), sum: 0.0, until_refresh: length }
    }

    /// The sum after `x`, if `length` values were seen.
    #[inline]
    pub(in crate::function) fn push(&mut self, x: f64) -> Option<f64> {
        self.window.push_back(x);
        self.sum += x;
        if self.window.len() > self.length {
            self.sum -= self.window.pop_front().unwrap_or(0.0);
        }
        self.until_refresh -= 1;
        if self.until_refresh == 0 {
            self.sum = self.window.iter().sum();
            self.until_refresh = self.length;
        }
        (self.window.len() == self.length).then_some(self.sum)
    }
}

impl Step<1, 1> for Sum {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        [self.push(x).unwrap_or(f64::NAN)]
    }
}

/// The share of the `length` values before `x` that are below it, in percent (TA-Lib's `PERCENTRANK`).
/// Values equal to `x` are not below it. Costs a search of the sorted window a bar.
#[derive(Debug, Clone)]
pub(in crate::function) struct PercentRank {
    length: usize,
    window: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl PercentRank {
    /// Against the `length` values before, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { length, window: VecDeque::with_capacity(length + 1), sorted: Vec::with_capacity(length + 1) }
    }
}

impl Step<1, 1> for PercentRank {
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let x = x + 0.0; // -0.0 and 0.0 are one value here.
        let below = self.sorted.partition_point(|&y| y < x);
        let rank = if self.window.len() == self.length { 100.0 * below as f64 / self.length as f64 } else { f64::NAN };
        self.sorted.insert(below, x);
        self.window.push_back(x);
        if self.window.len() > self.length
            && let Some(oldest) = self.window.pop_front()
        {
            let position = self.sorted.partition_point(|&y| y < oldest);
            self.sorted.remove(position);
        }
        [rank]
    }
}

/// Slope of the second series' returns over the first's; TA-Lib's order and its `BETA`. A bar after a zero
/// has no return and counts as 0, as there.
#[derive(Debug, Clone)]
pub(in crate::function) struct ReturnBeta {
    beta: Beta,
    previous: Option<[f64; 2]>,
}

impl ReturnBeta {
    /// From the slope of a window.
    pub(in crate::function) const fn new(beta: Beta) -> Self {
        Self { beta, previous: None }
    }
}

impl Step<2, 1> for ReturnBeta {
    #[inline]
    fn step(&mut self, [market, x]: [f64; 2]) -> [f64; 1] {
        if !(market.is_finite() && x.is_finite()) {
            return [f64::NAN];
        }
        let Some([market_before, x_before]) = self.previous.replace([market, x]) else {
            return [f64::NAN];
        };
        let change = |now: f64, before: f64| {
            if before == 0.0 { 0.0 } else { (now - before) / before }
        };
        let changes = (change(x, x_before), change(market, market_before));
        [self.beta.update(changes).unwrap_or(f64::NAN)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_forgets_large_values_exactly() {
        let mut sum = Sum::new(2);
        let found: Vec<_> = [1e17, 1.0, 1.0, 1.0].iter().map(|&x| sum.push(x)).collect();
        assert_eq!(found[0], None);
        assert_eq!(found[3], Some(2.0));
    }

    #[test]
    fn rank_is_the_share_of_earlier_values_below() {
        let mut rank = PercentRank::new(4);
        let found: Vec<f64> = [1.0, 2.0, 3.0, 4.0, 3.0, 9.0].iter().map(|&x| rank.step([x])[0]).collect();
        assert!(found[3].is_nan());
        assert_eq!(found[4..], [50.0, 100.0]);
    }
}
