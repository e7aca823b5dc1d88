//! The local calendar of bars: which day, minute and weekday each belongs to.
//!
//! Two instants matter. The **stamp** is the bar's open, the time traders see: `open_minute`,
//! `weekday`, `day_of_month` and `open_day` are its. The **day a bar belongs to**, for daily returns
//! and daily limits, is the local date of the bar's *last* instant, one nanosecond before its close:
//! the bar 23:50–00:00 belongs to the day that ends with it, a futures session that opens at 18:00 to
//! the next day's date, and a daily bar stamped at midnight to its own date.
//!
//! All are wall-clock readings, so 01:30 comes twice on the day the clock falls back.

use super::clock::LocalClock;
use super::{Bars, NANOS_PER_DAY, NANOS_PER_MINUTE};

/// Local calendar columns, one value for each bar. See the module for which instant each is read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Local date that the bar belongs to, in days since 1970-01-01: the date of its last instant.
    pub day: Vec<i32>,
    /// Local date of the bar's open, in days since 1970-01-01.
    pub open_day: Vec<i32>,
    /// Wall-clock minute of the day at the bar's open, 0 to 1439.
    pub open_minute: Vec<u16>,
    /// Wall-clock minute of [`day`](Self::day) at the bar's close, 1 to 1440, rounded up: 1440 is
    /// the midnight that ends the day.
    pub close_minute: Vec<u16>,
    /// Weekday of the bar's open, Monday 0 to Sunday 6.
    pub weekday: Vec<u8>,
    /// Day of the month of the bar's open, 1 to 31.
    pub day_of_month: Vec<u8>,
}

impl Calendar {
    /// The calendar of some bars. Costs a few nanoseconds a bar: timezone rules are looked up once
    /// for each change of the clock, dates once for each day.
    pub(super) fn of(bars: &Bars) -> Self {
        let (Some(first), Some(last)) = (bars.time().first(), bars.time().last()) else {
            return Self::with_capacity(0);
        };
        let clock = LocalClock::new(bars.timezone(), *first, *last);
        let timeframe_ns = bars.timeframe_ns();
        let mut calendar = Self::with_capacity(bars.len());
        let last_instants: Vec<i64> = bars.time().iter().map(|open| clock.add(*open, timeframe_ns) - 1).collect();
        let opens = clock.locals(bars.time());
        for (open, last) in opens.zip(clock.locals(&last_instants)) {
            calendar.push(open, last);
        }
        calendar
    }

    fn with_capacity(bars: usize) -> Self {
        Self {
            day: Vec::with_capacity(bars),
            open_day: Vec::with_capacity(bars),
            open_minute: Vec::with_capacity(bars),
            close_minute: Vec::with_capacity(bars),
            weekday: Vec::with_capacity(bars),
            day_of_month: Vec::with_capacity(bars),
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "days since 1970 of an i64 of nanoseconds fit 18 bits, minutes of a day 11"
    )]
    fn push(&mut self, open_local: i64, last_local: i64) {
        let open_day = open_local.div_euclid(NANOS_PER_DAY) as i32;
        let day_of_month = match (self.open_day.last(), self.day_of_month.last()) {
            (Some(day), Some(day_of_month)) if *day == open_day => *day_of_month,
            _ => day_of_month(open_day),
        };
        self.open_day.push(open_day);
        self.day_of_month.push(day_of_month);
        self.weekday.push(weekday(open_day));
        self.open_minute.push(minute_of_day(open_local) as u16);
        self.day.push(last_local.div_euclid(NANOS_PER_DAY) as i32);
        self.close_minute.push(minute_of_day(last_local) as u16 + 1);
    }
}

/// What a wall clock and calendar show at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CalendarReading {
    /// 0 to 1439.
    pub(crate) minute_of_day: u16,
    /// Monday 0 to Sunday 6.
    pub(crate) weekday: u8,
    /// 1 to 31.
    pub(crate) day_of_month: u8,
}

/// Reads the calendar at a wall-clock time, as [`Calendar`] does for the open of each bar.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "days since 1970 of an i64 of nanoseconds fit 18 bits, minutes of a day 11"
)]
pub(super) fn read_calendar(local: i64) -> CalendarReading {
    let day = local.div_euclid(NANOS_PER_DAY) as i32;
    CalendarReading {
        minute_of_day: minute_of_day(local) as u16,
        weekday: weekday(day),
        day_of_month: day_of_month(day),
    }
}

/// Monday 0 to Sunday 6; 1970-01-01 was a Thursday.
fn weekday(day: i32) -> u8 {
    (day + 3).rem_euclid(7) as u8
}

fn minute_of_day(local: i64) -> i64 {
    local.rem_euclid(NANOS_PER_DAY) / NANOS_PER_MINUTE
}

/// Day of the month of a day since 1970, in the Gregorian calendar.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 31")]
fn day_of_month(day: i32) -> u8 {
    // Counted in 400-year eras from 0000-03-01, in which leap days come last: H. Hinnant,
    // "chrono-compatible low-level date algorithms", civil_from_days.
    let day_of_era = (day + 719_468).rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bars_at, instant};
    use super::super::{NANOS_PER_DAY, parse_timeframe};
    use super::*;

    #[test]
    fn day_of_month_agrees_with_jiff_for_400_years() {
        let mut date = jiff::civil::date(1800, 1, 1);
        let epoch = jiff::civil::date(1970, 1, 1);
        while date.year() < 2200 {
            let day = epoch.until(date).unwrap().get_days();
            assert_eq!(i32::from(day_of_month(day)), i32::from(date.day()), "{date}");
            date = date.tomorrow().unwrap();
        }
    }

    #[test]
    fn a_bar_that_closes_at_midnight_belongs_to_the_day_it_ends() {
        let opens = ["2024-01-15T04:50:00Z", "2024-01-15T05:00:00Z"];
        let bars = bars_at(&opens, "America/New_York", "10m");
        let calendar = bars.calendar();
        let monday = i32::try_from(instant("2024-01-15T00:00:00Z") / NANOS_PER_DAY).unwrap();
        assert_eq!(calendar.day, [monday - 1, monday]);
        assert_eq!(calendar.open_minute, [1430, 0]);
        assert_eq!(calendar.close_minute, [1440, 10]);
        assert_eq!(calendar.weekday, [6, 0]);
        assert_eq!(calendar.day_of_month, [14, 15]);
    }

    #[test]
    fn a_daily_bar_belongs_to_its_own_date_on_short_and_long_days_too() {
        // Both days of a change of the clock, and the last bar of the file is one.
        for opens in
            [["2024-03-09T05:00:00Z", "2024-03-10T05:00:00Z"], ["2024-11-02T04:00:00Z", "2024-11-03T04:00:00Z"]]
        {
            let bars = bars_at(&opens, "America/New_York", "1d");
            let calendar = bars.calendar();
            assert_eq!(calendar.day, calendar.open_day);
            assert_eq!(calendar.day[1], calendar.day[0] + 1);
            assert_eq!(calendar.close_minute, [1440, 1440]);
        }
    }

    #[test]
    fn a_futures_session_belongs_to_the_next_date() {
        let bars = bars_at(&["2024-01-14T23:00:00Z"], "America/New_York", "1d");
        assert_eq!(bars.calendar().day[0], bars.calendar().open_day[0] + 1);
        assert_eq!(bars.calendar().open_minute, [18 * 60]);
    }

    #[test]
    fn every_bar_agrees_with_jiff_across_a_year_of_clock_changes() {
        let timezone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let first = instant("2023-12-31T00:00:00Z");
        let step = parse_timeframe("30m").unwrap();
        let times: Vec<i64> = (0..366 * 48).map(|index| first + index * step).collect();
        let bars = super::super::tests::bars_of(times, "Europe/Berlin", step);
        let calendar = bars.calendar();
        for (t, open) in bars.time().iter().enumerate() {
            let local = jiff::Timestamp::from_nanosecond(i128::from(*open)).unwrap().to_zoned(timezone.clone());
            let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
            assert_eq!(i32::from(calendar.open_minute[t]), minute, "{local}");
            assert_eq!(i32::from(calendar.day_of_month[t]), i32::from(local.day()), "{local}");
            assert_eq!(calendar.weekday[t] as i8, local.weekday().to_monday_zero_offset(), "{local}");
        }
    }
}
