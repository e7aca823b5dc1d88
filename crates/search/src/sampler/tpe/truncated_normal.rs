//! The truncated normal distribution, accurate far into its tails.
//!
//! Everything is computed as a logarithm and in the left tail, where no digits are lost. Legend:
//! `Φ` is the standard normal distribution function, `[a, b]` the standardised interval of truncation.
//! All transcendental functions come from `libm`'s Rust code, so that every machine gets the same bits.
//!
//! # Source
//!
//! The formulas are those of SciPy's `truncnorm` (`_log_gauss_mass`, `_ppf`), which Optuna 5 uses too;
//! the tail series is Abramowitz & Stegun 26.2.12; the Newton start for the inverse is the logistic
//! approximation (S. R. Bowling et al., J. Industrial Engineering and Management 2(1), 2009, eq. 13).

use std::f64::consts::{FRAC_1_SQRT_2, PI};

/// `ln √(2π)`.
pub(super) const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_7;

/// Beyond this, `Φ(-x)` is below 2·10⁻¹⁹: a mass of 1 less that much is 1.
const NEGLIGIBLE_TAIL: f64 = 9.0;

/// `Φ(x)`, to full relative precision in the left tail.
fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// `ln Φ(x)`.
pub(super) fn ln_normal_cdf(x: f64) -> f64 {
    if x > 6.0 {
        // ln(1 - t) = -t for so small a tail.
        -normal_cdf(-x)
    } else if x > -20.0 {
        libm::log(normal_cdf(x))
    } else {
        -0.5 * x * x - libm::log(-x) - LN_SQRT_2PI + libm::log(tail_series(x))
    }
}

/// `1 - 1/x² + 3/x⁴ - 15/x⁶ + …`, summed until it stands still (26.2.12).
fn tail_series(x: f64) -> f64 {
    let inverse_square = 1.0 / (x * x);
    let (mut sum, mut term, mut odd) = (1.0, 1.0, 1.0);
    loop {
        term *= -odd * inverse_square;
        odd += 2.0;
        let next = sum + term;
        if (next - sum).abs() <= f64::EPSILON || next.is_nan() {
            return next;
        }
        sum = next;
    }
}

/// `ln(Φ(b) - Φ(a))` for `a <= b`.
pub(super) fn ln_normal_mass(a: f64, b: f64) -> f64 {
    if b <= 0.0 {
        ln_left_mass(a, b)
    } else if a > 0.0 {
        ln_left_mass(-b, -a)
    } else if a < -NEGLIGIBLE_TAIL && b > NEGLIGIBLE_TAIL {
        0.0
    } else {
        libm::log1p(-normal_cdf(a) - normal_cdf(-b))
    }
}

/// The same for an interval left of 0.
fn ln_left_mass(a: f64, b: f64) -> f64 {
    let (ln_a, ln_b) = (ln_normal_cdf(a), ln_normal_cdf(b));
    ln_b + libm::log1p(-libm::exp(ln_a - ln_b))
}

/// The `x` for which `ln Φ(x) = y`, for `y < 0`; Newton's method, to 10⁻⁸ relative or better.
fn inverse_ln_normal_cdf(y: f64) -> f64 {
    // Close to 1, `Φ` is flat: solve for the other tail and flip the sign.
    let is_flipped = y > -1e-2;
    let target = if is_flipped { libm::log(-libm::expm1(y)) } else { y };
    let mut x = if target < -5.0 {
        -(-2.0 * (target + LN_SQRT_2PI)).sqrt()
    } else {
        -(3.0_f64.sqrt() / PI) * libm::log(libm::expm1(-target))
    };
    for _ in 0..100 {
        let ln_cdf = ln_normal_cdf(x);
        let ln_pdf = -0.5 * x * x - LN_SQRT_2PI;
        let correction = (ln_cdf - target) * libm::exp(ln_cdf - ln_pdf);
        x -= correction;
        if correction.abs() < (1e-8 * x.abs()).max(f64::EPSILON) || x.is_nan() {
            break;
        }
    }
    if is_flipped { -x } else { x }
}

/// The standardised value below which a share `quantile` of the mass in `[a, b]` lies, inside `[a, b]`.
pub(super) fn quantile_value(quantile: f64, a: f64, b: f64) -> f64 {
    if quantile <= 0.0 {
        return a;
    }
    if quantile >= 1.0 {
        return b;
    }
    let ln_mass = ln_normal_mass(a, b);
    let value = if a < 0.0 {
        let ln_share = libm::log(quantile) + ln_mass;
        inverse_ln_normal_cdf(ln_sum(ln_normal_cdf(a), ln_share))
    } else {
        let ln_share = libm::log1p(-quantile) + ln_mass;
        -inverse_ln_normal_cdf(ln_sum(ln_normal_cdf(-b), ln_share))
    };
    // `max` and `min` take the other operand for NaN: an empty interval answers one of its ends.
    value.max(a).min(b)
}

/// `ln(eˣ + eʸ)`.
fn ln_sum(x: f64, y: f64) -> f64 {
    let (high, low) = if x > y { (x, y) } else { (y, x) };
    if low == f64::NEG_INFINITY { high } else { high + libm::log1p(libm::exp(low - high)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sigma_holds_68_percent() {
        assert!((libm::exp(ln_normal_mass(-1.0, 1.0)) - 0.682_689_492_137_086).abs() < 1e-15);
        assert!((ln_normal_cdf(0.0) - 0.5_f64.ln()).abs() < 1e-15);
    }

    #[test]
    fn tails_are_mirror_images() {
        for (a, b) in [(1.0, 2.0), (8.0, 9.0), (30.0, 31.0), (0.5, f64::INFINITY)] {
            assert_eq!(ln_normal_mass(a, b), ln_normal_mass(-b, -a));
        }
        // The series and the error function agree where they meet.
        let (left, right) = (ln_normal_cdf(-20.000_000_1), ln_normal_cdf(-19.999_999_9));
        assert!((right - left - 20.05e-7 * 2.0).abs() < 1e-7, "{left} {right}");
    }

    #[test]
    fn quantiles_invert_the_mass() {
        for (a, b) in [(-1.0, 1.0), (-30.0, -20.0), (3.0, 9.0), (-0.001, 50.0), (-100.0, 100.0)] {
            for quantile in [1e-12, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
                let x = quantile_value(quantile, a, b);
                let back = libm::exp(ln_normal_mass(a, x) - ln_normal_mass(a, b));
                assert!((back - quantile).abs() < 1e-7 * quantile.max(1e-3), "{a} {b} {quantile} {x} {back}");
            }
        }
    }

    #[test]
    fn quantiles_stay_inside_the_interval() {
        assert_eq!(quantile_value(0.0, -1.0, 2.0), -1.0);
        assert_eq!(quantile_value(1.0, -1.0, 2.0), 2.0);
        assert_eq!(quantile_value(0.5, 3.0, 3.0), 3.0);
    }
}
