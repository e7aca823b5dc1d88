//! Trials that were run, run again to learn what one takes.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use bartune_search::storage::TrialRecord;
use bartune_search::trial::TrialState;

use crate::config::Plan;
use crate::evaluator::Evaluator;
use crate::parallel;
use crate::study::evaluate_guarded;

/// Trials that are run again, at most.
const TRIALS: usize = 24;
/// How often they are timed, while patience lasts.
const TIMES: usize = 5;
const PATIENCE: Duration = Duration::from_millis(60);

/// One way to run a trial again.
pub(crate) type Run = fn(&Evaluator<'_>, &Plan, &TrialRecord);

/// Wall time of each of the last distinct trials when they are run again, with all workers, the middle one of some times;
/// as long as can be, where there are none.
pub(crate) fn time(
    subject: (&Evaluator<'_>, &Plan),
    workers: NonZeroUsize,
    records: &[TrialRecord],
    run: Run,
) -> Duration {
    // Series are kept when they are asked for the second time.
    once(subject, workers, records, run);
    let began = Instant::now();
    let mut times = vec![once(subject, workers, records, run)];
    while times.len() < TIMES && began.elapsed() < PATIENCE {
        times.push(once(subject, workers, records, run));
    }
    times.sort();
    times[times.len() / 2]
}

/// The same, one time. A fourth of the trials at most: it takes a fourth as long as they all did.
fn once(
    (evaluator, plan): (&Evaluator<'_>, &Plan),
    workers: NonZeroUsize,
    records: &[TrialRecord],
    run: Run,
) -> Duration {
    let distinct: Vec<_> = records.iter().rev().filter(|record| record.trial.duplicate_of.is_none()).collect();
    let last = &distinct[..(distinct.len() / 4).min(TRIALS)];
    let Some(count) = u32::try_from(last.len()).ok().filter(|&count| count > 0) else { return Duration::MAX };
    let began = Instant::now();
    drop(parallel::map_on(workers, last, |record| run(evaluator, plan, record)));
    began.elapsed() / count
}

/// On all bars.
pub(crate) fn in_full(evaluator: &Evaluator<'_>, plan: &Plan, record: &TrialRecord) {
    drop(evaluate_guarded(evaluator, &plan.parameters.to_params(&record.trial.params)));
}

/// As the search has run it: on as many rungs as it has reports from, and on all bars unless it was stopped there.
pub(crate) fn as_it_ran(evaluator: &Evaluator<'_>, plan: &Plan, record: &TrialRecord) {
    let params = plan.parameters.to_params(&record.trial.params);
    (0..record.trial.intermediate_values.len()).for_each(|rung| drop(evaluator.report(&params, rung)));
    if record.trial.state != TrialState::Pruned {
        in_full(evaluator, plan, record);
    }
}
