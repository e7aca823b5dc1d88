//! What would have become of the account had it been opened on another day.
//!
//! The winner runs from each of some days, evenly spread over the first four fifths of train and validate, to their end,
//! under the account's rules, with the simulator itself: intraday limits, stopped days and caps are those of any backtest.
//! The runs share bars, so that their shares are those of this history's days, not of independent histories.

use std::ops::Range;

use bartune_engine::account::AccountOutcome;

use super::Subject;
use crate::data::{Dataset, Segments};
use crate::error::Error;
use crate::evaluator::{BacktestRun, Evaluator, SegmentName};
use crate::parallel;

/// Days on which the account is opened.
const STARTS: usize = 40;
/// Share of the bars on which it may be opened.
const OPENING: f64 = 0.8;

/// Outcomes by the day of opening.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountOdds {
    /// Days on which it was opened.
    pub starts: usize,
    /// Share that passed.
    pub passed: f64,
    /// Share that broke a rule.
    pub failed: f64,
    /// Share that was still running at the end.
    pub running: f64,
    /// Median days until it passed, of those that did.
    pub median_days: Option<f64>,
}

/// `None` where the account has no rules.
pub(super) fn of(subject: &Subject<'_>, whole: &BacktestRun) -> Result<Option<AccountOdds>, Error> {
    if subject.plan.account.rules.is_none() {
        return Ok(None);
    }
    let params = subject.plan.parameters.to_params(&subject.winner.trial.params);
    let starts = starts(&subject.evaluator.bars().calendar().day, whole.segment.clone());
    let outcomes =
        parallel::map_on(subject.options.workers, &starts, |&start| -> Result<Option<AccountOutcome>, Error> {
            let dataset = Dataset {
                bars: subject.dataset.bars.clone(),
                loaded: subject.dataset.loaded.clone(),
                segments: Segments { train: start..whole.segment.end, validate: None, test: None },
            };
            let run = Evaluator::new(subject.plan, &dataset).backtest(&params, SegmentName::Train)?;
            Ok(run.backtest.account.map(|account| account.outcome))
        });
    let outcomes: Vec<AccountOutcome> =
        outcomes.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
    Ok((!outcomes.is_empty()).then(|| odds(&outcomes)))
}

/// Runs over all bars that it takes, side by side ones as one.
pub(super) fn work(subject: &Subject<'_>) -> f64 {
    let share = if subject.plan.account.rules.is_some() { 1.0 - OPENING / 2.0 } else { 0.0 };
    share * STARTS as f64 / subject.options.workers.get() as f64
}

/// First bars of days, evenly spread.
fn starts(days: &[i32], range: Range<usize>) -> Vec<usize> {
    let last = range.start + (range.len() as f64 * OPENING) as usize;
    let firsts: Vec<usize> =
        (range.start..last).filter(|&bar| bar == range.start || days[bar] != days[bar - 1]).collect();
    let count = STARTS.min(firsts.len());
    (0..count).map(|index| firsts[index * firsts.len() / count]).collect()
}

fn odds(outcomes: &[AccountOutcome]) -> AccountOdds {
    let mut days: Vec<u32> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            AccountOutcome::Passed { day, .. } => Some(*day),
            _ => None,
        })
        .collect();
    days.sort_unstable();
    let share = |count: usize| count as f64 / outcomes.len() as f64;
    let running = outcomes.iter().filter(|outcome| **outcome == AccountOutcome::Running).count();
    AccountOdds {
        starts: outcomes.len(),
        passed: share(days.len()),
        failed: share(outcomes.len() - days.len() - running),
        running: share(running),
        median_days: days.get(days.len() / 2).map(|day| f64::from(*day)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_opened_at_the_first_bars_of_days() {
        let days: Vec<i32> = (0..1_000).map(|bar| bar / 10).collect();
        let found = starts(&days, 5..1_000);
        assert_eq!(found.len(), STARTS);
        assert_eq!(found[0], 5);
        assert!(found[1..].iter().all(|bar| bar % 10 == 0), "{found:?}");
        assert!(found.is_sorted() && *found.last().unwrap() < 801, "{found:?}");
    }

    #[test]
    fn shares_and_days_are_those_of_the_outcomes() {
        let passed = |day| AccountOutcome::Passed { bar: 0, day };
        let found = odds(&[passed(12), AccountOutcome::Running, passed(30), passed(20)]);
        let expected = AccountOdds { starts: 4, passed: 0.75, failed: 0.0, running: 0.25, median_days: Some(20.0) };
        assert_eq!(found, expected);
    }
}
