//! The options of CMA-ES.

use super::super::SamplerError;

/// Which covariances are adapted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Covariance {
    /// [`Full`](Self::Full) up to 40 dimensions, [`Separable`](Self::Separable) beyond: a full matrix of
    /// `n` dimensions takes some `n²` trials to learn.
    Automatic,
    /// All of them, with negative weights for the worse half (active CMA-ES).
    Full,
    /// Variances only (sep-CMA-ES): cheap and quick to learn, blind to correlations.
    Separable,
}

/// What happens when the search has converged or got stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Restart {
    /// It goes on where it is.
    Never,
    /// It starts anew elsewhere with a larger population, twice as large by default.
    Ipop,
    /// Starts with growing populations alternate with starts of small ones and small steps, so that both
    /// get the same number of trials.
    Bipop,
}

/// The options of [`Cmaes`](super::Cmaes).
#[derive(Debug, Clone, PartialEq)]
pub struct CmaesOptions {
    /// First standard deviation, as a share of each range. Default 1/6.
    pub sigma: f64,
    /// Trials a generation; at least 2. Default: `4 + floor(3 ln n)` for `n` dimensions.
    pub population: Option<usize>,
    /// Which covariances are adapted. Default: automatic.
    pub covariance: Covariance,
    /// What happens when the search has converged. Default: IPOP.
    pub restart: Restart,
    /// A run is over once all standard deviations are below this share of their ranges. Default 10⁻¹⁰:
    /// parameters keep ten significant decimals.
    pub tolerance: f64,
    /// By how much IPOP's and BIPOP's populations grow. Default 2.
    pub population_growth: usize,
    /// Random draws until so many trials are learned from; they count as the first generations.
    /// Default 0.
    pub startup_trials: usize,
    /// The least probability of leaving the most probable value of a whole-numbered, stepped or
    /// two-valued parameter. Default: `1 / (n * population)`.
    pub margin: Option<f64>,
    /// The share of draws that are the lowest point of a parabola through the best of the last trials, or with trials in
    /// flight lie around it, while one explains them; and the first ones after each generation are. Default 0.2; 0: none.
    pub parabola: f64,
}

impl Default for CmaesOptions {
    fn default() -> Self {
        Self {
            sigma: 1.0 / 6.0,
            population: None,
            covariance: Covariance::Automatic,
            restart: Restart::Ipop,
            tolerance: 1e-10,
            population_growth: 2,
            startup_trials: 0,
            margin: None,
            parabola: 0.2,
        }
    }
}

impl CmaesOptions {
    /// Check every option.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for the first one out of its range.
    pub fn validated(self) -> Result<Self, SamplerError> {
        let error =
            |option, expected, got: String| Err(SamplerError::Option { sampler: "cmaes", option, expected, got });
        if !(self.sigma > 0.0 && self.sigma <= 10.0) {
            return error("sigma", "above 0 and at most 10", self.sigma.to_string());
        }
        if let Some(population) = self.population.filter(|population| !(2..=100_000).contains(population)) {
            return error("population", "between 2 and 100,000", population.to_string());
        }
        if !(self.tolerance > 0.0 && self.tolerance < 1.0) {
            return error("tolerance", "above 0 and below 1", self.tolerance.to_string());
        }
        if !(1..=10).contains(&self.population_growth) {
            return error("population_growth", "between 1 and 10", self.population_growth.to_string());
        }
        if let Some(margin) = self.margin.filter(|margin| !(*margin > 0.0 && *margin < 0.5)) {
            return error("margin", "above 0 and below 0.5", margin.to_string());
        }
        if !(0.0..=1.0).contains(&self.parabola) {
            return error("parabola", "between 0 and 1", self.parabola.to_string());
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_out_of_range_are_named() {
        let message = |options: CmaesOptions| options.validated().map_err(|error| error.to_string()).unwrap_err();
        assert_eq!(
            message(CmaesOptions { sigma: f64::NAN, ..CmaesOptions::default() }),
            "option 'sigma' of the sampler 'cmaes' must be above 0 and at most 10, got NaN"
        );
        assert!(message(CmaesOptions { population: Some(1), ..CmaesOptions::default() }).contains("'population'"));
        assert!(message(CmaesOptions { population_growth: 0, ..CmaesOptions::default() }).contains("growth"));
        assert!(message(CmaesOptions { margin: Some(0.5), ..CmaesOptions::default() }).contains("'margin'"));
        assert!(message(CmaesOptions { parabola: f64::NAN, ..CmaesOptions::default() }).contains("'parabola'"));
        assert!(CmaesOptions::default().validated().is_ok());
    }
}
