//! The input of one backtest, checked once so that the simulator itself cannot fail.

use std::ops::Range;

use super::{
    Account, Bar, BarRows, Commission, Distances, Execution, Margin, MarginBasis, Session, Signals, SimulatorSetup,
    Size, Slippage, TimeRules, bar_rows,
};
use crate::account::InvalidAccountRules;

/// Borrowed prices of bars `0..len`, and their clock where a time rule needs it.
#[derive(Debug, Clone, Copy)]
pub struct BarView<'a> {
    open: &'a [f64],
    high: &'a [f64],
    low: &'a [f64],
    close: &'a [f64],
    clock: Option<Clock<'a>>,
    account_clock: Option<Clock<'a>>,
    /// The four columns row by row, where they were given.
    rows: Option<&'a BarRows>,
}

/// Wall-clock times of bars; see [`local_close_times`](super::local_close_times).
#[derive(Debug, Clone, Copy)]
pub struct Clock<'a> {
    /// Local close time of each bar in nanoseconds since 1970.
    pub local_close: &'a [i64],
    /// Nominal length of a bar.
    pub timeframe_ns: i64,
}

/// Why an input is refused.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSimulation {
    /// Columns differ in length.
    #[error("{series} has {length} values for {bars} bars; every series must have one value a bar")]
    SeriesLength {
        /// Which series.
        series: &'static str,
        /// Its length.
        length: usize,
        /// Number of bars.
        bars: usize,
    },
    /// The segment is empty or reaches past the bars.
    #[error("segment {start}..{end} does not lie within the {bars} bars, or is empty")]
    Segment {
        /// First bar.
        start: usize,
        /// Bar after the last.
        end: usize,
        /// Number of bars.
        bars: usize,
    },
    /// A setting out of its range.
    #[error("{setting} is {value}; it must be {expected}")]
    Setting {
        /// Which setting.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// Slippage in ticks for an instrument without a tick.
    #[error("slippage is given in ticks, but the instrument has no tick; set `instrument.tick` or use bps")]
    TicksWithoutTick,
    /// Size by risk without a protective distance.
    #[error("size is given by risk, but the strategy has neither `stop_loss` nor `trailing_stop`")]
    RiskWithoutStop,
    /// A time rule without a clock.
    #[error("`session` and `flat_by` need the bars' clock; build the view with `with_clock`")]
    TimeRuleWithoutClock,
    /// Account rules that cannot be.
    #[error(transparent)]
    AccountRules(#[from] InvalidAccountRules),
    /// Account rules without a clock.
    #[error("account rules need the bars' clock in their timezone; build the view with `with_account_clock`")]
    AccountRulesWithoutClock,
}

impl<'a> BarView<'a> {
    /// A view of four columns of one length.
    ///
    /// # Errors
    /// [`InvalidSimulation::SeriesLength`] names the column that differs from `open`.
    pub fn try_new(
        open: &'a [f64],
        high: &'a [f64],
        low: &'a [f64],
        close: &'a [f64],
    ) -> Result<Self, InvalidSimulation> {
        for (series, column) in [("high", high), ("low", low), ("close", close)] {
            check_length(series, column.len(), open.len())?;
        }
        Ok(Self { open, high, low, close, clock: None, account_clock: None, rows: None })
    }

    /// The same view with its columns also row by row, as [`bar_rows`](super::bar_rows) gives them: a step over one bar then reads one
    /// line of memory instead of four, which is most of what a step costs where bars do not fit into a cache.
    ///
    /// # Errors
    /// [`InvalidSimulation::SeriesLength`].
    pub fn with_rows(self, rows: &'a BarRows) -> Result<Self, InvalidSimulation> {
        check_length("rows", rows.rows().len(), self.len())?;
        Ok(Self { rows: Some(rows), ..self })
    }

    /// The same view with a clock.
    ///
    /// # Errors
    /// [`InvalidSimulation::SeriesLength`], or [`InvalidSimulation::Setting`] for a timeframe that is not positive.
    pub fn with_clock(self, clock: Clock<'a>) -> Result<Self, InvalidSimulation> {
        check_clock(&clock, self.len())?;
        Ok(Self { clock: Some(clock), ..self })
    }

    /// The same view with the clock of the account's rules: local times in *their* timezone.
    ///
    /// # Errors
    /// As [`with_clock`](Self::with_clock).
    pub fn with_account_clock(self, clock: Clock<'a>) -> Result<Self, InvalidSimulation> {
        check_clock(&clock, self.len())?;
        Ok(Self { account_clock: Some(clock), ..self })
    }

    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether there are no bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Its rows, or else ones made of its columns in this memory.
    pub(crate) fn rows_in<'r>(&self, memory: &'r mut BarRows) -> &'r BarRows
    where
        'a: 'r,
    {
        self.rows.unwrap_or_else(|| {
            *memory = bar_rows(self.open, self.high, self.low, self.close);
            memory
        })
    }

    /// The same view with these rows, which are its own.
    pub(crate) fn over<'r>(&self, rows: &'r BarRows) -> BarView<'r>
    where
        'a: 'r,
    {
        BarView { rows: Some(rows), ..*self }
    }

    /// The account's clock, if there is one.
    pub(crate) fn account_clock(&self) -> Option<Clock<'a>> {
        self.account_clock
    }

    /// The clock, if there is one.
    pub(crate) fn clock(&self) -> Option<Clock<'a>> {
        self.clock
    }

    /// Bar `t`, which must exist.
    #[inline]
    #[must_use]
    pub fn bar(&self, t: usize) -> Bar {
        let [open, high, low, close] = match self.rows.and_then(|rows| rows.rows().get(t)) {
            Some(row) => *row,
            None => [self.open[t], self.high[t], self.low[t], self.close[t]],
        };
        Bar {
            open,
            high,
            low,
            close,
            local_close: self.clock.map_or(0, |clock| clock.local_close[t]),
            account_close: self.account_clock.map_or(0, |clock| clock.local_close[t]),
        }
    }
}

/// One checked backtest to run.
#[derive(Debug, Clone)]
pub struct SimulationInput<'a> {
    bars: BarView<'a>,
    segment: Range<usize>,
    signals: &'a Signals,
    execution: &'a Execution,
    account: &'a Account,
}

impl<'a> SimulationInput<'a> {
    /// Check everything that the simulator relies on.
    ///
    /// Masks and columns of `signals` have one value a bar; an empty mask means *never*.
    ///
    /// # Errors
    /// One [`InvalidSimulation`] for each way to be wrong, in the order segment, series, money, time.
    pub fn try_new(
        bars: BarView<'a>,
        segment: Range<usize>,
        signals: &'a Signals,
        execution: &'a Execution,
        account: &'a Account,
    ) -> Result<Self, InvalidSimulation> {
        if segment.is_empty() || segment.end > bars.len() {
            return Err(InvalidSimulation::Segment { start: segment.start, end: segment.end, bars: bars.len() });
        }
        check_signals(signals, bars.len())?;
        check_range("account cash", account.cash, ABOVE_ZERO)?;
        check_execution(execution)?;
        let has_stop = signals.stop_distance.is_some() || signals.trailing_distance.is_some();
        if matches!(execution.size, Size::Risk(_)) && !has_stop {
            return Err(InvalidSimulation::RiskWithoutStop);
        }
        check_time_rules(&signals.rules, bars.clock)?;
        if let Some(rules) = &account.rules {
            rules.check()?;
            bars.account_clock.ok_or(InvalidSimulation::AccountRulesWithoutClock)?;
        }
        Ok(Self { bars, segment, signals, execution, account })
    }

    /// The bars.
    #[must_use]
    pub fn bars(&self) -> &BarView<'a> {
        &self.bars
    }

    /// The bars to simulate.
    #[must_use]
    pub fn segment(&self) -> Range<usize> {
        self.segment.clone()
    }

    /// The decisions.
    #[must_use]
    pub fn signals(&self) -> &'a Signals {
        self.signals
    }

    /// The execution rules.
    #[must_use]
    pub fn execution(&self) -> &'a Execution {
        self.execution
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &'a Account {
        self.account
    }

    /// What a [`Simulator`](super::Simulator) of this segment starts from.
    #[must_use]
    pub fn setup(&self) -> SimulatorSetup {
        SimulatorSetup {
            execution: self.execution.clone(),
            rules: self.signals.rules.clone(),
            cash: self.account.cash,
            account_rules: self.account.rules.clone(),
            timeframe_ns: self.bars.clock.or(self.bars.account_clock).map_or(0, |clock| clock.timeframe_ns),
            first_bar: self.segment.start,
        }
    }
}

impl SimulatorSetup {
    /// Check what the simulator relies on, where there is no [`SimulationInput`] that has. `distances` are those
    /// of any decision: which ones the strategy has, not what they are.
    ///
    /// # Errors
    /// One [`InvalidSimulation`] for each way to be wrong, in the order money, time.
    pub fn check(&self, distances: &Distances) -> Result<(), InvalidSimulation> {
        check_range("account cash", self.cash, ABOVE_ZERO)?;
        check_execution(&self.execution)?;
        if matches!(self.execution.size, Size::Risk(_)) && distances.risk().is_none() {
            return Err(InvalidSimulation::RiskWithoutStop);
        }
        let clock = (self.timeframe_ns > 0).then_some(Clock { local_close: &[], timeframe_ns: self.timeframe_ns });
        check_time_rules(&self.rules, clock)
    }
}

/// A range that a setting must lie in, and its words.
struct Allowed {
    words: &'static str,
    holds: fn(f64) -> bool,
}

const ABOVE_ZERO: Allowed =
    Allowed { words: "a finite number above 0", holds: |value| value.is_finite() && value > 0.0 };
const ZERO_OR_ABOVE: Allowed =
    Allowed { words: "a finite number, 0 or above", holds: |value| value.is_finite() && value >= 0.0 };
const BELOW_ONE: Allowed =
    Allowed { words: "a fraction from 0 to below 1", holds: |value| (0.0..1.0).contains(&value) };
const AT_MOST_ONE: Allowed =
    Allowed { words: "a share above 0 and at most 1", holds: |value| value > 0.0 && value <= 1.0 };
const UP_TO_ONE: Allowed = Allowed {
    words: "above 0 and at most 1 where positions are fully funded (whole contracts and margin may lever them)",
    holds: |value| value > 0.0 && value <= 1.0,
};

fn check_range(setting: &'static str, value: f64, allowed: Allowed) -> Result<(), InvalidSimulation> {
    if (allowed.holds)(value) {
        return Ok(());
    }
    Err(InvalidSimulation::Setting { setting, value, expected: allowed.words })
}

fn check_length(series: &'static str, length: usize, bars: usize) -> Result<(), InvalidSimulation> {
    if length == bars {
        return Ok(());
    }
    Err(InvalidSimulation::SeriesLength { series, length, bars })
}

fn check_clock(clock: &Clock<'_>, bars: usize) -> Result<(), InvalidSimulation> {
    check_length("clock", clock.local_close.len(), bars)?;
    if clock.timeframe_ns > 0 {
        return Ok(());
    }
    #[expect(clippy::cast_precision_loss, reason = "shown in a message only")]
    let value = clock.timeframe_ns as f64;
    Err(InvalidSimulation::Setting { setting: "timeframe in nanoseconds", value, expected: "above 0" })
}

fn check_signals(signals: &Signals, bars: usize) -> Result<(), InvalidSimulation> {
    for (series, mask) in [
        ("long_entry", &signals.long_entry),
        ("long_exit", &signals.long_exit),
        ("short_entry", &signals.short_entry),
        ("short_exit", &signals.short_exit),
    ] {
        if !mask.is_empty() {
            check_length(series, mask.len(), bars)?;
        }
    }
    for (series, column) in [
        ("stop_loss", &signals.stop_distance),
        ("take_profit", &signals.target_distance),
        ("trailing_stop", &signals.trailing_distance),
    ] {
        if let Some(values) = column {
            check_length(series, values.len(), bars)?;
        }
    }
    Ok(())
}

fn check_execution(execution: &Execution) -> Result<(), InvalidSimulation> {
    let instrument = &execution.instrument;
    check_range("instrument point value", instrument.point_value, ABOVE_ZERO)?;
    if let Some(tick) = instrument.tick {
        check_range("instrument tick", tick, ABOVE_ZERO)?;
    }
    if let Some(margin) = &instrument.margin {
        check_margin(margin)?;
    }
    match execution.commission {
        Commission::Fraction(fraction) => check_range("commission", fraction, BELOW_ONE)?,
        Commission::PerContract(money) => check_range("commission", money, ZERO_OR_ABOVE)?,
    }
    match execution.slippage {
        Slippage::Fraction(fraction) => check_range("slippage", fraction, BELOW_ONE)?,
        Slippage::Ticks(ticks) => {
            check_range("slippage in ticks", ticks, ZERO_OR_ABOVE)?;
            if instrument.tick.is_none() && ticks > 0.0 {
                return Err(InvalidSimulation::TicksWithoutTick);
            }
        }
    }
    match execution.size {
        Size::EquityFraction(fraction) if !instrument.whole_contracts && instrument.margin.is_none() => {
            check_range("size as a fraction of equity", fraction, UP_TO_ONE)
        }
        Size::EquityFraction(size) | Size::Contracts(size) | Size::Notional(size) | Size::Risk(size) => {
            check_range("size", size, ABOVE_ZERO)
        }
    }
}

/// An initial margin, and a maintenance margin that a fresh position meets.
fn check_margin(margin: &Margin) -> Result<(), InvalidSimulation> {
    check_range("initial margin", margin.initial, ABOVE_ZERO)?;
    if margin.basis == MarginBasis::Notional {
        check_range("initial margin as a share of the position", margin.initial, AT_MOST_ONE)?;
    }
    check_range("maintenance margin", margin.maintenance, ZERO_OR_ABOVE)?;
    if margin.maintenance <= margin.initial {
        return Ok(());
    }
    let (setting, value) = ("maintenance margin", margin.maintenance);
    Err(InvalidSimulation::Setting { setting, value, expected: "at most the initial margin" })
}

/// Minutes of the day, `max_bars`, and the clock that they need.
fn check_time_rules(rules: &TimeRules, clock: Option<Clock<'_>>) -> Result<(), InvalidSimulation> {
    let Session { open, close } = rules.session.unwrap_or(Session { open: 0, close: 0 });
    for (setting, minute, last) in
        [("session open", open, 1439), ("session close", close, 1440), ("flat_by", rules.flat_by.unwrap_or(0), 1439)]
    {
        if minute > last {
            return Err(InvalidSimulation::Setting {
                setting,
                value: f64::from(minute),
                expected: "a minute of the day, below 1440",
            });
        }
    }
    if rules.max_bars == Some(0) {
        return Err(InvalidSimulation::Setting { setting: "max_bars", value: 0.0, expected: "at least 1" });
    }
    if clock.is_none() && (rules.session.is_some() || rules.flat_by.is_some()) {
        return Err(InvalidSimulation::TimeRuleWithoutClock);
    }
    Ok(())
}
