//! Means, sums and ranks over a sliding window.

use std::collections::VecDeque;

use wickra_core::{Beta, Indicator};

use crate::function::adapter::{Step, are_finite, each_bar};

/// Values in a block.
const BLOCK: usize = 8;

/// The mean of the last `length` values.
///
/// The window's sum at the start of a block of [`BLOCK`] values is kept; within the block the differences between what comes
/// and what leaves are added up on their own. Only the sum waits for the block before, so that the blocks of a column
/// are computed side by side; single values take the same steps, and so have the same bits. Every `2 * length` blocks the
/// sum is taken afresh from the window, so that rounding errors do not pile up over years of bars.
#[derive(Debug, Clone)]
pub(in crate::function) struct Mean {
    length: usize,
    /// The last values, the oldest at `next`.
    window: Vec<f64>,
    next: usize,
    /// Sum of the window before the block.
    before: f64,
    /// What the block's values have added to it.
    within: f64,
    /// Values of the block so far.
    filled: usize,
    /// Blocks until the sum is taken afresh.
    until_fresh: usize,
}

impl Mean {
    /// Over the last `length` values, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        let window = Vec::with_capacity(length);
        Self { length, window, next: 0, before: 0.0, within: 0.0, filled: 0, until_fresh: 2 * length }
    }

    fn push(&mut self, x: f64) -> f64 {
        if self.window.len() < self.length {
            self.window.push(x);
            if self.window.len() < self.length {
                return f64::NAN;
            }
            self.before = self.window.iter().sum();
            return self.before / self.length as f64;
        }
        let oldest = std::mem::replace(&mut self.window[self.next], x);
        self.next = if self.next + 1 == self.length { 0 } else { self.next + 1 };
        self.within += x - oldest;
        let mut sum = self.before + self.within;
        self.filled += 1;
        if self.filled == BLOCK {
            self.until_fresh -= 1;
            if self.until_fresh == 0 {
                self.until_fresh = 2 * self.length;
                let (newer, older) = self.window.split_at(self.next);
                sum = older.iter().chain(newer).sum();
            }
            (self.before, self.within, self.filled) = (sum, 0.0, 0);
        }
        sum / self.length as f64
    }

    /// Whole columns: before the first value, of at least `length` finite ones.
    fn sweep(&mut self, values: &[f64], means: &mut [f64]) {
        let (length, count) = (self.length, self.length as f64);
        means[..length - 1].fill(f64::NAN);
        self.before = values[..length].iter().sum();
        means[length - 1] = self.before / count;
        let (leaves, comes) = (&values[..values.len() - length], &values[length..]);
        let (leaving, leaving_rest) = leaves.as_chunks::<BLOCK>();
        let (coming, coming_rest) = comes.as_chunks::<BLOCK>();
        let (blocks, rest) = means[length..].as_chunks_mut::<BLOCK>();
        for (index, ((sums, leaves), comes)) in blocks.iter_mut().zip(leaving).zip(coming).enumerate() {
            let mut within = 0.0;
            for ((sum, leaves), comes) in sums.iter_mut().zip(leaves).zip(comes) {
                within += comes - leaves;
                *sum = within;
            }
            sums.iter_mut().for_each(|sum| *sum += self.before);
            self.until_fresh -= 1;
            if self.until_fresh == 0 {
                self.until_fresh = 2 * length;
                let end = length + (index + 1) * BLOCK;
                sums[BLOCK - 1] = values[end - length..end].iter().sum();
            }
            self.before = sums[BLOCK - 1];
            sums.iter_mut().for_each(|sum| *sum /= count);
        }
        for ((mean, leaves), comes) in rest.iter_mut().zip(leaving_rest).zip(coming_rest) {
            self.within += comes - leaves;
            *mean = (self.before + self.within) / count;
            self.filled += 1;
        }
        self.window.extend_from_slice(&values[values.len() - length..]);
    }
}

impl Step<1, 1> for Mean {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [if x.is_finite() { self.push(x) } else { f64::NAN }]
    }

    fn stretch(&mut self, [values]: [&[f64]; 1], [means]: [&mut [f64]; 1]) {
        let start = values.iter().position(|x| x.is_finite()).unwrap_or(values.len());
        let defined = &values[start..];
        if !self.window.is_empty() || defined.len() < self.length || !are_finite(defined) {
            return each_bar(self, [values], [means]);
        }
        means[..start].fill(f64::NAN);
        self.sweep(defined, &mut means[start..]);
    }
}

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
    fn a_column_of_means_has_the_bits_and_leaves_the_state_of_single_values() {
        let price = |t: u32| 20_000.0 + f64::from(t.wrapping_mul(2_654_435_761) >> 12) * 1e-3 - f64::from(t);
        let values: Vec<f64> = (0..2300).map(price).collect();
        for length in [1, 2, 3, 7, 8, 9, 50, 141, 1000, 2299, 2300, 2301] {
            let (mut whole, mut single) = (Mean::new(length), Mean::new(length));
            let mut column = vec![7.0; values.len()];
            whole.stretch([&values], [&mut column]);
            for (t, x) in values.iter().enumerate() {
                let [expected] = single.step([*x]);
                assert!(expected.to_bits() == column[t].to_bits() || expected.is_nan() && column[t].is_nan(), "{t}");
            }
            for x in &values {
                assert_eq!(whole.step([*x])[0].to_bits(), single.step([*x])[0].to_bits(), "{length}");
            }
        }
    }

    #[test]
    fn a_mean_forgets_a_large_value_when_its_sum_is_taken_afresh() {
        let mut mean = Mean::new(2);
        let found: Vec<f64> = [1e17, 1.0].into_iter().chain([1.0; 40]).map(|x| mean.step([x])[0]).collect();
        assert!(found[0].is_nan());
        assert_eq!(found[1], 5e16);
        assert_eq!(found[41], 1.0);
    }

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
