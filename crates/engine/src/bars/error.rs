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
    /// A file that cannot be opened or read.
    #[error("{}: cannot be read: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of another type.
    #[error(
        "{}: unknown file type; bars are read and written as .parquet, .csv, .csv.gz, .csv.zst, \
         .arrow, .feather (.arrows for a stream)",
        path.display()
    )]
    UnknownType {
        /// The file.
        path: PathBuf,
    },
    /// A file that breaks its own format.
    #[error("{}: not readable as {format}: {detail}\n  help: the file may be cut short or of another type; fetch it again", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// The format it should be in.
        format: &'static str,
        /// What the decoder said.
        detail: String,
    },
    /// Columns that a bar needs are not in the file.
    #[error(
        "{}: no column for {}\n  the file has {}\n  help: {hint}",
        path.display(),
        missing.join(", "),
        super::load::list(found)
    )]
    MissingColumns {
        /// The file.
        path: PathBuf,
        /// What is missing.
        missing: Vec<&'static str>,
        /// The columns it has.
        found: Vec<String>,
        /// What to do.
        hint: String,
    },
    /// A column override that does not fit the file.
    #[error("{}: columns: {reason}", path.display())]
    ColumnOption {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A column of a type that holds no times or numbers.
    #[error("{}: column `{column}` is of type {found}, which is neither a number nor a time", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// A file that cannot be written.
    #[error("{}: cannot be written: {reason}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Options that no bars can be made from.
    #[error("cannot make synthetic bars: {reason}")]
    Synth {
        /// What is wrong.
        reason: String,
    },
    /// A line that holds no bar.
    #[error("{}: line {line}: {reason}", path.display())]
    Line {
        /// Where it came from.
        path: PathBuf,
        /// Which line, counted from 1.
        line: u64,
        /// What is wrong with it.
        reason: String,
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
    path.map(|path| format!("{}: ", path.display())).unwrap_or_default()
}
