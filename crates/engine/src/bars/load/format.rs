//! Which format a file is in: by its first bytes where they tell, by its name otherwise.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::super::DataError;

/// File formats of bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC file, which is Feather version 2.
    ArrowFile,
    /// Arrow IPC stream.
    ArrowStream,
    /// Delimited text.
    Csv,
    /// Delimited text, compressed with gzip.
    CsvGzip,
    /// Delimited text, compressed with Zstandard.
    CsvZstd,
}

impl FileFormat {
    /// The format that a file name asks for, when writing.
    ///
    /// # Errors
    /// [`DataError::UnknownType`] if the extension is none of ours.
    pub fn of_name(path: &Path) -> Result<Self, DataError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let endings = [
            (".csv.gz", Self::CsvGzip),
            (".csv.zst", Self::CsvZstd),
            (".csv", Self::Csv),
            (".parquet", Self::Parquet),
            (".pq", Self::Parquet),
            (".arrow", Self::ArrowFile),
            (".feather", Self::ArrowFile),
            (".ipc", Self::ArrowFile),
            (".arrows", Self::ArrowStream),
        ];
        endings
            .iter()
            .find(|(ending, _)| name.ends_with(ending))
            .map(|(_, format)| *format)
            .ok_or_else(|| unknown(path))
    }

    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Parquet => "Parquet",
            Self::ArrowFile => "an Arrow file",
            Self::ArrowStream => "an Arrow stream",
            Self::Csv => "CSV",
            Self::CsvGzip => "gzip-compressed CSV",
            Self::CsvZstd => "Zstandard-compressed CSV",
        }
    }

    fn of_magic(magic: &[u8]) -> Option<Self> {
        let known: [(&[u8], Self); 5] = [
            (b"PAR1", Self::Parquet),
            (b"ARROW1", Self::ArrowFile),
            (&[0xff, 0xff, 0xff, 0xff], Self::ArrowStream),
            (&[0x1f, 0x8b], Self::CsvGzip),
            (&[0x28, 0xb5, 0x2f, 0xfd], Self::CsvZstd),
        ];
        known.iter().find(|(bytes, _)| magic.starts_with(bytes)).map(|(_, format)| *format)
    }
}

/// Opens a file and tells its format.
pub(super) fn open(path: &Path) -> Result<(File, FileFormat), DataError> {
    let io = |source| DataError::Open { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    if file.metadata().map_err(io)?.is_dir() {
        return Err(io(std::io::ErrorKind::IsADirectory.into()));
    }
    let mut magic = Vec::new();
    file.by_ref().take(8).read_to_end(&mut magic).map_err(io)?;
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let format = match FileFormat::of_magic(&magic) {
        Some(format) => format,
        None => text_format(path, &magic)?,
    };
    Ok((file, format))
}

/// Without telling first bytes it must be text, unless its name says otherwise.
fn text_format(path: &Path, magic: &[u8]) -> Result<FileFormat, DataError> {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let is_text = ["", "csv", "tsv", "txt", "prn", "dat"].contains(&extension.as_str());
    if is_text {
        return Ok(FileFormat::Csv);
    }
    if let Ok(format) = FileFormat::of_name(path) {
        let detail = if magic.is_empty() {
            "the file is empty"
        } else if magic.starts_with(b"FEA1") {
            "it is Feather version 1; write it again as version 2 or Parquet"
        } else {
            "its first bytes are not those of the format"
        };
        return Err(corrupt(path, format, detail));
    }
    Err(unknown(path))
}

/// The text of a delimited file, decompressed.
pub(super) fn read_text(path: &Path, file: File, format: FileFormat) -> Result<Vec<u8>, DataError> {
    let mut text = Vec::new();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let read = match format {
        FileFormat::CsvGzip => flate2::bufread::MultiGzDecoder::new(reader).read_to_end(&mut text),
        FileFormat::CsvZstd => {
            zstd::Decoder::with_buffer(reader).and_then(|mut decoder| decoder.read_to_end(&mut text))
        }
        _ => reader.read_to_end(&mut text),
    };
    match read {
        Ok(_) => Ok(text),
        Err(source) if format == FileFormat::Csv => Err(DataError::Open { path: path.to_owned(), source }),
        Err(source) => Err(corrupt(path, format, source)),
    }
}

/// The error for a file that breaks its format.
pub(super) fn corrupt(path: &Path, format: FileFormat, detail: impl ToString) -> DataError {
    DataError::Corrupt { path: path.to_owned(), format: format.name(), detail: detail.to_string() }
}

fn unknown(path: &Path) -> DataError {
    DataError::UnknownType { path: PathBuf::from(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_formats_in_any_case() {
        for (name, format) in [
            ("a.parquet", FileFormat::Parquet),
            ("A.CSV", FileFormat::Csv),
            ("a.b.csv.gz", FileFormat::CsvGzip),
            ("a.csv.zst", FileFormat::CsvZstd),
            ("a.feather", FileFormat::ArrowFile),
            ("a.arrows", FileFormat::ArrowStream),
        ] {
            assert_eq!(FileFormat::of_name(Path::new(name)).unwrap(), format);
        }
        let message = FileFormat::of_name(Path::new("a.xlsx")).unwrap_err().to_string();
        assert!(message.contains("a.xlsx") && message.contains(".parquet"), "{message}");
    }
}
