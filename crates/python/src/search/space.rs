//! Parameters with their Python names and choices.

use bartune::search::space::{Assignment, Distribution, Param, ParamValue, Space};
use indexmap::IndexMap;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyString};

use crate::error::raised;

/// A space, and for each parameter what Python calls it and its choices.
pub(crate) struct PySpace {
    pub(crate) space: Space,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    key: Py<PyString>,
    distribution: Distribution,
    choices: Vec<Py<PyAny>>,
}

/// A parameter as Python gives it: name, distribution in Optuna's JSON, choices.
pub(crate) type Given = (String, String, Vec<Py<PyAny>>);

impl PySpace {
    pub(crate) fn new(py: Python<'_>, given: Vec<Given>) -> PyResult<Self> {
        let wrong = |name: &str, error: String| raised("ParamsError", &format!("parameter `{name}`: {error}"));
        let mut params = IndexMap::new();
        let mut columns = Vec::with_capacity(given.len());
        for (name, json, choices) in given {
            let distribution = Distribution::from_json(&json).map_err(|error| wrong(&name, error.to_string()))?;
            let param = Param { distribution: distribution.clone(), when: None };
            if params.insert(name.clone(), param).is_some() {
                return Err(wrong(&name, "it is declared twice".to_owned()));
            }
            columns.push(Column { key: PyString::new(py, &name).unbind(), name, distribution, choices });
        }
        let space = Space::try_new(params, Vec::new()).map_err(|error| raised("ParamsError", &error.to_string()))?;
        Ok(Self { space, columns })
    }

    /// Values by name, in the order of declaration.
    pub(crate) fn to_python<'py>(&self, py: Python<'py>, assignment: &Assignment) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for column in &self.columns {
            if let Some(value) = assignment.get(&column.name) {
                dict.set_item(column.key.bind(py), column.to_python(py, value))?;
            }
        }
        Ok(dict)
    }

    /// The values that belong to the space's parameters; others, and values of another kind, are left out.
    pub(crate) fn to_assignment(&self, params: &Bound<'_, PyDict>) -> PyResult<Assignment> {
        let mut assignment = Assignment::new();
        for column in &self.columns {
            let Some(value) = params.get_item(column.key.bind(params.py()))? else { continue };
            if let Some(value) = column.value_of(&value) {
                assignment.insert(column.name.clone(), value);
            }
        }
        Ok(assignment)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

impl Column {
    fn to_python<'py>(&self, py: Python<'py>, value: &ParamValue) -> Bound<'py, PyAny> {
        match value {
            ParamValue::Float(number) => PyFloat::new(py, *number).into_any(),
            ParamValue::Int(number) => PyInt::new(py, *number).into_any(),
            ParamValue::Choice(index) => match self.choices.get(*index) {
                Some(choice) => choice.bind(py).clone(),
                None => py.None().into_bound(py),
            },
        }
    }

    fn value_of(&self, value: &Bound<'_, PyAny>) -> Option<ParamValue> {
        match self.distribution {
            Distribution::Float { .. } => value.extract().ok().map(ParamValue::Float),
            Distribution::Int { .. } => value.extract().ok().map(ParamValue::Int),
            Distribution::Categorical { .. } => {
                let is_it = |choice: &Py<PyAny>| {
                    let choice = choice.bind(value.py());
                    choice.is(value) || choice.eq(value).unwrap_or(false)
                };
                self.choices.iter().position(is_it).map(ParamValue::Choice)
            }
        }
    }
}
