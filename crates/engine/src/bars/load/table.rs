//! What every reader gives: raw times, numbers, and the cells that could not be read.

use super::super::Problems;
use super::super::check::{Expected, ProblemKind};
use super::time_text::{RawTime, parse_time};

/// The columns of a file, not yet checked.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Times as read.
    pub(super) time: Vec<RawTime>,
    /// Open, high, low, close and volume; missing numbers are NaN, a missing volume column is empty.
    pub(super) values: [Vec<f64>; 5],
    /// Line of each row, for text files.
    pub(super) lines: Vec<u64>,
    /// Cells that could not be read.
    pub(super) problems: Problems,
    /// File's names of the columns used: ours, theirs.
    pub(super) columns: Vec<(String, String)>,
    /// What the reader decided by itself.
    pub(super) notes: Vec<String>,
}

impl Table {
    /// Reads a text cell as a time into the next row.
    pub(super) fn push_time(&mut self, column: &str, text: &str) {
        let time = parse_time(text).unwrap_or_else(|| {
            let expected = match text.contains('/') {
                true => Expected::TimeWithYearFirst,
                false => Expected::Time,
            };
            self.unreadable(self.time.len(), column, text, expected);
            RawTime::Instant(0)
        });
        self.time.push(time);
    }

    /// Reads a date and a time of day, kept apart in the file, as a time into the next row. A time
    /// such as `930` or `5`, which was a number once, has lost its leading zeros.
    pub(super) fn push_date_and_clock(&mut self, column: &str, date: &str, clock: &str) {
        let (date, clock) = (date.trim(), clock.trim());
        let is_number = !clock.is_empty() && clock.bytes().all(|byte| byte.is_ascii_digit());
        let text = match is_number {
            true => format!("{date} {clock:0>4}"),
            false => format!("{date} {clock}"),
        };
        self.push_time(column, &text);
    }

    /// Reads a text cell as a number into the next row of value column `index`. Blank cells, `nan`
    /// and `null` are NaN, and refused as such by the checks.
    pub(super) fn push_number(&mut self, index: usize, column: &str, text: &str) {
        let trimmed = text.trim();
        let is_missing =
            ["", "nan", "null", "none", "na", "n/a"].iter().any(|missing| trimmed.eq_ignore_ascii_case(missing));
        let value = match trimmed.parse() {
            _ if is_missing => f64::NAN,
            Ok(value) => value,
            Err(_) => {
                self.unreadable(self.values[index].len(), column, text, Expected::Number);
                f64::NAN
            }
        };
        self.values[index].push(value);
    }

    /// Notes a cell that could not be read.
    pub(super) fn unreadable(&mut self, row: usize, column: &str, text: &str, expected: Expected) {
        let kind = ProblemKind::Unreadable {
            column: super::names::shorten(column),
            text: super::names::shorten(text),
            expected,
        };
        self.problems.push(row, kind);
    }
}
