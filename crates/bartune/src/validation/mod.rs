//! Whether a study's winner is skill or luck.
//!
//! | module | question |
//! |---|---|
//! | `walk_forward` | does the search find something that goes on working afterwards? |
//! | `returns` | daily returns of the study's trials, recomputed, for the next two |
//! | `selection` | how good would the best of so many trials look without any skill? |
//! | `benchmark` | what the best trial is tested against |
//! | `cross_validation` | how does what is best on some days do on the others? |
//! | `monte_carlo` | how much of the result hangs on the order of days, on costs and on the moment of entry? |
//! | `plateau` | do the neighbours of the winner hold up? |
//! | `survivor` | do other good trials, far from the winner, hold up as well? |
//! | `account` | would the account have passed, had it been opened on another day? |
//! | `regime` | does it earn in one year or in one kind of market only? |
//! | `leak` | do decisions stay the same when the bars after them are cut off? |
//! | `evidence` | what speaks for an edge, in one number |
//! | `verdict` | all of it in one word, each criterion with its threshold |
//! | `work` | what will all that take? |
//!
//! Everything runs on train and validate. **Invariant:** the vault is never read: the evaluators here are given the
//! bars before it only.
//!
//! **Invariant:** a statistic that the data cannot carry is an explanation, not a number.

mod account;
mod benchmark;
mod cross_validation;
mod evidence;
mod leak;
mod monte_carlo;
mod plateau;
mod regime;
mod returns;
mod selection;
mod survivor;
mod verdict;
mod walk_forward;
mod work;

use std::num::NonZeroUsize;

use bartune_search::storage::TrialRecord;
use bartune_search::trial::{StudyDirection, TrialState};

use crate::config::Plan;
use crate::data::Dataset;
use crate::error::Error;
use crate::evaluator::{CacheBudget, Evaluator, SegmentName};
use crate::study::{Control, Session, summarize};

pub use account::AccountOdds;
pub use benchmark::Benchmark;
pub use cross_validation::{Combinatorial, CrossValidation};
pub use evidence::Evidence;
pub use leak::LeakCheck;
pub use monte_carlo::{MonteCarlo, Quantiles, Stress};
pub use plateau::{EdgeParameter, Plateau, Sensitivity};
pub use regime::{Period, Regimes};
pub use selection::Selection;
pub use survivor::Survivor;
pub use verdict::{Criterion, Judgement, Verdict};
pub use walk_forward::{Fold, WalkForward, Window};
pub use work::Stages;

/// What a validation may take, and how.
#[derive(Debug, Clone)]
pub struct ValidationOptions {
    /// Out-of-sample pieces of the walk-forward.
    pub folds: usize,
    /// Whether each fold's search sees all bars before its piece, or as many as the first one.
    pub window: Window,
    /// Share of the bars that the first fold searches; the rest is cut into the pieces.
    pub searched: f64,
    /// What the best trial is tested against besides doing nothing.
    pub benchmark: Benchmark,
    /// Trials of each fold's search; the study's own budget if that is smaller.
    pub fold_trials: u64,
    /// Trials whose returns are recomputed for the statistics of selection.
    pub sampled_trials: usize,
    /// Resamples of each bootstrap.
    pub resamples: usize,
    /// Worker threads.
    pub workers: NonZeroUsize,
    /// Memory for the series that a fold's search computes.
    pub cache: CacheBudget,
}

impl Default for ValidationOptions {
    fn default() -> Self {
        Self {
            folds: 6,
            window: Window::Anchored,
            searched: 0.25,
            benchmark: Benchmark::Held,
            fold_trials: 300,
            sampled_trials: 256,
            resamples: 1_000,
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            cache: CacheBudget::of_host(),
        }
    }
}

/// At the end of a run, the walk-forward's searches together take about as many trials as the study has, and at least so
/// many each.
const FEWEST_FOLD_TRIALS: u64 = 20;

/// One part in so many of the memory for series stays with the search's own when the verdict begins.
const KEPT_SHARE: usize = 4;

impl ValidationOptions {
    /// What a search keeps of its memory for series when the verdict begins: the folds' searches need the rest more, and
    /// find none where the search has filled it.
    #[must_use]
    pub fn kept_of_search(cache: CacheBudget) -> CacheBudget {
        CacheBudget::of_bytes(cache.bytes() / KEPT_SHARE)
    }

    /// Those of the verdict at the end of a run of so many trials.
    #[must_use]
    pub fn at_the_end(trials: u64, workers: NonZeroUsize, cache: CacheBudget) -> Self {
        let defaults = Self::default();
        let share = trials / defaults.folds.max(1) as u64;
        Self { fold_trials: share.clamp(FEWEST_FOLD_TRIALS, defaults.fold_trials), workers, cache, ..defaults }
    }
}

/// How far a validation is: what it does now, and the share of it that is done.
pub type Observe<'o> = &'o mut dyn FnMut(&str, f64);

/// Everything that was found out about a winner.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The trial that was judged.
    pub winner: TrialRecord,
    /// Its Sharpe ratio a year on train and on validate, where defined.
    pub sharpe: [Option<f64>; 2],
    /// Trades of the winner on train and validate together.
    pub trades: usize,
    /// Distinct trials of the study.
    pub distinct_trials: u64,
    /// Trading days a year of these bars.
    pub days_per_year: f64,
    /// The walk-forward, or why there is none.
    pub walk_forward: Result<WalkForward, String>,
    /// The statistics of choosing the best, or why there are none.
    pub selection: Result<Selection, String>,
    /// Cross-validation over the trials' returns, or why there is none.
    pub cross_validation: Result<CrossValidation, String>,
    /// Resampled and stressed results, or why there are none.
    pub monte_carlo: Result<MonteCarlo, String>,
    /// The winner's neighbourhood.
    pub plateau: Result<Plateau, String>,
    /// The winner and other good trials that differ from it.
    pub survivors: Vec<Survivor>,
    /// What would have become of the account opened on other days; `None` without account rules.
    pub account: Option<AccountOdds>,
    /// Its results by year and by kind of market.
    pub regimes: Regimes,
    /// Whether decisions depend on later bars.
    pub leak: LeakCheck,
}

impl Validation {
    /// All of it in one word.
    #[must_use]
    pub fn judgement(&self) -> Judgement {
        verdict::judge(self)
    }
}

/// What every part of a validation reads.
pub(crate) struct Subject<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) dataset: &'a Dataset,
    pub(crate) evaluator: &'a Evaluator<'a>,
    pub(crate) options: &'a ValidationOptions,
    pub(crate) winner: &'a TrialRecord,
    pub(crate) days_per_year: f64,
    pub(crate) control: &'a Control,
}

/// Judge a trial of a stored study, or its winner. Series that `evaluator` keeps from the search are used again.
///
/// # Errors
///
/// [`Error::NoWinner`] when no trial is feasible, [`Error::Storage`], and what evaluating the trial itself finds wrong.
pub fn validate(
    (evaluator, dataset): (&Evaluator<'_>, &Dataset),
    session: &Session<'_>,
    trial: Option<u64>,
    options: &ValidationOptions,
    (control, observe): (&Control, Observe<'_>),
) -> Result<Validation, Error> {
    let plan = session.plan();
    let history = session.history()?;
    let winner = match trial {
        Some(number) => session.trial(number)?,
        None => winner_of(plan, session)?,
    };
    let (_, days_per_year) = evaluator.calendar(evaluator.range(SegmentName::All)?);
    let subject = Subject { plan, dataset, evaluator, options, winner: &winner, days_per_year, control };
    let params = plan.parameters.to_params(&winner.trial.params);
    let sharpe = |name| evaluator.backtest(&params, name).ok().and_then(|run| run.metrics.get("sharpe"));
    let sharpe = [sharpe(SegmentName::Train), sharpe(SegmentName::Validate)];
    observe("walk-forward", 0.0);
    let walk_forward = walk_forward::run(&subject, &history, observe);
    observe("returns of the study's trials", 0.6);
    let sampled = returns::sample(&subject, &history)?;
    observe("selection and cross-validation", 0.75);
    let selection = selection::of(&subject, &sampled);
    let cross_validation = cross_validation::of(&subject, &sampled);
    observe("neighbourhood", 0.85);
    let plateau = plateau::of(&subject, &history);
    observe("stress", 0.92);
    let whole = evaluator.backtest(&params, SegmentName::All)?;
    let monte_carlo = monte_carlo::of(&subject, &walk_forward, &whole)?;
    let regimes = regime::of(&subject, &whole)?;
    let leak = leak::check(&subject, (&params, &whole))?;
    observe("survivors", 0.95);
    let survivors = survivor::of(&subject, &history)?;
    let account = account::of(&subject, &whole)?;
    observe("done", 1.0);
    Ok(Validation {
        sharpe,
        trades: whole.backtest.trades.len(),
        distinct_trials: distinct(&history),
        days_per_year,
        walk_forward,
        selection,
        cross_validation,
        monte_carlo,
        plateau,
        survivors,
        account,
        regimes,
        leak,
        winner,
    })
}

fn winner_of(plan: &Plan, session: &Session<'_>) -> Result<TrialRecord, Error> {
    let best = summarize(session, 1)?.top.into_iter().next();
    best.ok_or_else(|| Error::NoWinner { name: plan.name.clone() })
}

/// Trials that were tried, each once.
fn distinct(history: &[TrialRecord]) -> u64 {
    history.iter().filter(|record| record.trial.duplicate_of.is_none()).count() as u64
}

/// The feasible trials that were evaluated in full, best first by the first objective.
pub(crate) fn ranked<'h>(plan: &Plan, history: &'h [TrialRecord]) -> Vec<&'h TrialRecord> {
    let direction = plan.objective.directions().into_iter().next().unwrap_or(StudyDirection::Maximize);
    let value = |record: &TrialRecord| {
        let value = record.trial.values.first().copied().unwrap_or(f64::NAN);
        if direction == StudyDirection::Maximize { -value } else { value }
    };
    let mut trials: Vec<&TrialRecord> = history
        .iter()
        .filter(|record| {
            record.trial.state == TrialState::Complete
                && record.trial.duplicate_of.is_none()
                && record.trial.is_feasible()
                && !value(record).is_nan()
        })
        .collect();
    trials.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.trial.number.cmp(&b.trial.number)));
    trials
}
