//! Sums over the trades.

use crate::simulator::{Side, Trade};

/// Count, sum and extremes of one kind of trade.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) count: usize,
    pub(crate) wins: usize,
    pub(crate) pnl: f64,
}

/// What the trades add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Ledger {
    pub(crate) trades: usize,
    pub(crate) wins: usize,
    pub(crate) losses: usize,
    pub(crate) pnl: f64,
    /// Sum of the profits.
    pub(crate) won: f64,
    /// Sum of the losses, as a positive number.
    pub(crate) lost: f64,
    pub(crate) largest_win: f64,
    /// Most negative result; 0 where nothing was lost.
    pub(crate) largest_loss: f64,
    /// Sum of the squared distances from the mean result.
    pub(crate) squared_distances: f64,
    pub(crate) win_streak: usize,
    pub(crate) loss_streak: usize,
    pub(crate) long: Tally,
    pub(crate) short: Tally,
    /// Bars held, first and last included.
    pub(crate) bars_held: usize,
    pub(crate) bars_in_wins: usize,
    pub(crate) bars_in_losses: usize,
    pub(crate) commission: f64,
    pub(crate) slippage: f64,
    /// Money value of every fill, entries and exits.
    pub(crate) notional: f64,
    pub(crate) adverse: f64,
    pub(crate) favorable: f64,
    pub(crate) ambiguous: usize,
}

impl Ledger {
    pub(crate) fn of(trades: &[Trade], point_value: f64) -> Self {
        let mut ledger = Self::default();
        let mut streaks = Streaks::default();
        for trade in trades {
            ledger.add_result(trade);
            ledger.add_execution(trade, point_value);
            streaks.add(trade.pnl);
        }
        ledger.win_streak = streaks.longest_wins;
        ledger.loss_streak = streaks.longest_losses;
        let mean = ledger.pnl / trades.len().max(1) as f64;
        ledger.squared_distances = trades.iter().map(|t| (t.pnl - mean) * (t.pnl - mean)).sum();
        ledger
    }

    /// Commission and slippage together.
    pub(crate) fn costs(&self) -> f64 {
        self.commission + self.slippage
    }

    fn add_result(&mut self, trade: &Trade) {
        let bars = bars_held(trade);
        self.trades += 1;
        self.pnl += trade.pnl;
        self.bars_held += bars;
        if trade.pnl > 0.0 {
            self.wins += 1;
            self.won += trade.pnl;
            self.bars_in_wins += bars;
        } else if trade.pnl < 0.0 {
            self.losses += 1;
            self.lost -= trade.pnl;
            self.bars_in_losses += bars;
        }
        self.largest_win = self.largest_win.max(trade.pnl);
        self.largest_loss = self.largest_loss.min(trade.pnl);
        let tally = match trade.side {
            Side::Long => &mut self.long,
            Side::Short => &mut self.short,
        };
        tally.count += 1;
        tally.wins += usize::from(trade.pnl > 0.0);
        tally.pnl += trade.pnl;
    }

    fn add_execution(&mut self, trade: &Trade, point_value: f64) {
        let prices = trade.entry_price.abs() + trade.exit_price.abs();
        self.notional += prices * trade.size * point_value;
        self.commission += trade.commission;
        self.slippage += trade.slippage;
        self.adverse += trade.max_adverse;
        self.favorable += trade.max_favorable;
        self.ambiguous += usize::from(trade.ambiguous);
    }
}

/// Bars that a trade touched: its entry bar, its exit bar and those between.
fn bars_held(trade: &Trade) -> usize {
    trade.exit_bar.saturating_sub(trade.entry_bar) + 1
}

#[derive(Default)]
struct Streaks {
    wins: usize,
    losses: usize,
    longest_wins: usize,
    longest_losses: usize,
}

impl Streaks {
    fn add(&mut self, pnl: f64) {
        self.wins = if pnl > 0.0 { self.wins + 1 } else { 0 };
        self.losses = if pnl < 0.0 { self.losses + 1 } else { 0 };
        self.longest_wins = self.longest_wins.max(self.wins);
        self.longest_losses = self.longest_losses.max(self.losses);
    }
}
