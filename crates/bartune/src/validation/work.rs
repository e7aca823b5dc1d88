//! What a validation will take, stage by stage, told from a pilot's trials.
//!
//! Of each kind of work a little is done and timed: a fold's search for a moment, the returns and the statistics of few of
//! the pilot's trials, the stresses of its best one. Neighbours are counted in evaluations whose series the search has left.

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
/// How long a fold's search is watched.
const PATIENCE: Duration = Duration::from_millis(120);

/// What each stage of a validation takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stages {
    /// The searches of the folds.
    pub walk_forward: Duration,
    /// Returns of some of the study's trials.
    pub returns: Duration,
    /// Selection and cross-validation.
    pub statistics: Duration,
    /// The winner's neighbours.
    pub neighbourhood: Duration,
    /// The winner under worse conditions.
    pub stress: Duration,
    /// Other good trials, and the account opened on other days.
    pub survivors: Duration,
}

impl Stages {
    /// Each with the name that it is told by while it runs.
    #[must_use]
    pub fn named(&self) -> [(&'static str, Duration); 6] {
        [
            ("walk-forward", self.walk_forward),
            ("returns of the study's trials", self.returns),
            ("selection and cross-validation", self.statistics),
            ("neighbourhood", self.neighbourhood),
            ("stress", self.stress),
            ("survivors", self.survivors),
        ]
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.named().into_iter().map(|(_, took)| took).sum()
    }

    /// For a study of so many trials that begins with the `pilot`'s, the subject's winner being the best of them; an
    /// evaluation whose series are all there takes `warm`, with all workers.
    pub(crate) fn of(subject: &Subject<'_>, pilot: &[TrialRecord], trials: u64, warm: Duration) -> Result<Self, Error> {
        let options = subject.options;
        let valued = ranked(subject.plan, pilot).len() as f64 / distinct(pilot).max(1) as f64;
        let sampled = (options.sampled_trials as f64).min(trials as f64 * valued);
        let few = ValidationOptions { sampled_trials: SERIES, ..options.clone() };
        let few = Subject { options: &few, ..*subject };
        let sample = returns::sample(&few, pilot)?;
        let returns = least(|| drop(returns::sample(&few, pilot)));
        let share = sampled / sample.series.len().max(1) as f64;
        let crossed = least(|| drop(cross_validation::of(subject, &sample)));
        let single = Single::of(subject)?;
        let folds = single.costly.mul_f64(options.folds as f64);
        Ok(Self {
            walk_forward: walk_forward::time(subject, options.fold_trials.min(trials), PATIENCE)? + folds,
            returns: returns.mul_f64(share),
            statistics: selection::time(subject, &sample.series, sampled)? + crossed.mul_f64(share),
            neighbourhood: warm.mul_f64(plateau::work(subject.plan) as f64),
            stress: single.whole * 2
                + single.costly
                + single.noisy.mul_f64(monte_carlo::NOISY_COPIES as f64)
                + single.cut,
            survivors: warm.mul_f64(survivor::work() as f64)
                + (single.whole * 3 + single.costly + single.cut).mul_f64(survivor::SHOWN as f64)
                + single.costly.mul_f64(account::work(subject)),
        })
    }
}

/// Runs of a single trial on one thread: with series that are there, with an evaluator of its own, over noisy bars, over
/// bars that are cut.
struct Single {
    whole: Duration,
    costly: Duration,
    noisy: Duration,
    cut: Duration,
}

impl Single {
    fn of(subject: &Subject<'_>) -> Result<Self, Error> {
        let params = subject.plan.parameters.to_params(&subject.winner.trial.params);
        let whole = subject.evaluator.backtest(&params, SegmentName::All)?;
        Ok(Self {
            whole: least(|| drop(subject.evaluator.backtest(&params, SegmentName::All))),
            costly: least(|| drop(monte_carlo::costly(subject, &params))),
            noisy: least(|| drop(monte_carlo::noisy(subject, &params, 0))),
            cut: least(|| drop(leak::check(subject, (&params, &whole)))),
        })
    }
}

/// The shorter of two times: the first one's memory may be new.
fn least(work: impl Fn()) -> Duration {
    let time = || {
        let began = Instant::now();
        work();
        began.elapsed()
    };
    time().min(time())
}
