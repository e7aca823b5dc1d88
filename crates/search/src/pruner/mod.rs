//! Pruners: what stops a trial early.
//!
//! | pruner | stops a trial when |
//! |---|---|
//! | [`Never`] | never |
//! | [`Percentile`] | its best value so far is outside the best part of what others had at this step |
//! | [`Threshold`] | its value leaves a range |
//! | [`Patient`] | it has not improved for some steps (and another pruner agrees) |
//! | [`Stages`] | it is not among the best part of its stage |
//! | [`SuccessiveHalving`] | it is not among the best at a rung; rungs grow geometrically |
//! | [`Hyperband`] | successive halving says so, in one of several brackets that start it at different rungs |
//! | [`Wilcoxon`] | it is worse than the best trial, step by step, beyond chance |
//!
//! A pruner is asked after each report. It sees the trial's own reports and the [`View`] that the
//! trial's proposal saw: the results of trials `0..=n - lag`, and nothing of the trials that run beside it.
//!
//! **Invariant:** an answer is a pure function of the request. A pruner may cache, so that it takes
//! `&mut self`, but a fresh one must answer the same. So workers, their speed and resuming change
//! nothing.
//!
//! - **NaN**: each pruner says in its documentation what it does with NaN, as in Optuna.
//! - **Duplicates** count for nothing: their original is there.
//!
//! Decisions equal Optuna 5's on the same trials (`scripts/oracles/pruner.py`). Where it differs:
//! in Optuna a pruner reads whatever its storage holds at the moment, running trials included, and
//! the `auto` settings depend on which trials happened to be finished when it was first asked.

mod hyperband;
mod patient;
mod percentile;
mod rung;
mod stages;
mod step;
mod successive_halving;
mod threshold;
mod wilcoxon;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::history::View;
use crate::trial::StudyDirection;

pub use hyperband::{Hyperband, HyperbandOptions};
pub use patient::Patient;
pub use percentile::{Percentile, PercentileOptions};
pub use stages::Stages;
pub use step::Schedule;
pub use successive_halving::{SuccessiveHalving, SuccessiveHalvingOptions};
pub use threshold::Threshold;
pub use wilcoxon::{Tail, Wilcoxon, signed_rank_p_value};

/// Everything a decision depends on.
#[derive(Debug, Clone, Copy)]
pub struct PruneRequest<'a> {
    /// The direction of the only objective, which the reported values share.
    pub direction: StudyDirection,
    /// The results that the trial's proposal saw.
    pub view: View<'a>,
    /// The study's seed.
    pub seed: u64,
    /// The trial's number.
    pub number: u64,
    /// What the trial has reported so far, by step.
    pub reports: &'a BTreeMap<i64, f64>,
}

impl PruneRequest<'_> {
    /// The last step reported and the value there.
    #[must_use]
    pub fn last(&self) -> Option<(i64, f64)> {
        self.reports.last_key_value().map(|(&step, &value)| (step, value))
    }
}

/// Why a pruner cannot be made.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum PrunerError {
    /// An option is out of its range.
    #[error("option '{option}' of the pruner '{pruner}' must be {expected}, got {got}")]
    Option {
        /// The pruner's name.
        pruner: &'static str,
        /// The option.
        option: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

/// Decides whether a trial is to be stopped.
pub trait Pruner: Send {
    /// The name that study files and errors use.
    fn name(&self) -> &'static str;

    /// Whether to stop the trial now. Asked after each report; without a report the answer is no.
    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool;
}

/// Never stops a trial.
#[derive(Debug, Clone, Copy, Default)]
pub struct Never;

impl Pruner for Never {
    fn name(&self) -> &'static str {
        "none"
    }

    fn should_prune(&mut self, _: &PruneRequest<'_>) -> bool {
        false
    }
}

/// A value as something to be minimised.
fn loss(value: f64, direction: StudyDirection) -> f64 {
    match direction {
        StudyDirection::Minimize => value,
        StudyDirection::Maximize => -value,
    }
}

/// The least of the numbers among some values; `None` if all are NaN.
fn least(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.filter(|value| !value.is_nan()).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests;
