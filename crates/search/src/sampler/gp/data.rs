//! The trials seen as coordinates and standardised values.

use std::cmp::Ordering;

use crate::history::View;
use crate::sampler::Request;
use crate::sampler::axis::Axis;
use crate::space::{Assignment, Space};
use crate::trial::StudyDirection;

/// The coordinate of a choice that is absent.
const NO_CHOICE: f64 = -1.0;

/// The parameters that there is something to decide about.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// Their positions in the space.
    pub(super) params: Vec<usize>,
    pub(super) axes: Vec<Axis>,
}

impl Layout {
    pub(super) fn of(space: &Space) -> Self {
        let axes = space.params().values().map(|param| Axis::of(&param.distribution)).enumerate();
        let (params, axes) = axes.filter(|(_, axis)| *axis != Axis::Single).unzip();
        Self { params, axes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.params.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.params.len()
    }

    /// Which axes are choices.
    pub(super) fn choices(&self) -> Vec<bool> {
        self.axes.iter().map(|axis| matches!(axis, Axis::Choice { .. })).collect()
    }

    /// Where an absent parameter lies.
    pub(super) fn absent(&self, index: usize) -> f64 {
        if matches!(self.axes[index], Axis::Choice { .. }) { NO_CHOICE } else { 0.5 }
    }

    fn row(&self, view: &View<'_>, row: usize) -> Vec<f64> {
        let place = |index: usize| {
            let internal = view.column(self.params[index])[row];
            if internal.is_nan() { self.absent(index) } else { self.axes[index].coordinate(internal) }
        };
        (0..self.len()).map(place).collect()
    }

    /// The coordinates of an assignment.
    pub(super) fn coordinates(&self, space: &Space, assignment: &Assignment) -> Vec<f64> {
        let place = |index: usize| {
            let (name, param) = space.param(self.params[index]);
            let internal = assignment.get(name).map(|value| param.distribution.to_internal(value));
            internal.map_or(self.absent(index), |internal| self.axes[index].coordinate(internal))
        };
        (0..self.len()).map(place).collect()
    }

    /// The coordinates of the trials in flight.
    pub(super) fn pending(&self, request: &Request<'_>) -> Vec<Vec<f64>> {
        request.pending.iter().map(|assignment| self.coordinates(request.space, assignment)).collect()
    }
}

/// Rows that enter the model.
pub(super) fn usable(view: &View<'_>) -> Vec<usize> {
    let enters = |&row: &usize| view.is_complete(row) || view.violation(row).is_some();
    (0..view.len()).filter(enters).collect()
}

/// What one process is made from.
#[derive(Debug, Clone)]
pub(super) struct Data {
    /// Coordinates, one row a trial.
    pub(super) rows: Vec<Vec<f64>>,
    /// Standardised values, larger is better.
    pub(super) targets: Vec<f64>,
    /// Which axes are choices.
    pub(super) choices: Vec<bool>,
}

/// What is modelled, and what is asked of it.
#[derive(Debug, Clone)]
pub(super) struct Goal {
    pub(super) data: Data,
    /// The target to be reached: of the best feasible trial, or where a constraint is just met.
    pub(super) target: f64,
}

/// All that is modelled of a study.
#[derive(Debug, Clone)]
pub(super) struct Goals {
    /// `None` while nothing is feasible.
    pub(super) objective: Option<Goal>,
    pub(super) constraints: Vec<Goal>,
    /// Coordinates of the best trial; while nothing is feasible, of the one that violates least.
    pub(super) best: Vec<f64>,
}

impl Goals {
    /// The trials of these rows, or as many of them as `limit` allows.
    pub(super) fn of(request: &Request<'_>, layout: &Layout, rows: &[usize], limit: usize) -> Self {
        let view = &request.view;
        let ranks: Vec<(bool, f64)> = rows.iter().map(|&row| rank(request, row)).collect();
        let kept = kept(&ranks, limit);
        let best = kept.iter().copied().min_by(|&a, &b| compare(ranks[b], ranks[a]));
        let best = best.map_or(Vec::new(), |index| layout.row(view, rows[index]));
        let rows: Vec<usize> = kept.iter().map(|&index| rows[index]).collect();
        let goal = |known: &[(usize, f64)], target: f64| {
            let values: Vec<f64> = known.iter().map(|&(_, value)| value).collect();
            let standard = Standard::of(&values);
            let targets = values.into_iter().map(|value| standard.of_value(value)).collect();
            let rows = known.iter().map(|&(row, _)| layout.row(view, row)).collect();
            Goal { data: Data { rows, targets, choices: layout.choices() }, target: standard.of_value(target) }
        };
        let values = rows.iter().filter(|&&row| view.is_complete(row));
        let values = values.map(|&row| (row, sign(request) * view.values(row)[0])).filter(|(_, value)| !value.is_nan());
        let values = bounded(values.collect());
        let feasible = values.iter().filter(|&&(row, _)| view.violation(row).is_none());
        let objective = feasible.map(|&(_, value)| value).reduce(f64::max).map(|best| goal(&values, best));
        let margins = view.constraints().map(|column| margins(column, &rows)).filter(|margins| !margins.is_empty());
        let constraints = margins.map(|margins| goal(&margins, 0.0)).collect();
        Self { objective, constraints, best }
    }

    /// One after the other.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Goal> {
        self.objective.iter().chain(&self.constraints)
    }

    /// Whether the same quantities are modelled.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.objective.is_some() == other.objective.is_some() && self.constraints.len() == other.constraints.len()
    }
}

/// What makes larger values better.
fn sign(request: &Request<'_>) -> f64 {
    match request.directions[0] {
        StudyDirection::Minimize => -1.0,
        StudyDirection::Maximize => 1.0,
    }
}

/// What a trial is judged by: whether it is feasible, then its value or violation, larger is better.
fn rank(request: &Request<'_>, row: usize) -> (bool, f64) {
    match request.view.violation(row) {
        None => (true, sign(request) * request.view.values(row)[0]),
        Some(violation) => (false, -violation),
    }
}

/// By rank: the better one is greater.
fn compare(left: (bool, f64), right: (bool, f64)) -> Ordering {
    left.0.cmp(&right.0).then(left.1.total_cmp(&right.1))
}

/// The same with infinite values as the largest or smallest finite one; without a finite value all are equal.
fn bounded(mut values: Vec<(usize, f64)>) -> Vec<(usize, f64)> {
    let finite = || values.iter().map(|(_, value)| *value).filter(|value| value.is_finite());
    let (least, largest) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let (least, largest) = if least <= largest { (least, largest) } else { (0.0, 0.0) };
    values.iter_mut().for_each(|(_, value)| *value = value.clamp(least, largest));
    values
}

/// By how much these rows keep a constraint, below 0 where they violate it; without those where it is not known.
fn margins(column: &[f64], rows: &[usize]) -> Vec<(usize, f64)> {
    let known = rows.iter().map(|&row| (row, -column[row])).filter(|(_, margin)| !margin.is_nan());
    let known: Vec<(usize, f64)> = known.collect();
    let worst = known.iter().map(|(_, margin)| *margin).filter(|margin| margin.is_finite()).fold(0.0, f64::min);
    // What violates without bound does so at least as much as any other.
    let worst = if worst < 0.0 { worst } else { -1.0 };
    bounded(known.into_iter().map(|(row, margin)| (row, margin.max(worst))).collect())
}

/// Positions to keep, increasing: all, or a quarter of the best ones and the newest.
fn kept(ranks: &[(bool, f64)], limit: usize) -> Vec<usize> {
    if ranks.len() <= limit {
        return (0..ranks.len()).collect();
    }
    let mut order: Vec<usize> = (0..ranks.len()).collect();
    order.sort_by(|&a, &b| compare(ranks[b], ranks[a]));
    let (best, others) = order.split_at((limit / 4).max(1));
    let mut others = others.to_vec();
    others.sort_unstable();
    let newest = others.len() - (limit - best.len());
    let mut kept: Vec<usize> = best.iter().chain(&others[newest..]).copied().collect();
    kept.sort_unstable();
    kept
}

/// What gives values mean 0 and deviation 1, or makes all 0.
struct Standard {
    /// Dividing by it keeps the sums of very large values finite.
    largest: f64,
    mean: f64,
    deviation: f64,
}

impl Standard {
    fn of(values: &[f64]) -> Self {
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs())).max(f64::MIN_POSITIVE);
        let count = values.len() as f64;
        let mean = values.iter().map(|value| value / largest).sum::<f64>() / count;
        let variance = values.iter().map(|value| (value / largest - mean).powi(2)).sum::<f64>() / count;
        Self { largest, mean, deviation: variance.sqrt().max(1e-10) }
    }

    fn of_value(&self, value: f64) -> f64 {
        (value / self.largest - self.mean) / self.deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_quarter_and_the_newest_are_kept() {
        let ranks = [9.0, 1.0, 8.0, 2.0, 3.0, 4.0, 5.0].map(|value| (true, value));
        assert_eq!(kept(&ranks, 4), [0, 4, 5, 6]);
        assert_eq!(kept(&ranks, 7), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(kept(&ranks, 1), [0]);
        let mixed = [(false, 9.0), (true, 1.0), (false, 8.0), (false, 7.0)];
        assert_eq!(kept(&mixed, 1), [1], "what is feasible is better");
    }

    #[test]
    fn standardised_values_have_mean_0_and_deviation_1() {
        let standardised = |values: [f64; 2]| values.map(|value| Standard::of(&values).of_value(value));
        let values = standardised([1.0, 3.0]);
        assert!(values.iter().zip([-1.0, 1.0]).all(|(value, exact)| (value - exact).abs() < 1e-15), "{values:?}");
        assert_eq!(standardised([2.0, 2.0]), [0.0, 0.0]);
        assert!(standardised([f64::MAX, -f64::MAX]).iter().all(|value| (value.abs() - 1.0).abs() < 1e-15));
    }

    #[test]
    fn what_violates_without_bound_is_as_bad_as_the_worst() {
        let column = [f64::INFINITY, 2.0, f64::NAN, -3.0];
        assert_eq!(margins(&column, &[0, 1, 2, 3]), [(0, -2.0), (1, -2.0), (3, 3.0)]);
        assert_eq!(margins(&column, &[0, 3]), [(0, -1.0), (3, 3.0)]);
        assert_eq!(margins(&column, &[2]), []);
        assert_eq!(bounded(vec![(0, f64::NEG_INFINITY), (1, 5.0)]), [(0, 5.0), (1, 5.0)]);
        assert_eq!(bounded(vec![(0, f64::INFINITY)]), [(0, 0.0)]);
    }
}
