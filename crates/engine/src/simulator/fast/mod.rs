//! The fast engine: the same backtest as [`reference`](super::reference)'s, to the last bit, in a fraction of
//! the time.
//!
//! A bar is *quiet* when a step of the [`Simulator`] over it would open, close and order nothing. Quiet bars are passed
//! in one go: `agenda` finds the next bar on which a condition, a limit on time or the segment's end may matter,
//! `search` the first bar before it that touches a level, and `stretch` writes the equity of the bars between
//! and lets the position live through them. Every other bar is a step of the same state machine that the reference
//! engine uses; where there are no rules of an account, a margin or the hour, `plain` goes through those bars in a shorter
//! way.
//!
//! A bar taken for eventful by mistake only costs a step; a bar taken for quiet by mistake would be a wrong result.
//! So each test here may err on one side only, and says which.
//!
//! **Relied upon:** bars are finite and ordered, `low ≤ open, close ≤ high`, as [`Bars`](crate::bars::Bars) checks. The
//! reference engine would notice an open outside its bar's range; this one looks at the range alone.

mod agenda;
pub(crate) mod curve;
mod plain;
mod search;
mod stretch;

use super::ledger::Ledger;
use super::{Backtest, Bar, BarRows, BarView, Decision, Side, SimulationInput, Simulator};
use agenda::Agenda;
use curve::{Curve, Points};
use plain::{Plain, is_plain};

/// Memory that one backtest leaves to the next, so that a search allocates nothing per trial.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    backtest: Backtest,
    /// Bars row by row, where the view has none.
    rows: BarRows,
}

impl From<Backtest> for Workspace {
    fn from(backtest: Backtest) -> Self {
        Self { backtest, rows: BarRows::default() }
    }
}

impl Workspace {
    /// The last backtest; one of no bars before the first.
    #[must_use]
    pub fn backtest(&self) -> &Backtest {
        &self.backtest
    }

    /// The last backtest, to keep.
    #[must_use]
    pub fn into_backtest(self) -> Backtest {
        self.backtest
    }
}

/// Simulate one segment; equal to [`reference::simulate`](super::reference::simulate) of the same input.
///
/// Costs a word of conditions for 64 flat bars, a few vector instructions a bar in a position, and a step of the state
/// machine for each bar on which something may happen.
///
/// ```
/// use bartune_engine::Mask;
/// use bartune_engine::simulator::*;
///
/// let open = [10.0, 11.0, 12.0, 15.0];
/// let close = [11.0, 12.0, 15.0, 14.0];
/// let bars = BarView::try_new(&open, &[11.0, 12.0, 15.0, 15.0], &[10.0, 11.0, 12.0, 14.0], &close)?;
/// let signals = Signals { long_entry: Mask::from_fn(4, |t| t == 0), ..Signals::default() };
/// let execution = Execution {
///     fill: Fill::NextOpen,
///     intrabar: Intrabar::Worst,
///     commission: Commission::PerContract(0.5),
///     slippage: Slippage::Fraction(0.0),
///     size: Size::Contracts(2.0),
///     instrument: Instrument { tick: None, point_value: 1.0, whole_contracts: false, margin: None },
/// };
/// let account = Account { cash: 100.0, rules: None };
/// let input = SimulationInput::try_new(bars, 0..4, &signals, &execution, &account)?;
/// let mut workspace = fast::Workspace::default();
/// let backtest = fast::simulate_into(&input, &mut workspace);
/// assert_eq!(backtest, &reference::simulate(&input));
/// assert_eq!(backtest.equity, [100.0, 101.0, 107.0, 104.0]);
/// # Ok::<(), InvalidSimulation>(())
/// ```
#[must_use]
pub fn simulate(input: &SimulationInput<'_>) -> Backtest {
    let mut workspace = Workspace::default();
    simulate_into(input, &mut workspace);
    workspace.into_backtest()
}

/// As [`simulate`], into memory that was used before.
pub fn simulate_into<'w>(input: &SimulationInput<'_>, workspace: &'w mut Workspace) -> &'w Backtest {
    let Workspace { backtest, rows } = workspace;
    let mut equity = std::mem::take(&mut backtest.equity);
    // Every point is written below, so what is left of the last backtest need not be cleared.
    equity.resize(input.segment().len(), 0.0);
    let rows = input.bars().rows_in(rows);
    let ledger = Ledger::new(input, backtest);
    if is_plain(input) {
        let mut curve = Points { first: input.segment().start, equity: &mut equity };
        Plain::new(input, rows, ledger, &mut curve).through_segment();
    } else {
        let run = Run {
            input,
            rows,
            bars: input.bars().over(rows),
            start: input.segment().start,
            last: input.segment().end - 1,
            agenda: Agenda::new(input.signals()),
            simulator: Simulator::new(input.setup()),
            ledger,
            equity: &mut equity,
            day_begins: 0,
        };
        run.through_segment();
    }
    workspace.backtest.equity = equity;
    &workspace.backtest
}

/// As [`simulate_into`], but nobody keeps the equity: the curve is told of it, and the backtest's has no points. False
/// where the input is not plain, and nothing is done.
pub(crate) fn simulate_along(input: &SimulationInput<'_>, workspace: &mut Workspace, curve: &mut impl Curve) -> bool {
    if !is_plain(input) {
        return false;
    }
    let Workspace { backtest, rows } = workspace;
    backtest.equity.clear();
    let rows = input.bars().rows_in(rows);
    Plain::new(input, rows, Ledger::new(input, backtest), curve).through_segment();
    true
}

/// One backtest under way.
struct Run<'r, 'a> {
    input: &'r SimulationInput<'a>,
    rows: &'r BarRows,
    /// With the rows.
    bars: BarView<'r>,
    /// First bar of the segment.
    start: usize,
    /// Last bar of the segment.
    last: usize,
    agenda: Agenda<'a>,
    simulator: Simulator,
    ledger: Ledger<'r>,
    equity: &'r mut [f64],
    /// The bar that begins the account's next day, once it is known.
    day_begins: usize,
}

/// What the bars from here on are.
enum Ahead {
    /// The next one may be eventful.
    Event,
    /// Quiet up to this bar, without a position.
    Flat(usize),
    /// In a position of this side.
    Position(Side),
}

impl Run<'_, '_> {
    fn through_segment(mut self) {
        let mut t = self.start;
        while t <= self.last {
            t = match self.ahead(t) {
                Ahead::Event => self.step(t),
                Ahead::Flat(until) => self.pass_flat(t, until),
                Ahead::Position(side) => self.pass_in_position(t, side),
            };
        }
        let final_equity = self.simulator.finish_into(&mut self.ledger);
        // T6: the last equity is the account's after the closing trade's costs.
        self.equity[self.last - self.start] = final_equity;
        self.ledger.keep_account(self.simulator.account_report());
    }

    fn ahead(&mut self, t: usize) -> Ahead {
        if let Some(account) = &self.simulator.account {
            // An account with rules lives through each bar of a position, whose equity it watches. While nothing changes
            // that, a bar tells it nothing new, unless it begins a day.
            // A limit may have closed its last position at a close, and left nothing: the next bar ends it.
            let is_ending = self.simulator.balance <= 0.0 && !self.simulator.is_bankrupt;
            if self.simulator.has_pending_orders() || self.simulator.position().is_some() || is_ending {
                return Ahead::Event;
            }
            let may_enter = account.may_trade() && !self.simulator.is_bankrupt;
            let entry = if may_enter { self.agenda.next_entry(t) } else { usize::MAX };
            return Ahead::Flat(entry.min(self.next_day(t)).min(self.last));
        }
        if self.simulator.is_bankrupt {
            return Ahead::Flat(self.last + 1);
        }
        if self.simulator.has_pending_orders() {
            return Ahead::Event;
        }
        match self.simulator.position() {
            Some(position) => Ahead::Position(position.side),
            None => Ahead::Flat(self.agenda.next_entry(t).min(self.last)),
        }
    }

    /// The first bar at or after `t` that begins a day of the account, or the segment's last.
    fn next_day(&mut self, t: usize) -> usize {
        if let (Some(account), Some(clock)) = (&self.simulator.account, self.bars.account_clock())
            && self.day_begins <= t
        {
            let begins = account.next_day().saturating_add(clock.timeframe_ns);
            let closes = &clock.local_close[t..=self.last];
            self.day_begins = closes.iter().position(|close| *close >= begins).map_or(self.last, |bars| t + bars);
        }
        self.day_begins
    }

    /// One bar through the state machine; the answer is the next one.
    fn step(&mut self, t: usize) -> usize {
        let (bar, decision) = self.look_at(t);
        self.step_over(t, &bar, &decision)
    }

    fn look_at(&self, t: usize) -> (Bar, Decision) {
        let decision = self.input.signals().terse_decision(t);
        // T6: an entry on the last bar would be closed where it was opened.
        (self.bars.bar(t), if t == self.last { decision.without_entries() } else { decision })
    }

    fn step_over(&mut self, t: usize, bar: &Bar, decision: &Decision) -> usize {
        self.equity[t - self.start] = self.simulator.step_into(bar, decision, &mut self.ledger);
        t + 1
    }

    /// The quiet bars from `t` to `until`, and a step over that one. While flat the equity is the cash, exactly (M4).
    fn pass_flat(&mut self, t: usize, until: usize) -> usize {
        // Where the next entry lies follows from nothing before it. It is asked for first, so that it is on its way from
        // memory while the quiet bars are written.
        let next = (until <= self.last).then(|| self.look_at(until));
        if t < until {
            let last = self.bars.bar(until - 1);
            self.equity[t - self.start..until - self.start].fill(self.simulator.balance);
            self.simulator.pass_flat(until - t, &last);
        }
        next.map_or(until, |(bar, decision)| self.step_over(until, &bar, &decision))
    }

    /// In a position up to the next bar that a condition, a limit on time or a level makes eventful, and a step over it.
    fn pass_in_position(&mut self, t: usize, side: Side) -> usize {
        let limit = self.agenda.next_decision(side, t).min(self.last);
        let limit = self.simulator.next_time_exit(t, limit, &self.bars);
        let passed = if t < limit {
            let mut curve = Points { first: self.start, equity: self.equity };
            self.simulator.pass_in_position(t..limit, self.rows, &self.bars, &mut curve)
        } else {
            0
        };
        self.step(t + passed)
    }
}

#[cfg(test)]
mod tests;
