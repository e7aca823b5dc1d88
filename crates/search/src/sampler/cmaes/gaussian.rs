//! The normal distribution that proposals are drawn from, and its update by a generation.
//!
//! Legend (the tutorial's): `m` mean, `σ` step size, `C = B D² Bᵀ` covariance, `p_σ` and `p_c` evolution
//! paths, `y = (x - m) / σ`. A step equals the Python package `cmaes` to 10⁻⁹ (`CMA` and `SepCMA`).
//!
//! # Source
//!
//! N. Hansen, arXiv:1604.00772, equations 38-47; Ros, Hansen, PPSN X, 2008 (separable).

use nalgebra::{DMatrix, SymmetricEigen};

use super::rates::Rates;
use crate::stream::RandomStream;

/// Stands in for an eigenvalue that came out below 0, and keeps a length from being 0.
const EPSILON: f64 = 1e-8;
/// Beyond this `σ` no longer grows.
const SIGMA_MAX: f64 = 1e32;
/// Rotations after which an eigendecomposition is given up; some `30 n` are usual.
const EIGEN_ITERATIONS: usize = 100_000;

/// `N(m, σ² C)`, and what its adaptation remembers.
#[derive(Debug, Clone)]
pub(super) struct Gaussian {
    pub(super) rates: Rates,
    pub(super) generation: usize,
    pub(super) mean: Vec<f64>,
    pub(super) sigma: f64,
    pub(super) path_sigma: Vec<f64>,
    pub(super) path_c: Vec<f64>,
    pub(super) shape: Shape,
}

/// `C` and its decomposition.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    /// `C` row by row; `B` column by column; `D`.
    Full { covariance: Vec<f64>, axes: Vec<f64>, lengths: Vec<f64> },
    /// The diagonal of `C`; `D`.
    Separable { variances: Vec<f64>, lengths: Vec<f64> },
}

/// The decomposition of `C` failed: it is not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Degenerate;

impl Gaussian {
    /// `N(mean, sigma² I)`.
    pub(super) fn full(mean: Vec<f64>, sigma: f64, population: usize) -> Self {
        let n = mean.len();
        let identity: Vec<f64> = (0..n * n).map(|cell| f64::from(u8::from(cell / n == cell % n))).collect();
        let shape = Shape::Full { covariance: identity.clone(), axes: identity, lengths: vec![1.0; n] };
        Self::new(Rates::full(n, population), mean, sigma, shape)
    }

    /// The same with variances only.
    pub(super) fn separable(mean: Vec<f64>, sigma: f64, population: usize) -> Self {
        let n = mean.len();
        let shape = Shape::Separable { variances: vec![1.0; n], lengths: vec![1.0; n] };
        Self::new(Rates::separable(n, population), mean, sigma, shape)
    }

    fn new(rates: Rates, mean: Vec<f64>, sigma: f64, shape: Shape) -> Self {
        let n = mean.len();
        Self { rates, generation: 0, mean, sigma, path_sigma: vec![0.0; n], path_c: vec![0.0; n], shape }
    }

    /// `C`'s diagonal element.
    pub(super) fn variance(&self, index: usize) -> f64 {
        match &self.shape {
            Shape::Full { covariance, .. } => covariance[index * self.rates.n + index],
            Shape::Separable { variances, .. } => variances[index],
        }
    }

    /// `D`.
    pub(super) fn lengths(&self) -> &[f64] {
        let (Shape::Full { lengths, .. } | Shape::Separable { lengths, .. }) = &self.shape;
        lengths
    }

    /// A draw of `x`.
    pub(super) fn draw(&self, stream: &mut RandomStream) -> Vec<f64> {
        self.at(&self.normals(stream))
    }

    /// A standard normal vector.
    pub(super) fn normals(&self, stream: &mut RandomStream) -> Vec<f64> {
        standard_normals(self.rates.n, stream)
    }

    /// `m + σ B D z`.
    pub(super) fn at(&self, z: &[f64]) -> Vec<f64> {
        let scaled: Vec<f64> = z.iter().zip(self.lengths()).map(|(z, length)| z * length).collect();
        let y = match &self.shape {
            Shape::Full { axes, .. } => combined(axes, &scaled),
            Shape::Separable { .. } => scaled,
        };
        self.mean.iter().zip(y).map(|(mean, y)| mean + self.sigma * y).collect()
    }

    /// `z` of a point: the inverse of [`at`](Self::at).
    pub(super) fn along(&self, x: &[f64]) -> Vec<f64> {
        self.scaled_back(&self.standardised(x))
    }

    /// `D⁻¹ Bᵀ y`.
    fn scaled_back(&self, y: &[f64]) -> Vec<f64> {
        match &self.shape {
            Shape::Full { axes, lengths, .. } => {
                axes.chunks_exact(self.rates.n).zip(lengths).map(|(axis, length)| dot(axis, y) / length).collect()
            }
            Shape::Separable { lengths, .. } => y.iter().zip(lengths).map(|(y, length)| y / length).collect(),
        }
    }

    /// `C^(-1/2) y`.
    pub(super) fn whitened(&self, y: &[f64]) -> Vec<f64> {
        let scaled = self.scaled_back(y);
        match &self.shape {
            Shape::Full { axes, .. } => combined(axes, &scaled),
            Shape::Separable { .. } => scaled,
        }
    }

    /// Adapt to a generation, given as its points from best to worst.
    pub(super) fn tell(&mut self, ranked: &[Vec<f64>]) -> Result<(), Degenerate> {
        self.generation += 1;
        let y: Vec<Vec<f64>> = ranked.iter().map(|x| self.standardised(x)).collect();
        let y_w = self.recombined(&y);
        for (mean, y) in self.mean.iter_mut().zip(&y_w) {
            *mean += self.sigma * y;
        }
        let hsig = self.adapt_step(&y_w);
        let Rates { c_c, mu_eff, .. } = self.rates;
        let gain = hsig * (c_c * (2.0 - c_c) * mu_eff).sqrt();
        // Equation 45.
        for (path, y) in self.path_c.iter_mut().zip(&y_w) {
            *path = (1.0 - c_c) * *path + gain * y;
        }
        let keep = self.kept_share(hsig);
        match self.shape {
            Shape::Full { .. } => self.adapt_full(&y, keep),
            Shape::Separable { .. } => self.adapt_separable(&y, keep),
        }
    }

    /// `y` of a point.
    pub(super) fn standardised(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.mean).map(|(x, mean)| (x - mean) / self.sigma).collect()
    }

    /// Equation 41.
    fn recombined(&self, y: &[Vec<f64>]) -> Vec<f64> {
        let mut sum = vec![0.0; self.rates.n];
        for (y, weight) in y[..self.rates.mu].iter().zip(&self.rates.weights) {
            sum.iter_mut().zip(y).for_each(|(sum, y)| *sum += y * weight);
        }
        sum
    }

    /// Adapt `p_σ` and `σ` (equations 43 and 44); `h_σ`: 0 while the path is long, else 1.
    fn adapt_step(&mut self, y_w: &[f64]) -> f64 {
        let Rates { n, c_sigma, d_sigma, mu_eff, chi_n, .. } = self.rates;
        let gain = (c_sigma * (2.0 - c_sigma) * mu_eff).sqrt();
        let white = self.whitened(y_w);
        for (path, white) in self.path_sigma.iter_mut().zip(white) {
            *path = (1.0 - c_sigma) * *path + gain * white;
        }
        let length = norm(&self.path_sigma);
        self.sigma = (self.sigma * libm::exp(c_sigma / d_sigma * (length / chi_n - 1.0))).min(SIGMA_MAX);
        let settled = (1.0 - libm::pow(1.0 - c_sigma, 2.0 * (self.generation as f64 + 1.0))).sqrt();
        f64::from(u8::from(length / settled < (1.4 + 2.0 / (n as f64 + 1.0)) * chi_n))
    }

    /// The factor of the old `C` (equation 47).
    fn kept_share(&self, hsig: f64) -> f64 {
        let Rates { c_1, c_mu, c_c, .. } = self.rates;
        let delta = (1.0 - hsig) * c_c * (2.0 - c_c);
        1.0 + c_1 * delta - c_1 - c_mu * self.rates.weights.iter().sum::<f64>()
    }

    fn adapt_full(&mut self, y: &[Vec<f64>], keep: f64) -> Result<(), Degenerate> {
        let n = self.rates.n;
        // Equation 46: a bad step counts by its direction, whatever its length.
        let weights: Vec<f64> = (self.rates.weights.iter().zip(y))
            .map(|(&weight, y)| {
                if weight >= 0.0 {
                    return weight;
                }
                let white = self.whitened(y);
                weight * n as f64 / (dot(&white, &white) + EPSILON)
            })
            .collect();
        let Rates { c_1, c_mu, .. } = self.rates;
        let path = &self.path_c;
        let Shape::Full { covariance, .. } = &mut self.shape else { return Ok(()) };
        for row in 0..n {
            for column in 0..=row {
                let rank_mu: f64 = weights.iter().zip(y).map(|(weight, y)| weight * (y[row] * y[column])).sum();
                let value = keep * covariance[row * n + column] + c_1 * (path[row] * path[column]) + c_mu * rank_mu;
                covariance[row * n + column] = value;
                covariance[column * n + row] = value;
            }
        }
        self.decompose()
    }

    /// Decompose `C`, and make it anew from eigenvalues none of which is negative.
    fn decompose(&mut self) -> Result<(), Degenerate> {
        let n = self.rates.n;
        let Shape::Full { covariance, axes, lengths } = &mut self.shape else { return Ok(()) };
        if !covariance.iter().all(|value| value.is_finite()) {
            return Err(Degenerate);
        }
        let matrix = DMatrix::from_row_slice(n, n, covariance);
        let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, EIGEN_ITERATIONS).ok_or(Degenerate)?;
        axes.copy_from_slice(eigen.eigenvectors.as_slice());
        for (length, &value) in lengths.iter_mut().zip(eigen.eigenvalues.iter()) {
            *length = if value < 0.0 { EPSILON } else { value }.sqrt();
        }
        for row in 0..n {
            for column in 0..=row {
                let value: f64 = (lengths.iter().zip(axes.chunks_exact(n)))
                    .map(|(length, axis)| axis[row] * (length * length) * axis[column])
                    .sum();
                covariance[row * n + column] = value;
                covariance[column * n + row] = value;
            }
        }
        let is_sound = lengths.iter().all(|length| length.is_finite() && *length > 0.0);
        if is_sound && self.is_finite() { Ok(()) } else { Err(Degenerate) }
    }

    fn adapt_separable(&mut self, y: &[Vec<f64>], keep: f64) -> Result<(), Degenerate> {
        let Rates { c_1, c_mu, weights, .. } = &self.rates;
        let Shape::Separable { variances, lengths } = &mut self.shape else { return Ok(()) };
        for (index, (variance, length)) in variances.iter_mut().zip(lengths).enumerate() {
            let rank_mu: f64 = weights.iter().zip(y).map(|(weight, y)| weight * (y[index] * y[index])).sum();
            let path = self.path_c[index];
            *variance = keep * *variance + c_1 * (path * path) + c_mu * rank_mu;
            *length = if *variance < 0.0 { EPSILON } else { *variance }.sqrt();
        }
        let is_sound = self.lengths().iter().all(|length| length.is_finite() && *length > 0.0);
        if is_sound && self.is_finite() { Ok(()) } else { Err(Degenerate) }
    }

    fn is_finite(&self) -> bool {
        self.sigma.is_finite() && self.sigma > 0.0 && self.mean.iter().all(|mean| mean.is_finite())
    }
}

/// `Σ shares[k] axis_k`, for axes one after the other.
fn combined(axes: &[f64], shares: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; shares.len()];
    for (axis, share) in axes.chunks_exact(shares.len()).zip(shares) {
        sum.iter_mut().zip(axis).for_each(|(sum, axis)| *sum += axis * share);
    }
    sum
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

pub(super) fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}

/// Independent standard normal numbers (Box and Muller, 1958).
fn standard_normals(count: usize, stream: &mut RandomStream) -> Vec<f64> {
    let mut normals = Vec::with_capacity(count + 1);
    while normals.len() < count {
        // 1 - u is above 0, so that the logarithm is finite.
        let radius = (-2.0 * libm::log(1.0 - stream.uniform())).sqrt();
        let (sine, cosine) = libm::sincos(std::f64::consts::TAU * stream.uniform());
        normals.extend([radius * cosine, radius * sine]);
    }
    normals.truncate(count);
    normals
}
