//! Market bars: columns of open, high, low, close and volume, stamped at the bar's **open**.

mod column;

use jiff::tz::TimeZone;

pub use column::Column;

/// Nanoseconds in a second; every time in the engine is an `i64` of nanoseconds since 1970 UTC.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The six columns of a bar file, all of one length, before anything was checked.
#[derive(Debug, Clone, Default)]
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
}
