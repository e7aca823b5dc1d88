//! Repeated runs of one piece of work.

use std::time::{Duration, Instant};

/// Repeats are cut off here, however short the work is.
const MOST_REPEATS: usize = 10_000;

/// Milliseconds of repeated runs: the median, and the quartiles as their spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Timing {
    /// Half of the runs took less.
    pub median_ms: f64,
    /// A quarter of the runs took less.
    pub low_ms: f64,
    /// A quarter of the runs took more.
    pub high_ms: f64,
    /// Runs.
    pub repeats: usize,
}

impl Timing {
    /// Of runs that took so many milliseconds each; there must be one.
    ///
    /// ```
    /// let timing = bartune::bench::Timing::of(vec![5.0, 1.0, 3.0, 2.0, 4.0]);
    /// assert_eq!((timing.low_ms, timing.median_ms, timing.high_ms), (2.0, 3.0, 4.0));
    /// ```
    #[must_use]
    pub fn of(mut milliseconds: Vec<f64>) -> Self {
        milliseconds.sort_by(f64::total_cmp);
        let last = milliseconds.len().saturating_sub(1);
        let at = |quarter: usize| milliseconds.get(last * quarter / 4).copied().unwrap_or(f64::NAN);
        Self { median_ms: at(2), low_ms: at(1), high_ms: at(3), repeats: milliseconds.len() }
    }
}

/// Run `work` once to warm up, then until the budget is spent and it has run often enough.
pub(super) fn repeat(budget: Duration, repeats: usize, mut work: impl FnMut()) -> Timing {
    work();
    let began = Instant::now();
    let mut milliseconds = Vec::new();
    while milliseconds.len() < repeats.max(1) || (began.elapsed() < budget && milliseconds.len() < MOST_REPEATS) {
        let start = Instant::now();
        work();
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Timing::of(milliseconds)
}
