//! A fixed set of records: one trial of every kind.

use std::collections::BTreeMap;

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{Trial, TrialState};
use indexmap::IndexMap;
use serde_json::json;

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

/// The records with the numbers `first`, `first + 1`, ….
#[must_use]
pub fn renumbered(mut records: Vec<TrialRecord>, first: u64) -> Vec<TrialRecord> {
    for (record, number) in records.iter_mut().zip(first..) {
        record.trial.number = number;
        record.trial.duplicate_of = record.trial.duplicate_of.filter(|_| number > 0).map(|_| 0);
    }
    records
}

pub(super) fn complete_record(value: f64) -> TrialRecord {
    let (params, distributions) = sample_params();
    let metrics = [("sharpe", 1.0 / 3.0), ("trades", 120.0), ("cagr", -0.125)];
    let metrics: BTreeMap<_, _> = metrics.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    TrialRecord {
        trial: Trial {
            number: 0,
            state: TrialState::Complete,
            params,
            distributions,
            values: vec![value],
            constraints: IndexMap::from([("trades >= 30".to_owned(), -90.0), ("max_drawdown <= 0.35".to_owned(), 0.0)]),
            intermediate_values: BTreeMap::from([(1, 0.5), (2, f64::NAN), (3, f64::NEG_INFINITY)]),
            user_attrs: IndexMap::from([("note".to_owned(), json!(["é", null, 1]))]),
            system_attrs: IndexMap::from([("fixed_params".to_owned(), json!({"fast": 12}))]),
            started_ms: Some(1_700_000_000_123),
            finished_ms: Some(1_700_000_001_000),
            duplicate_of: None,
        },
        identity: "0123456789abcdef".repeat(4),
        metrics: BTreeMap::from([("train".to_owned(), metrics), ("validate".to_owned(), BTreeMap::new())]),
        daily_returns: BTreeMap::from([("train".to_owned(), vec![0.0, 0.0125, -0.0, f32::MIN_POSITIVE])]),
        is_abridged: false,
        reason: None,
    }
}

/// The best value of all, but infeasible.
pub(super) fn infeasible_record() -> TrialRecord {
    let mut record = complete_record(f64::INFINITY);
    record.trial.constraints =
        IndexMap::from([("trades >= 30".to_owned(), 5.0), ("max_drawdown <= 0.35".to_owned(), -0.1)]);
    record.reason = Some("trades >= 30: 25 trades".to_owned());
    record.metrics.remove("validate");
    record
}

fn pruned_record() -> TrialRecord {
    let mut record = valueless_record(TrialState::Pruned);
    record.reason = Some("no trades: profit_factor is undefined".to_owned());
    record.metrics.insert("train".to_owned(), BTreeMap::from([("trades".to_owned(), 0.0)]));
    record.is_abridged = true;
    record
}

pub(super) fn duplicate_record() -> TrialRecord {
    let mut record = complete_record(1.25);
    record.trial.duplicate_of = Some(0);
    record.metrics.clear();
    record.daily_returns.clear();
    record
}

pub(super) fn valueless_record(state: TrialState) -> TrialRecord {
    let mut record = complete_record(0.0);
    record.trial.state = state;
    record.trial.values.clear();
    record.trial.constraints.clear();
    record.trial.intermediate_values.clear();
    record.trial.finished_ms = None;
    record.metrics.clear();
    record.daily_returns.clear();
    if state == TrialState::Waiting {
        record.trial.started_ms = None;
        record.trial.params.clear();
        record.trial.distributions.clear();
        record.identity.clear();
    }
    record
}

/// Values and their distributions.
pub(super) type Params = (BTreeMap<String, ParamValue>, IndexMap<String, Distribution>);

fn sample_params() -> Params {
    let text = |text: &str| Choice::Text(text.to_owned());
    let float = |low, high, step, log| Distribution::Float { low, high, step, log };
    let int = |low, high, step, log| Distribution::Int { low, high, step, log };
    let choices = |choices: &[Choice]| Distribution::Categorical { choices: choices.to_vec() };
    let params = [
        ("stop", ParamValue::Float(2.25), float(0.5, 5.0, Some(0.25), false)),
        ("rate", ParamValue::Float(3e-5), float(1e-5, 1.0, None, true)),
        ("level", ParamValue::Float(0.1), float(-1.0, 1.0, None, false)),
        ("fast", ParamValue::Int(12), int(5, 60, 1, false)),
        ("slow", ParamValue::Int(200), int(20, 300, 1, true)),
        ("bars", ParamValue::Int(-15), int(-20, 20, 5, false)),
        ("filter", ParamValue::Choice(1), choices(&[Choice::Bool(false), Choice::Bool(true)])),
        ("exit", ParamValue::Choice(0), choices(&[text("cross"), text("target é")])),
        (
            "mixed",
            ParamValue::Choice(3),
            choices(&[Choice::Null, Choice::Int(7), Choice::Float(0.5), Choice::Float(f64::INFINITY)]),
        ),
        ("single", ParamValue::Int(3), int(3, 3, 1, false)),
    ];
    let values = params.iter().map(|(name, value, _)| ((*name).to_owned(), value.clone()));
    let values = values.collect();
    let distributions = params.into_iter().map(|(name, _, from)| (name.to_owned(), from));
    (values, distributions.collect())
}
