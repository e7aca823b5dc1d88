//! One bar after another: the order in which things happen (rules T1–T6).
//!
//! The same machine runs over a file and live. A step takes a completed bar and the decision taken at its
//! close, reports what was filled in the bar, and keeps what is pending for the next one. It knows nothing of
//! the segment's end: the caller drops the last bar's entries and calls [`Simulator::finish`].
//!
//! What happens goes to a `Recorder`, so that a live run may keep events and a backtest only its ledger.

use super::decision::{Entry, Order};
use super::position::Opening;
use super::resting::{Exit, exit_at_open, exit_within};
use super::time_rule::{has_deadline_between, is_in_session};
use super::{Decision, Distances, Execution, ExitReason, Fill, Position, Side, TimeRules, Trade};
use crate::account::{AccountReport, AccountRules, AccountState};

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
    /// The same in the timezone of the account's rules; read only where there are some.
    pub account_close: i64,
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
    /// What the account is held to.
    pub account_rules: Option<AccountRules>,
    /// Nominal length of a bar; read only where a time rule or an account rule needs it.
    pub timeframe_ns: i64,
    /// Index of the first bar to come.
    pub first_bar: usize,
}

/// Why an entry did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// A price distance was undefined or not positive at the decision bar (D5).
    UndefinedDistance,
    /// Equity could not pay for it or back it (Z6–Z8).
    Unaffordable,
    /// `flat_by` passed between the decision and the fill (C5).
    Deadline,
    /// The account may not trade any more, or not today (A2, A3, A9).
    AccountRule,
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

/// Market orders that wait for the next open, the exit first.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pending {
    /// Leave the open position, for this reason.
    pub exit: Option<ExitReason>,
    /// Enter on this side, with resting exits at these distances from the fill.
    pub entry: Option<(Side, Distances)>,
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
    /// The account under its rules, where it has some.
    pub(super) account: Option<AccountState>,
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
            account: setup.account_rules.clone().map(|rules| AccountState::new(rules, setup.cash)),
            setup,
        }
    }

    /// The open position, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// What has become of an account with rules.
    #[must_use]
    pub fn account_report(&self) -> Option<AccountReport> {
        self.account.as_ref().map(AccountState::report)
    }

    /// Orders of the last decision that wait for the next open.
    #[must_use]
    pub fn pending(&self) -> Pending {
        Pending { exit: self.pending.exit, entry: self.pending.entry.map(|entry| (entry.side, entry.distances)) }
    }

    /// One bar and the decision taken at its close. What happens is appended to `events`; the answer is the
    /// equity at the close (M4).
    pub fn step(&mut self, bar: &Bar, decision: &Decision, events: &mut Vec<Event>) -> f64 {
        self.step_into(bar, decision, events)
    }

    /// As [`step`](Self::step), for any recorder.
    pub(crate) fn step_into(&mut self, bar: &Bar, decision: &Decision, recorder: &mut impl Recorder) -> f64 {
        self.step_deciding(bar, |_, _| *decision, recorder)
    }

    /// As [`step_into`](Self::step_into), the decision being taken only now: after the bar's own fills, when what
    /// it left of the position is known.
    #[inline]
    pub(crate) fn step_deciding<R: Recorder>(
        &mut self,
        bar: &Bar,
        decide: impl FnOnce(&Self, &R) -> Decision,
        recorder: &mut R,
    ) -> f64 {
        self.begin_account_bar(bar);
        let equity = if self.is_bankrupt {
            self.balance
        } else {
            self.at_open(bar, recorder);
            self.within(bar, recorder);
            let decision = decide(self, recorder);
            self.at_close(bar, &decision, recorder);
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
            self.close_account_bar(self.balance);
            self.bar_index += 1;
        }
        self.pending = Order::default();
        self.balance
    }

    /// At the open (T2): gaps through resting levels, a missed deadline, then the pending orders.
    fn at_open(&mut self, bar: &Bar, recorder: &mut impl Recorder) {
        let (exit, entry) = (self.pending.exit.take(), self.pending.entry.take());
        self.leave_by_gap(bar, recorder);
        let is_past_deadline = self.passes_deadline(bar);
        if is_past_deadline {
            self.leave(Exit::at(bar.open, ExitReason::FlatBy), recorder);
        }
        if let Some(reason) = exit {
            self.leave(Exit::at(bar.open, reason), recorder);
        }
        self.meet_account_limits(bar.open, recorder);
        match entry {
            Some(entry) if is_past_deadline => {
                self.skip(entry.side, SkipReason::Deadline, recorder);
            }
            Some(entry) => self.enter(bar.open, entry, recorder),
            None => {}
        }
        self.meet_account_limits(bar.open, recorder);
    }

    /// Within the bar (T3): resting exits, those of a position opened at this bar's open included. Its levels
    /// may lie beyond the open, when slippage is larger than a distance.
    fn within(&mut self, bar: &Bar, recorder: &mut impl Recorder) {
        let Some(position) = &self.position else { return };
        if position.entry_bar == self.bar_index {
            self.leave_by_gap(bar, recorder);
        }
        let policy = self.setup.execution.intrabar;
        let resting =
            self.position.as_ref().and_then(|position| exit_within(&position.levels, position.side, bar, policy));
        let exit = self.account_exit(bar).or(resting);
        if let (Some(exit), Some(position)) = (exit, &mut self.position) {
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
        let mut order = self.order(bar, decision);
        if order.exit.is_none() && self.is_short_of_margin(bar.close) {
            order.exit = Some(ExitReason::MarginCall);
        }
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

    /// What the decision at this close comes to.
    #[inline]
    fn order(&self, bar: &Bar, decision: &Decision) -> Order {
        if decision.is_silent() {
            return Order::default();
        }
        let decision = if self.may_enter(bar) { *decision } else { decision.without_entries() };
        decision.resolve(self.position.as_ref().map(|position| position.side))
    }

    /// Equity with the position valued at this price (M4).
    pub(super) fn equity_at(&self, price: f64) -> f64 {
        self.position
            .as_ref()
            .map_or(self.balance, |position| self.balance + position.value_at(price, &self.setup.execution))
    }

    /// Equity at the close (M4), and the end of an account that has none (M5).
    fn mark(&mut self, bar: &Bar, recorder: &mut impl Recorder) -> f64 {
        let equity = self.equity_at(bar.close);
        if equity > 0.0 {
            return self.mark_account(equity, bar, recorder);
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
    pub(super) fn leave(&mut self, exit: Exit, recorder: &mut impl Recorder) {
        if let Some(position) = self.position.take() {
            let trade = position.into_trade(exit, self.bar_index, &self.setup.execution);
            self.balance += trade.pnl;
            self.closed_bar = Some(self.bar_index);
            recorder.record(Event::Exited(trade));
            self.meet_account_balance();
        }
    }

    /// Open a position from flat, if the account can pay for it.
    fn enter(&mut self, market_price: f64, entry: Entry, recorder: &mut impl Recorder) {
        let side = entry.side;
        if !self.account_may_trade() {
            self.skip(side, SkipReason::AccountRule, recorder);
            return;
        }
        let at = Opening { bar: self.bar_index, price: market_price, equity: self.balance };
        let opened = Position::open(entry, at, &self.setup.execution, |size| self.capped_by_account(size));
        let Some(position) = opened else {
            self.skip(side, SkipReason::Unaffordable, recorder);
            return;
        };
        let (size, price) = (position.size, position.entry_price);
        self.position = Some(position);
        recorder.record(Event::Entered { bar: self.bar_index, side, size, price });
        if let Some(account) = &mut self.account {
            account.enter();
        }
    }

    fn skip(&self, side: Side, reason: SkipReason, recorder: &mut impl Recorder) {
        let bar = self.bar_index;
        recorder.record(Event::Skipped { bar, side, reason });
    }

    /// Whether a deadline lay between the last close and this one, which only a gap in the bars lets happen to
    /// an open position (C5).
    fn passes_deadline(&self, bar: &Bar) -> bool {
        let Some(last) = self.last_bar else { return false };
        let passes =
            |deadline: Option<u16>, from, to| deadline.is_some_and(|minute| has_deadline_between(minute, from, to));
        passes(self.setup.rules.flat_by, last.local_close, bar.local_close)
            || passes(self.account_flat_by(), last.account_close, bar.account_close)
    }

    /// Whether this close is the last one at or before the deadline (C4).
    fn is_deadline_due(&self, bar: &Bar) -> bool {
        let is_due = |deadline: Option<u16>, close: i64| {
            let next_close = close.saturating_add(self.setup.timeframe_ns);
            deadline.is_some_and(|minute| has_deadline_between(minute, close, next_close))
        };
        is_due(self.setup.rules.flat_by, bar.local_close) || is_due(self.account_flat_by(), bar.account_close)
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
        !is_waiting && is_open && !self.is_deadline_due(bar) && self.account_is_open(bar)
    }
}
