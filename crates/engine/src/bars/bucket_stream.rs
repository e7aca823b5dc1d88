//! Longer timeframes bar by bar: the same buckets as [`buckets()`](super::buckets()) and the same bars as
//! [`resample()`](super::resample()), each handed out when it is known to be complete.

use super::buckets::check_timeframe;
use super::clock::LocalClock;
use super::running_clock::RunningClock;
use super::{BarValues, DataError};

/// The bars of one longer timeframe, built from bars as they arrive.
#[derive(Debug)]
pub(crate) struct BucketStream {
    own_ns: i64,
    timeframe_ns: i64,
    current: Option<Bucket>,
    /// Stamp of the last bucket begun.
    last_stamp: i64,
}

/// A bucket that may grow.
#[derive(Debug)]
struct Bucket {
    values: BarValues,
    end: i64,
}

/// What a bar completed, in order: the bucket before its own, where bars were missing at that one's end, and
/// then its own.
pub(crate) type Completed = [Option<BarValues>; 2];

impl BucketStream {
    /// No bucket yet; bars of `own_ns` are to come.
    ///
    /// # Errors
    /// [`DataError::Resample`] if the timeframe does not fit the bars'.
    pub(crate) fn new(own_ns: i64, timeframe_ns: i64) -> Result<Self, DataError> {
        check_timeframe(own_ns, timeframe_ns)?;
        Ok(Self { own_ns, timeframe_ns, current: None, last_stamp: i64::MIN })
    }

    /// One more bar, later than the one before.
    pub(crate) fn update(&mut self, bar: &BarValues, clock: &mut RunningClock) -> Completed {
        let clock = clock.around(bar.time);
        let before = self.current.take_if(|bucket| bar.time >= bucket.end).map(|bucket| bucket.values);
        match &mut self.current {
            Some(bucket) => bucket.join(bar),
            None => self.begin(bar, clock),
        }
        let reaches = clock.add(bar.time, self.own_ns);
        let own = self.current.take_if(|bucket| reaches >= bucket.end).map(|bucket| bucket.values);
        [before, own]
    }

    fn begin(&mut self, bar: &BarValues, clock: &LocalClock) {
        let begins = clock.period_start(bar.time, self.timeframe_ns);
        // Only where bars overlap can two buckets lie in one period: the second keeps its own stamp.
        let stamp = if begins > self.last_stamp { begins } else { bar.time };
        self.last_stamp = stamp;
        let end = clock.period_end(bar.time, self.timeframe_ns);
        self.current = Some(Bucket { values: BarValues { time: stamp, ..*bar }, end });
    }
}

impl Bucket {
    fn join(&mut self, bar: &BarValues) {
        let values = &mut self.values;
        values.high = values.high.max(bar.high);
        values.low = values.low.min(bar.low);
        values.close = bar.close;
        values.volume += bar.volume;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{bars_of, instant};
    use super::super::{Bars, buckets, parse_timeframe, resample};
    use super::*;

    /// For each bucket its bar and the bar that completed it.
    fn streamed(bars: &Bars, timeframe_ns: i64) -> Vec<(BarValues, usize)> {
        let mut stream = BucketStream::new(bars.timeframe_ns(), timeframe_ns).unwrap();
        let mut clock = RunningClock::new(bars.timezone());
        let update = |t| stream.update(&bars.bar(t), &mut clock).into_iter().flatten().map(move |bar| (bar, t));
        (0..bars.len()).flat_map(update).collect()
    }

    fn in_columns(bars: &Bars, timeframe_ns: i64) -> Vec<(BarValues, usize)> {
        let joined = resample(bars, timeframe_ns).unwrap();
        let completed = buckets(bars, timeframe_ns).unwrap().completes_at;
        completed.into_iter().enumerate().filter_map(|(bucket, at)| Some((joined.bar(bucket), at?))).collect()
    }

    #[test]
    fn a_bar_after_a_gap_can_complete_two_hours_at_once() {
        let first = instant("2024-01-01T00:00:00Z");
        let minute = 60_000_000_000;
        let bars = bars_of(vec![first, first + 150 * minute], "UTC", 30 * minute);
        let completed: Vec<usize> = streamed(&bars, 60 * minute).iter().map(|(_, at)| *at).collect();
        assert_eq!(completed, [1, 1]);
    }

    proptest! {
        #[test]
        fn bars_one_by_one_give_the_bars_and_times_of_whole_columns(
            gaps in prop::collection::vec(1i64..400, 1..300), zone in 0usize..4, timeframe in 0usize..6,
            start in prop::sample::select(vec!["2024-11-02T22:00:00Z", "2024-03-09T20:00:00Z", "1969-12-31T10:00:00Z"]),
        ) {
            // Irregular, even overlapping bars of ten minutes, across changes of the clock.
            let minute = 60_000_000_000;
            let first = instant(start);
            let times: Vec<i64> = gaps.iter().scan(first, |time, gap| { *time += gap * minute; Some(*time) }).collect();
            let zone = ["UTC", "America/New_York", "America/Havana", "Australia/Lord_Howe"][zone];
            let timeframe_ns = parse_timeframe(["10m", "30m", "1h", "4h", "1d", "1w"][timeframe]).unwrap();
            let bars = bars_of(times, zone, 10 * minute);
            prop_assert_eq!(streamed(&bars, timeframe_ns), in_columns(&bars, timeframe_ns));
        }
    }

    #[test]
    fn decades_of_days_agree_across_the_stretches_of_the_clock() {
        let day = parse_timeframe("1d").unwrap();
        let first = instant("1950-01-01T05:00:00Z");
        let bars = bars_of((0..80 * 365).map(|t| first + t * day).collect(), "America/New_York", day);
        for timeframe in ["1w", "30d"] {
            let timeframe_ns = parse_timeframe(timeframe).unwrap();
            assert_eq!(streamed(&bars, timeframe_ns), in_columns(&bars, timeframe_ns), "{timeframe}");
        }
    }
}
