//! The logarithms of expected improvement and of the probability that a constraint is met, and their gradients.
//!
//! `EI = σ h(z)` with `z = (μ - best) / σ` and `h(z) = φ(z) + z Φ(z)`. Its logarithm has a gradient even where the
//! improvement itself is too small for a number. Far to the left `h` is `φ/z²` times a series that
//! alternates.
//!
//! # Source
//!
//! Ament, Daulton, Eriksson, Balandat, Bakshy, "Unexpected Improvements to Expected Improvement for Bayesian
//! Optimization", NeurIPS 2023, eq. 9.

use std::f64::consts::FRAC_1_SQRT_2;

use super::regression::{Belief, Regression};

/// `ln √(2π)`.
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_7;

/// Left of this the series is used: it is exact to 10⁻¹² there, and the sum would lose digits.
const FAR_LEFT: f64 = -25.0;

/// Added to every variance, so that points already seen have one.
const VARIANCE_FLOOR: f64 = 1e-12;

/// `ln h(z)`, `Φ(z)/h(z)` and `φ(z)/h(z)`.
pub(super) fn ln_h(z: f64) -> (f64, f64, f64) {
    let ln_density = -0.5 * z * z - LN_SQRT_2PI;
    if z > FAR_LEFT {
        let (density, mass) = (libm::exp(ln_density), 0.5 * libm::erfc(-z * FRAC_1_SQRT_2));
        let h = density + z * mass;
        return (libm::log(h), mass / h, density / h);
    }
    let inverse = 1.0 / (z * z);
    let series = 1.0 + inverse * (-3.0 + inverse * (15.0 + inverse * (-105.0 + inverse * 945.0)));
    let mass = 1.0 + inverse * (-1.0 + inverse * (3.0 + inverse * (-15.0 + inverse * 105.0)));
    (ln_density - 2.0 * libm::log(-z) + libm::log(series), -z * mass / series, z * z / series)
}

/// `ln Φ(z)` and `φ(z)/Φ(z)`.
pub(super) fn ln_mass(z: f64) -> (f64, f64) {
    let ln_density = -0.5 * z * z - LN_SQRT_2PI;
    if z > FAR_LEFT {
        let mass = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
        return (libm::log(mass), libm::exp(ln_density) / mass);
    }
    let inverse = 1.0 / (z * z);
    let series = 1.0 + inverse * (-1.0 + inverse * (3.0 + inverse * (-15.0 + inverse * 105.0)));
    (ln_density - libm::log(-z) + libm::log(series), -z / series)
}

/// The logarithm of the improvement over a target that is expected at a point.
pub(super) fn ln_improvement(model: &Regression, point: &[f64], target: f64) -> f64 {
    let (z, deviation) = distance(&model.belief(point), target);
    ln_h(z).0 + libm::log(deviation)
}

/// The same with its gradient.
pub(super) fn ln_improvement_with_gradient(model: &Regression, point: &[f64], target: f64) -> (f64, Vec<f64>) {
    let (belief, [mean_gradient, variance_gradient]) = model.belief_with_gradients(point);
    let (z, deviation) = distance(&belief, target);
    let (value, mass, density) = ln_h(z);
    // d ln EI = (Φ/h dμ + φ/h dσ) / σ with dσ = dσ² / 2σ.
    let gradient = mean_gradient.iter().zip(&variance_gradient);
    let gradient = gradient.map(|(mean, variance)| (mass * mean + density * variance / (2.0 * deviation)) / deviation);
    (value + libm::log(deviation), gradient.collect())
}

/// The logarithm of the probability that a point reaches a target.
pub(super) fn ln_probability(model: &Regression, point: &[f64], target: f64) -> f64 {
    ln_mass(distance(&model.belief(point), target).0).0
}

/// The same with its gradient.
pub(super) fn ln_probability_with_gradient(model: &Regression, point: &[f64], target: f64) -> (f64, Vec<f64>) {
    let (belief, [mean_gradient, variance_gradient]) = model.belief_with_gradients(point);
    let (z, deviation) = distance(&belief, target);
    let (value, ratio) = ln_mass(z);
    // d ln Φ = φ/Φ (dμ - z dσ) / σ.
    let gradient = mean_gradient.iter().zip(&variance_gradient);
    let gradient = gradient.map(|(mean, variance)| ratio * (mean - z * variance / (2.0 * deviation)) / deviation);
    (value, gradient.collect())
}

/// How many deviations the mean lies above a target, and the deviation.
fn distance(belief: &Belief, target: f64) -> (f64, f64) {
    let deviation = (belief.variance + VARIANCE_FLOOR).sqrt();
    ((belief.mean - target) / deviation, deviation)
}
