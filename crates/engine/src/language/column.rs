//! Conditions over whole columns: comparisons, crossings, lags and logic, a word of 64 bars at a time.
//!
//! No comparison with NaN holds.

use super::syntax::CompareOp;
use crate::Mask;
use crate::function::are_finite;
use crate::pointwise::{CHUNK, Numbers, Program, Source};
use crate::wide::{Wide, widely};

/// The comparison of two numbers of a program at every bar from `warmup` on; false before.
pub(super) fn compare(op: CompareOp, program: &Program, (left, right): (Source, Source), warmup: usize) -> Mask {
    let mut mask = Mask::falses(program.bars());
    widely(Comparison { op, program, pair: (left, right), words: mask.words_mut() });
    after(mask, warmup)
}

/// All bars of a comparison into words.
struct Comparison<'a> {
    op: CompareOp,
    program: &'a Program,
    pair: (Source, Source),
    words: &'a mut [u64],
}

impl Wide for Comparison<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { op, program, pair: (left, right), words } = self;
        let mut registers = program.registers();
        for (start, words) in (0..program.bars()).step_by(CHUNK).zip(words.chunks_mut(CHUNK / WORD)) {
            let bars = start..(start + CHUNK).min(program.bars());
            program.run(bars.clone(), &mut registers);
            let read = |source| program.read(source, bars.clone(), &registers);
            compare_words(op, words, (read(left), read(right)), bars.len());
        }
    }
}

#[inline(always)]
fn compare_words(op: CompareOp, words: &mut [u64], pair: (Numbers<'_>, Numbers<'_>), bars: usize) {
    // One loop for each operator, so that each compiles to a straight vector loop.
    match op {
        CompareOp::Less => compare_with(words, pair, bars, |a, b| a < b),
        CompareOp::LessEqual => compare_with(words, pair, bars, |a, b| a <= b),
        CompareOp::Greater => compare_with(words, pair, bars, |a, b| a > b),
        CompareOp::GreaterEqual => compare_with(words, pair, bars, |a, b| a >= b),
        CompareOp::Equal => compare_with(words, pair, bars, |a, b| a == b),
        CompareOp::NotEqual => compare_with(words, pair, bars, |a, b| CompareOp::NotEqual.apply(a, b)),
    }
}

#[inline(always)]
fn compare_with(words: &mut [u64], pair: (Numbers<'_>, Numbers<'_>), bars: usize, f: impl Fn(f64, f64) -> bool) {
    match pair {
        (Numbers::Column(a), Numbers::Column(b)) => zip_words(words, a, b, f),
        (Numbers::Column(a), Numbers::Constant(b)) => zip_words(words, a, a, |a, _| f(a, b)),
        (Numbers::Constant(a), Numbers::Column(b)) => zip_words(words, b, b, |b, _| f(a, b)),
        (Numbers::Constant(a), Numbers::Constant(b)) => {
            let constant = vec![a; bars];
            zip_words(words, &constant, &constant, |a, _| f(a, b));
        }
    }
}

/// Where the first column crosses the second upward: above it, and not above it one bar ago, both finite. The same
/// as the function `cross_above` bar by bar; with the columns swapped it is `cross_below`.
pub(super) fn crossing(a: &[f64], b: &[f64]) -> Mask {
    let mut mask = Mask::falses(a.len());
    widely(Crossing { a, b, words: mask.words_mut() });
    mask
}

/// All bars of a crossing into words.
struct Crossing<'a> {
    a: &'a [f64],
    b: &'a [f64],
    words: &'a mut [u64],
}

impl Wide for Crossing<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let mut carried = 0;
        for ((word, a), b) in self.words.iter_mut().zip(self.a.chunks(WORD)).zip(self.b.chunks(WORD)) {
            let (above, not_above) = order(a, b);
            *word = above & ((not_above << 1) | carried);
            carried = not_above >> (WORD - 1);
        }
    }
}

/// Where the first of at most a word's bars is above the second, and where it is not, both finite.
#[inline(always)]
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

/// The words that are true where `f` holds of the two columns.
#[inline(always)]
fn zip_words(words: &mut [u64], a: &[f64], b: &[f64], f: impl Fn(f64, f64) -> bool) {
    let ((a_blocks, a_rest), (b_blocks, b_rest)) = (a.as_chunks::<WORD>(), b.as_chunks::<WORD>());
    for (word, (a, b)) in words.iter_mut().zip(a_blocks.iter().zip(b_blocks)) {
        *word = word_where(a, b, &f);
    }
    if let Some(word) = words.get_mut(a_blocks.len()) {
        *word = word_where(a_rest, b_rest, &f);
    }
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

/// How many bars in a row, up to each, the condition was true: the same as the function `streak` bar by bar.
pub(super) fn streaks(mask: &Mask) -> Vec<f64> {
    let mut streaks = Vec::with_capacity(mask.len());
    let mut run = 0_u32;
    for (index, &word) in mask.words().iter().enumerate() {
        let bars = WORD.min(mask.len() - index * WORD);
        if word == 0 {
            streaks.resize(streaks.len() + bars, 0.0);
            run = 0;
            continue;
        }
        let counts: [f64; WORD] = std::array::from_fn(|bit| {
            // Without a branch: runs begin and end where nobody foresees it.
            run = (run + 1) * u32::from(word >> bit & 1 == 1);
            f64::from(run)
        });
        streaks.extend_from_slice(&counts[..bars]);
    }
    streaks
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
            pairs in prop::collection::vec((value(), value()), 0..1200), constant in value(), warmup in 0usize..1210,
        ) {
            let (a, b): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            let mut program = Program::new(a.len());
            let columns = [a.clone(), b.clone()].map(|column| Source::Column(program.add_column(column.into())));
            let ([left, right], fixed) = (columns, Source::Constant(constant));
            for op in OPERATORS {
                let plain = |x: &dyn Fn(usize) -> f64, y: &dyn Fn(usize) -> f64| {
                    Mask::from_fn(a.len(), |t| t >= warmup && op.apply(x(t), y(t)))
                };
                prop_assert_eq!(compare(op, &program, (left, right), warmup), plain(&|t| a[t], &|t| b[t]));
                prop_assert_eq!(compare(op, &program, (left, fixed), warmup), plain(&|t| a[t], &|_| constant));
                prop_assert_eq!(compare(op, &program, (fixed, right), warmup), plain(&|_| constant, &|t| b[t]));
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
        fn streaks_are_those_of_the_function(
            runs in prop::collection::vec((any::<bool>(), 1..150_usize), 0..8), warmup in 0usize..100,
        ) {
            let bits: Vec<bool> = runs.into_iter().flat_map(|(bit, bars)| vec![bit; bars]).collect();
            let mask = after(mask(&bits), warmup);
            let function = crate::function::find("streak").unwrap();
            let mut outputs = vec![Vec::new()];
            (function.make)(&[]).unwrap().batch(&[&numbers_of(&mask, warmup)], &mut outputs);
            prop_assert_eq!(streaks(&mask), outputs.remove(0));
        }

        #[test]
        fn words_do_what_single_bits_do(
            a in prop::collection::vec(any::<bool>(), 0..300), shift in 0usize..310, warmup in 0usize..310,
        ) {
            let bits = mask(&a);
            let len = a.len();
            prop_assert_eq!(bits.delayed(shift), Mask::from_fn(len, |t| t >= shift && a[t - shift]));
            prop_assert_eq!(not(&bits, warmup), Mask::from_fn(len, |t| t >= warmup && !a[t]));
            prop_assert_eq!(after(bits.clone(), warmup), Mask::from_fn(len, |t| t >= warmup && a[t]));
            let number = |t: usize| if t < warmup { None } else { Some(f64::from(u8::from(a[t]))) };
            let numbers: Vec<_> = numbers_of(&bits, warmup).into_iter().map(|x| (!x.is_nan()).then_some(x)).collect();
            prop_assert_eq!(numbers, (0..len).map(number).collect::<Vec<_>>());
        }
    }

    #[test]
    fn no_comparison_with_nan_holds() {
        let mut program = Program::new(3);
        let column = Source::Column(program.add_column(vec![f64::NAN; 3].into()));
        for op in OPERATORS {
            assert_eq!(compare(op, &program, (column, Source::Constant(1.0)), 0).count(), 0);
        }
    }
}
