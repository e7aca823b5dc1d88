//! The statements that change a database. Each function works inside its caller's transaction.

use std::collections::BTreeMap;

use bartune_search::storage::{StudyId, TrialRecord, VaultOpening};
use bartune_search::trial::{StudyDirection, Trial};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde_json::Value;

use crate::codec;
use crate::error::{Fault, StorageError};
use crate::pack::{Layout, Metrics};
use crate::read;
use crate::record::{self, CONSTRAINTS, DUPLICATE_OF, REASON};

/// The segment under which an opening of the vault keeps its metrics.
const VAULT_SEGMENT: &str = "test";

/// Optuna's tables of what belongs to a trial.
const CHILD_TABLES: [&str; 6] = [
    "trial_user_attributes",
    "trial_system_attributes",
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    "trial_heartbeats",
];

/// Optuna's tables of what belongs to a study, other than trials.
const STUDY_TABLES: [&str; 3] = ["study_directions", "study_user_attributes", "study_system_attributes"];

/// A new study's row; the name must be free.
pub(crate) fn create_study(connection: &Connection, name: &str, directions: &[StudyDirection]) -> Result<(), Fault> {
    let inserted = connection.execute("INSERT INTO studies (study_name) VALUES (?1) ON CONFLICT DO NOTHING", [name])?;
    if inserted == 0 {
        return Err(StorageError::StudyExists { name: name.to_owned() }.into());
    }
    let id = connection.last_insert_rowid();
    let mut statement = connection
        .prepare_cached("INSERT INTO study_directions (direction, study_id, objective) VALUES (?1, ?2, ?3)")?;
    for (objective, direction) in (0_i64..).zip(directions) {
        statement.execute(params![codec::direction_name(*direction), id, objective])?;
    }
    Ok(())
}

/// Delete a study and all that belongs to it. Our own rows go by the schema's triggers.
pub(crate) fn delete_study(connection: &Connection, id: StudyId) -> Result<(), Fault> {
    read::directions(connection, id.0)?;
    for table in CHILD_TABLES {
        connection.execute(
            &format!(
                "DELETE FROM {table} WHERE trial_id IN
                 (SELECT trial_id FROM trials WHERE study_id = ?1)"
            ),
            [id.0],
        )?;
    }
    connection.execute("DELETE FROM trials WHERE study_id = ?1", [id.0])?;
    for table in STUDY_TABLES {
        connection.execute(&format!("DELETE FROM {table} WHERE study_id = ?1"), [id.0])?;
    }
    connection.execute("DELETE FROM studies WHERE study_id = ?1", [id.0])?;
    Ok(())
}

/// Set or replace a study's user attribute.
pub(crate) fn set_study_attribute(connection: &Connection, id: StudyId, key: &str, value: &Value) -> Result<(), Fault> {
    read::directions(connection, id.0)?;
    connection.execute(
        "INSERT INTO study_user_attributes (study_id, key, value_json) VALUES (?1, ?2, ?3)
         ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json",
        params![id.0, key, codec::json_text(value)],
    )?;
    Ok(())
}

/// Append a batch to its study.
pub(crate) fn append(
    connection: &Connection,
    keys: &mut Keys,
    id: StudyId,
    batch: &[TrialRecord],
) -> Result<(), Fault> {
    let objectives = read::directions(connection, id.0)?.len();
    record::check_numbers(batch, read::next_number(connection, id.0)?)?;
    record::check_records(batch, objectives)?;
    let mut insert = connection.prepare_cached(
        "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut children = Children::prepare(connection)?;
    for record in batch {
        let trial = &record.trial;
        insert.execute(params![
            signed(trial.number),
            id.0,
            codec::state_name(trial.state),
            trial.started_ms.and_then(codec::datetime_text),
            trial.finished_ms.and_then(codec::datetime_text),
        ])?;
        children.insert(connection.last_insert_rowid(), record, keys)?;
    }
    Ok(())
}

/// Replace unfinished trials by the records of the same numbers.
pub(crate) fn replace_unfinished(
    connection: &Connection,
    keys: &mut Keys,
    id: StudyId,
    batch: &[TrialRecord],
) -> Result<(), Fault> {
    let objectives = read::directions(connection, id.0)?.len();
    record::check_records(batch, objectives)?;
    let mut children = Children::prepare(connection)?;
    for record in batch {
        let trial = &record.trial;
        let trial_id = unfinished_trial(connection, id, trial.number)?;
        for table in CHILD_TABLES.into_iter().chain(["bartune_trials", "bartune_metrics"]) {
            connection.prepare_cached(&format!("DELETE FROM {table} WHERE trial_id = ?1"))?.execute([trial_id])?;
        }
        connection
            .prepare_cached(
                "UPDATE trials SET state = ?2, datetime_start = ?3, datetime_complete = ?4
                 WHERE trial_id = ?1",
            )?
            .execute(params![
                trial_id,
                codec::state_name(trial.state),
                trial.started_ms.and_then(codec::datetime_text),
                trial.finished_ms.and_then(codec::datetime_text),
            ])?;
        children.insert(trial_id, record, keys)?;
    }
    Ok(())
}

/// Record an opening of the vault.
pub(crate) fn record_vault_opening(
    connection: &Connection,
    keys: &mut Keys,
    id: StudyId,
    opening: &VaultOpening,
) -> Result<(), Fault> {
    read::directions(connection, id.0)?;
    // A layout of its own, so that the vault's metrics do not become a segment of every trial.
    let metrics = Metrics::from([(VAULT_SEGMENT.to_owned(), opening.metrics.clone())]);
    let layout = Layout::default().extended(&metrics);
    let keys_id = keys.intern(connection, &layout.to_json())?;
    connection.execute(
        "INSERT INTO bartune_vault (study_id, opened_ms, trial_number, keys_id, packed)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id.0, opening.opened_ms, signed(opening.trial_number), keys_id, layout.pack(&metrics)],
    )?;
    Ok(())
}

fn unfinished_trial(connection: &Connection, id: StudyId, number: u64) -> Result<i64, Fault> {
    let found = connection
        .prepare_cached("SELECT trial_id, state FROM trials WHERE study_id = ?1 AND number = ?2")?
        .query_row([id.0, signed(number)], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))
        .optional()?;
    let problem = match found {
        None => "the study has no trial of that number",
        Some((trial_id, state)) => {
            let state = codec::parse_state(&state);
            if state.is_ok_and(record::is_unfinished) {
                return Ok(trial_id);
            }
            "it is finished"
        }
    };
    Err(StorageError::NotReplaceable { number, problem }.into())
}

/// No study has 2^63 trials; a number beyond would be refused as not contiguous anyway.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Lists of names that are in `bartune_keys`, with their ids. Rows of that table are never changed
/// or deleted, so ids stay valid as long as the transaction that made them commits: after a failed
/// one, forget them all.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    ids: BTreeMap<String, i64>,
    layout: Option<(i64, Layout)>,
}

impl Keys {
    fn intern(&mut self, connection: &Connection, list: &Value) -> Result<i64, Fault> {
        let text = codec::json_text(list);
        if let Some(id) = self.ids.get(&text) {
            return Ok(*id);
        }
        connection
            .prepare_cached("INSERT INTO bartune_keys (keys_json) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([&text])?;
        let id = connection
            .prepare_cached("SELECT keys_id FROM bartune_keys WHERE keys_json = ?1")?
            .query_row([&text], |row| row.get(0))?;
        self.ids.insert(text, id);
        Ok(id)
    }

    /// A layout with a place for each of `metrics`: the newest one, extended if need be, so that a
    /// study in which now this and now that metric is undefined keeps to one.
    fn layout_for(&mut self, connection: &Connection, metrics: &Metrics) -> Result<(i64, &Layout), Fault> {
        if self.layout.is_none() {
            self.layout = read::newest_layout(connection)?;
        }
        let is_covered = self.layout.as_ref().is_some_and(|(_, layout)| layout.covers(metrics));
        if !is_covered {
            let layout = match &self.layout {
                Some((_, layout)) => layout.extended(metrics),
                None => Layout::default().extended(metrics),
            };
            self.layout = Some((self.intern(connection, &layout.to_json())?, layout));
        }
        let (id, layout) = self.layout.as_ref().expect("it was covered, or has just been made");
        Ok((*id, layout))
    }
}

/// The prepared statements that insert what belongs to a trial.
struct Children<'c> {
    connection: &'c Connection,
    value: CachedStatement<'c>,
    intermediate_value: CachedStatement<'c>,
    param: CachedStatement<'c>,
    user_attribute: CachedStatement<'c>,
    system_attribute: CachedStatement<'c>,
    identity: CachedStatement<'c>,
    metrics: CachedStatement<'c>,
}

impl<'c> Children<'c> {
    fn prepare(connection: &'c Connection) -> Result<Self, Fault> {
        let insert = |table: &str, columns: &str| {
            let places = ["?1", "?2", "?3", "?4"][..=columns.matches(',').count()].join(", ");
            connection.prepare_cached(&format!("INSERT INTO {table} ({columns}) VALUES ({places})"))
        };
        Ok(Self {
            connection,
            value: insert("trial_values", "trial_id, objective, value, value_type")?,
            intermediate_value: insert(
                "trial_intermediate_values",
                "trial_id, step, intermediate_value, intermediate_value_type",
            )?,
            param: insert("trial_params", "trial_id, param_name, param_value, distribution_json")?,
            user_attribute: insert("trial_user_attributes", "trial_id, key, value_json")?,
            system_attribute: insert("trial_system_attributes", "trial_id, key, value_json")?,
            identity: insert("bartune_trials", "trial_id, identity, constraint_keys_id")?,
            metrics: insert("bartune_metrics", "trial_id, keys_id, packed")?,
        })
    }

    fn insert(&mut self, id: i64, record: &TrialRecord, keys: &mut Keys) -> Result<(), Fault> {
        self.insert_numbers(id, &record.trial)?;
        self.insert_params(id, &record.trial)?;
        self.insert_attributes(id, record)?;
        self.insert_ours(id, record, keys)
    }

    fn insert_numbers(&mut self, id: i64, trial: &Trial) -> Result<(), Fault> {
        for (objective, value) in (0_i64..).zip(&trial.values) {
            let (value, kind) = codec::stored_float(*value);
            self.value.execute(params![id, objective, value, kind])?;
        }
        for (step, value) in &trial.intermediate_values {
            let (value, kind) = codec::stored_float(*value);
            self.intermediate_value.execute(params![id, step, value, kind])?;
        }
        Ok(())
    }

    fn insert_params(&mut self, id: i64, trial: &Trial) -> Result<(), Fault> {
        for (name, distribution) in &trial.distributions {
            let internal = trial.params.get(name).and_then(codec::internal_value);
            let json = codec::distribution_text(distribution);
            self.param.execute(params![id, name, internal, json])?;
        }
        Ok(())
    }

    fn insert_attributes(&mut self, id: i64, record: &TrialRecord) -> Result<(), Fault> {
        let trial = &record.trial;
        for (key, value) in &trial.user_attrs {
            self.user_attribute.execute(params![id, key, codec::json_text(value)])?;
        }
        if let Some(reason) = &record.reason {
            let json = codec::json_text(&Value::from(reason.as_str()));
            self.user_attribute.execute(params![id, REASON, json])?;
        }
        if let Some(original) = trial.duplicate_of {
            self.user_attribute.execute(params![id, DUPLICATE_OF, original.to_string()])?;
        }
        if !trial.constraints.is_empty() {
            let list = codec::float_list_text(trial.constraints.values().copied());
            self.system_attribute.execute(params![id, CONSTRAINTS, list])?;
        }
        for (key, value) in &trial.system_attrs {
            self.system_attribute.execute(params![id, key, codec::json_text(value)])?;
        }
        Ok(())
    }

    fn insert_ours(&mut self, id: i64, record: &TrialRecord, keys: &mut Keys) -> Result<(), Fault> {
        let identity = codec::identity_bytes(&record.identity);
        let constraints = &record.trial.constraints;
        if identity.is_some() || !constraints.is_empty() {
            let names = || constraints.keys().map(String::as_str).collect::<Value>();
            let names_id = (!constraints.is_empty()).then(|| keys.intern(self.connection, &names())).transpose()?;
            self.identity.execute(params![id, identity, names_id])?;
        }
        if !record.metrics.is_empty() {
            let (keys_id, layout) = keys.layout_for(self.connection, &record.metrics)?;
            self.metrics.execute(params![id, keys_id, layout.pack(&record.metrics)])?;
        }
        Ok(())
    }
}
