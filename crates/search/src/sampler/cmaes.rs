//! CMA-ES: a normal distribution that moves to, and takes the shape of, where the better half lies.
//!
//! | file | job |
//! |---|---|
//! | `options` | the options |
//! | `coordinates` | which parameters are moved, and where their values lie in `[0, 1]` |
//! | `rates` | weights and learning rates |
//! | `gaussian` | the distribution and its update: active CMA-ES, or sep-CMA-ES in high dimension |
//! | `margin` | whole-numbered and stepped parameters |
//! | `run` | when a run is over, and IPOP and BIPOP restarts |
//! | `valley` | parabolas through the last trials, and where they are lowest |
//! | `apart` | choices and conditional parameters |
//! | `replay` | which trials make a generation; the state after any history |
//!
//! - **Trials in flight** change nothing; generations are made by number: see `replay`.
//! - **Infeasible and pruned trials** rank after all complete ones; NaN and failed ones teach nothing.
//! - **Bounds**: a point outside is drawn anew, a hundred times, then moved to the bound.
//! - **Relations**: a point that breaks one is drawn anew, a hundred times; then it is a random point.
//! - **Ties** go to the smaller number.
//!
//! Updates equal the Python package `cmaes` (which Optuna uses) to 10⁻⁹; the random numbers are our own.
//!
//! **Where it differs from Optuna's `CmaEsSampler`:** restarts, margin, parabolas and injected trials are on by
//! default; two-valued choices are coordinates; other choices and conditional parameters are drawn from
//! what good trials had; constraints count.

mod apart;
mod coordinates;
mod gaussian;
mod margin;
mod options;
mod rates;
mod replay;
mod run;
mod valley;

pub use options::{CmaesOptions, Covariance, Restart};

use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;
use replay::Replay;

/// CMA-ES.
#[derive(Debug, Clone, Default)]
pub struct Cmaes {
    options: CmaesOptions,
    replay: Option<Replay>,
}

impl Cmaes {
    /// A sampler with these options.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn try_new(options: CmaesOptions) -> Result<Self, SamplerError> {
        Ok(Self { options: options.validated()?, replay: None })
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &CmaesOptions {
        &self.options
    }
}

impl Sampler for Cmaes {
    fn name(&self) -> &'static str {
        "cmaes"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        let [direction] = *request.directions else {
            return Err(SamplerError::Objectives { sampler: self.name(), objectives: request.directions.len() });
        };
        if !request.view.is_of(request.space) {
            return Err(SamplerError::OtherSpace);
        }
        let mut stream = request.stream();
        if request.view.learned() >= self.options.startup_trials {
            if !self.replay.as_ref().is_some_and(|replay| replay.continues(request, direction)) {
                self.replay = Replay::new(&self.options, request, direction);
            }
            if let Some(replay) = &mut self.replay {
                replay.read(&self.options, &request.view);
                if let Some(proposal) = replay.propose((request.attempt == 0).then_some(request.number), &mut stream) {
                    return Ok(proposal);
                }
            }
        }
        // A space without coordinates, the start, or a region that no draw reaches.
        Ok(request.space.sample_uniform(&mut stream)?)
    }
}

#[cfg(test)]
mod tests;
