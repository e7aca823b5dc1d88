//! Times as files spell them: ISO 8601 with or without offset, compact dates, epochs.
//!
//! The year comes first (`2024-01-31`, `2024/01/31`, `2024.01.31`, `20240131`), or the day with dots
//! (`31.01.2024`). `01/02/2024` is refused: half the world reads it as February.
//! A time without offset is local; the caller knows the timezone.

use jiff::civil::DateTime;
use jiff::tz::Offset;

/// A time as read from a file, before its timezone and its epoch's unit are known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RawTime {
    /// An instant, nanoseconds since 1970 UTC.
    Instant(i64),
    /// A wall-clock time, nanoseconds since 1970 on that clock.
    Local(i64),
    /// A whole number: an epoch of unknown unit, or a date as `20240131`.
    Epoch(i64),
    /// An epoch with a fraction.
    EpochFraction(f64),
}

/// Reads one time. `None` if it is none of the known spellings.
pub(super) fn parse_time(text: &str) -> Option<RawTime> {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && text.len() != 14 {
        return text.parse().ok().map(RawTime::Epoch);
    }
    if let Some(time) = parse_civil(text) {
        return Some(time);
    }
    let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+".contains(&byte));
    let value: f64 = text.parse().ok().filter(|_| is_decimal)?;
    value.is_finite().then_some(RawTime::EpochFraction(value))
}

/// The wall-clock time of a date written as the number `20240131`.
pub(super) fn compact_date(number: i64) -> Option<i64> {
    if !(17_000_101..=22_501_231).contains(&number) {
        return None;
    }
    let part = |divisor: i64, modulus: i64| number / divisor % modulus;
    wall([part(10_000, 10_000), part(100, 100), part(1, 100), 0, 0, 0, 0])
}

fn parse_civil(text: &str) -> Option<RawTime> {
    let mut scanner = Scanner(text.as_bytes());
    let [year, month, day] = scanner.date()?;
    let (mut clock, mut offset_ns) = ([0; 4], None);
    let has_separator = scanner.skip(b"Tt") || scanner.spaces();
    if !scanner.0.is_empty() {
        // Fourteen digits in a row need no separator.
        if !has_separator && !scanner.0[0].is_ascii_digit() {
            return None;
        }
        clock = scanner.clock()?;
        scanner.spaces();
        offset_ns = scanner.offset()?;
    }
    let [hour, minute, second, nanosecond] = clock;
    let wall = wall([year, month, day, hour, minute, second, nanosecond])?;
    Some(match offset_ns {
        Some(offset_ns) => RawTime::Instant(wall.checked_sub(offset_ns)?),
        None => RawTime::Local(wall),
    })
}

/// Wall-clock nanoseconds of year, month, day, hour, minute, second and nanosecond, if they exist.
fn wall(parts: [i64; 7]) -> Option<i64> {
    let [year, month, day, hour, minute, second, nanosecond] = parts;
    let small = |value: i64| i8::try_from(value).ok();
    let civil = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        i32::try_from(nanosecond).ok()?,
    );
    let timestamp = Offset::UTC.to_timestamp(civil.ok()?).ok()?;
    i64::try_from(timestamp.as_nanosecond()).ok()
}

/// What is left of the text.
struct Scanner<'a>(&'a [u8]);

impl Scanner<'_> {
    /// Year, month and day, in any of the spellings.
    fn date(&mut self) -> Option<[i64; 3]> {
        let (first, digits) = self.digits(8)?;
        if digits == 8 {
            return Some([first / 10_000, first / 100 % 100, first % 100]);
        }
        let separator = *self.0.first()?;
        let (is_year_first, is_day_first) = (digits == 4, digits <= 2 && separator == b'.');
        if !b"-/.".contains(&separator) || !(is_year_first || is_day_first) {
            return None;
        }
        self.skip(&[separator]);
        let (month, _) = self.digits(2)?;
        if !self.skip(&[separator]) {
            return None;
        }
        let (last, last_digits) = self.digits(if is_day_first { 4 } else { 2 })?;
        match (is_day_first, last_digits) {
            (true, 4) => Some([last, month, first]),
            (true, _) => None,
            (false, _) => Some([first, month, last]),
        }
    }

    /// Hour, minute, second and nanosecond: `9:30`, `09:30:15.250`, `0930`, `093015`, `93015`.
    fn clock(&mut self) -> Option<[i64; 4]> {
        let (first, digits) = self.digits(6)?;
        let mut clock = match digits {
            5 | 6 => [first / 10_000, first / 100 % 100, first % 100, 0],
            3 | 4 => [first / 100, first % 100, 0, 0],
            _ if self.skip(b":") => {
                let (minute, _) = self.digits(2)?;
                let second = if self.skip(b":") { self.digits(2)?.0 } else { 0 };
                [first, minute, second, 0]
            }
            _ => return None,
        };
        if self.skip(b".,") {
            let (fraction, digits) = self.digits(9)?;
            clock[3] = fraction * 10_i64.pow(9 - u32::try_from(digits).ok()?);
        }
        Some(clock)
    }

    /// The offset from UTC, `Some(None)` where there is none, `None` if the rest makes no sense.
    fn offset(&mut self) -> Option<Option<i64>> {
        if self.0.is_empty() {
            return Some(None);
        }
        if [&b"Z"[..], b"z", b"UTC", b"GMT", b"utc"].contains(&self.0) {
            return Some(Some(0));
        }
        let sign = match self.0[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        self.skip(b"+-");
        let (first, digits) = self.digits(4)?;
        let (hours, minutes) = match digits {
            4 => (first / 100, first % 100),
            1 | 2 if self.skip(b":") => (first, self.digits(2)?.0),
            1 | 2 => (first, 0),
            _ => return None,
        };
        let is_sound = self.0.is_empty() && hours <= 25 && minutes < 60;
        is_sound.then_some(Some(sign * (hours * 60 + minutes) * super::super::NANOS_PER_MINUTE))
    }

    /// Up to `most` digits: their value and how many there were, at least one.
    fn digits(&mut self, most: usize) -> Option<(i64, usize)> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        let value = self.0[..count].iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0'));
        self.0 = &self.0[count..];
        (count > 0).then_some((value, count))
    }

    fn skip(&mut self, any_of: &[u8]) -> bool {
        let is_there = self.0.first().is_some_and(|byte| any_of.contains(byte));
        if is_there {
            self.0 = &self.0[1..];
        }
        is_there
    }

    fn spaces(&mut self) -> bool {
        let mut any = false;
        while self.skip(b" ") {
            any = true;
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn nanoseconds(text: &str) -> i64 {
        i64::try_from(text.parse::<jiff::Timestamp>().unwrap().as_nanosecond()).unwrap()
    }

    #[test]
    fn local_spellings_mean_one_wall_clock_time() {
        let wall = nanoseconds("2024-01-31T09:30:00Z");
        for text in [
            "2024-01-31 09:30:00",
            "2024-01-31T09:30",
            "2024-1-31 9:30",
            "2024/01/31 09:30:00.000",
            "2024.01.31 09:30",
            "31.01.2024 09:30:00.000",
            "20240131 093000",
            "20240131 0930",
            "20240131T093000",
            "20240131093000",
            "20240131 930",
            "20240131 93000",
            " 2024-01-31 09:30 ",
        ] {
            assert_eq!(parse_time(text), Some(RawTime::Local(wall)), "{text}");
        }
        let midnight = nanoseconds("2024-01-31T00:00:00Z");
        for text in ["2024-01-31", "2024/01/31", "31.01.2024"] {
            assert_eq!(parse_time(text), Some(RawTime::Local(midnight)), "{text}");
        }
        assert_eq!(compact_date(20_240_131), Some(midnight));
        assert_eq!(compact_date(20_240_230), None);
    }

    #[test]
    fn spellings_with_an_offset_mean_one_instant() {
        let instant = RawTime::Instant(nanoseconds("2024-01-31T14:30:00.125Z"));
        for text in [
            "2024-01-31T14:30:00.125Z",
            "2024-01-31 09:30:00.125-05:00",
            "2024-01-31 09:30:00.125-0500",
            "2024-01-31T09:30:00.125-05",
            "2024-01-31 14:30:00.125 UTC",
            "2024-01-31 20:00:00,125+05:30",
        ] {
            assert_eq!(parse_time(text), Some(instant), "{text}");
        }
    }

    #[test]
    fn numbers_are_epochs() {
        assert_eq!(parse_time("1706711400"), Some(RawTime::Epoch(1_706_711_400)));
        assert_eq!(parse_time("-5"), Some(RawTime::Epoch(-5)));
        assert_eq!(parse_time("1706711400.5"), Some(RawTime::EpochFraction(1_706_711_400.5)));
        assert_eq!(parse_time("1.7067114e9"), Some(RawTime::EpochFraction(1_706_711_400.0)));
    }

    #[test]
    fn what_is_ambiguous_or_impossible_is_not_read() {
        for text in [
            "",
            "-",
            "01/02/2024",
            "1-2-2024",
            "2024-02-30",
            "2024-13-01",
            "2024-01-31 25:00",
            "2024-01-31 09:61",
            "2024-01-31 9",
            "2024-01-31x",
            "2024-01-31 09:30 EST",
            "2024-01",
            "24-01-31",
            "inf",
            "nan",
            "e5",
            "2024-01-31 09:30:00+99:00",
            "99999999999999999999",
            "31.01.24",
            "9999-12-31",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_not_but_never_panics(text in "\\PC{0,24}", time in "[0-9TZ:. +/-]{0,30}") {
            let _ = (parse_time(&text), parse_time(&time));
        }
    }
}
