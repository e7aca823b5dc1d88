//! Stores as Optuna's storage adapter reads and writes them: rows as tuples, whole trials at a time.
//!
//! The adapter, in `python/bartune/optuna/storage.py`, keeps what it has read; this module keeps nothing but the
//! connection and the distributions it has parsed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bartune::Error;
use bartune::export::{AnyStorage, open};
use bartune::search::space::{Assignment, Distribution};
use bartune::search::storage::{StudyId, StudyInfo, TrialRecord};
use bartune::search::trial::Trial;
use bartune::storage::StorageError;
use indexmap::IndexMap;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;

use crate::error::{exception_of, raised};
use crate::search::engine::{direction, state};
use crate::value::{to_json, to_python};

/// Optuna's system attribute with the constraints' values.
const CONSTRAINTS: &str = "constraints";
/// How Optuna names one of several constraints.
const CONSTRAINT_PREFIX: &str = "constraints:";

/// A parameter: name, Optuna's internal value, distribution as JSON.
type ParamRow = (String, f64, String);

/// A trial as it crosses: number, state, values, parameters, reports, user attributes, system attributes, start and end
/// in milliseconds since 1970.
type TrialRow<'py> = (
    u64,
    String,
    Vec<f64>,
    Vec<ParamRow>,
    Vec<(i64, f64)>,
    Bound<'py, PyDict>,
    Bound<'py, PyDict>,
    Option<i64>,
    Option<i64>,
);

/// An open store.
#[pyclass(frozen, module = "bartune._bartune")]
pub(crate) struct StoreHandle {
    inner: Mutex<Inner>,
    /// As it may be shown.
    #[pyo3(get)]
    url: String,
}

struct Inner {
    storage: Box<AnyStorage>,
    distributions: BTreeMap<String, Distribution>,
}

#[pymethods]
impl StoreHandle {
    /// Open a store by its URL; a SQLite file that is missing is created.
    #[new]
    fn new(py: Python<'_>, url: String) -> PyResult<Self> {
        let storage = py.detach(|| open(&url)).map_err(|error| exception_of(&error))?;
        let inner = Mutex::new(Inner { storage, distributions: BTreeMap::new() });
        Ok(Self { inner, url: bartune::study::shown_storage(&url) })
    }

    /// All studies.
    fn studies<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let found = self.with(py, |inner| inner.storage.studies())?;
        found.iter().map(|info| info_to_python(py, info)).collect()
    }

    /// The study of this name.
    fn study<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = self.with(py, |inner| inner.storage.study(name))?;
        found.map(|info| info_to_python(py, &info)).transpose()
    }

    /// A new study; `None` if the name is taken.
    fn create_study(&self, py: Python<'_>, name: &str, directions: Vec<String>) -> PyResult<Option<i64>> {
        let directions = directions.iter().map(|word| direction(word)).collect::<PyResult<Vec<_>>>()?;
        let created = self.with(py, |inner| match inner.storage.create_study(name, &directions) {
            Err(StorageError::StudyExists { .. }) => Ok(None),
            created => created.map(|info| Some(info.id.0)),
        })?;
        Ok(created)
    }

    /// Delete a study; whether it was there.
    fn delete_study(&self, py: Python<'_>, id: i64) -> PyResult<bool> {
        self.with(py, |inner| match inner.storage.delete_study(StudyId(id)) {
            Err(StorageError::UnknownStudy { .. }) => Ok(false),
            deleted => deleted.map(|()| true),
        })
    }

    /// Set an attribute of a study.
    fn set_study_attr(
        &self,
        py: Python<'_>,
        id: i64,
        key: &str,
        value: &Bound<'_, PyAny>,
        is_system: bool,
    ) -> PyResult<()> {
        let value = to_json(value)?;
        self.with(py, |inner| match is_system {
            true => inner.storage.set_study_system_attr(StudyId(id), key, &value),
            false => inner.storage.set_study_attr(StudyId(id), key, &value),
        })
    }

    /// Append a trial; whether its number was still the next one.
    fn append(&self, py: Python<'_>, id: i64, row: TrialRow<'_>) -> PyResult<bool> {
        let record = self.record(row)?;
        self.with(py, |inner| match inner.storage.append(StudyId(id), std::slice::from_ref(&record)) {
            Err(StorageError::NonContiguous { .. }) => Ok(false),
            appended => appended.map(|()| true),
        })
    }

    /// Write unfinished trials anew; whether all were unfinished.
    fn replace(&self, py: Python<'_>, id: i64, rows: Vec<TrialRow<'_>>) -> PyResult<bool> {
        let records = rows.into_iter().map(|row| self.record(row)).collect::<PyResult<Vec<_>>>()?;
        self.with(py, |inner| match inner.storage.replace_unfinished(StudyId(id), &records) {
            Err(StorageError::NotReplaceable { .. }) => Ok(false),
            replaced => replaced.map(|()| true),
        })
    }

    /// Make a waiting trial running; whether it was waiting.
    fn claim(&self, py: Python<'_>, id: i64, number: u64, started_ms: i64) -> PyResult<bool> {
        self.with(py, |inner| inner.storage.claim_waiting(StudyId(id), number, started_ms))
    }

    /// Note that a trial is worked on now.
    fn note_alive(&self, py: Python<'_>, id: i64, number: u64) -> PyResult<()> {
        self.with(py, |inner| inner.storage.note_alive(StudyId(id), number))
    }

    /// Running trials that were noted so, but not within so many seconds.
    fn silent_trials(&self, py: Python<'_>, id: i64, seconds: u64) -> PyResult<Vec<u64>> {
        self.with(py, |inner| inner.storage.silent_trials(StudyId(id), seconds))
    }

    /// The trials from number `first` up to, and without, `end`.
    fn read<'py>(&self, py: Python<'py>, id: i64, first: u64, end: u64) -> PyResult<Vec<TrialRow<'py>>> {
        let found = self.with(py, |inner| match (first, end) {
            // Without metrics, which Optuna has no place for, the whole study is read several times as fast.
            (0, u64::MAX) => inner.storage.history(StudyId(id)),
            _ => inner.storage.trials_in(StudyId(id), first..end),
        })?;
        found.iter().map(|record| row_to_python(py, record)).collect()
    }

    /// A number that is another one after somebody else changed the store; `None` where that cannot be told.
    fn change_mark(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        self.with(py, |inner| inner.storage.change_mark())
    }
}

impl StoreHandle {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut Inner) -> Result<T, StorageError> + Send,
    ) -> PyResult<T> {
        py.detach(|| work(&mut self.lock())).map_err(|error| exception_of(&Error::Storage(error)))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn distribution(&self, name: &str, json: String) -> PyResult<Distribution> {
        let mut inner = self.lock();
        if let Some(known) = inner.distributions.get(&json) {
            return Ok(known.clone());
        }
        let parsed = Distribution::from_json(&json)
            .map_err(|error| raised("StorageError", &format!("parameter `{name}` cannot be stored: {error}")))?;
        inner.distributions.insert(json, parsed.clone());
        Ok(parsed)
    }

    fn record(&self, row: TrialRow<'_>) -> PyResult<TrialRecord> {
        let (number, state_name, values, params, reports, user_attrs, system_attrs, started_ms, finished_ms) = row;
        let (mut assignment, mut distributions) = (Assignment::new(), IndexMap::with_capacity(params.len()));
        for (name, internal, json) in params {
            let distribution = self.distribution(&name, json)?;
            assignment.insert(name.clone(), distribution.from_internal(internal));
            distributions.insert(name, distribution);
        }
        let (constraints, system_attrs) = without_constraints(attributes(&system_attrs)?);
        let trial = Trial {
            number,
            state: state(&state_name)?,
            params: assignment,
            distributions,
            values,
            constraints,
            intermediate_values: reports.into_iter().collect(),
            user_attrs: attributes(&user_attrs)?,
            system_attrs,
            started_ms,
            finished_ms,
            duplicate_of: None,
        };
        Ok(TrialRecord {
            trial,
            identity: String::new(),
            metrics: BTreeMap::new(),
            daily_returns: BTreeMap::new(),
            is_abridged: false,
            reason: None,
        })
    }
}

type Attributes = IndexMap<String, Value>;

fn attributes(dict: &Bound<'_, PyDict>) -> PyResult<Attributes> {
    dict.iter().map(|(key, value)| Ok((key.extract()?, to_json(&value)?))).collect()
}

/// Optuna's constraints stand among the system attributes: as a list, or as one attribute each.
fn without_constraints(attributes: Attributes) -> (IndexMap<String, f64>, Attributes) {
    let mut constraints = IndexMap::new();
    let mut rest = Attributes::new();
    for (key, value) in attributes {
        match (&value, key.strip_prefix(CONSTRAINT_PREFIX)) {
            (Value::Array(list), None) if key == CONSTRAINTS => {
                let numbered = list.iter().enumerate();
                constraints
                    .extend(numbered.map(|(index, value)| (index.to_string(), value.as_f64().unwrap_or(f64::MAX))));
            }
            (Value::Number(number), Some(name)) => {
                constraints.insert(name.to_owned(), number.as_f64().unwrap_or(f64::MAX));
            }
            // No constraints were told.
            (Value::Null, None) if key == CONSTRAINTS => {}
            _ => {
                rest.insert(key, value);
            }
        }
    }
    (constraints, rest)
}

/// Constraints that are numbered as a list, named ones each by itself: as they were told.
fn add_constraints(system_attrs: &Bound<'_, PyDict>, constraints: &IndexMap<String, f64>) -> PyResult<()> {
    if constraints.is_empty() {
        return Ok(());
    }
    let is_list = constraints.keys().enumerate().all(|(index, name)| *name == index.to_string());
    if is_list {
        return system_attrs.set_item(CONSTRAINTS, constraints.values().copied().collect::<Vec<f64>>());
    }
    constraints.iter().try_for_each(|(name, value)| system_attrs.set_item(format!("{CONSTRAINT_PREFIX}{name}"), value))
}

fn info_to_python<'py>(py: Python<'py>, info: &StudyInfo) -> PyResult<Bound<'py, PyAny>> {
    let directions: Vec<String> =
        info.directions.iter().map(|direction| format!("{direction:?}").to_lowercase()).collect();
    let object = |attributes: &BTreeMap<String, Value>| Value::Object(attributes.clone().into_iter().collect());
    let found = serde_json::json!({
        "id": info.id.0,
        "name": info.name,
        "directions": directions,
        "user_attrs": object(&info.user_attrs),
        "system_attrs": object(&info.system_attrs),
    });
    to_python(py, &found)
}

fn row_to_python<'py>(py: Python<'py>, record: &TrialRecord) -> PyResult<TrialRow<'py>> {
    let trial = &record.trial;
    let param = |(name, distribution): (&String, &Distribution)| {
        let internal = trial.params.get(name).map_or(f64::NAN, |value| distribution.to_internal(value));
        (name.clone(), internal, distribution.to_json())
    };
    let (user_attrs, system_attrs) = (PyDict::new(py), PyDict::new(py));
    for (key, value) in &trial.user_attrs {
        user_attrs.set_item(key, to_python(py, value)?)?;
    }
    if let Some(reason) = &record.reason {
        user_attrs.set_item("bartune:reason", reason)?;
    }
    if let Some(original) = trial.duplicate_of {
        user_attrs.set_item("bartune:duplicate_of", original)?;
    }
    for (key, value) in &trial.system_attrs {
        system_attrs.set_item(key, to_python(py, value)?)?;
    }
    add_constraints(&system_attrs, &trial.constraints)?;
    Ok((
        trial.number,
        bartune::table::state_name(trial.state).to_owned(),
        trial.values.clone(),
        trial.distributions.iter().map(param).collect(),
        trial.intermediate_values.iter().map(|(&step, &value)| (step, value)).collect(),
        user_attrs,
        system_attrs,
        trial.started_ms,
        trial.finished_ms,
    ))
}
