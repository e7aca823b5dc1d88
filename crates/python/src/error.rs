//! Errors of the libraries as exceptions of `bartune.errors`.

use bartune::Error;
use bartune::diagnostic::Diagnostics;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// An exception of `bartune.errors` by its name.
pub(crate) fn raised(name: &str, message: &str) -> PyErr {
    Python::attach(|py| exception(py, name, message).map_or_else(|error| error, PyErr::from_value))
}

/// The exception that stands for an error.
pub(crate) fn exception_of(error: &Error) -> PyErr {
    Python::attach(|py| {
        let made = exception(py, class_of(error), &error.to_string()).and_then(|instance| {
            if let Error::Study(found) = error {
                instance.setattr("diagnostics", diagnostics(py, found)?)?;
            }
            Ok(instance)
        });
        made.map_or_else(|error| error, PyErr::from_value)
    })
}

/// What a worker's panic becomes: a mistake of ours, never a crash of the interpreter.
pub(crate) fn lost_worker() -> PyErr {
    PyRuntimeError::new_err("the engine panicked; please report what is on stderr")
}

fn exception<'py>(py: Python<'py>, name: &str, message: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("bartune.errors")?.getattr(name)?.call1((message,))
}

fn class_of(error: &Error) -> &'static str {
    match error {
        Error::Study(_) => "ConfigError",
        Error::Data(_) | Error::EmptySegment { .. } | Error::Timeframe { .. } => "DataError",
        Error::Read { .. } | Error::Write { .. } | Error::Import { .. } => "FileError",
        Error::Storage(_) => "StorageError",
        Error::Changed { .. } | Error::Incompatible { .. } => "ChangedError",
        Error::NoSegment { .. } | Error::NoStudy { .. } | Error::NoTrial { .. } | Error::NoWinner { .. } => {
            "NotFoundError"
        }
        Error::Params(_) | Error::FreshName { .. } => "ParamsError",
        Error::Strategy { .. }
        | Error::Worker { .. }
        | Error::Bind(_)
        | Error::Simulation(_)
        | Error::NeedsRules { .. } => "StrategyError",
        Error::Sampler(_) | Error::Pruner(_) => "SamplerError",
        _ => "Error",
    }
}

fn diagnostics<'py>(py: Python<'py>, found: &Diagnostics) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("bartune.errors")?.getattr("Diagnostic")?;
    let all: Vec<_> = found
        .problems()
        .iter()
        .map(|problem| {
            let fields = PyDict::new(py);
            let (line, column) = found.position(problem);
            fields.set_item("code", problem.code)?;
            fields.set_item("message", &problem.message)?;
            fields.set_item("line", line)?;
            fields.set_item("column", column)?;
            fields.set_item("help", problem.help.as_deref())?;
            class.call((), Some(&fields))
        })
        .collect::<PyResult<_>>()?;
    Ok(pyo3::types::PyTuple::new(py, all)?.into_any())
}
