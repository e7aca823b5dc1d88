//! `bartune.Optimizer`: ask, tell, best.

use std::collections::BTreeMap;
use std::sync::Mutex;

use bartune::search::space::Assignment;
use bartune::search::trial::{StudyDirection, TrialState};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::engine::{Engine, Told, lock, state};
use super::space::Given;
use crate::error::raised;

/// A point to be evaluated.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct Asked {
    /// Which proposal it is, from 0.
    #[pyo3(get)]
    number: u64,
    /// Its values by name.
    #[pyo3(get)]
    params: Py<PyDict>,
}

#[pymethods]
impl Asked {
    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("Asked(number={}, params={})", self.number, self.params.bind(py).repr()?))
    }
}

/// The best that was told.
struct Best {
    number: u64,
    value: f64,
    params: Py<PyDict>,
}

/// Ask and tell over one of the samplers.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct OptimizerHandle(Mutex<State>);

struct State {
    engine: Engine,
    asked: u64,
    /// Asked and not yet told, by number.
    pending: BTreeMap<u64, (Assignment, Py<PyDict>)>,
    best: Option<Best>,
}

#[pymethods]
impl OptimizerHandle {
    #[new]
    #[pyo3(signature = (params, directions, sampler, options, budget, seed))]
    fn new(
        py: Python<'_>,
        params: Vec<Given>,
        directions: Vec<String>,
        sampler: &str,
        options: &str,
        budget: u64,
        seed: u64,
    ) -> PyResult<Self> {
        let engine = Engine::new(py, params, &directions, (sampler, options, budget), seed)?;
        Ok(Self(Mutex::new(State { engine, asked: 0, pending: BTreeMap::new(), best: None })))
    }

    /// The name of the sampler.
    #[getter]
    fn sampler(&self, py: Python<'_>) -> &'static str {
        lock(&self.0, py).engine.sampler()
    }

    /// Trials told.
    fn __len__(&self, py: Python<'_>) -> usize {
        usize::try_from(lock(&self.0, py).engine.told()).unwrap_or(usize::MAX)
    }

    /// The next point.
    fn ask(&self, py: Python<'_>) -> PyResult<Asked> {
        let mut state = lock(&self.0, py);
        let pending: Vec<Assignment> = state.pending.values().map(|(assignment, _)| assignment.clone()).collect();
        let number = state.asked;
        let assignment = state.engine.propose(py, number, 0, &pending)?;
        let params = state.engine.space.to_python(py, &assignment)?.unbind();
        state.asked += 1;
        state.pending.insert(number, (assignment, params.clone_ref(py)));
        Ok(Asked { number, params })
    }

    /// What became of a point that was asked for.
    #[pyo3(signature = (number, values, state_name, violations, reports))]
    fn tell(
        &self,
        py: Python<'_>,
        number: u64,
        values: Vec<f64>,
        state_name: &str,
        violations: Vec<f64>,
        reports: Vec<(i64, f64)>,
    ) -> PyResult<()> {
        let ending = state(state_name)?;
        let mut state = lock(&self.0, py);
        let Some((assignment, params)) = state.pending.get(&number) else {
            let why = if number < state.asked { "it was told already" } else { "it was never asked for" };
            return Err(raised("ParamsError", &format!("trial {number} cannot be told: {why}")));
        };
        state.check(&values, ending)?;
        let (assignment, params) = (assignment.clone(), params.clone_ref(py));
        state.learn(py, (number, params), assignment, (ending, values, violations, reports))?;
        state.pending.remove(&number);
        Ok(())
    }

    /// A point that was evaluated elsewhere.
    #[pyo3(signature = (params, values, state_name, violations, reports))]
    fn add(
        &self,
        py: Python<'_>,
        params: &Bound<'_, PyDict>,
        values: Vec<f64>,
        state_name: &str,
        violations: Vec<f64>,
        reports: Vec<(i64, f64)>,
    ) -> PyResult<u64> {
        let ending = state(state_name)?;
        let mut state = lock(&self.0, py);
        state.check(&values, ending)?;
        let assignment = state.engine.space.to_assignment(params)?;
        if !state.engine.space.space.is_member(&assignment) || assignment.len() != params.len() {
            let known: Vec<&str> = state.engine.space.names().collect();
            let message = format!("{} is no point of the space of {}", params.repr()?, known.join(", "));
            return Err(raised("ParamsError", &message));
        }
        let number = state.asked;
        state.asked += 1;
        state.learn(py, (number, params.copy()?.unbind()), assignment, (ending, values, violations, reports))?;
        Ok(number)
    }

    /// Number, value and parameters of the best feasible trial told, where there is one objective.
    fn best(&self, py: Python<'_>) -> PyResult<Option<(u64, f64, Py<PyDict>)>> {
        let state = lock(&self.0, py);
        if state.engine.directions.len() > 1 {
            return Err(raised("ParamsError", "there are several objectives: no single trial is the best"));
        }
        Ok(state.best.as_ref().map(|best| (best.number, best.value, best.params.clone_ref(py))))
    }
}

type Outcome = (TrialState, Vec<f64>, Vec<f64>, Vec<(i64, f64)>);

impl State {
    fn check(&self, values: &[f64], state: TrialState) -> PyResult<()> {
        let objectives = self.engine.directions.len();
        if values.len() != objectives && (state == TrialState::Complete || !values.is_empty()) {
            let message = format!("{} values were told for {objectives} objectives", values.len());
            return Err(raised("ParamsError", &message));
        }
        Ok(())
    }

    fn learn(
        &mut self,
        py: Python<'_>,
        (number, params): (u64, Py<PyDict>),
        assignment: Assignment,
        (state, values, violations, reports): Outcome,
    ) -> PyResult<()> {
        let is_feasible = state == TrialState::Complete && violations.iter().all(|violation| *violation <= 0.0);
        if let (true, [value]) = (is_feasible, &values[..]) {
            let is_better = |best: &Best| match self.engine.directions[0] {
                StudyDirection::Minimize => *value < best.value,
                StudyDirection::Maximize => *value > best.value,
            };
            if !value.is_nan() && self.best.as_ref().is_none_or(is_better) {
                self.best = Some(Best { number, value: *value, params: params.bind(py).copy()?.unbind() });
            }
        }
        let told = Told { params: assignment, values, violations, reports: reports.into_iter().collect() };
        self.engine.learn(state, told)
    }
}
