//! Which bars make up which local day and month.
//!
//! A calendar is made once for a stretch of bars and shared by every backtest on it, so that no trial
//! walks the bars to find its days.

use jiff::{ToSpan, civil};

/// Days in a year of the Julian calendar, by which calendar days become years.
const DAYS_PER_YEAR: f64 = 365.25;
/// Trading days of a year where five weekdays are traded and holidays are not.
const WEEKDAYS_PER_YEAR: f64 = 252.0;
/// Below this many calendar days the share of days traded is too rough to be scaled to a year.
const MIN_SPAN_DAYS: i64 = 60;

/// One local day that has bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Days since 1970-01-01 in the data's timezone.
    pub number: i32,
    /// One past the day's last bar, counted from the stretch's first bar.
    pub end: usize,
}

/// One calendar month that has bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    /// Year.
    pub year: i16,
    /// Month, 1 to 12.
    pub month: i8,
    /// One past the month's last day, as an index into [`Calendar::days`].
    pub end: usize,
}

/// The local days and months of a stretch of bars.
///
/// ```
/// use bartune_engine::metric::Calendar;
/// // Two bars on 1970-01-31, one on 1970-02-02.
/// let calendar = Calendar::new(&[30, 30, 32]);
/// assert_eq!(calendar.days().len(), 2);
/// assert_eq!(calendar.days()[0].end, 2);
/// assert_eq!(calendar.months().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    days: Vec<Day>,
    months: Vec<Month>,
}

impl Calendar {
    /// The calendar of bars whose local day numbers (days since 1970-01-01) are `bar_days`, in order.
    /// A bar whose number is below its predecessor's (a clock set back across midnight) counts to its
    /// predecessor's day.
    #[must_use]
    pub fn new(bar_days: &[i32]) -> Self {
        let days = split_days(bar_days);
        let months = split_months(&days);
        Self { days, months }
    }

    /// The days that have bars, in order.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The months that have bars, in order.
    #[must_use]
    pub fn months(&self) -> &[Month] {
        &self.months
    }

    /// Trading days per year of these bars: distinct days over years of span, both ends included.
    ///
    /// Take it from the whole file, not from a segment. Spans below 60 days say too little about a
    /// year, so there it is inferred from the weekdays seen: 365.25 with a Saturday, 313 with a Sunday
    /// but no Saturday (futures), else 252.
    ///
    /// ```
    /// use bartune_engine::metric::Calendar;
    /// let every_day: Vec<i32> = (0..730).collect();
    /// assert_eq!(Calendar::new(&every_day).trading_days_per_year(), 365.25);
    /// ```
    #[must_use]
    pub fn trading_days_per_year(&self) -> f64 {
        let (Some(first), Some(last)) = (self.days.first(), self.days.last()) else {
            return WEEKDAYS_PER_YEAR;
        };
        let span_days = i64::from(last.number) - i64::from(first.number) + 1;
        if span_days < MIN_SPAN_DAYS {
            return self.guessed_days_per_year();
        }
        self.days.len() as f64 * DAYS_PER_YEAR / span_days as f64
    }

    fn guessed_days_per_year(&self) -> f64 {
        // Day 0 was a Thursday, so with Monday as 0 it is weekday 3.
        let is_seen = |weekday: i32| self.days.iter().any(|day| day.number.wrapping_add(3).rem_euclid(7) == weekday);
        match (is_seen(5), is_seen(6)) {
            (true, _) => DAYS_PER_YEAR,
            (false, true) => (DAYS_PER_YEAR * 6.0 / 7.0).round(),
            (false, false) => WEEKDAYS_PER_YEAR,
        }
    }
}

fn split_days(bar_days: &[i32]) -> Vec<Day> {
    let mut days: Vec<Day> = Vec::new();
    for (bar, &number) in bar_days.iter().enumerate() {
        match days.last_mut() {
            Some(day) if number <= day.number => day.end = bar + 1,
            _ => days.push(Day { number, end: bar + 1 }),
        }
    }
    days
}

fn split_months(days: &[Day]) -> Vec<Month> {
    let mut months: Vec<Month> = Vec::new();
    for (index, day) in days.iter().enumerate() {
        let date = civil_date(day.number);
        match months.last_mut() {
            Some(month) if (month.year, month.month) == (date.year(), date.month()) => {
                month.end = index + 1;
            }
            _ => months.push(Month { year: date.year(), month: date.month(), end: index + 1 }),
        }
    }
    months
}

/// The date of a day number; numbers outside the years −9999 to 9999 stay at their ends.
fn civil_date(number: i32) -> civil::Date {
    // A span of days refuses more than this many; the saturating sum then ends at the last date.
    const LIMIT: i32 = 7_000_000;
    civil::date(1970, 1, 1).saturating_add(number.clamp(-LIMIT, LIMIT).days())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_end_after_their_last_bar() {
        let calendar = Calendar::new(&[5, 5, 5, 6, 9]);
        let ends: Vec<_> = calendar.days().iter().map(|d| (d.number, d.end)).collect();
        assert_eq!(ends, [(5, 3), (6, 4), (9, 5)]);
    }

    #[test]
    fn a_clock_set_back_across_midnight_stays_in_its_day() {
        let calendar = Calendar::new(&[5, 6, 5, 6, 7]);
        let ends: Vec<_> = calendar.days().iter().map(|d| (d.number, d.end)).collect();
        assert_eq!(ends, [(5, 1), (6, 4), (7, 5)]);
    }

    #[test]
    fn months_follow_the_civil_calendar() {
        // 59 is 1970-03-01; 1970 is no leap year. -1 is 1969-12-31.
        let calendar = Calendar::new(&[-1, 0, 30, 31, 58, 59]);
        let months: Vec<_> = calendar.months().iter().map(|m| (m.year, m.month, m.end)).collect();
        assert_eq!(months, [(1969, 12, 1), (1970, 1, 3), (1970, 2, 5), (1970, 3, 6)]);
    }

    #[test]
    fn weekdays_without_holidays_give_261_days_a_year() {
        // Ten years from Monday 1970-01-05.
        let weekdays: Vec<i32> = (4..4 + 3650).filter(|d| (d + 3) % 7 < 5).collect();
        let per_year = Calendar::new(&weekdays).trading_days_per_year();
        assert!((per_year - 365.25 * 5.0 / 7.0).abs() < 0.1, "{per_year}");
    }

    #[test]
    fn short_spans_are_inferred_from_the_weekdays_seen() {
        // Day 4 is Monday 1970-01-05.
        let per_year = |days: &[i32]| Calendar::new(days).trading_days_per_year();
        assert_eq!(per_year(&[4, 5, 6]), 252.0);
        assert_eq!(per_year(&[4, 9]), 365.25);
        assert_eq!(per_year(&[4, 10, 11]), 313.0);
        assert_eq!(per_year(&[]), 252.0);
        assert_eq!(per_year(&[i32::MAX]), 252.0);
    }
}
