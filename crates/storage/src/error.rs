//! What can go wrong with a store, each with its place, its cause and its remedy.
//!
//! Inside the crate a step fails with a `Fault`: either an error that is already worded, or a raw
//! one of SQLite. The raw ones get their path and their words once, at the crate's boundary, in
//! `Fault::at`.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::postgres::connection::{LOCK_TIMEOUT_MS, is_lost};

/// A store's failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The URL's kind of store is not one this build can open. The URL is not repeated: it may hold
    /// a password.
    #[error(
        "storage of kind `{scheme}` is not supported; give a file path, `sqlite:///relative.db`, \
         `sqlite:////absolute.db` or `postgresql://user@host/database`"
    )]
    UnsupportedUrl {
        /// The part before `://`.
        scheme: String,
    },
    /// A SQLite URL that names no file.
    #[error("`{url}` names no database file: {problem}; write `sqlite:///relative.db` or `sqlite:////absolute.db`")]
    InvalidUrl {
        /// As given.
        url: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A PostgreSQL URL that cannot be used.
    #[error("`{server}` cannot be used: {problem}")]
    InvalidPostgresUrl {
        /// The URL without its credentials.
        server: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The server does not answer, or stopped answering.
    #[error("`{server}` does not answer ({reason}); check that the server runs and can be reached from here")]
    Unreachable {
        /// The URL without its credentials.
        server: String,
        /// The system's or the client's words.
        reason: String,
    },
    /// The server answers, and says no.
    #[error("`{server}` refuses: {reason}; check user, password, database and permissions")]
    Refused {
        /// The URL without its credentials.
        server: String,
        /// The server's words.
        reason: String,
    },
    /// Anything else that a PostgreSQL server reports.
    #[error("`{server}`: {reason}")]
    Postgres {
        /// The URL without its credentials.
        server: String,
        /// The server's words.
        reason: String,
        /// The client's error.
        source: postgres::Error,
    },
    /// The file is not there, and the store was to be read only.
    #[error("there is no database at `{}`; check the path, or run a study to create it", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened or created.
    #[error("cannot open `{}`: {reason}; check that its folder exists and may be written", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// The system's or SQLite's words.
        reason: String,
    },
    /// The file holds something else.
    #[error("`{}` is not a SQLite database; choose another path for the study", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A database of some other program.
    #[error(
        "`{store}` is a database of another program: it holds no Optuna studies (its tables: {}); choose another",
        tables.join(", ")
    )]
    ForeignDatabase {
        /// The file, or the server's URL without credentials.
        store: String,
        /// The tables found.
        tables: Vec<String>,
    },
    /// Made by an Optuna before 3.2.
    #[error(
        "`{store}` has the older Optuna schema {found}, and {supported} is needed; upgrade it with \
         `optuna storage upgrade --storage {url}`"
    )]
    OlderOptunaSchema {
        /// The file, or the server's URL without credentials.
        store: String,
        /// What Optuna calls it.
        url: String,
        /// Its revision.
        found: String,
        /// The revision this build reads and writes.
        supported: &'static str,
    },
    /// A revision that this build does not know, thus newer.
    #[error(
        "`{store}` has the Optuna schema {found}, which this version of Bartune does not know (it knows \
         {supported}); update Bartune"
    )]
    NewerOptunaSchema {
        /// The file, or the server's URL without credentials.
        store: String,
        /// Its revision.
        found: String,
        /// The revision this build reads and writes.
        supported: &'static str,
    },
    /// Written by a later Bartune.
    #[error(
        "`{store}` was written by a newer Bartune (its tables are version {found}, this one knows \
         {supported}); update Bartune"
    )]
    NewerBartuneSchema {
        /// The file, or the server's URL without credentials.
        store: String,
        /// Its version.
        found: i64,
        /// This build's version.
        supported: i64,
    },
    /// Nothing may be written.
    #[error(
        "`{}` cannot be written: it is read-only; check the permissions of the file and its folder, \
         or give another path",
        path.display()
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// Another process holds the database.
    #[error(
        "`{}` is locked by another process, for longer than the {waited_ms} ms that were waited; \
         end that process, or try again when it is done",
        path.display()
    )]
    Locked {
        /// The file.
        path: PathBuf,
        /// How long was waited.
        waited_ms: u64,
    },
    /// No room.
    #[error("the disk of `{}` is full; nothing of the batch was written: free some space and run again", path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// SQLite finds its own file broken.
    #[error(
        "`{}` is damaged ({reason}); restore a copy, or salvage it with `sqlite3 FILE .recover`",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
    /// A row that neither Optuna nor Bartune would have written.
    #[error("table `{table}`, trial or study id {id}: {problem}")]
    UnreadableRow {
        /// Its table.
        table: &'static str,
        /// The id of the trial or study it belongs to.
        id: i64,
        /// What is wrong with it.
        problem: String,
    },
    /// The name is taken.
    #[error("there is a study named `{name}` already; continue it, delete it, or choose another name")]
    StudyExists {
        /// The name.
        name: String,
    },
    /// A study cannot be created so.
    #[error("study `{name}` cannot be created: {problem}")]
    InvalidStudy {
        /// The name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// No study has this key, perhaps no longer.
    #[error("there is no study with id {id}; it may have been deleted meanwhile")]
    UnknownStudy {
        /// The key.
        id: i64,
    },
    /// Another process writes the study.
    #[error(
        "another process is writing this study: pid {pid} on {host}, since {since}; wait for it, stop it, \
         or run under another name with `--as NAME` (if that process is gone, the study is free again in {free_in})"
    )]
    Owned {
        /// Its host.
        host: String,
        /// Its process.
        pid: u32,
        /// When it began, in UTC.
        since: String,
        /// When its lease ends without a sign of life.
        free_in: String,
    },
    /// The lease is gone: another process has taken the study over.
    #[error(
        "this process no longer owns the study: {owner}; what was stored is whole, and the batch at hand was not \
         written; run again to continue"
    )]
    LeaseLost {
        /// Who owns it now, in words.
        owner: String,
    },
    /// A batch that leaves a gap, or repeats a number.
    #[error(
        "trial {found} cannot be appended: the study's next trial is {expected}; is another process \
         writing to the same study?"
    )]
    NonContiguous {
        /// The next free number.
        expected: u64,
        /// The number given.
        found: u64,
    },
    /// Only a running or waiting trial can be replaced.
    #[error("trial {number} cannot be replaced: {problem}")]
    NotReplaceable {
        /// Its number.
        number: u64,
        /// Why not.
        problem: &'static str,
    },
    /// A record that the schema cannot hold.
    #[error("trial {number} cannot be stored: {problem}")]
    InvalidRecord {
        /// Its number.
        number: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Anything else that SQLite reports.
    #[error("`{}`: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: rusqlite::Error,
    },
}

impl StorageError {
    /// Whether the same call may succeed later by itself: a server that does not answer, a lock.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Locked { .. })
    }
}

/// A failure inside the crate, which may still lack its place.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Already worded.
    Worded(StorageError),
    /// From SQLite, without its path.
    Sqlite(rusqlite::Error),
    /// From PostgreSQL, without its server.
    Postgres(postgres::Error),
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Worded(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    /// The public error of a failure at the database `path`, whose locks were awaited `waited_ms`.
    pub(crate) fn at(self, path: &Path, waited_ms: u64) -> StorageError {
        let source = match self {
            Self::Sqlite(source) => source,
            other => return other.on(&path.display().to_string()),
        };
        let path = path.to_path_buf();
        let reason = source.to_string();
        match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => StorageError::NotADatabase { path },
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StorageError::Locked { path, waited_ms },
            Some(ErrorCode::ReadOnly) => StorageError::ReadOnly { path },
            Some(ErrorCode::DiskFull) => StorageError::DiskFull { path },
            Some(ErrorCode::DatabaseCorrupt) => StorageError::Damaged { path, reason },
            Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => StorageError::CannotOpen { path, reason },
            _ => StorageError::Sqlite { path, source },
        }
    }

    /// Whether the connection to a server was lost, so that the same may work on a new one.
    pub(crate) fn is_lost_connection(&self) -> bool {
        match self {
            Self::Postgres(error) => is_lost(error),
            Self::Worded(StorageError::Unreachable { .. }) => true,
            Self::Worded(_) | Self::Sqlite(_) => false,
        }
    }

    /// The public error of a failure at a PostgreSQL `server`, given without credentials.
    pub(crate) fn on(self, server: &str) -> StorageError {
        let server = server.to_owned();
        let source = match self {
            Self::Worded(error) => return error,
            Self::Sqlite(source) => return StorageError::Sqlite { path: server.into(), source },
            Self::Postgres(source) => source,
        };
        let reason = words(&source);
        if is_lost(&source) {
            return StorageError::Unreachable { server, reason };
        }
        let class = source.code().map_or("", |code| code.code());
        match class {
            "53100" => StorageError::DiskFull { path: server.into() },
            "55P03" | "40P01" | "40001" => StorageError::Locked { path: server.into(), waited_ms: LOCK_TIMEOUT_MS },
            "25006" => StorageError::ReadOnly { path: server.into() },
            "42501" | "3D000" => StorageError::Refused { server, reason },
            _ if class.starts_with("28") || class.is_empty() => StorageError::Refused { server, reason },
            _ => StorageError::Postgres { server, reason, source },
        }
    }
}

/// What a server or the client says, from the innermost cause, which is the one that tells.
fn words(error: &postgres::Error) -> String {
    use std::error::Error;
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let mut innermost: &dyn Error = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
