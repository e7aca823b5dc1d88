//! `bartune check`: every problem of file and data, the plan in words, and what a run would meet.

use std::num::NonZeroUsize;

use anyhow::Result;
use bartune::Evaluator;
use bartune::config::read_study;
use bartune::preflight::{Pilot, PreflightOptions, Severity, outside, preflight};
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
        pilot: (!args.no_estimate).then_some(Pilot::of(&given)),
    };
    let mut found = preflight(&plan, &dataset, &evaluator, &options)?;
    if let Some(path) = &args.baseline {
        found.findings.extend(outside(&plan, &read_study(path, &[])?));
        found.findings.sort_by_key(|finding| finding.severity);
    }
    if args.json {
        output::print_json(
            &json!({ "study": plan.name, "plan": words, "preflight": bartune::json::preflight(&found), "resources": bartune::json::resources(&given) }),
        )?;
    } else {
        output::print(&output::key_values(&words))?;
        output::print(&output::preflight_report(&found))?;
        output::print(&output::resources_line(&given))?;
    }
    let has_warnings = found.findings.iter().any(|finding| finding.severity < Severity::Note);
    Ok(if has_warnings { Exit::No } else { Exit::Fine })
}
