//! Commodity channel index, as in TA-Lib.
//!
//! `(p - m) / (0.015 d)`, `p` the typical price, `m` its mean and `d` its mean absolute deviation from `m`
//! over `length` bars; 0 where nothing deviates. The deviation is taken from a mean that moves each
//! bar, so a bar costs `length` steps; the mean is summed afresh as well, which keeps flat prices at 0
//! where a running sum would divide one rounding error by another.
//!
//! # Source
//! D. Lambert, *Commodity Channel Index*, Commodities, 1980.

use crate::function::adapter::Step;

/// Share of a price below which a deviation is rounding.
const NO_DEVIATION: f64 = 1e-13;

/// The commodity channel index.
#[derive(Debug, Clone)]
pub(in crate::function) struct ChannelIndex {
    length: usize,
    /// The last `length` typical prices, in any order.
    window: Vec<f64>,
    oldest: usize,
}

impl ChannelIndex {
    /// Over `length` bars, at least 2.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { length, window: Vec::with_capacity(length), oldest: 0 }
    }

    fn index(&self, price: f64) -> f64 {
        let count = self.length as f64;
        let mean = self.window.iter().sum::<f64>() / count;
        let deviation = self.window.iter().map(|x| (x - mean).abs()).sum::<f64>() / count;
        if deviation > NO_DEVIATION * mean.abs() { (price - mean) / (0.015 * deviation) } else { 0.0 }
    }
}

impl Step<3, 1> for ChannelIndex {
    fn step(&mut self, [high, low, close]: [f64; 3]) -> [f64; 1] {
        let price = (high + low + close) / 3.0;
        if !price.is_finite() {
            return [f64::NAN];
        }
        if self.window.len() < self.length {
            self.window.push(price);
            if self.window.len() < self.length {
                return [f64::NAN];
            }
        } else {
            self.window[self.oldest] = price;
            self.oldest = (self.oldest + 1) % self.length;
        }
        [self.index(price)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_of_two_prices_is_one_deviation_away() {
        let mut index = ChannelIndex::new(2);
        let found = [1.0, 3.0, 3.0].map(|x| index.step([x, x, x])[0]);
        assert!(found[0].is_nan());
        assert_eq!(found[1], 1.0 / 0.015);
        assert_eq!(found[2], 0.0);
    }
}
