//! Volume, alone and together with price.

use wickra_core::{
    Adl, ChaikinMoneyFlow, DemandIndex, EaseOfMovement, ForceIndex, Kvo, MarketFacilitationIndex, Nvi, Pvi, Tsv,
    TwiggsMoneyFlow, VolumePriceTrend, VolumeRsi, Vzo,
};

use crate::function::adapter::{cv, hlcv, hlv, mapped, one, step, volume};
use crate::function::declare::{CV, HLC, HLCV, HLCV_TIME, HLV, VOLUME, functions};
use crate::function::kernel::oscillator::{PercentDifference, Seed, TwoAverages};
use crate::function::kernel::volume::{ChaikinOscillator, OnBalanceVolume, SessionVwap, WilliamsAccumulation};

functions! { "Volume", Number;
    "obv", CV, (), [""], 0, step(OnBalanceVolume::default()), "On-balance volume, from the first bar's volume on.";
    "ad", HLCV, (), [""], 0, mapped(Ok(Adl::new()), hlcv, one), "Chaikin's accumulation/distribution line.";
    "adosc", HLCV, (fast: period(1) = 3, slow: period(1) = 10), [""], fast.max(slow) - 1, step(ChaikinOscillator::new(fast, slow)), "Chaikin oscillator of the accumulation/distribution line; its averages start at the line's first value.";
    "cmf", HLCV, (length: period(1) = 20), [""], length - 1, mapped(ChaikinMoneyFlow::new(length), hlcv, one), "Chaikin money flow, -1 to 1.";
    "vwap", HLCV_TIME, (start_hour: real(0.0, 24.0) = 0.0), [""], 0, step(SessionVwap::new(start_hour)), "Volume-weighted average price since `start_hour` (UTC) of the day.";
    "force_index", CV, (length: period(1) = 13), [""], length, mapped(ForceIndex::new(length), cv, one), "Elder's force index.";
    "ease_of_movement", HLV, (length: period(1) = 14), [""], length, mapped(EaseOfMovement::new(length), hlv, one), "Arms' ease of movement.";
    "nvi", CV, (), [""], 0, mapped(Ok(Nvi::new()), cv, one), "Negative volume index, from 1000.";
    "pvi", CV, (), [""], 0, mapped(Ok(Pvi::new()), cv, one), "Positive volume index, from 1000.";
    "pvt", CV, (), [""], 0, mapped(Ok(VolumePriceTrend::new()), cv, one), "Price volume trend.";
    "pvo", VOLUME, (fast: period(1) = 12, slow: period(2) = 26), [""], slow - 1, step(PercentDifference(TwoAverages::try_new(fast, slow, Seed::First)?)), "Percentage volume oscillator: EMA(fast) - EMA(slow) in percent of EMA(slow).";
    "volume_rsi", VOLUME, (length: period(1) = 14), [""], length, mapped(VolumeRsi::new(length), volume, one), "RSI of the volume.";
    "kvo", HLCV, (fast: period(1) = 34, slow: period(2) = 55), [""], slow, mapped(Kvo::new(fast, slow), hlcv, one), "Klinger volume oscillator.";
    "vzo", CV, (length: period(1) = 14), [""], length, mapped(Vzo::new(length), cv, one), "Volume zone oscillator, -100 to 100.";
    "tsv", CV, (length: period(1) = 18), [""], length, mapped(Tsv::new(length), cv, one), "Time segmented volume.";
    "twiggs", HLCV, (length: period(1) = 21), [""], length, mapped(TwiggsMoneyFlow::new(length), hlcv, one), "Twiggs money flow.";
    "wad", HLC, (), [""], 0, step(WilliamsAccumulation::default()), "Williams' accumulation/distribution (it reads no volume), from 0.";
    "market_facilitation", HLV, (), [""], 0, mapped(Ok(MarketFacilitationIndex::new()), hlv, one), "Williams' market facilitation index: (high - low) / volume.";
    "demand_index", HLCV, (length: period(1) = 10), [""], length, mapped(DemandIndex::new(length), hlcv, one), "Sibbet's demand index.";
}
