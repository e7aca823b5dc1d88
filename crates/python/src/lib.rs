//! The Python extension `bartune._bartune`: thin wrappers; what users see is in `python/bartune`.
//!
//! | module | job |
//! |---|---|
//! | `search` | proposals and stops for anything: ask and tell, Optuna's samplers and pruners |
//! | `store` | stores as Optuna's storage adapter reads and writes them |
//! | `guard` | sets of signatures that several programs share |
//! | `study` | a study file (or text) with its bars and its store: run, check, backtest, … |
//! | `table` | result columns that other libraries take over without copying |
//! | `wait` | long work off Python's lock, with Ctrl-C |
//! | `value`, `error` | JSON values and errors as Python has them |
//!
//! **Invariant:** PyO3 attributes live in this crate only. No call that may take long holds Python's lock.

use pyo3::prelude::*;

mod error;
mod guard;
mod search;
mod store;
mod study;
mod table;
mod value;
mod wait;

/// The engine behind the package `bartune`.
#[pymodule]
mod _bartune {
    #[pymodule_export]
    use super::guard::{GuardHandle, param_signature};
    #[pymodule_export]
    use super::search::handle::EngineHandle;
    #[pymodule_export]
    use super::search::optimizer::{Asked, OptimizerHandle};
    #[pymodule_export]
    use super::search::pruner::PrunerHandle;
    #[pymodule_export]
    use super::store::StoreHandle;
    #[pymodule_export]
    use super::study::StudyHandle;
    #[pymodule_export]
    use super::table::ArrowTable;

    use super::*;

    /// Strategies in Python run in the interpreter that imports this.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let executable: Option<std::path::PathBuf> = module.py().import("sys")?.getattr("executable")?.extract()?;
        #[cfg(unix)]
        if let Some(path) = executable.filter(|path| !path.as_os_str().is_empty()) {
            bartune::strategy::python::set_default_interpreter(path);
        }
        Ok(())
    }

    /// The version of the engine.
    #[pyfunction]
    fn version() -> &'static str {
        env!("CARGO_PKG_VERSION")
    }
}
