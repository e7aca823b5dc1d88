//! Loops over whole columns: arithmetic, comparisons, lags and choices.
//!
//! NaN in gives NaN out for numbers and false for comparisons.

use super::syntax::{ArithmeticOp, CompareOp};
use crate::Mask;
use crate::function::are_finite;

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
    let mask = match (left, right) {
        (Numbers::Column(a), Numbers::Column(b)) => zip_mask(a, b, f),
        (Numbers::Column(a), Numbers::Constant(b)) => zip_mask(a, a, |a, _| f(a, b)),
        (Numbers::Constant(a), Numbers::Column(b)) => zip_mask(b, b, |b, _| f(a, b)),
        (Numbers::Constant(a), Numbers::Constant(b)) => Mask::from_fn(extent.bars, |_| f(a, b)),
    };
    after(mask, extent.warmup)
}

/// Where the first column crosses the second upward: above it, and not above it one bar ago, both finite. The same
/// as the function `cross_above` bar by bar; with the columns swapped it is `cross_below`.
pub(super) fn crossing(a: &[f64], b: &[f64]) -> Mask {
    let mut mask = Mask::falses(a.len());
    let mut carried = 0;
    for ((word, a), b) in mask.words_mut().iter_mut().zip(a.chunks(WORD)).zip(b.chunks(WORD)) {
        let (above, not_above) = order(a, b);
        *word = above & ((not_above << 1) | carried);
        carried = not_above >> (WORD - 1);
    }
    mask
}

/// Where the first of at most a word's bars is above the second, and where it is not, both finite.
fn order(a: &[f64], b: &[f64]) -> (u64, u64) {
    if are_finite(a) && are_finite(b) {
        let above = word_where(a, b, &|a, b| a > b);
        return (above, !above);
    }
    // Of ordered pairs one comparison each rules out an infinite end; nothing compares with NaN.
    let above = word_where(a, b, &|a, b| (a > b) & (a < f64::INFINITY) & (b > f64::NEG_INFINITY));
    let not_above = word_where(a, b, &|a, b| (a <= b) & (a > f64::NEG_INFINITY) & (b < f64::INFINITY));
    (above, not_above)
}

/// Bars in a word of a mask.
const WORD: usize = 64;

/// The mask that is true where `f` holds of the two columns, a word at a time.
fn zip_mask(a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> bool) -> Mask {
    let mut mask = Mask::falses(a.len());
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<WORD>(), b.as_chunks::<WORD>());
    let words = mask.words_mut();
    for (word, (a, b)) in words.iter_mut().zip(a_blocks.iter().zip(b_blocks)) {
        *word = word_where(a, b, &f);
    }
    if let Some(word) = words.get_mut(a_blocks.len()) {
        *word = word_where(a_rest, b_rest, &f);
    }
    mask
}

/// At most a word's bars. Comparing into bytes first leaves the compiler a loop of vector instructions.
#[inline(always)]
fn word_where(a: &[f64], b: &[f64], f: &impl Fn(f64, f64) -> bool) -> u64 {
    let mut flags = [0; WORD];
    for ((flag, a), b) in flags.iter_mut().zip(a).zip(b) {
        *flag = u8::from(f(*a, *b));
    }
    pack(&flags)
}

/// Sixty-four bytes of 0 or 1 into bits. A multiplication moves bit `8·i` of eight bytes to bit `56 + i`: the factor
/// has the bits `56 − 7·i`, and no two of the products that it adds up share a bit.
#[inline(always)]
fn pack(flags: &[u8; WORD]) -> u64 {
    let (rows, _) = flags.as_chunks::<8>();
    let bits = |row: &[u8; 8]| u64::from_le_bytes(*row).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    rows.iter().enumerate().fold(0, |word, (index, row)| word | bits(row) << (8 * index))
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
    let mut chosen = Vec::with_capacity(condition.len());
    for (index, &word) in condition.words().iter().enumerate() {
        let start = index * WORD;
        let bars = WORD.min(condition.len() - start);
        let choice = |bit| if word >> bit & 1 == 1 { then.at(start + bit) } else { otherwise.at(start + bit) };
        chosen.extend((0..bars).map(choice));
    }
    chosen
}

/// A condition as the number that functions read: NaN before `warmup`, then 0 or 1.
pub(super) fn numbers_of(mask: &Mask, warmup: usize) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(mask.len());
    for (index, &word) in mask.words().iter().enumerate() {
        let bars = WORD.min(mask.len() - index * WORD);
        numbers.extend((0..bars).map(|bit| f64::from(u8::from(word >> bit & 1 == 1))));
    }
    let warmup = warmup.min(numbers.len());
    numbers[..warmup].fill(f64::NAN);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPERATORS: [CompareOp; 6] = [
        CompareOp::Less,
        CompareOp::LessEqual,
        CompareOp::Greater,
        CompareOp::GreaterEqual,
        CompareOp::Equal,
        CompareOp::NotEqual,
    ];

    fn mask(bits: &[bool]) -> Mask {
        Mask::from_fn(bits.len(), |t| bits[t])
    }

    /// Few different numbers, so that many are equal, and every kind of special one.
    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![
            8 => (0..4_i32).prop_map(f64::from),
            1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(-0.0)],
        ]
    }

    proptest! {
        #[test]
        fn compared_words_do_what_single_bars_do(
            pairs in prop::collection::vec((value(), value()), 0..300), constant in value(), warmup in 0usize..310,
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let extent = Extent { bars: a.len(), warmup };
            let (left, right, fixed) = (Numbers::Column(&a), Numbers::Column(&b), Numbers::Constant(constant));
            for op in OPERATORS {
                let plain = |x: &dyn Fn(usize) -> f64, y: &dyn Fn(usize) -> f64| {
                    Mask::from_fn(a.len(), |t| t >= warmup && op.apply(x(t), y(t)))
                };
                prop_assert_eq!(compare(op, left, right, extent), plain(&|t| a[t], &|t| b[t]));
                prop_assert_eq!(compare(op, left, fixed, extent), plain(&|t| a[t], &|_| constant));
                prop_assert_eq!(compare(op, fixed, right, extent), plain(&|_| constant, &|t| b[t]));
            }
        }

        #[test]
        fn crossings_are_those_of_the_functions(pairs in prop::collection::vec((value(), value()), 1..300)) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            for (name, mask) in [("cross_above", crossing(&a, &b)), ("cross_below", crossing(&b, &a))] {
                let function = crate::function::find(name).unwrap();
                let mut outputs = vec![Vec::new()];
                (function.make)(&[]).unwrap().batch(&[&a, &b], &mut outputs);
                prop_assert_eq!(mask, Mask::from_fn(a.len(), |t| outputs[0][t] == 1.0));
            }
        }

        #[test]
        fn words_do_what_single_bits_do(
            a in prop::collection::vec(any::<bool>(), 0..300), shift in 0usize..310, warmup in 0usize..310,
        ) {
            let bits = mask(&a);
            let len = a.len();
            prop_assert_eq!(lag_mask(&bits, shift), Mask::from_fn(len, |t| t >= shift && a[t - shift]));
            prop_assert_eq!(not(&bits, warmup), Mask::from_fn(len, |t| t >= warmup && !a[t]));
            prop_assert_eq!(after(bits.clone(), warmup), Mask::from_fn(len, |t| t >= warmup && a[t]));
            let number = |t: usize| if t < warmup { None } else { Some(f64::from(u8::from(a[t]))) };
            let numbers: Vec<_> = numbers_of(&bits, warmup).into_iter().map(|x| (!x.is_nan()).then_some(x)).collect();
            prop_assert_eq!(numbers, (0..len).map(number).collect::<Vec<_>>());
            let column: Vec<f64> = (0..len).map(|t| t as f64).collect();
            let chosen: Vec<f64> = (0..len).map(|t| if a[t] { column[t] } else { -1.0 }).collect();
            prop_assert_eq!(choose(&bits, Numbers::Column(&column), Numbers::Constant(-1.0)), chosen);
        }
    }

    #[test]
    fn no_comparison_with_nan_holds() {
        let column = [f64::NAN; 3];
        for op in OPERATORS {
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
