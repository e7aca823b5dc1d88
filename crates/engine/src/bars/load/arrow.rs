//! Parquet and Arrow files: typed columns, of which only those in use are decoded.
//!
//! Prices may be floats, integers, decimals or text. 32-bit floats are widened as they are: 0.1 becomes
//! 0.10000000149011612. Times may be timestamps of any unit, dates, integers, floats or text.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_ipc::reader::{FileReader, StreamReader};
use arrow_schema::{ArrowError, DataType, SchemaRef, TimeUnit};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::super::check::Expected;
use super::super::{DataError, NANOS_PER_DAY, NANOS_PER_SECOND};
use super::LoadOptions;
use super::claim::is_plausible;
use super::format::{FileFormat, corrupt};
use super::names::{ColumnIndices, Search};
use super::table::Table;
use super::time_text::RawTime;

/// Rows decoded at a time.
const BATCH_ROWS: usize = 1 << 16;

/// Reads a Parquet file.
pub(super) fn read_parquet(path: &Path, file: File, options: &LoadOptions) -> Result<Table, DataError> {
    let bad = |error: &dyn std::fmt::Display| corrupt(path, FileFormat::Parquet, error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| bad(&error))?;
    let (indices, wanted, mut table) = plan(path, builder.schema(), options)?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build().map_err(|error| bad(&error))?;
    for batch in reader {
        let batch = batch.map_err(|error| bad(&error))?;
        append(&mut table, path, &batch, &indices)?;
    }
    Ok(table)
}

/// Reads an Arrow IPC file or stream.
pub(super) fn read_ipc(
    path: &Path,
    mut file: File,
    format: FileFormat,
    options: &LoadOptions,
) -> Result<Table, DataError> {
    let bad = |error: ArrowError| corrupt(path, format, error);
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| corrupt(path, format, error))?;
    if !is_plausible(&bytes, format) {
        return Err(corrupt(path, format, "a buffer claims to be larger than any can be"));
    }
    let bytes = Cursor::new(bytes);
    if format == FileFormat::ArrowStream {
        let reader = StreamReader::try_new(bytes, None).map_err(bad)?;
        let schema = reader.schema();
        return read_batches(path, &schema, reader, (format, options));
    }
    let reader = FileReader::try_new(bytes, None).map_err(bad)?;
    let schema = reader.schema();
    read_batches(path, &schema, reader, (format, options))
}

fn read_batches(
    path: &Path,
    schema: &SchemaRef,
    batches: impl Iterator<Item = Result<RecordBatch, ArrowError>>,
    (format, options): (FileFormat, &LoadOptions),
) -> Result<Table, DataError> {
    let (indices, wanted, mut table) = plan(path, schema, options)?;
    for batch in batches {
        let batch = batch.and_then(|batch| batch.project(&wanted)).map_err(|error| corrupt(path, format, error))?;
        append(&mut table, path, &batch, &indices)?;
    }
    Ok(table)
}

/// The columns of the projected batches, the columns of the file to read, and an empty table.
fn plan(
    path: &Path,
    schema: &SchemaRef,
    options: &LoadOptions,
) -> Result<(ColumnIndices, Vec<usize>, Table), DataError> {
    let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
    let overrides = &options.columns;
    let names = &names;
    let found = Search { path, names, overrides }.find()?;
    let table = Table { columns: super::describe_columns(&found, names), ..Table::default() };
    let mut wanted: Vec<usize> = found.all().collect();
    wanted.sort_unstable();
    wanted.dedup();
    let place = |index: usize| wanted.partition_point(|wanted| *wanted < index);
    let indices = ColumnIndices {
        time: place(found.time),
        time_of_day: found.time_of_day.map(place),
        prices: found.prices.map(place),
        volume: found.volume.map(place),
    };
    Ok((indices, wanted, table))
}

fn append(table: &mut Table, path: &Path, batch: &RecordBatch, indices: &ColumnIndices) -> Result<(), DataError> {
    let schema = batch.schema();
    let refuse = |index: usize| DataError::ColumnType {
        path: path.to_owned(),
        column: schema.field(index).name().clone(),
        found: schema.field(index).data_type().to_string(),
    };
    let name = |index: usize| schema.field(index).name().as_str();
    match indices.time_of_day {
        Some(clock) => {
            let date = texts(batch.column(indices.time)).ok_or_else(|| refuse(indices.time))?;
            let clock = texts(batch.column(clock)).ok_or_else(|| refuse(clock))?;
            let (date, clock) = (date.as_string::<i32>(), clock.as_string::<i32>());
            for (date, clock) in date.iter().zip(clock) {
                let (date, clock) = (date.unwrap_or_default(), clock.unwrap_or_default());
                table.push_date_and_clock(name(indices.time), date, clock);
            }
        }
        None => {
            append_times(table, name(indices.time), batch.column(indices.time)).ok_or_else(|| refuse(indices.time))?
        }
    }
    for (column, index) in indices.prices.iter().chain(&indices.volume).enumerate() {
        append_numbers(table, (column, name(*index)), batch.column(*index)).ok_or_else(|| refuse(*index))?;
    }
    Ok(())
}

/// Appends a column of numbers; `None` if its type holds none.
fn append_numbers(table: &mut Table, (column, name): (usize, &str), array: &ArrayRef) -> Option<()> {
    if array.data_type().is_numeric() {
        let numbers = cast(array, &DataType::Float64).ok()?;
        let numbers = numbers.as_primitive::<Float64Type>();
        if numbers.null_count() == 0 {
            table.values[column].extend_from_slice(numbers.values());
        } else {
            table.values[column].extend(numbers.iter().map(|value| value.unwrap_or(f64::NAN)));
        }
        return Some(());
    }
    let texts = texts(array).filter(|_| is_text(array.data_type()))?;
    for text in texts.as_string::<i32>() {
        table.push_number(column, name, text.unwrap_or_default());
    }
    Some(())
}

/// Appends a column of times; `None` if its type holds none.
fn append_times(table: &mut Table, name: &str, array: &ArrayRef) -> Option<()> {
    let (unit_ns, make): (i64, fn(i64) -> RawTime) = match array.data_type() {
        DataType::Timestamp(unit, None) => (unit_ns(*unit), RawTime::Local),
        DataType::Timestamp(unit, Some(_)) => (unit_ns(*unit), RawTime::Instant),
        DataType::Date32 => (NANOS_PER_DAY, RawTime::Local),
        DataType::Date64 => (NANOS_PER_SECOND / 1_000, RawTime::Local),
        data_type if data_type.is_integer() => (1, RawTime::Epoch),
        DataType::Float64 => {
            for value in array.as_primitive::<Float64Type>() {
                match value.filter(|value| value.is_finite()) {
                    Some(value) => table.time.push(RawTime::EpochFraction(value)),
                    None => table.push_time(name, ""),
                }
            }
            return Some(());
        }
        data_type if is_text(data_type) => {
            for text in texts(array)?.as_string::<i32>() {
                table.push_time(name, text.unwrap_or_default());
            }
            return Some(());
        }
        _ => return None,
    };
    let numbers = match array.data_type() {
        // There is no direct way from days to 64-bit integers.
        DataType::Date32 => cast(&cast(array, &DataType::Int32).ok()?, &DataType::Int64).ok()?,
        _ => cast(array, &DataType::Int64).ok()?,
    };
    for value in numbers.as_primitive::<Int64Type>() {
        match value {
            Some(value) => table.time.push(make(value.saturating_mul(unit_ns))),
            None => {
                table.unreadable(table.time.len(), name, "", Expected::Time);
                table.time.push(RawTime::Instant(0));
            }
        }
    }
    Some(())
}

fn texts(array: &ArrayRef) -> Option<ArrayRef> {
    cast(array, &DataType::Utf8).ok()
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

fn unit_ns(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => NANOS_PER_SECOND,
        TimeUnit::Millisecond => NANOS_PER_SECOND / 1_000,
        TimeUnit::Microsecond => NANOS_PER_SECOND / 1_000_000,
        TimeUnit::Nanosecond => 1,
    }
}
