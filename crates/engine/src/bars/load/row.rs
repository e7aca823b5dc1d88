//! Bars one line at a time, as they arrive: CSV with a heading, or one JSON object a line.
//!
//! Columns, times and numbers are read as from a file. What a file tells as a whole is told here by each
//! line alone: the unit of an epoch by its own size, and the timeframe by the caller. Blank lines and lines
//! that begin with `#` are skipped.

use std::path::{Path, PathBuf};

use super::super::check::{Checks, Problems, check};
use super::super::{BarColumns, BarValues, DataError, RunningClock};
use super::assemble::EpochUnit;
use super::table::Table;
use super::text::{Rows, delimiter};
use super::{LoadOptions, Stamp};

/// How bars are spelled, one a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RowFormat {
    /// Delimited text; the first line is the heading.
    #[default]
    Csv,
    /// JSON objects; the first one's keys name the columns.
    JsonLines,
}

/// Reads bars line by line, each checked as the bars of a file are.
pub struct RowReader {
    path: PathBuf,
    format: RowFormat,
    options: LoadOptions,
    timeframe_ns: i64,
    clock: RunningClock,
    layout: Option<Layout>,
    /// The bar before, and its time as it was stamped.
    above: Option<(BarValues, i64)>,
    /// Rows read.
    rows: usize,
}

/// Known from the first line on.
struct Layout {
    delimiter: u8,
    names: Vec<String>,
    rows: Rows,
}

impl std::fmt::Debug for RowReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl RowReader {
    /// A reader of bars of `timeframe_ns`; `path` is how messages call the source. Of the options,
    /// `on_error` and `timeframe_ns` have no meaning here: a line alone cannot be repaired or joined.
    ///
    /// ```
    /// use bartune_engine::bars::{LoadOptions, RowFormat, RowReader, parse_timeframe};
    ///
    /// let mut reader = RowReader::new("stdin", (RowFormat::Csv, parse_timeframe("1d")?), LoadOptions::default());
    /// assert!(reader.read("date,open,high,low,close", 1)?.is_none());
    /// let bar = reader.read("2024-01-02,10,12,9,11", 2)?.expect("a bar");
    /// assert_eq!((bar.high, bar.volume), (12.0, 0.0));
    /// let error = reader.read("2024-01-03,10,8,9,11", 3).unwrap_err().to_string();
    /// assert!(error.contains("(line 3): high 8 is below low 9"), "{error}");
    /// # Ok::<(), bartune_engine::bars::DataError>(())
    /// ```
    #[must_use]
    pub fn new(path: impl AsRef<Path>, (format, timeframe_ns): (RowFormat, i64), options: LoadOptions) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            format,
            clock: RunningClock::new(&options.timezone),
            options,
            timeframe_ns,
            layout: None,
            above: None,
            rows: 0,
        }
    }

    /// The same, where the first row must come after this bar.
    #[must_use]
    pub fn after(self, bar: BarValues) -> Self {
        Self { above: Some((bar, bar.time)), ..self }
    }

    /// Reads line `number`, counted from 1. `None` for the heading, a blank line or a comment. After an error
    /// the reader stands where it stood before.
    ///
    /// # Errors
    /// A [`DataError`] that names the line and what is wrong with it.
    pub fn read(&mut self, line: &str, number: u64) -> Result<Option<BarValues>, DataError> {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line).trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        let mut record = match self.format {
            RowFormat::Csv => self.csv_record(line, number)?,
            RowFormat::JsonLines => self.json_record(line, number)?,
        };
        let mut position = csv::Position::new();
        position.set_line(number);
        record.set_position(Some(position));
        if self.layout.is_none() {
            let is_heading = self.begin(line, &record)?;
            if is_heading && self.format == RowFormat::Csv {
                return Ok(None);
            }
        }
        let layout = self.layout.as_mut().expect("begun above");
        layout.rows.push(&record);
        let table = std::mem::take(&mut layout.rows.table);
        self.rows += 1;
        let bar = self.bar(table).map_err(|error| self.locate(error, number))?;
        Ok(Some(bar))
    }

    /// Finds the columns in the first line, and whether it is a heading.
    fn begin(&mut self, line: &str, record: &csv::ByteRecord) -> Result<bool, DataError> {
        let names: Vec<String> = match self.format {
            RowFormat::Csv => record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect(),
            RowFormat::JsonLines => keys(line),
        };
        let mut rows = Rows::new(&self.path, &names, &self.options)?;
        rows.table = Table::default();
        let is_heading = rows.has_heading;
        self.layout = Some(Layout { delimiter: delimiter(line.as_bytes()), names, rows });
        Ok(is_heading)
    }

    fn csv_record(&self, line: &str, number: u64) -> Result<csv::ByteRecord, DataError> {
        let delimiter = self.layout.as_ref().map_or_else(|| delimiter(line.as_bytes()), |layout| layout.delimiter);
        if !line.contains('"') {
            return Ok(line.as_bytes().split(|byte| *byte == delimiter).collect());
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
        let mut record = csv::ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| self.refuse(number, error.to_string()))?;
        Ok(record)
    }

    /// The cells of an object in the order of the first object's keys; what is missing is blank.
    fn json_record(&self, line: &str, number: u64) -> Result<csv::ByteRecord, DataError> {
        let example = r#"write one object a line, such as {"time": "2024-01-02T09:30:00Z", "open": 1, "high": 2, "low": 1, "close": 2}"#;
        let value: serde_json::Value = serde_json::from_str(line)
            .map_err(|error| self.refuse(number, format!("not JSON: {error}\n  help: {example}")))?;
        let serde_json::Value::Object(object) = value else {
            return Err(self.refuse(number, format!("not a JSON object\n  help: {example}")));
        };
        let cell = |value: Option<&serde_json::Value>| match value {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        Ok(match &self.layout {
            Some(layout) => layout.names.iter().map(|name| cell(object.get(name))).collect::<Vec<_>>().into(),
            None => object.values().map(|value| cell(Some(value))).collect::<Vec<_>>().into(),
        })
    }

    /// The checked bar of a table of one row.
    fn bar(&mut self, table: Table) -> Result<BarValues, DataError> {
        if table.problems.total > 0 {
            return Err(DataError::Problems(Box::new(table.problems)));
        }
        let unit = EpochUnit::of(&table.time);
        let raw = table.time[0];
        let stamp = match unit.local(raw) {
            None => unit.instant(raw),
            Some(local) => self.clock.instant(local, self.above.map(|(_, stamp)| stamp)),
        };
        let time = match self.options.stamp {
            Stamp::Open => stamp,
            Stamp::Close => self.clock.open_of(stamp, self.timeframe_ns),
        };
        let [open, high, low, close, volume] = table.values.map(|values| values.first().copied().unwrap_or(0.0));
        let bar = BarValues { time, open, high, low, close, volume };
        let mut columns = BarColumns::default();
        self.above.iter().for_each(|(above, _)| columns.push(above));
        columns.push(&bar);
        check(&columns, &Checks { allow_nonpositive: self.options.allow_nonpositive, timeframe_ns: None })?;
        self.above = Some((bar, stamp));
        Ok(bar)
    }

    /// The same error, at the line where it is.
    fn locate(&mut self, error: DataError, number: u64) -> DataError {
        let DataError::Problems(mut problems) = error else {
            return error;
        };
        let (path, rows) = (Some(self.path.clone()), self.rows);
        // The bar above was fine when it was read; only this line can be at fault.
        for problem in &mut problems.first {
            (problem.row, problem.line) = (rows, Some(number));
        }
        self.rows -= 1;
        DataError::Problems(Box::new(Problems { path, rows, ..*problems }))
    }

    fn refuse(&self, line: u64, reason: String) -> DataError {
        DataError::Line { path: self.path.clone(), line, reason }
    }
}

/// The keys of a JSON object that was read before.
fn keys(line: &str) -> Vec<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap_or_default();
    object.keys().cloned().collect()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::super::super::tests::{columns_of, instant};
    use super::super::super::{Bars, NANOS_PER_DAY, NANOS_PER_MINUTE, load, write};
    use super::*;

    fn reader(format: RowFormat, zone: &str, timeframe_ns: i64) -> RowReader {
        let options = LoadOptions { timezone: TimeZone::get(zone).unwrap(), ..LoadOptions::default() };
        RowReader::new("stdin", (format, timeframe_ns), options)
    }

    fn all(reader: &mut RowReader, text: &str) -> Result<Vec<BarValues>, DataError> {
        let mut bars = Vec::new();
        for (index, line) in text.lines().enumerate() {
            bars.extend(reader.read(line, index as u64 + 1)?);
        }
        Ok(bars)
    }

    #[test]
    fn csv_and_json_lines_spell_the_same_bar() {
        let csv = "\u{feff}Date;Open;High;Low;Close;Volume\r\n# a comment\n\n2024-01-31 09:30;1.5;2;1;\"1.75\";7\r\n";
        let json = r#"{"t": "2024-01-31T09:30", "o": 1.5, "h": "2", "l": 1, "c": 1.75, "v": 7, "symbol": "X"}"#;
        let epochs = r#"{"time": 1706711400, "open": 1.5, "high": 2, "low": 1, "close": 1.75, "volume": 7}"#;
        let time = instant("2024-01-31T14:30:00Z");
        let bar = BarValues { time, open: 1.5, high: 2.0, low: 1.0, close: 1.75, volume: 7.0 };
        let minute = NANOS_PER_MINUTE;
        for (format, text) in [(RowFormat::Csv, csv), (RowFormat::JsonLines, json), (RowFormat::JsonLines, epochs)] {
            assert_eq!(all(&mut reader(format, "America/New_York", minute), text).unwrap(), [bar], "{text}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_reader_goes_on() {
        let heading = "time,open,high,low,close\n2024-01-02,10,12,9,11\n";
        for (line, words) in [
            ("2024-01-02,10,12,9,11", vec!["stdin", "line 3", "repeats the row above"]),
            ("2024-01-01,10,12,9,11", vec!["line 3", "before the row above"]),
            ("2024-01-03,10,12,9", vec!["line 3", "4 fields instead of 5"]),
            ("2024-01-03,10,x,9,11", vec!["line 3", "high `x` is not a number"]),
            ("01/02/2024,10,12,9,11", vec!["line 3", "one meaning"]),
            ("2024-01-03,10,12,,11", vec!["line 3", "low is NaN"]),
            ("2024-01-03,10,12,-1,11", vec!["line 3", "not above zero"]),
        ] {
            let mut reader = reader(RowFormat::Csv, "UTC", NANOS_PER_DAY);
            all(&mut reader, heading).unwrap();
            let message = reader.read(line, 3).unwrap_err().to_string();
            for word in words {
                assert!(message.contains(word), "`{word}` is not in: {message}");
            }
            assert!(message.contains("1 problem in 2 rows"), "{message}");
            assert!(reader.read("2024-01-03,10,12,9,11", 4).unwrap().is_some());
        }
    }

    #[test]
    fn what_is_no_object_is_refused_with_an_example() {
        for line in ["{", "[1]", "7", "{\"open\": 1}"] {
            let message = reader(RowFormat::JsonLines, "UTC", 1).read(line, 9).unwrap_err().to_string();
            assert!(message.contains("stdin"), "{message}");
        }
        let message = reader(RowFormat::JsonLines, "UTC", 1).read("{", 9).unwrap_err().to_string();
        assert!(message.contains("line 9") && message.contains("one object a line"), "{message}");
    }

    #[test]
    fn a_bar_stamped_at_its_close_opens_a_timeframe_earlier() {
        let options = LoadOptions { stamp: Stamp::Close, ..LoadOptions::default() };
        let mut reader = RowReader::new("stdin", (RowFormat::Csv, 5 * NANOS_PER_MINUTE), options);
        let bars = all(&mut reader, "time,open,high,low,close\n2024-01-02 00:05,1,1,1,1").unwrap();
        assert_eq!(bars[0].time, instant("2024-01-02T00:00:00Z"));
    }

    #[test]
    fn the_second_reading_of_a_repeated_hour_comes_after_the_first() {
        let mut reader = reader(RowFormat::Csv, "America/New_York", 30 * NANOS_PER_MINUTE);
        let text =
            "time,open,high,low,close\n2024-11-03 01:00,1,1,1,1\n2024-11-03 01:30,1,1,1,1\n2024-11-03 01:00,1,1,1,1";
        let bars = all(&mut reader, text).unwrap();
        assert_eq!(bars[2].time - bars[0].time, 60 * NANOS_PER_MINUTE);
    }

    proptest! {
        #[test]
        fn a_file_line_by_line_gives_the_bars_of_the_file(gaps in prop::collection::vec(1i64..10_000_000_000_000, 2..40)) {
            let first = instant("2019-12-31T23:00:00Z");
            let times = gaps.iter().scan(first, |time, gap| { *time += gap; Some(*time) }).collect();
            let bars = Bars::try_new(columns_of(times), TimeZone::UTC, Checks::default()).unwrap();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.csv");
            write(&path, &bars).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let read = all(&mut reader(RowFormat::Csv, "UTC", bars.timeframe_ns()), &text).unwrap();
            let loaded = load(&path, &LoadOptions::default()).unwrap().bars;
            prop_assert_eq!(read, (0..loaded.len()).map(|t| loaded.bar(t)).collect::<Vec<_>>());
        }

        #[test]
        fn no_line_panics(lines in prop::collection::vec("\\PC{0,40}", 0..6), json: bool) {
            let format = if json { RowFormat::JsonLines } else { RowFormat::Csv };
            let _ = all(&mut reader(format, "UTC", 1), &format!("time,open,high,low,close\n{}", lines.join("\n")));
            let _ = all(&mut reader(format, "UTC", 1), &lines.join("\n"));
        }
    }
}
