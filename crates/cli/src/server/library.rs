//! The studies of a store as far as they have been read.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use bartune::Error;
use bartune::config::{Plan, StudyText};
use bartune::data::Dataset;
use bartune::export::{AnyStorage, open_read_only, trial_json};
use bartune::report::ListedStudy;
use bartune::search::storage::StudyInfo;
use bartune::storage::StorageError;
use bartune::study::shown_storage;
use serde_json::{Value, json};

use super::shelf::{Made, Shelf};

/// A study whose file is known.
pub(crate) struct Known {
    pub(crate) text: StudyText,
    pub(crate) plan: Plan,
    pub(crate) dataset: Dataset,
    /// Whether the verdict is worked out once the study rests.
    pub(crate) is_judged: bool,
}

/// A store, and what has been read of it.
pub(crate) struct Library {
    url: String,
    known: Option<Arc<Known>>,
    shelves: Mutex<BTreeMap<String, Arc<Mutex<Shelf>>>>,
}

/// How a study is, in short; a page that has seen the revision has nothing to read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) revision: String,
    pub(super) text: String,
    pub(super) is_running: bool,
}

/// Which trials are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) from: u64,
    pub(super) limit: u64,
    pub(super) is_best_first: bool,
}

impl Library {
    pub(crate) fn new(url: String, known: Option<Known>) -> Self {
        Self { url, known: known.map(Arc::new), shelves: Mutex::default() }
    }

    /// The store as it may be shown.
    pub(crate) fn place(&self) -> String {
        shown_storage(&self.url)
    }

    /// The store; nothing while it is not there.
    fn open(&self) -> Result<Option<Box<AnyStorage>>> {
        match open_read_only(&self.url) {
            Ok(storage) => Ok(Some(storage)),
            Err(Error::Storage(StorageError::Missing { .. })) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn known(&self, name: &str) -> Option<&Arc<Known>> {
        self.known.as_ref().filter(|known| known.plan.name == name)
    }

    /// All studies by name.
    pub(super) fn studies(&self) -> Result<Vec<ListedStudy>> {
        let Some(storage) = self.open()? else { return Ok(Vec::new()) };
        let listed =
            |info: StudyInfo| Ok(ListedStudy { owner: owner(&*storage, &info)?, name: info.name, trials: info.trials });
        storage.studies()?.into_iter().map(listed).collect()
    }

    /// A study and its store, if it is there.
    fn find(&self, name: &str) -> Result<Option<(Box<AnyStorage>, StudyInfo)>> {
        let Some(storage) = self.open()? else { return Ok(None) };
        let info = storage.study(name)?;
        Ok(info.map(|info| (storage, info)))
    }

    fn shelf(&self, name: &str) -> Arc<Mutex<Shelf>> {
        let mut shelves = self.shelves.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelves.entry(name.to_owned()).or_insert_with(|| Arc::new(Mutex::new(Shelf::new()))))
    }

    /// The report on a study, if it is there.
    pub(super) fn report(&self, name: &str) -> Result<Option<Arc<Made>>> {
        let Some((storage, info)) = self.find(name)? else { return Ok(None) };
        let is_running = owner(&*storage, &info)?.is_some();
        let shelf = self.shelf(name);
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Some(shelf.report(&*storage, (&info, &self.url), self.known(name), is_running)?))
    }

    /// How a study is; it may be gone, and come back.
    pub(super) fn state(&self, name: &str) -> Result<State> {
        let Some((storage, info)) = self.find(name)? else {
            let text = "The study is not in the store; waiting for it.".to_owned();
            return Ok(State { revision: String::new(), text, is_running: false });
        };
        let owner = owner(&*storage, &info)?;
        // A page that is being made holds the shelf; the verdict's state comes with the next look.
        let shelf = self.shelf(name);
        let verdict = shelf.try_lock().map_or("", |shelf| shelf.verdict_state());
        let writer = owner.as_ref().map_or_else(|| "at rest".to_owned(), |owner| format!("being written by {owner}"));
        let judging = if verdict == "working" { "; the verdict is being worked out" } else { "" };
        Ok(State {
            revision: format!("{}/{}/{}/{verdict}", info.id.0, info.trials, owner.is_some()),
            text: format!("{} trials, {writer}{judging}", info.trials),
            is_running: owner.is_some(),
        })
    }

    /// Some trials of a study as JSON, if it is there.
    pub(super) fn trials(&self, name: &str, asked: Asked) -> Result<Option<Value>> {
        let Some((storage, info)) = self.find(name)? else { return Ok(None) };
        let records = if asked.is_best_first {
            drop(self.report(name)?);
            let shelf = self.shelf(name);
            let best = shelf.lock().unwrap_or_else(PoisonError::into_inner).best();
            let mut records = Vec::new();
            let chosen = best.into_iter().skip(usize::try_from(asked.from)?).take(usize::try_from(asked.limit)?);
            for number in chosen {
                records.extend(storage.trials_in(info.id, number..number + 1)?);
            }
            records
        } else {
            storage.trials_in(info.id, asked.from..asked.from.saturating_add(asked.limit))?
        };
        let trials: Vec<Value> = records.iter().map(trial_json).collect();
        Ok(Some(json!({ "study": info.name, "total": info.trials, "from": asked.from, "trials": trials })))
    }
}

/// Who is writing to a study.
fn owner(storage: &AnyStorage, info: &StudyInfo) -> Result<Option<String>> {
    Ok(bartune::storage::lease::living(storage, info.id)?
        .map(|lease| format!("process {} on {}", lease.pid, lease.host)))
}
