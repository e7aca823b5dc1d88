//! The fast engine: the same backtest as [`reference`](super::reference)'s, to the last bit, in a fraction of
//! the time.
//!
//! A bar is *quiet* when a step of the [`Simulator`] over it would open, close and order nothing. Quiet bars are passed
//! in one go: `agenda` finds the next bar on which a condition, a limit on time or the segment's end may matter,
//! `search` the first bar before it that touches a level, and `stretch` writes the equity of the bars between
//! and lets the position live through them. Every other bar is a plain step of the same state machine that the
//! reference engine uses, so no rule of `docs/execution.md` is written down twice.
//!
//! A bar taken for eventful by mistake only costs a step; a bar taken for quiet by mistake would be a wrong result.
//! So each test here may err on one side only, and says which.
//!
//! **Relied upon:** bars are finite and ordered, `low ≤ open, close ≤ high`, as [`Bars`](crate::bars::Bars) checks. The
//! reference engine would notice an open outside its bar's range; this one looks at the range alone.

mod agenda;
mod search;
mod stretch;

use super::ledger::Ledger;
use super::{Backtest, BarView, Side, SimulationInput, Simulator};
use agenda::Agenda;

/// Memory that one backtest leaves to the next, so that a search allocates nothing per trial.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    backtest: Backtest,
}

impl From<Backtest> for Workspace {
    fn from(backtest: Backtest) -> Self {
        Self { backtest }
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
    let mut equity = std::mem::take(&mut workspace.backtest.equity);
    // Every point is written below, so what is left of the last backtest need not be cleared.
    equity.resize(input.segment().len(), 0.0);
    let run = Run {
        input,
        bars: input.bars(),
        start: input.segment().start,
        last: input.segment().end - 1,
        agenda: Agenda::new(input.signals()),
        simulator: Simulator::new(input.setup()),
        ledger: Ledger::new(input, &mut workspace.backtest),
        equity: &mut equity,
    };
    run.through_segment();
    workspace.backtest.equity = equity;
    &workspace.backtest
}

/// One backtest under way.
struct Run<'r, 'a> {
    input: &'r SimulationInput<'a>,
    bars: &'r BarView<'a>,
    /// First bar of the segment.
    start: usize,
    /// Last bar of the segment.
    last: usize,
    agenda: Agenda<'a>,
    simulator: Simulator,
    ledger: Ledger<'r>,
    equity: &'r mut [f64],
}

impl Run<'_, '_> {
    fn through_segment(mut self) {
        let mut t = self.start;
        while t <= self.last {
            t = self.pass_quiet_bars(t);
            if t <= self.last {
                self.step(t);
                t += 1;
            }
        }
        let final_equity = self.simulator.finish_into(&mut self.ledger);
        // T6: the last equity is the account's after the closing trade's costs.
        self.equity[self.last - self.start] = final_equity;
        self.ledger.keep_account(self.simulator.account_report());
    }

    /// One bar through the state machine.
    fn step(&mut self, t: usize) {
        let decision = self.input.signals().terse_decision(t);
        // T6: an entry on the last bar would be closed where it was opened.
        let decision = if t == self.last { decision.without_entries() } else { decision };
        self.equity[t - self.start] = self.simulator.step_into(&self.bars.bar(t), &decision, &mut self.ledger);
    }

    /// Passes the quiet bars from `t` on; the answer is the next bar to step over, past the last one if there is none.
    fn pass_quiet_bars(&mut self, t: usize) -> usize {
        if self.simulator.account.is_some() {
            // An account with rules lives through each bar: its days begin and its headroom is measured there.
            return t;
        }
        if self.simulator.is_bankrupt {
            return self.pass_flat(t, self.last + 1);
        }
        if self.simulator.has_pending_orders() {
            return t;
        }
        match self.simulator.position().map(|position| position.side) {
            None => {
                let until = self.agenda.next_entry(t).min(self.last);
                self.pass_flat(t, until)
            }
            Some(side) => self.pass_in_position(t, side),
        }
    }

    /// While flat the equity is the cash, exactly (M4).
    fn pass_flat(&mut self, t: usize, until: usize) -> usize {
        if t < until {
            self.equity[t - self.start..until - self.start].fill(self.simulator.balance);
            self.simulator.pass_flat(until - t, &self.bars.bar(until - 1));
        }
        until.max(t)
    }

    /// In a position up to the next bar that a condition, a limit on time or a level makes eventful.
    fn pass_in_position(&mut self, t: usize, side: Side) -> usize {
        let limit = self.agenda.next_decision(side, t).min(self.last);
        let limit = self.simulator.next_time_exit(t, limit, self.bars);
        if t >= limit {
            return t;
        }
        let equity = &mut self.equity[t - self.start..limit - self.start];
        t + self.simulator.pass_in_position(t, equity, self.bars)
    }
}

#[cfg(test)]
mod tests;
