//! What a study and a batch must satisfy, whatever the store.
//!
//! Refusing here, before anything is written, keeps every backend to one contract and keeps out what
//! Optuna could not read back: a NaN value (SQLite would make it NULL), a whole number that Optuna's
//! column, a double, cannot hold, a parameter without its distribution, what only one of the two
//! databases could hold.

use bartune_search::space::{Distribution, ParamValue};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{StudyDirection, Trial, TrialState};

use crate::codec;
use crate::error::StorageError;
use crate::returns;

/// The user attribute that tells Optuna's users why a trial is infeasible or failed.
pub(crate) const REASON: &str = "bartune:reason";

/// The user attribute that tells Optuna's users whose result answered a trial.
pub(crate) const DUPLICATE_OF: &str = "bartune:duplicate_of";

/// The system attribute with the constraints, in the form that Optuna 3 to 5 and the dashboard read.
pub(crate) const CONSTRAINTS: &str = "constraints";

/// What the system attributes of constraints begin with in Optuna 5's own form.
pub(crate) const CONSTRAINT_PREFIX: &str = "constraints:";

/// The length of Optuna's columns for names, in characters.
const LONGEST_NAME: usize = 512;

/// Check a study before it is created.
pub(crate) fn check_study(name: &str, directions: &[StudyDirection]) -> Result<(), StorageError> {
    let problem = if name.is_empty() {
        Some("its name is empty".to_owned())
    } else if directions.is_empty() {
        Some("it has no objective".to_owned())
    } else {
        name_problem("its name", name)
    };
    problem.map_or(Ok(()), |problem| Err(StorageError::InvalidStudy { name: name.to_owned(), problem }))
}

/// Check that a batch continues a study whose next number is `expected`.
pub(crate) fn check_numbers(batch: &[TrialRecord], expected: u64) -> Result<(), StorageError> {
    for (record, expected) in batch.iter().zip(expected..) {
        let found = record.trial.number;
        if found != expected {
            return Err(StorageError::NonContiguous { expected, found });
        }
    }
    Ok(())
}

/// Check every record of a batch for a study of so many objectives.
pub(crate) fn check_records(batch: &[TrialRecord], objectives: usize) -> Result<(), StorageError> {
    batch.iter().try_for_each(|record| {
        let problem = values_problem(&record.trial, objectives)
            .or_else(|| params_problem(&record.trial))
            .or_else(|| attributes_problem(&record.trial))
            .or_else(|| rest_problem(record));
        problem.map_or(Ok(()), |problem| Err(StorageError::InvalidRecord { number: record.trial.number, problem }))
    })
}

/// Whether a trial may still change.
pub(crate) fn is_unfinished(state: TrialState) -> bool {
    matches!(state, TrialState::Running | TrialState::Waiting)
}

fn values_problem(trial: &Trial, objectives: usize) -> Option<String> {
    let given = trial.values.len();
    let is_missing = given == 0 && trial.state != TrialState::Complete;
    if given != objectives && !is_missing {
        return Some(format!("it has {given} values for {objectives} objectives"));
    }
    if trial.values.iter().any(|value| value.is_nan()) {
        return Some("its value is NaN; a trial without a value is PRUNED or FAIL".to_owned());
    }
    if let Some(step) = trial.intermediate_values.keys().find(|step| i32::try_from(**step).is_err()) {
        return Some(format!("its step {step} lies outside what Optuna's column, a 32-bit whole number, can hold"));
    }
    let nan = trial.constraints.iter().find(|(_, value)| value.is_nan());
    nan.map(|(name, _)| format!("its constraint `{name}` is NaN"))
}

fn params_problem(trial: &Trial) -> Option<String> {
    if trial.params.len() != trial.distributions.len() {
        return Some(format!(
            "it has {} parameters and {} distributions",
            trial.params.len(),
            trial.distributions.len()
        ));
    }
    trial.distributions.iter().find_map(|(name, distribution)| {
        let Some(value) = trial.params.get(name) else {
            return Some(format!("parameter `{name}` has a distribution but no value"));
        };
        param_problem(value, distribution)
            .map(|problem| format!("parameter `{name}` {problem}"))
            .or_else(|| name_problem("a parameter's name", name))
    })
}

fn param_problem(value: &ParamValue, distribution: &Distribution) -> Option<String> {
    let is_fitting = match (value, distribution) {
        (ParamValue::Float(_), Distribution::Float { .. }) | (ParamValue::Int(_), Distribution::Int { .. }) => true,
        (ParamValue::Choice(index), Distribution::Categorical { choices }) => *index < choices.len(),
        _ => false,
    };
    if !is_fitting {
        return Some(format!("is {value:?}, which is not of its distribution"));
    }
    codec::internal_value(value)
        .is_none()
        .then(|| format!("is {value:?}, which Optuna's column, a double, cannot hold exactly"))
}

fn attributes_problem(trial: &Trial) -> Option<String> {
    let user = trial.user_attrs.keys().find_map(|key| {
        (key == REASON || key == DUPLICATE_OF)
            .then(|| format!("the user attribute `{key}` is written by the store itself"))
            .or_else(|| name_problem("a user attribute's name", key))
    });
    user.or_else(|| {
        trial.system_attrs.keys().find_map(|key| {
            (key == CONSTRAINTS || key.starts_with(CONSTRAINT_PREFIX))
                .then(|| format!("the system attribute `{key}` belongs into the constraints"))
                .or_else(|| name_problem("a system attribute's name", key))
        })
    })
}

fn rest_problem(record: &TrialRecord) -> Option<String> {
    let trial = &record.trial;
    if !record.identity.is_empty() && codec::identity_bytes(&record.identity).is_none() {
        return Some(format!("its identity `{}` is not 64 lower-case hexadecimal digits", record.identity));
    }
    if let Some(original) = trial.duplicate_of.filter(|original| *original >= trial.number) {
        return Some(format!("it is a duplicate of trial {original}, which is not an earlier one"));
    }
    if record.is_abridged && record.metrics.is_empty() {
        return Some("it is abridged and has no metrics that could have been left out".to_owned());
    }
    if let Some(segment) = record.daily_returns.keys().find(|segment| segment.len() > returns::LONGEST_SEGMENT) {
        return Some(format!("the segment `{segment}` of its daily returns has a name of {} bytes", segment.len()));
    }
    let times = [trial.started_ms, trial.finished_ms];
    let wrong = times.into_iter().flatten().find(|time| codec::datetime_text(*time).is_none());
    wrong.map(|time| format!("{time} ms since 1970 lies outside the years 1 to 9999"))
}

fn name_problem(what: &str, name: &str) -> Option<String> {
    if name.contains('\0') {
        return Some(format!("{what} has a NUL character, which PostgreSQL cannot hold"));
    }
    let length = name.chars().count();
    (length > LONGEST_NAME)
        .then(|| format!("{what} has {length} characters; {LONGEST_NAME} is the limit of the schema"))
}
