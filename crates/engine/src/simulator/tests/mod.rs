//! Tests of the whole machine: the rules of `docs/execution.md` case by case, the properties that hold for
//! any input, and vectorbt's trades.

mod account;
mod input;
mod margin;
mod money;
mod property;
mod raptorbt;
mod resting;
mod time;
mod timing;
mod vectorbt;

use std::ops::Range;

use super::*;
use crate::Mask;
use crate::Pointwise;

/// Open, high, low, close.
pub(crate) type Prices = [f64; 4];

/// No costs, one unit, worst case first, fills at the next open.
pub(crate) fn execution() -> Execution {
    Execution {
        fill: Fill::NextOpen,
        intrabar: Intrabar::Worst,
        commission: Commission::Fraction(0.0),
        slippage: Slippage::Fraction(0.0),
        size: Size::Contracts(1.0),
        instrument: Instrument { tick: None, point_value: 1.0, whole_contracts: false, margin: None },
    }
}

/// How many cases a property is tried on: `PROPTEST_CASES`, or this many.
pub(crate) fn cases(default: u32) -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(default)
}

/// A quiet bar.
pub(crate) const QUIET: Prices = [100.0, 100.0, 100.0, 100.0];

/// A bar that does not move.
pub(crate) fn still(price: f64) -> Prices {
    [price; 4]
}

/// A small backtest, written down bar by bar.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) prices: Vec<Prices>,
    pub(crate) segment: Range<usize>,
    pub(crate) signals: Signals,
    pub(crate) execution: Execution,
    pub(crate) cash: f64,
    /// Local close times and the timeframe.
    pub(crate) clock: Option<(Vec<i64>, i64)>,
    /// Account rules; they read the same clock.
    pub(crate) rules: Option<crate::account::AccountRules>,
}

impl Scenario {
    pub(crate) fn new(prices: &[Prices]) -> Self {
        Self {
            prices: prices.to_vec(),
            segment: 0..prices.len(),
            signals: Signals::default(),
            execution: execution(),
            cash: 1000.0,
            clock: None,
            rules: None,
        }
    }

    fn mask(&self, bars: &[usize]) -> Mask {
        Mask::from_fn(self.prices.len(), |t| bars.contains(&t))
    }

    pub(crate) fn enter(mut self, side: Side, bars: &[usize]) -> Self {
        match side {
            Side::Long => self.signals.long_entry = self.mask(bars),
            Side::Short => self.signals.short_entry = self.mask(bars),
        }
        self
    }

    pub(crate) fn leave(mut self, side: Side, bars: &[usize]) -> Self {
        match side {
            Side::Long => self.signals.long_exit = self.mask(bars),
            Side::Short => self.signals.short_exit = self.mask(bars),
        }
        self
    }

    pub(crate) fn stop(mut self, distance: f64) -> Self {
        self.signals.stop_distance = Some(Pointwise::from(vec![distance; self.prices.len()]));
        self
    }

    pub(crate) fn target(mut self, distance: f64) -> Self {
        self.signals.target_distance = Some(Pointwise::from(vec![distance; self.prices.len()]));
        self
    }

    pub(crate) fn trailing(mut self, distance: f64) -> Self {
        self.signals.trailing_distance = Some(Pointwise::from(vec![distance; self.prices.len()]));
        self
    }

    pub(crate) fn rules(mut self, rules: TimeRules) -> Self {
        self.signals.rules = rules;
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut Execution)) -> Self {
        change(&mut self.execution);
        self
    }

    pub(crate) fn at_close(self) -> Self {
        self.with(|execution| execution.fill = Fill::Close)
    }

    /// An answer to the scenario's input.
    pub(crate) fn try_with_input<T>(
        &self,
        answer: impl FnOnce(&SimulationInput<'_>) -> T,
    ) -> Result<T, InvalidSimulation> {
        let column = |index: usize| -> Vec<f64> { self.prices.iter().map(|bar| bar[index]).collect() };
        let (open, high, low, close) = (column(0), column(1), column(2), column(3));
        let mut bars = BarView::try_new(&open, &high, &low, &close)?;
        if let Some((local_close, timeframe_ns)) = &self.clock {
            let clock = Clock { local_close, timeframe_ns: *timeframe_ns };
            bars = bars.with_clock(clock)?.with_account_clock(clock)?;
        }
        let account = Account { cash: self.cash, rules: self.rules.clone() };
        let input = SimulationInput::try_new(bars, self.segment.clone(), &self.signals, &self.execution, &account)?;
        Ok(answer(&input))
    }

    pub(crate) fn try_run(&self) -> Result<Backtest, InvalidSimulation> {
        self.try_with_input(reference::simulate)
    }

    pub(crate) fn run(&self) -> Backtest {
        self.try_run().expect("the scenario is valid")
    }

    /// The only trade.
    pub(crate) fn trade(&self) -> Trade {
        let trades = self.run().trades;
        assert_eq!(trades.len(), 1, "{trades:?}");
        trades[0].clone()
    }

    /// Bars and reasons of all trades.
    pub(crate) fn outline(&self) -> Vec<(usize, usize, ExitReason)> {
        let outline = |trade: &Trade| (trade.entry_bar, trade.exit_bar, trade.exit_reason);
        self.run().trades.iter().map(outline).collect()
    }
}
