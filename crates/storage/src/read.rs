//! The queries.
//!
//! Trials are read table by table, each in one ordered query, and joined here: never a query per
//! trial. A table is read as a whole, in the order of its rows, if the trials asked for are most of
//! it, and through its index on trials otherwise; either way rows that belong to none of them are
//! skipped. All queries of one read see one snapshot.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_search::space::Distribution;
use bartune_search::storage::{StudyId, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::{StudyDirection, Trial};
use indexmap::IndexMap;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::Value;

use crate::codec::{self, Problem};
use crate::error::{Fault, StorageError};
use crate::pack::{Layout, Metrics};
use crate::record::{CONSTRAINT_PREFIX, CONSTRAINTS, DUPLICATE_OF, REASON};

/// How much of each trial is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Complete,
    /// All but the metrics.
    WithoutMetrics,
}

/// Which of our tables there are: none in a database that only Optuna has written, read by a
/// read-only connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tables {
    /// Optuna's only.
    Optuna,
    /// Optuna's and ours.
    OptunaAndBartune,
}

/// A table whose rows belong to trials.
struct Child {
    table: &'static str,
    /// Its primary key, which keeps the order of insertion.
    key: &'static str,
    /// The columns wanted, after the trial's id.
    columns: &'static str,
}

const VALUES: Child = Child {
    table: "trial_values",
    key: "trial_value_id",
    columns: "objective, value, value_type",
};
const INTERMEDIATE_VALUES: Child = Child {
    table: "trial_intermediate_values",
    key: "trial_intermediate_value_id",
    columns: "step, intermediate_value, intermediate_value_type",
};
const PARAMS: Child = Child {
    table: "trial_params",
    key: "param_id",
    columns: "param_name, param_value, distribution_json",
};
const USER_ATTRIBUTES: Child = Child {
    table: "trial_user_attributes",
    key: "trial_user_attribute_id",
    columns: "key, value_json",
};
const SYSTEM_ATTRIBUTES: Child = Child {
    table: "trial_system_attributes",
    key: "trial_system_attribute_id",
    columns: "key, value_json",
};
const IDENTITIES: Child = Child {
    table: "bartune_trials",
    key: "trial_id",
    columns: "identity, constraint_keys_id",
};
const METRICS: Child = Child {
    table: "bartune_metrics",
    key: "trial_id",
    columns: "keys_id, packed",
};

/// All studies, by name, or the one of this name.
pub(crate) fn studies(
    connection: &Connection,
    name: Option<&str>,
) -> Result<Vec<StudyInfo>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let mut statement = snapshot.prepare_cached(
        "SELECT study_id, study_name, (SELECT count(*) FROM trials t WHERE t.study_id = s.study_id)
         FROM studies s WHERE ?1 IS NULL OR study_name = ?1 ORDER BY study_name",
    )?;
    let mut rows = statement.query([name])?;
    let mut studies = Vec::new();
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        studies.push(StudyInfo {
            id: StudyId(id),
            name: row.get(1)?,
            directions: directions(&snapshot, id)?,
            user_attrs: study_attributes(&snapshot, id)?,
            trials: unsigned(row.get(2)?),
        });
    }
    Ok(studies)
}

/// A study's directions; an error if there is no such study.
pub(crate) fn directions(connection: &Connection, id: i64) -> Result<Vec<StudyDirection>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT direction FROM study_directions WHERE study_id = ?1 ORDER BY objective",
    )?;
    let names = statement.query_map([id], |row| row.get::<_, String>(0))?;
    let mut directions = Vec::new();
    for name in names {
        directions.push(readable(
            "study_directions",
            id,
            codec::parse_direction(&name?),
        )?);
    }
    if directions.is_empty() {
        return Err(StorageError::UnknownStudy { id }.into());
    }
    Ok(directions)
}

/// The number that the study's next trial gets. Numbers follow the ids, as in Optuna.
pub(crate) fn next_number(connection: &Connection, id: i64) -> Result<u64, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number FROM trials WHERE study_id = ?1 ORDER BY trial_id DESC LIMIT 1",
    )?;
    let last: Option<i64> = statement.query_row([id], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, |number| unsigned(number) + 1))
}

/// The trials whose numbers lie in `numbers`, in number order.
pub(crate) fn trials(
    connection: &Connection,
    tables: Tables,
    id: StudyId,
    numbers: Range<u64>,
    detail: Detail,
) -> Result<Vec<TrialRecord>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    let objectives = directions(&snapshot, id.0)?.len();
    let mut selection = Selection::read(&snapshot, id.0, numbers)?;
    selection.read_values(&snapshot, objectives)?;
    selection.read_intermediate_values(&snapshot)?;
    selection.read_params(&snapshot)?;
    selection.read_attributes(&snapshot)?;
    if tables == Tables::OptunaAndBartune {
        let keys = KeyLists::read(&snapshot)?;
        selection.read_identities(&snapshot, &keys)?;
        if detail == Detail::Complete {
            selection.read_metrics(&snapshot, &keys)?;
        }
    }
    Ok(selection.into_records())
}

/// All openings of the vault, oldest first.
pub(crate) fn vault_openings(
    connection: &Connection,
    tables: Tables,
    id: StudyId,
) -> Result<Vec<VaultOpening>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    directions(&snapshot, id.0)?;
    if tables == Tables::Optuna {
        return Ok(Vec::new());
    }
    let keys = KeyLists::read(&snapshot)?;
    let mut statement = snapshot.prepare_cached(
        "SELECT opened_ms, trial_number, keys_id, packed FROM bartune_vault WHERE study_id = ?1
         ORDER BY opening_id",
    )?;
    let mut rows = statement.query([id.0])?;
    let mut openings = Vec::new();
    while let Some(row) = rows.next()? {
        let blob: Vec<u8> = row.get(3)?;
        let metrics = readable("bartune_vault", id.0, keys.unpack(row.get(2)?, &blob))?;
        openings.push(VaultOpening {
            opened_ms: row.get(0)?,
            trial_number: unsigned(row.get(1)?),
            metrics: metrics.into_values().next().unwrap_or_default(),
        });
    }
    Ok(openings)
}

/// The newest list of metrics' names.
pub(crate) fn newest_layout(connection: &Connection) -> Result<Option<(i64, Layout)>, Fault> {
    let newest = connection
        .prepare_cached(
            "SELECT keys_id, keys_json FROM bartune_keys WHERE keys_json LIKE '{%'
             ORDER BY keys_id DESC LIMIT 1",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let parse = |(id, text): (i64, String)| {
        let layout = Layout::from_json(&codec::parse_attribute(&text).ok()?)?;
        Some((id, layout))
    };
    Ok(newest.and_then(parse))
}

fn study_attributes(connection: &Connection, id: i64) -> Result<BTreeMap<String, Value>, Fault> {
    let mut statement = connection
        .prepare_cached("SELECT key, value_json FROM study_user_attributes WHERE study_id = ?1")?;
    let mut rows = statement.query([id])?;
    let mut attributes = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let value = codec::parse_attribute(&row.get::<_, String>(1)?);
        attributes.insert(row.get(0)?, readable("study_user_attributes", id, value)?);
    }
    Ok(attributes)
}

/// Name the row that a problem was found in.
fn readable<T>(table: &'static str, id: i64, result: Result<T, Problem>) -> Result<T, Fault> {
    result.map_err(|problem| StorageError::UnreadableRow { table, id, problem }.into())
}

/// Numbers and counts are never negative in a sound database; a negative one would be refused or
/// sorted first by whoever uses it, so 0 does.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The lists of names in `bartune_keys`.
struct KeyLists {
    layouts: BTreeMap<i64, Layout>,
    names: BTreeMap<i64, Vec<String>>,
}

impl KeyLists {
    fn read(connection: &Connection) -> Result<Self, Fault> {
        let mut lists = Self {
            layouts: BTreeMap::new(),
            names: BTreeMap::new(),
        };
        let mut statement =
            connection.prepare_cached("SELECT keys_id, keys_json FROM bartune_keys")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let list = codec::parse_attribute(&row.get::<_, String>(1)?);
            let list = readable("bartune_keys", id, list)?;
            if let Some(names) = list.as_array() {
                let names = names.iter().filter_map(Value::as_str).map(str::to_owned);
                lists.names.insert(id, names.collect());
            } else if let Some(layout) = Layout::from_json(&list) {
                lists.layouts.insert(id, layout);
            }
        }
        Ok(lists)
    }

    fn unpack(&self, id: i64, blob: &[u8]) -> Result<Metrics, Problem> {
        let layout = self
            .layouts
            .get(&id)
            .ok_or_else(|| format!("there is no layout {id}"))?;
        layout
            .unpack(blob)
            .ok_or_else(|| format!("{} bytes of metrics do not fit layout {id}", blob.len()))
    }
}

/// The trials being read.
struct Selection {
    study: i64,
    /// Ascending ids of the trials.
    ids: Vec<i64>,
    /// Their records, in the same order.
    records: Vec<TrialRecord>,
    /// Whether the trials are most of the database.
    is_most: bool,
}

impl Selection {
    fn read(connection: &Connection, study: i64, numbers: Range<u64>) -> Result<Self, Fault> {
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
        let last: Option<i64> =
            connection.query_row("SELECT max(trial_id) FROM trials", [], |row| row.get(0))?;
        let is_most = ids.len() >= usize::try_from(last.unwrap_or(0) / 4).unwrap_or(usize::MAX);
        Ok(Self {
            study,
            ids,
            records,
            is_most,
        })
    }

    fn into_records(self) -> Vec<TrialRecord> {
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
        let Child {
            table,
            key,
            columns,
        } = child;
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
            let near = near
                .into_iter()
                .find(|near| self.ids.get(*near) == Some(&id));
            let Some(found) = near.or_else(|| self.ids.binary_search(&id).ok()) else {
                continue;
            };
            position = found;
            visit(&mut self.records[found], row).map_err(|fault| fault.of(child.table, id))?;
        }
        Ok(())
    }

    fn read_values(&mut self, connection: &Connection, objectives: usize) -> Result<(), Fault> {
        self.each(connection, &VALUES, |record, row| {
            let objective: i64 = row.get(1)?;
            let value = codec::parse_stored_float(row.get(2)?, row.get_ref(3)?.as_str()?)?;
            let objective = usize::try_from(objective)
                .ok()
                .filter(|index| *index < objectives);
            let objective = objective.ok_or("it is of an objective that the study lacks")?;
            let values = &mut record.trial.values;
            values.resize(values.len().max(objective + 1), f64::NAN);
            values[objective] = value;
            Ok(())
        })?;
        let torn = |record: &TrialRecord| record.trial.values.iter().any(|value| value.is_nan());
        match self.records.iter().position(torn) {
            None => Ok(()),
            Some(index) => readable(
                VALUES.table,
                self.ids[index],
                Err("some of its objectives have no value".to_owned()),
            ),
        }
    }

    fn read_intermediate_values(&mut self, connection: &Connection) -> Result<(), Fault> {
        self.each(connection, &INTERMEDIATE_VALUES, |record, row| {
            let value = codec::parse_stored_float(row.get(2)?, row.get_ref(3)?.as_str()?)?;
            record.trial.intermediate_values.insert(row.get(1)?, value);
            Ok(())
        })
    }

    fn read_params(&mut self, connection: &Connection) -> Result<(), Fault> {
        // A study has few distributions and many rows that repeat them.
        let mut known: BTreeMap<String, Distribution> = BTreeMap::new();
        self.each(connection, &PARAMS, |record, row| {
            let text = row.get_ref(3)?.as_str()?;
            if !known.contains_key(text) {
                known.insert(text.to_owned(), codec::parse_distribution(text)?);
            }
            let distribution = known.get(text).ok_or("its distribution was just read")?;
            let internal: Option<f64> = row.get(2)?;
            let internal = internal.ok_or("the parameter's value is NULL")?;
            let value = codec::param_value(internal, distribution)?;
            let name = row.get_ref(1)?.as_str()?;
            record.trial.params.insert(name.to_owned(), value);
            record
                .trial
                .distributions
                .insert(name.to_owned(), distribution.clone());
            Ok(())
        })
    }

    fn read_attributes(&mut self, connection: &Connection) -> Result<(), Fault> {
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

    fn read_identities(&mut self, connection: &Connection, keys: &KeyLists) -> Result<(), Fault> {
        self.each(connection, &IDENTITIES, |record, row| {
            if let Some(bytes) = row.get_ref(1)?.as_blob_or_null()? {
                record.identity = codec::identity_text(bytes);
            }
            if let Some(id) = row.get::<_, Option<i64>>(2)? {
                let names = keys
                    .names
                    .get(&id)
                    .ok_or("its constraints' names are missing")?;
                rename_constraints(&mut record.trial.constraints, names)?;
            }
            Ok(())
        })
    }

    fn read_metrics(&mut self, connection: &Connection, keys: &KeyLists) -> Result<(), Fault> {
        self.each(connection, &METRICS, |record, row| {
            record.metrics = keys.unpack(row.get(1)?, row.get_ref(2)?.as_blob()?)?;
            Ok(())
        })
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
        text.map(|text| readable("trials", id, codec::parse_datetime(&text)))
            .transpose()
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
        trial
            .constraints
            .insert(name.to_owned(), codec::parse_float(text)?);
    } else {
        trial
            .system_attrs
            .insert(key.to_owned(), codec::parse_attribute(text)?);
    }
    Ok(())
}

/// Give the constraints of our list their names; any that Optuna added keeps its own.
fn rename_constraints(
    constraints: &mut IndexMap<String, f64>,
    names: &[String],
) -> Result<(), Problem> {
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
