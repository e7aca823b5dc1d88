//! Highest and lowest value of a sliding window, in amortised constant time.
//!
//! A queue of candidates, best first: a new value removes every candidate at the back that it beats or
//! equals, so that each value enters and leaves once. Of equal values the latest stays (only its age
//! differs, never the result of [`highest`](Extreme)).
//!
//! # Source
//! D. Lemire, *Streaming maximum-minimum filter using no more than three comparisons per element*, 2006.

use std::collections::VecDeque;

use crate::function::adapter::Step;

/// Which end of the order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::function) enum End {
    /// The largest value.
    Highest,
    /// The smallest value.
    Lowest,
}

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
}

impl Step<1, 1> for Extreme {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        if !x.is_finite() {
            return [f64::NAN];
        }
        [self.push(x).map_or(f64::NAN, |(value, _)| value)]
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
    fn lowest_mirrors_highest() {
        let mut lowest = Extreme::new(End::Lowest, 2);
        let found: Vec<_> = [3.0, 1.0, 4.0, 2.0].iter().map(|&x| lowest.push(x)).collect();
        assert_eq!(found, [None, Some((1.0, 0)), Some((1.0, 1)), Some((2.0, 0))]);
    }
}
