//! Bars as the simulator reads them, made once and used by every trial.

use std::ops::Range;

use bartune_engine::bars::Bars;
use bartune_engine::simulator::{BarRows, BarView, Clock, bar_rows, local_close_times};

use crate::config::Plan;
use crate::error::Error;
use crate::strategy::SharedBars;

/// Bars, with the clocks that rules need.
#[derive(Debug)]
pub(super) struct Market {
    pub(super) bars: Bars,
    /// The same, for processes that are asked about them.
    pub(super) shared: SharedBars,
    /// Its prices row by row, which steps over single bars read.
    rows: BarRows,
    /// Local close time of each bar, where a time rule needs it.
    local_close: Option<Vec<i64>>,
    /// The same in the timezone of the account's rules, where it has some.
    account_close: Option<Vec<i64>>,
}

impl Market {
    pub(super) fn new(plan: &Plan, bars: Bars) -> Self {
        Self::of(plan, SharedBars::new(bars))
    }

    /// A part of it.
    pub(super) fn part(&self, plan: &Plan, range: Range<usize>) -> Self {
        Self::of(plan, self.shared.slice(range))
    }

    fn of(plan: &Plan, shared: SharedBars) -> Self {
        let bars = Bars::clone(&shared);
        let needs_clock = plan.time_rules.session.is_some() || plan.time_rules.flat_by.is_some();
        let close = |timezone| local_close_times(bars.time(), bars.timeframe_ns(), timezone);
        Self {
            local_close: needs_clock.then(|| close(bars.timezone())),
            account_close: plan.account.rules.as_ref().map(|rules| close(&rules.timezone)),
            rows: bar_rows(bars.open(), bars.high(), bars.low(), bars.close()),
            bars,
            shared,
        }
    }

    /// The bars as the simulator reads them.
    pub(super) fn view(&self) -> Result<BarView<'_>, Error> {
        let bars = &self.bars;
        let mut view = BarView::try_new(bars.open(), bars.high(), bars.low(), bars.close())?.with_rows(&self.rows)?;
        if let Some(local_close) = &self.local_close {
            view = view.with_clock(Clock { local_close, timeframe_ns: bars.timeframe_ns() })?;
        }
        if let Some(local_close) = &self.account_close {
            view = view.with_account_clock(Clock { local_close, timeframe_ns: bars.timeframe_ns() })?;
        }
        Ok(view)
    }
}
