//! Extremes, sums and counts over bars, and functions of one bar's values.

use crate::function::adapter::step;
use crate::function::declare::{CONDITION, CONDITION_AND_SERIES, SERIES, functions};
use crate::function::kernel::condition::{BarsSince, Count, Streak, ValueWhen};
use crate::function::kernel::extreme::{End, Extreme};
use crate::function::kernel::window::Sum;

functions! { "Windows and counts", Number;
    "highest", SERIES, (length: period(1)), [""], length - 1, step(Extreme::new(End::Highest, length)), "Highest of the last `length` values.";
    "lowest", SERIES, (length: period(1)), [""], length - 1, step(Extreme::new(End::Lowest, length)), "Lowest of the last `length` values.";
    "sum", SERIES, (length: period(1)), [""], length - 1, step(Sum::new(length)), "Sum of the last `length` values.";
    "change", SERIES, (length: period(1) = 1), [""], length, crate::function::adapter::series(wickra_core::Mom::new(length)), "x - x[length].";
    "streak", CONDITION, (), [""], 0, step(Streak::default()), "How many bars in a row, this one included, the condition has been true.";
    "bars_since", CONDITION, (), [""], 0, step(BarsSince::new()), "Bars since the condition was last true, 0 on such a bar; undefined before the first.";
    "value_when", CONDITION_AND_SERIES, (), [""], 0, step(ValueWhen::new()), "The series' value on the last bar on which the condition was true; undefined before the first.";
    "count", CONDITION, (length: period(1)), [""], length - 1, step(Count::new(length)), "How many of the last `length` bars were true.";
}
