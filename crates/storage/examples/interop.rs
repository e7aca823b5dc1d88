//! The Rust side of `scripts/interop`: writes a study for Optuna to read, and prints as JSON one that
//! Optuna wrote.
//!
//! - `interop write LOCATION STUDY`: a study of one objective with a trial of every kind
//! - `interop stream LOCATION STUDY TRIALS`: so many trials, in batches, as fast as they go; prints the seconds
//! - `interop finish LOCATION STUDY`: complete every waiting trial, as a runner would
//! - `interop dump LOCATION STUDY`: the study and its trials as one JSON object

use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::TrialRecord;
use bartune_search::trial::{StudyDirection, Trial, TrialState};
use bartune_storage::testing;
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

/// Trials of one transaction of `stream`: what a run that finds 1,000 a second writes in an eighth of a second.
const STREAM_BATCH: usize = 128;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["write", location, study] => write(location, study),
        ["stream", location, study, trials] => stream(location, study, trials.parse()?),
        ["finish", location, study] => finish(location, study),
        ["dump", location, study] => dump(location, study),
        _ => Err("usage: interop write|stream|finish|dump LOCATION STUDY [TRIALS]".into()),
    }
}

fn write(location: &str, name: &str) -> Result<(), Failure> {
    let mut storage = bartune_storage::open(location)?;
    let id = storage.create_study(name, &[StudyDirection::Maximize])?.id;
    storage.set_study_attr(id, "plan", &json!({"é": [1, 2.5, null]}))?;
    storage.append(id, &testing::sample_records())?;
    Ok(())
}

fn stream(location: &str, name: &str, trials: u64) -> Result<(), Failure> {
    let mut storage = bartune_storage::open(location)?;
    let id = storage.create_study(name, &[StudyDirection::Maximize])?.id;
    let sample = &testing::sample_records()[0];
    let start = std::time::Instant::now();
    for first in (0..trials).step_by(STREAM_BATCH) {
        let count = usize::try_from((STREAM_BATCH as u64).min(trials - first))?;
        storage.append(id, &testing::renumbered(vec![sample.clone(); count], first))?;
    }
    println!("{}", start.elapsed().as_secs_f64());
    Ok(())
}

fn finish(location: &str, name: &str) -> Result<(), Failure> {
    let mut storage = bartune_storage::open(location)?;
    let id = storage.study(name)?.ok_or("no such study")?.id;
    let mut waiting = storage.trials(id)?;
    waiting.retain(|record| record.trial.state == TrialState::Waiting);
    for record in &mut waiting {
        record.trial.state = TrialState::Complete;
        record.trial.values = vec![0.5];
    }
    storage.replace_unfinished(id, &waiting)?;
    Ok(())
}

fn dump(location: &str, name: &str) -> Result<(), Failure> {
    let storage = bartune_storage::open_read_only(location)?;
    let study = storage.study(name)?.ok_or("no such study")?;
    let trials = storage.trials(study.id)?;
    let directions = study.directions.iter().map(|direction| format!("{direction:?}"));
    let dump = json!({
        "name": study.name,
        "directions": directions.collect::<Vec<_>>(),
        "user_attrs": study.user_attrs,
        "trials": trials.iter().map(trial).collect::<Vec<_>>(),
    });
    println!("{dump}");
    Ok(())
}

fn trial(record: &TrialRecord) -> Value {
    let trial = &record.trial;
    let steps = trial.intermediate_values.iter();
    let constraints = trial.constraints.iter();
    json!({
        "number": trial.number,
        "state": format!("{:?}", trial.state).to_uppercase(),
        "values": trial.values.iter().map(|value| number(*value)).collect::<Vec<_>>(),
        "params": params(trial),
        "distributions": distributions(trial),
        "constraints": constraints.map(|(name, value)| json!([name, number(*value)])).collect::<Vec<_>>(),
        "intermediate_values": steps.map(|(step, value)| json!([step, number(*value)])).collect::<Vec<_>>(),
        "user_attrs": trial.user_attrs,
        "system_attrs": trial.system_attrs,
        "started_ms": trial.started_ms,
        "finished_ms": trial.finished_ms,
        "duplicate_of": trial.duplicate_of,
        "identity": record.identity,
        "reason": record.reason,
        "metrics": record.metrics,
    })
}

/// A number, or the word for one that JSON lacks.
fn number(value: f64) -> Value {
    serde_json::Number::from_f64(value).map_or_else(|| format!("{value}").into(), Value::Number)
}

fn params(trial: &Trial) -> Value {
    let value = |name: &String| match (&trial.params[name], &trial.distributions[name]) {
        (ParamValue::Float(float), _) => number(*float),
        (ParamValue::Int(int), _) => json!(int),
        (ParamValue::Choice(index), Distribution::Categorical { choices }) => choice(&choices[*index]),
        _ => Value::Null,
    };
    let names = trial.distributions.keys();
    names.map(|name| json!([name, value(name)])).collect()
}

fn distributions(trial: &Trial) -> Value {
    let describe = |distribution: &Distribution| match distribution {
        Distribution::Float { low, high, step, log } => json!({
            "low": number(*low), "high": number(*high), "step": step.map(number), "log": log,
        }),
        Distribution::Int { low, high, step, log } => json!({
            "low": low, "high": high, "step": step, "log": log,
        }),
        Distribution::Categorical { choices } => json!({
            "choices": choices.iter().map(choice).collect::<Vec<_>>(),
        }),
    };
    trial.distributions.iter().map(|(name, from)| (name.clone(), describe(from))).collect()
}

fn choice(choice: &Choice) -> Value {
    match choice {
        Choice::Null => Value::Null,
        Choice::Bool(switch) => json!(switch),
        Choice::Int(int) => json!(int),
        Choice::Float(float) => number(*float),
        Choice::Text(text) => json!(text),
    }
}
