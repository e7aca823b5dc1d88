//! Kaufman's adaptive moving average, and the efficiency ratio it adapts to.
//!
//! ```text
//! er = |x - x[n]| / sum over n of |x - x[1]|          (1 where nothing moved)
//! w  = (er (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1))^2
//! k  = k[1] + w (x - k[1])                            from k[1] = x[1] on, as in TA-Lib
//! ```
//!
//! # Source
//! P. Kaufman, *Trading Systems and Methods*, 3rd ed. 1998.

use std::collections::VecDeque;

use super::window::Sum;
use crate::function::adapter::Step;

/// Net move over path walked, 0 to 1.
#[derive(Debug, Clone)]
pub(in crate::function) struct Efficiency {
    length: usize,
    window: VecDeque<f64>,
    path: Sum,
}

impl Efficiency {
    /// Over `length` changes, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { length, window: VecDeque::with_capacity(length + 2), path: Sum::new(length) }
    }

    fn push(&mut self, x: f64) -> Option<f64> {
        if let Some(previous) = self.window.back() {
            let step = (x - previous).abs();
            self.window.push_back(x);
            let path = self.path.push(step)?;
            if self.window.len() > self.length + 1 {
                self.window.pop_front();
            }
            let net = (x - self.window.front()?).abs();
            return Some(if path > net { net / path } else { 1.0 });
        }
        self.window.push_back(x);
        None
    }
}

impl Step<1, 1> for Efficiency {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        [self.push(x).unwrap_or(f64::NAN)]
    }
}

/// Kaufman's adaptive moving average.
#[derive(Debug, Clone)]
pub(in crate::function) struct AdaptiveAverage {
    efficiency: Efficiency,
    fast_weight: f64,
    slow_weight: f64,
    /// The last value; before the first one the last input.
    value: f64,
}

impl AdaptiveAverage {
    /// Adapting to the efficiency over `length`, between exponential averages of `fast` and `slow`.
    pub(in crate::function) fn new(length: usize, fast: usize, slow: usize) -> Self {
        Self {
            efficiency: Efficiency::new(length),
            fast_weight: 2.0 / (fast + 1) as f64,
            slow_weight: 2.0 / (slow + 1) as f64,
            value: f64::NAN,
        }
    }
}

impl Step<1, 1> for AdaptiveAverage {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let Some(efficiency) = self.efficiency.push(x) else {
            self.value = x;
            return [f64::NAN];
        };
        let weight = efficiency * (self.fast_weight - self.slow_weight) + self.slow_weight;
        self.value += weight * weight * (x - self.value);
        [self.value]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_move_is_fully_efficient_and_a_return_not_at_all() {
        let mut efficiency = Efficiency::new(2);
        let found = [1.0, 2.0, 3.0, 2.0, 2.0].map(|x| efficiency.step([x])[0]);
        assert!(found[1].is_nan());
        assert_eq!(found[2..], [1.0, 0.0, 1.0]);
    }
}
