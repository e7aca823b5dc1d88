//! A segment bar by bar, each decision taken only when what the bar left of the position is known.
//!
//! [`Signals`](super::Signals) are columns, computed before any fill. A strategy whose next decision depends on how
//! its last trade ended has none: it is asked at each close instead. Everything else is the same [`Simulator`], so that
//! decisions read from columns give the backtest of [`reference`](super::reference), to the last bit.

use std::ops::ControlFlow;

use super::ledger::Ledger;
use super::{Backtest, Decision, Position, SimulationInput, Simulator, Trade};

/// What is known of the account at a bar's close, after the bar's own fills and before any of that close.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The bar.
    pub bar: usize,
    /// The open position, if there is one.
    pub position: Option<&'a Position>,
    /// The round trip that ended last in this segment, if any has.
    pub last_trade: Option<&'a Trade>,
    /// The account's equity at this close.
    pub equity: f64,
}

/// Simulate one segment, asking `decide` at each close; the signals of `input` are not read, but for their rules on
/// time. It is not asked any more once the account is bankrupt, and an entry on the last bar is dropped (rule T6).
/// `None` if it breaks off.
///
/// Costs a step of the state machine a bar.
///
/// ```
/// use std::ops::ControlFlow;
///
/// use bartune_engine::simulator::*;
///
/// let prices = [10.0, 11.0, 12.0, 15.0, 14.0];
/// let bars = BarView::try_new(&prices, &prices, &prices, &prices)?;
/// let (signals, account) = (Signals::default(), Account { cash: 100.0, rules: None });
/// let execution = Execution {
///     fill: Fill::NextOpen,
///     intrabar: Intrabar::Worst,
///     commission: Commission::Fraction(0.0),
///     slippage: Slippage::Fraction(0.0),
///     size: Size::Contracts(2.0),
///     instrument: Instrument { tick: None, point_value: 1.0, whole_contracts: false, margin: None },
/// };
/// let input = SimulationInput::try_new(bars, 0..5, &signals, &execution, &account)?;
/// // Leaves as soon as two points are earned, and never comes back.
/// let backtest = stepwise::simulate(&input, |at| {
///     let earned = at.position.map(|position| prices[at.bar] - position.entry_price);
///     ControlFlow::Continue(Decision {
///         long_entry: at.position.is_none() && at.last_trade.is_none(),
///         long_exit: earned.is_some_and(|points| points >= 2.0),
///         ..Decision::default()
///     })
/// });
/// // Bought at 11 in bar 1; 4 points are seen at the close of bar 3, sold at 14 in bar 4.
/// let backtest = backtest.expect("nothing breaks off");
/// assert_eq!((backtest.trades.len(), backtest.trades[0].pnl), (1, 6.0));
/// # Ok::<(), InvalidSimulation>(())
/// ```
pub fn simulate(
    input: &SimulationInput<'_>,
    mut decide: impl FnMut(Standing<'_>) -> ControlFlow<(), Decision>,
) -> Option<Backtest> {
    let segment = input.segment();
    let last = segment.end - 1;
    let mut backtest = Backtest { equity: Vec::with_capacity(segment.len()), ..Backtest::default() };
    let mut ledger = Ledger::new(input, &mut backtest);
    let mut simulator = Simulator::new(input.setup());
    let mut is_broken = false;
    for t in segment {
        let bar = input.bars().bar(t);
        let asked = |simulator: &Simulator, ledger: &Ledger<'_>| {
            let position = simulator.position();
            let equity = simulator.equity_at(bar.close);
            match decide(Standing { bar: t, position, last_trade: ledger.last_trade(), equity }) {
                // T6: an entry on the last bar would be closed where it was opened.
                ControlFlow::Continue(decision) if t == last => decision.without_entries(),
                ControlFlow::Continue(decision) => decision,
                ControlFlow::Break(()) => {
                    is_broken = true;
                    Decision::default()
                }
            }
        };
        let equity = simulator.step_deciding(&bar, asked, &mut ledger);
        if is_broken {
            return None;
        }
        ledger.mark(equity);
    }
    let final_equity = simulator.finish_into(&mut ledger);
    ledger.close(final_equity);
    ledger.keep_account(simulator.account_report());
    Some(backtest)
}
