//! A study as one JSON object, one trial a line.
//!
//! `{"study": …, "directions": […], "user_attrs": {…}, "trials": [` and then for each trial an object
//! with what it has of: `number`, `state`, `values`, `params`, `metrics` by segment, `constraints`,
//! `record` (`"full"`, or `"headline"` where metrics were left out), `reason`, `duplicate_of`, `intermediate_values`, `user_attrs`, `datetime_start`, `datetime_complete`.
//! Numbers that JSON has not (±∞, NaN) are the texts `"inf"`, `"-inf"`, `"nan"`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::StudyDirection;
use serde_json::{Map, Value, json};

use super::StoredStudy;
use crate::error::Error;
use crate::table::state_name;

/// Write a study to a file; how many trials it has.
pub(super) fn write(study: &StoredStudy<'_>, path: &Path) -> Result<u64, Error> {
    let failed = |source: io::Error| Error::Write { path: path.to_path_buf(), source };
    let mut out = BufWriter::new(File::create(path).map_err(failed)?);
    let directions: Vec<&str> = study.info.directions.iter().map(|direction| direction_name(*direction)).collect();
    let (name, attributes) = (json!(study.info.name), json!(study.info.user_attrs));
    let head = format!("{{\"study\": {name},\n\"directions\": {},\n\"user_attrs\": {attributes}", json!(directions));
    write!(out, "{head},\n\"trials\": [").map_err(failed)?;
    let mut trials = 0;
    study.for_each_batch(|records| {
        for record in records {
            let comma = if trials == 0 { "" } else { "," };
            write!(out, "{comma}\n{}", Value::Object(trial(record))).map_err(failed)?;
            trials += 1;
        }
        Ok(())
    })?;
    out.write_all(b"\n]}\n").and_then(|()| out.flush()).map_err(failed)?;
    Ok(trials)
}

fn direction_name(direction: StudyDirection) -> &'static str {
    match direction {
        StudyDirection::Minimize => "minimize",
        StudyDirection::Maximize => "maximize",
    }
}

/// A trial as one JSON object, as exported studies have it.
#[must_use]
pub fn trial_json(record: &TrialRecord) -> Value {
    Value::Object(trial(record))
}

fn trial(record: &TrialRecord) -> Map<String, Value> {
    let trial = &record.trial;
    let params: Map<String, Value> =
        trial.params.iter().map(|(name, value)| (name.clone(), param(value, trial.distributions.get(name)))).collect();
    let metrics: Map<String, Value> =
        record.metrics.iter().map(|(segment, values)| (segment.clone(), numbers(values))).collect();
    let time =
        |time: Option<i64>| time.and_then(|time| Some(jiff::Timestamp::from_millisecond(time).ok()?.to_string()));
    let all = [
        ("number", json!(trial.number)),
        ("state", json!(state_name(trial.state))),
        ("values", Value::Array(trial.values.iter().map(|value| number(*value)).collect())),
        ("params", Value::Object(params)),
        ("reason", json!(record.reason)),
        ("duplicate_of", json!(trial.duplicate_of)),
        ("constraints", numbers(&trial.constraints)),
        (
            "intermediate_values",
            numbers(trial.intermediate_values.iter().map(|(step, value)| (step.to_string(), value))),
        ),
        ("user_attrs", json!(trial.user_attrs)),
        ("datetime_start", json!(time(trial.started_ms))),
        ("datetime_complete", json!(time(trial.finished_ms))),
        ("record", json!((!record.metrics.is_empty()).then_some(if record.is_abridged { "headline" } else { "full" }))),
        ("metrics", Value::Object(metrics)),
    ];
    let is_empty = |value: &Value| value.is_null() || value.as_object().is_some_and(Map::is_empty);
    let is_always_there = |key: &str| matches!(key, "values" | "params");
    let kept = all.into_iter().filter(|(key, value)| is_always_there(key) || !is_empty(value));
    kept.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn numbers<'a, K: ToString>(values: impl IntoIterator<Item = (K, &'a f64)>) -> Value {
    values.into_iter().map(|(name, value)| (name.to_string(), number(*value))).collect::<Map<_, _>>().into()
}

fn number(value: f64) -> Value {
    match value {
        value if value.is_finite() => json!(value),
        value if value.is_nan() => json!("nan"),
        value if value > 0.0 => json!("inf"),
        _ => json!("-inf"),
    }
}

fn param(value: &ParamValue, distribution: Option<&Distribution>) -> Value {
    match (value, distribution) {
        (ParamValue::Float(number), _) => json!(number),
        (ParamValue::Int(number), _) => json!(number),
        (ParamValue::Choice(index), Some(Distribution::Categorical { choices })) => {
            choices.get(*index).map_or(Value::Null, choice)
        }
        (ParamValue::Choice(_), _) => Value::Null,
    }
}

fn choice(choice: &Choice) -> Value {
    match choice {
        Choice::Null => Value::Null,
        Choice::Bool(flag) => json!(flag),
        Choice::Int(number) => json!(number),
        Choice::Float(number) => json!(number),
        Choice::Text(text) => json!(text),
    }
}
