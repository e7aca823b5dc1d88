//! What trials have cost in bars, for `search.budget`.
//!
//! A trial costs the train bars that it was run on: those of its rungs, and all of them once it came through. What its
//! validate segment takes follows from that and is not counted. Costs are read off the stored trials, so that a study that
//! goes on has spent what it had; and whether a proposal is still paid for depends on the results that the proposal sees,
//! like the proposal itself, so that workers change nothing. What is in flight may so exceed the budget, by `lag`
//! trials at most.

use bartune_search::storage::TrialRecord;
use bartune_search::trial::TrialState;

use crate::config::Plan;
use crate::evaluator::rung_bars;
use crate::import::is_imported;

/// Bars spent by the first so many trials.
#[derive(Debug)]
pub(super) struct Spending {
    /// Bars of each rung.
    rungs: Vec<u64>,
    train: u64,
    limit: Option<f64>,
    /// Bars spent by trials `0..n`, at `n`.
    spent: Vec<u64>,
}

impl Spending {
    pub(super) fn new(plan: &Plan, train: usize) -> Self {
        let pruning = &plan.search.pruning;
        let limit = plan.search.budget.map(|budget| budget.bars(train));
        let rungs = pruning.rungs.iter().map(|&share| rung_bars(pruning, train, share) as u64).collect();
        Self { rungs, train: train as u64, limit, spent: vec![0] }
    }

    /// Take note of the next trial by number.
    pub(super) fn note(&mut self, record: &TrialRecord) {
        let before = self.total();
        self.spent.push(before + self.cost(record));
    }

    /// Bars spent by all trials.
    pub(super) fn total(&self) -> u64 {
        self.spent.last().copied().unwrap_or(0)
    }

    /// Whether trials `0..seen` have spent the budget.
    pub(super) fn is_spent(&self, seen: usize) -> bool {
        self.limit.is_some_and(|limit| self.spent.get(seen).is_some_and(|&spent| spent as f64 >= limit))
    }

    fn cost(&self, record: &TrialRecord) -> u64 {
        let trial = &record.trial;
        if trial.duplicate_of.is_some() || is_imported(record) || record.identity.is_empty() {
            return 0;
        }
        let reports = trial.intermediate_values.len();
        let climbed: u64 = self.rungs.iter().take(reports).sum();
        // A pruner gives no reason; an objective that is undefined does, and was found so on all bars.
        let was_stopped = trial.state == TrialState::Pruned && record.reason.is_none();
        climbed + if was_stopped { 0 } else { self.train }
    }
}
