//! Arithmetic over columns whose results nobody keeps: a chunk of bars at a time, or at the one bar that is asked for.
//!
//! A condition such as `close > ema(close, 20) + 2 * atr(14)` needs its sums for no longer than a comparison, and the
//! distance of a stop is read at entries only. A [`Program`] holds the columns and what is done with them; its steps run
//! over chunks that stay in the first level of cache, so that no column of intermediate values is written to memory.
//!
//! Operations are those of single bars in any order of bars, so a chunk, a single bar and a whole column agree in every
//! bit. **NaN policy:** NaN in gives NaN out; a lag before the first bar is NaN.

use std::ops::Range;

use crate::Mask;
use crate::bars::Column;

/// Bars in a chunk, a multiple of the 64 in a word of a mask.
pub(crate) const CHUNK: usize = 512;

/// Steps whose values at one bar fit on the stack.
const FEW: usize = 8;

/// Values of one step over one chunk.
pub(crate) type Register = [f64; CHUNK];

/// Where a number comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Source {
    /// The same at every bar.
    Constant(f64),
    /// A column of the program.
    Column(usize),
    /// An earlier step.
    Step(usize),
}

/// One operation at each bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    Negate(Source),
    Add(Source, Source),
    Subtract(Source, Source),
    Multiply(Source, Source),
    Divide(Source, Source),
    /// One of two numbers, by a mask of the program.
    Choose {
        mask: usize,
        then: Source,
        otherwise: Source,
    },
    /// A column of the program so many bars ago.
    Lag {
        column: usize,
        bars: usize,
    },
}

/// Columns, and steps over them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Program {
    bars: usize,
    columns: Vec<Column<f64>>,
    masks: Vec<Mask>,
    steps: Vec<Step>,
}

/// Numbers over a stretch of bars: the same one, or one for each.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Numbers<'a> {
    Constant(f64),
    Column(&'a [f64]),
}

impl Program {
    /// Without steps.
    pub(crate) fn new(bars: usize) -> Self {
        Self { bars, ..Self::default() }
    }

    /// Number of bars.
    pub(crate) fn bars(&self) -> usize {
        self.bars
    }

    /// A column of as many values as there are bars.
    pub(crate) fn add_column(&mut self, column: Column<f64>) -> usize {
        debug_assert_eq!(column.len(), self.bars, "a column has one value a bar");
        self.columns.push(column);
        self.columns.len() - 1
    }

    /// A mask of as many bars.
    pub(crate) fn add_mask(&mut self, mask: Mask) -> usize {
        self.masks.push(mask);
        self.masks.len() - 1
    }

    /// A step that reads columns, masks and earlier steps.
    pub(crate) fn add_step(&mut self, step: Step) -> Source {
        self.steps.push(step);
        Source::Step(self.steps.len() - 1)
    }

    /// Memory for [`run`](Self::run).
    pub(crate) fn registers(&self) -> Vec<Register> {
        vec![[0.0; CHUNK]; self.steps.len()]
    }

    /// Every step over a chunk: `bars` are at most [`CHUNK`] and begin at a multiple of it.
    #[inline(always)]
    pub(crate) fn run(&self, bars: Range<usize>, registers: &mut [Register]) {
        for (index, step) in self.steps.iter().enumerate() {
            let (earlier, later) = registers.split_at_mut(index);
            let output = &mut later[0][..bars.len()];
            let read = |source| self.read(source, bars.clone(), earlier);
            match *step {
                Step::Negate(x) => zip(output, read(x), Numbers::Constant(0.0), |x, _| -x),
                Step::Add(a, b) => zip(output, read(a), read(b), |a, b| a + b),
                Step::Subtract(a, b) => zip(output, read(a), read(b), |a, b| a - b),
                Step::Multiply(a, b) => zip(output, read(a), read(b), |a, b| a * b),
                Step::Divide(a, b) => zip(output, read(a), read(b), |a, b| a / b),
                Step::Choose { mask, then, otherwise } => {
                    choose(output, &self.masks[mask].words()[bars.start / 64..], read(then), read(otherwise));
                }
                Step::Lag { column, bars: lag } => lagged(output, &self.columns[column], bars.start, lag),
            }
        }
    }

    /// A source over the chunk that was run last.
    #[inline(always)]
    pub(crate) fn read<'s>(&'s self, source: Source, bars: Range<usize>, registers: &'s [Register]) -> Numbers<'s> {
        match source {
            Source::Constant(value) => Numbers::Constant(value),
            Source::Column(index) => Numbers::Column(&self.columns[index][bars]),
            Source::Step(index) => Numbers::Column(&registers[index][..bars.len()]),
        }
    }

    /// A source at one bar.
    fn at(&self, source: Source, t: usize) -> f64 {
        match source {
            Source::Constant(value) => value,
            Source::Column(index) => self.columns[index][t],
            Source::Step(index) if index < FEW => self.steps_at(t, &mut [0.0; FEW][..=index]),
            Source::Step(index) => self.steps_at(t, &mut vec![0.0; index + 1]),
        }
    }

    /// The steps at one bar; the answer is the last one's.
    fn steps_at(&self, t: usize, values: &mut [f64]) -> f64 {
        for index in 0..values.len() {
            let read = |source| match source {
                Source::Constant(value) => value,
                Source::Column(column) => self.columns[column][t],
                Source::Step(step) => values[step],
            };
            values[index] = match self.steps[index] {
                Step::Negate(x) => -read(x),
                Step::Add(a, b) => read(a) + read(b),
                Step::Subtract(a, b) => read(a) - read(b),
                Step::Multiply(a, b) => read(a) * read(b),
                Step::Divide(a, b) => read(a) / read(b),
                Step::Choose { mask, then, otherwise } => read(if self.masks[mask].get(t) { then } else { otherwise }),
                Step::Lag { column, bars } => t.checked_sub(bars).map_or(f64::NAN, |t| self.columns[column][t]),
            };
        }
        values.last().copied().unwrap_or(f64::NAN)
    }

    /// A source over all bars.
    pub(crate) fn column(&self, source: Source) -> Vec<f64> {
        let mut registers = self.registers();
        let mut column = Vec::with_capacity(self.bars);
        for start in (0..self.bars).step_by(CHUNK) {
            let bars = start..(start + CHUNK).min(self.bars);
            self.run(bars.clone(), &mut registers);
            match self.read(source, bars.clone(), &registers) {
                Numbers::Constant(value) => column.resize(bars.end, value),
                Numbers::Column(values) => column.extend_from_slice(values),
            }
        }
        column
    }
}

#[inline(always)]
fn zip(output: &mut [f64], left: Numbers<'_>, right: Numbers<'_>, f: impl Fn(f64, f64) -> f64) {
    match (left, right) {
        (Numbers::Column(a), Numbers::Column(b)) => {
            output.iter_mut().zip(a).zip(b).for_each(|((output, &a), &b)| *output = f(a, b));
        }
        (Numbers::Column(a), Numbers::Constant(b)) => {
            output.iter_mut().zip(a).for_each(|(output, &a)| *output = f(a, b));
        }
        (Numbers::Constant(a), Numbers::Column(b)) => {
            output.iter_mut().zip(b).for_each(|(output, &b)| *output = f(a, b));
        }
        (Numbers::Constant(a), Numbers::Constant(b)) => output.fill(f(a, b)),
    }
}

/// One of two numbers at each bar; `words` begin with the output's first bar.
#[inline(always)]
fn choose(output: &mut [f64], words: &[u64], then: Numbers<'_>, otherwise: Numbers<'_>) {
    let at = |numbers: Numbers<'_>, t: usize| match numbers {
        Numbers::Constant(value) => value,
        Numbers::Column(column) => column[t],
    };
    for (index, (output, &word)) in output.chunks_mut(64).zip(words).enumerate() {
        for (bit, output) in output.iter_mut().enumerate() {
            let t = index * 64 + bit;
            *output = if word >> bit & 1 == 1 { at(then, t) } else { at(otherwise, t) };
        }
    }
}

/// The column's values `lag` bars before each bar from `start` on.
#[inline(always)]
fn lagged(output: &mut [f64], column: &[f64], start: usize, lag: usize) {
    let undefined = lag.saturating_sub(start).min(output.len());
    let (before, defined) = output.split_at_mut(undefined);
    before.fill(f64::NAN);
    let first = (start + undefined).saturating_sub(lag);
    let values = defined.len();
    defined.copy_from_slice(&column[first..first + values]);
}

/// A number at each bar, computed when it is asked for.
///
/// ```
/// use bartune_engine::Pointwise;
///
/// let distance = Pointwise::from(vec![2.0, 2.5]);
/// assert_eq!((distance.len(), distance.at(1)), (2, 2.5));
/// ```
#[derive(Debug, Clone)]
pub struct Pointwise {
    program: Program,
    result: Source,
    shape: Shape,
}

/// What is asked for at single bars most often, ready to be read.
#[derive(Debug, Clone)]
enum Shape {
    /// A column's number times another one.
    Scaled(Column<f64>, f64),
    Other,
}

impl Pointwise {
    pub(crate) fn new(program: Program, result: Source) -> Self {
        let shape = match (result, program.steps.first()) {
            (
                Source::Step(0),
                Some(Step::Multiply(Source::Column(column), Source::Constant(factor)))
                | Some(Step::Multiply(Source::Constant(factor), Source::Column(column))),
            ) => Shape::Scaled(program.columns[*column].clone(), *factor),
            (Source::Column(column), _) => Shape::Scaled(program.columns[column].clone(), 1.0),
            _ => Shape::Other,
        };
        Self { program, result, shape }
    }

    /// The same number at each of so many bars.
    #[must_use]
    pub fn constant(value: f64, bars: usize) -> Self {
        Self::new(Program::new(bars), Source::Constant(value))
    }

    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.program.bars
    }

    /// Whether there are no bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number at bar `t`, which must exist.
    #[inline]
    #[must_use]
    pub fn at(&self, t: usize) -> f64 {
        match &self.shape {
            // A product has the same bits in either order, and one with 1 those of its other factor.
            Shape::Scaled(column, factor) => column[t] * factor,
            Shape::Other => self.program.at(self.result, t),
        }
    }

    /// All of them.
    #[must_use]
    pub fn to_vec(&self) -> Vec<f64> {
        self.program.column(self.result)
    }
}

impl From<Column<f64>> for Pointwise {
    fn from(column: Column<f64>) -> Self {
        let mut program = Program::new(column.len());
        let result = Source::Column(program.add_column(column));
        Self::new(program, result)
    }
}

impl From<Vec<f64>> for Pointwise {
    fn from(values: Vec<f64>) -> Self {
        Self::from(Column::from(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Two columns and a mask, and steps that read them, constants and what was computed before.
    fn programs() -> impl Strategy<Value = Program> {
        let bars = prop_oneof![1..80_usize, 1000..1300_usize];
        (bars, prop::collection::vec((0..7_u8, 0..6_usize, 0..6_usize, 0..700_usize), 1..12)).prop_map(
            |(bars, steps)| {
                let mut program = Program::new(bars);
                let wave = |scale: f64| -> Vec<f64> { (0..bars).map(|t| (t as f64 * scale).sin()).collect() };
                program.add_column(wave(0.7).into());
                program.add_column(wave(-1.3).into());
                program.add_mask(Mask::from_fn(bars, |t| t % 3 == 1 || t % 7 == 2));
                for (index, (kind, a, b, lag)) in steps.into_iter().enumerate() {
                    let source = |pick: usize| match pick {
                        0 => Source::Constant(1.5),
                        1 | 2 => Source::Column(pick - 1),
                        _ if index == 0 => Source::Column(0),
                        _ => Source::Step((index - 1).saturating_sub(pick - 3)),
                    };
                    let (a, b) = (source(a), source(b));
                    program.add_step(match kind {
                        0 => Step::Negate(a),
                        1 => Step::Add(a, b),
                        2 => Step::Subtract(a, b),
                        3 => Step::Multiply(a, b),
                        4 => Step::Divide(a, b),
                        5 => Step::Choose { mask: 0, then: a, otherwise: b },
                        _ => Step::Lag { column: 1, bars: lag },
                    });
                }
                program
            },
        )
    }

    fn bits(x: f64) -> u64 {
        if x.is_nan() { u64::MAX } else { x.to_bits() }
    }

    proptest! {
        #[test]
        fn a_chunk_a_bar_and_a_column_agree_in_every_bit(program in programs()) {
            for step in 0..program.steps.len() {
                let column = program.column(Source::Step(step));
                prop_assert_eq!(column.len(), program.bars);
                for (t, value) in column.into_iter().enumerate() {
                    prop_assert_eq!(bits(program.at(Source::Step(step), t)), bits(value), "step {} bar {}", step, t);
                }
            }
        }
    }

    #[test]
    fn steps_do_what_they_say() {
        let mut program = Program::new(3);
        let column = program.add_column(vec![1.0, 2.0, 4.0].into());
        let mask = program.add_mask(Mask::from_fn(3, |t| t == 1));
        let x = Source::Column(column);
        let lag = program.add_step(Step::Lag { column, bars: 1 });
        let change = program.add_step(Step::Subtract(x, lag));
        let negative = program.add_step(Step::Negate(x));
        let chosen = program.add_step(Step::Choose { mask, then: negative, otherwise: Source::Constant(9.0) });
        assert!(program.column(change)[0].is_nan());
        assert_eq!(program.column(change)[1..], [1.0, 2.0]);
        assert_eq!(program.column(chosen), [9.0, -2.0, 9.0]);
    }

    #[test]
    fn a_lag_longer_than_the_column_is_undefined_everywhere() {
        let mut program = Program::new(2);
        let column = program.add_column(vec![1.0, 2.0].into());
        let lag = program.add_step(Step::Lag { column, bars: 5 });
        assert!(program.column(lag).iter().all(|value| value.is_nan()));
    }
}
