//! Daily returns of a study's trials over train and validate, recomputed.
//!
//! A trial takes about a millisecond, so that returns need not be stored to be had. Where a study has more trials than are
//! asked for, the best ones are not preferred: every so-manieth of the ranking is taken, the winner always.

use std::ops::Range;

use bartune_engine::Params;
use bartune_engine::metric::{self, Calendar};
use bartune_search::storage::TrialRecord;

use super::{Subject, distinct, ranked};
use crate::error::Error;
use crate::evaluator::{BacktestRun, SegmentName};
use crate::parallel;

/// Daily returns of some of the study's trials, all of the same days.
pub(super) struct Sample {
    /// One series a trial, the winner's first.
    pub(super) series: Vec<Vec<f64>>,
    /// For each of them the days that each of its trades lasted.
    pub(super) trades: Vec<Vec<Range<usize>>>,
    /// For each of them the days that its series look back.
    pub(super) reaches: Vec<usize>,
    /// How many of the days belong to train.
    pub(super) train_days: usize,
    /// Distinct trials of the study.
    pub(super) distinct: u64,
}

impl Sample {
    pub(super) fn winner(&self) -> &[f64] {
        self.series.first().map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> Vec<&[f64]> {
        self.series.iter().map(Vec::as_slice).collect()
    }

    /// The train days of each.
    pub(super) fn train(&self) -> impl Iterator<Item = &[f64]> {
        self.series.iter().map(|series| &series[..self.train_days])
    }
}

pub(super) fn sample(subject: &Subject<'_>, history: &[TrialRecord]) -> Result<Sample, Error> {
    let evaluator = subject.evaluator;
    let range = evaluator.range(SegmentName::All)?;
    let (calendar, _) = evaluator.calendar(range.clone());
    let (train, _) = evaluator.calendar(evaluator.range(SegmentName::Train)?);
    let to_params = |record: &TrialRecord| subject.plan.parameters.to_params(&record.trial.params);
    let trials: Vec<Params> = spread(&ranked(subject.plan, history), subject).into_iter().map(to_params).collect();
    let series = parallel::map_on(subject.options.workers, &trials, |params| {
        if subject.control.is_stopped() {
            return None;
        }
        let run = evaluator.backtest(params, SegmentName::All).ok()?;
        let warmup = subject.plan.strategy.bind(params).map_or(0, |bound| bound.warmup());
        let reach = (warmup * calendar.days().len()).div_ceil(range.len().max(1));
        Some((daily(&run, &calendar), (days_of(&run, &calendar), reach)))
    });
    let (series, others): (Vec<_>, Vec<_>) = series.into_iter().flatten().unzip();
    let (trades, reaches) = others.into_iter().unzip();
    let train_days = train.days().len().min(calendar.days().len());
    Ok(Sample { series, trades, reaches, train_days, distinct: distinct(history) })
}

/// The winner, and trials from all over the ranking.
fn spread<'h>(ranked: &[&'h TrialRecord], subject: &Subject<'h>) -> Vec<&'h TrialRecord> {
    let others: Vec<&TrialRecord> =
        ranked.iter().copied().filter(|record| record.trial.number != subject.winner.trial.number).collect();
    let most = subject.options.sampled_trials.saturating_sub(1).min(others.len());
    let picked = (0..most).map(|index| others[index * others.len() / most]);
    std::iter::once(subject.winner).chain(picked).collect()
}

/// A run's daily returns.
pub(super) fn daily(run: &BacktestRun, calendar: &Calendar) -> Vec<f64> {
    metric::daily_returns(run.backtest.cash, &metric::daily_equity(&run.backtest, calendar))
}

/// The days that each trade lasted, first to one past the last.
fn days_of(run: &BacktestRun, calendar: &Calendar) -> Vec<Range<usize>> {
    let day = |bar: usize| calendar.days().partition_point(|day| day.end <= bar - run.segment.start);
    run.backtest.trades.iter().map(|trade| day(trade.entry_bar)..day(trade.exit_bar) + 1).collect()
}
