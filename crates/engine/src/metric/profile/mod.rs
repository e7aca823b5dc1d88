//! Everything the metrics share, measured once per backtest.

pub(crate) mod daily;
pub(crate) mod depth;
pub(crate) mod ledger;
pub(crate) mod trend;
pub(crate) mod underwater;

use daily::Daily;
pub(crate) use depth::{Depth, Walk};
use ledger::Ledger;
use trend::Trend;
use underwater::Underwater;

use super::{MetricInput, MonthlyReturn, Outline, Undefined, daily_returns, monthly_returns};

/// The measurements from which every metric is computed.
#[derive(Debug, Clone)]
pub struct Profile<'a> {
    pub(crate) input: MetricInput<'a>,
    pub(crate) daily_equity: Vec<f64>,
    pub(crate) daily_returns: Vec<f64>,
    pub(crate) months: Vec<MonthlyReturn>,
    pub(crate) daily: Daily,
    pub(crate) depth: Depth,
    pub(crate) final_equity: f64,
    pub(crate) underwater: Underwater,
    pub(crate) trend: Result<Trend, Undefined>,
    pub(crate) ledger: Ledger,
}

impl<'a> Profile<'a> {
    /// Measures a backtest.
    #[must_use]
    pub fn new(input: &MetricInput<'a>) -> Self {
        Self::outlined(input, Outline::of(input.backtest, input.calendar))
    }

    /// Measures a backtest whose equity was outlined as it ran.
    pub(crate) fn outlined(input: &MetricInput<'a>, outline: Outline) -> Self {
        let backtest = input.backtest;
        let Outline { daily_equity: equity, depth, final_equity } = outline;
        let returns = daily_returns(backtest.cash, &equity);
        Self {
            input: *input,
            daily: Daily::of(&returns),
            depth,
            final_equity,
            underwater: Underwater::of(backtest.cash, &equity, input.calendar.days()),
            trend: Trend::of(&equity),
            ledger: Ledger::of(&backtest.trades, input.point_value),
            months: monthly_returns(backtest.cash, &equity, input.calendar),
            daily_equity: equity,
            daily_returns: returns,
        }
    }

    /// Equity at the end of each day.
    #[must_use]
    pub fn daily_equity(&self) -> &[f64] {
        &self.daily_equity
    }

    /// Each day's return.
    #[must_use]
    pub fn daily_returns(&self) -> &[f64] {
        &self.daily_returns
    }

    /// Each month's return.
    #[must_use]
    pub fn monthly_returns(&self) -> &[MonthlyReturn] {
        &self.months
    }

    pub(crate) fn cash(&self) -> f64 {
        self.input.backtest.cash
    }

    pub(crate) fn final_equity(&self) -> f64 {
        self.final_equity
    }

    pub(crate) fn days(&self) -> usize {
        self.daily_returns.len()
    }

    pub(crate) fn bars(&self) -> usize {
        self.input.backtest.segment.len()
    }

    /// Years of the segment, by its own count of days.
    pub(crate) fn years(&self) -> f64 {
        self.days() as f64 / self.input.trading_days_per_year
    }
}
