//! Keep the best part of the trials, as others stood at the same step.
//!
//! A trial is stopped when its best value so far is worse than the given percentile of the values that
//! complete trials reported at this very step. The median pruner is this with 50.
//!
//! - The percentile interpolates linearly between the order statistics, as NumPy does.
//! - A trial whose values are all NaN is stopped. NaN values of others are ignored; if there are no
//!   others, or if interpolating between infinities gives no number, the trial goes on.
//!
//! Golovin et al., "Google Vizier", KDD 2017, section 3.5.2 (the median rule).

use std::collections::BTreeMap;

use super::{PruneRequest, Pruner, PrunerError, Schedule, least, loss};
use crate::history::Cursor;

/// The options of [`Percentile`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PercentileOptions {
    /// Keep so many percent of the trials, in `[0, 100]`.
    pub percentile: f64,
    /// Stop nothing before so many trials are complete. Default 5.
    pub startup_trials: usize,
    /// Stop nothing at steps that fewer complete trials reported; at least 1, the default.
    pub min_trials: usize,
    /// When to look. Default: at every step.
    pub schedule: Schedule,
}

impl Default for PercentileOptions {
    /// The median pruner with Optuna's defaults.
    fn default() -> Self {
        Self { percentile: 50.0, startup_trials: 5, min_trials: 1, schedule: Schedule::default() }
    }
}

/// Stops trials that are not among the best at their step.
///
/// ```
/// use bartune_search::pruner::{Percentile, PercentileOptions};
/// let median = Percentile::try_new(PercentileOptions::default());
/// assert!(median.is_ok());
/// assert!(Percentile::try_new(PercentileOptions { percentile: 101.0, ..Default::default() }).is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Percentile {
    options: PercentileOptions,
    cursor: Cursor,
    complete: usize,
    /// What complete trials reported at each step.
    columns: BTreeMap<i64, Column>,
}

/// The values at one step: the numbers in increasing order, and how many there are with the NaN ones.
#[derive(Debug, Clone, Default)]
struct Column {
    sorted: Vec<f64>,
    reports: usize,
}

impl Percentile {
    /// A pruner with these options.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] for an option out of its range.
    pub fn try_new(options: PercentileOptions) -> Result<Self, PrunerError> {
        let error = |option, expected, got| Err(PrunerError::Option { pruner: "percentile", option, expected, got });
        if !(0.0..=100.0).contains(&options.percentile) {
            return error("percentile", "between 0 and 100", options.percentile.to_string());
        }
        if options.min_trials < 1 {
            return error("min_trials", "at least 1", options.min_trials.to_string());
        }
        options.schedule.validated("percentile")?;
        Ok(Self { options, ..Self::default() })
    }

    fn update(&mut self, request: &PruneRequest<'_>) {
        let (is_other, rows) = self.cursor.advance(&request.view);
        if is_other {
            self.complete = 0;
            self.columns.clear();
        }
        for row in rows.filter(|&row| request.view.is_complete(row)) {
            self.complete += 1;
            for (step, value) in request.view.reports(row) {
                let column = self.columns.entry(step).or_default();
                column.reports += 1;
                if !value.is_nan() {
                    let place = column.sorted.partition_point(|other| other.total_cmp(&value).is_lt());
                    column.sorted.insert(place, value);
                }
            }
        }
    }

    /// The least good value that a trial may have at a step, as a loss.
    fn limit(&self, request: &PruneRequest<'_>, step: i64) -> Option<f64> {
        let column = self.columns.get(&step).filter(|column| column.reports >= self.options.min_trials)?;
        let percentile = match request.direction {
            crate::trial::StudyDirection::Minimize => self.options.percentile,
            crate::trial::StudyDirection::Maximize => 100.0 - self.options.percentile,
        };
        quantile(&column.sorted, percentile / 100.0).map(|value| loss(value, request.direction))
    }
}

impl Pruner for Percentile {
    fn name(&self) -> &'static str {
        if self.options.percentile == 50.0 { "median" } else { "percentile" }
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        self.update(request);
        if self.complete == 0 || self.complete < self.options.startup_trials {
            return false;
        }
        let Some((step, _)) = request.last() else {
            return false;
        };
        if !self.options.schedule.is_due(request.reports.keys().copied()) {
            return false;
        }
        match least(request.reports.values().map(|&value| loss(value, request.direction))) {
            Some(best) => self.limit(request, step).is_some_and(|limit| best > limit),
            None => true,
        }
    }
}

/// The quantile of sorted values, interpolated; `None` without values or if it is no number.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let weight = place - below as f64;
    let gap = sorted[above] - sorted[below];
    // From the nearer end, so that both ends are met exactly.
    let value = if weight < 0.5 { sorted[below] + gap * weight } else { sorted[above] - gap * (1.0 - weight) };
    (!value.is_nan()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::quantile;

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 1.0), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[f64::NEG_INFINITY, f64::INFINITY], 0.5), None);
    }
}
