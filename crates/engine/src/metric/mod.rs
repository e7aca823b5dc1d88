//! Numbers about one backtest, each with its formula, its source and an outside check.
//!
//! [`compute`] turns one [`Backtest`](crate::simulator::Backtest) into a [`Metrics`] table of every
//! metric in the [`catalogue`]. It measures, it does not judge: ranking trials, constraints and
//! validation live elsewhere. It reads no clock and keeps nothing between calls.
//!
//! The work is done in two steps. A [`Profile`] is measured once: one pass over the equity (for the
//! drawdown), the equity at each day's end, and one pass over the trades. Every metric is then one small
//! function of the profile. To add a metric, write its function and its [`Metric`] entry in a file
//! of `family/`, put its value into the oracle or the worked example, and bless `docs/metrics.md`.
//!
//! # Policies
//!
//! | question | answer |
//! |---|---|
//! | What is a return? | Equity at a local calendar day's last bar over the day before's, minus one. The first day starts from the cash. Days without bars do not exist: they are no zero returns. |
//! | How are ratios annualised? | By the data's own trading days per year ([`Calendar::trading_days_per_year`]), never by a fixed 252. The risk-free rate is zero. |
//! | Which drawdown? | `max_drawdown` sees every bar's close, so a loss regained within the day counts. The other drawdown metrics see the end of each day. The cash at the start is the first peak. |
//! | What sign has a loss? | Measures of risk (drawdowns, VaR, CVaR, Ulcer) are positive. Results (`avg_loss`, `worst_day`, …) keep their sign. |
//! | What if there is no value? | The metric is undefined, with a reason ([`Undefined`]). NaN and infinity never leave this module. |
//! | Equity at or below zero? | The day's return is what was lost (−1 or less), later days return zero, drawdown is 1, CAGR is −1, logarithms are undefined. |
//! | What is a win? | A trade whose profit after commissions is above zero; at exactly zero it is neither a win nor a loss and ends both kinds of streak. |
//!
//! Where the libraries differ among themselves the docs of the metric name the one followed: mostly
//! empyrical-reloaded and quantstats for daily returns, vectorbt for trades.

mod calendar;
mod catalogue;
mod composite;
mod document;
mod family;
mod input;
mod month;
mod outline;
mod profile;
mod table;
#[cfg(test)]
mod tests;
mod undefined;

pub use calendar::{Calendar, Day, Month};
pub use catalogue::{Better, Family, Metric, Unit, catalogue, families, find};
pub use composite::{Composite, CompositeOptions, CompositePart, CompositeTerm, InvalidComposite, composite};
pub use document::markdown;
pub use input::{MetricInput, daily_equity, daily_returns};
pub use month::{MonthlyReturn, monthly_returns};
pub use outline::{Outline, trace};
pub use profile::Profile;
pub use table::{Metrics, compute, compute_outlined};
pub use undefined::{MetricValue, Undefined};
