//! Tests across metrics: oracles, a worked example, properties, and the documentation.

mod composite;
mod document;
mod oracle;
mod property;
mod speed;
mod worked;

use crate::metric::{Calendar, CompositeOptions, MetricInput};
use crate::simulator::{Backtest, ExitReason, Side, Trade};

/// A backtest with everything that a metric input borrows.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) backtest: Backtest,
    pub(crate) calendar: Calendar,
    pub(crate) trading_days_per_year: f64,
    pub(crate) point_value: f64,
    pub(crate) closes: (f64, f64),
    pub(crate) composite: CompositeOptions,
}

impl Case {
    /// One bar a day from 1970-01-01, with `equity` and no trades.
    pub(crate) fn daily(cash: f64, equity: &[f64]) -> Self {
        let days: Vec<i32> = (0..equity.len() as i32).collect();
        Self {
            backtest: Backtest {
                segment: 0..equity.len(),
                cash,
                trades: Vec::new(),
                equity: equity.to_vec(),
                bars_in_market: 0,
                ambiguous_bars: 0,
                bankrupt_at: None,
                unaffordable_entries: 0,
                undefined_entries: 0,
                late_entries: 0,
                account: None,
            },
            calendar: Calendar::new(&days),
            trading_days_per_year: 252.0,
            point_value: 1.0,
            closes: (100.0, 100.0),
            composite: CompositeOptions::default(),
        }
    }

    /// The same with trades of these results, one after the other.
    pub(crate) fn with_pnls(mut self, pnls: &[f64]) -> Self {
        self.backtest.trades = pnls.iter().enumerate().map(|(index, &pnl)| trade(index, pnl)).collect();
        self
    }

    pub(crate) fn input(&self) -> MetricInput<'_> {
        MetricInput {
            backtest: &self.backtest,
            calendar: &self.calendar,
            trading_days_per_year: self.trading_days_per_year,
            point_value: self.point_value,
            first_close: self.closes.0,
            last_close: self.closes.1,
            headroom: None,
            composite: &self.composite,
        }
    }
}

/// A long trade of one unit over two bars, bought at 100.
pub(crate) fn trade(index: usize, pnl: f64) -> Trade {
    Trade {
        side: Side::Long,
        size: 1.0,
        entry_bar: 2 * index,
        entry_price: 100.0,
        exit_bar: 2 * index + 1,
        exit_price: 100.0 + pnl,
        exit_reason: ExitReason::Rule,
        pnl,
        commission: 0.0,
        slippage: 0.0,
        max_adverse: 1.0,
        max_favorable: 2.0,
        ambiguous: false,
    }
}
