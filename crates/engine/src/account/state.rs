//! The account from bar to bar.

use super::{AccountRules, DrawdownBasis, OnDailyLoss};
use crate::bars::NANOS_PER_SECOND;

/// Nanoseconds in a minute.
const MINUTE_NS: i64 = 60 * NANOS_PER_SECOND;
/// Nanoseconds in a day of 24 hours.
const DAY_NS: i64 = 24 * 60 * MINUTE_NS;

/// A rule that ends an account by loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossRule {
    /// The daily loss limit.
    DailyLoss,
    /// The drawdown limit.
    Drawdown,
}

/// What has become of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountOutcome {
    /// Neither passed nor failed.
    Running,
    /// The target was met by all rules.
    Passed {
        /// At the close of this bar.
        bar: usize,
        /// On this day, counted from 1.
        day: u32,
    },
    /// A rule was breached.
    Failed {
        /// Which.
        rule: LossRule,
        /// In this bar.
        bar: usize,
        /// On this day, counted from 1.
        day: u32,
    },
}

/// What an account leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountReport {
    /// How it ended.
    pub outcome: AccountOutcome,
    /// Share of the room for losses left at the worst moment of each day, 0 to 1: the smaller of the daily and the
    /// drawdown limit's. Zero on each day after a failure; days after passing are not counted. Empty where the
    /// account has no loss limit.
    pub headroom: Vec<f64>,
    /// Days with a fill.
    pub days_traded: u32,
    /// Days that the daily loss limit stopped.
    pub days_stopped: u32,
}

/// The equity that must not be met, and the rule behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limit {
    pub(crate) equity: f64,
    pub(crate) rule: LossRule,
}

/// An account under its rules.
#[derive(Debug, Clone)]
pub struct AccountState {
    rules: AccountRules,
    cash: f64,
    outcome: AccountOutcome,
    /// The highest equity that the drawdown limit trails.
    best_equity: f64,
    /// Equity at the last close.
    last_equity: f64,
    /// The largest profit of a completed day.
    best_day_profit: f64,
    today: Today,
    report: AccountReport,
    /// Days begun.
    days: u32,
}

/// The day under way.
#[derive(Debug, Clone, Copy)]
struct Today {
    /// Days since 1970, shifted by the day's start.
    number: i64,
    /// Equity at the day's start.
    equity: f64,
    /// Smallest headroom so far.
    headroom: f64,
    has_traded: bool,
    is_stopped: bool,
}

impl AccountState {
    /// An account before its first bar. The rules are those that [`AccountRules::check`] accepts.
    #[must_use]
    pub fn new(rules: AccountRules, cash: f64) -> Self {
        let outcome = AccountOutcome::Running;
        Self {
            rules,
            cash,
            outcome,
            best_equity: cash,
            last_equity: cash,
            best_day_profit: 0.0,
            today: Today { number: i64::MIN, equity: cash, headroom: 1.0, has_traded: false, is_stopped: false },
            report: AccountReport { outcome, headroom: Vec::new(), days_traded: 0, days_stopped: 0 },
            days: 0,
        }
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &AccountRules {
        &self.rules
    }

    /// What has become of it so far.
    #[must_use]
    pub fn outcome(&self) -> AccountOutcome {
        self.outcome
    }

    /// Whether a position may be opened (A2, A3, A9).
    #[must_use]
    pub fn may_trade(&self) -> bool {
        self.outcome == AccountOutcome::Running && !self.today.is_stopped
    }

    /// The most contracts today (A4).
    #[must_use]
    pub fn contract_cap(&self) -> Option<f64> {
        let profit = self.today.equity - self.cash;
        let reached = self.rules.contract_caps.iter().rev().find(|cap| cap.from_profit <= profit);
        reached.or(self.rules.contract_caps.first()).map(|cap| cap.contracts)
    }

    /// What the account leaves behind, the day under way included.
    #[must_use]
    pub fn report(&self) -> AccountReport {
        let mut finished = self.clone();
        finished.end_day();
        AccountReport { outcome: finished.outcome, ..finished.report }
    }

    /// A bar that opens at this local time, in nanoseconds since 1970, begins; and with it a new day, if it is the
    /// first of one (A1). A clock set back does not begin a day again.
    pub(crate) fn begin_bar(&mut self, local_open: i64) {
        let shifted = local_open.saturating_sub(i64::from(self.rules.day_start) * MINUTE_NS);
        let number = shifted.div_euclid(DAY_NS);
        if number <= self.today.number {
            return;
        }
        self.end_day();
        self.days += 1;
        let equity = self.last_equity;
        self.today = Today { number, equity, headroom: 1.0, has_traded: false, is_stopped: false };
        self.look_at(equity);
    }

    /// The local time from which on a bar that opens begins the next day.
    pub(crate) fn next_day(&self) -> i64 {
        let start = i64::from(self.rules.day_start) * MINUTE_NS;
        self.today.number.saturating_add(1).saturating_mul(DAY_NS).saturating_add(start)
    }

    /// A position was opened.
    pub(crate) fn enter(&mut self) {
        self.today.has_traded = true;
    }

    /// The best equity within a bar (A3): a drawdown limit that trails the intraday equity follows it.
    pub(crate) fn rise(&mut self, equity: f64) {
        let trails = self.rules.drawdown.is_some_and(|limit| limit.basis == DrawdownBasis::Intraday);
        if trails && self.outcome == AccountOutcome::Running {
            self.best_equity = self.best_equity.max(equity);
        }
    }

    /// The limit that falling equity meets first; the drawdown limit where they are equal.
    pub(crate) fn limit(&self) -> Option<Limit> {
        if self.outcome != AccountOutcome::Running {
            return None;
        }
        let daily = self.day_floor().filter(|_| !self.today.is_stopped);
        let daily = daily.map(|equity| Limit { equity, rule: LossRule::DailyLoss });
        let drawdown = self.drawdown_floor().map(|equity| Limit { equity, rule: LossRule::Drawdown });
        match (daily, drawdown) {
            (Some(daily), Some(drawdown)) if daily.equity > drawdown.equity => Some(daily),
            (daily, drawdown) => drawdown.or(daily),
        }
    }

    /// Equity at some moment. The answer is whether an open position must be closed at once (A2, A3).
    pub(crate) fn meet(&mut self, equity: f64, bar: usize) -> bool {
        self.rise(equity);
        self.look_at(equity);
        if self.outcome != AccountOutcome::Running {
            return false;
        }
        if self.drawdown_floor().is_some_and(|floor| equity <= floor) {
            self.breach(LossRule::Drawdown, bar);
            return true;
        }
        if !self.today.is_stopped && self.day_floor().is_some_and(|floor| equity <= floor) {
            self.breach(LossRule::DailyLoss, bar);
            return true;
        }
        false
    }

    /// A limit was met.
    pub(crate) fn breach(&mut self, rule: LossRule, bar: usize) {
        self.today.headroom = 0.0;
        let stops_only = self.rules.daily_loss.is_some_and(|limit| limit.then == OnDailyLoss::StopForDay);
        if rule == LossRule::DailyLoss && stops_only {
            self.today.is_stopped = true;
            self.report.days_stopped += 1;
        } else {
            self.outcome = AccountOutcome::Failed { rule, bar, day: self.days };
        }
    }

    /// Equity at a bar's close after everything, and whether the account is flat: it passes only then (A5–A7).
    pub(crate) fn close_bar(&mut self, equity: f64, is_flat: bool, bar: usize) {
        self.last_equity = equity;
        if is_flat && self.outcome == AccountOutcome::Running && self.has_passed(equity) {
            self.outcome = AccountOutcome::Passed { bar, day: self.days };
        }
    }

    fn has_passed(&self, equity: f64) -> bool {
        let Some(target) = self.rules.profit_target else { return false };
        let profit = equity - self.cash;
        let best_day = self.best_day_profit.max(equity - self.today.equity);
        let days_traded = self.report.days_traded + u32::from(self.today.has_traded);
        profit >= target
            && days_traded >= self.rules.minimum_days
            && self.rules.consistency.is_none_or(|share| best_day <= share * profit)
    }

    /// The equity that today's losses must not reach (A2).
    fn day_floor(&self) -> Option<f64> {
        self.rules.daily_loss.map(|limit| self.today.equity - limit.amount)
    }

    /// The equity that losses must not reach at all (A3).
    fn drawdown_floor(&self) -> Option<f64> {
        self.rules.drawdown.map(|limit| {
            let trailing = self.best_equity - limit.amount;
            limit.lock.map_or(trailing, |lock| trailing.min(self.cash + lock))
        })
    }

    /// Note the room that is left at this equity.
    fn look_at(&mut self, equity: f64) {
        let share = |floor: f64, amount: f64| ((equity - floor) / amount).clamp(0.0, 1.0);
        let daily = self.day_floor().zip(self.rules.daily_loss).map(|(floor, limit)| share(floor, limit.amount));
        let drawdown = self.drawdown_floor().zip(self.rules.drawdown).map(|(floor, limit)| share(floor, limit.amount));
        let left = daily.unwrap_or(1.0).min(drawdown.unwrap_or(1.0));
        self.today.headroom = self.today.headroom.min(left);
    }

    /// The day is over: its last equity counts for the trailing limit and its profit for the consistency.
    fn end_day(&mut self) {
        if self.days == 0 {
            return;
        }
        self.best_day_profit = self.best_day_profit.max(self.last_equity - self.today.equity);
        self.report.days_traded += u32::from(self.today.has_traded);
        if self.rules.drawdown.is_some_and(|limit| limit.basis == DrawdownBasis::EndOfDay) {
            self.best_equity = self.best_equity.max(self.last_equity);
        }
        let has_limit = self.rules.daily_loss.is_some() || self.rules.drawdown.is_some();
        let left = match self.outcome {
            AccountOutcome::Running => Some(self.today.headroom),
            AccountOutcome::Failed { .. } => Some(0.0),
            AccountOutcome::Passed { day, .. } => (day == self.days).then_some(self.today.headroom),
        };
        self.report.headroom.extend(left.filter(|_| has_limit));
    }
}
