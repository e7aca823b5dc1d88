//! What metrics are computed from, and the daily equity that most of them read.

use super::{Calendar, CompositeOptions};
use crate::simulator::Backtest;

/// One backtest and what must be known around it.
#[derive(Debug, Clone, Copy)]
pub struct MetricInput<'a> {
    /// The simulated segment.
    pub backtest: &'a Backtest,
    /// The days and months of the segment's bars.
    pub calendar: &'a Calendar,
    /// Trading days per year of the whole data ([`Calendar::trading_days_per_year`]).
    pub trading_days_per_year: f64,
    /// Money per point of price per contract.
    pub point_value: f64,
    /// Close of the segment's first bar.
    pub first_close: f64,
    /// Close of the segment's last bar.
    pub last_close: f64,
    /// With account rules: the share of the account's room for losses left on each day, 0 to 1, the
    /// smaller of the daily-loss and the trailing-drawdown headroom. `None` without account rules.
    pub headroom: Option<&'a [f64]>,
    /// Weights and bounds of the composite.
    pub composite: &'a CompositeOptions,
}

/// Equity at the end of each day of the calendar. If the equity is shorter than the calendar its last
/// point stands for what is missing; if it is empty, the cash does.
#[must_use]
pub fn daily_equity(backtest: &Backtest, calendar: &Calendar) -> Vec<f64> {
    let last = backtest.equity.last().copied().unwrap_or(backtest.cash);
    calendar.days().iter().map(|day| backtest.equity.get(day.end - 1).copied().unwrap_or(last)).collect()
}

/// Each day's return as a fraction, the first against the cash. After a day that ends at or below zero
/// there is nothing left to earn on, and returns are zero.
///
/// ```
/// use bartune_engine::metric::daily_returns;
/// assert_eq!(daily_returns(100.0, &[110.0, 99.0, 0.0, 5.0]), [0.10000000000000009, -0.09999999999999998, -1.0, 0.0]);
/// ```
#[must_use]
pub fn daily_returns(cash: f64, daily_equity: &[f64]) -> Vec<f64> {
    let mut before = cash;
    daily_equity.iter().map(|&equity| step_return(std::mem::replace(&mut before, equity), equity)).collect()
}

/// The return of one step, zero where there was nothing to earn on.
pub(crate) fn step_return(before: f64, after: f64) -> f64 {
    if before <= 0.0 { 0.0 } else { after / before - 1.0 }
}
