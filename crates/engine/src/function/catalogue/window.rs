//! Extremes, sums and ranks of a sliding window over one series.

use crate::function::adapter::step;
use crate::function::declare::{SERIES, functions};
use crate::function::kernel::extreme::{End, Extreme};

functions! { "Windows", Number;
    "highest", SERIES, (length: period(1)), [""], length - 1, step(Extreme::new(End::Highest, length)), "Highest of the last `length` values.";
    "lowest", SERIES, (length: period(1)), [""], length - 1, step(Extreme::new(End::Lowest, length)), "Lowest of the last `length` values.";
}
