//! One writer a study: its lease, and the advisory lock that ends with its session.

use bartune_search::storage::{Lease, StudyId};

use super::connection::Link;
use super::read;
use crate::error::Fault;
use crate::schema::Tables;

/// The first half of an advisory lock's key, the same for all studies of a schema; the second is the study's.
const LOCK_CLASS: &str = "('x' || substr(md5('bartune ' || current_schema()), 1, 8))::bit(32)::int";

/// What to do with a session that has the lock although its owner is at this end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ghost {
    /// It is no ghost: leave it.
    Leave,
    /// End it.
    End,
}

/// Take the advisory lock of a study for this session; whether it was free.
pub(super) fn lock(link: &mut Link, id: StudyId, ghost: Ghost) -> Result<bool, Fault> {
    let id = read::key(id)?;
    let statement = link.statement(&format!("SELECT pg_try_advisory_lock({LOCK_CLASS}, $1)"))?;
    let take = |link: &mut Link| link.client.query_one(&statement, &[&id])?.try_get(0);
    if take(link)? {
        return Ok(true);
    }
    if ghost == Ghost::Leave {
        return Ok(false);
    }
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database =
             (SELECT oid FROM pg_database WHERE datname = current_database())
         AND classid::bigint = ({LOCK_CLASS})::bigint & 4294967295 AND objid::bigint = $1 AND objsubid = 2
         AND pid <> pg_backend_pid()"
    );
    link.client.execute(&end, &[&i64::from(id)])?;
    for _ in 0..50 {
        if take(link)? {
            return Ok(true);
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    Ok(false)
}

fn unlock(link: &mut Link, id: i32) -> Result<(), Fault> {
    let statement = link.statement(&format!("SELECT pg_advisory_unlock({LOCK_CLASS}, $1)"))?;
    link.client.query_one(&statement, &[&id])?;
    Ok(())
}

/// Put a lease in the place of the one with the token `expected`, or of none, and take or leave the
/// advisory lock with it.
pub(super) fn swap(link: &mut Link, id: StudyId, expected: Option<&str>, lease: Option<&Lease>) -> Result<bool, Fault> {
    let study = read::key(id)?;
    link.client.execute("SELECT 1 FROM studies WHERE study_id = $1 FOR NO KEY UPDATE", &[&study])?;
    let found = read::lease(link, Tables::OptunaAndBartune, id)?;
    if found.as_ref().map(|found| found.token.as_str()) != expected {
        // Perhaps this very change, whose answer was lost.
        return Ok(lease.is_some() && found.as_ref().map(|found| &found.token) == lease.map(|lease| &lease.token));
    }
    if lease.is_some() && !lock(link, id, Ghost::Leave)? {
        return Ok(false);
    }
    link.client.execute("DELETE FROM bartune_lease WHERE study_id = $1", &[&study])?;
    let Some(lease) = lease else {
        unlock(link, study)?;
        return Ok(true);
    };
    link.client.execute(
        "INSERT INTO bartune_lease VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &study,
            &lease.token,
            &lease.host,
            &lease.place,
            &i64::from(lease.pid),
            &lease.process_start,
            &lease.since_ms,
            &lease.expires_ms,
            &i64::try_from(lease.renewals).unwrap_or(i64::MAX),
        ],
    )?;
    Ok(true)
}

/// Put off the end of a lease; whether it was still there. The end never moves back.
pub(super) fn renew(link: &mut Link, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, Fault> {
    let statement = link.statement(
        "UPDATE bartune_lease SET expires_ms = greatest(expires_ms, $3), renewals = renewals + 1
         WHERE study_id = $1 AND token = $2",
    )?;
    Ok(link.client.execute(&statement, &[&read::key(id)?, &token, &expires_ms])? == 1)
}
