//! Stages: of the trials that reach one, the best part goes on to the next.
//!
//! At the first step a trial goes on if it is among the best `keep[0]` of all that have reported there, itself
//! included; at the second by `keep[1]`; and so on. The first trial of a stage always goes on, so that something
//! is tried in full from the start. Asynchronous successive halving with shares of its own for each stage:
//! nothing waits for a stage to fill.
//!
//! - **NaN** is worse than any number and never goes on.
//! - **Ties** go to the earlier trial.
//!
//! # Source
//!
//! Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020 (asynchronous promotion).

use super::{PruneRequest, Pruner, PrunerError, loss};

/// Lets the best part of each stage go on.
#[derive(Debug, Clone)]
pub struct Stages {
    keep: Vec<f64>,
}

impl Stages {
    /// `keep` is the share that goes on from each stage, in the order of the steps, above 0 and at most 1.
    ///
    /// # Errors
    ///
    /// [`PrunerError::Option`] for a share out of its range.
    pub fn try_new(keep: Vec<f64>) -> Result<Self, PrunerError> {
        match keep.iter().find(|share| !(**share > 0.0 && **share <= 1.0)) {
            Some(share) => Err(PrunerError::Option {
                pruner: "stages",
                option: "keep",
                expected: "above 0 and at most 1",
                got: share.to_string(),
            }),
            None => Ok(Self { keep }),
        }
    }
}

impl Pruner for Stages {
    fn name(&self) -> &'static str {
        "stages"
    }

    fn should_prune(&mut self, request: &PruneRequest<'_>) -> bool {
        let Some((step, value)) = request.last() else { return false };
        let Some(keep) = self.keep.get(request.reports.len() - 1) else { return false };
        if value.is_nan() {
            return true;
        }
        let own = loss(value, request.direction);
        let (mut reached, mut better) = (1_usize, 0_usize);
        for row in 0..request.view.len() {
            let Some((_, other)) = request.view.reports(row).find(|(at, _)| *at == step) else { continue };
            reached += 1;
            better += usize::from(loss(other, request.direction) <= own);
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let places = ((keep * reached as f64).round() as usize).max(1);
        better >= places
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::history::History;
    use crate::testing::space::{always, int, space};
    use crate::trial::{StudyDirection, Trial, TrialState};
    use indexmap::IndexMap;

    fn history(values: &[f64]) -> History {
        let space = space(&[("n", always(int(1, 9)))], vec![]).expect("it is well formed");
        let trial = |(number, value): (usize, &f64)| Trial {
            number: number as u64,
            state: TrialState::Pruned,
            params: BTreeMap::new(),
            distributions: IndexMap::new(),
            values: vec![],
            constraints: IndexMap::new(),
            intermediate_values: [(10, *value)].into_iter().collect(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: None,
            finished_ms: None,
            duplicate_of: None,
        };
        let trials: Vec<Trial> = values.iter().enumerate().map(trial).collect();
        History::from_trials(&space, 1, &trials).expect("numbers follow each other")
    }

    fn goes_on(seen: &[f64], own: f64, direction: StudyDirection) -> bool {
        let history = history(seen);
        let reports = [(10, own)].into_iter().collect();
        let view = history.view(history.len());
        let request = PruneRequest { direction, view, seed: 0, number: seen.len() as u64, reports: &reports };
        !Stages::try_new(vec![0.25]).expect("a share").should_prune(&request)
    }

    #[test]
    fn the_best_quarter_goes_on() {
        let seen = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
        // Of eight trials two go on.
        assert!(goes_on(&seen, 6.5, StudyDirection::Maximize));
        assert!(!goes_on(&seen, 5.5, StudyDirection::Maximize));
        assert!(goes_on(&seen, 1.5, StudyDirection::Minimize));
        assert!(!goes_on(&seen, 2.5, StudyDirection::Minimize));
    }

    #[test]
    fn the_first_goes_on_and_nan_never_does() {
        assert!(goes_on(&[], -5.0, StudyDirection::Maximize));
        assert!(!goes_on(&[], f64::NAN, StudyDirection::Maximize));
        assert!(goes_on(&[f64::NAN, f64::NAN], -5.0, StudyDirection::Maximize));
    }

    #[test]
    fn of_equal_trials_the_earlier_goes_on() {
        assert!(!goes_on(&[1.0], 1.0, StudyDirection::Maximize));
    }

    #[test]
    fn shares_are_checked() {
        assert!(Stages::try_new(vec![0.5, 0.0]).is_err());
        assert!(Stages::try_new(vec![1.5]).is_err());
    }
}
