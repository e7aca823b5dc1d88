//! Longer timeframes over bars: which bars form one, and when it is known to be complete.
//!
//! Buckets are cut on the local wall clock: from midnight for timeframes up to a day (the last one of
//! a day is cut short where the timeframe does not divide it), from Monday for weeks, and several days
//! are counted from Monday 1969-12-29. See the `clock` module for days on which the clock changes.
//!
//! **Causality.** A bucket is complete at the close of the first bar that reaches its end, or, where
//! bars are missing there, at the close of the first bar of a later bucket. Both depend only on bars
//! up to that one. A bar that overlaps a bucket already completed opens the next bucket.

use super::clock::LocalClock;
use super::{Bars, DataError, NANOS_PER_DAY, format_timeframe};

/// The buckets of one longer timeframe over some bars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Buckets {
    /// Index of the first bar of each bucket, increasing. A bucket without bars does not exist.
    pub starts: Vec<usize>,
    /// For each bucket the index of the bar at whose close it is known to be complete; `None` where
    /// the bars end before that.
    pub completes_at: Vec<Option<usize>>,
    /// Where the period of each bucket begins, nanoseconds since 1970 UTC.
    pub opens_ns: Vec<i64>,
    /// Where it ends.
    pub closes_ns: Vec<i64>,
}

impl Buckets {
    /// Number of buckets.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// For each of `bars` bars the last bucket known to be complete at its close, if any.
    #[must_use]
    pub fn last_complete(&self, bars: usize) -> Vec<Option<usize>> {
        let mut last = vec![None; bars];
        let mut complete = 0;
        for (t, slot) in last.iter_mut().enumerate() {
            let is_complete =
                |bucket: usize| self.completes_at.get(bucket).is_some_and(|at| at.is_some_and(|at| at <= t));
            while is_complete(complete) {
                complete += 1;
            }
            *slot = complete.checked_sub(1);
        }
        last
    }
}

/// Cuts bars into buckets of a longer timeframe. Linear in the number of bars.
///
/// # Errors
/// [`DataError::Resample`] if the timeframe is shorter than the bars' own, not a multiple of it, or
/// longer than a day without being whole days.
pub fn buckets(bars: &Bars, timeframe_ns: i64) -> Result<Buckets, DataError> {
    check_timeframe(bars.timeframe_ns(), timeframe_ns)?;
    let mut buckets =
        Buckets { starts: Vec::new(), completes_at: Vec::new(), opens_ns: Vec::new(), closes_ns: Vec::new() };
    let (Some(first), Some(last)) = (bars.time().first(), bars.time().last()) else {
        return Ok(buckets);
    };
    let clock = LocalClock::new(bars.timezone(), *first, *last);
    let mut end = i64::MIN;
    for (t, open) in bars.time().iter().enumerate() {
        let is_open = buckets.completes_at.last().is_some_and(Option::is_none);
        if !is_open || *open >= end {
            if let (true, Some(at)) = (is_open, buckets.completes_at.last_mut()) {
                *at = Some(t);
            }
            end = clock.period_end(*open, timeframe_ns);
            buckets.starts.push(t);
            buckets.completes_at.push(None);
            buckets.opens_ns.push(clock.period_start(*open, timeframe_ns));
            buckets.closes_ns.push(end);
        }
        if clock.add(*open, bars.timeframe_ns()) >= end
            && let Some(at) = buckets.completes_at.last_mut()
        {
            *at = Some(t);
        }
    }
    Ok(buckets)
}

pub(super) fn check_timeframe(own_ns: i64, timeframe_ns: i64) -> Result<(), DataError> {
    let reason = if timeframe_ns < own_ns {
        "is shorter than the bars; finer bars are needed for it"
    } else if timeframe_ns % own_ns != 0 {
        "is not a multiple of the bars' timeframe"
    } else if timeframe_ns > NANOS_PER_DAY && timeframe_ns % NANOS_PER_DAY != 0 {
        "is longer than a day and must be whole days"
    } else {
        return Ok(());
    };
    Err(DataError::Resample {
        target: format_timeframe(timeframe_ns),
        own: format_timeframe(own_ns),
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::parse_timeframe;
    use super::super::tests::{bars_at, bars_of, instant};
    use super::*;
    use proptest::prelude::*;

    fn hours(opens: &[&str], base: &str) -> Buckets {
        buckets(&bars_at(opens, "UTC", base), parse_timeframe("1h").unwrap()).unwrap()
    }

    #[test]
    fn an_hour_is_complete_at_the_close_of_its_last_base_bar() {
        let opens = ["2024-01-01T00:00:00Z", "2024-01-01T00:30:00Z", "2024-01-01T01:00:00Z", "2024-01-01T01:30:00Z"];
        let hours = hours(&opens, "30m");
        assert_eq!(hours.starts, [0, 2]);
        assert_eq!(hours.completes_at, [Some(1), Some(3)]);
        assert_eq!(hours.last_complete(4), [None, Some(0), Some(0), Some(1)]);
    }

    #[test]
    fn an_hour_whose_last_bar_is_missing_is_complete_when_the_next_hour_arrives() {
        let opens = ["2024-01-01T00:00:00Z", "2024-01-01T01:30:00Z", "2024-01-01T05:00:00Z"];
        let hours = hours(&opens, "30m");
        assert_eq!(hours.starts, [0, 1, 2]);
        assert_eq!(hours.completes_at, [Some(1), Some(1), None]);
        assert_eq!(hours.last_complete(3), [None, Some(1), Some(1)]);
        assert_eq!(hours.opens_ns[2], instant("2024-01-01T05:00:00Z"));
        assert_eq!(hours.closes_ns[2], instant("2024-01-01T06:00:00Z"));
    }

    #[test]
    fn a_timeframe_equal_to_the_bars_completes_every_bar_at_once() {
        let hours = hours(&["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z"], "1h");
        assert_eq!(hours.completes_at, [Some(0), Some(1)]);
    }

    #[test]
    fn timeframes_that_do_not_fit_are_refused() {
        let bars = bars_at(&["2024-01-01T00:00:00Z"], "UTC", "10m");
        for (timeframe, word) in [("5m", "shorter"), ("15m", "multiple"), ("36h", "whole days")] {
            let error = buckets(&bars, parse_timeframe(timeframe).unwrap()).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }

    proptest! {
        #[test]
        fn buckets_of_a_prefix_are_those_of_the_whole(
            gaps in prop::collection::vec(1i64..200, 1..200), cut in 1usize..200, zone in 0usize..3, timeframe in 0usize..5,
        ) {
            // Irregular, even overlapping bars of ten minutes, across New York's fall back.
            let minute = 60_000_000_000;
            let first = instant("2024-11-02T22:00:00Z");
            let times: Vec<i64> = gaps.iter().scan(first, |time, gap| { *time += gap * minute; Some(*time) }).collect();
            let zone = ["UTC", "America/New_York", "America/Havana"][zone];
            let timeframe_ns = parse_timeframe(["10m", "30m", "1h", "4h", "1d"][timeframe]).unwrap();
            let whole = bars_of(times, zone, 10 * minute);
            let part = whole.prefix(cut);
            let (of_whole, of_part) = (buckets(&whole, timeframe_ns).unwrap(), buckets(&part, timeframe_ns).unwrap());
            prop_assert_eq!(&of_whole.starts[..of_part.len()], &of_part.starts[..]);
            prop_assert_eq!(&of_whole.last_complete(whole.len())[..part.len()], &of_part.last_complete(part.len())[..]);
        }
    }
}
