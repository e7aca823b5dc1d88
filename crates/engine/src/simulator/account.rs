//! Account rules inside a bar (`docs/accounts.md`): when the equity meets a limit, and at which price.
//!
//! A limit rests like a stop: it is the price at which the position's value brings the equity to it. What the
//! account knows and decides is [`AccountState`](crate::account::AccountState)'s.

use super::decision::Order;
use super::fill::on_tick;
use super::resting::Exit;
use super::state::Recorder;
use super::time_rule::is_in_session;
use super::{Bar, ExitReason, Position, Session, Side, Simulator};

impl Simulator {
    /// The account's day may begin with this bar (A1).
    pub(super) fn begin_account_bar(&mut self, bar: &Bar) {
        let local_open = bar.account_close.saturating_sub(self.setup.timeframe_ns);
        if let Some(account) = &mut self.account {
            account.begin_bar(local_open);
        }
    }

    /// Show the account its equity at a price that the market certainly has now; close the position if a limit is
    /// met (A2, A3).
    #[inline]
    pub(super) fn meet_account_limits(&mut self, price: f64, recorder: &mut impl Recorder) {
        if self.account.is_some() {
            self.meet_limits(price, recorder);
        }
    }

    fn meet_limits(&mut self, price: f64, recorder: &mut impl Recorder) {
        let equity = self.equity_at(price);
        let Some(account) = &mut self.account else { return };
        if account.meet(equity, self.bar_index) {
            self.leave(Exit::at(price, ExitReason::AccountRule), recorder);
        }
    }

    /// Show the account its cash after a fill.
    pub(super) fn meet_account_balance(&mut self) {
        if let Some(account) = &mut self.account {
            account.meet(self.balance, self.bar_index);
        }
    }

    /// The way out that the account's limits force within a bar, before a resting exit's (A2, A3).
    pub(super) fn account_exit(&mut self, bar: &Bar) -> Option<Exit> {
        let (account, position) = (self.account.as_mut()?, self.position.as_ref()?);
        let (worst, best) = reach(position, bar);
        let equity_at = |price| self.balance + position.value_at(price, &self.setup.execution);
        account.rise(equity_at(best));
        let limit = account.limit()?;
        if equity_at(worst) > limit.equity {
            account.meet(equity_at(worst), self.bar_index);
            return None;
        }
        account.breach(limit.rule, self.bar_index);
        let execution = &self.setup.execution;
        let money_per_point = position.size * execution.instrument.point_value;
        let points = (limit.equity - self.balance + position.entry_commission) / money_per_point;
        let price = match position.side {
            Side::Long => position.entry_price + points,
            Side::Short => position.entry_price - points,
        };
        let level = on_tick(price, position.side, execution.instrument.tick);
        Some(Exit::at(level.clamp(worst.min(best), worst.max(best)), ExitReason::AccountRule))
    }

    /// The account at a bar's close: its limits, then whether it has passed (A5). The answer is the equity.
    pub(super) fn mark_account(&mut self, equity: f64, bar: &Bar, recorder: &mut impl Recorder) -> f64 {
        if self.account.is_none() {
            return equity;
        }
        let was_open = self.position.is_some();
        self.meet_account_limits(bar.close, recorder);
        let is_closed = was_open && self.position.is_none();
        if is_closed {
            self.pending = Order::default();
        }
        let equity = if is_closed { self.balance } else { equity };
        self.close_account_bar(equity);
        equity
    }

    /// Tell the account a bar's last equity.
    pub(super) fn close_account_bar(&mut self, equity: f64) {
        let is_flat = self.position.is_none();
        if let Some(account) = &mut self.account {
            account.close_bar(equity, is_flat, self.bar_index);
        }
    }

    /// Whether the account lets a position be opened.
    pub(super) fn account_may_trade(&self) -> bool {
        self.account.as_ref().is_none_or(|account| account.may_trade())
    }

    /// A size cut down to the most contracts that the account allows (A4).
    pub(super) fn capped_by_account(&self, size: f64) -> f64 {
        let cap = self.account.as_ref().and_then(|account| account.contract_cap());
        cap.map_or(size, |cap| if size > cap { cap } else { size })
    }

    /// The minute by which the account must be flat.
    pub(super) fn account_flat_by(&self) -> Option<u16> {
        self.account.as_ref().and_then(|account| account.rules().flat_by)
    }

    /// Whether a decision at this close may enter: the account trades, and it is not between the time to be flat by
    /// and the day's start (A8).
    pub(super) fn account_is_open(&self, bar: &Bar) -> bool {
        let Some(account) = &self.account else { return true };
        let rules = account.rules();
        let closed = rules.flat_by.filter(|flat_by| *flat_by != rules.day_start);
        let closed = closed.map(|flat_by| Session { open: flat_by, close: rules.day_start });
        account.may_trade() && !closed.is_some_and(|hours| is_in_session(hours, bar.account_close))
    }
}

/// The worst and the best price that the position may meet within a bar: its extremes, but no worse than the
/// protective level, and no better than the target.
fn reach(position: &Position, bar: &Bar) -> (f64, f64) {
    let target = position.levels.target;
    let protection = position.levels.protection(position.side).map(|exit| exit.quote);
    match position.side {
        Side::Long => (
            protection.map_or(bar.low, |level| bar.low.max(level)),
            target.map_or(bar.high, |level| bar.high.min(level)),
        ),
        Side::Short => (
            protection.map_or(bar.high, |level| bar.high.min(level)),
            target.map_or(bar.low, |level| bar.low.max(level)),
        ),
    }
}
