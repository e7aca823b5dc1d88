//! Wait before stopping: a trial is stopped only after some steps without improvement.
//!
//! With `patience` p, the best of the last `p + 1` reports is compared with the best before them; the
//! trial is stopped when it is worse by more than `min_delta`, and when the wrapped pruner agrees, if
//! there is one. NaN values are ignored; when one side has nothing else, the trial goes on.

use super::{PruneRequest, Pruner, PrunerError, least, loss};

/// Stops trials that no longer improve.
pub struct Patient {
    wrapped: Option<Box<dyn Pruner>>,
    patience: usize,
    min_delta: f64,
}

impl Patient {
    /// A pruner that lets `wrapped` decide after `patience` steps without an improvement of more
    /// than `-min_delta`; without `wrapped` it stops the trial itself.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] when `min_delta` is negative or NaN.
    pub fn try_new(wrapped: Option<Box<dyn Pruner>>, patience: usize, min_delta: f64) -> Result<Self, PrunerError> {
        if min_delta >= 0.0 {
            return Ok(Self { wrapped, patience, min_delta });
        }
        let got = min_delta.to_string();
        Err(PrunerError::Option { pruner: "patient", option: "min_delta", expected: "at least 0", got })
    }

    fn has_stalled(&self, request: &PruneRequest<'_>) -> bool {
        let losses: Vec<f64> = request.reports.values().map(|&value| loss(value, request.direction)).collect();
        let Some(before) = losses.len().checked_sub(self.patience + 1).filter(|&before| before > 0) else {
            return false;
        };
        let (before, after) = losses.split_at(before);
        let best = |losses: &[f64]| least(losses.iter().copied());
        best(before).zip(best(after)).is_some_and(|(before, after)| before + self.min_delta < after)
    }
}

impl Pruner for Patient {
    fn name(&self) -> &'static str {
        "patient"
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        self.has_stalled(request) && self.wrapped.as_mut().is_none_or(|pruner| pruner.should_prune(request))
    }
}
