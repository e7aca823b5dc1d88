//! Exponential smoothing, and what it is mostly used on: the true range and the moves of the RSI.
//!
//! `s[t] = s[t-1] + w * (x[t] - s[t-1])`, seeded with the mean of the first `length` values; the weight
//! `w` is `2 / (length + 1)`, or `1 / length` for Wilder's average.
//!
//! The true range needs the previous close, so it starts at bar 1 and `atr(n)` at bar `n`, as in TA-Lib
//! (Pine and `wickra-core` take high - low for bar 0 and start one bar earlier; the two converge).
//!
//! # Source
//! J. Welles Wilder, *New Concepts in Technical Trading Systems*, 1978.

use crate::function::adapter::{Step, are_finite, each_bar};

/// Values in a block.
const BLOCK: usize = 8;

/// An exponential moving average.
///
/// With `k = 1 - w`, the average after the `j`-th value of a block is `k^j * s + p`, where `s` is the average before the
/// block and `p` what the block's own values come to: `p = p * k + x * w`. Only `s` waits for the block before, so that
/// the blocks of a column are computed side by side. Single values take the same steps, and so have the same bits.
#[derive(Debug, Clone)]
pub(in crate::function) struct Exponential {
    length: usize,
    weight: f64,
    /// `k`, `k^2`, … `k^BLOCK`.
    keep: [f64; BLOCK],
    seen: usize,
    /// The average before the block; of the seed its sum so far.
    before: f64,
    /// What the block's values come to.
    within: f64,
    /// Values of the block so far.
    filled: usize,
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
        let mut power = 1.0;
        let keep = std::array::from_fn(|_| {
            power *= 1.0 - weight;
            power
        });
        Self { length, weight, keep, seen: 0, before: 0.0, within: 0.0, filled: 0 }
    }

    /// The average after `x`, NaN until `length` values were seen.
    #[inline]
    pub(in crate::function) fn push(&mut self, x: f64) -> f64 {
        if self.seen < self.length {
            return self.seed(x);
        }
        self.within = self.within * self.keep[0] + x * self.weight;
        let average = self.before * self.keep[self.filled] + self.within;
        self.filled += 1;
        if self.filled == BLOCK {
            (self.before, self.within, self.filled) = (average, 0.0, 0);
        }
        average
    }

    fn seed(&mut self, x: f64) -> f64 {
        self.seen += 1;
        self.before += x;
        if self.seen < self.length {
            return f64::NAN;
        }
        self.before /= self.length as f64;
        self.before
    }

    /// As [`push`](Self::push), but an undefined value is skipped and gives NaN.
    #[inline]
    pub(in crate::function) fn push_defined(&mut self, x: f64) -> f64 {
        if x.is_finite() { self.push(x) } else { f64::NAN }
    }

    /// As [`push_defined`](Self::push_defined) of each value, in order. Both are of one length.
    #[inline(always)]
    pub(in crate::function) fn push_all(&mut self, values: &[f64], averages: &mut [f64]) {
        let undefined = values.iter().take_while(|x| !x.is_finite()).count();
        averages[..undefined].fill(f64::NAN);
        let (values, averages) = (&values[undefined..], &mut averages[undefined..]);
        // Up to the seed and to the start of a block.
        let single = (self.length - self.seen + (BLOCK - self.filled) % BLOCK).min(values.len());
        let (first, blocks) = if are_finite(values) { values.split_at(single) } else { (values, &[][..]) };
        let (first_averages, averages) = averages.split_at_mut(first.len());
        first.iter().zip(first_averages).for_each(|(x, average)| *average = self.push_defined(*x));
        let (blocks, rest) = blocks.as_chunks::<BLOCK>();
        let (block_averages, rest_averages) = averages.as_chunks_mut::<BLOCK>();
        blocks.iter().zip(block_averages).for_each(|(block, averages)| self.push_block(block, averages));
        rest.iter().zip(rest_averages).for_each(|(x, average)| *average = self.push(*x));
    }

    /// A whole block, from its start.
    #[inline(always)]
    fn push_block(&mut self, values: &[f64; BLOCK], averages: &mut [f64; BLOCK]) {
        let mut within = 0.0;
        for (average, x) in averages.iter_mut().zip(values) {
            within = within * self.keep[0] + x * self.weight;
            *average = within;
        }
        averages.iter_mut().zip(self.keep).for_each(|(average, keep)| *average += self.before * keep);
        self.before = averages[BLOCK - 1];
    }
}

impl Step<1, 1> for Exponential {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [self.push_defined(x)]
    }

    #[inline(always)]
    fn stretch(&mut self, [values]: [&[f64]; 1], [averages]: [&mut [f64]; 1]) {
        self.push_all(values, averages);
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
        true_range(high, low, previous)
    }

    /// As [`push`](Self::push) of each bar, in order. All are of one length.
    #[inline(always)]
    pub(in crate::function) fn push_all(&mut self, bars: [&[f64]; 3], ranges: &mut [f64]) {
        let [highs, lows, closes] = bars;
        let whole = self.previous_close.is_finite() && bars.iter().all(|column| are_finite(column));
        let first = if whole { 1.min(ranges.len()) } else { ranges.len() };
        for t in 0..first {
            ranges[t] = self.push([highs[t], lows[t], closes[t]]);
        }
        if first < ranges.len() {
            let now = ranges[first..].iter_mut().zip(&highs[first..]).zip(&lows[first..]);
            now.zip(closes).for_each(|(((range, high), low), previous)| *range = true_range(*high, *low, *previous));
            self.previous_close = closes[closes.len() - 1];
        }
    }
}

/// The three-way maximum, in two operations; comparisons of finite numbers are vector instructions.
#[inline(always)]
fn true_range(high: f64, low: f64, previous_close: f64) -> f64 {
    let top = if high > previous_close { high } else { previous_close };
    let bottom = if low < previous_close { low } else { previous_close };
    top - bottom
}

impl Step<3, 1> for TrueRange {
    #[inline]
    fn step(&mut self, input: [f64; 3]) -> [f64; 1] {
        [self.push(input)]
    }

    #[inline(always)]
    fn stretch(&mut self, bars: [&[f64]; 3], [ranges]: [&mut [f64]; 1]) {
        in_chunks(bars, ranges, |bars, ranges| self.push_all(bars, ranges));
    }
}

/// Bars between two looks at whether all values are finite.
const CHUNK: usize = 1024;

/// A column from others, so many bars at a time that what is in between stays close by.
#[inline(always)]
pub(super) fn in_chunks<const I: usize>(
    inputs: [&[f64]; I],
    output: &mut [f64],
    mut run: impl FnMut([&[f64]; I], &mut [f64]),
) {
    for (index, output) in output.chunks_mut(CHUNK).enumerate() {
        let start = index * CHUNK;
        run(inputs.map(|input| &input[start..start + output.len()]), output);
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

    #[inline(always)]
    fn stretch(&mut self, bars: [&[f64]; 3], [averages]: [&mut [f64]; 1]) {
        let mut ranges = [0.0; CHUNK];
        in_chunks(bars, averages, |bars, averages| {
            let ranges = &mut ranges[..averages.len()];
            self.range.push_all(bars, ranges);
            self.average.push_all(ranges, averages);
        });
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

/// Wilder's relative strength index: `100 up / (up + down)` of the averages of rises and falls, 50 where nothing has
/// moved.
#[derive(Debug, Clone)]
pub(in crate::function) struct RelativeStrength {
    previous: f64,
    rises: Exponential,
    falls: Exponential,
}

impl RelativeStrength {
    /// Over `length` changes, at least 1.
    pub(in crate::function) fn new(length: usize) -> Self {
        Self { previous: f64::NAN, rises: Exponential::wilder(length), falls: Exponential::wilder(length) }
    }
}

impl Step<1, 1> for RelativeStrength {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        let previous = std::mem::replace(&mut self.previous, x);
        if previous.is_nan() {
            return [f64::NAN];
        }
        let (rise, fall) = moves(x - previous);
        [strength(self.rises.push(rise), self.falls.push(fall))]
    }

    #[inline(always)]
    fn stretch(&mut self, values: [&[f64]; 1], [strengths]: [&mut [f64]; 1]) {
        let mut buffers = [[0.0; CHUNK]; 3];
        in_chunks(values, strengths, |[values], strengths| {
            if self.previous.is_nan() || !are_finite(values) {
                return each_bar(self, [values], [strengths]);
            }
            let [rises, falls, averages] = buffers.each_mut().map(|buffer| &mut buffer[..values.len()]);
            (rises[0], falls[0]) = moves(values[0] - self.previous);
            for (t, pair) in values.windows(2).enumerate() {
                (rises[t + 1], falls[t + 1]) = moves(pair[1] - pair[0]);
            }
            self.previous = values[values.len() - 1];
            self.rises.push_all(rises, strengths);
            self.falls.push_all(falls, averages);
            strengths.iter_mut().zip(averages).for_each(|(value, falls)| *value = strength(*value, *falls));
        });
    }
}

/// A change as a rise and a fall, one of them 0.
#[inline(always)]
fn moves(change: f64) -> (f64, f64) {
    (if change > 0.0 { change } else { 0.0 }, if change < 0.0 { -change } else { 0.0 })
}

/// The index from both averages; NaN while they are.
#[inline(always)]
fn strength(rises: f64, falls: f64) -> f64 {
    let moved = rises + falls;
    if moved == 0.0 { 50.0 } else { 100.0 * rises / moved }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prices(bars: u32) -> Vec<f64> {
        (0..bars).map(|t| 20_000.0 + f64::from(t.wrapping_mul(2_654_435_761) >> 12) * 1e-3 - f64::from(t)).collect()
    }

    /// The whole column, and the state it leaves, against single values; `gaps` are undefined.
    fn agree<S: Step<1, 1> + Clone>(step: &S, gaps: &[usize]) {
        let mut values = prices(2300);
        gaps.iter().for_each(|&t| values[t] = f64::NAN);
        let (mut whole, mut single) = (step.clone(), step.clone());
        let mut column = vec![7.0; 2300];
        // In two stretches, the second of which begins anywhere in a block.
        let (first, second) = column.split_at_mut(1203);
        whole.stretch([&values[..1203]], [first]);
        whole.stretch([&values[1203..]], [second]);
        for (t, x) in values.iter().enumerate() {
            let [expected] = single.step([*x]);
            assert!(expected.to_bits() == column[t].to_bits() || (expected.is_nan() && column[t].is_nan()), "{t}");
        }
        assert_eq!(whole.step([3.0])[0].to_bits(), single.step([3.0])[0].to_bits());
    }

    #[test]
    fn a_column_has_the_bits_and_leaves_the_state_of_single_values() {
        for length in [1, 2, 7, 8, 9, 14, 100, 1202, 1203, 1300] {
            for gaps in [&[][..], &[0, 1, 2], &[0, 1500], &[1203, 1204]] {
                agree(&Exponential::standard(length), gaps);
                agree(&Exponential::wilder(length), gaps);
                agree(&RelativeStrength::new(length), gaps);
            }
        }
    }

    #[test]
    fn averages_are_those_of_the_plain_recurrence() {
        let (mut blocks, mut plain) = (Exponential::standard(9), f64::NAN);
        let values = prices(20_000);
        for (t, x) in values.iter().enumerate() {
            plain = match t {
                0..8 => f64::NAN,
                8 => values[..9].iter().sum::<f64>() / 9.0,
                _ => plain + 0.2 * (x - plain),
            };
            let average = blocks.push(*x);
            assert!(average.is_nan() && plain.is_nan() || (average / plain - 1.0).abs() < 1e-15, "{t}");
        }
    }

    #[test]
    fn strength_is_the_share_of_the_rises() {
        let mut rsi = RelativeStrength::new(2);
        let found = [1.0, 2.0, 1.5, 1.5, 3.5].map(|x| rsi.step([x])[0]);
        assert!(found[0].is_nan() && found[1].is_nan());
        // Averages of rises and falls: 0.5 and 0.25, then 0.25 and 0.125, then 1.125 and 0.0625.
        assert_eq!(found[2..], [100.0 * 0.5 / 0.75, 100.0 * 0.25 / 0.375, 100.0 * 1.125 / 1.1875]);
        let mut still = RelativeStrength::new(1);
        assert_eq!([4.0, 4.0, 4.0].map(|x| still.step([x])[0])[1..], [50.0, 50.0]);
    }
}
