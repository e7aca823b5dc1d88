//! The best trials that differ from each other, side by side.
//!
//! Of the best trials by the objective, the winner first, then by the Sharpe ratio on validate, each as far from those
//! before it as a tenth of the ranges on average. If they agree, the search has found a region; if only one of them holds
//! up, a point. Validate has helped to choose them: their ratios there are no longer unbiased.

use bartune_search::space::Assignment;
use bartune_search::storage::TrialRecord;

use super::plateau::{JOINT, distance, profitable_neighbours};
use super::{Subject, leak, monte_carlo, ranked};
use crate::error::Error;
use crate::evaluator::SegmentName;
use crate::parallel;

/// Best trials by the objective that are looked at.
const POOL: usize = 64;
/// How many are shown.
pub(super) const SHOWN: usize = 4;
/// Mean distance, as a share of the ranges, from which on two trials differ.
const FAR: f64 = 0.1;

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Survivor {
    /// Number of the trial.
    pub number: u64,
    /// Its first objective.
    pub objective: f64,
    /// Its Sharpe ratio a year on train and on validate, where defined.
    pub sharpe: [Option<f64>; 2],
    /// Its return over train and validate with costs doubled, as a fraction.
    pub costly_return: Option<f64>,
    /// Share of its joint neighbours that earn something on train; `None` where it has none.
    pub profitable_neighbours: Option<f64>,
    /// Whether its decisions stay the same when later bars are cut off.
    pub is_causal: bool,
}

/// Evaluations that it takes beside those of each survivor, at most.
pub(super) fn work() -> usize {
    POOL + SHOWN * usize::try_from(JOINT).unwrap_or(usize::MAX)
}

pub(super) fn of(subject: &Subject<'_>, history: &[TrialRecord]) -> Result<Vec<Survivor>, Error> {
    chosen(subject, history).into_iter().map(|record| survivor(subject, record)).collect()
}

fn chosen<'h>(subject: &Subject<'_>, history: &'h [TrialRecord]) -> Vec<&'h TrialRecord> {
    // Trials of other programs may lack parameters that the strategy reads.
    let can_run = |record: &&TrialRecord| {
        subject.plan.strategy.bind(&subject.plan.parameters.to_params(&record.trial.params)).is_ok()
    };
    let pool: Vec<&TrialRecord> = ranked(subject.plan, history).into_iter().filter(can_run).take(POOL).collect();
    let ratios = parallel::map_on(subject.options.workers, &pool, |record| {
        let params = subject.plan.parameters.to_params(&record.trial.params);
        let run = subject.evaluator.backtest(&params, SegmentName::Validate).ok();
        run.and_then(|run| run.metrics.get("sharpe")).unwrap_or(f64::NEG_INFINITY)
    });
    let mut pool: Vec<(f64, &TrialRecord)> = ratios.into_iter().zip(pool).collect();
    // Stable: without validate, the order stays that of the objective.
    pool.sort_by(|a, b| b.0.total_cmp(&a.0));
    let winner = history.iter().find(|record| record.trial.number == subject.winner.trial.number);
    let mut chosen: Vec<&TrialRecord> = winner.into_iter().collect();
    for (_, record) in pool {
        let is_far = |other: &&TrialRecord| mean_distance(subject, &other.trial.params, &record.trial.params) >= FAR;
        if chosen.len() < SHOWN && chosen.iter().all(is_far) {
            chosen.push(record);
        }
    }
    chosen
}

/// Over the parameters of the space; one that only one of the two has counts in full.
fn mean_distance(subject: &Subject<'_>, a: &Assignment, b: &Assignment) -> f64 {
    let space = &subject.plan.parameters.space;
    let free = space.params().iter().filter(|(_, param)| !param.distribution.is_single());
    let distances: Vec<f64> = free
        .map(|(name, param)| match (a.get(name), b.get(name)) {
            (Some(a), Some(b)) => distance(&param.distribution, a, b),
            (None, None) => 0.0,
            _ => 1.0,
        })
        .collect();
    distances.iter().sum::<f64>() / distances.len().max(1) as f64
}

fn survivor(subject: &Subject<'_>, record: &TrialRecord) -> Result<Survivor, Error> {
    let params = subject.plan.parameters.to_params(&record.trial.params);
    let sharpe = |name| subject.evaluator.backtest(&params, name).ok().and_then(|run| run.metrics.get("sharpe"));
    let whole = subject.evaluator.backtest(&params, SegmentName::All)?;
    Ok(Survivor {
        number: record.trial.number,
        objective: record.trial.values.first().copied().unwrap_or(f64::NAN),
        sharpe: [sharpe(SegmentName::Train), sharpe(SegmentName::Validate)],
        costly_return: monte_carlo::costly(subject, &params)?.metrics.get("total_return"),
        profitable_neighbours: profitable_neighbours(subject, &record.trial.params),
        is_causal: leak::check(subject, (&params, &whole))?.first_difference.is_none(),
    })
}
