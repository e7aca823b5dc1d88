//! Resting exits: where stop, target and trailing stop lie (rules X1–X4) and when a bar hits them (X5–X9).
//!
//! The levels are placed at the entry fill and do not move, except the trailing stop, which follows the
//! best price of *completed* bars. Nothing here knows what happens after a hit.

use super::fill::on_tick;
use super::{Bar, Distances, ExitReason, Intrabar, Side};

/// A trailing stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trail {
    /// Points behind the best price.
    pub distance: f64,
    /// The best price so far: the entry fill, then the extremes of completed bars.
    pub best_price: f64,
}

/// The resting exits of a position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Stop price.
    pub stop: Option<f64>,
    /// Target price.
    pub target: Option<f64>,
    /// Trailing stop.
    pub trail: Option<Trail>,
    /// The grid on which levels lie.
    tick: Option<f64>,
}

/// Between these prices a position rests. A bar hits a level if its low is at or beneath `below`, or its high at
/// or above `above`; its open, which lies between them, need not be looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) below: f64,
    pub(crate) above: f64,
}

impl Bounds {
    /// Whether a bar with these extremes, or several, touches neither.
    pub(crate) fn hold(&self, highest: f64, lowest: f64) -> bool {
        lowest > self.below && highest < self.above
    }
}

/// A position's way out: a price that the market quotes, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Exit {
    pub(crate) quote: f64,
    pub(crate) reason: ExitReason,
    /// Whether the bar touched a stop and the target, so that the policy chose.
    pub(crate) is_ambiguous: bool,
}

impl Exit {
    /// An exit about which there is no doubt.
    pub(crate) fn at(quote: f64, reason: ExitReason) -> Self {
        Self { quote, reason, is_ambiguous: false }
    }
}

impl Levels {
    /// Levels around the entry fill (X1, X2): long at 100 with a stop distance of 2 and a target distance
    /// of 5 rests at 98 and 105; short, at 102 and 95.
    #[inline(always)]
    pub(crate) fn around(entry_price: f64, side: Side, distances: &Distances, tick: Option<f64>) -> Self {
        let stop = |distance| on_tick(behind(entry_price, side, distance), side, tick);
        let target = |distance| on_tick(ahead(entry_price, side, distance), side, tick);
        Self {
            stop: distances.stop.map(stop),
            target: distances.target.map(target),
            trail: distances.trailing.map(|distance| Trail { distance, best_price: entry_price }),
            tick,
        }
    }

    /// The trailing stop's price for the bar to come (X3).
    #[must_use]
    #[inline(always)]
    pub fn trailing_stop(&self, side: Side) -> Option<f64> {
        self.trail.map(|trail| on_tick(behind(trail.best_price, side, trail.distance), side, self.tick))
    }

    /// Let the trailing stop follow a completed bar (X3).
    pub(crate) fn follow(&mut self, side: Side, bar: &Bar) {
        self.follow_extremes(side, bar.high, bar.low);
    }

    /// The same for several completed bars, by their highest and lowest price.
    #[inline(always)]
    pub(crate) fn follow_extremes(&mut self, side: Side, highest: f64, lowest: f64) {
        if let Some(trail) = &mut self.trail {
            trail.best_price = match side {
                Side::Long => trail.best_price.max(highest),
                Side::Short => trail.best_price.min(lowest),
            };
        }
    }

    /// The prices at or below and at or above which a level is hit in the bar to come; infinite where there is
    /// no level. The stop side is the nearer one of stop and trailing stop (X4).
    #[inline(always)]
    pub(crate) fn bounds(&self, side: Side) -> Bounds {
        let (stop, target) = (self.protection(side).map(|exit| exit.quote), self.target);
        let (below, above) = match side {
            Side::Long => (stop, target),
            Side::Short => (target, stop),
        };
        Bounds { below: below.unwrap_or(f64::NEG_INFINITY), above: above.unwrap_or(f64::INFINITY) }
    }

    /// The nearer of stop and trailing stop (X4); the stop where they are equal.
    #[inline(always)]
    pub(crate) fn protection(&self, side: Side) -> Option<Exit> {
        let stop = self.stop.map(|level| Exit::at(level, ExitReason::StopLoss));
        let trail = self.trailing_stop(side).map(|level| Exit::at(level, ExitReason::TrailingStop));
        match (stop, trail) {
            (Some(stop), Some(trail)) if is_nearer(trail.quote, stop.quote, side) => Some(trail),
            (stop, trail) => stop.or(trail),
        }
    }
}

/// Whether one protective level is hit before another on the way against the position.
fn is_nearer(level: f64, other: f64, side: Side) -> bool {
    match side {
        Side::Long => level > other,
        Side::Short => level < other,
    }
}

/// The price `distance` against the position.
fn behind(price: f64, side: Side, distance: f64) -> f64 {
    match side {
        Side::Long => price - distance,
        Side::Short => price + distance,
    }
}

/// The price `distance` in the position's favour.
fn ahead(price: f64, side: Side, distance: f64) -> f64 {
    behind(price, side.opposite(), distance)
}

/// Whether `price` is at a stop level or beyond it.
fn hits_stop(price: f64, level: f64, side: Side) -> bool {
    match side {
        Side::Long => price <= level,
        Side::Short => price >= level,
    }
}

/// Whether `price` is at a target level or beyond it.
fn hits_target(price: f64, level: f64, side: Side) -> bool {
    hits_stop(price, level, side.opposite())
}

/// The worst and the best price of a bar for the position.
fn extremes(bar: &Bar, side: Side) -> (f64, f64) {
    match side {
        Side::Long => (bar.low, bar.high),
        Side::Short => (bar.high, bar.low),
    }
}

/// The exit of a position that meets the bar's open, if the open lies at or beyond a level: the fill is the
/// open, better or worse than the level (X5).
#[inline]
pub(crate) fn exit_at_open(levels: &Levels, side: Side, open: f64) -> Option<Exit> {
    // Nearly every bar opens between the levels.
    if levels.bounds(side).hold(open, open) {
        return None;
    }
    let stop = levels.protection(side).filter(|stop| hits_stop(open, stop.quote, side));
    let target = levels.target.filter(|target| hits_target(open, *target, side));
    stop.map(|stop| Exit::at(open, stop.reason)).or_else(|| target.map(|_| Exit::at(open, ExitReason::TakeProfit)))
}

/// The exit of a position within the bar, whose open lies between the levels (X6–X9).
#[inline]
pub(crate) fn exit_within(levels: &Levels, side: Side, bar: &Bar, policy: Intrabar) -> Option<Exit> {
    // Nearly every bar stays between the levels.
    if levels.bounds(side).hold(bar.high, bar.low) {
        return None;
    }
    let (worst, best) = extremes(bar, side);
    let stop = levels.protection(side).filter(|stop| hits_stop(worst, stop.quote, side));
    let target = levels
        .target
        .filter(|target| hits_target(best, *target, side))
        .map(|target| Exit::at(target, ExitReason::TakeProfit));
    match (stop, target) {
        (Some(stop), Some(target)) => {
            Some(Exit { is_ambiguous: true, ..first_touched(stop, target, policy, first_extreme(bar, side)) })
        }
        (stop, target) => stop.or(target),
    }
}

/// Which extreme the walk open → nearer extreme → other extreme → close meets first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FirstExtreme {
    Worst,
    Best,
}

/// The nearer extreme comes first; when both are equally near, the worse one (X9).
fn first_extreme(bar: &Bar, side: Side) -> FirstExtreme {
    let (worst, best) = extremes(bar, side);
    if (bar.open - worst).abs() <= (best - bar.open).abs() { FirstExtreme::Worst } else { FirstExtreme::Best }
}

/// The same-bar policy (X7–X9).
fn first_touched(stop: Exit, target: Exit, policy: Intrabar, first: FirstExtreme) -> Exit {
    match (policy, first) {
        (Intrabar::Worst, _) | (Intrabar::Path, FirstExtreme::Worst) => stop,
        (Intrabar::Best, _) | (Intrabar::Path, FirstExtreme::Best) => target,
    }
}
