//! How what is best on some days does on the others, over every way of dividing the days.
//!
//! Two ways: the probability of backtest overfitting halves blocks of days; combinatorial purged cross-validation holds
//! out a few groups at a time, chooses the best trial on the rest, and puts the held-out groups together into paths, each of
//! which covers every day once.
//!
//! **Purging.** Days next to a held-out group are left out of the choice where they could know of it: those of the study's
//! embargo, and for each trial the days of its own trades that reach into the group. Indicators reach further back, but
//! never forward.
//!
//! # Source
//!
//! Bailey, Borwein, López de Prado and Zhu (2017), as named in [`statistics`](crate::statistics); M. López de Prado,
//! *Advances in Financial Machine Learning*, 2018, chapter 12 (combinatorial purged cross-validation: `N` groups, `k` held
//! out, `φ = C(N, k) · k / N` paths).

use std::ops::Range;

use super::Subject;
use super::returns::Sample;
use crate::statistics::{Overfitting, Ratio, overfitting};

/// Groups of days, and how many are held out at a time.
const GROUPS: usize = 6;
const HELD_OUT: usize = 2;
/// Blocks that are halved.
const BLOCKS: usize = 12;

/// What dividing the days shows.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    /// Probability of backtest overfitting.
    pub overfitting: Overfitting,
    /// Trials that were compared.
    pub trials: usize,
    /// Combinatorial purged cross-validation.
    pub combinatorial: Combinatorial,
}

/// The paths of combinatorial purged cross-validation.
#[derive(Debug, Clone, PartialEq)]
pub struct Combinatorial {
    /// Sharpe ratio a year of each path, where it is defined.
    pub sharpes: Vec<f64>,
    /// Days of embargo on each side of a held-out group.
    pub embargo_days: usize,
}

pub(super) fn of(subject: &Subject<'_>, sample: &Sample) -> Result<CrossValidation, String> {
    let trials = sample.all();
    let overfitting = overfitting(&trials, BLOCKS).map_err(|error| error.to_string())?;
    let embargo_days = (subject.plan.split.embargo.as_secs_f64() / 86_400.0).ceil() as usize;
    let candidates: Vec<Candidate<'_>> = trials
        .iter()
        .zip(sample.trades.iter().zip(&sample.reaches))
        .map(|(&days, (trades, &reach))| Candidate { days, trades, reach })
        .collect();
    let combinatorial = combinatorial(&candidates, embargo_days, subject.days_per_year)?;
    Ok(CrossValidation { overfitting, trials: trials.len(), combinatorial })
}

/// A trial among which the best is chosen.
struct Candidate<'a> {
    /// Its daily returns.
    days: &'a [f64],
    /// The days that each of its trades lasted.
    trades: &'a [Range<usize>],
    /// The days that its series look back.
    reach: usize,
}

/// Hold out each choice of groups, choose on the rest, and put the pieces together.
fn combinatorial(
    candidates: &[Candidate<'_>],
    embargo_days: usize,
    days_per_year: f64,
) -> Result<Combinatorial, String> {
    let days = candidates.iter().map(|candidate| candidate.days.len()).min().unwrap_or(0);
    let group = |index: usize| index * days / GROUPS..(index + 1) * days / GROUPS;
    if days / GROUPS <= 2 * embargo_days + 2 {
        return Err(format!("{days} days are too few for {GROUPS} groups with an embargo of {embargo_days} days"));
    }
    // Each group is held out by several splits; the first of them gives it to the first path, and so on.
    let mut paths: Vec<Vec<Vec<f64>>> = vec![Vec::new(); GROUPS];
    for held in (0_u32..1 << GROUPS).filter(|held| held.count_ones() as usize == HELD_OUT) {
        let held: Vec<usize> = (0..GROUPS).filter(|index| held >> index & 1 == 1).collect();
        let held_days: Vec<Range<usize>> = held.iter().map(|index| group(*index)).collect();
        let ratios = candidates
            .iter()
            .map(|candidate| ratio(candidate.days, &open_days(days, (&held_days, embargo_days), candidate)));
        let best = first_best(ratios);
        for index in held {
            paths[index].push(candidates[best].days[group(index)].to_vec());
        }
    }
    let count = paths.iter().map(Vec::len).min().unwrap_or(0);
    let path = |number: usize| paths.iter().flat_map(|group| group[number].iter().copied()).collect::<Vec<f64>>();
    let sharpes = (0..count).filter_map(|number| Ratio::Sharpe.of(&path(number), days_per_year).ok()).collect();
    Ok(Combinatorial { sharpes, embargo_days })
}

/// The days on which a trial may be judged. Series that look back so many days still hold what was held out for as
/// long after it.
fn open_days(days: usize, (held, embargo): (&[Range<usize>], usize), candidate: &Candidate<'_>) -> Vec<bool> {
    let mut open = vec![true; days];
    for held in held {
        open[held.start.saturating_sub(embargo)..(held.end + embargo.max(candidate.reach)).min(days)].fill(false);
        let reaching = candidate.trades.iter().filter(|trade| trade.start < held.end && held.start < trade.end);
        reaching.for_each(|trade| open[trade.start.min(days)..trade.end.min(days)].fill(false));
    }
    open
}

/// Mean over deviation of the open days; 0 without variance.
fn ratio(trial: &[f64], open: &[bool]) -> f64 {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for (day, _) in trial.iter().zip(open).filter(|(_, open)| **open) {
        count += 1.0;
        sum += day;
        squares += day * day;
    }
    let mean = sum / f64::max(count, 1.0);
    let variance = squares / f64::max(count, 1.0) - mean * mean;
    if variance > 1e-12 * mean * mean && variance > 0.0 { mean / variance.sqrt() } else { 0.0 }
}

fn first_best(ratios: impl Iterator<Item = f64>) -> usize {
    let better = |best: (usize, f64), (index, ratio): (usize, f64)| if ratio > best.1 { (index, ratio) } else { best };
    ratios.enumerate().fold((0, f64::NEG_INFINITY), better).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A trial without trades and series.
    fn bare(days: &[f64]) -> Candidate<'_> {
        Candidate { days, trades: &[], reach: 0 }
    }

    #[test]
    fn there_are_five_paths_and_each_covers_every_day_once() {
        // One trial only: every path is the trial itself.
        let days: Vec<f64> = (0..120).map(|day| f64::from(day % 7) - 2.5).collect();
        let found = combinatorial(&[bare(&days)], 1, 252.0).expect("120 days are enough");
        let expected = Ratio::Sharpe.of(&days, 252.0).expect("it varies");
        assert_eq!(found.sharpes.len(), 5);
        assert!(found.sharpes.iter().all(|sharpe| (sharpe - expected).abs() < 1e-12));
    }

    #[test]
    fn what_is_chosen_is_chosen_on_the_other_days() {
        // The second trial shines in the first group only, so it is chosen wherever that group is not held out, and its
        // brilliance is on no path; the first is mildly good everywhere else.
        let mild: Vec<f64> = (0..120).map(|day| 0.001 + if day % 2 == 0 { 0.02 } else { -0.02 }).collect();
        let lucky: Vec<f64> = (0..120)
            .map(|day| if day < 20 { 5.0 + f64::from(day % 2) } else { -0.01 * f64::from(1 + day % 2) })
            .collect();
        let found = combinatorial(&[bare(&mild), bare(&lucky)], 0, 252.0).expect("120 days are enough");
        let lucky_whole = Ratio::Sharpe.of(&lucky, 252.0).expect("it varies");
        assert!(found.sharpes.iter().all(|sharpe| *sharpe < lucky_whole));
    }

    /// Splits and paths are those of skfolio: `scripts/oracles/validation.py`.
    #[test]
    fn paths_are_those_of_skfolio() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/validation/trials.json");
        let oracle: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let numbers = |value: &serde_json::Value| -> Vec<f64> {
            value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
        };
        let trials: Vec<Vec<f64>> = oracle["trials"].as_array().unwrap().iter().map(numbers).collect();
        let trials: Vec<Candidate<'_>> = trials.iter().map(|days| bare(days)).collect();
        let expected = &oracle["combinatorial"];
        assert_eq!((expected["groups"].as_u64(), expected["held_out"].as_u64()), (Some(6), Some(2)));
        let embargo = expected["embargo_days"].as_u64().unwrap() as usize;
        let found = combinatorial(&trials, embargo, 252.0).unwrap();
        let (mut found, mut expected) = (found.sharpes, numbers(&expected["sharpes"]));
        // Which path is called the first is a matter of taste.
        found.sort_by(f64::total_cmp);
        expected.sort_by(f64::total_cmp);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
        }
    }

    #[test]
    fn too_few_days_are_said_to_be_too_few() {
        let days = [0.1; 30];
        let error =
            combinatorial(&[bare(&days)], 3, 252.0).expect_err("groups of five days, three of embargo on each side");
        assert!(error.contains("30 days"), "{error}");
    }

    #[test]
    fn a_trade_that_reaches_into_a_held_out_group_is_left_out_of_the_choice() {
        let trades = [2..5, 8..12, 13..14];
        let held = std::iter::once(10..13).collect::<Vec<_>>();
        let open = open_days(16, (&held, 1), &Candidate { days: &[], trades: &trades, reach: 0 });
        let expected: Vec<bool> = (0..16).map(|day| !(8..14).contains(&day)).collect();
        assert_eq!(open, expected);
        // What looks back two days sees the group until two days after it.
        let open = open_days(16, (&held, 1), &Candidate { days: &[], trades: &trades[..1], reach: 2 });
        let expected: Vec<bool> = (0..16).map(|day| !(9..15).contains(&day)).collect();
        assert_eq!(open, expected);
    }
}
