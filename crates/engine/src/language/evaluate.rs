//! Bound nodes over whole columns: each needed node once, straight from the cache where it is known.
//!
//! From the rules down, a node found in the cache stops the search; what is left is computed in order and
//! dropped after its last reader, so that memory holds a strategy's working set and not its history.
//!
//! **Higher timeframes.** A node inside `on` is computed over the resampled bars. On the base bars its
//! value at `t` is that of the last bucket known to be complete at the close of `t`; it is defined from the
//! first base bar at which a defined bucket is complete.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RuleName;
use super::bound::{BoundId, BoundOp, BoundStrategy, Decision, Logic, Operand};
use super::cache::{CachedSeries, SeriesCache, SeriesKey, SeriesValue};
use super::column::{self, Extent, Numbers};
use super::graph::Series;
use super::syntax::CompareOp;
use crate::Mask;
use crate::bars::{Bars, Column, DataError, buckets, resample};
use crate::function::{BarColumn, Function, OutputKind};
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
        let values = Evaluation::new(self, bars, cache)?.run();
        let warmup = self.roots().iter().map(|id| values[id].warmup).max().unwrap_or(0).min(bars.len());
        let condition = |rule| match self.conditions.get(&rule) {
            Some(Decision::Node(id)) => mask_of(&values[id]).clone(),
            Some(Decision::Constant(true)) => Mask::from_fn(bars.len(), |_| true),
            Some(Decision::Constant(false)) | None => Mask::falses(bars.len()),
        };
        let distance = |rule| match self.distances.get(&rule)? {
            Operand::Node(id) => Some(column_of(&values[id]).clone()),
            Operand::Constant(value) => Some(vec![*value; bars.len()].into()),
        };
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
    /// Nodes that a rule reads itself.
    is_root: Vec<bool>,
    /// Nodes to be computed: those that a rule needs and the cache does not know.
    needed: Vec<bool>,
}

impl<'a> Evaluation<'a> {
    fn new(strategy: &'a BoundStrategy, bars: &'a Bars, cache: &'a dyn SeriesCache) -> Result<Self, DataError> {
        let data = (!cache.is_disabled()).then(|| bars.series_hash());
        let (frames, values, needed) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        let mut is_root = vec![false; strategy.nodes.len()];
        strategy.roots().iter().for_each(|root| is_root[root.index()] = true);
        let mut evaluation = Self { strategy, bars, cache, data, frames, values, is_root, needed };
        evaluation.needed = evaluation.needed();
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
        let mut needed = self.is_root.clone();
        for (index, node) in nodes.iter().enumerate().rev() {
            if !needed[index] {
                continue;
            }
            let id = id_of(index);
            if let Some(series) = self.key(id).and_then(|key| self.cache.get(&key)) {
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
            // What reads it is a comparison or another function, kept itself, or else a rule.
            BoundOp::Negate(_) | BoundOp::Arithmetic(..) => !self.is_root[id.index()],
            BoundOp::Not(_) | BoundOp::Logic(..) => true,
            _ => false,
        };
        let data = self.data.filter(|_| !is_cheap)?;
        Some(SeriesKey::new(data, node.key))
    }

    /// Values of the roots, and of whatever else is still held.
    fn run(mut self) -> BTreeMap<BoundId, CachedSeries> {
        let last_reader = self.last_readers();
        for index in 0..self.needed.len() {
            if !self.needed[index] {
                continue;
            }
            let id = id_of(index);
            let series = self.compute(id);
            if let Some(key) = self.key(id) {
                self.cache.put(key, &series);
            }
            self.values.insert(id, series);
            for input in self.strategy.nodes[index].inputs() {
                if last_reader[input.index()] == Some(index) {
                    self.values.remove(&input);
                }
            }
        }
        self.values
    }

    /// For each node the last node that reads it; `None` for roots, which are kept.
    fn last_readers(&self) -> Vec<Option<usize>> {
        let mut last = vec![None; self.needed.len()];
        for index in (0..last.len()).filter(|&index| self.needed[index]) {
            for input in self.strategy.nodes[index].inputs() {
                last[input.index()] = Some(index);
            }
        }
        for root in self.strategy.roots() {
            last[root.index()] = None;
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
        let warmup = node.op.warmup(|id| self.values[&id].warmup);
        let extent = Extent { bars: bars.len(), warmup };
        let number = |values: Vec<f64>| SeriesValue::Number(values.into());
        let condition = |mask: Mask| SeriesValue::Condition(Arc::new(mask));
        let value = match &node.op {
            BoundOp::Series(series) => SeriesValue::Number(series_of(*series, bars)),
            BoundOp::Negate(id) => number(column::negate(column_of(&self.values[id]))),
            BoundOp::Arithmetic(op, a, b) => {
                number(column::arithmetic(*op, self.numbers(a), self.numbers(b), extent.bars))
            }
            BoundOp::Compare(op, a, b) => condition(column::compare(*op, self.numbers(a), self.numbers(b), extent)),
            BoundOp::Not(id) => condition(column::not(mask_of(&self.values[id]), warmup)),
            BoundOp::Logic(logic, a, b) => condition(self.logic(*logic, *a, *b, warmup)),
            BoundOp::Choose { condition, then, otherwise } => {
                let condition = mask_of(&self.values[condition]);
                number(column::choose(condition, self.numbers(then), self.numbers(otherwise)))
            }
            BoundOp::Lag(id, lag) if node.is_condition => condition(column::lag_mask(mask_of(&self.values[id]), *lag)),
            BoundOp::Lag(id, lag) => number(column::lag(column_of(&self.values[id]), *lag)),
            BoundOp::Call { function, args, inputs } => self.call(function, args, inputs, extent.bars),
            BoundOp::Output(id, output) => {
                let called = &self.values[id];
                if let SeriesValue::Condition(mask) = &called.value {
                    condition(column::after((**mask).clone(), warmup))
                } else if node.is_condition {
                    let truth = Numbers::Column(&outputs_of(called)[*output]);
                    condition(column::compare(CompareOp::Equal, truth, Numbers::Constant(1.0), extent))
                } else {
                    SeriesValue::Number(outputs_of(called)[*output].clone())
                }
            }
            BoundOp::Align(id) => return self.align(*id),
        };
        CachedSeries { value, warmup }
    }

    fn numbers(&self, operand: &Operand) -> Numbers<'_> {
        match operand {
            Operand::Constant(value) => Numbers::Constant(*value),
            Operand::Node(id) => Numbers::Column(column_of(&self.values[id])),
        }
    }

    fn logic(&self, logic: Logic, left: BoundId, right: BoundId, warmup: usize) -> Mask {
        let (left, right) = (mask_of(&self.values[&left]), mask_of(&self.values[&right]));
        let combined = match logic {
            Logic::And => column::combine(left, right, |a, b| a & b),
            Logic::Or => column::combine(left, right, |a, b| a | b),
        };
        column::after(combined, warmup)
    }

    fn call(&self, function: &Function, args: &[f64], inputs: &[Operand], bars: usize) -> SeriesValue {
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
            ("cross_above", [a, b]) => return SeriesValue::Condition(Arc::new(column::crossing(a, b))),
            ("cross_below", [a, b]) => return SeriesValue::Condition(Arc::new(column::crossing(b, a))),
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
                SeriesValue::Condition(Arc::new(mask))
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

fn column_of(series: &CachedSeries) -> &Column<f64> {
    match &series.value {
        SeriesValue::Number(column) => column,
        SeriesValue::Condition(_) | SeriesValue::Outputs(_) => {
            unreachable!("binding gives number nodes numbers")
        }
    }
}

fn mask_of(series: &CachedSeries) -> &Mask {
    match &series.value {
        SeriesValue::Condition(mask) => mask,
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
