//! Trials as tables: CSV and Parquet.
//!
//! | column | read as |
//! |---|---|
//! | `params_NAME`; `NAME` where a parameter is named so | a parameter's value; empty is absent |
//! | `value`, `values_0`, `score` | the objective's value |
//! | `state`, `reason` | as our own export has them |
//! | `train_NAME`, `validate_NAME` | a metric of that segment |
//! | `metrics_NAME` | a metric of unknown bars |
//! | `constraint TEXT` | a constraint's value |
//! | `datetime_start`, `datetime_complete` | times |
//!
//! Other columns are not read. Both kinds of file go through texts: a number's shortest text gives the
//! same number back.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowTimestampType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

use super::Read;
use super::candidate::{Candidate, IMPORTED_SEGMENT, parse_state, parse_time};
use crate::error::Error;

/// Segments whose metrics have columns.
const SEGMENTS: [&str; 2] = ["train", "validate"];

/// The trials of a CSV file.
pub(super) fn csv(path: &Path, params: &[&str]) -> Result<Vec<Read>, Error> {
    let problem = |problem: String| Error::Import { path: path.to_path_buf(), problem };
    let mut reader = csv::Reader::from_path(path).map_err(|error| problem(error.to_string()))?;
    let names: Vec<String> =
        reader.headers().map_err(|error| problem(error.to_string()))?.iter().map(str::to_owned).collect();
    let columns = columns(&names, params).map_err(problem)?;
    let mut found = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let place = place(path, row);
        found.push(match record {
            Ok(record) => {
                let candidate = candidate(&columns, |column| record.get(column).filter(|cell| !cell.is_empty()));
                (place, candidate)
            }
            Err(error) => (place, Err(error.to_string())),
        });
    }
    Ok(found)
}

/// The trials of a Parquet file.
pub(super) fn parquet(path: &Path, params: &[&str]) -> Result<Vec<Read>, Error> {
    let problem = |problem: String| Error::Import { path: path.to_path_buf(), problem };
    let file = File::open(path).map_err(|error| problem(error.to_string()))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| problem(error.to_string()))?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns = columns(&names, params).map_err(problem)?;
    let reader = builder.build().map_err(|error| problem(error.to_string()))?;
    let mut found = Vec::new();
    for batch in reader {
        let batch = batch.map_err(|error| problem(error.to_string()))?;
        let cells = texts(&batch, &columns).map_err(problem)?;
        for row in 0..batch.num_rows() {
            let cell = |column: usize| cells[column].get(row)?.as_deref();
            found.push((place(path, found.len()), candidate(&columns, cell)));
        }
    }
    Ok(found)
}

/// As a spreadsheet counts: the heading is row 1.
fn place(path: &Path, row: usize) -> String {
    format!("{}, row {}", path.display(), row + 2)
}

/// The cells of the columns that are read; the others are left empty.
fn texts(batch: &RecordBatch, columns: &[Role]) -> Result<Vec<Vec<Option<String>>>, String> {
    let options = FormatOptions::default();
    let read = |(array, role): (&ArrayRef, &Role)| {
        if *role == Role::Unread {
            return Ok(Vec::new());
        }
        let array = &in_utc(array);
        let format = ArrayFormatter::try_new(array, &options).map_err(|error| error.to_string())?;
        Ok((0..array.len()).map(|row| array.is_valid(row).then(|| format.value(row).to_string())).collect())
    };
    batch.columns().iter().zip(columns).map(read).collect()
}

/// Moments without the zone that they are shown in, which the formatter would have to know.
fn in_utc(array: &ArrayRef) -> ArrayRef {
    let bare = bare_times::<TimestampNanosecondType>(array)
        .or_else(|| bare_times::<TimestampMicrosecondType>(array))
        .or_else(|| bare_times::<TimestampMillisecondType>(array))
        .or_else(|| bare_times::<TimestampSecondType>(array));
    bare.unwrap_or_else(|| Arc::clone(array))
}

fn bare_times<T: ArrowTimestampType>(array: &ArrayRef) -> Option<ArrayRef> {
    let times = array.as_primitive_opt::<T>()?;
    Some(Arc::new(times.clone().with_timezone_opt(None::<Arc<str>>)))
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
enum Role {
    Param(String),
    Value,
    State,
    Reason,
    Metric(String, String),
    Constraint(String),
    Started,
    Finished,
    Unread,
}

fn columns(names: &[String], params: &[&str]) -> Result<Vec<Role>, String> {
    let roles: Vec<Role> = names.iter().map(|name| role(name, params)).collect();
    if names.iter().any(|name| name == "values_1") {
        return Err("it has several objectives, and the study has one".to_owned());
    }
    if !roles.iter().any(|role| matches!(role, Role::Param(_))) {
        let some: Vec<&str> = names.iter().map(String::as_str).take(8).collect();
        return Err(format!("none of its columns is a parameter (params_NAME); they are {}", some.join(", ")));
    }
    Ok(roles)
}

fn role(name: &str, params: &[&str]) -> Role {
    let metric = |(segment, column): (&str, &str)| Role::Metric(segment.to_owned(), column.to_owned());
    if let Some(param) = name.strip_prefix("params_") {
        return Role::Param(param.to_owned());
    }
    if params.contains(&name) {
        return Role::Param(name.to_owned());
    }
    match name {
        "value" | "values_0" | "score" => Role::Value,
        "state" => Role::State,
        "reason" => Role::Reason,
        "datetime_start" => Role::Started,
        "datetime_complete" => Role::Finished,
        _ => {
            if let Some(text) = name.strip_prefix("constraint ") {
                return Role::Constraint(text.to_owned());
            }
            if let Some(column) = name.strip_prefix("metrics_") {
                return metric((IMPORTED_SEGMENT, column));
            }
            let of_segment = |segment| Some((segment, name.strip_prefix(segment)?.strip_prefix('_')?));
            SEGMENTS.into_iter().find_map(of_segment).map_or(Role::Unread, metric)
        }
    }
}

fn candidate<'a>(columns: &[Role], cell: impl Fn(usize) -> Option<&'a str>) -> Result<Candidate, String> {
    let mut candidate = Candidate::default();
    let filled = columns.iter().enumerate().filter_map(|(index, role)| Some((role, cell(index)?)));
    for (role, text) in filled {
        let is_absent = text.eq_ignore_ascii_case("nan") || text.eq_ignore_ascii_case("nat");
        match role {
            Role::Param(name) if !is_absent => candidate.params.push((name.clone(), Value::from(text))),
            Role::Value if !is_absent => {
                let value = text.parse().map_err(|_| format!("its value `{text}` is not a number"))?;
                candidate.value = Some(value);
            }
            Role::State => candidate.state = Some(parse_state(text)?),
            Role::Reason => candidate.reason = Some(text.to_owned()),
            Role::Metric(segment, name) => {
                if let Some(value) = text.parse().ok().filter(|value: &f64| !value.is_nan()) {
                    candidate.metrics.entry(segment.clone()).or_default().insert(name.clone(), value);
                }
            }
            Role::Constraint(name) => {
                if let Ok(value) = text.parse() {
                    candidate.constraints.push((name.clone(), value));
                }
            }
            Role::Started => candidate.started_ms = parse_time(text),
            Role::Finished => candidate.finished_ms = parse_time(text),
            Role::Param(_) | Role::Value | Role::Unread => {}
        }
    }
    Ok(candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_roles_of_the_header() {
        for (name, expected) in [
            ("params_fast", Role::Param("fast".to_owned())),
            ("fast", Role::Param("fast".to_owned())),
            ("params_other", Role::Param("other".to_owned())),
            ("values_0", Role::Value),
            ("train_max_drawdown", Role::Metric("train".to_owned(), "max_drawdown".to_owned())),
            ("metrics_sharpe", Role::Metric(IMPORTED_SEGMENT.to_owned(), "sharpe".to_owned())),
            ("constraint trades >= 20", Role::Constraint("trades >= 20".to_owned())),
            ("training", Role::Unread),
            ("user_attrs_note", Role::Unread),
        ] {
            assert_eq!(role(name, &["fast"]), expected, "{name}");
        }
    }

    #[test]
    fn a_table_without_a_parameter_is_refused_with_its_columns() {
        let names = ["number", "value"].map(str::to_owned);
        assert!(columns(&names, &["fast"]).unwrap_err().contains("number, value"));
    }

    #[test]
    fn times_are_read_with_a_zone_and_without() {
        for text in ["2026-11-22T10:00:00Z", "2026-11-22 10:00:00", "2026-11-22 10:00:00.000000"] {
            assert_eq!(parse_time(text), Some(1_795_341_600_000), "{text}");
        }
        assert_eq!(parse_time("yesterday"), None);
    }
}
