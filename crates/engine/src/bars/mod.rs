//! Market bars: columns of open, high, low, close and volume, stamped at the bar's **open**.
//!
//! | module | job |
//! |---|---|
//! | [`Bars`] | checked, immutable, cheaply shared columns |
//! | [`Calendar`] | the local day, minute and weekday of each bar, daylight saving included |
//! | [`load()`], [`write()`] | Parquet, CSV and Arrow files |
//! | [`read_copy()`], [`write_copy()`] | decoded bars in a file mapped into memory, shared by processes |
//! | [`describe()`] | what a file holds, in figures |
//! | [`synth()`] | made-up bars with the habits of real ones |
//! | [`buckets()`], [`resample()`] | longer timeframes, and when one of their bars is known to be complete |
//!
//! What it does not do: fill gaps, guess prices, join instruments, or look at a clock.
//!
//! **A bar** opens at its stamp and closes one timeframe later. The close is taken from the stamp
//! alone, never from the next bar, so nothing about a bar depends on later bars. Timeframes of a
//! day or longer are added on the local wall clock: the daily bar of a 23-hour day is 23 hours long.
//!
//! **NaN policy:** none enters. Every price is finite, and volumes are finite and not negative.

mod bar;
mod bucket_stream;
mod buckets;
mod calendar;
mod check;
mod clock;
mod column;
mod describe;
mod error;
mod load;
mod mapped;
mod resample;
mod running_clock;
mod synth;
mod timeframe;
mod write;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

pub use bar::BarValues;
pub(crate) use bucket_stream::BucketStream;
pub use buckets::{Buckets, buckets};
pub use calendar::Calendar;
pub use check::{Checks, Expected, Problem, ProblemKind, Problems};
pub use column::Column;
pub use describe::{DataInfo, GapInfo, Jump, describe};
pub use error::DataError;
pub use load::{
    FileFormat, Gap, GapLength, Gaps, LoadOptions, LoadReport, Loaded, OnError, Repairs, RowFormat, RowReader, Stamp,
    load,
};
pub use mapped::{CopyError, MappedBars, read_copy, write_copy};
pub use resample::resample;
pub(crate) use running_clock::RunningClock;
pub use synth::{Hours, SynthOptions, synth};
pub use timeframe::{format_timeframe, parse_timeframe};
pub use write::write;

use crate::function::BarColumn;

/// Nanoseconds in a second; every time in the engine is an `i64` of nanoseconds since 1970 UTC.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// Nanoseconds in a minute.
pub const NANOS_PER_MINUTE: i64 = 60 * NANOS_PER_SECOND;

/// Nanoseconds in a day of 24 hours.
pub const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// The six columns of a bar file, all of one length, before anything was checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarColumns {
    /// Open time of each bar, nanoseconds since 1970-01-01T00:00:00Z.
    pub time: Vec<i64>,
    /// First price.
    pub open: Vec<f64>,
    /// Highest price.
    pub high: Vec<f64>,
    /// Lowest price.
    pub low: Vec<f64>,
    /// Last price.
    pub close: Vec<f64>,
    /// Traded volume; zeros where the file has none.
    pub volume: Vec<f64>,
}

/// Checked bars of one instrument. Cloning and taking a prefix share the memory.
///
/// **Invariant:** times strictly increase, prices are finite, `low <= open, close <= high`.
#[derive(Debug, Clone)]
pub struct Bars {
    time: Column<i64>,
    open: Column<f64>,
    high: Column<f64>,
    low: Column<f64>,
    close: Column<f64>,
    volume: Column<f64>,
    timezone: TimeZone,
    timeframe_ns: i64,
    /// The file that the columns are a part of, if they are mapped.
    mapping: Option<Arc<mapped::Mapping>>,
    derived: Arc<Derived>,
}

/// What follows from the columns, computed when first asked for and shared by all clones.
#[derive(Debug, Default)]
struct Derived {
    calendar: OnceLock<Calendar>,
    content_hash: OnceLock<String>,
    series_hash: OnceLock<[u8; 32]>,
    hl2: OnceLock<Column<f64>>,
    hlc3: OnceLock<Column<f64>>,
    ohlc4: OnceLock<Column<f64>>,
    time: OnceLock<Column<f64>>,
}

impl Bars {
    /// Checks the columns and makes bars of them. The timeframe is the one given in `checks`, or
    /// else the most common gap between consecutive opens (the shorter one of equals; a day for a
    /// single bar).
    ///
    /// ```
    /// use bartune_engine::bars::{BarColumns, Bars, Checks, parse_timeframe};
    ///
    /// let minute = 60_000_000_000;
    /// let columns = BarColumns {
    ///     time: vec![0, minute, 2 * minute, 10 * minute],
    ///     open: vec![1.0, 2.0, 3.0, 4.0],
    ///     high: vec![2.0, 3.0, 4.0, 5.0],
    ///     low: vec![1.0, 2.0, 3.0, 4.0],
    ///     close: vec![2.0, 3.0, 4.0, 5.0],
    ///     volume: vec![0.0; 4],
    /// };
    /// let bars = Bars::try_new(columns, jiff::tz::TimeZone::UTC, Checks::default())?;
    /// assert_eq!(bars.timeframe_ns(), parse_timeframe("1m")?);
    /// assert_eq!(bars.hl2()[0], 1.5);
    /// # Ok::<(), bartune_engine::bars::DataError>(())
    /// ```
    ///
    /// # Errors
    /// [`DataError::ColumnLengths`] if the columns differ in length, [`DataError::NoRows`] if they
    /// are empty, [`DataError::Problems`] with the first few bad rows otherwise.
    pub fn try_new(columns: BarColumns, timezone: TimeZone, checks: Checks) -> Result<Self, DataError> {
        check::check(&columns, &checks)?;
        let timeframe_ns =
            checks.timeframe_ns.unwrap_or_else(|| timeframe::most_common_gap(&columns.time).unwrap_or(NANOS_PER_DAY));
        Ok(Self {
            time: columns.time.into(),
            open: columns.open.into(),
            high: columns.high.into(),
            low: columns.low.into(),
            close: columns.close.into(),
            volume: columns.volume.into(),
            timezone,
            timeframe_ns,
            mapping: None,
            derived: Arc::default(),
        })
    }

    /// Open time of each bar, nanoseconds since 1970 UTC.
    #[must_use]
    pub fn time(&self) -> &Column<i64> {
        &self.time
    }

    /// First price of each bar.
    #[must_use]
    pub fn open(&self) -> &Column<f64> {
        &self.open
    }

    /// Highest price of each bar.
    #[must_use]
    pub fn high(&self) -> &Column<f64> {
        &self.high
    }

    /// Lowest price of each bar.
    #[must_use]
    pub fn low(&self) -> &Column<f64> {
        &self.low
    }

    /// Last price of each bar.
    #[must_use]
    pub fn close(&self) -> &Column<f64> {
        &self.close
    }

    /// Traded volume of each bar.
    #[must_use]
    pub fn volume(&self) -> &Column<f64> {
        &self.volume
    }

    /// `(high + low) / 2`, computed once.
    #[must_use]
    pub fn hl2(&self) -> &Column<f64> {
        let value = |t| (self.high[t] + self.low[t]) / 2.0;
        self.derived.hl2.get_or_init(|| self.compute(value))
    }

    /// `(high + low + close) / 3`, the typical price, computed once.
    #[must_use]
    pub fn hlc3(&self) -> &Column<f64> {
        let value = |t| (self.high[t] + self.low[t] + self.close[t]) / 3.0;
        self.derived.hlc3.get_or_init(|| self.compute(value))
    }

    /// `(open + high + low + close) / 4`, computed once.
    #[must_use]
    pub fn ohlc4(&self) -> &Column<f64> {
        let value = |t| (self.open[t] + self.high[t] + self.low[t] + self.close[t]) / 4.0;
        self.derived.ohlc4.get_or_init(|| self.compute(value))
    }

    /// A column by its name in the function catalogue. Times come as numbers, exact to ~200 ns.
    #[must_use]
    pub fn column(&self, column: BarColumn) -> &Column<f64> {
        match column {
            BarColumn::Open => &self.open,
            BarColumn::High => &self.high,
            BarColumn::Low => &self.low,
            BarColumn::Close => &self.close,
            BarColumn::Volume => &self.volume,
            BarColumn::Time => self.derived.time.get_or_init(|| {
                #[expect(clippy::cast_precision_loss, reason = "documented: exact to ~200 ns")]
                self.compute(|t| self.time[t] as f64)
            }),
        }
    }

    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there are no bars; only an empty slice has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Length of one bar in nanoseconds. Slices keep the timeframe of the whole.
    #[must_use]
    pub fn timeframe_ns(&self) -> i64 {
        self.timeframe_ns
    }

    /// The timezone in which days begin and wall-clock times are read.
    #[must_use]
    pub fn timezone(&self) -> &TimeZone {
        &self.timezone
    }

    /// The same bars seen in another timezone: times are instants and stay as they are.
    #[must_use]
    pub fn with_timezone(mut self, timezone: TimeZone) -> Self {
        self.timezone = timezone;
        self.derived = Arc::default();
        self
    }

    /// Bars `range`, sharing the memory. What is derived (calendar, hash) is that of the part; the whole range
    /// keeps what has been derived already.
    ///
    /// # Panics
    /// If the range is not within `0..len()`.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        if range == (0..self.len()) {
            return self.clone();
        }
        Self {
            time: self.time.slice(range.clone()),
            open: self.open.slice(range.clone()),
            high: self.high.slice(range.clone()),
            low: self.low.slice(range.clone()),
            close: self.close.slice(range.clone()),
            volume: self.volume.slice(range),
            timezone: self.timezone.clone(),
            timeframe_ns: self.timeframe_ns,
            mapping: self.mapping.clone(),
            derived: Arc::default(),
        }
    }

    /// The first `count` bars, or all of them where there are fewer.
    #[must_use]
    pub fn prefix(&self, count: usize) -> Self {
        self.slice(0..count.min(self.len()))
    }

    /// Where another process finds these columns, if they lie in a mapped file: those of a slice are found too.
    #[must_use]
    pub fn mapped(&self) -> Option<MappedBars<'_>> {
        self.mapping.as_ref().map(|mapping| mapping.place(self))
    }

    /// The local calendar of the bars, computed once.
    #[must_use]
    pub fn calendar(&self) -> &Calendar {
        self.derived.calendar.get_or_init(|| Calendar::of(self))
    }

    /// SHA-256 of the six columns in lower-case hexadecimal, computed once.
    ///
    /// It covers a format tag, the number of bars, then each column as little-endian 64-bit values
    /// (time, open, high, low, close, volume). It does not depend on file, format, timezone or host.
    #[must_use]
    pub fn content_hash(&self) -> &str {
        self.derived.content_hash.get_or_init(|| self.hash())
    }

    /// SHA-256 of all that a series over the bars may depend on, computed once: content, timeframe and timezone.
    pub(crate) fn series_hash(&self) -> [u8; 32] {
        let hash = || {
            let mut hasher = Sha256::new();
            hasher.update(self.content_hash().as_bytes());
            hasher.update(self.timeframe_ns.to_le_bytes());
            hasher.update(format!("{:?}", self.timezone).as_bytes());
            hasher.finalize().into()
        };
        *self.derived.series_hash.get_or_init(hash)
    }

    fn compute(&self, value: impl Fn(usize) -> f64) -> Column<f64> {
        (0..self.len()).map(value).collect::<Vec<_>>().into()
    }

    fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        hasher.update(b"bartune bars 1\n");
        hasher.update((self.len() as u64).to_le_bytes());
        let mut block = Vec::with_capacity(8 * HASH_BLOCK);
        for values in self.time.chunks(HASH_BLOCK) {
            block.clear();
            values.iter().for_each(|value| block.extend(value.to_le_bytes()));
            hasher.update(&block);
        }
        for column in [&self.open, &self.high, &self.low, &self.close, &self.volume] {
            for values in column.chunks(HASH_BLOCK) {
                block.clear();
                values.iter().for_each(|value| block.extend(value.to_le_bytes()));
                hasher.update(&block);
            }
        }
        hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Values hashed at a time.
const HASH_BLOCK: usize = 4096;

#[cfg(test)]
mod tests;
