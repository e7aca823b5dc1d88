//! What was found before a run, as JSON.

use serde_json::{Value, json};

use crate::preflight::{Preflight, Severity};
use crate::resources::Resources;
use crate::validation::Stages;

/// What was found before a run.
#[must_use]
pub fn preflight(found: &Preflight) -> Value {
    let findings: Vec<_> = found
        .findings
        .iter()
        .map(|finding| {
            let (severity, code) = (severity_word(finding.severity), finding.code);
            json!({ "severity": severity, "code": code, "message": finding.message, "remedy": finding.remedy })
        })
        .collect();
    let gates: Vec<_> = found
        .gates
        .iter()
        .map(|rule| {
            let parts: Vec<_> =
                rule.gates.iter().map(|gate| json!({ "text": gate.text, "share": gate.share })).collect();
            json!({ "rule": rule.rule, "share": rule.share, "parts": parts })
        })
        .collect();
    let probes = found.probes;
    json!({
        "findings": findings,
        "probes": {
            "count": probes.count,
            "trading": probes.trading,
            "feasible": probes.feasible,
            "longest_warmup_bars": probes.longest_warmup,
        },
        "gates": gates,
        "estimate": found.estimate.map(|estimate| json!({
            "trials": estimate.trials,
            "workers": estimate.workers,
            "trial_ms": estimate.trial.as_secs_f64() * 1e3,
            "seconds": estimate.time.as_secs_f64(),
            "proposing_seconds": estimate.proposing.as_secs_f64(),
            "verdict_seconds": estimate.verdict.total().as_secs_f64(),
            "verdict_stages": stages(&estimate.verdict),
            "memory_bytes": estimate.memory_bytes,
            "database_bytes": estimate.database_bytes,
        })),
    })
}

/// Seconds of each stage by its name.
fn stages(stages: &Stages) -> Value {
    stages.named().into_iter().map(|(name, took)| (name.to_owned(), Value::from(took.as_secs_f64()))).collect()
}

/// What a run is given.
#[must_use]
pub fn resources(given: &Resources) -> Value {
    json!({
        "workers": given.workers,
        "workers_reason": given.reason,
        "trial_bytes": given.trial_bytes,
        "cache_bytes": given.cache.bytes(),
    })
}

/// How a severity is written in every output.
#[must_use]
pub fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Stop => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
