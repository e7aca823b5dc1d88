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

/// Trials whose returns are tested to learn what testing takes, and fewer of them to learn what it takes beside.
const SERIES: usize = 8;
const FEW: usize = 2;
/// How long a fold's search is watched: to its end, where its trials are not costly.
const PATIENCE: Duration = Duration::from_millis(400);

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
        let of_few = |sampled_trials| ValidationOptions { sampled_trials, ..options.clone() };
        let (few, more) = (of_few(FEW), of_few(SERIES));
        let [few, more] = [&few, &more].map(|options| Subject { options, ..*subject });
        let [pair, sample] = [returns::sample(&few, pilot)?, returns::sample(&more, pilot)?];
        let counts = [pair.series.len() as f64, sample.series.len() as f64, sampled];
        let returns = [&few, &more].map(|subject| least(|| drop(returns::sample(subject, pilot))));
        let crossed = [&pair, &sample].map(|sample| least(|| drop(cross_validation::of(subject, sample))));
        let single = Single::of(subject)?;
        let folds = single.costly.mul_f64(options.folds as f64);
        Ok(Self {
            walk_forward: walk_forward::time(subject, options.fold_trials.min(trials), PATIENCE)? + folds,
            returns: in_line(returns, counts),
            statistics: selection::time(subject, &sample.series, sampled)? + in_line(crossed, counts),
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

/// What as many as the last take, told from what few and more of them did.
fn in_line([of_few, of_more]: [Duration; 2], [few, more, all]: [f64; 3]) -> Duration {
    let each = of_more.saturating_sub(of_few).div_f64((more - few).max(1.0));
    of_more + each.mul_f64((all - more).max(0.0))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_besides_is_not_multiplied() {
        let ms = Duration::from_millis;
        // 10 ms and 2 ms each.
        assert_eq!(in_line([ms(14), ms(26)], [2.0, 8.0, 100.0]), ms(210));
        assert_eq!(in_line([ms(14), ms(14)], [2.0, 2.0, 100.0]), ms(14));
    }
}
