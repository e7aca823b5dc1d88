//! Decisions into fills, fills into trades and equity. The meaning is `docs/execution.md`; the rule
//! numbers in this module (T1, X4 …) are that page's.
//!
//! | module | job |
//! |---|---|
//! | [`BarView`], [`SimulationInput`] | the borrowed, checked input of one backtest |
//! | `decision` | what a decision asks for, given the position it meets (rules D1–D8) |
//! | `time_rule` | session, `flat_by` (rules C3–C5) |
//! | `fill` | slippage and ticks (rules P1–P5) |
//! | `cost` | commission, profit and loss (rules M1–M3) |
//! | `sizing` | how many contracts, and whether they can be paid for (rules Z1–Z7) |
//! | `margin` | what an entry must put up, and when a position is no longer covered (rules Z8, M7) |
//! | `resting` | stop, target and trailing levels, and when a bar hits them (rules X1–X9) |
//! | `account` | loss limits as prices, and the account's clock (rules A1–A9 of `docs/accounts.md`) |
//! | `position` | one open position: what it is worth and how far it went |
//! | [`Simulator`] | one bar after another: the order in which the rules above apply (rules T1–T6) |
//! | [`mod@reference`] | a segment through the [`Simulator`] into a [`Backtest`], bar by bar |
//! | [`fast`] | the same, to the last bit, from event to event |
//! | [`stepwise`] | bar by bar, each decision taken with what the account has become in sight |
//!
//! **Policies.** NaN: an undefined price distance blocks the entry; nothing else that is read can be NaN.
//! Ties: a level touched to the last digit is hit; stop before trailing stop; the worse extreme first.
//!
//! **Invariant:** a bar allocates nothing but the trades and the equity point that it adds.

mod account;
mod backtest;
mod cost;
mod decision;
mod execution;
pub mod fast;
mod fill;
mod input;
mod ledger;
mod margin;
mod position;
pub mod reference;
mod resting;
pub(crate) mod rows;
mod signals;
mod sizing;
mod state;
pub mod stepwise;
#[cfg(test)]
mod tests;
mod time_rule;

pub use backtest::{Backtest, ExitReason, Side, Trade};
pub use decision::{Decision, Distances};
pub use execution::{Account, Commission, Execution, Fill, Instrument, Intrabar, Size, Slippage};
pub use input::{BarView, Clock, InvalidSimulation, SimulationInput};
pub use margin::{Margin, MarginBasis, Shortfall};
pub use position::Position;
pub use resting::{Levels, Trail};
pub use rows::{BarRows, bar_rows};
pub use signals::{Session, Signals, TimeRules};
pub use state::{Bar, Event, Pending, Simulator, SimulatorSetup, SkipReason};
pub use stepwise::Standing;
pub use time_rule::{local_close_time, local_close_times};
