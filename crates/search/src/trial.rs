//! A trial as samplers and stores see it.

use indexmap::IndexMap;

use crate::space::{Assignment, Distribution};

/// A trial's state, with Optuna's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TrialState {
    /// Being evaluated.
    Running,
    /// Finished with values (infeasible ones have a violated constraint).
    Complete,
    /// Stopped early, or infeasible without a value.
    Pruned,
    /// Ended by an error.
    Fail,
    /// Enqueued.
    Waiting,
}

/// Whether an objective is minimised or maximised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StudyDirection {
    /// Smaller is better.
    Minimize,
    /// Larger is better.
    Maximize,
}

/// One trial, with owned values.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Position in the study, from 0, without gaps.
    pub number: u64,
    /// State.
    pub state: TrialState,
    /// Parameter values; inactive parameters are absent.
    pub params: Assignment,
    /// The distribution each value came from (same keys as `params`).
    pub distributions: IndexMap<String, Distribution>,
    /// Objective values, one a direction; empty where there is none.
    pub values: Vec<f64>,
    /// Constraint values by name; a trial is feasible when none is above 0.
    pub constraints: IndexMap<String, f64>,
    /// Intermediate values by step.
    pub intermediate_values: std::collections::BTreeMap<i64, f64>,
    /// User attributes (JSON values).
    pub user_attrs: IndexMap<String, serde_json::Value>,
    /// System attributes other than the constraints (JSON values).
    pub system_attrs: IndexMap<String, serde_json::Value>,
    /// Milliseconds since 1970 UTC at which evaluation started, if it did.
    pub started_ms: Option<i64>,
    /// Milliseconds since 1970 UTC at which evaluation ended, if it did.
    pub finished_ms: Option<i64>,
    /// The number of the earlier trial with the same identity whose result answered this one.
    pub duplicate_of: Option<u64>,
}

impl Trial {
    /// Whether no constraint is violated.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.constraints.values().all(|&value| value <= 0.0)
    }
}
