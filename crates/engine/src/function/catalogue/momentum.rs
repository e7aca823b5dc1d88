//! Speed and exhaustion of price moves.

use wickra_core::{
    AcceleratorOscillator, AwesomeOscillator, BalanceOfPower, CenterOfGravity, Cfo, ConnorsRsi, Coppock,
    DerivativeOscillator, DisparityIndex, Dpo, DynamicMomentumIndex, ElderImpulse, ElderRay, FisherRsi,
    FisherTransform, Inertia, IntradayMomentumIndex, Kst, LaguerreRsi, Mfi, Mom, Pgo, Pmo, Qqe, Rmi, Roc, Rocp, Rocr,
    Rsi, Rsx, Rvi, Smi, Stc, Trix, Tsi, TtmSqueeze, UltimateOscillator, WaveTrend,
};

use crate::function::adapter::{hl, hlc, hlcv, mapped, oc, ohlc, one, price, series, step, value};
use crate::function::declare::{HL, HLC, HLCV, OC, OHLC, SERIES, functions};
use crate::function::kernel::channel_index::ChannelIndex;
use crate::function::kernel::oscillator::{Difference, Macd, PercentDifference, Seed, TwoAverages};
use crate::function::kernel::range::{Range, Stochastic, StochasticMomentum, StochasticRsi, WilliamsR};
use crate::function::kernel::smooth::RelativeStrength;

functions! { "Momentum", Number;
    "rsi", SERIES, (length: period(1) = 14), [""], length, step(RelativeStrength::new(length)), "Relative strength index (Wilder), 0 to 100.";
    "stoch", HLC, (length: period(1) = 14, smooth: period(1) = 3, d: period(1) = 3), ["k", "d"], length + smooth + d - 3, step(Stochastic::try_new(length, smooth, d)?), "Slow stochastic: position in the range, averaged over `smooth`; d is the average of k.";
    "stochf", HLC, (length: period(1) = 5, d: period(1) = 3), ["k", "d"], length + d - 2, step(Stochastic::try_new(length, 1, d)?), "Fast stochastic.";
    "stoch_rsi", SERIES, (length: period(1) = 14, stoch: period(1) = 14, smooth: period(1) = 3, d: period(1) = 3), ["k", "d"], length + stoch + smooth + d - 3, step(StochasticRsi { rsi: Rsi::new(length)?, stochastic: Stochastic::try_new(stoch, smooth, d)? }), "Stochastic of the RSI, 0 to 100; `smooth = 1` is TA-Lib's.";
    "macd", SERIES, (fast: period(1) = 12, slow: period(2) = 26, signal: period(1) = 9), ["macd", "signal", "histogram"], slow + signal - 2, step(Macd::new(TwoAverages::try_new(fast, slow, Seed::Together)?, signal)), "EMA(fast) - EMA(slow), its EMA, and their difference.";
    "apo", SERIES, (fast: period(1) = 12, slow: period(2) = 26), [""], slow - 1, step(Difference(TwoAverages::try_new(fast, slow, Seed::First)?)), "Absolute price oscillator: EMA(fast) - EMA(slow).";
    "ppo", SERIES, (fast: period(1) = 12, slow: period(2) = 26), [""], slow - 1, step(PercentDifference(TwoAverages::try_new(fast, slow, Seed::First)?)), "Percentage price oscillator: EMA(fast) - EMA(slow) in percent of EMA(slow).";
    "mom", SERIES, (length: period(1) = 10), [""], length, series(Mom::new(length)), "x - x[length].";
    "roc", SERIES, (length: period(1) = 10), [""], length, series(Roc::new(length)), "Rate of change in percent: 100 (x / x[length] - 1).";
    "rocp", SERIES, (length: period(1) = 10), [""], length, series(Rocp::new(length)), "Rate of change as a fraction: x / x[length] - 1.";
    "rocr", SERIES, (length: period(1) = 10), [""], length, series(Rocr::new(length)), "Ratio x / x[length].";
    "cmo", SERIES, (length: period(1) = 14), [""], length, mapped(Rsi::new(length), value, |rsi| [2.0 * rsi - 100.0]), "Chande momentum oscillator, -100 to 100, with Wilder's averages as in TA-Lib.";
    "cci", HLC, (length: period(2) = 20), [""], length - 1, step(ChannelIndex::new(length)), "Commodity channel index.";
    "mfi", HLCV, (length: period(1) = 14), [""], length, mapped(Mfi::new(length), hlcv, one), "Money flow index, 0 to 100; 50 where no money flows (TA-Lib: 0).";
    "willr", HLC, (length: period(1) = 14), [""], length - 1, step(WilliamsR(Range::new(length))), "Williams %R, -100 to 0.";
    "trix", SERIES, (length: period(1) = 15), [""], 3 * length - 2, series(Trix::new(length)), "One-bar change of a triple exponential average, in percent.";
    "ultosc", HLC, (short: period(1) = 7, medium: period(1) = 14, long: period(1) = 28), [""], short.max(medium).max(long), mapped(UltimateOscillator::new(short, medium, long), hlc, one), "Ultimate oscillator, 0 to 100; where prices stand still 50 (TA-Lib: 0).";
    "bop", OHLC, (), [""], 0, mapped(Ok(BalanceOfPower::new()), ohlc, one), "Balance of power: (close - open) / (high - low).";
    "tsi", SERIES, (long: period(1) = 25, short: period(1) = 13), [""], long + short - 1, series(Tsi::new(long, short)), "True strength index, -100 to 100.";
    "smi", HLC, (length: period(1) = 13, smooth: period(1) = 25, smooth_again: period(1) = 2, signal: period(1) = 9), ["smi", "signal"], length + smooth + smooth_again + signal - 4, step(StochasticMomentum::new(Smi::new(length, smooth, smooth_again)?, signal)), "Stochastic momentum index, -100 to 100, and its EMA.";
    "awesome", HL, (fast: period(1) = 5, slow: period(2) = 34), [""], slow - 1, mapped(AwesomeOscillator::new(fast, slow), hl, one), "Awesome oscillator: difference of two averages of the median price.";
    "accelerator", HL, (fast: period(1) = 5, slow: period(2) = 34, signal: period(1) = 5), [""], slow + signal - 2, mapped(AcceleratorOscillator::new(fast, slow, signal), hl, one), "Awesome oscillator less its average.";
    "coppock", SERIES, (long: period(1) = 14, short: period(1) = 11, wma: period(1) = 10), [""], long.max(short) + wma - 1, series(Coppock::new(long, short, wma)), "Coppock curve.";
    "dpo", SERIES, (length: period(1) = 20), [""], (length / 2 + 1).max(length - 1), series(Dpo::new(length)), "Detrended price: x[length / 2 + 1] - SMA(length).";
    "elder_ray", HLC, (length: period(1) = 13), ["bull", "bear"], length - 1, mapped(ElderRay::new(length), hlc, |o| [o.bull_power, o.bear_power]), "Elder's bull power (high - EMA) and bear power (low - EMA).";
    "elder_impulse", SERIES, (length: period(1) = 13, fast: period(1) = 12, slow: period(2) = 26, signal: period(1) = 9), [""], length.max(slow + signal - 1), series(ElderImpulse::new(length, fast, slow, signal)), "1 where EMA and MACD histogram rise, -1 where both fall, else 0.";
    "kst", SERIES, (roc1: period(1) = 10, roc2: period(1) = 15, roc3: period(1) = 20, roc4: period(1) = 30, sma1: period(1) = 10, sma2: period(1) = 10, sma3: period(1) = 10, sma4: period(1) = 15, signal: period(1) = 9), ["kst", "signal"], (roc1 + sma1).max(roc2 + sma2).max(roc3 + sma3).max(roc4 + sma4) + signal - 2, mapped(Kst::new(roc1, roc2, roc3, roc4, sma1, sma2, sma3, sma4, signal), value, |o| [o.kst, o.signal]), "Pring's know sure thing.";
    "fisher", SERIES, (length: period(1) = 10), [""], length - 1, series(FisherTransform::new(length)), "Ehlers' Fisher transform of the position in the range.";
    "fisher_rsi", SERIES, (length: period(1) = 14), [""], length, series(FisherRsi::new(length)), "Fisher transform of the RSI.";
    "connors_rsi", SERIES, (rsi: period(1) = 3, streak: period(1) = 2, rank: period(1) = 100), [""], rsi.max(streak + 1).max(rank), series(ConnorsRsi::new(rsi, streak, rank)), "Mean of RSI, RSI of the streak, and rank of the last return.";
    "laguerre_rsi", SERIES, (gamma: real(0.0, 0.999) = 0.5), [""], 0, series(LaguerreRsi::new(gamma)), "Ehlers' Laguerre RSI, 0 to 100.";
    "rsx", SERIES, (length: period(1) = 14), [""], length, series(Rsx::new(length)), "A smoothed RSI without lag, after Jurik.";
    "rmi", SERIES, (length: period(1) = 20, momentum: period(1) = 5), [""], momentum + length - 1, series(Rmi::new(length, momentum)), "Relative momentum index: RSI of changes over `momentum` bars.";
    "dynamic_rsi", SERIES, (length: period(1) = 14), [""], 30, series(DynamicMomentumIndex::new(length)), "Chande's dynamic momentum index: RSI whose length shrinks with volatility.";
    "stc", SERIES, (fast: period(1) = 23, slow: period(2) = 50, length: period(1) = 10, factor: real(0.000_001, 1.0) = 0.5), [""], slow + 2 * length - 3, series(Stc::new(fast, slow, length, factor)), "Schaff trend cycle, 0 to 100.";
    "qqe", SERIES, (length: period(1) = 14, smooth: period(1) = 5, factor: real(0.000_001, 100.0) = 4.236), ["rsi", "stop"], 5 * length + smooth - 4, mapped(Qqe::new(length, smooth, factor), value, |o| [o.rsi_ma, o.trailing_line]), "Smoothed RSI and the stop that trails it.";
    "rvi", OHLC, (length: period(1) = 10), [""], length + 2, mapped(Rvi::new(length), ohlc, one), "Relative vigor index.";
    "inertia", SERIES, (deviation: period(1) = 14, length: period(2) = 20), [""], 2 * deviation + length - 3, mapped(Inertia::new(deviation, length), price, one), "Least-squares line through the relative volatility index.";
    "imi", OC, (length: period(1) = 14), [""], length - 1, mapped(IntradayMomentumIndex::new(length), oc, one), "Intraday momentum index, 0 to 100.";
    "pmo", SERIES, (first: period(2) = 35, second: period(2) = 20), [""], 1, series(Pmo::new(first, second)), "Swenlin's price momentum oscillator.";
    "pgo", HLC, (length: period(1) = 14), [""], length - 1, mapped(Pgo::new(length), hlc, one), "Pretty good oscillator: distance from the mean in average true ranges.";
    "cfo", SERIES, (length: period(2) = 14), [""], length - 1, series(Cfo::new(length)), "Chande forecast oscillator: distance from the least-squares line in percent.";
    "center_of_gravity", SERIES, (length: period(1) = 10), [""], length - 1, series(CenterOfGravity::new(length)), "Ehlers' centre of gravity.";
    "disparity", SERIES, (length: period(1) = 14), [""], length - 1, series(DisparityIndex::new(length)), "Distance from the simple average in percent.";
    "derivative_oscillator", SERIES, (length: period(1) = 14, smooth: period(1) = 5, smooth_again: period(1) = 3, signal: period(1) = 9), [""], length + smooth + smooth_again + signal - 3, series(DerivativeOscillator::new(length, smooth, smooth_again, signal)), "Brown's derivative oscillator: a smoothed RSI less its average.";
    "wave_trend", HLC, (channel: period(1) = 10, length: period(1) = 21, signal: period(1) = 4), ["wave", "signal"], 2 * channel + length + signal - 4, mapped(WaveTrend::new(channel, length, signal), hlc, |o| [o.wt1, o.wt2]), "Wave trend oscillator and its average.";
    "ttm_squeeze", HLC, (length: period(2) = 20, bands: real(0.000_001, 100.0) = 2.0, channel: real(0.000_001, 100.0) = 1.5), ["squeeze", "momentum"], length - 1, mapped(TtmSqueeze::new(length, bands, channel), hlc, |o| [o.squeeze, o.momentum]), "1 while the Bollinger bands lie inside the Keltner channel, and the momentum.";
}
