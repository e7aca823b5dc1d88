//! Parameters that CMA-ES cannot move: three choices and more, and whatever has a condition.
//!
//! Each is drawn by itself: one time in five from its whole distribution, else from what the better
//! halves of the last four generations had, 64 trials of each at most. A choice is taken over as it is; a number is drawn around it,
//! with a tenth of the range as standard deviation. Until a generation is complete, and where no good
//! trial had the parameter, it is drawn from its whole distribution.
//!
//! **Where it differs from Optuna:** there such parameters are drawn at random for ever.

use std::collections::VecDeque;

use crate::history::View;
use crate::space::{Distribution, ParamValue, Space};
use crate::stream::RandomStream;

/// Generations whose better halves are remembered.
const GENERATIONS: usize = 4;
/// Trials of each that are remembered, the best: populations grow from restart to restart.
const TRIALS_A_GENERATION: usize = 64;
/// How often the past is ignored.
const EXPLORATION: f64 = 0.2;
/// Standard deviation around a good number, as a share of the range.
const SPREAD: f64 = 0.1;

/// What good trials had.
#[derive(Debug, Clone, Default)]
pub(super) struct Elite {
    /// Positions in the space of the parameters drawn apart.
    pub(super) params: Vec<usize>,
    /// Internal values, one row a trial, newest last; NaN where the trial lacks the parameter.
    generations: VecDeque<Vec<Vec<f64>>>,
}

impl Elite {
    /// For these parameters.
    pub(super) fn new(params: Vec<usize>) -> Self {
        Self { params, generations: VecDeque::new() }
    }

    /// Remember the better half of a generation, given as rows of the history.
    pub(super) fn remember(&mut self, view: &View<'_>, rows: &[usize]) {
        if self.params.is_empty() {
            return;
        }
        let values = |&row: &usize| self.params.iter().map(|&param| view.column(param)[row]).collect();
        self.generations.push_back(rows.iter().take(TRIALS_A_GENERATION).map(values).collect());
        if self.generations.len() > GENERATIONS {
            self.generations.pop_front();
        }
    }

    /// Draw the parameter at `index` of [`params`](Self::params).
    pub(super) fn draw(&self, space: &Space, index: usize, stream: &mut RandomStream) -> ParamValue {
        let distribution = &space.param(self.params[index]).1.distribution;
        let is_exploring = stream.uniform() < EXPLORATION;
        let good: Vec<f64> = self.generations.iter().flatten().map(|row| row[index]).filter(|x| !x.is_nan()).collect();
        if is_exploring || good.is_empty() {
            return distribution.draw(stream);
        }
        let internal = good[stream.below(good.len() as u64) as usize];
        match distribution {
            Distribution::Categorical { .. } => distribution.nearest(internal),
            _ => near(distribution, internal, stream),
        }
    }
}

/// A number around `internal`; one beyond an end counts as the end.
fn near(distribution: &Distribution, internal: f64, stream: &mut RandomStream) -> ParamValue {
    let is_log = matches!(distribution, Distribution::Float { log: true, .. } | Distribution::Int { log: true, .. });
    let (low, high) = distribution.range();
    // Of two draws the sum is a tent: the standard deviation of `u + v - 1` is the root of 1/6.
    let offset = (stream.uniform() + stream.uniform() - 1.0) * SPREAD * 6.0_f64.sqrt();
    distribution.nearest(if is_log {
        libm::exp(libm::log(internal) + offset * (libm::log(high) - libm::log(low)))
    } else {
        internal + offset * (high - low)
    })
}
