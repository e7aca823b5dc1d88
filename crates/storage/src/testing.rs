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

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::{Storage, StudyId, TrialRecord, VaultOpening};
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use indexmap::IndexMap;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::StorageError;

/// Run every check, each on a fresh store.
pub fn run<S: Storage<Error = StorageError>>(open: impl Fn() -> S) {
    check_studies(open());
    check_attributes(open());
    check_samples(open());
    check_random_records(&open);
    check_batches_are_all_or_nothing(open());
    check_refusals(open());
    check_replacing(open());
    check_vault(open());
    check_deleting(open());
}

/// Check that a store holds, opened again, what it held before. `open` opens the same store each time.
pub fn check_reopening<S: Storage<Error = StorageError>>(open: impl Fn() -> S) {
    let id = {
        let mut storage = open();
        let id = create(&mut storage, "reopened");
        append(&mut storage, id, &sample_records());
        storage
            .set_study_attr(id, "key", &json!({"a": 1}))
            .expect("the study exists");
        storage
            .record_vault_opening(id, &opening(1))
            .expect("the study exists");
        id
    };
    let storage = open();
    let study = storage
        .study("reopened")
        .expect("it can be read")
        .expect("it is kept");
    assert_eq!(
        (study.id, study.trials),
        (id, sample_records().len() as u64)
    );
    assert_eq!(study.user_attrs["key"], json!({"a": 1}));
    assert_same(&trials(&storage, id), &sample_records());
    assert_eq!(
        storage.vault_openings(id).expect("the study exists"),
        [opening(1)]
    );
    // Numbers go on, and so do the lists of names kept aside.
    let mut storage = open();
    let more = renumbered(sample_records(), sample_records().len() as u64);
    append(&mut storage, id, &more);
    assert_same(&trials(&open(), id), &[sample_records(), more].concat());
}

/// One trial of every kind, for a study of one objective.
#[must_use]
pub fn sample_records() -> Vec<TrialRecord> {
    let mut records = vec![
        complete_record(1.25),
        complete_record(2.5),
        complete_record(f64::NEG_INFINITY),
        infeasible_record(),
        pruned_record(),
        duplicate_record(),
    ];
    for state in [TrialState::Fail, TrialState::Running, TrialState::Waiting] {
        records.push(valueless_record(state));
    }
    renumbered(records, 0)
}

/// Records for a study of `objectives` objectives, numbered from 0, with every field at its corners.
pub fn records(objectives: usize) -> impl Strategy<Value = Vec<TrialRecord>> {
    proptest::collection::vec(record(objectives), 0..6).prop_map(|records| renumbered(records, 0))
}

/// The records with the numbers `first`, `first + 1`, ….
#[must_use]
pub fn renumbered(mut records: Vec<TrialRecord>, first: u64) -> Vec<TrialRecord> {
    for (record, number) in records.iter_mut().zip(first..) {
        record.trial.number = number;
        record.trial.duplicate_of = record.trial.duplicate_of.filter(|_| number > 0).map(|_| 0);
    }
    records
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
    }
}

fn check_studies<S: Storage<Error = StorageError>>(mut storage: S) {
    assert!(storage.study("b").expect("it can be asked").is_none());
    assert!(storage.studies().expect("it can be asked").is_empty());
    let both = [StudyDirection::Maximize, StudyDirection::Minimize];
    let b = storage.create_study("b", &both).expect("the name is free");
    let a = storage
        .create_study("a é \u{1f600}", &both[1..])
        .expect("the name is free");
    assert_ne!(a.id, b.id);
    assert_eq!(
        (b.name.as_str(), &b.directions[..], b.trials),
        ("b", &both[..], 0)
    );
    assert_eq!(
        storage.study("b").expect("it can be asked"),
        Some(b.clone())
    );
    assert_eq!(storage.studies().expect("it can be asked"), [a, b]);
    let again = storage.create_study("b", &both);
    assert!(
        matches!(again, Err(StorageError::StudyExists { .. })),
        "{again:?}"
    );
    for (name, directions) in [("", &both[..]), ("none", &[]), (&"n".repeat(513), &both)] {
        let refused = storage.create_study(name, directions);
        assert!(
            matches!(refused, Err(StorageError::InvalidStudy { .. })),
            "{refused:?}"
        );
    }
}

fn check_attributes<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "attributes");
    let other = create(&mut storage, "other");
    for value in [
        json!(1),
        json!({"é": [null, true, 1.5, "x", u64::MAX, i64::MIN, 1e300]}),
    ] {
        storage
            .set_study_attr(id, "clé", &value)
            .expect("the study exists");
        let study = storage
            .study("attributes")
            .expect("it can be read")
            .expect("it exists");
        assert_eq!(
            study.user_attrs,
            BTreeMap::from([("clé".to_owned(), value)])
        );
    }
    let study = storage
        .study("other")
        .expect("it can be read")
        .expect("it exists");
    assert_eq!((study.id, study.user_attrs.len()), (other, 0));
}

fn check_samples<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "samples");
    let other = create(&mut storage, "other");
    let samples = sample_records();
    for (number, record) in samples.iter().enumerate() {
        // Taking turns with another study, so that rows of the two lie mixed.
        append(&mut storage, id, std::slice::from_ref(record));
        append(
            &mut storage,
            other,
            &renumbered(vec![complete_record(0.5)], number as u64),
        );
    }
    assert_same(&trials(&storage, id), &samples);
    let part = storage.trials_in(id, 2..4).expect("the study exists");
    assert_same(&part, &samples[2..4]);
    for nothing in [100..200, 3..3] {
        assert!(
            storage
                .trials_in(id, nothing)
                .expect("the study exists")
                .is_empty()
        );
    }
    let history = storage.history(id).expect("the study exists");
    let mut without_metrics = samples.clone();
    without_metrics
        .iter_mut()
        .for_each(|record| record.metrics.clear());
    assert_same(&history, &without_metrics);
    assert_eq!(trials(&storage, other).len(), samples.len());
}

fn check_random_records<S: Storage<Error = StorageError>>(open: &impl Fn() -> S) {
    let mut runner = TestRunner::new(Config {
        cases: 64,
        failure_persistence: None,
        ..Config::default()
    });
    let result = runner.run(&(records(2), 0_usize..6), |(records, cut)| {
        let mut storage = open();
        let both = [StudyDirection::Maximize, StudyDirection::Minimize];
        let id = storage
            .create_study("random", &both)
            .expect("the name is free")
            .id;
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
    batch[0]
        .metrics
        .entry("fresh".to_owned())
        .or_default()
        .insert("metric".to_owned(), 0.1);
    batch[0].trial.constraints.insert("fresh".to_owned(), 0.0);
    let refused = storage.append(id, &batch);
    assert!(
        matches!(refused, Err(StorageError::InvalidRecord { .. })),
        "{refused:?}"
    );
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
        assert!(
            matches!(refused, Err(StorageError::InvalidRecord { .. })),
            "{what}: {refused:?}"
        );
    }
    assert_eq!(trials(&storage, id).len(), 1);
    let nowhere = StudyId(id.0 + 1000);
    for refused in [
        storage.append(nowhere, &[]),
        storage.replace_unfinished(nowhere, &[]),
        storage.delete_study(nowhere),
        storage.set_study_attr(nowhere, "key", &Value::Null),
        storage.record_vault_opening(nowhere, &opening(1)),
        storage.trials(nowhere).map(drop),
        storage.history(nowhere).map(drop),
        storage.vault_openings(nowhere).map(drop),
    ] {
        assert!(
            matches!(refused, Err(StorageError::UnknownStudy { .. })),
            "{refused:?}"
        );
    }
}

/// What is wrong with a record, and how to make it so.
type Spoiler = (&'static str, fn(&mut TrialRecord));

/// Ways to make a record that no store may accept.
const SPOILERS: [Spoiler; 13] = [
    ("a NaN value", |record| record.trial.values = vec![f64::NAN]),
    ("too many values", |record| record.trial.values.push(1.0)),
    ("COMPLETE without a value", |record| {
        record.trial.values.clear()
    }),
    ("a NaN constraint", |record| {
        record.trial.constraints.insert("nan".to_owned(), f64::NAN);
    }),
    ("a NaN parameter", |record| {
        record
            .trial
            .params
            .insert("stop".to_owned(), ParamValue::Float(f64::NAN));
    }),
    ("a whole number beyond a double", |record| {
        record
            .trial
            .params
            .insert("fast".to_owned(), ParamValue::Int((1 << 53) + 1));
    }),
    ("a choice that is none", |record| {
        record
            .trial
            .params
            .insert("exit".to_owned(), ParamValue::Choice(99));
    }),
    ("a value of another distribution", |record| {
        record
            .trial
            .params
            .insert("stop".to_owned(), ParamValue::Int(1));
    }),
    ("a parameter without a distribution", |record| {
        record.trial.distributions.shift_remove("stop");
    }),
    ("a distribution without a parameter", |record| {
        record.trial.params.remove("stop");
    }),
    ("an attribute of the store's own", |record| {
        record
            .trial
            .user_attrs
            .insert("bartune:reason".to_owned(), json!("mine"));
    }),
    ("an identity that is none", |record| {
        record.identity = "abc".to_owned()
    }),
    ("a duplicate of itself", |record| {
        record.trial.duplicate_of = Some(1)
    }),
];

fn check_replacing<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "replacing");
    let unfinished = [
        valueless_record(TrialState::Running),
        complete_record(1.0),
        valueless_record(TrialState::Waiting),
    ];
    append(&mut storage, id, &renumbered(unfinished.to_vec(), 0));
    let mut results = renumbered(
        vec![
            infeasible_record(),
            complete_record(2.0),
            duplicate_record(),
        ],
        0,
    );
    let refused = storage.replace_unfinished(id, &results);
    let Err(StorageError::NotReplaceable { number: 1, .. }) = refused else {
        panic!("a finished trial was replaced: {refused:?}");
    };
    assert_same(&trials(&storage, id), &renumbered(unfinished.to_vec(), 0));
    results.remove(1);
    storage
        .replace_unfinished(id, &results)
        .expect("both are unfinished");
    let found = trials(&storage, id);
    assert_same(&[found[0].clone(), found[2].clone()], &results);
    let beyond = storage.replace_unfinished(id, &renumbered(vec![complete_record(1.0)], 3));
    assert!(
        matches!(beyond, Err(StorageError::NotReplaceable { number: 3, .. })),
        "{beyond:?}"
    );
}

fn check_vault<S: Storage<Error = StorageError>>(mut storage: S) {
    let id = create(&mut storage, "vault");
    let other = create(&mut storage, "other");
    let empty = VaultOpening {
        metrics: BTreeMap::new(),
        ..opening(3)
    };
    for opening in [opening(2), opening(1), empty.clone()] {
        storage
            .record_vault_opening(id, &opening)
            .expect("the study exists");
    }
    let openings = storage.vault_openings(id).expect("the study exists");
    assert_eq!(openings, [opening(2), opening(1), empty]);
    assert!(
        storage
            .vault_openings(other)
            .expect("the study exists")
            .is_empty()
    );
}

fn check_deleting<S: Storage<Error = StorageError>>(mut storage: S) {
    let kept = create(&mut storage, "kept");
    append(&mut storage, kept, &sample_records());
    let id = create(&mut storage, "deleted");
    append(&mut storage, id, &sample_records());
    storage
        .record_vault_opening(id, &opening(1))
        .expect("the study exists");
    storage.delete_study(id).expect("the study exists");
    assert!(storage.study("deleted").expect("it can be asked").is_none());
    assert_same(&trials(&storage, kept), &sample_records());
    // A new study may get the deleted one's key, and its trials the deleted ones': of those nothing
    // may be left.
    let id = create(&mut storage, "deleted");
    let bare = renumbered(vec![valueless_record(TrialState::Fail); 9], 0);
    append(&mut storage, id, &bare);
    assert_same(&trials(&storage, id), &bare);
    assert!(
        storage
            .vault_openings(id)
            .expect("the study exists")
            .is_empty()
    );
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

fn complete_record(value: f64) -> TrialRecord {
    let (params, distributions) = sample_params();
    let metrics = [("sharpe", 1.0 / 3.0), ("trades", 120.0), ("cagr", -0.125)];
    let metrics: BTreeMap<_, _> = metrics
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    TrialRecord {
        trial: Trial {
            number: 0,
            state: TrialState::Complete,
            params,
            distributions,
            values: vec![value],
            constraints: IndexMap::new(),
            intermediate_values: BTreeMap::from([(1, 0.5), (2, f64::NAN), (3, f64::NEG_INFINITY)]),
            user_attrs: IndexMap::from([("note".to_owned(), json!(["é", null, 1]))]),
            system_attrs: IndexMap::from([("fixed_params".to_owned(), json!({"fast": 12}))]),
            started_ms: Some(1_700_000_000_123),
            finished_ms: Some(1_700_000_001_000),
            duplicate_of: None,
        },
        identity: "0123456789abcdef".repeat(4),
        metrics: BTreeMap::from([
            ("train".to_owned(), metrics),
            ("validate".to_owned(), BTreeMap::new()),
        ]),
        reason: None,
    }
}

/// The best value of all, but infeasible.
fn infeasible_record() -> TrialRecord {
    let mut record = complete_record(f64::INFINITY);
    record.trial.constraints = IndexMap::from([
        ("trades >= 30".to_owned(), 5.0),
        ("max_drawdown <= 0.35".to_owned(), -0.1),
    ]);
    record.reason = Some("trades >= 30: 25 trades".to_owned());
    record.metrics.remove("validate");
    record
}

fn pruned_record() -> TrialRecord {
    let mut record = valueless_record(TrialState::Pruned);
    record.reason = Some("no trades: profit_factor is undefined".to_owned());
    record.metrics.insert(
        "train".to_owned(),
        BTreeMap::from([("trades".to_owned(), 0.0)]),
    );
    record
}

fn duplicate_record() -> TrialRecord {
    let mut record = complete_record(1.25);
    record.trial.duplicate_of = Some(0);
    record.metrics.clear();
    record
}

fn valueless_record(state: TrialState) -> TrialRecord {
    let mut record = complete_record(0.0);
    record.trial.state = state;
    record.trial.values.clear();
    record.trial.intermediate_values.clear();
    record.trial.finished_ms = None;
    record.metrics.clear();
    if state == TrialState::Waiting {
        record.trial.started_ms = None;
        record.trial.params.clear();
        record.trial.distributions.clear();
        record.identity.clear();
    }
    record
}

type Params = (BTreeMap<String, ParamValue>, IndexMap<String, Distribution>);

fn sample_params() -> Params {
    let text = |text: &str| Choice::Text(text.to_owned());
    let float = |low, high, step, log| Distribution::Float {
        low,
        high,
        step,
        log,
    };
    let int = |low, high, step, log| Distribution::Int {
        low,
        high,
        step,
        log,
    };
    let choices = |choices: &[Choice]| Distribution::Categorical {
        choices: choices.to_vec(),
    };
    let params = [
        (
            "stop",
            ParamValue::Float(2.25),
            float(0.5, 5.0, Some(0.25), false),
        ),
        (
            "rate",
            ParamValue::Float(3e-5),
            float(1e-5, 1.0, None, true),
        ),
        (
            "level",
            ParamValue::Float(0.1),
            float(-1.0, 1.0, None, false),
        ),
        ("fast", ParamValue::Int(12), int(5, 60, 1, false)),
        ("slow", ParamValue::Int(200), int(20, 300, 1, true)),
        ("bars", ParamValue::Int(-15), int(-20, 20, 5, false)),
        (
            "filter",
            ParamValue::Choice(1),
            choices(&[Choice::Bool(false), Choice::Bool(true)]),
        ),
        (
            "exit",
            ParamValue::Choice(0),
            choices(&[text("cross"), text("target é")]),
        ),
        (
            "mixed",
            ParamValue::Choice(3),
            choices(&[
                Choice::Null,
                Choice::Int(7),
                Choice::Float(0.5),
                Choice::Float(f64::INFINITY),
            ]),
        ),
        ("single", ParamValue::Int(3), int(3, 3, 1, false)),
    ];
    let values = params
        .iter()
        .map(|(name, value, _)| ((*name).to_owned(), value.clone()));
    let values = values.collect();
    let distributions = params
        .into_iter()
        .map(|(name, _, from)| (name.to_owned(), from));
    (values, distributions.collect())
}

fn record(objectives: usize) -> impl Strategy<Value = TrialRecord> {
    (
        trial(objectives),
        proptest::option::of(any::<[u8; 32]>()),
        metrics(),
        proptest::option::of(name()),
    )
        .prop_map(|(trial, identity, metrics, reason)| TrialRecord {
            trial,
            identity: identity.map_or(String::new(), |bytes| crate::codec::identity_text(&bytes)),
            metrics,
            reason,
        })
}

fn trial(objectives: usize) -> impl Strategy<Value = Trial> {
    let states = proptest::sample::select(vec![
        TrialState::Running,
        TrialState::Complete,
        TrialState::Pruned,
        TrialState::Fail,
        TrialState::Waiting,
    ]);
    let values = proptest::collection::vec(number(), objectives);
    let constraints = proptest::collection::btree_map(name(), number(), 0..3);
    let steps = proptest::collection::btree_map(any::<i64>(), number_or_nan(), 0..4);
    let time = || proptest::option::of(0_i64..4_000_000_000_000);
    let rest = (
        attributes(),
        attributes(),
        time(),
        time(),
        any::<bool>(),
        any::<bool>(),
    );
    (states, values, params(), constraints, steps, rest).prop_map(
        |(state, values, params, constraints, intermediate_values, rest)| {
            let (user_attrs, system_attrs, started_ms, finished_ms, has_values, is_duplicate) =
                rest;
            let has_values = has_values || state == TrialState::Complete;
            Trial {
                number: 0,
                state,
                params: params.0,
                distributions: params.1,
                values: if has_values { values } else { Vec::new() },
                constraints: constraints.into_iter().collect(),
                intermediate_values,
                user_attrs,
                system_attrs,
                started_ms,
                finished_ms,
                duplicate_of: is_duplicate.then_some(0),
            }
        },
    )
}

/// Names of any script, with quotes, backslashes and spaces.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{1,8}",
        "\\PC{1,12}",
        Just("0".to_owned()),
        Just("NaN \"Infinity\" \\ \n\t\u{7f}\u{1f600}".to_owned()),
    ]
}

/// Any number but NaN, and but −0.0, whose sign SQLite drops.
fn number() -> impl Strategy<Value = f64> {
    let special = [
        0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        5e-324,
        1e15,
        1e16,
        1e22,
        -3.0,
    ];
    prop_oneof![
        proptest::sample::select(special.to_vec()),
        any::<f64>().prop_map(|value| if value.is_nan() || value == 0.0 {
            1e-5
        } else {
            value
        }),
    ]
}

fn number_or_nan() -> impl Strategy<Value = f64> {
    prop_oneof![3 => number(), 1 => Just(f64::NAN)]
}

fn attributes() -> impl Strategy<Value = IndexMap<String, Value>> {
    let finite = any::<f64>().prop_filter("JSON has finite numbers", |value| value.is_finite());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        finite.prop_map(Value::from),
        name().prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((name(), inner), 0..3)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    });
    proptest::collection::vec((name(), value), 0..3).prop_map(|pairs| pairs.into_iter().collect())
}

fn metrics() -> impl Strategy<Value = BTreeMap<String, BTreeMap<String, f64>>> {
    let value = prop_oneof![any::<f64>(), any::<i16>().prop_map(f64::from), Just(-0.0)];
    let values = proptest::collection::btree_map("[a-h]", value, 0..6);
    proptest::collection::btree_map(prop_oneof!["train", "validate", "fold é 1"], values, 0..3)
}

fn params() -> impl Strategy<Value = Params> {
    proptest::collection::vec((name(), param()), 0..5).prop_map(|params| {
        let mut both = Params::default();
        for (name, (value, distribution)) in params {
            both.0.insert(name.clone(), value);
            both.1.insert(name, distribution);
        }
        both
    })
}

fn param() -> impl Strategy<Value = (ParamValue, Distribution)> {
    let exact = |int: i64| int >> 11 << 11;
    let float = (
        number(),
        number(),
        number(),
        proptest::option::of(0.001..10.0),
        any::<bool>(),
    );
    let int = (
        any::<i64>(),
        any::<i64>(),
        any::<i64>(),
        1_i64..1000,
        any::<bool>(),
    );
    prop_oneof![
        float.prop_map(|(value, low, high, step, log)| {
            (
                ParamValue::Float(value),
                Distribution::Float {
                    low,
                    high,
                    step,
                    log,
                },
            )
        }),
        int.prop_map(move |(value, low, high, step, log)| {
            (
                ParamValue::Int(exact(value)),
                Distribution::Int {
                    low,
                    high,
                    step,
                    log,
                },
            )
        }),
        (
            proptest::collection::vec(choice(), 1..5),
            any::<proptest::sample::Index>()
        )
            .prop_map(|(choices, index)| {
                let value = ParamValue::Choice(index.index(choices.len()));
                (value, Distribution::Categorical { choices })
            }),
    ]
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Null),
        any::<bool>().prop_map(Choice::Bool),
        any::<i64>().prop_map(Choice::Int),
        number_or_nan().prop_map(Choice::Float),
        name().prop_map(Choice::Text),
    ]
}
