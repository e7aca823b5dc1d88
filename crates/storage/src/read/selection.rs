//! The trials of a study, table by table.
//!
//! A table is read as a whole, in the order of its rows, if the trials asked for are most of it, and
//! through its index on trials otherwise; either way rows that belong to none of them are skipped.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_search::space::Distribution;
use bartune_search::storage::TrialRecord;
use bartune_search::trial::Trial;
use indexmap::IndexMap;
use rusqlite::{Connection, Row};

use super::{KeyLists, readable, unsigned};
use crate::codec::{self, Problem};
use crate::error::{Fault, StorageError};
use crate::record::{CONSTRAINT_PREFIX, CONSTRAINTS, DUPLICATE_OF, REASON};

/// A table whose rows belong to trials.
struct Child {
    table: &'static str,
    /// Its primary key, which keeps the order of insertion.
    key: &'static str,
    /// The columns wanted, after the trial's id.
    columns: &'static str,
}

const VALUES: Child = Child { table: "trial_values", key: "trial_value_id", columns: "objective, value, value_type" };
const INTERMEDIATE_VALUES: Child = Child {
    table: "trial_intermediate_values",
    key: "trial_intermediate_value_id",
    columns: "step, intermediate_value, intermediate_value_type",
};
const PARAMS: Child =
    Child { table: "trial_params", key: "param_id", columns: "param_name, param_value, distribution_json" };
const USER_ATTRIBUTES: Child =
    Child { table: "trial_user_attributes", key: "trial_user_attribute_id", columns: "key, value_json" };
const SYSTEM_ATTRIBUTES: Child =
    Child { table: "trial_system_attributes", key: "trial_system_attribute_id", columns: "key, value_json" };
const IDENTITIES: Child = Child { table: "bartune_trials", key: "trial_id", columns: "identity, constraint_keys_id" };
const METRICS: Child = Child { table: "bartune_metrics", key: "trial_id", columns: "keys_id, packed" };

/// The trials being read.
pub(super) struct Selection {
    study: i64,
    /// Ascending ids of the trials.
    ids: Vec<i64>,
    /// Their records, in the same order.
    records: Vec<TrialRecord>,
    /// Whether the trials are most of the database.
    is_most: bool,
}

impl Selection {
    pub(super) fn read(connection: &Connection, study: i64, numbers: Range<u64>) -> Result<Self, Fault> {
        let mut statement = connection.prepare_cached(
            "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials
             WHERE study_id = ?1 AND number >= ?2 AND number < ?3 ORDER BY trial_id",
        )?;
        let bound = |number| i64::try_from(number).unwrap_or(i64::MAX);
        let mut rows = statement.query([study, bound(numbers.start), bound(numbers.end)])?;
        let (mut ids, mut records) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            ids.push(id);
            records.push(empty_record(row, id)?);
        }
        let last: Option<i64> = connection.query_row("SELECT max(trial_id) FROM trials", [], |row| row.get(0))?;
        let is_most = ids.len() >= usize::try_from(last.unwrap_or(0) / 4).unwrap_or(usize::MAX);
        Ok(Self { study, ids, records, is_most })
    }

    pub(super) fn into_records(self) -> Vec<TrialRecord> {
        let mut records = self.records;
        records.sort_by_key(|record| record.trial.number);
        records
    }

    /// Show `visit` every row of `child` that belongs to one of the trials, in order of insertion.
    /// A problem it reports is worded with the table and the trial.
    fn each(
        &mut self,
        connection: &Connection,
        child: &Child,
        mut visit: impl FnMut(&mut TrialRecord, &Row<'_>) -> Result<(), ChildFault>,
    ) -> Result<(), Fault> {
        let (Some(first), Some(last)) = (self.ids.first(), self.ids.last()) else {
            return Ok(());
        };
        let Child { table, key, columns } = child;
        let columns = columns.replace(", ", ", c.");
        // The plus keeps SQLite from walking the index, row by row, when it had better read on.
        let sql = if self.is_most {
            format!(
                "SELECT c.trial_id, c.{columns} FROM {table} c
                 WHERE +c.trial_id BETWEEN ?2 AND ?3 AND ?1 = ?1 ORDER BY c.{key}"
            )
        } else {
            format!(
                "SELECT c.trial_id, c.{columns} FROM trials t CROSS JOIN {table} c
                 ON c.trial_id = t.trial_id
                 WHERE t.study_id = ?1 AND t.trial_id BETWEEN ?2 AND ?3 ORDER BY c.{key}"
            )
        };
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([self.study, *first, *last])?;
        let mut position = 0;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            // Rows mostly stay with a trial or go on to the next one.
            let near = [position, position + 1];
            let near = near.into_iter().find(|near| self.ids.get(*near) == Some(&id));
            let Some(found) = near.or_else(|| self.ids.binary_search(&id).ok()) else {
                continue;
            };
            position = found;
            visit(&mut self.records[found], row).map_err(|fault| fault.of(child.table, id))?;
        }
        Ok(())
    }

    pub(super) fn read_values(&mut self, connection: &Connection, objectives: usize) -> Result<(), Fault> {
        self.each(connection, &VALUES, |record, row| {
            let objective: i64 = row.get(1)?;
            let value = codec::parse_stored_float(row.get(2)?, row.get_ref(3)?.as_str()?)?;
            let objective = usize::try_from(objective).ok().filter(|index| *index < objectives);
            let objective = objective.ok_or("it is of an objective that the study lacks")?;
            let values = &mut record.trial.values;
            values.resize(values.len().max(objective + 1), f64::NAN);
            values[objective] = value;
            Ok(())
        })?;
        let torn = |record: &TrialRecord| record.trial.values.iter().any(|value| value.is_nan());
        match self.records.iter().position(torn) {
            None => Ok(()),
            Some(index) => {
                readable(VALUES.table, self.ids[index], Err("some of its objectives have no value".to_owned()))
            }
        }
    }

    pub(super) fn read_intermediate_values(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &INTERMEDIATE_VALUES, |record, row| {
            let value = codec::parse_stored_float(row.get(2)?, row.get_ref(3)?.as_str()?)?;
            record.trial.intermediate_values.insert(row.get(1)?, value);
            Ok(())
        })
    }

    pub(super) fn read_params(&mut self, connection: &Connection) -> Result<(), Fault> {
        let mut known = KnownDistributions::default();
        self.each(connection, &PARAMS, |record, row| {
            let distribution = known.parse(row.get_ref(3)?.as_str()?)?;
            let internal: Option<f64> = row.get(2)?;
            let internal = internal.ok_or("the parameter's value is NULL")?;
            let value = codec::param_value(internal, distribution)?;
            let name = row.get_ref(1)?.as_str()?;
            let trial = &mut record.trial;
            trial.params.insert(name.to_owned(), value);
            trial.distributions.insert(name.to_owned(), distribution.clone());
            Ok(())
        })
    }

    pub(super) fn read_attributes(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &USER_ATTRIBUTES, |record, row| {
            let value = codec::parse_attribute(row.get_ref(2)?.as_str()?)?;
            match row.get_ref(1)?.as_str()? {
                REASON => record.reason = value.as_str().map(str::to_owned),
                DUPLICATE_OF => record.trial.duplicate_of = value.as_u64(),
                key => {
                    record.trial.user_attrs.insert(key.to_owned(), value);
                }
            }
            Ok(())
        })?;
        self.each(connection, &SYSTEM_ATTRIBUTES, |record, row| {
            let text = row.get_ref(2)?.as_str()?;
            read_system_attribute(&mut record.trial, row.get_ref(1)?.as_str()?, text)
        })
    }

    pub(super) fn read_identities(&mut self, connection: &Connection, keys: &KeyLists) -> Result<(), Fault> {
        self.each(connection, &IDENTITIES, |record, row| {
            if let Some(bytes) = row.get_ref(1)?.as_blob_or_null()? {
                record.identity = codec::identity_text(bytes);
            }
            if let Some(id) = row.get::<_, Option<i64>>(2)? {
                let names = keys.names.get(&id).ok_or("its constraints' names are missing")?;
                rename_constraints(&mut record.trial.constraints, names)?;
            }
            Ok(())
        })
    }

    pub(super) fn read_metrics(&mut self, connection: &Connection, keys: &KeyLists) -> Result<(), Fault> {
        self.each(connection, &METRICS, |record, row| {
            record.metrics = keys.unpack(row.get(1)?, row.get_ref(2)?.as_blob()?)?;
            Ok(())
        })
    }
}

/// The distributions read so far: a study has few, and many rows that repeat them, mostly in the
/// order in which the trial before had them.
#[derive(Default)]
struct KnownDistributions {
    known: Vec<(String, Distribution)>,
    positions: BTreeMap<String, usize>,
    expected: usize,
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

/// A failure in a row of a child table.
enum ChildFault {
    Problem(Problem),
    Sqlite(rusqlite::Error),
}

impl ChildFault {
    fn of(self, table: &'static str, id: i64) -> Fault {
        match self {
            Self::Sqlite(error) => error.into(),
            Self::Problem(problem) => StorageError::UnreadableRow { table, id, problem }.into(),
        }
    }
}

impl From<Problem> for ChildFault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<&str> for ChildFault {
    fn from(problem: &str) -> Self {
        Self::Problem(problem.to_owned())
    }
}

impl From<rusqlite::Error> for ChildFault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<rusqlite::types::FromSqlError> for ChildFault {
    fn from(error: rusqlite::types::FromSqlError) -> Self {
        Self::Problem(error.to_string())
    }
}

fn empty_record(row: &Row<'_>, id: i64) -> Result<TrialRecord, Fault> {
    let time = |column| -> Result<Option<i64>, Fault> {
        let text: Option<String> = row.get(column)?;
        text.map(|text| readable("trials", id, codec::parse_datetime(&text))).transpose()
    };
    Ok(TrialRecord {
        trial: Trial {
            number: unsigned(row.get(1)?),
            state: readable("trials", id, codec::parse_state(&row.get::<_, String>(2)?))?,
            params: BTreeMap::new(),
            distributions: IndexMap::new(),
            values: Vec::new(),
            constraints: IndexMap::new(),
            intermediate_values: BTreeMap::new(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: time(3)?,
            finished_ms: time(4)?,
            duplicate_of: None,
        },
        identity: String::new(),
        metrics: BTreeMap::new(),
        reason: None,
    })
}

/// Constraints come as a list (Optuna 3 and 4, and Bartune) or one by one (Optuna 5); where both
/// name the same one, the latter holds, as in Optuna 5.
fn read_system_attribute(trial: &mut Trial, key: &str, text: &str) -> Result<(), ChildFault> {
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
