//! Speed and exhaustion of price moves.

use wickra_core::{MacdIndicator, Rsi};

use crate::function::adapter::{mapped, series, value};
use crate::function::declare::{SERIES, functions};

functions! { "Momentum", Number;
    "rsi", SERIES, (length: period(1) = 14), [""], length, series(Rsi::new(length)), "Relative strength index (Wilder), 0 to 100.";
    "macd", SERIES, (fast: period(1) = 12, slow: period(2) = 26, signal: period(1) = 9), ["macd", "signal", "histogram"], slow + signal - 2, mapped(MacdIndicator::new(fast, slow, signal), value, |o| [o.macd, o.signal, o.histogram]), "Moving average convergence/divergence: EMA(fast) - EMA(slow), its EMA, their difference.";
}
