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
//! Where nothing underflows, the inverse is M. J. Wichura's AS 241 (Applied Statistics 37(3), 1988), which
//! needs no iteration.

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

/// `Φ(b) - Φ(a)` for `a <= b`, to full relative precision in both tails.
pub(super) fn normal_mass(a: f64, b: f64) -> f64 {
    if b <= 0.0 {
        normal_cdf(b) - normal_cdf(a)
    } else if a > 0.0 {
        normal_cdf(-a) - normal_cdf(-b)
    } else {
        let tail = |x: f64| if x < -NEGLIGIBLE_TAIL { 0.0 } else { normal_cdf(x) };
        1.0 - tail(a) - tail(-b)
    }
}

/// A standard normal distribution cut to `[a, b]`, ready to be drawn from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TruncatedNormal {
    a: f64,
    b: f64,
    /// `Φ(a)`.
    below: f64,
    /// `Φ(b) - Φ(a)`.
    inside: f64,
    /// `1 - Φ(b)`.
    above: f64,
}

impl TruncatedNormal {
    pub(super) fn new(a: f64, b: f64) -> Self {
        Self { a, b, below: normal_cdf(a), inside: normal_mass(a, b), above: normal_cdf(-b) }
    }

    /// The standardised value below which a share `quantile` of the mass lies, inside `[a, b]`.
    pub(super) fn value(&self, quantile: f64) -> f64 {
        /// Below this, probabilities lose digits: logarithms take over.
        const SMALLEST: f64 = 1e-290;
        if quantile <= 0.0 {
            return self.a;
        }
        if quantile >= 1.0 {
            return self.b;
        }
        let value = if self.inside > SMALLEST {
            let left = self.below + quantile * self.inside;
            let right = self.above + (1.0 - quantile) * self.inside;
            // The smaller one has all its digits.
            if left <= right { inverse_normal_cdf(left) } else { -inverse_normal_cdf(right) }
        } else {
            far_quantile_value(quantile, self.a, self.b)
        };
        // `max` and `min` take the other operand for NaN: an empty interval answers one of its ends.
        value.max(self.a).min(self.b)
    }
}

/// The same for an interval so far out that its mass underflows.
fn far_quantile_value(quantile: f64, a: f64, b: f64) -> f64 {
    let ln_mass = ln_normal_mass(a, b);
    if a < 0.0 {
        let ln_share = libm::log(quantile) + ln_mass;
        inverse_ln_normal_cdf(ln_sum(ln_normal_cdf(a), ln_share))
    } else {
        let ln_share = libm::log1p(-quantile) + ln_mass;
        -inverse_ln_normal_cdf(ln_sum(ln_normal_cdf(-b), ln_share))
    }
}

/// The `x` for which `Φ(x) = p`, for `0 < p <= 1/2`: AS 241, to about 10⁻¹⁶.
fn inverse_normal_cdf(p: f64) -> f64 {
    let q = p - 0.5;
    if q >= -0.425 {
        return q * ratio(0.180_625 - q * q, &CENTRE);
    }
    let r = (-libm::log(p)).sqrt();
    if r <= 5.0 { -ratio(r - 1.6, &SIDE) } else { -ratio(r - 5.0, &TAIL) }
}

/// Numerator and denominator, highest power first.
type Rational = ([f64; 8], [f64; 8]);

fn ratio(x: f64, (numerator, denominator): &Rational) -> f64 {
    let polynomial = |terms: &[f64; 8]| terms[1..].iter().fold(terms[0], |value, term| value * x + term);
    polynomial(numerator) / polynomial(denominator)
}

/// AS 241 for |q| <= 0.425, in `0.180625 - q²`.
const CENTRE: Rational = (
    [
        2_509.080_928_730_122_7,
        33_430.575_583_588_13,
        67_265.770_927_008_7,
        45_921.953_931_549_87,
        13_731.693_765_509_46,
        1_971.590_950_306_551_3,
        133.141_667_891_784_38,
        3.387_132_872_796_366_5,
    ],
    [
        5_226.495_278_852_854,
        28_729.085_735_721_943,
        39_307.895_800_092_71,
        21_213.794_301_586_597,
        5_394.196_021_424_751,
        687.187_007_492_057_9,
        42.313_330_701_600_91,
        1.0,
    ],
);

/// AS 241 for `r <= 5`, in `r - 1.6`.
const SIDE: Rational = (
    [
        0.000_774_545_014_278_341_4,
        0.022_723_844_989_269_184,
        0.241_780_725_177_450_6,
        1.270_458_252_452_368_4,
        3.647_848_324_763_204_5,
        5.769_497_221_460_691,
        4.630_337_846_156_546,
        1.423_437_110_749_683_5,
    ],
    [
        1.050_750_071_644_416_9e-09,
        0.000_547_593_808_499_534_5,
        0.015_198_666_563_616_457,
        0.148_103_976_427_480_08,
        0.689_767_334_985_1,
        1.676_384_830_183_803_8,
        2.053_191_626_637_759,
        1.0,
    ],
);

/// AS 241 for `r > 5`, in `r - 5`.
const TAIL: Rational = (
    [
        2.010_334_399_292_288_1e-07,
        2.711_555_568_743_487_6e-05,
        0.001_242_660_947_388_078_4,
        0.026_532_189_526_576_124,
        0.296_560_571_828_504_87,
        1.784_826_539_917_291_3,
        5.463_784_911_164_114,
        6.657_904_643_501_103,
    ],
    [
        2.044_263_103_389_939_7e-15,
        1.421_511_758_316_446e-07,
        1.846_318_317_510_054_8e-05,
        0.000_786_869_131_145_613_3,
        0.014_875_361_290_850_615,
        0.136_929_880_922_735_8,
        0.599_832_206_555_888,
        1.0,
    ],
);

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
                let x = TruncatedNormal::new(a, b).value(quantile);
                let back = libm::exp(ln_normal_mass(a, x) - ln_normal_mass(a, b));
                assert!((back - quantile).abs() < 1e-7 * quantile.max(1e-3), "{a} {b} {quantile} {x} {back}");
            }
        }
    }

    #[test]
    fn quantiles_stay_inside_the_interval() {
        assert_eq!(TruncatedNormal::new(-1.0, 2.0).value(0.0), -1.0);
        assert_eq!(TruncatedNormal::new(-1.0, 2.0).value(1.0), 2.0);
        assert_eq!(TruncatedNormal::new(3.0, 3.0).value(0.5), 3.0);
    }
}
