//! A guard in a SQLite file: in WAL mode, one transaction a batch.
//!
//! The file may be one of its own or one that holds studies as well; Optuna ignores the tables. Any
//! number of processes of one host may share it. A file that was removed or replaced while it was open
//! would still take signatures, which nobody else would ever see; so each call looks whether the path
//! still leads to the file that was opened (on Unix), and whether the guard is still in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{Guard, GuardError, Signature, check_name, in_order};
use crate::error::{Fault, StorageError};
use crate::url::sqlite_path;

/// How long to wait for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS bartune_guards (
    guard_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS bartune_guard_signatures (
    guard_id INTEGER NOT NULL REFERENCES bartune_guards (guard_id),
    signature BLOB NOT NULL,
    PRIMARY KEY (guard_id, signature)
) WITHOUT ROWID;
";

/// A set of signatures in a SQLite file.
#[derive(Debug)]
pub struct SqliteGuard {
    connection: Connection,
    path: PathBuf,
    file: Option<FileId>,
    name: String,
}

/// What a path leads to; two files at one path differ in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl SqliteGuard {
    /// Open the guard `name` in a file; what is missing is created.
    ///
    /// # Errors
    ///
    /// [`GuardError::InvalidName`], and what [`StorageError`] says of files and locks.
    pub fn open(location: &str, name: &str) -> Result<Self, GuardError> {
        check_name(name)?;
        let path = sqlite_path(location)?;
        let connection = connect(&path, name).map_err(|fault| at(fault, &path))?;
        Ok(Self { connection, file: file_id(&path), path, name: name.to_owned() })
    }

    /// Run `job` in a transaction with the guard's key, if file and guard are still there.
    fn transact<T>(
        &mut self,
        behavior: TransactionBehavior,
        job: impl FnOnce(&Connection, i64) -> Result<T, Fault>,
    ) -> Result<T, GuardError> {
        if self.file.is_some() && file_id(&self.path) != self.file {
            return Err(self.lost("the file was removed or replaced"));
        }
        let result = in_transaction(&mut self.connection, behavior, &self.name, job);
        let found = result.map_err(|fault| at(fault, &self.path))?;
        found.ok_or_else(|| self.lost("its row was deleted"))
    }

    fn lost(&self, reason: &str) -> GuardError {
        GuardError::Lost {
            name: self.name.clone(),
            place: format!("`{}`", self.path.display()),
            reason: reason.to_owned(),
        }
    }
}

impl Guard for SqliteGuard {
    fn add_batch(&mut self, signatures: &[Signature]) -> Result<u64, GuardError> {
        self.transact(TransactionBehavior::Immediate, |connection, guard| {
            let mut insert = connection
                .prepare_cached("INSERT INTO bartune_guard_signatures VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
            let mut new = 0;
            for signature in in_order(signatures) {
                new += insert.execute(params![guard, signature.as_bytes()])? as u64;
            }
            Ok(new)
        })
    }

    fn contains_batch(&mut self, signatures: &[Signature]) -> Result<Vec<bool>, GuardError> {
        self.transact(TransactionBehavior::Deferred, |connection, guard| {
            let mut select = connection
                .prepare_cached("SELECT 1 FROM bartune_guard_signatures WHERE guard_id = ?1 AND signature = ?2")?;
            let found = signatures.iter().map(|signature| select.exists(params![guard, signature.as_bytes()]));
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    fn len(&mut self) -> Result<u64, GuardError> {
        self.transact(TransactionBehavior::Deferred, |connection, guard| {
            let count = "SELECT count(*) FROM bartune_guard_signatures WHERE guard_id = ?1";
            Ok(connection.query_row(count, [guard], |row| row.get::<_, i64>(0))?.cast_unsigned())
        })
    }

    fn clear(&mut self) -> Result<(), GuardError> {
        self.transact(TransactionBehavior::Immediate, |connection, guard| {
            connection.execute("DELETE FROM bartune_guard_signatures WHERE guard_id = ?1", [guard])?;
            Ok(())
        })
    }
}

/// The result of `job`; `None` if there is no such guard.
fn in_transaction<T>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    name: &str,
    job: impl FnOnce(&Connection, i64) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let transaction = connection.transaction_with_behavior(behavior)?;
    let guard = "SELECT guard_id FROM bartune_guards WHERE name = ?1";
    let Some(guard) = transaction.query_row(guard, [name], |row| row.get(0)).optional()? else { return Ok(None) };
    let result = job(&transaction, guard)?;
    transaction.commit()?;
    Ok(Some(result))
}

fn connect(path: &Path, name: &str) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    if connection.is_readonly("main")? {
        return Err(StorageError::ReadOnly { path: path.to_path_buf() }.into());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute("INSERT INTO bartune_guards (name) VALUES (?1) ON CONFLICT DO NOTHING", [name])?;
    transaction.commit()?;
    Ok(connection)
}

fn at(fault: Fault, path: &Path) -> GuardError {
    fault.at(path, BUSY_TIMEOUT.as_millis() as u64).into()
}

#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().ok()?;
    Some(FileId { device: metadata.dev(), inode: metadata.ino() })
}

/// Elsewhere a file that is open cannot be removed.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> SqliteGuard {
        SqliteGuard::open(path.to_str().unwrap(), "study").unwrap()
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_was_removed_or_replaced_is_an_error_and_not_an_empty_guard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard.db");
        let [a, b] = ["a", "b"].map(Signature::of_text);
        let mut guard = open(&path);
        assert!(guard.add(&a).unwrap());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(guard.add(&b), Err(GuardError::Lost { .. })));
        assert!(matches!(guard.contains(&a), Err(GuardError::Lost { .. })));
        let mut second = open(&path);
        assert!(second.is_empty().unwrap());
        let message = guard.len().unwrap_err().to_string();
        assert!(message.contains("removed or replaced"), "{message}");
    }

    #[test]
    fn a_guard_whose_row_was_deleted_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guard.db");
        let mut guard = open(&path);
        Connection::open(&path).unwrap().execute("DELETE FROM bartune_guards", []).unwrap();
        assert!(matches!(guard.add(&Signature::of_text("a")), Err(GuardError::Lost { .. })));
    }

    #[test]
    fn a_file_of_another_kind_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        let text = "no database, but long enough to be taken for one: ".repeat(40);
        std::fs::write(&path, &text).unwrap();
        let error = SqliteGuard::open(path.to_str().unwrap(), "study").unwrap_err();
        assert!(matches!(error, GuardError::Store(StorageError::NotADatabase { .. })), "{error:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
}
