//! Masses that normal kernels put into an interval, written so that compilers vectorise loops over them.
//!
//! `Φ(-x) = e^(-x²/2) Q(x)` for `x ≥ 0`, where `(x + 4) Q(x)` is a polynomial in `(x - 4) / (x + 4)`, fitted at
//! Chebyshev's nodes: its relative error is below 3·10⁻⁹. A narrow interval is not a difference of
//! two of them, which would lose digits, but the density in its middle times a series.
//!
//! **Error**: relative, below 5·10⁻⁸ for kernels up to 9 widths away, of more for those beyond. Fixed order of additions
//! and multiplications: every machine gets the same bits.

use super::exponential::short_exp;

/// From the constant term up.
const TAIL: [f64; 12] = [
    0.755_285_130_504_634_4,
    -0.607_896_640_212_771_8,
    0.387_137_394_419_144_9,
    -0.186_521_984_927_914_9,
    0.060_396_643_997_870_036,
    -0.007_538_688_779_343_457,
    -0.003_479_943_024_961_092_8,
    0.001_624_247_636_594_115_4,
    0.000_133_640_425_334_628_3,
    -0.000_217_771_065_502_840_12,
    -0.000_001_725_991_959_726_04,
    0.000_021_979_043_500_171_73,
];

/// `1 / √(2π)`.
pub(super) const HEIGHT: f64 = 0.398_942_280_401_432_7;

/// Intervals up to so many widths are narrow.
pub(super) const NARROW: f64 = 0.25;

/// `Φ(-|x|)`.
#[inline(always)]
fn tail(x: f64) -> f64 {
    let x = x.abs();
    let t = (x - 4.0) / (x + 4.0);
    let mut series = TAIL[11];
    for &coefficient in TAIL[..11].iter().rev() {
        series = series * t + coefficient;
    }
    short_exp(-0.5 * x * x) * series / (x + 4.0)
}

/// `Φ(b) - Φ(a)` for `a <= b`.
#[inline(always)]
fn mass(a: f64, b: f64) -> f64 {
    let (left, right) = (tail(a), tail(b));
    let around = 1.0 - left - right;
    let beside = (left - right).abs();
    if a < 0.0 && b > 0.0 { around } else { beside }
}

/// The same for an interval of no more than [`NARROW`] widths: `b - a` times the density's mean, by
/// Hermite's polynomials in the middle.
#[inline(always)]
fn narrow_mass(a: f64, b: f64) -> f64 {
    let (middle, h) = (0.5 * (a + b), b - a);
    let (z, g) = (middle * middle, h * h);
    let second = z - 1.0;
    let fourth = (z - 6.0) * z + 3.0;
    let sixth = ((z - 15.0) * z + 45.0) * z - 15.0;
    let eighth = (((z - 28.0) * z + 210.0) * z - 420.0) * z + 105.0;
    let series = (eighth * g / 288.0 + sixth) * g / 168.0 + fourth;
    let series = (series * g / 80.0 + second) * g / 24.0 + 1.0;
    HEIGHT * short_exp(-0.5 * z) * h * series
}

/// The mass that a kernel has between the ends of a range.
pub(super) fn inside(a: f64, b: f64) -> f64 {
    /// Beyond so many widths there is less than 10⁻¹⁵.
    const NOTHING: f64 = 8.0;
    if a < -NOTHING && b > NOTHING { 1.0 } else { mass(a, b) }
}

/// The mass that each kernel puts between two positions no more than [`NARROW`] widths apart. The slices have one length;
/// scales are `1 / width`.
#[inline(always)]
pub(super) fn narrow_masses(masses: &mut [f64], centres: &[f64], scales: &[f64], (left, right): (f64, f64)) {
    for (mass_of, (&centre, &scale)) in masses.iter_mut().zip(centres.iter().zip(scales)) {
        *mass_of = narrow_mass((left - centre) * scale, (right - centre) * scale);
    }
}

/// The same for any positions.
#[inline(always)]
pub(super) fn mixed_masses(masses: &mut [f64], centres: &[f64], scales: &[f64], (left, right): (f64, f64)) {
    for (mass_of, (&centre, &scale)) in masses.iter_mut().zip(centres.iter().zip(scales)) {
        let (a, b) = ((left - centre) * scale, (right - centre) * scale);
        let (wide, narrow) = (mass(a, b), narrow_mass(a, b));
        *mass_of = if b - a > NARROW { wide } else { narrow };
    }
}

#[cfg(test)]
mod tests {
    use super::super::truncated_normal::normal_mass;
    use super::*;

    #[test]
    fn masses_equal_the_library_to_7_digits() {
        for place in -900..900 {
            let a = f64::from(place) * 0.01;
            for width in [1e-9, 1e-3, 0.1, 0.249, 0.251, 1.0, 3.0, 20.0] {
                let (mut found, expected) = ([0.0; 2], normal_mass(a, a + width));
                let (centres, scales) = ([0.0, -a], [1.0, 0.5]);
                mixed_masses(&mut found, &centres, &scales, (a, a + width));
                if width <= NARROW {
                    let mut alone = [0.0; 2];
                    narrow_masses(&mut alone, &centres, &scales, (a, a + width));
                    assert_eq!(alone[0], found[0]);
                }
                let error = (found[0] / expected - 1.0).abs();
                // The library's difference loses digits in narrow intervals.
                let allowed = if width < 1e-6 { 1e-5 } else { 5e-8 };
                assert!(error < allowed || expected < 1e-300, "{a} and {width}: {} and {expected}", found[0]);
                assert!((mass(a, a + width) - expected).abs() < 1e-8);
            }
        }
    }
}
