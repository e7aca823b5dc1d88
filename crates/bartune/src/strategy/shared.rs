//! Bars that another process can map.
//!
//! Where the bars lie in a mapped file already, that file is named, and no memory is used. Else they are written to a
//! temporary file once, when a process first needs them; a part of them is a part of that file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::{Deref, Range};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bartune_engine::bars::Bars;

/// Bars with a place where other processes find them.
#[derive(Debug, Clone)]
pub struct SharedBars {
    bars: Bars,
    whole: Arc<Whole>,
    /// The first of the bars among the whole's.
    first: usize,
}

/// The bars that a place is made for, with all parts of them.
#[derive(Debug)]
struct Whole {
    bars: Bars,
    /// Differs from every other in this process.
    id: u64,
    place: OnceLock<Result<Place, String>>,
}

/// A file with the columns in it.
#[derive(Debug)]
struct Place {
    /// What to open.
    path: PathBuf,
    offsets: [u64; 6],
    /// Kept for as long as it may be opened.
    _file: Held,
}

#[derive(Debug)]
#[expect(dead_code, reason = "dropping it is what it is kept for")]
enum Held {
    File(File),
    Named(tempfile::NamedTempFile),
    Path,
}

/// Where bars are, for a process that is to map them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Address<'a> {
    /// Names the file's content: what was mapped under it once need not be mapped again.
    pub(crate) id: u64,
    pub(crate) path: &'a PathBuf,
    pub(crate) offsets: [u64; 6],
    /// Bars in the file.
    pub(crate) whole: usize,
    /// The part of them that is meant.
    pub(crate) part: Range<usize>,
}

impl SharedBars {
    /// Bars that have no place yet.
    #[must_use]
    pub fn new(bars: Bars) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let whole = Whole { bars: bars.clone(), id, place: OnceLock::new() };
        Self { bars, whole: Arc::new(whole), first: 0 }
    }

    /// Some of the bars, in the same place.
    ///
    /// # Panics
    /// If the range is not within `0..len()`.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let first = self.first + range.start;
        Self { bars: self.bars.slice(range), whole: Arc::clone(&self.whole), first }
    }

    /// The place, which is made now if there is none.
    pub(crate) fn address(&self) -> Result<Address<'_>, String> {
        let whole = &self.whole;
        let place = whole.place.get_or_init(|| Place::of(&whole.bars)).as_ref().map_err(Clone::clone)?;
        Ok(Address {
            id: whole.id,
            path: &place.path,
            offsets: place.offsets,
            whole: whole.bars.len(),
            part: self.first..self.first + self.bars.len(),
        })
    }
}

impl Deref for SharedBars {
    type Target = Bars;

    fn deref(&self) -> &Bars {
        &self.bars
    }
}

impl Place {
    fn of(bars: &Bars) -> Result<Self, String> {
        if let Some(mapped) = bars.mapped() {
            // The open file is the one that was mapped, whatever has its path by now.
            let (path, held) = match mapped.file.try_clone().ok().and_then(by_descriptor) {
                Some((path, file)) => (path, Held::File(file)),
                None => (mapped.path.to_owned(), Held::Path),
            };
            return Ok(Self { path, offsets: mapped.offsets, _file: held });
        }
        Self::written(bars).map_err(|error| {
            format!("the bars cannot be written to a temporary file for the workers: {error}; free some space, or set TMPDIR")
        })
    }

    fn written(bars: &Bars) -> std::io::Result<Self> {
        // On Linux a file without a name, which nothing can leave behind.
        let unnamed = cfg!(target_os = "linux").then(tempfile::tempfile).transpose()?;
        let (path, held, mut file) = match unnamed.and_then(by_descriptor) {
            Some((path, file)) => {
                let writer = file.try_clone()?;
                (path, Held::File(file), writer)
            }
            None => {
                let named = tempfile::NamedTempFile::new()?;
                let file = named.reopen()?;
                (named.path().to_owned(), Held::Named(named), file)
            }
        };
        write_columns(bars, &mut file)?;
        let length = 8 * bars.len() as u64;
        let offsets = [0, 1, 2, 3, 4, 5].map(|column| column * length);
        Ok(Self { path, offsets, _file: held })
    }
}

/// The path by which another process opens what this one has open; where the system has such paths.
fn by_descriptor(file: File) -> Option<(PathBuf, File)> {
    #[cfg(target_os = "linux")]
    {
        use std::os::fd::AsRawFd;

        let path = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
        path.exists().then_some((path, file))
    }
    #[cfg(not(target_os = "linux"))]
    {
        drop(file);
        None
    }
}

fn write_columns(bars: &Bars, file: &mut File) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 16, file);
    for time in bars.time().iter() {
        file.write_all(&time.to_ne_bytes())?;
    }
    for column in [bars.open(), bars.high(), bars.low(), bars.close(), bars.volume()] {
        for value in column.iter() {
            file.write_all(&value.to_ne_bytes())?;
        }
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use bartune_engine::bars::{SynthOptions, synth};

    use super::*;

    fn values(address: &Address<'_>, column: usize) -> Vec<u64> {
        let bytes = std::fs::read(address.path).expect("it can be opened by its path");
        let start = usize::try_from(address.offsets[column]).expect("it is small");
        let values = bytes[start..start + 8 * address.whole].chunks_exact(8);
        let values: Vec<u64> = values.map(|value| u64::from_ne_bytes(value.try_into().expect("eight bytes"))).collect();
        values[address.part.clone()].to_vec()
    }

    #[test]
    fn bars_in_memory_are_written_once_and_found_in_parts() {
        let bars = synth(&SynthOptions { bars: 500, ..SynthOptions::default() }).expect("they can be made");
        let shared = SharedBars::new(bars);
        let part = shared.slice(100..400).slice(50..60);
        let (whole, address) = (shared.address().expect("written"), part.address().expect("written"));
        assert_eq!((whole.id, whole.path, address.part.clone()), (address.id, address.path, 150..160));
        let bits = |column: &[f64]| column.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(values(&address, 4), bits(part.close()));
        assert_eq!(values(&whole, 5), bits(shared.volume()));
        assert_ne!(SharedBars::new(shared.slice(0..10).bars).address().expect("written").id, whole.id);
    }
}
