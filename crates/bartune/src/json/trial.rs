//! Trials, counts, parameters and metrics as JSON.

use bartune_engine::metric::Metrics;
use bartune_engine::{Params, Value as ParamValue};
use bartune_search::storage::TrialRecord;
use serde_json::{Map, Value, json};

use crate::config::Plan;
use crate::study::{Counts, Progress};
use crate::table::state_name;

/// Parameters as JSON values of their kinds.
#[must_use]
pub fn params(params: &Params) -> Value {
    let value = |value: &ParamValue| match value {
        ParamValue::Bool(flag) => json!(flag),
        ParamValue::Int(number) => json!(number),
        ParamValue::Float(number) => json!(number),
        ParamValue::Text(text) => json!(text),
    };
    params.iter().map(|(name, of)| (name.clone(), value(of))).collect::<Map<_, _>>().into()
}

/// Metrics as a JSON object; undefined ones are null.
#[must_use]
pub fn metrics(metrics: &Metrics) -> Value {
    metrics.iter().map(|(metric, value)| (metric.name.to_owned(), json!(value.ok()))).collect::<Map<_, _>>().into()
}

/// How many trials ended how.
#[must_use]
pub fn counts(counts: &Counts) -> Value {
    json!({
        "total": counts.total,
        "complete": counts.complete,
        "pruned": counts.pruned,
        "infeasible": counts.infeasible,
        "failed": counts.failed,
        "duplicate": counts.duplicate,
    })
}

/// The winner of a run.
#[must_use]
pub fn best(plan: &Plan, best: &TrialRecord) -> Value {
    json!({
        "number": best.trial.number,
        "value": best.trial.values.first(),
        "values": best.trial.values,
        "params": params(&plan.parameters.to_params(&best.trial.params)),
        "metrics": best.metrics,
    })
}

/// A trial of a study, whatever became of it.
#[must_use]
pub fn trial(plan: &Plan, record: &TrialRecord) -> Value {
    let trial = &record.trial;
    json!({
        "number": trial.number,
        "state": state_name(trial.state),
        "values": trial.values,
        "params": params(&plan.parameters.to_params(&trial.params)),
        "metrics": record.metrics,
        "constraints": trial.constraints,
        "reason": record.reason,
        "duplicate_of": trial.duplicate_of,
    })
}

/// How a run is going.
#[must_use]
pub fn progress(progress: &Progress) -> Value {
    json!({
        "trials": counts(&progress.counts),
        "budget": progress.budget,
        "evaluated": progress.evaluated,
        "seconds": progress.elapsed.as_secs_f64(),
        "best_value": progress.best_value,
        "best_validate": progress.best_validate,
        "front": progress.front,
        "waiting_for": progress.waiting_for,
    })
}
