//! What a strategy in Rust sees at the close of a bar.

use bartune_engine::Pointwise;
use bartune_engine::bars::Bars;
use bartune_engine::simulator::{Position, Standing, Trade};

/// A bar's close, and everything before it. `ago` counts bars back: 0 is the bar itself. What lies before the first bar
/// is NaN, as in the language.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    bars: &'a Bars,
    series: &'a [Pointwise],
    standing: Standing<'a>,
}

impl<'a> Moment<'a> {
    pub(super) fn new(bars: &'a Bars, series: &'a [Pointwise], standing: Standing<'a>) -> Self {
        Self { bars, series, standing }
    }

    /// The bar's number among those that are run, which trades and positions carry as well. On a rung these are a part
    /// of the file's.
    #[must_use]
    pub fn bar(&self) -> usize {
        self.standing.bar
    }

    /// When the bar opened, in nanoseconds since 1970 UTC.
    #[must_use]
    pub fn open_time_ns(&self) -> i64 {
        self.bars.time()[self.standing.bar]
    }

    /// First price.
    #[must_use]
    pub fn open(&self, ago: usize) -> f64 {
        self.back(self.bars.open(), ago)
    }

    /// Highest price.
    #[must_use]
    pub fn high(&self, ago: usize) -> f64 {
        self.back(self.bars.high(), ago)
    }

    /// Lowest price.
    #[must_use]
    pub fn low(&self, ago: usize) -> f64 {
        self.back(self.bars.low(), ago)
    }

    /// Last price.
    #[must_use]
    pub fn close(&self, ago: usize) -> f64 {
        self.back(self.bars.close(), ago)
    }

    /// Traded volume.
    #[must_use]
    pub fn volume(&self, ago: usize) -> f64 {
        self.back(self.bars.volume(), ago)
    }

    /// The series of this place in [`Strategy::series`](super::Strategy::series); NaN if there is none.
    #[must_use]
    pub fn series(&self, index: usize, ago: usize) -> f64 {
        let bar = self.standing.bar.checked_sub(ago);
        self.series.get(index).zip(bar).map_or(f64::NAN, |(series, bar)| series.at(bar))
    }

    /// The open position after the bar's own fills, if there is one.
    #[must_use]
    pub fn position(&self) -> Option<&'a Position> {
        self.standing.position
    }

    /// The round trip that ended last in this segment, if any has.
    #[must_use]
    pub fn last_trade(&self) -> Option<&'a Trade> {
        self.standing.last_trade
    }

    /// The account's equity, the position valued at this close.
    #[must_use]
    pub fn equity(&self) -> f64 {
        self.standing.equity
    }

    fn back(&self, column: &[f64], ago: usize) -> f64 {
        self.standing.bar.checked_sub(ago).and_then(|bar| column.get(bar)).copied().unwrap_or(f64::NAN)
    }
}
