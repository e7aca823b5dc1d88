//! A timezone's wall clock over the span of some bars: its UTC offsets looked up once, not per bar.
//!
//! Periods (hours, days, weeks) are cut on the wall clock. In a spring-forward gap the boundary that
//! the clock skips falls on the transition. When the clock falls back, a boundary it shows twice
//! starts a second period only if the timeframe is no longer than the repeated stretch: one-hour
//! periods keep both hours apart, a four-hour period becomes five hours long.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::NANOS_PER_DAY;

/// Monday 1969-12-29, in days since 1970: where periods of several days are counted from.
const ANCHOR_MONDAY: i64 = -3;

/// How far around the bars the offsets must be known.
const MARGIN_NS: i64 = 400 * NANOS_PER_DAY;

/// The UTC offsets of one timezone over some span of time.
#[derive(Debug)]
pub(super) struct LocalClock {
    segments: Vec<Segment>,
}

/// A stretch of one UTC offset.
#[derive(Debug, Clone, Copy)]
struct Segment {
    start: i64,
    offset_ns: i64,
}

/// What a wall-clock time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// The clock shows it once.
    Once(i64),
    /// The clock skips it: the instant is later by the gap.
    Skipped(i64),
    /// The clock falls back over it.
    Twice {
        /// First time.
        earlier: i64,
        /// Second time.
        later: i64,
    },
}

impl LocalClock {
    /// The clock over `first..=last`, with a margin of more than a year on both sides.
    pub(super) fn new(timezone: &TimeZone, first: i64, last: i64) -> Self {
        let begin = timestamp(first.saturating_sub(MARGIN_NS));
        let end = timestamp(last.saturating_add(MARGIN_NS));
        let mut segments = vec![Segment { start: i64::MIN, offset_ns: offset_ns(timezone.to_offset(begin)) }];
        for transition in timezone.following(begin) {
            if transition.timestamp() > end {
                break;
            }
            let offset_ns = offset_ns(transition.offset());
            if segments.last().is_some_and(|last| last.offset_ns != offset_ns) {
                segments.push(Segment { start: nanoseconds(transition.timestamp()), offset_ns });
            }
        }
        Self { segments }
    }

    /// Wall-clock nanoseconds since 1970 at an instant.
    pub(super) fn local(&self, instant: i64) -> i64 {
        instant.saturating_add(self.segments[self.segment(instant)].offset_ns)
    }

    /// Wall-clock nanoseconds of increasing instants, in order: one pass over instants and offsets.
    pub(super) fn locals<'a>(&'a self, instants: &'a [i64]) -> impl Iterator<Item = i64> + 'a {
        let mut index = 0;
        instants.iter().map(move |instant| {
            while self.segments.get(index + 1).is_some_and(|next| next.start <= *instant) {
                index += 1;
            }
            instant.saturating_add(self.segments[index].offset_ns)
        })
    }

    /// The instant or instants at which the clock shows a wall-clock time.
    pub(super) fn read(&self, local: i64) -> Reading {
        // No offset reaches 26 hours, so the segments around that hold every candidate.
        let reach = 26 * 60 * super::NANOS_PER_MINUTE;
        let from = self.segment(local.saturating_sub(reach));
        let to = self.segment(local.saturating_add(reach));
        let mut found: Option<i64> = None;
        let mut last_before = None;
        for index in from..=to {
            let instant = local.saturating_sub(self.segments[index].offset_ns);
            let end = self.segments.get(index + 1).map_or(i64::MAX, |next| next.start);
            if instant >= end {
                last_before = Some(instant);
            } else if instant >= self.segments[index].start {
                match found {
                    None => found = Some(instant),
                    Some(earlier) => {
                        return Reading::Twice { earlier, later: instant };
                    }
                }
            }
        }
        match (found, last_before) {
            (Some(instant), _) => Reading::Once(instant),
            // Skipped: the offset before the change carries the time past it by the gap.
            (None, skipped) => Reading::Skipped(skipped.unwrap_or(local)),
        }
    }

    /// The instant one timeframe later: exact below a day, on the wall clock from a day on.
    pub(super) fn add(&self, instant: i64, timeframe_ns: i64) -> i64 {
        if timeframe_ns < NANOS_PER_DAY {
            return instant.saturating_add(timeframe_ns);
        }
        let target = self.local(instant).saturating_add(timeframe_ns);
        let mut index = self.segment(instant);
        loop {
            let end = target.saturating_sub(self.segments[index].offset_ns);
            match self.segments.get(index + 1) {
                Some(next) if end > next.start => {
                    let later = target.saturating_sub(next.offset_ns);
                    if later < next.start {
                        return next.start;
                    }
                    index += 1;
                }
                _ => return end,
            }
        }
    }

    /// First instant of the period that an instant lies in.
    pub(super) fn period_start(&self, instant: i64, timeframe_ns: i64) -> i64 {
        let mut index = self.segment(instant);
        let local = instant.saturating_add(self.segments[index].offset_ns);
        let wall = wall_start(local, timeframe_ns);
        let mut start = wall.saturating_sub(self.segments[index].offset_ns);
        while index > 0 {
            let current = self.segments[index];
            let previous = self.segments[index - 1];
            let repeated_ns = previous.offset_ns - current.offset_ns;
            let is_within = start > current.start;
            let splits = start == current.start && timeframe_ns <= repeated_ns.max(0);
            let began_here = start == current.start && repeated_ns <= 0;
            if is_within || splits || began_here {
                break;
            }
            start = wall.saturating_sub(previous.offset_ns).min(current.start);
            index -= 1;
        }
        start
    }

    /// First instant after the period that an instant lies in.
    pub(super) fn period_end(&self, instant: i64, timeframe_ns: i64) -> i64 {
        let start = self.period_start(instant, timeframe_ns);
        let mut index = self.segment(instant);
        let mut inside = instant;
        loop {
            let offset_ns = self.segments[index].offset_ns;
            let wall = wall_end(inside.saturating_add(offset_ns), timeframe_ns);
            let end = wall.saturating_sub(offset_ns);
            match self.segments.get(index + 1) {
                Some(next) if end >= next.start => {
                    if self.period_start(next.start, timeframe_ns) != start {
                        return next.start;
                    }
                    inside = next.start;
                    index += 1;
                }
                _ => return end,
            }
        }
    }

    fn segment(&self, instant: i64) -> usize {
        let after = self.segments.partition_point(|segment| segment.start <= instant);
        after.saturating_sub(1)
    }
}

/// Where on the wall clock the period of a wall-clock time begins.
fn wall_start(local: i64, timeframe_ns: i64) -> i64 {
    let day = local.div_euclid(NANOS_PER_DAY);
    if timeframe_ns < NANOS_PER_DAY {
        let midnight = day * NANOS_PER_DAY;
        return midnight + (local - midnight) / timeframe_ns * timeframe_ns;
    }
    let days = timeframe_ns / NANOS_PER_DAY;
    ((day - ANCHOR_MONDAY).div_euclid(days) * days + ANCHOR_MONDAY) * NANOS_PER_DAY
}

/// Where on the wall clock it ends: periods within a day are cut at midnight.
fn wall_end(local: i64, timeframe_ns: i64) -> i64 {
    let start = wall_start(local, timeframe_ns);
    if timeframe_ns < NANOS_PER_DAY {
        let next_midnight = (local.div_euclid(NANOS_PER_DAY) + 1) * NANOS_PER_DAY;
        return (start + timeframe_ns).min(next_midnight);
    }
    start.saturating_add(timeframe_ns / NANOS_PER_DAY * NANOS_PER_DAY)
}

fn timestamp(instant: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(instant))
        .expect("an i64 of nanoseconds spans 1677 to 2262, and timestamps go to the year 9999")
}

/// Nanoseconds of a timestamp, held at the ends of `i64`.
pub(super) fn nanoseconds(timestamp: Timestamp) -> i64 {
    let clamped = timestamp.as_nanosecond().clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    i64::try_from(clamped).expect("clamped to i64")
}

fn offset_ns(offset: jiff::tz::Offset) -> i64 {
    i64::from(offset.seconds()) * super::NANOS_PER_SECOND
}

#[cfg(test)]
mod tests {
    use super::super::{NANOS_PER_MINUTE, parse_timeframe};
    use super::*;

    fn instant(text: &str) -> i64 {
        nanoseconds(text.parse().unwrap())
    }

    fn period(zone: &str, at: &str, timeframe: &str) -> (String, String) {
        let timezone = TimeZone::get(zone).unwrap();
        let at = instant(at);
        let clock = LocalClock::new(&timezone, at, at);
        let timeframe_ns = parse_timeframe(timeframe).unwrap();
        let show = |instant| timestamp(instant).to_zoned(timezone.clone()).strftime("%d %H:%M %:z").to_string();
        (show(clock.period_start(at, timeframe_ns)), show(clock.period_end(at, timeframe_ns)))
    }

    #[test]
    fn periods_begin_at_local_midnight() {
        assert_eq!(
            period("America/New_York", "2024-01-15T15:30:00Z", "4h"),
            ("15 08:00 -05:00".into(), "15 12:00 -05:00".into())
        );
        assert_eq!(
            period("America/New_York", "2024-01-15T02:30:00Z", "1d"),
            ("14 00:00 -05:00".into(), "15 00:00 -05:00".into())
        );
    }

    #[test]
    fn weeks_begin_on_monday() {
        assert_eq!(period("UTC", "2024-03-10T12:00:00Z", "1w"), ("04 00:00 +00:00".into(), "11 00:00 +00:00".into()));
    }

    #[test]
    fn one_hour_periods_keep_the_repeated_hour_apart() {
        // New York falls back at 06:00 UTC: 01:30 happens twice.
        assert_eq!(
            period("America/New_York", "2024-11-03T05:30:00Z", "1h"),
            ("03 01:00 -04:00".into(), "03 01:00 -05:00".into())
        );
        assert_eq!(
            period("America/New_York", "2024-11-03T06:30:00Z", "1h"),
            ("03 01:00 -05:00".into(), "03 02:00 -05:00".into())
        );
    }

    #[test]
    fn a_four_hour_period_over_fall_back_is_five_hours_long() {
        for at in ["2024-11-03T05:30:00Z", "2024-11-03T06:30:00Z", "2024-11-03T08:59:00Z"] {
            assert_eq!(period("America/New_York", at, "4h"), ("03 00:00 -04:00".into(), "03 04:00 -05:00".into()));
        }
    }

    #[test]
    fn a_day_whose_midnight_is_repeated_is_one_day() {
        // Havana falls back from 01:00 to 00:00, so that midnight happens twice.
        for at in ["2024-11-03T04:30:00Z", "2024-11-03T05:30:00Z", "2024-11-03T20:00:00Z"] {
            assert_eq!(period("America/Havana", at, "1d"), ("03 00:00 -04:00".into(), "04 00:00 -05:00".into()));
        }
    }

    #[test]
    fn periods_tile_time_without_holes_in_every_kind_of_zone() {
        let zones = [
            "UTC",
            "America/New_York",
            "America/Havana",
            "America/Sao_Paulo",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
            "Pacific/Apia",
            "Africa/Casablanca",
        ];
        for zone in zones {
            let timezone = TimeZone::get(zone).unwrap();
            for year in ["2011", "2016", "2018"] {
                let first = instant(&format!("{year}-01-01T00:00:00Z"));
                let last = first + 366 * NANOS_PER_DAY;
                let clock = LocalClock::new(&timezone, first, last);
                for timeframe in ["10m", "30m", "1h", "2h", "4h", "7h", "1d", "3d", "1w"] {
                    let timeframe_ns = parse_timeframe(timeframe).unwrap();
                    let mut start = clock.period_start(first, timeframe_ns);
                    while start < last {
                        let end = clock.period_end(start, timeframe_ns);
                        let place = format!("{zone} {timeframe} {}", timestamp(start));
                        assert!(end > start, "{place}");
                        assert!(end - start <= timeframe_ns + 25 * 60 * NANOS_PER_MINUTE, "{place}");
                        for inside in [start, start + 1, (start / 2) + (end / 2), end - 1] {
                            assert_eq!(clock.period_start(inside, timeframe_ns), start, "{place}");
                            assert_eq!(clock.period_end(inside, timeframe_ns), end, "{place}");
                        }
                        assert_eq!(clock.period_start(end, timeframe_ns), end, "{place}");
                        start = end;
                    }
                }
            }
        }
    }

    #[test]
    fn a_day_is_added_on_the_wall_clock_and_an_hour_is_not() {
        let timezone = TimeZone::get("America/New_York").unwrap();
        let midnight = instant("2024-03-10T05:00:00Z");
        let clock = LocalClock::new(&timezone, midnight, midnight);
        assert_eq!(clock.add(midnight, NANOS_PER_DAY), instant("2024-03-11T04:00:00Z"));
        let one = instant("2024-03-10T06:00:00Z");
        assert_eq!(clock.add(one, 120 * NANOS_PER_MINUTE), instant("2024-03-10T08:00:00Z"));
        let autumn = instant("2024-11-03T04:00:00Z");
        let clock = LocalClock::new(&timezone, autumn, autumn);
        assert_eq!(clock.add(autumn, NANOS_PER_DAY), instant("2024-11-04T05:00:00Z"));
    }

    #[test]
    fn wall_clock_times_are_read_as_jiff_reads_them() {
        for zone in ["UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana"] {
            let timezone = TimeZone::get(zone).unwrap();
            let first = instant("2011-01-01T00:00:00Z");
            let clock = LocalClock::new(&timezone, first, first + 730 * NANOS_PER_DAY);
            for step in 0..730 * 96 {
                let local = first + step * 15 * NANOS_PER_MINUTE;
                let civil = jiff::tz::Offset::UTC.to_datetime(timestamp(local));
                let ambiguous = timezone.to_ambiguous_timestamp(civil);
                let expected = nanoseconds(ambiguous.compatible().unwrap());
                match clock.read(local) {
                    Reading::Once(instant) => assert_eq!(instant, expected, "{zone} {civil}"),
                    Reading::Skipped(instant) => {
                        assert!(matches!(ambiguous.offset(), jiff::tz::AmbiguousOffset::Gap { .. }), "{zone} {civil}");
                        assert_eq!(instant, expected, "{zone} {civil}");
                    }
                    Reading::Twice { earlier, later } => {
                        assert_eq!(earlier, expected, "{zone} {civil}");
                        assert_eq!(later, nanoseconds(ambiguous.later().unwrap()), "{zone} {civil}");
                    }
                }
            }
        }
    }
}
