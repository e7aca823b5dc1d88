//! A guard in a PostgreSQL table: one statement a batch.
//!
//! Every row keeps the random number of the batch that added it. When a connection breaks after a
//! batch was sent, nobody knows whether it was stored; so it is sent again, and the rows that bear its
//! number are counted, whichever of the two attempts stored them.

use std::hash::{BuildHasher, RandomState};

use super::{Guard, GuardError, Signature, check_name, in_order};
use crate::error::Fault;
use crate::postgres::PostgresUrl;
use crate::postgres::connection::{Link, PostgresConnection};

/// Two processes that create the tables at the same moment would both fail without a lock of their own:
/// `IF NOT EXISTS` does not wait for an uncommitted table.
const TABLES: &str = "
BEGIN;
SELECT pg_advisory_xact_lock(7165065864);
CREATE TABLE IF NOT EXISTS bartune_guards (
    guard_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS bartune_guard_signatures (
    guard_id BIGINT NOT NULL,
    signature BYTEA NOT NULL,
    batch BIGINT NOT NULL,
    PRIMARY KEY (guard_id, signature)
);
COMMIT;
";
const REGISTER: &str = "INSERT INTO bartune_guards (name) VALUES ($1) ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT guard_id FROM bartune_guards WHERE name = $1";
const INSERT: &str = "
INSERT INTO bartune_guard_signatures (guard_id, signature, batch)
SELECT $1, given, $3 FROM unnest($2::bytea[]) AS given ON CONFLICT DO NOTHING";
const COUNT_BATCH: &str = "
SELECT count(*) FROM bartune_guard_signatures WHERE guard_id = $1 AND signature = ANY($2::bytea[]) AND batch = $3";
const SELECT: &str = "
SELECT stored.signature IS NOT NULL
FROM unnest($2::bytea[]) WITH ORDINALITY AS given (signature, position)
LEFT JOIN bartune_guard_signatures AS stored ON stored.guard_id = $1 AND stored.signature = given.signature
ORDER BY given.position";
const COUNT: &str = "SELECT count(*) FROM bartune_guard_signatures WHERE guard_id = $1";
const CLEAR: &str = "DELETE FROM bartune_guard_signatures WHERE guard_id = $1";

/// A set of signatures in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresGuard {
    connection: PostgresConnection,
    guard: i64,
    name: String,
}

impl PostgresGuard {
    /// Open the guard `name` in a database; what is missing is created.
    ///
    /// # Errors
    ///
    /// [`GuardError::InvalidName`], and what [`StorageError`](crate::StorageError) says of servers.
    pub fn open(location: &str, name: &str) -> Result<Self, GuardError> {
        check_name(name)?;
        let mut connection = PostgresConnection::open(PostgresUrl::parse(location)?)?;
        let guard = connection.run(|link| {
            link.client.batch_execute(TABLES)?;
            link.client.execute(REGISTER, &[&name])?;
            Ok(link.client.query_one(FIND, &[&name])?.get(0))
        })?;
        Ok(Self { connection, guard, name: name.to_owned() })
    }

    /// Do what may be repeated, if the guard is still there.
    fn run<T>(&mut self, mut job: impl FnMut(&mut Link, i64) -> Result<T, Fault>) -> Result<T, GuardError> {
        let (name, guard) = (&self.name, self.guard);
        let found = self.connection.run(|link| {
            let find = link.statement(FIND)?;
            let is_there = link.client.query_opt(&find, &[name])?.is_some_and(|row| row.get::<_, i64>(0) == guard);
            if is_there { job(link, guard).map(Some) } else { Ok(None) }
        })?;
        found.ok_or_else(|| GuardError::Lost {
            name: self.name.clone(),
            place: self.connection.server().to_owned(),
            reason: "its row was deleted".to_owned(),
        })
    }
}

impl Guard for PostgresGuard {
    fn add_batch(&mut self, signatures: &[Signature]) -> Result<u64, GuardError> {
        let signatures = in_order(signatures);
        let given: Vec<&[u8]> = signatures.iter().map(|signature| &signature.as_bytes()[..]).collect();
        let batch = random();
        let mut attempts = 0;
        self.run(|link, guard| {
            attempts += 1;
            let insert = link.statement(INSERT)?;
            let inserted = link.client.execute(&insert, &[&guard, &given, &batch])?;
            if attempts == 1 {
                return Ok(inserted);
            }
            let count = link.statement(COUNT_BATCH)?;
            Ok(link.client.query_one(&count, &[&guard, &given, &batch])?.get::<_, i64>(0).cast_unsigned())
        })
    }

    fn contains_batch(&mut self, signatures: &[Signature]) -> Result<Vec<bool>, GuardError> {
        let given: Vec<&[u8]> = signatures.iter().map(|signature| &signature.as_bytes()[..]).collect();
        self.run(|link, guard| {
            let select = link.statement(SELECT)?;
            let rows = link.client.query(&select, &[&guard, &given])?;
            Ok(rows.iter().map(|row| row.get(0)).collect())
        })
    }

    fn len(&mut self) -> Result<u64, GuardError> {
        self.run(|link, guard| {
            let count = link.statement(COUNT)?;
            Ok(link.client.query_one(&count, &[&guard])?.get::<_, i64>(0).cast_unsigned())
        })
    }

    fn clear(&mut self) -> Result<(), GuardError> {
        self.run(|link, guard| {
            let clear = link.statement(CLEAR)?;
            link.client.execute(&clear, &[&guard])?;
            Ok(())
        })
    }
}

/// A number that no other batch has: the system seeds each `RandomState` anew.
fn random() -> i64 {
    RandomState::new().hash_one(std::process::id()).cast_signed()
}
