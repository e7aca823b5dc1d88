//! Differences of two exponential averages: APO, PPO, MACD.
//!
//! In the MACD, as in TA-Lib, both averages give their first value on the same bar: the fast one is seeded
//! with the mean of the `fast` values that end where the slow one's seed ends, instead of with the first
//! `fast` values of all (Pine, `wickra-core`). The two conventions converge. APO and PPO are the plain
//! difference of two `ema`.

use super::smooth::Exponential;
use crate::function::InvalidArguments;
use crate::function::adapter::Step;

/// When the faster of two averages is seeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::function) enum Seed {
    /// With the first values of all, as `ema` is.
    First,
    /// With the values that end where the slow average's seed ends.
    Together,
}

/// Fast and slow exponential average of one series.
#[derive(Debug, Clone)]
pub(in crate::function) struct TwoAverages {
    fast: Exponential,
    slow: Exponential,
    /// Values that the fast average still lets pass.
    delay: usize,
}

impl TwoAverages {
    /// # Errors
    ///
    /// `fast` is not below `slow`.
    pub(in crate::function) fn try_new(fast: usize, slow: usize, seed: Seed) -> Result<Self, InvalidArguments> {
        if fast >= slow {
            return Err(InvalidArguments(format!("`fast` must be below `slow`, but {fast} is not below {slow}")));
        }
        Ok(Self {
            fast: Exponential::standard(fast),
            slow: Exponential::standard(slow),
            delay: if seed == Seed::Together { slow - fast } else { 0 },
        })
    }

    /// `(fast, slow)`, both NaN until `slow` values were seen.
    #[inline]
    fn push(&mut self, x: f64) -> (f64, f64) {
        let slow = self.slow.push(x);
        if self.delay > 0 {
            self.delay -= 1;
            return (f64::NAN, slow);
        }
        (self.fast.push(x), slow)
    }
}

/// Fast minus slow average, in price.
#[derive(Debug, Clone)]
pub(in crate::function) struct Difference(pub(in crate::function) TwoAverages);

impl Step<1, 1> for Difference {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let (fast, slow) = self.0.push(x);
        [fast - slow]
    }
}

/// Fast minus slow average in percent of the slow one; 0 where that is 0.
#[derive(Debug, Clone)]
pub(in crate::function) struct PercentDifference(pub(in crate::function) TwoAverages);

impl Step<1, 1> for PercentDifference {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let (fast, slow) = self.0.push(x);
        [if slow == 0.0 { 0.0 } else { (fast - slow) / slow * 100.0 }]
    }
}

/// `[macd, signal, histogram]`, all from the bar on which the signal starts.
#[derive(Debug, Clone)]
pub(in crate::function) struct Macd {
    difference: Difference,
    signal: Exponential,
}

impl Macd {
    /// From the averages and the signal's length.
    pub(in crate::function) fn new(averages: TwoAverages, signal: usize) -> Self {
        Self { difference: Difference(averages), signal: Exponential::standard(signal) }
    }
}

impl Step<1, 3> for Macd {
    #[inline]
    fn step(&mut self, input: [f64; 1]) -> [f64; 3] {
        let [macd] = self.difference.step(input);
        let signal = self.signal.push_defined(macd);
        if signal.is_nan() {
            return [f64::NAN; 3];
        }
        [macd, signal, macd - signal]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_seeds_end_on_the_same_bar() {
        let mut difference = Difference(TwoAverages::try_new(2, 3, Seed::Together).unwrap());
        let found = [1.0, 2.0, 6.0].map(|x| difference.step([x])[0]);
        assert!(found[1].is_nan());
        // Mean of (2, 6) less the mean of (1, 2, 6).
        assert_eq!(found[2], 1.0);
    }

    #[test]
    fn fast_must_be_below_slow() {
        assert!(TwoAverages::try_new(26, 12, Seed::First).is_err());
        assert!(TwoAverages::try_new(12, 12, Seed::First).is_err());
    }
}
