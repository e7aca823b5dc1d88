//! The queries.
//!
//! Trials are read table by table, each in one ordered query, and joined in [`selection`]: never a
//! query per trial. All queries of one read see one snapshot.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_search::storage::{Lease, StudyId, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::StudyDirection;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

use crate::assemble::readable;
use crate::codec;
use crate::error::{Fault, StorageError};
use crate::keys::KeyLists;
use crate::schema::Tables;

mod selection;

use selection::Selection;

/// How much of each trial is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Complete,
    /// All but the metrics and daily returns.
    WithoutMetrics,
    /// State, values, constraints, attributes and reason.
    Results,
}

/// All studies, by name, or the one of this name.
pub(crate) fn studies(connection: &Connection, name: Option<&str>) -> Result<Vec<StudyInfo>, Fault> {
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
            user_attrs: study_attributes(&snapshot, "study_user_attributes", id)?,
            system_attrs: study_attributes(&snapshot, "study_system_attributes", id)?,
            trials: unsigned(row.get(2)?),
        });
    }
    Ok(studies)
}

/// A study's directions; an error if there is no such study.
pub(crate) fn directions(connection: &Connection, id: i64) -> Result<Vec<StudyDirection>, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT direction FROM study_directions WHERE study_id = ?1 ORDER BY objective")?;
    let names = statement.query_map([id], |row| row.get::<_, String>(0))?;
    let mut directions = Vec::new();
    for name in names {
        directions.push(readable("study_directions", id, codec::parse_direction(&name?))?);
    }
    if directions.is_empty() {
        return Err(StorageError::UnknownStudy { id }.into());
    }
    Ok(directions)
}

/// The number that the study's next trial gets. Numbers follow the ids, as in Optuna.
pub(crate) fn next_number(connection: &Connection, id: i64) -> Result<u64, Fault> {
    let mut statement =
        connection.prepare_cached("SELECT number FROM trials WHERE study_id = ?1 ORDER BY trial_id DESC LIMIT 1")?;
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
    selection.read_attributes(&snapshot)?;
    if detail == Detail::Results {
        return Ok(selection.into_records());
    }
    selection.read_intermediate_values(&snapshot)?;
    selection.read_params(&snapshot)?;
    if tables != Tables::Optuna {
        let keys = key_lists(&snapshot)?;
        selection.read_identities(&snapshot, &keys)?;
        if detail == Detail::Complete {
            selection.read_metrics(&snapshot, &keys)?;
        }
    }
    if tables == Tables::OptunaAndBartune && detail == Detail::Complete {
        selection.read_returns(&snapshot)?;
    }
    Ok(selection.into_records())
}

/// Who may write a study.
pub(crate) fn lease(connection: &Connection, tables: Tables, id: StudyId) -> Result<Option<Lease>, Fault> {
    directions(connection, id.0)?;
    if tables == Tables::Optuna {
        return Ok(None);
    }
    let mut statement = connection.prepare_cached(
        "SELECT token, host, place, pid, process_start, since_ms, expires_ms, renewals FROM bartune_lease
         WHERE study_id = ?1",
    )?;
    let lease = statement.query_row([id.0], |row| {
        Ok(Lease {
            token: row.get(0)?,
            host: row.get(1)?,
            place: row.get(2)?,
            pid: u32::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            process_start: row.get(4)?,
            since_ms: row.get(5)?,
            expires_ms: row.get(6)?,
            renewals: unsigned(row.get(7)?),
        })
    });
    Ok(lease.optional()?)
}

/// All openings of the vault, oldest first.
pub(crate) fn vault_openings(connection: &Connection, tables: Tables, id: StudyId) -> Result<Vec<VaultOpening>, Fault> {
    let snapshot = connection.unchecked_transaction()?;
    directions(&snapshot, id.0)?;
    if tables == Tables::Optuna {
        return Ok(Vec::new());
    }
    let keys = key_lists(&snapshot)?;
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

fn study_attributes(connection: &Connection, table: &'static str, id: i64) -> Result<BTreeMap<String, Value>, Fault> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT key, value_json FROM {table} WHERE study_id = ?1"))?;
    let mut rows = statement.query([id])?;
    let mut attributes = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let value = codec::parse_attribute(&row.get::<_, String>(1)?);
        attributes.insert(row.get(0)?, readable(table, id, value)?);
    }
    Ok(attributes)
}

/// Numbers and counts are never negative in a sound database; a negative one would be refused or
/// sorted first by whoever uses it, so 0 does.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(crate) fn key_lists(connection: &Connection) -> Result<KeyLists, Fault> {
    let mut lists = KeyLists::default();
    let mut statement = connection.prepare_cached("SELECT keys_id, keys_json FROM bartune_keys")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        readable("bartune_keys", id, lists.add(id, row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?))?;
    }
    Ok(lists)
}
