//! From bound nodes to steps over slots.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::super::RuleName;
use super::super::bound::{BoundId, BoundOp, BoundStrategy, Decision, Operand};
use super::step::{Align, Call, CallInput, LateWarmup, NodeStep, Program, Ring, Slots, Step, UNKNOWN};
use super::{Frame, RuleSlots, StreamState};
use crate::bars::{BucketStream, DataError, RunningClock};
use crate::function::Function;

/// The state of a strategy before its first bar.
pub(super) fn state(
    strategy: &BoundStrategy,
    timezone: &TimeZone,
    timeframe_ns: i64,
) -> Result<StreamState, DataError> {
    let mut builder = Builder::new(strategy);
    let mut base = Vec::new();
    let mut steps: BTreeMap<i64, Vec<NodeStep>> = BTreeMap::new();
    for index in 0..strategy.nodes.len() {
        let step = NodeStep { node: index, step: builder.step(index), late: builder.late(index) };
        match strategy.nodes[index].frame {
            None => base.push(step),
            Some(frame) => steps.entry(frame).or_default().push(step),
        }
    }
    let mut frames = Vec::new();
    for (frame, steps) in steps {
        let program = Program::new(steps, builder.counters[&frame]);
        frames.push(Frame { buckets: BucketStream::new(timeframe_ns, frame)?, program });
    }
    let rules = builder.rules();
    let counter = builder.constant(0.0);
    Ok(StreamState {
        clock: RunningClock::new(timezone),
        base: Program::new(base, counter),
        frames,
        time_rules: strategy.rules.clone(),
        warmup: builder.slots.warmup(&rules.roots),
        rules,
        slots: builder.slots,
    })
}

struct Builder<'a> {
    strategy: &'a BoundStrategy,
    slots: Slots,
    /// For each longer timeframe the slot that counts its buckets.
    counters: BTreeMap<i64, usize>,
    /// For each call the slots of its outputs.
    outputs: BTreeMap<usize, usize>,
}

impl<'a> Builder<'a> {
    fn new(strategy: &'a BoundStrategy) -> Self {
        let mut warmups: Vec<usize> = Vec::with_capacity(strategy.nodes.len());
        for node in &strategy.nodes {
            let warmup = match node.op {
                BoundOp::Align(_) => UNKNOWN,
                // What is added to an unknown warm-up leaves it unknown.
                _ => node.op.warmup(|id| warmups[id.index()]).min(UNKNOWN),
            };
            warmups.push(warmup);
        }
        let mut slots = Slots::of_nodes(warmups);
        let frames = strategy.timeframes_ns();
        let counters = frames.into_iter().map(|frame| (frame, slots.allocate(1, 0.0).start)).collect();
        Self { strategy, slots, counters, outputs: BTreeMap::new() }
    }

    fn constant(&mut self, value: f64) -> usize {
        self.slots.allocate(1, value).start
    }

    fn operand(&mut self, operand: &Operand) -> usize {
        match operand {
            Operand::Constant(value) => self.constant(*value),
            Operand::Node(id) => id.index(),
        }
    }

    fn step(&mut self, index: usize) -> Step {
        let strategy = self.strategy;
        let node = &strategy.nodes[index];
        let undefined = if node.is_condition { 0.0 } else { f64::NAN };
        match &node.op {
            BoundOp::Series(series) => Step::Series(*series),
            BoundOp::Negate(a) => Step::Negate(a.index()),
            BoundOp::Arithmetic(op, a, b) => Step::Arithmetic(*op, self.operand(a), self.operand(b)),
            BoundOp::Compare(op, a, b) => Step::Compare(*op, self.operand(a), self.operand(b)),
            BoundOp::Not(a) => Step::Not(a.index()),
            BoundOp::Logic(logic, a, b) => Step::Logic(*logic, a.index(), b.index()),
            BoundOp::Choose { condition, then, otherwise } => Step::Choose {
                condition: condition.index(),
                then: self.operand(then),
                otherwise: self.operand(otherwise),
            },
            BoundOp::Lag(a, lag) => Step::Lag(a.index(), Ring::new(*lag, undefined)),
            BoundOp::Call { function, args, inputs } => Step::Call(self.call(index, (function, args), inputs)),
            BoundOp::Output(call, output) => {
                let output = self.outputs[&call.index()] + output;
                if node.is_condition { Step::Condition { output } } else { Step::Number { output } }
            }
            BoundOp::Align(body) => {
                let frame = strategy.nodes[body.index()].frame.expect("a body of `on` has a timeframe");
                Step::Align(Align { body: body.index(), buckets: self.counters[&frame], undefined })
            }
        }
    }

    fn call(&mut self, index: usize, (function, args): (&Function, &[f64]), inputs: &[Operand]) -> Call {
        let outputs = self.slots.allocate(function.outputs.len(), f64::NAN);
        self.outputs.insert(index, outputs.start);
        let inputs: Vec<CallInput> = inputs.iter().map(|input| self.call_input(input)).collect();
        Call {
            kernel: (function.make)(args).expect("binding made this kernel once"),
            read: vec![f64::NAN; inputs.len()],
            inputs,
            outputs,
        }
    }

    fn call_input(&mut self, operand: &Operand) -> CallInput {
        match operand {
            Operand::Node(id) if self.strategy.nodes[id.index()].is_condition => CallInput::Condition(id.index()),
            other => CallInput::Number(self.operand(other)),
        }
    }

    /// What the warm-up of a node behind `on` will be; the node of `on` itself sets its own.
    fn late(&self, index: usize) -> Option<LateWarmup> {
        let op = &self.strategy.nodes[index].op;
        if self.slots.warmup(&[index]).is_some() || matches!(op, BoundOp::Align(_)) {
            return None;
        }
        let inputs = self.strategy.nodes[index].inputs().into_iter().map(BoundId::index).collect();
        Some(LateWarmup { inputs, adds: op.warmup(|_| 0) })
    }

    fn rules(&mut self) -> RuleSlots {
        let strategy = self.strategy;
        RuleSlots {
            long_entry: self.condition(RuleName::LongEntry),
            long_exit: self.condition(RuleName::LongExit),
            short_entry: self.condition(RuleName::ShortEntry),
            short_exit: self.condition(RuleName::ShortExit),
            stop: self.distance(RuleName::StopLoss),
            target: self.distance(RuleName::TakeProfit),
            trailing: self.distance(RuleName::TrailingStop),
            roots: strategy.roots().into_iter().map(BoundId::index).collect(),
        }
    }

    fn condition(&mut self, rule: RuleName) -> usize {
        match self.strategy.conditions.get(&rule) {
            Some(Decision::Node(id)) => id.index(),
            Some(Decision::Constant(value)) => self.constant(f64::from(u8::from(*value))),
            None => self.constant(0.0),
        }
    }

    fn distance(&mut self, rule: RuleName) -> Option<usize> {
        let operand = self.strategy.distances.get(&rule)?;
        Some(self.operand(operand))
    }
}
