//! A plan's bars, loaded and divided into segments.

mod bar_cache;

use std::ops::Range;

use bartune_engine::bars::{self, Bars, Loaded};

use crate::config::{DataPlan, SegmentPlan, SplitPlan};
use crate::error::Error;

pub use bar_cache::BarCache;

/// Bars and where each segment lies in them.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// All bars of the file.
    pub bars: Bars,
    /// What loading found: gaps, repairs.
    pub loaded: Loaded,
    /// Index ranges into `bars`.
    pub segments: Segments,
}

/// Index ranges of the segments; they never overlap and are in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// In-sample.
    pub train: Range<usize>,
    /// Out-of-sample.
    pub validate: Option<Range<usize>>,
    /// The vault.
    pub test: Option<Range<usize>>,
}

impl Dataset {
    /// What loading did that a user should know, in sentences.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        notes(&self.loaded)
    }
}

/// What loading did that a user should know, in sentences.
#[must_use]
pub fn notes(loaded: &Loaded) -> Vec<String> {
    let repairs = &loaded.report.repairs;
    let mut notes = loaded.report.notes.clone();
    if repairs.moved > 0 {
        notes.push(format!(
            "{} rows were out of order and have been sorted (first: row {})",
            repairs.moved, repairs.first_moved_rows[0]
        ));
    }
    if repairs.dropped > 0 {
        notes.push(format!(
            "{} exact duplicates have been dropped (first: row {})",
            repairs.dropped, repairs.first_dropped_rows[0]
        ));
    }
    notes
}

impl Segments {
    /// Number of leading bars a search may see: everything before the vault.
    #[must_use]
    pub fn searchable_bars(&self) -> usize {
        self.validate.as_ref().map_or(self.train.end, |validate| validate.end)
    }
}

/// Load a plan's bars, making them first if the plan says how and the file is not there. With a cache,
/// they come from a copy that is shared with other processes, or are copied for the next time.
///
/// # Errors
///
/// What loading, making or dividing found wrong.
pub fn open(data: &DataPlan, split: &SplitPlan, cache: Option<&BarCache>) -> Result<Dataset, Error> {
    if let (Some(synth), false) = (&data.synth, data.path.exists()) {
        if let Some(folder) = data.path.parent() {
            std::fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.to_owned(), source })?;
        }
        bars::write(&data.path, &bars::synth(synth)?)?;
    }
    let loaded = match cache {
        Some(cache) => cache.load(&data.path, &data.load)?,
        None => bars::load(&data.path, &data.load)?,
    };
    let segments = divide(&loaded.bars, split)?;
    Ok(Dataset { bars: loaded.bars.clone(), loaded, segments })
}

/// Divide bars as the split says. Between segments, bars that open less than the embargo after the
/// last bar before them has opened are left out.
///
/// # Errors
///
/// [`Error::EmptySegment`] when a segment has fewer than two bars.
pub fn divide(bars: &Bars, split: &SplitPlan) -> Result<Segments, Error> {
    let mut divider = Divider { bars, embargo_ns: nanos(split), share: 0.0, end: 0 };
    Ok(Segments {
        train: divider.next("train", split.train)?,
        validate: split.validate.map(|segment| divider.next("validate", segment)).transpose()?,
        test: split.test.map(|segment| divider.next("test", segment)).transpose()?,
    })
}

fn nanos(split: &SplitPlan) -> i64 {
    i64::try_from(split.embargo.as_nanos()).unwrap_or(i64::MAX)
}

struct Divider<'a> {
    bars: &'a Bars,
    embargo_ns: i64,
    /// Sum of the shares so far, so that rounding never shifts a later boundary.
    share: f64,
    /// End of the segment before.
    end: usize,
}

impl Divider<'_> {
    fn next(&mut self, name: &'static str, segment: SegmentPlan) -> Result<Range<usize>, Error> {
        let time = self.bars.time();
        let range = match segment {
            SegmentPlan::Share(share) => {
                let start = boundary(time.len(), self.share);
                self.share += share;
                start..boundary(time.len(), self.share)
            }
            SegmentPlan::Dates(from, to) => {
                time.partition_point(|&open| open < from)..time.partition_point(|&open| open < to)
            }
        };
        let earliest = match self.end {
            0 => range.start,
            end => {
                let clear = time[end - 1].saturating_add(self.embargo_ns);
                time.partition_point(|&open| open < clear).max(end).max(range.start)
            }
        };
        if range.end < earliest + 2 {
            return Err(Error::EmptySegment { name, bars: range.end.saturating_sub(earliest), total: time.len() });
        }
        self.end = range.end;
        Ok(earliest..range.end)
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bar counts are far below 2^53, shares in 0..=1"
)]
fn boundary(bars: usize, share: f64) -> usize {
    ((bars as f64 * share + 1e-9).floor() as usize).min(bars)
}
