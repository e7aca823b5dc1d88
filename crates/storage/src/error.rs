//! What can go wrong with a store, each with its place, its cause and its remedy.
//!
//! Inside the crate a step fails with a `Fault`: either an error that is already worded, or a raw
//! one of SQLite. The raw ones get their path and their words once, at the crate's boundary, in
//! `Fault::at`.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// A store's failure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The URL's kind of store is not one this build can open. The URL is not repeated: it may hold
    /// a password.
    #[error(
        "storage of kind `{scheme}` is not supported; give a file path or `sqlite:///relative.db` \
         or `sqlite:////absolute.db`"
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
    /// A SQLite database of some other program.
    #[error(
        "`{}` is a SQLite database, but holds no Optuna studies (its tables: {}); choose another path",
        path.display(), tables.join(", ")
    )]
    ForeignDatabase {
        /// The file.
        path: PathBuf,
        /// The tables found.
        tables: Vec<String>,
    },
    /// Made by an Optuna before 3.2.
    #[error(
        "`{}` has the older Optuna schema {found}, and {supported} is needed; upgrade it with \
         `optuna storage upgrade --storage sqlite:///{}`",
        path.display(), path.display()
    )]
    OlderOptunaSchema {
        /// The file.
        path: PathBuf,
        /// Its revision.
        found: String,
        /// The revision this build reads and writes.
        supported: &'static str,
    },
    /// A revision that this build does not know, thus newer.
    #[error(
        "`{}` has the Optuna schema {found}, which this version of Bartune does not know (it knows \
         {supported}); update Bartune",
        path.display()
    )]
    NewerOptunaSchema {
        /// The file.
        path: PathBuf,
        /// Its revision.
        found: String,
        /// The revision this build reads and writes.
        supported: &'static str,
    },
    /// Written by a later Bartune.
    #[error(
        "`{}` was written by a newer Bartune (its tables are version {found}, this one knows \
         {supported}); update Bartune",
        path.display()
    )]
    NewerBartuneSchema {
        /// The file.
        path: PathBuf,
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

/// A failure inside the crate, which may still lack its place.
#[derive(Debug)]
pub(crate) enum Fault {
    /// Already worded.
    Worded(StorageError),
    /// From SQLite, without its path.
    Sqlite(rusqlite::Error),
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
            Self::Worded(error) => return error,
            Self::Sqlite(source) => source,
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
}
