//! Events into a [`Backtest`].

use super::{Backtest, Event, SimulationInput, SkipReason, Trade};

/// A backtest being written.
pub(crate) struct Ledger {
    backtest: Backtest,
    /// First bar not yet counted as one in the market.
    uncounted_bar: usize,
}

impl Ledger {
    /// An empty ledger for a segment.
    pub(crate) fn new(input: &SimulationInput<'_>) -> Self {
        let segment = input.segment();
        Self {
            uncounted_bar: segment.start,
            backtest: Backtest {
                cash: input.account().cash,
                trades: Vec::new(),
                equity: Vec::with_capacity(segment.len()),
                bars_in_market: 0,
                ambiguous_bars: 0,
                bankrupt_at: None,
                unaffordable_entries: 0,
                account: None,
                segment,
            },
        }
    }

    /// Write down what happened in a bar.
    pub(crate) fn record(&mut self, events: &mut Vec<Event>) {
        for event in events.drain(..) {
            match event {
                Event::Exited(trade) => self.record_trade(trade),
                Event::Skipped { reason: SkipReason::Unaffordable, .. } => self.backtest.unaffordable_entries += 1,
                Event::Bankrupt { bar } => self.backtest.bankrupt_at = Some(bar),
                Event::Entered { .. } | Event::Skipped { .. } => {}
            }
        }
    }

    /// Write down the equity at a bar's close.
    pub(crate) fn mark(&mut self, equity: f64) {
        self.backtest.equity.push(equity);
    }

    /// The finished backtest: its last equity is the account's after the closing trade's costs (T6).
    pub(crate) fn close(mut self, final_equity: f64) -> Backtest {
        if let Some(last) = self.backtest.equity.last_mut() {
            *last = final_equity;
        }
        self.backtest
    }

    fn record_trade(&mut self, trade: Trade) {
        let first = trade.entry_bar.max(self.uncounted_bar);
        let past = trade.exit_bar + 1;
        self.backtest.bars_in_market += past.saturating_sub(first);
        self.uncounted_bar = past.max(self.uncounted_bar);
        self.backtest.ambiguous_bars += usize::from(trade.ambiguous);
        self.backtest.trades.push(trade);
    }
}
