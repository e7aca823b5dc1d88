//! Events into a [`Backtest`].

use super::state::Recorder;
use super::{Backtest, Event, SimulationInput, SkipReason, Trade};
use crate::account::AccountReport;

/// A backtest being written.
pub(crate) struct Ledger<'b> {
    backtest: &'b mut Backtest,
    /// First bar not yet counted as one in the market.
    uncounted_bar: usize,
}

impl<'b> Ledger<'b> {
    /// A ledger for a segment, written over `backtest`, whose trades are emptied and whose equity is left to the
    /// caller.
    pub(crate) fn new(input: &SimulationInput<'_>, backtest: &'b mut Backtest) -> Self {
        let segment = input.segment();
        let uncounted_bar = segment.start;
        backtest.cash = input.account().cash;
        backtest.trades.clear();
        backtest.bars_in_market = 0;
        backtest.ambiguous_bars = 0;
        backtest.bankrupt_at = None;
        backtest.unaffordable_entries = 0;
        backtest.undefined_entries = 0;
        backtest.late_entries = 0;
        backtest.account = None;
        backtest.segment = segment;
        Self { uncounted_bar, backtest }
    }

    /// Write down the equity at a bar's close.
    pub(crate) fn mark(&mut self, equity: f64) {
        self.backtest.equity.push(equity);
    }

    /// The round trip that ended last.
    pub(crate) fn last_trade(&self) -> Option<&Trade> {
        self.backtest.trades.last()
    }

    /// The last equity is the account's after the closing trade's costs (T6).
    pub(crate) fn close(&mut self, final_equity: f64) {
        if let Some(last) = self.backtest.equity.last_mut() {
            *last = final_equity;
        }
    }

    /// What became of an account with rules.
    pub(crate) fn keep_account(&mut self, report: Option<AccountReport>) {
        self.backtest.account = report;
    }

    pub(crate) fn record_skip(&mut self, reason: SkipReason) {
        match reason {
            SkipReason::Unaffordable => self.backtest.unaffordable_entries += 1,
            SkipReason::UndefinedDistance => self.backtest.undefined_entries += 1,
            SkipReason::Deadline => self.backtest.late_entries += 1,
            // What an account's rules hold back is the account's report to tell.
            SkipReason::AccountRule => {}
        }
    }

    pub(crate) fn record_bankruptcy(&mut self, bar: usize) {
        self.backtest.bankrupt_at = Some(bar);
    }

    #[inline]
    pub(crate) fn record_trade(&mut self, trade: Trade) {
        let first = trade.entry_bar.max(self.uncounted_bar);
        let past = trade.exit_bar + 1;
        self.backtest.bars_in_market += past.saturating_sub(first);
        self.uncounted_bar = past.max(self.uncounted_bar);
        self.backtest.ambiguous_bars += usize::from(trade.ambiguous);
        self.backtest.trades.push(trade);
    }
}

impl Recorder for Ledger<'_> {
    fn record(&mut self, event: Event) {
        match event {
            Event::Exited(trade) => self.record_trade(trade),
            Event::Skipped { reason, .. } => self.record_skip(reason),
            Event::Bankrupt { bar } => self.record_bankruptcy(bar),
            Event::Entered { .. } => {}
        }
    }
}
