//! What metrics read of an equity curve, without the curve.
//!
//! Of hundreds of thousands of points metrics read each day's last, the deepest fall between any two and the very last.
//! [`trace`] takes them down while a backtest runs, so that a search neither writes the points nor reads them again; they are
//! the same, to the last bit, as those that [`Outline::of`] finds in a finished backtest.

use std::ops::Range;

use super::profile::{Depth, Walk};
use super::{Calendar, Day, daily_equity};
use crate::simulator::fast::curve::{Curve, Held};
use crate::simulator::fast::{self, Workspace};
use crate::simulator::{Backtest, SimulationInput};

/// An equity curve's days, deepest fall and end.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outline {
    pub(crate) daily_equity: Vec<f64>,
    pub(crate) depth: Depth,
    pub(crate) final_equity: f64,
}

impl Outline {
    /// That of a backtest with its equity; `calendar` is its segment's.
    #[must_use]
    pub fn of(backtest: &Backtest, calendar: &Calendar) -> Self {
        Self {
            daily_equity: daily_equity(backtest, calendar),
            depth: Depth::of(backtest.cash, &backtest.equity),
            final_equity: backtest.equity.last().copied().unwrap_or(backtest.cash),
        }
    }

    /// Equity at the end of each day.
    #[must_use]
    pub fn daily_equity(&self) -> &[f64] {
        &self.daily_equity
    }
}

/// Simulate one segment into the workspace, as [`fast::simulate_into`], and outline its equity, of which the workspace may
/// be left without any. `calendar` is the segment's.
#[must_use]
pub fn trace(input: &SimulationInput<'_>, calendar: &Calendar, workspace: &mut Workspace) -> Outline {
    let mut tracer = Tracer {
        days: calendar.days(),
        first: input.segment().start,
        daily_equity: Vec::with_capacity(calendar.days().len()),
        walk: Walk::new(input.account().cash),
        last: input.account().cash,
    };
    if fast::simulate_along(input, workspace, &mut tracer) {
        tracer.finish()
    } else {
        Outline::of(fast::simulate_into(input, workspace), calendar)
    }
}

/// An outline being taken down.
struct Tracer<'a> {
    days: &'a [Day],
    /// First bar of the segment.
    first: usize,
    /// Of the days that have ended.
    daily_equity: Vec<f64>,
    walk: Walk,
    last: f64,
}

impl Tracer<'_> {
    /// Takes down the days that end before bar `end`.
    #[inline]
    fn end_days(&mut self, end: usize, equity_at: impl Fn(usize) -> f64) {
        let end = end - self.first;
        while let Some(day) = self.days.get(self.daily_equity.len()).filter(|day| day.end <= end) {
            self.daily_equity.push(equity_at(self.first + day.end - 1));
        }
    }

    fn finish(mut self) -> Outline {
        // A calendar of more days than the segment has: the last point stands for them.
        self.daily_equity.resize(self.days.len(), self.last);
        Outline { daily_equity: self.daily_equity, depth: self.walk.finish(), final_equity: self.last }
    }
}

impl Curve for Tracer<'_> {
    #[inline]
    fn flat(&mut self, bars: Range<usize>, equity: f64) {
        self.walk.step(equity);
        self.last = equity;
        self.end_days(bars.end, |_| equity);
    }

    #[inline]
    fn held(&mut self, bars: Range<usize>, held: &Held<'_>) {
        self.walk.stretch(held.extremes(), held.points());
        self.end_days(bars.end, |bar| held.at(bar - bars.start));
    }
}
