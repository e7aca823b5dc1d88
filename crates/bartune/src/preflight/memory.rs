//! Whether the host has the memory that a run needs, named before the kernel ends it.

use super::estimate::history_bytes;
use super::{Finding, Severity};
use crate::config::{Plan, UNCOUNTED_TRIALS};
use crate::evaluator::free_memory;
use crate::resources::{self, Wish};

/// From this share of what is free on, a run is tight.
const TIGHT: f64 = 0.8;

pub(super) fn finding(plan: &Plan, bars: usize) -> Option<Finding> {
    let given = resources::divide(plan, bars, &Wish::default());
    let trials = given.trial_bytes.saturating_mul(given.workers.get() as u64);
    // A budget in bars or time does not say how many trials it pays for.
    let counted = if plan.search.trials < UNCOUNTED_TRIALS { plan.search.trials } else { 0 };
    judge(Need { trials, history: history_bytes(plan, counted) }, free_memory()?)
}

/// What a run holds beside the bars, in bytes; computed series not counted, which take what is left over.
#[derive(Debug, Clone, Copy)]
struct Need {
    trials: u64,
    history: u64,
}

fn judge(need: Need, free: u64) -> Option<Finding> {
    let (total, share) = (need.trials.saturating_add(need.history), TIGHT * free as f64);
    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
    let message = format!(
        "the run needs about {} MB ({} MB for trials in flight, {} MB for the history of all trials), and {} MB are free",
        megabytes(total),
        megabytes(need.trials),
        megabytes(need.history),
        megabytes(free)
    );
    let remedy =
        "use fewer workers or trials, or a machine with more memory; the system ends what takes more than it has";
    let severity = if total > free { Severity::Stop } else { Severity::Warning };
    (total as f64 > share).then(|| Finding::new(severity, "memory", message, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_tight_is_told() {
        let judged = |trials, history, free| judge(Need { trials, history }, free).map(|finding| finding.severity);
        assert_eq!(judged(10_000_000, 10_000_000, 1_000_000_000), None);
        assert_eq!(judged(700_000_000, 200_000_000, 1_000_000_000), Some(Severity::Warning));
        assert_eq!(judged(700_000_000, 400_000_000, 1_000_000_000), Some(Severity::Stop));
        assert_eq!(judged(u64::MAX, 1, 1_000_000_000), Some(Severity::Stop));
    }
}
