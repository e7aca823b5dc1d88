//! `bartune check`: every problem of file and data, the plan in words, and what a run would meet.

use std::num::NonZeroUsize;

use anyhow::Result;
use bartune::Evaluator;
use bartune::config::read_study;
use bartune::preflight::{Pilot, Preflight, PreflightOptions, Severity, outside, preflight};
use bartune::resources::{self, Wish};
use bartune::study::plan_in_words;
use serde_json::json;

use super::study::{open_data, read_plan};
use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &CheckArgs) -> Result<Exit> {
    let mut plan = read_plan(&args.study, &[])?;
    let dataset = open_data(&mut plan, &args.study)?;
    let words = plan_in_words(&plan, &dataset);
    let given = resources::divide(&plan, dataset.segments.searchable_bars(), &Wish::default());
    let evaluator = Evaluator::new(&plan, &dataset).with_cache(given.cache);
    let given = match args.no_estimate {
        true => given,
        false => resources::measure(&plan, &evaluator, given, plan.search.trials),
    };
    let options = PreflightOptions {
        probes: args.probes.and_then(NonZeroUsize::new),
        pilot: (!args.no_estimate).then_some(Pilot { cache: given.cache, workers: given.workers }),
    };
    let mut found = preflight(&plan, &dataset, &evaluator, &options)?;
    if let Some(path) = &args.baseline {
        found.findings.extend(outside(&plan, &read_study(path, &[])?));
        found.findings.sort_by_key(|finding| finding.severity);
    }
    if args.json {
        output::print_json(
            &json!({ "study": plan.name, "plan": words, "preflight": to_json(&found), "resources": output::resources_json(&given) }),
        )?;
    } else {
        output::print(&output::key_values(&words))?;
        output::print(&output::preflight_report(&found))?;
        output::print(&output::resources_line(&given))?;
    }
    let has_warnings = found.findings.iter().any(|finding| finding.severity < Severity::Note);
    Ok(if has_warnings { Exit::No } else { Exit::Fine })
}

fn to_json(found: &Preflight) -> serde_json::Value {
    let findings: Vec<_> = found
        .findings
        .iter()
        .map(|finding| {
            let (severity, code) = (output::severity_word(finding.severity), finding.code);
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
            "trial_ms": estimate.trial.as_secs_f64() * 1e3,
            "seconds": estimate.time.as_secs_f64(),
            "memory_bytes": estimate.memory_bytes,
            "database_bytes": estimate.database_bytes,
        })),
    })
}
