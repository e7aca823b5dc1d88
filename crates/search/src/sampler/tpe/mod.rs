//! The tree-structured Parzen estimator (TPE).
//!
//! Split the trials seen into good and other ones, fit a density to each (`l` and `g`), draw candidates
//! from `l`, and propose the one where `l/g` is largest.
//!
//! | file | job |
//! |---|---|
//! | `options` | the options, with Optuna 5's defaults |
//! | `split` | which trials are good |
//! | `group` | which parameters share a density: conditional spaces |
//! | `columns` | the history's columns, kept sorted from one proposal to the next |
//! | `parzen`, `dimension` | the densities |
//! | `truncated_normal` | their kernels |
//!
//! - **Trials in flight** count as bad ones (the constant liar), so that proposals keep apart.
//! - **Constraints**: infeasible trials rank after all feasible ones, by their violation.
//! - **Relations**: candidates that break one are dropped and drawn anew; when 240 draws (with the
//!   default of 24 candidates) give none, the proposal is a random point of the region.
//! - **NaN**: a trial without a value teaches nothing.
//! - **Ties**: the first candidate drawn wins.
//!
//! On the same history both densities equal Optuna 5's to 10⁻⁹; the random numbers, and so the
//! candidates, are our own. What else differs is told in [`group`](self) and `docs/samplers.md`.
//!
//! # Source
//!
//! Bergstra, Bardenet, Bengio, Kégl, "Algorithms for Hyper-Parameter Optimization", NIPS 2011;
//! Falkner, Klein, Hutter, "BOHB", ICML 2018 (multivariate); Watanabe, arXiv:2304.11127 (all parts).

mod columns;
mod dimension;
mod group;
mod options;
mod parzen;
mod split;
mod truncated_normal;

pub use options::{Gamma, Multivariate, TpeOptions, Weights};

use super::{Request, Sampler, SamplerError};
use crate::space::{Assignment, Space};
use crate::stream::RandomStream;
use columns::Columns;
use dimension::Dimension;
use group::{Group, Sharing, groups};
use parzen::{Observations, ParzenEstimator};
use split::Split;

/// How many times the number of candidates are drawn before relations are given up on.
const DRAWS_PER_CANDIDATE: usize = 10;

/// Marks a row that an estimator does not use.
const UNUSED: u32 = u32::MAX;

/// The tree-structured Parzen estimator.
#[derive(Debug, Clone, Default)]
pub struct Tpe {
    options: TpeOptions,
    columns: Columns,
}

impl Tpe {
    /// A sampler with these options.
    ///
    /// # Errors
    ///
    /// [`SamplerError::Option`] for an option out of its range.
    pub fn try_new(options: TpeOptions) -> Result<Self, SamplerError> {
        Ok(Self { options: options.validated()?, columns: Columns::default() })
    }

    /// The options.
    #[must_use]
    pub fn options(&self) -> &TpeOptions {
        &self.options
    }

    fn sharing(&self) -> Sharing {
        match self.options.multivariate {
            Multivariate::Independent => Sharing::Independent,
            // One objective is all there is so far: automatic means joint.
            Multivariate::Automatic | Multivariate::Joint => Sharing::Joint,
        }
    }
}

impl Sampler for Tpe {
    fn name(&self) -> &'static str {
        "tpe"
    }

    fn propose(&mut self, request: &Request<'_>) -> Result<Assignment, SamplerError> {
        let [direction] = *request.directions else {
            return Err(SamplerError::Objectives { sampler: self.name(), objectives: request.directions.len() });
        };
        if !request.view.is_of(request.space) {
            return Err(SamplerError::OtherSpace);
        }
        let mut stream = request.stream();
        if request.view.learned() < self.options.startup_trials {
            return Ok(request.space.sample_uniform(&mut stream)?);
        }
        let params = request.space.params().values();
        let dimensions: Vec<_> = params.map(|param| Dimension::of(&param.distribution)).collect();
        self.columns.update(&request.view, &dimensions);
        let split = Split::of(&request.view, direction, |trials| self.options.gamma.good(trials));
        let model = Model {
            space: request.space,
            options: &self.options,
            pending: if self.options.constant_liar { request.pending } else { &[] },
            columns: &self.columns,
            dimensions,
            split,
        };
        match model.propose(&groups(request.space, self.sharing()), &mut stream) {
            Some(assignment) => Ok(assignment),
            None => Ok(request.space.sample_uniform(&mut stream)?),
        }
    }
}

/// Everything one proposal is made from.
struct Model<'a> {
    space: &'a Space,
    options: &'a TpeOptions,
    pending: &'a [Assignment],
    columns: &'a Columns,
    dimensions: Vec<Dimension>,
    split: Split,
}

impl Model<'_> {
    /// Decide the groups one after the other; `None` when relations leave a group no candidate.
    fn propose(&self, groups: &[Group], stream: &mut RandomStream) -> Option<Assignment> {
        let mut decided = Assignment::new();
        for group in groups {
            if group.is_active(self.space, &decided) {
                group.decide_singles(self.space, &mut decided);
                if !group.params.is_empty() {
                    let best = self.best_candidate(group, &mut decided, stream)?;
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

    /// The candidate of the largest `l/g`. `decided` may be left with any candidate's values.
    fn best_candidate(&self, group: &Group, decided: &mut Assignment, stream: &mut RandomStream) -> Option<Vec<f64>> {
        let (good, rest) = self.estimators(group);
        let mut candidates = Vec::with_capacity(self.options.candidates);
        for _ in 0..self.options.candidates * DRAWS_PER_CANDIDATE {
            if candidates.len() == self.options.candidates {
                break;
            }
            let candidate = good.sample(stream);
            if !group.due.is_empty() {
                group.decide(self.space, &candidate, decided);
                if !group.is_allowed(self.space, decided) {
                    continue;
                }
            }
            candidates.push(candidate);
        }
        let scores = good.ln_density(&candidates).into_iter().zip(rest.ln_density(&candidates));
        let mut best: Option<(usize, f64)> = None;
        for (index, score) in scores.map(|(good, rest)| good - rest).enumerate() {
            if best.is_none_or(|(_, incumbent)| score > incumbent) {
                best = Some((index, score));
            }
        }
        best.map(|(index, _)| candidates.swap_remove(index))
    }

    /// The densities `l` and `g` of a group.
    fn estimators(&self, group: &Group) -> (ParzenEstimator, ParzenEstimator) {
        let dimensions = group.dimensions(&self.dimensions);
        let good = self.good_observations(group, &dimensions);
        let rest = self.rest_observations(group, &dimensions);
        (ParzenEstimator::new(&dimensions, good, self.options), ParzenEstimator::new(&dimensions, rest, self.options))
    }

    /// Good trials that have the group's parameters. They are few: sorting them is cheap.
    fn good_observations(&self, group: &Group, dimensions: &[Dimension]) -> Observations {
        let rows = self.rows_with(group, &self.split.good);
        Observations::new(dimensions, self.positions(group, &rows))
    }

    /// The other trials that have the group's parameters, then the pending ones. Their order comes
    /// from the sorted columns.
    fn rest_observations(&self, group: &Group, dimensions: &[Dimension]) -> Observations {
        let rows = self.rows_with(group, &self.split.rest);
        let mut positions = self.positions(group, &rows);
        let pending = self.pending_positions(group, dimensions);
        for candidate in &pending {
            positions.iter_mut().zip(candidate).for_each(|(column, &position)| column.push(position));
        }
        let mut kernel_of = vec![UNUSED; self.columns.rows()];
        for (kernel, &row) in rows.iter().enumerate() {
            kernel_of[row as usize] = kernel as u32;
        }
        let sorted = group
            .params
            .iter()
            .zip(&positions)
            .map(|(&param, positions)| self.order(param, positions, &kernel_of, rows.len()));
        Observations { len: rows.len() + pending.len(), sorted: sorted.collect(), positions }
    }

    /// The order of a parameter's observations: rows from the sorted column, then, from `first_pending`
    /// on, the pending ones. Empty for categories.
    fn order(&self, param: usize, positions: &[f64], kernel_of: &[u32], first_pending: usize) -> Vec<u32> {
        if matches!(self.dimensions[param], Dimension::Categorical { .. }) {
            return Vec::new();
        }
        let kernels = self.columns.sorted(param).iter().map(|&row| kernel_of[row as usize]);
        let mut order: Vec<u32> = kernels.filter(|&kernel| kernel != UNUSED).collect();
        order.extend(first_pending as u32..positions.len() as u32);
        // A sorted run and a few more: the stable sort is a merge.
        order.sort_by(|&a, &b| positions[a as usize].total_cmp(&positions[b as usize]));
        order
    }

    /// The rows that have all the group's parameters.
    fn rows_with(&self, group: &Group, rows: &[u32]) -> Vec<u32> {
        let has_all = |row: u32| {
            let mut params = group.params.iter();
            params.all(|&param| !self.columns.positions(param)[row as usize].is_nan())
        };
        rows.iter().copied().filter(|&row| has_all(row)).collect()
    }

    /// Positions of the group's parameters in these rows.
    fn positions(&self, group: &Group, rows: &[u32]) -> Vec<Vec<f64>> {
        let columns = group.params.iter().map(|&param| self.columns.positions(param));
        columns.map(|column| rows.iter().map(|&row| column[row as usize]).collect()).collect()
    }

    /// Positions of the group's parameters in each pending trial that has them all.
    fn pending_positions(&self, group: &Group, dimensions: &[Dimension]) -> Vec<Vec<f64>> {
        let positions = self.pending.iter().map(|assignment| {
            let params = group.params.iter().zip(dimensions);
            let position = params.map(|(&param, dimension)| {
                let (name, param) = self.space.param(param);
                let value = assignment.get(name).filter(|value| param.distribution.contains(value));
                value.map(|value| dimension.position(param.distribution.to_internal(value)))
            });
            position.collect::<Option<Vec<f64>>>()
        });
        positions.flatten().collect()
    }
}

#[cfg(test)]
mod tests;
