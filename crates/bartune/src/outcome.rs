//! What evaluating one trial gives.

use std::collections::BTreeMap;

use bartune_search::storage::DailyReturns;
use bartune_search::trial::TrialState;
use indexmap::IndexMap;

/// Metric values of each segment a trial ran on, by segment and metric name; undefined ones are absent.
pub type SegmentMetrics = BTreeMap<String, BTreeMap<String, f64>>;

/// One trial's result.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Whether it has a value, and if not, why.
    pub verdict: Verdict,
    /// How far each constraint is violated, by its text; none above 0 means feasible.
    pub constraints: IndexMap<String, f64>,
    /// What it reported at each step before it ended.
    pub reports: BTreeMap<i64, f64>,
    /// Metrics of each segment.
    pub metrics: SegmentMetrics,
    /// Daily returns of each segment, unless the plan keeps none.
    pub daily_returns: DailyReturns,
}

/// The ways a trial can end.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Every objective has a value (the trial is infeasible all the same if a constraint is violated).
    Valued(Vec<f64>),
    /// An objective is undefined, for this reason: no trades, zero variance, bankrupt…
    Undefined(String),
    /// A pruner stopped it; its reports are all there is.
    Pruned,
    /// Evaluation broke, for this reason.
    Failed(String),
}

impl Verdict {
    /// The first objective's value, if there is one.
    pub(crate) fn first(&self) -> Option<f64> {
        match self {
            Self::Valued(values) => values.first().copied(),
            Self::Undefined(_) | Self::Pruned | Self::Failed(_) => None,
        }
    }
}

impl Outcome {
    /// A trial whose evaluation broke.
    #[must_use]
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::of(Verdict::Failed(reason.into()))
    }

    /// A trial that a pruner stopped after these reports.
    #[must_use]
    pub fn pruned(reports: BTreeMap<i64, f64>) -> Self {
        Self { reports, ..Self::of(Verdict::Pruned) }
    }

    /// One with a verdict and nothing else.
    pub(crate) fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            constraints: IndexMap::new(),
            reports: BTreeMap::new(),
            metrics: BTreeMap::new(),
            daily_returns: BTreeMap::new(),
        }
    }

    /// The objectives' values; none where one of them is undefined.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        match &self.verdict {
            Verdict::Valued(values) => values,
            Verdict::Undefined(_) | Verdict::Pruned | Verdict::Failed(_) => &[],
        }
    }

    /// The state Optuna knows it by: without a value it is pruned, never failed.
    #[must_use]
    pub fn state(&self) -> TrialState {
        match self.verdict {
            Verdict::Valued(_) => TrialState::Complete,
            Verdict::Undefined(_) | Verdict::Pruned => TrialState::Pruned,
            Verdict::Failed(_) => TrialState::Fail,
        }
    }

    /// Why it is infeasible or failed, if it is: the undefined objective, else the first violated constraint.
    #[must_use]
    pub fn reason(&self) -> Option<String> {
        match &self.verdict {
            Verdict::Undefined(reason) | Verdict::Failed(reason) => Some(reason.clone()),
            Verdict::Pruned => None,
            Verdict::Valued(_) => self
                .constraints
                .iter()
                .find(|(_, violation)| **violation > 0.0)
                .map(|(text, _)| format!("constraint violated: {text}")),
        }
    }
}
