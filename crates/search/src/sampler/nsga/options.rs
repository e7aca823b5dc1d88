//! The options of NSGA-II and NSGA-III, with Optuna 5's defaults.

use super::super::SamplerError;
use super::Crossover;

/// What becomes of a parameter that mutates.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Mutation {
    /// It is drawn anew.
    Redraw,
    /// A number is moved by a polynomial law: the larger `eta`, the less. A choice is drawn anew.
    Polynomial {
        /// Distribution index, at least 0; 20 is usual.
        eta: f64,
    },
}

/// The options of [`Nsga2`](super::super::nsga2::Nsga2), and of [`Nsga3`](super::super::nsga3::Nsga3).
#[derive(Debug, Clone, PartialEq)]
pub struct NsgaOptions {
    /// Trials a generation, and parents. At least 2 and as many as a crossover needs. Default 50.
    pub population: usize,
    /// How the numbers of the parents become the child's. Choices are always crossed uniformly.
    /// Default: uniform.
    pub crossover: Crossover,
    /// Probability that a child has several parents; otherwise it begins as a copy of one. Default 0.9.
    pub crossover_probability: f64,
    /// Uniform crossover: probability that a parameter comes from the first parent. Default 0.5.
    pub swapping_probability: f64,
    /// Probability that a parameter mutates. Default: one over the number of parameters.
    pub mutation_probability: Option<f64>,
    /// What becomes of it then. Default: it is drawn anew.
    pub mutation: Mutation,
}

impl Default for NsgaOptions {
    fn default() -> Self {
        Self {
            population: 50,
            crossover: Crossover::Uniform,
            crossover_probability: 0.9,
            swapping_probability: 0.5,
            mutation_probability: None,
            mutation: Mutation::Redraw,
        }
    }
}

impl NsgaOptions {
    /// Check every option.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for the first one out of its range.
    pub fn validated(self, sampler: &'static str) -> Result<Self, SamplerError> {
        let error = |option, expected, got: String| Err(SamplerError::Option { sampler, option, expected, got });
        if self.population < self.crossover.parents() {
            return error("population", "at least 2, or 3 with 'spx' and 'undx'", self.population.to_string());
        }
        for (option, probability) in [
            ("crossover_probability", self.crossover_probability),
            ("swapping_probability", self.swapping_probability),
            ("mutation_probability", self.mutation_probability.unwrap_or(0.0)),
        ] {
            if !(0.0..=1.0).contains(&probability) {
                return error(option, "between 0 and 1", probability.to_string());
            }
        }
        if let Mutation::Polynomial { eta } = self.mutation
            && !(eta >= 0.0 && eta.is_finite())
        {
            return error("eta", "at least 0 and finite", eta.to_string());
        }
        if let Some((option, expected, got)) = self.crossover.problem() {
            return error(option, expected, got.to_string());
        }
        Ok(self)
    }
}
