//! How orders become fills: prices, costs and sizes.

use super::Margin;
use crate::account::AccountRules;

/// When a market order fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fill {
    /// At the open of the bar after the decision.
    #[default]
    NextOpen,
    /// At the close of the decision bar.
    Close,
}

/// Which of stop and target is taken to be hit first when one bar touches both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Intrabar {
    /// The stop.
    #[default]
    Worst,
    /// The target.
    Best,
    /// Whichever the walk open → nearer extreme → other extreme → close meets first.
    Path,
}

/// Commission per side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Commission {
    /// A fraction of the traded notional (`"4bps"` = 0.0004).
    Fraction(f64),
    /// Money per contract or unit (`"$2.10/contract"`).
    PerContract(f64),
}

/// Slippage per side; it only ever worsens a price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slippage {
    /// A fraction of the price (`"1bps"` = 0.0001).
    Fraction(f64),
    /// A number of ticks (`"1tick"`).
    Ticks(f64),
}

/// How large a position is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// A fraction of the equity at the fill (`"100% equity"` = 1.0), costs included.
    EquityFraction(f64),
    /// A fixed number of contracts or units.
    Contracts(f64),
    /// A fixed notional in money.
    Notional(f64),
    /// A fraction of the equity lost if the stop is hit (`"1% risk"` = 0.01); needs a stop.
    Risk(f64),
}

/// What is traded.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// Smallest price step; `None` where prices are continuous.
    pub tick: Option<f64>,
    /// Money per point of price per contract.
    pub point_value: f64,
    /// Whether sizes are whole numbers.
    pub whole_contracts: bool,
    /// What a position must be backed by; `None`: rules Z6 and Z7 of `docs/execution.md` alone.
    pub margin: Option<Margin>,
}

/// Everything between a decision and its fill.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// Market-order fill price.
    pub fill: Fill,
    /// Same-bar policy.
    pub intrabar: Intrabar,
    /// Commission per side.
    pub commission: Commission,
    /// Slippage per side.
    pub slippage: Slippage,
    /// Position size.
    pub size: Size,
    /// What is traded.
    pub instrument: Instrument,
}

/// The money behind the strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Cash at the segment's start.
    pub cash: f64,
    /// What the account is held to; `None`: nothing but its cash.
    pub rules: Option<AccountRules>,
}
