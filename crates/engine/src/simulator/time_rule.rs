//! The clock: session window (rule C3) and `flat_by` (C4, C5), on local wall-clock times.
//!
//! A local time is nanoseconds since 1970 as a wall clock reads them, so that the minute of the day is one
//! remainder. Where daylight saving repeats an hour, a deadline in it is met twice; where it skips one, the
//! deadline counts as passed with the skipped hour.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Session;

/// Nanoseconds in a minute.
const MINUTE_NS: i64 = 60 * crate::bars::NANOS_PER_SECOND;
/// Nanoseconds in a day of 24 hours.
const DAY_NS: i64 = 24 * 60 * MINUTE_NS;

/// Local close time of each bar: its open time plus the timeframe, as the wall clock in `timezone` reads it.
///
/// A time outside jiff's years (−9999 to 9999) keeps its UTC reading.
#[must_use]
pub fn local_close_times(open_times: &[i64], timeframe_ns: i64, timezone: &TimeZone) -> Vec<i64> {
    let local = |open_time: &i64| {
        let close = open_time.saturating_add(timeframe_ns);
        let offset_seconds =
            Timestamp::from_nanosecond(i128::from(close)).map_or(0, |time| timezone.to_offset(time).seconds());
        close.saturating_add(i64::from(offset_seconds) * crate::bars::NANOS_PER_SECOND)
    };
    open_times.iter().map(local).collect()
}

/// Whether a local time lies in the session (C3). Equal ends mean the whole day.
pub(crate) fn is_in_session(session: Session, local_ns: i64) -> bool {
    let minute = local_ns.rem_euclid(DAY_NS) / MINUTE_NS;
    let (open, close) = (i64::from(session.open), i64::from(session.close));
    if open < close { (open..close).contains(&minute) } else { minute >= open || minute < close }
}

/// Whether a daily deadline lies in `[from, to)`, both local.
pub(crate) fn has_deadline_between(deadline_minute: u16, from_ns: i64, to_ns: i64) -> bool {
    until_deadline(deadline_minute, from_ns) < to_ns.saturating_sub(from_ns)
}

/// Nanoseconds from a local time to the next daily deadline; 0 at the deadline itself.
pub(crate) fn until_deadline(deadline_minute: u16, from_ns: i64) -> i64 {
    (i64::from(deadline_minute) * MINUTE_NS - from_ns).rem_euclid(DAY_NS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64, minute: i64) -> i64 {
        (hour * 60 + minute) * MINUTE_NS
    }

    #[test]
    fn a_session_includes_its_first_minute_and_not_its_last() {
        let session = Session { open: 570, close: 960 };
        assert!(!is_in_session(session, at(9, 30) - 1));
        assert!(is_in_session(session, at(9, 30)));
        assert!(is_in_session(session, at(15, 59)));
        assert!(!is_in_session(session, at(16, 0)));
        assert!(is_in_session(session, 40 * DAY_NS + at(12, 0)));
        assert!(is_in_session(session, -40 * DAY_NS + at(12, 0)));
    }

    #[test]
    fn a_session_may_wrap_past_midnight() {
        let session = Session { open: 1080, close: 120 };
        assert!(is_in_session(session, at(18, 0)));
        assert!(is_in_session(session, at(1, 59)));
        assert!(!is_in_session(session, at(2, 0)));
        let whole_day = Session { open: 60, close: 60 };
        assert!(is_in_session(whole_day, at(0, 59)) && is_in_session(whole_day, at(1, 0)));
    }

    #[test]
    fn a_deadline_belongs_to_the_half_open_span_that_holds_it() {
        assert!(has_deadline_between(950, at(15, 50), at(16, 0)));
        assert!(has_deadline_between(955, at(15, 50), at(16, 0)));
        assert!(!has_deadline_between(960, at(15, 50), at(16, 0)));
        assert!(!has_deadline_between(949, at(15, 50), at(16, 0)));
        assert!(has_deadline_between(0, at(23, 50), at(24, 10)));
        assert!(has_deadline_between(600, at(15, 50), at(15, 50) + DAY_NS));
        assert!(!has_deadline_between(600, at(9, 0), at(9, 0)));
    }

    #[test]
    fn local_close_times_follow_daylight_saving() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        let hour = 60 * MINUTE_NS;
        // 2024-03-10: clocks go from 02:00 EST (07:00 UTC) to 03:00 EDT.
        let six_utc: i64 = 1_710_050_400 * crate::bars::NANOS_PER_SECOND;
        let local = local_close_times(&[six_utc - hour, six_utc], hour, &new_york);
        assert_eq!(local[0].rem_euclid(DAY_NS), at(1, 0));
        assert_eq!(local[1].rem_euclid(DAY_NS), at(3, 0));
        assert_eq!(local_close_times(&[i64::MAX], hour, &TimeZone::UTC), vec![i64::MAX]);
    }
}
