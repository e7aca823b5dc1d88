//! Strategies that answer for all bars at once, in columns, as rules do.
//!
//! Where a [`Strategy`](super::Strategy) is asked bar by bar, a [`ColumnStrategy`] is asked once a trial: it gets the bars
//! and the parameters and gives a decision for every bar. What it gives is taken as the decisions of rules are, by the same
//! simulator, at the same close.
//!
//! **Causality** cannot be seen from a column: a decision may know the bars after it. [`leak`](super::leak) asks again on bars
//! that are cut off, and compares.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bartune_engine::simulator::Signals;
use bartune_engine::{Mask, Params, Pointwise};

use super::SharedBars;
use crate::error::Error;
use crate::evaluator::Deadline;
use crate::study::panic_text;

/// A strategy that decides for all bars at once.
pub trait ColumnStrategy: fmt::Debug + Send + Sync {
    /// What it is called in the study file and in messages. A part of each trial's identity.
    fn name(&self) -> &str;

    /// Everything but bars and parameters that its decisions depend on: a part of each trial's identity, which keeps
    /// results of another version from being taken for this one's.
    fn version(&self) -> &str;

    /// Bars that it needs before its first decision; decisions before are dropped.
    fn lookback(&self) -> usize {
        0
    }

    /// Its decisions. The same question has the same answer, whenever and wherever it is asked.
    ///
    /// # Errors
    ///
    /// A [`Refusal`]: the trial fails with it, and no other.
    fn decide(&self, question: &Question<'_>) -> Result<Columns, Refusal>;

    /// As [`decide`](Self::decide), from a place where nothing of earlier trials remains, if it has one.
    ///
    /// # Errors
    ///
    /// As there.
    fn decide_afresh(&self, question: &Question<'_>) -> Result<Columns, Refusal> {
        self.decide(question)
    }
}

/// What a [`ColumnStrategy`] is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The bars: decide for each of them, from it and those before it.
    pub bars: &'a SharedBars,
    /// The trial's parameters; those that are inactive are absent.
    pub params: &'a Params,
    /// How long the answer may take; `None`: as long as the strategy's own limit says.
    pub limit: Option<Duration>,
}

/// Decisions at the close of each bar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns {
    /// Enter long.
    pub long_entry: Mask,
    /// Leave a long position.
    pub long_exit: Mask,
    /// Enter short.
    pub short_entry: Mask,
    /// Leave a short position.
    pub short_exit: Mask,
    /// Distance of the stop in points, read at bars that enter; one that is NaN there forbids the entry.
    pub stop_loss: Option<Vec<f64>>,
    /// Distance of the target.
    pub take_profit: Option<Vec<f64>>,
    /// Distance of the trailing stop.
    pub trailing_stop: Option<Vec<f64>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The strategy's own reason.
    Failed(String),
    /// What ran it broke, which it need not do again.
    Broken(String),
    /// It took too long; so many milliseconds were allowed.
    Late(u64),
}

/// A [`ColumnStrategy`] in a plan.
#[derive(Debug, Clone)]
pub struct ColumnCode {
    strategy: Arc<dyn ColumnStrategy>,
    parameters: Vec<String>,
    lookback: usize,
}

/// A [`ColumnStrategy`] with a trial's parameters.
#[derive(Debug)]
pub(crate) struct BoundColumns {
    strategy: Arc<dyn ColumnStrategy>,
    params: Params,
    lookback: usize,
}

impl Columns {
    /// Entries where a position begins, exits where it ends; `positions` has 1 (long), −1 (short) or 0 at each bar.
    ///
    /// ```
    /// use bartune::strategy::Columns;
    ///
    /// let columns = Columns::of_positions(&[0, 1, 1, 0, -1]);
    /// assert!(columns.long_entry.get(1) && !columns.long_entry.get(2) && columns.long_exit.get(3));
    /// assert!(columns.short_entry.get(4) && columns.short_exit.count() == 0);
    /// ```
    #[must_use]
    pub fn of_positions(positions: &[i8]) -> Self {
        let held = |side: i8| Mask::from_fn(positions.len(), |t| positions[t] == side);
        Self::of_held(&held(1), &held(-1))
    }

    /// The same, by where a long and where a short position is held.
    pub(crate) fn of_held(long: &Mask, short: &Mask) -> Self {
        let ((long_entry, long_exit), (short_entry, short_exit)) = (edges(long), edges(short));
        Self { long_entry, long_exit, short_entry, short_exit, ..Self::default() }
    }

    fn conditions(&self) -> [&Mask; 4] {
        [&self.long_entry, &self.long_exit, &self.short_entry, &self.short_exit]
    }

    fn distances(&self) -> [&Option<Vec<f64>>; 3] {
        [&self.stop_loss, &self.take_profit, &self.trailing_stop]
    }

    /// Whether every column has one value for each of so many bars.
    fn is_of(&self, bars: usize) -> bool {
        self.conditions().iter().all(|mask| mask.len() == bars)
            && self.distances().iter().all(|distance| distance.as_ref().is_none_or(|values| values.len() == bars))
    }

    /// The first bar before `end` at which two answers differ: in a condition, or in a distance by more than a
    /// `tolerance`-th of it at a bar that enters.
    pub(crate) fn difference(&self, other: &Self, end: usize, tolerance: f64) -> Option<usize> {
        let conditions = self.conditions().into_iter().zip(other.conditions());
        let first = conditions.filter_map(|(one, other)| first_difference(one, other)).min().unwrap_or(end).min(end);
        // Before it, both enter at the same bars.
        let enters = |t: &usize| self.long_entry.get(*t) || self.short_entry.get(*t);
        let differs = |t: &usize| {
            let pairs = self.distances().into_iter().zip(other.distances());
            let at = |distance: &Option<Vec<f64>>| distance.as_ref().map(|values| values[*t]);
            pairs.into_iter().any(|(one, other)| !is_near(at(one), at(other), tolerance))
        };
        (0..first).filter(enters).find(differs).or((first < end).then_some(first))
    }

    fn into_signals(self, warmup: usize) -> Signals {
        let distance = |values: Option<Vec<f64>>| values.map(Pointwise::from);
        Signals {
            long_entry: self.long_entry,
            long_exit: self.long_exit,
            short_entry: self.short_entry,
            short_exit: self.short_exit,
            stop_distance: distance(self.stop_loss),
            target_distance: distance(self.take_profit),
            trailing_distance: distance(self.trailing_stop),
            warmup,
            ..Signals::default()
        }
    }
}

/// The bars at which what is held begins, and those at which it has ended.
fn edges(held: &Mask) -> (Mask, Mask) {
    let (mut begins, mut ends) = (held.clone(), held.delayed(1));
    for (begin, end) in begins.words_mut().iter_mut().zip(ends.words_mut()) {
        (*begin, *end) = (*begin & !*end, *end & !*begin);
    }
    (begins, ends)
}

/// The first bar that only one of two masks has, as far as both go.
fn first_difference(one: &Mask, other: &Mask) -> Option<usize> {
    let bars = one.len().min(other.len());
    let words = one.words().iter().zip(other.words()).enumerate();
    let differing = words.map(|(index, (one, other))| (index * 64, one ^ other));
    let bits =
        |(start, bits): (usize, u64)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| start + bit);
    differing.filter(|(_, bits)| *bits != 0).flat_map(bits).find(|&bar| bar < bars)
}

fn is_near(one: Option<f64>, other: Option<f64>, tolerance: f64) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one.to_bits() == other.to_bits()
                || (one.is_nan() && other.is_nan())
                || (one - other).abs() <= tolerance * one.abs().max(other.abs())
        }
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl ColumnCode {
    pub(crate) fn new(strategy: Arc<dyn ColumnStrategy>, parameters: Vec<String>) -> Self {
        let lookback = strategy.lookback();
        Self { strategy, parameters, lookback }
    }

    /// With the lookback that the study says.
    pub(crate) fn with_lookback(self, lookback: usize) -> Self {
        Self { lookback, ..self }
    }

    /// The strategy.
    #[must_use]
    pub fn strategy(&self) -> &dyn ColumnStrategy {
        &*self.strategy
    }

    pub(super) fn parameters(&self) -> &[String] {
        &self.parameters
    }

    pub(super) fn canonical(&self) -> String {
        let (name, version) = (self.strategy.name(), self.strategy.version());
        format!("columns {name:?} lookback {}\n{version}", self.lookback)
    }

    pub(crate) fn bind(&self, params: &Params) -> BoundColumns {
        BoundColumns { strategy: Arc::clone(&self.strategy), params: params.clone(), lookback: self.lookback }
    }
}

impl BoundColumns {
    pub(super) fn warmup(&self) -> usize {
        self.lookback
    }

    /// The decisions over bars. A panic of the strategy is its error.
    pub(crate) fn over(&self, bars: &SharedBars, deadline: &Deadline) -> Result<Signals, Error> {
        Ok(self.columns(bars, deadline, Ask::AsEver)?.into_signals(self.warmup()))
    }

    /// The answer as it was given.
    pub(crate) fn columns(&self, bars: &SharedBars, deadline: &Deadline, ask: Ask) -> Result<Columns, Error> {
        let question = Question { bars, params: &self.params, limit: deadline.left() };
        let answer = || match ask {
            Ask::AsEver => self.strategy.decide(&question),
            Ask::Afresh => self.strategy.decide_afresh(&question),
        };
        let name = || self.strategy.name().to_owned();
        let columns = match catch_unwind(AssertUnwindSafe(answer)) {
            Ok(Ok(columns)) => columns,
            Ok(Err(Refusal::Failed(reason))) => return Err(Error::Strategy { name: name(), reason }),
            Ok(Err(Refusal::Broken(reason))) => return Err(Error::Worker { name: name(), reason }),
            Ok(Err(Refusal::Late(_))) if question.limit.is_some() => return Err(deadline.error()),
            Ok(Err(Refusal::Late(allowed))) => return Err(Error::TrialTimeout { seconds: allowed as f64 / 1e3 }),
            Err(panic) => return Err(Error::Strategy { name: name(), reason: panic_text(&*panic) }),
        };
        if columns.is_of(bars.len()) {
            return Ok(columns);
        }
        let reason = format!("it did not decide for each of the {} bars", bars.len());
        Err(Error::Strategy { name: name(), reason })
    }
}

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Whoever answers trials.
    AsEver,
    /// One that has answered none.
    Afresh,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_of_conditions_or_of_distances_at_entries() {
        let one = Columns { stop_loss: Some(vec![1.0; 200]), ..Columns::of_positions(&positions(&[70, 150])) };
        assert_eq!(one.difference(&one.clone(), 200, 0.0), None);
        let other = Columns { stop_loss: Some(vec![1.0; 200]), ..Columns::of_positions(&positions(&[70, 151])) };
        assert_eq!(one.difference(&other, 200, 0.0), Some(150));
        assert_eq!(one.difference(&other, 150, 0.0), None);
        let mut moved = one.clone();
        moved.stop_loss.as_mut().expect("it has one")[150] = 1.0 + 1e-12;
        assert_eq!(one.difference(&moved, 200, 1e-9), None);
        assert_eq!(one.difference(&moved, 200, 0.0), Some(150));
        // Nobody reads a distance where nothing enters.
        moved.stop_loss.as_mut().expect("it has one")[150] = 1.0;
        moved.stop_loss.as_mut().expect("it has one")[151] = 9.0;
        assert_eq!(one.difference(&moved, 200, 0.0), None);
        assert_eq!(one.difference(&Columns { stop_loss: None, ..one.clone() }, 200, 0.0), Some(70));
    }

    #[test]
    fn a_shorter_answer_is_compared_as_far_as_it_goes() {
        let (one, other) = (positions(&[70, 150]), positions(&[70, 150]));
        let short = Columns::of_positions(&other[..151]);
        assert_eq!(short.difference(&Columns::of_positions(&one), 151, 0.0), None);
        assert_eq!(short.difference(&Columns::of_positions(&positions(&[70])), 151, 0.0), Some(150));
    }

    /// Long for one bar at each of these.
    fn positions(long: &[usize]) -> Vec<i8> {
        (0..200).map(|t| i8::from(long.contains(&t))).collect()
    }
}
