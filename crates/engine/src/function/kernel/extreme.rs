//! Highest and lowest value of a sliding window, in amortised constant time.
//!
//! A queue of candidates, best first: a new value removes every candidate at the back that it beats or
//! equals, so that each value enters and leaves once. Of equal values the latest stays (only its age
//! differs, never the result of [`highest`](Extreme)).
//!
//! Whole columns are worked out differently, without a branch: the extremes of spans of 1, 2, 4, … values, each from
//! two of the span before, and that of `length` values from two spans that overlap. Of equal values (0 and -0) the
//! later one is taken at each step, as the queue does.
//!
//! # Source
//! D. Lemire, *Streaming maximum-minimum filter using no more than three comparisons per element*, 2006.

use std::collections::VecDeque;

use crate::function::adapter::{Step, are_finite, each_bar};

/// Which end of the order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::function) enum End {
    /// The largest value.
    Highest,
    /// The smallest value.
    Lowest,
}

/// Longer windows go through the queue, which does not grow with them.
const LONGEST_SPAN: usize = 1 << 13;

/// Windows worked out at a time: what is read and written again and again stays in the nearest cache.
const BLOCK: usize = 1024;

/// The extreme of the last `length` values.
#[derive(Debug, Clone)]
pub(in crate::function) struct Extreme {
    sign: f64,
    length: usize,
    seen: usize,
    /// `(number of the value, value * sign)`, values strictly falling.
    candidates: VecDeque<(usize, f64)>,
}

impl Extreme {
    /// Over the last `length` values, at least 1.
    pub(in crate::function) fn new(end: End, length: usize) -> Self {
        Self {
            sign: if end == End::Highest { 1.0 } else { -1.0 },
            length,
            seen: 0,
            candidates: VecDeque::with_capacity(length + 1),
        }
    }

    /// The extreme after `x` and its age in values (0: it is `x`); `None` until `length` were seen.
    #[inline]
    pub(in crate::function) fn push(&mut self, x: f64) -> Option<(f64, usize)> {
        let ranked = x * self.sign;
        while self.candidates.back().is_some_and(|&(_, value)| value <= ranked) {
            self.candidates.pop_back();
        }
        self.candidates.push_back((self.seen, ranked));
        self.seen += 1;
        if self.seen > self.length
            && self.candidates.front().is_some_and(|&(number, _)| number + self.length < self.seen)
        {
            self.candidates.pop_front();
        }
        let &(number, value) = self.candidates.front()?;
        (self.seen >= self.length).then_some((value * self.sign, self.seen - 1 - number))
    }

    /// Whether [`sweep`](Self::sweep) may be asked: before the first value, of enough values, all finite.
    pub(in crate::function) fn can_sweep(&self, values: &[f64]) -> bool {
        self.seen == 0 && (self.length..).contains(&values.len()) && self.length <= LONGEST_SPAN && are_finite(values)
    }

    /// The extreme after each of a whole column of values, NaN until `length` were seen.
    #[inline(always)]
    pub(in crate::function) fn sweep(&mut self, values: &[f64], output: &mut [f64]) {
        let first = self.length - 1;
        output[..first].fill(f64::NAN);
        // Written out twice, so that each is a straight loop of vector instructions.
        if self.sign > 0.0 {
            sweep(values, self.length, &mut output[first..], |older, newer| if older > newer { older } else { newer });
        } else {
            sweep(values, self.length, &mut output[first..], |older, newer| if older < newer { older } else { newer });
        }
        self.seen = values.len() - self.length;
        for &x in &values[self.seen..] {
            let _ = self.push(x);
        }
    }
}

/// The extremes of all windows of `length` values; `output` has one value for each.
#[inline(always)]
fn sweep(values: &[f64], length: usize, output: &mut [f64], pick: impl Fn(f64, f64) -> f64 + Copy) {
    let mut spans = vec![0.0; BLOCK + length];
    let mut doubled = spans.clone();
    for (block, output) in output.chunks_mut(BLOCK).enumerate() {
        let start = block * BLOCK;
        let mut known = output.len() + length - 1;
        spans[..known].copy_from_slice(&values[start..start + known]);
        let mut span = 1;
        while 2 * span <= length {
            known -= span;
            pick_pairs(&spans[..known], &spans[span..span + known], &mut doubled[..known], pick);
            std::mem::swap(&mut spans, &mut doubled);
            span *= 2;
        }
        let bars = output.len();
        pick_pairs(&spans[..bars], &spans[length - span..length - span + bars], output, pick);
    }
}

#[inline(always)]
fn pick_pairs(older: &[f64], newer: &[f64], output: &mut [f64], pick: impl Fn(f64, f64) -> f64) {
    for ((output, &older), &newer) in output.iter_mut().zip(older).zip(newer) {
        *output = pick(older, newer);
    }
}

impl Step<1, 1> for Extreme {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        [self.push(x).map_or(f64::NAN, |(value, _)| value)]
    }

    #[inline(always)]
    fn stretch(&mut self, [values]: [&[f64]; 1], [output]: [&mut [f64]; 1]) {
        let start = values.iter().position(|x| x.is_finite()).unwrap_or(values.len());
        if self.can_sweep(&values[start..]) {
            output[..start].fill(f64::NAN);
            self.sweep(&values[start..], &mut output[start..]);
        } else {
            each_bar(self, [values], [output]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn window_forgets_what_left_it() {
        let mut highest = Extreme::new(End::Highest, 3);
        let values = [5.0, 1.0, 2.0, 2.0, 1.0, 0.0];
        let found: Vec<_> = values.iter().map(|&x| highest.push(x)).collect();
        assert_eq!(found, [None, None, Some((5.0, 2)), Some((2.0, 0)), Some((2.0, 1)), Some((2.0, 2))]);
    }

    #[test]
    fn whole_columns_have_the_extremes_and_the_state_of_single_values() {
        // Few different values, so that many are equal, zeros of both signs among them.
        let few = [-2.0, -1.0, -0.0, 0.0, 1.0, 2.0, -0.0, 0.0];
        let values: Vec<f64> = (0..3000_u32).map(|t| few[(t.wrapping_mul(2_654_435_761) >> 29) as usize]).collect();
        for end in [End::Highest, End::Lowest] {
            for length in [1, 2, 3, 4, 7, 64, 100, 1500, 3000, 3001] {
                let (mut whole, mut single) = (Extreme::new(end, length), Extreme::new(end, length));
                let mut output = vec![7.0; values.len()];
                whole.stretch([&values], [&mut output]);
                let plain: Vec<u64> = values.iter().map(|&x| single.step([x])[0].to_bits()).collect();
                assert_eq!(output.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), plain, "{end:?} {length}");
                for x in [-1.5, 0.5, -3.0, 4.0] {
                    assert_eq!(whole.push(x), single.push(x), "{end:?} {length}");
                }
            }
        }
    }

    #[test]
    fn lowest_mirrors_highest() {
        let mut lowest = Extreme::new(End::Lowest, 2);
        let found: Vec<_> = [3.0, 1.0, 4.0, 2.0].iter().map(|&x| lowest.push(x)).collect();
        assert_eq!(found, [None, Some((1.0, 0)), Some((1.0, 1)), Some((2.0, 0))]);
    }
}
