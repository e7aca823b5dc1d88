//! What NSGA-II and NSGA-III share: generations, parents, children.
//!
//! | file | job |
//! |---|---|
//! | `options` | the options, with Optuna's defaults |
//! | `evolution` | generations of the trials seen, and the parents that come out of them |
//! | `crowded` | NSGA-II's selection: rank, then crowding distance |
//! | `niche` | NSGA-III's selection: rank, then reference points |
//! | `child` | a proposal: parents, crossover, mutation |
//! | `crossover` | how the numbers of several parents become a child's |
//!
//! **Generations.** The trials that count, in the order of their numbers, are cut into generations of
//! `population` trials. The parents after generation `g` are selected from generation `g` and the
//! parents after `g - 1`. A proposal descends from the parents after the last generation that is
//! completely seen; before the first one it is a random point. With `lag` trials in flight the last
//! `lag - 1` trials of a generation are not seen when the next one begins: its first children descend from
//! what is selected without them, the others from all. So a proposal depends on the view and on the number in
//! flight alone.
//!
//! **Which trials count.** Complete ones with their values; infeasible ones by their violation, after all
//! feasible ones. Pruned ones, failed ones and duplicates do not.
//!
//! **Conditions.** A child inherits what its parents have; a parameter that is active in it and that no
//! parent has is drawn at random. **Relations**: a child that breaks one is made anew, up to 100 times;
//! then it is a random point of the region.

mod child;
mod crossover;
mod crowded;
mod evolution;
mod niche;
mod options;

pub use crossover::Crossover;
pub(super) use evolution::Evolution;
pub(super) use niche::Niches;
pub use options::{Mutation, NsgaOptions};

use super::{Request, SamplerError};
use crate::space::Assignment;
use child::Nursery;

/// How the survivors of a generation are chosen.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Selection {
    /// By rank, then by crowding distance.
    Crowded,
    /// By rank, then by reference points.
    Niches(Niches),
}

/// A proposal of either sampler.
pub(super) fn propose(
    options: &NsgaOptions,
    evolution: &mut Evolution,
    selection: &Selection,
    request: &Request<'_>,
) -> Result<Assignment, SamplerError> {
    if !request.view.is_of(request.space) {
        return Err(SamplerError::OtherSpace);
    }
    let (history, study) = (request.view.objectives(), request.directions.len());
    if history != study {
        return Err(SamplerError::OtherObjectives { history, study });
    }
    evolution.advance(request, options.population, selection);
    let mut stream = request.stream();
    let nursery = Nursery::new(options, request, evolution.parents());
    match nursery.child(&mut stream) {
        Some(child) => Ok(child),
        None => Ok(request.space.sample_uniform(&mut stream)?),
    }
}

#[cfg(test)]
mod tests;
