//! Decisions into fills, fills into trades and equity. The meaning is `docs/execution.md`.

mod backtest;
mod execution;
mod signals;

pub use backtest::{Backtest, ExitReason, Side, Trade};
pub use execution::{Account, Commission, Execution, Fill, Instrument, Intrabar, Size, Slippage};
pub use signals::{Session, Signals, TimeRules};
