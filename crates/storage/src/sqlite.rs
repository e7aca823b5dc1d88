//! Studies in a SQLite file that stock Optuna and optuna-dashboard open as well.
//!
//! The file is in WAL mode with `synchronous = NORMAL`: what a call wrote survives the death of the
//! process at any moment after; readers and the writer do not block each other. (After a power cut
//! the last batches may be missing, but the file is whole.) Foreign keys are declared but not
//! enforced, as with Optuna.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bartune_search::storage::{Abridgement, Lease, Storage, StudyId, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::StudyDirection;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use serde_json::Value;

use crate::error::{Fault, StorageError};
use crate::keys::Keys;
use crate::lease::Held;
use crate::read::{self, Detail};
use crate::schema::{self, Tables};
use crate::url::sqlite_path;
use crate::{heartbeat, record, write};

/// Room for every statement of this crate.
const STATEMENT_CACHE: usize = 64;

/// Whether a store may be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read and write; a missing file is created.
    ReadWrite,
    /// Read only; the file must be there, and not a byte of it changes.
    ReadOnly,
}

/// How to open a SQLite store.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Whether the store may be changed.
    pub access: Access,
    /// How long to wait for another process's lock before giving up.
    pub busy_timeout: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { access: Access::ReadWrite, busy_timeout: Duration::from_secs(10) }
    }
}

/// A SQLite store.
///
/// ```
/// use bartune_search::storage::Storage;
/// use bartune_search::trial::StudyDirection;
/// use bartune_storage::SqliteStorage;
///
/// # let folder = tempfile::tempdir()?;
/// # let location = folder.path().join("studies.db");
/// # let location = location.to_str().ok_or("the folder's name is not UTF-8")?;
/// let mut storage = SqliteStorage::open(location)?;
/// let study = storage.create_study("btc-trend", &[StudyDirection::Maximize])?;
/// assert_eq!(study.trials, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStorage {
    connection: Connection,
    path: PathBuf,
    waited_ms: u64,
    tables: Tables,
    keys: Keys,
    held: Option<Held>,
}

impl SqliteStorage {
    /// Open a path or `sqlite:///…` URL for reading and writing; a missing file is created.
    ///
    /// # Errors
    ///
    /// Everything that [`StorageError`] says of files, schemas and locks.
    pub fn open(location: &str) -> Result<Self, StorageError> {
        Self::open_with(location, &SqliteOptions::default())
    }

    /// Open an existing file for reading.
    ///
    /// # Errors
    ///
    /// As [`SqliteStorage::open`], and [`StorageError::Missing`].
    pub fn open_read_only(location: &str) -> Result<Self, StorageError> {
        let options = SqliteOptions { access: Access::ReadOnly, ..SqliteOptions::default() };
        Self::open_with(location, &options)
    }

    /// Open with options.
    ///
    /// # Errors
    ///
    /// As [`SqliteStorage::open`].
    pub fn open_with(location: &str, options: &SqliteOptions) -> Result<Self, StorageError> {
        let path = sqlite_path(location)?;
        let waited_ms = u64::try_from(options.busy_timeout.as_millis()).unwrap_or(u64::MAX);
        if options.access == Access::ReadOnly && !path.exists() {
            return Err(StorageError::Missing { path });
        }
        match connect(&path, options) {
            Err(fault) => Err(fault.at(&path, waited_ms)),
            Ok((connection, tables)) => {
                Ok(Self { connection, path, waited_ms, tables, keys: Keys::default(), held: None })
            }
        }
    }

    /// The database file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn read<T>(&self, query: impl FnOnce(&Connection, Tables) -> Result<T, Fault>) -> Result<T, StorageError> {
        query(&self.connection, self.tables).map_err(|fault| fault.at(&self.path, self.waited_ms))
    }

    /// Run `change` in one transaction, which takes the write lock at once, so that it cannot fail
    /// halfway for another writer's sake.
    fn write<T>(&mut self, change: impl FnOnce(&Connection, &mut Keys) -> Result<T, Fault>) -> Result<T, StorageError> {
        let mut keys = std::mem::take(&mut self.keys);
        let result = in_transaction(&mut self.connection, |connection| change(connection, &mut keys));
        if result.is_ok() {
            self.keys = keys;
        }
        result.map_err(|fault| fault.at(&self.path, self.waited_ms))
    }
}

impl Storage for SqliteStorage {
    type Error = StorageError;

    fn study(&self, name: &str) -> Result<Option<StudyInfo>, StorageError> {
        self.read(|connection, _| Ok(read::studies(connection, Some(name))?.pop()))
    }

    fn studies(&self) -> Result<Vec<StudyInfo>, StorageError> {
        self.read(|connection, _| read::studies(connection, None))
    }

    fn create_study(&mut self, name: &str, directions: &[StudyDirection]) -> Result<StudyInfo, StorageError> {
        record::check_study(name, directions)?;
        self.write(|connection, _| write::create_study(connection, name, directions))?;
        let created = self.study(name)?;
        created.ok_or_else(|| StorageError::InvalidStudy {
            name: name.to_owned(),
            problem: "it was deleted by another process at once".to_owned(),
        })
    }

    fn delete_study(&mut self, id: StudyId) -> Result<(), StorageError> {
        self.write(|connection, _| write::delete_study(connection, id))
    }

    fn set_study_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        let table = "study_user_attributes";
        self.write(|connection, _| write::set_study_attribute(connection, table, id, (key, value)))
    }

    fn set_study_system_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        let table = "study_system_attributes";
        self.write(|connection, _| write::set_study_attribute(connection, table, id, (key, value)))
    }

    fn lease(&self, id: StudyId) -> Result<Option<Lease>, StorageError> {
        self.read(|connection, tables| read::lease(connection, tables, id))
    }

    fn swap_lease(&mut self, id: StudyId, expected: Option<&str>, lease: Option<&Lease>) -> Result<bool, StorageError> {
        let is_swapped = self.write(|connection, _| write::swap_lease(connection, id, expected, lease))?;
        if is_swapped {
            self.held = lease.map(|lease| Held { study: id, token: lease.token.clone() });
        }
        Ok(is_swapped)
    }

    fn renew_lease(&mut self, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, StorageError> {
        self.write(|connection, _| write::renew_lease(connection, id, token, expires_ms))
    }

    fn history(&self, id: StudyId) -> Result<Vec<TrialRecord>, StorageError> {
        self.read(|connection, tables| read::trials(connection, tables, id, 0..u64::MAX, Detail::WithoutMetrics))
    }

    fn results_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        self.read(|connection, tables| read::trials(connection, tables, id, numbers, Detail::Results))
    }

    fn trials_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        self.read(|connection, tables| read::trials(connection, tables, id, numbers, Detail::Complete))
    }

    fn append_and_abridge(
        &mut self,
        id: StudyId,
        batch: &[TrialRecord],
        abridgement: &Abridgement,
    ) -> Result<(), StorageError> {
        let held = self.held.clone();
        self.write(|connection, keys| {
            write::check_lease(connection, id, held.as_ref())?;
            write::append(connection, keys, id, batch)?;
            write::abridge(connection, keys, id, abridgement)
        })
    }

    fn replace_unfinished(&mut self, id: StudyId, batch: &[TrialRecord]) -> Result<(), StorageError> {
        let held = self.held.clone();
        self.write(|connection, keys| {
            write::check_lease(connection, id, held.as_ref())?;
            write::replace_unfinished(connection, keys, id, batch)
        })
    }

    fn claim_waiting(&mut self, id: StudyId, number: u64, started_ms: i64) -> Result<bool, StorageError> {
        self.write(|connection, _| write::claim_waiting(connection, (id, number), started_ms))
    }

    fn note_alive(&mut self, id: StudyId, number: u64) -> Result<(), StorageError> {
        self.write(|connection, _| heartbeat::note(connection, (id, number.cast_signed())))
    }

    fn silent_trials(&self, id: StudyId, seconds: u64) -> Result<Vec<u64>, StorageError> {
        let found =
            self.read(|connection, _| heartbeat::silent(connection, id, i64::try_from(seconds).unwrap_or(i64::MAX)))?;
        Ok(found.into_iter().map(i64::cast_unsigned).collect())
    }

    fn change_mark(&self) -> Result<Option<i64>, StorageError> {
        self.read(|connection, _| {
            let mut statement = connection.prepare_cached("PRAGMA data_version")?;
            Ok(Some(statement.query_row([], |row| row.get(0))?))
        })
    }

    fn record_vault_opening(&mut self, id: StudyId, opening: &VaultOpening) -> Result<(), StorageError> {
        self.write(|connection, keys| write::record_vault_opening(connection, keys, id, opening))
    }

    fn vault_openings(&self, id: StudyId) -> Result<Vec<VaultOpening>, StorageError> {
        self.read(|connection, tables| read::vault_openings(connection, tables, id))
    }
}

fn connect(path: &Path, options: &SqliteOptions) -> Result<(Connection, Tables), Fault> {
    let mode = match options.access {
        Access::ReadWrite => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        Access::ReadOnly => OpenFlags::SQLITE_OPEN_READ_ONLY,
    };
    let flags = mode | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.pragma_update(None, "foreign_keys", false)?;
    let tables = match options.access {
        Access::ReadOnly => schema::check(&connection, path)?,
        Access::ReadWrite => {
            make_writable(&mut connection, path)?;
            Tables::OptunaAndBartune
        }
    };
    Ok((connection, tables))
}

fn make_writable(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    // Look first: a database that is not ours must not change at all.
    schema::check_or_empty(connection, path)?;
    // SQLite falls back to reading by itself where permissions ask for it.
    if connection.is_readonly("main")? {
        return Err(StorageError::ReadOnly { path: path.to_path_buf() }.into());
    }
    // A file system without shared memory stays with a rollback journal: slower, as safe.
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    schema::prepare(connection, path)
}

fn in_transaction<T>(
    connection: &mut Connection,
    change: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let result = change(&transaction)?;
    transaction.commit()?;
    Ok(result)
}
