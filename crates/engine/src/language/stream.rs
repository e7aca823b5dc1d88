//! A bound strategy bar by bar: the same graph as over whole columns, the same values bit for bit.
//!
//! Each timeframe has its steps in an order where inputs come first; a bar runs the steps of the longer
//! timeframes it completes, then those of the base. Functions keep their state in their kernels, lags in
//! rings. A bar allocates nothing.
//!
//! **Warm-up.** A node's first defined bar is known before the first bar, except behind `on`, where it
//! depends on how the buckets lie on the bars: such a node is undefined until its bucket has come.
//!
//! There is no way to save a state but to keep the bars: a state is a function of the bars it has seen.

mod build;
mod step;

use jiff::tz::TimeZone;

use super::BoundStrategy;
use crate::bars::{BarValues, BucketStream, DataError, RunningClock};
use crate::simulator::{Decision, Distances, TimeRules};

use step::{Program, Slots};

/// A strategy with its parameters put in, after the bars it has seen.
pub struct StreamState {
    clock: RunningClock,
    slots: Slots,
    base: Program,
    frames: Vec<Frame>,
    rules: RuleSlots,
    time_rules: TimeRules,
    /// First bar at which every rule is defined, once that is known.
    warmup: Option<usize>,
}

/// A longer timeframe.
struct Frame {
    buckets: BucketStream,
    program: Program,
}

/// Where each rule's value is found.
struct RuleSlots {
    long_entry: usize,
    long_exit: usize,
    short_entry: usize,
    short_exit: usize,
    stop: Option<usize>,
    target: Option<usize>,
    trailing: Option<usize>,
    /// The nodes that rules read.
    roots: Vec<usize>,
}

impl std::fmt::Debug for StreamState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamState").field("bars_seen", &self.bars_seen()).field("warmup", &self.warmup).finish()
    }
}

impl StreamState {
    /// The state before the first bar of `timeframe_ns`.
    ///
    /// ```
    /// use bartune_engine::Params;
    /// use bartune_engine::bars::{BarValues, parse_timeframe};
    /// use bartune_engine::language::{RuleName, StrategySource, StreamState, compile};
    /// use jiff::tz::TimeZone;
    ///
    /// let rules = vec![(RuleName::LongEntry, "close > sma(close, 2)".to_owned())];
    /// let strategy = compile(&StrategySource { lets: vec![], rules }, &[]).expect("it is well formed");
    /// let minute = parse_timeframe("1m")?;
    /// let mut state = StreamState::new(&strategy.bind(&Params::new())?, &TimeZone::UTC, minute)?;
    /// let mut enters = |t: i64, price: f64| {
    ///     let bar = BarValues { time: t * minute, open: price, high: price, low: price, close: price, volume: 0.0 };
    ///     state.update(&bar).long_entry
    /// };
    /// assert!(!enters(0, 10.0));
    /// assert!(enters(1, 11.0));
    /// assert!(!enters(2, 9.0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::Resample`] if a timeframe of `on` does not fit the bars'.
    pub fn new(strategy: &BoundStrategy, timezone: &TimeZone, timeframe_ns: i64) -> Result<Self, DataError> {
        build::state(strategy, timezone, timeframe_ns)
    }

    /// One more bar, which must be later than the one before: the decision at its close. It equals
    /// [`Signals::decision`](crate::simulator::Signals::decision) of the same bar.
    pub fn update(&mut self, bar: &BarValues) -> Decision {
        for frame in &mut self.frames {
            for bucket in frame.buckets.update(bar, &mut self.clock).into_iter().flatten() {
                frame.program.run(&bucket, &mut self.slots, &mut self.clock);
            }
        }
        self.base.run(bar, &mut self.slots, &mut self.clock);
        if self.warmup.is_none() {
            self.warmup = self.slots.warmup(&self.rules.roots);
        }
        self.decision()
    }

    /// Bars seen so far.
    #[must_use]
    pub fn bars_seen(&self) -> usize {
        self.base.seen()
    }

    /// First bar at which every rule is defined; `None` while that depends on bars to come.
    #[must_use]
    pub fn warmup(&self) -> Option<usize> {
        self.warmup
    }

    /// `max_bars` and `cooldown`; the study file's times are the caller's to fill in.
    #[must_use]
    pub fn rules(&self) -> &TimeRules {
        &self.time_rules
    }

    fn decision(&self) -> Decision {
        // The bar just seen is number `bars_seen - 1`.
        if self.warmup.is_none_or(|warmup| self.bars_seen() <= warmup) {
            return Decision::default();
        }
        let (rules, slots) = (&self.rules, &self.slots);
        let distance = |slot: Option<usize>| slot.map(|slot| slots.number(slot));
        Decision {
            long_entry: slots.holds(rules.long_entry),
            long_exit: slots.holds(rules.long_exit),
            short_entry: slots.holds(rules.short_entry),
            short_exit: slots.holds(rules.short_exit),
            distances: Distances {
                stop: distance(rules.stop),
                target: distance(rules.target),
                trailing: distance(rules.trailing),
            },
        }
    }
}
