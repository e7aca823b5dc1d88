//! A study's trials as columns, filled part by part as they come in.
//!
//! What a page needs of a hundred thousand trials fits in some megabytes: kind, values and parameters. A page that shows
//! a study while it runs keeps one ledger and adds to it what is new.

use std::collections::BTreeMap;

use bartune_search::history::History;
use bartune_search::importance::{Evaluator, PedAnovaOptions, Question, importance};
use bartune_search::pareto::{Points, front};
use bartune_search::space::{Param, Space};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use indexmap::IndexMap;

use super::axis::Axis;
use crate::study::{Counts, rank_front};

/// What became of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Feasible,
    Infeasible,
    Pruned,
    Failed,
    Duplicate,
}

/// The trials of a study, in the order of their numbers.
#[derive(Debug)]
pub struct Ledger {
    pub(super) directions: Vec<StudyDirection>,
    pub(super) axes: Vec<Axis>,
    /// One column an axis; NaN where the parameter is inactive.
    pub(super) columns: Vec<Vec<f64>>,
    pub(super) numbers: Vec<u64>,
    pub(super) kinds: Vec<Kind>,
    /// Row by row, one an objective; NaN where there is none.
    pub(super) values: Vec<f64>,
    pub(super) counts: Counts,
    pub(super) reasons: BTreeMap<String, u64>,
    pub(super) last_ms: Option<i64>,
    /// What importance is measured on; gone once trials do not fit it.
    learned: Option<(Space, History)>,
}

impl Ledger {
    /// An empty one for a study with these directions, whose space is known or told by its trials.
    #[must_use]
    pub fn new(directions: &[StudyDirection], space: Option<&Space>) -> Self {
        let axes: Vec<Axis> = space.map_or_else(Vec::new, |space| {
            let params = space.params().iter().filter(|(_, param)| !param.distribution.is_single());
            params.map(|(name, param)| Axis::of(name, &param.distribution)).collect()
        });
        Self {
            directions: directions.to_vec(),
            columns: vec![Vec::new(); axes.len()],
            axes,
            numbers: Vec::new(),
            kinds: Vec::new(),
            values: Vec::new(),
            counts: Counts::default(),
            reasons: BTreeMap::new(),
            last_ms: None,
            learned: space.map(|space| (space.clone(), History::new(space, directions.len()))),
        }
    }

    /// One of all these trials.
    #[must_use]
    pub fn of(directions: &[StudyDirection], space: Option<&Space>, records: &[TrialRecord]) -> Self {
        let told = if space.is_none() { told_space(records) } else { None };
        let mut ledger = Self::new(directions, space.or(told.as_ref()));
        records.iter().for_each(|record| ledger.add(record));
        ledger
    }

    /// How many trials it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The number of the next trial.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.numbers.last().map_or(0, |last| last + 1)
    }

    /// The numbers of the feasible trials, best first; with several objectives those of the Pareto front, its knee first.
    #[must_use]
    pub fn best(&self) -> Vec<u64> {
        self.ranked().into_iter().map(|row| self.numbers[row]).collect()
    }

    /// Add the next trial.
    pub fn add(&mut self, record: &TrialRecord) {
        let trial = &record.trial;
        let row = self.numbers.len();
        self.counts.add(record);
        self.numbers.push(trial.number);
        self.kinds.push(kind(record));
        let objectives = self.directions.len();
        self.values.extend((0..objectives).map(|index| trial.values.get(index).copied().unwrap_or(f64::NAN)));
        self.last_ms = self.last_ms.max(trial.finished_ms);
        if let (Some(reason), None) = (&record.reason, trial.duplicate_of) {
            *self.reasons.entry(reason.clone()).or_default() += 1;
        }
        for (name, distribution) in trial.distributions.iter().filter(|(_, distribution)| !distribution.is_single()) {
            if !self.axes.iter().any(|axis| axis.name == *name) {
                self.axes.push(Axis::of(name, distribution));
                self.columns.push(vec![f64::NAN; row]);
            }
        }
        for (axis, column) in self.axes.iter().zip(&mut self.columns) {
            column.push(trial.params.get(&axis.name).map_or(f64::NAN, Axis::place));
        }
        self.learn(trial);
    }

    fn learn(&mut self, trial: &Trial) {
        if let Some((_, history)) = &mut self.learned
            && history.append(trial).is_err()
        {
            self.learned = None;
        }
    }

    pub(super) fn value(&self, row: usize, objective: usize) -> f64 {
        self.values[row * self.directions.len() + objective]
    }

    /// Whether a smaller first value is the better one.
    pub(super) fn is_minimized(&self) -> bool {
        self.directions.first() == Some(&StudyDirection::Minimize)
    }

    /// The value of the first objective, turned so that more is better.
    pub(super) fn score(&self, row: usize) -> f64 {
        let value = self.value(row, 0);
        if self.is_minimized() { -value } else { value }
    }

    /// Rows that count for the ranking.
    pub(super) fn feasible(&self) -> Vec<usize> {
        let objectives = self.directions.len();
        let has_values = |row: usize| (0..objectives).all(|index| !self.value(row, index).is_nan());
        (0..self.len()).filter(|&row| self.kinds[row] == Kind::Feasible && objectives > 0 && has_values(row)).collect()
    }

    /// Feasible rows, best first; with several objectives the Pareto front, its knee first.
    pub(super) fn ranked(&self) -> Vec<usize> {
        let mut rows = self.feasible();
        if self.directions.len() > 1 {
            return self.front(&rows);
        }
        rows.sort_by(|&a, &b| self.score(b).total_cmp(&self.score(a)).then(a.cmp(&b)));
        rows
    }

    /// Of these rows those that no other beats in every objective, the knee first.
    fn front(&self, rows: &[usize]) -> Vec<usize> {
        let losses = |row: usize| {
            self.directions.iter().enumerate().map(move |(index, direction)| match direction {
                StudyDirection::Maximize => -self.value(row, index),
                StudyDirection::Minimize => self.value(row, index),
            })
        };
        let mut points = Points::new(self.directions.len());
        rows.iter().for_each(|&row| points.push(losses(row)));
        let mut members: Vec<(u64, Vec<f64>)> = Vec::new();
        for (&row, _) in rows.iter().zip(front(&points)).filter(|(_, is_member)| *is_member) {
            let values: Vec<f64> = (0..self.directions.len()).map(|index| self.value(row, index)).collect();
            // Of equal ones the first stands for all.
            if !members.iter().any(|(_, member)| *member == values) {
                members.push((row as u64, values));
            }
        }
        rank_front(&self.directions, &members).into_iter().map(|row| row as usize).collect()
    }

    /// The share of each parameter in what sets the best trials apart, largest first.
    pub(super) fn importance(&self, seed: u64) -> Result<Vec<(String, f64)>, String> {
        let (space, history) = self.learned.as_ref().ok_or("the trials come from more than one parameter space")?;
        let question = Question {
            evaluator: Evaluator::PedAnova(PedAnovaOptions::default()),
            directions: &self.directions,
            objective: None,
            seed,
        };
        let found = importance(&history.view(history.len()), space, &question).map_err(|error| error.to_string())?;
        let is_free = |name: &String| self.axes.iter().any(|axis| axis.name == *name);
        Ok(found.shares().into_iter().filter(|(name, _)| is_free(name)).collect())
    }
}

fn kind(record: &TrialRecord) -> Kind {
    match record.trial.state {
        _ if record.trial.duplicate_of.is_some() => Kind::Duplicate,
        TrialState::Complete if record.trial.is_feasible() => Kind::Feasible,
        TrialState::Complete => Kind::Infeasible,
        TrialState::Pruned if record.reason.is_some() => Kind::Infeasible,
        TrialState::Pruned => Kind::Pruned,
        TrialState::Fail | TrialState::Running | TrialState::Waiting => Kind::Failed,
    }
}

/// The space that trials were drawn from, as far as they tell.
fn told_space(records: &[TrialRecord]) -> Option<Space> {
    let mut params: IndexMap<String, Param> = IndexMap::new();
    for (name, distribution) in records.iter().flat_map(|record| &record.trial.distributions) {
        if !params.contains_key(name) {
            params.insert(name.clone(), Param { distribution: distribution.clone(), when: None });
        }
    }
    Space::try_new(params, Vec::new()).ok()
}
