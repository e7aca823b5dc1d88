//! How far prices move.

use wickra_core::{
    ChaikinVolatility, EwmaVolatility, GarmanKlassVolatility, HistoricalVolatility, MassIndex, ParkinsonVolatility,
    RogersSatchellVolatility, YangZhangVolatility,
};

use crate::function::adapter::{hl, mapped, ohlc, one, series, step};
use crate::function::declare::{HL, HLC, OHLC, SERIES, functions};
use crate::function::kernel::deviation::{RelativeVolatility, UlcerIndex};
use crate::function::kernel::smooth::{AverageTrueRange, NormalizedAverageTrueRange, TrueRange};

functions! { "Volatility", Number;
    "true_range", HLC, (), [""], 1, step(TrueRange::new()), "Largest of high - low and both distances from the previous close.";
    "atr", HLC, (length: period(1) = 14), [""], length, step(AverageTrueRange::new(length)), "Average true range (Wilder's average).";
    "natr", HLC, (length: period(1) = 14), [""], length, step(NormalizedAverageTrueRange(AverageTrueRange::new(length))), "Average true range in percent of the close.";
    "chaikin_volatility", HL, (length: period(1) = 10, roc: period(1) = 10), [""], length + roc - 1, mapped(ChaikinVolatility::new(length, roc), hl, one), "Change of the averaged high - low over `roc` bars, in percent.";
    "mass_index", HL, (length: period(1) = 9, sum: period(1) = 25), [""], 2 * length + sum - 3, mapped(MassIndex::new(length, sum), hl, one), "Dorsey's mass index.";
    "ulcer", SERIES, (length: period(1) = 14), [""], 2 * length - 2, step(UlcerIndex::new(length)), "Ulcer index: root mean square of the drawdowns from the highest of `length`, in percent.";
    "rvi_volatility", SERIES, (length: period(1) = 14, deviation: period(2) = 10), [""], length + deviation - 2, step(RelativeVolatility::try_new(length, deviation)?), "Dorsey's relative volatility index, 0 to 100: share of the deviation that falls on rising bars.";
    "historical_volatility", SERIES, (length: period(2) = 20, bars_per_year: period(1) = 252), [""], length, series(HistoricalVolatility::new(length, bars_per_year)), "Deviation of log returns, in percent a year.";
    "ewma_volatility", SERIES, (decay: real(0.000_001, 0.999_999) = 0.94), [""], 1, series(EwmaVolatility::new(decay)), "Exponentially weighted volatility of returns (RiskMetrics).";
    "parkinson", HL, (length: period(1) = 20, bars_per_year: period(1) = 252), [""], length - 1, mapped(ParkinsonVolatility::new(length, bars_per_year), hl, one), "Parkinson's volatility from highs and lows, in percent a year.";
    "garman_klass", OHLC, (length: period(1) = 20, bars_per_year: period(1) = 252), [""], length - 1, mapped(GarmanKlassVolatility::new(length, bars_per_year), ohlc, one), "Garman-Klass volatility, in percent a year.";
    "rogers_satchell", OHLC, (length: period(1) = 20, bars_per_year: period(1) = 252), [""], length - 1, mapped(RogersSatchellVolatility::new(length, bars_per_year), ohlc, one), "Rogers-Satchell volatility, in percent a year.";
    "yang_zhang", OHLC, (length: period(2) = 20, bars_per_year: period(1) = 252), [""], length, mapped(YangZhangVolatility::new(length, bars_per_year), ohlc, one), "Yang-Zhang volatility, in percent a year.";
}
