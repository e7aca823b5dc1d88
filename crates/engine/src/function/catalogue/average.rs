//! Moving averages and other smoothings of one series.

use wickra_core::{Ema, Sma};

use crate::function::adapter::series;
use crate::function::declare::{SERIES, functions};

functions! { "Moving averages", Number;
    "sma", SERIES, (length: period(1) = 20), [""], length - 1, series(Sma::new(length)), "Simple moving average.";
    "ema", SERIES, (length: period(1) = 20), [""], length - 1, series(Ema::new(length)), "Exponential moving average, weight 2 / (length + 1), seeded with the mean of the first `length` values.";
}
