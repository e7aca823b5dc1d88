//! What the simulator reads: decisions, price distances and the rules around them.

use crate::{Mask, Pointwise};

/// A strategy's decisions over the bars `0..len` of a [`Bars`](crate::bars::Bars): index `t` is the
/// decision taken at the close of bar `t`, from bars up to and including `t`.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    /// Enter long.
    pub long_entry: Mask,
    /// Leave a long position.
    pub long_exit: Mask,
    /// Enter short.
    pub short_entry: Mask,
    /// Leave a short position.
    pub short_exit: Mask,
    /// Price distance of the stop from the entry fill, read at the decision bar. `None`: no stop.
    pub stop_distance: Option<Pointwise>,
    /// Price distance of the target from the entry fill, read at the decision bar.
    pub target_distance: Option<Pointwise>,
    /// Price distance of the trailing stop from the best price seen, read at the decision bar.
    pub trailing_distance: Option<Pointwise>,
    /// First bar at which each needed series is defined: no decision is taken before it.
    pub warmup: usize,
    /// Limits on time.
    pub rules: TimeRules,
}

/// Exits and pauses that count time instead of price.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeRules {
    /// Leave at the close of the n-th bar that the position lives through: the bar of the entry fill is the
    /// first with `fill = "next_open"`, the bar after it with `fill = "close"`.
    pub max_bars: Option<u32>,
    /// After a position closed in bar `t`, decisions of bars `t..t + cooldown` cannot enter, except the one
    /// that closed it by reversing.
    pub cooldown: u32,
    /// Entries are allowed only when the decision bar's close falls into this window of the day.
    pub session: Option<Session>,
    /// Minute of the day (local, 0..1440) by which a position must be flat: it is closed at the last close at
    /// or before it, or at the open of the bar that the deadline has passed before or passes in.
    pub flat_by: Option<u16>,
}

/// A window of the local day, in minutes since midnight: `[open, close)`; it may wrap past midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// First minute.
    pub open: u16,
    /// First minute no longer inside.
    pub close: u16,
}
