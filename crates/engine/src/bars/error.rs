//! What can go wrong between a file and checked bars.

use std::path::PathBuf;

use super::Problems;

/// Why bars could not be had. Messages name file, row and value, and say what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The columns handed in differ in length.
    #[error("column {column} has {found} values, and time has {expected}")]
    ColumnLengths {
        /// The column that differs.
        column: &'static str,
        /// Its length.
        found: usize,
        /// The length of the time column.
        expected: usize,
    },
    /// There is not one bar.
    #[error("{}no rows of bars", place(path.as_ref()))]
    NoRows {
        /// The file, where there is one.
        path: Option<PathBuf>,
    },
    /// Rows that break a rule.
    #[error("{0}")]
    Problems(Box<Problems>),
    /// A timeframe that cannot be read.
    #[error("timeframe `{text}`: {reason}")]
    Timeframe {
        /// As written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A timeframe that the bars cannot be joined into.
    #[error("cannot make {target} bars of {own} bars: {target} {reason}")]
    Resample {
        /// The timeframe asked for.
        target: String,
        /// The bars' own.
        own: String,
        /// Why not.
        reason: String,
    },
}

fn place(path: Option<&PathBuf>) -> String {
    path.map(|path| format!("{}: ", path.display()))
        .unwrap_or_default()
}
