//! Functions of one bar's values alone.

use crate::function::adapter::step;
use crate::function::declare::{PAIR, SERIES, functions};
use crate::function::kernel::pointwise::{Binary, Unary, larger, sign, smaller};

functions! { "Arithmetic", Number;
    "abs", SERIES, (), [""], 0, step(Unary(f64::abs)), "Absolute value.";
    "sign", SERIES, (), [""], 0, step(Unary(sign)), "-1, 0 or 1.";
    "sqrt", SERIES, (), [""], 0, step(Unary(f64::sqrt)), "Square root; undefined below 0.";
    "log", SERIES, (), [""], 0, step(Unary(libm::log)), "Natural logarithm; undefined at and below 0.";
    "exp", SERIES, (), [""], 0, step(Unary(libm::exp)), "Exponential.";
    "floor", SERIES, (), [""], 0, step(Unary(f64::floor)), "Largest whole number not above.";
    "ceil", SERIES, (), [""], 0, step(Unary(f64::ceil)), "Smallest whole number not below.";
    "round", SERIES, (), [""], 0, step(Unary(f64::round)), "Nearest whole number; halves away from 0.";
    "min", PAIR, (), [""], 0, step(Binary(smaller)), "The smaller of both.";
    "max", PAIR, (), [""], 0, step(Binary(larger)), "The larger of both.";
}
