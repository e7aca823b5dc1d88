//! The statements that change a database. Each function works inside its caller's transaction.

use bartune_search::storage::{Abridgement, Lease, StudyId, TrialRecord, VaultOpening};
use bartune_search::trial::{StudyDirection, Trial};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use serde_json::Value;

use crate::assemble::readable;
use crate::codec;
use crate::error::{Fault, StorageError};
use crate::keys::{ABRIDGED_LAYOUT, KeyTable, Keys};
use crate::lease::Held;
use crate::pack::{Extent, Layout, Metrics};
use crate::read;
use crate::record::{self, CONSTRAINTS, DUPLICATE_OF, REASON};
use crate::returns;
use crate::schema::Tables;

/// The segment under which an opening of the vault keeps its metrics.
const VAULT_SEGMENT: &str = "test";

/// Signs of life.
const HEARTBEATS: &str = "trial_heartbeats";

/// Optuna's tables of what belongs to a trial.
const CHILD_TABLES: [&str; 6] = [
    "trial_user_attributes",
    "trial_system_attributes",
    "trial_params",
    "trial_values",
    "trial_intermediate_values",
    HEARTBEATS,
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

/// Set or replace an attribute of a study in one of the two tables for them.
pub(crate) fn set_study_attribute(
    connection: &Connection,
    table: &str,
    id: StudyId,
    (key, value): (&str, &Value),
) -> Result<(), Fault> {
    read::directions(connection, id.0)?;
    let sql = format!(
        "INSERT INTO {table} (study_id, key, value_json) VALUES (?1, ?2, ?3)
         ON CONFLICT (study_id, key) DO UPDATE SET value_json = excluded.value_json"
    );
    connection.execute(&sql, params![id.0, key, codec::json_text(value)])?;
    Ok(())
}

/// Put a lease in the place of the one with the token `expected`, or of none.
pub(crate) fn swap_lease(
    connection: &Connection,
    id: StudyId,
    expected: Option<&str>,
    lease: Option<&Lease>,
) -> Result<bool, Fault> {
    let found = read::lease(connection, Tables::OptunaAndBartune, id)?;
    if found.as_ref().map(|found| found.token.as_str()) != expected {
        return Ok(false);
    }
    connection.execute("DELETE FROM bartune_lease WHERE study_id = ?1", [id.0])?;
    if let Some(lease) = lease {
        connection.execute(
            "INSERT INTO bartune_lease VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![
                id.0,
                lease.token,
                lease.host,
                lease.place,
                i64::from(lease.pid),
                lease.process_start,
                lease.since_ms,
                lease.expires_ms,
                signed(lease.renewals),
            ],
        )?;
    }
    Ok(true)
}

/// Put off the end of a lease; whether it was still there. The end never moves back, whatever the
/// clock did.
pub(crate) fn renew_lease(connection: &Connection, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE bartune_lease SET expires_ms = max(expires_ms, ?3), renewals = renewals + 1
         WHERE study_id = ?1 AND token = ?2",
    )?;
    Ok(statement.execute(params![id.0, token, expires_ms])? == 1)
}

/// Check that a lease is still the one that was taken.
pub(crate) fn check_lease(connection: &Connection, id: StudyId, held: Option<&Held>) -> Result<(), Fault> {
    let Some(held) = held.filter(|held| held.study == id) else { return Ok(()) };
    held.check(read::lease(connection, Tables::OptunaAndBartune, id)?.as_ref())
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

/// Keep less of trials that are there.
pub(crate) fn abridge(
    connection: &Connection,
    keys: &mut Keys,
    id: StudyId,
    abridgement: &Abridgement,
) -> Result<(), Fault> {
    if abridgement.numbers.is_empty() {
        return Ok(());
    }
    let lists = read::key_lists(connection)?;
    let mut find = connection.prepare_cached(
        "SELECT t.trial_id, m.keys_id, m.packed FROM trials t JOIN bartune_metrics m USING (trial_id)
         WHERE t.study_id = ?1 AND t.number = ?2",
    )?;
    let mut change =
        connection.prepare_cached("UPDATE bartune_metrics SET keys_id = ?2, packed = ?3 WHERE trial_id = ?1")?;
    let mut forget = connection.prepare_cached("DELETE FROM bartune_returns WHERE trial_id = ?1")?;
    for number in &abridgement.numbers {
        let row = find.query_row(params![id.0, signed(*number)], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
        });
        let Some((trial_id, keys_id, packed)) = row.optional()? else { continue };
        let mut metrics = readable("bartune_metrics", trial_id, lists.unpack(keys_id, &packed))?;
        metrics.values_mut().for_each(|metrics| metrics.retain(|name, _| abridgement.kept.contains(name)));
        let (keys_id, layout) = keys.layout_for(&mut &*connection, (Extent::Abridged, &metrics))?;
        change.execute(params![trial_id, keys_id, layout.pack(&metrics)])?;
        forget.execute([trial_id])?;
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
        let own = ["bartune_trials", "bartune_metrics", "bartune_returns"];
        // A sign of life is not of what the trial holds.
        for table in CHILD_TABLES.into_iter().filter(|&table| table != HEARTBEATS).chain(own) {
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

/// Make a waiting trial running; whether it was waiting.
pub(crate) fn claim_waiting(
    connection: &Connection,
    (id, number): (StudyId, u64),
    started_ms: i64,
) -> Result<bool, Fault> {
    let mut statement = connection.prepare_cached(
        "UPDATE trials SET state = 'RUNNING', datetime_start = ?3
         WHERE study_id = ?1 AND number = ?2 AND state = 'WAITING'",
    )?;
    Ok(statement.execute(params![id.0, signed(number), codec::datetime_text(started_ms)])? == 1)
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
    let keys_id = keys.intern(&mut &*connection, &layout.to_json())?;
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

impl KeyTable for &Connection {
    fn id_of(&mut self, list: &str) -> Result<i64, Fault> {
        self.prepare_cached("INSERT INTO bartune_keys (keys_json) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([list])?;
        let mut statement = self.prepare_cached("SELECT keys_id FROM bartune_keys WHERE keys_json = ?1")?;
        Ok(statement.query_row([list], |row| row.get(0))?)
    }

    fn newest_layout(&mut self, extent: Extent) -> Result<Option<(i64, String)>, Fault> {
        let mut statement = self.prepare_cached(
            "SELECT keys_id, keys_json FROM bartune_keys
             WHERE keys_json LIKE '{%' AND (keys_json LIKE ?1) = ?2 ORDER BY keys_id DESC LIMIT 1",
        )?;
        Ok(statement
            .query_row(params![ABRIDGED_LAYOUT, extent == Extent::Abridged], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
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
    returns: CachedStatement<'c>,
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
            returns: insert("bartune_returns", "trial_id, packed")?,
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
            let json = distribution.to_short_json();
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
            let names_id =
                (!constraints.is_empty()).then(|| keys.intern(&mut &*self.connection, &names())).transpose()?;
            self.identity.execute(params![id, identity, names_id])?;
        }
        if !record.metrics.is_empty() {
            let wanted = (Extent::of(record.is_abridged), &record.metrics);
            let (keys_id, layout) = keys.layout_for(&mut &*self.connection, wanted)?;
            self.metrics.execute(params![id, keys_id, layout.pack(&record.metrics)])?;
        }
        if !record.daily_returns.is_empty() {
            self.returns.execute(params![id, returns::pack(&record.daily_returns)])?;
        }
        Ok(())
    }
}
