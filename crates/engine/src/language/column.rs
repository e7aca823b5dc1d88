//! Loops over whole columns: arithmetic, comparisons, lags and choices.
//!
//! NaN in gives NaN out for numbers and false for comparisons.

use super::syntax::{ArithmeticOp, CompareOp};
use crate::Mask;

/// A number for each bar: the same one, or a column's.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers<'a> {
    Constant(f64),
    Column(&'a [f64]),
}

impl Numbers<'_> {
    #[inline]
    fn at(&self, t: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Column(column) => column[t],
        }
    }
}

pub(super) fn negate(column: &[f64]) -> Vec<f64> {
    column.iter().map(|value| -value).collect()
}

pub(super) fn arithmetic(op: ArithmeticOp, left: Numbers<'_>, right: Numbers<'_>, bars: usize) -> Vec<f64> {
    // One loop for each operator, so that each compiles to a straight vector loop.
    match op {
        ArithmeticOp::Add => zip(left, right, bars, |a, b| a + b),
        ArithmeticOp::Subtract => zip(left, right, bars, |a, b| a - b),
        ArithmeticOp::Multiply => zip(left, right, bars, |a, b| a * b),
        ArithmeticOp::Divide => zip(left, right, bars, |a, b| a / b),
    }
}

fn zip(left: Numbers<'_>, right: Numbers<'_>, bars: usize, f: impl Fn(f64, f64) -> f64) -> Vec<f64> {
    match (left, right) {
        (Numbers::Column(a), Numbers::Column(b)) => a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect(),
        (Numbers::Column(a), Numbers::Constant(b)) => a.iter().map(|&a| f(a, b)).collect(),
        (Numbers::Constant(a), Numbers::Column(b)) => b.iter().map(|&b| f(a, b)).collect(),
        (Numbers::Constant(a), Numbers::Constant(b)) => vec![f(a, b); bars],
    }
}

/// The comparison at every bar from `warmup` on; false before.
pub(super) fn compare(op: CompareOp, left: Numbers<'_>, right: Numbers<'_>, extent: Extent) -> Mask {
    match op {
        CompareOp::Less => compare_with(left, right, extent, |a, b| a < b),
        CompareOp::LessEqual => compare_with(left, right, extent, |a, b| a <= b),
        CompareOp::Greater => compare_with(left, right, extent, |a, b| a > b),
        CompareOp::GreaterEqual => compare_with(left, right, extent, |a, b| a >= b),
        CompareOp::Equal => compare_with(left, right, extent, |a, b| a == b),
        CompareOp::NotEqual => compare_with(left, right, extent, |a, b| CompareOp::NotEqual.apply(a, b)),
    }
}

fn compare_with(left: Numbers<'_>, right: Numbers<'_>, extent: Extent, f: impl Fn(f64, f64) -> bool) -> Mask {
    let bars = extent.bars;
    let mask = match (left, right) {
        (Numbers::Column(a), Numbers::Column(b)) => Mask::from_fn(bars, |t| f(a[t], b[t])),
        (Numbers::Column(a), Numbers::Constant(b)) => Mask::from_fn(bars, |t| f(a[t], b)),
        (Numbers::Constant(a), Numbers::Column(b)) => Mask::from_fn(bars, |t| f(a, b[t])),
        (Numbers::Constant(a), Numbers::Constant(b)) => Mask::from_fn(bars, |_| f(a, b)),
    };
    after(mask, extent.warmup)
}

/// How many bars there are, and the first at which a value is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) bars: usize,
    pub(super) warmup: usize,
}

/// The mask with every bar before `warmup` false.
pub(super) fn after(mut mask: Mask, warmup: usize) -> Mask {
    let warmup = warmup.min(mask.len());
    let words = mask.words_mut();
    words[..warmup / 64].fill(0);
    if let Some(word) = words.get_mut(warmup / 64) {
        *word &= u64::MAX << (warmup % 64);
    }
    mask
}

/// The inverse from `warmup` on; false before.
pub(super) fn not(mask: &Mask, warmup: usize) -> Mask {
    let mut inverse = mask.clone();
    inverse.words_mut().iter_mut().for_each(|word| *word = !*word);
    let tail = mask.len() % 64;
    if let (true, Some(last)) = (tail > 0, inverse.words_mut().last_mut()) {
        *last &= (1 << tail) - 1;
    }
    after(inverse, warmup)
}

/// Word by word.
pub(super) fn combine(left: &Mask, right: &Mask, f: impl Fn(u64, u64) -> u64) -> Mask {
    let mut combined = left.clone();
    for (word, other) in combined.words_mut().iter_mut().zip(right.words()) {
        *word = f(*word, *other);
    }
    combined
}

/// The column `lag` bars ago; NaN where there is none.
pub(super) fn lag(column: &[f64], lag: usize) -> Vec<f64> {
    let lag = lag.min(column.len());
    let mut lagged = vec![f64::NAN; lag];
    lagged.extend_from_slice(&column[..column.len() - lag]);
    lagged
}

/// The mask `lag` bars ago; false where there is none.
pub(super) fn lag_mask(mask: &Mask, lag: usize) -> Mask {
    let mut lagged = Mask::falses(mask.len());
    let (skip, shift) = (lag / 64, lag % 64);
    let source = mask.words();
    let tail = mask.len() % 64;
    let words = lagged.words_mut();
    for (index, word) in words.iter_mut().enumerate().skip(skip) {
        let from = index - skip;
        let carried = if shift > 0 && from > 0 { source[from - 1] >> (64 - shift) } else { 0 };
        *word = (source[from] << shift) | carried;
    }
    if let (true, Some(last)) = (tail > 0, words.last_mut()) {
        *last &= (1 << tail) - 1;
    }
    lagged
}

/// One of two numbers at each bar.
pub(super) fn choose(condition: &Mask, then: Numbers<'_>, otherwise: Numbers<'_>) -> Vec<f64> {
    let choice = |t| {
        if condition.get(t) { then.at(t) } else { otherwise.at(t) }
    };
    (0..condition.len()).map(choice).collect()
}

/// A condition as the number that functions read: NaN before `warmup`, then 0 or 1.
pub(super) fn numbers_of(mask: &Mask, warmup: usize) -> Vec<f64> {
    let value = |t| {
        if t < warmup { f64::NAN } else { f64::from(u8::from(mask.get(t))) }
    };
    (0..mask.len()).map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mask(bits: &[bool]) -> Mask {
        Mask::from_fn(bits.len(), |t| bits[t])
    }

    proptest! {
        #[test]
        fn words_do_what_single_bits_do(
            a in prop::collection::vec(any::<bool>(), 0..300), shift in 0usize..310, warmup in 0usize..310,
        ) {
            let bits = mask(&a);
            let len = a.len();
            prop_assert_eq!(lag_mask(&bits, shift), Mask::from_fn(len, |t| t >= shift && a[t - shift]));
            prop_assert_eq!(not(&bits, warmup), Mask::from_fn(len, |t| t >= warmup && !a[t]));
            prop_assert_eq!(after(bits.clone(), warmup), Mask::from_fn(len, |t| t >= warmup && a[t]));
        }
    }

    #[test]
    fn no_comparison_with_nan_holds() {
        let column = [f64::NAN; 3];
        for op in [
            CompareOp::Less,
            CompareOp::LessEqual,
            CompareOp::Greater,
            CompareOp::GreaterEqual,
            CompareOp::Equal,
            CompareOp::NotEqual,
        ] {
            let extent = Extent { bars: 3, warmup: 0 };
            assert_eq!(compare(op, Numbers::Column(&column), Numbers::Constant(1.0), extent).count(), 0);
        }
    }

    #[test]
    fn a_lag_longer_than_the_column_is_undefined_everywhere() {
        assert!(lag(&[1.0, 2.0], 5).iter().all(|value| value.is_nan()));
        assert_eq!(lag(&[1.0, 2.0, 3.0], 1)[1..], [1.0, 2.0]);
    }
}
