//! Whether a trial is to be stopped: the pruners behind `bartune.optuna`'s.

use std::sync::Mutex;

use bartune::search::history::History;
use bartune::search::pruner::{
    Hyperband, HyperbandOptions, Patient, Percentile, PercentileOptions, PruneRequest, Pruner, PrunerError, Schedule,
    SuccessiveHalving, SuccessiveHalvingOptions, Threshold, Wilcoxon,
};
use bartune::search::space::Space;
use bartune::search::trial::{StudyDirection, Trial, TrialState};
use indexmap::IndexMap;
use pyo3::prelude::*;
use serde_json::Value;

use super::engine::{direction, lock, state};
use crate::error::{exception_of, raised};

/// A pruner with the trials it compares with.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct PrunerHandle(Mutex<Follower>);

struct Follower {
    pruner: Box<dyn Pruner>,
    history: History,
    direction: StudyDirection,
    seed: u64,
}

#[pymethods]
impl PrunerHandle {
    /// A pruner by its name, its options as a JSON object, and the direction of the objective.
    #[new]
    #[pyo3(signature = (name, options, direction_name, seed))]
    fn new(name: &str, options: &str, direction_name: &str, seed: u64) -> PyResult<Self> {
        let options: Value =
            serde_json::from_str(options).map_err(|error| raised("ParamsError", &format!("options: {error}")))?;
        let pruner = build(name, &options).map_err(|error| exception_of(&error.into()))?;
        let pruner = pruner.ok_or_else(|| raised("ParamsError", &format!("there is no pruner `{name}`")))?;
        let history = History::new(&Space::default(), 1);
        let direction = direction(direction_name)?;
        Ok(Self(Mutex::new(Follower { pruner, history, direction, seed })))
    }

    /// Finished trials learned from.
    fn __len__(&self, py: Python<'_>) -> usize {
        usize::try_from(lock(&self.0, py).history.len()).unwrap_or(usize::MAX)
    }

    /// Learn from a finished trial: its state, value and reports.
    fn learn(&self, py: Python<'_>, state_name: &str, values: Vec<f64>, reports: Vec<(i64, f64)>) -> PyResult<()> {
        let mut follower = lock(&self.0, py);
        let trial = Trial {
            number: follower.history.len(),
            state: state(state_name)?,
            params: std::collections::BTreeMap::new(),
            distributions: IndexMap::new(),
            values,
            constraints: IndexMap::new(),
            intermediate_values: reports.into_iter().collect(),
            user_attrs: IndexMap::new(),
            system_attrs: IndexMap::new(),
            started_ms: None,
            finished_ms: None,
            duplicate_of: None,
        };
        debug_assert!(!matches!(trial.state, TrialState::Running | TrialState::Waiting));
        follower.history.append(&trial).map_err(|error| exception_of(&error.into()))
    }

    /// Whether to stop a trial that has reported this.
    fn should_prune(&self, py: Python<'_>, number: u64, reports: Vec<(i64, f64)>) -> bool {
        let reports = reports.into_iter().collect();
        let mut follower = lock(&self.0, py);
        let Follower { pruner, history, direction, seed } = &mut *follower;
        let view = history.view(history.len());
        pruner.should_prune(&PruneRequest { direction: *direction, view, seed: *seed, number, reports: &reports })
    }
}

fn build(name: &str, options: &Value) -> Result<Option<Box<dyn Pruner>>, PrunerError> {
    let whole = |key: &str| options[key].as_i64();
    let count = |key: &str, default: usize| whole(key).and_then(|value| usize::try_from(value).ok()).unwrap_or(default);
    let number = |key: &str| options[key].as_f64();
    let schedule = Schedule { warmup: whole("warmup").unwrap_or(0), interval: whole("interval").unwrap_or(1) };
    Ok(Some(match name {
        "percentile" => {
            let defaults = PercentileOptions::default();
            Box::new(Percentile::try_new(PercentileOptions {
                percentile: number("percentile").unwrap_or(defaults.percentile),
                startup_trials: count("startup_trials", defaults.startup_trials),
                min_trials: count("min_trials", defaults.min_trials),
                schedule,
            })?)
        }
        "threshold" => Box::new(Threshold::try_new(number("lower"), number("upper"), schedule)?),
        "patient" => {
            let wrapped = match options["wrapped"].as_str() {
                Some(inner) => build(inner, &options["wrapped_options"])?,
                None => None,
            };
            Box::new(Patient::try_new(wrapped, count("patience", 1), number("min_delta").unwrap_or(0.0))?)
        }
        "successive_halving" => Box::new(SuccessiveHalving::try_new(SuccessiveHalvingOptions {
            min_resource: whole("min_resource"),
            reduction_factor: whole("reduction_factor").unwrap_or(4),
            min_early_stopping_rate: u32::try_from(whole("min_early_stopping_rate").unwrap_or(0)).unwrap_or(0),
            bootstrap_count: count("bootstrap_count", 0),
        })?),
        "hyperband" => Box::new(Hyperband::try_new(HyperbandOptions {
            min_resource: whole("min_resource").unwrap_or(1),
            max_resource: whole("max_resource"),
            reduction_factor: whole("reduction_factor").unwrap_or(3),
            bootstrap_count: count("bootstrap_count", 0),
        })?),
        "wilcoxon" => Box::new(Wilcoxon::try_new(number("p_threshold").unwrap_or(0.1), count("startup_steps", 2))?),
        _ => return Ok(None),
    }))
}
