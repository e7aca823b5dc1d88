//! Bars into files, by extension, in the layout that [`load`](super::load()) reads back bit for bit.
//!
//! Columns are `time, open, high, low, close, volume`; times are UTC (nanoseconds in Parquet and Arrow,
//! ISO 8601 with `Z` in text), numbers in text the shortest that read back the same. A file appears
//! whole or not at all: it is written beside its place under another name, then renamed.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampNanosecondArray};
use arrow_ipc::CompressionType;
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::check::Utc;
use super::{Bars, Column, DataError, FileFormat};

/// Rows formatted between two writes of text.
const TEXT_ROWS: usize = 4096;

/// Zstandard level for text and Parquet: its own default.
const ZSTD_LEVEL: i32 = 3;

/// Writes bars to a file in the format of its extension, atomically, replacing what was there.
///
/// # Errors
/// [`DataError::UnknownType`] for an extension that is none of ours, [`DataError::Write`] otherwise.
pub fn write(path: impl AsRef<Path>, bars: &Bars) -> Result<(), DataError> {
    let path = path.as_ref();
    let format = FileFormat::of_name(path)?;
    let temporary = Temporary::beside(path);
    let written = temporary.create().and_then(|file| encode(file, format, bars)).and_then(|file| {
        file.sync_all()?;
        std::fs::rename(&temporary.path, path)
    });
    written.map_err(|error| DataError::Write { path: path.to_owned(), reason: error.to_string() })
}

/// A file under a passing name, removed when dropped unless it was renamed.
pub(super) struct Temporary {
    path: PathBuf,
}

/// Temporary files of this process so far: two threads that write one file do not share one.
static TEMPORARIES: AtomicU64 = AtomicU64::new(0);

impl Temporary {
    pub(super) fn beside(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (process, number) = (std::process::id(), TEMPORARIES.fetch_add(1, Ordering::Relaxed));
        Self { path: path.with_file_name(format!(".{name}.{process}-{number}.tmp")) }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create(&self) -> std::io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).open(&self.path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After the rename there is nothing to remove, and nobody to tell if removing fails.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn encode(file: File, format: FileFormat, bars: &Bars) -> std::io::Result<File> {
    let buffered = BufWriter::with_capacity(1 << 16, file);
    let buffered = match format {
        FileFormat::Parquet => parquet_file(buffered, bars)?,
        FileFormat::ArrowFile => {
            let batch = batch(bars)?;
            let options = lz4()?;
            let mut writer = FileWriter::try_new_with_options(buffered, &batch.schema(), options).map_err(other)?;
            writer.write(&batch).map_err(other)?;
            writer.into_inner().map_err(other)?
        }
        FileFormat::ArrowStream => {
            let batch = batch(bars)?;
            let options = lz4()?;
            let mut writer = StreamWriter::try_new_with_options(buffered, &batch.schema(), options).map_err(other)?;
            writer.write(&batch).map_err(other)?;
            writer.into_inner().map_err(other)?
        }
        FileFormat::Csv => text(buffered, bars)?,
        FileFormat::CsvGzip => {
            let encoder = flate2::write::GzEncoder::new(buffered, flate2::Compression::default());
            text(encoder, bars)?.finish()?
        }
        FileFormat::CsvZstd => text(zstd::Encoder::new(buffered, ZSTD_LEVEL)?, bars)?.finish()?,
    };
    buffered.into_inner().map_err(std::io::IntoInnerError::into_error)
}

fn parquet_file(writer: BufWriter<File>, bars: &Bars) -> std::io::Result<BufWriter<File>> {
    let level = ZstdLevel::try_new(ZSTD_LEVEL).map_err(other)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by("bartune".to_owned())
        .build();
    let batch = batch(bars)?;
    let mut writer = ArrowWriter::try_new(writer, batch.schema(), Some(properties)).map_err(other)?;
    writer.write(&batch).map_err(other)?;
    writer.into_inner().map_err(other)
}

fn lz4() -> std::io::Result<IpcWriteOptions> {
    IpcWriteOptions::default().try_with_compression(Some(CompressionType::LZ4_FRAME)).map_err(other)
}

pub(super) fn batch(bars: &Bars) -> std::io::Result<RecordBatch> {
    let time = TimestampNanosecondArray::from(bars.time().to_vec()).with_timezone("UTC");
    let column = |column: &Column<f64>| -> ArrayRef { Arc::new(Float64Array::from(column.to_vec())) };
    RecordBatch::try_from_iter([
        ("time", Arc::new(time) as ArrayRef),
        ("open", column(bars.open())),
        ("high", column(bars.high())),
        ("low", column(bars.low())),
        ("close", column(bars.close())),
        ("volume", column(bars.volume())),
    ])
    .map_err(other)
}

fn text<W: Write>(mut writer: W, bars: &Bars) -> std::io::Result<W> {
    use std::fmt::Write as _;
    let mut lines = String::from("time,open,high,low,close,volume\n");
    for t in 0..bars.len() {
        let time = Utc(bars.time()[t]);
        let (open, high, low) = (bars.open()[t], bars.high()[t], bars.low()[t]);
        let (close, volume) = (bars.close()[t], bars.volume()[t]);
        writeln!(lines, "{time},{open},{high},{low},{close},{volume}").map_err(other)?;
        if t % TEXT_ROWS == TEXT_ROWS - 1 {
            writer.write_all(lines.as_bytes())?;
            lines.clear();
        }
    }
    writer.write_all(lines.as_bytes())?;
    Ok(writer)
}

pub(super) fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> std::io::Error {
    std::io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::super::tests::instant;
    use super::super::{BarColumns, Checks, LoadOptions, load};
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn any_bars() -> impl Strategy<Value = Bars> {
        let row =
            (1i64..1_000_000_000_000, 1e-9..1e9f64, 0.0..1.0f64, 0.0..1.0f64, prop_oneof![Just(0.0), 0.0..1e15f64]);
        prop::collection::vec(row, 1..60).prop_map(|rows| {
            let mut columns = BarColumns::default();
            let mut time = instant("2019-12-31T23:00:00Z");
            for (gap, price, up, down, volume) in rows {
                time += gap;
                columns.time.push(time);
                columns.open.push(price);
                columns.high.push(price * (1.0 + up));
                columns.low.push(price * (1.0 - down / 2.0));
                columns.close.push(price * (1.0 + up / 3.0));
                columns.volume.push(volume);
            }
            Bars::try_new(columns, TimeZone::UTC, Checks::default()).unwrap()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn every_format_reads_back_bit_for_bit(bars in any_bars()) {
            let folder = tempfile::tempdir().unwrap();
            for name in ["a.parquet", "a.csv", "a.csv.gz", "a.csv.zst", "a.arrow", "a.feather", "a.arrows"] {
                let path = folder.path().join(name);
                write(&path, &bars).unwrap();
                let back = load(&path, &LoadOptions::default()).unwrap().bars;
                prop_assert_eq!(back.content_hash(), bars.content_hash(), "{}", name);
                prop_assert_eq!(back.timeframe_ns(), bars.timeframe_ns());
            }
            prop_assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 7);
        }
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let bars = super::super::tests::bars_of(vec![0, 1], "UTC", 1);
        let target = folder.path().join("taken.csv");
        std::fs::create_dir(&target).unwrap();
        let message = write(&target, &bars).unwrap_err().to_string();
        assert!(message.contains("taken.csv: cannot be written"), "{message}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(write(folder.path().join("a.xls"), &bars).is_err());
        assert!(write(folder.path().join("absent/a.csv"), &bars).is_err());
    }
}
