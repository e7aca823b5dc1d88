//! `eˣ`, written so that compilers vectorise loops over it.
//!
//! `x = k ln 2 + r` with whole `k` and `|r| ≤ ln 2 / 2`; `eʳ` by its Taylor series to the 13th power, whose
//! remainder is below 10⁻¹⁷; `2ᵏ` by writing the exponent's bits. Only additions and multiplications
//! in a fixed order, so that every machine gets the same bits. The relative error stays below 10⁻¹⁵.
//!
//! - Below -708 the answer is that of -708 (3·10⁻³⁰⁸), never a subnormal number.
//! - Arguments above 700 and NaN are not handled: no caller has them.

/// Adding and subtracting `1.5 · 2⁵²` rounds to the nearest whole number, and leaves it in the low bits.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// `ln 2` in two parts (Cody and Waite): products of the first with whole numbers below 2¹¹ are exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;

/// `1/n!` from the 13th power down to the 2nd.
const INVERSE_FACTORIALS: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    1.0 / 2.0,
];

/// `eˣ` for `x` up to 700.
#[inline(always)]
pub(super) fn exp(x: f64) -> f64 {
    let x = if x > -708.0 { x } else { -708.0 };
    let shifted = x * std::f64::consts::LOG2_E + ROUNDING;
    let whole = shifted - ROUNDING;
    let rest = (x - whole * LN_2_HIGH) - whole * LN_2_LOW;
    let mut series = INVERSE_FACTORIALS[0];
    for &coefficient in &INVERSE_FACTORIALS[1..] {
        series = series * rest + coefficient;
    }
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1_023) << 52);
    (series * (rest * rest) + rest + 1.0) * power
}

/// `eˣ` to a relative 3·10⁻¹⁰: the same series to the 8th power.
#[inline(always)]
pub(super) fn short_exp(x: f64) -> f64 {
    let x = if x > -708.0 { x } else { -708.0 };
    let shifted = x * std::f64::consts::LOG2_E + ROUNDING;
    let whole = shifted - ROUNDING;
    let rest = x - whole * std::f64::consts::LN_2;
    let mut series = INVERSE_FACTORIALS[5];
    for &coefficient in &INVERSE_FACTORIALS[6..] {
        series = series * rest + coefficient;
    }
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1_023) << 52);
    (series * (rest * rest) + rest + 1.0) * power
}

/// How many sums are kept side by side, for the vector units.
const LANES: usize = 4;

/// `Σ e^(term - largest)` over terms up to `largest`.
pub(super) fn sum_of_exponentials(terms: &[f64], largest: f64) -> f64 {
    let mut sums = [0.0; LANES];
    let chunks = terms.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += exp(chunk[lane] - largest);
        }
    }
    rest.iter().zip(&mut sums).for_each(|(term, sum)| *sum += exp(term - largest));
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

/// `Σ amplitude · e^-((x - centre) · scale)²`; the slices have one length. Kernels whose exponential is below
/// 10⁻²⁰ count as nothing where their neighbours in the slices are as far.
pub(super) fn sum_of_normals(x: f64, centres: &[f64], scales: &[f64], amplitudes: &[f64]) -> f64 {
    const NEGLIGIBLE: f64 = 46.0;
    let mut sums = [0.0; LANES];
    let length = centres.len();
    let (scales, amplitudes) = (&scales[..length], &amplitudes[..length]);
    let whole = length - length % LANES;
    for start in (0..whole).step_by(LANES) {
        let mut squares = [0.0; LANES];
        for lane in 0..LANES {
            let z = (x - centres[start + lane]) * scales[start + lane];
            squares[lane] = z * z;
        }
        if squares.iter().all(|&square| square > NEGLIGIBLE) {
            continue;
        }
        for lane in 0..LANES {
            sums[lane] += amplitudes[start + lane] * exp(-squares[lane]);
        }
    }
    for index in whole..length {
        let z = (x - centres[index]) * scales[index];
        sums[index - whole] += amplitudes[index] * exp(-(z * z));
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_equals_the_library_to_15_digits() {
        for step in -70_000..7_000 {
            let x = f64::from(step) * 0.009_97;
            let (ours, expected) = (exp(x), libm::exp(x));
            assert!((ours / expected - 1.0).abs() < 1e-15, "{x}: {ours} and {expected}");
            assert!((short_exp(x) / expected - 1.0).abs() < 3e-10, "{x}: {} and {expected}", short_exp(x));
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f64::NEG_INFINITY), exp(-708.0));
        assert!(exp(-708.0) < 4e-308);
    }

    #[test]
    fn sums_take_every_term_once() {
        for length in 0..10 {
            let terms: Vec<f64> = (0..length).map(|term| -f64::from(term)).collect();
            let expected: f64 = terms.iter().map(|term| libm::exp(term - 1.0)).sum();
            assert!((sum_of_exponentials(&terms, 1.0) - expected).abs() < 1e-15);
            let normals = sum_of_normals(2.0, &terms, &vec![0.5; terms.len()], &vec![3.0; terms.len()]);
            let expected: f64 = terms.iter().map(|term| 3.0 * libm::exp(-(2.0 - term) * (2.0 - term) / 4.0)).sum();
            assert!((normals - expected).abs() < 1e-14);
        }
    }
}
