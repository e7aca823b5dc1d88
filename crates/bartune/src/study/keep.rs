//! How much is kept of each trial: all of it of the first trials and of the best, headlines of the others.
//!
//! A full record (every metric and the daily returns) takes some 5 KB where the rest of a trial takes one. A
//! trial is a pure function of its parameters, so that what is left out is a recomputation away
//! (`bartune backtest --trial N`).
//!
//! | `search.returns` | full records | daily returns |
//! |---|---|---|
//! | `"best"` (the default) | the first 2,000 trials, and the best 500 | of those |
//! | `"none"` | the same | none |
//! | `"all"` | every trial | of every trial |
//!
//! The best are the feasible trials with the best values, the earlier one on a tie; with several objectives
//! the members of the Pareto front, the first 500 of them. A trial that falls out of the best is abridged in the
//! transaction that stores the better one.
//!
//! **Invariant:** what is kept after trial `n` is a function of the trials `0..=n` alone: the number of
//! workers, batches and interruptions leave no trace in the store. Trials that another program made, and
//! imported ones, are never abridged: nobody can compute them again.

use std::collections::BTreeSet;

use bartune_search::storage::TrialRecord;
use bartune_search::trial::StudyDirection;

use super::summary::{at_least, feasible_values};
use crate::config::{Plan, ReturnsPlan};

/// Trials with a full record, from number 0 on.
const FIRST: u64 = 2_000;
/// Trials beyond them with a full record.
const BEST: usize = 500;

/// The metrics that people look at first. They are kept of every trial, with those that the study's objective
/// and constraints read.
pub const HEADLINE_METRICS: [&str; 16] = [
    "composite",
    "total_return",
    "cagr",
    "sharpe",
    "sortino",
    "calmar",
    "max_drawdown",
    "volatility",
    "profit_factor",
    "win_rate",
    "expectancy",
    "trades",
    "exposure",
    "total_commission",
    "total_slippage",
    "ambiguous_bars",
];

/// The metrics that are kept of every trial of a plan.
pub(crate) fn headline(plan: &Plan) -> BTreeSet<String> {
    let targets = plan.objective.targets.iter().flat_map(|target| target.formula.reads());
    let constraints = plan.objective.constraints.iter().flat_map(|constraint| constraint.reads());
    HEADLINE_METRICS.iter().map(|name| (*name).to_owned()).chain(targets.chain(constraints).cloned()).collect()
}

/// How many of so many trials have full records, at most.
pub(crate) fn full_records(plan: &Plan, trials: u64) -> u64 {
    match plan.search.returns {
        ReturnsPlan::All => trials,
        ReturnsPlan::Best | ReturnsPlan::None => trials.min(FIRST + BEST as u64),
    }
}

/// Which of so many trials have full records.
#[derive(Debug, Clone, Copy)]
struct Room {
    first: u64,
    best: usize,
}

/// Decides, trial by trial in the order of their numbers, how much is kept.
#[derive(Debug)]
pub(super) struct Keeper {
    returns: ReturnsPlan,
    room: Room,
    headline: BTreeSet<String>,
    directions: Vec<StudyDirection>,
    /// One objective: the best trials by rank, lower is better, and number.
    best: BTreeSet<(i64, u64)>,
    /// Several: the front, and which of its members are among the best.
    front: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    number: u64,
    values: Vec<f64>,
    is_kept: bool,
}

/// What a trial's arrival among the best changes.
#[derive(Debug, Default, PartialEq, Eq)]
struct Arrival {
    is_among_best: bool,
    left: Vec<u64>,
}

impl Keeper {
    /// A keeper for a study that already has these trials, in number order.
    pub(super) fn new(plan: &Plan, stored: &[TrialRecord]) -> Self {
        let mut keeper = Self {
            returns: plan.search.returns,
            room: Room { first: FIRST, best: BEST },
            headline: headline(plan),
            directions: plan.objective.directions(),
            best: BTreeSet::new(),
            front: Vec::new(),
        };
        for record in stored {
            keeper.arrive(record);
        }
        keeper
    }

    /// The metrics that are kept of every trial.
    pub(super) fn headline(&self) -> &BTreeSet<String> {
        &self.headline
    }

    /// Leave out of the next trial what is not kept; numbers of earlier trials that are to be abridged now.
    pub(super) fn decide(&mut self, record: &mut TrialRecord) -> Vec<u64> {
        let mut arrival = self.arrive(record);
        if self.returns == ReturnsPlan::None {
            record.daily_returns.clear();
        }
        if self.returns == ReturnsPlan::All {
            return Vec::new();
        }
        if record.trial.number >= self.room.first && !arrival.is_among_best {
            record.abridge(&self.headline);
        }
        arrival.left.retain(|number| *number >= self.room.first);
        arrival.left
    }

    fn arrive(&mut self, record: &TrialRecord) -> Arrival {
        let values = feasible_values(record, self.directions.len()).filter(|_| !record.identity.is_empty());
        match (values, self.directions.as_slice()) {
            (None, _) => Arrival::default(),
            (Some([value]), [direction]) => self.rank(rank(*direction, *value), record.trial.number),
            (Some(values), _) => self.join_front(record.trial.number, values),
        }
    }

    fn rank(&mut self, rank: i64, number: u64) -> Arrival {
        self.best.insert((rank, number));
        let left = if self.best.len() > self.room.best { self.best.pop_last() } else { None };
        let left = left.map(|(_, number)| number);
        Arrival { is_among_best: left != Some(number), left: left.into_iter().filter(|left| *left != number).collect() }
    }

    fn join_front(&mut self, number: u64, values: &[f64]) -> Arrival {
        let covers = |a: &[f64], b: &[f64]| {
            self.directions.iter().zip(a.iter().zip(b)).all(|(&direction, (&a, &b))| at_least(direction, a, b))
        };
        if self.front.iter().any(|member| covers(&member.values, values)) {
            return Arrival::default();
        }
        let left: Vec<Member> = self.front.extract_if(.., |member| covers(values, &member.values)).collect();
        let is_kept = self.front.iter().filter(|member| member.is_kept).count() < self.room.best;
        self.front.push(Member { number, values: values.to_vec(), is_kept });
        let left = left.into_iter().filter(|member| member.is_kept).map(|member| member.number);
        Arrival { is_among_best: is_kept, left: left.collect() }
    }
}

/// Better values first, in the order of [`f64::total_cmp`]; a zero has no sign, since stores drop it.
fn rank(direction: StudyDirection, value: f64) -> i64 {
    let bits = (value + 0.0).to_bits().cast_signed();
    let ascending = bits ^ ((bits >> 63).cast_unsigned() >> 1).cast_signed();
    match direction {
        StudyDirection::Minimize => ascending,
        StudyDirection::Maximize => !ascending,
    }
}

#[cfg(test)]
mod tests;
