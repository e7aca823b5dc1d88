//! A wall clock that runs with the bars: it knows a stretch of offsets ahead and looks up the next one
//! when time has passed it.
//!
//! What it says of a bar does not depend on the stretches. Behind any instant the clock knows more than
//! a year, which is longer than the longest timeframe.

use jiff::tz::TimeZone;

use super::calendar::{CalendarReading, read_calendar};
use super::clock::LocalClock;
use super::{NANOS_PER_DAY, clock::Reading};

/// How far ahead offsets are looked up at a time: twenty years.
const STRETCH_NS: i64 = 20 * 365 * NANOS_PER_DAY;

/// The wall clock of one timezone, asked about times that do not go back by more than a timeframe.
#[derive(Debug)]
pub(crate) struct RunningClock {
    timezone: TimeZone,
    clock: LocalClock,
    known_until: i64,
}

impl RunningClock {
    /// The clock before the first bar.
    pub(crate) fn new(timezone: &TimeZone) -> Self {
        // What it knows now is dropped at the first question, unless that is about 1970 already.
        Self { clock: LocalClock::new(timezone, 0, 0), known_until: i64::MIN, timezone: timezone.clone() }
    }

    /// The offsets around an instant.
    #[inline]
    pub(super) fn around(&mut self, instant: i64) -> &LocalClock {
        if instant > self.known_until {
            self.known_until = instant.saturating_add(STRETCH_NS);
            self.clock = LocalClock::new(&self.timezone, instant, self.known_until);
        }
        &self.clock
    }

    /// Hour, minute, weekday and day of the month of a bar's open.
    pub(crate) fn calendar(&mut self, open: i64) -> CalendarReading {
        read_calendar(self.around(open).local(open))
    }

    /// The instant of a wall-clock time; one that the clock shows twice is the first, or the second where
    /// the bar `above` is already there.
    pub(super) fn instant(&mut self, local: i64, above: Option<i64>) -> i64 {
        match self.around(local).read(local) {
            Reading::Once(instant) | Reading::Skipped(instant) => instant,
            Reading::Twice { earlier, later } => {
                if above.is_some_and(|above| above >= earlier) {
                    later
                } else {
                    earlier
                }
            }
        }
    }

    /// The open of a bar stamped at its close.
    pub(super) fn open_of(&mut self, close: i64, timeframe_ns: i64) -> i64 {
        if timeframe_ns < NANOS_PER_DAY {
            return close.saturating_sub(timeframe_ns);
        }
        let clock = self.around(close);
        let (Reading::Once(open) | Reading::Skipped(open) | Reading::Twice { earlier: open, .. }) =
            clock.read(clock.local(close).saturating_sub(timeframe_ns));
        open
    }
}
