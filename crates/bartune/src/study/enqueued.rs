//! Trials that were enqueued (Optuna's WAITING): run first, with the parameters that were fixed.
//!
//! They are finished and stored before anything is proposed, so the proposals that follow are the
//! same however often the run was interrupted in between. What an enqueued trial leaves open is drawn
//! uniformly, from the study's seed and the trial's number; parameters whose `when` is false are left
//! out, also fixed ones. A fixed value outside its range is run with, as in Optuna; one of another
//! kind, or one that breaks `require` whatever the rest is, fails its trial with the reason.
//!
//! RUNNING trials of another program are left as they are: nothing tells a lost one from a slow one.

use std::thread;
use std::time::Instant;

use bartune_search::space::{Assignment, Space};
use bartune_search::storage::TrialRecord;
use bartune_search::stream::RandomStream;
use bartune_search::trial::TrialState;
use jiff::Timestamp;

use super::foreign::fixed_value;
use super::run::{Control, PAUSE, RunOptions, evaluate_guarded, outage};
use super::session::Session;
use crate::config::Plan;
use crate::error::Error;
use crate::evaluator::Evaluator;
use crate::identity::hex;
use crate::outcome::Outcome;

/// Draws of the open parameters before the fixed ones are held to break `require` by themselves.
const DRAWS: u64 = 256;
/// Finished trials of one transaction.
const BATCH: usize = 64;
/// The system attribute in which Optuna keeps what was fixed.
const FIXED: &str = "fixed_params";

/// Run and store every enqueued trial among `stored`; how many there were. A store that does not answer is
/// waited for, and `waits` told why.
pub(super) fn finish(
    session: &mut Session<'_>,
    evaluator: &Evaluator<'_>,
    (options, control): (&RunOptions, &Control),
    (stored, waits): (&[TrialRecord], &mut dyn FnMut(String)),
) -> Result<usize, Error> {
    let waiting: Vec<&TrialRecord> = stored.iter().filter(|record| record.trial.state == TrialState::Waiting).collect();
    let plan = session.plan();
    let identity = session.identity();
    for batch in waiting.chunks(BATCH) {
        let part = batch.len().div_ceil(options.workers.get()).max(1);
        let finished: Vec<TrialRecord> = thread::scope(|scope| {
            let evaluate = |record: &&TrialRecord| {
                let mut finished = run(plan, evaluator, record);
                // One that could not even begin is nobody's equal.
                if !finished.trial.params.is_empty() {
                    finished.identity = hex(&identity.of(plan, &finished.trial.params));
                }
                finished
            };
            let threads: Vec<_> = batch
                .chunks(part)
                .map(|part| scope.spawn(move || part.iter().map(evaluate).collect::<Vec<_>>()))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("evaluation catches its panics")).collect()
        });
        let began = Instant::now();
        while let Some(reason) = outage(session.replace_unfinished(&finished), (began, control))? {
            waits(reason);
            thread::sleep(PAUSE);
        }
    }
    Ok(waiting.len())
}

/// An enqueued trial with its result.
fn run(plan: &Plan, evaluator: &Evaluator<'_>, record: &TrialRecord) -> TrialRecord {
    let mut finished = record.clone();
    let trial = &mut finished.trial;
    let space = &plan.parameters.space;
    trial.started_ms = Some(Timestamp::now().as_millisecond());
    let outcome = match assignment(space, record, plan.search.seed) {
        Err(reason) => Outcome::failed(reason),
        Ok(assignment) => {
            let outcome = evaluate_guarded(evaluator, &plan.parameters.to_params(&assignment));
            let distribution = |name: &String| Some((name.clone(), space.distribution(name)?.clone()));
            trial.distributions = assignment.keys().filter_map(distribution).collect();
            trial.params = assignment;
            outcome
        }
    };
    trial.finished_ms = Some(Timestamp::now().as_millisecond());
    trial.state = outcome.state();
    finished.reason = outcome.reason();
    trial.values = outcome.values().to_vec();
    trial.constraints = outcome.constraints;
    finished.metrics = outcome.metrics;
    finished.daily_returns = outcome.daily_returns;
    finished
}

/// The fixed parameters, and draws for the rest.
fn assignment(space: &Space, record: &TrialRecord, seed: u64) -> Result<Assignment, String> {
    let fixed = fixed(space, record)?;
    for attempt in 0..DRAWS {
        let mut stream = RandomStream::new(seed, record.trial.number, attempt);
        let mut all: Assignment =
            space.params().iter().map(|(name, param)| (name.clone(), param.distribution.draw(&mut stream))).collect();
        // Draws that satisfy the relations by themselves are the better start.
        all.extend(space.sample_uniform(&mut stream).map_err(|error| error.to_string())?);
        all.extend(fixed.clone());
        let mut active = space.normalize(&all);
        // A fixed value is run as it was given, not moved to the nearest of its grid.
        for (name, value) in &mut active {
            if let Some(given) = fixed.get(name) {
                *value = given.clone();
            }
        }
        if space.require().iter().all(|relation| (relation.holds)(&active)) {
            return Ok(active);
        }
    }
    let broken: Vec<&str> = space.require().iter().map(|relation| relation.text.as_str()).collect();
    Err(format!("the enqueued parameters break `require`: {}", broken.join(", ")))
}

fn fixed(space: &Space, record: &TrialRecord) -> Result<Assignment, String> {
    let mut fixed = record.trial.params.clone();
    let given = record.trial.system_attrs.get(FIXED).and_then(|given| given.as_object());
    for (name, json) in given.into_iter().flatten() {
        let Some(distribution) = space.distribution(name) else {
            return Err(format!("the enqueued parameter `{name}` is not in the study file"));
        };
        let value = fixed_value(distribution, json);
        let value = value.ok_or_else(|| format!("the enqueued parameter `{name}` cannot be {json}"))?;
        fixed.insert(name.clone(), value);
    }
    Ok(fixed)
}

#[cfg(test)]
mod tests;
