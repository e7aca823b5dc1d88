//! Stores of studies, in Optuna's own schema.
//!
//! | module | job |
//! |---|---|
//! | [`sqlite`] | [`SqliteStorage`]: a file that stock Optuna and optuna-dashboard open as well |
//! | [`postgres`] | the same tables in a PostgreSQL database |
//! | [`memory`] | [`MemoryStorage`]: the same contract, gone with the process |
//! | [`guard`] | sets of signatures that processes share, so that nothing is done twice |
//! | [`url`] | paths and `sqlite:///…` URLs |
//! | [`error`] | [`StorageError`]: every failure with its place, cause and remedy |
//! | `schema` | the tables: Optuna's `v3.2.0.a` and our own, which Optuna ignores |
//! | [`lease`] | one live writer a study |
//! | `codec` | values as Optuna spells them: JSON, floats, enums, times |
//! | `pack` | metrics as compact, bit-exact blobs |
//! | `returns` | daily returns as one compressed blob a trial |
//! | `record` | what a batch must satisfy, whatever the store |
//! | `assemble`, `keys` | trials put together from rows; lists of names kept once |
//! | `read`, `write`, `heartbeat` | SQLite's queries and statements |
//! | `testing` | the conformance suite that every backend passes (feature `testing`) |
//!
//! **Invariants:** a batch is one transaction; nothing that Optuna owns is stored in a way that stock
//! Optuna would not have written; no value changes on its way through the store, except that the sign
//! of a zero is lost in Optuna's own columns (SQLite drops it).

use bartune_search::storage::Storage;

mod assemble;
mod codec;
pub mod error;
pub mod guard;
mod heartbeat;
mod keys;
pub mod lease;
pub mod memory;
mod pack;
pub mod postgres;
mod read;
mod record;
mod returns;
mod schema;
pub mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
pub mod url;
mod write;

pub use error::StorageError;
pub use memory::MemoryStorage;
pub use postgres::{PostgresStorage, PostgresUrl};
pub use sqlite::{SqliteOptions, SqliteStorage};

/// A store of either kind.
pub type AnyStorage = Box<dyn Storage<Error = StorageError>>;

/// Open the store that a path or URL names, for reading and writing; what is missing is made.
///
/// # Errors
///
/// Everything that [`StorageError`] says of locations, files, servers and schemas.
pub fn open(location: &str) -> Result<AnyStorage, StorageError> {
    if PostgresUrl::is_one(location) {
        return Ok(Box::new(PostgresStorage::open(location)?));
    }
    Ok(Box::new(SqliteStorage::open(location)?))
}

/// Open the store that a path or URL names for reading; nothing in it changes.
///
/// # Errors
///
/// As [`open`], and [`StorageError::Missing`].
pub fn open_read_only(location: &str) -> Result<AnyStorage, StorageError> {
    if PostgresUrl::is_one(location) {
        return Ok(Box::new(PostgresStorage::open_read_only(location)?));
    }
    Ok(Box::new(SqliteStorage::open_read_only(location)?))
}
