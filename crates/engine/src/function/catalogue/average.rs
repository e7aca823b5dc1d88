//! Moving averages and other smoothings of one series.

use wickra_core::{
    Alma, Decycler, Dema, Ehma, Evwma, Frama, GeometricMa, Hma, InstantaneousTrendline, Jma, McGinleyDynamic, MedianMa,
    SineWeightedMa, SuperSmoother, T3, Tema, Trima, Vidya, Vwma, Wma, Zlema,
};

use crate::function::adapter::{cv, mapped, one, series, step};
use crate::function::declare::{HL, SERIES, SERIES_AND_VOLUME, functions};
use crate::function::kernel::adaptive::AdaptiveAverage;
use crate::function::kernel::range::{MidPoint, MidPrice, Range};
use crate::function::kernel::smooth::Exponential;
use crate::function::kernel::window::Mean;

/// The length of Hull's last average: the square root, rounded.
fn rounded_root(length: usize) -> usize {
    (length as f64).sqrt().round() as usize
}

functions! { "Moving averages", Number;
    "sma", SERIES, (length: period(1) = 20), [""], length - 1, step(Mean::new(length)), "Simple moving average.";
    "ema", SERIES, (length: period(1) = 20), [""], length - 1, step(Exponential::standard(length)), "Exponential moving average, weight 2 / (length + 1), seeded with the mean of the first `length` values.";
    "rma", SERIES, (length: period(1) = 14), [""], length - 1, step(Exponential::wilder(length)), "Wilder's moving average (SMMA), weight 1 / length, seeded with the mean of the first `length` values.";
    "wma", SERIES, (length: period(1) = 20), [""], length - 1, series(Wma::new(length)), "Linearly weighted moving average.";
    "dema", SERIES, (length: period(1) = 20), [""], 2 * length - 2, series(Dema::new(length)), "Double exponential moving average.";
    "tema", SERIES, (length: period(1) = 20), [""], 3 * length - 3, series(Tema::new(length)), "Triple exponential moving average.";
    "t3", SERIES, (length: period(1) = 5, factor: real(0.0, 1.0) = 0.7), [""], 6 * length - 6, series(T3::new(length, factor)), "Tillson's T3, six exponential averages in a row.";
    "trima", SERIES, (length: period(1) = 20), [""], length - 1, series(Trima::new(length)), "Triangular moving average: a simple average of a simple average.";
    "hma", SERIES, (length: period(2) = 20), [""], length + rounded_root(length) - 2, series(Hma::new(length)), "Hull moving average.";
    "ehma", SERIES, (length: period(2) = 20), [""], length + rounded_root(length) - 2, series(Ehma::new(length)), "Hull's average built from exponential averages.";
    "zlema", SERIES, (length: period(1) = 20), [""], length + (length - 1) / 2 - 1, series(Zlema::new(length)), "Zero-lag exponential moving average: of 2x - x[(length - 1) / 2].";
    "kama", SERIES, (length: period(1) = 10, fast: period(1) = 2, slow: period(1) = 30), [""], length, step(AdaptiveAverage::new(length, fast, slow)), "Kaufman's adaptive moving average.";
    "vidya", SERIES, (length: period(1) = 14, cmo: period(1) = 9), [""], cmo, series(Vidya::new(length, cmo)), "Chande's variable index dynamic average.";
    "frama", SERIES, (length: period(2) = 16), [""], length - 1, series(Frama::new(length)), "Ehlers' fractal adaptive moving average; `length` is even.";
    "alma", SERIES, (length: period(1) = 9, offset: real(0.0, 1.0) = 0.85, sigma: real(0.000_001, 1000.0) = 6.0), [""], length - 1, series(Alma::new(length, offset, sigma)), "Arnaud Legoux moving average, Gaussian weights.";
    "jma", SERIES, (length: period(1) = 14, phase: real(-100.0, 100.0) = 0.0), [""], 0, series(Jma::new(length, phase, 2)), "The published approximation of Jurik's moving average.";
    "mcginley", SERIES, (length: period(1) = 14), [""], length - 1, series(McGinleyDynamic::new(length)), "McGinley dynamic.";
    "sine_ma", SERIES, (length: period(1) = 14), [""], length - 1, series(SineWeightedMa::new(length)), "Moving average weighted by half a sine wave.";
    "geometric_ma", SERIES, (length: period(1) = 14), [""], length - 1, series(GeometricMa::new(length)), "Geometric mean of positive values.";
    "median", SERIES, (length: period(1) = 14), [""], length - 1, series(MedianMa::new(length)), "Median of the last `length` values.";
    "midpoint", SERIES, (length: period(1) = 14), [""], length - 1, step(MidPoint(Range::new(length))), "Middle between the highest and the lowest of the last `length` values.";
    "midprice", HL, (length: period(1) = 14), [""], length - 1, step(MidPrice(Range::new(length))), "Middle between the highest high and the lowest low of `length` bars.";
    "vwma", SERIES_AND_VOLUME, (length: period(1) = 20), [""], length - 1, mapped(Vwma::new(length), cv, one), "Volume-weighted moving average.";
    "evwma", SERIES_AND_VOLUME, (length: period(1) = 20), [""], length - 1, mapped(Evwma::new(length), cv, one), "Elastic volume-weighted moving average.";
    "super_smoother", SERIES, (length: period(1) = 10), [""], 0, series(SuperSmoother::new(length)), "Ehlers' two-pole low-pass filter.";
    "decycler", SERIES, (length: period(1) = 60), [""], 0, series(Decycler::new(length)), "Ehlers' decycler: the series without its cycles shorter than `length`.";
    "instantaneous_trend", SERIES, (length: period(1) = 20), [""], 0, series(InstantaneousTrendline::new(length)), "Ehlers' instantaneous trendline.";
}
