//! Plain inputs, position by position: no rules of an account, of a margin or of the hour.
//!
//! Most searches ask for no more than decisions, levels and costs. A position of theirs is opened, rests and is left here
//! without a step of the state machine. The order of things in a bar (rules T1–T6) is therefore written twice, here
//! for the bars of one position; prices, sizes, levels, decisions and trades are the state machine's own functions, and
//! the property tests hold the two together.

use super::agenda::Agenda;
use super::curve::Curve;
use crate::simulator::decision::{Entry, Order};
use crate::simulator::ledger::Ledger;
use crate::simulator::position::Opening;
use crate::simulator::resting::{Exit, exit_at_open, exit_within};
use crate::simulator::rows::{BarRows, CLOSE, OPEN, Row};
use crate::simulator::{Bar, Execution, ExitReason, Fill, Position, Side, Signals, SimulationInput, SkipReason};

/// Whether an input is plain.
pub(super) fn is_plain(input: &SimulationInput<'_>) -> bool {
    let rules = &input.signals().rules;
    let has_hours = rules.session.is_some() || rules.flat_by.is_some();
    !has_hours && input.account().rules.is_none() && input.execution().instrument.margin.is_none()
}

/// One backtest under way.
pub(super) struct Plain<'r, 'a, C> {
    signals: &'a Signals,
    execution: &'a Execution,
    rows: &'r BarRows,
    /// First bar of the segment.
    start: usize,
    /// Last bar of the segment.
    last: usize,
    agenda: Agenda<'a>,
    /// Cash, and the equity while flat.
    balance: f64,
    position: Option<Position>,
    /// First bar at whose close an entry may be decided (C2).
    enters_from: usize,
    ledger: Ledger<'r>,
    curve: &'r mut C,
}

/// Where the backtest stands.
#[derive(Debug, Clone, Copy)]
enum State {
    /// Without a position, before this bar's decision.
    Flat(usize),
    /// In a position that this bar's open has opened.
    Opened(usize),
    /// In a position, before this bar.
    Held(usize),
    /// All equity is written.
    Over,
}

impl<'r, 'a, C: Curve> Plain<'r, 'a, C> {
    pub(super) fn new(input: &SimulationInput<'a>, rows: &'r BarRows, ledger: Ledger<'r>, curve: &'r mut C) -> Self {
        Self {
            signals: input.signals(),
            execution: input.execution(),
            rows,
            start: input.segment().start,
            last: input.segment().end - 1,
            agenda: Agenda::new(input.signals()),
            balance: input.account().cash,
            position: None,
            enters_from: 0,
            ledger,
            curve,
        }
    }

    pub(super) fn through_segment(mut self) {
        match self.execution.fill {
            Fill::NextOpen => self.run::<false>(),
            Fill::Close => self.run::<true>(),
        }
    }

    /// Orders fill at the close of their decision's bar, or at the next open.
    fn run<const AT_CLOSE: bool>(&mut self) {
        let mut state = State::Flat(self.start);
        loop {
            state = match state {
                State::Flat(t) => self.flat::<AT_CLOSE>(t),
                State::Opened(t) => self.through_bar::<AT_CLOSE>(t),
                State::Held(t) if t <= self.last => self.held::<AT_CLOSE>(t),
                State::Held(_) => self.finish(),
                State::Over => return,
            };
        }
    }

    /// Up to the next entry. While flat the equity is the cash, exactly (M4).
    #[inline(always)]
    fn flat<const AT_CLOSE: bool>(&mut self, t: usize) -> State {
        if self.balance <= 0.0 {
            return self.ruined::<AT_CLOSE>(t);
        }
        let mut from = t;
        loop {
            // T6: an entry on the last bar would be closed where it was opened.
            let decided = self.agenda.next_entry(from.max(self.enters_from));
            if decided >= self.last {
                self.write_flat(t, self.last + 1);
                return State::Over;
            }
            let order = self.order(decided, None);
            let Some(entry) = order.entry else {
                self.record_undefined(&order);
                from = decided + 1;
                continue;
            };
            let filled = if AT_CLOSE { decided } else { decided + 1 };
            let price = self.rows.rows()[filled][if AT_CLOSE { CLOSE } else { OPEN }];
            let is_open = self.open(entry, price, filled);
            self.write_flat(t, filled);
            return match (is_open, AT_CLOSE) {
                (true, true) => self.mark(filled),
                (true, false) => State::Opened(filled),
                (false, true) => self.stay_flat(filled),
                (false, false) => State::Flat(filled),
            };
        }
    }

    /// Up to the next bar that a condition, a limit on time or a level makes eventful, and through it.
    #[inline(always)]
    fn held<const AT_CLOSE: bool>(&mut self, t: usize) -> State {
        let Some(position) = &mut self.position else { return State::Over };
        let mut limit = self.agenda.next_decision(position.side, t).min(self.last);
        if let Some(most) = self.signals.rules.max_bars {
            limit = limit.min(position.bar_of_age(most, t));
        }
        let passed = position.rest(self.balance, self.execution, (self.rows, t..limit), self.curve);
        self.through_bar::<AT_CLOSE>(t + passed)
    }

    /// A bar in a position: its levels at the open (T2) and within it (T3), then its close. The open counts also where it
    /// has opened the position: levels may lie beyond it, when slippage is larger than a distance.
    #[inline(always)]
    fn through_bar<const AT_CLOSE: bool>(&mut self, t: usize) -> State {
        let Some(position) = &mut self.position else { return State::Over };
        let bar = bar_of(&self.rows.rows()[t]);
        if let Some(exit) = exit_at_open(&position.levels, position.side, bar.open) {
            return self.leave_within(exit, t);
        }
        if let Some(exit) = exit_within(&position.levels, position.side, &bar, self.execution.intrabar) {
            position.meet(bar.open);
            return self.leave_within(exit, t);
        }
        position.complete_bar(&bar);
        let bars_held = position.bars_held;
        if self.signals.rules.max_bars.is_some_and(|most| bars_held >= most) {
            return self.leave_within(Exit::at(bar.close, ExitReason::MaxBars), t);
        }
        self.close_bar::<AT_CLOSE>(t, &bar)
    }

    /// The decision at the close of a bar that the position has lived through (T4).
    #[inline(always)]
    fn close_bar<const AT_CLOSE: bool>(&mut self, t: usize, bar: &Bar) -> State {
        let side = self.position.as_ref().map(|position| position.side);
        let order = self.order(t, side);
        self.record_undefined(&order);
        let Some(reason) = order.exit else { return self.mark(t) };
        if AT_CLOSE {
            self.leave(Exit::at(bar.close, reason), t);
            let is_open = order.entry.is_some_and(|entry| self.open(entry, bar.close, t));
            return if is_open { self.mark(t) } else { self.stay_flat(t) };
        }
        match self.mark(t) {
            State::Held(next) if next <= self.last => self.leave_at_open(next, reason, order.entry),
            state => state,
        }
    }

    /// The orders of the bar before at this open (T2).
    #[inline(always)]
    fn leave_at_open(&mut self, t: usize, reason: ExitReason, entry: Option<Entry>) -> State {
        let open = self.rows.rows()[t][OPEN];
        let gap = self.position.as_ref().and_then(|position| exit_at_open(&position.levels, position.side, open));
        self.leave(gap.unwrap_or(Exit::at(open, reason)), t);
        if entry.is_some_and(|entry| self.open(entry, open, t)) { State::Opened(t) } else { State::Flat(t) }
    }

    /// What the decision at this close comes to.
    #[inline(always)]
    fn order(&self, t: usize, held: Option<Side>) -> Order {
        let decision = self.signals.terse_decision(t);
        if decision.is_silent() {
            return Order::default();
        }
        let may_enter = t != self.last && t >= self.enters_from;
        (if may_enter { decision } else { decision.without_entries() }).resolve(held)
    }

    #[inline(always)]
    fn record_undefined(&mut self, order: &Order) {
        if order.undefined_entry.is_some() {
            self.ledger.record_skip(SkipReason::UndefinedDistance);
        }
    }

    /// Open a position; false if the account cannot pay for it.
    #[inline(always)]
    fn open(&mut self, entry: Entry, price: f64, bar: usize) -> bool {
        let at = Opening { bar, price, equity: self.balance };
        self.position = Position::open(entry, at, self.execution, |size| size);
        if self.position.is_none() {
            self.ledger.record_skip(SkipReason::Unaffordable);
        }
        self.position.is_some()
    }

    /// Close the position before the decision of this bar.
    #[inline(always)]
    fn leave_within(&mut self, exit: Exit, bar: usize) -> State {
        self.leave(exit, bar);
        State::Flat(bar)
    }

    /// Close the position.
    #[inline(always)]
    fn leave(&mut self, exit: Exit, bar: usize) {
        if let Some(position) = self.position.take() {
            let trade = position.into_trade(exit, bar, self.execution);
            self.balance += trade.pnl;
            self.enters_from = bar.saturating_add(self.signals.rules.cooldown as usize);
            self.ledger.record_trade(trade);
        }
    }

    /// Equity at the close in a position (M4), and the end of an account that has none (M5).
    #[inline(always)]
    fn mark(&mut self, t: usize) -> State {
        let close = self.rows.rows()[t][CLOSE];
        let value = self.position.as_ref().map_or(0.0, |position| position.value_at(close, self.execution));
        let equity = self.balance + value;
        if equity > 0.0 {
            // The last point is the account's after the closing trade's costs (T6).
            if t < self.last {
                self.curve.flat(t..t + 1, equity);
            }
            return State::Held(t + 1);
        }
        self.leave(Exit::at(close, ExitReason::Bankrupt), t);
        self.bankrupt(t)
    }

    /// A bar that ends without a position, its decision taken.
    fn stay_flat(&mut self, t: usize) -> State {
        if self.balance <= 0.0 {
            return self.bankrupt(t);
        }
        self.write_flat(t, t + 1);
        if t < self.last { State::Flat(t + 1) } else { State::Over }
    }

    /// A bar within which an account has lost everything. Its decision is still taken, and can be paid for by nothing.
    #[cold]
    fn ruined<const AT_CLOSE: bool>(&mut self, t: usize) -> State {
        let order = self.order(t, None);
        self.record_undefined(&order);
        if AT_CLOSE && order.entry.is_some() {
            self.ledger.record_skip(SkipReason::Unaffordable);
        }
        self.bankrupt(t)
    }

    /// Nothing happens any more (M5).
    #[cold]
    fn bankrupt(&mut self, t: usize) -> State {
        self.ledger.record_bankruptcy(t);
        self.write_flat(t, self.last + 1);
        State::Over
    }

    /// The equity of the bars `from..to` without a position.
    #[inline(always)]
    fn write_flat(&mut self, from: usize, to: usize) {
        if from < to {
            self.curve.flat(from..to, self.balance);
        }
    }

    /// An open position is closed at the last close (T6), and the last equity is the account's after its costs.
    fn finish(&mut self) -> State {
        self.leave(Exit::at(self.rows.rows()[self.last][CLOSE], ExitReason::SegmentEnd), self.last);
        self.write_flat(self.last, self.last + 1);
        State::Over
    }
}

fn bar_of(&[open, high, low, close]: &Row) -> Bar {
    Bar { open, high, low, close, local_close: 0, account_close: 0 }
}
