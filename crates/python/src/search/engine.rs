//! A space, a sampler, and the history it learns from.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bartune::config::{SamplerPlan, parse_sampler};
use bartune::search::history::History;
use bartune::search::sampler::{Request, Sampler};
use bartune::search::space::Assignment;
use bartune::search::trial::{StudyDirection, Trial, TrialState};
use indexmap::IndexMap;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;

use super::space::{Given, PySpace};
use crate::error::{exception_of, raised};

/// What became of a trial.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) params: Assignment,
    pub(crate) values: Vec<f64>,
    pub(crate) violations: Vec<f64>,
    pub(crate) reports: BTreeMap<i64, f64>,
}

/// Proposes points of one space.
pub(crate) struct Engine {
    pub(crate) space: PySpace,
    pub(crate) directions: Vec<StudyDirection>,
    sampler: Box<dyn Sampler>,
    history: History,
    seed: u64,
}

/// Take what is behind a lock. Whoever waits for it leaves Python's lock to others.
pub(crate) fn lock<'a, T>(behind: &'a Mutex<T>, py: Python<'_>) -> MutexGuard<'a, T> {
    behind.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
}

/// `"minimize"` or `"maximize"`.
pub(crate) fn direction(word: &str) -> PyResult<StudyDirection> {
    match word {
        "minimize" => Ok(StudyDirection::Minimize),
        "maximize" => Ok(StudyDirection::Maximize),
        other => Err(raised("ParamsError", &format!("`{other}` is no direction: use \"minimize\" or \"maximize\""))),
    }
}

/// Optuna's name of a state.
pub(crate) fn state(word: &str) -> PyResult<TrialState> {
    match word {
        "complete" | "COMPLETE" => Ok(TrialState::Complete),
        "pruned" | "PRUNED" => Ok(TrialState::Pruned),
        "fail" | "FAIL" => Ok(TrialState::Fail),
        "running" | "RUNNING" => Ok(TrialState::Running),
        "waiting" | "WAITING" => Ok(TrialState::Waiting),
        other => {
            Err(raised("ParamsError", &format!("`{other}` is no state: use \"complete\", \"pruned\" or \"fail\"")))
        }
    }
}

impl Engine {
    pub(crate) fn new(
        py: Python<'_>,
        params: Vec<Given>,
        directions: &[String],
        (sampler, options, budget): (&str, &str, u64),
        seed: u64,
    ) -> PyResult<Self> {
        let directions = directions.iter().map(|word| direction(word)).collect::<PyResult<Vec<_>>>()?;
        if directions.is_empty() {
            return Err(raised("ParamsError", "there is no objective: give a direction for each"));
        }
        let space = PySpace::new(py, params)?;
        let plan = parse_sampler(sampler, options).map_err(|error| exception_of(&error.into()))?;
        let (plan, _): (SamplerPlan, _) = plan.resolved(&space.space, directions.len(), budget);
        let sampler = plan.build().map_err(|error| exception_of(&error.into()))?;
        let history = History::new(&space.space, directions.len());
        Ok(Self { space, directions, sampler, history, seed })
    }

    /// The name of its sampler.
    pub(crate) fn sampler(&self) -> &'static str {
        self.sampler.name()
    }

    /// Trials told.
    pub(crate) fn told(&self) -> u64 {
        self.history.len()
    }

    /// The point of a trial; `pending` are those of trials that are being evaluated. Python's lock is free meanwhile.
    pub(crate) fn propose(
        &mut self,
        py: Python<'_>,
        number: u64,
        attempt: u64,
        pending: &[Assignment],
    ) -> PyResult<Assignment> {
        let (space, directions, history, seed) = (&self.space.space, &self.directions, &self.history, self.seed);
        let sampler = &mut self.sampler;
        let view = history.view(history.len());
        let request = Request { space, directions, view, pending, seed, number, attempt };
        py.detach(|| sampler.propose(&request)).map_err(|error| exception_of(&error.into()))
    }

    /// Learn from a trial.
    pub(crate) fn learn(&mut self, state: TrialState, told: Told) -> PyResult<()> {
        let violations = told.violations.into_iter().enumerate();
        let trial = Trial {
            number: self.history.len(),
            state,
            params: told.params,
            distributions: IndexMap::new(),
            values: told.values,
            constraints: violations.map(|(index, value)| (index.to_string(), value)).collect(),
            intermediate_values: told.reports,
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: None,
            finished_ms: None,
            duplicate_of: None,
        };
        self.history.append(&trial).map_err(|error| exception_of(&error.into()))
    }
}
