use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use bartune_search::storage::{Abridgement, Lease, Storage, StudyId, StudyInfo, VaultOpening};
use bartune_search::trial::StudyDirection;
use bartune_storage::testing::sample_records;
use bartune_storage::{MemoryStorage, StorageError};
use serde_json::Value;

use super::*;
use crate::config::parse_study;
use crate::data;

const STUDY: &str = r#"
name = "small"
data.path = "bars.parquet"
data.synth = { bars = 600, timeframe = "1h", seed = 5 }
params.fast = { int = [3, 20] }
strategy.long_entry = "cross_above(close, sma(close, fast))"
strategy.long_exit = "cross_below(close, sma(close, fast))"
objective.maximize = "composite"
"#;

/// A store that does not answer the first few times that it is to replace trials.
struct Flaky {
    inner: MemoryStorage,
    refusals: u32,
}

impl Storage for Flaky {
    type Error = StorageError;

    fn replace_unfinished(&mut self, id: StudyId, batch: &[TrialRecord]) -> Result<(), StorageError> {
        if self.refusals > 0 {
            self.refusals -= 1;
            let (server, reason) = ("postgresql://here/".to_owned(), "it is gone".to_owned());
            return Err(StorageError::Unreachable { server, reason });
        }
        self.inner.replace_unfinished(id, batch)
    }

    fn study(&self, name: &str) -> Result<Option<StudyInfo>, StorageError> {
        self.inner.study(name)
    }
    fn studies(&self) -> Result<Vec<StudyInfo>, StorageError> {
        self.inner.studies()
    }
    fn create_study(&mut self, name: &str, directions: &[StudyDirection]) -> Result<StudyInfo, StorageError> {
        self.inner.create_study(name, directions)
    }
    fn delete_study(&mut self, id: StudyId) -> Result<(), StorageError> {
        self.inner.delete_study(id)
    }
    fn set_study_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        self.inner.set_study_attr(id, key, value)
    }
    fn set_study_system_attr(&mut self, id: StudyId, key: &str, value: &Value) -> Result<(), StorageError> {
        self.inner.set_study_system_attr(id, key, value)
    }
    fn lease(&self, id: StudyId) -> Result<Option<Lease>, StorageError> {
        self.inner.lease(id)
    }
    fn swap_lease(&mut self, id: StudyId, expected: Option<&str>, lease: Option<&Lease>) -> Result<bool, StorageError> {
        self.inner.swap_lease(id, expected, lease)
    }
    fn renew_lease(&mut self, id: StudyId, token: &str, expires_ms: i64) -> Result<bool, StorageError> {
        self.inner.renew_lease(id, token, expires_ms)
    }
    fn claim_waiting(&mut self, id: StudyId, number: u64, started_ms: i64) -> Result<bool, StorageError> {
        self.inner.claim_waiting(id, number, started_ms)
    }
    fn history(&self, id: StudyId) -> Result<Vec<TrialRecord>, StorageError> {
        self.inner.history(id)
    }
    fn results_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        self.inner.results_in(id, numbers)
    }
    fn trials_in(&self, id: StudyId, numbers: Range<u64>) -> Result<Vec<TrialRecord>, StorageError> {
        self.inner.trials_in(id, numbers)
    }
    fn append_and_abridge(
        &mut self,
        id: StudyId,
        batch: &[TrialRecord],
        abridgement: &Abridgement,
    ) -> Result<(), StorageError> {
        self.inner.append_and_abridge(id, batch, abridgement)
    }
    fn record_vault_opening(&mut self, id: StudyId, opening: &VaultOpening) -> Result<(), StorageError> {
        self.inner.record_vault_opening(id, opening)
    }
    fn vault_openings(&self, id: StudyId) -> Result<Vec<VaultOpening>, StorageError> {
        self.inner.vault_openings(id)
    }
}

/// A store whose study has one trial waiting, with nothing fixed.
fn one_waiting(refusals: u32) -> Flaky {
    let mut inner = MemoryStorage::new();
    let id = inner.create_study("small", &[StudyDirection::Maximize]).unwrap().id;
    let mut waiting = sample_records().pop().expect("the last of the samples waits");
    assert_eq!(waiting.trial.state, TrialState::Waiting);
    waiting.trial.number = 0;
    waiting.trial.system_attrs.clear();
    inner.append(id, &[waiting]).unwrap();
    Flaky { inner, refusals }
}

#[test]
fn an_outage_is_waited_out_and_the_result_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let plan = parse_study("study.toml", STUDY, folder.path(), &[]).unwrap();
    let dataset = data::open(&plan.data, &plan.split, None).unwrap();
    let (evaluator, options) = (Evaluator::new(&plan, &dataset), RunOptions::of(&plan));
    let finish = |refusals: u32, control: &Control| {
        let storage = one_waiting(refusals);
        let study = storage.study("small").unwrap().unwrap();
        let mut session = Session::new(&plan, &dataset, Box::new(storage), study);
        let stored = session.history().unwrap();
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut waits = |reason| told.borrow_mut().push(reason);
        let finished = super::finish(&mut session, &evaluator, (&options, control), (&stored, &mut waits));
        (finished.map(|_| session.history().unwrap()[0].trial.state), told.take())
    };
    let (finished, told) = finish(2, &Control::default());
    assert_eq!(finished.unwrap(), TrialState::Complete);
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("it is gone"), "{told:?}");
    // Whoever was told to stop does not wait.
    let stopped = Control::default();
    stopped.stop();
    let (finished, told) = finish(1, &stopped);
    assert!(matches!(finished, Err(Error::Storage(StorageError::Unreachable { .. }))), "{finished:?}");
    assert!(told.is_empty());
}
