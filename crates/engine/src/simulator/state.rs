//! One bar after another: the order in which things happen (rules T1–T6).
//!
//! The same machine runs over a file and live. A step takes a completed bar and the decision taken at its
//! close, reports what was filled in the bar, and keeps what is pending for the next one. It knows nothing of
//! the segment's end: the caller drops the last bar's entries and calls [`Simulator::finish`].
//!
//! What happens goes to a `Recorder`, so that a live run may keep events and a backtest only its ledger.

use super::cost::commission_of;
use super::decision::{Entry, Order};
use super::fill::{Action, fill_price};
use super::resting::{Exit, Levels, exit_at_open, exit_within};
use super::sizing::{Quote, is_affordable, position_size};
use super::time_rule::{has_deadline_between, is_in_session};
use super::{Decision, Execution, ExitReason, Fill, Position, Side, TimeRules, Trade};

/// One completed bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Local close time in nanoseconds since 1970; read only where a time rule needs it.
    pub local_close: i64,
}

/// What a simulator starts from. The values are those that
/// [`SimulationInput::try_new`](super::SimulationInput::try_new) accepts.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatorSetup {
    /// Fills, costs and sizes.
    pub execution: Execution,
    /// Exits and pauses by time.
    pub rules: TimeRules,
    /// Cash at the start.
    pub cash: f64,
    /// Nominal length of a bar; read only where a time rule needs it.
    pub timeframe_ns: i64,
    /// Index of the first bar to come.
    pub first_bar: usize,
}

/// Why an entry did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// A price distance was undefined or not positive at the decision bar (D5).
    UndefinedDistance,
    /// Equity could not pay for it (Z6, Z7).
    Unaffordable,
    /// `flat_by` passed between the decision and the fill (C5).
    Deadline,
}

/// What happened in a bar, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A position was opened.
    Entered {
        /// Bar of the fill.
        bar: usize,
        /// Direction.
        side: Side,
        /// Contracts or units.
        size: f64,
        /// Fill price, slippage included.
        price: f64,
    },
    /// A position was closed.
    Exited(Trade),
    /// An entry was wanted and skipped.
    Skipped {
        /// Bar of the decision (undefined distance) or of the fill.
        bar: usize,
        /// Direction.
        side: Side,
        /// Why.
        reason: SkipReason,
    },
    /// Equity was exhausted at the close of this bar; nothing happens after it (M5).
    Bankrupt {
        /// Which bar.
        bar: usize,
    },
}

/// Takes down what happens, in order.
pub(crate) trait Recorder {
    fn record(&mut self, event: Event);
}

impl Recorder for Vec<Event> {
    fn record(&mut self, event: Event) {
        self.push(event);
    }
}

/// The state of one account over the bars seen so far.
#[derive(Debug, Clone)]
pub struct Simulator {
    pub(super) setup: SimulatorSetup,
    /// Cash, and the equity while flat.
    pub(super) balance: f64,
    pub(super) position: Option<Position>,
    /// Orders of the last decision that wait for the next open.
    pub(super) pending: Order,
    /// Index of the bar to come.
    pub(super) bar_index: usize,
    /// Bar in which the last position was closed.
    closed_bar: Option<usize>,
    /// The last bar seen.
    pub(super) last_bar: Option<Bar>,
    pub(super) is_bankrupt: bool,
}

impl Simulator {
    /// A flat account before its first bar.
    #[must_use]
    pub fn new(setup: SimulatorSetup) -> Self {
        Self {
            balance: setup.cash,
            position: None,
            pending: Order::default(),
            bar_index: setup.first_bar,
            closed_bar: None,
            last_bar: None,
            is_bankrupt: false,
            setup,
        }
    }

    /// The open position, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// One bar and the decision taken at its close. What happens is appended to `events`; the answer is the
    /// equity at the close (M4).
    pub fn step(&mut self, bar: &Bar, decision: &Decision, events: &mut Vec<Event>) -> f64 {
        self.step_into(bar, decision, events)
    }

    /// As [`step`](Self::step), for any recorder.
    pub(crate) fn step_into(&mut self, bar: &Bar, decision: &Decision, recorder: &mut impl Recorder) -> f64 {
        let equity = if self.is_bankrupt {
            self.balance
        } else {
            self.at_open(bar, recorder);
            self.within(bar, recorder);
            self.at_close(bar, decision, recorder);
            self.mark(bar, recorder)
        };
        self.last_bar = Some(*bar);
        self.bar_index += 1;
        equity
    }

    /// End the segment: an open position is closed at the last close (T6). The answer is the final equity.
    pub fn finish(&mut self, events: &mut Vec<Event>) -> f64 {
        self.finish_into(events)
    }

    /// As [`finish`](Self::finish), for any recorder.
    pub(crate) fn finish_into(&mut self, recorder: &mut impl Recorder) -> f64 {
        if let Some(bar) = self.last_bar {
            self.bar_index -= 1;
            self.leave(Exit::at(bar.close, ExitReason::SegmentEnd), recorder);
            self.bar_index += 1;
        }
        self.pending = Order::default();
        self.balance
    }

    /// At the open (T2): gaps through resting levels, a missed deadline, then the pending orders.
    fn at_open(&mut self, bar: &Bar, recorder: &mut impl Recorder) {
        let order = std::mem::take(&mut self.pending);
        self.leave_by_gap(bar, recorder);
        let is_past_deadline = self.passes_deadline(bar);
        if is_past_deadline {
            self.leave(Exit::at(bar.open, ExitReason::FlatBy), recorder);
        }
        if let Some(reason) = order.exit {
            self.leave(Exit::at(bar.open, reason), recorder);
        }
        match order.entry {
            Some(entry) if is_past_deadline => {
                self.skip(entry.side, SkipReason::Deadline, recorder);
            }
            Some(entry) => self.enter(bar.open, entry, recorder),
            None => {}
        }
    }

    /// Within the bar (T3): resting exits, those of a position opened at this bar's open included. Its levels
    /// may lie beyond the open, when slippage is larger than a distance.
    fn within(&mut self, bar: &Bar, recorder: &mut impl Recorder) {
        self.leave_by_gap(bar, recorder);
        let policy = self.setup.execution.intrabar;
        let Some(position) = &mut self.position else {
            return;
        };
        if let Some(exit) = exit_within(&position.levels, position.side, bar, policy) {
            position.meet(bar.open);
            self.leave(exit, recorder);
        }
    }

    /// At the close (T4): the bar is complete; exits by time; then the decision, filled now or kept for the
    /// next open.
    fn at_close(&mut self, bar: &Bar, decision: &Decision, recorder: &mut impl Recorder) {
        if let Some(position) = &mut self.position {
            position.complete_bar(bar);
        }
        if let Some(reason) = self.time_exit(bar) {
            self.leave(Exit::at(bar.close, reason), recorder);
        }
        let decision = if self.may_enter(bar) { *decision } else { decision.without_entries() };
        let order = decision.resolve(self.position.as_ref().map(|position| position.side));
        if let Some(side) = order.undefined_entry {
            self.skip(side, SkipReason::UndefinedDistance, recorder);
        }
        match self.setup.execution.fill {
            Fill::NextOpen => self.pending = order,
            Fill::Close => {
                if let Some(reason) = order.exit {
                    self.leave(Exit::at(bar.close, reason), recorder);
                }
                if let Some(entry) = order.entry {
                    self.enter(bar.close, entry, recorder);
                }
            }
        }
    }

    /// Equity at the close (M4), and the end of an account that has none (M5).
    fn mark(&mut self, bar: &Bar, recorder: &mut impl Recorder) -> f64 {
        let equity = self
            .position
            .as_ref()
            .map_or(self.balance, |position| self.balance + position.value_at(bar.close, &self.setup.execution));
        if equity > 0.0 {
            return equity;
        }
        self.leave(Exit::at(bar.close, ExitReason::Bankrupt), recorder);
        self.pending = Order::default();
        self.is_bankrupt = true;
        recorder.record(Event::Bankrupt { bar: self.bar_index });
        self.balance
    }

    /// Close a position whose level the bar's open meets (X5).
    fn leave_by_gap(&mut self, bar: &Bar, recorder: &mut impl Recorder) {
        let exit = self.position.as_ref().and_then(|position| exit_at_open(&position.levels, position.side, bar.open));
        if let Some(exit) = exit {
            self.leave(exit, recorder);
        }
    }

    /// Close the position, if there is one.
    fn leave(&mut self, exit: Exit, recorder: &mut impl Recorder) {
        if let Some(position) = self.position.take() {
            let trade = position.into_trade(exit, self.bar_index, &self.setup.execution);
            self.balance += trade.pnl;
            self.closed_bar = Some(self.bar_index);
            recorder.record(Event::Exited(trade));
        }
    }

    /// Open a position from flat, if the account can pay for it.
    fn enter(&mut self, market_price: f64, entry: Entry, recorder: &mut impl Recorder) {
        let execution = &self.setup.execution;
        let Entry { side, distances } = entry;
        let quote = Quote {
            equity: self.balance,
            quote: market_price,
            price: fill_price(market_price, Action::entering(side), execution),
            risk_distance: distances.risk(),
        };
        let (price, size) = (quote.price, position_size(&quote, execution));
        if !is_affordable(size, &quote, execution) {
            self.skip(side, SkipReason::Unaffordable, recorder);
            return;
        }
        self.position = Some(Position {
            side,
            size,
            entry_bar: self.bar_index,
            entry_quote: market_price,
            entry_price: price,
            entry_commission: commission_of(size, price, execution),
            levels: Levels::around(price, side, &distances, execution.instrument.tick),
            bars_held: 0,
            highest: market_price,
            lowest: market_price,
        });
        recorder.record(Event::Entered { bar: self.bar_index, side, size, price });
    }

    fn skip(&self, side: Side, reason: SkipReason, recorder: &mut impl Recorder) {
        let bar = self.bar_index;
        recorder.record(Event::Skipped { bar, side, reason });
    }

    /// Whether a deadline lay between the last close and this one, which only a gap in the bars lets happen to
    /// an open position (C5).
    fn passes_deadline(&self, bar: &Bar) -> bool {
        match (self.setup.rules.flat_by, self.last_bar) {
            (Some(minute), Some(last)) => has_deadline_between(minute, last.local_close, bar.local_close),
            _ => false,
        }
    }

    /// Whether this close is the last one at or before the deadline (C4).
    fn is_deadline_due(&self, bar: &Bar) -> bool {
        let next_close = bar.local_close.saturating_add(self.setup.timeframe_ns);
        self.setup.rules.flat_by.is_some_and(|minute| has_deadline_between(minute, bar.local_close, next_close))
    }

    /// The exit by time that is due at this close (C1, C4).
    fn time_exit(&self, bar: &Bar) -> Option<ExitReason> {
        let bars_held = self.position.as_ref()?.bars_held;
        if self.setup.rules.max_bars.is_some_and(|most| bars_held >= most) {
            Some(ExitReason::MaxBars)
        } else if self.is_deadline_due(bar) {
            Some(ExitReason::FlatBy)
        } else {
            None
        }
    }

    /// Whether this close's decision may enter (C2–C4).
    fn may_enter(&self, bar: &Bar) -> bool {
        let rules = &self.setup.rules;
        // A reversal's own exit is still to come here, so it does not hold the reversal back (C2).
        let cooldown = usize::try_from(rules.cooldown).unwrap_or(usize::MAX);
        let is_waiting = self.closed_bar.is_some_and(|closed| self.bar_index - closed < cooldown);
        let is_open = rules.session.is_none_or(|session| is_in_session(session, bar.local_close));
        !is_waiting && is_open && !self.is_deadline_due(bar)
    }
}
