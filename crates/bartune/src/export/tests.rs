use std::collections::BTreeMap;

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::VaultOpening;
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use bartune_storage::MemoryStorage;
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::*;

/// A trial whose parameters are a number and, for even ones, a choice.
fn record(number: u64) -> TrialRecord {
    let mut params = BTreeMap::from([("x".to_owned(), ParamValue::Float(number as f64 / 8.0))]);
    let float = Distribution::Float { low: 0.0, high: 1e6, step: None, log: false };
    let mut distributions = IndexMap::from([("x".to_owned(), float)]);
    if number.is_multiple_of(2) {
        params.insert("kind".to_owned(), ParamValue::Choice(1));
        let choices = vec![Choice::Null, Choice::Text("a,\"b\"\n".to_owned())];
        distributions.insert("kind".to_owned(), Distribution::Categorical { choices });
    }
    let trial = Trial {
        number,
        state: TrialState::Complete,
        params,
        distributions,
        values: vec![number as f64],
        constraints: IndexMap::from([("trades >= 30".to_owned(), number as f64 - 3.0)]),
        intermediate_values: BTreeMap::from([(1, f64::NAN), (2, 0.5)]),
        user_attrs: IndexMap::from([("note".to_owned(), json!({"a": [1, null]}))]),
        system_attrs: IndexMap::from([("hidden".to_owned(), json!(1))]),
        started_ms: Some(1_767_323_045_678),
        finished_ms: Some(1_767_323_045_678 + number as i64),
        duplicate_of: None,
    };
    let metrics = BTreeMap::from([("train".to_owned(), BTreeMap::from([("sharpe".to_owned(), 0.1)]))]);
    let daily_returns = BTreeMap::from([("train".to_owned(), vec![0.0, 0.25 * number as f32])]);
    let identity = format!("{number:064x}");
    TrialRecord { trial, identity, metrics, daily_returns, is_abridged: number % 3 == 1, reason: None }
}

/// A store with one study of five trials, the last a duplicate of the first.
fn filled(direction: StudyDirection) -> MemoryStorage {
    let mut storage = MemoryStorage::new();
    let id = storage.create_study("s", &[direction]).unwrap().id;
    storage.set_study_attr(id, "key", &json!("}}")).unwrap();
    let mut duplicate = record(4);
    duplicate.trial.duplicate_of = Some(0);
    duplicate.metrics.clear();
    duplicate.daily_returns.clear();
    duplicate.is_abridged = false;
    storage.append(id, &[record(0), record(1), record(2), record(3), duplicate]).unwrap();
    let opening = VaultOpening { opened_ms: 1, trial_number: 2, metrics: BTreeMap::from([("sharpe".to_owned(), 0.5)]) };
    storage.record_vault_opening(id, &opening).unwrap();
    storage
}

fn all(storage: &AnyStorage, name: &str) -> String {
    let info = storage.study(name).unwrap().unwrap();
    let rest = (&info.directions, &info.user_attrs, storage.vault_openings(info.id).unwrap());
    format!("{rest:?} {:#?}", storage.trials(info.id).unwrap())
}

#[test]
fn a_copy_is_the_same_study() {
    let from = filled(StudyDirection::Minimize);
    let mut to = MemoryStorage::new();
    let study = StoredStudy::find(&from, "here", "s").unwrap();
    assert_eq!(copy(&study, &mut to, ("there", "s")).unwrap(), Copied { trials: 5, present: 0 });
    assert_eq!(all(&to, "s"), all(&from, "s"));
    // And under another name, beside itself.
    copy(&study, &mut to, ("there", "t")).unwrap();
    assert_eq!(all(&to, "t"), all(&from, "s"));
}

#[test]
fn a_copy_that_was_cut_short_is_continued() {
    let from = filled(StudyDirection::Minimize);
    let mut to = MemoryStorage::new();
    let id = to.create_study("s", &[StudyDirection::Minimize]).unwrap().id;
    to.append(id, &[record(0), record(1)]).unwrap();
    let study = StoredStudy::find(&from, "here", "s").unwrap();
    assert_eq!(copy(&study, &mut to, ("there", "s")).unwrap(), Copied { trials: 5, present: 2 });
    assert_eq!(all(&to, "s"), all(&from, "s"));
    assert_eq!(copy(&study, &mut to, ("there", "s")).unwrap(), Copied { trials: 5, present: 5 });
    assert_eq!(all(&to, "s"), all(&from, "s"));
}

#[test]
fn a_copy_is_continued_when_the_original_was_abridged_meanwhile() {
    let from = filled(StudyDirection::Minimize);
    let mut to = MemoryStorage::new();
    let id = to.create_study("s", &[StudyDirection::Minimize]).unwrap().id;
    let whole = TrialRecord { is_abridged: false, ..record(1) };
    to.append(id, &[record(0), whole.clone()]).unwrap();
    let study = StoredStudy::find(&from, "here", "s").unwrap();
    assert_eq!(copy(&study, &mut to, ("there", "s")).unwrap(), Copied { trials: 5, present: 2 });
    // What the copy has more of it keeps.
    assert_eq!(to.trials_in(id, 1..2).unwrap()[0].metrics, whole.metrics);
}

#[test]
fn another_study_of_the_name_is_left_alone() {
    let from = filled(StudyDirection::Minimize);
    let study = StoredStudy::find(&from, "here", "s").unwrap();
    let mut other_value = record(0);
    other_value.trial.values = vec![9.0];
    let five: Vec<TrialRecord> = (0..6).map(record).collect();
    for (direction, records) in [
        (StudyDirection::Minimize, vec![other_value]),
        (StudyDirection::Maximize, vec![]),
        (StudyDirection::Minimize, five),
    ] {
        let mut to = MemoryStorage::new();
        let id = to.create_study("s", &[direction]).unwrap().id;
        to.append(id, &records).unwrap();
        let before = all(&to, "s");
        let error = copy(&study, &mut to, ("there", "s")).unwrap_err();
        assert!(matches!(error, Error::CopyExists { .. }), "{error:?}");
        assert_eq!(all(&to, "s"), before);
    }
}

#[test]
fn a_study_in_json_has_everything_that_its_trials_have() {
    let storage = filled(StudyDirection::Maximize);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.json");
    let study = StoredStudy::find(&storage, "here", "s").unwrap();
    assert_eq!(study.write(&path).unwrap(), 5);
    let text = std::fs::read_to_string(&path).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["study"], "s");
    assert_eq!(value["directions"], json!(["maximize"]));
    assert_eq!(value["user_attrs"], json!({"key": "}}"}));
    assert_eq!(value["trials"].as_array().unwrap().len(), 5);
    assert_eq!(
        value["trials"][2],
        json!({
            "number": 2,
            "state": "COMPLETE",
            "values": [2.0],
            "params": {"kind": "a,\"b\"\n", "x": 0.25},
            "constraints": {"trades >= 30": -1.0},
            "intermediate_values": {"1": "nan", "2": 0.5},
            "user_attrs": {"note": {"a": [1, null]}},
            "datetime_start": "2026-01-02T03:04:05.678Z",
            "datetime_complete": "2026-01-02T03:04:05.68Z",
            "record": "full",
            "metrics": {"train": {"sharpe": 0.1}},
        })
    );
    assert_eq!(value["trials"][1]["record"], "headline");
    assert_eq!(value["trials"][4]["duplicate_of"], 0);
    assert_eq!(value["trials"][4]["metrics"], value["trials"][0]["metrics"], "a duplicate has its original's metrics");
}

#[test]
fn a_table_has_a_column_for_all_that_trials_have() {
    let storage = filled(StudyDirection::Maximize);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.csv");
    StoredStudy::find(&storage, "here", "s").unwrap().write(&path).unwrap();
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let expected = "number state value reason duplicate_of datetime_start datetime_complete params_kind params_x";
    assert_eq!(names[..9].join(" "), expected);
    assert_eq!(names[9..], ["constraint trades >= 30", "user_attrs_note", "record", "train_sharpe"]);
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!((&rows[1][7], &rows[2][7], &rows[2][8]), ("", "a,\"b\"\n", "0.25"));
    let error = StoredStudy::find(&storage, "here", "s").unwrap().write(&folder.path().join("s.xlsx")).unwrap_err();
    assert!(error.to_string().contains("s.xlsx"), "{error}");
}

#[test]
fn a_list_of_studies_has_the_best_feasible_trial() {
    let row = |direction| studies(&filled(direction)).unwrap().remove(0);
    // Trial 3 is the last one that keeps its constraint.
    assert_eq!(row(StudyDirection::Maximize).best, Some((3, 3.0)));
    assert_eq!(row(StudyDirection::Minimize).best, Some((0, 0.0)));
    let row = row(StudyDirection::Minimize);
    assert_eq!((row.trials, row.infeasible, row.is_ours), (5, 1, false));
    assert_eq!(row.states, [(TrialState::Complete, 5)]);
    assert_eq!(row.updated_ms, Some(1_767_323_045_682));
}

#[test]
fn deleting_takes_the_named_study_only() {
    let mut storage = filled(StudyDirection::Minimize);
    storage.create_study("t", &[StudyDirection::Minimize]).unwrap();
    assert_eq!(delete(&mut storage, "here", "s").unwrap(), 5);
    assert!(matches!(delete(&mut storage, "here", "s"), Err(Error::NoStudy { .. })));
    assert_eq!(studies(&storage).unwrap().len(), 1);
}
