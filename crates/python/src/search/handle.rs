//! An engine as the Optuna samplers use it: they keep the trials, and tell those that are new.

use std::sync::Mutex;

use bartune::search::space::Assignment;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::engine::{Engine, Told, lock, state};
use super::space::Given;

/// Proposes points of one space.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct EngineHandle(Mutex<Engine>);

#[pymethods]
impl EngineHandle {
    #[new]
    #[pyo3(signature = (params, directions, sampler, options, seed))]
    fn new(
        py: Python<'_>,
        params: Vec<Given>,
        directions: Vec<String>,
        sampler: &str,
        options: &str,
        seed: u64,
    ) -> PyResult<Self> {
        Engine::new(py, params, &directions, (sampler, options, 0), seed).map(|engine| Self(Mutex::new(engine)))
    }

    /// Learn from a finished trial; parameters that are not the space's are passed over.
    #[pyo3(signature = (params, state_name, values, violations, reports))]
    fn learn(
        &self,
        params: &Bound<'_, PyDict>,
        state_name: &str,
        values: Vec<f64>,
        violations: Vec<f64>,
        reports: Vec<(i64, f64)>,
    ) -> PyResult<()> {
        let mut engine = lock(&self.0, params.py());
        let params = engine.space.to_assignment(params)?;
        let told = Told { params, values, violations, reports: reports.into_iter().collect() };
        engine.learn(state(state_name)?, told)
    }

    /// The point of a trial; `pending` are the parameters of trials that are being evaluated.
    fn propose<'py>(
        &self,
        py: Python<'py>,
        number: u64,
        pending: Vec<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let mut engine = lock(&self.0, py);
        let pending = pending.iter().map(|params| engine.space.to_assignment(params));
        let pending: Vec<Assignment> = pending.collect::<PyResult<_>>()?;
        // Only whole points: what a running trial has not decided yet says nothing.
        let width = engine.space.space.len();
        let pending: Vec<Assignment> = pending.into_iter().filter(|params| params.len() == width).collect();
        let assignment = engine.propose(py, number, 0, &pending)?;
        engine.space.to_python(py, &assignment)
    }
}
