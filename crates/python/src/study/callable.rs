//! A strategy that is an object of Python: carried to worker processes, or called here.
//!
//! `bartune.carry` says what it is: an object with `name`, and either `spec` (what a worker is told) or `hello` and
//! `answer`, which take and give what goes over a worker's socket. Here it is called on the search's own threads, each of
//! which holds Python's lock (where there is one) for as long as its call.

use std::sync::Arc;

use bartune::strategy::ColumnStrategy;
use pyo3::prelude::*;

use crate::error::raised;

#[cfg(unix)]
pub(super) fn strategy(carried: &Bound<'_, PyAny>) -> PyResult<Arc<dyn ColumnStrategy>> {
    use bartune::strategy::python::PythonStrategy;
    use serde_json::Value;

    let py = carried.py();
    let name: String = carried.getattr("name")?.extract()?;
    let started = match crate::value::to_json(&carried.getattr("spec")?)? {
        Value::Object(spec) => py.detach(|| PythonStrategy::start_callable(&name, spec)),
        _ => {
            let hello: Vec<u8> = carried.call_method0("hello")?.extract()?;
            PythonStrategy::here(&name, &hello, Arc::new(here::Called(carried.getattr("answer")?.unbind())))
        }
    };
    let told = |error: bartune::strategy::python::CannotStart| match error.help {
        Some(help) => format!("{}; {help}", error.message),
        None => error.message,
    };
    started.map(|strategy| Arc::new(strategy) as _).map_err(|error| raised("StrategyError", &told(error)))
}

#[cfg(not(unix))]
pub(super) fn strategy(_: &Bound<'_, PyAny>) -> PyResult<Arc<dyn ColumnStrategy>> {
    Err(raised("StrategyError", "strategies in Python are run on Unix systems only"))
}

#[cfg(unix)]
mod here {
    use bartune::strategy::python::Answers;
    use pyo3::prelude::*;
    use pyo3::types::PyBytes;

    /// A callable from a question to its answer.
    #[derive(Debug)]
    pub(super) struct Called(pub(super) Py<PyAny>);

    impl Answers for Called {
        fn answer(&self, question: &[u8]) -> Vec<u8> {
            Python::attach(|py| {
                let answer = self.0.call1(py, (PyBytes::new(py, question),));
                // What the strategy raises is an answer; what is raised here is a mistake of ours.
                let answer = answer.and_then(|answer| answer.bind(py).extract::<Vec<u8>>());
                answer.unwrap_or_else(|error| format!("E{error}").into_bytes())
            })
        }
    }
}
