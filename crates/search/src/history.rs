//! Trials in columns, as samplers read them.
//!
//! Row `n` is trial `n`. One column of internal values for each parameter of the space, NaN where the
//! trial does not have it, and a few columns for what became of the trial: about 8 bytes for each
//! parameter value, 8 for each constraint, 41 for each trial and 16 for each intermediate value.
//!
//! A [`View`] is the history as a proposal may see it: a prefix. Results that are not in the prefix
//! do not exist for the sampler, whether or not they are already known here, which is what makes a
//! proposal independent of the number of workers.
//!
//! | trial | learned from as |
//! |---|---|
//! | COMPLETE, feasible, with a value | complete |
//! | PRUNED, feasible | pruned, by its last step and the value there; one that reported nothing comes last |
//! | COMPLETE or PRUNED with a violated constraint | infeasible, by the sum of its violations |
//! | COMPLETE whose value is missing or NaN | nothing |
//! | FAIL, RUNNING, WAITING | nothing |
//! | answered from an earlier trial (`duplicate_of`) | nothing: its original is there already |
//!
//! A constraint that is NaN counts as violated without bound (Optuna counts it as satisfied).
//! Values are matched to the space by parameter name: a choice that the space no longer has and a
//! non-positive number on a logarithmic range are absent; a number outside the range stays.

mod cursor;

use indexmap::IndexMap;
use thiserror::Error;

pub(crate) use cursor::Cursor;

use crate::space::{Distribution, ParamValue, Space};
use crate::trial::{StudyDirection, Trial, TrialState};

/// What can be wrong with an appended trial.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HistoryError {
    /// Trials must be appended in the order of their numbers, without gaps.
    #[error("trial {number} was appended where trial {expected} was due")]
    OutOfOrder {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        number: u64,
    },
}

/// What samplers learn from a trial.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lesson {
    /// It counts for nothing.
    Nothing,
    /// Feasible, with values.
    Complete,
    /// Feasible, stopped early: the last step reported and its value, if any.
    Pruned {
        /// Last step and the value there, which may be NaN; `None` if nothing was reported.
        last: Option<(i64, f64)>,
    },
    /// Violates constraints; the sum of the violations, above 0.
    Infeasible {
        /// Sum of the positive constraint values.
        violation: f64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Nothing,
    Complete,
    Pruned,
    PrunedInSilence,
    Infeasible,
    PrunedInfeasible,
}

/// Trials in columns, appended in the order of their numbers.
#[derive(Debug, Clone)]
pub struct History {
    names: Vec<String>,
    distributions: Vec<Distribution>,
    objectives: usize,
    columns: Vec<Vec<f64>>,
    kinds: Vec<Kind>,
    /// Row-major, one value an objective; NaN where there is none.
    values: Vec<f64>,
    /// Violation of an infeasible trial; last intermediate value of a pruned one.
    scores: Vec<f64>,
    /// By name, in the order in which they were first seen; NaN where a trial lacks one, infinite where it is NaN.
    constraints: IndexMap<String, Vec<f64>>,
    /// Row and last step of each pruned trial that reported something.
    steps: Vec<(u32, i64)>,
    /// Steps and values reported, of all rows one after the other.
    report_steps: Vec<i64>,
    report_values: Vec<f64>,
    /// Where each row's reports end.
    report_ends: Vec<usize>,
    /// Running hash of all rows up to and including each one.
    fingerprints: Vec<u64>,
    /// Rows learned from, up to and including each one.
    lessons: Vec<u32>,
    start: u64,
}

impl History {
    /// An empty history of trials in a space, with so many objectives.
    #[must_use]
    pub fn new(space: &Space, objectives: usize) -> Self {
        let mut history = Self {
            names: space.params().keys().cloned().collect(),
            distributions: space.params().values().map(|param| param.distribution.clone()).collect(),
            objectives,
            columns: vec![Vec::new(); space.len()],
            kinds: Vec::new(),
            values: Vec::new(),
            scores: Vec::new(),
            constraints: IndexMap::new(),
            steps: Vec::new(),
            report_steps: Vec::new(),
            report_values: Vec::new(),
            report_ends: Vec::new(),
            fingerprints: Vec::new(),
            lessons: Vec::new(),
            start: objectives as u64,
        };
        for (name, distribution) in history.names.iter().zip(&history.distributions) {
            for byte in name.bytes().chain([0]).chain(distribution.to_json().bytes()) {
                history.start = mix(history.start, u64::from(byte));
            }
        }
        history
    }

    /// A history of all these trials.
    ///
    /// # Errors
    ///
    /// [`HistoryError::OutOfOrder`] if their numbers are not 0, 1, 2, …
    pub fn from_trials<'a>(
        space: &Space,
        objectives: usize,
        trials: impl IntoIterator<Item = &'a Trial>,
    ) -> Result<Self, HistoryError> {
        let mut history = Self::new(space, objectives);
        for trial in trials {
            history.append(trial)?;
        }
        Ok(history)
    }

    /// Append the next trial.
    ///
    /// # Errors
    ///
    /// [`HistoryError::OutOfOrder`] if its number is not [`len`](Self::len).
    pub fn append(&mut self, trial: &Trial) -> Result<(), HistoryError> {
        let row = self.len();
        if trial.number != row {
            return Err(HistoryError::OutOfOrder { expected: row, number: trial.number });
        }
        let mut hash = self.fingerprint(row);
        for (index, column) in self.columns.iter_mut().enumerate() {
            let internal = internal_value(trial, &self.names[index], &self.distributions[index]);
            hash = mix(hash, internal.to_bits());
            column.push(internal);
        }
        let lesson = lesson(trial, self.objectives);
        for objective in 0..self.objectives {
            let value = trial.values.get(objective).copied().unwrap_or(f64::NAN);
            hash = mix(hash, value.to_bits());
            self.values.push(value);
        }
        let (kind, score) = match lesson {
            Lesson::Nothing => (Kind::Nothing, f64::NAN),
            Lesson::Complete => (Kind::Complete, f64::NAN),
            Lesson::Infeasible { violation } if trial.state == TrialState::Pruned => {
                (Kind::PrunedInfeasible, violation)
            }
            Lesson::Infeasible { violation } => (Kind::Infeasible, violation),
            Lesson::Pruned { last: None } => (Kind::PrunedInSilence, f64::NAN),
            Lesson::Pruned { last: Some((step, value)) } => {
                self.steps.push((row as u32, step));
                hash = mix(hash, step as u64);
                (Kind::Pruned, value)
            }
        };
        let constraints = trial.constraints.iter().filter(|_| lesson != Lesson::Nothing);
        for (name, &value) in constraints {
            let value = bounded(value);
            let (index, column) = self.constraint(name);
            hash = mix(mix(hash, index as u64), value.to_bits());
            column.push(value);
        }
        for column in self.constraints.values_mut() {
            column.resize(row as usize + 1, f64::NAN);
        }
        // A duplicate ran nothing: what its original reported is there already.
        let reports = trial.intermediate_values.iter().filter(|_| trial.duplicate_of.is_none());
        for (&step, &value) in reports {
            hash = mix(mix(hash, step as u64), value.to_bits());
            self.report_steps.push(step);
            self.report_values.push(value);
        }
        self.report_ends.push(self.report_steps.len());
        self.kinds.push(kind);
        self.scores.push(score);
        self.fingerprints.push(mix(mix(hash, kind as u64), score.to_bits()));
        let learned = self.lessons.last().copied().unwrap_or(0);
        self.lessons.push(learned + u32::from(kind != Kind::Nothing));
        Ok(())
    }

    /// The column of a constraint and its position, made if it is new.
    fn constraint(&mut self, name: &str) -> (usize, &mut Vec<f64>) {
        let rows = self.kinds.len();
        let index = self.constraints.get_index_of(name).unwrap_or_else(|| {
            let absent = vec![f64::NAN; rows];
            self.constraints.insert_full(name.to_owned(), absent).0
        });
        (index, &mut self.constraints[index])
    }

    /// Number of trials.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.kinds.len() as u64
    }

    /// Whether there are no trials.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The first `trials` trials (all, if there are fewer).
    #[must_use]
    pub fn view(&self, trials: u64) -> View<'_> {
        View { history: self, len: trials.min(self.len()) as usize, selection: None }
    }

    /// The best trial so far: see [`View::best`].
    #[must_use]
    pub fn best(&self, direction: StudyDirection) -> Option<u64> {
        self.view(self.len()).best(direction)
    }

    /// Hash of the first `rows` trials and the space.
    fn fingerprint(&self, rows: u64) -> u64 {
        match rows.checked_sub(1) {
            Some(last) => self.fingerprints[last as usize],
            None => self.start,
        }
    }
}

/// The first trials of a history: all that a proposal may see.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    history: &'a History,
    len: usize,
    selection: Option<Selection<'a>>,
}

/// Some parameters of another view.
#[derive(Debug, Clone, Copy)]
struct Selection<'a> {
    of: &'a View<'a>,
    columns: &'a [usize],
}

impl<'a> View<'a> {
    /// Number of trials seen.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no trial is seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of trials that samplers learn from.
    #[must_use]
    pub fn learned(&self) -> usize {
        self.len.checked_sub(1).map_or(0, |last| self.history.lessons[last] as usize)
    }

    /// The internal values of the space's parameter at `index`; NaN where a trial lacks it.
    #[must_use]
    pub fn column(&self, index: usize) -> &'a [f64] {
        &self.history.columns[self.position(index)][..self.len]
    }

    /// The same trials with only these parameters, by their positions here: the history of a smaller
    /// space.
    #[must_use]
    pub fn select<'b>(&'b self, columns: &'b [usize]) -> View<'b> {
        View { history: self.history, len: self.len, selection: Some(Selection { of: self, columns }) }
    }

    /// The position in the history of the parameter at `index`.
    fn position(&self, index: usize) -> usize {
        self.selection.map_or(index, |selection| selection.of.position(selection.columns[index]))
    }

    /// How many parameters there are.
    fn width(&self) -> usize {
        self.selection.map_or(self.history.names.len(), |selection| selection.columns.len())
    }

    /// The values of a trial, one an objective; NaN where there is none.
    #[must_use]
    pub fn values(&self, row: usize) -> &'a [f64] {
        &self.history.values[..self.len * self.history.objectives][row * self.history.objectives..]
            [..self.history.objectives]
    }

    /// What is learned from one trial. Cost: the logarithm of the number of pruned trials.
    #[must_use]
    pub fn lesson(&self, row: usize) -> Lesson {
        let score = self.history.scores[..self.len][row];
        match self.history.kinds[row] {
            Kind::Nothing => Lesson::Nothing,
            Kind::Complete => Lesson::Complete,
            Kind::Infeasible | Kind::PrunedInfeasible => Lesson::Infeasible { violation: score },
            Kind::PrunedInSilence => Lesson::Pruned { last: None },
            Kind::Pruned => {
                let steps = &self.history.steps;
                let found = steps.binary_search_by_key(&(row as u32), |&(row, _)| row);
                Lesson::Pruned { last: found.ok().map(|index| (steps[index].1, score)) }
            }
        }
    }

    /// What is learned from each trial, in the order of their numbers.
    pub fn lessons(&self) -> impl Iterator<Item = Lesson> + use<'a> {
        let view = *self;
        (0..self.len).map(move |row| view.lesson(row))
    }

    /// The same from a row on, given how many rows before it are pruned ones that reported something:
    /// for caches that read each row once.
    pub(crate) fn lessons_after(&self, rows: usize, reports: usize) -> impl Iterator<Item = Lesson> + use<'a> {
        let history = self.history;
        let mut steps = history.steps[reports..].iter().map(|&(_, step)| step);
        let rows = rows.min(self.len)..self.len;
        history.kinds[rows.clone()].iter().zip(&history.scores[rows]).map(move |(kind, &score)| match kind {
            Kind::Nothing => Lesson::Nothing,
            Kind::Complete => Lesson::Complete,
            Kind::PrunedInSilence => Lesson::Pruned { last: None },
            Kind::Pruned => Lesson::Pruned { last: steps.next().map(|step| (step, score)) },
            Kind::Infeasible | Kind::PrunedInfeasible => Lesson::Infeasible { violation: score },
        })
    }

    /// Number of objectives.
    #[must_use]
    pub fn objectives(&self) -> usize {
        self.history.objectives
    }

    /// By how much a trial violates its constraints; `None` for one that is feasible or that nothing
    /// is learned from.
    #[must_use]
    pub fn violation(&self, row: usize) -> Option<f64> {
        let is_infeasible = matches!(self.history.kinds[..self.len][row], Kind::Infeasible | Kind::PrunedInfeasible);
        is_infeasible.then(|| self.history.scores[row])
    }

    /// What each constraint came to in each trial, satisfied where it is not above 0: NaN where that is not known, and
    /// infinite where it is NaN. A constraint that no trial up to here has may be all NaN.
    pub fn constraints(&self) -> impl Iterator<Item = &'a [f64]> + use<'a> {
        let len = self.len;
        self.history.constraints.values().map(move |column| &column[..len])
    }

    /// Whether a trial is COMPLETE, with a value, and no duplicate; feasible or not.
    #[must_use]
    pub fn is_complete(&self, row: usize) -> bool {
        matches!(self.history.kinds[..self.len][row], Kind::Complete | Kind::Infeasible)
    }

    /// Whether a trial is PRUNED and no duplicate; feasible or not.
    #[must_use]
    pub fn is_pruned(&self, row: usize) -> bool {
        matches!(self.history.kinds[..self.len][row], Kind::Pruned | Kind::PrunedInSilence | Kind::PrunedInfeasible)
    }

    /// What a trial reported: steps, increasing, and the values there, which may be NaN. Nothing for a
    /// duplicate.
    pub fn reports(&self, row: usize) -> impl DoubleEndedIterator<Item = (i64, f64)> + Clone + use<'a> {
        let ends = &self.history.report_ends[..self.len];
        let range = row.checked_sub(1).map_or(0, |row| ends[row])..ends[row];
        let steps = self.history.report_steps[range.clone()].iter().copied();
        steps.zip(self.history.report_values[range].iter().copied())
    }

    /// The number of the best trial: complete, feasible, not a duplicate, of the best first value;
    /// of equal ones the first.
    #[must_use]
    pub fn best(&self, direction: StudyDirection) -> Option<u64> {
        let mut best: Option<(usize, f64)> = None;
        for (row, _) in self.lessons().enumerate().filter(|(_, lesson)| *lesson == Lesson::Complete) {
            let Some(&value) = self.values(row).first() else {
                continue;
            };
            let is_better = best.is_none_or(|(_, incumbent)| match direction {
                StudyDirection::Minimize => value < incumbent,
                StudyDirection::Maximize => value > incumbent,
            });
            if is_better {
                best = Some((row, value));
            }
        }
        best.map(|(row, _)| row as u64)
    }

    /// A hash of everything seen, the space included. Caches use it to recognise a longer view of
    /// the history that they were made from.
    #[must_use]
    pub fn fingerprint(&self, rows: usize) -> u64 {
        self.history.fingerprint(rows.min(self.len) as u64)
    }

    /// Whether the history was made for a space with these parameters.
    #[must_use]
    pub fn is_of(&self, space: &Space) -> bool {
        self.width() == space.len()
            && space.params().iter().enumerate().all(|(index, (name, param))| {
                let position = self.position(index);
                self.history.names[position] == *name && self.history.distributions[position] == param.distribution
            })
    }
}

/// The value that a column holds; NaN when the trial lacks the parameter.
fn internal_value(trial: &Trial, name: &str, distribution: &Distribution) -> f64 {
    let Some(value) = trial.params.get(name) else {
        return f64::NAN;
    };
    let internal = match (distribution, value) {
        (Distribution::Categorical { choices }, ParamValue::Choice(index)) => {
            let chosen = match trial.distributions.get(name) {
                Some(Distribution::Categorical { choices }) => choices.get(*index),
                _ => choices.get(*index),
            };
            let found = chosen.and_then(|chosen| choices.iter().position(|choice| choice == chosen));
            found.map_or(f64::NAN, |index| index as f64)
        }
        _ => distribution.to_internal(value),
    };
    let is_log = matches!(distribution, Distribution::Float { log: true, .. } | Distribution::Int { log: true, .. });
    // Adding 0 makes -0.0 equal to 0.0 in every sort.
    if internal.is_finite() && !(is_log && internal <= 0.0) { internal + 0.0 } else { f64::NAN }
}

fn lesson(trial: &Trial, objectives: usize) -> Lesson {
    let is_finished = matches!(trial.state, TrialState::Complete | TrialState::Pruned);
    if !is_finished || trial.duplicate_of.is_some() {
        return Lesson::Nothing;
    }
    let violation: f64 = trial.constraints.values().copied().map(bounded).filter(|&value| value > 0.0).sum();
    if violation > 0.0 {
        return Lesson::Infeasible { violation };
    }
    if trial.state == TrialState::Pruned {
        let last = trial.intermediate_values.last_key_value();
        return Lesson::Pruned { last: last.map(|(&step, &value)| (step, value)) };
    }
    let has_values = trial.values.len() == objectives && trial.values.iter().all(|value| !value.is_nan());
    if has_values { Lesson::Complete } else { Lesson::Nothing }
}

/// A constraint's value: NaN counts as violated without bound.
fn bounded(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}

/// One step of a running hash (the finaliser of SplitMix64).
fn mix(hash: u64, word: u64) -> u64 {
    let mut z = (hash ^ word).wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests;
