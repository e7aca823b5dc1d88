//! What speaks for an edge, in one number.
//!
//! Four confidences, each of which accounts in its own way for the winner having been chosen:
//!
//! - that the walk-forward's Sharpe ratio is above 0;
//! - the deflated Sharpe ratio on train;
//! - one minus the p-value of Hansen's test over all days;
//! - that the Sharpe ratio on validate is above 0.
//!
//! Each is turned into standard deviations of a normal distribution (its quantile; 3.3 at most, which is where a thousand
//! resamples end), and the evidence is their mean. They share days, so that the mean is no z-value itself: what it takes is
//! measured on markets with and without an edge (`benches/verdict`). Each of the four alone finds fewer edges at the same rate
//! of false alarms.
//!
//! # Source
//!
//! The mean of quantiles is the weighing of S. A. Stouffer et al., "The American Soldier", volume 1 (1949), without its
//! assumption of independence.

use super::{Selection, Validation, WalkForward};
use crate::statistics::normal_quantile;

/// Beyond so many standard deviations a confidence is a matter of resamples and tails.
const MOST: f64 = 3.3;

/// Confidences, in standard deviations; `None` where one is not to be had.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// That the walk-forward's Sharpe ratio is above 0.
    pub walk_forward: Option<f64>,
    /// That the winner's on train is above what the best of the trials would show without skill.
    pub deflated: Option<f64>,
    /// That the best of the trials beats doing nothing.
    pub superior: Option<f64>,
    /// That the winner's on validate is above 0.
    pub validate: Option<f64>,
}

impl Evidence {
    /// Of what was found.
    #[must_use]
    pub fn of(found: &Validation) -> Self {
        let selection: Option<&Selection> = found.selection.as_ref().ok();
        let walk_forward: Option<&WalkForward> = found.walk_forward.as_ref().ok();
        Self {
            walk_forward: walk_forward.map(|walk| deviations(walk.probability)),
            deflated: selection.map(|selection| deviations(selection.deflated)),
            superior: selection
                .and_then(|selection| selection.reality_check)
                .map(|check| deviations(1.0 - check.consistent)),
            validate: selection.and_then(|selection| selection.validate).map(deviations),
        }
    }

    /// Their mean. Nothing without the walk-forward and the statistics of selection.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.walk_forward.and(self.deflated)?;
        let parts = [self.walk_forward, self.deflated, self.superior, self.validate];
        let there: Vec<f64> = parts.into_iter().flatten().collect();
        Some(there.iter().sum::<f64>() / there.len() as f64)
    }
}

fn deviations(confidence: f64) -> f64 {
    normal_quantile(confidence.clamp(1e-6, 1.0 - 1e-6)).clamp(-MOST, MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidences_become_standard_deviations() {
        assert!((deviations(0.975) - 1.959_964).abs() < 1e-6);
        assert_eq!((deviations(1.0), deviations(0.0)), (MOST, -MOST));
    }

    #[test]
    fn evidence_is_the_mean_of_what_is_there_and_needs_the_first_two() {
        let all = Evidence { walk_forward: Some(2.0), deflated: Some(1.0), superior: Some(3.0), validate: None };
        assert_eq!(all.mean(), Some(2.0));
        assert_eq!(Evidence { deflated: None, ..all }.mean(), None);
    }
}
