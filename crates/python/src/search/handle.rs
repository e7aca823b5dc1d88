//! An engine as the Optuna samplers use it: they keep the trials, and tell those that are new.

use bartune::search::space::Assignment;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::engine::{Engine, Told, state};
use super::space::Given;

/// Proposes points of one space.
#[pyclass(module = "bartune._bartune")]
pub(crate) struct EngineHandle(Engine);

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
        Engine::new(py, params, &directions, (sampler, options, 0), seed).map(Self)
    }

    /// Learn from a finished trial; parameters that are not the space's are passed over.
    #[pyo3(signature = (params, state_name, values, violations, reports))]
    fn learn(
        &mut self,
        params: &Bound<'_, PyDict>,
        state_name: &str,
        values: Vec<f64>,
        violations: Vec<f64>,
        reports: Vec<(i64, f64)>,
    ) -> PyResult<()> {
        let params = self.0.space.to_assignment(params)?;
        let told = Told { params, values, violations, reports: reports.into_iter().collect() };
        self.0.learn(state(state_name)?, told)
    }

    /// The point of a trial; `pending` are the parameters of trials that are being evaluated.
    fn propose<'py>(
        &mut self,
        py: Python<'py>,
        number: u64,
        pending: Vec<Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let pending = pending.iter().map(|params| self.0.space.to_assignment(params));
        let pending: Vec<Assignment> = pending.collect::<PyResult<_>>()?;
        // Only whole points: what a running trial has not decided yet says nothing.
        let width = self.0.space.space.len();
        let pending: Vec<Assignment> = pending.into_iter().filter(|params| params.len() == width).collect();
        let assignment = self.0.propose(number, 0, &pending)?;
        self.0.space.to_python(py, &assignment)
    }
}
