//! Files of bars: Parquet, Arrow IPC (Feather version 2) and delimited text, plain or compressed.
//!
//! The steps, each in its own module: tell the [`format`](FileFormat), find the columns by their
//! names, read raw cells into a table, then assemble: place the times in their timezone, repair if
//! asked to, check, look for gaps, resample. What was done is in the [`LoadReport`].
//!
//! **Policies.** Times without an offset are wall-clock times of [`LoadOptions::timezone`]. A time that
//! the clock skips is moved forward by the gap; a time that it shows twice is the first one, unless the
//! row above is already there, then the second. Both are counted. Nothing is filled or interpolated; a
//! missing price refuses the file. A file without volumes has zeros.

mod arrow;
mod assemble;
mod claim;
mod format;
mod names;
mod report;
mod row;
mod table;
mod text;
mod time_text;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::tz::TimeZone;

pub use format::FileFormat;
pub(super) use names::list;
pub use report::{Gap, GapLength, Gaps, LoadReport, Repairs};
pub use row::{RowFormat, RowReader};

use super::{Bars, DataError};
use names::ColumnIndices;
use table::Table;

/// Which end of a bar its stamp in the file names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stamp {
    /// The open, as in [`Bars`].
    #[default]
    Open,
    /// The close: one timeframe is taken off every time. A daily bar of midnight then belongs to the
    /// day before.
    Close,
}

/// What to do about rows out of order and rows repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnError {
    /// Refuse the file.
    #[default]
    Refuse,
    /// Sort by time and drop exact duplicates, and report it. Any other problem still refuses.
    Repair,
}

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadOptions {
    /// Where times without an offset were read off the wall, and where days begin.
    pub timezone: TimeZone,
    /// Which end of a bar is stamped.
    pub stamp: Stamp,
    /// Whether small faults are repaired.
    pub on_error: OnError,
    /// Accept prices of zero and below.
    pub allow_nonpositive: bool,
    /// Column names where the usual ones do not do: `time`, `open`, `high`, `low`, `close` or
    /// `volume`, to the file's own name.
    pub columns: BTreeMap<String, String>,
    /// Join the bars into this longer timeframe, in nanoseconds.
    pub timeframe_ns: Option<i64>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            timezone: TimeZone::UTC,
            stamp: Stamp::default(),
            on_error: OnError::default(),
            allow_nonpositive: false,
            columns: BTreeMap::new(),
            timeframe_ns: None,
        }
    }
}

/// Bars, and how they came to be.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The bars.
    pub bars: Bars,
    /// What was found and done on the way.
    pub report: LoadReport,
}

/// Loads a file of bars. The format is told by the file's first bytes, and by its name where those do
/// not tell.
///
/// # Errors
/// A [`DataError`] that names the file and, where rows are at fault, the first few of them.
pub fn load(path: impl AsRef<Path>, options: &LoadOptions) -> Result<Loaded, DataError> {
    let path = path.as_ref();
    let (file, format) = format::open(path)?;
    let table = decode(path, file, (format, options))?;
    assemble::assemble((path, format), table, options)
}

/// Reads a file's raw cells. The Arrow and Parquet decoders index into what a broken file claims to
/// hold, and may panic; to the caller that is a broken file, too.
fn decode(path: &Path, file: std::fs::File, (format, options): (FileFormat, &LoadOptions)) -> Result<Table, DataError> {
    // Nothing is shared with the closure but borrowed options and the file, which is dropped with it.
    let read = std::panic::AssertUnwindSafe(|| match format {
        FileFormat::Parquet => arrow::read_parquet(path, file, options),
        FileFormat::ArrowFile | FileFormat::ArrowStream => arrow::read_ipc(path, file, format, options),
        FileFormat::Csv | FileFormat::CsvGzip | FileFormat::CsvZstd => {
            text::read(path, &format::read_text(path, file, format)?, options)
        }
    });
    std::panic::catch_unwind(read).unwrap_or_else(|_| {
        let detail = "its parts contradict each other";
        Err(format::corrupt(path, format, detail))
    })
}

/// Which of the file's columns became which of ours, in words.
fn describe_columns(indices: &ColumnIndices, names: &[String]) -> Vec<(String, String)> {
    let ours = ["open", "high", "low", "close"];
    let theirs = |index: usize| names.get(index).cloned().unwrap_or_default();
    let mut columns = vec![("time".to_owned(), theirs(indices.time))];
    columns.extend(indices.time_of_day.map(|index| ("time_of_day".to_owned(), theirs(index))));
    columns.extend(ours.iter().zip(indices.prices).map(|(ours, index)| ((*ours).to_owned(), theirs(index))));
    columns.extend(indices.volume.map(|index| ("volume".to_owned(), theirs(index))));
    columns
}

#[cfg(test)]
mod tests;
