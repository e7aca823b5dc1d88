//! One bar by itself, as it arrives live.

use super::Bars;

/// The six values of one bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarValues {
    /// Open time, nanoseconds since 1970 UTC.
    pub time: i64,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded volume.
    pub volume: f64,
}

impl Bars {
    /// Bar `t`.
    ///
    /// # Panics
    /// If there is no such bar.
    #[must_use]
    pub fn bar(&self, t: usize) -> BarValues {
        BarValues {
            time: self.time()[t],
            open: self.open()[t],
            high: self.high()[t],
            low: self.low()[t],
            close: self.close()[t],
            volume: self.volume()[t],
        }
    }
}
