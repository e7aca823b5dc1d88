//! Conditions over series.

use crate::function::adapter::step;
use crate::function::declare::{PAIR, SERIES, functions};
use crate::function::kernel::condition::{Cross, Run};

functions! { "Conditions", Condition;
    "cross_above", PAIR, (), [""], 1, step(Cross::above()), "The first series is above the second and was not one bar ago.";
    "cross_below", PAIR, (), [""], 1, step(Cross::below()), "The first series is below the second and was not one bar ago.";
    "rising", SERIES, (length: period(1) = 1), [""], length, step(Run::rising(length)), "Each of the last `length` changes was a rise.";
    "falling", SERIES, (length: period(1) = 1), [""], length, step(Run::falling(length)), "Each of the last `length` changes was a fall.";
}
