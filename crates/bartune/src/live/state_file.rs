//! The saved state of a live run: what it depends on, and every bar it has seen.
//!
//! Most indicators are recursive, so that only all bars determine them, and the kernels' inner state is no
//! format to keep promises about. So the bars are kept and replayed: exact by construction, in less than a
//! second for years of minutes. The file is itself a CSV bar file, whose first line is a comment:
//!
//! ```text
//! # bartune stream 1 {"settings": {…}, "timeframe_ns": …, "history_bars": …, "bars": …, "content_hash": "…"}
//! time,open,high,low,close,volume
//! 2024-01-02T14:30:00Z,4742.25,4744,4740.5,4743,1021
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use bartune_engine::Params;
use bartune_engine::bars::{BarColumns, Bars, Checks, LoadOptions, RowFormat, RowReader};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Live;
use crate::config::Plan;
use crate::error::Error;
use crate::study::differences;

/// What the first line begins with; the number is the format's.
const MARK: &str = "# bartune stream 1 ";

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    settings: serde_json::Map<String, Value>,
    timeframe_ns: i64,
    history_bars: usize,
    bars: usize,
    /// [`Bars::content_hash`] of all bars; empty without any.
    content_hash: String,
}

impl Live {
    /// Write everything needed to go on from here to `path`, atomically: a reader sees the old file or the
    /// new one. Costs time linear in the bars seen.
    ///
    /// # Errors
    ///
    /// [`Error::Write`].
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let temporary = temporary(path);
        let written = self.write(&temporary).and_then(|()| std::fs::rename(&temporary, path));
        written.map_err(|source| {
            // A half-written file that cannot be removed either does no harm.
            let _ = std::fs::remove_file(&temporary);
            Error::Write { path: path.to_owned(), source }
        })
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let header = Header {
            settings: self.settings.clone().into_iter().collect(),
            timeframe_ns: self.setup.timeframe_ns,
            history_bars: self.history_bars,
            bars: self.bars_seen(),
            content_hash: content_hash(&self.bars),
        };
        let mut file = BufWriter::new(File::create(path)?);
        writeln!(file, "{MARK}{}", serde_json::to_string(&header)?)?;
        writeln!(file, "time,open,high,low,close,volume")?;
        for t in 0..self.bars_seen() {
            let bar = self.bar(t);
            let time = Timestamp::from_nanosecond(i128::from(bar.time)).map_err(std::io::Error::other)?;
            writeln!(file, "{time},{},{},{},{},{}", bar.open, bar.high, bar.low, bar.close, bar.volume)?;
        }
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()
    }

    /// Go on from a saved state, which must be of the same strategy, parameters, costs and account: the bars
    /// that it holds are replayed. What comes next is bit for bit what would have come without the break.
    ///
    /// # Errors
    ///
    /// [`Error::Read`], [`Error::State`] for a file that is no state or is damaged, [`Error::StateChanged`] for
    /// one that was saved with other settings; what [`Live::new`] finds wrong.
    pub fn restore(plan: &Plan, params: &Params, timeframe_ns: i64, path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let damaged = |reason: String| Error::State { path: path.to_owned(), reason };
        let mut file = BufReader::new(File::open(path).map_err(read)?);
        let mut first = String::new();
        file.read_line(&mut first).map_err(read)?;
        let header = first.strip_prefix(MARK).ok_or_else(|| damaged("it does not begin as one".to_owned()))?;
        let header: Header = serde_json::from_str(header).map_err(|error| damaged(error.to_string()))?;
        let mut live = Self::new(plan, params, timeframe_ns)?;
        live.check_settings(&header, path)?;
        let options = LoadOptions { timezone: TimeZone::UTC, allow_nonpositive: true, ..LoadOptions::default() };
        let mut reader = RowReader::new(path, (RowFormat::Csv, timeframe_ns), options);
        for (index, line) in file.lines().enumerate() {
            let Some(bar) = reader.read(&line.map_err(read)?, index as u64 + 2)? else { continue };
            if live.bars_seen() < header.history_bars {
                live.warm_up_bar(&bar);
            } else {
                live.update(&bar);
            }
        }
        if live.bars_seen() != header.bars || content_hash(&live.bars) != header.content_hash {
            return Err(damaged(format!("its bars are not the {} that it was saved with", header.bars)));
        }
        Ok(live)
    }

    fn check_settings(&self, header: &Header, path: &Path) -> Result<(), Error> {
        let now: BTreeMap<String, Value> = self.settings.clone();
        let differences = differences(&header.settings, &now);
        if differences.is_empty() {
            return Ok(());
        }
        Err(Error::StateChanged { path: path.to_owned(), differences })
    }
}

/// A name beside the file, of this process alone.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn content_hash(columns: &BarColumns) -> String {
    let checks = Checks { allow_nonpositive: true, timeframe_ns: None };
    Bars::try_new(columns.clone(), TimeZone::UTC, checks)
        .map_or_else(|_| String::new(), |bars| bars.content_hash().to_owned())
}
