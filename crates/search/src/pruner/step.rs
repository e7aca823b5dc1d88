//! At which steps a pruner looks.

use super::PrunerError;

/// Checks begin at step `warmup` and are made once in each interval from there on. A check that falls on
/// a step without a report is made at the next report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// No check before this step. Default 0.
    pub warmup: i64,
    /// Steps from one check to the next, at least 1. Default 1.
    pub interval: i64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { warmup: 0, interval: 1 }
    }
}

impl Schedule {
    pub(super) fn validated(self, pruner: &'static str) -> Result<Self, PrunerError> {
        let error =
            |option, expected, got: i64| Err(PrunerError::Option { pruner, option, expected, got: got.to_string() });
        if self.warmup < 0 {
            return error("warmup_steps", "at least 0", self.warmup);
        }
        if self.interval < 1 {
            return error("interval_steps", "at least 1", self.interval);
        }
        Ok(self)
    }

    /// Whether the last of these increasing steps is the first one of its interval.
    pub(super) fn is_due(self, mut steps: impl DoubleEndedIterator<Item = i64>) -> bool {
        let Some(step) = steps.next_back().filter(|step| *step >= self.warmup) else {
            return false;
        };
        let begins = step - (step - self.warmup) % self.interval;
        steps.next_back().is_none_or(|before| before < begins)
    }
}
