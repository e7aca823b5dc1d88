//! The stored study behind a plan: create, continue, refuse, start afresh.

use std::path::{Path, PathBuf};

use bartune_search::storage::{Storage, StudyInfo, TrialRecord};
use bartune_storage::SqliteStorage;
use serde_json::{Value, json};

use crate::config::Plan;
use crate::data::Dataset;
use crate::error::Error;
use crate::identity::{Identity, fingerprint};

/// Study attribute that holds what the study's trials depend on.
const FINGERPRINT: &str = "bartune:fingerprint";
/// Study attribute that holds the engine's version at the study's creation.
const VERSION: &str = "bartune:version";

/// A database URL, `sqlite:///relative/path.db` or `sqlite:////absolute/path.db`.
pub type StorageUrl = String;

/// The store a study file uses when none is named: a database beside it, with its name.
#[must_use]
pub fn default_storage(study_file: &Path) -> StorageUrl {
    let path: PathBuf = study_file.with_extension("db");
    format!("sqlite:///{}", path.display())
}

/// One study in one store, checked to be the plan's.
pub struct Session<'a> {
    plan: &'a Plan,
    identity: Identity,
    storage: Box<dyn Storage<Error = bartune_storage::StorageError>>,
    study: StudyInfo,
}

impl<'a> Session<'a> {
    /// Open the plan's study, creating it if it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] when the stored study was made with other settings, [`Error::Storage`].
    pub fn open_or_create(plan: &'a Plan, dataset: &Dataset, url: &str) -> Result<Self, Error> {
        let mut storage = SqliteStorage::open(url)?;
        let study = match storage.study(&plan.name)? {
            Some(study) => study,
            None => create(&mut storage, plan, dataset)?,
        };
        Self::checked(plan, dataset, (Box::new(storage), study), url)
    }

    /// Open the plan's study to read it.
    ///
    /// # Errors
    ///
    /// [`Error::NoStudy`], [`Error::Changed`], [`Error::Storage`].
    pub fn open(plan: &'a Plan, dataset: &Dataset, url: &str) -> Result<Self, Error> {
        let missing = || Error::NoStudy { name: plan.name.clone(), storage: url.to_owned() };
        if !bartune_storage::exists(url)? {
            return Err(missing());
        }
        let storage = SqliteStorage::open(url)?;
        let study = storage.study(&plan.name)?.ok_or_else(missing)?;
        Self::checked(plan, dataset, (Box::new(storage), study), url)
    }

    /// Delete the plan's study, if `given` is its name.
    ///
    /// # Errors
    ///
    /// [`Error::FreshName`] when it is not, [`Error::Storage`].
    pub fn delete(plan: &Plan, url: &str, given: &str) -> Result<(), Error> {
        if given != plan.name {
            return Err(Error::FreshName { given: given.to_owned(), name: plan.name.clone() });
        }
        let mut storage = SqliteStorage::open(url)?;
        if let Some(study) = storage.study(&plan.name)? {
            storage.delete_study(study.id)?;
        }
        Ok(())
    }

    fn checked(
        plan: &'a Plan,
        dataset: &Dataset,
        (storage, study): (Box<dyn Storage<Error = bartune_storage::StorageError>>, StudyInfo),
        url: &str,
    ) -> Result<Self, Error> {
        let hash = dataset.bars.content_hash();
        let now = fingerprint(plan, hash, &dataset.segments);
        if let Some(Value::Object(stored)) = study.user_attrs.get(FINGERPRINT) {
            let differences = differences(stored, &now);
            if !differences.is_empty() {
                return Err(Error::Changed { name: plan.name.clone(), storage: url.to_owned(), differences });
            }
        }
        Ok(Self { plan, identity: Identity::new(plan, hash, &dataset.segments), storage, study })
    }

    pub(crate) fn plan(&self) -> &'a Plan {
        self.plan
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity.clone()
    }

    /// Trials in the store, in number order.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn load(&self) -> Result<Vec<TrialRecord>, Error> {
        Ok(self.storage.trials(self.study.id)?)
    }

    pub(crate) fn append(&mut self, batch: &[TrialRecord]) -> Result<(), Error> {
        if batch.is_empty() {
            return Ok(());
        }
        Ok(self.storage.append(self.study.id, batch)?)
    }

    pub(crate) fn storage(&mut self) -> (&mut dyn Storage<Error = bartune_storage::StorageError>, bartune_search::storage::StudyId) {
        (&mut *self.storage, self.study.id)
    }
}

fn create(storage: &mut SqliteStorage, plan: &Plan, dataset: &Dataset) -> Result<StudyInfo, Error> {
    let fingerprint: serde_json::Map<String, Value> =
        fingerprint(plan, dataset.bars.content_hash(), &dataset.segments).into_iter().collect();
    let attrs = [(FINGERPRINT, Value::Object(fingerprint)), (VERSION, json!(env!("CARGO_PKG_VERSION")))];
    Ok(storage.create_study(&plan.name, &[plan.objective.direction], &attrs.map(|(key, value)| (key.to_owned(), value)))?)
}

/// One line a key that differs: `search.seed: 1 → 2`.
fn differences(stored: &serde_json::Map<String, Value>, now: &std::collections::BTreeMap<String, Value>) -> Vec<String> {
    let shown = |value: Option<&Value>| {
        let text = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
        if text.chars().count() <= 60 { text } else { text.chars().take(57).chain("...".chars()).collect() }
    };
    let keys: std::collections::BTreeSet<&String> = stored.keys().chain(now.keys()).collect();
    keys.into_iter()
        .filter(|key| stored.get(*key) != now.get(*key))
        .map(|key| format!("  {key}: {} → {}", shown(stored.get(key)), shown(now.get(key))))
        .collect()
}
