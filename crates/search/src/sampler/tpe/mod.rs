//! The tree-structured Parzen estimator (TPE).
//!
//! Split the trials seen into good and other ones, fit a density to each (`l` and `g`), draw candidates
//! from `l`, and propose the one where `l/g` is largest.
//!
//! | file | job |
//! |---|---|
//! | `options` | the options |
//! | `split` | which trials are good |
//! | `group` | which parameters share a density: conditional spaces |
//! | `memory`, `group_memory` | what is kept from one proposal to the next |
//! | `valley` | the lowest point of a parabola through the best trials |
//! | `parzen`, `dimension` | the densities, kernel by kernel |
//! | `truncated_normal`, `exponential` | their kernels |
//! | `rest`, `rest_joint`, `ramp` | the density of the rest from sums, at a cost that does not grow |
//! | `line`, `order` | which kernels are regular: all but some of the least width |
//! | `sums`, `field`, `grid` | one parameter: regular kernels as sums of whole numbers |
//! | `cloud` | several parameters: regular kernels near a point |
//! | `asked`, `mass`, `mixture`, `wide` | many kernels and candidates at once, in the machine's widest vectors |
//!
//! - **Trials in flight** count as bad ones (the constant liar), so that proposals keep apart.
//! - **Constraints**: infeasible trials rank after all feasible ones, by their violation.
//! - **Relations**: candidates that break one are dropped and drawn anew; when 240 draws (with the
//!   default of 12 candidates) give none, the proposal is a random point of the region.
//! - **Several objectives**: whole fronts are good while they fit, then those of the next front that together
//!   dominate most; good trials weigh the same.
//! - **NaN**: a trial without a value teaches nothing.
//! - **Ties**: the first candidate drawn wins.
//!
//! With [`TpeOptions::optuna`] both densities equal Optuna 5's to 10⁻⁹ on the same history; the random numbers, and
//! so the candidates, are our own. By default the first trials are Sobol's points, later on the kernels of `l` may
//! be three times narrower than those of Optuna, which are a 27th of a range with 25 good trials, and a quarter of the
//! proposals are where a parabola through the best trials is lowest (`valley`). What else differs is told in [`group`](self) and `docs/samplers.md`.
//!
//! # Source
//!
//! Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011;
//! Falkner, Klein, Hutter, "BOHB", ICML 2018 (multivariate); Ozaki, Tanigaki, Watanabe, Nomura, Onishi,
//! "Multiobjective Tree-Structured Parzen Estimator", JAIR 73, 2022; Watanabe, arXiv:2304.11127 (all parts).

mod asked;
mod cloud;
mod dimension;
mod exponential;
mod field;
mod grid;
mod group;
mod group_memory;
mod line;
mod mass;
mod memory;
mod mixture;
mod options;
mod order;
mod parzen;
mod ramp;
mod rest;
mod rest_joint;
mod split;
mod sums;
mod truncated_normal;
mod valley;
mod wide;

pub use options::{Gamma, Multivariate, Startup, TpeOptions, Weights};

use super::sobol::Sobol;
use super::{Request, Sampler, SamplerError};
use crate::space::{Assignment, Space};
use crate::stream::RandomStream;
use group::{Group, Sharing, groups};
use group_memory::{Good, GroupMemory, Kernels};
use memory::Memory;
use rest::Rest;
use valley::Valley;

/// How many times the number of candidates are drawn before relations are given up on.
const DRAWS_PER_CANDIDATE: usize = 20;

/// With one objective and parameters one by one: the share of decisions that are made with narrow kernels. With those
/// alone all parameters go to the tails of their kernels at once, and a search comes to a halt.
const SHARP_SHARE: f64 = 0.5;

/// The tree-structured Parzen estimator.
#[derive(Debug, Clone, Default)]
pub struct Tpe {
    options: TpeOptions,
    startup: Sobol,
    memory: Memory,
}

impl Tpe {
    /// A sampler with these options.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn try_new(options: TpeOptions) -> Result<Self, SamplerError> {
        Ok(Self { options: options.validated()?, ..Self::default() })
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &TpeOptions {
        &self.options
    }

    fn sharing(&self, objectives: usize) -> Sharing {
        match self.options.multivariate {
            Multivariate::Automatic if objectives > 1 => Sharing::Independent,
            Multivariate::Independent => Sharing::Independent,
            Multivariate::Automatic | Multivariate::Joint => Sharing::Joint,
        }
    }
}

impl Sampler for Tpe {
    fn name(&self) -> &'static str {
        "tpe"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        if request.directions.is_empty() {
            return Err(SamplerError::Objectives { sampler: self.name(), objectives: 0 });
        }
        if !request.view.is_of(request.space) {
            return Err(SamplerError::OtherSpace);
        }
        let mut stream = request.stream();
        if request.view.learned() < self.options.startup_trials {
            return match self.options.startup {
                Startup::Sobol => self.startup.propose(request),
                Startup::Random => Ok(request.space.sample_uniform(&mut stream)?),
            };
        }
        let sharing = self.sharing(request.directions.len());
        let groups = groups(request.space, sharing);
        self.memory.update(&request.view, (request.space, groups), request.directions, &self.options);
        let model = Model {
            space: request.space,
            options: &self.options,
            in_flight: request.pending.len(),
            bottoms: match (sharing, request) {
                (Sharing::Joint, Request { attempt: 0, directions: [_], .. }) => self.options.parabola,
                _ => 0.0,
            },
            sharp_share: match (sharing, request.directions) {
                (Sharing::Independent, [_]) if self.options.sharpness > 1.0 => SHARP_SHARE,
                _ => 1.0,
            },
            pending: if self.options.constant_liar { request.pending } else { &[] },
            memory: &self.memory,
        };
        match model.propose(&mut stream) {
            Some(assignment) => Ok(assignment),
            None => Ok(request.space.sample_uniform(&mut stream)?),
        }
    }
}

/// Everything one proposal is made from.
struct Model<'a> {
    space: &'a Space,
    options: &'a TpeOptions,
    in_flight: usize,
    /// Share of decisions that are the lowest point of a parabola, where one is known.
    bottoms: f64,
    /// Share of decisions made with narrow kernels, where those pay.
    sharp_share: f64,
    /// Those that count as bad.
    pending: &'a [Assignment],
    memory: &'a Memory,
}

impl Model<'_> {
    /// Decide the groups one after the other; `None` when relations leave a group no candidate.
    fn propose(&self, stream: &mut RandomStream) -> Option<Assignment> {
        let mut decided = Assignment::new();
        for (memory, valley) in self.memory.groups().iter().zip(self.memory.valleys()) {
            let group = &memory.group;
            if group.is_active(self.space, &decided) {
                group.decide_singles(self.space, &mut decided);
                if !group.params.is_empty() {
                    let best = match self.bottom(group, valley, &mut decided, stream) {
                        Some(bottom) => bottom,
                        None => self.best_candidate(memory, &mut decided, stream)?,
                    };
                    group.decide(self.space, &best, &mut decided);
                }
            }
            // Asked of inactive groups as well: a relation may read a parameter that is absent.
            if !group.is_allowed(self.space, &decided) {
                return None;
            }
        }
        Some(decided)
    }

    /// The bottom of a valley, for some decisions. `decided` may be left with its values.
    fn bottom(
        &self,
        group: &Group,
        valley: &Valley,
        decided: &mut Assignment,
        stream: &mut RandomStream,
    ) -> Option<Vec<f64>> {
        if self.bottoms == 0.0 || stream.uniform() >= self.bottoms {
            return None;
        }
        let bottom = valley.bottom(self.in_flight, stream)?;
        group.decide(self.space, &bottom, decided);
        group.is_allowed(self.space, decided).then_some(bottom)
    }

    /// The candidate of the largest `l/g`. `decided` may be left with any candidate's values.
    fn best_candidate(
        &self,
        memory: &GroupMemory,
        decided: &mut Assignment,
        stream: &mut RandomStream,
    ) -> Option<Vec<f64>> {
        let (group, good) = (&memory.group, self.good(memory, stream));
        let mut candidates = Vec::with_capacity(self.options.candidates);
        for _ in 0..self.options.candidates * DRAWS_PER_CANDIDATE {
            if candidates.len() == self.options.candidates {
                break;
            }
            let candidate = good.estimator.sample(stream);
            if !group.due.is_empty() {
                group.decide(self.space, &candidate, decided);
                if !group.is_allowed(self.space, decided) {
                    continue;
                }
            }
            candidates.push(candidate);
        }
        let mut best: Option<(usize, f64)> = None;
        for (index, score) in self.scores(memory, good, &candidates).into_iter().enumerate() {
            if best.is_none_or(|(_, incumbent)| score > incumbent) {
                best = Some((index, score));
            }
        }
        best.map(|(index, _)| candidates.swap_remove(index))
    }

    /// The logarithm of `l/g` at each candidate; candidates that are not the best may seem better than they are.
    fn scores(&self, memory: &GroupMemory, good: &Good, candidates: &[Vec<f64>]) -> Vec<f64> {
        let good = self.good_ln_density(memory, good, candidates);
        let rest = self.rest_ln_density(memory, candidates, Some(&good));
        good.into_iter().zip(rest).map(|(good, rest)| good - rest).collect()
    }

    /// `l`, for one decision.
    fn good<'m>(&self, memory: &'m GroupMemory, stream: &mut RandomStream) -> &'m Good {
        let is_usual = self.sharp_share < 1.0 && stream.uniform() >= self.sharp_share;
        memory.good_density(if is_usual { Kernels::Usual } else { memory.kernels(self.in_flight) })
    }

    /// The logarithm of `l` at each candidate.
    fn good_ln_density(&self, memory: &GroupMemory, good: &Good, candidates: &[Vec<f64>]) -> Vec<f64> {
        match self.options.exact {
            true => good.estimator.ln_density(candidates),
            false => good.mixture.ln_density(memory, candidates),
        }
    }

    /// The logarithm of `g` at each candidate. Given that of `l`, it may be too small where `l/g` is not the largest
    /// all the same.
    fn rest_ln_density(&self, memory: &GroupMemory, candidates: &[Vec<f64>], good: Option<&[f64]>) -> Vec<f64> {
        let pending = self.pending_positions(memory);
        if self.options.exact {
            memory.rest_density(&pending).ln_density(candidates)
        } else if memory.is_summed() {
            Rest::new(memory, &pending, self.options).ln_density(candidates, good)
        } else {
            memory.rest_mixture(&pending).ln_density(memory, candidates)
        }
    }

    /// Positions of a group's parameters in each pending trial that has them all, by parameter.
    fn pending_positions(&self, memory: &GroupMemory) -> Vec<Vec<f64>> {
        let params = &memory.group.params;
        let mut positions = vec![Vec::with_capacity(self.pending.len()); params.len()];
        for assignment in self.pending {
            for (column, (&param, dimension)) in positions.iter_mut().zip(params.iter().zip(&memory.dimensions)) {
                let (name, param) = self.space.param(param);
                let value = assignment.get(name).filter(|value| param.distribution.contains(value));
                column.extend(value.map(|value| dimension.position(param.distribution.to_internal(value))));
            }
            let complete = positions.iter().map(Vec::len).min().unwrap_or(0);
            positions.iter_mut().for_each(|column| column.truncate(complete));
        }
        positions
    }
}

#[cfg(test)]
mod fast_tests;
#[cfg(test)]
mod tests;
