//! Stores of studies, in Optuna's own schema.
//!
//! | module | job |
//! |---|---|
//! | [`sqlite`] | [`SqliteStorage`]: a file that stock Optuna and optuna-dashboard open as well |
//! | [`memory`] | [`MemoryStorage`]: the same contract, gone with the process |
//! | [`guard`] | sets of signatures that processes share, so that nothing is done twice |
//! | [`url`] | paths and `sqlite:///…` URLs |
//! | [`error`] | [`StorageError`]: every failure with its place, cause and remedy |
//! | `schema` | the tables: Optuna's `v3.2.0.a` and our own, which Optuna ignores |
//! | `codec` | values as Optuna spells them: JSON, floats, enums, times |
//! | `pack` | metrics as compact, bit-exact blobs |
//! | `record` | what a batch must satisfy, whatever the store |
//! | `read`, `write` | the queries and the statements |
//! | `testing` | the conformance suite that every backend passes (feature `testing`) |
//!
//! **Invariants:** a batch is one transaction; nothing that Optuna owns is stored in a way that stock
//! Optuna would not have written; no value changes on its way through the store, except that the sign
//! of a zero is lost in Optuna's own columns (SQLite drops it).

mod codec;
pub mod error;
pub mod guard;
pub mod memory;
mod pack;
mod read;
mod record;
mod schema;
pub mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
pub mod url;
mod write;

pub use error::StorageError;
pub use memory::MemoryStorage;
pub use sqlite::{SqliteOptions, SqliteStorage};
