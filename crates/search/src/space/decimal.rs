//! Exact decimal arithmetic on the shortest decimal form of a float, as far as step grids need it.
//!
//! A person who writes `low = 0, high = 0.3, step = 0.1` means three steps, although
//! `0.3 / 0.1 < 3` in binary. Optuna therefore counts steps in Python's `Decimal` of `str(x)`; so
//! does this module, with 128-bit integers in place of 28 digits.

/// `digits * 10^exponent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    /// The shortest decimal number that reads back as `value`, which must be finite.
    fn shortest(value: f64) -> Option<Self> {
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction_digits = i32::try_from(fraction.len()).ok()?;
        Some(Self {
            digits: format!("{whole}{fraction}").parse().ok()?,
            exponent: exponent.parse::<i32>().ok()? - fraction_digits,
        })
    }

    /// The digits of the same number written with the smaller `exponent`, unless they overflow.
    fn digits_at(self, exponent: i32) -> Option<i128> {
        let shift = u32::try_from(self.exponent - exponent).ok()?;
        if self.digits == 0 {
            return Some(0);
        }
        self.digits.checked_mul(10_i128.checked_pow(shift)?)
    }
}

/// How many whole steps fit into `[low, high]`, and the value of the last grid point, correctly
/// rounded. `None` where there are more than 2⁶⁴ − 2 steps.
pub(super) fn last_grid_point(low: f64, high: f64, step: f64) -> Option<(u64, f64)> {
    exact(low, high, step).unwrap_or_else(|| approximate(low, high, step))
}

/// The outer `None` means that the numbers are too far apart for 128 bits.
fn exact(low: f64, high: f64, step: f64) -> Option<Option<(u64, f64)>> {
    let parts = [low, high, step].map(Decimal::shortest);
    let high_value = high;
    let [Some(low), Some(high), Some(step)] = parts else {
        return None;
    };
    let exponent = low.exponent.min(high.exponent).min(step.exponent);
    let low = low.digits_at(exponent)?;
    let high = high.digits_at(exponent)?;
    let step = step.digits_at(exponent)?;
    let range = high.checked_sub(low)?;
    let steps = range.checked_div(step)?;
    // A `high` that is itself a rounded grid point may miss the point by a hair.
    if step - range % step < step / 100_000_000 {
        return Some(within_u64(steps + 1).map(|steps| (steps, high_value)));
    }
    let last = steps.checked_mul(step)?.checked_add(low)?;
    let last = format!("{last}e{exponent}").parse().ok()?;
    Some(within_u64(steps).map(|steps| (steps, last)))
}

fn within_u64(steps: i128) -> Option<u64> {
    u64::try_from(steps).ok().filter(|&steps| steps < u64::MAX)
}

/// Binary arithmetic, with a billionth of a step of tolerance.
fn approximate(low: f64, high: f64, step: f64) -> Option<(u64, f64)> {
    let steps = ((high - low) / step + 1e-9).floor();
    // 2⁵³: beyond it, neighbouring grid points are the same float.
    (steps < 9_007_199_254_740_992.0).then(|| (steps as u64, (low + steps * step).min(high)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenths_are_counted_in_decimal() {
        assert_eq!(last_grid_point(0.0, 0.3, 0.1), Some((3, 0.3)));
        assert_eq!(last_grid_point(0.1, 0.95, 0.1), Some((8, 0.9)));
        assert_eq!(last_grid_point(-1.0, 1.0, 0.7), Some((2, 0.4)));
    }

    #[test]
    fn a_rounded_grid_point_is_still_a_grid_point() {
        let (low, step) = (0.0, 2.7220871694974305);
        let (steps, last) = last_grid_point(low, 171.5, step).expect("63 steps");
        assert_eq!((steps, last), (63, 171.49149167833812));
        assert_eq!(last_grid_point(low, last, step), Some((steps, last)));
    }

    #[test]
    fn numbers_too_far_apart_fall_back_to_binary() {
        assert_eq!(last_grid_point(1e-300, 1.0, 0.25), Some((4, 1.0)));
        assert_eq!(last_grid_point(0.0, 1e300, 1e-300), None);
    }
}
