//! Direction and strength of trends, and stops that trail them.

use wickra_core::{
    Alligator, AtrTrailingStop, ChandeKrollStop, ChandelierExit, ChoppinessIndex, CorrelationTrendIndicator,
    HiLoActivator, PolarizedFractalEfficiency, Psar, Qstick, Rwi, Tii, TrendStrengthIndex, TtmTrend,
    VerticalHorizontalFilter, Vortex,
};

use crate::function::adapter::{hl, hlc, mapped, oc, one, series, step};
use crate::function::declare::{HL, HLC, OC, SERIES, functions};
use crate::function::kernel::adaptive::Efficiency;
use crate::function::kernel::directional::{
    AverageDirectionalIndex, AverageDirectionalRating, DirectionalIndex, DirectionalMovement, Pick,
};
use crate::function::kernel::range::{Aroon, AroonOscillator, Ichimoku};
use crate::function::kernel::trend::Supertrend;

functions! { "Trend", Number;
    "adx", HLC, (length: period(2) = 14), [""], 2 * length - 1, step(AverageDirectionalIndex::new(length)), "Average directional index, 0 to 100.";
    "adxr", HLC, (length: period(2) = 14), [""], 3 * length - 2, step(AverageDirectionalRating::new(length)), "Average directional movement rating: the mean of ADX and ADX[length - 1].";
    "dx", HLC, (length: period(2) = 14), [""], length, step(Pick { step: DirectionalIndex::new(length), output: 2 }), "Directional index.";
    "plus_di", HLC, (length: period(2) = 14), [""], length, step(Pick { step: DirectionalIndex::new(length), output: 0 }), "Plus directional indicator.";
    "minus_di", HLC, (length: period(2) = 14), [""], length, step(Pick { step: DirectionalIndex::new(length), output: 1 }), "Minus directional indicator.";
    "plus_dm", HL, (length: period(2) = 14), [""], length - 1, step(Pick { step: DirectionalMovement::new(length), output: 0 }), "Plus directional movement, smoothed.";
    "minus_dm", HL, (length: period(2) = 14), [""], length - 1, step(Pick { step: DirectionalMovement::new(length), output: 1 }), "Minus directional movement, smoothed.";
    "aroon", HL, (length: period(1) = 14), ["up", "down"], length, step(Aroon::new(length)), "How recent the highest high and the lowest low are, 0 to 100.";
    "aroonosc", HL, (length: period(1) = 14), [""], length, step(AroonOscillator(Aroon::new(length))), "Aroon up - Aroon down.";
    "supertrend", HLC, (length: period(1) = 10, width: real(0.000_001, 100.0) = 3.0), ["value", "direction"], length, step(Supertrend::new(length, width)), "Supertrend: the trailing band, and 1 in an uptrend or -1 in a downtrend.";
    "psar", HL, (start: real(0.000_001, 1.0) = 0.02, max: real(0.000_001, 1.0) = 0.2), [""], 1, mapped(Psar::new(start, start, max), hl, one), "Wilder's parabolic stop and reverse; the acceleration grows in steps of `start`.";
    "ichimoku", HL, (tenkan: period(1) = 9, kijun: period(1) = 26, senkou: period(1) = 52, displacement: period(1) = 26), ["tenkan", "kijun", "senkou_a", "senkou_b"], tenkan.max(kijun).max(senkou) + displacement - 2, step(Ichimoku::new([tenkan, kijun, senkou], displacement)), "Ichimoku lines; the spans are those drawn over this bar, of `displacement` - 1 bars ago.";
    "vortex", HLC, (length: period(1) = 14), ["plus", "minus"], length, mapped(Vortex::new(length), hlc, |o| [o.plus, o.minus]), "Vortex indicator.";
    "choppiness", HLC, (length: period(2) = 14), [""], length - 1, mapped(ChoppinessIndex::new(length), hlc, one), "Choppiness index: near 100 sideways, near 0 in a trend.";
    "vhf", SERIES, (length: period(1) = 28), [""], length, series(VerticalHorizontalFilter::new(length)), "Vertical horizontal filter: range over the path walked.";
    "er", SERIES, (length: period(1) = 10), [""], length, step(Efficiency::new(length)), "Kaufman's efficiency ratio: net move over path walked, 0 to 1.";
    "trend_intensity", SERIES, (length: period(1) = 30, deviations: period(1) = 15), [""], length + deviations - 2, series(Tii::new(length, deviations)), "Trend intensity index, 0 to 100.";
    "trend_strength", SERIES, (length: period(2) = 20), [""], length - 1, series(TrendStrengthIndex::new(length)), "Signed squared correlation of the series with time, -1 to 1.";
    "correlation_trend", SERIES, (length: period(2) = 20), [""], length - 1, series(CorrelationTrendIndicator::new(length)), "Correlation of the series with time, -1 to 1 (Ehlers).";
    "fractal_efficiency", SERIES, (length: period(1) = 10, smooth: period(1) = 5), [""], length + smooth - 1, series(PolarizedFractalEfficiency::new(length, smooth)), "Hannula's polarized fractal efficiency, -100 to 100.";
    "random_walk", HLC, (length: period(2) = 14), ["high", "low"], length - 1, mapped(Rwi::new(length), hlc, |o| [o.high, o.low]), "Poulos' random walk index of rises and of falls.";
    "alligator", HL, (jaw: period(1) = 13, teeth: period(1) = 8, lips: period(1) = 5), ["jaw", "teeth", "lips"], jaw.max(teeth).max(lips) - 1, mapped(Alligator::new(jaw, teeth, lips), hl, |o| [o.jaw, o.teeth, o.lips]), "Williams' alligator, without its shift into the future.";
    "chandelier", HLC, (length: period(1) = 22, width: real(0.000_001, 100.0) = 3.0), ["long", "short"], length - 1, mapped(ChandelierExit::new(length, width), hlc, |o| [o.long_stop, o.short_stop]), "Chandelier exits, `width` average true ranges (from bar 0) from the extremes.";
    "chande_kroll", HLC, (length: period(1) = 10, width: real(0.000_001, 100.0) = 1.0, stop: period(1) = 9), ["long", "short"], length + stop - 2, mapped(ChandeKrollStop::new(length, width, stop), hlc, |o| [o.stop_long, o.stop_short]), "Chande-Kroll stops.";
    "atr_stop", HLC, (length: period(1) = 14, width: real(0.000_001, 100.0) = 3.0), [""], length - 1, mapped(AtrTrailingStop::new(length, width), hlc, one), "Trailing stop `width` average true ranges (from bar 0) from the close, which flips when crossed.";
    "hilo", HLC, (length: period(1) = 3), [""], length, mapped(HiLoActivator::new(length), hlc, one), "Gann's high-low activator.";
    "qstick", OC, (length: period(1) = 10), [""], length - 1, mapped(Qstick::new(length), oc, one), "Mean of close - open.";
    "ttm_trend", HLC, (length: period(1) = 6), [""], length - 1, mapped(TtmTrend::new(length), hlc, one), "1 where the close is above the mean of the median prices, else -1.";
}
