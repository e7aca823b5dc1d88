//! Volatility of one series: ulcer index and relative volatility index.

use wickra_core::{Error, Indicator, StdDev};

use super::extreme::{End, Extreme};
use super::smooth::Exponential;
use super::window::Sum;
use crate::function::adapter::Step;

/// Root mean square of the drawdowns from the highest value of the window, in percent.
///
/// `sqrt(mean(d^2))` with `d = 100 (x - h) / h`, `h` the highest of the last `length` values and the mean
/// over as many. A highest value of 0 counts as no drawdown. (`wickra-core`'s running sum can fall below 0
/// by rounding, which gives NaN.)
///
/// # Source
/// P. Martin and B. McCann, *The Investor's Guide to Fidelity Funds*, 1989.
#[derive(Debug, Clone)]
pub(in crate::function) struct UlcerIndex {
    highest: Extreme,
    squares: Sum,
    length: f64,
}

impl UlcerIndex {
    /// Over `length` values, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { highest: Extreme::new(End::Highest, length), squares: Sum::new(length), length: length as f64 }
    }

    fn push(&mut self, x: f64) -> Option<f64> {
        let (highest, _) = self.highest.push(x)?;
        let drawdown = if highest == 0.0 { 0.0 } else { 100.0 * (x - highest) / highest };
        let squares = self.squares.push(drawdown * drawdown)?;
        Some((squares.max(0.0) / self.length).sqrt())
    }
}

impl Step<1, 1> for UlcerIndex {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        [self.push(x).unwrap_or(f64::NAN)]
    }
}

/// Dorsey's relative volatility index, as in TA-Lib: the standard deviation of each bar counts as upward
/// where the series rose, as downward where it fell; `100 up / (up + down)` of their Wilder averages.
///
/// A series that does not move at all has 0.
///
/// # Source
/// D. Dorsey, *The Relative Volatility Index*, Stocks & Commodities 11:6, 1993.
#[derive(Debug, Clone)]
pub(in crate::function) struct RelativeVolatility {
    deviation: StdDev,
    up: Exponential,
    down: Exponential,
    previous: f64,
}

impl RelativeVolatility {
    /// Averages of `length`, standard deviations of `deviation` values.
    ///
    /// # Errors
    ///
    /// A length that `wickra-core` refuses.
    pub(in crate::function) fn try_new(length: usize, deviation: usize) -> Result<Self, Error> {
        Ok(Self {
            deviation: StdDev::new(deviation)?,
            up: Exponential::wilder(length),
            down: Exponential::wilder(length),
            previous: f64::NAN,
        })
    }
}

impl Step<1, 1> for RelativeVolatility {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let previous = std::mem::replace(&mut self.previous, x);
        let Some(deviation) = self.deviation.update(x) else {
            return [f64::NAN];
        };
        let up = self.up.push(if x > previous { deviation } else { 0.0 });
        let down = self.down.push(if x < previous { deviation } else { 0.0 });
        // NaN until the averages start, and then NaN never again.
        [if up + down == 0.0 { 0.0 } else { 100.0 * up / (up + down) }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ulcer_is_zero_at_every_new_high() {
        let mut ulcer = UlcerIndex::new(2);
        let found = [1.0, 2.0, 3.0, 1.5, 1.5].map(|x| ulcer.step([x])[0]);
        assert_eq!(found[2], 0.0);
        // Drawdowns of 0 and 50 percent.
        assert_eq!(found[3], 1250.0_f64.sqrt());
        assert_eq!(found[4], 1250.0_f64.sqrt());
    }
}
