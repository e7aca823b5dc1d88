//! What studies a store has, and deleting one.

use bartune_search::trial::{StudyDirection, TrialState};

use bartune_storage::lease;

use super::{AnyStorage, StoredStudy};
use crate::error::Error;

/// A study in short.
#[derive(Debug, Clone, PartialEq)]
pub struct StudyRow {
    /// Its name.
    pub name: String,
    /// One direction an objective.
    pub directions: Vec<StudyDirection>,
    /// All trials.
    pub trials: u64,
    /// Trials by state, in the order COMPLETE, PRUNED, FAIL, RUNNING, WAITING; states without any are
    /// left out.
    pub states: Vec<(TrialState, u64)>,
    /// Trials that violate a constraint, of whatever state.
    pub infeasible: u64,
    /// The best feasible trial and its value; none with several objectives.
    pub best: Option<(u64, f64)>,
    /// When the latest trial ended, in milliseconds since 1970 UTC.
    pub updated_ms: Option<i64>,
    /// Who is writing to it, as `process 4242 on host`.
    pub owner: Option<String>,
    /// Whether Bartune made it.
    pub is_ours: bool,
}

/// The states in the order in which they are told.
const STATES: [TrialState; 5] =
    [TrialState::Complete, TrialState::Pruned, TrialState::Fail, TrialState::Running, TrialState::Waiting];

/// All studies of a store, by name.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn studies(storage: &AnyStorage) -> Result<Vec<StudyRow>, Error> {
    storage.studies()?.into_iter().map(|info| row(&StoredStudy { storage, info })).collect()
}

/// Delete a study with everything in it; how many trials it had. One that another process is writing to
/// is left alone.
///
/// # Errors
///
/// [`Error::NoStudy`], [`Error::Storage`].
pub fn delete(storage: &mut AnyStorage, place: &str, name: &str) -> Result<u64, Error> {
    let info = StoredStudy::find(storage, place, name)?.info;
    lease::claim(storage, info.id)?;
    storage.delete_study(info.id)?;
    Ok(info.trials)
}

fn row(study: &StoredStudy<'_>) -> Result<StudyRow, Error> {
    let info = &study.info;
    let history = study.storage.history(info.id)?;
    let trials = || history.iter().map(|record| &record.trial);
    let count = |state: TrialState| (state, trials().filter(|trial| trial.state == state).count() as u64);
    let mut best: Option<(u64, f64)> = None;
    if let [direction] = info.directions[..] {
        let feasible = trials().filter(|trial| trial.state == TrialState::Complete && trial.is_feasible());
        for (number, value) in feasible.filter_map(|trial| Some((trial.number, *trial.values.first()?))) {
            let is_better = best.is_none_or(|(_, best)| match direction {
                StudyDirection::Maximize => value > best,
                StudyDirection::Minimize => value < best,
            });
            if is_better {
                best = Some((number, value));
            }
        }
    }
    Ok(StudyRow {
        name: info.name.clone(),
        directions: info.directions.clone(),
        trials: info.trials,
        states: STATES.into_iter().map(count).filter(|(_, count)| *count > 0).collect(),
        infeasible: trials().filter(|trial| !trial.is_feasible()).count() as u64,
        best,
        updated_ms: trials().filter_map(|trial| trial.finished_ms).max(),
        owner: study.storage.lease(info.id)?.map(|lease| format!("process {} on {}", lease.pid, lease.host)),
        is_ours: info.user_attrs.contains_key(crate::identity::FINGERPRINT),
    })
}
