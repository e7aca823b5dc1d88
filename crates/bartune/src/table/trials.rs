//! Trials as columns: of a study that is open with its plan, or of any stored study.
//!
//! | column | holds |
//! |---|---|
//! | `number`, `state` | as Optuna has them |
//! | `value`; `values_0`, `values_1`, … with several objectives | the objective's value |
//! | `reason` | why it is infeasible or failed |
//! | `duplicate_of` | whose result answered it |
//! | `datetime_start`, `datetime_complete` | UTC |
//! | `params_NAME` | a parameter; empty where it was inactive |
//! | `constraint TEXT` | how far it is violated; above 0 means infeasible |
//! | `user_attrs_NAME` | a user attribute, as JSON where it is no text |
//! | `record` | `full`, or `headline` where some metrics were left out: an empty one may be defined then |
//! | `train_NAME`, `validate_NAME`, `metrics_NAME` | a metric; the last of imported trials |
//!
//! Columns come in the order of the plan where there is one, then in the order in which trials bring
//! them.

use bartune_engine::metric;
use bartune_search::space::{Choice, Distribution, ParamValue};
use bartune_search::storage::TrialRecord;
use indexmap::IndexMap;
use serde_json::Value;

use super::{Column, Table, state_name};
use crate::config::Plan;
use crate::error::Error;
use crate::study::Session;

/// Trials are read this many at a time.
const CHUNK: u64 = 1_000;

/// Segments whose metrics are stored with a trial.
const SEGMENTS: [&str; 2] = ["train", "validate"];

/// All trials: number, state, value, reason, parameters, metrics of each segment.
///
/// # Errors
///
/// [`Error::Storage`].
pub fn trials(session: &Session<'_>) -> Result<Table, Error> {
    let mut columns = TrialColumns::of_plan(session.plan());
    for first in (0..).step_by(CHUNK as usize) {
        let records = session.trials(first..first + CHUNK)?;
        records.iter().for_each(|record| columns.add(record));
        if (records.len() as u64) < CHUNK {
            break;
        }
    }
    Ok(columns.finish())
}

/// One value of a parameter.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Integer(i64),
    Number(f64),
    Text(String),
}

/// Columns of trials, filled row by row. A column that begins late is empty before.
#[derive(Debug, Default)]
pub(crate) struct TrialColumns {
    numbers: Vec<Option<i64>>,
    states: Vec<Option<String>>,
    values: Vec<Vec<Option<f64>>>,
    reasons: Vec<Option<String>>,
    originals: Vec<Option<i64>>,
    started: Vec<Option<i64>>,
    finished: Vec<Option<i64>>,
    params: IndexMap<String, Vec<Option<Cell>>>,
    constraints: IndexMap<String, Vec<Option<f64>>>,
    attributes: IndexMap<String, Vec<Option<String>>>,
    records: Vec<Option<String>>,
    metrics: IndexMap<String, Vec<Option<f64>>>,
}

impl TrialColumns {
    /// Columns for every parameter and metric of a plan.
    pub(crate) fn of_plan(plan: &Plan) -> Self {
        let metrics = SEGMENTS
            .iter()
            .flat_map(|segment| metric::catalogue().iter().map(move |metric| format!("{segment}_{}", metric.name)));
        Self {
            values: vec![Vec::new()],
            params: plan.parameters.decls().iter().map(|decl| (decl.name.clone(), Vec::new())).collect(),
            metrics: metrics.map(|name| (name, Vec::new())).collect(),
            ..Self::default()
        }
    }

    /// Columns for a study with so many objectives; the rest as trials bring them.
    pub(crate) fn of_objectives(objectives: usize) -> Self {
        Self { values: vec![Vec::new(); objectives], ..Self::default() }
    }

    /// Add a row.
    pub(crate) fn add(&mut self, record: &TrialRecord) {
        let row = self.numbers.len();
        let trial = &record.trial;
        self.numbers.push(i64::try_from(trial.number).ok());
        self.states.push(Some(state_name(trial.state).to_owned()));
        for (objective, column) in self.values.iter_mut().enumerate() {
            column.push(trial.values.get(objective).copied());
        }
        self.reasons.push(record.reason.clone());
        self.originals.push(trial.duplicate_of.and_then(|original| i64::try_from(original).ok()));
        let nanoseconds = |time: Option<i64>| time.and_then(|time| time.checked_mul(1_000_000));
        self.started.push(nanoseconds(trial.started_ms));
        self.finished.push(nanoseconds(trial.finished_ms));
        for (name, value) in &trial.params {
            put(&mut self.params, name, row, param_cell(value, trial.distributions.get(name)));
        }
        for (text, value) in &trial.constraints {
            put(&mut self.constraints, text, row, Some(*value));
        }
        for (name, value) in &trial.user_attrs {
            put(&mut self.attributes, name, row, Some(attribute_text(value)));
        }
        let extent = if record.is_abridged { "headline" } else { "full" };
        self.records.push((!record.metrics.is_empty()).then(|| extent.to_owned()));
        for (segment, metrics) in &record.metrics {
            let prefix = if SEGMENTS.contains(&segment.as_str()) { segment } else { "metrics" };
            for (name, value) in metrics {
                put(&mut self.metrics, &format!("{prefix}_{name}"), row, Some(*value));
            }
        }
    }

    /// The columns as a table.
    pub(crate) fn finish(self) -> Table {
        let rows = self.numbers.len();
        let mut table =
            Table::default().with("number", Column::Integer(self.numbers)).with("state", Column::Text(self.states));
        let several = self.values.len() > 1;
        for (objective, values) in self.values.into_iter().enumerate() {
            let name = if several { format!("values_{objective}") } else { "value".to_owned() };
            table = table.with(name, Column::Number(values));
        }
        table = table
            .with("reason", Column::Text(self.reasons))
            .with("duplicate_of", Column::Integer(self.originals))
            .with("datetime_start", Column::Time(self.started))
            .with("datetime_complete", Column::Time(self.finished));
        for (name, cells) in self.params {
            table = table.with(format!("params_{name}"), param_column(padded(cells, rows)));
        }
        for (text, values) in self.constraints {
            table = table.with(format!("constraint {text}"), Column::Number(padded(values, rows)));
        }
        for (name, values) in self.attributes {
            table = table.with(format!("user_attrs_{name}"), Column::Text(padded(values, rows)));
        }
        table = table.with("record", Column::Text(self.records));
        for (name, values) in self.metrics {
            table = table.with(name, Column::Number(padded(values, rows)));
        }
        table
    }
}

/// Put a value into a row of its column, which may begin with it.
fn put<T: Clone>(columns: &mut IndexMap<String, Vec<Option<T>>>, name: &str, row: usize, value: Option<T>) {
    let column = match columns.get_index_of(name) {
        Some(index) => &mut columns[index],
        None => columns.entry(name.to_owned()).or_default(),
    };
    column.resize(row, None);
    column.push(value);
}

fn padded<T: Clone>(mut column: Vec<Option<T>>, rows: usize) -> Vec<Option<T>> {
    column.resize(rows, None);
    column
}

fn param_cell(value: &ParamValue, distribution: Option<&Distribution>) -> Option<Cell> {
    Some(match (value, distribution) {
        (ParamValue::Float(number), _) => Cell::Number(*number),
        (ParamValue::Int(number), _) => Cell::Integer(*number),
        (ParamValue::Choice(index), Some(Distribution::Categorical { choices })) => match choices.get(*index)? {
            Choice::Null => return None,
            Choice::Bool(flag) => Cell::Text(flag.to_string()),
            Choice::Int(number) => Cell::Integer(*number),
            Choice::Float(number) => Cell::Number(*number),
            Choice::Text(text) => Cell::Text(text.clone()),
        },
        (ParamValue::Choice(_), _) => return None,
    })
}

fn attribute_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whole numbers, else numbers, else texts: the narrowest kind that holds all cells.
fn param_column(cells: Vec<Option<Cell>>) -> Column {
    let text = |cell: Cell| match cell {
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text,
    };
    if cells.iter().flatten().any(|cell| matches!(cell, Cell::Text(_))) {
        return Column::Text(cells.into_iter().map(|cell| cell.map(text)).collect());
    }
    let integer = |cell: &Option<Cell>| match cell {
        Some(Cell::Integer(number)) => Some(*number),
        _ => None,
    };
    if cells.iter().flatten().all(|cell| matches!(cell, Cell::Integer(_))) {
        return Column::Integer(cells.iter().map(integer).collect());
    }
    let number = |cell: Cell| match cell {
        Cell::Integer(number) => Some(number as f64),
        Cell::Number(number) => Some(number),
        Cell::Text(_) => None,
    };
    Column::Number(cells.into_iter().map(|cell| cell.and_then(number)).collect())
}
