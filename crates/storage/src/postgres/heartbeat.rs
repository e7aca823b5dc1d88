//! Signs of life of running trials, as [`crate::heartbeat`] has them; times are those that Optuna's `now()` writes.

use bartune_search::storage::StudyId;

use super::connection::Link;
use super::read;
use crate::error::Fault;

/// Note that a trial is worked on now.
pub(super) fn note(link: &mut Link, (id, number): (StudyId, i32)) -> Result<(), Fault> {
    let statement = link.statement(
        "INSERT INTO trial_heartbeats (trial_id, heartbeat)
         SELECT trial_id, now()::timestamp FROM trials WHERE study_id = $1 AND number = $2
         ON CONFLICT (trial_id) DO UPDATE SET heartbeat = excluded.heartbeat",
    )?;
    link.client.execute(&statement, &[&read::key(id)?, &number])?;
    Ok(())
}

/// Running trials with a sign of life, the last one longer than so many seconds ago.
pub(super) fn silent(link: &mut Link, id: StudyId, seconds: f64) -> Result<Vec<i32>, Fault> {
    let statement = link.statement(
        "SELECT number FROM trials JOIN trial_heartbeats USING (trial_id)
         WHERE study_id = $1 AND state = 'RUNNING' AND now()::timestamp - heartbeat > make_interval(secs => $2)
         ORDER BY number",
    )?;
    let rows = link.client.query(&statement, &[&read::key(id)?, &seconds])?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}
