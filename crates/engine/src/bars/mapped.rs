//! Decoded bars in a file that is mapped into memory: one copy in memory for all processes of a host.
//!
//! The file is an Arrow IPC file of one uncompressed record batch, `time, open, high, low, close, volume`,
//! that any Arrow reader can open. The schema's metadata hold what the bars were made from (a key that the
//! caller chooses), the timeframe, the report of the loading and the bars' content hash, and a seal over
//! those four.
//!
//! **Nothing in the file is trusted.** Lengths and places are checked against the file before anything is
//! read, the metadata against their seal, and the columns against the content hash, which is the same
//! that a study's identity needs anyway. What fails is [`CopyError::Damaged`], and nothing panics.
//!
//! **A file is never changed.** It appears whole, by a rename, is read-only, and is replaced by another
//! rename; who has the old one mapped keeps it. So any number of processes may read and write one path at
//! once. Whoever cuts a mapped file short by force stops the processes that read it (`SIGBUS`), as with
//! every mapped file.
//!
//! Reference: Apache Arrow, "Columnar format", section "Serialization and interprocess communication".

use std::fs::File;
use std::io::{BufWriter, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer};
use arrow_ipc::writer::FileWriter;
use arrow_ipc::{root_as_footer, root_as_message};
use arrow_schema::Metadata;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::write::{Temporary, batch, other};
use super::{Bars, Column, DataError, LoadReport, Loaded};

const MAGIC: &[u8] = b"ARROW1";

/// Names of the metadata, in the order in which they are sealed; the last is the seal.
const NAMES: [&str; 5] =
    ["bartune.source", "bartune.timeframe_ns", "bartune.report", "bartune.content_hash", "bartune.seal"];

/// Columns of the file.
const COLUMNS: usize = 6;

/// Why a stored copy of bars is not used. Writing it anew mends each.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// There is none.
    #[error("there is no copy")]
    Absent,
    /// It was made from something else.
    #[error("the copy was made from something else")]
    Stale,
    /// It is not as it was written.
    #[error("the copy is damaged: {0}")]
    Damaged(&'static str),
    /// It cannot be read.
    #[error("the copy cannot be read: {0}")]
    Read(std::io::Error),
}

/// The mapped file behind bars.
#[derive(Debug)]
pub(super) struct Mapping {
    file: File,
    path: PathBuf,
    /// Where it is mapped.
    address: usize,
}

/// Where another process finds the same columns.
#[derive(Debug)]
pub struct MappedBars<'a> {
    /// The file, open: under its path there may be a newer one by now.
    pub file: &'a File,
    /// Where it was opened.
    pub path: &'a Path,
    /// The byte at which each column begins: time, open, high, low, close, volume, 64 bits a value, in this machine's
    /// order of bytes.
    pub offsets: [u64; COLUMNS],
}

impl Mapping {
    /// The place of columns of these bars in the file.
    pub(super) fn place<'a>(&'a self, bars: &Bars) -> MappedBars<'a> {
        let [open, high, low, close, volume] =
            [&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume].map(|column| column.as_ptr().addr());
        let addresses = [bars.time.as_ptr().addr(), open, high, low, close, volume];
        let offsets = addresses.map(|address| (address - self.address) as u64);
        MappedBars { file: &self.file, path: &self.path, offsets }
    }
}

/// Stores bars and their report, so that [`read_copy`] with the same source finds them.
///
/// # Errors
/// [`DataError::Write`]; nothing is left behind then.
pub fn write_copy(path: &Path, source: &str, loaded: &Loaded) -> Result<(), DataError> {
    let temporary = Temporary::beside(path);
    let written = sealed_batch(source, loaded).and_then(|batch| {
        let file = BufWriter::with_capacity(1 << 16, temporary.create()?);
        let mut writer = FileWriter::try_new(file, &batch.schema()).map_err(other)?;
        writer.write(&batch).map_err(other)?;
        let file = writer.into_inner().map_err(other)?;
        let file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        let mut permissions = file.metadata()?.permissions();
        permissions.set_readonly(cfg!(unix));
        file.set_permissions(permissions)?;
        // Not synced to the disk: a copy that a power cut damages is found out and made anew.
        std::fs::rename(temporary.path(), path)
    });
    written.map_err(|error| DataError::Write { path: path.to_owned(), reason: error.to_string() })
}

/// Bars and report as [`write_copy`] stored them for this source, over the mapped file. `timezone` is the
/// one they were stored with: it is not in the file, and has to be told by `source`.
///
/// # Errors
/// A [`CopyError`] if there is no such copy in good order.
pub fn read_copy(path: &Path, source: &str, timezone: &TimeZone) -> Result<Loaded, CopyError> {
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CopyError::Absent,
        _ => CopyError::Read(error),
    })?;
    let buffer = map(&file).map_err(CopyError::Read)?;
    let mapping = Mapping { file, path: path.to_owned(), address: buffer.as_ptr().addr() };
    let footer = footer(&buffer)?;
    let footer = root_as_footer(footer).map_err(|_| CopyError::Damaged("its footer is no footer"))?;
    let [stored_source, timeframe_ns, report, content_hash] = metadata(&footer)?;
    if stored_source != source {
        return Err(CopyError::Stale);
    }
    let report: LoadReport = serde_json::from_str(report).map_err(|_| CopyError::Damaged("its report"))?;
    let timeframe_ns = timeframe_ns.parse().map_err(|_| CopyError::Damaged("its timeframe"))?;
    let body = Body::of(&buffer, &footer)?;
    let bars = Bars {
        time: body.column(0)?,
        open: body.column(1)?,
        high: body.column(2)?,
        low: body.column(3)?,
        close: body.column(4)?,
        volume: body.column(5)?,
        timezone: timezone.clone(),
        timeframe_ns,
        mapping: Some(Arc::new(mapping)),
        derived: Arc::default(),
    };
    if bars.is_empty() || bars.content_hash() != content_hash {
        return Err(CopyError::Damaged("its columns are not those that were written"));
    }
    Ok(Loaded { bars, report })
}

fn sealed_batch(source: &str, loaded: &Loaded) -> std::io::Result<RecordBatch> {
    let timeframe_ns = loaded.bars.timeframe_ns().to_string();
    let report = serde_json::to_string(&loaded.report).map_err(other)?;
    let values = [source, &timeframe_ns, &report, loaded.bars.content_hash()];
    let seal = seal(values);
    let metadata = NAMES.iter().zip(values.into_iter().chain([&*seal]));
    let metadata = metadata.map(|(name, value)| (*name, value)).collect::<Metadata>();
    let batch = batch(&loaded.bars)?;
    let schema = batch.schema().as_ref().clone().with_metadata(metadata);
    RecordBatch::try_new(Arc::new(schema), batch.columns().to_vec()).map_err(other)
}

fn seal(values: [&str; 4]) -> String {
    let mut hasher = Sha256::new();
    for value in values {
        hasher.update((value.len() as u64).to_le_bytes());
        hasher.update(value.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The whole file, mapped read-only.
fn map(file: &File) -> std::io::Result<Buffer> {
    #[expect(
        unsafe_code,
        reason = "sound as long as nobody changes the file while it is mapped: copies are read-only files \
                  that are only ever replaced by a rename, which leaves the mapped one as it was"
    )]
    let map = unsafe { memmap2::Mmap::map(file)? };
    Ok(Buffer::from(bytes::Bytes::from_owner(map)))
}

/// The footer's bytes: the file ends with it, its length in four bytes, and the magic.
fn footer(file: &[u8]) -> Result<&[u8], CopyError> {
    let damaged = || CopyError::Damaged("it is cut short");
    let rest = file.strip_prefix(MAGIC).and_then(|rest| rest.strip_suffix(MAGIC)).ok_or_else(damaged)?;
    let (rest, length) = rest.split_last_chunk::<4>().ok_or_else(damaged)?;
    let length = usize::try_from(i32::from_le_bytes(*length)).map_err(|_| damaged())?;
    let start = rest.len().checked_sub(length).ok_or_else(damaged)?;
    Ok(&rest[start..])
}

/// Source, timeframe, report and content hash, after a look at the seal.
fn metadata<'f>(footer: &arrow_ipc::Footer<'f>) -> Result<[&'f str; 4], CopyError> {
    let damaged = CopyError::Damaged("its metadata are not those that were written");
    let Some(pairs) = footer.schema().and_then(|schema| schema.custom_metadata()) else {
        return Err(damaged);
    };
    let mut values = [""; NAMES.len()];
    for pair in pairs {
        if let Some(index) = NAMES.iter().position(|name| pair.key() == Some(name)) {
            values[index] = pair.value().unwrap_or_default();
        }
    }
    let [source, timeframe_ns, report, content_hash, stored_seal] = values;
    let values = [source, timeframe_ns, report, content_hash];
    if seal(values) == stored_seal { Ok(values) } else { Err(damaged) }
}

/// The record batch's buffers, each within the file.
struct Body {
    values: Vec<Buffer>,
    rows: usize,
}

impl Body {
    fn of(file: &Buffer, footer: &arrow_ipc::Footer<'_>) -> Result<Self, CopyError> {
        Self::found(file, footer).ok_or(CopyError::Damaged("its columns are not where it says"))
    }

    fn found(file: &Buffer, footer: &arrow_ipc::Footer<'_>) -> Option<Self> {
        let block = footer.recordBatches().filter(|blocks| blocks.len() == 1)?.get(0);
        let start = usize::try_from(block.offset()).ok()?;
        let body_start = start.checked_add(usize::try_from(block.metaDataLength()).ok()?)?;
        // Before the message stand a marker and its length, four bytes each.
        let message = root_as_message(file.get(start.checked_add(8)?..body_start)?).ok()?;
        let batch = message.header_as_record_batch().filter(|batch| batch.compression().is_none())?;
        // Each column has a buffer that says where it is null, which is never, and one of values.
        let buffers = batch.buffers().filter(|buffers| buffers.len() == 2 * COLUMNS)?;
        let slice = |index: usize| {
            let place = buffers.get(index);
            let start = body_start.checked_add(usize::try_from(place.offset()).ok()?)?;
            let length = usize::try_from(place.length()).ok()?;
            let is_inside = start.checked_add(length)? <= file.len();
            is_inside.then(|| file.slice_with_length(start, length))
        };
        let values = (0..COLUMNS).map(|column| slice(2 * column + 1)).collect::<Option<_>>()?;
        Some(Self { values, rows: usize::try_from(batch.length()).ok()? })
    }

    fn column<T: ArrowNativeType>(&self, index: usize) -> Result<Column<T>, CopyError> {
        let values = &self.values[index];
        let is_aligned = values.as_ptr().align_offset(align_of::<T>()) == 0;
        if is_aligned && self.rows.checked_mul(size_of::<T>()) == Some(values.len()) {
            Ok(ScalarBuffer::<T>::from(values.clone()).into())
        } else {
            Err(CopyError::Damaged("its columns have other lengths than it says"))
        }
    }
}

#[cfg(test)]
mod tests;
