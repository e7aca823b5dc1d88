//! Signs of life of running trials, in Optuna's `trial_heartbeats`: a process that stops giving them has died.

use bartune_search::storage::StudyId;
use rusqlite::{Connection, params};

use crate::error::Fault;

/// Note that a trial is worked on now.
pub(crate) fn note(connection: &Connection, (id, number): (StudyId, i64)) -> Result<(), Fault> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO trial_heartbeats (trial_id, heartbeat)
         SELECT trial_id, CURRENT_TIMESTAMP FROM trials WHERE study_id = ?1 AND number = ?2
         ON CONFLICT (trial_id) DO UPDATE SET heartbeat = excluded.heartbeat",
    )?;
    statement.execute(params![id.0, number])?;
    Ok(())
}

/// Running trials with a sign of life, the last one longer than so many seconds ago.
pub(crate) fn silent(connection: &Connection, id: StudyId, seconds: i64) -> Result<Vec<i64>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT number FROM trials JOIN trial_heartbeats USING (trial_id)
         WHERE study_id = ?1 AND state = 'RUNNING'
           AND CAST(strftime('%s', 'now') AS INTEGER) - CAST(strftime('%s', heartbeat) AS INTEGER) > ?2
         ORDER BY number",
    )?;
    let numbers = statement.query_map(params![id.0, seconds], |row| row.get(0))?;
    Ok(numbers.collect::<Result<_, _>>()?)
}
