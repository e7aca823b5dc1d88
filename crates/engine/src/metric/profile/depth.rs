//! The deepest drawdown over every bar, as a fraction and in money.
//!
//! The one pass over all bars that metrics make. Equity is read in blocks: a block that sets no new
//! peak can only deepen the trough, and its smallest and largest points are found in independent lanes,
//! which the compiler turns into vector instructions. Only blocks with a new peak are walked bar by bar.

const LANES: usize = 8;
const BLOCK: usize = 8 * LANES;

/// The deepest fall from a peak. The two can stem from different falls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Depth {
    /// Share of the peak lost: 0 to 1, where 1 stands for equity at or below zero.
    pub(crate) fraction: f64,
    /// Money lost from the peak, positive.
    pub(crate) money: f64,
}

impl Depth {
    /// The deepest fall of `equity`, with `cash` as the first peak.
    pub(crate) fn of(cash: f64, equity: &[f64]) -> Self {
        let mut walk = Walk::new(cash);
        let blocks = equity.chunks_exact(BLOCK);
        let rest = blocks.remainder();
        for block in blocks {
            walk.stretch(extremes(block), block.iter().copied());
        }
        rest.iter().for_each(|&point| walk.step(point));
        walk.finish()
    }
}

/// A walk along a curve, point by point.
#[derive(Debug, Clone)]
pub(crate) struct Walk {
    peak: f64,
    trough: f64,
    depth: Depth,
}

impl Walk {
    /// Before the first point.
    pub(crate) fn new(cash: f64) -> Self {
        Self { peak: cash, trough: cash, depth: Depth::default() }
    }

    /// Points of which the lowest and the highest are known: they are looked at only if one of them is a new peak.
    #[inline]
    pub(crate) fn stretch(&mut self, (lowest, highest): (f64, f64), points: impl Iterator<Item = f64>) {
        if highest > self.peak {
            points.for_each(|point| self.step(point));
        } else if lowest < self.trough {
            self.trough = lowest;
        }
    }

    /// The deepest fall, the last one included.
    pub(crate) fn finish(mut self) -> Depth {
        self.close();
        self.depth
    }

    #[inline]
    pub(crate) fn step(&mut self, point: f64) {
        if point > self.peak {
            self.close();
            self.peak = point;
            self.trough = point;
        } else if point < self.trough {
            self.trough = point;
        }
    }

    /// Takes the fall from the current peak into account.
    fn close(&mut self) {
        let money = self.peak - self.trough;
        if money > self.depth.money {
            self.depth.money = money;
        }
        let fraction = share_lost(self.peak, self.trough);
        if fraction > self.depth.fraction {
            self.depth.fraction = fraction;
        }
    }
}

/// The share of a peak that is lost at `point`, which is not above it. More than everything cannot be lost:
/// a fraction of a peak says nothing about debts, `max_drawdown_money` does.
pub(crate) fn share_lost(peak: f64, point: f64) -> f64 {
    if peak > 0.0 { ((peak - point) / peak).min(1.0) } else { 0.0 }
}

/// Smallest and largest of a block whose length is a multiple of [`LANES`].
fn extremes(block: &[f64]) -> (f64, f64) {
    let (mut lowest, mut highest) = ([f64::INFINITY; LANES], [f64::NEG_INFINITY; LANES]);
    for row in block.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            lowest[lane] = if row[lane] < lowest[lane] { row[lane] } else { lowest[lane] };
            highest[lane] = if row[lane] > highest[lane] { row[lane] } else { highest[lane] };
        }
    }
    let lowest = lowest.into_iter().fold(f64::INFINITY, f64::min);
    let highest = highest.into_iter().fold(f64::NEG_INFINITY, f64::max);
    (lowest, highest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(cash: f64, equity: &[f64]) -> Depth {
        let mut peak = cash;
        let mut depth = Depth::default();
        for &point in equity {
            peak = peak.max(point);
            depth.money = depth.money.max(peak - point);
            depth.fraction = depth.fraction.max((peak - point) / peak);
        }
        depth
    }

    #[test]
    fn a_loss_from_the_first_bar_is_measured_from_the_cash() {
        let depth = Depth::of(100.0, &[90.0, 95.0]);
        assert_eq!((depth.fraction, depth.money), (0.1, 10.0));
    }

    #[test]
    fn fraction_and_money_may_stem_from_different_falls() {
        // 100 to 50 is half; 1000 to 900 is more money.
        let depth = Depth::of(100.0, &[50.0, 1000.0, 900.0]);
        assert_eq!((depth.fraction, depth.money), (0.5, 100.0));
    }

    proptest! {
        #[test]
        fn blocks_find_what_a_plain_loop_finds(
            steps in prop::collection::vec(-3.0..3.0_f64, 0..600),
        ) {
            let equity: Vec<f64> = steps.iter().scan(10_000.0, |sum, step| { *sum += step; Some(*sum) }).collect();
            prop_assert_eq!(Depth::of(10_000.0, &equity), plain(10_000.0, &equity));
        }
    }
}
