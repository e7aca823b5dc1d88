//! A strategy live: one completed bar in, the decision, what was filled and what stands for the next bar out.
//!
//! The graph and the simulator are those of a backtest, so bars that arrive one by one give what the same
//! bars give in a file. Two things differ by nature: the run begins flat at the first live bar, and it has no
//! last one, so that nothing is closed and no entry is held back at the end.
//!
//! A [`Live`] is a function of the bars it has seen. Its saved state is those bars, and restoring replays
//! them; see [`Live::save`].

mod state_file;

use std::collections::BTreeMap;

use bartune_engine::Params;
use bartune_engine::bars::{BarColumns, BarValues, Bars, format_timeframe};
use bartune_engine::language::{Strategy, StreamState};
use bartune_engine::simulator::{
    Bar, Decision, Distances, Event, ExitReason, Position, Side, Simulator, SimulatorSetup, local_close_time,
};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::config::Plan;
use crate::error::Error;
use crate::identity;

/// A strategy with its parameters put in, and its account, after the bars they have seen.
#[derive(Debug)]
pub struct Live {
    /// What the decisions depend on besides the bars, by the study file's keys.
    settings: BTreeMap<String, Value>,
    stream: StreamState,
    setup: SimulatorSetup,
    simulator: Simulator,
    /// Where wall-clock times are read, if a time rule needs them.
    clock: Option<TimeZone>,
    /// The timezone of the account's days, where it has rules.
    account_clock: Option<TimeZone>,
    bars: BarColumns,
    /// Leading bars that only warmed the indicators.
    history_bars: usize,
    equity: f64,
    events: Vec<Event>,
}

/// What one bar brought.
#[derive(Debug)]
pub struct LiveBar<'a> {
    /// Its number, the bars of the history counted.
    pub index: usize,
    /// The bar.
    pub bar: BarValues,
    /// What the strategy says at its close; `None` during the warm-up. The account may hold an entry back, by
    /// `cooldown` or `session`.
    pub decision: Option<Decision>,
    /// What happened in it, in order.
    pub events: &'a [Event],
    /// Every order that stands for the next bar. One that is not here any more is withdrawn.
    pub orders: Vec<LiveOrder>,
    /// Equity at its close.
    pub equity: f64,
}

/// An order that stands for the next bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LiveOrder {
    /// At the next open, before an entry: leave the position of this side.
    Exit {
        /// The position's side.
        side: Side,
        /// Its size.
        size: f64,
        /// Why.
        reason: ExitReason,
    },
    /// At the next open: enter. The size follows from the fill.
    Entry {
        /// Direction.
        side: Side,
        /// Resting exits, in points from the fill.
        distances: Distances,
    },
    /// A resting exit of the open position.
    Resting {
        /// The position's side.
        side: Side,
        /// Its size.
        size: f64,
        /// The level.
        price: f64,
        /// Which of its exits.
        reason: ExitReason,
    },
}

/// Streaming code would need its state saved; that of rules is their bars.
fn rules_of(plan: &Plan) -> Result<&Strategy, Error> {
    let name = || plan.strategy.name().unwrap_or_default().to_owned();
    plan.strategy.rules().ok_or_else(|| Error::NeedsRules { what: "streaming", name: name() })
}

impl Live {
    /// A strategy before its first bar of `timeframe_ns`.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`], [`Error::Simulation`] or [`Error::Data`] when it cannot run with these parameters or
    /// on bars of this timeframe.
    pub fn new(plan: &Plan, params: &Params, timeframe_ns: i64) -> Result<Self, Error> {
        let timezone = &plan.data.load.timezone;
        let stream = StreamState::new(&rules_of(plan)?.bind(params)?, timezone, timeframe_ns)?;
        let mut rules = stream.rules().clone();
        rules.session = plan.time_rules.session;
        rules.flat_by = plan.time_rules.flat_by;
        let needs_clock = rules.session.is_some() || rules.flat_by.is_some();
        let account_clock = plan.account.rules.as_ref().map(|rules| rules.timezone.clone());
        let setup = SimulatorSetup {
            execution: plan.execution.clone(),
            rules,
            cash: plan.account.cash,
            account_rules: plan.account.rules.clone(),
            timeframe_ns,
            first_bar: 0,
        };
        setup.check(&stream.distances())?;
        Ok(Self {
            settings: identity::live_settings(plan, params, timeframe_ns),
            stream,
            simulator: Simulator::new(setup.clone()),
            clock: needs_clock.then(|| timezone.clone()),
            account_clock,
            bars: BarColumns::default(),
            history_bars: 0,
            equity: setup.cash,
            events: Vec::new(),
            setup,
        })
    }

    /// Warm the indicators on bars before the first live one. The account stays out of them.
    ///
    /// # Errors
    ///
    /// [`Error::Timeframe`] if these bars are of another timeframe.
    pub fn warm_up(&mut self, history: &Bars) -> Result<(), Error> {
        if history.timeframe_ns() != self.setup.timeframe_ns {
            let (found, expected) = (history.timeframe_ns(), self.setup.timeframe_ns);
            return Err(Error::Timeframe { found: format_timeframe(found), expected: format_timeframe(expected) });
        }
        (0..history.len()).for_each(|t| self.warm_up_bar(&history.bar(t)));
        Ok(())
    }

    fn warm_up_bar(&mut self, bar: &BarValues) {
        self.stream.update(bar);
        self.bars.push(bar);
        self.history_bars += 1;
        self.setup.first_bar = self.history_bars;
        self.simulator = Simulator::new(self.setup.clone());
    }

    /// One more completed bar, later than the one before.
    pub fn update(&mut self, bar: &BarValues) -> LiveBar<'_> {
        let decision = self.stream.update(bar);
        let close_in = |clock: &Option<TimeZone>| {
            clock.as_ref().map_or(0, |timezone| local_close_time(bar.time, self.setup.timeframe_ns, timezone))
        };
        let (local_close, account_close) = (close_in(&self.clock), close_in(&self.account_clock));
        let BarValues { open, high, low, close, .. } = *bar;
        self.events.clear();
        let bar_and_times = Bar { open, high, low, close, local_close, account_close };
        self.equity = self.simulator.step(&bar_and_times, &decision, &mut self.events);
        self.bars.push(bar);
        let index = self.bars.time.len() - 1;
        LiveBar {
            index,
            bar: *bar,
            decision: self.stream.warmup().is_some_and(|warmup| index >= warmup).then_some(decision),
            events: &self.events,
            orders: orders(&self.simulator),
            equity: self.equity,
        }
    }

    /// The open position.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.simulator.position()
    }

    /// Equity at the last close.
    #[must_use]
    pub fn equity(&self) -> f64 {
        self.equity
    }

    /// Bars seen, the history's included.
    #[must_use]
    pub fn bars_seen(&self) -> usize {
        self.bars.time.len()
    }

    /// Bars of the history.
    #[must_use]
    pub fn history_bars(&self) -> usize {
        self.history_bars
    }

    /// First bar with a decision; `None` while that depends on bars to come.
    #[must_use]
    pub fn warmup(&self) -> Option<usize> {
        self.stream.warmup()
    }

    /// The last bar seen.
    #[must_use]
    pub fn last_bar(&self) -> Option<BarValues> {
        self.bars.time.len().checked_sub(1).map(|last| self.bar(last))
    }

    /// Open time of bar `index`, if it was seen.
    #[must_use]
    pub fn time_of(&self, index: usize) -> Option<i64> {
        self.bars.time.get(index).copied()
    }

    fn bar(&self, t: usize) -> BarValues {
        let bars = &self.bars;
        let (time, volume) = (bars.time[t], bars.volume[t]);
        BarValues { time, open: bars.open[t], high: bars.high[t], low: bars.low[t], close: bars.close[t], volume }
    }
}

/// What stands for the next bar, in the order in which it would be filled at one price.
fn orders(simulator: &Simulator) -> Vec<LiveOrder> {
    let mut orders = Vec::new();
    let pending = simulator.pending();
    if let Some(Position { side, size, levels, .. }) = simulator.position() {
        let (side, size) = (*side, *size);
        let resting = [
            (levels.stop, ExitReason::StopLoss),
            (levels.trailing_stop(side), ExitReason::TrailingStop),
            (levels.target, ExitReason::TakeProfit),
        ];
        for (price, reason) in resting {
            orders.extend(price.map(|price| LiveOrder::Resting { side, size, price, reason }));
        }
        orders.extend(pending.exit.map(|reason| LiveOrder::Exit { side, size, reason }));
    }
    orders.extend(pending.entry.map(|(side, distances)| LiveOrder::Entry { side, distances }));
    orders
}

#[cfg(test)]
mod tests;
