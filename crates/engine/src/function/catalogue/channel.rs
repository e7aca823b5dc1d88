//! Bands and channels around prices.

use wickra_core::{
    AccelerationBands, BollingerBandwidth, LinRegChannel, MaEnvelope, PercentB, StandardErrorBands, StarcBands,
};

use crate::function::adapter::{hlc, mapped, series, step, value};
use crate::function::declare::{HL, HLC, SERIES, functions};
use crate::function::kernel::range::Range;
use crate::function::kernel::refreshed::Bands;
use crate::function::kernel::trend::Keltner;

functions! { "Bands and channels", Number;
    "bbands", SERIES, (length: period(2) = 20, width: real(0.000_001, 100.0) = 2.0), ["upper", "middle", "lower"], length - 1, step(Bands::over(length, width)), "Bollinger bands: the mean and `width` population standard deviations around it.";
    "percent_b", SERIES, (length: period(2) = 20, width: real(0.000_001, 100.0) = 2.0), [""], length - 1, series(PercentB::new(length, width)), "Position between the Bollinger bands: 0 at the lower, 1 at the upper.";
    "bandwidth", SERIES, (length: period(2) = 20, width: real(0.000_001, 100.0) = 2.0), [""], length - 1, series(BollingerBandwidth::new(length, width)), "Distance of the Bollinger bands as a fraction of the middle.";
    "keltner", HLC, (length: period(1) = 20, atr: period(1) = 10, width: real(0.0, 100.0) = 2.0), ["upper", "middle", "lower"], (length - 1).max(atr), step(Keltner::new(length, atr, width)), "Keltner channel: EMA of the typical price and `width` average true ranges around it.";
    "donchian", HL, (length: period(1) = 20), ["high", "low", "middle"], length - 1, step(Range::new(length)), "Donchian channel: highest high, lowest low and their middle, this bar included.";
    "accbands", HLC, (length: period(1) = 20), ["upper", "middle", "lower"], length - 1, mapped(AccelerationBands::new(length, 4.0), hlc, |o| [o.upper, o.middle, o.lower]), "Headley's acceleration bands.";
    "starc", HLC, (length: period(1) = 6, atr: period(1) = 15, width: real(0.000_001, 100.0) = 2.0), ["upper", "middle", "lower"], length.max(atr) - 1, mapped(StarcBands::new(length, atr, width), hlc, |o| [o.upper, o.middle, o.lower]), "Stoller average range channel: SMA of the close and `width` average true ranges (from bar 0) around it.";
    "envelope", SERIES, (length: period(1) = 20, percent: real(0.000_001, 100.0) = 2.5), ["upper", "middle", "lower"], length - 1, mapped(MaEnvelope::new(length, percent / 100.0), value, |o| [o.upper, o.middle, o.lower]), "Simple moving average and lines `percent` percent around it.";
    "linreg_channel", SERIES, (length: period(3) = 20, width: real(0.000_001, 100.0) = 2.0), ["upper", "middle", "lower"], length - 1, mapped(LinRegChannel::new(length, width), value, |o| [o.upper, o.middle, o.lower]), "Least-squares line and `width` residual deviations around its end.";
    "standard_error_bands", SERIES, (length: period(3) = 20, width: real(0.000_001, 100.0) = 2.0), ["upper", "middle", "lower"], length - 1, mapped(StandardErrorBands::new(length, width), value, |o| [o.upper, o.middle, o.lower]), "Least-squares line and `width` standard errors around its end.";
}
