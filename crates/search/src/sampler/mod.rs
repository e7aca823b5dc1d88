//! Samplers: what proposes the parameters of the next trial.
//!
//! | sampler | job | NaN, infeasible and pruned trials |
//! |---|---|---|
//! | [`gp`] | where a Gaussian process expects most improvement | infeasible ones as bad as the worst; pruned ones and NaN ignored |
//! | [`nsga2`], [`nsga3`] | children of the best trials, for several objectives | infeasible ones after all others; pruned ones and NaN ignored |
//! | [`random`] | independent draws from each distribution | ignored, as every result is |
//! | [`grid`] | every point of a finite space once | ignored, as every result is |
//! | [`sobol`], [`halton`] | points that fill the space evenly | ignored, as every result is |
//! | [`cmaes`] | a normal distribution that follows the better half of each generation | ranked: feasible, pruned, infeasible; NaN ignored |
//! | [`fixed`] | another sampler, with some parameters pinned | as the other |
//! | [`auto`] | another sampler, chosen by space and budget | as the other |
//! | [`tpe`] | draws where good trials are denser than bad ones, for one or several objectives | ranked: feasible, pruned, infeasible; NaN ignored |
//!
//! **Invariant:** a proposal is a pure function of the request: space, directions, history seen,
//! pending trials, seed, number, attempt. A sampler may cache, so that it takes `&mut self`, but a
//! fresh sampler must propose the same as a long-lived one (the conformance suite in
//! [`testing`](crate::testing) checks it). So workers, resuming and replaying change nothing.
//!
//! **Where it differs from Optuna:** there a sampler reads whatever its storage holds at the moment.

pub mod auto;
mod axis;
pub mod cmaes;
pub mod fixed;
#[cfg(test)]
mod golden_tests;
pub mod gp;
pub mod grid;
pub mod halton;
mod nsga;
pub mod nsga2;
pub mod nsga3;
mod parabola;
mod permutation;
#[cfg(test)]
mod quasi_tests;
pub mod random;
mod scramble;
pub mod sobol;
pub mod tpe;
mod triangle;

use thiserror::Error;

use crate::history::View;
use crate::space::{Assignment, Space, SpaceError};
use crate::stream::RandomStream;
use crate::trial::StudyDirection;

/// Everything a proposal depends on.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where the parameters come from.
    pub space: &'a Space,
    /// One direction an objective.
    pub directions: &'a [StudyDirection],
    /// The results that are seen: of trials `0..=number - lag`.
    pub view: View<'a>,
    /// Parameters of the trials in flight, which are proposed but not seen, in number order.
    pub pending: &'a [Assignment],
    /// The study's seed.
    pub seed: u64,
    /// The trial's number.
    pub number: u64,
    /// 0, or how often this trial has been proposed already and turned down as a duplicate.
    pub attempt: u64,
}

impl Request<'_> {
    /// The random numbers of this proposal.
    #[must_use]
    pub fn stream(&self) -> RandomStream {
        RandomStream::new(self.seed, self.number, self.attempt)
    }
}

/// Why a sampler cannot propose.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SamplerError {
    /// No point of the space can be drawn.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The sampler optimises one objective only.
    #[error(
        "the sampler '{sampler}' takes one objective, the study has {objectives}: use 'tpe' or 'nsga2', or one objective"
    )]
    Objectives {
        /// The sampler's name.
        sampler: &'static str,
        /// How many the study has.
        objectives: usize,
    },
    /// The history was made for other parameters.
    #[error("the history was made for another space: build it from the space of the request")]
    OtherSpace,
    /// Every point of the space has been proposed: the study is complete.
    #[error("the sampler '{sampler}' has proposed every point of the space")]
    Exhausted {
        /// The sampler's name.
        sampler: &'static str,
    },
    /// The sampler needs a finite space.
    #[error(
        "the sampler '{sampler}' needs finite parameters and '{param}' is continuous: give it a step, or use 'sobol'"
    )]
    Continuous {
        /// The sampler's name.
        sampler: &'static str,
        /// The first parameter that is continuous.
        param: String,
    },
    /// The sampler needs a space whose points can be counted.
    #[error("the space has more than 3.4e38 points, more than the sampler '{sampler}' counts: use 'sobol' or 'random'")]
    TooManyPoints {
        /// The sampler's name.
        sampler: &'static str,
    },
    /// A value cannot be pinned.
    #[error("parameter '{param}' cannot be fixed: {problem}")]
    Pinned {
        /// The parameter.
        param: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The history was made for another number of objectives.
    #[error("the history has {history} objectives, the study {study}: build it for the study's directions")]
    OtherObjectives {
        /// Values a trial in the history.
        history: usize,
        /// Directions of the study.
        study: usize,
    },
    /// A sampler's option is out of its range.
    #[error("option '{option}' of the sampler '{sampler}' must be {expected}, got {got}")]
    Option {
        /// The sampler's name.
        sampler: &'static str,
        /// The option.
        option: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
}

/// Proposes the parameters of trials.
pub trait Sampler: Send {
    /// The name that study files and errors use.
    fn name(&self) -> &'static str;

    /// The parameters of the requested trial: a member of the space, in canonical form.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Space`] when the space has no point, and the sampler's own limits.
    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError>;
}
