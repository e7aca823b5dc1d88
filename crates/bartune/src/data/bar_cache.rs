//! Decoded bars, once per host: a folder of copies that every process maps into memory.
//!
//! There is one copy for each bar file and way of reading it. It belongs to one state of the file (length,
//! times of change, place on the disk), and is replaced when the file has another. Copies are kept below
//! [`MOST_BYTES`] in all, the oldest going first.
//!
//! **A cache never fails a command.** What is missing, stale or damaged is made anew; where the folder
//! cannot be written, the bars are read from their file and a note says so.
//!
//! **A file that was changed less than two seconds ago is not copied**: another change within one tick
//! of the file system's clock could leave its length and times as they are.

use std::ffi::OsStr;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bartune_engine::bars::{self, DataError, LoadOptions, Loaded, read_copy, write_copy};
use sha2::{Digest, Sha256};

use crate::identity::hex;

/// Version of what is in a copy and of how files are read; raise it when the same file can give
/// other bars.
const FORMAT: u32 = 1;

/// Bytes of copies kept in a folder.
const MOST_BYTES: u64 = 8 << 30;

/// How long a file must have been left alone.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// A folder of decoded bars.
#[derive(Debug, Clone)]
pub struct BarCache {
    folder: PathBuf,
}

impl BarCache {
    /// The cache in a folder, which is made when it is first needed.
    #[must_use]
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// This user's: `$BARTUNE_CACHE_DIR`, or else `bartune` in `$XDG_CACHE_HOME` or `~/.cache` (on Windows
    /// `%LOCALAPPDATA%`), in it `bars`. `None` where the environment names none of them.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let folder = folder_of(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from));
        folder.map(Self::at)
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Bars as [`bars::load`] gives them, from the copy if there is one in good order; else they are
    /// copied for the next time.
    ///
    /// # Errors
    ///
    /// Those of [`bars::load`]; never one of the cache's own.
    pub fn load(&self, path: &Path, options: &LoadOptions) -> Result<Loaded, DataError> {
        let Some(source) = Source::of(path, options) else {
            return bars::load(path, options);
        };
        let copy = self.folder.join(&source.copy_name);
        if let Ok(loaded) = read_copy(&copy, &source.state, &options.timezone) {
            return Ok(as_read(loaded, path));
        }
        let mut loaded = bars::load(path, options)?;
        // What was read may be of a later state than the one looked at.
        if !source.is_settled || Source::of(path, options).is_none_or(|now| now.state != source.state) {
            return Ok(loaded);
        }
        match self.keep(&copy, &source, &loaded) {
            // From here on in the memory that other processes share.
            Ok(()) => Ok(read_copy(&copy, &source.state, &options.timezone).map_or(loaded, |copy| as_read(copy, path))),
            Err(reason) => {
                loaded.report.notes.push(format!(
                    "decoded bars are not kept for the next time: {reason}; set BARTUNE_CACHE_DIR to another folder, \
                     or switch this off with --no-cache"
                ));
                Ok(loaded)
            }
        }
    }

    fn keep(&self, copy: &Path, source: &Source, loaded: &Loaded) -> Result<(), String> {
        let unmade = |error| format!("{}: {error}", self.folder.display());
        std::fs::create_dir_all(&self.folder).map_err(unmade)?;
        write_copy(copy, &source.state, loaded).map_err(|error| error.to_string())?;
        self.prune(MOST_BYTES, copy);
        Ok(())
    }

    /// Removes the oldest files until the folder holds no more than so many bytes; `newest` stays. What
    /// cannot be removed is left: another process may have been quicker.
    fn prune(&self, most_bytes: u64, newest: &Path) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<(SystemTime, PathBuf, u64)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let metadata = entry.metadata().ok().filter(Metadata::is_file)?;
                let is_ours = entry.path().extension().is_some_and(|end| end == "arrow" || end == "tmp");
                is_ours.then_some((metadata.modified().ok()?, entry.path(), metadata.len()))
            })
            .collect();
        files.sort();
        let mut bytes: u64 = files.iter().map(|(_, _, bytes)| bytes).sum();
        for (_, path, length) in files.iter().filter(|(_, path, _)| path != newest) {
            if bytes <= most_bytes {
                break;
            }
            let _ = std::fs::remove_file(path);
            bytes -= length;
        }
    }
}

/// The report names the file as this caller does; another may have named it otherwise.
fn as_read(mut loaded: Loaded, path: &Path) -> Loaded {
    path.clone_into(&mut loaded.report.path);
    loaded
}

fn folder_of(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(folder) = variable("BARTUNE_CACHE_DIR") {
        return Some(folder.join("bars"));
    }
    // The XDG specification has relative paths ignored.
    let caches = variable("XDG_CACHE_HOME")
        .filter(|folder| folder.is_absolute())
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .or_else(|| variable("LOCALAPPDATA"));
    caches.map(|caches| caches.join("bartune").join("bars"))
}

/// One state of one file, read in one way.
struct Source {
    /// Names the file and the way of reading it.
    copy_name: String,
    /// Names the state, too.
    state: String,
    is_settled: bool,
}

impl Source {
    /// `None` for what is no file, and for timezones without a name, which nothing tells apart.
    fn of(path: &Path, options: &LoadOptions) -> Option<Self> {
        options.timezone.iana_name()?;
        let canonical = path.canonicalize().ok()?;
        let metadata = canonical.metadata().ok().filter(Metadata::is_file)?;
        let modified = metadata.modified().ok()?;
        let version = env!("CARGO_PKG_VERSION");
        let file = format!("bartune {version} bars {FORMAT}\n{}\n{options:?}", readable(canonical.as_os_str()));
        Some(Self {
            copy_name: format!("{}.arrow", &hex(&Sha256::digest(&file))[..32]),
            state: format!(
                "{file}\n{} bytes, modified {}, {}",
                metadata.len(),
                nanoseconds(modified),
                place(&metadata)
            ),
            is_settled: modified.elapsed().is_ok_and(|age| age >= SETTLED_AFTER),
        })
    }
}

/// A path without loss, also where it is no Unicode.
fn readable(path: &OsStr) -> String {
    format!("{path:?}")
}

fn nanoseconds(time: SystemTime) -> i128 {
    let signed = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX);
    time.duration_since(UNIX_EPOCH).map_or_else(|before| -signed(before.duration()), signed)
}

/// Device, inode and time of the last change of either content or attributes: it tells a file that was
/// put in another's place with its length and time.
#[cfg(unix)]
fn place(metadata: &Metadata) -> String {
    use std::os::unix::fs::MetadataExt;
    let (seconds, nanos) = (metadata.ctime(), metadata.ctime_nsec());
    format!("changed {seconds}.{nanos:09}, inode {} of {}", metadata.ino(), metadata.dev())
}

#[cfg(not(unix))]
fn place(metadata: &Metadata) -> String {
    metadata.created().map_or_else(|_| String::new(), |time| format!("created {}", nanoseconds(time)))
}

#[cfg(test)]
mod tests;
