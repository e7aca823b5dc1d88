//! Stop trials whose value leaves a range.
//!
//! The last reported value is looked at, whatever the direction. NaN stops a trial.

use super::{PruneRequest, Pruner, PrunerError, Schedule};

/// Stops trials outside `[lower, upper]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    lower: f64,
    upper: f64,
    schedule: Schedule,
}

impl Threshold {
    /// A pruner with these bounds, of which at least one is given.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] when there is no bound, when one is NaN, when they are the wrong way
    /// round, or for a schedule out of range.
    pub fn try_new(lower: Option<f64>, upper: Option<f64>, schedule: Schedule) -> Result<Self, PrunerError> {
        let bounds = (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY));
        let is_range = bounds.0 <= bounds.1;
        if !is_range || (lower.is_none() && upper.is_none()) {
            let got = format!("{lower:?} and {upper:?}");
            let expected = "one bound, or two with lower <= upper";
            return Err(PrunerError::Option { pruner: "threshold", option: "lower, upper", expected, got });
        }
        Ok(Self { lower: bounds.0, upper: bounds.1, schedule: schedule.validated("threshold")? })
    }
}

impl Pruner for Threshold {
    fn name(&self) -> &'static str {
        "threshold"
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        let is_due = self.schedule.is_due(request.reports.keys().copied());
        // NaN is in no range.
        is_due && request.last().is_some_and(|(_, value)| !(self.lower..=self.upper).contains(&value))
    }
}
