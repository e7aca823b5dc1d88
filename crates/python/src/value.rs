//! JSON values as Python objects, and the other way round.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use serde_json::{Map, Number, Value};

/// A JSON value as Python has it.
pub(crate) fn to_python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => number_to_python(py, number),
        Value::String(text) => PyString::new(py, text).into_any(),
        Value::Array(items) => {
            let list = PyList::empty(py);
            items.iter().try_for_each(|item| list.append(to_python(py, item)?))?;
            list.into_any()
        }
        Value::Object(fields) => {
            let dict = PyDict::new(py);
            fields.iter().try_for_each(|(name, field)| dict.set_item(name, to_python(py, field)?))?;
            dict.into_any()
        }
    })
}

fn number_to_python<'py>(py: Python<'py>, number: &Number) -> Bound<'py, PyAny> {
    if let Some(whole) = number.as_i64() {
        return PyInt::new(py, whole).into_any();
    }
    match number.as_u64() {
        Some(whole) => PyInt::new(py, whole).into_any(),
        None => PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any(),
    }
}

/// A Python object of JSON's kinds as JSON; numpy scalars and the like are taken by their `item()`.
pub(crate) fn to_json(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    if object.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = object.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if object.is_instance_of::<PyInt>() {
        return match object.extract::<i64>() {
            Ok(whole) => Ok(whole.into()),
            Err(_) => Ok(object.extract::<u64>()?.into()),
        };
    }
    if let Ok(number) = object.cast::<PyFloat>() {
        return Ok(Number::from_f64(number.value()).map_or(Value::Null, Value::Number));
    }
    if let Ok(text) = object.cast::<PyString>() {
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let field = |(name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>)| Ok((name.extract()?, to_json(&value)?));
        return Ok(Value::Object(dict.iter().map(field).collect::<PyResult<Map<_, _>>>()?));
    }
    if object.is_instance_of::<PyList>() || object.is_instance_of::<PyTuple>() {
        return Ok(Value::Array(object.try_iter()?.map(|item| to_json(&item?)).collect::<PyResult<_>>()?));
    }
    match object.call_method0("item") {
        Ok(plain) if !plain.get_type().is(object.get_type()) => to_json(&plain),
        _ => Err(PyTypeError::new_err(format!(
            "a value of type {} has no JSON form: use None, bool, int, float, str, list or dict",
            object.get_type().name()?
        ))),
    }
}
