//! Functions of one bar's values alone, which also apply to plain numbers.
//!
//! `exp` and `log` come from `libm`, so that they are the same on every platform. What is not defined
//! (`log(0)`, `sqrt(-1)`, an overflow) is NaN.

use crate::function::adapter::Step;

/// The value of a pointwise function on plain numbers, so that a constant expression can be folded;
/// `None` where `name` is not one or takes another number of arguments.
///
/// ```
/// use bartune_engine::function::scalar;
///
/// assert_eq!(scalar("max", &[2.0, 3.0]), Some(3.0));
/// assert_eq!(scalar("ema", &[2.0]), None);
/// ```
#[must_use]
pub fn scalar(name: &str, args: &[f64]) -> Option<f64> {
    match *args {
        [x] => Some(defined(one(name)?(x))),
        [a, b] => Some(two(name)?(a, b)),
        _ => None,
    }
}

/// A pointwise function of one series.
pub(in crate::function) struct Unary(pub(in crate::function) fn(f64) -> f64);

/// A pointwise function of two series.
pub(in crate::function) struct Binary(pub(in crate::function) fn(f64, f64) -> f64);

impl Step<1, 1> for Unary {
    #[inline]
    fn step(&mut self, [x]: [f64; 1]) -> [f64; 1] {
        [defined((self.0)(x))]
    }
}

impl Step<2, 1> for Binary {
    #[inline]
    fn step(&mut self, [a, b]: [f64; 2]) -> [f64; 1] {
        [defined((self.0)(a, b))]
    }
}

fn one(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "sqrt" => f64::sqrt,
        "log" => libm::log,
        "exp" => libm::exp,
        "sign" => sign,
        "floor" => f64::floor,
        "ceil" => f64::ceil,
        "round" => f64::round,
        _ => return None,
    })
}

fn two(name: &str) -> Option<fn(f64, f64) -> f64> {
    Some(match name {
        "min" => smaller,
        "max" => larger,
        _ => return None,
    })
}

fn defined(x: f64) -> f64 {
    if x.is_finite() { x } else { f64::NAN }
}

/// -1, 0 or 1; the sign of either zero is 0.
pub(in crate::function) fn sign(x: f64) -> f64 {
    if x.is_nan() { x } else { f64::from(i8::from(x > 0.0) - i8::from(x < 0.0)) }
}

/// The smaller of both; NaN if one is (std's `min` would hide an undefined value).
pub(in crate::function) fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.min(b) }
}

/// The larger of both; NaN if one is.
pub(in crate::function) fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_undefined_is_nan_never_infinite() {
        assert!(scalar("log", &[0.0]).is_some_and(f64::is_nan));
        assert!(scalar("sqrt", &[-1.0]).is_some_and(f64::is_nan));
        assert!(scalar("exp", &[1000.0]).is_some_and(f64::is_nan));
        assert!(scalar("max", &[1.0, f64::NAN]).is_some_and(f64::is_nan));
    }

    #[test]
    fn sign_of_zero_is_zero() {
        assert_eq!(scalar("sign", &[-0.0]), Some(0.0));
        assert_eq!(scalar("sign", &[-3.5]), Some(-1.0));
    }

    #[test]
    fn half_rounds_away_from_zero() {
        assert_eq!(scalar("round", &[2.5]), Some(3.0));
        assert_eq!(scalar("round", &[-2.5]), Some(-3.0));
    }
}
