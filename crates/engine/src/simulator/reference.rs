//! The reference engine: a segment through the [`Simulator`], bar by bar.
//!
//! It is written to be read beside `docs/execution.md`. Faster engines must agree with it to the last bit.

use super::ledger::Ledger;
use super::{Backtest, SimulationInput, Simulator};

/// Simulate one segment. Costs time linear in its bars.
///
/// ```
/// use bartune_engine::Mask;
/// use bartune_engine::simulator::*;
///
/// let open = [10.0, 11.0, 12.0, 15.0];
/// let close = [11.0, 12.0, 15.0, 14.0];
/// let bars = BarView::try_new(&open, &[11.0, 12.0, 15.0, 15.0], &[10.0, 11.0, 12.0, 14.0], &close)?;
/// let signals = Signals {
///     long_entry: Mask::from_fn(4, |t| t == 0),
///     long_exit: Mask::from_fn(4, |t| t == 2),
///     ..Signals::default()
/// };
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
/// let backtest = reference::simulate(&input);
/// // Bought 2 at 11 in bar 1, sold at 15 in bar 3: 2 · 4 − 2 · (2 · 0.5) = 6.
/// assert_eq!(backtest.trades[0].pnl, 6.0);
/// assert_eq!(backtest.equity, [100.0, 101.0, 107.0, 106.0]);
/// # Ok::<(), InvalidSimulation>(())
/// ```
#[must_use]
pub fn simulate(input: &SimulationInput<'_>) -> Backtest {
    let segment = input.segment();
    let last = segment.end - 1;
    let mut backtest = Backtest { equity: Vec::with_capacity(segment.len()), ..Backtest::default() };
    let mut ledger = Ledger::new(input, &mut backtest);
    let mut simulator = Simulator::new(input.setup());
    for t in segment {
        let decision = input.signals().decision(t);
        let decision = if t == last {
            // T6: an entry on the last bar would be closed where it was opened.
            decision.without_entries()
        } else {
            decision
        };
        let equity = simulator.step_into(&input.bars().bar(t), &decision, &mut ledger);
        ledger.mark(equity);
    }
    let final_equity = simulator.finish_into(&mut ledger);
    ledger.close(final_equity);
    ledger.keep_account(simulator.account_report());
    backtest
}
