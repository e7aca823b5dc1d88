//! A study without threads or storage: proposals, results and duplicates in the promised order.
//!
//! Proposal `n` sees the results of trials `0..=n - lag` and the parameters of the trials between.
//! It is the reference for what any number of workers must reproduce.

use indexmap::IndexMap;

use crate::history::{History, HistoryError};
use crate::sampler::{Request, Sampler, SamplerError};
use crate::space::{Assignment, Space};
use crate::trial::{StudyDirection, Trial, TrialState};

/// What became of a trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// COMPLETE, PRUNED or FAIL; `None` means COMPLETE.
    pub state: Option<TrialState>,
    /// The objective's value, if there is one.
    pub value: Option<f64>,
    /// The value of the only constraint, if there is one.
    pub constraint: Option<f64>,
    /// Last step and the value there.
    pub intermediate: Option<(i64, f64)>,
    /// The earlier trial that this one repeats.
    pub duplicate_of: Option<u64>,
}

impl Outcome {
    /// A complete trial.
    #[must_use]
    pub fn complete(value: f64) -> Self {
        Self { value: Some(value), ..Self::default() }
    }
}

/// A complete trial of these parameters, without values.
#[must_use]
pub fn trial_of(space: &Space, number: u64, params: Assignment) -> Trial {
    let distributions = params.keys().filter_map(|name| Some((name.clone(), space.distribution(name)?.clone())));
    Trial {
        number,
        state: TrialState::Complete,
        distributions: distributions.collect(),
        params,
        values: Vec::new(),
        constraints: IndexMap::new(),
        intermediate_values: std::collections::BTreeMap::new(),
        user_attrs: IndexMap::new(),
        system_attrs: IndexMap::new(),
        started_ms: None,
        finished_ms: None,
        duplicate_of: None,
    }
}

/// A study to be run.
pub struct Study<'a> {
    /// Where the parameters come from.
    pub space: &'a Space,
    /// The only objective's direction.
    pub direction: StudyDirection,
    /// The seed.
    pub seed: u64,
    /// How many trials may be in flight, at least 1.
    pub lag: u64,
    /// The outcome of a trial, by number and parameters.
    pub evaluate: &'a dyn Fn(u64, &Assignment) -> Outcome,
}

impl Study<'_> {
    /// The trial of these parameters, evaluated.
    #[must_use]
    pub fn trial(&self, number: u64, params: Assignment) -> Trial {
        let outcome = (self.evaluate)(number, &params);
        Trial {
            state: outcome.state.unwrap_or(TrialState::Complete),
            values: outcome.value.into_iter().collect(),
            constraints: outcome.constraint.map(|value| ("limit".to_owned(), value)).into_iter().collect(),
            intermediate_values: outcome.intermediate.into_iter().collect(),
            duplicate_of: outcome.duplicate_of,
            ..trial_of(self.space, number, params)
        }
    }

    /// Continue from `trials` until there are `total`, or the sampler has proposed every point.
    ///
    /// # Errors
    ///
    /// Whatever the sampler answers, other than [`SamplerError::Exhausted`].
    ///
    /// # Panics
    ///
    /// If the numbers of `trials` are not 0, 1, 2, …
    pub fn run(
        &self,
        sampler: &mut dyn Sampler,
        mut trials: Vec<Trial>,
        total: u64,
    ) -> Result<Vec<Trial>, SamplerError> {
        let history = History::from_trials(self.space, 1, &trials);
        let mut history: History = history.expect("trials come in the order of their numbers");
        for number in trials.len() as u64..total {
            let seen = (number + 1).saturating_sub(self.lag);
            let pending: Vec<Assignment> = trials[seen as usize..].iter().map(|trial| trial.params.clone()).collect();
            let proposed = sampler.propose(&Request {
                space: self.space,
                directions: &[self.direction],
                view: history.view(seen),
                pending: &pending,
                seed: self.seed,
                number,
                attempt: 0,
            });
            let params = match proposed {
                Err(SamplerError::Exhausted { .. }) => break,
                proposed => proposed?,
            };
            let trial = self.trial(number, params);
            let appended: Result<(), HistoryError> = history.append(&trial);
            appended.expect("numbers count up");
            trials.push(trial);
        }
        Ok(trials)
    }
}
