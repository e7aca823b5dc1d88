//! Trials put together from rows, whichever database they come from.
//!
//! Tables are read one after the other, each in one ordered query; a row finds its trial by its id.

use std::collections::BTreeMap;

use bartune_search::space::Distribution;
use bartune_search::storage::TrialRecord;
use bartune_search::trial::Trial;
use indexmap::IndexMap;

use crate::codec::{self, Problem};
use crate::error::StorageError;
use crate::keys::KeyLists;
use crate::pack::Extent;
use crate::record::{CONSTRAINT_PREFIX, CONSTRAINTS, DUPLICATE_OF, REASON};

/// A row of `trials`, in words.
pub(crate) struct TrialRow<'a> {
    pub(crate) id: i64,
    pub(crate) number: u64,
    pub(crate) state: &'a str,
    pub(crate) started_ms: Option<i64>,
    pub(crate) finished_ms: Option<i64>,
}

/// The trials being read, in the order of their ids.
#[derive(Default)]
pub(crate) struct Assembly {
    ids: Vec<i64>,
    records: Vec<TrialRecord>,
    position: usize,
    distributions: KnownDistributions,
}

impl Assembly {
    /// Room for so many trials.
    pub(crate) fn with_capacity(trials: usize) -> Self {
        Self { ids: Vec::with_capacity(trials), records: Vec::with_capacity(trials), ..Self::default() }
    }

    /// Take in the next row of `trials`; ids ascend.
    pub(crate) fn push(&mut self, row: &TrialRow<'_>) -> Result<(), StorageError> {
        let state = readable("trials", row.id, codec::parse_state(row.state))?;
        self.ids.push(row.id);
        self.records.push(TrialRecord {
            trial: Trial {
                number: row.number,
                state,
                params: BTreeMap::new(),
                distributions: IndexMap::new(),
                values: Vec::new(),
                constraints: IndexMap::new(),
                intermediate_values: BTreeMap::new(),
                user_attrs: IndexMap::new(),
                system_attrs: IndexMap::new(),
                started_ms: row.started_ms,
                finished_ms: row.finished_ms,
                duplicate_of: None,
            },
            identity: String::new(),
            metrics: BTreeMap::new(),
            daily_returns: BTreeMap::new(),
            is_abridged: false,
            reason: None,
        });
        Ok(())
    }

    /// The first and the last id, if there are trials.
    pub(crate) fn span(&self) -> Option<(i64, i64)> {
        Some((*self.ids.first()?, *self.ids.last()?))
    }

    /// The trials' ids, ascending.
    pub(crate) fn ids(&self) -> &[i64] {
        &self.ids
    }

    /// Number of trials.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The record of a trial, if it is one of them, and the distributions met so far.
    pub(crate) fn find(&mut self, id: i64) -> Option<(&mut TrialRecord, &mut KnownDistributions)> {
        // Rows mostly stay with a trial or go on to the next one.
        let near = [self.position, self.position + 1];
        let near = near.into_iter().find(|near| self.ids.get(*near) == Some(&id));
        self.position = near.or_else(|| self.ids.binary_search(&id).ok())?;
        Some((&mut self.records[self.position], &mut self.distributions))
    }

    /// Check that no trial has some of its values only.
    pub(crate) fn check_values(&self) -> Result<(), StorageError> {
        let torn = |record: &TrialRecord| record.trial.values.iter().any(|value| value.is_nan());
        let problem = || Err("some of its objectives have no value".to_owned());
        let found = self.records.iter().position(torn);
        found.map_or(Ok(()), |index| readable("trial_values", self.ids[index], problem()))
    }

    /// The records, by number.
    pub(crate) fn into_records(self) -> Vec<TrialRecord> {
        let mut records = self.records;
        records.sort_by_key(|record| record.trial.number);
        records
    }
}

/// Name the row that a problem was found in.
pub(crate) fn readable<T>(table: &'static str, id: i64, result: Result<T, Problem>) -> Result<T, StorageError> {
    result.map_err(|problem| StorageError::UnreadableRow { table, id, problem })
}

/// A row of `trial_values`.
pub(crate) fn add_value(
    record: &mut TrialRecord,
    (objective, objectives): (i64, usize),
    (value, kind): (Option<f64>, &str),
) -> Result<(), Problem> {
    let value = codec::parse_stored_float(value, kind)?;
    let objective = usize::try_from(objective).ok().filter(|index| *index < objectives);
    let objective = objective.ok_or("it is of an objective that the study lacks")?;
    let values = &mut record.trial.values;
    values.resize(values.len().max(objective + 1), f64::NAN);
    values[objective] = value;
    Ok(())
}

/// A row of `trial_intermediate_values`.
pub(crate) fn add_step(record: &mut TrialRecord, step: i64, (value, kind): (Option<f64>, &str)) -> Result<(), Problem> {
    let value = codec::parse_stored_float(value, kind)?;
    record.trial.intermediate_values.insert(step, value);
    Ok(())
}

/// A row of `trial_params`.
pub(crate) fn add_param(
    record: &mut TrialRecord,
    known: &mut KnownDistributions,
    name: &str,
    (internal, distribution): (Option<f64>, &str),
) -> Result<(), Problem> {
    // Most trials of a study have as many parameters as the one before.
    let expected = known.most_params;
    known.most_params = expected.max(record.trial.distributions.len() + 1);
    let distribution = known.parse(distribution)?;
    let internal = internal.ok_or("the parameter's value is NULL")?;
    let value = codec::param_value(internal, distribution)?;
    let trial = &mut record.trial;
    if trial.distributions.is_empty() {
        trial.distributions.reserve_exact(expected);
    }
    trial.params.insert(name.to_owned(), value);
    trial.distributions.insert(name.to_owned(), distribution.clone());
    Ok(())
}

/// A row of `trial_user_attributes`.
pub(crate) fn add_user_attribute(record: &mut TrialRecord, key: &str, text: &str) -> Result<(), Problem> {
    let value = codec::parse_attribute(text)?;
    match key {
        REASON => record.reason = value.as_str().map(str::to_owned),
        DUPLICATE_OF => record.trial.duplicate_of = value.as_u64(),
        key => {
            record.trial.user_attrs.insert(key.to_owned(), value);
        }
    }
    Ok(())
}

/// A row of `trial_system_attributes`.
///
/// Constraints come as a list (Optuna 3 and 4, and Bartune) or one by one (Optuna 5); where both
/// name the same one, the latter holds, as in Optuna 5.
pub(crate) fn add_system_attribute(record: &mut TrialRecord, key: &str, text: &str) -> Result<(), Problem> {
    let trial = &mut record.trial;
    if key == CONSTRAINTS {
        // Optuna 4 keeps `null` for a trial whose constraints were not computed.
        if text == "null" {
            return Ok(());
        }
        for (index, value) in codec::parse_float_list(text)?.into_iter().enumerate() {
            trial.constraints.entry(index.to_string()).or_insert(value);
        }
    } else if let Some(name) = key.strip_prefix(CONSTRAINT_PREFIX) {
        trial.constraints.insert(name.to_owned(), codec::parse_float(text)?);
    } else {
        trial.system_attrs.insert(key.to_owned(), codec::parse_attribute(text)?);
    }
    Ok(())
}

/// A row of `bartune_trials`.
pub(crate) fn add_identity(
    record: &mut TrialRecord,
    identity: Option<&[u8]>,
    names_id: Option<i64>,
    lists: &KeyLists,
) -> Result<(), Problem> {
    if let Some(bytes) = identity {
        record.identity = codec::identity_text(bytes);
    }
    if let Some(id) = names_id {
        rename_constraints(&mut record.trial.constraints, lists.names(id)?)?;
    }
    Ok(())
}

/// A row of `bartune_metrics`.
pub(crate) fn add_metrics(
    record: &mut TrialRecord,
    (keys_id, packed): (i64, &[u8]),
    lists: &KeyLists,
) -> Result<(), Problem> {
    record.metrics = lists.unpack(keys_id, packed)?;
    record.is_abridged = lists.extent(keys_id) == Extent::Abridged;
    Ok(())
}

/// Give the constraints of our list their names; any that Optuna added keeps its own.
fn rename_constraints(constraints: &mut IndexMap<String, f64>, names: &[String]) -> Result<(), Problem> {
    let mut renamed = IndexMap::new();
    for (index, name) in names.iter().enumerate() {
        let value = constraints.shift_remove(&index.to_string());
        let value = value.ok_or_else(|| format!("its constraint `{name}` has no value"))?;
        renamed.insert(name.clone(), value);
    }
    renamed.extend(constraints.drain(..));
    *constraints = renamed;
    Ok(())
}

/// The distributions read so far: a study has few, and many rows that repeat them, mostly in the
/// order in which the trial before had them.
#[derive(Default)]
pub(crate) struct KnownDistributions {
    known: Vec<(String, Distribution)>,
    positions: BTreeMap<String, usize>,
    expected: usize,
    /// The most parameters that a trial had so far.
    most_params: usize,
}

impl KnownDistributions {
    fn parse(&mut self, text: &str) -> Result<&Distribution, Problem> {
        let is_text = |index: &usize| self.known.get(*index).is_some_and(|(known, _)| known == text);
        let found = [self.expected, 0].into_iter().find(is_text);
        let found = found.or_else(|| self.positions.get(text).copied());
        let index = match found {
            Some(index) => index,
            None => {
                let distribution = codec::parse_distribution(text)?;
                self.positions.insert(text.to_owned(), self.known.len());
                self.known.push((text.to_owned(), distribution));
                self.known.len() - 1
            }
        };
        self.expected = index + 1;
        Ok(&self.known[index].1)
    }
}
