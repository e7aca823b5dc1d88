//! What was chosen where the study file leaves a choice.

use bartune::config::{Plan, SamplerPlan};
use bartune::resources::Resources;

/// One line before a run: `tpe, 2 workers (one a core), every trial on all bars`.
pub(crate) fn choices(plan: &Plan, sampler: &SamplerPlan, given: &Resources) -> String {
    let search = &plan.search;
    let (_, why) = search.sampler.resolved(&plan.parameters.space, plan.objective.targets.len(), search.trials);
    let why = why.map_or_else(String::new, |why| format!(" ({why})"));
    let large = search.large.as_ref().map_or_else(String::new, |large| format!(", {}", large.reason));
    format!("{}{why}, {}{large}", sampler.name(), workers(given))
}

/// One line after a check.
pub(crate) fn resources_line(given: &Resources) -> String {
    format!(
        "\n{}; up to {} MB a trial, {} MB for computed series\n",
        workers(given),
        given.trial_bytes.div_ceil(1_000_000),
        given.cache.bytes() / 1_000_000
    )
}

fn workers(given: &Resources) -> String {
    let count = given.workers.get();
    format!("{count} worker{} ({})", if count == 1 { "" } else { "s" }, given.reason)
}
