//! What a store of studies must offer.
//!
//! The trait carries what Optuna's `BaseStorage` asks for: studies with their attributes, trials of
//! every state, and changes to unfinished ones ([`Storage::append`] a running or waiting trial, then
//! [`Storage::replace_unfinished`] it with more parameters, intermediate values or its result).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::trial::{StudyDirection, Trial};

/// A study's key inside one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudyId(pub i64);

/// A study's own row.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyInfo {
    /// Key.
    pub id: StudyId,
    /// Unique name.
    pub name: String,
    /// One direction an objective.
    pub directions: Vec<StudyDirection>,
    /// User attributes (JSON values).
    pub user_attrs: BTreeMap<String, serde_json::Value>,
    /// System attributes (JSON values).
    pub system_attrs: BTreeMap<String, serde_json::Value>,
    /// Number of trials.
    pub trials: u64,
}

/// Daily returns as fractions, by segment name: one a local day that the segment has bars on.
pub type DailyReturns = BTreeMap<String, Vec<f32>>;

/// A trial together with what only Bartune keeps of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialRecord {
    /// The trial, as Optuna sees it.
    pub trial: Trial,
    /// SHA-256 identity, lower-case hex; empty for a trial that another program made.
    pub identity: String,
    /// Metrics by segment name (`"train"`, `"validate"`), then by metric; undefined ones are absent.
    pub metrics: BTreeMap<String, BTreeMap<String, f64>>,
    /// Daily returns; empty where none are kept.
    pub daily_returns: DailyReturns,
    /// Whether some metrics were left out to save space: one that is absent may then be defined all the same.
    pub is_abridged: bool,
    /// Why it is infeasible or failed, in words, if it is.
    pub reason: Option<String>,
}

impl TrialRecord {
    /// Keep of the metrics only these, and no daily returns. A trial without metrics has nothing to leave out.
    pub fn abridge(&mut self, kept: &BTreeSet<String>) {
        self.daily_returns.clear();
        self.is_abridged |= !self.metrics.is_empty();
        self.metrics.values_mut().for_each(|metrics| metrics.retain(|name, _| kept.contains(name)));
    }
}

/// Trials of which less is to be kept from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abridgement {
    /// Their numbers.
    pub numbers: Vec<u64>,
    /// The metrics that remain, as [`TrialRecord::abridge`] has them.
    pub kept: BTreeSet<String>,
}

/// Who may write a study, and until when without a sign of life. What it means is the store's to say:
/// see `bartune_storage::lease`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Unlike any other lease's.
    pub token: String,
    /// The owner's host.
    pub host: String,
    /// Where on that host process numbers mean the same.
    pub place: String,
    /// The owner's process.
    pub pid: u32,
    /// When that process began, in its system's words.
    pub process_start: String,
    /// When the lease was taken, in milliseconds since 1970 UTC.
    pub since_ms: i64,
    /// When it ends unless it is renewed.
    pub expires_ms: i64,
    /// How often it was renewed.
    pub renewals: u64,
}

/// A store of studies. One writer a study; a batch is one transaction: all of it is durable when
/// `append` returns, or none of it is there.
pub trait Storage: Send {
    /// The implementation's error.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The study of this name, if there is one.
    fn study(&self, name: &str) -> Result<Option<StudyInfo>, Self::Error>;
    /// All studies, by name.
    fn studies(&self) -> Result<Vec<StudyInfo>, Self::Error>;
    /// A new, empty study.
    fn create_study(&mut self, name: &str, directions: &[StudyDirection]) -> Result<StudyInfo, Self::Error>;
    /// Remove a study with everything in it.
    fn delete_study(&mut self, id: StudyId) -> Result<(), Self::Error>;
    /// Set (or replace) a study's user attribute.
    fn set_study_attr(&mut self, id: StudyId, key: &str, value: &serde_json::Value) -> Result<(), Self::Error>;
    /// Set (or replace) a study's system attribute.
    fn set_study_system_attr(&mut self, id: StudyId, key: &str, value: &serde_json::Value) -> Result<(), Self::Error>;
    /// The study's lease, if somebody has it.
    fn lease(&self, id: StudyId) -> Result<Option<Lease>, Self::Error>;
    /// Replace the lease with the token `expected` (or none) by another (or none); whether it was still
    /// that one. Whoever has taken a lease writes trials only as long as it is still there; whoever has
    /// taken none is not asked for one.
    fn swap_lease(&mut self, id: StudyId, expected: Option<&str>, lease: Option<&Lease>) -> Result<bool, Self::Error>;
    /// Put off the end of the lease with this token; whether it was still there.
    fn renew_lease(&mut self, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, Self::Error>;
    /// Every trial in number order, without metrics and daily returns (and `is_abridged` not told): what a
    /// resumed search needs, at a fraction of the memory and time of [`Storage::trials`].
    fn history(&self, id: StudyId) -> Result<Vec<TrialRecord>, Self::Error>;
    /// What became of the trials whose numbers lie in `numbers`, in number order: state, values, constraints
    /// (their names may be missing), attributes and reason, without parameters, identity and measurements.
    /// What a summary of a whole study reads, part by part.
    fn results_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, Self::Error>;
    /// The trials whose numbers lie in `numbers`, complete, in number order.
    fn trials_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, Self::Error>;
    /// Every trial, complete, in number order.
    fn trials(&self, id: StudyId) -> Result<Vec<TrialRecord>, Self::Error> {
        self.trials_in(id, 0..u64::MAX)
    }
    /// The daily returns of a trial, if they are kept. A duplicate's are its original's.
    fn daily_returns(&self, id: StudyId, number: u64) -> Result<Option<DailyReturns>, Self::Error> {
        let Some(record) = self.trials_in(id, number..number.saturating_add(1))?.pop() else { return Ok(None) };
        match record.trial.duplicate_of {
            Some(original) if original < number => self.daily_returns(id, original),
            _ => Ok(Some(record.daily_returns).filter(|returns| !returns.is_empty())),
        }
    }
    /// Append trials, whose numbers continue the study's without a gap.
    fn append(&mut self, id: StudyId, batch: &[TrialRecord]) -> Result<(), Self::Error> {
        self.append_and_abridge(id, batch, &Abridgement::default())
    }
    /// Append trials, and abridge others in the same transaction. Numbers that the study lacks are passed over.
    fn append_and_abridge(
        &mut self,
        id: StudyId,
        batch: &[TrialRecord],
        abridgement: &Abridgement,
    ) -> Result<(), Self::Error>;
    /// Replace unfinished trials (running or waiting) of the same numbers by these records: how an
    /// enqueued trial gets its result, and an interrupted one its second run.
    fn replace_unfinished(&mut self, id: StudyId, batch: &[TrialRecord]) -> Result<(), Self::Error>;
    /// Make a waiting trial running, begun at this time; whether it was waiting, and so is the caller's alone.
    fn claim_waiting(&mut self, id: StudyId, number: u64, started_ms: i64) -> Result<bool, Self::Error>;
    /// Note, on the store's own clock, that somebody works on an unfinished trial now. A store of one process alone notes
    /// nothing.
    fn note_alive(&mut self, _id: StudyId, _number: u64) -> Result<(), Self::Error> {
        Ok(())
    }
    /// Running trials that were [noted](Self::note_alive) once, but not within so many seconds.
    fn silent_trials(&self, _id: StudyId, _seconds: u64) -> Result<Vec<u64>, Self::Error> {
        Ok(Vec::new())
    }
    /// A number that differs from an earlier answer if somebody else changed the store in between, without reading
    /// any study; `None` where that cannot be told.
    fn change_mark(&self) -> Result<Option<i64>, Self::Error> {
        Ok(None)
    }
    /// Record an opening of the vault (the test segment): when, for which trial, and what was seen.
    fn record_vault_opening(&mut self, id: StudyId, opening: &VaultOpening) -> Result<(), Self::Error>;
    /// All openings of the vault, oldest first.
    fn vault_openings(&self, id: StudyId) -> Result<Vec<VaultOpening>, Self::Error>;
}

/// One opening of the test segment.
#[derive(Debug, Clone, PartialEq)]
pub struct VaultOpening {
    /// Milliseconds since 1970 UTC.
    pub opened_ms: i64,
    /// The trial tested.
    pub trial_number: u64,
    /// Its test metrics.
    pub metrics: BTreeMap<String, f64>,
}
