//! Guards: sets of signatures that several programs share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bartune::search::identity::{Signature, param_signature_of_json};
use bartune::storage::guard::{Guard, GuardError, open};
use pyo3::prelude::*;

use crate::error::raised;
use crate::value::to_json;

/// A guard of some name at some location.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct GuardHandle(Mutex<Box<dyn Guard>>);

/// The signature of parameters: SHA-256 of their canonical JSON, in lower-case hex.
#[pyfunction]
pub(crate) fn param_signature(params: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(param_signature_of_json(&to_json(params)?))
}

#[pymethods]
impl GuardHandle {
    #[new]
    fn new(py: Python<'_>, location: String, name: String) -> PyResult<Self> {
        let guard = py.detach(|| open(&location, &name)).map_err(|error| failed(&error))?;
        Ok(Self(Mutex::new(guard)))
    }

    /// Add one; whether it was new.
    fn add(&self, py: Python<'_>, signature: &str) -> PyResult<bool> {
        let signature = parsed(signature)?;
        self.with(py, |guard| guard.add(&signature))
    }

    /// Add many; how many were new.
    fn add_batch(&self, py: Python<'_>, signatures: Vec<String>) -> PyResult<u64> {
        let signatures = all_parsed(&signatures)?;
        self.with(py, |guard| guard.add_batch(&signatures))
    }

    /// For each, whether it was added.
    fn contains_batch(&self, py: Python<'_>, signatures: Vec<String>) -> PyResult<Vec<bool>> {
        let signatures = all_parsed(&signatures)?;
        self.with(py, |guard| guard.contains_batch(&signatures))
    }

    /// How many there are.
    fn count(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |guard| guard.len())
    }

    /// Remove all.
    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |guard| guard.clear())
    }
}

impl GuardHandle {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut MutexGuard<'_, Box<dyn Guard>>) -> Result<T, GuardError> + Send,
    ) -> PyResult<T> {
        py.detach(|| work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))).map_err(|error| failed(&error))
    }
}

fn failed(error: &GuardError) -> PyErr {
    raised("GuardError", &error.to_string())
}

fn parsed(text: &str) -> PyResult<Signature> {
    text.parse()
        .map_err(|_| raised("ParamsError", &format!("`{text}` is no signature: 64 lower-case hexadecimal digits")))
}

fn all_parsed(texts: &[String]) -> PyResult<Vec<Signature>> {
    texts.iter().map(|text| parsed(text)).collect()
}
