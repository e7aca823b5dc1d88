//! One open position: what it is worth, how far it went, and the trade that it becomes.

use super::cost::{commission_of, gross_profit, trade_pnl};
use super::decision::Entry;
use super::fill::{Action, fill_price};
use super::resting::{Exit, Levels};
use super::rows::{larger, smaller};
use super::sizing::{Quote, is_affordable, position_size};
use super::{Bar, Execution, Side, Trade};

/// An open position.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Direction.
    pub side: Side,
    /// Contracts or units, positive.
    pub size: f64,
    /// Bar of the entry fill.
    pub entry_bar: usize,
    /// What the market quoted at the entry.
    pub entry_quote: f64,
    /// Entry price, slippage included.
    pub entry_price: f64,
    /// Commission of the entry in money.
    pub entry_commission: f64,
    /// Resting exits.
    pub levels: Levels,
    /// Completed bars that the position has lived through.
    pub bars_held: u32,
    /// Highest price met so far.
    pub highest: f64,
    /// Lowest price met so far.
    pub lowest: f64,
}

/// Where a position is opened from flat.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opening {
    pub(crate) bar: usize,
    /// What the market quotes.
    pub(crate) price: f64,
    /// Equity, all of it cash.
    pub(crate) equity: f64,
}

impl Position {
    /// The position that an entry opens, its size cut down by `cap`; `None` if the account cannot pay for it.
    #[inline(always)]
    pub(crate) fn open(
        Entry { side, distances }: Entry,
        at: Opening,
        execution: &Execution,
        cap: impl Fn(f64) -> f64,
    ) -> Option<Self> {
        let quote = Quote {
            equity: at.equity,
            quote: at.price,
            price: fill_price(at.price, Action::entering(side), execution),
            risk_distance: distances.risk(),
        };
        let (price, size) = (quote.price, cap(position_size(&quote, execution)));
        is_affordable(size, &quote, execution).then(|| Self {
            side,
            size,
            entry_bar: at.bar,
            entry_quote: at.price,
            entry_price: price,
            entry_commission: commission_of(size, price, execution),
            levels: Levels::around(price, side, &distances, execution.instrument.tick),
            bars_held: 0,
            highest: at.price,
            lowest: at.price,
        })
    }

    /// Let a price pass by.
    #[inline(always)]
    pub(crate) fn meet(&mut self, price: f64) {
        self.highest = larger(self.highest, price);
        self.lowest = smaller(self.lowest, price);
    }

    /// Live through a completed bar: its extremes count and the trailing stop follows.
    #[inline(always)]
    pub(crate) fn complete_bar(&mut self, bar: &Bar) {
        self.meet(bar.high);
        self.meet(bar.low);
        self.levels.follow(self.side, bar);
        self.bars_held = self.bars_held.saturating_add(1);
    }

    /// Profit at `price` before the commissions (M2).
    pub(crate) fn profit_at(&self, price: f64, execution: &Execution) -> f64 {
        let point_value = execution.instrument.point_value;
        gross_profit(self.side, self.size, (self.entry_price, price), point_value)
    }

    /// What the position adds to the equity at `price` (M4): its profit less the commission already paid.
    pub(crate) fn value_at(&self, price: f64, execution: &Execution) -> f64 {
        self.profit_at(price, execution) - self.entry_commission
    }

    /// The round trip that ends with this exit in this bar.
    #[inline(always)]
    pub(crate) fn into_trade(mut self, exit: Exit, exit_bar: usize, execution: &Execution) -> Trade {
        self.meet(exit.quote);
        let exit_price = fill_price(exit.quote, Action::leaving(self.side), execution);
        let exit_commission = commission_of(self.size, exit_price, execution);
        let gross = self.profit_at(exit_price, execution);
        let (worst, best) = match self.side {
            Side::Long => (self.lowest, self.highest),
            Side::Short => (self.highest, self.lowest),
        };
        let lost_points = (self.entry_price - self.entry_quote).abs() + (exit_price - exit.quote).abs();
        Trade {
            side: self.side,
            size: self.size,
            entry_bar: self.entry_bar,
            entry_price: self.entry_price,
            exit_bar,
            exit_price,
            exit_reason: exit.reason,
            pnl: trade_pnl(gross, self.entry_commission, exit_commission),
            commission: self.entry_commission + exit_commission,
            slippage: lost_points * self.size * execution.instrument.point_value,
            max_adverse: (-self.profit_at(worst, execution)).max(0.0),
            max_favorable: self.profit_at(best, execution).max(0.0),
            ambiguous: exit.is_ambiguous,
        }
    }
}
