//! How a search goes on, told from its first second.
//!
//! A trial takes what it would take if all its series were in memory, and time for each series that is not. The first is
//! measured on the pilot's last trials, run once more; the second is what is left of the pilot's later trials. Series that
//! are asked for and not found become rarer: what comes in the pilot's second half, as a part of what came in its first,
//! goes on shrinking by that factor.

use std::time::Duration;

use crate::study::Progress;

/// How far the pilot was at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) elapsed: Duration,
    pub(super) evaluated: u64,
    /// Train bars that trials were run on.
    pub(super) bars: u64,
    /// Bytes of computed series.
    cached: f64,
    /// Series asked for and not found.
    misses: f64,
}

/// The pilot's halves, and what one of its last trials takes when it is run once more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub(super) middle: Mark,
    pub(super) last: Mark,
    /// Seconds of a trial whose series are all there.
    warm: f64,
    /// Seconds more for each series that is not.
    series: f64,
}

impl Mark {
    pub(super) fn of(progress: &Progress) -> Self {
        Self {
            elapsed: progress.elapsed,
            evaluated: progress.evaluated,
            bars: progress.bars_spent,
            cached: progress.cache.bytes as f64,
            misses: progress.cache.misses as f64,
        }
    }
}

impl Pace {
    /// Of a pilot with these marks, whose last trials took `again` each when they were run once more.
    pub(super) fn of(marks: &[Mark], again: Duration) -> Self {
        let last = marks.last().copied().unwrap_or_default();
        let half = last.elapsed / 2;
        let middle = marks.iter().copied().min_by_key(|mark| mark.elapsed.abs_diff(half)).unwrap_or_default();
        let done = (last.evaluated - middle.evaluated).max(1) as f64;
        let later = (last.elapsed - middle.elapsed).as_secs_f64() / done;
        let misses = (last.misses - middle.misses) / done;
        let warm = again.as_secs_f64().min(later);
        let pace = Self { middle, last, warm, series: 0.0 };
        match misses > 0.0 {
            true => Self { series: (later - warm) / misses, ..pace },
            false => Self { warm: later, ..pace },
        }
    }

    /// Train bars of a trial, once the pilot had warmed up.
    pub(super) fn bars(&self) -> f64 {
        let done = (self.last.evaluated - self.middle.evaluated).max(1) as f64;
        (self.last.bars - self.middle.bars) as f64 / done
    }

    /// Seconds of a trial whose series are all there.
    pub(super) fn warm(&self) -> f64 {
        self.warm
    }

    /// Seconds of the first so many trials.
    pub(super) fn seconds(&self, trials: f64) -> f64 {
        let last = self.last.evaluated as f64;
        if trials <= last {
            return self.last.elapsed.as_secs_f64() * trials / last.max(1.0);
        }
        let misses = self.after(|mark| mark.misses, trials) - self.last.misses;
        self.last.elapsed.as_secs_f64() + self.warm * (trials - last) + self.series * misses
    }

    /// Bytes of computed series that so many trials leave.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bytes, far below 2^53, never negative"
    )]
    pub(super) fn cached(&self, trials: f64) -> u64 {
        self.after(|mark| mark.cached, trials) as u64
    }

    /// What a quantity that grows with new series will be after so many trials.
    fn after(&self, quantity: impl Fn(&Mark) -> f64, trials: f64) -> f64 {
        let (first, all) = (self.middle.evaluated.max(1) as f64, self.last.evaluated.max(1) as f64);
        let before = quantity(&self.middle);
        let after = quantity(&self.last).max(before);
        if trials <= first {
            return before * trials / first;
        }
        if trials <= all {
            return before + (after - before) * (trials - first) / (all - first);
        }
        let halves = (trials - all) / first;
        let second = (after - before) * first / (all - first).max(1.0);
        let shrinks = if before > 0.0 { second / before } else { 1.0 };
        after
            + match shrinks < 0.99 {
                // A geometric series from the second half on.
                true => second * shrinks * (1.0 - shrinks.powf(halves)) / (1.0 - shrinks),
                false => second * halves,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(evaluated: u64, seconds: f64, misses: f64) -> Mark {
        let elapsed = Duration::from_secs_f64(seconds);
        Mark { elapsed, evaluated, bars: 10 * evaluated, cached: 8.0 * misses, misses }
    }

    fn pace(marks: [Mark; 2], again: f64) -> Pace {
        Pace::of(&[Mark::default(), marks[0], marks[1]], Duration::from_secs_f64(again))
    }

    #[test]
    fn series_that_become_rarer_are_not_extrapolated_in_a_line() {
        // 100 series in the first hundred trials, 25 in the second: a quarter each time, 133 in the end.
        let rarer = pace([mark(100, 0.4, 100.0), mark(200, 0.8, 125.0)], 0.001);
        assert_eq!(rarer.cached(1_000_000.0), 1_066);
        assert_eq!(rarer.cached(300.0), 1_050);
        assert_eq!(rarer.cached(150.0), 900);
        assert_eq!(rarer.cached(50.0), 400);
        // As many again in each half: a line.
        let steady = pace([mark(100, 0.4, 100.0), mark(200, 0.8, 200.0)], 0.001);
        assert_eq!(steady.cached(400.0), 3_200);
        assert_eq!(pace([Mark::default(), Mark::default()], 0.0).cached(400.0), 0);
    }

    #[test]
    fn time_is_that_of_warm_trials_and_of_missing_series() {
        // 4 ms a trial, 1 of them warm, a quarter of a series each: 12 ms a series.
        let rarer = pace([mark(100, 0.4, 100.0), mark(200, 0.8, 125.0)], 0.001);
        assert!((rarer.seconds(100.0) - 0.4).abs() < 1e-12);
        let last_series = 25.0 / 3.0;
        let expected = 0.8 + 0.001 * 9_800.0 + 0.012 * last_series;
        assert!((rarer.seconds(10_000.0) - expected).abs() < 1e-9, "{}", rarer.seconds(10_000.0));
        // Without missing series all the time is the trials' own, whatever running them again took.
        let warm = pace([mark(100, 0.4, 0.0), mark(200, 0.8, 0.0)], 0.001);
        assert!((warm.seconds(1_000.0) - 4.0).abs() < 1e-9);
    }
}
