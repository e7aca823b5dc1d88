//! What a study has found: counts, the winner, the top.

use std::collections::BTreeMap;

use bartune_search::storage::TrialRecord;
use bartune_search::trial::{StudyDirection, TrialState};

use super::session::Session;
use crate::error::Error;
use crate::import::is_imported;
use crate::outcome::SegmentMetrics;

/// How many trials ended how. Duplicates are counted apart and nowhere else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All trials.
    pub total: u64,
    /// Complete and feasible.
    pub complete: u64,
    /// Stopped early by a pruner.
    pub pruned: u64,
    /// A constraint violated, or no objective value.
    pub infeasible: u64,
    /// Ended by an error.
    pub failed: u64,
    /// Answered from an earlier result.
    pub duplicate: u64,
    /// Made elsewhere; counted by their state as well.
    pub imported: u64,
}

/// A study's state in short.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Counts over all trials.
    pub counts: Counts,
    /// The best feasible trials with their metrics, best first; the first is the winner. With several
    /// objectives it is the Pareto front, its knee point first.
    pub top: Vec<TrialRecord>,
    /// How many trials `top` was taken from: all feasible ones, or the whole front.
    pub ranked: usize,
    /// Why trials were infeasible or failed, most frequent first.
    pub reasons: Vec<(String, u64)>,
}

impl Summary {
    /// The winner, if any trial is feasible.
    #[must_use]
    pub fn best(&self) -> Option<&TrialRecord> {
        self.top.first()
    }
}

impl Counts {
    /// Count one trial.
    pub fn add(&mut self, record: &TrialRecord) {
        self.total += 1;
        self.imported += u64::from(is_imported(record));
        let field = match record.trial.state {
            _ if record.trial.duplicate_of.is_some() => &mut self.duplicate,
            TrialState::Complete if record.trial.is_feasible() => &mut self.complete,
            TrialState::Complete => &mut self.infeasible,
            TrialState::Pruned if record.reason.is_some() => &mut self.infeasible,
            TrialState::Pruned => &mut self.pruned,
            TrialState::Fail | TrialState::Running | TrialState::Waiting => &mut self.failed,
        };
        *field += 1;
    }

    /// Trials that cost budget: neither duplicates nor imported.
    #[must_use]
    pub fn distinct(&self) -> u64 {
        self.total - self.duplicate - self.imported
    }
}

/// Counts and the best trials so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    /// The best trial, where there is one objective.
    pub(super) best: Option<Leader>,
    /// Trials that no other one beats in every objective, by number, where there are several.
    pub(super) front: Vec<(u64, Vec<f64>)>,
    reasons: BTreeMap<String, u64>,
    directions: Vec<StudyDirection>,
}

/// The best feasible trial so far.
#[derive(Debug)]
pub(super) struct Leader {
    pub(super) number: u64,
    pub(super) value: f64,
    pub(super) metrics: SegmentMetrics,
}

impl Tally {
    pub(super) fn of(directions: Vec<StudyDirection>, records: &[TrialRecord]) -> Self {
        let mut tally =
            Self { counts: Counts::default(), best: None, front: Vec::new(), reasons: BTreeMap::new(), directions };
        records.iter().for_each(|record| tally.add(record));
        tally
    }

    /// Count a trial; on a tie the earlier one stays.
    pub(super) fn add(&mut self, record: &TrialRecord) {
        self.counts.add(record);
        if let (Some(reason), None) = (&record.reason, record.trial.duplicate_of) {
            match self.reasons.get_mut(reason) {
                Some(count) => *count += 1,
                None => drop(self.reasons.insert(reason.clone(), 1)),
            }
        }
        let Some(values) = feasible_values(record, self.directions.len()) else { return };
        if self.directions.len() > 1 {
            return self.join_front(record.trial.number, values);
        }
        let is_better = self
            .best
            .as_ref()
            .is_none_or(|best| at_least(self.directions[0], values[0], best.value) && values[0] != best.value);
        if is_better {
            self.best = Some(Leader { number: record.trial.number, value: values[0], metrics: record.metrics.clone() });
        }
    }

    /// Why trials were infeasible or failed, the most frequent first; ties by name.
    pub(super) fn top_reasons(&self, most: usize) -> Vec<(String, u64)> {
        let mut reasons: Vec<(&String, u64)> = self.reasons.iter().map(|(reason, &count)| (reason, count)).collect();
        reasons.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        reasons.into_iter().take(most).map(|(reason, count)| (reason.clone(), count)).collect()
    }

    fn join_front(&mut self, number: u64, values: &[f64]) {
        let covers = |a: &[f64], b: &[f64]| {
            self.directions.iter().zip(a.iter().zip(b)).all(|(&direction, (&a, &b))| at_least(direction, a, b))
        };
        if self.front.iter().any(|(_, member)| covers(member, values)) {
            return;
        }
        self.front.retain(|(_, member)| !covers(values, member));
        self.front.push((number, values.to_vec()));
    }
}

/// Whether `a` is as good as `b` or better.
pub(super) fn at_least(direction: StudyDirection, a: f64, b: f64) -> bool {
    match direction {
        StudyDirection::Maximize => a >= b,
        StudyDirection::Minimize => a <= b,
    }
}

/// The values of a trial that counts for the ranking.
pub(super) fn feasible_values(record: &TrialRecord, objectives: usize) -> Option<&[f64]> {
    let trial = &record.trial;
    let counts = trial.state == TrialState::Complete && trial.is_feasible() && trial.duplicate_of.is_none();
    let values = trial.values.as_slice();
    (counts && values.len() == objectives && !values.iter().any(|value| value.is_nan())).then_some(values)
}

/// Numbers of the Pareto front's members, the knee point first: the member nearest to the best of every
/// objective, each measured by the front's own range.
pub(crate) fn rank_front(directions: &[StudyDirection], front: &[(u64, Vec<f64>)]) -> Vec<u64> {
    let bounds: Vec<(f64, f64)> = (0..directions.len())
        .map(|objective| {
            let values = front.iter().map(|(_, values)| values[objective]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
        })
        .collect();
    let distance = |values: &[f64]| -> f64 {
        let parts = values.iter().zip(&bounds).zip(directions).map(|((&value, &(low, high)), direction)| {
            let shortfall = match direction {
                StudyDirection::Maximize => high - value,
                StudyDirection::Minimize => value - low,
            };
            if high > low { shortfall / (high - low) } else { 0.0 }
        });
        parts.map(|part| part * part).sum()
    };
    let mut ranked: Vec<(f64, u64)> = front.iter().map(|(number, values)| (distance(values), *number)).collect();
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    ranked.into_iter().map(|(_, number)| number).collect()
}

/// Numbers of trials by value, best first; ties by number.
fn rank_values(direction: StudyDirection, mut valued: Vec<(f64, u64)>) -> Vec<u64> {
    valued.sort_by(|(a, _), (b, _)| match direction {
        StudyDirection::Maximize => b.total_cmp(a),
        StudyDirection::Minimize => a.total_cmp(b),
    });
    valued.into_iter().map(|(_, number)| number).collect()
}

/// Sum up a study, with its `top` best trials.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn summarize(session: &Session<'_>, top: usize) -> Result<Summary, Error> {
    let directions = session.plan().objective.directions();
    let mut tally = Tally::of(directions.clone(), &[]);
    let mut valued: Vec<(f64, u64)> = Vec::new();
    session.for_each_result(|record| {
        tally.add(record);
        if let Some(&[value]) = feasible_values(record, directions.len()) {
            valued.push((value, record.trial.number));
        }
    })?;
    let ranked = match directions[..] {
        [direction] => rank_values(direction, valued),
        _ => rank_front(&directions, &tally.front),
    };
    let (counts, reasons) = (tally.counts, tally.top_reasons(usize::MAX));
    let ranked_count = ranked.len();
    let top = ranked.into_iter().take(top).map(|number| session.trial(number)).collect::<Result<_, _>>()?;
    Ok(Summary { counts, top, ranked: ranked_count, reasons })
}
