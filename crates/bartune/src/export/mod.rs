//! Stored studies as files, in other stores, in a list, and gone. None of it needs bars or a study file.
//!
//! | file | job |
//! |---|---|
//! | `copy` | a study into another store, all of it, with its numbers |
//! | `json` | a study as one JSON object |
//! | `catalogue` | what studies a store has; deleting one |

use std::path::Path;

use bartune_search::storage::{Storage, StudyInfo, TrialRecord};
use bartune_storage::postgres::PostgresUrl;
use bartune_storage::{PostgresStorage, SqliteStorage, StorageError};

use crate::error::Error;
use crate::table::TrialColumns;

mod catalogue;
mod copy;
mod json;

pub use catalogue::{StudyRow, delete, studies};
pub use copy::{Copied, copy};
pub use json::trial_json;

/// Any store.
pub type AnyStorage = dyn Storage<Error = StorageError>;

/// Open a store to change it; a SQLite file that is missing is created.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn open(url: &str) -> Result<Box<AnyStorage>, Error> {
    Ok(match PostgresUrl::is_one(url) {
        true => Box::new(PostgresStorage::open(url)?),
        false => Box::new(SqliteStorage::open(url)?),
    })
}

/// Open a store to read it; it must be there.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn open_read_only(url: &str) -> Result<Box<AnyStorage>, Error> {
    Ok(match PostgresUrl::is_one(url) {
        true => Box::new(PostgresStorage::open_read_only(url)?),
        false => Box::new(SqliteStorage::open_read_only(url)?),
    })
}

/// Trials are read this many at a time.
const CHUNK: u64 = 1_000;

/// One study in one store.
pub struct StoredStudy<'a> {
    storage: &'a AnyStorage,
    info: StudyInfo,
}

impl<'a> StoredStudy<'a> {
    /// The study `name` of a store; `place` is the store as messages show it.
    ///
    /// # Errors
    ///
    /// [`Error::NoStudy`], [`Error::Storage`].
    pub fn find(storage: &'a AnyStorage, place: &str, name: &str) -> Result<Self, Error> {
        let missing = || Error::NoStudy { name: name.to_owned(), storage: place.to_owned() };
        let info = storage.study(name)?.ok_or_else(missing)?;
        Ok(Self { storage, info })
    }

    /// Its own row.
    #[must_use]
    pub fn info(&self) -> &StudyInfo {
        &self.info
    }

    /// Write every trial to a file: `.csv`, `.parquet` or `.json`. Returns how many there are.
    ///
    /// # Errors
    ///
    /// [`Error::Write`], also for another ending; [`Error::Storage`].
    pub fn write(&self, path: &Path) -> Result<u64, Error> {
        if path.extension().is_some_and(|extension| extension == "json") {
            return json::write(self, path);
        }
        let mut columns = TrialColumns::of_objectives(self.info.directions.len());
        let mut trials = 0;
        self.for_each_batch(|records| {
            trials += records.len() as u64;
            records.iter().for_each(|record| columns.add(record));
            Ok(())
        })?;
        columns.finish().write(path)?;
        Ok(trials)
    }

    /// Every trial in number order, batch by batch; duplicates with the metrics of their originals.
    fn for_each_batch(&self, mut take: impl FnMut(&[TrialRecord]) -> Result<(), Error>) -> Result<(), Error> {
        let mut first = 0;
        loop {
            let mut records = self.storage.trials_in(self.info.id, first..first + CHUNK)?;
            let Some(last) = records.last() else { return Ok(()) };
            first = last.trial.number + 1;
            for record in &mut records {
                self.complete(record)?;
            }
            take(&records)?;
        }
    }

    fn complete(&self, record: &mut TrialRecord) -> Result<(), Error> {
        if let Some(original) = record.trial.duplicate_of.filter(|_| record.metrics.is_empty()) {
            let original = self.storage.trials_in(self.info.id, original..original + 1)?.pop();
            let Some(original) = original else { return Ok(()) };
            record.metrics = original.metrics;
            record.is_abridged = original.is_abridged;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
