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
    /// The best feasible trials with their metrics, best first; the first is the winner.
    pub top: Vec<TrialRecord>,
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

/// Counts and the best trial so far.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) counts: Counts,
    pub(super) best: Option<Leader>,
    direction: StudyDirection,
}

/// The best feasible trial so far.
#[derive(Debug)]
pub(super) struct Leader {
    pub(super) number: u64,
    pub(super) value: f64,
    pub(super) metrics: SegmentMetrics,
}

impl Tally {
    pub(super) fn of(direction: StudyDirection, records: &[TrialRecord]) -> Self {
        let mut tally = Self { counts: Counts::default(), best: None, direction };
        records.iter().for_each(|record| tally.add(record));
        tally
    }

    /// Count a trial; on a tie the earlier one stays the best.
    pub(super) fn add(&mut self, record: &TrialRecord) {
        self.counts.add(record);
        let Some(value) = feasible_value(record) else { return };
        let is_better = self.best.as_ref().is_none_or(|best| match self.direction {
            StudyDirection::Maximize => value > best.value,
            StudyDirection::Minimize => value < best.value,
        });
        if is_better {
            self.best = Some(Leader { number: record.trial.number, value, metrics: record.metrics.clone() });
        }
    }
}

fn feasible_value(record: &TrialRecord) -> Option<f64> {
    let trial = &record.trial;
    let counts = trial.state == TrialState::Complete && trial.is_feasible() && trial.duplicate_of.is_none();
    trial.values.first().copied().filter(|value| counts && !value.is_nan())
}

/// Feasible trials, best first; ties by number.
fn rank(direction: StudyDirection, records: &[TrialRecord]) -> Vec<&TrialRecord> {
    let mut ranked: Vec<(f64, &TrialRecord)> =
        records.iter().filter_map(|record| Some((feasible_value(record)?, record))).collect();
    ranked.sort_by(|(a, _), (b, _)| match direction {
        StudyDirection::Maximize => b.total_cmp(a),
        StudyDirection::Minimize => a.total_cmp(b),
    });
    ranked.into_iter().map(|(_, record)| record).collect()
}

/// Sum up a study, with its `top` best trials.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn summarize(session: &Session<'_>, top: usize) -> Result<Summary, Error> {
    let records = session.history()?;
    let mut counts = Counts::default();
    let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
    for record in &records {
        counts.add(record);
        if let (Some(reason), None) = (&record.reason, record.trial.duplicate_of) {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let mut reasons: Vec<(String, u64)> =
        reasons.into_iter().map(|(reason, count)| (reason.to_owned(), count)).collect();
    reasons.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let ranked = rank(session.plan().objective.direction, &records);
    let top =
        ranked.into_iter().take(top).map(|record| session.trial(record.trial.number)).collect::<Result<_, _>>()?;
    Ok(Summary { counts, top, reasons })
}
