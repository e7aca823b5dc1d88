//! Delimited text. The delimiter is sniffed in the heading among comma, semicolon, tab and bar; lines
//! that begin with `#` are comments; a byte order mark is skipped. A file whose first line holds
//! values, not names, is read in the order time, open, high, low, close, volume.

use std::path::Path;

use super::super::DataError;
use super::super::check::ProblemKind;
use super::LoadOptions;
use super::format::{FileFormat, corrupt};
use super::names::{ColumnIndices, Search};
use super::table::Table;
use super::time_text::parse_time;

/// Reads delimited text. Every row is read, so that the problems are counted.
pub(super) fn read(path: &Path, text: &[u8], options: &LoadOptions) -> Result<Table, DataError> {
    let text = text.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(text);
    if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
        return Err(corrupt(path, FileFormat::Csv, "it is UTF-16; save it as UTF-8"));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .delimiter(delimiter(text))
        .from_reader(text);
    let mut record = csv::ByteRecord::new();
    let mut next = |record: &mut csv::ByteRecord| {
        reader.read_byte_record(record).map_err(|error| corrupt(path, FileFormat::Csv, error))
    };
    if !next(&mut record)? {
        return Err(DataError::NoRows { path: Some(path.to_owned()) });
    }
    let names: Vec<String> = record.iter().map(|name| String::from_utf8_lossy(name).trim().to_owned()).collect();
    let mut rows = Rows::new(path, &names, options)?;
    let mut has_row = !rows.has_heading || next(&mut record)?;
    while has_row {
        rows.push(&record);
        has_row = next(&mut record)?;
    }
    Ok(rows.table)
}

/// The rows read so far.
pub(super) struct Rows {
    pub(super) table: Table,
    names: Vec<String>,
    indices: ColumnIndices,
    pub(super) has_heading: bool,
}

impl Rows {
    pub(super) fn new(path: &Path, names: &[String], options: &LoadOptions) -> Result<Self, DataError> {
        // Whoever names columns says that there are names.
        let first_price = first_price_of_data(names).filter(|_| options.columns.is_empty());
        let has_heading = first_price.is_none();
        let mut table = Table::default();
        let overrides = &options.columns;
        let indices = match first_price {
            None => Search { path, names, overrides }.find()?,
            Some(first_price) => {
                let order = "read in the order time, open, high, low, close, volume";
                table.notes.push(format!("the file has no heading: {order}"));
                ColumnIndices::in_order(first_price, names.len())
            }
        };
        let labels = if has_heading {
            names.to_vec()
        } else {
            (1..=names.len()).map(|number| format!("column {number}")).collect()
        };
        table.columns = super::describe_columns(&indices, &labels);
        Ok(Self { table, names: labels, indices, has_heading })
    }

    pub(super) fn push(&mut self, record: &csv::ByteRecord) {
        let row = self.table.time.len();
        self.table.lines.push(record.position().map_or(0, csv::Position::line));
        if record.len() != self.names.len() {
            let (found, expected) = (record.len(), self.names.len());
            self.table.problems.push(row, ProblemKind::FieldCount { found, expected });
        }
        let cell = |index: usize| String::from_utf8_lossy(record.get(index).unwrap_or_default());
        let is_short = self.indices.all().any(|index| index >= record.len());
        if is_short {
            // Counted above; keep the columns of one length.
            self.table.time.push(super::time_text::RawTime::Instant(0));
            self.table.values.iter_mut().for_each(|values| values.push(f64::NAN));
            return;
        }
        let time_name = &self.names[self.indices.time];
        match self.indices.time_of_day {
            Some(clock) => {
                let (date, clock) = (cell(self.indices.time), cell(clock));
                self.table.push_date_and_clock(time_name, &date, &clock);
            }
            None => self.table.push_time(time_name, &cell(self.indices.time)),
        }
        for (column, index) in self.indices.prices.iter().enumerate() {
            self.table.push_number(column, &self.names[*index], &cell(*index));
        }
        if let Some(index) = self.indices.volume {
            self.table.push_number(4, &self.names[index], &cell(index));
        }
    }
}

/// Where the prices begin in a first line that is a bar rather than a heading: after a time, or after
/// a date and a time of day.
fn first_price_of_data(fields: &[String]) -> Option<usize> {
    let is_number = |field: &String| field.parse::<f64>().is_ok_and(f64::is_finite);
    let holds_bar = |time: &str, first: usize| {
        let prices = fields.get(first..first + 4);
        parse_time(time).is_some() && prices.is_some_and(|prices| prices.iter().all(is_number))
    };
    let (first, second) = (fields.first()?, fields.get(1)?);
    if holds_bar(first, 1) {
        return Some(1);
    }
    holds_bar(&format!("{first} {second}"), 2).then_some(2)
}

/// The delimiter that is most frequent in the first line that is neither blank nor a comment.
pub(super) fn delimiter(text: &[u8]) -> u8 {
    let heading = text
        .split(|byte| *byte == b'\n' || *byte == b'\r')
        .find(|line| !line.is_empty() && line[0] != b'#')
        .unwrap_or_default();
    let count = |delimiter: u8| heading.iter().filter(|byte| **byte == delimiter).count();
    [b'|', b'\t', b';', b','].into_iter().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',')
}
