//! Walk-forward: search on what was known, trade what was found on the bars after it, and again.
//!
//! The bars before the vault are cut into a first stretch, which is only searched, and pieces of equal length. Each piece
//! is traded with the winner of a search, by the study's own sampler, over the bars before it: all of them
//! ([`Window::Anchored`]) or as many as the first stretch has ([`Window::Rolling`]). The account goes from piece to piece
//! with what it has; a position still open at the end of a piece is closed there, with costs. Pieces begin with a day.
//!
//! A fold's search cannot see its piece: its evaluator is given the bars before it, less the embargo.

use std::ops::Range;
use std::time::Duration;

use bartune_search::space::Assignment;
use bartune_search::storage::TrialRecord;

use super::returns::daily;
use super::{Observe, Subject, distinct};
use crate::config::Plan;
use crate::data::{Dataset, Segments};
use crate::error::Error;
use crate::evaluator::{Evaluator, SegmentName};
use crate::processor::OwnTime;
use crate::statistics::{Moments, Ratio};
use crate::study::{self, Ending, RunOptions, Session, summarize};

/// What a fold's search sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// All bars before its piece.
    #[default]
    Anchored,
    /// As many bars before its piece as the first fold has.
    Rolling,
}

/// Fewest days of a piece.
const FEWEST_DAYS: usize = 5;

/// One search and the piece it was tried on.
#[derive(Debug, Clone)]
pub struct Fold {
    /// Bars that were searched.
    pub in_sample: Range<usize>,
    /// Bars that were traded.
    pub out_of_sample: Range<usize>,
    /// The search's winner; `None` where no trial was feasible, and nothing was traded.
    pub params: Option<Assignment>,
    /// Sharpe ratio a year of the winner on the bars searched.
    pub in_sample_sharpe: Option<f64>,
    /// On the piece.
    pub out_of_sample_sharpe: Option<f64>,
    /// Return of the piece, as a fraction.
    pub out_of_sample_return: f64,
    /// Trades of the piece.
    pub trades: usize,
}

/// The pieces together.
#[derive(Debug, Clone)]
pub struct WalkForward {
    /// In order.
    pub folds: Vec<Fold>,
    /// Daily returns of all pieces, one after another.
    pub returns: Vec<f64>,
    /// Sharpe ratio a year of all pieces together.
    pub sharpe: f64,
    /// How likely the true ratio is above 0.
    pub probability: f64,
    /// Mean return a year out of sample over mean return a year in sample, where the latter is above 0.
    pub efficiency: Option<f64>,
    /// How far winners wander from fold to fold, by parameter: mean step as a share of the range (of choices: share of
    /// changes).
    pub drift: Vec<(String, f64)>,
    /// Trials of each fold's search.
    pub fold_trials: u64,
    /// Trades out of sample.
    pub trades: usize,
}

pub(super) fn run(subject: &Subject<'_>, history: &[TrialRecord], observe: Observe<'_>) -> Result<WalkForward, String> {
    let windows = windows(subject)?;
    let fold_trials = subject.options.fold_trials.min(distinct(history).max(1));
    let count = windows.len();
    let mut account = subject.plan.account.cash;
    let (mut folds, mut returns, mut in_sample_means) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (in_sample, out_of_sample)) in windows.into_iter().enumerate() {
        observe(&format!("walk-forward {} of {count}", index + 1), 0.6 * index as f64 / count as f64);
        let folded =
            fold(subject, (in_sample, out_of_sample), fold_trials, account).map_err(|error| error.to_string())?;
        if subject.control.is_stopped() {
            return Err("interrupted".to_owned());
        }
        account *= folded.returns.iter().map(|day| 1.0 + day).product::<f64>();
        returns.extend(folded.returns);
        in_sample_means.extend(folded.in_sample_mean);
        folds.push(folded.fold);
    }
    together(subject, folds, returns, &in_sample_means, fold_trials)
}

fn together(
    subject: &Subject<'_>,
    folds: Vec<Fold>,
    returns: Vec<f64>,
    in_sample_means: &[f64],
    fold_trials: u64,
) -> Result<WalkForward, String> {
    let trades = folds.iter().map(|fold| fold.trades).sum();
    let moments = Moments::of(&returns)
        .map_err(|error| format!("out of sample: {error} in {} days with {trades} trades", returns.len()))?;
    let sharpe = Ratio::Sharpe.of(&returns, subject.days_per_year).map_err(|error| error.to_string())?;
    let outside = returns.iter().sum::<f64>() / returns.len() as f64;
    let inside = in_sample_means.iter().sum::<f64>() / in_sample_means.len().max(1) as f64;
    Ok(WalkForward {
        drift: drift(subject.plan, &folds),
        probability: moments.probability_above(0.0),
        efficiency: (inside > 0.0).then(|| outside / inside),
        folds,
        returns,
        sharpe,
        fold_trials,
        trades,
    })
}

/// Time of the folds' searches, told from one over as many bars as they have on average, for as long as patience lasts.
///
/// The system's own time does not count: a run's folds find memory that its search had before them.
pub(super) fn time(subject: &Subject<'_>, trials: u64, patience: Duration) -> Result<Duration, Error> {
    let Ok(windows) = windows(subject) else { return Ok(Duration::ZERO) };
    let Some((last, _)) = windows.last() else { return Ok(Duration::ZERO) };
    let mean = windows.iter().map(|(in_sample, _)| in_sample.len()).sum::<usize>() / windows.len();
    let in_sample = last.start..last.start + mean;
    let watch = OwnTime::start();
    let plan = plan_of_fold(subject, trials);
    let searched = only(subject.dataset, in_sample);
    let evaluator = Evaluator::new(&plan, &searched).with_cache(subject.options.cache);
    let mut session = Session::in_memory(&plan, &searched)?;
    let options = RunOptions { workers: subject.options.workers, timeout: Some(patience), ..RunOptions::of(&plan) };
    let mut seen = vec![(0, 0.0)];
    let ending = study::run(&mut session, &evaluator, &options, subject.control, |progress| {
        seen.push((progress.evaluated, watch.seconds()));
    })?;
    let took = if ending == Ending::TimedOut { to_the_end(&seen, trials) } else { watch.seconds() };
    Ok(Duration::from_secs_f64(took * windows.len() as f64))
}

/// Seconds of so many trials after what was seen of the first ones: the rest at the pace of the later half of them.
fn to_the_end(seen: &[(u64, f64)], trials: u64) -> f64 {
    let Some(&(done, until)) = seen.last() else { return 0.0 };
    let half = seen.iter().rfind(|(evaluated, _)| 2 * evaluated <= done).copied();
    let (first, from) = half.filter(|&(first, _)| first < done).unwrap_or((0, 0.0));
    until + trials.saturating_sub(done) as f64 * (until - from) / (done - first).max(1) as f64
}

/// The study's plan with so many trials: its budget is for the study.
fn plan_of_fold(subject: &Subject<'_>, trials: u64) -> Plan {
    let mut plan = subject.plan.clone();
    plan.search.trials = trials;
    plan.search.budget = None;
    plan
}

/// What a fold searches, and what it trades.
type Windows = (Range<usize>, Range<usize>);

/// What is searched and what is traded, fold by fold.
fn windows(subject: &Subject<'_>) -> Result<Vec<Windows>, String> {
    let range = subject.evaluator.range(SegmentName::All).map_err(|error| error.to_string())?;
    let bars = subject.evaluator.bars();
    let days = &bars.calendar().day;
    let (folds, length) = (subject.options.folds.max(1), range.len() as f64);
    let place = |share: f64| {
        let bar = range.start + (length * share) as usize;
        // On to the next day.
        (bar..range.end).find(|&bar| bar == 0 || days[bar] != days[bar - 1]).unwrap_or(range.end)
    };
    let first = subject.options.searched.clamp(0.01, 0.99);
    let step = (1.0 - first) / folds as f64;
    let starts: Vec<usize> = (0..=folds).map(|fold| place(first + step * fold as f64)).collect();
    let first_length = starts[0] - range.start;
    let embargo_ns = i64::try_from(subject.plan.split.embargo.as_nanos()).unwrap_or(i64::MAX);
    let mut windows = Vec::new();
    for pair in starts.windows(2) {
        let (start, end) = (pair[0], pair[1]);
        let pieces = days[start..end].chunk_by(|a, b| a == b).count();
        if pieces < FEWEST_DAYS {
            return Err(format!("a piece of {pieces} days is too short; ask for fewer folds than {folds}"));
        }
        let clear = bars.time()[start].saturating_sub(embargo_ns);
        let searched_end = bars.time().partition_point(|&open| open < clear).min(start);
        let searched_start = match subject.options.window {
            Window::Anchored => range.start,
            Window::Rolling => start - first_length,
        };
        if searched_end < searched_start + 2 {
            return Err("the embargo leaves no bars to search before the first piece".to_owned());
        }
        windows.push((searched_start..searched_end, start..end));
    }
    Ok(windows)
}

struct Folded {
    fold: Fold,
    returns: Vec<f64>,
    in_sample_mean: Option<f64>,
}

fn fold(
    subject: &Subject<'_>,
    (in_sample, out_of_sample): Windows,
    trials: u64,
    account: f64,
) -> Result<Folded, Error> {
    let plan = plan_of_fold(subject, trials);
    let searched = only(subject.dataset, in_sample.clone());
    let evaluator = Evaluator::new(&plan, &searched).with_cache(subject.options.cache);
    let mut session = Session::in_memory(&plan, &searched)?;
    let options = RunOptions { workers: subject.options.workers, timeout: None, ..RunOptions::of(&plan) };
    study::run(&mut session, &evaluator, &options, subject.control, |_| {})?;
    let winner = summarize(&session, 1)?.top.into_iter().next();
    let (calendar, _) = evaluator.calendar(in_sample.clone());
    let inside = winner
        .as_ref()
        .map(|winner| evaluator.backtest(&plan.parameters.to_params(&winner.trial.params), SegmentName::Train));
    let inside = inside.transpose()?;
    let in_sample_mean = inside.as_ref().map(|run| mean(&daily(run, &calendar)));
    let params = winner.map(|winner| winner.trial.params);
    let mut fold = Fold {
        in_sample,
        in_sample_sharpe: inside.and_then(|run| run.metrics.get("sharpe")),
        out_of_sample_sharpe: None,
        out_of_sample_return: 0.0,
        trades: 0,
        params,
        out_of_sample: out_of_sample.clone(),
    };
    let returns = traded(subject, &mut fold, out_of_sample, account)?;
    Ok(Folded { fold, returns, in_sample_mean })
}

/// The piece's daily returns under the fold's winner, with an account of this size.
fn traded(subject: &Subject<'_>, fold: &mut Fold, piece: Range<usize>, account: f64) -> Result<Vec<f64>, Error> {
    let (calendar, _) = subject.evaluator.calendar(piece.clone());
    let flat = vec![0.0; calendar.days().len()];
    let Some(params) = fold.params.as_ref().filter(|_| account > 0.0) else { return Ok(flat) };
    let mut plan: Plan = subject.plan.clone();
    plan.account.cash = account;
    let dataset = only(subject.dataset, piece);
    let run = Evaluator::new(&plan, &dataset).backtest(&plan.parameters.to_params(params), SegmentName::Train)?;
    let returns = daily(&run, &calendar);
    fold.out_of_sample_sharpe = Ratio::Sharpe.of(&returns, subject.days_per_year).ok();
    fold.out_of_sample_return = Ratio::TotalReturn.of(&returns, subject.days_per_year).unwrap_or(0.0);
    fold.trades = run.backtest.trades.len();
    Ok(returns)
}

/// The same bars with this range as their only segment: nothing after it is visible.
fn only(dataset: &Dataset, range: Range<usize>) -> Dataset {
    Dataset {
        bars: dataset.bars.clone(),
        loaded: dataset.loaded.clone(),
        segments: Segments { train: range, validate: None, test: None },
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// Mean step of each parameter between consecutive winners that both have it.
fn drift(plan: &Plan, folds: &[Fold]) -> Vec<(String, f64)> {
    let winners: Vec<&Assignment> = folds.iter().filter_map(|fold| fold.params.as_ref()).collect();
    let space = &plan.parameters.space;
    let free = space.params().iter().filter(|(_, param)| !param.distribution.is_single());
    let steps = |name: &String| -> Option<f64> {
        let distribution = space.distribution(name)?;
        let steps: Vec<f64> = winners
            .windows(2)
            .filter_map(|pair| Some(super::plateau::distance(distribution, pair[0].get(name)?, pair[1].get(name)?)))
            .collect();
        (!steps.is_empty()).then(|| mean(&steps))
    };
    free.filter_map(|(name, _)| Some((name.clone(), steps(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_fold_is_told_by_the_later_half_of_what_was_seen() {
        assert_eq!(to_the_end(&[(0, 0.0), (10, 2.0), (50, 3.0), (110, 4.5)], 310), 4.5 + 200.0 * 0.025);
        // All of it, nothing but the beginning, or nothing at all.
        assert_eq!(to_the_end(&[(0, 0.0), (10, 2.0), (40, 3.0)], 40), 3.0);
        assert_eq!(to_the_end(&[(0, 0.0), (10, 2.0)], 40), 8.0);
        assert_eq!(to_the_end(&[(0, 2.0)], 40), 82.0);
        assert_eq!(to_the_end(&[], 40), 0.0);
    }
}
