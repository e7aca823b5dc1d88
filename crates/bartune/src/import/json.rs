//! Trials as JSON: `trial_*.json` in a folder, single files, and a study's JSON export.
//!
//! | key | read as |
//! |---|---|
//! | `parameters`, `params` | parameter values; `null` is absent |
//! | `score`, `value`, `values` | the objective's value; an object has it under one of these names |
//! | `metrics` (beside or inside `score`) | numbers by name, or by segment and name |
//! | `state` | as Optuna names it; without one, a trial with a value is COMPLETE |
//! | `error`, `reason` | why it failed or is infeasible |
//! | `constraints` | values by their text |
//! | `datetime_start`, `datetime_complete` | times |
//!
//! Other keys are not read. `NaN` and `Infinity`, which Python writes although JSON has no such numbers,
//! are read as `null`.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;

use bartune_search::trial::TrialState;
use serde_json::{Map, Value};

use super::Read;
use super::candidate::{Candidate, IMPORTED_SEGMENT, parse_state, parse_time};
use crate::error::Error;

/// The trials of all `trial_*.json` of a folder, read on all cores.
pub(super) fn folder(folder: &Path) -> Result<Vec<Read>, Error> {
    let problem = |problem: String| Error::Import { path: folder.to_path_buf(), problem };
    let entries = std::fs::read_dir(folder).map_err(|error| problem(error.to_string()))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| problem(error.to_string()))?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.starts_with("trial_") && name.ends_with(".json")) {
            files.push((natural(name), folder.join(name)));
        }
    }
    if files.is_empty() {
        return Err(problem("it has no trial_*.json".to_owned()));
    }
    files.sort_unstable();
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(thread::scope(|scope| {
        let parts = files.chunks(files.len().div_ceil(cores));
        let readers: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(|(_, path)| one(path)).collect::<Vec<_>>())).collect();
        readers.into_iter().flat_map(|reader| reader.join().expect("a reader returns what is wrong")).collect()
    }))
}

/// The trial of a file, or all trials of an export.
pub(super) fn file(path: &Path) -> Result<Vec<Read>, Error> {
    let problem = |problem: String| Error::Import { path: path.to_path_buf(), problem };
    let value = read(path).map_err(problem)?;
    let Some(Value::Array(trials)) = value.get("trials") else {
        return Ok(vec![(path.display().to_string(), candidate(&value))]);
    };
    let place = |index: usize, trial: &Value| {
        let number = trial.get("number").and_then(Value::as_u64).unwrap_or(index as u64);
        format!("{}, trial {number}", path.display())
    };
    Ok(trials.iter().enumerate().map(|(index, trial)| (place(index, trial), candidate(trial))).collect())
}

fn one(path: &Path) -> Read {
    (path.display().to_string(), read(path).and_then(|value| candidate(&value)))
}

fn read(path: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).or_else(|error| {
        let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        serde_json::from_str(&without_nan(text)).map_err(|_| format!("it is not JSON: {error}"))
    })
}

/// The text with Python's `NaN` and `Infinity` as `null`, outside of strings.
fn without_nan(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Within quotes, a backslash takes the next character with it.
    for (index, piece) in split_strings(text).into_iter().enumerate() {
        if index % 2 == 1 {
            out.push_str(piece);
        } else {
            out.push_str(&piece.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null"));
        }
    }
    out
}

/// Pieces outside and inside of quotes by turns; the quotes stay with the inner ones.
fn split_strings(text: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let (mut start, mut is_inside, mut is_escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_inside => is_escaped = true,
            b'"' => {
                let end = at + usize::from(is_inside);
                pieces.push(&text[start..end]);
                (start, is_inside) = (end, !is_inside);
            }
            _ => {}
        }
    }
    pieces.push(&text[start..]);
    pieces
}

/// A name's texts and numbers by turns, so that `trial_2` comes before `trial_10`.
fn natural(name: &str) -> Vec<(String, u128)> {
    let mut key = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| character.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits);
        let end = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        key.push((text.to_owned(), number.parse().unwrap_or(u128::MAX)));
        rest = after;
    }
    key
}

fn candidate(value: &Value) -> Result<Candidate, String> {
    let Some(trial) = value.as_object() else { return Err("it is not a JSON object".to_owned()) };
    let params = first(trial, &["parameters", "params"]).and_then(Value::as_object);
    let params = params.ok_or("it has no object `parameters`")?;
    let score = first(trial, &["score", "value", "values"]);
    let mut candidate = Candidate {
        params: params.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())).collect(),
        value: score.map(number).transpose()?.flatten(),
        reason: first(trial, &["error", "reason"]).filter(|reason| !reason.is_null()).map(text),
        started_ms: trial.get("datetime_start").and_then(Value::as_str).and_then(parse_time),
        finished_ms: trial.get("datetime_complete").and_then(Value::as_str).and_then(parse_time),
        ..Candidate::default()
    };
    candidate.state = match trial.get("state").and_then(Value::as_str) {
        Some(state) => Some(parse_state(state)?),
        None if trial.get("error").is_some_and(|error| !error.is_null()) => Some(TrialState::Fail),
        None => None,
    };
    let inner = score.and_then(Value::as_object);
    for metrics in [trial.get("metrics"), inner.and_then(|score| score.get("metrics"))].into_iter().flatten() {
        read_metrics(metrics, &mut candidate);
    }
    if let Some(constraints) = trial.get("constraints").and_then(Value::as_object) {
        let values = constraints.iter().filter_map(|(name, value)| Some((name.clone(), value.as_f64()?)));
        candidate.constraints = values.collect();
    }
    Ok(candidate)
}

fn first<'a>(object: &'a Map<String, Value>, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(*name))
}

/// The number of a score: itself, the only one of a list, or the one that an object has under its name.
fn number(score: &Value) -> Result<Option<f64>, String> {
    match score {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(number.as_f64()),
        Value::Array(values) => match values.as_slice() {
            [] => Ok(None),
            [value] => number(value),
            values => Err(format!("it has {} objective values, and the study has one", values.len())),
        },
        Value::Object(score) => match first(score, &["score", "value"]) {
            Some(Value::Object(_)) | None => Err("its `score` is an object without a number `score`".to_owned()),
            Some(value) => number(value),
        },
        other => Err(format!("its score is {other}, not a number")),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Numbers by name, or by segment and name; anything else is no metric. Infinities are texts in our export.
fn read_metrics(metrics: &Value, candidate: &mut Candidate) {
    let numbers = |entries: &Map<String, Value>| -> BTreeMap<String, f64> {
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
        let known = |value: &Value| number(value).filter(|number| !number.is_nan());
        entries.iter().filter_map(|(name, value)| Some((name.clone(), known(value)?))).collect()
    };
    let Some(metrics) = metrics.as_object() else { return };
    let flat = numbers(metrics);
    if !flat.is_empty() {
        candidate.metrics.entry(IMPORTED_SEGMENT.to_owned()).or_default().extend(flat);
    }
    for (segment, entries) in metrics.iter().filter_map(|(name, value)| Some((name, value.as_object()?))) {
        let values = numbers(entries);
        if !values.is_empty() {
            candidate.metrics.entry(segment.clone()).or_default().extend(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn file_names_are_compared_by_their_numbers() {
        let mut names = ["trial_10.json", "trial_9.json", "trial_010.json", "trial_1_b.json", "trial_1_a.json"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["trial_1_a.json", "trial_1_b.json", "trial_9.json", "trial_10.json", "trial_010.json"]);
    }

    #[test]
    fn scores_and_metrics_are_found_in_every_form() {
        for (trial, value, metrics) in [
            (json!({"parameters": {}, "score": 1.5, "metrics": {"trades": 3}}), Some(1.5), Some(3.0)),
            (json!({"params": {}, "value": 2, "metrics": {"note": "x"}}), Some(2.0), None),
            (json!({"parameters": {}, "score": {"score": 0.5, "metrics": {"trades": 7}}}), Some(0.5), Some(7.0)),
            (json!({"params": {}, "values": [4.0]}), Some(4.0), None),
            (json!({"params": {}, "score": null}), None, None),
            (json!({"params": {}}), None, None),
        ] {
            let candidate = candidate(&trial).unwrap();
            assert_eq!(candidate.value, value, "{trial}");
            let trades = candidate.metrics.get(IMPORTED_SEGMENT).and_then(|metrics| metrics.get("trades"));
            assert_eq!(trades.copied(), metrics, "{trial}");
        }
    }

    #[test]
    fn metrics_by_segment_keep_their_segments() {
        let trial = json!({"params": {}, "metrics": {"train": {"sharpe": 1.0}, "validate": {"sharpe": null}}});
        let metrics = candidate(&trial).unwrap().metrics;
        assert_eq!(metrics.keys().collect::<Vec<_>>(), ["train"]);
    }

    #[test]
    fn what_is_no_trial_is_told_so() {
        for (trial, words) in [
            (json!([1]), "not a JSON object"),
            (json!({"score": 1}), "no object `parameters`"),
            (json!({"params": {}, "score": "high"}), "not a number"),
            (json!({"params": {}, "values": [1, 2]}), "2 objective values"),
            (json!({"params": {}, "score": {"total": 1}}), "without a number"),
            (json!({"params": {}, "state": "DONE"}), "`DONE`"),
        ] {
            let problem = candidate(&trial).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }

    #[test]
    fn pythons_nan_is_null_but_not_in_a_text() {
        let text = r#"{"params": {"a": "NaN \" Infinity"}, "score": NaN, "x": [-Infinity, Infinity]}"#;
        let value: Value = serde_json::from_str(&without_nan(text)).unwrap();
        assert_eq!(value, json!({"params": {"a": "NaN \" Infinity"}, "score": null, "x": [null, null]}));
    }
}
