//! The rungs of successive halving, and who stands on them.
//!
//! Rung `k` is completed at the first report at or after step `first * factor^k`. What a trial had there
//! is read off its reports. A pruned trial was stopped at the first rung that its last report completed.

use crate::history::View;

/// Where the rungs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ladder {
    /// The step of rung 0.
    pub(super) first: i64,
    /// How many times further each rung is than the one before.
    pub(super) factor: i64,
}

impl Ladder {
    /// A ladder that begins `skipped` rungs up from `resource`.
    pub(super) fn new(resource: i64, factor: i64, skipped: u32) -> Self {
        Self { first: resource.saturating_mul(factor.saturating_pow(skipped)), factor }
    }

    /// The step of a rung; saturated ones are never reached.
    fn step(self, rung: u32) -> Option<i64> {
        let step = self.first.saturating_mul(self.factor.saturating_pow(rung));
        (step < i64::MAX).then_some(step)
    }

    pub(super) fn is_complete(self, rung: u32, step: i64) -> bool {
        self.step(rung).is_some_and(|due| step >= due)
    }

    /// How many rungs are complete after these reports.
    pub(super) fn completed(self, reports: impl Iterator<Item = (i64, f64)>) -> u32 {
        let mut rung = 0;
        for (step, _) in reports.filter(|(_, value)| !value.is_nan()) {
            while self.is_complete(rung, step) {
                rung += 1;
            }
        }
        rung
    }

    /// What a trial of the view had on each rung that it completed, from rung 0 on.
    pub(super) fn values(self, view: &View<'_>, row: usize) -> Vec<f64> {
        let mut values = Vec::new();
        let mut reports = view.reports(row).peekable();
        while let Some((step, value)) = reports.next() {
            let is_last_of_pruned = reports.peek().is_none() && view.is_pruned(row);
            while self.is_complete(values.len() as u32, step) {
                if value.is_nan() {
                    return values;
                }
                values.push(value);
                if is_last_of_pruned {
                    break;
                }
            }
        }
        values
    }
}
