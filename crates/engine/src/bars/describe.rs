//! What a file of bars holds, in figures: for `bartune data info`, and for a look before a search.

use serde::Serialize;

use super::load::{Gap, GapLength};
use super::{Bars, FileFormat, Loaded, Repairs, format_timeframe};

/// Close-to-close moves beyond this many standard deviations are named.
const JUMP_SIGMAS: f64 = 20.0;

/// Jumps shown as examples.
const SHOWN: usize = 5;

/// Mean absolute deviation of a normal distribution is its standard deviation times this.
const MEAN_ABSOLUTE_OF_SIGMA: f64 = 0.797_884_560_802_865_4;

/// A summary of bars. Times are local, with their offset from UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataInfo {
    /// The file.
    pub path: String,
    /// Its format.
    pub format: FileFormat,
    /// Number of bars.
    pub rows: usize,
    /// Rows in the file, before repair and resampling.
    pub rows_in_file: usize,
    /// Open of the first bar.
    pub first: String,
    /// Open of the last bar.
    pub last: String,
    /// From the first open to the last, in days.
    pub span_days: f64,
    /// Days with at least one bar.
    pub trading_days: usize,
    /// Length of a bar.
    pub timeframe: String,
    /// Length of a bar in the file, before resampling.
    pub file_timeframe: String,
    /// The timezone in which days begin.
    pub timezone: String,
    /// How many gaps the file has.
    pub gaps: usize,
    /// The longest of them.
    pub longest_gap: Option<GapInfo>,
    /// The first few.
    pub first_gaps: Vec<GapInfo>,
    /// The most common lengths of gaps, such as nights and weekends.
    pub common_gaps: Vec<GapLength>,
    /// Lowest low.
    pub lowest: f64,
    /// Highest high.
    pub highest: f64,
    /// Bars with no volume.
    pub zero_volume_bars: usize,
    /// Bars whose open, high, low and close are one price.
    pub flat_bars: usize,
    /// Bars whose close moved more than 20 standard deviations (estimated from the mean absolute
    /// move, which an outlier cannot hide in).
    pub jumps: usize,
    /// The first few of them.
    pub first_jumps: Vec<Jump>,
    /// What was repaired on loading.
    pub repairs: Repairs,
    /// What deserves a look, in sentences.
    pub warnings: Vec<String>,
    /// [`Bars::content_hash`].
    pub content_hash: String,
}

/// A stretch without bars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GapInfo {
    /// Close of the bar before.
    pub from: String,
    /// Open of the bar after.
    pub to: String,
    /// Length in seconds.
    pub seconds: i64,
}

/// A close far from the one before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Jump {
    /// Bar, counted from 1.
    pub row: usize,
    /// Its open time.
    pub time: String,
    /// The close before.
    pub from: f64,
    /// Its close.
    pub to: f64,
    /// How many standard deviations the move is.
    pub sigmas: f64,
}

/// Describes loaded bars.
#[must_use]
pub fn describe(loaded: &Loaded) -> DataInfo {
    let (bars, report) = (&loaded.bars, &loaded.report);
    let time_of = |index: Option<usize>| index.map_or(String::new(), |t| local_time(bars, bars.time()[t]));
    let first_time = bars.time().first().copied().unwrap_or_default();
    let last_time = bars.time().last().copied().unwrap_or_default();
    let gap = |gap: &Gap| GapInfo {
        from: local_time(bars, gap.from_ns),
        to: local_time(bars, gap.to_ns),
        seconds: gap.length_ns() / super::NANOS_PER_SECOND,
    };
    let (jumps, first_jumps) = jumps(bars);
    let mut info = DataInfo {
        path: report.path.display().to_string(),
        format: report.format,
        rows: bars.len(),
        rows_in_file: report.rows_read,
        first: time_of((!bars.is_empty()).then_some(0)),
        last: time_of(bars.len().checked_sub(1)),
        #[expect(clippy::cast_precision_loss, reason = "a span in days is for reading")]
        span_days: (last_time - first_time) as f64 / super::NANOS_PER_DAY as f64,
        trading_days: bars.calendar().day.chunk_by(|a, b| a == b).count(),
        timeframe: format_timeframe(bars.timeframe_ns()),
        file_timeframe: format_timeframe(report.file_timeframe_ns),
        timezone: bars.timezone().iana_name().unwrap_or("fixed offset").to_owned(),
        gaps: report.gaps.count,
        longest_gap: report.gaps.longest.as_ref().map(gap),
        first_gaps: report.gaps.first.iter().map(gap).collect(),
        common_gaps: report.gaps.common.clone(),
        lowest: bars.low().iter().copied().fold(f64::INFINITY, f64::min),
        highest: bars.high().iter().copied().fold(f64::NEG_INFINITY, f64::max),
        zero_volume_bars: bars.volume().iter().filter(|volume| **volume == 0.0).count(),
        flat_bars: bars.high().iter().zip(bars.low().iter()).filter(|(high, low)| high == low).count(),
        jumps,
        first_jumps,
        repairs: report.repairs.clone(),
        warnings: Vec::new(),
        content_hash: bars.content_hash().to_owned(),
    };
    info.warnings = warnings(&info, loaded);
    info
}

fn warnings(info: &DataInfo, loaded: &Loaded) -> Vec<String> {
    let report = &loaded.report;
    let mut warnings = report.notes.clone();
    let mut warn = |count: usize, text: &str| {
        if count > 0 {
            warnings.push(format!("{count} {text}"));
        }
    };
    warn(info.jumps, "bars close more than 20 standard deviations from the bar before");
    warn(report.repairs.moved, "rows were out of order and were moved");
    warn(report.repairs.dropped, "rows were exact duplicates and were dropped");
    warn(report.skipped_local_times, "local times do not exist (the clock skips them); they were moved forward");
    warn(report.repeated_local_times, "local times exist twice (the clock falls back); rows were taken in order");
    let has_volume = info.zero_volume_bars < info.rows;
    if has_volume {
        warn(info.zero_volume_bars, "bars have no volume");
    } else {
        warnings.push("no bar has a volume".to_owned());
    }
    if info.rows == 1 {
        warnings.push("one bar has no timeframe; a day was assumed".to_owned());
    }
    warnings
}

/// How many closes jumped, and the first of them.
fn jumps(bars: &Bars) -> (usize, Vec<Jump>) {
    let moves: Vec<f64> =
        bars.close().windows(2).map(|pair| if pair[0] > 0.0 { pair[1] / pair[0] - 1.0 } else { 0.0 }).collect();
    #[expect(clippy::cast_precision_loss, reason = "numbers of bars are far below 2^53")]
    let mean_absolute = moves.iter().map(|value| value.abs()).sum::<f64>() / moves.len().max(1) as f64;
    let sigma = mean_absolute / MEAN_ABSOLUTE_OF_SIGMA;
    let (mut count, mut first) = (0, Vec::new());
    for (index, value) in moves.iter().enumerate() {
        let sigmas = value.abs() / sigma;
        if sigmas > JUMP_SIGMAS {
            count += 1;
            if first.len() < SHOWN {
                first.push(Jump {
                    row: index + 2,
                    time: local_time(bars, bars.time()[index + 1]),
                    from: bars.close()[index],
                    to: bars.close()[index + 1],
                    sigmas,
                });
            }
        }
    }
    (count, first)
}

/// A time as read in the bars' timezone, with its offset.
fn local_time(bars: &Bars, instant: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(instant))
        .map(|timestamp| timestamp.to_zoned(bars.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S%.f%:z").to_string())
        .unwrap_or_default()
}
