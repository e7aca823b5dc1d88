//! Bound nodes over whole columns: each needed node once, straight from the cache where it is known.
//!
//! From the rules down, a node found in the cache stops the search; what is left is computed in order and
//! dropped after its last reader, so that memory holds a strategy's working set and not its history. Sums, lags and
//! choices are no columns at all where nobody needs them as such (`fusion`).
//!
//! **Higher timeframes.** A node inside `on` is computed over the resampled bars. On the base bars its
//! value at `t` is that of the last bucket known to be complete at the close of `t`; it is defined from the
//! first base bar at which a defined bucket is complete.

use std::collections::BTreeMap;

use super::RuleName;
use super::bound::{BoundId, BoundOp, BoundStrategy, Decision, Logic, Operand};
use super::cache::{CachedSeries, SeriesCache, SeriesKey, SeriesValue};
use super::column;
use super::fusion::{Fusion, deferred, is_pointwise};
use super::graph::Series;
use super::syntax::CompareOp;
use crate::Mask;
use crate::Pointwise;
use crate::bars::{Bars, Column, DataError, buckets, resample};
use crate::function::{BarColumn, Function, OutputKind};
use crate::pointwise::{Program, Source};
use crate::simulator::Signals;

impl BoundStrategy {
    /// The strategy's decisions over all of `bars`. Time and session limits of the study file are left
    /// at their defaults for the caller to fill in; `max_bars` and `cooldown` are set.
    ///
    /// Cost: each node that the cache does not know is one pass over the bars.
    ///
    /// # Errors
    /// [`DataError::Resample`] if a timeframe of `on` does not fit the bars.
    pub fn signals(&self, bars: &Bars, cache: &dyn SeriesCache) -> Result<Signals, DataError> {
        let evaluation = Evaluation::new(self, bars, cache)?.run();
        let warmups = self.roots().into_iter().map(|id| evaluation.warmups[id.index()]);
        let warmup = warmups.max().unwrap_or(0).min(bars.len());
        let condition = |rule| match self.conditions.get(&rule) {
            Some(Decision::Node(id)) => mask_of(&evaluation.values[id]),
            Some(Decision::Constant(true)) => Mask::from_fn(bars.len(), |_| true),
            Some(Decision::Constant(false)) => Mask::falses(bars.len()),
            None => Mask::default(),
        };
        let distance = |rule| Some(evaluation.pointwise(self.distances.get(&rule)?));
        Ok(Signals {
            long_entry: condition(RuleName::LongEntry),
            long_exit: condition(RuleName::LongExit),
            short_entry: condition(RuleName::ShortEntry),
            short_exit: condition(RuleName::ShortExit),
            stop_distance: distance(RuleName::StopLoss),
            target_distance: distance(RuleName::TakeProfit),
            trailing_distance: distance(RuleName::TrailingStop),
            warmup,
            rules: self.rules.clone(),
        })
    }
}

/// The bars of one timeframe, and how they lie on the base bars.
struct Frame {
    bars: Bars,
    /// For each base bar the last complete bucket.
    last_complete: Vec<Option<usize>>,
}

impl Frame {
    fn new(base: &Bars, timeframe_ns: i64) -> Result<Self, DataError> {
        let last_complete = buckets(base, timeframe_ns)?.last_complete(base.len());
        Ok(Self { bars: resample(base, timeframe_ns)?, last_complete })
    }
}

struct Evaluation<'a> {
    strategy: &'a BoundStrategy,
    bars: &'a Bars,
    cache: &'a dyn SeriesCache,
    data: Option<[u8; 32]>,
    frames: BTreeMap<i64, Frame>,
    values: BTreeMap<BoundId, CachedSeries>,
    /// First defined bar of each node, once it is known.
    warmups: Vec<usize>,
    /// Nodes to be computed: those that a rule needs and the cache does not know.
    needed: Vec<bool>,
    /// Those of them that are left to their readers.
    deferred: Vec<bool>,
}

impl<'a> Evaluation<'a> {
    fn new(strategy: &'a BoundStrategy, bars: &'a Bars, cache: &'a dyn SeriesCache) -> Result<Self, DataError> {
        let data = (!cache.is_disabled()).then(|| bars.series_hash());
        let (frames, values) = (BTreeMap::new(), BTreeMap::new());
        let warmups = vec![0; strategy.nodes.len()];
        let (needed, left) = (Vec::new(), Vec::new());
        let mut evaluation = Self { strategy, bars, cache, data, frames, values, warmups, needed, deferred: left };
        evaluation.needed = evaluation.needed();
        evaluation.deferred = deferred(&strategy.nodes, &evaluation.needed);
        for index in (0..strategy.nodes.len()).filter(|&index| evaluation.needed[index]) {
            let node = &strategy.nodes[index];
            // `Align` needs its body's frame also when the body itself came from the cache.
            let frame = match node.op {
                BoundOp::Align(body) => strategy.nodes[body.index()].frame,
                _ => node.frame,
            };
            if let Some(timeframe_ns) = frame
                && !evaluation.frames.contains_key(&timeframe_ns)
            {
                evaluation.frames.insert(timeframe_ns, Frame::new(bars, timeframe_ns)?);
            }
        }
        Ok(evaluation)
    }

    /// Which nodes have to be computed; what the cache knows is taken from it on the way.
    fn needed(&mut self) -> Vec<bool> {
        let nodes = &self.strategy.nodes;
        let mut needed = vec![false; nodes.len()];
        self.strategy.roots().iter().for_each(|root| needed[root.index()] = true);
        for (index, node) in nodes.iter().enumerate().rev() {
            if !needed[index] {
                continue;
            }
            let id = id_of(index);
            if let Some(series) = self.key(id).and_then(|key| self.cache.get(&key)) {
                self.warmups[index] = series.warmup;
                self.values.insert(id, series);
                needed[index] = false;
                continue;
            }
            for input in node.inputs() {
                needed[input.index()] = true;
            }
        }
        needed
    }

    /// The cache key of nodes worth keeping: those that cost more than finding them again.
    fn key(&self, id: BoundId) -> Option<SeriesKey> {
        let node = &self.strategy.nodes[id.index()];
        let is_cheap = match node.op {
            BoundOp::Series(_) => node.frame.is_none(),
            // The number shares the call's memory; a condition is a 64th of it, and kept in its stead.
            BoundOp::Output(..) => !node.is_condition,
            BoundOp::Call { function, .. } => function.kind == OutputKind::Condition,
            BoundOp::Not(_) | BoundOp::Logic(..) => true,
            _ => is_pointwise(node),
        };
        let data = self.data.filter(|_| !is_cheap)?;
        Some(SeriesKey::new(data, node.key))
    }

    /// Computes the roots' values and what their distances are computed from; whatever else is still held goes with them.
    fn run(mut self) -> Self {
        let last_reader = self.last_readers();
        for index in 0..self.needed.len() {
            if !self.needed[index] {
                continue;
            }
            if self.deferred[index] {
                self.warmups[index] = self.strategy.nodes[index].op.warmup(|id| self.warmups[id.index()]);
                continue;
            }
            let id = id_of(index);
            let series = self.compute(id);
            if let Some(key) = self.key(id) {
                self.cache.put(key, &series);
            }
            self.warmups[index] = series.warmup;
            self.values.insert(id, series);
            self.values.retain(|id, _| last_reader[id.index()] > index);
        }
        self
    }

    /// For each node the last node that computes something from it; roots, and what deferred roots read, are kept.
    fn last_readers(&self) -> Vec<usize> {
        let mut last = vec![0; self.needed.len()];
        self.strategy.roots().iter().for_each(|root| last[root.index()] = usize::MAX);
        for index in (0..last.len()).rev().filter(|&index| self.needed[index]) {
            // What a deferred node reads is read when the deferred node is.
            let read_at = if self.deferred[index] { last[index] } else { index };
            for input in self.strategy.nodes[index].inputs() {
                last[input.index()] = last[input.index()].max(read_at);
            }
        }
        last
    }

    /// The bars that a node of this timeframe runs over.
    fn bars_of(&self, frame: Option<i64>) -> &Bars {
        frame.map_or(self.bars, |frame| &self.frames[&frame].bars)
    }

    fn compute(&self, id: BoundId) -> CachedSeries {
        let node = &self.strategy.nodes[id.index()];
        let bars = self.bars_of(node.frame);
        let warmup = node.op.warmup(|id| self.warmups[id.index()]);
        let condition = SeriesValue::Condition;
        let value = match &node.op {
            BoundOp::Series(series) => SeriesValue::Number(series_of(*series, bars)),
            _ if is_pointwise(node) => self.fusion(bars.len()).column(id),
            BoundOp::Compare(op, a, b) => {
                let mut fusion = self.fusion(bars.len());
                let pair = (fusion.operand(a), fusion.operand(b));
                condition(column::compare(*op, &fusion.into_program(), pair, warmup))
            }
            BoundOp::Not(id) => condition(column::not(&mask_of(&self.values[id]), warmup)),
            BoundOp::Logic(logic, a, b) => condition(self.logic(*logic, *a, *b, warmup)),
            BoundOp::Lag(id, lag) => condition(mask_of(&self.values[id]).delayed(*lag)),
            BoundOp::Call { function, args, inputs } => self.call(function, args, inputs, bars.len()),
            BoundOp::Output(id, output) => {
                let called = &self.values[id];
                if let SeriesValue::Condition(mask) = &called.value {
                    condition(column::after(mask.clone(), warmup))
                } else if node.is_condition {
                    let mut program = Program::new(bars.len());
                    let truth = Source::Column(program.add_column(outputs_of(called)[*output].clone()));
                    condition(column::compare(CompareOp::Equal, &program, (truth, Source::Constant(1.0)), warmup))
                } else {
                    SeriesValue::Number(outputs_of(called)[*output].clone())
                }
            }
            BoundOp::Align(id) => return self.align(*id),
            BoundOp::Negate(_) | BoundOp::Arithmetic(..) | BoundOp::Choose { .. } => {
                unreachable!("they are pointwise")
            }
        };
        CachedSeries { value, warmup }
    }

    fn fusion(&self, bars: usize) -> Fusion<'_> {
        Fusion::new(&self.strategy.nodes, &self.values, bars)
    }

    /// A rule's distance, computed where it is asked for.
    fn pointwise(&self, distance: &Operand) -> Pointwise {
        self.fusion(self.bars.len()).pointwise(distance)
    }

    fn logic(&self, logic: Logic, left: BoundId, right: BoundId, warmup: usize) -> Mask {
        let (left, right) = (mask_of(&self.values[&left]), mask_of(&self.values[&right]));
        let combined = match logic {
            Logic::And => column::combine(&left, &right, |a, b| a & b),
            Logic::Or => column::combine(&left, &right, |a, b| a | b),
        };
        column::after(combined, warmup)
    }

    fn call(&self, function: &Function, args: &[f64], inputs: &[Operand], bars: usize) -> SeriesValue {
        // Runs of a condition are counted in its words instead of in numbers made of them.
        if let ("streak", [Operand::Node(id)]) = (function.name, inputs)
            && let SeriesValue::Condition(mask) = &self.values[id].value
        {
            return SeriesValue::Outputs(vec![column::streaks(mask).into()].into());
        }
        let columns: Vec<Column<f64>> = inputs
            .iter()
            .map(|input| match input {
                Operand::Constant(value) => vec![*value; bars].into(),
                Operand::Node(id) => {
                    let series = &self.values[id];
                    match &series.value {
                        SeriesValue::Condition(mask) => column::numbers_of(mask, series.warmup).into(),
                        _ => column_of(series).clone(),
                    }
                }
            })
            .collect();
        let columns: Vec<&[f64]> = columns.iter().map(|column| &**column).collect();
        // Crossings are compared a word at a time instead of being written as numbers and read back.
        match (function.name, columns.as_slice()) {
            ("cross_above", [a, b]) => return SeriesValue::Condition(column::crossing(a, b)),
            ("cross_below", [a, b]) => return SeriesValue::Condition(column::crossing(b, a)),
            _ => {}
        }
        let mut outputs = vec![Vec::new(); function.outputs.len()];
        let mut kernel = (function.make)(args).expect("binding made this kernel once");
        kernel.batch(&columns, &mut outputs);
        SeriesValue::Outputs(outputs.into_iter().map(Column::from).collect())
    }

    fn align(&self, body: BoundId) -> CachedSeries {
        let node = &self.strategy.nodes[body.index()];
        let frame = node.frame.and_then(|frame| self.frames.get(&frame)).expect("a body of `on` has a timeframe");
        let series = &self.values[&body];
        let last = &frame.last_complete;
        let warmup = last.iter().position(|bucket| bucket.is_some_and(|bucket| bucket >= series.warmup));
        let value = match &series.value {
            SeriesValue::Condition(mask) => {
                let mask = Mask::from_fn(last.len(), |t| last[t].is_some_and(|bucket| mask.get(bucket)));
                SeriesValue::Condition(mask)
            }
            _ => {
                let column = column_of(series);
                let values = last.iter().map(|bucket| bucket.map_or(f64::NAN, |bucket| column[bucket]));
                SeriesValue::Number(values.collect::<Vec<_>>().into())
            }
        };
        CachedSeries { value, warmup: warmup.unwrap_or(last.len()) }
    }
}

fn id_of(index: usize) -> BoundId {
    BoundId(u32::try_from(index).expect("ids are counted in 32 bits"))
}

fn series_of(series: Series, bars: &Bars) -> Column<f64> {
    let calendar = |value: &dyn Fn(usize) -> f64| (0..bars.len()).map(value).collect::<Vec<_>>().into();
    match series {
        Series::Open => bars.open().clone(),
        Series::High => bars.high().clone(),
        Series::Low => bars.low().clone(),
        Series::Close => bars.close().clone(),
        Series::Volume => bars.volume().clone(),
        Series::Hl2 => bars.hl2().clone(),
        Series::Hlc3 => bars.hlc3().clone(),
        Series::Ohlc4 => bars.ohlc4().clone(),
        Series::Time => bars.column(BarColumn::Time).clone(),
        Series::Hour => calendar(&|t| f64::from(bars.calendar().open_minute[t] / 60)),
        Series::Minute => calendar(&|t| f64::from(bars.calendar().open_minute[t] % 60)),
        Series::Weekday => calendar(&|t| f64::from(bars.calendar().weekday[t])),
        Series::DayOfMonth => calendar(&|t| f64::from(bars.calendar().day_of_month[t])),
    }
}

pub(super) fn column_of(series: &CachedSeries) -> &Column<f64> {
    match &series.value {
        SeriesValue::Number(column) => column,
        SeriesValue::Condition(_) | SeriesValue::Outputs(_) => {
            unreachable!("binding gives number nodes numbers")
        }
    }
}

pub(super) fn mask_of(series: &CachedSeries) -> Mask {
    match &series.value {
        SeriesValue::Condition(mask) => mask.clone(),
        SeriesValue::Number(_) | SeriesValue::Outputs(_) => {
            unreachable!("binding gives condition nodes conditions")
        }
    }
}

fn outputs_of(series: &CachedSeries) -> &[Column<f64>] {
    match &series.value {
        SeriesValue::Outputs(columns) => columns,
        SeriesValue::Number(_) | SeriesValue::Condition(_) => {
            unreachable!("binding gives calls all outputs")
        }
    }
}
