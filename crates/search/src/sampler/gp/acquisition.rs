//! What a trial at a point is worth: the logarithm of the improvement expected there times the probability that
//! it is feasible.
//!
//! Objective and constraints are taken as independent. While nothing is feasible, only the probability counts.
//!
//! # Source
//!
//! Gardner, Kusner, Xu, Weinberger, Cunningham, "Bayesian Optimization with Inequality Constraints", ICML 2014, eq. 5.

use super::data::{Goal, Goals};
use super::improvement::{ln_improvement, ln_improvement_with_gradient, ln_probability, ln_probability_with_gradient};
use super::regression::{Fit, Regression};

/// The processes of a study, each with the target that it is measured by.
#[derive(Debug, Clone)]
pub(super) struct Acquisition {
    /// `None` while nothing is feasible.
    objective: Option<(Regression, f64)>,
    constraints: Vec<(Regression, f64)>,
}

impl Acquisition {
    /// Of these goals and their fits, in the same order.
    pub(super) fn of(goals: &Goals, fits: &[Fit]) -> Self {
        let mut fits = fits.iter();
        let mut model = |goal: &Goal| Some((Regression::of(&goal.data, fits.next()?), goal.target));
        let objective = goals.objective.as_ref().and_then(&mut model);
        Self { objective, constraints: goals.constraints.iter().filter_map(model).collect() }
    }

    /// Take trials in flight as if they had come out as expected.
    pub(super) fn believe(&mut self, points: &[Vec<f64>]) {
        self.objective.iter_mut().chain(&mut self.constraints).for_each(|(model, _)| model.believe(points));
    }

    /// What a point is worth.
    pub(super) fn value(&self, point: &[f64]) -> f64 {
        let improvement = self.objective.iter().map(|(model, target)| ln_improvement(model, point, *target));
        let feasible = self.constraints.iter().map(|(model, target)| ln_probability(model, point, *target));
        improvement.chain(feasible).sum()
    }

    /// The same with its gradient.
    pub(super) fn value_with_gradient(&self, point: &[f64]) -> (f64, Vec<f64>) {
        let objective = self.objective.iter();
        let improvement = objective.map(|(model, target)| ln_improvement_with_gradient(model, point, *target));
        let constraints = self.constraints.iter();
        let feasible = constraints.map(|(model, target)| ln_probability_with_gradient(model, point, *target));
        let nothing = (0.0, vec![0.0; point.len()]);
        improvement.chain(feasible).fold(nothing, |(value, mut gradient), (more, part)| {
            gradient.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            (value + more, gradient)
        })
    }
}
