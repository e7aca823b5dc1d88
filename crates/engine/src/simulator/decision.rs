//! A decision meets a position: what is to be done (rules D1–D8).

use super::{ExitReason, Side, Signals};
use crate::Pointwise;

/// The price distances of an entry, in points. `None`: the strategy has no such exit.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Distances {
    /// Stop, from the entry fill.
    pub stop: Option<f64>,
    /// Target, from the entry fill.
    pub target: Option<f64>,
    /// Trailing stop, from the best price seen.
    pub trailing: Option<f64>,
}

impl Distances {
    /// Whether each distance that the strategy has is a finite number above zero (D5).
    #[must_use]
    #[inline(always)]
    pub fn are_defined(&self) -> bool {
        let is_defined = |distance: Option<f64>| distance.is_none_or(|points| points.is_finite() && points > 0.0);
        is_defined(self.stop) && is_defined(self.target) && is_defined(self.trailing)
    }

    /// The nearest protective distance, which a size by risk is computed from (Z4).
    #[inline(always)]
    pub(crate) fn risk(&self) -> Option<f64> {
        match (self.stop, self.trailing) {
            (Some(stop), Some(trailing)) => Some(stop.min(trailing)),
            (stop, trailing) => stop.or(trailing),
        }
    }
}

/// What a strategy says at the close of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Decision {
    /// Enter long.
    pub long_entry: bool,
    /// Leave a long position.
    pub long_exit: bool,
    /// Enter short.
    pub short_entry: bool,
    /// Leave a short position.
    pub short_exit: bool,
    /// The exits that an entry of this bar would rest.
    pub distances: Distances,
}

impl Signals {
    /// The decision at the close of bar `t`; nothing during the warm-up (D1).
    #[inline]
    #[must_use]
    pub fn decision(&self, t: usize) -> Decision {
        if t < self.warmup {
            Decision::default()
        } else {
            Decision { distances: self.distances(t), ..self.conditions(t) }
        }
    }

    /// As [`decision`](Self::decision), but the distances are read beside an entry only. Nothing else looks at them, and
    /// each is a line of memory that no neighbouring bar has fetched.
    #[inline(always)]
    pub(crate) fn terse_decision(&self, t: usize) -> Decision {
        if t < self.warmup {
            return Decision::default();
        }
        let decision = self.conditions(t);
        if decision.long_entry || decision.short_entry {
            Decision { distances: self.distances(t), ..decision }
        } else {
            decision
        }
    }

    #[inline(always)]
    fn conditions(&self, t: usize) -> Decision {
        Decision {
            long_entry: self.long_entry.get(t),
            long_exit: self.long_exit.get(t),
            short_entry: self.short_entry.get(t),
            short_exit: self.short_exit.get(t),
            distances: Distances::default(),
        }
    }

    #[inline(always)]
    fn distances(&self, t: usize) -> Distances {
        let read = |distance: &Option<Pointwise>| distance.as_ref().map(|distance| distance.at(t));
        Distances {
            stop: read(&self.stop_distance),
            target: read(&self.target_distance),
            trailing: read(&self.trailing_distance),
        }
    }
}

/// An entry that is to be filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Entry {
    pub(crate) side: Side,
    pub(crate) distances: Distances,
}

/// What a decision comes to, given the position it meets: at most one exit, then at most one entry.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Order {
    pub(crate) exit: Option<ExitReason>,
    pub(crate) entry: Option<Entry>,
    /// An entry that was wanted, but whose distances are undefined.
    pub(crate) undefined_entry: Option<Side>,
}

impl Decision {
    /// The same without its entries; exits are never held back.
    #[must_use]
    #[inline(always)]
    pub fn without_entries(self) -> Self {
        Self { long_entry: false, short_entry: false, ..self }
    }

    /// Whether it asks for nothing.
    #[inline(always)]
    pub(crate) fn is_silent(&self) -> bool {
        !(self.long_entry | self.long_exit | self.short_entry | self.short_exit)
    }

    /// The side to enter; both at once cancel out (D2).
    #[inline(always)]
    fn entry_side(&self) -> Option<Side> {
        match (self.long_entry, self.short_entry) {
            (true, false) => Some(Side::Long),
            (false, true) => Some(Side::Short),
            _ => None,
        }
    }

    /// Whether a position of this side is to be left.
    #[inline(always)]
    fn leaves(&self, side: Side) -> bool {
        match side {
            Side::Long => self.long_exit,
            Side::Short => self.short_exit,
        }
    }

    /// Orders for the position held at the close (D2–D7).
    #[inline(always)]
    pub(crate) fn resolve(&self, held: Option<Side>) -> Order {
        // D3: an entry on the side already held is ignored.
        let wanted = self.entry_side().filter(|side| held != Some(*side));
        let is_undefined = wanted.is_some() && !self.distances.are_defined();
        let (entry_side, undefined_entry) = if is_undefined { (None, wanted) } else { (wanted, None) };
        let exit = held.and_then(|side| {
            if self.leaves(side) { Some(ExitReason::Rule) } else { entry_side.map(|_| ExitReason::Reversal) }
        });
        let distances = self.distances;
        Order { exit, entry: entry_side.map(|side| Entry { side, distances }), undefined_entry }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Decision = Decision {
        long_entry: false,
        long_exit: false,
        short_entry: false,
        short_exit: false,
        distances: Distances { stop: None, target: None, trailing: None },
    };

    fn entry_side(order: Order) -> Option<Side> {
        order.entry.map(|entry| entry.side)
    }

    #[test]
    fn a_flat_account_enters_on_the_side_asked_for() {
        let long = Decision { long_entry: true, ..NOTHING };
        let short = Decision { short_entry: true, ..NOTHING };
        assert_eq!(entry_side(long.resolve(None)), Some(Side::Long));
        assert_eq!(entry_side(short.resolve(None)), Some(Side::Short));
        assert_eq!(long.resolve(None).exit, None);
        assert_eq!(NOTHING.resolve(None), Order::default());
    }

    #[test]
    fn both_entries_at_once_cancel_out_even_for_a_reversal() {
        let both = Decision { long_entry: true, short_entry: true, ..NOTHING };
        for held in [None, Some(Side::Long), Some(Side::Short)] {
            assert_eq!(both.resolve(held), Order::default());
        }
    }

    #[test]
    fn an_entry_on_the_side_held_is_ignored_and_an_exit_beside_it_wins() {
        let again = Decision { long_entry: true, ..NOTHING };
        assert_eq!(again.resolve(Some(Side::Long)), Order::default());
        let leaving = Decision { long_exit: true, ..again };
        let order = leaving.resolve(Some(Side::Long));
        assert_eq!((order.exit, order.entry), (Some(ExitReason::Rule), None));
    }

    #[test]
    fn an_opposite_entry_reverses_and_an_exit_beside_it_names_the_reason() {
        let opposite = Decision { short_entry: true, ..NOTHING };
        let order = opposite.resolve(Some(Side::Long));
        assert_eq!(order.exit, Some(ExitReason::Reversal));
        assert_eq!(entry_side(order), Some(Side::Short));
        let leaving = Decision { long_exit: true, ..opposite };
        let order = leaving.resolve(Some(Side::Long));
        assert_eq!(order.exit, Some(ExitReason::Rule));
        assert_eq!(entry_side(order), Some(Side::Short));
    }

    #[test]
    fn the_exit_of_the_other_side_and_exits_while_flat_do_nothing() {
        let exits = Decision { long_exit: true, ..NOTHING };
        assert_eq!(exits.resolve(Some(Side::Short)), Order::default());
        assert_eq!(exits.resolve(None), Order::default());
    }

    #[test]
    fn an_undefined_distance_blocks_the_entry_and_the_reversal() {
        for distance in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
            for distances in [
                Distances { stop: Some(distance), ..Distances::default() },
                Distances { target: Some(distance), ..Distances::default() },
                Distances { trailing: Some(distance), ..Distances::default() },
            ] {
                let decision = Decision { short_entry: true, distances, ..NOTHING };
                for held in [None, Some(Side::Long)] {
                    let order = decision.resolve(held);
                    assert_eq!((order.exit, order.entry), (None, None));
                    assert_eq!(order.undefined_entry, Some(Side::Short));
                }
            }
        }
    }

    #[test]
    fn risk_is_the_nearer_protective_distance() {
        let distances = |stop, trailing| Distances { stop, target: Some(0.5), trailing };
        assert_eq!(distances(Some(2.0), Some(3.0)).risk(), Some(2.0));
        assert_eq!(distances(Some(2.0), Some(1.0)).risk(), Some(1.0));
        assert_eq!(distances(None, Some(1.0)).risk(), Some(1.0));
        assert_eq!(distances(None, None).risk(), None);
    }
}
