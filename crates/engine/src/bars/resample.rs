//! Bars of a longer timeframe: open of the first, highest high, lowest low, close of the last, sum of
//! the volumes.
//!
//! A resampled bar is stamped where its bucket begins on the wall clock, whether or not a bar was
//! there. The last one may be incomplete; [`Buckets::completes_at`](super::Buckets) tells.

use super::{BarColumns, Bars, Checks, DataError, buckets};

/// Joins bars into bars of a longer timeframe, cut as by [`buckets()`].
///
/// # Errors
/// [`DataError::Resample`] if the timeframe does not fit the bars'.
pub fn resample(bars: &Bars, timeframe_ns: i64) -> Result<Bars, DataError> {
    let buckets = buckets(bars, timeframe_ns)?;
    let mut columns = BarColumns::default();
    for (bucket, start) in buckets.starts.iter().enumerate() {
        let end = buckets.starts.get(bucket + 1).copied().unwrap_or(bars.len());
        let range = *start..end;
        let last_stamp = columns.time.last().copied().unwrap_or(i64::MIN);
        // Only where bars overlap can two buckets lie in one period: the second keeps its own stamp.
        let stamp = match buckets.opens_ns[bucket] {
            opens_ns if opens_ns > last_stamp => opens_ns,
            _ => bars.time()[*start],
        };
        columns.time.push(stamp);
        columns.open.push(bars.open()[*start]);
        columns.close.push(bars.close()[end - 1]);
        columns.high.push(bars.high()[range.clone()].iter().copied().fold(f64::NEG_INFINITY, f64::max));
        columns.low.push(bars.low()[range.clone()].iter().copied().fold(f64::INFINITY, f64::min));
        columns.volume.push(bars.volume()[range].iter().sum());
    }
    let checks = Checks { allow_nonpositive: true, timeframe_ns: Some(timeframe_ns) };
    Bars::try_new(columns, bars.timezone().clone(), checks)
}

#[cfg(test)]
mod tests {
    use super::super::parse_timeframe;
    use super::super::tests::{bars_of, instant};
    use super::*;

    #[test]
    fn open_is_the_first_high_the_highest_low_the_lowest_close_the_last() {
        let minute = 60_000_000_000;
        let first = instant("2024-01-01T00:20:00Z");
        let bars = bars_of((0..5).map(|t| first + t * 20 * minute).collect(), "UTC", 20 * minute);
        let hours = resample(&bars, 60 * minute).unwrap();
        assert_eq!(&hours.time()[..], [instant("2024-01-01T00:00:00Z"), instant("2024-01-01T01:00:00Z")]);
        // `bars_of` gives bar t: open 100+t, high 102+t, low 99+t, close 101+t, volume 10+t.
        assert_eq!(&hours.open()[..], [100.0, 102.0]);
        assert_eq!(&hours.high()[..], [103.0, 106.0]);
        assert_eq!(&hours.low()[..], [99.0, 101.0]);
        assert_eq!(&hours.close()[..], [102.0, 105.0]);
        assert_eq!(&hours.volume()[..], [21.0, 39.0]);
        assert_eq!(hours.timeframe_ns(), 60 * minute);
    }

    #[test]
    fn resampling_in_two_steps_equals_one() {
        let minute = 60_000_000_000;
        let first = instant("2024-11-01T00:00:00Z");
        let bars = bars_of((0..900).map(|t| first + t * 10 * minute).collect(), "America/New_York", 10 * minute);
        let day = parse_timeframe("1d").unwrap();
        let direct = resample(&bars, day).unwrap();
        let stepwise = resample(&resample(&bars, 60 * minute).unwrap(), day).unwrap();
        assert_eq!(direct.content_hash(), stepwise.content_hash());
    }

    #[test]
    fn a_day_of_25_hours_is_one_daily_bar() {
        let hour = 3_600_000_000_000;
        let first = instant("2024-11-03T04:00:00Z");
        let bars = bars_of((0..26).map(|t| first + t * hour).collect(), "America/New_York", hour);
        let days = resample(&bars, 24 * hour).unwrap();
        assert_eq!(&days.time()[..], [first, first + 25 * hour]);
    }
}
