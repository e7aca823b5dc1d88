//! What a simulation leaves behind.

use std::ops::Range;

use crate::account::AccountReport;

/// Long or short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Bought first.
    Long,
    /// Sold first.
    Short,
}

impl Side {
    /// The other direction.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Long => Self::Short,
            Self::Short => Self::Long,
        }
    }
}

/// Why a position was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitReason {
    /// The stop loss.
    StopLoss,
    /// The trailing stop.
    TrailingStop,
    /// The target.
    TakeProfit,
    /// The strategy's exit condition.
    Rule,
    /// An entry in the other direction.
    Reversal,
    /// `max_bars` was reached.
    MaxBars,
    /// `flat_by` was reached, the strategy's or the account's.
    FlatBy,
    /// A loss limit of the account was met.
    AccountRule,
    /// Equity at a close was below the maintenance margin.
    MarginCall,
    /// The segment ended.
    SegmentEnd,
    /// Equity fell to zero or below.
    Bankrupt,
}

/// One round trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// Direction.
    pub side: Side,
    /// Contracts or units, positive.
    pub size: f64,
    /// Bar of the entry fill.
    pub entry_bar: usize,
    /// Entry price, slippage included.
    pub entry_price: f64,
    /// Bar of the exit fill.
    pub exit_bar: usize,
    /// Exit price, slippage included.
    pub exit_price: f64,
    /// Why it ended.
    pub exit_reason: ExitReason,
    /// Profit or loss in money after the commissions of both sides.
    pub pnl: f64,
    /// Commissions of both sides in money.
    pub commission: f64,
    /// Money lost to slippage on both sides (already inside the prices).
    pub slippage: f64,
    /// Largest open loss in money, before commissions and exit slippage, as a positive number; over the prices
    /// the position certainly met (rule M6).
    pub max_adverse: f64,
    /// Largest open profit in money, before commissions and exit slippage, over the same prices.
    pub max_favorable: f64,
    /// Whether one bar touched both stop and target, so that the policy decided.
    pub ambiguous: bool,
}

/// One simulated segment. The default is that of no bars at all.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Backtest {
    /// The bars simulated, as indices into the bars given.
    pub segment: Range<usize>,
    /// Cash at the start.
    pub cash: f64,
    /// Round trips in the order of their exits.
    pub trades: Vec<Trade>,
    /// Equity marked to market at each bar's close; `equity[i]` is bar `segment.start + i`.
    pub equity: Vec<f64>,
    /// Bars in which a position was open at some moment, be it only at the open or the close.
    pub bars_in_market: usize,
    /// Bars that touched both stop and target.
    pub ambiguous_bars: usize,
    /// Bar at which equity was exhausted, if it was.
    pub bankrupt_at: Option<usize>,
    /// Entries skipped because equity could not pay for them or back them.
    pub unaffordable_entries: usize,
    /// Entries skipped because a price distance was undefined or not positive.
    pub undefined_entries: usize,
    /// Entries skipped because `flat_by` passed between the decision and the fill.
    pub late_entries: usize,
    /// What became of an account with rules.
    pub account: Option<AccountReport>,
}
