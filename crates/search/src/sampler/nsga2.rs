//! NSGA-II: a genetic algorithm for several objectives, good at covering a front with many cheap trials.
//!
//! Parents survive by rank, then by crowding distance; a child comes from two or three of them, each the
//! winner of a tournament. One objective works as well. Generations, conditions, relations and which
//! trials count are told in `sampler/nsga/mod.rs`.
//!
//! - **NaN**: a trial without a value does not count; infinities are values.
//! - **Ties**: as in [`pareto`](crate::pareto).
//! - **Constraints**: a feasible trial is better than any infeasible one, and of two infeasible ones the one
//!   that violates less.
//!
//! # Source
//!
//! Deb, Pratap, Agarwal, Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
//! IEEE TEC 6(2), 2002. Selection equals Optuna 5's on the same population; the random numbers, and
//! where generations are cut, are our own.

pub use super::nsga::{Crossover, Mutation, NsgaOptions};

use super::nsga::{Evolution, Selection, propose};
use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;

/// The sampler.
#[derive(Debug, Clone, Default)]
pub struct Nsga2 {
    options: NsgaOptions,
    evolution: Evolution,
}

impl Nsga2 {
    /// A sampler with these options.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn try_new(options: NsgaOptions) -> Result<Self, SamplerError> {
        Ok(Self { options: options.validated("nsga2")?, evolution: Evolution::default() })
    }
}

impl Sampler for Nsga2 {
    fn name(&self) -> &'static str {
        "nsga2"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        propose(&self.options, &mut self.evolution, &Selection::Crowded, request)
    }
}
