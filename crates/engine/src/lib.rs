//! Bars in, fills and metrics out: the evaluation half of Bartune.
//!
//! | module | job |
//! |---|---|
//! | [`account`] | rules that a trading account is held to, as a state machine over its equity |
//! | [`bars`] | load, check, repair, resample, synthesise and describe market bars |
//! | [`function`] | the catalogue of series functions: name, arguments, outputs, lookback |
//! | [`instrument`] | what is traded: exact specifications of futures, defaults for the rest |
//! | [`language`] | parse strategy expressions, check their kinds, build one hash-consed graph, evaluate it |
//! | [`simulator`] | turn decisions into fills, trades and equity (`docs/execution.md`) |
//! | [`metric`] | numbers about one backtest, each with its formula and source |
//!
//! **Invariant:** nothing here knows of trials, samplers, databases or Python, reads a clock, or
//! depends on the order in which backtests run. A backtest is a pure function of its inputs.
//!
//! **Invariant:** nothing looks ahead. The value of any series at bar `t` depends on bars `0..=t`.

pub mod account;
pub mod bars;
pub mod function;
pub mod instrument;
pub mod language;
mod mask;
pub mod metric;
mod pointwise;
pub mod simulator;
mod value;
mod wide;

pub use mask::Mask;
pub use pointwise::Pointwise;
pub use value::{Params, Value};

/// Version of the meaning of a backtest. It is part of every trial's identity: raise it whenever
/// the same inputs can give another result.
pub const SEMANTICS_VERSION: u32 = 3;
