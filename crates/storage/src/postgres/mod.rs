//! Studies in a PostgreSQL database, in the tables that stock Optuna makes there.
//!
//! | module | job |
//! |---|---|
//! | [`connection`] | URLs, connecting, coming back |
//! | `tls` | `sslmode` |
//! | `schema` | the tables |
//! | `read`, `write`, `heartbeat` | the queries and the statements |
//! | `owner` | the lease and its advisory lock |
//!
//! A batch is one transaction of three round trips, its rows in one statement, whatever their number.
//! The lease of a study is held twice: as a row that names the owner, and as an advisory lock of the
//! owner's session, which the server gives back by itself when the session ends.
//!
//! A batch whose COMMIT was not answered may be there or not. The store remembers which it was, and
//! when the same batch comes again, looks by the trials' identities before it writes.
//!
//! **Not for** poolers that give each transaction another session (pgbouncer's `transaction` mode):
//! advisory locks and prepared statements belong to a session.

pub mod connection;
mod heartbeat;
mod owner;
mod read;
mod schema;
mod tls;
mod write;

use std::cell::RefCell;
use std::ops::Range;

use bartune_search::storage::{Abridgement, Lease, Storage, StudyId, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::StudyDirection;
use serde_json::Value;

use crate::error::{Fault, StorageError};
use crate::keys::Keys;
use crate::lease::Held;
use crate::read::Detail;
use crate::record;
use crate::schema::Tables;
use crate::sqlite::Access;
use connection::{Link, PostgresConnection};

pub use connection::PostgresUrl;

/// A PostgreSQL store.
#[derive(Debug)]
pub struct PostgresStorage {
    /// Reading needs the connection for itself as well.
    connection: RefCell<PostgresConnection>,
    tables: Tables,
    keys: Keys,
    held: Option<Held>,
    /// The session that holds the advisory lock of the lease.
    locked_in: u64,
    /// A batch that may have been written: its study and first number.
    uncertain: Option<(StudyId, u64)>,
}

impl PostgresStorage {
    /// Open a database for reading and writing; missing tables are made.
    ///
    /// # Errors
    ///
    /// Everything that [`StorageError`] says of URLs, servers and schemas.
    pub fn open(location: &str) -> Result<Self, StorageError> {
        Self::open_with(location, Access::ReadWrite)
    }

    /// Open a database that holds studies for reading; nothing in it changes.
    ///
    /// # Errors
    ///
    /// As [`PostgresStorage::open`], and [`StorageError::Missing`].
    pub fn open_read_only(location: &str) -> Result<Self, StorageError> {
        Self::open_with(location, Access::ReadOnly)
    }

    fn open_with(location: &str, access: Access) -> Result<Self, StorageError> {
        let mut connection = PostgresConnection::open(PostgresUrl::parse(location)?)?;
        let server = connection.server().to_owned();
        let tables = connection.run(|link| match access {
            Access::ReadOnly => {
                link.client.batch_execute("SET default_transaction_read_only = on")?;
                schema::check(link, &server)
            }
            Access::ReadWrite => {
                schema::prepare(link, &server)?;
                Ok(Tables::OptunaAndBartune)
            }
        })?;
        Ok(Self {
            connection: RefCell::new(connection),
            tables,
            keys: Keys::default(),
            held: None,
            locked_in: 0,
            uncertain: None,
        })
    }

    fn read<T>(&self, mut query: impl FnMut(&mut Link, Tables) -> Result<T, Fault>) -> Result<T, StorageError> {
        self.connection.borrow_mut().run(|link| link.snapshot(|link| query(link, self.tables)))
    }

    /// A change that may be repeated: done twice, it is as if done once.
    fn set<T>(&mut self, mut change: impl FnMut(&mut Link) -> Result<T, Fault>) -> Result<T, StorageError> {
        self.connection.get_mut().run(|link| link.transact(&mut change))
    }

    /// A change of trials under the study's row lock and, if it was taken, its lease.
    fn write(
        &mut self,
        id: StudyId,
        mut change: impl FnMut(&mut Link, &mut Keys) -> Result<(), Fault>,
    ) -> Result<(), StorageError> {
        self.lock_again(id)?;
        let mut keys = std::mem::take(&mut self.keys);
        let held = self.held.clone().filter(|held| held.study == id);
        let begin = format!("BEGIN; SELECT 1 FROM studies WHERE study_id = {} FOR NO KEY UPDATE", id.0);
        let result = self.connection.get_mut().run_once(|link| {
            link.enclose(&begin, |link| {
                if let Some(held) = &held {
                    held.check(read::lease(link, Tables::OptunaAndBartune, id)?.as_ref())?;
                }
                change(link, &mut keys)
            })
        });
        if result.is_ok() {
            self.keys = keys;
        }
        result
    }

    /// A new session has no advisory lock: take it again, if the lease is still ours. A session that
    /// the server believes alive although nobody is at its other end is ended.
    fn lock_again(&mut self, id: StudyId) -> Result<(), StorageError> {
        let Some(held) = self.held.clone().filter(|held| held.study == id) else { return Ok(()) };
        let connection = self.connection.get_mut();
        let locked_in = self.locked_in;
        // Also opens a connection that was lost, so that its number is the new one's.
        connection.run(|_| Ok(()))?;
        if connection.generation() == locked_in {
            return Ok(());
        }
        connection.run(|link| {
            held.check(read::lease(link, Tables::OptunaAndBartune, id)?.as_ref())?;
            owner::lock(link, id, owner::Ghost::End)?;
            Ok(())
        })?;
        self.locked_in = connection.generation();
        Ok(())
    }
}

impl Storage for PostgresStorage {
    type Error = StorageError;

    fn study(&self, name: &str) -> Result<Option<StudyInfo>, StorageError> {
        self.read(|link, _| Ok(read::studies(link, Some(name))?.pop()))
    }

    fn studies(&self) -> Result<Vec<StudyInfo>, StorageError> {
        self.read(|link, _| read::studies(link, None))
    }

    fn create_study(&mut self, name: &str, directions: &[StudyDirection]) -> Result<StudyInfo, StorageError> {
        record::check_study(name, directions)?;
        let connection = self.connection.get_mut();
        connection.run_once(|link| link.transact(|link| write::create_study(link, name, directions)))?;
        let created = self.study(name)?;
        created.ok_or_else(|| StorageError::InvalidStudy {
            name: name.to_owned(),
            problem: "it was deleted by another process at once".to_owned(),
        })
    }

    fn delete_study(&mut self, id: StudyId) -> Result<(), StorageError> {
        self.connection.get_mut().run_once(|link| link.transact(|link| write::delete_study(link, id)))
    }

    fn set_study_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        self.set(|link| write::set_study_attribute(link, "study_user_attributes", id, (key, value)))
    }

    fn set_study_system_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        self.set(|link| write::set_study_attribute(link, "study_system_attributes", id, (key, value)))
    }

    fn lease(&self, id: StudyId) -> Result<Option<Lease>, StorageError> {
        self.read(|link, tables| read::lease(link, tables, id))
    }

    fn swap_lease(&mut self, id: StudyId, expected: Option<&str>, lease: Option<&Lease>) -> Result<bool, StorageError> {
        let is_swapped = self.set(|link| owner::swap(link, id, expected, lease))?;
        if is_swapped {
            self.held = lease.map(|lease| Held { study: id, token: lease.token.clone() });
            self.locked_in = self.connection.get_mut().generation();
        }
        Ok(is_swapped)
    }

    fn renew_lease(&mut self, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, StorageError> {
        self.set(|link| owner::renew(link, id, token, expires_ms))
    }

    fn history(&self, id: StudyId) -> Result<Vec<TrialRecord>, StorageError> {
        self.read(|link, tables| read::trials(link, tables, (id, 0..u64::MAX), Detail::WithoutMetrics))
    }

    fn results_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        self.read(|link, tables| read::trials(link, tables, (id, numbers.clone()), Detail::Results))
    }

    fn trials_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        self.read(|link, tables| read::trials(link, tables, (id, numbers.clone()), Detail::Complete))
    }

    fn append_and_abridge(
        &mut self,
        id: StudyId,
        batch: &[TrialRecord],
        abridgement: &Abridgement,
    ) -> Result<(), StorageError> {
        let first = batch.first().map_or(0, |record| record.trial.number);
        if self.uncertain == Some((id, first)) && self.read(|link, _| read::is_there(link, id, batch))? {
            self.uncertain = None;
            return Ok(());
        }
        let result = self.write(id, |link, keys| {
            write::append(link, keys, id, batch)?;
            write::abridge(link, keys, id, abridgement)
        });
        self.uncertain = matches!(result, Err(StorageError::Unreachable { .. })).then_some((id, first));
        result
    }

    fn replace_unfinished(&mut self, id: StudyId, batch: &[TrialRecord]) -> Result<(), StorageError> {
        let first = batch.first().map_or(0, |record| record.trial.number);
        if self.uncertain == Some((id, first)) && self.read(|link, _| read::is_there(link, id, batch))? {
            self.uncertain = None;
            return Ok(());
        }
        let result = self.write(id, |link, keys| write::replace_unfinished(link, keys, id, batch));
        self.uncertain = matches!(result, Err(StorageError::Unreachable { .. })).then_some((id, first));
        result
    }

    fn claim_waiting(&mut self, id: StudyId, number: u64, started_ms: i64) -> Result<bool, StorageError> {
        let mut is_claimed = false;
        self.write(id, |link, _| {
            is_claimed = write::claim_waiting(link, (id, number), started_ms)?;
            Ok(())
        })?;
        Ok(is_claimed)
    }

    fn note_alive(&mut self, id: StudyId, number: u64) -> Result<(), StorageError> {
        let Ok(number) = i32::try_from(number) else { return Ok(()) };
        self.set(|link| heartbeat::note(link, (id, number)))
    }

    fn silent_trials(&self, id: StudyId, seconds: u64) -> Result<Vec<u64>, StorageError> {
        let found = self.read(|link, _| heartbeat::silent(link, id, seconds as f64))?;
        Ok(found.into_iter().map(|number| u64::from(number.cast_unsigned())).collect())
    }

    fn record_vault_opening(&mut self, id: StudyId, opening: &VaultOpening) -> Result<(), StorageError> {
        self.write(id, |link, keys| write::record_vault_opening(link, keys, id, opening))
    }

    fn vault_openings(&self, id: StudyId) -> Result<Vec<VaultOpening>, StorageError> {
        self.read(|link, tables| read::vault_openings(link, tables, id))
    }
}
