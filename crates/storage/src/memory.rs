//! Studies in memory, gone with the process: for tests and for searches that need no trace.

use std::collections::BTreeMap;
use std::ops::Range;

use bartune_search::storage::{Abridgement, Lease, Storage, StudyId, StudyInfo, TrialRecord, VaultOpening};
use bartune_search::trial::{StudyDirection, TrialState};
use serde_json::Value;

use crate::error::StorageError;
use crate::lease::Held;
use crate::record;

/// A store in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStorage {
    studies: BTreeMap<i64, Study>,
    last_id: i64,
    held: Option<Held>,
}

#[derive(Debug, Clone)]
struct Study {
    name: String,
    directions: Vec<StudyDirection>,
    user_attrs: BTreeMap<String, Value>,
    system_attrs: BTreeMap<String, Value>,
    lease: Option<Lease>,
    trials: Vec<TrialRecord>,
    vault: Vec<VaultOpening>,
}

impl MemoryStorage {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn get(&self, id: StudyId) -> Result<&Study, StorageError> {
        self.studies.get(&id.0).ok_or(StorageError::UnknownStudy { id: id.0 })
    }

    fn check_lease(&self, id: StudyId) -> Result<(), StorageError> {
        let Some(held) = self.held.as_ref().filter(|held| held.study == id) else { return Ok(()) };
        let found = self.get(id)?.lease.as_ref();
        held.check(found).map_err(|fault| fault.on("memory"))
    }

    fn get_mut(&mut self, id: StudyId) -> Result<&mut Study, StorageError> {
        self.studies.get_mut(&id.0).ok_or(StorageError::UnknownStudy { id: id.0 })
    }
}

impl Study {
    fn info(&self, id: i64) -> StudyInfo {
        StudyInfo {
            id: StudyId(id),
            name: self.name.clone(),
            directions: self.directions.clone(),
            user_attrs: self.user_attrs.clone(),
            system_attrs: self.system_attrs.clone(),
            trials: self.trials.len() as u64,
        }
    }

    /// The position of a trial that may be replaced.
    fn unfinished(&self, number: u64) -> Result<usize, StorageError> {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let problem = match self.trials.get(index) {
            None => "the study has no trial of that number",
            Some(record) if record::is_unfinished(record.trial.state) => return Ok(index),
            Some(_) => "it is finished",
        };
        Err(StorageError::NotReplaceable { number, problem })
    }
}

impl Storage for MemoryStorage {
    type Error = StorageError;

    fn study(&self, name: &str) -> Result<Option<StudyInfo>, StorageError> {
        let mut studies = self.studies.iter();
        let found = studies.find(|(_, study)| study.name == name);
        Ok(found.map(|(id, study)| study.info(*id)))
    }

    fn studies(&self) -> Result<Vec<StudyInfo>, StorageError> {
        let studies = self.studies.iter().map(|(id, study)| study.info(*id));
        let mut studies: Vec<_> = studies.collect();
        studies.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(studies)
    }

    fn create_study(&mut self, name: &str, directions: &[StudyDirection]) -> Result<StudyInfo, StorageError> {
        record::check_study(name, directions)?;
        if self.study(name)?.is_some() {
            return Err(StorageError::StudyExists { name: name.to_owned() });
        }
        let study = Study {
            name: name.to_owned(),
            directions: directions.to_vec(),
            user_attrs: BTreeMap::new(),
            system_attrs: BTreeMap::new(),
            lease: None,
            trials: Vec::new(),
            vault: Vec::new(),
        };
        self.last_id += 1;
        let info = study.info(self.last_id);
        self.studies.insert(self.last_id, study);
        Ok(info)
    }

    fn delete_study(&mut self, id: StudyId) -> Result<(), StorageError> {
        let removed = self.studies.remove(&id.0);
        removed.map(drop).ok_or(StorageError::UnknownStudy { id: id.0 })
    }

    fn set_study_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        self.get_mut(id)?.user_attrs.insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn set_study_system_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        self.get_mut(id)?.system_attrs.insert(key.to_owned(), value.clone());
        Ok(())
    }

    fn lease(&self, id: StudyId) -> Result<Option<Lease>, StorageError> {
        Ok(self.get(id)?.lease.clone())
    }

    fn swap_lease(&mut self, id: StudyId, expected: Option<&str>, lease: Option<&Lease>) -> Result<bool, StorageError> {
        let study = self.get_mut(id)?;
        if study.lease.as_ref().map(|lease| lease.token.as_str()) != expected {
            return Ok(false);
        }
        study.lease = lease.cloned();
        self.held = lease.map(|lease| Held { study: id, token: lease.token.clone() });
        Ok(true)
    }

    fn renew_lease(&mut self, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, StorageError> {
        let Some(lease) = self.get_mut(id)?.lease.as_mut().filter(|lease| lease.token == token) else {
            return Ok(false);
        };
        lease.expires_ms = lease.expires_ms.max(expires_ms);
        lease.renewals += 1;
        Ok(true)
    }

    fn history(&self, id: StudyId) -> Result<Vec<TrialRecord>, StorageError> {
        let without_metrics = |record: &TrialRecord| TrialRecord {
            trial: record.trial.clone(),
            identity: record.identity.clone(),
            metrics: BTreeMap::new(),
            daily_returns: BTreeMap::new(),
            is_abridged: false,
            reason: record.reason.clone(),
        };
        Ok(self.get(id)?.trials.iter().map(without_metrics).collect())
    }

    fn results_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        let mut records = self.trials_in(id, numbers)?;
        for record in &mut records {
            record.trial.params.clear();
            record.trial.distributions.clear();
            record.trial.intermediate_values.clear();
            record.identity.clear();
            record.metrics.clear();
            record.daily_returns.clear();
            record.is_abridged = false;
        }
        Ok(records)
    }

    fn trials_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        let trials = &self.get(id)?.trials;
        let bound = |number| usize::try_from(number).unwrap_or(usize::MAX).min(trials.len());
        let (start, end) = (bound(numbers.start), bound(numbers.end));
        Ok(trials[start.min(end)..end].to_vec())
    }

    fn append_and_abridge(
        &mut self,
        id: StudyId,
        batch: &[TrialRecord],
        abridgement: &Abridgement,
    ) -> Result<(), StorageError> {
        self.check_lease(id)?;
        let study = self.get_mut(id)?;
        record::check_numbers(batch, study.trials.len() as u64)?;
        record::check_records(batch, study.directions.len())?;
        study.trials.extend_from_slice(batch);
        for number in &abridgement.numbers {
            let index = usize::try_from(*number).unwrap_or(usize::MAX);
            study.trials.get_mut(index).into_iter().for_each(|record| record.abridge(&abridgement.kept));
        }
        Ok(())
    }

    fn replace_unfinished(&mut self, id: StudyId, batch: &[TrialRecord]) -> Result<(), StorageError> {
        self.check_lease(id)?;
        let study = self.get_mut(id)?;
        record::check_records(batch, study.directions.len())?;
        // On a copy, so that a refusal in the middle changes nothing.
        let mut changed = study.clone();
        for record in batch {
            let index = changed.unfinished(record.trial.number)?;
            changed.trials[index] = record.clone();
        }
        *study = changed;
        Ok(())
    }

    fn claim_waiting(&mut self, id: StudyId, number: u64, started_ms: i64) -> Result<bool, StorageError> {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        let waiting = self.get_mut(id)?.trials.get_mut(index);
        let Some(record) = waiting.filter(|record| record.trial.state == TrialState::Waiting) else { return Ok(false) };
        record.trial.state = TrialState::Running;
        record.trial.started_ms = Some(started_ms);
        Ok(true)
    }

    fn record_vault_opening(&mut self, id: StudyId, opening: &VaultOpening) -> Result<(), StorageError> {
        self.get_mut(id)?.vault.push(opening.clone());
        Ok(())
    }

    fn vault_openings(&self, id: StudyId) -> Result<Vec<VaultOpening>, StorageError> {
        Ok(self.get(id)?.vault.clone())
    }
}
