//! What was found and done while a file was loaded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::super::Bars;
use super::super::clock::LocalClock;
use super::FileFormat;

/// Gaps and repairs shown as examples.
const SHOWN: usize = 5;

/// How the bars of a file came to be. Times are nanoseconds since 1970 UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// The file.
    pub path: PathBuf,
    /// Its format.
    pub format: FileFormat,
    /// Rows in it.
    pub rows_read: usize,
    /// Which columns were used: ours, the file's.
    pub columns: Vec<(String, String)>,
    /// What was repaired.
    pub repairs: Repairs,
    /// Where bars are missing, before any resampling.
    pub gaps: Gaps,
    /// Local times that the clock showed twice.
    pub repeated_local_times: usize,
    /// Local times that the clock skipped, moved forward by the gap.
    pub skipped_local_times: usize,
    /// Timeframe of the file's own bars, nanoseconds.
    pub file_timeframe_ns: i64,
    /// What the reader decided by itself.
    pub notes: Vec<String>,
}

/// What `on_error = "repair"` did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repairs {
    /// Rows that stood after a later time and were moved.
    pub moved: usize,
    /// The first of them, as rows of the file counted from 1.
    pub first_moved_rows: Vec<usize>,
    /// Rows dropped as exact duplicates of the one before.
    pub dropped: usize,
    /// The first of them, as rows of the file counted from 1.
    pub first_dropped_rows: Vec<usize>,
}

impl Repairs {
    pub(super) fn push_moved(&mut self, row: usize) {
        self.moved += 1;
        if self.first_moved_rows.len() < SHOWN {
            self.first_moved_rows.push(row);
        }
    }

    pub(super) fn push_dropped(&mut self, row: usize) {
        self.dropped += 1;
        if self.first_dropped_rows.len() < SHOWN {
            self.first_dropped_rows.push(row);
        }
    }
}

/// A stretch without bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Where the bar before it closed.
    pub from_ns: i64,
    /// Where the bar after it opened.
    pub to_ns: i64,
}

impl Gap {
    /// How long it is.
    #[must_use]
    pub fn length_ns(&self) -> i64 {
        self.to_ns - self.from_ns
    }
}

/// How often one length of gap occurs: nights and weekends stand out by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapLength {
    /// The length.
    pub length_ns: i64,
    /// How many gaps have it.
    pub count: usize,
}

/// Where a bar does not open when the one before it closes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// How many.
    pub count: usize,
    /// The longest, and the first of equals.
    pub longest: Option<Gap>,
    /// The first few.
    pub first: Vec<Gap>,
    /// The most common lengths.
    pub common: Vec<GapLength>,
}

impl Gaps {
    /// The gaps between bars. Days are counted on the wall clock, so a 25-hour day is no gap.
    #[must_use]
    pub fn of(bars: &Bars) -> Self {
        let mut gaps = Self::default();
        let (Some(first), Some(last)) = (bars.time().first(), bars.time().last()) else {
            return gaps;
        };
        let clock = LocalClock::new(bars.timezone(), *first, *last);
        let mut lengths: BTreeMap<i64, usize> = BTreeMap::new();
        for pair in bars.time().windows(2) {
            let gap = Gap { from_ns: clock.add(pair[0], bars.timeframe_ns()), to_ns: pair[1] };
            if gap.from_ns >= gap.to_ns {
                continue;
            }
            gaps.count += 1;
            *lengths.entry(gap.length_ns()).or_default() += 1;
            if gaps.first.len() < SHOWN {
                gaps.first.push(gap);
            }
            if gaps.longest.is_none_or(|longest| longest.length_ns() < gap.length_ns()) {
                gaps.longest = Some(gap);
            }
        }
        let mut common: Vec<GapLength> =
            lengths.into_iter().map(|(length_ns, count)| GapLength { length_ns, count }).collect();
        common.sort_by_key(|length| std::cmp::Reverse(length.count));
        common.truncate(3);
        gaps.common = common;
        gaps
    }
}
