//! Bands and channels around prices.

use wickra_core::{BollingerBands, Donchian};

use crate::function::adapter::{hl, mapped, value};
use crate::function::declare::{HL, SERIES, functions};

functions! { "Bands and channels", Number;
    "bbands", SERIES, (length: period(2) = 20, width: real(0.000_001, 100.0) = 2.0), ["upper", "middle", "lower"], length - 1, mapped(BollingerBands::new(length, width), value, |o| [o.upper, o.middle, o.lower]), "Bollinger bands: the mean and `width` population standard deviations around it.";
    "donchian", HL, (length: period(1) = 20), ["high", "middle", "low"], length - 1, mapped(Donchian::new(length), hl, |o| [o.upper, o.middle, o.lower]), "Highest high, lowest low and their middle over `length` bars.";
}
