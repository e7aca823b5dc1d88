//! How far prices move.

use crate::function::adapter::step;
use crate::function::declare::{HLC, functions};
use crate::function::kernel::wilder::{AverageTrueRange, NormalizedAverageTrueRange, TrueRange};

functions! { "Volatility", Number;
    "true_range", HLC, (), [""], 1, step(TrueRange::new()), "Largest of high - low and both distances from the previous close.";
    "atr", HLC, (length: period(1) = 14), [""], length, step(AverageTrueRange::new(length)), "Average true range (Wilder's smoothing).";
    "natr", HLC, (length: period(1) = 14), [""], length, step(NormalizedAverageTrueRange(AverageTrueRange::new(length))), "Average true range in percent of the close.";
}
