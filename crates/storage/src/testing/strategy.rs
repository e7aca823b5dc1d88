//! Proptest strategies: records with every field at its corners.

use std::collections::BTreeMap;

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::{DailyReturns, TrialRecord};
use bartune_search::trial::{Trial, TrialState};
use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::Value;

use super::sample::{Params, renumbered};

/// Records for a study of `objectives` objectives, numbered from 0, with every field at its corners.
pub fn records(objectives: usize) -> impl Strategy<Value = Vec<TrialRecord>> {
    proptest::collection::vec(record(objectives), 0..6).prop_map(|records| renumbered(records, 0))
}

fn record(objectives: usize) -> impl Strategy<Value = TrialRecord> {
    let measured = (metrics(), daily_returns(), any::<bool>());
    (trial(objectives), proptest::option::of(any::<[u8; 32]>()), measured, proptest::option::of(name())).prop_map(
        |(trial, identity, (metrics, daily_returns, is_abridged), reason)| TrialRecord {
            trial,
            identity: identity.map_or(String::new(), |bytes| crate::codec::identity_text(&bytes)),
            is_abridged: is_abridged && !metrics.is_empty(),
            metrics,
            daily_returns,
            reason,
        },
    )
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
    let steps = proptest::collection::btree_map(any::<i32>().prop_map(i64::from), number_or_nan(), 0..4);
    let time = || proptest::option::of(0_i64..4_000_000_000_000);
    let rest = (attributes(), attributes(), time(), time(), any::<bool>(), any::<bool>());
    (states, values, params(), constraints, steps, rest).prop_map(
        |(state, values, params, constraints, intermediate_values, rest)| {
            let (user_attrs, system_attrs, started_ms, finished_ms, has_values, is_duplicate) = rest;
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
    let special = [0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 5e-324, 1e15, 1e16, 1e22, -3.0];
    prop_oneof![
        proptest::sample::select(special.to_vec()),
        any::<f64>().prop_map(|value| if value.is_nan() || value == 0.0 { 1e-5 } else { value }),
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

/// Any bits at all: a store has no opinion on them.
fn daily_returns() -> impl Strategy<Value = DailyReturns> {
    let value = prop_oneof![any::<u32>().prop_map(f32::from_bits), Just(0.0), Just(-0.0)];
    let values = proptest::collection::vec(value, 0..40);
    proptest::collection::btree_map(prop_oneof!["train", "validate", "fold é 1", ""], values, 0..3)
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
    let float = (number(), number(), number(), proptest::option::of(0.001..10.0), any::<bool>());
    let int = (any::<i64>(), any::<i64>(), any::<i64>(), 1_i64..1000, any::<bool>());
    prop_oneof![
        float.prop_map(|(value, low, high, step, log)| {
            (ParamValue::Float(value), Distribution::Float { low, high, step, log })
        }),
        int.prop_map(move |(value, low, high, step, log)| {
            (ParamValue::Int(exact(value)), Distribution::Int { low, high, step, log })
        }),
        (proptest::collection::vec(choice(), 1..5), any::<proptest::sample::Index>()).prop_map(|(choices, index)| {
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
