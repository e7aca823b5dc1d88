//! Where a price lies within the range of a window: stochastics, Williams %R, Aroon, channels, Ichimoku.
//!
//! Highest and lowest come from [`Extreme`], in amortised constant time. A window without a range (all
//! bars equal) puts the price at 0, as in TA-Lib.

use std::collections::VecDeque;

use wickra_core::{Error, Indicator, Rsi, Sma, Smi};

use super::extreme::{End, Extreme};
use super::smooth::Exponential;
use crate::function::adapter::{Step, are_finite, each_bar, hlc};

/// Highest high and lowest low of `length` bars.
#[derive(Debug, Clone)]
pub(in crate::function) struct Range {
    highest: Extreme,
    lowest: Extreme,
}

impl Range {
    /// Over `length` bars, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { highest: Extreme::new(End::Highest, length), lowest: Extreme::new(End::Lowest, length) }
    }

    /// `(highest, its age, lowest, its age)`.
    #[inline]
    fn push(&mut self, high: f64, low: f64) -> Option<(f64, usize, f64, usize)> {
        if !(high.is_finite() && low.is_finite()) {
            return None;
        }
        let highest = self.highest.push(high);
        let lowest = self.lowest.push(low);
        let ((highest, highest_age), (lowest, lowest_age)) = (highest?, lowest?);
        Some((highest, highest_age, lowest, lowest_age))
    }

    #[inline]
    fn middle(&mut self, high: f64, low: f64) -> Option<f64> {
        self.push(high, low).map(|(highest, _, lowest, _)| f64::midpoint(highest, lowest))
    }

    fn can_sweep(&self, highs: &[f64], lows: &[f64]) -> bool {
        self.highest.can_sweep(highs) && self.lowest.can_sweep(lows)
    }

    /// Whole columns at once, if [`can_sweep`](Self::can_sweep) says so.
    fn sweep(&mut self, [highs, lows]: [&[f64]; 2], [highest, lowest]: [&mut [f64]; 2]) {
        self.highest.sweep(highs, highest);
        self.lowest.sweep(lows, lowest);
    }
}

/// The middles of two columns, NaN where they are.
fn middles(highest: &mut [f64], lowest: &[f64]) {
    highest.iter_mut().zip(lowest).for_each(|(high, low)| *high = f64::midpoint(*high, *low));
}

/// Donchian channel: `[high, low, middle]`.
impl Step<2, 3> for Range {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 3] {
        self.push(high, low)
            .map_or([f64::NAN; 3], |(highest, _, lowest, _)| [highest, lowest, f64::midpoint(highest, lowest)])
    }

    fn stretch(&mut self, [highs, lows]: [&[f64]; 2], [highest, lowest, middle]: [&mut [f64]; 3]) {
        if !self.can_sweep(highs, lows) {
            return each_bar(self, [highs, lows], [highest, lowest, middle]);
        }
        self.sweep([highs, lows], [highest, lowest]);
        middle.copy_from_slice(highest);
        middles(middle, lowest);
    }
}

/// The middle of the range of highs and lows.
#[derive(Debug, Clone)]
pub(in crate::function) struct MidPrice(pub(in crate::function) Range);

impl Step<2, 1> for MidPrice {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 1] {
        [self.0.middle(high, low).unwrap_or(f64::NAN)]
    }

    fn stretch(&mut self, [highs, lows]: [&[f64]; 2], [output]: [&mut [f64]; 1]) {
        if !self.0.can_sweep(highs, lows) {
            return each_bar(self, [highs, lows], [output]);
        }
        let mut lowest = vec![0.0; lows.len()];
        self.0.sweep([highs, lows], [output, &mut lowest]);
        middles(output, &lowest);
    }
}

/// The middle of the range of one series.
#[derive(Debug, Clone)]
pub(in crate::function) struct MidPoint(pub(in crate::function) Range);

impl Step<1, 1> for MidPoint {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.0.middle(x, x).unwrap_or(f64::NAN)]
    }

    fn stretch(&mut self, [values]: [&[f64]; 1], [output]: [&mut [f64]; 1]) {
        if !self.0.can_sweep(values, values) {
            return each_bar(self, [values], [output]);
        }
        let mut lowest = vec![0.0; values.len()];
        self.0.sweep([values, values], [output, &mut lowest]);
        middles(output, &lowest);
    }
}

/// `x` as a percentage of the way from `lowest` to `highest`; 0 where there is no way between them. What
/// is computed from flat prices (an RSI) still trembles in its last digits, which is no range either.
#[inline]
fn percent_of_range(x: f64, highest: f64, lowest: f64) -> f64 {
    let range = highest - lowest;
    if range > NO_RANGE * highest.abs().max(lowest.abs()) { 100.0 * (x - lowest) / range } else { 0.0 }
}

/// Share of a value below which a difference is rounding.
const NO_RANGE: f64 = 1e-12;

/// Stochastic oscillator: `[k, d]`, `k` a mean of the raw position, `d` a mean of `k`.
#[derive(Debug, Clone)]
pub(in crate::function) struct Stochastic {
    range: Range,
    smooth: Sma,
    d: Sma,
}

impl Stochastic {
    /// Over `length` bars, with `k` smoothed over `smooth` bars and `d` over `d`.
    ///
    /// # Errors
    ///
    /// A length that `wickra-core` refuses.
    pub(in crate::function) fn try_new(length: usize, smooth: usize, d: usize) -> Result<Self, Error> {
        Ok(Self { range: Range::new(length), smooth: Sma::new(smooth)?, d: Sma::new(d)? })
    }

    #[inline]
    fn push(&mut self, high: f64, low: f64, close: f64) -> Option<[f64; 2]> {
        if !close.is_finite() {
            return None;
        }
        let (highest, _, lowest, _) = self.range.push(high, low)?;
        self.smoothed(close, highest, lowest)
    }

    #[inline]
    fn smoothed(&mut self, close: f64, highest: f64, lowest: f64) -> Option<[f64; 2]> {
        let k = self.smooth.update(percent_of_range(close, highest, lowest))?;
        let d = self.d.update(k)?;
        Some([k, d])
    }
}

impl Step<3, 2> for Stochastic {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 2] {
        self.push(high, low, close).unwrap_or([f64::NAN; 2])
    }

    fn stretch(&mut self, [highs, lows, closes]: [&[f64]; 3], [k, d]: [&mut [f64]; 2]) {
        if !(self.range.can_sweep(highs, lows) && are_finite(closes)) {
            return each_bar(self, [highs, lows, closes], [k, d]);
        }
        self.range.sweep([highs, lows], [k, d]);
        for ((k, d), &close) in k.iter_mut().zip(d).zip(closes) {
            let values = if k.is_nan() { None } else { self.smoothed(close, *k, *d) };
            [*k, *d] = values.unwrap_or([f64::NAN; 2]);
        }
    }
}

/// Stochastic oscillator of the RSI of a series: `[k, d]`.
#[derive(Debug, Clone)]
pub(in crate::function) struct StochasticRsi {
    /// The RSI.
    pub(in crate::function) rsi: Rsi,
    /// What is done to it.
    pub(in crate::function) stochastic: Stochastic,
}

impl Step<1, 2> for StochasticRsi {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 2] {
        self.rsi.update(x).and_then(|rsi| self.stochastic.push(rsi, rsi, rsi)).unwrap_or([f64::NAN; 2])
    }
}

/// Stochastic momentum index and its exponential average: `[smi, signal]`.
#[derive(Debug, Clone)]
pub(in crate::function) struct StochasticMomentum {
    index: Smi,
    signal: Exponential,
}

impl StochasticMomentum {
    /// With the length of the signal.
    pub(in crate::function) fn new(index: Smi, signal: usize) -> Self {
        Self { index, signal: Exponential::standard(signal) }
    }
}

impl Step<3, 2> for StochasticMomentum {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 2] {
        if !input.iter().all(|x| x.is_finite()) {
            return [f64::NAN; 2];
        }
        let Some(index) = self.index.update(hlc(input)) else {
            return [f64::NAN; 2];
        };
        let signal = self.signal.push_defined(index);
        [if signal.is_nan() { f64::NAN } else { index }, signal]
    }
}

/// Williams %R: -100 at the lowest low, 0 at the highest high (and where there is no range).
#[derive(Debug, Clone)]
pub(in crate::function) struct WilliamsR(pub(in crate::function) Range);

impl Step<3, 1> for WilliamsR {
    #[inline]
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        if !close.is_finite() {
            return [f64::NAN];
        }
        [self.0.push(high, low).map_or(f64::NAN, |(highest, _, lowest, _)| below_the_top(close, highest, lowest))]
    }

    fn stretch(&mut self, [highs, lows, closes]: [&[f64]; 3], [output]: [&mut [f64]; 1]) {
        if !(self.0.can_sweep(highs, lows) && are_finite(closes)) {
            return each_bar(self, [highs, lows, closes], [output]);
        }
        let mut lowest = vec![0.0; lows.len()];
        self.0.sweep([highs, lows], [output, &mut lowest]);
        for ((output, lowest), &close) in output.iter_mut().zip(lowest).zip(closes) {
            *output = if lowest.is_nan() { f64::NAN } else { below_the_top(close, *output, lowest) };
        }
    }
}

/// Percent of the range by which the close lies beneath its top, negative.
#[inline]
fn below_the_top(close: f64, highest: f64, lowest: f64) -> f64 {
    if highest > lowest { -100.0 * (highest - close) / (highest - lowest) } else { 0.0 }
}

/// Aroon `[up, down]`: how recent, in percent of `length`, the highest high and lowest low of the last
/// `length + 1` bars are. Of equal extremes the latest counts.
#[derive(Debug, Clone)]
pub(in crate::function) struct Aroon {
    range: Range,
    length: f64,
}

impl Aroon {
    /// Over `length` bars and the one before them.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { range: Range::new(length + 1), length: length as f64 }
    }
}

impl Step<2, 2> for Aroon {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 2] {
        self.range.push(high, low).map_or([f64::NAN; 2], |(_, high_age, _, low_age)| {
            [high_age, low_age].map(|age| 100.0 * (self.length - age as f64) / self.length)
        })
    }
}

/// Aroon up - Aroon down.
#[derive(Debug, Clone)]
pub(in crate::function) struct AroonOscillator(pub(in crate::function) Aroon);

impl Step<2, 1> for AroonOscillator {
    #[inline]
    fn step(&mut self, input: [f64; 2]) -> [f64; 1] {
        let [up, down] = self.0.step(input);
        [up - down]
    }
}

/// Ichimoku `[tenkan, kijun, senkou_a, senkou_b]`.
///
/// The spans are those drawn over this bar: the values of `displacement - 1` bars ago, as charts draw
/// them. All four start together. The lagging span is the close moved back, so `close > close[25]`.
#[derive(Debug, Clone)]
pub(in crate::function) struct Ichimoku {
    ranges: [Range; 3],
    spans: VecDeque<[f64; 2]>,
    displacement: usize,
}

impl Ichimoku {
    /// With the lengths of tenkan, kijun and senkou B.
    pub(in crate::function) fn new(lengths: [usize; 3], displacement: usize) -> Self {
        Self { ranges: lengths.map(Range::new), spans: VecDeque::with_capacity(displacement + 1), displacement }
    }
}

impl Step<2, 4> for Ichimoku {
    #[inline]
    fn step(&mut self, [high, low]: [f64; 2]) -> [f64; 4] {
        if !(high.is_finite() && low.is_finite()) {
            return [f64::NAN; 4];
        }
        let [tenkan, kijun, b] = self.ranges.each_mut().map(|range| range.middle(high, low));
        let (Some(tenkan), Some(kijun), Some(b)) = (tenkan, kijun, b) else {
            return [f64::NAN; 4];
        };
        self.spans.push_back([f64::midpoint(tenkan, kijun), b]);
        if self.spans.len() < self.displacement {
            return [f64::NAN; 4];
        }
        let [a, b] = self.spans.pop_front().unwrap_or([f64::NAN; 2]);
        [tenkan, kijun, a, b]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aroon_is_100_at_a_new_extreme_and_0_at_the_oldest() {
        let mut aroon = Aroon::new(2);
        let bars = [[9.0, 8.0], [8.0, 7.0], [7.0, 6.0]];
        assert_eq!(bars.map(|bar| aroon.step(bar))[2], [0.0, 100.0]);
    }

    #[test]
    fn a_close_at_the_lowest_low_is_zero_percent() {
        let mut stochastic = Stochastic::try_new(2, 1, 1).unwrap();
        let bars = [[10.0, 8.0, 9.0], [9.0, 6.0, 6.0], [8.0, 6.0, 7.5]];
        let found = bars.map(|bar| stochastic.step(bar));
        assert!(found[0][0].is_nan());
        assert_eq!(found[1], [0.0, 0.0]);
        assert_eq!(found[2], [50.0, 50.0]);
    }

    #[test]
    fn spans_are_those_of_the_bars_before() {
        let mut ichimoku = Ichimoku::new([1, 1, 1], 2);
        let bars = [[4.0, 2.0], [8.0, 6.0]];
        assert_eq!(bars.map(|bar| ichimoku.step(bar))[1], [7.0, 7.0, 3.0, 3.0]);
    }
}
