//! What a study left in its database, as text that can be compared bit for bit.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Everything of every trial but its times and the database's own keys.
const TRIALS: [(&str, &str); 8] = [
    ("trial", "SELECT number, state FROM trials"),
    (
        "param",
        "SELECT number, param_name, param_value, distribution_json FROM trial_params JOIN trials USING (trial_id)",
    ),
    ("value", "SELECT number, objective, value, value_type FROM trial_values JOIN trials USING (trial_id)"),
    ("user", "SELECT number, key, value_json FROM trial_user_attributes JOIN trials USING (trial_id)"),
    ("system", "SELECT number, key, value_json FROM trial_system_attributes JOIN trials USING (trial_id)"),
    ("identity", "SELECT number, identity FROM bartune_trials JOIN trials USING (trial_id)"),
    (
        "metrics",
        "SELECT number, keys_json, packed FROM bartune_metrics JOIN trials USING (trial_id) JOIN bartune_keys USING (keys_id)",
    ),
    ("returns", "SELECT number, packed FROM bartune_returns JOIN trials USING (trial_id)"),
];

fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database is there")
}

/// The rows of a query, each as one line.
pub(crate) fn rows(path: &Path, sql: &str) -> Vec<String> {
    let connection = open(path);
    let mut statement = connection.prepare(sql).expect("the query fits the schema");
    let columns = statement.column_count();
    let mut found = statement.query([]).expect("it can be read");
    let mut lines = Vec::new();
    while let Some(row) = found.next().expect("it can be read") {
        let cells: Vec<String> =
            (0..columns).map(|column| cell(row.get_ref(column).expect("it is a column"))).collect();
        lines.push(cells.join(" | "));
    }
    lines
}

/// A float as its bits: two that print alike may differ.
fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => format!("{number}#{:016x}", number.to_bits()),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// Every trial of a database that holds one study.
pub(crate) fn trials(path: &Path) -> Vec<String> {
    TRIALS
        .iter()
        .flat_map(|(name, sql)| {
            let mut lines = rows(path, &format!("{sql} ORDER BY 1, 2"));
            lines.iter_mut().for_each(|line| line.insert_str(0, &format!("{name}: ")));
            lines
        })
        .collect()
}

/// What was proposed and what came of it: parameters and values alone.
pub(crate) fn proposals(path: &Path) -> Vec<String> {
    trials(path).into_iter().filter(|line| line.starts_with("param:") || line.starts_with("value:")).collect()
}

/// How many trials there are; 0 while there is no database or no table yet.
pub(crate) fn count(path: &Path) -> u64 {
    let Ok(connection) = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY) else { return 0 };
    let count: i64 = connection.query_row("SELECT count(*) FROM trials", [], |row| row.get(0)).unwrap_or(0);
    count.cast_unsigned()
}

/// Change a database behind Bartune's back.
pub(crate) fn execute(path: &Path, sql: &str) {
    Connection::open(path).expect("the database is there").execute_batch(sql).expect("the statement fits the schema");
}

/// Panic at the first line that differs; whole studies are too long to print.
#[track_caller]
pub(crate) fn assert_same(left: &[String], right: &[String]) {
    if let Some((index, (left, right))) = left.iter().zip(right).enumerate().find(|(_, (left, right))| left != right) {
        panic!("line {index} differs:\n  {left}\n  {right}");
    }
    assert_eq!(left.len(), right.len(), "one has more lines than the other");
    assert!(!left.is_empty(), "there is nothing to compare");
}
