//! What a validation will take, told from a pilot's trials.
//!
//! Searches and neighbours are counted in evaluations. What runs on one thread, with nothing kept from the search, and the
//! statistics are timed: each kind once, on the pilot's best trial or on some of its trials.

use std::time::{Duration, Instant};

use bartune_search::storage::TrialRecord;

use super::{
    Subject, ValidationOptions, account, cross_validation, distinct, leak, monte_carlo, plateau, ranked, returns,
};
use super::{selection, survivor, walk_forward};
use crate::error::Error;
use crate::evaluator::SegmentName;

/// Trials whose returns are tested to learn what testing takes.
const SERIES: usize = 8;

/// What a validation takes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    /// Evaluations whose series have to be computed first, in evaluations on all bars.
    pub(crate) cold: f64,
    /// Evaluations whose series the search has left.
    pub(crate) warm: f64,
    /// Time of all else.
    pub(crate) alone: Duration,
}

impl Work {
    /// For a study of so many trials that begins with the `pilot`'s, the subject's winner being the best of them.
    pub(crate) fn of(subject: &Subject<'_>, pilot: &[TrialRecord], trials: u64) -> Result<Self, Error> {
        let options = subject.options;
        let valued = ranked(subject.plan, pilot).len() as f64 / distinct(pilot).max(1) as f64;
        let sampled = (options.sampled_trials as f64).min(trials as f64 * valued);
        let few = ValidationOptions { sampled_trials: SERIES, ..options.clone() };
        let sample = returns::sample(&Subject { options: &few, ..*subject }, pilot)?;
        let (crossed, _) = timed(|| cross_validation::of(subject, &sample));
        let statistics = selection::time(&sample.series, options, sampled)
            + crossed.mul_f64(sampled / sample.series.len().max(1) as f64);
        Ok(Self {
            cold: walk_forward::work(options, trials),
            warm: sampled + (plateau::work(subject.plan) + survivor::work()) as f64,
            alone: statistics + alone(subject)?,
        })
    }
}

/// Runs of single trials, each with an evaluator of its own.
fn alone(subject: &Subject<'_>) -> Result<Duration, Error> {
    let params = subject.plan.parameters.to_params(&subject.winner.trial.params);
    let whole = subject.evaluator.backtest(&params, SegmentName::All)?;
    let (run, costly) = timed(|| monte_carlo::costly(subject, &params));
    costly?;
    let (noisy, copy) = timed(|| monte_carlo::noisy(subject, &params, 0));
    copy?;
    let (cut, found) = timed(|| leak::check(subject, (&params, &whole)));
    found?;
    // Costs doubled and a bar late, and each fold's winner on its piece.
    let runs = 2.0 + survivor::SHOWN as f64 + subject.options.folds as f64 + account::work(subject);
    let cuts = 1.0 + survivor::SHOWN as f64;
    Ok(run.mul_f64(runs) + noisy.mul_f64(monte_carlo::NOISY_COPIES as f64) + cut.mul_f64(cuts))
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let began = Instant::now();
    let done = work();
    (began.elapsed(), done)
}
