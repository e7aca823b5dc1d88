//! Asynchronous successive halving: at each rung only the best `1/factor` of the trials go on.
//!
//! A trial that completes a rung is compared with all trials seen that completed it, itself included.
//! It goes on when fewer than `max(n / factor, 1)` of the `n` are better; so the first `factor - 1`
//! trials go on only when they are the best so far.
//!
//! NaN at a rung stops a trial and is not counted among the others.
//!
//! # Source
//!
//! Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020. As in Optuna, a
//! trial that is not promoted ends; it never waits for its turn.

use super::rung::Ladder;
use super::{PruneRequest, Pruner, PrunerError, loss};
use crate::history::{Cursor, View};

/// The options of [`SuccessiveHalving`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SuccessiveHalvingOptions {
    /// The step of the first rung, at least 1. Default: a hundredth of the last step of the first
    /// complete trial that reported anything; nothing is stopped before that is known.
    pub min_resource: Option<i64>,
    /// How many times further each rung is, at least 2. Default 4.
    pub reduction_factor: i64,
    /// Rungs to leave out at the beginning. Default 0.
    pub min_early_stopping_rate: u32,
    /// Stop every trial at a rung that not more than so many have completed. Default 0; needs
    /// `min_resource`.
    pub bootstrap_count: usize,
}

impl Default for SuccessiveHalvingOptions {
    fn default() -> Self {
        Self { min_resource: None, reduction_factor: 4, min_early_stopping_rate: 0, bootstrap_count: 0 }
    }
}

/// Stops trials that are not among the best at a rung.
#[derive(Debug, Clone, Default)]
pub struct SuccessiveHalving {
    options: SuccessiveHalvingOptions,
    contest: Contest,
}

impl SuccessiveHalving {
    /// A pruner with these options.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] for an option out of its range.
    pub fn try_new(options: SuccessiveHalvingOptions) -> Result<Self, PrunerError> {
        let error = |option, expected, got: i64| {
            Err(PrunerError::Option { pruner: "successive_halving", option, expected, got: got.to_string() })
        };
        if let Some(resource) = options.min_resource.filter(|&resource| resource < 1) {
            return error("min_resource", "at least 1", resource);
        }
        if options.reduction_factor < 2 {
            return error("reduction_factor", "at least 2", options.reduction_factor);
        }
        if options.bootstrap_count > 0 && options.min_resource.is_none() {
            return error("bootstrap_count", "0 unless 'min_resource' is given", options.bootstrap_count as i64);
        }
        Ok(Self { options, contest: Contest::default() })
    }
}

impl Pruner for SuccessiveHalving {
    fn name(&self) -> &'static str {
        "successive_halving"
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        let automatic = || last_step_of_first(&request.view).map(|step| (step / 100).max(1));
        let Some(resource) = self.options.min_resource.or_else(automatic) else {
            return false;
        };
        let options = &self.options;
        let ladder = Ladder::new(resource, options.reduction_factor, options.min_early_stopping_rate);
        self.contest.is_lost(request, ladder, options.bootstrap_count, |_| true)
    }
}

/// The last step of the first complete trial that reported anything.
pub(super) fn last_step_of_first(view: &View<'_>) -> Option<i64> {
    let mut complete = (0..view.len()).filter(|&row| view.is_complete(row));
    complete.find_map(|row| view.reports(row).next_back().map(|(step, _)| step))
}

/// Who stands on the rungs of one ladder.
#[derive(Debug, Clone, Default)]
pub(super) struct Contest {
    cursor: Cursor,
    ladder: Option<Ladder>,
    /// The losses on each rung, increasing.
    rungs: Vec<Vec<f64>>,
    is_maximised: bool,
}

impl Contest {
    /// Whether the trial is to be stopped at a rung that its last report completed. Only trials
    /// whose number takes part are its rivals.
    pub(super) fn is_lost(
        &mut self,
        request: &PruneRequest<'_>,
        ladder: Ladder,
        bootstrap_count: usize,
        takes_part: impl Fn(u64) -> bool,
    ) -> bool {
        let Some((step, value)) = request.last() else {
            return false;
        };
        let earlier = request.reports.range(..step).map(|(&step, &value)| (step, value));
        let mut rung = ladder.completed(earlier);
        if !ladder.is_complete(rung, step) {
            return false;
        }
        if value.is_nan() {
            return true;
        }
        self.update(request, ladder, takes_part);
        while ladder.is_complete(rung, step) {
            if !self.is_promoted(rung, loss(value, request.direction), bootstrap_count) {
                return true;
            }
            rung += 1;
        }
        false
    }

    fn is_promoted(&self, rung: u32, loss: f64, bootstrap_count: usize) -> bool {
        let rivals = self.rungs.get(rung as usize).map_or(&[][..], Vec::as_slice);
        let all = rivals.len() + 1;
        let factor = self.ladder.map_or(1, |ladder| ladder.factor) as usize;
        let better = rivals.partition_point(|&rival| rival < loss);
        all > bootstrap_count && better < (all / factor).max(1)
    }

    fn update(&mut self, request: &PruneRequest<'_>, ladder: Ladder, takes_part: impl Fn(u64) -> bool) {
        let is_maximised = request.direction == crate::trial::StudyDirection::Maximize;
        if self.ladder != Some(ladder) || self.is_maximised != is_maximised {
            *self = Self { ladder: Some(ladder), is_maximised, ..Self::default() };
        }
        let (is_other, rows) = self.cursor.advance(&request.view);
        if is_other {
            self.rungs.clear();
        }
        for row in rows.filter(|&row| takes_part(row as u64)) {
            for (rung, value) in ladder.values(&request.view, row).into_iter().enumerate() {
                if rung == self.rungs.len() {
                    self.rungs.push(Vec::new());
                }
                let loss = loss(value, request.direction);
                let place = self.rungs[rung].partition_point(|&rival| rival < loss);
                self.rungs[rung].insert(place, loss);
            }
        }
    }
}
