//! Random search: every parameter drawn from its distribution, whatever the results.
//!
//! "Uniform" has Optuna's meaning: over the range, over its logarithm, or over the points of a grid.
//! Relations restrict the draw to their region (see [`Space::sample_uniform`]).
//!
//! [`Space::sample_uniform`]: crate::space::Space::sample_uniform

use super::{Request, Sampler, SamplerError};
use crate::space::Assignment;

/// Random search.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

impl Sampler for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        Ok(request.space.sample_uniform(&mut request.stream())?)
    }
}
