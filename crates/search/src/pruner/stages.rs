//! Stages: of the trials that reach one, the best part goes on to the next.
//!
//! At the first step a trial goes on if it is among the best `keep[0]` of those that have reported there of late, itself
//! included; at the second by `keep[1]`; and so on. Asynchronous successive halving with shares of its own for each
//! stage: nothing waits for a stage to fill. Where that alone would let through more than the share that was asked for,
//! three things hold it:
//!
//! - **Of late** are the last [`WINDOW`]` / keep` that were seen to report. A sampler learns, so that most trials are better
//!   than most that came long before.
//! - **A quota**: of all that were seen to report, no more than the share and one have gone on. The best so far is free of it.
//! - **The first ones** have nobody to be compared with, and with many trials in flight they are many: until one place's worth of
//!   trials has been seen, every so many-th goes on, by its number. Trial 0 always does.
//! - **NaN** is worse than any number and never goes on.
//! - **Ties** go to the earlier trial.
//!
//! # Source
//!
//! Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020 (asynchronous promotion). Window, quota and
//! the thinning of the first trials are our own.

use super::{PruneRequest, Pruner, PrunerError, loss};

/// Places in the window that a trial is compared with.
const WINDOW: usize = 8;

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
        let stage = request.reports.len().saturating_sub(1);
        let (Some((step, value)), Some(&keep)) = (request.last(), self.keep.get(stage)) else { return false };
        if value.is_nan() {
            return true;
        }
        let seen = Seen::of(request, step, (loss(value, request.direction), keep));
        if (seen.reached as f64) * keep < 1.0 {
            return !request.number.is_multiple_of(self.stride(stage));
        }
        let is_within = (seen.passed as f64) < keep * (seen.reached + 1) as f64 + 1.0;
        let is_among_the_best = seen.better_of_late < places(keep, seen.of_late + 1);
        !(seen.better == 0 || is_within && is_among_the_best)
    }
}

impl Stages {
    /// Of how many trials one comes through this stage.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of at least 1")]
    fn stride(&self, stage: usize) -> u64 {
        let share: f64 = self.keep[..=stage].iter().product();
        (1.0 / share).round() as u64
    }
}

/// Places among so many.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
fn places(keep: f64, count: usize) -> usize {
    ((keep * count as f64).round() as usize).max(1)
}

/// How those stand that were seen to report at a step.
#[derive(Debug, Default)]
struct Seen {
    /// All of them.
    reached: usize,
    /// Those that went on.
    passed: usize,
    /// Those that are as good or better.
    better: usize,
    /// The last of them, and how many of these are as good or better.
    of_late: usize,
    better_of_late: usize,
}

impl Seen {
    fn of(request: &PruneRequest<'_>, step: i64, (own, keep): (f64, f64)) -> Self {
        let (view, mut seen) = (&request.view, Self::default());
        // As many trials as have that many places.
        let window = places(1.0 / keep, WINDOW);
        for row in (0..view.len()).rev() {
            let Some((_, other)) = view.reports(row).find(|(at, _)| *at == step) else { continue };
            let is_better = loss(other, request.direction) <= own;
            seen.reached += 1;
            seen.better += usize::from(is_better);
            seen.passed += usize::from(!view.is_pruned(row) || view.reports(row).any(|(at, _)| at > step));
            if seen.of_late < window {
                seen.of_late += 1;
                seen.better_of_late += usize::from(is_better);
            }
        }
        seen
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

    fn trial(number: u64, value: f64, state: TrialState) -> Trial {
        Trial {
            number,
            state,
            params: BTreeMap::new(),
            distributions: IndexMap::new(),
            values: if state == TrialState::Complete { vec![value] } else { vec![] },
            constraints: IndexMap::new(),
            intermediate_values: [(10, value)].into_iter().collect(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: None,
            finished_ms: None,
            duplicate_of: None,
        }
    }

    fn history(values: &[f64]) -> History {
        let space = space(&[("n", always(int(1, 9)))], vec![]).expect("it is well formed");
        let pruned = |(number, value): (usize, &f64)| trial(number as u64, *value, TrialState::Pruned);
        let trials: Vec<Trial> = values.iter().enumerate().map(pruned).collect();
        History::from_trials(&space, 1, &trials).expect("numbers follow each other")
    }

    fn goes_on(seen: &[f64], own: f64, direction: StudyDirection) -> bool {
        numbered(&history(seen), seen.len() as u64, own, direction)
    }

    fn numbered(history: &History, number: u64, own: f64, direction: StudyDirection) -> bool {
        let reports = [(10, own)].into_iter().collect();
        let view = history.view(history.len());
        let request = PruneRequest { direction, view, seed: 0, number, reports: &reports };
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
        assert!(goes_on(&[f64::NAN; 8], -5.0, StudyDirection::Maximize));
        assert!(!goes_on(&[f64::NAN; 8], f64::NAN, StudyDirection::Maximize));
    }

    #[test]
    fn while_nobody_was_seen_one_in_four_goes_on() {
        let nobody = history(&[]);
        let on: Vec<u64> = (0..16).filter(|&number| numbered(&nobody, number, 1.0, StudyDirection::Maximize)).collect();
        assert_eq!(on, [0, 4, 8, 12]);
    }

    #[test]
    fn a_trial_is_compared_with_those_of_late() {
        // A hundred bad ones long ago make nobody good: 32 of late count.
        let seen: Vec<f64> = [0.0; 100].into_iter().chain((1..=32).map(f64::from)).collect();
        assert!(!goes_on(&seen, 20.5, StudyDirection::Maximize));
        assert!(goes_on(&seen, 25.5, StudyDirection::Maximize));
    }

    #[test]
    fn no_more_go_on_than_the_share_but_for_the_best_so_far() {
        let mut history = history(&[]);
        for number in 0..40_u64 {
            let value = number as f64;
            history.append(&trial(number, value, TrialState::Complete)).expect("numbers follow each other");
        }
        // All forty went on, thirty too many.
        assert!(!numbered(&history, 40, 38.5, StudyDirection::Maximize));
        assert!(numbered(&history, 40, 39.5, StudyDirection::Maximize));
    }

    #[test]
    fn of_equal_trials_the_earlier_goes_on() {
        assert!(!goes_on(&[1.0; 8], 1.0, StudyDirection::Maximize));
    }

    #[test]
    fn shares_are_checked() {
        assert!(Stages::try_new(vec![0.5, 0.0]).is_err());
        assert!(Stages::try_new(vec![1.5]).is_err());
    }
}
