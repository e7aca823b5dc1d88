//! The drawdowns of the daily equity: how deep, how long, whether made good.
//!
//! An episode lasts from the day of a peak to the first later day that closes at that peak or above it.
//! The cash counts as a peak on the first day. Lengths are calendar days between day numbers.

use super::depth::share_lost;
use crate::metric::calendar::Day;

/// Drawdowns of the daily equity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Underwater {
    /// Sum over the days of the share lost from the peak.
    pub(crate) sum: f64,
    /// Sum of its squares.
    pub(crate) sum_of_squares: f64,
    /// Days that end beneath the peak.
    pub(crate) days: usize,
    /// Drawdowns begun.
    pub(crate) episodes: usize,
    /// Sum of the drawdowns' greatest depths.
    pub(crate) sum_of_depths: f64,
    /// Calendar days of the longest one, still open ones included.
    pub(crate) longest_days: i64,
    /// Depth of the deepest one.
    pub(crate) deepest: f64,
    /// Calendar days from the deepest one's trough to its recovery, if it recovered.
    pub(crate) recovery_days: Option<i64>,
}

impl Underwater {
    pub(crate) fn of(cash: f64, daily_equity: &[f64], days: &[Day]) -> Self {
        let mut walk = Walk {
            peak: cash,
            peak_day: days.first().map_or(0, |day| i64::from(day.number)),
            trough_day: 0,
            depth: 0.0,
            path: Self::default(),
        };
        for (&equity, day) in daily_equity.iter().zip(days) {
            walk.step(equity, i64::from(day.number));
        }
        let last_day = days.last().map_or(0, |day| i64::from(day.number));
        walk.close(last_day, None);
        walk.path
    }
}

struct Walk {
    peak: f64,
    peak_day: i64,
    trough_day: i64,
    /// Depth of the running episode; 0 while there is none.
    depth: f64,
    path: Underwater,
}

impl Walk {
    fn step(&mut self, equity: f64, day: i64) {
        if equity >= self.peak {
            self.close(day, Some(day));
            self.peak = equity;
            self.peak_day = day;
            return;
        }
        let depth = share_lost(self.peak, equity);
        self.path.days += 1;
        self.path.sum += depth;
        self.path.sum_of_squares += depth * depth;
        if depth > self.depth {
            self.depth = depth;
            self.trough_day = day;
        }
    }

    /// Ends the running episode, if there is one, on `end_day`.
    fn close(&mut self, end_day: i64, recovered: Option<i64>) {
        if self.depth == 0.0 {
            return;
        }
        let path = &mut self.path;
        path.episodes += 1;
        path.sum_of_depths += self.depth;
        path.longest_days = path.longest_days.max(end_day - self.peak_day);
        if self.depth > path.deepest {
            path.deepest = self.depth;
            path.recovery_days = recovered.map(|day| day - self.trough_day);
        }
        self.depth = 0.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn underwater(points: &[(i32, f64)]) -> Underwater {
        let days: Vec<Day> =
            points.iter().enumerate().map(|(index, &(number, _))| Day { number, end: index + 1 }).collect();
        let equity: Vec<f64> = points.iter().map(|&(_, equity)| equity).collect();
        Underwater::of(100.0, &equity, &days)
    }

    #[test]
    fn an_episode_lasts_from_its_peak_to_its_recovery() {
        // Peak on day 1, trough 20 % on day 3, back on day 8: 7 days long, 5 to recover.
        let path = underwater(&[(1, 100.0), (2, 90.0), (3, 80.0), (8, 100.0), (9, 110.0)]);
        assert_eq!((path.episodes, path.days), (1, 2));
        assert_eq!((path.longest_days, path.recovery_days), (7, Some(5)));
        assert!((path.deepest - 0.2).abs() < 1e-12);
    }

    #[test]
    fn an_open_drawdown_lasts_to_the_end_and_has_no_recovery() {
        let path = underwater(&[(1, 100.0), (2, 95.0), (3, 101.0), (4, 50.5), (10, 60.0)]);
        assert_eq!((path.episodes, path.longest_days), (2, 7));
        assert_eq!(path.recovery_days, None);
    }

    #[test]
    fn of_equal_depths_the_first_is_the_deepest() {
        let path = underwater(&[(1, 50.0), (2, 100.0), (3, 50.0)]);
        assert_eq!(path.recovery_days, Some(1));
    }
}
