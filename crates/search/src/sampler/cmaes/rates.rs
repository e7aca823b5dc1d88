//! Weights and learning rates: functions of dimension and population alone.
//!
//! # Source
//!
//! N. Hansen, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772, equations 48-58 (full);
//! R. Ros, N. Hansen, "A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity",
//! PPSN X, 2008 (separable). Constants as in the Python package `cmaes`.

/// The strategy parameters of one run, with the tutorial's names.
#[derive(Debug, Clone)]
pub(super) struct Rates {
    /// Dimensions.
    pub(super) n: usize,
    /// Trials a generation.
    pub(super) population: usize,
    /// How many of them, the best, move the mean.
    pub(super) mu: usize,
    pub(super) mu_eff: f64,
    /// Recombination weights, best first: all of the population, or its better half (separable).
    pub(super) weights: Vec<f64>,
    pub(super) c_1: f64,
    pub(super) c_mu: f64,
    pub(super) c_c: f64,
    pub(super) c_sigma: f64,
    pub(super) d_sigma: f64,
    /// The expected length of a standard normal vector.
    pub(super) chi_n: f64,
}

/// The default population of `n` dimensions (equation 48).
pub(super) fn default_population(n: usize) -> usize {
    4 + (3.0 * libm::log(n.max(1) as f64)).floor() as usize
}

impl Rates {
    pub(super) fn full(n: usize, population: usize) -> Self {
        let (dimension, mu) = (n as f64, population / 2);
        // Equation 49.
        let raw: Vec<f64> = (0..population)
            .map(|rank| libm::log((population + 1) as f64 / 2.0) - libm::log(rank as f64 + 1.0))
            .collect();
        let effective = |raw: &[f64]| square(raw.iter().sum()) / raw.iter().map(|w| w * w).sum::<f64>();
        let (mu_eff, mu_eff_minus) = (effective(&raw[..mu]), effective(&raw[mu..]));
        let c_1 = 2.0 / (square(dimension + 1.3) + mu_eff);
        // 10⁻⁸ keeps the sum of both below 1 for huge populations.
        let c_mu = f64::min(
            1.0 - c_1 - 1e-8,
            2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / (square(dimension + 2.0) + 2.0 * mu_eff / 2.0),
        );
        // Equations 50-52.
        let alpha = (1.0 + c_1 / c_mu)
            .min(1.0 + 2.0 * mu_eff_minus / (mu_eff + 2.0))
            .min((1.0 - c_1 - c_mu) / (dimension * c_mu));
        let positive: f64 = raw.iter().filter(|weight| **weight > 0.0).sum();
        let negative: f64 = raw.iter().filter(|weight| **weight < 0.0).map(|weight| -weight).sum();
        // Equation 53.
        let scaled = |&weight: &f64| if weight >= 0.0 { weight / positive } else { alpha / negative * weight };
        let weights = raw.iter().map(scaled).collect();
        let c_c = (4.0 + mu_eff / dimension) / (dimension + 4.0 + 2.0 * mu_eff / dimension);
        let c_sigma = (mu_eff + 2.0) / (dimension + mu_eff + 5.0);
        Self { c_1, c_mu, c_c, ..Self::shared(n, population, weights, (mu_eff, c_sigma)) }
    }

    pub(super) fn separable(n: usize, population: usize) -> Self {
        let (dimension, mu) = (n as f64, population / 2);
        let raw: Vec<f64> = (0..mu).map(|rank| libm::log(mu as f64 + 1.0) - libm::log(rank as f64 + 1.0)).collect();
        let total: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|weight| weight / total).collect();
        let mu_eff = 1.0 / weights.iter().map(|weight| weight * weight).sum::<f64>();
        let c_1 = 2.0 / (square(dimension + 1.3) + mu_eff);
        let c_mu_full = 2.0 / mu_eff / square(dimension + std::f64::consts::SQRT_2)
            + (1.0 - 1.0 / mu_eff) * f64::min(1.0, (2.0 * mu_eff - 1.0) / (square(dimension + 2.0) + mu_eff));
        let c_mu = (dimension + 2.0) / 3.0 * c_mu_full;
        let c_c = 4.0 / (dimension + 4.0);
        let c_sigma = (mu_eff + 2.0) / (dimension + mu_eff + 3.0);
        Self { c_1, c_mu, c_c, ..Self::shared(n, population, weights, (mu_eff, c_sigma)) }
    }

    fn shared(n: usize, population: usize, weights: Vec<f64>, (mu_eff, c_sigma): (f64, f64)) -> Self {
        let dimension = n as f64;
        Self {
            n,
            population,
            mu: population / 2,
            mu_eff,
            weights,
            c_1: 0.0,
            c_mu: 0.0,
            c_c: 0.0,
            c_sigma,
            d_sigma: 1.0 + 2.0 * f64::max(0.0, ((mu_eff - 1.0) / (dimension + 1.0)).sqrt() - 1.0) + c_sigma,
            chi_n: dimension.sqrt() * (1.0 - 1.0 / (4.0 * dimension) + 1.0 / (21.0 * square(dimension))),
        }
    }
}

fn square(value: f64) -> f64 {
    value * value
}
