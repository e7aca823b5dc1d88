//! The Gaussian process: likelihood and its gradient, priors, fit, mean and variance.
//!
//! Legend: `w` inverse squared length scales, `s` kernel scale, `v` noise variance, `K` kernel matrix with
//! noise, `L` its Cholesky factor, `y` the targets, `α = K⁻¹ y`.

use super::data::Data;
use super::kernel::{axis_square, matern, square};
use super::lbfgs::{Limits, minimise};
use crate::sampler::triangle::{Triangle, dot};

/// The noise variance is never below this.
const NOISE_FLOOR: f64 = 1e-6;

/// When the fit is good enough. Less would only be noise in the likelihood.
const FIT: Limits = Limits { gradient: 3e-3, evaluations: 120 };

/// The kernel's parameters.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// Inverse squared length scales.
    pub(super) weights: Vec<f64>,
    pub(super) scale: f64,
    pub(super) noise: f64,
}

impl Fit {
    /// The parameters of the largest posterior density, from 1 on.
    pub(super) fn of(data: &Data, is_deterministic: bool) -> Self {
        let axes = data.choices.len();
        let mut loss = |logs: &[f64]| Self::from_logs(logs, is_deterministic).loss(data, is_deterministic);
        // Beyond e^±15 a length scale or variance is 0 or infinite for every purpose.
        let found = minimise(&mut loss, vec![0.0; axes + 2], [-15.0, 15.0], FIT);
        Self::from_logs(if found.value.is_finite() { &found.point } else { &[] }, is_deterministic).padded(axes)
    }

    fn from_logs(logs: &[f64], is_deterministic: bool) -> Self {
        let values: Vec<f64> = logs.iter().map(|&log| libm::exp(log)).collect();
        match values.as_slice() {
            [weights @ .., scale, noise] => {
                let noise = if is_deterministic { NOISE_FLOOR } else { noise + NOISE_FLOOR };
                Self { weights: weights.to_vec(), scale: *scale, noise }
            }
            _ => Self { weights: Vec::new(), scale: 1.0, noise: 1.0 },
        }
    }

    fn padded(mut self, axes: usize) -> Self {
        self.weights.resize(axes, 1.0);
        self
    }

    /// The kernel between two points, without noise.
    fn covariance(&self, left: &[f64], right: &[f64], choices: &[bool]) -> f64 {
        self.scale * matern(square(left, right, &self.weights, choices)).0
    }

    /// The lower part of `K`.
    fn matrix(&self, data: &Data) -> Triangle {
        Triangle::from_fn(data.rows.len(), |row, column| {
            let noise = if row == column { self.noise } else { 0.0 };
            self.covariance(&data.rows[row], &data.rows[column], &data.choices) + noise
        })
    }

    /// Minus the logarithm of likelihood and prior, and its gradient by the logarithms of the
    /// parameters.
    pub(super) fn loss(&self, data: &Data, is_deterministic: bool) -> (f64, Vec<f64>) {
        let axes = self.weights.len();
        let Some(factor) = self.matrix(data).cholesky() else {
            return (f64::NAN, vec![0.0; axes + 2]);
        };
        let inverse = factor.inverse();
        let whitened = inverse.times(&data.targets);
        let solved = inverse.transposed_times(&whitened);
        let likelihood = -factor.ln_diagonal() - 0.5 * dot(&whitened, &whitened);
        let gradient = self.likelihood_gradient(data, &inverse.gram(), &solved);
        let (prior, prior_gradient) = self.prior(is_deterministic);
        let gradient = gradient.iter().zip(&prior_gradient).map(|(likelihood, prior)| -likelihood - prior);
        let mut gradient: Vec<f64> = gradient.collect();
        if is_deterministic {
            gradient[axes + 1] = 0.0;
        }
        (-likelihood - prior, gradient)
    }

    /// `½ tr((α αᵀ - K⁻¹) ∂K/∂θ)` (Rasmussen and Williams, eq. 5.9) for the logarithms of all parameters.
    fn likelihood_gradient(&self, data: &Data, inverse: &Triangle, solved: &[f64]) -> Vec<f64> {
        let axes = self.weights.len();
        let mut gradient = vec![0.0; axes + 2];
        for row in 0..data.rows.len() {
            let left = &data.rows[row];
            for column in 0..row {
                let right = &data.rows[column];
                // Both halves of the symmetric matrix: the factor ½ is gone.
                let weight = self.scale * (solved[row] * solved[column] - inverse.row(row)[column]);
                let (value, slope) = matern(square(left, right, &self.weights, &data.choices));
                for axis in 0..axes {
                    gradient[axis] += weight * slope * axis_square(left[axis], right[axis], data.choices[axis]);
                }
                gradient[axes] += weight * value;
            }
            let weight = 0.5 * (solved[row] * solved[row] - inverse.row(row)[row]);
            gradient[axes] += weight * self.scale;
            gradient[axes + 1] += weight;
        }
        gradient.iter_mut().zip(&self.weights).for_each(|(gradient, weight)| *gradient *= weight);
        gradient[axes + 1] *= self.noise - NOISE_FLOOR;
        gradient
    }

    /// The logarithm of the prior density and its gradient: `-(w + 1/w) / 10` for each length scale, a gamma
    /// distribution of shape 2 for the scale and one of shape 1.1 and rate 30 for the noise.
    fn prior(&self, is_deterministic: bool) -> (f64, Vec<f64>) {
        let mut value = libm::log(self.scale) - self.scale;
        let mut gradient = Vec::with_capacity(self.weights.len() + 2);
        for weight in &self.weights {
            value -= 0.1 * (weight + 1.0 / weight);
            gradient.push(-0.1 * (weight - 1.0 / weight));
        }
        gradient.push(1.0 - self.scale);
        value += 0.1 * libm::log(self.noise) - 30.0 * self.noise;
        let own = if is_deterministic { 0.0 } else { self.noise - NOISE_FLOOR };
        gradient.push((0.1 / self.noise - 30.0) * own);
        (value, gradient)
    }
}

/// The process, conditioned on trials.
#[derive(Debug, Clone)]
pub(super) struct Regression {
    fit: Fit,
    choices: Vec<bool>,
    rows: Vec<Vec<f64>>,
    targets: Vec<f64>,
    factor: Triangle,
    /// `L⁻¹`.
    inverse: Triangle,
    /// `α`.
    solved: Vec<f64>,
}

/// What the process expects at a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Belief {
    pub(super) mean: f64,
    pub(super) variance: f64,
}

impl Regression {
    pub(super) fn of(data: &Data, fit: &Fit) -> Self {
        let mut fit = fit.clone();
        // More trials than it was fitted to can leave the matrix singular: a little more noise mends it.
        let factor = loop {
            match fit.matrix(data).cholesky() {
                Some(factor) => break factor,
                None => fit.noise *= 10.0,
            }
        };
        let inverse = factor.inverse();
        let solved = inverse.transposed_times(&inverse.times(&data.targets));
        Self {
            fit,
            choices: data.choices.clone(),
            rows: data.rows.clone(),
            targets: data.targets.clone(),
            factor,
            inverse,
            solved,
        }
    }

    /// Take trials in flight as if they had come out as expected.
    pub(super) fn believe(&mut self, points: &[Vec<f64>]) {
        let expected: Vec<f64> = points.iter().map(|point| self.belief(point).mean).collect();
        for (point, mean) in points.iter().zip(expected) {
            let mut row = self.covariances(point);
            row.push(self.fit.scale + self.fit.noise);
            if self.factor.extend(row).is_some() {
                self.inverse.extend_inverse(self.factor.row(self.rows.len()));
                self.rows.push(point.clone());
                self.targets.push(mean);
            }
        }
        self.solved = self.inverse.transposed_times(&self.inverse.times(&self.targets));
    }

    fn covariances(&self, point: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|row| self.fit.covariance(point, row, &self.choices)).collect()
    }

    /// Mean and variance at a point, without noise.
    pub(super) fn belief(&self, point: &[f64]) -> Belief {
        let covariances = self.covariances(point);
        let whitened = self.inverse.times(&covariances);
        let variance = (self.fit.scale - dot(&whitened, &whitened)).max(0.0);
        Belief { mean: dot(&covariances, &self.solved), variance }
    }

    /// The belief, and its gradients: of the mean, then of the variance. Choices have none.
    pub(super) fn belief_with_gradients(&self, point: &[f64]) -> (Belief, [Vec<f64>; 2]) {
        let kernel = |row: &Vec<f64>| matern(square(point, row, &self.fit.weights, &self.choices));
        let (values, slopes): (Vec<f64>, Vec<f64>) = self.rows.iter().map(kernel).unzip();
        let covariances: Vec<f64> = values.iter().map(|value| self.fit.scale * value).collect();
        let whitened = self.inverse.times(&covariances);
        let solved = self.inverse.transposed_times(&whitened);
        let mut gradients = [vec![0.0; point.len()], vec![0.0; point.len()]];
        for (index, row) in self.rows.iter().enumerate() {
            let slope = 2.0 * self.fit.scale * slopes[index];
            for axis in (0..point.len()).filter(|&axis| !self.choices[axis]) {
                let change = slope * self.fit.weights[axis] * (point[axis] - row[axis]);
                gradients[0][axis] += self.solved[index] * change;
                gradients[1][axis] -= 2.0 * solved[index] * change;
            }
        }
        let variance = (self.fit.scale - dot(&whitened, &whitened)).max(0.0);
        (Belief { mean: dot(&covariances, &self.solved), variance }, gradients)
    }
}
