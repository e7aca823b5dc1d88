//! Quiet bars through the account: their equity, and what the position has lived through after them.

use std::ops::Range;

use super::curve::{Curve, Held};
use super::search::{Rest, rest};
use crate::simulator::cost::gross_profit;
use crate::simulator::rows::{BarRows, CLOSE, Row};
use crate::simulator::time_rule::until_deadline;
use crate::simulator::{Bar, BarView, Execution, Margin, Position, Side, Simulator};

impl Simulator {
    /// Whether orders wait for the next open.
    pub(super) fn has_pending_orders(&self) -> bool {
        self.pending.exit.is_some() || self.pending.entry.is_some()
    }

    /// Quiet bars without a position, of which `last` is the last.
    pub(super) fn pass_flat(&mut self, bars: usize, last: &Bar) {
        self.bar_index += bars;
        self.last_bar = Some(*last);
    }

    /// The first bar from `t` on, at most `limit`, at which `max_bars` or `flat_by` may close the position.
    pub(super) fn next_time_exit(&self, t: usize, limit: usize, bars: &BarView<'_>) -> usize {
        let limit = match (self.setup.rules.max_bars, &self.position) {
            (Some(most), Some(position)) => limit.min(position.bar_of_age(most, t)),
            _ => limit,
        };
        match (self.setup.rules.flat_by, bars.clock(), self.last_bar) {
            (Some(minute), Some(clock), Some(last_bar)) if t < limit => {
                // Closes within this span meet no deadline themselves (C4) and have passed none (C5).
                let from = last_bar.local_close;
                let until = from.saturating_add(until_deadline(minute, from)).saturating_sub(clock.timeframe_ns);
                let is_near = |close: &i64| !(from..=until).contains(close);
                clock.local_close[t..limit].iter().position(is_near).map_or(limit, |bars| t + bars)
            }
            _ => limit,
        }
    }

    /// Lets the position live through the quiet bars at the start of these, and tells the curve of them; the answer is how
    /// many there were.
    pub(super) fn pass_in_position(
        &mut self,
        bars: Range<usize>,
        rows: &BarRows,
        view: &BarView<'_>,
        curve: &mut impl Curve,
    ) -> usize {
        let Some(position) = &mut self.position else { return 0 };
        let start = bars.start;
        let passed = position.rest(self.balance, &self.setup.execution, (rows, bars), curve);
        if passed > 0 {
            self.bar_index += passed;
            self.last_bar = Some(view.bar(start + passed - 1));
        }
        passed
    }
}

impl Position {
    /// Lives through the first of these bars, up to one that touches a level or leaves no equity above zero or above its
    /// margin, and tells the curve of their equity over this balance; the answer is how many there were.
    #[inline(always)]
    pub(super) fn rest(
        &mut self,
        balance: f64,
        execution: &Execution,
        (rows, bars): (&BarRows, Range<usize>),
        curve: &mut impl Curve,
    ) -> usize {
        let marker = Marker {
            balance,
            side: self.side,
            size: self.size,
            entry_price: self.entry_price,
            entry_commission: self.entry_commission,
            point_value: execution.instrument.point_value,
            margin: execution.instrument.margin,
        };
        let start = bars.start;
        let mut passed = rest(&self.levels, self.side, rows, bars);
        if marker.may_be_exhausted(&passed)
            && let Some(bars) = marker.first_exhausted(&rows.rows()[start..start + passed.bars])
        {
            passed = Rest::of(rows, start..start + bars);
        }
        if passed.bars > 0 {
            let bars = start..start + passed.bars;
            curve.held(bars.clone(), &Held { marker: &marker, rows: &rows.rows()[bars], reach: &passed.reach });
            self.live_through(&passed);
        }
        passed.bars
    }

    /// Live through completed bars: as [`complete_bar`](Self::complete_bar) for each.
    #[inline(always)]
    fn live_through(&mut self, passed: &Rest) {
        let reach = &passed.reach;
        self.meet(reach.highest());
        self.meet(reach.lowest());
        self.levels.follow_extremes(self.side, reach.highest(), reach.lowest());
        self.bars_held = self.bars_held.saturating_add(u32::try_from(passed.bars).unwrap_or(u32::MAX));
    }

    /// The first bar from `t` on at whose close `max_bars` are reached (C1). The bars before it are lived through whole.
    pub(super) fn bar_of_age(&self, max_bars: u32, t: usize) -> usize {
        t.saturating_add(max_bars.saturating_sub(self.bars_held).saturating_sub(1) as usize)
    }
}

/// What the equity in a position is computed from (M4).
pub(super) struct Marker {
    balance: f64,
    pub(super) side: Side,
    size: f64,
    entry_price: f64,
    entry_commission: f64,
    point_value: f64,
    margin: Option<Margin>,
}

impl Marker {
    /// The same operations in the same order as `Simulator::mark` and `Position::value_at`, so the same bits.
    #[inline]
    pub(super) fn equity_at(&self, side: Side, price: f64) -> f64 {
        let profit = gross_profit(side, self.size, (self.entry_price, price), self.point_value);
        self.balance + (profit - self.entry_commission)
    }

    /// Equity at each close.
    pub(super) fn mark(&self, equity: &mut [f64], rows: &[Row]) {
        // The side is settled outside the loops, which leaves each a straight line of arithmetic.
        let points = equity.iter_mut().zip(rows);
        match self.side {
            Side::Long => points.for_each(|(point, row)| *point = self.equity_at(Side::Long, row[CLOSE])),
            Side::Short => points.for_each(|(point, row)| *point = self.equity_at(Side::Short, row[CLOSE])),
        }
    }

    /// Whether a close of these bars may leave no equity (M5), or less than the margin (M7). Every operation of the equity
    /// and of the margin is monotone in the price, rounding included, so no close leaves less equity than the worst
    /// extreme and none needs more margin than the one farther from zero; together they may be too pessimistic.
    fn may_be_exhausted(&self, passed: &Rest) -> bool {
        let worst = match self.side {
            Side::Long => passed.reach.lowest(),
            Side::Short => passed.reach.highest(),
        };
        let dearest = passed.reach.highest().abs().max(passed.reach.lowest().abs());
        passed.bars > 0 && !self.is_kept(self.equity_at(self.side, worst), dearest)
    }

    /// The first of these bars that is not quiet because of its equity.
    fn first_exhausted(&self, rows: &[Row]) -> Option<usize> {
        rows.iter().position(|row| !self.is_kept(self.equity_at(self.side, row[CLOSE]), row[CLOSE]))
    }

    /// Whether a position with this equity at this close is left alone: what `Simulator::mark` and
    /// `Simulator::is_short_of_margin` ask.
    fn is_kept(&self, equity: f64, close: f64) -> bool {
        let needed = |margin: Margin| margin.maintenance_of(self.size, close, self.point_value);
        equity > 0.0 && self.margin.is_none_or(|margin| equity >= needed(margin))
    }
}
