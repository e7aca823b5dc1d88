//! What every bar must satisfy, and how a bar that does not is reported.

use std::fmt;

use super::{BarColumns, DataError};

/// Problems shown in full; the rest is counted.
const SHOWN: usize = 5;

/// Times outside these years are unit mistakes: 1700-01-01 and 2250-01-01, in nanoseconds.
const EARLIEST_NS: i64 = -8_520_336_000_000_000_000;
const LATEST_NS: i64 = 8_835_955_200_000_000_000;

/// What may be relaxed when bars are checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checks {
    /// Accept prices of zero and below, as spreads and some futures have.
    pub allow_nonpositive: bool,
    /// The timeframe where it is known, in nanoseconds; otherwise it is inferred.
    pub timeframe_ns: Option<i64>,
}

/// One row that breaks a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Data row, counted from 1 without the heading.
    pub row: usize,
    /// Line in a text file, counted from 1.
    pub line: Option<u64>,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// What can be wrong with one row. Times are nanoseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Its time is before that of the row above.
    Unsorted {
        /// Its time.
        time: i64,
        /// Time of the row above.
        above: i64,
    },
    /// Its time is that of the row above.
    DuplicateTime {
        /// Its time.
        time: i64,
        /// Whether all other values are those of the row above, too.
        is_exact: bool,
    },
    /// Its time is centuries away.
    TimeOutOfRange {
        /// Its time.
        time: i64,
    },
    /// Its high is below its low.
    HighBelowLow {
        /// High.
        high: f64,
        /// Low.
        low: f64,
    },
    /// A price is not between low and high.
    OutsideRange {
        /// `open` or `close`.
        column: &'static str,
        /// The price.
        value: f64,
        /// Low.
        low: f64,
        /// High.
        high: f64,
    },
    /// A value is NaN, infinite or missing.
    NotFinite {
        /// Its column.
        column: &'static str,
        /// The value.
        value: f64,
    },
    /// A price is zero or below.
    NotPositive {
        /// Its column.
        column: &'static str,
        /// The price.
        value: f64,
    },
    /// A volume is below zero.
    NegativeVolume {
        /// The volume.
        value: f64,
    },
    /// A text row has more or fewer fields than the heading.
    FieldCount {
        /// Its fields.
        found: usize,
        /// The heading's.
        expected: usize,
    },
    /// A number or time could not be read.
    Unreadable {
        /// Its column, as the file names it.
        column: String,
        /// The text.
        text: String,
        /// What was expected.
        expected: Expected,
    },
}

/// What an unreadable cell should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A time.
    Time,
    /// A time: this one may have the month or the day first, and nothing tells which.
    TimeWithYearFirst,
    /// A number.
    Number,
}

impl Expected {
    fn text(self) -> &'static str {
        match self {
            Self::Time => "a time",
            Self::TimeWithYearFirst => "a time that has one meaning: day and month look alike",
            Self::Number => "a number",
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Time | Self::TimeWithYearFirst => {
                "write times with the year first, such as `2024-01-31 09:30:00`, or as epochs"
            }
            Self::Number => "write numbers as `1234.5`, without letters, signs of currency or thousands",
        }
    }
}

impl ProblemKind {
    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Unsorted { .. } => "sort the file by time, or set `on_error = \"repair\"` to have it sorted",
            Self::DuplicateTime { is_exact: true, .. } => {
                "remove the repeated rows, or set `on_error = \"repair\"` to drop exact duplicates"
            }
            Self::DuplicateTime { .. } => "keep one row for each time; rows that differ cannot be repaired",
            Self::TimeOutOfRange { .. } => "check the unit of the time column (seconds, milliseconds, …)",
            Self::HighBelowLow { .. } => "check that the columns high and low are not swapped",
            Self::OutsideRange { .. } => "low <= open, close <= high must hold; mend the row or remove it",
            Self::NotFinite { .. } => "fill the value in or remove the row; gaps between bars are fine",
            Self::NotPositive { .. } => "mend the row, or set `allow_nonpositive = true` for spreads",
            Self::NegativeVolume { .. } => "volumes are zero or more; mend the row",
            Self::FieldCount { .. } => "give every row one field for each column; check quotes and the delimiter",
            Self::Unreadable { expected, .. } => expected.remedy(),
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsorted { time, above } => {
                write!(f, "time {} is before the row above ({})", Utc(*time), Utc(*above))
            }
            Self::DuplicateTime { time, is_exact } => {
                let others = if *is_exact { "with the same values" } else { "with other values" };
                write!(f, "time {} repeats the row above, {others}", Utc(*time))
            }
            Self::TimeOutOfRange { time } => write!(f, "time {} is centuries away", Utc(*time)),
            Self::HighBelowLow { high, low } => write!(f, "high {high} is below low {low}"),
            Self::OutsideRange { column, value, low, high } => {
                write!(f, "{column} {value} is outside low {low} to high {high}")
            }
            Self::NotFinite { column, value } => {
                write!(f, "{column} is {value}, not a finite number")
            }
            Self::NotPositive { column, value } => write!(f, "{column} {value} is not above zero"),
            Self::NegativeVolume { value } => write!(f, "volume {value} is below zero"),
            Self::FieldCount { found, expected } => {
                write!(f, "{found} fields instead of {expected}")
            }
            Self::Unreadable { column, text, expected } => match text.is_empty() {
                true => write!(f, "{column} is empty, not {}", expected.text()),
                false => write!(f, "{column} `{text}` is not {}", expected.text()),
            },
        }
    }
}

/// A time as people read it.
pub(super) struct Utc(pub(super) i64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_nanosecond(i128::from(self.0)) {
            Ok(timestamp) => write!(f, "{timestamp}"),
            Err(_) => write!(f, "{} ns", self.0),
        }
    }
}

/// The bad rows of one file: the first few and the count of all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Problems {
    /// The file, where there is one.
    pub path: Option<std::path::PathBuf>,
    /// Rows that were looked at.
    pub rows: usize,
    /// The first problems, in row order.
    pub first: Vec<Problem>,
    /// How many there are in all.
    pub total: usize,
}

impl Problems {
    /// Counts a problem, and keeps it if it is one of the first.
    pub(super) fn push(&mut self, row_index: usize, kind: ProblemKind) {
        self.total += 1;
        if self.first.len() < SHOWN {
            self.first.push(Problem { row: row_index + 1, line: None, kind });
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", path.display())?;
        }
        let noun = if self.total == 1 { "problem" } else { "problems" };
        write!(f, "{} {noun} in {} rows", self.total, self.rows)?;
        let mut remedies = Vec::new();
        for problem in &self.first {
            write!(f, "\n  row {}", problem.row)?;
            if let Some(line) = problem.line {
                write!(f, " (line {line})")?;
            }
            write!(f, ": {}", problem.kind)?;
            if !remedies.contains(&problem.kind.remedy()) {
                remedies.push(problem.kind.remedy());
            }
        }
        if self.total > self.first.len() {
            write!(f, "\n  … and {} more", self.total - self.first.len())?;
        }
        for remedy in remedies {
            write!(f, "\n  help: {remedy}")?;
        }
        Ok(())
    }
}

/// Checks columns against the invariant of [`Bars`](super::Bars).
pub(super) fn check(columns: &BarColumns, checks: &Checks) -> Result<(), DataError> {
    let rows = columns.time.len();
    for (column, values) in named(columns) {
        if values.len() != rows {
            return Err(DataError::ColumnLengths { column, found: values.len(), expected: rows });
        }
    }
    if rows == 0 {
        return Err(DataError::NoRows { path: None });
    }
    let mut problems = Problems { rows, ..Problems::default() };
    for row in 0..rows {
        check_time(columns, row, &mut problems);
        check_prices(columns, row, checks, &mut problems);
    }
    if problems.total == 0 { Ok(()) } else { Err(DataError::Problems(Box::new(problems))) }
}

fn named(columns: &BarColumns) -> [(&'static str, &[f64]); 5] {
    [
        ("open", &columns.open),
        ("high", &columns.high),
        ("low", &columns.low),
        ("close", &columns.close),
        ("volume", &columns.volume),
    ]
}

fn check_time(columns: &BarColumns, row: usize, problems: &mut Problems) {
    let time = columns.time[row];
    if !(EARLIEST_NS..=LATEST_NS).contains(&time) {
        problems.push(row, ProblemKind::TimeOutOfRange { time });
    }
    let Some(above) = row.checked_sub(1).map(|above| columns.time[above]) else {
        return;
    };
    if time == above {
        let is_exact = named(columns).iter().all(|(_, values)| values[row].to_bits() == values[row - 1].to_bits());
        problems.push(row, ProblemKind::DuplicateTime { time, is_exact });
    } else if time < above {
        problems.push(row, ProblemKind::Unsorted { time, above });
    }
}

fn check_prices(columns: &BarColumns, row: usize, checks: &Checks, problems: &mut Problems) {
    let (open, high, low, close) = (columns.open[row], columns.high[row], columns.low[row], columns.close[row]);
    let volume = columns.volume[row];
    // One test for the row that is as it should be, which nearly all are.
    let is_ordered = low <= open && open <= high && low <= close && close <= high;
    let is_signed = low > 0.0 || checks.allow_nonpositive;
    if is_ordered && is_signed && low.is_finite() && high.is_finite() && volume >= 0.0 && volume.is_finite() {
        return;
    }
    let values = named(columns).map(|(column, values)| (column, values[row]));
    let not_finite = values.iter().filter(|(_, value)| !value.is_finite());
    let mut all_finite = true;
    for (column, value) in not_finite {
        all_finite = false;
        problems.push(row, ProblemKind::NotFinite { column, value: *value });
    }
    if !all_finite {
        return;
    }
    if high < low {
        problems.push(row, ProblemKind::HighBelowLow { high, low });
    } else {
        for (column, value) in [("open", open), ("close", close)] {
            if !(low..=high).contains(&value) {
                problems.push(row, ProblemKind::OutsideRange { column, value, low, high });
            }
        }
    }
    if !checks.allow_nonpositive {
        for (column, value) in values.iter().take(4).filter(|(_, value)| *value <= 0.0) {
            problems.push(row, ProblemKind::NotPositive { column, value: *value });
        }
    }
    if volume < 0.0 {
        problems.push(row, ProblemKind::NegativeVolume { value: volume });
    }
}
