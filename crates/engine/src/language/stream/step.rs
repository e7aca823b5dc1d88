//! The steps of one timeframe, and the slots that they read and write.
//!
//! A slot holds one number: a node's value at its timeframe's last bar, a call's output, or a constant.
//! Conditions are 0 or 1 and false where undefined; numbers are NaN there.

use std::ops::Range;

use super::super::bound::Logic;
use super::super::graph::Series;
use super::super::syntax::{ArithmeticOp, CompareOp};
use crate::bars::{BarValues, RunningClock};
use crate::function::Kernel;

/// The warm-up of a node behind `on` whose first bucket has not come. Half of the range, so that lags and
/// lookbacks can be added to it.
pub(super) const UNKNOWN: usize = usize::MAX / 2;

/// Values by slot; the first slots are the nodes, in their order.
#[derive(Debug, Default)]
pub(super) struct Slots {
    values: Vec<f64>,
    /// For each node its first defined bar, [`UNKNOWN`] or more while it is not known.
    warmups: Vec<usize>,
}

impl Slots {
    /// A slot for each node, undefined, with its warm-up.
    pub(super) fn of_nodes(warmups: Vec<usize>) -> Self {
        Self { values: vec![f64::NAN; warmups.len()], warmups }
    }

    /// As many slots more.
    pub(super) fn allocate(&mut self, count: usize, value: f64) -> Range<usize> {
        let start = self.values.len();
        self.values.resize(start + count, value);
        start..start + count
    }

    pub(super) fn number(&self, slot: usize) -> f64 {
        self.values[slot]
    }

    pub(super) fn holds(&self, slot: usize) -> bool {
        self.values[slot] == 1.0
    }

    /// The latest warm-up of some nodes, if all are known.
    pub(super) fn warmup(&self, nodes: &[usize]) -> Option<usize> {
        let latest = nodes.iter().map(|node| self.warmups[*node]).max().unwrap_or(0);
        (latest < UNKNOWN).then_some(latest)
    }
}

/// What a node does, inputs given by slot.
pub(super) enum Step {
    Series(Series),
    Negate(usize),
    Arithmetic(ArithmeticOp, usize, usize),
    Compare(CompareOp, usize, usize),
    Not(usize),
    Logic(Logic, usize, usize),
    Choose { condition: usize, then: usize, otherwise: usize },
    Lag(usize, Ring),
    Call(Call),
    Condition { output: usize },
    Number { output: usize },
    Align(Align),
}

/// A node's step.
pub(super) struct NodeStep {
    pub(super) node: usize,
    pub(super) step: Step,
    /// What the warm-up is made of, where it depends on `on`.
    pub(super) late: Option<LateWarmup>,
}

/// A warm-up that is known only once its inputs' are.
pub(super) struct LateWarmup {
    pub(super) inputs: Vec<usize>,
    /// Bars that the node adds.
    pub(super) adds: usize,
}

/// The last values of a node, oldest at `next`.
pub(super) struct Ring {
    values: Box<[f64]>,
    next: usize,
}

impl Ring {
    /// Nothing yet: `undefined` for each of `lag` bars, at least one.
    pub(super) fn new(lag: usize, undefined: f64) -> Self {
        Self { values: vec![undefined; lag].into_boxed_slice(), next: 0 }
    }

    /// Puts in this bar's value and gives that of `lag` bars ago.
    fn turn(&mut self, value: f64) -> f64 {
        let oldest = std::mem::replace(&mut self.values[self.next], value);
        self.next = if self.next + 1 == self.values.len() { 0 } else { self.next + 1 };
        oldest
    }
}

/// A running function.
pub(super) struct Call {
    pub(super) kernel: Box<dyn Kernel>,
    pub(super) inputs: Vec<CallInput>,
    /// This bar's inputs.
    pub(super) read: Vec<f64>,
    pub(super) outputs: Range<usize>,
}

/// Where an input comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum CallInput {
    /// A number, or a constant.
    Number(usize),
    /// A condition, which functions read as undefined before its warm-up.
    Condition(usize),
}

impl Call {
    fn run(&mut self, t: usize, slots: &mut Slots) {
        for (read, input) in self.read.iter_mut().zip(&self.inputs) {
            *read = match *input {
                CallInput::Condition(node) if t < slots.warmups[node] => f64::NAN,
                CallInput::Number(slot) | CallInput::Condition(slot) => slots.values[slot],
            };
        }
        self.kernel.update(&self.read, &mut slots.values[self.outputs.clone()]);
    }
}

/// A longer timeframe's node on the base bars.
pub(super) struct Align {
    pub(super) body: usize,
    /// Slot that counts the timeframe's complete buckets.
    pub(super) buckets: usize,
    pub(super) undefined: f64,
}

impl Align {
    #[expect(clippy::cast_precision_loss, reason = "bars are counted far below 2^53")]
    fn run(&self, (node, t): (usize, usize), slots: &mut Slots) -> f64 {
        let complete = slots.values[self.buckets];
        if slots.warmups[node] >= UNKNOWN && complete > slots.warmups[self.body] as f64 {
            slots.warmups[node] = t;
        }
        if complete > 0.0 { slots.values[self.body] } else { self.undefined }
    }
}

/// The steps of one timeframe.
pub(super) struct Program {
    steps: Vec<NodeStep>,
    seen: usize,
    /// Slot that tells others how many bars were seen.
    counter: usize,
}

impl Program {
    pub(super) fn new(steps: Vec<NodeStep>, counter: usize) -> Self {
        Self { steps, seen: 0, counter }
    }

    /// Bars seen.
    pub(super) fn seen(&self) -> usize {
        self.seen
    }

    /// Runs every step on one more bar of the timeframe.
    #[expect(clippy::cast_precision_loss, reason = "bars are counted far below 2^53")]
    pub(super) fn run(&mut self, bar: &BarValues, slots: &mut Slots, clock: &mut RunningClock) {
        let t = self.seen;
        for NodeStep { node, step, late } in &mut self.steps {
            if let Some(late) = late
                && slots.warmups[*node] >= UNKNOWN
                && let Some(inputs) = slots.warmup(&late.inputs)
            {
                slots.warmups[*node] = inputs + late.adds;
            }
            match step {
                Step::Call(call) => call.run(t, slots),
                Step::Series(series) => slots.values[*node] = series_value(*series, bar, clock),
                step => slots.values[*node] = step.value((*node, t), slots),
            }
        }
        self.seen += 1;
        slots.values[self.counter] = self.seen as f64;
    }
}

impl Step {
    /// The value at bar `t` of a node that needs no bar.
    #[inline]
    fn value(&mut self, (node, t): (usize, usize), slots: &mut Slots) -> f64 {
        let at = |slot: &usize| slots.values[*slot];
        let is_defined = t >= slots.warmups[node];
        match self {
            Self::Negate(a) => -at(a),
            Self::Arithmetic(op, a, b) => op.apply(at(a), at(b)),
            Self::Compare(op, a, b) => truth(is_defined && op.apply(at(a), at(b))),
            Self::Not(a) => truth(is_defined && !slots.holds(*a)),
            Self::Logic(Logic::And, a, b) => truth(is_defined && slots.holds(*a) && slots.holds(*b)),
            Self::Logic(Logic::Or, a, b) => truth(is_defined && (slots.holds(*a) || slots.holds(*b))),
            Self::Choose { condition, then, otherwise } => at(if slots.holds(*condition) { then } else { otherwise }),
            Self::Lag(a, ring) => ring.turn(at(a)),
            Self::Condition { output } => truth(is_defined && slots.holds(*output)),
            Self::Number { output } => at(output),
            Self::Align(align) => align.run((node, t), slots),
            Self::Series(_) | Self::Call(_) => unreachable!("these are run by the program"),
        }
    }
}

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// The value of a bar's series; the same arithmetic as over whole columns.
#[expect(clippy::cast_precision_loss, reason = "documented: times as numbers are exact to ~200 ns")]
fn series_value(series: Series, bar: &BarValues, clock: &mut RunningClock) -> f64 {
    match series {
        Series::Open => bar.open,
        Series::High => bar.high,
        Series::Low => bar.low,
        Series::Close => bar.close,
        Series::Volume => bar.volume,
        Series::Hl2 => (bar.high + bar.low) / 2.0,
        Series::Hlc3 => (bar.high + bar.low + bar.close) / 3.0,
        Series::Ohlc4 => (bar.open + bar.high + bar.low + bar.close) / 4.0,
        Series::Time => bar.time as f64,
        Series::Hour => f64::from(clock.calendar(bar.time).minute_of_day / 60),
        Series::Minute => f64::from(clock.calendar(bar.time).minute_of_day % 60),
        Series::Weekday => f64::from(clock.calendar(bar.time).weekday),
        Series::DayOfMonth => f64::from(clock.calendar(bar.time).day_of_month),
    }
}
