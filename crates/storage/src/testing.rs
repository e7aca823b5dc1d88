//! The conformance suite: what every store of studies must do.
//!
//! A new backend supplies one function that opens an empty store, and calls [`run`]; a persistent one
//! calls [`check_reopening`] as well. Records come from [`records`], a proptest strategy that covers
//! every field and its corners; [`sample_records`] is a small fixed set with one trial of every kind.
//!
//! # Panics
//!
//! Every check panics where the store breaks the contract: this is test code.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bartune_search::space::ParamValue;
use bartune_search::storage::{Abridgement, Lease, Storage, StudyId, TrialRecord, VaultOpening};
use bartune_search::trial::{StudyDirection, TrialState};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::StorageError;

mod sample;
mod strategy;

use sample::{complete_record, duplicate_record, infeasible_record, valueless_record};
pub use sample::{renumbered, sample_records};
pub use strategy::records;

/// Run every check, each on a fresh store.
pub fn run<S: Storage<Error = StorageError>>(open: impl Fn() -> S) {
    check_studies(open());
    check_attributes(open());
    check_samples(open());
    check_random_records(&open);
    check_batches_are_all_or_nothing(open());
    check_refusals(open());
    check_replacing(open());
    check_claiming(open());
    check_abridging(open());
    check_vault(open());
    check_leases(open());
    check_deleting(open());
}

/// Check that a store holds, opened again, what it held before. `open` opens the same store each time.
pub fn check_reopening<S: Storage<Error = StorageError>>(open: impl Fn() -> S) {
    let id = {
        let mut storage = open();
        let id = create(&mut storage, "reopened");
        append(&mut storage, id, &sample_records());
        storage.set_study_attr(id, "key", &json!({"a": 1})).expect("the study exists");
        storage.record_vault_opening(id, &opening(1)).expect("the study exists");
        id
    };
    let storage = open();
    let study = storage.study("reopened").expect("it can be read").expect("it is kept");
    assert_eq!((study.id, study.trials), (id, sample_records().len() as u64));
    assert_eq!(study.user_attrs["key"], json!({"a": 1}));
    assert_same(&trials(&storage, id), &sample_records());
    assert_eq!(storage.vault_openings(id).expect("the study exists"), [opening(1)]);
    // Numbers go on, and so do the lists of names kept aside.
    let mut storage = open();
    let more = renumbered(sample_records(), sample_records().len() as u64);
    append(&mut storage, id, &more);
    assert_same(&trials(&open(), id), &[sample_records(), more].concat());
}

/// Assert that two lists of records are the same, NaN intermediate values and the bits of metrics
/// included.
pub fn assert_same(found: &[TrialRecord], expected: &[TrialRecord]) {
    assert_eq!(found.len(), expected.len(), "number of trials");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(format!("{found:#?}"), format!("{expected:#?}"));
        let bits = |record: &TrialRecord| -> Vec<u64> {
            let values = record.metrics.values().flat_map(BTreeMap::values);
            values.map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(found), bits(expected), "bits of the metrics");
        let bits = |record: &TrialRecord| -> Vec<u32> {
            record.daily_returns.values().flatten().map(|value| value.to_bits()).collect()
        };
        assert_eq!(bits(found), bits(expected), "bits of the daily returns");
    }
}

fn check_studies<S: Storage<Error = StorageError>>(mut storage: S) {
    assert!(storage.study("b").expect("it can be asked").is_none());
    assert!(storage.studies().expect("it can be asked").is_empty());
    let both = [StudyDirection::Maximize, StudyDirection::Minimize];
    let b = storage.create_study("b", &both).expect("the name is free");
    let a = storage.create_study("a é \u{1f600}", &both[1..]).expect("the name is free");
    assert_ne!(a.id, b.id);
    assert_eq!((b.name.as_str(), &b.directions[..], b.trials), ("b", &both[..], 0));
    assert_eq!(storage.study("b").expect("it can be asked"), Some(b.clone()));
    assert_eq!(storage.studies().expect("it can be asked"), [a, b]);
    let again = storage.create_study("b", &both);
    assert!(matches!(again, Err(StorageError::StudyExists { .. })), "{again:?}");
    for (name, directions) in [("", &both[..]), ("none", &[]), (&"n".repeat(513), &both)] {
        let refused = storage.create_study(name, directions);
        assert!(matches!(refused, Err(StorageError::InvalidStudy { .. })), "{refused:?}");
    }
}

fn check_attributes<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "attributes");
    let other = create(&mut storage, "other");
    for value in [json!(1), json!({"é": [null, true, 1.5, "x", u64::MAX, i64::MIN, 1e300]})] {
        storage.set_study_attr(id, "clé", &value).expect("the study exists");
        let study = storage.study("attributes").expect("it can be read").expect("it exists");
        assert_eq!(study.user_attrs, BTreeMap::from([("clé".to_owned(), value.clone())]));
        storage.set_study_system_attr(id, "clé", &value).expect("the study exists");
        let study = storage.study("attributes").expect("it can be read").expect("it exists");
        assert_eq!(study.system_attrs, BTreeMap::from([("clé".to_owned(), value)]));
    }
    let study = storage.study("other").expect("it can be read").expect("it exists");
    assert_eq!((study.id, study.user_attrs.len()), (other, 0));
}

fn check_samples<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "samples");
    let other = create(&mut storage, "other");
    let samples = sample_records();
    for (number, record) in samples.iter().enumerate() {
        // Taking turns with another study, so that rows of the two lie mixed.
        append(&mut storage, id, std::slice::from_ref(record));
        append(&mut storage, other, &renumbered(vec![complete_record(0.5)], number as u64));
    }
    assert_same(&trials(&storage, id), &samples);
    let part = storage.trials_in(id, 2..4).expect("the study exists");
    assert_same(&part, &samples[2..4]);
    for nothing in [100..200, 3..3] {
        assert!(storage.trials_in(id, nothing).expect("the study exists").is_empty());
    }
    let history = storage.history(id).expect("the study exists");
    let mut without_metrics = samples.clone();
    for record in &mut without_metrics {
        record.metrics.clear();
        record.daily_returns.clear();
        record.is_abridged = false;
    }
    assert_same(&history, &without_metrics);
    let results = storage.results_in(id, 1..100).expect("the study exists");
    assert_eq!(results.len(), samples.len() - 1);
    for (found, expected) in results.iter().zip(&samples[1..]) {
        let of = |record: &TrialRecord| {
            let trial = &record.trial;
            let violations: Vec<f64> = trial.constraints.values().copied().collect();
            (trial.number, trial.state, trial.values.clone(), violations, trial.duplicate_of, trial.finished_ms)
        };
        assert_eq!(of(found), of(expected));
        assert_eq!((&found.reason, &found.trial.user_attrs), (&expected.reason, &expected.trial.user_attrs));
        assert!(found.trial.params.is_empty() && found.metrics.is_empty() && found.daily_returns.is_empty());
    }
    assert_eq!(trials(&storage, other).len(), samples.len());
}

fn check_random_records<S: Storage<Error = StorageError>>(open: &impl Fn() -> S) {
    let mut runner = TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(records(2), 0_usize..6), |(records, cut)| {
        let mut storage = open();
        let both = [StudyDirection::Maximize, StudyDirection::Minimize];
        let id = storage.create_study("random", &both).expect("the name is free").id;
        let (first, second) = records.split_at(cut.min(records.len()));
        append(&mut storage, id, first);
        append(&mut storage, id, second);
        assert_same(&trials(&storage, id), &records);
        Ok(())
    });
    result.expect("every record comes back as it was");
}

fn check_batches_are_all_or_nothing<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "atomic");
    append(&mut storage, id, &sample_records());
    let mut batch = renumbered(sample_records(), sample_records().len() as u64);
    batch.last_mut().expect("it is not empty").trial.values = vec![1.0, 2.0];
    // New names, which must not be taken as stored when the batch was refused.
    batch[0].metrics.entry("fresh".to_owned()).or_default().insert("metric".to_owned(), 0.1);
    batch[0].trial.constraints.insert("fresh".to_owned(), 0.0);
    let refused = storage.append(id, &batch);
    assert!(matches!(refused, Err(StorageError::InvalidRecord { .. })), "{refused:?}");
    assert_same(&trials(&storage, id), &sample_records());
    let (last, rest) = batch.split_last_mut().expect("it is not empty");
    last.trial.values.clear();
    append(&mut storage, id, rest);
    assert_same(&trials(&storage, id), &[&sample_records(), &*rest].concat());
}

fn check_refusals<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "refusals");
    append(&mut storage, id, &[]);
    append(&mut storage, id, &renumbered(vec![complete_record(1.0)], 0));
    for wrong in [0, 2] {
        let refused = storage.append(id, &renumbered(vec![complete_record(1.0)], wrong));
        let Err(StorageError::NonContiguous { expected, found }) = refused else {
            panic!("trial {wrong} after trial 0: {refused:?}");
        };
        assert_eq!((expected, found), (1, wrong));
    }
    for (what, spoil) in SPOILERS {
        let mut batch = renumbered(vec![complete_record(1.0)], 1);
        spoil(&mut batch[0]);
        let refused = storage.append(id, &batch);
        assert!(matches!(refused, Err(StorageError::InvalidRecord { .. })), "{what}: {refused:?}");
    }
    assert_eq!(trials(&storage, id).len(), 1);
    let nowhere = StudyId(id.0 + 1000);
    for refused in [
        storage.append(nowhere, &[]),
        storage.replace_unfinished(nowhere, &[]),
        storage.delete_study(nowhere),
        storage.set_study_attr(nowhere, "key", &Value::Null),
        storage.set_study_system_attr(nowhere, "key", &Value::Null),
        storage.lease(nowhere).map(drop),
        storage.swap_lease(nowhere, None, Some(&lease("a"))).map(drop),
        storage.record_vault_opening(nowhere, &opening(1)),
        storage.trials(nowhere).map(drop),
        storage.history(nowhere).map(drop),
        storage.vault_openings(nowhere).map(drop),
    ] {
        assert!(matches!(refused, Err(StorageError::UnknownStudy { .. })), "{refused:?}");
    }
}

/// What is wrong with a record, and how to make it so.
type Spoiler = (&'static str, fn(&mut TrialRecord));

/// Ways to make a record that no store may accept.
const SPOILERS: [Spoiler; 16] = [
    ("a NaN value", |record| record.trial.values = vec![f64::NAN]),
    ("too many values", |record| record.trial.values.push(1.0)),
    ("COMPLETE without a value", |record| record.trial.values.clear()),
    ("a NaN constraint", |record| {
        record.trial.constraints.insert("nan".to_owned(), f64::NAN);
    }),
    ("a NaN parameter", |record| {
        record.trial.params.insert("stop".to_owned(), ParamValue::Float(f64::NAN));
    }),
    ("a whole number beyond a double", |record| {
        record.trial.params.insert("fast".to_owned(), ParamValue::Int((1 << 53) + 1));
    }),
    ("a choice that is none", |record| {
        record.trial.params.insert("exit".to_owned(), ParamValue::Choice(99));
    }),
    ("a value of another distribution", |record| {
        record.trial.params.insert("stop".to_owned(), ParamValue::Int(1));
    }),
    ("a parameter without a distribution", |record| {
        record.trial.distributions.shift_remove("stop");
    }),
    ("a distribution without a parameter", |record| {
        record.trial.params.remove("stop");
    }),
    ("an attribute of the store's own", |record| {
        record.trial.user_attrs.insert("bartune:reason".to_owned(), json!("mine"));
    }),
    ("a step beyond 32 bits", |record| {
        record.trial.intermediate_values.insert(1 << 31, 0.0);
    }),
    ("a name with a NUL", |record| {
        record.trial.user_attrs.insert("a\0b".to_owned(), Value::Null);
    }),
    ("an identity that is none", |record| record.identity = "abc".to_owned()),
    ("abridged without metrics", |record| {
        record.metrics.clear();
        record.is_abridged = true;
    }),
    ("a duplicate of itself", |record| record.trial.duplicate_of = Some(1)),
];

fn check_replacing<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "replacing");
    let unfinished =
        [valueless_record(TrialState::Running), complete_record(1.0), valueless_record(TrialState::Waiting)];
    append(&mut storage, id, &renumbered(unfinished.to_vec(), 0));
    let mut results = renumbered(vec![infeasible_record(), complete_record(2.0), duplicate_record()], 0);
    let refused = storage.replace_unfinished(id, &results);
    let Err(StorageError::NotReplaceable { number: 1, .. }) = refused else {
        panic!("a finished trial was replaced: {refused:?}");
    };
    assert_same(&trials(&storage, id), &renumbered(unfinished.to_vec(), 0));
    results.remove(1);
    storage.replace_unfinished(id, &results).expect("both are unfinished");
    let found = trials(&storage, id);
    assert_same(&[found[0].clone(), found[2].clone()], &results);
    let beyond = storage.replace_unfinished(id, &renumbered(vec![complete_record(1.0)], 3));
    assert!(matches!(beyond, Err(StorageError::NotReplaceable { number: 3, .. })), "{beyond:?}");
}

fn check_claiming<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "claiming");
    let states = [TrialState::Waiting, TrialState::Running, TrialState::Fail];
    append(&mut storage, id, &renumbered(states.map(valueless_record).to_vec(), 0));
    let before = storage.change_mark().expect("it is open");
    assert!(storage.claim_waiting(id, 0, 5_000).expect("the study exists"));
    for number in 0..4 {
        assert!(!storage.claim_waiting(id, number, 6_000).expect("the study exists"), "{number}");
    }
    let found = trials(&storage, id);
    assert_eq!((found[0].trial.state, found[0].trial.started_ms), (TrialState::Running, Some(5_000)));
    // A store's own changes are no one else's.
    assert_eq!(storage.change_mark().expect("it is open"), before);
}

/// Check that a store which processes share notes who is alive, on its own clock.
pub fn check_heartbeats<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "heartbeats");
    let states = [TrialState::Running, TrialState::Running, TrialState::Running, TrialState::Waiting];
    append(&mut storage, id, &renumbered(states.map(valueless_record).to_vec(), 0));
    for number in [0, 1, 3, 99] {
        storage.note_alive(id, number).expect("the study exists");
    }
    assert_eq!(storage.silent_trials(id, 3_600).expect("the study exists"), Vec::<u64>::new());
    // What a trial holds may be written anew without its sign of life being lost; a finished one gives none.
    let results = [valueless_record(TrialState::Running), complete_record(1.0)];
    storage.replace_unfinished(id, &renumbered(results.to_vec(), 0)).expect("both are unfinished");
    let began = Instant::now();
    let mut silent = Vec::new();
    while silent.is_empty() && began.elapsed() < Duration::from_secs(10) {
        silent = storage.silent_trials(id, 0).expect("the study exists");
    }
    assert_eq!(silent, [0]);
    storage.note_alive(id, 0).expect("the study exists");
    assert_eq!(storage.silent_trials(id, 5).expect("the study exists"), Vec::<u64>::new());
    storage.delete_study(id).expect("it is there");
}

fn check_abridging<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "abridging");
    let other = create(&mut storage, "other");
    append(&mut storage, other, &sample_records());
    let mut expected = sample_records();
    let (first, second) = expected.split_at(4);
    append(&mut storage, id, first);
    // Earlier trials, one of the batch itself, one without metrics, and one that is not there.
    let abridgement =
        Abridgement { numbers: vec![1, 3, 4, 6, 1_000], kept: ["trades".to_owned(), "sortino".to_owned()].into() };
    storage.append_and_abridge(id, second, &abridgement).expect("the batch goes on");
    for number in [1, 3, 4, 6] {
        expected[number].abridge(&abridgement.kept);
    }
    assert!(expected[1].is_abridged && expected[1].daily_returns.is_empty(), "it had something to leave out");
    assert_eq!(expected[1].metrics["train"].keys().collect::<Vec<_>>(), ["trades"]);
    assert!(!expected[6].is_abridged, "it had nothing to leave out");
    assert_same(&trials(&storage, id), &expected);
    assert_same(&trials(&storage, other), &sample_records());
    let more = renumbered(vec![complete_record(1.0)], expected.len() as u64);
    storage.append_and_abridge(id, &more, &abridgement).expect("abridging again changes nothing");
    assert_same(&trials(&storage, id), &[expected, more].concat());
    // The reader of one trial's returns: kept, abridged, a duplicate's, not there.
    let returns = |number| storage.daily_returns(id, number).expect("the study exists");
    assert_eq!(returns(0), Some(complete_record(0.0).daily_returns));
    assert_eq!((returns(1), returns(1_000)), (None, None));
    assert_eq!(returns(5), returns(0), "trial 5 is a duplicate of trial 0");
}

fn check_vault<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "vault");
    let other = create(&mut storage, "other");
    let empty = VaultOpening { metrics: BTreeMap::new(), ..opening(3) };
    for opening in [opening(2), opening(1), empty.clone()] {
        storage.record_vault_opening(id, &opening).expect("the study exists");
    }
    let openings = storage.vault_openings(id).expect("the study exists");
    assert_eq!(openings, [opening(2), opening(1), empty]);
    assert!(storage.vault_openings(other).expect("the study exists").is_empty());
}

fn check_leases<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "leased");
    let other = create(&mut storage, "not leased");
    let first = lease("a");
    let swap = |storage: &mut S, expected: Option<&str>, lease: Option<&Lease>| {
        storage.swap_lease(id, expected, lease).expect("the study exists")
    };
    assert_eq!(storage.lease(id).expect("the study exists"), None);
    assert!(!swap(&mut storage, Some("a"), Some(&first)), "there is none to take over");
    assert!(swap(&mut storage, None, Some(&first)));
    assert_eq!(storage.lease(id).expect("the study exists"), Some(first.clone()));
    assert_eq!(storage.lease(other).expect("the study exists"), None);
    assert!(!swap(&mut storage, None, Some(&lease("b"))), "somebody has it");
    append(&mut storage, id, &sample_records());
    // Put off, but never back; and by its owner only.
    assert!(storage.renew_lease(id, "a", 9_000).expect("the study exists"));
    assert!(storage.renew_lease(id, "a", 8_000).expect("the study exists"));
    assert!(!storage.renew_lease(id, "b", 10_000).expect("the study exists"));
    let renewed = Lease { expires_ms: 9_000, renewals: 2, ..first };
    assert_eq!(storage.lease(id).expect("the study exists"), Some(renewed));
    append(&mut storage, other, &sample_records());
    assert!(swap(&mut storage, Some("a"), None));
    assert_eq!(storage.lease(id).expect("the study exists"), None);
}

/// Check that a writer whose lease another store has taken over writes nothing more. `open` opens the
/// same store each time; how another gets hold of the lease is `steal`'s affair.
pub fn check_fencing<S: Storage<Error = StorageError>>(open: impl Fn() -> S, steal: impl Fn(StudyId)) {
    let mut owner = open();
    let id = create(&mut owner, "fenced");
    crate::lease::claim(&mut owner, id).expect("it is free");
    append(&mut owner, id, &sample_records());
    let mut second = open();
    let refused = crate::lease::claim(&mut second, id);
    let Err(StorageError::Owned { pid, .. }) = refused else { panic!("two owners: {refused:?}") };
    assert_eq!(pid, std::process::id());
    steal(id);
    let more = renumbered(sample_records(), sample_records().len() as u64);
    for refused in [owner.append(id, &more), owner.replace_unfinished(id, &[])] {
        assert!(matches!(refused, Err(StorageError::LeaseLost { .. })), "{refused:?}");
    }
    assert_same(&trials(&second, id), &sample_records());
}

fn lease(token: &str) -> Lease {
    Lease {
        token: token.to_owned(),
        host: "host é".to_owned(),
        place: "boot pid:[4026531836]".to_owned(),
        pid: u32::MAX,
        process_start: "123".to_owned(),
        since_ms: 1_000,
        expires_ms: 7_000,
        renewals: 0,
    }
}

fn check_deleting<S: Storage<Error = StorageError>>(mut storage: S) {
    let kept = create(&mut storage, "kept");
    append(&mut storage, kept, &sample_records());
    let id = create(&mut storage, "deleted");
    append(&mut storage, id, &sample_records());
    storage.record_vault_opening(id, &opening(1)).expect("the study exists");
    storage.delete_study(id).expect("the study exists");
    assert!(storage.study("deleted").expect("it can be asked").is_none());
    assert_same(&trials(&storage, kept), &sample_records());
    // A new study may get the deleted one's key, and its trials the deleted ones': of those nothing
    // may be left.
    let id = create(&mut storage, "deleted");
    let bare = renumbered(vec![valueless_record(TrialState::Fail); 9], 0);
    append(&mut storage, id, &bare);
    assert_same(&trials(&storage, id), &bare);
    assert!(storage.vault_openings(id).expect("the study exists").is_empty());
}

fn create<S: Storage<Error = StorageError>>(storage: &mut S, name: &str) -> StudyId {
    let study = storage.create_study(name, &[StudyDirection::Maximize]);
    study.expect("the name is free").id
}

fn append<S: Storage<Error = StorageError>>(storage: &mut S, id: StudyId, batch: &[TrialRecord]) {
    storage.append(id, batch).expect("the batch is sound");
}

fn trials<S: Storage<Error = StorageError>>(storage: &S, id: StudyId) -> Vec<TrialRecord> {
    storage.trials(id).expect("the study exists")
}

fn opening(trial_number: u64) -> VaultOpening {
    VaultOpening {
        opened_ms: 1_700_000_000_000,
        trial_number,
        metrics: BTreeMap::from([("sharpe".to_owned(), 0.1), ("trades".to_owned(), 31.0)]),
    }
}
