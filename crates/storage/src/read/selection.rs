//! The trials of a study, table by table.
//!
//! A table is read as a whole, in the order of its rows, if the trials asked for are most of it, and
//! through its index on trials otherwise; either way rows that belong to none of them are skipped.

use std::ops::Range;

use bartune_search::storage::TrialRecord;
use rusqlite::{Connection, Row};

use super::unsigned;
use crate::assemble::{
    Assembly, KnownDistributions, TrialRow, add_identity, add_metrics, add_param, add_step, add_system_attribute,
    add_user_attribute, add_value, readable,
};
use crate::codec::{self, Problem};
use crate::error::{Fault, StorageError};
use crate::keys::KeyLists;
use crate::returns;

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
const RETURNS: Child = Child { table: "bartune_returns", key: "trial_id", columns: "packed" };

/// The trials being read.
pub(super) struct Selection {
    study: i64,
    assembly: Assembly,
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
        let range = [study, bound(numbers.start), bound(numbers.end)];
        // Growing by moving what is there already would cost as much as reading it.
        let mut count = connection
            .prepare_cached("SELECT count(*) FROM trials WHERE study_id = ?1 AND number >= ?2 AND number < ?3")?;
        let count: i64 = count.query_row(range, |row| row.get(0))?;
        let mut rows = statement.query(range)?;
        let mut assembly = Assembly::with_capacity(usize::try_from(count).unwrap_or(0));
        while let Some(row) = rows.next()? {
            push_trial(&mut assembly, row)?;
        }
        let last: Option<i64> = connection.query_row("SELECT max(trial_id) FROM trials", [], |row| row.get(0))?;
        let is_most = assembly.len() >= usize::try_from(last.unwrap_or(0) / 4).unwrap_or(usize::MAX);
        Ok(Self { study, assembly, is_most })
    }

    pub(super) fn into_records(self) -> Vec<TrialRecord> {
        self.assembly.into_records()
    }

    /// Show `visit` every row of `child` that belongs to one of the trials, in order of insertion.
    /// A problem it reports is worded with the table and the trial.
    fn each(
        &mut self,
        connection: &Connection,
        child: &Child,
        mut visit: impl FnMut(&mut TrialRecord, &mut KnownDistributions, &Row<'_>) -> Result<(), ChildFault>,
    ) -> Result<(), Fault> {
        let Some((first, last)) = self.assembly.span() else {
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
        let mut rows = statement.query([self.study, first, last])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if let Some((record, distributions)) = self.assembly.find(id) {
                visit(record, distributions, row).map_err(|fault| fault.of(child.table, id))?;
            }
        }
        Ok(())
    }

    pub(super) fn read_values(&mut self, connection: &Connection, objectives: usize) -> Result<(), Fault> {
        self.each(connection, &VALUES, |record, _, row| {
            Ok(add_value(record, (row.get(1)?, objectives), (row.get(2)?, row.get_ref(3)?.as_str()?))?)
        })?;
        Ok(self.assembly.check_values()?)
    }

    pub(super) fn read_intermediate_values(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &INTERMEDIATE_VALUES, |record, _, row| {
            Ok(add_step(record, row.get(1)?, (row.get(2)?, row.get_ref(3)?.as_str()?))?)
        })
    }

    pub(super) fn read_params(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &PARAMS, |record, distributions, row| {
            let stored = (row.get(2)?, row.get_ref(3)?.as_str()?);
            Ok(add_param(record, distributions, row.get_ref(1)?.as_str()?, stored)?)
        })
    }

    pub(super) fn read_attributes(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &USER_ATTRIBUTES, |record, _, row| {
            Ok(add_user_attribute(record, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?)
        })?;
        self.each(connection, &SYSTEM_ATTRIBUTES, |record, _, row| {
            Ok(add_system_attribute(record, row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?)
        })
    }

    pub(super) fn read_identities(&mut self, connection: &Connection, lists: &KeyLists) -> Result<(), Fault> {
        self.each(connection, &IDENTITIES, |record, _, row| {
            Ok(add_identity(record, row.get_ref(1)?.as_blob_or_null()?, row.get(2)?, lists)?)
        })
    }

    pub(super) fn read_metrics(&mut self, connection: &Connection, lists: &KeyLists) -> Result<(), Fault> {
        self.each(connection, &METRICS, |record, _, row| {
            Ok(add_metrics(record, (row.get(1)?, row.get_ref(2)?.as_blob()?), lists)?)
        })
    }

    pub(super) fn read_returns(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &RETURNS, |record, _, row| {
            record.daily_returns = returns::unpack(row.get_ref(1)?.as_blob()?)?;
            Ok(())
        })
    }
}

fn push_trial(assembly: &mut Assembly, row: &Row<'_>) -> Result<(), Fault> {
    let id = row.get(0)?;
    let time = |column| -> Result<Option<i64>, Fault> {
        let text: Option<String> = row.get(column)?;
        Ok(text.map(|text| readable("trials", id, codec::parse_datetime(&text))).transpose()?)
    };
    Ok(assembly.push(&TrialRow {
        id,
        number: unsigned(row.get(1)?),
        state: &row.get::<_, String>(2)?,
        started_ms: time(3)?,
        finished_ms: time(4)?,
    })?)
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
